/* Goal: a table is exactly what its stream makes of it, forward from nothing and backward to
 * nothing, whatever writes, wherever shards are cut, over restarts. Method: random writes of every
 * kind to two tables, one with replicas, whose streams are rolled, split and reopened meanwhile;
 * all shards are read parents first, with small pages, and every record must change what the
 * records before it have made. */
#include "tests/support/directory.h"
#include "tests/unit/storage/remote.h"
#include "tests/unit/storage/stream_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>

TestSuite(stream_model, .timeout = 240);

enum { STEPS = 2500, VALUES = 3, REMOTES_MAX = 6, MODEL_TABLES = 2 };

struct model {
    char *directory;
    struct sample_clock clock;
    struct store *store;
    const struct table *tables[MODEL_TABLES]; /* Plain, replicated. */
    struct stream streams[MODEL_TABLES];
    uint64_t random;
    uint64_t remote_seq;
    uint32_t shards;
};

static const char *const model_names[MODEL_TABLES] = {"plain", "replicated"};

static uint32_t model_below(struct model *model, uint32_t end)
{
    return (uint32_t)(sample_next(&model->random) % end);
}

static const char *model_key(struct model *model, struct arena *arena)
{
    return arena_printf(arena, "k%u", model_below(model, FIXTURE_KEYS));
}

static const char *model_value(struct model *model, struct arena *arena)
{
    return arena_printf(arena, "v%u", model_below(model, VALUES));
}

static void
model_fill(struct model *model, struct arena *arena, const char *key, struct write *write)
{
    const char *value = model_value(model, arena);
    *write = (struct write){.table = model->tables[model_below(model, MODEL_TABLES)]};
    if (model_below(model, 3) == 0) {
        write->kind = WRITE_DELETE;
        write->item = sample_key(arena, key);
    } else {
        write->kind = WRITE_PUT;
        write->item = sample_item(arena, "pk", sample_s(key), "v", sample_s(value), "n",
                                  sample_n(arena, model_below(model, 2) == 0 ? "1" : "1.0"), NULL);
    }
}

static void model_write(struct model *model, struct arena *arena)
{
    struct write write;
    struct error err = {0};
    model_fill(model, arena, model_key(model, arena), &write);
    cr_assert(sample_write(model->store, &write, arena, &err), "%s", err.text);
}

/* Writes nothing: by its condition, or because the item is as it shall be. */
static void model_write_in_vain(struct model *model, struct arena *arena)
{
    const struct table *table = model->tables[model_below(model, MODEL_TABLES)];
    struct slice key = sample_key(arena, model_key(model, arena));
    struct slice image = sample_get(model->store, table, arena, key);
    struct write write = {.table = table, .kind = WRITE_PUT, .item = image};
    if (image.size == 0) {
        write = (struct write){.table = table, .kind = WRITE_DELETE, .item = key};
    }
    struct error err = {0};
    cr_assert(sample_write(model->store, &write, arena, &err), "%s", err.text);
}

static void model_transact(struct model *model, struct arena *arena)
{
    uint32_t count = 1 + model_below(model, 5);
    struct write *writes = arena_zalloc(arena, count, sizeof(*writes));
    struct error *errors = arena_zalloc(arena, count, sizeof(*errors));
    uint32_t first = model_below(model, FIXTURE_KEYS);
    for (uint32_t i = 0; i < count; i++) { /* Keys that differ. */
        model_fill(model, arena, arena_printf(arena, "k%u", (first + i) % FIXTURE_KEYS),
                   &writes[i]);
    }
    struct transaction transaction = {.writes = writes, .count = count, .errors = errors};
    struct error err = {0};
    cr_assert(store_transact(model->store, &transaction, READ_FULL, arena, &err), "%s", err.text);
}

