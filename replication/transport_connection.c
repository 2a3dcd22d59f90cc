/* One connection's life: session, emulated link, jobs on workers.
 *
 *   outbound   CONNECTING -> GREETING -> UP -> CLOSING -> (gone; the peer's retry timer runs)
 *   inbound                  GREETING -> [WAITING ->] UP -> CLOSING -> (gone)
 *
 * WAITING: an older inbound connection of the same peer still has work on a worker. A connection is
 * freed when its handles are closed and no job of its runs. */
#include "proto/peer/message.h"
#include "replication/transport_internal.h"

#include <sodium.h>
#include <stdlib.h>

static void connection_up(struct connection *connection);
static void connection_read_more(struct connection *connection);
static void connection_worked(uv_work_t *work, int status);

void transport_emit(struct transport_outbox *outbox, struct slice payload)
{
    payloads_push(&outbox->payloads, payload);
}

/* --- Sending -------------------------------------------------------------------------------- */

struct send {
    uv_write_t request;
    uint8_t bytes[];
};

static void connection_sent(uv_write_t *request, int status)
{
    (void)status; /* A broken socket is noticed by reading. */
    free(CONTAINER_OF(request, struct send, request));
}

static void connection_write(struct connection *connection, struct slice bytes)
{
    if (connection->state == CLOSING) {
        return;
    }
    uv_buf_t buffer = uv_buf_init((char *)(uintptr_t)bytes.data, (unsigned)bytes.size);
    int sent = uv_try_write((uv_stream_t *)&connection->tcp, &buffer, 1);
    size_t done = sent > 0 ? (size_t)sent : 0;
    if (done == bytes.size) {
        return;
    }
    struct send *send = malloc(sizeof(*send) + bytes.size - done);
    ensure(send != NULL);
    memcpy(send->bytes, bytes.data + done, bytes.size - done);
    buffer = uv_buf_init((char *)send->bytes, (unsigned)(bytes.size - done));
    if (uv_write(&send->request, (uv_stream_t *)&connection->tcp, &buffer, 1, connection_sent) !=
        0) {
        free(send);
    }
}

static void connection_due(uv_timer_t *timer)
{
    struct connection *connection = timer->data;
    uint64_t next_us = LINK_NEVER;
    struct egress_chunk *chunk;
    while ((chunk = egress_take(&connection->egress, transport_now_us(), &next_us)) != NULL) {
        connection_write(connection, slice_of(chunk->bytes, chunk->size));
        free(chunk);
    }
    if (next_us != LINK_NEVER && connection->state != CLOSING) {
        uint64_t now_us = transport_now_us();
        uint64_t wait_ms = next_us > now_us ? (next_us - now_us + 999) / 1000 : 0;
        uv_update_time(&connection->transport->loop);
        uv_timer_start(timer, connection_due, wait_ms, 0);
    }
}

static void connection_send(struct connection *connection, struct slice bytes)
{
    if (connection->peer != NULL) {
        pthread_mutex_lock(&connection->transport->mutex);
        connection->peer->status.sent_bytes += bytes.size;
        pthread_mutex_unlock(&connection->transport->mutex);
    }
    if (egress_is_open(&connection->egress)) {
        connection_write(connection, bytes);
        return;
    }
    egress_push(&connection->egress, bytes, transport_now_us());
    connection_due(&connection->due);
}

/* --- Beginning and end ---------------------------------------------------------------------- */

static void transport_unlink(struct transport *transport, struct connection *connection)
{
    struct connection **at = &transport->connections;
    while (*at != connection) {
        at = &(*at)->next;
    }
    *at = connection->next;
}

/* Does an inbound connection of this peer, though it may be closing, still have its machine? */
static bool transport_applies(const struct transport *transport, const struct peer *peer)
{
    const struct connection *connection = transport->connections;
    while (connection != NULL &&
           (connection->peer != peer || connection->outbound || connection->machine == NULL)) {
        connection = connection->next;
    }
    return connection != NULL;
}

