/* Is every secondary index what the items of its table make it?
 *
 * Written against the reference (dynamodb-api.md 10) and the layout in storage/table/index_row.h,
 * without the code that maintains indexes: what an item must be in an index is made here anew, and
 * compared with what is stored. Reads one snapshot, so it may run beside writers. Blocks. */
#pragma once

#include "storage/store.h"

/* NULL when all ACTIVE indexes of the table are right, else what is wrong, in the arena. */
const char *indexes_problem(struct store *store, uint32_t table_id, struct arena *arena);
/* The same for what the totals of table and indexes say: only while nobody writes. */
const char *indexes_totals_problem(struct store *store, uint32_t table_id, struct arena *arena);
