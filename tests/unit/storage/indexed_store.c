#include "tests/unit/storage/indexed_store.h"

#include <criterion/criterion.h>

const struct table *table;
uint64_t seed;
uint64_t state;

static void indexed_open(bool with_replica)
{
    store_fixture_setup();
    table = indexed_table(store, "items", with_replica);
    seed = sample_seed();
    state = seed;
}

void indexed_setup(void)
{
    indexed_open(false);
}

void indexed_setup_replicated(void)
{
    indexed_open(true);
}

void indexed_teardown(void)
{
    table_release(table);
    store_fixture_teardown();
}

void indexed_reopen(void)
{
    table_release(table);
    store_fixture_reopen();
    table = catalog_acquire(store->catalog, SLICE_LITERAL("items"));
}

void indexed_check(const struct table *of, const char *when)
{
    const char *problem = indexes_problem(store, of->id, &arena);
    cr_assert_null(problem, "%s: %s (MERIDIAN_SEED=%llu)", when, problem, SEED);
    problem = indexes_totals_problem(store, of->id, &arena);
    cr_assert_null(problem, "%s: %s (MERIDIAN_SEED=%llu)", when, problem, SEED);
}
