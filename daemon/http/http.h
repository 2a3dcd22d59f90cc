/* HTTP/1.1 server side on one event loop: keep-alive, pipelining, limits. Used by the DynamoDB
 * endpoint and the admin endpoint.
 *
 * Everything here runs on the loop's thread. A request and its slices live from the handler's call
 * until http_respond; its arena is the connection's and is cleared after the answer is handed over.
 * The handler answers exactly once, then or later, also when the client has gone meanwhile (the
 * answer is then dropped here). */
#pragma once

#include "proto/base/arena.h"
#include "proto/base/error.h"
#include "proto/base/limits.h"

#include <stdatomic.h>

struct uv_loop_s;
struct tls; /* daemon/http/tls.h */
struct http_server;
struct http_connection;

struct http_header {
    struct slice name;  /* As sent; compare with http_find_header. */
    struct slice value; /* Blanks around it trimmed. */
};

struct http_request {
    struct http_connection *connection;
    struct arena *arena;
    struct slice method, target; /* "POST", "/?a=b" */
    struct slice path, query;    /* "/" and "a=b" */
    struct http_header headers[HTTP_HEADERS_MAX];
    uint32_t headers_count;
    struct slice body;
    uint64_t started_ns;
};

/* Ignores case. NULL when absent. */
const struct http_header *http_find_header(const struct http_request *request, const char *name);

/* The client's address as text, and whether the connection is under TLS. False: it has gone. */
enum { HTTP_PEER_BYTES = 64 };
bool http_peer(const struct http_request *request, char address[static HTTP_PEER_BYTES]);
bool http_is_secure(const struct http_request *request);

/* `extra` are whole header lines, each ended by CRLF; may be empty. body is copied if the socket
 * does not take it at once. Content-Length, Date, Server and Connection are added here. After a 413
 * the connection is closed. */
void http_respond(struct http_request *request,
                  unsigned status,
                  struct slice content_type,
                  struct slice extra,
                  struct slice body);

struct http_options {
    struct uv_loop_s *loop; /* Borrowed. */
    const char *address;    /* "127.0.0.1:8000"; port 0 takes a free one. */
    bool reuse_port;        /* SO_REUSEPORT, for one listener per loop. */
    struct tls *tls;        /* Borrowed; NULL: plain. */
    uint32_t connections_max;
    size_t bodies_bytes_max; /* Long bodies of all requests together; 0: HTTP_BODIES_BYTES_MAX. */
    uint32_t idle_ms, header_ms, body_ms; /* Time-outs; a handshake has header_ms. */
    void (*handle)(void *context, struct http_request *request);
    void *context;
    /* Told how many connections are open, for readers on other threads; NULL: nobody asks. */
    atomic_uint *connections;
};
/* Blocks SIGPIPE in the calling thread (and so in threads it starts): a client that has gone shows
 * as an error of the write. A connection past connections_max is closed at once. Errors: IO. */
MUST_CHECK bool
http_listen(const struct http_options *options, struct http_server **server, struct error *err);
/* Could the address be listened on, or does somebody else? Nothing is left open. Errors: IO. */
MUST_CHECK bool http_address_free(const char *address, struct error *err);
/* "127.0.0.1:41234". */
const char *http_address(const struct http_server *server);
uint32_t http_connections(const struct http_server *server);
/* Stop accepting, let running requests finish with Connection: close, then call done once. After
 * deadline_ms whatever is left is closed. The server is gone when done is called; that can be later
 * than the deadline, because a request that still runs somewhere is waited for. */
void http_drain(struct http_server *server,
                uint32_t deadline_ms,
                void (*done)(void *context),
                void *context);
