/* Goal: expiry rows sort by second within a table and say which item they are for; what is no row
 * is noticed. Method: the codec alone; and one damaged item in the sweeper's way. */
#include "storage/table/key.h"
#include "storage/ttl/expiry.h"
#include "tests/unit/storage/remote.h"
#include "tests/unit/ttl/ttl_fixture.h"

#include <criterion/criterion.h>

static struct ttl_fixture fixture;

static void setup(void)
{
    ttl_fixture_open(&fixture, false);
}

static void teardown(void)
{
    ttl_fixture_close(&fixture);
}

TestSuite(ttl_expiry, .init = setup, .fini = teardown, .timeout = 60);

static struct slice item_key(uint32_t number)
{
    const struct table *table = catalog_acquire_id(fixture.store->catalog, fixture.id);
    struct table_key key;
    key_encode(table, ttl_fixture_key(&fixture, number), &fixture.arena, &key);
    table_release(table);
    return key.bytes;
}

Test(ttl_expiry, a_row_comes_back_and_sorts_by_its_second)
{
    struct arena *arena = &fixture.arena;
    uint8_t lower[EXPIRY_HEAD_BYTES];
    uint8_t upper[EXPIRY_HEAD_BYTES];
    struct slice last = expiry_bound(fixture.id, 0, lower);
    for (uint64_t second = 1; second < UINT64_MAX / 3; second *= 3) {
        struct slice row = expiry_key(item_key((uint32_t)(second % 7)), second, arena);
        struct error err = {0};
        struct slice key;
        uint64_t found;
        cr_assert(expiry_decode(row, arena, &found, &key, &err), "%s", err.text);
        cr_assert_eq(found, second);
        cr_assert_eq(expiry_second(row.data), second);
        cr_assert(slice_equal(key, item_key((uint32_t)(second % 7))));
        cr_assert_gt(slice_compare(row, last), 0);
        cr_assert_lt(slice_compare(row, expiry_bound(fixture.id + 1, 0, upper)), 0);
        last = row;
    }
}

Test(ttl_expiry, what_is_too_short_for_an_item_is_corrupt)
{
    struct slice row = expiry_key(item_key(1), 5, &fixture.arena);
    for (size_t size = 0; size <= EXPIRY_HEAD_BYTES + KEY_HEAD_BYTES - KEY_TABLE_BYTES; size++) {
        struct error err = {0};
        struct slice key;
        uint64_t second;
        cr_assert_not(expiry_decode(slice_of(row.data, size), &fixture.arena, &second, &key, &err));
        cr_assert_eq(err.code, ERROR_CORRUPT);
    }
}

Test(ttl_expiry, a_damaged_item_stays_and_the_others_go)
{
    ttl_fixture_turn(&fixture, true, "t");
    ttl_fixture_wait(&fixture, TTL_ENABLED);
    for (uint32_t i = 0; i < 5; i++) {
        ttl_fixture_put_t(&fixture, i, 10);
    }
    struct engine *engine = fixture.store->engine;
    struct error err = {0};
    struct engine_batch *batch = engine_batch_open();
    engine_batch_put(engine, batch, FAMILY_ITEMS, item_key(2), SLICE_LITERAL("damaged"));
    uint64_t seq = engine_commit_begin(engine);
    cr_assert(engine_commit_append(engine, batch, seq, &err));
    engine_batch_close(batch);
    ttl_fixture_step(&fixture, 20);
    ttl_fixture_wait_deleted(&fixture, 4);
    struct ttl_figures figures;
    ttl_figures(fixture.store, &figures);
    cr_assert_eq(figures.damaged, 1);
    cr_assert_eq(ttl_fixture_rows(&fixture, fixture.id), 1);
}

/* A row of the family that is too short for any item, among those of others. */
Test(ttl_expiry, a_damaged_row_does_not_stand_in_the_way)
{
    struct engine *engine = fixture.store->engine;
    struct error err = {0};
    uint8_t row[EXPIRY_HEAD_BYTES];
    ttl_fixture_turn(&fixture, true, "t");
    ttl_fixture_wait(&fixture, TTL_ENABLED);
    struct engine_batch *batch = engine_batch_open();
    engine_batch_put(engine, batch, FAMILY_EXPIRY, expiry_bound(fixture.id, 5, row),
                     SLICE_LITERAL(""));
    uint64_t seq = engine_commit_begin(engine);
    cr_assert(engine_commit_append(engine, batch, seq, &err));
    engine_batch_close(batch);
    for (uint32_t i = 0; i < 100; i++) {
        ttl_fixture_put_t(&fixture, i, 5 + i % 3);
    }
    ttl_fixture_step(&fixture, 20);
    ttl_fixture_wait_deleted(&fixture, 100);
    struct ttl_figures figures;
    ttl_figures(fixture.store, &figures);
    cr_assert_geq(figures.damaged, 1);
}

/* --- Keeping without a conflict --------------------------------------------------------------- */

static enum apply_verdict
decide_keep(void *context, const struct row *stored, const struct row *arriving, uint8_t *reason)
{
    (void)context;
    (void)arriving;
    *reason = 0;
    return stored == NULL ? APPLY_STORE : APPLY_KEEP;
}

Test(ttl_expiry, a_verdict_of_keep_joins_contexts_and_records_nothing)
{
    const struct table *table = sample_store_table(fixture.store, "shared", VALUE_MISSING, true);
    struct change first =
        remote_change(&fixture.arena, table, remote_dot(2, 5), (uint64_t)9 << 40, "a", NULL);
    struct change second =
        remote_change(&fixture.arena, table, remote_dot(3, 6), (uint64_t)8 << 40, "a", NULL);
    context_raise(&second.version.context, remote_dot(4, 7));
    struct apply_result result;
    struct error err = {0};
    struct row row;
    cr_assert(store_apply(fixture.store, &first, 1, &first.version.dot, decide_keep, NULL, &result,
                          &err));
    cr_assert(store_apply(fixture.store, &second, 1, &second.version.dot, decide_keep, NULL,
                          &result, &err));
    cr_assert(result.dropped == 1 && result.stored == 0 && result.conflicts == 0);
    cr_assert(
        sample_row(fixture.store, table, &fixture.arena, sample_key(&fixture.arena, "a"), &row));
    cr_assert(dot_equal(row.version.dot, first.version.dot));
    cr_assert(context_has(&row.version.context, remote_dot(4, 7)));
    cr_assert_eq(store_conflicts_found(fixture.store), 0);
    table_release(table);
}
