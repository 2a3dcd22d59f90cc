/* The thread that deletes what has expired: every half second it looks at each table whose TTL is
 * ENABLED, from where it ended last, up to the second that is over.
 *
 *     late seconds --> per table: rows in order of their second --> batches (sweep_batch.h)
 *
 * A table's place moves on, so rows that are gone are not walked over again: RocksDB keeps their
 * deletes for a while. Whoever writes an item that has expired already says so (sweeper_note), and
 * the place moves back. Places are in memory only: a start begins at the first row.
 *
 * Tables take turns, a step each. Work is paced (table/pace.h). What fails is tried again. */
#pragma once

#include "storage/store.h"

struct sweeper;

/* Errors: IO. */
MUST_CHECK bool sweeper_start(struct store *store, struct sweeper **sweeper, struct error *err);
void sweeper_stop(struct sweeper *sweeper); /* NULL is fine. */
/* Look at once. Any thread. */
void sweeper_kick(struct sweeper *sweeper);

/* An item that expires in this second has been appended. Cheap; any thread. */
void sweeper_note(struct sweeper *sweeper, uint64_t second);

struct ttl_figures;
void sweeper_figures(const struct sweeper *sweeper, struct ttl_figures *figures);
