#include "daemon/http/connection.h"

#include <sys/socket.h>

#define BIT(state) (1u << (state))

static const unsigned connection_next[HTTP_STATES] = {
    [HTTP_STATE_IDLE] = BIT(HTTP_STATE_HEAD) | BIT(HTTP_STATE_BODY) | BIT(HTTP_STATE_RUNNING) |
                        BIT(HTTP_STATE_WRITING) | BIT(HTTP_STATE_LINGERING) |
                        BIT(HTTP_STATE_CLOSED),
    [HTTP_STATE_HEAD] = BIT(HTTP_STATE_BODY) | BIT(HTTP_STATE_RUNNING) | BIT(HTTP_STATE_WRITING) |
                        BIT(HTTP_STATE_LINGERING) | BIT(HTTP_STATE_CLOSED),
    [HTTP_STATE_BODY] = BIT(HTTP_STATE_RUNNING) | BIT(HTTP_STATE_WRITING) |
                        BIT(HTTP_STATE_LINGERING) | BIT(HTTP_STATE_CLOSED),
    [HTTP_STATE_RUNNING] = BIT(HTTP_STATE_IDLE) | BIT(HTTP_STATE_WRITING) |
                           BIT(HTTP_STATE_LINGERING) | BIT(HTTP_STATE_CLOSED),
    [HTTP_STATE_WRITING] =
        BIT(HTTP_STATE_IDLE) | BIT(HTTP_STATE_LINGERING) | BIT(HTTP_STATE_CLOSED),
    [HTTP_STATE_LINGERING] = BIT(HTTP_STATE_CLOSED),
};

/* What the socket has not taken at once; owns its bytes. */
struct connection_write {
    uv_write_t request;
    struct http_connection *connection;
    char bytes[];
};

enum connection_sent { CONNECTION_SENT, CONNECTION_QUEUED, CONNECTION_FAILED };

static void connection_advance(struct http_connection *connection);

static void connection_watch(struct http_connection *connection)
{
    struct http_watch *watch = &connection->server->watched[connection->state];
    connection->earlier = NULL;
    connection->later = NULL;
    if (watch->timeout_ms == 0) {
        return;
    }
    connection->since_ms = uv_now(connection->server->options.loop);
    connection->earlier = watch->last;
    if (watch->last != NULL) {
        watch->last->later = connection;
    } else {
        watch->first = connection;
    }
    watch->last = connection;
}

static void connection_unwatch(struct http_connection *connection)
{
    struct http_watch *watch = &connection->server->watched[connection->state];
    if (watch->timeout_ms == 0) {
        return;
    }
    if (connection->earlier != NULL) {
        connection->earlier->later = connection->later;
    } else {
        watch->first = connection->later;
    }
    if (connection->later != NULL) {
        connection->later->earlier = connection->earlier;
    } else {
        watch->last = connection->earlier;
    }
}

static void connection_move(struct http_connection *connection, enum http_state next)
{
    ensure((connection_next[connection->state] & BIT(next)) != 0);
    connection_unwatch(connection);
    connection->state = next;
    connection_watch(connection);
}

/* Long bodies are collected before anybody knows who sends them: together they have a limit. */
static bool connection_count_body(struct http_connection *connection)
{
    struct http_server *server = connection->server;
    const struct http_parser *parser = &connection->slot->parser;
    if (!parser->collects) {
        return true;
    }
    server->collected += parser->body.size - connection->collected;
    connection->collected = parser->body.size;
    return server->collected <= server->options.bodies_bytes_max;
}

static void connection_uncount_body(struct http_connection *connection)
{
    ensure(connection->collected <= connection->server->collected);
    connection->server->collected -= connection->collected;
    connection->collected = 0;
}

static void connection_give_slot(struct http_connection *connection)
{
    if (connection->slot != NULL) {
        connection_uncount_body(connection);
        http_slot_give(connection->server, connection->slot);
        connection->slot = NULL;
    }
}

