/* Goal: the verdicts of the table in resolve.h, and the algebra that convergence rests on. Method:
 * cases by hand; then random histories, in which every write is made by the rules of a region. */
#include "replication/resolve.h"

#include "replication/clock.h"
#include "tests/sim/sim_random.h"

#include <criterion/criterion.h>

enum { WALL_MS = 1700000000, ROUNDS = 2000 };

static struct row row_of(uint16_t region, uint64_t seq, uint64_t stamp)
{
    return (struct row){.version = {.stamp = stamp, .dot = {region, 1, seq}}};
}

static void row_saw(struct row *row, uint16_t region, uint64_t seq)
{
    context_raise(&row->version.context, (struct dot){region, 1, seq});
}

static enum apply_verdict
decide(const struct row *stored, const struct row *arriving, uint8_t *reason)
{
    struct resolve resolve = {.wall_ms = WALL_MS};
    return resolve_decide(&resolve, stored, arriving, reason);
}

Test(resolve, the_first_version_of_a_row_is_stored)
{
    uint8_t reason = 99;
    struct row arriving = row_of(1, 1, 10);
    cr_assert_eq(decide(NULL, &arriving, &reason), APPLY_STORE);
    cr_assert_eq(reason, CONFLICT_NONE);
}

Test(resolve, the_same_write_again_is_dropped)
{
    uint8_t reason;
    struct row row = row_of(1, 1, 10);
    cr_assert_eq(decide(&row, &row, &reason), APPLY_DROP);
}

Test(resolve, deletes_that_had_not_seen_each_other_are_no_conflict)
{
    uint8_t reason;
    struct row stored = row_of(1, 5, 10);
    struct row arriving = row_of(2, 3, 11);
    stored.tombstone = true;
    arriving.tombstone = true;
    cr_assert_eq(decide(&stored, &arriving, &reason), APPLY_STORE);
    cr_assert_eq(decide(&arriving, &stored, &reason), APPLY_KEEP);
    cr_assert_eq(reason, CONFLICT_NONE);
}

/* The expiry of 1/5 met a refresh of 1/5 that sorts just behind 1/5: the stamp is the same. */
Test(resolve, an_expiry_loses_to_any_refresh_without_a_conflict)
{
    uint8_t reason;
    struct row expiry = row_of(3, 9, 10);
    struct row refresh = row_of(2, 3, 10);
    expiry.tombstone = true;
    expiry.version.expired = (struct dot){1, 1, 5};
    row_saw(&expiry, 1, 5);
    cr_assert_eq(decide(&expiry, &refresh, &reason), APPLY_STORE);
    cr_assert_eq(decide(&refresh, &expiry, &reason), APPLY_KEEP);
    cr_assert_eq(reason, CONFLICT_NONE);
}

Test(resolve, a_put_that_an_expiry_beats_is_on_record)
{
    uint8_t reason;
    struct row expiry = row_of(3, 9, 10);
    struct row put = row_of(2, 3, 9);
    expiry.tombstone = true;
    expiry.version.expired = (struct dot){1, 1, 5};
    cr_assert_eq(decide(&expiry, &put, &reason), APPLY_CONFLICT_KEEP);
    cr_assert_eq(reason, CONFLICT_DELETE);
}

Test(resolve, a_write_that_had_seen_the_stored_one_overwrites_it)
{
    uint8_t reason;
    struct row stored = row_of(1, 5, 10);
    struct row arriving = row_of(2, 3, 11);
    row_saw(&arriving, 1, 7);
    cr_assert_eq(decide(&stored, &arriving, &reason), APPLY_STORE);
    cr_assert_eq(reason, CONFLICT_NONE);
}

Test(resolve, a_later_write_of_the_same_region_overwrites)
{
    uint8_t reason;
    struct row stored = row_of(1, 5, 10);
    struct row arriving = row_of(1, 6, 11);
    cr_assert_eq(decide(&stored, &arriving, &reason), APPLY_STORE);
    cr_assert_eq(decide(&arriving, &stored, &reason), APPLY_DROP);
}

