/* Goal: DynamoDB JSON becomes values and values become DynamoDB JSON, with the faults of the API
 * reference, section 5.1. Method: there and back; a table of faults; bounds on both sides. */
#include "proto/value/value_json.h"

#include "tests/unit/proto/sample.h"

#include <criterion/criterion.h>
#include <signal.h>

#define INVALID "One or more parameter values were invalid: "

Test(value_json, everything_comes_back_in_stored_order)
{
    struct arena arena = {0};
    struct slice image = sample_item(&arena, sample_everything);
    const char *text = sample_item_text(&arena, image);
    cr_assert_str_eq(
        text,
        "{\"binaries\":{\"BS\":[\"AA==\",\"/w==\"]},"
        "\"binary\":{\"B\":\"/wAB\"},"
        "\"list\":{\"L\":[{\"S\":\"a\"},{\"N\":\"-1.5\"},{\"L\":[]},{\"M\":{\"k\":{\"NULL\":true}}}"
        "]},"
        "\"map\":{\"M\":{\"\":{\"S\":\"\"},\"deep\":{\"M\":{\"b\":{\"BOOL\":true}}}}},"
        "\"n\":{\"N\":\"12345678901234567890123456789012345678\"},"
        "\"no\":{\"BOOL\":false},"
        "\"nothing\":{\"NULL\":true},"
        "\"numbers\":{\"NS\":[\"-7.25\",\"0\",\"3\"]},"
        "\"s\":{\"S\":\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80\"},"
        "\"strings\":{\"SS\":[\"\",\"aa\",\"b\"]}}",
        "%s", text);
    cr_assert(slice_equal(sample_item(&arena, text), image));
    arena_destroy(&arena);
}

Test(value_json, values_are_normalised)
{
    static const char *const cases[][2] = {
        {"{\"N\":\"1e2\"}", "{\"N\":\"100\"}"},
        {"{\"N\":\"-0.0\"}", "{\"N\":\"0\"}"},
        {"{\"NS\":[\"2.50\",\"1e1\"]}", "{\"NS\":[\"2.5\",\"10\"]}"},
        {"{\"BOOL\":\"true\"}", "{\"BOOL\":true}"},
        {"{\"BOOL\":\"1\"}", "{\"BOOL\":true}"},
        {"{\"BOOL\":\"yes\"}", "{\"BOOL\":true}"},
        {"{\"BOOL\":\"False\"}", "{\"BOOL\":false}"},
        {"{\"BOOL\":\"0\"}", "{\"BOOL\":false}"},
        {"{\"BOOL\":\"no\"}", "{\"BOOL\":false}"},
        {"{\"NULL\":\"true\"}", "{\"NULL\":true}"},
        {"{\"S\":\"a\\u0000\\n\\\"\"}", "{\"S\":\"a\\u0000\\n\\\"\"}"},
        {"{\"S\":\"a\",\"N\":null}", "{\"S\":\"a\"}"},
        {"{\"S\":\"a\",\"unknown\":{\"x\":[1]}}", "{\"S\":\"a\"}"},
        {"{\"M\":{\"a\":null,\"b\":{\"S\":\"x\"}}}", "{\"M\":{\"b\":{\"S\":\"x\"}}}"},
        {"{\"SS\":[\"b\",null,\"a\"]}", "{\"SS\":[\"a\",\"b\"]}"},
        {"{\"S\":\"first\",\"S\":\"last\"}", "{\"S\":\"last\"}"},
        {"{\"SS\":[\"\"]}", "{\"SS\":[\"\"]}"},
        {"{\"BS\":[\"\"]}", "{\"BS\":[\"\"]}"},
        {"{\"B\":\"\"}", "{\"B\":\"\"}"},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        const char *text = sample_value_text(&arena, sample_value(&arena, cases[i][0]));
        cr_assert_str_eq(text, cases[i][1], "%s became %s", cases[i][0], text);
    }
    arena_destroy(&arena);
}

static const char *refusal(struct arena *arena, const char *text, bool is_item)
{
    struct json *root = NULL;
    struct error err = {0};
    cr_assert(json_parse(slice_text(text), arena, &root, &err), "%s: %s", text, err.text);
    cr_assert(is_item ? item_json_check(root, &err) : value_json_check(root, &err), "%s: %s", text,
              err.text);
    struct value value = {VALUE_BOOL, SLICE_LITERAL("untouched")};
    struct slice image = SLICE_LITERAL("untouched");
    bool ok = is_item ? item_from_json(root, arena, &image, &err)
                      : value_from_json(root, arena, &value, &err);
    if (ok) {
        return "";
    }
    cr_assert_eq(err.code, ERROR_VALIDATION);
    cr_assert(slice_is(image, "untouched") && slice_is(value.payload, "untouched"));
    return arena_printf(arena, "%s", err.text);
}

#define EMPTY                                                                                      \
    "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
#define SEVERAL                                                                                    \
    "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the "    \
    "supported datatypes"
#define NUMERIC "The parameter cannot be converted to a numeric value"

