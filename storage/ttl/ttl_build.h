/* Bringing TTL in and out of a table that holds items; the builder's thread (table/builder.h).
 *
 *     ENABLING --> drop what is left of a setting before, fill (table/backfill.h) --> ENABLED
 *     DISABLING --> drop --> DISABLED
 *
 * A setting that is changed meanwhile has another changed_ms, and the work begins anew. */
#pragma once

#include "storage/table/backfill.h"

/* A piece of work, if the table's TTL needs some: *worked is set then. Errors: THROTTLED, IO,
 * CORRUPT. */
MUST_CHECK bool ttl_build(struct store *store,
                          const struct table *table,
                          backfill_pause pause,
                          void *context,
                          bool *worked,
                          struct error *err);
