#include "storage/table/builder.h"

#include "storage/table/backfill.h"
#include "storage/table/index_row.h"
#include "storage/table/latch.h"
#include "storage/table/pace.h"
#include "storage/table/ticker.h"
#include "storage/table/totals.h"
#include "storage/ttl/ttl_build.h"

#include <stdlib.h>

enum {
    BUILDER_RETRY_MS = 200,
    BUILDER_TICK_MS = 60000,
};

struct builder {
    struct store *store;
    struct ticker ticker;
    struct pace pace;
};

/* --- Changes of the description --------------------------------------------------------------- */

/* What becomes of the index `id`. The rest of `table` is the newest description. */
typedef void (*builder_change)(struct table *table, struct table_index *index);

static void builder_set_backfilling(struct table *table, struct table_index *index)
{
    (void)table;
    index->backfilling = true;
}

static void builder_set_active(struct table *table, struct table_index *index)
{
    (void)table;
    index->status = INDEX_ACTIVE;
    index->backfilling = false;
}

static bool builder_keys_use(const struct key_schema *keys, struct slice name)
{
    for (uint32_t i = 0; i < keys->partition_count; i++) {
        if (slice_equal(keys->partition[i].name, name)) {
            return true;
        }
    }
    for (uint32_t i = 0; i < keys->sort_count; i++) {
        if (slice_equal(keys->sort[i].name, name)) {
            return true;
        }
    }
    return false;
}

static bool builder_table_uses(const struct table *table, struct slice name)
{
    struct key_schema own = table_key_schema(table);
    bool used = builder_keys_use(&own, name);
    for (uint32_t i = 0; !used && i < table->indexes_count; i++) {
        used = builder_keys_use(&table->indexes[i].keys, name);
    }
    return used;
}

/* With the index go the attribute definitions that nothing else uses. */
static void builder_take_out(struct table *table, struct table_index *index)
{
    struct table_index *end = index + (table->indexes_count - (uint32_t)(index - table->indexes));
    memmove(index, index + 1, (size_t)(end - index - 1) * sizeof(*index));
    table->indexes_count--;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < table->attributes_count; i++) {
        if (builder_table_uses(table, table->attributes[i].name)) {
            table->attributes[kept++] = table->attributes[i];
        }
    }
    table->attributes_count = kept;
}

/* Change the index if it still has this status. The caller looks at the outcome anew. */
static bool builder_update(struct builder *builder,
                           const struct dropped_index *which,
                           enum index_status status,
                           builder_change change,
                           struct error *err)
{
    struct catalog *catalog = builder->store->catalog;
    bool ok = true;
    catalog_change_begin(catalog);
    const struct table *newest = catalog_acquire_id(catalog, which->table_id);
    const struct table_index *found =
        newest == NULL ? NULL : table_find_index_id(newest, which->index);
    if (found != NULL && found->status == status) {
        struct arena arena;
        arena_init(&arena);
        struct table *changed = arena_alloc(&arena, sizeof(*changed));
        struct table_index *indexes = arena_alloc(&arena, newest->indexes_count * sizeof(*indexes));
        *changed = *newest;
        memcpy(indexes, newest->indexes, newest->indexes_count * sizeof(*indexes));
        changed->indexes = indexes;
        change(changed, &indexes[found - newest->indexes]);
        ok = catalog_update(catalog, changed, err);
        arena_destroy(&arena);
    }
    catalog_change_end(catalog);
    table_release(newest);
    return ok || err->code == ERROR_NOT_FOUND; /* The table went meanwhile. */
}

/* --- Work ------------------------------------------------------------------------------------- */

static bool
builder_finish(struct builder *builder, const struct dropped_index *which, struct error *err)
{
    /* Writers count what they change by what an item was and is, whether its row was there yet or
     * not: only now does a count find what the totals must say. */
    if (!totals_count_index(builder->store->totals, which->table_id, which->index, pace_rest,
                            &builder->pace, err)) {
        return err->code == ERROR_NONE; /* Stopped: counted again after the next start. */
    }
    return builder_update(builder, which, INDEX_CREATING, builder_set_active, err) &&
           backfill_forget_old(builder->store, err);
}

static bool builder_fill(struct builder *builder,
                         const struct table *table,
                         const struct table_index *index,
                         struct error *err)
{
    const struct dropped_index which = {table->id, index->id};
    enum backfill_progress progress = BACKFILL_MORE;
    if (!index->backfilling) {
        return builder_update(builder, &which, INDEX_CREATING, builder_set_backfilling, err);
    }
    if (!backfill_step(builder->store, table, index, pace_rest, &builder->pace, &progress, err)) {
        return false;
    }
    return progress != BACKFILL_DONE || builder_finish(builder, &which, err);
}

