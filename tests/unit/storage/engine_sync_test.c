/* Goal: seqs are in order and never ahead of the disk; stalls and failing syncs are told, never
 * hidden. Method: the disk's sync is held or broken by disk_fault. */
#include "proto/base/bytes.h"
#include "proto/base/limits.h"
#include "tests/unit/storage/disk_fault.h"
#include "tests/unit/storage/engine_fixture.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

TestSuite(engine_sync, .timeout = 60);

static const struct slice key = {(const uint8_t *)"key", 3};
static const struct slice value = {(const uint8_t *)"value", 5};

static bool append(struct engine *engine, struct engine_batch *batch, struct error *err)
{
    return engine_commit_append(engine, batch, engine_commit_begin(engine), err);
}

/* A batch of one key. */
static struct engine_batch *sample_batch(struct engine *engine)
{
    struct engine_batch *batch = engine_batch_open();
    engine_batch_put(engine, batch, FAMILY_ITEMS, key, value);
    return batch;
}

static void put_log(struct engine *engine, uint64_t at)
{
    uint8_t bytes[8];
    put_be64(bytes, at);
    engine_fixture_put(engine, FAMILY_LOG, slice_of(bytes, sizeof(bytes)), value);
}

static uint64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

Test(engine_sync, seqs_rise_by_one_even_over_abandoned_commits)
{
    char *directory = test_directory_make();
    struct engine *engine = engine_fixture_open(directory);
    struct error err = {0};
    cr_assert_eq(engine_fixture_put(engine, FAMILY_ITEMS, key, value), 1);
    cr_assert_eq(engine_commit_begin(engine), 2);
    engine_commit_abandon(engine);
    cr_assert(engine_wait_durable(engine, 2, &err), "an abandoned seq ends too");
    cr_assert_eq(engine_fixture_put(engine, FAMILY_ITEMS, key, value), 3);
    cr_assert_eq(engine_appended_seq(engine), 3);
    cr_assert(engine_wait_durable(engine, 3, &err), "%s", err.text);
    cr_assert_eq(engine_durable_seq(engine), 3);
    cr_assert_eq(engine_synced_seq(engine), 3);
    engine_close(engine);
    test_directory_remove(directory);
}

Test(engine_sync, the_last_seq_is_found_again_in_the_log)
{
    char *directory = test_directory_make();
    struct engine *engine = engine_fixture_open(directory);
    put_log(engine, 41);
    engine_close(engine);
    engine = engine_fixture_open(directory);
    cr_assert_eq(engine_durable_seq(engine), 41);
    cr_assert_eq(engine_fixture_put(engine, FAMILY_ITEMS, key, value), 42);
    engine_close(engine);
    test_directory_remove(directory);
}

Test(engine_sync, a_seq_below_the_trimming_note_is_not_given_again)
{
    char *directory = test_directory_make();
    struct engine *engine = engine_fixture_open(directory);
    struct error err = {0};
    put_log(engine, 3);
    cr_assert(engine_trimmed_set(engine, 100, 100, &err), "%s", err.text);
    cr_assert_eq(engine_trimmed_seq(engine), 100);
    engine_close(engine);
    engine = engine_fixture_open(directory);
    cr_assert_eq(engine_trimmed_seq(engine), 100);
    cr_assert_eq(engine_commit_begin(engine), 101);
    engine_commit_abandon(engine);
    engine_close(engine);
    test_directory_remove(directory);
}

static void note_durable(void *context, uint64_t durable_seq)
{
    _Atomic uint64_t *newest = context;
    ensure(durable_seq >= atomic_load(newest));
    atomic_store(newest, durable_seq);
}

Test(engine_sync, on_durable_tells_each_rise_of_the_durable_seq)
{
    char *directory = test_directory_make();
    _Atomic uint64_t newest = 0;
    struct engine_options options = engine_fixture_options(directory);
    options.on_durable = note_durable;
    options.context = &newest;
    struct engine *engine;
    struct error err = {0};
    cr_assert(engine_open(&options, &engine, &err));
    uint64_t deadline = clock_ms() + 20000;
    for (int i = 0; i < 20; i++) {
        uint64_t seq = engine_fixture_put(engine, FAMILY_ITEMS, key, value);
        while (atomic_load(&newest) < seq && clock_ms() < deadline) {
        }
        cr_assert_geq(atomic_load(&newest), seq, "never told");
        cr_assert_geq(engine_durable_seq(engine), seq);
    }
    engine_close(engine);
    test_directory_remove(directory);
}

