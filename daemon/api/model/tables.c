/* Tables. Written by `generate` from the service model: change that, not this. */
#include "daemon/api/model/model.h"

static const struct shape_member model_attribute_definition_members[] = {
    REQUIRED("AttributeName", &model_key_schema_attribute_name),
    REQUIRED("AttributeType", &model_scalar_attribute_type),
};
static const uint8_t model_attribute_definition_slots[] = {1, 0};
const struct shape model_attribute_definition = {
    .kind = SHAPE_STRUCTURE,
    .name = "AttributeDefinition",
    MEMBERS(model_attribute_definition_members, model_attribute_definition_slots),
    .hash = {0, 1, 1, 1}};

const struct shape model_attribute_definitions = {.kind = SHAPE_LIST,
                                                  .element = &model_attribute_definition};

static const struct shape_member model_key_schema_element_members[] = {
    REQUIRED("AttributeName", &model_key_schema_attribute_name),
    REQUIRED("KeyType", &model_key_type),
};
static const uint8_t model_key_schema_element_slots[] = {1, 0};
const struct shape model_key_schema_element = {
    .kind = SHAPE_STRUCTURE,
    .name = "KeySchemaElement",
    MEMBERS(model_key_schema_element_members, model_key_schema_element_slots),
    .hash = {0, 1, 1, 1}};

const struct shape model_table_key_schema = {
    .kind = SHAPE_LIST, .min = 1, .max = 2, .element = &model_key_schema_element};

const struct shape model_non_key_attribute_name_list = {
    .kind = SHAPE_LIST, .min = 1, .max = 20, .element = &model_non_key_attribute_name};

static const struct shape_member model_projection_members[] = {
    MEMBER("ProjectionType", &model_projection_type),
    MEMBER("NonKeyAttributes", &model_non_key_attribute_name_list),
};
static const uint8_t model_projection_slots[] = {0, 1};
const struct shape model_projection = {.kind = SHAPE_STRUCTURE,
                                       .name = "Projection",
                                       MEMBERS(model_projection_members, model_projection_slots),
                                       .hash = {0, 1, 1, 1}};

static const struct shape_member model_local_secondary_index_members[] = {
    REQUIRED("IndexName", &model_index_name),
    REQUIRED("KeySchema", &model_table_key_schema),
    REQUIRED("Projection", &model_projection),
};
static const uint8_t model_local_secondary_index_slots[] = {2, 1, 255, 0};
const struct shape model_local_secondary_index = {
    .kind = SHAPE_STRUCTURE,
    .name = "LocalSecondaryIndex",
    MEMBERS(model_local_secondary_index_members, model_local_secondary_index_slots),
    .hash = {0, 0, 1, 1}};

const struct shape model_local_secondary_index_list = {.kind = SHAPE_LIST,
                                                       .element = &model_local_secondary_index};

const struct shape model_key_schema = {
    .kind = SHAPE_LIST, .min = 1, .element = &model_key_schema_element};

static const struct shape_member model_provisioned_throughput_members[] = {
    REQUIRED("ReadCapacityUnits", &model_positive_long_object),
    REQUIRED("WriteCapacityUnits", &model_positive_long_object),
};
static const uint8_t model_provisioned_throughput_slots[] = {1, 0};
const struct shape model_provisioned_throughput = {
    .kind = SHAPE_STRUCTURE,
    .name = "ProvisionedThroughput",
    MEMBERS(model_provisioned_throughput_members, model_provisioned_throughput_slots),
    .hash = {2, 0, 1, 1}};

static const struct shape_member model_on_demand_throughput_members[] = {
    MEMBER("MaxReadRequestUnits", &model_long_object),
    MEMBER("MaxWriteRequestUnits", &model_long_object),
};
static const uint8_t model_on_demand_throughput_slots[] = {1, 0};
const struct shape model_on_demand_throughput = {
    .kind = SHAPE_STRUCTURE,
    .name = "OnDemandThroughput",
    MEMBERS(model_on_demand_throughput_members, model_on_demand_throughput_slots),
    .hash = {0, 0, 1, 1}};

static const struct shape_member model_warm_throughput_members[] = {
    MEMBER("ReadUnitsPerSecond", &model_long_object),
    MEMBER("WriteUnitsPerSecond", &model_long_object),
};
static const uint8_t model_warm_throughput_slots[] = {1, 0};
const struct shape model_warm_throughput = {
    .kind = SHAPE_STRUCTURE,
    .name = "WarmThroughput",
    MEMBERS(model_warm_throughput_members, model_warm_throughput_slots),
    .hash = {2, 0, 1, 1}};

