/* Goal: an index is the function of its table after any sequence of writes, of changes from peers,
 * of stops and crashes; its totals and write units are right; index keys are checked on updates.
 * Method: random writes on few keys, after which tests/support/indexes makes every index anew from
 * the items and compares. The seed is in every message and taken from MERIDIAN_SEED. */
#include "storage/table/keeper.h"
#include "tests/unit/storage/indexed_store.h"
#include "tests/unit/storage/remote.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <time.h>

TestSuite(index_write, .init = indexed_setup, .fini = indexed_teardown, .timeout = 100);

/* A stall of a busy machine is over soon; anything else fails. */
static void wait_out(void)
{
    struct timespec pause = {0, 1000000};
    cr_assert_eq(err.code, ERROR_THROTTLED, "%s (MERIDIAN_SEED=%llu)", err.text, SEED);
    nanosleep(&pause, NULL);
}

static void random_write(const struct table *of)
{
    static const char *const updates[] = {
        "SET a = :v", "REMOVE g", "SET g = :v, c = :v", "REMOVE n, a", "SET z = :v",
    };
    struct slice key = indexed_random_key(&state, &arena);
    struct write write = {.table = of, .kind = WRITE_PUT};
    struct expression *update = NULL;
    uint64_t kind = sample_next(&state) % 8;
    if (kind < 4) {
        write.item = indexed_random_item(&state, &arena, key, false);
    } else if (kind < 6) {
        const char *text = updates[sample_next(&state) % ARRAY_COUNT(updates)];
        struct value v = sample_s(sample_next(&state) % 2 == 0 ? "v0" : "v1");
        write.kind = WRITE_UPDATE;
        write.item = key;
        write.update = update =
            strstr(text, ":v") == NULL
                ? sample_expression(cache, &arena, EXPRESSION_UPDATE, text, NULL)
                : sample_expression(cache, &arena, EXPRESSION_UPDATE, text, ":v", v, NULL);
    } else {
        write.kind = WRITE_DELETE;
        write.item = key;
    }
    while (!sample_write(store, &write, &arena, &err)) {
        wait_out();
    }
    expression_release(update);
}

Test(index_write, random_writes_keep_every_index_the_function_of_its_table)
{
    for (int round = 0; round < 30; round++) {
        for (int i = 0; i < 60; i++) {
            random_write(table);
        }
        indexed_check(table, "writes");
        arena_clear(&arena);
    }
}

Test(index_write, deletes_that_leave_tombstones_take_index_rows_away)
{
    const struct table *replicated = indexed_table(store, "replicated", true);
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 60; i++) {
            random_write(replicated);
        }
        indexed_check(replicated, "writes");
    }
    table_release(replicated);
}

/* A peer's change, possibly with index keys that no client could write. */
static struct change random_change(const struct table *of, uint16_t region, uint64_t seq)
{
    struct slice key = indexed_random_key(&state, &arena);
    struct change change = {
        .table_id = of->id,
        .key = key,
        .version = {.stamp = ((uint64_t)1700000000000u << 16) + sample_next(&state) % 100000,
                    .dot = remote_dot(region, seq)},
        .has_image = true,
        .tombstone = sample_next(&state) % 4 == 0,
    };
    if (!change.tombstone) {
        change.image = indexed_random_item(&state, &arena, key, true);
    }
    return change;
}

Test(index_write, changes_of_peers_keep_every_index_the_function_of_its_table)
{
    const struct table *replicated = indexed_table(store, "replicated", true);
    uint64_t seq = 1;
    for (int round = 0; round < 40; round++) {
        struct change changes[24];
        for (size_t i = 0; i < ARRAY_COUNT(changes); i++) {
            uint16_t region = (uint16_t)(2 + sample_next(&state) % 2);
            changes[i] = random_change(replicated, region, seq++);
        }
        struct apply_result result;
        while (!store_apply(store, changes, ARRAY_COUNT(changes), NULL, remote_decide, NULL,
                            &result, &err)) {
            wait_out();
        }
        random_write(replicated);
        indexed_check(replicated, "applied");
        arena_clear(&arena);
    }
    table_release(replicated);
}

Test(index_write, a_restart_finds_indexes_and_totals_as_they_were)
{
    for (int i = 0; i < 200; i++) {
        random_write(table);
    }
    indexed_reopen();
    indexed_check(table, "restart");
}

/* A put and a delete of random keys, and an update of a third: together or not at all. */
static void random_transaction(void)
{
    struct error errors[3];
    struct expression *update = sample_expression(
        cache, &arena, EXPRESSION_UPDATE, "SET g = :v REMOVE t", ":v", sample_s("v2"), NULL);
    struct slice keys[3];
    for (size_t i = 0; i < ARRAY_COUNT(keys); i++) {
        keys[i] = sample_key_2(&arena, arena_printf(&arena, "p%zu", i),
                               arena_printf(&arena, "s%u", (unsigned)(sample_next(&state) % 4)));
    }
    struct write writes[3] = {
        {.table = table,
         .kind = WRITE_PUT,
         .item = indexed_random_item(&state, &arena, keys[0], false)},
        {.table = table, .kind = WRITE_DELETE, .item = keys[1]},
        {.table = table, .kind = WRITE_UPDATE, .item = keys[2], .update = update},
    };
    struct transaction transaction = {.writes = writes, .count = 3, .errors = errors};
    while (!store_transact(store, &transaction, READ_FULL, &arena, &err)) {
        wait_out();
    }
    expression_release(update);
}

