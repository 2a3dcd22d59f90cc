/* What hangs on a table, and the account. Written by `generate` from the service model: change
 * that, not this. */
#include "daemon/api/model/model.h"

static const struct shape_member shape_tag_resource_members[] = {
    MEMBER("ResourceArn", &model_any_arn),
    MEMBER("Tags", &model_tag_list),
};
static const uint8_t shape_tag_resource_slots[] = {0, 1};
const struct shape shape_tag_resource = {
    .kind = SHAPE_STRUCTURE,
    .name = "TagResourceInput",
    MEMBERS(shape_tag_resource_members, shape_tag_resource_slots),
    .hash = {0, 2, 1, 1}};

const struct shape model_tag_key_list = {.kind = SHAPE_LIST, .element = &model_tag_key_string};

static const struct shape_member shape_untag_resource_members[] = {
    MEMBER("ResourceArn", &model_any_arn),
    MEMBER("TagKeys", &model_tag_key_list),
};
static const uint8_t shape_untag_resource_slots[] = {1, 0};
const struct shape shape_untag_resource = {
    .kind = SHAPE_STRUCTURE,
    .name = "UntagResourceInput",
    MEMBERS(shape_untag_resource_members, shape_untag_resource_slots),
    .hash = {0, 0, 1, 1}};

static const struct shape_member shape_list_tags_of_resource_members[] = {
    MEMBER("ResourceArn", &model_any_arn),
    MEMBER("NextToken", &model_next_token_string),
};
static const uint8_t shape_list_tags_of_resource_slots[] = {1, 0};
const struct shape shape_list_tags_of_resource = {
    .kind = SHAPE_STRUCTURE,
    .name = "ListTagsOfResourceInput",
    MEMBERS(shape_list_tags_of_resource_members, shape_list_tags_of_resource_slots),
    .hash = {0, 1, 1, 1}};

static const struct shape_member shape_put_resource_policy_members[] = {
    REQUIRED("ResourceArn", &model_resource_arn_string),
    REQUIRED("Policy", &model_resource_policy),
    MEMBER("ExpectedRevisionId", &model_policy_revision_id),
    MEMBER("ConfirmRemoveSelfResourceAccess", &model_confirm_remove_self_resource_access),
};
static const uint8_t shape_put_resource_policy_slots[] = {0, 1, 2, 3};
const struct shape shape_put_resource_policy = {
    .kind = SHAPE_STRUCTURE,
    .name = "PutResourcePolicyInput",
    MEMBERS(shape_put_resource_policy_members, shape_put_resource_policy_slots),
    .hash = {0, 4, 3, 1}};

static const struct shape_member shape_get_resource_policy_members[] = {
    REQUIRED("ResourceArn", &model_resource_arn_string),
};
static const uint8_t shape_get_resource_policy_slots[] = {0};
const struct shape shape_get_resource_policy = {
    .kind = SHAPE_STRUCTURE,
    .name = "GetResourcePolicyInput",
    MEMBERS(shape_get_resource_policy_members, shape_get_resource_policy_slots),
    .hash = {0, 0, 1, 1}};

static const struct shape_member shape_delete_resource_policy_members[] = {
    REQUIRED("ResourceArn", &model_resource_arn_string),
    MEMBER("ExpectedRevisionId", &model_policy_revision_id),
};
static const uint8_t shape_delete_resource_policy_slots[] = {1, 0};
const struct shape shape_delete_resource_policy = {
    .kind = SHAPE_STRUCTURE,
    .name = "DeleteResourcePolicyInput",
    MEMBERS(shape_delete_resource_policy_members, shape_delete_resource_policy_slots),
    .hash = {0, 1, 1, 1}};

static const struct shape_member shape_describe_time_to_live_members[] = {
    MEMBER("TableName", &model_table_arn),
};
static const uint8_t shape_describe_time_to_live_slots[] = {0};
const struct shape shape_describe_time_to_live = {
    .kind = SHAPE_STRUCTURE,
    .name = "DescribeTimeToLiveInput",
    MEMBERS(shape_describe_time_to_live_members, shape_describe_time_to_live_slots),
    .hash = {0, 0, 1, 1},
    .named = true,
    .sized = true};

