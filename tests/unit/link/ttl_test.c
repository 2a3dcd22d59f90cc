/* Goal: time to live is one setting in all regions of a table, and a refresh beats an expiry that
 * does not know of it. Method: as replication_test.c; a region's clock is set ahead, so that items
 * expire there and nowhere else. */
#include "proto/value/decimal.h"
#include "proto/value/value.h"
#include "storage/ttl/ttl.h"
#include "tests/support/region.h"

#include <criterion/criterion.h>

static struct cluster cluster;

static void ttl_teardown(void)
{
    cluster_close(&cluster);
}

TestSuite(ttl_regions, .fini = ttl_teardown, .timeout = 60);

enum { HOUR_S = 3600 };

static void ttl_turn_region(uint32_t region, bool enabled)
{
    struct store *store = cluster.regions[region].store;
    struct error err = {0};
    catalog_change_begin(store->catalog);
    const struct table *newest = cluster_table(&cluster, region, "rows");
    struct table changed = *newest;
    ttl_turn(&changed.ttl, enabled, SLICE_LITERAL("t"), store->clock.wall_ms(store->clock.context));
    table_restamp(&changed, store->clock.stamp(store->clock.context, changed.schema_stamp),
                  store->region_id, true);
    bool ok = catalog_update(store->catalog, &changed, &err);
    catalog_change_end(store->catalog);
    table_release(newest);
    cr_assert(ok, "%s", err.text);
    replication_table_changed(cluster.regions[region].replication);
}

static bool ttl_is(uint32_t region, enum ttl_status status)
{
    const struct table *table = cluster_table(&cluster, region, "rows");
    bool is = table->ttl.status == status;
    table_release(table);
    return is;
}

/* {pk, v, t}, durable; t seconds from now. */
static void ttl_put(uint32_t region, const char *pk, const char *v, uint64_t seconds)
{
    struct store *store = cluster.regions[region].store;
    struct arena arena = {0};
    struct error err = {0};
    struct decimal decimal;
    uint8_t number[DECIMAL_KEY_BYTES_MAX];
    uint64_t second = ttl_now(store) + seconds;
    cr_assert(decimal_parse(slice_text(arena_printf(&arena, "%llu", (unsigned long long)second)),
                            &decimal, &err));
    struct member members[] = {
        {SLICE_LITERAL("pk"), {VALUE_S, slice_text(pk)}},
        {SLICE_LITERAL("t"), {VALUE_N, {number, decimal_to_key(&decimal, number)}}},
        {SLICE_LITERAL("v"), {VALUE_S, slice_text(v)}},
    };
    const struct table *table = cluster_table(&cluster, region, "rows");
    struct write write = {.table = table, .kind = WRITE_PUT};
    write.item = value_make_map(&arena, members, ARRAY_COUNT(members)).payload;
    cr_assert(store_write(store, &write, READ_FULL, &arena, &err) &&
                  engine_wait_durable(store->engine, write.wait_seq, &err),
              "%s", err.text);
    table_release(table);
    arena_destroy(&arena);
}

static void ttl_open(uint32_t count)
{
    cluster_open(&cluster, count);
    cluster_create_table(&cluster, 0, "rows");
    for (uint32_t i = 1; i < count; i++) {
        cluster_add_replica(&cluster, 0, i, "rows");
    }
    ttl_turn_region(0, true);
    for (uint32_t i = 0; i < count; i++) {
        cluster_wait(ttl_is(i, TTL_ENABLED));
    }
}

Test(ttl_regions, the_setting_reaches_members_new_and_old)
{
    cluster_open(&cluster, 3);
    cluster_create_table(&cluster, 0, "rows");
    cluster_add_replica(&cluster, 0, 1, "rows");
    ttl_put(0, "early", "expires", 5 * HOUR_S);
    ttl_turn_region(1, true);
    cluster_wait(ttl_is(0, TTL_ENABLED) && ttl_is(1, TTL_ENABLED));
    cluster_add_replica(&cluster, 0, 2, "rows");
    cluster_wait(ttl_is(2, TTL_ENABLED));
    cluster_wait(cluster_shows(&cluster, 2, "rows", "early", "expires"));
    cluster.regions[2].skew_ms += 6 * HOUR_S * 1000; /* Items that came by the backfill expire. */
    for (uint32_t i = 0; i < 3; i++) {
        cluster_wait(cluster_shows(&cluster, i, "rows", "early", NULL));
    }
    ttl_turn_region(1, false);
    for (uint32_t i = 0; i < 3; i++) {
        cluster_wait(ttl_is(i, TTL_DISABLED));
    }
}

Test(ttl_regions, a_refresh_beats_an_expiry_behind_a_cut_and_nobody_complains)
{
    ttl_open(2);
    ttl_put(0, "refreshed", "old", HOUR_S);
    ttl_put(1, "forgotten", "old", HOUR_S);
    ttl_put(0, "later", "old", HOUR_S);
    cluster_wait(cluster_shows(&cluster, 1, "rows", "refreshed", "old") &&
                 cluster_shows(&cluster, 1, "rows", "later", "old") &&
                 cluster_shows(&cluster, 0, "rows", "forgotten", "old"));
    cluster_cut(&cluster, 0, 1, true);
    cluster.regions[0].skew_ms += 2 * HOUR_S * 1000;
    ttl_put(1, "refreshed", "new", 24 * HOUR_S);
    cluster_wait(cluster_shows(&cluster, 0, "rows", "refreshed", NULL) &&
                 cluster_shows(&cluster, 0, "rows", "forgotten", NULL) &&
                 cluster_shows(&cluster, 0, "rows", "later", NULL));
    ttl_put(1, "later", "new", 24 * HOUR_S); /* By a clock two hours behind that of the expiry. */
    cluster.regions[1].skew_ms += 2 * HOUR_S * 1000; /* Both delete what is left. */
    cluster_wait(cluster_shows(&cluster, 1, "rows", "forgotten", NULL));
    cluster_cut(&cluster, 0, 1, false);
    cluster_wait(cluster_shows(&cluster, 0, "rows", "refreshed", "new") &&
                 cluster_shows(&cluster, 0, "rows", "later", "new"));
    cluster_wait(cluster_digest(&cluster, 0, "rows") == cluster_digest(&cluster, 1, "rows"));
    for (uint32_t i = 0; i < 2; i++) {
        cr_assert(cluster_shows(&cluster, i, "rows", "refreshed", "new"));
        cr_assert(cluster_shows(&cluster, i, "rows", "later", "new"));
        cr_assert(cluster_shows(&cluster, i, "rows", "forgotten", NULL));
        cr_assert_eq(cluster_conflicts(&cluster, i), 0);
    }
}
