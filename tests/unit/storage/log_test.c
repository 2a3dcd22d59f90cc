/* Goal: the log gives own writes in order, none before it is on disk, and trimming takes only what
 * is old and acknowledged. Method: a store with writes; raw records where damage is wanted. */
#include "storage/log/applied.h"
#include "storage/log/change.h"
#include "storage/log/trim.h"
#include "tests/support/directory.h"
#include "tests/unit/storage/disk_fault.h"
#include "tests/unit/storage/engine_fixture.h"
#include "tests/unit/storage/remote.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <time.h>

TestSuite(log, .timeout = 60);

enum { CHANGES_MAX = 64, ALL_BYTES = 1 << 30 };

struct read {
    struct change changes[CHANGES_MAX];
    uint32_t count;
    uint64_t next;
};

static void read_log(struct store *store,
                     struct arena *arena,
                     uint64_t after,
                     uint32_t max,
                     size_t bytes_max,
                     struct read *read)
{
    struct error err = {0};
    cr_assert(engine_wait_durable(store->engine, engine_appended_seq(store->engine), &err));
    cr_assert(store_log_read(store, after, max, bytes_max, arena, read->changes, &read->count,
                             &read->next, &err),
              "%s", err.text);
}

static uint64_t
put(struct store *store, const struct table *table, struct arena *arena, const char *pk)
{
    return sample_put(store, table, arena,
                      sample_item(arena, "pk", sample_s(pk), "v", sample_s("value"), NULL));
}

Test(log, own_writes_are_read_in_order_with_their_images)
{
    char *directory = test_directory_make();
    struct sample_clock clock = {0};
    struct arena arena;
    arena_init(&arena);
    struct store *store = sample_store_open(directory, &clock);
    const struct table *table = sample_store_table(store, "near", VALUE_MISSING, true);
    uint64_t before = engine_appended_seq(store->engine);
    uint64_t first = put(store, table, &arena, "a");
    sample_delete(store, table, &arena, sample_key(&arena, "a"));
    uint64_t last = put(store, table, &arena, "b");

    struct read read;
    read_log(store, &arena, 0, CHANGES_MAX, ALL_BYTES, &read);
    cr_assert_eq(read.count, 3);
    cr_assert_geq(read.next, last); /* The store's housekeeper uses seqs as well. */
    cr_assert_eq(read.changes[0].version.dot.seq, first);
    cr_assert_eq(read.changes[0].version.dot.region, 1);
    cr_assert_eq(read.changes[0].table_id, table->id);
    cr_assert(slice_equal(read.changes[0].key, sample_key(&arena, "a")));
    cr_assert(read.changes[0].has_image && !read.changes[0].tombstone);
    cr_assert(read.changes[1].has_image && read.changes[1].tombstone);
    cr_assert_gt(read.changes[1].version.stamp, read.changes[0].version.stamp);
    struct value value;
    cr_assert(item_find(read.changes[2].image, SLICE_LITERAL("v"), &value));
    cr_assert_gt(first, before);

    read_log(store, &arena, first, CHANGES_MAX, ALL_BYTES, &read);
    cr_assert_eq(read.count, 2);
    read_log(store, &arena, last, CHANGES_MAX, ALL_BYTES, &read);
    cr_assert_eq(read.count, 0);
    cr_assert_geq(read.next, last);
    read_log(store, &arena, last + 1000, CHANGES_MAX, ALL_BYTES, &read);
    cr_assert_eq(read.next, last + 1000, "a reader is never sent back");
    table_release(table);
    store_close(store);
    arena_destroy(&arena);
    test_directory_remove(directory);
}

Test(log, a_write_to_a_table_without_replicas_leaves_no_image)
{
    char *directory = test_directory_make();
    struct sample_clock clock = {0};
    struct arena arena;
    arena_init(&arena);
    struct store *store = sample_store_open(directory, &clock);
    const struct table *table = sample_store_table(store, "alone", VALUE_MISSING, false);
    put(store, table, &arena, "a");
    struct read read;
    read_log(store, &arena, 0, CHANGES_MAX, ALL_BYTES, &read);
    cr_assert_eq(read.count, 1);
    cr_assert_not(read.changes[0].has_image);
    cr_assert_eq(read.changes[0].image.size, 0);
    table_release(table);
    store_close(store);
    arena_destroy(&arena);
    test_directory_remove(directory);
}

