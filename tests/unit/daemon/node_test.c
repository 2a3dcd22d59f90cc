/* Goal: a node starts, says how it is, and stops; what is wrong is refused with a sentence and
 * leaves nothing open. Method: whole nodes in the test's process, on port 0, asked over HTTP. */
#include "daemon/admin/admin.h"
#include "daemon/config.h"
#include "daemon/http/credentials.h"
#include "daemon/node.h"
#include "proto/value/json.h"
#include "tests/support/directory.h"

#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ANSWER_BYTES = 1 << 18, WAIT_MS = 20000 };

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* --- Asking --------------------------------------------------------------------------------- */

static int connect_to(const char *address)
{
    const char *colon = strrchr(address, ':');
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    to.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0, "connect %s", address);
    return fd;
}

/* The status; the whole answer, head and body, is in `answer`. */
static unsigned
ask(const char *address, const char *method, const char *target, const char *body, char *answer)
{
    char request[2048];
    int fd = connect_to(address);
    int size = snprintf(request, sizeof(request),
                        "%s %s HTTP/1.1\r\nHost: test\r\nConnection: close\r\n"
                        "Content-Length: %zu\r\n\r\n%s",
                        method, target, strlen(body), body);
    cr_assert_eq(write(fd, request, (size_t)size), size);
    size_t got = 0;
    ssize_t more;
    while ((more = read(fd, answer + got, ANSWER_BYTES - 1 - got)) > 0) {
        got += (size_t)more;
    }
    close(fd);
    answer[got] = 0;
    unsigned status = 0;
    cr_assert_eq(sscanf(answer, "HTTP/1.1 %u", &status), 1, "%s %s: \"%s\"", method, target,
                 answer);
    return status;
}

static void expect(const struct node *node,
                   const char *method,
                   const char *target,
                   const char *body,
                   unsigned status,
                   const char *text)
{
    char *answer = malloc(ANSWER_BYTES);
    unsigned got = ask(node_admin_address(node), method, target, body, answer);
    cr_assert_eq(got, status, "%s %s: %s", method, target, answer);
    cr_assert_not_null(strstr(answer, text), "%s %s lacks %s: %s", method, target, text, answer);
    free(answer);
}

/* --- Nodes ---------------------------------------------------------------------------------- */

struct bench {
    char *directory;
    char data[300];
    struct config config;
    struct node *node;
};

static bool configure(struct bench *bench, const char *const *more, struct error *err)
{
    const char *argv[24] = {"meridiand", "--data",      bench->data, "--http", "127.0.0.1:0",
                            "--admin",   "127.0.0.1:0", "--loops",   "2"};
    const char *const environment[] = {NULL};
    int argc = 9;
    for (; *more != NULL; more++) {
        argv[argc++] = *more;
    }
    return config_load(argc, argv, environment, &bench->config, err);
}

static void bench_start(struct bench *bench, const char *const *more)
{
    struct error err = {0};
    cr_assert(configure(bench, more, &err), "%s", err.text);
    cr_assert(node_start(&bench->config, NULL, &bench->node, &err), "%s", err.text);
}

static void bench_open(struct bench *bench)
{
    *bench = (struct bench){.directory = test_directory_make()};
    signal(SIGPIPE, SIG_IGN);
    snprintf(bench->data, sizeof(bench->data), "%s/data", bench->directory);
}

static void bench_stop(struct bench *bench)
{
    node_stop(bench->node);
    bench->node = NULL;
    config_clear(&bench->config);
}

static void bench_close(struct bench *bench)
{
    bench_stop(bench);
    test_directory_remove(bench->directory);
}

static const char *const alone[] = {"--region", "us-east-1", NULL};

Test(node, is_ready_on_an_empty_folder_and_again_on_its_own)
{
    struct bench bench;
    bench_open(&bench);
    for (int i = 0; i < 2; i++) {
        bench_start(&bench, alone);
        cr_assert_str_eq(node_peer_address(bench.node), "none");
        expect(bench.node, "GET", "/readyz", "", 200, "\r\n\r\nok\n");
        expect(bench.node, "GET", "/livez", "", 200, "\r\n\r\nok\n");
        bench_stop(&bench);
    }
    bench_start(&bench, alone);
    bench_close(&bench);
}

