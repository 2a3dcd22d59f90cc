/* Goal: applying is one atomic step per call, harmless when repeated, and independent of order and
 * grouping. Method: changes of made-up regions against a store; rows read raw. */
#include "storage/log/applied.h"
#include "tests/support/directory.h"
#include "tests/unit/storage/disk_fault.h"
#include "tests/unit/storage/remote.h"

#include <criterion/criterion.h>
#include <pthread.h>

TestSuite(apply, .timeout = 60);

static const struct dot none; /* No watermark. */

struct bench {
    char *directory;
    struct sample_clock clock;
    struct arena arena;
    struct store *store;
    const struct table *table;
};

static void bench_open(struct bench *bench, bool replicated)
{
    *bench = (struct bench){.directory = test_directory_make()};
    arena_init(&bench->arena);
    bench->store = sample_store_open(bench->directory, &bench->clock);
    bench->table = sample_store_table(bench->store, "table", VALUE_MISSING, replicated);
}

static void bench_reopen(struct bench *bench)
{
    table_release(bench->table);
    store_close(bench->store);
    bench->store = sample_store_open(bench->directory, &bench->clock);
    bench->table = catalog_acquire(bench->store->catalog, SLICE_LITERAL("table"));
    cr_assert_not_null(bench->table);
}

static void bench_close(struct bench *bench)
{
    table_release(bench->table);
    store_close(bench->store);
    arena_destroy(&bench->arena);
    test_directory_remove(bench->directory);
}

static struct change
change(struct bench *bench, struct dot dot, uint64_t stamp, const char *pk, const char *text)
{
    return remote_change(&bench->arena, bench->table, dot, stamp, pk, text);
}

static struct row row(struct bench *bench, const char *pk)
{
    struct row found;
    cr_assert(sample_row(bench->store, bench->table, &bench->arena, sample_key(&bench->arena, pk),
                         &found));
    return found;
}

static void expect_text(struct bench *bench, const char *pk, const char *text)
{
    cr_assert_str_eq(remote_text(bench->store, bench->table, &bench->arena, pk), text);
}

static uint64_t items(struct bench *bench)
{
    uint64_t count;
    uint64_t bytes;
    catalog_totals(bench->store->catalog, bench->table->id, &count, &bytes);
    cr_assert_eq(bytes == 0, count == 0);
    return count;
}

Test(apply, a_first_change_becomes_the_row_as_it_came)
{
    struct bench bench;
    struct error err = {0};
    bench_open(&bench, true);
    struct change arriving = change(&bench, remote_dot(2, 9), 77, "a", "one");
    arriving.version.context = (struct context){.count = 1, .entries = {remote_dot(3, 4)}};
    struct apply_result result = remote_apply(bench.store, &arriving, 1, remote_dot(2, 9));
    cr_assert(result.stored == 1 && result.dropped == 0 && result.conflicts == 0);
    cr_assert(engine_wait_durable(bench.store->engine, result.wait_seq, &err));
    struct row made = row(&bench, "a");
    cr_assert_eq(version_compare(&made.version, &arriving.version), 0);
    cr_assert(slice_equal(made.image, arriving.image));
    cr_assert_eq(made.version.context.count, 1);
    cr_assert(dot_equal(made.version.context.entries[0], remote_dot(3, 4)));
    cr_assert_eq(items(&bench), 1);
    bench_close(&bench);
}

Test(apply, newer_overwrites_and_older_is_dropped)
{
    struct bench bench;
    bench_open(&bench, true);
    struct change first = change(&bench, remote_dot(2, 1), 10, "a", "one");
    struct change second = change(&bench, remote_dot(2, 2), 20, "a", "two");
    remote_apply(bench.store, &first, 1, none);
    cr_assert_eq(remote_apply(bench.store, &second, 1, none).stored, 1);
    expect_text(&bench, "a", "two");
    struct apply_result result = remote_apply(bench.store, &first, 1, none);
    cr_assert(result.dropped == 1 && result.conflicts == 0);
    cr_assert_gt(result.wait_seq, 0, "what was seen may still wait for the disk");
    expect_text(&bench, "a", "two");
    cr_assert_eq(items(&bench), 1);
    bench_close(&bench);
}

