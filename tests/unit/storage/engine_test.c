/* Goal: what the engine holds is what was put into it, in order, within bounds, as of a snapshot,
 * over reopening; a folder that is not ours is refused. Method: small folders, reopened. */
#include "proto/base/bytes.h"
#include "tests/unit/storage/engine_fixture.h"

#include <criterion/criterion.h>
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

static void expect_open_fails(const char *directory, enum error_code code, const char *part)
{
    struct engine_options options = engine_fixture_options(directory);
    struct engine *engine = NULL;
    struct error err = {0};
    cr_assert_not(engine_open(&options, &engine, &err));
    cr_assert_eq(err.code, code, "%s: %s", error_code_name(err.code), err.text);
    cr_assert(strstr(err.text, part) != NULL, "%s", err.text);
    cr_assert_null(engine);
}

Test(engine, a_new_folder_opens_and_opens_again)
{
    char *directory = test_directory_make();
    for (int i = 0; i < 2; i++) {
        struct engine *engine = engine_fixture_open(directory);
        cr_assert_eq(engine_durable_seq(engine), 0);
        cr_assert_eq(engine_trimmed_seq(engine), 0);
        engine_close(engine);
    }
    engine_close(NULL);
    test_directory_remove(directory);
}

Test(engine, a_missing_folder_is_made_but_not_its_parents)
{
    char *directory = test_directory_make();
    char path[512];
    snprintf(path, sizeof(path), "%s/data", directory);
    engine_close(engine_fixture_open(path));
    snprintf(path, sizeof(path), "%s/no/data", directory);
    expect_open_fails(path, ERROR_IO, "No such file");
    test_directory_remove(directory);
}

Test(engine, a_folder_in_use_is_refused)
{
    char *directory = test_directory_make();
    struct engine *engine = engine_fixture_open(directory);
    expect_open_fails(directory, ERROR_IO, "lock");
    engine_close(engine);
    test_directory_remove(directory);
}

Test(engine, a_folder_of_another_format_is_refused)
{
    char *directory = test_directory_make();
    struct engine *engine = engine_fixture_open(directory);
    put(engine, FAMILY_META, "engine/format", "meridian\2");
    engine_close(engine);
    expect_open_fails(directory, ERROR_CORRUPT, "has format 2, this program reads 1");
    test_directory_remove(directory);
}

Test(engine, a_damaged_format_marker_is_refused)
{
    char *directory = test_directory_make();
    struct engine *engine = engine_fixture_open(directory);
    put(engine, FAMILY_META, "engine/format", "marsupial");
    engine_close(engine);
    expect_open_fails(directory, ERROR_CORRUPT, "marker is damaged");
    test_directory_remove(directory);
}

Test(engine, data_without_a_format_marker_is_refused)
{
    char *directory = test_directory_make();
    struct engine *engine = engine_fixture_open(directory);
    struct engine_batch *batch = engine_batch_open();
    struct error err = {0};
    engine_batch_delete(engine, batch, FAMILY_META, text("engine/format"));
    engine_batch_put(engine, batch, FAMILY_ITEMS, text("k"), text("v"));
    cr_assert(engine_commit_append(engine, batch, engine_commit_begin(engine), &err));
    engine_batch_close(batch);
    engine_close(engine);
    expect_open_fails(directory, ERROR_CORRUPT, "no format marker");
    test_directory_remove(directory);
}

Test(engine, damaged_seqs_are_refused_at_opening)
{
    char *directory = test_directory_make();
    struct engine *engine = engine_fixture_open(directory);
    put(engine, FAMILY_LOG, "seven b", "");
    engine_close(engine);
    expect_open_fails(directory, ERROR_CORRUPT, "log key of 7 bytes");
    test_directory_remove(directory);

    directory = test_directory_make();
    engine = engine_fixture_open(directory);
    put(engine, FAMILY_META, "engine/trimmed", "short");
    engine_close(engine);
    expect_open_fails(directory, ERROR_CORRUPT, "trimming is damaged");
    test_directory_remove(directory);
}

