/* Goal: a transaction writes all of its rows or none, says about every write why it stands in the
 * way, and a client token makes it run once. Method: a real store in a directory of the test's own
 * and a clock that the test moves; rows and log are read back. */
#include "storage/log/change.h"
#include "storage/table/claim.h"
#include "storage/table/key.h"
#include "storage/table/latch.h"
#include "tests/unit/storage/two_tables.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct error errors[TRANSACTION_ITEMS_MAX];

TestSuite(transact, .init = two_tables_setup, .fini = two_tables_teardown, .timeout = 60);

static struct write put(const struct table *table, const char *partition, const char *a)
{
    return (struct write){.table = table, .kind = WRITE_PUT, .item = item_ab(partition, a)};
}

static struct transaction together(struct write *writes, uint32_t count)
{
    return (struct transaction){.writes = writes, .count = count, .errors = errors};
}

static bool run(struct transaction *transaction)
{
    if (store_transact(store, transaction, READ_CACHED, &arena, &err)) {
        return true;
    }
    return err.code == ERROR_WOULD_BLOCK &&
           store_transact(store, transaction, READ_FULL, &arena, &err);
}

static bool holds(const struct table *table, const char *partition, const char *a)
{
    struct slice item = sample_get(store, table, &arena, sample_key(&arena, partition));
    return a == NULL ? item.size == 0 : slice_equal(item, item_ab(partition, a));
}

static uint32_t log_since(uint64_t after, struct change *changes, uint32_t max)
{
    uint32_t count = 0;
    uint64_t next = 0;
    cr_assert(engine_wait_durable(store->engine, engine_appended_seq(store->engine), &err));
    cr_assert(store_log_read(store, after, max, 64 << 20, &arena, changes, &count, &next, &err),
              "%s", err.text);
    return count;
}

/* --- All -------------------------------------------------------------------------------------- */

Test(transact, writes_every_row_as_one_group_with_one_stamp)
{
    sample_put(store, replicated, &arena, item_ab("updated", "1"));
    sample_put(store, replicated, &arena, item_ab("deleted", "1"));
    uint64_t before = sample_put(store, replicated, &arena, item_ab("checked", "1"));
    struct expression *set = sample_expression(cache, &arena, EXPRESSION_UPDATE, "SET a = :a", ":a",
                                               sample_s("2"), NULL);
    struct expression *exists = condition("attribute_exists(a)");
    struct write writes[] = {
        put(replicated, "put", "2"),
        {.table = replicated,
         .kind = WRITE_CHECK,
         .item = sample_key(&arena, "checked"),
         .condition = exists},
        {.table = replicated,
         .kind = WRITE_UPDATE,
         .item = sample_key(&arena, "updated"),
         .update = set},
        {.table = replicated,
         .kind = WRITE_DELETE,
         .item = sample_key(&arena, "deleted"),
         .condition = exists},
        put(plain, "put", "3"),
    };
    struct transaction transaction = together(writes, 5);
    cr_assert(run(&transaction), "%s", err.text);
    for (size_t i = 0; i < 5; i++) {
        cr_assert_eq(errors[i].code, ERROR_NONE);
        cr_assert_eq(writes[i].changed, i != 1);
    }
    cr_assert(holds(replicated, "put", "2") && holds(replicated, "updated", "2"));
    cr_assert(holds(replicated, "deleted", NULL) && holds(plain, "put", "3"));
    cr_assert(!writes[0].existed && writes[0].exists);
    cr_assert(writes[1].existed && writes[1].exists &&
              slice_equal(writes[1].old_image, item_ab("checked", "1")));
    cr_assert(slice_equal(writes[2].old_image, item_ab("updated", "1")) &&
              slice_equal(writes[2].new_image, item_ab("updated", "2")));
    cr_assert(writes[3].existed && !writes[3].exists);
    struct change changes[8];
    cr_assert_eq(log_since(before, changes, 8), 4);
    uint64_t first = changes[0].version.dot.seq; /* The store's own threads may take one before. */
    cr_assert(first > before && transaction.wait_seq == first + 3);
    for (uint32_t i = 0; i < 4; i++) {
        cr_assert_eq(changes[i].version.dot.seq, first + i);
        cr_assert_eq(changes[i].following, 3 - i);
        cr_assert_eq(changes[i].version.stamp, changes[0].version.stamp);
    }
    cr_assert(changes[2].tombstone && !changes[3].has_image);
    struct row row;
    cr_assert(sample_row(store, replicated, &arena, sample_key(&arena, "updated"), &row));
    cr_assert_eq(version_compare(&row.version, &changes[1].version), 0);
    expression_release(set);
    expression_release(exists);
}

