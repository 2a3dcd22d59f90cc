/* What every member of the cluster has applied durably, as far as this region knows.
 *
 * Each region reports its durable applied vector on the connection that carries its own writes,
 * behind every own write it made before it had applied what it reports (see shipper.c). So whoever
 * holds a report of member m that includes a dot D knows: every write of m that has not arrived
 * here yet was made by a region that had already applied D.
 *
 *     settled[o] = the smallest entry for origin o over the reports of all members
 *
 * A member never heard of since the start holds everything back, as does an entry that is missing.
 * settled never goes backwards within a run; after a restart it begins empty, which only means that
 * rows carry their contexts longer.
 *
 * Failure modes: a member that stays away keeps contexts and tombstones alive everywhere; removing
 * it from the cluster file (and a restart) lets them go.
 *
 * Any thread; a short mutex, never held across a call out of this file. */
#pragma once

#include "replication/replica_store.h"

struct watermark;

/* `members`: region ids of the whole cluster, this one included, 1 to REGIONS_MAX of them. */
struct watermark *watermark_open(uint16_t self, const uint16_t *members, uint32_t members_count);
void watermark_close(struct watermark *watermark); /* NULL is fine. */

bool watermark_is_member(const struct watermark *watermark, uint16_t region);

/* A report of `member` that arrived on its own connection, in order. False when the region is no
 * member or the report goes backwards: the caller refuses the peer. */
MUST_CHECK bool
watermark_report(struct watermark *watermark, uint16_t member, const struct context *applied);

/* Look at the store: notes what it has applied, promotes to durable what a sync has covered, and
 * hands the settled vector to the store when it has risen. Call after syncs and before reporting;
 * cheap. The result is this region's durable applied vector and *behind_seq, the own seq a shipper
 * must have read the log up to before it may send it. */
void watermark_refresh(struct watermark *watermark,
                       const struct replica_store *store,
                       struct context *durable,
                       uint64_t *behind_seq);

/* What every member has applied durably. */
void watermark_settled(struct watermark *watermark, struct context *settled);
