/* Access keys a node accepts, read from a file in the form of the AWS CLI's shared credentials:
 *
 *     [default]
 *     aws_access_key_id = AKIA…
 *     aws_secret_access_key = …
 *     aws_session_token = …                                  (optional: requests must then carry
 * it) aws_credential_expiration = 2026-12-31T00:00:00Z       (optional: refused from then on)
 *
 * Sections and other keys are free: any number of keys, looked up by their id in constant time.
 * Opening blocks on disk; an open set never changes, so any thread may look things up. */
#pragma once

#include "proto/base/error.h"

struct credential {
    struct slice id;
    struct slice secret;
    struct slice session_token; /* Empty: none is asked for. */
    uint64_t expires_s;         /* Wall seconds; 0: never. */
    uint32_t number;            /* 0 … credentials_count - 1. */
    /* Of a key of the catalog; a key of the file is its account's root, and may do everything. */
    struct slice user;           /* Empty: the root. */
    const struct policy *policy; /* NULL: everything is allowed. */
};

struct credentials;
struct policy; /* daemon/auth/policy.h */

/* From the bytes of a file; `path` is for error texts only. Both are borrowed for the call.
 * Errors: CONFIG, with path and line. */
MUST_CHECK bool credentials_parse(const char *path,
                                  struct slice text,
                                  struct credentials **credentials,
                                  struct error *err);

/* From a file. If it does not exist and `make` is set, a file with one new random key is made there
 * (mode 0600, synced), and *made says so. Errors: CONFIG; IO. */
MUST_CHECK bool credentials_open(
    const char *path, bool make, struct credentials **credentials, bool *made, struct error *err);
/* What they were parsed from, without what was added. */
struct slice credentials_file_text(const struct credentials *credentials);
/* One more, before anybody looks things up: number is assigned, the slices are copied, the policy
 * is taken over. Errors: CONFIG when there is a key of this id, and the policy stays the caller's.
 */
MUST_CHECK bool credentials_add(struct credentials *credentials,
                                const struct credential *credential,
                                struct error *err);
/* NULL is fine. */
void credentials_close(struct credentials *credentials);

/* NULL when there is none of this id. */
const struct credential *credentials_find(const struct credentials *credentials, struct slice id);
uint32_t credentials_count(const struct credentials *credentials);
const struct credential *credentials_at(const struct credentials *credentials, uint32_t number);

/* A new random key: "AKIA…" and its secret, without a terminator. Errors: IO. */
enum { CREDENTIALS_ID_BYTES = 20, CREDENTIALS_SECRET_BYTES = 40 };
MUST_CHECK bool credentials_generate(char id[static CREDENTIALS_ID_BYTES],
                                     char secret[static CREDENTIALS_SECRET_BYTES],
                                     struct error *err);
