#include "daemon/http/route.h"

#include "daemon/http/loop.h"
#include "daemon/http/render.h"

#include <strings.h>

#define ROUTE_APPEND(to, text) buffer_append_slice(to, SLICE_LITERAL(text))

static void route_append_header(struct buffer *to, const char *name, const struct http_header *from)
{
    if (from != NULL) {
        buffer_append_text(to, name);
        buffer_append_slice(to,
                            from->value); /* Cannot hold a line break: the parser saw to that. */
        ROUTE_APPEND(to, "\r\n");
    }
}

/* The rare headers; called only when the client is a browser. */
static struct slice route_cors(const struct http_request *request, struct slice common)
{
    struct buffer to;
    buffer_init(&to, request->arena, 512);
    buffer_append_slice(&to, common);
    ROUTE_APPEND(&to, "Access-Control-Allow-Origin: *\r\n");
    if (slice_is(request->method, "OPTIONS")) {
        ROUTE_APPEND(&to, "Access-Control-Max-Age: 172800\r\n");
        route_append_header(&to, "Access-Control-Allow-Headers: ",
                            http_find_header(request, "access-control-request-headers"));
        route_append_header(&to, "Access-Control-Allow-Methods: ",
                            http_find_header(request, "access-control-request-method"));
    }
    return buffer_slice(&to);
}

void route_respond(struct loop *loop,
                   struct http_request *request,
                   unsigned status,
                   struct slice content_type,
                   bool gzip,
                   struct slice body)
{
    static const char encoding[] = "Content-Encoding: gzip\r\n";
    char headers[RENDER_HEADERS_BYTES + sizeof(encoding)];
    struct slice extra = {(const uint8_t *)headers, render_headers(&loop->random, body, headers)};
    if (gzip) {
        memcpy(headers + extra.size, encoding, strlen(encoding));
        extra.size += strlen(encoding);
    }
    if (http_find_header(request, "origin") != NULL) {
        extra = route_cors(request, extra);
    }
    http_respond(request, status, content_type, extra, body);
}

static bool route_is_ignoring_case(struct slice text, const char *wanted)
{
    return text.size == strlen(wanted) &&
           strncasecmp((const char *)text.data, wanted, text.size) == 0;
}

/* Parameters after a semicolon do not count. */
static bool route_content_type(const struct http_request *request, bool *json)
{
    const struct http_header *header = http_find_header(request, "content-type");
    if (header == NULL) {
        return false;
    }
    struct slice type = header->value;
    const uint8_t *end = type.size == 0 ? NULL : memchr(type.data, ';', type.size);
    type.size = end == NULL ? type.size : (size_t)(end - type.data);
    while (type.size > 0 && type.data[type.size - 1] == ' ') {
        type.size--;
    }
    *json = route_is_ignoring_case(type, "application/json");
    return *json || route_is_ignoring_case(type, "application/x-amz-json-1.0");
}

bool route_request(struct loop *loop, struct http_request *request, bool *json)
{
    bool root = slice_is(request->path, "/");
    if (root && slice_is(request->method, "POST") && route_content_type(request, json)) {
        return true;
    }
    struct slice none = {0};
    if (root && slice_is(request->method, "GET")) {
        route_respond(loop, request, 200, none, false, slice_text(loop->health));
    } else if (root && slice_is(request->method, "OPTIONS") &&
               http_find_header(request, "origin") != NULL) {
        route_respond(loop, request, 200, none, false, none);
    } else {
        route_respond(loop, request, 404, none, false,
                      SLICE_LITERAL("<UnknownOperationException/>\n"));
    }
    return false;
}
