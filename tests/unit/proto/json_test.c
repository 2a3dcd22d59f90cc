/* Goal: JSON is taken exactly as the standard has it, into a tree that means the same. Method:
 * parse and write again; refuse prefixes, flipped bits and everything malformed; count the arena.
 */
#include "proto/value/json.h"

#include "tests/unit/proto/sample.h"

#include <criterion/criterion.h>

/* Parsed and written again, or the error's text behind a "!". */
static const char *again(struct arena *arena, struct slice text)
{
    struct json *root = NULL;
    struct error err = {0};
    if (!json_parse(text, arena, &root, &err)) {
        cr_assert_eq(err.code, ERROR_SERIALIZATION);
        return arena_printf(arena, "!%s", err.text);
    }
    struct buffer out;
    buffer_init(&out, arena, 16);
    json_write(&out, root);
    buffer_append_byte(&out, 0);
    return (const char *)out.data;
}

Test(json, documents_come_out_as_they_went_in)
{
    static const char *const documents[][2] = {
        {"{}", NULL},
        {"[]", NULL},
        {"null", NULL},
        {"true", NULL},
        {"false", NULL},
        {"\"\"", NULL},
        {"0", NULL},
        {"-1.50e+7", NULL},
        {"12345678901234567890123456789012345678901234567890", NULL},
        {" [ 1 , 2 ] \n", "[1,2]"},
        {"{\"a\":{\"b\":[1,\"x\",null,true,{\"c\":[]}]},\"d\":-0.5}", NULL},
        {"[[[[]]],{}]", NULL},
        {"\"\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80\"", NULL},
        {"{\"\":1}", NULL},
        {"{\"a\\\"\\\\b\":\"x\\ny\"}", NULL},
        {"\"\\/\\b\\f\\n\\r\\t\\\\\\\"\"", "\"/\\b\\f\\n\\r\\t\\\\\\\"\""},
        {"\"\\u0041\\u00fc\\u20ac\\ud83d\\uDE00\"", "\"A\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80\""},
        {"\"\\u0000\\u001f\"", "\"\\u0000\\u001f\""},
        {"[\"\\\\\",\"\\\\\\\"\",\"a\\\\\"]", NULL},
        {"[\"x\\\"y\",\"\\u0022\"]", "[\"x\\\"y\",\"\\\"\"]"},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < ARRAY_COUNT(documents); i++) {
        const char *expected = documents[i][1] != NULL ? documents[i][1] : documents[i][0];
        const char *text = again(&arena, slice_text(documents[i][0]));
        cr_assert_str_eq(text, expected, "%s became %s", documents[i][0], text);
        arena_clear(&arena);
    }
    arena_destroy(&arena);
}

Test(json, what_is_not_json_is_refused)
{
    static const char *const refused[] = {
        "",         " ",          "{",       "}",         "[",
        "]",        "{]",         "[}",      "[1,]",      "{\"a\"}",
        "{\"a\":}", "{\"a\":1,}", "{a:1}",   "{'a':1}",   "nul",
        "tru",      "True",       "NaN",     "01",        "+1",
        "1.",       ".5",         "1e",      "-",         "0x1",
        "\"",       "\"a",        "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"",
        "\"\n\"",   "\"\x01\"",   "[1 2]",   "{} {}",     "{}x",
        "[] ,",     "/* c */ 1",  "1 // c",  "\"\\",      "{\"a\":1 \"b\":2}",
        "[\"a\":1]"};
    struct arena arena = {0};
    for (size_t i = 0; i < ARRAY_COUNT(refused); i++) {
        const char *text = again(&arena, slice_text(refused[i]));
        cr_assert_eq(text[0], '!', "%s became %s", refused[i], text);
        cr_assert_not_null(strstr(text, "of the JSON document"), "%s: %s", refused[i], text);
    }
    arena_destroy(&arena);
}

