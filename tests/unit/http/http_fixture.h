/* An HTTP server on a loop of its own thread, and a plain blocking client to drive it.
 *
 * The server's handler knows these paths:
 *     /echo   answers at once with the request's body
 *     /hold   answers with the body when the test calls fixture_release
 *     /big    answers with FIXTURE_BIG_BYTES zeros: more than any socket buffers
 *     /count  answers with the number of headers, and "method path?query"
 * Everything a client waits for has a deadline; a missed one fails the test. */
#pragma once

#include "daemon/http/http.h"

#include <uv.h>

enum { FIXTURE_DEADLINE_MS = 20000, FIXTURE_HELD_MAX = 64, FIXTURE_BIG_BYTES = 32 << 20 };

struct fixture {
    struct http_options options; /* Set by fixture_prepare; change before fixture_start. */
    uv_loop_t loop;
    uv_async_t wake;
    uv_thread_t thread;
    struct http_server *server;
    char address[64];
    struct http_request *held[FIXTURE_HELD_MAX];
    atomic_uint held_count;     /* Requests that wait now. */
    atomic_uint handled;        /* Requests so far. */
    atomic_bool release, drain; /* What wake is for. */
    atomic_bool drained;        /* done was called. */
    atomic_uint connections;
    uint32_t drain_ms;
};

void fixture_prepare(struct fixture *fixture);
void fixture_start(struct fixture *fixture);
/* Answer all held requests, on the loop. */
void fixture_release(struct fixture *fixture);
void fixture_drain(struct fixture *fixture, uint32_t deadline_ms);
/* Drain if that has not happened, and join. */
void fixture_stop(struct fixture *fixture);
/* Poll until *value is at least `wanted`; fails the test at the deadline. */
void fixture_await(atomic_uint *value, unsigned wanted);
void fixture_await_equal(atomic_uint *value, unsigned wanted);
void fixture_await_true(atomic_bool *value);

int client_connect(const char *address);
void client_send(int fd, const char *text);
void client_send_bytes(int fd, const void *bytes, size_t size);

struct response {
    unsigned status;
    char *head; /* Zero-terminated, with the empty line. */
    char *body; /* Zero-terminated. */
    size_t body_bytes;
};
/* One answer; nothing of what follows it is taken. */
void client_receive(int fd, struct response *response);
void client_receive_head(int fd, struct response *response); /* As to HEAD or an interim one. */
void response_clear(struct response *response);
/* The status of the next answer, which is dropped. */
unsigned client_status(int fd);
/* Has the server closed, with nothing more sent? A reset counts. */
bool client_is_closed(int fd);