Test(log, reading_stops_at_the_counts_and_goes_on_there)
{
    char *directory = test_directory_make();
    struct sample_clock clock = {0};
    struct arena arena;
    arena_init(&arena);
    struct store *store = sample_store_open(directory, &clock);
    const struct table *table = sample_store_table(store, "near", VALUE_MISSING, true);
    for (int i = 0; i < 10; i++) {
        put(store, table, &arena, "a");
    }
    struct read read;
    uint64_t after = 0;
    uint32_t seen = 0;
    do { /* At most three, then at most one by size, in turn. */
        uint32_t max = seen % 2 == 0 ? 3 : CHANGES_MAX;
        read_log(store, &arena, after, max, seen % 2 == 0 ? ALL_BYTES : 1, &read);
        cr_assert_leq(read.count, 3);
        seen += read.count;
        after = read.next;
    } while (read.count > 0);
    cr_assert_eq(seen, 10);
    table_release(table);
    store_close(store);
    arena_destroy(&arena);
    test_directory_remove(directory);
}

Test(log, seqs_of_applied_batches_are_passed_over)
{
    char *directory = test_directory_make();
    struct sample_clock clock = {0};
    struct arena arena;
    arena_init(&arena);
    struct store *store = sample_store_open(directory, &clock);
    const struct table *table = sample_store_table(store, "near", VALUE_MISSING, true);
    struct change change = remote_change(&arena, table, remote_dot(2, 1), 5, "a", "v");
    uint64_t seq = remote_apply(store, &change, 1, remote_dot(2, 1)).wait_seq;
    struct read read;
    read_log(store, &arena, 0, CHANGES_MAX, ALL_BYTES, &read);
    cr_assert_eq(read.count, 0);
    cr_assert_geq(read.next, seq);
    cr_assert_eq(store_log_oldest(store), 1, "nothing was trimmed");
    table_release(table);
    store_close(store);
    arena_destroy(&arena);
    test_directory_remove(directory);
}

Test(log, what_is_not_on_disk_is_not_read)
{
    char *directory = test_directory_make();
    struct sample_clock clock = {0};
    struct arena arena;
    arena_init(&arena);
    struct store *store = sample_store_open(directory, &clock);
    const struct table *table = sample_store_table(store, "near", VALUE_MISSING, true);
    struct error err = {0};
    cr_assert(engine_wait_durable(store->engine, engine_appended_seq(store->engine), &err));
    disk_hold(".log");
    uint64_t seq = put(store, table, &arena, "a");
    struct read read;
    cr_assert(store_log_read(store, 0, CHANGES_MAX, ALL_BYTES, &arena, read.changes, &read.count,
                             &read.next, &err));
    cr_assert_eq(read.count, 0);
    cr_assert_lt(read.next, seq);
    disk_release();
    read_log(store, &arena, read.next, CHANGES_MAX, ALL_BYTES, &read);
    cr_assert_eq(read.count, 1);
    table_release(table);
    store_close(store);
    arena_destroy(&arena);
    test_directory_remove(directory);
}

static void expect_read_corrupt(struct store *store, const char *part)
{
    struct arena arena;
    arena_init(&arena);
    struct read read;
    struct error err = {0};
    cr_assert(engine_wait_durable(store->engine, engine_appended_seq(store->engine), &err));
    cr_assert_not(store_log_read(store, 0, CHANGES_MAX, ALL_BYTES, &arena, read.changes,
                                 &read.count, &read.next, &err));
    cr_assert_eq(err.code, ERROR_CORRUPT);
    cr_assert(strstr(err.text, part) != NULL, "%s", err.text);
    uint64_t trimmed;
    cr_assert_not(log_trim(store->engine, UINT64_MAX, UINT64_MAX, &trimmed, &err));
    cr_assert_eq(err.code, ERROR_CORRUPT);
    arena_destroy(&arena);
}

