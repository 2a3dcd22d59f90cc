/* The stream that a request names by its ARN. */
#pragma once

#include "daemon/api/request.h"
#include "daemon/api/streams_arn.h"
#include "storage/stream/stream.h"

struct streams_stream {
    struct slice arn;
    struct slice table;
    uint64_t label_ms;
};

/* From StreamArn, whose shape has passed. Errors: VALIDATION; NOT_FOUND when it is well formed and
 * of another account, region or form of label. */
MUST_CHECK bool
streams_stream_decode(struct call *call, struct streams_stream *state, struct error *err);
/* From memory. Errors: NOT_FOUND. */
MUST_CHECK bool streams_stream_find(struct call *call,
                                    const struct streams_stream *state,
                                    struct stream *stream,
                                    struct error *err);
/* "Requested resource not found: Stream: … not found" */
bool streams_unknown(struct slice arn, struct error *err);
