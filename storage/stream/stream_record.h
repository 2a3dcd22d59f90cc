/* A stream as it is kept in `meta`, under "stream/" + id (4). Integers big endian; varints as in
 * proto/base/bytes.h; a text is a varint size and its bytes.
 *
 *   offset  size  field
 *        0     8  checksum     XXH64 of every byte after this field
 *        8     1  version      1; a reader refuses any other
 *        9     4  id
 *       13     4  table id
 *       17     8  label, ms
 *       25     1  view         enum stream_view
 *       26     1  enabled      0 or 1
 *       27     4  next shard number
 *       31     -  text: table name
 *              -  partition key: type 1, text;  sort key: type 1 (0: none, and then no text), text
 *              -  varint count, then per shard varints: number, created ms, number of the parent
 *                 (0: none) and then when that was created, low and high hash, start seq, end seq
 *                 (0: open) and then when it was closed
 *
 * Shards ascend by number. Of an enabled stream the open ones cover all hashes exactly once; of
 * another none is open. Pure functions; any thread. */
#pragma once

#include "storage/stream/stream.h"

#define SHARD_HASHES (1ULL << 32) /* A shard's range is of the upper half of a key's hash. */

struct shard {
    uint32_t number;     /* From 1, never given twice within a stream. */
    uint64_t created_ms; /* At least its parent's. */
    uint32_t parent;     /* 0: none. */
    uint64_t parent_created_ms;
    uint64_t low, high; /* [low, high) of SHARD_HASHES. */
    uint64_t start_seq;
    uint64_t end_seq; /* 0: open. */
    uint64_t closed_ms;
};

struct stream_state {
    struct stream about;
    uint32_t next_number;
    struct shard *shards;
    uint32_t count;
};

void stream_record_encode(struct buffer *to, const struct stream_state *state);
/* Slices borrow from `bytes`; the shards are in the arena. Errors: CORRUPT. */
MUST_CHECK bool stream_record_decode(struct slice bytes,
                                     struct arena *arena,
                                     struct stream_state *state,
                                     struct error *err);
