/* The set of streams in memory: opening, looking around.
 *
 * Some hundred bytes per shard, one entry per stream: found by id in an ordered array, by name in a
 * pass over all of them, which the few calls that ask by name can afford. */
#include "storage/stream/streams.h"

#include <stdlib.h>
#include <unistd.h>

#define KEY_NEXT_ID SLICE_LITERAL("streams/next-id")

static const char stream_prefix[] = "stream/";

enum {
    STREAM_PREFIX_BYTES = sizeof(stream_prefix) - 1,
    STREAM_ID_FIRST = 1,
    STREAMS_CAPACITY_MIN = 16,
    CORES_PER_SHARD = 4,
};

void stream_key(uint32_t id, uint8_t key[static STREAM_KEY_BYTES])
{
    memcpy(key, stream_prefix, STREAM_PREFIX_BYTES);
    put_be32(key + STREAM_PREFIX_BYTES, id);
}

void stream_pointer_key(uint32_t stream, uint64_t seq, uint8_t key[static STREAM_POINTER_KEY_BYTES])
{
    uint64_t period = seq >> STREAM_PERIOD_BITS;
    key[0] = (uint8_t)(period >> 32);
    put_be32(key + 1, (uint32_t)period);
    put_be32(key + 5, stream);
    put_be64(key + 9, seq);
}

/* --- Entries --------------------------------------------------------------------------------- */

struct stream_entry *stream_entry_copy(const struct stream_state *state, uint32_t room)
{
    struct stream_entry *made = calloc(1, sizeof(*made));
    ensure(made != NULL);
    arena_init(&made->arena);
    made->state = *state;
    struct stream *about = &made->state.about;
    about->table = arena_copy(&made->arena, about->table);
    about->partition.name = arena_copy(&made->arena, about->partition.name);
    about->sort.name = arena_copy(&made->arena, about->sort.name);
    made->state.shards =
        arena_zalloc(&made->arena, (size_t)state->count + room, sizeof(*made->state.shards));
    if (state->count > 0) {
        memcpy(made->state.shards, state->shards, state->count * sizeof(*state->shards));
    }
    return made;
}

void stream_entry_free(struct stream_entry *entry)
{
    if (entry != NULL) {
        arena_destroy(&entry->arena);
        free(entry);
    }
}

