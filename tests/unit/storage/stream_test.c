/* Goal: a stream says what happened to its table, all of it and nothing else, in the form that its
 * view asks for, as long as it is there. Method: single writes of every kind and what the stream
 * shows of them; a clock that the test moves. */
#include "storage/table/latch.h"
#include "tests/support/directory.h"
#include "tests/unit/storage/remote.h"
#include "tests/unit/storage/stream_fixture.h"

#include <criterion/criterion.h>

TestSuite(stream, .timeout = 60);

struct bench {
    char *directory;
    struct sample_clock clock;
    struct store *store;
    const struct table *table;
    struct arena arena;
};

static void bench_open(struct bench *bench, bool replicated)
{
    *bench = (struct bench){.directory = test_directory_make()};
    arena_init(&bench->arena);
    bench->store = stream_store_open(bench->directory, &bench->clock, 1);
    bench->table = sample_store_table(bench->store, "table", VALUE_MISSING, replicated);
}

static void bench_close(struct bench *bench)
{
    table_release(bench->table);
    store_close(bench->store);
    arena_destroy(&bench->arena);
    test_directory_remove(bench->directory);
}

static struct stream_record *bench_read(struct bench *bench, uint32_t stream, uint32_t *count)
{
    return stream_read_all(bench->store, stream, 100, &bench->arena, count);
}

static struct slice bench_item(struct bench *bench, const char *pk, const char *text)
{
    return sample_item(&bench->arena, "pk", sample_s(pk), "v", sample_s(text), NULL);
}

static void bench_put(struct bench *bench, const char *pk, const char *text)
{
    sample_put(bench->store, bench->table, &bench->arena, bench_item(bench, pk, text));
}

static void bench_delete(struct bench *bench, const char *pk)
{
    sample_delete(bench->store, bench->table, &bench->arena, sample_key(&bench->arena, pk));
}

/* The shards' ids and ends. */
static struct stream_shard *bench_shards(struct bench *bench, uint32_t stream, uint32_t *count)
{
    struct stream_shard *shards;
    cr_assert(stream_shards(bench->store, stream, &bench->arena, &shards, count));
    return shards;
}

static void expect_event(const struct stream_record *record,
                         enum stream_event event,
                         const char *pk,
                         struct slice old_image,
                         struct slice new_image)
{
    struct value key;
    cr_assert_eq(record->event, event);
    cr_assert(item_find(record->key, SLICE_LITERAL("pk"), &key));
    cr_assert(slice_is(key.payload, pk));
    cr_assert(slice_equal(record->old_image, old_image));
    cr_assert(slice_equal(record->new_image, new_image));
}

static void expect_views(bool replicated)
{
    static const struct slice none;
    for (enum stream_view view = 0; view < STREAM_VIEWS; view++) {
        struct bench bench;
        uint32_t count;
        bench_open(&bench, replicated);
        struct stream stream = stream_on(bench.store, "table", view);
        bench_put(&bench, "k1", "one");
        bench_put(&bench, "k1", "two");
        bench_delete(&bench, "k1");
        struct slice one = bench_item(&bench, "k1", "one");
        struct slice two = bench_item(&bench, "k1", "two");
        bool olds = view == STREAM_OLD_IMAGE || view == STREAM_NEW_AND_OLD_IMAGES;
        bool news = view == STREAM_NEW_IMAGE || view == STREAM_NEW_AND_OLD_IMAGES;
        struct stream_record *records = bench_read(&bench, stream.id, &count);
        cr_assert_eq(count, 3);
        expect_event(&records[0], STREAM_INSERT, "k1", none, news ? one : none);
        expect_event(&records[1], STREAM_MODIFY, "k1", olds ? one : none, news ? two : none);
        expect_event(&records[2], STREAM_REMOVE, "k1", olds ? two : none, none);
        cr_assert_not(records[2].by_ttl);
        bench_close(&bench);
    }
}

Test(stream, shows_what_its_view_asks_for)
{
    expect_views(false);
}

