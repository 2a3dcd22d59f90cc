/* One access key as the catalog keeps it. Everything is bound together by one seal: a record under
 * another id, with another user or policy, or under another key file does not open. Pure but for
 * the nonce. Any thread.
 *
 *   offset  size  field
 *        0     1  version      1; a reader refuses any other
 *        1     8  created_ms   big endian, like the two below
 *        9     2  user_bytes   1 to ACCESS_USER_BYTES_MAX
 *       11     4  policy_bytes 0: no policy; at most TABLE_POLICY_BYTES_MAX
 *       15    24  nonce
 *       39     -  user, policy (as it was put)
 *        -     -  secret, sealed by XChaCha20-Poly1305 (16 bytes longer than it is); the additional
 *                 data are the key's id and everything before this field */
#pragma once

#include "daemon/auth/key_file.h"
#include "proto/base/buffer.h"

enum { KEY_RECORD_NONCE_BYTES = 24 };

struct key_record {
    struct slice id;
    struct slice user;
    struct slice policy; /* JSON; empty: none, which is full access. */
    uint64_t created_ms;
    struct slice secret;
};

/* Appends. A nonce is never used twice. */
void key_record_seal(const struct key_record *record,
                     const uint8_t key[static KEY_FILE_KEY_BYTES],
                     const uint8_t nonce[static KEY_RECORD_NONCE_BYTES],
                     struct buffer *to);
/* Everything is copied into the arena; who asks for the secret wipes it there. Errors: CORRUPT. */
MUST_CHECK bool key_record_open(struct slice id,
                                struct slice bytes,
                                const uint8_t key[static KEY_FILE_KEY_BYTES],
                                struct arena *arena,
                                struct key_record *record,
                                struct error *err);