Test(transact, takes_a_hundred_writes)
{
    struct write writes[TRANSACTION_ITEMS_MAX];
    for (uint32_t i = 0; i < TRANSACTION_ITEMS_MAX; i++) {
        writes[i] = put(i % 2 == 0 ? plain : replicated, arena_printf(&arena, "%u", i), "1");
    }
    uint64_t before = engine_appended_seq(store->engine);
    struct transaction transaction = together(writes, TRANSACTION_ITEMS_MAX);
    cr_assert(run(&transaction), "%s", err.text);
    struct change *changes = arena_alloc(&arena, TRANSACTION_ITEMS_MAX * sizeof(*changes));
    cr_assert_eq(log_since(before, changes, TRANSACTION_ITEMS_MAX), TRANSACTION_ITEMS_MAX);
    cr_assert_eq(changes[0].following, TRANSACTION_ITEMS_MAX - 1);
    cr_assert_eq(changes[TRANSACTION_ITEMS_MAX - 1].following, 0);
    int64_t items = 0;
    int64_t bytes = 0;
    catalog_running_totals(store->catalog, plain->id, &items, &bytes);
    cr_assert_eq(items, TRANSACTION_ITEMS_MAX / 2);
    for (uint32_t i = 0; i < TRANSACTION_ITEMS_MAX; i++) {
        cr_assert(holds(writes[i].table, arena_printf(&arena, "%u", i), "1"));
    }
}

/* Two keys whose rows have one latch. */
static void find_twins(const char **first, const char **second)
{
    struct table_key key;
    const char **by_stripe = arena_zalloc(&arena, LATCHES, sizeof(*by_stripe));
    for (uint32_t i = 0;; i++) {
        const char *text = arena_printf(&arena, "twin %u", i);
        key_encode(plain, sample_key(&arena, text), &arena, &key);
        uint32_t stripe = latch_stripe(key.hash);
        if (by_stripe[stripe] != NULL) {
            *first = by_stripe[stripe];
            *second = text;
            return;
        }
        by_stripe[stripe] = text;
    }
}

Test(transact, rows_may_share_a_latch)
{
    const char *first = NULL;
    const char *second = NULL;
    find_twins(&first, &second);
    struct write writes[] = {put(plain, first, "1"), put(plain, second, "2"),
                             put(plain, "other", "3")};
    struct transaction transaction = together(writes, 3);
    cr_assert(run(&transaction), "%s", err.text);
    cr_assert(holds(plain, first, "1") && holds(plain, second, "2") && holds(plain, "other", "3"));
}

Test(transact, what_changes_nothing_writes_nothing_but_waits_for_what_it_saw)
{
    uint64_t seq = sample_put(store, plain, &arena, item_ab("k", "1"));
    struct expression *exists = condition("attribute_exists(pk)");
    struct write writes[] = {
        put(plain, "k", "1"),
        {.table = plain, .kind = WRITE_DELETE, .item = sample_key(&arena, "absent")},
        {.table = replicated, .kind = WRITE_CHECK, .item = sample_key(&arena, "absent")}};
    struct transaction transaction = together(writes, 3);
    cr_assert(run(&transaction), "%s", err.text);
    cr_assert_eq(engine_appended_seq(store->engine), seq);
    cr_assert_eq(transaction.wait_seq, seq);
    cr_assert(!writes[0].changed && !writes[1].changed && !writes[2].changed);
    expression_release(exists);
}

