/* What a signed request says about its signature, taken apart; and the canonical request.
 *
 * Pure: no crypto, no clock. One thread. Slices borrow from the request or live in its arena. */
#pragma once

#include "daemon/http/http.h"

#include "proto/base/buffer.h"

struct sigv4_parameter {
    struct slice name, value; /* Decoded. */
};

struct sigv4_parts {
    bool query_form;
    struct slice authorization; /* The whole header's value. */
    struct slice algorithm, credential, signature, signed_headers, date, expires, token;
    struct slice id;    /* Of the credential: the key id, and then … */
    struct slice scope; /* … date/region/service/terminator, also one by one. */
    struct slice scope_date, scope_region, scope_service, scope_terminator;
    uint64_t date_s;
    struct sigv4_parameter parameters[SIGV4_QUERY_PARAMETERS_MAX];
    uint32_t parameters_count;
};

/* Fail with a text of any length: *message is all of it, err->text what fits. Returns false. */
bool sigv4_fail(struct slice text, enum error_code code, struct slice *message, struct error *err);

/* Checks 1 to 6 of the API reference's list. Errors as sigv4_verify. */
MUST_CHECK bool sigv4_parse(const struct http_request *request,
                            struct sigv4_parts *parts,
                            struct slice *message,
                            struct error *err);

/* "20130609T000000Z" to and from wall seconds. */
enum { SIGV4_DATE_BYTES = 16 };
bool sigv4_parse_date(struct slice text, uint64_t *seconds);
void sigv4_write_date(uint64_t seconds, char text[SIGV4_DATE_BYTES + 1]);

/* --- sigv4_canonical.c ---------------------------------------------------------------------- */

/* Is the header among those that are signed? Ignores case. */
bool sigv4_signs(const struct sigv4_parts *parts, const char *header);

/* The canonical request, `body_hash` being the hex SHA-256 of the body. */
struct slice sigv4_canonical(const struct http_request *request,
                             const struct sigv4_parts *parts,
                             struct slice body_hash);
