/* Goal: a transaction leaves every index the function of its table, and a cancelled one leaves it
 * alone. Method: random transactions of puts, deletes, updates and checks on few keys of a table
 * with indexes of every kind, some of which must fail; then tests/support/indexes makes every index
 * anew from the table and compares. */
#include "tests/unit/storage/indexed_store.h"

#include <criterion/criterion.h>
#include <stdio.h>

TestSuite(transact_index,
          .init = indexed_setup_replicated,
          .fini = indexed_teardown,
          .timeout = 100);

static bool is_new_key(const struct write *writes, uint32_t count, struct slice key)
{
    for (uint32_t i = 0; i < count; i++) {
        struct value pk, sk, other_pk, other_sk;
        ensure(item_find(key, SLICE_LITERAL("pk"), &pk) &&
               item_find(key, SLICE_LITERAL("sk"), &sk));
        ensure(item_find(writes[i].item, SLICE_LITERAL("pk"), &other_pk) &&
               item_find(writes[i].item, SLICE_LITERAL("sk"), &other_sk));
        if (value_equal(pk, other_pk) && value_equal(sk, other_sk)) {
            return false;
        }
    }
    return true;
}

static struct write random_write(struct slice key)
{
    struct write write = {.table = table, .kind = WRITE_PUT, .item = key};
    switch (sample_next(&state) % 8) {
    case 0:
        write.kind = WRITE_DELETE;
        break;
    case 1:
        write.kind = WRITE_UPDATE;
        write.update = sample_expression(cache, &arena, EXPRESSION_UPDATE, "REMOVE n, a", NULL);
        break;
    case 2:
        write.kind = WRITE_UPDATE;
        write.update = sample_expression(cache, &arena, EXPRESSION_UPDATE, "SET g = :v, c = :v",
                                         ":v", sample_s("v1"), NULL);
        break;
    case 3:
        write.kind = WRITE_CHECK;
        break;
    default:
        write.item = indexed_random_item(&state, &arena, key, false);
        break;
    }
    if (sample_next(&state) % 8 == 0) {
        write.condition =
            sample_expression(cache, &arena, EXPRESSION_CONDITION, "attribute_exists(pk)", NULL);
    }
    return write;
}

static void release(const struct expression *expression)
{
    if (expression != NULL) {
        expression_release((struct expression *)(uintptr_t)expression);
    }
}

/* True when it was committed. */
static bool random_transaction(void)
{
    struct write writes[6];
    struct error errors[6];
    uint32_t count = 0;
    uint32_t wanted = 1 + (uint32_t)(sample_next(&state) % 6);
    for (uint32_t tries = 0; count < wanted && tries < 20; tries++) {
        struct slice key = indexed_random_key(&state, &arena);
        if (is_new_key(writes, count, key)) {
            writes[count++] = random_write(key);
        }
    }
    struct transaction transaction = {.writes = writes, .count = count, .errors = errors};
    bool ok = store_transact(store, &transaction, READ_FULL, &arena, &err);
    cr_assert(ok || err.code == ERROR_CANCELLED || err.code == ERROR_THROTTLED, "%s", err.text);
    for (uint32_t i = 0; ok && i < count; i++) {
        cr_assert(!writes[i].changed || writes[i].index_units != NULL);
    }
    for (uint32_t i = 0; i < count; i++) {
        release(writes[i].update);
        release(writes[i].condition);
    }
    return ok;
}

Test(transact_index, random_transactions_keep_every_index_the_function_of_its_table)
{
    uint32_t committed = 0;
    enum { ROUNDS = 20, TRANSACTIONS = 30 };
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < TRANSACTIONS; i++) {
            committed += random_transaction() ? 1 : 0;
        }
        indexed_check(table, "transactions");
        arena_clear(&arena);
    }
    cr_assert(committed > ROUNDS && committed < ROUNDS * TRANSACTIONS,
              "%u committed (MERIDIAN_SEED=%llu)", committed, SEED);
}
