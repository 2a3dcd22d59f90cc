/* Two locks. `guard` covers the vectors and is held for a copy. `commit` puts the commit sections
 * that store a watermark in one row, from reading the present entry to raising it; it is taken
 * before the engine's commit mutex and never inside `guard`. */
#include "storage/log/applied.h"

#include "proto/base/bytes.h"
#include "storage/engine/engine.h"

#include <pthread.h>
#include <stdatomic.h>

static const char applied_prefix[] = "applied/";

enum { APPLIED_PREFIX_BYTES = sizeof(applied_prefix) - 1 };

struct applied_vector {
    pthread_mutex_t commit;
    pthread_mutex_t guard; /* The two below. */
    struct context applied;
    struct context settled;
    _Atomic uint64_t conflicts;
};

void applied_encode(struct dot dot,
                    uint8_t key[static APPLIED_KEY_BYTES],
                    uint8_t value[static APPLIED_VALUE_BYTES])
{
    memcpy(key, applied_prefix, APPLIED_PREFIX_BYTES);
    put_be16(key + APPLIED_PREFIX_BYTES, dot.region);
    put_be32(value, dot.incarnation);
    put_be64(value + 4, dot.seq);
}

static bool applied_decode(struct slice key, struct slice value, struct dot *dot)
{
    if (key.size != APPLIED_KEY_BYTES || value.size != APPLIED_VALUE_BYTES) {
        return false;
    }
    *dot = (struct dot){.region = get_be16(key.data + APPLIED_PREFIX_BYTES),
                        .incarnation = get_be32(value.data),
                        .seq = get_be64(value.data + 4)};
    return dot->region != 0;
}

static bool applied_load(struct applied_vector *applied, struct engine *engine, struct error *err)
{
    struct slice lower = SLICE_LITERAL("applied/");
    struct slice upper = SLICE_LITERAL("applied0"); /* '0' follows '/'. */
    struct engine_iterator *rows =
        engine_iterator_open(engine, FAMILY_REPL, NULL, lower, upper, READ_FULL);
    struct error found = {0};
    bool more = engine_iterator_first(rows, &found);
    while (more) {
        struct dot dot;
        if (!applied_decode(engine_iterator_key(rows), engine_iterator_value(rows), &dot) ||
            applied->applied.count == REGIONS_MAX) {
            error_set(&found, ERROR_CORRUPT, "the watermark of an applied region is damaged");
            break;
        }
        context_raise(&applied->applied, dot);
        more = engine_iterator_next(rows, &found);
    }
    engine_iterator_close(rows);
    if (found.code != ERROR_NONE) {
        *err = found;
        return false;
    }
    return true;
}

bool applied_open(struct engine *engine, struct applied_vector **applied, struct error *err)
{
    struct applied_vector *made = calloc(1, sizeof(*made));
    ensure(made != NULL);
    ensure(pthread_mutex_init(&made->commit, NULL) == 0);
    ensure(pthread_mutex_init(&made->guard, NULL) == 0);
    if (!applied_load(made, engine, err)) {
        applied_close(made);
        return false;
    }
    *applied = made;
    return true;
}

void applied_close(struct applied_vector *applied)
{
    if (applied != NULL) {
        pthread_mutex_destroy(&applied->commit);
        pthread_mutex_destroy(&applied->guard);
        free(applied);
    }
}

/* Copies only the entries there are: a context is half a kilobyte when full. */
static void applied_copy(const struct context *from, struct context *to)
{
    to->count = from->count;
    memcpy(to->entries, from->entries, from->count * sizeof(from->entries[0]));
}

void applied_all(struct applied_vector *applied, struct context *context)
{
    pthread_mutex_lock(&applied->guard);
    applied_copy(&applied->applied, context);
    pthread_mutex_unlock(&applied->guard);
}

void applied_settled(struct applied_vector *applied, struct context *settled)
{
    pthread_mutex_lock(&applied->guard);
    applied_copy(&applied->settled, settled);
    pthread_mutex_unlock(&applied->guard);
}

void applied_settle(struct applied_vector *applied, const struct context *settled)
{
    pthread_mutex_lock(&applied->guard);
    applied->settled = *settled;
    pthread_mutex_unlock(&applied->guard);
}

bool applied_covers(struct applied_vector *applied, struct dot dot)
{
    pthread_mutex_lock(&applied->guard);
    bool covers = context_has(&applied->applied, dot);
    pthread_mutex_unlock(&applied->guard);
    return covers;
}

struct dot applied_commit_begin(struct applied_vector *applied, struct dot dot)
{
    ensure(dot.region != 0);
    pthread_mutex_lock(&applied->commit);
    pthread_mutex_lock(&applied->guard);
    for (uint32_t i = 0; i < applied->applied.count; i++) {
        if (dot_covered_by(dot, applied->applied.entries[i])) {
            dot = applied->applied.entries[i];
        }
    }
    pthread_mutex_unlock(&applied->guard);
    return dot;
}

void applied_commit_end(struct applied_vector *applied)
{
    pthread_mutex_unlock(&applied->commit);
}

void applied_raise(struct applied_vector *applied, struct dot dot)
{
    pthread_mutex_lock(&applied->guard);
    context_raise(&applied->applied, dot);
    pthread_mutex_unlock(&applied->guard);
}

void applied_count_conflicts(struct applied_vector *applied, uint64_t more)
{
    atomic_fetch_add_explicit(&applied->conflicts, more, memory_order_relaxed);
}

uint64_t applied_conflicts(struct applied_vector *applied)
{
    return atomic_load_explicit(&applied->conflicts, memory_order_relaxed);
}