Test(engine, rocksdbs_own_damage_is_called_corrupt)
{
    char *directory = test_directory_make();
    engine_close(engine_fixture_open(directory));
    char path[512];
    snprintf(path, sizeof(path), "%s/CURRENT", directory);
    FILE *current = fopen(path, "w");
    cr_assert_not_null(current);
    fputs("nonsense\n", current);
    fclose(current);
    expect_open_fails(directory, ERROR_CORRUPT, "data folder");
    test_directory_remove(directory);
}

Test(engine, a_written_value_is_read_until_it_is_deleted)
{
    char *directory = test_directory_make();
    struct engine *engine = engine_fixture_open(directory);
    put(engine, FAMILY_ITEMS, "k", "v");
    cr_assert(has(engine, NULL, "k", "v"));
    struct engine_batch *batch = engine_batch_open();
    struct error err = {0};
    engine_batch_put(engine, batch, FAMILY_ITEMS, text("cleared"), text("away"));
    engine_batch_clear(batch);
    engine_batch_delete(engine, batch, FAMILY_ITEMS, text("k"));
    cr_assert(engine_commit_append(engine, batch, engine_commit_begin(engine), &err));
    engine_batch_close(batch);
    engine_batch_close(NULL);
    cr_assert_not(has(engine, NULL, "k", "v"));
    cr_assert_not(has(engine, NULL, "cleared", "away"));
    engine_close(engine);
    test_directory_remove(directory);
}

Test(engine, families_do_not_see_each_other)
{
    char *directory = test_directory_make();
    struct engine *engine = engine_fixture_open(directory);
    put(engine, FAMILY_REPL, "k", "v");
    put(engine, FAMILY_CONFLICTS, "k", "v");
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
    put(engine, FAMILY_ITEMS, "l", "new");
    cr_assert(has(engine, snapshot, "k", "old"));
    cr_assert(has(engine, NULL, "k", "new"));
    struct error err = {0};
    struct slice none = {NULL, 0};
    struct engine_iterator *rows =
        engine_iterator_open(engine, FAMILY_ITEMS, snapshot, none, none, READ_FULL);
    cr_assert(engine_iterator_first(rows, &err));
    cr_assert(slice_is(engine_iterator_value(rows), "old"));
    cr_assert_not(engine_iterator_next(rows, &err));
    cr_assert_eq(err.code, ERROR_NONE);
    engine_iterator_close(rows);
    engine_snapshot_release(engine, snapshot);
    engine_snapshot_release(engine, NULL);
    engine_close(engine);
    test_directory_remove(directory);
}

static void expect_at(bool moved, const struct engine_iterator *rows, const char *key)
{
    cr_assert(moved, "no key where %s was expected", key);
    struct slice at = engine_iterator_key(rows);
    cr_assert(slice_is(at, key), "%.*s instead of %s", SLICE_ARGS(at), key);
}

Test(engine, an_iterator_moves_both_ways_and_stays_within_its_bounds)
{
    char *directory = test_directory_make();
    struct engine *engine = engine_fixture_open(directory);
    const char *keys[] = {"a", "b", "d", "f", "g"};
    for (size_t i = 0; i < ARRAY_COUNT(keys); i++) {
        put(engine, FAMILY_ITEMS, keys[i], keys[i]);
    }
    struct error err = {0};
    struct engine_iterator *rows =
        engine_iterator_open(engine, FAMILY_ITEMS, NULL, text("b"), text("g"), READ_FULL);
    expect_at(engine_iterator_first(rows, &err), rows, "b");
    expect_at(engine_iterator_next(rows, &err), rows, "d");
    expect_at(engine_iterator_previous(rows, &err), rows, "b");
    cr_assert_not(engine_iterator_previous(rows, &err));
    expect_at(engine_iterator_last(rows, &err), rows, "f");
    cr_assert_not(engine_iterator_next(rows, &err));
    expect_at(engine_iterator_seek(rows, text("c"), &err), rows, "d");
    expect_at(engine_iterator_seek(rows, text("d"), &err), rows, "d");
    expect_at(engine_iterator_seek(rows, text("a"), &err), rows, "b");
    cr_assert_not(engine_iterator_seek(rows, text("g"), &err));
    expect_at(engine_iterator_seek_back(rows, text("e"), &err), rows, "d");
    expect_at(engine_iterator_seek_back(rows, text("d"), &err), rows, "d");
    expect_at(engine_iterator_seek_back(rows, text("z"), &err), rows, "f");
    cr_assert_not(engine_iterator_seek_back(rows, text("a"), &err));
    cr_assert_eq(err.code, ERROR_NONE);
    engine_iterator_close(rows);
    engine_iterator_close(NULL);
    engine_close(engine);
    test_directory_remove(directory);
}

