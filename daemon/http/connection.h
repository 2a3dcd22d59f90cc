/* What server.c and connection.c share: the server, its connections and their slots.
 *
 * A connection without a request under way is little more than its socket. When bytes come it takes
 * a *slot* (parser with read buffer, request, arena) and gives it back when nothing is left to do,
 * so that a few hot slots serve all connections of a loop.
 *
 *     IDLE --> HEAD --> BODY --> RUNNING --> WRITING --> LINGERING --> CLOSED
 *       ^                           |           |
 *       +---------------------------+-----------+     (also straight on to the next HEAD)
 *
 * GREETING, before IDLE: the handshake of TLS.
 * RUNNING: the handler has the request. WRITING: the socket did not take the whole answer at once.
 * LINGERING: answered for the last time; what the client still sends is read and dropped for a
 * moment, because closing over unread bytes would make the kernel reset the answer away.
 *
 * A connection that closes while its request runs keeps its memory until the handler answers. */
#pragma once

#include "daemon/http/parser.h"
#include "daemon/http/stream.h"

#include <uv.h>

enum http_state {
    HTTP_STATE_GREETING,
    HTTP_STATE_IDLE,
    HTTP_STATE_HEAD,
    HTTP_STATE_BODY,
    HTTP_STATE_RUNNING,
    HTTP_STATE_WRITING,
    HTTP_STATE_LINGERING,
    HTTP_STATE_CLOSED,
    HTTP_STATES,
};

enum { HTTP_LINGER_MS = 1000, HTTP_ARENA_BYTES = 32 << 10, HTTP_DATE_BYTES = 29 };

struct http_slot {
    struct http_slot *next; /* While free. */
    struct arena arena;
    struct http_request request;
    struct http_parser parser;
};

struct http_connection {
    struct stream stream;
    struct http_server *server;
    struct http_slot *slot; /* NULL while idle. */
    enum http_state state;
    bool running;                            /* The handler owes an answer; also while CLOSED. */
    bool handling;                           /* Inside the handler's call. */
    bool closed;                             /* The socket's close callback has been called. */
    bool paused;                             /* Reading stopped: the buffer is full. */
    bool read_ended;                         /* The client sends no more. */
    bool last;                               /* Close after the answer under way. */
    bool continued;                          /* `100 Continue` was sent for this request. */
    size_t collected;                        /* Of server->collected, this connection's. */
    uint64_t since_ms;                       /* Of the state: loop time. */
    struct http_connection *previous, *next; /* Of server->all. */
    struct http_connection *earlier, *later; /* Of server->watched[state]. */
};

/* Connections in a state that has a time-out, in the order they entered it. */
struct http_watch {
    struct http_connection *first, *last;
    uint32_t timeout_ms; /* 0: none. */
};

struct http_server {
    struct http_options options;
    char address[64];
    uv_tcp_t listener;
    uint8_t *scratch; /* Of the connections' streams; NULL without TLS. */
    uv_timer_t tick;  /* Runs while there are connections. */
    uv_timer_t deadline;
    uint32_t handles; /* Of the three above, not yet closed. */
    uint32_t tick_ms;
    struct http_watch watched[HTTP_STATES];
    struct http_connection *all;
    uint32_t connections;      /* Open. */
    uint32_t connections_held; /* Also those that closed but are still in memory. */
    size_t collected;          /* Bytes of bodies too long for a read buffer, until answered. */
    struct http_slot *slots;
    uint32_t slots_free;
    bool draining;
    void (*done)(void *context);
    void *done_context;
    int64_t date_s;                 /* Of `date`. */
    char date[HTTP_DATE_BYTES + 1]; /* "Sun, 22 Nov 2026 08:57:38 GMT" */
};

/* server.c */
struct http_slot *http_slot_take(struct http_server *server);
void http_slot_give(struct http_server *server, struct http_slot *slot);
/* The current date, formatted once a second. */
const char *http_server_date(struct http_server *server);
/* One connection more or less is open. */
void http_server_count(struct http_server *server, int change);
/* A connection's memory is about to be freed. May free the server. */
void http_server_forget(struct http_connection *connection);

/* connection.c */
void http_connection_accept(struct http_server *server);
void http_connection_close(struct http_connection *connection);
/* Its time-out has passed. */
void http_connection_expire(struct http_connection *connection);

/* response.c: the whole head of an answer, ended by an empty line, in the arena. */
struct slice http_response_head(struct http_server *server,
                                struct arena *arena,
                                unsigned status,
                                struct slice content_type,
                                struct slice extra,
                                size_t body_bytes,
                                bool last);