/* A record of `seq` under the key `at`. */
static void
put_record(struct engine *engine, struct arena *arena, uint64_t at, uint64_t seq, uint64_t wall_ms)
{
    uint8_t key[CHANGE_LOG_KEY_BYTES];
    struct change change = {.table_id = 1,
                            .key = SLICE_LITERAL("key"),
                            .version = {.stamp = wall_ms << 16, .dot = {1, 1, seq}}};
    struct buffer value;
    buffer_init(&value, arena, 64);
    change_encode(&value, &change);
    change_log_key(at, key);
    engine_fixture_put(engine, FAMILY_LOG, slice_of(key, sizeof(key)), buffer_slice(&value));
}

Test(log, damaged_records_are_told)
{
    struct sample_clock clock = {0};
    struct arena arena;
    arena_init(&arena);
    char *directory = test_directory_make();
    struct store *store = sample_store_open(directory, &clock);
    uint8_t key[CHANGE_LOG_KEY_BYTES];
    change_log_key(1, key);
    engine_fixture_put(store->engine, FAMILY_LOG, slice_of(key, sizeof(key)),
                       SLICE_LITERAL("not a record"));
    put_record(store->engine, &arena, 2, 2, 1);
    expect_read_corrupt(store, "log record 1: a change record's checksum");
    store_close(store);
    test_directory_remove(directory);
    arena_destroy(&arena);
}

Test(log, a_record_under_another_seq_is_told)
{
    struct sample_clock clock = {0};
    struct arena arena;
    arena_init(&arena);
    char *directory = test_directory_make();
    struct store *store = sample_store_open(directory, &clock);
    struct read read;
    struct error err = {0};
    put_record(store->engine, &arena, 1, 4, 1);
    cr_assert(engine_wait_durable(store->engine, engine_appended_seq(store->engine), &err));
    cr_assert_not(store_log_read(store, 0, CHANGES_MAX, ALL_BYTES, &arena, read.changes,
                                 &read.count, &read.next, &err));
    cr_assert_eq(err.code, ERROR_CORRUPT);
    cr_assert(strstr(err.text, "claims to be 4") != NULL, "%s", err.text);
    store_close(store);
    test_directory_remove(directory);
    arena_destroy(&arena);
}

/* --- Trimming -------------------------------------------------------------------------------- */

/* Records 1 to 100, ten to a file (opening again writes a file), at wall time 1000 + seq. */
static struct engine *trim_engine(const char *directory, struct arena *arena)
{
    struct engine *engine = engine_fixture_open(directory);
    for (uint64_t seq = 1; seq <= 100; seq++) {
        put_record(engine, arena, seq, seq, 1000 + seq);
        if (seq % 10 == 0) {
            engine_close(engine);
            engine = engine_fixture_open(directory);
        }
    }
    return engine;
}

static uint64_t trim(struct engine *engine, uint64_t acknowledged, uint64_t before_ms)
{
    struct error err = {0};
    uint64_t trimmed = UINT64_MAX;
    cr_assert(log_trim(engine, acknowledged, before_ms, &trimmed, &err), "%s", err.text);
    cr_assert_eq(trimmed, engine_trimmed_seq(engine));
    return trimmed;
}

static uint64_t first_seq(struct engine *engine)
{
    struct slice none = {NULL, 0};
    struct error err = {0};
    uint64_t seq = 0;
    struct engine_iterator *log =
        engine_iterator_open(engine, FAMILY_LOG, NULL, none, none, READ_FULL);
    if (engine_iterator_first(log, &err)) {
        cr_assert(change_log_seq(engine_iterator_key(log), &seq, &err));
    }
    engine_iterator_close(log);
    return seq;
}

Test(log, trimming_an_empty_log_does_nothing)
{
    char *directory = test_directory_make();
    struct engine *engine = engine_fixture_open(directory);
    cr_assert_eq(trim(engine, UINT64_MAX, UINT64_MAX), 0);
    engine_close(engine);
    test_directory_remove(directory);
}

