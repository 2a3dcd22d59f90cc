/* Pages of records.
 *
 *     bound = synced seq --> stream and shard, cap --> horizon
 *         --> pointers of the stream in [from, last], those of the shard's hashes --> log records
 *
 * The order of the first two matters: see life.c. A page looks at a bounded number of pointers and
 * periods, fewer on a loop, and says how far it came: so neither a stream of which little falls
 * into the shard nor a day in which only others wrote holds a thread for long. */
#include "storage/stream/streams.h"

#include "storage/log/change.h"

enum {
    READ_EFFORT_LOOP = 2000, /* Pointers that one page looks at. */
    READ_EFFORT = 50000,
    READ_SEEK_EFFORT = 20, /* What a seek costs in pointers. */
    READ_NEXT_TRIES = 8,   /* So near a log record is reached step by step. */
};

/* What a read needs of its stream. */
struct read_shard {
    uint32_t stream;
    uint32_t table_id;
    enum stream_view view;
    struct shard shard;
    uint64_t last; /* Nothing behind it is read. */
};

struct read_job {
    struct store *store;
    struct read_shard of;
    enum read_tier tier;
    struct arena *arena;
    struct stream_page *page;
    uint32_t max;
    size_t bytes_max;
    size_t bytes;
    uint32_t effort;                  /* Left. */
    uint64_t reached;                 /* Up to here everything has been looked at. */
    struct engine_iterator *pointers; /* Of the stream and of others. */
    struct engine_iterator *log;      /* NULL until it is needed. */
    uint64_t log_seq;                 /* Where it stands; 0: nowhere. */
};

static const struct shard *read_find_shard(const struct stream_state *state, struct slice id)
{
    uint64_t created_ms;
    uint32_t number;
    if (!shard_id_read(id, &created_ms, &number)) {
        return NULL;
    }
    for (uint32_t i = 0; i < state->count; i++) {
        const struct shard *shard = &state->shards[i];
        if (shard->number == number && shard->created_ms == created_ms) {
            return shard;
        }
    }
    return NULL;
}

static bool read_find(struct store *store,
                      const struct stream_position *position,
                      struct read_shard *of,
                      struct error *err)
{
    uint64_t synced = engine_synced_seq(store->engine); /* First: see the top. */
    struct streams *streams = store->streams;
    uint64_t now_ms = store->clock.wall_ms(store->clock.context);
    ensure(pthread_rwlock_rdlock(&streams->lock) == 0);
    const struct stream_entry *entry = streams_find(streams, position->stream);
    const struct shard *shard =
        entry == NULL ? NULL : read_find_shard(&entry->state, position->shard);
    bool found = shard != NULL && !shard_has_expired(shard, now_ms);
    if (found) {
        *of = (struct read_shard){.stream = position->stream,
                                  .table_id = entry->state.about.table_id,
                                  .view = entry->state.about.view,
                                  .shard = *shard,
                                  .last = synced};
        of->last = entry->cap != 0 && entry->cap < of->last ? entry->cap : of->last;
        of->last = shard->end_seq != 0 && shard->end_seq < of->last ? shard->end_seq : of->last;
    }
    ensure(pthread_rwlock_unlock(&streams->lock) == 0);
    return found || error_set(err, ERROR_NOT_FOUND, "Requested resource not found: Shard: %.*s",
                              SLICE_ARGS(position->shard));
}

/* --- Pointers -------------------------------------------------------------------------------- */

enum read_step { READ_FOUND, READ_NONE, READ_TIRED, READ_FAILED };

static bool read_spend(struct read_job *job, uint32_t effort)
{
    job->effort = job->effort > effort ? job->effort - effort : 0;
    return job->effort > 0;
}

