/* The transport's loop: peers, reconnecting, accepting, ticking, start and stop. */
#include "replication/transport_internal.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

static void peer_connect(struct peer *peer);

uint64_t transport_now_us(void)
{
    return uv_hrtime() / 1000;
}

void transport_say(
    struct transport *transport, int level, const char *event, struct peer *peer, const char *text)
{
    char detail[512];
    char unsaid[64] = "";
    struct transport_quiet *quiet = peer == NULL ? &transport->quiet : &peer->quiet;
    uint64_t now_ms = uv_now(&transport->loop);
    if (level > 0 && (quiet->said == 0 || now_ms - quiet->since_ms >= SAY_MS)) {
        if (quiet->unsaid > 0) {
            snprintf(unsaid, sizeof(unsaid), " (%u lines before this were left out)",
                     quiet->unsaid);
        }
        *quiet = (struct transport_quiet){.since_ms = now_ms};
    }
    if (level > 0 && quiet->said >= SAY_MAX) {
        quiet->unsaid++;
        return;
    }
    quiet->said += level > 0;
    snprintf(detail, sizeof(detail), "peer=%s %s%s", peer == NULL ? "?" : peer->region->name, text,
             unsaid);
    transport->options.log(transport->options.log_context, level, event, detail);
}

struct peer *transport_peer(struct transport *transport, uint16_t region)
{
    for (uint32_t i = 0; i < transport->peers_count; i++) {
        if (transport->peers[i].region->id == region) {
            return &transport->peers[i];
        }
    }
    return NULL;
}

void peer_note_state(struct peer *peer, const char *problem)
{
    pthread_mutex_lock(&peer->transport->mutex);
    peer->status.connected_out = peer->outbound != NULL && peer->outbound->state == UP;
    peer->status.connected_in = peer->inbound != NULL && peer->inbound->state == UP;
    if (problem != NULL) {
        snprintf(peer->status.problem, sizeof(peer->status.problem), "%s", problem);
    }
    bool rivals =
        peer->rivals_ms != 0 && uv_now(&peer->transport->loop) - peer->rivals_ms < RIVALS_MS;
    if (peer->status.connected_out && peer->status.connected_in && !rivals) {
        peer->status.problem[0] = 0;
    }
    pthread_mutex_unlock(&peer->transport->mutex);
}

static void peer_retry(uv_timer_t *timer)
{
    peer_connect(timer->data);
}

void peer_retry_later(struct peer *peer, bool refused)
{
    uint32_t max_ms = refused ? RETRY_FAILED_MS_MAX : RETRY_MS_MAX;
    if (peer->transport->stopping) {
        return;
    }
    peer->retry_ms = peer->retry_ms > max_ms ? max_ms : peer->retry_ms;
    uint32_t jitter_ms = randombytes_uniform(peer->retry_ms / 2 + 1);
    uv_timer_start(&peer->retry, peer_retry, peer->retry_ms / 2 + jitter_ms, 0);
    peer->retry_ms = peer->retry_ms * 2 > max_ms ? max_ms : peer->retry_ms * 2;
}

/* --- Accepting and connecting ---------------------------------------------------------------- */

/* Room for one more: whoever has waited longest without saying who it is has to go. */
static void transport_make_room(struct transport *transport)
{
    struct connection *oldest = NULL; /* The list begins with the newest. */
    uint32_t open = 0;
    for (struct connection *connection = transport->connections; connection != NULL;
         connection = connection->next) {
        if (!connection->outbound && connection->state != CLOSING) {
            open++;
            oldest = connection->peer == NULL ? connection : oldest;
        }
    }
    if (open >= INBOUND_MAX && oldest != NULL) {
        connection_fail(oldest, ERROR_LIMIT, "too many inbound connections");
    }
}

static void transport_accept(uv_stream_t *listener, int status)
{
    struct transport *transport = listener->data;
    if (status != 0 || transport->stopping) {
        return;
    }
    transport_make_room(transport);
    struct connection *connection = connection_make(transport, NULL);
    transport->inbound_count++;
    connection->state = GREETING;
    if (uv_accept(listener, (uv_stream_t *)&connection->tcp) != 0) {
        connection_fail(connection, ERROR_IO, "accept failed");
    } else if (transport->inbound_count > 2 * INBOUND_MAX) { /* Many are still closing. */
        connection_fail(connection, ERROR_LIMIT, "too many inbound connections");
    } else {
        connection_greet(connection);
    }
}

