/* Strings, numbers, enumerations. Written by `generate` from the service model: change that, not
 * this. */
#include "daemon/api/model/model.h"
#include "daemon/api/model/patterns.h"

const struct shape model_item = {.kind = SHAPE_ITEM};
const struct shape model_value = {.kind = SHAPE_VALUE};
const struct shape model_any_arn = {.kind = SHAPE_STRING};
static const char *const model_approximate_creation_date_time_precision_values[] = {
    "MILLISECOND", "MICROSECOND", NULL};
const struct shape model_approximate_creation_date_time_precision = {
    .kind = SHAPE_STRING, .values = model_approximate_creation_date_time_precision_values};
static const char *const model_attribute_action_values[] = {"ADD", "PUT", "DELETE", NULL};
const struct shape model_attribute_action = {.kind = SHAPE_STRING,
                                             .values = model_attribute_action_values};
const struct shape model_attribute_name = {.kind = SHAPE_STRING, .max = 65535};
const struct shape model_auto_scaling_policy_name = {
    .kind = SHAPE_STRING, .min = 1, .max = 256, .pattern = "\\p{Print}+", .matches = pattern_print};
const struct shape model_auto_scaling_role_arn = {
    .kind = SHAPE_STRING,
    .min = 1,
    .max = 1600,
    .pattern = "[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\r\\n\\t]*",
    .matches = pattern_text};
const struct shape model_backup_arn = {.kind = SHAPE_STRING, .min = 37, .max = 1024};
const struct shape model_backup_name = {.kind = SHAPE_STRING,
                                        .min = 3,
                                        .max = 255,
                                        .pattern = "[a-zA-Z0-9_.-]+",
                                        .matches = pattern_name};
static const char *const model_backup_type_filter_values[] = {"USER", "SYSTEM", "AWS_BACKUP", "ALL",
                                                              NULL};
const struct shape model_backup_type_filter = {.kind = SHAPE_STRING,
                                               .values = model_backup_type_filter_values};
const struct shape model_backups_input_limit = {.kind = SHAPE_INTEGER, .min = 1, .max = 100};
static const char *const model_billing_mode_values[] = {"PROVISIONED", "PAY_PER_REQUEST", NULL};
const struct shape model_billing_mode = {.kind = SHAPE_STRING, .values = model_billing_mode_values};
const struct shape model_boolean_object = {.kind = SHAPE_BOOLEAN};
const struct shape model_client_request_token = {.kind = SHAPE_STRING, .min = 1, .max = 36};
const struct shape model_client_token = {
    .kind = SHAPE_STRING, .pattern = "^[^\\$]+$", .matches = pattern_no_dollar};
static const char *const model_comparison_operator_values[] = {
    "IN",       "NULL", "BETWEEN", "LT",          "NOT_CONTAINS", "EQ",       "GT",
    "NOT_NULL", "NE",   "LE",      "BEGINS_WITH", "GE",           "CONTAINS", NULL};
const struct shape model_comparison_operator = {.kind = SHAPE_STRING,
                                                .values = model_comparison_operator_values};
const struct shape model_condition_expression = {.kind = SHAPE_STRING};
static const char *const model_conditional_operator_values[] = {"OR", "AND", NULL};
const struct shape model_conditional_operator = {.kind = SHAPE_STRING,
                                                 .values = model_conditional_operator_values};
const struct shape model_confirm_remove_self_resource_access = {.kind = SHAPE_BOOLEAN};
const struct shape model_consistent_read = {.kind = SHAPE_BOOLEAN};
static const char *const model_contributor_insights_action_values[] = {"ENABLE", "DISABLE", NULL};
const struct shape model_contributor_insights_action = {
    .kind = SHAPE_STRING, .values = model_contributor_insights_action_values};
static const char *const model_contributor_insights_mode_values[] = {"ACCESSED_AND_THROTTLED_KEYS",
                                                                     "THROTTLED_KEYS", NULL};
