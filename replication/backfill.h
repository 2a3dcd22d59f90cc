/* Filling a new replica from a snapshot while live changes flow beside it on the same connection.
 *
 * The sender walks a snapshot of its rows, tombstones included, in batches; at most
 * BACKFILL_WINDOW of them are unacknowledged, so a slow peer is never swamped and a batch of live
 * changes finds its place in between. The receiver applies rows by the ordinary rule: the larger
 * version wins, so the order of snapshot rows and live changes does not matter and a run that broke
 * off may begin again from its start.
 *
 * One connection's worker uses a run at a time; calls block on disk. */
#pragma once

#include "proto/peer/message.h"
#include "replication/records.h"
#include "replication/resolve.h"
#include "replication/watermark.h"
#include "storage/store.h"

enum { BACKFILL_WINDOW = 4, BACKFILL_BATCH_BYTES = 128 << 10 };

struct backfill;

/* Takes the snapshot. `run` tells this run's messages from those of an earlier one.
 * Errors: IO, CORRUPT. */
MUST_CHECK bool backfill_open(struct store *store,
                              uint32_t table_id,
                              const uint8_t uid[static TABLE_UID_BYTES],
                              uint64_t run,
                              struct backfill **backfill,
                              struct error *err);
void backfill_close(struct backfill *backfill); /* NULL is fine. */

/* The next batch, if the window is open. *made false: wait for an acknowledgement. *message borrows
 * from the arena. Errors: IO, CORRUPT. */
MUST_CHECK bool backfill_next(struct backfill *backfill,
                              struct arena *arena,
                              struct message *message,
                              bool *made,
                              struct error *err);
/* *done: the peer has everything durably. Errors: PROTOCOL. */
MUST_CHECK bool backfill_acknowledged(struct backfill *backfill,
                                      const struct message_backfill_ack *ack,
                                      bool *done,
                                      struct error *err);
uint64_t backfill_rows(const struct backfill *backfill);

/* The receiving side: apply a batch. *wait_seq: acknowledge once this is durable. A table that is
 * not here (any more) drops the rows. Errors: PROTOCOL, THROTTLED (try again later), IO, CORRUPT.
 */
MUST_CHECK bool backfill_apply(struct store *store,
                               struct records_codec *codec,
                               const struct message_backfill *message,
                               const struct watermark *watermark,
                               const struct resolve *resolve,
                               struct arena *arena,
                               uint64_t *wait_seq,
                               struct error *err);
