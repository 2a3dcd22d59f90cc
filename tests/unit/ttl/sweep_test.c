/* Goal: what has expired goes, and nothing else does. Method: a clock that the test steps; waiting
 * means polling with the test's timeout as deadline. Where nothing must happen, an item that does
 * expire behind the others shows that the sweeper has been there. */
#include "storage/log/change.h"
#include "tests/unit/ttl/ttl_fixture.h"

#include <criterion/criterion.h>

static struct ttl_fixture fixture;

static void begin(bool replicated)
{
    ttl_fixture_open(&fixture, replicated);
    ttl_fixture_turn(&fixture, true, "t");
    ttl_fixture_wait(&fixture, TTL_ENABLED);
}

static void setup(void)
{
    begin(false);
}

static void teardown(void)
{
    ttl_fixture_close(&fixture);
}

TestSuite(ttl_sweep, .init = setup, .fini = teardown, .timeout = 60);

static void setup_replicated(void)
{
    begin(true);
}

TestSuite(ttl_sweep_replicated, .init = setup_replicated, .fini = teardown, .timeout = 60);

enum { YEAR_S = 365 * 86400, MARK = 1000, MANY = 3000 };

/* Put an item that expires at once, step, and wait until it and `others` are gone. */
static void sweep(uint64_t seconds, uint64_t deleted)
{
    int64_t now = (int64_t)ttl_now(fixture.store) - FIXTURE_NOW_S;
    ttl_fixture_put_t(&fixture, MARK, now + (int64_t)seconds - 1);
    ttl_fixture_step(&fixture, seconds);
    ttl_fixture_wait_deleted(&fixture, deleted);
    cr_assert_not(ttl_fixture_has(&fixture, MARK));
    arena_clear(&fixture.arena);
}

Test(ttl_sweep, an_item_goes_when_its_second_is_over_and_not_before)
{
    ttl_fixture_put_t(&fixture, 1, 10);
    ttl_fixture_put_t(&fixture, 2, 11);
    sweep(10, 1);
    cr_assert(ttl_fixture_has(&fixture, 1) && ttl_fixture_has(&fixture, 2));
    sweep(1, 3);
    cr_assert(!ttl_fixture_has(&fixture, 1) && ttl_fixture_has(&fixture, 2));
    sweep(1, 5);
    cr_assert_not(ttl_fixture_has(&fixture, 2));
    cr_assert_null(ttl_fixture_problem(&fixture));
}

Test(ttl_sweep, only_a_number_of_the_last_five_years_expires)
{
    struct value second = ttl_fixture_second(&fixture, FIXTURE_NOW_S - 10);
    struct member member = {SLICE_LITERAL("t"), second};
    ttl_fixture_put(&fixture, ttl_fixture_item(&fixture, 1, "t", sample_s("1699999999")));
    ttl_fixture_put(&fixture, ttl_fixture_item(&fixture, 2, "u", second));
    ttl_fixture_put(&fixture,
                    ttl_fixture_item(&fixture, 3, "m", value_make_map(&fixture.arena, &member, 1)));
    ttl_fixture_put(&fixture, ttl_fixture_item(&fixture, 4, "t", sample_n(&fixture.arena, "-5")));
    ttl_fixture_put_t(&fixture, 5, -5 * (int64_t)YEAR_S - 1);
    ttl_fixture_put_t(&fixture, 6, -5 * (int64_t)YEAR_S + 1000);
    ttl_fixture_put(&fixture,
                    ttl_fixture_item(&fixture, 7, "t", sample_n(&fixture.arena, "1699999990.75")));
    sweep(2, 3);
    for (uint32_t i = 1; i <= 5; i++) {
        cr_assert(ttl_fixture_has(&fixture, i), "item %u", i);
    }
    cr_assert(!ttl_fixture_has(&fixture, 6) && !ttl_fixture_has(&fixture, 7));
}

Test(ttl_sweep, what_was_overlooked_for_five_years_stays)
{
    ttl_fixture_put_t(&fixture, 1, 10);
    sweep(6 * (uint64_t)YEAR_S, 1);
    cr_assert(ttl_fixture_has(&fixture, 1));
    struct ttl_figures figures;
    ttl_figures(fixture.store, &figures);
    cr_assert_eq(figures.kept, 1);
    cr_assert_null(ttl_fixture_problem(&fixture));
}

Test(ttl_sweep, an_item_that_was_refreshed_stays)
{
    ttl_fixture_put_t(&fixture, 1, 10);
    ttl_fixture_put_t(&fixture, 1, 100);
    ttl_fixture_put_t(&fixture, 2, 10);
    ttl_fixture_put(&fixture, ttl_fixture_item(&fixture, 2, "u", sample_s("none any more")));
    sweep(50, 1);
    cr_assert(ttl_fixture_has(&fixture, 1) && ttl_fixture_has(&fixture, 2));
    sweep(51, 3);
    cr_assert(!ttl_fixture_has(&fixture, 1) && ttl_fixture_has(&fixture, 2));
}

Test(ttl_sweep, what_is_written_expired_goes_although_the_sweeper_has_passed_there)
{
    sweep(100, 1);
    sweep(100, 2);
    for (uint32_t i = 0; i < 5; i++) {
        ttl_fixture_put_t(&fixture, i, 10 + i);
        ttl_kick(fixture.store);
        ttl_fixture_wait_deleted(&fixture, 3 + i);
        cr_assert_not(ttl_fixture_has(&fixture, i));
    }
}

