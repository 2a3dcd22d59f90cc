/* Goal: the rules hold on the real store as they do on the simulated one. Method: three real stores
 * in one thread, connected by hand; random writes, deliveries, reconnects, restarts and crashes
 * (the folder as it is on disk at a random moment is what a killed process leaves); then everything
 * is exchanged and the tables are compared row by row. One region writes a pair of rows by
 * transactions, always both and the same: they are equal everywhere, after every delivery. The seed
 * is in every failure. */
#include "proto/value/value.h"
#include "replication/applier.h"
#include "tests/sim/sim_random.h"
#include "tests/support/directory.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { REGIONS = 3, KEYS = 4, STEPS = 1500, QUEUE_MAX = 4096, RUNS = 3, CREDIT_BYTES = 20000 };

struct stores_world;

struct stores_region {
    uint16_t id;
    char name[3];
    char *directory;
    struct store *store;
    struct hlc hlc;
    struct watermark *watermark;
    int64_t clock_offset_ms;
};

struct stores_link {
    struct stores_world *world;
    uint32_t from, to;
    struct shipper *shipper;
    struct applier *applier;
    struct slice queues[2][QUEUE_MAX]; /* Forth and back. */
    uint32_t heads[2], tails[2];
};

struct stores_world {
    uint64_t seed;
    struct sim_random random;
    struct arena arena;
    uint64_t now_us;
    uint32_t written;
    struct stores_region regions[REGIONS];
    struct stores_link links[REGIONS][REGIONS];
    uint64_t promised[REGIONS]; /* Newest seq whose durability was waited for. */
};

