#include "daemon/http/stream.h"

#include "daemon/http/tls_stream.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* What the socket has not taken at once; owns its bytes. */
struct stream_rest {
    uv_write_t request;
    struct stream *stream;
    size_t size, capacity;
    char bytes[];
};

static struct stream *stream_of(const uv_handle_t *handle)
{
    return CONTAINER_OF(handle, struct stream, tcp);
}

void stream_init(struct stream *stream,
                 uv_loop_t *loop,
                 const struct stream_events *events,
                 struct tls *tls)
{
    stream->events = events;
    stream->reading = false;
    stream->dropping = false;
    ensure(uv_tcp_init(loop, &stream->tcp) == 0);
    stream->tls = tls == NULL ? NULL : tls_stream_open(tls, stream);
}

/* --- Reading --------------------------------------------------------------------------------- */

static void stream_on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    (void)suggested;
    struct stream *stream = stream_of(handle);
    if (stream->tls != NULL) {
        buffer->base = (char *)tls_stream_scratch(stream->tls);
        buffer->len = STREAM_SCRATCH_BYTES;
        return;
    }
    size_t bytes = 0;
    buffer->base = (char *)stream->events->room(stream, &bytes);
    buffer->len = bytes;
    ensure(bytes > 0); /* Reading is stopped when there is no room. */
}

static void stream_on_read(uv_stream_t *handle, ssize_t size, const uv_buf_t *buffer)
{
    struct stream *stream = stream_of((uv_handle_t *)handle);
    if (uv_is_closing((uv_handle_t *)handle)) {
        return;
    }
    if (size >= 0 && stream->dropping) {
        return;
    }
    if (stream->tls != NULL && size > 0) {
        tls_stream_take(stream->tls, slice_of((uint8_t *)buffer->base, (size_t)size));
        return;
    }
    if (stream->tls == NULL || size < 0) {
        stream->events->read(stream, size);
    }
}

static bool stream_start_reading(struct stream *stream)
{
    if (!stream->reading) {
        stream->reading =
            uv_read_start((uv_stream_t *)&stream->tcp, stream_on_allocate, stream_on_read) == 0;
    }
    return stream->reading;
}

bool stream_accept(struct stream *stream, uv_tcp_t *listener, uint8_t *scratch)
{
    if (stream->tls != NULL) {
        tls_stream_use_scratch(stream->tls, scratch);
    }
    return uv_accept((uv_stream_t *)listener, (uv_stream_t *)&stream->tcp) == 0 &&
           uv_tcp_nodelay(&stream->tcp, 1) == 0 && stream_start_reading(stream);
}

ssize_t stream_fetch(struct stream *stream, uint8_t *room, size_t bytes)
{
    ssize_t size = stream->tls == NULL ? 0 : tls_stream_fetch(stream->tls, room, bytes);
    if (size != 0) {
        return size;
    }
    return stream_start_reading(stream) ? 0 : UV_EIO;
}

void stream_pause(struct stream *stream)
{
    stream->reading = false;
    uv_read_stop((uv_stream_t *)&stream->tcp);
}

/* --- Writing --------------------------------------------------------------------------------- */

static void stream_on_written(uv_write_t *request, int status)
{
    struct stream_rest *rest = CONTAINER_OF(request, struct stream_rest, request);
    struct stream *stream = rest->stream;
    free(rest);
    if (uv_is_closing((uv_handle_t *)&stream->tcp)) {
        return;
    }
    if (status != 0 || stream->tcp.write_queue_size == 0) {
        stream->events->written(stream, status);
    }
}

static void
stream_keep(struct stream *stream, struct stream_rest **rest, const char *at, size_t size)
{
    struct stream_rest *kept = *rest;
    size_t used = kept == NULL ? 0 : kept->size;
    if (kept == NULL || size > kept->capacity - used) {
        size_t capacity = used + size > 2 * used ? used + size : 2 * used;
        kept = realloc(kept, sizeof(*kept) + capacity);
        ensure(kept != NULL);
        kept->capacity = capacity;
    }
    memcpy(kept->bytes + used, at, size);
    kept->size = used + size;
    kept->stream = stream;
    *rest = kept;
}

int stream_put(struct stream *stream,
               const uv_buf_t *parts,
               unsigned count,
               struct stream_rest **rest)
{
    int sent = 0;
    if (*rest == NULL) {
        sent = uv_try_write((uv_stream_t *)&stream->tcp, parts, count);
        sent = sent == UV_EAGAIN ? 0 : sent;
    }
    if (sent < 0) {
        return sent;
    }
    size_t skip = (size_t)sent, total = 0;
    for (unsigned i = 0; i < count; i++) {
        total += parts[i].len;
    }
    if (skip == total) {
        return 0;
    }
    for (unsigned i = 0; i < count; i++) {
        size_t skipped = skip < parts[i].len ? skip : parts[i].len;
        skip -= skipped;
        if (skipped < parts[i].len) {
            stream_keep(stream, rest, parts[i].base + skipped, parts[i].len - skipped);
        }
    }
    return 0;
}

enum stream_sent stream_queue(struct stream *stream, struct stream_rest **rest)
{
    struct stream_rest *queued = *rest;
    *rest = NULL;
    if (queued == NULL) {
        return STREAM_SENT;
    }
    uv_buf_t bytes = {.base = queued->bytes, .len = queued->size};
    if (uv_write(&queued->request, (uv_stream_t *)&stream->tcp, &bytes, 1, stream_on_written) !=
        0) {
        free(queued);
        return STREAM_FAILED;
    }
    return STREAM_QUEUED;
}

enum stream_sent stream_send(struct stream *stream, struct slice head, struct slice body)
{
    if (stream->tls != NULL) {
        return tls_stream_send(stream->tls, head, body);
    }
    uv_buf_t parts[2] = {
        {.base = (char *)(uintptr_t)head.data, .len = head.size},
        {.base = (char *)(uintptr_t)body.data, .len = body.size},
    };
    struct stream_rest *rest = NULL;
    if (stream_put(stream, parts, body.size > 0 ? 2 : 1, &rest) != 0) {
        return STREAM_FAILED;
    }
    return stream_queue(stream, &rest);
}

/* --- The end --------------------------------------------------------------------------------- */

void stream_shutdown(struct stream *stream)
{
    uv_os_fd_t fd;
    stream->dropping = true;
    if (stream->tls != NULL) {
        tls_stream_goodbye(stream->tls);
    }
    if (uv_fileno((uv_handle_t *)&stream->tcp, &fd) == 0) {
        (void)shutdown(fd, SHUT_WR);
    }
}

static void stream_on_closed(uv_handle_t *handle)
{
    struct stream *stream = stream_of(handle);
    tls_stream_close(stream->tls);
    stream->events->closed(stream);
}

void stream_close(struct stream *stream)
{
    if (stream->tls != NULL) {
        tls_stream_goodbye(stream->tls);
    }
    uv_close((uv_handle_t *)&stream->tcp, stream_on_closed);
}
