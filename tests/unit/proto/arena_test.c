/* Goal: the arena hands out separate, aligned memory and gives back what it should. Method: fill
 * what it hands out, look at all of it afterwards, count what it holds. */
#include "proto/base/arena.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdalign.h>

Test(arena, allocations_are_aligned_and_do_not_overlap)
{
    struct arena arena;
    arena_init(&arena);
    enum { COUNT = 500 };
    uint8_t *parts[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        size_t size = i * 37 % 600;
        parts[i] = arena_alloc(&arena, size);
        cr_assert_eq((uintptr_t)parts[i] % alignof(max_align_t), 0, "allocation %zu", i);
        memset(parts[i], (int)(i & 0xff), size);
    }
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t at = 0; at < i * 37 % 600; at++) {
            cr_assert_eq(parts[i][at], i & 0xff, "allocation %zu, byte %zu", i, at);
        }
    }
    arena_destroy(&arena);
}

Test(arena, clear_keeps_the_first_block_and_uses_it_again)
{
    struct arena arena;
    arena_init(&arena);
    void *first = arena_alloc(&arena, 100);
    for (int i = 0; i < 100; i++) {
        arena_alloc(&arena, 4000);
    }
    cr_assert_gt(arena_held_bytes(&arena), ARENA_BLOCK_BYTES_MIN);
    arena_clear(&arena);
    cr_assert_eq(arena_held_bytes(&arena), ARENA_BLOCK_BYTES_MIN);
    cr_assert_eq(arena_alloc(&arena, 100), first);
    arena_destroy(&arena);
    cr_assert_eq(arena_held_bytes(&arena), 0);
}

Test(arena, clear_gives_back_a_first_block_that_is_too_large_to_keep)
{
    struct arena arena;
    arena_init(&arena);
    arena_alloc(&arena, ARENA_BLOCK_BYTES_MAX + 1);
    arena_clear(&arena);
    cr_assert_eq(arena_held_bytes(&arena), 0);
    cr_assert_not_null(arena_alloc(&arena, 1));
    arena_destroy(&arena);
}

Test(arena, a_zeroed_arena_can_be_cleared_and_destroyed)
{
    struct arena arena = {0};
    arena_clear(&arena);
    arena_destroy(&arena);
    cr_assert_not_null(arena_alloc(&arena, 0));
    arena_destroy(&arena);
}

Test(arena, zalloc_zeroes_memory_that_was_used_before)
{
    struct arena arena;
    arena_init(&arena);
    memset(arena_alloc(&arena, 1000), 0xff, 1000);
    arena_clear(&arena);
    const uint8_t *zeroed = arena_zalloc(&arena, 250, 4);
    for (size_t i = 0; i < 1000; i++) {
        cr_assert_eq(zeroed[i], 0, "byte %zu", i);
    }
    arena_destroy(&arena);
}

Test(arena, copy_and_printf_end_with_a_zero)
{
    struct arena arena;
    arena_init(&arena);
    struct slice copy = arena_copy(&arena, SLICE_LITERAL("abc"));
    cr_assert_str_eq((const char *)copy.data, "abc");
    cr_assert_eq(copy.size, 3);
    cr_assert_eq(arena_copy(&arena, (struct slice){0}).data[0], 0);
    cr_assert_str_eq(arena_printf(&arena, "%d-%s", 7, "x"), "7-x");
    arena_destroy(&arena);
}

Test(arena, a_product_that_overflows_is_a_broken_invariant, .signal = SIGABRT)
{
    struct arena arena = {0};
    arena_zalloc(&arena, SIZE_MAX / 2, 3);
}