Test(value_json, faults_get_the_texts_of_the_reference)
{
    static const char *const cases[][2] = {
        {"{}", EMPTY},
        {"{\"S\":null}", EMPTY},
        {"{\"X\":\"a\"}", EMPTY},
        {"{\"L\":[null]}", EMPTY},
        {"{\"L\":[{\"S\":\"a\"},{}]}", EMPTY},
        {"{\"M\":{\"a\":{}}}", EMPTY},
        {"{\"S\":\"a\",\"N\":\"1\"}", SEVERAL},
        {"{\"M\":{},\"L\":[]}", SEVERAL},
        {"{\"L\":[{\"N\":\"x\"}],\"S\":\"a\"}", SEVERAL},
        {"{\"S\":\"a\",\"N\":\"x\"}", NUMERIC ": x"},
        {"{\"L\":[],\"SS\":[]}", INVALID "An string set  may not be empty"},
        {"{\"NULL\":false}", INVALID "Null attribute value types must have the value of true"},
        {"{\"NULL\":\"no\"}", INVALID "Null attribute value types must have the value of true"},
        {"{\"SS\":[]}", INVALID "An string set  may not be empty"},
        {"{\"NS\":[]}", INVALID "An number set  may not be empty"},
        {"{\"BS\":[]}", INVALID "Binary sets should not be empty"},
        {"{\"SS\":[\"b\",\"a\",\"b\"]}", INVALID "Input collection [b, a, b] contains duplicates."},
        {"{\"BS\":[\"/w==\",\"AA==\",\"/w==\"]}",
         INVALID "Input collection [/w==, AA==, /w==]of type BS contains duplicates."},
        {"{\"NS\":[\"1\",\"2\",\"1.0\"]}", "Input collection contains duplicates"},
        {"{\"N\":\"\"}", NUMERIC},
        {"{\"N\":\"b\"}", NUMERIC ": b"},
        {"{\"NS\":[\"1\",\"b\"]}", NUMERIC ": b"},
        {"{\"N\":\"123456789012345678901234567890123456789\"}",
         "Attempting to store more than 38 significant digits in a Number"},
        {"{\"N\":\"1e126\"}", "Number overflow. Attempting to store a number with magnitude larger "
                              "than supported range"},
        {"{\"N\":\"1e-131\"}", "Number underflow. Attempting to store a number with magnitude "
                               "smaller than supported range"},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        const char *text = refusal(&arena, cases[i][0], false);
        cr_assert_str_eq(text, cases[i][1], "%s: %s", cases[i][0], text);
        text = refusal(&arena, arena_printf(&arena, "{\"a\":%s}", cases[i][0]), true);
        cr_assert_str_eq(text, cases[i][1], "%s: %s", cases[i][0], text);
    }
    arena_destroy(&arena);
}

Test(value_json, attribute_names_have_bounds)
{
    struct arena arena = {0};
    cr_assert_str_eq(refusal(&arena, "{\"\":{\"S\":\"a\"}}", true), "Empty attribute name");
    cr_assert_str_eq(refusal(&arena, "{\"a\":{\"M\":{\"\":{\"S\":\"a\"}}}}", true), "");
    char *name = arena_alloc(&arena, ATTRIBUTE_NAME_BYTES_MAX + 2);
    memset(name, 'n', ATTRIBUTE_NAME_BYTES_MAX + 1);
    name[ATTRIBUTE_NAME_BYTES_MAX + 1] = 0;
    const char *item = arena_printf(&arena, "{\"%s\":{\"S\":\"a\"}}", name);
    cr_assert_str_eq(refusal(&arena, item, true),
                     "Attribute name is too large, must be less than 65536 bytes");
    item = arena_printf(&arena, "{\"%s\":{\"S\":\"a\"}}", name + 1);
    cr_assert_str_eq(refusal(&arena, item, true), "");
    arena_destroy(&arena);
}

/* `containers` lists and maps around {"S":"x"}. */
static const char *nested(struct arena *arena, int containers)
{
    const char *text = "{\"S\":\"x\"}";
    for (int i = 0; i < containers; i++) {
        text = arena_printf(arena, i % 2 == 0 ? "{\"L\":[%s]}" : "{\"M\":{\"m\":%s}}", text);
    }
    return text;
}

Test(value_json, thirty_one_containers_around_a_scalar_pass_and_one_more_does_not)
{
    static const char too_deep[] = "Nesting Levels have exceeded supported limits: Attributes in "
                                   "the item have nested levels beyond supported limit";
    struct arena arena = {0};
    cr_assert_str_eq(refusal(&arena, nested(&arena, 31), false), "");
    cr_assert_str_eq(refusal(&arena, nested(&arena, 32), false), too_deep);
    const char *item = arena_printf(&arena, "{\"a\":%s}", nested(&arena, 31));
    cr_assert_str_eq(refusal(&arena, item, true), "");
    const char *text = sample_item_text(&arena, sample_item(&arena, item));
    cr_assert_str_eq(text, item);
    item = arena_printf(&arena, "{\"a\":%s}", nested(&arena, 32));
    cr_assert_str_eq(refusal(&arena, item, true), too_deep);
    arena_destroy(&arena);
}

Test(value_json, a_long_collection_with_duplicates_is_quoted_in_part)
{
    struct arena arena = {0};
    struct buffer text;
    buffer_init(&text, &arena, 64);
    buffer_append_text(&text, "{\"SS\":[\"a\",\"a\"");
    for (int i = 0; i < 1000; i++) {
        buffer_printf(&text, ",\"\xc3\xbc%d\"", i);
    }
    buffer_append(&text, "]}", 3);
    const char *error = refusal(&arena, (const char *)text.data, false);
    static const char start[] = INVALID "Input collection [a, a, \xc3\xbc\x30, ";
    cr_assert(slice_starts_with(slice_text(error), slice_text(start)), "%s", error);
    cr_assert_not_null(strstr(error, "] contains duplicates."));
    arena_destroy(&arena);
}

Test(value_json, a_value_that_does_not_decode_is_a_broken_invariant, .signal = SIGABRT)
{
    struct arena arena = {0};
    sample_item_text(&arena, SLICE_LITERAL("\x02\x01"));
}