Test(stream, shows_the_same_of_a_table_with_replicas)
{
    expect_views(true);
}

static void expect_nothing_in_vain(bool replicated)
{
    struct bench bench;
    uint32_t count;
    bench_open(&bench, replicated);
    bench_put(&bench, "k1", "one");
    struct stream stream = stream_on(bench.store, "table", STREAM_NEW_AND_OLD_IMAGES);
    struct arena *arena = &bench.arena;
    struct slice item = sample_item(arena, "pk", sample_s("k2"), "n", sample_n(arena, "1"), NULL);
    struct slice same =
        sample_item(arena, "n", sample_n(arena, "1.00"), "pk", sample_s("k2"), NULL);
    bench_put(&bench, "k1", "one");                    /* As it is. */
    bench_delete(&bench, "k3");                        /* Not there. */
    sample_put(bench.store, bench.table, arena, item); /* The only change. */
    sample_put(bench.store, bench.table, arena, same);
    struct write touch = {
        .table = bench.table, .kind = WRITE_UPDATE, .item = sample_key(arena, "k1")};
    struct error err = {0};
    cr_assert(sample_write(bench.store, &touch, arena, &err), "%s", err.text);
    struct stream_record *records = bench_read(&bench, stream.id, &count);
    cr_assert_eq(count, 1);
    expect_event(&records[0], STREAM_INSERT, "k2", (struct slice){NULL, 0}, item);
    bench_close(&bench);
}

Test(stream, shows_nothing_of_writes_that_change_nothing)
{
    expect_nothing_in_vain(false);
}

Test(stream, shows_nothing_of_overwrites_that_only_peers_count)
{
    expect_nothing_in_vain(true);
}

Test(stream, shows_changes_that_peers_send_once_per_row_and_batch)
{
    struct bench bench;
    uint32_t count;
    bench_open(&bench, true);
    struct stream stream = stream_on(bench.store, "table", STREAM_NEW_AND_OLD_IMAGES);
    struct arena *arena = &bench.arena;
    bench_put(&bench, "k1", "here");
    uint64_t stamp = (atomic_load(&bench.clock.now_ms) + 1000) << 16;
    struct change changes[] = {
        remote_change(arena, bench.table, remote_dot(2, 1), stamp, "k1", "between"),
        remote_change(arena, bench.table, remote_dot(2, 2), stamp + 1, "k1", "there"),
        remote_change(arena, bench.table, remote_dot(2, 3), stamp + 2, "k2", "new"),
        remote_change(arena, bench.table, remote_dot(2, 4), stamp + 3, "k3", NULL),
        remote_change(arena, bench.table, remote_dot(2, 5), 1, "k1", "too old"),
    };
    remote_apply(bench.store, changes, ARRAY_COUNT(changes), remote_dot(2, 5));
    bench_delete(&bench, "k1");
    struct stream_record *records = bench_read(&bench, stream.id, &count);
    struct slice none = {NULL, 0};
    cr_assert_eq(count, 4);
    expect_event(&records[1], STREAM_MODIFY, "k1", bench_item(&bench, "k1", "here"),
                 bench_item(&bench, "k1", "there"));
    expect_event(&records[2], STREAM_INSERT, "k2", none, bench_item(&bench, "k2", "new"));
    expect_event(&records[3], STREAM_REMOVE, "k1", bench_item(&bench, "k1", "there"), none);
    cr_assert_eq(records[1].time_ms, atomic_load(&bench.clock.now_ms), "time is this node's");
    /* None of it is an own write. */
    struct change own[8];
    uint32_t own_count;
    uint64_t next;
    struct error err = {0};
    cr_assert(store_log_read(bench.store, 0, ARRAY_COUNT(own), 1 << 20, arena, own, &own_count,
                             &next, &err));
    cr_assert_eq(own_count, 2);
    cr_assert_eq(own[0].old_image.size, 0);
    cr_assert(slice_equal(own[0].image, bench_item(&bench, "k1", "here")));
    cr_assert(own[1].tombstone);
    bench_close(&bench);
}

