#include "tests/support/region.h"

#include "tests/support/directory.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

uint64_t cluster_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void cluster_in_time(uint64_t deadline_ms, const char *condition)
{
    if (cluster_now_ms() >= deadline_ms) {
        fprintf(stderr, "not in time: %s\n", condition);
        abort();
    }
}

void cluster_pause(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

static uint64_t region_wall_ms(void *context)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t wall_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    return (uint64_t)(wall_ms + ((struct region *)context)->skew_ms);
}

static uint64_t region_stamp(void *context, uint64_t floor)
{
    struct region *region = context;
    return hlc_next(&region->hlc, region_wall_ms(region), floor);
}

static void region_durable(void *context, uint64_t durable_seq)
{
    (void)durable_seq;
    struct region *region = context;
    struct replication *replication = __atomic_load_n(&region->replication, __ATOMIC_ACQUIRE);
    if (replication != NULL) {
        replication_wake(replication);
    }
}

static void region_log(void *context, int level, const char *event, const char *detail)
{
    struct region *region = context;
    if (strcmp(event, "description lost") == 0) { /* Before it is counted. */
        snprintf(region->lost, sizeof(region->lost), "%d %s", level, detail);
    }
    if (level >= 2 || getenv("MERIDIAN_TEST_VERBOSE") != NULL) {
        fprintf(stderr, "[%s] %s %s\n", region->directory, event, detail);
    }
}

/* A port that is free now: the cluster file needs it before anybody listens. */
static uint16_t region_free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    ensure(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    ensure(getsockname(fd, (struct sockaddr *)&address, &size) == 0);
    close(fd);
    return ntohs(address.sin_port);
}

void cluster_open(struct cluster *cluster, uint32_t count)
{
    ensure(count <= CLUSTER_REGIONS);
    *cluster = (struct cluster){.count = count};
    for (uint32_t i = 0; i < count; i++) {
        struct region *region = &cluster->regions[i];
        struct region_info *info = &cluster->infos[i];
        struct error err = {0};
        region->directory = test_directory_make();
        ensure(identity_load(region->directory, &region->identity, &err));
        info->id = (uint16_t)(i + 1);
        snprintf(info->name, sizeof(info->name), "region-%u", i + 1);
        snprintf(info->address, sizeof(info->address), "127.0.0.1:%u", region_free_port());
        memcpy(info->public_key, region->identity.public_key, sizeof(info->public_key));
    }
    for (uint32_t i = 0; i < count; i++) {
        cluster_start(cluster, i);
    }
}

void cluster_start(struct cluster *cluster, uint32_t index)
{
    struct region *region = &cluster->regions[index];
    struct error err = {0};
    struct store_options options = {
        .engine = {.directory = region->directory,
                   .cache_bytes = 8 << 20,
                   .memtable_bytes = 8 << 20,
                   .on_durable = region_durable,
                   .context = region},
        .clock = {region_wall_ms, region_stamp, region},
        .region_id = cluster->infos[index].id,
        .region = cluster->infos[index].name,
    };
    hlc_init(&region->hlc, 0);
    if (!store_open(&options, &region->store, &err)) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    struct replication_options replication = {
        .store = region->store,
        .hlc = &region->hlc,
        .regions = cluster->infos,
        .regions_count = cluster->count,
        .self = cluster->infos[index].name,
        .identity = region->identity,
        .listen_address = cluster->infos[index].address,
        .heartbeat_ms = 200,
        .log = region_log,
        .log_context = region,
    };
    struct replication *started;
    if (!replication_start(&replication, &started, &err)) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    __atomic_store_n(&region->replication, started, __ATOMIC_RELEASE);
}

void cluster_stop(struct cluster *cluster, uint32_t index)
{
    struct region *region = &cluster->regions[index];
    struct replication *replication = region->replication;
    /* The engine's sync thread may be about to wake it: it must not find one that is gone. */
    __atomic_store_n(&region->replication, NULL, __ATOMIC_RELEASE);
    struct error err = {0};
    ensure(engine_wait_durable(region->store->engine, engine_appended_seq(region->store->engine),
                               &err));
    replication_stop(replication);
    store_close(region->store);
    region->store = NULL;
}

