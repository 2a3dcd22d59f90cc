/* Goal: strings leave with exactly the escapes they need. Method: every byte at every place around
 * the sixteen- and eight-byte steps of the scan. */
#include "proto/value/json.h"

#include "proto/value/utf8.h"
#include "tests/unit/proto/sample.h"

#include <criterion/criterion.h>

static const char *expected_escape(struct arena *arena, unsigned byte)
{
    switch (byte) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\b':
        return "\\b";
    case '\f':
        return "\\f";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    default:
        return arena_printf(arena, byte < 0x20 ? "\\u%04x" : "%c", byte);
    }
}

Test(json_write, each_byte_is_escaped_or_not_wherever_it_stands)
{
    struct arena arena = {0};
    for (unsigned byte = 0; byte < 0x80; byte++) {
        for (size_t before = 0; before <= 33; before++) {
            for (size_t after = 0; after <= 17; after += 1 + before % 3) {
                char text[64];
                memset(text, 'x', sizeof(text));
                text[before] = (char)byte;
                uint8_t *exact = sample_exact(slice_of(text, before + 1 + after));
                struct buffer out;
                buffer_init(&out, &arena, 0);
                json_write_string(&out, slice_of(exact, before + 1 + after));
                struct buffer expected;
                buffer_init(&expected, &arena, 0);
                buffer_append_byte(&expected, '"');
                buffer_append(&expected, text, before);
                buffer_append_text(&expected, expected_escape(&arena, byte));
                buffer_append(&expected, text + before + 1, after);
                buffer_append_byte(&expected, '"');
                if (!slice_equal(buffer_slice(&out), buffer_slice(&expected))) {
                    cr_assert_fail("byte %u behind %zu, before %zu: %.*s", byte, before, after,
                                   SLICE_ARGS(buffer_slice(&out)));
                }
                free(exact);
            }
        }
        arena_clear(&arena);
    }
    arena_destroy(&arena);
}

Test(json_write, bytes_above_ascii_pass_unescaped)
{
    struct arena arena = {0};
    struct buffer out;
    buffer_init(&out, &arena, 0);
    struct slice text = SLICE_LITERAL("\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80\xef\xbf\xbf\x7f");
    json_write_string(&out, text);
    cr_assert_eq(out.size, text.size + 2);
    cr_assert_arr_eq(out.data + 1, text.data, text.size);
    arena_destroy(&arena);
}

Test(json_write, a_string_of_nothing_but_escapes_grows_the_buffer)
{
    struct arena arena = {0};
    uint8_t controls[1000];
    memset(controls, 1, sizeof(controls));
    struct buffer out;
    buffer_init(&out, &arena, 0);
    json_write_string(&out, slice_of(controls, sizeof(controls)));
    cr_assert_eq(out.size, 6 * sizeof(controls) + 2);
    struct json *root;
    struct error err;
    cr_assert(json_parse(buffer_slice(&out), &arena, &root, &err));
    cr_assert(slice_equal(root->text, slice_of(controls, sizeof(controls))));
    arena_destroy(&arena);
}

Test(json_write, empty_strings_and_binaries_are_two_quotes)
{
    struct arena arena = {0};
    struct buffer out;
    buffer_init(&out, &arena, 0);
    json_write_string(&out, (struct slice){0});
    json_write_base64(&out, (struct slice){0});
    cr_assert(slice_is(buffer_slice(&out), "\"\"\"\""));
    arena_destroy(&arena);
}
