/* Goal: versions decide conflicts the same way everywhere. Method: the laws of a total order and of
 * a semilattice over many small cases; the row codec by golden bytes, every prefix and every bit.
 */
#include "proto/value/version.h"

#include "tests/unit/proto/sample.h"

#include <criterion/criterion.h>
#include <signal.h>

/* Small numbers, so that ties are common. */
static uint32_t random_next(uint32_t *state, uint32_t below)
{
    *state = *state * 1664525 + 1013904223;
    return (*state >> 16) % below;
}

static struct dot random_dot(uint32_t *state)
{
    return (struct dot){(uint16_t)(1 + random_next(state, 4)), random_next(state, 3),
                        random_next(state, 4)};
}

static struct context random_context(uint32_t *state)
{
    struct context context = {0};
    for (uint32_t i = random_next(state, 5); i > 0; i--) {
        context_raise(&context, random_dot(state));
    }
    return context;
}

static bool context_equal(const struct context *a, const struct context *b)
{
    if (a->count != b->count) {
        return false;
    }
    for (uint32_t i = 0; i < a->count; i++) {
        if (!dot_equal(a->entries[i], b->entries[i])) {
            return false;
        }
    }
    return true;
}

static int sign(int order)
{
    return (order > 0) - (order < 0);
}

Test(version, order_is_total)
{
    uint32_t state = 1;
    enum { COUNT = 60 };
    struct version versions[COUNT] = {0};
    for (size_t i = 0; i < COUNT; i++) {
        versions[i].stamp = random_next(&state, 3);
        versions[i].dot = random_dot(&state);
    }
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t j = 0; j < COUNT; j++) {
            int order = sign(version_compare(&versions[i], &versions[j]));
            cr_assert_eq(order, -sign(version_compare(&versions[j], &versions[i])));
            bool same = versions[i].stamp == versions[j].stamp &&
                        dot_equal(versions[i].dot, versions[j].dot);
            cr_assert_eq(order == 0, same, "%zu and %zu", i, j);
            for (size_t k = 0; k < COUNT; k++) {
                if (order < 0 && version_compare(&versions[j], &versions[k]) < 0) {
                    cr_assert_lt(version_compare(&versions[i], &versions[k]), 0);
                }
            }
        }
    }
}

Test(version, an_expiry_sorts_right_behind_what_expired)
{
    uint32_t state = 3;
    enum { COUNT = 60 };
    struct version versions[COUNT] = {0};
    for (uint32_t i = 0; i < COUNT; i++) {
        struct version *made = &versions[i];
        made->stamp = random_next(&state, 3);
        made->dot = (struct dot){(uint16_t)(1 + random_next(&state, 4)), 1, i};
        if (i > 0 && i % 3 == 0 && !version_is_expiry(made - 1)) {
            made->stamp = made[-1].stamp;
            made->expired = made[-1].dot;
        }
    }
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t j = 0; j < COUNT; j++) {
            int order = sign(version_compare(&versions[i], &versions[j]));
            cr_assert_eq(order, -sign(version_compare(&versions[j], &versions[i])));
            cr_assert_eq(order == 0, i == j, "%zu and %zu", i, j);
            for (size_t k = 0; k < COUNT; k++) {
                if (order < 0 && version_compare(&versions[j], &versions[k]) < 0) {
                    cr_assert_lt(version_compare(&versions[i], &versions[k]), 0);
                }
            }
            if (j > 0 && version_is_expiry(&versions[j]) && i != j && i != j - 1) {
                cr_assert_eq(order, sign(version_compare(&versions[i], &versions[j - 1])),
                             "%zu lies between %zu and its expiry", i, j - 1);
            }
        }
        if (version_is_expiry(&versions[i])) {
            cr_assert_gt(version_compare(&versions[i], &versions[i - 1]), 0);
        }
    }
}

Test(version, order_looks_at_stamp_region_incarnation_and_seq_in_turn)
{
    struct version a = {.stamp = 5, .dot = {2, 2, 2}};
    struct version later[] = {{.stamp = 6, .dot = {1, 1, 1}},
                              {.stamp = 5, .dot = {3, 1, 1}},
                              {.stamp = 5, .dot = {2, 3, 1}},
                              {.stamp = 5, .dot = {2, 2, 3}}};
    for (size_t i = 0; i < ARRAY_COUNT(later); i++) {
        cr_assert_lt(version_compare(&a, &later[i]), 0, "case %zu", i);
        cr_assert_gt(version_compare(&later[i], &a), 0, "case %zu", i);
    }
}

