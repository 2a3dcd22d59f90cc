/* A background thread's bell: it waits, is woken early or told to stop. The keeper and the builder
 * have one each. Any thread. */
#pragma once

#include "proto/base/ensure.h"
#include "proto/base/error.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct ticker {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stopping; /* Under lock. */
    bool kicked;   /* Under lock. */
};

void ticker_init(struct ticker *ticker);
void ticker_clear(struct ticker *ticker);
/* Errors: IO. */
MUST_CHECK bool ticker_start(struct ticker *ticker,
                             void *(*run)(void *argument),
                             void *argument,
                             const char *name,
                             struct error *err);
/* Tells the thread to stop and waits until it has. */
void ticker_stop(struct ticker *ticker);

/* The thread's own: wait, whatever kicks come; true when it shall stop. */
bool ticker_pause(struct ticker *ticker, uint64_t ms);
/* The same, but a kick ends it; one that came before does so at once. */
bool ticker_wait(struct ticker *ticker, uint64_t ms);
void ticker_kick(struct ticker *ticker);

/* A flag of the owner's, under the ticker's lock. */
void ticker_set(struct ticker *ticker, bool *flag, bool on);
bool ticker_get(struct ticker *ticker, const bool *flag);