const struct shape model_contributor_insights_mode = {
    .kind = SHAPE_STRING, .values = model_contributor_insights_mode_values};
const struct shape model_csv_delimiter = {.kind = SHAPE_STRING,
                                          .min = 1,
                                          .max = 1,
                                          .pattern = "[,;:|\\t ]",
                                          .matches = pattern_delimiter};
const struct shape model_csv_header = {.kind = SHAPE_STRING,
                                       .min = 1,
                                       .max = 65536,
                                       .pattern = "[\\x20-\\x21\\x23-\\x2B\\x2D-\\x7E]*",
                                       .matches = pattern_csv_header};
const struct shape model_date = {.kind = SHAPE_TIMESTAMP};
const struct shape model_deletion_protection_enabled = {.kind = SHAPE_BOOLEAN};
const struct shape model_double_object = {.kind = SHAPE_DOUBLE};
const struct shape model_export_arn = {.kind = SHAPE_STRING, .min = 37, .max = 1024};
static const char *const model_export_format_values[] = {"DYNAMODB_JSON", "ION", NULL};
const struct shape model_export_format = {.kind = SHAPE_STRING,
                                          .values = model_export_format_values};
const struct shape model_export_from_time = {.kind = SHAPE_TIMESTAMP};
const struct shape model_export_next_token = {.kind = SHAPE_STRING};
const struct shape model_export_time = {.kind = SHAPE_TIMESTAMP};
const struct shape model_export_to_time = {.kind = SHAPE_TIMESTAMP};
static const char *const model_export_type_values[] = {"FULL_EXPORT", "INCREMENTAL_EXPORT", NULL};
const struct shape model_export_type = {.kind = SHAPE_STRING, .values = model_export_type_values};
static const char *const model_export_view_type_values[] = {"NEW_IMAGE", "NEW_AND_OLD_IMAGES",
                                                            NULL};
const struct shape model_export_view_type = {.kind = SHAPE_STRING,
                                             .values = model_export_view_type_values};
const struct shape model_expression_attribute_name_variable = {.kind = SHAPE_STRING};
static const char *const model_global_table_settings_replication_mode_values[] = {
    "ENABLED", "DISABLED", "ENABLED_WITH_OVERRIDES", NULL};
const struct shape model_global_table_settings_replication_mode = {
    .kind = SHAPE_STRING, .values = model_global_table_settings_replication_mode_values};
const struct shape model_import_arn = {.kind = SHAPE_STRING, .min = 37, .max = 1024};
const struct shape model_import_next_token = {.kind = SHAPE_STRING,
                                              .min = 112,
                                              .max = 1024,
                                              .pattern = "([0-9a-f]{16})+",
                                              .matches = pattern_import_token};
const struct shape model_index_name = {.kind = SHAPE_STRING,
                                       .min = 3,
                                       .max = 255,
                                       .pattern = "[a-zA-Z0-9_.-]+",
                                       .matches = pattern_name};
static const char *const model_input_compression_type_values[] = {"GZIP", "ZSTD", "NONE", NULL};
const struct shape model_input_compression_type = {.kind = SHAPE_STRING,
                                                   .values = model_input_compression_type_values};
static const char *const model_input_format_values[] = {"DYNAMODB_JSON", "ION", "CSV", NULL};
const struct shape model_input_format = {.kind = SHAPE_STRING, .values = model_input_format_values};
const struct shape model_integer_object = {.kind = SHAPE_INTEGER};
const struct shape model_kms_master_key_id = {.kind = SHAPE_STRING};
const struct shape model_key_expression = {.kind = SHAPE_STRING};
const struct shape model_key_schema_attribute_name = {.kind = SHAPE_STRING, .min = 1, .max = 255};
static const char *const model_key_type_values[] = {"HASH", "RANGE", NULL};
const struct shape model_key_type = {.kind = SHAPE_STRING, .values = model_key_type_values};
const struct shape model_list_contributor_insights_limit = {.kind = SHAPE_INTEGER, .max = 100};
const struct shape model_list_exports_max_limit = {.kind = SHAPE_INTEGER, .min = 1, .max = 25};
const struct shape model_list_imports_max_limit = {.kind = SHAPE_INTEGER, .min = 1, .max = 25};
const struct shape model_list_tables_input_limit = {.kind = SHAPE_INTEGER, .min = 1, .max = 100};
const struct shape model_long_object = {.kind = SHAPE_LONG};
static const char *const model_multi_region_consistency_values[] = {"EVENTUAL", "STRONG", NULL};
const struct shape model_multi_region_consistency = {
    .kind = SHAPE_STRING, .values = model_multi_region_consistency_values};
