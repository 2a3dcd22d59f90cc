#include "tests/support/indexes.h"

#include "storage/table/key.h"

#include <stdlib.h>

struct pair {
    struct slice key, image;
};

struct pairs {
    struct pair *each;
    size_t count, room;
};

static void
pairs_add(struct pairs *pairs, struct arena *arena, struct slice key, struct slice image)
{
    if (pairs->count == pairs->room) {
        pairs->room = pairs->room == 0 ? 64 : 2 * pairs->room;
        struct pair *grown = arena_alloc(arena, pairs->room * sizeof(*grown));
        if (pairs->count > 0) {
            memcpy(grown, pairs->each, pairs->count * sizeof(*grown));
        }
        pairs->each = grown;
    }
    pairs->each[pairs->count++] = (struct pair){key, image};
}

static int pairs_compare(const void *a, const void *b)
{
    return slice_compare(((const struct pair *)a)->key, ((const struct pair *)b)->key);
}

/* --- What should be there --------------------------------------------------------------------- */

static bool is_named(const struct key_attribute *attributes, uint32_t count, struct slice name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (slice_equal(attributes[i].name, name)) {
            return true;
        }
    }
    return false;
}

static bool
is_projected(const struct table *table, const struct table_index *index, struct slice name)
{
    bool kept = index->projection == PROJECTION_ALL || slice_equal(name, table->partition.name) ||
                (table_has_sort(table) && slice_equal(name, table->sort.name)) ||
                is_named(index->keys.partition, index->keys.partition_count, name) ||
                is_named(index->keys.sort, index->keys.sort_count, name);
    for (uint32_t i = 0; !kept && i < index->non_key_count; i++) {
        kept = slice_equal(index->non_key[i], name);
    }
    return kept;
}

static struct slice projected(const struct table *table,
                              const struct table_index *index,
                              struct slice image,
                              struct arena *arena)
{
    struct value_walk walk;
    struct member member;
    size_t count = 0;
    struct member *kept =
        arena_zalloc(arena, (size_t)value_count((struct value){VALUE_M, image}), sizeof(*kept));
    value_walk_start(&walk, (struct value){VALUE_M, image});
    while (value_walk_next(&walk, &member)) {
        if (is_projected(table, index, member.name)) {
            kept[count++] = member;
        }
    }
    return value_make_map(arena, kept, count).payload;
}

/* Appends the parts; false when the item is not in the index. */
static bool append_parts(struct buffer *to,
                         const struct key_attribute *attributes,
                         uint32_t count,
                         size_t bytes_max,
                         struct slice image)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct value value;
        if (!item_find(image, attributes[i].name, &value) || value.type != attributes[i].type ||
            value.payload.size == 0) {
            return false;
        }
        bytes += value.payload.size;
        key_append_part(to, value);
    }
    return bytes <= bytes_max;
}

static void expect(const struct table *table,
                   const struct table_index *index,
                   struct slice image,
                   struct arena *arena,
                   struct pairs *expected)
{
    struct buffer partition;
    struct buffer key;
    const struct key_schema *keys = &index->keys;
    struct value values[KEY_PARTS_MAX];
    buffer_init(&partition, arena, 256);
    if (!append_parts(&partition, keys->partition, keys->partition_count, PARTITION_KEY_BYTES_MAX,
                      image)) {
        return;
    }
    for (uint32_t i = 0; i < keys->partition_count; i++) {
        ensure(item_find(image, keys->partition[i].name, &values[i]));
    }
    struct slice prefix =
        key_prefix((struct key_space){table->id, index->id}, values, keys->partition_count, arena);
    buffer_init(&key, arena, 256);
    buffer_append_slice(&key, prefix);
    const struct key_attribute own[TABLE_KEYS_MAX] = {table->partition, table->sort};
    if (append_parts(&key, keys->sort, keys->sort_count, SORT_KEY_BYTES_MAX, image)) {
        ensure(append_parts(&key, own, table_has_sort(table) ? 2 : 1, SIZE_MAX, image));
        pairs_add(expected, arena, buffer_slice(&key), projected(table, index, image, arena));
    }
}

/* --- What is there ---------------------------------------------------------------------------- */

static struct engine_iterator *rows_of(struct store *store,
                                       struct engine_snapshot *snapshot,
                                       uint32_t table,
                                       uint16_t index,
                                       struct arena *arena)
{
    struct slice lower;
    struct slice upper;
    key_segment((struct key_space){table, index}, 0, 1, arena, &lower, &upper);
    return engine_iterator_open_once(store->engine, FAMILY_ITEMS, snapshot, lower, upper);
}

static const char *
read_items(struct engine_iterator *rows, struct arena *arena, struct pairs *items)
{
    struct error err;
    error_clear(&err);
    for (bool at = engine_iterator_first(rows, &err); at; at = engine_iterator_next(rows, &err)) {
        bool tombstone = false;
        struct slice image;
        if (!row_image(engine_iterator_value(rows), &tombstone, &image, &err)) {
            break;
        }
        if (!tombstone) {
            pairs_add(items, arena, arena_copy(arena, engine_iterator_key(rows)),
                      arena_copy(arena, image));
        }
    }
    return err.code == ERROR_NONE ? NULL : arena_printf(arena, "read items: %s", err.text);
}

