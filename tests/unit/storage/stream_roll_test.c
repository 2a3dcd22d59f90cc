/* Goal: shards follow each other so that a reader of parents before children misses and repeats
 * nothing; what is a day old goes, not a second before, and its space with it. Method: a clock that
 * the test moves, shards read and compared before and after each cut. */
#include "storage/log/trim.h"
#include "storage/table/keeper.h"
#include "tests/support/directory.h"
#include "tests/unit/storage/stream_fixture.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

TestSuite(stream_roll, .timeout = 200);

struct bench {
    char *directory;
    struct sample_clock clock;
    struct store *store;
    const struct table *table;
    struct stream stream;
    struct arena arena;
    struct stream_shard *shards; /* As bench_shards last found them. */
    uint32_t count;
};

static void bench_open_small(struct bench *bench, uint32_t shards, uint64_t memtable_bytes)
{
    *bench = (struct bench){.directory = test_directory_make()};
    arena_init(&bench->arena);
    bench->store = stream_store_open_small(bench->directory, &bench->clock, shards, memtable_bytes);
    bench->table = sample_store_table(bench->store, "table", VALUE_MISSING, false);
    bench->stream = stream_on(bench->store, "table", STREAM_NEW_AND_OLD_IMAGES);
}

static void bench_open(struct bench *bench, uint32_t shards)
{
    bench_open_small(bench, shards, 8 << 20);
}

static void bench_close(struct bench *bench)
{
    table_release(bench->table);
    store_close(bench->store);
    arena_destroy(&bench->arena);
    test_directory_remove(bench->directory);
}

static void bench_reopen(struct bench *bench, uint32_t shards)
{
    table_release(bench->table);
    store_close(bench->store);
    bench->store = stream_store_open(bench->directory, &bench->clock, shards);
    bench->table = catalog_acquire(bench->store->catalog, SLICE_LITERAL("table"));
}

static uint64_t bench_put(struct bench *bench, uint32_t key, const char *text)
{
    const char *pk = arena_printf(&bench->arena, "k%u", key);
    return sample_put(bench->store, bench->table, &bench->arena,
                      sample_item(&bench->arena, "pk", sample_s(pk), "v", sample_s(text), NULL));
}

static uint32_t bench_shards(struct bench *bench)
{
    cr_assert(stream_shards(bench->store, bench->stream.id, &bench->arena, &bench->shards,
                            &bench->count));
    return bench->count;
}

static void bench_roll(struct bench *bench)
{
    stream_must_roll(bench->store, bench->stream.id);
}

static void bench_tick(struct bench *bench)
{
    stream_must_tick(bench->store);
}

static void bench_pass(struct bench *bench, uint64_t ms)
{
    atomic_fetch_add(&bench->clock.now_ms, ms);
}

static uint32_t bench_read(struct bench *bench)
{
    uint32_t count;
    stream_read_all(bench->store, bench->stream.id, 7, &bench->arena, &count);
    return count;
}

static enum error_code
bench_try(struct bench *bench, const char *shard, uint64_t after, struct stream_page *page)
{
    return stream_try(bench->store, bench->stream.id, shard, after, READ_FULL, &bench->arena, page);
}

static uint32_t open_shards(const struct bench *bench)
{
    uint32_t open = 0;
    for (uint32_t i = 0; i < bench->count; i++) {
        open += bench->shards[i].end_seq == 0 ? 1 : 0;
    }
    return open;
}

/* --- Cuts ------------------------------------------------------------------------------------ */

Test(stream_roll, a_child_starts_right_behind_its_parent)
{
    struct bench bench;
    struct stream_page page;
    bench_open(&bench, 1);
    uint64_t first = bench_put(&bench, 1, "one");
    bench_pass(&bench, 10);
    bench_roll(&bench);
    uint64_t second = bench_put(&bench, 1, "two");
    stream_settle(bench.store);
    cr_assert_eq(bench_shards(&bench), 2);
    const struct stream_shard *parent = &bench.shards[0];
    const struct stream_shard *child = &bench.shards[1];
    cr_assert_str_eq(child->id, "shardId-00000001700000000010-00000002");
    cr_assert_str_eq(child->parent, parent->id);
    cr_assert_str_eq(parent->parent, "");
    cr_assert_eq(child->start_seq, parent->end_seq + 1);
    cr_assert(parent->end_seq > first && parent->end_seq < second);
    cr_assert_eq(child->end_seq, 0);
    cr_assert_eq(bench_try(&bench, parent->id, 0, &page), ERROR_NONE);
    cr_assert(page.count == 1 && page.records[0].seq == first && page.at_end);
    cr_assert_eq(bench_try(&bench, parent->id, page.next, &page), ERROR_NONE);
    cr_assert(page.count == 0 && page.at_end, "the end is told again");
    cr_assert_eq(bench_try(&bench, child->id, 0, &page), ERROR_NONE);
    cr_assert(page.count == 1 && page.records[0].seq == second && !page.at_end);
    bench_close(&bench);
}

