/* Goal: gzip bodies come out whole or not at all, and never past the bound. */
#include "daemon/http/inflate.h"

#include <criterion/criterion.h>

#include <zlib.h>

static struct slice gzipped(struct arena *arena, struct slice bytes)
{
    z_stream stream = {0};
    cr_assert_eq(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    size_t size = deflateBound(&stream, bytes.size) + 64;
    uint8_t *to = arena_alloc(arena, size);
    stream.next_in = (Bytef *)(uintptr_t)bytes.data;
    stream.avail_in = (uInt)bytes.size;
    stream.next_out = to;
    stream.avail_out = (uInt)size;
    cr_assert_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size -= stream.avail_out;
    deflateEnd(&stream);
    return slice_of(to, size);
}

static struct slice joined(struct arena *arena, struct slice a, struct slice b)
{
    uint8_t *to = arena_alloc(arena, a.size + b.size);
    memcpy(to, a.data, a.size);
    memcpy(to + a.size, b.data, b.size);
    return slice_of(to, a.size + b.size);
}

static void expect_error(struct slice bytes, size_t bytes_max, enum error_code code)
{
    struct arena arena = {0};
    struct error err = {0};
    struct slice out;
    cr_assert_not(inflate_gzip(bytes, bytes_max, &arena, &out, &err));
    cr_assert_eq(err.code, code, "%s", err.text);
    arena_destroy(&arena);
}

Test(inflate, takes_one_member_and_several)
{
    struct arena arena = {0};
    struct error err = {0};
    struct slice out, one = gzipped(&arena, SLICE_LITERAL("{\"a\":")),
                      two = gzipped(&arena, SLICE_LITERAL("1}"));
    cr_assert(inflate_gzip(one, 100, &arena, &out, &err), "%s", err.text);
    cr_assert(slice_is(out, "{\"a\":"));
    cr_assert(inflate_gzip(joined(&arena, one, two), 100, &arena, &out, &err), "%s", err.text);
    cr_assert(slice_is(out, "{\"a\":1}"));
    arena_destroy(&arena);
}

Test(inflate, refuses_what_is_cut_off_changed_or_followed_by_junk)
{
    struct arena arena = {0};
    struct slice whole = gzipped(&arena, SLICE_LITERAL("a body of some length, a body"));
    for (size_t size = 0; size < whole.size; size++) {
        expect_error(slice_of(whole.data, size), 1000, ERROR_INTERNAL);
    }
    expect_error(joined(&arena, whole, SLICE_LITERAL("x")), 1000, ERROR_INTERNAL);
    expect_error(joined(&arena, whole, SLICE_LITERAL("junk, long enough for a header")), 1000,
                 ERROR_INTERNAL);
    expect_error(SLICE_LITERAL("{\"plain\":1}"), 1000, ERROR_INTERNAL);
    uint8_t *changed = (uint8_t *)(uintptr_t)arena_copy(&arena, whole).data;
    changed[whole.size - 6] ^= 1; /* Of the checksum. */
    expect_error(slice_of(changed, whole.size), 1000, ERROR_INTERNAL);
    arena_destroy(&arena);
}

Test(inflate, stops_at_the_bound)
{
    struct arena arena = {0};
    size_t size = 1 << 20;
    uint8_t *zeros = arena_zalloc(&arena, 1, size);
    struct slice bomb = gzipped(&arena, slice_of(zeros, size));
    struct slice out;
    struct error err = {0};
    cr_assert_lt(bomb.size, 4096);
    cr_assert(inflate_gzip(bomb, size, &arena, &out, &err), "%s", err.text);
    cr_assert_eq(out.size, size);
    expect_error(bomb, size - 1, ERROR_LIMIT);
    arena_destroy(&arena);
}
