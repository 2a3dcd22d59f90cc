/* Goal: built values are canonical whatever order the parts come in. Method: build from shuffled
 * parts and compare; refuse what may not be built. */
#include "tests/unit/proto/sample.h"

#include <criterion/criterion.h>
#include <signal.h>

static struct value text_value(const char *text)
{
    return (struct value){VALUE_S, slice_text(text)};
}

Test(value_make, a_map_sorts_its_members_by_name)
{
    struct arena arena = {0};
    struct member members[] = {{SLICE_LITERAL("b"), text_value("2")},
                               {SLICE_LITERAL(""), text_value("0")},
                               {SLICE_LITERAL("ab"), value_make_bool(true)},
                               {SLICE_LITERAL("a"), value_make_bool(false)}};
    struct value map = value_make_map(&arena, members, ARRAY_COUNT(members));
    cr_assert_str_eq(sample_value_text(&arena, map),
                     "{\"M\":{\"\":{\"S\":\"0\"},\"a\":{\"BOOL\":false},\"ab\":{\"BOOL\":true},"
                     "\"b\":{\"S\":\"2\"}}}");
    cr_assert(slice_is(members[0].name, ""));
    arena_destroy(&arena);
}

Test(value_make, a_large_map_is_found_in_again)
{
    enum { COUNT = 300 };
    struct arena arena = {0};
    struct member members[COUNT];
    for (unsigned i = 0; i < COUNT; i++) {
        const char *name = arena_printf(&arena, "name%u", i * 7919 % COUNT);
        members[i] = (struct member){slice_text(name), text_value(name)};
    }
    struct value map = value_make_map(&arena, members, COUNT);
    struct error err = {0};
    cr_assert(item_check(map.payload, &err), "%s", err.text);
    cr_assert_eq(value_count(map), COUNT);
    for (unsigned i = 0; i < COUNT; i++) {
        struct slice name = slice_text(arena_printf(&arena, "name%u", i));
        struct value found;
        cr_assert(value_find(map, name, &found), "member %u", i);
        cr_assert(slice_equal(found.payload, name));
    }
    arena_destroy(&arena);
}

Test(value_make, two_members_of_one_name_are_a_broken_invariant, .signal = SIGABRT)
{
    struct arena arena = {0};
    struct member members[] = {{SLICE_LITERAL("a"), text_value("1")},
                               {SLICE_LITERAL("a"), text_value("2")}};
    value_make_map(&arena, members, 2);
}

Test(value_make, a_list_keeps_its_order)
{
    struct arena arena = {0};
    struct value elements[] = {text_value("b"), text_value("a"), text_value("b")};
    struct value list = value_make_list(&arena, elements, 3);
    cr_assert_str_eq(sample_value_text(&arena, list),
                     "{\"L\":[{\"S\":\"b\"},{\"S\":\"a\"},{\"S\":\"b\"}]}");
    cr_assert_eq(value_count(value_make_list(&arena, NULL, 0)), 0);
    arena_destroy(&arena);
}

Test(value_make, a_set_sorts_its_elements_and_refuses_a_duplicate)
{
    struct arena arena = {0};
    struct slice elements[] = {SLICE_LITERAL("c"), SLICE_LITERAL("a"), SLICE_LITERAL("b")};
    struct value set;
    struct slice duplicate;
    cr_assert(value_make_set(&arena, VALUE_SS, elements, 3, &set, &duplicate));
    cr_assert_str_eq(sample_value_text(&arena, set), "{\"SS\":[\"a\",\"b\",\"c\"]}");
    struct slice twice[] = {SLICE_LITERAL("c"), SLICE_LITERAL("a"), SLICE_LITERAL("c")};
    cr_assert_not(value_make_set(&arena, VALUE_BS, twice, 3, &set, &duplicate));
    cr_assert(slice_is(duplicate, "c"));
    arena_destroy(&arena);
}
