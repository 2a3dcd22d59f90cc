/* Tables, account and settings. */
#include "daemon/api/shapes.h"

static const struct shape shape_new_table_name = {.kind = SHAPE_STRING,
                                                  .min = TABLE_NAME_BYTES_MIN,
                                                  .max = TABLE_NAME_BYTES_MAX,
                                                  .pattern = "[a-zA-Z0-9_.-]+",
                                                  .matches = shape_is_name};
static const struct shape shape_key_name = {
    .kind = SHAPE_STRING, .min = 1, .max = KEY_NAME_BYTES_MAX};

static const char *const shape_attribute_type_values[] = {"B", "N", "S", NULL};
static const struct shape shape_attribute_type = {.kind = SHAPE_STRING,
                                                  .values = shape_attribute_type_values};
static const struct shape_member shape_attribute_definition_members[] = {
    REQUIRED("AttributeName", &shape_key_name),
    REQUIRED("AttributeType", &shape_attribute_type),
};
static const struct shape shape_attribute_definition = {
    .kind = SHAPE_STRUCTURE,
    .name = "AttributeDefinition",
    SHAPE_MEMBERS(shape_attribute_definition_members)};
static const struct shape shape_attribute_definitions = {.kind = SHAPE_LIST,
                                                         .element = &shape_attribute_definition};

static const char *const shape_key_type_values[] = {"HASH", "RANGE", NULL};
static const struct shape shape_key_type = {.kind = SHAPE_STRING, .values = shape_key_type_values};
static const struct shape_member shape_key_schema_element_members[] = {
    REQUIRED("AttributeName", &shape_key_name),
    REQUIRED("KeyType", &shape_key_type),
};
static const struct shape shape_key_schema_element = {
    .kind = SHAPE_STRUCTURE,
    .name = "KeySchemaElement",
    SHAPE_MEMBERS(shape_key_schema_element_members)};
static const struct shape shape_key_schema = {
    .kind = SHAPE_LIST, .min = 1, .max = 2, .element = &shape_key_schema_element};

static const struct shape shape_units = {.kind = SHAPE_LONG, .min = 1};
static const struct shape_member shape_throughput_members[] = {
    REQUIRED("ReadCapacityUnits", &shape_units),
    REQUIRED("WriteCapacityUnits", &shape_units),
};
static const struct shape shape_throughput = {.kind = SHAPE_STRUCTURE,
                                              .name = "ProvisionedThroughput",
                                              SHAPE_MEMBERS(shape_throughput_members)};
static const char *const shape_billing_mode_values[] = {"PROVISIONED", "PAY_PER_REQUEST", NULL};
static const struct shape shape_billing_mode = {.kind = SHAPE_STRING,
                                                .values = shape_billing_mode_values};

static const char *const shape_view_type_values[] = {"NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES",
                                                     "KEYS_ONLY", NULL};
static const struct shape shape_view_type = {.kind = SHAPE_STRING,
                                             .values = shape_view_type_values};
static const struct shape_member shape_stream_members[] = {
    REQUIRED("StreamEnabled", &shape_any_boolean),
    MEMBER("StreamViewType", &shape_view_type),
};
static const struct shape shape_stream = {
    .kind = SHAPE_STRUCTURE, .name = "StreamSpecification", SHAPE_MEMBERS(shape_stream_members)};

static const char *const shape_sse_type_values[] = {"AES256", "KMS", NULL};
static const struct shape shape_sse_type = {.kind = SHAPE_STRING, .values = shape_sse_type_values};
static const struct shape_member shape_sse_members[] = {
    MEMBER("Enabled", &shape_any_boolean),
    MEMBER("SSEType", &shape_sse_type),
    MEMBER("KMSMasterKeyId", &shape_any_string),
};
static const struct shape shape_sse = {
    .kind = SHAPE_STRUCTURE, .name = "SSESpecification", SHAPE_MEMBERS(shape_sse_members)};

static const struct shape shape_tag_key = {.kind = SHAPE_STRING, .min = 1, .max = 128};
static const struct shape shape_tag_value = {.kind = SHAPE_STRING, .max = 256};
static const struct shape_member shape_tag_members[] = {
    REQUIRED("Key", &shape_tag_key),
    REQUIRED("Value", &shape_tag_value),
};
static const struct shape shape_tag = {
    .kind = SHAPE_STRUCTURE, .name = "Tag", SHAPE_MEMBERS(shape_tag_members)};
static const struct shape shape_tags = {.kind = SHAPE_LIST, .element = &shape_tag};

/* Members that ask for what a plain table is anyway are served; the rest of them is not. */

static bool shape_stream_is_off(const struct json *stream)
{
    return !shape_boolean(json_get(stream, "StreamEnabled"), false);
}

static bool shape_sse_is_off(const struct json *sse)
{
    return !shape_boolean(json_get(sse, "Enabled"), false);
}

static bool shape_tags_are_none(const struct json *tags)
{
    return tags->count == 0;
}

/* A class the service does not have either gets the operation's own text. */
static bool shape_class_is_served(const struct json *class)
{
    return !slice_is(class->text, "STANDARD_INFREQUENT_ACCESS");
}

