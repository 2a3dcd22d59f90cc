/* Goal: encoded keys sort as DynamoDB sorts, never prefix each other, decode to what they were, and
 * ranges made of them hold exactly the keys they should; key attributes are refused with the exact
 * texts. Method: random values of every key type, biased to bytes that the escape cares about,
 * compared pairwise with the values themselves. */
#include "storage/table/key.h"

#include "proto/value/decimal.h"
#include "tests/unit/storage/sample.h"

#include <criterion/criterion.h>

static struct arena arena;

static void setup(void)
{
    arena_init(&arena);
}

static void teardown(void)
{
    arena_destroy(&arena);
}

TestSuite(key, .init = setup, .fini = teardown);
TestSuite(item_check, .init = setup, .fini = teardown);

/* Short values of few different bytes, so that equal ones, prefixes and zeros are common. */
static struct value random_value(uint64_t *state, enum value_type type)
{
    static const uint8_t alphabet[] = {0x00, 0x01, 0xFF, 0xFE, 'a', 'b'};
    if (type == VALUE_N) {
        char text[64];
        int64_t digits = (int64_t)(sample_next(state) % 2001) - 1000;
        int exponent = (int)(sample_next(state) % 41) - 20;
        snprintf(text, sizeof(text), "%llde%d", (long long)digits, exponent);
        return sample_n(&arena, text);
    }
    size_t size = 1 + sample_next(state) % 5;
    uint8_t *bytes = arena_alloc(&arena, size);
    for (size_t i = 0; i < size; i++) {
        bytes[i] = alphabet[sample_next(state) % sizeof(alphabet)];
    }
    return (struct value){type, {bytes, size}};
}

static int order_of(struct value a, struct value b)
{
    if (a.type != VALUE_N) {
        return slice_compare(a.payload, b.payload);
    }
    struct decimal left;
    struct decimal right;
    cr_assert(decimal_from_key(a.payload, &left) && decimal_from_key(b.payload, &right));
    return decimal_compare(&left, &right);
}

static int sign(int order)
{
    return (order > 0) - (order < 0);
}

static struct slice part_of(struct value value)
{
    struct buffer to;
    buffer_init(&to, &arena, 16);
    key_append_part(&to, value);
    return buffer_slice(&to);
}

static void check_order(enum value_type type)
{
    uint64_t seed = sample_seed();
    uint64_t state = seed;
    for (int i = 0; i < 20000; i++) {
        struct value a = random_value(&state, type);
        struct value b = random_value(&state, type);
        struct slice part_a = part_of(a);
        struct slice part_b = part_of(b);
        int wanted = sign(order_of(a, b));
        cr_assert_eq(sign(slice_compare(part_a, part_b)), wanted, "MERIDIAN_SEED=%llu, pair %d",
                     (unsigned long long)seed, i);
        if (wanted != 0) {
            cr_assert_not(slice_starts_with(part_a, part_b) || slice_starts_with(part_b, part_a),
                          "MERIDIAN_SEED=%llu, pair %d: a prefix", (unsigned long long)seed, i);
        }
        if (i % 1000 == 0) {
            arena_clear(&arena);
        }
    }
}

Test(key, parts_of_strings_sort_as_the_strings_and_never_prefix_each_other)
{
    check_order(VALUE_S);
}

Test(key, parts_of_binaries_sort_as_the_binaries_and_never_prefix_each_other)
{
    check_order(VALUE_B);
}

Test(key, parts_of_numbers_sort_as_the_numbers_and_never_prefix_each_other)
{
    check_order(VALUE_N);
}

Test(key, a_part_has_the_documented_bytes)
{
    struct slice part = part_of(sample_b("a\0\xFF", 3));
    cr_assert_eq(part.size, 7);
    cr_assert_arr_eq(part.data,
                     "\x03"
                     "a\x00\xFF\xFF\x00\x01",
                     7);
}

Test(key, a_whole_key_has_the_documented_bytes)
{
    struct table table = sample_table("t", VALUE_S, VALUE_S);
    struct table_key key;
    key_encode(&table, sample_key_2(&arena, "user#1", "a"), &arena, &key);
    static const uint8_t golden[] = {
        0x00, 0x00, 0x00, 0x07,                         /* table */
        0x00, 0x00,                                     /* index */
        0x24, 0x8a, 0xf7, 0x81, 0x11, 0xcd, 0x8c, 0xff, /* hash */
        0x01, 'u',  's',  'e',  'r',  '#',  '1',  0x00, 0x01, 0x01, 'a', 0x00, 0x01,
    };
    cr_assert_eq(key.bytes.size, sizeof(golden));
    for (size_t i = 0; i < sizeof(golden); i++) {
        cr_expect_eq(key.bytes.data[i], golden[i], "byte %zu is %02x", i, key.bytes.data[i]);
    }
}

