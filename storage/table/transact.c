/* The write path of a transaction: up to a hundred rows, all or none.
 *
 *     plan all --> latch all, in ascending order --> token known? --> read all --> judge all
 *         --> lay all --> commit section: seqs, one stamp, append one batch --> done all -->
 * unlatch
 *
 * The stages of a row are those of a single write (row_write.h). The rows' records take consecutive
 * seqs and name how many follow, so that the log can be cut at the ends of groups.
 *
 * One stamp serves all rows: two transactions that write the same rows in two regions at once are
 * then ordered the same way on every row, and one of them wins as a whole. Stamps of their own
 * could interleave and leave some rows of each.
 *
 * Waiting. Latches are taken in one order, so nothing can deadlock, and they are held for
 * microseconds. Only when the rows do not stay in memory (see claim.h) is the disk read under them,
 * by one transaction at a time; what would have to wait for that is told of the conflict.
 *
 * Failure modes. As for a single write: a refused append leaves all rows as they were and uses up
 * the seqs; a crash before the sync takes rows, records and token back together. */
#include "storage/table/batch_pool.h"
#include "storage/table/claim.h"
#include "storage/table/latch.h"
#include "storage/table/row_write.h"
#include "storage/table/token.h"

enum {
    TRANSACT_CACHED_TRIES = 3, /* As WRITE_CACHED_TRIES of write.c. */
};

struct transact {
    struct store *store;
    struct transaction *transaction;
    struct arena *arena;
    struct row_write *rows;
    uint32_t needed;   /* Rows that something has to be written for. */
    uint32_t *stripes; /* Of the rows and the token. */
    uint32_t locked;   /* Of those, sorted and without repeats. */
    bool claimed;      /* This one may read the disk under its latches. */
    bool with_token;   /* The next two count. */
    struct token_key token;
    struct token_record record;
    struct engine_value *pins; /* What keeps the rows in memory. */
    bool *pinned;
};

/* --- Before the latches ---------------------------------------------------------------------- */

/* The caller promises different rows; two changes of one row in one group would be a broken log. */
static bool transact_check_distinct(const struct transact *job, struct error *err)
{
    for (uint32_t i = 0; i < job->transaction->count; i++) {
        for (uint32_t k = 0; k < i; k++) {
            const struct table_key *a = &job->rows[i].key;
            const struct table_key *b = &job->rows[k].key;
            if (a->hash == b->hash && slice_equal(a->bytes, b->bytes)) {
                return error_set(err, ERROR_VALIDATION,
                                 "Transaction request cannot include multiple operations on one "
                                 "item");
            }
        }
    }
    return true;
}

/* Of what the rows shall hold: a delete and a check count nothing. */
static bool transact_check_size(const struct transact *job, struct error *err)
{
    size_t size = 0;
    for (uint32_t i = 0; i < job->transaction->count; i++) {
        size += job->rows[i].image_size;
    }
    return size <= TRANSACTION_BYTES_MAX ||
           error_set(err, ERROR_VALIDATION,
                     "Transaction payload size cannot exceed 4MB. Payload Size: %zu", size);
}

static bool transact_plan(struct transact *job, struct error *err)
{
    struct transaction *transaction = job->transaction;
    uint32_t count = transaction->count;
    job->rows = arena_zalloc(job->arena, count, sizeof(job->rows[0]));
    job->stripes = arena_zalloc(job->arena, count + 1, sizeof(job->stripes[0]));
    job->pins = arena_zalloc(job->arena, count, sizeof(job->pins[0]));
    job->pinned = arena_zalloc(job->arena, count, sizeof(job->pinned[0]));
    for (uint32_t i = 0; i < count; i++) {
        error_clear(&transaction->errors[i]);
        if (!row_write_plan(&job->rows[i], job->store, &transaction->writes[i], job->arena, err)) {
            return false;
        }
    }
    job->with_token = transaction->token.size > 0;
    if (job->with_token) {
        token_encode_key(transaction->token, &job->token);
        memcpy(job->record.digest, transaction->digest, TOKEN_DIGEST_BYTES);
    }
    return transact_check_distinct(job, err) && transact_check_size(job, err);
}

static void transact_release(struct transact *job)
{
    for (uint32_t i = 0; i < job->transaction->count; i++) {
        if (job->pinned[i]) {
            engine_value_release(&job->pins[i]);
            job->pinned[i] = false;
        }
    }
}

