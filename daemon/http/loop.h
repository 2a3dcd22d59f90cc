/* One event loop: a thread with its own listener on the DynamoDB port, its own connections,
 * verifier and expression cache. A request stays on the loop that accepted its connection.
 *
 * node.c keeps an array of these and drives it:
 *
 *     loop_start for each; loop_durable for each from the engine's on_durable; at the end
 * loop_drain for each, then loop_join for each. */
#pragma once

#include "daemon/http/gzip.h"
#include "daemon/http/http.h"
#include "daemon/http/render.h"
#include "daemon/node.h"

#include <uv.h>

struct authorizer;
struct dispatch_call;
struct expression_cache;
struct sigv4;

struct loop_options {
    struct node *node;        /* Borrowed: store, credentials, metrics, log, region are used. */
    uint32_t index;           /* The metrics shard. */
    const char *address;      /* "127.0.0.1:8000"; port 0 takes a free one: see loop_address. */
    const char *https;        /* The same for TLS; NULL: none. */
    bool reuse_port;          /* Several loops share the ports. */
    bool wait_durable;        /* False answers at once: durability relaxed. */
    uint32_t connections_max; /* Of each listener of this loop. */
    uint32_t idle_ms, header_ms, body_ms;
    uint32_t poll_ms; /* A long poll waits so long at most; 0: not at all. */
};

/* Calls in a queue: those whose answer waits for the disk, oldest first; and those that wait for
 * something to answer (park.h), by the time at which they stop doing so. */
struct loop_waiters {
    struct dispatch_call *first, *last;
    uint32_t count;
};

struct loop {
    /* Constant while the loop runs. */
    struct loop_options options;
    struct node *node;
    struct http_server *http;
    struct http_server *https; /* NULL without TLS. */
    struct sigv4 *sigv4;       /* NULL with --auth off. */
    struct authorizer *authorizer;
    struct expression_cache *expressions;
    char address[64], https_address[64];
    char health[96]; /* The body of GET /. */

    /* The loop's thread. */
    uv_loop_t uv;
    uv_timer_t tick; /* While calls wait: looks again, should a wake-up be lost. */
    struct loop_waiters waiters;
    struct loop_waiters parked;
    uv_timer_t park;             /* While calls are parked. */
    struct render_random random; /* For request ids. */
    struct gzip gzip;            /* For answers; started by the first client that takes it. */
    bool sync_failed;
    bool stopping;
    uint32_t draining; /* Servers not yet drained. */

    /* Any thread. */
    uv_async_t wake;
    atomic_uint wakers;   /* Inside loop_durable: the end waits for them. */
    atomic_bool ended;    /* No more wake-ups. */
    atomic_uint waiting;  /* waiters.count, so that an idle loop is not woken. */
    atomic_uint parking;  /* parked.count, likewise. */
    atomic_uint drain_ms; /* 0 until loop_drain. */
    atomic_uint connections, https_connections; /* Open now. */
    atomic_uint workers_busy; /* Calls handed to the worker pool; written by the loop only. */
    _Atomic(const struct credentials *) credentials_next; /* Handed over, or NULL. */
    uv_sem_t credentials_taken;
    uv_thread_t thread;
    bool started;
};

/* Listen, then serve on a thread of its own. The loop is the caller's memory, zeroed before, and
 * stays in place until loop_join. Errors: IO when the address cannot be had; nothing is left then.
 */
MUST_CHECK bool
loop_start(struct loop *loop, const struct loop_options *options, struct error *err);
/* "127.0.0.1:41234": what it really listens on. */
const char *loop_address(const struct loop *loop);
const char *loop_https_address(const struct loop *loop); /* "" without TLS. */

/* The durable seq has risen, or syncing has failed. Any thread; returns at once. A zeroed loop that
 * was not started yet is fine. */
void loop_durable(struct loop *loop);
/* Check signatures against these from now on (after the file was read again). Blocks until the loop
 * has taken them, so that the old ones may then be closed. Any thread but the loop's own; not with
 * --auth off, not after loop_drain. */
void loop_use_credentials(struct loop *loop, const struct credentials *credentials);
/* Open connections; any thread. */
uint32_t loop_connections(const struct loop *loop);
/* Long polls that wait; any thread. */
uint32_t loop_polls(const struct loop *loop);

/* Accept nothing more, let running calls finish, close what is left after deadline_ms; then the
 * thread ends. Any thread, once; returns at once. */
void loop_drain(struct loop *loop, uint32_t deadline_ms);
/* Wait for the thread and free what the loop owns. A loop that was never started is fine. */
void loop_join(struct loop *loop);

/* May this address be bound at all, or does somebody else listen there? SO_REUSEPORT would let two
 * daemons share a port unnoticed, so the node asks once before the first loop. Errors: IO. */
MUST_CHECK bool loop_address_free(const char *address, struct error *err);
