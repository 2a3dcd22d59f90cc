/* Global tables and the scaling of replicas. Written by `generate` from the service model: change
 * that, not this. */
#include "daemon/api/model/model.h"

static const struct shape_member model_replica_members[] = {
    MEMBER("RegionName", &model_region_name),
};
static const uint8_t model_replica_slots[] = {0};
const struct shape model_replica = {.kind = SHAPE_STRUCTURE,
                                    .name = "Replica",
                                    MEMBERS(model_replica_members, model_replica_slots),
                                    .hash = {0, 0, 1, 1}};

const struct shape model_replica_list = {.kind = SHAPE_LIST, .element = &model_replica};

static const struct shape_member shape_create_global_table_members[] = {
    REQUIRED("GlobalTableName", &model_table_name),
    REQUIRED("ReplicationGroup", &model_replica_list),
};
static const uint8_t shape_create_global_table_slots[] = {1, 0};
const struct shape shape_create_global_table = {
    .kind = SHAPE_STRUCTURE,
    .name = "CreateGlobalTableInput",
    MEMBERS(shape_create_global_table_members, shape_create_global_table_slots),
    .hash = {0, 0, 1, 1}};

static const struct shape_member model_create_replica_action_members[] = {
    REQUIRED("RegionName", &model_region_name),
};
static const uint8_t model_create_replica_action_slots[] = {0};
const struct shape model_create_replica_action = {
    .kind = SHAPE_STRUCTURE,
    .name = "CreateReplicaAction",
    MEMBERS(model_create_replica_action_members, model_create_replica_action_slots),
    .hash = {0, 0, 1, 1}};

static const struct shape_member model_delete_replica_action_members[] = {
    REQUIRED("RegionName", &model_region_name),
};
static const uint8_t model_delete_replica_action_slots[] = {0};
const struct shape model_delete_replica_action = {
    .kind = SHAPE_STRUCTURE,
    .name = "DeleteReplicaAction",
    MEMBERS(model_delete_replica_action_members, model_delete_replica_action_slots),
    .hash = {0, 0, 1, 1}};

static const struct shape_member model_replica_update_members[] = {
    MEMBER("Create", &model_create_replica_action),
    MEMBER("Delete", &model_delete_replica_action),
};
static const uint8_t model_replica_update_slots[] = {0, 1};
const struct shape model_replica_update = {
    .kind = SHAPE_STRUCTURE,
    .name = "ReplicaUpdate",
    MEMBERS(model_replica_update_members, model_replica_update_slots),
    .hash = {0, 0, 1, 1}};

const struct shape model_replica_update_list = {.kind = SHAPE_LIST,
                                                .element = &model_replica_update};

static const struct shape_member shape_update_global_table_members[] = {
    REQUIRED("GlobalTableName", &model_table_name),
    REQUIRED("ReplicaUpdates", &model_replica_update_list),
};
static const uint8_t shape_update_global_table_slots[] = {1, 0};
const struct shape shape_update_global_table = {
    .kind = SHAPE_STRUCTURE,
    .name = "UpdateGlobalTableInput",
    MEMBERS(shape_update_global_table_members, shape_update_global_table_slots),
    .hash = {0, 2, 1, 1}};

static const struct shape_member shape_describe_global_table_members[] = {
    REQUIRED("GlobalTableName", &model_table_name),
};
static const uint8_t shape_describe_global_table_slots[] = {0};
const struct shape shape_describe_global_table = {
    .kind = SHAPE_STRUCTURE,
    .name = "DescribeGlobalTableInput",
    MEMBERS(shape_describe_global_table_members, shape_describe_global_table_slots),
    .hash = {0, 0, 1, 1}};

static const struct shape_member shape_list_global_tables_members[] = {
    MEMBER("ExclusiveStartGlobalTableName", &model_table_name),
    MEMBER("Limit", &model_positive_integer_object),
    MEMBER("RegionName", &model_region_name),
};
static const uint8_t shape_list_global_tables_slots[] = {255, 2, 1, 0};
const struct shape shape_list_global_tables = {
    .kind = SHAPE_STRUCTURE,
    .name = "ListGlobalTablesInput",
    MEMBERS(shape_list_global_tables_members, shape_list_global_tables_slots),
    .hash = {0, 1, 1, 1}};

