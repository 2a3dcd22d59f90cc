/* Expiry rows: which items of a table expire when, in FAMILY_EXPIRY. Big endian, without a value:
 *
 *   size  field
 *      4  table id
 *      8  second
 *      -  the item's key behind its table and index id (key.h): hash and parts
 *
 * The table comes first, so that the rows of one table are one range: it is dropped as a whole when
 * the table or its TTL goes, and a table whose items never expire is passed over with one look. By
 * second alone one look would serve all tables, but a table's rows would lie among all others.
 *
 * An item of a table whose TTL is on has a row exactly when ttl_second gives one, unless that
 * second lay so far in the past already that the item never expires. Rows go into the batch of the
 * item, under its latch; whoever holds that latch may rely on them. Internal to storage. */
#pragma once

#include "storage/engine/engine.h"
#include "storage/ttl/ttl.h"

enum { EXPIRY_HEAD_BYTES = 12 };

/* What a write of one item changes. */
struct expiry_change {
    bool had, has; /* A row before and after. */
    uint64_t was, is;
};

/* `before` and `after` are the item's images, empty for none; the table's TTL is on. */
void expiry_change_make(struct store *store,
                        const struct table *table,
                        struct slice before,
                        struct slice after,
                        struct expiry_change *change);
/* Into the batch; `key` is the item's whole key. Returns about how many bytes. */
size_t expiry_change_put(struct store *store,
                         struct engine_batch *batch,
                         struct slice key,
                         const struct expiry_change *change,
                         struct arena *arena);
/* Once the batch is appended: the sweeper may have passed that second already. */
void expiry_change_done(struct store *store, const struct expiry_change *change);

/* The row of the item with this key, in the arena. */
struct slice expiry_key(struct slice key, uint64_t second, struct arena *arena);
/* Errors: CORRUPT. *key, the item's whole key, is in the arena. */
MUST_CHECK bool expiry_decode(
    struct slice row, struct arena *arena, uint64_t *second, struct slice *key, struct error *err);
/* Of a row that expiry_decode takes. */
static inline uint64_t expiry_second(const uint8_t *row)
{
    return get_be64(row + 4);
}
/* What all rows of the table from this second on are not less than. */
struct slice expiry_bound(uint32_t table, uint64_t second, uint8_t to[static EXPIRY_HEAD_BYTES]);

/* All rows of the table. Nobody may be writing any: the TTL is off and store_barrier has passed, or
 * the builder puts all of them again. Errors: THROTTLED, IO. */
MUST_CHECK bool expiry_drop(struct store *store, uint32_t table, struct error *err);
