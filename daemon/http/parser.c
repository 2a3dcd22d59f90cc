#include "daemon/http/parser.h"

#include <strings.h>

static struct http_parser *parser_of(llhttp_t *llhttp)
{
    return CONTAINER_OF(llhttp, struct http_parser, llhttp);
}

static int parser_refuse(struct http_parser *parser, unsigned status)
{
    parser->refusal = status;
    return HPE_USER;
}

/* A token may come in pieces when it was cut by a read, but as reads append, the pieces are
 * neighbours. What is not (a folded header line) is obsolete syntax that a server may refuse, and
 * must not let through with its line break. */
static int
parser_extend(struct http_parser *parser, struct slice *slice, const char *at, size_t size)
{
    const uint8_t *from = (const uint8_t *)at;
    if (slice->size == 0) {
        *slice = (struct slice){from, size};
        return 0;
    }
    if (slice->data + slice->size != from) {
        return size == 0 ? 0 : parser_refuse(parser, 400);
    }
    slice->size += size;
    return 0;
}

static int parser_on_method(llhttp_t *llhttp, const char *at, size_t size)
{
    struct http_parser *parser = parser_of(llhttp);
    return parser_extend(parser, &parser->request->method, at, size);
}

static int parser_on_url(llhttp_t *llhttp, const char *at, size_t size)
{
    struct http_parser *parser = parser_of(llhttp);
    return parser_extend(parser, &parser->request->target, at, size);
}

static int parser_on_header_field(llhttp_t *llhttp, const char *at, size_t size)
{
    struct http_parser *parser = parser_of(llhttp);
    struct http_request *request = parser->request;
    if (parser->head_done) {
        return 0; /* A trailer: nothing here needs one. */
    }
    if (!parser->in_name) {
        if (request->headers_count == HTTP_HEADERS_MAX) {
            return parser_refuse(parser, 400);
        }
        request->headers[request->headers_count++] = (struct http_header){0};
        parser->in_name = true;
    }
    return parser_extend(parser, &request->headers[request->headers_count - 1].name, at, size);
}

static int parser_on_header_field_complete(llhttp_t *llhttp)
{
    struct http_parser *parser = parser_of(llhttp);
    parser->in_name = false;
    if (parser->head_done) {
        return 0;
    }
    /* llhttp lets blanks pass; another parser before us may have read "Content-Length : 5" as
     * something else. */
    struct slice name = parser->request->headers[parser->request->headers_count - 1].name;
    return memchr(name.data, ' ', name.size) == NULL ? 0 : parser_refuse(parser, 400);
}

static int parser_on_header_value(llhttp_t *llhttp, const char *at, size_t size)
{
    struct http_parser *parser = parser_of(llhttp);
    struct http_request *request = parser->request;
    if (parser->head_done) {
        return 0;
    }
    ensure(request->headers_count > 0);
    return parser_extend(parser, &request->headers[request->headers_count - 1].value, at, size);
}

static int parser_on_header_value_complete(llhttp_t *llhttp)
{
    struct http_parser *parser = parser_of(llhttp);
    struct http_request *request = parser->request;
    if (parser->head_done) {
        return 0;
    }
    ensure(request->headers_count > 0);
    struct slice *value = &request->headers[request->headers_count - 1].value;
    while (value->size > 0 &&
           (value->data[value->size - 1] == ' ' || value->data[value->size - 1] == '\t')) {
        value->size--;
    }
    return 0;
}

static void parser_split_target(struct http_request *request)
{
    request->path = request->target;
    request->query = (struct slice){0};
    const uint8_t *mark =
        request->target.size == 0 ? NULL : memchr(request->target.data, '?', request->target.size);
    if (mark != NULL) {
        request->path.size = (size_t)(mark - request->target.data);
        request->query = slice_of(mark + 1, request->target.size - request->path.size - 1);
    }
}

static int parser_on_headers_complete(llhttp_t *llhttp)
{
    struct http_parser *parser = parser_of(llhttp);
    parser->head_done = true;
    llhttp->upgrade = 0; /* Offers to speak something else are not taken up. */
    return HPE_PAUSED;   /* http_parser_run learns where the head ends, and goes on. */
}

static int parser_on_body(llhttp_t *llhttp, const char *at, size_t size)
{
    struct http_parser *parser = parser_of(llhttp);
    if (!parser->collects) {
        return parser_extend(parser, &parser->request->body, at, size);
    }
    if (size > HTTP_BODY_BYTES_MAX - parser->body.size) {
        return parser_refuse(parser, 413);
    }
    buffer_append(&parser->body, at, size);
    return 0;
}

static int parser_on_message_complete(llhttp_t *llhttp)
{
    struct http_parser *parser = parser_of(llhttp);
    parser->done = true;
    parser->keep_alive = llhttp_should_keep_alive(llhttp) != 0;
    if (parser->collects) {
        parser->request->body = buffer_slice(&parser->body);
    }
    return HPE_PAUSED; /* The next request waits for its turn. */
}

