#include "storage/table/token.h"

#include "storage/table/latch.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

static const char token_prefix[] = "token/";

enum {
    TOKEN_PREFIX_BYTES = sizeof(token_prefix) - 1,
    TOKEN_FORMAT_AT = 8,
    TOKEN_TIME_AT = 9,
    TOKEN_DIGEST_AT = 17,
    TOKEN_FORMAT = 1,
};

_Static_assert(TOKEN_PREFIX_BYTES + TRANSACTION_TOKEN_BYTES_MAX == TOKEN_KEY_BYTES_MAX, "room");

static void token_key_finish(struct token_key *key)
{
    key->stripe = latch_stripe(XXH3_64bits(key->bytes, key->size));
}

void token_encode_key(struct slice token, struct token_key *key)
{
    ensure(token.size > 0 && token.size <= TRANSACTION_TOKEN_BYTES_MAX);
    memcpy(key->bytes, token_prefix, TOKEN_PREFIX_BYTES);
    memcpy(key->bytes + TOKEN_PREFIX_BYTES, token.data, token.size);
    key->size = TOKEN_PREFIX_BYTES + token.size;
    token_key_finish(key);
}

void token_encode_value(const struct token_record *record, uint8_t value[static TOKEN_VALUE_BYTES])
{
    value[TOKEN_FORMAT_AT] = TOKEN_FORMAT;
    put_be64(value + TOKEN_TIME_AT, record->time_ms);
    memcpy(value + TOKEN_DIGEST_AT, record->digest, TOKEN_DIGEST_BYTES);
    put_be64(value, XXH64(value + TOKEN_FORMAT_AT, TOKEN_VALUE_BYTES - TOKEN_FORMAT_AT, 0));
}

bool token_decode_value(struct slice value, struct token_record *record, struct error *err)
{
    if (value.size != TOKEN_VALUE_BYTES || value.data[TOKEN_FORMAT_AT] != TOKEN_FORMAT ||
        get_be64(value.data) !=
            XXH64(value.data + TOKEN_FORMAT_AT, TOKEN_VALUE_BYTES - TOKEN_FORMAT_AT, 0)) {
        return error_set(err, ERROR_CORRUPT, "the record of a client token does not decode");
    }
    record->time_ms = get_be64(value.data + TOKEN_TIME_AT);
    memcpy(record->digest, value.data + TOKEN_DIGEST_AT, TOKEN_DIGEST_BYTES);
    return true;
}

bool token_is_expired(const struct token_record *record, uint64_t now_ms)
{
    return now_ms > record->time_ms && now_ms - record->time_ms > TRANSACTION_TOKEN_MS;
}

bool token_find(struct store *store,
                const struct token_key *key,
                uint64_t now_ms,
                enum read_tier tier,
                struct token_record *record,
                bool *found,
                struct error *err)
{
    struct engine_value value;
    if (!engine_get(store->engine, FAMILY_REPL, NULL, slice_of(key->bytes, key->size), tier, &value,
                    found, err)) {
        return false;
    }
    if (!*found) {
        return true;
    }
    bool ok = token_decode_value(value.bytes, record, err);
    *found = ok && !token_is_expired(record, now_ms);
    engine_value_release(&value);
    return ok;
}

void token_stage(struct store *store,
                 struct engine_batch *batch,
                 const struct token_key *key,
                 const struct token_record *record)
{
    uint8_t value[TOKEN_VALUE_BYTES];
    token_encode_value(record, value);
    engine_batch_put(store->engine, batch, FAMILY_REPL, slice_of(key->bytes, key->size),
                     slice_of(value, sizeof(value)));
}

/* --- The sweep ------------------------------------------------------------------------------- */

/* May this record go? A damaged one stays: it is reported to whoever uses its token. */
static bool token_may_go(struct slice value, uint64_t now_ms)
{
    struct token_record record;
    struct error damaged;
    return token_decode_value(value, &record, &damaged) && token_is_expired(&record, now_ms);
}

/* Remove those that are still expired, under their latches: a transaction may have used the token
 * again since it was looked at. What has left the memory meanwhile stays for the next sweep. */
