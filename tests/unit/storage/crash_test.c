/* Goal: kill -9 at any moment takes no acknowledged write and leaves no half of a batch. Method: a
 * child process writes and reports through a pipe what it was allowed to acknowledge; it is killed
 * in mid-flight and a second child opens the folder and compares. Only children open the folder:
 * RocksDB's threads do not survive a fork. Several rounds on one folder, so that recovery runs on
 * what recovery left. */
#include "proto/base/bytes.h"
#include "storage/log/change.h"
#include "storage/table/keeper.h"
#include "tests/unit/storage/crash_fixture.h"
#include "tests/unit/storage/indexed.h"
#include "tests/unit/storage/remote.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

TestSuite(crash, .timeout = 120);

enum {
    ROUNDS = 6,
    WRITERS = 4,
    GROUP = 5, /* Rows of one applied batch, each with a dot of its own. */
};

/* --- Local writes ---------------------------------------------------------------------------- */

struct writer {
    struct store *store;
    uint64_t round, index;
    int to;
};

/* WRITERS threads that run until the process is killed; the last of them. */
static pthread_t writers_start(
    struct writer *writers, struct store *store, uint64_t round, int to, void *(*run)(void *writer))
{
    pthread_t thread;
    for (uint64_t i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){store, round, i, to};
        ensure(pthread_create(&thread, NULL, run, &writers[i]) == 0);
    }
    return thread;
}

static const struct table *crash_table(struct store *store)
{
    const struct table *table = catalog_acquire(store->catalog, SLICE_LITERAL("table"));
    return table != NULL ? table : sample_store_table(store, "table", VALUE_MISSING, true);
}

static struct slice
crash_item(struct arena *arena, uint64_t writer, uint64_t round, uint64_t number)
{
    const char *pk = arena_printf(arena, "%llu/%llu", (unsigned long long)writer,
                                  (unsigned long long)(number % 50));
    const char *text =
        arena_printf(arena, "%llu %llu", (unsigned long long)round, (unsigned long long)number);
    return sample_item(arena, "pk", sample_s(pk), "v", sample_s(text), NULL);
}

static void *writer_run(void *argument)
{
    struct writer *writer = argument;
    const struct table *table = catalog_acquire(writer->store->catalog, SLICE_LITERAL("table"));
    struct arena arena;
    arena_init(&arena);
    for (uint64_t number = 0;; number++) {
        struct error err = {0};
        uint64_t seq = sample_put(writer->store, table, &arena,
                                  crash_item(&arena, writer->index, writer->round, number));
        ensure(engine_wait_durable(writer->store->engine, seq, &err));
        report_send(writer->to, (struct report){writer->round, writer->index, number, seq});
        arena_clear(&arena);
    }
    return NULL;
}

static void write_until_killed(const char *directory, uint64_t round, int to)
{
    struct sample_clock clock = {.now_ms = 1700000000000u + round * 1000};
    struct store *store = sample_store_open(directory, &clock);
    table_release(crash_table(store));
    struct writer writers[WRITERS];
    pthread_join(writers_start(writers, store, round, to, writer_run),
                 NULL); /* Until the signal. */
}

/* Each report's log record is there, and its row holds this or a later write of that writer. */
static void check_writes(const char *directory, const void *argument)
{
    const struct reports *reports = argument;
    struct sample_clock clock = {0};
    struct store *store = sample_store_open(directory, &clock);
    const struct table *table = crash_table(store);
    struct arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < reports->count; i++) {
        const struct report *report = &reports->list[i];
        struct slice item = crash_item(&arena, report->writer, report->round, report->number);
        struct change change;
        uint32_t count;
        uint64_t next;
        struct error err = {0};
        ensure(store_log_read(store, report->seq - 1, 1, 1, &arena, &change, &count, &next, &err));
        ensure(count == 1 && change.version.dot.seq == report->seq);
        ensure(slice_equal(change.image, item));
        struct row row;
        ensure(sample_row(store, table, &arena, change.key, &row));
        ensure(version_compare(&row.version, &change.version) >= 0);
        arena_clear(&arena);
    }
    arena_destroy(&arena);
    table_release(table);
    store_close(store);
}