Test(transact, the_stamp_exceeds_that_of_every_row_under_a_slow_clock)
{
    atomic_store(&now.now_ms, atomic_load(&now.now_ms) + 1000);
    sample_put(store, replicated, &arena, item_ab("newer", "1"));
    struct row old;
    struct row row;
    cr_assert(sample_row(store, replicated, &arena, sample_key(&arena, "newer"), &old));
    two_tables_reopen();
    atomic_store(&now.now_ms, atomic_load(&now.now_ms) - 1000);
    atomic_store(&now.stamp, 0);
    struct write writes[] = {put(replicated, "older", "2"), put(replicated, "newer", "2")};
    struct transaction transaction = together(writes, 2);
    cr_assert(run(&transaction), "%s", err.text);
    cr_assert(sample_row(store, replicated, &arena, sample_key(&arena, "older"), &row));
    cr_assert_gt(row.version.stamp, old.version.stamp);
}

/* --- Or none ---------------------------------------------------------------------------------- */

Test(transact, every_write_is_judged_and_the_reasons_keep_their_order)
{
    sample_put(store, plain, &arena, item_ab("k", "1"));
    uint64_t seq = sample_put(store, replicated, &arena, item_ab("text", "1"));
    struct expression *absent = condition("attribute_not_exists(pk)");
    struct expression *add = sample_expression(cache, &arena, EXPRESSION_UPDATE, "ADD a :n", ":n",
                                               sample_n(&arena, "1"), NULL);
    struct write writes[] = {
        put(plain, "new", "2"),
        put(plain, "k", "2"),
        {.table = replicated,
         .kind = WRITE_UPDATE,
         .item = sample_key(&arena, "text"),
         .update = add},
        put(replicated, "new", "2"),
        {.table = replicated,
         .kind = WRITE_CHECK,
         .item = sample_key(&arena, "absent"),
         .condition = condition("attribute_exists(pk)")},
    };
    writes[1].condition = absent;
    struct transaction transaction = together(writes, 5);
    cr_assert_not(run(&transaction));
    cr_assert_eq(err.code, ERROR_CANCELLED);
    static const enum error_code expected[] = {ERROR_NONE, ERROR_CONDITION, ERROR_VALIDATION,
                                               ERROR_NONE, ERROR_CONDITION};
    for (size_t i = 0; i < 5; i++) {
        cr_assert_eq(errors[i].code, expected[i], "write %zu: %s", i, errors[i].text);
        cr_assert(!writes[i].changed && writes[i].exists == writes[i].existed);
    }
    cr_assert_str_eq(errors[1].text, "The conditional request failed");
    cr_assert(writes[1].existed && slice_equal(writes[1].old_image, item_ab("k", "1")));
    cr_assert(!writes[4].existed);
    cr_assert_eq(transaction.wait_seq, seq, "a refusal shows what the rows hold");
    cr_assert_eq(engine_appended_seq(store->engine), seq);
    cr_assert(holds(plain, "new", NULL) && holds(plain, "k", "1") &&
              holds(replicated, "new", NULL));
    expression_release((struct expression *)(uintptr_t)writes[4].condition);
    expression_release(absent);
    expression_release(add);
}

Test(transact, two_writes_of_one_row_are_refused)
{
    struct write writes[] = {put(plain, "k", "1"), put(plain, "other", "1"), put(plain, "k", "2")};
    struct transaction transaction = together(writes, 3);
    cr_assert_not(run(&transaction));
    cr_assert_eq(err.code, ERROR_VALIDATION);
    cr_assert_str_eq(err.text,
                     "Transaction request cannot include multiple operations on one item");
    cr_assert(holds(plain, "other", NULL));
    writes[2].table = replicated; /* The same key in another table is another row. */
    cr_assert(run(&transaction), "%s", err.text);
}

