/* Goal: records and their packing come back equal, and nothing damaged is taken. Method: round
 * trip, golden bytes, every prefix, every bit flip, each limit; packing with bytes that shrink and
 * bytes that do not. */
#include "proto/value/value.h"
#include "replication/records.h"
#include "tests/sim/sim_random.h"

#include <criterion/criterion.h>

static struct arena arena;

static void record_test_begin(void)
{
    arena_init(&arena);
}

static void record_test_end(void)
{
    arena_destroy(&arena);
}

TestSuite(record, .init = record_test_begin, .fini = record_test_end);

static struct slice sample_key(void)
{
    struct member member = {SLICE_LITERAL("k"), {VALUE_S, SLICE_LITERAL("1")}};
    return value_make_map(&arena, &member, 1).payload;
}

static struct slice sample_image(void)
{
    struct member members[] = {
        {SLICE_LITERAL("k"), {VALUE_S, SLICE_LITERAL("1")}},
        {SLICE_LITERAL("v"), {VALUE_S, SLICE_LITERAL("xyz")}},
    };
    return value_make_map(&arena, members, 2).payload;
}

static struct record sample_record(void)
{
    struct record record = {
        .uid = {1, 2, 3},
        .key = sample_key(),
        .version = {.stamp = 0x0102030405060708, .dot = {3, 4, 5}},
        .image = sample_image(),
    };
    context_raise(&record.version.context, (struct dot){1, 9, 200});
    return record;
}

static struct slice sample_bytes(const struct record *record)
{
    struct buffer to;
    buffer_init(&to, &arena, 64);
    record_append(&to, record);
    return buffer_slice(&to);
}

Test(record, a_record_survives_a_round_trip)
{
    struct record record = sample_record();
    struct slice left = sample_bytes(&record);
    struct record back;
    struct error err = {0};
    cr_assert(record_take(&left, &back, &err), "%s", err.text);
    cr_assert_eq(left.size, 0);
    cr_assert_arr_eq(back.uid, record.uid, sizeof(record.uid));
    cr_assert(slice_equal(back.key, record.key));
    cr_assert(slice_equal(back.image, record.image));
    cr_assert_eq(back.version.stamp, record.version.stamp);
    cr_assert(dot_equal(back.version.dot, record.version.dot));
    cr_assert_eq(back.version.context.count, 1);
    cr_assert_not(back.tombstone);
}

Test(record, a_delete_survives_a_round_trip)
{
    struct record record = sample_record();
    record.tombstone = true;
    record.image = (struct slice){0};
    struct slice left = sample_bytes(&record);
    struct record back;
    struct error err = {0};
    cr_assert(record_take(&left, &back, &err));
    cr_assert(back.tombstone);
    cr_assert_eq(back.image.size, 0);
}

Test(record, a_record_may_be_joined_to_the_one_before)
{
    struct record record = sample_record();
    record.joined = true;
    struct slice bytes = sample_bytes(&record);
    struct record back;
    struct error err = {0};
    cr_assert_eq(bytes.data[2], 2, "the flag on the wire");
    cr_assert(record_take(&bytes, &back, &err), "%s", err.text);
    cr_assert(back.joined && !back.tombstone);
    record.joined = false;
    bytes = sample_bytes(&record);
    cr_assert(record_take(&bytes, &back, &err), "%s", err.text);
    cr_assert_not(back.joined);
}

Test(record, the_bytes_on_the_wire_are_pinned)
{
    static const uint8_t golden[] = {
        0x36, 0x01, 0x00, 1,    2, 3, 0,   0, 0, 0,   0, 0,   0, 0, 0,   0,   0,   0, 0,
        6,    1,    1,    'k',  1, 1, '1', 1, 2, 3,   4, 5,   6, 7, 8,   3,   4,   5, 1,
        1,    9,    0xc8, 0x01, 2, 1, 'k', 1, 1, '1', 1, 'v', 1, 3, 'x', 'y', 'z',
    };
    struct record record = sample_record();
    struct slice bytes = sample_bytes(&record);
    cr_assert_eq(bytes.size, golden[0] + 1U);
    cr_assert(slice_equal(bytes, slice_of(golden, sizeof(golden))));
}

Test(record, every_prefix_is_refused)
{
    struct record record = sample_record();
    struct slice bytes = sample_bytes(&record);
    for (size_t size = 0; size < bytes.size; size++) {
        struct slice left = {bytes.data, size};
        struct record back;
        struct error err = {0};
        cr_assert_not(record_take(&left, &back, &err), "took %zu of %zu", size, bytes.size);
        cr_assert_eq(err.code, ERROR_PROTOCOL);
        cr_assert_eq(left.size, size);
    }
}

Test(record, no_bit_flip_leads_out_of_bounds)
{
    struct record record = sample_record();
    struct slice bytes = sample_bytes(&record);
    for (size_t bit = 0; bit < 8 * bytes.size; bit++) {
        uint8_t *damaged = malloc(bytes.size);
        memcpy(damaged, bytes.data, bytes.size);
        damaged[bit / 8] = (uint8_t)(damaged[bit / 8] ^ (1 << bit % 8));
        struct slice left = {damaged, bytes.size};
        struct record back;
        struct error err = {0};
        struct change change;
        if (record_take(&left, &back, &err)) {
            cr_assert_leq(back.key.size + back.image.size, bytes.size);
            if (!record_to_change(&back, 1, &change, &err)) {
                cr_assert_eq(err.code, ERROR_PROTOCOL);
            }
        } else {
            cr_assert_eq(err.code, ERROR_PROTOCOL);
        }
        free(damaged);
    }
}

