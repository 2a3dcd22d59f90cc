/* A call's life. It is allocated in its request's arena, so it ends with the answer.
 *
 *     DECODING --> RUNNING --> WAITING --> ANSWERING       (any state goes to ANSWERING on error,
 *        |          ^ |           ^                         from RUNNING and WORKING by way of
 *        |          | v           |                         WAITING: a refusal, too, can show what
 *        +--------> WORKING ------+                         is not durable yet)
 *                   | v           |
 *                  PARKED --------+                        (long polls: see park.c)
 *
 * DECODING and RUNNING are on the loop, WORKING is on a worker thread, which touches only the call;
 * an answer too long to be compressed on the loop goes there from RUNNING, too.
 * WAITING ends when the disk has what the answer shows; it is passed through at once when it has it
 * already, or with relaxed durability. */
#include "daemon/http/dispatch_inner.h"

#include "daemon/api/contributors.h"
#include "daemon/auth/authorize.h"
#include "daemon/http/inflate.h"
#include "daemon/http/park.h"
#include "daemon/http/render.h"
#include "daemon/http/route.h"
#include "daemon/http/sigv4.h"
#include "daemon/log.h"
#include "daemon/metrics.h"

#include <strings.h>
#include <time.h>

#define BIT(state) (1u << (state))

enum { DISPATCH_ANSWER_BYTES = 1024, DISPATCH_LOOK_AGAIN_MS = 100 };

static const unsigned dispatch_next[DISPATCH_STATES] = {
    [DISPATCH_DECODING] = BIT(DISPATCH_RUNNING) | BIT(DISPATCH_WORKING) | BIT(DISPATCH_ANSWERING),
    [DISPATCH_RUNNING] = BIT(DISPATCH_WORKING) | BIT(DISPATCH_PARKED) | BIT(DISPATCH_WAITING),
    [DISPATCH_WORKING] = BIT(DISPATCH_PARKED) | BIT(DISPATCH_WAITING),
    [DISPATCH_PARKED] = BIT(DISPATCH_RUNNING) | BIT(DISPATCH_WAITING),
    [DISPATCH_WAITING] = BIT(DISPATCH_ANSWERING),
};

static void dispatch_move(struct dispatch_call *call, enum dispatch_state next)
{
    ensure((dispatch_next[call->state] & BIT(next)) != 0);
    call->state = next;
}

/* --- Answering ------------------------------------------------------------------------------- */

static void dispatch_log_failure(const struct dispatch_call *call)
{
    if (call->unreadable) {
        log_event(call->loop->node->log, LOG_INFO, "dispatch.unreadable",
                  log_text("problem", call->err.text));
        return;
    }
    log_event(call->loop->node->log, LOG_ERROR, "dispatch.failed",
              log_slice("operation", call->name), log_text("code", error_code_name(call->err.code)),
              log_text("error", call->err.text));
}

static void dispatch_answer(struct dispatch_call *call)
{
    struct loop *loop = call->loop;
    struct http_request *request = call->request;
    ensure(call->state == DISPATCH_DECODING || call->state == DISPATCH_WAITING);
    dispatch_move(call, DISPATCH_ANSWERING);
    unsigned status = 200;
    bool gzip = call->packed.size > 0;
    struct slice body = gzip ? call->packed : buffer_slice(&call->call.answer);
    if (call->err.code != ERROR_NONE) {
        status = render_error_row(call->err.code)->status;
        struct slice longer = call->call.message;
        struct slice text = longer.size > 0 ? longer : slice_text(call->err.text);
        struct buffer rendered;
        buffer_init(&rendered, request->arena, 256 + text.size);
        render_error_body(&rendered, call->err.code, text, buffer_slice(&call->call.error_members));
        body = buffer_slice(&rendered);
        gzip = false;
        if (status >= 500) {
            dispatch_log_failure(call);
        }
    }
    metrics_count(loop->node->metrics, loop->options.index, call->number, call->err.code,
                  uv_hrtime() - request->started_ns);
    contributors_note(&call->call, call->err.code);
    if (call->call.operation != NULL && call->call.operation->release != NULL) {
        call->call.operation->release(&call->call);
    }
    struct slice type = call->json ? SLICE_LITERAL("application/json")
                                   : SLICE_LITERAL("application/x-amz-json-1.0");
    route_respond(loop, request, status, type, gzip, body); /* The call is gone. */
}

