/* A stable sort that takes its scratch from an arena: no malloc (glibc's qsort may), never worse
 * than n log n comparisons (names and elements are chosen by clients), one pass when already in
 * order. */
#pragma once

#include "proto/base/arena.h"

typedef int (*sort_compare)(const void *a, const void *b);

void sort_elements(void *elements,
                   size_t count,
                   size_t element_bytes,
                   sort_compare compare,
                   struct arena *scratch);
