/* DeleteTable (dynamodb-features.md 1.5). A replica first leaves its group, so that the other
 * members stop waiting for it; then the table is forgotten and its rows are dropped. Two deletions
 * at once are safe: the second finds no table. */
#include "daemon/api/operations.h"
#include "daemon/api/table_json.h"

static bool table_delete_decode(struct call *call, struct error *err)
{
    struct request *request = call->state;
    return request_begin(call, &shape_delete_table, request, err) &&
           request_open_control(call, request, err);
}

static bool table_delete_check(const struct table *table, struct error *err)
{
    if (table->status == TABLE_CREATING) { /* Only a replica stays in this state. */
        return error_set(err, ERROR_IN_USE,
                         "Attempt to change a resource which is still in use: Table: %.*s is being "
                         "used.",
                         SLICE_ARGS(table->name));
    }
    if (!table_json_idle(table, err)) {
        return false;
    }
    for (uint32_t i = 0; i < table->indexes_count; i++) {
        if (table->indexes[i].status != INDEX_ACTIVE) {
            return error_set(err, ERROR_IN_USE,
                             "Attempt to change a resource which is still in use: Table: %.*s "
                             "Indexes: [%.*s]",
                             SLICE_ARGS(table->name), SLICE_ARGS(table->indexes[i].name));
        }
    }
    for (uint32_t i = 0; i < table->replicas_count; i++) {
        if (table->replicas[i].status == REPLICA_CREATING) {
            return error_set(err, ERROR_IN_USE,
                             "Attempt to change a resource which is still in use: Table is being "
                             "updated: %.*s",
                             SLICE_ARGS(table->name));
        }
    }
    return !table->deletion_protection ||
           error_set(err, ERROR_VALIDATION,
                     "Resource cannot be deleted as it is currently protected against deletion. "
                     "Disable deletion protection first.");
}

static bool
table_delete_leave(const struct node *node, const struct table *table, struct error *err)
{
    if (table->replicas_count == 0) {
        return true;
    }
    if (node->replication == NULL) {
        return error_set(err, ERROR_IN_USE,
                         "Table %.*s has replicas in other regions, and this node was started "
                         "without the cluster they belong to",
                         SLICE_ARGS(table->name));
    }
    return replication_table_leaving(node->replication, table->id, err);
}

static bool table_delete_run(struct call *call, enum read_tier tier, struct error *err)
{
    struct request *request = call->state;
    const struct table *table = request->table;
    (void)tier;
    if (!table_delete_check(table, err) || !table_delete_leave(call->node, table, err)) {
        return false;
    }
    answer_begin(call);
    answer_member(call, "TableDescription");
    table_json_write(call, table, TABLE_JSON_DELETED, TABLE_DELETING);
    answer_end(call);
    if (!store_drop_table(call->node->store, table->id, err)) {
        if (err->code == ERROR_NOT_FOUND) {
            return error_set(err, ERROR_NOT_FOUND,
                             "Requested resource not found: Table: %.*s not found",
                             SLICE_ARGS(table->name));
        }
        return false;
    }
    return true;
}

static void table_delete_release(struct call *call)
{
    request_release(call->state);
}

const struct operation operation_delete_table = {.name = "DeleteTable",
                                                 .state_bytes = sizeof(struct request),
                                                 .worker = true,
                                                 .decode = table_delete_decode,
                                                 .run = table_delete_run,
                                                 .release = table_delete_release};
