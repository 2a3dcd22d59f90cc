/* Goal: one checksum on every processor. Method: the vectors of RFC 3720, appendix B.4, and the
 * instruction against the table on every size and alignment up to two words. */
#include "proto/base/checksum.h"

#include <criterion/criterion.h>

Test(checksum, matches_the_published_vectors)
{
    uint8_t bytes[32] = {0};
    cr_assert_eq(crc32c(slice_of(bytes, 32)), 0x8A9136AA);
    memset(bytes, 0xff, 32);
    cr_assert_eq(crc32c(slice_of(bytes, 32)), 0x62A8AB43);
    for (uint8_t i = 0; i < 32; i++) {
        bytes[i] = i;
    }
    cr_assert_eq(crc32c(slice_of(bytes, 32)), 0x46DD794E);
    cr_assert_eq(crc32c(SLICE_LITERAL("123456789")), 0xE3069283);
    cr_assert_eq(crc32c((struct slice){0}), 0);
}

Test(checksum, the_table_and_the_instruction_agree)
{
    uint8_t bytes[64];
    for (unsigned i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)(i * i * 31 + 7);
    }
    for (size_t from = 0; from < 8; from++) {
        for (size_t size = 0; size <= 40; size++) {
            struct slice part = slice_of(bytes + from, size);
            cr_assert_eq(crc32c(part), crc32c_extend_portable(0, part), "%zu bytes at %zu", size,
                         from);
        }
    }
}

Test(checksum, extending_is_the_checksum_of_both_parts)
{
    struct slice whole = SLICE_LITERAL("the quick brown fox jumps over the lazy dog");
    for (size_t cut = 0; cut <= whole.size; cut++) {
        uint32_t front = crc32c(slice_of(whole.data, cut));
        struct slice back = slice_of(whole.data + cut, whole.size - cut);
        cr_assert_eq(crc32c_extend(front, back), crc32c(whole), "cut at %zu", cut);
        cr_assert_eq(crc32c_extend_portable(front, back), crc32c(whole), "cut at %zu", cut);
    }
}
