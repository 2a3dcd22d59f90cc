/* What DynamoDB demands of key attributes. Texts: dynamodb-api.md sections 6 and 8, verbatim,
 * oddities included ("of2048"). Pure functions; any thread. */
#include "storage/store.h"
#include "storage/table/index_check.h"
#include "storage/table/key.h"

#define INVALID_VALUES "One or more parameter values were invalid: "

/* Neither empty nor too long. `value` is of the schema's type, so it is S, N or B. */
static bool item_check_key_size(const struct key_attribute *attribute,
                                struct value value,
                                bool partition,
                                struct error *err)
{
    if (value.payload.size == 0) { /* A number's key form is never empty. */
        return error_set(err, ERROR_VALIDATION,
                         "One or more parameter values are not valid. The AttributeValue for a key "
                         "attribute cannot contain an empty %s value. Key: %.*s",
                         value.type == VALUE_B ? "binary" : "string", SLICE_ARGS(attribute->name));
    }
    if (value.type == VALUE_N) { /* 38 digits are far below either limit. */
        return true;
    }
    if (partition && value.payload.size > PARTITION_KEY_BYTES_MAX) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES
                         "Size of hashkey has exceeded the maximum size limit of%d bytes",
                         PARTITION_KEY_BYTES_MAX);
    }
    if (!partition && value.payload.size > SORT_KEY_BYTES_MAX) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES "Aggregated size of all range keys has exceeded the size "
                                        "limit of %d bytes",
                         SORT_KEY_BYTES_MAX);
    }
    return true;
}

static bool item_check_put_attribute(const struct key_attribute *attribute,
                                     struct slice image,
                                     struct value *value,
                                     struct error *err)
{
    if (!item_find(image, attribute->name, value)) {
        return error_set(err, ERROR_VALIDATION, INVALID_VALUES "Missing the key %.*s in the item",
                         SLICE_ARGS(attribute->name));
    }
    if (value->type != attribute->type) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES "Type mismatch for key %.*s expected: %s actual: %s",
                         SLICE_ARGS(attribute->name), value_type_name(attribute->type),
                         value_type_name(value->type));
    }
    return true;
}

bool item_check_put_key(const struct table *table, struct slice image, struct error *err)
{
    struct value partition;
    struct value sort = {VALUE_MISSING, {NULL, 0}};
    if (!item_check_put_attribute(&table->partition, image, &partition, err)) {
        return false;
    }
    if (table_has_sort(table) && !item_check_put_attribute(&table->sort, image, &sort, err)) {
        return false;
    }
    return item_check_key_size(&table->partition, partition, true, err) &&
           (!table_has_sort(table) || item_check_key_size(&table->sort, sort, false, err)) &&
           index_check_put(table, image, err);
}

bool item_check_key(const struct table *table, struct slice key, struct error *err)
{
    struct value partition;
    struct value sort = {VALUE_MISSING, {NULL, 0}};
    bool fits = value_count((struct value){VALUE_M, key}) == (table_has_sort(table) ? 2 : 1) &&
                item_find(key, table->partition.name, &partition) &&
                partition.type == table->partition.type;
    if (fits && table_has_sort(table)) {
        fits = item_find(key, table->sort.name, &sort) && sort.type == table->sort.type;
    }
    if (!fits) {
        return error_set(err, ERROR_VALIDATION,
                         "The provided key element does not match the schema");
    }
    return item_check_key_size(&table->partition, partition, true, err) &&
           (!table_has_sort(table) || item_check_key_size(&table->sort, sort, false, err));
}