static void expect_refused(struct slice bytes, const char *text)
{
    struct record back;
    struct error err = {0};
    cr_assert_not(record_take(&bytes, &back, &err), "expected: %s", text);
    cr_assert_eq(err.code, ERROR_PROTOCOL);
    cr_assert_not_null(strstr(err.text, text), "%s, expected %s", err.text, text);
}

/* A copy of the sample with one byte set. */
static struct slice changed(struct record record, size_t at, uint8_t byte)
{
    struct slice bytes = sample_bytes(&record);
    uint8_t *copy = arena_alloc(&arena, bytes.size);
    memcpy(copy, bytes.data, bytes.size);
    copy[at] = byte;
    return slice_of(copy, bytes.size);
}

Test(record, each_field_is_checked)
{
    struct record record = sample_record();
    expect_refused(changed(record, 1, 2), "no known header");
    expect_refused(changed(record, 2, 4), "no known header");
    expect_refused(changed(record, 2, 1), "a delete carries");
    expect_refused(changed(record, 19, 0), "key does not decode");
    expect_refused(changed(record, 19, 100), "key does not decode");
    expect_refused(changed(record, 26, 0x80), "beyond all time");
    expect_refused(changed(record, 34, 0), "version does not decode");
}

Test(record, an_item_beyond_the_limit_is_refused)
{
    struct buffer to;
    buffer_init(&to, &arena, 1 << 21);
    struct record record = sample_record();
    struct slice head = sample_bytes(&record);
    buffer_append_varint(&to, head.size - 1 - record.image.size + PEER_IMAGE_BYTES_MAX + 1);
    buffer_append(&to, head.data + 1, head.size - 1 - record.image.size);
    memset(buffer_reserve(&to, PEER_IMAGE_BYTES_MAX + 1), 0, PEER_IMAGE_BYTES_MAX + 1);
    to.size += PEER_IMAGE_BYTES_MAX + 1;
    expect_refused(buffer_slice(&to), "too long");
    expect_refused(SLICE_LITERAL("\xff\xff\xff\x7f"), "too long");
}

Test(record, an_item_that_is_none_is_refused)
{
    struct record record = sample_record();
    struct change change;
    struct error err = {0};
    cr_assert(record_to_change(&record, 7, &change, &err));
    cr_assert_eq(change.table_id, 7);
    cr_assert(change.has_image);
    record.image = SLICE_LITERAL("\x05nonsense");
    cr_assert_not(record_to_change(&record, 7, &change, &err));
    cr_assert_eq(err.code, ERROR_PROTOCOL);
    record = sample_record();
    record.key = SLICE_LITERAL("\x09");
    cr_assert_not(record_to_change(&record, 7, &change, &err));
    cr_assert_eq(err.code, ERROR_PROTOCOL);
}

/* --- Packing -----------------------------------------------------------------------------------
 */

static struct slice bytes_of(size_t size, bool shrinks)
{
    struct sim_random random = {1};
    uint8_t *bytes = arena_alloc(&arena, size);
    for (size_t i = 0; i < size; i++) {
        bytes[i] = shrinks ? (uint8_t)(i % 7) : (uint8_t)sim_random_next(&random);
    }
    return slice_of(bytes, size);
}

Test(record, packing_shrinks_what_shrinks_and_leaves_the_rest)
{
    struct records_codec *codec = records_codec_open();
    const size_t sizes[] = {0, 1, 511, 512, 5000, PEER_BATCH_BYTES_MAX, PEER_RAW_BYTES_MAX};
    for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
        for (int shrinks = 0; shrinks < 2; shrinks++) {
            struct slice raw = bytes_of(sizes[i], shrinks != 0);
            struct message_records packed;
            struct slice back;
            struct error err = {0};
            records_pack(codec, raw, sizes[i] > 0 ? 1 : 0, &arena, &packed);
            cr_assert_eq(packed.compression == COMPRESSION_ZSTD, shrinks != 0 && sizes[i] >= 512,
                         "%zu", sizes[i]);
            cr_assert_eq(packed.raw_size, sizes[i]);
            cr_assert(records_unpack(codec, &packed, &arena, &back, &err), "%s", err.text);
            cr_assert(slice_equal(raw, back));
        }
    }
    records_codec_close(codec);
    records_codec_close(NULL);
}

Test(record, packed_bytes_of_another_size_are_refused)
{
    struct records_codec *codec = records_codec_open();
    struct message_records packed;
    struct slice back;
    struct error err = {0};
    records_pack(codec, bytes_of(5000, true), 1, &arena, &packed);
    packed.raw_size = 5001;
    cr_assert_not(records_unpack(codec, &packed, &arena, &back, &err));
    cr_assert_not_null(strstr(err.text, "announced as 5001"));
    packed.raw_size = 4999;
    cr_assert_not(records_unpack(codec, &packed, &arena, &back, &err));
    cr_assert_eq(err.code, ERROR_PROTOCOL);
    packed.bytes = SLICE_LITERAL("nonsense");
    cr_assert_not(records_unpack(codec, &packed, &arena, &back, &err));
    cr_assert_not_null(strstr(err.text, "do not decompress"));
    records_codec_close(codec);
}