Test(crash, no_acknowledged_write_is_lost)
{
    struct reports *reports = run_rounds(ROUNDS, 800, write_until_killed, check_writes);
    for (size_t i = 0; i < reports->count; i++) { /* A seq names one write, over all rounds. */
        for (size_t k = i + 1; k < reports->count && reports->count < 8192; k++) {
            cr_assert_neq(reports->list[i].seq, reports->list[k].seq);
        }
    }
    free(reports);
}

/* --- Applied batches ------------------------------------------------------------------------- */

/* Batch n writes n into GROUP rows and moves the watermark to n; every row also meets a conflict
 * with region 3, so that a batch holds conflict records too. */
static void apply_until_killed(const char *directory, uint64_t round, int to)
{
    struct sample_clock clock = {0};
    struct store *store = sample_store_open(directory, &clock);
    const struct table *table = crash_table(store);
    struct arena arena;
    arena_init(&arena);
    struct context applied;
    store_applied(store, &applied);
    uint64_t number = applied.count == 0 ? 1 : applied.entries[0].seq / GROUP + 1;
    for (;; number++) {
        struct change changes[2 * GROUP];
        const char *text = arena_printf(&arena, "%llu", (unsigned long long)number);
        for (uint32_t i = 0; i < GROUP; i++) {
            const char *pk = arena_printf(&arena, "row %u", i);
            changes[i] = remote_change(&arena, table, remote_dot(2, GROUP * number + i),
                                       10 * number + 1, pk, text);
            changes[GROUP + i] = remote_change(&arena, table, remote_dot(3, GROUP * number + i),
                                               10 * number, pk, "loser");
        }
        struct dot watermark = remote_dot(2, GROUP * number + GROUP - 1);
        struct apply_result result;
        struct error err = {0};
        ensure(
            store_apply(store, changes, 2 * GROUP, &watermark, remote_decide, NULL, &result, &err));
        if (number % 3 == 0) { /* Elsewhere the kill meets batches nobody waited for. */
            ensure(engine_wait_durable(store->engine, result.wait_seq, &err));
            report_send(to, (struct report){round, 0, number, result.wait_seq});
        }
        arena_clear(&arena);
    }
}

static void check_batches(const char *directory, const void *argument)
{
    const struct reports *reports = argument;
    struct sample_clock clock = {0};
    struct store *store = sample_store_open(directory, &clock);
    const struct table *table = crash_table(store);
    struct arena arena;
    arena_init(&arena);
    struct context applied;
    store_applied(store, &applied);
    uint64_t number = applied.count == 0 ? 0 : applied.entries[0].seq / GROUP;
    for (size_t i = 0; i < reports->count; i++) {
        ensure(reports->list[i].number <= number);
    }
    const char *text =
        number == 0 ? "absent" : arena_printf(&arena, "%llu", (unsigned long long)number);
    for (uint32_t i = 0; i < GROUP; i++) {
        ensure(strcmp(remote_text(store, table, &arena, arena_printf(&arena, "row %u", i)), text) ==
               0);
    }
    uint32_t max = (uint32_t)(GROUP * number) + 1;
    uint32_t count;
    struct error err = {0};
    struct conflict *conflicts = arena_zalloc(&arena, max, sizeof(*conflicts));
    ensure(store_conflicts(store, 0, max, &arena, conflicts, &count, &err));
    ensure(count == GROUP * number);
    arena_destroy(&arena);
    table_release(table);
    store_close(store);
}

Test(crash, an_applied_batch_is_there_whole_or_not_at_all)
{
    struct reports *reports = run_rounds(ROUNDS, 60, apply_until_killed, check_batches);
    free(reports);
}

/* --- Transactions ---------------------------------------------------------------------------- */