/* Values that begin with a prefix are exactly those whose parts lie in [prefix, its end). */
Test(key, the_range_of_a_prefix_holds_exactly_the_values_that_begin_with_it)
{
    uint64_t seed = sample_seed();
    uint64_t state = seed;
    for (int i = 0; i < 20000; i++) {
        enum value_type type = sample_next(&state) % 2 == 0 ? VALUE_S : VALUE_B;
        struct value prefix = random_value(&state, type);
        struct value value = random_value(&state, type);
        struct buffer to;
        buffer_init(&to, &arena, 16);
        key_append_part_prefix(&to, prefix);
        struct slice lower = buffer_slice(&to);
        struct slice upper = key_prefix_end(lower, &arena);
        struct slice part = part_of(value);
        bool inside = slice_compare(part, lower) >= 0 && slice_compare(part, upper) < 0;
        cr_assert_eq(inside, slice_starts_with(value.payload, prefix.payload),
                     "MERIDIAN_SEED=%llu, pair %d", (unsigned long long)seed, i);
        if (i % 1000 == 0) {
            arena_clear(&arena);
        }
    }
}

Test(key, the_end_of_a_prefix_is_the_smallest_greater_string)
{
    struct slice end = key_prefix_end(slice_of("a\xFF\xFF", 3), &arena);
    cr_assert(slice_is(end, "b"));
    cr_assert_eq(key_prefix_end(slice_of("\xFF\xFF", 2), &arena).size, 0);
    cr_assert_eq(key_prefix_end(slice_of("", 0), &arena).size, 0);
}

static struct slice random_key_image(uint64_t *state, const struct table *table)
{
    struct value partition = random_value(state, table->partition.type);
    if (!table_has_sort(table)) {
        return sample_item(&arena, "pk", partition, NULL);
    }
    return sample_item(&arena, "pk", partition, "sk", random_value(state, table->sort.type), NULL);
}

Test(key, keys_decode_to_the_attributes_they_were_made_of)
{
    static const enum value_type types[] = {VALUE_S, VALUE_N, VALUE_B, VALUE_MISSING};
    uint64_t seed = sample_seed();
    uint64_t state = seed;
    struct error err = {0};
    for (int i = 0; i < 5000; i++) {
        struct table table =
            sample_table("t", types[sample_next(&state) % 3], types[sample_next(&state) % 4]);
        /* Strings of the random alphabet are not UTF-8, which decoding checks. */
        table.partition.type = table.partition.type == VALUE_S ? VALUE_B : table.partition.type;
        table.sort.type = table.sort.type == VALUE_S ? VALUE_B : table.sort.type;
        struct slice image = random_key_image(&state, &table);
        struct table_key key;
        struct slice back;
        key_encode(&table, image, &arena, &key);
        cr_assert(key_decode(&table, key.bytes, &arena, &back, &err), "%s (MERIDIAN_SEED=%llu)",
                  err.text, (unsigned long long)seed);
        cr_assert(slice_equal(back, image), "MERIDIAN_SEED=%llu", (unsigned long long)seed);
        arena_clear(&arena);
    }
}

Test(key, decode_refuses_every_prefix_and_every_changed_byte_of_the_head_and_hash)
{
    struct table table = sample_table("t", VALUE_S, VALUE_N);
    struct table_key key;
    struct slice back;
    key_encode(&table,
               sample_item(&arena, "pk", sample_s("user#1"), "sk", sample_n(&arena, "-12.5"), NULL),
               &arena, &key);
    struct error err = {0};
    for (size_t size = 0; size < key.bytes.size; size++) {
        cr_assert_not(key_decode(&table, slice_of(key.bytes.data, size), &arena, &back, &err),
                      "took %zu bytes", size);
        cr_assert_eq(err.code, ERROR_CORRUPT);
    }
    uint8_t *bytes = arena_alloc(&arena, key.bytes.size);
    for (size_t bit = 0; bit < 8 * (KEY_HEAD_BYTES + 9); bit++) { /* The hash covers "user#1". */
        memcpy(bytes, key.bytes.data, key.bytes.size);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        cr_assert_not(key_decode(&table, slice_of(bytes, key.bytes.size), &arena, &back, &err),
                      "took flipped bit %zu", bit);
    }
    struct slice longer = {arena_alloc(&arena, key.bytes.size + 1), key.bytes.size + 1};
    memcpy((uint8_t *)(uintptr_t)longer.data, key.bytes.data, key.bytes.size);
    ((uint8_t *)(uintptr_t)longer.data)[key.bytes.size] = 1;
    cr_assert_not(key_decode(&table, longer, &arena, &back, &err));
}

