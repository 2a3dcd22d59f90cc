#include "daemon/throttle.h"

#include <pthread.h>
#include <stdatomic.h>

enum { THROTTLE_CHAINS = 4096, THROTTLE_INDEX_BITS = 16 };

#define SECOND_NS UINT64_C(1000000000)
#define BURST_NS (THROTTLE_BURST_SECONDS * SECOND_NS)
#define START_NS (THROTTLE_START_SECONDS * SECOND_NS)

/* Units in hand = (now - empty_ns) * rate; below zero while empty_ns lies ahead. More than BURST_NS
 * behind counts as BURST_NS, and nobody owes more than that. */
struct throttle_bucket {
    _Atomic uint64_t empty_ns;
    _Atomic uint64_t rate; /* Units per second that empty_ns is reckoned with. */
};

/* Of a table (index id 0) or of one of its indexes. Never freed before the end: a reader may hold
 * it without a lock, so it is given to another instead once its table or index is gone. */
struct throttle_resource {
    _Atomic uint64_t key; /* Table id, index id. */
    struct throttle_bucket buckets[THROTTLE_SIDES];
    struct throttle_resource *_Atomic next; /* Of its chain. */
};

struct throttle {
    struct throttle_clock clock;
    struct catalog *catalog;
    pthread_mutex_t changing; /* A chain, or a bucket's rate. */
    struct throttle_resource *_Atomic chains[THROTTLE_CHAINS];
    _Atomic uint64_t refused[2][THROTTLE_SIDES][THROTTLE_LIMITS];
};

struct throttle *throttle_open(const struct throttle_clock *clock, struct catalog *catalog)
{
    struct throttle *throttle = calloc(1, sizeof(*throttle));
    ensure(throttle != NULL);
    throttle->clock = *clock;
    throttle->catalog = catalog;
    ensure(pthread_mutex_init(&throttle->changing, NULL) == 0);
    return throttle;
}

/* A machine may be younger than a burst is long: no moment here is before zero. */
static uint64_t throttle_now(const struct throttle *throttle)
{
    return throttle->clock.now_ns(throttle->clock.context) + BURST_NS;
}

void throttle_close(struct throttle *throttle)
{
    if (throttle == NULL) {
        return;
    }
    for (size_t i = 0; i < THROTTLE_CHAINS; i++) {
        struct throttle_resource *next = NULL;
        for (struct throttle_resource *at = throttle->chains[i]; at != NULL; at = next) {
            next = at->next;
            free(at);
        }
    }
    ensure(pthread_mutex_destroy(&throttle->changing) == 0);
    free(throttle);
}

/* --- Which bucket ----------------------------------------------------------------------------- */

static uint64_t throttle_key(const struct table *table, const struct table_index *index)
{
    return (uint64_t)table->id << THROTTLE_INDEX_BITS | (index == NULL ? 0 : index->id);
}

static struct throttle_resource *_Atomic *throttle_chain(struct throttle *throttle, uint64_t key)
{
    return &throttle->chains[(key * UINT64_C(0x9e3779b97f4a7c15) >> 32) % THROTTLE_CHAINS];
}

static struct throttle_resource *throttle_look(struct throttle *throttle, uint64_t key)
{
    struct throttle_resource *at =
        atomic_load_explicit(throttle_chain(throttle, key), memory_order_acquire);
    while (at != NULL && atomic_load_explicit(&at->key, memory_order_acquire) != key) {
        at = atomic_load_explicit(&at->next, memory_order_acquire);
    }
    return at;
}

static bool throttle_is_gone(const struct throttle *throttle, uint64_t key)
{
    uint16_t index = (uint16_t)(key & ((1U << THROTTLE_INDEX_BITS) - 1));
    const struct table *table =
        catalog_acquire_id(throttle->catalog, (uint32_t)(key >> THROTTLE_INDEX_BITS));
    bool gone = table == NULL || (index > 0 && table_find_index_id(table, index) == NULL);
    table_release(table);
    return gone;
}

/* Under the mutex. Nobody of a table that is gone asks any more, but for what still runs. */
static struct throttle_resource *
throttle_make(struct throttle *throttle, uint64_t key, const uint64_t rates[THROTTLE_SIDES])
{
    struct throttle_resource *_Atomic *chain = throttle_chain(throttle, key);
    uint64_t now = throttle_now(throttle);
    struct throttle_resource *resource = *chain;
    while (resource != NULL && !throttle_is_gone(throttle, resource->key)) {
        resource = resource->next;
    }
    bool made = resource == NULL;
    if (made) {
        resource = calloc(1, sizeof(*resource)); /* Once per table, not per request. */
        ensure(resource != NULL);
    }
    for (size_t side = 0; side < THROTTLE_SIDES; side++) {
        atomic_store(&resource->buckets[side].empty_ns, now - START_NS);
        atomic_store(&resource->buckets[side].rate, rates[side]);
    }
    atomic_store_explicit(&resource->key, key, memory_order_release);
    if (made) {
        atomic_store(&resource->next, atomic_load(chain));
        atomic_store_explicit(chain, resource, memory_order_release);
    }
    return resource;
}

