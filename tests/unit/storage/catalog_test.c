/* Goal: descriptions survive reopening, change atomically for readers and are never torn; totals
 * and ids keep their promises; damage in `meta` is noticed. Method: a catalog over an engine in a
 * directory of the test's own; a table of two keys with every field set. */
#include "storage/catalog/record.h"

#include "storage/engine/engine.h"
#include "tests/support/directory.h"
#include "tests/unit/storage/full_table.h"
#include "tests/unit/storage/sample.h"

#include <criterion/criterion.h>
#include <pthread.h>

static struct arena arena;
static char *directory;
static struct engine *engine;
static struct catalog *catalog;
static struct error err;

static void reopen(void)
{
    catalog_close(catalog);
    engine_close(engine);
    catalog = NULL;
    engine = NULL;
    struct engine_options options = {.directory = directory,
                                     .cache_bytes = 8 << 20,
                                     .memtable_bytes = 8 << 20,
                                     .durability = DURABILITY_SYNC,
                                     .sync_interval_ms = 1000};
    cr_assert(engine_open(&options, &engine, &err), "%s", err.text);
    cr_assert(catalog_open(engine, &catalog, &err), "%s", err.text);
}

static void setup(void)
{
    arena_init(&arena);
    directory = test_directory_make();
    reopen();
}

static void teardown(void)
{
    catalog_close(catalog);
    engine_close(engine);
    test_directory_remove(directory);
    arena_destroy(&arena);
}

TestSuite(catalog, .init = setup, .fini = teardown, .timeout = 60);

static void create(const char *name)
{
    struct table table = sample_table(name, VALUE_S, VALUE_MISSING);
    cr_assert(catalog_create(catalog, &table, &err), "%s", err.text);
}

static const struct table *acquire(const char *name)
{
    return catalog_acquire(catalog, slice_text(name));
}

Test(catalog, a_created_table_is_found_by_name_id_and_uid_also_after_reopening)
{
    struct table table = full_table("orders");
    cr_assert(catalog_create(catalog, &table, &err), "%s", err.text);
    for (int round = 0; round < 2; round++) {
        const struct table *named = acquire("orders");
        cr_assert_not_null(named);
        const struct table *numbered = catalog_acquire_id(catalog, named->id);
        const struct table *identified = catalog_acquire_uid(catalog, table.uid);
        cr_assert_eq(named, numbered);
        cr_assert_eq(named, identified);
        table.id = named->id;
        check_equal_table(named, &table);
        cr_assert(table_is_replicated(named));
        table_release(named);
        table_release(numbered);
        table_release(identified);
        reopen();
    }
}

Test(catalog, what_does_not_exist_is_not_found)
{
    create("orders");
    cr_assert_null(acquire("order"));
    cr_assert_null(catalog_acquire_id(catalog, 77));
    cr_assert_null(catalog_acquire_uid(catalog, (const uint8_t *)"0123456789abcdef"));
    table_release(NULL);
}

Test(catalog, a_table_without_identity_gets_a_random_uid_and_a_uuid)
{
    create("a");
    create("b");
    const struct table *a = acquire("a");
    const struct table *b = acquire("b");
    cr_assert_eq(strlen(a->table_id), 36);
    cr_assert_eq(a->table_id[14], '4');
    cr_assert_str_neq(a->table_id, b->table_id);
    cr_assert_neq(memcmp(a->uid, b->uid, TABLE_UID_BYTES), 0);
    table_release(a);
    table_release(b);
}

Test(catalog, a_taken_name_or_uid_is_refused)
{
    struct table table = full_table("orders");
    cr_assert(catalog_create(catalog, &table, &err));
    struct table other = sample_table("orders", VALUE_S, VALUE_MISSING);
    cr_assert_not(catalog_create(catalog, &other, &err));
    cr_assert_eq(err.code, ERROR_IN_USE);
    cr_assert_str_eq(err.text, "Table already exists: orders");
    struct table twin = full_table("twin");
    cr_assert_not(catalog_create(catalog, &twin, &err));
    cr_assert_eq(err.code, ERROR_IN_USE);
}