static struct slice large_item(const char *partition, size_t size)
{
    return sample_item(&arena, "pk", sample_s(partition), "a",
                       sample_b(arena_zalloc(&arena, size, 1), size), NULL);
}

Test(transact, all_items_together_may_be_four_megabytes_and_no_larger)
{
    enum { FULL = 10 };
    struct write writes[FULL + 1];
    size_t sum = 0;
    for (uint32_t i = 0; i < FULL; i++) {
        writes[i] = (struct write){.table = replicated, .kind = WRITE_PUT};
        writes[i].item = large_item(arena_printf(&arena, "%u", i), ITEM_BYTES_MAX - 4);
        sum += item_size(writes[i].item);
    }
    writes[FULL] = (struct write){.table = replicated, .kind = WRITE_PUT};
    writes[FULL].item = large_item("last", TRANSACTION_BYTES_MAX - sum - 7 + 1);
    struct transaction transaction = together(writes, FULL + 1);
    cr_assert_not(run(&transaction));
    cr_assert_eq(err.code, ERROR_VALIDATION);
    cr_assert_str_eq(err.text, "Transaction payload size cannot exceed 4MB. Payload Size: 4194305");
    writes[FULL].item = large_item("last", TRANSACTION_BYTES_MAX - sum - 7);
    cr_assert(run(&transaction), "%s", err.text);
    /* Updates are counted by what they leave. */
    struct expression *set =
        sample_expression(cache, &arena, EXPRESSION_UPDATE, "SET b = :b", ":b", sample_s(""), NULL);
    writes[FULL] = (struct write){.table = replicated, .kind = WRITE_UPDATE, .update = set};
    writes[FULL].item = sample_key(&arena, "last");
    cr_assert_not(run(&transaction));
    cr_assert_eq(err.code, ERROR_VALIDATION);
    cr_assert(slice_starts_with(slice_text(err.text), SLICE_LITERAL("Transaction payload size")));
    writes[FULL].item = sample_key(&arena, "other");
    writes[FULL - 1] = (struct write){.table = replicated, .kind = WRITE_PUT};
    writes[FULL - 1].item = large_item("too large", ITEM_BYTES_MAX);
    cr_assert_not(run(&transaction));
    cr_assert_eq(err.code, ERROR_VALIDATION);
    cr_assert_str_eq(err.text, "Item size has exceeded the maximum allowed size");
    expression_release(set);
}

/* Names and values of one byte and less, which take the most bytes for what they count. */
static struct slice wide_item(uint32_t number, size_t bytes_max)
{
    struct member *members = arena_alloc(&arena, bytes_max * sizeof(*members));
    size_t count = 0;
    members[count++] =
        (struct member){SLICE_LITERAL("pk"), sample_s(arena_printf(&arena, "%u", number))};
    for (size_t i = 0; i < 127 * 127 && 2 * count + 8 < bytes_max; i++) {
        uint8_t *name = arena_alloc(&arena, 2);
        name[0] = (uint8_t)(1 + i / 127);
        name[1] = (uint8_t)(1 + i % 127);
        if (memcmp(name, "pk", 2) != 0) {
            members[count++] = (struct member){slice_of(name, 2), sample_s("")};
        }
    }
    return value_make_map(&arena, members, count).payload;
}

Test(transact, the_widest_transaction_is_one_that_a_peer_takes)
{
    struct write writes[TRANSACTION_ITEMS_MAX];
    struct change changes[TRANSACTION_ITEMS_MAX];
    size_t counted = 0;
    size_t travels = 0;
    for (uint32_t i = 0; i < TRANSACTION_ITEMS_MAX; i++) {
        writes[i] = (struct write){.table = replicated, .kind = WRITE_PUT};
        writes[i].item = wide_item(i, TRANSACTION_BYTES_MAX / TRANSACTION_ITEMS_MAX);
        counted += item_size(writes[i].item);
    }
    uint64_t before = engine_appended_seq(store->engine);
    struct transaction transaction = together(writes, TRANSACTION_ITEMS_MAX);
    cr_assert(run(&transaction), "%s", err.text);
    cr_assert_eq(log_since(before, changes, TRANSACTION_ITEMS_MAX), TRANSACTION_ITEMS_MAX);
    for (uint32_t i = 0; i < TRANSACTION_ITEMS_MAX; i++) {
        travels += changes[i].key.size + changes[i].image.size;
    }
    cr_assert_gt(travels, 2 * counted, "%zu of %zu: wider than that is the point", travels,
                 counted);
    cr_assert_lt(travels, (size_t)IMAGE_GROWTH_MAX * TRANSACTION_BYTES_MAX);
}

