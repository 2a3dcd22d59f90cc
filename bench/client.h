/* Keep-alive connections of the load generator on one libuv loop: each has one request under way
 * and asks for the next as soon as its answer is there (a closed loop). One thread. */
#pragma once

#include "bench/sign.h"

#include <uv.h>

enum { CLIENT_BODY_BYTES_MAX = 64 << 10, CLIENT_HEAD_BYTES_MAX = 2048 };

struct client_request {
    const char *operation;
    size_t body_bytes;
    char body[CLIENT_BODY_BYTES_MAX];
    void *data; /* The caller's. */
};

struct client_calls {
    /* Fill the next request; false: this connection is done. */
    bool (*next)(void *context, struct client_request *request);
    /* An answer; `latency_ns` from handing the request to the socket to its last byte. */
    void (*answered)(void *context,
                     const struct client_request *request,
                     unsigned status,
                     struct slice body,
                     uint64_t latency_ns);
    void *context;
};

/* Run `connections` until next says no to all of them. Ends the process with a sentence on standard
 * error when the server cannot be reached or breaks the protocol: a benchmark has nothing to
 * rescue. */
void client_run(const char *address,
                unsigned connections,
                struct signer *signer,
                const struct client_calls *calls);