/* Its handles are closed and no job runs: free it, and let who waited for it go on. */
static void connection_maybe_free(struct connection *connection)
{
    if (connection->handles_open > 0 || connection->job_running) {
        return;
    }
    struct transport *transport = connection->transport;
    struct peer *peer = connection->peer;
    if (connection->machine != NULL) {
        transport->options.machine.close(connection->machine);
    }
    session_close(connection->session);
    egress_clear(&connection->egress);
    payloads_clear(&connection->inbox);
    payloads_clear(&connection->job_in);
    payloads_clear(&connection->job_out.payloads);
    transport_unlink(transport, connection);
    transport->inbound_count -= connection->outbound ? 0 : 1;
    if (peer != NULL && peer->outbound == connection) {
        peer->outbound = NULL;
        peer_retry_later(peer, connection->refused);
    }
    if (peer != NULL && !connection->outbound) {
        if (peer->inbound == connection) {
            peer->inbound = NULL;
        } else if (peer->inbound != NULL && peer->inbound->state == WAITING &&
                   !transport_applies(transport, peer)) {
            connection_up(peer->inbound);
        }
    }
    if (peer != NULL) {
        peer_note_state(peer, NULL);
    }
    free(connection);
    transport_maybe_finish(transport);
}

static void connection_handle_closed(uv_handle_t *handle)
{
    struct connection *connection = handle->data;
    connection->handles_open--;
    connection_maybe_free(connection);
}

/* It waits for its turn on the workers no longer. */
static void connection_leave_queue(struct connection *connection)
{
    struct transport *transport = connection->transport;
    struct connection *before = NULL;
    if (!connection->job_waits) {
        return;
    }
    for (struct connection *at = transport->jobs_first; at != connection; at = at->job_next) {
        before = at;
    }
    if (before == NULL) {
        transport->jobs_first = connection->job_next;
    } else {
        before->job_next = connection->job_next;
    }
    if (transport->jobs_last == connection) {
        transport->jobs_last = before;
    }
    connection->job_next = NULL;
    connection->job_waits = false;
}

static void connection_close(struct connection *connection, const struct error *why)
{
    if (connection->state == CLOSING) {
        return;
    }
    struct transport *transport = connection->transport;
    bool was_up = connection->state == UP;
    connection->state = CLOSING;
    connection_leave_queue(connection);
    if (connection->peer != NULL) {
        /* Being away is worth a line when it begins, being at odds one whenever it changes. */
        bool odd = why->code == ERROR_REFUSED || why->code == ERROR_PROTOCOL;
        bool news = odd && strcmp(connection->peer->status.problem, why->text) != 0;
        int level = !transport->stopping && (was_up || news) ? 2 : 0;
        if (connection->outbound && was_up &&
            uv_now(&transport->loop) - connection->up_ms >= STEADY_MS) {
            connection->peer->retry_ms = RETRY_MS_MIN;
        }
        transport_say(connection->transport, level,
                      connection->outbound ? "link out down" : "link in down", connection->peer,
                      why->text);
        peer_note_state(connection->peer, why->text);
    } else if (why->code == ERROR_REFUSED || why->code == ERROR_PROTOCOL) {
        transport_say(connection->transport, 2, "stranger refused", NULL, why->text);
    }
    uv_close((uv_handle_t *)&connection->tcp, connection_handle_closed);
    uv_close((uv_handle_t *)&connection->due, connection_handle_closed);
}

void connection_fail(struct connection *connection, enum error_code code, const char *text)
{
    struct error err = {0};
    error_set(&err, code, "%s", text);
    connection_close(connection, &err);
}

struct connection *connection_make(struct transport *transport, struct peer *peer)
{
    struct connection *connection = calloc(1, sizeof(*connection));
    ensure(connection != NULL);
    connection->transport = transport;
    connection->outbound = peer != NULL;
    connection->peer = connection->claimed = peer;
    connection->next = transport->connections;
    transport->connections = connection;
    connection->opened_ms = connection->heard_ms = uv_now(&transport->loop);
    uint64_t seed;
    randombytes_buf(&seed, sizeof(seed));
    egress_init(&connection->egress, seed);
    if (peer != NULL) {
        egress_set(&connection->egress, &peer->link, transport_now_us());
    }
    ensure(uv_tcp_init(&transport->loop, &connection->tcp) == 0);
    ensure(uv_timer_init(&transport->loop, &connection->due) == 0);
    connection->handles_open = 2;
    connection->tcp.data = connection->due.data = connection;
    connection->work.data = connection;
    return connection;
}

/* --- Jobs: a machine's messages and pump, on a worker ----------------------------------------- */

