/* Goal: an index that is added to a table with items becomes ACTIVE and the function of its table,
 * whatever is written, stopped or deleted meanwhile; one that goes leaves nothing behind. Method:
 * items first, some of them with index keys of wrong types; then indexes through the catalog, as
 * UpdateTable does it; waiting means polling with the test's timeout as deadline. */
#include "storage/table/backfill.h"
#include "storage/table/keeper.h"
#include "storage/table/key.h"
#include "tests/support/directory.h"
#include "tests/unit/storage/indexed.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

enum { ITEMS = 3000, GLOBALS = INDEXED_INDEXES - INDEXED_LOCAL };

static struct arena arena;
static char *directory;
static struct sample_clock now;
static struct store *store;
static uint32_t id; /* Of the table. */
static struct error err;
static uint64_t seed;
static uint64_t state;

#define SEED (unsigned long long)seed

static void setup(void)
{
    arena_init(&arena);
    error_clear(&err);
    directory = test_directory_make();
    store = sample_store_open(directory, &now);
    const struct table *table = sample_store_table(store, "items", VALUE_S, false);
    id = table->id;
    table_release(table);
    seed = sample_seed();
    state = seed;
}

static void teardown(void)
{
    store_close(store);
    test_directory_remove(directory);
    arena_destroy(&arena);
}

TestSuite(index_build, .init = setup, .fini = teardown, .timeout = 100);

static void restart(void)
{
    store_close(store);
    store = sample_store_open(directory, &now);
}

static void poll_pause(void)
{
    struct timespec pause = {0, 1000000};
    nanosleep(&pause, NULL);
}

static struct slice item_key(uint32_t number)
{
    return sample_key_2(&arena, arena_printf(&arena, "p%u", number / 10),
                        arena_printf(&arena, "s%u", number % 10));
}

static void put_items(uint32_t from, uint32_t to)
{
    const struct table *table = catalog_acquire_id(store->catalog, id);
    for (uint32_t i = from; i < to; i++) {
        sample_put(store, table, &arena,
                   indexed_random_item(&state, &arena, item_key(i), table->indexes_count == 0));
        if (i % 100 == 0) {
            arena_clear(&arena);
        }
    }
    table_release(table);
}

static void check(const char *when)
{
    const char *problem = indexes_problem(store, id, &arena);
    cr_assert_null(problem, "%s: %s (MERIDIAN_SEED=%llu)", when, problem, SEED);
    problem = indexes_totals_problem(store, id, &arena);
    cr_assert_null(problem, "%s: %s (MERIDIAN_SEED=%llu)", when, problem, SEED);
    arena_clear(&arena);
}

/* Let the newest description have what `change` makes of it. */
static void update(void (*change)(struct table *table, struct table_index *indexes))
{
    catalog_change_begin(store->catalog);
    const struct table *newest = catalog_acquire_id(store->catalog, id);
    struct table changed = *newest;
    struct table_index *indexes =
        arena_zalloc(&arena, newest->indexes_count + GLOBALS, sizeof(*indexes));
    if (newest->indexes_count > 0) {
        memcpy(indexes, newest->indexes, newest->indexes_count * sizeof(*indexes));
    }
    changed.indexes = indexes;
    change(&changed, indexes);
    cr_assert(catalog_update(store->catalog, &changed, &err), "%s", err.text);
    catalog_change_end(store->catalog);
    table_release(newest);
}

static void add_globals(struct table *table, struct table_index *indexes)
{
    struct table described = sample_table("items", VALUE_S, VALUE_S);
    indexed_describe(&described, &arena);
    memcpy(table->attributes, described.attributes, sizeof(described.attributes));
    table->attributes_count = described.attributes_count;
    for (uint32_t i = INDEXED_LOCAL; i < INDEXED_INDEXES; i++) {
        struct table_index *index = &indexes[table->indexes_count++];
        *index = described.indexes[i];
        index->status = INDEX_CREATING;
        table->next_index_id = table->next_index_id == 0 ? 1 : table->next_index_id;
        index->id = table->next_index_id++;
    }
}

static void delete_all(struct table *table, struct table_index *indexes)
{
    for (uint32_t i = 0; i < table->indexes_count; i++) {
        indexes[i].status = INDEX_DELETING;
        indexes[i].backfilling = false;
    }
}

/* How many indexes have this status. */
static uint32_t count_status(enum index_status status)
{
    const struct table *table = catalog_acquire_id(store->catalog, id);
    uint32_t count = 0;
    for (uint32_t i = 0; i < table->indexes_count; i++) {
        count += table->indexes[i].status == status;
    }
    table_release(table);
    return count;
}

static bool any_index(void)
{
    return count_status(INDEX_CREATING) + count_status(INDEX_ACTIVE) +
               count_status(INDEX_DELETING) >
           0;
}

static void wait_active(void)
{
    while (count_status(INDEX_ACTIVE) < GLOBALS) {
        poll_pause();
    }
}

/* Keys in [table id, index 1 …] of items, and notes of the builder's, that are left. */
static uint32_t leftovers(uint32_t table)
{
    uint8_t lower[KEY_TABLE_BYTES];
    uint8_t upper[KEY_TABLE_BYTES] = {0};
    uint32_t count = 0;
    put_be32(lower, table);
    put_be16(lower + 4, 1);
    put_be32(upper, table + 1);
    struct engine_iterator *rows =
        engine_iterator_open(store->engine, FAMILY_ITEMS, NULL, slice_of(lower, sizeof(lower)),
                             slice_of(upper, sizeof(upper)), READ_FULL);
    for (bool at = engine_iterator_first(rows, &err); at; at = engine_iterator_next(rows, &err)) {
        count++;
    }
    engine_iterator_close(rows);
    rows = engine_iterator_open(store->engine, FAMILY_META, NULL, SLICE_LITERAL("store/backfill/"),
                                SLICE_LITERAL("store/backfill0"), READ_FULL);
    for (bool at = engine_iterator_first(rows, &err); at; at = engine_iterator_next(rows, &err)) {
        count++;
    }
    engine_iterator_close(rows);
    struct dropped_index dropped = {0};
    cr_assert(catalog_next_dropped_index(store->catalog, &dropped, &err));
    return count + (dropped.table_id != 0);
}

