/* Deleting a few expired items at once: one batch under the latches of all of them, with the stages
 * of any write (table/row_write.h), so that indexes, totals, log and stream know of it.
 *
 * The delete's version sorts right behind the one that expired (version.h): a write made elsewhere
 * meanwhile, which the sweeper cannot have seen, beats it. Internal to storage/ttl. */
#pragma once

#include "storage/store.h"

enum { SWEEP_BATCH_ROWS = 32 };

/* An expiry row whose second is over. */
struct sweep_row {
    struct slice expiry; /* Its key. */
    struct slice key;    /* The item's whole key. */
    uint64_t second;
};

struct sweep_result {
    uint32_t deleted;
    uint32_t stale;   /* Rows removed whose item stays: it has another second, or is too old. */
    uint32_t damaged; /* Left as they are. */
    bool outdated;    /* `table` is no longer the newest description: nothing was done. */
};

/* Errors: THROTTLED, IO; nothing is done then. */
MUST_CHECK bool sweep_batch(struct store *store,
                            const struct table *table,
                            const struct sweep_row *rows,
                            uint32_t count,
                            struct arena *arena,
                            struct sweep_result *result,
                            struct error *err);
