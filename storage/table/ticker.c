#include "storage/table/ticker.h"

#include <string.h>
#include <time.h>

void ticker_init(struct ticker *ticker)
{
    pthread_condattr_t monotonic;
    memset(ticker, 0, sizeof(*ticker));
    ensure(pthread_condattr_init(&monotonic) == 0);
    ensure(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    ensure(pthread_cond_init(&ticker->changed, &monotonic) == 0);
    pthread_condattr_destroy(&monotonic);
    ensure(pthread_mutex_init(&ticker->lock, NULL) == 0);
}

void ticker_clear(struct ticker *ticker)
{
    pthread_cond_destroy(&ticker->changed);
    pthread_mutex_destroy(&ticker->lock);
}

bool ticker_start(struct ticker *ticker,
                  void *(*run)(void *argument),
                  void *argument,
                  const char *name,
                  struct error *err)
{
    int failed = pthread_create(&ticker->thread, NULL, run, argument);
    return failed == 0 ||
           error_set(err, ERROR_IO, "start the %s thread: %s", name, strerror(failed));
}

void ticker_stop(struct ticker *ticker)
{
    ticker_set(ticker, &ticker->stopping, true);
    ensure(pthread_join(ticker->thread, NULL) == 0);
}

static bool ticker_sleep(struct ticker *ticker, uint64_t ms, bool kickable)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(ms / 1000);
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    ensure(pthread_mutex_lock(&ticker->lock) == 0);
    int late = 0;
    while (!ticker->stopping && !(kickable && ticker->kicked) && late == 0) {
        late = pthread_cond_timedwait(&ticker->changed, &ticker->lock, &until);
    }
    if (kickable) {
        ticker->kicked = false;
    }
    bool stopping = ticker->stopping;
    ensure(pthread_mutex_unlock(&ticker->lock) == 0);
    return stopping;
}

bool ticker_pause(struct ticker *ticker, uint64_t ms)
{
    return ticker_sleep(ticker, ms, false);
}

bool ticker_wait(struct ticker *ticker, uint64_t ms)
{
    return ticker_sleep(ticker, ms, true);
}

void ticker_kick(struct ticker *ticker)
{
    ticker_set(ticker, &ticker->kicked, true);
}

void ticker_set(struct ticker *ticker, bool *flag, bool on)
{
    ensure(pthread_mutex_lock(&ticker->lock) == 0);
    *flag = on;
    ensure(pthread_cond_broadcast(&ticker->changed) == 0);
    ensure(pthread_mutex_unlock(&ticker->lock) == 0);
}

bool ticker_get(struct ticker *ticker, const bool *flag)
{
    ensure(pthread_mutex_lock(&ticker->lock) == 0);
    bool on = *flag;
    ensure(pthread_mutex_unlock(&ticker->lock) == 0);
    return on;
}
