/* Decimals as text and as key bytes. See decimal.h; the arithmetic is in decimal_math.c.
 *
 * Key form: bytes that compare as the numbers compare, and one form per value.
 *
 *   zero       80
 *   positive   C0  exponent + 130 (1 byte)  digit pairs, each 10 * d + d' + 1 (01 to 64)
 *   negative   40, then the complement of what the positive form has behind C0, then FF
 *
 * An odd last digit is paired with 0; the last pair is never 00 and the first is at least 10, so a
 * number cannot be written in two ways. Of two positives with a common prefix the shorter is
 * smaller, as bytes are; the FF behind a negative, greater than any complemented pair, turns that
 * around. At most 2 + 19 + 1 bytes. */
#include "proto/value/decimal.h"

#include "proto/value/utf8.h"

enum {
    KEY_NEGATIVE = 0x40,
    KEY_ZERO = 0x80,
    KEY_POSITIVE = 0xC0,
    KEY_NEGATIVE_END = 0xFF,
    KEY_PAIR_MAX = 100, /* The pair 99, plus 1. */
    KEY_PAIR_MIN = 1,
    KEY_FIRST_PAIR_MIN = 11, /* The first digit is not 0. */
    TEXT_SHOWN_BYTES_MAX = 512,
};

/* Far past every legal exponent, and far from overflowing when digit positions are added to it. */
static const int64_t exponent_bound = INT64_C(1) << 40;

static bool decimal_not_numeric(struct slice text, struct error *err)
{
    if (text.size == 0) {
        return error_set(err, ERROR_VALIDATION,
                         "The parameter cannot be converted to a numeric value");
    }
    struct slice shown = utf8_cut(text, TEXT_SHOWN_BYTES_MAX);
    return error_set(err, ERROR_VALIDATION,
                     "The parameter cannot be converted to a numeric value: %.*s",
                     SLICE_ARGS(shown));
}

/* What the text's digits say, before any rule but the grammar is looked at. */
struct decimal_scan {
    uint8_t digits[DECIMAL_DIGITS_MAX];
    int64_t count;    /* From the first to the last digit that is not 0; may exceed digits[]. */
    int64_t seen;     /* From the first digit that is not 0 to the newest digit. */
    int64_t exponent; /* Of the first of them. */
};

static void decimal_scan_digit(struct decimal_scan *scan, uint8_t digit, int64_t position)
{
    if (scan->seen == 0) {
        if (digit == 0) {
            return;
        }
        scan->exponent = position;
    }
    if (scan->seen < DECIMAL_DIGITS_MAX) {
        scan->digits[scan->seen] = digit;
    }
    scan->seen++;
    if (digit != 0) {
        scan->count = scan->seen;
    }
}

static size_t decimal_digit_run(struct slice text, size_t at)
{
    size_t end = at;
    while (end < text.size && text.data[end] >= '0' && text.data[end] <= '9') {
        end++;
    }
    return end - at;
}

/* [eE][+-]?digits from `at` to the end. */
static bool decimal_scan_exponent(struct slice text, size_t at, int64_t *exponent)
{
    if (text.data[at] != 'e' && text.data[at] != 'E') {
        return false;
    }
    at++;
    bool negative = at < text.size && text.data[at] == '-';
    if (at < text.size && (text.data[at] == '-' || text.data[at] == '+')) {
        at++;
    }
    size_t run = decimal_digit_run(text, at);
    if (run == 0 || at + run != text.size) {
        return false;
    }
    int64_t size = 0;
    for (; at < text.size; at++) {
        size = size * 10 + (text.data[at] - '0');
        if (size > exponent_bound) {
            size = exponent_bound;
        }
    }
    *exponent = negative ? -size : size;
    return true;
}

static bool decimal_scan_text(struct slice text, bool *negative, struct decimal_scan *scan)
{
    size_t at = 0;
    *negative = text.size > 0 && text.data[0] == '-';
    if (text.size > 0 && (text.data[0] == '-' || text.data[0] == '+')) {
        at++;
    }
    size_t whole = decimal_digit_run(text, at);
    for (size_t i = 0; i < whole; i++) {
        decimal_scan_digit(scan, (uint8_t)(text.data[at + i] - '0'), (int64_t)(whole - i) - 1);
    }
    at += whole;
    size_t fraction = 0;
    if (at < text.size && text.data[at] == '.') {
        at++;
        fraction = decimal_digit_run(text, at);
        for (size_t i = 0; i < fraction; i++) {
            decimal_scan_digit(scan, (uint8_t)(text.data[at + i] - '0'), -(int64_t)i - 1);
        }
        at += fraction;
    }
    if (whole + fraction == 0) {
        return false;
    }
    int64_t exponent = 0;
    if (at < text.size && !decimal_scan_exponent(text, at, &exponent)) {
        return false;
    }
    scan->exponent += exponent;
    return true;
}

