/* Goal: a store keeps what it acknowledged and knows whose folder it is; dropping a table takes all
 * its rows and no others, whatever happens meanwhile; totals are exact after any stop; writes past
 * the bound are refused without a trace. Method: stores in a directory of the test's own; a child
 * process that is killed at a random moment. */
#include "storage/table/keeper.h"
#include "storage/table/key.h"
#include "tests/support/directory.h"
#include "tests/unit/storage/disk_fault.h"
#include "tests/unit/storage/sample.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct arena arena;
static char *directory;
static struct sample_clock now;
static struct store *store;
static struct error err;

static void setup(void)
{
    arena_init(&arena);
    directory = test_directory_make();
    store = NULL;
}

static void teardown(void)
{
    store_close(store);
    test_directory_remove(directory);
    arena_destroy(&arena);
}

TestSuite(store, .init = setup, .fini = teardown, .timeout = 60);

static struct store_options options_of(uint16_t region_id)
{
    return (struct store_options){
        .engine = {.directory = directory,
                   .cache_bytes = 8 << 20,
                   .memtable_bytes = 8 << 20,
                   .durability = DURABILITY_SYNC,
                   .sync_interval_ms = 1000},
        .clock = sample_clock_face(&now),
        .region_id = region_id,
    };
}

/* --- Identity ------------------------------------------------------------------------------- */

Test(store, a_folder_keeps_its_region_and_its_incarnation)
{
    atomic_store(&now.now_ms, 1700000000123u);
    store = sample_store_open(directory, &now);
    cr_assert_eq(store->incarnation, 1700000000u);
    store_close(store);
    store = NULL;
    atomic_store(&now.now_ms, 1800000000000u);
    struct store_options options = options_of(2);
    cr_assert_not(store_open(&options, &store, &err));
    cr_assert_eq(err.code, ERROR_REFUSED);
    cr_assert_not_null(strstr(err.text, "belongs to the region with id 1, not 2"), "%s", err.text);
    store = sample_store_open(directory, &now);
    cr_assert_eq(store->incarnation, 1700000000u);
}

Test(store, a_damaged_identity_is_noticed)
{
    store = sample_store_open(directory, &now);
    struct slice key = SLICE_LITERAL("store/identity");
    struct engine_value value;
    bool found;
    cr_assert(engine_get(store->engine, FAMILY_META, NULL, key, READ_FULL, &value, &found, &err));
    uint8_t bytes[64];
    size_t size = value.bytes.size;
    memcpy(bytes, value.bytes.data, size);
    engine_value_release(&value);
    bytes[size - 1] ^= 1;
    struct engine_batch *batch = engine_batch_open();
    engine_batch_put(store->engine, batch, FAMILY_META, key, slice_of(bytes, size));
    cr_assert(engine_commit_append(store->engine, batch, engine_commit_begin(store->engine), &err));
    engine_batch_close(batch);
    store_close(store);
    store = NULL;
    struct store_options options = options_of(1);
    cr_assert_not(store_open(&options, &store, &err));
    cr_assert_eq(err.code, ERROR_CORRUPT);
}

Test(store, a_folder_that_cannot_be_made_is_an_io_error)
{
    struct store_options options = options_of(1);
    options.engine.directory = "/dev/null/nowhere";
    cr_assert_not(store_open(&options, &store, &err));
    cr_assert_eq(err.code, ERROR_IO);
}

/* --- Killed --------------------------------------------------------------------------------- */

static struct slice numbered(struct arena *own, uint32_t number)
{
    return sample_item(own, "pk", sample_s(arena_printf(own, "k%u", number)), "n",
                       sample_n(own, arena_printf(own, "%u", number)), NULL);
}

/* The child: put items one after another and tell of each once it is durable. Never returns. */
static void write_until_killed(int acknowledged)
{
    struct arena own = {0};
    struct sample_clock clock = {0};
    struct store *mine = sample_store_open(directory, &clock);
    const struct table *table = sample_store_table(mine, "items", VALUE_MISSING, false);
    for (uint32_t i = 0;; i++) {
        struct error error = {0};
        uint64_t seq = sample_put(mine, table, &own, numbered(&own, i));
        ensure(engine_durable_seq(mine->engine) >= seq ||
               engine_wait_durable(mine->engine, seq, &error));
        ensure(write(acknowledged, &i, sizeof(i)) == sizeof(i));
        arena_clear(&own);
    }
}