Test(log, trimming_takes_what_is_old_and_acknowledged_and_nothing_else)
{
    char *directory = test_directory_make();
    struct arena arena;
    arena_init(&arena);
    struct engine *engine = trim_engine(directory, &arena);
    cr_assert_eq(trim(engine, 0, UINT64_MAX), 0, "nothing is acknowledged");
    cr_assert_eq(trim(engine, UINT64_MAX, 1001), 0, "nothing is old");
    cr_assert_eq(trim(engine, 25, UINT64_MAX), 25);
    cr_assert_eq(trim(engine, UINT64_MAX, 1041), 40, "record 40 is of 1040");
    cr_assert_eq(trim(engine, 30, UINT64_MAX), 40, "never back");
    cr_assert_leq(first_seq(engine), 41, "record 41 may not go");
    engine_close(engine);
    arena_destroy(&arena);
    test_directory_remove(directory);
}

/* Goal: a region that makes no writes of its own keeps no log for ever, and its peers are not told
 * that they have missed something. Method: records of peers' writes around two own ones. */
Test(log, trimming_needs_no_acknowledgement_of_what_peers_wrote)
{
    char *directory = test_directory_make();
    struct arena arena;
    arena_init(&arena);
    struct engine *engine = engine_fixture_open(directory);
    for (uint64_t seq = 1; seq <= 50; seq++) {
        struct change change = {.table_id = 1,
                                .key = SLICE_LITERAL("key"),
                                .version = {.stamp = 9, .dot = {2, 1, 7}},
                                .streamed = true,
                                .foreign = true,
                                .local_stamp = (1000 + seq) << 16};
        uint8_t key[CHANGE_LOG_KEY_BYTES];
        struct buffer value;
        if (seq == 10 || seq == 30) {
            put_record(engine, &arena, seq, seq, 1000 + seq);
            continue;
        }
        buffer_init(&value, &arena, 64);
        change_encode(&value, &change);
        change_log_key(seq, key);
        engine_fixture_put(engine, FAMILY_LOG, slice_of(key, sizeof(key)), buffer_slice(&value));
    }
    cr_assert_eq(trim(engine, 0, UINT64_MAX), 9, "the first own write is not acknowledged");
    cr_assert_eq(engine_trimmed_own_seq(engine), 0);
    cr_assert_eq(trim(engine, 10, 1021), 20, "record 20 is of 1020");
    cr_assert_eq(engine_trimmed_own_seq(engine), 10);
    engine_close(engine);
    engine = engine_fixture_open(directory);
    cr_assert_eq(engine_trimmed_seq(engine), 20);
    cr_assert_eq(engine_trimmed_own_seq(engine), 10);
    cr_assert_eq(trim(engine, 10, UINT64_MAX), 29, "the second own write is not acknowledged");
    cr_assert_eq(trim(engine, 30, UINT64_MAX), 49, "the newest record stays");
    cr_assert_eq(engine_trimmed_own_seq(engine), 30);
    engine_close(engine);
    arena_destroy(&arena);
    test_directory_remove(directory);
}

Test(log, trimming_hands_whole_files_back)
{
    char *directory = test_directory_make();
    struct arena arena;
    arena_init(&arena);
    struct engine *engine = trim_engine(directory, &arena);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    time_t deadline = now.tv_sec + 20;
    /* A file just written stays until a compaction has moved it down a level. */
    while (first_seq(engine) <= 40 && now.tv_sec < deadline) {
        trim(engine, 55, UINT64_MAX);
        clock_gettime(CLOCK_MONOTONIC, &now);
    }
    cr_assert_gt(first_seq(engine), 40);
    cr_assert_leq(first_seq(engine), 56);
    engine_close(engine);
    arena_destroy(&arena);
    test_directory_remove(directory);
}

Test(log, the_newest_record_is_never_trimmed_and_its_seq_never_reused)
{
    char *directory = test_directory_make();
    struct arena arena;
    arena_init(&arena);
    struct engine *engine = trim_engine(directory, &arena);
    cr_assert_eq(trim(engine, UINT64_MAX, UINT64_MAX), 99);
    engine_close(engine);
    engine = engine_fixture_open(directory);
    cr_assert_eq(engine_durable_seq(engine), 100);
    cr_assert_eq(trim(engine, UINT64_MAX, UINT64_MAX), 99);
    engine_close(engine);
    arena_destroy(&arena);
    test_directory_remove(directory);
}