Test(catalog, an_impossible_description_is_refused)
{
    create("orders");
    const struct table *orders = acquire("orders");
    for (int fault = 0; fault < TABLE_FAULTS; fault++) {
        struct table table = full_table("bad");
        spoil_table(&table, fault);
        cr_assert_not(catalog_create(catalog, &table, &err), "fault %d", fault);
        cr_assert_eq(err.code, ERROR_CORRUPT);
        table = full_table("orders");
        table.id = orders->id;
        spoil_table(&table, fault);
        cr_assert_not(catalog_update(catalog, &table, &err), "fault %d", fault);
        cr_assert_eq(err.code, ERROR_CORRUPT);
    }
    table_release(orders);
    cr_assert_eq(catalog_count(catalog), 1);
}

Test(catalog, the_number_of_tables_is_limited)
{
    char name[32];
    struct table table = sample_table("x", VALUE_S, VALUE_MISSING);
    for (int i = 0; i < TABLES_MAX; i++) {
        snprintf(name, sizeof(name), "table-%d", i);
        table.name = slice_text(name);
        cr_assert(catalog_create(catalog, &table, &err), "%s", err.text);
    }
    table.name = slice_text("one-more");
    cr_assert_not(catalog_create(catalog, &table, &err));
    cr_assert_eq(err.code, ERROR_LIMIT);
    cr_assert_eq(catalog_count(catalog), TABLES_MAX);
    reopen();
    cr_assert_eq(catalog_count(catalog), TABLES_MAX);
}

Test(catalog, listings_are_bytewise_by_name_and_paged)
{
    create("bb");
    create("Z");
    create("a");
    create("b");
    create("a-b");
    static const char *const order[] = {"Z", "a", "a-b", "b", "bb"};
    struct slice names[8];
    bool more;
    uint32_t count = catalog_list(catalog, slice_text(""), 8, &arena, names, &more);
    cr_assert_eq(count, 5);
    cr_assert_not(more);
    for (uint32_t i = 0; i < count; i++) {
        cr_assert(slice_is(names[i], order[i]), "%.*s", SLICE_ARGS(names[i]));
    }
    count = catalog_list(catalog, slice_text("a"), 2, &arena, names, &more);
    cr_assert_eq(count, 2);
    cr_assert(slice_is(names[0], "a-b") && slice_is(names[1], "b") && more);
    count = catalog_list(catalog, slice_text("aa"), 3, &arena, names, &more);
    cr_assert(count == 2 && slice_is(names[0], "b") && !more);
    cr_assert_eq(catalog_list(catalog, slice_text("bb"), 3, &arena, names, &more), 0);
}

Test(catalog, an_update_makes_a_new_description_and_leaves_the_old_one_to_its_holders)
{
    struct table table = full_table("orders");
    table.replicas_count = 0;
    cr_assert(catalog_create(catalog, &table, &err));
    catalog_change_begin(catalog);
    const struct table *before = acquire("orders");
    struct table changed = *before;
    changed.status = TABLE_ACTIVE;
    changed.throughput.read_units = 99;
    changed.replicas_count = 2;
    memcpy(changed.replicas, table.replicas, sizeof(table.replicas));
    cr_assert_not(table_is_replicated(before));
    cr_assert(catalog_update(catalog, &changed, &err), "%s", err.text);
    catalog_change_end(catalog);
    cr_assert_eq(before->throughput.read_units, 5);
    cr_assert(table_is_replicated(before)); /* As the newest description says. */
    for (int round = 0; round < 2; round++) {
        const struct table *after = acquire("orders");
        check_equal_table(after, &changed);
        table_release(after);
        if (round == 0) {
            table_release(before);
            changed.name = SLICE_LITERAL("orders"); /* It borrowed from `before`. */
            changed.kms_key = table.kms_key;
            changed.ttl.attribute = table.ttl.attribute;
            changed.indexes = table.indexes;
            changed.partition.name = SLICE_LITERAL("pk");
            changed.attributes[0].name = SLICE_LITERAL("pk");
            changed.sort.name = SLICE_LITERAL("sk");
            changed.attributes[1].name = SLICE_LITERAL("sk");
            reopen();
        }
    }
}

