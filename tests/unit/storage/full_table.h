/* A description with every field set, so that one that a codec or a copy forgets shows. */
#pragma once

#include "storage/catalog/catalog.h"

/* The slices are literals; the indexes lie in the test's process and are the same each time. */
struct table full_table(const char *name);
void check_equal_table(const struct table *a, const struct table *b);

/* Make one thing of a fresh full_table impossible; `fault` is below TABLE_FAULTS. */
enum { TABLE_FAULTS = 34 };
void spoil_table(struct table *table, int fault);
