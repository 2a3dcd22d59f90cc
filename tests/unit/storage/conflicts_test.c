/* Goal: a conflict is recorded once, whole, and listed newest first; damage is told. Method: golden
 * bytes, round trips, broken records, and feeds made by store_apply. */
#include "storage/table/conflicts.h"
#include "tests/support/directory.h"
#include "tests/unit/storage/engine_fixture.h"
#include "tests/unit/storage/remote.h"

#include <criterion/criterion.h>
#include <stdio.h>

TestSuite(conflicts, .timeout = 60);

enum { LIST_MAX = 16 };

static struct conflict sample(void)
{
    return (struct conflict){
        .table_id = 7,
        .key = SLICE_LITERAL("the key"),
        .winner = {.version = {.stamp = 0x1112131415161718, .dot = {2, 1700000000, 9}},
                   .image = SLICE_LITERAL("winner")},
        .loser = {.version = {.stamp = 0x0102030405060708, .dot = {1, 1700000001, 12}},
                  .tombstone = true},
        .time_ms = 1700000002000,
        .reason = 3,
    };
}

static struct slice encoded(struct arena *arena, const struct conflict *conflict, uint8_t *key)
{
    struct buffer value;
    buffer_init(&value, arena, 16);
    conflict_encode_key(conflict, key);
    conflict_encode_value(&value, conflict);
    return buffer_slice(&value);
}

static void expect_hex(struct slice bytes, const char *golden)
{
    char hex[512] = "";
    for (size_t i = 0; i < bytes.size; i++) {
        snprintf(hex + 2 * i, 3, "%02x", bytes.data[i]);
    }
    cr_assert_str_eq(hex, golden);
}

Test(conflicts, a_record_has_the_golden_bytes)
{
    struct arena arena;
    arena_init(&arena);
    struct conflict conflict = sample();
    uint8_t key[CONFLICT_KEY_BYTES];
    struct slice value = encoded(&arena, &conflict, key);
    expect_hex(slice_of(key, sizeof(key)), "000000071112131415161718"
                                           "00016553f101000000000000000c"
                                           "00026553f1000000000000000009");
    expect_hex(value, "01030000018bcfe56fd007746865206b6579"
                      "12010101020304050607080181e2cfaa060c00"
                      "010011121314151617180280e2cfaa06090077696e6e6572");
    arena_destroy(&arena);
}

Test(conflicts, a_record_comes_back_as_it_was)
{
    struct arena arena;
    arena_init(&arena);
    struct conflict conflict = sample();
    struct conflict back;
    struct error err = {0};
    uint8_t key[CONFLICT_KEY_BYTES];
    struct slice value = encoded(&arena, &conflict, key);
    cr_assert(conflict_decode(slice_of(key, sizeof(key)), value, &back, &err), "%s", err.text);
    cr_assert_eq(back.table_id, 7);
    cr_assert_eq(back.reason, 3);
    cr_assert_eq(back.time_ms, 1700000002000);
    cr_assert(slice_is(back.key, "the key"));
    cr_assert(slice_is(back.winner.image, "winner"));
    cr_assert(back.loser.tombstone);
    cr_assert_eq(version_compare(&back.winner.version, &conflict.winner.version), 0);
    cr_assert_eq(version_compare(&back.loser.version, &conflict.loser.version), 0);
    arena_destroy(&arena);
}

Test(conflicts, a_damaged_record_is_refused)
{
    struct arena arena;
    arena_init(&arena);
    struct conflict conflict = sample();
    struct conflict back;
    uint8_t key[CONFLICT_KEY_BYTES];
    struct slice value = encoded(&arena, &conflict, key);
    size_t head_bytes = value.size - conflict.winner.image.size;
    for (size_t size = 0; size < head_bytes; size++) { /* The image itself may have any size. */
        struct error err = {0};
        cr_assert_not(conflict_decode(slice_of(key, sizeof(key)), (struct slice){value.data, size},
                                      &back, &err),
                      "took %zu of %zu", size, value.size);
        cr_assert_eq(err.code, ERROR_CORRUPT);
    }
    struct error err = {0};
    cr_assert_not(conflict_decode(slice_of(key, sizeof(key) - 1), value, &back, &err));
    cr_assert_eq(err.code, ERROR_CORRUPT);
    key[20] ^= 1;
    cr_assert_not(conflict_decode(slice_of(key, sizeof(key)), value, &back, &err));
    cr_assert(strstr(err.text, "does not belong to its key") != NULL, "%s", err.text);
    arena_destroy(&arena);
}

/* Two concurrent writes of one key; the winner has `stamp`. */
static void collide(struct store *store,
                    struct arena *arena,
                    const struct table *table,
                    const char *pk,
                    uint64_t seq,
                    uint64_t stamp)
{
    struct change changes[] = {
        remote_change(arena, table, remote_dot(2, seq), stamp - 1, pk, "loser"),
        remote_change(arena, table, remote_dot(3, seq), stamp, pk, "winner"),
    };
    struct dot none = {0};
    cr_assert_eq(remote_apply(store, changes, 2, none).conflicts, 1);
}

