/* The conflict feed: one record per pair of concurrent writes of a row, with both rows whole.
 *
 * FAMILY_CONFLICTS, integers big endian:
 *
 *   key     table id 4, stamp of the winner 8, dot of the loser 14, dot of the winner 14
 *           (a dot: region 2, incarnation 4, seq 8); so one conflict found twice is one record
 *   value   format 1 (it is 1), reason 1, time ms 8, varint size and bytes of the key attributes'
 *           image, varint size and bytes of the loser's row, the winner's row to the end
 *           (rows: proto/value/version.h)
 *
 * Any thread. */
#pragma once

#include "storage/store.h"

enum { CONFLICT_KEY_BYTES = CONFLICT_ID_BYTES };

void conflict_encode_key(const struct conflict *conflict, uint8_t key[static CONFLICT_KEY_BYTES]);
void conflict_encode_value(struct buffer *to, const struct conflict *conflict);
/* Borrows from `value`. Errors: CORRUPT. */
MUST_CHECK bool
conflict_decode(struct slice key, struct slice value, struct conflict *conflict, struct error *err);