Test(index_build, indexes_of_a_table_with_items_become_active_and_complete)
{
    put_items(0, ITEMS);
    update(add_globals);
    wait_active();
    check("built");
    put_items(ITEMS / 2, ITEMS + 100);
    check("written to");
    restart();
    check("restarted");
}

Test(index_build, an_empty_table_gets_its_indexes_too)
{
    update(add_globals);
    wait_active();
    put_items(0, 100);
    check("built");
}

/* --- Writers beside it ------------------------------------------------------------------------ */

struct writer {
    uint64_t state;
    atomic_bool *stop;
};

static void *writer_run(void *argument)
{
    struct writer *writer = argument;
    const struct table *table = catalog_acquire_id(store->catalog, id); /* Old all the time. */
    struct arena own;
    arena_init(&own);
    while (!atomic_load(writer->stop)) {
        uint32_t number = (uint32_t)(sample_next(&writer->state) % ITEMS);
        struct slice key = sample_key_2(&own, arena_printf(&own, "p%u", number / 10),
                                        arena_printf(&own, "s%u", number % 10));
        if (sample_next(&writer->state) % 4 == 0) {
            sample_delete(store, table, &own, key);
        } else {
            sample_put(store, table, &own, indexed_random_item(&writer->state, &own, key, false));
        }
        arena_clear(&own);
    }
    arena_destroy(&own);
    table_release(table);
    return NULL;
}

Test(index_build, writes_beside_a_backfill_are_in_the_index_or_out_of_it_as_they_should)
{
    atomic_bool stop = false;
    struct writer writers[2];
    pthread_t threads[2];
    put_items(0, ITEMS);
    for (size_t i = 0; i < ARRAY_COUNT(threads); i++) {
        writers[i] = (struct writer){sample_next(&state), &stop};
        ensure(pthread_create(&threads[i], NULL, writer_run, &writers[i]) == 0);
    }
    update(add_globals);
    wait_active();
    for (int i = 0; i < 10; i++) {
        const char *problem = indexes_problem(store, id, &arena);
        cr_assert_null(problem, "%s (MERIDIAN_SEED=%llu)", problem, SEED);
        arena_clear(&arena);
    }
    atomic_store(&stop, true);
    for (size_t i = 0; i < ARRAY_COUNT(threads); i++) {
        pthread_join(threads[i], NULL);
    }
    check("in the end");
}

/* --- Stops ------------------------------------------------------------------------------------ */

/* Wait until some index has begun, or all are done. */
static void wait_begun(void)
{
    bool begun = false;
    while (!begun && count_status(INDEX_ACTIVE) < GLOBALS) {
        const struct table *table = catalog_acquire_id(store->catalog, id);
        for (uint32_t i = 0; i < table->indexes_count; i++) {
            double fraction = 0;
            cr_assert(store_index_progress(store, id, table->indexes[i].id, &fraction, &err));
            cr_assert(fraction >= 0 && fraction < 1);
            begun = begun || fraction > 0;
        }
        table_release(table);
    }
}

Test(index_build, a_stop_in_the_middle_is_made_up_for_after_the_next_start)
{
    put_items(0, 4 * ITEMS);
    update(add_globals);
    for (int i = 0; i < 5; i++) {
        wait_begun();
        restart();
        put_items(0, 50);
    }
    wait_active();
    check("restarted often");
    while (leftovers(id + 1) > 0) { /* The notes. */
        poll_pause();
    }
}

/* --- Going ------------------------------------------------------------------------------------ */

Test(index_build, a_deleted_index_leaves_neither_rows_nor_definitions)
{
    put_items(0, ITEMS);
    update(add_globals);
    wait_active();
    update(delete_all);
    while (any_index() || leftovers(id) > 0) {
        poll_pause();
    }
    const struct table *table = catalog_acquire_id(store->catalog, id);
    cr_assert_eq(table->attributes_count, 2);
    cr_assert_eq(table->next_index_id, GLOBALS + 1); /* Ids are never given twice. */
    table_release(table);
    put_items(0, 100);
    cr_assert_eq(leftovers(id), 0);
}

Test(index_build, a_backfill_is_given_up_when_its_index_is_deleted)
{
    put_items(0, 4 * ITEMS);
    update(add_globals);
    wait_begun();
    update(delete_all);
    while (any_index() || leftovers(id) > 0) {
        poll_pause();
    }
}

Test(index_build, a_backfill_is_given_up_when_its_table_is_deleted)
{
    put_items(0, 4 * ITEMS);
    update(add_globals);
    wait_begun();
    cr_assert(store_drop_table(store, id, &err), "%s", err.text);
    while (leftovers(id) > 0) {
        poll_pause();
    }
}

Test(index_build, a_deletion_that_a_stop_interrupted_is_ended_after_the_next_start)
{
    put_items(0, ITEMS);
    update(add_globals);
    wait_active();
    update(delete_all);
    restart();
    while (any_index() || leftovers(id) > 0) {
        poll_pause();
    }
}