const struct shape model_next_token_string = {.kind = SHAPE_STRING};
const struct shape model_non_key_attribute_name = {.kind = SHAPE_STRING, .min = 1, .max = 255};
const struct shape model_parti_ql_next_token = {.kind = SHAPE_STRING, .min = 1, .max = 32768};
const struct shape model_parti_ql_statement = {.kind = SHAPE_STRING, .min = 1, .max = 8192};
const struct shape model_policy_revision_id = {.kind = SHAPE_STRING, .min = 1, .max = 255};
const struct shape model_positive_integer_object = {.kind = SHAPE_INTEGER, .min = 1};
const struct shape model_positive_long_object = {.kind = SHAPE_LONG, .min = 1};
const struct shape model_projection_expression = {.kind = SHAPE_STRING};
static const char *const model_projection_type_values[] = {"ALL", "INCLUDE", "KEYS_ONLY", NULL};
const struct shape model_projection_type = {.kind = SHAPE_STRING,
                                            .values = model_projection_type_values};
const struct shape model_recovery_period_in_days = {.kind = SHAPE_INTEGER, .min = 1, .max = 35};
const struct shape model_region_name = {.kind = SHAPE_STRING};
const struct shape model_resource_arn_string = {.kind = SHAPE_STRING, .min = 1, .max = 1283};
const struct shape model_resource_policy = {.kind = SHAPE_STRING};
static const char *const model_return_consumed_capacity_values[] = {"INDEXES", "TOTAL", "NONE",
                                                                    NULL};
const struct shape model_return_consumed_capacity = {
    .kind = SHAPE_STRING, .values = model_return_consumed_capacity_values};
static const char *const model_return_item_collection_metrics_values[] = {"SIZE", "NONE", NULL};
const struct shape model_return_item_collection_metrics = {
    .kind = SHAPE_STRING, .values = model_return_item_collection_metrics_values};
static const char *const model_return_value_values[] = {"ALL_NEW", "UPDATED_OLD", "ALL_OLD",
                                                        "NONE",    "UPDATED_NEW", NULL};
const struct shape model_return_value = {.kind = SHAPE_STRING, .values = model_return_value_values};
static const char *const model_return_values_on_condition_check_failure_values[] = {"ALL_OLD",
                                                                                    "NONE", NULL};
const struct shape model_return_values_on_condition_check_failure = {
    .kind = SHAPE_STRING, .values = model_return_values_on_condition_check_failure_values};
const struct shape model_s3_bucket = {.kind = SHAPE_STRING,
                                      .max = 255,
                                      .pattern = "^[a-z0-9A-Z]+[\\.\\-\\w]*[a-z0-9A-Z]+$",
                                      .matches = pattern_bucket};
const struct shape model_s3_bucket_owner = {
    .kind = SHAPE_STRING, .pattern = "[0-9]{12}", .matches = pattern_account};
const struct shape model_s3_prefix = {.kind = SHAPE_STRING, .max = 1024};
static const char *const model_s3_sse_algorithm_values[] = {"AES256", "KMS", NULL};
const struct shape model_s3_sse_algorithm = {.kind = SHAPE_STRING,
                                             .values = model_s3_sse_algorithm_values};
