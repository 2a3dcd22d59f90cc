/* Goal: a request takes the right way through the dispatcher, and an answer never leaves before the
 * disk has what it shows. Method: a real loop on a loopback port; the operations and the engine's
 * durable seq are this test's own, so that each way can be taken at will. */
#include "tests/unit/http/dispatch_fixture.h"
#include "tests/unit/http/signer.h"

#include "daemon/http/inflate.h"

#include <criterion/criterion.h>

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

/* --- Ways of a call --------------------------------------------------------------------------- */

Test(dispatch, runs_an_operation_on_the_loop)
{
    struct dispatch_fixture *fixture = dispatch_started();
    int fd = dispatch_connected(fixture);
    dispatch_ask(fd, "PutItem", "{}");
    dispatch_expect(fd, 200, CACHED);
    dispatch_ask(fd, "PutItem", "{\"Empty\":1}");
    dispatch_expect(fd, 200, "");
    cr_assert_eq(atomic_load(&fixture->engine.runs), 2);
    cr_assert_eq(atomic_load(&fixture->engine.releases), 2);
    struct metrics_total total;
    metrics_total(fixture->node.metrics, 0, &total);
    cr_assert_eq(total.requests, 2);
    cr_assert_eq(total.codes[ERROR_NONE], 2);
    close(fd);
    dispatch_stopped(fixture);
}

Test(dispatch, takes_cold_reads_and_worker_operations_to_a_worker)
{
    struct dispatch_fixture *fixture = dispatch_started();
    int fd = dispatch_connected(fixture);
    dispatch_ask(fd, "PutItem", "{\"Cold\":1}");
    dispatch_expect(fd, 200, FULL);
    cr_assert_eq(atomic_load(&fixture->engine.runs), 2);
    dispatch_ask(fd, "Scan", "{}");
    dispatch_expect(fd, 200, FULL);
    cr_assert_eq(atomic_load(&fixture->engine.runs), 3);
    close(fd);
    dispatch_stopped(fixture);
}

Test(dispatch, echoes_the_content_type)
{
    struct dispatch_fixture *fixture = dispatch_started();
    int fd = dispatch_connected(fixture);
    dispatch_ask(fd, "PutItem", "{}");
    dispatch_expect_head(fd, "\r\nContent-Type: application/x-amz-json-1.0\r\n");
    dispatch_ask_more(fd, "DynamoDB_20120810.PutItem",
                      "Content-Type: Application/JSON ; charset=utf-8\r\n", "{}", 2);
    dispatch_expect_head(fd, "\r\nContent-Type: application/json\r\n");
    close(fd);
    dispatch_stopped(fixture);
}

Test(dispatch, renders_what_decode_and_run_refuse)
{
    struct dispatch_fixture *fixture = dispatch_started();
    int fd = dispatch_connected(fixture);
    dispatch_ask(fd, "PutItem", "{\"Invalid\":1}");
    dispatch_expect(fd, 400,
                    "{\"__type\":\"com.amazon.coral.validate#ValidationException\","
                    "\"message\":\"no good: \\\"Invalid\\\"\"}");
    cr_assert_eq(atomic_load(&fixture->engine.releases), 1, "also after a failed decode");
    char body[64];
    snprintf(body, sizeof(body), "{\"Code\":%d}", ERROR_CONDITION);
    dispatch_ask(fd, "PutItem", body);
    dispatch_expect(
        fd, 400,
        "{\"__type\":\"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException\","
        "\"message\":\"code of /secret/path\",\"Extra\":1}");
    close(fd);
    dispatch_stopped(fixture);
}

Test(dispatch, what_goes_wrong_inside_is_for_the_log_only)
{
    struct dispatch_fixture *fixture = dispatch_started();
    int fd = dispatch_connected(fixture);
    char body[64], line[2048] = "";
    snprintf(body, sizeof(body), "{\"Code\":%d,\"Cold\":1}", ERROR_CORRUPT);
    dispatch_ask(fd, "PutItem", body);
    struct response response;
    client_receive(fd, &response);
    cr_assert_eq(response.status, 500);
    cr_assert_null(strstr(response.body, "secret"), "%s", response.body);
    response_clear(&response);
    cr_assert_gt(read(fixture->log_fd[0], line, sizeof(line) - 1), 0);
    cr_assert_not_null(strstr(line, "dispatch.failed"), "%s", line);
    cr_assert_not_null(strstr(line, "CORRUPT"), "%s", line);
    cr_assert_not_null(strstr(line, "/secret/path"), "%s", line);
    cr_assert_not_null(strstr(line, "PutItem"), "%s", line);
    close(fd);
    dispatch_stopped(fixture);
}

