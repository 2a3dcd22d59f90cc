/* Goal: replicas of tables come to be, converge, survive cuts, restarts and lost disks.
 * Method: whole regions on real stores and sockets in one process; the emulated link makes the
 * cuts. */
#include "tests/support/region.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct cluster cluster;

static void replication_teardown(void)
{
    cluster_close(&cluster);
}

TestSuite(replication, .fini = replication_teardown, .timeout = 60);

static void replication_put_many(uint32_t region, const char *prefix, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        char pk[64];
        snprintf(pk, sizeof(pk), "%s-%u", prefix, i);
        cluster_put(&cluster, region, "rows", pk, "value");
    }
}

Test(replication, a_replica_is_filled_and_then_follows)
{
    cluster_open(&cluster, 2);
    cluster_create_table(&cluster, 0, "rows");
    replication_put_many(0, "before", 100);
    cluster_add_replica(&cluster, 0, 1, "rows");
    cr_assert_eq(cluster_rows(&cluster, 1, "rows"), 100);
    cluster_put(&cluster, 0, "rows", "later", "from-1");
    cluster_put(&cluster, 1, "rows", "there", "from-2");
    cluster_wait(cluster_shows(&cluster, 1, "rows", "later", "from-1"));
    cluster_wait(cluster_shows(&cluster, 0, "rows", "there", "from-2"));
    cluster_put(&cluster, 1, "rows", "before-7", NULL);
    cluster_wait(cluster_shows(&cluster, 0, "rows", "before-7", NULL));
    cluster_wait(cluster_digest(&cluster, 0, "rows") == cluster_digest(&cluster, 1, "rows"));
    cr_assert_eq(cluster_conflicts(&cluster, 0) + cluster_conflicts(&cluster, 1), 0);
}

Test(replication, three_regions_agree_after_a_cut_and_list_each_conflict)
{
    cluster_open(&cluster, 3);
    cluster_create_table(&cluster, 0, "rows");
    replication_put_many(0, "old", 20);
    cluster_add_replica(&cluster, 0, 1, "rows");
    cluster_add_replica(&cluster, 0, 2, "rows");
    cluster_wait(cluster_digest(&cluster, 0, "rows") == cluster_digest(&cluster, 2, "rows"));
    cluster_cut(&cluster, 0, 1, true);
    cluster_cut(&cluster, 1, 2, true);
    cluster_put(&cluster, 0, "rows", "same", "from-1");
    cluster_put(&cluster, 1, "rows", "same", "from-2");
    cluster_put(&cluster, 0, "rows", "only-1", "x");
    cluster_put(&cluster, 1, "rows", "only-2", "y");
    cluster_wait(cluster_shows(&cluster, 2, "rows", "only-1", "x"));
    cr_assert(cluster_shows(&cluster, 0, "rows", "only-2", NULL));
    cluster_cut(&cluster, 0, 1, false);
    cluster_cut(&cluster, 1, 2, false);
    for (uint32_t i = 0; i < 3; i++) {
        cluster_wait(cluster_shows(&cluster, i, "rows", "only-1", "x"));
        cluster_wait(cluster_shows(&cluster, i, "rows", "only-2", "y"));
        cluster_wait(cluster_shows(&cluster, i, "rows", "same", "from-2"));
        cluster_wait(cluster_conflicts(&cluster, i) == 1);
    }
    cr_assert_eq(cluster_digest(&cluster, 0, "rows"), cluster_digest(&cluster, 1, "rows"));
    cr_assert_eq(cluster_digest(&cluster, 0, "rows"), cluster_digest(&cluster, 2, "rows"));
}

Test(replication, a_region_that_was_stopped_catches_up)
{
    cluster_open(&cluster, 2);
    cluster_create_table(&cluster, 0, "rows");
    cluster_add_replica(&cluster, 0, 1, "rows");
    cluster_stop(&cluster, 1);
    replication_put_many(0, "missed", 200);
    cluster_start(&cluster, 1);
    cluster_wait(cluster_digest(&cluster, 0, "rows") == cluster_digest(&cluster, 1, "rows"));
    cr_assert_eq(cluster_rows(&cluster, 1, "rows"), 200);
}

