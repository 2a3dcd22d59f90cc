/* Goal: PutItem, UpdateItem and DeleteItem do what DynamoDB does, leave exactly the rows and change
 * records they should, and no concurrent update is lost. Method: a real store in a directory of the
 * test's own and a clock that the test moves; rows and log are read back through the engine. */
#include "proto/value/decimal.h"
#include "storage/log/applied.h"
#include "storage/log/change.h"
#include "storage/table/key.h"
#include "tests/unit/storage/two_tables.h"

#include <criterion/criterion.h>
#include <pthread.h>

TestSuite(write, .init = two_tables_setup, .fini = two_tables_teardown, .timeout = 60);

/* The change record of a write. */
static bool log_record(uint64_t seq, struct change *change)
{
    uint8_t key[CHANGE_LOG_KEY_BYTES];
    struct engine_value value;
    bool found = false;
    change_log_key(seq, key);
    cr_assert(engine_get(store->engine, FAMILY_LOG, NULL, slice_of(key, sizeof(key)), READ_FULL,
                         &value, &found, &err),
              "%s", err.text);
    if (found) {
        cr_assert(change_decode(arena_copy(&arena, value.bytes), change, &err), "%s", err.text);
        engine_value_release(&value);
    }
    return found;
}

/* --- PutItem -------------------------------------------------------------------------------- */

Test(write, a_put_stores_the_item_and_tells_of_the_one_it_replaced)
{
    struct slice first = item_ab("k", "1");
    struct slice second = item_ab("k", "2");
    struct write write = {.table = plain, .kind = WRITE_PUT, .item = first};
    cr_assert(sample_write(store, &write, &arena, &err), "%s", err.text);
    cr_assert(!write.existed && write.exists && write.changed && write.old_image.size == 0);
    cr_assert(slice_equal(write.new_image, first));
    cr_assert_eq(write.wait_seq, engine_appended_seq(store->engine));
    write.item = second;
    cr_assert(sample_write(store, &write, &arena, &err), "%s", err.text);
    cr_assert(write.existed && write.exists && write.changed);
    cr_assert(slice_equal(write.old_image, first) && slice_equal(write.new_image, second));
    cr_assert(slice_equal(sample_get(store, plain, &arena, sample_key(&arena, "k")), second));
}

Test(write, an_item_may_be_as_large_as_the_limit_and_no_larger)
{
    size_t size = ITEM_BYTES_MAX - 4; /* "pk", "k" and "a" count too. */
    uint8_t *bytes = arena_zalloc(&arena, size + 1, 1);
    struct write write = {.table = plain, .kind = WRITE_PUT};
    write.item = sample_item(&arena, "pk", sample_s("k"), "a", sample_b(bytes, size), NULL);
    cr_assert(sample_write(store, &write, &arena, &err), "%s", err.text);
    write.item = sample_item(&arena, "pk", sample_s("k"), "a", sample_b(bytes, size + 1), NULL);
    cr_assert_not(sample_write(store, &write, &arena, &err));
    cr_assert_eq(err.code, ERROR_VALIDATION);
    cr_assert_str_eq(err.text, "Item size has exceeded the maximum allowed size");
    struct expression *set =
        sample_expression(cache, &arena, EXPRESSION_UPDATE, "SET b = :b", ":b", sample_s(""), NULL);
    struct write update = {.table = plain, .kind = WRITE_UPDATE, .update = set};
    update.item = sample_key(&arena, "k");
    cr_assert_not(sample_write(store, &update, &arena, &err));
    cr_assert_eq(err.code, ERROR_VALIDATION);
    cr_assert_str_eq(err.text, "Item size to update has exceeded the maximum allowed size");
    cr_assert(update.existed && update.exists && !update.changed);
    expression_release(set);
}

