#include "daemon/api/streams_iterator.h"

#include "proto/base/checksum.h"
#include "proto/value/json.h"
#include "proto/value/value_json.h"

enum { STREAMS_ITERATOR_VERSION = 1, STREAMS_SHARD_BYTES_MAX = 65 };
enum { VERSION = 0, MADE_MS = 1, AFTER = 9, SHARD_BYTES = 17, SHARD = 18 };

static const struct slice streams_iterator_bar = {(const uint8_t *)"|1|", 3};

static uint32_t streams_iterator_checksum(struct slice arn, struct slice bytes)
{
    return crc32c_extend(crc32c(arn), bytes);
}

void streams_iterator_write(struct buffer *to, const struct streams_iterator *iterator)
{
    uint8_t bytes[SHARD + STREAMS_SHARD_BYTES_MAX + 4];
    size_t size = SHARD + iterator->shard.size;
    ensure(iterator->shard.size > 0 && iterator->shard.size <= STREAMS_SHARD_BYTES_MAX);
    bytes[VERSION] = STREAMS_ITERATOR_VERSION;
    put_be64(bytes + MADE_MS, iterator->made_ms);
    put_be64(bytes + AFTER, iterator->after);
    bytes[SHARD_BYTES] = (uint8_t)iterator->shard.size;
    memcpy(bytes + SHARD, iterator->shard.data, iterator->shard.size);
    put_be32(bytes + size, streams_iterator_checksum(iterator->arn, slice_of(bytes, size)));
    struct buffer packed;
    buffer_init(&packed, to->arena, 2 * sizeof(bytes));
    json_write_base64(&packed, slice_of(bytes, size + 4));
    buffer_append_byte(to, '"');
    buffer_append_slice(to, iterator->arn);
    buffer_append_slice(to, streams_iterator_bar);
    buffer_append(to, packed.data + 1, packed.size - 1); /* With the closing quote. */
}

/* An ARN has no bars: a table's name cannot, and what else could is not ours. */
static bool streams_iterator_split(struct slice text, struct slice *arn, struct slice *packed)
{
    const uint8_t *bar = text.size == 0 ? NULL : memchr(text.data, '|', text.size);
    if (bar == NULL) {
        return false;
    }
    *arn = slice_of(text.data, (size_t)(bar - text.data));
    *packed = slice_of(bar, text.size - arn->size);
    if (!slice_starts_with(*packed, streams_iterator_bar)) {
        return false;
    }
    *packed = slice_of(packed->data + streams_iterator_bar.size,
                       packed->size - streams_iterator_bar.size);
    return true;
}

struct slice streams_iterator_arn(struct slice text)
{
    struct slice arn;
    struct slice packed;
    return streams_iterator_split(text, &arn, &packed) ? arn : (struct slice){NULL, 0};
}

bool streams_iterator_parse(const struct node *node,
                            struct slice text,
                            struct arena *arena,
                            struct streams_iterator *iterator)
{
    struct error ignored = {0};
    struct slice packed;
    struct slice bytes;
    bool here = false;
    *iterator = (struct streams_iterator){0};
    if (!streams_iterator_split(text, &iterator->arn, &packed) ||
        !streams_arn_parse(node, iterator->arn, &iterator->table, &iterator->label_ms, &here,
                           &ignored) ||
        !here || !base64_decode(packed, arena, &bytes, &ignored) || bytes.size < SHARD + 1 + 4 ||
        bytes.data[VERSION] != STREAMS_ITERATOR_VERSION ||
        bytes.size != (size_t)SHARD + bytes.data[SHARD_BYTES] + 4 ||
        bytes.data[SHARD_BYTES] > STREAMS_SHARD_BYTES_MAX) {
        return false;
    }
    struct slice checked = slice_of(bytes.data, bytes.size - 4);
    iterator->made_ms = get_be64(bytes.data + MADE_MS);
    iterator->after = get_be64(bytes.data + AFTER);
    iterator->shard = slice_of(bytes.data + SHARD, bytes.data[SHARD_BYTES]);
    return get_be32(bytes.data + checked.size) == streams_iterator_checksum(iterator->arn, checked);
}
