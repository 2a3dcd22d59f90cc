/* Goal: stamps only ever rise, follow the wall clock, and no peer can drag them along for ever.
 * Method: the clock is told what time it is. */
#include "replication/clock.h"

#include <criterion/criterion.h>
#include <pthread.h>

enum { WALL_MS = 1700000000 };

Test(clock, stamps_follow_the_wall_clock)
{
    struct hlc hlc;
    hlc_init(&hlc, 0);
    cr_assert_eq(hlc_last(&hlc), 0);
    uint64_t stamp = hlc_next(&hlc, WALL_MS, 0);
    cr_assert_eq(stamp_wall_ms(stamp), WALL_MS);
    cr_assert_eq(hlc_next(&hlc, WALL_MS + 5, 0), stamp_of_wall_ms(WALL_MS + 5));
    cr_assert_eq(hlc_last(&hlc), stamp_of_wall_ms(WALL_MS + 5));
}

Test(clock, stamps_rise_while_the_wall_clock_stands_still_or_goes_back)
{
    struct hlc hlc;
    hlc_init(&hlc, 0);
    uint64_t last = hlc_next(&hlc, WALL_MS, 0);
    for (uint64_t i = 0; i < 1000; i++) {
        uint64_t next = hlc_next(&hlc, WALL_MS - i, 0);
        cr_assert_eq(next, last + 1);
        last = next;
    }
}

Test(clock, a_full_counter_carries_into_the_milliseconds)
{
    struct hlc hlc;
    hlc_init(&hlc, stamp_of_wall_ms(WALL_MS) + UINT16_MAX);
    cr_assert_eq(hlc_next(&hlc, WALL_MS, 0), stamp_of_wall_ms(WALL_MS + 1));
}

Test(clock, a_stamp_outbids_its_floor_however_far_ahead)
{
    struct hlc hlc;
    hlc_init(&hlc, 0);
    uint64_t floor = stamp_of_wall_ms(WALL_MS + 3600000);
    cr_assert_eq(hlc_next(&hlc, WALL_MS, floor), floor + 1);
    cr_assert_gt(hlc_next(&hlc, WALL_MS, 0), floor + 1);
}

Test(clock, a_restart_begins_above_its_earlier_life)
{
    struct hlc hlc;
    hlc_init(&hlc, stamp_of_wall_ms(WALL_MS + 10));
    cr_assert_gt(hlc_next(&hlc, WALL_MS, 0), stamp_of_wall_ms(WALL_MS + 10));
}

Test(clock, a_peers_stamp_is_outbid_afterwards)
{
    struct hlc hlc;
    hlc_init(&hlc, 0);
    uint64_t heard = stamp_of_wall_ms(WALL_MS + 20) + 7;
    cr_assert(hlc_observe(&hlc, WALL_MS, heard));
    cr_assert_eq(hlc_next(&hlc, WALL_MS, 0), heard + 1);
    cr_assert(hlc_observe(&hlc, WALL_MS, heard - 1000));
    cr_assert_eq(hlc_last(&hlc), heard + 1);
}

Test(clock, a_stamp_from_the_far_future_is_observed_only_up_to_the_bound)
{
    struct hlc hlc;
    hlc_init(&hlc, 0);
    uint64_t bound = stamp_of_wall_ms(WALL_MS + CLOCK_AHEAD_MS_MAX);
    cr_assert(hlc_observe(&hlc, WALL_MS, bound));
    cr_assert_not(hlc_observe(&hlc, WALL_MS, bound + 1));
    cr_assert_eq(hlc_last(&hlc), bound);
    cr_assert_not(hlc_observe(&hlc, WALL_MS, UINT64_MAX));
    cr_assert_eq(hlc_last(&hlc), bound);
}

enum { THREADS = 4, STAMPS = 20000 };

struct clock_worker {
    struct hlc *hlc;
    uint64_t stamps[STAMPS];
};

static void *clock_work(void *context)
{
    struct clock_worker *worker = context;
    for (int i = 0; i < STAMPS; i++) {
        worker->stamps[i] = hlc_next(worker->hlc, WALL_MS + (uint64_t)i / 1000, 0);
    }
    return NULL;
}

static int clock_compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

Test(clock, no_stamp_is_given_twice_to_threads_that_race)
{
    struct hlc hlc;
    hlc_init(&hlc, 0);
    struct clock_worker *workers = calloc(THREADS, sizeof(*workers));
    uint64_t *all = calloc((size_t)THREADS * STAMPS, sizeof(*all));
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        workers[i].hlc = &hlc;
        cr_assert_eq(pthread_create(&threads[i], NULL, clock_work, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        for (int n = 0; n < STAMPS; n++) {
            cr_assert(n == 0 || workers[i].stamps[n] > workers[i].stamps[n - 1]);
            all[i * STAMPS + n] = workers[i].stamps[n];
        }
    }
    qsort(all, (size_t)THREADS * STAMPS, sizeof(*all), clock_compare);
    for (int n = 1; n < THREADS * STAMPS; n++) {
        cr_assert_neq(all[n], all[n - 1]);
    }
    free(all);
    free(workers);
}
