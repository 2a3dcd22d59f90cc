/* The head of an answer, put together without printf: it is on every request's path. */
#include "daemon/http/connection.h"

static struct slice response_status_line(unsigned status)
{
    switch (status) {
    case 200:
        return SLICE_LITERAL("HTTP/1.1 200 OK\r\n");
    case 204:
        return SLICE_LITERAL("HTTP/1.1 204 No Content\r\n");
    case 302:
        return SLICE_LITERAL("HTTP/1.1 302 Found\r\n");
    case 304:
        return SLICE_LITERAL("HTTP/1.1 304 Not Modified\r\n");
    case 400:
        return SLICE_LITERAL("HTTP/1.1 400 Bad Request\r\n");
    case 401:
        return SLICE_LITERAL("HTTP/1.1 401 Unauthorized\r\n");
    case 403:
        return SLICE_LITERAL("HTTP/1.1 403 Forbidden\r\n");
    case 404:
        return SLICE_LITERAL("HTTP/1.1 404 Not Found\r\n");
    case 405:
        return SLICE_LITERAL("HTTP/1.1 405 Method Not Allowed\r\n");
    case 409:
        return SLICE_LITERAL("HTTP/1.1 409 Conflict\r\n");
    case 413:
        return SLICE_LITERAL("HTTP/1.1 413 Content Too Large\r\n");
    case 500:
        return SLICE_LITERAL("HTTP/1.1 500 Internal Server Error\r\n");
    case 501:
        return SLICE_LITERAL("HTTP/1.1 501 Not Implemented\r\n");
    case 503:
        return SLICE_LITERAL("HTTP/1.1 503 Service Unavailable\r\n");
    default:
        return (struct slice){0};
    }
}

static void response_append_number(struct buffer *to, uint64_t number)
{
    char digits[20];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    buffer_append(to, digits + at, sizeof(digits) - at);
}

#define RESPONSE_APPEND(to, text) buffer_append_slice(to, SLICE_LITERAL(text))

struct slice http_response_head(struct http_server *server,
                                struct arena *arena,
                                unsigned status,
                                struct slice content_type,
                                struct slice extra,
                                size_t body_bytes,
                                bool last)
{
    struct buffer head;
    buffer_init(&head, arena, 320 + content_type.size + extra.size);
    struct slice line = response_status_line(status);
    if (line.size == 0) {
        ensure(status >= 100 && status <= 999);
        RESPONSE_APPEND(&head, "HTTP/1.1 ");
        response_append_number(&head, status);
        RESPONSE_APPEND(&head, " \r\n");
    }
    buffer_append_slice(&head, line);
    RESPONSE_APPEND(&head, "Server: Server\r\nDate: ");
    buffer_append(&head, http_server_date(server), HTTP_DATE_BYTES);
    if (content_type.size > 0) {
        RESPONSE_APPEND(&head, "\r\nContent-Type: ");
        buffer_append_slice(&head, content_type);
    }
    if (status != 204 && status != 304) {
        RESPONSE_APPEND(&head, "\r\nContent-Length: ");
        response_append_number(&head, body_bytes);
    }
    if (last) {
        RESPONSE_APPEND(&head, "\r\nConnection: close\r\n");
    } else {
        RESPONSE_APPEND(&head, "\r\nConnection: keep-alive\r\n");
    }
    buffer_append_slice(&head, extra);
    RESPONSE_APPEND(&head, "\r\n");
    return buffer_slice(&head);
}