static const struct shape_member model_global_secondary_index_members[] = {
    REQUIRED("IndexName", &model_index_name),
    REQUIRED("KeySchema", &model_key_schema),
    REQUIRED("Projection", &model_projection),
    MEMBER("ProvisionedThroughput", &model_provisioned_throughput),
    MEMBER("OnDemandThroughput", &model_on_demand_throughput),
    MEMBER("WarmThroughput", &model_warm_throughput),
};
static const uint8_t model_global_secondary_index_slots[] = {255, 1, 5, 0, 3, 255, 4, 2};
const struct shape model_global_secondary_index = {
    .kind = SHAPE_STRUCTURE,
    .name = "GlobalSecondaryIndex",
    MEMBERS(model_global_secondary_index_members, model_global_secondary_index_slots),
    .hash = {0, 1, 3, 3}};

const struct shape model_global_secondary_index_list = {.kind = SHAPE_LIST,
                                                        .element = &model_global_secondary_index};

static const struct shape_member model_stream_specification_members[] = {
    REQUIRED("StreamEnabled", &model_stream_enabled),
    MEMBER("StreamViewType", &model_stream_view_type),
};
static const uint8_t model_stream_specification_slots[] = {0, 1};
const struct shape model_stream_specification = {
    .kind = SHAPE_STRUCTURE,
    .name = "StreamSpecification",
    MEMBERS(model_stream_specification_members, model_stream_specification_slots),
    .hash = {0, 3, 1, 1}};

static const struct shape_member model_sse_specification_members[] = {
    MEMBER("Enabled", &model_sse_enabled),
    MEMBER("SSEType", &model_sse_type),
    MEMBER("KMSMasterKeyId", &model_kms_master_key_id),
};
static const uint8_t model_sse_specification_slots[] = {0, 2, 255, 1};
const struct shape model_sse_specification = {
    .kind = SHAPE_STRUCTURE,
    .name = "SSESpecification",
    MEMBERS(model_sse_specification_members, model_sse_specification_slots),
    .hash = {0, 0, 1, 1}};

static const struct shape_member model_tag_members[] = {
    MEMBER("Key", &model_tag_key_string),
    MEMBER("Value", &model_tag_value_string),
};
static const uint8_t model_tag_slots[] = {1, 0};
const struct shape model_tag = {.kind = SHAPE_STRUCTURE,
                                .name = "Tag",
                                MEMBERS(model_tag_members, model_tag_slots),
                                .hash = {0, 0, 1, 1}};

const struct shape model_tag_list = {.kind = SHAPE_LIST, .element = &model_tag};

static const struct shape_member model_vector_attribute_definition_members[] = {
    REQUIRED("AttributeName", &model_vector_attribute_name),
};
static const uint8_t model_vector_attribute_definition_slots[] = {0};
const struct shape model_vector_attribute_definition = {
    .kind = SHAPE_STRUCTURE,
    .name = "VectorAttributeDefinition",
    MEMBERS(model_vector_attribute_definition_members, model_vector_attribute_definition_slots),
    .hash = {0, 0, 1, 1}};

static const struct shape_member model_search_schema_element_members[] = {
    REQUIRED("AttributeName", &model_attribute_name),
    REQUIRED("SearchSchemaElementType", &model_search_schema_element_type),
};
static const uint8_t model_search_schema_element_slots[] = {1, 0};
const struct shape model_search_schema_element = {
    .kind = SHAPE_STRUCTURE,
    .name = "SearchSchemaElement",
    MEMBERS(model_search_schema_element_members, model_search_schema_element_slots),
    .hash = {0, 1, 1, 1}};

const struct shape model_search_schema = {
    .kind = SHAPE_LIST, .min = 1, .element = &model_search_schema_element};

static const struct shape_member model_vector_index_members[] = {
    REQUIRED("IndexName", &model_index_name),
    REQUIRED("VectorAttribute", &model_vector_attribute_definition),
    MEMBER("SearchSchema", &model_search_schema),
    REQUIRED("Projection", &model_projection),
    REQUIRED("Dimensions", &model_positive_long_object),
    REQUIRED("DistanceFunction", &model_vector_distance_function),
};
static const uint8_t model_vector_index_slots[] = {3, 255, 5, 0, 2, 4, 1, 255};
const struct shape model_vector_index = {
    .kind = SHAPE_STRUCTURE,
    .name = "VectorIndex",
    MEMBERS(model_vector_index_members, model_vector_index_slots),
    .hash = {0, 0, 1, 5}};

