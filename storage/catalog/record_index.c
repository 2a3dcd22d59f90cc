/* The part of a table's record that says which indexes it has; layout in record.h. */
#include "storage/catalog/record_inner.h"

/* --- Throughput ----------------------------------------------------------------------------- */

bool record_throughput_fits(const struct throughput *throughput)
{
    return throughput->read_units >= 0 && throughput->write_units >= 0 &&
           throughput->read_units_max >= 0 && throughput->write_units_max >= 0 &&
           throughput->read_units_warm >= 0 && throughput->write_units_warm >= 0;
}

void record_put_throughput(struct buffer *to, const struct throughput *throughput)
{
    buffer_append_varint(to, (uint64_t)throughput->read_units_max);
    buffer_append_varint(to, (uint64_t)throughput->write_units_max);
    buffer_append_varint(to, (uint64_t)throughput->read_units_warm);
    buffer_append_varint(to, (uint64_t)throughput->write_units_warm);
    buffer_append_varint(to, throughput->increased_ms);
    buffer_append_varint(to, throughput->decreased_ms);
    buffer_append_varint(to, throughput->decreases);
}

static bool record_take_units(struct slice *from, int64_t *units)
{
    uint64_t taken;
    if (!take_varint(from, &taken) || taken > INT64_MAX) {
        return false;
    }
    *units = (int64_t)taken;
    return true;
}

bool record_take_throughput(struct slice *from, struct throughput *throughput)
{
    uint64_t decreases;
    if (!record_take_units(from, &throughput->read_units_max) ||
        !record_take_units(from, &throughput->write_units_max) ||
        !record_take_units(from, &throughput->read_units_warm) ||
        !record_take_units(from, &throughput->write_units_warm) ||
        !take_varint(from, &throughput->increased_ms) ||
        !take_varint(from, &throughput->decreased_ms) || !take_varint(from, &decreases) ||
        decreases > UINT32_MAX) {
        return false;
    }
    throughput->decreases = (uint32_t)decreases;
    return true;
}

/* --- Writing -------------------------------------------------------------------------------- */

static void
record_put_attributes(struct buffer *to, const struct key_attribute *attributes, uint32_t count)
{
    buffer_append_varint(to, count);
    for (uint32_t i = 0; i < count; i++) {
        record_put_attribute(to, &attributes[i]);
    }
}

void record_put_indexes(struct buffer *to, const struct table *table)
{
    buffer_append_varint(to, table->next_index_id);
    buffer_append_varint(to, table->indexes_count);
    for (uint32_t i = 0; i < table->indexes_count; i++) {
        const struct table_index *index = &table->indexes[i];
        buffer_append_varint(to, index->id);
        buffer_append_byte(to, (uint8_t)index->kind);
        buffer_append_byte(to, (uint8_t)index->status);
        buffer_append_byte(to, index->backfilling);
        buffer_append_byte(to, (uint8_t)index->projection);
        record_put_text(to, index->name);
        record_put_attributes(to, index->keys.partition, index->keys.partition_count);
        record_put_attributes(to, index->keys.sort, index->keys.sort_count);
        buffer_append_varint(to, index->non_key_count);
        for (uint32_t k = 0; k < index->non_key_count; k++) {
            record_put_text(to, index->non_key[k]);
        }
        buffer_append_varint(to, (uint64_t)index->throughput.read_units);
        buffer_append_varint(to, (uint64_t)index->throughput.write_units);
        record_put_throughput(to, &index->throughput);
    }
}

/* --- Reading -------------------------------------------------------------------------------- */

static bool record_take_attributes(struct slice *from,
                                   uint32_t count_min,
                                   struct key_attribute *attributes,
                                   uint32_t *count)
{
    uint64_t taken;
    if (!take_varint(from, &taken) || taken < count_min || taken > KEY_PARTS_MAX) {
        return false;
    }
    *count = (uint32_t)taken;
    for (uint32_t i = 0; i < *count; i++) {
        if (!record_take_attribute(from, false, &attributes[i])) {
            return false;
        }
    }
    return true;
}

static bool record_take_non_key(struct slice *from, struct arena *arena, struct table_index *index)
{
    uint64_t count;
    if (!take_varint(from, &count) || count > INDEX_NON_KEY_MAX) {
        return false;
    }
    struct slice *non_key = arena_zalloc(arena, count, sizeof(*non_key));
    for (uint64_t i = 0; i < count; i++) {
        if (!record_take_text(from, 1, KEY_NAME_BYTES_MAX, &non_key[i])) {
            return false;
        }
    }
    index->non_key = count > 0 ? non_key : NULL;
    index->non_key_count = (uint32_t)count;
    return true;
}