/* Transaction n of a round writes its number into GROUP rows of its writer, with a token. */
static bool crash_transact(struct store *store,
                           const struct table *table,
                           const struct report *report,
                           struct arena *arena,
                           struct transaction *transaction)
{
    struct write *writes = arena_zalloc(arena, GROUP, sizeof(*writes));
    struct error *errors = arena_zalloc(arena, GROUP, sizeof(*errors));
    struct error err = {0};
    const char *number = arena_printf(arena, "%llu %llu", (unsigned long long)report->round,
                                      (unsigned long long)report->number);
    for (unsigned i = 0; i < GROUP; i++) {
        const char *pk = arena_printf(arena, "%llu part %u", (unsigned long long)report->writer, i);
        writes[i] = (struct write){.table = table, .kind = WRITE_PUT};
        writes[i].item = sample_item(arena, "pk", sample_s(pk), "v", sample_s(number), NULL);
    }
    const char *token = arena_printf(arena, "%llu %s", (unsigned long long)report->writer, number);
    *transaction = (struct transaction){
        .writes = writes, .count = GROUP, .errors = errors, .token = slice_text(token)};
    bool ok = store_transact(store, transaction, READ_FULL, arena, &err);
    ensure(ok || err.code == ERROR_THROTTLED);
    return ok;
}

static void *transactor_run(void *argument)
{
    struct writer *writer = argument;
    const struct table *table = catalog_acquire(writer->store->catalog, SLICE_LITERAL("table"));
    struct arena arena;
    arena_init(&arena);
    for (uint64_t number = 0;; number++) {
        struct report report = {writer->round, writer->index, number, 0};
        struct transaction transaction;
        struct error err = {0};
        if (crash_transact(writer->store, table, &report, &arena, &transaction) &&
            number % 3 == 0) { /* Elsewhere the kill meets transactions nobody waited for. */
            ensure(engine_wait_durable(writer->store->engine, transaction.wait_seq, &err));
            report.seq = transaction.wait_seq;
            report_send(writer->to, report);
        }
        arena_clear(&arena);
    }
    return NULL;
}

static void transact_until_killed(const char *directory, uint64_t round, int to)
{
    struct sample_clock clock = {.now_ms = 1700000000000u + round * 1000};
    struct store *store = sample_store_open(directory, &clock);
    table_release(crash_table(store));
    struct writer writers[WRITERS];
    pthread_join(writers_start(writers, store, round, to, transactor_run), NULL);
}

/* The rows of each writer hold one transaction, the log whole groups, and every reported
 * transaction's token is known. */
static void check_transactions(const char *directory, const void *argument)
{
    const struct reports *reports = argument;
    struct sample_clock clock = {0};
    struct store *store = sample_store_open(directory, &clock);
    const struct table *table = crash_table(store);
    struct arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < reports->count; i++) {
        struct transaction transaction;
        bool ok = crash_transact(store, table, &reports->list[i], &arena, &transaction);
        ensure(ok && transaction.replayed);
        struct change changes[GROUP];
        uint32_t count;
        uint64_t next;
        struct error err = {0};
        ensure(store_log_read(store, reports->list[i].seq - GROUP, GROUP, 1 << 20, &arena, changes,
                              &count, &next, &err));
        for (uint32_t k = 0; k < GROUP; k++) {
            ensure(changes[k].version.dot.seq == reports->list[i].seq - GROUP + 1 + k);
            ensure(changes[k].following == GROUP - 1 - k);
        }
        for (unsigned writer = 0; writer < WRITERS; writer++) {
            struct value parts[GROUP];
            for (unsigned k = 0; k < GROUP; k++) {
                struct slice item =
                    sample_get(store, table, &arena,
                               sample_key(&arena, arena_printf(&arena, "%u part %u", writer, k)));
                bool found = item.size > 0 && item_find(item, SLICE_LITERAL("v"), &parts[k]);
                parts[k] = found ? parts[k] : sample_s("absent");
                ensure(value_equal(parts[k], parts[0]));
            }
        }
        arena_clear(&arena);
    }
    arena_destroy(&arena);
    table_release(table);
    store_close(store);
}

Test(crash, a_transaction_and_its_token_are_there_whole_or_not_at_all)
{
    struct reports *reports = run_rounds(ROUNDS, 60, transact_until_killed, check_transactions);
    free(reports);
}

/* --- Indexes --------------------------------------------------------------------------------- */

static const struct table *crash_indexed(struct store *store)
{
    const struct table *table = catalog_acquire(store->catalog, SLICE_LITERAL("indexed"));
    return table != NULL ? table : indexed_table(store, "indexed", false);
}