static const struct shape_member shape_create_table_members[] = {
    REQUIRED("AttributeDefinitions", &shape_attribute_definitions),
    MEMBER("TableName", &shape_new_table_name),
    REQUIRED("KeySchema", &shape_key_schema),
    UNSERVED("LocalSecondaryIndexes"),
    UNSERVED("GlobalSecondaryIndexes"),
    MEMBER("BillingMode", &shape_billing_mode),
    MEMBER("ProvisionedThroughput", &shape_throughput),
    SERVED_IF("StreamSpecification", &shape_stream, shape_stream_is_off),
    SERVED_IF("SSESpecification", &shape_sse, shape_sse_is_off),
    SERVED_IF("Tags", &shape_tags, shape_tags_are_none),
    SERVED_IF("TableClass", &shape_any_string, shape_class_is_served),
    MEMBER("DeletionProtectionEnabled", &shape_any_boolean),
    UNSERVED("WarmThroughput"),
    UNSERVED("ResourcePolicy"),
    UNSERVED("OnDemandThroughput"),
    UNSERVED("GlobalTableSourceArn"),
    UNSERVED("GlobalTableSettingsReplicationMode"),
    UNSERVED("VectorIndexes"),
};
const struct shape shape_create_table = {
    .kind = SHAPE_STRUCTURE, .name = "CreateTableInput", SHAPE_MEMBERS(shape_create_table_members)};

static const struct shape_member shape_replica_create_members[] = {
    REQUIRED("RegionName", &shape_any_string), UNSERVED("KMSMasterKeyId"),
    UNSERVED("ProvisionedThroughputOverride"), UNSERVED("OnDemandThroughputOverride"),
    UNSERVED("GlobalSecondaryIndexes"),        UNSERVED("TableClassOverride"),
};
static const struct shape shape_replica_create = {.kind = SHAPE_STRUCTURE,
                                                  .name = "CreateReplicationGroupMemberAction",
                                                  SHAPE_MEMBERS(shape_replica_create_members)};
static const struct shape_member shape_replica_delete_members[] = {
    REQUIRED("RegionName", &shape_any_string),
};
static const struct shape shape_replica_delete = {.kind = SHAPE_STRUCTURE,
                                                  .name = "DeleteReplicationGroupMemberAction",
                                                  SHAPE_MEMBERS(shape_replica_delete_members)};
static const struct shape_member shape_replica_update_members[] = {
    MEMBER("Create", &shape_replica_create),
    UNSERVED("Update"),
    MEMBER("Delete", &shape_replica_delete),
};
static const struct shape shape_replica_update = {.kind = SHAPE_STRUCTURE,
                                                  .name = "ReplicationGroupUpdate",
                                                  SHAPE_MEMBERS(shape_replica_update_members)};
static const struct shape shape_replica_updates = {
    .kind = SHAPE_LIST, .min = 1, .element = &shape_replica_update};

static const struct shape_member shape_update_table_members[] = {
    MEMBER("AttributeDefinitions", &shape_attribute_definitions),
    REQUIRED("TableName", &shape_table_name),
    MEMBER("BillingMode", &shape_billing_mode),
    MEMBER("ProvisionedThroughput", &shape_throughput),
    UNSERVED("GlobalSecondaryIndexUpdates"),
    UNSERVED("StreamSpecification"),
    UNSERVED("SSESpecification"),
    MEMBER("ReplicaUpdates", &shape_replica_updates),
    UNSERVED("TableClass"),
    MEMBER("DeletionProtectionEnabled", &shape_any_boolean),
    UNSERVED("MultiRegionConsistency"),
    UNSERVED("GlobalTableWitnessUpdates"),
    UNSERVED("OnDemandThroughput"),
    UNSERVED("WarmThroughput"),
    UNSERVED("GlobalTableSettingsReplicationMode"),
    UNSERVED("VectorIndexUpdates"),
};
const struct shape shape_update_table = {
    .kind = SHAPE_STRUCTURE, .name = "UpdateTableInput", SHAPE_MEMBERS(shape_update_table_members)};

static const struct shape_member shape_only_table_members[] = {
    REQUIRED("TableName", &shape_table_name),
};
const struct shape shape_describe_table = {
    .kind = SHAPE_STRUCTURE, .name = "DescribeTableInput", SHAPE_MEMBERS(shape_only_table_members)};
const struct shape shape_delete_table = {
    .kind = SHAPE_STRUCTURE, .name = "DeleteTableInput", SHAPE_MEMBERS(shape_only_table_members)};
const struct shape shape_describe_time_to_live = {.kind = SHAPE_STRUCTURE,
                                                  .name = "DescribeTimeToLiveInput",
                                                  SHAPE_MEMBERS(shape_only_table_members)};
const struct shape shape_describe_continuous_backups = {.kind = SHAPE_STRUCTURE,
                                                        .name = "DescribeContinuousBackupsInput",
                                                        SHAPE_MEMBERS(shape_only_table_members)};

static const struct shape shape_list_limit = {
    .kind = SHAPE_INTEGER, .min = 1, .max = LIST_TABLES_MAX};
static const struct shape_member shape_list_tables_members[] = {
    MEMBER("ExclusiveStartTableName", &shape_new_table_name),
    MEMBER("Limit", &shape_list_limit),
};
const struct shape shape_list_tables = {
    .kind = SHAPE_STRUCTURE, .name = "ListTablesInput", SHAPE_MEMBERS(shape_list_tables_members)};

static const struct shape_member shape_list_tags_members[] = {
    MEMBER("ResourceArn", &shape_any_string),
    MEMBER("NextToken", &shape_any_string),
};
const struct shape shape_list_tags_of_resource = {.kind = SHAPE_STRUCTURE,
                                                  .name = "ListTagsOfResourceInput",
                                                  SHAPE_MEMBERS(shape_list_tags_members)};

const struct shape shape_no_input = {.kind = SHAPE_STRUCTURE, .name = "Input"};
