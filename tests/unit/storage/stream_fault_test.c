/* Goal: a cut that is not on the disk yet is shown to nobody, and one that cannot get there leaves
 * the shards as they were. Method: the disk's sync is held or broken by disk_fault. */
#include "tests/support/directory.h"
#include "tests/unit/storage/disk_fault.h"
#include "tests/unit/storage/stream_fixture.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>

TestSuite(stream_fault, .timeout = 60);

struct bench {
    char *directory;
    struct sample_clock clock;
    struct store *store;
    const struct table *table;
    struct stream stream;
    struct arena arena;
    struct stream_shard *shards;
    uint32_t count;
};

static void bench_open(struct bench *bench)
{
    *bench = (struct bench){.directory = test_directory_make()};
    arena_init(&bench->arena);
    bench->store = stream_store_open(bench->directory, &bench->clock, 1);
    bench->table = sample_store_table(bench->store, "table", VALUE_MISSING, false);
    bench->stream = stream_on(bench->store, "table", STREAM_KEYS_ONLY);
    sample_put(bench->store, bench->table, &bench->arena, sample_key(&bench->arena, "k1"));
    stream_settle(bench->store);
}

static void bench_close(struct bench *bench)
{
    table_release(bench->table);
    store_close(bench->store);
    arena_destroy(&bench->arena);
    test_directory_remove(bench->directory);
}

static void bench_look(struct bench *bench, uint32_t shards, struct stream_page *page)
{
    cr_assert(stream_shards(bench->store, bench->stream.id, &bench->arena, &bench->shards,
                            &bench->count));
    cr_assert_eq(bench->count, shards);
    cr_assert_eq(stream_try(bench->store, bench->stream.id, bench->shards[0].id, 0, READ_FULL,
                            &bench->arena, page),
                 ERROR_NONE);
    cr_assert_eq(page->count, 1);
    cr_assert_eq(page->at_end, shards > 1);
    cr_assert_eq(bench->shards[0].end_seq != 0, shards > 1);
}

static void *roll_run(void *argument)
{
    struct bench *bench = argument;
    struct error err = {0};
    bool ok = stream_roll(bench->store, bench->stream.id, &err);
    cr_assert(ok, "%s", err.text);
    return NULL;
}

Test(stream_fault, a_cut_is_shown_once_it_is_on_the_disk)
{
    struct bench bench;
    struct stream_page page;
    pthread_t thread;
    bench_open(&bench);
    uint64_t before = engine_appended_seq(bench.store->engine);
    disk_hold(".log");
    ensure(pthread_create(&thread, NULL, roll_run, &bench) == 0);
    while (engine_appended_seq(bench.store->engine) == before) { /* The suite's timeout ends it. */
        sched_yield();
    }
    bench_look(&bench, 1, &page);
    cr_assert_leq(page.next, before);
    disk_release();
    ensure(pthread_join(thread, NULL) == 0);
    bench_look(&bench, 2, &page);
    bench_close(&bench);
}

Test(stream_fault, a_cut_that_the_disk_refuses_leaves_the_shards_as_they_were)
{
    struct bench bench;
    struct stream_page page;
    struct error err = {0};
    bench_open(&bench);
    const struct table *other = sample_store_table(bench.store, "other", VALUE_MISSING, false);
    disk_fail(".log", 1);
    cr_assert_not(stream_roll(bench.store, bench.stream.id, &err));
    cr_assert_eq(err.code, ERROR_IO, "%s", err.text);
    bench_look(&bench, 1, &page);
    struct table changed = *other;
    catalog_change_begin(bench.store->catalog);
    cr_assert_not(stream_enable(bench.store, &changed, STREAM_NEW_IMAGE, &err));
    cr_assert_eq(err.code, ERROR_IO, "%s", err.text);
    cr_assert_eq(changed.stream.id, 0);
    changed = *bench.table;
    changed.stream.id = bench.stream.id;
    cr_assert_not(stream_disable(bench.store, &changed, &err));
    cr_assert_eq(err.code, ERROR_IO, "%s", err.text);
    cr_assert_eq(changed.stream.id, bench.stream.id);
    catalog_change_end(bench.store->catalog);
    bench_look(&bench, 1, &page);
    bool more;
    struct stream listed[4];
    struct slice all = {NULL, 0};
    cr_assert_eq(stream_list(bench.store, all, all, 0, 4, &bench.arena, listed, &more), 1);
    table_release(other);
    bench_close(&bench);
}