static struct throttle_resource *
throttle_resource(struct throttle *throttle, uint64_t key, const uint64_t rates[THROTTLE_SIDES])
{
    struct throttle_resource *resource = throttle_look(throttle, key);
    if (resource != NULL) {
        return resource;
    }
    ensure(pthread_mutex_lock(&throttle->changing) == 0);
    resource = throttle_look(throttle, key);
    if (resource == NULL) {
        resource = throttle_make(throttle, key, rates);
    }
    ensure(pthread_mutex_unlock(&throttle->changing) == 0);
    return resource;
}

/* --- How much ----------------------------------------------------------------------------------
 */

/* Units per second; 0 where nothing limits. */
static void throttle_rates(const struct table *table,
                           const struct table_index *index,
                           uint64_t rates[THROTTLE_SIDES])
{
    const struct throughput *of = index == NULL ? &table->throughput : &index->throughput;
    bool provisioned = table->billing == BILLING_PROVISIONED;
    int64_t read = provisioned ? of->read_units : of->read_units_max;
    int64_t write = provisioned ? of->write_units : of->write_units_max;
    rates[THROTTLE_READ] = read > 0 ? (uint64_t)read : 0;
    rates[THROTTLE_WRITE] = write > 0 ? (uint64_t)write : 0;
}

/* Saved or owed units stay the same in number: the distance to the moment of zero changes. A charge
 * that another thread makes in this very moment may be lost. */
static void
throttle_change_rate(struct throttle *throttle, struct throttle_bucket *bucket, uint64_t rate)
{
    uint64_t now = throttle_now(throttle);
    ensure(pthread_mutex_lock(&throttle->changing) == 0);
    uint64_t old_rate = atomic_load(&bucket->rate);
    if (old_rate == 0) { /* Was unlimited so far: begin as a new table does. */
        atomic_store(&bucket->empty_ns, now - START_NS);
    } else if (old_rate != rate) {
        uint64_t empty = atomic_load(&bucket->empty_ns);
        bool owes = empty > now;
        uint64_t distance = owes ? empty - now : now - empty;
        distance = distance > BURST_NS ? BURST_NS : distance;
        double changed = (double)distance * (double)old_rate / (double)rate;
        distance = changed < (double)BURST_NS ? (uint64_t)changed : BURST_NS;
        atomic_store(&bucket->empty_ns, owes ? now + distance : now - distance);
    }
    atomic_store(&bucket->rate, rate);
    ensure(pthread_mutex_unlock(&throttle->changing) == 0);
}

/* The bucket that limits this, reckoned with the rate that holds now; NULL: nothing limits. */
static struct throttle_bucket *throttle_bucket(struct throttle *throttle,
                                               const struct table *table,
                                               const struct table_index *index,
                                               enum throttle_side side)
{
    uint64_t rates[THROTTLE_SIDES];
    throttle_rates(table, index, rates);
    if (rates[side] == 0) {
        return NULL;
    }
    struct throttle_resource *resource =
        throttle_resource(throttle, throttle_key(table, index), rates);
    struct throttle_bucket *bucket = &resource->buckets[side];
    if (atomic_load_explicit(&bucket->rate, memory_order_relaxed) != rates[side]) {
        throttle_change_rate(throttle, bucket, rates[side]);
    }
    return bucket;
}

enum throttle_limit throttle_admit(struct throttle *throttle,
                                   const struct table *table,
                                   const struct table_index *index,
                                   enum throttle_side side)
{
    ensure(index == NULL || index->kind == INDEX_GLOBAL);
    struct throttle_bucket *bucket = throttle_bucket(throttle, table, index, side);
    if (bucket == NULL ||
        atomic_load_explicit(&bucket->empty_ns, memory_order_relaxed) < throttle_now(throttle)) {
        return THROTTLE_FREE;
    }
    enum throttle_limit limit =
        table->billing == BILLING_PROVISIONED ? THROTTLE_PROVISIONED : THROTTLE_ON_DEMAND;
    atomic_fetch_add_explicit(&throttle->refused[index != NULL][side][limit], 1,
                              memory_order_relaxed);
    return limit;
}

void throttle_charge(struct throttle *throttle,
                     const struct table *table,
                     const struct table_index *index,
                     enum throttle_side side,
                     uint64_t halves)
{
    ensure(index == NULL || index->kind == INDEX_GLOBAL);
    struct throttle_bucket *bucket =
        halves == 0 ? NULL : throttle_bucket(throttle, table, index, side);
    if (bucket == NULL) {
        return;
    }
    uint64_t rate = atomic_load_explicit(&bucket->rate, memory_order_relaxed);
    uint64_t cost_ns = (halves * (SECOND_NS / 2) + rate - 1) / rate;
    uint64_t now = throttle_now(throttle);
    uint64_t empty = atomic_load_explicit(&bucket->empty_ns, memory_order_relaxed);
    uint64_t charged;
    do {
        charged = (empty > now - BURST_NS ? empty : now - BURST_NS) + cost_ns;
        charged = charged > now + BURST_NS ? now + BURST_NS : charged;
    } while (!atomic_compare_exchange_weak_explicit(&bucket->empty_ns, &empty, charged,
                                                    memory_order_relaxed, memory_order_relaxed));
}

uint64_t throttle_refused(const struct throttle *throttle,
                          bool of_index,
                          enum throttle_side side,
                          enum throttle_limit limit)
{
    return atomic_load_explicit(&throttle->refused[of_index][side][limit], memory_order_relaxed);
}