Test(stream_roll, a_clock_set_back_puts_no_child_before_its_parent)
{
    struct bench bench;
    bench_open(&bench, 1);
    atomic_fetch_sub(&bench.clock.now_ms, 1000000);
    bench_roll(&bench);
    cr_assert_eq(bench_shards(&bench), 2);
    cr_assert_lt(strcmp(bench.shards[0].id, bench.shards[1].id), 0);
    cr_assert_str_eq(bench.shards[1].parent, bench.shards[0].id);
    bench_close(&bench);
}

Test(stream_roll, the_seq_of_a_cut_is_never_given_again)
{
    struct bench bench;
    bench_open(&bench, 1);
    bench_put(&bench, 1, "one");
    for (int i = 0; i < 5; i++) { /* Seqs without a log record. */
        bench_roll(&bench);
    }
    bench_shards(&bench);
    uint64_t start = bench.shards[bench.count - 1].start_seq;
    bench_reopen(&bench, 1);
    cr_assert_geq(bench_put(&bench, 1, "two"), start);
    cr_assert_eq(bench_read(&bench), 2);
    bench_close(&bench);
}

/* Every open shard's parent was open before, and no shard was left without child. */
static void expect_lineage(const struct stream_shard *before,
                           uint32_t before_count,
                           const struct stream_shard *after,
                           uint32_t after_count)
{
    for (uint32_t i = 0; i < after_count; i++) {
        uint32_t parents = 0;
        for (uint32_t k = 0; k < before_count && after[i].end_seq == 0; k++) {
            bool is = strcmp(after[i].parent, before[k].id) == 0;
            cr_assert(!is || before[k].end_seq == 0);
            parents += is ? 1 : 0;
        }
        cr_assert_eq(parents, after[i].end_seq == 0 ? 1U : 0U);
    }
    for (uint32_t k = 0; k < before_count; k++) {
        uint32_t children = 0;
        for (uint32_t i = 0; i < after_count; i++) {
            children += strcmp(after[i].parent, before[k].id) == 0 && after[i].end_seq == 0 ? 1 : 0;
        }
        cr_assert(before[k].end_seq != 0 || children > 0);
    }
}

Test(stream_roll, more_shards_are_made_by_splitting_and_fewer_only_of_a_stream_without_records)
{
    static const uint32_t wanted[] = {2, 3, 7, STREAM_SHARDS_MAX, 5};
    struct bench bench;
    bench_open(&bench, 1);
    uint32_t open = 1;
    bench_shards(&bench);
    for (size_t i = 0; i < ARRAY_COUNT(wanted); i++) {
        struct stream_shard *before = bench.shards;
        uint32_t before_count = bench.count;
        for (uint32_t key = 0; key < FIXTURE_KEYS; key++) {
            bench_put(&bench, key, arena_printf(&bench.arena, "%zu", i));
        }
        stream_must_set_shards(bench.store, wanted[i]);
        open = wanted[i] > open ? wanted[i] : open;
        bench_shards(&bench);
        cr_assert_eq(open_shards(&bench), open);
        if (wanted[i] == open) {
            expect_lineage(before, before_count, bench.shards, bench.count);
        }
    }
    cr_assert_eq(bench_read(&bench), FIXTURE_KEYS * ARRAY_COUNT(wanted));
    bench_pass(&bench, STREAM_RETENTION_MS); /* No record is left. */
    bench_tick(&bench);
    bench_shards(&bench);
    cr_assert_eq(open_shards(&bench), 5);
    bench_put(&bench, 1, "later");
    cr_assert_eq(bench_read(&bench), 1);
    bench_close(&bench);
}

