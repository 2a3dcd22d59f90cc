/* Backups, restores, exports, imports. Written by `generate` from the service model: change that,
 * not this. */
#include "daemon/api/model/model.h"

static const struct shape_member shape_create_backup_members[] = {
    REQUIRED("TableName", &model_table_arn),
    REQUIRED("BackupName", &model_backup_name),
};
static const uint8_t shape_create_backup_slots[] = {0, 1};
const struct shape shape_create_backup = {
    .kind = SHAPE_STRUCTURE,
    .name = "CreateBackupInput",
    MEMBERS(shape_create_backup_members, shape_create_backup_slots),
    .hash = {0, 0, 1, 1}};

static const struct shape_member shape_describe_backup_members[] = {
    REQUIRED("BackupArn", &model_backup_arn),
};
static const uint8_t shape_describe_backup_slots[] = {0};
const struct shape shape_describe_backup = {
    .kind = SHAPE_STRUCTURE,
    .name = "DescribeBackupInput",
    MEMBERS(shape_describe_backup_members, shape_describe_backup_slots),
    .hash = {0, 0, 1, 1}};

static const struct shape_member shape_list_backups_members[] = {
    MEMBER("TableName", &model_table_arn),
    MEMBER("Limit", &model_backups_input_limit),
    MEMBER("TimeRangeLowerBound", &model_time_range_lower_bound),
    MEMBER("TimeRangeUpperBound", &model_time_range_upper_bound),
    MEMBER("ExclusiveStartBackupArn", &model_backup_arn),
    MEMBER("BackupType", &model_backup_type_filter),
};
static const uint8_t shape_list_backups_slots[] = {2, 5, 255, 4, 0, 1, 255, 3};
const struct shape shape_list_backups = {
    .kind = SHAPE_STRUCTURE,
    .name = "ListBackupsInput",
    MEMBERS(shape_list_backups_members, shape_list_backups_slots),
    .hash = {0, 7, 1, 7}};

static const struct shape_member shape_delete_backup_members[] = {
    REQUIRED("BackupArn", &model_backup_arn),
};
static const uint8_t shape_delete_backup_slots[] = {0};
const struct shape shape_delete_backup = {
    .kind = SHAPE_STRUCTURE,
    .name = "DeleteBackupInput",
    MEMBERS(shape_delete_backup_members, shape_delete_backup_slots),
    .hash = {0, 0, 1, 1}};

static const struct shape_member shape_restore_table_from_backup_members[] = {
    REQUIRED("TargetTableName", &model_table_name),
    REQUIRED("BackupArn", &model_backup_arn),
    MEMBER("BillingModeOverride", &model_billing_mode),
    MEMBER("GlobalSecondaryIndexOverride", &model_global_secondary_index_list),
    MEMBER("LocalSecondaryIndexOverride", &model_local_secondary_index_list),
    MEMBER("ProvisionedThroughputOverride", &model_provisioned_throughput),
    MEMBER("OnDemandThroughputOverride", &model_on_demand_throughput),
    MEMBER("SSESpecificationOverride", &model_sse_specification),
    MEMBER("VectorIndexOverride", &model_vector_index_list),
};
static const uint8_t shape_restore_table_from_backup_slots[] = {255, 255, 2,   255, 3, 7,   8, 5,
                                                                6,   255, 255, 255, 4, 255, 1, 0};
const struct shape shape_restore_table_from_backup = {
    .kind = SHAPE_STRUCTURE,
    .name = "RestoreTableFromBackupInput",
    MEMBERS(shape_restore_table_from_backup_members, shape_restore_table_from_backup_slots),
    .hash = {1, 1, 3, 1}};

static const struct shape_member shape_restore_table_to_point_in_time_members[] = {
    MEMBER("SourceTableArn", &model_table_arn),
    MEMBER("SourceTableName", &model_table_name),
    REQUIRED("TargetTableName", &model_table_name),
    MEMBER("UseLatestRestorableTime", &model_boolean_object),
    MEMBER("RestoreDateTime", &model_date),
    MEMBER("BillingModeOverride", &model_billing_mode),
    MEMBER("GlobalSecondaryIndexOverride", &model_global_secondary_index_list),
    MEMBER("LocalSecondaryIndexOverride", &model_local_secondary_index_list),
    MEMBER("ProvisionedThroughputOverride", &model_provisioned_throughput),
    MEMBER("OnDemandThroughputOverride", &model_on_demand_throughput),
    MEMBER("SSESpecificationOverride", &model_sse_specification),
    MEMBER("VectorIndexOverride", &model_vector_index_list),
};
static const uint8_t shape_restore_table_to_point_in_time_slots[] = {
    9, 0, 255, 1, 7, 4, 255, 3, 255, 2, 5, 255, 6, 10, 11, 8};