static const struct shape_member model_time_to_live_specification_members[] = {
    REQUIRED("Enabled", &model_time_to_live_enabled),
    REQUIRED("AttributeName", &model_time_to_live_attribute_name),
};
static const uint8_t model_time_to_live_specification_slots[] = {0, 1};
const struct shape model_time_to_live_specification = {
    .kind = SHAPE_STRUCTURE,
    .name = "TimeToLiveSpecification",
    MEMBERS(model_time_to_live_specification_members, model_time_to_live_specification_slots),
    .hash = {0, 0, 1, 1}};

static const struct shape_member shape_update_time_to_live_members[] = {
    MEMBER("TableName", &model_table_arn),
    REQUIRED("TimeToLiveSpecification", &model_time_to_live_specification),
};
static const uint8_t shape_update_time_to_live_slots[] = {0, 1};
const struct shape shape_update_time_to_live = {
    .kind = SHAPE_STRUCTURE,
    .name = "UpdateTimeToLiveInput",
    MEMBERS(shape_update_time_to_live_members, shape_update_time_to_live_slots),
    .hash = {0, 0, 1, 1},
    .named = true,
    .sized = true};

static const struct shape_member shape_describe_continuous_backups_members[] = {
    REQUIRED("TableName", &model_table_arn),
};
static const uint8_t shape_describe_continuous_backups_slots[] = {0};
const struct shape shape_describe_continuous_backups = {
    .kind = SHAPE_STRUCTURE,
    .name = "DescribeContinuousBackupsInput",
    MEMBERS(shape_describe_continuous_backups_members, shape_describe_continuous_backups_slots),
    .hash = {0, 0, 1, 1}};

static const struct shape_member model_point_in_time_recovery_specification_members[] = {
    REQUIRED("PointInTimeRecoveryEnabled", &model_boolean_object),
    MEMBER("RecoveryPeriodInDays", &model_recovery_period_in_days),
};
static const uint8_t model_point_in_time_recovery_specification_slots[] = {0, 1};
const struct shape model_point_in_time_recovery_specification = {
    .kind = SHAPE_STRUCTURE,
    .name = "PointInTimeRecoverySpecification",
    MEMBERS(model_point_in_time_recovery_specification_members,
            model_point_in_time_recovery_specification_slots),
    .hash = {0, 0, 1, 1}};

static const struct shape_member shape_update_continuous_backups_members[] = {
    REQUIRED("TableName", &model_table_arn),
    REQUIRED("PointInTimeRecoverySpecification", &model_point_in_time_recovery_specification),
};
static const uint8_t shape_update_continuous_backups_slots[] = {0, 1};
const struct shape shape_update_continuous_backups = {
    .kind = SHAPE_STRUCTURE,
    .name = "UpdateContinuousBackupsInput",
    MEMBERS(shape_update_continuous_backups_members, shape_update_continuous_backups_slots),
    .hash = {0, 1, 1, 1}};

static const struct shape_member model_enable_kinesis_streaming_configuration_members[] = {
    MEMBER("ApproximateCreationDateTimePrecision", &model_approximate_creation_date_time_precision),
};
static const uint8_t model_enable_kinesis_streaming_configuration_slots[] = {0};
const struct shape model_enable_kinesis_streaming_configuration = {
    .kind = SHAPE_STRUCTURE,
    .name = "EnableKinesisStreamingConfiguration",
    MEMBERS(model_enable_kinesis_streaming_configuration_members,
            model_enable_kinesis_streaming_configuration_slots),
    .hash = {0, 0, 1, 1}};

static const struct shape_member shape_disable_kinesis_streaming_destination_members[] = {
    REQUIRED("TableName", &model_table_arn),
    REQUIRED("StreamArn", &model_stream_arn),
    MEMBER("EnableKinesisStreamingConfiguration", &model_enable_kinesis_streaming_configuration),
};
static const uint8_t shape_disable_kinesis_streaming_destination_slots[] = {0, 2, 1, 255};
const struct shape shape_disable_kinesis_streaming_destination = {
    .kind = SHAPE_STRUCTURE,
    .name = "KinesisStreamingDestinationInput",
    MEMBERS(shape_disable_kinesis_streaming_destination_members,
            shape_disable_kinesis_streaming_destination_slots),
    .hash = {0, 1, 1, 3}};

static const struct shape_member shape_enable_kinesis_streaming_destination_members[] = {
    REQUIRED("TableName", &model_table_arn),
    REQUIRED("StreamArn", &model_stream_arn),
    MEMBER("EnableKinesisStreamingConfiguration", &model_enable_kinesis_streaming_configuration),
};
static const uint8_t shape_enable_kinesis_streaming_destination_slots[] = {0, 2, 1, 255};
const struct shape shape_enable_kinesis_streaming_destination = {
    .kind = SHAPE_STRUCTURE,
    .name = "KinesisStreamingDestinationInput",
    MEMBERS(shape_enable_kinesis_streaming_destination_members,
            shape_enable_kinesis_streaming_destination_slots),
    .hash = {0, 1, 1, 3}};

