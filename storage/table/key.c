#include "storage/table/key.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

/* The escape keeps memcmp order: 0x00 inside a value becomes 0x00 0xFF, which is above the
 * terminator 0x00 0x01 (a longer value sorts behind its prefix) and below every other byte pair. */
enum { KEY_ESCAPE = 0x00, KEY_ESCAPED_ZERO = 0xFF, KEY_TERMINATOR = 0x01, KEY_INDEX_TABLE = 0 };

void key_append_part_prefix(struct buffer *to, struct value value)
{
    ensure(value.type == VALUE_S || value.type == VALUE_N || value.type == VALUE_B);
    struct slice left = value.payload;
    /* Twice the size is the worst case, so one reservation serves the whole value. */
    uint8_t *out = buffer_reserve(to, 1 + 2 * left.size);
    uint8_t *at = out;
    *at++ = (uint8_t)value.type;
    while (left.size > 0) {
        const uint8_t *zero = memchr(left.data, 0, left.size);
        size_t run = zero == NULL ? left.size : (size_t)(zero - left.data);
        memcpy(at, left.data, run);
        at += run;
        if (zero == NULL) {
            break;
        }
        *at++ = KEY_ESCAPE;
        *at++ = KEY_ESCAPED_ZERO;
        left.data += run + 1;
        left.size -= run + 1;
    }
    to->size += (size_t)(at - out);
}

void key_append_part(struct buffer *to, struct value value)
{
    key_append_part_prefix(to, value);
    const uint8_t terminator[2] = {KEY_ESCAPE, KEY_TERMINATOR};
    buffer_append(to, terminator, sizeof(terminator));
}

void key_append_prefix(struct buffer *to,
                       struct key_space space,
                       const struct value *partition,
                       uint32_t count)
{
    ensure(to->size == 0);
    uint8_t *head = buffer_reserve(to, KEY_HEAD_BYTES);
    put_be32(head, space.table);
    put_be16(head + 4, space.index);
    to->size += KEY_HEAD_BYTES;
    for (uint32_t i = 0; i < count; i++) {
        key_append_part(to, partition[i]);
    }
    struct slice parts = key_parts(buffer_slice(to));
    put_be64(to->data + KEY_TABLE_BYTES, XXH64(parts.data, parts.size, 0));
}

/* Room for the head and the parts of values without zero bytes; others grow the buffer. */
static size_t key_room(struct value partition, struct value sort)
{
    return KEY_HEAD_BYTES + 2 * partition.payload.size + 2 * sort.payload.size + 8;
}

uint64_t key_hash(struct slice key)
{
    return XXH3_64bits(key.data, key.size);
}

void key_encode(const struct table *table,
                struct slice image,
                struct arena *arena,
                struct table_key *key)
{
    struct value partition;
    struct value sort = {VALUE_MISSING, {NULL, 0}};
    ensure(item_find(image, table->partition.name, &partition));
    ensure(partition.type == table->partition.type);
    if (table_has_sort(table)) {
        ensure(item_find(image, table->sort.name, &sort));
        ensure(sort.type == table->sort.type);
    }
    struct buffer to;
    buffer_init(&to, arena, key_room(partition, sort));
    key_append_prefix(&to, (struct key_space){table->id, KEY_INDEX_TABLE}, &partition, 1);
    if (sort.type != VALUE_MISSING) {
        key_append_part(&to, sort);
    }
    key->bytes = buffer_slice(&to);
    key->hash = key_hash(key->bytes);
}

struct slice key_image(const struct table *table, struct slice image, struct arena *arena)
{
    struct member members[TABLE_KEYS_MAX];
    size_t count = 0;
    members[count].name = table->partition.name;
    ensure(item_find(image, members[count].name, &members[count].value));
    count++;
    if (table_has_sort(table)) {
        members[count].name = table->sort.name;
        ensure(item_find(image, members[count].name, &members[count].value));
        count++;
    }
    return value_make_map(arena, members, count).payload;
}

struct slice key_prefix(struct key_space space,
                        const struct value *partition,
                        uint32_t count,
                        struct arena *arena)
{
    struct buffer to;
    size_t room = KEY_HEAD_BYTES;
    for (uint32_t i = 0; i < count; i++) {
        room += 2 * partition[i].payload.size + 4;
    }
    buffer_init(&to, arena, room);
    key_append_prefix(&to, space, partition, count);
    return buffer_slice(&to);
}

struct slice key_after(struct slice key, struct arena *arena)
{
    uint8_t *after = arena_alloc(arena, key.size + 1);
    memcpy(after, key.data, key.size);
    after[key.size] = 0;
    return (struct slice){after, key.size + 1};
}

