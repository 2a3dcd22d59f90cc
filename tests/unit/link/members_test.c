/* Goal: membership of tables and their rows come out right whatever is cut while they change.
 * Method: as replication_test.c; each test cuts or delays links in the middle of something. */
#include "replication/replicas.h"
#include "tests/support/region.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct cluster cluster;

static void members_teardown(void)
{
    cluster_close(&cluster);
}

TestSuite(members, .fini = members_teardown, .timeout = 120);

static void members_put_many(uint32_t region, const char *prefix, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        char pk[64];
        char v[256];
        snprintf(pk, sizeof(pk), "%s-%u", prefix, i);
        for (uint32_t c = 0; c < sizeof(v); c++) { /* Does not shrink much. */
            v[c] = (char)('!' + (rand() % 90));
        }
        v[sizeof(v) - 1] = 0;
        cluster_put(&cluster, region, "rows", pk, v);
    }
}

static bool members_equal(uint32_t a, uint32_t b)
{
    return cluster_digest(&cluster, a, "rows") == cluster_digest(&cluster, b, "rows");
}

static uint32_t members_count(uint32_t at, const char *name)
{
    const struct table *table = cluster_table(&cluster, at, name);
    uint32_t count = table == NULL ? 0 : table->replicas_count;
    table_release(table);
    return count;
}

static bool members_all_active(const char *name, uint32_t count)
{
    bool active = true;
    for (uint32_t at = 0; at < count; at++) {
        for (uint32_t of = 0; of < count; of++) {
            active = active && (at == of || cluster_lists(&cluster, at, of, name, REPLICA_ACTIVE));
        }
    }
    return active;
}

Test(members, a_backfill_that_is_cut_off_begins_again_and_misses_nothing)
{
    cluster_open(&cluster, 2);
    cluster_create_table(&cluster, 0, "rows");
    members_put_many(0, "before", 4000);
    cluster_link(&cluster, 0, 1, (struct link_settings){.delay_ms = 100});
    cluster_link(&cluster, 1, 0, (struct link_settings){.delay_ms = 100});
    cluster_ask_replica(&cluster, 0, 1, "rows");
    cluster_wait(cluster_rows(&cluster, 1, "rows") > 0);
    cluster_cut(&cluster, 0, 1, true);
    members_put_many(0, "cut", 20);
    cluster_put(&cluster, 0, "rows", "before-0", NULL);
    cr_assert(cluster_lists(&cluster, 0, 1, "rows", REPLICA_CREATING));
    cluster_stop(&cluster, 1);
    cluster_start(&cluster, 1);
    cluster_cut(&cluster, 0, 1, false);
    cluster_wait(cluster_lists(&cluster, 0, 1, "rows", REPLICA_ACTIVE));
    cluster_wait(members_equal(0, 1));
    cr_assert_eq(cluster_rows(&cluster, 1, "rows"), 4019);
}

Test(members, a_third_region_gets_what_a_member_wrote_that_was_away)
{
    cluster_open(&cluster, 3);
    cluster_create_table(&cluster, 0, "rows");
    cluster_add_replica(&cluster, 0, 1, "rows");
    cluster_cut(&cluster, 0, 1, true);
    cluster_cut(&cluster, 1, 2, true);
    members_put_many(1, "away", 30);
    cluster_ask_replica(&cluster, 0, 2, "rows");
    members_put_many(0, "here", 30);
    members_put_many(1, "still-away", 30);
    cluster_wait(cluster_lists(&cluster, 2, 0, "rows", REPLICA_ACTIVE));
    cr_assert(cluster_lists(&cluster, 0, 2, "rows", REPLICA_CREATING), "it waits for region 2");
    cluster_cut(&cluster, 0, 1, false);
    cluster_cut(&cluster, 1, 2, false);
    cluster_wait(cluster_lists(&cluster, 0, 2, "rows", REPLICA_ACTIVE));
    cluster_wait(members_equal(0, 2) && members_equal(1, 2));
    cr_assert_eq(cluster_rows(&cluster, 2, "rows"), 90);
}

Test(members, two_members_may_add_a_replica_each_without_knowing_of_the_other)
{
    cluster_open(&cluster, 4);
    cluster_create_table(&cluster, 0, "rows");
    cluster_add_replica(&cluster, 0, 1, "rows");
    members_put_many(0, "old", 50);
    cluster_wait(members_equal(0, 1));
    cluster_cut(&cluster, 0, 1, true);
    cluster_cut(&cluster, 1, 2, true); /* Or it might hear of the replica before it asks. */
    cluster_ask_replica(&cluster, 0, 2, "rows");
    cluster_ask_replica(&cluster, 1, 3, "rows");
    cluster_cut(&cluster, 1, 2, false);
    members_put_many(0, "zero", 20);
    members_put_many(1, "one", 20);
    cluster_cut(&cluster, 0, 1, false);
    cluster_wait(members_all_active("rows", 4));
    members_put_many(3, "three", 5);
    members_put_many(2, "two", 5);
    for (uint32_t at = 0; at < 4; at++) {
        cluster_wait(cluster_rows(&cluster, at, "rows") == 100);
        cluster_wait(members_equal(0, at));
    }
}