const struct shape model_vector_index_list = {.kind = SHAPE_LIST, .element = &model_vector_index};

static const struct shape_member shape_create_table_members[] = {
    REQUIRED("AttributeDefinitions", &model_attribute_definitions),
    MEMBER("TableName", &model_table_name),
    REQUIRED("KeySchema", &model_table_key_schema),
    MEMBER("LocalSecondaryIndexes", &model_local_secondary_index_list),
    MEMBER("GlobalSecondaryIndexes", &model_global_secondary_index_list),
    MEMBER("BillingMode", &model_billing_mode),
    MEMBER("ProvisionedThroughput", &model_provisioned_throughput),
    MEMBER("StreamSpecification", &model_stream_specification),
    MEMBER("SSESpecification", &model_sse_specification),
    MEMBER("Tags", &model_tag_list),
    MEMBER("TableClass", &model_table_class),
    MEMBER("DeletionProtectionEnabled", &model_deletion_protection_enabled),
    MEMBER("WarmThroughput", &model_warm_throughput),
    MEMBER("ResourcePolicy", &model_resource_policy),
    MEMBER("OnDemandThroughput", &model_on_demand_throughput),
    MEMBER("GlobalTableSourceArn", &model_table_arn),
    MEMBER("GlobalTableSettingsReplicationMode", &model_global_table_settings_replication_mode),
    MEMBER("VectorIndexes", &model_vector_index_list),
};
static const uint8_t shape_create_table_slots[] = {
    255, 255, 14,  17,  9, 255, 255, 255, 6,  255, 11,  255, 255, 3,  8, 13,
    255, 7,   255, 255, 5, 10,  12,  255, 15, 2,   255, 0,   255, 16, 1, 4};
const struct shape shape_create_table = {
    .kind = SHAPE_STRUCTURE,
    .name = "CreateTableInput",
    MEMBERS(shape_create_table_members, shape_create_table_slots),
    .hash = {0, 4, 3, 5},
    .named = true};

static const struct shape_member model_update_global_secondary_index_action_members[] = {
    REQUIRED("IndexName", &model_index_name),
    MEMBER("ProvisionedThroughput", &model_provisioned_throughput),
    MEMBER("OnDemandThroughput", &model_on_demand_throughput),
    MEMBER("WarmThroughput", &model_warm_throughput),
};
static const uint8_t model_update_global_secondary_index_action_slots[] = {2, 3, 0, 1};
const struct shape model_update_global_secondary_index_action = {
    .kind = SHAPE_STRUCTURE,
    .name = "UpdateGlobalSecondaryIndexAction",
    MEMBERS(model_update_global_secondary_index_action_members,
            model_update_global_secondary_index_action_slots),
    .hash = {1, 0, 3, 3}};

static const struct shape_member model_create_global_secondary_index_action_members[] = {
    REQUIRED("IndexName", &model_index_name),
    REQUIRED("KeySchema", &model_key_schema),
    REQUIRED("Projection", &model_projection),
    MEMBER("ProvisionedThroughput", &model_provisioned_throughput),
    MEMBER("OnDemandThroughput", &model_on_demand_throughput),
    MEMBER("WarmThroughput", &model_warm_throughput),
};
static const uint8_t model_create_global_secondary_index_action_slots[] = {255, 1,   5, 0,
                                                                           3,   255, 4, 2};
const struct shape model_create_global_secondary_index_action = {
    .kind = SHAPE_STRUCTURE,
    .name = "CreateGlobalSecondaryIndexAction",
    MEMBERS(model_create_global_secondary_index_action_members,
            model_create_global_secondary_index_action_slots),
    .hash = {0, 1, 3, 3}};

static const struct shape_member model_delete_global_secondary_index_action_members[] = {
    REQUIRED("IndexName", &model_index_name),
};
static const uint8_t model_delete_global_secondary_index_action_slots[] = {0};
const struct shape model_delete_global_secondary_index_action = {
    .kind = SHAPE_STRUCTURE,
    .name = "DeleteGlobalSecondaryIndexAction",
    MEMBERS(model_delete_global_secondary_index_action_members,
            model_delete_global_secondary_index_action_slots),
    .hash = {0, 0, 1, 1}};