static uint32_t list(struct store *store,
                     uint32_t table_id,
                     uint32_t max,
                     struct arena *arena,
                     struct conflict *conflicts)
{
    uint32_t count;
    struct error err = {0};
    cr_assert(store_conflicts(store, table_id, max, arena, conflicts, &count, &err), "%s",
              err.text);
    for (uint32_t i = 1; i < count; i++) {
        cr_assert_geq(conflicts[i - 1].winner.version.stamp, conflicts[i].winner.version.stamp);
    }
    return count;
}

Test(conflicts, are_listed_newest_first_over_all_tables)
{
    char *directory = test_directory_make();
    struct sample_clock clock = {0};
    struct arena arena;
    arena_init(&arena);
    struct store *store = sample_store_open(directory, &clock);
    const struct table *left = sample_store_table(store, "left", VALUE_MISSING, true);
    const struct table *right = sample_store_table(store, "right", VALUE_MISSING, true);
    struct conflict found[LIST_MAX];
    cr_assert_eq(list(store, 0, LIST_MAX, &arena, found), 0);
    collide(store, &arena, left, "a", 1, 100);
    collide(store, &arena, right, "a", 2, 300);
    collide(store, &arena, left, "b", 3, 400);
    collide(store, &arena, right, "b", 4, 200);
    collide(store, &arena, left, "c", 5, 50);

    cr_assert_eq(list(store, 0, LIST_MAX, &arena, found), 5);
    cr_assert_eq(found[0].winner.version.stamp, 400);
    cr_assert_eq(found[4].winner.version.stamp, 50);
    cr_assert_eq(found[0].table_id, left->id);
    cr_assert_eq(found[0].reason, REMOTE_REASON);
    cr_assert_eq(found[0].time_ms, atomic_load(&clock.now_ms));
    cr_assert(slice_equal(found[0].key, sample_key(&arena, "b")));
    struct value text;
    cr_assert(item_find(found[0].loser.image, SLICE_LITERAL("v"), &text));
    cr_assert(slice_is(text.payload, "loser"));
    cr_assert(item_find(found[0].winner.image, SLICE_LITERAL("v"), &text));
    cr_assert(slice_is(text.payload, "winner"));

    cr_assert_eq(list(store, 0, 2, &arena, found), 2);
    cr_assert_eq(found[1].winner.version.stamp, 300);
    cr_assert_eq(list(store, right->id, LIST_MAX, &arena, found), 2);
    cr_assert_eq(found[0].winner.version.stamp, 300);
    cr_assert_eq(list(store, left->id, 1, &arena, found), 1);
    cr_assert_eq(found[0].winner.version.stamp, 400);
    cr_assert_eq(store_conflicts_found(store), 5);
    table_release(left);
    table_release(right);
    store_close(store);
    arena_destroy(&arena);
    test_directory_remove(directory);
}

Test(conflicts, one_conflict_found_twice_is_one_record)
{
    char *directory = test_directory_make();
    struct sample_clock clock = {0};
    struct arena arena;
    arena_init(&arena);
    struct store *store = sample_store_open(directory, &clock);
    const struct table *table = sample_store_table(store, "table", VALUE_MISSING, true);
    struct dot none = {0};
    struct change loser = remote_change(&arena, table, remote_dot(2, 1), 10, "a", "loser");
    collide(store, &arena, table, "a", 1, 11);
    cr_assert_eq(remote_apply(store, &loser, 1, none).conflicts, 1);
    struct conflict found[LIST_MAX];
    cr_assert_eq(list(store, 0, LIST_MAX, &arena, found), 1);
    table_release(table);
    store_close(store);
    arena_destroy(&arena);
    test_directory_remove(directory);
}

Test(conflicts, a_damaged_feed_is_told)
{
    char *directory = test_directory_make();
    struct sample_clock clock = {0};
    struct arena arena;
    arena_init(&arena);
    struct store *store = sample_store_open(directory, &clock);
    struct conflict found[LIST_MAX];
    uint32_t count;
    struct error err = {0};
    uint8_t key[CONFLICT_KEY_BYTES] = {0, 0, 0, 1};
    engine_fixture_put(store->engine, FAMILY_CONFLICTS, slice_of(key, sizeof(key)),
                       SLICE_LITERAL("nonsense"));
    cr_assert_not(store_conflicts(store, 0, LIST_MAX, &arena, found, &count, &err));
    cr_assert_eq(err.code, ERROR_CORRUPT);
    engine_fixture_put(store->engine, FAMILY_CONFLICTS, SLICE_LITERAL("\x0fshort"),
                       SLICE_LITERAL("nonsense"));
    cr_assert_not(store_conflicts(store, 0, LIST_MAX, &arena, found, &count, &err));
    cr_assert(strstr(err.text, "conflict key of 6 bytes") != NULL, "%s", err.text);
    store_close(store);
    arena_destroy(&arena);
    test_directory_remove(directory);
}