Test(apply, a_change_sees_the_changes_before_it_in_the_same_call)
{
    struct bench bench;
    bench_open(&bench, true);
    struct change changes[] = {
        change(&bench, remote_dot(2, 1), 10, "a", "one"),
        change(&bench, remote_dot(2, 2), 20, "b", "other"),
        change(&bench, remote_dot(2, 3), 30, "a", "two"),
        change(&bench, remote_dot(2, 2), 15, "a", "superseded"),
        change(&bench, remote_dot(2, 4), 40, "b", NULL),
    };
    struct apply_result result = remote_apply(bench.store, changes, 5, remote_dot(2, 4));
    cr_assert(result.stored == 4 && result.dropped == 1);
    expect_text(&bench, "a", "two");
    expect_text(&bench, "b", "deleted");
    cr_assert_eq(items(&bench), 1);
    bench_close(&bench);
}

Test(apply, a_conflict_keeps_the_winner_and_both_contexts)
{
    struct bench bench;
    bench_open(&bench, true);
    struct change left = change(&bench, remote_dot(2, 1), 10, "a", "left");
    struct change right = change(&bench, remote_dot(3, 1), 20, "a", "right");
    struct change late = change(&bench, remote_dot(4, 1), 15, "a", "late");
    left.version.context = (struct context){.count = 1, .entries = {remote_dot(5, 7)}};
    right.version.context = (struct context){.count = 1, .entries = {remote_dot(6, 8)}};
    late.version.context = (struct context){.count = 1, .entries = {remote_dot(6, 9)}};
    remote_apply(bench.store, &left, 1, none);
    struct apply_result result = remote_apply(bench.store, &right, 1, none);
    cr_assert(result.stored == 1 && result.conflicts == 1);
    expect_text(&bench, "a", "right");
    result = remote_apply(bench.store, &late, 1, none);
    cr_assert(result.dropped == 1 && result.conflicts == 1);
    expect_text(&bench, "a", "right");
    struct row made = row(&bench, "a");
    cr_assert_eq(made.version.context.count, 2);
    cr_assert(dot_equal(made.version.context.entries[0], remote_dot(5, 7)));
    cr_assert(dot_equal(made.version.context.entries[1], remote_dot(6, 9)));
    cr_assert_eq(store_conflicts_found(bench.store), 2);
    bench_close(&bench);
}

static uint8_t reason_of(struct bench *bench, const char *pk)
{
    struct conflict conflicts[16];
    struct error err = {0};
    uint32_t count = 0;
    cr_assert(store_conflicts(bench->store, 0, 16, &bench->arena, conflicts, &count, &err));
    for (uint32_t i = 0; i < count; i++) {
        if (slice_equal(conflicts[i].key, sample_key(&bench->arena, pk))) {
            return conflicts[i].reason;
        }
    }
    return 0;
}

Test(apply, a_transaction_that_loses_some_of_its_rows_is_marked_as_torn)
{
    struct bench bench;
    bench_open(&bench, true);
    struct change there[] = {change(&bench, remote_dot(3, 1), 20, "a", "larger"),
                             change(&bench, remote_dot(3, 2), 20, "c", "larger"),
                             change(&bench, remote_dot(3, 3), 20, "d", "larger"),
                             change(&bench, remote_dot(3, 4), 5, "e", "smaller")};
    remote_apply(bench.store, there, 4, none);
    struct change arriving[] = {
        change(&bench, remote_dot(2, 1), 10, "a", "torn"), /* Loses, and */
        change(&bench, remote_dot(2, 2), 10, "b", "torn"), /* stands. */
        change(&bench, remote_dot(2, 3), 10, "c", "lost"), /* Loses all. */
        change(&bench, remote_dot(2, 4), 10, "d", "lost"),
        change(&bench, remote_dot(2, 5), 10, "e", "won"), /* A write by itself. */
    };
    arriving[0].following = 1;
    arriving[2].following = 1;
    struct apply_result result = remote_apply(bench.store, arriving, 5, remote_dot(2, 5));
    cr_assert(result.stored == 2 && result.dropped == 3 && result.conflicts == 4);
    cr_assert_eq(reason_of(&bench, "a"), APPLY_REASON_TORN);
    cr_assert_eq(reason_of(&bench, "b"), 0);
    cr_assert_eq(reason_of(&bench, "c"), REMOTE_REASON);
    cr_assert_eq(reason_of(&bench, "d"), REMOTE_REASON);
    cr_assert_eq(reason_of(&bench, "e"), REMOTE_REASON, "the loser was stored here");
    expect_text(&bench, "a", "larger");
    expect_text(&bench, "b", "torn");
    bench_close(&bench);
}