/* --- The order of checks ---------------------------------------------------------------------- */

Test(dispatch, checks_json_then_target)
{
    struct dispatch_fixture *fixture = dispatch_started();
    int fd = dispatch_connected(fixture);
    const char *const broken[] = {"", "{", "[]", "\"x\"", "null", "{}x"};
    for (size_t i = 0; i < ARRAY_COUNT(broken); i++) {
        dispatch_ask(fd, "Nonsense", broken[i]);
        dispatch_expect(fd, 400, SERIALIZATION);
    }
    const char *const unknown[] = {"",
                                   "PutItem",
                                   "DynamoDB_20120810.Nonsense",
                                   "DynamoDB_20120810.",
                                   "DynamoDB_20111205.PutItem",
                                   "DynamoDBStreams_20120810.PutItem",
                                   "DynamoDB_20120810.ListStreams"};
    for (size_t i = 0; i < ARRAY_COUNT(unknown); i++) {
        dispatch_ask_more(fd, unknown[i], JSON_1_0, "{}", 2);
        dispatch_expect(fd, 400, UNKNOWN);
    }
    dispatch_ask_more(fd, "DynamoDBStreams_20120810.ListStreams", JSON_1_0, "{}", 2);
    dispatch_expect(fd, 400,
                    "{\"__type\":\"com.amazon.coral.service#NotImplementedException\",\"message\":"
                    "\"This version of Meridian does not have the operation ListStreams.\"}");
    struct metrics_total total;
    metrics_total(fixture->node.metrics, operations_count, &total);
    cr_assert_eq(total.codes[ERROR_SERIALIZATION], ARRAY_COUNT(broken));
    cr_assert_eq(total.codes[ERROR_UNKNOWN_OPERATION], ARRAY_COUNT(unknown));
    cr_assert_eq(total.codes[ERROR_NOT_IMPLEMENTED], 1);
    close(fd);
    dispatch_stopped(fixture);
}

/* Behind the operation's own checks, in front of what the look at the table has found. */
Test(dispatch, a_denial_comes_where_the_table_would_be_looked_for)
{
#define DENIAL                                                                                     \
    "{\"__type\":\"com.amazon.coral.service#AccessDeniedException\",\"Message\":\"You may not\"}"
    struct dispatch_fixture *fixture = dispatch_started();
    int fd = dispatch_connected(fixture);
    dispatch_ask(fd, "PutItem", "{\"Denied\":1}");
    dispatch_expect(fd, 400, DENIAL);
    dispatch_ask(fd, "Scan", "{\"Denied\":1}");
    dispatch_expect(fd, 400, DENIAL);
    dispatch_ask(fd, "PutItem", "{\"Denied\":1,\"Invalid\":1,\"Located\":1}");
    dispatch_expect(fd, 400, DENIAL);
    dispatch_ask(fd, "PutItem", "{\"Denied\":1,\"Invalid\":1}");
    dispatch_expect(fd, 400,
                    "{\"__type\":\"com.amazon.coral.validate#ValidationException\","
                    "\"message\":\"no good: \\\"Invalid\\\"\"}");
    cr_assert_eq(atomic_load(&fixture->engine.runs), 0);
    close(fd);
    dispatch_stopped(fixture);
}

static struct dispatch_fixture *started_with_keys(const char *secret)
{
    struct dispatch_fixture *fixture = dispatch_prepared();
    struct error err = {0};
    char text[256];
    snprintf(text, sizeof(text), "[a]\naws_access_key_id=ID\naws_secret_access_key=%s\n", secret);
    struct credentials *credentials = NULL;
    cr_assert(credentials_parse("file", slice_text(text), &credentials, &err));
    fixture->node.credentials = credentials;
    dispatch_start(fixture);
    return fixture;
}

