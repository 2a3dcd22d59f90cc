/* ClientRequestTokens: which transactions have run within the last TRANSACTION_TOKEN_MS.
 *
 * A token's record is put into the batch of its transaction, so that both or neither survive a
 * crash. It lies in FAMILY_REPL:
 *
 *   key    "token/", then the token (1 to TRANSACTION_TOKEN_BYTES_MAX bytes)
 *   value  offset  size  field
 *               0     8  XXH64 of the rest   big endian
 *               8     1  format              1; a reader refuses any other
 *               9     8  wall milliseconds   big endian; when the transaction ran
 *              17    32  digest              of all that makes two requests the same one
 *
 * Nothing of it is kept in memory: however many transactions there are in ten minutes, memory does
 * not grow and opening does not take longer. A token has a latch like a row, taken together with
 * the latches of the rows: of two requests with one token the second finds the first one's record.
 * A record that is older than TRANSACTION_TOKEN_MS counts as absent; the keeper removes it later.
 * Age is told by the wall clock, the only one that goes on over a restart. Any thread. */
#pragma once

#include "storage/store.h"

enum {
    TOKEN_KEY_BYTES_MAX = 6 + TRANSACTION_TOKEN_BYTES_MAX,
    TOKEN_DIGEST_BYTES = 32,
    TOKEN_VALUE_BYTES = 17 + TOKEN_DIGEST_BYTES,
    TOKEN_SWEEP_ROWS = 2048, /* Looked at by one step of the sweep. */
    TOKEN_SWEEP_BATCH = 64,  /* Removed by one batch of it. */
};

struct token_key {
    uint8_t bytes[TOKEN_KEY_BYTES_MAX];
    size_t size;
    uint32_t stripe;
};
struct token_record {
    uint64_t time_ms;
    uint8_t digest[TOKEN_DIGEST_BYTES];
};

/* The token is 1 to TRANSACTION_TOKEN_BYTES_MAX bytes: ensured. */
void token_encode_key(struct slice token, struct token_key *key);
void token_encode_value(const struct token_record *record, uint8_t value[static TOKEN_VALUE_BYTES]);
/* Errors: CORRUPT. */
MUST_CHECK bool
token_decode_value(struct slice value, struct token_record *record, struct error *err);
bool token_is_expired(const struct token_record *record, uint64_t now_ms);

/* The record of a token that is not expired. Errors: WOULD_BLOCK, IO, CORRUPT. */
MUST_CHECK bool token_find(struct store *store,
                           const struct token_key *key,
                           uint64_t now_ms,
                           enum read_tier tier,
                           struct token_record *record,
                           bool *found,
                           struct error *err);
/* Into the batch of the transaction, under the token's latch. */
void token_stage(struct store *store,
                 struct engine_batch *batch,
                 const struct token_key *key,
                 const struct token_record *record);

/* Where a sweep over all tokens stands; zeroed: at the start. */
struct token_sweep {
    struct token_key after; /* Looked at up to here; size 0: nothing yet. */
    bool done;
    uint64_t removed;
};
/* One step: look at the next TOKEN_SWEEP_ROWS records and remove the expired ones. Worker thread.
 * Errors: THROTTLED, IO. */
MUST_CHECK bool token_sweep(struct store *store, struct token_sweep *sweep, struct error *err);
