/* Goal: sums and differences are exact or refused, and sizes are DynamoDB's. Method: tables; the
 * laws of addition over random numbers; 64-bit arithmetic as the judge. */
#include "proto/value/decimal.h"

#include "tests/unit/proto/sample.h"

#include <criterion/criterion.h>

#define NINES_38 "99999999999999999999999999999999999999"
#define TOO_LARGE                                                                                  \
    "Number overflow. Attempting to store a number with magnitude larger than supported range"
#define TOO_SMALL                                                                                  \
    "Number underflow. Attempting to store a number with magnitude smaller than supported range"

static struct decimal parse(const char *text)
{
    struct decimal decimal;
    struct error err = {0};
    cr_assert(decimal_parse(slice_text(text), &decimal, &err), "%s: %s", text, err.text);
    return decimal;
}

static void check_sum(const char *a_text, const char *b_text, const char *expected)
{
    struct decimal a = parse(a_text);
    struct decimal b = parse(b_text);
    struct decimal sum;
    struct error err = {0};
    char text[DECIMAL_TEXT_BYTES_MAX + 1];
    cr_assert(decimal_add(&a, &b, &sum, &err), "%s + %s: %s", a_text, b_text, err.text);
    text[decimal_print(&sum, text)] = 0;
    cr_assert_str_eq(text, expected, "%s + %s = %s", a_text, b_text, text);
    /* a + b - b = a, unless that in between does not fit. */
    struct decimal back;
    cr_assert(decimal_subtract(&sum, &b, &back, &err), "%s + %s: %s", a_text, b_text, err.text);
    cr_assert_eq(decimal_compare(&back, &a), 0, "%s + %s - %s", a_text, b_text, b_text);
    /* The result may be an operand. */
    cr_assert(decimal_add(&b, &a, &b, &err));
    cr_assert_eq(decimal_compare(&b, &sum), 0);
}

Test(decimal_math, sums_are_exact)
{
    static const char *const cases[][3] = {
        {"0", "0", "0"},
        {"1", "0", "1"},
        {"0", "-1", "-1"},
        {"1", "2", "3"},
        {"5", "5", "10"},
        {"99", "1", "100"},
        {"0.1", "0.2", "0.3"},
        {"0.5", "0.5", "1"},
        {"1", "-1", "0"},
        {"1.5", "-1.5", "0"},
        {"1", "-2", "-1"},
        {"-1", "-2", "-3"},
        {"100", "-1", "99"},
        {"1000", "-0.001", "999.999"},
        {"1e20", "1", "100000000000000000001"},
        {"1e37", "1", "10000000000000000000000000000000000001"},
        {NINES_38, "-" NINES_38, "0"},
        {NINES_38, "1", "100000000000000000000000000000000000000"},
        {"-12.5", "12.75", "0.25"},
        {"1e-130", "1e-130",
         "0."
         "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
         "00000000000000000000000000000000000000002"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        check_sum(cases[i][0], cases[i][1], cases[i][2]);
    }
}

Test(decimal_math, what_does_not_fit_is_refused_with_the_texts_of_the_reference)
{
    static const struct {
        const char *a;
        const char *b;
        const char *error;
    } cases[] = {
        {"1e50", "1", TOO_LARGE}, /* 51 digits */
        {"1", "1e50", TOO_LARGE},
        {"1e125", "1e-130", TOO_LARGE},
        {"1e38", "1", TOO_LARGE},
        {NINES_38, "0.1", TOO_LARGE},
        {NINES_38 "e88", "1e88", TOO_LARGE},
        {"9e125", "1e125", TOO_LARGE},
        {"-9e125", "-1e125", TOO_LARGE},
        {"1.1e-130", "-1e-130", TOO_SMALL},
        {"-1.00001e-130", "1e-130", TOO_SMALL},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct decimal a = parse(cases[i].a);
        struct decimal b = parse(cases[i].b);
        struct decimal minus_b = b;
        minus_b.negative = !b.negative;
        struct decimal untouched = {.count = 1, .digits = {7}};
        struct error err = {0};
        cr_assert_not(decimal_add(&a, &b, &untouched, &err), "case %zu", i);
        cr_assert_eq(err.code, ERROR_VALIDATION);
        cr_assert_str_eq(err.text, cases[i].error, "case %zu", i);
        cr_assert_not(decimal_subtract(&a, &minus_b, &untouched, &err), "case %zu", i);
        cr_assert_str_eq(err.text, cases[i].error, "case %zu", i);
        cr_assert_eq(untouched.digits[0], 7);
    }
}

Test(decimal_math, agrees_with_64_bit_arithmetic)
{
    struct arena arena = {0};
    uint64_t state = 42;
    for (int round = 0; round < 20000; round++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        int64_t a = (int64_t)(state >> 40) - (1 << 23);
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        int64_t b = (int64_t)(state >> 34) % 100000 - 50000;
        struct decimal left = parse(arena_printf(&arena, "%lde-3", (long)a));
        struct decimal right = parse(arena_printf(&arena, "%lde-3", (long)b));
        struct decimal sum;
        struct decimal difference;
        struct error err = {0};
        cr_assert(decimal_add(&left, &right, &sum, &err), "%s", err.text);
        cr_assert(decimal_subtract(&left, &right, &difference, &err), "%s", err.text);
        struct decimal expected = parse(arena_printf(&arena, "%lde-3", (long)(a + b)));
        cr_assert_eq(decimal_compare(&sum, &expected), 0, "%ld + %ld", (long)a, (long)b);
        expected = parse(arena_printf(&arena, "%lde-3", (long)(a - b)));
        cr_assert_eq(decimal_compare(&difference, &expected), 0, "%ld - %ld", (long)a, (long)b);
        cr_assert_eq(decimal_compare(&left, &right), (a > b) - (a < b));
        arena_clear(&arena);
    }
    arena_destroy(&arena);
}

Test(decimal_math, size_is_what_the_reference_counts)
{
    static const struct {
        const char *text;
        size_t size;
    } cases[] = {
        {"0", 1},
        {"1", 2},
        {"-1", 3},
        {"12", 2},
        {"123", 3},
        {"100", 2},
        {"1e125", 2},
        {"12.5", 3},
        {"1.5", 3},
        {"-1.5", 4},
        {"0.5", 2},
        {"0.00123", 3},
        {"10.01", 3},
        {"100.5", 4},
        {"1e-130", 2},
        {"1234.56", 4},
        {"-99", 3},
        {"123.456", 5},
        {NINES_38, 20},
        {"-" NINES_38, 21},
        {"0." NINES_38, 20},
        {"-9."
         "9999999999999999999999999999999999999",
         21}, /* 22, but for the bound. */
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct decimal decimal = parse(cases[i].text);
        cr_assert_eq(decimal_size(&decimal), cases[i].size, "%s: %zu", cases[i].text,
                     decimal_size(&decimal));
    }
}
