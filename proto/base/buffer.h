/* A growing byte buffer in an arena, for answers, rows and frames whose size is not known ahead.
 *
 * Growth copies into a larger arena block; the old one is left to arena_clear. One thread. */
#pragma once

#include "proto/base/arena.h"

struct buffer {
    struct arena *arena; /* Borrowed; outlives the buffer. */
    uint8_t *data;
    size_t size;
    size_t capacity;
};

void buffer_init(struct buffer *buffer, struct arena *arena, size_t capacity);

/* Make room for `more` bytes behind size and return where they start; size is not changed. */
uint8_t *buffer_reserve(struct buffer *buffer, size_t more);

static inline void buffer_append(struct buffer *buffer, const void *bytes, size_t size)
{
    uint8_t *to = buffer_reserve(buffer, size);
    if (size > 0) {
        memcpy(to, bytes, size);
    }
    buffer->size += size;
}

static inline void buffer_append_slice(struct buffer *buffer, struct slice bytes)
{
    buffer_append(buffer, bytes.data, bytes.size);
}

static inline void buffer_append_text(struct buffer *buffer, const char *text)
{
    buffer_append(buffer, text, strlen(text));
}

static inline void buffer_append_byte(struct buffer *buffer, uint8_t byte)
{
    *buffer_reserve(buffer, 1) = byte;
    buffer->size++;
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static inline struct slice buffer_slice(const struct buffer *buffer)
{
    return (struct slice){buffer->data, buffer->size};
}