static const struct shape_member model_global_secondary_index_update_members[] = {
    MEMBER("Update", &model_update_global_secondary_index_action),
    MEMBER("Create", &model_create_global_secondary_index_action),
    MEMBER("Delete", &model_delete_global_secondary_index_action),
};
static const uint8_t model_global_secondary_index_update_slots[] = {0, 255, 1, 2};
const struct shape model_global_secondary_index_update = {
    .kind = SHAPE_STRUCTURE,
    .name = "GlobalSecondaryIndexUpdate",
    MEMBERS(model_global_secondary_index_update_members, model_global_secondary_index_update_slots),
    .hash = {0, 0, 1, 1}};

const struct shape model_global_secondary_index_update_list = {
    .kind = SHAPE_LIST, .element = &model_global_secondary_index_update};

static const struct shape_member model_provisioned_throughput_override_members[] = {
    MEMBER("ReadCapacityUnits", &model_positive_long_object),
};
static const uint8_t model_provisioned_throughput_override_slots[] = {0};
const struct shape model_provisioned_throughput_override = {
    .kind = SHAPE_STRUCTURE,
    .name = "ProvisionedThroughputOverride",
    MEMBERS(model_provisioned_throughput_override_members,
            model_provisioned_throughput_override_slots),
    .hash = {0, 0, 1, 1}};

static const struct shape_member model_on_demand_throughput_override_members[] = {
    MEMBER("MaxReadRequestUnits", &model_long_object),
};
static const uint8_t model_on_demand_throughput_override_slots[] = {0};
const struct shape model_on_demand_throughput_override = {
    .kind = SHAPE_STRUCTURE,
    .name = "OnDemandThroughputOverride",
    MEMBERS(model_on_demand_throughput_override_members, model_on_demand_throughput_override_slots),
    .hash = {0, 0, 1, 1}};

static const struct shape_member model_replica_global_secondary_index_members[] = {
    REQUIRED("IndexName", &model_index_name),
    MEMBER("ProvisionedThroughputOverride", &model_provisioned_throughput_override),
    MEMBER("OnDemandThroughputOverride", &model_on_demand_throughput_override),
};
static const uint8_t model_replica_global_secondary_index_slots[] = {2, 0, 1, 255};
const struct shape model_replica_global_secondary_index = {
    .kind = SHAPE_STRUCTURE,
    .name = "ReplicaGlobalSecondaryIndex",
    MEMBERS(model_replica_global_secondary_index_members,
            model_replica_global_secondary_index_slots),
    .hash = {0, 0, 3, 1}};

const struct shape model_replica_global_secondary_index_list = {
    .kind = SHAPE_LIST, .min = 1, .element = &model_replica_global_secondary_index};

static const struct shape_member model_create_replication_group_member_action_members[] = {
    REQUIRED("RegionName", &model_region_name),
    MEMBER("KMSMasterKeyId", &model_kms_master_key_id),
    MEMBER("ProvisionedThroughputOverride", &model_provisioned_throughput_override),
    MEMBER("OnDemandThroughputOverride", &model_on_demand_throughput_override),
    MEMBER("GlobalSecondaryIndexes", &model_replica_global_secondary_index_list),
    MEMBER("TableClassOverride", &model_table_class),
};
static const uint8_t model_create_replication_group_member_action_slots[] = {4,   0, 2, 5,
                                                                             255, 1, 3, 255};
const struct shape model_create_replication_group_member_action = {
    .kind = SHAPE_STRUCTURE,
    .name = "CreateReplicationGroupMemberAction",
    MEMBERS(model_create_replication_group_member_action_members,
            model_create_replication_group_member_action_slots),
    .hash = {0, 0, 1, 1}};

static const struct shape_member model_update_replication_group_member_action_members[] = {
    REQUIRED("RegionName", &model_region_name),
    MEMBER("KMSMasterKeyId", &model_kms_master_key_id),
    MEMBER("ProvisionedThroughputOverride", &model_provisioned_throughput_override),
    MEMBER("OnDemandThroughputOverride", &model_on_demand_throughput_override),
    MEMBER("GlobalSecondaryIndexes", &model_replica_global_secondary_index_list),
    MEMBER("TableClassOverride", &model_table_class),
};
static const uint8_t model_update_replication_group_member_action_slots[] = {4,   0, 2, 5,
                                                                             255, 1, 3, 255};
