/* Goal: the keys that are asked for most are found among any number of others, with bounds that
 * hold; only what is on is measured. Method: random keys against exact counts, and a catalog whose
 * setting is changed. Seed: MERIDIAN_SEED. */
#include "daemon/insights.h"
#include "tests/support/directory.h"

#include <criterion/criterion.h>

#include <stdlib.h>
#include <time.h>

static struct arena arena;
static char *directory;
static struct engine *engine;
static struct catalog *catalog;
static struct insights *insights;
static struct error err;
static uint64_t now_ms = 1000;

static uint64_t wall_ms(void *context)
{
    (void)context;
    return now_ms;
}

static void setup(void)
{
    arena_init(&arena);
    directory = test_directory_make();
    struct engine_options options = {.directory = directory,
                                     .cache_bytes = 8 << 20,
                                     .memtable_bytes = 8 << 20,
                                     .durability = DURABILITY_SYNC};
    cr_assert(engine_open(&options, &engine, &err), "%s", err.text);
    cr_assert(catalog_open(engine, &catalog, &err), "%s", err.text);
    struct store_clock clock = {.wall_ms = wall_ms};
    insights = insights_open(&clock);
}

static void teardown(void)
{
    insights_close(insights);
    catalog_close(catalog);
    engine_close(engine);
    test_directory_remove(directory);
    arena_destroy(&arena);
}

TestSuite(insights, .init = setup, .fini = teardown, .timeout = 60);

static const struct table *make_table(const char *name)
{
    static struct table_index index;
    index = (struct table_index){
        .id = 1,
        .kind = INDEX_GLOBAL,
        .status = INDEX_ACTIVE,
        .name = SLICE_LITERAL("by-g"),
        .keys = {.partition = {{SLICE_LITERAL("pk"), VALUE_S}}, .partition_count = 1},
    };
    struct table table = {.name = slice_text(name),
                          .status = TABLE_ACTIVE,
                          .attributes = {{SLICE_LITERAL("pk"), VALUE_S}},
                          .attributes_count = 1,
                          .partition = {SLICE_LITERAL("pk"), VALUE_S},
                          .billing = BILLING_PAY_PER_REQUEST,
                          .indexes = &index,
                          .indexes_count = 1,
                          .next_index_id = 2};
    cr_assert(catalog_create(catalog, &table, &err), "%s", err.text);
    return catalog_acquire(catalog, slice_text(name));
}

static void set(const struct table *table, const char *document)
{
    cr_assert(catalog_set_setting(catalog, table, SETTING_INSIGHTS, slice_text(document), &err));
    cr_assert(insights_sync(insights, catalog, &err), "%s", err.text);
}

static const struct insights_figures *figures_of(const struct table *table, uint16_t index_id)
{
    struct insights_figures *figures = NULL;
    uint32_t count = insights_read(insights, table->id, &arena, &figures);
    for (uint32_t i = 0; i < count; i++) {
        if (figures[i].index_id == index_id) {
            return &figures[i];
        }
    }
    return NULL;
}

static void note(const struct table *table, uint16_t index_id, const char *key, bool throttled)
{
    insights_note(insights, table->id, index_id, slice_text(key), throttled);
}

Test(insights, only_what_is_on_is_measured_and_by_its_mode)
{
    const struct table *table = make_table("first");
    const struct table *other = make_table("other");
    note(table, 0, "a", false);
    cr_assert_null(figures_of(table, 0));
    set(table, "[{\"Mode\":\"ACCESSED_AND_THROTTLED_KEYS\"},{\"IndexName\":\"by-g\",\"Mode\":"
               "\"THROTTLED_KEYS\"},{\"IndexName\":\"gone\",\"Mode\":\"THROTTLED_KEYS\"}]");
    note(table, 0, "a", false);
    note(table, 0, "b", false);
    note(table, 0, "b", false);
    note(table, 0, "a", true);
    note(table, 1, "g", false); /* Of this one accesses do not count. */
    note(table, 1, "g", true);
    note(other, 0, "x", false);
    note(table, 0, "", false);
    const struct insights_figures *of_table = figures_of(table, 0);
    cr_assert_eq(of_table->since_ms, 1000);
    cr_assert_eq(of_table->accesses, 3);
    cr_assert_eq(of_table->throttles, 1);
    cr_assert_eq(of_table->accessed_count, 2);
    cr_assert(slice_is(of_table->accessed[0].text, "b") && of_table->accessed[0].count == 2);
    cr_assert(slice_is(of_table->accessed[1].text, "a") && of_table->accessed[1].count == 1);
    cr_assert(slice_is(of_table->throttled[0].text, "a"));
    const struct insights_figures *of_index = figures_of(table, 1);
    cr_assert(of_index->accesses == 0 && of_index->throttles == 1);
    cr_assert_null(figures_of(other, 0));
    table_release(other);
    table_release(table);
}

