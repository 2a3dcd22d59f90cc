/* Goal: descriptions survive reopening, change atomically for readers and are never torn; the
 * stored record has the documented bytes and damage to it is noticed; totals and ids keep their
 * promises. Method: a catalog over an engine in a directory of the test's own; a table of two keys
 * with every field set. */
#include "storage/catalog/record.h"

#include "storage/engine/engine.h"
#include "tests/support/directory.h"
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
TestSuite(record, .timeout = 60);

static struct throughput full_throughput(int64_t first)
{
    return (struct throughput){
        .read_units = first,
        .write_units = first + 1,
        .read_units_max = first + 2,
        .write_units_max = first + 3,
        .read_units_warm = first + 4,
        .write_units_warm = first + 5,
        .increased_ms = 1700000000001,
        .decreased_ms = 1700000000002,
        .decreases = 3,
    };
}

static struct slice full_non_key[2];
static struct table_index full_indexes[2];

static void make_full_indexes(void)
{
    full_non_key[0] = SLICE_LITERAL("a");
    full_non_key[1] = SLICE_LITERAL("b");
    full_indexes[0] = (struct table_index){
        .id = 1,
        .kind = INDEX_LOCAL,
        .status = INDEX_ACTIVE,
        .name = SLICE_LITERAL("near"),
        .keys = {.partition = {{SLICE_LITERAL("pk"), VALUE_S}},
                 .partition_count = 1,
                 .sort = {{SLICE_LITERAL("when"), VALUE_N}},
                 .sort_count = 1},
        .projection = PROJECTION_KEYS_ONLY,
    };
    full_indexes[1] = (struct table_index){
        .id = 299,
        .kind = INDEX_GLOBAL,
        .status = INDEX_CREATING,
        .backfilling = true,
        .name = SLICE_LITERAL("far"),
        .keys = {.partition = {{SLICE_LITERAL("x"), VALUE_S}, {SLICE_LITERAL("y"), VALUE_B}},
                 .partition_count = 2,
                 .sort = {{SLICE_LITERAL("z"), VALUE_N}},
                 .sort_count = 1},
        .projection = PROJECTION_INCLUDE,
        .non_key = full_non_key,
        .non_key_count = 2,
        .throughput = full_throughput(20),
    };
}

/* Every field set, so that a forgotten one shows. */
static struct table full_table(const char *name)
{
    make_full_indexes();
    struct table table = sample_table(name, VALUE_S, VALUE_N);
    memcpy(table.uid, "0123456789abcdef", TABLE_UID_BYTES);
    strcpy(table.table_id, "12345678-1234-4234-8234-123456789abc");
    table.status = TABLE_UPDATING;
    table.created_ms = 1700000000123;
    table.was_on_demand = true;
    table.on_demand_since_ms = 1700000000456;
    table.deletion_protection = true;
    table.replicas_count = 2;
    strcpy(table.replicas[0].region, "eu-west-1");
    table.replicas[0].status = REPLICA_CREATING;
    table.replicas[0].stamp = 300;
    strcpy(table.replicas[1].region, "ap-south-1");
    table.replicas[1].status = REPLICA_CREATION_FAILED;
    strcpy(table.replicas[1].reason, "no room");
    table.schema_stamp = 0x0102030405060708;
    table.schema_region = 3;
    table.throughput = full_throughput(5);
    table.table_class = CLASS_STANDARD_INFREQUENT_ACCESS;
    table.class_changed_ms = 1700000000789;
    table.encrypted = true;
    table.kms_key = SLICE_LITERAL("arn:k");
    table.indexes = full_indexes;
    table.indexes_count = ARRAY_COUNT(full_indexes);
    table.next_index_id = 300;
    return table;
}

static void check_equal_throughput(const struct throughput *a, const struct throughput *b)
{
    cr_assert_eq(a->read_units, b->read_units);
    cr_assert_eq(a->write_units, b->write_units);
    cr_assert_eq(a->read_units_max, b->read_units_max);
    cr_assert_eq(a->write_units_max, b->write_units_max);
    cr_assert_eq(a->read_units_warm, b->read_units_warm);
    cr_assert_eq(a->write_units_warm, b->write_units_warm);
    cr_assert_eq(a->increased_ms, b->increased_ms);
    cr_assert_eq(a->decreased_ms, b->decreased_ms);
    cr_assert_eq(a->decreases, b->decreases);
}

