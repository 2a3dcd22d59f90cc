/* Items, queries, batches, transactions, statements. Written by `generate` from the service model:
 * change that, not this. */
#include "daemon/api/model/model.h"

const struct shape model_attribute_value_list = {.kind = SHAPE_LIST, .element = &model_value};

static const struct shape_member model_expected_attribute_value_members[] = {
    MEMBER("Value", &model_value),
    MEMBER("Exists", &model_boolean_object),
    MEMBER("ComparisonOperator", &model_comparison_operator),
    MEMBER("AttributeValueList", &model_attribute_value_list),
};
static const uint8_t model_expected_attribute_value_slots[] = {3, 2, 1, 0};
const struct shape model_expected_attribute_value = {
    .kind = SHAPE_STRUCTURE,
    .name = "ExpectedAttributeValue",
    MEMBERS(model_expected_attribute_value_members, model_expected_attribute_value_slots),
    .hash = {0, 2, 1, 1}};

const struct shape model_expected_attribute_map = {
    .kind = SHAPE_MAP, .element = &model_expected_attribute_value, .key = &model_attribute_name};

const struct shape model_expression_attribute_name_map = {.kind = SHAPE_MAP,
                                                          .element = &model_attribute_name};

static const struct shape_member shape_put_item_members[] = {
    REQUIRED("TableName", &model_table_arn),
    REQUIRED("Item", &model_item),
    LEGACY("Expected", &model_expected_attribute_map),
    MEMBER("ReturnValues", &model_return_value),
    MEMBER("ReturnConsumedCapacity", &model_return_consumed_capacity),
    MEMBER("ReturnItemCollectionMetrics", &model_return_item_collection_metrics),
    LEGACY("ConditionalOperator", &model_conditional_operator),
    EXPRESSION("ConditionExpression", &model_condition_expression),
    MEMBER("ExpressionAttributeNames", &model_expression_attribute_name_map),
    MEMBER("ExpressionAttributeValues", &model_item),
    MEMBER("ReturnValuesOnConditionCheckFailure", &model_return_values_on_condition_check_failure),
};
static const uint8_t shape_put_item_slots[] = {255, 10, 2, 7, 1, 255, 255, 0,
                                               255, 4,  3, 5, 8, 6,   9,   255};
const struct shape shape_put_item = {.kind = SHAPE_STRUCTURE,
                                     .name = "PutItemInput",
                                     MEMBERS(shape_put_item_members, shape_put_item_slots),
                                     .hash = {0, 3, 13, 3},
                                     .mixes = true};

const struct shape model_attribute_name_list = {
    .kind = SHAPE_LIST, .min = 1, .element = &model_attribute_name};

static const struct shape_member shape_get_item_members[] = {
    REQUIRED("TableName", &model_table_arn),
    REQUIRED("Key", &model_item),
    LEGACY("AttributesToGet", &model_attribute_name_list),
    MEMBER("ConsistentRead", &model_consistent_read),
    MEMBER("ReturnConsumedCapacity", &model_return_consumed_capacity),
    EXPRESSION("ProjectionExpression", &model_projection_expression),
    MEMBER("ExpressionAttributeNames", &model_expression_attribute_name_map),
};
static const uint8_t shape_get_item_slots[] = {2, 3, 6, 4, 0, 1, 5, 255};
const struct shape shape_get_item = {.kind = SHAPE_STRUCTURE,
                                     .name = "GetItemInput",
                                     MEMBERS(shape_get_item_members, shape_get_item_slots),
                                     .hash = {0, 0, 5, 3},
                                     .mixes = true};

static const struct shape_member model_attribute_value_update_members[] = {
    MEMBER("Value", &model_value),
    MEMBER("Action", &model_attribute_action),
};
static const uint8_t model_attribute_value_update_slots[] = {0, 1};
const struct shape model_attribute_value_update = {
    .kind = SHAPE_STRUCTURE,
    .name = "AttributeValueUpdate",
    MEMBERS(model_attribute_value_update_members, model_attribute_value_update_slots),
    .hash = {0, 0, 1, 1}};

const struct shape model_attribute_updates = {
    .kind = SHAPE_MAP, .element = &model_attribute_value_update, .key = &model_attribute_name};