struct slice key_prefix_end(struct slice prefix, struct arena *arena)
{
    size_t size = prefix.size;
    while (size > 0 && prefix.data[size - 1] == 0xFF) {
        size--;
    }
    if (size == 0) {
        return (struct slice){NULL, 0};
    }
    uint8_t *end = arena_alloc(arena, size);
    memcpy(end, prefix.data, size);
    end[size - 1]++;
    return (struct slice){end, size};
}

/* Where segment `segment` begins: floor(segment * 2^64 / segments), exact for any two numbers. */
static uint64_t key_segment_hash(uint32_t segment, uint32_t segments)
{
    __extension__ typedef unsigned __int128 wide;
    return (uint64_t)(((wide)segment << 64) / segments);
}

static struct slice
key_segment_bound(struct key_space space, uint32_t segment, uint32_t segments, struct arena *arena)
{
    uint8_t *bound = arena_alloc(arena, KEY_HEAD_BYTES);
    if (segment == segments) { /* Behind the last hash: where the next index would begin. */
        bool last = space.index == UINT16_MAX;
        put_be32(bound, last ? space.table + 1 : space.table);
        put_be16(bound + 4, (uint16_t)(space.index + 1));
        return (struct slice){bound, KEY_TABLE_BYTES};
    }
    put_be32(bound, space.table);
    put_be16(bound + 4, space.index);
    put_be64(bound + KEY_TABLE_BYTES, key_segment_hash(segment, segments));
    return (struct slice){bound, KEY_HEAD_BYTES};
}

void key_segment(struct key_space space,
                 uint32_t segment,
                 uint32_t segments,
                 struct arena *arena,
                 struct slice *lower,
                 struct slice *upper)
{
    ensure(segments >= 1 && segments <= SCAN_SEGMENTS_MAX && segment < segments);
    *lower = key_segment_bound(space, segment, segments, arena);
    *upper = key_segment_bound(space, segment + 1, segments, arena);
    ensure(slice_compare(*lower, *upper) < 0);
}

/* Take one part of the given type off the front of *from, unescaped into the arena. */
static bool
key_take_part(struct slice *from, enum value_type type, struct arena *arena, struct value *value)
{
    if (from->size < 1 || from->data[0] != (uint8_t)type) {
        return false;
    }
    uint8_t *bytes = arena_alloc(arena, from->size);
    size_t size = 0;
    for (size_t i = 1; i < from->size; i++) {
        if (from->data[i] != KEY_ESCAPE) {
            bytes[size++] = from->data[i];
            continue;
        }
        i++;
        if (i == from->size) {
            return false;
        }
        if (from->data[i] == KEY_TERMINATOR) {
            from->data += i + 1;
            from->size -= i + 1;
            *value = (struct value){type, {bytes, size}};
            return true;
        }
        if (from->data[i] != KEY_ESCAPED_ZERO) {
            return false;
        }
        bytes[size++] = 0;
    }
    return false;
}

bool key_decode(const struct table *table,
                struct slice bytes,
                struct arena *arena,
                struct slice *image,
                struct error *err)
{
    if (bytes.size < KEY_HEAD_BYTES || get_be32(bytes.data) != table->id ||
        get_be16(bytes.data + 4) != KEY_INDEX_TABLE) {
        return error_set(err, ERROR_CORRUPT, "an item key of %zu bytes is not of table %u",
                         bytes.size, table->id);
    }
    struct slice left = {bytes.data + KEY_HEAD_BYTES, bytes.size - KEY_HEAD_BYTES};
    const uint8_t *part = left.data;
    struct member members[TABLE_KEYS_MAX];
    size_t count = 0;
    members[count].name = table->partition.name;
    bool ok = key_take_part(&left, table->partition.type, arena, &members[count++].value) &&
              get_be64(bytes.data + KEY_TABLE_BYTES) == XXH64(part, (size_t)(left.data - part), 0);
    if (ok && table_has_sort(table)) {
        members[count].name = table->sort.name;
        ok = key_take_part(&left, table->sort.type, arena, &members[count++].value);
    }
    for (size_t i = 0; ok && i < count; i++) {
        struct error ignored; /* What is wrong inside a value is said by the text below. */
        error_clear(&ignored);
        ok = value_check(members[i].value, &ignored) && members[i].value.payload.size > 0;
    }
    if (!ok || left.size > 0) {
        return error_set(err, ERROR_CORRUPT, "an item key of %zu bytes in table %u does not decode",
                         bytes.size, table->id);
    }
    *image = value_make_map(arena, members, count).payload;
    return true;
}
