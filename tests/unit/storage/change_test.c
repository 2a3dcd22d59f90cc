/* Goal: a change record means the same today and tomorrow, and damage to it is always noticed.
 * Method: golden bytes, round trips, every prefix, every bit flip, and single fields broken with
 * the checksum made right again. */
#include "proto/base/bytes.h"
#include "proto/base/checksum.h"
#include "storage/log/change.h"

#include <criterion/criterion.h>
#include <stdio.h>

TestSuite(change, .timeout = 60);

static struct change sample(void)
{
    return (struct change){
        .table_id = 300,
        .key = SLICE_LITERAL("the key"),
        .version = {.stamp = 0x0102030405060708,
                    .dot = {1, 1700000000, 12},
                    .context = {.count = 1, .entries = {{2, 1700000001, 5}}}},
        .has_image = true,
        .image = SLICE_LITERAL("the image"),
    };
}

static struct slice encoded(struct arena *arena, const struct change *change)
{
    struct buffer bytes;
    buffer_init(&bytes, arena, 16);
    buffer_append_text(&bytes, "before"); /* A record need not begin the buffer. */
    change_encode(&bytes, change);
    return (struct slice){bytes.data + 6, bytes.size - 6};
}

static void expect_equal(const struct change *a, const struct change *b)
{
    cr_assert_eq(a->table_id, b->table_id);
    cr_assert(slice_equal(a->key, b->key));
    cr_assert(slice_equal(a->image, b->image));
    cr_assert_eq(a->has_image, b->has_image);
    cr_assert_eq(a->tombstone, b->tombstone);
    cr_assert_eq(a->following, b->following);
    cr_assert_eq(version_compare(&a->version, &b->version), 0);
    cr_assert_eq(a->version.context.count, b->version.context.count);
    for (uint32_t i = 0; i < a->version.context.count; i++) {
        cr_assert(dot_equal(a->version.context.entries[i], b->version.context.entries[i]));
    }
}

static void expect_refused(struct slice bytes, const char *part)
{
    struct change change;
    struct error err = {0};
    cr_assert_not(change_decode(bytes, &change, &err), "took what has %s", part);
    cr_assert_eq(err.code, ERROR_CORRUPT);
    cr_assert(strstr(err.text, part) != NULL, "\"%s\" instead of \"%s\"", err.text, part);
}

Test(change, has_the_golden_bytes)
{
    static const char golden[] = "ba9672fd0102ac0201020304050607080180e2cfaa060c01"
                                 "0281e2cfaa060507746865206b6579"
                                 "74686520696d616765";
    struct arena arena;
    arena_init(&arena);
    struct change change = sample();
    struct slice bytes = encoded(&arena, &change);
    char hex[256] = "";
    for (size_t i = 0; i < bytes.size; i++) {
        snprintf(hex + 2 * i, 3, "%02x", bytes.data[i]);
    }
    cr_assert_str_eq(hex, golden);
    arena_destroy(&arena);
}

Test(change, every_kind_of_record_comes_back_as_it_was)
{
    struct arena arena;
    arena_init(&arena);
    for (int kind = 0; kind < 4; kind++) {
        struct change change = sample();
        change.has_image = (kind & 1) != 0;
        change.tombstone = (kind & 2) != 0;
        if (kind != 1) {
            change.image = (struct slice){NULL, 0};
        }
        struct change back;
        struct error err = {0};
        cr_assert(change_decode(encoded(&arena, &change), &back, &err), "%s", err.text);
        expect_equal(&change, &back);
    }
    arena_destroy(&arena);
}

Test(change, the_largest_key_and_context_fit)
{
    struct arena arena;
    arena_init(&arena);
    struct change change = sample();
    change.table_id = UINT32_MAX;
    change.key = slice_of(arena_zalloc(&arena, 1, CHANGE_KEY_BYTES_MAX), CHANGE_KEY_BYTES_MAX);
    change.version.context.count = REGIONS_MAX;
    for (uint16_t i = 0; i < REGIONS_MAX; i++) {
        change.version.context.entries[i] = (struct dot){(uint16_t)(i + 1), UINT32_MAX, UINT64_MAX};
    }
    struct change back;
    struct error err = {0};
    cr_assert(change_decode(encoded(&arena, &change), &back, &err), "%s", err.text);
    expect_equal(&change, &back);
    arena_destroy(&arena);
}