Test(stream, says_which_deletes_time_to_live_made)
{
    struct bench bench;
    uint32_t count;
    bench_open(&bench, true);
    struct stream stream = stream_on(bench.store, "table", STREAM_OLD_IMAGE);
    bench_put(&bench, "k1", "old");
    struct row before;
    struct row after;
    struct slice key = sample_key(&bench.arena, "k1");
    cr_assert(sample_row(bench.store, bench.table, &bench.arena, key, &before));
    atomic_fetch_add(&bench.clock.now_ms, 5000);
    struct write write = {.table = bench.table, .kind = WRITE_DELETE, .item = key, .by_ttl = true};
    struct error err = {0};
    cr_assert(sample_write(bench.store, &write, &bench.arena, &err), "%s", err.text);
    cr_assert(sample_row(bench.store, bench.table, &bench.arena, key, &after));
    cr_assert(after.tombstone);
    cr_assert_gt(version_compare(&after.version, &before.version), 0);
    cr_assert_lt(after.version.stamp >> 16, atomic_load(&bench.clock.now_ms), "any refresh wins");
    struct stream_record *records = bench_read(&bench, stream.id, &count);
    cr_assert_eq(count, 2);
    cr_assert(records[1].by_ttl);
    cr_assert_eq(records[1].time_ms, records[0].time_ms + 5000);
    uint64_t seq;
    uint64_t stamp;
    cr_assert(store_log_newest(bench.store, &seq, &stamp, &err));
    cr_assert_eq(seq, records[1].seq);
    cr_assert_gt(stamp, after.version.stamp, "stamps go on from this node's clock");
    bench_close(&bench);
}

Test(stream, a_transaction_leaves_a_record_for_each_item_that_changes)
{
    struct bench bench;
    uint32_t count;
    bench_open(&bench, false);
    struct stream stream = stream_on(bench.store, "table", STREAM_KEYS_ONLY);
    bench_put(&bench, "k1", "one");
    struct write writes[] = {
        {.table = bench.table, .kind = WRITE_PUT, .item = bench_item(&bench, "k2", "two")},
        {.table = bench.table, .kind = WRITE_PUT, .item = bench_item(&bench, "k1", "one")},
        {.table = bench.table, .kind = WRITE_DELETE, .item = sample_key(&bench.arena, "k3")},
        {.table = bench.table, .kind = WRITE_PUT, .item = bench_item(&bench, "k4", "four")},
    };
    struct error errors[ARRAY_COUNT(writes)];
    struct transaction transaction = {
        .writes = writes, .count = ARRAY_COUNT(writes), .errors = errors};
    struct error err = {0};
    cr_assert(store_transact(bench.store, &transaction, READ_FULL, &bench.arena, &err));
    struct stream_record *records = bench_read(&bench, stream.id, &count);
    cr_assert_eq(count, 3);
    cr_assert_eq(item_number(records[1].key), 2);
    cr_assert_eq(item_number(records[2].key), 4);
    cr_assert_eq(records[2].seq, records[1].seq + 1);
    bench_close(&bench);
}

