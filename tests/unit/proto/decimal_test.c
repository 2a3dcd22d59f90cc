/* Goal: numbers are taken, refused, normalised and ordered as the API reference says (section 5.2).
 * Method: tables of texts; golden key bytes; a long ascending list compared pair by pair. */
#include "proto/value/decimal.h"

#include "tests/unit/proto/sample.h"

#include <criterion/criterion.h>

#define DIGITS_38 "12345678901234567890123456789012345678"
#define NINES_38 "99999999999999999999999999999999999999"
#define ZEROS_10 "0000000000"
#define ZEROS_40 ZEROS_10 ZEROS_10 ZEROS_10 ZEROS_10
#define ZEROS_120 ZEROS_40 ZEROS_40 ZEROS_40

static struct decimal parse(const char *text)
{
    struct decimal decimal;
    struct error err = {0};
    cr_assert(decimal_parse(slice_text(text), &decimal, &err), "%s: %s", text, err.text);
    return decimal;
}

static const char *print(struct arena *arena, const struct decimal *decimal)
{
    char *text = arena_alloc(arena, DECIMAL_TEXT_BYTES_MAX + 1);
    text[decimal_print(decimal, text)] = 0;
    return text;
}

static struct slice key(struct arena *arena, const char *text)
{
    struct decimal decimal = parse(text);
    uint8_t *bytes = arena_alloc(arena, DECIMAL_KEY_BYTES_MAX);
    return slice_of(bytes, decimal_to_key(&decimal, bytes));
}

static const struct {
    const char *text;
    const char *normal;
} normal_cases[] = {
    {"0", "0"},
    {"-0", "0"},
    {"+0", "0"},
    {"0.000", "0"},
    {"0e5", "0"},
    {"-0.0e-5", "0"},
    {"0e126", "0"},
    {"0e-131", "0"},
    {"0.0e126", "0"},
    {"0e99999999999999999999999999", "0"},
    {"1", "1"},
    {"+5", "5"},
    {"-5", "-5"},
    {".5", "0.5"},
    {"-.5", "-0.5"},
    {"5.", "5"},
    {"1.e5", "100000"},
    {"007", "7"},
    {"1E2", "100"},
    {"1e+2", "100"},
    {"1.50", "1.5"},
    {"100", "100"},
    {"10.0", "10"},
    {"12.5", "12.5"},
    {"123456", "123456"},
    {"0.001230", "0.00123"},
    {"1230e-5", "0.0123"},
    {"-123.456e1", "-1234.56"},
    {"0.1e1", "1"},
    {"1e-1", "0.1"},
    {DIGITS_38, DIGITS_38},
    {"-" DIGITS_38, "-" DIGITS_38},
    {"0." DIGITS_38, "0." DIGITS_38},
    {DIGITS_38 "000", DIGITS_38 "000"},
    {"000" DIGITS_38 ".000", DIGITS_38},
    {"0.000" DIGITS_38, "0.000" DIGITS_38},
    {"1E125", "1" ZEROS_120 "00000"},
    {"1e000000000000000000000000000000000125", "1" ZEROS_120 "00000"},
    {NINES_38 "E88", NINES_38 ZEROS_40 ZEROS_40 "00000000"},
    {"1E-130", "0." ZEROS_120 "0000000001"},
    {"-1E-130", "-0." ZEROS_120 "0000000001"},
    {"1" ZEROS_120 ZEROS_40 "e-160", "1"},
    {"0." ZEROS_120 ZEROS_40 "1e161", "1"},
};

Test(decimal, texts_are_normalised)
{
    struct arena arena = {0};
    for (size_t i = 0; i < ARRAY_COUNT(normal_cases); i++) {
        struct decimal decimal = parse(normal_cases[i].text);
        cr_assert_str_eq(print(&arena, &decimal), normal_cases[i].normal, "%s became %s",
                         normal_cases[i].text, print(&arena, &decimal));
        struct decimal again = parse(normal_cases[i].normal);
        cr_assert_eq(decimal_compare(&decimal, &again), 0, "%s", normal_cases[i].text);
    }
    arena_destroy(&arena);
}

Test(decimal, the_longest_text_fits_its_bound)
{
    struct decimal smallest = parse("-" NINES_38 "e-167");
    char text[DECIMAL_TEXT_BYTES_MAX];
    cr_assert_eq(decimal_print(&smallest, text), 1 + 2 + 129 + 38);
    struct decimal largest = parse("-" NINES_38 "e88");
    cr_assert_eq(decimal_print(&largest, text), 1 + 126);
}

#define NUMERIC "The parameter cannot be converted to a numeric value"
#define PRECISION "Attempting to store more than 38 significant digits in a Number"
#define TOO_LARGE                                                                                  \
    "Number overflow. Attempting to store a number with magnitude larger than supported range"
#define TOO_SMALL                                                                                  \
    "Number underflow. Attempting to store a number with magnitude smaller than supported range"

