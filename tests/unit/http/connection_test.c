/* Goal: the server keeps its promises to clients that behave, and its own limits against those that
 * do not. Method: a real server on a loopback port, driven by a plain socket. */
#include "daemon/http/parser.h"
#include "tests/unit/http/http_fixture.h"

#include <criterion/criterion.h>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static struct fixture *started(void)
{
    struct fixture *fixture = malloc(sizeof(*fixture));
    fixture_prepare(fixture);
    fixture_start(fixture);
    return fixture;
}

static void stopped(struct fixture *fixture)
{
    fixture_stop(fixture);
    free(fixture);
}

static void expect_body(int fd, const char *body)
{
    struct response response;
    client_receive(fd, &response);
    cr_assert_eq(response.status, 200, "%s", response.head);
    cr_assert_str_eq(response.body, body);
    response_clear(&response);
}

Test(connection, answers_and_stays_open_for_the_next_request)
{
    struct fixture *fixture = started();
    int fd = client_connect(fixture->address);
    for (int i = 0; i < 3; i++) {
        client_send(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
        struct response response;
        client_receive(fd, &response);
        cr_assert_eq(response.status, 200);
        cr_assert_str_eq(response.body, "hello");
        cr_assert_not_null(strstr(response.head, "\r\nServer: Server\r\n"));
        cr_assert_not_null(strstr(response.head, "\r\nConnection: keep-alive\r\n"));
        cr_assert_not_null(strstr(response.head, "\r\nContent-Type: text/plain\r\n"));
        cr_assert_not_null(strstr(response.head, "\r\nx-extra: yes\r\n"));
        cr_assert_not_null(strstr(response.head, " GMT\r\n"));
        response_clear(&response);
    }
    close(fd);
    stopped(fixture);
}

Test(connection, answers_pipelined_requests_in_their_order)
{
    struct fixture *fixture = started();
    int fd = client_connect(fixture->address);
    client_send(fd, "POST /echo HTTP/1.1\r\nContent-Length: 1\r\n\r\n1"
                    "GET /count?a=b HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\n"
                    "POST /echo HTTP/1.1\r\nContent-Length: 1\r\n\r\n3POST /ec");
    expect_body(fd, "1");
    expect_body(fd, "2 GET /count?a=b");
    expect_body(fd, "3");
    client_send(fd, "ho HTTP/1.1\r\nContent-Length: 1\r\n\r\n4");
    expect_body(fd, "4");
    close(fd);
    stopped(fixture);
}

Test(connection, takes_a_request_byte_by_byte)
{
    struct fixture *fixture = started();
    int fd = client_connect(fixture->address);
    const char *text = "POST /count?q HTTP/1.1\r\nHost: example\r\nContent-Length: 3\r\n\r\nabc";
    for (const char *byte = text; *byte != 0; byte++) {
        client_send_bytes(fd, byte, 1);
    }
    expect_body(fd, "2 POST /count?q");
    close(fd);
    stopped(fixture);
}

Test(connection, collects_chunked_bodies_and_drops_trailers)
{
    struct fixture *fixture = started();
    int fd = client_connect(fixture->address);
    client_send(fd, "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                    "5\r\nhello\r\n7;x=y\r\n, world\r\n0\r\nTrailer: t\r\n\r\n"
                    "POST /echo HTTP/1.1\r\nContent-Length: 4\r\n\r\nnext");
    expect_body(fd, "hello, world");
    expect_body(fd, "next");
    close(fd);
    stopped(fixture);
}

static char *pattern_make(size_t size)
{
    char *bytes = malloc(size + 1);
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (char)('a' + (i * 7 + i / 1000) % 26);
    }
    bytes[size] = 0;
    return bytes;
}

