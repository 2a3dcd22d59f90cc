/* Streams (dynamodb-features.md section 5). No table has a stream in this version, so none is
 * listed and every ARN of one is unknown. */
#include "daemon/api/operations.h"
#include "daemon/api/resource.h"

#define INVALID_VALUES "One or more parameter values were invalid: "

enum { STREAMS_LIMIT_MAX = 100, STREAMS_RECORDS_MAX = 1000 };

/* Of this service's form; which account or region does not matter: it is not here. */
static bool streams_arn(struct call *call, const char *member, struct error *err)
{
    struct slice arn = shape_text(json_get(call->body, member));
    struct slice part;
    bool foreign;
    return resource_part(call->node, arn, "stream", NULL, &part, &foreign) || foreign ||
           error_set(err, ERROR_VALIDATION, "Invalid StreamArn");
}

static bool streams_unknown(struct call *call, struct error *err)
{
    return error_set(err, ERROR_NOT_FOUND, "Requested resource not found: Stream: %.*s not found",
                     SLICE_ARGS(shape_text(json_get(call->body, "StreamArn"))));
}

static bool streams_list_decode(struct call *call, struct error *err)
{
    if (!shape_check(&shape_list_streams, call->body, call->operation->name, err)) {
        return false;
    }
    if (shape_integer(json_get(call->body, "Limit"), 1) > STREAMS_LIMIT_MAX) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES "Limit cannot be greater than the maximum allowed size: %d",
                         STREAMS_LIMIT_MAX);
    }
    return json_get(call->body, "ExclusiveStartStreamArn") == NULL ||
           streams_arn(call, "ExclusiveStartStreamArn", err);
}

static bool streams_list_run(struct call *call, enum read_tier tier, struct error *err)
{
    (void)tier;
    (void)err;
    answer_begin(call);
    answer_member(call, "Streams");
    buffer_append_text(&call->answer, "[]");
    answer_end(call);
    return true;
}

static bool streams_describe_decode(struct call *call, struct error *err)
{
    if (!shape_check(&shape_describe_stream, call->body, call->operation->name, err)) {
        return false;
    }
    if (shape_integer(json_get(call->body, "Limit"), 1) > STREAMS_LIMIT_MAX) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES "Limit cannot be greater than the maximum: %d",
                         STREAMS_LIMIT_MAX);
    }
    return streams_arn(call, "StreamArn", err) && streams_unknown(call, err);
}

/* 21 to 40 digits. */
static bool streams_is_number(struct slice text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
    }
    return text.size >= 21 && text.size <= 40;
}

static bool streams_iterator_decode(struct call *call, struct error *err)
{
    if (!shape_check(&shape_get_shard_iterator, call->body, call->operation->name, err) ||
        !streams_arn(call, "StreamArn", err)) {
        return false;
    }
    struct slice type = shape_text(json_get(call->body, "ShardIteratorType"));
    const struct json *number = json_get(call->body, "SequenceNumber");
    if (slice_is(type, "TRIM_HORIZON") || slice_is(type, "LATEST")) {
        if (number != NULL) {
            return error_set(err, ERROR_VALIDATION,
                             INVALID_VALUES
                             "SequenceNumber should not be passed for this iterator type");
        }
    } else if (number == NULL || !streams_is_number(number->text)) {
        return error_set(err, ERROR_VALIDATION, INVALID_VALUES "Invalid SequenceNumber");
    }
    return streams_unknown(call, err);
}

static bool streams_records_decode(struct call *call, struct error *err)
{
    if (!shape_check(&shape_get_records, call->body, call->operation->name, err)) {
        return false;
    }
    if (shape_integer(json_get(call->body, "Limit"), 1) > STREAMS_RECORDS_MAX) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES "Limit should be less than or equal to %d",
                         STREAMS_RECORDS_MAX);
    }
    return error_set(err, ERROR_VALIDATION, "Invalid ShardIterator");
}

const struct operation operation_list_streams = {
    .name = "ListStreams", .decode = streams_list_decode, .run = streams_list_run};
const struct operation operation_describe_stream = {.name = "DescribeStream",
                                                    .decode = streams_describe_decode};
const struct operation operation_get_shard_iterator = {.name = "GetShardIterator",
                                                       .decode = streams_iterator_decode};
const struct operation operation_get_records = {.name = "GetRecords",
                                                .decode = streams_records_decode};