const struct shape model_update_replication_group_member_action = {
    .kind = SHAPE_STRUCTURE,
    .name = "UpdateReplicationGroupMemberAction",
    MEMBERS(model_update_replication_group_member_action_members,
            model_update_replication_group_member_action_slots),
    .hash = {0, 0, 1, 1}};

static const struct shape_member model_delete_replication_group_member_action_members[] = {
    REQUIRED("RegionName", &model_region_name),
};
static const uint8_t model_delete_replication_group_member_action_slots[] = {0};
const struct shape model_delete_replication_group_member_action = {
    .kind = SHAPE_STRUCTURE,
    .name = "DeleteReplicationGroupMemberAction",
    MEMBERS(model_delete_replication_group_member_action_members,
            model_delete_replication_group_member_action_slots),
    .hash = {0, 0, 1, 1}};

static const struct shape_member model_replication_group_update_members[] = {
    MEMBER("Create", &model_create_replication_group_member_action),
    MEMBER("Update", &model_update_replication_group_member_action),
    MEMBER("Delete", &model_delete_replication_group_member_action),
};
static const uint8_t model_replication_group_update_slots[] = {1, 255, 0, 2};
const struct shape model_replication_group_update = {
    .kind = SHAPE_STRUCTURE,
    .name = "ReplicationGroupUpdate",
    MEMBERS(model_replication_group_update_members, model_replication_group_update_slots),
    .hash = {0, 0, 1, 1}};

const struct shape model_replication_group_update_list = {
    .kind = SHAPE_LIST, .min = 1, .element = &model_replication_group_update};

static const struct shape_member model_create_global_table_witness_group_member_action_members[] = {
    REQUIRED("RegionName", &model_region_name),
};
static const uint8_t model_create_global_table_witness_group_member_action_slots[] = {0};
const struct shape model_create_global_table_witness_group_member_action = {
    .kind = SHAPE_STRUCTURE,
    .name = "CreateGlobalTableWitnessGroupMemberAction",
    MEMBERS(model_create_global_table_witness_group_member_action_members,
            model_create_global_table_witness_group_member_action_slots),
    .hash = {0, 0, 1, 1}};

static const struct shape_member model_delete_global_table_witness_group_member_action_members[] = {
    REQUIRED("RegionName", &model_region_name),
};
static const uint8_t model_delete_global_table_witness_group_member_action_slots[] = {0};
const struct shape model_delete_global_table_witness_group_member_action = {
    .kind = SHAPE_STRUCTURE,
    .name = "DeleteGlobalTableWitnessGroupMemberAction",
    MEMBERS(model_delete_global_table_witness_group_member_action_members,
            model_delete_global_table_witness_group_member_action_slots),
    .hash = {0, 0, 1, 1}};

static const struct shape_member model_global_table_witness_group_update_members[] = {
    MEMBER("Create", &model_create_global_table_witness_group_member_action),
    MEMBER("Delete", &model_delete_global_table_witness_group_member_action),
};
static const uint8_t model_global_table_witness_group_update_slots[] = {0, 1};
const struct shape model_global_table_witness_group_update = {
    .kind = SHAPE_STRUCTURE,
    .name = "GlobalTableWitnessGroupUpdate",
    MEMBERS(model_global_table_witness_group_update_members,
            model_global_table_witness_group_update_slots),
    .hash = {0, 0, 1, 1}};

const struct shape model_global_table_witness_group_update_list = {
    .kind = SHAPE_LIST, .min = 1, .max = 1, .element = &model_global_table_witness_group_update};

static const struct shape_member model_create_vector_index_action_members[] = {
    REQUIRED("IndexName", &model_index_name),
    REQUIRED("VectorAttribute", &model_vector_attribute_definition),
    MEMBER("SearchSchema", &model_search_schema),
    REQUIRED("Projection", &model_projection),
    REQUIRED("Dimensions", &model_positive_long_object),
    REQUIRED("DistanceFunction", &model_vector_distance_function),
};
static const uint8_t model_create_vector_index_action_slots[] = {3, 255, 5, 0, 2, 4, 1, 255};
const struct shape model_create_vector_index_action = {
    .kind = SHAPE_STRUCTURE,
    .name = "CreateVectorIndexAction",
    MEMBERS(model_create_vector_index_action_members, model_create_vector_index_action_slots),
    .hash = {0, 0, 1, 5}};