/* Bring rows and token into memory, and keep the rows there until transact_release. */
static bool transact_warm(struct transact *job, struct error *err)
{
    for (uint32_t i = 0; i < job->transaction->count; i++) {
        if (!row_write_warm(&job->rows[i], &job->pins[i], &job->pinned[i], err)) {
            job->pinned[i] = false;
            return false;
        }
    }
    struct token_record ignored;
    bool found = false;
    return !job->with_token ||
           token_find(job->store, &job->token, 0, READ_FULL, &ignored, &found, err);
}

static void transact_list_stripes(struct transact *job)
{
    job->locked = 0;
    for (uint32_t i = 0; i < job->transaction->count; i++) {
        job->stripes[job->locked++] = job->rows[i].stripe;
    }
    if (job->with_token) {
        job->stripes[job->locked++] = job->token.stripe;
    }
}

/* Would this one have to wait while another transaction reads the disk? */
static bool transact_check_claim(struct transact *job, struct error *err)
{
    struct transaction *transaction = job->transaction;
    struct claim *claim = job->store->claim;
    bool conflict = false;
    if (job->claimed) {
        return true;
    }
    if (job->with_token && claim_runs(claim, transaction->token)) {
        return error_set(err, ERROR_TOKEN_IN_PROGRESS,
                         "The transaction with the given request token is already in progress.");
    }
    for (uint32_t i = 0; i < transaction->count; i++) {
        if (claim_holds(claim, job->rows[i].stripe)) {
            error_set(&transaction->errors[i], ERROR_TRANSACTION_CONFLICT,
                      "Transaction is ongoing for the item.");
            conflict = true;
        }
    }
    return !conflict || error_set(err, ERROR_CANCELLED, "Transaction cancelled");
}

/* --- Deciding, under the latches ------------------------------------------------------------- */

static void transact_raise_wait(struct transact *job, uint64_t seq)
{
    if (seq > job->transaction->wait_seq) {
        job->transaction->wait_seq = seq;
    }
}

static bool transact_read(struct transact *job, enum read_tier tier, struct error *err)
{
    for (uint32_t i = 0; i < job->transaction->count; i++) {
        if (!row_write_read(&job->rows[i], tier, err)) {
            return false;
        }
        transact_raise_wait(job, job->transaction->writes[i].wait_seq);
    }
    return true;
}

/* Every write is judged, so that the answer names all that stands in the way. */
static bool transact_judge(struct transact *job, struct error *err)
{
    struct transaction *transaction = job->transaction;
    uint32_t failed = 0;
    job->needed = 0;
    for (uint32_t i = 0; i < transaction->count; i++) {
        struct error *why = &transaction->errors[i];
        if (row_write_judge(&job->rows[i], why)) {
            job->needed += job->rows[i].needed ? 1 : 0;
            continue;
        }
        if (why->code != ERROR_CONDITION && why->code != ERROR_VALIDATION) {
            *err = *why;
            error_clear(why);
            return false;
        }
        failed++;
    }
    return failed == 0 || error_set(err, ERROR_CANCELLED, "Transaction cancelled");
}

static void transact_undo(struct transact *job)
{
    for (uint32_t i = 0; i < job->transaction->count; i++) {
        row_write_undo(&job->rows[i]);
    }
}

/* --- The commit ------------------------------------------------------------------------------ */

/* Returns about how many bytes. */
static size_t transact_lay(struct transact *job, struct engine_batch *batch, uint64_t *floor)
{
    size_t bytes = 0;
    uint32_t following = job->needed;
    *floor = 0;
    for (uint32_t i = 0; i < job->transaction->count; i++) {
        struct row_write *row = &job->rows[i];
        if (!row->needed) {
            continue;
        }
        row_write_lay(row, batch, --following);
        *floor = row_write_floor(row) > *floor ? row_write_floor(row) : *floor;
        bytes += row_write_bytes(row);
    }
    if (job->with_token) {
        token_stage(job->store, batch, &job->token, &job->record);
        bytes += TOKEN_KEY_BYTES_MAX + TOKEN_VALUE_BYTES;
    }
    return bytes;
}

/* The commit section. A transaction that only leaves its token takes one seq for it. */
static bool
transact_append(struct transact *job, struct engine_batch *batch, uint64_t floor, struct error *err)
{
    struct store *store = job->store;
    uint32_t seqs = job->needed > 0 ? job->needed : 1;
    uint64_t seq = engine_commit_begin_many(store->engine, seqs);
    uint64_t last = seq + seqs - 1;
    uint64_t stamp = job->needed > 0 ? store->clock.stamp(store->clock.context, floor) : 0;
    for (uint32_t i = 0; i < job->transaction->count; i++) {
        if (job->rows[i].needed) {
            row_write_stage(&job->rows[i], batch, seq++, stamp);
        }
    }
    if (!engine_commit_append(store->engine, batch, last, err)) {
        return false;
    }
    for (uint32_t i = 0; i < job->transaction->count; i++) {
        if (job->rows[i].needed) {
            row_write_done(&job->rows[i], last);
        }
    }
    if (job->with_token) {
        latch_note_append(store->latches, job->token.stripe, last);
    }
    transact_raise_wait(job, last);
    return true;
}