static void connection_on_closed(uv_handle_t *handle)
{
    struct http_connection *connection = CONTAINER_OF(handle, struct http_connection, tcp);
    connection->closed = true;
    if (!connection->running) {
        http_server_forget(connection);
    }
}

void http_connection_close(struct http_connection *connection)
{
    if (connection->state == HTTP_STATE_CLOSED) {
        return;
    }
    connection_move(connection, HTTP_STATE_CLOSED);
    http_server_count(connection->server, -1);
    if (!connection->running) {
        connection_give_slot(connection);
    }
    uv_close((uv_handle_t *)&connection->tcp, connection_on_closed);
}

void http_connection_expire(struct http_connection *connection)
{
    http_connection_close(connection);
}

/* --- Writing --------------------------------------------------------------------------------- */

/* The last answer is out. */
static void connection_end(struct http_connection *connection)
{
    struct http_parser *parser = &connection->slot->parser;
    bool unread = parser->refusal != 0 || parser->used > 0;
    uv_os_fd_t fd;
    if (connection->read_ended || !unread || uv_fileno((uv_handle_t *)&connection->tcp, &fd) != 0) {
        http_connection_close(connection);
        return;
    }
    connection_move(connection, HTTP_STATE_LINGERING);
    (void)shutdown(fd, SHUT_WR); /* Fails only when the client has gone: then reading ends too. */
    parser->used = 0;
    if (connection->paused) {
        connection->paused = false;
        http_connection_close(connection); /* It sent a bufferful ahead: no point in reading on. */
    }
}

static void connection_answered(struct http_connection *connection)
{
    if (connection->last) {
        connection_end(connection);
        return;
    }
    connection_move(connection, HTTP_STATE_IDLE);
    if (!connection->handling) {
        connection_advance(connection);
    }
}

static void connection_on_written(uv_write_t *request, int status)
{
    struct connection_write *write = CONTAINER_OF(request, struct connection_write, request);
    struct http_connection *connection = write->connection;
    free(write);
    if (connection->state == HTTP_STATE_CLOSED) {
        return;
    }
    if (status != 0) {
        http_connection_close(connection);
        return;
    }
    if (connection->state == HTTP_STATE_WRITING && connection->tcp.write_queue_size == 0) {
        connection_answered(connection);
    }
}

static enum connection_sent
connection_send(struct http_connection *connection, struct slice head, struct slice body)
{
    uv_buf_t parts[2] = {
        {.base = (char *)(uintptr_t)head.data, .len = head.size},
        {.base = (char *)(uintptr_t)body.data, .len = body.size},
    };
    uv_stream_t *stream = (uv_stream_t *)&connection->tcp;
    int sent = uv_try_write(stream, parts, body.size > 0 ? 2 : 1);
    if (sent == UV_EAGAIN) {
        sent = 0;
    }
    if (sent < 0) {
        return CONNECTION_FAILED;
    }
    size_t left = head.size + body.size - (size_t)sent;
    if (left == 0) {
        return CONNECTION_SENT;
    }
    struct connection_write *write = malloc(sizeof(*write) + left);
    ensure(write != NULL);
    write->connection = connection;
    size_t head_sent = (size_t)sent < head.size ? (size_t)sent : head.size;
    size_t body_sent = (size_t)sent - head_sent;
    memcpy(write->bytes, head.data + head_sent, head.size - head_sent);
    if (body.size > body_sent) {
        memcpy(write->bytes + head.size - head_sent, body.data + body_sent, body.size - body_sent);
    }
    uv_buf_t rest = {.base = write->bytes, .len = left};
    if (uv_write(&write->request, stream, &rest, 1, connection_on_written) != 0) {
        free(write);
        return CONNECTION_FAILED;
    }
    return CONNECTION_QUEUED;
}

