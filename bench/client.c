#include "bench/client.h"

#include "proto/base/ensure.h"

#include <stdio.h>

enum { ANSWER_BYTES_MAX = 2 << 20 };

struct client {
    uv_tcp_t tcp;
    uv_connect_t connect;
    uv_write_t write;
    struct signer *signer;
    const struct client_calls *calls;
    struct client_request request;
    char head[CLIENT_HEAD_BYTES_MAX + CLIENT_BODY_BYTES_MAX];
    uint64_t sent_ns;
    char *answer;
    size_t answer_bytes;
    size_t body_at, answer_wanted; /* 0 until the head is whole. */
    unsigned status;
};

_Noreturn static void client_fail(const char *what, const char *why)
{
    fprintf(stderr, "bench: %s: %s\n", what, why);
    exit(1);
}

static void client_closed(uv_handle_t *handle)
{
    struct client *client = handle->data;
    free(client->answer);
    free(client);
}

static void client_wrote(uv_write_t *write, int status)
{
    (void)write;
    if (status != 0) {
        client_fail("write", uv_strerror(status));
    }
}

static void client_send(struct client *client)
{
    if (!client->calls->next(client->calls->context, &client->request)) {
        uv_close((uv_handle_t *)&client->tcp, client_closed);
        return;
    }
    struct slice body = slice_of(client->request.body, client->request.body_bytes);
    size_t head = signer_head(client->signer, client->request.operation, body, client->head,
                              CLIENT_HEAD_BYTES_MAX);
    memcpy(client->head + head, body.data, body.size);
    client->answer_bytes = 0;
    client->answer_wanted = 0;
    client->sent_ns = uv_hrtime();
    uv_buf_t buffer = uv_buf_init(client->head, (unsigned)(head + body.size));
    int sent = uv_try_write((uv_stream_t *)&client->tcp, &buffer, 1);
    if (sent == (int)buffer.len) {
        return;
    }
    size_t done = sent > 0 ? (size_t)sent : 0;
    buffer = uv_buf_init(client->head + done, (unsigned)(head + body.size - done));
    int failed = uv_write(&client->write, (uv_stream_t *)&client->tcp, &buffer, 1, client_wrote);
    if (failed != 0) {
        client_fail("write", uv_strerror(failed));
    }
}

static void client_allocate(uv_handle_t *handle, size_t size, uv_buf_t *buffer)
{
    (void)size;
    struct client *client = handle->data;
    *buffer = uv_buf_init(client->answer + client->answer_bytes,
                          (unsigned)(ANSWER_BYTES_MAX - client->answer_bytes));
}

/* The head is whole: status and size of the body. */
static void client_parse_head(struct client *client)
{
    char *end = memmem(client->answer, client->answer_bytes, "\r\n\r\n", 4);
    if (end == NULL) {
        return;
    }
    *end = 0;
    const char *length = strcasestr(client->answer, "\r\ncontent-length:");
    if (sscanf(client->answer, "HTTP/1.1 %u", &client->status) != 1 || length == NULL) {
        client_fail("answer", client->answer);
    }
    client->body_at = (size_t)(end - client->answer) + 4;
    client->answer_wanted = client->body_at + strtoul(length + 17, NULL, 10);
    if (client->answer_wanted > ANSWER_BYTES_MAX) {
        client_fail("answer", "larger than 2 MiB");
    }
}

static void client_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
    (void)buffer;
    struct client *client = stream->data;
    if (size < 0) {
        client_fail("read", uv_strerror((int)size));
    }
    client->answer_bytes += (size_t)size;
    if (client->answer_wanted == 0) {
        client_parse_head(client);
    }
    if (client->answer_wanted == 0 || client->answer_bytes < client->answer_wanted) {
        return;
    }
    struct slice body =
        slice_of(client->answer + client->body_at, client->answer_wanted - client->body_at);
    client->calls->answered(client->calls->context, &client->request, client->status, body,
                            uv_hrtime() - client->sent_ns);
    client_send(client);
}

static void client_connected(uv_connect_t *connect, int status)
{
    struct client *client = connect->data;
    if (status != 0) {
        client_fail("connect", uv_strerror(status));
    }
    uv_tcp_nodelay(&client->tcp, 1);
    uv_read_start((uv_stream_t *)&client->tcp, client_allocate, client_read);
    client_send(client);
}

void client_run(const char *address,
                unsigned connections,
                struct signer *signer,
                const struct client_calls *calls)
{
    char host[64];
    snprintf(host, sizeof(host), "%s", address);
    char *colon = strrchr(host, ':');
    struct sockaddr_in to;
    if (colon == NULL) {
        client_fail(address, "not ADDRESS:PORT");
    }
    *colon = 0;
    if (uv_ip4_addr(host, atoi(colon + 1), &to) != 0) {
        client_fail(address, "not an IPv4 address and port");
    }
    uv_loop_t loop;
    ensure(uv_loop_init(&loop) == 0);
    for (unsigned i = 0; i < connections; i++) {
        struct client *client = calloc(1, sizeof(*client));
        ensure(client != NULL && (client->answer = malloc(ANSWER_BYTES_MAX)) != NULL);
        client->signer = signer;
        client->calls = calls;
        client->tcp.data = client->connect.data = client;
        ensure(uv_tcp_init(&loop, &client->tcp) == 0);
        int failed = uv_tcp_connect(&client->connect, &client->tcp, (const struct sockaddr *)&to,
                                    client_connected);
        if (failed != 0) {
            client_fail("connect", uv_strerror(failed));
        }
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    ensure(uv_loop_close(&loop) == 0);
}