static void check_equal_attributes(const struct key_attribute *a,
                                   uint32_t a_count,
                                   const struct key_attribute *b,
                                   uint32_t b_count)
{
    cr_assert_eq(a_count, b_count);
    for (uint32_t i = 0; i < a_count; i++) {
        cr_assert_eq(a[i].type, b[i].type);
        cr_assert(slice_equal(a[i].name, b[i].name));
    }
}

static void check_equal_index(const struct table_index *a, const struct table_index *b)
{
    cr_assert_eq(a->id, b->id);
    cr_assert_eq(a->kind, b->kind);
    cr_assert_eq(a->status, b->status);
    cr_assert_eq(a->backfilling, b->backfilling);
    cr_assert(slice_equal(a->name, b->name));
    check_equal_attributes(a->keys.partition, a->keys.partition_count, b->keys.partition,
                           b->keys.partition_count);
    check_equal_attributes(a->keys.sort, a->keys.sort_count, b->keys.sort, b->keys.sort_count);
    cr_assert_eq(a->projection, b->projection);
    cr_assert_eq(a->non_key_count, b->non_key_count);
    for (uint32_t i = 0; i < a->non_key_count; i++) {
        cr_assert(slice_equal(a->non_key[i], b->non_key[i]));
    }
    check_equal_throughput(&a->throughput, &b->throughput);
}

static void check_equal(const struct table *a, const struct table *b)
{
    cr_assert_eq(a->id, b->id);
    cr_assert_arr_eq(a->uid, b->uid, TABLE_UID_BYTES);
    cr_assert_str_eq(a->table_id, b->table_id);
    cr_assert(slice_equal(a->name, b->name));
    cr_assert_eq(a->status, b->status);
    cr_assert_eq(a->created_ms, b->created_ms);
    cr_assert_eq(a->attributes_count, b->attributes_count);
    for (uint32_t i = 0; i < a->attributes_count; i++) {
        cr_assert_eq(a->attributes[i].type, b->attributes[i].type);
        cr_assert(slice_equal(a->attributes[i].name, b->attributes[i].name));
    }
    cr_assert_eq(a->partition.type, b->partition.type);
    cr_assert(slice_equal(a->partition.name, b->partition.name));
    cr_assert_eq(a->sort.type, b->sort.type);
    cr_assert_eq(a->billing, b->billing);
    cr_assert_eq(a->was_on_demand, b->was_on_demand);
    cr_assert_eq(a->on_demand_since_ms, b->on_demand_since_ms);
    check_equal_throughput(&a->throughput, &b->throughput);
    cr_assert_eq(a->table_class, b->table_class);
    cr_assert_eq(a->class_changed_ms, b->class_changed_ms);
    cr_assert_eq(a->encrypted, b->encrypted);
    cr_assert(slice_equal(a->kms_key, b->kms_key));
    cr_assert_eq(a->next_index_id, b->next_index_id);
    cr_assert_eq(a->indexes_count, b->indexes_count);
    for (uint32_t i = 0; i < a->indexes_count; i++) {
        check_equal_index(&a->indexes[i], &b->indexes[i]);
    }
    cr_assert_eq(a->deletion_protection, b->deletion_protection);
    cr_assert_eq(a->replicas_count, b->replicas_count);
    for (uint32_t i = 0; i < a->replicas_count; i++) {
        cr_assert_str_eq(a->replicas[i].region, b->replicas[i].region);
        cr_assert_eq(a->replicas[i].status, b->replicas[i].status);
        cr_assert_eq(a->replicas[i].stamp, b->replicas[i].stamp);
        cr_assert_str_eq(a->replicas[i].reason, b->replicas[i].reason);
    }
    cr_assert_eq(a->schema_stamp, b->schema_stamp);
    cr_assert_eq(a->schema_region, b->schema_region);
}

static void create(const char *name)
{
    struct table table = sample_table(name, VALUE_S, VALUE_MISSING);
    cr_assert(catalog_create(catalog, &table, &err), "%s", err.text);
}

static const struct table *acquire(const char *name)
{
    return catalog_acquire(catalog, slice_text(name));
}

/* --- The stored record ---------------------------------------------------------------------- */

static struct slice encoded(struct arena *to_arena, const struct table *table)
{
    struct buffer to;
    buffer_init(&to, to_arena, 16);
    table_record_encode(&to, table);
    return buffer_slice(&to);
}