static void ask_signed(int fd, const char *secret, const char *operation, const char *body)
{
    char date[17], headers[256], more[1024], target[64];
    time_t now = time(NULL);
    struct tm parts;
    strftime(date, sizeof(date), "%Y%m%dT%H%M%SZ", gmtime_r(&now, &parts));
    snprintf(headers, sizeof(headers), "host:x\nx-amz-date:%s\n", date);
    struct signer signer = {.id = "ID",
                            .secret = secret,
                            .region = "us-east-1",
                            .service = "dynamodb",
                            .date = date,
                            .headers = headers,
                            .names = "host;x-amz-date",
                            .method = "POST",
                            .query = "",
                            .body = slice_text(body)};
    char *authorization = signer_authorization(&signer);
    snprintf(more, sizeof(more), JSON_1_0 "X-Amz-Date: %s\r\nAuthorization: %s\r\n", date,
             authorization);
    snprintf(target, sizeof(target), "DynamoDB_20120810.%s", operation);
    dispatch_ask_more(fd, target, more, body, strlen(body));
    free(authorization);
}

Test(dispatch, checks_the_signature_after_json_and_target)
{
    struct dispatch_fixture *fixture = started_with_keys("s1");
    int fd = dispatch_connected(fixture);
    dispatch_ask(fd, "Nonsense", "{");
    dispatch_expect(fd, 400, SERIALIZATION);
    dispatch_ask(fd, "Nonsense", "{}");
    dispatch_expect(fd, 400, UNKNOWN);
    dispatch_ask(fd, "PutItem", "{\"Invalid\":1}");
    dispatch_expect(fd, 400, MISSING);
    dispatch_ask(fd, "ExecuteStatement", "{}");
    dispatch_expect(fd, 400, MISSING);
    cr_assert_eq(atomic_load(&fixture->engine.releases), 0);
    ask_signed(fd, "s1", "PutItem", "{}");
    dispatch_expect(fd, 200, CACHED);
    ask_signed(fd, "s1", "PutItem", "{\"Invalid\":1}");
    cr_assert_eq(client_status(fd), 400);
    ask_signed(fd, "wrong", "PutItem", "{}");
    struct response response;
    client_receive(fd, &response);
    cr_assert_eq(response.status, 400);
    cr_assert_not_null(strstr(response.body, "The Canonical String for this request should have "
                                             "been\\n'POST\\n/\\n"),
                       "%s", response.body);
    response_clear(&response);
    close(fd);
    dispatch_stopped(fixture);
}

Test(dispatch, a_strangers_large_or_packed_body_is_not_parsed)
{
    struct dispatch_fixture *fixture = started_with_keys("s1");
    int fd = dispatch_connected(fixture);
    size_t size = HTTP_UNSIGNED_JSON_BYTES_MAX + 1;
    char *body = calloc(1, size);
    dispatch_ask_more(fd, "DynamoDB_20120810.PutItem", JSON_1_0, body, size);
    dispatch_expect(fd, 400, MISSING);
    dispatch_ask_more(fd, "DynamoDB_20120810.PutItem", JSON_1_0, body, size - 1);
    dispatch_expect(fd, 400, SERIALIZATION);
    dispatch_ask_more(fd, "DynamoDB_20120810.PutItem", JSON_1_0 "Content-Encoding: gzip\r\n", "x",
                      1);
    dispatch_expect(fd, 400, MISSING);
    free(body);
    close(fd);
    dispatch_stopped(fixture);
}

Test(dispatch, new_credentials_are_taken_while_it_serves)
{
    struct dispatch_fixture *fixture = started_with_keys("s1");
    int fd = dispatch_connected(fixture);
    ask_signed(fd, "s1", "PutItem", "{}");
    dispatch_expect(fd, 200, CACHED);
    struct credentials *next = NULL;
    struct error err = {0};
    cr_assert(credentials_parse("file",
                                SLICE_LITERAL("[a]\naws_access_key_id=ID\n"
                                              "aws_secret_access_key=s2\n"),
                                &next, &err));
    loop_use_credentials(&fixture->loop, next);
    credentials_close((struct credentials *)(uintptr_t)fixture->node.credentials);
    fixture->node.credentials = next;
    ask_signed(fd, "s1", "PutItem", "{}");
    cr_assert_eq(client_status(fd), 400);
    ask_signed(fd, "s2", "PutItem", "{}");
    dispatch_expect(fd, 200, CACHED);
    close(fd);
    dispatch_stopped(fixture);
}

/* --- Other requests --------------------------------------------------------------------------- */