Test(replication, a_region_that_lost_its_disk_is_filled_again)
{
    cluster_open(&cluster, 2);
    cluster_create_table(&cluster, 0, "rows");
    cluster_add_replica(&cluster, 0, 1, "rows");
    replication_put_many(0, "kept", 50);
    replication_put_many(1, "kept-too", 50);
    cluster_wait(cluster_rows(&cluster, 0, "rows") == 100);
    cluster_wipe(&cluster, 1);
    cluster_start(&cluster, 1);
    cluster_wait(cluster_rows(&cluster, 1, "rows") == 100);
    cluster_put(&cluster, 1, "rows", "again", "from-2");
    cluster_wait(cluster_shows(&cluster, 0, "rows", "again", "from-2"));
    cluster_wait(cluster_digest(&cluster, 0, "rows") == cluster_digest(&cluster, 1, "rows"));
}

static const struct replica *replication_entry(const struct table *table, const char *region)
{
    for (uint32_t i = 0; table != NULL && i < table->replicas_count; i++) {
        if (strcmp(table->replicas[i].region, region) == 0) {
            return &table->replicas[i];
        }
    }
    return NULL;
}

static bool replication_has_replica(uint32_t at, const char *region, enum replica_status status)
{
    const struct table *table = cluster_table(&cluster, at, "rows");
    const struct replica *entry = replication_entry(table, region);
    bool has = entry != NULL && entry->status == status;
    table_release(table);
    return has;
}

static uint32_t replication_members(uint32_t at)
{
    const struct table *table = cluster_table(&cluster, at, "rows");
    uint32_t members = table->replicas_count;
    table_release(table);
    return members;
}

static bool replication_is_gone(uint32_t at)
{
    const struct table *table = cluster_table(&cluster, at, "rows");
    table_release(table);
    return table == NULL;
}

Test(replication, another_table_of_that_name_fails_the_replica_and_stays)
{
    struct error err = {0};
    cluster_open(&cluster, 2);
    cluster_create_table(&cluster, 0, "rows");
    cluster_create_table(&cluster, 1, "rows");
    cluster_put(&cluster, 1, "rows", "mine", "stays");
    const struct table *table = cluster_table(&cluster, 0, "rows");
    cr_assert(replication_replica_create(cluster.regions[0].replication, table->id,
                                         SLICE_LITERAL("region-2"), &err));
    table_release(table);
    cluster_wait(replication_has_replica(0, "region-2", REPLICA_CREATION_FAILED));
    cr_assert(cluster_shows(&cluster, 1, "rows", "mine", "stays"));
}

Test(replication, a_deleted_replica_goes_and_can_come_back)
{
    struct error err = {0};
    cluster_open(&cluster, 2);
    cluster_create_table(&cluster, 0, "rows");
    replication_put_many(0, "row", 10);
    cluster_add_replica(&cluster, 0, 1, "rows");
    const struct table *table = cluster_table(&cluster, 0, "rows");
    cr_assert(replication_replica_delete(cluster.regions[0].replication, table->id,
                                         SLICE_LITERAL("region-2"), &err));
    table_release(table);
    cluster_wait(replication_is_gone(1));
    cluster_wait(replication_members(0) == 0);
    cluster_add_replica(&cluster, 0, 1, "rows");
    cr_assert_eq(cluster_rows(&cluster, 1, "rows"), 10);
}

Test(replication, a_member_that_deletes_its_table_leaves_the_others_alone)
{
    struct error err = {0};
    cluster_open(&cluster, 2);
    cluster_create_table(&cluster, 0, "rows");
    replication_put_many(0, "row", 10);
    cluster_add_replica(&cluster, 0, 1, "rows");
    const struct table *table = cluster_table(&cluster, 1, "rows");
    uint32_t id = table->id;
    table_release(table);
    cr_assert(replication_table_leaving(cluster.regions[1].replication, id, &err));
    cr_assert(store_drop_table(cluster.regions[1].store, id, &err));
    cluster_wait(replication_members(0) == 0);
    cr_assert(replication_is_gone(1));
    cr_assert_eq(cluster_rows(&cluster, 0, "rows"), 10);
}

Test(replication, a_cut_is_in_force_when_the_call_returns)
{
    cluster_open(&cluster, 2);
    cluster_create_table(&cluster, 0, "rows");
    cluster_add_replica(&cluster, 0, 1, "rows");
    for (uint32_t i = 0; i < 50; i++) {
        struct replication_status status;
        bool cut = i % 2 == 0;
        cluster_cut(&cluster, 0, 1, cut);
        replication_status(cluster.regions[0].replication, &status);
        cr_assert_eq(status.peers[0].link.cut, cut, "round %u", i);
    }
}
