#include "storage/ttl/sweeper.h"

#include "storage/table/key.h"
#include "storage/table/pace.h"
#include "storage/table/ticker.h"
#include "storage/ttl/expiry.h"
#include "storage/ttl/sweep_batch.h"

#include <stdatomic.h>
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
    SWEEPER_TICK_MS = 500,
    SWEEPER_RETRY_MS = 50,
    SWEEPER_STEP_ROWS = 4096,
    SWEEPER_CALM_S = 10, /* So far behind it still leaves clients all the room. */
    SWEEPER_LATE_S = 30,
    MS_PER_SECOND = 1000,
};

#define NO_SECOND UINT64_MAX

/* Where the sweeper is in one table. */
struct sweep_place {
    uint32_t table;
    uint64_t changed_ms; /* Of the setting: another one begins anew. */
    uint64_t from;       /* What expired in earlier seconds is gone. */
    uint8_t *row;        /* The last row dealt with, of a pass that has not ended; owned. */
    size_t row_bytes;    /* 0: the pass begins at `from`. */
    uint64_t round;      /* The last in which the table was there. */
    uint64_t even;       /* The second in which a pass last came to its end. */
};

struct sweeper {
    struct store *store;
    struct ticker ticker;
    struct pace pace;
    /* Its thread's alone. */
    struct sweep_place *places; /* TABLES_MAX of them. */
    uint32_t places_count;
    uint64_t round;
    /* Everybody's. */
    atomic_uint_fast64_t reached; /* Rows up to this second may have been passed. */
    atomic_uint_fast64_t late; /* The first second in which a row has come since; or NO_SECOND. */
    atomic_uint_fast64_t deleted, kept, damaged, behind_s;
};

/* --- Whose turn it is ------------------------------------------------------------------------- */

static uint64_t sweeper_weight(const struct table *table, struct slice region)
{
    return XXH64(region.data, region.size, XXH64(table->uid, TABLE_UID_BYTES, 0));
}

/* How many members of a replicated table delete before this one. All members come to the same
 * order, and each table to another one. */
static uint32_t sweeper_rank(const struct store *store, const struct table *table)
{
    struct slice self = slice_text(store->region_name);
    uint64_t weight = sweeper_weight(table, self);
    uint32_t rank = 0;
    for (uint32_t i = 0; i < table->replicas_count; i++) {
        struct slice other = slice_text(table->replicas[i].region);
        if (table->replicas[i].status != REPLICA_ACTIVE) {
            continue;
        }
        uint64_t others = sweeper_weight(table, other);
        rank += others < weight || (others == weight && slice_compare(other, self) < 0) ? 1 : 0;
    }
    return rank;
}

/* --- Places ----------------------------------------------------------------------------------- */

static void sweeper_move(struct sweep_place *place, uint64_t from)
{
    place->from = from;
    place->row_bytes = 0;
}

static void sweeper_keep(struct sweep_place *place, struct slice row)
{
    uint8_t *kept = realloc(place->row, row.size);
    ensure(kept != NULL);
    memcpy(kept, row.data, row.size);
    place->row = kept;
    place->row_bytes = row.size;
}

/* The table's place; NULL when there is no room, which frees itself at the end of the round. */
static struct sweep_place *sweeper_place(struct sweeper *sweeper, const struct table *table)
{
    struct sweep_place *place = NULL;
    for (uint32_t i = 0; i < sweeper->places_count && place == NULL; i++) {
        place = sweeper->places[i].table == table->id ? &sweeper->places[i] : NULL;
    }
    if (place == NULL) {
        if (sweeper->places_count == TABLES_MAX) {
            return NULL;
        }
        place = &sweeper->places[sweeper->places_count++];
        *place = (struct sweep_place){.table = table->id,
                                      .changed_ms = table->ttl.changed_ms,
                                      .even = ttl_now(sweeper->store)};
    }
    if (place->changed_ms != table->ttl.changed_ms) {
        place->changed_ms = table->ttl.changed_ms;
        place->even = ttl_now(sweeper->store);
        sweeper_move(place, 0);
    }
    place->round = sweeper->round;
    return place;
}

/* Of tables that are gone, or without TTL by now. */
static void sweeper_forget(struct sweeper *sweeper)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < sweeper->places_count; i++) {
        if (sweeper->places[i].round == sweeper->round) {
            sweeper->places[kept++] = sweeper->places[i];
        } else {
            free(sweeper->places[i].row);
        }
    }
    sweeper->places_count = kept;
}

/* Rows of earlier seconds, and some of the last one, are gone. */
static uint64_t sweeper_passed(const struct sweep_place *place)
{
    return place->row_bytes > 0 ? expiry_second(place->row) + 1 : place->from;
}

static void sweeper_take_late(struct sweeper *sweeper)
{
    uint64_t late = atomic_exchange(&sweeper->late, NO_SECOND);
    for (uint32_t i = 0; i < sweeper->places_count && late != NO_SECOND; i++) {
        if (late < sweeper_passed(&sweeper->places[i])) {
            sweeper_move(&sweeper->places[i], late);
        }
    }
}

