#include "storage/table/totals.h"

#include "storage/table/index_row.h"
#include "storage/table/latch.h"

#include <pthread.h>
#include <stdlib.h>

enum {
    TOTALS_ROWS_PER_PAUSE = 2048, /* With the keeper's pause: at most half of a core. */
};

struct totals {
    struct store *store;
    pthread_mutex_t counting;
};

/* One table (index 0) or one index. */
struct total {
    struct key_space space;
    int64_t items, bytes; /* What was noted when the snapshot was taken. */
};

struct count {
    struct store *store;
    const struct engine_snapshot *snapshot;
    struct total *totals;
    uint32_t totals_count;
    totals_pause pause;
    void *context;
};

struct totals *totals_open(struct store *store)
{
    struct totals *made = calloc(1, sizeof(*made));
    ensure(made != NULL);
    made->store = store;
    ensure(pthread_mutex_init(&made->counting, NULL) == 0);
    return made;
}

void totals_close(struct totals *totals)
{
    if (totals != NULL) {
        pthread_mutex_destroy(&totals->counting);
        free(totals);
    }
}

/* --- What to count --------------------------------------------------------------------------- */

static void totals_add_table(struct count *count, const struct table *table)
{
    count->totals[count->totals_count++].space = (struct key_space){table->id, 0};
    for (uint32_t i = 0; i < table->indexes_count; i++) {
        count->totals[count->totals_count++].space = index_space(table, &table->indexes[i]);
    }
}

static void totals_add_all(struct count *count, struct arena *arena)
{
    struct catalog *catalog = count->store->catalog;
    struct slice *names = arena_zalloc(arena, TABLES_MAX, sizeof(*names));
    bool more = false;
    uint32_t named = catalog_list(catalog, SLICE_LITERAL(""), TABLES_MAX, arena, names, &more);
    for (uint32_t i = 0; i < named; i++) {
        const struct table *table = catalog_acquire(catalog, names[i]);
        if (table != NULL) {
            totals_add_table(count, table);
            table_release(table);
        }
    }
}

/* Under all latches: what the catalog says now. */
static void totals_note(struct count *count)
{
    struct catalog *catalog = count->store->catalog;
    for (uint32_t i = 0; i < count->totals_count; i++) {
        struct total *total = &count->totals[i];
        struct key_space space = total->space;
        if (space.index == 0) {
            catalog_running_totals(catalog, space.table, &total->items, &total->bytes);
        } else {
            catalog_running_index_totals(catalog, space.table, space.index, &total->items,
                                         &total->bytes);
        }
    }
}

/* --- Counting -------------------------------------------------------------------------------- */

static bool
totals_image(struct key_space space, struct slice value, struct slice *image, struct error *err)
{
    bool tombstone = false;
    return space.index == 0 ? row_image(value, &tombstone, image, err)
                            : index_row_image(value, image, err);
}

/* False with ERROR_NONE: stopped. */
static bool totals_walk(const struct count *count,
                        struct engine_iterator *rows,
                        struct key_space space,
                        int64_t *items,
                        int64_t *bytes,
                        struct error *err)
{
    uint64_t seen = 0;
    error_clear(err);
    for (bool at = engine_iterator_first(rows, err); at; at = engine_iterator_next(rows, err)) {
        struct slice image;
        if (!totals_image(space, engine_iterator_value(rows), &image, err)) {
            return false;
        }
        *items += image.size > 0;
        *bytes += image.size > 0 ? (int64_t)item_size(image) : 0;
        if (++seen % TOTALS_ROWS_PER_PAUSE == 0 && count->pause(count->context)) {
            return false;
        }
    }
    return err->code == ERROR_NONE;
}

static bool
totals_count_one(const struct count *count, const struct total *total, struct error *err)
{
    struct arena arena;
    struct slice lower;
    struct slice upper;
    struct key_space space = total->space;
    int64_t items = 0;
    int64_t bytes = 0;
    arena_init(&arena);
    key_segment(space, 0, 1, &arena, &lower, &upper);
    struct engine_iterator *rows = engine_iterator_open_once(count->store->engine, FAMILY_ITEMS,
                                                             count->snapshot, lower, upper);
    bool ok = totals_walk(count, rows, space, &items, &bytes, err);
    engine_iterator_close(rows);
    arena_destroy(&arena);
    if (!ok) {
        return false;
    }
    if (space.index == 0) {
        catalog_count_items(count->store->catalog, space.table, items - total->items,
                            bytes - total->bytes);
    } else {
        catalog_count_index(count->store->catalog, space.table, space.index, items - total->items,
                            bytes - total->bytes);
    }
    return true;
}

/* `table` 0: all. */
static bool totals_count(struct totals *totals,
                         struct key_space only,
                         totals_pause pause,
                         void *context,
                         struct error *err)
{
    struct store *store = totals->store;
    struct arena arena;
    arena_init(&arena);
    struct count count = {.store = store, .pause = pause, .context = context};
    uint32_t room = only.table == 0 ? TABLES_MAX * (1 + TABLE_INDEXES_MAX) : 1;
    uint32_t *stripes = arena_alloc(&arena, LATCHES * sizeof(*stripes));
    uint32_t locked = LATCHES;
    count.totals = arena_zalloc(&arena, room, sizeof(*count.totals));
    for (uint32_t i = 0; i < LATCHES; i++) {
        stripes[i] = i;
    }
    ensure(pthread_mutex_lock(&totals->counting) == 0);
    if (only.table == 0) {
        totals_add_all(&count, &arena);
    } else {
        count.totals[count.totals_count++].space = only;
    }
    latch_lock_many(store->latches, stripes, &locked);
    struct engine_snapshot *snapshot = engine_snapshot_take(store->engine);
    totals_note(&count);
    latch_unlock_many(store->latches, stripes, locked);
    count.snapshot = snapshot;
    bool ok = true;
    for (uint32_t i = 0; ok && i < count.totals_count; i++) {
        ok = totals_count_one(&count, &count.totals[i], err);
    }
    engine_snapshot_release(store->engine, snapshot);
    ensure(pthread_mutex_unlock(&totals->counting) == 0);
    arena_destroy(&arena);
    return ok;
}

bool totals_count_all(struct totals *totals, totals_pause pause, void *context, struct error *err)
{
    return totals_count(totals, (struct key_space){0, 0}, pause, context, err);
}

bool totals_count_index(struct totals *totals,
                        uint32_t table,
                        uint16_t index,
                        totals_pause pause,
                        void *context,
                        struct error *err)
{
    return totals_count(totals, (struct key_space){table, index}, pause, context, err);
}
