#include "storage/ttl/expiry.h"

#include "storage/table/key.h"
#include "storage/ttl/sweeper.h"

enum { TABLE_ID_BYTES = 4 };

/* --- Rows ------------------------------------------------------------------------------------- */

struct slice expiry_bound(uint32_t table, uint64_t second, uint8_t to[static EXPIRY_HEAD_BYTES])
{
    put_be32(to, table);
    put_be64(to + TABLE_ID_BYTES, second);
    return (struct slice){to, EXPIRY_HEAD_BYTES};
}

struct slice expiry_key(struct slice key, uint64_t second, struct arena *arena)
{
    ensure(key.size > KEY_TABLE_BYTES);
    size_t rest = key.size - KEY_TABLE_BYTES;
    uint8_t *row = arena_alloc(arena, EXPIRY_HEAD_BYTES + rest);
    (void)expiry_bound(get_be32(key.data), second, row);
    memcpy(row + EXPIRY_HEAD_BYTES, key.data + KEY_TABLE_BYTES, rest);
    return (struct slice){row, EXPIRY_HEAD_BYTES + rest};
}

bool expiry_decode(
    struct slice row, struct arena *arena, uint64_t *second, struct slice *key, struct error *err)
{
    if (row.size <= EXPIRY_HEAD_BYTES + KEY_HEAD_BYTES - KEY_TABLE_BYTES) {
        return error_set(err, ERROR_CORRUPT, "an expiry row with a key of %zu bytes", row.size);
    }
    size_t rest = row.size - EXPIRY_HEAD_BYTES;
    uint8_t *made = arena_alloc(arena, KEY_TABLE_BYTES + rest);
    memcpy(made, row.data, TABLE_ID_BYTES);
    put_be16(made + TABLE_ID_BYTES, 0);
    memcpy(made + KEY_TABLE_BYTES, row.data + EXPIRY_HEAD_BYTES, rest);
    *second = get_be64(row.data + TABLE_ID_BYTES);
    *key = (struct slice){made, KEY_TABLE_BYTES + rest};
    return true;
}

bool expiry_drop(struct store *store, uint32_t table, struct error *err)
{
    ensure(table < UINT32_MAX);
    uint8_t lower[EXPIRY_HEAD_BYTES];
    uint8_t upper[EXPIRY_HEAD_BYTES];
    return engine_drop_range(store->engine, FAMILY_EXPIRY, expiry_bound(table, 0, lower),
                             expiry_bound(table + 1, 0, upper), err);
}

/* --- Upkeep ----------------------------------------------------------------------------------- */

void expiry_change_make(struct store *store,
                        const struct table *table,
                        struct slice before,
                        struct slice after,
                        struct expiry_change *change)
{
    struct slice attribute = table->ttl.attribute;
    *change = (struct expiry_change){0};
    change->had = ttl_second(attribute, before, &change->was);
    change->has = ttl_second(attribute, after, &change->is) &&
                  change->is + TTL_PAST_SECONDS_MAX >= ttl_now(store);
}

size_t expiry_change_put(struct store *store,
                         struct engine_batch *batch,
                         struct slice key,
                         const struct expiry_change *change,
                         struct arena *arena)
{
    size_t bytes = 0;
    if (change->had && change->has && change->was == change->is) {
        return 0;
    }
    if (change->had) {
        struct slice row = expiry_key(key, change->was, arena);
        engine_batch_delete(store->engine, batch, FAMILY_EXPIRY, row);
        bytes += row.size;
    }
    if (change->has) {
        struct slice row = expiry_key(key, change->is, arena);
        engine_batch_put(store->engine, batch, FAMILY_EXPIRY, row, SLICE_LITERAL(""));
        bytes += row.size;
    }
    return bytes;
}

void expiry_change_done(struct store *store, const struct expiry_change *change)
{
    if (change->has) {
        sweeper_note(store->sweeper, change->is);
    }
}
