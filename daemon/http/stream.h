/* The bytes of one connection, plain or under TLS; connection.c does not know which.
 *
 * Bytes are read straight into the owner's memory: `room` says where, `read` says how many came. A
 * stream that is not paused calls them whenever there is something. Under TLS a paused stream can
 * hold bytes that have left the socket already; so whoever has room again calls stream_fetch until
 * it gives nothing, which also makes the socket be read on.
 *
 * Everything is on the loop's thread. The memory is the owner's (the stream stands inside it) and
 * stays in place until `closed` is called. No event is called from within stream_init, stream_send
 * or stream_fetch. */
#pragma once

#include "proto/base/arena.h"
#include "proto/base/error.h"

#include <uv.h>

struct stream;
struct tls;        /* daemon/http/tls.h */
struct tls_stream; /* daemon/http/tls_stream.h */

struct stream_events {
    /* The handshake is over: bytes may come. Not called for a plain stream. */
    void (*ready)(struct stream *stream);
    /* Where to put bytes; never zero of them while the stream is not paused. */
    uint8_t *(*room)(struct stream *stream, size_t *bytes);
    /* That many bytes came into the room; 0: none after all; negative: the end, UV_EOF or an error;
     * an error can follow the end. */
    void (*read)(struct stream *stream, ssize_t size);
    /* All that was queued is out (0), or will never be (a libuv error). */
    void (*written)(struct stream *stream, int status);
    void (*closed)(struct stream *stream);
};

struct stream {
    uv_tcp_t tcp;
    const struct stream_events *events;
    struct tls_stream *tls; /* NULL: plain. */
    bool reading;           /* From the socket. */
    bool dropping;          /* What comes is not wanted any more. */
};

enum stream_sent { STREAM_SENT, STREAM_QUEUED, STREAM_FAILED };

/* The socket is there, but not connected: see stream_accept. `tls` NULL: plain. */
void stream_init(struct stream *stream,
                 uv_loop_t *loop,
                 const struct stream_events *events,
                 struct tls *tls);
/* Take what waits at the listener and begin to read. `scratch` is for bytes under way from the
 * socket, at least STREAM_SCRATCH_BYTES; all streams of a loop may share it. False: close it. */
enum { STREAM_SCRATCH_BYTES = 32 << 10 };
MUST_CHECK bool stream_accept(struct stream *stream, uv_tcp_t *listener, uint8_t *scratch);

/* Send now what the socket takes. QUEUED: the rest was copied, and `written` will be called. */
enum stream_sent stream_send(struct stream *stream, struct slice head, struct slice body);
/* More bytes for the room there is; 0: wait for the next `read`; negative: as in `read`. */
ssize_t stream_fetch(struct stream *stream, uint8_t *room, size_t bytes);
/* Stop reading. stream_fetch ends it. */
void stream_pause(struct stream *stream);
/* Nothing more will be sent, and what comes is dropped: only `read` with the end is still called.
 * Fails only when the client has gone: then reading ends too. */
void stream_shutdown(struct stream *stream);
/* `closed` comes later. */
void stream_close(struct stream *stream);

/* For tls_stream.c: bytes to the socket as they are. What it does not take at once is copied into
 * *rest, made or enlarged as needed; stream_queue hands that over. Negative: a libuv error. */
struct stream_rest;
int stream_put(struct stream *stream,
               const uv_buf_t *parts,
               unsigned count,
               struct stream_rest **rest);
/* Takes *rest, which may be NULL, and sets it to NULL. */
enum stream_sent stream_queue(struct stream *stream, struct stream_rest **rest);
