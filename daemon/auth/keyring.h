/* The access keys of a node: those of the credentials file and those of the catalog, as one set of
 * credentials that the loops check signatures against.
 *
 *     keyring_open -> keyring_serve -> (add, remove, set_policy, reload)* -> keyring_stop -> close
 *
 * A change is durable before it counts. Then a new set is made and handed to `use`, which returns
 * once nobody looks at the old one, so that it can be freed: a removed key is refused from then on,
 * by every loop. Changes take turns; they block on disk. Any thread but the loops'. */
#pragma once

#include "daemon/auth/key_record.h"

struct catalog;     /* storage/catalog/catalog.h */
struct credentials; /* daemon/http/credentials.h */
struct keyring;

struct keyring_options {
    struct catalog *catalog; /* Borrowed until keyring_close, as everything here. */
    const char *credentials; /* The file; NULL: none, and nobody checks signatures. */
    bool credentials_make;   /* Make one with a new key if there is none. */
    const char *key_file;
    bool key_file_make; /* With the first key; false: it must be there already. */
    void (*use)(void *context, const struct credentials *credentials);
    void *context;
};

/* *made: a credentials file was made. Errors: CONFIG (a file that is missing or broken; a key in
 * both places), CORRUPT (a record does not unseal), IO. */
MUST_CHECK bool keyring_open(const struct keyring_options *options,
                             struct keyring **keyring,
                             bool *made,
                             struct error *err);
void keyring_close(struct keyring *keyring); /* NULL is fine. */

/* NULL without a credentials file. Good until the next change. */
const struct credentials *keyring_credentials(const struct keyring *keyring);

/* From now on `use` is told of changes … */
void keyring_serve(struct keyring *keyring);
/* … and from now on changes fail with UNAVAILABLE. Waits for one under way. */
void keyring_stop(struct keyring *keyring);

/* Read the credentials file again. Errors as keyring_open: then the old set stays. */
MUST_CHECK bool keyring_reload(struct keyring *keyring, struct error *err);

/* `user` is 1 to ACCESS_USER_BYTES_MAX of letters, digits and +=,.@_- ; `policy` may be empty.
 * *made lives in the arena: the secret is nowhere else to be had. Errors: VALIDATION (user, policy,
 * too many keys), UNAVAILABLE, THROTTLED, IO. */
MUST_CHECK bool keyring_add(struct keyring *keyring,
                            struct slice user,
                            struct slice policy,
                            uint64_t now_ms,
                            struct arena *arena,
                            struct key_record *made,
                            struct error *err);
/* Errors: NOT_FOUND (also for a key of the file), UNAVAILABLE, THROTTLED, IO, CORRUPT. */
MUST_CHECK bool keyring_remove(struct keyring *keyring, struct slice id, struct error *err);
/* Empty: none any more. Errors: as keyring_remove; VALIDATION. */
MUST_CHECK bool keyring_set_policy(struct keyring *keyring,
                                   struct slice id,
                                   struct slice policy,
                                   struct error *err);

/* One key that is taken; `record` without the secret, `user` empty for one of the file. */
struct keyring_entry {
    struct key_record record;
    bool of_file;
};
/* All of them, in the arena: those of the file, then the catalog's by id. Errors: CORRUPT, IO. */
MUST_CHECK bool keyring_list(struct keyring *keyring,
                             struct arena *arena,
                             struct keyring_entry **entries,
                             uint32_t *count,
                             struct error *err);
