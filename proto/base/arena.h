/* A bump allocator for one request: many small allocations, one clear.
 *
 * Blocks grow by doubling up to ARENA_BLOCK_BYTES_MAX; a larger request gets a block of its own.
 * arena_clear keeps the first block, so that a connection which serves one request after another
 * allocates nothing. Sizes meet their limit where data enters, so running out of memory is a broken
 * invariant and not an error. One thread at a time. */
#pragma once

#include "proto/base/slice.h"

enum { ARENA_BLOCK_BYTES_MIN = 4096, ARENA_BLOCK_BYTES_MAX = 1 << 20 };

struct arena_block;

struct arena {
    struct arena_block *first; /* Kept over arena_clear. */
    struct arena_block *last;  /* Where the next allocation is tried. */
};

/* A zeroed struct arena is a valid empty arena. */
void arena_init(struct arena *arena);

/* Give back everything but the first block (if that is at most ARENA_BLOCK_BYTES_MAX). */
void arena_clear(struct arena *arena);

/* Give back everything; the arena is empty and usable again. */
void arena_destroy(struct arena *arena);

/* size bytes, aligned for any type, not zeroed. size 0 gives a valid pointer. */
void *arena_alloc(struct arena *arena, size_t size);

/* Zeroed. count * size may not overflow: ensured. */
void *arena_zalloc(struct arena *arena, size_t count, size_t size);

/* Copy bytes into the arena; the result is followed by one zero byte that size does not count. */
struct slice arena_copy(struct arena *arena, struct slice bytes);

/* printf into the arena; zero-terminated. */
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Bytes the arena holds from the system, for limits and tests. */
size_t arena_held_bytes(const struct arena *arena);