static const struct shape_member shape_update_item_members[] = {
    REQUIRED("TableName", &model_table_arn),
    REQUIRED("Key", &model_item),
    LEGACY("AttributeUpdates", &model_attribute_updates),
    LEGACY("Expected", &model_expected_attribute_map),
    LEGACY("ConditionalOperator", &model_conditional_operator),
    MEMBER("ReturnValues", &model_return_value),
    MEMBER("ReturnConsumedCapacity", &model_return_consumed_capacity),
    MEMBER("ReturnItemCollectionMetrics", &model_return_item_collection_metrics),
    EXPRESSION("UpdateExpression", &model_update_expression),
    EXPRESSION("ConditionExpression", &model_condition_expression),
    MEMBER("ExpressionAttributeNames", &model_expression_attribute_name_map),
    MEMBER("ExpressionAttributeValues", &model_item),
    MEMBER("ReturnValuesOnConditionCheckFailure", &model_return_values_on_condition_check_failure),
};
static const uint8_t shape_update_item_slots[] = {10, 11, 4, 3, 0, 255, 9,   6,
                                                  12, 8,  7, 5, 2, 255, 255, 1};
const struct shape shape_update_item = {.kind = SHAPE_STRUCTURE,
                                        .name = "UpdateItemInput",
                                        MEMBERS(shape_update_item_members, shape_update_item_slots),
                                        .hash = {0, 0, 3, 3},
                                        .mixes = true};

static const struct shape_member shape_delete_item_members[] = {
    REQUIRED("TableName", &model_table_arn),
    REQUIRED("Key", &model_item),
    LEGACY("Expected", &model_expected_attribute_map),
    LEGACY("ConditionalOperator", &model_conditional_operator),
    MEMBER("ReturnValues", &model_return_value),
    MEMBER("ReturnConsumedCapacity", &model_return_consumed_capacity),
    MEMBER("ReturnItemCollectionMetrics", &model_return_item_collection_metrics),
    EXPRESSION("ConditionExpression", &model_condition_expression),
    MEMBER("ExpressionAttributeNames", &model_expression_attribute_name_map),
    MEMBER("ExpressionAttributeValues", &model_item),
    MEMBER("ReturnValuesOnConditionCheckFailure", &model_return_values_on_condition_check_failure),
};
static const uint8_t shape_delete_item_slots[] = {8,  9,   3, 2, 0,   255, 7,   5,
                                                  10, 255, 6, 4, 255, 255, 255, 1};
const struct shape shape_delete_item = {.kind = SHAPE_STRUCTURE,
                                        .name = "DeleteItemInput",
                                        MEMBERS(shape_delete_item_members, shape_delete_item_slots),
                                        .hash = {0, 0, 3, 3},
                                        .mixes = true};

static const struct shape_member model_condition_members[] = {
    MEMBER("AttributeValueList", &model_attribute_value_list),
    REQUIRED("ComparisonOperator", &model_comparison_operator),
};
static const uint8_t model_condition_slots[] = {0, 1};
const struct shape model_condition = {.kind = SHAPE_STRUCTURE,
                                      .name = "Condition",
                                      MEMBERS(model_condition_members, model_condition_slots),
                                      .hash = {0, 2, 1, 1}};

const struct shape model_key_conditions = {
    .kind = SHAPE_MAP, .element = &model_condition, .key = &model_attribute_name};

const struct shape model_filter_condition_map = {
    .kind = SHAPE_MAP, .element = &model_condition, .key = &model_attribute_name};

static const struct shape_member shape_query_members[] = {
    REQUIRED("TableName", &model_table_arn),
    MEMBER("IndexName", &model_index_name),
    MEMBER("Select", &model_select),
    LEGACY("AttributesToGet", &model_attribute_name_list),
    MEMBER("Limit", &model_positive_integer_object),
    MEMBER("ConsistentRead", &model_consistent_read),
    LEGACY("KeyConditions", &model_key_conditions),
    LEGACY("QueryFilter", &model_filter_condition_map),
    LEGACY("ConditionalOperator", &model_conditional_operator),
    MEMBER("ScanIndexForward", &model_boolean_object),
    MEMBER("ExclusiveStartKey", &model_item),
    MEMBER("ReturnConsumedCapacity", &model_return_consumed_capacity),
    EXPRESSION("ProjectionExpression", &model_projection_expression),
    EXPRESSION("FilterExpression", &model_condition_expression),
    EXPRESSION("KeyConditionExpression", &model_key_expression),
    MEMBER("ExpressionAttributeNames", &model_expression_attribute_name_map),
    MEMBER("ExpressionAttributeValues", &model_item),
};
static const uint8_t shape_query_slots[] = {15, 16,  14,  9,  255, 1,   0,   8,   255, 255, 255,
                                            3,  255, 13,  2,  12,  11,  255, 255, 255, 6,   255,
                                            4,  7,   255, 10, 255, 255, 5,   255, 255, 255};
