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

void table_count_items(const struct table *table, int64_t items, int64_t bytes)
{
    struct slot *slot = catalog_description(table)->slot;
    atomic_fetch_add_explicit(&slot->items, items, memory_order_relaxed);
    atomic_fetch_add_explicit(&slot->bytes, bytes, memory_order_relaxed);
}

/* --- Indexes -------------------------------------------------------------------------------- */

static void slot_count_index(struct slot *slot, uint16_t id, int64_t items, int64_t bytes)
{
    struct slot_index *index = slot_find_index(slot, id);
    if (index != NULL) {
        atomic_fetch_add_explicit(&index->items, items, memory_order_relaxed);
        atomic_fetch_add_explicit(&index->bytes, bytes, memory_order_relaxed);
    }
}

void table_count_index(const struct table *table, uint16_t index, int64_t items, int64_t bytes)
{
    slot_count_index(catalog_description(table)->slot, index, items, bytes);
}

void catalog_count_index(
    struct catalog *catalog, uint32_t id, uint16_t index, int64_t items, int64_t bytes)
{
    catalog_read_lock(catalog);
    struct slot *slot = slots_find_id(&catalog->slots, id);
    if (slot != NULL) {
        slot_count_index(slot, index, items, bytes);
    }
    catalog_unlock(catalog);
}

void catalog_running_index_totals(
    struct catalog *catalog, uint32_t id, uint16_t index, int64_t *items, int64_t *bytes)
{
    *items = 0;
    *bytes = 0;
    catalog_read_lock(catalog);
    struct slot *slot = slots_find_id(&catalog->slots, id);
    struct slot_index *found = slot == NULL ? NULL : slot_find_index(slot, index);
    if (found != NULL) {
        *items = atomic_load_explicit(&found->items, memory_order_relaxed);
        *bytes = atomic_load_explicit(&found->bytes, memory_order_relaxed);
    }
    catalog_unlock(catalog);
}

void catalog_index_totals(
    struct catalog *catalog, uint32_t id, uint16_t index, uint64_t *items, uint64_t *bytes)
{
    int64_t running_items;
    int64_t running_bytes;
    catalog_running_index_totals(catalog, id, index, &running_items, &running_bytes);
    *items = running_items > 0 ? (uint64_t)running_items : 0;
    *bytes = running_bytes > 0 ? (uint64_t)running_bytes : 0;
}

/* --- In `meta` ------------------------------------------------------------------------------ */

/* Zeros when none were saved. */
static bool catalog_get_totals(
    struct catalog *catalog, struct slice key, int64_t *items, int64_t *bytes, struct error *err)
{
    struct engine_value totals;
    bool found = false;
    *items = 0;
    *bytes = 0;
    if (!engine_get(catalog->engine, FAMILY_META, NULL, key, READ_FULL, &totals, &found, err)) {
        return false;
    }
    if (!found) {
        return true;
    }
    bool ok = table_totals_decode(totals.bytes, items, bytes, err);
    engine_value_release(&totals);
    return ok;
}

bool catalog_load_totals(struct catalog *catalog, struct slot *slot, struct error *err)
{
    uint8_t key[CATALOG_KEY_BYTES_MAX];
    const struct table *table = &slot->current->table;
    if (!catalog_get_totals(catalog, catalog_key(key, KEY_TOTALS, table->id), &slot->saved_items,
                            &slot->saved_bytes, err)) {
        return false;
    }
    atomic_store(&slot->items, slot->saved_items);
    atomic_store(&slot->bytes, slot->saved_bytes);
    for (uint32_t i = 0; i < table->indexes_count; i++) {
        uint16_t id = table->indexes[i].id;
        struct slot_index *index = slot_find_index(slot, id);
        if (!catalog_get_totals(catalog, catalog_index_key(key, KEY_TOTALS, table->id, id),
                                &index->saved_items, &index->saved_bytes, err)) {
            return false;
        }
        atomic_store(&index->items, index->saved_items);
        atomic_store(&index->bytes, index->saved_bytes);
    }
    return true;
}

void catalog_delete_totals(struct catalog *catalog,
                           struct engine_batch *batch,
                           const struct table *table)
{
    uint8_t key[CATALOG_KEY_BYTES_MAX];
    engine_batch_delete(catalog->engine, batch, FAMILY_META,
                        catalog_key(key, KEY_TOTALS, table->id));
    for (uint32_t i = 0; i < table->indexes_count; i++) {
        engine_batch_delete(catalog->engine, batch, FAMILY_META,
                            catalog_index_key(key, KEY_TOTALS, table->id, table->indexes[i].id));
    }
}

/* Where one pair of totals lives. */
struct slot_total {
    atomic_int_fast64_t *items;
    atomic_int_fast64_t *bytes;
    int64_t *saved_items;
    int64_t *saved_bytes;
};

/* True when they differ from what is saved; then they count as saved. */
static bool catalog_put_total(struct catalog *catalog,
                              struct engine_batch *batch,
                              struct slice key,
                              struct slot_total total)
{
    int64_t items = atomic_load(total.items);
    int64_t bytes = atomic_load(total.bytes);
    if (items == *total.saved_items && bytes == *total.saved_bytes) {
        return false;
    }
    uint8_t totals[TABLE_TOTALS_BYTES];
    table_totals_encode(totals, items, bytes);
    engine_batch_put(catalog->engine, batch, FAMILY_META, key, slice_of(totals, sizeof(totals)));
    *total.saved_items = items;
    *total.saved_bytes = bytes;
    return true;
}

/* Under `writing`: put what has changed into the batch. Returns how many totals. */
static uint32_t catalog_put_totals(struct catalog *catalog, struct engine_batch *batch)
{
    uint32_t changed = 0;
    uint8_t key[CATALOG_KEY_BYTES_MAX];
    for (uint32_t i = 0; i < catalog->slots.count; i++) {
        struct slot *slot = catalog->slots.by_name[i];
        uint32_t table = slot->current->table.id;
        struct slot_total total = {&slot->items, &slot->bytes, &slot->saved_items,
                                   &slot->saved_bytes};
        changed += catalog_put_total(catalog, batch, catalog_key(key, KEY_TOTALS, table), total);
        for (uint32_t k = 0; k < TABLE_INDEXES_MAX; k++) {
            struct slot_index *index = &slot->indexes[k];
            uint16_t id = atomic_load(&index->id);
            if (id == 0) {
                continue;
            }
            total = (struct slot_total){&index->items, &index->bytes, &index->saved_items,
                                        &index->saved_bytes};
            changed += catalog_put_total(catalog, batch,
                                         catalog_index_key(key, KEY_TOTALS, table, id), total);
        }
    }
    return changed;
}

/* The append was refused: what was marked as saved was not. Totals never are -1, -1. */
static void catalog_forget_saved(struct catalog *catalog)
{
    for (uint32_t i = 0; i < catalog->slots.count; i++) {
        struct slot *slot = catalog->slots.by_name[i];
        slot->saved_items = -1;
        slot->saved_bytes = -1;
        for (uint32_t k = 0; k < TABLE_INDEXES_MAX; k++) {
            slot->indexes[k].saved_items = -1;
            slot->indexes[k].saved_bytes = -1;
        }
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