Test(write, an_unchanged_overwrite_writes_nothing_unless_replicas_must_see_it_as_newer)
{
    struct slice item = item_ab("k", "1");
    uint64_t seq = sample_put(store, plain, &arena, item);
    struct write write = {.table = plain, .kind = WRITE_PUT, .item = item};
    cr_assert(sample_write(store, &write, &arena, &err));
    cr_assert(!write.changed && write.existed && write.exists);
    cr_assert_eq(write.wait_seq, seq);
    cr_assert_eq(engine_appended_seq(store->engine), seq);
    seq = sample_put(store, replicated, &arena, item);
    write.table = replicated;
    cr_assert(sample_write(store, &write, &arena, &err));
    cr_assert(write.changed);
    cr_assert_gt(write.wait_seq, seq);
}

/* --- Conditions ----------------------------------------------------------------------------- */

Test(write, a_refused_condition_changes_nothing_shows_the_item_and_waits_for_it)
{
    struct slice item = item_ab("k", "1");
    uint64_t seq = sample_put(store, plain, &arena, item);
    struct write write = {.table = plain, .kind = WRITE_PUT, .item = item_ab("k", "2")};
    struct expression *absent = condition("attribute_not_exists(pk)");
    write.condition = absent;
    cr_assert_not(sample_write(store, &write, &arena, &err));
    cr_assert_eq(err.code, ERROR_CONDITION);
    cr_assert_str_eq(err.text, "The conditional request failed");
    cr_assert(write.existed && write.exists && !write.changed);
    cr_assert(slice_equal(write.old_image, item));
    cr_assert_eq(write.wait_seq, seq);
    cr_assert_eq(engine_appended_seq(store->engine), seq);
    cr_assert(slice_equal(sample_get(store, plain, &arena, sample_key(&arena, "k")), item));
    expression_release(absent);
}

Test(write, a_condition_on_a_missing_item_sees_the_empty_item)
{
    struct expression *absent = condition("attribute_not_exists(pk)");
    struct expression *present = condition("attribute_exists(pk)");
    struct write write = {.table = plain, .kind = WRITE_DELETE, .item = sample_key(&arena, "k")};
    write.condition = present;
    cr_assert_not(sample_write(store, &write, &arena, &err));
    cr_assert_eq(err.code, ERROR_CONDITION);
    cr_assert(!write.existed && write.old_image.size == 0);
    write.condition = absent;
    cr_assert(sample_write(store, &write, &arena, &err));
    cr_assert_not(write.changed);
    write.kind = WRITE_PUT;
    write.item = item_ab("k", "1");
    cr_assert(sample_write(store, &write, &arena, &err));
    cr_assert_not(sample_write(store, &write, &arena, &err));
    expression_release(absent);
    expression_release(present);
}

/* --- UpdateItem ----------------------------------------------------------------------------- */

static struct expression *update_of(const char *text)
{
    return sample_expression(cache, &arena, EXPRESSION_UPDATE, text, NULL);
}

Test(write, an_update_creates_the_item_or_changes_the_one_there)
{
    struct expression *set = sample_expression(cache, &arena, EXPRESSION_UPDATE, "SET a = :a", ":a",
                                               sample_s("1"), NULL);
    struct slice key = sample_key(&arena, "k");
    struct write write = {.table = plain, .kind = WRITE_UPDATE, .item = key, .update = set};
    cr_assert(sample_write(store, &write, &arena, &err), "%s", err.text);
    cr_assert(!write.existed && write.exists && write.changed);
    cr_assert(slice_equal(write.new_image, item_ab("k", "1")));
    cr_assert(slice_equal(sample_get(store, plain, &arena, key), item_ab("k", "1")));
    struct expression *remove = update_of("REMOVE a");
    write.update = remove;
    cr_assert(sample_write(store, &write, &arena, &err), "%s", err.text);
    cr_assert(write.existed && write.changed);
    cr_assert(slice_equal(write.old_image, item_ab("k", "1")));
    cr_assert(slice_equal(write.new_image, key));
    cr_assert(sample_write(store, &write, &arena, &err), "%s", err.text);
    cr_assert_not(write.changed); /* Nothing left to remove. */
    expression_release(set);
    expression_release(remove);
}

