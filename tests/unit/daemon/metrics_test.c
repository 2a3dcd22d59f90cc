/* Goal: what loops count apart adds up. Method: count into several shards, one from another thread.
 */
#include "daemon/metrics.h"

#include <criterion/criterion.h>

#include <pthread.h>

Test(metrics, adds_up_over_shards)
{
    struct metrics *metrics = metrics_open(3, 4);
    struct metrics_total total;
    metrics_count(metrics, 0, 1, ERROR_NONE, 60000);
    metrics_count(metrics, 1, 1, ERROR_NONE, 60001);
    metrics_count(metrics, 2, 1, ERROR_CONDITION, 4000000);
    metrics_count(metrics, 2, 4, ERROR_UNKNOWN_OPERATION, 1);
    metrics_total(metrics, 1, &total);
    cr_assert_eq(total.requests, 3);
    cr_assert_eq(total.duration_ns, 4120001);
    cr_assert_eq(total.codes[ERROR_NONE], 2);
    cr_assert_eq(total.codes[ERROR_CONDITION], 1);
    cr_assert_eq(total.buckets[1], 2);
    metrics_total(metrics, 4, &total);
    cr_assert_eq(total.requests, 1);
    cr_assert_eq(total.codes[ERROR_UNKNOWN_OPERATION], 1);
    metrics_total(metrics, 0, &total);
    cr_assert_eq(total.requests, 0);
    metrics_close(metrics);
}

Test(metrics, a_bound_belongs_to_its_own_bucket)
{
    struct metrics *metrics = metrics_open(1, 1);
    struct metrics_total total;
    for (uint32_t i = 0; i < METRICS_BUCKETS; i++) {
        metrics_count(metrics, 0, 0, ERROR_NONE, metrics_bound_ns(i));
    }
    metrics_total(metrics, 0, &total);
    for (uint32_t i = 0; i < METRICS_BUCKETS; i++) {
        cr_assert_eq(total.buckets[i], 1, "bucket %u", i);
    }
    metrics_close(metrics);
}

enum { COUNTS = 100000 };

static void *count_many(void *metrics)
{
    for (int i = 0; i < COUNTS; i++) {
        metrics_count(metrics, 1, 0, ERROR_NONE, 1000);
    }
    return NULL;
}

Test(metrics, may_be_read_while_others_count)
{
    struct metrics *metrics = metrics_open(2, 1);
    struct metrics_total total;
    pthread_t thread;
    uint64_t seen = 0;
    cr_assert_eq(pthread_create(&thread, NULL, count_many, metrics), 0);
    for (int i = 0; i < COUNTS; i++) {
        metrics_count(metrics, 0, 0, ERROR_NONE, 1000);
        metrics_total(metrics, 0, &total);
        cr_assert_geq(total.requests, seen);
        seen = total.requests;
    }
    cr_assert_eq(pthread_join(thread, NULL), 0);
    metrics_total(metrics, 0, &total);
    cr_assert_eq(total.requests, 2 * COUNTS);
    metrics_close(metrics);
}