const struct shape shape_query = {.kind = SHAPE_STRUCTURE,
                                  .name = "QueryInput",
                                  MEMBERS(shape_query_members, shape_query_slots),
                                  .hash = {0, 1, 3, 5},
                                  .mixes = true};

static const struct shape_member shape_scan_members[] = {
    REQUIRED("TableName", &model_table_arn),
    MEMBER("IndexName", &model_index_name),
    LEGACY("AttributesToGet", &model_attribute_name_list),
    MEMBER("Limit", &model_positive_integer_object),
    MEMBER("Select", &model_select),
    LEGACY("ScanFilter", &model_filter_condition_map),
    LEGACY("ConditionalOperator", &model_conditional_operator),
    MEMBER("ExclusiveStartKey", &model_item),
    MEMBER("ReturnConsumedCapacity", &model_return_consumed_capacity),
    MEMBER("TotalSegments", &model_scan_total_segments),
    MEMBER("Segment", &model_scan_segment),
    EXPRESSION("ProjectionExpression", &model_projection_expression),
    EXPRESSION("FilterExpression", &model_condition_expression),
    MEMBER("ExpressionAttributeNames", &model_expression_attribute_name_map),
    MEMBER("ExpressionAttributeValues", &model_item),
    MEMBER("ConsistentRead", &model_consistent_read),
};
static const uint8_t shape_scan_slots[] = {12,  7,   13,  14,  255, 255, 6, 255, 255, 255, 0,
                                           4,   10,  5,   2,   255, 255, 1, 11,  15,  255, 8,
                                           255, 255, 255, 255, 255, 255, 9, 3,   255, 255};
const struct shape shape_scan = {.kind = SHAPE_STRUCTURE,
                                 .name = "ScanInput",
                                 MEMBERS(shape_scan_members, shape_scan_slots),
                                 .hash = {0, 0, 11, 1},
                                 .mixes = true};

const struct shape model_key_list = {
    .kind = SHAPE_LIST, .min = 1, .max = 100, .element = &model_item};

static const struct shape_member model_keys_and_attributes_members[] = {
    REQUIRED("Keys", &model_key_list),
    LEGACY("AttributesToGet", &model_attribute_name_list),
    MEMBER("ConsistentRead", &model_consistent_read),
    EXPRESSION("ProjectionExpression", &model_projection_expression),
    MEMBER("ExpressionAttributeNames", &model_expression_attribute_name_map),
};
static const uint8_t model_keys_and_attributes_slots[] = {1, 2, 3, 255, 4, 255, 0, 255};
const struct shape model_keys_and_attributes = {
    .kind = SHAPE_STRUCTURE,
    .name = "KeysAndAttributes",
    MEMBERS(model_keys_and_attributes_members, model_keys_and_attributes_slots),
    .hash = {0, 0, 5, 1},
    .mixes = true};

const struct shape model_batch_get_request_map = {
    .kind = SHAPE_MAP, .max = 100, .element = &model_keys_and_attributes, .key = &model_table_arn};

static const struct shape_member shape_batch_get_item_members[] = {
    MEMBER("RequestItems", &model_batch_get_request_map),
    MEMBER("ReturnConsumedCapacity", &model_return_consumed_capacity),
};
static const uint8_t shape_batch_get_item_slots[] = {1, 0};
const struct shape shape_batch_get_item = {
    .kind = SHAPE_STRUCTURE,
    .name = "BatchGetItemInput",
    MEMBERS(shape_batch_get_item_members, shape_batch_get_item_slots),
    .hash = {0, 1, 1, 1}};

static const struct shape_member model_put_request_members[] = {
    REQUIRED("Item", &model_item),
};
static const uint8_t model_put_request_slots[] = {0};
const struct shape model_put_request = {.kind = SHAPE_STRUCTURE,
                                        .name = "PutRequest",
                                        MEMBERS(model_put_request_members, model_put_request_slots),
                                        .hash = {0, 0, 1, 1}};

static const struct shape_member model_delete_request_members[] = {
    REQUIRED("Key", &model_item),
};
static const uint8_t model_delete_request_slots[] = {0};
const struct shape model_delete_request = {
    .kind = SHAPE_STRUCTURE,
    .name = "DeleteRequest",
    MEMBERS(model_delete_request_members, model_delete_request_slots),
    .hash = {0, 0, 1, 1}};

