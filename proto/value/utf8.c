/* UTF-8: see utf8.h. Text is mostly ASCII, so runs of eight such bytes are skipped at once. */
#include "proto/value/utf8.h"

#include "proto/base/ensure.h"

static bool utf8_is_tail(uint8_t byte)
{
    return (byte & 0xC0) == 0x80;
}

/* Size of the well-formed character at the front, 0 when there is none (Unicode, table 3-7). */
static size_t utf8_character(const uint8_t *at, size_t left)
{
    uint8_t lead = at[0];
    if (lead < 0x80) {
        return 1;
    }
    if (lead >= 0xC2 && lead <= 0xDF) {
        return left >= 2 && utf8_is_tail(at[1]) ? 2 : 0;
    }
    if (lead >= 0xE0 && lead <= 0xEF) {
        if (left < 3 || !utf8_is_tail(at[1]) || !utf8_is_tail(at[2])) {
            return 0;
        }
        bool overlong = lead == 0xE0 && at[1] < 0xA0;
        bool surrogate = lead == 0xED && at[1] > 0x9F;
        return overlong || surrogate ? 0 : 3;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        if (left < 4 || !utf8_is_tail(at[1]) || !utf8_is_tail(at[2]) || !utf8_is_tail(at[3])) {
            return 0;
        }
        bool overlong = lead == 0xF0 && at[1] < 0x90;
        bool too_large = lead == 0xF4 && at[1] > 0x8F;
        return overlong || too_large ? 0 : 4;
    }
    return 0;
}

bool utf8_valid(struct slice text)
{
    size_t at = 0;
    while (at < text.size) {
        if (text.size - at >= 8) {
            uint64_t eight;
            memcpy(&eight, text.data + at, 8);
            if ((eight & UINT64_C(0x8080808080808080)) == 0) {
                at += 8;
                continue;
            }
        }
        size_t size = utf8_character(text.data + at, text.size - at);
        if (size == 0) {
            return false;
        }
        at += size;
    }
    return true;
}

struct slice utf8_cut(struct slice text, size_t size)
{
    if (text.size <= size) {
        return text;
    }
    while (size > 0 && utf8_is_tail(text.data[size])) {
        size--;
    }
    return (struct slice){text.data, size};
}

size_t utf8_put(uint8_t *to, uint32_t scalar)
{
    ensure(scalar <= 0x10FFFF && (scalar < 0xD800 || scalar > 0xDFFF));
    if (scalar < 0x80) {
        to[0] = (uint8_t)scalar;
        return 1;
    }
    if (scalar < 0x800) {
        to[0] = (uint8_t)(0xC0 | scalar >> 6);
        to[1] = (uint8_t)(0x80 | (scalar & 0x3F));
        return 2;
    }
    if (scalar < 0x10000) {
        to[0] = (uint8_t)(0xE0 | scalar >> 12);
        to[1] = (uint8_t)(0x80 | (scalar >> 6 & 0x3F));
        to[2] = (uint8_t)(0x80 | (scalar & 0x3F));
        return 3;
    }
    to[0] = (uint8_t)(0xF0 | scalar >> 18);
    to[1] = (uint8_t)(0x80 | (scalar >> 12 & 0x3F));
    to[2] = (uint8_t)(0x80 | (scalar >> 6 & 0x3F));
    to[3] = (uint8_t)(0x80 | (scalar & 0x3F));
    return 4;
}