Test(catalog, an_update_or_removal_of_a_table_that_is_gone_is_not_found)
{
    struct table table = full_table("orders");
    table.id = 12;
    cr_assert_not(catalog_update(catalog, &table, &err));
    cr_assert_eq(err.code, ERROR_NOT_FOUND);
    cr_assert_not(catalog_remove(catalog, 12, &err));
    cr_assert_eq(err.code, ERROR_NOT_FOUND);
}

Test(catalog, a_removed_table_is_gone_but_its_holders_keep_their_description)
{
    create("orders");
    create("users");
    const struct table *held = acquire("orders");
    uint32_t id = held->id;
    catalog_count_items(catalog, id, 5, 50);
    cr_assert_not(table_is_dropped(held));
    cr_assert(catalog_remove(catalog, id, &err), "%s", err.text);
    cr_assert(table_is_dropped(held));
    cr_assert(slice_is(held->name, "orders"));
    cr_assert_null(acquire("orders"));
    cr_assert_null(catalog_acquire_id(catalog, id));
    uint64_t items;
    uint64_t bytes;
    catalog_totals(catalog, id, &items, &bytes);
    cr_assert_eq(items, 0);
    catalog_count_items(catalog, id, 1, 1); /* A late writer: no harm. */
    table_release(held);
    reopen();
    cr_assert_null(acquire("orders"));
    cr_assert_eq(catalog_count(catalog), 1);
}

Test(catalog, ids_are_never_given_twice)
{
    create("orders");
    const struct table *first = acquire("orders");
    uint32_t id = first->id;
    table_release(first);
    cr_assert(catalog_remove(catalog, id, &err));
    reopen();
    create("orders");
    const struct table *second = acquire("orders");
    cr_assert_gt(second->id, id);
    table_release(second);
}

Test(catalog, removed_tables_are_listed_until_their_rows_are_dropped)
{
    uint32_t id;
    cr_assert(catalog_next_dropped(catalog, 0, &id, &err));
    cr_assert_eq(id, 0);
    create("a");
    create("b");
    cr_assert(catalog_remove(catalog, 1, &err) && catalog_remove(catalog, 2, &err));
    reopen();
    cr_assert(catalog_next_dropped(catalog, 0, &id, &err) && id == 1);
    cr_assert(catalog_next_dropped(catalog, 1, &id, &err) && id == 2);
    cr_assert(catalog_forget_dropped(catalog, 1, &err));
    cr_assert(catalog_next_dropped(catalog, 0, &id, &err) && id == 2);
    cr_assert(catalog_next_dropped(catalog, 2, &id, &err) && id == 0);
    cr_assert(catalog_next_dropped(catalog, UINT32_MAX, &id, &err) && id == 0);
}

Test(catalog, totals_run_and_are_as_they_were_when_saved_after_reopening)
{
    create("orders");
    uint64_t items;
    uint64_t bytes;
    catalog_count_items(catalog, 1, 3, 300);
    catalog_count_items(catalog, 1, -1, -100);
    catalog_totals(catalog, 1, &items, &bytes);
    cr_assert(items == 2 && bytes == 200);
    cr_assert(catalog_save_totals(catalog, &err), "%s", err.text);
    catalog_count_items(catalog, 1, 1, 1); /* Not saved. */
    reopen();
    catalog_totals(catalog, 1, &items, &bytes);
    cr_assert(items == 2 && bytes == 200);
    catalog_count_items(catalog, 1, -5, -500);
    catalog_totals(catalog, 1, &items, &bytes);
    cr_assert(items == 0 && bytes == 0);
    int64_t running_items;
    int64_t running_bytes;
    catalog_running_totals(catalog, 1, &running_items, &running_bytes);
    cr_assert(running_items == -3 && running_bytes == -300);
}

