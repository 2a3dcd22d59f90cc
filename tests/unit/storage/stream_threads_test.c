/* Goal: a consumer that reads along while others write, roll shards and change their number sees
 * every record once, and those of an item in order. Method: threads; the consumer follows parents
 * before children and checks of every record that it changes what the ones before it have made;
 * what it has in the end is the table. Run it under ThreadSanitizer too. */
#include "tests/support/directory.h"
#include "tests/unit/storage/stream_fixture.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>

TestSuite(stream_threads, .timeout = 120);

enum {
    WRITERS = 2,
    WRITES_MIN = 4000,
    ROLLS_MIN = 60,
    ROLLS_MAX = 400,
    SHARDS_SEEN_MAX = 8192,
    PAGE = 50,
};

struct scene {
    struct store *store;
    const struct table *table;
    struct stream stream;
    atomic_uint writing; /* Writers that have not ended. */
    atomic_uint rolls;
};

struct writer {
    struct scene *scene;
    uint32_t index;
};

/* All writers have all keys. */
static void *writer_run(void *argument)
{
    struct writer *writer = argument;
    struct scene *scene = writer->scene;
    struct arena arena;
    uint64_t random = writer->index + 1;
    arena_init(&arena);
    for (uint32_t i = 0; i < WRITES_MIN || atomic_load(&scene->rolls) < ROLLS_MIN; i++) {
        uint64_t key = sample_next(&random) % FIXTURE_KEYS;
        const char *pk = arena_printf(&arena, "k%llu", (unsigned long long)key);
        if (sample_next(&random) % 4 == 0) {
            sample_delete(scene->store, scene->table, &arena, sample_key(&arena, pk));
        } else {
            const char *text = arena_printf(&arena, "%u %u", writer->index, i);
            sample_put(scene->store, scene->table, &arena,
                       sample_item(&arena, "pk", sample_s(pk), "v", sample_s(text), NULL));
        }
        arena_clear(&arena);
    }
    arena_destroy(&arena);
    atomic_fetch_sub(&scene->writing, 1);
    return NULL;
}

static void *roller_run(void *argument)
{
    struct scene *scene = argument;
    for (uint32_t i = 0; i < ROLLS_MAX && atomic_load(&scene->writing) > 0; i++) {
        struct error err = {0};
        bool ok = i % 50 == 49 ? stream_set_shards(scene->store, 1 + i / 50, &err)
                               : stream_roll(scene->store, 0, &err);
        cr_assert(ok || err.code == ERROR_THROTTLED || err.code == ERROR_LIMIT, "%s", err.text);
        atomic_fetch_add(&scene->rolls, 1);
    }
    return NULL;
}

struct seen {
    char id[STREAM_SHARD_ID_BYTES];
    uint64_t after;
    bool done;
};

struct consumer {
    struct scene *scene;
    struct seen *seen;
    uint32_t count;
    struct items items;
    struct arena kept; /* The items. */
    uint64_t records;
};

static struct seen *consumer_find(struct consumer *consumer, const char *id)
{
    for (uint32_t i = consumer->count; i > 0; i--) {
        if (strcmp(consumer->seen[i - 1].id, id) == 0) {
            return &consumer->seen[i - 1];
        }
    }
    return NULL;
}

/* True when it has read something or come to the shard's end. */
static bool consumer_read(struct consumer *consumer, struct seen *shard, struct arena *arena)
{
    struct stream_record records[PAGE];
    struct stream_page page = {.records = records};
    struct stream_position position = {.stream = consumer->scene->stream.id,
                                       .shard = slice_text(shard->id),
                                       .after = shard->after};
    struct error err = {0};
    bool ok = stream_read(consumer->scene->store, &position, PAGE, 1 << 20, READ_FULL, arena, &page,
                          &err);
    cr_assert(ok, "%s", err.text);
    for (uint32_t i = 0; i < page.count; i++) {
        records[i].new_image = arena_copy(&consumer->kept, records[i].new_image);
    }
    items_forward(&consumer->items, records, page.count);
    consumer->records += page.count;
    shard->after = page.next;
    shard->done = page.at_end;
    return page.count > 0 || page.at_end;
}

/* Once over all shards; true when anything was new. */
static bool consumer_turn(struct consumer *consumer)
{
    struct arena arena;
    struct stream_shard *shards;
    uint32_t count;
    bool any = false;
    arena_init(&arena);
    cr_assert(
        stream_shards(consumer->scene->store, consumer->scene->stream.id, &arena, &shards, &count));
    for (uint32_t i = 0; i < count; i++) {
        struct seen *shard = consumer_find(consumer, shards[i].id);
        if (shard == NULL) {
            ensure(consumer->count < SHARDS_SEEN_MAX);
            shard = &consumer->seen[consumer->count++];
            memcpy(shard->id, shards[i].id, sizeof(shard->id));
            any = true;
        }
        const struct seen *parent = consumer_find(consumer, shards[i].parent);
        if (!shard->done && (parent == NULL || parent->done)) {
            any = consumer_read(consumer, shard, &arena) || any;
        }
    }
    arena_destroy(&arena);
    return any;
}

static void consumer_run(struct consumer *consumer)
{
    bool last = false; /* Nothing is written any more. */
    while (consumer_turn(consumer) || !last) {
        if (atomic_load(&consumer->scene->writing) == 0) {
            stream_settle(consumer->scene->store);
            last = true;
        }
        sched_yield();
    }
}

Test(stream_threads, who_reads_along_sees_each_record_once_and_in_order)
{
    char *directory = test_directory_make();
    static struct sample_clock clock;
    struct store *store = stream_store_open(directory, &clock, 1);
    struct scene scene = {.store = store,
                          .table = sample_store_table(store, "table", VALUE_MISSING, false),
                          .stream = stream_on(store, "table", STREAM_NEW_AND_OLD_IMAGES)};
    struct writer writers[WRITERS];
    pthread_t threads[WRITERS + 1];
    atomic_store(&scene.writing, WRITERS);
    for (uint32_t i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){&scene, i};
        ensure(pthread_create(&threads[i], NULL, writer_run, &writers[i]) == 0);
    }
    ensure(pthread_create(&threads[WRITERS], NULL, roller_run, &scene) == 0);
    struct arena arena;
    arena_init(&arena);
    struct consumer consumer = {.scene = &scene,
                                .seen = arena_zalloc(&arena, SHARDS_SEEN_MAX, sizeof(struct seen))};
    consumer_run(&consumer);
    for (uint32_t i = 0; i <= WRITERS; i++) {
        pthread_join(threads[i], NULL);
    }
    struct items now;
    items_of(store, scene.table, &arena, &now);
    items_expect_equal(&consumer.items, &now);
    cr_assert_gt(consumer.records, WRITES_MIN);
    cr_assert_gt(consumer.count, 10);
    arena_destroy(&consumer.kept);
    arena_destroy(&arena);
    table_release(scene.table);
    store_close(store);
    test_directory_remove(directory);
}