/* Returns how many were acknowledged. */
static uint32_t run_and_kill(uint32_t at_least)
{
    int pipe_ends[2];
    cr_assert_eq(pipe(pipe_ends), 0);
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        close(pipe_ends[0]);
        write_until_killed(pipe_ends[1]);
    }
    close(pipe_ends[1]);
    uint32_t last = 0;
    uint32_t count = 0;
    while (count < at_least && read(pipe_ends[0], &last, sizeof(last)) == sizeof(last)) {
        count++;
    }
    cr_assert_eq(kill(child, SIGKILL), 0);
    while (read(pipe_ends[0], &last, sizeof(last)) == sizeof(last)) {
        count++; /* What it had told before it died. */
    }
    close(pipe_ends[0]);
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFSIGNALED(status));
    return count;
}

static void wait_until_settled(void)
{
    struct timespec pause = {0, 1000000};
    for (int i = 0; i < 20000; i++) {
        if (keeper_is_settled(store->keeper)) {
            return;
        }
        nanosleep(&pause, NULL);
    }
    cr_assert_fail("the keeper has not settled within 20 s");
}

/* Items and bytes by walking over the table. */
static void check_totals(const struct table *table)
{
    uint64_t items = 0;
    uint64_t bytes = 0;
    struct page_request request = {.table = table, .segments = 1, .count_only = true};
    do {
        struct page page;
        cr_assert(store_page(store, &request, READ_FULL, &arena, &page, &err), "%s", err.text);
        items += page.count;
        bytes += page.bytes;
        request.start = page.last;
    } while (request.start.size > 0);
    uint64_t total_items;
    uint64_t total_bytes;
    catalog_totals(store->catalog, table->id, &total_items, &total_bytes);
    cr_assert_eq(total_items, items, "%llu, not %llu", (unsigned long long)total_items,
                 (unsigned long long)items);
    cr_assert_eq(total_bytes, bytes);
}

Test(store, every_acknowledged_write_survives_a_kill_and_the_totals_are_counted_again)
{
    uint64_t seed = sample_seed();
    uint64_t state = seed;
    uint32_t count = run_and_kill(50 + (uint32_t)(sample_next(&state) % 500));
    store = sample_store_open(directory, &now);
    const struct table *table = catalog_acquire(store->catalog, SLICE_LITERAL("items"));
    cr_assert_not_null(table);
    for (uint32_t i = 0; i < count; i++) {
        struct slice item = numbered(&arena, i);
        struct slice key = sample_key(&arena, arena_printf(&arena, "k%u", i));
        cr_assert(slice_equal(sample_get(store, table, &arena, key), item),
                  "item %u of %u is missing (MERIDIAN_SEED=%llu)", i, count,
                  (unsigned long long)seed);
    }
    wait_until_settled();
    check_totals(table);
    table_release(table);
}

/* --- Counting while writes go on ------------------------------------------------------------- */

enum { COUNTED_ITEMS = 30000, COUNT_WRITERS = 2 };

static atomic_bool stop;

/* The child: many items, durable at once; then it waits for its end. Never returns. */
static void fill_until_killed(int filled)
{
    struct arena own = {0};
    struct sample_clock clock = {0};
    struct store *mine = sample_store_open(directory, &clock);
    const struct table *table = sample_store_table(mine, "items", VALUE_MISSING, false);
    uint64_t seq = 0;
    for (uint32_t i = 0; i < COUNTED_ITEMS; i++) {
        seq = sample_put(mine, table, &own, numbered(&own, i));
        arena_clear(&own);
    }
    struct error error = {0};
    bool ok = engine_wait_durable(mine->engine, seq, &error);
    ensure(ok && write(filled, &seq, 1) == 1);
    for (;;) {
        pause();
    }
}

/* Puts of another size and deletes, all over the keys. */
static void *count_writer_run(void *argument)
{
    uint64_t state = (uint64_t)(uintptr_t)argument;
    struct arena own = {0};
    const struct table *table = catalog_acquire(store->catalog, SLICE_LITERAL("items"));
    while (!atomic_load(&stop)) {
        uint32_t number = (uint32_t)(sample_next(&state) % (COUNTED_ITEMS + 1000));
        struct slice key = sample_key(&own, arena_printf(&own, "k%u", number));
        if (sample_next(&state) % 2 == 0) {
            sample_delete(store, table, &own, key);
        } else {
            sample_put(store, table, &own, key);
        }
        arena_clear(&own);
    }
    table_release(table);
    arena_destroy(&own);
    return NULL;
}

