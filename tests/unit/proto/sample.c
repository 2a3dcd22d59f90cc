/* See sample.h. */
#include "tests/unit/proto/sample.h"

#include <criterion/criterion.h>

const char sample_everything[] =
    "{\"binary\":{\"B\":\"/wAB\"},"
    "\"binaries\":{\"BS\":[\"AA==\",\"/w==\"]},"
    "\"list\":{\"L\":[{\"S\":\"a\"},{\"N\":\"-1.5\"},{\"L\":[]},{\"M\":{\"k\":{\"NULL\":true}}}]},"
    "\"map\":{\"M\":{\"\":{\"S\":\"\"},\"deep\":{\"M\":{\"b\":{\"BOOL\":true}}}}},"
    "\"n\":{\"N\":\"12345678901234567890123456789012345678\"},"
    "\"no\":{\"BOOL\":false},"
    "\"nothing\":{\"NULL\":true},"
    "\"numbers\":{\"NS\":[\"3\",\"-7.25\",\"0\"]},"
    "\"s\":{\"S\":\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80\"},"
    "\"strings\":{\"SS\":[\"b\",\"\",\"aa\"]}}";

static unsigned sample_digit(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a' + 10);
}

struct slice sample_hex(struct arena *arena, const char *hex)
{
    uint8_t *bytes = arena_alloc(arena, strlen(hex) / 2 + 1);
    size_t size = 0;
    while (*hex != 0) {
        if (*hex == ' ') {
            hex++;
            continue;
        }
        bytes[size++] = (uint8_t)(sample_digit(hex[0]) << 4 | sample_digit(hex[1]));
        hex += 2;
    }
    return (struct slice){bytes, size};
}

char *sample_to_hex(struct arena *arena, struct slice bytes)
{
    char *text = arena_alloc(arena, bytes.size * 2 + 1);
    for (size_t i = 0; i < bytes.size; i++) {
        text[2 * i] = "0123456789abcdef"[bytes.data[i] >> 4];
        text[2 * i + 1] = "0123456789abcdef"[bytes.data[i] & 15];
    }
    text[bytes.size * 2] = 0;
    return text;
}

static struct json *sample_json(struct arena *arena, const char *text)
{
    struct json *root = NULL;
    struct error err = {0};
    cr_assert(json_parse(slice_text(text), arena, &root, &err), "%s: %s", text, err.text);
    return root;
}

struct slice sample_item(struct arena *arena, const char *json)
{
    struct json *root = sample_json(arena, json);
    struct slice image = {0};
    struct error err = {0};
    cr_assert(item_json_check(root, &err), "%s: %s", json, err.text);
    cr_assert(item_from_json(root, arena, &image, &err), "%s: %s", json, err.text);
    return image;
}

struct value sample_value(struct arena *arena, const char *json)
{
    struct json *root = sample_json(arena, json);
    struct value value = {0};
    struct error err = {0};
    cr_assert(value_json_check(root, &err), "%s: %s", json, err.text);
    cr_assert(value_from_json(root, arena, &value, &err), "%s: %s", json, err.text);
    return value;
}

char *sample_item_text(struct arena *arena, struct slice image)
{
    struct buffer out;
    buffer_init(&out, arena, 64);
    item_write_json(&out, image);
    buffer_append_byte(&out, 0);
    return (char *)out.data;
}

char *sample_value_text(struct arena *arena, struct value value)
{
    struct buffer out;
    buffer_init(&out, arena, 64);
    value_write_json(&out, value);
    buffer_append_byte(&out, 0);
    return (char *)out.data;
}

uint64_t sample_walk(struct value value, unsigned depth)
{
    uint64_t sum = value_size(value) + value_count(value);
    for (size_t i = 0; i < value.payload.size; i++) {
        sum += value.payload.data[i];
    }
    struct value_walk walk;
    struct member member;
    struct value found;
    struct decimal decimal;
    value_walk_start(&walk, value);
    while (depth < 40 && value_walk_next(&walk, &member)) {
        for (size_t i = 0; i < member.name.size; i++) {
            sum += member.name.data[i];
        }
        sum += value_find(value, member.name, &found);
        sum += value_set_has(value, member.value);
        sum += sample_walk(member.value, depth + 1);
    }
    sum += value_at(value, sum % 7, &found);
    sum += value_find(value, SLICE_LITERAL("\xff\xff"), &found); /* Past all: to the very end. */
    sum += value_set_has(value, (struct value){VALUE_B, SLICE_LITERAL("\xff\xff\xff")});
    if (value.type == VALUE_N) {
        sum += decimal_from_key(value.payload, &decimal);
    }
    return sum;
}

uint8_t *sample_exact(struct slice bytes)
{
    uint8_t *copy = malloc(bytes.size > 0 ? bytes.size : 1);
    cr_assert(copy != NULL);
    if (bytes.size > 0) {
        memcpy(copy, bytes.data, bytes.size);
    }
    return copy;
}
