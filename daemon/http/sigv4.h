/* AWS Signature Version 4, the checking side: header form and query form.
 *
 * One verifier per loop, used on that loop's thread only. It keeps OpenSSL's fetched algorithms and
 * a table of HMAC states that are already keyed with signing keys (by access key and date; region
 * and service are the verifier's own), so that an ordinary check costs two SHA-256 and one HMAC.
 *
 * The body's hash is always computed: a client that signed another hash, or UNSIGNED-PAYLOAD, fails
 * as a signature that differs. */
#pragma once

#include "daemon/http/credentials.h"
#include "daemon/http/http.h"

struct sigv4;

/* All are borrowed and outlive the verifier. `region` is the only one accepted in scopes. */
struct sigv4 *
sigv4_open(const struct credentials *credentials, const char *region, const char *service);
/* Take these from now on; the old ones may then be closed. */
void sigv4_use(struct sigv4 *sigv4, const struct credentials *credentials);
/* NULL is fine. */
void sigv4_close(struct sigv4 *sigv4);

/* Check a request at wall time `now_s`. On false *message is the whole text for the client, in the
 * request's arena: it can be longer than what fits into err->text.
 * Errors: MISSING_TOKEN, INCOMPLETE_SIGNATURE, INVALID_SIGNATURE, UNRECOGNIZED_CLIENT,
 * EXPIRED_TOKEN. */
MUST_CHECK bool sigv4_verify(struct sigv4 *sigv4,
                             const struct http_request *request,
                             uint64_t now_s,
                             const struct credential **credential,
                             struct slice *message,
                             struct error *err);
