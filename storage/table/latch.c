/* The stripes: a mutex and the newest seq each, on a cache line of their own.
 *
 * A writer appends (its row becomes visible), then notes the seq, then gives up the latch. A reader
 * without the latch can therefore see a row whose seq is not noted yet. It asks latch_appended_seq
 * after its read, and that waits while another thread holds the stripe: the writer whose row it saw
 * took the latch before the row became visible, so either the holder is still seen, or the note. */
#include "storage/table/latch.h"

#include <pthread.h>
#include <stdatomic.h>

enum { LATCH_LINE_BYTES = 64 };

struct latch {
    _Alignas(LATCH_LINE_BYTES) pthread_mutex_t mutex;
    _Atomic uint64_t appended;
    _Atomic uintptr_t holder; /* pthread_self of who has the mutex; 0: nobody. */
};

_Static_assert((LATCHES & (LATCHES - 1)) == 0, "a mask picks the stripe");
_Static_assert(sizeof(struct latch) == LATCH_LINE_BYTES, "one line a stripe");

struct latches {
    struct latch *stripes;
};

struct latches *latches_open(void)
{
    struct latches *latches = malloc(sizeof(*latches));
    ensure(latches != NULL);
    latches->stripes = aligned_alloc(LATCH_LINE_BYTES, LATCHES * sizeof(struct latch));
    ensure(latches->stripes != NULL);
    pthread_mutexattr_t kind;
    pthread_mutexattr_init(&kind);
    pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ADAPTIVE_NP); /* Held for microseconds: spin. */
    for (uint32_t i = 0; i < LATCHES; i++) {
        struct latch *latch = &latches->stripes[i];
        ensure(pthread_mutex_init(&latch->mutex, &kind) == 0);
        atomic_init(&latch->appended, 0);
        atomic_init(&latch->holder, 0);
    }
    pthread_mutexattr_destroy(&kind);
    return latches;
}

void latches_close(struct latches *latches)
{
    if (latches == NULL) {
        return;
    }
    for (uint32_t i = 0; i < LATCHES; i++) {
        ensure(pthread_mutex_destroy(&latches->stripes[i].mutex) == 0);
    }
    free(latches->stripes);
    free(latches);
}

static uintptr_t latch_self(void)
{
    return (uintptr_t)pthread_self();
}

uint32_t latch_stripe(uint64_t hash)
{
    return (uint32_t)(hash & (LATCHES - 1));
}

void latch_lock(struct latches *latches, uint32_t stripe)
{
    ensure(stripe < LATCHES);
    struct latch *latch = &latches->stripes[stripe];
    pthread_mutex_lock(&latch->mutex);
    atomic_store_explicit(&latch->holder, latch_self(), memory_order_relaxed);
}

void latch_unlock(struct latches *latches, uint32_t stripe)
{
    ensure(stripe < LATCHES);
    struct latch *latch = &latches->stripes[stripe];
    ensure(atomic_load_explicit(&latch->holder, memory_order_relaxed) == latch_self());
    atomic_store_explicit(&latch->holder, 0, memory_order_release);
    pthread_mutex_unlock(&latch->mutex);
}

static int latch_compare(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

void latch_lock_many(struct latches *latches, uint32_t *stripes, uint32_t *count)
{
    qsort(stripes, *count, sizeof(*stripes), latch_compare);
    uint32_t locked = 0;
    for (uint32_t i = 0; i < *count; i++) {
        if (locked == 0 || stripes[locked - 1] != stripes[i]) {
            stripes[locked++] = stripes[i];
            latch_lock(latches, stripes[locked - 1]);
        }
    }
    *count = locked;
}

void latch_unlock_many(struct latches *latches, const uint32_t *stripes, uint32_t count)
{
    for (uint32_t i = count; i > 0; i--) {
        latch_unlock(latches, stripes[i - 1]);
    }
}

void latch_note_append(struct latches *latches, uint32_t stripe, uint64_t seq)
{
    ensure(stripe < LATCHES);
    struct latch *latch = &latches->stripes[stripe];
    ensure(atomic_load_explicit(&latch->holder, memory_order_relaxed) == latch_self());
    ensure(atomic_load_explicit(&latch->appended, memory_order_relaxed) <= seq);
    atomic_store_explicit(&latch->appended, seq, memory_order_release);
}

uint64_t latch_appended_seq(const struct latches *latches, uint32_t stripe)
{
    ensure(stripe < LATCHES);
    struct latch *latch = &latches->stripes[stripe];
    uintptr_t holder = atomic_load_explicit(&latch->holder, memory_order_acquire);
    if (holder != 0 && holder != latch_self()) {
        pthread_mutex_lock(&latch->mutex);
        pthread_mutex_unlock(&latch->mutex);
    }
    return atomic_load_explicit(&latch->appended, memory_order_acquire);
}

void latches_barrier(struct latches *latches)
{
    for (uint32_t i = 0; i < LATCHES; i++) {
        pthread_mutex_lock(&latches->stripes[i].mutex);
        pthread_mutex_unlock(&latches->stripes[i].mutex);
    }
}
