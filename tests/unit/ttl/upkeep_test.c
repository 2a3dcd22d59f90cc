/* Goal: the expiry rows of a table are what its items say, whatever is written and whenever the
 * setting changes, and nothing is left of them where they are not wanted. Method: random writes of
 * every kind, then the rows against the items; the builder is waited for with the test's timeout as
 * deadline. All seconds are far ahead, so that nothing expires. */
#include "tests/unit/storage/remote.h"
#include "tests/unit/ttl/ttl_fixture.h"

#include <criterion/criterion.h>

static struct ttl_fixture fixture;
static uint64_t seed;
static uint64_t state;

static void setup(void)
{
    ttl_fixture_open(&fixture, false);
    seed = sample_seed();
    state = seed;
}

static void teardown(void)
{
    ttl_fixture_close(&fixture);
}

TestSuite(ttl_upkeep, .init = setup, .fini = teardown, .timeout = 100);

enum { KEYS = 40, AHEAD_S = 1000, ITEMS = 5000 };

static void check(const char *when)
{
    const char *problem = ttl_fixture_problem(&fixture);
    cr_assert_null(problem, "%s: %s (MERIDIAN_SEED=%llu)", when, problem, (unsigned long long)seed);
    arena_clear(&fixture.arena);
}

static struct value random_value(void)
{
    switch (sample_next(&state) % 6) {
    case 0:
        return (struct value){VALUE_MISSING, {NULL, 0}};
    case 1:
        return sample_s("1800000000");
    case 2: /* Too long ago to matter. */
        return ttl_fixture_second(&fixture, sample_next(&state) % 1000);
    default:
        return ttl_fixture_second(&fixture, FIXTURE_NOW_S + AHEAD_S + sample_next(&state) % 8);
    }
}

static struct slice random_item(void)
{
    return ttl_fixture_item(&fixture, (uint32_t)(sample_next(&state) % KEYS),
                            sample_next(&state) % 4 == 0 ? "u" : "t", random_value());
}

static void random_transaction(const struct table *table)
{
    struct error err = {0};
    struct error errors[3];
    struct write writes[3];
    uint32_t first = (uint32_t)(sample_next(&state) % KEYS);
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t number = (first + i) % KEYS;
        writes[i] = (struct write){.table = table, .kind = WRITE_PUT};
        writes[i].item = ttl_fixture_item(&fixture, number, "t", random_value());
        if (i == 2) {
            writes[i].kind = WRITE_DELETE;
            writes[i].item = ttl_fixture_key(&fixture, number);
        }
    }
    struct transaction transaction = {.writes = writes, .count = 3, .errors = errors};
    cr_assert(store_transact(fixture.store, &transaction, READ_FULL, &fixture.arena, &err), "%s",
              err.text);
}

static void random_apply(const struct table *table, uint64_t seq)
{
    struct slice item = random_item();
    struct change change = {.table_id = table->id,
                            .version = {.stamp = seq << 20, .dot = remote_dot(2, seq)},
                            .has_image = true,
                            .tombstone = sample_next(&state) % 3 == 0};
    struct value sort;
    cr_assert(item_find(item, SLICE_LITERAL("sk"), &sort));
    change.key = sample_item(&fixture.arena, "pk", sample_s("p"), "sk", sort, NULL);
    change.image = change.tombstone ? (struct slice){NULL, 0} : item;
    (void)remote_apply(fixture.store, &change, 1, change.version.dot);
}

static void random_writes(uint32_t count)
{
    static uint64_t applied = 1ULL << 44; /* Beats every stamp made here. */
    for (uint32_t i = 0; i < count; i++) {
        const struct table *table = catalog_acquire_id(fixture.store->catalog, fixture.id);
        switch (sample_next(&state) % 4) {
        case 0:
            random_transaction(table);
            break;
        case 1:
            random_apply(table, ++applied);
            break;
        case 2:
            sample_delete(fixture.store, table, &fixture.arena,
                          ttl_fixture_key(&fixture, (uint32_t)(sample_next(&state) % KEYS)));
            break;
        default:
            sample_put(fixture.store, table, &fixture.arena, random_item());
            break;
        }
        table_release(table);
        arena_clear(&fixture.arena);
    }
}

Test(ttl_upkeep, rows_follow_writes_of_every_kind)
{
    ttl_fixture_turn(&fixture, true, "t");
    ttl_fixture_wait(&fixture, TTL_ENABLED);
    for (int round = 0; round < 20; round++) {
        random_writes(50);
        check("after writes");
    }
}

Test(ttl_upkeep, a_table_without_it_has_none)
{
    random_writes(200);
    cr_assert_eq(ttl_fixture_rows(&fixture, fixture.id), 0);
}

Test(ttl_upkeep, it_is_enabled_beside_writes_and_changed_at_any_moment)
{
    for (int round = 0; round < 30; round++) {
        const char *attribute = sample_next(&state) % 2 == 0 ? "t" : "u";
        bool enabled = sample_next(&state) % 4 != 0;
        ttl_fixture_turn(&fixture, enabled, attribute);
        random_writes((uint32_t)(sample_next(&state) % 60));
        if (sample_next(&state) % 3 == 0) {
            ttl_fixture_restart(&fixture);
        }
        if (sample_next(&state) % 2 == 0) {
            ttl_fixture_wait(&fixture, enabled ? TTL_ENABLED : TTL_DISABLED);
            check("after a change");
        }
    }
}

static void put_many(void)
{
    for (uint32_t i = 0; i < ITEMS; i++) {
        ttl_fixture_put_t(&fixture, i, AHEAD_S + i % 3);
        if (i % 100 == 0) {
            arena_clear(&fixture.arena);
        }
    }
}

Test(ttl_upkeep, the_items_that_are_there_get_rows_in_the_background_also_after_a_stop)
{
    put_many();
    ttl_fixture_turn(&fixture, true, "t");
    for (int i = 0; i < 5 && ttl_fixture_status(&fixture) == TTL_ENABLING; i++) {
        for (int pauses = 0; pauses < 3; pauses++) {
            ttl_fixture_pause();
        }
        ttl_fixture_restart(&fixture);
    }
    ttl_fixture_wait(&fixture, TTL_ENABLED);
    check("enabled");
    cr_assert_eq(ttl_fixture_rows(&fixture, fixture.id), ITEMS);
    ttl_fixture_turn(&fixture, true, "u");
    ttl_fixture_wait(&fixture, TTL_ENABLED);
    cr_assert_eq(ttl_fixture_rows(&fixture, fixture.id), 0, "rows of the attribute before");
}

Test(ttl_upkeep, disabling_it_and_deleting_the_table_leave_no_rows)
{
    put_many();
    ttl_fixture_turn(&fixture, true, "t");
    ttl_fixture_wait(&fixture, TTL_ENABLED);
    ttl_fixture_turn(&fixture, false, "t");
    ttl_fixture_wait(&fixture, TTL_DISABLED);
    cr_assert_eq(ttl_fixture_rows(&fixture, fixture.id), 0);
    ttl_fixture_turn(&fixture, true, "t");
    ttl_fixture_wait(&fixture, TTL_ENABLED);
    cr_assert_eq(ttl_fixture_rows(&fixture, fixture.id), ITEMS);
    struct error err = {0};
    cr_assert(store_drop_table(fixture.store, fixture.id, &err), "%s", err.text);
    cr_assert_eq(ttl_fixture_rows(&fixture, fixture.id), 0);
}