Test(key, keys_of_one_partition_are_together_and_in_the_order_of_the_sort_value)
{
    uint64_t seed = sample_seed();
    uint64_t state = seed;
    struct table table = sample_table("t", VALUE_B, VALUE_N);
    for (int i = 0; i < 5000; i++) {
        struct value partition = random_value(&state, VALUE_B);
        struct value other = random_value(&state, VALUE_B);
        struct value a = random_value(&state, VALUE_N);
        struct value b = random_value(&state, VALUE_N);
        struct slice prefix = key_prefix((struct key_space){table.id, 0}, &partition, 1, &arena);
        struct table_key key_a;
        struct table_key key_b;
        struct table_key key_other;
        key_encode(&table, sample_item(&arena, "pk", partition, "sk", a, NULL), &arena, &key_a);
        key_encode(&table, sample_item(&arena, "pk", partition, "sk", b, NULL), &arena, &key_b);
        key_encode(&table, sample_item(&arena, "pk", other, "sk", b, NULL), &arena, &key_other);
        cr_assert(slice_starts_with(key_a.bytes, prefix));
        cr_assert_eq(slice_starts_with(key_other.bytes, prefix), value_equal(partition, other),
                     "MERIDIAN_SEED=%llu", (unsigned long long)seed);
        cr_assert_eq(sign(slice_compare(key_a.bytes, key_b.bytes)), sign(order_of(a, b)),
                     "MERIDIAN_SEED=%llu", (unsigned long long)seed);
        cr_assert_eq(key_a.hash == key_b.hash, value_equal(a, b));
        arena_clear(&arena);
    }
}

Test(key, segments_follow_each_other_without_gap_and_cover_the_table)
{
    static const uint32_t counts[] = {1, 2, 3, 7, 64, 1000, 999983, SCAN_SEGMENTS_MAX};
    struct key_space space = {7, 0};
    for (size_t i = 0; i < ARRAY_COUNT(counts); i++) {
        uint32_t step = counts[i] / 1000 + 1;
        struct slice lower;
        struct slice upper;
        key_segment(space, 0, counts[i], &arena, &lower, &upper);
        cr_assert_arr_eq(lower.data, "\0\0\0\7\0\0\0\0\0\0\0\0\0\0", KEY_HEAD_BYTES);
        for (uint32_t segment = 1; segment < counts[i]; segment += step) {
            struct slice before;
            struct slice end;
            key_segment(space, segment - 1, counts[i], &arena, &before, &end);
            key_segment(space, segment, counts[i], &arena, &lower, &upper);
            cr_assert(slice_equal(end, lower), "segment %u of %u", segment, counts[i]);
        }
        key_segment(space, counts[i] - 1, counts[i], &arena, &lower, &upper);
        cr_assert_eq(upper.size, KEY_TABLE_BYTES);
        cr_assert_arr_eq(upper.data, "\0\0\0\7\0\1", KEY_TABLE_BYTES);
        arena_clear(&arena);
    }
}

Test(key, every_key_is_in_exactly_one_segment)
{
    uint64_t seed = sample_seed();
    uint64_t state = seed;
    struct table table = sample_table("t", VALUE_B, VALUE_MISSING);
    for (int i = 0; i < 2000; i++) {
        struct table_key key;
        key_encode(&table, random_key_image(&state, &table), &arena, &key);
        unsigned hits = 0;
        for (uint32_t segment = 0; segment < 7; segment++) {
            struct slice lower;
            struct slice upper;
            key_segment((struct key_space){table.id, 0}, segment, 7, &arena, &lower, &upper);
            hits += slice_compare(key.bytes, lower) >= 0 && slice_compare(key.bytes, upper) < 0;
        }
        cr_assert_eq(hits, 1, "MERIDIAN_SEED=%llu, key %d", (unsigned long long)seed, i);
        arena_clear(&arena);
    }
}

/* --- item_check ----------------------------------------------------------------------------- */

static struct value long_string(size_t size)
{
    uint8_t *bytes = arena_alloc(&arena, size);
    memset(bytes, 'x', size);
    return (struct value){VALUE_S, {bytes, size}};
}

#define INVALID "One or more parameter values were invalid: "
#define NOT_VALID "One or more parameter values are not valid. "

static void refuses(bool ok, const struct error *err, const char *text)
{
    cr_assert_not(ok, "accepted, though due is: %s", text);
    cr_assert_eq(err->code, ERROR_VALIDATION);
    cr_assert_str_eq(err->text, text);
}

