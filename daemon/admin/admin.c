/* The admin endpoint's thread, and how a request gets to its route and back.
 *
 *     HANDLE (loop) -> RUN (worker) -> FINISH (loop)        /livez and /readyz answer in HANDLE
 *
 * Stopping: the loop is woken, drains its server, closes its handles and leaves uv_run. */
#include "daemon/admin/admin.h"

#include "daemon/admin/routes.h"
#include "daemon/log.h"
#include "proto/value/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

enum { ADMIN_IDLE_MS = 60000, ADMIN_REQUEST_MS = 10000, ADMIN_DRAIN_MS = 2000 };

struct admin {
    struct node *node;
    uv_loop_t loop;
    uv_async_t stop;
    uv_thread_t thread;
    struct http_server *server;
    char address[64];
};

typedef bool (*admin_run)(const struct admin_request *request,
                          struct buffer *answer,
                          struct error *err);

static const struct admin_route {
    const char *method;
    const char *path;
    const char *content_type;
    admin_run run;
} admin_routes[] = {
    {"GET", "/metrics", "text/plain; version=0.0.4; charset=utf-8", admin_metrics},
    {"GET", "/v1/status", "application/json", admin_status},
    {"GET", "/v1/conflicts", "application/json", admin_conflicts},
    {"POST", "/v1/conflicts/restore", "application/json", admin_conflicts_restore},
    {"GET", "/v1/insights", "application/json", admin_insights},
    {"POST", "/v1/link", "application/json", admin_link_set},
    {"DELETE", "/v1/link", "application/json", admin_link_clear},
    {"GET", "/v1/streams", "application/json", admin_streams_list},
    {"POST", "/v1/streams/roll", "application/json", admin_streams_roll},
    {"GET", "/v1/keys", "application/json", admin_keys_list},
    {"POST", "/v1/keys", "application/json", admin_keys_add},
    {"DELETE", "/v1/keys", "application/json", admin_keys_remove},
    {"POST", "/v1/keys/policy", "application/json", admin_keys_policy},
};

/* One request on its way through a worker; lives in the request's arena. */
struct admin_call {
    uv_work_t work;
    struct admin *admin;
    struct http_request *http;
    const struct admin_route *route;
    struct admin_request request;
    struct buffer answer;
    struct error err;
};

static void admin_answer(struct http_request *http,
                         unsigned status,
                         const char *content_type,
                         const char *extra,
                         struct slice body)
{
    http_respond(http, status, slice_text(content_type), slice_text(extra), body);
}

static void
admin_refuse(struct http_request *http, unsigned status, const char *extra, const char *text)
{
    struct buffer body;
    buffer_init(&body, http->arena, 256);
    buffer_append_text(&body, "{\"error\":");
    json_write_string(&body, slice_text(text));
    buffer_append_text(&body, "}\n");
    admin_answer(http, status, "application/json", extra, buffer_slice(&body));
}

static unsigned admin_status_of(enum error_code code)
{
    if (code == ERROR_VALIDATION || code == ERROR_SERIALIZATION) {
        return 400;
    }
    if (code == ERROR_NOT_FOUND) {
        return 404;
    }
    return code == ERROR_THROTTLED || code == ERROR_UNAVAILABLE ? 503 : 500;
}

static void admin_call_work(uv_work_t *work) /* Worker thread. */
{
    struct admin_call *call = CONTAINER_OF(work, struct admin_call, work);
    if (!call->route->run(&call->request, &call->answer, &call->err)) {
        ensure(call->err.code != ERROR_NONE);
    }
}

static void admin_call_finish(uv_work_t *work, int status)
{
    struct admin_call *call = CONTAINER_OF(work, struct admin_call, work);
    ensure(status == 0); /* Work is never cancelled: stopping waits for it. */
    if (call->err.code == ERROR_NONE) {
        admin_answer(call->http, 200, call->route->content_type, "", buffer_slice(&call->answer));
        return;
    }
    unsigned code = admin_status_of(call->err.code);
    if (code == 500) {
        log_event(call->admin->node->log, LOG_ERROR, "admin.failed",
                  log_text("path", call->route->path), log_text("problem", call->err.text));
    }
    admin_refuse(call->http, code, "", call->err.text);
}

static void admin_handle_health(struct admin *admin, struct http_request *http)
{
    if (slice_is(http->path, "/livez") || atomic_load(&admin->node->ready)) {
        admin_answer(http, 200, "text/plain", "", SLICE_LITERAL("ok\n"));
    } else if (atomic_load(&admin->node->draining)) {
        admin_answer(http, 503, "text/plain", "", SLICE_LITERAL("stopping\n"));
    } else {
        admin_answer(http, 503, "text/plain", "", SLICE_LITERAL("starting\n"));
    }
}

