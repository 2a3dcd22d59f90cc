/* Goal: a stream's record means the same today and tomorrow, and damage to it is always noticed.
 * Method: golden bytes, round trips, every prefix, every bit flip, and records that contradict
 * themselves behind a right checksum. */
#include "storage/stream/stream_record.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

TestSuite(stream_record, .timeout = 60);

enum { RECORD_BYTES_MAX = 512, CHECKSUM_BYTES = 8, ENABLED_AT = 26 };

/* Two shards that were split from one, one of them rolled since. */
static struct stream_state sample(struct arena *arena)
{
    static const struct shard shards[] = {
        {.number = 1,
         .created_ms = 1000,
         .high = SHARD_HASHES,
         .start_seq = 5,
         .end_seq = 300,
         .closed_ms = 2000},
        {.number = 2,
         .created_ms = 2000,
         .parent = 1,
         .parent_created_ms = 1000,
         .high = SHARD_HASHES / 2,
         .start_seq = 301},
        {.number = 3,
         .created_ms = 2000,
         .parent = 1,
         .parent_created_ms = 1000,
         .low = SHARD_HASHES / 2,
         .high = SHARD_HASHES,
         .start_seq = 301},
    };
    struct stream_state state = {.about = {.id = 7,
                                           .table_id = 300,
                                           .table = SLICE_LITERAL("table"),
                                           .label_ms = 1700000000000,
                                           .view = STREAM_NEW_AND_OLD_IMAGES,
                                           .enabled = true,
                                           .partition = {SLICE_LITERAL("pk"), VALUE_S},
                                           .sort = {SLICE_LITERAL("sk"), VALUE_N}},
                                 .next_number = 4,
                                 .count = ARRAY_COUNT(shards)};
    state.shards = arena_alloc(arena, sizeof(shards));
    memcpy(state.shards, shards, sizeof(shards));
    return state;
}

static struct slice encoded(struct arena *arena, const struct stream_state *state)
{
    struct buffer bytes;
    buffer_init(&bytes, arena, RECORD_BYTES_MAX);
    stream_record_encode(&bytes, state);
    return buffer_slice(&bytes);
}

static bool decode(struct arena *arena, struct slice bytes, struct stream_state *state)
{
    struct error err = {0};
    bool ok = stream_record_decode(bytes, arena, state, &err);
    cr_assert_eq(err.code, ok ? ERROR_NONE : ERROR_CORRUPT);
    return ok;
}

Test(stream_record, has_the_golden_bytes)
{
    static const char golden[] =
        "e1ce173e503667a501000000070000012c0000018bcfe56800030100000004057461626c65010270"
        "6b0202736b0301e8070000808080801005ac02d00f02d00f01e807008080808008ad020003d00f01"
        "e80780808080088080808010ad0200";
    struct arena arena;
    arena_init(&arena);
    struct stream_state state = sample(&arena);
    struct slice bytes = encoded(&arena, &state);
    char hex[2 * RECORD_BYTES_MAX] = "";
    for (size_t i = 0; i < bytes.size; i++) {
        snprintf(hex + 2 * i, 3, "%02x", bytes.data[i]);
    }
    cr_assert_str_eq(hex, golden);
    arena_destroy(&arena);
}

Test(stream_record, comes_back_as_it_was)
{
    struct arena arena;
    arena_init(&arena);
    struct stream_state state = sample(&arena);
    struct stream_state back;
    cr_assert(decode(&arena, encoded(&arena, &state), &back));
    cr_assert(back.about.id == 7 && back.about.table_id == 300 && back.about.enabled);
    cr_assert(back.about.label_ms == 1700000000000 && back.about.view == state.about.view);
    cr_assert(slice_is(back.about.table, "table") && slice_is(back.about.sort.name, "sk"));
    cr_assert(back.about.partition.type == VALUE_S && back.about.sort.type == VALUE_N);
    cr_assert(back.next_number == 4 && back.count == 3);
    for (uint32_t i = 0; i < back.count; i++) {
        const struct shard *a = &back.shards[i];
        const struct shard *b = &state.shards[i];
        cr_assert(a->number == b->number && a->created_ms == b->created_ms);
        cr_assert(a->parent == b->parent && a->parent_created_ms == b->parent_created_ms);
        cr_assert(a->low == b->low && a->high == b->high);
        cr_assert(a->start_seq == b->start_seq && a->end_seq == b->end_seq);
        cr_assert_eq(a->closed_ms, b->closed_ms);
    }
    state.about.enabled = false; /* Without sort key, without shards. */
    state.about.sort = (struct key_attribute){.type = VALUE_MISSING};
    state.count = 0;
    cr_assert(decode(&arena, encoded(&arena, &state), &back));
    cr_assert(back.count == 0 && back.about.sort.type == VALUE_MISSING && !back.about.enabled);
    arena_destroy(&arena);
}

Test(stream_record, decode_refuses_every_prefix_and_every_flipped_bit)
{
    struct arena arena;
    arena_init(&arena);
    struct stream_state state = sample(&arena);
    struct stream_state back;
    struct slice bytes = encoded(&arena, &state);
    uint8_t *copy = arena_alloc(&arena, bytes.size);
    for (size_t size = 0; size < bytes.size; size++) {
        cr_assert_not(decode(&arena, (struct slice){bytes.data, size}, &back), "took %zu", size);
    }
    for (size_t bit = 0; bit < 8 * bytes.size; bit++) {
        memcpy(copy, bytes.data, bytes.size);
        copy[bit / 8] = (uint8_t)(copy[bit / 8] ^ (1U << (bit % 8)));
        cr_assert_not(decode(&arena, slice_of(copy, bytes.size), &back), "took bit %zu", bit);
    }
    arena_destroy(&arena);
}

/* Cut to `size` bytes, one of them replaced, the checksum right. */
static bool takes(struct arena *arena, size_t size, size_t at, uint8_t byte)
{
    struct stream_state state = sample(arena);
    struct stream_state back;
    struct slice good = encoded(arena, &state);
    uint8_t *copy = arena_alloc(arena, good.size);
    memcpy(copy, good.data, good.size);
    copy[at] = byte;
    put_be64(copy, XXH64(copy + CHECKSUM_BYTES, size - CHECKSUM_BYTES, 0));
    return decode(arena, slice_of(copy, size), &back);
}

Test(stream_record, decode_refuses_what_contradicts_itself)
{
    struct arena arena;
    arena_init(&arena);
    struct stream_state state = sample(&arena);
    struct slice bytes = encoded(&arena, &state);
    size_t size = bytes.size;
    cr_assert(takes(&arena, size, ENABLED_AT, 1));
    for (size_t shorter = ENABLED_AT + 1; shorter < size; shorter++) {
        cr_assert_not(takes(&arena, shorter, ENABLED_AT, 1), "took %zu bytes", shorter);
    }
    cr_assert_not(takes(&arena, size, ENABLED_AT, 2));
    cr_assert_not(takes(&arena, size, ENABLED_AT, 0), "a disabled stream with open shards");
    cr_assert_not(takes(&arena, size, ENABLED_AT - 1, STREAM_VIEWS));
    cr_assert_not(takes(&arena, size, CHECKSUM_BYTES, 2), "another version");
    cr_assert_not(takes(&arena, size, ENABLED_AT + 4, 3), "a shard numbered like the next one");
    cr_assert_not(takes(&arena, size, 12, 0), "no id");
    arena_destroy(&arena);
}
