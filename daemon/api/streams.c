/* ListStreams and DescribeStream (dynamodb-features.md 5.4): answered from memory. */
#include "daemon/api/operations.h"
#include "daemon/api/resource.h"
#include "daemon/api/streams_find.h"
#include "daemon/api/table_json.h"

#define INVALID_VALUES "One or more parameter values were invalid: "

/* --- ListStreams ------------------------------------------------------------------------------ */

struct streams_list {
    struct slice table; /* Empty: all. */
    struct slice after_table;
    uint64_t after_label_ms;
    bool nothing; /* A table that is not of this node. */
};

static bool streams_list_start(struct call *call, struct error *err)
{
    struct streams_list *state = call->state;
    const struct json *start = json_get(call->body, "ExclusiveStartStreamArn");
    bool here = false;
    if (start == NULL) {
        return true;
    }
    if (!streams_arn_parse(call->node, start->text, &state->after_table, &state->after_label_ms,
                           &here, err)) {
        return false;
    }
    return here || error_set(err, ERROR_VALIDATION, "Invalid StreamArn");
}

static bool streams_list_decode(struct call *call, struct error *err)
{
    struct streams_list *state = call->state;
    if (!shape_check(&shape_list_streams, call->body, call->operation->name, err)) {
        return false;
    }
    if (shape_integer(json_get(call->body, "Limit"), 1) > STREAM_LIST_MAX) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES "Limit cannot be greater than the maximum allowed size: %d",
                         STREAM_LIST_MAX);
    }
    state->table = shape_text(json_get(call->body, "TableName"));
    return streams_list_start(call, err);
}

static void streams_list_one(struct call *call, const struct stream *stream)
{
    struct buffer *to = &call->answer;
    char label[STREAMS_LABEL_BYTES];
    streams_label_print(stream->label_ms, label);
    buffer_append_text(to, "{\"StreamArn\":\"");
    streams_arn_write(to, call->node, stream->table, stream->label_ms);
    buffer_append_text(to, "\",\"TableName\":");
    json_write_string(to, stream->table);
    buffer_printf(to, ",\"StreamLabel\":\"%s\"}", label);
}

static bool streams_list_run(struct call *call, enum read_tier tier, struct error *err)
{
    const struct streams_list *state = call->state;
    struct stream streams[STREAM_LIST_MAX];
    uint32_t max = (uint32_t)shape_integer(json_get(call->body, "Limit"), STREAM_LIST_MAX);
    bool more = false;
    (void)tier;
    (void)err;
    uint32_t count = stream_list(call->node->store, state->table, state->after_table,
                                 state->after_label_ms, max, call->arena, streams, &more);
    answer_begin(call);
    answer_member(call, "Streams");
    buffer_append_byte(&call->answer, '[');
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0) {
            buffer_append_byte(&call->answer, ',');
        }
        streams_list_one(call, &streams[i]);
    }
    buffer_append_byte(&call->answer, ']');
    if (more && count > 0) {
        const struct stream *last = &streams[count - 1];
        answer_member(call, "LastEvaluatedStreamArn");
        buffer_append_byte(&call->answer, '"');
        streams_arn_write(&call->answer, call->node, last->table, last->label_ms);
        buffer_append_byte(&call->answer, '"');
    }
    answer_end(call);
    return true;
}

/* --- DescribeStream --------------------------------------------------------------------------- */

static bool streams_describe_decode(struct call *call, struct error *err)
{
    struct streams_stream *state = call->state;
    if (!shape_check(&shape_describe_stream, call->body, call->operation->name, err)) {
        return false;
    }
    if (shape_integer(json_get(call->body, "Limit"), 1) > STREAM_LIST_MAX) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES "Limit cannot be greater than the maximum: %d",
                         STREAM_LIST_MAX);
    }
    return streams_stream_decode(call, state, err);
}

static void streams_describe_key(struct buffer *to, const struct stream *stream)
{
    buffer_append_text(to, "[{\"AttributeName\":");
    json_write_string(to, stream->partition.name);
    buffer_append_text(to, ",\"KeyType\":\"HASH\"}");
    if (stream->sort.type != VALUE_MISSING) {
        buffer_append_text(to, ",{\"AttributeName\":");
        json_write_string(to, stream->sort.name);
        buffer_append_text(to, ",\"KeyType\":\"RANGE\"}");
    }
    buffer_append_byte(to, ']');
}