bool decimal_parse(struct slice text, struct decimal *decimal, struct error *err)
{
    struct decimal_scan scan;
    scan.count = 0;
    scan.seen = 0;
    scan.exponent = 0;
    bool negative;
    if (!decimal_scan_text(text, &negative, &scan)) {
        return decimal_not_numeric(text, err);
    }
    if (scan.count == 0) { /* Zero, whatever its exponent and its sign. */
        *decimal = (struct decimal){0};
        return true;
    }
    if (scan.exponent > DECIMAL_EXPONENT_MAX) {
        return error_set(err, ERROR_VALIDATION, "%s", decimal_overflow_text);
    }
    if (scan.exponent < DECIMAL_EXPONENT_MIN) {
        return error_set(err, ERROR_VALIDATION, "%s", decimal_underflow_text);
    }
    if (scan.count > DECIMAL_DIGITS_MAX) {
        return error_set(err, ERROR_VALIDATION,
                         "Attempting to store more than 38 significant digits in a Number");
    }
    decimal->negative = negative;
    decimal->count = (uint8_t)scan.count;
    decimal->exponent = (int16_t)scan.exponent;
    memcpy(decimal->digits, scan.digits, (size_t)scan.count);
    return true;
}

static char *decimal_print_digits(char *to, const uint8_t *digits, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        to[i] = (char)('0' + digits[i]);
    }
    return to + count;
}

static char *decimal_print_zeros(char *to, size_t count)
{
    memset(to, '0', count);
    return to + count;
}

size_t decimal_print(const struct decimal *decimal, char text[static DECIMAL_TEXT_BYTES_MAX])
{
    ensure(decimal->count <= DECIMAL_DIGITS_MAX);
    if (decimal->count == 0) {
        text[0] = '0';
        return 1;
    }
    ensure(decimal->exponent >= DECIMAL_EXPONENT_MIN && decimal->exponent <= DECIMAL_EXPONENT_MAX);
    char *to = text;
    if (decimal->negative) {
        *to++ = '-';
    }
    int count = decimal->count;
    int whole = decimal->exponent + 1; /* Digits in front of the point. */
    if (whole >= count) {
        to = decimal_print_digits(to, decimal->digits, (size_t)count);
        to = decimal_print_zeros(to, (size_t)(whole - count));
    } else if (whole > 0) {
        to = decimal_print_digits(to, decimal->digits, (size_t)whole);
        *to++ = '.';
        to = decimal_print_digits(to, decimal->digits + whole, (size_t)(count - whole));
    } else {
        *to++ = '0';
        *to++ = '.';
        to = decimal_print_zeros(to, (size_t)-whole);
        to = decimal_print_digits(to, decimal->digits, (size_t)count);
    }
    return (size_t)(to - text);
}

size_t decimal_to_key(const struct decimal *decimal, uint8_t key[static DECIMAL_KEY_BYTES_MAX])
{
    ensure(decimal->count <= DECIMAL_DIGITS_MAX);
    if (decimal->count == 0) {
        key[0] = KEY_ZERO;
        return 1;
    }
    ensure(decimal->exponent >= DECIMAL_EXPONENT_MIN && decimal->exponent <= DECIMAL_EXPONENT_MAX);
    ensure(decimal->digits[0] != 0 && decimal->digits[decimal->count - 1] != 0);
    uint8_t flip = decimal->negative ? 0xFF : 0;
    size_t size = 0;
    key[size++] = decimal->negative ? KEY_NEGATIVE : KEY_POSITIVE;
    key[size++] = (uint8_t)(decimal->exponent - DECIMAL_EXPONENT_MIN) ^ flip;
    for (size_t i = 0; i < decimal->count; i += 2) {
        unsigned low = i + 1 < decimal->count ? decimal->digits[i + 1] : 0;
        key[size++] = (uint8_t)(decimal->digits[i] * 10u + low + 1) ^ flip;
    }
    if (decimal->negative) {
        key[size++] = KEY_NEGATIVE_END;
    }
    return size;
}

bool decimal_from_key(struct slice key, struct decimal *decimal)
{
    if (key.size == 1 && key.data[0] == KEY_ZERO) {
        decimal->negative = false;
        decimal->count = 0;
        decimal->exponent = 0;
        return true;
    }
    if (key.size < 3 || (key.data[0] != KEY_POSITIVE && key.data[0] != KEY_NEGATIVE)) {
        return false;
    }
    bool negative = key.data[0] == KEY_NEGATIVE;
    uint8_t flip = negative ? 0xFF : 0;
    size_t pairs = key.size - 2;
    if (negative) {
        if (key.data[key.size - 1] != KEY_NEGATIVE_END) {
            return false;
        }
        pairs--;
    }
    if (pairs == 0 || pairs > DECIMAL_DIGITS_MAX / 2) {
        return false;
    }
    unsigned low = 0;
    for (size_t i = 0; i < pairs; i++) {
        unsigned pair = key.data[2 + i] ^ flip;
        if (pair < KEY_PAIR_MIN || pair > KEY_PAIR_MAX || (i == 0 && pair < KEY_FIRST_PAIR_MIN)) {
            return false;
        }
        pair -= 1;
        low = pair % 10;
        decimal->digits[2 * i] = (uint8_t)(pair / 10);
        decimal->digits[2 * i + 1] = (uint8_t)low;
    }
    if (low == 0 && decimal->digits[2 * pairs - 2] == 0) {
        return false; /* A last pair of 00 says nothing. */
    }
    decimal->negative = negative;
    decimal->count = (uint8_t)(2 * pairs - (low == 0));
    decimal->exponent = (int16_t)((key.data[1] ^ flip) + DECIMAL_EXPONENT_MIN);
    return true;
}