void cluster_wipe(struct cluster *cluster, uint32_t index)
{
    struct region *region = &cluster->regions[index];
    uint32_t incarnation = region->store->incarnation;
    cluster_stop(cluster, index);
    test_directory_remove(region->directory);
    region->directory = test_directory_make();
    cluster_wait(region_wall_ms(region) / 1000 > incarnation); /* A folder's second is its own. */
}

void cluster_close(struct cluster *cluster)
{
    for (uint32_t i = 0; i < cluster->count; i++) {
        if (cluster->regions[i].store != NULL) {
            cluster_stop(cluster, i);
        }
        test_directory_remove(cluster->regions[i].directory);
    }
}

const struct table *cluster_table(struct cluster *cluster, uint32_t region, const char *name)
{
    return catalog_acquire(cluster->regions[region].store->catalog, slice_text(name));
}

void cluster_create_table(struct cluster *cluster, uint32_t region, const char *name)
{
    struct error err = {0};
    struct table table = {
        .name = slice_text(name),
        .status = TABLE_ACTIVE,
        .billing = BILLING_PAY_PER_REQUEST,
        .attributes = {{SLICE_LITERAL("pk"), VALUE_S}},
        .attributes_count = 1,
        .partition = {SLICE_LITERAL("pk"), VALUE_S},
    };
    ensure(catalog_create(cluster->regions[region].store->catalog, &table, &err));
}

bool cluster_lists(
    struct cluster *cluster, uint32_t at, uint32_t of, const char *name, enum replica_status status)
{
    const struct table *table = cluster_table(cluster, at, name);
    bool lists = false;
    for (uint32_t i = 0; table != NULL && i < table->replicas_count; i++) {
        lists = lists || (table->replicas[i].status == status &&
                          strcmp(table->replicas[i].region, cluster->infos[of].name) == 0);
    }
    table_release(table);
    return lists;
}

static bool
cluster_replica_is_active(struct cluster *cluster, uint32_t at, uint32_t of, const char *name)
{
    const struct table *table = cluster_table(cluster, at, name);
    bool active = table != NULL && table->status == TABLE_ACTIVE;
    table_release(table);
    return active && cluster_lists(cluster, at, of, name, REPLICA_ACTIVE);
}

void cluster_ask_replica(struct cluster *cluster, uint32_t from, uint32_t to, const char *name)
{
    struct error err = {0};
    const struct table *table = cluster_table(cluster, from, name);
    bool ok = replication_replica_create(cluster->regions[from].replication, table->id,
                                         slice_text(cluster->infos[to].name), &err);
    table_release(table);
    if (!ok) {
        fprintf(stderr, "%s\n", err.text);
    }
    ensure(ok);
}

void cluster_add_replica(struct cluster *cluster, uint32_t from, uint32_t to, const char *name)
{
    cluster_ask_replica(cluster, from, to, name);
    cluster_wait(cluster_replica_is_active(cluster, from, to, name));
    cluster_wait(cluster_replica_is_active(cluster, to, from, name));
}

void cluster_delete_table(struct cluster *cluster, uint32_t region, const char *name)
{
    struct region *at = &cluster->regions[region];
    struct error err = {0};
    const struct table *table = cluster_table(cluster, region, name);
    ensure(replication_table_leaving(at->replication, table->id, &err));
    ensure(store_drop_table(at->store, table->id, &err));
    table_release(table);
}

static struct slice cluster_item(struct arena *arena, const char *pk, const char *v)
{
    struct member members[2] = {{SLICE_LITERAL("pk"), {VALUE_S, slice_text(pk)}}};
    if (v != NULL) {
        members[1] = (struct member){SLICE_LITERAL("v"), {VALUE_S, slice_text(v)}};
    }
    return value_make_map(arena, members, v == NULL ? 1 : 2).payload;
}

