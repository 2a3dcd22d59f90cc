/* Brings indexes in and out, and TTL (ttl/ttl_build.h), on a thread of its own, also after a
 * restart:
 *
 *     CREATING, setting up --> CREATING, backfilling --> ACTIVE --> DELETING --> gone
 *                                      \______________________________/
 *
 * Whoever changes a description puts an index into CREATING or DELETING, or leaves it out; the
 * builder is woken by the catalog and does the rest. A backfill (backfill.h) goes on step by step,
 * those of several tables in turn, and is given up as soon as its index or its table goes. It works
 * at most half of the time, so that requests have the other half.
 *
 * What fails (disk, stall) is tried again. */
#pragma once

#include "storage/store.h"

struct builder;

/* Errors: IO. */
MUST_CHECK bool builder_start(struct store *store, struct builder **builder, struct error *err);
void builder_stop(struct builder *builder); /* NULL is fine. */
