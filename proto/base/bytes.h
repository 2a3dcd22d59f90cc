/* Explicit byte order and variable-length integers. Never a struct cast onto bytes. */
#pragma once

#include "proto/base/buffer.h"

static inline void put_be16(uint8_t *to, uint16_t v)
{
    to[0] = (uint8_t)(v >> 8);
    to[1] = (uint8_t)v;
}

static inline void put_be32(uint8_t *to, uint32_t v)
{
    v = __builtin_bswap32(v);
    memcpy(to, &v, 4);
}

static inline void put_be64(uint8_t *to, uint64_t v)
{
    v = __builtin_bswap64(v);
    memcpy(to, &v, 8);
}

static inline uint16_t get_be16(const uint8_t *from)
{
    return (uint16_t)((from[0] << 8) | from[1]);
}

static inline uint32_t get_be32(const uint8_t *from)
{
    uint32_t v;
    memcpy(&v, from, 4);
    return __builtin_bswap32(v);
}

static inline uint64_t get_be64(const uint8_t *from)
{
    uint64_t v;
    memcpy(&v, from, 8);
    return __builtin_bswap64(v);
}

/* LEB128, at most VARINT_BYTES_MAX bytes, shortest form only. */
enum { VARINT_BYTES_MAX = 10 };

static inline size_t varint_size(uint64_t v)
{
    size_t size = 1;
    while (v >= 0x80) {
        v >>= 7;
        size++;
    }
    return size;
}

/* Writes varint_size(v) bytes and returns the byte behind them. */
static inline uint8_t *put_varint(uint8_t *to, uint64_t v)
{
    while (v >= 0x80) {
        *to++ = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    *to++ = (uint8_t)v;
    return to;
}

static inline void buffer_append_varint(struct buffer *buffer, uint64_t v)
{
    uint8_t *to = buffer_reserve(buffer, VARINT_BYTES_MAX);
    buffer->size += (size_t)(put_varint(to, v) - to);
}

/* Take a varint off the front of *from. False, with *from untouched, when it is cut off, longer
 * than 64 bits or not in its shortest form. */
static inline bool take_varint(struct slice *from, uint64_t *v)
{
    uint64_t value = 0;
    for (size_t i = 0; i < from->size && i < VARINT_BYTES_MAX; i++) {
        uint64_t bits = from->data[i] & 0x7f;
        if (i == VARINT_BYTES_MAX - 1 && bits > 1) {
            return false;
        }
        value |= bits << (7 * i);
        if ((from->data[i] & 0x80) == 0) {
            if (i > 0 && bits == 0) {
                return false;
            }
            *v = value;
            from->data += i + 1;
            from->size -= i + 1;
            return true;
        }
    }
    return false;
}

/* Take `size` bytes off the front of *from; false, with *from untouched, when fewer are left. */
static inline bool take_bytes(struct slice *from, uint64_t size, struct slice *bytes)
{
    if (size > from->size) {
        return false;
    }
    *bytes = (struct slice){from->data, (size_t)size};
    from->data += size;
    from->size -= (size_t)size;
    return true;
}