const struct shape shape_restore_table_to_point_in_time = {
    .kind = SHAPE_STRUCTURE,
    .name = "RestoreTableToPointInTimeInput",
    MEMBERS(shape_restore_table_to_point_in_time_members,
            shape_restore_table_to_point_in_time_slots),
    .hash = {1, 1, 3, 3}};

static const struct shape_member model_incremental_export_specification_members[] = {
    MEMBER("ExportFromTime", &model_export_from_time),
    MEMBER("ExportToTime", &model_export_to_time),
    MEMBER("ExportViewType", &model_export_view_type),
};
static const uint8_t model_incremental_export_specification_slots[] = {0, 255, 1, 2};
const struct shape model_incremental_export_specification = {
    .kind = SHAPE_STRUCTURE,
    .name = "IncrementalExportSpecification",
    MEMBERS(model_incremental_export_specification_members,
            model_incremental_export_specification_slots),
    .hash = {0, 1, 1, 1}};

static const struct shape_member shape_export_table_to_point_in_time_members[] = {
    REQUIRED("TableArn", &model_table_arn),
    MEMBER("ExportTime", &model_export_time),
    MEMBER("ClientToken", &model_client_token),
    REQUIRED("S3Bucket", &model_s3_bucket),
    MEMBER("S3BucketOwner", &model_s3_bucket_owner),
    MEMBER("S3Prefix", &model_s3_prefix),
    MEMBER("S3SseAlgorithm", &model_s3_sse_algorithm),
    MEMBER("S3SseKmsKeyId", &model_s3_sse_kms_key_id),
    MEMBER("ExportFormat", &model_export_format),
    MEMBER("ExportType", &model_export_type),
    MEMBER("IncrementalExportSpecification", &model_incremental_export_specification),
};
static const uint8_t shape_export_table_to_point_in_time_slots[] = {255, 255, 3, 7, 8,  2, 1, 4,
                                                                    255, 255, 0, 9, 10, 6, 5, 255};
const struct shape shape_export_table_to_point_in_time = {
    .kind = SHAPE_STRUCTURE,
    .name = "ExportTableToPointInTimeInput",
    MEMBERS(shape_export_table_to_point_in_time_members, shape_export_table_to_point_in_time_slots),
    .hash = {0, 1, 13, 7}};

static const struct shape_member shape_describe_export_members[] = {
    REQUIRED("ExportArn", &model_export_arn),
};
static const uint8_t shape_describe_export_slots[] = {0};
const struct shape shape_describe_export = {
    .kind = SHAPE_STRUCTURE,
    .name = "DescribeExportInput",
    MEMBERS(shape_describe_export_members, shape_describe_export_slots),
    .hash = {0, 0, 1, 1}};

static const struct shape_member shape_list_exports_members[] = {
    MEMBER("TableArn", &model_table_arn),
    MEMBER("MaxResults", &model_list_exports_max_limit),
    MEMBER("NextToken", &model_export_next_token),
};
static const uint8_t shape_list_exports_slots[] = {1, 2, 0, 255};
const struct shape shape_list_exports = {
    .kind = SHAPE_STRUCTURE,
    .name = "ListExportsInput",
    MEMBERS(shape_list_exports_members, shape_list_exports_slots),
    .hash = {0, 0, 1, 3}};

static const struct shape_member model_s3_bucket_source_members[] = {
    MEMBER("S3BucketOwner", &model_s3_bucket_owner),
    REQUIRED("S3Bucket", &model_s3_bucket),
    MEMBER("S3KeyPrefix", &model_s3_prefix),
};
static const uint8_t model_s3_bucket_source_slots[] = {1, 0, 255, 2};
const struct shape model_s3_bucket_source = {
    .kind = SHAPE_STRUCTURE,
    .name = "S3BucketSource",
    MEMBERS(model_s3_bucket_source_members, model_s3_bucket_source_slots),
    .hash = {0, 1, 1, 1}};

