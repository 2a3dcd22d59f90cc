/* Goal: transactions of many threads exclude each other, and nobody ever sees a part of one.
 * Method: a bank. Threads move money between few accounts, two to five of them at a time; others
 * add up all accounts, read together or by a scan: the sum never changes. */
#include "proto/value/decimal.h"
#include "tests/support/directory.h"
#include "tests/unit/storage/sample.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

TestSuite(transact_threads, .timeout = 120);

enum { ACCOUNTS = 10, START = 100, TELLERS = 3, TRANSFERS = 400, PARTS_MAX = 5 };

struct bank {
    struct store *store;
    const struct table *table;
    atomic_uint tellers; /* Still at work. */
    atomic_uint moved, refused, audits;
};

struct teller {
    struct bank *bank;
    uint64_t random;
};

static const char *account(struct arena *arena, uint64_t number)
{
    return arena_printf(arena, "account %llu", (unsigned long long)number);
}

static int64_t balance(struct slice image)
{
    struct value n;
    struct decimal decimal;
    char text[DECIMAL_TEXT_BYTES_MAX + 1];
    ensure(item_find(image, SLICE_LITERAL("n"), &n) && decimal_from_key(n.payload, &decimal));
    text[decimal_print(&decimal, text)] = 0;
    return strtoll(text, NULL, 10);
}

/* Take `amount` from each of the accounts but the last, which gets all of it. */
static void teller_move(struct teller *teller, struct expression_cache *programs, struct arena *own)
{
    struct bank *bank = teller->bank;
    struct write writes[PARTS_MAX] = {{0}};
    struct expression *updates[2];
    struct error errors[PARTS_MAX];
    struct error err = {0};
    uint32_t parts = 2 + (uint32_t)(sample_next(&teller->random) % (PARTS_MAX - 1));
    int amount = 1 + (int)(sample_next(&teller->random) % 40);
    uint64_t first = sample_next(&teller->random) % ACCOUNTS;
    uint64_t step = sample_next(&teller->random) % 2 == 0 ? 1 : 3; /* Both visit all of ten. */
    updates[0] = sample_expression(programs, own, EXPRESSION_UPDATE, "ADD n :n", ":n",
                                   sample_n(own, arena_printf(own, "-%d", amount)), NULL);
    updates[1] =
        sample_expression(programs, own, EXPRESSION_UPDATE, "ADD n :n", ":n",
                          sample_n(own, arena_printf(own, "%d", amount * ((int)parts - 1))), NULL);
    struct expression *covered =
        sample_expression(programs, own, EXPRESSION_CONDITION, "n >= :n", ":n",
                          sample_n(own, arena_printf(own, "%d", amount)), NULL);
    for (uint32_t i = 0; i < parts; i++) {
        bool last = i == parts - 1;
        writes[i] =
            (struct write){.table = bank->table,
                           .kind = WRITE_UPDATE,
                           .item = sample_key(own, account(own, (first + i * step) % ACCOUNTS)),
                           .update = updates[last ? 1 : 0],
                           .condition = last ? NULL : covered};
    }
    struct transaction transaction = {.writes = writes, .count = parts, .errors = errors};
    bool ok = store_transact(bank->store, &transaction, READ_CACHED, own, &err) ||
              (err.code == ERROR_WOULD_BLOCK &&
               store_transact(bank->store, &transaction, READ_FULL, own, &err));
    ensure(ok || err.code == ERROR_CANCELLED || err.code == ERROR_THROTTLED);
    atomic_fetch_add(ok ? &bank->moved : &bank->refused, 1);
    expression_release(updates[0]);
    expression_release(updates[1]);
    expression_release(covered);
}

static void *teller_run(void *argument)
{
    struct teller *teller = argument;
    struct arena own = {0};
    struct expression_cache *programs = expression_cache_open(16);
    for (int i = 0; i < TRANSFERS; i++) {
        teller_move(teller, programs, &own);
        arena_clear(&own);
    }
    expression_cache_close(programs);
    arena_destroy(&own);
    atomic_fetch_sub(&teller->bank->tellers, 1);
    return NULL;
}

static int64_t sum_together(struct bank *bank, struct arena *own)
{
    struct item_read reads[ACCOUNTS];
    struct error err = {0};
    uint64_t wait_seq = 0;
    int64_t sum = 0;
    for (uint64_t i = 0; i < ACCOUNTS; i++) {
        reads[i] =
            (struct item_read){.table = bank->table, .key = sample_key(own, account(own, i))};
    }
    bool ok = store_get_together(bank->store, reads, ACCOUNTS, READ_FULL, own, &wait_seq, &err);
    ensure(ok);
    for (uint64_t i = 0; i < ACCOUNTS; i++) {
        ensure(reads[i].found);
        sum += balance(reads[i].image);
    }
    return sum;
}

static int64_t sum_scan(struct bank *bank, struct arena *own)
{
    struct page_request request = {.table = bank->table, .segments = 1};
    struct page page = {0};
    struct error err = {0};
    int64_t sum = 0;
    bool ok = store_page(bank->store, &request, READ_FULL, own, &page, &err);
    ensure(ok && page.count == ACCOUNTS);
    for (uint64_t i = 0; i < page.count; i++) {
        sum += balance(page.items[i]);
    }
    return sum;
}

static void *auditor_run(void *argument)
{
    struct bank *bank = argument;
    struct arena own = {0};
    while (atomic_load(&bank->tellers) > 0) {
        int64_t together = sum_together(bank, &own);
        int64_t scanned = sum_scan(bank, &own);
        if (together != ACCOUNTS * START || scanned != ACCOUNTS * START) {
            fprintf(stderr, "together %lld, scanned %lld\n", (long long)together,
                    (long long)scanned);
            abort();
        }
        atomic_fetch_add(&bank->audits, 1);
        arena_clear(&own);
    }
    arena_destroy(&own);
    return NULL;
}

Test(transact_threads, money_is_neither_made_nor_lost_nor_seen_twice)
{
    char *directory = test_directory_make();
    struct sample_clock clock = {0};
    struct arena arena = {0};
    uint64_t seed = sample_seed();
    fprintf(stderr, "MERIDIAN_SEED=%llu\n", (unsigned long long)seed);
    struct bank bank = {.store = sample_store_open(directory, &clock), .tellers = TELLERS};
    bank.table = sample_store_table(bank.store, "bank", VALUE_MISSING, true);
    for (uint64_t i = 0; i < ACCOUNTS; i++) {
        sample_put(bank.store, bank.table, &arena,
                   sample_item(&arena, "pk", sample_s(account(&arena, i)), "n",
                               sample_n(&arena, "100"), NULL));
    }
    struct teller tellers[TELLERS];
    pthread_t threads[TELLERS + 1];
    for (uint64_t i = 0; i < TELLERS; i++) {
        tellers[i] = (struct teller){&bank, seed + i};
        cr_assert_eq(pthread_create(&threads[i], NULL, teller_run, &tellers[i]), 0);
    }
    cr_assert_eq(pthread_create(&threads[TELLERS], NULL, auditor_run, &bank), 0);
    for (size_t i = 0; i <= TELLERS; i++) {
        pthread_join(threads[i], NULL);
    }
    cr_assert_eq(sum_together(&bank, &arena), ACCOUNTS * START);
    cr_assert(atomic_load(&bank.moved) > TRANSFERS / 4 && atomic_load(&bank.audits) > 0,
              "moved %u, audits %u: too little to mean anything", atomic_load(&bank.moved),
              atomic_load(&bank.audits));
    table_release(bank.table);
    store_close(bank.store);
    arena_destroy(&arena);
    test_directory_remove(directory);
}
