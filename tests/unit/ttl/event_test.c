/* Goal: what time to live deletes is in the table's stream once, as the service's doing, and dated
 * by when it was deleted; what a client deletes is not the service's. Method: a stream with both
 * images over a table whose items expire, read shard by shard. */
#include "storage/log/trim.h"
#include "storage/stream/stream.h"
#include "tests/unit/ttl/ttl_fixture.h"

#include <criterion/criterion.h>

static struct ttl_fixture fixture;

static void setup(void)
{
    ttl_fixture_open(&fixture, false);
    ttl_fixture_turn(&fixture, true, "t");
    ttl_fixture_wait(&fixture, TTL_ENABLED);
}

static void teardown(void)
{
    ttl_fixture_close(&fixture);
}

TestSuite(ttl_event, .init = setup, .fini = teardown, .timeout = 60);

enum { ITEMS = 50, RECORDS_MAX = 4 * ITEMS, WAIT_S = 100 };

static uint32_t enable_stream(void)
{
    struct catalog *catalog = fixture.store->catalog;
    struct error err = {0};
    catalog_change_begin(catalog);
    const struct table *newest = catalog_acquire_id(catalog, fixture.id);
    struct table changed = *newest;
    bool ok = stream_enable(fixture.store, &changed, STREAM_NEW_AND_OLD_IMAGES, &err);
    catalog_change_end(catalog);
    table_release(newest);
    cr_assert(ok, "%s", err.text);
    return changed.stream.id;
}

static uint32_t read_shard(uint32_t stream, const char *shard, struct stream_record *records)
{
    struct stream_position position = {.stream = stream, .shard = slice_text(shard)};
    uint32_t count = 0;
    do {
        struct stream_page page = {.records = records + count};
        struct error err = {0};
        cr_assert(stream_read(fixture.store, &position, RECORDS_MAX - count, 1 << 20, READ_FULL,
                              &fixture.arena, &page, &err),
                  "%s", err.text);
        count += page.count;
        position.after = page.next;
    } while (count < RECORDS_MAX && position.after < stream_newest(fixture.store, stream));
    return count;
}

/* All records, shard by shard. */
static uint32_t read_all(uint32_t stream, struct stream_record *records)
{
    struct stream_shard *shards;
    struct error err = {0};
    uint32_t shards_count = 0;
    uint32_t count = 0;
    cr_assert(engine_wait_durable(fixture.store->engine, engine_appended_seq(fixture.store->engine),
                                  &err));
    cr_assert(stream_shards(fixture.store, stream, &fixture.arena, &shards, &shards_count));
    cr_assert_eq(shards_count, 1, "two cores have one shard");
    for (uint32_t i = 0; i < shards_count; i++) {
        count += read_shard(stream, shards[i].id, records + count);
    }
    return count;
}

Test(ttl_event, each_deletion_is_in_the_stream_once_as_the_services)
{
    struct stream_record records[RECORDS_MAX];
    uint32_t stream = enable_stream();
    for (uint32_t i = 0; i < ITEMS; i++) {
        ttl_fixture_put_t(&fixture, i, i < ITEMS / 2 ? 10 : 1000);
    }
    const struct table *table = catalog_acquire_id(fixture.store->catalog, fixture.id);
    sample_delete(fixture.store, table, &fixture.arena, ttl_fixture_key(&fixture, ITEMS - 1));
    table_release(table);
    ttl_fixture_step(&fixture, WAIT_S);
    ttl_fixture_wait_deleted(&fixture, ITEMS / 2);
    uint32_t count = read_all(stream, records);
    cr_assert_eq(count, ITEMS + 1 + ITEMS / 2);
    for (uint32_t i = 0; i < count; i++) {
        const struct stream_record *record = &records[i];
        bool by_ttl = i > ITEMS;
        cr_assert_eq(record->event, i < ITEMS ? STREAM_INSERT : STREAM_REMOVE, "record %u", i);
        cr_assert_eq(record->by_ttl, by_ttl, "record %u", i);
        cr_assert(i == 0 || record->seq > records[i - 1].seq, "record %u", i);
        cr_assert_eq(record->new_image.size == 0, i >= ITEMS);
        uint64_t second = 0;
        cr_assert(!by_ttl || (ttl_second(SLICE_LITERAL("t"), record->old_image, &second) &&
                              second == FIXTURE_NOW_S + 10));
        cr_assert_eq(record->time_ms / 1000, FIXTURE_NOW_S + (by_ttl ? WAIT_S : 0), "record %u", i);
        for (uint32_t k = ITEMS + 1; by_ttl && k < i; k++) {
            cr_assert_not(slice_equal(record->key, records[k].key), "twice in the stream");
        }
    }
}

/* The log is cut by time, with a binary search: a record dated by what expired would mislead it. */
Test(ttl_event, trimming_goes_by_when_the_deletion_was_made)
{
    struct error err = {0};
    uint64_t trimmed = 0;
    for (uint32_t i = 0; i < ITEMS; i++) {
        ttl_fixture_put_t(&fixture, i, 10);
    }
    uint64_t puts = engine_appended_seq(fixture.store->engine);
    ttl_fixture_step(&fixture, WAIT_S);
    ttl_fixture_wait_deleted(&fixture, ITEMS);
    uint64_t end = engine_appended_seq(fixture.store->engine);
    uint64_t before_ms = (uint64_t)(FIXTURE_NOW_S + WAIT_S / 2) * 1000;
    cr_assert(engine_wait_durable(fixture.store->engine, end, &err));
    cr_assert(log_trim(fixture.store->engine, end, before_ms, &trimmed, &err), "%s", err.text);
    cr_assert_leq(trimmed, puts, "deletions were cut off: %llu of %llu",
                  (unsigned long long)trimmed, (unsigned long long)end);
}
