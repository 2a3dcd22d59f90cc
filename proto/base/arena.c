#include "proto/base/arena.h"

#include "proto/base/ensure.h"

#include <stdalign.h>
#include <stdarg.h>

struct arena_block {
    struct arena_block *next;
    size_t capacity;
    size_t used;
    alignas(max_align_t) uint8_t bytes[];
};

static struct arena_block *arena_block_new(size_t capacity)
{
    struct arena_block *block = malloc(sizeof(*block) + capacity);
    ensure(block != NULL);
    block->next = NULL;
    block->capacity = capacity;
    block->used = 0;
    return block;
}

void arena_init(struct arena *arena)
{
    *arena = (struct arena){0};
}

static void arena_free_chain(struct arena_block *block)
{
    while (block != NULL) {
        struct arena_block *next = block->next;
        free(block);
        block = next;
    }
}

void arena_clear(struct arena *arena)
{
    if (arena->first == NULL) {
        return;
    }
    if (arena->first->capacity > ARENA_BLOCK_BYTES_MAX) {
        arena_destroy(arena);
        return;
    }
    arena_free_chain(arena->first->next);
    arena->first->next = NULL;
    arena->first->used = 0;
    arena->last = arena->first;
}

void arena_destroy(struct arena *arena)
{
    arena_free_chain(arena->first);
    *arena = (struct arena){0};
}

void *arena_alloc(struct arena *arena, size_t size)
{
    const size_t align = alignof(max_align_t);
    ensure(size <= SIZE_MAX - align);
    size = (size + align - 1) & ~(align - 1);
    struct arena_block *last = arena->last;
    if (last == NULL || last->capacity - last->used < size) {
        size_t capacity = last == NULL ? ARENA_BLOCK_BYTES_MIN : last->capacity * 2;
        if (capacity > ARENA_BLOCK_BYTES_MAX) {
            capacity = ARENA_BLOCK_BYTES_MAX;
        }
        struct arena_block *made = arena_block_new(size > capacity ? size : capacity);
        if (last == NULL) {
            arena->first = made;
        } else {
            last->next = made;
        }
        arena->last = made;
        last = made;
    }
    void *result = last->bytes + last->used;
    last->used += size;
    return result;
}

void *arena_zalloc(struct arena *arena, size_t count, size_t size)
{
    ensure(size == 0 || count <= SIZE_MAX / size);
    void *result = arena_alloc(arena, count * size);
    memset(result, 0, count * size);
    return result;
}

struct slice arena_copy(struct arena *arena, struct slice bytes)
{
    uint8_t *copy = arena_alloc(arena, bytes.size + 1);
    if (bytes.size > 0) {
        memcpy(copy, bytes.data, bytes.size);
    }
    copy[bytes.size] = 0;
    return (struct slice){copy, bytes.size};
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    ensure(size >= 0);
    char *text = arena_alloc(arena, (size_t)size + 1);
    va_start(args, format);
    vsnprintf(text, (size_t)size + 1, format, args);
    va_end(args);
    return text;
}

size_t arena_held_bytes(const struct arena *arena)
{
    size_t held = 0;
    for (const struct arena_block *block = arena->first; block != NULL; block = block->next) {
        held += block->capacity;
    }
    return held;
}
