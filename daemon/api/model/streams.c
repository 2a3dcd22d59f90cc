/* Streams. Written by `generate` from the service model: change that, not this. */
#include "daemon/api/model/model.h"

static const struct shape_member shape_list_streams_members[] = {
    MEMBER("TableName", &model_table_name),
    MEMBER("Limit", &model_positive_integer_object),
    MEMBER("ExclusiveStartStreamArn", &model_stream_arn),
};
static const uint8_t shape_list_streams_slots[] = {0, 1, 2, 255};
const struct shape shape_list_streams = {
    .kind = SHAPE_STRUCTURE,
    .name = "ListStreamsInput",
    MEMBERS(shape_list_streams_members, shape_list_streams_slots),
    .hash = {0, 0, 1, 3}};

static const struct shape_member model_shard_filter_members[] = {
    REQUIRED("Type", &model_shard_filter_type),
    REQUIRED("ShardId", &model_shard_id),
};
static const uint8_t model_shard_filter_slots[] = {1, 0};
const struct shape model_shard_filter = {
    .kind = SHAPE_STRUCTURE,
    .name = "ShardFilter",
    MEMBERS(model_shard_filter_members, model_shard_filter_slots),
    .hash = {0, 0, 1, 1}};

static const struct shape_member shape_describe_stream_members[] = {
    REQUIRED("StreamArn", &model_stream_arn),
    MEMBER("Limit", &model_positive_integer_object),
    MEMBER("ExclusiveStartShardId", &model_shard_id),
    MEMBER("ShardFilter", &model_shard_filter),
};
static const uint8_t shape_describe_stream_slots[] = {3, 1, 2, 0};
const struct shape shape_describe_stream = {
    .kind = SHAPE_STRUCTURE,
    .name = "DescribeStreamInput",
    MEMBERS(shape_describe_stream_members, shape_describe_stream_slots),
    .hash = {0, 5, 1, 3}};

static const struct shape_member shape_get_shard_iterator_members[] = {
    REQUIRED("StreamArn", &model_stream_arn),
    REQUIRED("ShardId", &model_shard_id),
    REQUIRED("ShardIteratorType", &model_shard_iterator_type),
    MEMBER("SequenceNumber", &model_sequence_number),
};
static const uint8_t shape_get_shard_iterator_slots[] = {3, 1, 2, 0};
const struct shape shape_get_shard_iterator = {
    .kind = SHAPE_STRUCTURE,
    .name = "GetShardIteratorInput",
    MEMBERS(shape_get_shard_iterator_members, shape_get_shard_iterator_slots),
    .hash = {0, 4, 1, 3}};

static const struct shape_member shape_get_records_members[] = {
    REQUIRED("ShardIterator", &model_shard_iterator),
    MEMBER("Limit", &model_positive_integer_object),
};
static const uint8_t shape_get_records_slots[] = {0, 1};
const struct shape shape_get_records = {.kind = SHAPE_STRUCTURE,
                                        .name = "GetRecordsInput",
                                        MEMBERS(shape_get_records_members, shape_get_records_slots),
                                        .hash = {0, 0, 1, 1}};
