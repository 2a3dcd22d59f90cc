/* UpdateTable: creation and deletion of global secondary indexes (dynamodb-features.md 2.3).
 *
 *     CREATING, setting up --> CREATING, backfilling --> ACTIVE --> DELETING --> gone
 *                                      \______________________________/
 *
 * What is written here is where an index enters CREATING or DELETING; the store does the rest by
 * itself, also after a restart. */
#include "daemon/api/table_index.h"
#include "daemon/api/table_update.h"

#define INVALID_VALUES "One or more parameter values were invalid: "
#define LIMIT_EXCEEDED "Subscriber limit exceeded: "

static const char *const table_update_actions[] = {"Update", "Create", "Delete"};

/* The one action of an element. */
static const struct json *table_update_action(const struct json *element, const char **name)
{
    for (size_t i = 0; i < ARRAY_COUNT(table_update_actions); i++) {
        const struct json *action = json_get(element, table_update_actions[i]);
        if (action != NULL) {
            *name = table_update_actions[i];
            return action;
        }
    }
    return NULL;
}

static bool table_update_element(const struct json *element, struct error *err)
{
    uint32_t actions = 0;
    for (size_t i = 0; i < ARRAY_COUNT(table_update_actions); i++) {
        actions += json_get(element, table_update_actions[i]) != NULL;
    }
    if (actions == 0) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES
                         "One of GlobalSecondaryIndexUpdate.Update, "
                         "GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete "
                         "must not be null");
    }
    return actions == 1 ||
           error_set(err, ERROR_VALIDATION,
                     INVALID_VALUES "Only one global secondary index action is allowed per "
                                    "GlobalSecondaryIndexUpdate object");
}

bool table_update_index_decode(const struct json *updates, struct error *err)
{
    const char *name = "";
    if (updates->count == 0) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES "List of GlobalSecondaryIndexUpdates is empty");
    }
    for (const struct json *each = updates->first; each != NULL; each = each->next) {
        if (!table_update_element(each, err)) {
            return false;
        }
    }
    uint32_t online = 0;
    for (const struct json *each = updates->first; each != NULL; each = each->next) {
        struct slice index = json_get(table_update_action(each, &name), "IndexName")->text;
        online += strcmp(name, "Update") != 0;
        for (const struct json *other = each->next; other != NULL; other = other->next) {
            const char *others = "";
            if (slice_equal(index,
                            json_get(table_update_action(other, &others), "IndexName")->text)) {
                return error_set(err, ERROR_VALIDATION,
                                 INVALID_VALUES "Only one global secondary index update per index "
                                                "is allowed simultaneously. Index: %.*s",
                                 SLICE_ARGS(index));
            }
        }
    }
    return online <= 1 || error_set(err, ERROR_LIMIT,
                                    LIMIT_EXCEEDED "Only 1 online index can be created or deleted "
                                                   "simultaneously per table");
}

bool table_update_find(const struct table *table,
                       struct table_index *indexes,
                       struct slice name,
                       const char *verb,
                       struct table_index **index,
                       struct error *err)
{
    struct table_index *found = NULL;
    for (uint32_t i = 0; i < table->indexes_count; i++) {
        if (indexes[i].kind == INDEX_GLOBAL && slice_equal(indexes[i].name, name)) {
            found = &indexes[i];
        }
    }
    if (found == NULL) {
        return error_set(err, ERROR_VALIDATION,
                         "Cannot %s an index that is not a GlobalSecondaryIndex: %.*s", verb,
                         SLICE_ARGS(name));
    }
    if (found->status == INDEX_DELETING) {
        return error_set(err, ERROR_IN_USE, "Index is being deleted. Table: %.*s Index: %.*s",
                         SLICE_ARGS(table->name), SLICE_ARGS(name));
    }
    bool deletes = strcmp(verb, "delete") == 0;
    if (found->status == INDEX_CREATING && !(deletes && found->backfilling)) {
        return error_set(err, ERROR_IN_USE, "Index is being created%s. Table: %.*s Index: %.*s",
                         deletes ? " but is not backfilling yet" : "", SLICE_ARGS(table->name),
                         SLICE_ARGS(name));
    }
    *index = found;
    return true;
}

/* Is another index on its way in or out? `except` may be: a creation can be given up. */
static bool table_update_online(const struct table *table,
                                const struct table_index *indexes,
                                const struct table_index *except,
                                struct error *err)
{
    for (uint32_t i = 0; i < table->indexes_count; i++) {
        if (indexes[i].status != INDEX_ACTIVE && &indexes[i] != except) {
            return error_set(err, ERROR_LIMIT,
                             LIMIT_EXCEEDED "Only 1 online index can be created or deleted "
                                            "simultaneously per table");
        }
    }
    return true;
}

static bool table_update_create(struct call *call,
                                const struct json *asked,
                                struct table *changed,
                                struct table_index *indexes,
                                struct error *err)
{
    const struct json *definitions = json_get(call->body, "AttributeDefinitions");
    const struct json *schema = json_get(asked, "KeySchema");
    struct slice name = json_get(asked, "IndexName")->text;
    uint32_t global = 0;
    for (uint32_t i = 0; i < changed->indexes_count; i++) {
        global += indexes[i].kind == INDEX_GLOBAL;
        if (slice_equal(indexes[i].name, name)) {
            return error_set(err, ERROR_VALIDATION,
                             "Attempting to create an index which already exists");
        }
    }
    if (!table_update_online(changed, indexes, NULL, err)) {
        return false;
    }
    if (global >= TABLE_GLOBAL_INDEXES_MAX) {
        return error_set(err, ERROR_LIMIT,
                         LIMIT_EXCEEDED "GlobalSecondaryIndex count exceeds the per-table limit of "
                                        "%d",
                         TABLE_GLOBAL_INDEXES_MAX);
    }
    for (const struct json *key = schema->first; definitions == NULL && key != NULL;
         key = key->next) {
        if (table_keys_find(changed, json_get(key, "AttributeName")->text) == NULL) {
            return error_set(err, ERROR_VALIDATION,
                             INVALID_VALUES "AttributeDefinitions is not specified for index: "
                                            "%.*s",
                             SLICE_ARGS(name));
        }
    }
    struct table_index *index = &indexes[changed->indexes_count];
    if ((definitions != NULL && !table_keys_define(definitions, true, changed, err)) ||
        !table_index_create(asked, changed, call->arena, index, err)) {
        return false;
    }
    if (changed->next_index_id == UINT16_MAX) {
        return error_set(err, ERROR_LIMIT,
                         LIMIT_EXCEEDED "too many indexes were created and deleted on this table");
    }
    index->id = changed->next_index_id++;
    changed->indexes_count++;
    return table_keys_surplus(changed, err) && table_indexes_projected(changed, err);
}

bool table_update_index(struct call *call,
                        struct table *changed,
                        struct table_index *indexes,
                        struct error *err)
{
    const struct json *updates = json_get(call->body, "GlobalSecondaryIndexUpdates");
    for (const struct json *each = updates->first; each != NULL; each = each->next) {
        const char *name = "";
        struct table_index *index = NULL;
        const struct json *asked = table_update_action(each, &name);
        if (strcmp(name, "Create") == 0) {
            if (!table_update_create(call, asked, changed, indexes, err)) {
                return false;
            }
        } else if (strcmp(name, "Delete") == 0) {
            if (!table_update_find(changed, indexes, json_get(asked, "IndexName")->text, "delete",
                                   &index, err) ||
                !table_update_online(changed, indexes, index, err)) {
                return false;
            }
            index->status = INDEX_DELETING;
            index->backfilling = false;
        }
    }
    return true;
}
