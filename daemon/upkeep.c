#include "daemon/upkeep.h"

#include "daemon/log.h"
#include "storage/log/trim.h"
#include "storage/stream/stream.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct upkeep {
    struct node *node;
    pthread_t thread;
    pthread_mutex_t mutex; /* Guards stopping. */
    pthread_cond_t changed;
    bool stopping;
};

/* The log keeps what a stream still shows. */
_Static_assert(LOG_RETENTION_MS >= STREAM_RETENTION_MS, "streams read the log for a day");

bool upkeep_round(struct node *node, struct error *err)
{
    struct store *store = node->store;
    uint64_t acknowledged = node->replication == NULL ? engine_durable_seq(store->engine)
                                                      : replication_acknowledged(node->replication);
    uint64_t wall_ms = store->clock.wall_ms(store->clock.context);
    uint64_t trimmed = 0;
    if (!stream_trim(store, err)) {
        return false;
    }
    if (acknowledged == 0 || wall_ms < LOG_RETENTION_MS) {
        return true;
    }
    if (!log_trim(store->engine, acknowledged, wall_ms - LOG_RETENTION_MS, &trimmed, err)) {
        return error_wrap(err, "trim the change log");
    }
    return true;
}

/* False when it is time to stop. */
static bool upkeep_wait(struct upkeep *upkeep)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += UPKEEP_INTERVAL_MS / 1000;
    pthread_mutex_lock(&upkeep->mutex);
    int waited = 0;
    while (!upkeep->stopping && waited != ETIMEDOUT) {
        waited = pthread_cond_timedwait(&upkeep->changed, &upkeep->mutex, &until);
    }
    bool go_on = !upkeep->stopping;
    pthread_mutex_unlock(&upkeep->mutex);
    return go_on;
}

static void *upkeep_run(void *argument)
{
    struct upkeep *upkeep = argument;
    while (upkeep_wait(upkeep)) {
        struct error err = {0};
        if (!upkeep_round(upkeep->node, &err)) {
            log_event(upkeep->node->log, LOG_WARNING, "node.upkeep", log_text("error", err.text));
        }
    }
    return NULL;
}

struct upkeep *upkeep_start(struct node *node)
{
    struct upkeep *upkeep = calloc(1, sizeof(*upkeep));
    ensure(upkeep != NULL);
    upkeep->node = node;
    pthread_condattr_t monotonic;
    ensure(pthread_mutex_init(&upkeep->mutex, NULL) == 0);
    ensure(pthread_condattr_init(&monotonic) == 0);
    ensure(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    ensure(pthread_cond_init(&upkeep->changed, &monotonic) == 0);
    pthread_condattr_destroy(&monotonic);
    ensure(pthread_create(&upkeep->thread, NULL, upkeep_run, upkeep) == 0);
    return upkeep;
}

void upkeep_stop(struct upkeep *upkeep)
{
    if (upkeep == NULL) {
        return;
    }
    pthread_mutex_lock(&upkeep->mutex);
    upkeep->stopping = true;
    pthread_cond_signal(&upkeep->changed);
    pthread_mutex_unlock(&upkeep->mutex);
    ensure(pthread_join(upkeep->thread, NULL) == 0);
    pthread_cond_destroy(&upkeep->changed);
    pthread_mutex_destroy(&upkeep->mutex);
    free(upkeep);
}
