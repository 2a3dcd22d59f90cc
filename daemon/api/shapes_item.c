/* Items, queries, batches. Enums stand in the order in which the service prints them. */
#include "daemon/api/shapes.h"

#include <ctype.h>

bool shape_is_name(struct slice text)
{
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '_' || c == '.' || c == '-';
        if (!fits) {
            return false;
        }
    }
    return text.size > 0;
}

bool shape_is_name_or_arn(struct slice text)
{
    return slice_starts_with(text, SLICE_LITERAL("arn:")) || shape_is_name(text);
}

const struct shape shape_any_string = {.kind = SHAPE_STRING};
const struct shape shape_any_boolean = {.kind = SHAPE_BOOLEAN};
const struct shape shape_table_name = {.kind = SHAPE_STRING,
                                       .min = 1,
                                       .max = 1024,
                                       .pattern = "[a-zA-Z0-9_.-]+",
                                       .matches = shape_is_name_or_arn};

static const struct shape shape_index_name = {.kind = SHAPE_STRING,
                                              .min = TABLE_NAME_BYTES_MIN,
                                              .max = TABLE_NAME_BYTES_MAX,
                                              .pattern = "[a-zA-Z0-9_.-]+",
                                              .matches = shape_is_name};
static const struct shape shape_item = {.kind = SHAPE_ITEM};
static const struct shape shape_attribute_name = {.kind = SHAPE_STRING,
                                                  .max = ATTRIBUTE_NAME_BYTES_MAX};
static const struct shape shape_names = {.kind = SHAPE_MAP, .element = &shape_attribute_name};
static const struct shape shape_limit = {.kind = SHAPE_INTEGER, .min = 1};
static const struct shape shape_segment = {
    .kind = SHAPE_INTEGER, .min = 0, .max = SCAN_SEGMENTS_MAX - 1};
static const struct shape shape_total_segments = {
    .kind = SHAPE_INTEGER, .min = 1, .max = SCAN_SEGMENTS_MAX};

static const char *const shape_return_capacity_values[] = {"INDEXES", "TOTAL", "NONE", NULL};
static const struct shape shape_return_capacity = {.kind = SHAPE_STRING,
                                                   .values = shape_return_capacity_values};
static const char *const shape_return_metrics_values[] = {"SIZE", "NONE", NULL};
static const struct shape shape_return_metrics = {.kind = SHAPE_STRING,
                                                  .values = shape_return_metrics_values};
static const char *const shape_return_values_values[] = {"ALL_NEW", "UPDATED_OLD", "ALL_OLD",
                                                         "NONE",    "UPDATED_NEW", NULL};
static const struct shape shape_return_values = {.kind = SHAPE_STRING,
                                                 .values = shape_return_values_values};
static const char *const shape_return_on_failure_values[] = {"ALL_OLD", "NONE", NULL};
static const struct shape shape_return_on_failure = {.kind = SHAPE_STRING,
                                                     .values = shape_return_on_failure_values};
static const char *const shape_select_values[] = {"SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES",
                                                  "ALL_PROJECTED_ATTRIBUTES", NULL};
static const struct shape shape_select = {.kind = SHAPE_STRING, .values = shape_select_values};

#define LEGACY(member)                                                                             \
    {                                                                                              \
        SHAPE_NAME(member), .role = ROLE_LEGACY                                                    \
    }
#define EXPRESSION(member)                                                                         \
    {                                                                                              \
        SHAPE_NAME(member), .shape = &shape_any_string, .role = ROLE_EXPRESSION                    \
    }
#define TABLE_NAME REQUIRED("TableName", &shape_table_name)
#define NAMES MEMBER("ExpressionAttributeNames", &shape_names)
#define VALUES MEMBER("ExpressionAttributeValues", &shape_item)
#define RETURN_CAPACITY MEMBER("ReturnConsumedCapacity", &shape_return_capacity)
#define RETURN_METRICS MEMBER("ReturnItemCollectionMetrics", &shape_return_metrics)
#define RETURN_VALUES MEMBER("ReturnValues", &shape_return_values)
#define RETURN_ON_FAILURE MEMBER("ReturnValuesOnConditionCheckFailure", &shape_return_on_failure)
#define CONSISTENT_READ MEMBER("ConsistentRead", &shape_any_boolean)

static const struct shape_member shape_put_item_members[] = {
    TABLE_NAME,
    REQUIRED("Item", &shape_item),
    LEGACY("Expected"),
    RETURN_VALUES,
    RETURN_CAPACITY,
    RETURN_METRICS,
    LEGACY("ConditionalOperator"),
    EXPRESSION("ConditionExpression"),
    NAMES,
    VALUES,
    RETURN_ON_FAILURE,
};
const struct shape shape_put_item = {
    .kind = SHAPE_STRUCTURE, .name = "PutItemInput", SHAPE_MEMBERS(shape_put_item_members)};

static const struct shape_member shape_get_item_members[] = {
    TABLE_NAME,
    REQUIRED("Key", &shape_item),
    LEGACY("AttributesToGet"),
    CONSISTENT_READ,
    RETURN_CAPACITY,
    EXPRESSION("ProjectionExpression"),
    NAMES,
};
const struct shape shape_get_item = {
    .kind = SHAPE_STRUCTURE, .name = "GetItemInput", SHAPE_MEMBERS(shape_get_item_members)};

static const struct shape_member shape_update_item_members[] = {
    TABLE_NAME,
    REQUIRED("Key", &shape_item),
    LEGACY("AttributeUpdates"),
    LEGACY("Expected"),
    LEGACY("ConditionalOperator"),
    RETURN_VALUES,
    RETURN_CAPACITY,
    RETURN_METRICS,
    EXPRESSION("UpdateExpression"),
    EXPRESSION("ConditionExpression"),
    NAMES,
    VALUES,
    RETURN_ON_FAILURE,
};
const struct shape shape_update_item = {
    .kind = SHAPE_STRUCTURE, .name = "UpdateItemInput", SHAPE_MEMBERS(shape_update_item_members)};