static void put_meta(struct slice key, struct slice value)
{
    struct engine_batch *batch = engine_batch_open();
    engine_batch_put(engine, batch, FAMILY_META, key, value);
    cr_assert(engine_commit_append(engine, batch, engine_commit_begin(engine), &err));
    engine_batch_close(batch);
}

Test(catalog, damage_in_meta_is_noticed_at_opening)
{
    const struct {
        struct slice key;
        struct slice value;
    } damage[] = {
        {SLICE_LITERAL("catalog/table/\0\0\0\1"), SLICE_LITERAL("rubbish")},
        {SLICE_LITERAL("catalog/totals/\0\0\0\1"), SLICE_LITERAL("rubbish")},
        {SLICE_LITERAL("catalog/next-id"), SLICE_LITERAL("\0\0\0\0")},
        {SLICE_LITERAL("catalog/next-id"), SLICE_LITERAL("\0\0\0\1")}, /* Below table 1. */
        {SLICE_LITERAL("catalog/next-id"), SLICE_LITERAL("123")},
        {SLICE_LITERAL("catalog/setting/\0\0\0\1\0"), SLICE_LITERAL("rubbish")},
    };
    create("orders");
    for (size_t i = 0; i < ARRAY_COUNT(damage); i++) {
        struct engine_value before = {0};
        struct slice kept = {NULL, 0};
        bool found;
        cr_assert(
            engine_get(engine, FAMILY_META, NULL, damage[i].key, READ_FULL, &before, &found, &err));
        if (found) {
            kept = arena_copy(&arena, before.bytes);
            engine_value_release(&before);
        } else { /* Totals that were never saved. */
            uint8_t totals[TABLE_TOTALS_BYTES];
            table_totals_encode(totals, 0, 0);
            kept = arena_copy(&arena, slice_of(totals, sizeof(totals)));
        }
        put_meta(damage[i].key, damage[i].value);
        struct catalog *second = NULL;
        cr_assert_not(catalog_open(engine, &second, &err), "damage %zu", i);
        cr_assert_eq(err.code, ERROR_CORRUPT);
        put_meta(damage[i].key, kept);
    }
    struct catalog *second = NULL;
    cr_assert(catalog_open(engine, &second, &err), "%s", err.text);
    catalog_close(second);
    put_meta(SLICE_LITERAL("catalog/dropped/\0\0\0\1x"), SLICE_LITERAL(""));
    uint32_t id;
    cr_assert_not(catalog_next_dropped(catalog, 0, &id, &err) && id == 0);
}

/* --- Indexes and settings ------------------------------------------------------------------- */

static void check_index_totals(uint16_t index, uint64_t items, uint64_t bytes)
{
    uint64_t found_items;
    uint64_t found_bytes;
    catalog_index_totals(catalog, 1, index, &found_items, &found_bytes);
    cr_assert_eq(found_items, items, "index %u", index);
    cr_assert_eq(found_bytes, bytes, "index %u", index);
}

Test(catalog, indexes_are_found_and_their_totals_outlive_a_reopening)
{
    struct table table = full_table("orders");
    cr_assert(catalog_create(catalog, &table, &err), "%s", err.text);
    catalog_count_index(catalog, 1, 1, 3, 300);
    const struct table *held = acquire("orders");
    table_count_index(held, 299, 4, 400);
    table_count_index(held, 298, 5, 500); /* There is no such one. */
    cr_assert_eq(table_find_index(held, slice_text("far"))->id, 299);
    cr_assert_eq(table_find_index_id(held, 1), &held->indexes[0]);
    cr_assert_null(table_find_index(held, slice_text("fa")));
    cr_assert_null(table_find_index_id(held, 2));
    table_release(held);
    cr_assert(catalog_save_totals(catalog, &err), "%s", err.text);
    catalog_count_index(catalog, 1, 1, 1, 1); /* Not saved. */
    check_index_totals(1, 4, 301);
    reopen();
    check_index_totals(1, 3, 300);
    check_index_totals(299, 4, 400);
    check_index_totals(298, 0, 0);
}