Test(apply, rows_carry_no_context_that_is_settled)
{
    struct bench bench;
    bench_open(&bench, true);
    struct context settled = {.count = 1, .entries = {remote_dot(5, 7)}};
    store_set_settled(bench.store, &settled);
    struct change arriving = change(&bench, remote_dot(2, 1), 10, "a", "one");
    arriving.version.context =
        (struct context){.count = 2, .entries = {remote_dot(5, 7), remote_dot(6, 1)}};
    remote_apply(bench.store, &arriving, 1, none);
    struct row made = row(&bench, "a");
    cr_assert_eq(made.version.context.count, 1);
    cr_assert(dot_equal(made.version.context.entries[0], remote_dot(6, 1)));
    bench_close(&bench);
}

Test(apply, a_repeated_watermark_is_dropped_before_anything)
{
    struct bench bench;
    bench_open(&bench, true);
    struct change arriving = change(&bench, remote_dot(2, 5), 10, "a", "one");
    remote_apply(bench.store, &arriving, 1, remote_dot(2, 5));
    uint32_t calls = 0;
    struct dot watermark = remote_dot(2, 4);
    struct apply_result result;
    struct error err = {0};
    cr_assert(
        store_apply(bench.store, &arriving, 1, &watermark, remote_decide, &calls, &result, &err));
    cr_assert_eq(calls, 0);
    cr_assert_eq(result.dropped, 1);
    cr_assert_gt(result.wait_seq, 0, "the first delivery may still wait for the disk");
    bench_close(&bench);
}

Test(apply, a_change_below_the_watermark_is_not_decided_again)
{
    struct bench bench;
    bench_open(&bench, false); /* Without replicas a delete leaves no tombstone to decide by. */
    struct change changes[] = {
        change(&bench, remote_dot(2, 1), 10, "a", "one"),
        change(&bench, remote_dot(2, 2), 20, "a", NULL),
        change(&bench, remote_dot(2, 3), 30, "b", "new"),
    };
    remote_apply(bench.store, changes, 2, remote_dot(2, 2));
    struct apply_result result = remote_apply(bench.store, changes, 3, remote_dot(2, 3));
    cr_assert(result.dropped == 2 && result.stored == 1);
    expect_text(&bench, "a", "absent");
    bench_close(&bench);
}

Test(apply, a_backfilled_row_below_the_watermark_is_still_taken)
{
    struct bench bench;
    bench_open(&bench, true);
    remote_apply(bench.store, NULL, 0, remote_dot(2, 9));
    struct change arriving = change(&bench, remote_dot(2, 1), 10, "a", "one");
    cr_assert_eq(remote_apply(bench.store, &arriving, 1, none).stored, 1);
    bench_close(&bench);
}

Test(apply, watermarks_outlive_a_restart_and_never_fall)
{
    struct bench bench;
    bench_open(&bench, true);
    struct context applied;
    remote_apply(bench.store, NULL, 0, remote_dot(2, 9));
    remote_apply(bench.store, NULL, 0, remote_dot(3, 4));
    remote_apply(bench.store, NULL, 0, remote_dot(2, 3));
    for (int i = 0; i < 2; i++) {
        store_applied(bench.store, &applied);
        cr_assert_eq(applied.count, 2);
        cr_assert(dot_equal(applied.entries[0], remote_dot(2, 9)));
        cr_assert(dot_equal(applied.entries[1], remote_dot(3, 4)));
        bench_reopen(&bench);
    }
    bench_close(&bench);
}

Test(apply, a_delete_stays_as_a_tombstone_where_there_are_replicas)
{
    struct bench bench;
    bench_open(&bench, true);
    struct change gone = change(&bench, remote_dot(2, 2), 20, "a", NULL);
    struct change older = change(&bench, remote_dot(2, 1), 10, "a", "one");
    remote_apply(bench.store, &gone, 1, none);
    expect_text(&bench, "a", "deleted");
    remote_apply(bench.store, &older, 1, none);
    expect_text(&bench, "a", "deleted");
    cr_assert_eq(items(&bench), 0);
    bench_close(&bench);
}

Test(apply, a_delete_leaves_nothing_where_there_are_none)
{
    struct bench bench;
    bench_open(&bench, false);
    struct change first = change(&bench, remote_dot(2, 1), 10, "a", "one");
    struct change gone = change(&bench, remote_dot(2, 2), 20, "a", NULL);
    remote_apply(bench.store, &first, 1, none);
    cr_assert_eq(items(&bench), 1);
    remote_apply(bench.store, &gone, 1, none);
    expect_text(&bench, "a", "absent");
    cr_assert_eq(items(&bench), 0);
    bench_close(&bench);
}

