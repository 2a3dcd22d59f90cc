#include "daemon/http/tls_stream.h"

#include "daemon/http/tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

struct tls_stream {
    struct stream *stream;
    SSL *session;
    uint8_t *scratch;         /* Borrowed. */
    struct slice in;          /* Records not yet opened: in the scratch, or in `kept`. */
    uint8_t *kept;            /* While the owner has no room for what they hold. */
    struct stream_rest *rest; /* Records that the socket has not taken. */
    bool open;                /* The handshake is over. */
    bool ended;               /* The client has said that it sends no more. */
    bool failed;              /* The socket's or OpenSSL's failure: no further use. */
    bool said_goodbye;
};

/* --- Between OpenSSL and the socket ---------------------------------------------------------- */

static int tls_bio_read(BIO *bio, char *to, int size)
{
    struct tls_stream *tls = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (tls->in.size == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    size_t taken = tls->in.size < (size_t)size ? tls->in.size : (size_t)size;
    memcpy(to, tls->in.data, taken);
    tls->in.data += taken;
    tls->in.size -= taken;
    return (int)taken;
}

static int tls_bio_write(BIO *bio, const char *from, int size)
{
    struct tls_stream *tls = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    uv_buf_t part = {.base = (char *)(uintptr_t)from, .len = (size_t)size};
    if (tls->failed || stream_put(tls->stream, &part, 1, &tls->rest) != 0) {
        tls->failed = true;
        return -1;
    }
    return size;
}

static long tls_bio_control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0; /* All else is for sockets, files and datagrams. */
}

BIO_METHOD *tls_stream_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream");
    ensure(method != NULL);
    ensure(BIO_meth_set_read(method, tls_bio_read) == 1);
    ensure(BIO_meth_set_write(method, tls_bio_write) == 1);
    ensure(BIO_meth_set_ctrl(method, tls_bio_control) == 1);
    return method;
}

struct tls_stream *tls_stream_open(struct tls *tls, struct stream *stream)
{
    struct tls_stream *made = calloc(1, sizeof(*made));
    ensure(made != NULL);
    made->stream = stream;
    made->session = tls_session(tls);
    BIO *bio = BIO_new(tls_method(tls));
    ensure(bio != NULL);
    BIO_set_data(bio, made);
    BIO_set_init(bio, 1);
    SSL_set_bio(made->session, bio, bio);
    SSL_set_accept_state(made->session);
    return made;
}

void tls_stream_close(struct tls_stream *tls)
{
    if (tls == NULL) {
        return;
    }
    SSL_free(tls->session); /* And its BIO. */
    free(tls->kept);
    free(tls->rest);
    free(tls);
}

void tls_stream_use_scratch(struct tls_stream *tls, uint8_t *scratch)
{
    tls->scratch = scratch;
}

uint8_t *tls_stream_scratch(const struct tls_stream *tls)
{
    return tls->scratch;
}

/* --- Reading --------------------------------------------------------------------------------- */

/* Records that OpenSSL made by itself: of the handshake, alerts, key updates. */
static void tls_flush(struct tls_stream *tls)
{
    if (stream_queue(tls->stream, &tls->rest) == STREAM_FAILED) {
        tls->failed = true;
    }
}

/* As stream_fetch: one record at most. */
static ssize_t tls_read(struct tls_stream *tls, uint8_t *room, size_t bytes)
{
    size_t size = 0;
    ssize_t result = UV_EPROTO;
    ERR_clear_error();
    int ok = SSL_read_ex(tls->session, room, bytes, &size);
    int problem = ok == 1 ? SSL_ERROR_NONE : SSL_get_error(tls->session, ok);
    if (problem == SSL_ERROR_NONE) {
        result = (ssize_t)size;
    } else if (problem == SSL_ERROR_WANT_READ) {
        result = 0;
    } else if (problem == SSL_ERROR_ZERO_RETURN) {
        tls->ended = true;
        result = UV_EOF;
    } else {
        tls->failed = true;
    }
    tls_flush(tls);
    return tls->failed ? UV_EPROTO : result;
}

/* Somebody forgot the s of https: say so in the language that was spoken. */
static void tls_answer_plain(struct tls_stream *tls)
{
    static const char answer[] = "HTTP/1.1 400 Bad Request\r\nServer: Server\r\n"
                                 "Content-Type: text/plain\r\nContent-Length: 39\r\n"
                                 "Connection: close\r\n\r\nThis port speaks HTTPS, not plain HTTP.";
    uv_buf_t part = {.base = (char *)(uintptr_t)answer, .len = sizeof(answer) - 1};
    if (stream_put(tls->stream, &part, 1, &tls->rest) != 0) {
        tls->failed = true;
    }
}

