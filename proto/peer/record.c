#include "proto/peer/message.h"

enum {
    RECORD_FORMAT = 1,
    RECORD_TOMBSTONE = 1,
    RECORD_JOINED = 2,
    RECORD_HEAD_BYTES = 2 + MESSAGE_UID_BYTES,
};
/* Room for a version with a full context: stamp, count, and three varints per dot. */
enum { RECORD_VERSION_BYTES_MAX = 8 + VARINT_BYTES_MAX * (1 + 3 * (2 + REGIONS_MAX)) };
enum {
    RECORD_BYTES_MAX = RECORD_HEAD_BYTES + VARINT_BYTES_MAX + PEER_KEY_BYTES_MAX +
                       RECORD_VERSION_BYTES_MAX + PEER_IMAGE_BYTES_MAX
};

/* Whatever a transaction may write travels: its images by what the store lets through, keys and
 * versions by the row. Rows of indexes do not travel, every region makes its own. */
_Static_assert(IMAGE_GROWTH_MAX *TRANSACTION_BYTES_MAX +
                       TRANSACTION_ITEMS_MAX *
                           (RECORD_BYTES_MAX - PEER_IMAGE_BYTES_MAX + IMAGE_MORE_BYTES_MAX) <=
                   PEER_GROUP_BYTES_MAX,
               "a peer would refuse the largest transaction");

void record_append(struct buffer *to, const struct record *record)
{
    ensure(record->key.size > 0 && record->key.size <= PEER_KEY_BYTES_MAX);
    ensure(record->image.size <= PEER_IMAGE_BYTES_MAX);
    ensure(!record->tombstone || record->image.size == 0);
    /* Encoded aside first: the record's size stands in front of it. */
    struct buffer version;
    buffer_init(&version, to->arena, 64);
    version_encode(&version, &record->version);
    size_t size = RECORD_HEAD_BYTES + varint_size(record->key.size) + record->key.size +
                  version.size + record->image.size;
    buffer_append_varint(to, size);
    size_t begin = to->size;
    buffer_append_byte(to, RECORD_FORMAT);
    buffer_append_byte(to, (uint8_t)((record->tombstone ? RECORD_TOMBSTONE : 0) |
                                     (record->joined ? RECORD_JOINED : 0)));
    buffer_append(to, record->uid, sizeof(record->uid));
    buffer_append_varint(to, record->key.size);
    buffer_append_slice(to, record->key);
    buffer_append_slice(to, buffer_slice(&version));
    buffer_append_slice(to, record->image);
    ensure(to->size - begin == size);
}

bool record_take(struct slice *from, struct record *record, struct error *err)
{
    struct slice left = *from;
    struct slice body;
    struct slice head;
    uint64_t size;
    if (!take_varint(&left, &size) || size > RECORD_BYTES_MAX || !take_bytes(&left, size, &body)) {
        return error_set(err, ERROR_PROTOCOL, "a record is cut off or too long");
    }
    if (!take_bytes(&body, RECORD_HEAD_BYTES, &head) || head.data[0] != RECORD_FORMAT ||
        head.data[1] > (RECORD_TOMBSTONE | RECORD_JOINED)) {
        return error_set(err, ERROR_PROTOCOL, "a record has no known header");
    }
    uint64_t key_bytes;
    if (!take_varint(&body, &key_bytes) || key_bytes == 0 || key_bytes > PEER_KEY_BYTES_MAX ||
        !take_bytes(&body, key_bytes, &record->key)) {
        return error_set(err, ERROR_PROTOCOL, "a record's key does not decode");
    }
    if (!version_take(&body, &record->version) ||
        (version_is_expiry(&record->version) && (head.data[1] & RECORD_TOMBSTONE) == 0)) {
        return error_set(err, ERROR_PROTOCOL, "a record's version does not decode");
    }
    if (record->version.stamp > MESSAGE_STAMP_MAX) {
        return error_set(err, ERROR_PROTOCOL, "a record's stamp lies beyond all time");
    }
    if (body.size > PEER_IMAGE_BYTES_MAX) {
        return error_set(err, ERROR_PROTOCOL, "a record's item of %zu bytes is too long",
                         body.size);
    }
    record->tombstone = (head.data[1] & RECORD_TOMBSTONE) != 0;
    record->joined = (head.data[1] & RECORD_JOINED) != 0;
    if (record->tombstone && body.size > 0) {
        return error_set(err, ERROR_PROTOCOL, "a delete carries %zu bytes of item", body.size);
    }
    memcpy(record->uid, head.data + 2, sizeof(record->uid));
    record->image = body;
    *from = left;
    return true;
}
