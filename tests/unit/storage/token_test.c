/* Goal: the record of a client token means the same today and tomorrow, damage to it is noticed,
 * and the sweep removes what is expired and nothing else. Method: golden bytes, every prefix and
 * bit flip; a store with tokens of several ages and a clock that the test moves. */
#include "storage/table/token.h"

#include "tests/support/directory.h"
#include "tests/unit/storage/sample.h"

#include <criterion/criterion.h>
#include <sched.h>
#include <stdio.h>

TestSuite(token, .timeout = 60);

static struct token_record sample_record(uint64_t time_ms)
{
    struct token_record record = {.time_ms = time_ms};
    for (size_t i = 0; i < TOKEN_DIGEST_BYTES; i++) {
        record.digest[i] = (uint8_t)(0xa0 + i);
    }
    return record;
}

Test(token, has_the_golden_bytes)
{
    static const char golden[] = "db6ec4d6aec1faa8"
                                 "01"
                                 "0102030405060708"
                                 "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf";
    struct token_record record = sample_record(0x0102030405060708);
    uint8_t value[TOKEN_VALUE_BYTES];
    char text[2 * TOKEN_VALUE_BYTES + 1];
    token_encode_value(&record, value);
    for (size_t i = 0; i < sizeof(value); i++) {
        snprintf(text + 2 * i, 3, "%02x", value[i]);
    }
    cr_assert_str_eq(text, golden);
    struct token_key key;
    token_encode_key(SLICE_LITERAL("a"), &key);
    cr_assert(slice_is(slice_of(key.bytes, key.size), "token/a"));
}

Test(token, decodes_what_was_encoded_and_nothing_damaged)
{
    struct token_record record = sample_record(1700000000123);
    struct token_record read;
    struct error err = {0};
    uint8_t value[TOKEN_VALUE_BYTES];
    token_encode_value(&record, value);
    cr_assert(token_decode_value(slice_of(value, sizeof(value)), &read, &err), "%s", err.text);
    cr_assert_eq(read.time_ms, record.time_ms);
    cr_assert_eq(memcmp(read.digest, record.digest, TOKEN_DIGEST_BYTES), 0);
    for (size_t size = 0; size < sizeof(value); size++) {
        cr_assert_not(token_decode_value(slice_of(value, size), &read, &err), "took %zu", size);
        cr_assert_eq(err.code, ERROR_CORRUPT);
    }
    for (size_t bit = 0; bit < 8 * sizeof(value); bit++) {
        value[bit / 8] ^= (uint8_t)(1 << bit % 8);
        cr_assert_not(token_decode_value(slice_of(value, sizeof(value)), &read, &err), "bit %zu",
                      bit);
        value[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

Test(token, lives_ten_minutes_and_a_clock_that_was_set_back_does_not_end_it)
{
    struct token_record record = sample_record(1700000000000);
    cr_assert_not(token_is_expired(&record, record.time_ms));
    cr_assert_not(token_is_expired(&record, record.time_ms + TRANSACTION_TOKEN_MS));
    cr_assert(token_is_expired(&record, record.time_ms + TRANSACTION_TOKEN_MS + 1));
    cr_assert_not(token_is_expired(&record, 0));
}

/* --- The sweep ------------------------------------------------------------------------------- */

static struct error err;

static void keep(struct store *store, uint32_t number, uint64_t time_ms)
{
    char text[TRANSACTION_TOKEN_BYTES_MAX + 1];
    struct token_key key;
    struct token_record record = sample_record(time_ms);
    snprintf(text, sizeof(text), "%08u-0000-0000-0000-000000000000", number);
    token_encode_key(slice_text(text), &key);
    struct engine_batch *batch = engine_batch_open();
    token_stage(store, batch, &key, &record);
    uint64_t seq = engine_commit_begin(store->engine);
    cr_assert(engine_commit_append(store->engine, batch, seq, &err), "%s", err.text);
    engine_batch_close(batch);
}

static uint32_t kept(struct store *store)
{
    uint32_t count = 0;
    struct engine_iterator *tokens =
        engine_iterator_open(store->engine, FAMILY_REPL, NULL, SLICE_LITERAL("token/"),
                             SLICE_LITERAL("token0"), READ_FULL);
    error_clear(&err);
    for (bool more = engine_iterator_first(tokens, &err); more;
         more = engine_iterator_next(tokens, &err)) {
        count++;
    }
    cr_assert_eq(err.code, ERROR_NONE, "%s", err.text);
    engine_iterator_close(tokens);
    return count;
}

Test(token, the_sweep_removes_what_is_expired_in_bounded_steps)
{
    enum { TOKENS = 2 * TOKEN_SWEEP_ROWS + 100 };
    char *directory = test_directory_make();
    struct sample_clock clock = {0};
    struct store *store = sample_store_open(directory, &clock);
    uint64_t now = atomic_load(&clock.now_ms);
    for (uint32_t i = 0; i < TOKENS; i++) { /* Every third is young. */
        keep(store, i, i % 3 == 0 ? now + TRANSACTION_TOKEN_MS : now);
    }
    struct token_sweep sweep = {0};
    cr_assert(token_sweep(store, &sweep, &err), "%s", err.text);
    cr_assert(!sweep.done && sweep.removed == 0, "none is expired yet");
    sweep = (struct token_sweep){0};
    atomic_store(&clock.now_ms, now + TRANSACTION_TOKEN_MS + 1);
    uint32_t young = (TOKENS + 2) / 3;
    uint32_t steps = 0;
    do { /* A record that a flush takes out of memory in between is left to the next sweep. */
        uint64_t before = sweep.done ? 0 : sweep.removed;
        sweep = sweep.done ? (struct token_sweep){0} : sweep;
        cr_assert(token_sweep(store, &sweep, &err), "%s", err.text);
        cr_assert_leq(sweep.removed - before, TOKEN_SWEEP_ROWS);
        steps++;
    } while (kept(store) != young);
    cr_assert_geq(steps, 2);
    atomic_store(&clock.now_ms, now + 2 * TRANSACTION_TOKEN_MS + 1);
    sweep = (struct token_sweep){0};
    while (kept(store) != 0) {
        sweep = sweep.done ? (struct token_sweep){0} : sweep;
        cr_assert(token_sweep(store, &sweep, &err), "%s", err.text);
    }
    store_close(store);
    test_directory_remove(directory);
}

Test(token, the_keeper_sweeps_when_a_store_is_opened)
{
    char *directory = test_directory_make();
    struct sample_clock clock = {0};
    struct store *store = sample_store_open(directory, &clock);
    uint64_t now = atomic_load(&clock.now_ms);
    keep(store, 1, now);
    keep(store, 2, now + 1);
    store_close(store);
    atomic_store(&clock.now_ms, now + TRANSACTION_TOKEN_MS + 1);
    store = sample_store_open(directory, &clock);
    while (kept(store) != 1) { /* The suite's timeout is the deadline. */
        sched_yield();
    }
    store_close(store);
    test_directory_remove(directory);
}
