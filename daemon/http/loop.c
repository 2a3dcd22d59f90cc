#include "daemon/http/loop.h"

#include "daemon/auth/authorize.h"
#include "daemon/http/dispatch.h"
#include "daemon/http/park.h"
#include "daemon/http/sigv4.h"
#include "storage/expression/expression.h"

#include <sched.h>
#include <sys/random.h>

static void loop_close_handles(struct loop *loop)
{
    uv_close((uv_handle_t *)&loop->tick, NULL);
    uv_close((uv_handle_t *)&loop->park, NULL);
    uv_close((uv_handle_t *)&loop->wake, NULL);
}

static void loop_on_drained(void *context)
{
    struct loop *loop = context;
    ensure(loop->draining > 0);
    if (--loop->draining > 0) {
        return;
    }
    ensure(loop->waiters.count == 0 && loop->parked.count == 0);
    ensure(atomic_load(&loop->workers_busy) == 0);
    loop->http = NULL;
    loop->https = NULL;
    /* Whoever is about to wake this loop sees `ended`, or is waited for. */
    atomic_store(&loop->ended, true);
    while (atomic_load(&loop->wakers) > 0) {
        sched_yield();
    }
    loop_close_handles(loop);
}

static void loop_on_wake(uv_async_t *wake)
{
    struct loop *loop = CONTAINER_OF(wake, struct loop, wake);
    const struct credentials *next = atomic_exchange(&loop->credentials_next, NULL);
    if (next != NULL) {
        sigv4_use(loop->sigv4, next);
        uv_sem_post(&loop->credentials_taken);
    }
    dispatch_durable(loop);
    park_wake(loop);
    uint32_t drain_ms = atomic_load(&loop->drain_ms);
    if (drain_ms > 0 && !loop->stopping) {
        loop->stopping = true;
        park_end(loop);
        loop->draining = loop->https == NULL ? 1 : 2;
        http_drain(loop->http, drain_ms, loop_on_drained, loop);
        if (loop->https != NULL) {
            http_drain(loop->https, drain_ms, loop_on_drained, loop);
        }
    }
}

static void loop_run(void *context)
{
    struct loop *loop = context;
    char name[16];
    snprintf(name, sizeof(name), "loop-%u", loop->options.index % 10000);
    (void)pthread_setname_np(pthread_self(), name); /* For debuggers; harmless if refused. */
    ensure(uv_run(&loop->uv, UV_RUN_DEFAULT) == 0);
}

static void loop_free(struct loop *loop)
{
    ensure(uv_loop_close(&loop->uv) == 0);
    sigv4_close(loop->sigv4);
    authorizer_close(loop->authorizer);
    expression_cache_close(loop->expressions);
    gzip_clear(&loop->gzip);
    uv_sem_destroy(&loop->credentials_taken);
}

static bool loop_listen(struct loop *loop, struct error *err)
{
    const struct loop_options *options = &loop->options;
    struct http_options http = {
        .loop = &loop->uv,
        .address = options->address,
        .reuse_port = options->reuse_port,
        .connections_max = options->connections_max,
        .idle_ms = options->idle_ms,
        .header_ms = options->header_ms,
        .body_ms = options->body_ms,
        .handle = dispatch_handle,
        .context = loop,
        .connections = &loop->connections,
    };
    if (!http_listen(&http, &loop->http, err)) {
        return false;
    }
    if (options->https == NULL) {
        return true;
    }
    http.address = options->https;
    http.tls = loop->node->tls;
    http.connections = &loop->https_connections;
    if (http_listen(&http, &loop->https, err)) {
        return true;
    }
    loop->draining = 1;
    http_drain(loop->http, 1, loop_on_drained, loop);
    return false;
}