static const struct shape_member shape_delete_item_members[] = {
    TABLE_NAME,
    REQUIRED("Key", &shape_item),
    LEGACY("Expected"),
    LEGACY("ConditionalOperator"),
    RETURN_VALUES,
    RETURN_CAPACITY,
    RETURN_METRICS,
    EXPRESSION("ConditionExpression"),
    NAMES,
    VALUES,
    RETURN_ON_FAILURE,
};
const struct shape shape_delete_item = {
    .kind = SHAPE_STRUCTURE, .name = "DeleteItemInput", SHAPE_MEMBERS(shape_delete_item_members)};

static const struct shape_member shape_query_members[] = {
    TABLE_NAME,
    MEMBER("IndexName", &shape_index_name),
    MEMBER("Select", &shape_select),
    LEGACY("AttributesToGet"),
    MEMBER("Limit", &shape_limit),
    CONSISTENT_READ,
    LEGACY("KeyConditions"),
    LEGACY("QueryFilter"),
    LEGACY("ConditionalOperator"),
    MEMBER("ScanIndexForward", &shape_any_boolean),
    MEMBER("ExclusiveStartKey", &shape_item),
    RETURN_CAPACITY,
    EXPRESSION("ProjectionExpression"),
    EXPRESSION("FilterExpression"),
    EXPRESSION("KeyConditionExpression"),
    NAMES,
    VALUES,
};
const struct shape shape_query = {
    .kind = SHAPE_STRUCTURE, .name = "QueryInput", SHAPE_MEMBERS(shape_query_members)};

static const struct shape_member shape_scan_members[] = {
    TABLE_NAME,
    MEMBER("IndexName", &shape_index_name),
    LEGACY("AttributesToGet"),
    MEMBER("Limit", &shape_limit),
    MEMBER("Select", &shape_select),
    LEGACY("ScanFilter"),
    LEGACY("ConditionalOperator"),
    MEMBER("ExclusiveStartKey", &shape_item),
    RETURN_CAPACITY,
    MEMBER("TotalSegments", &shape_total_segments),
    MEMBER("Segment", &shape_segment),
    EXPRESSION("ProjectionExpression"),
    EXPRESSION("FilterExpression"),
    NAMES,
    VALUES,
    CONSISTENT_READ,
};
const struct shape shape_scan = {
    .kind = SHAPE_STRUCTURE, .name = "ScanInput", SHAPE_MEMBERS(shape_scan_members)};

static const struct shape shape_keys = {
    .kind = SHAPE_LIST, .min = 1, .max = BATCH_GET_KEYS_MAX, .element = &shape_item};
static const struct shape_member shape_keys_and_attributes_members[] = {
    REQUIRED("Keys", &shape_keys),
    LEGACY("AttributesToGet"),
    CONSISTENT_READ,
    EXPRESSION("ProjectionExpression"),
    NAMES,
};
static const struct shape shape_keys_and_attributes = {
    .kind = SHAPE_STRUCTURE,
    .name = "KeysAndAttributes",
    SHAPE_MEMBERS(shape_keys_and_attributes_members)};
/* An empty map has a text of its own (11.1). */
static const struct shape shape_batch_get_map = {.kind = SHAPE_MAP,
                                                 .max = BATCH_GET_KEYS_MAX,
                                                 .key = &shape_table_name,
                                                 .element = &shape_keys_and_attributes};
static const struct shape_member shape_batch_get_item_members[] = {
    MEMBER("RequestItems", &shape_batch_get_map),
    RETURN_CAPACITY,
};
const struct shape shape_batch_get_item = {.kind = SHAPE_STRUCTURE,
                                           .name = "BatchGetItemInput",
                                           SHAPE_MEMBERS(shape_batch_get_item_members)};

static const struct shape_member shape_put_request_members[] = {
    REQUIRED("Item", &shape_item),
};
static const struct shape shape_put_request = {
    .kind = SHAPE_STRUCTURE, .name = "PutRequest", SHAPE_MEMBERS(shape_put_request_members)};
static const struct shape_member shape_delete_request_members[] = {
    REQUIRED("Key", &shape_item),
};
static const struct shape shape_delete_request = {
    .kind = SHAPE_STRUCTURE, .name = "DeleteRequest", SHAPE_MEMBERS(shape_delete_request_members)};
static const struct shape_member shape_write_request_members[] = {
    MEMBER("PutRequest", &shape_put_request),
    MEMBER("DeleteRequest", &shape_delete_request),
};
static const struct shape shape_write_request = {
    .kind = SHAPE_STRUCTURE, .name = "WriteRequest", SHAPE_MEMBERS(shape_write_request_members)};
static const struct shape shape_write_requests = {
    .kind = SHAPE_LIST, .min = 1, .max = BATCH_WRITE_REQUESTS_MAX, .element = &shape_write_request};
static const struct shape shape_batch_write_map = {.kind = SHAPE_MAP,
                                                   .max = BATCH_WRITE_REQUESTS_MAX,
                                                   .key = &shape_table_name,
                                                   .element = &shape_write_requests};
static const struct shape_member shape_batch_write_item_members[] = {
    MEMBER("RequestItems", &shape_batch_write_map),
    RETURN_CAPACITY,
    RETURN_METRICS,
};
const struct shape shape_batch_write_item = {.kind = SHAPE_STRUCTURE,
                                             .name = "BatchWriteItemInput",
                                             SHAPE_MEMBERS(shape_batch_write_item_members)};
