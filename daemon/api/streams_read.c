/* GetShardIterator and GetRecords (dynamodb-features.md 5.4). A node keeps nothing about readers:
 * where one stands is in its iterator.
 *
 * GetRecords that finds nothing in an open shard asks for a long poll (operation.h): what is
 * written next is answered as soon as it is on the disk, and an idle reader costs a request every
 * --stream-poll-ms. */
#include "daemon/api/operations.h"
#include "daemon/api/streams_find.h"
#include "daemon/api/streams_iterator.h"
#include "daemon/api/streams_meter.h"
#include "daemon/api/streams_record.h"
#include "daemon/auth/access.h"
#include "proto/value/value_json.h"

#define INVALID_VALUES "One or more parameter values were invalid: "

static uint64_t streams_now_ms(const struct call *call)
{
    const struct store_clock *clock = &call->node->store->clock;
    return clock->wall_ms(clock->context);
}

/* --- GetShardIterator ------------------------------------------------------------------------- */

struct streams_start {
    struct streams_stream stream;
    struct slice type;
    uint64_t seq; /* Of the two types that have one. */
    bool numbered;
};

static bool streams_start_decode(struct call *call, struct error *err)
{
    struct streams_start *state = call->state;
    if (!shape_check(&shape_get_shard_iterator, call->body, call->operation->name, err)) {
        return false;
    }
    const struct json *number = json_get(call->body, "SequenceNumber");
    state->type = shape_text(json_get(call->body, "ShardIteratorType"));
    state->numbered = !slice_is(state->type, "TRIM_HORIZON") && !slice_is(state->type, "LATEST");
    if (!streams_stream_decode(call, &state->stream, err) && err->code != ERROR_NOT_FOUND) {
        return false;
    }
    if (!state->numbered && number != NULL) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES
                         "SequenceNumber should not be passed for this iterator type");
    }
    if (state->numbered && (number == NULL || !streams_sequence_parse(number->text, &state->seq))) {
        return error_set(err, ERROR_VALIDATION, INVALID_VALUES "Invalid SequenceNumber");
    }
    return err->code == ERROR_NONE;
}

/* Is it one of the shard's, and still there? */
static bool streams_start_number(struct call *call,
                                 const struct stream *stream,
                                 const struct stream_shard *shard,
                                 enum read_tier tier,
                                 uint64_t *after,
                                 struct error *err)
{
    const struct streams_start *state = call->state;
    struct store *store = call->node->store;
    uint64_t newest = shard->end_seq != 0 ? shard->end_seq : engine_appended_seq(store->engine);
    if (state->seq < shard->start_seq || state->seq > newest) {
        return error_set(err, ERROR_VALIDATION, "Invalid SequenceNumber for the shard");
    }
    *after = slice_is(state->type, "AT_SEQUENCE_NUMBER") ? state->seq - 1 : state->seq;
    struct stream_record record;
    struct stream_page page = {.records = &record};
    const struct stream_position position = {stream->id, slice_text(shard->id), *after};
    return *after == 0 ||
           stream_read(store, &position, 1, STREAM_PAGE_BYTES_MAX, tier, call->arena, &page, err);
}

static bool streams_start_shard(struct call *call,
                                const struct stream *stream,
                                struct stream_shard *shard,
                                struct error *err)
{
    struct slice asked = json_get(call->body, "ShardId")->text;
    struct stream_shard *shards = NULL;
    uint32_t count = 0;
    if (stream_shards(call->node->store, stream->id, call->arena, &shards, &count)) {
        for (uint32_t i = 0; i < count; i++) {
            if (slice_is(asked, shards[i].id)) {
                *shard = shards[i];
                return true;
            }
        }
    }
    return error_set(err, ERROR_NOT_FOUND, "Requested resource not found: Shard does not exist");
}

/* The stream is there: what is not any more is its shard, or what the shard had. */
static bool streams_explain(struct error *err)
{
    if (err->code != ERROR_NOT_FOUND && err->code != ERROR_TRIMMED) {
        return false;
    }
    return error_set(err, ERROR_TRIMMED,
                     "The operation attempted to read past the oldest stream record in a shard");
}

static bool streams_start_run(struct call *call, enum read_tier tier, struct error *err)
{
    const struct streams_start *state = call->state;
    struct store *store = call->node->store;
    struct stream stream;
    struct stream_shard shard;
    struct streams_iterator iterator = {.arn = state->stream.arn, .made_ms = streams_now_ms(call)};
    if (!streams_stream_find(call, &state->stream, &stream, err) ||
        !streams_start_shard(call, &stream, &shard, err)) {
        return false;
    }
    if (state->numbered &&
        !streams_start_number(call, &stream, &shard, tier, &iterator.after, err)) {
        return streams_explain(err);
    }
    if (slice_is(state->type, "LATEST")) { /* Later seqs could be given out again by a crash. */
        iterator.after = engine_synced_seq(store->engine);
    }
    iterator.shard = slice_text(shard.id);
    answer_begin(call);
    answer_member(call, "ShardIterator");
    streams_iterator_write(&call->answer, &iterator);
    answer_end(call);
    return true;
}

/* --- GetRecords ------------------------------------------------------------------------------- */

struct streams_read {
    struct streams_iterator iterator;
    uint32_t limit;
};