Test(node, says_how_it_is)
{
    static const char *const metrics[] = {
        "meridian_build_info{version=\"",
        "meridian_requests_total{operation=\"PutItem\"} 0\n",
        "meridian_request_duration_seconds_bucket{operation=\"GetItem\",le=\"+Inf\"} 0\n",
        "meridian_durable_seq ",
        "meridian_conflicts_total 0\n",
        "meridian_connections 0\n",
        "meridian_rocksdb_bytes{kind=\"block_cache\"} ",
        "process_cpu_seconds_total ",
        "process_resident_memory_bytes "};
    struct bench bench;
    bench_open(&bench);
    bench_start(&bench, alone);
    for (size_t i = 0; i < ARRAY_COUNT(metrics); i++) {
        expect(bench.node, "GET", "/metrics", "", 200, metrics[i]);
    }
    expect(bench.node, "GET", "/v1/status", "", 200, "\"region\":\"us-east-1\"");
    expect(bench.node, "GET", "/v1/status", "", 200, "\"ready\":true");
    expect(bench.node, "GET", "/v1/conflicts", "", 200, "\r\n\r\n[]\n");
    bench_close(&bench);
}

Test(node, refuses_bad_admin_requests_with_a_sentence)
{
    struct bench bench;
    bench_open(&bench);
    bench_start(&bench, alone);
    expect(bench.node, "GET", "/", "", 404, "{\"error\":\"there are /livez, ");
    expect(bench.node, "POST", "/metrics", "", 405, "Allow: GET\r\n");
    expect(bench.node, "DELETE", "/readyz", "", 405, "{\"error\":\"/readyz takes GET\"}");
    expect(bench.node, "PUT", "/v1/link", "", 405, "Allow: POST, DELETE\r\n");
    expect(bench.node, "PUT", "/v1/keys", "", 405, "Allow: GET, POST, DELETE\r\n");
    expect(bench.node, "GET", "/v1/conflicts?limit=0", "", 400,
           "limit is a number from 1 to 10000, not \\\"0\\\"");
    expect(bench.node, "GET", "/v1/conflicts?limit=10001", "", 400, "not \\\"10001\\\"");
    expect(bench.node, "GET", "/v1/conflicts?limit=", "", 400, "not \\\"\\\"");
    expect(bench.node, "GET", "/v1/conflicts?a=b&table=no+such%20one", "", 404,
           "there is no table \\\"no such one\\\"");
    expect(bench.node, "GET", "/v1/conflicts?table=%4", "", 400, "percent-encoded");
    expect(bench.node, "GET", "/v1/conflicts?id=00", "", 404, "there is no conflict \\\"00\\\"");
    expect(bench.node, "POST", "/v1/conflicts/restore", "{}", 400, "the conflict's id");
    expect(bench.node, "POST", "/v1/conflicts/restore", "{\"id\":\"xy\"}", 404,
           "there is no conflict");
    expect(bench.node, "GET", "/v1/conflicts?table=%zz", "", 400, "percent-encoded");
    expect(bench.node, "POST", "/v1/link", "{\"peer\":\"eu-west-1\"}", 400,
           "without a cluster file");
    expect(bench.node, "DELETE", "/v1/link", "", 400, "without a cluster file");
    bench_close(&bench);
}

Test(node, one_process_has_the_folder)
{
    struct bench bench;
    struct bench second;
    struct error err = {0};
    char wanted[64];
    bench_open(&bench);
    bench_start(&bench, alone);
    second = bench;
    second.node = NULL;
    cr_assert(configure(&second, alone, &err));
    cr_assert_not(node_start(&second.config, NULL, &second.node, &err));
    cr_assert_eq(err.code, ERROR_REFUSED);
    snprintf(wanted, sizeof(wanted), "is in use by process %ld", (long)getpid());
    cr_assert_not_null(strstr(err.text, wanted), "%s", err.text);
    config_clear(&second.config);
    bench_close(&bench);
}

Test(node, refuses_the_folder_of_another_region)
{
    static const char *const other[] = {"--region", "eu-west-1", NULL};
    struct bench bench;
    struct error err = {0};
    bench_open(&bench);
    bench_start(&bench, alone);
    bench_stop(&bench);
    cr_assert(configure(&bench, other, &err));
    cr_assert_not(node_start(&bench.config, NULL, &bench.node, &err));
    cr_assert_eq(err.code, ERROR_REFUSED, "%s", err.text);
    bench_close(&bench);
}