/* --- Waiting for the disk -------------------------------------------------------------------- */

/* Has syncing failed? It stays so: the node ends by itself, see main.c. */
static bool dispatch_sync_failed(struct loop *loop, struct error *err)
{
    loop->sync_failed = engine_sync_failed(loop->node->store->engine, err);
    return loop->sync_failed;
}

static void dispatch_append_waiter(struct loop_waiters *waiters, struct dispatch_call *call)
{
    call->next = NULL;
    if (waiters->last != NULL) {
        waiters->last->next = call;
    } else {
        waiters->first = call;
    }
    waiters->last = call;
    waiters->count++;
}

static void dispatch_set_waiting(struct loop *loop, uint32_t count)
{
    atomic_store_explicit(&loop->waiting, count, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst); /* See loop_durable. */
}

static void dispatch_on_tick(uv_timer_t *tick)
{
    struct loop *loop = CONTAINER_OF(tick, struct loop, tick);
    dispatch_durable(loop);
    if (loop->waiters.count == 0) {
        uv_timer_stop(tick);
    }
}

/* What was written stays unknown: it may be on the disk or not. */
static void dispatch_fail_unsynced(struct dispatch_call *call, const struct error *reason)
{
    struct buffer none = {0};
    call->call.answer = none;
    call->call.error_members = none;
    call->call.message = (struct slice){0};
    call->err = *reason;
    error_wrap(&call->err, "waiting for seq %llu", (unsigned long long)call->call.wait_seq);
}

static void dispatch_wait(struct dispatch_call *call)
{
    struct loop *loop = call->loop;
    struct engine *engine = loop->node->store->engine;
    uint64_t seq = call->call.wait_seq;
    dispatch_move(call, DISPATCH_WAITING);
    if (seq == 0 || !loop->options.wait_durable || engine_durable_seq(engine) >= seq) {
        dispatch_answer(call);
        return;
    }
    dispatch_set_waiting(loop, loop->waiters.count + 1);
    if (engine_durable_seq(engine) >= seq) { /* Meanwhile, when nobody would have woken us. */
        dispatch_set_waiting(loop, loop->waiters.count);
        dispatch_answer(call);
        return;
    }
    if (loop->sync_failed) { /* It will never be; the first to wait found out. */
        struct error reason;
        error_clear(&reason);
        ensure(dispatch_sync_failed(loop, &reason));
        dispatch_set_waiting(loop, loop->waiters.count);
        dispatch_fail_unsynced(call, &reason);
        dispatch_answer(call);
        return;
    }
    dispatch_append_waiter(&loop->waiters, call);
    if (!uv_is_active((uv_handle_t *)&loop->tick)) {
        uv_timer_start(&loop->tick, dispatch_on_tick, DISPATCH_LOOK_AGAIN_MS,
                       DISPATCH_LOOK_AGAIN_MS);
    }
}

/* Seqs rise along the queue nearly always, but a call that comes from a worker can have an older
 * one, so all are looked at. An answer can start the next request of its connection, which may add
 * a waiter: the queue is taken aside first. */
static void dispatch_answer_waiters(struct loop *loop, uint64_t durable)
{
    struct error reason;
    error_clear(&reason);
    bool asked = false, failed = false;
    struct loop_waiters taken = loop->waiters, kept = {0};
    loop->waiters = kept;
    struct dispatch_call *next = NULL;
    for (struct dispatch_call *call = taken.first; call != NULL; call = next) {
        next = call->next;
        if (durable >= call->call.wait_seq) {
            dispatch_answer(call);
            continue;
        }
        failed = asked ? failed : dispatch_sync_failed(loop, &reason);
        asked = true;
        if (failed) {
            dispatch_fail_unsynced(call, &reason);
            dispatch_answer(call);
        } else {
            dispatch_append_waiter(&kept, call);
        }
    }
    if (kept.first != NULL) { /* Those stand before what was added meanwhile. */
        kept.last->next = loop->waiters.first;
        kept.last = loop->waiters.last == NULL ? kept.last : loop->waiters.last;
        kept.count += loop->waiters.count;
        loop->waiters = kept;
    }
}

