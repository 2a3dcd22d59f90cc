#include "storage/table/keeper.h"

#include "storage/stream/stream.h"
#include "storage/table/ticker.h"
#include "storage/table/token.h"
#include "storage/table/totals.h"

#include <stdlib.h>

#define KEY_CLEAN SLICE_LITERAL("store/clean")

enum {
    KEEPER_PAUSE_MS = 1,
    KEEPER_CONFLICTS_STEP = 1024,
};

struct keeper {
    struct store *store;
    struct ticker ticker;
    bool totals_exact; /* Under the ticker's lock, as the next. */
    bool drops_done;
};

static bool keeper_pause(struct keeper *keeper, uint64_t ms)
{
    return ticker_pause(&keeper->ticker, ms);
}

static void keeper_set(struct keeper *keeper, bool *flag)
{
    ticker_set(&keeper->ticker, flag, true);
}

static bool keeper_get(struct keeper *keeper, const bool *flag)
{
    return ticker_get(&keeper->ticker, flag);
}

/* --- Interrupted drops ---------------------------------------------------------------------- */

static bool keeper_finish_drops(struct keeper *keeper, struct error *err)
{
    struct store *store = keeper->store;
    uint32_t id = 0;
    do {
        if (!catalog_next_dropped(store->catalog, id, &id, err) ||
            (id != 0 && !store_drop_rows(store, id, err))) {
            return false;
        }
    } while (id != 0);
    return true;
}

/* Between the rows of a count: at most half of a core. */
static bool keeper_rest(void *context)
{
    return keeper_pause(context, KEEPER_PAUSE_MS);
}

/* --- Client tokens --------------------------------------------------------------------------- */

static bool keeper_sweep_tokens(struct keeper *keeper, struct error *err)
{
    struct token_sweep sweep = {0};
    while (!sweep.done) {
        if (!token_sweep(keeper->store, &sweep, err)) {
            return false;
        }
        if (!sweep.done && keeper_pause(keeper, KEEPER_PAUSE_MS)) {
            return true;
        }
    }
    return true;
}

/* --- Conflicts ------------------------------------------------------------------------------- */

static bool keeper_forget_conflicts(struct keeper *keeper, struct error *err)
{
    struct store *store = keeper->store;
    uint64_t now_ms = store->clock.wall_ms(store->clock.context);
    bool more = store->conflicts_kept_ms > 0 && now_ms > store->conflicts_kept_ms;
    while (more) {
        if (!store_conflicts_forget(store, now_ms - store->conflicts_kept_ms, KEEPER_CONFLICTS_STEP,
                                    &more, err)) {
            return false;
        }
        if (more && keeper_pause(keeper, KEEPER_PAUSE_MS)) {
            return true;
        }
    }
    return true;
}

/* --- The thread ----------------------------------------------------------------------------- */

/* What fails leaves its flag down, or the totals unsaved: it is tried again at the next tick. */
static void keeper_tick(struct keeper *keeper)
{
    struct error err;
    error_clear(&err);
    bool dropped = keeper_get(keeper, &keeper->drops_done) || keeper_finish_drops(keeper, &err);
    if (!keeper_get(keeper, &keeper->totals_exact) &&
        totals_count_all(keeper->store->totals, keeper_rest, keeper, &err)) {
        keeper_set(keeper, &keeper->totals_exact);
    }
    bool saved = catalog_save_totals(keeper->store->catalog, &err);
    bool swept = keeper_sweep_tokens(keeper, &err);
    bool ticked = stream_tick(keeper->store, &err);
    bool forgotten = keeper_forget_conflicts(keeper, &err);
    (void)saved;
    (void)forgotten;
    (void)swept;
    (void)ticked;
    if (dropped) { /* Last: who sees it knows that this tick writes nothing more. */
        keeper_set(keeper, &keeper->drops_done);
    }
}

static void *keeper_run(void *argument)
{
    struct keeper *keeper = argument;
    do {
        keeper_tick(keeper);
    } while (!keeper_pause(keeper, KEEPER_TICK_MS));
    return NULL;
}

/* Take the mark away before the first write can be appended: the write-ahead log keeps the order,
 * so no crash can bring back the mark without taking back every later write too. */
static bool keeper_take_mark(struct keeper *keeper, struct error *err)
{
    struct engine *engine = keeper->store->engine;
    struct engine_value value;
    bool found = false;
    if (!engine_get(engine, FAMILY_META, NULL, KEY_CLEAN, READ_FULL, &value, &found, err)) {
        return false;
    }
    /* A store without tables has nothing to count. */
    keeper->totals_exact = found || catalog_count(keeper->store->catalog) == 0;
    if (!found) {
        return true;
    }
    engine_value_release(&value);
    struct engine_batch *batch = engine_batch_open();
    engine_batch_delete(engine, batch, FAMILY_META, KEY_CLEAN);
    uint64_t seq = engine_commit_begin(engine);
    bool ok = engine_commit_append(engine, batch, seq, err);
    engine_batch_close(batch);
    return ok;
}

static void keeper_free(struct keeper *keeper)
{
    ticker_clear(&keeper->ticker);
    free(keeper);
}

bool keeper_start(struct store *store, struct keeper **keeper, struct error *err)
{
    struct keeper *made = calloc(1, sizeof(*made));
    ensure(made != NULL);
    made->store = store;
    ticker_init(&made->ticker);
    if (!keeper_take_mark(made, err) ||
        !ticker_start(&made->ticker, keeper_run, made, "keeper", err)) {
        keeper_free(made);
        return false;
    }
    *keeper = made;
    return true;
}

void keeper_stop(struct keeper *keeper)
{
    if (keeper == NULL) {
        return;
    }
    ticker_stop(&keeper->ticker);
    struct engine *engine = keeper->store->engine;
    struct error err; /* Without the mark the next opening counts: nothing is lost. */
    error_clear(&err);
    if (catalog_save_totals(keeper->store->catalog, &err) && keeper->totals_exact) {
        struct engine_batch *batch = engine_batch_open();
        engine_batch_put(engine, batch, FAMILY_META, KEY_CLEAN, SLICE_LITERAL("1"));
        uint64_t seq = engine_commit_begin(engine);
        bool marked = engine_commit_append(engine, batch, seq, &err);
        (void)marked;
        engine_batch_close(batch);
    }
    keeper_free(keeper);
}

bool keeper_is_settled(struct keeper *keeper)
{
    return keeper_get(keeper, &keeper->totals_exact) && keeper_get(keeper, &keeper->drops_done);
}
