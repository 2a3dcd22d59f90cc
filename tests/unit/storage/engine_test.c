/* Goal: the engine keeps its promises about order, bounds, snapshots, seqs and durability.
 * Method: small folders, reopened; the disk's sync call is replaced by ours where it must fail. */
#include "proto/base/arena.h"
#include "proto/base/bytes.h"
#include "proto/base/limits.h"
#include "tests/unit/storage/engine_fixture.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

TestSuite(engine, .timeout = 60);

static struct slice text(const char *from)
{
    return slice_text(from);
}

static uint64_t
put(struct engine *engine, enum engine_family family, const char *key, const char *value)
{
    return engine_fixture_put(engine, family, text(key), text(value));
}

static bool has(struct engine *engine,
                const struct engine_snapshot *snapshot,
                const char *key,
                const char *value)
{
    struct engine_value got;
    struct error err = {0};
    bool found;
    cr_assert(engine_get(engine, FAMILY_ITEMS, snapshot, text(key), READ_FULL, &got, &found, &err),
              "%s", err.text);
    if (!found) {
        return false;
    }
    bool same = slice_equal(got.bytes, text(value));
    engine_value_release(&got);
    return same;
}

Test(engine, a_new_folder_opens_and_opens_again)
{
    char *directory = test_directory_make();
    for (int i = 0; i < 2; i++) {
        struct engine *engine = engine_fixture_open(directory);
        cr_assert_eq(engine_durable_seq(engine), 0);
        engine_close(engine);
    }
    engine_close(NULL);
    test_directory_remove(directory);
}

Test(engine, a_written_value_is_read_until_it_is_deleted)
{
    char *directory = test_directory_make();
    struct engine *engine = engine_fixture_open(directory);
    put(engine, FAMILY_ITEMS, "k", "v");
    cr_assert(has(engine, NULL, "k", "v"));
    struct engine_batch *batch = engine_batch_open();
    engine_batch_delete(engine, batch, FAMILY_ITEMS, text("k"));
    struct error err = {0};
    cr_assert(engine_commit_append(engine, batch, engine_commit_begin(engine), &err));
    engine_batch_close(batch);
    cr_assert_not(has(engine, NULL, "k", "v"));
    engine_close(engine);
    test_directory_remove(directory);
}

Test(engine, a_snapshot_keeps_what_it_saw)
{
    char *directory = test_directory_make();
    struct engine *engine = engine_fixture_open(directory);
    put(engine, FAMILY_ITEMS, "k", "old");
    struct engine_snapshot *snapshot = engine_snapshot_take(engine);
    put(engine, FAMILY_ITEMS, "k", "new");
    cr_assert(has(engine, snapshot, "k", "old"));
    cr_assert(has(engine, NULL, "k", "new"));
    engine_snapshot_release(engine, snapshot);
    engine_snapshot_release(engine, NULL);
    engine_close(engine);
    test_directory_remove(directory);
}