bool loop_start(struct loop *loop, const struct loop_options *options, struct error *err)
{
    ensure(!loop->started);
    loop->options = *options;
    loop->node = options->node;
    snprintf(loop->health, sizeof(loop->health), "healthy: dynamodb.%s.amazonaws.com ",
             loop->node->region);
    ensure(uv_loop_init(&loop->uv) == 0);
    ensure(uv_async_init(&loop->uv, &loop->wake, loop_on_wake) == 0);
    ensure(uv_timer_init(&loop->uv, &loop->tick) == 0);
    ensure(uv_timer_init(&loop->uv, &loop->park) == 0);
    ensure(uv_sem_init(&loop->credentials_taken, 0) == 0);
    ensure(getrandom(&loop->random, sizeof(loop->random), 0) == sizeof(loop->random));
    loop->random.state[0] |= 1;
    loop->expressions = expression_cache_open(HTTP_PROGRAMS_MAX);
    loop->authorizer = authorizer_open();
    if (loop->node->credentials != NULL) {
        loop->sigv4 = sigv4_open(loop->node->credentials, loop->node->region, "dynamodb");
    }
    if (!loop_listen(loop, err)) {
        if (loop->http == NULL) {
            loop_close_handles(loop);
        } /* Otherwise they close once the one server is gone. */
        ensure(uv_run(&loop->uv, UV_RUN_DEFAULT) == 0);
        loop_free(loop);
        return false;
    }
    snprintf(loop->address, sizeof(loop->address), "%s", http_address(loop->http));
    loop->options.address = loop->address;
    if (loop->https != NULL) {
        snprintf(loop->https_address, sizeof(loop->https_address), "%s", http_address(loop->https));
        loop->options.https = loop->https_address;
    }
    ensure(uv_thread_create(&loop->thread, loop_run, loop) == 0);
    loop->started = true;
    return true;
}

const char *loop_address(const struct loop *loop)
{
    return loop->address;
}

const char *loop_https_address(const struct loop *loop)
{
    return loop->https_address;
}

/* The loop stores `waiting` and then looks at the durable seq; the caller has stored the durable
 * seq and now looks at `waiting`. The fences on both sides make one of the two see the other. The
 * same holds for `parking` and the newest seqs of streams. */
void loop_durable(struct loop *loop)
{
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load_explicit(&loop->waiting, memory_order_relaxed) == 0 &&
        atomic_load_explicit(&loop->parking, memory_order_relaxed) == 0) {
        return;
    }
    atomic_fetch_add(&loop->wakers, 1);
    if (!atomic_load(&loop->ended)) {
        ensure(uv_async_send(&loop->wake) == 0);
    }
    atomic_fetch_sub(&loop->wakers, 1);
}

void loop_use_credentials(struct loop *loop, const struct credentials *credentials)
{
    ensure(loop->started && loop->sigv4 != NULL && atomic_load(&loop->drain_ms) == 0);
    ensure(credentials != NULL);
    atomic_store(&loop->credentials_next, credentials);
    ensure(uv_async_send(&loop->wake) == 0);
    uv_sem_wait(&loop->credentials_taken);
}

uint32_t loop_connections(const struct loop *loop)
{
    return atomic_load_explicit(&loop->connections, memory_order_relaxed) +
           atomic_load_explicit(&loop->https_connections, memory_order_relaxed);
}

uint32_t loop_polls(const struct loop *loop)
{
    return atomic_load_explicit(&loop->parking, memory_order_relaxed);
}

void loop_drain(struct loop *loop, uint32_t deadline_ms)
{
    if (!loop->started) {
        return;
    }
    ensure(atomic_exchange(&loop->drain_ms, deadline_ms == 0 ? 1 : deadline_ms) == 0);
    ensure(uv_async_send(&loop->wake) == 0);
}

void loop_join(struct loop *loop)
{
    if (!loop->started) {
        return;
    }
    ensure(atomic_load(&loop->drain_ms) > 0);
    ensure(uv_thread_join(&loop->thread) == 0);
    loop_free(loop);
    loop->started = false;
}

bool loop_address_free(const char *address, struct error *err)
{
    return http_address_free(address, err);
}