Test(store, totals_are_counted_exactly_while_writes_go_on)
{
    int pipe_ends[2];
    cr_assert_eq(pipe(pipe_ends), 0);
    pid_t child = fork();
    if (child == 0) {
        fill_until_killed(pipe_ends[1]);
    }
    char byte;
    cr_assert_eq(read(pipe_ends[0], &byte, 1), 1);
    cr_assert_eq(kill(child, SIGKILL), 0);
    cr_assert_eq(waitpid(child, NULL, 0), child);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    store = sample_store_open(directory, &now);
    uint64_t seed = sample_seed();
    pthread_t writers[COUNT_WRITERS];
    for (size_t i = 0; i < COUNT_WRITERS; i++) {
        void *own_seed = (void *)(uintptr_t)(seed + i);
        cr_assert_eq(pthread_create(&writers[i], NULL, count_writer_run, own_seed), 0);
    }
    wait_until_settled();
    atomic_store(&stop, true);
    for (size_t i = 0; i < COUNT_WRITERS; i++) {
        pthread_join(writers[i], NULL);
    }
    const struct table *table = catalog_acquire(store->catalog, SLICE_LITERAL("items"));
    check_totals(table);
    table_release(table);
}

/* --- Totals --------------------------------------------------------------------------------- */

Test(store, totals_follow_writes_and_survive_a_clean_stop)
{
    store = sample_store_open(directory, &now);
    const struct table *table = sample_store_table(store, "items", VALUE_MISSING, true);
    uint64_t items;
    uint64_t bytes;
    struct slice large =
        sample_item(&arena, "pk", sample_s("a"), "x", sample_s("something long"), NULL);
    sample_put(store, table, &arena, sample_key(&arena, "a"));
    sample_put(store, table, &arena, sample_key(&arena, "b"));
    sample_put(store, table, &arena, large);
    sample_put(store, table, &arena, large);
    catalog_totals(store->catalog, table->id, &items, &bytes);
    cr_assert_eq(items, 2);
    cr_assert_eq(bytes, item_size(large) + item_size(sample_key(&arena, "b")));
    sample_delete(store, table, &arena, sample_key(&arena, "b"));
    sample_delete(store, table, &arena, sample_key(&arena, "b"));
    table_release(table);
    store_close(store);
    store = sample_store_open(directory, &now);
    table = catalog_acquire(store->catalog, SLICE_LITERAL("items"));
    wait_until_settled();
    catalog_totals(store->catalog, table->id, &items, &bytes);
    cr_assert_eq(items, 1);
    cr_assert_eq(bytes, item_size(large));
    table_release(table);
}

/* --- Dropping ------------------------------------------------------------------------------- */

static uint64_t rows_of(uint32_t table_id)
{
    uint8_t lower[4];
    uint8_t upper[4];
    put_be32(lower, table_id);
    put_be32(upper, table_id + 1);
    struct engine_iterator *rows = engine_iterator_open(
        store->engine, FAMILY_ITEMS, NULL, slice_of(lower, 4), slice_of(upper, 4), READ_FULL);
    uint64_t count = 0;
    for (bool at = engine_iterator_first(rows, &err); at; at = engine_iterator_next(rows, &err)) {
        count++;
    }
    engine_iterator_close(rows);
    return count;
}

