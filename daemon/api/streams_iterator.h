/* Shard iterators: where a reader stands, as the text that clients carry around.
 *
 *     <stream ARN>|1|<base64>
 *
 * The part behind the bars is, big endian,
 *
 *     version   1 byte    1
 *     made_ms   8 bytes   the node's clock; it is good for STREAM_ITERATOR_MS
 *     after     8 bytes   as in struct stream_position: the next record is the first one behind it
 *     shard     1 byte size, then the shard's id
 *     checksum  4 bytes   CRC-32C of the ARN and of all that stands before
 *
 * A node keeps nothing about iterators: one may be used again, on any loop, after a restart. */
#pragma once

#include "daemon/api/streams_arn.h"

struct streams_iterator {
    struct slice arn;
    struct slice table;
    uint64_t label_ms;
    struct slice shard;
    uint64_t after;
    uint64_t made_ms;
};

/* Append the text with its quotes. The ARN is that of `arn`; table and label_ms are not looked at.
 */
void streams_iterator_write(struct buffer *to, const struct streams_iterator *iterator);
/* What it lends lives in the arena or in the text. Whether it has expired is the caller's to say.
 * False when this node never gave it. */
MUST_CHECK bool streams_iterator_parse(const struct node *node,
                                       struct slice text,
                                       struct arena *arena,
                                       struct streams_iterator *iterator);
/* The ARN in front, for whoever wants no more: empty when there is none. */
struct slice streams_iterator_arn(struct slice text);