#define EXPECT(world, condition)                                                                   \
    cr_assert(condition, "seed %llu: " #condition, (unsigned long long)(world)->seed)

static uint64_t stores_wall_ms(void *context)
{
    (void)context;
    return 1700000000000;
}

static uint64_t stores_stamp(void *context, uint64_t floor)
{
    struct stores_region *region = context;
    return hlc_next(&region->hlc, (uint64_t)(1700000000000 + region->clock_offset_ms), floor);
}

static void stores_create_table(struct stores_world *world, struct stores_region *region)
{
    struct table table = {
        .uid = {0xab},
        .name = SLICE_LITERAL("events"),
        .status = TABLE_ACTIVE,
        .attributes = {{SLICE_LITERAL("pk"), VALUE_S}},
        .attributes_count = 1,
        .partition = {SLICE_LITERAL("pk"), VALUE_S},
        .billing = BILLING_PAY_PER_REQUEST,
    };
    for (uint32_t i = 0; i < REGIONS; i++) {
        if (&world->regions[i] != region) {
            struct replica *replica = &table.replicas[table.replicas_count++];
            memcpy(replica->region, world->regions[i].name, sizeof(world->regions[i].name));
            replica->status = REPLICA_ACTIVE;
        }
    }
    struct error err = {0};
    cr_assert(catalog_create(region->store->catalog, &table, &err), "%s", err.text);
}

static void stores_start(struct stores_world *world, struct stores_region *region)
{
    const uint16_t members[REGIONS] = {1, 2, 3};
    struct store_options options = {
        .engine = {.directory = region->directory,
                   .cache_bytes = 4 << 20,
                   .memtable_bytes = 4 << 20,
                   .durability = DURABILITY_SYNC,
                   .sync_interval_ms = 1000},
        .clock = {stores_wall_ms, stores_stamp, region},
        .region_id = region->id,
    };
    struct error err = {0};
    hlc_init(&region->hlc, 0);
    cr_assert(store_open(&options, &region->store, &err), "seed %llu: %s",
              (unsigned long long)world->seed, err.text);
    region->watermark = watermark_open(region->id, members, REGIONS);
}

static void stores_disconnect(struct stores_link *link)
{
    shipper_close(link->shipper);
    applier_close(link->applier);
    link->shipper = NULL;
    link->applier = NULL;
    for (int direction = 0; direction < 2; direction++) {
        while (link->heads[direction] < link->tails[direction]) {
            free((void *)(uintptr_t)link->queues[direction][link->heads[direction]++].data);
        }
        link->heads[direction] = 0;
        link->tails[direction] = 0;
    }
}

static void stores_stop(struct stores_world *world, struct stores_region *region)
{
    uint32_t at = (uint32_t)(region - world->regions);
    for (uint32_t i = 0; i < REGIONS; i++) {
        stores_disconnect(&world->links[at][i]);
        stores_disconnect(&world->links[i][at]);
    }
    watermark_close(region->watermark);
    region->watermark = NULL;
    store_close(region->store);
    region->store = NULL;
}

/* What a killed process would leave: the folder as it is on disk. RocksDB works on its files beside
 * us, so a copy counts only if no file came or went meanwhile. */
static void stores_copy(struct stores_world *world, const char *from, const char *to)
{
    char *command = arena_printf(&world->arena,
                                 "i=0; while [ $i -lt 100 ]; do i=$((i + 1)); names=$(ls '%s'); "
                                 "rm -rf '%s'/*; cp -r '%s/.' '%s/' 2>/dev/null && "
                                 "[ \"$names\" = \"$(ls '%s')\" ] && exit 0; done; exit 1",
                                 from, to, from, to, from);
    EXPECT(world, system(command) == 0);
}

/* Stop; `crash`: go on with the folder as it was on disk before that. */
static void stores_restart(struct stores_world *world, struct stores_region *region, bool crash)
{
    char *copy = test_directory_make();
    if (crash) {
        stores_copy(world, region->directory, copy);
    }
    stores_stop(world, region);
    if (crash) {
        char *old = region->directory;
        region->directory = copy;
        copy = old;
    }
    test_directory_remove(copy);
    stores_start(world, region);
}

static void stores_push(struct stores_link *link, int direction, struct slice payload)
{
    if (link->tails[direction] == QUEUE_MAX) {
        uint32_t count = QUEUE_MAX - link->heads[direction];
        memmove(link->queues[direction], link->queues[direction] + link->heads[direction],
                count * sizeof(struct slice));
        link->heads[direction] = 0;
        link->tails[direction] = count;
    }
    cr_assert_lt(link->tails[direction], QUEUE_MAX);
    uint8_t *bytes = malloc(payload.size + 1);
    memcpy(bytes, payload.data, payload.size);
    link->queues[direction][link->tails[direction]++] = slice_of(bytes, payload.size);
}

static void stores_emit_forth(void *context, struct slice payload)
{
    stores_push(context, 0, payload);
}

static void stores_emit_back(void *context, struct slice payload)
{
    stores_push(context, 1, payload);
}

static struct moment stores_moment(const struct stores_world *world, uint32_t at)
{
    uint64_t wall_ms = (uint64_t)(1700000000000 + world->regions[at].clock_offset_ms);
    return (struct moment){.mono_us = world->now_us, .wall_ms = wall_ms};
}

static void stores_connect(struct stores_world *world, uint32_t from, uint32_t to)
{
    struct stores_link *link = &world->links[from][to];
    struct stores_region *a = &world->regions[from];
    struct stores_region *b = &world->regions[to];
    stores_disconnect(link);
    link->shipper = shipper_open(&(struct shipper_options){
        .store = replica_store_of(a->store),
        .watermark = a->watermark,
        .hlc = &a->hlc,
        .peer = slice_text(b->name),
        .heartbeat_ms = 1,
        .part_bytes = PEER_PART_BYTES_MAX,
        .emit = stores_emit_forth,
        .context = link,
    });
    link->applier = applier_open(&(struct applier_options){
        .store = replica_store_of(b->store),
        .watermark = b->watermark,
        .hlc = &b->hlc,
        .origin = a->id,
        .origin_name = slice_text(a->name),
        .credit_bytes = CREDIT_BYTES,
        .emit = stores_emit_back,
        .context = link,
    });
    applier_start(link->applier);
}

static struct slice stores_item(struct stores_world *world, const char *key, struct slice bytes)
{
    struct member members[] = {
        {SLICE_LITERAL("pk"), {VALUE_S, slice_text(key)}},
        {SLICE_LITERAL("v"), {VALUE_B, bytes}},
    };
    return value_make_map(&world->arena, members, bytes.size > 0 ? 2 : 1).payload;
}

/* Put the same bytes (none: delete) under all keys, in one transaction. */
static void stores_transact(struct stores_world *world,
                            struct stores_region *region,
                            const char *const *keys,
                            uint32_t count,
                            struct slice bytes)
{
    const struct table *table = catalog_acquire(region->store->catalog, SLICE_LITERAL("events"));
    struct write *writes = arena_zalloc(&world->arena, count, sizeof(*writes));
    struct error *errors = arena_zalloc(&world->arena, count, sizeof(*errors));
    for (uint32_t i = 0; i < count; i++) {
        writes[i] = (struct write){.table = table,
                                   .kind = bytes.size > 0 ? WRITE_PUT : WRITE_DELETE,
                                   .item = stores_item(world, keys[i], bytes)};
    }
    struct transaction transaction = {.writes = writes, .count = count, .errors = errors};
    struct error err = {0};
    cr_assert(store_transact(region->store, &transaction, READ_FULL, &world->arena, &err), "%s",
              err.text);
    table_release(table);
}

/* How many of the rows there are, all with the same bytes. */
static uint32_t stores_look(struct stores_world *world,
                            struct stores_region *region,
                            const char *const *keys,
                            uint32_t count)
{
    const struct table *table = catalog_acquire(region->store->catalog, SLICE_LITERAL("events"));
    struct item_read *reads = arena_zalloc(&world->arena, count, sizeof(*reads));
    struct error err = {0};
    uint64_t wait_seq;
    for (uint32_t i = 0; i < count; i++) {
        reads[i] = (struct item_read){.table = table,
                                      .key = stores_item(world, keys[i], (struct slice){NULL, 0})};
    }
    cr_assert(
        store_get_together(region->store, reads, count, READ_FULL, &world->arena, &wait_seq, &err),
        "%s", err.text);
    table_release(table);
    uint32_t found = 0;
    struct value first;
    for (uint32_t i = 0; i < count; i++) {
        struct value bytes;
        if (reads[i].found) {
            EXPECT(world, item_find(reads[i].image, SLICE_LITERAL("v"), &bytes));
            first = found == 0 ? bytes : first;
            EXPECT(world, value_equal(first, bytes));
            found++;
        }
    }
    return found;
}

static const char *const stores_twins[] = {"left", "right"};

static void stores_check_twins(struct stores_world *world, uint32_t at)
{
    uint32_t found = stores_look(world, &world->regions[at], stores_twins, 2);
    EXPECT(world, found == 0 || found == 2);
}

/* Let one end work: deliver a message to it, or pump it. */
static void stores_work(struct stores_world *world, struct stores_link *link, int direction)
{
    struct error err = {0};
    if (link->shipper == NULL) {
        stores_connect(world, link->from, link->to);
    }
    struct slice payload = {0};
    if (link->heads[direction] < link->tails[direction]) {
        payload = link->queues[direction][link->heads[direction]++];
        struct message message;
        EXPECT(world, message_decode(payload, &world->arena, &message, &err));
        bool ok = direction == 0 ? applier_on_message(link->applier, &message,
                                                      stores_moment(world, link->to), &err)
                                 : shipper_on_message(link->shipper, &message,
                                                      stores_moment(world, link->from), &err);
        cr_assert(ok, "seed %llu: %s", (unsigned long long)world->seed, err.text);
        stores_check_twins(world, direction == 0 ? link->to : link->from);
    } else if (direction == 0) {
        applier_pump(link->applier, stores_moment(world, link->to));
    } else {
        bool more;
        bool ok = shipper_pump(link->shipper, stores_moment(world, link->from), &more, &err);
        cr_assert(ok, "seed %llu: %s", (unsigned long long)world->seed, err.text);
    }
    free((void *)(uintptr_t)payload.data);
}

static void stores_client(struct stores_world *world, uint32_t at)
{
    struct stores_region *region = &world->regions[at];
    char *key = arena_printf(&world->arena, "%u", (unsigned)sim_random_below(&world->random, KEYS));
    struct member members[] = {
        {SLICE_LITERAL("pk"), {VALUE_S, slice_text(key)}},
        {SLICE_LITERAL("v"),
         {VALUE_S, slice_text(arena_printf(&world->arena, "%u", world->written++))}},
    };
    bool removes = sim_random_one_in(&world->random, 4);
    struct write write = {
        .table = catalog_acquire(region->store->catalog, SLICE_LITERAL("events")),
        .kind = removes ? WRITE_DELETE : WRITE_PUT,
        .item = value_make_map(&world->arena, members, removes ? 1 : 2).payload,
    };
    struct error err = {0};
    cr_assert(store_write(region->store, &write, READ_FULL, &world->arena, &err), "%s", err.text);
    table_release(write.table);
    if (sim_random_one_in(&world->random, 2)) {
        EXPECT(world, engine_wait_durable(region->store->engine, write.wait_seq, &err));
        /* Only own writes are told apart by seq; the newest of them is promised to be everywhere.
         */
        world->promised[at] = write.changed ? write.wait_seq : world->promised[at];
    }
}

static void stores_step(struct stores_world *world)
{
    struct sim_random *random = &world->random;
    uint32_t from = (uint32_t)sim_random_below(random, REGIONS);
    uint32_t to = (from + 1 + (uint32_t)sim_random_below(random, REGIONS - 1)) % REGIONS;
    world->now_us += sim_random_between(random, 1, 500);
    arena_clear(&world->arena);
    uint64_t dice = sim_random_below(random, 1000);
    if (dice < 40 && from == 0) {
        bool removes = sim_random_one_in(random, 4);
        stores_transact(world, &world->regions[0], stores_twins, 2,
                        removes ? (struct slice){NULL, 0}
                                : slice_text(arena_printf(&world->arena, "%u", world->written++)));
    } else if (dice < 250) {
        stores_client(world, from);
    } else if (dice < 265) {
        stores_disconnect(&world->links[from][to]);
    } else if (dice < 268) {
        stores_restart(world, &world->regions[from], dice < 267);
    } else if (dice < 275) {
        world->regions[from].clock_offset_ms = (int64_t)sim_random_below(random, 200000);
    } else {
        stores_work(world, &world->links[from][to], (int)(dice % 2));
    }
}

static void stores_exchange(struct stores_world *world)
{
    for (int round = 0; round < 60; round++) {
        world->now_us += 2000;
        for (uint32_t from = 0; from < REGIONS; from++) {
            for (uint32_t to = 0; to < REGIONS; to++) {
                struct stores_link *link = &world->links[from][to];
                for (int i = 0; from != to && i < 40; i++) {
                    arena_clear(&world->arena);
                    stores_work(world, link, i % 2);
                }
            }
            struct error err = {0};
            struct engine *engine = world->regions[from].store->engine;
            EXPECT(world, engine_wait_durable(engine, engine_appended_seq(engine), &err));
        }
    }
}

static void stores_compare(struct stores_world *world)
{
    struct store_walk *walks[REGIONS];
    for (uint32_t i = 0; i < REGIONS; i++) {
        struct store *store = world->regions[i].store;
        const struct table *table = catalog_acquire(store->catalog, SLICE_LITERAL("events"));
        walks[i] = store_walk_open(store, table->id);
        table_release(table);
    }
    bool more = true;
    uint32_t rows = 0;
    while (more) {
        struct change changes[REGIONS];
        for (uint32_t i = 0; i < REGIONS; i++) {
            struct error err = {0};
            bool has = store_walk_next(walks[i], &world->arena, &changes[i], &err);
            EXPECT(world, err.code == ERROR_NONE);
            EXPECT(world, i == 0 || has == more);
            more = has;
        }
        for (uint32_t i = 1; more && i < REGIONS; i++) {
            EXPECT(world, slice_equal(changes[i].key, changes[0].key));
            EXPECT(world, dot_equal(changes[i].version.dot, changes[0].version.dot));
            EXPECT(world, changes[i].version.stamp == changes[0].version.stamp);
            EXPECT(world, changes[i].tombstone == changes[0].tombstone);
            EXPECT(world, slice_equal(changes[i].image, changes[0].image));
        }
        rows += more ? 1 : 0;
    }
    EXPECT(world, rows == KEYS + ARRAY_COUNT(stores_twins));
    for (uint32_t i = 0; i < REGIONS; i++) {
        store_walk_close(walks[i]);
    }
}

/* Every promised write has reached everybody; every conflict was one. */
static void stores_check(struct stores_world *world)
{
    uint32_t conflicts = 0;
    for (uint32_t at = 0; at < REGIONS; at++) {
        struct store *store = world->regions[at].store;
        struct context settled;
        struct context applied;
        watermark_settled(world->regions[at].watermark, &settled);
        store_applied(store, &applied);
        for (uint32_t origin = 0; origin < REGIONS; origin++) {
            struct dot dot = {world->regions[origin].id, world->regions[origin].store->incarnation,
                              world->promised[origin]};
            EXPECT(world, origin == at || context_has(&applied, dot));
            EXPECT(world, context_has(&settled, dot));
        }
        struct error err = {0};
        struct conflict *found = arena_alloc(&world->arena, 2000 * sizeof(*found));
        uint32_t count;
        EXPECT(world, store_conflicts(store, 0, 2000, &world->arena, found, &count, &err));
        for (uint32_t i = 0; i < count; i++) {
            const struct version *winner = &found[i].winner.version;
            const struct version *loser = &found[i].loser.version;
            EXPECT(world, version_compare(winner, loser) > 0);
            EXPECT(world, winner->dot.region != loser->dot.region);
            EXPECT(world, found[i].reason != CONFLICT_ORDER && found[i].reason != CONFLICT_NONE);
            EXPECT(world, !version_saw(winner, loser->dot));
        }
        conflicts += count;
    }
    EXPECT(world, conflicts > 0);
}

static struct stores_world *stores_open(uint64_t seed)
{
    struct stores_world *world = calloc(1, sizeof(*world));
    world->seed = seed;
    world->random.state = seed;
    world->now_us = 1000000;
    for (uint32_t i = 0; i < REGIONS; i++) {
        struct stores_region *region = &world->regions[i];
        region->id = (uint16_t)(i + 1);
        snprintf(region->name, sizeof(region->name), "r%u", i + 1);
        region->directory = test_directory_make();
        region->clock_offset_ms = (int64_t)sim_random_below(&world->random, 200000);
        for (uint32_t to = 0; to < REGIONS; to++) {
            world->links[i][to].world = world;
            world->links[i][to].from = i;
            world->links[i][to].to = to;
        }
    }
    for (uint32_t i = 0; i < REGIONS; i++) {
        stores_start(world, &world->regions[i]);
        stores_create_table(world, &world->regions[i]);
    }
    return world;
}

static void stores_close(struct stores_world *world)
{
    for (uint32_t i = 0; i < REGIONS; i++) {
        stores_stop(world, &world->regions[i]);
        test_directory_remove(world->regions[i].directory);
    }
    arena_destroy(&world->arena);
    free(world);
}

static void stores_run(uint64_t seed)
{
    struct stores_world *world = stores_open(seed);
    for (int step = 0; step < STEPS; step++) {
        stores_step(world);
    }
    stores_exchange(world);
    stores_compare(world);
    stores_check(world);
    stores_close(world);
}

Test(stores, real_stores_converge_over_reconnects_restarts_and_crashes, .timeout = 60)
{
    const char *text = getenv("MERIDIAN_SEED");
    if (text != NULL) {
        stores_run(strtoull(text, NULL, 10));
        return;
    }
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        stores_run(seed);
    }
}

