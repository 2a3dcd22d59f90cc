#include "daemon/api/operations.h"

const struct operation *const operations[] = {
    &operation_batch_get_item,
    &operation_batch_write_item,
    &operation_create_table,
    &operation_delete_item,
    &operation_delete_table,
    &operation_describe_continuous_backups,
    &operation_describe_endpoints,
    &operation_describe_limits,
    &operation_describe_table,
    &operation_describe_time_to_live,
    &operation_execute_statement,
    &operation_get_item,
    &operation_list_tables,
    &operation_list_tags_of_resource,
    &operation_put_item,
    &operation_query,
    &operation_scan,
    &operation_update_item,
    &operation_update_table,
};
const uint32_t operations_count = ARRAY_COUNT(operations);

/* Every operation of DynamoDB and DynamoDB Streams, sorted. */
static const char *const operation_names[] = {
    "BatchExecuteStatement",
    "BatchGetItem",
    "BatchWriteItem",
    "CreateBackup",
    "CreateGlobalTable",
    "CreateTable",
    "DeleteBackup",
    "DeleteItem",
    "DeleteResourcePolicy",
    "DeleteTable",
    "DescribeBackup",
    "DescribeContinuousBackups",
    "DescribeContributorInsights",
    "DescribeEndpoints",
    "DescribeExport",
    "DescribeGlobalTable",
    "DescribeGlobalTableSettings",
    "DescribeImport",
    "DescribeKinesisStreamingDestination",
    "DescribeLimits",
    "DescribeStream",
    "DescribeTable",
    "DescribeTableReplicaAutoScaling",
    "DescribeTimeToLive",
    "DisableKinesisStreamingDestination",
    "EnableKinesisStreamingDestination",
    "ExecuteStatement",
    "ExecuteTransaction",
    "ExportTableToPointInTime",
    "GetItem",
    "GetRecords",
    "GetResourcePolicy",
    "GetShardIterator",
    "ImportTable",
    "ListBackups",
    "ListContributorInsights",
    "ListExports",
    "ListGlobalTables",
    "ListImports",
    "ListStreams",
    "ListTables",
    "ListTagsOfResource",
    "PutItem",
    "PutResourcePolicy",
    "Query",
    "RestoreTableFromBackup",
    "RestoreTableToPointInTime",
    "Scan",
    "SearchVectors",
    "TagResource",
    "TransactGetItems",
    "TransactWriteItems",
    "UntagResource",
    "UpdateContinuousBackups",
    "UpdateContributorInsights",
    "UpdateGlobalTable",
    "UpdateGlobalTableSettings",
    "UpdateItem",
    "UpdateKinesisStreamingDestination",
    "UpdateTable",
    "UpdateTableReplicaAutoScaling",
    "UpdateTimeToLive",
};

static int operation_compare(const void *name, const void *entry)
{
    return slice_compare(*(const struct slice *)name, slice_text(*(const char *const *)entry));
}

const struct operation *operation_find(struct slice name, uint32_t *number)
{
    uint32_t low = 0;
    uint32_t high = operations_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        int order = slice_compare(name, slice_text(operations[middle]->name));
        if (order == 0) {
            *number = middle;
            return operations[middle];
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

bool operation_is_known(struct slice name)
{
    return bsearch(&name, operation_names, ARRAY_COUNT(operation_names), sizeof(operation_names[0]),
                   operation_compare) != NULL;
}