Test(store, dropping_a_table_takes_all_its_rows_and_no_others)
{
    store = sample_store_open(directory, &now);
    const struct table *before = sample_store_table(store, "before", VALUE_MISSING, false);
    const struct table *table = sample_store_table(store, "items", VALUE_MISSING, false);
    const struct table *after = sample_store_table(store, "later", VALUE_MISSING, false);
    for (uint32_t i = 0; i < 100; i++) {
        sample_put(store, before, &arena, numbered(&arena, i));
        sample_put(store, table, &arena, numbered(&arena, i));
        sample_put(store, after, &arena, numbered(&arena, i));
    }
    cr_assert(store_drop_table(store, table->id, &err), "%s", err.text);
    cr_assert_eq(rows_of(table->id), 0);
    cr_assert_eq(rows_of(before->id), 100);
    cr_assert_eq(rows_of(after->id), 100);
    /* A request that still holds the description neither reads nor writes anything. */
    struct write write = {.table = table, .kind = WRITE_PUT, .item = numbered(&arena, 1)};
    cr_assert_not(sample_write(store, &write, &arena, &err));
    cr_assert_eq(err.code, ERROR_NOT_FOUND);
    cr_assert_str_eq(err.text, "Requested resource not found");
    cr_assert_eq(sample_get(store, table, &arena, sample_key(&arena, "k1")).size, 0);
    struct page_request request = {.table = table, .segments = 1};
    struct page page;
    cr_assert(store_page(store, &request, READ_FULL, &arena, &page, &err) && page.count == 0);
    cr_assert_not(store_drop_table(store, table->id, &err));
    cr_assert_eq(err.code, ERROR_NOT_FOUND);
    table_release(before);
    table_release(table);
    table_release(after);
}

Test(store, a_drop_that_a_stop_interrupted_is_finished_after_the_next_start)
{
    store = sample_store_open(directory, &now);
    const struct table *table = sample_store_table(store, "items", VALUE_MISSING, false);
    uint32_t id = table->id;
    for (uint32_t i = 0; i < 10; i++) {
        sample_put(store, table, &arena, numbered(&arena, i));
    }
    table_release(table);
    wait_until_settled(); /* Else this run might finish it. */
    cr_assert(catalog_remove(store->catalog, id, &err), "%s", err.text);
    cr_assert_eq(rows_of(id), 10);
    store_close(store);
    store = sample_store_open(directory, &now);
    wait_until_settled();
    cr_assert_eq(rows_of(id), 0);
    cr_assert(catalog_next_dropped(store->catalog, 0, &id, &err) && id == 0);
}

enum { DROP_WRITERS = 3, DROPS = 10 };

static void *drop_writer_run(void *argument)
{
    uint64_t state = (uint64_t)(uintptr_t)argument;
    struct arena own = {0};
    while (!atomic_load(&stop)) {
        const struct table *table = catalog_acquire(store->catalog, SLICE_LITERAL("items"));
        if (table != NULL) {
            struct error error = {0};
            struct slice item = numbered(&own, (uint32_t)(sample_next(&state) % 100));
            struct write write = {.table = table, .kind = WRITE_PUT, .item = item};
            bool ok = sample_write(store, &write, &own, &error);
            ensure(ok || error.code == ERROR_NOT_FOUND || error.code == ERROR_THROTTLED);
            struct page_request request = {.table = table, .segments = 1, .limit = 10};
            struct page page;
            ok = store_page(store, &request, READ_FULL, &own, &page, &error);
            ensure(ok);
            table_release(table);
        }
        arena_clear(&own);
    }
    arena_destroy(&own);
    return NULL;
}

Test(store, no_row_of_a_dropped_table_appears_while_writers_go_on)
{
    store = sample_store_open(directory, &now);
    pthread_t writers[DROP_WRITERS];
    for (size_t i = 0; i < DROP_WRITERS; i++) {
        void *seed = (void *)(uintptr_t)(i + 1);
        cr_assert_eq(pthread_create(&writers[i], NULL, drop_writer_run, seed), 0);
    }
    uint32_t ids[DROPS];
    for (int i = 0; i < DROPS; i++) {
        const struct table *table = sample_store_table(store, "items", VALUE_MISSING, i % 2 == 1);
        ids[i] = table->id;
        uint64_t items = 0;
        uint64_t bytes = 0;
        while (items < 20) {
            catalog_totals(store->catalog, table->id, &items, &bytes);
        }
        table_release(table);
        cr_assert(store_drop_table(store, ids[i], &err), "%s", err.text);
    }
    atomic_store(&stop, true);
    for (size_t i = 0; i < DROP_WRITERS; i++) {
        pthread_join(writers[i], NULL);
    }
    for (int i = 0; i < DROPS; i++) {
        cr_assert_eq(rows_of(ids[i]), 0, "table %u", ids[i]);
    }
}

/* --- Back-pressure -------------------------------------------------------------------------- */

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

/* The sync thread stops here while the test holds the gate. */
static void wait_at_gate(void *context, uint64_t durable_seq)
{
    (void)context;
    (void)durable_seq;
    pthread_mutex_lock(&gate);
    pthread_mutex_unlock(&gate);
}

