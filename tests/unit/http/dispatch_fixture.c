#include "tests/unit/http/dispatch_fixture.h"

#include "daemon/api/contributors.h"
#include "daemon/auth/authorize.h"
#include "storage/stream/stream.h"

#include <criterion/criterion.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

/* --- Stand-ins for the engine and the operations ---------------------------------------------- */

uint64_t engine_durable_seq(const struct engine *engine)
{
    return atomic_load(&engine->durable_seq);
}

bool engine_sync_failed(const struct engine *engine, struct error *err)
{
    return atomic_load(&engine->failed) &&
           !error_set(err, ERROR_IO, "sync of /secret/path: no space");
}

uint64_t stream_newest(const struct store *store, uint32_t stream)
{
    cr_assert_eq(stream, 7);
    return atomic_load(&store->engine->newest);
}

static uint64_t member(const struct call *call, const char *name)
{
    const struct json *json = json_get(call->body, name);
    uint64_t number = 0;
    for (size_t i = 0; json != NULL && i < json->text.size; i++) {
        number = number * 10 + (uint64_t)(json->text.data[i] - '0');
    }
    return number;
}

static bool fake_decode(struct call *call, struct error *err)
{
    uint64_t *state = call->state;
    cr_assert_eq(*state, 0);
    *state = 1;
    call->located = json_get(call->body, "Located") != NULL;
    return json_get(call->body, "Invalid") == NULL ||
           error_set(err, ERROR_VALIDATION, "no good: \"%s\"", "Invalid");
}

static bool fake_run(struct call *call, enum read_tier tier, struct error *err)
{
    struct engine *engine = call->node->store->engine;
    cr_assert_eq(call->answer.size, 0);
    buffer_append_text(&call->answer, "{\"dropped\"");
    uint64_t newest = atomic_load(&engine->newest); /* First: who sees the run may raise it. */
    atomic_fetch_add(&engine->runs, 1);
    if (tier == READ_CACHED && json_get(call->body, "Cold") != NULL) {
        return error_set(err, ERROR_WOULD_BLOCK, "cold");
    }
    call->answer.size = 0;
    while (tier == READ_FULL && atomic_load(&engine->hold)) {
        sched_yield();
    }
    call->wait_seq = member(call, "Seq");
    uint64_t code = member(call, "Code");
    if (code != 0) {
        buffer_append_text(&call->error_members, ",\"Extra\":1");
        return error_set(err, (enum error_code)code, "code of /secret/path");
    }
    if (json_get(call->body, "Poll") != NULL) {
        buffer_printf(&call->answer, "{\"Newest\":%llu}", (unsigned long long)newest);
        call->poll = newest > member(call, "Poll") ? call->poll : (struct call_poll){7, newest};
        return true;
    }
    if (json_get(call->body, "Long") != NULL) {
        uint64_t bytes = member(call, "Long");
        buffer_append_text(&call->answer, "{\"Long\":\"");
        for (uint64_t i = 0; i < bytes; i++) {
            buffer_append_byte(&call->answer, (uint8_t)('a' + i % 26));
        }
        buffer_append_text(&call->answer, "\"}");
    } else if (json_get(call->body, "Empty") == NULL) {
        buffer_append_text(&call->answer,
                           tier == READ_FULL ? "{\"Tier\":\"full\"}" : "{\"Tier\":\"cached\"}");
    }
    return true;
}

static void fake_release(struct call *call)
{
    atomic_fetch_add(&call->node->store->engine->releases, 1);
}

/* The real one looks into the catalog, which is not here. */
struct authorizer *authorizer_open(void)
{
    return NULL;
}

void authorizer_close(struct authorizer *authorizer)
{
    cr_assert_null(authorizer);
}

bool authorize(struct authorizer *authorizer,
               struct call *call,
               const struct http_request *http,
               struct slice *message,
               struct error *err)
{
    (void)authorizer;
    cr_assert_eq(http->arena, call->arena);
    if (json_get(call->body, "Denied") == NULL) {
        return true;
    }
    *message = SLICE_LITERAL("You may not");
    return error_set(err, ERROR_ACCESS_DENIED, "You may not");
}

void contributors_note(struct call *call, enum error_code code)
{
    ensure(call->node != NULL && code <= ERROR_CONFIG);
}

static const struct operation fake_put = {"PutItem",    8,   false, fake_decode, fake_run,
                                          fake_release, NULL};
