/* The keys that are asked for most, of each table and index for which contributor insights are on
 * (UpdateContributorInsights keeps that in the catalog, as SETTING_INSIGHTS).
 *
 * A space-saving sketch (Metwally, Agrawal, El Abbadi 2005) of INSIGHTS_KEYS counters: a key that
 * has none takes over the smallest one and its count, which it notes as `over`. A key's true count
 * lies between count - over and count, and whatever has more than accesses / INSIGHTS_KEYS is
 * there. Counted is since insights were switched on, or the node started.
 *
 * Any thread; one lock, which is taken only where insights are on. */
#pragma once

#include "storage/store.h"

enum {
    INSIGHTS_KEYS = 64,           /* Counters of a sketch. */
    INSIGHTS_KEY_BYTES_MAX = 128, /* Of a longer key so much is shown. */
    INSIGHTS_MAX = 256,           /* Tables and indexes together: more are not measured. */
};

struct insights;

struct insights *insights_open(const struct store_clock *clock);
void insights_close(struct insights *insights); /* NULL is fine. */

/* Measure what the catalog says is on, and no more; what was measured already goes on. On a worker,
 * or before anything else runs. Errors: CORRUPT. */
MUST_CHECK bool
insights_sync(struct insights *insights, struct catalog *catalog, struct error *err);

/* A request has asked for this partition key, as access.h has it; `throttled`: it was refused for
 * its throughput. index_id 0: of the table itself. What is not on is not counted. */
void insights_note(struct insights *insights,
                   uint32_t table_id,
                   uint16_t index_id,
                   struct slice key,
                   bool throttled);

struct insights_key {
    struct slice text; /* In the arena; cut at INSIGHTS_KEY_BYTES_MAX. */
    bool cut;
    uint64_t count, over;
};
struct insights_figures {
    uint16_t index_id;
    uint64_t since_ms;
    uint64_t accesses, throttles;
    struct insights_key accessed[INSIGHTS_KEYS]; /* Most first. */
    uint32_t accessed_count;
    struct insights_key throttled[INSIGHTS_KEYS];
    uint32_t throttled_count;
};
/* Of the table and its indexes, in the arena; returns how many. */
uint32_t insights_read(struct insights *insights,
                       uint32_t table_id,
                       struct arena *arena,
                       struct insights_figures **figures);
