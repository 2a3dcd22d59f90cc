/* Reading own writes out of the log, for the shippers.
 *
 * Only what is on disk is read, under relaxed durability too (engine_synced_seq): a crash takes
 * later seqs back and gives them out again, so shipping one of them would make one dot name two
 * writes. Seqs reach the log in order, so everything up to the synced seq is there to be seen.
 *
 * Seqs without an own write are normal: batches of applied writes and of the catalog, and refused
 * writes use one too; of applied writes a stream may have left records, which are passed over. So
 * "what is the oldest" is a question for the note that trimming leaves, not for the first record.
 */
#include "storage/log/change.h"

/* Key and image are copied into the arena; what is the stream's alone stays behind. *own is false
 * for a record that is no own write. */
static bool log_read_record(struct engine_iterator *log,
                            struct arena *arena,
                            struct change *change,
                            bool *own,
                            uint64_t *seq,
                            size_t *bytes,
                            struct error *err)
{
    if (!change_log_seq(engine_iterator_key(log), seq, err)) {
        return false;
    }
    struct slice record = engine_iterator_value(log);
    if (!change_decode(record, change, err)) {
        return error_wrap(err, "log record %llu", (unsigned long long)*seq);
    }
    *own = !change->foreign;
    if (*own && change->version.dot.seq != *seq) {
        return error_set(err, ERROR_CORRUPT, "log record %llu claims to be %llu",
                         (unsigned long long)*seq, (unsigned long long)change->version.dot.seq);
    }
    *bytes += record.size;
    if (*own) {
        change->key = arena_copy(arena, change->key);
        change->image =
            change->has_image ? arena_copy(arena, change->image) : (struct slice){NULL, 0};
        change->old_image = (struct slice){NULL, 0};
    }
    return true;
}

bool store_log_read(struct store *store,
                    uint64_t after,
                    uint32_t max,
                    size_t bytes_max,
                    struct arena *arena,
                    struct change *changes,
                    uint32_t *count,
                    uint64_t *next,
                    struct error *err)
{
    ensure(max > 0 && bytes_max > 0);
    uint64_t synced = engine_synced_seq(store->engine);
    *count = 0;
    *next = after > synced ? after : synced;
    if (after >= synced) {
        return true;
    }
    uint8_t lower[CHANGE_LOG_KEY_BYTES];
    uint8_t upper[CHANGE_LOG_KEY_BYTES];
    change_log_key(after + 1, lower);
    change_log_key(synced + 1, upper);
    struct engine_iterator *log =
        engine_iterator_open(store->engine, FAMILY_LOG, NULL, slice_of(lower, sizeof(lower)),
                             slice_of(upper, sizeof(upper)), READ_FULL);
    struct error broken = {0};
    size_t bytes = 0;
    uint32_t taken = 0;
    uint64_t seq = after;
    bool more = engine_iterator_first(log, &broken);
    while (more && taken < max && bytes < bytes_max) {
        bool own = false;
        if (!log_read_record(log, arena, &changes[taken], &own, &seq, &bytes, &broken)) {
            break;
        }
        taken += own ? 1 : 0;
        more = engine_iterator_next(log, &broken);
    }
    engine_iterator_close(log);
    if (broken.code != ERROR_NONE) {
        *err = broken;
        return false;
    }
    *count = taken;
    *next = more ? seq : synced;
    return true;
}

uint64_t store_log_oldest(struct store *store)
{
    return engine_trimmed_own_seq(store->engine) + 1;
}

bool store_log_newest(struct store *store, uint64_t *seq, uint64_t *stamp, struct error *err)
{
    /* Above every key: those have eight bytes. */
    static const uint8_t end[CHANGE_LOG_KEY_BYTES + 1] = {255, 255, 255, 255, 255, 255, 255, 255};
    struct engine_iterator *log = engine_iterator_open(
        store->engine, FAMILY_LOG, NULL, (struct slice){0}, slice_of(end, sizeof(end)), READ_FULL);
    struct change newest;
    *seq = 0;
    *stamp = 0;
    error_clear(err);
    if (engine_iterator_last(log, err) && change_log_seq(engine_iterator_key(log), seq, err) &&
        change_decode(engine_iterator_value(log), &newest, err)) {
        *stamp = change_local_stamp(&newest);
    }
    engine_iterator_close(log);
    return err->code == ERROR_NONE;
}

static void log_raise(atomic_ullong *known, uint64_t seq)
{
    unsigned long long was = atomic_load(known);
    while (seq > was && !atomic_compare_exchange_weak(known, &was, seq)) {
    }
}

/* Backwards over what peers wrote, which can be much; but what has been passed over once is not
 * read again. Both notes only rise, and the own seq before the end: whoever reads them the other
 * way round gets an own seq that belongs to the end, or a newer one. */
bool store_log_newest_own(struct store *store, uint64_t *seq, struct error *err)
{
    static const uint8_t end[CHANGE_LOG_KEY_BYTES + 1] = {255, 255, 255, 255, 255, 255, 255, 255};
    uint64_t known_end = atomic_load(&store->log_own_end);
    uint64_t own = atomic_load(&store->log_own_seq);
    uint64_t newest = 0;
    struct change change = {.foreign = true};
    struct engine_iterator *log = engine_iterator_open(
        store->engine, FAMILY_LOG, NULL, (struct slice){0}, slice_of(end, sizeof(end)), READ_FULL);
    error_clear(err);
    bool more = engine_iterator_last(log, err);
    while (more) {
        uint64_t at;
        if (!change_log_seq(engine_iterator_key(log), &at, err) || at <= known_end ||
            !change_decode(engine_iterator_value(log), &change, err)) {
            break;
        }
        newest = newest == 0 ? at : newest;
        if (!change.foreign) {
            own = at > own ? at : own;
            break;
        }
        more = engine_iterator_previous(log, err);
    }
    engine_iterator_close(log);
    if (err->code != ERROR_NONE) {
        return false;
    }
    log_raise(&store->log_own_seq, own);
    log_raise(&store->log_own_end, newest);
    *seq = own;
    return true;
}