Test(index_write, transactions_keep_every_index_the_function_of_its_table)
{
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 30; i++) {
            random_transaction();
        }
        indexed_check(table, "transactions");
        arena_clear(&arena);
    }
}

/* --- Old descriptions ------------------------------------------------------------------------- */

Test(index_write, a_writer_with_an_old_description_maintains_an_index_it_does_not_know)
{
    const struct table *plain = sample_store_table(store, "plain", VALUE_S, false);
    struct table changed = *plain;
    indexed_describe(&changed, &arena);
    /* As if all were there already: the table is empty. */
    cr_assert(catalog_update(store->catalog, &changed, &err), "%s", err.text);
    store_barrier(store);
    cr_assert_not(table_is_current(plain));
    for (int i = 0; i < 200; i++) {
        random_write(plain);
    }
    indexed_check(plain, "old description");
    struct write write = {
        .table = plain,
        .kind = WRITE_PUT,
        .item = indexed_random_item(&state, &arena, indexed_random_key(&state, &arena), false)};
    cr_assert(sample_write(store, &write, &arena, &err));
    cr_assert_null(write.index_units); /* The request's description has no index. */
    table_release(plain);
}

/* --- Concurrency ------------------------------------------------------------------------------ */

struct writer {
    uint64_t state;
};

static void *writer_run(void *argument)
{
    struct writer *writer = argument;
    struct arena own;
    arena_init(&own);
    for (int i = 0; i < 2000; i++) {
        struct slice key = indexed_random_key(&writer->state, &own);
        if (sample_next(&writer->state) % 4 == 0) {
            sample_delete(store, table, &own, key);
        } else {
            sample_put(store, table, &own, indexed_random_item(&writer->state, &own, key, false));
        }
        arena_clear(&own);
    }
    arena_destroy(&own);
    return NULL;
}

Test(index_write, no_moment_shows_an_index_that_differs_from_its_table)
{
    struct writer writers[3];
    pthread_t threads[3];
    for (size_t i = 0; i < ARRAY_COUNT(threads); i++) {
        writers[i].state = sample_next(&state);
        ensure(pthread_create(&threads[i], NULL, writer_run, &writers[i]) == 0);
    }
    for (int i = 0; i < 50; i++) {
        const char *problem = indexes_problem(store, table->id, &arena);
        cr_assert_null(problem, "%s (MERIDIAN_SEED=%llu)", problem, SEED);
        arena_clear(&arena);
    }
    for (size_t i = 0; i < ARRAY_COUNT(threads); i++) {
        pthread_join(threads[i], NULL);
    }
    indexed_check(table, "in the end");
}

/* --- Units ------------------------------------------------------------------------------------ */

static uint32_t place(const char *index)
{
    return (uint32_t)(indexed_find(table, index) - table->indexes);
}

static struct write write_of(enum write_kind kind, struct slice item)
{
    struct write write = {.table = table, .kind = kind, .item = item};
    cr_assert(sample_write(store, &write, &arena, &err), "%s", err.text);
    cr_assert_not_null(write.index_units);
    return write;
}

static struct slice units_item(const char *g, const char *n, const char *a, const char *z)
{
    return sample_item(&arena, "pk", sample_s("p"), "sk", sample_s("s"), "g", sample_s(g), "n",
                       sample_n(&arena, n), "a", sample_s(a), "z", sample_s(z), NULL);
}

Test(index_write, units_follow_what_changes_in_the_index)
{
    struct write write = write_of(WRITE_PUT, units_item("g", "1", "a", "z"));
    cr_expect_eq(write.index_units[place("by_n")], 1);
    cr_expect_eq(write.index_units[place("by_gn")], 1);
    cr_expect_eq(write.index_units[place("by_t")], 0); /* Not in it. */
    cr_expect_eq(write.index_units[place("by_sk")], 1);
    write = write_of(WRITE_PUT, units_item("g", "1", "a", "other")); /* Not projected but by ALL. */
    cr_expect_eq(write.index_units[place("by_n")], 0);
    cr_expect_eq(write.index_units[place("by_gn")], 0);
    cr_expect_eq(write.index_units[place("by_g")], 1);
    write = write_of(WRITE_PUT, units_item("g", "1", "b", "other"));
    cr_expect_eq(write.index_units[place("by_n")], 1); /* INCLUDE (a). */
    write = write_of(WRITE_PUT, units_item("h", "1", "b", "other"));
    cr_expect_eq(write.index_units[place("by_g")], 2); /* Key: delete and put. */
    cr_expect_eq(write.index_units[place("by_gn")], 2);
    cr_expect_eq(write.index_units[place("by_n")], 0);
    write = write_of(WRITE_PUT, units_item("h", "1", "b", "other")); /* Unchanged. */
    cr_expect_eq(write.index_units[place("by_g")], 0);
    write = write_of(WRITE_DELETE, sample_key_2(&arena, "p", "s"));
    cr_expect_eq(write.index_units[place("by_g")], 1);
    char *large = arena_alloc(&arena, 3000);
    memset(large, 'x', 2999);
    large[2999] = 0;
    write = write_of(WRITE_PUT, units_item("h", "1", "b", large));
    cr_expect_eq(write.index_units[place("by_g")], 3);
    cr_expect_eq(write.index_units[place("by_gn")], 1);
}