static void expect_echo(struct fixture *fixture, size_t size, size_t piece)
{
    int fd = client_connect(fixture->address);
    char *bytes = pattern_make(size);
    char head[128];
    snprintf(head, sizeof(head), "POST /echo HTTP/1.1\r\nContent-Length: %zu\r\n\r\n", size);
    client_send(fd, head);
    for (size_t at = 0; at < size; at += piece) {
        client_send_bytes(fd, bytes + at, size - at < piece ? size - at : piece);
    }
    client_send(fd, "POST /echo HTTP/1.1\r\nContent-Length: 2\r\n\r\nok");
    struct response response;
    client_receive(fd, &response);
    cr_assert_eq(response.status, 200, "%s", response.head);
    cr_assert_eq(response.body_bytes, size);
    cr_assert_eq(memcmp(response.body, bytes, size), 0, "a body of %zu bytes came back changed",
                 size);
    response_clear(&response);
    expect_body(fd, "ok");
    free(bytes);
    close(fd);
}

Test(connection, takes_bodies_around_the_size_of_its_buffer)
{
    struct fixture *fixture = started();
    const size_t sizes[] = {0, 1, 32000, 32600, 32700, 32767, 32768, 32769, 65536, 100000};
    for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
        expect_echo(fixture, sizes[i], 10007);
    }
    stopped(fixture);
}

Test(connection, takes_a_body_of_exactly_the_limit)
{
    struct fixture *fixture = started();
    expect_echo(fixture, HTTP_BODY_BYTES_MAX, 1 << 20);
    stopped(fixture);
}

Test(connection, refuses_a_longer_body_with_413_and_closes)
{
    struct fixture *fixture = started();
    int fd = client_connect(fixture->address);
    char head[128];
    snprintf(head, sizeof(head), "POST /echo HTTP/1.1\r\nContent-Length: %d\r\n\r\nbody",
             HTTP_BODY_BYTES_MAX + 1);
    client_send(fd, head);
    struct response response;
    client_receive(fd, &response);
    cr_assert_eq(response.status, 413);
    cr_assert_not_null(strstr(response.head, "Connection: close"));
    response_clear(&response);
    cr_assert(client_is_closed(fd));
    close(fd);
    cr_assert_eq(atomic_load(&fixture->handled), 0);
    stopped(fixture);
}

static int send_body_begun(struct fixture *fixture, const char *piece, size_t size)
{
    int fd = client_connect(fixture->address);
    char head[128];
    snprintf(head, sizeof(head), "POST /echo HTTP/1.1\r\nContent-Length: %zu\r\n\r\n", size + 4);
    client_send(fd, head);
    client_send_bytes(fd, piece, size);
    return fd;
}

Test(connection, refuses_bodies_that_are_too_long_together_with_503)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    fixture_prepare(fixture);
    fixture->options.bodies_bytes_max = 1 << 20;
    fixture_start(fixture);
    enum { SIZE = 600 << 10 };
    char *piece = pattern_make(SIZE);
    for (int round = 0; round < 3; round++) { /* What is over does not count. */
        struct pollfd both[2];
        for (int i = 0; i < 2; i++) {
            both[i] = (struct pollfd){send_body_begun(fixture, piece, SIZE), POLLIN, 0};
        }
        cr_assert_geq(poll(both, 2, FIXTURE_DEADLINE_MS), 1, "one of the two is one too many");
        int refused = both[0].revents != 0 ? 0 : 1;
        cr_assert_eq(client_status(both[refused].fd), 503);
        cr_assert(client_is_closed(both[refused].fd));
        client_send(both[!refused].fd, "last");
        cr_assert_eq(client_status(both[!refused].fd), 200);
        close(both[0].fd);
        close(both[1].fd);
    }
    free(piece);
    expect_echo(fixture, SIZE, SIZE);
    stopped(fixture);
}

