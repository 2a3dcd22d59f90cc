#include "tests/unit/ttl/ttl_fixture.h"

#include "storage/table/key.h"
#include "storage/ttl/expiry.h"
#include "tests/support/directory.h"

#include <criterion/criterion.h>
#include <time.h>

void ttl_fixture_open(struct ttl_fixture *fixture, bool replicated)
{
    memset(fixture, 0, sizeof(*fixture));
    arena_init(&fixture->arena);
    fixture->directory = test_directory_make();
    atomic_store(&fixture->clock.now_ms, (uint64_t)FIXTURE_NOW_S * 1000);
    fixture->store = sample_store_open(fixture->directory, &fixture->clock);
    const struct table *table = sample_store_table(fixture->store, "items", VALUE_S, replicated);
    fixture->id = table->id;
    table_release(table);
}

void ttl_fixture_close(struct ttl_fixture *fixture)
{
    store_close(fixture->store);
    test_directory_remove(fixture->directory);
    arena_destroy(&fixture->arena);
}

void ttl_fixture_restart(struct ttl_fixture *fixture)
{
    store_close(fixture->store);
    fixture->store = sample_store_open(fixture->directory, &fixture->clock);
}

void ttl_fixture_turn(struct ttl_fixture *fixture, bool enabled, const char *attribute)
{
    struct catalog *catalog = fixture->store->catalog;
    struct error err = {0};
    catalog_change_begin(catalog);
    const struct table *newest = catalog_acquire_id(catalog, fixture->id);
    struct table changed = *newest;
    ttl_turn(&changed.ttl, enabled, slice_text(attribute), atomic_load(&fixture->clock.now_ms));
    bool ok = catalog_update(catalog, &changed, &err);
    catalog_change_end(catalog);
    table_release(newest);
    cr_assert(ok, "%s", err.text);
}

enum ttl_status ttl_fixture_status(struct ttl_fixture *fixture)
{
    const struct table *table = catalog_acquire_id(fixture->store->catalog, fixture->id);
    enum ttl_status status = table->ttl.status;
    table_release(table);
    return status;
}

void ttl_fixture_pause(void)
{
    struct timespec pause = {0, 1000000};
    nanosleep(&pause, NULL);
}

void ttl_fixture_wait(struct ttl_fixture *fixture, enum ttl_status status)
{
    while (ttl_fixture_status(fixture) != status) { /* The test's timeout is the deadline. */
        ttl_fixture_pause();
    }
}

struct slice ttl_fixture_key(struct ttl_fixture *fixture, uint32_t number)
{
    return sample_key_2(&fixture->arena, "p", arena_printf(&fixture->arena, "%u", number));
}

struct slice
ttl_fixture_item(struct ttl_fixture *fixture, uint32_t number, const char *name, struct value value)
{
    struct arena *arena = &fixture->arena;
    struct value sort = sample_s(arena_printf(arena, "%u", number));
    if (value.type == VALUE_MISSING) {
        return sample_item(arena, "pk", sample_s("p"), "sk", sort, NULL);
    }
    return sample_item(arena, "pk", sample_s("p"), "sk", sort, name, value, NULL);
}

struct value ttl_fixture_second(struct ttl_fixture *fixture, uint64_t second)
{
    return sample_n(&fixture->arena,
                    arena_printf(&fixture->arena, "%llu", (unsigned long long)second));
}

void ttl_fixture_put(struct ttl_fixture *fixture, struct slice item)
{
    const struct table *table = catalog_acquire_id(fixture->store->catalog, fixture->id);
    sample_put(fixture->store, table, &fixture->arena, item);
    table_release(table);
}

void ttl_fixture_put_t(struct ttl_fixture *fixture, uint32_t number, int64_t seconds)
{
    uint64_t second = (uint64_t)(FIXTURE_NOW_S + seconds);
    ttl_fixture_put(fixture,
                    ttl_fixture_item(fixture, number, "t", ttl_fixture_second(fixture, second)));
}

bool ttl_fixture_has(struct ttl_fixture *fixture, uint32_t number)
{
    const struct table *table = catalog_acquire_id(fixture->store->catalog, fixture->id);
    struct slice item =
        sample_get(fixture->store, table, &fixture->arena, ttl_fixture_key(fixture, number));
    table_release(table);
    return item.size > 0;
}

void ttl_fixture_step(struct ttl_fixture *fixture, uint64_t seconds)
{
    atomic_fetch_add(&fixture->clock.now_ms, seconds * 1000);
    ttl_kick(fixture->store);
}

void ttl_fixture_wait_deleted(struct ttl_fixture *fixture, uint64_t count)
{
    struct ttl_figures figures;
    do {
        ttl_fixture_pause();
        ttl_figures(fixture->store, &figures);
    } while (figures.deleted < count);
    cr_assert_eq(figures.deleted, count);
}

uint32_t ttl_fixture_rows(struct ttl_fixture *fixture, uint32_t table)
{
    uint8_t lower[EXPIRY_HEAD_BYTES];
    uint8_t upper[EXPIRY_HEAD_BYTES];
    struct error err = {0};
    uint32_t count = 0;
    struct engine_iterator *rows = engine_iterator_open(
        fixture->store->engine, FAMILY_EXPIRY, NULL, expiry_bound(table, 0, lower),
        expiry_bound(table + 1, 0, upper), READ_FULL);
    for (bool at = engine_iterator_first(rows, &err); at; at = engine_iterator_next(rows, &err)) {
        count++;
    }
    engine_iterator_close(rows);
    cr_assert_eq(err.code, ERROR_NONE, "%s", err.text);
    return count;
}

const char *ttl_fixture_problem(struct ttl_fixture *fixture)
{
    struct store *store = fixture->store;
    struct slice lower;
    struct slice upper;
    struct error err = {0};
    const char *problem = NULL;
    uint32_t expected = 0;
    const struct table *table = catalog_acquire_id(store->catalog, fixture->id);
    key_segment((struct key_space){table->id, 0}, 0, 1, &fixture->arena, &lower, &upper);
    struct engine_iterator *items =
        engine_iterator_open(store->engine, FAMILY_ITEMS, NULL, lower, upper, READ_FULL);
    for (bool at = engine_iterator_first(items, &err); at && problem == NULL;
         at = engine_iterator_next(items, &err)) {
        bool tombstone = false;
        struct slice image;
        uint64_t second;
        struct slice key = arena_copy(&fixture->arena, engine_iterator_key(items));
        cr_assert(row_image(engine_iterator_value(items), &tombstone, &image, &err));
        if (tombstone || !ttl_is_on(&table->ttl) ||
            !ttl_second(table->ttl.attribute, image, &second) ||
            second + TTL_PAST_SECONDS_MAX < ttl_now(store)) {
            continue;
        }
        expected++;
        struct engine_value value;
        bool found = false;
        cr_assert(engine_get(store->engine, FAMILY_EXPIRY, NULL,
                             expiry_key(key, second, &fixture->arena), READ_FULL, &value, &found,
                             &err));
        if (found) {
            engine_value_release(&value);
        } else {
            problem = arena_printf(&fixture->arena, "an item of second %llu has no row",
                                   (unsigned long long)second);
        }
    }
    engine_iterator_close(items);
    table_release(table);
    uint32_t rows = ttl_fixture_rows(fixture, fixture->id);
    if (problem == NULL && rows != expected) {
        problem = arena_printf(&fixture->arena, "%u rows for %u items", rows, expected);
    }
    return problem;
}
