/* Attribute values in the one form that is stored, shipped, compared and evaluated: encoded bytes
 * with a small decoded head. Nothing builds a tree on the read path.
 *
 * An encoded value is
 *
 *     tag      1 byte     enum value_type
 *     size     varint     bytes of the payload
 *     payload
 *
 *     type      payload
 *     S, B      the bytes
 *     N         the decimal's key form (proto/value/decimal.h): sorts by memcmp like the number
 *     BOOL      one byte, 0 or 1
 *     NULL      nothing
 *     SS NS BS  varint count, then per element varint size and bytes; elements ascend by bytes and
 *               differ (NS elements in key form, so they ascend as numbers)
 *     L         varint count, then encoded values
 *     M         varint count, then per member: varint name size, name, encoded value; names ascend
 *               by bytes and differ
 *
 * The form is canonical: two values are equal in DynamoDB's sense exactly if their bytes are. An
 * item's image is the payload of an M. Reference: dynamodb-api.md section 5.
 *
 * Slices handed out borrow from the input. Functions are pure; any thread. Bytes that may be
 * damaged or foreign are passed through value_check / item_check once, where they enter; the
 * walkers below still never read outside their input and return false on nonsense. */
#pragma once

#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/base/limits.h"

/* The numbers are stored: never change them. */
enum value_type {
    VALUE_MISSING = 0, /* No value at all; never encoded. */
    VALUE_S = 1,
    VALUE_N = 2,
    VALUE_B = 3,
    VALUE_BOOL = 4,
    VALUE_NULL = 5,
    VALUE_M = 6,
    VALUE_L = 7,
    VALUE_SS = 8,
    VALUE_NS = 9,
    VALUE_BS = 10,
    VALUE_TYPES = 11,
};

struct value {
    enum value_type type;
    struct slice payload; /* Borrowed. */
};

struct member {
    struct slice name;
    struct value value;
};

/* "S", "BOOL", … as in JSON. */
const char *value_type_name(enum value_type type);

static inline bool value_equal(struct value a, struct value b)
{
    return a.type == b.type && slice_equal(a.payload, b.payload);
}

/* --- Reading ------------------------------------------------------------------------------- */

/* Take one encoded value off the front of *from. */
MUST_CHECK bool value_take(struct slice *from, struct value *value);

/* Walk a container. For an L or a set `name` stays empty; set elements come as values of the
 * element's type (S, N or B).
 *
 *     struct value_walk walk;
 *     struct member member;
 *     value_walk_start(&walk, container);
 *     while (value_walk_next(&walk, &member)) { … }
 *     // walk.broken says whether it ended early on damaged bytes */
struct value_walk {
    enum value_type type;
    struct slice left;
    uint64_t count; /* Elements not yet handed out. */
    bool broken;
};
void value_walk_start(struct value_walk *walk, struct value container);
bool value_walk_next(struct value_walk *walk, struct member *member);

/* Elements of a container, 0 for anything else. */
uint64_t value_count(struct value container);

/* A member of a map (or of an item: pass {VALUE_M, image}); false when it is not there. */
bool value_find(struct value map, struct slice name, struct value *found);
static inline bool item_find(struct slice image, struct slice name, struct value *found)
{
    return value_find((struct value){VALUE_M, image}, name, found);
}

/* Element `index` of a list; false when it is past the end. */
bool value_at(struct value list, uint64_t index, struct value *found);

/* Is `element` (S, N or B) a member of the set? */
bool value_set_has(struct value set, struct value element);

/* Size as DynamoDB counts it for limits and capacity (section 5.4), without the attribute name. */
size_t value_size(struct value value);
/* Of a whole item, names included. The image is at most IMAGE_GROWTH_MAX times that: one byte of a
 * name or value takes at most two of the form, and of the short names for which it is more there
 * are only so many (IMAGE_MORE_BYTES_MAX). */
size_t item_size(struct slice image);

/* Every rule of the form above, recursively: tags, sizes, order, UTF-8, canonical decimals, depth.
 * For bytes from a peer, a file or an import. Errors: CORRUPT. */
MUST_CHECK bool value_check(struct value value, struct error *err);
MUST_CHECK bool item_check(struct slice image, struct error *err);

/* --- Writing ------------------------------------------------------------------------------- */

/* Encoded size of a value with its tag. */
static inline size_t value_encoded_size(struct value value)
{
    return 1 + varint_size(value.payload.size) + value.payload.size;
}
void value_append(struct buffer *to, struct value value);

/* Sort the members by name (in place) and build a map. Names must differ: ensured. The result's
 * payload lives in the arena; it is an item's image. */
struct value value_make_map(struct arena *arena, struct member *members, size_t count);
/* In the order given. */
struct value value_make_list(struct arena *arena, const struct value *elements, size_t count);
/* Sort the element payloads (in place) and build a set of `type` SS, NS or BS. False when two are
 * equal: *duplicate is then the payload that occurs twice. */
MUST_CHECK bool value_make_set(struct arena *arena,
                               enum value_type type,
                               struct slice *elements,
                               size_t count,
                               struct value *set,
                               struct slice *duplicate);
static inline struct value value_make_bool(bool on)
{
    return (struct value){VALUE_BOOL, {(const uint8_t *)(on ? "\1" : "\0"), 1}};
}
