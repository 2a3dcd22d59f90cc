#include "storage/table/index_row.h"

/* --- Keys ------------------------------------------------------------------------------------ */

/* False when one is not there, or not as it must be. Numbers' key form is short and never empty. */
static bool index_take_values(const struct key_attribute *attributes,
                              uint32_t count,
                              size_t bytes_max,
                              struct slice image,
                              struct value *values)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!item_find(image, attributes[i].name, &values[i]) ||
            values[i].type != attributes[i].type || values[i].payload.size == 0) {
            return false;
        }
        bytes += values[i].payload.size;
    }
    return bytes <= bytes_max;
}

bool index_row_key(const struct table *table,
                   const struct table_index *index,
                   struct slice key,
                   struct slice image,
                   struct arena *arena,
                   struct slice *row_key)
{
    const struct key_schema *keys = &index->keys;
    struct value partition[KEY_PARTS_MAX];
    struct value sort[KEY_PARTS_MAX];
    if (!index_take_values(keys->partition, keys->partition_count, PARTITION_KEY_BYTES_MAX, image,
                           partition) ||
        !index_take_values(keys->sort, keys->sort_count, SORT_KEY_BYTES_MAX, image, sort)) {
        return false;
    }
    struct slice tail = key_parts(key);
    size_t room = KEY_HEAD_BYTES + tail.size;
    for (uint32_t i = 0; i < keys->partition_count; i++) {
        room += 2 * partition[i].payload.size + 4;
    }
    for (uint32_t i = 0; i < keys->sort_count; i++) {
        room += 2 * sort[i].payload.size + 4;
    }
    struct buffer to;
    buffer_init(&to, arena, room);
    key_append_prefix(&to, index_space(table, index), partition, keys->partition_count);
    for (uint32_t i = 0; i < keys->sort_count; i++) {
        key_append_part(&to, sort[i]);
    }
    buffer_append_slice(&to, tail);
    *row_key = buffer_slice(&to);
    return true;
}

static uint32_t index_add_attribute(const struct key_attribute **attributes,
                                    uint32_t count,
                                    const struct key_attribute *attribute)
{
    for (uint32_t i = 0; i < count; i++) {
        if (slice_equal(attributes[i]->name, attribute->name)) {
            return count;
        }
    }
    attributes[count] = attribute;
    return count + 1;
}

uint32_t index_key_attributes(const struct table *table,
                              const struct table_index *index,
                              const struct key_attribute *attributes[static INDEX_NAMES_MAX])
{
    uint32_t count = index_add_attribute(attributes, 0, &table->partition);
    if (table_has_sort(table)) {
        count = index_add_attribute(attributes, count, &table->sort);
    }
    for (uint32_t i = 0; i < index->keys.partition_count; i++) {
        count = index_add_attribute(attributes, count, &index->keys.partition[i]);
    }
    for (uint32_t i = 0; i < index->keys.sort_count; i++) {
        count = index_add_attribute(attributes, count, &index->keys.sort[i]);
    }
    return count;
}

/* --- What is projected ----------------------------------------------------------------------- */

enum { INDEX_PROJECTED_MAX = INDEX_NAMES_MAX + INDEX_NON_KEY_MAX };

static bool index_names(const struct slice *names, uint32_t count, struct slice name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (slice_equal(names[i], name)) {
            return true;
        }
    }
    return false;
}

static struct slice index_project(const struct table *table,
                                  const struct table_index *index,
                                  struct slice image,
                                  struct arena *arena)
{
    if (index->projection == PROJECTION_ALL) {
        return image;
    }
    const struct key_attribute *keys[INDEX_NAMES_MAX];
    struct slice names[INDEX_PROJECTED_MAX];
    uint32_t names_count = index_key_attributes(table, index, keys);
    for (uint32_t i = 0; i < names_count; i++) {
        names[i] = keys[i]->name;
    }
    for (uint32_t i = 0; i < index->non_key_count; i++) {
        if (!index_names(names, names_count, index->non_key[i])) {
            names[names_count++] = index->non_key[i];
        }
    }
    struct member kept[INDEX_PROJECTED_MAX];
    struct member member;
    struct value_walk walk;
    size_t count = 0;
    value_walk_start(&walk, (struct value){VALUE_M, image});
    while (count < names_count && value_walk_next(&walk, &member)) {
        if (index_names(names, names_count, member.name)) {
            kept[count++] = member;
        }
    }
    return value_make_map(arena, kept, count).payload;
}

void index_row_make(const struct table *table,
                    const struct table_index *index,
                    struct slice key,
                    struct slice image,
                    struct arena *arena,
                    struct index_row *row)
{
    *row = (struct index_row){0};
    if (image.size > 0 && index_row_key(table, index, key, image, arena, &row->key)) {
        row->present = true;
        row->image = index_project(table, index, image, arena);
    }
}

bool index_row_equal(const struct index_row *a, const struct index_row *b)
{
    return a->present == b->present && slice_equal(a->key, b->key) &&
           slice_equal(a->image, b->image);
}

/* --- The stored value ------------------------------------------------------------------------ */

struct slice index_row_value(const struct index_row *row, struct arena *arena)
{
    ensure(row->present && row->image.size > 0);
    uint8_t *value = arena_alloc(arena, 1 + row->image.size);
    value[0] = INDEX_ROW_FORMAT;
    memcpy(value + 1, row->image.data, row->image.size);
    return (struct slice){value, 1 + row->image.size};
}

bool index_row_image(struct slice value, struct slice *image, struct error *err)
{
    if (value.size < 2 || value.data[0] != INDEX_ROW_FORMAT) {
        return error_set(err, ERROR_CORRUPT, "an index row of %zu bytes does not decode",
                         value.size);
    }
    *image = (struct slice){value.data + 1, value.size - 1};
    return true;
}