Test(context, joining_is_commutative_associative_and_idempotent)
{
    uint32_t state = 7;
    for (int round = 0; round < 2000; round++) {
        struct context a = random_context(&state);
        struct context b = random_context(&state);
        struct context c = random_context(&state);
        struct context ab = a;
        struct context ba = b;
        context_join(&ab, &b);
        context_join(&ba, &a);
        cr_assert(context_equal(&ab, &ba), "round %d", round);
        struct context twice = ab;
        context_join(&twice, &b);
        context_join(&twice, &twice);
        cr_assert(context_equal(&twice, &ab), "round %d", round);
        struct context left = ab;
        struct context bc = b;
        struct context right = a;
        context_join(&left, &c);
        context_join(&bc, &c);
        context_join(&right, &bc);
        cr_assert(context_equal(&left, &right), "round %d", round);
    }
}

Test(context, a_join_has_what_either_side_has_and_nothing_else)
{
    uint32_t state = 11;
    for (int round = 0; round < 2000; round++) {
        struct context a = random_context(&state);
        struct context b = random_context(&state);
        struct context both = a;
        context_join(&both, &b);
        struct dot dot = random_dot(&state);
        cr_assert_eq(context_has(&both, dot), context_has(&a, dot) || context_has(&b, dot),
                     "round %d", round);
    }
}

Test(context, entries_ascend_by_region_and_only_rise)
{
    struct context context = {0};
    context_raise(&context, (struct dot){3, 1, 5});
    context_raise(&context, (struct dot){1, 1, 9});
    context_raise(&context, (struct dot){3, 1, 4});
    context_raise(&context, (struct dot){3, 2, 1});
    cr_assert_eq(context.count, 2);
    cr_assert(dot_equal(context.entries[0], (struct dot){1, 1, 9}));
    cr_assert(dot_equal(context.entries[1], (struct dot){3, 2, 1}));
    cr_assert(context_has(&context, (struct dot){3, 1, 1000}));
    cr_assert_not(context_has(&context, (struct dot){3, 2, 2}));
    cr_assert_not(context_has(&context, (struct dot){2, 1, 1}));
}

Test(context, pruning_drops_exactly_what_is_settled)
{
    uint32_t state = 3;
    for (int round = 0; round < 2000; round++) {
        struct context context = random_context(&state);
        struct context settled = random_context(&state);
        struct context pruned = context;
        context_prune(&pruned, &settled);
        for (uint32_t i = 0; i < pruned.count; i++) {
            cr_assert_not(context_has(&settled, pruned.entries[i]), "round %d", round);
        }
        struct context again = pruned;
        context_join(&again, &settled);
        context_join(&context, &settled);
        cr_assert(context_equal(&again, &context), "round %d: nothing else was dropped", round);
    }
}

Test(context, holds_as_many_regions_as_there_may_be)
{
    struct context context = {0};
    for (uint16_t region = REGIONS_MAX; region > 0; region--) {
        context_raise(&context, (struct dot){region, 1, region});
    }
    cr_assert_eq(context.count, REGIONS_MAX);
    for (uint16_t i = 0; i < REGIONS_MAX; i++) {
        cr_assert_eq(context.entries[i].region, i + 1);
    }
}

Test(context, one_region_more_is_a_broken_invariant, .signal = SIGABRT)
{
    struct context context = {0};
    for (uint16_t region = 1; region <= REGIONS_MAX + 1; region++) {
        context_raise(&context, (struct dot){region, 1, 1});
    }
}

static struct row sample_row(bool tombstone)
{
    struct row row = {
        .version = {.stamp = UINT64_C(0x0102030405060708), .dot = {2, 300, 70000}},
        .tombstone = tombstone,
        .image = tombstone ? (struct slice){0} : SLICE_LITERAL("\x01\x01k\x01\x01v"),
    };
    context_raise(&row.version.context, (struct dot){1, 7, 9});
    context_raise(&row.version.context, (struct dot){300, 1, 128});
    return row;
}

static const char golden_row[] = "0100 0102030405060708 02 ac02 f0a204 02 010709 ac02018001"
                                 " 01016b010176";
static const char golden_tombstone[] = "0101 0102030405060708 02 ac02 f0a204 02 010709 ac02018001";

static const char golden_expiry[] =
    "0101 0102030405060708 828004 ac02 f0a204 050709 02 010709 ac02018001";

static void check_row(const struct row *row, const char *golden)
{
    struct arena arena = {0};
    struct buffer out;
    buffer_init(&out, &arena, 8);
    row_encode(&out, row);
    struct slice expected = sample_hex(&arena, golden);
    cr_assert_str_eq(sample_to_hex(&arena, buffer_slice(&out)), sample_to_hex(&arena, expected));
    struct row back;
    struct error err = {0};
    cr_assert(row_decode(expected, &back, &err), "%s", err.text);
    cr_assert_eq(version_compare(&back.version, &row->version), 0);
    cr_assert(dot_equal(back.version.expired, row->version.expired));
    cr_assert(context_equal(&back.version.context, &row->version.context));
    cr_assert_eq(back.tombstone, row->tombstone);
    cr_assert(slice_equal(back.image, row->image));
    bool tombstone;
    struct slice image;
    cr_assert(row_image(expected, &tombstone, &image, &err), "%s", err.text);
    cr_assert_eq(tombstone, row->tombstone);
    cr_assert(slice_equal(image, row->image));
    arena_destroy(&arena);
}