const struct shape model_s3_sse_kms_key_id = {.kind = SHAPE_STRING, .min = 1, .max = 2048};
const struct shape model_sse_enabled = {.kind = SHAPE_BOOLEAN};
static const char *const model_sse_type_values[] = {"AES256", "KMS", NULL};
const struct shape model_sse_type = {.kind = SHAPE_STRING, .values = model_sse_type_values};
static const char *const model_scalar_attribute_type_values[] = {"B", "N", "S", NULL};
const struct shape model_scalar_attribute_type = {.kind = SHAPE_STRING,
                                                  .values = model_scalar_attribute_type_values};
const struct shape model_scan_segment = {.kind = SHAPE_INTEGER, .max = 999999};
const struct shape model_scan_total_segments = {.kind = SHAPE_INTEGER, .min = 1, .max = 1000000};
static const char *const model_search_schema_element_type_values[] = {"HASH", "INLINE_FILTER",
                                                                      NULL};
const struct shape model_search_schema_element_type = {
    .kind = SHAPE_STRING, .values = model_search_schema_element_type_values};
static const char *const model_select_values[] = {"SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES",
                                                  "ALL_PROJECTED_ATTRIBUTES", NULL};
const struct shape model_select = {.kind = SHAPE_STRING, .values = model_select_values};
const struct shape model_sequence_number = {.kind = SHAPE_STRING};
static const char *const model_shard_filter_type_values[] = {"CHILD_SHARDS", NULL};
const struct shape model_shard_filter_type = {.kind = SHAPE_STRING,
                                              .values = model_shard_filter_type_values};
const struct shape model_shard_id = {.kind = SHAPE_STRING, .min = 28, .max = 65};
const struct shape model_shard_iterator = {.kind = SHAPE_STRING, .min = 1, .max = 2048};
static const char *const model_shard_iterator_type_values[] = {
    "TRIM_HORIZON", "LATEST", "AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER", NULL};
const struct shape model_shard_iterator_type = {.kind = SHAPE_STRING,
                                                .values = model_shard_iterator_type_values};
const struct shape model_stream_arn = {.kind = SHAPE_STRING, .min = 37, .max = 1024};
const struct shape model_stream_enabled = {.kind = SHAPE_BOOLEAN};
static const char *const model_stream_view_type_values[] = {
    "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY", NULL};
const struct shape model_stream_view_type = {.kind = SHAPE_STRING,
                                             .values = model_stream_view_type_values};
const struct shape model_string = {.kind = SHAPE_STRING};
const struct shape model_table_arn = {.kind = SHAPE_STRING,
                                      .min = 1,
                                      .max = 1024,
                                      .pattern = "[a-zA-Z0-9_.-]+",
                                      .matches = pattern_name_or_arn};
const struct shape model_table_class = {.kind = SHAPE_STRING};
const struct shape model_table_name = {.kind = SHAPE_STRING,
                                       .min = 3,
                                       .max = 255,
                                       .pattern = "[a-zA-Z0-9_.-]+",
                                       .matches = pattern_name};
const struct shape model_tag_key_string = {.kind = SHAPE_STRING};
const struct shape model_tag_value_string = {.kind = SHAPE_STRING};
const struct shape model_time_range_lower_bound = {.kind = SHAPE_TIMESTAMP};
const struct shape model_time_range_upper_bound = {.kind = SHAPE_TIMESTAMP};
const struct shape model_time_to_live_attribute_name = {.kind = SHAPE_STRING, .min = 1, .max = 255};
const struct shape model_time_to_live_enabled = {.kind = SHAPE_BOOLEAN};
const struct shape model_top_k_integer = {.kind = SHAPE_INTEGER, .min = 1};
const struct shape model_update_expression = {.kind = SHAPE_STRING};
const struct shape model_vector_attribute_name = {.kind = SHAPE_STRING, .min = 1, .max = 255};
static const char *const model_vector_distance_function_values[] = {"COSINE", "DOT_PRODUCT",
                                                                    "EUCLIDEAN", NULL};
const struct shape model_vector_distance_function = {
    .kind = SHAPE_STRING, .values = model_vector_distance_function_values};
