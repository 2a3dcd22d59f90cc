#include "tests/unit/storage/two_tables.h"

const struct table *plain;
const struct table *replicated;

void two_tables_setup(void)
{
    store_fixture_setup();
    plain = sample_store_table(store, "plain", VALUE_MISSING, false);
    replicated = sample_store_table(store, "replicated", VALUE_MISSING, true);
}

void two_tables_teardown(void)
{
    table_release(plain);
    table_release(replicated);
    store_fixture_teardown();
}

void two_tables_reopen(void)
{
    table_release(plain);
    table_release(replicated);
    store_fixture_reopen();
    plain = catalog_acquire(store->catalog, SLICE_LITERAL("plain"));
    replicated = catalog_acquire(store->catalog, SLICE_LITERAL("replicated"));
}

struct slice item_ab(const char *partition, const char *a)
{
    return sample_item(&arena, "pk", sample_s(partition), "a", sample_s(a), NULL);
}

struct expression *condition(const char *text)
{
    return sample_expression(cache, &arena, EXPRESSION_CONDITION, text, NULL);
}