/* Some writes of region 2 arrive, several perhaps of one row, some of them older than ours. */
static void model_apply(struct model *model, struct arena *arena)
{
    uint32_t count = 1 + model_below(model, REMOTES_MAX);
    struct change *changes = arena_zalloc(arena, count, sizeof(*changes));
    uint64_t now_ms = atomic_load(&model->clock.now_ms);
    for (uint32_t i = 0; i < count; i++) {
        const char *text = model_below(model, 3) == 0 ? NULL : model_value(model, arena);
        uint64_t seq = ++model->remote_seq;
        uint64_t stamp = ((now_ms + 2 - model_below(model, 4)) << 16) + seq % 65536;
        changes[i] = remote_change(arena, model->tables[1], remote_dot(2, seq), stamp,
                                   model_key(model, arena), text);
    }
    remote_apply(model->store, changes, count, changes[count - 1].version.dot);
}

static void model_acquire(struct model *model)
{
    for (uint32_t i = 0; i < MODEL_TABLES; i++) {
        model->tables[i] = catalog_acquire(model->store->catalog, slice_text(model_names[i]));
    }
}

static void model_release(struct model *model)
{
    for (uint32_t i = 0; i < MODEL_TABLES; i++) {
        table_release(model->tables[i]);
    }
}

static void model_reopen(struct model *model)
{
    model_release(model);
    store_close(model->store);
    model->store = stream_store_open(model->directory, &model->clock, model->shards);
    model_acquire(model);
}

static void model_cut(struct model *model)
{
    switch (model_below(model, 4)) {
    case 0:
        model->shards = 1 + model_below(model, 7);
        stream_must_set_shards(model->store, model->shards);
        break;
    case 1:
        model_reopen(model);
        break;
    default:
        stream_must_roll(model->store, model->streams[model_below(model, MODEL_TABLES)].id);
        break;
    }
}

static void model_step(struct model *model, struct arena *arena)
{
    atomic_fetch_add(&model->clock.now_ms, model_below(model, 3));
    uint32_t what = model_below(model, 100);
    if (what < 60) {
        model_write(model, arena);
    } else if (what < 70) {
        model_write_in_vain(model, arena);
    } else if (what < 80) {
        model_transact(model, arena);
    } else if (what < 98) {
        model_apply(model, arena);
    } else {
        model_cut(model);
    }
}

static void model_check(struct model *model, uint32_t table)
{
    struct arena arena;
    struct items made = {0};
    struct items now = {0};
    uint32_t count;
    static const struct items nothing;
    arena_init(&arena);
    struct stream_record *records = stream_read_all(model->store, model->streams[table].id,
                                                    1 + model_below(model, 50), &arena, &count);
    items_of(model->store, model->tables[table], &arena, &now);
    items_forward(&made, records, count);
    items_expect_equal(&made, &now);
    items_backward(&now, records, count);
    items_expect_equal(&now, &nothing);
    cr_assert_gt(count, 100);
    arena_destroy(&arena);
}

Test(stream_model, a_table_is_what_its_stream_makes_of_it)
{
    static struct model model;
    uint64_t seed = sample_seed();
    fprintf(stderr, "seed %llu\n", (unsigned long long)seed);
    model = (struct model){.directory = test_directory_make(), .random = seed, .shards = 2};
    model.store = stream_store_open(model.directory, &model.clock, model.shards);
    for (uint32_t i = 0; i < MODEL_TABLES; i++) {
        table_release(
            sample_store_table(model.store, model_names[i], VALUE_MISSING, i == MODEL_TABLES - 1));
        model.streams[i] = stream_on(model.store, model_names[i], STREAM_NEW_AND_OLD_IMAGES);
    }
    model_acquire(&model);
    struct arena arena;
    arena_init(&arena);
    for (uint32_t step = 0; step < STEPS; step++) {
        model_step(&model, &arena);
        if (step % 500 == 499) {
            model_check(&model, 0);
            model_check(&model, 1);
        }
        arena_clear(&arena);
    }
    arena_destroy(&arena);
    model_release(&model);
    store_close(model.store);
    test_directory_remove(model.directory);
}
