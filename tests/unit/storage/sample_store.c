#include "tests/unit/storage/sample.h"

#include "storage/table/keeper.h"
#include "storage/table/key.h"

#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

enum { SAMPLE_SETTLE_TRIES = 20000 }; /* Some seconds. */

static uint64_t sample_clock_wall_ms(void *context)
{
    struct sample_clock *clock = context;
    return atomic_load(&clock->now_ms);
}

static uint64_t sample_clock_stamp(void *context, uint64_t floor)
{
    struct sample_clock *clock = context;
    uint64_t last = atomic_load(&clock->stamp);
    uint64_t next;
    do {
        next = atomic_load(&clock->now_ms) << 16;
        next = next > last ? next : last + 1;
        next = next > floor ? next : floor + 1;
    } while (!atomic_compare_exchange_weak(&clock->stamp, &last, next));
    return next;
}

struct store_clock sample_clock_face(struct sample_clock *clock)
{
    return (struct store_clock){sample_clock_wall_ms, sample_clock_stamp, clock};
}

struct store *sample_store_open(const char *directory, struct sample_clock *clock)
{
    if (atomic_load(&clock->now_ms) == 0) {
        atomic_store(&clock->now_ms, 1700000000000u);
    }
    struct store_options options = {
        .engine = {.directory = directory,
                   .cache_bytes = 8 << 20,
                   .memtable_bytes = 8 << 20,
                   .durability = DURABILITY_SYNC,
                   .sync_interval_ms = 1000},
        .clock = sample_clock_face(clock),
        .region_id = 1,
    };
    struct store *store = NULL;
    struct error err = {0};
    if (!store_open(&options, &store, &err)) {
        fprintf(stderr, "open %s: %s\n", directory, err.text);
        abort();
    }
    /* The keeper's first tick may save totals, which takes a seq: tests count them. */
    struct timespec pause = {.tv_nsec = 100000};
    for (int i = 0; i < SAMPLE_SETTLE_TRIES && !keeper_is_settled(store->keeper); i++) {
        nanosleep(&pause, NULL);
    }
    return store;
}

const struct table *
sample_store_table(struct store *store, const char *name, enum value_type sort, bool replicated)
{
    struct table table = sample_table(name, VALUE_S, sort);
    if (replicated) {
        table.replicas_count = 1;
        strcpy(table.replicas[0].region, "eu-west-1");
        table.replicas[0].status = REPLICA_ACTIVE;
    }
    struct error err = {0};
    bool ok = catalog_create(store->catalog, &table, &err);
    ensure(ok);
    const struct table *made = catalog_acquire(store->catalog, slice_text(name));
    ensure(made != NULL);
    return made;
}

bool sample_write(struct store *store, struct write *write, struct arena *arena, struct error *err)
{
    if (store_write(store, write, READ_CACHED, arena, err)) {
        return true;
    }
    return err->code == ERROR_WOULD_BLOCK && store_write(store, write, READ_FULL, arena, err);
}

/* Stalls of a busy test machine are waited out. */
static uint64_t sample_write_must(struct store *store, struct write *write, struct arena *arena)
{
    struct timespec pause = {0, 1000000};
    struct error err = {0};
    while (!sample_write(store, write, arena, &err)) {
        if (err.code != ERROR_THROTTLED) {
            fprintf(stderr, "write: %s\n", err.text);
            abort();
        }
        nanosleep(&pause, NULL);
    }
    return write->wait_seq;
}

uint64_t
sample_put(struct store *store, const struct table *table, struct arena *arena, struct slice item)
{
    struct write write = {.table = table, .kind = WRITE_PUT, .item = item};
    return sample_write_must(store, &write, arena);
}

uint64_t
sample_delete(struct store *store, const struct table *table, struct arena *arena, struct slice key)
{
    struct write write = {.table = table, .kind = WRITE_DELETE, .item = key};
    return sample_write_must(store, &write, arena);
}

struct slice
sample_get(struct store *store, const struct table *table, struct arena *arena, struct slice key)
{
    struct slice image;
    bool found = false;
    uint64_t wait_seq;
    struct error err = {0};
    bool ok = store_get(store, table, key, READ_FULL, arena, &image, &found, &wait_seq, &err);
    ensure(ok && (found || image.size == 0));
    return image;
}

bool sample_row(struct store *store,
                const struct table *table,
                struct arena *arena,
                struct slice key,
                struct row *row)
{
    struct table_key encoded;
    struct engine_value value;
    struct error err = {0};
    bool found = false;
    key_encode(table, key, arena, &encoded);
    bool ok = engine_get(store->engine, FAMILY_ITEMS, NULL, encoded.bytes, READ_FULL, &value,
                         &found, &err);
    ensure(ok);
    if (found) {
        ok = row_decode(arena_copy(arena, value.bytes), row, &err);
        ensure(ok);
        engine_value_release(&value);
    }
    return found;
}

struct expression *sample_expression(struct expression_cache *cache,
                                     struct arena *arena,
                                     enum expression_kind kind,
                                     const char *text,
                                     ...)
{
    struct placeholders placeholders = {.values =
                                            arena_zalloc(arena, 8, sizeof(struct placeholder))};
    va_list args;
    va_start(args, text);
    for (const char *name = va_arg(args, const char *); name != NULL;
         name = va_arg(args, const char *)) {
        ensure(placeholders.values_count < 8);
        struct placeholder *made = &placeholders.values[placeholders.values_count++];
        made->key = slice_text(name);
        made->value = va_arg(args, struct value);
    }
    va_end(args);
    struct expression *expression = NULL;
    struct error err = {0};
    if (!expression_compile(cache, kind, slice_text(text), &placeholders, arena, &expression,
                            &err)) {
        fprintf(stderr, "%s: %s\n", text, err.text);
        abort();
    }
    return expression;
}
