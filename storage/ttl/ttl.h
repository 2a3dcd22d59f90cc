/* Time to live: items are deleted once the second that their TTL attribute holds has passed.
 *
 * What is kept: while a table's TTL is ENABLING or ENABLED every item whose attribute gives a
 * second has an expiry row (expiry.h), written in the batch of the item. Two threads work on it:
 * the builder makes the rows of a table that already holds items (ENABLING -> ENABLED) and drops
 * them again (DISABLING -> DISABLED); the sweeper deletes what has expired in ENABLED tables. Both
 * begin by themselves: changing the description is all that a caller does.
 *
 * How the setting is changed, by whoever serves UpdateTimeToLive (worker thread):
 *
 *     catalog_change_begin(catalog);
 *     const struct table *newest = catalog_acquire_id(catalog, id);
 *     // the API's checks, by newest->ttl
 *     struct table changed = *newest;
 *     ttl_turn(&changed.ttl, enabled, attribute, wall_ms);
 *     table_restamp(&changed, stamp, store->region_id, true); // as UpdateTable does: it travels
 *     catalog_update(catalog, &changed, err);
 *     catalog_change_end(catalog);
 *     table_release(newest);
 *     // with replicas: replication_table_changed
 *
 * The description says ENABLING or DISABLING then, and ENABLED or DISABLED when the builder is
 * done: some milliseconds for a small table, minutes for a large one. The change to that end state
 * is each region's own: it gives no new schema stamp, and changed_ms stays. Any change may follow
 * any other, also before the builder is done; the rules of the API (not twice within an hour, not
 * while …) are its own.
 *
 * An item is deleted when its second is over by the store's clock, but not if it was over more than
 * TTL_PAST_SECONDS_MAX ago, and only if the attribute still says so under the row's latch. A delete
 * by the sweeper is a WRITE_DELETE with `by_ttl` (store.h). In a table with replicas one member
 * deletes first; member number n of the others waits n times TTL_BACKUP_MS more, so that items go
 * also when the first is away. */
#pragma once

#include "storage/store.h"

/* Turn TTL on with this attribute (1 to TTL_NAME_BYTES_MAX bytes, lent until the catalog has the
 * description) or off (`attribute` is not looked at). What is on already with that attribute, or
 * off already, stays as it is but for changed_ms. changed_ms becomes `now_ms`, or one more than it
 * was if the clock stands still: a change can be told from the one before. */
void ttl_turn(struct table_ttl *ttl, bool enabled, struct slice attribute, uint64_t now_ms);

/* The second that it is by the store's clock. Seconds before it are over. */
static inline uint64_t ttl_now(const struct store *store)
{
    return store->clock.wall_ms(store->clock.context) / 1000;
}

/* Is it on or on its way there? Then DescribeTimeToLive names the attribute. */
static inline bool ttl_is_on(const struct table_ttl *ttl)
{
    return ttl->status == TTL_ENABLING || ttl->status == TTL_ENABLED;
}

/* The second at which the item expires: the attribute is of type N and not negative; a fraction is
 * rounded down. False: it never does, for now. An empty image has none. */
bool ttl_second(struct slice attribute, struct slice image, uint64_t *second);

/* Let the sweeper look at once: for tests that step the clock. Any thread. */
void ttl_kick(struct store *store);

/* Since the start, for /metrics. */
struct ttl_figures {
    uint64_t deleted;        /* Items. */
    uint64_t kept;           /* Expiry rows removed whose items stay. */
    uint64_t damaged;        /* Rows that could not be read, and are still there. */
    uint64_t behind_seconds; /* For so long there has been more to delete than was deleted. */
};
void ttl_figures(const struct store *store, struct ttl_figures *figures);
