#include "replication/resolve.h"

#include "replication/clock.h"
#include "replication/mutant.h"

bool version_saw(const struct version *a, struct dot dot)
{
    if (MUTANT(CONTEXT_DROPPED)) {
        return dot_covered_by(dot, a->dot);
    }
    return dot_covered_by(dot, a->dot) || context_has(&a->context, dot);
}

/* Is the arriving version the larger one? */
static bool resolve_wins(const struct version *stored, const struct version *arriving)
{
    if (MUTANT(TIE_BREAK)) {
        return arriving->stamp >= stored->stamp;
    }
    return version_compare(arriving, stored) > 0;
}

static enum conflict_reason
resolve_reason(const struct resolve *resolve, const struct row *winner, const struct row *loser)
{
    if (stamp_wall_ms(winner->version.stamp) > resolve->wall_ms + CONFLICT_SKEW_MS) {
        return CONFLICT_CLOCK;
    }
    return winner->tombstone || loser->tombstone ? CONFLICT_DELETE : CONFLICT_CONCURRENT;
}

/* Is there nothing to tell anybody about the loser? */
static bool resolve_is_quiet(const struct row *winner, const struct row *loser)
{
    return version_is_expiry(&loser->version) || (winner->tombstone && loser->tombstone);
}

enum apply_verdict resolve_decide(const struct resolve *resolve,
                                  const struct row *stored,
                                  const struct row *arriving,
                                  uint8_t *reason)
{
    *reason = CONFLICT_NONE;
    if (stored == NULL) {
        return APPLY_STORE;
    }
    if (dot_equal(stored->version.dot, arriving->version.dot)) {
        return APPLY_DROP;
    }
    /* A member whose write arrives only now had reported what is settled before it made it. */
    bool saw_stored = version_saw(&arriving->version, stored->version.dot) ||
                      context_has(&resolve->settled, stored->version.dot);
    bool saw_arriving = version_saw(&stored->version, arriving->version.dot);
    if (resolve_wins(&stored->version, &arriving->version)) {
        if (saw_stored || (!saw_arriving && resolve_is_quiet(arriving, stored))) {
            return APPLY_STORE;
        }
        *reason =
            (uint8_t)(saw_arriving ? CONFLICT_ORDER : resolve_reason(resolve, arriving, stored));
        return APPLY_CONFLICT_STORE;
    }
    if (saw_arriving) {
        return APPLY_DROP;
    }
    if (!saw_stored && resolve_is_quiet(stored, arriving)) {
        return APPLY_KEEP;
    }
    *reason = (uint8_t)(saw_stored ? CONFLICT_ORDER : resolve_reason(resolve, stored, arriving));
    return APPLY_CONFLICT_KEEP;
}

enum apply_verdict resolve_decider(void *context,
                                   const struct row *stored,
                                   const struct row *arriving,
                                   uint8_t *reason)
{
    return resolve_decide(context, stored, arriving, reason);
}

bool resolve_tombstone_done(const struct version *tombstone,
                            const struct context *settled,
                            uint64_t clock_last)
{
    if (MUTANT(TOMBSTONE_FENCE)) {
        return true;
    }
    return context_has(settled, tombstone->dot) && tombstone->stamp <= clock_last;
}
