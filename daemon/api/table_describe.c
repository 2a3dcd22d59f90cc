/* DescribeTable and ListTables (dynamodb-features.md 1.4, 1.6): answered from memory. */
#include "daemon/api/operations.h"
#include "daemon/api/table_json.h"

static bool table_describe_decode(struct call *call, struct error *err)
{
    struct request *request = call->state;
    return request_begin(call, &shape_describe_table, request, err) &&
           request_open_control(call, request, err);
}

static bool table_describe_run(struct call *call, enum read_tier tier, struct error *err)
{
    const struct request *request = call->state;
    (void)tier;
    (void)err;
    answer_begin(call);
    answer_member(call, "Table");
    table_json_write(call, request->table, TABLE_JSON_DESCRIBED, table_json_status(request->table));
    answer_end(call);
    return true;
}

static void table_describe_release(struct call *call)
{
    request_release(call->state);
}

const struct operation operation_describe_table = {.name = "DescribeTable",
                                                   .state_bytes = sizeof(struct request),
                                                   .decode = table_describe_decode,
                                                   .run = table_describe_run,
                                                   .release = table_describe_release};

static bool table_list_decode(struct call *call, struct error *err)
{
    return shape_check(&shape_list_tables, call->body, call->operation->name, err);
}

static bool table_list_run(struct call *call, enum read_tier tier, struct error *err)
{
    struct slice names[LIST_TABLES_MAX];
    struct slice after = shape_text(json_get(call->body, "ExclusiveStartTableName"));
    uint32_t max = (uint32_t)shape_integer(json_get(call->body, "Limit"), LIST_TABLES_MAX);
    bool more = false;
    (void)tier;
    (void)err;
    uint32_t count =
        catalog_list(call->node->store->catalog, after, max, call->arena, names, &more);
    answer_begin(call);
    answer_member(call, "TableNames");
    buffer_append_byte(&call->answer, '[');
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0) {
            buffer_append_byte(&call->answer, ',');
        }
        json_write_string(&call->answer, names[i]);
    }
    buffer_append_byte(&call->answer, ']');
    if (more) {
        answer_member(call, "LastEvaluatedTableName");
        json_write_string(&call->answer, names[count - 1]);
    }
    answer_end(call);
    return true;
}

const struct operation operation_list_tables = {
    .name = "ListTables", .decode = table_list_decode, .run = table_list_run};