static bool read_pointer(struct engine_iterator *pointers,
                         uint32_t *stream,
                         uint64_t *seq,
                         uint32_t *hash,
                         struct error *err)
{
    struct slice key = engine_iterator_key(pointers);
    struct slice value = engine_iterator_value(pointers);
    uint8_t again[STREAM_POINTER_KEY_BYTES];
    if (key.size == STREAM_POINTER_KEY_BYTES && value.size == STREAM_POINTER_VALUE_BYTES) {
        *stream = get_be32(key.data + 5);
        *seq = get_be64(key.data + 9);
        *hash = get_be32(value.data);
        stream_pointer_key(*stream, *seq, again);
        if (slice_equal(key, slice_of(again, sizeof(again)))) {
            return true;
        }
    }
    return error_set(err, ERROR_CORRUPT, "a stream's pointer of %zu and %zu bytes does not decode",
                     key.size, value.size);
}

static bool read_seek(struct read_job *job, uint64_t seq, struct error *err)
{
    uint8_t key[STREAM_POINTER_KEY_BYTES];
    stream_pointer_key(job->of.stream, seq, key);
    return engine_iterator_seek(job->pointers, slice_of(key, sizeof(key)), err);
}

/* From where the iterator stands (`at`), to the stream's next pointer: over the periods in which it
 * has none. */
static enum read_step
read_settle(struct read_job *job, bool at, uint64_t *seq, uint32_t *hash, struct error *err)
{
    while (at) {
        uint32_t stream;
        if (!read_pointer(job->pointers, &stream, seq, hash, err)) {
            return READ_FAILED;
        }
        if (stream == job->of.stream) {
            return *seq <= job->of.last ? READ_FOUND : READ_NONE;
        }
        /* Others' streams: ours would come before them, or later in this period. */
        uint64_t period = *seq >> STREAM_PERIOD_BITS;
        period += stream > job->of.stream ? 1 : 0;
        uint64_t from = period << STREAM_PERIOD_BITS;
        if (from > job->of.last) {
            return READ_NONE;
        }
        job->reached = from > job->reached + 1 ? from - 1 : job->reached;
        if (!read_spend(job, READ_SEEK_EFFORT)) {
            return READ_TIRED;
        }
        at = read_seek(job, from, err);
    }
    return err->code == ERROR_NONE ? READ_NONE : READ_FAILED;
}

/* --- Records --------------------------------------------------------------------------------- */

/* Move the log's iterator to the record of `seq`. */
static bool read_log_move(struct read_job *job, uint64_t seq, bool *at, struct error *err)
{
    struct slice none = {NULL, 0};
    if (job->log == NULL) {
        job->log = job->tier == READ_FULL
                       ? engine_iterator_open_once(job->store->engine, FAMILY_LOG, NULL, none, none)
                       : engine_iterator_open(job->store->engine, FAMILY_LOG, NULL, none, none,
                                              READ_CACHED);
    }
    *at = true;
    if (job->log_seq == 0 || seq - job->log_seq > READ_NEXT_TRIES) {
        uint8_t key[CHANGE_LOG_KEY_BYTES];
        change_log_key(seq, key);
        *at = engine_iterator_seek(job->log, slice_of(key, sizeof(key)), err);
        job->log_seq = 0;
    } else {
        while (*at && job->log_seq < seq) {
            *at = engine_iterator_next(job->log, err) &&
                  change_log_seq(engine_iterator_key(job->log), &job->log_seq, err);
        }
    }
    if (*at) {
        return change_log_seq(engine_iterator_key(job->log), &job->log_seq, err);
    }
    job->log_seq = 0;
    return err->code == ERROR_NONE;
}

