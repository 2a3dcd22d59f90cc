/* Running totals of tables: atomics in their slots, saved to `meta` when the store's keeper says
 * so.
 *
 * Counting takes the catalog's read lock for one lookup, as every request does. Saving remembers
 * what it saved, so that an idle node writes nothing. */
#include "storage/catalog/catalog_inner.h"

#include "storage/catalog/record.h"

void catalog_count_items(struct catalog *catalog, uint32_t id, int64_t items, int64_t bytes)
{
    catalog_read_lock(catalog);
    struct slot *slot = slots_find_id(&catalog->slots, id);
    if (slot != NULL) { /* Otherwise the table was removed meanwhile. */
        atomic_fetch_add_explicit(&slot->items, items, memory_order_relaxed);
        atomic_fetch_add_explicit(&slot->bytes, bytes, memory_order_relaxed);
    }
    catalog_unlock(catalog);
}

void catalog_running_totals(struct catalog *catalog, uint32_t id, int64_t *items, int64_t *bytes)
{
    *items = 0;
    *bytes = 0;
    catalog_read_lock(catalog);
    struct slot *slot = slots_find_id(&catalog->slots, id);
    if (slot != NULL) {
        *items = atomic_load_explicit(&slot->items, memory_order_relaxed);
        *bytes = atomic_load_explicit(&slot->bytes, memory_order_relaxed);
    }
    catalog_unlock(catalog);
}

void catalog_totals(struct catalog *catalog, uint32_t id, uint64_t *items, uint64_t *bytes)
{
    int64_t running_items;
    int64_t running_bytes;
    catalog_running_totals(catalog, id, &running_items, &running_bytes);
    *items = running_items > 0 ? (uint64_t)running_items : 0;
    *bytes = running_bytes > 0 ? (uint64_t)running_bytes : 0;
}

/* Under `writing`: put what has changed into the batch. Returns how many tables. */
static uint32_t catalog_put_totals(struct catalog *catalog, struct engine_batch *batch)
{
    uint32_t changed = 0;
    for (uint32_t i = 0; i < catalog->slots.count; i++) {
        struct slot *slot = catalog->slots.by_name[i];
        int64_t items = atomic_load(&slot->items);
        int64_t bytes = atomic_load(&slot->bytes);
        if (items == slot->saved_items && bytes == slot->saved_bytes) {
            continue;
        }
        uint8_t key[CATALOG_KEY_BYTES_MAX];
        uint8_t totals[TABLE_TOTALS_BYTES];
        table_totals_encode(totals, items, bytes);
        engine_batch_put(catalog->engine, batch, FAMILY_META,
                         catalog_key(key, KEY_TOTALS, slot->current->table.id),
                         slice_of(totals, sizeof(totals)));
        slot->saved_items = items;
        slot->saved_bytes = bytes;
        changed++;
    }
    return changed;
}

/* The append was refused: what was marked as saved was not. Totals never are -1, -1. */
static void catalog_forget_saved(struct catalog *catalog)
{
    for (uint32_t i = 0; i < catalog->slots.count; i++) {
        catalog->slots.by_name[i]->saved_items = -1;
        catalog->slots.by_name[i]->saved_bytes = -1;
    }
}

bool catalog_save_totals(struct catalog *catalog, struct error *err)
{
    struct engine_batch *batch = engine_batch_open();
    catalog_writing_begin(catalog); /* So that the set of tables stays, and no others save. */
    bool ok = true;
    if (catalog_put_totals(catalog, batch) > 0) {
        uint64_t seq = engine_commit_begin(catalog->engine);
        ok = engine_commit_append(catalog->engine, batch, seq, err);
        if (!ok) {
            catalog_forget_saved(catalog);
        }
    }
    catalog_writing_end(catalog);
    engine_batch_close(batch);
    return ok;
}