static void connection_work(uv_work_t *work) /* Worker: touches job_in, job_out and the machine. */
{
    struct connection *connection = work->data;
    const struct transport_machine_calls *calls = &connection->transport->options.machine;
    const struct payload *payload;
    uint64_t end_us = transport_now_us() + JOB_US;
    bool go_on = true;
    connection->job_ok = true;
    connection->job_throttled = false;
    while (go_on && (payload = connection->job_in.head) != NULL) {
        connection->job_ok =
            calls->message(connection->machine, slice_of(payload->bytes, payload->size),
                           &connection->job_out, &connection->err);
        if (!connection->job_ok && connection->err.code == ERROR_THROTTLED) {
            error_clear(&connection->err);
            connection->job_ok = connection->job_throttled = true;
        } else {
            free(payloads_pop(&connection->job_in));
        }
        go_on = connection->job_ok && !connection->job_throttled && transport_now_us() < end_us;
    }
    connection->job_ok = connection->job_ok &&
                         calls->pump(connection->machine, &connection->job_out, &connection->err);
}

static void connection_start_job(struct connection *connection)
{
    connection->job_wanted = false;
    connection->job_running = true;
    connection->transport->jobs_running++;
    if (connection->job_in.head == NULL) {
        connection->job_in = connection->inbox;
        connection->inbox = (struct payloads){0};
    }
    int failed = uv_queue_work(&connection->transport->loop, &connection->work, connection_work,
                               connection_worked);
    ensure(failed == 0);
}

static void transport_next_job(struct transport *transport)
{
    struct connection *connection = transport->jobs_first;
    if (connection != NULL && transport->jobs_running < JOBS_MAX) {
        connection_leave_queue(connection);
        connection_start_job(connection);
    }
}

/* The other side should know why this one gives up, so that its operator can read it there, too. */
static void connection_refuse(struct connection *connection)
{
    struct transport *transport = connection->transport;
    struct message message = {.kind = MESSAGE_REFUSAL};
    message.refusal.text = slice_text(connection->err.text);
    payloads_push(&connection->job_out.payloads, message_encode(&message, &transport->arena));
}

static void connection_worked(uv_work_t *work, int status)
{
    ensure(status == 0); /* Work is never cancelled. */
    struct connection *connection = work->data;
    struct transport *transport = connection->transport;
    connection->job_running = false;
    transport->jobs_running--;
    transport_next_job(transport);
    struct payload *payload;
    struct buffer sealed;
    buffer_init(&sealed, &transport->arena, READ_BYTES);
    if (!connection->job_ok) {
        connection_refuse(connection);
    }
    while ((payload = payloads_pop(&connection->job_out.payloads)) != NULL) {
        if (connection->state == UP) {
            session_seal(connection->session, slice_of(payload->bytes, payload->size), &sealed);
        }
        free(payload);
    }
    if (connection->state == UP && sealed.size > 0) {
        connection_send(connection, buffer_slice(&sealed));
    }
    arena_clear(&transport->arena);
    if (connection->state == CLOSING) {
        connection_maybe_free(connection);
    } else if (!connection->job_ok) {
        connection->refused = true;
        connection_close(connection, &connection->err);
    } else {
        connection_read_more(connection);
        bool left = connection->job_in.head != NULL && !connection->job_throttled;
        if (connection->job_wanted || left || connection->inbox.head != NULL) {
            connection_job(connection);
        }
    }
}

void connection_job(struct connection *connection)
{
    if (connection->state != UP) {
        return;
    }
    connection->job_wanted = true;
    size_t unsent =
        connection->egress.bytes + uv_stream_get_write_queue_size((uv_stream_t *)&connection->tcp);
    if (connection->job_running || connection->job_waits || unsent > OUTBOX_BYTES_MAX) {
        return; /* The tick asks again. */
    }
    struct transport *transport = connection->transport;
    if (transport->jobs_running < JOBS_MAX) {
        connection_start_job(connection);
        return;
    }
    connection->job_waits = true;
    if (transport->jobs_last == NULL) {
        transport->jobs_first = connection;
    } else {
        transport->jobs_last->job_next = connection;
    }
    transport->jobs_last = connection;
}

/* --- Receiving ------------------------------------------------------------------------------ */

static void connection_session_send(void *context, struct slice bytes)
{
    struct connection *connection = context;
    /* A link that is cut lets no handshake through either. */
    if (connection->claimed == NULL) {
        connection->claimed =
            transport_peer(connection->transport, session_claimed(connection->session));
        if (connection->claimed != NULL) {
            egress_set(&connection->egress, &connection->claimed->link, transport_now_us());
        }
    }
    connection_send(connection, bytes);
}

