/* Goal: settled is what every member has applied durably, and never goes back. Method: reports by
 * hand, and a store in memory whose disk the test drives. */
#include "tests/unit/replication/pair.h"

#include <criterion/criterion.h>

static const uint16_t three[] = {1, 2, 3};

static struct context context_of(uint16_t a, uint64_t a_seq, uint16_t b, uint64_t b_seq)
{
    struct context context = {0};
    context_raise(&context, (struct dot){a, 1, a_seq});
    context_raise(&context, (struct dot){b, 1, b_seq});
    return context;
}

static uint64_t settled_seq(struct watermark *watermark, uint16_t region)
{
    struct context settled;
    watermark_settled(watermark, &settled);
    for (uint32_t i = 0; i < settled.count; i++) {
        if (settled.entries[i].region == region) {
            return settled.entries[i].seq;
        }
    }
    return 0;
}

/* Region 1 has applied what the argument says, durably. */
static void applied_here(struct pair *pair, struct watermark *watermark, struct context applied)
{
    struct replica_store store = sim_store_door(&pair->a.store);
    struct context durable;
    uint64_t behind_seq;
    pair->a.store.applied = applied;
    watermark_refresh(watermark, &store, &durable, &behind_seq);
}

Test(watermark, settled_is_the_smallest_over_all_members)
{
    struct pair *pair = pair_open();
    struct watermark *watermark = watermark_open(1, three, 3);
    struct context from_2 = context_of(1, 10, 3, 20);
    struct context from_3 = context_of(1, 8, 2, 30);
    applied_here(pair, watermark, context_of(2, 31, 3, 19));
    cr_assert(watermark_report(watermark, 2, &from_2));
    cr_assert_eq(settled_seq(watermark, 1), 0, "a member never heard of holds everything back");
    cr_assert_eq(settled_seq(watermark, 3), 19, "only regions 1 and 2 can hold back region 3");
    cr_assert(watermark_report(watermark, 3, &from_3));
    cr_assert_eq(settled_seq(watermark, 1), 8);
    cr_assert_eq(settled_seq(watermark, 2), 30);
    cr_assert_eq(settled_seq(watermark, 3), 19);
    watermark_close(watermark);
    pair_close(pair);
}

Test(watermark, a_missing_entry_holds_its_origin_back)
{
    struct pair *pair = pair_open();
    struct watermark *watermark = watermark_open(1, three, 3);
    struct context from_2 = context_of(1, 10, 3, 20);
    struct context from_3 = {0};
    applied_here(pair, watermark, context_of(2, 31, 3, 19));
    cr_assert(watermark_report(watermark, 2, &from_2));
    cr_assert(watermark_report(watermark, 3, &from_3));
    cr_assert_eq(settled_seq(watermark, 1), 0);
    cr_assert_eq(settled_seq(watermark, 2), 0);
    watermark_close(watermark);
    pair_close(pair);
}

Test(watermark, a_report_that_goes_back_is_refused)
{
    struct watermark *watermark = watermark_open(1, three, 3);
    struct context report = context_of(1, 10, 3, 20);
    cr_assert(watermark_report(watermark, 2, &report));
    cr_assert(watermark_report(watermark, 2, &report));
    struct context older = context_of(1, 9, 3, 21);
    cr_assert_not(watermark_report(watermark, 2, &older));
    struct context less = {0};
    cr_assert_not(watermark_report(watermark, 2, &less));
    watermark_close(watermark);
}

Test(watermark, strangers_neither_report_nor_are_reported)
{
    struct watermark *watermark = watermark_open(1, three, 3);
    struct context report = context_of(1, 10, 9, 20);
    cr_assert_not(watermark_report(watermark, 2, &report));
    report = context_of(1, 10, 3, 20);
    cr_assert_not(watermark_report(watermark, 9, &report));
    cr_assert_not(watermark_report(watermark, 1, &report), "nobody reports for this region");
    cr_assert(watermark_is_member(watermark, 3));
    cr_assert_not(watermark_is_member(watermark, 9));
    watermark_close(watermark);
    watermark_close(NULL);
}

Test(watermark, what_is_applied_counts_only_once_it_is_durable)
{
    struct pair *pair = pair_open();
    struct replica_store store = sim_store_door(&pair->a.store);
    struct context durable;
    uint64_t behind_seq;
    pair->a.store.applied = context_of(2, 5, 3, 6);
    pair->a.store.appended_seq = 10;
    watermark_refresh(pair->a.watermark, &store, &durable, &behind_seq);
    cr_assert_eq(durable.count, 0);
    /* More is applied before the disk is done: the first look counts, and then the second. */
    pair->a.store.applied = context_of(2, 7, 3, 8);
    pair->a.store.appended_seq = 20;
    sim_store_synced(&pair->a.store, 10);
    watermark_refresh(pair->a.watermark, &store, &durable, &behind_seq);
    cr_assert(dot_equal(durable.entries[0], (struct dot){2, 1, 5}));
    cr_assert_eq(behind_seq, 10);
    sim_store_synced(&pair->a.store, 20);
    watermark_refresh(pair->a.watermark, &store, &durable, &behind_seq);
    cr_assert(dot_equal(durable.entries[0], (struct dot){2, 1, 7}));
    cr_assert_eq(behind_seq, 20);
    pair_close(pair);
}

Test(watermark, regions_that_left_the_cluster_are_not_reported)
{
    struct pair *pair = pair_open(); /* Members 1 and 2. */
    struct replica_store store = sim_store_door(&pair->a.store);
    struct context durable;
    uint64_t behind_seq;
    pair->a.store.applied = context_of(2, 5, 3, 6);
    watermark_refresh(pair->a.watermark, &store, &durable, &behind_seq);
    cr_assert_eq(durable.count, 1);
    cr_assert_eq(durable.entries[0].region, 2);
    pair_close(pair);
}

Test(watermark, the_store_hears_when_settled_rises)
{
    struct pair *pair = pair_open();
    struct context report = {0};
    context_raise(&report, (struct dot){1, 1, 9});
    cr_assert(watermark_report(pair->a.watermark, 2, &report));
    cr_assert_eq(pair->a.store.settled.count, 0);
    applied_here(pair, pair->a.watermark, (struct context){0});
    cr_assert_eq(pair->a.store.settled.count, 1);
    cr_assert(dot_equal(pair->a.store.settled.entries[0], (struct dot){1, 1, 9}));
    pair_close(pair);
}
