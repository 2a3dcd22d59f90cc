/* A table's description as it is kept in `meta`. Integers big endian; varints as in
 * proto/base/bytes.h; a text is a varint size and its bytes.
 *
 *   offset  size  field
 *        0     8  checksum       XXH64 of every byte after this field
 *        8     1  version        4; a reader takes 1 to 3 as well and refuses any other
 *        9     4  id
 *       13    16  uid
 *       29    36  table id       UUID text
 *       65     1  status         enum table_status
 *       66     1  billing        enum billing_mode
 *       67     1  flags          bit 0: was on demand, 1: deletion protection, 2: encrypted
 *       68     8  created        ms
 *       76     8  on demand since, ms
 *       84     8  read units
 *       92     8  write units
 *      100     8  schema stamp
 *      108     2  schema region
 *      110     -  text: name
 *              -  varint count, then per attribute definition: type 1, text
 *              -  partition key: type 1, text;  sort key: type 1 (0: none, and then no text), text
 *              -  varint count, then per replica: text region, status 1, varint stamp,
 *                 text reason
 *              -  table class 1;  varint class changed, ms;  text KMS key
 *              -  throughput (below), without the units of the fixed part
 *              -  varint next index id, varint count, then per index:
 *                 varint id, kind 1, status 1, backfilling 1, projection 1, text name,
 *                 varint count and partition attributes, varint count and sort attributes,
 *                 varint count and texts: non-key attributes,
 *                 varint read units, varint write units, throughput
 *              -  stream: varint id, view 1, varint label, ms
 *              -  time to live: status 1, text attribute, varint changed, ms
 *              -  base: varint stamp, varint region; content: varint stamp, varint region
 *
 *   throughput: varints: read and write units at most, warm read and write units, last increase
 *   and decrease in ms, decreases of that day. Version 1 ends behind the replicas, version 2 behind
 * the indexes, version 3 behind the time to live.
 *
 * Pure functions; any thread. */
#pragma once

#include "storage/catalog/catalog.h"

/* Can the description be kept? A peer's may be impossible. Errors: CORRUPT. */
MUST_CHECK bool table_record_check(const struct table *table, struct error *err);
/* Only what table_record_check has passed, with an id: ensured. */
void table_record_encode(struct buffer *to, const struct table *table);
/* Slices of *table borrow from `bytes`; its indexes are laid out in the arena. Errors: CORRUPT. */
MUST_CHECK bool table_record_decode(struct slice bytes,
                                    struct arena *arena,
                                    struct table *table,
                                    struct error *err);

/* A setting: checksum 8 (XXH64 of the rest), version 1, the bytes. */
void setting_encode(struct buffer *to, struct slice value);
/* *value borrows from `from`. Errors: CORRUPT. */
MUST_CHECK bool setting_decode(struct slice from, struct slice *value, struct error *err);

/* Running totals of one table or index: checksum 8 (XXH64 of the rest), version 1, items 8,
 * bytes 8. */
enum { TABLE_TOTALS_BYTES = 25 };
void table_totals_encode(uint8_t to[static TABLE_TOTALS_BYTES], int64_t items, int64_t bytes);
MUST_CHECK bool
table_totals_decode(struct slice from, int64_t *items, int64_t *bytes, struct error *err);