Test(transact, a_refused_append_leaves_every_row_and_the_token)
{
    struct write writes[] = {put(plain, "a", "1"), put(plain, "b", "1")};
    struct transaction transaction = together(writes, 2);
    transaction.token = SLICE_LITERAL("token");
    uint64_t first = engine_commit_begin_many(store->engine, 2 * WRITES_PENDING_MAX);
    engine_commit_abandon(store->engine);
    bool refused = false;
    while (!refused) { /* The sync thread may be quicker. */
        refused = !run(&transaction);
        if (!refused) {
            transaction.token =
                slice_text(arena_printf(&arena, "t%llu", (unsigned long long)first));
            first = engine_commit_begin_many(store->engine, 2 * WRITES_PENDING_MAX);
            engine_commit_abandon(store->engine);
            writes[0].item = item_ab(arena_printf(&arena, "%llu", (unsigned long long)first), "1");
            writes[1].item = item_ab(arena_printf(&arena, "%llu.", (unsigned long long)first), "1");
        }
    }
    cr_assert_eq(err.code, ERROR_THROTTLED);
    cr_assert(!writes[0].changed && !writes[0].exists && !writes[1].exists);
    cr_assert(engine_wait_durable(store->engine, engine_appended_seq(store->engine), &err));
    cr_assert(run(&transaction), "%s", err.text);
    cr_assert(!transaction.replayed && writes[0].changed);
}

Test(transact, a_removed_table_refuses_the_whole)
{
    struct write writes[] = {put(plain, "a", "1"), put(replicated, "b", "1")};
    struct transaction transaction = together(writes, 2);
    cr_assert(store_drop_table(store, replicated->id, &err), "%s", err.text);
    cr_assert_not(run(&transaction));
    cr_assert_eq(err.code, ERROR_NOT_FOUND);
    cr_assert(holds(plain, "a", NULL));
}

/* --- Tokens ----------------------------------------------------------------------------------- */

static struct transaction with_token(struct write *writes, uint32_t count, const char *token)
{
    struct transaction transaction = together(writes, count);
    transaction.token = slice_text(token);
    transaction.digest[0] = 7;
    return transaction;
}

Test(transact, a_token_makes_it_run_once)
{
    struct expression *absent = condition("attribute_not_exists(pk)");
    struct write writes[] = {put(plain, "a", "1"), put(replicated, "b", "1")};
    writes[0].condition = absent;
    struct transaction transaction = with_token(writes, 2, "token");
    cr_assert(run(&transaction), "%s", err.text);
    uint64_t seq = transaction.wait_seq;
    cr_assert(run(&transaction), "%s", err.text);
    cr_assert(transaction.replayed);
    cr_assert_eq(transaction.wait_seq, seq);
    cr_assert_eq(engine_appended_seq(store->engine), seq);
    cr_assert(!writes[0].changed && writes[0].existed && writes[0].exists);
    cr_assert(slice_equal(writes[0].old_image, item_ab("a", "1")));
    transaction.digest[31] = 1;
    cr_assert_not(run(&transaction));
    cr_assert_eq(err.code, ERROR_TOKEN_MISMATCH);
    cr_assert_eq(transaction.wait_seq, seq);
    transaction.digest[31] = 0;
    two_tables_reopen();
    writes[0].table = plain;
    writes[1].table = replicated;
    cr_assert(run(&transaction), "%s", err.text);
    cr_assert(transaction.replayed, "a restart does not forget it");
    expression_release(absent);
}

