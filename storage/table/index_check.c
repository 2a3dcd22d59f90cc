#include "storage/table/index_check.h"

#define INVALID_VALUES "One or more parameter values were invalid: "
#define NOT_VALID "One or more parameter values are not valid. "
#define UPDATES "The update expression attempted to update "

/* One of the two lists of key attributes of an index that is not on its way out. */
struct index_list {
    const struct table_index *index;
    const struct key_attribute *attributes;
    uint32_t count;
    bool partition;
};

static bool index_next_list(const struct table *table, uint32_t *at, struct index_list *list)
{
    while (*at < 2 * table->indexes_count) {
        const struct table_index *index = &table->indexes[*at / 2];
        const struct key_schema *keys = &index->keys;
        bool partition = *at % 2 == 0;
        (*at)++;
        if (index->status != INDEX_DELETING) {
            *list = (struct index_list){index, partition ? keys->partition : keys->sort,
                                        partition ? keys->partition_count : keys->sort_count,
                                        partition};
            return true;
        }
    }
    return false;
}

static size_t index_bytes_max(const struct index_list *list)
{
    return list->partition ? PARTITION_KEY_BYTES_MAX : SORT_KEY_BYTES_MAX;
}

/* --- Put -------------------------------------------------------------------------------------- */

static bool index_check_mistyped(const struct table_index *index,
                                 const struct key_attribute *attribute,
                                 struct value value,
                                 struct error *err)
{
    return value.type == attribute->type ||
           error_set(err, ERROR_VALIDATION,
                     INVALID_VALUES "Type mismatch for Index Key %.*s Expected: %s Actual: %s "
                                    "IndexName: %.*s",
                     SLICE_ARGS(attribute->name), value_type_name(attribute->type),
                     value_type_name(value.type), SLICE_ARGS(index->name));
}

static bool index_check_list(const struct index_list *list, struct slice image, struct error *err)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        const struct key_attribute *attribute = &list->attributes[i];
        struct value value;
        if (!item_find(image, attribute->name, &value)) {
            continue;
        }
        if (!index_check_mistyped(list->index, attribute, value, err)) {
            return false;
        }
        if (value.payload.size == 0) {
            return error_set(err, ERROR_VALIDATION,
                             NOT_VALID
                             "A value specified for a secondary index key is not supported. The "
                             "AttributeValue for a key attribute cannot contain an empty %s value. "
                             "IndexName: %.*s, IndexKey: %.*s",
                             value.type == VALUE_B ? "binary" : "string",
                             SLICE_ARGS(list->index->name), SLICE_ARGS(attribute->name));
        }
        bytes += value.payload.size;
    }
    if (bytes <= index_bytes_max(list)) {
        return true;
    }
    return list->partition
               ? error_set(err, ERROR_VALIDATION,
                           INVALID_VALUES
                           "Size of hashkey has exceeded the maximum size limit of%d bytes",
                           PARTITION_KEY_BYTES_MAX)
               : error_set(err, ERROR_VALIDATION,
                           INVALID_VALUES "Aggregated size of all range keys has exceeded the size "
                                          "limit of %d bytes",
                           SORT_KEY_BYTES_MAX);
}

bool index_check_put(const struct table *table, struct slice image, struct error *err)
{
    struct index_list list;
    for (uint32_t at = 0; index_next_list(table, &at, &list);) {
        if (!index_check_list(&list, image, err)) {
            return false;
        }
    }
    return true;
}

/* --- Update ----------------------------------------------------------------------------------- */

static bool index_check_empty(struct value value, struct error *err)
{
    bool text = value.type == VALUE_S || value.type == VALUE_B;
    return !text || value.payload.size > 0 ||
           error_set(err, ERROR_VALIDATION,
                     NOT_VALID UPDATES
                     "a secondary index key to a value that is not supported. The AttributeValue "
                     "for a key attribute cannot contain an empty %s value.",
                     value.type == VALUE_B ? "binary" : "string");
}

bool index_check_set(const struct table *table, const struct expression *update, struct error *err)
{
    struct index_list list;
    for (uint32_t at = 0; index_next_list(table, &at, &list);) {
        for (uint32_t i = 0; i < list.count; i++) {
            struct value value;
            if (expression_sets(update, list.attributes[i].name, &value) &&
                (!index_check_mistyped(list.index, &list.attributes[i], value, err) ||
                 !index_check_empty(value, err))) {
                return false;
            }
        }
    }
    return true;
}

/* Is the attribute a target of the update? */
struct index_target {
    struct slice name;
};

static bool index_is_other(void *context, const struct expression_path *path)
{
    const struct index_target *target = context;
    return !slice_equal(target->name, path->head);
}

static bool index_is_target(const struct expression *update, struct slice name)
{
    struct index_target target = {name};
    return !expression_visit_paths(update, index_is_other, &target);
}

/* The sizes are judged together, but only if the update is about one of them. */
static bool index_check_made(const struct index_list *list,
                             const struct expression *update,
                             struct slice image,
                             struct error *err)
{
    size_t bytes = 0;
    bool targets = false;
    for (uint32_t i = 0; i < list->count; i++) {
        const struct key_attribute *attribute = &list->attributes[i];
        struct value value;
        if (!item_find(image, attribute->name, &value)) {
            continue;
        }
        bytes += value.payload.size;
        if (!index_is_target(update, attribute->name)) {
            continue;
        }
        targets = true;
        if (value.type != attribute->type) {
            return error_set(err, ERROR_VALIDATION,
                             UPDATES "the secondary index key to unsupported type");
        }
        if (!index_check_empty(value, err)) {
            return false;
        }
    }
    return !targets || bytes <= index_bytes_max(list) ||
           error_set(err, ERROR_VALIDATION,
                     UPDATES "the secondary index key beyond allowed size limits");
}

bool index_check_update(const struct table *table,
                        const struct expression *update,
                        struct slice image,
                        struct error *err)
{
    struct index_list list;
    for (uint32_t at = 0; index_next_list(table, &at, &list);) {
        if (!index_check_made(&list, update, image, err)) {
            return false;
        }
    }
    return true;
}
