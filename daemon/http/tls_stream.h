/* TLS between a stream's socket and its owner. OpenSSL never sees the socket: it takes records from
 * memory and gives records to stream_put, so nothing blocks. For stream.c alone.
 *
 * Memory of an idle connection: OpenSSL's session, its buffers given back (about 10 KB). Records
 * that the owner has no room for are kept, and then the socket is not read: at most
 * twice STREAM_SCRATCH_BYTES. Answers are queued like those of a plain stream. */
#pragma once

#include "daemon/http/stream.h"

#include <openssl/bio.h>

struct tls_stream *tls_stream_open(struct tls *tls, struct stream *stream);
void tls_stream_close(struct tls_stream *tls); /* NULL is fine. */

/* Where the socket's bytes go. They are void after tls_stream_take. */
void tls_stream_use_scratch(struct tls_stream *tls, uint8_t *scratch);
uint8_t *tls_stream_scratch(const struct tls_stream *tls);

/* The socket gave these. Calls the stream's events. */
void tls_stream_take(struct tls_stream *tls, struct slice records);
/* As stream_fetch and stream_send. */
ssize_t tls_stream_fetch(struct tls_stream *tls, uint8_t *room, size_t bytes);
enum stream_sent tls_stream_send(struct tls_stream *tls, struct slice head, struct slice body);
/* Send close_notify, once. */
void tls_stream_goodbye(struct tls_stream *tls);

/* How OpenSSL reaches a stream; tls.c keeps one for all sessions. Freed with BIO_meth_free. */
BIO_METHOD *tls_stream_method(void);