Test(catalog, an_index_that_leaves_is_noted_until_its_rows_are_dropped)
{
    struct table table = full_table("orders");
    cr_assert(catalog_create(catalog, &table, &err), "%s", err.text);
    catalog_count_index(catalog, 1, 299, 4, 400);
    cr_assert(catalog_save_totals(catalog, &err), "%s", err.text);
    const struct table *before = acquire("orders");
    cr_assert(table_is_current(before));
    struct table changed = *before;
    changed.indexes_count = 1;
    cr_assert(catalog_update(catalog, &changed, &err), "%s", err.text);
    cr_assert_not(table_is_current(before));
    cr_assert_eq(before->indexes_count, 2);
    table_release(before);
    check_index_totals(299, 0, 0);
    for (int round = 0; round < 2; round++) {
        struct dropped_index dropped = {0};
        cr_assert(catalog_next_dropped_index(catalog, &dropped, &err), "%s", err.text);
        cr_assert(dropped.table_id == 1 && dropped.index == 299);
        cr_assert(catalog_next_dropped_index(catalog, &dropped, &err), "%s", err.text);
        cr_assert_eq(dropped.table_id, 0);
        reopen();
        check_index_totals(299, 0, 0);
    }
    struct dropped_index dropped = {1, 299};
    cr_assert(catalog_forget_dropped_index(catalog, &dropped, &err), "%s", err.text);
    dropped = (struct dropped_index){0};
    cr_assert(catalog_next_dropped_index(catalog, &dropped, &err), "%s", err.text);
    cr_assert_eq(dropped.table_id, 0);
}

static void check_setting(const char *name, enum setting setting, const char *value)
{
    const struct table *table = acquire(name);
    struct slice found = catalog_setting(catalog, table, setting, &arena);
    cr_assert(slice_is(found, value), "%.*s instead of %s", SLICE_ARGS(found), value);
    table_release(table);
}

static void set_setting(const char *name, enum setting setting, const char *value)
{
    const struct table *table = acquire(name);
    cr_assert(catalog_set_setting(catalog, table, setting, slice_text(value), &err), "%s",
              err.text);
    table_release(table);
}

Test(catalog, a_table_can_have_settings_from_its_first_moment_on)
{
    struct table table = sample_table("a", VALUE_S, VALUE_MISSING);
    const struct slice settings[SETTINGS] = {
        [SETTING_TAGS] = SLICE_LITERAL("tags"), [SETTING_POLICY] = SLICE_LITERAL("policy")};
    cr_assert(catalog_create_with(catalog, &table, settings, &err), "%s", err.text);
    for (int round = 0; round < 2; round++) {
        check_setting("a", SETTING_TAGS, "tags");
        check_setting("a", SETTING_POLICY, "policy");
        check_setting("a", SETTING_KINESIS, "");
        reopen();
    }
}

