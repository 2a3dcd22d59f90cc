#include "tests/unit/storage/engine_fixture.h"

#include <criterion/criterion.h>

struct engine_options engine_fixture_options(const char *directory)
{
    return (struct engine_options){.directory = directory,
                                   .cache_bytes = 8 << 20,
                                   .memtable_bytes = 16 << 20,
                                   .durability = DURABILITY_SYNC};
}

struct engine *engine_fixture_open(const char *directory)
{
    struct engine_options options = engine_fixture_options(directory);
    struct engine *engine = NULL;
    struct error err = {0};
    cr_assert(engine_open(&options, &engine, &err), "%s", err.text);
    return engine;
}

uint64_t engine_fixture_put(struct engine *engine,
                            enum engine_family family,
                            struct slice key,
                            struct slice value)
{
    struct error err = {0};
    struct engine_batch *batch = engine_batch_open();
    engine_batch_put(engine, batch, family, key, value);
    uint64_t seq = engine_commit_begin(engine);
    cr_assert(engine_commit_append(engine, batch, seq, &err), "%s", err.text);
    engine_batch_close(batch);
    return seq;
}