Test(resolve, a_write_that_the_stored_one_had_seen_is_dropped)
{
    uint8_t reason;
    struct row stored = row_of(2, 3, 11);
    row_saw(&stored, 1, 5);
    struct row arriving = row_of(1, 5, 10);
    cr_assert_eq(decide(&stored, &arriving, &reason), APPLY_DROP);
}

Test(resolve, what_every_member_has_applied_was_seen_by_whatever_arrives_now)
{
    uint8_t reason;
    struct row stored = row_of(1, 5, 10);
    struct row arriving = row_of(2, 3, 11);
    struct resolve resolve = {.wall_ms = WALL_MS};
    context_raise(&resolve.settled, (struct dot){1, 1, 4});
    cr_assert_eq(resolve_decide(&resolve, &stored, &arriving, &reason), APPLY_CONFLICT_STORE);
    context_raise(&resolve.settled, (struct dot){1, 1, 5});
    cr_assert_eq(resolve_decide(&resolve, &stored, &arriving, &reason), APPLY_STORE);
}

Test(resolve, of_two_that_had_not_seen_each_other_the_larger_stands_on_both_sides)
{
    uint8_t reason = 0;
    struct row a = row_of(1, 5, 10);
    struct row b = row_of(2, 3, 11);
    row_saw(&b, 1, 4);
    cr_assert_eq(decide(&a, &b, &reason), APPLY_CONFLICT_STORE);
    cr_assert_eq(reason, CONFLICT_CONCURRENT);
    reason = 0;
    cr_assert_eq(decide(&b, &a, &reason), APPLY_CONFLICT_KEEP);
    cr_assert_eq(reason, CONFLICT_CONCURRENT);
}

Test(resolve, equal_stamps_are_decided_by_region_then_incarnation_then_seq)
{
    uint8_t reason;
    struct row a = row_of(1, 9, 10);
    struct row b = row_of(2, 3, 10);
    cr_assert_eq(decide(&a, &b, &reason), APPLY_CONFLICT_STORE);
    cr_assert_eq(decide(&b, &a, &reason), APPLY_CONFLICT_KEEP);
}

Test(resolve, a_conflict_with_a_delete_says_so)
{
    uint8_t reason;
    struct row a = row_of(1, 5, 10);
    struct row b = row_of(2, 3, 11);
    a.tombstone = true;
    cr_assert_eq(decide(&a, &b, &reason), APPLY_CONFLICT_STORE);
    cr_assert_eq(reason, CONFLICT_DELETE);
}

Test(resolve, a_winner_from_the_future_is_put_down_to_its_clock)
{
    uint8_t reason;
    struct row a = row_of(1, 5, stamp_of_wall_ms(WALL_MS));
    struct row b = row_of(2, 3, stamp_of_wall_ms(WALL_MS + CONFLICT_SKEW_MS));
    cr_assert_eq(decide(&a, &b, &reason), APPLY_CONFLICT_STORE);
    cr_assert_eq(reason, CONFLICT_CONCURRENT);
    b = row_of(2, 3, stamp_of_wall_ms(WALL_MS + CONFLICT_SKEW_MS + 1));
    cr_assert_eq(decide(&a, &b, &reason), APPLY_CONFLICT_STORE);
    cr_assert_eq(reason, CONFLICT_CLOCK);
}

Test(resolve, a_broken_clock_shows_but_the_larger_still_wins)
{
    uint8_t reason;
    struct row stored = row_of(1, 5, 10);
    struct row arriving = row_of(2, 3, 9); /* Overwrote 1/5 without outbidding it. */
    row_saw(&arriving, 1, 5);
    cr_assert_eq(decide(&stored, &arriving, &reason), APPLY_CONFLICT_KEEP);
    cr_assert_eq(reason, CONFLICT_ORDER);
    cr_assert_eq(decide(&arriving, &stored, &reason), APPLY_CONFLICT_STORE);
    cr_assert_eq(reason, CONFLICT_ORDER);
}