static const struct shape_member shape_describe_global_table_settings_members[] = {
    REQUIRED("GlobalTableName", &model_table_name),
};
static const uint8_t shape_describe_global_table_settings_slots[] = {0};
const struct shape shape_describe_global_table_settings = {
    .kind = SHAPE_STRUCTURE,
    .name = "DescribeGlobalTableSettingsInput",
    MEMBERS(shape_describe_global_table_settings_members,
            shape_describe_global_table_settings_slots),
    .hash = {0, 0, 1, 1}};

static const struct shape_member
    model_auto_scaling_target_tracking_scaling_policy_configuration_update_members[] = {
        MEMBER("DisableScaleIn", &model_boolean_object),
        MEMBER("ScaleInCooldown", &model_integer_object),
        MEMBER("ScaleOutCooldown", &model_integer_object),
        REQUIRED("TargetValue", &model_double_object),
};
static const uint8_t
    model_auto_scaling_target_tracking_scaling_policy_configuration_update_slots[] = {3, 1, 2, 0};
const struct shape model_auto_scaling_target_tracking_scaling_policy_configuration_update = {
    .kind = SHAPE_STRUCTURE,
    .name = "AutoScalingTargetTrackingScalingPolicyConfigurationUpdate",
    MEMBERS(model_auto_scaling_target_tracking_scaling_policy_configuration_update_members,
            model_auto_scaling_target_tracking_scaling_policy_configuration_update_slots),
    .hash = {0, 1, 1, 1}};

static const struct shape_member model_auto_scaling_policy_update_members[] = {
    MEMBER("PolicyName", &model_auto_scaling_policy_name),
    REQUIRED("TargetTrackingScalingPolicyConfiguration",
             &model_auto_scaling_target_tracking_scaling_policy_configuration_update),
};
static const uint8_t model_auto_scaling_policy_update_slots[] = {1, 0};
const struct shape model_auto_scaling_policy_update = {
    .kind = SHAPE_STRUCTURE,
    .name = "AutoScalingPolicyUpdate",
    MEMBERS(model_auto_scaling_policy_update_members, model_auto_scaling_policy_update_slots),
    .hash = {0, 0, 1, 1}};

static const struct shape_member model_auto_scaling_settings_update_members[] = {
    MEMBER("MinimumUnits", &model_positive_long_object),
    MEMBER("MaximumUnits", &model_positive_long_object),
    MEMBER("AutoScalingDisabled", &model_boolean_object),
    MEMBER("AutoScalingRoleArn", &model_auto_scaling_role_arn),
    MEMBER("ScalingPolicyUpdate", &model_auto_scaling_policy_update),
};
static const uint8_t model_auto_scaling_settings_update_slots[] = {255, 4, 255, 2, 3, 0, 255, 1};
const struct shape model_auto_scaling_settings_update = {
    .kind = SHAPE_STRUCTURE,
    .name = "AutoScalingSettingsUpdate",
    MEMBERS(model_auto_scaling_settings_update_members, model_auto_scaling_settings_update_slots),
    .hash = {2, 0, 1, 1}};

static const struct shape_member
    model_global_table_global_secondary_index_settings_update_members[] = {
        REQUIRED("IndexName", &model_index_name),
        MEMBER("ProvisionedWriteCapacityUnits", &model_positive_long_object),
        MEMBER("ProvisionedWriteCapacityAutoScalingSettingsUpdate",
               &model_auto_scaling_settings_update),
};
static const uint8_t model_global_table_global_secondary_index_settings_update_slots[] = {1, 255, 2,
                                                                                          0};
