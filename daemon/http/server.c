/* The listener, the time-outs and the end of an HTTP server; what a connection does is in
 * connection.c.
 *
 * Time-outs take one timer for all connections and no system call: a connection stands in the queue
 * of its state, where those that entered earlier are in front, so a tick looks only at the fronts.
 */
#include "daemon/http/connection.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SERVER_BACKLOG = 1024, SERVER_TICK_MS_MAX = 500 };

struct http_slot *http_slot_take(struct http_server *server)
{
    struct http_slot *slot = server->slots;
    if (slot != NULL) {
        server->slots = slot->next;
        server->slots_free--;
    } else {
        slot = malloc(sizeof(*slot));
        ensure(slot != NULL);
        arena_init(&slot->arena);
        /* The first block is the one that stays: large enough for most requests. */
        (void)arena_alloc(&slot->arena, HTTP_ARENA_BYTES);
        arena_clear(&slot->arena);
        slot->request.arena = &slot->arena;
    }
    slot->next = NULL;
    http_parser_init(&slot->parser, &slot->request);
    return slot;
}

static void server_free_slot(struct http_slot *slot)
{
    arena_destroy(&slot->arena);
    free(slot);
}

void http_slot_give(struct http_server *server, struct http_slot *slot)
{
    if (server->slots_free >= HTTP_SLOTS_KEPT_MAX) {
        server_free_slot(slot);
        return;
    }
    arena_clear(&slot->arena);
    slot->next = server->slots;
    server->slots = slot;
    server->slots_free++;
}

const char *http_server_date(struct http_server *server)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (now.tv_sec != server->date_s) {
        struct tm parts;
        gmtime_r(&now.tv_sec, &parts);
        /* The C locale's names, whatever the process has set. */
        static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
        static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
        char text[80];
        int size = snprintf(text, sizeof(text), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                            days[parts.tm_wday], parts.tm_mday, months[parts.tm_mon],
                            parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
        ensure(size == HTTP_DATE_BYTES);
        memcpy(server->date, text, HTTP_DATE_BYTES + 1);
        server->date_s = now.tv_sec;
    }
    return server->date;
}

static void server_finish(struct http_server *server)
{
    if (server->handles > 0 || server->connections_held > 0) {
        return;
    }
    while (server->slots != NULL) {
        struct http_slot *slot = server->slots;
        server->slots = slot->next;
        server_free_slot(slot);
    }
    void (*done)(void *context) = server->done;
    void *context = server->done_context;
    free(server->scratch);
    free(server);
    done(context);
}

static void server_on_closed(uv_handle_t *handle)
{
    struct http_server *server = handle->data;
    ensure(server->handles > 0);
    server->handles--;
    server_finish(server);
}

/* Nothing is open any more: let the timers go. */
static void server_close_timers(struct http_server *server)
{
    if (!uv_is_closing((uv_handle_t *)&server->tick)) {
        uv_close((uv_handle_t *)&server->tick, server_on_closed);
        uv_close((uv_handle_t *)&server->deadline, server_on_closed);
    }
}

void http_server_forget(struct http_connection *connection)
{
    struct http_server *server = connection->server;
    ensure(connection->closed && !connection->running && connection->slot == NULL);
    if (connection->previous != NULL) {
        connection->previous->next = connection->next;
    } else {
        server->all = connection->next;
    }
    if (connection->next != NULL) {
        connection->next->previous = connection->previous;
    }
    free(connection);
    ensure(server->connections_held > 0);
    server->connections_held--;
    if (server->draining && server->connections_held == 0) {
        server_close_timers(server);
        server_finish(server);
    }
}

void http_server_count(struct http_server *server, int change)
{
    ensure(change > 0 || server->connections > 0);
    server->connections = change > 0 ? server->connections + 1 : server->connections - 1;
    if (server->options.connections != NULL) {
        atomic_store_explicit(server->options.connections, server->connections,
                              memory_order_relaxed);
    }
}