Test(dispatch, answers_health_checks_browsers_and_strangers)
{
    struct dispatch_fixture *fixture = dispatch_started();
    int fd = dispatch_connected(fixture);
    client_send(fd, "GET / HTTP/1.1\r\n\r\n");
    dispatch_expect(fd, 200, "healthy: dynamodb.us-east-1.amazonaws.com ");
    client_send(fd, "OPTIONS / HTTP/1.1\r\nOrigin: x\r\nAccess-Control-Request-Headers: a, b\r\n"
                    "Access-Control-Request-Method: POST\r\n\r\n");
    struct response response;
    client_receive(fd, &response);
    cr_assert_eq(response.status, 200);
    cr_assert_eq(response.body_bytes, 0);
    cr_assert_not_null(strstr(response.head, "\r\nAccess-Control-Allow-Origin: *\r\n"));
    cr_assert_not_null(strstr(response.head, "\r\nAccess-Control-Max-Age: 172800\r\n"));
    cr_assert_not_null(strstr(response.head, "\r\nAccess-Control-Allow-Headers: a, b\r\n"));
    cr_assert_not_null(strstr(response.head, "\r\nAccess-Control-Allow-Methods: POST\r\n"));
    response_clear(&response);
    dispatch_ask_more(fd, "DynamoDB_20120810.PutItem", JSON_1_0 "Origin: y\r\n", "{}", 2);
    dispatch_expect_head(fd, "\r\nAccess-Control-Allow-Origin: *\r\n");
    const char *const strangers[] = {
        "OPTIONS / HTTP/1.1\r\n\r\n",
        "DELETE / HTTP/1.1\r\n\r\n",
        "GET /x HTTP/1.1\r\n\r\n",
        "POST /x HTTP/1.1\r\n" JSON_1_0 "Content-Length: 2\r\n\r\n{}",
        "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}",
        "POST / HTTP/1.1\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}",
        "POST / HTTP/1.1\r\nContent-Type: application/jsonx\r\nContent-Length: 2\r\n\r\n{}"};
    for (size_t i = 0; i < ARRAY_COUNT(strangers); i++) {
        client_send(fd, strangers[i]);
        dispatch_expect(fd, 404, "<UnknownOperationException/>\n");
    }
    close(fd);
    dispatch_stopped(fixture);
}