static bool read_record(struct read_job *job, uint64_t seq, struct error *err)
{
    struct change change;
    bool at = false;
    if (!read_log_move(job, seq, &at, err)) {
        return false;
    }
    if (!at || job->log_seq != seq) {
        return engine_trimmed_seq(job->store->engine) >= seq
                   ? error_set(err, ERROR_TRIMMED,
                               "The operation attempted to read past the oldest stream record in "
                               "a shard.")
                   : error_set(err, ERROR_CORRUPT, "the record %llu of stream %u is not there",
                               (unsigned long long)seq, job->of.stream);
    }
    if (!change_decode(engine_iterator_value(job->log), &change, err)) {
        return error_wrap(err, "log record %llu", (unsigned long long)seq);
    }
    if (!change.streamed || change.table_id != job->of.table_id) {
        return error_set(err, ERROR_CORRUPT, "log record %llu is none of stream %u",
                         (unsigned long long)seq, job->of.stream);
    }
    enum stream_view view = job->of.view;
    bool shows_new = view == STREAM_NEW_IMAGE || view == STREAM_NEW_AND_OLD_IMAGES;
    struct stream_record *record = &job->page->records[job->page->count++];
    *record = (struct stream_record){
        .seq = seq,
        .time_ms = change_local_ms(&change),
        .event = change.tombstone ? STREAM_REMOVE
                 : change.existed ? STREAM_MODIFY
                                  : STREAM_INSERT,
        .by_ttl = change.by_ttl,
        .key = arena_copy(job->arena, change.key),
    };
    if (change.old_image.size > 0) {
        record->old_image = arena_copy(job->arena, change.old_image);
    }
    if (shows_new && change.image.size > 0) {
        record->new_image = arena_copy(job->arena, change.image);
    }
    job->bytes += record->key.size + record->old_image.size + record->new_image.size;
    return true;
}

/* Fill the page from `from` on. */
static enum read_step read_fill(struct read_job *job, uint64_t from, struct error *err)
{
    uint64_t seq;
    uint32_t hash;
    bool at = read_seek(job, from, err);
    for (;;) {
        enum read_step step = read_settle(job, at, &seq, &hash, err);
        if (step != READ_FOUND) {
            return step;
        }
        if (hash >= job->of.shard.low && hash < job->of.shard.high) {
            if (!read_record(job, seq, err)) {
                return READ_FAILED;
            }
        }
        job->reached = seq;
        if (job->page->count == job->max || job->bytes >= job->bytes_max || !read_spend(job, 1)) {
            return READ_TIRED;
        }
        at = engine_iterator_next(job->pointers, err);
    }
}

/* With something to look at. */
static bool read_run(struct read_job *job, uint64_t from, struct error *err)
{
    struct slice none = {NULL, 0};
    struct error broken;
    error_clear(&broken);
    job->pointers =
        engine_iterator_open(job->store->engine, FAMILY_STREAMS, NULL, none, none, job->tier);
    enum read_step step = read_fill(job, from, &broken);
    engine_iterator_close(job->pointers);
    engine_iterator_close(job->log);
    if (step == READ_NONE) {
        job->reached = job->of.last;
    }
    bool moved = job->reached >= from;
    if (step == READ_FAILED && (broken.code != ERROR_WOULD_BLOCK || !moved)) {
        *err = broken;
        return false;
    }
    return true;
}

bool stream_read(struct store *store,
                 const struct stream_position *position,
                 uint32_t max,
                 size_t bytes_max,
                 enum read_tier tier,
                 struct arena *arena,
                 struct stream_page *page,
                 struct error *err)
{
    ensure(max > 0 && bytes_max > 0);
    struct read_job job = {.store = store,
                           .tier = tier,
                           .arena = arena,
                           .page = page,
                           .max = max,
                           .bytes_max = bytes_max,
                           .effort = tier == READ_CACHED ? READ_EFFORT_LOOP : READ_EFFORT};
    uint64_t horizon;
    if (!read_find(store, position, &job.of, err) || !stream_horizon(store, tier, &horizon, err)) {
        return false;
    }
    const struct shard *shard = &job.of.shard;
    uint64_t from = position->after + 1 > shard->start_seq ? position->after + 1 : shard->start_seq;
    bool in_shard = shard->end_seq == 0 || from <= shard->end_seq;
    if (from < horizon && in_shard) {
        if (position->after != 0) {
            return error_set(err, ERROR_TRIMMED,
                             "The operation attempted to read past the oldest stream record in a "
                             "shard.");
        }
        from = horizon;
    }
    page->count = 0;
    job.reached = from - 1;
    if (from <= job.of.last) {
        if (stream_newest(store, position->stream) < from) {
            job.reached = job.of.last;
        } else if (!read_run(&job, from, err)) {
            page->count = 0;
            return false;
        }
    }
    page->next = job.reached;
    page->at_end = shard->end_seq != 0 && job.reached >= shard->end_seq;
    return true;
}
