/* Small durable notes of the rooms above, in `repl` under "note/" + their key; and the barrier. */
#include "storage/store.h"
#include "storage/table/latch.h"

static struct slice note_key(struct arena *arena, struct slice key)
{
    struct slice prefix = SLICE_LITERAL("note/");
    struct buffer made;
    buffer_init(&made, arena, prefix.size + key.size);
    buffer_append_slice(&made, prefix);
    buffer_append_slice(&made, key);
    return buffer_slice(&made);
}

bool store_note_put(struct store *store, struct slice key, struct slice value, struct error *err)
{
    ensure(key.size > 0);
    struct arena arena;
    arena_init(&arena);
    struct engine_batch *batch = engine_batch_open();
    engine_batch_put(store->engine, batch, FAMILY_REPL, note_key(&arena, key), value);
    uint64_t seq = engine_commit_begin(store->engine);
    bool ok = engine_commit_append(store->engine, batch, seq, err) &&
              engine_wait_durable(store->engine, seq, err);
    engine_batch_close(batch);
    arena_destroy(&arena);
    return ok;
}

bool store_note_get(struct store *store,
                    struct slice key,
                    struct arena *arena,
                    struct slice *value,
                    bool *found,
                    struct error *err)
{
    ensure(key.size > 0);
    struct engine_value stored;
    if (!engine_get(store->engine, FAMILY_REPL, NULL, note_key(arena, key), READ_FULL, &stored,
                    found, err)) {
        return false;
    }
    if (*found) {
        *value = arena_copy(arena, stored.bytes);
        engine_value_release(&stored);
    }
    return true;
}

/* A writer reads the description under its row's latch, so a pass over all latches is enough. */
void store_barrier(struct store *store)
{
    latches_barrier(store->latches);
}
