/* From bytes to one request, without sockets: the glue around llhttp.
 *
 * Bytes are read straight into the parser's own buffer, and a request's slices point into it, so an
 * ordinary request is never copied. A request always starts at the buffer's first byte:
 *
 *     bytes:  | head | body | bytes of the next request | room |
 *             0             parsed                      used   HTTP_READ_BYTES
 *
 * A body that does not fit behind its head, and every chunked one, is collected in the arena; the
 * buffer behind the head is then used over and over. Nothing moves while a request lives, only
 * http_parser_next moves what is left to the front.
 *
 * One thread. Foreign bytes only ever lead to HTTP_PARSED_REFUSED. */
#pragma once

#include "daemon/http/http.h"

#include "proto/base/buffer.h"

#include <llhttp.h>

/* A whole head always fits, and so does the body of nearly every request. */
enum { HTTP_READ_BYTES = 32 << 10 };

enum http_parsed {
    HTTP_PARSED_MORE,    /* The request is not whole yet. */
    HTTP_PARSED_DONE,    /* *request is filled. */
    HTTP_PARSED_REFUSED, /* Answer `refusal` and close. */
};

struct http_parser {
    llhttp_t llhttp;
    struct http_request *request; /* Borrowed; its arena too. */
    struct buffer body;           /* When collected. */
    size_t parsed, used;
    size_t head_bytes; /* With its empty line. */
    unsigned refusal;  /* HTTP status. */
    bool in_name;      /* The last header's name is not over. */
    bool head_done;
    bool collects; /* The body goes to the arena. */
    bool done;
    bool keep_alive;
    uint8_t bytes[HTTP_READ_BYTES];
};

/* *request needs its arena only; everything else is filled here. */
void http_parser_init(struct http_parser *parser, struct http_request *request);

/* Where to put further bytes, and how many fit: 0 when the buffer is full. */
static inline uint8_t *http_parser_room(struct http_parser *parser, size_t *room)
{
    *room = HTTP_READ_BYTES - parser->used;
    return parser->bytes + parser->used;
}
static inline void http_parser_added(struct http_parser *parser, size_t size)
{
    ensure(size <= HTTP_READ_BYTES - parser->used);
    parser->used += size;
}
/* Bytes that no request has taken yet. */
static inline size_t http_parser_left(const struct http_parser *parser)
{
    return parser->used - parser->parsed;
}

/* Take what was added. After MORE there is always room again. Not after DONE or REFUSED. */
enum http_parsed http_parser_run(struct http_parser *parser);
/* The head is there and asks for `100 Continue`, and no byte of the body has come. */
bool http_parser_expects_continue(const struct http_parser *parser);
/* The request is over, its slices are void: start the next one with what is left. */
void http_parser_next(struct http_parser *parser);
