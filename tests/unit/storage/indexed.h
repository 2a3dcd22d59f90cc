/* A table with indexes of every kind, and random items for it. One thread. */
#pragma once

#include "tests/support/indexes.h"
#include "tests/unit/storage/sample.h"

/* Keys pk S and sk S. Indexes:
 *
 *   by_n      local   pk, n N             INCLUDE (a)
 *   by_t      local   pk, t S             KEYS_ONLY
 *   by_g      global  g S                 ALL
 *   by_gn     global  g S, n N            KEYS_ONLY
 *   by_many   global  g S, b B; n N, t S  INCLUDE (a, c)
 *   by_sk     global  sk S, pk S          ALL
 *
 * Made and acquired. */
enum { INDEXED_INDEXES = 6, INDEXED_LOCAL = 2 };
const struct table *indexed_table(struct store *store, const char *name, bool replicated);
const struct table_index *indexed_find(const struct table *table, const char *name);
/* The same indexes as a description, for another table. */
void indexed_describe(struct table *table, struct arena *arena);

/* One of few keys. */
struct slice indexed_random_key(uint64_t *state, struct arena *arena);
/* An item of that key with some of g, n, t, b, a, c; in a replica's stead (`foreign`) also with
 * index keys of wrong types, empty or too long. */
struct slice
indexed_random_item(uint64_t *state, struct arena *arena, struct slice key, bool foreign);