static void server_on_tick(uv_timer_t *timer)
{
    struct http_server *server = timer->data;
    uint64_t now_ms = uv_now(server->options.loop);
    for (size_t state = 0; state < HTTP_STATES; state++) {
        struct http_watch *watch = &server->watched[state];
        while (watch->first != NULL && now_ms - watch->first->since_ms >= watch->timeout_ms) {
            http_connection_expire(watch->first);
        }
    }
    if (server->connections == 0) {
        uv_timer_stop(timer);
    }
}

static void server_on_connection(uv_stream_t *listener, int status)
{
    struct http_server *server = listener->data;
    if (status == 0) {
        http_connection_accept(server);
    } /* Otherwise out of descriptors: the client is kept waiting, or finds us closed. */
}

/* --- Start ----------------------------------------------------------------------------------- */

/* "HOST:PORT", "[V6]:PORT" or ":PORT" for all. */
static bool server_resolve(const char *address, struct addrinfo **found, struct error *err)
{
    const char *colon = strrchr(address, ':');
    char host[256];
    size_t host_bytes = colon == NULL ? 0 : (size_t)(colon - address);
    if (colon == NULL || colon[1] == 0 || host_bytes >= sizeof(host)) {
        return error_set(err, ERROR_IO, "listen on '%s': not of the form ADDRESS:PORT", address);
    }
    memcpy(host, address, host_bytes);
    host[host_bytes] = 0;
    char *name = host;
    if (host_bytes >= 2 && host[0] == '[' && host[host_bytes - 1] == ']') {
        host[host_bytes - 1] = 0;
        name++;
    }
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    int failed = getaddrinfo(name[0] == 0 ? NULL : name, colon + 1, &hints, found);
    if (failed != 0) {
        return error_set(err, ERROR_IO, "listen on '%s': %s", address, gai_strerror(failed));
    }
    return true;
}

static bool server_bind(const char *address, bool reuse_port, int *fd, struct error *err)
{
    struct addrinfo *found = NULL;
    if (!server_resolve(address, &found, err)) {
        return false;
    }
    ensure(found != NULL);
    int on = 1;
    int made = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool bound =
        made >= 0 && setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
        (!reuse_port || setsockopt(made, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) == 0) &&
        bind(made, found->ai_addr, found->ai_addrlen) == 0;
    if (!bound) {
        error_set(err, ERROR_IO, "listen on '%s': %s", address, strerror(errno));
        if (made >= 0) {
            close(made);
        }
    }
    freeaddrinfo(found);
    *fd = made;
    return bound;
}

bool http_address_free(const char *address, struct error *err)
{
    int fd = -1;
    if (!server_bind(address, false, &fd, err)) {
        return false;
    }
    close(fd);
    return true;
}