Test(transact, a_token_is_forgotten_after_ten_minutes)
{
    struct write writes[] = {put(plain, "a", "1")};
    struct transaction transaction = with_token(writes, 1, "token");
    cr_assert(run(&transaction), "%s", err.text);
    atomic_fetch_add(&now.now_ms, TRANSACTION_TOKEN_MS);
    cr_assert(run(&transaction), "%s", err.text);
    cr_assert(transaction.replayed);
    atomic_fetch_add(&now.now_ms, 1);
    writes[0].item = item_ab("a", "2");
    transaction.digest[0] = 8;
    cr_assert(run(&transaction), "%s", err.text);
    cr_assert(!transaction.replayed && holds(plain, "a", "2"));
    transaction.digest[0] = 7;
    cr_assert_not(run(&transaction));
    cr_assert_eq(err.code, ERROR_TOKEN_MISMATCH, "the later transaction has it now");
}

Test(transact, a_cancelled_transaction_does_not_take_the_token)
{
    struct expression *exists = condition("attribute_exists(pk)");
    struct write writes[] = {put(plain, "a", "2")};
    writes[0].condition = exists;
    struct transaction transaction = with_token(writes, 1, "token");
    cr_assert_not(run(&transaction));
    cr_assert_eq(err.code, ERROR_CANCELLED);
    sample_put(store, plain, &arena, item_ab("a", "1"));
    cr_assert(run(&transaction), "%s", err.text);
    cr_assert(!transaction.replayed && holds(plain, "a", "2"));
    expression_release(exists);
}

Test(transact, a_token_is_kept_also_when_nothing_had_to_be_written)
{
    sample_put(store, plain, &arena, item_ab("a", "1"));
    struct write writes[] = {put(plain, "a", "1")};
    struct transaction transaction = with_token(writes, 1, "0123456789abcdef0123456789abcdef0123");
    cr_assert(run(&transaction), "%s", err.text);
    cr_assert(!writes[0].changed);
    sample_put(store, plain, &arena, item_ab("a", "2"));
    cr_assert(run(&transaction), "%s", err.text);
    cr_assert(transaction.replayed && holds(plain, "a", "2"));
}

/* --- Tiers and conflicts ---------------------------------------------------------------------- */

Test(transact, rows_on_disk_would_block_the_loop_and_are_written_by_a_worker)
{
    sample_put(store, plain, &arena, item_ab("a", "1"));
    sample_put(store, plain, &arena, item_ab("b", "1"));
    two_tables_reopen();
    struct write writes[] = {put(plain, "a", "2"), put(plain, "b", "2")};
    struct transaction transaction = with_token(writes, 2, "token");
    cr_assert_not(store_transact(store, &transaction, READ_CACHED, &arena, &err));
    cr_assert_eq(err.code, ERROR_WOULD_BLOCK);
    cr_assert(store_transact(store, &transaction, READ_FULL, &arena, &err), "%s", err.text);
    cr_assert(slice_equal(writes[1].old_image, item_ab("b", "1")));
    cr_assert(store_transact(store, &transaction, READ_CACHED, &arena, &err), "%s", err.text);
    cr_assert(transaction.replayed);
}

