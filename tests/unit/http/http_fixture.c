#include "tests/unit/http/http_fixture.h"

#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

static void fixture_answer(struct http_request *request)
{
    struct slice type = SLICE_LITERAL("text/plain");
    struct slice none = {0};
    if (slice_is(request->path, "/count")) {
        char *text = arena_printf(request->arena, "%u %.*s %.*s?%.*s", request->headers_count,
                                  SLICE_ARGS(request->method), SLICE_ARGS(request->path),
                                  SLICE_ARGS(request->query));
        http_respond(request, 200, type, none, slice_text(text));
        return;
    }
    if (slice_is(request->path, "/big")) {
        size_t size = FIXTURE_BIG_BYTES;
        http_respond(request, 200, type, none,
                     slice_of(arena_zalloc(request->arena, 1, size), size));
        return;
    }
    http_respond(request, 200, type, SLICE_LITERAL("x-extra: yes\r\n"), request->body);
}

static void fixture_handle(void *context, struct http_request *request)
{
    struct fixture *fixture = context;
    atomic_fetch_add(&fixture->handled, 1);
    if (!slice_is(request->path, "/hold")) {
        fixture_answer(request);
        return;
    }
    unsigned at = atomic_load(&fixture->held_count);
    cr_assert_lt(at, FIXTURE_HELD_MAX);
    fixture->held[at] = request;
    atomic_store(&fixture->held_count, at + 1);
}

static void fixture_on_drained(void *context)
{
    struct fixture *fixture = context;
    cr_assert_not(atomic_load(&fixture->drained), "done was called twice");
    atomic_store(&fixture->drained, true);
    uv_close((uv_handle_t *)&fixture->wake, NULL);
}

static void fixture_on_wake(uv_async_t *wake)
{
    struct fixture *fixture = CONTAINER_OF(wake, struct fixture, wake);
    if (atomic_exchange(&fixture->release, false)) {
        unsigned count = atomic_load(&fixture->held_count);
        struct http_request *held[FIXTURE_HELD_MAX];
        memcpy(held, fixture->held, sizeof(held));
        atomic_store(&fixture->held_count, 0);
        for (unsigned i = 0; i < count; i++) {
            fixture_answer(held[i]);
        }
    }
    if (atomic_exchange(&fixture->drain, false)) {
        http_drain(fixture->server, fixture->drain_ms, fixture_on_drained, fixture);
    }
}

void fixture_prepare(struct fixture *fixture)
{
    memset(fixture, 0, sizeof(*fixture));
    fixture->options = (struct http_options){
        .loop = &fixture->loop,
        .address = "127.0.0.1:0",
        .connections_max = 100,
        .idle_ms = 60000,
        .header_ms = 60000,
        .body_ms = 60000,
        .handle = fixture_handle,
        .context = fixture,
        .connections = &fixture->connections,
    };
}

static void fixture_run(void *context)
{
    struct fixture *fixture = context;
    cr_assert_eq(uv_run(&fixture->loop, UV_RUN_DEFAULT), 0);
}

void fixture_start(struct fixture *fixture)
{
    struct error err = {0};
    cr_assert_eq(uv_loop_init(&fixture->loop), 0);
    cr_assert_eq(uv_async_init(&fixture->loop, &fixture->wake, fixture_on_wake), 0);
    cr_assert(http_listen(&fixture->options, &fixture->server, &err), "%s", err.text);
    snprintf(fixture->address, sizeof(fixture->address), "%s", http_address(fixture->server));
    cr_assert_eq(uv_thread_create(&fixture->thread, fixture_run, fixture), 0);
}

void fixture_release(struct fixture *fixture)
{
    atomic_store(&fixture->release, true);
    uv_async_send(&fixture->wake);
}

void fixture_drain(struct fixture *fixture, uint32_t deadline_ms)
{
    fixture->drain_ms = deadline_ms;
    atomic_store(&fixture->drain, true);
    uv_async_send(&fixture->wake);
}

void fixture_stop(struct fixture *fixture)
{
    if (fixture->drain_ms == 0) {
        fixture_drain(fixture, 1);
    }
    cr_assert_eq(uv_thread_join(&fixture->thread), 0);
    cr_assert(atomic_load(&fixture->drained));
    cr_assert_eq(atomic_load(&fixture->connections), 0);
    cr_assert_eq(uv_loop_close(&fixture->loop), 0, "a handle is left open");
}

