/* Encoded values as DynamoDB JSON, straight from the stored bytes. See value_json.h.
 *
 * This runs for every item of every answer: no tree, no copy but the one into the buffer. Set
 * elements and map members come in stored order. A value that does not decode is a broken
 * invariant: bytes are checked where they enter. */
#include "proto/value/decimal.h"
#include "proto/value/value_json.h"

#define APPEND_LITERAL(to, text) buffer_append(to, text, sizeof(text) - 1)

static void value_write_json_at(struct buffer *to, struct value value, unsigned level);

static void number_write_json(struct buffer *to, struct slice key)
{
    struct decimal decimal;
    ensure(decimal_from_key(key, &decimal));
    char *out = (char *)buffer_reserve(to, DECIMAL_TEXT_BYTES_MAX + 2);
    out[0] = '"';
    size_t size = decimal_print(&decimal, out + 1);
    out[1 + size] = '"';
    to->size += size + 2;
}

static void map_write_json(struct buffer *to, struct value map, unsigned level)
{
    struct value_walk walk;
    struct member member;
    bool first = true;
    value_walk_start(&walk, map);
    buffer_append_byte(to, '{');
    while (value_walk_next(&walk, &member)) {
        if (!first) {
            buffer_append_byte(to, ',');
        }
        first = false;
        json_write_string(to, member.name);
        buffer_append_byte(to, ':');
        value_write_json_at(to, member.value, level);
    }
    ensure(!walk.broken);
    buffer_append_byte(to, '}');
}

static void elements_write_json(struct buffer *to, struct value container, unsigned level)
{
    struct value_walk walk;
    struct member member;
    bool first = true;
    value_walk_start(&walk, container);
    buffer_append_byte(to, '[');
    while (value_walk_next(&walk, &member)) {
        if (!first) {
            buffer_append_byte(to, ',');
        }
        first = false;
        if (container.type == VALUE_L) {
            value_write_json_at(to, member.value, level);
        } else if (container.type == VALUE_SS) {
            json_write_string(to, member.value.payload);
        } else if (container.type == VALUE_NS) {
            number_write_json(to, member.value.payload);
        } else {
            json_write_base64(to, member.value.payload);
        }
    }
    ensure(!walk.broken);
    buffer_append_byte(to, ']');
}

static void value_write_json_at(struct buffer *to, struct value value, unsigned level)
{
    ensure(level <= VALUE_DEPTH_MAX);
    switch (value.type) {
    case VALUE_S:
        APPEND_LITERAL(to, "{\"S\":");
        json_write_string(to, value.payload);
        break;
    case VALUE_N:
        APPEND_LITERAL(to, "{\"N\":");
        number_write_json(to, value.payload);
        break;
    case VALUE_B:
        APPEND_LITERAL(to, "{\"B\":");
        json_write_base64(to, value.payload);
        break;
    case VALUE_BOOL:
        ensure(value.payload.size == 1);
        if (value.payload.data[0] != 0) {
            APPEND_LITERAL(to, "{\"BOOL\":true");
        } else {
            APPEND_LITERAL(to, "{\"BOOL\":false");
        }
        break;
    case VALUE_NULL:
        APPEND_LITERAL(to, "{\"NULL\":true");
        break;
    case VALUE_M:
        APPEND_LITERAL(to, "{\"M\":");
        map_write_json(to, value, level + 1);
        break;
    case VALUE_L:
        APPEND_LITERAL(to, "{\"L\":");
        elements_write_json(to, value, level + 1);
        break;
    case VALUE_SS:
        APPEND_LITERAL(to, "{\"SS\":");
        elements_write_json(to, value, level);
        break;
    case VALUE_NS:
        APPEND_LITERAL(to, "{\"NS\":");
        elements_write_json(to, value, level);
        break;
    case VALUE_BS:
        APPEND_LITERAL(to, "{\"BS\":");
        elements_write_json(to, value, level);
        break;
    case VALUE_MISSING:
    case VALUE_TYPES:
        ensure_failed("a value has a type", __FILE__, __LINE__);
    }
    buffer_append_byte(to, '}');
}

void value_write_json(struct buffer *to, struct value value)
{
    value_write_json_at(to, value, 1);
}

void item_write_json(struct buffer *to, struct slice image)
{
    map_write_json(to, (struct value){VALUE_M, image}, 1);
}