/* Is the handshake over? When it fails the owner is told. */
static bool tls_shake_hands(struct tls_stream *tls)
{
    ERR_clear_error();
    int done = SSL_do_handshake(tls->session);
    int problem = done == 1 ? SSL_ERROR_NONE : SSL_get_error(tls->session, done);
    bool refused = problem != SSL_ERROR_NONE && problem != SSL_ERROR_WANT_READ;
    if (refused && ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST) {
        tls_answer_plain(tls);
    }
    tls_flush(tls);
    if (refused || tls->failed) {
        tls->failed = true;
        tls->stream->events->read(tls->stream, UV_EPROTO);
        return false;
    }
    tls->open = problem == SSL_ERROR_NONE;
    if (tls->open) {
        tls->stream->events->ready(tls->stream);
    }
    return tls->open;
}

static bool tls_is_live(const struct tls_stream *tls)
{
    return !tls->failed && !tls->ended && !tls->stream->dropping &&
           !uv_is_closing((const uv_handle_t *)&tls->stream->tcp);
}

static bool tls_has_more(const struct tls_stream *tls)
{
    return tls->in.size > 0 || SSL_has_pending(tls->session) == 1;
}

static void tls_pump(struct tls_stream *tls)
{
    struct stream *stream = tls->stream;
    if (!tls->open && !tls_shake_hands(tls)) {
        return;
    }
    while (tls_is_live(tls) && tls_has_more(tls)) {
        size_t bytes = 0;
        uint8_t *room = stream->events->room(stream, &bytes);
        if (bytes == 0) {
            return; /* Paused: stream_fetch goes on from here. */
        }
        ssize_t size = tls_read(tls, room, bytes);
        stream->events->read(stream, size);
        if (size <= 0) {
            return;
        }
    }
}

/* What is left unopened must outlast the scratch. */
static void tls_keep(struct tls_stream *tls, struct slice old, struct slice new)
{
    size_t size = old.size + new.size;
    uint8_t *kept = NULL;
    if (size > 0) {
        kept = malloc(size);
        ensure(kept != NULL);
        if (old.size > 0) {
            memcpy(kept, old.data, old.size);
        }
        if (new.size > 0) {
            memcpy(kept + old.size, new.data, new.size);
        }
    }
    free(tls->kept);
    tls->kept = kept;
    tls->in = (struct slice){kept, size};
}

void tls_stream_take(struct tls_stream *tls, struct slice records)
{
    if (!tls_is_live(tls)) {
        return;
    }
    if (tls->in.size > 0) {
        tls_keep(tls, tls->in, records);
    } else {
        tls->in = records;
    }
    tls_pump(tls);
    tls_keep(tls, tls_is_live(tls) ? tls->in : (struct slice){0}, (struct slice){0});
}

ssize_t tls_stream_fetch(struct tls_stream *tls, uint8_t *room, size_t bytes)
{
    if (!tls->open || !tls_is_live(tls) || !tls_has_more(tls)) {
        return 0;
    }
    return tls_read(tls, room, bytes);
}

/* --- Writing --------------------------------------------------------------------------------- */

static bool tls_write(struct tls_stream *tls, const uint8_t *from, size_t size)
{
    size_t written = 0;
    ERR_clear_error();
    /* Everything is taken or the socket has failed: there is no "try again" with our BIO. */
    return size == 0 || (SSL_write_ex(tls->session, from, size, &written) == 1 && written == size);
}

enum stream_sent tls_stream_send(struct tls_stream *tls, struct slice head, struct slice body)
{
    uint8_t first[SSL3_RT_MAX_PLAIN_LENGTH]; /* The head goes out in one record with the body. */
    if (!tls->open || tls->failed) {
        return STREAM_FAILED;
    }
    bool ok = true;
    if (head.size < sizeof(first)) {
        size_t room = sizeof(first) - head.size;
        size_t with = body.size < room ? body.size : room;
        memcpy(first, head.data, head.size);
        if (with > 0) {
            memcpy(first + head.size, body.data, with);
        }
        ok = tls_write(tls, first, head.size + with) &&
             tls_write(tls, body.data + with, body.size - with);
    } else {
        ok = tls_write(tls, head.data, head.size) && tls_write(tls, body.data, body.size);
    }
    if (!ok || tls->failed) {
        tls->failed = true;
        return STREAM_FAILED;
    }
    return stream_queue(tls->stream, &tls->rest);
}

void tls_stream_goodbye(struct tls_stream *tls)
{
    if (!tls->open || tls->failed || tls->said_goodbye) {
        return;
    }
    tls->said_goodbye = true;
    ERR_clear_error();
    (void)SSL_shutdown(tls->session); /* 0: the client's own is not waited for. */
    tls_flush(tls);
}