static const struct shape_member model_write_request_members[] = {
    MEMBER("PutRequest", &model_put_request),
    MEMBER("DeleteRequest", &model_delete_request),
};
static const uint8_t model_write_request_slots[] = {0, 1};
const struct shape model_write_request = {
    .kind = SHAPE_STRUCTURE,
    .name = "WriteRequest",
    MEMBERS(model_write_request_members, model_write_request_slots),
    .hash = {0, 0, 1, 1}};

const struct shape model_write_requests = {
    .kind = SHAPE_LIST, .min = 1, .max = 25, .element = &model_write_request};

const struct shape model_batch_write_item_request_map = {
    .kind = SHAPE_MAP, .max = 25, .element = &model_write_requests, .key = &model_table_arn};

static const struct shape_member shape_batch_write_item_members[] = {
    MEMBER("RequestItems", &model_batch_write_item_request_map),
    MEMBER("ReturnConsumedCapacity", &model_return_consumed_capacity),
    MEMBER("ReturnItemCollectionMetrics", &model_return_item_collection_metrics),
};
static const uint8_t shape_batch_write_item_slots[] = {1, 0, 2, 255};
const struct shape shape_batch_write_item = {
    .kind = SHAPE_STRUCTURE,
    .name = "BatchWriteItemInput",
    MEMBERS(shape_batch_write_item_members, shape_batch_write_item_slots),
    .hash = {0, 1, 1, 3}};

static const struct shape_member model_get_members[] = {
    REQUIRED("Key", &model_item),
    REQUIRED("TableName", &model_table_arn),
    EXPRESSION("ProjectionExpression", &model_projection_expression),
    MEMBER("ExpressionAttributeNames", &model_expression_attribute_name_map),
};
static const uint8_t model_get_slots[] = {3, 0, 1, 2};
const struct shape model_get = {.kind = SHAPE_STRUCTURE,
                                .name = "Get",
                                MEMBERS(model_get_members, model_get_slots),
                                .hash = {0, 1, 3, 1}};

static const struct shape_member model_transact_get_item_members[] = {
    REQUIRED("Get", &model_get),
};
static const uint8_t model_transact_get_item_slots[] = {0};
const struct shape model_transact_get_item = {
    .kind = SHAPE_STRUCTURE,
    .name = "TransactGetItem",
    MEMBERS(model_transact_get_item_members, model_transact_get_item_slots),
    .hash = {0, 0, 1, 1}};

const struct shape model_transact_get_item_list = {
    .kind = SHAPE_LIST, .min = 1, .max = 100, .element = &model_transact_get_item};

static const struct shape_member shape_transact_get_items_members[] = {
    REQUIRED("TransactItems", &model_transact_get_item_list),
    MEMBER("ReturnConsumedCapacity", &model_return_consumed_capacity),
};
static const uint8_t shape_transact_get_items_slots[] = {0, 1};
const struct shape shape_transact_get_items = {
    .kind = SHAPE_STRUCTURE,
    .name = "TransactGetItemsInput",
    MEMBERS(shape_transact_get_items_members, shape_transact_get_items_slots),
    .hash = {0, 0, 1, 1}};

static const struct shape_member model_condition_check_members[] = {
    REQUIRED("Key", &model_item),
    REQUIRED("TableName", &model_table_arn),
    REQUIRED("ConditionExpression", &model_condition_expression),
    MEMBER("ExpressionAttributeNames", &model_expression_attribute_name_map),
    MEMBER("ExpressionAttributeValues", &model_item),
    MEMBER("ReturnValuesOnConditionCheckFailure", &model_return_values_on_condition_check_failure),
};
static const uint8_t model_condition_check_slots[] = {3, 4, 255, 5, 255, 0, 1, 2};
const struct shape model_condition_check = {
    .kind = SHAPE_STRUCTURE,
    .name = "ConditionCheck",
    MEMBERS(model_condition_check_members, model_condition_check_slots),
    .hash = {0, 1, 3, 5}};

