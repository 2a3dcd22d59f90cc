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
    uint64_t stamp = store->clock.stamp(store->clock.context, changed->schema_stamp);
    table_restamp(changed, stamp, store->region_id, true);
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

/* --- Changes that lose ------------------------------------------------------------------------ */

static void description_set_class(uint32_t region, enum table_class class)
{
    const struct table *table = cluster_table(&cluster, region, "rows");
    struct table changed = *table;
    changed.table_class = class;
    description_store(region, &changed);
    table_release(table);
}

static void description_set_units(uint32_t region, int64_t units)
{
    const struct table *table = cluster_table(&cluster, region, "rows");
    struct table changed = *table;
    changed.throughput.read_units_max = units;
    description_store(region, &changed);
    table_release(table);
}

static bool description_units(uint32_t region, int64_t units)
{
    const struct table *table = cluster_table(&cluster, region, "rows");
    bool is = table->throughput.read_units_max == units;
    table_release(table);
    return is;
}

static bool description_same(void)
{
    const struct table *ours = cluster_table(&cluster, 0, "rows");
    const struct table *theirs = cluster_table(&cluster, 1, "rows");
    bool same =
        ours->schema_stamp == theirs->schema_stamp && ours->schema_region == theirs->schema_region;
    table_release(ours);
    table_release(theirs);
    return same;
}

static uint64_t description_lost(uint32_t region)
{
    struct replication_status status;
    replication_status(cluster.regions[region].replication, &status);
    return status.descriptions_lost;
}

/* Goal: of two changes that do not know of each other one is undone, and its region says so. */
Test(description, a_change_that_another_region_undoes_is_counted_where_it_was_made)
{
    cluster_open(&cluster, 2);
    cluster_create_table(&cluster, 0, "rows");
    cluster_add_replica(&cluster, 0, 1, "rows");
    cluster_cut(&cluster, 0, 1, true);
    description_set_class(0, CLASS_STANDARD_INFREQUENT_ACCESS);
    cluster.regions[1].skew_ms += 1000; /* Its stamp is the newer one, for sure. */
    description_set_units(1, 77);
    cluster_cut(&cluster, 0, 1, false);
    cluster_wait(description_units(0, 77) && description_class(0, CLASS_STANDARD));
    cluster_wait(description_lost(0) == 1);
    cr_assert_eq(description_lost(1), 0);
    const struct table *table = cluster_table(&cluster, 0, "rows");
    char expected[128];
    snprintf(expected, sizeof(expected), "one of region %s (stamp %llu)", cluster.infos[1].name,
             (unsigned long long)table->schema_stamp);
    cr_assert_not_null(strstr(cluster.regions[0].lost, expected), "%s", cluster.regions[0].lost);
    snprintf(expected, sizeof(expected), "2 table rows: the change of region %s (stamp ",
             cluster.infos[0].name);
    cr_assert_not_null(strstr(cluster.regions[0].lost, expected), "%s", cluster.regions[0].lost);
    table_release(table);
    description_set_units(1, 78); /* It is not said again, whatever follows. */
    cluster_wait(description_units(0, 78));
    cr_assert_eq(description_lost(0), 1);
}

/* Goal: what the other region knew of, and what is merged, is no loss. */
Test(description, changes_that_know_of_each_other_are_no_loss)
{
    cluster_open(&cluster, 3);
    cluster_create_table(&cluster, 0, "rows");
    cluster_add_replica(&cluster, 0, 1, "rows");
    for (int64_t round = 1; round <= 5; round++) {
        description_set_units(0, 2 * round);
        cluster_wait(description_units(1, 2 * round));
        description_set_units(1, 2 * round + 1);
        cluster_wait(description_units(0, 2 * round + 1));
    }
    cluster_cut(&cluster, 0, 1, true); /* Both say the same. */
    description_set_class(0, CLASS_STANDARD_INFREQUENT_ACCESS);
    description_set_class(1, CLASS_STANDARD_INFREQUENT_ACCESS);
    cluster_cut(&cluster, 0, 1, false);
    cluster_wait(description_same());
    cluster_cut(&cluster, 0, 1, true); /* One adds a member, the other changes a setting. */
    cluster_ask_replica(&cluster, 0, 2, "rows");
    cluster.regions[1].skew_ms += 1000;
    description_set_units(1, 99);
    cluster_cut(&cluster, 0, 1, false);
    cluster_wait(description_units(0, 99) && description_units(1, 99));
    cluster_wait(cluster_lists(&cluster, 0, 2, "rows", REPLICA_ACTIVE));
    for (uint32_t region = 0; region < 3; region++) {
        cr_assert_eq(description_lost(region), 0, "region %u: %s", region,
                     cluster.regions[region].lost);
    }
}