Test(node, gives_everything_back_when_an_address_is_taken)
{
    struct bench bench;
    struct bench second;
    struct error err = {0};
    bench_open(&bench);
    bench_open(&second);
    bench_start(&bench, alone);
    const char *const same_admin[] = {"--region", "us-east-1", "--admin",
                                      node_admin_address(bench.node), NULL};
    const char *const same_http[] = {"--region", "us-east-1", "--http",
                                     node_http_address(bench.node), NULL};
    cr_assert(configure(&second, same_admin, &err));
    cr_assert_not(node_start(&second.config, NULL, &second.node, &err));
    cr_assert_eq(err.code, ERROR_IO);
    cr_assert_not_null(strstr(err.text, "admin endpoint"), "%s", err.text);
    config_clear(&second.config);
    cr_assert(configure(&second, same_http, &err));
    cr_assert_not(node_start(&second.config, NULL, &second.node, &err));
    cr_assert_not_null(strstr(err.text, "DynamoDB endpoint"), "%s", err.text);
    config_clear(&second.config);
    bench_start(&second, alone); /* The folder is free again. */
    bench_close(&second);
    bench_close(&bench);
}

static void write_text(const char *path, const char *text)
{
    FILE *to = fopen(path, "w");
    cr_assert_not_null(to, "%s", path);
    cr_assert_geq(fputs(text, to), 0);
    cr_assert_eq(fclose(to), 0);
}

Test(node, reads_its_credentials_again_and_keeps_them_when_they_are_broken)
{
    struct bench bench;
    struct error err = {0};
    char path[400];
    bench_open(&bench);
    bench_start(&bench, alone);
    cr_assert_eq(credentials_count(bench.node->credentials), 1);
    snprintf(path, sizeof(path), "%s/credentials", bench.data);
    write_text(path, "nonsense\n");
    cr_assert_not(node_reload(bench.node, &err));
    cr_assert_eq(err.code, ERROR_CONFIG);
    cr_assert_eq(credentials_count(bench.node->credentials), 1);
    write_text(path, "[a]\naws_access_key_id = AKIAA\naws_secret_access_key = s\n"
                     "[b]\naws_access_key_id = AKIAB\naws_secret_access_key = t\n");
    cr_assert(node_reload(bench.node, &err), "%s", err.text);
    cr_assert_eq(credentials_count(bench.node->credentials), 2);
    cr_assert_not_null(credentials_find(bench.node->credentials, SLICE_LITERAL("AKIAB")));
    bench_close(&bench);
}

Test(node, a_credentials_file_that_was_named_must_be_there)
{
    static const char *const missing[] = {"--region", "us-east-1", "--credentials", "/nowhere/c",
                                          NULL};
    struct bench bench;
    struct error err = {0};
    bench_open(&bench);
    cr_assert(configure(&bench, missing, &err));
    cr_assert_not(node_check(&bench.config, &err));
    cr_assert_not_null(strstr(err.text, "/nowhere/c"), "%s", err.text);
    cr_assert_not(node_start(&bench.config, NULL, &bench.node, &err));
    cr_assert_not_null(strstr(err.text, "/nowhere/c"), "%s", err.text);
    bench_close(&bench);
}

/* --- Several -------------------------------------------------------------------------------- */

enum { NODES = 2 };
static const char *const regions[NODES] = {"us-east-1", "eu-west-1"};

static void free_address(char *address, size_t address_bytes)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    snprintf(address, address_bytes, "127.0.0.1:%u", ntohs(at.sin_port));
    close(fd);
}

/* What node_print_identity prints is what a cluster file needs. */
static void write_cluster(const char *path, struct bench benches[NODES])
{
    write_text(path, "regions:\n");
    for (int i = 0; i < NODES; i++) {
        char address[64];
        char id[16];
        struct error err = {0};
        struct identity identity;
        free_address(address, sizeof(address));
        snprintf(id, sizeof(id), "%d", i + 1);
        const char *const more[] = {"--region", regions[i], "--id", id, "--peer", address, NULL};
        cr_assert(configure(&benches[i], more, &err), "%s", err.text);
        FILE *standard = stdout;
        stdout = fopen(path, "a");
        cr_assert(node_print_identity(&benches[i].config, &err), "%s", err.text);
        fclose(stdout);
        stdout = standard;
        cr_assert(identity_load(benches[i].data, &identity, &err));
        config_clear(&benches[i].config);
    }
}