Test(resolve, a_tombstone_goes_when_it_is_settled_and_the_clock_has_passed_it)
{
    struct row tombstone = row_of(1, 5, 100);
    struct context settled = {0};
    cr_assert_not(resolve_tombstone_done(&tombstone.version, &settled, 1000));
    context_raise(&settled, (struct dot){1, 1, 5});
    cr_assert(resolve_tombstone_done(&tombstone.version, &settled, 100));
    cr_assert_not(resolve_tombstone_done(&tombstone.version, &settled, 99));
}

Test(resolve, every_reason_has_a_name)
{
    cr_assert_str_eq(conflict_reason_name(CONFLICT_CONCURRENT), "concurrent");
    cr_assert_str_eq(conflict_reason_name(CONFLICT_CLOCK), "clock-skew");
    cr_assert_str_eq(conflict_reason_name(CONFLICT_ORDER), "order");
    cr_assert_str_eq(conflict_reason_name(200), "unknown");
    cr_assert_str_eq(conflict_reason_text(200), "no reason is on record");
    cr_assert_str_eq(conflict_reason_text(CONFLICT_CONCURRENT), "neither write had seen the other");
}

/* --- Random versions: the order ----------------------------------------------------------------
 */

static struct version random_version(struct sim_random *random)
{
    return (struct version){
        .stamp = sim_random_below(random, 4),
        .dot = {(uint16_t)sim_random_between(random, 1, 3),
                (uint32_t)sim_random_between(random, 1, 2), sim_random_below(random, 3)},
    };
}

Test(resolve, the_order_of_versions_is_strict_and_total)
{
    struct sim_random random = {42};
    for (int i = 0; i < 20 * ROUNDS; i++) {
        struct version a = random_version(&random);
        struct version b = random_version(&random);
        struct version c = random_version(&random);
        bool same = a.stamp == b.stamp && dot_equal(a.dot, b.dot);
        int ab = version_compare(&a, &b);
        cr_assert_eq(ab == 0, same, "round %d", i);
        cr_assert_eq(ab<0, version_compare(&b, &a)> 0, "round %d", i);
        if (ab < 0 && version_compare(&b, &c) < 0) {
            cr_assert_lt(version_compare(&a, &c), 0, "round %d", i);
        }
    }
}

/* --- Random histories of one row ---------------------------------------------------------------
 */

enum { REGIONS = 3, WRITES = 8 };

struct history_region {
    struct row row;
    bool present;
    struct context applied;
    struct hlc hlc;
    uint64_t seq;
    uint32_t next[REGIONS]; /* Of each origin, the write to apply next. */
};

struct history {
    struct row writes[REGIONS][WRITES];
    uint32_t counts[REGIONS];
    struct history_region regions[REGIONS];
};

/* The join of a row and an arriving version, as every store does it. */
static void history_join(struct row *row, bool *present, const struct row *arriving)
{
    uint8_t reason;
    enum apply_verdict verdict = decide(*present ? row : NULL, arriving, &reason);
    struct row joined =
        verdict == APPLY_STORE || verdict == APPLY_CONFLICT_STORE ? *arriving : *row;
    if (*present) {
        context_join(&joined.version.context, &row->version.context);
        context_join(&joined.version.context, &arriving->version.context);
    }
    *row = joined;
    *present = true;
}

static void history_write(struct history *history, uint32_t at, uint64_t wall_ms)
{
    struct history_region *region = &history->regions[at];
    struct row write = row_of((uint16_t)(at + 1), ++region->seq, 0);
    write.version.stamp =
        hlc_next(&region->hlc, wall_ms, region->present ? region->row.version.stamp : 0);
    write.version.context = region->applied;
    if (region->present) {
        context_join(&write.version.context, &region->row.version.context);
        context_raise(&write.version.context, region->row.version.dot);
    }
    history->writes[at][history->counts[at]++] = write;
    region->row = write;
    region->present = true;
}