static const struct operation fake_scan = {"Scan", 8, true, fake_decode, fake_run, NULL, NULL};
const struct operation *const operations[] = {&fake_put, &fake_scan};
const uint32_t operations_count = ARRAY_COUNT(operations);

const struct operation *operation_find(struct slice name, uint32_t *number)
{
    for (uint32_t i = 0; i < operations_count; i++) {
        if (slice_is(name, operations[i]->name)) {
            *number = i;
            return operations[i];
        }
    }
    return NULL;
}

bool operation_is_known(struct slice name)
{
    return slice_is(name, "ExecuteStatement") || slice_is(name, "ListStreams");
}

/* --- The fixture ------------------------------------------------------------------------------ */

struct dispatch_fixture *dispatch_prepared(void)
{
    struct dispatch_fixture *fixture = calloc(1, sizeof(*fixture));
    cr_assert_eq(pipe2(fixture->log_fd, O_CLOEXEC | O_NONBLOCK), 0);
    struct log_options log = {.fd = fixture->log_fd[1], .level = LOG_INFO};
    fixture->store.engine = &fixture->engine;
    fixture->node.store = &fixture->store;
    fixture->node.log = log_open(&log);
    fixture->node.metrics = metrics_open(1, operations_count);
    strcpy(fixture->node.region, "us-east-1");
    fixture->options = (struct loop_options){
        .node = &fixture->node,
        .address = "127.0.0.1:0",
        .wait_durable = true,
        .connections_max = 3000,
        .idle_ms = 60000,
        .header_ms = 60000,
        .body_ms = 60000,
    };
    return fixture;
}

void dispatch_start(struct dispatch_fixture *fixture)
{
    struct error err = {0};
    cr_assert(loop_start(&fixture->loop, &fixture->options, &err), "%s", err.text);
}

struct dispatch_fixture *dispatch_started(void)
{
    struct dispatch_fixture *fixture = dispatch_prepared();
    dispatch_start(fixture);
    return fixture;
}

void dispatch_stopped(struct dispatch_fixture *fixture)
{
    if (atomic_load(&fixture->loop.drain_ms) == 0) {
        loop_drain(&fixture->loop, 1);
    }
    loop_join(&fixture->loop);
    metrics_close(fixture->node.metrics);
    log_close(fixture->node.log);
    credentials_close((struct credentials *)(uintptr_t)fixture->node.credentials);
    close(fixture->log_fd[0]);
    close(fixture->log_fd[1]);
    free(fixture);
}

int dispatch_connected(struct dispatch_fixture *fixture)
{
    int fd = client_connect(loop_address(&fixture->loop));
    cr_assert_geq(fd, 0);
    return fd;
}

/* `more` are header lines. */
void dispatch_ask_more(int fd, const char *target, const char *more, const char *body, size_t size)
{
    char head[4096];
    snprintf(head, sizeof(head),
             "POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: %s\r\n%sContent-Length: %zu\r\n\r\n",
             target, more, size);
    client_send(fd, head);
    client_send_bytes(fd, body, size);
}

void dispatch_ask(int fd, const char *operation, const char *body)
{
    char target[128];
    snprintf(target, sizeof(target), "DynamoDB_20120810.%s", operation);
    dispatch_ask_more(fd, target, JSON_1_0, body, strlen(body));
}

void dispatch_expect(int fd, unsigned status, const char *body)
{
    struct response response;
    client_receive(fd, &response);
    cr_assert_str_eq(response.body, body);
    cr_assert_eq(response.status, status, "%s%s", response.head, response.body);
    const char *crc = strstr(response.head, "\r\nx-amz-crc32: ");
    cr_assert_not_null(crc);
    cr_assert_eq(strtoul(crc + strlen("\r\nx-amz-crc32: "), NULL, 10),
                 crc32(0, (const Bytef *)response.body, (uInt)response.body_bytes));
    cr_assert_not_null(strstr(response.head, "\r\nx-amzn-RequestId: "));
    response_clear(&response);
}

void dispatch_expect_head(int fd, const char *line)
{
    struct response response;
    client_receive(fd, &response);
    cr_assert_not_null(strstr(response.head, line), "%s", response.head);
    response_clear(&response);
}

bool dispatch_nothing_to_read(int fd)
{
    char byte;
    return recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0;
}
