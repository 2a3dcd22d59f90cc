/* Goal: values are read, found and measured straight from their bytes. Method: golden bytes of
 * every type and an item that holds all of them; every prefix and every bit flip under
 * AddressSanitizer. */
#include "tests/unit/proto/sample.h"

#include <criterion/criterion.h>

static struct slice encoded(struct arena *arena, struct value value)
{
    struct buffer out;
    buffer_init(&out, arena, 16);
    value_append(&out, value);
    cr_assert_eq(out.size, value_encoded_size(value));
    return buffer_slice(&out);
}

Test(value, encoded_bytes_are_pinned)
{
    static const struct {
        const char *json;
        const char *hex;
    } cases[] = {
        {"{\"S\":\"\"}", "0100"},
        {"{\"S\":\"ab\"}", "01026162"},
        {"{\"N\":\"1\"}", "0203c0820b"},
        {"{\"N\":\"-1\"}", "0204407df4ff"},
        {"{\"N\":\"0\"}", "020180"},
        {"{\"B\":\"/wA=\"}", "0302ff00"},
        {"{\"BOOL\":true}", "040101"},
        {"{\"BOOL\":false}", "040100"},
        {"{\"NULL\":true}", "0500"},
        {"{\"M\":{}}", "060100"},
        {"{\"M\":{\"b\":{\"S\":\"x\"},\"a\":{\"NULL\":true}}}", "060a020161050001620101"
                                                                "78"},
        {"{\"L\":[]}", "070100"},
        {"{\"L\":[{\"S\":\"x\"},{\"NULL\":true}]}", "07060201017805"
                                                    "00"},
        {"{\"SS\":[\"b\",\"\",\"a\"]}", "08060300016101"
                                        "62"},
        {"{\"NS\":[\"2\",\"-1\",\"0\"]}", "090c0304407df4ff018003c08215"},
        {"{\"BS\":[\"/w==\",\"\"]}", "0a04020001ff"},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct value value = sample_value(&arena, cases[i].json);
        const char *hex = sample_to_hex(&arena, encoded(&arena, value));
        cr_assert_str_eq(hex, cases[i].hex, "%s is %s", cases[i].json, hex);
        struct slice from = sample_hex(&arena, cases[i].hex);
        struct value back;
        cr_assert(value_take(&from, &back), "%s", cases[i].json);
        cr_assert_eq(from.size, 0);
        cr_assert(value_equal(back, value), "%s", cases[i].json);
        struct error err = {0};
        cr_assert(value_check(back, &err), "%s: %s", cases[i].json, err.text);
    }
    arena_destroy(&arena);
}

Test(value, types_have_the_names_of_the_json)
{
    cr_assert_str_eq(value_type_name(VALUE_S), "S");
    cr_assert_str_eq(value_type_name(VALUE_BOOL), "BOOL");
    cr_assert_str_eq(value_type_name(VALUE_BS), "BS");
    for (int type = VALUE_S; type < VALUE_TYPES; type++) {
        const char *name = value_type_name((enum value_type)type);
        cr_assert_eq(value_json_type(slice_text(name)), (enum value_type)type, "%s", name);
    }
    cr_assert_eq(value_json_type(slice_text("X")), VALUE_MISSING);
    cr_assert_eq(value_json_type(slice_text("bool")), VALUE_MISSING);
    cr_assert_eq(value_json_type(slice_text("")), VALUE_MISSING);
}

Test(value, taking_leaves_the_input_alone_when_it_fails)
{
    static const char *const refused[] = {"",
                                          "00",
                                          "0b00",
                                          "01",
                                          "0101",
                                          "0102ff",
                                          "018000",
                                          "01ffffffffffffffffff01",
                                          "01ffffffffffffffffff7f"};
    struct arena arena = {0};
    for (size_t i = 0; i < ARRAY_COUNT(refused); i++) {
        struct slice from = sample_hex(&arena, refused[i]);
        struct slice before = from;
        struct value value;
        cr_assert_not(value_take(&from, &value), "%s", refused[i]);
        cr_assert(from.data == before.data && from.size == before.size);
    }
    arena_destroy(&arena);
}