static const struct shape_member model_put_members[] = {
    REQUIRED("Item", &model_item),
    REQUIRED("TableName", &model_table_arn),
    EXPRESSION("ConditionExpression", &model_condition_expression),
    MEMBER("ExpressionAttributeNames", &model_expression_attribute_name_map),
    MEMBER("ExpressionAttributeValues", &model_item),
    MEMBER("ReturnValuesOnConditionCheckFailure", &model_return_values_on_condition_check_failure),
};
static const uint8_t model_put_slots[] = {0, 3, 255, 1, 2, 4, 255, 5};
const struct shape model_put = {.kind = SHAPE_STRUCTURE,
                                .name = "Put",
                                MEMBERS(model_put_members, model_put_slots),
                                .hash = {0, 6, 1, 3}};

static const struct shape_member model_delete_members[] = {
    REQUIRED("Key", &model_item),
    REQUIRED("TableName", &model_table_arn),
    EXPRESSION("ConditionExpression", &model_condition_expression),
    MEMBER("ExpressionAttributeNames", &model_expression_attribute_name_map),
    MEMBER("ExpressionAttributeValues", &model_item),
    MEMBER("ReturnValuesOnConditionCheckFailure", &model_return_values_on_condition_check_failure),
};
static const uint8_t model_delete_slots[] = {3, 4, 255, 5, 255, 0, 1, 2};
const struct shape model_delete = {.kind = SHAPE_STRUCTURE,
                                   .name = "Delete",
                                   MEMBERS(model_delete_members, model_delete_slots),
                                   .hash = {0, 1, 3, 5}};

static const struct shape_member model_update_members[] = {
    REQUIRED("Key", &model_item),
    REQUIRED("UpdateExpression", &model_update_expression),
    REQUIRED("TableName", &model_table_arn),
    EXPRESSION("ConditionExpression", &model_condition_expression),
    MEMBER("ExpressionAttributeNames", &model_expression_attribute_name_map),
    MEMBER("ExpressionAttributeValues", &model_item),
    MEMBER("ReturnValuesOnConditionCheckFailure", &model_return_values_on_condition_check_failure),
};
static const uint8_t model_update_slots[] = {4, 5, 1, 6, 255, 0, 2, 3};
const struct shape model_update = {.kind = SHAPE_STRUCTURE,
                                   .name = "Update",
                                   MEMBERS(model_update_members, model_update_slots),
                                   .hash = {0, 1, 3, 5}};

static const struct shape_member model_transact_write_item_members[] = {
    MEMBER("ConditionCheck", &model_condition_check),
    MEMBER("Put", &model_put),
    MEMBER("Delete", &model_delete),
    MEMBER("Update", &model_update),
};
static const uint8_t model_transact_write_item_slots[] = {0, 2, 3, 1};
const struct shape model_transact_write_item = {
    .kind = SHAPE_STRUCTURE,
    .name = "TransactWriteItem",
    MEMBERS(model_transact_write_item_members, model_transact_write_item_slots),
    .hash = {0, 2, 1, 3}};

const struct shape model_transact_write_item_list = {
    .kind = SHAPE_LIST, .min = 1, .max = 100, .element = &model_transact_write_item};

static const struct shape_member shape_transact_write_items_members[] = {
    REQUIRED("TransactItems", &model_transact_write_item_list),
    MEMBER("ReturnConsumedCapacity", &model_return_consumed_capacity),
    MEMBER("ReturnItemCollectionMetrics", &model_return_item_collection_metrics),
    MEMBER("ClientRequestToken", &model_client_request_token),
};
static const uint8_t shape_transact_write_items_slots[] = {1, 0, 2, 3};
const struct shape shape_transact_write_items = {
    .kind = SHAPE_STRUCTURE,
    .name = "TransactWriteItemsInput",
    MEMBERS(shape_transact_write_items_members, shape_transact_write_items_slots),
    .hash = {0, 5, 3, 1}};

const struct shape model_prepared_statement_parameters = {
    .kind = SHAPE_LIST, .min = 1, .element = &model_value};

static const struct shape_member shape_execute_statement_members[] = {
    REQUIRED("Statement", &model_parti_ql_statement),
    MEMBER("Parameters", &model_prepared_statement_parameters),
    MEMBER("ConsistentRead", &model_consistent_read),
    MEMBER("NextToken", &model_parti_ql_next_token),
    MEMBER("ReturnConsumedCapacity", &model_return_consumed_capacity),
    MEMBER("Limit", &model_positive_integer_object),
    MEMBER("ReturnValuesOnConditionCheckFailure", &model_return_values_on_condition_check_failure),
};
static const uint8_t shape_execute_statement_slots[] = {255, 2, 0, 1, 4, 5, 6, 3};
const struct shape shape_execute_statement = {
    .kind = SHAPE_STRUCTURE,
    .name = "ExecuteStatementInput",
    MEMBERS(shape_execute_statement_members, shape_execute_statement_slots),
    .hash = {0, 5, 7, 5}};