static const struct {
    const char *text;
    const char *error;
} refused_cases[] = {
    {"", NUMERIC},
    {" ", NUMERIC ":  "},
    {" 1", NUMERIC ":  1"},
    {"1 ", NUMERIC ": 1 "},
    {"1 2", NUMERIC ": 1 2"},
    {"+", NUMERIC ": +"},
    {"-", NUMERIC ": -"},
    {"+-1", NUMERIC ": +-1"},
    {"--1", NUMERIC ": --1"},
    {".", NUMERIC ": ."},
    {"-.", NUMERIC ": -."},
    {".e1", NUMERIC ": .e1"},
    {"e1", NUMERIC ": e1"},
    {"1e", NUMERIC ": 1e"},
    {"1e+", NUMERIC ": 1e+"},
    {"1e1.5", NUMERIC ": 1e1.5"},
    {"1e1e1", NUMERIC ": 1e1e1"},
    {"1.2.3", NUMERIC ": 1.2.3"},
    {"1,2", NUMERIC ": 1,2"},
    {"1_000", NUMERIC ": 1_000"},
    {"0x10", NUMERIC ": 0x10"},
    {"NaN", NUMERIC ": NaN"},
    {"Infinity", NUMERIC ": Infinity"},
    {"abc", NUMERIC ": abc"},
    {"1f", NUMERIC ": 1f"},
    {"\xd9\xa1", NUMERIC ": \xd9\xa1"}, /* A digit, but not an ASCII one. */
    {DIGITS_38 "1", PRECISION},
    {DIGITS_38 ".1", PRECISION},
    {"0." DIGITS_38 "9", PRECISION},
    {"1" ZEROS_40 "1", PRECISION},
    {"-1.0000000000000000000000000000000000001"
     "1",
     PRECISION},
    {"1E126", TOO_LARGE},
    {"10E125", TOO_LARGE},
    {"-1E126", TOO_LARGE},
    {NINES_38 "E89", TOO_LARGE},
    {"1e99999999999999999999999999999999999999", TOO_LARGE},
    {"1" ZEROS_120 "000000", TOO_LARGE},
    {"1.0e100000000", TOO_LARGE},
    {"1E-131", TOO_SMALL},
    {"9.9E-131", TOO_SMALL},
    {"-0.1E-130", TOO_SMALL},
    {"1e-99999999999999999999999999999999999999", TOO_SMALL},
};

Test(decimal, what_is_no_number_of_ours_gets_the_text_of_the_reference)
{
    for (size_t i = 0; i < ARRAY_COUNT(refused_cases); i++) {
        struct decimal decimal;
        struct error err = {0};
        cr_assert_not(decimal_parse(slice_text(refused_cases[i].text), &decimal, &err), "%s",
                      refused_cases[i].text);
        cr_assert_eq(err.code, ERROR_VALIDATION);
        cr_assert_str_eq(err.text, refused_cases[i].error, "%s: %s", refused_cases[i].text,
                         err.text);
    }
}

Test(decimal, a_long_text_that_is_no_number_is_quoted_in_part)
{
    char text[4000];
    memset(text, 'x', sizeof(text));
    struct decimal decimal;
    struct error err = {0};
    cr_assert_not(decimal_parse(slice_of(text, sizeof(text)), &decimal, &err));
    cr_assert_lt(strlen(err.text), 600);
}

Test(decimal, key_forms_are_pinned)
{
    static const struct {
        const char *text;
        const char *hex;
    } cases[] = {
        {"0", "80"},
        {"1", "c0820b"},
        {"-1", "407df4ff"},
        {"12.5", "c0830d33"},
        {"-12.5", "407cf2ccff"},
        {"100", "c0840b"},
        {"99", "c08364"},
        {"0.01", "c0800b"},
        {"1E-130", "c0000b"},
        {"-1E-130", "40fff4ff"},
        {NINES_38 "E88", "c0ff64646464646464646464646464646464646464"},
        {"-" NINES_38 "E88", "40009b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9bff"},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct slice bytes = key(&arena, cases[i].text);
        cr_assert_str_eq(sample_to_hex(&arena, bytes), cases[i].hex, "%s is %s", cases[i].text,
                         sample_to_hex(&arena, bytes));
        struct decimal back;
        cr_assert(decimal_from_key(bytes, &back), "%s", cases[i].text);
        struct decimal expected = parse(cases[i].text);
        cr_assert_eq(decimal_compare(&back, &expected), 0, "%s", cases[i].text);
    }
    arena_destroy(&arena);
}

static const char *const magnitudes[] = {"1e-130",
                                         "1.01e-130",
                                         "1.1e-130",
                                         "2e-130",
                                         "1e-129",
                                         "0.00099",
                                         "0.001",
                                         "0.00100000001",
                                         "0.0011",
                                         "0.0099",
                                         "0.01",
                                         "0.1",
                                         "0.10000001",
                                         "0.12",
                                         "0.9",
                                         "0.99",
                                         "1",
                                         "1.00000000000000000000000000000000000001",
                                         "1.0000000000000000000000000000000000001",
                                         "1.01",
                                         "1.1",
                                         "1.2",
                                         "1.25",
                                         "1.3",
                                         "2",
                                         "9",
                                         "9.9",
                                         "9.99",
                                         "10",
                                         "10.1",
                                         "11",
                                         "19",
                                         "20",
                                         "99",
                                         "99.5",
                                         "100",
                                         "101",
                                         "110",
                                         "999",
                                         "1000",
                                         "12345",
                                         "12345.6",
                                         "1e20",
                                         "1.5e20",
                                         "1e21",
                                         DIGITS_38,
                                         NINES_38,
                                         "1e38",
                                         "1e100",
                                         "9e124",
                                         "1e125",
                                         "9.9e125",
                                         NINES_38 "e88"};

