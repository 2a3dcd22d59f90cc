/* Who wins, and whether it was a conflict (DESIGN.md section 5). Pure functions; any thread.
 *
 * The winner is always the larger version (version_compare): a total order decides, so regions that
 * have seen the same writes agree. What the writers had seen decides only how it is called:
 *
 *     same dot                                     duplicate                    DROP
 *     arriving had seen stored, and is larger      ordinary overwrite           STORE
 *     stored had seen arriving, and is larger      superseded                   DROP
 *     neither had seen the other                   conflict, the larger wins    CONFLICT_…
 *     the one that had seen the other is smaller   conflict, reason ORDER: the clock rule was
 * broken
 *
 * Neither had seen the other, and still nobody has lost anything: two deletes, or an expiry that
 * loses (version.h). Then the larger wins without a conflict: STORE, or KEEP.
 *
 * "Had seen" is: the other's dot is in the version's context, or is an earlier write of the same
 * region, or (for the stored dot) every member is known to have applied it. */
#pragma once

#include "replication/conflict.h"
#include "storage/store.h"

struct resolve {
    uint64_t wall_ms;       /* This region's clock, for the reason CLOCK. */
    struct context settled; /* What every member has applied, as known here before this batch. */
};

/* `stored` NULL: there is no row. *reason is CONFLICT_NONE unless the verdict is a conflict. */
enum apply_verdict resolve_decide(const struct resolve *resolve,
                                  const struct row *stored,
                                  const struct row *arriving,
                                  uint8_t *reason);

/* resolve_decide as store_apply's decider: `context` is a const struct resolve *. */
enum apply_verdict resolve_decider(void *context,
                                   const struct row *stored,
                                   const struct row *arriving,
                                   uint8_t *reason);

/* Had the writer of `a` seen the write `dot`? (Its own earlier writes included.) */
bool version_saw(const struct version *a, struct dot dot);

/* May a tombstone be forgotten? Once every member has applied it and the clock here has passed its
 * stamp, no older write can still arrive and every later write here gets a larger stamp. The caller
 * keeps `clock_last` (hlc_last) over restarts: a clock that begins again below it would break the
 * second half. */
bool resolve_tombstone_done(const struct version *tombstone,
                            const struct context *settled,
                            uint64_t clock_last);
