#include "daemon/api/listing.h"

#include "daemon/api/operations.h"
#include "daemon/api/resource.h"

/* --- For the operations on items ---------------------------------------------------------------
 */

struct access *listing_request(struct call *call,
                               struct access_list *list,
                               const char *action,
                               const struct request *request,
                               struct slice index)
{
    struct access *access = access_add(list, action, request->name, request->table, index);
    for (unsigned i = 0; i < TEXTS && access != NULL; i++) {
        access_attributes_of(access, request->expressions[i]);
    }
    if (access != NULL) {
        access_text(access, POLICY_RETURN_CONSUMED_CAPACITY,
                    shape_text(json_get(call->body, "ReturnConsumedCapacity")));
    }
    return access;
}

void listing_select(struct access *access, bool projects)
{
    access_text(access, POLICY_SELECT,
                projects ? SLICE_LITERAL("SPECIFIC_ATTRIBUTES") : SLICE_LITERAL("ALL_ATTRIBUTES"));
}

void listing_returns(struct access *access, const struct json *owner)
{
    access_text(access, POLICY_RETURN_VALUES, shape_text(json_get(owner, "ReturnValues")));
    if (slice_is(request_choice(owner, "ReturnValuesOnConditionCheckFailure"), "ALL_OLD")) {
        access_text(access, POLICY_RETURN_VALUES, SLICE_LITERAL("ALL_OLD"));
    }
}

const char *listing_write_action(enum write_kind kind)
{
    static const char *const actions[] = {
        [WRITE_PUT] = "dynamodb:PutItem",
        [WRITE_UPDATE] = "dynamodb:UpdateItem",
        [WRITE_DELETE] = "dynamodb:DeleteItem",
        [WRITE_CHECK] = "dynamodb:ConditionCheckItem",
    };
    return actions[kind];
}

/* --- Told by the body --------------------------------------------------------------------------
 */

enum listing_kind {
    LISTING_TABLE,   /* The member is a table's name or ARN. */
    LISTING_ARN,     /* The member is the resource. */
    LISTING_GLOBAL,  /* The member is the name of a global table. */
    LISTING_STREAMS, /* All streams of the table that the member names, or of all tables. */
    LISTING_TABLES,  /* All tables of the region. */
    LISTING_ALL,     /* "*" */
};

/* Several rows: several accesses. A member that is absent is no access, so that one of two members
 * may stand for the same thing. A dot leads into a member. */
static const struct listing_row {
    const char *operation;
    enum listing_kind kind;
    const char *member;
    const char *action; /* NULL: the operation's name. */
} listing_rows[] = {
    {"CreateBackup", LISTING_TABLE, "TableName", NULL},
    {"CreateGlobalTable", LISTING_GLOBAL, "GlobalTableName", NULL},
    {"CreateTable", LISTING_TABLE, "TableName", NULL},
    {"DeleteBackup", LISTING_ARN, "BackupArn", NULL},
    {"DeleteResourcePolicy", LISTING_ARN, "ResourceArn", NULL},
    {"DeleteTable", LISTING_TABLE, "TableName", NULL},
    {"DescribeBackup", LISTING_ARN, "BackupArn", NULL},
    {"DescribeContinuousBackups", LISTING_TABLE, "TableName", NULL},
    {"DescribeContributorInsights", LISTING_TABLE, "TableName", NULL},
    {"DescribeEndpoints", LISTING_ALL, NULL, NULL},
    {"DescribeExport", LISTING_ARN, "ExportArn", NULL},
    {"DescribeGlobalTable", LISTING_GLOBAL, "GlobalTableName", NULL},
    {"DescribeGlobalTableSettings", LISTING_GLOBAL, "GlobalTableName", NULL},
    {"DescribeImport", LISTING_ARN, "ImportArn", NULL},
    {"DescribeKinesisStreamingDestination", LISTING_TABLE, "TableName", NULL},
    {"DescribeLimits", LISTING_ALL, NULL, NULL},
    {"DescribeStream", LISTING_ARN, "StreamArn", NULL},
    {"DescribeTable", LISTING_TABLE, "TableName", NULL},
    {"DescribeTableReplicaAutoScaling", LISTING_TABLE, "TableName", NULL},
    {"DescribeTimeToLive", LISTING_TABLE, "TableName", NULL},
    {"DisableKinesisStreamingDestination", LISTING_TABLE, "TableName", NULL},
    {"EnableKinesisStreamingDestination", LISTING_TABLE, "TableName", NULL},
    {"ExportTableToPointInTime", LISTING_ARN, "TableArn", NULL},
    {"GetResourcePolicy", LISTING_ARN, "ResourceArn", NULL},
    {"GetShardIterator", LISTING_ARN, "StreamArn", NULL},
    {"ImportTable", LISTING_TABLE, "TableCreationParameters.TableName", NULL},
    {"ListBackups", LISTING_TABLES, NULL, NULL},
    {"ListContributorInsights", LISTING_TABLES, NULL, NULL},
    {"ListExports", LISTING_TABLES, NULL, NULL},
    {"ListGlobalTables", LISTING_TABLES, NULL, NULL},
    {"ListImports", LISTING_TABLES, NULL, NULL},
    {"ListStreams", LISTING_STREAMS, "TableName", NULL},
    {"ListTables", LISTING_TABLES, NULL, NULL},
    {"ListTagsOfResource", LISTING_ARN, "ResourceArn", NULL},
    {"PutResourcePolicy", LISTING_ARN, "ResourceArn", NULL},
    {"RestoreTableFromBackup", LISTING_ARN, "BackupArn", NULL},
    {"RestoreTableFromBackup", LISTING_TABLE, "TargetTableName", NULL},
    {"RestoreTableToPointInTime", LISTING_ARN, "SourceTableArn", NULL},
    {"RestoreTableToPointInTime", LISTING_TABLE, "SourceTableName", NULL},
    {"RestoreTableToPointInTime", LISTING_TABLE, "TargetTableName", NULL},
    {"SearchVectors", LISTING_TABLE, "TableName", NULL},
    {"TagResource", LISTING_ARN, "ResourceArn", NULL},
    {"UntagResource", LISTING_ARN, "ResourceArn", NULL},
    {"UpdateContinuousBackups", LISTING_TABLE, "TableName", NULL},
    {"UpdateContributorInsights", LISTING_TABLE, "TableName", NULL},
    {"UpdateGlobalTable", LISTING_GLOBAL, "GlobalTableName", NULL},
    {"UpdateGlobalTableSettings", LISTING_GLOBAL, "GlobalTableName", NULL},
    {"UpdateKinesisStreamingDestination", LISTING_TABLE, "TableName", NULL},
    {"UpdateTable", LISTING_TABLE, "TableName", NULL},
    {"UpdateTableReplicaAutoScaling", LISTING_TABLE, "TableName", NULL},
    {"UpdateTimeToLive", LISTING_TABLE, "TableName", NULL},
};

