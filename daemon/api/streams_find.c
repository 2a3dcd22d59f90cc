#include "daemon/api/streams_find.h"

bool streams_unknown(struct slice arn, struct error *err)
{
    return error_set(err, ERROR_NOT_FOUND, "Requested resource not found: Stream: %.*s not found",
                     SLICE_ARGS(arn));
}

bool streams_stream_decode(struct call *call, struct streams_stream *state, struct error *err)
{
    bool here = false;
    state->arn = shape_text(json_get(call->body, "StreamArn"));
    if (!streams_arn_parse(call->node, state->arn, &state->table, &state->label_ms, &here, err)) {
        return false;
    }
    call->located = true;
    return here || streams_unknown(state->arn, err);
}

bool streams_stream_find(struct call *call,
                         const struct streams_stream *state,
                         struct stream *stream,
                         struct error *err)
{
    return stream_find(call->node->store, state->table, state->label_ms, call->arena, stream) ||
           streams_unknown(state->arn, err);
}