Test(stream, shows_only_what_is_on_disk)
{
    char *directory = test_directory_make();
    struct sample_clock clock = {.now_ms = 1700000000000u};
    struct store_options options = {
        .engine = {.directory = directory,
                   .cache_bytes = 8 << 20,
                   .memtable_bytes = 8 << 20,
                   .durability = DURABILITY_RELAXED,
                   .sync_interval_ms = 3600000}, /* Never by itself. */
        .clock = sample_clock_face(&clock),
        .region_id = 1,
        .stream_shards = 1,
    };
    struct store *store = NULL;
    struct error err = {0};
    cr_assert(store_open(&options, &store, &err), "%s", err.text);
    const struct table *table = sample_store_table(store, "table", VALUE_MISSING, false);
    struct stream stream = stream_on(store, "table", STREAM_KEYS_ONLY);
    struct arena arena;
    arena_init(&arena);
    struct stream_shard *shards;
    uint32_t count;
    struct stream_page page;
    cr_assert(stream_shards(store, stream.id, &arena, &shards, &count));
    uint64_t before = engine_synced_seq(store->engine);
    uint64_t seq = sample_put(store, table, &arena, sample_key(&arena, "k1"));
    cr_assert_lt(stream_newest(store, stream.id), seq);
    cr_assert_eq(stream_try(store, stream.id, shards[0].id, before, READ_CACHED, &arena, &page),
                 ERROR_NONE);
    cr_assert_eq(page.count, 0);
    cr_assert_lt(page.next, seq);
    stream_settle(store);
    cr_assert_eq(stream_newest(store, stream.id), seq);
    cr_assert_eq(stream_try(store, stream.id, shards[0].id, page.next, READ_CACHED, &arena, &page),
                 ERROR_NONE);
    cr_assert_eq(page.count, 1);
    cr_assert_eq(page.records[0].seq, seq);
    arena_destroy(&arena);
    table_release(table);
    store_close(store);
    test_directory_remove(directory);
}

/* --- Coming and going ------------------------------------------------------------------------ */

Test(stream, has_a_new_label_each_time_and_stays_readable_when_it_is_disabled)
{
    struct bench bench;
    uint32_t count;
    bench_open(&bench, false);
    struct stream first = stream_on(bench.store, "table", STREAM_NEW_IMAGE);
    bench_put(&bench, "k1", "one");
    stream_off(bench.store, "table");
    bench_put(&bench, "k1", "unseen");
    struct stream second =
        stream_on(bench.store, "table", STREAM_NEW_IMAGE); /* Same millisecond. */
    cr_assert_gt(second.label_ms, first.label_ms);
    cr_assert_gt(second.id, first.id);
    bench_put(&bench, "k1", "two");
    for (int turn = 0; turn < 2; turn++) { /* The second time after opening again. */
        struct stream_record *records = bench_read(&bench, first.id, &count);
        cr_assert_eq(count, 1);
        expect_event(&records[0], STREAM_INSERT, "k1", (struct slice){NULL, 0},
                     bench_item(&bench, "k1", "one"));
        uint32_t shards_count;
        struct stream_shard *shards = bench_shards(&bench, first.id, &shards_count);
        cr_assert_eq(shards_count, 1);
        cr_assert_neq(shards[0].end_seq, 0);
        bench_read(&bench, second.id, &count);
        cr_assert_eq(count, 1);
        table_release(bench.table);
        store_close(bench.store);
        bench.store = stream_store_open(bench.directory, &bench.clock, 1);
        bench.table = catalog_acquire(bench.store->catalog, SLICE_LITERAL("table"));
    }
    bench_close(&bench);
}

Test(stream, outlives_its_table_for_a_day)
{
    struct bench bench;
    uint32_t count;
    struct error err = {0};
    bench_open(&bench, false);
    struct stream stream = stream_on(bench.store, "table", STREAM_NEW_AND_OLD_IMAGES);
    bench_put(&bench, "k1", "one");
    cr_assert(store_drop_table(bench.store, bench.table->id, &err), "%s", err.text);
    table_release(bench.table);
    bench.table = sample_store_table(bench.store, "table", VALUE_MISSING, false);
    struct stream other = stream_on(bench.store, "table", STREAM_NEW_AND_OLD_IMAGES);
    cr_assert_gt(other.label_ms, stream.label_ms, "streams of one name differ");
    bench_read(&bench, stream.id, &count);
    cr_assert_eq(count, 1);
    struct stream found;
    atomic_fetch_add(&bench.clock.now_ms, FIXTURE_DAY_MS - 1);
    stream_must_tick(bench.store);
    cr_assert(
        stream_find(bench.store, SLICE_LITERAL("table"), stream.label_ms, &bench.arena, &found));
    cr_assert_not(found.enabled);
    atomic_fetch_add(&bench.clock.now_ms, 1);
    stream_must_tick(bench.store);
    cr_assert_not(
        stream_find(bench.store, SLICE_LITERAL("table"), stream.label_ms, &bench.arena, &found));
    struct stream_shard *shards;
    cr_assert_not(stream_shards(bench.store, stream.id, &bench.arena, &shards, &count));
    cr_assert(stream_shards(bench.store, other.id, &bench.arena, &shards, &count));
    bench_close(&bench);
}

