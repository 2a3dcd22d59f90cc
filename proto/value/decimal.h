/* DynamoDB's numbers: up to 38 significant decimal digits, magnitude 0 or 1E-130 … 9.9…9E+125.
 *
 * The key form is the only stored form: at most DECIMAL_KEY_BYTES_MAX bytes that compare by memcmp
 * (slice_compare) as the numbers compare, one form per value. Reference: dynamodb-api.md 5.2.
 * Pure functions; any thread. */
#pragma once

#include "proto/base/buffer.h"
#include "proto/base/error.h"
#include "proto/base/limits.h"

enum { DECIMAL_KEY_BYTES_MAX = 24, DECIMAL_TEXT_BYTES_MAX = 180 };

struct decimal {
    bool negative;
    uint8_t count;                      /* Significant digits; 0 for zero. */
    int16_t exponent;                   /* Of the first digit: 12.5 has 1. 0 for zero. */
    uint8_t digits[DECIMAL_DIGITS_MAX]; /* 0 to 9; first and last are not 0. */
};

/* What a client reads when a number leaves the range. */
extern const char decimal_overflow_text[];
extern const char decimal_underflow_text[];

/* Parse a client's text. Errors: VALIDATION with the reference's texts (not numeric, precision,
 * overflow, underflow). Exponents of any length are handled without overflow. */
MUST_CHECK bool decimal_parse(struct slice text, struct decimal *decimal, struct error *err);

/* Plain digits, never an exponent, no superfluous zeros. Returns the bytes written. */
size_t decimal_print(const struct decimal *decimal, char text[static DECIMAL_TEXT_BYTES_MAX]);

/* Returns the bytes written. */
size_t decimal_to_key(const struct decimal *decimal, uint8_t key[static DECIMAL_KEY_BYTES_MAX]);
/* False when the bytes are not a canonical key form, all of it. */
MUST_CHECK bool decimal_from_key(struct slice key, struct decimal *decimal);

int decimal_compare(const struct decimal *a, const struct decimal *b);

/* Exact. Errors: VALIDATION, the overflow or underflow text (a result that needs more than 38
 * digits is an overflow, as in DynamoDB). */
MUST_CHECK bool decimal_add(const struct decimal *a,
                            const struct decimal *b,
                            struct decimal *sum,
                            struct error *err);
MUST_CHECK bool decimal_subtract(const struct decimal *a,
                                 const struct decimal *b,
                                 struct decimal *difference,
                                 struct error *err);

/* Bytes as DynamoDB counts them (section 5.4). */
size_t decimal_size(const struct decimal *decimal);
