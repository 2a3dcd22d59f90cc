/* Counters of requests, kept per loop so that counting costs no shared cache line, and added up
 * when somebody asks.
 *
 * A shard is written by one thread (its loop) and may be read by any: every counter is a relaxed
 * atomic, so a reader sees each counter right but not all of one moment, which is all that a scrape
 * needs. */
#pragma once

#include "proto/base/error.h"

enum { METRICS_BUCKETS = 18 }; /* The last one has no upper bound. */

enum {
#define X(name, reaction) METRICS_CODE_##name,
    ERROR_CODES(X)
#undef X
        METRICS_CODES, /* As many as there are error codes. */
};

struct metrics;

/* `operations` numbers 0 … operations - 1 are counted, plus one more, `operations` itself, for
 * requests that name no operation we have. */
struct metrics *metrics_open(uint32_t shards, uint32_t operations);
void metrics_close(struct metrics *metrics); /* NULL is fine. */

/* One answered request. Only from the shard's own thread. `code` is ERROR_NONE for success. */
void metrics_count(struct metrics *metrics,
                   uint32_t shard,
                   uint32_t operation,
                   enum error_code code,
                   uint64_t duration_ns);

/* Upper bound of a bucket in nanoseconds; UINT64_MAX for the last. */
uint64_t metrics_bound_ns(uint32_t bucket);

struct metrics_total {
    uint64_t requests;                 /* Answered, errors included. */
    uint64_t duration_ns;              /* Of all of them. */
    uint64_t buckets[METRICS_BUCKETS]; /* Requests within each bucket alone: not cumulated. */
    uint64_t codes[METRICS_CODES];     /* By enum error_code; [ERROR_NONE] counts successes. */
};
/* One operation over all shards. Any thread. */
void metrics_total(const struct metrics *metrics, uint32_t operation, struct metrics_total *total);
