/* Goal: each rule of the stored form is checked. Method: one encoded value per broken rule. */
#include "tests/unit/proto/sample.h"

#include <criterion/criterion.h>

Test(value_check, each_broken_rule_is_named)
{
    static const struct {
        const char *hex; /* Tag, size, payload. */
        const char *error;
    } cases[] = {
        {"0101ff", "a string of 1 bytes is not UTF-8"},
        {"0103eda080", "a string of 3 bytes is not UTF-8"},
        {"0200", "a number of 0 bytes is not in key form"},
        {"0204c0820b01", "a number of 4 bytes is not in key form"},
        {"0400", "a boolean of 0 bytes is neither 0 nor 1"},
        {"040102", "a boolean of 1 bytes is neither 0 nor 1"},
        {"04020000", "a boolean of 2 bytes is neither 0 nor 1"},
        {"050100", "a null carries 1 bytes"},
        {"0600", "a M of 0 bytes does not decode"},
        {"060101", "a M of 1 bytes does not decode"},
        {"060200ff", "a M of 2 bytes does not decode"},
        {"060501016100"
         "00",
         "a M of 5 bytes does not decode"},
        {"06050101ff0500", "an attribute name of 1 bytes is not UTF-8"},
        {"060902016105000161"
         "0500",
         "attribute names do not ascend"},
        {"060902016205000161"
         "0500",
         "attribute names do not ascend"},
        {"0700", "a L of 0 bytes does not decode"},
        {"0702010b", "a L of 2 bytes does not decode"},
        {"07020200", "a L of 2 bytes does not decode"},
        {"070401040102", "a boolean of 1 bytes is neither 0 nor 1"},
        {"080100", "a set is empty"},
        {"080101", "a SS of 1 bytes does not decode"},
        {"0805020161"
         "0161",
         "set elements do not ascend"},
        {"0805020162"
         "0161",
         "set elements do not ascend"},
        {"08030101ff", "a string of 1 bytes is not UTF-8"},
        {"0906010"
         "4c0820b01",
         "a number of 4 bytes is not in key form"},
        {"090903"
         "03c0821503c082"
         "0b",
         "set elements do not ascend"},
        {"0a0200"
         "00",
         "a set is empty"},
        {"0a03010000", "a BS of 3 bytes does not decode"},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct slice from = sample_hex(&arena, cases[i].hex);
        struct value value;
        struct error err = {0};
        cr_assert(value_take(&from, &value), "%s", cases[i].hex);
        cr_assert_eq(from.size, 0, "%s", cases[i].hex);
        cr_assert_not(value_check(value, &err), "%s", cases[i].hex);
        cr_assert_eq(err.code, ERROR_CORRUPT);
        cr_assert_str_eq(err.text, cases[i].error, "%s: %s", cases[i].hex, err.text);
    }
    arena_destroy(&arena);
}

Test(value_check, an_unknown_type_is_refused)
{
    struct error err = {0};
    cr_assert_not(value_check((struct value){VALUE_MISSING, {0}}, &err));
    cr_assert_str_eq(err.text, "a value has the unknown type 0");
}

Test(value_check, attributes_need_a_name_but_map_members_may_have_none)
{
    struct arena arena = {0};
    struct error err = {0};
    cr_assert_not(item_check(sample_hex(&arena, "01000500"), &err));
    cr_assert_str_eq(err.text, "an attribute name of 0 bytes");
    cr_assert(value_check((struct value){VALUE_M, sample_hex(&arena, "01000500")}, &err));
    cr_assert(item_check(sample_hex(&arena, "00"), &err));
    arena_destroy(&arena);
}

Test(value_check, names_have_a_bound)
{
    struct arena arena = {0};
    for (size_t size = ATTRIBUTE_NAME_BYTES_MAX; size <= ATTRIBUTE_NAME_BYTES_MAX + 1; size++) {
        char *name = arena_alloc(&arena, size);
        memset(name, 'a', size);
        struct member member = {slice_of(name, size), value_make_bool(true)};
        struct value map = value_make_map(&arena, &member, 1);
        struct error err = {0};
        cr_assert_eq(item_check(map.payload, &err), size <= ATTRIBUTE_NAME_BYTES_MAX);
    }
    arena_destroy(&arena);
}

/* Level by level around one scalar. */
static struct value nested(struct arena *arena, int containers)
{
    struct value value = {VALUE_S, SLICE_LITERAL("x")};
    for (int i = 0; i < containers; i++) {
        struct member member = {SLICE_LITERAL("m"), value};
        value = i % 2 == 0 ? value_make_list(arena, &value, 1) : value_make_map(arena, &member, 1);
    }
    return value;
}

Test(value_check, thirty_one_containers_around_a_scalar_pass_and_one_more_does_not)
{
    struct arena arena = {0};
    struct error err = {0};
    cr_assert(value_check(nested(&arena, 31), &err), "%s", err.text);
    cr_assert_not(value_check(nested(&arena, 32), &err));
    cr_assert_str_eq(err.text, "a value is nested deeper than 32 levels");
    struct member attribute = {SLICE_LITERAL("a"), nested(&arena, 31)};
    cr_assert(item_check(value_make_map(&arena, &attribute, 1).payload, &err), "%s", err.text);
    attribute.value = nested(&arena, 32);
    cr_assert_not(item_check(value_make_map(&arena, &attribute, 1).payload, &err));
    arena_destroy(&arena);
}

Test(value_check, an_empty_container_or_a_set_may_be_the_last_level)
{
    struct arena arena = {0};
    struct error err = {0};
    struct value value = sample_value(&arena, "{\"SS\":[\"a\"]}");
    for (int i = 0; i < 31; i++) {
        value = value_make_list(&arena, &value, 1);
    }
    cr_assert(value_check(value, &err), "%s", err.text);
    arena_destroy(&arena);
}