static const struct shape_member model_update_kinesis_streaming_configuration_members[] = {
    MEMBER("ApproximateCreationDateTimePrecision", &model_approximate_creation_date_time_precision),
};
static const uint8_t model_update_kinesis_streaming_configuration_slots[] = {0};
const struct shape model_update_kinesis_streaming_configuration = {
    .kind = SHAPE_STRUCTURE,
    .name = "UpdateKinesisStreamingConfiguration",
    MEMBERS(model_update_kinesis_streaming_configuration_members,
            model_update_kinesis_streaming_configuration_slots),
    .hash = {0, 0, 1, 1}};

static const struct shape_member shape_update_kinesis_streaming_destination_members[] = {
    REQUIRED("TableName", &model_table_arn),
    REQUIRED("StreamArn", &model_stream_arn),
    MEMBER("UpdateKinesisStreamingConfiguration", &model_update_kinesis_streaming_configuration),
};
static const uint8_t shape_update_kinesis_streaming_destination_slots[] = {0, 2, 1, 255};
const struct shape shape_update_kinesis_streaming_destination = {
    .kind = SHAPE_STRUCTURE,
    .name = "UpdateKinesisStreamingDestinationInput",
    MEMBERS(shape_update_kinesis_streaming_destination_members,
            shape_update_kinesis_streaming_destination_slots),
    .hash = {0, 1, 1, 3}};

static const struct shape_member shape_describe_kinesis_streaming_destination_members[] = {
    REQUIRED("TableName", &model_table_arn),
};
static const uint8_t shape_describe_kinesis_streaming_destination_slots[] = {0};
const struct shape shape_describe_kinesis_streaming_destination = {
    .kind = SHAPE_STRUCTURE,
    .name = "DescribeKinesisStreamingDestinationInput",
    MEMBERS(shape_describe_kinesis_streaming_destination_members,
            shape_describe_kinesis_streaming_destination_slots),
    .hash = {0, 0, 1, 1}};

static const struct shape_member shape_update_contributor_insights_members[] = {
    REQUIRED("TableName", &model_table_arn),
    MEMBER("IndexName", &model_index_name),
    REQUIRED("ContributorInsightsAction", &model_contributor_insights_action),
    MEMBER("ContributorInsightsMode", &model_contributor_insights_mode),
};
static const uint8_t shape_update_contributor_insights_slots[] = {0, 2, 1, 3};
const struct shape shape_update_contributor_insights = {
    .kind = SHAPE_STRUCTURE,
    .name = "UpdateContributorInsightsInput",
    MEMBERS(shape_update_contributor_insights_members, shape_update_contributor_insights_slots),
    .hash = {0, 4, 1, 3}};

static const struct shape_member shape_describe_contributor_insights_members[] = {
    REQUIRED("TableName", &model_table_arn),
    MEMBER("IndexName", &model_index_name),
};
static const uint8_t shape_describe_contributor_insights_slots[] = {0, 1};
const struct shape shape_describe_contributor_insights = {
    .kind = SHAPE_STRUCTURE,
    .name = "DescribeContributorInsightsInput",
    MEMBERS(shape_describe_contributor_insights_members, shape_describe_contributor_insights_slots),
    .hash = {0, 0, 1, 1}};

static const struct shape_member shape_list_contributor_insights_members[] = {
    MEMBER("TableName", &model_table_arn),
    MEMBER("NextToken", &model_next_token_string),
    MEMBER("MaxResults", &model_list_contributor_insights_limit),
};
static const uint8_t shape_list_contributor_insights_slots[] = {2, 1, 0, 255};
const struct shape shape_list_contributor_insights = {
    .kind = SHAPE_STRUCTURE,
    .name = "ListContributorInsightsInput",
    MEMBERS(shape_list_contributor_insights_members, shape_list_contributor_insights_slots),
    .hash = {0, 0, 3, 1}};

const struct shape shape_describe_limits = {.kind = SHAPE_STRUCTURE, .name = "DescribeLimitsInput"};

const struct shape shape_describe_endpoints = {.kind = SHAPE_STRUCTURE,
                                               .name = "DescribeEndpointsRequest"};