Test(write, an_update_that_only_removes_makes_no_item_but_a_touch_does)
{
    struct slice key = sample_key(&arena, "k");
    struct expression *remove = update_of("REMOVE a");
    struct write write = {.table = plain, .kind = WRITE_UPDATE, .item = key, .update = remove};
    cr_assert(sample_write(store, &write, &arena, &err), "%s", err.text);
    cr_assert(!write.existed && !write.exists && !write.changed && write.new_image.size == 0);
    write.update = NULL;
    cr_assert(sample_write(store, &write, &arena, &err), "%s", err.text);
    cr_assert(!write.existed && write.exists && write.changed);
    cr_assert(slice_equal(sample_get(store, plain, &arena, key), key));
    expression_release(remove);
}

Test(write, a_failing_update_changes_nothing)
{
    uint64_t seq = sample_put(store, plain, &arena, item_ab("k", "1"));
    struct expression *add = sample_expression(cache, &arena, EXPRESSION_UPDATE, "SET a = a + :n",
                                               ":n", sample_n(&arena, "1"), NULL);
    struct write write = {
        .table = plain, .kind = WRITE_UPDATE, .item = sample_key(&arena, "k"), .update = add};
    cr_assert_not(sample_write(store, &write, &arena, &err));
    cr_assert_eq(err.code, ERROR_VALIDATION);
    cr_assert(write.existed && write.exists && !write.changed);
    cr_assert_eq(write.wait_seq, seq);
    cr_assert_eq(engine_appended_seq(store->engine), seq);
    expression_release(add);
}

/* --- DeleteItem ----------------------------------------------------------------------------- */

Test(write, a_delete_takes_the_row_away_and_one_of_a_missing_item_writes_nothing)
{
    struct slice key = sample_key(&arena, "k");
    struct slice item = item_ab("k", "1");
    uint64_t seq = sample_put(store, plain, &arena, item);
    struct write write = {.table = plain, .kind = WRITE_DELETE, .item = key};
    cr_assert(sample_write(store, &write, &arena, &err), "%s", err.text);
    cr_assert(write.existed && !write.exists && write.changed);
    cr_assert(slice_equal(write.old_image, item) && write.new_image.size == 0);
    struct row row;
    cr_assert_not(sample_row(store, plain, &arena, key, &row));
    cr_assert_gt(write.wait_seq, seq);
    seq = write.wait_seq;
    cr_assert(sample_write(store, &write, &arena, &err), "%s", err.text);
    cr_assert(!write.existed && !write.exists && !write.changed);
    cr_assert_eq(write.wait_seq, seq); /* The absence it reports must be durable too. */
    cr_assert_eq(engine_appended_seq(store->engine), seq);
}

Test(write, in_a_replicated_table_a_delete_leaves_a_tombstone_that_clients_do_not_see)
{
    struct slice key = sample_key(&arena, "k");
    sample_put(store, replicated, &arena, item_ab("k", "1"));
    uint64_t deleted = sample_delete(store, replicated, &arena, key);
    struct row row;
    cr_assert(sample_row(store, replicated, &arena, key, &row));
    cr_assert(row.tombstone && row.version.dot.seq == deleted);
    cr_assert_eq(sample_get(store, replicated, &arena, key).size, 0);
    struct write write = {.table = replicated, .kind = WRITE_DELETE, .item = key};
    cr_assert(sample_write(store, &write, &arena, &err));
    cr_assert(!write.existed && !write.changed);
    struct expression *absent = condition("attribute_not_exists(pk)");
    write = (struct write){.table = replicated, .kind = WRITE_PUT, .item = item_ab("k", "2")};
    write.condition = absent;
    cr_assert(sample_write(store, &write, &arena, &err), "%s", err.text);
    cr_assert(!write.existed && write.exists && write.old_image.size == 0);
    uint64_t tombstone_stamp = row.version.stamp;
    cr_assert(sample_row(store, replicated, &arena, key, &row));
    cr_assert(!row.tombstone && row.version.stamp > tombstone_stamp);
    expression_release(absent);
}

