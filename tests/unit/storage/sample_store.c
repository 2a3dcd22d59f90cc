#include "tests/unit/storage/sample.h"

#include <stdlib.h>

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
