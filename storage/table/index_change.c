#include "storage/table/index_change.h"

/* An image and its size, which several indexes may ask for. */
struct index_image {
    struct slice bytes;
    size_t size; /* 0: not counted yet. */
};

static size_t index_row_bytes(const struct index_row *row, struct index_image *whole)
{
    if (!row->present) {
        return 0;
    }
    if (row->image.data != whole->bytes.data) {
        return item_size(row->image);
    }
    whole->size = whole->size > 0 ? whole->size : item_size(whole->bytes);
    return whole->size;
}

struct index_change *index_changes_make(const struct table *table,
                                        struct slice key,
                                        struct slice before,
                                        struct slice after,
                                        struct arena *arena)
{
    if (table->indexes_count == 0) {
        return NULL;
    }
    struct index_image old = {before, 0};
    struct index_image new = {after, 0};
    struct index_change *changes = arena_zalloc(arena, table->indexes_count, sizeof(*changes));
    for (uint32_t i = 0; i < table->indexes_count; i++) {
        struct index_change *change = &changes[i];
        change->index = &table->indexes[i];
        index_row_make(table, change->index, key, before, arena, &change->before);
        index_row_make(table, change->index, key, after, arena, &change->after);
        change->changed = !index_row_equal(&change->before, &change->after);
        if (change->changed || change->index->kind == INDEX_LOCAL) {
            change->before_bytes = index_row_bytes(&change->before, &old);
            change->after_bytes = index_row_bytes(&change->after, &new);
        }
    }
    return changes;
}

size_t index_changes_put(struct store *store,
                         struct engine_batch *batch,
                         const struct table *table,
                         const struct index_change *changes,
                         struct arena *arena)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < table->indexes_count; i++) {
        const struct index_row *before = &changes[i].before;
        const struct index_row *after = &changes[i].after;
        if (!changes[i].changed) {
            continue;
        }
        if (before->present && !slice_equal(before->key, after->key)) {
            engine_batch_delete(store->engine, batch, FAMILY_ITEMS, before->key);
            bytes += before->key.size;
        }
        if (after->present) {
            struct slice value = index_row_value(after, arena);
            engine_batch_put(store->engine, batch, FAMILY_ITEMS, after->key, value);
            bytes += after->key.size + value.size;
        }
    }
    return bytes;
}

void index_changes_count(const struct table *counted,
                         const struct table *table,
                         const struct index_change *changes)
{
    for (uint32_t i = 0; i < table->indexes_count; i++) {
        const struct index_change *change = &changes[i];
        if (change->changed) {
            table_count_index(counted, change->index->id,
                              (int64_t)change->after.present - (int64_t)change->before.present,
                              (int64_t)change->after_bytes - (int64_t)change->before_bytes);
        }
    }
}

size_t index_changes_local_bytes(const struct table *table, const struct index_change *changes)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < table->indexes_count && changes[i].index->kind == INDEX_LOCAL; i++) {
        bytes += changes[i].after_bytes;
    }
    return bytes;
}

static uint32_t index_units(size_t bytes)
{
    return (uint32_t)((bytes + INDEX_UNIT_BYTES - 1) / INDEX_UNIT_BYTES);
}

uint32_t index_change_units(const struct index_change *change)
{
    if (!change->changed) {
        return 0;
    }
    size_t before = change->before_bytes;
    size_t after = change->after_bytes;
    if (slice_equal(change->before.key, change->after.key)) {
        return index_units(before > after ? before : after);
    }
    return index_units(before) + index_units(after);
}
