#include "daemon/api/table_index.h"

#include "daemon/api/table_capacity.h"
#include "daemon/api/validate.h"
#include "proto/base/limits.h"

#define INVALID_VALUES "One or more parameter values were invalid: "

static const char *const table_index_lists[INDEX_KINDS] = {
    [INDEX_LOCAL] = "LocalSecondaryIndexes",
    [INDEX_GLOBAL] = "GlobalSecondaryIndexes",
};

bool table_indexes_keys(const struct json *body,
                        struct arena *arena,
                        struct table *table,
                        struct error *err)
{
    uint32_t count = 0;
    for (enum index_kind kind = INDEX_LOCAL; kind < INDEX_KINDS; kind++) {
        const struct json *list = json_get(body, table_index_lists[kind]);
        count += list == NULL ? 0 : list->count;
    }
    struct table_index *indexes = arena_zalloc(arena, count, sizeof(*indexes));
    table->indexes = indexes;
    for (enum index_kind kind = INDEX_LOCAL; kind < INDEX_KINDS; kind++) {
        const struct json *list = json_get(body, table_index_lists[kind]);
        const struct json *each = list == NULL ? NULL : list->first;
        for (; each != NULL; each = each->next) {
            struct table_index *index = &indexes[table->indexes_count];
            const struct json *schema = json_get(each, "KeySchema");
            if (!table_keys_defined(schema, table, err) ||
                !table_keys_schema(schema, kind == INDEX_LOCAL ? KEYS_OF_LOCAL : KEYS_OF_GLOBAL,
                                   table, &index->keys, err)) {
                return false;
            }
            index->kind = kind;
            index->status = INDEX_ACTIVE;
            index->name = json_get(each, "IndexName")->text;
            index->id = (uint16_t)(table->indexes_count + 1);
            table->indexes_count++;
        }
    }
    return true;
}

/* --- Rule 15 ---------------------------------------------------------------------------------- */

static bool table_index_non_key(const struct json *names,
                                struct arena *arena,
                                struct table_index *index,
                                struct error *err)
{
    struct slice *to = arena_zalloc(arena, names->count, sizeof(*to));
    uint32_t count = 0;
    for (const struct json *each = names->first; each != NULL; each = each->next) {
        for (uint32_t i = 0; i < count; i++) {
            if (slice_equal(to[i], each->text)) {
                return error_set(err, ERROR_VALIDATION,
                                 INVALID_VALUES "Duplicate element in NonKeyAttributes: %.*s",
                                 SLICE_ARGS(each->text));
            }
        }
        to[count++] = each->text;
    }
    index->non_key = to;
    index->non_key_count = count;
    return true;
}

static bool table_index_projection(const struct json *projection,
                                   struct arena *arena,
                                   struct table_index *index,
                                   struct error *err)
{
    const struct json *type = json_get(projection, "ProjectionType");
    const struct json *names = json_get(projection, "NonKeyAttributes");
    if (type == NULL) {
        return error_set(err, ERROR_VALIDATION, INVALID_VALUES "Unknown ProjectionType: null");
    }
    bool include = slice_is(type->text, "INCLUDE");
    if (!include && names != NULL) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES "ProjectionType is %.*s, but NonKeyAttributes is specified",
                         SLICE_ARGS(type->text));
    }
    if (include && names == NULL) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES
                         "ProjectionType is INCLUDE, but NonKeyAttributes is not specified");
    }
    if (include) {
        index->projection = PROJECTION_INCLUDE;
        return table_index_non_key(names, arena, index, err);
    }
    index->projection = slice_is(type->text, "KEYS_ONLY") ? PROJECTION_KEYS_ONLY : PROJECTION_ALL;
    return true;
}

/* --- Rules 13, 14, 16 to 19 ------------------------------------------------------------------- */

static bool
table_index_local(const struct table *table, const struct table_index *index, struct error *err)
{
    if (!table_has_sort(table)) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES "Table KeySchema does not have a range key, which is "
                                        "required when specifying a LocalSecondaryIndex");
    }
    if (index->keys.sort_count == 0) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES "Index KeySchema does not have a range key for index: "
                                        "%.*s",
                         SLICE_ARGS(index->name));
    }
    struct slice hash = index->keys.partition[0].name;
    return slice_equal(hash, table->partition.name) ||
           error_set(err, ERROR_VALIDATION,
                     INVALID_VALUES "Index KeySchema does not have the same leading hash key as "
                                    "table KeySchema for index: %.*s. index hash key: %.*s, table "
                                    "hash key: %.*s",
                     SLICE_ARGS(index->name), SLICE_ARGS(hash), SLICE_ARGS(table->partition.name));
}

