#include "storage/table/claim.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { CLAIM_STRIPES_MAX = TRANSACTION_ITEMS_MAX + 1 };

struct claim {
    pthread_mutex_t turn;  /* Held by who has the claim. */
    pthread_mutex_t guard; /* What it claims. */
    atomic_bool taken;     /* A first look without the guard. */
    uint32_t stripes[CLAIM_STRIPES_MAX];
    uint32_t count;
    uint8_t token[TRANSACTION_TOKEN_BYTES_MAX];
    size_t token_bytes;
};

struct claim *claim_open(void)
{
    struct claim *claim = calloc(1, sizeof(*claim));
    ensure(claim != NULL);
    ensure(pthread_mutex_init(&claim->turn, NULL) == 0);
    ensure(pthread_mutex_init(&claim->guard, NULL) == 0);
    return claim;
}

void claim_close(struct claim *claim)
{
    if (claim != NULL) {
        ensure(pthread_mutex_destroy(&claim->turn) == 0);
        ensure(pthread_mutex_destroy(&claim->guard) == 0);
        free(claim);
    }
}

void claim_take(struct claim *claim, const uint32_t *stripes, uint32_t count, struct slice token)
{
    ensure(count <= CLAIM_STRIPES_MAX && token.size <= sizeof(claim->token));
    pthread_mutex_lock(&claim->turn);
    pthread_mutex_lock(&claim->guard);
    memcpy(claim->stripes, stripes, count * sizeof(stripes[0]));
    claim->count = count;
    if (token.size > 0) {
        memcpy(claim->token, token.data, token.size);
    }
    claim->token_bytes = token.size;
    atomic_store(&claim->taken, true);
    pthread_mutex_unlock(&claim->guard);
}

void claim_give(struct claim *claim)
{
    pthread_mutex_lock(&claim->guard);
    claim->count = 0;
    claim->token_bytes = 0;
    atomic_store(&claim->taken, false);
    pthread_mutex_unlock(&claim->guard);
    pthread_mutex_unlock(&claim->turn);
}

bool claim_holds(struct claim *claim, uint32_t stripe)
{
    bool holds = false;
    if (!atomic_load_explicit(&claim->taken, memory_order_relaxed)) {
        return false;
    }
    pthread_mutex_lock(&claim->guard);
    for (uint32_t i = 0; i < claim->count && !holds; i++) {
        holds = claim->stripes[i] == stripe;
    }
    pthread_mutex_unlock(&claim->guard);
    return holds;
}

bool claim_runs(struct claim *claim, struct slice token)
{
    if (!atomic_load_explicit(&claim->taken, memory_order_relaxed)) {
        return false;
    }
    pthread_mutex_lock(&claim->guard);
    bool runs = slice_equal(token, slice_of(claim->token, claim->token_bytes));
    pthread_mutex_unlock(&claim->guard);
    return runs;
}
