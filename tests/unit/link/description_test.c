/* Goal: what all members of a table agree on reaches every one of them, indexes included. Method:
 * as replication_test.c; the description is changed as UpdateTable changes it. */
#include "tests/support/region.h"

#include <criterion/criterion.h>

static struct cluster cluster;

static void description_teardown(void)
{
    cluster_close(&cluster);
}

TestSuite(description, .fini = description_teardown, .timeout = 60);

static const struct key_attribute by_g = {{(const uint8_t *)"g", 1}, VALUE_N};

static struct table_index description_index(uint16_t id, const char *name)
{
    return (struct table_index){
        .id = id,
        .kind = INDEX_GLOBAL,
        .status = INDEX_CREATING,
        .name = slice_text(name),
        .keys = {.partition = {by_g}, .partition_count = 1},
        .projection = PROJECTION_KEYS_ONLY,
        .throughput = {.read_units = 3, .write_units = 4},
    };
}

/* Store `changed`, made from the description of the region, and tell the others. */
static void description_store(uint32_t region, struct table *changed)
{
    struct store *store = cluster.regions[region].store;
    struct error err = {0};
    changed->schema_stamp = store->clock.stamp(store->clock.context, changed->schema_stamp);
    changed->schema_region = store->region_id;
    catalog_change_begin(store->catalog); /* The store's builder changes descriptions, too. */
    cr_assert(catalog_update(store->catalog, changed, &err), "%s", err.text);
    catalog_change_end(store->catalog);
    replication_table_changed(cluster.regions[region].replication);
}

static enum index_status description_status(uint32_t region, const char *name, bool *found)
{
    const struct table *table = cluster_table(&cluster, region, "rows");
    const struct table_index *index = table_find_index(table, slice_text(name));
    enum index_status status = index == NULL ? INDEX_DELETING : index->status;
    *found = index != NULL;
    table_release(table);
    return status;
}

static bool description_has(uint32_t region, const char *name)
{
    bool found;
    return description_status(region, name, &found) != INDEX_DELETING && found;
}

static bool description_class(uint32_t region, enum table_class class)
{
    const struct table *table = cluster_table(&cluster, region, "rows");
    bool is = table->table_class == class;
    table_release(table);
    return is;
}

Test(description, settings_and_indexes_reach_a_new_member_and_follow_every_change)
{
    cluster_open(&cluster, 2);
    cluster_create_table(&cluster, 0, "rows");
    const struct table *table = cluster_table(&cluster, 0, "rows");
    struct table changed = *table;
    struct table_index indexes[2] = {description_index(1, "first")};
    indexes[0].status = INDEX_ACTIVE;
    changed.attributes[changed.attributes_count++] = by_g;
    changed.indexes = indexes;
    changed.indexes_count = 1;
    changed.next_index_id = 2;
    changed.billing = BILLING_PROVISIONED;
    changed.throughput = (struct throughput){.read_units = 5,
                                             .write_units = 6,
                                             .read_units_warm = 7,
                                             .write_units_warm = 8,
                                             .decreased_ms = 9,
                                             .decreases = 2};
    changed.encrypted = true;
    changed.deletion_protection = true;
    description_store(0, &changed);
    table_release(table);

    cluster_add_replica(&cluster, 0, 1, "rows");
    table = cluster_table(&cluster, 1, "rows");
    cr_assert_eq(table->billing, BILLING_PROVISIONED);
    cr_assert_eq(table->throughput.read_units, 5);
    cr_assert_eq(table->throughput.write_units, 6);
    cr_assert_eq(table->throughput.write_units_warm, 8);
    cr_assert_eq(table->throughput.decreases, 2);
    cr_assert(table->encrypted);
    cr_assert_eq(table->kms_key.size, 0);
    cr_assert_not(table->deletion_protection, "that is each region's own");
    cr_assert_eq(table->attributes_count, 2);
    cr_assert_eq(table->indexes_count, 1);
    cr_assert(slice_is(table->indexes[0].name, "first"));
    cr_assert_eq(table->indexes[0].status, INDEX_ACTIVE);
    cr_assert_eq(table->indexes[0].keys.partition[0].type, VALUE_N);
    cr_assert_eq(table->indexes[0].throughput.write_units, 4);

    changed = *table; /* In region 1: one index goes, another comes. */
    indexes[0] = table->indexes[0];
    indexes[0].status = INDEX_DELETING;
    indexes[1] = description_index(changed.next_index_id++, "second");
    changed.indexes = indexes;
    changed.indexes_count = 2;
    changed.table_class = CLASS_STANDARD_INFREQUENT_ACCESS;
    description_store(1, &changed);
    table_release(table);
    cluster_wait(description_class(0, CLASS_STANDARD_INFREQUENT_ACCESS));
    cr_assert(description_has(0, "second"));
    cr_assert_not(description_has(0, "first"));
}

/* Goal: an index that came back under its old name with other keys is another index. */
Test(description, an_index_of_the_same_name_and_another_shape_is_made_anew)
{
    cluster_open(&cluster, 2);
    cluster_create_table(&cluster, 0, "rows");
    cluster_add_replica(&cluster, 0, 1, "rows");
    const struct table *table = cluster_table(&cluster, 0, "rows");
    struct table changed = *table;
    struct table_index index = description_index(1, "index");
    changed.attributes[changed.attributes_count++] = by_g;
    changed.indexes = &index;
    changed.indexes_count = 1;
    changed.next_index_id = 2;
    description_store(0, &changed);
    table_release(table);
    cluster_wait(description_has(1, "index"));
    cluster_cut(&cluster, 0, 1, true);
    for (uint16_t id = 2; id <= 3; id++) { /* Deleted and made again while the other is away. */
        table = cluster_table(&cluster, 0, "rows");
        changed = *table;
        index = description_index(id, "index");
        index.projection = PROJECTION_ALL;
        changed.indexes = &index;
        changed.indexes_count = 1;
        changed.next_index_id = (uint16_t)(id + 1);
        description_store(0, &changed);
        table_release(table);
    }
    cluster_cut(&cluster, 0, 1, false);
    struct table_index found = {0};
    do {
        table = cluster_table(&cluster, 1, "rows");
        found = table->indexes[0];
        cr_assert_eq(table->indexes_count, 1);
        table_release(table);
        cluster_pause();
    } while (found.projection != PROJECTION_ALL);
    cr_assert_eq(found.id, 2, "an id is never used again");
}