Test(value, members_are_found_by_name_and_elements_by_place)
{
    struct arena arena = {0};
    struct slice image = sample_item(&arena, sample_everything);
    static const char *const names[] = {"binaries", "binary",  "list",    "map", "n",
                                        "no",       "nothing", "numbers", "s",   "strings"};
    struct value_walk walk;
    struct member member;
    value_walk_start(&walk, (struct value){VALUE_M, image});
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        struct value found;
        cr_assert(item_find(image, slice_text(names[i]), &found), "%s", names[i]);
        cr_assert(value_walk_next(&walk, &member));
        cr_assert(slice_is(member.name, names[i]), "%s", names[i]);
        cr_assert(value_equal(found, member.value), "%s", names[i]);
    }
    cr_assert_not(value_walk_next(&walk, &member));
    cr_assert_not(walk.broken);
    static const char *const absent[] = {"", "a", "binarie", "binaryy", "m", "nn", "zzz"};
    for (size_t i = 0; i < ARRAY_COUNT(absent); i++) {
        struct value found;
        cr_assert_not(item_find(image, slice_text(absent[i]), &found), "%s", absent[i]);
    }
    struct value list;
    struct value found;
    cr_assert(item_find(image, SLICE_LITERAL("list"), &list));
    cr_assert_eq(value_count(list), 4);
    cr_assert(value_at(list, 1, &found));
    cr_assert_str_eq(sample_value_text(&arena, found), "{\"N\":\"-1.5\"}");
    cr_assert(value_at(list, 3, &found));
    cr_assert_eq(found.type, VALUE_M);
    cr_assert_not(value_at(list, 4, &found));
    cr_assert_not(value_at(list, UINT64_MAX, &found));
    cr_assert_not(value_at((struct value){VALUE_M, image}, 0, &found));
    cr_assert_not(value_find(list, SLICE_LITERAL("a"), &found));
    arena_destroy(&arena);
}

Test(value, sets_know_their_elements)
{
    struct arena arena = {0};
    struct value strings = sample_value(&arena, "{\"SS\":[\"b\",\"d\",\"\"]}");
    struct value numbers = sample_value(&arena, "{\"NS\":[\"10\",\"-2.50\"]}");
    cr_assert(value_set_has(strings, sample_value(&arena, "{\"S\":\"b\"}")));
    cr_assert(value_set_has(strings, sample_value(&arena, "{\"S\":\"\"}")));
    cr_assert_not(value_set_has(strings, sample_value(&arena, "{\"S\":\"c\"}")));
    cr_assert_not(value_set_has(strings, sample_value(&arena, "{\"B\":\"Yg==\"}")));
    cr_assert(value_set_has(numbers, sample_value(&arena, "{\"N\":\"1e1\"}")));
    cr_assert(value_set_has(numbers, sample_value(&arena, "{\"N\":\"-2.5\"}")));
    cr_assert_not(value_set_has(numbers, sample_value(&arena, "{\"N\":\"2.5\"}")));
    struct value list = sample_value(&arena, "{\"L\":[{\"S\":\"b\"}]}");
    cr_assert_not(value_set_has(list, sample_value(&arena, "{\"S\":\"b\"}")));
    cr_assert_not(value_set_has(list, (struct value){VALUE_MISSING, {0}}));
    arena_destroy(&arena);
}

Test(value, equality_is_that_of_the_bytes)
{
    static const struct {
        const char *a;
        const char *b;
        bool equal;
    } cases[] = {
        {"{\"N\":\"1\"}", "{\"N\":\"1.0e0\"}", true},
        {"{\"N\":\"1\"}", "{\"S\":\"1\"}", false},
        {"{\"S\":\"YQ==\"}", "{\"B\":\"YQ==\"}", false},
        {"{\"SS\":[\"a\",\"b\"]}", "{\"SS\":[\"b\",\"a\"]}", true},
        {"{\"L\":[{\"S\":\"a\"},{\"S\":\"b\"}]}", "{\"L\":[{\"S\":\"b\"},{\"S\":\"a\"}]}", false},
        {"{\"M\":{\"a\":{\"N\":\"100\"},\"b\":{\"L\":[]}}}",
         "{\"M\":{\"b\":{\"L\":[]},\"a\":{\"N\":\"1e2\"}}}", true},
        {"{\"NS\":[\"1\"]}", "{\"L\":[{\"N\":\"1\"}]}", false},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct value a = sample_value(&arena, cases[i].a);
        struct value b = sample_value(&arena, cases[i].b);
        cr_assert_eq(value_equal(a, b), cases[i].equal, "%s and %s", cases[i].a, cases[i].b);
    }
    arena_destroy(&arena);
}