Test(engine, a_cached_read_of_a_cold_row_would_block_until_a_full_read_warmed_it)
{
    char *directory = test_directory_make();
    struct engine *engine = engine_fixture_open(directory);
    put(engine, FAMILY_ITEMS, "k", "v");
    engine_close(engine);
    engine = engine_fixture_open(directory); /* Opening moved the row into a file. */
    struct error err = {0};
    struct engine_value value;
    bool found;
    struct slice none = {NULL, 0};
    cr_assert_not(
        engine_get(engine, FAMILY_ITEMS, NULL, text("k"), READ_CACHED, &value, &found, &err));
    cr_assert_eq(err.code, ERROR_WOULD_BLOCK, "%s", err.text);
    struct engine_snapshot *snapshot = engine_snapshot_take(engine);
    cr_assert_not(
        engine_get(engine, FAMILY_ITEMS, snapshot, text("k"), READ_CACHED, &value, &found, &err));
    engine_snapshot_release(engine, snapshot);
    struct engine_iterator *rows =
        engine_iterator_open(engine, FAMILY_ITEMS, NULL, none, none, READ_CACHED);
    error_clear(&err);
    cr_assert_not(engine_iterator_first(rows, &err));
    cr_assert_eq(err.code, ERROR_WOULD_BLOCK, "%s", err.text);
    engine_iterator_close(rows);

    cr_assert(has(engine, NULL, "k", "v"));
    cr_assert(engine_get(engine, FAMILY_ITEMS, NULL, text("k"), READ_CACHED, &value, &found, &err));
    cr_assert(found);
    engine_value_release(&value);
    engine_close(engine);
    test_directory_remove(directory);
}

/* Goal: a range that was dropped does not hide that a row near it is cold. RocksDB 7.8 forgets an
 * "incomplete" when it skips a row under a range tombstone, so there must be none. Method: the
 * dropped row's file is warm, the file with its successor is cold. */
Test(engine, a_cached_way_over_cold_rows_would_block_also_beside_a_dropped_range)
{
    char *directory = test_directory_make();
    struct error err = {0};
    struct engine *engine = engine_fixture_open(directory);
    put(engine, FAMILY_ITEMS, "a1", "old");
    put(engine, FAMILY_ITEMS, "z1", "v"); /* Keeps the file when the range goes. */
    engine_close(engine);
    engine = engine_fixture_open(directory); /* Opening moved the rows into a file. */
    cr_assert(engine_drop_range(engine, FAMILY_ITEMS, text("a"), text("b"), &err), "%s", err.text);
    put(engine, FAMILY_ITEMS, "b1", "v");
    engine_close(engine);
    engine = engine_fixture_open(directory);
    cr_assert(has(engine, NULL, "z1", "v")); /* Warms the first file alone. */
    struct engine_iterator *rows =
        engine_iterator_open(engine, FAMILY_ITEMS, NULL, text("b"), text("c"), READ_CACHED);
    cr_assert_not(engine_iterator_last(rows, &err));
    cr_assert_eq(err.code, ERROR_WOULD_BLOCK, "%s", err.text);
    cr_assert_not(engine_iterator_first(rows, &err));
    cr_assert_eq(err.code, ERROR_WOULD_BLOCK, "%s", err.text);
    engine_iterator_close(rows);
    rows = engine_iterator_open(engine, FAMILY_ITEMS, NULL, text("b"), text("c"), READ_FULL);
    expect_at(engine_iterator_last(rows, &err), rows, "b1");
    engine_iterator_close(rows);
    engine_close(engine);
    test_directory_remove(directory);
}

/* Goal: an iterator never passes over a file that it cannot read. RocksDB 7.8 forgets an
 * "incomplete" where it steps from a file into the next one of its level, if it looks out for range
 * tombstones. Method: a key to a file, files that moved down to one level, all cold but one. */