const struct shape model_csv_header_list = {
    .kind = SHAPE_LIST, .min = 1, .max = 255, .element = &model_csv_header};

static const struct shape_member model_csv_options_members[] = {
    MEMBER("Delimiter", &model_csv_delimiter),
    MEMBER("HeaderList", &model_csv_header_list),
};
static const uint8_t model_csv_options_slots[] = {1, 0};
const struct shape model_csv_options = {.kind = SHAPE_STRUCTURE,
                                        .name = "CsvOptions",
                                        MEMBERS(model_csv_options_members, model_csv_options_slots),
                                        .hash = {0, 0, 1, 1}};

static const struct shape_member model_input_format_options_members[] = {
    MEMBER("Csv", &model_csv_options),
};
static const uint8_t model_input_format_options_slots[] = {0};
const struct shape model_input_format_options = {
    .kind = SHAPE_STRUCTURE,
    .name = "InputFormatOptions",
    MEMBERS(model_input_format_options_members, model_input_format_options_slots),
    .hash = {0, 0, 1, 1}};

static const struct shape_member model_table_creation_parameters_members[] = {
    REQUIRED("TableName", &model_table_name),
    REQUIRED("AttributeDefinitions", &model_attribute_definitions),
    REQUIRED("KeySchema", &model_table_key_schema),
    MEMBER("BillingMode", &model_billing_mode),
    MEMBER("ProvisionedThroughput", &model_provisioned_throughput),
    MEMBER("OnDemandThroughput", &model_on_demand_throughput),
    MEMBER("SSESpecification", &model_sse_specification),
    MEMBER("GlobalSecondaryIndexes", &model_global_secondary_index_list),
    MEMBER("VectorIndexes", &model_vector_index_list),
};
static const uint8_t model_table_creation_parameters_slots[] = {6, 255, 0, 255, 8, 3, 255, 255,
                                                                7, 255, 4, 255, 5, 1, 255, 2};
const struct shape model_table_creation_parameters = {
    .kind = SHAPE_STRUCTURE,
    .name = "TableCreationParameters",
    MEMBERS(model_table_creation_parameters_members, model_table_creation_parameters_slots),
    .hash = {0, 1, 11, 1}};

static const struct shape_member shape_import_table_members[] = {
    MEMBER("ClientToken", &model_client_token),
    REQUIRED("S3BucketSource", &model_s3_bucket_source),
    REQUIRED("InputFormat", &model_input_format),
    MEMBER("InputFormatOptions", &model_input_format_options),
    MEMBER("InputCompressionType", &model_input_compression_type),
    REQUIRED("TableCreationParameters", &model_table_creation_parameters),
};
static const uint8_t shape_import_table_slots[] = {1, 4, 2, 0, 255, 255, 3, 5};
const struct shape shape_import_table = {
    .kind = SHAPE_STRUCTURE,
    .name = "ImportTableInput",
    MEMBERS(shape_import_table_members, shape_import_table_slots),
    .hash = {0, 3, 1, 3}};

static const struct shape_member shape_describe_import_members[] = {
    REQUIRED("ImportArn", &model_import_arn),
};
static const uint8_t shape_describe_import_slots[] = {0};
const struct shape shape_describe_import = {
    .kind = SHAPE_STRUCTURE,
    .name = "DescribeImportInput",
    MEMBERS(shape_describe_import_members, shape_describe_import_slots),
    .hash = {0, 0, 1, 1}};

static const struct shape_member shape_list_imports_members[] = {
    MEMBER("TableArn", &model_table_arn),
    MEMBER("PageSize", &model_list_imports_max_limit),
    MEMBER("NextToken", &model_import_next_token),
};
static const uint8_t shape_list_imports_slots[] = {255, 2, 0, 1};
const struct shape shape_list_imports = {
    .kind = SHAPE_STRUCTURE,
    .name = "ListImportsInput",
    MEMBERS(shape_list_imports_members, shape_list_imports_slots),
    .hash = {0, 0, 1, 3}};
