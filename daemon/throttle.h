/* Provisioned throughput that is enforced: one token bucket per table or global index and side
 * (`throttle: enforce`; without it a node has no struct throttle and nothing here is called).
 *
 * A bucket fills by what is provisioned and holds 300 seconds of it (THROTTLE_BURST_SECONDS). What
 * a request costs is often known only once it has run, so a request is admitted while the bucket
 * is above zero and charged afterwards; the bucket may then be in debt, by as much as it can hold,
 * and nothing more is admitted until that has been earned. A new bucket holds one second. How much
 * is provisioned is read from the description that the request holds, so a change counts from the
 * next request on: units that were saved or owed stay what they are, at most 300 seconds of the new
 * rate.
 *
 * A bucket is one number: the moment at which it was, or will be, at zero. Any thread; no lock
 * except when a table or index is met for the first time or its rate has changed. */
#pragma once

#include "storage/catalog/catalog.h"

struct throttle;

/* Time that never goes back; called from any thread. */
struct throttle_clock {
    uint64_t (*now_ns)(void *context);
    void *context;
};

enum throttle_side { THROTTLE_READ, THROTTLE_WRITE, THROTTLE_SIDES };
/* What stands in a request's way. */
enum throttle_limit {
    THROTTLE_FREE,
    THROTTLE_PROVISIONED, /* ProvisionedThroughput of a table that has it. */
    THROTTLE_ON_DEMAND,   /* The maximum of OnDemandThroughput. */
    THROTTLE_LIMITS,
};

/* Buckets of tables and indexes that `catalog` (borrowed) no longer has are used for new ones. */
struct throttle *throttle_open(const struct throttle_clock *clock, struct catalog *catalog);
void throttle_close(struct throttle *throttle); /* NULL is fine. */

/* Is there anything left? `index` is a GLOBAL one of the table's; NULL: the table itself. A refusal
 * is counted. */
enum throttle_limit throttle_admit(struct throttle *throttle,
                                   const struct table *table,
                                   const struct table_index *index,
                                   enum throttle_side side);
/* Take half units, into debt if need be. */
void throttle_charge(struct throttle *throttle,
                     const struct table *table,
                     const struct table_index *index,
                     enum throttle_side side,
                     uint64_t halves);

/* Refusals since the start, of tables or of indexes. */
uint64_t throttle_refused(const struct throttle *throttle,
                          bool of_index,
                          enum throttle_side side,
                          enum throttle_limit limit);
