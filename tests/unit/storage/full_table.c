#include "tests/unit/storage/full_table.h"

#include "tests/unit/storage/sample.h"

#include <criterion/criterion.h>

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
struct table full_table(const char *name)
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
    table.stream = (struct table_stream){7, STREAM_OLD_IMAGE, 1700000000901};
    table.ttl = (struct table_ttl){TTL_ENABLING, SLICE_LITERAL("until"), 1700000000902};
    table.replicas_count = 2;
    strcpy(table.replicas[0].region, "eu-west-1");
    table.replicas[0].status = REPLICA_CREATING;
    table.replicas[0].stamp = 300;
    strcpy(table.replicas[1].region, "ap-south-1");
    table.replicas[1].status = REPLICA_CREATION_FAILED;
    strcpy(table.replicas[1].reason, "no room");
    table.schema_stamp = 0x0102030405060708;
    table.schema_region = 3;
    table.base_stamp = 0x0102030405060606;
    table.base_region = 2;
    table.content_stamp = 0x0102030405060707;
    table.content_region = 300;
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

void check_equal_table(const struct table *a, const struct table *b)
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
    cr_assert_eq(a->stream.id, b->stream.id);
    cr_assert_eq(a->stream.view, b->stream.view);
    cr_assert_eq(a->stream.label_ms, b->stream.label_ms);
    cr_assert_eq(a->ttl.status, b->ttl.status);
    cr_assert(slice_equal(a->ttl.attribute, b->ttl.attribute));
    cr_assert_eq(a->ttl.changed_ms, b->ttl.changed_ms);
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
    cr_assert_eq(a->base_stamp, b->base_stamp);
    cr_assert_eq(a->base_region, b->base_region);
    cr_assert_eq(a->content_stamp, b->content_stamp);
    cr_assert_eq(a->content_region, b->content_region);
}

enum { FAULT_PLAIN = 18, FAULTS_INDEX = TABLE_FAULTS - FAULT_PLAIN - 1 };

/* full_table has made the indexes afresh. */
static void spoil_index(struct table *table, int fault)
{
    struct table_index *local = (struct table_index *)table->indexes; /* The sample's own. */
    struct table_index *global = local + 1;
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
        ((struct slice *)table->indexes[1].non_key)[1] = none;
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
void spoil_table(struct table *table, int fault)
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
    case 14:
        table->stream.view = STREAM_VIEWS;
        break;
    case 15:
        table->ttl.status = TTL_STATUSES;
        break;
    case 16:
        table->ttl.attribute.size = 0;
        break;
    case 17:
        table->ttl.attribute = slice_of(long_name, TTL_NAME_BYTES_MAX + 1);
        break;
    default:
        if (fault > FAULT_PLAIN) {
            spoil_index(table, fault - FAULT_PLAIN);
            break;
        }
        memset(table->replicas[0].reason, 'x', sizeof(table->replicas[0].reason));
    }
}