/* --- Waiting --------------------------------------------------------------------------------- */

static uint64_t fixture_deadline_ns(void)
{
    return uv_hrtime() + (uint64_t)FIXTURE_DEADLINE_MS * 1000000;
}

void fixture_await(atomic_uint *value, unsigned wanted)
{
    uint64_t deadline_ns = fixture_deadline_ns();
    while (atomic_load(value) < wanted) {
        cr_assert_lt(uv_hrtime(), deadline_ns, "%u, waiting for %u", atomic_load(value), wanted);
        sched_yield();
    }
}

void fixture_await_equal(atomic_uint *value, unsigned wanted)
{
    uint64_t deadline_ns = fixture_deadline_ns();
    while (atomic_load(value) != wanted) {
        cr_assert_lt(uv_hrtime(), deadline_ns, "%u, waiting for %u", atomic_load(value), wanted);
        sched_yield();
    }
}

void fixture_await_true(atomic_bool *value)
{
    uint64_t deadline_ns = fixture_deadline_ns();
    while (!atomic_load(value)) {
        cr_assert_lt(uv_hrtime(), deadline_ns);
        sched_yield();
    }
}

/* --- The client ------------------------------------------------------------------------------ */

int client_connect(const char *address)
{
    const char *colon = strrchr(address, ':');
    struct sockaddr_in name = {.sin_family = AF_INET,
                               .sin_port = htons((uint16_t)atoi(colon + 1)),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval limit = {.tv_sec = FIXTURE_DEADLINE_MS / 1000};
    int at_once = 1; /* A request goes out in pieces: none waits for the other side's ACK. */
    cr_assert_geq(fd, 0);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof(at_once));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    if (connect(fd, (struct sockaddr *)&name, sizeof(name)) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

void client_send_bytes(int fd, const void *bytes, size_t size)
{
    const char *from = bytes;
    while (size > 0) {
        ssize_t sent = send(fd, from, size, MSG_NOSIGNAL);
        if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) {
            return; /* The server has had enough; what it said is for the caller to read. */
        }
        cr_assert_gt(sent, 0, "send: %s", strerror(errno));
        from += sent;
        size -= (size_t)sent;
    }
}

void client_send(int fd, const char *text)
{
    client_send_bytes(fd, text, strlen(text));
}

void client_receive_head(int fd, struct response *response)
{
    size_t size = 0, capacity = 64 << 10;
    char *head = malloc(capacity);
    while (size < 4 || memcmp(head + size - 4, "\r\n\r\n", 4) != 0) {
        cr_assert_lt(size, capacity - 1);
        ssize_t got = recv(fd, head + size, 1, 0);
        cr_assert_eq(got, 1, "no answer: %s", got < 0 ? strerror(errno) : "closed");
        size++;
    }
    head[size] = 0;
    cr_assert_eq(sscanf(head, "HTTP/1.1 %u ", &response->status), 1, "%s", head);
    response->head = head;
    response->body = calloc(1, 1);
    response->body_bytes = 0;
}

void client_receive(int fd, struct response *response)
{
    client_receive_head(fd, response);
    const char *length = strstr(response->head, "Content-Length: ");
    cr_assert_not_null(length, "%s", response->head);
    size_t size = strtoul(length + strlen("Content-Length: "), NULL, 10);
    response->body = realloc(response->body, size + 1);
    response->body_bytes = size;
    response->body[size] = 0;
    for (size_t have = 0; have < size;) {
        ssize_t got = recv(fd, response->body + have, size - have, 0);
        cr_assert_gt(got, 0, "%zu of %zu bytes: %s", have, size, strerror(errno));
        have += (size_t)got;
    }
}

void response_clear(struct response *response)
{
    free(response->head);
    free(response->body);
}

unsigned client_status(int fd)
{
    struct response response;
    client_receive(fd, &response);
    unsigned status = response.status;
    response_clear(&response);
    return status;
}

bool client_is_closed(int fd)
{
    char byte;
    ssize_t got = recv(fd, &byte, 1, 0);
    return got == 0 || (got < 0 && errno == ECONNRESET);
}