Test(record, comes_back_as_it_was)
{
    struct arena own = {0};
    struct table table = full_table("orders");
    struct table back;
    struct error error = {0};
    cr_assert(table_record_decode(encoded(&own, &table), &own, &back, &error), "%s", error.text);
    check_equal(&table, &back);
    struct table plain = sample_table("plain", VALUE_B, VALUE_MISSING);
    strcpy(plain.table_id, table.table_id);
    cr_assert(table_record_decode(encoded(&own, &plain), &own, &back, &error), "%s", error.text);
    check_equal(&plain, &back);
    arena_destroy(&own);
}

static void check_bytes(struct slice record, const char *golden)
{
    struct arena own = {0};
    struct buffer hex;
    buffer_init(&hex, &own, 2 * record.size + 1);
    for (size_t i = 0; i < record.size; i++) {
        buffer_printf(&hex, "%02x", record.data[i]);
    }
    buffer_append_byte(&hex, 0);
    cr_assert_str_eq((const char *)hex.data, golden);
    arena_destroy(&own);
}

Test(record, has_the_documented_bytes)
{
    static const char golden[] =
        "d522f512db213b8602000000073031323334353637383961626364656631323334353637382d31"
        "3233342d343233342d383233342d3132333435363738396162630201070000018bcfe5687b0000"
        "018bcfe569c80000000000000005000000000000000601020304050607080003066f7264657273"
        "020102706b0202736b0102706b0202736b020965752d776573742d3100ac02000a61702d736f75"
        "74682d310300076e6f20726f6f6d0195d695ffbc310561726e3a6b0708090a81d095ffbc3182d0"
        "95ffbc3103ac02020100010001046e656172010102706b0102047768656e000000000000000000"
        "00ab020100010203666172020101780301790102017a020161016214151617181981d095ffbc31"
        "82d095ffbc3103";
    struct arena own = {0};
    struct table table = full_table("orders");
    check_bytes(encoded(&own, &table), golden);
    arena_destroy(&own);
}

Test(record, of_version_1_still_decodes)
{
    static const char golden[] =
        "8aa71546b85c10cf01000000073031323334353637383961626364656631323334353637382d3132"
        "33342d343233342d383233342d3132333435363738396162630201030000018bcfe5687b0000018b"
        "cfe569c80000000000000005000000000000000601020304050607080003066f7264657273020102"
        "706b0202736b0102706b0202736b020965752d776573742d3100ac02000a61702d736f7574682d31"
        "0300076e6f20726f6f6d";
    struct arena own = {0};
    struct error error = {0};
    uint8_t record[sizeof(golden) / 2];
    for (size_t i = 0; i < sizeof(record); i++) {
        unsigned byte;
        cr_assert_eq(sscanf(golden + 2 * i, "%2x", &byte), 1);
        record[i] = (uint8_t)byte;
    }
    struct table back;
    cr_assert(table_record_decode(slice_of(record, sizeof(record)), &own, &back, &error), "%s",
              error.text);
    struct table table = full_table("orders");
    table.throughput = (struct throughput){.read_units = 5, .write_units = 6};
    table.table_class = CLASS_STANDARD;
    table.class_changed_ms = 0;
    table.encrypted = false;
    table.kms_key = (struct slice){NULL, 0};
    table.indexes_count = 0;
    table.next_index_id = 0;
    check_equal(&table, &back);
    arena_destroy(&own);
}

Test(record, refuses_every_prefix_and_every_flipped_bit)
{
    struct arena own = {0};
    struct error error = {0};
    struct table table = full_table("orders");
    struct table back;
    struct slice record = encoded(&own, &table);
    for (size_t size = 0; size < record.size; size++) {
        cr_assert_not(table_record_decode(slice_of(record.data, size), &own, &back, &error),
                      "took %zu of %zu", size, record.size);
        cr_assert_eq(error.code, ERROR_CORRUPT);
    }
    uint8_t *bytes = arena_alloc(&own, record.size);
    for (size_t bit = 0; bit < 8 * record.size; bit++) {
        memcpy(bytes, record.data, record.size);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        cr_assert_not(table_record_decode(slice_of(bytes, record.size), &own, &back, &error),
                      "took flipped bit %zu", bit);
        cr_assert_eq(error.code, ERROR_CORRUPT);
    }
    arena_destroy(&own);
}