/* A cache that keeps no block that is not in use: what was warmed is gone when it is wanted. */
Test(transact, a_worker_comes_to_an_end_without_a_cache)
{
    struct write writes[20];
    for (uint32_t i = 0; i < 20; i++) {
        sample_put(store, plain, &arena, large_item(arena_printf(&arena, "%u", i), 20000));
        writes[i] = put(plain, arena_printf(&arena, "%u", i), "2");
    }
    table_release(plain);
    table_release(replicated);
    store_close(store);
    struct store_options options = {.engine = {.directory = directory,
                                               .cache_bytes = 1,
                                               .memtable_bytes = 8 << 20,
                                               .durability = DURABILITY_SYNC},
                                    .clock = sample_clock_face(&now),
                                    .region_id = 1};
    cr_assert(store_open(&options, &store, &err), "%s", err.text);
    plain = catalog_acquire(store->catalog, SLICE_LITERAL("plain"));
    replicated = catalog_acquire(store->catalog, SLICE_LITERAL("replicated"));
    for (uint32_t i = 0; i < 20; i++) {
        writes[i].table = plain;
    }
    struct transaction transaction = with_token(writes, 20, "token");
    cr_assert(store_transact(store, &transaction, READ_FULL, &arena, &err), "%s", err.text);
    cr_assert(holds(plain, "0", "2") && holds(plain, "19", "2"));
    cr_assert(store_transact(store, &transaction, READ_FULL, &arena, &err), "%s", err.text);
    cr_assert(transaction.replayed);
}

Test(transact, a_conflict_is_told_while_another_one_reads_the_disk)
{
    struct table_key key;
    key_encode(plain, sample_key(&arena, "held"), &arena, &key);
    uint32_t stripe = latch_stripe(key.hash);
    claim_take(store->claim, &stripe, 1, SLICE_LITERAL("theirs"));
    struct write writes[] = {put(plain, "free", "1"), put(plain, "held", "1")};
    struct transaction transaction = with_token(writes, 2, "ours");
    cr_assert_not(store_transact(store, &transaction, READ_CACHED, &arena, &err));
    cr_assert_eq(err.code, ERROR_CANCELLED);
    cr_assert_eq(errors[0].code, ERROR_NONE);
    cr_assert_eq(errors[1].code, ERROR_TRANSACTION_CONFLICT);
    cr_assert_str_eq(errors[1].text, "Transaction is ongoing for the item.");
    struct transaction again = with_token(writes, 1, "theirs");
    cr_assert_not(store_transact(store, &again, READ_CACHED, &arena, &err));
    cr_assert_eq(err.code, ERROR_TOKEN_IN_PROGRESS);
    again = with_token(writes, 1, "third");
    cr_assert(store_transact(store, &again, READ_CACHED, &arena, &err), "%s", err.text);
    claim_give(store->claim);
    cr_assert(store_transact(store, &transaction, READ_CACHED, &arena, &err), "%s", err.text);
    cr_assert_eq(errors[1].code, ERROR_NONE);
}

/* --- Reading together ------------------------------------------------------------------------- */

Test(transact, items_read_together_are_found_and_waited_for)
{
    sample_put(store, replicated, &arena, item_ab("gone", "1"));
    sample_delete(store, replicated, &arena, sample_key(&arena, "gone"));
    uint64_t seq = sample_put(store, plain, &arena, item_ab("a", "1"));
    sample_put(store, plain, &arena, item_ab("not asked for", "1"));
    struct item_read reads[] = {
        {.table = plain, .key = sample_key(&arena, "absent")},
        {.table = plain, .key = sample_key(&arena, "a")},
        {.table = replicated, .key = sample_key(&arena, "gone")},
    };
    uint64_t wait_seq = 0;
    cr_assert(store_get_together(store, reads, 3, READ_CACHED, &arena, &wait_seq, &err), "%s",
              err.text);
    cr_assert_eq(wait_seq, seq);
    cr_assert(!reads[0].found && reads[0].image.size == 0 && !reads[2].found);
    cr_assert(reads[1].found && slice_equal(reads[1].image, item_ab("a", "1")));
    two_tables_reopen();
    reads[0].table = plain;
    reads[1].table = plain;
    reads[2].table = replicated;
    cr_assert_not(store_get_together(store, reads, 3, READ_CACHED, &arena, &wait_seq, &err));
    cr_assert_eq(err.code, ERROR_WOULD_BLOCK);
    cr_assert(store_get_together(store, reads, 3, READ_FULL, &arena, &wait_seq, &err));
    cr_assert(reads[1].found);
}