void dispatch_durable(struct loop *loop)
{
    struct engine *engine = loop->node->store->engine;
    uint64_t durable;
    /* Again if it rose meanwhile: `waiting` may have been 0 then, and nobody will wake us for it.
     */
    do {
        durable = engine_durable_seq(engine);
        dispatch_answer_waiters(loop, durable);
        dispatch_set_waiting(loop, loop->waiters.count);
    } while (loop->waiters.count > 0 && engine_durable_seq(engine) > durable);
}

/* --- Running --------------------------------------------------------------------------------- */

static bool dispatch_run_once(struct dispatch_call *call, enum read_tier tier)
{
    struct call *api = &call->call;
    buffer_init(&api->answer, api->arena, DISPATCH_ANSWER_BYTES);
    buffer_init(&api->error_members, api->arena, 0);
    api->message = (struct slice){0};
    api->wait_seq = 0;
    api->poll = (struct call_poll){0};
    call->packed = (struct slice){0};
    error_clear(&call->err);
    bool ok = api->operation->run(api, tier, &call->err);
    ensure(ok == (call->err.code == ERROR_NONE));
    return ok;
}

static bool dispatch_takes_gzip(const struct dispatch_call *call)
{
    const struct http_header *header = http_find_header(call->request, "accept-encoding");
    return header != NULL && gzip_is_accepted(header->value);
}

static void dispatch_pack(struct dispatch_call *call, struct gzip *gzip)
{
    struct slice packed = {0};
    if (gzip_pack(gzip, buffer_slice(&call->call.answer), call->call.arena, &packed)) {
        call->packed = packed;
    }
}

static void dispatch_work(uv_work_t *work) /* Worker thread: touches the call only. */
{
    struct dispatch_call *call = CONTAINER_OF(work, struct dispatch_call, work);
    if (!call->ran && !dispatch_run_once(call, READ_FULL)) {
        ensure(call->err.code != ERROR_WOULD_BLOCK);
        return;
    }
    if (call->gzip && call->call.answer.size >= HTTP_GZIP_BYTES_MIN) {
        struct gzip gzip = {0};
        gzip_init(&gzip, call->call.arena);
        dispatch_pack(call, &gzip);
        gzip_clear(&gzip);
    }
}

/* It has run: it leaves, unless it has nothing to show yet and may wait for that. */
static void dispatch_leave(struct dispatch_call *call)
{
    if (call->err.code == ERROR_NONE && call->call.poll.stream != 0 && park_takes(call)) {
        dispatch_move(call, DISPATCH_PARKED);
        park_add(call);
        return;
    }
    dispatch_wait(call);
}

static void dispatch_resume(uv_work_t *work, int status)
{
    struct dispatch_call *call = CONTAINER_OF(work, struct dispatch_call, work);
    ensure(status == 0); /* Work is never cancelled: the drain waits for it. */
    ensure(atomic_fetch_sub(&call->loop->workers_busy, 1) > 0);
    dispatch_leave(call);
}

static void dispatch_start_work(struct dispatch_call *call)
{
    struct loop *loop = call->loop;
    dispatch_move(call, DISPATCH_WORKING);
    if (atomic_load(&loop->workers_busy) >= HTTP_CALLS_BLOCKED_MAX && call->ran) {
        dispatch_wait(call); /* Then it goes out as it is. */
        return;
    }
    if (atomic_load(&loop->workers_busy) >= HTTP_CALLS_BLOCKED_MAX) {
        error_set(&call->err, ERROR_THROTTLED, "%d calls are on workers already",
                  HTTP_CALLS_BLOCKED_MAX);
        dispatch_wait(call);
        return;
    }
    atomic_fetch_add(&loop->workers_busy, 1);
    ensure(uv_queue_work(&loop->uv, &call->work, dispatch_work, dispatch_resume) == 0);
}

