/* Goal: exactly Unicode's well-formed UTF-8 is taken. Method: every scalar value, the borders of
 * each lead byte, and every cut. */
#include "proto/value/utf8.h"

#include "proto/base/ensure.h"

#include <criterion/criterion.h>

Test(utf8, every_scalar_value_is_well_formed_and_no_cut_of_it_is)
{
    for (uint32_t scalar = 0; scalar <= 0x10FFFF; scalar++) {
        if (scalar >= 0xD800 && scalar <= 0xDFFF) {
            continue;
        }
        uint8_t bytes[4];
        size_t size = utf8_put(bytes, scalar);
        if (!utf8_valid(slice_of(bytes, size))) {
            cr_assert_fail("U+%X", scalar);
        }
        for (size_t cut = 1; cut < size; cut++) {
            if (utf8_valid(slice_of(bytes, cut)) || utf8_valid(slice_of(bytes + cut, size - cut))) {
                cr_assert_fail("U+%X cut at %zu", scalar, cut);
            }
        }
    }
}

Test(utf8, what_is_not_a_scalar_value_is_refused)
{
    static const char *const refused[] = {"\x80",
                                          "\xbf",
                                          "\xc0\x80",
                                          "\xc1\xbf",
                                          "\xe0\x80\x80",
                                          "\xe0\x9f\xbf",
                                          "\xed\xa0\x80",
                                          "\xed\xbf\xbf",
                                          "\xf0\x80\x80\x80",
                                          "\xf0\x8f\xbf\xbf",
                                          "\xf4\x90\x80\x80",
                                          "\xf5\x80\x80\x80",
                                          "\xff",
                                          "\xc3(",
                                          "\xe2\x82(",
                                          "\xf0\x9f\x98("};
    for (size_t i = 0; i < ARRAY_COUNT(refused); i++) {
        for (size_t before = 0; before < 10; before++) { /* At every place of a run of eight. */
            char text[32] = "aaaaaaaaaaaaaaaaaaaaa";
            memcpy(text + before, refused[i], strlen(refused[i]));
            cr_assert_not(utf8_valid(slice_text(text)), "case %zu behind %zu bytes", i, before);
        }
    }
    cr_assert(utf8_valid((struct slice){0}));
}

Test(utf8, cutting_never_splits_a_character)
{
    struct slice text = SLICE_LITERAL("a\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80z");
    for (size_t size = 0; size <= text.size + 2; size++) {
        struct slice cut = utf8_cut(text, size);
        cr_assert_leq(cut.size, size);
        cr_assert(utf8_valid(cut), "cut to %zu", size);
        cr_assert(slice_starts_with(text, cut));
    }
    cr_assert_eq(utf8_cut(text, 100).size, text.size);
}
