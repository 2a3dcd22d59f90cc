#include "storage/table/keeper.h"

#include "storage/table/token.h"
#include "storage/table/totals.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define KEY_CLEAN SLICE_LITERAL("store/clean")

enum {
    KEEPER_PAUSE_MS = 1,
};

struct keeper {
    struct store *store;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t stop;
    bool stopping;     /* Under lock. */
    bool totals_exact; /* Under lock. */
    bool drops_done;   /* Under lock. */
};

/* Wait; true when the keeper shall stop. */
static bool keeper_pause(struct keeper *keeper, uint64_t ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(ms / 1000);
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    ensure(pthread_mutex_lock(&keeper->lock) == 0);
    int woken = 0;
    while (!keeper->stopping && woken == 0) {
        woken = pthread_cond_timedwait(&keeper->stop, &keeper->lock, &until);
    }
    bool stopping = keeper->stopping;
    ensure(pthread_mutex_unlock(&keeper->lock) == 0);
    return stopping;
}

static void keeper_set(struct keeper *keeper, bool *flag)
{
    ensure(pthread_mutex_lock(&keeper->lock) == 0);
    *flag = true;
    ensure(pthread_mutex_unlock(&keeper->lock) == 0);
}

static bool keeper_get(struct keeper *keeper, const bool *flag)
{
    ensure(pthread_mutex_lock(&keeper->lock) == 0);
    bool on = *flag;
    ensure(pthread_mutex_unlock(&keeper->lock) == 0);
    return on;
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

/* --- The thread ----------------------------------------------------------------------------- */

/* What fails leaves its flag down, or the totals unsaved: it is tried again at the next tick. */
static void keeper_tick(struct keeper *keeper)
{
    struct error err;
    error_clear(&err);
    if (!keeper_get(keeper, &keeper->drops_done) && keeper_finish_drops(keeper, &err)) {
        keeper_set(keeper, &keeper->drops_done);
    }
    if (!keeper_get(keeper, &keeper->totals_exact) &&
        totals_count_all(keeper->store->totals, keeper_rest, keeper, &err)) {
        keeper_set(keeper, &keeper->totals_exact);
    }
    bool saved = catalog_save_totals(keeper->store->catalog, &err);
    bool swept = keeper_sweep_tokens(keeper, &err);
    (void)saved;
    (void)swept;
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
    pthread_cond_destroy(&keeper->stop);
    pthread_mutex_destroy(&keeper->lock);
    free(keeper);
}

bool keeper_start(struct store *store, struct keeper **keeper, struct error *err)
{
    struct keeper *made = calloc(1, sizeof(*made));
    ensure(made != NULL);
    made->store = store;
    pthread_condattr_t monotonic;
    ensure(pthread_condattr_init(&monotonic) == 0);
    ensure(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    ensure(pthread_cond_init(&made->stop, &monotonic) == 0);
    pthread_condattr_destroy(&monotonic);
    ensure(pthread_mutex_init(&made->lock, NULL) == 0);
    if (!keeper_take_mark(made, err)) {
        keeper_free(made);
        return false;
    }
    int failed = pthread_create(&made->thread, NULL, keeper_run, made);
    if (failed != 0) {
        keeper_free(made);
        return error_set(err, ERROR_IO, "start the keeper thread: %s", strerror(failed));
    }
    *keeper = made;
    return true;
}

void keeper_stop(struct keeper *keeper)
{
    if (keeper == NULL) {
        return;
    }
    ensure(pthread_mutex_lock(&keeper->lock) == 0);
    keeper->stopping = true;
    ensure(pthread_cond_signal(&keeper->stop) == 0);
    ensure(pthread_mutex_unlock(&keeper->lock) == 0);
    ensure(pthread_join(keeper->thread, NULL) == 0);
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