Test(ttl_sweep, a_clock_that_is_set_back_loses_nothing)
{
    sweep(1000, 1);
    atomic_fetch_sub(&fixture.clock.now_ms, UINT64_C(500000));
    ttl_fixture_put_t(&fixture, 1, 700);
    sweep(10, 2);
    cr_assert(ttl_fixture_has(&fixture, 1));
    sweep(300, 4);
    cr_assert_not(ttl_fixture_has(&fixture, 1));
}

Test(ttl_sweep, many_go_together_and_the_totals_know)
{
    for (uint32_t i = 0; i < MANY; i++) {
        ttl_fixture_put_t(&fixture, i, i % 2 == 0 ? 10 : 2000);
        if (i % 100 == 0) {
            arena_clear(&fixture.arena);
        }
    }
    ttl_fixture_step(&fixture, 20);
    ttl_fixture_wait_deleted(&fixture, MANY / 2);
    uint64_t items;
    uint64_t bytes;
    catalog_totals(fixture.store->catalog, fixture.id, &items, &bytes);
    cr_assert_eq(items, MANY / 2);
    cr_assert_null(ttl_fixture_problem(&fixture));
    ttl_fixture_restart(&fixture);
    ttl_fixture_step(&fixture, 2000);
    ttl_fixture_wait_deleted(&fixture, MANY / 2);
}

Test(ttl_sweep, nothing_expires_while_it_is_off)
{
    ttl_fixture_put_t(&fixture, 1, 10);
    ttl_fixture_turn(&fixture, false, "t");
    ttl_fixture_wait(&fixture, TTL_DISABLED);
    ttl_fixture_step(&fixture, 100);
    ttl_fixture_turn(&fixture, true, "u");
    ttl_fixture_wait(&fixture, TTL_ENABLED);
    ttl_fixture_put(&fixture, ttl_fixture_item(&fixture, 2, "u",
                                               ttl_fixture_second(&fixture, FIXTURE_NOW_S + 5)));
    ttl_kick(fixture.store);
    ttl_fixture_wait_deleted(&fixture, 1);
    cr_assert(ttl_fixture_has(&fixture, 1) && !ttl_fixture_has(&fixture, 2));
}

Test(ttl_sweep, a_key_attribute_may_be_the_one)
{
    struct error err = {0};
    struct table table = sample_table("by_time", VALUE_S, VALUE_N);
    table.ttl = (struct table_ttl){TTL_ENABLED, SLICE_LITERAL("sk"), 1};
    cr_assert(catalog_create(fixture.store->catalog, &table, &err), "%s", err.text);
    const struct table *made = catalog_acquire(fixture.store->catalog, SLICE_LITERAL("by_time"));
    for (uint32_t i = 0; i < 4; i++) {
        sample_put(fixture.store, made, &fixture.arena,
                   sample_item(&fixture.arena, "pk", sample_s("p"), "sk",
                               ttl_fixture_second(&fixture, FIXTURE_NOW_S + 10 * i), NULL));
    }
    ttl_fixture_step(&fixture, 15);
    ttl_fixture_wait_deleted(&fixture, 2);
    cr_assert_eq(ttl_fixture_rows(&fixture, made->id), 2);
    table_release(made);
}

/* The newest record of the log. */
static struct change newest_change(void)
{
    struct change changes[16];
    struct error err = {0};
    uint32_t count = 0;
    uint64_t next = 0;
    cr_assert(engine_wait_durable(fixture.store->engine, engine_appended_seq(fixture.store->engine),
                                  &err));
    cr_assert(
        store_log_read(fixture.store, 0, 16, 1 << 20, &fixture.arena, changes, &count, &next, &err),
        "%s", err.text);
    cr_assert(count > 0);
    return changes[count - 1];
}

Test(ttl_sweep_replicated, an_item_leaves_a_tombstone_right_behind_what_expired)
{
    const struct table *table = catalog_acquire_id(fixture.store->catalog, fixture.id);
    struct slice key = ttl_fixture_key(&fixture, 1);
    struct row before;
    struct row after;
    ttl_fixture_put_t(&fixture, 1, 10);
    cr_assert(sample_row(fixture.store, table, &fixture.arena, key, &before));
    ttl_fixture_step(&fixture, 20 + TTL_BACKUP_MS / 1000); /* Another member may be the first. */
    ttl_fixture_wait_deleted(&fixture, 1);
    cr_assert(sample_row(fixture.store, table, &fixture.arena, key, &after));
    cr_assert(after.tombstone && version_is_expiry(&after.version));
    cr_assert(dot_equal(after.version.expired, before.version.dot));
    cr_assert_eq(after.version.stamp, before.version.stamp);
    cr_assert_gt(version_compare(&after.version, &before.version), 0);
    struct change change = newest_change();
    cr_assert(change.tombstone && dot_equal(change.version.expired, before.version.dot));
    ttl_fixture_put_t(&fixture, 1, 1000);
    cr_assert(sample_row(fixture.store, table, &fixture.arena, key, &before));
    cr_assert_gt(version_compare(&before.version, &after.version), 0, "written anew");
    table_release(table);
}
