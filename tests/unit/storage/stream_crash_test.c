/* Goal: after kill -9 at any moment every acknowledged write has its record in the stream, each
 * once, the shards' chain is whole, and the table is what its stream makes of it. Method: a child
 * writes, rolls and changes the number of shards until it is killed; another one opens the folder,
 * reads the whole stream and compares. */
#include "tests/unit/storage/crash_fixture.h"
#include "tests/unit/storage/stream_fixture.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

TestSuite(stream_crash, .timeout = 120);

enum { ROUNDS = 8, WRITERS = 3, SEQS_MAX = 1 << 20 };

struct writer {
    struct store *store;
    uint64_t round, index;
    int to;
};

/* Each writer has keys of its own. */
static void *writer_run(void *argument)
{
    struct writer *writer = argument;
    const struct table *table = catalog_acquire(writer->store->catalog, SLICE_LITERAL("table"));
    struct arena arena;
    arena_init(&arena);
    for (uint64_t number = 0;; number++) {
        struct error err = {0};
        uint64_t key = writer->index * 10 + number % 10;
        const char *pk = arena_printf(&arena, "k%llu", (unsigned long long)key);
        const char *text = arena_printf(&arena, "%llu %llu", (unsigned long long)writer->round,
                                        (unsigned long long)number);
        if (number % 7 == 6) { /* Perhaps of nothing. */
            sample_delete(writer->store, table, &arena, sample_key(&arena, pk));
            continue;
        }
        uint64_t seq =
            sample_put(writer->store, table, &arena,
                       sample_item(&arena, "pk", sample_s(pk), "v", sample_s(text), NULL));
        ensure(engine_wait_durable(writer->store->engine, seq, &err));
        report_send(writer->to, (struct report){writer->round, writer->index, number, seq});
        arena_clear(&arena);
    }
    return NULL;
}

static void work(const char *directory, uint64_t round, int to)
{
    struct sample_clock clock = {.now_ms = 1700000000000u + round * 1000};
    struct store *store = stream_store_open(directory, &clock, 1 + (uint32_t)(round % 4));
    const struct table *table = catalog_acquire(store->catalog, SLICE_LITERAL("table"));
    if (table == NULL) {
        table = sample_store_table(store, "table", VALUE_MISSING, false);
    }
    if (table->stream.id == 0) {
        stream_on(store, "table", STREAM_NEW_AND_OLD_IMAGES);
    }
    struct writer writers[WRITERS];
    for (uint64_t i = 0; i < WRITERS; i++) {
        pthread_t thread;
        writers[i] = (struct writer){store, round, i, to};
        ensure(pthread_create(&thread, NULL, writer_run, &writers[i]) == 0);
    }
    for (uint32_t shards = 0;; shards++) { /* Until the signal. */
        struct error err = {0};
        bool ok = shards % 10 == 9 ? stream_set_shards(store, 1 + shards / 10 % 6, &err)
                                   : stream_roll(store, 0, &err);
        ensure(ok || err.code == ERROR_LIMIT || err.code == ERROR_THROTTLED);
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
}

static void inspect(const char *directory, const void *argument)
{
    const struct reports *reports = argument;
    struct sample_clock clock = {0};
    struct store *store = stream_store_open(directory, &clock, 1);
    const struct table *table = catalog_acquire(store->catalog, SLICE_LITERAL("table"));
    struct arena arena;
    arena_init(&arena);
    if (table != NULL && table->stream.id != 0) {
        struct items made = {0};
        struct items now;
        uint32_t count;
        struct stream_record *records =
            stream_read_all(store, table->stream.id, STREAM_RECORDS_MAX, &arena, &count);
        items_forward(&made, records, count);
        items_of(store, table, &arena, &now);
        items_expect_equal(&made, &now);
        uint8_t *known = arena_zalloc(&arena, 1, SEQS_MAX);
        for (uint32_t i = 0; i < count; i++) {
            ensure(records[i].seq < SEQS_MAX);
            known[records[i].seq] = 1;
        }
        for (size_t i = 0; i < reports->count; i++) {
            ensure(known[reports->list[i].seq] == 1);
        }
    } else {
        ensure(reports->count == 0);
    }
    table_release(table);
    arena_destroy(&arena);
    store_close(store);
}

Test(stream_crash, every_acknowledged_write_has_its_record_once)
{
    struct reports *reports = run_rounds(ROUNDS, 600, work, inspect);
    cr_assert_gt(reports->count, 0);
    free(reports);
}