static void history_apply(struct history *history, uint32_t at, uint32_t from)
{
    struct history_region *region = &history->regions[at];
    if (at == from || region->next[from] == history->counts[from]) {
        return;
    }
    const struct row *write = &history->writes[from][region->next[from]++];
    (void)hlc_observe(&region->hlc, WALL_MS, write->version.stamp);
    history_join(&region->row, &region->present, write);
    context_raise(&region->applied, write->version.dot);
}

static void history_make(struct history *history, struct sim_random *random)
{
    *history = (struct history){0};
    for (uint32_t i = 0; i < REGIONS; i++) {
        hlc_init(&history->regions[i].hlc, 0);
    }
    for (int step = 0; step < 30; step++) {
        uint32_t at = (uint32_t)sim_random_below(random, REGIONS);
        if (sim_random_one_in(random, 2) && history->counts[at] < WRITES) {
            /* Clocks are minutes apart. */
            history_write(history, at, WALL_MS + at * 300000 + sim_random_below(random, 100));
        } else {
            history_apply(history, at, (uint32_t)sim_random_below(random, REGIONS));
        }
    }
}

Test(resolve, what_a_writer_had_seen_has_a_smaller_stamp_on_the_same_row)
{
    struct sim_random random = {7};
    for (int round = 0; round < ROUNDS; round++) {
        struct history history;
        history_make(&history, &random);
        for (uint32_t i = 0; i < REGIONS * WRITES; i++) {
            for (uint32_t j = 0; j < REGIONS * WRITES; j++) {
                uint32_t a = i / WRITES;
                uint32_t b = j / WRITES;
                if (i == j || i % WRITES >= history.counts[a] || j % WRITES >= history.counts[b]) {
                    continue;
                }
                const struct version *x = &history.writes[a][i % WRITES].version;
                const struct version *y = &history.writes[b][j % WRITES].version;
                if (version_saw(x, y->dot)) {
                    cr_assert_gt(x->stamp, y->stamp, "round %d", round);
                    cr_assert_not(version_saw(y, x->dot), "round %d", round);
                }
            }
        }
    }
}

Test(resolve, any_order_and_repetition_of_the_writes_gives_the_same_row)
{
    struct sim_random random = {11};
    for (int round = 0; round < ROUNDS; round++) {
        struct history history;
        history_make(&history, &random);
        const struct row *all[REGIONS * WRITES];
        uint32_t count = 0;
        const struct row *largest = NULL;
        for (uint32_t at = 0; at < REGIONS; at++) {
            for (uint32_t i = 0; i < history.counts[at]; i++) {
                all[count++] = &history.writes[at][i];
                if (largest == NULL ||
                    version_compare(&all[count - 1]->version, &largest->version) > 0) {
                    largest = all[count - 1];
                }
            }
        }
        for (int order = 0; order < 4 && count > 0; order++) {
            struct row row = {0};
            bool present = false;
            for (uint32_t i = count - 1; i > 0; i--) {
                uint32_t j = (uint32_t)sim_random_below(&random, i + 1);
                const struct row *swapped = all[i];
                all[i] = all[j];
                all[j] = swapped;
            }
            for (uint32_t i = 0; i < 2 * count; i++) {
                history_join(&row, &present, all[i % count]);
            }
            cr_assert(dot_equal(row.version.dot, largest->version.dot), "round %d", round);
            struct context joined = {0};
            for (uint32_t i = 0; i < count; i++) {
                context_join(&joined, &all[i]->version.context);
            }
            cr_assert_eq(row.version.context.count, joined.count, "round %d", round);
            for (uint32_t i = 0; i < joined.count; i++) {
                cr_assert(dot_equal(row.version.context.entries[i], joined.entries[i]));
            }
        }
    }
}