Test(engine_sync, nothing_is_durable_while_the_disk_holds_its_sync)
{
    char *directory = test_directory_make();
    struct engine *engine = engine_fixture_open(directory);
    disk_hold(".log");
    uint64_t seq = engine_fixture_put(engine, FAMILY_ITEMS, key, value);
    uint64_t deadline = clock_ms() + 20000;
    while (disk_waiting() == 0 && clock_ms() < deadline) {
    }
    cr_assert_eq(disk_waiting(), 1);
    cr_assert_eq(engine_appended_seq(engine), seq);
    cr_assert_eq(engine_durable_seq(engine), seq - 1);
    disk_release();
    struct error err = {0};
    cr_assert(engine_wait_durable(engine, seq, &err), "%s", err.text);
    engine_close(engine);
    test_directory_remove(directory);
}

struct waiter {
    struct engine *engine;
    uint64_t seq;
    bool ok;
    struct error err;
    pthread_t thread;
};

static void *waiter_run(void *argument)
{
    struct waiter *waiter = argument;
    waiter->ok = engine_wait_durable(waiter->engine, waiter->seq, &waiter->err);
    return NULL;
}

Test(engine_sync, a_failed_sync_fails_waiters_and_later_writes_for_ever)
{
    char *directory = test_directory_make();
    struct engine *engine = engine_fixture_open(directory);
    struct error err = {0};
    uint64_t good = engine_fixture_put(engine, FAMILY_ITEMS, key, value);
    cr_assert(engine_wait_durable(engine, good, &err));
    cr_assert_not(engine_sync_failed(engine, &err));

    disk_hold(".log");
    disk_fail(".log", 1);
    struct waiter waiters[4];
    for (int i = 0; i < 4; i++) {
        waiters[i].engine = engine;
        waiters[i].seq = engine_fixture_put(engine, FAMILY_ITEMS, key, value);
        ensure(pthread_create(&waiters[i].thread, NULL, waiter_run, &waiters[i]) == 0);
    }
    disk_release();
    for (int i = 0; i < 4; i++) {
        pthread_join(waiters[i].thread, NULL);
        cr_assert_not(waiters[i].ok);
        cr_assert_eq(waiters[i].err.code, ERROR_IO, "%s", waiters[i].err.text);
    }
    cr_assert(engine_sync_failed(engine, &err));
    cr_assert_eq(err.code, ERROR_IO);
    cr_assert_eq(engine_durable_seq(engine), good);
    disk_fail(NULL, 0); /* A disk that works again changes nothing. */
    error_clear(&err);
    struct engine_batch *batch = sample_batch(engine);
    cr_assert_not(append(engine, batch, &err));
    cr_assert_eq(err.code, ERROR_IO, "%s", err.text);
    engine_batch_close(batch);
    cr_assert(engine_wait_durable(engine, good, &err), "what is on disk stays durable");
    cr_assert_not(engine_trimmed_set(engine, 1, 1, &err));
    cr_assert_not(engine_drop_range(engine, FAMILY_ITEMS, key, value, &err));
    engine_close(engine);
    test_directory_remove(directory);
}

Test(engine_sync, too_many_writes_waiting_for_the_disk_are_throttled)
{
    char *directory = test_directory_make();
    struct engine *engine = engine_fixture_open(directory);
    struct engine_batch *batch = sample_batch(engine);
    struct error err = {0};
    disk_hold(".log");
    for (uint32_t i = 0; i < WRITES_PENDING_MAX; i++) {
        cr_assert(append(engine, batch, &err), "%u: %s", i, err.text);
    }
    cr_assert_not(append(engine, batch, &err));
    cr_assert_eq(err.code, ERROR_THROTTLED, "%s", err.text);
    uint64_t refused = engine_appended_seq(engine);
    disk_release();
    error_clear(&err);
    cr_assert(engine_wait_durable(engine, refused, &err), "a refused seq ends too");
    cr_assert(append(engine, batch, &err), "%s", err.text);
    engine_batch_close(batch);
    engine_close(engine);
    test_directory_remove(directory);
}