static void dispatch_run_here(struct dispatch_call *call)
{
    struct loop *loop = call->loop;
    dispatch_move(call, DISPATCH_RUNNING);
    call->ran = dispatch_run_once(call, READ_CACHED);
    bool blocked = call->err.code == ERROR_WOULD_BLOCK;
    bool long_enough = call->ran && call->call.answer.size >= HTTP_GZIP_BYTES_MIN;
    call->gzip = (blocked || long_enough) && dispatch_takes_gzip(call);
    if (blocked || (call->gzip && call->call.answer.size > HTTP_GZIP_LOOP_BYTES_MAX)) {
        dispatch_start_work(call);
        return;
    }
    if (call->gzip) {
        if (!loop->gzip.started) {
            gzip_init(&loop->gzip, NULL);
        }
        dispatch_pack(call, &loop->gzip);
    }
    dispatch_leave(call);
}

static void dispatch_run(struct dispatch_call *call)
{
    if (call->call.operation->worker) {
        call->gzip = dispatch_takes_gzip(call);
        dispatch_start_work(call);
        return;
    }
    dispatch_run_here(call);
}

void dispatch_again(struct dispatch_call *call)
{
    dispatch_run_here(call);
}

void dispatch_unpark(struct dispatch_call *call)
{
    ensure(call->state == DISPATCH_PARKED);
    dispatch_wait(call);
}

/* --- Before there is an operation ------------------------------------------------------------ */

static struct dispatch_call *
dispatch_call_new(struct loop *loop, struct http_request *request, bool json)
{
    struct dispatch_call *call = arena_alloc(request->arena, sizeof(*call));
    call->call = (struct call){
        .node = loop->node, .expressions = loop->expressions, .arena = request->arena};
    call->loop = loop;
    call->request = request;
    call->number = operations_count;
    call->state = DISPATCH_DECODING;
    call->json = json;
    call->gzip = false;
    call->ran = false;
    call->unreadable = false;
    call->packed = (struct slice){0};
    call->name = (struct slice){0};
    call->parked_until_ms = 0;
    call->ran_ms = 0;
    call->runs = 0;
    error_clear(&call->err);
    return call;
}

static bool dispatch_authenticate(struct dispatch_call *call)
{
    struct loop *loop = call->loop;
    if (loop->sigv4 == NULL) {
        return true;
    }
    struct timespec now;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return sigv4_verify(loop->sigv4, call->request, (uint64_t)now.tv_sec, &call->call.credential,
                        &call->call.message, &call->err);
}

/* The body as JSON text. *answered: the body is too large, and that has been said. */
static bool dispatch_body(struct dispatch_call *call, struct slice *body, bool *answered)
{
    struct http_request *request = call->request;
    const struct http_header *encoding = http_find_header(request, "content-encoding");
    *answered = false;
    *body = request->body;
    if (encoding == NULL || encoding->value.size == 0 || slice_is(encoding->value, "identity")) {
        return true;
    }
    if (encoding->value.size != 4 ||
        strncasecmp((const char *)encoding->value.data, "gzip", 4) != 0) {
        call->unreadable = true;
        return error_set(&call->err, ERROR_INTERNAL, "content encoding '%.*s'",
                         SLICE_ARGS(encoding->value));
    }
    if (inflate_gzip(request->body, HTTP_BODY_BYTES_MAX, request->arena, body, &call->err)) {
        return true;
    }
    call->unreadable = true;
    if (call->err.code == ERROR_LIMIT) {
        *answered = true;
        struct slice none = {0};
        route_respond(call->loop, request, 413, none, false, none);
    }
    return false;
}

