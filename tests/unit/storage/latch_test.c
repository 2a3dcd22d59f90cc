/* Goal: a latch excludes, several never deadlock, and a reader without the latch learns the seq of
 * whatever it may have seen. Method: threads on few stripes. */
#include "storage/table/latch.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>

TestSuite(latch, .timeout = 60);

enum { THREADS = 4, ROUNDS = 20000, STRIPES = 3 };

Test(latch, every_hash_has_a_stripe)
{
    cr_assert_eq(latch_stripe(0), 0);
    cr_assert_eq(latch_stripe(LATCHES), 0);
    cr_assert_eq(latch_stripe(UINT64_MAX), LATCHES - 1);
}

Test(latch, stripes_are_sorted_and_repeats_dropped)
{
    struct latches *latches = latches_open();
    uint32_t stripes[] = {9, 3, 9, LATCHES - 1, 3};
    uint32_t count = 5;
    latch_lock_many(latches, stripes, &count);
    cr_assert_eq(count, 3);
    cr_assert(stripes[0] == 3 && stripes[1] == 9 && stripes[2] == LATCHES - 1);
    latch_note_append(latches, 9, 17);
    cr_assert_eq(latch_appended_seq(latches, 9), 17, "the holder reads without waiting");
    latch_unlock_many(latches, stripes, count);
    cr_assert_eq(latch_appended_seq(latches, 9), 17);
    cr_assert_eq(latch_appended_seq(latches, 3), 0);
    count = 0;
    latch_lock_many(latches, stripes, &count);
    latch_unlock_many(latches, stripes, count);
    latches_barrier(latches);
    latches_close(latches);
    latches_close(NULL);
}

struct shared {
    struct latches *latches;
    uint64_t counts[STRIPES]; /* Under the stripe. */
    _Atomic uint64_t visible; /* As a row in the engine: seen before the seq is noted. */
    _Atomic bool stop;
};

static void *many_run(void *argument)
{
    struct shared *shared = argument;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        uint32_t stripes[2] = {i % STRIPES, (i + 1 + i % 2) % STRIPES};
        uint32_t count = 2;
        latch_lock_many(shared->latches, stripes, &count);
        for (uint32_t k = 0; k < count; k++) {
            shared->counts[stripes[k]]++;
        }
        latch_unlock_many(shared->latches, stripes, count);
    }
    return NULL;
}

Test(latch, writers_of_several_rows_exclude_each_other_and_do_not_deadlock)
{
    struct shared shared = {.latches = latches_open()};
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        ensure(pthread_create(&threads[i], NULL, many_run, &shared) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    uint64_t sum = shared.counts[0] + shared.counts[1] + shared.counts[2];
    cr_assert_eq(sum, 2ULL * THREADS * ROUNDS, "%llu", (unsigned long long)sum);
    latches_close(shared.latches);
}

static void *append_run(void *argument)
{
    struct shared *shared = argument;
    for (uint64_t seq = 1; seq <= 10 * ROUNDS; seq++) {
        latch_lock(shared->latches, 1);
        atomic_store_explicit(&shared->visible, seq, memory_order_release);
        latch_note_append(shared->latches, 1, seq);
        latch_unlock(shared->latches, 1);
    }
    atomic_store(&shared->stop, true);
    return NULL;
}

Test(latch, a_reader_without_the_latch_never_misses_the_seq_of_what_it_saw)
{
    struct shared shared = {.latches = latches_open()};
    pthread_t writer;
    ensure(pthread_create(&writer, NULL, append_run, &shared) == 0);
    while (!atomic_load(&shared.stop)) {
        uint64_t seen = atomic_load_explicit(&shared.visible, memory_order_acquire);
        uint64_t noted = latch_appended_seq(shared.latches, 1);
        cr_assert_geq(noted, seen, "saw %llu, was told %llu", (unsigned long long)seen,
                      (unsigned long long)noted);
    }
    pthread_join(writer, NULL);
    latches_close(shared.latches);
}

static void *barrier_run(void *argument)
{
    struct shared *shared = argument;
    latch_lock(shared->latches, 7);
    atomic_store(&shared->visible, 1);
    while (!atomic_load(&shared->stop)) {
    }
    atomic_store(&shared->visible, 2);
    latch_unlock(shared->latches, 7);
    return NULL;
}

static void *release_run(void *argument)
{
    struct shared *shared = argument;
    atomic_store(&shared->stop, true);
    return NULL;
}

Test(latch, a_barrier_waits_for_sections_that_had_begun)
{
    struct shared shared = {.latches = latches_open()};
    pthread_t holder;
    pthread_t releaser;
    ensure(pthread_create(&holder, NULL, barrier_run, &shared) == 0);
    while (atomic_load(&shared.visible) == 0) {
    }
    ensure(pthread_create(&releaser, NULL, release_run, &shared) == 0);
    latches_barrier(shared.latches);
    cr_assert_eq(atomic_load(&shared.visible), 2);
    pthread_join(holder, NULL);
    pthread_join(releaser, NULL);
    latches_close(shared.latches);
}
