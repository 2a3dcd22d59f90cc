/* The sync thread: one fdatasync covers everything appended before it began.
 *
 *     sleep until ended > synced          (RELAXED: and the interval is over, or somebody waits)
 *     target = ended; flush and sync the write-ahead log; synced = target
 *     wake the waiters, call on_durable; again
 *
 * No timer gathers writes: while one sync runs, the writes for the next one gather by themselves.
 *
 * An appender that finds the thread awake does nothing; the pair (ended, sync_idle) is a Dekker
 * handshake in sequentially consistent order: either the appender sees sync_idle and wakes the
 * thread, or the thread sees the new `ended` before it sleeps.
 *
 * Who waits for a seq that the round under way does not cover sleeps on the other condition: of
 * many waiters each is woken by one round only, its own.
 *
 * When a sync fails, the kernel may have dropped the dirty pages, so trying again proves nothing:
 * the thread ends, everyone who waits or appends gets IO, for ever. */
#include "storage/engine/engine_inner.h"

#include <sched.h>
#include <time.h>

static void sync_deadline(struct timespec *at, uint32_t after_ms)
{
    clock_gettime(CLOCK_MONOTONIC, at);
    at->tv_sec += after_ms / 1000;
    at->tv_nsec += (long)(after_ms % 1000) * 1000000;
    if (at->tv_nsec >= 1000000000) {
        at->tv_nsec -= 1000000000;
        at->tv_sec++;
    }
}

/* With engine->sync held: sleep until there is something to sync. False: stop, all is synced. */
static bool sync_sleep(struct engine *engine)
{
    for (;;) {
        atomic_store(&engine->sync_idle, true);
        bool behind = atomic_load(&engine->ended) > atomic_load(&engine->synced);
        if (behind || engine->sync_stopping) {
            atomic_store(&engine->sync_idle, false);
            return behind;
        }
        pthread_cond_wait(&engine->sync_wanted, &engine->sync);
    }
}

/* With engine->sync held, RELAXED: let the interval pass unless somebody waits for the disk. */
static void sync_linger(struct engine *engine)
{
    struct timespec deadline;
    sync_deadline(&deadline, engine->sync_interval_ms);
    while (engine->sync_waiters == 0 && !engine->sync_stopping &&
           pthread_cond_timedwait(&engine->sync_wanted, &engine->sync, &deadline) == 0) {
    }
}

void sync_fail(struct engine *engine, const char *reason)
{
    pthread_mutex_lock(&engine->sync);
    if (!atomic_load(&engine->failed)) {
        snprintf(engine->failure, sizeof(engine->failure), "%s", reason);
        atomic_store(&engine->failed, true);
    }
    pthread_cond_broadcast(&engine->sync_done[0]);
    pthread_cond_broadcast(&engine->sync_done[1]);
    pthread_mutex_unlock(&engine->sync);
}

/* When the cores are busy, let the loops finish what they are at before the next sync begins: it
 * then covers more writes, and a durable put costs a sixth less. On an idle machine this changes
 * nothing. Where the kernel will not, all goes on as before. */
static void sync_give_way(void)
{
    const struct sched_param no_priority = {0};
    (void)pthread_setschedparam(pthread_self(), SCHED_BATCH, &no_priority);
}

static void *sync_run(void *argument)
{
    struct engine *engine = argument;
    sync_give_way();
    pthread_mutex_lock(&engine->sync);
    while (!atomic_load(&engine->failed) && sync_sleep(engine)) {
        if (engine->durability == DURABILITY_RELAXED) {
            sync_linger(engine);
        }
        uint64_t target = atomic_load(&engine->ended);
        engine->sync_target = target;
        engine->sync_under_way = true;
        pthread_mutex_unlock(&engine->sync);

        char *reason = NULL;
        rocksdb_flush_wal(engine->db, 1, &reason);
        if (reason != NULL) {
            sync_fail(engine, reason);
            rocksdb_free(reason);
        } else {
            atomic_store(&engine->synced, target);
        }
        /* After a failure too: whoever is woken finds out by engine_sync_failed. */
        if (engine->on_durable != NULL) {
            engine->on_durable(engine->context, engine_durable_seq(engine));
        }

        pthread_mutex_lock(&engine->sync);
        pthread_cond_broadcast(&engine->sync_done[engine->sync_round % 2]);
        engine->sync_round++;
        engine->sync_under_way = false;
    }
    pthread_mutex_unlock(&engine->sync);
    return NULL;
}