Test(connection, refuses_a_longer_chunked_body_with_413)
{
    struct fixture *fixture = started();
    int fd = client_connect(fixture->address);
    client_send(fd, "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
    char *piece = pattern_make(1 << 20);
    for (int i = 0; i < 17; i++) {
        client_send(fd, "100000\r\n");
        client_send_bytes(fd, piece, 1 << 20);
        client_send(fd, "\r\n");
    }
    cr_assert_eq(client_status(fd), 413);
    cr_assert(client_is_closed(fd));
    free(piece);
    close(fd);
    stopped(fixture);
}

static void expect_refused(const char *request, const char *what)
{
    struct fixture *fixture = started();
    int fd = client_connect(fixture->address);
    client_send(fd, request);
    cr_assert_eq(client_status(fd), 400, "%s", what);
    cr_assert(client_is_closed(fd), "%s", what);
    cr_assert_eq(atomic_load(&fixture->handled), 0, "%s", what);
    close(fd);
    stopped(fixture);
}

Test(connection, refuses_malformed_requests_with_400)
{
    expect_refused("NONSENSE\r\n\r\n", "no request line");
    expect_refused("GET / HTTP/2.0\r\n\r\n", "another version");
    expect_refused("GET / HTTP/1.1\r\nbad header\r\n\r\n", "no colon");
    expect_refused("GET / HTTP/1.1\r\nbad header: b\r\n\r\n", "a blank in a name");
    expect_refused("POST / HTTP/1.1\r\nContent-Length : 2\r\n\r\n{}", "a blank behind a name");
    expect_refused("GET / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n", "a folded header");
    expect_refused("GET / HTTP/1.1\r\nA: \x01\r\n\r\n", "a control character");
    expect_refused("POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                   "two lengths");
    expect_refused("POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
                   "a length past 64 bits");
    expect_refused("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "a negative length");
    expect_refused("POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
                   "both framings");
    expect_refused("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "a bad chunk");
    expect_refused("POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", "an unknown framing");
}

Test(connection, refuses_a_head_past_its_limits_with_400)
{
    char *text = calloc(1, 64 << 10);
    char *value = pattern_make(HTTP_HEADER_BYTES_MAX);
    snprintf(text, 64 << 10, "GET /%s HTTP/1.1\r\n\r\n", value);
    expect_refused(text, "a long request line");
    snprintf(text, 64 << 10, "GET / HTTP/1.1\r\nA: %s\r\n\r\n", value);
    expect_refused(text, "a long header");
    strcpy(text, "GET / HTTP/1.1\r\n");
    for (int i = 0; i < HTTP_HEADERS_MAX + 1; i++) {
        strcat(text, "A: b\r\n");
    }
    strcat(text, "\r\n");
    expect_refused(text, "too many headers");
    free(value);
    free(text);
}

Test(connection, takes_a_head_at_its_limits)
{
    struct fixture *fixture = started();
    int fd = client_connect(fixture->address);
    char *text = calloc(1, 64 << 10);
    strcpy(text, "GET /count HTTP/1.1\r\n");
    for (int i = 0; i < HTTP_HEADERS_MAX; i++) {
        strcat(text, "A: b\r\n");
    }
    strcat(text, "\r\n");
    client_send(fd, text);
    expect_body(fd, "64 GET /count?");
    char *value = pattern_make(HTTP_HEADER_BYTES_MAX - 64);
    snprintf(text, 64 << 10, "GET /count HTTP/1.1\r\nA: %s\r\n\r\n", value);
    client_send(fd, text);
    expect_body(fd, "1 GET /count?");
    free(value);
    free(text);
    close(fd);
    stopped(fixture);
}

Test(connection, says_100_continue_to_those_who_wait_for_it)
{
    struct fixture *fixture = started();
    int fd = client_connect(fixture->address);
    for (int i = 0; i < 2; i++) {
        client_send(fd, "POST /echo HTTP/1.1\r\nExpect: 100-continue\r\n"
                        "Content-Length: 4\r\n\r\n");
        struct response response;
        client_receive_head(fd, &response);
        cr_assert_eq(response.status, 100);
        response_clear(&response);
        client_send(fd, "body");
        expect_body(fd, "body");
    }
    client_send(fd, "POST /echo HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\nhere");
    expect_body(fd, "here");
    close(fd);
    stopped(fixture);
}

Test(connection, closes_after_the_answer_when_the_client_says_so)
{
    struct fixture *fixture = started();
    const char *const requests[] = {"GET /count HTTP/1.1\r\nConnection: close\r\n\r\n",
                                    "GET /count HTTP/1.0\r\n\r\n"};
    for (size_t i = 0; i < ARRAY_COUNT(requests); i++) {
        int fd = client_connect(fixture->address);
        client_send(fd, requests[i]);
        struct response response;
        client_receive(fd, &response);
        cr_assert_not_null(strstr(response.head, "Connection: close"));
        response_clear(&response);
        cr_assert(client_is_closed(fd));
        close(fd);
    }
    stopped(fixture);
}

Test(connection, sends_no_body_to_head)
{
    struct fixture *fixture = started();
    int fd = client_connect(fixture->address);
    client_send(fd,
                "HEAD /count HTTP/1.1\r\n\r\nPOST /echo HTTP/1.1\r\nContent-Length: 2\r\n\r\nok");
    struct response response;
    client_receive_head(fd, &response);
    cr_assert_not_null(strstr(response.head, "Content-Length: 14"));
    response_clear(&response);
    expect_body(fd, "ok");
    close(fd);
    stopped(fixture);
}

Test(connection, offers_to_upgrade_are_ignored)
{
    struct fixture *fixture = started();
    int fd = client_connect(fixture->address);
    client_send(fd, "GET /count HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
                    "POST /echo HTTP/1.1\r\nContent-Length: 2\r\n\r\nok");
    expect_body(fd, "2 GET /count?");
    expect_body(fd, "ok");
    close(fd);
    stopped(fixture);
}

/* --- Time ------------------------------------------------------------------------------------ */

static void
expect_timed_out(const char *sent, uint32_t idle_ms, uint32_t header_ms, uint32_t body_ms)
{
    struct fixture *fixture = malloc(sizeof(*fixture));
    fixture_prepare(fixture);
    fixture->options.idle_ms = idle_ms;
    fixture->options.header_ms = header_ms;
    fixture->options.body_ms = body_ms;
    fixture_start(fixture);
    int fd = client_connect(fixture->address);
    uint64_t from_ns = uv_hrtime();
    client_send(fd, sent);
    cr_assert(client_is_closed(fd));
    cr_assert_geq((uv_hrtime() - from_ns) / 1000000, 40);
    close(fd);
    stopped(fixture);
}

Test(connection, closes_an_idle_connection_after_its_time)
{
    expect_timed_out("", 50, 60000, 60000);
}

Test(connection, closes_on_a_slow_head_after_its_time)
{
    expect_timed_out("GET / HTTP/1.1\r\nA: ", 60000, 50, 60000);
}

Test(connection, closes_on_a_slow_body_after_its_time)
{
    expect_timed_out("POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc", 60000, 60000, 50);
}

Test(connection, closes_on_a_client_that_does_not_take_its_answer)
{
    struct fixture *fixture = malloc(sizeof(*fixture));
    fixture_prepare(fixture);
    fixture->options.body_ms = 50;
    fixture_start(fixture);
    int fd = client_connect(fixture->address);
    client_send(fd, "GET /big HTTP/1.1\r\n\r\n");
    fixture_await(&fixture->handled, 1);
    fixture_await_equal(&fixture->connections, 0);
    close(fd);
    stopped(fixture);
}

/* --- Clients that go, or are many ------------------------------------------------------------- */

Test(connection, an_answer_to_a_client_that_has_gone_is_dropped)
{
    struct fixture *fixture = started();
    for (int reset = 0; reset < 2; reset++) {
        int fd = client_connect(fixture->address);
        client_send(fd, "POST /hold HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi");
        fixture_await(&fixture->held_count, 1);
        if (reset) { /* Linger of zero: the close resets, so the server closes its side at once. */
            struct linger linger = {.l_onoff = 1};
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
        }
        close(fd);
        if (reset) {
            fixture_await_equal(&fixture->connections, 0);
        }
        fixture_release(fixture);
        fixture_await_equal(&fixture->held_count, 0);
        fixture_await_equal(&fixture->connections, 0);
    }
    stopped(fixture);
}

Test(connection, a_client_that_ended_its_side_still_gets_all_answers)
{
    struct fixture *fixture = started();
    int fd = client_connect(fixture->address);
    client_send(fd, "POST /hold HTTP/1.1\r\nContent-Length: 1\r\n\r\n1"
                    "POST /echo HTTP/1.1\r\nContent-Length: 1\r\n\r\n2");
    shutdown(fd, SHUT_WR);
    fixture_await(&fixture->held_count, 1);
    fixture_release(fixture);
    expect_body(fd, "1");
    expect_body(fd, "2");
    cr_assert(client_is_closed(fd));
    close(fd);
    stopped(fixture);
}

Test(connection, stops_reading_when_much_is_sent_ahead_of_an_answer)
{
    struct fixture *fixture = started();
    int fd = client_connect(fixture->address);
    int small = 4096;
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
    client_send(fd, "POST /hold HTTP/1.1\r\nContent-Length: 1\r\n\r\n0");
    fixture_await(&fixture->held_count, 1);
    const char *next = "POST /echo HTTP/1.1\r\nContent-Length: 1\r\n\r\nn";
    /* More than the server's buffer; what the kernel buffers comes on top, so the rest is sent once
     * the server reads on. */
    unsigned count = 4 * 32768 / (unsigned)strlen(next);
    for (unsigned i = 0; i < count; i++) {
        client_send(fd, next);
    }
    cr_assert_eq(atomic_load(&fixture->handled), 1, "one request of a connection runs at a time");
    fixture_release(fixture);
    expect_body(fd, "0");
    for (unsigned i = 0; i < count; i++) {
        expect_body(fd, "n");
    }
    close(fd);
    stopped(fixture);
}

Test(connection, a_request_that_fills_the_buffer_to_the_byte_may_be_answered_later)
{
    struct fixture *fixture = started();
    int fd = client_connect(fixture->address);
    for (uint32_t round = 1; round <= 3; round++) {
        char *request = malloc(HTTP_READ_BYTES + 1);
        int head = snprintf(request, HTTP_READ_BYTES,
                            "POST /hold HTTP/1.1\r\nContent-Length: %5d\r\n\r\n", 0);
        size_t body = HTTP_READ_BYTES - (size_t)head;
        snprintf(request, HTTP_READ_BYTES, "POST /hold HTTP/1.1\r\nContent-Length: %5zu\r\n\r\n",
                 body);
        memset(request + head, 'b', body);
        request[HTTP_READ_BYTES] = 0;
        client_send(fd, request);
        fixture_await(&fixture->held_count, 1);
        client_send(fd, "POST /echo HTTP/1.1\r\nContent-Length: 1\r\n\r\nn");
        fixture_release(fixture);
        expect_body(fd, request + head);
        expect_body(fd, "n");
        free(request);
    }
    close(fd);
    stopped(fixture);
}

Test(connection, keeps_a_large_answer_for_a_client_that_reads_late)
{
    struct fixture *fixture = started();
    int fd = client_connect(fixture->address);
    size_t size = 8 << 20;
    char *bytes = pattern_make(size);
    char head[128];
    snprintf(head, sizeof(head), "POST /echo HTTP/1.1\r\nContent-Length: %zu\r\n\r\n", size);
    client_send(fd, head);
    client_send_bytes(fd, bytes, size);
    client_send(fd, "POST /echo HTTP/1.1\r\nContent-Length: 2\r\n\r\nok");
    fixture_await(&fixture->handled, 1);
    struct response response;
    client_receive(fd, &response);
    cr_assert_eq(response.body_bytes, size);
    cr_assert_eq(memcmp(response.body, bytes, size), 0);
    response_clear(&response);
    expect_body(fd, "ok");
    free(bytes);
    close(fd);
    stopped(fixture);
}

Test(connection, refuses_connections_past_the_limit)
{
    struct fixture *fixture = malloc(sizeof(*fixture));
    fixture_prepare(fixture);
    fixture->options.connections_max = 2;
    fixture_start(fixture);
    int first = client_connect(fixture->address), second = client_connect(fixture->address);
    client_send(first, "GET /count HTTP/1.1\r\n\r\n");
    client_send(second, "GET /count HTTP/1.1\r\n\r\n");
    cr_assert_eq(client_status(first), 200);
    cr_assert_eq(client_status(second), 200);
    cr_assert_eq(atomic_load(&fixture->connections), 2);
    int third = client_connect(fixture->address);
    cr_assert(client_is_closed(third));
    close(first);
    fixture_await_equal(&fixture->connections, 1);
    int fourth = client_connect(fixture->address);
    client_send(fourth, "GET /count HTTP/1.1\r\n\r\n");
    cr_assert_eq(client_status(fourth), 200);
    close(second);
    close(third);
    close(fourth);
    stopped(fixture);
}

/* --- The end --------------------------------------------------------------------------------- */

Test(connection, a_drain_finishes_what_runs_and_closes_the_rest)
{
    struct fixture *fixture = started();
    int idle = client_connect(fixture->address), busy = client_connect(fixture->address);
    client_send(idle, "GET /count HTTP/1.1\r\n\r\n");
    cr_assert_eq(client_status(idle), 200);
    client_send(busy, "POST /hold HTTP/1.1\r\nContent-Length: 4\r\n\r\nbusy");
    fixture_await(&fixture->held_count, 1);
    fixture_drain(fixture, FIXTURE_DEADLINE_MS);
    cr_assert(client_is_closed(idle));
    cr_assert_not(atomic_load(&fixture->drained));
    int late = client_connect(fixture->address);
    cr_assert_eq(late, -1, "a draining server accepts nobody");
    fixture_release(fixture);
    struct response response;
    client_receive(busy, &response);
    cr_assert_str_eq(response.body, "busy");
    cr_assert_not_null(strstr(response.head, "Connection: close"));
    response_clear(&response);
    cr_assert(client_is_closed(busy));
    fixture_await_true(&fixture->drained);
    close(idle);
    close(busy);
    stopped(fixture);
}

Test(connection, a_drain_closes_everybody_at_its_deadline_but_waits_for_the_handler)
{
    struct fixture *fixture = started();
    int half = client_connect(fixture->address), busy = client_connect(fixture->address);
    client_send(half, "POST /echo HTTP/1.1\r\nContent-Length: 4\r\n\r\nha");
    client_send(busy, "POST /hold HTTP/1.1\r\nContent-Length: 4\r\n\r\nbusy");
    fixture_await(&fixture->held_count, 1);
    fixture_await(&fixture->connections, 2);
    fixture_drain(fixture, 20);
    cr_assert(client_is_closed(half));
    cr_assert(client_is_closed(busy));
    cr_assert_not(atomic_load(&fixture->drained), "a request still runs");
    fixture_release(fixture);
    fixture_await_true(&fixture->drained);
    close(half);
    close(busy);
    stopped(fixture);
}

Test(connection, says_why_an_address_cannot_be_had)
{
    struct fixture *fixture = started();
    uv_loop_t loop;
    cr_assert_eq(uv_loop_init(&loop), 0);
    struct http_options options = fixture->options;
    options.loop = &loop;
    struct http_server *server = NULL;
    struct error err = {0};
    options.address = "nonsense";
    cr_assert_not(http_listen(&options, &server, &err));
    cr_assert_eq(err.code, ERROR_IO);
    cr_assert_not_null(strstr(err.text, "ADDRESS:PORT"), "%s", err.text);
    options.address = "no.such.host.invalid.:1";
    cr_assert_not(http_listen(&options, &server, &err));
    options.address = fixture->address;
    cr_assert_not(http_listen(&options, &server, &err));
    cr_assert_not_null(strstr(err.text, "in use"), "%s", err.text);
    cr_assert_not(http_address_free(fixture->address, &err));
    cr_assert(http_address_free("127.0.0.1:0", &err));
    uv_run(&loop, UV_RUN_DEFAULT);
    cr_assert_eq(uv_loop_close(&loop), 0);
    stopped(fixture);
}