/* Four megabytes that do not shrink, with credit for a two-hundredth of it. */
Test(stores, the_largest_transaction_arrives_whole_also_after_a_cut, .timeout = 60)
{
    enum { ROWS = 16, BYTES = 4 * 1024 * 1024 / ROWS - 100 };
    struct stores_world *world = stores_open(1);
    struct stores_region *region = &world->regions[0];
    struct stores_link *link = &world->links[0][1];
    const char *keys[ROWS];
    struct error err = {0};
    struct arena kept = {0};
    uint8_t *bytes = arena_alloc(&kept, BYTES);
    for (uint32_t i = 0; i < BYTES; i++) {
        bytes[i] = (uint8_t)sim_random_next(&world->random);
    }
    for (uint32_t i = 0; i < ROWS; i++) {
        keys[i] = arena_printf(&kept, "large %u", i);
    }
    stores_transact(world, region, keys, ROWS, slice_of(bytes, BYTES));
    EXPECT(world, engine_wait_durable(region->store->engine,
                                      engine_appended_seq(region->store->engine), &err));
    uint32_t found = 0;
    uint32_t steps = 0;
    for (; found == 0; steps++) {
        arena_clear(&world->arena);
        if (steps == 9) { /* In the middle of the parts. */
            stores_disconnect(link);
        }
        world->now_us += 2000;
        stores_work(world, link, (int)(steps % 2));
        found = stores_look(world, &world->regions[1], keys, ROWS);
        EXPECT(world, found == 0 || found == ROWS);
        cr_assert_lt(steps, 1000);
    }
    cr_assert_gt(steps, 9 + 12, "it came in one batch, or before the cut");
    stores_exchange(world);
    struct shipper_figures figures;
    shipper_figures(link->shipper, &figures);
    struct context applied;
    store_applied(world->regions[1].store, &applied);
    EXPECT(world, figures.acknowledged_seq == applied.entries[0].seq);
    arena_destroy(&kept);
    stores_close(world);
}