static bool server_read_address(struct http_server *server, int fd, struct error *err)
{
    struct sockaddr_storage name = {0};
    socklen_t size = sizeof(name);
    char host[48], port[8];
    if (getsockname(fd, (struct sockaddr *)&name, &size) != 0 ||
        getnameinfo((struct sockaddr *)&name, size, host, sizeof(host), port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        return error_set(err, ERROR_IO, "listen: the socket's own address: %s", strerror(errno));
    }
    snprintf(server->address, sizeof(server->address),
             name.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
    return true;
}

static void server_init_watches(struct http_server *server)
{
    const struct http_options *options = &server->options;
    server->watched[HTTP_STATE_GREETING].timeout_ms = options->header_ms;
    server->watched[HTTP_STATE_IDLE].timeout_ms = options->idle_ms;
    server->watched[HTTP_STATE_HEAD].timeout_ms = options->header_ms;
    server->watched[HTTP_STATE_BODY].timeout_ms = options->body_ms;
    server->watched[HTTP_STATE_WRITING].timeout_ms = options->body_ms;
    server->watched[HTTP_STATE_LINGERING].timeout_ms = HTTP_LINGER_MS;
    uint32_t tick_ms = 4 * SERVER_TICK_MS_MAX;
    for (size_t state = 0; state < HTTP_STATES; state++) {
        uint32_t timeout_ms = server->watched[state].timeout_ms;
        tick_ms = timeout_ms > 0 && timeout_ms < tick_ms ? timeout_ms : tick_ms;
    }
    server->tick_ms = tick_ms / 4 + 1;
}

static void server_on_start_failed(uv_handle_t *handle)
{
    struct http_server *server = handle->data;
    if (--server->handles == 0) {
        free(server->scratch);
        free(server);
    }
}

bool http_listen(const struct http_options *options, struct http_server **server, struct error *err)
{
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    ensure(pthread_sigmask(SIG_BLOCK, &pipe, NULL) == 0);
    int fd = -1;
    if (!server_bind(options->address, options->reuse_port, &fd, err)) {
        return false;
    }
    struct http_server *made = calloc(1, sizeof(*made));
    ensure(made != NULL);
    made->options = *options;
    made->options.address = NULL; /* Borrowed for the call only. */
    if (made->options.bodies_bytes_max == 0) {
        made->options.bodies_bytes_max = HTTP_BODIES_BYTES_MAX;
    }
    made->date_s = -1;
    if (options->tls != NULL) {
        made->scratch = malloc(STREAM_SCRATCH_BYTES);
        ensure(made->scratch != NULL);
    }
    server_init_watches(made);
    ensure(uv_tcp_init(options->loop, &made->listener) == 0);
    ensure(uv_timer_init(options->loop, &made->tick) == 0);
    ensure(uv_timer_init(options->loop, &made->deadline) == 0);
    made->handles = 3;
    made->listener.data = made->tick.data = made->deadline.data = made;
    made->tick.timer_cb = server_on_tick;
    int failed = 0;
    if (!server_read_address(made, fd, err)) {
        close(fd);
        goto out;
    }
    failed = uv_tcp_open(&made->listener, fd);
    if (failed != 0) {
        close(fd);
    } else {
        failed = uv_listen((uv_stream_t *)&made->listener, SERVER_BACKLOG, server_on_connection);
    }
    if (failed != 0) {
        error_set(err, ERROR_IO, "listen on %s: %s", made->address, uv_strerror(failed));
        goto out;
    }
    *server = made;
    return true;
out: /* The handles are the loop's until it has run once more. */
    uv_close((uv_handle_t *)&made->listener, server_on_start_failed);
    uv_close((uv_handle_t *)&made->tick, server_on_start_failed);
    uv_close((uv_handle_t *)&made->deadline, server_on_start_failed);
    return false;
}

const char *http_address(const struct http_server *server)
{
    return server->address;
}

uint32_t http_connections(const struct http_server *server)
{
    return server->connections;
}

/* --- End ------------------------------------------------------------------------------------- */

static void server_on_deadline(uv_timer_t *timer)
{
    struct http_server *server = timer->data;
    for (struct http_connection *each = server->all; each != NULL; each = each->next) {
        http_connection_close(each); /* Leaves the list later, in its close callback. */
    }
}

void http_drain(struct http_server *server,
                uint32_t deadline_ms,
                void (*done)(void *context),
                void *context)
{
    ensure(!server->draining);
    server->draining = true;
    server->done = done;
    server->done_context = context;
    uv_close((uv_handle_t *)&server->listener, server_on_closed);
    for (struct http_connection *each = server->all; each != NULL; each = each->next) {
        bool idle = each->state == HTTP_STATE_IDLE || each->state == HTTP_STATE_GREETING;
        if (idle && !each->handling) {
            http_connection_close(each);
        }
    }
    if (server->connections_held == 0) {
        server_close_timers(server);
    } else {
        uv_timer_start(&server->deadline, server_on_deadline, deadline_ms, 0);
    }
}
