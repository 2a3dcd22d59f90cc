/* Local stamps grow with seqs (both are given in the commit section), so the cut is found by a
 * binary search over seqs: some forty seeks whatever the size of the log.
 *
 * The order is what makes it safe: first the note in `meta` becomes durable, then files go. A crash
 * between leaves records that nobody misses; the next trim takes them. Records at or below the note
 * that share a file with newer ones stay readable until that file goes; no range delete is written,
 * because it would make compactions rewrite a log that otherwise only moves. */
#include "storage/log/trim.h"

#include "storage/engine/engine.h"
#include "storage/log/change.h"

bool log_seek_time(struct engine_iterator *log,
                   uint64_t from,
                   uint64_t *seq,
                   uint64_t *local_ms,
                   struct error *err)
{
    uint8_t key[CHANGE_LOG_KEY_BYTES];
    struct change change;
    change_log_key(from, key);
    if (!engine_iterator_seek(log, slice_of(key, sizeof(key)), err) ||
        !change_log_seq(engine_iterator_key(log), seq, err) ||
        !change_decode(engine_iterator_value(log), &change, err)) {
        return false;
    }
    *local_ms = change_local_ms(&change);
    return true;
}

/* The largest seq in [low, high] such that every record up to it is before before_ms. `low` itself
 * counts as fit. */
static bool trim_search(struct engine_iterator *log,
                        uint64_t low,
                        uint64_t high,
                        uint64_t before_ms,
                        uint64_t *cut,
                        struct error *err)
{
    while (low < high) {
        uint64_t middle = low + (high - low + 1) / 2; /* Ask for the first record from here on. */
        uint64_t seq;
        uint64_t wall_ms;
        bool found = log_seek_time(log, middle, &seq, &wall_ms, err);
        if (!found && err->code != ERROR_NONE) {
            return false;
        }
        if (found && seq <= high && wall_ms < before_ms) {
            low = seq;
        } else {
            high = middle - 1; /* Nothing from `middle` to `high` may go, or there is nothing. */
        }
    }
    *cut = low;
    return true;
}

/* The largest seq in [low, high] such that no own write lies in (low, it]. Walks over what peers
 * wrote; only a region that makes no writes of its own has much of that behind `acknowledged`, and
 * then no more of it than this round takes away. */
static bool
trim_to_own(struct engine *engine, uint64_t low, uint64_t high, uint64_t *cut, struct error *err)
{
    uint8_t lower[CHANGE_LOG_KEY_BYTES];
    uint8_t upper[CHANGE_LOG_KEY_BYTES];
    change_log_key(low + 1, lower);
    change_log_key(high + 1, upper);
    struct engine_iterator *log = engine_iterator_open_once(
        engine, FAMILY_LOG, NULL, slice_of(lower, sizeof(lower)), slice_of(upper, sizeof(upper)));
    *cut = high;
    bool more = engine_iterator_first(log, err);
    while (more) {
        struct change change;
        uint64_t seq;
        if (!change_log_seq(engine_iterator_key(log), &seq, err) ||
            !change_decode(engine_iterator_value(log), &change, err)) {
            break;
        }
        if (!change.foreign) {
            *cut = seq - 1;
            break;
        }
        more = engine_iterator_next(log, err);
    }
    engine_iterator_close(log);
    return err->code == ERROR_NONE;
}

bool log_trim(struct engine *engine,
              uint64_t acknowledged,
              uint64_t before_ms,
              uint64_t *trimmed,
              struct error *err)
{
    struct slice none = {NULL, 0};
    struct error broken = {0};
    uint64_t start = engine_trimmed_seq(engine);
    uint64_t newest = 0;
    uint64_t cut = start;
    struct engine_iterator *log =
        engine_iterator_open(engine, FAMILY_LOG, NULL, none, none, READ_FULL);
    bool ok = !engine_iterator_last(log, &broken) ||
              change_log_seq(engine_iterator_key(log), &newest, &broken);
    ok = ok &&
         (newest <= start + 1 || trim_search(log, start, newest - 1, before_ms, &cut, &broken));
    engine_iterator_close(log);
    if (ok && cut > acknowledged) {
        ok = trim_to_own(engine, start > acknowledged ? start : acknowledged, cut, &cut, &broken);
    }
    if (!ok || broken.code != ERROR_NONE) {
        *err = broken;
        return error_wrap(err, "trim the log");
    }
    uint64_t own = engine_trimmed_own_seq(engine); /* No own write behind `acknowledged` goes. */
    uint64_t own_cut = cut < acknowledged ? cut : acknowledged;
    own = own_cut > own ? own_cut : own;
    if (cut > start && !engine_trimmed_set(engine, cut, own, err)) {
        return error_wrap(err, "trim the log");
    }
    uint8_t lower[CHANGE_LOG_KEY_BYTES];
    uint8_t upper[CHANGE_LOG_KEY_BYTES];
    change_log_key(0, lower);
    change_log_key(cut + 1, upper);
    if (cut > 0 && !engine_drop_files(engine, FAMILY_LOG, slice_of(lower, sizeof(lower)),
                                      slice_of(upper, sizeof(upper)), err)) {
        return error_wrap(err, "trim the log");
    }
    *trimmed = cut;
    return true;
}