/* --- Versions and the change log ------------------------------------------------------------ */

Test(write, every_write_leaves_one_change_record_under_its_seq)
{
    struct slice key = sample_key(&arena, "k");
    struct slice item = item_ab("k", "1");
    uint64_t put = sample_put(store, plain, &arena, item);
    uint64_t deleted = sample_delete(store, plain, &arena, key);
    struct change change;
    cr_assert(log_record(put, &change));
    cr_assert(change.table_id == plain->id && slice_equal(change.key, key));
    cr_assert(!change.has_image && !change.tombstone && change.image.size == 0);
    cr_assert(change.version.dot.region == 1 && change.version.dot.seq == put);
    cr_assert_eq(change.version.dot.incarnation, store->incarnation);
    cr_assert(log_record(deleted, &change));
    cr_assert(change.tombstone && slice_equal(change.key, key));
    cr_assert_not(log_record(deleted + 1, &change));
}

Test(write, records_of_replicated_tables_carry_the_image_and_the_row_s_version)
{
    struct slice key = sample_key(&arena, "k");
    struct slice item = item_ab("k", "1");
    uint64_t put = sample_put(store, replicated, &arena, item);
    struct change change;
    struct row row;
    cr_assert(log_record(put, &change) && sample_row(store, replicated, &arena, key, &row));
    cr_assert(change.has_image && slice_equal(change.image, item));
    cr_assert_eq(version_compare(&change.version, &row.version), 0);
    uint64_t deleted = sample_delete(store, replicated, &arena, key);
    cr_assert(log_record(deleted, &change));
    cr_assert(change.has_image && change.tombstone && change.image.size == 0);
}

Test(write, a_writer_with_an_old_description_still_writes_what_a_new_replica_needs)
{
    const struct table *old = plain;
    struct table changed = *plain;
    changed.replicas_count = 1;
    strcpy(changed.replicas[0].region, "eu-west-1");
    changed.replicas[0].status = REPLICA_CREATING;
    cr_assert(catalog_update(store->catalog, &changed, &err), "%s", err.text);
    cr_assert_eq(old->replicas_count, 0);
    struct change change;
    cr_assert(log_record(sample_put(store, old, &arena, item_ab("k", "1")), &change));
    cr_assert(change.has_image);
    sample_delete(store, old, &arena, sample_key(&arena, "k"));
    struct row row;
    cr_assert(sample_row(store, old, &arena, sample_key(&arena, "k"), &row) && row.tombstone);
}

/* A row as another region's write left it. */
static void store_foreign_row(struct slice image, const struct version *version)
{
    struct table_key key;
    struct buffer bytes;
    struct row row = {.version = *version, .image = image};
    key_encode(replicated, image, &arena, &key);
    buffer_init(&bytes, &arena, 64);
    row_encode(&bytes, &row);
    struct engine_batch *batch = engine_batch_open();
    engine_batch_put(store->engine, batch, FAMILY_ITEMS, key.bytes, buffer_slice(&bytes));
    uint64_t seq = engine_commit_begin(store->engine);
    cr_assert(engine_commit_append(store->engine, batch, seq, &err));
    engine_batch_close(batch);
}

Test(write, a_stamp_is_above_what_it_overwrites_even_under_a_slow_clock)
{
    struct version future = {.stamp = UINT64_C(1) << 62, .dot = {2, 5, 9}};
    store_foreign_row(item_ab("k", "1"), &future);
    sample_put(store, replicated, &arena, item_ab("k", "2"));
    struct row row;
    cr_assert(sample_row(store, replicated, &arena, sample_key(&arena, "k"), &row));
    cr_assert_gt(row.version.stamp, future.stamp);
    uint64_t before = row.version.stamp;
    sample_put(store, replicated, &arena, item_ab("other", "2"));
    cr_assert(sample_row(store, replicated, &arena, sample_key(&arena, "other"), &row));
    cr_assert_gt(row.version.stamp, before); /* The clock keeps what it has seen. */
}