static bool streams_read_decode(struct call *call, struct error *err)
{
    struct streams_read *state = call->state;
    if (!shape_check(&shape_get_records, call->body, call->operation->name, err)) {
        return false;
    }
    uint64_t limit = (uint64_t)shape_integer(json_get(call->body, "Limit"), STREAM_RECORDS_MAX);
    if (limit > STREAM_RECORDS_MAX) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES "Limit should be less than or equal to %d",
                         STREAM_RECORDS_MAX);
    }
    state->limit = (uint32_t)limit;
    struct slice text = json_get(call->body, "ShardIterator")->text;
    if (!streams_iterator_parse(call->node, text, call->arena, &state->iterator)) {
        return error_set(err, ERROR_VALIDATION, "Invalid ShardIterator");
    }
    call->located = true;
    uint64_t now_ms = streams_now_ms(call);
    if (now_ms > state->iterator.made_ms && now_ms - state->iterator.made_ms > STREAM_ITERATOR_MS) {
        return error_set(err, ERROR_EXPIRED_ITERATOR,
                         "The provided iterator exceeds the maximum age allowed.");
    }
    return true;
}

static void
streams_read_answer(struct call *call, const struct stream *stream, const struct stream_page *page)
{
    const struct streams_read *state = call->state;
    answer_begin(call);
    answer_member(call, "Records");
    buffer_append_byte(&call->answer, '[');
    for (uint32_t i = 0; i < page->count; i++) {
        if (i > 0) {
            buffer_append_byte(&call->answer, ',');
        }
        streams_record_write(&call->answer, call->node, stream->view, &page->records[i]);
    }
    buffer_append_byte(&call->answer, ']');
    if (!page->at_end) {
        struct streams_iterator next = state->iterator;
        next.after = page->next;
        next.made_ms = streams_now_ms(call);
        answer_member(call, "NextShardIterator");
        streams_iterator_write(&call->answer, &next);
    }
    answer_end(call);
}

/* Keys and images as SizeBytes counts them. */
static size_t streams_read_bytes(const struct stream_record *record)
{
    size_t bytes = item_size(record->key);
    bytes += record->new_image.size == 0 ? 0 : item_size(record->new_image);
    return bytes + (record->old_image.size == 0 ? 0 : item_size(record->old_image));
}

/* The store's page ends with the record that makes it full; the service's before that one. */
static void streams_read_cut(struct stream_page *page)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < page->count; i++) {
        bytes += streams_read_bytes(&page->records[i]);
        if (bytes > STREAM_PAGE_BYTES_MAX && i > 0) {
            page->count = i;
            page->next = page->records[i - 1].seq;
            page->at_end = false;
        }
    }
}

static bool streams_read_is_long(const struct stream_page *page, uint32_t max)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < page->count; i++) {
        bytes += streams_read_bytes(&page->records[i]);
    }
    return page->count == max || bytes >= STREAM_PAGE_LOOP_BYTES_MAX;
}

/* On a loop few records are read at a time: a page that is full then, and may be longer, is a
 * worker's. */
static bool streams_read_run(struct call *call, enum read_tier tier, struct error *err)
{
    struct streams_read *state = call->state;
    const struct streams_iterator *iterator = &state->iterator;
    const struct streams_stream asked = {iterator->arn, iterator->table, iterator->label_ms};
    struct store *store = call->node->store;
    bool here = tier == READ_CACHED;
    uint32_t max =
        here && state->limit > STREAM_RECORDS_LOOP_MAX ? STREAM_RECORDS_LOOP_MAX : state->limit;
    size_t bytes_max = here ? STREAM_PAGE_LOOP_BYTES_MAX : STREAM_PAGE_BYTES_MAX;
    struct stream stream;
    if (!streams_stream_find(call, &asked, &stream, err)) {
        return false;
    }
    const struct stream_position position = {stream.id, iterator->shard, iterator->after};
    struct stream_page page = {.records = arena_alloc(call->arena, max * sizeof(*page.records))};
    uint64_t seen = stream_newest(store, stream.id); /* Before the look. */
    if (!stream_read(store, &position, max, bytes_max, tier, call->arena, &page, err)) {
        return streams_explain(err);
    }
    if (here && page.count < state->limit && streams_read_is_long(&page, max)) {
        return error_set(err, ERROR_WOULD_BLOCK, "a page of %u records and more", page.count);
    }
    streams_read_cut(&page);
    streams_read_answer(call, &stream, &page);
    streams_meter_count(call->node, &stream, &page);
    if (page.count == 0 && !page.at_end && page.next >= seen) {
        call->poll = (struct call_poll){stream.id, seen};
        state->iterator.after = page.next; /* The next look goes on from here. */
    }
    return true;
}

/* On the stream's ARN, which is in front of the iterator. */
static void streams_read_access(struct call *call, struct access_list *list)
{
    const struct streams_read *state = call->state;
    (void)access_add_arn(list, "dynamodb:GetRecords", state->iterator.arn);
}

const struct operation operation_get_shard_iterator = {.name = "GetShardIterator",
                                                       .state_bytes = sizeof(struct streams_start),
                                                       .decode = streams_start_decode,
                                                       .run = streams_start_run};
const struct operation operation_get_records = {.name = "GetRecords",
                                                .state_bytes = sizeof(struct streams_read),
                                                .decode = streams_read_decode,
                                                .run = streams_read_run,
                                                .access = streams_read_access};
