/* The change record: one own write, as the log keeps it.
 *
 * Under the key seq (8, big endian), which is the seq of the version's dot:
 *
 *   offset  size  field
 *        0     4  crc32c     big endian, of every byte after this field
 *        4     1  format     1; a reader refuses any other
 *        5     1  flags      bit 0: tombstone; bit 1: complete, as struct change says; bit 2:
 * grouped 6     -  following  varint, 1 to TRANSACTION_ITEMS_MAX - 1; only with bit 2: that many
 *                            records after this one are of the same transaction
 *        -     -  table id   varint
 *        -     -  version    version_encode: stamp, dot, context
 *        -     -  key size   varint, 1 to CHANGE_KEY_BYTES_MAX
 *        -     -  key        the key attributes' image
 *        -     -  image      to the end; only with bit 1 alone
 *
 * A transaction's records have consecutive seqs and reach the disk in one batch; the last of them
 * looks like a record by itself. A write to a table without replicas is not complete and carries no
 * image: a later replica gets the row by the backfill's snapshot. Pure functions; any thread. */
#pragma once

#include "storage/store.h"

enum {
    CHANGE_LOG_KEY_BYTES = 8,
    /* Key attributes' values, names, and room for tags and sizes. */
    CHANGE_KEY_BYTES_MAX =
        PARTITION_KEY_BYTES_MAX + SORT_KEY_BYTES_MAX + 2 * KEY_NAME_BYTES_MAX + 64,
};

/* Append the record. The key must not be empty or too long, and a tombstone has no image: ensured.
 */
void change_encode(struct buffer *to, const struct change *change);
/* Key and image borrow from `bytes`. Errors: CORRUPT. */
MUST_CHECK bool change_decode(struct slice bytes, struct change *change, struct error *err);

void change_log_key(uint64_t seq, uint8_t key[static CHANGE_LOG_KEY_BYTES]);
/* Errors: CORRUPT when it is not CHANGE_LOG_KEY_BYTES long. */
MUST_CHECK bool change_log_seq(struct slice key, uint64_t *seq, struct error *err);