/* --- A step ----------------------------------------------------------------------------------- */

/* Rows for one batch; `at` says whether the iterator stands on a row. One that does not decode is
 * counted and left: it must not stand in the way of those behind it. */
static bool sweeper_collect(struct sweeper *sweeper,
                            struct engine_iterator *iterator,
                            bool *at,
                            struct arena *arena,
                            struct sweep_row *rows,
                            uint32_t *count,
                            struct error *err)
{
    *count = 0;
    error_clear(err);
    while (*at && *count < SWEEP_BATCH_ROWS) {
        struct sweep_row *row = &rows[*count];
        row->expiry = arena_copy(arena, engine_iterator_key(iterator));
        if (expiry_decode(row->expiry, arena, &row->second, &row->key, err)) {
            (*count)++;
        } else {
            atomic_fetch_add(&sweeper->damaged, 1);
            error_clear(err);
        }
        *at = engine_iterator_next(iterator, err);
    }
    return err->code == ERROR_NONE;
}

static void sweeper_count(struct sweeper *sweeper, const struct sweep_result *result)
{
    atomic_fetch_add(&sweeper->deleted, result->deleted);
    atomic_fetch_add(&sweeper->kept, result->stale);
    atomic_fetch_add(&sweeper->damaged, result->damaged);
}

/* True with *at false: all rows of the range have been dealt with. */
static bool sweeper_walk(struct sweeper *sweeper,
                         const struct table *table,
                         struct sweep_place *place,
                         struct engine_iterator *iterator,
                         bool *at,
                         struct error *err)
{
    struct arena arena;
    struct sweep_row rows[SWEEP_BATCH_ROWS];
    uint32_t seen = 0;
    bool ok = true;
    bool ended = false;
    arena_init(&arena);
    error_clear(err);
    *at = engine_iterator_first(iterator, err);
    ok = err->code == ERROR_NONE;
    while (ok && *at && !ended) {
        struct sweep_result result = {0};
        uint32_t count = 0;
        ok = sweeper_collect(sweeper, iterator, at, &arena, rows, &count, err) &&
             (count == 0 || sweep_batch(sweeper->store, table, rows, count, &arena, &result, err));
        if (ok && count > 0 && !result.outdated) {
            sweeper_keep(place, rows[count - 1].expiry);
            sweeper_count(sweeper, &result);
            seen += count;
        }
        *at = *at || !ok || result.outdated;
        ended = result.outdated || seen >= SWEEPER_STEP_ROWS || pace_rest(&sweeper->pace);
        arena_clear(&arena);
    }
    arena_destroy(&arena);
    return ok;
}

/* The first second that is not over for this member. */
static uint64_t sweeper_limit(const struct store *store, const struct table *table, uint64_t now)
{
    uint64_t later = (uint64_t)sweeper_rank(store, table) * TTL_BACKUP_MS / MS_PER_SECOND;
    return now > later ? now - later : 0;
}

static bool sweeper_step(struct sweeper *sweeper,
                         const struct table *table,
                         struct sweep_place *place,
                         uint64_t limit,
                         bool *more,
                         struct error *err)
{
    if (place->from > limit) { /* The clock was set back, or others go first now. */
        sweeper_move(place, limit);
    }
    if (place->from == limit) {
        return true;
    }
    uint8_t lower[EXPIRY_HEAD_BYTES];
    uint8_t upper[EXPIRY_HEAD_BYTES];
    struct arena arena;
    arena_init(&arena);
    struct slice from = place->row_bytes > 0
                            ? key_after(slice_of(place->row, place->row_bytes), &arena)
                            : expiry_bound(table->id, place->from, lower);
    struct engine_iterator *iterator = engine_iterator_open_once(
        sweeper->store->engine, FAMILY_EXPIRY, NULL, from, expiry_bound(table->id, limit, upper));
    bool at = true;
    bool ok = sweeper_walk(sweeper, table, place, iterator, &at, err);
    engine_iterator_close(iterator);
    arena_destroy(&arena);
    if (ok && !at) {
        sweeper_move(place, limit);
    }
    *more = *more || at;
    return ok;
}

/* --- The thread ------------------------------------------------------------------------------- */

/* A table that is only being made here is left to its other members. */
static bool sweeper_serves(const struct table *table)
{
    return table->ttl.status == TTL_ENABLED &&
           (table->status == TABLE_ACTIVE || table->status == TABLE_UPDATING);
}

/* For how long there has been more to do than was done. Not how old the rows are: an item may be
 * written years after its time, and whoever turns time to live on may have such items by millions.
 */
static uint64_t sweeper_behind(const struct sweep_place *place, uint64_t now)
{
    return now > place->even ? now - place->even : 0;
}

/* Beside clients it takes its time, up to a point. */
static void sweeper_hurry(struct sweeper *sweeper, uint64_t behind_s)
{
    if (behind_s < SWEEPER_CALM_S) {
        sweeper->pace.busy_rests = PACE_BUSY_RESTS;
    } else {
        sweeper->pace.busy_rests = behind_s < SWEEPER_LATE_S ? PACE_BUSY_RESTS / 2 : 1;
    }
}

