#include "tests/unit/storage/stream_fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <time.h>

enum { RECORDS_MAX = 1 << 16 };

struct store *stream_store_open_small(const char *directory,
                                      struct sample_clock *clock,
                                      uint32_t shards,
                                      uint64_t memtable_bytes)
{
    if (atomic_load(&clock->now_ms) == 0) {
        atomic_store(&clock->now_ms, 1700000000000u);
    }
    struct store_options options = {
        .engine = {.directory = directory,
                   .cache_bytes = 8 << 20,
                   .memtable_bytes = memtable_bytes,
                   .durability = DURABILITY_SYNC,
                   .sync_interval_ms = 1000},
        .clock = sample_clock_face(clock),
        .region_id = 1,
        .stream_shards = shards,
    };
    struct store *store = NULL;
    struct error err = {0};
    cr_assert(store_open(&options, &store, &err), "%s", err.text);
    return store;
}

struct store *stream_store_open(const char *directory, struct sample_clock *clock, uint32_t shards)
{
    return stream_store_open_small(directory, clock, shards, 8 << 20);
}

/* Does a failure deserve another try? */
static bool stream_again(bool ok, struct error *err)
{
    struct timespec pause = {0, 1000000};
    cr_assert(ok || err->code == ERROR_THROTTLED, "%s", err->text);
    if (!ok) {
        nanosleep(&pause, NULL);
    }
    return !ok;
}

static bool stream_change(
    struct store *store, const char *name, bool on, enum stream_view view, struct error *err)
{
    catalog_change_begin(store->catalog);
    const struct table *table = catalog_acquire(store->catalog, slice_text(name));
    cr_assert_not_null(table);
    struct table changed = *table;
    bool ok = on ? stream_enable(store, &changed, view, err) : stream_disable(store, &changed, err);
    table_release(table);
    catalog_change_end(store->catalog);
    return ok;
}

struct stream stream_on(struct store *store, const char *name, enum stream_view view)
{
    struct error err = {0};
    while (stream_again(stream_change(store, name, true, view, &err), &err)) {
    }
    const struct table *table = catalog_acquire(store->catalog, slice_text(name));
    struct arena arena;
    struct stream stream;
    arena_init(&arena);
    cr_assert(stream_find(store, slice_text(name), table->stream.label_ms, &arena, &stream));
    cr_assert(stream.id == table->stream.id && stream.table_id == table->id);
    cr_assert(stream.enabled && stream.view == view);
    cr_assert(slice_is(stream.table, name) && slice_is(stream.partition.name, "pk"));
    stream.table = slice_text(name);
    stream.partition.name = stream.sort.name = (struct slice){0};
    arena_destroy(&arena);
    table_release(table);
    return stream;
}

void stream_off(struct store *store, const char *name)
{
    struct error err = {0};
    cr_assert(stream_change(store, name, false, STREAM_KEYS_ONLY, &err), "%s", err.text);
}

void stream_must_roll(struct store *store, uint32_t stream)
{
    struct error err = {0};
    while (stream_again(stream_roll(store, stream, &err), &err)) {
    }
}

void stream_must_tick(struct store *store)
{
    struct error err = {0};
    while (stream_again(stream_tick(store, &err), &err)) {
    }
}

void stream_must_set_shards(struct store *store, uint32_t shards)
{
    struct error err = {0};
    while (stream_again(stream_set_shards(store, shards, &err), &err)) {
    }
}

void stream_settle(struct store *store)
{
    struct error err = {0};
    cr_assert(engine_wait_durable(store->engine, engine_appended_seq(store->engine), &err), "%s",
              err.text);
}

enum error_code stream_try(struct store *store,
                           uint32_t stream,
                           const char *shard,
                           uint64_t after,
                           enum read_tier tier,
                           struct arena *arena,
                           struct stream_page *page)
{
    struct error err = {0};
    struct stream_position position = {
        .stream = stream, .shard = slice_text(shard), .after = after};
    page->records = arena_alloc(arena, STREAM_RECORDS_MAX * sizeof(*page->records));
    bool ok = stream_read(store, &position, STREAM_RECORDS_MAX, STREAM_PAGE_BYTES_MAX, tier, arena,
                          page, &err);
    cr_assert_eq(ok, err.code == ERROR_NONE);
    return err.code;
}

/* As a loop does it: from memory first. */
static bool stream_read_patiently(struct store *store,
                                  const struct stream_position *position,
                                  uint32_t max,
                                  struct arena *arena,
                                  struct stream_page *page,
                                  struct error *err)
{
    return stream_read(store, position, max, STREAM_PAGE_BYTES_MAX, READ_CACHED, arena, page,
                       err) ||
           (err->code == ERROR_WOULD_BLOCK &&
            stream_read(store, position, max, STREAM_PAGE_BYTES_MAX, READ_FULL, arena, page, err));
}

/* Seqs ascend from `last`; gives the newest. */
static uint64_t
expect_in_shard(const struct stream_page *page, const struct stream_shard *shard, uint64_t last)
{
    for (uint32_t i = 0; i < page->count; i++) {
        uint64_t seq = page->records[i].seq;
        cr_assert_gt(seq, last);
        cr_assert_geq(seq, shard->start_seq);
        cr_assert(shard->end_seq == 0 || seq <= shard->end_seq);
        last = seq;
    }
    return last;
}