/* The throughput of a global index: rules 19, 5, 24, 25. */
static bool table_index_capacity(const struct json *asked,
                                 enum billing_mode billing,
                                 struct table_index *index,
                                 struct error *err)
{
    const struct capacity_owner owner = {index->name, billing};
    const struct json *units = json_get(asked, "ProvisionedThroughput");
    const struct json *most = json_get(asked, "OnDemandThroughput");
    const struct json *warm = json_get(asked, "WarmThroughput");
    if (units == NULL && billing == BILLING_PROVISIONED) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES "ProvisionedThroughput is not specified for index: %.*s",
                         SLICE_ARGS(index->name));
    }
    if (units != NULL && billing == BILLING_PAY_PER_REQUEST) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES "ProvisionedThroughput should not be specified for index: "
                                        "%.*s when BillingMode is PAY_PER_REQUEST",
                         SLICE_ARGS(index->name));
    }
    return (units == NULL || table_capacity_units(units, &owner, &index->throughput, err)) &&
           (most == NULL || table_capacity_on_demand(most, &owner, &index->throughput, err)) &&
           (warm == NULL || table_capacity_warm_new(warm, &owner, &index->throughput, err));
}

/* Rule 16: is one of the `count` first indexes called like this one? */
static bool table_index_name(const struct table *table,
                             uint32_t count,
                             const struct table_index *index,
                             struct error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        if (slice_equal(table->indexes[i].name, index->name)) {
            return error_set(err, ERROR_VALIDATION, INVALID_VALUES "Duplicate index name: %.*s",
                             SLICE_ARGS(index->name));
        }
    }
    return true;
}

/* The indexes of one list, which begin at `from`. */
static bool table_indexes_list(const struct json *list,
                               struct arena *arena,
                               const struct table *table,
                               struct table_index *indexes,
                               uint32_t from,
                               struct error *err)
{
    uint32_t at = from;
    for (const struct json *each = list->first; each != NULL; each = each->next, at++) {
        struct table_index *index = &indexes[at];
        if ((index->kind == INDEX_LOCAL && !table_index_local(table, index, err)) ||
            !table_index_projection(json_get(each, "Projection"), arena, index, err) ||
            !table_index_name(table, at, index, err)) {
            return false;
        }
    }
    if (indexes[from].kind == INDEX_LOCAL) {
        return list->count <= TABLE_LOCAL_INDEXES_MAX ||
               error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES "Number of LocalSecondaryIndexes exceeds per-table limit "
                                        "of %d",
                         TABLE_LOCAL_INDEXES_MAX);
    }
    if (list->count > TABLE_GLOBAL_INDEXES_MAX) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES "GlobalSecondaryIndex count exceeds the per-table limit "
                                        "of %d",
                         TABLE_GLOBAL_INDEXES_MAX);
    }
    at = from;
    for (const struct json *each = list->first; each != NULL; each = each->next) {
        if (!table_index_capacity(each, table->billing, &indexes[at++], err)) {
            return false;
        }
    }
    return true;
}

bool table_indexes_rest(const struct json *body,
                        struct arena *arena,
                        struct table *table,
                        struct error *err)
{
    struct table_index *indexes =
        arena_zalloc(arena, table->indexes_count, sizeof(struct table_index));
    uint32_t from = 0;
    if (table->indexes_count > 0) {
        memcpy(indexes, table->indexes, table->indexes_count * sizeof(struct table_index));
    }
    table->indexes = indexes;
    for (enum index_kind kind = INDEX_LOCAL; kind < INDEX_KINDS; kind++) {
        const struct json *list = json_get(body, table_index_lists[kind]);
        if (list == NULL) {
            continue;
        }
        if (list->count == 0) {
            return error_set(err, ERROR_VALIDATION, INVALID_VALUES "List of %s is empty",
                             table_index_lists[kind]);
        }
        if (!table_indexes_list(list, arena, table, indexes, from, err)) {
            return false;
        }
        from += list->count;
    }
    table->next_index_id = (uint16_t)(table->indexes_count + 1);
    return table_indexes_projected(table, err);
}

bool table_indexes_projected(const struct table *table, struct error *err)
{
    uint32_t projected = 0;
    for (uint32_t i = 0; i < table->indexes_count; i++) {
        projected += table->indexes[i].non_key_count;
    }
    return projected <= TABLE_NON_KEY_MAX ||
           error_set(err, ERROR_VALIDATION,
                     INVALID_VALUES "Number of projected attributes of all indexes of the table "
                                    "exceeds the limit of %d",
                     TABLE_NON_KEY_MAX);
}

bool table_index_create(const struct json *asked,
                        const struct table *table,
                        struct arena *arena,
                        struct table_index *index,
                        struct error *err)
{
    const struct json *schema = json_get(asked, "KeySchema");
    struct table_index made = {.kind = INDEX_GLOBAL, .status = INDEX_CREATING};
    made.name = json_get(asked, "IndexName")->text;
    if (!table_keys_defined(schema, table, err) ||
        !table_keys_schema(schema, KEYS_OF_GLOBAL, table, &made.keys, err) ||
        !table_index_projection(json_get(asked, "Projection"), arena, &made, err) ||
        !table_index_capacity(asked, table->billing, &made, err)) {
        return false;
    }
    *index = made;
    return true;
}