/* "DynamoDB_20120810.PutItem". The operation stays NULL for one of the API that we do not have. */
static bool dispatch_target(struct dispatch_call *call)
{
    static const struct slice data = {(const uint8_t *)"DynamoDB_20120810.", 18};
    static const struct slice streams = {(const uint8_t *)"DynamoDBStreams_20120810.", 25};
    static const char *const streams_names[] = {"DescribeStream", "GetRecords", "GetShardIterator",
                                                "ListStreams"};
    const struct http_header *header = http_find_header(call->request, "x-amz-target");
    struct slice target = header == NULL ? (struct slice){0} : header->value;
    bool of_streams = slice_starts_with(target, streams);
    if (!of_streams && !slice_starts_with(target, data)) {
        return error_set(&call->err, ERROR_UNKNOWN_OPERATION, "no target");
    }
    size_t prefix = of_streams ? streams.size : data.size;
    struct slice name = {target.data + prefix, target.size - prefix};
    bool named_streams = false;
    for (size_t i = 0; i < ARRAY_COUNT(streams_names); i++) {
        named_streams = named_streams || slice_is(name, streams_names[i]);
    }
    uint32_t number = operations_count;
    const struct operation *operation = operation_find(name, &number);
    if (of_streams != named_streams || (operation == NULL && !operation_is_known(name))) {
        return error_set(&call->err, ERROR_UNKNOWN_OPERATION, "no such operation");
    }
    call->name = name;
    call->number = operation == NULL ? operations_count : number;
    call->call.operation = operation;
    return true;
}

/* JSON, target, signature: in this order, as the service has it. But a large or compressed body
 * costs memory to parse, and a stranger shall not spend ours: for those the signature is first. */
static bool dispatch_admit(struct dispatch_call *call, bool *answered)
{
    const struct http_request *request = call->request;
    *answered = false;
    bool costly = request->body.size > HTTP_UNSIGNED_JSON_BYTES_MAX ||
                  http_find_header(request, "content-encoding") != NULL;
    struct slice body;
    struct json *root = NULL;
    if ((costly && !dispatch_authenticate(call)) || !dispatch_body(call, &body, answered)) {
        return false;
    }
    if (!json_parse(body, request->arena, &root, &call->err) || root->type != JSON_OBJECT) {
        error_set(&call->err, ERROR_SERIALIZATION, "%s", ""); /* This one has no message. */
        return false;
    }
    const struct http_header *host = http_find_header(request, "host");
    call->call.host = host == NULL ? (struct slice){NULL, 0} : host->value;
    call->call.body = root;
    return dispatch_target(call) && (costly || dispatch_authenticate(call));
}

/* A denial takes the place of what decode found about the table. */
static bool dispatch_authorize(struct dispatch_call *call)
{
    struct error denied;
    error_clear(&denied);
    bool ok =
        authorize(call->loop->authorizer, &call->call, call->request, &call->call.message, &denied);
    if (!ok) {
        call->err = denied;
    }
    call->call.credential = NULL; /* A worker may not look: the set can be replaced meanwhile. */
    return ok;
}

void dispatch_handle(void *context, struct http_request *request)
{
    struct loop *loop = context;
    bool json = false;
    if (!route_request(loop, request, &json)) {
        return;
    }
    struct dispatch_call *call = dispatch_call_new(loop, request, json);
    bool answered = false;
    if (!dispatch_admit(call, &answered)) {
        if (!answered) {
            call->call.operation = NULL; /* Not decoded: there is nothing to release. */
            dispatch_answer(call);
        }
        return;
    }
    const struct operation *operation = call->call.operation;
    if (operation == NULL) {
        error_set(&call->err, ERROR_NOT_IMPLEMENTED,
                  "This version of Meridian does not have the operation %.*s.",
                  SLICE_ARGS(call->name));
        dispatch_answer(call);
        return;
    }
    call->call.state = arena_zalloc(request->arena, 1, operation->state_bytes);
    bool decoded = operation->decode(&call->call, &call->err);
    bool asked = decoded || call->call.located;
    if ((asked && !dispatch_authorize(call)) || !decoded) {
        dispatch_answer(call);
        return;
    }
    dispatch_run(call);
}
