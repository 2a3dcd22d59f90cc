#include "tests/sim/sim_world.h"

enum { SIM_EPOCH_MS = 1700000000 };

/* --- The calendar ----------------------------------------------------------------------------- */

static bool sim_event_before(const struct sim_event *a, const struct sim_event *b)
{
    return a->due_us < b->due_us || (a->due_us == b->due_us && a->order < b->order);
}

void sim_world_plan(
    struct sim_world *world, uint64_t after_us, enum sim_event_kind kind, uint32_t a, uint32_t b)
{
    if (world->events_count == world->events_capacity) {
        world->events_capacity = world->events_capacity == 0 ? 256 : world->events_capacity * 2;
        world->events = realloc(world->events, world->events_capacity * sizeof(*world->events));
        ensure(world->events != NULL);
    }
    struct sim_event event = {world->now_us + after_us, world->events_made++, kind, a, b};
    uint32_t i = world->events_count++;
    while (i > 0 && sim_event_before(&event, &world->events[(i - 1) / 2])) {
        world->events[i] = world->events[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    world->events[i] = event;
}

static struct sim_event sim_world_next(struct sim_world *world)
{
    ensure(world->events_count > 0);
    struct sim_event next = world->events[0];
    struct sim_event last = world->events[--world->events_count];
    uint32_t i = 0;
    for (;;) {
        uint32_t child = 2 * i + 1;
        if (child >= world->events_count) {
            break;
        }
        if (child + 1 < world->events_count &&
            sim_event_before(&world->events[child + 1], &world->events[child])) {
            child++;
        }
        if (!sim_event_before(&world->events[child], &last)) {
            break;
        }
        world->events[i] = world->events[child];
        i = child;
    }
    world->events[i] = last;
    return next;
}

/* --- Regions ---------------------------------------------------------------------------------- */

struct moment sim_world_moment(const struct sim_world *world, const struct sim_region *region)
{
    return (struct moment){
        .mono_us = world->now_us + 1,
        .wall_ms =
            (uint64_t)((int64_t)(SIM_EPOCH_MS + world->now_us / 1000) + region->clock_offset_ms),
    };
}

void sim_world_sync(struct sim_world *world, uint32_t index)
{
    struct sim_region *region = &world->regions[index];
    if (!region->alive || region->syncing ||
        region->store.appended_seq == region->store.durable_seq) {
        return;
    }
    region->syncing = true;
    region->syncing_seq = region->store.appended_seq;
    sim_world_plan(world, sim_random_between(&world->random, 100, region->sync_us_max), SIM_SYNC,
                   index, region->store.region);
}

static void sim_world_synced(struct sim_world *world, uint32_t index)
{
    struct sim_region *region = &world->regions[index];
    if (!region->alive || !region->syncing) {
        return; /* It crashed meanwhile. */
    }
    region->syncing = false;
    uint64_t before = region->store.durable_seq;
    sim_store_synced(&region->store, region->syncing_seq);
    for (uint64_t seq = before + 1; seq <= region->store.durable_seq; seq++) {
        uint32_t write = world->model->by_seq[region->id][seq];
        if (write != 0) {
            world->model->writes[write - 1].acknowledged = true;
        }
    }
    sim_connection_pump_region(world, index);
    sim_world_sync(world, index);
}

static void sim_world_sweep(struct sim_world *world, uint32_t index)
{
    struct sim_region *region = &world->regions[index];
    sim_world_plan(world, 1 + sim_random_below(&world->random, 2 * world->plan.sweep_us), SIM_SWEEP,
                   index, 0);
    if (!region->alive) {
        return;
    }
    uint64_t needed = UINT64_MAX;
    for (uint32_t peer = 0; peer < world->plan.regions_count; peer++) {
        if (peer == index) {
            continue;
        }
        needed = region->acknowledged[peer] < needed ? region->acknowledged[peer] : needed;
    }
    sim_store_trim(&region->store, needed + 1);
    sim_store_sweep(&region->store, hlc_last(&region->hlc));
    sim_world_sync(world, index);
}

static void sim_world_start(struct sim_world *world, uint32_t index)
{
    struct sim_region *region = &world->regions[index];
    uint16_t members[SIM_REGIONS_MAX];
    for (uint32_t i = 0; i < world->plan.regions_count; i++) {
        members[i] = world->regions[i].id;
    }
    region->alive = true;
    region->syncing = false;
    region->watermark = watermark_open(region->id, members, world->plan.regions_count);
    hlc_init(&region->hlc, region->store.clock_floor);
    memset(region->acknowledged, 0, sizeof(region->acknowledged));
}

void sim_world_crash(struct sim_world *world, uint32_t index)
{
    struct sim_region *region = &world->regions[index];
    ensure(region->alive);
    world->crashes++;
    sim_trace(world->model, "region %u crashes: durable %llu of %llu", region->id,
              (unsigned long long)region->store.durable_seq,
              (unsigned long long)region->store.appended_seq);
    for (uint32_t i = 0; i < world->connections_count; i++) {
        struct sim_connection *connection = world->connections[i];
        if (connection != NULL && connection->from == index && connection->shipper != NULL) {
            sim_connection_close_end(connection, SIM_FORTH);
        }
        if (connection != NULL && connection->to == index && connection->applier != NULL) {
            sim_connection_close_end(connection, SIM_BACK);
        }
    }
    watermark_close(region->watermark);
    region->watermark = NULL;
    region->alive = false;
    sim_store_crash(&region->store);
}

void sim_world_restart(struct sim_world *world, uint32_t index)
{
    if (world->regions[index].alive) {
        return;
    }
    sim_trace(world->model, "region %u restarts", world->regions[index].id);
    sim_world_start(world, index);
}

struct sim_world *sim_world_open(struct sim_model *model, uint32_t regions_count)
{
    ensure(regions_count >= 2 && regions_count <= SIM_REGIONS_MAX);
    struct sim_world *world = calloc(1, sizeof(*world));
    ensure(world != NULL);
    world->model = model;
    world->random.state = model->seed * 0x9e3779b97f4a7c15ULL + 1;
    world->plan.regions_count = regions_count;
    for (uint32_t i = 0; i < regions_count; i++) {
        struct sim_region *region = &world->regions[i];
        region->id = (uint16_t)(i + 1);
        snprintf(region->name, sizeof(region->name), "r%u", (i + 1) % 10);
        sim_store_open(&region->store, model, &world->random, region->id, regions_count);
    }
    sim_plan_choose(world);
    for (uint32_t i = 0; i < regions_count; i++) {
        sim_world_start(world, i);
        sim_world_plan(world, sim_random_below(&world->random, 500000), SIM_SWEEP, i, 0);
        for (uint32_t to = 0; to < regions_count; to++) {
            if (to != i) {
                sim_world_plan(world, sim_random_below(&world->random, 100000), SIM_CONNECT, i, to);
            }
        }
    }
    sim_world_plan(world, sim_random_below(&world->random, 50000), SIM_CLIENT, 0, 0);
    if (world->plan.fault_us != 0) {
        sim_world_plan(world, sim_random_below(&world->random, 500000), SIM_FAULT, 0, 0);
    }
    return world;
}

void sim_world_close(struct sim_world *world)
{
    for (uint32_t i = 0; i < world->connections_count; i++) {
        sim_connection_free(world->connections[i]);
    }
    for (uint32_t i = 0; i < world->plan.regions_count; i++) {
        watermark_close(world->regions[i].watermark);
        sim_store_close(&world->regions[i].store);
    }
    arena_destroy(&world->arena);
    free(world->events);
    free(world);
}

/* Connect if both are up and can talk; otherwise, and for later, try again in a while. */
static void sim_world_connect(struct sim_world *world, uint32_t from, uint32_t to)
{
    sim_world_plan(world, sim_random_between(&world->random, 30000, 150000), SIM_CONNECT, from, to);
    const struct sim_region *a = &world->regions[from];
    const struct sim_region *b = &world->regions[to];
    if (!a->alive || !b->alive || world->cut[from][to] || world->cut[to][from]) {
        return;
    }
    uint32_t present = a->outbound[to];
    if (present != 0 && world->connections[present - 1]->shipper != NULL) {
        return;
    }
    sim_connection_open(world, from, to);
}

bool sim_world_step(struct sim_world *world)
{
    if (world->events_count == 0) {
        return false;
    }
    struct sim_event event = sim_world_next(world);
    ensure(event.due_us >= world->now_us);
    world->now_us = event.due_us;
    world->model->now_us = event.due_us;
    switch (event.kind) {
    case SIM_CLIENT:
        sim_client(world);
        break;
    case SIM_FAULT:
        sim_fault(world);
        break;
    case SIM_SYNC:
        sim_world_synced(world, event.a);
        break;
    case SIM_TICK:
        sim_connection_tick(world->connections[event.a]);
        break;
    case SIM_DELIVER:
        sim_connection_deliver(world->connections[event.a], (int)event.b);
        break;
    case SIM_CONNECT:
        sim_world_connect(world, event.a, event.b);
        break;
    case SIM_NOTICE:
        sim_connection_close_end(world->connections[event.a], (int)event.b);
        break;
    case SIM_RESTART:
        sim_world_restart(world, event.a);
        break;
    case SIM_SWEEP:
        sim_world_sweep(world, event.a);
        break;
    }
    return true;
}
