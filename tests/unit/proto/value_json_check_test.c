/* Goal: JSON of the wrong type gets the texts of the API reference, section 1.5. Method: a table.
 */
#include "proto/value/value_json.h"

#include "tests/unit/proto/sample.h"

#include <criterion/criterion.h>

#define CLASS "Unrecognized collection type class "
#define MAP                                                                                        \
    "Unrecognized collection type java.util.Map<java.lang.String, "                                \
    "com.amazonaws.dynamodb.v20120810.AttributeValue>"
#define START "Start of structure or map found where not expected"
#define BLOB "only base-64-encoded strings are convertible to bytes"

static const char *check(struct arena *arena, const char *text, bool is_item)
{
    struct json *root = NULL;
    struct error err = {0};
    cr_assert(json_parse(slice_text(text), arena, &root, &err), "%s: %s", text, err.text);
    bool ok = is_item ? item_json_check(root, &err) : value_json_check(root, &err);
    cr_assert_eq(ok, err.code == ERROR_NONE);
    cr_assert(ok || err.code == ERROR_SERIALIZATION);
    return ok ? "" : arena_printf(arena, "%s", err.text);
}

Test(value_json_check, wrong_types_get_the_texts_of_the_reference)
{
    static const char *const cases[][2] = {
        {"1", "Unexpected value type in payload"},
        {"true", "Unexpected value type in payload"},
        {"\"abc\"", "Unexpected value type in payload"},
        {"[]", CLASS "com.amazonaws.dynamodb.v20120810.AttributeValue"},
        {"{\"S\":1}", "NUMBER_VALUE cannot be converted to String"},
        {"{\"S\":-1}", "NUMBER_VALUE cannot be converted to String"},
        {"{\"S\":1.5}", "DECIMAL_VALUE cannot be converted to String"},
        {"{\"S\":1e5}", "DECIMAL_VALUE cannot be converted to String"},
        {"{\"S\":true}", "TRUE_VALUE cannot be converted to String"},
        {"{\"S\":false}", "FALSE_VALUE cannot be converted to String"},
        {"{\"S\":{}}", START},
        {"{\"S\":[]}", CLASS "java.lang.String"},
        {"{\"N\":1}", "NUMBER_VALUE cannot be converted to String"},
        {"{\"N\":1.0}", "DECIMAL_VALUE cannot be converted to String"},
        {"{\"B\":1}", BLOB},
        {"{\"B\":1.5}", BLOB},
        {"{\"B\":true}", BLOB},
        {"{\"B\":{}}", START},
        {"{\"B\":[]}", CLASS "java.nio.ByteBuffer"},
        {"{\"B\":\"abc\"}", "Base64 encoded length is expected a multiple of 4 bytes but found: 3"},
        {"{\"B\":\"a!==\"}", "Invalid Base64 character: '!'"},
        {"{\"B\":\"Zh==\"}", "Invalid last non-pad Base64 character dectected"},
        {"{\"BOOL\":1}", "NUMBER_VALUE cannot be converted to Boolean"},
        {"{\"BOOL\":1.5}", "DECIMAL_VALUE cannot be converted to Boolean"},
        {"{\"BOOL\":\"abc\"}", "Unexpected token received from parser"},
        {"{\"BOOL\":\"\"}", "Unexpected token received from parser"},
        {"{\"BOOL\":{}}", START},
        {"{\"BOOL\":[]}", CLASS "java.lang.Boolean"},
        {"{\"NULL\":\"abc\"}", "Unexpected token received from parser"},
        {"{\"NULL\":0}", "NUMBER_VALUE cannot be converted to Boolean"},
        {"{\"SS\":1}", "Unexpected field type"},
        {"{\"SS\":\"a\"}", "Unexpected field type"},
        {"{\"SS\":true}", "Unexpected field type"},
        {"{\"SS\":{}}", START},
        {"{\"SS\":[1]}", "NUMBER_VALUE cannot be converted to String"},
        {"{\"SS\":[\"a\",false]}", "FALSE_VALUE cannot be converted to String"},
        {"{\"SS\":[{}]}", START},
        {"{\"SS\":[[]]}", CLASS "java.lang.String"},
        {"{\"NS\":[1]}", "NUMBER_VALUE cannot be converted to String"},
        {"{\"NS\":\"1\"}", "Unexpected field type"},
        {"{\"BS\":[1]}", BLOB},
        {"{\"BS\":[\"a\"]}",
         "Base64 encoded length is expected a multiple of 4 bytes but found: 1"},
        {"{\"BS\":\"YQ==\"}", "Unexpected field type"},
        {"{\"L\":1}", "Unexpected field type"},
        {"{\"L\":\"a\"}", "Unexpected field type"},
        {"{\"L\":{}}", START},
        {"{\"L\":[1]}", "Unexpected value type in payload"},
        {"{\"L\":[\"a\"]}", "Unexpected value type in payload"},
        {"{\"L\":[[]]}", CLASS "com.amazonaws.dynamodb.v20120810.AttributeValue"},
        {"{\"L\":[{\"S\":1}]}", "NUMBER_VALUE cannot be converted to String"},
        {"{\"M\":1}", "Unexpected field type"},
        {"{\"M\":\"a\"}", "Unexpected field type"},
        {"{\"M\":[]}", MAP},
        {"{\"M\":{\"a\":1}}", "Unexpected value type in payload"},
        {"{\"M\":{\"a\":{\"L\":[{\"M\":{\"b\":{\"B\":0}}}]}}}", BLOB},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        const char *text = check(&arena, cases[i][0], false);
        cr_assert_str_eq(text, cases[i][1], "%s: %s", cases[i][0], text);
        /* As an attribute of an item it is the same. */
        text = check(&arena, arena_printf(&arena, "{\"a\":%s}", cases[i][0]), true);
        cr_assert_str_eq(text, cases[i][1], "%s: %s", cases[i][0], text);
    }
    arena_destroy(&arena);
}

Test(value_json_check, items_must_be_maps)
{
    struct arena arena = {0};
    cr_assert_str_eq(check(&arena, "1", true), "Unexpected field type");
    cr_assert_str_eq(check(&arena, "\"a\"", true), "Unexpected field type");
    cr_assert_str_eq(check(&arena, "[]", true), MAP);
    cr_assert_str_eq(check(&arena, "{}", true), "");
    arena_destroy(&arena);
}

Test(value_json_check, what_is_wrong_by_value_or_unknown_passes_the_type_check)
{
    static const char *const passed[] = {"{}",
                                         "{\"S\":\"a\",\"N\":\"b\"}",
                                         "{\"N\":\"abc\"}",
                                         "{\"SS\":[]}",
                                         "{\"NULL\":false}",
                                         "{\"X\":1}",
                                         "{\"x\":{\"y\":[1,2,true]}}",
                                         "{\"S\":null}",
                                         "{\"L\":[null]}",
                                         "null",
                                         "{\"M\":{\"a\":null}}",
                                         "{\"BOOL\":\"true\"}",
                                         "{\"BOOL\":\"NO\"}",
                                         "{\"SS\":[null]}"};
    struct arena arena = {0};
    for (size_t i = 0; i < ARRAY_COUNT(passed); i++) {
        cr_assert_str_eq(check(&arena, passed[i], false), "", "%s: %s", passed[i],
                         check(&arena, passed[i], false));
    }
    cr_assert_str_eq(check(&arena, "null", true), "");
    cr_assert_str_eq(check(&arena, sample_everything, true), "");
    arena_destroy(&arena);
}