static void peer_connected(uv_connect_t *connect, int status)
{
    struct connection *connection = connect->data;
    if (connection->state == CLOSING) {
        return;
    }
    if (status != 0) {
        char text[128];
        snprintf(text, sizeof(text), "cannot connect to %s: %s", connection->peer->region->address,
                 uv_strerror(status));
        connection_fail(connection, ERROR_UNAVAILABLE, text);
        return;
    }
    connection_greet(connection);
}

static void peer_connect(struct peer *peer)
{
    struct transport *transport = peer->transport;
    if (transport->stopping || peer->outbound != NULL) {
        return;
    }
    struct connection *connection = connection_make(transport, peer);
    peer->outbound = connection;
    connection->state = CONNECTION_CONNECTING;
    connection->connect.data = connection;
    int failed = uv_tcp_connect(&connection->connect, &connection->tcp,
                                (const struct sockaddr *)&peer->address, peer_connected);
    if (failed != 0) {
        connection_fail(connection, ERROR_UNAVAILABLE, uv_strerror(failed));
    }
}

/* --- The loop ------------------------------------------------------------------------------- */

/* How long may a peer be silent, a slow emulated link considered? */
static uint64_t connection_patience_ms(const struct connection *connection)
{
    const struct peer *peer = connection->claimed;
    uint64_t slack_ms =
        peer == NULL ? (uint64_t)LINK_RETRANSMIT_MS
                     : 8ULL * (peer->link.delay_ms + peer->link.jitter_ms + LINK_RETRANSMIT_MS);
    if (connection->state != UP) {
        return HANDSHAKE_MS + slack_ms;
    }
    uint64_t silence_ms =
        (uint64_t)SILENCE_HEARTBEATS * connection->transport->options.heartbeat_ms;
    return (silence_ms < SILENCE_MS_MIN ? SILENCE_MS_MIN : silence_ms) + slack_ms;
}

static void transport_tick_peers(struct transport *transport)
{
    for (uint32_t i = 0; i < transport->peers_count; i++) {
        struct peer *peer = &transport->peers[i];
        if (peer->rivals_ms != 0 && uv_now(&transport->loop) - peer->rivals_ms >= RIVALS_MS) {
            peer->rivals_ms = 0;
            peer_note_state(peer, NULL);
        }
    }
}

static void transport_tick(uv_timer_t *timer)
{
    struct transport *transport = timer->data;
    uint64_t now_ms = uv_now(&transport->loop);
    struct connection *next;
    transport_tick_peers(transport);
    for (struct connection *connection = transport->connections; connection != NULL;
         connection = next) {
        next = connection->next;
        uint64_t since_ms = connection->state == UP ? connection->heard_ms : connection->opened_ms;
        bool listens = connection->state != CLOSING && connection->state != WAITING &&
                       (connection->reading || connection->state == CONNECTION_CONNECTING);
        if (listens && now_ms - since_ms > connection_patience_ms(connection)) {
            connection_fail(connection, ERROR_UNAVAILABLE,
                            connection->state == UP ? "no word from the peer, giving it up"
                                                    : "the handshake takes too long");
        } else {
            connection_job(connection);
        }
    }
}

static void transport_apply_links(struct transport *transport)
{
    for (uint32_t i = 0; i < transport->peers_count; i++) {
        struct peer *peer = &transport->peers[i];
        pthread_mutex_lock(&transport->mutex);
        peer->link = peer->status.link = transport->wanted_links[i];
        pthread_mutex_unlock(&transport->mutex);
        peer->retry_ms = RETRY_MS_MIN;
    }
    for (struct connection *connection = transport->connections; connection != NULL;
         connection = connection->next) {
        connection_link_changed(connection);
    }
}