Test(members, two_members_may_add_the_same_replica_at_once)
{
    cluster_open(&cluster, 3);
    cluster_create_table(&cluster, 0, "rows");
    cluster_add_replica(&cluster, 0, 1, "rows");
    members_put_many(0, "old", 50);
    cluster_wait(members_equal(0, 1));
    cluster_cut(&cluster, 0, 1, true);
    cluster_cut(&cluster, 1, 2, true); /* Or it might hear of the replica before it asks. */
    cluster_ask_replica(&cluster, 0, 2, "rows");
    cluster_ask_replica(&cluster, 1, 2, "rows");
    cluster_cut(&cluster, 1, 2, false);
    members_put_many(0, "zero", 20);
    members_put_many(1, "one", 20);
    cluster_cut(&cluster, 0, 1, false);
    for (uint32_t at = 0; at < 2; at++) {
        cluster_wait(cluster_lists(&cluster, at, 2, "rows", REPLICA_ACTIVE));
        cluster_wait(members_equal(at, 2));
    }
    cr_assert_eq(cluster_rows(&cluster, 2, "rows"), 90);
}

Test(members, a_link_that_is_cut_one_way_lets_nothing_through_that_way)
{
    cluster_open(&cluster, 2);
    cluster_create_table(&cluster, 0, "rows");
    cluster_add_replica(&cluster, 0, 1, "rows");
    cluster_link(&cluster, 0, 1, (struct link_settings){.cut = true});
    cluster_put(&cluster, 0, "rows", "same", "from-1");
    cluster_put(&cluster, 1, "rows", "same", "from-2");
    cluster_put(&cluster, 0, "rows", "only-1", "x");
    struct replication_status status;
    do { /* Until both have given each other up: a one-way link carries no connection. */
        replication_status(cluster.regions[0].replication, &status);
        cluster_pause();
    } while (status.peers[0].connected_out || status.peers[0].connected_in);
    cr_assert_geq(status.peers[0].pending_records, 2);
    cr_assert(cluster_shows(&cluster, 1, "rows", "only-1", NULL));
    cluster_link(&cluster, 0, 1, (struct link_settings){0});
    cluster_wait(cluster_shows(&cluster, 1, "rows", "only-1", "x"));
    cluster_wait(members_equal(0, 1));
    cluster_wait(cluster_conflicts(&cluster, 0) == 1 && cluster_conflicts(&cluster, 1) == 1);
}

Test(members, a_table_deleted_and_made_again_while_cut_is_another_table)
{
    cluster_open(&cluster, 2);
    cluster_create_table(&cluster, 0, "rows");
    members_put_many(0, "row", 10);
    cluster_add_replica(&cluster, 0, 1, "rows");
    cluster_cut(&cluster, 0, 1, true);
    cluster_delete_table(&cluster, 0, "rows");
    cluster_create_table(&cluster, 0, "rows");
    cluster_put(&cluster, 0, "rows", "new", "new");
    cluster_put(&cluster, 1, "rows", "old", "old");
    cluster_cut(&cluster, 0, 1, false);
    cluster_wait(members_count(1, "rows") == 0);
    cr_assert_eq(cluster_rows(&cluster, 0, "rows"), 1);
    cr_assert_eq(cluster_rows(&cluster, 1, "rows"), 11);
    cr_assert_eq(members_count(0, "rows"), 0);
    cluster_ask_replica(&cluster, 0, 1, "rows");
    cluster_wait(cluster_lists(&cluster, 0, 1, "rows", REPLICA_CREATION_FAILED));
}

Test(members, many_tables_deleted_while_a_member_is_away_are_all_told)
{
    enum { TABLES = 40 };
    char name[16];
    cluster_open(&cluster, 2);
    for (uint32_t i = 0; i < TABLES; i++) {
        snprintf(name, sizeof(name), "table-%u", i);
        cluster_create_table(&cluster, 0, name);
        cluster_add_replica(&cluster, 0, 1, name);
    }
    cluster_cut(&cluster, 0, 1, true);
    for (uint32_t i = 0; i < TABLES; i++) {
        snprintf(name, sizeof(name), "table-%u", i);
        cluster_delete_table(&cluster, 0, name);
    }
    cluster_stop(&cluster, 0);
    cluster_start(&cluster, 0);
    cluster_cut(&cluster, 0, 1, false);
    for (uint32_t i = 0; i < TABLES; i++) {
        snprintf(name, sizeof(name), "table-%u", i);
        cluster_wait(members_count(1, name) == 0);
    }
}

