/* What has expired: everything before one seq, the same for all streams, because local stamps grow
 * with the seqs of the log.
 *
 * The seq is remembered with the time of the first record behind it. While that record has not
 * expired nothing is looked up at all: a store that is younger than a day, or idle, never searches.
 * Otherwise the search starts where the last one ended, at most once a second: some twenty seeks.
 * It holds no lock, so that a reader on a loop never waits for another one's disk; of two that
 * search at a time the later result holds. */
#include "storage/log/trim.h"
#include "storage/stream/streams.h"

enum { HORIZON_STEP_MIN = 64, SECOND_MS = 1000 };

struct horizon {
    uint64_t seq;
    uint64_t next_ms; /* When the first record from there on was written; 0: there is none. */
};

static uint64_t horizon_cutoff_ms(uint64_t now_ms)
{
    return now_ms < STREAM_RETENTION_MS ? 0 : now_ms - STREAM_RETENTION_MS;
}

/* Is the first record from `from` on an expired one? Then *seq is its own. */
static bool horizon_ask(struct engine_iterator *log,
                        uint64_t from,
                        uint64_t cutoff_ms,
                        uint64_t *seq,
                        uint64_t *next_ms,
                        bool *expired,
                        struct error *err)
{
    bool found = log_seek_time(log, from, seq, next_ms, err);
    if (!found) {
        *next_ms = 0;
    }
    *expired = found && *next_ms <= cutoff_ms;
    return found || err->code == ERROR_NONE;
}

/* First away from the old horizon in steps that double, then between the last two. */
static bool horizon_search(struct engine_iterator *log,
                           uint64_t cutoff_ms,
                           struct horizon *horizon,
                           struct error *err)
{
    uint64_t low = horizon->seq; /* Everything before has expired. */
    uint64_t high = 0;           /* The first record from there on has not; 0: not known. */
    uint64_t step = 0;
    uint64_t seq;
    bool expired;
    while (high == 0 || low < high) {
        uint64_t middle = high == 0 ? low + step : low + (high - low) / 2;
        if (!horizon_ask(log, middle, cutoff_ms, &seq, &horizon->next_ms, &expired, err)) {
            return false;
        }
        if (expired) {
            low = seq + 1;
            step = step == 0 ? HORIZON_STEP_MIN : 2 * step;
        } else {
            high = middle;
        }
    }
    horizon->seq = low;
    return horizon_ask(log, low, cutoff_ms, &seq, &horizon->next_ms, &expired, err);
}

/* A search that has just been made, or a record that has not expired yet, serves. */
static bool horizon_is_known(struct streams *streams, uint64_t now_ms, struct horizon *horizon)
{
    ensure(pthread_mutex_lock(&streams->horizon_lock) == 0);
    *horizon = (struct horizon){streams->horizon, streams->horizon_ms};
    bool known = streams->horizon_ms > horizon_cutoff_ms(now_ms) ||
                 streams->horizon_checked_ms / SECOND_MS == now_ms / SECOND_MS;
    ensure(pthread_mutex_unlock(&streams->horizon_lock) == 0);
    return known;
}

static void horizon_keep(struct streams *streams, uint64_t now_ms, struct horizon *horizon)
{
    ensure(pthread_mutex_lock(&streams->horizon_lock) == 0);
    if (horizon->seq >= streams->horizon) {
        streams->horizon = horizon->seq;
        streams->horizon_ms = horizon->next_ms;
        streams->horizon_checked_ms = now_ms;
    }
    horizon->seq = streams->horizon;
    ensure(pthread_mutex_unlock(&streams->horizon_lock) == 0);
}

bool stream_horizon(struct store *store, enum read_tier tier, uint64_t *seq, struct error *err)
{
    struct streams *streams = store->streams;
    uint64_t now_ms = store->clock.wall_ms(store->clock.context);
    struct horizon horizon;
    if (!horizon_is_known(streams, now_ms, &horizon)) {
        struct slice none = {NULL, 0};
        struct error broken;
        error_clear(&broken);
        struct engine_iterator *log =
            engine_iterator_open(store->engine, FAMILY_LOG, NULL, none, none, tier);
        bool ok = horizon_search(log, horizon_cutoff_ms(now_ms), &horizon, &broken);
        engine_iterator_close(log);
        if (!ok) {
            *err = broken;
            return error_wrap(err, "what has expired");
        }
        horizon_keep(streams, now_ms, &horizon);
    }
    *seq = horizon.seq;
    return true;
}

bool stream_trim(struct store *store, struct error *err)
{
    uint64_t horizon;
    if (!stream_horizon(store, READ_FULL, &horizon, err)) {
        return false;
    }
    uint8_t lower[STREAM_POINTER_KEY_BYTES];
    uint8_t upper[STREAM_POINTER_KEY_BYTES];
    stream_pointer_key(0, 0, lower);
    /* The first of the horizon's period: what lies before it has expired. */
    stream_pointer_key(0, horizon >> STREAM_PERIOD_BITS << STREAM_PERIOD_BITS, upper);
    return engine_drop_files(store->engine, FAMILY_STREAMS, slice_of(lower, sizeof(lower)),
                             slice_of(upper, sizeof(upper)), err) ||
           error_wrap(err, "trim the streams");
}
