/* Filling a new index, or the expiry rows of a table whose TTL is ENABLING, with what the table
 * holds already, a step at a time, beside foreground writes.
 *
 *     barrier --> step, step, step … --> count --> ACTIVE        (builder.c does the last two)
 *
 * After the barrier every write maintains the index, whether the backfill has passed its item or
 * not. A step walks on over the items from where the last one ended and puts the rows that are
 * missing, under the items' latches and by what the items are then. So putting a row twice, or one
 * that a writer has put, is harmless, and steps may be repeated.
 *
 * Where a step ended is noted with its rows, in one batch: after a stop or a crash the backfill
 * goes on from there. The note is in `meta`: "store/backfill/" <table id 4><index id 2> -> the
 * items key of the last item that has been dealt with. For expiry rows the index id is 0, and the
 * setting's changed_ms 8 follows: once it is changed again the backfill begins anew.
 *
 * Internal to storage/table; the builder's thread. */
#pragma once

#include "storage/store.h"

/* True ends the step; called between batches, with no latch held. */
typedef bool (*backfill_pause)(void *context);

enum backfill_progress {
    BACKFILL_MORE, /* Another step is needed. */
    BACKFILL_DONE, /* Every item has its row. */
    BACKFILL_VOID, /* `table` is no longer the newest description: look again. */
};

/* One step. `index` is one of the table's, CREATING; NULL: expiry rows. Errors: THROTTLED, IO,
 * CORRUPT; what was done stays done. */
MUST_CHECK bool backfill_step(struct store *store,
                              const struct table *table,
                              const struct table_index *index,
                              backfill_pause pause,
                              void *context,
                              enum backfill_progress *progress,
                              struct error *err);
/* Forget the notes of all indexes that are not CREATING any more. Errors: THROTTLED, IO. */
MUST_CHECK bool backfill_forget_old(struct store *store, struct error *err);