static void transport_begin_stop(struct transport *transport)
{
    transport->stopping = true;
    for (uint32_t i = 0; i < transport->peers_count; i++) {
        uv_close((uv_handle_t *)&transport->peers[i].retry, NULL);
    }
    uv_close((uv_handle_t *)&transport->listener, NULL);
    uv_close((uv_handle_t *)&transport->tick, NULL);
    struct connection *next;
    for (struct connection *connection = transport->connections; connection != NULL;
         connection = next) {
        next = connection->next;
        connection_fail(connection, ERROR_UNAVAILABLE, "this region is stopping");
    }
    transport_maybe_finish(transport);
}

void transport_maybe_finish(struct transport *transport)
{
    if (transport->stopping && transport->connections == NULL &&
        !uv_is_closing((uv_handle_t *)&transport->wake)) {
        uv_close((uv_handle_t *)&transport->wake, NULL);
    }
}

static void transport_woken(uv_async_t *async)
{
    struct transport *transport = async->data;
    pthread_mutex_lock(&transport->mutex);
    bool stop = transport->stop_wanted && !transport->stopping;
    uint64_t links = transport->links_wanted;
    bool links_changed = links != transport->links_applied;
    pthread_mutex_unlock(&transport->mutex);
    if (links_changed) {
        transport_apply_links(transport);
        pthread_mutex_lock(&transport->mutex);
        transport->links_applied = links;
        pthread_cond_broadcast(&transport->links_done);
        pthread_mutex_unlock(&transport->mutex);
    }
    if (stop) {
        transport_begin_stop(transport);
        return;
    }
    for (struct connection *connection = transport->connections; connection != NULL;
         connection = connection->next) {
        connection_job(connection);
    }
}

static void *transport_run(void *argument)
{
    struct transport *transport = argument;
    for (uint32_t i = 0; i < transport->peers_count; i++) {
        peer_connect(&transport->peers[i]);
    }
    uv_run(&transport->loop, UV_RUN_DEFAULT);
    return NULL;
}

/* "127.0.0.1:7000" or "[::1]:7000". */
static bool transport_parse(const char *text, struct sockaddr_storage *address, struct error *err)
{
    char host[64];
    const char *colon = strrchr(text, ':');
    size_t size = colon == NULL ? 0 : (size_t)(colon - text);
    char *end = NULL;
    long port = colon == NULL ? -1 : strtol(colon + 1, &end, 10);
    if (size == 0 || size >= sizeof(host) || end == colon + 1 || *end != 0 || port < 0 ||
        port > UINT16_MAX) {
        return error_set(err, ERROR_CONFIG, "%s is not ADDRESS:PORT", text);
    }
    bool six = text[0] == '[' && text[size - 1] == ']';
    size_t brackets = six ? 2 : 0;
    memcpy(host, text + six, size - brackets);
    host[size - brackets] = 0;
    int failed = six ? uv_ip6_addr(host, (int)port, (struct sockaddr_in6 *)address)
                     : uv_ip4_addr(host, (int)port, (struct sockaddr_in *)address);
    if (failed != 0) {
        return error_set(err, ERROR_CONFIG, "%s is not an IP address and port", text);
    }
    return true;
}

static bool transport_listen(struct transport *transport, struct error *err)
{
    struct sockaddr_storage address;
    if (!transport_parse(transport->options.listen_address, &address, err)) {
        return false;
    }
    int failed = uv_tcp_bind(&transport->listener, (const struct sockaddr *)&address, 0);
    if (failed == 0) {
        failed = uv_listen((uv_stream_t *)&transport->listener, BACKLOG, transport_accept);
    }
    int size = sizeof(address);
    if (failed == 0) {
        failed = uv_tcp_getsockname(&transport->listener, (struct sockaddr *)&address, &size);
    }
    if (failed != 0) {
        return error_set(err, ERROR_IO, "listen for peers on %s: %s",
                         transport->options.listen_address, uv_strerror(failed));
    }
    char host[48];
    uv_ip_name((const struct sockaddr *)&address, host, sizeof(host));
    bool six = address.ss_family == AF_INET6;
    uint16_t port = six ? ((struct sockaddr_in6 *)&address)->sin6_port
                        : ((struct sockaddr_in *)&address)->sin_port;
    snprintf(transport->address, sizeof(transport->address), six ? "[%s]:%u" : "%s:%u", host,
             ntohs(port));
    return true;
}