static const llhttp_settings_t parser_settings = {
    .on_method = parser_on_method,
    .on_url = parser_on_url,
    .on_header_field = parser_on_header_field,
    .on_header_field_complete = parser_on_header_field_complete,
    .on_header_value = parser_on_header_value,
    .on_header_value_complete = parser_on_header_value_complete,
    .on_headers_complete = parser_on_headers_complete,
    .on_body = parser_on_body,
    .on_message_complete = parser_on_message_complete,
};

static void parser_start(struct http_parser *parser)
{
    llhttp_init(&parser->llhttp, HTTP_REQUEST, &parser_settings);
    parser->parsed = 0;
    parser->head_bytes = 0;
    parser->refusal = 0;
    parser->in_name = false;
    parser->head_done = false;
    parser->collects = false;
    parser->done = false;
    parser->keep_alive = false;
    struct http_request *request = parser->request;
    request->method = (struct slice){0};
    request->target = (struct slice){0};
    request->path = (struct slice){0};
    request->query = (struct slice){0};
    request->body = (struct slice){0};
    request->headers_count = 0;
}

void http_parser_init(struct http_parser *parser, struct http_request *request)
{
    parser->request = request;
    parser->used = 0;
    parser_start(parser);
}

/* The head ends at parser->parsed: where does the body go? */
static bool parser_end_head(struct http_parser *parser)
{
    const llhttp_t *llhttp = &parser->llhttp;
    parser->head_bytes = parser->parsed;
    if (parser->head_bytes > HTTP_HEADER_BYTES_MAX || llhttp->http_major != 1) {
        parser->refusal = 400;
        return false;
    }
    parser_split_target(parser->request);
    size_t expected = HTTP_READ_BYTES;
    if ((llhttp->flags & F_CHUNKED) == 0) {
        if (llhttp->content_length > HTTP_BODY_BYTES_MAX) {
            parser->refusal = 413;
            return false;
        }
        if (llhttp->content_length <= HTTP_READ_BYTES - parser->head_bytes) {
            return true;
        }
        expected = (size_t)llhttp->content_length;
    }
    parser->collects = true;
    buffer_init(&parser->body, parser->request->arena, expected);
    return true;
}

/* The body is collected and all that was read of it is taken: read over it. */
static void parser_rewind(struct http_parser *parser)
{
    ensure(parser->parsed == parser->used && parser->head_bytes <= parser->parsed);
    parser->parsed = parser->head_bytes;
    parser->used = parser->head_bytes;
}

/* Give llhttp what it has not seen. */
static llhttp_errno_t parser_execute(struct http_parser *parser)
{
    const char *from = (const char *)parser->bytes + parser->parsed;
    size_t size = parser->used - parser->parsed;
    llhttp_errno_t result = llhttp_execute(&parser->llhttp, from, size);
    size_t taken = size;
    if (result == HPE_PAUSED) {
        const char *end = llhttp_get_error_pos(&parser->llhttp);
        ensure(end >= from && end <= from + size);
        taken = (size_t)(end - from);
    }
    parser->parsed += taken;
    return result;
}

enum http_parsed http_parser_run(struct http_parser *parser)
{
    ensure(!parser->done && parser->refusal == 0);
    if (parser->parsed == parser->used) {
        return HTTP_PARSED_MORE;
    }
    bool head_was_done = parser->head_done;
    llhttp_errno_t result = parser_execute(parser);
    if (result == HPE_PAUSED && !head_was_done && !parser->done) {
        if (!parser_end_head(parser)) {
            return HTTP_PARSED_REFUSED;
        }
        llhttp_resume(&parser->llhttp);
        result = parser_execute(parser);
    }
    if (result == HPE_PAUSED && parser->done) {
        return HTTP_PARSED_DONE;
    }
    if (result != HPE_OK) {
        parser->refusal = parser->refusal == 0 ? 400 : parser->refusal;
        return HTTP_PARSED_REFUSED;
    }
    if (!parser->head_done && parser->used > HTTP_HEADER_BYTES_MAX) {
        parser->refusal = 400;
        return HTTP_PARSED_REFUSED;
    }
    if (parser->collects) {
        parser_rewind(parser);
    }
    return HTTP_PARSED_MORE;
}

bool http_parser_expects_continue(const struct http_parser *parser)
{
    if (!parser->head_done || parser->done || parser->llhttp.http_minor == 0) {
        return false;
    }
    size_t body = parser->collects ? parser->body.size : parser->request->body.size;
    const struct http_header *expect = http_find_header(parser->request, "expect");
    return body == 0 && expect != NULL && expect->value.size == 12 &&
           strncasecmp((const char *)expect->value.data, "100-continue", 12) == 0;
}

void http_parser_next(struct http_parser *parser)
{
    ensure(parser->done);
    size_t left = http_parser_left(parser);
    if (left > 0) {
        memmove(parser->bytes, parser->bytes + parser->parsed, left);
    }
    parser->used = left;
    parser_start(parser);
}

const struct http_header *http_find_header(const struct http_request *request, const char *name)
{
    size_t size = strlen(name);
    for (uint32_t i = 0; i < request->headers_count; i++) {
        const struct slice *sent = &request->headers[i].name;
        if (sent->size == size && strncasecmp((const char *)sent->data, name, size) == 0) {
            return &request->headers[i];
        }
    }
    return NULL;
}