/* The place of the first entry with at least this id. */
static uint32_t streams_place(const struct streams *streams, uint32_t id)
{
    uint32_t low = 0;
    uint32_t high = streams->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (streams->entries[middle]->state.about.id < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool streams_is_at(const struct streams *streams, uint32_t at, uint32_t id)
{
    return at < streams->count && streams->entries[at]->state.about.id == id;
}

struct stream_entry *streams_find(const struct streams *streams, uint32_t id)
{
    uint32_t at = streams_place(streams, id);
    return streams_is_at(streams, at, id) ? streams->entries[at] : NULL;
}

void streams_add(struct streams *streams, struct stream_entry *entry)
{
    if (streams->count == streams->capacity) {
        streams->capacity = streams->capacity == 0 ? STREAMS_CAPACITY_MIN : 2 * streams->capacity;
        streams->entries =
            realloc(streams->entries, streams->capacity * sizeof(streams->entries[0]));
        ensure(streams->entries != NULL);
    }
    ensure(streams->count == 0 ||
           streams->entries[streams->count - 1]->state.about.id < entry->state.about.id);
    streams->entries[streams->count++] = entry;
}

void streams_replace(struct streams *streams, struct stream_entry *entry)
{
    uint32_t at = streams_place(streams, entry->state.about.id);
    ensure(streams_is_at(streams, at, entry->state.about.id));
    stream_entry_free(streams->entries[at]);
    streams->entries[at] = entry;
}

void streams_remove(struct streams *streams, uint32_t id)
{
    uint32_t at = streams_place(streams, id);
    ensure(streams_is_at(streams, at, id));
    stream_entry_free(streams->entries[at]);
    streams->count--;
    memmove(&streams->entries[at], &streams->entries[at + 1],
            (streams->count - at) * sizeof(streams->entries[0]));
}

/* --- Opening --------------------------------------------------------------------------------- */

static bool streams_load_one(struct streams *streams, struct slice record, struct error *err)
{
    struct arena arena;
    struct stream_state state;
    arena_init(&arena);
    bool ok = stream_record_decode(record, &arena, &state, err);
    if (ok && (state.about.id >= streams->next_id || streams->count >= STREAMS_MAX)) {
        ok = error_set(err, ERROR_CORRUPT, "stream %u is beyond the bounds", state.about.id);
    }
    if (ok) {
        streams_add(streams, stream_entry_copy(&state, 0));
    }
    arena_destroy(&arena);
    return ok;
}

static bool streams_load_next_id(struct streams *streams, struct error *err)
{
    struct engine_value value;
    bool found = false;
    streams->next_id = STREAM_ID_FIRST;
    if (!engine_get(streams->store->engine, FAMILY_META, NULL, KEY_NEXT_ID, READ_FULL, &value,
                    &found, err)) {
        return false;
    }
    if (!found) {
        return true;
    }
    bool ok = value.bytes.size == 4;
    streams->next_id = ok ? get_be32(value.bytes.data) : 0;
    engine_value_release(&value);
    return (ok && streams->next_id >= STREAM_ID_FIRST) ||
           error_set(err, ERROR_CORRUPT, "the next stream's id does not decode");
}

static bool streams_load(struct streams *streams, struct error *err)
{
    uint8_t lower[STREAM_KEY_BYTES];
    uint8_t upper[STREAM_KEY_BYTES];
    if (!streams_load_next_id(streams, err)) {
        return false;
    }
    stream_key(0, lower);
    stream_key(UINT32_MAX, upper);
    struct engine_iterator *rows = engine_iterator_open(streams->store->engine, FAMILY_META, NULL,
                                                        slice_of(lower, sizeof(lower)),
                                                        slice_of(upper, sizeof(upper)), READ_FULL);
    bool ok = true;
    error_clear(err);
    for (bool at = engine_iterator_first(rows, err); at && ok;
         at = ok && engine_iterator_next(rows, err)) {
        ok = streams_load_one(streams, engine_iterator_value(rows), err);
    }
    engine_iterator_close(rows);
    return ok && err->code == ERROR_NONE;
}

/* A shard may end at a seq that no log record has. It must not be given out again: its records
 * would belong to a shard whose end readers have been told of. */
static uint64_t streams_largest_seq(const struct streams *streams)
{
    uint64_t largest = 0;
    for (uint32_t i = 0; i < streams->count; i++) {
        const struct stream_state *state = &streams->entries[i]->state;
        for (uint32_t k = 0; k < state->count; k++) {
            const struct shard *shard = &state->shards[k];
            uint64_t seq = shard->end_seq != 0 ? shard->end_seq : shard->start_seq - 1;
            largest = seq > largest ? seq : largest;
        }
    }
    return largest;
}

/* Every stream that a table names must be there: its record was durable before the description. */
static bool streams_check_table(struct streams *streams, struct slice name, struct error *err)
{
    const struct table *table = catalog_acquire(streams->store->catalog, name);
    ensure(table != NULL);
    uint32_t id = table->stream.id;
    table_release(table);
    return id == 0 || streams_find(streams, id) != NULL ||
           error_set(err, ERROR_CORRUPT, "stream %u of table %.*s is not there", id,
                     SLICE_ARGS(name));
}

static bool streams_check_tables(struct streams *streams, struct error *err)
{
    struct catalog *catalog = streams->store->catalog;
    struct arena arena;
    arena_init(&arena);
    struct slice *names = arena_zalloc(&arena, TABLES_MAX, sizeof(*names));
    bool more = false;
    uint32_t count = catalog_list(catalog, (struct slice){0}, TABLES_MAX, &arena, names, &more);
    bool ok = true;
    for (uint32_t i = 0; i < count && ok; i++) {
        ok = streams_check_table(streams, names[i], err);
    }
    arena_destroy(&arena);
    return ok;
}

static uint32_t streams_shards_default(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    long shards = cores / CORES_PER_SHARD;
    return shards < 1 ? 1 : shards > STREAM_SHARDS_MAX ? STREAM_SHARDS_MAX : (uint32_t)shards;
}

bool streams_open(struct store *store, uint32_t shards, struct streams **streams, struct error *err)
{
    ensure(shards <= STREAM_SHARDS_MAX);
    struct streams *made = calloc(1, sizeof(*made));
    ensure(made != NULL);
    made->store = store;
    ensure(pthread_mutex_init(&made->changing, NULL) == 0);
    ensure(pthread_rwlock_init(&made->lock, NULL) == 0);
    ensure(pthread_mutex_init(&made->horizon_lock, NULL) == 0);
    atomic_store(&made->wanted, shards == 0 ? streams_shards_default() : shards);
    if (!streams_load(made, err) || !streams_check_tables(made, err)) {
        streams_close(made);
        return error_wrap(err, "streams");
    }
    engine_raise_seq(store->engine, streams_largest_seq(made));
    made->horizon = engine_trimmed_seq(store->engine) + 1;
    uint64_t last = engine_synced_seq(store->engine);
    for (uint32_t i = 0; i < STREAM_NEWEST_SLOTS; i++) { /* They may have records up to here. */
        atomic_store(&made->newest[i], last);
    }
    *streams = made;
    return true;
}

void streams_close(struct streams *streams)
{
    if (streams == NULL) {
        return;
    }
    for (uint32_t i = 0; i < streams->count; i++) {
        stream_entry_free(streams->entries[i]);
    }
    free(streams->entries);
    pthread_mutex_destroy(&streams->horizon_lock);
    pthread_rwlock_destroy(&streams->lock);
    pthread_mutex_destroy(&streams->changing);
    free(streams);
}

/* --- Looking around -------------------------------------------------------------------------- */

static void streams_read_lock(struct streams *streams)
{
    ensure(pthread_rwlock_rdlock(&streams->lock) == 0);
}

static void streams_unlock(struct streams *streams)
{
    ensure(pthread_rwlock_unlock(&streams->lock) == 0);
}

static struct stream stream_copy(const struct stream *about, struct arena *arena)
{
    struct stream made = *about;
    made.table = arena_copy(arena, about->table);
    made.partition.name = arena_copy(arena, about->partition.name);
    made.sort.name = arena_copy(arena, about->sort.name);
    return made;
}

static int stream_compare(const void *a, const void *b)
{
    const struct stream *left = a;
    const struct stream *right = b;
    int order = slice_compare(left->table, right->table);
    return order != 0 ? order
                      : (left->label_ms > right->label_ms) - (left->label_ms < right->label_ms);
}

uint32_t stream_list(struct store *store,
                     struct slice table,
                     struct slice after_table,
                     uint64_t after_label_ms,
                     uint32_t max,
                     struct arena *arena,
                     struct stream *streams,
                     bool *more)
{
    struct streams *set = store->streams;
    struct stream after = {.table = after_table, .label_ms = after_label_ms};
    uint32_t count = 0;
    streams_read_lock(set);
    struct stream *found = arena_alloc(arena, (set->count + 1) * sizeof(*found));
    for (uint32_t i = 0; i < set->count; i++) {
        const struct stream *about = &set->entries[i]->state.about;
        if ((table.size == 0 || slice_equal(about->table, table)) &&
            (after_table.size == 0 || stream_compare(about, &after) > 0)) {
            found[count++] = *about;
        }
    }
    qsort(found, count, sizeof(*found), stream_compare);
    *more = count > max;
    count = count > max ? max : count;
    for (uint32_t i = 0; i < count; i++) {
        streams[i] = stream_copy(&found[i], arena);
    }
    streams_unlock(set);
    return count;
}

bool stream_find(struct store *store,
                 struct slice table,
                 uint64_t label_ms,
                 struct arena *arena,
                 struct stream *stream)
{
    struct streams *set = store->streams;
    bool found = false;
    streams_read_lock(set);
    for (uint32_t i = 0; i < set->count && !found; i++) {
        const struct stream *about = &set->entries[i]->state.about;
        if (about->label_ms == label_ms && slice_equal(about->table, table)) {
            *stream = stream_copy(about, arena);
            found = true;
        }
    }
    streams_unlock(set);
    return found;
}

bool stream_shards(struct store *store,
                   uint32_t stream,
                   struct arena *arena,
                   struct stream_shard **shards,
                   uint32_t *count)
{
    struct streams *set = store->streams;
    uint64_t now_ms = store->clock.wall_ms(store->clock.context);
    streams_read_lock(set);
    const struct stream_entry *entry = streams_find(set, stream);
    if (entry == NULL) {
        streams_unlock(set);
        return false;
    }
    const struct stream_state *state = &entry->state;
    struct stream_shard *made = arena_zalloc(arena, state->count + 1, sizeof(*made));
    uint32_t kept = 0;
    for (uint32_t i = 0; i < state->count; i++) {
        const struct shard *shard = &state->shards[i];
        if (shard_has_expired(shard, now_ms)) {
            continue;
        }
        shard_id_write(shard->created_ms, shard->number, made[kept].id);
        if (shard->parent != 0) {
            shard_id_write(shard->parent_created_ms, shard->parent, made[kept].parent);
        }
        made[kept].start_seq = shard->start_seq;
        made[kept].end_seq = shard->end_seq;
        kept++;
    }
    streams_unlock(set);
    *shards = made;
    *count = kept;
    return true;
}

uint64_t stream_newest(const struct store *store, uint32_t stream)
{
    /* In this order: the writer of a seq has noted it before it could be synced. */
    uint64_t synced = engine_synced_seq(store->engine);
    uint64_t newest = atomic_load_explicit(&store->streams->newest[stream % STREAM_NEWEST_SLOTS],
                                           memory_order_acquire);
    return newest < synced ? newest : synced;
}

void stream_figures(struct store *store, struct stream_figures *figures)
{
    struct streams *set = store->streams;
    *figures = (struct stream_figures){0};
    streams_read_lock(set);
    for (uint32_t i = 0; i < set->count; i++) {
        const struct stream_state *state = &set->entries[i]->state;
        uint32_t open = shards_open_count(state);
        figures->enabled += state->about.enabled ? 1 : 0;
        figures->disabled += state->about.enabled ? 0 : 1;
        figures->open += open;
        figures->closed += state->count - open;
    }
    streams_unlock(set);
}
