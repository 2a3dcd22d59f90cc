#include "tests/unit/replication/pair.h"

static void pair_emit(void *context, struct slice payload)
{
    struct pair_end *end = context;
    ensure(end->sent_count < PAIR_MESSAGES_MAX);
    end->sent[end->sent_count++] = arena_copy(&end->pair->arena, payload);
}

static void pair_open_end(struct pair *pair, struct pair_end *end, uint16_t region)
{
    const uint16_t members[] = {1, 2};
    end->pair = pair;
    sim_store_open(&end->store, pair->model, &pair->random, region, 2);
    for (uint32_t table = 0; table < SIM_TABLES; table++) {
        end->store.here[table] = true;
        end->store.ships_to[table] = 1U << 1 | 1U << 2;
    }
    hlc_init(&end->hlc, 0);
    end->watermark = watermark_open(region, members, ARRAY_COUNT(members));
}

struct pair *pair_open(void)
{
    struct pair *pair = calloc(1, sizeof(*pair));
    ensure(pair != NULL);
    pair->model = calloc(1, sizeof(*pair->model));
    ensure(pair->model != NULL);
    pair->part_bytes = PEER_PART_BYTES_MAX;
    pair->now = (struct moment){.mono_us = 1000000, .wall_ms = 1700000000000};
    pair_open_end(pair, &pair->a, 1);
    pair_open_end(pair, &pair->b, 2);
    return pair;
}

void pair_close(struct pair *pair)
{
    shipper_close(pair->shipper);
    applier_close(pair->applier);
    watermark_close(pair->a.watermark);
    watermark_close(pair->b.watermark);
    sim_store_close(&pair->a.store);
    sim_store_close(&pair->b.store);
    arena_destroy(&pair->arena);
    free(pair->model);
    free(pair);
}

void pair_connect(struct pair *pair)
{
    shipper_close(pair->shipper);
    applier_close(pair->applier);
    pair->a.sent_count = 0;
    pair->b.sent_count = 0;
    pair->shipper = shipper_open(&(struct shipper_options){
        .store = sim_store_door(&pair->a.store),
        .watermark = pair->a.watermark,
        .hlc = &pair->a.hlc,
        .peer = SLICE_LITERAL("r2"),
        .heartbeat_ms = PAIR_HEARTBEAT_MS,
        .part_bytes = pair->part_bytes,
        .emit = pair_emit,
        .context = &pair->a,
    });
    pair->applier = applier_open(&(struct applier_options){
        .store = sim_store_door(&pair->b.store),
        .watermark = pair->b.watermark,
        .hlc = &pair->b.hlc,
        .origin = 1,
        .origin_name = SLICE_LITERAL("r1"),
        .credit_bytes = PAIR_CREDIT_BYTES,
        .emit = pair_emit,
        .context = &pair->b,
    });
    applier_start(pair->applier);
}

void pair_sync(struct pair_end *end)
{
    sim_store_synced(&end->store, end->store.appended_seq);
}

uint64_t pair_write(struct pair_end *end, uint32_t key, bool tombstone)
{
    uint64_t seq =
        sim_store_write(&end->store, &end->hlc, end->pair->now.wall_ms, 0, key, tombstone, false);
    pair_sync(end);
    return seq;
}

uint64_t pair_transact(struct pair_end *end, uint32_t table, uint32_t count, bool both)
{
    struct sim_member members[SIM_MEMBERS_MAX];
    uint32_t made = 0;
    for (uint32_t key = 0; key < count; key++) {
        members[made++] = (struct sim_member){.table = table, .key = key};
        if (both) {
            members[made++] = (struct sim_member){.table = 1 - table, .key = key};
        }
    }
    uint64_t seq =
        sim_store_transact(&end->store, &end->hlc, end->pair->now.wall_ms, members, made);
    pair_sync(end);
    return seq;
}

struct message pair_take(struct pair_end *end)
{
    ensure(end->sent_count > 0);
    struct message message;
    struct error err = {0};
    bool ok = message_decode(end->sent[0], &end->pair->arena, &message, &err);
    ensure(ok);
    end->sent_count--;
    memmove(end->sent, end->sent + 1, end->sent_count * sizeof(end->sent[0]));
    return message;
}

bool pair_give_shipper(struct pair *pair, const struct message *message)
{
    return shipper_on_message(pair->shipper, message, pair->now, &pair->err);
}

bool pair_give_applier(struct pair *pair, const struct message *message)
{
    return applier_on_message(pair->applier, message, pair->now, &pair->err);
}

bool pair_pump(struct pair *pair, bool *more)
{
    return shipper_pump(pair->shipper, pair->now, more, &pair->err);
}

bool pair_run(struct pair *pair)
{
    bool ok = true;
    bool more = true;
    while (ok && (more || pair->a.sent_count > 0 || pair->b.sent_count > 0)) {
        pair->now.mono_us += 100;
        while (ok && pair->b.sent_count > 0) {
            struct message message = pair_take(&pair->b);
            ok = pair_give_shipper(pair, &message);
        }
        ok = ok && pair_pump(pair, &more);
        while (ok && pair->a.sent_count > 0) {
            struct message message = pair_take(&pair->a);
            ok = pair_give_applier(pair, &message);
        }
        pair_sync(&pair->b);
        applier_pump(pair->applier, pair->now);
    }
    return ok;
}