/* --- Checks of updates ------------------------------------------------------------------------ */

static void update_refused(const char *text, struct value value, const char *expected)
{
    struct expression *update =
        sample_expression(cache, &arena, EXPRESSION_UPDATE, text, ":v", value, NULL);
    struct write write = {.table = table,
                          .kind = WRITE_UPDATE,
                          .item = sample_key_2(&arena, "p", "s"),
                          .update = update};
    error_clear(&err);
    cr_assert_not(sample_write(store, &write, &arena, &err), "taken instead of: %s", expected);
    cr_assert_eq(err.code, ERROR_VALIDATION);
    cr_assert_str_eq(err.text, expected);
    cr_assert_not(write.changed);
    expression_release(update);
}

Test(index_write, an_update_that_spoils_an_index_key_is_refused)
{
    uint8_t *bytes = arena_alloc(&arena, PARTITION_KEY_BYTES_MAX + 1);
    memset(bytes, 'x', PARTITION_KEY_BYTES_MAX + 1);
    write_of(WRITE_PUT, units_item("g", "1", "a", "z"));
    update_refused("SET g = :v", sample_n(&arena, "1"),
                   "One or more parameter values were invalid: Type mismatch for Index Key g "
                   "Expected: S Actual: N IndexName: by_g");
    update_refused("SET g = :v", sample_s(""),
                   "One or more parameter values are not valid. The update expression attempted to "
                   "update a secondary index key to a value that is not supported. The "
                   "AttributeValue for a key attribute cannot contain an empty string value.");
    update_refused("SET g = :v", (struct value){VALUE_S, {bytes, PARTITION_KEY_BYTES_MAX + 1}},
                   "The update expression attempted to update the secondary index key beyond "
                   "allowed size limits");
    update_refused("SET g = n, a = :v", sample_s("x"),
                   "The update expression attempted to update the secondary index key to "
                   "unsupported type");
    update_refused("ADD t :v", sample_n(&arena, "1"),
                   "The update expression attempted to update the secondary index key to "
                   "unsupported type");
    indexed_check(table, "refused updates");
}

Test(index_write, an_item_and_its_local_index_rows_share_one_limit)
{
    enum { A_BYTES = 205000 };
    char *a = arena_alloc(&arena, A_BYTES + 1);
    memset(a, 'x', A_BYTES);
    a[A_BYTES] = 0;
    struct slice item = sample_item(&arena, "pk", sample_s("p"), "sk", sample_s("s"), "a",
                                    sample_s(a), "n", sample_n(&arena, "1"), NULL);
    struct write write = {.table = table, .kind = WRITE_PUT, .item = item};
    cr_assert_not(sample_write(store, &write, &arena, &err)); /* by_n projects a. */
    cr_assert_str_eq(err.text, "Item size has exceeded the maximum allowed size");
    write_of(WRITE_PUT,
             sample_item(&arena, "pk", sample_s("p"), "sk", sample_s("s"), "a", sample_s(a), NULL));
    update_refused("SET n = :v", sample_n(&arena, "1"),
                   "Item size to update has exceeded the maximum allowed size");
    indexed_check(table, "limit");
}

/* --- After an unclean stop -------------------------------------------------------------------- */

Test(index_write, totals_are_counted_again_after_an_unclean_stop)
{
    for (int i = 0; i < 100; i++) {
        random_write(table);
    }
    /* What the totals say now is wrong, and so saved: only a count makes it right. */
    table_count_items(table, 1000, 1000);
    for (uint32_t i = 0; i < table->indexes_count; i++) {
        table_count_index(table, table->indexes[i].id, 1000, -1000);
    }
    struct engine_batch *batch = engine_batch_open();
    table_release(table);
    store_close(store);
    struct engine_options options = {.directory = directory,
                                     .cache_bytes = 8 << 20,
                                     .memtable_bytes = 8 << 20,
                                     .durability = DURABILITY_SYNC};
    struct engine *engine = NULL;
    cr_assert(engine_open(&options, &engine, &err), "%s", err.text);
    engine_batch_delete(engine, batch, FAMILY_META, SLICE_LITERAL("store/clean"));
    cr_assert(engine_commit_append(engine, batch, engine_commit_begin(engine), &err));
    engine_batch_close(batch);
    engine_close(engine);
    store = sample_store_open(directory, &now);
    table = catalog_acquire(store->catalog, SLICE_LITERAL("items"));
    while (!keeper_is_settled(store->keeper)) { /* Bounded by the test's timeout. */
        random_write(table);
        arena_clear(&arena);
    }
    indexed_check(table, "counted again");
}