/* Refuse what came with a bare status: whatever follows it cannot be told apart any more. */
static void connection_refuse(struct http_connection *connection)
{
    struct http_slot *slot = connection->slot;
    connection->last = true;
    struct slice none = {0};
    struct slice head = http_response_head(connection->server, &slot->arena, slot->parser.refusal,
                                           none, none, 0, true);
    enum connection_sent sent = connection_send(connection, head, none);
    arena_clear(&slot->arena); /* What was collected goes now, not after lingering. */
    connection_uncount_body(connection);
    switch (sent) {
    case CONNECTION_SENT:
        connection_end(connection);
        break;
    case CONNECTION_QUEUED:
        connection_move(connection, HTTP_STATE_WRITING);
        break;
    case CONNECTION_FAILED:
        http_connection_close(connection);
        break;
    }
}

void http_respond(struct http_request *request,
                  unsigned status,
                  struct slice content_type,
                  struct slice extra,
                  struct slice body)
{
    struct http_connection *connection = request->connection;
    struct http_slot *slot = connection->slot;
    ensure(connection->running && slot != NULL && request == &slot->request);
    connection->running = false;
    if (connection->state == HTTP_STATE_CLOSED) {
        connection_give_slot(connection);
        if (connection->closed) {
            http_server_forget(connection);
        }
        return;
    }
    ensure(connection->state == HTTP_STATE_RUNNING);
    connection->last = connection->server->draining || !slot->parser.keep_alive || status == 413;
    struct slice head = http_response_head(connection->server, &slot->arena, status, content_type,
                                           extra, body.size, connection->last);
    if (slice_is(request->method, "HEAD")) {
        body.size = 0;
    }
    enum connection_sent sent = connection_send(connection, head, body);
    arena_clear(&slot->arena);
    connection_uncount_body(connection);
    http_parser_next(&slot->parser);
    connection->continued = false;
    switch (sent) {
    case CONNECTION_SENT:
        connection_answered(connection);
        break;
    case CONNECTION_QUEUED:
        connection_move(connection, HTTP_STATE_WRITING);
        break;
    case CONNECTION_FAILED:
        http_connection_close(connection);
        break;
    }
}

/* --- Reading --------------------------------------------------------------------------------- */

/* The request under way needs more bytes, or there is none under way. */
static void connection_await(struct http_connection *connection)
{
    struct http_parser *parser = &connection->slot->parser;
    if (connection->read_ended) {
        http_connection_close(connection);
        return;
    }
    if (parser->used == 0) {
        ensure(connection->state == HTTP_STATE_IDLE);
        if (connection->server->draining) {
            http_connection_close(connection);
            return;
        }
        connection_give_slot(connection);
        return;
    }
    enum http_state state = parser->head_done ? HTTP_STATE_BODY : HTTP_STATE_HEAD;
    if (connection->state != state) {
        connection_move(connection, state);
    }
    if (state == HTTP_STATE_BODY && !connection->continued) {
        connection->continued = true;
        if (http_parser_expects_continue(parser) &&
            connection_send(connection, SLICE_LITERAL("HTTP/1.1 100 Continue\r\n\r\n"),
                            (struct slice){0}) == CONNECTION_FAILED) {
            http_connection_close(connection);
        }
    }
}

static void connection_on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer);
static void connection_on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer);

static void connection_resume(struct http_connection *connection)
{
    size_t room = 0;
    http_parser_room(&connection->slot->parser, &room);
    if (!connection->paused || connection->read_ended || room == 0) {
        return;
    }
    connection->paused = false;
    if (uv_read_start((uv_stream_t *)&connection->tcp, connection_on_allocate,
                      connection_on_read) != 0) {
        http_connection_close(connection);
    }
}

/* An answer is owed and the buffer is full: of the request itself, or of what was sent ahead. */
static void connection_pause(struct http_connection *connection)
{
    if (connection->paused || connection->slot == NULL ||
        (connection->state != HTTP_STATE_RUNNING && connection->state != HTTP_STATE_WRITING)) {
        return;
    }
    size_t room = 0;
    http_parser_room(&connection->slot->parser, &room);
    if (room == 0) {
        connection->paused = true;
        uv_read_stop((uv_stream_t *)&connection->tcp);
    }
}