Test(stream_roll, another_number_of_shards_at_opening_is_taken_up)
{
    struct bench bench;
    bench_open(&bench, 1);
    bench_put(&bench, 1, "one");
    bench_reopen(&bench, 3);
    bench_tick(&bench); /* The keeper's first may not have come yet. */
    bench_shards(&bench);
    cr_assert_eq(open_shards(&bench), 3);
    bench_put(&bench, 1, "two");
    cr_assert_eq(bench_read(&bench), 2);
    bench_close(&bench);
}

Test(stream_roll, a_shard_of_four_hours_is_rolled)
{
    struct bench bench;
    bench_open(&bench, 2);
    bench_pass(&bench, STREAM_SHARD_MS - 1);
    bench_tick(&bench);
    cr_assert_eq(bench_shards(&bench), 2);
    bench_pass(&bench, 1);
    bench_tick(&bench);
    cr_assert_eq(bench_shards(&bench), 4);
    bench_tick(&bench);
    cr_assert_eq(bench_shards(&bench), 4);
    bench_close(&bench);
}

Test(stream_roll, too_many_shards_are_refused_and_nothing_breaks)
{
    struct bench bench;
    struct error err = {0};
    bench_open(&bench, STREAM_SHARDS_MAX);
    bench_put(&bench, 1, "one");
    for (uint32_t i = 1; i < STREAM_SHARDS_KEPT_MAX / STREAM_SHARDS_MAX; i++) {
        bench_roll(&bench);
    }
    cr_assert_eq(bench_shards(&bench), STREAM_SHARDS_KEPT_MAX);
    cr_assert_not(stream_roll(bench.store, bench.stream.id, &err));
    cr_assert_eq(err.code, ERROR_LIMIT);
    bench_put(&bench, 1, "two");
    bench_reopen(&bench, STREAM_SHARDS_MAX);
    cr_assert_eq(bench_read(&bench), 2);
    stream_off(bench.store, "table");
    cr_assert_eq(bench_read(&bench), 2);
    bench_close(&bench);
}

/* --- Time ------------------------------------------------------------------------------------ */

Test(stream_roll, records_are_there_for_a_day_to_the_second)
{
    struct bench bench;
    struct stream_page page;
    uint64_t seqs[3];
    bench_open(&bench, 1);
    for (uint32_t i = 0; i < 3; i++) {
        seqs[i] = bench_put(&bench, 1, arena_printf(&bench.arena, "%u", i));
        bench_pass(&bench, 1000);
    }
    stream_settle(bench.store);
    bench_shards(&bench);
    const char *shard = bench.shards[0].id;
    bench_pass(&bench, STREAM_RETENTION_MS - 3000 - 1);
    for (uint32_t gone = 0; gone <= 3; gone++) {
        cr_assert_eq(bench_try(&bench, shard, 0, &page), ERROR_NONE);
        cr_assert_eq(page.count, 3 - gone, "%u of 3 have expired", gone);
        cr_assert(gone == 3 || page.records[0].seq == seqs[gone]);
        for (uint32_t i = 0; i < 3; i++) { /* AT_SEQUENCE_NUMBER. */
            cr_assert_eq(bench_try(&bench, shard, seqs[i] - 1, &page),
                         i < gone ? ERROR_TRIMMED : ERROR_NONE, "record %u, %u gone", i, gone);
        }
        uint64_t horizon;
        struct error err = {0};
        cr_assert(stream_horizon(bench.store, READ_FULL, &horizon, &err));
        cr_assert(gone == 3 || horizon <= seqs[gone]);
        cr_assert(gone == 0 || horizon > seqs[gone - 1]);
        bench_pass(&bench, 1000);
    }
    bench_put(&bench, 1, "later");
    stream_settle(bench.store);
    cr_assert_eq(bench_try(&bench, shard, 0, &page), ERROR_NONE);
    cr_assert_eq(page.count, 1);
    bench_reopen(&bench, 1);
    cr_assert_eq(bench_try(&bench, shard, 0, &page), ERROR_NONE);
    cr_assert_eq(page.count, 1, "also after opening again");
    cr_assert_eq(bench_try(&bench, shard, seqs[2] - 1, &page), ERROR_TRIMMED);
    bench_close(&bench);
}

