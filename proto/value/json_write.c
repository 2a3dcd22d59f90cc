/* JSON out: strings, base64 and trees into a buffer. See json.h.
 *
 * Strings are written in runs: bytes that need no escape are found sixteen (eight) at a time and
 * copied at once. Only quotes, backslashes and control characters are escaped; UTF-8 goes out as it
 * is. */
#include "proto/value/json.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static const uint64_t ones = UINT64_C(0x0101010101010101);
static const uint64_t highs = UINT64_C(0x8080808080808080);

static inline bool json_is_plain(uint8_t byte)
{
    return byte >= 0x20 && byte != '"' && byte != '\\';
}

/* Has one of eight bytes to be escaped? (Bit tricks: Warren, "Hacker's Delight", 6-1.) */
static inline bool json_eight_plain(const uint8_t *at)
{
    uint64_t eight;
    memcpy(&eight, at, 8);
    uint64_t quotes = eight ^ (ones * '"');
    uint64_t backslashes = eight ^ (ones * '\\');
    uint64_t found = ((eight - ones * 0x20) & ~eight) | ((quotes - ones) & ~quotes) |
                     ((backslashes - ones) & ~backslashes);
    return (found & highs) == 0;
}

/* How many bytes at the front need no escape. */
static size_t json_plain_run(const uint8_t *at, size_t size)
{
    size_t run = 0;
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i backslash = _mm_set1_epi8('\\');
    const __m128i control = _mm_set1_epi8(0x1f);
    for (; size - run >= 16; run += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(at + run));
        __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, control), bytes);
        __m128i marks =
            _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash));
        int mask = _mm_movemask_epi8(_mm_or_si128(low, marks));
        if (mask != 0) {
            return run + (size_t)__builtin_ctz((unsigned)mask);
        }
    }
#endif
    for (; size - run >= 8 && json_eight_plain(at + run); run += 8) {
    }
    while (run < size && json_is_plain(at[run])) {
        run++;
    }
    return run;
}

static void json_write_escape(struct buffer *to, uint8_t byte)
{
    static const char hex[] = "0123456789abcdef";
    static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt"; /* Byte, then its letter. */
    for (size_t i = 0; i + 1 < sizeof(letters); i += 2) {
        if ((uint8_t)letters[i] == byte) {
            buffer_append(to, (const char[]){'\\', letters[i + 1]}, 2);
            return;
        }
    }
    buffer_append(to, (const char[]){'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15]}, 6);
}

void json_write_string(struct buffer *to, struct slice text)
{
    uint8_t *out = buffer_reserve(to, text.size + 2);
    size_t run = json_plain_run(text.data, text.size);
    *out++ = '"';
    if (run > 0) {
        memcpy(out, text.data, run);
    }
    if (run == text.size) {
        out[run] = '"';
        to->size += run + 2;
        return;
    }
    to->size += run + 1;
    for (size_t at = run; at < text.size;) {
        json_write_escape(to, text.data[at++]);
        run = json_plain_run(text.data + at, text.size - at);
        buffer_append(to, text.data + at, run);
        at += run;
    }
    buffer_append_byte(to, '"');
}

static void json_write_list(struct buffer *to, const struct json *json)
{
    bool is_object = json->type == JSON_OBJECT;
    buffer_append_byte(to, is_object ? '{' : '[');
    for (const struct json *child = json->first; child != NULL; child = child->next) {
        if (child != json->first) {
            buffer_append_byte(to, ',');
        }
        if (is_object) {
            json_write_string(to, child->name);
            buffer_append_byte(to, ':');
        }
        json_write(to, child); /* As deep as json_parse lets a tree be: JSON_DEPTH_MAX. */
    }
    buffer_append_byte(to, is_object ? '}' : ']');
}

void json_write(struct buffer *to, const struct json *json)
{
    switch (json->type) {
    case JSON_NULL:
        buffer_append_text(to, "null");
        break;
    case JSON_FALSE:
        buffer_append_text(to, "false");
        break;
    case JSON_TRUE:
        buffer_append_text(to, "true");
        break;
    case JSON_NUMBER:
        buffer_append_slice(to, json->text);
        break;
    case JSON_STRING:
        json_write_string(to, json->text);
        break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        json_write_list(to, json);
        break;
    }
}
