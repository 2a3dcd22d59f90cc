/* Goal: an encoded item is never more than IMAGE_GROWTH_MAX times what DynamoDB counts: limits of
 * messages stand on that. Method: the shapes whose form is widest for what they count, up to the
 * size of the largest item. */
#include "tests/unit/proto/sample.h"

#include "proto/value/decimal.h"

#include <criterion/criterion.h>

enum { ONE_BYTE_NAMES = 128, TWO_BYTE_NAMES = 128 * 128 };

static void expect_growth(const char *what, struct slice image)
{
    size_t size = item_size(image);
    cr_assert_leq(image.size, IMAGE_GROWTH_MAX * size + IMAGE_MORE_BYTES_MAX, "%s: %zu of %zu",
                  what, image.size, size);
    cr_assert(size > ITEM_BYTES_MAX || image.size <= PEER_IMAGE_BYTES_MAX, "%s: %zu", what,
              image.size);
}

static struct value empty_text(void)
{
    return (struct value){VALUE_S, {NULL, 0}};
}

static struct value number(struct arena *arena, const char *text)
{
    struct decimal decimal;
    struct error err = {0};
    uint8_t *key = arena_alloc(arena, DECIMAL_KEY_BYTES_MAX);
    cr_assert(decimal_parse(slice_text(text), &decimal, &err), "%s", err.text);
    return (struct value){VALUE_N, {key, decimal_to_key(&decimal, key)}};
}

/* All names of one byte, then of two, then of three, up to `bytes_max` as DynamoDB counts. */
static struct slice short_names(struct arena *arena, struct value value, size_t bytes_max)
{
    size_t capacity = bytes_max / 3 + ONE_BYTE_NAMES + TWO_BYTE_NAMES;
    struct member *members = arena_alloc(arena, capacity * sizeof(*members));
    size_t count = 0;
    size_t bytes = 0;
    for (uint32_t i = 0; count < capacity; i++) {
        bool one = i < ONE_BYTE_NAMES;
        bool two = i < ONE_BYTE_NAMES + TWO_BYTE_NAMES;
        uint32_t digits = one ? i : two ? i - ONE_BYTE_NAMES : i - ONE_BYTE_NAMES - TWO_BYTE_NAMES;
        size_t size = one ? 1 : two ? 2 : 3;
        if (bytes + size + value_size(value) > bytes_max) {
            break;
        }
        uint8_t *name = arena_alloc(arena, size);
        for (size_t k = 0; k < size; k++, digits /= 128) {
            name[k] = (uint8_t)(digits % 128);
        }
        members[count++] = (struct member){slice_of(name, size), value};
        bytes += size + value_size(value);
    }
    return value_make_map(arena, members, count).payload;
}

Test(value_growth, of_names_as_short_as_they_can_be)
{
    struct arena arena = {0};
    const struct value values[] = {
        empty_text(), number(&arena, "0"), number(&arena, "1"), {VALUE_NULL, {NULL, 0}}};
    static const size_t sizes[] = {1, 127, 4000, ITEM_BYTES_MAX / 10, ITEM_BYTES_MAX};
    for (size_t i = 0; i < ARRAY_COUNT(values); i++) {
        for (size_t k = 0; k < ARRAY_COUNT(sizes); k++) {
            struct slice image = short_names(&arena, values[i], sizes[k]);
            expect_growth(value_type_name(values[i].type), image);
        }
        arena_clear(&arena);
    }
    arena_destroy(&arena);
}

/* An item of one attribute "a". */
static struct slice item_of(struct arena *arena, struct value value)
{
    struct member member = {SLICE_LITERAL("a"), value};
    return value_make_map(arena, &member, 1).payload;
}

Test(value_growth, of_elements_as_short_as_they_can_be)
{
    enum { COUNT = ITEM_BYTES_MAX };
    struct arena arena = {0};
    struct value *elements = arena_alloc(&arena, COUNT * sizeof(*elements));
    struct member one = {SLICE_LITERAL("b"), empty_text()};
    const struct value each[] = {
        empty_text(),
        number(&arena, "0"),
        number(&arena, "-1"),
        value_make_bool(true),
        {VALUE_NULL, {NULL, 0}},
        value_make_list(&arena, NULL, 0),
        value_make_map(&arena, &one, 1),
    };
    for (size_t i = 0; i < ARRAY_COUNT(each); i++) {
        size_t count = COUNT / (1 + value_size(each[i])) - 4;
        for (size_t k = 0; k < count; k++) {
            elements[k] = each[i];
        }
        expect_growth(value_type_name(each[i].type),
                      item_of(&arena, value_make_list(&arena, elements, count)));
    }
    arena_destroy(&arena);
}

Test(value_growth, of_sets_of_short_elements)
{
    enum { COUNT = 20000 };
    struct arena arena = {0};
    struct slice *elements = arena_alloc(&arena, COUNT * sizeof(*elements));
    struct value set;
    struct slice twice;
    for (uint32_t i = 0; i < 256 + COUNT / 2; i++) {
        bool one = i < 256;
        uint8_t *bytes = arena_alloc(&arena, 2);
        bytes[0] = (uint8_t)(one ? i : (i - 256) / 256);
        bytes[1] = (uint8_t)(i % 256);
        elements[i] = slice_of(bytes, one ? 1 : 2);
    }
    cr_assert(value_make_set(&arena, VALUE_BS, elements, 256 + COUNT / 2, &set, &twice));
    expect_growth("BS", item_of(&arena, set));
    for (int i = 0; i < COUNT; i++) {
        elements[i] = number(&arena, arena_printf(&arena, "%d", i - COUNT / 2)).payload;
    }
    cr_assert(value_make_set(&arena, VALUE_NS, elements, COUNT, &set, &twice));
    expect_growth("NS", item_of(&arena, set));
    arena_destroy(&arena);
}