Test(stream_roll, closed_shards_vanish_a_day_after_their_end)
{
    struct bench bench;
    struct stream_page page;
    bench_open(&bench, 1);
    bench_put(&bench, 1, "one");
    bench_roll(&bench);
    bench_shards(&bench);
    const char *parent = bench.shards[0].id;
    const char *child = bench.shards[1].id;
    bench_pass(&bench, STREAM_RETENTION_MS - 1);
    cr_assert_eq(bench_shards(&bench), 2);
    cr_assert_eq(bench_try(&bench, parent, 0, &page), ERROR_NONE);
    bench_pass(&bench, 1);
    cr_assert_eq(bench_shards(&bench), 1);
    cr_assert_str_eq(bench.shards[0].id, child);
    cr_assert_str_eq(bench.shards[0].parent, parent, "a child remembers its parent");
    cr_assert_eq(bench_try(&bench, parent, 0, &page), ERROR_NOT_FOUND);
    bench_tick(&bench); /* Rolls the child, which is a day old. */
    bench_reopen(&bench, 1);
    cr_assert_eq(bench_shards(&bench), 2);
    cr_assert_str_eq(bench.shards[0].id, child);
    bench_close(&bench);
}

/* --- Space ----------------------------------------------------------------------------------- */

static uint64_t table_file_bytes(const char *directory)
{
    uint64_t bytes = 0;
    DIR *folder = opendir(directory);
    cr_assert_not_null(folder);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        char path[4096];
        struct stat about;
        snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
        if (strstr(entry->d_name, ".sst") != NULL && stat(path, &about) == 0) {
            bytes += (uint64_t)about.st_size;
        }
    }
    closedir(folder);
    return bytes;
}

/* Of what only grows with the days. */
static uint64_t pointers_left(struct store *store)
{
    struct slice none = {NULL, 0};
    struct error err = {0};
    uint64_t count = 0;
    struct engine_iterator *rows =
        engine_iterator_open_once(store->engine, FAMILY_STREAMS, NULL, none, none);
    for (bool at = engine_iterator_first(rows, &err); at; at = engine_iterator_next(rows, &err)) {
        count++;
    }
    engine_iterator_close(rows);
    cr_assert_eq(err.code, ERROR_NONE, "%s", err.text);
    return count;
}

/* Ten days of the same load, in rounds of an hour: the disk holds a day of it, and the shards stay
 * few. The periods of pointers are large, so seqs are used up to reach many of them. */
Test(stream_roll, ten_days_of_constant_load_take_the_space_of_one)
{
    enum { DAYS = 10, HOURS = 24, PUTS = 150, TEXT_BYTES = 2000 };
    struct bench bench;
    char text[TEXT_BYTES + 1];
    uint64_t bytes[DAYS];
    uint64_t random = 1;
    bench_open_small(&bench, 1, 1 << 20);
    for (int day = 0; day < DAYS; day++) {
        for (int hour = 0; hour < HOURS; hour++) {
            for (int i = 0; i < PUTS; i++) {
                for (size_t k = 0; k < TEXT_BYTES; k++) {
                    text[k] = (char)('a' + sample_next(&random) % 26);
                }
                text[TEXT_BYTES] = 0;
                bench_put(&bench, (uint32_t)i % FIXTURE_KEYS, text);
                bench_pass(&bench, 60 * 60 * 1000 / PUTS);
                arena_clear(&bench.arena);
            }
            uint64_t now_ms = atomic_load(&bench.clock.now_ms);
            uint64_t trimmed;
            struct error err = {0};
            (void)engine_commit_begin_many(bench.store->engine, 1 << 16);
            engine_commit_abandon(bench.store->engine);
            stream_settle(bench.store);
            bench_tick(&bench);
            cr_assert(stream_trim(bench.store, &err), "%s", err.text);
            bool ok = log_trim(bench.store->engine, engine_durable_seq(bench.store->engine),
                               now_ms - STREAM_RETENTION_MS, &trimmed, &err);
            cr_assert(ok || err.code == ERROR_THROTTLED, "%s", err.text); /* Next hour, then. */
        }
        bytes[day] = table_file_bytes(bench.directory);
        cr_assert_leq(bench_shards(&bench), HOURS / 4 + 2);
    }
    for (int day = 2; day < DAYS; day++) {
        cr_assert_lt(bytes[day], bytes[1] + bytes[1] / 4, "day %d: %llu bytes, day 1: %llu", day,
                     (unsigned long long)bytes[day], (unsigned long long)bytes[1]);
    }
    cr_assert_leq(pointers_left(bench.store), (uint64_t)2 * HOURS * PUTS);
    uint32_t count = bench_read(&bench);
    cr_assert(count > (HOURS - 1) * PUTS && count <= HOURS * PUTS, "%u records", count);
    bench_close(&bench);
}
