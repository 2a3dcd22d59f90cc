#include "storage/table/index_change.h"

struct index_change *index_changes_make(const struct table *table,
                                        struct slice key,
                                        struct slice before,
                                        struct slice after,
                                        struct arena *arena)
{
    if (table->indexes_count == 0) {
        return NULL;
    }
    struct index_change *changes = arena_alloc(arena, table->indexes_count * sizeof(*changes));
    for (uint32_t i = 0; i < table->indexes_count; i++) {
        changes[i].index = &table->indexes[i];
        index_row_make(table, changes[i].index, key, before, arena, &changes[i].before);
        index_row_make(table, changes[i].index, key, after, arena, &changes[i].after);
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
        if (index_row_equal(before, after)) {
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

static size_t index_row_bytes(const struct index_row *row)
{
    return row->present ? item_size(row->image) : 0;
}

void index_changes_count(const struct table *counted,
                         const struct table *table,
                         const struct index_change *changes)
{
    for (uint32_t i = 0; i < table->indexes_count; i++) {
        const struct index_change *change = &changes[i];
        if (!index_row_equal(&change->before, &change->after)) {
            table_count_index(counted, change->index->id,
                              (int64_t)change->after.present - (int64_t)change->before.present,
                              (int64_t)index_row_bytes(&change->after) -
                                  (int64_t)index_row_bytes(&change->before));
        }
    }
}

size_t index_changes_local_bytes(const struct table *table, const struct index_change *changes)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < table->indexes_count && changes[i].index->kind == INDEX_LOCAL; i++) {
        bytes += index_row_bytes(&changes[i].after);
    }
    return bytes;
}

static uint32_t index_units(size_t bytes)
{
    return (uint32_t)((bytes + INDEX_UNIT_BYTES - 1) / INDEX_UNIT_BYTES);
}

uint32_t index_change_units(const struct index_change *change)
{
    if (index_row_equal(&change->before, &change->after)) {
        return 0;
    }
    size_t before = index_row_bytes(&change->before);
    size_t after = index_row_bytes(&change->after);
    if (slice_equal(change->before.key, change->after.key)) {
        return index_units(before > after ? before : after);
    }
    return index_units(before) + index_units(after);
}