/* No route takes it: the path is wrong, or only the method is. */
static void admin_handle_unknown(struct http_request *http)
{
    const char *allowed = NULL;
    if (slice_is(http->path, "/livez") || slice_is(http->path, "/readyz")) {
        allowed = "GET";
    }
    for (size_t i = 0; i < ARRAY_COUNT(admin_routes); i++) {
        if (slice_is(http->path, admin_routes[i].path)) {
            allowed = allowed == NULL
                          ? admin_routes[i].method
                          : arena_printf(http->arena, "%s, %s", allowed, admin_routes[i].method);
        }
    }
    if (allowed == NULL) {
        admin_refuse(http, 404, "",
                     "there are /livez, /readyz, /metrics, /v1/status, /v1/conflicts, "
                     "/v1/insights, /v1/link, /v1/streams, /v1/streams/roll, /v1/keys and "
                     "/v1/keys/policy");
        return;
    }
    const char *extra = arena_printf(http->arena, "Allow: %s\r\n", allowed);
    const char *text = arena_printf(http->arena, "%.*s takes %s", SLICE_ARGS(http->path), allowed);
    admin_refuse(http, 405, extra, text);
}

/* What changes something is not taken from a web page: browsers name the page's origin with every
 * POST and DELETE, so a page that the operator happens to visit can neither make keys nor cut
 * links, also not under a name of its own that leads to this address. */
static bool admin_is_foreign(const struct http_request *http)
{
    return !slice_is(http->method, "GET") && (http_find_header(http, "origin") != NULL ||
                                              http_find_header(http, "sec-fetch-site") != NULL);
}

static void admin_handle(void *context, struct http_request *http)
{
    struct admin *admin = context;
    bool health = slice_is(http->path, "/livez") || slice_is(http->path, "/readyz");
    if (health && slice_is(http->method, "GET")) {
        admin_handle_health(admin, http);
        return;
    }
    if (admin_is_foreign(http)) {
        admin_refuse(http, 403, "", "requests of web pages change nothing here");
        return;
    }
    for (size_t i = 0; i < ARRAY_COUNT(admin_routes); i++) {
        const struct admin_route *route = &admin_routes[i];
        if (!slice_is(http->method, route->method) || !slice_is(http->path, route->path)) {
            continue;
        }
        struct admin_call *call = arena_zalloc(http->arena, 1, sizeof(*call));
        call->admin = admin;
        call->http = http;
        call->route = route;
        call->request = (struct admin_request){
            .node = admin->node, .arena = http->arena, .query = http->query, .body = http->body};
        buffer_init(&call->answer, http->arena, 4096);
        ensure(uv_queue_work(&admin->loop, &call->work, admin_call_work, admin_call_finish) == 0);
        return;
    }
    admin_handle_unknown(http);
}

/* --- The thread ----------------------------------------------------------------------------- */

static void admin_drained(void *context)
{
    struct admin *admin = context;
    uv_close((uv_handle_t *)&admin->stop, NULL);
}

static void admin_on_stop(uv_async_t *stop)
{
    struct admin *admin = CONTAINER_OF(stop, struct admin, stop);
    if (!uv_is_closing((uv_handle_t *)stop)) {
        http_drain(admin->server, ADMIN_DRAIN_MS, admin_drained, admin);
    }
}

static void admin_thread(void *context)
{
    struct admin *admin = context;
    ensure(uv_run(&admin->loop, UV_RUN_DEFAULT) == 0);
}

/* The server could not be opened: the loop has only the async handle. */
static void admin_abandon(struct admin *admin)
{
    uv_close((uv_handle_t *)&admin->stop, NULL);
    ensure(uv_run(&admin->loop, UV_RUN_DEFAULT) == 0);
    ensure(uv_loop_close(&admin->loop) == 0);
    free(admin);
}

bool admin_start(struct node *node, const char *address, struct admin **admin, struct error *err)
{
    struct admin *made = calloc(1, sizeof(*made));
    ensure(made != NULL);
    made->node = node;
    ensure(uv_loop_init(&made->loop) == 0);
    ensure(uv_async_init(&made->loop, &made->stop, admin_on_stop) == 0);
    struct http_options options = {
        .loop = &made->loop,
        .address = address,
        .connections_max = ADMIN_CONNECTIONS_MAX,
        .idle_ms = ADMIN_IDLE_MS,
        .header_ms = ADMIN_REQUEST_MS,
        .body_ms = ADMIN_REQUEST_MS,
        .handle = admin_handle,
        .context = made,
    };
    if (!http_listen(&options, &made->server, err)) {
        admin_abandon(made);
        return error_wrap(err, "admin endpoint");
    }
    snprintf(made->address, sizeof(made->address), "%s", http_address(made->server));
    *admin = made; /* Before the thread: its first request may ask for the address. */
    ensure(uv_thread_create(&made->thread, admin_thread, made) == 0);
    return true;
}

void admin_stop(struct admin *admin)
{
    if (admin == NULL) {
        return;
    }
    ensure(uv_async_send(&admin->stop) == 0);
    ensure(uv_thread_join(&admin->thread) == 0);
    ensure(uv_loop_close(&admin->loop) == 0);
    free(admin);
}

const char *admin_address(const struct admin *admin)
{
    return admin->address;
}
