/* Goal: a streamed change record means the same today and tomorrow, damage to it is noticed, and a
 * record of a table without a stream has the bytes it always had. Method: golden bytes, round trips
 * of every possible combination, every prefix, every bit flip, and single fields broken with the
 * checksum made right again. */
#include "proto/base/checksum.h"
#include "storage/log/change.h"

#include <criterion/criterion.h>
#include <stdio.h>

TestSuite(stream_change, .timeout = 60);

enum { RECORD_BYTES_MAX = 256 };

static struct change sample(void)
{
    return (struct change){
        .table_id = 300,
        .key = SLICE_LITERAL("the key"),
        .version = {.stamp = 0x0102030405060708, .dot = {1, 1700000000, 12}},
        .image = SLICE_LITERAL("new"),
        .streamed = true,
        .existed = true,
        .local_stamp = 0x0102030405060900,
        .old_image = SLICE_LITERAL("former"),
    };
}

static struct slice encoded(struct arena *arena, const struct change *change)
{
    struct buffer bytes;
    buffer_init(&bytes, arena, RECORD_BYTES_MAX);
    change_encode(&bytes, change);
    return buffer_slice(&bytes);
}

static void expect_flags_equal(const struct change *a, const struct change *b)
{
    cr_assert(a->tombstone == b->tombstone && a->has_image == b->has_image);
    cr_assert(a->streamed == b->streamed && a->foreign == b->foreign);
    cr_assert(a->existed == b->existed && a->by_ttl == b->by_ttl);
    cr_assert(a->following == b->following && a->local_stamp == b->local_stamp);
}

static void expect_comes_back(struct arena *arena, const struct change *change)
{
    struct change back;
    struct error err = {0};
    struct slice bytes = encoded(arena, change);
    cr_assert(change_decode(bytes, &back, &err), "%s", err.text);
    cr_assert(slice_equal(back.key, change->key));
    cr_assert(slice_equal(back.image, change->image));
    cr_assert(slice_equal(back.old_image, change->old_image));
    expect_flags_equal(&back, change);
    uint64_t stamp = change->local_stamp != 0 ? change->local_stamp : change->version.stamp;
    cr_assert_eq(change_local_stamp(&back), stamp);
    cr_assert(slice_equal(encoded(arena, &back), bytes));
}

Test(stream_change, has_the_golden_bytes)
{
    static const char golden[] = "2d0225db0228ac0201020304050607080180e2cfaa060c00809298a8c0e080"
                                 "810107746865206b65790106666f726d65726e6577";
    struct arena arena;
    arena_init(&arena);
    struct change change = sample();
    struct slice bytes = encoded(&arena, &change);
    char hex[2 * RECORD_BYTES_MAX] = "";
    for (size_t i = 0; i < bytes.size; i++) {
        snprintf(hex + 2 * i, 3, "%02x", bytes.data[i]);
    }
    cr_assert_str_eq(hex, golden);
    arena_destroy(&arena);
}

Test(stream_change, every_kind_of_record_comes_back_as_it_was)
{
    static const struct slice nothing;
    struct arena arena;
    arena_init(&arena);
    for (unsigned kind = 0; kind < 256; kind++) {
        struct change change = sample();
        change.existed = (kind & 1) != 0;
        change.tombstone = (kind & 2) != 0;
        change.has_image = (kind & 4) != 0;
        change.local_stamp = (kind & 8) != 0 ? change.local_stamp : 0;
        change.foreign = (kind & 16) != 0;
        change.following = (kind & 32) != 0 ? 3 : 0;
        change.by_ttl = (kind & 64) != 0;
        change.old_image = change.existed && (kind & 128) != 0 ? change.old_image : nothing;
        change.image = change.tombstone ? nothing : change.image;
        bool possible = (change.existed || !change.tombstone) &&
                        (!change.by_ttl || change.tombstone) &&
                        (!change.foreign ||
                         (change.local_stamp != 0 && !change.has_image && change.following == 0));
        if (possible) {
            expect_comes_back(&arena, &change);
        }
    }
    arena_destroy(&arena);
}

Test(stream_change, a_local_stamp_stands_without_a_stream_too)
{
    struct arena arena;
    arena_init(&arena);
    struct change change = sample();
    change.streamed = change.existed = false;
    change.image = change.old_image = (struct slice){NULL, 0};
    expect_comes_back(&arena, &change);
    cr_assert_eq(encoded(&arena, &change).data[4], 2);
    change.local_stamp = 0;
    expect_comes_back(&arena, &change);
    cr_assert_eq(encoded(&arena, &change).data[4], 1, "nothing new is in it");
    arena_destroy(&arena);
}

Test(stream_change, decode_refuses_every_prefix_and_every_flipped_bit)
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
    uint8_t *copy = arena_alloc(&arena, bytes.size);
    for (size_t bit = 0; bit < 8 * bytes.size; bit++) {
        struct error err = {0};
        memcpy(copy, bytes.data, bytes.size);
        copy[bit / 8] = (uint8_t)(copy[bit / 8] ^ (1U << (bit % 8)));
        cr_assert_not(change_decode(slice_of(copy, bytes.size), &change, &err),
                      "took bit %zu flipped", bit);
        cr_assert_eq(err.code, ERROR_CORRUPT);
    }
    arena_destroy(&arena);
}

/* The record with one byte replaced, its checksum right. */
static void expect_refused(
    struct arena *arena, const struct change *change, size_t at, uint8_t byte, const char *part)
{
    struct slice good = encoded(arena, change);
    uint8_t *copy = arena_alloc(arena, good.size);
    struct change back;
    struct error err = {0};
    ensure(at < good.size);
    memcpy(copy, good.data, good.size);
    copy[at] = byte;
    put_be32(copy, crc32c(slice_of(copy + 4, good.size - 4)));
    cr_assert_not(change_decode(slice_of(copy, good.size), &back, &err), "took what has %s", part);
    cr_assert_eq(err.code, ERROR_CORRUPT);
    cr_assert(strstr(err.text, part) != NULL, "\"%s\" instead of \"%s\"", err.text, part);
}

Test(stream_change, decode_names_what_is_wrong_behind_a_right_checksum)
{
    enum { STREAMED = 8, FOREIGN = 16, LOCAL = 32 };
    struct arena arena;
    arena_init(&arena);
    struct change change = sample();
    size_t size = encoded(&arena, &change).size;
    size_t event_at = size - strlen("new") - strlen("former") - 2;
    expect_refused(&arena, &change, 4, 1, "flags 40");
    expect_refused(&arena, &change, 4, 3, "format 3");
    expect_refused(&arena, &change, 5, 64 + STREAMED, "flags 72");
    expect_refused(&arena, &change, 5, 0, "flags 0");
    expect_refused(&arena, &change, 5, STREAMED + LOCAL + 1, "do not fit"); /* A tombstone. */
    expect_refused(&arena, &change, 5, STREAMED + LOCAL + FOREIGN + 2, "do not fit");
    expect_refused(&arena, &change, event_at, 0, "do not fit"); /* An old image of nothing. */
    expect_refused(&arena, &change, event_at, 3, "do not fit"); /* Not deleted. */
    expect_refused(&arena, &change, event_at, 4, "event");
    expect_refused(&arena, &change, event_at + 1, 100, "event");
    expect_refused(&arena, &change, event_at + 1, 0x80, "event");
    change.local_stamp = 5;
    size_t local_at = encoded(&arena, &change).size - strlen("new") - strlen("former") - 2 -
                      strlen("the key") - 2;
    expect_refused(&arena, &change, local_at, 0, "local stamp");
    arena_destroy(&arena);
}
