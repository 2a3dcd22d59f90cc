/* The change record: one write, as the log keeps it.
 *
 * Under the key seq (8, big endian), which is the seq of the version's dot unless it is foreign:
 *
 *   offset  size  field
 *        0     4  crc32c     big endian, of every byte after this field
 *        4     1  format     1; 2 with any of the bits from 3 on; a reader refuses any other
 *        5     1  flags      bit 0: tombstone; 1: complete, as struct change says; 2: grouped;
 *                            3: streamed; 4: foreign; 5: local stamp
 *        6     -  following  varint, 1 to TRANSACTION_ITEMS_MAX - 1; only with bit 2: that many
 *                            records after this one are of the same transaction
 *        -     -  table id   varint
 *        -     -  version    version_encode: stamp, dot, context
 *        -     -  local      varint, not 0: stamp of this node's clock; only with bit 5
 *        -     -  key size   varint, 1 to CHANGE_KEY_BYTES_MAX
 *        -     -  key        the key attributes' image
 *        -     -  event      1, bit 0: there was an item before, 1: deleted by time to live; only
 *                            with bit 3
 *        -     -  old size   varint; 0: no old image here; only with bit 3
 *        -     -  old image
 *        -     -  image      to the end; only without bit 0, and with bit 1 or bit 3
 *
 * A transaction's records have consecutive seqs and reach the disk in one batch; the last of them
 * looks like a record by itself. A write to a table without replicas is not complete: a later
 * replica gets the row by the backfill's snapshot. A streamed record carries what the stream's view
 * asks for; its image is there once, for the peers or for the stream or for both.
 *
 * A foreign record is another region's write that changed an item here: for the stream alone, no
 * own write, never shipped. Its seq is this node's, its version the other's.
 *
 * Local stamps (the record's own or, without one, the version's) grow with the seqs, so that what
 * is old is found by a binary search. Pure functions; any thread. */
#pragma once

#include "storage/store.h"

enum {
    CHANGE_LOG_KEY_BYTES = 8,
    CHANGE_STAMP_COUNTER_BITS = 16,
    /* Key attributes' values, names, and room for tags and sizes. */
    CHANGE_KEY_BYTES_MAX =
        PARTITION_KEY_BYTES_MAX + SORT_KEY_BYTES_MAX + 2 * KEY_NAME_BYTES_MAX + 64,
};

/* Append the record. The key must not be empty or too long, a tombstone has no image, what belongs
 * to the stream is in streamed records alone: ensured. */
void change_encode(struct buffer *to, const struct change *change);
/* Key and images borrow from `bytes`. Errors: CORRUPT. */
MUST_CHECK bool change_decode(struct slice bytes, struct change *change, struct error *err);

/* When it was written here: a stamp of this node's clock. */
static inline uint64_t change_local_stamp(const struct change *change)
{
    return change->local_stamp != 0 ? change->local_stamp : change->version.stamp;
}

static inline uint64_t change_local_ms(const struct change *change)
{
    return change_local_stamp(change) >> CHANGE_STAMP_COUNTER_BITS;
}

void change_log_key(uint64_t seq, uint8_t key[static CHANGE_LOG_KEY_BYTES]);
/* Errors: CORRUPT when it is not CHANGE_LOG_KEY_BYTES long. */
MUST_CHECK bool change_log_seq(struct slice key, uint64_t *seq, struct error *err);