static size_t gzipped(const void *bytes, size_t size, uint8_t *to, size_t to_bytes)
{
    z_stream stream = {0};
    cr_assert_eq(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = (Bytef *)(uintptr_t)bytes;
    stream.avail_in = (uInt)size;
    stream.next_out = to;
    stream.avail_out = (uInt)to_bytes;
    cr_assert_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    deflateEnd(&stream);
    return to_bytes - stream.avail_out;
}

Test(dispatch, takes_gzip_bodies_within_the_limit)
{
    struct dispatch_fixture *fixture = dispatch_started();
    int fd = dispatch_connected(fixture);
    const char *target = "DynamoDB_20120810.PutItem";
    const char *gzip = JSON_1_0 "Content-Encoding: gzip\r\n";
    size_t packed_bytes = 64 << 10, bomb_bytes = HTTP_BODY_BYTES_MAX + 1;
    uint8_t *packed = malloc(packed_bytes), *bomb = malloc(bomb_bytes);
    size_t size = gzipped("{\"Cold\":1}", 10, packed, packed_bytes);
    dispatch_ask_more(fd, target, gzip, (const char *)packed, size);
    dispatch_expect(fd, 200, FULL);
    dispatch_ask_more(fd, target, JSON_1_0 "Content-Encoding: identity\r\n", "{}", 2);
    dispatch_expect(fd, 200, CACHED);
    dispatch_ask_more(fd, target, gzip, "junk", 4);
    dispatch_expect(fd, 500, INTERNAL);
    dispatch_ask_more(fd, target, JSON_1_0 "Content-Encoding: br\r\n", "{}", 2);
    dispatch_expect(fd, 500, INTERNAL);
    char said[1024] = "";
    cr_assert_gt(read(fixture->log_fd[0], said, sizeof(said) - 1), 0);
    cr_assert_not_null(
        strstr(said, "info dispatch.unreadable problem=\"the body is not whole gzip\""), "%s",
        said);
    cr_assert_not_null(strstr(said, "content encoding 'br'"), "%s", said);
    cr_assert_null(strstr(said, " error "), "a client's fault is none of ours: %s", said);
    memset(bomb, ' ', bomb_bytes);
    size = gzipped(bomb, bomb_bytes, packed, packed_bytes);
    dispatch_ask_more(fd, target, gzip, (const char *)packed, size);
    cr_assert_eq(client_status(fd), 413);
    cr_assert(client_is_closed(fd));
    free(packed);
    free(bomb);
    close(fd);
    dispatch_stopped(fixture);
}

static void set_durable(struct dispatch_fixture *fixture, uint64_t seq)
{
    atomic_store(&fixture->engine.durable_seq, seq);
    loop_durable(&fixture->loop);
}

/* An answer of `bytes` more than 11, asked for with these headers: compressed or not? */
static void expect_long(int fd, const char *operation, const char *body, size_t bytes, bool packed)
{
    char target[64];
    struct response response;
    struct arena arena = {0};
    struct error err = {0};
    snprintf(target, sizeof(target), "DynamoDB_20120810.%s", operation);
    dispatch_ask_more(fd, target, JSON_1_0 "Accept-Encoding: deflate, gzip;q=0.5\r\n", body,
                      strlen(body));
    client_receive(fd, &response);
    cr_assert_eq(response.status, 200);
    const char *crc = strstr(response.head, "\r\nx-amz-crc32: ");
    cr_assert_not_null(crc);
    cr_assert_eq(strtoul(crc + strlen("\r\nx-amz-crc32: "), NULL, 10),
                 crc32(0, (const Bytef *)response.body, (uInt)response.body_bytes));
    bool said = strstr(response.head, "\r\nContent-Encoding: gzip\r\n") != NULL;
    cr_assert_eq(said, packed, "%s", response.head);
    struct slice answer = slice_of(response.body, response.body_bytes);
    if (packed) {
        cr_assert_lt(answer.size, bytes / 2);
        cr_assert(inflate_gzip(answer, bytes + 11, &arena, &answer, &err), "%s", err.text);
    }
    cr_assert_eq(answer.size, bytes + 11);
    cr_assert(slice_starts_with(answer, SLICE_LITERAL("{\"Long\":\"abcdef")));
    arena_destroy(&arena);
    response_clear(&response);
}

Test(dispatch, compresses_long_answers_for_those_who_take_it)
{
    struct dispatch_fixture *fixture = dispatch_started();
    int fd = dispatch_connected(fixture);
    expect_long(fd, "PutItem", "{\"Long\":1012}", 1012, false); /* A byte too short. */
    expect_long(fd, "PutItem", "{\"Long\":1013}", 1013, true);
    expect_long(fd, "PutItem", "{\"Long\":30000}", 30000, true); /* On the loop. */
    cr_assert_eq(atomic_load(&fixture->loop.workers_busy), 0);
    expect_long(fd, "PutItem", "{\"Long\":300000}", 300000, true); /* On a worker, run once. */
    cr_assert_eq(atomic_load(&fixture->engine.runs), 4);
    expect_long(fd, "PutItem", "{\"Long\":30000,\"Cold\":1}", 30000, true);
    expect_long(fd, "Scan", "{\"Long\":3000000}", 3000000, true);
    expect_long(fd, "Scan", "{\"Long\":100}", 100, false);
    set_durable(fixture, 3);
    expect_long(fd, "PutItem", "{\"Long\":300000,\"Seq\":3}", 300000, true);
    close(fd);
    dispatch_stopped(fixture);
}

Test(dispatch, a_failure_is_never_called_compressed)
{
    struct dispatch_fixture *fixture = dispatch_started();
    int fd = dispatch_connected(fixture);
    atomic_store(&fixture->engine.failed, true);
    static const char *const bodies[] = {"{\"Long\":3000,\"Seq\":9}",
                                         "{\"Long\":300000,\"Seq\":9}"};
    for (size_t i = 0; i < ARRAY_COUNT(bodies); i++) {
        dispatch_ask_more(fd, "DynamoDB_20120810.PutItem", JSON_1_0 "Accept-Encoding: gzip\r\n",
                          bodies[i], strlen(bodies[i]));
        loop_durable(&fixture->loop);
        dispatch_expect(fd, 500, INTERNAL);
    }
    close(fd);
    dispatch_stopped(fixture);
}

/* --- Waiting for the disk --------------------------------------------------------------------- */

Test(dispatch, answers_wait_for_the_seq_they_show)
{
    struct dispatch_fixture *fixture = dispatch_started();
    int first = dispatch_connected(fixture), second = dispatch_connected(fixture),
        third = dispatch_connected(fixture);
    char refused[64];
    set_durable(fixture, 2);
    snprintf(refused, sizeof(refused), "{\"Seq\":4,\"Code\":%d}", ERROR_CONDITION);
    dispatch_ask(first, "PutItem", "{\"Seq\":9}");
    dispatch_ask(second, "PutItem", "{\"Seq\":3,\"Cold\":1}");
    dispatch_ask(third, "PutItem", refused);
    fixture_await_equal(&fixture->loop.waiting, 3);
    int ready = dispatch_connected(fixture);
    dispatch_ask(ready, "PutItem", "{\"Seq\":2}");
    dispatch_expect(ready, 200, CACHED);
    cr_assert(dispatch_nothing_to_read(first) && dispatch_nothing_to_read(second) &&
              dispatch_nothing_to_read(third));
    set_durable(fixture, 3);
    dispatch_expect(second, 200, FULL);
    cr_assert(dispatch_nothing_to_read(first) && dispatch_nothing_to_read(third),
              "an error waits like an answer");
    set_durable(fixture, 4);
    cr_assert_eq(client_status(third), 400);
    cr_assert(dispatch_nothing_to_read(first));
    set_durable(fixture, 100);
    dispatch_expect(first, 200, CACHED);
    fixture_await_equal(&fixture->loop.waiting, 0);
    close(first);
    close(second);
    close(third);
    close(ready);
    dispatch_stopped(fixture);
}

Test(dispatch, a_lost_wake_up_only_delays)
{
    struct dispatch_fixture *fixture = dispatch_started();
    int fd = dispatch_connected(fixture);
    dispatch_ask(fd, "PutItem", "{\"Seq\":1}");
    fixture_await_equal(&fixture->loop.waiting, 1);
    atomic_store(&fixture->engine.durable_seq, 1);
    dispatch_expect(fd, 200, CACHED);
    close(fd);
    dispatch_stopped(fixture);
}

Test(dispatch, pipelined_writes_wait_one_after_the_other)
{
    struct dispatch_fixture *fixture = dispatch_started();
    int fd = dispatch_connected(fixture);
    for (int i = 1; i <= 20; i++) {
        char body[32];
        snprintf(body, sizeof(body), "{\"Seq\":%d}", i);
        dispatch_ask(fd, "PutItem", body);
    }
    for (unsigned i = 1; i <= 20; i++) {
        fixture_await_equal(&fixture->engine.runs, i);
        set_durable(fixture, i);
        dispatch_expect(fd, 200, CACHED);
    }
    close(fd);
    dispatch_stopped(fixture);
}

Test(dispatch, relaxed_durability_does_not_wait)
{
    struct dispatch_fixture *fixture = dispatch_prepared();
    fixture->options.wait_durable = false;
    dispatch_start(fixture);
    int fd = dispatch_connected(fixture);
    dispatch_ask(fd, "PutItem", "{\"Seq\":9}");
    dispatch_expect(fd, 200, CACHED);
    close(fd);
    dispatch_stopped(fixture);
}

Test(dispatch, a_failed_sync_fails_all_who_wait_and_all_who_would_have_to)
{
    struct dispatch_fixture *fixture = dispatch_started();
    int first = dispatch_connected(fixture), second = dispatch_connected(fixture);
    dispatch_ask(first, "PutItem", "{\"Seq\":1}");
    dispatch_ask(second, "PutItem", "{\"Seq\":2}");
    fixture_await_equal(&fixture->loop.waiting, 2);
    atomic_store(&fixture->engine.failed, true);
    set_durable(fixture, 1);
    dispatch_expect(first, 200, CACHED);
    dispatch_expect(second, 500, INTERNAL);
    dispatch_ask(first, "PutItem", "{\"Seq\":3}");
    dispatch_expect(first, 500, INTERNAL);
    dispatch_ask(first, "PutItem", "{\"Seq\":1}");
    dispatch_expect(first, 200, CACHED);
    close(first);
    close(second);
    dispatch_stopped(fixture);
}

/* --- Workers, and the end --------------------------------------------------------------------- */

Test(dispatch, throttles_when_too_many_calls_are_on_workers)
{
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    cr_assert_gt(files.rlim_cur, 2 * HTTP_CALLS_BLOCKED_MAX + 100, "needs more open files");
    struct dispatch_fixture *fixture = dispatch_started();
    static int fds[HTTP_CALLS_BLOCKED_MAX];
    atomic_store(&fixture->engine.hold, true);
    for (int i = 0; i < HTTP_CALLS_BLOCKED_MAX; i++) {
        fds[i] = dispatch_connected(fixture);
        dispatch_ask(fds[i], "Scan", "{}");
    }
    int fd = dispatch_connected(fixture);
    fixture_await_equal(&fixture->loop.workers_busy, HTTP_CALLS_BLOCKED_MAX);
    dispatch_ask(fd, "PutItem", "{\"Cold\":1}");
    dispatch_expect(fd, 400,
                    "{\"__type\":\"com.amazon.coral.availability#ThrottlingException\","
                    "\"message\":\"The request was denied due to request throttling.\"}");
    atomic_store(&fixture->engine.hold, false);
    for (int i = 0; i < HTTP_CALLS_BLOCKED_MAX; i++) {
        dispatch_expect(fds[i], 200, FULL);
        close(fds[i]);
    }
    close(fd);
    dispatch_stopped(fixture);
}

Test(dispatch, a_client_that_vanishes_while_its_call_is_on_a_worker_does_no_harm)
{
    struct dispatch_fixture *fixture = dispatch_started();
    atomic_store(&fixture->engine.hold, true);
    struct linger linger = {.l_onoff = 1};
    for (int i = 0; i < 3; i++) {
        int fd = dispatch_connected(fixture);
        dispatch_ask(fd, "PutItem", "{\"Cold\":1,\"Seq\":5}");
        fixture_await(&fixture->engine.runs, (unsigned)(2 * i + 2));
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
        close(fd);
        fixture_await_equal(&fixture->loop.connections, 0);
    }
    atomic_store(&fixture->engine.hold, false);
    fixture_await_equal(&fixture->loop.waiting, 3);
    set_durable(fixture, 5);
    fixture_await_equal(&fixture->engine.releases, 3);
    dispatch_stopped(fixture);
}

Test(dispatch, a_drain_lets_calls_on_workers_and_waiting_ones_finish)
{
    struct dispatch_fixture *fixture = dispatch_started();
    int worker = dispatch_connected(fixture), waiter = dispatch_connected(fixture);
    atomic_store(&fixture->engine.hold, true);
    dispatch_ask(worker, "Scan", "{}");
    dispatch_ask(waiter, "PutItem", "{\"Seq\":7}");
    fixture_await_equal(&fixture->loop.waiting, 1);
    fixture_await(&fixture->engine.runs, 2);
    loop_drain(&fixture->loop, FIXTURE_DEADLINE_MS);
    set_durable(fixture, 7);
    dispatch_expect(waiter, 200, CACHED);
    atomic_store(&fixture->engine.hold, false);
    dispatch_expect(worker, 200, FULL);
    cr_assert(client_is_closed(worker));
    loop_join(&fixture->loop);
    loop_durable(&fixture->loop); /* Late, and harmless. */
    close(worker);
    close(waiter);
    dispatch_stopped(fixture);
}

Test(dispatch, loops_share_a_port_and_a_second_daemon_notices)
{
    struct dispatch_fixture *fixture = dispatch_prepared();
    fixture->options.reuse_port = true;
    dispatch_start(fixture);
    struct loop second = {0};
    struct error err = {0};
    struct loop_options options = fixture->options;
    options.address = loop_address(&fixture->loop);
    cr_assert(loop_start(&second, &options, &err), "%s", err.text);
    cr_assert_str_eq(loop_address(&second), loop_address(&fixture->loop));
    cr_assert_not(loop_address_free(loop_address(&second), &err));
    cr_assert_eq(err.code, ERROR_IO);
    loop_drain(&second, 1);
    loop_join(&second);
    dispatch_stopped(fixture);
}

Test(dispatch, a_loop_whose_address_is_taken_leaves_nothing)
{
    struct dispatch_fixture *fixture = dispatch_started();
    struct loop second = {0};
    struct error err = {0};
    struct loop_options options = fixture->options;
    options.address = loop_address(&fixture->loop);
    cr_assert_not(loop_start(&second, &options, &err));
    cr_assert_eq(err.code, ERROR_IO);
    loop_drain(&second, 1);
    loop_join(&second);
    loop_durable(&second);
    dispatch_stopped(fixture);
}
