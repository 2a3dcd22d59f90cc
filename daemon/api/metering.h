/* Provisioned throughput in the operations (dynamodb-api.md section 16): ask before, charge after.
 * On a node that does not enforce it every question is answered yes and nothing is charged; an
 * operation that computes units for nothing else asks metering_is_on first.
 *
 * Where the run is, loop or worker. */
#pragma once

#include "daemon/api/capacity.h"
#include "daemon/api/operation.h"
#include "daemon/throttle.h"

static inline bool metering_is_on(const struct call *call)
{
    return call->node->throttle != NULL;
}

/* May this read go on? `index`: the one that is read; a local one takes from its table. *admitted
 * starts false and stays true, so that a run that is repeated is asked once. Errors: THROUGHPUT,
 * ON_DEMAND_MAX, with what stood in the way in call->error_members. */
MUST_CHECK bool metering_admit_read(struct call *call,
                                    const struct table *table,
                                    const struct table_index *index,
                                    bool *admitted,
                                    struct error *err);
/* May this write go on? It takes from the table and from every global index, whichever of them it
 * will change: one that has nothing left holds up the writes of its table. */
MUST_CHECK bool metering_admit_write(struct call *call,
                                     const struct table *table,
                                     bool *admitted,
                                     struct error *err);

/* What was read with one key, `factor` times. */
void metering_charge_read(const struct call *call,
                          const struct table *table,
                          size_t item_bytes,
                          bool consistent,
                          uint32_t factor);
/* What was used: of the table with its local indexes, and of each global index. */
void metering_charge(const struct call *call,
                     const struct table *table,
                     enum throttle_side side,
                     const struct capacity *used);
/* One write that was done, or refused for its condition: `factor` times. */
void metering_charge_write(const struct call *call, const struct write *write, uint32_t factor);
