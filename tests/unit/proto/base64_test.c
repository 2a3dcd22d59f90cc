/* Goal: one binary has one text, and nothing else is taken. Method: RFC 4648's vectors, every size
 * and byte there and back, and the faults of the API reference (section 1.5). */
#include "proto/value/value_json.h"

#include "tests/unit/proto/sample.h"

#include <criterion/criterion.h>

static struct slice decode(struct arena *arena, const char *text)
{
    struct slice bytes = {0};
    struct error err = {0};
    cr_assert(base64_decode(slice_text(text), arena, &bytes, &err), "%s: %s", text, err.text);
    return bytes;
}

Test(base64, the_vectors_of_the_standard_hold)
{
    static const char *const cases[][2] = {{"", ""},
                                           {"Zg==", "f"},
                                           {"Zm8=", "fo"},
                                           {"Zm9v", "foo"},
                                           {"Zm9vYg==", "foob"},
                                           {"Zm9vYmE=", "fooba"},
                                           {"Zm9vYmFy", "foobar"}};
    struct arena arena = {0};
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        cr_assert(slice_is(decode(&arena, cases[i][0]), cases[i][1]), "%s", cases[i][0]);
    }
    arena_destroy(&arena);
}

Test(base64, every_size_and_every_byte_round_trips)
{
    struct arena arena = {0};
    uint8_t bytes[256 + 3];
    for (unsigned i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)(i * 167);
    }
    for (size_t size = 0; size <= sizeof(bytes); size++) {
        struct buffer out;
        buffer_init(&out, &arena, 0);
        json_write_base64(&out, slice_of(bytes, size));
        cr_assert_eq(out.size, (size + 2) / 3 * 4 + 2);
        uint8_t *exact = sample_exact(slice_of(out.data + 1, out.size - 2));
        struct slice back;
        struct error err;
        cr_assert(base64_decode(slice_of(exact, out.size - 2), &arena, &back, &err));
        cr_assert(slice_equal(back, slice_of(bytes, size)), "%zu bytes", size);
        free(exact);
        arena_clear(&arena);
    }
    arena_destroy(&arena);
}

Test(base64, faults_get_the_texts_of_the_reference)
{
    static const struct {
        const char *text;
        const char *error;
    } cases[] = {
        {"a", "Base64 encoded length is expected a multiple of 4 bytes but found: 1"},
        {"Zg=", "Base64 encoded length is expected a multiple of 4 bytes but found: 3"},
        {"Zm9vY", "Base64 encoded length is expected a multiple of 4 bytes but found: 5"},
        {"Zm9!", "Invalid Base64 character: '!'"},
        {"Zm 9", "Invalid Base64 character: ' '"},
        {"Zm-_", "Invalid Base64 character: '-'"},
        {"Zm\xc3\xbc", "Invalid Base64 character: '\xc3\xbc'"},
        {"====", "Invalid Base64 character: '='"},
        {"Z===", "Invalid Base64 character: '='"},
        {"Zg==Zg==", "Invalid Base64 character: '='"},
        {"Z=g=", "Invalid Base64 character: '='"},
        {"=Zg=", "Invalid Base64 character: '='"},
        {"Zh==", "Invalid last non-pad Base64 character dectected"},
        {"Zm9=", "Invalid last non-pad Base64 character dectected"},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct slice bytes;
        struct error err = {0};
        cr_assert_not(base64_decode(slice_text(cases[i].text), &arena, &bytes, &err), "%s",
                      cases[i].text);
        cr_assert_eq(err.code, ERROR_SERIALIZATION);
        cr_assert_str_eq(err.text, cases[i].error, "%s: %s", cases[i].text, err.text);
        cr_assert_not(base64_check(slice_text(cases[i].text), &err));
    }
    arena_destroy(&arena);
}
