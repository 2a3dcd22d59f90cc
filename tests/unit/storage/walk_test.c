/* Goal: a walk shows a table's rows as of its beginning, tombstones included, and only what is on
 * disk; notes are kept. Method: a store, read beside later writes and broken disks. */
#include "tests/support/directory.h"
#include "tests/unit/storage/disk_fault.h"
#include "tests/unit/storage/engine_fixture.h"
#include "tests/unit/storage/remote.h"

#include <criterion/criterion.h>

TestSuite(walk, .timeout = 60);

struct bench {
    char *directory;
    struct sample_clock clock;
    struct arena arena;
    struct store *store;
    const struct table *table;
};

static void bench_open(struct bench *bench)
{
    *bench = (struct bench){.directory = test_directory_make()};
    arena_init(&bench->arena);
    bench->store = sample_store_open(bench->directory, &bench->clock);
    bench->table = sample_store_table(bench->store, "table", VALUE_MISSING, true);
}

static void bench_close(struct bench *bench)
{
    table_release(bench->table);
    store_close(bench->store);
    arena_destroy(&bench->arena);
    test_directory_remove(bench->directory);
}

static uint64_t put(struct bench *bench, const char *pk)
{
    return sample_put(bench->store, bench->table, &bench->arena,
                      sample_item(&bench->arena, "pk", sample_s(pk), "v", sample_s("v"), NULL));
}

Test(walk, shows_every_row_as_of_its_beginning)
{
    struct bench bench;
    struct error err = {0};
    bench_open(&bench);
    const struct table *other = sample_store_table(bench.store, "other", VALUE_MISSING, true);
    put(&bench, "a");
    put(&bench, "b");
    put(&bench, "c");
    sample_delete(bench.store, bench.table, &bench.arena, sample_key(&bench.arena, "b"));
    sample_put(bench.store, other, &bench.arena, sample_key(&bench.arena, "elsewhere"));
    struct store_walk *walk = store_walk_open(bench.store, bench.table->id);
    put(&bench, "d");
    sample_delete(bench.store, bench.table, &bench.arena, sample_key(&bench.arena, "a"));

    struct change change;
    uint32_t rows = 0;
    uint32_t tombstones = 0;
    while (store_walk_next(walk, &bench.arena, &change, &err)) {
        struct value pk;
        cr_assert_eq(change.table_id, bench.table->id);
        cr_assert(change.has_image);
        cr_assert(item_find(change.key, SLICE_LITERAL("pk"), &pk));
        cr_assert_eq(change.tombstone, slice_is(pk.payload, "b"));
        cr_assert_eq(change.image.size == 0, change.tombstone);
        cr_assert_eq(change.version.dot.region, 1);
        cr_assert_leq(change.version.dot.seq, engine_synced_seq(bench.store->engine));
        rows++;
        tombstones += change.tombstone ? 1 : 0;
    }
    cr_assert_eq(err.code, ERROR_NONE, "%s", err.text);
    cr_assert_eq(rows, 3);
    cr_assert_eq(tombstones, 1);
    store_walk_close(walk);
    store_walk_close(NULL);
    table_release(other);
    bench_close(&bench);
}

Test(walk, of_a_table_that_is_gone_says_so)
{
    struct bench bench;
    struct error err = {0};
    struct change change;
    bench_open(&bench);
    struct store_walk *walk = store_walk_open(bench.store, bench.table->id + 1);
    cr_assert_not(store_walk_next(walk, &bench.arena, &change, &err));
    cr_assert_eq(err.code, ERROR_NOT_FOUND);
    store_walk_close(walk);
    bench_close(&bench);
}

Test(walk, shows_nothing_that_a_crash_could_take_back)
{
    struct bench bench;
    struct error err = {0};
    struct change change;
    bench_open(&bench);
    disk_hold(".log");
    put(&bench, "a");
    disk_fail(".log", 1);
    disk_release();
    struct store_walk *walk = store_walk_open(bench.store, bench.table->id);
    cr_assert_not(store_walk_next(walk, &bench.arena, &change, &err));
    cr_assert_eq(err.code, ERROR_IO, "%s", err.text);
    store_walk_close(walk);
    bench_close(&bench);
}

Test(walk, tells_damaged_rows)
{
    struct bench bench;
    struct error err = {0};
    struct change change;
    bench_open(&bench);
    uint8_t key[6] = {0};
    put_be32(key, bench.table->id);
    engine_fixture_put(bench.store->engine, FAMILY_ITEMS, slice_of(key, sizeof(key)),
                       SLICE_LITERAL("no row"));
    struct store_walk *walk = store_walk_open(bench.store, bench.table->id);
    cr_assert_not(store_walk_next(walk, &bench.arena, &change, &err));
    cr_assert_eq(err.code, ERROR_CORRUPT, "%s", err.text);
    store_walk_close(walk);
    bench_close(&bench);
}

Test(walk, notes_are_kept_over_a_restart)
{
    struct bench bench;
    struct error err = {0};
    struct slice value;
    bool found;
    bench_open(&bench);
    struct slice key = SLICE_LITERAL("replication/cursor");
    cr_assert(store_note_get(bench.store, key, &bench.arena, &value, &found, &err));
    cr_assert_not(found);
    cr_assert(store_note_put(bench.store, key, SLICE_LITERAL("one"), &err), "%s", err.text);
    cr_assert(store_note_put(bench.store, key, SLICE_LITERAL("two"), &err), "%s", err.text);
    store_barrier(bench.store);
    table_release(bench.table);
    store_close(bench.store);
    bench.store = sample_store_open(bench.directory, &bench.clock);
    bench.table = NULL;
    cr_assert(store_note_get(bench.store, key, &bench.arena, &value, &found, &err));
    cr_assert(found);
    cr_assert(slice_is(value, "two"));
    bench_close(&bench);
}

Test(walk, a_note_that_is_not_on_disk_is_refused)
{
    struct bench bench;
    struct error err = {0};
    bench_open(&bench);
    disk_fail(".log", 1);
    cr_assert_not(store_note_put(bench.store, SLICE_LITERAL("k"), SLICE_LITERAL("v"), &err));
    cr_assert_eq(err.code, ERROR_IO);
    bench_close(&bench);
}
