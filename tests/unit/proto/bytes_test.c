/* Goal: integers and slices mean the same everywhere. Method: golden bytes, all varint sizes, every
 * prefix, and forms that are longer than they need to be. */
#include "proto/base/bytes.h"

#include "proto/base/ensure.h"

#include <criterion/criterion.h>

Test(bytes, big_endian_is_what_it_says)
{
    uint8_t bytes[8];
    put_be16(bytes, 0x0102);
    cr_assert_arr_eq(bytes, "\x01\x02", 2);
    cr_assert_eq(get_be16(bytes), 0x0102);
    put_be32(bytes, 0x01020304);
    cr_assert_arr_eq(bytes, "\x01\x02\x03\x04", 4);
    cr_assert_eq(get_be32(bytes), 0x01020304);
    put_be64(bytes, UINT64_C(0x0102030405060708));
    cr_assert_arr_eq(bytes, "\x01\x02\x03\x04\x05\x06\x07\x08", 8);
    cr_assert_eq(get_be64(bytes), UINT64_C(0x0102030405060708));
}

Test(bytes, varints_round_trip_and_no_prefix_is_taken)
{
    for (unsigned bit = 0; bit < 64; bit++) {
        for (int delta = -1; delta <= 1; delta++) {
            uint64_t v = (UINT64_C(1) << bit) + (uint64_t)(int64_t)delta;
            uint8_t bytes[VARINT_BYTES_MAX];
            size_t size = (size_t)(put_varint(bytes, v) - bytes);
            cr_assert_eq(size, varint_size(v), "%lu", (unsigned long)v);
            for (size_t prefix = 0; prefix < size; prefix++) {
                struct slice cut = {bytes, prefix};
                uint64_t back;
                cr_assert_not(take_varint(&cut, &back), "%zu of %zu", prefix, size);
                cr_assert_eq(cut.size, prefix);
            }
            struct slice from = {bytes, size};
            uint64_t back;
            cr_assert(take_varint(&from, &back));
            cr_assert_eq(back, v);
            cr_assert_eq(from.size, 0);
        }
    }
}

Test(bytes, varints_have_one_form_and_at_most_64_bits)
{
    static const struct {
        const char *bytes;
        size_t size;
    } refused[] = {
        {"\x80\x00", 2},                                  /* 0 in two bytes */
        {"\xff\x80\x00", 3},                              /* 127 in three */
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10}, /* bit 64 */
        {"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11},
    };
    for (size_t i = 0; i < ARRAY_COUNT(refused); i++) {
        struct slice from = slice_of(refused[i].bytes, refused[i].size);
        uint64_t v;
        cr_assert_not(take_varint(&from, &v), "case %zu", i);
        cr_assert_eq(from.size, refused[i].size, "case %zu", i);
    }
    struct slice from = SLICE_LITERAL("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
    uint64_t v;
    cr_assert(take_varint(&from, &v));
    cr_assert_eq(v, UINT64_MAX);
}

Test(bytes, take_bytes_takes_all_or_nothing)
{
    struct slice from = SLICE_LITERAL("abc");
    struct slice taken;
    cr_assert_not(take_bytes(&from, 4, &taken));
    cr_assert_not(take_bytes(&from, UINT64_MAX, &taken));
    cr_assert(slice_is(from, "abc"));
    cr_assert(take_bytes(&from, 2, &taken));
    cr_assert(slice_is(taken, "ab"));
    cr_assert(take_bytes(&from, 1, &taken));
    cr_assert(take_bytes(&from, 0, &taken));
    cr_assert_eq(taken.size, 0);
}

Test(slice, order_is_by_unsigned_bytes_and_the_shorter_first)
{
    struct slice ascending[] = {{0},
                                SLICE_LITERAL(""),
                                SLICE_LITERAL("\0"),
                                SLICE_LITERAL("a"),
                                SLICE_LITERAL("ab"),
                                SLICE_LITERAL("b"),
                                SLICE_LITERAL("\x80"),
                                SLICE_LITERAL("\xff")};
    cr_assert(slice_equal(ascending[0], ascending[1]));
    for (size_t i = 1; i < ARRAY_COUNT(ascending); i++) {
        for (size_t j = 1; j < ARRAY_COUNT(ascending); j++) {
            int order = slice_compare(ascending[i], ascending[j]);
            cr_assert_eq((order > 0) - (order < 0), (i > j) - (i < j), "%zu and %zu", i, j);
            cr_assert_eq(slice_equal(ascending[i], ascending[j]), i == j);
        }
    }
}

Test(slice, a_prefix_is_recognised)
{
    cr_assert(slice_starts_with(SLICE_LITERAL("abc"), SLICE_LITERAL("ab")));
    cr_assert(slice_starts_with(SLICE_LITERAL("abc"), (struct slice){0}));
    cr_assert_not(slice_starts_with(SLICE_LITERAL("ab"), SLICE_LITERAL("abc")));
    cr_assert_not(slice_starts_with(SLICE_LITERAL("abc"), SLICE_LITERAL("b")));
}