struct stream_record *stream_read_shard(struct store *store,
                                        uint32_t stream,
                                        const struct stream_shard *shard,
                                        uint64_t after,
                                        uint32_t max,
                                        struct arena *arena,
                                        uint32_t *count)
{
    struct stream_record *all = arena_alloc(arena, RECORDS_MAX * sizeof(*all));
    struct stream_position position = {
        .stream = stream, .shard = slice_text(shard->id), .after = after};
    struct stream_page page = {0};
    uint64_t last = after;
    *count = 0;
    do {
        struct error err = {0};
        ensure(*count + max <= RECORDS_MAX);
        page.records = all + *count;
        bool ok = stream_read_patiently(store, &position, max, arena, &page, &err);
        cr_assert(ok, "%s", err.text);
        last = expect_in_shard(&page, shard, last);
        *count += page.count;
        cr_assert_geq(page.next, last);
        cr_assert(!page.at_end || shard->end_seq != 0);
        bool moved = page.next > position.after;
        position.after = page.next;
        if (shard->end_seq == 0 && page.count == 0 && !moved) {
            break;
        }
    } while (!page.at_end);
    return all;
}

static int record_compare(const void *a, const void *b)
{
    const struct stream_record *left = a;
    const struct stream_record *right = b;
    return (left->seq > right->seq) - (left->seq < right->seq);
}

static void expect_each_once(const struct stream_record *records, uint32_t count)
{
    struct stream_record *sorted = malloc((count + 1) * sizeof(*sorted));
    ensure(sorted != NULL);
    if (count > 0) {
        memcpy(sorted, records, count * sizeof(*sorted));
        qsort(sorted, count, sizeof(*sorted), record_compare);
    }
    for (uint32_t i = 1; i < count; i++) {
        cr_assert_lt(sorted[i - 1].seq, sorted[i].seq, "record %llu is there twice",
                     (unsigned long long)sorted[i].seq);
    }
    free(sorted);
}

struct stream_record *stream_read_all(
    struct store *store, uint32_t stream, uint32_t max, struct arena *arena, uint32_t *count)
{
    struct stream_shard *shards;
    uint32_t shards_count;
    stream_settle(store);
    cr_assert(stream_shards(store, stream, arena, &shards, &shards_count));
    struct stream_record *all = arena_alloc(arena, RECORDS_MAX * sizeof(*all));
    *count = 0;
    for (uint32_t i = 0; i < shards_count; i++) {
        cr_assert(i == 0 || strcmp(shards[i - 1].id, shards[i].id) < 0, "ids do not ascend");
        cr_assert(strcmp(shards[i].parent, shards[i].id) < 0, "a child comes before its parent");
        uint32_t more;
        struct stream_record *part =
            stream_read_shard(store, stream, &shards[i], 0, max, arena, &more);
        ensure(*count + more <= RECORDS_MAX);
        if (more > 0) {
            memcpy(all + *count, part, more * sizeof(*all));
        }
        *count += more;
    }
    expect_each_once(all, *count);
    return all;
}

uint32_t item_number(struct slice key_image)
{
    struct value key;
    cr_assert(item_find(key_image, SLICE_LITERAL("pk"), &key));
    cr_assert(key.type == VALUE_S && key.payload.size >= 2 && key.payload.data[0] == 'k');
    char text[8] = "";
    memcpy(text, key.payload.data + 1, key.payload.size - 1);
    uint32_t number = (uint32_t)strtoul(text, NULL, 10);
    cr_assert_lt(number, FIXTURE_KEYS);
    return number;
}

void items_of(struct store *store, const struct table *table, struct arena *arena, struct items *to)
{
    for (uint32_t i = 0; i < FIXTURE_KEYS; i++) {
        struct slice key = sample_key(arena, arena_printf(arena, "k%u", i));
        to->images[i] = sample_get(store, table, arena, key);
    }
}

/* What a record says of itself. */
static void expect_fits(const struct stream_record *record)
{
    bool before = record->old_image.size > 0;
    bool after = record->new_image.size > 0;
    cr_assert(before || after);
    cr_assert_eq(record->event, !before ? STREAM_INSERT : !after ? STREAM_REMOVE : STREAM_MODIFY);
    cr_assert(!slice_equal(record->old_image, record->new_image), "nothing changed");
}

void items_forward(struct items *items, const struct stream_record *records, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct slice *image = &items->images[item_number(records[i].key)];
        expect_fits(&records[i]);
        cr_assert(slice_equal(*image, records[i].old_image),
                  "record %llu changes what was not there", (unsigned long long)records[i].seq);
        *image = records[i].new_image;
    }
}

void items_backward(struct items *items, const struct stream_record *records, uint32_t count)
{
    for (uint32_t i = count; i > 0; i--) {
        const struct stream_record *record = &records[i - 1];
        struct slice *image = &items->images[item_number(record->key)];
        cr_assert(slice_equal(*image, record->new_image), "record %llu made what is not there",
                  (unsigned long long)record->seq);
        *image = record->old_image;
    }
}

void items_expect_equal(const struct items *a, const struct items *b)
{
    for (uint32_t i = 0; i < FIXTURE_KEYS; i++) {
        cr_assert(slice_equal(a->images[i], b->images[i]), "item k%u differs", i);
    }
}