static const char *compare_index(struct engine_iterator *rows,
                                 const struct table_index *index,
                                 const struct pairs *expected,
                                 struct arena *arena)
{
    struct error err;
    size_t at_pair = 0;
    error_clear(&err);
    for (bool at = engine_iterator_first(rows, &err); at; at = engine_iterator_next(rows, &err)) {
        struct slice key = engine_iterator_key(rows);
        struct slice value = engine_iterator_value(rows);
        int order =
            at_pair == expected->count ? -1 : slice_compare(key, expected->each[at_pair].key);
        if (order != 0) {
            return arena_printf(arena, "index %.*s %s row %zu of %zu", SLICE_ARGS(index->name),
                                order < 0 ? "has one too many before" : "lacks", at_pair,
                                expected->count);
        }
        if (value.size < 1 || value.data[0] != 1 ||
            !slice_equal((struct slice){value.data + 1, value.size - 1},
                         expected->each[at_pair].image)) {
            return arena_printf(arena, "index %.*s has another image in row %zu",
                                SLICE_ARGS(index->name), at_pair);
        }
        at_pair++;
    }
    if (err.code != ERROR_NONE) {
        return arena_printf(arena, "read index: %s", err.text);
    }
    return at_pair == expected->count
               ? NULL
               : arena_printf(arena, "index %.*s ends after %zu of %zu rows",
                              SLICE_ARGS(index->name), at_pair, expected->count);
}

static const char *check_index(struct store *store,
                               struct engine_snapshot *snapshot,
                               const struct table *table,
                               const struct table_index *index,
                               const struct pairs *items,
                               struct arena *arena)
{
    struct pairs expected = {0};
    for (size_t i = 0; i < items->count; i++) {
        expect(table, index, items->each[i].image, arena, &expected);
    }
    if (expected.count > 0) {
        qsort(expected.each, expected.count, sizeof(expected.each[0]), pairs_compare);
    }
    struct engine_iterator *rows = rows_of(store, snapshot, table->id, index->id, arena);
    const char *problem = compare_index(rows, index, &expected, arena);
    engine_iterator_close(rows);
    return problem;
}

const char *indexes_problem(struct store *store, uint32_t table_id, struct arena *arena)
{
    const struct table *table = catalog_acquire_id(store->catalog, table_id);
    struct engine_snapshot *snapshot = engine_snapshot_take(store->engine);
    struct pairs items = {0};
    const char *problem = table == NULL ? "the table is gone" : NULL;
    if (problem == NULL) {
        struct engine_iterator *rows = rows_of(store, snapshot, table_id, 0, arena);
        problem = read_items(rows, arena, &items);
        engine_iterator_close(rows);
    }
    for (uint32_t i = 0; problem == NULL && i < table->indexes_count; i++) {
        if (table->indexes[i].status == INDEX_ACTIVE) {
            problem = check_index(store, snapshot, table, &table->indexes[i], &items, arena);
        }
    }
    engine_snapshot_release(store->engine, snapshot);
    table_release(table);
    return problem;
}

static const char *check_totals(
    const char *what, const struct pairs *there, int64_t items, int64_t bytes, struct arena *arena)
{
    int64_t size = 0;
    for (size_t i = 0; i < there->count; i++) {
        size += (int64_t)item_size(there->each[i].image);
    }
    return items == (int64_t)there->count && bytes == size
               ? NULL
               : arena_printf(arena, "%s: %lld items of %lld bytes, but counted %lld of %lld", what,
                              (long long)there->count, (long long)size, (long long)items,
                              (long long)bytes);
}

const char *indexes_totals_problem(struct store *store, uint32_t table_id, struct arena *arena)
{
    const struct table *table = catalog_acquire_id(store->catalog, table_id);
    struct pairs items = {0};
    if (table == NULL) {
        return "the table is gone";
    }
    struct engine_iterator *rows = rows_of(store, NULL, table_id, 0, arena);
    const char *problem = read_items(rows, arena, &items);
    engine_iterator_close(rows);
    int64_t count = 0;
    int64_t bytes = 0;
    catalog_running_totals(store->catalog, table_id, &count, &bytes);
    problem = problem != NULL ? problem : check_totals("table", &items, count, bytes, arena);
    for (uint32_t i = 0; problem == NULL && i < table->indexes_count; i++) {
        const struct table_index *index = &table->indexes[i];
        struct pairs expected = {0};
        for (size_t k = 0; k < items.count; k++) {
            expect(table, index, items.each[k].image, arena, &expected);
        }
        catalog_running_index_totals(store->catalog, table_id, index->id, &count, &bytes);
        if (index->status == INDEX_ACTIVE) {
            problem = check_totals(arena_printf(arena, "index %.*s", SLICE_ARGS(index->name)),
                                   &expected, count, bytes, arena);
        }
    }
    table_release(table);
    return problem;
}