Test(engine_sync, a_stall_throttles_at_once_and_passes)
{
    char *directory = test_directory_make();
    struct engine_options options = engine_fixture_options(directory);
    options.memtable_bytes = 1 << 20; /* Small memtables: 256 KB each, four at most. */
    struct engine *engine;
    struct error err = {0};
    cr_assert(engine_open(&options, &engine, &err));
    disk_hold(".sst"); /* No flush ends. */
    struct engine_batch *batch = engine_batch_open();
    uint8_t bulk[64 << 10] = {1};
    engine_batch_put(engine, batch, FAMILY_ITEMS, key, slice_of(bulk, sizeof(bulk)));
    bool stalled = false;
    for (int i = 0; i < 1000 && !stalled; i++) {
        stalled = !append(engine, batch, &err);
    }
    cr_assert(stalled);
    cr_assert_eq(err.code, ERROR_THROTTLED, "%s", err.text);
    disk_release();
    uint64_t deadline = clock_ms() + 20000;
    bool passed = false;
    while (!passed && clock_ms() < deadline) {
        passed = append(engine, batch, &err);
        cr_assert(passed || err.code == ERROR_THROTTLED, "%s", err.text);
    }
    cr_assert(passed);
    cr_assert_not(engine_sync_failed(engine, &err));
    engine_batch_close(batch);
    engine_close(engine);
    test_directory_remove(directory);
}

Test(engine_sync, relaxed_durability_answers_at_once_but_ships_only_what_is_on_disk)
{
    char *directory = test_directory_make();
    struct engine_options options = engine_fixture_options(directory);
    options.durability = DURABILITY_RELAXED;
    options.sync_interval_ms = 3600 * 1000;
    struct engine *engine;
    struct error err = {0};
    cr_assert(engine_open(&options, &engine, &err));
    uint64_t seq = engine_fixture_put(engine, FAMILY_ITEMS, key, value);
    cr_assert_eq(engine_durable_seq(engine), seq);
    cr_assert_eq(engine_synced_seq(engine), seq - 1, "the interval has not passed");
    cr_assert(engine_wait_durable(engine, seq, &err), "who waits is not kept for an hour");
    cr_assert_eq(engine_synced_seq(engine), seq);
    engine_fixture_put(engine, FAMILY_ITEMS, key, value);
    engine_close(engine); /* Nor is closing. */
    test_directory_remove(directory);
}

Test(engine_sync, relaxed_durability_syncs_by_itself_after_the_interval)
{
    char *directory = test_directory_make();
    struct engine_options options = engine_fixture_options(directory);
    options.durability = DURABILITY_RELAXED;
    options.sync_interval_ms = 5;
    struct engine *engine;
    struct error err = {0};
    cr_assert(engine_open(&options, &engine, &err));
    uint64_t seq = engine_fixture_put(engine, FAMILY_ITEMS, key, value);
    uint64_t deadline = clock_ms() + 20000;
    while (engine_synced_seq(engine) < seq && clock_ms() < deadline) {
    }
    cr_assert_eq(engine_synced_seq(engine), seq);
    engine_close(engine);
    test_directory_remove(directory);
}

enum { WRITERS = 8, WRITES_EACH = 200 };

static void *writer_run(void *argument)
{
    struct waiter *writer = argument;
    struct engine_batch *batch = sample_batch(writer->engine);
    writer->ok = true;
    for (int i = 0; i < WRITES_EACH && writer->ok; i++) {
        uint64_t seq = engine_commit_begin(writer->engine);
        writer->ok = seq > writer->seq &&
                     engine_commit_append(writer->engine, batch, seq, &writer->err) &&
                     engine_wait_durable(writer->engine, seq, &writer->err) &&
                     engine_durable_seq(writer->engine) >= seq;
        writer->seq = seq;
    }
    engine_batch_close(batch);
    return NULL;
}

Test(engine_sync, many_writers_share_the_syncs_and_each_waits_for_its_own)
{
    char *directory = test_directory_make();
    struct engine *engine = engine_fixture_open(directory);
    struct waiter writers[WRITERS] = {0};
    for (int i = 0; i < WRITERS; i++) {
        writers[i].engine = engine;
        ensure(pthread_create(&writers[i].thread, NULL, writer_run, &writers[i]) == 0);
    }
    for (int i = 0; i < WRITERS; i++) {
        pthread_join(writers[i].thread, NULL);
        cr_assert(writers[i].ok, "%s", writers[i].err.text);
    }
    cr_assert_eq(engine_durable_seq(engine), WRITERS * WRITES_EACH);
    engine_close(engine);
    test_directory_remove(directory);
}
