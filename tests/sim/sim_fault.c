/* What a seed does to its regions: clients, and everything that breaks. */
#include "tests/sim/sim_world.h"

static bool sim_chance(struct sim_world *world, uint32_t percent)
{
    return sim_random_below(&world->random, 100) < percent;
}

/* Clocks: mostly a few milliseconds apart, now and then far beyond what hybrid clocks bridge. */
static int64_t sim_clock_offset(struct sim_world *world)
{
    int64_t bound_ms = sim_chance(world, 60) ? 20 : sim_chance(world, 60) ? 2000 : 600000;
    return (int64_t)sim_random_below(&world->random, (uint64_t)(2 * bound_ms + 1)) - bound_ms;
}

void sim_plan_choose(struct sim_world *world)
{
    struct sim_plan *plan = &world->plan;
    struct sim_random *random = &world->random;
    plan->active_us = sim_random_between(random, 1500000, 5000000);
    plan->client_us = sim_random_between(random, 10000, 60000);
    plan->fault_us = sim_chance(world, 10) ? 0 : sim_random_between(random, 50000, 600000);
    plan->delay_us_max = sim_chance(world, 50) ? 3000 : sim_random_between(random, 3000, 250000);
    plan->copy_one_in = sim_chance(world, 50) ? 0 : 10;
    plan->lose_one_in = sim_chance(world, 70) ? 0 : 40;
    plan->deletes_percent = (uint32_t)sim_random_between(random, 5, 50);
    plan->due_percent = (uint32_t)sim_random_between(random, 0, 90);
    plan->expiries_percent = (uint32_t)sim_random_between(random, 0, 40);
    plan->heartbeat_ms =
        (uint32_t)(sim_chance(world, 50) ? 200 : sim_random_between(random, 10, 200));
    plan->sweep_us = sim_chance(world, 50) ? 500000 : sim_random_between(random, 10000, 500000);
    plan->credit_bytes = sim_chance(world, 70) ? PEER_CREDIT_BYTES_MAX
                                               : (uint32_t)sim_random_between(random, 1, 3000);
    plan->part_bytes =
        sim_chance(world, 60) ? PEER_PART_BYTES_MAX : (uint32_t)sim_random_between(random, 1, 1500);
    plan->transactions_percent = (uint32_t)sim_random_between(random, 0, 60);
    uint32_t all = 0;
    for (uint32_t i = 0; i < plan->regions_count; i++) {
        all |= 1U << world->regions[i].id;
    }
    /* Sometimes the second table is missing somewhere; its name may linger in the shippers' minds.
     */
    uint32_t without = sim_chance(world, 30)
                           ? (uint32_t)sim_random_below(random, plan->regions_count)
                           : plan->regions_count;
    bool lingers = sim_chance(world, 50);
    for (uint32_t i = 0; i < plan->regions_count; i++) {
        struct sim_region *region = &world->regions[i];
        region->clock_offset_ms = sim_clock_offset(world);
        region->sync_us_max = sim_chance(world, 70) ? 2000 : 200000;
        region->store.throttle_one_in = sim_chance(world, 70) ? 0 : 10;
        region->store.here[0] = true;
        region->store.here[1] = i != without;
        region->store.ships_to[0] = all;
        region->store.ships_to[1] = without == plan->regions_count || lingers
                                        ? all
                                        : all & ~(1U << world->regions[without].id);
    }
}

/* Puts and deletes of several rows. */
static void sim_client_transact(struct sim_world *world, uint32_t index)
{
    struct sim_region *region = &world->regions[index];
    struct sim_member members[SIM_MEMBERS_MAX];
    uint32_t count = 0;
    uint64_t chosen = sim_random_below(&world->random, 1 << SIM_MEMBERS_MAX);
    for (uint32_t i = 0; i < SIM_MEMBERS_MAX; i++) {
        struct sim_member member = {.table = i % SIM_TABLES, .key = i / SIM_TABLES};
        const struct sim_row *row = &region->store.rows[member.table][member.key];
        bool visible = row->present && !row->tombstone;
        member.tombstone = visible && sim_chance(world, world->plan.deletes_percent);
        member.due = !member.tombstone && sim_chance(world, world->plan.due_percent);
        if ((chosen >> i & 1) != 0 && region->store.here[member.table]) {
            members[count++] = member;
        }
    }
    if (count == 0) {
        return;
    }
    uint64_t seq = sim_store_transact(&region->store, &region->hlc,
                                      sim_world_moment(world, region).wall_ms, members, count);
    world->operations++;
    sim_trace(world->model, "region %u writes %u rows up to %u/%llu", region->id, count, region->id,
              (unsigned long long)seq);
    sim_world_sync(world, index);
}

/* What has expired may go in any region at any time: which one is first does not matter here. */
static void sim_client_expire(struct sim_world *world, uint32_t index, uint32_t table, uint32_t key)
{
    struct sim_region *region = &world->regions[index];
    uint64_t seq = sim_store_expire(&region->store, &region->hlc,
                                    sim_world_moment(world, region).wall_ms, table, key);
    if (seq != 0) {
        world->operations++;
        sim_trace(world->model, "region %u expires %u/%u as %u/%llu", region->id, table, key,
                  region->id, (unsigned long long)seq);
        sim_world_sync(world, index);
    }
}