static bool transact_commit(struct transact *job, struct error *err)
{
    if (!transact_check_size(job, err)) {
        return false;
    }
    if (job->needed == 0 && !job->with_token) {
        return true;
    }
    struct batch_pool *pool = job->store->batches;
    uint32_t hint = job->rows[0].stripe;
    struct engine_batch *batch = batch_pool_take(pool, hint);
    uint64_t floor = 0;
    size_t bytes = transact_lay(job, batch, &floor);
    bool ok = transact_append(job, batch, floor, err);
    batch_pool_give(pool, hint, batch, bytes);
    return ok;
}

/* The token is known: nothing is written. The rows are read as they are now, for who reports what
 * this answer read. */
static bool transact_replay(struct transact *job,
                            const struct token_record *known,
                            enum read_tier tier,
                            struct error *err)
{
    struct transaction *transaction = job->transaction;
    transact_raise_wait(job, latch_appended_seq(job->store->latches, job->token.stripe));
    if (memcmp(known->digest, transaction->digest, TOKEN_DIGEST_BYTES) != 0) {
        return error_set(err, ERROR_TOKEN_MISMATCH,
                         "The client request token was used before by a request with other "
                         "parameters");
    }
    for (uint32_t i = 0; i < transaction->count; i++) {
        if (!row_write_read(&job->rows[i], tier, err)) {
            if (err->code != ERROR_NOT_FOUND) { /* A table may have been removed since. */
                return false;
            }
            error_clear(err);
        }
        transaction->writes[i].exists = transaction->writes[i].existed;
        transact_raise_wait(job, transaction->writes[i].wait_seq);
    }
    transaction->replayed = true;
    return true;
}

static bool transact_run(struct transact *job, enum read_tier tier, struct error *err)
{
    if (job->with_token) {
        struct token_record known;
        bool found = false;
        job->record.time_ms = job->store->clock.wall_ms(job->store->clock.context);
        if (!token_find(job->store, &job->token, job->record.time_ms, tier, &known, &found, err)) {
            return false;
        }
        if (found) {
            return transact_replay(job, &known, tier, err);
        }
    }
    if (!transact_read(job, tier, err)) {
        return false;
    }
    if (!transact_judge(job, err) || !transact_commit(job, err)) {
        transact_undo(job);
        return false;
    }
    return true;
}

static bool transact_attempt(struct transact *job, enum read_tier tier, struct error *err)
{
    struct transaction *transaction = job->transaction;
    error_clear(err);
    transaction->wait_seq = 0;
    transaction->replayed = false;
    for (uint32_t i = 0; i < transaction->count; i++) {
        error_clear(&transaction->errors[i]);
    }
    if (!transact_check_claim(job, err)) {
        return false;
    }
    transact_list_stripes(job);
    latch_lock_many(job->store->latches, job->stripes, &job->locked);
    bool ok = transact_run(job, tier, err);
    latch_unlock_many(job->store->latches, job->stripes, job->locked);
    return ok;
}

/* A worker's turns: from memory, after a read without latches; in the end from the disk. */
static bool transact_on_worker(struct transact *job, struct error *err)
{
    for (int i = 0; i < TRANSACT_CACHED_TRIES; i++) {
        bool ok = transact_warm(job, err) && transact_attempt(job, READ_CACHED, err);
        transact_release(job);
        if (ok || err->code != ERROR_WOULD_BLOCK) {
            return ok;
        }
    }
    transact_list_stripes(job);
    claim_take(job->store->claim, job->stripes, job->locked, job->transaction->token);
    job->claimed = true;
    bool ok = transact_attempt(job, READ_FULL, err);
    claim_give(job->store->claim);
    return ok;
}

bool store_transact(struct store *store,
                    struct transaction *transaction,
                    enum read_tier tier,
                    struct arena *arena,
                    struct error *err)
{
    ensure(transaction->count > 0 && transaction->count <= TRANSACTION_ITEMS_MAX);
    struct transact job = {.store = store, .transaction = transaction, .arena = arena};
    transaction->wait_seq = 0;
    transaction->replayed = false;
    if (!transact_plan(&job, err)) {
        return false;
    }
    return tier == READ_CACHED ? transact_attempt(&job, READ_CACHED, err)
                               : transact_on_worker(&job, err);
}