Test(insights, what_stays_on_goes_on_and_what_is_switched_off_is_forgotten)
{
    const struct table *table = make_table("first");
    set(table, "[{\"Mode\":\"THROTTLED_KEYS\"}]");
    note(table, 0, "a", true);
    now_ms = 2000;
    set(table, "[{\"IndexName\":\"by-g\",\"Mode\":\"ACCESSED_AND_THROTTLED_KEYS\"},{\"Mode\":"
               "\"ACCESSED_AND_THROTTLED_KEYS\"}]");
    note(table, 0, "b", false);
    cr_assert(figures_of(table, 0)->throttles == 1 && figures_of(table, 0)->accesses == 1);
    cr_assert_eq(figures_of(table, 0)->since_ms, 1000);
    cr_assert_eq(figures_of(table, 1)->since_ms, 2000);
    set(table, "");
    cr_assert_null(figures_of(table, 0));
    set(table, "[{\"Mode\":\"THROTTLED_KEYS\"}]");
    cr_assert_eq(figures_of(table, 0)->throttles, 0);
    cr_assert(catalog_set_setting(catalog, table, SETTING_INSIGHTS, SLICE_LITERAL("["), &err));
    cr_assert_not(insights_sync(insights, catalog, &err));
    cr_assert_eq(err.code, ERROR_CORRUPT);
    cr_assert_str_eq(err.text, "the insights of table first do not decode");
    cr_assert_not_null(figures_of(table, 0), "what was measured goes on");
    cr_assert(catalog_remove(catalog, table->id, &err));
    cr_assert(insights_sync(insights, catalog, &err));
    cr_assert_null(figures_of(table, 0));
    table_release(table);
}

static uint64_t next(uint64_t *state) /* splitmix64 */
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

Test(insights, frequent_keys_are_found_and_the_bounds_hold)
{
    enum { NAMES = 5000, NOTES = 200000, HOT = 10 };
    const char *given = getenv("MERIDIAN_SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);
    uint64_t state = seed;
    uint64_t *exact = calloc(NAMES, sizeof(*exact));
    const struct table *table = make_table("first");
    set(table, "[{\"Mode\":\"ACCESSED_AND_THROTTLED_KEYS\"}]");
    for (int i = 0; i < NOTES; i++) {
        uint64_t name = next(&state) % (next(&state) % 2 == 0 ? HOT : NAMES);
        char text[16];
        exact[name]++;
        snprintf(text, sizeof(text), "%llu", (unsigned long long)name);
        note(table, 0, text, false);
    }
    const struct insights_figures *figures = figures_of(table, 0);
    cr_assert_eq(figures->accesses, NOTES);
    cr_assert_eq(figures->accessed_count, INSIGHTS_KEYS);
    uint32_t hot = 0;
    for (uint32_t i = 0; i < figures->accessed_count; i++) {
        const struct insights_key *key = &figures->accessed[i];
        unsigned long long name =
            strtoull(arena_printf(&arena, "%.*s", SLICE_ARGS(key->text)), NULL, 10);
        cr_assert_leq(exact[name], key->count, "MERIDIAN_SEED=%llu", (unsigned long long)seed);
        cr_assert_geq(exact[name], key->count - key->over, "MERIDIAN_SEED=%llu",
                      (unsigned long long)seed);
        cr_assert(i == 0 || key->count <= figures->accessed[i - 1].count);
        hot += i < HOT && name < HOT;
    }
    cr_assert_eq(hot, HOT, "the first ones are the hot ones: %u (MERIDIAN_SEED=%llu)", hot,
                 (unsigned long long)seed);
    free(exact);
    table_release(table);
}

Test(insights, a_long_key_is_shown_in_part_and_counted_whole)
{
    const struct table *table = make_table("first");
    set(table, "[{\"Mode\":\"ACCESSED_AND_THROTTLED_KEYS\"}]");
    char text[INSIGHTS_KEY_BYTES_MAX + 8];
    memset(text, 'x', sizeof(text));
    memcpy(text + INSIGHTS_KEY_BYTES_MAX - 1, "\xc3\xa4", 2); /* Across the bound. */
    struct slice key = slice_of(text, sizeof(text));
    insights_note(insights, table->id, 0, key, false);
    insights_note(insights, table->id, 0, key, false);
    text[sizeof(text) - 1] = 'y';
    insights_note(insights, table->id, 0, key, false);
    const struct insights_figures *figures = figures_of(table, 0);
    cr_assert_eq(figures->accessed_count, 2);
    cr_assert_eq(figures->accessed[0].count, 2);
    cr_assert_eq(figures->accessed[0].text.size, INSIGHTS_KEY_BYTES_MAX - 1);
    cr_assert(figures->accessed[0].cut && figures->accessed[1].cut);
    table_release(table);
}