Test(stream, lists_go_by_name_and_label_and_in_pages)
{
    struct bench bench;
    struct stream made[4];
    struct stream listed[4];
    bool more;
    bench_open(&bench, false);
    const struct table *other = sample_store_table(bench.store, "other", VALUE_S, false);
    made[2] = stream_on(bench.store, "table", STREAM_KEYS_ONLY);
    stream_off(bench.store, "table");
    made[3] = stream_on(bench.store, "table", STREAM_NEW_IMAGE);
    made[0] = stream_on(bench.store, "other", STREAM_KEYS_ONLY);
    stream_off(bench.store, "other");
    made[1] = stream_on(bench.store, "other", STREAM_KEYS_ONLY);
    struct slice all = {NULL, 0};
    uint32_t count = stream_list(bench.store, all, all, 0, 4, &bench.arena, listed, &more);
    cr_assert_eq(count, 4);
    cr_assert_not(more);
    for (uint32_t i = 0; i < 4; i++) {
        cr_assert_eq(listed[i].id, made[i].id);
        cr_assert_eq(listed[i].enabled, i % 2 == 1);
    }
    cr_assert(slice_is(listed[0].sort.name, "sk"));
    count = stream_list(bench.store, all, SLICE_LITERAL("other"), made[1].label_ms, 1, &bench.arena,
                        listed, &more);
    cr_assert(count == 1 && more && listed[0].id == made[2].id);
    count =
        stream_list(bench.store, SLICE_LITERAL("other"), all, 0, 4, &bench.arena, listed, &more);
    cr_assert(count == 2 && !more && listed[1].id == made[1].id);
    count = stream_list(bench.store, SLICE_LITERAL("none"), all, 0, 4, &bench.arena, listed, &more);
    cr_assert(count == 0 && !more);
    struct stream_figures figures;
    stream_figures(bench.store, &figures);
    cr_assert(figures.enabled == 2 && figures.disabled == 2);
    cr_assert(figures.open == 2 && figures.closed == 2);
    table_release(other);
    bench_close(&bench);
}

/* As a crash leaves it between the two steps of enabling or disabling. */
static void bench_describe(struct bench *bench, struct table_stream stream)
{
    struct error err = {0};
    struct table changed = *bench->table;
    changed.stream = stream;
    cr_assert(catalog_update(bench->store->catalog, &changed, &err), "%s", err.text);
}

Test(stream, a_tick_closes_what_no_table_names_any_more)
{
    struct bench bench;
    uint32_t count;
    struct stream found;
    bench_open(&bench, false);
    struct stream stream = stream_on(bench.store, "table", STREAM_KEYS_ONLY);
    bench_put(&bench, "k1", "one");
    bench_describe(&bench, (struct table_stream){0, STREAM_KEYS_ONLY, stream.label_ms});
    stream_must_tick(bench.store);
    cr_assert(
        stream_find(bench.store, SLICE_LITERAL("table"), stream.label_ms, &bench.arena, &found));
    cr_assert_not(found.enabled);
    bench_read(&bench, stream.id, &count);
    cr_assert_eq(count, 1);

    struct stream unborn = stream_on(bench.store, "table", STREAM_KEYS_ONLY);
    bench_describe(&bench, (struct table_stream){0, STREAM_KEYS_ONLY, stream.label_ms});
    stream_must_tick(bench.store);
    cr_assert_not(
        stream_find(bench.store, SLICE_LITERAL("table"), unborn.label_ms, &bench.arena, &found));
    bench_close(&bench);
}

/* --- Reading --------------------------------------------------------------------------------- */