static const struct shape_member model_delete_vector_index_action_members[] = {
    REQUIRED("IndexName", &model_index_name),
};
static const uint8_t model_delete_vector_index_action_slots[] = {0};
const struct shape model_delete_vector_index_action = {
    .kind = SHAPE_STRUCTURE,
    .name = "DeleteVectorIndexAction",
    MEMBERS(model_delete_vector_index_action_members, model_delete_vector_index_action_slots),
    .hash = {0, 0, 1, 1}};

static const struct shape_member model_vector_index_update_members[] = {
    MEMBER("Create", &model_create_vector_index_action),
    MEMBER("Delete", &model_delete_vector_index_action),
};
static const uint8_t model_vector_index_update_slots[] = {0, 1};
const struct shape model_vector_index_update = {
    .kind = SHAPE_STRUCTURE,
    .name = "VectorIndexUpdate",
    MEMBERS(model_vector_index_update_members, model_vector_index_update_slots),
    .hash = {0, 0, 1, 1}};

const struct shape model_vector_index_update_list = {.kind = SHAPE_LIST,
                                                     .element = &model_vector_index_update};

static const struct shape_member shape_update_table_members[] = {
    MEMBER("AttributeDefinitions", &model_attribute_definitions),
    MEMBER("TableName", &model_table_arn),
    MEMBER("BillingMode", &model_billing_mode),
    MEMBER("ProvisionedThroughput", &model_provisioned_throughput),
    MEMBER("GlobalSecondaryIndexUpdates", &model_global_secondary_index_update_list),
    MEMBER("StreamSpecification", &model_stream_specification),
    MEMBER("SSESpecification", &model_sse_specification),
    MEMBER("ReplicaUpdates", &model_replication_group_update_list),
    MEMBER("TableClass", &model_table_class),
    MEMBER("DeletionProtectionEnabled", &model_deletion_protection_enabled),
    MEMBER("MultiRegionConsistency", &model_multi_region_consistency),
    MEMBER("GlobalTableWitnessUpdates", &model_global_table_witness_group_update_list),
    MEMBER("OnDemandThroughput", &model_on_demand_throughput),
    MEMBER("WarmThroughput", &model_warm_throughput),
    MEMBER("GlobalTableSettingsReplicationMode", &model_global_table_settings_replication_mode),
    MEMBER("VectorIndexUpdates", &model_vector_index_update_list),
};
static const uint8_t shape_update_table_slots[] = {
    2, 3, 255, 255, 255, 255, 14, 11,  10,  4,   255, 255, 255, 15, 255, 13,
    0, 9, 255, 6,   1,   255, 5,  255, 255, 255, 255, 12,  255, 7,  255, 8};
const struct shape shape_update_table = {
    .kind = SHAPE_STRUCTURE,
    .name = "UpdateTableInput",
    MEMBERS(shape_update_table_members, shape_update_table_slots),
    .hash = {0, 0, 3, 3},
    .named = true,
    .sized = true};

static const struct shape_member shape_describe_table_members[] = {
    MEMBER("TableName", &model_table_arn),
};
static const uint8_t shape_describe_table_slots[] = {0};
const struct shape shape_describe_table = {
    .kind = SHAPE_STRUCTURE,
    .name = "DescribeTableInput",
    MEMBERS(shape_describe_table_members, shape_describe_table_slots),
    .hash = {0, 0, 1, 1},
    .named = true,
    .sized = true};

static const struct shape_member shape_delete_table_members[] = {
    MEMBER("TableName", &model_table_arn),
};
static const uint8_t shape_delete_table_slots[] = {0};
const struct shape shape_delete_table = {
    .kind = SHAPE_STRUCTURE,
    .name = "DeleteTableInput",
    MEMBERS(shape_delete_table_members, shape_delete_table_slots),
    .hash = {0, 0, 1, 1},
    .named = true,
    .sized = true};

static const struct shape_member shape_list_tables_members[] = {
    MEMBER("ExclusiveStartTableName", &model_table_name),
    MEMBER("Limit", &model_list_tables_input_limit),
};
static const uint8_t shape_list_tables_slots[] = {1, 0};
const struct shape shape_list_tables = {.kind = SHAPE_STRUCTURE,
                                        .name = "ListTablesInput",
                                        MEMBERS(shape_list_tables_members, shape_list_tables_slots),
                                        .hash = {0, 1, 1, 1}};
