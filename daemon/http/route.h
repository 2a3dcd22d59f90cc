/* What the DynamoDB endpoint answers apart from operations: health, CORS, and everything it does
 * not know (API reference, section 1.3). The loop's thread. */
#pragma once

#include "daemon/http/http.h"

struct loop;

/* Is this an operation's request: POST to / with a content type that we take? *json says whether
 * that is application/json, which is then echoed. If not, it has been answered. */
MUST_CHECK bool route_request(struct loop *loop, struct http_request *request, bool *json);

/* Answer with the headers that all answers have: request id, checksum of the bytes sent, CORS.
 * `gzip`: that is what the body is. */
void route_respond(struct loop *loop,
                   struct http_request *request,
                   unsigned status,
                   struct slice content_type,
                   bool gzip,
                   struct slice body);
