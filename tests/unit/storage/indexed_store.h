/* A store with a table that has indexes of every kind, for random writes. Beside store_fixture.h,
 * which says when these live. */
#pragma once

#include "tests/unit/storage/indexed.h"
#include "tests/unit/storage/store_fixture.h"

extern const struct table *table; /* "items", as indexed_table makes it. */
extern uint64_t seed;             /* Print it in every failure. */
extern uint64_t state;            /* Of the random sequence that starts with the seed. */

#define SEED (unsigned long long)seed

void indexed_setup(void);
void indexed_setup_replicated(void); /* Deletes leave tombstones. */
void indexed_teardown(void);
void indexed_reopen(void);

/* Fails the test unless every index is the function of its table, and the totals are right. */
void indexed_check(const struct table *of, const char *when);
