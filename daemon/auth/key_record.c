#include "daemon/auth/key_record.h"

#include "proto/base/bytes.h"
#include "proto/base/limits.h"

#include <sodium.h>

enum {
    VERSION = 0,
    CREATED = 1,
    USER_BYTES = 9,
    POLICY_BYTES = 11,
    NONCE = 15,
    HEADER_BYTES = NONCE + KEY_RECORD_NONCE_BYTES,
    RECORD_VERSION = 1,
    SEAL_BYTES = crypto_aead_xchacha20poly1305_ietf_ABYTES,
};
_Static_assert(KEY_RECORD_NONCE_BYTES == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce");
_Static_assert(KEY_FILE_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key");

/* What the seal binds besides the secret: the id's length, the id, the record up to the secret. */
static struct slice key_record_bound(struct arena *arena, struct slice id, struct slice open)
{
    struct buffer to;
    buffer_init(&to, arena, 1 + id.size + open.size);
    buffer_append_byte(&to, (uint8_t)id.size);
    buffer_append_slice(&to, id);
    buffer_append_slice(&to, open);
    return buffer_slice(&to);
}

void key_record_seal(const struct key_record *record,
                     const uint8_t key[static KEY_FILE_KEY_BYTES],
                     const uint8_t nonce[static KEY_RECORD_NONCE_BYTES],
                     struct buffer *to)
{
    ensure(record->id.size > 0 && record->id.size <= ACCESS_ID_BYTES_MAX);
    ensure(record->user.size > 0 && record->user.size <= ACCESS_USER_BYTES_MAX);
    ensure(record->policy.size <= TABLE_POLICY_BYTES_MAX);
    ensure(record->secret.size > 0 && record->secret.size <= CREDENTIAL_FIELD_BYTES_MAX);
    size_t start = to->size;
    uint8_t header[HEADER_BYTES];
    header[VERSION] = RECORD_VERSION;
    put_be64(header + CREATED, record->created_ms);
    put_be16(header + USER_BYTES, (uint16_t)record->user.size);
    put_be32(header + POLICY_BYTES, (uint32_t)record->policy.size);
    memcpy(header + NONCE, nonce, KEY_RECORD_NONCE_BYTES);
    buffer_append(to, header, sizeof(header));
    buffer_append_slice(to, record->user);
    buffer_append_slice(to, record->policy);
    struct slice bound =
        key_record_bound(to->arena, record->id, slice_of(to->data + start, to->size - start));
    uint8_t *sealed = buffer_reserve(to, record->secret.size + SEAL_BYTES);
    unsigned long long size = 0;
    int failed = crypto_aead_xchacha20poly1305_ietf_encrypt(sealed, &size, record->secret.data,
                                                            record->secret.size, bound.data,
                                                            bound.size, NULL, nonce, key);
    ensure(failed == 0 && size == record->secret.size + SEAL_BYTES);
    to->size += size;
}

bool key_record_open(struct slice id,
                     struct slice bytes,
                     const uint8_t key[static KEY_FILE_KEY_BYTES],
                     struct arena *arena,
                     struct key_record *record,
                     struct error *err)
{
    if (id.size == 0 || id.size > ACCESS_ID_BYTES_MAX || bytes.size < HEADER_BYTES ||
        bytes.data[VERSION] != RECORD_VERSION) {
        return error_set(err, ERROR_CORRUPT, "the record of access key %.*s does not decode",
                         SLICE_ARGS(id));
    }
    size_t user = get_be16(bytes.data + USER_BYTES);
    size_t policy = get_be32(bytes.data + POLICY_BYTES);
    size_t left = bytes.size - HEADER_BYTES;
    if (user == 0 || user > ACCESS_USER_BYTES_MAX || user > left ||
        policy > TABLE_POLICY_BYTES_MAX || policy > left - user ||
        left - user - policy <= SEAL_BYTES ||
        left - user - policy > CREDENTIAL_FIELD_BYTES_MAX + SEAL_BYTES) {
        return error_set(err, ERROR_CORRUPT,
                         "the record of access key %.*s has lengths that do not fit",
                         SLICE_ARGS(id));
    }
    struct slice sealed = slice_of(bytes.data + HEADER_BYTES + user + policy, left - user - policy);
    struct slice bound =
        key_record_bound(arena, id, slice_of(bytes.data, HEADER_BYTES + user + policy));
    uint8_t *secret = arena_alloc(arena, sealed.size);
    unsigned long long size = 0;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(secret, &size, NULL, sealed.data, sealed.size,
                                                   bound.data, bound.size, bytes.data + NONCE,
                                                   key) != 0) {
        return error_set(err, ERROR_CORRUPT,
                         "access key %.*s cannot be unsealed: its record is damaged, or the key "
                         "file is not the one that it was sealed under",
                         SLICE_ARGS(id));
    }
    *record = (struct key_record){
        .id = arena_copy(arena, id),
        .user = arena_copy(arena, slice_of(bytes.data + HEADER_BYTES, user)),
        .created_ms = get_be64(bytes.data + CREATED),
        .secret = slice_of(secret, size),
    };
    if (policy > 0) {
        record->policy = arena_copy(arena, slice_of(bytes.data + HEADER_BYTES + user, policy));
    }
    return true;
}
