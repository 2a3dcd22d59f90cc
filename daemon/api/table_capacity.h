/* Capacity settings in requests and descriptions: ProvisionedThroughput, OnDemandThroughput and
 * WarmThroughput of a table or a global index (dynamodb-features.md 1.3 rules 3 to 5, 19, 24, 25;
 * 2.2). Pure: the time comes from the caller. */
#pragma once

#include "proto/value/json.h"
#include "storage/catalog/catalog.h"

/* Of provisioned throughput: "is out of bounds" */
#define TABLE_UNITS_MAX INT64_C(1000000000000)

/* Whose settings they are, for texts: an empty name means the table itself. */
struct capacity_owner {
    struct slice index;
    enum billing_mode billing;
};

/* Read ProvisionedThroughput. Errors: VALIDATION (out of bounds). */
MUST_CHECK bool table_capacity_units(const struct json *asked,
                                     const struct capacity_owner *owner,
                                     struct throughput *throughput,
                                     struct error *err);
/* Merge OnDemandThroughput: -1 clears a member. Errors: VALIDATION. */
MUST_CHECK bool table_capacity_on_demand(const struct json *asked,
                                         const struct capacity_owner *owner,
                                         struct throughput *throughput,
                                         struct error *err);
/* Read WarmThroughput of something that is being created. Errors: VALIDATION. */
MUST_CHECK bool table_capacity_warm_new(const struct json *asked,
                                        const struct capacity_owner *owner,
                                        struct throughput *throughput,
                                        struct error *err);
/* Raise WarmThroughput. Errors: VALIDATION (lower than it is). */
MUST_CHECK bool table_capacity_warm_raise(const struct json *asked,
                                          const struct capacity_owner *owner,
                                          struct throughput *throughput,
                                          struct error *err);

/* Change provisioned units at `now_ms`: counts increases and decreases, remembers the highest as
 * warm throughput. Errors: VALIDATION (nothing changes); LIMIT (too many decreases today). */
MUST_CHECK bool table_capacity_change(const struct throughput *asked,
                                      const struct capacity_owner *owner,
                                      uint64_t now_ms,
                                      struct throughput *throughput,
                                      struct error *err);
/* What was reached under the old mode stays warm under the new one. */
void table_capacity_keep_warm(enum billing_mode before, struct throughput *throughput);

/* Warm throughput as it is shown. */
int64_t table_capacity_warm_read(enum billing_mode billing, const struct throughput *throughput);
int64_t table_capacity_warm_write(enum billing_mode billing, const struct throughput *throughput);
/* NumberOfDecreasesToday. */
uint32_t table_capacity_decreases(const struct throughput *throughput, uint64_t now_ms);
