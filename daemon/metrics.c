#include "daemon/metrics.h"

#include "proto/base/ensure.h"

#include <stdatomic.h>

/* Roughly a factor of two: 50 µs to 5 s. A request of microseconds and one that waited for a
 * stalled disk are both told apart from their neighbours. */
static const uint64_t metrics_bounds_ns[METRICS_BUCKETS] = {
    50000,     100000,     250000,     500000,     1000000,     2500000,
    5000000,   10000000,   25000000,   50000000,   100000000,   250000000,
    500000000, 1000000000, 2500000000, 5000000000, 10000000000, UINT64_MAX,
};

struct metrics_counters {
    _Atomic uint64_t duration_ns;
    _Atomic uint64_t buckets[METRICS_BUCKETS];
    _Atomic uint64_t codes[METRICS_CODES];
};

/* Memory of its own, so that no two shards have a cache line in common. */
struct metrics_shard {
    struct metrics_counters *operations;
};

struct metrics {
    uint32_t shards;
    uint32_t operations; /* With the one for requests that name none. */
    struct metrics_shard *of;
};

struct metrics *metrics_open(uint32_t shards, uint32_t operations)
{
    ensure(shards > 0 && operations < UINT32_MAX);
    struct metrics *metrics = calloc(1, sizeof(*metrics));
    ensure(metrics != NULL);
    metrics->shards = shards;
    metrics->operations = operations + 1;
    metrics->of = calloc(shards, sizeof(*metrics->of));
    ensure(metrics->of != NULL);
    for (uint32_t shard = 0; shard < shards; shard++) {
        size_t bytes = metrics->operations * sizeof(struct metrics_counters);
        metrics->of[shard].operations = aligned_alloc(64, (bytes + 63) / 64 * 64);
        ensure(metrics->of[shard].operations != NULL);
        memset(metrics->of[shard].operations, 0, bytes);
    }
    return metrics;
}

void metrics_close(struct metrics *metrics)
{
    if (metrics == NULL) {
        return;
    }
    for (uint32_t shard = 0; shard < metrics->shards; shard++) {
        free(metrics->of[shard].operations);
    }
    free(metrics->of);
    free(metrics);
}

/* One writer: a load and a store cost less than an atomic add and lose nothing. */
static void metrics_add(_Atomic uint64_t *counter, uint64_t more)
{
    uint64_t old = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, old + more, memory_order_relaxed);
}

void metrics_count(struct metrics *metrics,
                   uint32_t shard,
                   uint32_t operation,
                   enum error_code code,
                   uint64_t duration_ns)
{
    ensure(shard < metrics->shards && operation < metrics->operations);
    ensure((uint32_t)code < METRICS_CODES);
    struct metrics_counters *counters = &metrics->of[shard].operations[operation];
    uint32_t bucket = 0;
    while (duration_ns > metrics_bounds_ns[bucket]) {
        bucket++;
    }
    metrics_add(&counters->duration_ns, duration_ns);
    metrics_add(&counters->buckets[bucket], 1);
    metrics_add(&counters->codes[code], 1);
}

uint64_t metrics_bound_ns(uint32_t bucket)
{
    ensure(bucket < METRICS_BUCKETS);
    return metrics_bounds_ns[bucket];
}

void metrics_total(const struct metrics *metrics, uint32_t operation, struct metrics_total *total)
{
    ensure(operation < metrics->operations);
    *total = (struct metrics_total){0};
    for (uint32_t shard = 0; shard < metrics->shards; shard++) {
        struct metrics_counters *counters = &metrics->of[shard].operations[operation];
        total->duration_ns += atomic_load_explicit(&counters->duration_ns, memory_order_relaxed);
        for (uint32_t i = 0; i < METRICS_BUCKETS; i++) {
            uint64_t more = atomic_load_explicit(&counters->buckets[i], memory_order_relaxed);
            total->buckets[i] += more;
            total->requests += more;
        }
        for (uint32_t i = 0; i < METRICS_CODES; i++) {
            total->codes[i] += atomic_load_explicit(&counters->codes[i], memory_order_relaxed);
        }
    }
}