static void wait_joined(const struct node *node)
{
    char *answer = malloc(ANSWER_BYTES);
    uint64_t deadline_ms = now_ms() + WAIT_MS;
    bool joined = false;
    while (!joined && now_ms() < deadline_ms) {
        cr_assert_eq(ask(node_admin_address(node), "GET", "/v1/status", "", answer), 200);
        joined = strstr(answer, "\"connected_out\":true,\"connected_in\":true") != NULL;
    }
    cr_assert(joined, "%s", answer);
    free(answer);
}

Test(node, two_in_one_process_find_each_other)
{
    struct bench benches[NODES];
    char path[400];
    for (int i = 0; i < NODES; i++) {
        bench_open(&benches[i]);
    }
    snprintf(path, sizeof(path), "%s/cluster.yaml", benches[0].directory);
    write_cluster(path, benches);
    for (int i = 0; i < NODES; i++) {
        const char *const more[] = {"--region", regions[i], "--cluster", path, NULL};
        bench_start(&benches[i], more);
    }
    struct node *first = benches[0].node;
    wait_joined(first);
    wait_joined(benches[1].node);
    expect(first, "GET", "/metrics", "", 200,
           "meridian_replication_lag_seconds{peer=\"eu-west-1\"} 0\n");
    expect(first, "GET", "/metrics", "", 200,
           "meridian_replication_pending_records{peer=\"eu-west-1\"} 0\n");
    expect(first, "POST", "/v1/link",
           "{\"peer\":\"eu-west-1\",\"delay_ms\":3,\"loss_percent\":0.5}", 200,
           "\"delay_ms\":3,\"jitter_ms\":0,\"loss_percent\":0.5,\"cut\":false");
    expect(first, "POST", "/v1/link", "{\"peer\":\"mars\"}", 400, "mars");
    expect(first, "POST", "/v1/link", "{\"delay_ms\":3}", 400, "peer is missing");
    expect(first, "POST", "/v1/link", "[]", 400, "not a JSON object");
    expect(first, "POST", "/v1/link", "{", 400, "error");
    expect(first, "POST", "/v1/link", "{\"peer\":\"eu-west-1\",\"delay_ms\":1.5}", 400,
           "delay_ms is a whole number from 0 to 60000");
    expect(first, "POST", "/v1/link", "{\"peer\":\"eu-west-1\",\"jitter_ms\":60001}", 400,
           "jitter_ms is a whole number from 0 to 60000");
    expect(first, "POST", "/v1/link", "{\"peer\":\"eu-west-1\",\"loss_percent\":101}", 400,
           "loss_percent is a number from 0 to 100");
    expect(first, "POST", "/v1/link", "{\"peer\":\"eu-west-1\",\"cut\":1}", 400,
           "cut is true or false");
    expect(first, "POST", "/v1/link", "{\"peer\":7}", 400, "peer is the name of a region");
    expect(first, "POST", "/v1/link", "{\"peer\":\"eu-west-1\",\"speed\":1}", 400,
           "there is no member \\\"speed\\\"");
    expect(first, "DELETE", "/v1/link", "", 200, "{}");
    bench_close(&benches[1]);
    bench_close(&benches[0]);
}

Test(node, check_compares_the_key_with_the_cluster_file)
{
    struct bench benches[NODES];
    struct error err = {0};
    char path[400];
    char identity[400];
    for (int i = 0; i < NODES; i++) {
        bench_open(&benches[i]);
    }
    snprintf(path, sizeof(path), "%s/cluster.yaml", benches[0].directory);
    write_cluster(path, benches);
    const char *const right[] = {"--region", regions[0], "--cluster", path, NULL};
    const char *const wrong[] = {"--region", regions[1], "--cluster", path, NULL};
    cr_assert(configure(&benches[0], right, &err));
    cr_assert(node_check(&benches[0].config, &err), "%s", err.text);
    config_clear(&benches[0].config);
    cr_assert(configure(&benches[0], wrong, &err));
    cr_assert_not(node_check(&benches[0].config, &err));
    cr_assert_not_null(strstr(err.text, "the key of eu-west-1 in "), "%s", err.text);
    cr_assert_not(node_start(&benches[0].config, NULL, &benches[0].node, &err));
    snprintf(identity, sizeof(identity), "%s/identity", benches[0].data);
    cr_assert_eq(unlink(identity), 0);
    cr_assert_not(node_check(&benches[0].config, &err));
    cr_assert_not_null(strstr(err.text, "has no identity yet"), "%s", err.text);
    config_clear(&benches[1].config);
    test_directory_remove(benches[1].directory);
    bench_close(&benches[0]);
}