void cluster_put(
    struct cluster *cluster, uint32_t region, const char *name, const char *pk, const char *v)
{
    struct store *store = cluster->regions[region].store;
    struct arena arena = {0};
    struct error err = {0};
    struct write write = {.table = cluster_table(cluster, region, name),
                          .kind = v == NULL ? WRITE_DELETE : WRITE_PUT,
                          .item = cluster_item(&arena, pk, v)};
    bool ok = store_write(store, &write, READ_FULL, &arena, &err) &&
              engine_wait_durable(store->engine, write.wait_seq, &err);
    if (!ok) {
        fprintf(stderr, "%s\n", err.text);
    }
    ensure(ok);
    table_release(write.table);
    arena_destroy(&arena);
}

bool cluster_shows(
    struct cluster *cluster, uint32_t region, const char *name, const char *pk, const char *v)
{
    struct store *store = cluster->regions[region].store;
    const struct table *table = cluster_table(cluster, region, name);
    if (table == NULL) {
        return false;
    }
    struct arena arena = {0};
    struct error err = {0};
    struct slice image;
    struct value value;
    bool found;
    uint64_t wait_seq;
    ensure(store_get(store, table, cluster_item(&arena, pk, NULL), READ_FULL, &arena, &image,
                     &found, &wait_seq, &err));
    bool shows = v == NULL ? !found
                           : found && item_find(image, SLICE_LITERAL("v"), &value) &&
                                 slice_is(value.payload, v);
    table_release(table);
    arena_destroy(&arena);
    return shows;
}

/* FNV-1a: only equality matters. */
static uint64_t cluster_hash(uint64_t hash, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ at[i]) * 1099511628211ULL;
    }
    return hash;
}

static uint32_t
cluster_walk(struct cluster *cluster, uint32_t region, const char *name, uint64_t *digest)
{
    const struct table *table = cluster_table(cluster, region, name);
    *digest = 0;
    if (table == NULL) {
        return 0;
    }
    uint32_t rows = 0;
    struct arena arena = {0};
    struct error err = {0};
    struct change change;
    struct store_walk *walk = store_walk_open(cluster->regions[region].store, table->id);
    while (store_walk_next(walk, &arena, &change, &err)) {
        struct dot dot = change.version.dot;
        uint64_t hash = cluster_hash(1469598103934665603ULL, change.key.data, change.key.size);
        hash = cluster_hash(hash, &change.version.stamp, sizeof(change.version.stamp));
        hash = cluster_hash(hash, &dot.region, sizeof(dot.region));
        hash = cluster_hash(hash, &dot.incarnation, sizeof(dot.incarnation));
        hash = cluster_hash(hash, &dot.seq, sizeof(dot.seq));
        hash = cluster_hash(hash, change.image.data, change.image.size);
        *digest += hash * (change.tombstone ? 3 : 1);
        rows += !change.tombstone;
        arena_clear(&arena);
    }
    ensure(err.code == ERROR_NONE);
    store_walk_close(walk);
    table_release(table);
    arena_destroy(&arena);
    return rows;
}

uint64_t cluster_digest(struct cluster *cluster, uint32_t region, const char *name)
{
    uint64_t digest;
    cluster_walk(cluster, region, name, &digest);
    return digest;
}

uint32_t cluster_rows(struct cluster *cluster, uint32_t region, const char *name)
{
    uint64_t digest;
    return cluster_walk(cluster, region, name, &digest);
}

uint32_t cluster_conflicts(struct cluster *cluster, uint32_t region)
{
    enum { MAX = 1000 };
    struct arena arena = {0};
    struct error err = {0};
    uint32_t count = 0;
    struct conflict *conflicts = arena_zalloc(&arena, MAX, sizeof(*conflicts));
    ensure(
        store_conflicts(cluster->regions[region].store, 0, MAX, &arena, conflicts, &count, &err));
    arena_destroy(&arena);
    return count;
}

void cluster_link(struct cluster *cluster, uint32_t from, uint32_t to, struct link_settings link)
{
    struct error err = {0};
    ensure(replication_link_set(cluster->regions[from].replication,
                                slice_text(cluster->infos[to].name), &link, &err));
}

void cluster_cut(struct cluster *cluster, uint32_t a, uint32_t b, bool cut)
{
    struct link_settings settings = {.cut = cut};
    cluster_link(cluster, a, b, settings);
    cluster_link(cluster, b, a, settings);
}
