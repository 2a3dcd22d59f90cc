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
};

struct credentials;

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
/* NULL is fine. */
void credentials_close(struct credentials *credentials);

/* NULL when there is none of this id. */
const struct credential *credentials_find(const struct credentials *credentials, struct slice id);
uint32_t credentials_count(const struct credentials *credentials);