Test(item_check, a_put_names_the_missing_or_mistyped_key)
{
    struct table table = sample_table("t", VALUE_S, VALUE_N);
    struct value s = sample_s("v");
    struct value n = sample_n(&arena, "1");
    struct error err = {0};
    cr_assert(
        item_check_put_key(&table, sample_item(&arena, "pk", s, "sk", n, "x", s, NULL), &err));
    refuses(item_check_put_key(&table, sample_item(&arena, "sk", n, NULL), &err), &err,
            INVALID "Missing the key pk in the item");
    refuses(item_check_put_key(&table, sample_item(&arena, "pk", s, NULL), &err), &err,
            INVALID "Missing the key sk in the item");
    refuses(item_check_put_key(&table, sample_item(&arena, "pk", n, "sk", n, NULL), &err), &err,
            INVALID "Type mismatch for key pk expected: S actual: N");
    refuses(item_check_put_key(
                &table, sample_item(&arena, "pk", s, "sk", value_make_bool(true), NULL), &err),
            &err, INVALID "Type mismatch for key sk expected: N actual: BOOL");
}

Test(item_check, a_key_parameter_must_be_exactly_the_key)
{
    static const char text[] = "The provided key element does not match the schema";
    struct table table = sample_table("t", VALUE_S, VALUE_N);
    struct table single = sample_table("t", VALUE_S, VALUE_MISSING);
    struct value s = sample_s("v");
    struct value n = sample_n(&arena, "1");
    struct error err = {0};
    cr_assert(item_check_key(&table, sample_item(&arena, "pk", s, "sk", n, NULL), &err));
    cr_assert(item_check_key(&single, sample_item(&arena, "pk", s, NULL), &err));
    refuses(item_check_key(&table, sample_item(&arena, "pk", s, NULL), &err), &err, text);
    refuses(item_check_key(&table, sample_item(&arena, "pk", s, "sk", s, NULL), &err), &err, text);
    refuses(item_check_key(&table, sample_item(&arena, "pk", n, "sk", n, NULL), &err), &err, text);
    refuses(item_check_key(&table, sample_item(&arena, "pk", s, "x", n, NULL), &err), &err, text);
    refuses(item_check_key(&table, sample_item(&arena, "pk", s, "sk", n, "x", s, NULL), &err), &err,
            text);
    refuses(item_check_key(&single, sample_item(&arena, "pk", s, "sk", n, NULL), &err), &err, text);
    refuses(item_check_key(&single, sample_item(&arena, NULL), &err), &err, text);
}

Test(item_check, empty_key_values_are_refused)
{
    struct table table = sample_table("t", VALUE_S, VALUE_B);
    struct error err = {0};
    struct slice no_partition =
        sample_item(&arena, "pk", sample_s(""), "sk", sample_b("b", 1), NULL);
    struct slice no_sort = sample_item(&arena, "pk", sample_s("a"), "sk", sample_b("", 0), NULL);
    static const char string[] = NOT_VALID "The AttributeValue for a key attribute cannot contain "
                                           "an empty string value. Key: pk";
    static const char binary[] = NOT_VALID "The AttributeValue for a key attribute cannot contain "
                                           "an empty binary value. Key: sk";
    refuses(item_check_put_key(&table, no_partition, &err), &err, string);
    refuses(item_check_key(&table, no_partition, &err), &err, string);
    refuses(item_check_put_key(&table, no_sort, &err), &err, binary);
    refuses(item_check_key(&table, no_sort, &err), &err, binary);
}

Test(item_check, keys_may_be_as_long_as_the_limits_and_no_longer)
{
    struct table table = sample_table("t", VALUE_S, VALUE_S);
    struct error err = {0};
    struct value s = sample_s("v");
    struct slice full = sample_item(&arena, "pk", long_string(PARTITION_KEY_BYTES_MAX), "sk",
                                    long_string(SORT_KEY_BYTES_MAX), NULL);
    cr_assert(item_check_put_key(&table, full, &err) && item_check_key(&table, full, &err));
    struct slice partition =
        sample_item(&arena, "pk", long_string(PARTITION_KEY_BYTES_MAX + 1), "sk", s, NULL);
    struct slice sort =
        sample_item(&arena, "pk", s, "sk", long_string(SORT_KEY_BYTES_MAX + 1), NULL);
    static const char partition_text[] =
        INVALID "Size of hashkey has exceeded the maximum size limit of2048 bytes";
    static const char sort_text[] =
        INVALID "Aggregated size of all range keys has exceeded the size limit of 1024 bytes";
    refuses(item_check_put_key(&table, partition, &err), &err, partition_text);
    refuses(item_check_key(&table, partition, &err), &err, partition_text);
    refuses(item_check_put_key(&table, sort, &err), &err, sort_text);
    refuses(item_check_key(&table, sort, &err), &err, sort_text);
}