static bool record_take_index(struct slice *from, struct arena *arena, struct table_index *index)
{
    uint64_t id;
    uint8_t kind;
    uint8_t status;
    uint8_t backfilling;
    uint8_t projection;
    if (!take_varint(from, &id) || id == 0 || id > UINT16_MAX || !record_take_byte(from, &kind) ||
        kind >= INDEX_KINDS || !record_take_byte(from, &status) || status >= INDEX_STATUSES ||
        !record_take_byte(from, &backfilling) || backfilling > 1 ||
        !record_take_byte(from, &projection) || projection >= PROJECTION_KINDS) {
        return false;
    }
    index->id = (uint16_t)id;
    index->kind = (enum index_kind)kind;
    index->status = (enum index_status)status;
    index->backfilling = backfilling == 1;
    index->projection = (enum projection_kind)projection;
    struct key_schema *keys = &index->keys;
    return record_take_text(from, 1, INDEX_NAME_BYTES_MAX, &index->name) &&
           record_take_attributes(from, 1, keys->partition, &keys->partition_count) &&
           record_take_attributes(from, 0, keys->sort, &keys->sort_count) &&
           record_take_non_key(from, arena, index) &&
           record_take_units(from, &index->throughput.read_units) &&
           record_take_units(from, &index->throughput.write_units) &&
           record_take_throughput(from, &index->throughput);
}

bool record_take_indexes(struct slice *from, struct arena *arena, struct table *table)
{
    uint64_t next_id;
    uint64_t count;
    if (!take_varint(from, &next_id) || next_id > UINT16_MAX || !take_varint(from, &count) ||
        count > TABLE_INDEXES_MAX) {
        return false;
    }
    table->next_index_id = (uint16_t)next_id;
    table->indexes_count = (uint32_t)count;
    if (count == 0) {
        return true; /* Most tables have none: the arena stays empty. */
    }
    struct table_index *indexes = arena_zalloc(arena, count, sizeof(*indexes));
    table->indexes = indexes;
    for (uint64_t i = 0; i < count; i++) {
        if (!record_take_index(from, arena, &indexes[i])) {
            return false;
        }
    }
    return true;
}

/* --- What is possible ----------------------------------------------------------------------- */

static bool record_keys_fit(const struct key_schema *keys)
{
    if (keys->partition_count < 1 || keys->partition_count > KEY_PARTS_MAX ||
        keys->sort_count > KEY_PARTS_MAX) {
        return false;
    }
    const struct key_attribute *all[2 * KEY_PARTS_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < keys->partition_count; i++) {
        all[count++] = &keys->partition[i];
    }
    for (uint32_t i = 0; i < keys->sort_count; i++) {
        all[count++] = &keys->sort[i];
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!record_attribute_fits(all[i])) {
            return false;
        }
        for (uint32_t k = 0; k < i; k++) {
            if (slice_equal(all[i]->name, all[k]->name)) {
                return false;
            }
        }
    }
    return true;
}

static bool record_projection_fits(const struct table_index *index)
{
    if (index->projection >= PROJECTION_KINDS || index->non_key_count > INDEX_NON_KEY_MAX ||
        (index->projection != PROJECTION_INCLUDE && index->non_key_count > 0)) {
        return false;
    }
    for (uint32_t i = 0; i < index->non_key_count; i++) {
        size_t size = index->non_key[i].size;
        if (size == 0 || size > KEY_NAME_BYTES_MAX) {
            return false;
        }
    }
    return true;
}

static bool record_index_fits(const struct table *table, const struct table_index *index)
{
    bool fits = index->id > 0 && index->id < table->next_index_id && index->kind < INDEX_KINDS &&
                index->status < INDEX_STATUSES && index->name.size > 0 &&
                index->name.size <= INDEX_NAME_BYTES_MAX && record_keys_fit(&index->keys) &&
                record_projection_fits(index) && record_throughput_fits(&index->throughput);
    if (fits && index->kind == INDEX_LOCAL) {
        const struct key_attribute *partition = &index->keys.partition[0];
        fits = index->status == INDEX_ACTIVE && index->keys.partition_count == 1 &&
               index->keys.sort_count == 1 && partition->type == table->partition.type &&
               slice_equal(partition->name, table->partition.name);
    }
    return fits && (!index->backfilling || index->status == INDEX_CREATING);
}

bool record_indexes_fit(const struct table *table)
{
    uint32_t local = 0;
    if (table->indexes_count > TABLE_INDEXES_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < table->indexes_count; i++) {
        const struct table_index *index = &table->indexes[i];
        if (!record_index_fits(table, index)) {
            return false;
        }
        if (index->kind == INDEX_LOCAL && local++ != i) {
            return false; /* Local ones are in front. */
        }
        for (uint32_t k = 0; k < i; k++) {
            if (index->id == table->indexes[k].id ||
                slice_equal(index->name, table->indexes[k].name)) {
                return false;
            }
        }
    }
    return local <= TABLE_LOCAL_INDEXES_MAX &&
           table->indexes_count - local <= TABLE_GLOBAL_INDEXES_MAX;
}
