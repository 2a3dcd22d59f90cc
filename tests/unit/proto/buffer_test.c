/* Goal: buffers keep their bytes while they grow. Method: grow from nothing byte by byte and in
 * large steps, then compare. */
#include "proto/base/buffer.h"

#include <criterion/criterion.h>

Test(buffer, bytes_survive_growth)
{
    struct arena arena = {0};
    struct buffer buffer;
    buffer_init(&buffer, &arena, 0);
    for (unsigned i = 0; i < 10000; i++) {
        buffer_append_byte(&buffer, (uint8_t)(i * 7));
    }
    cr_assert_eq(buffer.size, 10000);
    for (unsigned i = 0; i < 10000; i++) {
        cr_assert_eq(buffer.data[i], (uint8_t)(i * 7), "byte %u", i);
    }
    arena_destroy(&arena);
}

Test(buffer, reserve_does_not_change_the_size)
{
    struct arena arena = {0};
    struct buffer buffer;
    buffer_init(&buffer, &arena, 4);
    buffer_append_text(&buffer, "ab");
    uint8_t *at = buffer_reserve(&buffer, 1000);
    cr_assert_eq(at, buffer.data + 2);
    cr_assert_eq(buffer.size, 2);
    cr_assert_geq(buffer.capacity - buffer.size, 1000);
    arena_destroy(&arena);
}

Test(buffer, all_kinds_of_appends_follow_each_other)
{
    struct arena arena = {0};
    struct buffer buffer;
    buffer_init(&buffer, &arena, 1);
    buffer_append(&buffer, NULL, 0);
    buffer_append_text(&buffer, "a");
    buffer_append_slice(&buffer, SLICE_LITERAL("bc"));
    buffer_append_slice(&buffer, (struct slice){0});
    buffer_append_byte(&buffer, 'd');
    buffer_printf(&buffer, "%03d", 7);
    cr_assert(slice_is(buffer_slice(&buffer), "abcd007"));
    arena_destroy(&arena);
}