Test(change, a_member_of_a_group_says_how_many_follow)
{
    static const uint32_t numbers[] = {0, 1, 2, TRANSACTION_ITEMS_MAX - 1};
    struct arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        struct change change = sample();
        change.following = numbers[i];
        struct change back;
        struct error err = {0};
        cr_assert(change_decode(encoded(&arena, &change), &back, &err), "%s", err.text);
        expect_equal(&change, &back);
    }
    arena_destroy(&arena);
}

Test(change, decode_refuses_every_prefix)
{
    struct arena arena;
    arena_init(&arena);
    struct change change = sample();
    struct slice bytes = encoded(&arena, &change);
    for (size_t size = 0; size < bytes.size; size++) {
        struct error err = {0};
        cr_assert_not(change_decode((struct slice){bytes.data, size}, &change, &err),
                      "took %zu of %zu", size, bytes.size);
        cr_assert_eq(err.code, ERROR_CORRUPT);
    }
    arena_destroy(&arena);
}

Test(change, decode_refuses_every_flipped_bit)
{
    struct arena arena;
    arena_init(&arena);
    struct change change = sample();
    struct slice bytes = arena_copy(&arena, encoded(&arena, &change));
    for (size_t bit = 0; bit < 8 * bytes.size; bit++) {
        uint8_t *byte = (uint8_t *)bytes.data + bit / 8;
        *byte = (uint8_t)(*byte ^ (1U << (bit % 8)));
        struct error err = {0};
        cr_assert_not(change_decode(bytes, &change, &err), "took bit %zu flipped", bit);
        cr_assert_eq(err.code, ERROR_CORRUPT);
        *byte = (uint8_t)(*byte ^ (1U << (bit % 8)));
    }
    arena_destroy(&arena);
}

/* The record with the bytes at `at` replaced, cut or lengthened to `size`, its checksum right. */
static struct slice broken(struct arena *arena,
                           const struct change *change,
                           size_t at,
                           const char *bytes,
                           size_t bytes_size,
                           size_t size)
{
    struct slice good = encoded(arena, change);
    uint8_t *copy = arena_zalloc(arena, 1, size);
    memcpy(copy, good.data, good.size < size ? good.size : size);
    memcpy(copy + at, bytes, bytes_size);
    put_be32(copy, crc32c(slice_of(copy + 4, size - 4)));
    return slice_of(copy, size);
}

Test(change, decode_names_what_is_wrong_behind_a_right_checksum)
{
    struct arena arena;
    arena_init(&arena);
    struct change change = sample();
    size_t size = encoded(&arena, &change).size;
    size_t version_at = 8; /* Behind two bytes of table id. */
    size_t key_at = size - 9 - 7 - 1;
    expect_refused(slice_of("short", 5), "of 5 bytes");
    expect_refused(broken(&arena, &change, 4, "\3", 1, size), "format 3");
    expect_refused(broken(&arena, &change, 4, "\2", 1, size), "flags 2");
    expect_refused(broken(&arena, &change, 5, "\10", 1, size), "flags 8");
    expect_refused(broken(&arena, &change, 6, "\xff\xff\xff\xff\x1f", 5, size), "table id");
    expect_refused(broken(&arena, &change, version_at + 8, "\0", 1, size), "version");
    expect_refused(broken(&arena, &change, key_at, "\0", 1, size), "key");
    expect_refused(broken(&arena, &change, key_at, "\x7f", 1, size), "key");
    expect_refused(broken(&arena, &change, 5, "\1", 1, size), "do not fit, image of 9 bytes");
    expect_refused(broken(&arena, &change, 5, "\3", 1, size), "do not fit, image of 9 bytes");
    change.following = 1;
    size = encoded(&arena, &change).size;
    expect_refused(broken(&arena, &change, 6, "\0", 1, size), "group");
    expect_refused(broken(&arena, &change, 6, "\x64", 1, size), "group");
    arena_destroy(&arena);
}

Test(change, log_keys_sort_as_their_seqs)
{
    uint8_t low[CHANGE_LOG_KEY_BYTES];
    uint8_t high[CHANGE_LOG_KEY_BYTES];
    change_log_key(255, low);
    change_log_key(256, high);
    cr_assert_lt(memcmp(low, high, sizeof(low)), 0);
    uint64_t seq;
    struct error err = {0};
    cr_assert(change_log_seq(slice_of(high, sizeof(high)), &seq, &err));
    cr_assert_eq(seq, 256);
    cr_assert_not(change_log_seq(slice_of(high, 7), &seq, &err));
    cr_assert_eq(err.code, ERROR_CORRUPT);
}