Test(json, text_that_is_not_utf8_is_refused)
{
    static const char *const refused[] = {"\"\xff\"",     "\"\xc0\x80\"", "\"\xed\xa0\x80\"",
                                          "\"\xe2\x82\"", "{\"\x80\":1}", "\xef"};
    struct arena arena = {0};
    for (size_t i = 0; i < ARRAY_COUNT(refused); i++) {
        cr_assert_str_eq(again(&arena, slice_text(refused[i])), "!the JSON document is not UTF-8",
                         "case %zu", i);
    }
    arena_destroy(&arena);
}

Test(json, half_a_surrogate_pair_is_refused)
{
    static const char *const refused[] = {
        "\"\\ud800\"",    "\"\\udc00\"",        "\"\\ud800\\u0041\"",
        "\"\\ud800x\"",   "\"\\ud800\\ud800\"", "\"\\udc00\\ud800\"",
        "\"\\ud83d\\n\"", "{\"\\ud800\":1}",    "\"\\ud800\\\\udc00\""};
    struct arena arena = {0};
    for (size_t i = 0; i < ARRAY_COUNT(refused); i++) {
        const char *text = again(&arena, slice_text(refused[i]));
        cr_assert_eq(strncmp(text, "!half a surrogate pair at byte ", 31), 0, "%s: %s", refused[i],
                     text);
    }
    arena_destroy(&arena);
}

Test(json, errors_say_where)
{
    struct arena arena = {0};
    cr_assert_str_eq(again(&arena, slice_text("{\"a\": nope}")),
                     "!lexical error: invalid string in json text. at byte 7 of the JSON document",
                     "%s", again(&arena, slice_text("{\"a\": nope}")));
    cr_assert_str_eq(again(&arena, slice_text("\"ab\\ud800\"")),
                     "!half a surrogate pair at byte 3 of the JSON document");
    arena_destroy(&arena);
}

Test(json, of_members_with_one_name_the_last_wins)
{
    static const char *const documents[][2] = {
        {"{\"a\":1,\"a\":2}", "{\"a\":2}"},
        {"{\"a\":1,\"b\":2,\"a\":3}", "{\"b\":2,\"a\":3}"},
        {"{\"a\":1,\"\\u0061\":2}", "{\"a\":2}"},
        {"{\"a\":1,\"a\":null}", "{\"a\":null}"},
        {"{\"a\":{\"b\":1,\"b\":2},\"a\":{\"b\":3,\"c\":4,\"b\":5}}", "{\"a\":{\"c\":4,\"b\":5}}"},
        {"{\"\":1,\"\":2}", "{\"\":2}"},
        {"{\"a\":1,\"a\":2,\"a\":3,\"b\":4}", "{\"a\":3,\"b\":4}"},
        {"[{\"a\":1},{\"a\":1}]", "[{\"a\":1},{\"a\":1}]"},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < ARRAY_COUNT(documents); i++) {
        const char *text = again(&arena, slice_text(documents[i][0]));
        cr_assert_str_eq(text, documents[i][1], "%s became %s", documents[i][0], text);
    }
    arena_destroy(&arena);
}

Test(json, duplicates_in_objects_of_every_size_are_dropped)
{
    struct arena arena = {0};
    for (unsigned names = 1; names <= 40; names++) {
        struct buffer text;
        buffer_init(&text, &arena, 64);
        for (unsigned i = 0; i < 3 * names; i++) { /* Each name three times, in turns. */
            buffer_printf(&text, "%s\"n%u\":%u", i == 0 ? "{" : ",", i % names, i);
        }
        buffer_append_byte(&text, '}');
        struct json *root;
        struct error err;
        cr_assert(json_parse(buffer_slice(&text), &arena, &root, &err));
        cr_assert_eq(root->count, names);
        unsigned i = 0;
        for (const struct json *child = root->first; child != NULL; child = child->next, i++) {
            cr_assert(slice_is(child->name, arena_printf(&arena, "n%u", i)));
            cr_assert(slice_is(child->text, arena_printf(&arena, "%u", 2 * names + i)));
        }
        cr_assert_eq(i, names);
    }
    arena_destroy(&arena);
}

