#include "storage/stream/stream_record.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
    CHECKSUM = 0,
    VERSION = 8,
    ID = 9,
    TABLE_ID = 13,
    LABEL = 17,
    VIEW = 25,
    ENABLED = 26,
    NEXT_NUMBER = 27,
    FIXED_BYTES = 31,
    RECORD_VERSION = 1,
};

static void stream_record_put_text(struct buffer *to, struct slice text)
{
    buffer_append_varint(to, text.size);
    buffer_append_slice(to, text);
}

static void stream_record_put_key(struct buffer *to, const struct key_attribute *key)
{
    buffer_append_byte(to, (uint8_t)key->type);
    if (key->type != VALUE_MISSING) {
        stream_record_put_text(to, key->name);
    }
}

static void stream_record_put_shard(struct buffer *to, const struct shard *shard)
{
    buffer_append_varint(to, shard->number);
    buffer_append_varint(to, shard->created_ms);
    buffer_append_varint(to, shard->parent);
    if (shard->parent != 0) {
        buffer_append_varint(to, shard->parent_created_ms);
    }
    buffer_append_varint(to, shard->low);
    buffer_append_varint(to, shard->high);
    buffer_append_varint(to, shard->start_seq);
    buffer_append_varint(to, shard->end_seq);
    if (shard->end_seq != 0) {
        buffer_append_varint(to, shard->closed_ms);
    }
}

/* Bounds, and that the open shards cover all hashes once: they lie in the order of their hashes. */
static bool stream_record_fits(const struct stream_state *state)
{
    uint64_t covered = 0;
    for (uint32_t i = 0; i < state->count; i++) {
        const struct shard *shard = &state->shards[i];
        bool ascends = shard->number > (i == 0 ? 0 : state->shards[i - 1].number);
        if (!ascends || shard->number >= state->next_number || shard->parent >= shard->number ||
            shard->low >= shard->high || shard->high > SHARD_HASHES || shard->start_seq == 0 ||
            (shard->end_seq != 0 && shard->end_seq < shard->start_seq)) {
            return false;
        }
        if (shard->end_seq == 0) {
            if (shard->low != covered) {
                return false;
            }
            covered = shard->high;
        }
    }
    return covered == (state->about.enabled ? SHARD_HASHES : 0);
}

void stream_record_encode(struct buffer *to, const struct stream_state *state)
{
    ensure(stream_record_fits(state));
    const struct stream *about = &state->about;
    size_t start = to->size;
    uint8_t *fixed = buffer_reserve(to, FIXED_BYTES);
    to->size += FIXED_BYTES;
    fixed[VERSION] = RECORD_VERSION;
    put_be32(fixed + ID, about->id);
    put_be32(fixed + TABLE_ID, about->table_id);
    put_be64(fixed + LABEL, about->label_ms);
    fixed[VIEW] = (uint8_t)about->view;
    fixed[ENABLED] = about->enabled ? 1 : 0;
    put_be32(fixed + NEXT_NUMBER, state->next_number);
    stream_record_put_text(to, about->table);
    stream_record_put_key(to, &about->partition);
    stream_record_put_key(to, &about->sort);
    buffer_append_varint(to, state->count);
    for (uint32_t i = 0; i < state->count; i++) {
        stream_record_put_shard(to, &state->shards[i]);
    }
    put_be64(to->data + start, XXH64(to->data + start + VERSION, to->size - start - VERSION, 0));
}

/* --- Decoding -------------------------------------------------------------------------------- */

static bool stream_record_take_text(struct slice *from, struct slice *text)
{
    uint64_t size;
    return take_varint(from, &size) && size > 0 && take_bytes(from, size, text);
}

static bool stream_record_take_key(struct slice *from, bool optional, struct key_attribute *key)
{
    struct slice type;
    *key = (struct key_attribute){0};
    if (!take_bytes(from, 1, &type)) {
        return false;
    }
    if (type.data[0] == VALUE_MISSING) {
        return optional;
    }
    key->type = (enum value_type)type.data[0];
    return (key->type == VALUE_S || key->type == VALUE_N || key->type == VALUE_B) &&
           stream_record_take_text(from, &key->name);
}

static bool stream_record_take_u32(struct slice *from, uint32_t *v)
{
    uint64_t wide;
    if (!take_varint(from, &wide) || wide > UINT32_MAX) {
        return false;
    }
    *v = (uint32_t)wide;
    return true;
}

static bool stream_record_take_shard(struct slice *from, struct shard *shard)
{
    *shard = (struct shard){0};
    return stream_record_take_u32(from, &shard->number) && take_varint(from, &shard->created_ms) &&
           stream_record_take_u32(from, &shard->parent) &&
           (shard->parent == 0 || take_varint(from, &shard->parent_created_ms)) &&
           take_varint(from, &shard->low) && take_varint(from, &shard->high) &&
           take_varint(from, &shard->start_seq) && take_varint(from, &shard->end_seq) &&
           (shard->end_seq == 0 || take_varint(from, &shard->closed_ms));
}

static bool
stream_record_take_shards(struct slice *from, struct arena *arena, struct stream_state *state)
{
    uint32_t count;
    if (!stream_record_take_u32(from, &count) || count > STREAM_SHARDS_KEPT_MAX) {
        return false;
    }
    state->shards = arena_zalloc(arena, count, sizeof(*state->shards));
    state->count = count;
    for (uint32_t i = 0; i < count; i++) {
        if (!stream_record_take_shard(from, &state->shards[i])) {
            return false;
        }
    }
    return from->size == 0;
}

bool stream_record_decode(struct slice bytes,
                          struct arena *arena,
                          struct stream_state *state,
                          struct error *err)
{
    if (bytes.size < FIXED_BYTES || bytes.data[VERSION] != RECORD_VERSION ||
        get_be64(bytes.data) != XXH64(bytes.data + VERSION, bytes.size - VERSION, 0)) {
        return error_set(err, ERROR_CORRUPT, "a stream's record of %zu bytes does not decode",
                         bytes.size);
    }
    struct stream_state made = {.next_number = get_be32(bytes.data + NEXT_NUMBER)};
    struct stream *about = &made.about;
    about->id = get_be32(bytes.data + ID);
    about->table_id = get_be32(bytes.data + TABLE_ID);
    about->label_ms = get_be64(bytes.data + LABEL);
    about->view = (enum stream_view)bytes.data[VIEW];
    about->enabled = bytes.data[ENABLED] == 1;
    struct slice left = {bytes.data + FIXED_BYTES, bytes.size - FIXED_BYTES};
    if (about->id == 0 || about->view >= STREAM_VIEWS || bytes.data[ENABLED] > 1 ||
        !stream_record_take_text(&left, &about->table) ||
        !stream_record_take_key(&left, false, &about->partition) ||
        !stream_record_take_key(&left, true, &about->sort) ||
        !stream_record_take_shards(&left, arena, &made) || !stream_record_fits(&made)) {
        return error_set(err, ERROR_CORRUPT, "the fields of a stream's record do not fit");
    }
    *state = made;
    return true;
}