/* Writers and, beside them, indexes that come and go. */
static void *indexed_run(void *argument)
{
    struct writer *writer = argument;
    const struct table *table = crash_indexed(writer->store);
    struct arena arena;
    arena_init(&arena);
    uint64_t state = writer->round * WRITERS + writer->index;
    for (uint64_t number = 0;; number++) {
        struct error err = {0};
        struct slice key = indexed_random_key(&state, &arena);
        uint64_t seq = sample_next(&state) % 4 == 0
                           ? sample_delete(writer->store, table, &arena, key)
                           : sample_put(writer->store, table, &arena,
                                        indexed_random_item(&state, &arena, key, false));
        if (number % 8 == 0) { /* The kill meets writes that nobody waited for. */
            ensure(engine_wait_durable(writer->store->engine, seq, &err));
            report_send(writer->to, (struct report){writer->round, writer->index, number, seq});
        }
        arena_clear(&arena);
    }
    return NULL;
}

/* Global indexes that are there go, those that are gone come. */
static void indexed_toggle(struct store *store, struct arena *arena)
{
    struct error err = {0};
    catalog_change_begin(store->catalog);
    const struct table *table = crash_indexed(store);
    struct table changed = *table;
    struct table described = sample_table("indexed", VALUE_S, VALUE_S);
    struct table_index *indexes =
        arena_zalloc(arena, table->indexes_count + INDEXED_INDEXES, sizeof(*indexes));
    bool busy = false;
    memcpy(indexes, table->indexes, table->indexes_count * sizeof(*indexes));
    changed.indexes = indexes;
    for (uint32_t i = INDEXED_LOCAL; i < table->indexes_count; i++) {
        busy = busy || indexes[i].status == INDEX_DELETING;
        indexes[i].status = INDEX_DELETING;
        indexes[i].backfilling = false;
    }
    indexed_describe(&described, arena);
    memcpy(changed.attributes, described.attributes, sizeof(changed.attributes));
    changed.attributes_count = described.attributes_count;
    for (uint32_t i = INDEXED_LOCAL; table->indexes_count == INDEXED_LOCAL && i < INDEXED_INDEXES;
         i++) {
        struct table_index *index = &indexes[changed.indexes_count++];
        *index = described.indexes[i];
        index->status = INDEX_CREATING;
        index->id = changed.next_index_id++;
    }
    ensure(busy || catalog_update(store->catalog, &changed, &err));
    catalog_change_end(store->catalog);
    table_release(table);
}

static void index_until_killed(const char *directory, uint64_t round, int to)
{
    struct sample_clock clock = {.now_ms = 1700000000000u + round * 1000};
    struct store *store = sample_store_open(directory, &clock);
    table_release(crash_indexed(store));
    struct writer writers[WRITERS];
    struct arena arena;
    arena_init(&arena);
    writers_start(writers, store, round, to, indexed_run);
    for (;;) { /* Each toggle waits for the disk. */
        indexed_toggle(store, &arena);
        arena_clear(&arena);
    }
}

static bool indexed_is_settled(struct store *store)
{
    const struct table *table = crash_indexed(store);
    bool settled = keeper_is_settled(store->keeper);
    for (uint32_t i = 0; i < table->indexes_count; i++) {
        settled = settled && table->indexes[i].status == INDEX_ACTIVE;
    }
    table_release(table);
    return settled;
}

/* Whatever the kill has interrupted is ended; then every index is the function of its table. */
static void check_indexes(const char *directory, const void *argument)
{
    struct sample_clock clock = {0};
    struct store *store = sample_store_open(directory, &clock);
    struct timespec pause = {0, 1000000};
    struct arena arena;
    (void)argument;
    arena_init(&arena);
    while (!indexed_is_settled(store)) { /* The test's timeout is the deadline. */
        nanosleep(&pause, NULL);
    }
    const struct table *table = crash_indexed(store);
    const char *problem = indexes_problem(store, table->id, &arena);
    problem = problem != NULL ? problem : indexes_totals_problem(store, table->id, &arena);
    if (problem != NULL) {
        fprintf(stderr, "%s\n", problem);
    }
    ensure(problem == NULL);
    table_release(table);
    arena_destroy(&arena);
    store_close(store);
}

Test(crash, indexes_are_the_function_of_their_table_after_any_kill)
{
    struct reports *reports = run_rounds(2 * ROUNDS, 100, index_until_killed, check_indexes);
    free(reports);
}
