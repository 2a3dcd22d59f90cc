/* Replicas of tables: who holds a table, in which state, and who must still be told.
 *
 * Every member keeps a whole description of the table in its catalog; the newer one (schema stamp,
 * then region) wins when two meet. Making a replica of table T in region B, asked for in A:
 *
 *   1. A lists B as CREATING, gives T a stream unless it has one, notes itself as the source, waits
 *      until every write planned before has been appended: from here on the log carries T's images.
 *   2. A tells all members, B included, over its outbound connections (TableState). B makes the
 *      table; the others begin to ship T to B as well. Each answers with how far its own log was.
 *   3. Once A has applied all of that, its snapshot holds whatever anybody will not ship to B.
 *      A sends the snapshot while live changes flow beside it (replication/backfill.h).
 *   4. A lists B as ACTIVE and tells all members.
 *
 * Failure modes: any node may stop at any point. The catalog and the source's note are durable, a
 * new connection tells everything again, and a backfill begins again from its start: applying a row
 * twice is harmless. A region that has lost its disk answers that it had to make the table anew
 * until somebody lists it as CREATING, and is then filled like a new one. If B has another table of
 * that name, the replica is CREATION_FAILED.
 *
 * Two members may change the description at once, each without knowing of the other. The newer
 * description wins, but of each replica's status the newer one holds, and the replica that a region
 * is filling is that region's to list: a winner that knows less is amended and told again. An
 * answer to a description that has lost does not count. A client's change that is undone so is
 * said and counted in the region where it was made (replicas_lost): each description names the
 * newest one of another region that it was made from, and the last change by a client in it. Three
 * regions that change a table at once may hide one loss behind another's newer stamp.
 *
 * Any thread; everything here may block on disk. */
#pragma once

#include "proto/peer/message.h"
#include "replication/replication.h"

struct replicas;

/* `self`: this region's name, borrowed. Finds the backfills that this region still owes. */
MUST_CHECK bool replicas_open(struct store *store,
                              const struct region_info *regions,
                              uint32_t regions_count,
                              uint16_t self,
                              struct replicas **replicas,
                              struct error *err);
void replicas_close(struct replicas *replicas);
/* Who is told what an operator should know, as in struct replication_options. Before any other
 * thread uses it; without it nobody is. */
void replicas_set_log(struct replicas *replicas,
                      void (*log)(void *context, int level, const char *event, const char *detail),
                      void *context);
/* Changes of descriptions that were made here and have lost against another region's that did not
 * know of them, since the start. */
uint64_t replicas_lost(struct replicas *replicas);

/* As the replication_… calls of the same names. */
MUST_CHECK bool replicas_create(struct replicas *replicas,
                                uint32_t table_id,
                                struct slice region,
                                struct error *err);
MUST_CHECK bool replicas_delete(struct replicas *replicas,
                                uint32_t table_id,
                                struct slice region,
                                struct error *err);
MUST_CHECK bool replicas_leaving(struct replicas *replicas, uint32_t table_id, struct error *err);

/* Rises with every change of any description made here: look again at what must be told. */
uint64_t replicas_generation(struct replicas *replicas);
/* Somebody else has changed one. */
void replicas_changed(struct replicas *replicas);

/* The whole description of a table, for its other members. */
void replicas_describe(struct replicas *replicas,
                       const struct table *table,
                       struct arena *arena,
                       struct message_table *message);

/* A member's description has arrived: make, change or drop the table here. What went wrong with the
 * table itself is in *reply; false is for what ends the connection. Errors: IO, CORRUPT. */
MUST_CHECK bool replicas_adopt(struct replicas *replicas,
                               const struct message_table *message,
                               struct arena *arena,
                               struct message_table_reply *reply,
                               struct error *err);

/* `region` has answered a description with this schema stamp. Errors: IO. */
MUST_CHECK bool replicas_replied(struct replicas *replicas,
                                 const uint8_t uid[static TABLE_UID_BYTES],
                                 uint64_t schema_stamp,
                                 uint16_t region,
                                 const struct message_table_reply *reply,
                                 struct error *err);

/* Is there a table that this region must fill at `region`, and may its snapshot be taken now? Then
 * the table's id, once: replicas_backfill_ended gives it back. */
bool replicas_backfill_ready(struct replicas *replicas, uint16_t region, uint32_t *table_id);
/* `done`: the peer has all rows durably; the replica turns ACTIVE. Otherwise it is tried again.
 * Errors: IO. */
MUST_CHECK bool replicas_backfill_ended(
    struct replicas *replicas, uint16_t region, uint32_t table_id, bool done, struct error *err);

/* Tables that are gone here and of which `region` must still be told: at most `max` uids behind
 * number *after, which moves on. */
uint32_t replicas_farewells(struct replicas *replicas,
                            uint16_t region,
                            uint64_t *after,
                            uint8_t (*uids)[TABLE_UID_BYTES],
                            uint32_t max);
/* `region` knows now. Errors: IO. */
MUST_CHECK bool replicas_farewell_done(struct replicas *replicas,
                                       uint16_t region,
                                       const uint8_t uid[static TABLE_UID_BYTES],
                                       struct error *err);
