/* Tables, values, items and whole stores for the tests of storage. One thread, unless said. */
#pragma once

#include "storage/store.h"

#include <stdatomic.h>

struct value sample_s(const char *text);
struct value sample_b(const void *bytes, size_t size);
struct value sample_n(struct arena *arena, const char *text);

/* An item's image from pairs of (const char *name, struct value), ended by NULL. */
struct slice sample_item(struct arena *arena, ...);

/* {"pk": S} and {"pk": S, "sk": S}. */
struct slice sample_key(struct arena *arena, const char *partition);
struct slice sample_key_2(struct arena *arena, const char *partition, const char *sort);

/* A description as CreateTable makes it: keys pk and, unless VALUE_MISSING, sk. */
struct table sample_table(const char *name, enum value_type partition, enum value_type sort);

/* The seed of randomised tests: MERIDIAN_SEED, or the clock. Print it in every failure. */
uint64_t sample_seed(void);
/* The next number of a splitmix64 sequence. */
uint64_t sample_next(uint64_t *state);

/* A clock that a test moves; the stamps follow the rule of the hybrid clock. Any thread. */
struct sample_clock {
    atomic_uint_fast64_t now_ms;
    atomic_uint_fast64_t stamp;
};
struct store_clock sample_clock_face(struct sample_clock *clock);

/* A store in `directory`, region 1. */
struct store *sample_store_open(const char *directory, struct sample_clock *clock);
/* Made ACTIVE and acquired: give it back with table_release. `replicated`: with one replica. */
const struct table *
sample_store_table(struct store *store, const char *name, enum value_type sort, bool replicated);

/* As a loop does it: from memory first, and again as a worker when that would block. */
bool sample_write(struct store *store, struct write *write, struct arena *arena, struct error *err);
/* A put that must succeed; returns its wait_seq. */
uint64_t
sample_put(struct store *store, const struct table *table, struct arena *arena, struct slice item);
/* A delete that must succeed. */
uint64_t sample_delete(struct store *store,
                       const struct table *table,
                       struct arena *arena,
                       struct slice key);
/* The item, or an empty slice. */
struct slice
sample_get(struct store *store, const struct table *table, struct arena *arena, struct slice key);
/* The row as it is stored, tombstones included; false when there is none. In the arena. */
bool sample_row(struct store *store,
                const struct table *table,
                struct arena *arena,
                struct slice key,
                struct row *row);

/* A compiled expression. `values`: pairs of (":name", struct value), ended by NULL. */
struct expression *sample_expression(struct expression_cache *cache,
                                     struct arena *arena,
                                     enum expression_kind kind,
                                     const char *text,
                                     ...);
