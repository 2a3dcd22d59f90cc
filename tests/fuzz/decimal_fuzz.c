/* Fuzz numbers: text to key to text means the same number; keys that decode are canonical; sums can
 * be undone and order agrees with the keys. */
#include "proto/base/ensure.h"
#include "proto/value/decimal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int fuzz_sign(int order)
{
    return (order > 0) - (order < 0);
}

static void fuzz_round_trip(const struct decimal *decimal)
{
    uint8_t key[DECIMAL_KEY_BYTES_MAX];
    char text[DECIMAL_TEXT_BYTES_MAX];
    struct decimal from_key;
    struct decimal from_text;
    struct error err;
    ensure(decimal_from_key(slice_of(key, decimal_to_key(decimal, key)), &from_key));
    ensure(decimal_compare(decimal, &from_key) == 0);
    ensure(decimal_parse(slice_of(text, decimal_print(&from_key, text)), &from_text, &err));
    ensure(decimal_compare(decimal, &from_text) == 0);
    ensure(decimal_size(decimal) >= 1 && decimal_size(decimal) <= 21);
}

static void fuzz_pair(const struct decimal *a, const struct decimal *b)
{
    uint8_t a_key[DECIMAL_KEY_BYTES_MAX];
    uint8_t b_key[DECIMAL_KEY_BYTES_MAX];
    struct decimal result;
    struct decimal back;
    struct error err;
    int order = slice_compare(slice_of(a_key, decimal_to_key(a, a_key)),
                              slice_of(b_key, decimal_to_key(b, b_key)));
    ensure(fuzz_sign(order) == fuzz_sign(decimal_compare(a, b)));
    if (decimal_add(a, b, &result, &err)) {
        fuzz_round_trip(&result);
        ensure(decimal_subtract(&result, b, &back, &err) && decimal_compare(&back, a) == 0);
    }
    if (decimal_subtract(a, b, &result, &err)) {
        fuzz_round_trip(&result);
        ensure(fuzz_sign(decimal_compare(a, b)) == (result.count == 0 ? 0
                                                    : result.negative ? -1
                                                                      : 1));
        ensure(decimal_add(&result, b, &back, &err) && decimal_compare(&back, a) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice all = slice_of(data, size);
    struct decimal a;
    struct decimal b;
    struct error err;
    if (decimal_from_key(all, &a)) {
        uint8_t key[DECIMAL_KEY_BYTES_MAX];
        ensure(slice_equal(slice_of(key, decimal_to_key(&a, key)), all));
        fuzz_round_trip(&a);
    }
    const uint8_t *blank = size > 0 ? memchr(data, ' ', size) : NULL;
    size_t first = blank == NULL ? size : (size_t)(blank - data);
    if (!decimal_parse(slice_of(data, first), &a, &err)) {
        ensure(err.code == ERROR_VALIDATION);
        return 0;
    }
    fuzz_round_trip(&a);
    if (blank != NULL && decimal_parse(slice_of(blank + 1, size - first - 1), &b, &err)) {
        fuzz_round_trip(&b);
        fuzz_pair(&a, &b);
    }
    return 0;
}