static bool token_remove(struct store *store,
                         const struct token_key *keys,
                         uint32_t count,
                         uint64_t now_ms,
                         struct token_sweep *sweep,
                         struct error *err)
{
    uint32_t stripes[TOKEN_SWEEP_BATCH];
    struct engine_value pins[TOKEN_SWEEP_BATCH];
    bool pinned[TOKEN_SWEEP_BATCH] = {false};
    uint32_t locked = count;
    bool ok = true;
    for (uint32_t i = 0; i < count; i++) {
        struct slice key = slice_of(keys[i].bytes, keys[i].size);
        stripes[i] = keys[i].stripe;
        ok = ok && engine_get(store->engine, FAMILY_REPL, NULL, key, READ_FULL, &pins[i],
                              &pinned[i], err);
    }
    struct engine_batch *batch = engine_batch_open();
    uint64_t removed = 0;
    latch_lock_many(store->latches, stripes, &locked);
    for (uint32_t i = 0; ok && i < count; i++) {
        struct slice key = slice_of(keys[i].bytes, keys[i].size);
        struct engine_value value;
        struct error read;
        bool found = false;
        if (engine_get(store->engine, FAMILY_REPL, NULL, key, READ_CACHED, &value, &found, &read) &&
            found) {
            if (token_may_go(value.bytes, now_ms)) {
                engine_batch_delete(store->engine, batch, FAMILY_REPL, key);
                removed++;
            }
            engine_value_release(&value);
        }
    }
    if (ok && removed > 0) {
        uint64_t seq = engine_commit_begin(store->engine);
        ok = engine_commit_append(store->engine, batch, seq, err);
    }
    latch_unlock_many(store->latches, stripes, locked);
    engine_batch_close(batch);
    for (uint32_t i = 0; i < count; i++) {
        if (pinned[i]) {
            engine_value_release(&pins[i]);
        }
    }
    sweep->removed += ok ? removed : 0;
    return ok;
}

/* The next expired records, at most TOKEN_SWEEP_BATCH; *rows counts what was looked at. */
static uint32_t token_collect(struct engine_iterator *tokens,
                              bool *more,
                              uint64_t now_ms,
                              struct token_sweep *sweep,
                              struct token_key *keys,
                              uint32_t *rows,
                              struct error *err)
{
    uint32_t count = 0;
    while (*more && *rows < TOKEN_SWEEP_ROWS && count < TOKEN_SWEEP_BATCH) {
        struct slice key = engine_iterator_key(tokens);
        if (key.size > TOKEN_PREFIX_BYTES && key.size <= TOKEN_KEY_BYTES_MAX) {
            memcpy(sweep->after.bytes, key.data, key.size);
            sweep->after.size = key.size;
            if (token_may_go(engine_iterator_value(tokens), now_ms)) {
                keys[count] = sweep->after;
                token_key_finish(&keys[count++]);
            }
        }
        (*rows)++;
        *more = engine_iterator_next(tokens, err);
    }
    return count;
}

bool token_sweep(struct store *store, struct token_sweep *sweep, struct error *err)
{
    uint64_t now_ms = store->clock.wall_ms(store->clock.context);
    struct slice lower = SLICE_LITERAL("token/");
    struct slice upper = SLICE_LITERAL("token0"); /* '0' follows '/'. */
    uint8_t after[TOKEN_KEY_BYTES_MAX + 1];
    if (sweep->after.size > 0) { /* The least key above that one. */
        memcpy(after, sweep->after.bytes, sweep->after.size);
        after[sweep->after.size] = 0;
        lower = slice_of(after, sweep->after.size + 1);
    }
    struct engine_iterator *tokens =
        engine_iterator_open_once(store->engine, FAMILY_REPL, NULL, lower, upper);
    struct token_key keys[TOKEN_SWEEP_BATCH];
    uint32_t rows = 0;
    error_clear(err);
    bool more = engine_iterator_first(tokens, err);
    while (more && rows < TOKEN_SWEEP_ROWS && err->code == ERROR_NONE) {
        uint32_t count = token_collect(tokens, &more, now_ms, sweep, keys, &rows, err);
        if (count > 0 && err->code == ERROR_NONE &&
            !token_remove(store, keys, count, now_ms, sweep, err)) {
            more = false;
        }
    }
    engine_iterator_close(tokens);
    sweep->done = err->code == ERROR_NONE && !more;
    return err->code == ERROR_NONE;
}
