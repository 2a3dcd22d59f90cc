/* Building encoded values. See value.h for the form.
 *
 * Sizes are known before a byte is written, so each container is one arena allocation and its parts
 * are copied into it once. */
#include "proto/value/sort.h"
#include "proto/value/value.h"

static uint8_t *put_sized(uint8_t *to, struct slice bytes)
{
    to = put_varint(to, bytes.size);
    if (bytes.size > 0) {
        memcpy(to, bytes.data, bytes.size);
    }
    return to + bytes.size;
}

static uint8_t *put_value(uint8_t *to, struct value value)
{
    ensure(value.type > VALUE_MISSING && value.type < VALUE_TYPES);
    *to++ = (uint8_t)value.type;
    return put_sized(to, value.payload);
}

void value_append(struct buffer *to, struct value value)
{
    size_t size = value_encoded_size(value);
    put_value(buffer_reserve(to, size), value);
    to->size += size;
}

static int member_compare(const void *a, const void *b)
{
    const struct member *left = a;
    const struct member *right = b;
    return slice_compare(left->name, right->name);
}

struct value value_make_map(struct arena *arena, struct member *members, size_t count)
{
    sort_elements(members, count, sizeof(members[0]), member_compare, arena);
    size_t size = varint_size(count);
    for (size_t i = 0; i < count; i++) {
        ensure(i == 0 || member_compare(&members[i - 1], &members[i]) < 0);
        size += varint_size(members[i].name.size) + members[i].name.size +
                value_encoded_size(members[i].value);
    }
    uint8_t *bytes = arena_alloc(arena, size);
    uint8_t *to = put_varint(bytes, count);
    for (size_t i = 0; i < count; i++) {
        to = put_sized(to, members[i].name);
        to = put_value(to, members[i].value);
    }
    ensure((size_t)(to - bytes) == size);
    return (struct value){VALUE_M, {bytes, size}};
}

struct value value_make_list(struct arena *arena, const struct value *elements, size_t count)
{
    size_t size = varint_size(count);
    for (size_t i = 0; i < count; i++) {
        size += value_encoded_size(elements[i]);
    }
    uint8_t *bytes = arena_alloc(arena, size);
    uint8_t *to = put_varint(bytes, count);
    for (size_t i = 0; i < count; i++) {
        to = put_value(to, elements[i]);
    }
    ensure((size_t)(to - bytes) == size);
    return (struct value){VALUE_L, {bytes, size}};
}

static int element_compare(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

bool value_make_set(struct arena *arena,
                    enum value_type type,
                    struct slice *elements,
                    size_t count,
                    struct value *set,
                    struct slice *duplicate)
{
    ensure(type == VALUE_SS || type == VALUE_NS || type == VALUE_BS);
    sort_elements(elements, count, sizeof(elements[0]), element_compare, arena);
    size_t size = varint_size(count);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && slice_equal(elements[i - 1], elements[i])) {
            *duplicate = elements[i];
            return false;
        }
        size += varint_size(elements[i].size) + elements[i].size;
    }
    uint8_t *bytes = arena_alloc(arena, size);
    uint8_t *to = put_varint(bytes, count);
    for (size_t i = 0; i < count; i++) {
        to = put_sized(to, elements[i]);
    }
    ensure((size_t)(to - bytes) == size);
    *set = (struct value){type, {bytes, size}};
    return true;
}