Test(engine, a_cached_way_into_the_next_file_would_block)
{
    enum { FILES = 12, COLD = 5 };
    char *directory = test_directory_make();
    char keys[FILES][16];
    struct error err = {0};
    struct engine *engine = engine_fixture_open(directory);
    for (int i = 0; i < FILES; i++) { /* Opening again writes a file. */
        snprintf(keys[i], sizeof(keys[i]), "k%02d", i);
        put(engine, FAMILY_STREAMS, keys[i], "v");
        engine_close(engine);
        engine = engine_fixture_open(directory);
    }
    for (int i = 0; i < FILES; i++) {
        struct engine_value value;
        bool found;
        if (i != COLD) {
            cr_assert(engine_get(engine, FAMILY_STREAMS, NULL, text(keys[i]), READ_FULL, &value,
                                 &found, &err));
            engine_value_release(&value);
        }
    }
    struct engine_iterator *rows = engine_iterator_open(
        engine, FAMILY_STREAMS, NULL, text(keys[COLD - 1]), (struct slice){0}, READ_CACHED);
    bool at = engine_iterator_first(rows, &err); /* Blocks at once if the files have not moved. */
    if (at) {
        expect_at(at, rows, keys[COLD - 1]);
        at = engine_iterator_next(rows, &err);
    }
    cr_assert_not(at, "%s was passed over", keys[COLD]);
    cr_assert_eq(err.code, ERROR_WOULD_BLOCK, "%s", err.text);
    engine_iterator_close(rows);
    engine_close(engine);
    test_directory_remove(directory);
}

Test(engine, a_dropped_range_is_gone_and_its_neighbours_stay)
{
    char *directory = test_directory_make();
    struct engine *engine = engine_fixture_open(directory);
    const char *keys[] = {"a", "b", "b\xff", "c", "d"};
    for (size_t i = 0; i < ARRAY_COUNT(keys); i++) {
        put(engine, FAMILY_ITEMS, keys[i], keys[i]);
    }
    engine_close(engine);
    engine = engine_fixture_open(directory); /* All five are in one file, so none may go by file. */
    struct error err = {0};
    cr_assert(engine_drop_files(engine, FAMILY_ITEMS, text("a"), text("d"), &err), "%s", err.text);
    cr_assert(has(engine, NULL, "b", "b"));
    cr_assert(engine_drop_range(engine, FAMILY_ITEMS, text("b"), text("c"), &err), "%s", err.text);
    cr_assert(has(engine, NULL, "a", "a"));
    cr_assert_not(has(engine, NULL, "b", "b"));
    cr_assert_not(has(engine, NULL, "b\xff", "b\xff"));
    cr_assert(has(engine, NULL, "c", "c"));
    cr_assert(has(engine, NULL, "d", "d"));
    engine_close(engine);
    test_directory_remove(directory);
}

Test(engine, figures_say_what_is_used)
{
    char *directory = test_directory_make();
    struct engine *engine = engine_fixture_open(directory);
    struct engine_figures figures;
    for (int i = 0; i < 100; i++) {
        char key[16];
        snprintf(key, sizeof(key), "%d", i);
        put(engine, FAMILY_ITEMS, key, "value");
    }
    engine_figures(engine, &figures);
    cr_assert_eq(figures.keys[FAMILY_ITEMS], 100);
    cr_assert_eq(figures.keys[FAMILY_LOG], 0);
    cr_assert_gt(figures.memtable_bytes, 0);
    cr_assert_eq(figures.live_bytes, 0);
    cr_assert_not(figures.write_stopped);
    engine_close(engine);
    engine = engine_fixture_open(directory);
    cr_assert(has(engine, NULL, "1", "value"));
    engine_figures(engine, &figures);
    cr_assert_gt(figures.live_bytes, 0);
    cr_assert_gt(figures.block_cache_bytes, 0);
    cr_assert_geq(figures.block_cache_pinned_bytes, 0);
    cr_assert_geq(figures.table_reader_bytes, 0);
    cr_assert_geq(figures.pending_compaction_bytes, 0);
    engine_close(engine);
    test_directory_remove(directory);
}
