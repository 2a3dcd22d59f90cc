/* The records of a batch or a backfill: packed for the wire, opened again.
 *
 * zstd at level 1, and only if it saves at least a tenth: most cost of a link is bytes, but not all
 * bytes shrink. One codec belongs to one connection and one thread at a time. */
#pragma once

#include "proto/peer/message.h"
#include "storage/store.h"

struct records_codec;

struct records_codec *records_codec_open(void);
void records_codec_close(struct records_codec *codec); /* NULL is fine. */

/* `raw` is `count` records (record_append), at most PEER_RAW_BYTES_MAX. The result lives in the
 * arena or borrows `raw`. */
void records_pack(struct records_codec *codec,
                  struct slice raw,
                  uint32_t count,
                  struct arena *arena,
                  struct message_records *to);

/* The records' bytes, borrowed from `records` or in the arena; take them off with record_take. The
 * size was bounded by message_decode before a byte is allocated. Errors: PROTOCOL. */
MUST_CHECK bool records_unpack(struct records_codec *codec,
                               const struct message_records *records,
                               struct arena *arena,
                               struct slice *raw,
                               struct error *err);

/* A change of the log as it travels; borrows. */
struct record record_of_change(const struct change *change,
                               const uint8_t uid[static TABLE_UID_BYTES]);
/* And back, for the local table. Key and image are checked through and through: they are foreign
 * bytes. Errors: PROTOCOL. */
MUST_CHECK bool record_to_change(const struct record *record,
                                 uint32_t table_id,
                                 struct change *change,
                                 struct error *err);
