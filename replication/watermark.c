#include "replication/watermark.h"

#include "replication/mutant.h"

#include <pthread.h>

struct watermark {
    pthread_mutex_t mutex;
    uint16_t self;
    uint32_t members_count;
    uint16_t members[REGIONS_MAX];
    struct context reports[REGIONS_MAX]; /* Of members[i]; own: durable. */
    bool heard[REGIONS_MAX];             /* The first report of this run has come. */
    uint64_t behind_seq;                 /* Of the own report. */
    struct context pending;              /* Applied here, not known to be durable. */
    uint64_t pending_seq;
    bool has_pending;
    struct context settled;
    uint64_t settled_changes; /* Counts up with every rise. */
    uint64_t settled_told;    /* settled_changes when the store was last told. */
};

static void watermark_lock(struct watermark *watermark)
{
    ensure(pthread_mutex_lock(&watermark->mutex) == 0);
}

static void watermark_unlock(struct watermark *watermark)
{
    ensure(pthread_mutex_unlock(&watermark->mutex) == 0);
}

static uint32_t watermark_index(const struct watermark *watermark, uint16_t member)
{
    uint32_t i = 0;
    while (i < watermark->members_count && watermark->members[i] != member) {
        i++;
    }
    return i;
}

struct watermark *watermark_open(uint16_t self, const uint16_t *members, uint32_t members_count)
{
    ensure(members_count >= 1 && members_count <= REGIONS_MAX);
    struct watermark *watermark = calloc(1, sizeof(*watermark));
    ensure(watermark != NULL);
    ensure(pthread_mutex_init(&watermark->mutex, NULL) == 0);
    watermark->self = self;
    watermark->members_count = members_count;
    memcpy(watermark->members, members, members_count * sizeof(*members));
    ensure(watermark_index(watermark, self) < members_count);
    return watermark;
}

void watermark_close(struct watermark *watermark)
{
    if (watermark == NULL) {
        return;
    }
    ensure(pthread_mutex_destroy(&watermark->mutex) == 0);
    free(watermark);
}

/* Is every entry of `a` also in `b`, or a later one? */
static bool context_within(const struct context *a, const struct context *b)
{
    for (uint32_t i = 0; i < a->count; i++) {
        if (!context_has(b, a->entries[i])) {
            return false;
        }
    }
    return true;
}

/* The smallest entry for `origin` over everybody's reports. A region has, trivially, all of its own
 * writes: its own report does not name itself. */
static bool watermark_smallest(const struct watermark *watermark, uint16_t origin, struct dot *dot)
{
    bool found = false;
    for (uint32_t i = 0; i < watermark->members_count; i++) {
        if (watermark->members[i] == origin) {
            continue;
        }
        if (MUTANT(SETTLED_ALONE) && watermark->members[i] != watermark->self) {
            continue;
        }
        const struct context *report = &watermark->reports[i];
        uint32_t j = 0;
        while (j < report->count && report->entries[j].region != origin) {
            j++;
        }
        if (!watermark->heard[i] || j == report->count) {
            return false;
        }
        if (!found || dot_covered_by(report->entries[j], *dot)) {
            *dot = report->entries[j];
            found = true;
        }
    }
    return found;
}

static void watermark_settle(struct watermark *watermark)
{
    for (uint32_t i = 0; i < watermark->members_count; i++) {
        struct dot dot;
        if (watermark_smallest(watermark, watermark->members[i], &dot) &&
            !context_has(&watermark->settled, dot)) {
            context_raise(&watermark->settled, dot);
            watermark->settled_changes++;
        }
    }
}

bool watermark_is_member(const struct watermark *watermark, uint16_t region)
{
    return watermark_index(watermark, region) < watermark->members_count;
}

bool watermark_report(struct watermark *watermark, uint16_t member, const struct context *applied)
{
    uint32_t i = watermark_index(watermark, member);
    if (i == watermark->members_count || member == watermark->self) {
        return false;
    }
    for (uint32_t j = 0; j < applied->count; j++) {
        if (!watermark_is_member(watermark, applied->entries[j].region)) {
            return false;
        }
    }
    watermark_lock(watermark);
    bool forward = context_within(&watermark->reports[i], applied);
    if (forward) {
        watermark->reports[i] = *applied;
        watermark->heard[i] = true;
        watermark_settle(watermark);
    }
    watermark_unlock(watermark);
    return forward;
}

/* Take what the store showed. The entries of regions that left the cluster stay out: nobody reports
 * on them any more. Called under the mutex. */
static void watermark_note(struct watermark *watermark, const struct context *applied, uint64_t seq)
{
    struct context *own = &watermark->reports[watermark_index(watermark, watermark->self)];
    struct context news = *own;
    for (uint32_t i = 0; i < applied->count; i++) {
        uint16_t region = applied->entries[i].region;
        if (region != watermark->self && watermark_is_member(watermark, region)) {
            context_raise(&news, applied->entries[i]);
        }
    }
    if (!watermark->has_pending && !context_within(&news, own)) {
        watermark->pending = news;
        watermark->pending_seq = seq;
        watermark->has_pending = true;
    }
}

void watermark_refresh(struct watermark *watermark,
                       const struct replica_store *store,
                       struct context *durable,
                       uint64_t *behind_seq)
{
    struct context applied;
    uint64_t applied_seq;
    store->calls->applied(store->store, &applied, &applied_seq);
    uint64_t durable_seq = store->calls->durable_seq(store->store);
    struct context settled;
    bool risen;

    watermark_lock(watermark);
    uint32_t self = watermark_index(watermark, watermark->self);
    watermark->heard[self] = true;
    /* A pending look that has become durable makes room for a newer one, which may be so too. */
    for (int look = 0; look < 2; look++) {
        watermark_note(watermark, &applied, applied_seq);
        if (watermark->has_pending &&
            (watermark->pending_seq <= durable_seq || MUTANT(REPORT_UNDURABLE))) {
            watermark->reports[self] = watermark->pending;
            watermark->behind_seq = watermark->pending_seq > watermark->behind_seq
                                        ? watermark->pending_seq
                                        : watermark->behind_seq;
            watermark->has_pending = false;
        }
    }
    watermark_settle(watermark);
    *durable = watermark->reports[self];
    *behind_seq = MUTANT(REPORT_OVERTAKES) || MUTANT(REPORT_UNDURABLE) ? 0 : watermark->behind_seq;
    settled = watermark->settled;
    risen = watermark->settled_told < watermark->settled_changes;
    watermark->settled_told = watermark->settled_changes;
    watermark_unlock(watermark);

    /* Two threads may tell it in the wrong order; the store then only prunes a little less. */
    if (risen) {
        store->calls->set_settled(store->store, &settled);
    }
}

void watermark_settled(struct watermark *watermark, struct context *settled)
{
    watermark_lock(watermark);
    *settled = watermark->settled;
    watermark_unlock(watermark);
}