Test(json, a_large_object_full_of_duplicates_takes_no_quadratic_time)
{
    struct arena arena = {0};
    struct buffer text;
    enum { COUNT = 300000 }; /* Pairwise this would be 45 billion comparisons: the timeout's job. */
    buffer_init(&text, &arena, 1 << 22);
    for (unsigned i = 0; i < COUNT; i++) {
        buffer_printf(&text, "%s\"%u\":1", i == 0 ? "{" : ",", i % (COUNT - 1));
    }
    buffer_append_byte(&text, '}');
    struct json *root;
    struct error err;
    cr_assert(json_parse(buffer_slice(&text), &arena, &root, &err));
    cr_assert_eq(root->count, COUNT - 1);
    arena_destroy(&arena);
}

Test(json, depth_has_a_bound)
{
    struct arena arena = {0};
    for (int depth = JSON_DEPTH_MAX - 1; depth <= JSON_DEPTH_MAX + 1; depth++) {
        struct buffer text;
        buffer_init(&text, &arena, 64);
        for (int i = 0; i < depth; i++) {
            buffer_append_text(&text, i % 2 == 0 ? "[" : "{\"a\":");
        }
        buffer_append_text(&text, depth % 2 == 0 ? "1" : "");
        for (int i = depth - 1; i >= 0; i--) {
            buffer_append_text(&text, i % 2 == 0 ? "]" : "}");
        }
        const char *out = again(&arena, buffer_slice(&text));
        if (depth <= JSON_DEPTH_MAX) {
            cr_assert_neq(out[0], '!', "%d levels: %s", depth, out);
        } else {
            cr_assert_not_null(strstr(out, "nested deeper than 128 levels"), "%s", out);
        }
    }
    arena_destroy(&arena);
}

Test(json, members_are_got_by_name_and_null_is_absent)
{
    struct arena arena = {0};
    struct json *root;
    struct error err;
    cr_assert(json_parse(SLICE_LITERAL("{\"a\":1,\"b\":null,\"c\\n\":[2]}"), &arena, &root, &err));
    cr_assert_eq(root->count, 3);
    cr_assert(slice_is(json_get(root, "a")->text, "1"));
    cr_assert_null(json_get(root, "b"));
    cr_assert_null(json_get(root, "missing"));
    cr_assert_eq(json_get(root, "c\n")->type, JSON_ARRAY);
    cr_assert_null(json_get(json_get(root, "c\n"), "a"));
    cr_assert_null(json_get(json_get(root, "a"), "a"));
    arena_destroy(&arena);
}

Test(json, strings_without_escapes_are_borrowed)
{
    struct arena arena = {0};
    static const char text[] = "{\"name\":\"value\"}";
    struct json *root;
    struct error err;
    cr_assert(json_parse(slice_text(text), &arena, &root, &err));
    cr_assert_eq((const char *)root->first->name.data, text + 2);
    cr_assert_eq((const char *)root->first->text.data, text + 9);
    arena_destroy(&arena);
}

Test(json, no_prefix_of_a_document_is_taken)
{
    struct arena arena = {0};
    struct slice whole = slice_text(sample_everything);
    for (size_t size = 0; size < whole.size; size++) {
        uint8_t *exact = sample_exact(slice_of(whole.data, size));
        cr_assert_eq(again(&arena, slice_of(exact, size))[0], '!', "took %zu bytes", size);
        free(exact);
        arena_clear(&arena);
    }
    arena_destroy(&arena);
}

Test(json, flipped_bits_are_refused_or_still_json)
{
    struct arena arena = {0};
    struct slice whole =
        SLICE_LITERAL("{\"a\\u00e9\\n\":[1.5e3,\"\\ud83d\\ude00x\",null],\"b\":{}}");
    for (size_t bit = 0; bit < whole.size * 8; bit++) {
        uint8_t *exact = sample_exact(whole);
        exact[bit / 8] ^= (uint8_t)(1 << bit % 8);
        const char *once = again(&arena, slice_of(exact, whole.size));
        if (once[0] != '!') {
            cr_assert_str_eq(again(&arena, slice_text(once)), once, "bit %zu", bit);
        }
        free(exact);
        arena_clear(&arena);
    }
    arena_destroy(&arena);
}