/* A transaction, an expiry, a put, a delete, or a put whose condition another region's write may
 * have made false. */
void sim_client(struct sim_world *world)
{
    if (world->healed) {
        return;
    }
    struct sim_random *random = &world->random;
    sim_world_plan(world, sim_random_below(random, 2 * world->plan.client_us), SIM_CLIENT, 0, 0);
    uint32_t index = (uint32_t)sim_random_below(random, world->plan.regions_count);
    struct sim_region *region = &world->regions[index];
    uint32_t table = (uint32_t)sim_random_below(random, SIM_TABLES);
    uint32_t key = (uint32_t)sim_random_below(random, SIM_KEYS);
    bool tombstone = sim_chance(world, world->plan.deletes_percent);
    const struct sim_row *row = &region->store.rows[table][key];
    bool visible = row->present && !row->tombstone;
    if (!region->alive || !region->store.here[table] ||
        world->model->writes_count + SIM_MEMBERS_MAX > SIM_WRITES_MAX) {
        return;
    }
    if (sim_chance(world, world->plan.transactions_percent)) {
        sim_client_transact(world, index);
        return;
    }
    if (sim_chance(world, world->plan.expiries_percent)) {
        sim_client_expire(world, index, table, key);
        return;
    }
    if (tombstone ? !visible : sim_chance(world, 30) && visible != sim_chance(world, 50)) {
        return; /* Nothing to delete; or the condition failed. Neither writes anything. */
    }
    bool due = !tombstone && sim_chance(world, world->plan.due_percent);
    uint64_t seq =
        sim_store_write(&region->store, &region->hlc, sim_world_moment(world, region).wall_ms,
                        table, key, tombstone, due);
    world->operations++;
    sim_trace(world->model, "region %u %s %u/%u as %u/%llu", region->id,
              tombstone ? "deletes" : "puts", table, key, region->id, (unsigned long long)seq);
    sim_world_sync(world, index);
}

static void sim_deliver_all(struct sim_world *world)
{
    for (uint32_t i = 0; i < world->connections_count; i++) {
        struct sim_connection *connection = world->connections[i];
        for (int direction = 0; direction < 2; direction++) {
            if (connection->queues[direction].first != NULL) {
                sim_world_deliver_later(connection, direction,
                                        sim_random_below(&world->random, 5000));
            }
        }
    }
}

/* Cut one direction, both, one region from all, or undo all cuts. */
static void sim_fault_cut(struct sim_world *world)
{
    uint32_t count = world->plan.regions_count;
    uint32_t a = (uint32_t)sim_random_below(&world->random, count);
    uint32_t b = (a + 1 + (uint32_t)sim_random_below(&world->random, count - 1)) % count;
    switch (sim_random_below(&world->random, 5)) {
    case 0:
        world->cut[a][b] = true;
        break;
    case 1:
        world->cut[a][b] = true;
        world->cut[b][a] = true;
        break;
    case 2:
        for (uint32_t i = 0; i < count; i++) {
            world->cut[a][i] = true;
            world->cut[i][a] = true;
        }
        break;
    default:
        memset(world->cut, 0, sizeof(world->cut));
        sim_deliver_all(world);
        break;
    }
}

static void sim_fault_reset(struct sim_world *world)
{
    uint32_t a = (uint32_t)sim_random_below(&world->random, world->plan.regions_count);
    uint32_t b = (uint32_t)sim_random_below(&world->random, world->plan.regions_count);
    uint32_t present = world->regions[a].outbound[b];
    if (present != 0) {
        sim_connection_close_end(world->connections[present - 1],
                                 sim_chance(world, 50) ? SIM_FORTH : SIM_BACK);
    }
}

void sim_fault(struct sim_world *world)
{
    if (world->healed) {
        return;
    }
    struct sim_random *random = &world->random;
    sim_world_plan(world, sim_random_below(random, 2 * world->plan.fault_us), SIM_FAULT, 0, 0);
    uint32_t index = (uint32_t)sim_random_below(random, world->plan.regions_count);
    struct sim_region *region = &world->regions[index];
    switch (sim_random_below(random, 8)) {
    case 0:
    case 1:
        if (region->alive) {
            sim_world_crash(world, index);
            sim_world_plan(world, sim_random_between(random, 20000, 1500000), SIM_RESTART, index,
                           0);
        }
        break;
    case 2:
    case 3:
    case 4:
        sim_fault_cut(world);
        break;
    case 5:
    case 6:
        sim_fault_reset(world);
        break;
    default:
        region->clock_offset_ms = sim_clock_offset(world);
        break;
    }
}

void sim_heal(struct sim_world *world)
{
    sim_trace(world->model, "all heals");
    world->healed = true;
    memset(world->cut, 0, sizeof(world->cut));
    sim_deliver_all(world);
    for (uint32_t i = 0; i < world->plan.regions_count; i++) {
        world->regions[i].store.throttle_one_in = 0;
        sim_world_restart(world, i);
    }
}
