#include "proto/base/buffer.h"

#include "proto/base/ensure.h"

#include <stdarg.h>

void buffer_init(struct buffer *buffer, struct arena *arena, size_t capacity)
{
    buffer->arena = arena;
    buffer->data = arena_alloc(arena, capacity);
    buffer->size = 0;
    buffer->capacity = capacity;
}

uint8_t *buffer_reserve(struct buffer *buffer, size_t more)
{
    ensure(buffer->arena != NULL);
    if (buffer->capacity - buffer->size < more) {
        ensure(more <= SIZE_MAX / 4);
        size_t capacity = buffer->capacity * 2;
        if (capacity < buffer->size + more) {
            capacity = buffer->size + more + 64;
        }
        uint8_t *grown = arena_alloc(buffer->arena, capacity);
        if (buffer->size > 0) {
            memcpy(grown, buffer->data, buffer->size);
        }
        buffer->data = grown;
        buffer->capacity = capacity;
    }
    return buffer->data + buffer->size;
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    ensure(size >= 0);
    uint8_t *to = buffer_reserve(buffer, (size_t)size + 1);
    va_start(args, format);
    vsnprintf((char *)to, (size_t)size + 1, format, args);
    va_end(args);
    buffer->size += (size_t)size;
}
