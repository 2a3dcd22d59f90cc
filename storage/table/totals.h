/* Counting again: what the totals of tables and indexes say is replaced by what is there.
 *
 * Exact although writes go on: for one moment all row latches are held, a snapshot is taken and the
 * present totals are noted; the difference between the snapshot's count and the noted totals is
 * added when the walk over the snapshot has ended. One count at a time: two would both correct the
 * same error. Long and blocking: a thread of its own. */
#pragma once

#include "storage/store.h"

struct totals;

/* Called every so often during a count, to keep it slow; true ends it. */
typedef bool (*totals_pause)(void *context);

struct totals *totals_open(struct store *store);
void totals_close(struct totals *totals); /* NULL is fine. */

/* False with ERROR_NONE: `pause` ended it; what has been counted by then is right. Errors: IO,
 * CORRUPT. */
MUST_CHECK bool
totals_count_all(struct totals *totals, totals_pause pause, void *context, struct error *err);
MUST_CHECK bool totals_count_index(struct totals *totals,
                                   uint32_t table,
                                   uint16_t index,
                                   totals_pause pause,
                                   void *context,
                                   struct error *err);
