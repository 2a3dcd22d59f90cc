/* How long after its acknowledgement in one region is a write visible in another? Writes a counter
 * in the first, reads it in the second until it is there, over and over; prints one JSON object.
 *
 *   lag --from 127.0.0.1:8000 --from-region us-east-1 --to 127.0.0.1:8001 --to-region eu-west-1
 *       --key ID --secret S --table T [--samples 200] [--rtt MS]
 *
 * Overhead is the lag without half the emulated round trip. */
#include "bench/sign.h"

#include "proto/base/ensure.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <unistd.h>

enum { ANSWER_BYTES = 64 << 10, SAMPLES_MAX = 100000, WAIT_SECONDS = 30 };

struct end {
    int socket;
    struct signer signer;
    char answer[ANSWER_BYTES];
};

_Noreturn static void lag_fail(const char *what, const char *detail)
{
    fprintf(stderr, "lag: %s: %s\n", what, detail);
    exit(1);
}

static double lag_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void lag_connect(struct end *end, const char *address)
{
    char host[64];
    snprintf(host, sizeof(host), "%s", address);
    char *colon = strrchr(host, ':');
    if (colon == NULL) {
        lag_fail("not ADDRESS:PORT", address);
    }
    *colon = 0;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(colon + 1))};
    end->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    if (inet_pton(AF_INET, host, &to.sin_addr) != 1 ||
        connect(end->socket, (struct sockaddr *)&to, sizeof(to)) != 0) {
        lag_fail("cannot connect", address);
    }
    setsockopt(end->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/* One request and its answer's body; ends the process unless the status is 200. */
static const char *lag_call(struct end *end, const char *operation, const char *body)
{
    char request[8192];
    struct slice bytes = slice_text(body);
    size_t head = signer_head(&end->signer, operation, bytes, request, sizeof(request) / 2);
    ensure(head + bytes.size < sizeof(request));
    memcpy(request + head, body, bytes.size);
    if (write(end->socket, request, head + bytes.size) != (ssize_t)(head + bytes.size)) {
        lag_fail(operation, "the request was not taken");
    }
    size_t size = 0;
    for (;;) {
        ssize_t more = read(end->socket, end->answer + size, sizeof(end->answer) - 1 - size);
        if (more <= 0) {
            lag_fail(operation, "the connection ended");
        }
        size += (size_t)more;
        end->answer[size] = 0;
        const char *behind = strstr(end->answer, "\r\n\r\n");
        const char *length = strcasestr(end->answer, "\r\ncontent-length:");
        if (behind == NULL || length == NULL) {
            continue;
        }
        size_t wanted = (size_t)(behind - end->answer) + 4 + strtoul(length + 17, NULL, 10);
        if (size < wanted) {
            continue;
        }
        if (strncmp(end->answer, "HTTP/1.1 200", 12) != 0) {
            lag_fail(operation, behind + 4);
        }
        return behind + 4;
    }
}

static double lag_sample(struct end *from, struct end *to, const char *table, unsigned number)
{
    char put[512];
    char get[512];
    char wanted[64];
    snprintf(put, sizeof(put),
             "{\"TableName\":\"%s\",\"Item\":{\"pk\":{\"S\":\"lag-probe\"},\"v\":{\"N\":\"%u\"}}}",
             table, number);
    snprintf(get, sizeof(get), "{\"TableName\":\"%s\",\"Key\":{\"pk\":{\"S\":\"lag-probe\"}}}",
             table);
    snprintf(wanted, sizeof(wanted), "\"N\":\"%u\"", number);
    lag_call(from, "PutItem", put);
    double written_ms = lag_now_ms();
    while (strstr(lag_call(to, "GetItem", get), wanted) == NULL) {
        if (lag_now_ms() - written_ms > WAIT_SECONDS * 1e3) {
            lag_fail("a write did not arrive within 30 s", wanted);
        }
    }
    return lag_now_ms() - written_ms;
}

static int lag_compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int count, char **arguments)
{
    static const struct option options[] = {
        {"from", 1, 0, 'f'},  {"from-region", 1, 0, 'F'},
        {"to", 1, 0, 't'},    {"to-region", 1, 0, 'T'},
        {"key", 1, 0, 'k'},   {"secret", 1, 0, 's'},
        {"table", 1, 0, 'n'}, {"samples", 1, 0, 'c'},
        {"rtt", 1, 0, 'r'},   {0},
    };
    const char *text[256] = {['c'] = "200", ['r'] = "0"};
    int option;
    while ((option = getopt_long(count, arguments, "", options, NULL)) != -1) {
        if (option == '?') {
            return 2;
        }
        text[option] = optarg;
    }
    for (const char *needed = "fFtTksn"; *needed != 0; needed++) {
        if (text[(unsigned char)*needed] == NULL) {
            fprintf(stderr, "usage: lag --from A:P --from-region R --to A:P --to-region R --key ID "
                            "--secret S --table T [--samples N] [--rtt MS]\n");
            return 2;
        }
    }
    unsigned samples = (unsigned)strtoul(text['c'], NULL, 10);
    if (samples == 0 || samples > SAMPLES_MAX) {
        lag_fail("--samples", text['c']);
    }
    static const char ends[2][2] = {{'f', 'F'}, {'t', 'T'}};
    struct end *both = calloc(2, sizeof(*both));
    double *lags_ms = calloc(samples, sizeof(*lags_ms));
    ensure(both != NULL && lags_ms != NULL);
    for (int i = 0; i < 2; i++) {
        const char *address = text[(unsigned char)ends[i][0]];
        signer_open(&both[i].signer, text['k'], text['s'], text[(unsigned char)ends[i][1]],
                    address);
        lag_connect(&both[i], address);
    }
    for (unsigned i = 0; i < samples; i++) {
        lags_ms[i] = lag_sample(&both[0], &both[1], text['n'], i + 1);
    }
    qsort(lags_ms, samples, sizeof(*lags_ms), lag_compare);
    double half_ms = strtod(text['r'], NULL) / 2;
    printf("{\"samples\":%u,\"rtt_ms\":%g,\"lag_p50_ms\":%.2f,\"lag_p99_ms\":%.2f,"
           "\"overhead_p50_ms\":%.2f,\"overhead_p99_ms\":%.2f}\n",
           samples, half_ms * 2, lags_ms[samples / 2], lags_ms[samples * 99 / 100],
           lags_ms[samples / 2] - half_ms, lags_ms[samples * 99 / 100] - half_ms);
    for (int i = 0; i < 2; i++) {
        signer_close(&both[i].signer);
        close(both[i].socket);
    }
    free(both);
    free(lags_ms);
    return 0;
}