static struct slice listing_member(const struct json *body, const char *member)
{
    const char *dot = strchr(member, '.');
    char outer[64];
    if (dot == NULL) {
        return shape_text(json_get(body, member));
    }
    ensure((size_t)(dot - member) < sizeof(outer));
    memcpy(outer, member, (size_t)(dot - member));
    outer[dot - member] = 0;
    const struct json *inner = json_get(body, outer);
    return inner == NULL ? (struct slice){NULL, 0} : shape_text(json_get(inner, dot + 1));
}

static void
listing_table(struct call *call, struct access_list *list, const char *action, struct slice asked)
{
    struct error foreign = {0};
    struct slice name;
    struct slice index = shape_text(json_get(call->body, "IndexName"));
    if (!request_resolve_name(call->node, asked, &name, &foreign)) {
        (void)access_add_arn(list, action, asked); /* Not of this node; nor is it found here. */
        return;
    }
    (void)access_add(list, action, name, NULL, index);
}

static void listing_row(struct call *call, struct access_list *list, const struct listing_row *row)
{
    const char *action = row->action != NULL
                             ? row->action
                             : arena_printf(call->arena, "dynamodb:%s", row->operation);
    struct slice text =
        row->member == NULL ? (struct slice){NULL, 0} : listing_member(call->body, row->member);
    switch (row->kind) {
    case LISTING_TABLE:
        if (text.size > 0) {
            listing_table(call, list, action, text);
        }
        break;
    case LISTING_ARN:
        if (text.size > 0) {
            (void)access_add_arn(list, action, text);
        }
        break;
    case LISTING_GLOBAL:
        (void)access_add_arn(
            list, action,
            slice_text(arena_printf(call->arena, "arn:aws:dynamodb::%s:global-table/%.*s",
                                    call->node->account, SLICE_ARGS(text))));
        break;
    case LISTING_STREAMS:
        text = text.size == 0 ? SLICE_LITERAL("*") : text;
        (void)access_add_arn(list, action, access_table_arn(list, text, "/stream/*"));
        break;
    case LISTING_TABLES:
        (void)access_add_arn(list, action, access_table_arn(list, SLICE_LITERAL("*"), ""));
        break;
    case LISTING_ALL:
        (void)access_add_arn(list, action, SLICE_LITERAL("*"));
        break;
    }
}

/* What CreateTable puts on its table needs the permission to put it. */
static void listing_created(struct call *call, struct access_list *list)
{
    static const struct listing_row rows[] = {
        {"CreateTable", LISTING_TABLE, "TableName", "dynamodb:TagResource"},
        {"CreateTable", LISTING_TABLE, "TableName", "dynamodb:PutResourcePolicy"},
    };
    const struct json *tags = json_get(call->body, "Tags");
    if (tags != NULL && tags->count > 0) {
        listing_row(call, list, &rows[0]);
    }
    if (json_get(call->body, "ResourcePolicy") != NULL) {
        listing_row(call, list, &rows[1]);
    }
}

void operation_list(struct call *call, struct access_list *list)
{
    bool listed = false;
    if (call->operation->access != NULL) {
        call->operation->access(call, list);
        return;
    }
    for (size_t i = 0; i < ARRAY_COUNT(listing_rows); i++) {
        if (strcmp(listing_rows[i].operation, call->operation->name) == 0) {
            listing_row(call, list, &listing_rows[i]);
            listed = true;
        }
    }
    if (strcmp(call->operation->name, "CreateTable") == 0) {
        listing_created(call, list);
    }
    list->unlisted = !listed;
}