Test(write, a_context_holds_what_was_applied_and_what_the_overwritten_row_knew)
{
    /* Region 2 wrote the row knowing region 3's write 7 and our write 1; we have applied region 4.
     */
    struct version foreign = {.stamp = 5, .dot = {2, 5, 9}};
    context_raise(&foreign.context, (struct dot){3, 6, 7});
    context_raise(&foreign.context, (struct dot){1, store->incarnation, 1});
    store_foreign_row(item_ab("k", "1"), &foreign);
    applied_raise(store->applied, (struct dot){4, 1, 2});
    sample_put(store, replicated, &arena, item_ab("k", "2"));
    struct row row;
    cr_assert(sample_row(store, replicated, &arena, sample_key(&arena, "k"), &row));
    const struct context *context = &row.version.context;
    cr_assert_eq(context->count, 3);
    cr_assert(dot_equal(context->entries[0], (struct dot){2, 5, 9}));
    cr_assert(dot_equal(context->entries[1], (struct dot){3, 6, 7}));
    cr_assert(dot_equal(context->entries[2], (struct dot){4, 1, 2}));
    /* Once all members have applied region 3 and 4 so far, only region 2 can still decide. */
    struct context settled = {0};
    context_raise(&settled, (struct dot){3, 6, 7});
    context_raise(&settled, (struct dot){4, 1, 2});
    applied_settle(store->applied, &settled);
    uint64_t seq = sample_put(store, replicated, &arena, item_ab("k", "3"));
    cr_assert(sample_row(store, replicated, &arena, sample_key(&arena, "k"), &row));
    cr_assert_eq(row.version.context.count, 1);
    cr_assert(dot_equal(row.version.context.entries[0], (struct dot){2, 5, 9}));
    /* The record keeps all: whoever gets it may not know what is settled. */
    struct change change;
    cr_assert(log_record(seq, &change));
    cr_assert_eq(change.version.context.count, 3);
    cr_assert_eq(version_compare(&change.version, &row.version), 0);
    /* Without replicas nobody will ever ask. */
    sample_put(store, plain, &arena, item_ab("k", "2"));
    cr_assert(sample_row(store, plain, &arena, sample_key(&arena, "k"), &row));
    cr_assert_eq(row.version.context.count, 0);
}

/* --- Tiers and failures --------------------------------------------------------------------- */

Test(write, a_row_on_disk_would_block_the_loop_and_is_written_by_a_worker)
{
    sample_put(store, plain, &arena, item_ab("k", "1"));
    two_tables_reopen();
    struct write write = {.table = plain, .kind = WRITE_PUT, .item = item_ab("k", "2")};
    cr_assert_not(store_write(store, &write, READ_CACHED, &arena, &err));
    cr_assert_eq(err.code, ERROR_WOULD_BLOCK);
    cr_assert(store_write(store, &write, READ_FULL, &arena, &err), "%s", err.text);
    cr_assert(write.existed && slice_equal(write.old_image, item_ab("k", "1")));
    write.item = item_ab("k", "3");
    cr_assert(store_write(store, &write, READ_CACHED, &arena, &err), "%s", err.text);
}

Test(write, a_damaged_row_is_reported_and_left_alone)
{
    struct table_key key;
    key_encode(plain, sample_key(&arena, "k"), &arena, &key);
    struct engine_batch *batch = engine_batch_open();
    engine_batch_put(store->engine, batch, FAMILY_ITEMS, key.bytes, SLICE_LITERAL("rubbish"));
    uint64_t seq = engine_commit_begin(store->engine);
    cr_assert(engine_commit_append(store->engine, batch, seq, &err));
    engine_batch_close(batch);
    struct write write = {.table = plain, .kind = WRITE_PUT, .item = item_ab("k", "2")};
    cr_assert_not(sample_write(store, &write, &arena, &err));
    cr_assert_eq(err.code, ERROR_CORRUPT);
    cr_assert_eq(engine_appended_seq(store->engine), seq);
}