/* A piece of work on each index of the table that needs some. */
static bool
builder_serve(struct builder *builder, const struct table *table, bool *worked, struct error *err)
{
    for (uint32_t i = 0; i < table->indexes_count && table_is_current(table); i++) {
        const struct table_index *index = &table->indexes[i];
        const struct dropped_index which = {table->id, index->id};
        bool ok = true;
        if (index->status == INDEX_CREATING) {
            ok = builder_fill(builder, table, index, err);
        } else if (index->status == INDEX_DELETING) {
            ok = builder_update(builder, &which, INDEX_DELETING, builder_take_out, err);
        } else {
            continue;
        }
        *worked = true;
        if (!ok) {
            return false;
        }
    }
    return true;
}

static bool builder_serve_all(struct builder *builder, bool *worked, struct error *err)
{
    struct catalog *catalog = builder->store->catalog;
    struct arena arena;
    arena_init(&arena);
    struct slice *names = arena_zalloc(&arena, TABLES_MAX, sizeof(*names));
    bool more = false;
    bool ok = true;
    uint32_t count = catalog_list(catalog, SLICE_LITERAL(""), TABLES_MAX, &arena, names, &more);
    for (uint32_t i = 0; ok && i < count; i++) {
        const struct table *table = catalog_acquire(catalog, names[i]);
        if (table != NULL) {
            ok = builder_serve(builder, table, worked, err) &&
                 ttl_build(builder->store, table, pace_rest, &builder->pace, worked, err);
            table_release(table);
        }
    }
    arena_destroy(&arena);
    return ok;
}

/* Rows of indexes that are in no description any more. After a pass over the latches nobody can
 * write any. */
static bool builder_drop(struct builder *builder, struct error *err)
{
    struct store *store = builder->store;
    struct dropped_index dropped = {0};
    for (;;) {
        if (!catalog_next_dropped_index(store->catalog, &dropped, err)) {
            return false;
        }
        if (dropped.table_id == 0) {
            return true;
        }
        struct arena arena;
        struct slice lower;
        struct slice upper;
        arena_init(&arena);
        key_segment((struct key_space){dropped.table_id, dropped.index}, 0, 1, &arena, &lower,
                    &upper);
        latches_barrier(store->latches);
        bool ok = engine_drop_range(store->engine, FAMILY_ITEMS, lower, upper, err) &&
                  catalog_forget_dropped_index(store->catalog, &dropped, err);
        arena_destroy(&arena);
        if (!ok) {
            return false;
        }
    }
}

/* --- The thread ------------------------------------------------------------------------------- */

static void *builder_run(void *argument)
{
    struct builder *builder = argument;
    bool stopping = false;
    while (!stopping) {
        struct error err;
        bool worked = false;
        error_clear(&err);
        pace_start(&builder->pace);
        bool ok = builder_serve_all(builder, &worked, &err) && builder_drop(builder, &err) &&
                  (worked || backfill_forget_old(builder->store, &err));
        if (!ok) { /* A stall is over soon; a disk that fails stops the node. */
            stopping = ticker_pause(&builder->ticker, BUILDER_RETRY_MS);
        } else if (worked) {
            stopping = pace_rest(&builder->pace);
        } else {
            stopping = ticker_wait(&builder->ticker, BUILDER_TICK_MS);
        }
    }
    return NULL;
}

static void builder_kick(void *context)
{
    struct builder *builder = context;
    ticker_kick(&builder->ticker);
}

bool builder_start(struct store *store, struct builder **builder, struct error *err)
{
    struct builder *made = calloc(1, sizeof(*made));
    ensure(made != NULL);
    made->store = store;
    ticker_init(&made->ticker);
    made->pace = (struct pace){
        .ticker = &made->ticker, .engine = store->engine, .busy_rests = PACE_BUSY_RESTS};
    catalog_watch(store->catalog, builder_kick, made);
    if (!ticker_start(&made->ticker, builder_run, made, "builder", err)) {
        catalog_watch(store->catalog, NULL, NULL);
        ticker_clear(&made->ticker);
        free(made);
        return false;
    }
    *builder = made;
    return true;
}

void builder_stop(struct builder *builder)
{
    if (builder == NULL) {
        return;
    }
    ticker_stop(&builder->ticker);
    catalog_watch(builder->store->catalog, NULL, NULL);
    ticker_clear(&builder->ticker);
    free(builder);
}
