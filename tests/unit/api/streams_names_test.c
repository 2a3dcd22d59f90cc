/* Goal: labels, sequence numbers and shard iterators are read back as they were written, and what
 * we never wrote is refused. Method: tables, every cut and every bit flip of an iterator. */
#include "daemon/api/streams_iterator.h"

#include <criterion/criterion.h>

#define ARN "arn:aws:dynamodb:us-east-1:123456789012:table/abc/stream/2026-11-22T07:34:06.049"

static struct node *names_node(struct node *node)
{
    *node = (struct node){0};
    strcpy(node->region, "us-east-1");
    strcpy(node->account, "123456789012");
    return node;
}

static const struct streams_iterator names_iterator = {
    .arn = {(const uint8_t *)ARN, sizeof(ARN) - 1},
    .shard = {(const uint8_t *)"shardId-00000001795332846049-00000001", 37},
    .after = 7,
    .made_ms = UINT64_C(1795332846049),
};

Test(streams_names, labels_are_milliseconds_in_utc)
{
    static const struct {
        uint64_t ms;
        const char *label;
    } rows[] = {
        {0, "1970-01-01T00:00:00.000"},
        {UINT64_C(1795332846049), "2026-11-22T07:34:06.049"},
        {UINT64_C(1709164799999), "2024-02-28T23:59:59.999"},
        {UINT64_C(1709164800000), "2024-02-29T00:00:00.000"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        char label[STREAMS_LABEL_BYTES];
        uint64_t ms = 1;
        streams_label_print(rows[i].ms, label);
        cr_expect_str_eq(label, rows[i].label);
        cr_expect(streams_label_parse(slice_text(rows[i].label), &ms));
        cr_expect_eq(ms, rows[i].ms);
    }
}

Test(streams_names, what_is_no_label_is_refused)
{
    static const char *const rows[] = {
        "",
        "2026-11-22T07:34:06",
        "2026-11-22T07:34:06.04",
        "2026-11-22T07:34:06.0490",
        "2026-11-22 07:34:06.049",
        "2026-02-30T07:34:06.049",
        "2026-13-22T07:34:06.049",
        "2026-11-22T24:34:06.049",
        "1969-11-22T07:34:06.049",
        "2026-11-22T07:34:0x.049",
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        uint64_t ms;
        cr_expect_not(streams_label_parse(slice_text(rows[i]), &ms), "%s", rows[i]);
    }
}

Test(streams_names, sequence_numbers_have_21_digits_and_sort)
{
    char text[STREAMS_SEQUENCE_BYTES];
    uint64_t seq;
    streams_sequence_print(42, text);
    cr_assert_str_eq(text, "100000000000000000042");
    streams_sequence_print(UINT64_MAX, text);
    cr_assert_str_eq(text, "118446744073709551615");
    cr_assert(streams_sequence_parse(SLICE_LITERAL("100000000000000000042"), &seq));
    cr_assert_eq(seq, 42);
    cr_assert(streams_sequence_parse(SLICE_LITERAL("0000100000000000000000042"), &seq));
    cr_assert_eq(seq, 42, "they are compared as numbers");
    static const char *const none_of_ours[] = {"118446744073709551616", "200000000000000000001",
                                               "1000000000000000000001"};
    for (size_t i = 0; i < ARRAY_COUNT(none_of_ours); i++) {
        cr_expect(streams_sequence_parse(slice_text(none_of_ours[i]), &seq));
        cr_expect_eq(seq, UINT64_MAX, "%s", none_of_ours[i]);
    }
    static const char *const none[] = {"", "1", "10000000000000000004x", "-00000000000000000042",
                                       "10000000000000000000000000000000000000042"};
    for (size_t i = 0; i < ARRAY_COUNT(none); i++) {
        cr_expect_not(streams_sequence_parse(slice_text(none[i]), &seq), "%s", none[i]);
    }
}

Test(streams_names, an_iterator_comes_back_as_it_was)
{
    struct node node;
    struct arena arena;
    struct buffer text;
    struct streams_iterator back;
    arena_init(&arena);
    buffer_init(&text, &arena, 64);
    streams_iterator_write(&text, &names_iterator);
    struct slice quoted = buffer_slice(&text);
    struct slice bare = slice_of(quoted.data + 1, quoted.size - 2);
    cr_assert(slice_is(bare,
                       ARN "|1|AQAAAaICLTHhAAAAAAAAAAclc2hhcmRJZC0wMDAwMDAwMTc5NTMzMjg0NjA0OS0w"
                           "MDAwMDAwMf8FO8w="),
              "%.*s", SLICE_ARGS(bare));
    cr_assert(streams_iterator_parse(names_node(&node), bare, &arena, &back));
    cr_assert(slice_equal(back.arn, names_iterator.arn));
    cr_assert(slice_is(back.table, "abc"));
    cr_assert_eq(back.label_ms, UINT64_C(1795332846049));
    cr_assert(slice_equal(back.shard, names_iterator.shard));
    cr_assert_eq(back.after, 7);
    cr_assert_eq(back.made_ms, UINT64_C(1795332846049));
    cr_assert(slice_is(streams_iterator_arn(bare), ARN));
    arena_destroy(&arena);
}

Test(streams_names, a_damaged_iterator_is_noticed)
{
    struct node node;
    struct arena arena;
    struct buffer text;
    struct streams_iterator back;
    arena_init(&arena);
    names_node(&node);
    buffer_init(&text, &arena, 64);
    streams_iterator_write(&text, &names_iterator);
    struct slice whole = slice_of(text.data + 1, text.size - 2);
    uint8_t *bytes = arena_alloc(&arena, whole.size);
    for (size_t size = 0; size < whole.size; size++) {
        cr_expect_not(streams_iterator_parse(&node, slice_of(whole.data, size), &arena, &back),
                      "took %zu of %zu bytes", size, whole.size);
    }
    for (size_t bit = 0; bit < whole.size * 8; bit++) {
        memcpy(bytes, whole.data, whole.size);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        cr_expect_not(streams_iterator_parse(&node, slice_of(bytes, whole.size), &arena, &back),
                      "took bit %zu flipped", bit);
    }
    arena_destroy(&arena);
}