Test(apply, changes_of_tables_that_are_not_here_are_dropped)
{
    struct bench bench;
    struct error err = {0};
    bench_open(&bench, true);
    struct change changes[] = {change(&bench, remote_dot(2, 1), 10, "a", "one"),
                               change(&bench, remote_dot(2, 2), 20, "b", "two")};
    changes[0].table_id = bench.table->id + 1;
    struct apply_result result = remote_apply(bench.store, changes, 2, remote_dot(2, 2));
    cr_assert(result.dropped == 1 && result.stored == 1);
    cr_assert(store_drop_table(bench.store, bench.table->id, &err), "%s", err.text);
    result = remote_apply(bench.store, &changes[1], 1, remote_dot(2, 3));
    cr_assert_eq(result.dropped, 1);
    bench_close(&bench);
}

static void expect_refused(struct bench *bench, const struct change *bad, const char *part)
{
    struct change changes[] = {change(bench, remote_dot(2, 1), 10, "good", "one"), *bad};
    struct dot watermark = remote_dot(2, 2);
    struct apply_result result;
    struct error err = {0};
    cr_assert_not(
        store_apply(bench->store, changes, 2, &watermark, remote_decide, NULL, &result, &err));
    cr_assert_eq(err.code, ERROR_CORRUPT);
    cr_assert(strstr(err.text, part) != NULL, "%s", err.text);
    expect_text(bench, "good", "absent");
    cr_assert_not(applied_covers(bench->store->applied, watermark));
}

Test(apply, a_damaged_change_refuses_the_whole_call)
{
    struct bench bench;
    bench_open(&bench, true);
    struct change bad = change(&bench, remote_dot(2, 2), 20, "b", "two");
    bad.key = sample_item(&bench.arena, "other", sample_s("b"), NULL);
    expect_refused(&bench, &bad, "the key of a change");
    bad = change(&bench, remote_dot(2, 2), 20, "b", "two");
    bad.key = sample_key(&bench.arena, "c");
    expect_refused(&bench, &bad, "another key");
    bad = change(&bench, remote_dot(2, 2), 20, "b", "two");
    bad.tombstone = true;
    expect_refused(&bench, &bad, "a delete carries an image");
    bad = change(&bench, remote_dot(2, 2), 20, "b", "two");
    bad.has_image = false;
    expect_refused(&bench, &bad, "without its image");
    bench_close(&bench);
}

Test(apply, contexts_of_too_many_regions_are_refused_and_just_enough_are_not)
{
    struct bench bench;
    bench_open(&bench, true);
    struct change first = change(&bench, remote_dot(2, 1), 10, "a", "one");
    struct change second = change(&bench, remote_dot(2, 2), 20, "a", "two");
    for (uint16_t region = 1; region <= REGIONS_MAX / 2; region++) {
        context_raise(&first.version.context, remote_dot(region, 1));
        context_raise(&second.version.context, remote_dot((uint16_t)(region + REGIONS_MAX / 2), 1));
    }
    remote_apply(bench.store, &first, 1, none);
    struct change third = second;
    third.version.dot.seq = 3;
    remote_apply(bench.store, &third, 1, none);
    cr_assert_eq(row(&bench, "a").version.context.count, REGIONS_MAX);
    second.version.context.entries[0].region = REGIONS_MAX + 1;
    second.version.context.count = 1;
    struct apply_result result;
    struct error err = {0};
    cr_assert_not(store_apply(bench.store, &second, 1, NULL, remote_decide, NULL, &result, &err));
    cr_assert_eq(err.code, ERROR_CORRUPT, "%s", err.text);
    bench_close(&bench);
}

Test(apply, a_damaged_stored_row_is_told)
{
    struct bench bench;
    bench_open(&bench, true);
    struct change arriving = change(&bench, remote_dot(2, 1), 10, "a", "one");
    remote_apply(bench.store, &arriving, 1, none);
    struct slice nothing = {NULL, 0};
    struct error err = {0};
    struct engine_iterator *rows =
        engine_iterator_open(bench.store->engine, FAMILY_ITEMS, NULL, nothing, nothing, READ_FULL);
    struct engine_batch *batch = engine_batch_open();
    cr_assert(engine_iterator_first(rows, &err));
    engine_batch_put(bench.store->engine, batch, FAMILY_ITEMS, engine_iterator_key(rows),
                     SLICE_LITERAL("no row"));
    engine_iterator_close(rows);
    cr_assert(engine_commit_append(bench.store->engine, batch,
                                   engine_commit_begin(bench.store->engine), &err));
    engine_batch_close(batch);
    struct apply_result result;
    cr_assert_not(store_apply(bench.store, &arriving, 1, NULL, remote_decide, NULL, &result, &err));
    cr_assert_eq(err.code, ERROR_CORRUPT, "%s", err.text);
    bench_close(&bench);
}

