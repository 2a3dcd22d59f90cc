/* Goal: a point read gives the item, never a tombstone, and names a seq that covers what it saw; on
 * a loop it never reads from disk. Method: a real store; a writer thread against readers that check
 * each answer's seq against the version they saw. */
#include "proto/value/decimal.h"
#include "storage/table/key.h"
#include "tests/support/directory.h"
#include "tests/unit/storage/sample.h"

#include <criterion/criterion.h>
#include <pthread.h>

static struct arena arena;
static char *directory;
static struct sample_clock now;
static struct store *store;
static const struct table *table;
static struct error err;

static void setup(void)
{
    arena_init(&arena);
    directory = test_directory_make();
    store = sample_store_open(directory, &now);
    table = sample_store_table(store, "items", VALUE_S, true);
}

static void teardown(void)
{
    table_release(table);
    store_close(store);
    test_directory_remove(directory);
    arena_destroy(&arena);
}

TestSuite(get, .init = setup, .fini = teardown, .timeout = 60);

struct answer {
    struct slice image;
    bool found;
    uint64_t wait_seq;
};

static struct answer get(enum read_tier tier, struct slice key)
{
    struct answer answer = {0};
    cr_assert(store_get(store, table, key, tier, &arena, &answer.image, &answer.found,
                        &answer.wait_seq, &err),
              "%s", err.text);
    return answer;
}

Test(get, gives_exactly_the_item_of_the_key)
{
    struct slice item =
        sample_item(&arena, "pk", sample_s("a"), "sk", sample_s("1"), "x", sample_s("y"), NULL);
    uint64_t seq = sample_put(store, table, &arena, item);
    struct answer answer = get(READ_CACHED, sample_key_2(&arena, "a", "1"));
    cr_assert(answer.found && slice_equal(answer.image, item));
    cr_assert_eq(answer.wait_seq, seq);
    answer = get(READ_CACHED, sample_key_2(&arena, "a", "2"));
    cr_assert(!answer.found && answer.image.size == 0);
}

Test(get, does_not_see_a_tombstone_but_waits_for_the_delete)
{
    sample_put(store, table, &arena, sample_key_2(&arena, "a", "1"));
    uint64_t seq = sample_delete(store, table, &arena, sample_key_2(&arena, "a", "1"));
    struct answer answer = get(READ_CACHED, sample_key_2(&arena, "a", "1"));
    cr_assert(!answer.found && answer.image.size == 0);
    cr_assert_eq(answer.wait_seq, seq);
}

Test(get, on_a_loop_would_block_for_an_item_on_disk)
{
    struct slice key = sample_key_2(&arena, "a", "1");
    sample_put(store, table, &arena, key);
    table_release(table);
    store_close(store);
    store = sample_store_open(directory, &now);
    table = catalog_acquire(store->catalog, SLICE_LITERAL("items"));
    struct answer answer = {0};
    cr_assert_not(store_get(store, table, key, READ_CACHED, &arena, &answer.image, &answer.found,
                            &answer.wait_seq, &err));
    cr_assert_eq(err.code, ERROR_WOULD_BLOCK);
    answer = get(READ_FULL, key);
    cr_assert(answer.found && slice_equal(answer.image, key));
    answer = get(READ_CACHED, key);
    cr_assert(answer.found);
}

Test(get, reports_a_damaged_row)
{
    struct table_key key;
    key_encode(table, sample_key_2(&arena, "a", "1"), &arena, &key);
    struct engine_batch *batch = engine_batch_open();
    engine_batch_put(store->engine, batch, FAMILY_ITEMS, key.bytes, SLICE_LITERAL("\2rubbish...."));
    cr_assert(engine_commit_append(store->engine, batch, engine_commit_begin(store->engine), &err));
    engine_batch_close(batch);
    struct answer answer = {0};
    cr_assert_not(store_get(store, table, sample_key_2(&arena, "a", "1"), READ_CACHED, &arena,
                            &answer.image, &answer.found, &answer.wait_seq, &err));
    cr_assert_eq(err.code, ERROR_CORRUPT);
}

/* --- A reader's seq covers what it saw ------------------------------------------------------- */

enum { READERS = 2, WRITES = 3000 };

static _Atomic uint64_t newest_seq[WRITES + 1]; /* By the number stored in the item. */
static atomic_bool stop;

static struct slice numbered(struct arena *own, int number)
{
    return sample_item(own, "pk", sample_s("hot"), "sk", sample_s("1"), "n",
                       sample_n(own, arena_printf(own, "%d", number)), NULL);
}

static void *reader_run(void *argument)
{
    struct arena own = {0};
    uint64_t *wrong = argument;
    while (!atomic_load(&stop)) {
        struct slice image;
        bool found = false;
        uint64_t wait_seq = 0;
        struct error error = {0};
        bool ok = store_get(store, table, sample_key_2(&own, "hot", "1"), READ_CACHED, &own, &image,
                            &found, &wait_seq, &error);
        ensure(ok);
        if (found) {
            struct value n;
            struct decimal decimal;
            char text[DECIMAL_TEXT_BYTES_MAX + 1];
            ensure(item_find(image, SLICE_LITERAL("n"), &n));
            ok = decimal_from_key(n.payload, &decimal);
            ensure(ok);
            text[decimal_print(&decimal, text)] = 0;
            /* 0: the writer has not noted it yet; then the seq cannot be compared. */
            uint64_t written = atomic_load(&newest_seq[strtol(text, NULL, 10)]);
            *wrong += written > wait_seq;
        }
        arena_clear(&own);
    }
    arena_destroy(&own);
    return NULL;
}

Test(get, the_seq_to_wait_for_covers_what_was_read_while_a_writer_is_at_work)
{
    pthread_t readers[READERS];
    uint64_t wrong[READERS] = {0};
    struct arena own = {0};
    for (int i = 0; i < READERS; i++) {
        cr_assert_eq(pthread_create(&readers[i], NULL, reader_run, &wrong[i]), 0);
    }
    for (int i = 1; i <= WRITES; i++) {
        uint64_t seq = sample_put(store, table, &own, numbered(&own, i));
        atomic_store(&newest_seq[i], seq);
        arena_clear(&own);
    }
    atomic_store(&stop, true);
    for (int i = 0; i < READERS; i++) {
        pthread_join(readers[i], NULL);
        cr_assert_eq(wrong[i], 0);
    }
    arena_destroy(&own);
}