/* --- By id, and forgetting -------------------------------------------------------------------- */

Test(conflicts, one_is_found_by_its_id)
{
    char *directory = test_directory_make();
    struct sample_clock clock = {0};
    struct error err = {0};
    struct arena arena;
    arena_init(&arena);
    struct store *store = sample_store_open(directory, &clock);
    const struct table *table = sample_store_table(store, "table", VALUE_MISSING, true);
    collide(store, &arena, table, "a", 1, 100);
    collide(store, &arena, table, "b", 2, 100);
    struct conflict listed[LIST_MAX];
    uint8_t id[CONFLICT_ID_BYTES];
    bool found = false;
    cr_assert_eq(list(store, 0, LIST_MAX, &arena, listed), 2);
    for (int i = 0; i < 2; i++) {
        struct conflict conflict;
        store_conflict_id(&listed[i], id);
        cr_assert(store_conflict(store, slice_of(id, sizeof(id)), &arena, &conflict, &found, &err));
        cr_assert(found && slice_equal(conflict.key, listed[i].key));
    }
    struct conflict conflict;
    id[CONFLICT_ID_BYTES - 1] ^= 1;
    cr_assert(store_conflict(store, slice_of(id, sizeof(id)), &arena, &conflict, &found, &err));
    cr_assert_not(found);
    cr_assert(store_conflict(store, slice_of(id, 3), &arena, &conflict, &found, &err));
    cr_assert_not(found);
    table_release(table);
    store_close(store);
    arena_destroy(&arena);
    test_directory_remove(directory);
}

/* A slow clock's winner has an old stamp, a fast one's a late one: what counts is when the conflict
 * was found here. */
Test(conflicts, old_ones_are_forgotten_by_the_time_they_were_found)
{
    char *directory = test_directory_make();
    struct sample_clock clock = {0};
    struct error err = {0};
    struct arena arena;
    arena_init(&arena);
    struct store *store = sample_store_open(directory, &clock);
    const struct table *left = sample_store_table(store, "left", VALUE_MISSING, true);
    const struct table *right = sample_store_table(store, "right", VALUE_MISSING, true);
    uint64_t first_ms = atomic_load(&clock.now_ms);
    for (uint64_t i = 0; i < 3; i++) {
        collide(store, &arena, left, (const char[]){(char)('a' + i), 0}, 1 + i, 1000 + i);
    }
    collide(store, &arena, right, "a", 5, 1000);
    atomic_store(&clock.now_ms, first_ms + 5000);
    collide(store, &arena, left, "x", 6, 900);                      /* Found late, stamped early. */
    collide(store, &arena, right, "y", 7, (first_ms + 6000) << 16); /* Stamped by a fast clock. */

    struct conflict found[LIST_MAX];
    bool more = false;
    cr_assert(store_conflicts_forget(store, first_ms, 2, &more, &err), "%s", err.text);
    cr_assert_not(more);
    cr_assert_eq(list(store, 0, LIST_MAX, &arena, found), 6);
    cr_assert(store_conflicts_forget(store, first_ms + 1, 2, &more, &err), "%s", err.text);
    cr_assert(more);
    cr_assert_eq(list(store, 0, LIST_MAX, &arena, found), 4);
    cr_assert(store_conflicts_forget(store, first_ms + 5000, 3, &more, &err), "%s", err.text);
    cr_assert_not(more);
    cr_assert_eq(list(store, 0, LIST_MAX, &arena, found), 2);
    cr_assert(slice_equal(found[0].key, sample_key(&arena, "y")));
    cr_assert(slice_equal(found[1].key, sample_key(&arena, "x")));
    cr_assert(store_conflicts_forget(store, first_ms + 7000, 3, &more, &err), "%s", err.text);
    cr_assert_eq(list(store, 0, LIST_MAX, &arena, found), 0);

    uint8_t id[CONFLICT_ID_BYTES];
    bool still = true;
    collide(store, &arena, left, "z", 8, 800);
    cr_assert_eq(list(store, 0, LIST_MAX, &arena, found), 1);
    store_conflict_id(&found[0], id);
    uint8_t damaged[CONFLICT_KEY_BYTES] = {0, 0, 0, 1}; /* In front of all others. */
    engine_fixture_put(store->engine, FAMILY_CONFLICTS, slice_of(damaged, sizeof(damaged)),
                       SLICE_LITERAL("nonsense"));
    cr_assert(store_conflicts_forget(store, first_ms + 9000, 3, &more, &err), "%s", err.text);
    uint32_t count;
    cr_assert_not(store_conflicts(store, 0, LIST_MAX, &arena, found, &count, &err));
    cr_assert_eq(err.code, ERROR_CORRUPT);
    cr_assert(store_conflict(store, slice_of(id, sizeof(id)), &arena, &found[0], &still, &err));
    cr_assert_not(still);
    table_release(left);
    table_release(right);
    store_close(store);
    arena_destroy(&arena);
    test_directory_remove(directory);
}