Test(stream, a_read_names_what_is_not_there)
{
    struct bench bench;
    struct stream_page page;
    uint32_t count;
    bench_open(&bench, false);
    struct stream stream = stream_on(bench.store, "table", STREAM_KEYS_ONLY);
    struct stream_shard *shards = bench_shards(&bench, stream.id, &count);
    static const char *const wrong[] = {"",
                                        "shardId-00000001700000000000-00000002",
                                        "shardId-00000001700000000000-0000000g",
                                        "shardId-0000000170000000000-00000001",
                                        "shardid-00000001700000000000-00000001",
                                        "shardId-99999999999999999999-00000001",
                                        "shardId-00000001700000000000-000000010"};
    for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
        cr_assert_eq(
            stream_try(bench.store, stream.id, wrong[i], 0, READ_FULL, &bench.arena, &page),
            ERROR_NOT_FOUND, "%s", wrong[i]);
    }
    cr_assert_str_eq(shards[0].id, "shardId-00000001700000000000-00000001");
    cr_assert_eq(
        stream_try(bench.store, stream.id, shards[0].id, 0, READ_FULL, &bench.arena, &page),
        ERROR_NONE);
    cr_assert_eq(
        stream_try(bench.store, stream.id + 1, shards[0].id, 0, READ_FULL, &bench.arena, &page),
        ERROR_NOT_FOUND);
    bench_close(&bench);
}

Test(stream, pages_hold_so_many_records_and_about_so_many_bytes)
{
    struct bench bench;
    uint32_t count;
    struct stream_record records[10];
    struct stream_page page = {.records = records};
    struct error err = {0};
    bench_open(&bench, false);
    struct stream stream = stream_on(bench.store, "table", STREAM_NEW_IMAGE);
    struct stream_shard *shards = bench_shards(&bench, stream.id, &count);
    uint64_t seqs[10];
    for (uint32_t i = 0; i < 10; i++) {
        seqs[i] = sample_put(bench.store, bench.table, &bench.arena,
                             bench_item(&bench, arena_printf(&bench.arena, "k%u", i), "value"));
    }
    stream_settle(bench.store);
    struct stream_position from = {.stream = stream.id, .shard = slice_text(shards[0].id)};
    cr_assert(stream_read(bench.store, &from, 3, 1 << 20, READ_FULL, &bench.arena, &page, &err));
    cr_assert(page.count == 3 && page.next == seqs[2]);
    from.after = page.next;
    cr_assert(stream_read(bench.store, &from, 10, 1, READ_FULL, &bench.arena, &page, &err));
    cr_assert(page.count == 1 && page.next == seqs[3] && page.records[0].seq == seqs[3]);
    from.after = seqs[4] - 1; /* AT. */
    cr_assert(stream_read(bench.store, &from, 10, 1 << 20, READ_CACHED, &bench.arena, &page, &err));
    cr_assert(page.count == 6 && page.records[0].seq == seqs[4]);
    cr_assert_eq(page.next, engine_synced_seq(bench.store->engine));
    cr_assert_not(page.at_end);
    bench_close(&bench);
}

Test(stream, damage_is_told)
{
    struct bench bench;
    uint32_t count;
    struct stream_page page;
    struct error err = {0};
    bench_open(&bench, false);
    struct stream stream = stream_on(bench.store, "table", STREAM_NEW_IMAGE);
    struct stream_shard *shards = bench_shards(&bench, stream.id, &count);
    bench_put(&bench, "k1", "one");
    uint8_t key[8];
    put_be64(key, engine_appended_seq(bench.store->engine));
    struct engine_batch *batch = engine_batch_open();
    engine_batch_put(bench.store->engine, batch, FAMILY_LOG, slice_of(key, 8),
                     SLICE_LITERAL("damaged"));
    uint64_t seq = engine_commit_begin(bench.store->engine);
    cr_assert(engine_commit_append(bench.store->engine, batch, seq, &err));
    engine_batch_close(batch);
    stream_settle(bench.store);
    cr_assert_eq(
        stream_try(bench.store, stream.id, shards[0].id, 0, READ_FULL, &bench.arena, &page),
        ERROR_CORRUPT);
    bench_close(&bench);
}
