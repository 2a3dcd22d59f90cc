/* What tests of a store stand on. Criterion runs every test in a process of its own, so these
 * variables are one test's: its setup makes them, its teardown ends them. One thread, unless a test
 * starts more. */
#pragma once

#include "tests/unit/storage/sample.h"

extern struct arena arena;
extern char *directory;
extern struct sample_clock now;
extern struct store *store;
extern struct expression_cache *cache;
extern struct error err;

void store_fixture_setup(void);
void store_fixture_teardown(void);
/* Closes the store and opens it again. Tables that are held are given back before. */
void store_fixture_reopen(void);