static bool
sweeper_serve(struct sweeper *sweeper, const struct table *table, bool *more, struct error *err)
{
    uint64_t now = ttl_now(sweeper->store);
    struct sweep_place *place = sweeper_place(sweeper, table);
    if (place == NULL) {
        return true;
    }
    atomic_store(&sweeper->reached, now); /* Before the rows are looked at: see sweeper_note. */
    uint64_t limit = sweeper_limit(sweeper->store, table, now);
    sweeper_hurry(sweeper, sweeper_behind(place, now));
    bool ok = sweeper_step(sweeper, table, place, limit, more, err);
    if (place->from == limit && place->row_bytes == 0) {
        place->even = now;
    }
    uint64_t behind = sweeper_behind(place, now);
    if (behind > atomic_load(&sweeper->behind_s)) {
        atomic_store(&sweeper->behind_s, behind);
    }
    return ok;
}

/* A step on every table; *more when some have not come to their end. */
static bool sweeper_round(struct sweeper *sweeper, bool *more, struct error *err)
{
    struct catalog *catalog = sweeper->store->catalog;
    struct arena arena;
    arena_init(&arena);
    struct slice *names = arena_zalloc(&arena, TABLES_MAX, sizeof(*names));
    bool others = false;
    bool ok = true;
    sweeper->round++;
    atomic_store(&sweeper->behind_s, 0);
    sweeper_take_late(sweeper);
    uint32_t count = catalog_list(catalog, SLICE_LITERAL(""), TABLES_MAX, &arena, names, &others);
    for (uint32_t i = 0; i < count; i++) {
        const struct table *table = catalog_acquire(catalog, names[i]);
        struct error failed;
        error_clear(&failed);
        if (table != NULL && sweeper_serves(table) &&
            !sweeper_serve(sweeper, table, more, &failed)) {
            *err = failed; /* The others have their turn all the same. */
            ok = false;
        }
        table_release(table);
    }
    sweeper_forget(sweeper);
    arena_destroy(&arena);
    return ok;
}

static void *sweeper_run(void *argument)
{
    struct sweeper *sweeper = argument;
    bool stopping = false;
    while (!stopping) {
        struct error err;
        bool more = false;
        error_clear(&err);
        pace_start(&sweeper->pace);
        if (!sweeper_round(sweeper, &more, &err)) { /* A stall, or a disk that stops the node. */
            stopping = ticker_pause(&sweeper->ticker, SWEEPER_RETRY_MS);
        } else if (more) {
            stopping = pace_rest(&sweeper->pace);
        } else {
            stopping = ticker_wait(&sweeper->ticker, SWEEPER_TICK_MS);
        }
    }
    return NULL;
}

static void sweeper_free(struct sweeper *sweeper)
{
    for (uint32_t i = 0; i < sweeper->places_count; i++) {
        free(sweeper->places[i].row);
    }
    ticker_clear(&sweeper->ticker);
    free(sweeper->places);
    free(sweeper);
}

bool sweeper_start(struct store *store, struct sweeper **sweeper, struct error *err)
{
    struct sweeper *made = calloc(1, sizeof(*made));
    ensure(made != NULL);
    made->store = store;
    made->places = calloc(TABLES_MAX, sizeof(*made->places));
    ensure(made->places != NULL);
    made->pace = (struct pace){
        .ticker = &made->ticker, .engine = store->engine, .busy_rests = PACE_BUSY_RESTS};
    atomic_init(&made->late, NO_SECOND);
    ticker_init(&made->ticker);
    if (!ticker_start(&made->ticker, sweeper_run, made, "sweeper", err)) {
        sweeper_free(made);
        return false;
    }
    *sweeper = made;
    return true;
}

void sweeper_stop(struct sweeper *sweeper)
{
    if (sweeper != NULL) {
        ticker_stop(&sweeper->ticker);
        sweeper_free(sweeper);
    }
}

void sweeper_kick(struct sweeper *sweeper)
{
    ticker_kick(&sweeper->ticker);
}

/* The sweeper says how far it goes, then looks; a writer has appended, then asks. So either it is
 * seen, or it sees that it is late. */
void sweeper_note(struct sweeper *sweeper, uint64_t second)
{
    if (second >= atomic_load(&sweeper->reached)) {
        return;
    }
    uint64_t late = atomic_load(&sweeper->late);
    while (second < late && !atomic_compare_exchange_weak(&sweeper->late, &late, second)) {
    }
}

void sweeper_figures(const struct sweeper *sweeper, struct ttl_figures *figures)
{
    *figures = (struct ttl_figures){
        .deleted = atomic_load(&sweeper->deleted),
        .kept = atomic_load(&sweeper->kept),
        .damaged = atomic_load(&sweeper->damaged),
        .behind_seconds = atomic_load(&sweeper->behind_s),
    };
}
