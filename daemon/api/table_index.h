/* Secondary indexes in CreateTable and UpdateTable (dynamodb-features.md 1.3, rules 7 to 20, 24 and
 * 25). Pure; slices are borrowed from the request, arrays live in the arena. */
#pragma once

#include "daemon/api/table_keys.h"
#include "proto/base/arena.h"

/* CreateTable, first part: every index with its name and keys into table->indexes, local ones
 * first, as sent; at most INDEX_LIST_MAX each. Rules 7 to 9. Errors: VALIDATION. */
MUST_CHECK bool table_indexes_keys(const struct json *body,
                                   struct arena *arena,
                                   struct table *table,
                                   struct error *err);
/* Second part: everything else about them. Rules 13 to 20, 24, 25. Errors: VALIDATION. */
MUST_CHECK bool table_indexes_rest(const struct json *body,
                                   struct arena *arena,
                                   struct table *table,
                                   struct error *err);

/* UpdateTable: one new global index of a table that has the attributes defined. Its id and place
 * are the caller's. Errors: VALIDATION. */
MUST_CHECK bool table_index_create(const struct json *asked,
                                   const struct table *table,
                                   struct arena *arena,
                                   struct table_index *index,
                                   struct error *err);

/* Rule 20. Errors: VALIDATION. */
MUST_CHECK bool table_indexes_projected(const struct table *table, struct error *err);
