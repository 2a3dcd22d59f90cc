/* Per other region: the newest of its writes that has been applied here, and what all members have.
 *
 * Kept in `repl` under "applied/" + region (2, big endian) as incarnation 4, seq 8, written in the
 * batch that applies the writes, and in memory for the write path: a local write carries it as its
 * context. Take the snapshot under the row's latch: store_apply raises the vector after its append
 * and before it gives up its latches, so the context names exactly the writes that the row shows.
 *
 * Any thread; the locks are held for nanoseconds, but for the commit section, held for one append.
 */
#pragma once

#include "proto/value/version.h"

struct engine;
struct applied_vector;

/* Loads the vector. Errors: IO; CORRUPT. */
MUST_CHECK bool
applied_open(struct engine *engine, struct applied_vector **applied, struct error *err);
/* NULL is fine. */
void applied_close(struct applied_vector *applied);

/* The whole vector, and with it the context of a local write. */
void applied_all(struct applied_vector *applied, struct context *context);
/* What all members have applied, as last told by applied_settle. */
void applied_settled(struct applied_vector *applied, struct context *settled);
void applied_settle(struct applied_vector *applied, const struct context *settled);

/* Is the write at or below what has been applied? */
bool applied_covers(struct applied_vector *applied, struct dot dot);

/* Around the commit section of store_apply (this lock first): between begin and end no other apply
 * moves the vector, so the stored watermark never goes back. begin gives the entry to store for
 * dot's region: `dot`, or the present entry if that is newer; raise makes it visible. */
struct dot applied_commit_begin(struct applied_vector *applied, struct dot dot);
void applied_commit_end(struct applied_vector *applied);
void applied_raise(struct applied_vector *applied, struct dot dot);

enum { APPLIED_KEY_BYTES = 10, APPLIED_VALUE_BYTES = 12 };
void applied_encode(struct dot dot,
                    uint8_t key[static APPLIED_KEY_BYTES],
                    uint8_t value[static APPLIED_VALUE_BYTES]);

/* Conflicts found since the vector was opened. */
void applied_count_conflicts(struct applied_vector *applied, uint64_t more);
uint64_t applied_conflicts(struct applied_vector *applied);
