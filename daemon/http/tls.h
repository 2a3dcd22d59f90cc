/* A certificate with its key, and what we speak with it: TLS 1.2 and 1.3, http/1.1.
 *
 * A reload replaces both for connections that are accepted from then on; those that are open keep
 * what they began with. */
#pragma once

#include "proto/base/error.h"

#include <openssl/bio.h>
#include <openssl/types.h>

struct tls;

/* PEM files: the certificate with the chain behind it, and its key without a passphrase. Main
 * thread. Errors: CONFIG, naming the file. */
MUST_CHECK bool
tls_open(const char *certificate, const char *key, struct tls **tls, struct error *err);
/* Read the files again; when they are not in order the old ones stay. Main thread. Errors: CONFIG.
 */
MUST_CHECK bool tls_reload(struct tls *tls, struct error *err);
/* After all sessions. NULL is fine. */
void tls_close(struct tls *tls);

/* The day until which the certificate is good, "2027-01-31"; for the log. Main thread. */
const char *tls_expires(const struct tls *tls);
/* Is it past that day, or not yet good? Main thread. */
bool tls_is_outdated(const struct tls *tls);

/* A session of the server's side with the certificate of now. Any thread. */
SSL *tls_session(struct tls *tls);
BIO_METHOD *tls_method(const struct tls *tls);
