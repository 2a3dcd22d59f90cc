#include "daemon/http/connection.h"

#define BIT(state) (1u << (state))

static const unsigned connection_next[HTTP_STATES] = {
    [HTTP_STATE_GREETING] = BIT(HTTP_STATE_IDLE) | BIT(HTTP_STATE_CLOSED),
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

static struct http_connection *connection_of(struct stream *stream)
{
    return CONTAINER_OF(stream, struct http_connection, stream);
}

static void connection_on_closed(struct stream *stream)
{
    struct http_connection *connection = connection_of(stream);
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
    stream_close(&connection->stream);
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
    if (connection->read_ended || !unread) {
        http_connection_close(connection);
        return;
    }
    connection_move(connection, HTTP_STATE_LINGERING);
    stream_shutdown(&connection->stream);
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

static void connection_on_written(struct stream *stream, int status)
{
    struct http_connection *connection = connection_of(stream);
    if (status != 0) {
        http_connection_close(connection);
        return;
    }
    if (connection->state == HTTP_STATE_WRITING) {
        connection_answered(connection);
    }
}

/* Refuse what came with a bare status: whatever follows it cannot be told apart any more. */
static void connection_refuse(struct http_connection *connection)
{
    struct http_slot *slot = connection->slot;
    connection->last = true;
    struct slice none = {0};
    struct slice head = http_response_head(connection->server, &slot->arena, slot->parser.refusal,
                                           none, none, 0, true);
    enum stream_sent sent = stream_send(&connection->stream, head, none);
    arena_clear(&slot->arena); /* What was collected goes now, not after lingering. */
    connection_uncount_body(connection);
    switch (sent) {
    case STREAM_SENT:
        connection_end(connection);
        break;
    case STREAM_QUEUED:
        connection_move(connection, HTTP_STATE_WRITING);
        break;
    case STREAM_FAILED:
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
    enum stream_sent sent = stream_send(&connection->stream, head, body);
    arena_clear(&slot->arena);
    connection_uncount_body(connection);
    http_parser_next(&slot->parser);
    connection->continued = false;
    switch (sent) {
    case STREAM_SENT:
        connection_answered(connection);
        break;
    case STREAM_QUEUED:
        connection_move(connection, HTTP_STATE_WRITING);
        break;
    case STREAM_FAILED:
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
            stream_send(&connection->stream, SLICE_LITERAL("HTTP/1.1 100 Continue\r\n\r\n"),
                        (struct slice){0}) == STREAM_FAILED) {
            http_connection_close(connection);
        }
    }
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

/* There is room again. True: something is in it already. */
static bool connection_fetch(struct http_connection *connection)
{
    struct http_parser *parser = &connection->slot->parser;
    size_t room = 0;
    uint8_t *to = http_parser_room(parser, &room);
    if (connection->read_ended || room == 0) {
        return false;
    }
    connection->paused = false;
    ssize_t size = stream_fetch(&connection->stream, to, room);
    if (size < 0) {
        connection_read_failed(connection, size);
        return false;
    }
    http_parser_added(parser, (size_t)size);
    return size > 0;
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
        stream_pause(&connection->stream);
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
            if (connection_fetch(connection)) {
                break;
            }
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

static uint8_t *connection_on_room(struct stream *stream, size_t *bytes)
{
    struct http_connection *connection = connection_of(stream);
    if (connection->slot == NULL) {
        connection->slot = http_slot_take(connection->server);
    }
    return http_parser_room(&connection->slot->parser, bytes);
}

static void connection_on_read(struct stream *stream, ssize_t size)
{
    struct http_connection *connection = connection_of(stream);
    if (connection->state == HTTP_STATE_CLOSED) {
        return;
    }
    if (size < 0) {
        connection_read_failed(connection, size);
        return;
    }
    ensure(connection->slot != NULL && connection->state != HTTP_STATE_LINGERING);
    http_parser_added(&connection->slot->parser, (size_t)size);
    if (connection->state != HTTP_STATE_RUNNING && connection->state != HTTP_STATE_WRITING) {
        connection_advance(connection);
    }
    connection_pause(connection);
}

static void connection_on_ready(struct stream *stream)
{
    struct http_connection *connection = connection_of(stream);
    if (connection->server->draining) {
        http_connection_close(connection);
        return;
    }
    connection_move(connection, HTTP_STATE_IDLE);
}

static const struct stream_events connection_events = {
    .ready = connection_on_ready,
    .room = connection_on_room,
    .read = connection_on_read,
    .written = connection_on_written,
    .closed = connection_on_closed,
};

void http_connection_accept(struct http_server *server)
{
    struct http_connection *connection = calloc(1, sizeof(*connection));
    ensure(connection != NULL);
    connection->server = server;
    stream_init(&connection->stream, server->options.loop, &connection_events, server->options.tls);
    connection->next = server->all;
    if (server->all != NULL) {
        server->all->previous = connection;
    }
    server->all = connection;
    http_server_count(server, 1);
    server->connections_held++;
    connection->state = server->options.tls == NULL ? HTTP_STATE_IDLE : HTTP_STATE_GREETING;
    connection_watch(connection);
    if (server->connections == 1) {
        uv_timer_start(&server->tick, server->tick.timer_cb, server->tick_ms, server->tick_ms);
    }
    if (!stream_accept(&connection->stream, &server->listener, server->scratch) ||
        server->connections > server->options.connections_max) {
        http_connection_close(connection);
    }
}

bool http_peer(const struct http_request *request, char address[static HTTP_PEER_BYTES])
{
    struct sockaddr_storage peer;
    int size = sizeof(peer);
    const uv_tcp_t *tcp = &request->connection->stream.tcp;
    return !uv_is_closing((const uv_handle_t *)tcp) &&
           uv_tcp_getpeername(tcp, (struct sockaddr *)&peer, &size) == 0 &&
           uv_ip_name((const struct sockaddr *)&peer, address, HTTP_PEER_BYTES) == 0;
}

bool http_is_secure(const struct http_request *request)
{
    return request->connection->stream.tls != NULL;
}
