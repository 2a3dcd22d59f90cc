/* GET /v1/streams: the change streams with their shards and what readers have had of them.
 * POST /v1/streams/roll: close all open shards now and open their children, as happens every four
 * hours anyway; for whoever wants to see what his consumers make of it. */
#include "daemon/admin/routes.h"
#include "daemon/api/streams_arn.h"
#include "daemon/api/streams_meter.h"
#include "proto/value/json.h"

#include <inttypes.h>

static void
streams_write_shards(struct buffer *answer, const struct node *node, const struct stream *stream)
{
    struct stream_shard *shards = NULL;
    uint32_t count = 0;
    uint32_t open = 0;
    if (stream_shards(node->store, stream->id, answer->arena, &shards, &count)) {
        for (uint32_t i = 0; i < count; i++) {
            open += shards[i].end_seq == 0;
        }
    }
    buffer_printf(answer, ",\"open_shards\":%u,\"closed_shards\":%u,\"newest_seq\":%" PRIu64, open,
                  count - open, stream_newest(node->store, stream->id));
}

static void streams_write(struct buffer *answer,
                          const struct node *node,
                          const struct stream *stream,
                          const struct streams_metered *readers,
                          uint32_t readers_count)
{
    buffer_append_text(answer, "{\"table\":");
    json_write_string(answer, stream->table);
    buffer_append_text(answer, ",\"arn\":\"");
    streams_arn_write(answer, node, stream->table, stream->label_ms);
    buffer_printf(answer, "\",\"view\":\"%s\",\"enabled\":%s", streams_view_name(stream->view),
                  stream->enabled ? "true" : "false");
    streams_write_shards(answer, node, stream);
    for (uint32_t i = 0; i < readers_count; i++) {
        if (readers[i].stream == stream->id) {
            buffer_printf(answer, ",\"records_read\":%" PRIu64 ",\"iterator_age_ms\":%" PRIu64,
                          readers[i].records, readers[i].age_ms);
        }
    }
    buffer_append_byte(answer, '}');
}

bool admin_streams_list(const struct admin_request *request,
                        struct buffer *answer,
                        struct error *err)
{
    const struct node *node = request->node;
    struct streams_metered *readers = NULL;
    uint32_t readers_count = streams_meter_all(node->streams_meter, request->arena, &readers);
    struct stream *streams = arena_alloc(request->arena, STREAM_LIST_MAX * sizeof(*streams));
    const struct slice all = {NULL, 0};
    struct stream last = {0};
    bool more = true;
    bool first = true;
    (void)err;
    buffer_append_text(answer, "{\"streams\":[");
    while (more) {
        uint32_t count = stream_list(node->store, all, last.table, last.label_ms, STREAM_LIST_MAX,
                                     request->arena, streams, &more);
        for (uint32_t i = 0; i < count; i++) {
            buffer_append_text(answer, first ? "" : ",");
            streams_write(answer, node, &streams[i], readers, readers_count);
            first = false;
            last = streams[i];
        }
        more = more && count > 0;
    }
    buffer_append_text(answer, "]}\n");
    return true;
}

bool admin_streams_roll(const struct admin_request *request,
                        struct buffer *answer,
                        struct error *err)
{
    if (!stream_roll(request->node->store, 0, err)) {
        return false;
    }
    struct stream_figures figures;
    stream_figures(request->node->store, &figures);
    buffer_printf(answer, "{\"open_shards\":%u,\"closed_shards\":%u}\n", figures.open,
                  figures.closed);
    return true;
}
