#include "storage/log/change.h"

#include "proto/base/checksum.h"

enum {
    CHANGE_CRC_BYTES = 4,
    CHANGE_FORMAT = 4,
    CHANGE_FLAGS = 5,
    CHANGE_HEAD_BYTES = 6,
    CHANGE_FORMAT_VERSION = 1,
    CHANGE_TOMBSTONE = 1,
    CHANGE_COMPLETE = 2,
    CHANGE_GROUPED = 4,
};

void change_encode(struct buffer *to, const struct change *change)
{
    ensure(change->key.size > 0 && change->key.size <= CHANGE_KEY_BYTES_MAX);
    ensure(change->image.size == 0 || (change->has_image && !change->tombstone));
    ensure(change->following < TRANSACTION_ITEMS_MAX);
    size_t start = to->size;
    uint8_t *head = buffer_reserve(to, CHANGE_HEAD_BYTES);
    head[CHANGE_FORMAT] = CHANGE_FORMAT_VERSION;
    head[CHANGE_FLAGS] = (uint8_t)((change->tombstone ? CHANGE_TOMBSTONE : 0) |
                                   (change->has_image ? CHANGE_COMPLETE : 0) |
                                   (change->following > 0 ? CHANGE_GROUPED : 0));
    to->size += CHANGE_HEAD_BYTES;
    if (change->following > 0) {
        buffer_append_varint(to, change->following);
    }
    buffer_append_varint(to, change->table_id);
    version_encode(to, &change->version);
    buffer_append_varint(to, change->key.size);
    buffer_append_slice(to, change->key);
    buffer_append_slice(to, change->image);

    struct slice guarded = {to->data + start + CHANGE_CRC_BYTES,
                            to->size - start - CHANGE_CRC_BYTES};
    put_be32(to->data + start, crc32c(guarded));
}

/* What the flags and the checksum leave: the fields behind the head. */
static bool
change_take_fields(struct slice left, bool grouped, struct change *change, struct error *err)
{
    uint64_t table_id;
    uint64_t key_bytes;
    uint64_t following = 0;
    if (grouped &&
        (!take_varint(&left, &following) || following == 0 || following >= TRANSACTION_ITEMS_MAX)) {
        return error_set(err, ERROR_CORRUPT, "a change record's group does not decode");
    }
    if (!take_varint(&left, &table_id) || table_id > UINT32_MAX) {
        return error_set(err, ERROR_CORRUPT, "a change record's table id does not decode");
    }
    if (!version_take(&left, &change->version)) {
        return error_set(err, ERROR_CORRUPT, "a change record's version does not decode");
    }
    if (!take_varint(&left, &key_bytes) || key_bytes == 0 || key_bytes > CHANGE_KEY_BYTES_MAX ||
        !take_bytes(&left, key_bytes, &change->key)) {
        return error_set(err, ERROR_CORRUPT, "a change record's key does not decode, %zu left",
                         left.size);
    }
    if (left.size > 0 && (change->tombstone || !change->has_image)) {
        return error_set(err, ERROR_CORRUPT, "a change record without image carries %zu bytes",
                         left.size);
    }
    change->table_id = (uint32_t)table_id;
    change->following = (uint32_t)following;
    change->image = left;
    return true;
}

bool change_decode(struct slice bytes, struct change *change, struct error *err)
{
    if (bytes.size < CHANGE_HEAD_BYTES) {
        return error_set(err, ERROR_CORRUPT, "a change record of %zu bytes", bytes.size);
    }
    struct slice guarded = {bytes.data + CHANGE_CRC_BYTES, bytes.size - CHANGE_CRC_BYTES};
    if (get_be32(bytes.data) != crc32c(guarded)) {
        return error_set(err, ERROR_CORRUPT, "a change record's checksum does not fit");
    }
    if (bytes.data[CHANGE_FORMAT] != CHANGE_FORMAT_VERSION) {
        return error_set(err, ERROR_CORRUPT, "a change record of format %u",
                         bytes.data[CHANGE_FORMAT]);
    }
    uint8_t flags = bytes.data[CHANGE_FLAGS];
    if (flags > (CHANGE_TOMBSTONE | CHANGE_COMPLETE | CHANGE_GROUPED)) {
        return error_set(err, ERROR_CORRUPT, "a change record with flags %u", flags);
    }
    struct change made = {.tombstone = (flags & CHANGE_TOMBSTONE) != 0,
                          .has_image = (flags & CHANGE_COMPLETE) != 0};
    struct slice left = {bytes.data + CHANGE_HEAD_BYTES, bytes.size - CHANGE_HEAD_BYTES};
    if (!change_take_fields(left, (flags & CHANGE_GROUPED) != 0, &made, err)) {
        return false;
    }
    *change = made;
    return true;
}

void change_log_key(uint64_t seq, uint8_t key[static CHANGE_LOG_KEY_BYTES])
{
    put_be64(key, seq);
}

bool change_log_seq(struct slice key, uint64_t *seq, struct error *err)
{
    if (key.size != CHANGE_LOG_KEY_BYTES) {
        return error_set(err, ERROR_CORRUPT, "a log key of %zu bytes", key.size);
    }
    *seq = get_be64(key.data);
    return true;
}
