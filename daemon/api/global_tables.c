/* Global tables of the legacy version 2017.11.29 (dynamodb-features.md section 9). The service does
 * not make them any more, and the operations do not see replicas of the current version. */
#include "daemon/api/operations.h"
#include "daemon/api/resource.h"

static bool global_tables_refuse(struct error *err)
{
    return error_set(err, ERROR_VALIDATION,
                     "One or more parameter values were invalid: DynamoDB global tables version "
                     "2017.11.29 is not supported. We recommend using DynamoDB global tables "
                     "version 2019.11.21, instead of version 2017.11.29 (Legacy).");
}

static bool global_tables_not_found(struct call *call, struct error *err)
{
    return error_set(err, ERROR_GLOBAL_TABLE_NOT_FOUND,
                     "Global table with name: '%.*s' does not exist.",
                     SLICE_ARGS(shape_text(json_get(call->body, "GlobalTableName"))));
}

static bool global_tables_create_decode(struct call *call, struct error *err)
{
    return shape_check(&shape_create_global_table, call->body, call->operation->name, err) &&
           global_tables_refuse(err);
}

static bool global_tables_update_decode(struct call *call, struct error *err)
{
    if (!shape_check(&shape_update_global_table, call->body, call->operation->name, err)) {
        return false;
    }
    const struct json *updates = json_get(call->body, "ReplicaUpdates");
    for (const struct json *each = updates->first; each != NULL; each = each->next) {
        if (json_get(each, "Create") != NULL) {
            return global_tables_refuse(err);
        }
    }
    return global_tables_not_found(call, err);
}

static bool global_tables_describe_decode(struct call *call, struct error *err)
{
    return shape_check(&shape_describe_global_table, call->body, call->operation->name, err) &&
           global_tables_not_found(call, err);
}

static bool global_tables_settings_decode(struct call *call, struct error *err)
{
    return shape_check(&shape_describe_global_table_settings, call->body, call->operation->name,
                       err) &&
           global_tables_not_found(call, err);
}

static bool global_tables_set_decode(struct call *call, struct error *err)
{
    return shape_check(&shape_update_global_table_settings, call->body, call->operation->name,
                       err) &&
           global_tables_not_found(call, err);
}

static bool global_tables_list_decode(struct call *call, struct error *err)
{
    return shape_check(&shape_list_global_tables, call->body, call->operation->name, err);
}

static bool global_tables_list_run(struct call *call, enum read_tier tier, struct error *err)
{
    (void)tier;
    (void)err;
    answer_begin(call);
    answer_member(call, "GlobalTables");
    buffer_append_text(&call->answer, "[]");
    answer_end(call);
    return true;
}

const struct operation operation_create_global_table = {.name = "CreateGlobalTable",
                                                        .decode = global_tables_create_decode};
const struct operation operation_update_global_table = {.name = "UpdateGlobalTable",
                                                        .decode = global_tables_update_decode};
const struct operation operation_describe_global_table = {.name = "DescribeGlobalTable",
                                                          .decode = global_tables_describe_decode};
const struct operation operation_describe_global_table_settings = {
    .name = "DescribeGlobalTableSettings", .decode = global_tables_settings_decode};
const struct operation operation_update_global_table_settings = {
    .name = "UpdateGlobalTableSettings", .decode = global_tables_set_decode};
const struct operation operation_list_global_tables = {
    .name = "ListGlobalTables", .decode = global_tables_list_decode, .run = global_tables_list_run};