static void streams_describe_shard(struct buffer *to, const struct stream_shard *shard)
{
    char number[STREAMS_SEQUENCE_BYTES];
    streams_sequence_print(shard->start_seq, number);
    buffer_printf(to,
                  "{\"ShardId\":\"%s\",\"SequenceNumberRange\":{\"StartingSequenceNumber\":\"%s\"",
                  shard->id, number);
    if (shard->end_seq != 0) {
        streams_sequence_print(shard->end_seq, number);
        buffer_printf(to, ",\"EndingSequenceNumber\":\"%s\"", number);
    }
    buffer_append_byte(to, '}');
    if (shard->parent[0] != 0) {
        buffer_printf(to, ",\"ParentShardId\":\"%s\"", shard->parent);
    }
    buffer_append_byte(to, '}');
}

/* Is the shard asked for: behind the start, and, with a filter, a child of that one? */
static bool streams_describe_wants(const struct call *call, const struct stream_shard *shard)
{
    struct slice id = slice_text(shard->id);
    const struct json *filter = json_get(call->body, "ShardFilter");
    const struct json *start = json_get(call->body, "ExclusiveStartShardId");
    return (start == NULL || slice_compare(id, start->text) > 0) &&
           (filter == NULL ||
            slice_equal(slice_text(shard->parent), json_get(filter, "ShardId")->text));
}

static void
streams_describe_shards(struct call *call, const struct stream_shard *shards, uint32_t count)
{
    uint32_t max = (uint32_t)shape_integer(json_get(call->body, "Limit"), STREAM_LIST_MAX);
    const struct stream_shard *last = NULL;
    uint32_t written = 0;
    bool more = false;
    answer_member(call, "Shards");
    buffer_append_byte(&call->answer, '[');
    for (uint32_t i = 0; i < count && !more; i++) {
        if (!streams_describe_wants(call, &shards[i])) {
            continue;
        }
        if (written == max) {
            more = true;
            continue;
        }
        if (written++ > 0) {
            buffer_append_byte(&call->answer, ',');
        }
        streams_describe_shard(&call->answer, &shards[i]);
        last = &shards[i];
    }
    buffer_append_byte(&call->answer, ']');
    if (more && last != NULL) {
        resource_answer_text(call, "LastEvaluatedShardId", slice_text(last->id));
    }
}

static bool streams_describe_run(struct call *call, enum read_tier tier, struct error *err)
{
    const struct streams_stream *state = call->state;
    struct stream stream;
    struct stream_shard *shards = NULL;
    uint32_t count = 0;
    (void)tier;
    if (!streams_stream_find(call, state, &stream, err)) {
        return false;
    }
    if (!stream_shards(call->node->store, stream.id, call->arena, &shards, &count)) {
        return streams_unknown(state->arn, err);
    }
    char label[STREAMS_LABEL_BYTES];
    streams_label_print(stream.label_ms, label);
    struct buffer *to = &call->answer;
    buffer_append_text(to, "{\"StreamDescription\":{\"StreamArn\":");
    json_write_string(to, state->arn);
    buffer_printf(to, ",\"StreamLabel\":\"%s\",\"StreamStatus\":\"%s\",\"StreamViewType\":\"%s\"",
                  label, stream.enabled ? "ENABLED" : "DISABLED", streams_view_name(stream.view));
    resource_answer_time(call, "CreationRequestDateTime", stream.label_ms);
    resource_answer_text(call, "TableName", stream.table);
    answer_member(call, "KeySchema");
    streams_describe_key(to, &stream);
    streams_describe_shards(call, shards, count);
    buffer_append_text(to, "}}");
    return true;
}

const struct operation operation_list_streams = {.name = "ListStreams",
                                                 .state_bytes = sizeof(struct streams_list),
                                                 .decode = streams_list_decode,
                                                 .run = streams_list_run};
const struct operation operation_describe_stream = {.name = "DescribeStream",
                                                    .state_bytes = sizeof(struct streams_stream),
                                                    .decode = streams_describe_decode,
                                                    .run = streams_describe_run};
