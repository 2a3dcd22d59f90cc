/* How the DynamoDB endpoint writes its answers: error bodies and the headers every answer has.
 * Pure, any thread. */
#pragma once

#include "proto/base/buffer.h"
#include "proto/base/error.h"

struct render_error {
    uint16_t status;
    bool verbatim;           /* The error's own text goes out; otherwise `text`. */
    const char *type;        /* "namespace#Code" */
    const char *text;        /* For what is our fault: says nothing of the inside. */
    const char *text_member; /* "message" or "Message"; NULL: the body has none. */
};

/* The row of an error code. Not for ERROR_NONE. */
const struct render_error *render_error_row(enum error_code code);

/* {"__type":…,"message":…<members>}; an empty text, like "no message", leaves the member out. What
 * is not UTF-8 in the text (a client can put that into a header) is replaced by question marks. */
void render_error_body(struct buffer *to,
                       enum error_code code,
                       struct slice text,
                       struct slice members);

/* Request ids are unique, not secret: xoshiro256**. */
enum { RENDER_ID_BYTES = 52, RENDER_HEADERS_BYTES = 128 };
struct render_random {
    uint64_t state[4]; /* Not all zero. */
};
/* "x-amzn-RequestId: …\r\nx-amz-crc32: …\r\n"; returns the bytes written. */
size_t
render_headers(struct render_random *random, struct slice body, char to[RENDER_HEADERS_BYTES]);