static const struct shape_member model_batch_statement_request_members[] = {
    REQUIRED("Statement", &model_parti_ql_statement),
    MEMBER("Parameters", &model_prepared_statement_parameters),
    MEMBER("ConsistentRead", &model_consistent_read),
    MEMBER("ReturnValuesOnConditionCheckFailure", &model_return_values_on_condition_check_failure),
};
static const uint8_t model_batch_statement_request_slots[] = {2, 1, 3, 0};
const struct shape model_batch_statement_request = {
    .kind = SHAPE_STRUCTURE,
    .name = "BatchStatementRequest",
    MEMBERS(model_batch_statement_request_members, model_batch_statement_request_slots),
    .hash = {1, 1, 1, 3}};

const struct shape model_parti_ql_batch_request = {
    .kind = SHAPE_LIST, .min = 1, .max = 25, .element = &model_batch_statement_request};

static const struct shape_member shape_batch_execute_statement_members[] = {
    REQUIRED("Statements", &model_parti_ql_batch_request),
    MEMBER("ReturnConsumedCapacity", &model_return_consumed_capacity),
};
static const uint8_t shape_batch_execute_statement_slots[] = {0, 1};
const struct shape shape_batch_execute_statement = {
    .kind = SHAPE_STRUCTURE,
    .name = "BatchExecuteStatementInput",
    MEMBERS(shape_batch_execute_statement_members, shape_batch_execute_statement_slots),
    .hash = {0, 0, 1, 1}};

static const struct shape_member model_parameterized_statement_members[] = {
    REQUIRED("Statement", &model_parti_ql_statement),
    MEMBER("Parameters", &model_prepared_statement_parameters),
    MEMBER("ReturnValuesOnConditionCheckFailure", &model_return_values_on_condition_check_failure),
};
static const uint8_t model_parameterized_statement_slots[] = {0, 1, 2, 255};
const struct shape model_parameterized_statement = {
    .kind = SHAPE_STRUCTURE,
    .name = "ParameterizedStatement",
    MEMBERS(model_parameterized_statement_members, model_parameterized_statement_slots),
    .hash = {0, 0, 1, 1}};

const struct shape model_parameterized_statements = {
    .kind = SHAPE_LIST, .min = 1, .max = 100, .element = &model_parameterized_statement};

static const struct shape_member shape_execute_transaction_members[] = {
    REQUIRED("TransactStatements", &model_parameterized_statements),
    MEMBER("ClientRequestToken", &model_client_request_token),
    MEMBER("ReturnConsumedCapacity", &model_return_consumed_capacity),
};
static const uint8_t shape_execute_transaction_slots[] = {0, 255, 1, 2};
const struct shape shape_execute_transaction = {
    .kind = SHAPE_STRUCTURE,
    .name = "ExecuteTransactionInput",
    MEMBERS(shape_execute_transaction_members, shape_execute_transaction_slots),
    .hash = {0, 2, 1, 3}};

const struct shape model_search_vector_list = {
    .kind = SHAPE_LIST, .min = 1, .max = 4096, .element = &model_value};

static const struct shape_member shape_search_vectors_members[] = {
    REQUIRED("TableName", &model_table_arn),
    REQUIRED("IndexName", &model_index_name),
    MEMBER("ReturnConsumedCapacity", &model_return_consumed_capacity),
    MEMBER("ExpressionAttributeNames", &model_expression_attribute_name_map),
    MEMBER("ExpressionAttributeValues", &model_item),
    EXPRESSION("ProjectionExpression", &model_projection_expression),
    REQUIRED("SearchVector", &model_search_vector_list),
    MEMBER("SearchConditionExpression", &model_string),
    REQUIRED("TopK", &model_top_k_integer),
};
static const uint8_t shape_search_vectors_slots[] = {255, 255, 7, 255, 255, 2, 0,   255,
                                                     255, 6,   5, 1,   3,   4, 255, 8};
const struct shape shape_search_vectors = {
    .kind = SHAPE_STRUCTURE,
    .name = "SearchVectorsInput",
    MEMBERS(shape_search_vectors_members, shape_search_vectors_slots),
    .hash = {0, 0, 1, 5}};