Test(members, a_lost_region_with_two_members_that_would_fill_it_settles)
{
    enum { TABLES = 30 };
    char name[16];
    cluster_open(&cluster, 3);
    for (uint32_t i = 0; i < TABLES; i++) {
        snprintf(name, sizeof(name), "table-%u", i);
        cluster_create_table(&cluster, 0, name);
        cluster_put(&cluster, 0, name, "row", "kept");
        cluster_add_replica(&cluster, 0, 1, name);
        cluster_add_replica(&cluster, 0, 2, name);
    }
    cluster_wipe(&cluster, 1);
    cluster_start(&cluster, 1);
    for (uint32_t i = 0; i < TABLES; i++) {
        snprintf(name, sizeof(name), "table-%u", i);
        cluster_wait(cluster_shows(&cluster, 1, name, "row", "kept"));
        cluster_wait(members_all_active(name, 3));
    }
}

Test(members, items_of_400_kb_are_filled_and_shipped)
{
    enum { BYTES = 400 * 1024 - 8 };
    char *v = malloc(BYTES + 1);
    for (uint32_t i = 0; i < BYTES; i++) {
        v[i] = (char)('!' + (rand() % 90));
    }
    v[BYTES] = 0;
    cluster_open(&cluster, 2);
    cluster_create_table(&cluster, 0, "rows");
    cluster_put(&cluster, 0, "rows", "a", v);
    cluster_put(&cluster, 0, "rows", "b", v);
    cluster_add_replica(&cluster, 0, 1, "rows");
    for (uint32_t i = 0; i < 8; i++) {
        char pk[8];
        snprintf(pk, sizeof(pk), "c-%u", i);
        cluster_put(&cluster, i % 2, "rows", pk, v);
    }
    cluster_wait(members_equal(0, 1));
    cr_assert(cluster_shows(&cluster, 1, "rows", "b", v));
    cr_assert(cluster_shows(&cluster, 0, "rows", "c-7", v));
    free(v);
}

Test(members, strangers_that_hold_all_connections_keep_no_member_out)
{
    enum { STRANGERS = 300 };
    int sockets[STRANGERS];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    cluster_open(&cluster, 2);
    cluster_create_table(&cluster, 0, "rows");
    cluster_add_replica(&cluster, 0, 1, "rows");
    cluster_stop(&cluster, 1);
    address.sin_port = htons((uint16_t)atoi(strrchr(cluster.infos[0].address, ':') + 1));
    for (uint32_t i = 0; i < STRANGERS; i++) {
        sockets[i] = socket(AF_INET, SOCK_STREAM, 0);
        cr_assert_eq(connect(sockets[i], (struct sockaddr *)&address, sizeof(address)), 0);
        cr_assert_eq(write(sockets[i], "\0\0\0\4", 4), 4);
    }
    cluster_start(&cluster, 1);
    cluster_put(&cluster, 1, "rows", "let", "me in");
    cluster_wait(cluster_shows(&cluster, 0, "rows", "let", "me in"));
    for (uint32_t i = 0; i < STRANGERS; i++) {
        close(sockets[i]);
    }
}

Test(members, an_answer_that_names_strange_regions_is_harmless)
{
    struct error err = {0};
    struct replicas *replicas;
    cluster_open(&cluster, 4);
    cluster_create_table(&cluster, 0, "rows");
    cluster_stop(&cluster, 1);
    cr_assert(replicas_open(cluster.regions[0].store, cluster.infos, 4, 1, &replicas, &err));
    const struct table *table = cluster_table(&cluster, 0, "rows");
    cr_assert(replicas_create(replicas, table->id, SLICE_LITERAL("region-2"), &err));
    for (uint16_t region = 2; region <= 4; region++) {
        struct message_table_reply reply = {0};
        for (uint16_t i = 0; i < REGIONS_MAX; i++) {
            context_raise(&reply.applied, (struct dot){(uint16_t)(region * 1000 + i), 1, 1});
        }
        cr_assert(replicas_replied(replicas, table->uid, UINT64_MAX, region, &reply, &err));
    }
    uint32_t table_id = 0;
    cr_assert(replicas_backfill_ready(replicas, 2, &table_id));
    cr_assert_eq(table_id, table->id);
    table_release(table);
    replicas_close(replicas);
}