void sync_kick(struct engine *engine)
{
    if (atomic_load(&engine->sync_idle) && atomic_exchange(&engine->sync_idle, false)) {
        pthread_mutex_lock(&engine->sync);
        pthread_cond_signal(&engine->sync_wanted);
        pthread_mutex_unlock(&engine->sync);
    }
}

bool sync_start(struct engine *engine, struct error *err)
{
    pthread_condattr_t clock;
    ensure(pthread_mutex_init(&engine->sync, NULL) == 0);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    ensure(pthread_cond_init(&engine->sync_wanted, &clock) == 0);
    ensure(pthread_cond_init(&engine->sync_done[0], NULL) == 0);
    ensure(pthread_cond_init(&engine->sync_done[1], NULL) == 0);
    pthread_condattr_destroy(&clock);
    int failed = pthread_create(&engine->sync_thread, NULL, sync_run, engine);
    if (failed != 0) {
        return error_set(err, ERROR_IO, "start the sync thread: %s", strerror(failed));
    }
    engine->sync_running = true;
    return true;
}

void sync_stop(struct engine *engine)
{
    ensure(engine->sync_running);
    pthread_mutex_lock(&engine->sync);
    ensure(engine->sync_waiters == 0);
    engine->sync_stopping = true;
    pthread_cond_signal(&engine->sync_wanted);
    pthread_mutex_unlock(&engine->sync);
    pthread_join(engine->sync_thread, NULL);
    engine->sync_running = false;
    pthread_cond_destroy(&engine->sync_wanted);
    pthread_cond_destroy(&engine->sync_done[0]);
    pthread_cond_destroy(&engine->sync_done[1]);
    pthread_mutex_destroy(&engine->sync);
}

bool engine_wait_durable(struct engine *engine, uint64_t seq, struct error *err)
{
    if (atomic_load_explicit(&engine->synced, memory_order_acquire) >= seq) {
        return true;
    }
    pthread_mutex_lock(&engine->sync);
    engine->sync_waiters++;
    if (engine->durability == DURABILITY_RELAXED) {
        pthread_cond_signal(&engine->sync_wanted);
    }
    while (atomic_load(&engine->synced) < seq && !atomic_load(&engine->failed)) {
        bool later = engine->sync_under_way && seq > engine->sync_target;
        uint64_t round = engine->sync_round + (later ? 1 : 0);
        pthread_cond_wait(&engine->sync_done[round % 2], &engine->sync);
    }
    engine->sync_waiters--;
    pthread_mutex_unlock(&engine->sync);
    return atomic_load(&engine->synced) >= seq || !engine_sync_failed(engine, err);
}

uint64_t engine_durable_seq(const struct engine *engine)
{
    return engine->durability == DURABILITY_SYNC ? engine_synced_seq(engine)
                                                 : engine_appended_seq(engine);
}

uint64_t engine_synced_seq(const struct engine *engine)
{
    return atomic_load_explicit(&engine->synced, memory_order_acquire);
}

uint64_t engine_appended_seq(const struct engine *engine)
{
    return atomic_load_explicit(&engine->begun, memory_order_acquire);
}

bool engine_sync_failed(const struct engine *engine, struct error *err)
{
    if (!atomic_load_explicit(&engine->failed, memory_order_acquire)) {
        return false;
    }
    error_set(err, ERROR_IO, "writes can no longer be made durable: %s", engine->failure);
    return true;
}