Test(catalog, each_change_of_a_setting_gives_another_version)
{
    struct table table = sample_table("a", VALUE_S, VALUE_MISSING);
    cr_assert(catalog_create(catalog, &table, &err));
    const struct table *held = catalog_acquire(catalog, SLICE_LITERAL("a"));
    cr_assert_eq(table_setting_version(held, SETTING_POLICY), 0);
    cr_assert_eq(catalog_settings_count(catalog, SETTING_POLICY), 0);
    set_setting("a", SETTING_POLICY, "one");
    uint64_t first = table_setting_version(held, SETTING_POLICY);
    cr_assert_neq(first, 0);
    set_setting("a", SETTING_POLICY, "");
    cr_assert_eq(table_setting_version(held, SETTING_POLICY), 0);
    cr_assert_eq(catalog_settings_count(catalog, SETTING_POLICY), 0);
    set_setting("a", SETTING_POLICY, "one");
    cr_assert_neq(table_setting_version(held, SETTING_POLICY), first);
    cr_assert_eq(table_setting_version(held, SETTING_TAGS), 0);
    cr_assert_eq(catalog_settings_count(catalog, SETTING_POLICY), 1);
    table_release(held);
    reopen();
    cr_assert_eq(catalog_settings_count(catalog, SETTING_POLICY), 1);
    held = catalog_acquire(catalog, SLICE_LITERAL("a"));
    cr_assert_neq(table_setting_version(held, SETTING_POLICY), 0);
    cr_assert(catalog_remove(catalog, held->id, &err));
    cr_assert_eq(table_setting_version(held, SETTING_POLICY), 0);
    cr_assert_eq(catalog_settings_count(catalog, SETTING_POLICY), 0);
    table_release(held);
}

Test(catalog, settings_are_kept_replaced_and_removed_with_their_table)
{
    create("a");
    create("b");
    set_setting("a", SETTING_TAGS, "one");
    set_setting("a", SETTING_TAGS, "two");
    set_setting("b", SETTING_TAGS, "b's");
    set_setting("b", SETTING_POLICY, "{}");
    set_setting("b", SETTING_POLICY, "");
    for (int round = 0; round < 2; round++) {
        check_setting("a", SETTING_TAGS, "two");
        check_setting("a", SETTING_POLICY, "");
        check_setting("b", SETTING_TAGS, "b's");
        check_setting("b", SETTING_POLICY, "");
        reopen();
    }
    const struct table *held = acquire("a");
    cr_assert(catalog_remove(catalog, held->id, &err), "%s", err.text);
    cr_assert_eq(catalog_setting(catalog, held, SETTING_TAGS, &arena).size, 0);
    cr_assert_not(catalog_set_setting(catalog, held, SETTING_TAGS, slice_text("late"), &err));
    cr_assert_eq(err.code, ERROR_NOT_FOUND);
    table_release(held);
    reopen(); /* A setting of a table that is not there would not open. */
    create("a");
    check_setting("a", SETTING_TAGS, "");
}

Test(catalog, a_table_is_created_with_its_first_settings)
{
    struct table table = sample_table("a", VALUE_S, VALUE_MISSING);
    struct slice settings[SETTINGS] = {[SETTING_TAGS] = SLICE_LITERAL("one")};
    cr_assert(catalog_create_with(catalog, &table, settings, &err), "%s", err.text);
    for (int round = 0; round < 2; round++) {
        check_setting("a", SETTING_TAGS, "one");
        check_setting("a", SETTING_POLICY, "");
        reopen();
    }
}

Test(catalog, the_largest_setting_fits)
{
    create("a");
    char *text = arena_zalloc(&arena, SETTING_BYTES_MAX + 1, 1);
    memset(text, 'x', SETTING_BYTES_MAX);
    set_setting("a", SETTING_SCALING, text);
    reopen();
    check_setting("a", SETTING_SCALING, text);
}