/* Run requests, one after the other, for as long as they are whole and are answered at once. */
static void connection_advance(struct http_connection *connection)
{
    struct http_server *server = connection->server;
    ensure(!connection->handling && !connection->running);
    while (connection->slot != NULL &&
           (connection->state == HTTP_STATE_IDLE || connection->state == HTTP_STATE_HEAD ||
            connection->state == HTTP_STATE_BODY)) {
        struct http_slot *slot = connection->slot;
        switch (http_parser_run(&slot->parser)) {
        case HTTP_PARSED_MORE:
            if (!connection_count_body(connection)) {
                slot->parser.refusal = 503;
                connection_refuse(connection);
                return;
            }
            connection_resume(connection);
            if (connection->state != HTTP_STATE_CLOSED) {
                connection_await(connection);
            }
            return;
        case HTTP_PARSED_REFUSED:
            connection_refuse(connection);
            return;
        case HTTP_PARSED_DONE:
            connection_move(connection, HTTP_STATE_RUNNING);
            slot->request.connection = connection;
            slot->request.started_ns = uv_hrtime();
            connection->running = true;
            connection->handling = true;
            server->options.handle(server->options.context, &slot->request);
            connection->handling = false;
            break;
        }
    }
}

static void connection_on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    (void)suggested;
    struct http_connection *connection = CONTAINER_OF(handle, struct http_connection, tcp);
    if (connection->slot == NULL) {
        connection->slot = http_slot_take(connection->server);
    }
    size_t room = 0;
    buffer->base = (char *)http_parser_room(&connection->slot->parser, &room);
    buffer->len = room;
    ensure(room > 0); /* Reading is stopped when the buffer is full. */
}

/* The client sends no more, or is gone. */
static void connection_read_failed(struct http_connection *connection, ssize_t status)
{
    connection->read_ended = true;
    bool answering =
        connection->state == HTTP_STATE_RUNNING || connection->state == HTTP_STATE_WRITING;
    if (status != UV_EOF || !answering) {
        http_connection_close(connection);
    }
}

static void connection_on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
    (void)buffer;
    struct http_connection *connection = CONTAINER_OF(stream, struct http_connection, tcp);
    if (connection->state == HTTP_STATE_CLOSED) {
        return;
    }
    if (size < 0) {
        connection_read_failed(connection, size);
        return;
    }
    ensure(connection->slot != NULL);
    struct http_parser *parser = &connection->slot->parser;
    if (connection->state == HTTP_STATE_LINGERING) {
        return; /* Read over it again. */
    }
    http_parser_added(parser, (size_t)size);
    if (connection->state != HTTP_STATE_RUNNING && connection->state != HTTP_STATE_WRITING) {
        connection_advance(connection);
    }
    connection_pause(connection);
}

void http_connection_accept(struct http_server *server)
{
    struct http_connection *connection = calloc(1, sizeof(*connection));
    ensure(connection != NULL);
    connection->server = server;
    ensure(uv_tcp_init(server->options.loop, &connection->tcp) == 0);
    connection->next = server->all;
    if (server->all != NULL) {
        server->all->previous = connection;
    }
    server->all = connection;
    http_server_count(server, 1);
    server->connections_held++;
    connection->state = HTTP_STATE_IDLE;
    connection_watch(connection);
    if (server->connections == 1) {
        uv_timer_start(&server->tick, server->tick.timer_cb, server->tick_ms, server->tick_ms);
    }
    uv_stream_t *stream = (uv_stream_t *)&connection->tcp;
    if (uv_accept((uv_stream_t *)&server->listener, stream) != 0 ||
        server->connections > server->options.connections_max ||
        uv_tcp_nodelay(&connection->tcp, 1) != 0 ||
        uv_read_start(stream, connection_on_allocate, connection_on_read) != 0) {
        http_connection_close(connection);
    }
}