/* --- Threads -------------------------------------------------------------------------------- */

enum { WRITERS = 4, INCREMENTS = 500, HOT_KEYS = 3 };

struct writer {
    uint64_t seed;
    bool optimistic;
};

static uint64_t number_of(struct slice image)
{
    struct value n;
    struct decimal decimal;
    char text[DECIMAL_TEXT_BYTES_MAX];
    cr_assert(item_find(image, SLICE_LITERAL("n"), &n));
    cr_assert(decimal_from_key(n.payload, &decimal));
    text[decimal_print(&decimal, text)] = 0;
    return strtoull(text, NULL, 10);
}

/* ADD n :one, or read, add one here and put under the condition that nobody else did. */
static bool increment(struct writer *writer,
                      struct arena *own,
                      struct expression_cache *programs,
                      const char *hot)
{
    struct error error = {0};
    struct slice key = sample_key(own, hot);
    struct expression *expression = NULL;
    struct write write = {.table = plain};
    if (!writer->optimistic) {
        expression = sample_expression(programs, own, EXPRESSION_UPDATE, "ADD n :one", ":one",
                                       sample_n(own, "1"), NULL);
        write.kind = WRITE_UPDATE;
        write.item = key;
        write.update = expression;
    } else {
        uint64_t n = number_of(sample_get(store, plain, own, key));
        expression = sample_expression(
            programs, own, EXPRESSION_CONDITION, "n = :n", ":n",
            sample_n(own, arena_printf(own, "%llu", (unsigned long long)n)), NULL);
        write.kind = WRITE_PUT;
        write.item =
            sample_item(own, "pk", sample_s(hot), "n",
                        sample_n(own, arena_printf(own, "%llu", (unsigned long long)n + 1)), NULL);
        write.condition = expression;
    }
    bool ok = sample_write(store, &write, own, &error);
    ensure(ok || error.code == ERROR_CONDITION || error.code == ERROR_THROTTLED);
    expression_release(expression);
    return ok;
}

static void *writer_run(void *argument)
{
    static const char *const hot[HOT_KEYS] = {"hot-0", "hot-1", "hot-2"};
    struct writer *writer = argument;
    struct arena own = {0};
    struct expression_cache *programs = expression_cache_open(16);
    for (int done = 0; done < INCREMENTS;) {
        done += increment(writer, &own, programs, hot[sample_next(&writer->seed) % HOT_KEYS]);
        arena_clear(&own);
    }
    expression_cache_close(programs);
    arena_destroy(&own);
    return NULL;
}

static void check_no_increment_is_lost(bool optimistic)
{
    static const char *const hot[HOT_KEYS] = {"hot-0", "hot-1", "hot-2"};
    uint64_t seed = sample_seed();
    pthread_t threads[WRITERS];
    struct writer writers[WRITERS];
    for (size_t i = 0; i < HOT_KEYS; i++) {
        sample_put(store, plain, &arena,
                   sample_item(&arena, "pk", sample_s(hot[i]), "n", sample_n(&arena, "0"), NULL));
    }
    for (size_t i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){seed + i, optimistic};
        cr_assert_eq(pthread_create(&threads[i], NULL, writer_run, &writers[i]), 0);
    }
    for (size_t i = 0; i < WRITERS; i++) {
        pthread_join(threads[i], NULL);
    }
    uint64_t sum = 0;
    for (size_t i = 0; i < HOT_KEYS; i++) {
        sum += number_of(sample_get(store, plain, &arena, sample_key(&arena, hot[i])));
    }
    cr_assert_eq(sum, WRITERS * INCREMENTS, "MERIDIAN_SEED=%llu: %llu", (unsigned long long)seed,
                 (unsigned long long)sum);
}

Test(write, concurrent_updates_of_hot_items_lose_no_increment)
{
    check_no_increment_is_lost(false);
}

Test(write, concurrent_conditional_puts_of_hot_items_lose_no_increment)
{
    check_no_increment_is_lost(true);
}