const struct shape model_global_table_global_secondary_index_settings_update = {
    .kind = SHAPE_STRUCTURE,
    .name = "GlobalTableGlobalSecondaryIndexSettingsUpdate",
    MEMBERS(model_global_table_global_secondary_index_settings_update_members,
            model_global_table_global_secondary_index_settings_update_slots),
    .hash = {0, 0, 1, 1}};

const struct shape model_global_table_global_secondary_index_settings_update_list = {
    .kind = SHAPE_LIST,
    .min = 1,
    .max = 20,
    .element = &model_global_table_global_secondary_index_settings_update};

static const struct shape_member model_replica_global_secondary_index_settings_update_members[] = {
    REQUIRED("IndexName", &model_index_name),
    MEMBER("ProvisionedReadCapacityUnits", &model_positive_long_object),
    MEMBER("ProvisionedReadCapacityAutoScalingSettingsUpdate", &model_auto_scaling_settings_update),
};
static const uint8_t model_replica_global_secondary_index_settings_update_slots[] = {2, 1, 0, 255};
const struct shape model_replica_global_secondary_index_settings_update = {
    .kind = SHAPE_STRUCTURE,
    .name = "ReplicaGlobalSecondaryIndexSettingsUpdate",
    MEMBERS(model_replica_global_secondary_index_settings_update_members,
            model_replica_global_secondary_index_settings_update_slots),
    .hash = {0, 4, 1, 1}};

const struct shape model_replica_global_secondary_index_settings_update_list = {
    .kind = SHAPE_LIST,
    .min = 1,
    .max = 20,
    .element = &model_replica_global_secondary_index_settings_update};

static const struct shape_member model_replica_settings_update_members[] = {
    REQUIRED("RegionName", &model_region_name),
    MEMBER("ReplicaProvisionedReadCapacityUnits", &model_positive_long_object),
    MEMBER("ReplicaProvisionedReadCapacityAutoScalingSettingsUpdate",
           &model_auto_scaling_settings_update),
    MEMBER("ReplicaGlobalSecondaryIndexSettingsUpdate",
           &model_replica_global_secondary_index_settings_update_list),
    MEMBER("ReplicaTableClass", &model_table_class),
};
static const uint8_t model_replica_settings_update_slots[] = {2, 255, 3, 0, 4, 255, 1, 255};
const struct shape model_replica_settings_update = {
    .kind = SHAPE_STRUCTURE,
    .name = "ReplicaSettingsUpdate",
    MEMBERS(model_replica_settings_update_members, model_replica_settings_update_slots),
    .hash = {0, 0, 1, 3}};

const struct shape model_replica_settings_update_list = {
    .kind = SHAPE_LIST, .min = 1, .max = 50, .element = &model_replica_settings_update};

static const struct shape_member shape_update_global_table_settings_members[] = {
    REQUIRED("GlobalTableName", &model_table_name),
    MEMBER("GlobalTableBillingMode", &model_billing_mode),
    MEMBER("GlobalTableProvisionedWriteCapacityUnits", &model_positive_long_object),
    MEMBER("GlobalTableProvisionedWriteCapacityAutoScalingSettingsUpdate",
           &model_auto_scaling_settings_update),
    MEMBER("GlobalTableGlobalSecondaryIndexSettingsUpdate",
           &model_global_table_global_secondary_index_settings_update_list),
    MEMBER("ReplicaSettingsUpdate", &model_replica_settings_update_list),
};
static const uint8_t shape_update_global_table_settings_slots[] = {2, 255, 3, 4, 1, 0, 5, 255};
const struct shape shape_update_global_table_settings = {
    .kind = SHAPE_STRUCTURE,
    .name = "UpdateGlobalTableSettingsInput",
    MEMBERS(shape_update_global_table_settings_members, shape_update_global_table_settings_slots),
    .hash = {0, 0, 1, 3}};

static const struct shape_member shape_describe_table_replica_auto_scaling_members[] = {
    REQUIRED("TableName", &model_table_arn),
};
static const uint8_t shape_describe_table_replica_auto_scaling_slots[] = {0};
const struct shape shape_describe_table_replica_auto_scaling = {
    .kind = SHAPE_STRUCTURE,
    .name = "DescribeTableReplicaAutoScalingInput",
    MEMBERS(shape_describe_table_replica_auto_scaling_members,
            shape_describe_table_replica_auto_scaling_slots),
    .hash = {0, 0, 1, 1}};