Test(catalog, damage_to_a_setting_is_noticed)
{
    struct arena own = {0};
    struct buffer to;
    buffer_init(&to, &own, 16);
    setting_encode(&to, SLICE_LITERAL("tags"));
    struct slice back;
    cr_assert(setting_decode(buffer_slice(&to), &back, &err));
    cr_assert(slice_is(back, "tags"));
    for (size_t size = 0; size < to.size; size++) {
        cr_assert_not(setting_decode(slice_of(to.data, size), &back, &err));
        cr_assert_eq(err.code, ERROR_CORRUPT);
    }
    for (size_t bit = 0; bit < 8 * to.size; bit++) {
        to.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        cr_assert_not(setting_decode(buffer_slice(&to), &back, &err), "took flipped bit %zu", bit);
        to.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    arena_destroy(&own);
}

/* --- Threads -------------------------------------------------------------------------------- */

enum { READERS = 3, CHANGES = 200 };
static atomic_bool stop;

/* A description must never be torn: read and write units always change together. */
static void *reader_run(void *argument)
{
    (void)argument;
    uint64_t torn = 0;
    while (!atomic_load(&stop)) {
        const struct table *table = acquire("orders");
        if (table != NULL) {
            torn += table->throughput.read_units != table->throughput.write_units;
            torn += !slice_is(table->name, "orders");
            catalog_count_items(catalog, table->id, 1, 1);
            table_release(table);
        }
    }
    return (void *)(uintptr_t)torn;
}

Test(catalog, readers_see_whole_descriptions_while_tables_change_come_and_go)
{
    pthread_t readers[READERS];
    create("orders");
    for (int i = 0; i < READERS; i++) {
        cr_assert_eq(pthread_create(&readers[i], NULL, reader_run, NULL), 0);
    }
    for (int i = 0; i < CHANGES; i++) {
        catalog_change_begin(catalog);
        const struct table *before = acquire("orders");
        struct table changed = *before;
        changed.throughput.read_units = i;
        changed.throughput.write_units = i;
        cr_assert(catalog_update(catalog, &changed, &err), "%s", err.text);
        uint32_t id = before->id;
        table_release(before);
        catalog_change_end(catalog);
        if (i % 20 == 0) {
            cr_assert(catalog_remove(catalog, id, &err));
            create("orders");
        }
    }
    atomic_store(&stop, true);
    for (int i = 0; i < READERS; i++) {
        void *torn;
        pthread_join(readers[i], &torn);
        cr_assert_eq((uintptr_t)torn, 0);
    }
}

/* --- Who is told ------------------------------------------------------------------------------ */

struct told {
    char text[512];
};

static void told_changed(void *context, const struct table *before, const struct table *after)
{
    struct told *told = context;
    const struct table *table = after == NULL ? before : after;
    size_t size = strlen(told->text);
    const char *what = before == NULL ? "created" : after == NULL ? "removed" : "updated";
    snprintf(told->text + size, sizeof(told->text) - size, "%s %.*s %d->%d\n", what,
             SLICE_ARGS(table->name), before == NULL ? -1 : (int)before->deletion_protection,
             after == NULL ? -1 : (int)after->deletion_protection);
}

static void told_setting(void *context, const struct table *table, enum setting setting, bool set)
{
    struct told *told = context;
    size_t size = strlen(told->text);
    snprintf(told->text + size, sizeof(told->text) - size, "setting %d of %.*s %s\n", (int)setting,
             SLICE_ARGS(table->name), set ? "set" : "gone");
}

Test(catalog, an_observer_is_told_of_every_change_in_order)
{
    struct told told = {""};
    struct slice settings[SETTINGS] = {[SETTING_POLICY] = SLICE_LITERAL("p")};
    struct table table = sample_table("a", VALUE_S, VALUE_MISSING);
    catalog_observe(catalog, &(struct catalog_observer){told_changed, told_setting, &told});
    cr_assert(catalog_create_with(catalog, &table, settings, &err), "%s", err.text);
    cr_assert_not(catalog_create(catalog, &table, &err)); /* The name is taken. */
    const struct table *made = acquire("a");
    table = *made;
    table.deletion_protection = true;
    cr_assert(catalog_update(catalog, &table, &err), "%s", err.text);
    cr_assert(catalog_set_setting(catalog, made, SETTING_TAGS, SLICE_LITERAL("t"), &err));
    cr_assert(catalog_set_setting(catalog, made, SETTING_POLICY, SLICE_LITERAL(""), &err));
    cr_assert(catalog_remove(catalog, made->id, &err), "%s", err.text);
    cr_assert_not(catalog_update(catalog, &table, &err));
    table_release(made);
    cr_assert_str_eq(told.text, "created a -1->0\nsetting 1 of a set\nupdated a 0->1\n"
                                "setting 0 of a set\nsetting 1 of a gone\nremoved a 1->-1\n");
}