Test(decimal, keys_and_comparison_order_numbers_as_numbers)
{
    enum { COUNT = 2 * ARRAY_COUNT(magnitudes) + 1 };
    struct arena arena = {0};
    const char *ascending[COUNT];
    size_t middle = ARRAY_COUNT(magnitudes);
    ascending[middle] = "0";
    for (size_t i = 0; i < ARRAY_COUNT(magnitudes); i++) {
        ascending[middle + 1 + i] = magnitudes[i];
        ascending[middle - 1 - i] = arena_printf(&arena, "-%s", magnitudes[i]);
    }
    /* One of them has 39 digits: it is here to be refused, and skipped. */
    struct error err;
    struct decimal a;
    struct decimal b;
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t j = 0; j < COUNT; j++) {
            if (!decimal_parse(slice_text(ascending[i]), &a, &err) ||
                !decimal_parse(slice_text(ascending[j]), &b, &err)) {
                cr_assert_str_eq(err.text, PRECISION);
                continue;
            }
            uint8_t a_key[DECIMAL_KEY_BYTES_MAX];
            uint8_t b_key[DECIMAL_KEY_BYTES_MAX];
            struct slice a_bytes = slice_of(a_key, decimal_to_key(&a, a_key));
            struct slice b_bytes = slice_of(b_key, decimal_to_key(&b, b_key));
            int expected = (i > j) - (i < j);
            int order = slice_compare(a_bytes, b_bytes);
            cr_assert_eq((order > 0) - (order < 0), expected, "keys of %s and %s", ascending[i],
                         ascending[j]);
            cr_assert_eq(decimal_compare(&a, &b), expected, "%s and %s", ascending[i],
                         ascending[j]);
        }
    }
    arena_destroy(&arena);
}

Test(decimal, every_digit_count_and_many_exponents_round_trip)
{
    struct arena arena = {0};
    for (int count = 1; count <= 38; count++) {
        for (int exponent = -130; exponent <= 125; exponent += 5) {
            for (int negative = 0; negative < 2; negative++) {
                const char *text =
                    arena_printf(&arena, "%s%.*se%d", negative ? "-" : "", count,
                                 "91234567891234567891234567891234567891", exponent - count + 1);
                struct decimal decimal = parse(text);
                const char *plain = print(&arena, &decimal);
                struct decimal from_plain = parse(plain);
                cr_assert_eq(decimal_compare(&decimal, &from_plain), 0, "%s", text);
                struct decimal from_key;
                cr_assert(decimal_from_key(key(&arena, text), &from_key), "%s", text);
                cr_assert_str_eq(print(&arena, &from_key), plain, "%s", text);
            }
        }
        arena_clear(&arena);
    }
    arena_destroy(&arena);
}

Test(decimal, only_canonical_keys_are_taken)
{
    static const char *const refused[] = {
        "",
        "00",
        "81",
        "8000",
        "c0",
        "c082",
        "c08201",
        "c0820a",
        "c08265",
        "c0820b01",
        "c082000b",
        "c0820b00",
        "c0820bff",
        "40",
        "407d",
        "407dff",
        "407df4",
        "407df4fe",
        "407dfeff",
        "407df4feff",
        "407dffff",
        "407d9aff",
        "407df4ffff",
        "c1820b",
        "41 7d f4 ff",
        "c0ff6464646464646464646464646464646464646464", /* 40 digits */
        "40009b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9bff"};
    struct arena arena = {0};
    for (size_t i = 0; i < ARRAY_COUNT(refused); i++) {
        struct decimal decimal;
        cr_assert_not(decimal_from_key(sample_hex(&arena, refused[i]), &decimal), "%s", refused[i]);
    }
    arena_destroy(&arena);
}

Test(decimal, a_damaged_key_is_refused_or_means_another_number)
{
    struct arena arena = {0};
    static const char *const texts[] = {"0", "1", "-1", "-12.5", "123.456", DIGITS_38};
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        struct slice whole = key(&arena, texts[i]);
        for (size_t bit = 0; bit < whole.size * 8; bit++) {
            uint8_t *exact = sample_exact(whole);
            exact[bit / 8] ^= (uint8_t)(1 << bit % 8);
            struct decimal decimal;
            if (decimal_from_key(slice_of(exact, whole.size), &decimal)) {
                uint8_t again[DECIMAL_KEY_BYTES_MAX];
                struct slice back = slice_of(again, decimal_to_key(&decimal, again));
                cr_assert(slice_equal(back, slice_of(exact, whole.size)), "%s, bit %zu", texts[i],
                          bit);
            }
            free(exact);
        }
    }
    arena_destroy(&arena);
}