Test(record, totals_come_back_and_damage_to_them_is_noticed)
{
    uint8_t bytes[TABLE_TOTALS_BYTES];
    int64_t items;
    int64_t size;
    struct error error = {0};
    table_totals_encode(bytes, -3, INT64_MAX);
    cr_assert(table_totals_decode(slice_of(bytes, sizeof(bytes)), &items, &size, &error));
    cr_assert_eq(items, -3);
    cr_assert_eq(size, INT64_MAX);
    cr_assert_not(table_totals_decode(slice_of(bytes, sizeof(bytes) - 1), &items, &size, &error));
    for (size_t bit = 0; bit < 8 * sizeof(bytes); bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        cr_assert_not(table_totals_decode(slice_of(bytes, sizeof(bytes)), &items, &size, &error));
        cr_assert_eq(error.code, ERROR_CORRUPT);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

/* --- The catalog ---------------------------------------------------------------------------- */

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
        check_equal(named, &table);
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

enum { FAULT_PLAIN = 14, FAULTS_INDEX = 15 };

/* full_table has made the indexes afresh. */
static void spoil_index(struct table *table, int fault)
{
    struct table_index *local = &full_indexes[0];
    struct table_index *global = &full_indexes[1];
    static const struct slice none = {NULL, 0};
    switch (fault) {
    case 1:
        local->id = 0;
        break;
    case 2:
        table->next_index_id = global->id;
        break;
    case 3:
        local->id = global->id;
        break;
    case 4:
        local->name = global->name;
        break;
    case 5:
        local->kind = INDEX_GLOBAL; /* Then a local one... */
        global->kind = INDEX_LOCAL; /* ...stands behind it. */
        break;
    case 6:
        local->keys.partition[0].name = SLICE_LITERAL("other");
        break;
    case 7:
        local->status = INDEX_CREATING;
        break;
    case 8:
        local->keys.sort_count = 0;
        break;
    case 9:
        global->keys.partition_count = KEY_PARTS_MAX + 1;
        break;
    case 10:
        global->keys.sort[0].name = global->keys.partition[1].name;
        break;
    case 11:
        global->projection = PROJECTION_ALL; /* With names to include. */
        break;
    case 12:
        full_non_key[1] = none;
        break;
    case 13:
        global->status = INDEX_ACTIVE; /* And backfilling. */
        break;
    case 14:
        global->throughput.write_units = -1;
        break;
    default:
        global->name = none;
    }
}

/* One field of a good description made impossible. */
static void spoil(struct table *table, int fault)
{
    static const uint8_t long_name[KEY_NAME_BYTES_MAX + 1] = {'x'};
    switch (fault) {
    case 0:
        table->name.size = 0;
        break;
    case 1:
        table->name = slice_of(long_name, TABLE_NAME_BYTES_MAX + 1);
        break;
    case 2:
        table->table_id[35] = 0;
        break;
    case 3:
        table->partition.type = VALUE_BOOL;
        break;
    case 4:
        table->partition.name.size = 0;
        break;
    case 5:
        table->sort.name = slice_of(long_name, sizeof(long_name));
        break;
    case 6:
        table->attributes[1].type = VALUE_MISSING;
        break;
    case 7:
        table->attributes_count = TABLE_ATTRIBUTES_MAX + 1;
        break;
    case 8:
        table->replicas[1].region[0] = 0;
        break;
    case 9:
        table->replicas[0].status = REPLICA_STATUSES;
        break;
    case 10:
        table->replicas_count = REGIONS_MAX + 1;
        break;
    case 11:
        table->status = TABLE_STATUSES;
        break;
    case 12:
        table->table_class = TABLE_CLASSES;
        break;
    case 13:
        table->throughput.read_units_warm = -1;
        break;
    default:
        if (fault > FAULT_PLAIN) {
            spoil_index(table, fault - FAULT_PLAIN);
            break;
        }
        memset(table->replicas[0].reason, 'x', sizeof(table->replicas[0].reason));
    }
}

Test(catalog, an_impossible_description_is_refused)
{
    create("orders");
    const struct table *orders = acquire("orders");
    for (int fault = 0; fault <= FAULT_PLAIN + FAULTS_INDEX; fault++) {
        struct table table = full_table("bad");
        spoil(&table, fault);
        cr_assert_not(catalog_create(catalog, &table, &err), "fault %d", fault);
        cr_assert_eq(err.code, ERROR_CORRUPT);
        table = full_table("orders");
        table.id = orders->id;
        spoil(&table, fault);
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
        check_equal(after, &changed);
        table_release(after);
        if (round == 0) {
            table_release(before);
            changed.name = SLICE_LITERAL("orders"); /* It borrowed from `before`. */
            changed.kms_key = table.kms_key;
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