static bool transport_add_peers(struct transport *transport, struct error *err)
{
    for (uint32_t i = 0; i < transport->options.regions_count; i++) {
        const struct region_info *region = &transport->options.regions[i];
        if (region->id == transport->options.self) {
            continue;
        }
        struct peer *peer = &transport->peers[transport->peers_count];
        peer->transport = transport;
        peer->region = region;
        peer->retry_ms = RETRY_MS_MIN;
        snprintf(peer->status.problem, sizeof(peer->status.problem), "not connected yet");
        if (!transport_parse(region->address, &peer->address, err)) {
            return error_wrap(err, "region %s", region->name);
        }
        ensure(uv_timer_init(&transport->loop, &peer->retry) == 0);
        peer->retry.data = peer;
        transport->peers_count++;
    }
    return true;
}

static void transport_close_handle(uv_handle_t *handle, void *argument)
{
    (void)argument;
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

static void transport_free(struct transport *transport)
{
    uv_walk(&transport->loop, transport_close_handle, NULL);
    uv_run(&transport->loop, UV_RUN_DEFAULT);
    ensure(uv_loop_close(&transport->loop) == 0);
    pthread_cond_destroy(&transport->links_done);
    pthread_mutex_destroy(&transport->mutex);
    arena_destroy(&transport->arena);
    free(transport);
}

bool transport_start(const struct transport_options *options,
                     struct transport **transport,
                     struct error *err)
{
    struct transport *made = calloc(1, sizeof(*made));
    ensure(made != NULL);
    made->options = *options;
    ensure(uv_loop_init(&made->loop) == 0);
    ensure(pthread_mutex_init(&made->mutex, NULL) == 0);
    ensure(pthread_cond_init(&made->links_done, NULL) == 0);
    ensure(uv_tcp_init(&made->loop, &made->listener) == 0);
    ensure(uv_async_init(&made->loop, &made->wake, transport_woken) == 0);
    ensure(uv_timer_init(&made->loop, &made->tick) == 0);
    made->listener.data = made->wake.data = made->tick.data = made;
    if (!transport_add_peers(made, err) || !transport_listen(made, err)) {
        transport_free(made);
        return false;
    }
    made->options.listen_address = made->address;
    uv_timer_start(&made->tick, transport_tick, TRANSPORT_TICK_MS, TRANSPORT_TICK_MS);
    *transport = made; /* Before the thread runs: its machines wake the transport. */
    ensure(pthread_create(&made->thread, NULL, transport_run, made) == 0);
    return true;
}

void transport_stop(struct transport *transport)
{
    if (transport == NULL) {
        return;
    }
    pthread_mutex_lock(&transport->mutex);
    transport->stop_wanted = true;
    pthread_mutex_unlock(&transport->mutex);
    uv_async_send(&transport->wake);
    ensure(pthread_join(transport->thread, NULL) == 0);
    transport_free(transport);
}

const char *transport_address(const struct transport *transport)
{
    return transport->address;
}

void transport_wake(struct transport *transport)
{
    uv_async_send(&transport->wake);
}

void transport_link_set(struct transport *transport,
                        uint16_t region,
                        const struct link_settings *settings)
{
    pthread_mutex_lock(&transport->mutex);
    for (uint32_t i = 0; i < transport->peers_count; i++) {
        if (region == 0 || transport->peers[i].region->id == region) {
            transport->wanted_links[i] = *settings;
        }
    }
    uint64_t change = ++transport->links_wanted;
    uv_async_send(&transport->wake);
    while (transport->links_applied < change) {
        pthread_cond_wait(&transport->links_done, &transport->mutex);
    }
    pthread_mutex_unlock(&transport->mutex);
}

void transport_peer_status(struct transport *transport,
                           uint16_t region,
                           struct transport_peer_status *status)
{
    struct peer *peer = transport_peer(transport, region);
    ensure(peer != NULL);
    pthread_mutex_lock(&transport->mutex);
    *status = peer->status;
    pthread_mutex_unlock(&transport->mutex);
}