static bool connection_session_message(void *context, struct slice payload, struct error *err)
{
    struct connection *connection = context;
    if (connection->state != UP && connection->state != WAITING) {
        return error_set(err, ERROR_PROTOCOL, "a message before the handshake has ended");
    }
    payloads_push(&connection->inbox, payload);
    return true;
}

static void connection_up(struct connection *connection)
{
    struct transport *transport = connection->transport;
    connection->state = UP;
    connection->up_ms = connection->heard_ms = uv_now(&transport->loop);
    connection->machine = transport->options.machine.open(
        transport->options.context, connection->peer->region->id, connection->outbound);
    transport_say(transport, 1, connection->outbound ? "link out up" : "link in up",
                  connection->peer, "");
    peer_note_state(connection->peer, NULL);
    pthread_mutex_lock(&transport->mutex);
    connection->peer->status.reconnects += connection->outbound;
    pthread_mutex_unlock(&transport->mutex);
    connection_job(connection);
}

static void connection_established(void *context)
{
    struct connection *connection = context;
    if (connection->outbound) {
        connection_up(connection);
        return;
    }
    struct peer *peer = transport_peer(connection->transport, session_peer(connection->session));
    ensure(peer != NULL); /* The session knows only regions of the cluster file. */
    struct connection *older = peer->inbound;
    connection->peer = connection->claimed = peer;
    peer->inbound = connection;
    if (older != NULL) {
        uint64_t now_ms = uv_now(&connection->transport->loop);
        if (older->state == UP && now_ms - older->up_ms < STEADY_MS) {
            peer->rivals_ms = now_ms;
        }
        connection_fail(older, ERROR_UNAVAILABLE,
                        "replaced by a newer connection of the peer (if this goes on, two nodes "
                        "run with its identity)");
    }
    /* Not only `older` may still be at work: the one before it, if `older` never came up. */
    if (transport_applies(connection->transport, peer)) {
        connection->state = WAITING;
    } else {
        connection_up(connection);
    }
}

static void connection_allocate(uv_handle_t *handle, size_t size, uv_buf_t *buffer)
{
    (void)size;
    struct connection *connection = handle->data;
    *buffer = uv_buf_init(connection->transport->read_buffer, READ_BYTES);
}

static void connection_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
    struct connection *connection = stream->data;
    struct error err = {0};
    if (size == 0 || connection->state == CLOSING) {
        return;
    }
    if (size < 0) {
        connection_fail(connection, ERROR_UNAVAILABLE,
                        size == UV_EOF ? "the peer closed the connection" : uv_strerror((int)size));
        return;
    }
    connection->heard_ms = uv_now(&connection->transport->loop);
    if (connection->peer != NULL) {
        pthread_mutex_lock(&connection->transport->mutex);
        connection->peer->status.received_bytes += (uint64_t)size;
        pthread_mutex_unlock(&connection->transport->mutex);
    }
    if (!session_receive(connection->session, slice_of(buffer->base, (size_t)size), &err)) {
        connection_close(connection, &err);
        return;
    }
    if (connection->inbox.bytes > INBOX_BYTES_MAX) {
        uv_read_stop(stream);
        connection->reading = false;
    }
    if (connection->inbox.head != NULL) {
        connection_job(connection);
    }
}

static void connection_read_more(struct connection *connection)
{
    if (!connection->reading && connection->inbox.bytes <= INBOX_BYTES_MAX) {
        connection->reading = uv_read_start((uv_stream_t *)&connection->tcp, connection_allocate,
                                            connection_read) == 0;
        connection->heard_ms = uv_now(&connection->transport->loop);
    }
}

void connection_greet(struct connection *connection)
{
    struct transport *transport = connection->transport;
    connection->state = GREETING;
    uv_tcp_nodelay(&connection->tcp, 1);
    struct session_options options = {
        .role = connection->outbound ? SESSION_INITIATOR : SESSION_ACCEPTOR,
        .regions = transport->options.regions,
        .regions_count = transport->options.regions_count,
        .self = transport->options.self,
        .peer = connection->outbound ? connection->peer->region->id : 0,
        .identity = transport->options.identity,
    };
    randombytes_buf(options.seed, sizeof(options.seed));
    struct session_events events = {connection_session_send, connection_established,
                                    connection_session_message, connection};
    connection->session = session_open(&options, &events);
    connection_read_more(connection);
}

void connection_link_changed(struct connection *connection)
{
    if (connection->claimed != NULL && connection->state != CLOSING) {
        egress_set(&connection->egress, &connection->claimed->link, transport_now_us());
        connection_due(&connection->due);
    }
}