Test(store, past_the_bound_of_waiting_writes_a_write_is_throttled_without_a_trace)
{
    struct store_options options = options_of(1);
    options.engine.on_durable = wait_at_gate;
    atomic_store(&now.now_ms, 1700000000000u);
    cr_assert(store_open(&options, &store, &err), "%s", err.text);
    const struct table *table = sample_store_table(store, "items", VALUE_MISSING, false);
    struct slice item = numbered(&arena, 0);
    pthread_mutex_lock(&gate);
    struct arena own = {0};
    struct write write = {.table = table, .kind = WRITE_PUT};
    bool ok = true;
    uint64_t written = 0;
    struct slice before = {NULL, 0};
    for (uint32_t i = 0; ok && i < 2 * WRITES_PENDING_MAX; i++) {
        arena_clear(&own);
        item = sample_item(&own, "pk", sample_s("k"), "n",
                           sample_n(&own, arena_printf(&own, "%u", i)), NULL);
        write.item = item;
        ok = sample_write(store, &write, &own, &err);
        written += ok;
        if (ok) {
            arena_clear(&arena);
            before = arena_copy(&arena, item);
        }
    }
    cr_assert_not(ok);
    cr_assert_eq(err.code, ERROR_THROTTLED, "%s", err.text);
    cr_assert(!write.changed && write.existed && write.exists);
    cr_assert_geq(written, WRITES_PENDING_MAX - 8);
    pthread_mutex_unlock(&gate);
    cr_assert(engine_wait_durable(store->engine, write.wait_seq, &err), "%s", err.text);
    cr_assert(slice_equal(sample_get(store, table, &own, sample_key(&own, "k")), before));
    cr_assert(sample_write(store, &write, &own, &err), "%s", err.text);
    uint64_t items;
    uint64_t bytes;
    catalog_totals(store->catalog, table->id, &items, &bytes);
    cr_assert(items == 1 && bytes == item_size(write.item));
    arena_destroy(&own);
    table_release(table);
}

/* --- A failing disk -------------------------------------------------------------------------- */

/* One life of a store whose nth sync fails; says how far it got. */
static void live_with_failing_sync(bool *created, bool *written)
{
    *created = false;
    *written = false;
    struct store_options options = options_of(1);
    struct store *mine = NULL;
    if (!store_open(&options, &mine, &err)) {
        cr_assert_eq(err.code, ERROR_IO, "%s", err.text);
        return;
    }
    struct table made = sample_table("items", VALUE_S, VALUE_MISSING);
    *created = catalog_create(mine->catalog, &made, &err);
    cr_assert(*created || err.code == ERROR_IO, "%s", err.text);
    const struct table *table = catalog_acquire(mine->catalog, SLICE_LITERAL("items"));
    cr_assert_eq(table != NULL, *created); /* Not seen before it is durable. */
    if (table != NULL) {
        struct write write = {.table = table, .kind = WRITE_PUT, .item = numbered(&arena, 1)};
        *written = sample_write(mine, &write, &arena, &err) &&
                   engine_wait_durable(mine->engine, write.wait_seq, &err);
        cr_assert(*written || err.code == ERROR_IO, "%s", err.text);
        table_release(table);
    }
    store_close(mine);
}

Test(store, when_a_sync_fails_nothing_is_acknowledged_that_was_not_kept)
{
    bool created = false;
    bool written = false;
    uint32_t nth = 0;
    atomic_store(&now.now_ms, 1700000000000u);
    while (!written) {
        nth++;
        cr_assert_lt(nth, 50);
        test_directory_remove(directory);
        directory = test_directory_make();
        disk_fail(".log", nth);
        live_with_failing_sync(&created, &written);
        disk_fail(NULL, 0);
        store = sample_store_open(directory, &now);
        const struct table *table = catalog_acquire(store->catalog, SLICE_LITERAL("items"));
        cr_assert(!created || table != NULL, "sync %u: the table is gone", nth);
        if (written) {
            struct slice item = sample_get(store, table, &arena, sample_key(&arena, "k1"));
            cr_assert(slice_equal(item, numbered(&arena, 1)), "sync %u: the item is gone", nth);
        }
        table_release(table);
        store_close(store);
        store = NULL;
    }
    cr_assert_gt(nth, 2); /* Identity, table and item each have a sync of their own. */
}
