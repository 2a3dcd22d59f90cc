/* Base64 (RFC 4648, section 4), strict: whole groups of four, padding only at the end, no unused
 * bits set, so that one binary has one text. See json.h and value_json.h. */
#include "proto/value/utf8.h"
#include "proto/value/value_json.h"

enum { NO_DIGIT = 0x80 }; /* Or it over many digits: one test finds a stranger among them. */

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#define X NO_DIGIT
/* clang-format off */
static const uint8_t base64_values[256] = {
     X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
     X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
     X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X, 62,  X,  X,  X, 63,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61,  X,  X,  X,  X,  X,  X,
     X,  0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14,
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,  X,  X,  X,  X,  X,
     X, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
    41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51,  X,  X,  X,  X,  X,
     X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
     X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
     X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
     X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
     X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
     X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
     X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
     X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
};
/* clang-format on */
#undef X

void json_write_base64(struct buffer *to, struct slice bytes)
{
    uint8_t *start = buffer_reserve(to, bytes.size / 3 * 4 + 6);
    uint8_t *out = start;
    *out++ = '"';
    const uint8_t *at = bytes.data;
    size_t left = bytes.size;
    for (; left >= 3; left -= 3) {
        unsigned group = (unsigned)at[0] << 16 | (unsigned)at[1] << 8 | at[2];
        out[0] = (uint8_t)base64_digits[group >> 18];
        out[1] = (uint8_t)base64_digits[group >> 12 & 63];
        out[2] = (uint8_t)base64_digits[group >> 6 & 63];
        out[3] = (uint8_t)base64_digits[group & 63];
        at += 3;
        out += 4;
    }
    if (left > 0) {
        unsigned group = (unsigned)at[0] << 16 | (left == 2 ? (unsigned)at[1] << 8 : 0);
        out[0] = (uint8_t)base64_digits[group >> 18];
        out[1] = (uint8_t)base64_digits[group >> 12 & 63];
        out[2] = left == 2 ? (uint8_t)base64_digits[group >> 6 & 63] : '=';
        out[3] = '=';
        out += 4;
    }
    *out++ = '"';
    to->size += (size_t)(out - start);
}

static size_t base64_padding(struct slice text)
{
    if (text.size == 0 || text.data[text.size - 1] != '=') {
        return 0;
    }
    return text.data[text.size - 2] == '=' ? 2 : 1;
}

static bool base64_refuse_character(struct slice text, size_t at, struct error *err)
{
    size_t end = at + 1; /* Show the whole character, however many bytes it has. */
    while (end < text.size && end - at < 4 && (text.data[end] & 0xC0) == 0x80) {
        end++;
    }
    return error_set(err, ERROR_SERIALIZATION, "Invalid Base64 character: '%.*s'", (int)(end - at),
                     (const char *)text.data + at);
}

bool base64_check(struct slice text, struct error *err)
{
    if (text.size % 4 != 0) {
        return error_set(err, ERROR_SERIALIZATION,
                         "Base64 encoded length is expected a multiple of 4 bytes but found: %zu",
                         text.size);
    }
    size_t padding = base64_padding(text);
    size_t digits = text.size - padding;
    uint8_t seen = 0;
    for (size_t i = 0; i < digits; i++) {
        seen |= base64_values[text.data[i]];
    }
    if (seen & NO_DIGIT) {
        size_t at = 0;
        while (base64_values[text.data[at]] != NO_DIGIT) {
            at++;
        }
        return base64_refuse_character(text, at, err);
    }
    unsigned unused = padding == 0 ? 0 : padding == 1 ? 3 : 15;
    if (digits > 0 && (base64_values[text.data[digits - 1]] & unused) != 0) {
        return error_set(err, ERROR_SERIALIZATION,
                         "Invalid last non-pad Base64 character dectected");
    }
    return true;
}

bool base64_decode(struct slice text, struct arena *arena, struct slice *bytes, struct error *err)
{
    if (!base64_check(text, err)) {
        return false;
    }
    size_t padding = base64_padding(text);
    size_t size = text.size / 4 * 3;
    uint8_t *start = arena_alloc(arena, size);
    uint8_t *out = start;
    for (size_t i = 0; i < text.size; i += 4) { /* A pad counts as 0 here and is cut off below. */
        const uint8_t *at = text.data + i;
        unsigned group = (unsigned)base64_values[at[0]] << 18 |
                         (unsigned)base64_values[at[1]] << 12 | (base64_values[at[2]] & 63u) << 6 |
                         (base64_values[at[3]] & 63u);
        out[0] = (uint8_t)(group >> 16);
        out[1] = (uint8_t)(group >> 8);
        out[2] = (uint8_t)group;
        out += 3;
    }
    *bytes = (struct slice){start, size - padding};
    return true;
}
