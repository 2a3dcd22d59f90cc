#include "tests/unit/storage/store_fixture.h"

#include "tests/support/directory.h"

struct arena arena;
char *directory;
struct sample_clock now;
struct store *store;
struct expression_cache *cache;
struct error err;

void store_fixture_setup(void)
{
    arena_init(&arena);
    error_clear(&err);
    directory = test_directory_make();
    store = sample_store_open(directory, &now);
    cache = expression_cache_open(64);
}

void store_fixture_reopen(void)
{
    store_close(store);
    store = sample_store_open(directory, &now);
}

void store_fixture_teardown(void)
{
    store_close(store);
    expression_cache_close(cache);
    test_directory_remove(directory);
    arena_destroy(&arena);
}