static const struct shape_member model_global_secondary_index_auto_scaling_update_members[] = {
    MEMBER("IndexName", &model_index_name),
    MEMBER("ProvisionedWriteCapacityAutoScalingUpdate", &model_auto_scaling_settings_update),
};
static const uint8_t model_global_secondary_index_auto_scaling_update_slots[] = {1, 0};
const struct shape model_global_secondary_index_auto_scaling_update = {
    .kind = SHAPE_STRUCTURE,
    .name = "GlobalSecondaryIndexAutoScalingUpdate",
    MEMBERS(model_global_secondary_index_auto_scaling_update_members,
            model_global_secondary_index_auto_scaling_update_slots),
    .hash = {0, 0, 1, 1}};

const struct shape model_global_secondary_index_auto_scaling_update_list = {
    .kind = SHAPE_LIST, .min = 1, .element = &model_global_secondary_index_auto_scaling_update};

static const struct shape_member
    model_replica_global_secondary_index_auto_scaling_update_members[] = {
        MEMBER("IndexName", &model_index_name),
        MEMBER("ProvisionedReadCapacityAutoScalingUpdate", &model_auto_scaling_settings_update),
};
static const uint8_t model_replica_global_secondary_index_auto_scaling_update_slots[] = {1, 0};
const struct shape model_replica_global_secondary_index_auto_scaling_update = {
    .kind = SHAPE_STRUCTURE,
    .name = "ReplicaGlobalSecondaryIndexAutoScalingUpdate",
    MEMBERS(model_replica_global_secondary_index_auto_scaling_update_members,
            model_replica_global_secondary_index_auto_scaling_update_slots),
    .hash = {0, 1, 1, 1}};

const struct shape model_replica_global_secondary_index_auto_scaling_update_list = {
    .kind = SHAPE_LIST, .element = &model_replica_global_secondary_index_auto_scaling_update};

static const struct shape_member model_replica_auto_scaling_update_members[] = {
    REQUIRED("RegionName", &model_region_name),
    MEMBER("ReplicaGlobalSecondaryIndexUpdates",
           &model_replica_global_secondary_index_auto_scaling_update_list),
    MEMBER("ReplicaProvisionedReadCapacityAutoScalingUpdate", &model_auto_scaling_settings_update),
};
static const uint8_t model_replica_auto_scaling_update_slots[] = {255, 0, 2, 1};
const struct shape model_replica_auto_scaling_update = {
    .kind = SHAPE_STRUCTURE,
    .name = "ReplicaAutoScalingUpdate",
    MEMBERS(model_replica_auto_scaling_update_members, model_replica_auto_scaling_update_slots),
    .hash = {0, 0, 1, 1}};

const struct shape model_replica_auto_scaling_update_list = {
    .kind = SHAPE_LIST, .min = 1, .element = &model_replica_auto_scaling_update};

static const struct shape_member shape_update_table_replica_auto_scaling_members[] = {
    MEMBER("GlobalSecondaryIndexUpdates", &model_global_secondary_index_auto_scaling_update_list),
    REQUIRED("TableName", &model_table_arn),
    MEMBER("ProvisionedWriteCapacityAutoScalingUpdate", &model_auto_scaling_settings_update),
    MEMBER("ReplicaUpdates", &model_replica_auto_scaling_update_list),
};
static const uint8_t shape_update_table_replica_auto_scaling_slots[] = {0, 3, 1, 2};
const struct shape shape_update_table_replica_auto_scaling = {
    .kind = SHAPE_STRUCTURE,
    .name = "UpdateTableReplicaAutoScalingInput",
    MEMBERS(shape_update_table_replica_auto_scaling_members,
            shape_update_table_replica_auto_scaling_slots),
    .hash = {0, 7, 3, 1}};