Test(log, trimming_takes_nothing_when_its_note_cannot_be_kept)
{
    char *directory = test_directory_make();
    struct arena arena;
    arena_init(&arena);
    struct engine *engine = trim_engine(directory, &arena);
    struct error err = {0};
    uint64_t trimmed;
    disk_fail(".log", 1);
    cr_assert_not(log_trim(engine, UINT64_MAX, UINT64_MAX, &trimmed, &err));
    cr_assert_eq(err.code, ERROR_IO, "%s", err.text);
    cr_assert_eq(engine_trimmed_seq(engine), 0);
    cr_assert_eq(first_seq(engine), 1);
    engine_close(engine);
    arena_destroy(&arena);
    test_directory_remove(directory);
}

/* --- The applied vector ---------------------------------------------------------------------- */

Test(log, a_damaged_watermark_is_told_at_opening)
{
    char *directory = test_directory_make();
    struct engine *engine = engine_fixture_open(directory);
    engine_fixture_put(engine, FAMILY_REPL, SLICE_LITERAL("applied/xy"), SLICE_LITERAL("short"));
    struct applied_vector *applied = NULL;
    struct error err = {0};
    cr_assert_not(applied_open(engine, &applied, &err));
    cr_assert_eq(err.code, ERROR_CORRUPT, "%s", err.text);
    cr_assert_null(applied);
    engine_close(engine);
    test_directory_remove(directory);
}

Test(log, more_watermarks_than_regions_are_told_at_opening)
{
    char *directory = test_directory_make();
    struct engine *engine = engine_fixture_open(directory);
    struct applied_vector *applied = NULL;
    struct error err = {0};
    uint8_t key[APPLIED_KEY_BYTES];
    uint8_t value[APPLIED_VALUE_BYTES];
    for (uint16_t region = 1; region <= REGIONS_MAX + 1; region++) {
        cr_assert(applied_open(engine, &applied, &err), "region %u: %s", region, err.text);
        applied_close(applied);
        applied_encode(remote_dot(region, 1), key, value);
        engine_fixture_put(engine, FAMILY_REPL, slice_of(key, sizeof(key)),
                           slice_of(value, sizeof(value)));
    }
    cr_assert_not(applied_open(engine, &applied, &err));
    cr_assert_eq(err.code, ERROR_CORRUPT, "%s", err.text);
    engine_close(engine);
    test_directory_remove(directory);
}

Test(log, the_applied_vector_only_rises_and_keeps_what_is_settled)
{
    char *directory = test_directory_make();
    struct engine *engine = engine_fixture_open(directory);
    struct applied_vector *applied;
    struct error err = {0};
    cr_assert(applied_open(engine, &applied, &err));
    applied_raise(applied, remote_dot(2, 10));
    applied_raise(applied, remote_dot(3, 20));
    applied_raise(applied, remote_dot(3, 5));
    struct context context;
    applied_all(applied, &context);
    cr_assert_eq(context.count, 2);
    struct context settled = {.count = 2, .entries = {remote_dot(2, 10), remote_dot(3, 19)}};
    applied_settle(applied, &settled);
    applied_all(applied, &context);
    cr_assert_eq(context.count, 2, "what all have is still what has been applied here");
    struct context told;
    applied_settled(applied, &told);
    cr_assert_eq(told.count, 2);
    applied_raise(applied, remote_dot(2, 11));
    cr_assert(applied_covers(applied, remote_dot(2, 11)));
    cr_assert(applied_covers(applied, remote_dot(3, 20)));
    cr_assert_not(applied_covers(applied, remote_dot(3, 21)));
    cr_assert_not(applied_covers(applied, remote_dot(4, 1)));
    cr_assert(dot_equal(applied_commit_begin(applied, remote_dot(3, 2)), remote_dot(3, 20)));
    applied_commit_end(applied);
    applied_close(applied);
    applied_close(NULL);
    engine_close(engine);
    test_directory_remove(directory);
}