Test(value, sizes_are_those_of_the_reference)
{
    static const struct {
        const char *json;
        size_t size;
    } cases[] = {
        {"{\"S\":\"\"}", 0},
        {"{\"S\":\"gr\xc3\xbcn\"}", 5},
        {"{\"B\":\"/wAB\"}", 3},
        {"{\"N\":\"123\"}", 3},
        {"{\"BOOL\":false}", 1},
        {"{\"NULL\":true}", 1},
        {"{\"L\":[]}", 3},
        {"{\"M\":{}}", 3},
        {"{\"L\":[{\"S\":\"ab\"},{\"NULL\":true}]}", 3 + 1 + 2 + 1 + 1},
        {"{\"M\":{\"key\":{\"S\":\"ab\"}}}", 3 + 1 + 3 + 2},
        {"{\"M\":{\"k\":{\"L\":[{\"N\":\"1\"}]}}}", 3 + 1 + 1 + 3 + 1 + 2},
        {"{\"SS\":[\"a\",\"bcd\"]}", 4},
        {"{\"NS\":[\"1\",\"-123\"]}", 2 + 4},
        {"{\"BS\":[\"/w==\",\"/wAB\"]}", 4},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        size_t size = value_size(sample_value(&arena, cases[i].json));
        cr_assert_eq(size, cases[i].size, "%s: %zu", cases[i].json, size);
    }
    struct slice image = sample_item(&arena, "{\"pk\":{\"S\":\"abc\"},\"n\":{\"N\":\"10\"}}");
    cr_assert_eq(item_size(image), 2 + 3 + 1 + 2);
    cr_assert_eq(item_size(sample_item(&arena, "{}")), 0);
    arena_destroy(&arena);
}

Test(value, no_prefix_of_an_item_is_whole)
{
    struct arena arena = {0};
    struct slice whole = sample_item(&arena, sample_everything);
    struct error err = {0};
    cr_assert(item_check(whole, &err), "%s", err.text);
    for (size_t size = 0; size < whole.size; size++) {
        uint8_t *exact = sample_exact(slice_of(whole.data, size));
        cr_assert_not(item_check(slice_of(exact, size), &err), "took %zu of %zu", size, whole.size);
        cr_assert_eq(err.code, ERROR_CORRUPT);
        sample_walk((struct value){VALUE_M, slice_of(exact, size)}, 0);
        struct value_walk walk;
        struct member member;
        value_walk_start(&walk, (struct value){VALUE_M, slice_of(exact, size)});
        while (value_walk_next(&walk, &member)) {
        }
        cr_assert(walk.broken, "%zu of %zu", size, whole.size);
        free(exact);
    }
    arena_destroy(&arena);
}

Test(value, flipped_bits_are_refused_or_still_a_whole_item)
{
    struct arena arena = {0};
    struct slice whole = sample_item(&arena, sample_everything);
    for (size_t bit = 0; bit < whole.size * 8; bit++) {
        uint8_t *exact = sample_exact(whole);
        exact[bit / 8] ^= (uint8_t)(1 << bit % 8);
        struct slice image = {exact, whole.size};
        sample_walk((struct value){VALUE_M, image}, 0);
        for (int type = VALUE_S; type < VALUE_TYPES; type++) {
            sample_walk((struct value){(enum value_type)type, image}, 0);
        }
        struct error err = {0};
        if (item_check(image, &err)) {
            /* What passes the check is canonical: written and read again it is the same. */
            struct slice again = sample_item(&arena, sample_item_text(&arena, image));
            cr_assert(slice_equal(again, image), "bit %zu", bit);
        } else {
            cr_assert_eq(err.code, ERROR_CORRUPT);
        }
        free(exact);
        if (bit % 64 == 0) {
            struct slice keep = sample_item(&arena, sample_everything);
            cr_assert(slice_equal(keep, whole));
        }
    }
    arena_destroy(&arena);
}

Test(value, deeply_nested_nonsense_does_not_exhaust_the_stack)
{
    enum { DEPTH = 100000 };
    struct arena arena = {0};
    uint8_t *bytes = arena_alloc(&arena, DEPTH * 5);
    size_t at = DEPTH * 5;
    size_t size = 0;
    for (size_t level = 0; level < DEPTH; level++) { /* From the inside out. */
        uint8_t head[16] = {1, VALUE_L};
        size_t head_bytes = (size_t)(put_varint(head + 2, size) - head);
        if (head_bytes > at) {
            break;
        }
        at -= head_bytes;
        memcpy(bytes + at, head, head_bytes);
        size += head_bytes;
    }
    struct value list = {VALUE_L, {bytes + at, size}};
    struct error err = {0};
    cr_assert_not(value_check(list, &err));
    cr_assert_str_eq(err.text, "a value is nested deeper than 32 levels");
    cr_assert_gt(value_size(list), 0);
    arena_destroy(&arena);
}
