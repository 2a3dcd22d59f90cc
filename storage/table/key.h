/* Keys of FAMILY_ITEMS. Big endian; sorts as DynamoDB sorts within a partition key.
 *
 *   size  field
 *      4  table id
 *      2  index id          0: the table itself; what follows in an index: index_row.h
 *      8  hash              XXH64 of the partition part: scan segments are ranges of it
 *      -  partition value   one key part
 *      -  sort value        one key part, when the table has a sort key
 *
 * A key part is the value's type tag (1), then its bytes (S, B as they are; N in key form) with
 * 0x00 escaped as 0x00 0xFF, then 0x00 0x01. So no part is a prefix of another and memcmp sorts
 * them as the values sort. Pure functions; any thread. */
#pragma once

#include "storage/catalog/catalog.h"

enum { KEY_HEAD_BYTES = 14, KEY_TABLE_BYTES = 6 };

struct table_key {
    struct slice bytes; /* The whole key, in the arena. */
    uint64_t hash;      /* Of the whole key, for latches. */
};

/* What begins with one table id and one index id. */
struct key_space {
    uint32_t table;
    uint16_t index; /* 0: the table itself. */
};

/* Of a whole key, for latches: as in struct table_key. */
uint64_t key_hash(struct slice key);

/* From an item's or a key's image that has passed item_check_put_key / item_check_key. */
void key_encode(const struct table *table,
                struct slice image,
                struct arena *arena,
                struct table_key *key);

/* The key attributes of an item that has them. */
struct slice key_image(const struct table *table, struct slice image, struct arena *arena);

/* Everything of one partition: what all its keys start with. `count` values make it, more than one
 * in an index only. */
struct slice key_prefix(struct key_space space,
                        const struct value *partition,
                        uint32_t count,
                        struct arena *arena);
/* The same, appended to an empty buffer. */
void key_append_prefix(struct buffer *to,
                       struct key_space space,
                       const struct value *partition,
                       uint32_t count);
/* One key part, appended. */
void key_append_part(struct buffer *to, struct value value);
/* Like key_append_part without the terminator: what the parts of all strings that begin with
 * `value` start with. */
void key_append_part_prefix(struct buffer *to, struct value value);
/* The smallest byte string greater than every string with this prefix; empty when there is none. */
struct slice key_prefix_end(struct slice prefix, struct arena *arena);
/* The smallest byte string greater than this one. */
struct slice key_after(struct slice key, struct arena *arena);
/* [lower, upper) of scan segment `segment` of `segments`. */
void key_segment(struct key_space space,
                 uint32_t segment,
                 uint32_t segments,
                 struct arena *arena,
                 struct slice *lower,
                 struct slice *upper);
/* What a key of the table itself says beyond its head: the parts. */
static inline struct slice key_parts(struct slice key)
{
    return (struct slice){key.data + KEY_HEAD_BYTES, key.size - KEY_HEAD_BYTES};
}
/* Back from bytes to the key attributes' image. Errors: CORRUPT. */
MUST_CHECK bool key_decode(const struct table *table,
                           struct slice bytes,
                           struct arena *arena,
                           struct slice *image,
                           struct error *err);
