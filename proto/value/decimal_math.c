/* Exact sums, differences, order and size of decimals. See decimal.h.
 *
 * Operands are laid on one line of digits that spans both: at most from 1E+126 (a carry) down to
 * the last digit of the smallest number, 1E-167, so no exponent a client can send makes it long. */
#include "proto/value/decimal.h"

enum {
    LINE_TOP = DECIMAL_EXPONENT_MAX + 1,
    LINE_BOTTOM = DECIMAL_EXPONENT_MIN - DECIMAL_DIGITS_MAX + 1,
    LINE_DIGITS_MAX = LINE_TOP - LINE_BOTTOM + 1,
    SIZE_BYTES_MAX = 21,
};

const char decimal_overflow_text[] = "Number overflow. Attempting to store a number with magnitude "
                                     "larger than supported range";
const char decimal_underflow_text[] = "Number underflow. Attempting to store a number with "
                                      "magnitude smaller than supported range";

static int decimal_bottom(const struct decimal *a)
{
    return a->exponent - a->count + 1;
}

/* Order of the magnitudes. */
static int decimal_compare_magnitude(const struct decimal *a, const struct decimal *b)
{
    if (a->count == 0 || b->count == 0) {
        return (a->count > 0) - (b->count > 0);
    }
    if (a->exponent != b->exponent) {
        return a->exponent < b->exponent ? -1 : 1;
    }
    int order =
        slice_compare((struct slice){a->digits, a->count}, (struct slice){b->digits, b->count});
    return (order > 0) - (order < 0);
}

int decimal_compare(const struct decimal *a, const struct decimal *b)
{
    bool a_negative = a->negative && a->count > 0;
    bool b_negative = b->negative && b->count > 0;
    if (a_negative != b_negative) {
        return a_negative ? -1 : 1;
    }
    int order = decimal_compare_magnitude(a, b);
    return a_negative ? -order : order;
}

/* A finished line of digits, the first of them worth 10^top, as a decimal. */
static bool decimal_from_line(const int8_t *line,
                              int digits,
                              int top,
                              bool negative,
                              struct decimal *result,
                              struct error *err)
{
    int first = 0;
    while (first < digits && line[first] == 0) {
        first++;
    }
    if (first == digits) {
        *result = (struct decimal){0};
        return true;
    }
    int last = digits - 1;
    while (line[last] == 0) {
        last--;
    }
    int exponent = top - first;
    int count = last - first + 1;
    if (exponent > DECIMAL_EXPONENT_MAX || count > DECIMAL_DIGITS_MAX) {
        return error_set(err, ERROR_VALIDATION, "%s", decimal_overflow_text);
    }
    if (exponent < DECIMAL_EXPONENT_MIN) {
        return error_set(err, ERROR_VALIDATION, "%s", decimal_underflow_text);
    }
    result->negative = negative;
    result->count = (uint8_t)count;
    result->exponent = (int16_t)exponent;
    for (int i = 0; i < count; i++) {
        result->digits[i] = (uint8_t)line[first + i];
    }
    return true;
}

/* large + sign * small, where |large| >= |small| and both are not zero. */
static bool decimal_combine(const struct decimal *large,
                            const struct decimal *small,
                            int sign,
                            bool negative,
                            struct decimal *result,
                            struct error *err)
{
    int8_t line[LINE_DIGITS_MAX] = {0};
    int top = large->exponent + 1; /* One place for the carry. */
    int bottom = decimal_bottom(large);
    if (decimal_bottom(small) < bottom) {
        bottom = decimal_bottom(small);
    }
    int digits = top - bottom + 1;
    ensure(digits <= LINE_DIGITS_MAX);
    for (int i = 0; i < large->count; i++) {
        line[1 + i] = (int8_t)large->digits[i];
    }
    for (int i = 0; i < small->count; i++) {
        int8_t *place = &line[top - small->exponent + i];
        *place = (int8_t)(*place + sign * small->digits[i]);
    }
    for (int i = digits - 1; i > 0; i--) {
        if (line[i] > 9) {
            line[i] = (int8_t)(line[i] - 10);
            line[i - 1]++;
        } else if (line[i] < 0) {
            line[i] = (int8_t)(line[i] + 10);
            line[i - 1]--;
        }
    }
    ensure(line[0] >= 0);
    return decimal_from_line(line, digits, top, negative, result, err);
}

/* a + b, where b counts as negative when b_negative says so. */
static bool decimal_sum(const struct decimal *a,
                        const struct decimal *b,
                        bool b_negative,
                        struct decimal *result,
                        struct error *err)
{
    if (b->count == 0) {
        *result = *a;
        return true;
    }
    if (a->count == 0) {
        *result = *b;
        result->negative = b_negative;
        return true;
    }
    int sign = a->negative == b_negative ? 1 : -1;
    struct decimal made;
    bool ok = decimal_compare_magnitude(a, b) >= 0
                  ? decimal_combine(a, b, sign, a->negative, &made, err)
                  : decimal_combine(b, a, sign, b_negative, &made, err);
    if (ok) {
        *result = made; /* Only now: the caller may have passed an operand as the result. */
    }
    return ok;
}

bool decimal_add(const struct decimal *a,
                 const struct decimal *b,
                 struct decimal *sum,
                 struct error *err)
{
    return decimal_sum(a, b, b->negative, sum, err);
}

bool decimal_subtract(const struct decimal *a,
                      const struct decimal *b,
                      struct decimal *difference,
                      struct error *err)
{
    return decimal_sum(a, b, !b->negative, difference, err);
}

size_t decimal_size(const struct decimal *decimal)
{
    size_t count = decimal->count;
    size_t whole = decimal->exponent < 0 ? 0 : (size_t)decimal->exponent + 1;
    if (whole > count) {
        whole = count;
    }
    size_t size = 1 + (whole + 1) / 2 + (count - whole + 1) / 2 + (decimal->negative ? 1 : 0);
    return size < SIZE_BYTES_MAX ? size : SIZE_BYTES_MAX;
}