Test(apply, rows_that_are_not_in_memory_are_fetched)
{
    struct bench bench;
    bench_open(&bench, true);
    struct change first = change(&bench, remote_dot(2, 1), 10, "a", "one");
    remote_apply(bench.store, &first, 1, none);
    bench_reopen(&bench);
    struct change second = change(&bench, remote_dot(2, 2), 20, "a", "two");
    remote_apply(bench.store, &second, 1, none);
    expect_text(&bench, "a", "two");
    bench_close(&bench);
}

Test(apply, rows_that_no_cache_can_hold_are_read_all_the_same)
{
    struct bench bench;
    struct error err = {0};
    bench_open(&bench, true);
    struct change first = change(&bench, remote_dot(2, 1), 10, "a", "one");
    remote_apply(bench.store, &first, 1, none);
    table_release(bench.table);
    store_close(bench.store);
    struct store_options options = {
        .engine = {.directory = bench.directory, .cache_bytes = 1, .memtable_bytes = 8 << 20},
        .clock = sample_clock_face(&bench.clock),
        .region_id = 1,
    };
    cr_assert(store_open(&options, &bench.store, &err), "%s", err.text);
    bench.table = catalog_acquire(bench.store->catalog, SLICE_LITERAL("table"));
    struct change second = change(&bench, remote_dot(2, 2), 20, "a", "two");
    remote_apply(bench.store, &second, 1, none);
    expect_text(&bench, "a", "two");
    bench_close(&bench);
}

Test(apply, a_refused_append_changes_nothing)
{
    struct bench bench;
    bench_open(&bench, true);
    struct error err = {0};
    disk_hold(".log");
    struct change first = change(&bench, remote_dot(2, 1), 10, "a", "one");
    uint64_t seq = remote_apply(bench.store, &first, 1, remote_dot(2, 1)).wait_seq;
    disk_fail(".log", 1);
    disk_release();
    cr_assert_not(engine_wait_durable(bench.store->engine, seq, &err));
    struct change second = change(&bench, remote_dot(2, 2), 20, "a", "two");
    struct dot watermark = remote_dot(2, 2);
    struct apply_result result;
    cr_assert_not(
        store_apply(bench.store, &second, 1, &watermark, remote_decide, NULL, &result, &err));
    cr_assert_eq(err.code, ERROR_IO, "%s", err.text);
    expect_text(&bench, "a", "one");
    cr_assert_not(applied_covers(bench.store->applied, watermark));
    cr_assert_eq(items(&bench), 1);
    bench_close(&bench);
}

Test(apply, a_local_write_knows_what_was_applied_before_it)
{
    struct bench bench;
    bench_open(&bench, true);
    struct change arriving = change(&bench, remote_dot(2, 6), UINT64_MAX / 2, "a", "theirs");
    remote_apply(bench.store, &arriving, 1, remote_dot(2, 6));
    sample_put(bench.store, bench.table, &bench.arena,
               sample_item(&bench.arena, "pk", sample_s("a"), "v", sample_s("ours"), NULL));
    struct row made = row(&bench, "a");
    cr_assert_eq(made.version.dot.region, 1);
    cr_assert_gt(made.version.stamp, arriving.version.stamp);
    cr_assert(context_has(&made.version.context, remote_dot(2, 6)));
    cr_assert_not(context_has(&made.version.context, remote_dot(2, 7)));
    bench_close(&bench);
}

/* --- Order and grouping ---------------------------------------------------------------------- */

enum { MANY = 300, MANY_KEYS = 12, GROUP_MAX = 20 };

