#include "storage/log/change.h"

#include "proto/base/checksum.h"

enum {
    CHANGE_CRC_BYTES = 4,
    CHANGE_FORMAT = 4,
    CHANGE_FLAGS = 5,
    CHANGE_HEAD_BYTES = 6,
    CHANGE_FORMAT_PLAIN = 1,
    CHANGE_FORMAT_STREAM = 2,
    CHANGE_TOMBSTONE = 1,
    CHANGE_COMPLETE = 2,
    CHANGE_GROUPED = 4,
    CHANGE_STREAMED = 8,
    CHANGE_FOREIGN = 16,
    CHANGE_LOCAL = 32,
    CHANGE_FLAGS_PLAIN = CHANGE_TOMBSTONE | CHANGE_COMPLETE | CHANGE_GROUPED,
    CHANGE_FLAGS_STREAM = CHANGE_STREAMED | CHANGE_FOREIGN | CHANGE_LOCAL,
    CHANGE_EVENT_EXISTED = 1,
    CHANGE_EVENT_TTL = 2,
};

static uint8_t change_flags(const struct change *change)
{
    return (uint8_t)((change->tombstone ? CHANGE_TOMBSTONE : 0) |
                     (change->has_image ? CHANGE_COMPLETE : 0) |
                     (change->following > 0 ? CHANGE_GROUPED : 0) |
                     (change->streamed ? CHANGE_STREAMED : 0) |
                     (change->foreign ? CHANGE_FOREIGN : 0) |
                     (change->local_stamp != 0 ? CHANGE_LOCAL : 0));
}

/* Do the fields fit each other? */
static bool change_fits(const struct change *change)
{
    if (change->image.size > 0 &&
        (change->tombstone || (!change->has_image && !change->streamed))) {
        return false;
    }
    if (change->foreign && (!change->streamed || change->has_image || change->following > 0 ||
                            change->local_stamp == 0)) {
        return false;
    }
    if (!change->streamed) {
        return !change->existed && !change->by_ttl && change->old_image.size == 0;
    }
    return (change->existed || (!change->tombstone && change->old_image.size == 0)) &&
           (!change->by_ttl || change->tombstone);
}

void change_encode(struct buffer *to, const struct change *change)
{
    ensure(change->key.size > 0 && change->key.size <= CHANGE_KEY_BYTES_MAX);
    ensure(change_fits(change));
    ensure(change->following < TRANSACTION_ITEMS_MAX);
    size_t start = to->size;
    uint8_t flags = change_flags(change);
    uint8_t *head = buffer_reserve(to, CHANGE_HEAD_BYTES);
    head[CHANGE_FORMAT] =
        (flags & CHANGE_FLAGS_STREAM) != 0 ? CHANGE_FORMAT_STREAM : CHANGE_FORMAT_PLAIN;
    head[CHANGE_FLAGS] = flags;
    to->size += CHANGE_HEAD_BYTES;
    if (change->following > 0) {
        buffer_append_varint(to, change->following);
    }
    buffer_append_varint(to, change->table_id);
    version_encode(to, &change->version);
    if (change->local_stamp != 0) {
        buffer_append_varint(to, change->local_stamp);
    }
    buffer_append_varint(to, change->key.size);
    buffer_append_slice(to, change->key);
    if (change->streamed) {
        buffer_append_byte(to, (uint8_t)((change->existed ? CHANGE_EVENT_EXISTED : 0) |
                                         (change->by_ttl ? CHANGE_EVENT_TTL : 0)));
        buffer_append_varint(to, change->old_image.size);
        buffer_append_slice(to, change->old_image);
    }
    buffer_append_slice(to, change->image);

    struct slice guarded = {to->data + start + CHANGE_CRC_BYTES,
                            to->size - start - CHANGE_CRC_BYTES};
    put_be32(to->data + start, crc32c(guarded));
}

/* What is the stream's alone. */
static bool change_take_event(struct slice *left, struct change *change, struct error *err)
{
    struct slice event;
    uint64_t old_bytes;
    if (!take_bytes(left, 1, &event) || event.data[0] > (CHANGE_EVENT_EXISTED | CHANGE_EVENT_TTL) ||
        !take_varint(left, &old_bytes) || !take_bytes(left, old_bytes, &change->old_image)) {
        return error_set(err, ERROR_CORRUPT, "a change record's event does not decode");
    }
    change->existed = (event.data[0] & CHANGE_EVENT_EXISTED) != 0;
    change->by_ttl = (event.data[0] & CHANGE_EVENT_TTL) != 0;
    return true;
}

/* What the flags and the checksum leave: the fields behind the head. */
static bool
change_take_fields(struct slice left, uint8_t flags, struct change *change, struct error *err)
{
    uint64_t table_id;
    uint64_t key_bytes;
    uint64_t following = 0;
    if ((flags & CHANGE_GROUPED) != 0 &&
        (!take_varint(&left, &following) || following == 0 || following >= TRANSACTION_ITEMS_MAX)) {
        return error_set(err, ERROR_CORRUPT, "a change record's group does not decode");
    }
    if (!take_varint(&left, &table_id) || table_id > UINT32_MAX) {
        return error_set(err, ERROR_CORRUPT, "a change record's table id does not decode");
    }
    if (!version_take(&left, &change->version)) {
        return error_set(err, ERROR_CORRUPT, "a change record's version does not decode");
    }
    if ((flags & CHANGE_LOCAL) != 0 &&
        (!take_varint(&left, &change->local_stamp) || change->local_stamp == 0)) {
        return error_set(err, ERROR_CORRUPT, "a change record's local stamp does not decode");
    }
    if (!take_varint(&left, &key_bytes) || key_bytes == 0 || key_bytes > CHANGE_KEY_BYTES_MAX ||
        !take_bytes(&left, key_bytes, &change->key)) {
        return error_set(err, ERROR_CORRUPT, "a change record's key does not decode, %zu left",
                         left.size);
    }
    if (change->streamed && !change_take_event(&left, change, err)) {
        return false;
    }
    change->table_id = (uint32_t)table_id;
    change->following = (uint32_t)following;
    change->image = left;
    return change_fits(change) ||
           error_set(err, ERROR_CORRUPT,
                     "the fields of a change record with flags %u do not fit, image of %zu bytes",
                     flags, left.size);
}

static bool change_flags_fit(uint8_t format, uint8_t flags)
{
    if (format == CHANGE_FORMAT_PLAIN) {
        return flags <= CHANGE_FLAGS_PLAIN;
    }
    return flags <= (CHANGE_FLAGS_PLAIN | CHANGE_FLAGS_STREAM) &&
           (flags & CHANGE_FLAGS_STREAM) != 0;
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
    uint8_t format = bytes.data[CHANGE_FORMAT];
    if (format != CHANGE_FORMAT_PLAIN && format != CHANGE_FORMAT_STREAM) {
        return error_set(err, ERROR_CORRUPT, "a change record of format %u", format);
    }
    uint8_t flags = bytes.data[CHANGE_FLAGS];
    if (!change_flags_fit(format, flags)) {
        return error_set(err, ERROR_CORRUPT, "a change record with flags %u", flags);
    }
    struct change made = {.tombstone = (flags & CHANGE_TOMBSTONE) != 0,
                          .has_image = (flags & CHANGE_COMPLETE) != 0,
                          .streamed = (flags & CHANGE_STREAMED) != 0,
                          .foreign = (flags & CHANGE_FOREIGN) != 0};
    struct slice left = {bytes.data + CHANGE_HEAD_BYTES, bytes.size - CHANGE_HEAD_BYTES};
    if (!change_take_fields(left, flags, &made, err)) {
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