Test(row, golden_bytes_are_written_and_read)
{
    struct row row = sample_row(false);
    check_row(&row, golden_row);
    row = sample_row(true);
    check_row(&row, golden_tombstone);
    row.version.expired = (struct dot){5, 7, 9};
    check_row(&row, golden_expiry);
}

Test(row, an_expiry_with_an_item_is_corrupt)
{
    struct arena arena = {0};
    struct slice bytes = sample_hex(&arena, "0100 0102030405060708 828004 01 01 050709 00 01016b");
    struct row row;
    struct error err = {0};
    cr_assert_not(row_decode(bytes, &row, &err));
    cr_assert_eq(err.code, ERROR_CORRUPT);
    arena_destroy(&arena);
}

static void check_prefixes(const char *golden)
{
    struct arena arena = {0};
    struct slice whole = sample_hex(&arena, golden);
    for (size_t size = 0; size < whole.size; size++) {
        uint8_t *exact = sample_exact(slice_of(whole.data, size));
        struct row row;
        struct error err = {0};
        bool tombstone;
        struct slice image;
        cr_assert_not(row_decode(slice_of(exact, size), &row, &err), "took %zu bytes", size);
        cr_assert_eq(err.code, ERROR_CORRUPT);
        cr_assert_not(row_image(slice_of(exact, size), &tombstone, &image, &err), "%zu", size);
        free(exact);
    }
    arena_destroy(&arena);
}

Test(row, no_prefix_of_a_tombstone_is_taken)
{
    check_prefixes(golden_tombstone);
    check_prefixes(golden_expiry);
}

Test(row, flipped_bits_never_read_outside_and_decoders_agree)
{
    struct arena arena = {0};
    struct slice whole = sample_hex(&arena, golden_row);
    for (size_t bit = 0; bit < whole.size * 8; bit++) {
        uint8_t *exact = sample_exact(whole);
        exact[bit / 8] ^= (uint8_t)(1 << bit % 8);
        struct row row;
        struct error err = {0};
        bool tombstone;
        struct slice image;
        bool decodes = row_decode(slice_of(exact, whole.size), &row, &err);
        bool has_image = row_image(slice_of(exact, whole.size), &tombstone, &image, &err);
        cr_assert(has_image || !decodes, "bit %zu", bit);
        if (decodes) {
            cr_assert(slice_equal(image, row.image), "bit %zu", bit);
        }
        free(exact);
    }
    arena_destroy(&arena);
}

Test(row, nonsense_headers_are_corrupt)
{
    static const struct {
        const char *hex;
        const char *text;
    } cases[] = {
        {"", "a row of 0 bytes has no known header"},
        {"0200 0102030405060708 02 01 01 00", "a row of 14 bytes has no known header"},
        {"0102 0102030405060708 02 01 01 00", "a row of 14 bytes has no known header"},
        {"0100 0102030405060708 00 01 01 00", "a row's version does not decode"}, /* Region 0. */
        {"0100 0102030405060708 808004 01 01 00", "a row's version does not decode"},
        {"0100 0102030405060708 01 8080808010 01 00", "a row's version does not decode"},
        {"0100 0102030405060708 01 01 01 21", "a row's version does not decode"}, /* 33 regions. */
        {"0100 0102030405060708 01 01 01 02 020101 020101", "a row's version does not decode"},
        {"0101 0102030405060708 01 01 01 00 ff", "a tombstone carries 1 bytes of item"},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct row row;
        struct error err = {0};
        cr_assert_not(row_decode(sample_hex(&arena, cases[i].hex), &row, &err), "case %zu", i);
        cr_assert_eq(err.code, ERROR_CORRUPT, "case %zu", i);
        cr_assert_str_eq(err.text, cases[i].text, "case %zu: %s", i, err.text);
    }
    arena_destroy(&arena);
}

Test(row, a_version_is_taken_off_the_front)
{
    struct arena arena = {0};
    struct buffer out;
    struct row row = sample_row(true);
    buffer_init(&out, &arena, 8);
    version_encode(&out, &row.version);
    buffer_append_text(&out, "rest");
    struct slice from = buffer_slice(&out);
    struct version back;
    cr_assert(version_take(&from, &back));
    cr_assert(slice_is(from, "rest"));
    cr_assert_eq(version_compare(&back, &row.version), 0);
    cr_assert(context_equal(&back.context, &row.version.context));
    arena_destroy(&arena);
}