static void apply_shuffled(struct bench *bench, struct change *changes, uint64_t *seed)
{
    for (uint32_t i = MANY - 1; i > 0; i--) {
        uint32_t other = (uint32_t)(sample_next(seed) % (i + 1));
        struct change held = changes[i];
        changes[i] = changes[other];
        changes[other] = held;
    }
    for (uint32_t at = 0; at < MANY;) {
        uint32_t count = 1 + (uint32_t)(sample_next(seed) % GROUP_MAX);
        count = count < MANY - at ? count : MANY - at;
        remote_apply(bench->store, changes + at, count, none);
        /* Some again, from anywhere before. */
        uint32_t again = (uint32_t)(sample_next(seed) % (at + count));
        remote_apply(bench->store, changes + again, 1, none);
        at += count;
    }
}

Test(apply, any_order_grouping_and_repetition_ends_in_the_same_rows)
{
    uint64_t seed = sample_seed();
    uint64_t state = seed;
    struct bench benches[2];
    struct change changes[MANY];
    bench_open(&benches[0], true);
    bench_open(&benches[1], true);
    cr_assert_eq(benches[0].table->id, benches[1].table->id);
    for (uint32_t i = 0; i < MANY; i++) {
        uint64_t roll = sample_next(&state);
        const char *pk = arena_printf(&benches[0].arena, "%u", (unsigned)(roll % MANY_KEYS));
        const char *text = arena_printf(&benches[0].arena, "text %u", i);
        struct dot dot = remote_dot((uint16_t)(2 + (roll >> 8) % 3), 1 + i);
        changes[i] = change(&benches[0], dot, 1 + (roll >> 16) % 40, pk,
                            (roll >> 32) % 4 == 0 ? NULL : text);
    }
    apply_shuffled(&benches[0], changes, &state);
    apply_shuffled(&benches[1], changes, &state);
    cr_assert_eq(items(&benches[0]), items(&benches[1]), "seed %llu", (unsigned long long)seed);
    for (uint32_t i = 0; i < MANY_KEYS; i++) {
        const char *pk = arena_printf(&benches[0].arena, "%u", i);
        struct row a = row(&benches[0], pk);
        struct row b = row(&benches[1], pk);
        cr_assert_eq(version_compare(&a.version, &b.version), 0, "key %s, seed %llu", pk,
                     (unsigned long long)seed);
        cr_assert(a.tombstone == b.tombstone && slice_equal(a.image, b.image));
    }
    bench_close(&benches[0]);
    bench_close(&benches[1]);
}

/* --- Beside local writes --------------------------------------------------------------------- */

enum { RACE_ROUNDS = 400, RACE_KEYS = 3 };

struct racer {
    struct bench *bench;
    uint16_t region; /* 1: local writes. */
    pthread_t thread;
};

static void *race_run(void *argument)
{
    struct racer *racer = argument;
    struct bench *bench = racer->bench;
    struct arena arena;
    arena_init(&arena);
    for (uint64_t i = 1; i <= RACE_ROUNDS; i++) {
        const char *pk = i % 2 == 0 ? "even" : "odd";
        if (racer->region == 1) {
            sample_put(bench->store, bench->table, &arena,
                       sample_item(&arena, "pk", sample_s(pk), "v", sample_s("ours"), NULL));
        } else {
            uint64_t stamp = bench->store->clock.stamp(bench->store->clock.context, 0);
            struct dot dot = remote_dot(racer->region, i);
            struct change both[] = {
                remote_change(&arena, bench->table, dot, stamp, pk, "theirs"),
                remote_change(&arena, bench->table, dot, stamp, "shared", "theirs")};
            remote_apply(bench->store, both, 2, dot);
        }
        arena_clear(&arena);
    }
    arena_destroy(&arena);
    return NULL;
}

Test(apply, goes_on_beside_local_writes_and_other_origins)
{
    struct bench bench;
    bench_open(&bench, true);
    struct racer racers[] = {{&bench, 1, 0}, {&bench, 1, 0}, {&bench, 2, 0}, {&bench, 3, 0}};
    for (size_t i = 0; i < ARRAY_COUNT(racers); i++) {
        ensure(pthread_create(&racers[i].thread, NULL, race_run, &racers[i]) == 0);
    }
    for (size_t i = 0; i < ARRAY_COUNT(racers); i++) {
        pthread_join(racers[i].thread, NULL);
    }
    struct context applied;
    store_applied(bench.store, &applied);
    cr_assert_eq(applied.count, 2);
    cr_assert_eq(applied.entries[0].seq, RACE_ROUNDS);
    cr_assert_eq(applied.entries[1].seq, RACE_ROUNDS);
    cr_assert_eq(items(&bench), RACE_KEYS);
    bench_close(&bench);
}
