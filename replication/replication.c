/* Replication as the daemon sees it: wires transport, machines, replicas and watermark together. */
#include "replication/replication.h"

#include "replication/machine.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* The machines of one peer that are alive, for figures. */
struct live {
    struct outbound *outbound;
    struct inbound *inbound;
    struct shipper_figures shipped; /* Of the last outbound machine that is gone. */
    struct applier_figures applied;
};

struct replication {
    struct region_info regions[REGIONS_MAX];
    uint32_t regions_count;
    const struct region_info *self;
    struct identity identity;
    struct machines machines;
    struct transport *transport;
    pthread_mutex_t mutex; /* Guards live. */
    struct live live[REGIONS_MAX];
};

/* One machine of the transport: either kind. */
struct machine {
    struct replication *replication;
    uint32_t region; /* Index into regions. */
    struct outbound *outbound;
    struct inbound *inbound;
};

struct moment machines_now(const struct machines *machines)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    struct store_clock *clock = &machines->store->clock;
    return (struct moment){
        .mono_us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000,
        .wall_ms = clock->wall_ms(clock->context),
    };
}

/* --- Machines --------------------------------------------------------------------------------- */

static void *replication_open_machine(void *context, uint16_t region, bool outbound)
{
    struct replication *replication = context;
    struct machine *machine = calloc(1, sizeof(*machine));
    ensure(machine != NULL);
    machine->replication = replication;
    machine->region =
        (uint32_t)(machines_region(&replication->machines, region) - replication->machines.regions);
    if (outbound) {
        machine->outbound = outbound_open(&replication->machines, region);
    } else {
        machine->inbound = inbound_open(&replication->machines, region);
    }
    struct live *live = &replication->live[machine->region];
    pthread_mutex_lock(&replication->mutex);
    if (outbound) {
        live->outbound = machine->outbound;
    } else {
        live->inbound = machine->inbound;
    }
    pthread_mutex_unlock(&replication->mutex);
    return machine;
}

static void replication_close_machine(void *argument)
{
    struct machine *machine = argument;
    struct replication *replication = machine->replication;
    struct live *live = &replication->live[machine->region];
    pthread_mutex_lock(&replication->mutex);
    if (machine->outbound != NULL) {
        outbound_figures(machine->outbound, &live->shipped);
        live->outbound = NULL;
    } else {
        inbound_figures(machine->inbound, &live->applied);
        live->inbound = NULL;
    }
    pthread_mutex_unlock(&replication->mutex);
    if (machine->outbound != NULL) {
        outbound_close(machine->outbound);
    } else {
        inbound_close(machine->inbound);
    }
    free(machine);
}

static bool replication_message(void *argument,
                                struct slice payload,
                                struct transport_outbox *outbox,
                                struct error *err)
{
    struct machine *machine = argument;
    return machine->outbound != NULL ? outbound_message(machine->outbound, payload, outbox, err)
                                     : inbound_message(machine->inbound, payload, outbox, err);
}

static bool replication_pump(void *argument, struct transport_outbox *outbox, struct error *err)
{
    struct machine *machine = argument;
    return machine->outbound != NULL ? outbound_pump(machine->outbound, outbox, err)
                                     : inbound_pump(machine->inbound, outbox, err);
}

/* --- Start and stop --------------------------------------------------------------------------- */

static void replication_wake_all(void *context)
{
    struct replication *replication = context;
    if (replication->transport != NULL) {
        transport_wake(replication->transport);
    }
}

static bool replication_take_regions(struct replication *replication,
                                     const struct replication_options *options,
                                     struct error *err)
{
    if (options->regions_count == 0 || options->regions_count > REGIONS_MAX) {
        return error_set(err, ERROR_CONFIG, "a cluster has 1 to %d regions, not %u", REGIONS_MAX,
                         options->regions_count);
    }
    replication->regions_count = options->regions_count;
    memcpy(replication->regions, options->regions,
           options->regions_count * sizeof(options->regions[0]));
    for (uint32_t i = 0; i < options->regions_count; i++) {
        if (strcmp(replication->regions[i].name, options->self) == 0) {
            replication->self = &replication->regions[i];
        }
    }
    if (replication->self == NULL) {
        return error_set(err, ERROR_CONFIG, "region %s is not in the cluster file", options->self);
    }
    if (memcmp(replication->self->public_key, options->identity.public_key,
               sizeof(options->identity.public_key)) != 0) {
        return error_set(err, ERROR_CONFIG,
                         "the cluster file has another key for region %s than this data folder's "
                         "identity; run meridiand --identity and put its key there",
                         options->self);
    }
    return true;
}

static bool replication_open_parts(struct replication *replication,
                                   const struct replication_options *options,
                                   struct error *err)
{
    uint16_t members[REGIONS_MAX];
    for (uint32_t i = 0; i < replication->regions_count; i++) {
        members[i] = replication->regions[i].id;
    }
    struct machines *machines = &replication->machines;
    *machines = (struct machines){
        .store = options->store,
        .replica_store = replica_store_of(options->store),
        .hlc = options->hlc,
        .regions = replication->regions,
        .regions_count = replication->regions_count,
        .heartbeat_ms = options->heartbeat_ms,
        .log = options->log,
        .log_context = options->log_context,
        .wake = replication_wake_all,
        .wake_context = replication,
    };
    machines->watermark =
        watermark_open(replication->self->id, members, replication->regions_count);
    if (!replicas_open(options->store, replication->regions, replication->regions_count,
                       replication->self->id, &machines->replicas, err)) {
        return false;
    }
    replicas_set_log(machines->replicas, options->log, options->log_context);
    return true;
}

bool replication_start(const struct replication_options *options,
                       struct replication **replication,
                       struct error *err)
{
    struct replication *made = calloc(1, sizeof(*made));
    ensure(made != NULL && pthread_mutex_init(&made->mutex, NULL) == 0);
    made->identity = options->identity;
    bool ok =
        replication_take_regions(made, options, err) && replication_open_parts(made, options, err);
    if (ok) {
        struct transport_options transport = {
            .regions = made->regions,
            .regions_count = made->regions_count,
            .self = made->self->id,
            .identity = &made->identity,
            .listen_address = options->listen_address,
            .heartbeat_ms = options->heartbeat_ms,
            .machine = {replication_open_machine, replication_message, replication_pump,
                        replication_close_machine},
            .context = made,
            .log = options->log,
            .log_context = options->log_context,
        };
        ok = transport_start(&transport, &made->transport, err);
    }
    if (!ok) {
        replication_stop(made);
        return false;
    }
    *replication = made;
    return true;
}

void replication_stop(struct replication *replication)
{
    if (replication == NULL) {
        return;
    }
    transport_stop(replication->transport);
    replicas_close(replication->machines.replicas);
    watermark_close(replication->machines.watermark);
    pthread_mutex_destroy(&replication->mutex);
    free(replication);
}

const char *replication_address(const struct replication *replication)
{
    return transport_address(replication->transport);
}

void replication_wake(struct replication *replication)
{
    transport_wake(replication->transport);
}

/* --- Replicas --------------------------------------------------------------------------------- */

static const struct region_info *replication_peer(const struct replication *replication,
                                                  struct slice region)
{
    for (uint32_t i = 0; i < replication->regions_count; i++) {
        const struct region_info *info = &replication->regions[i];
        if (info != replication->self && slice_is(region, info->name)) {
            return info;
        }
    }
    return NULL;
}

bool replication_has_region(const struct replication *replication, struct slice region)
{
    return replication_peer(replication, region) != NULL;
}

bool replication_replica_create(struct replication *replication,
                                uint32_t table_id,
                                struct slice region,
                                struct error *err)
{
    bool ok = replicas_create(replication->machines.replicas, table_id, region, err);
    transport_wake(replication->transport);
    return ok;
}

bool replication_replica_delete(struct replication *replication,
                                uint32_t table_id,
                                struct slice region,
                                struct error *err)
{
    bool ok = replicas_delete(replication->machines.replicas, table_id, region, err);
    transport_wake(replication->transport);
    return ok;
}

void replication_table_changed(struct replication *replication)
{
    replicas_changed(replication->machines.replicas);
    transport_wake(replication->transport);
}

bool replication_table_leaving(struct replication *replication,
                               uint32_t table_id,
                               struct error *err)
{
    bool ok = replicas_leaving(replication->machines.replicas, table_id, err);
    transport_wake(replication->transport);
    return ok;
}

/* --- Links and figures ------------------------------------------------------------------------ */

bool replication_link_set(struct replication *replication,
                          struct slice region,
                          const struct link_settings *settings,
                          struct error *err)
{
    const struct region_info *peer = replication_peer(replication, region);
    if (peer == NULL) {
        return error_set(err, ERROR_VALIDATION, "%.*s is not a peer of region %s",
                         SLICE_ARGS(region), replication->self->name);
    }
    if (!link_settings_check(settings, err)) {
        return false;
    }
    transport_link_set(replication->transport, peer->id, settings);
    return true;
}

void replication_link_clear(struct replication *replication)
{
    struct link_settings plain = {0};
    transport_link_set(replication->transport, 0, &plain);
}

/* What is durable here and was never acknowledged over the present connection. */
static void replication_lag_without_link(struct replication *replication,
                                         const struct region_info *region,
                                         struct peer_status *peer)
{
    struct error err = {0};
    struct machines *machines = &replication->machines;
    struct shipper_arrears arrears = {0};
    if (!shipper_arrears(&machines->replica_store, slice_text(region->name), peer->acknowledged_seq,
                         machines_now(machines).wall_ms, &arrears, &err)) {
        snprintf(peer->problem, sizeof(peer->problem), "%.*s", (int)sizeof(peer->problem) - 1,
                 err.text);
    }
    peer->pending_records = arrears.records;
    peer->lag_seconds = arrears.lag_seconds;
}

static void replication_peer_status(struct replication *replication,
                                    uint32_t index,
                                    const struct context *applied,
                                    struct peer_status *peer)
{
    const struct region_info *region = &replication->regions[index];
    struct live *live = &replication->live[index];
    struct transport_peer_status link;
    transport_peer_status(replication->transport, region->id, &link);
    uint32_t backfill_table_id = 0;
    uint64_t backfill_rows = 0;
    pthread_mutex_lock(&replication->mutex);
    if (live->outbound != NULL) {
        outbound_figures(live->outbound, &live->shipped);
        outbound_backfill_figures(live->outbound, &backfill_table_id, &backfill_rows);
    }
    if (live->inbound != NULL) {
        inbound_figures(live->inbound, &live->applied);
    }
    struct shipper_figures shipped = live->shipped;
    struct applier_figures received = live->applied;
    pthread_mutex_unlock(&replication->mutex);
    *peer = (struct peer_status){
        .region = *region,
        .connected_out = link.connected_out,
        .connected_in = link.connected_in,
        .link = link.link,
        .pending_records = shipped.pending_records,
        .lag_seconds = shipped.lag_seconds,
        .apply_lag_seconds = received.apply_lag_seconds,
        .acknowledged_seq = shipped.acknowledged_seq,
        .round_trip_ms = link.connected_out ? shipped.round_trip_ms : -1,
        .clock_offset_ms = shipped.clock_offset_ms,
        .sent_records = shipped.sent_records,
        .sent_bytes = link.sent_bytes,
        .received_records = received.received_records,
        .received_bytes = link.received_bytes,
        .reconnects = link.reconnects,
        .backfill_table_id = backfill_table_id,
        .backfill_rows = backfill_rows,
    };
    memcpy(peer->problem, link.problem, sizeof(peer->problem));
    for (uint32_t i = 0; i < applied->count; i++) {
        if (applied->entries[i].region == region->id) {
            peer->applied = applied->entries[i];
        }
    }
    if (!link.connected_out) {
        replication_lag_without_link(replication, region, peer);
    }
}

void replication_status(struct replication *replication, struct replication_status *status)
{
    *status = (struct replication_status){
        .self = *replication->self,
        .incarnation = replication->machines.store->incarnation,
        .descriptions_lost = replicas_lost(replication->machines.replicas),
    };
    struct context applied;
    store_applied(replication->machines.store, &applied);
    for (uint32_t i = 0; i < replication->regions_count; i++) {
        if (&replication->regions[i] != replication->self) {
            replication_peer_status(replication, i, &applied,
                                    &status->peers[status->peers_count++]);
        }
    }
}

uint64_t replication_acknowledged(struct replication *replication)
{
    uint64_t least = engine_synced_seq(replication->machines.store->engine);
    pthread_mutex_lock(&replication->mutex);
    for (uint32_t i = 0; i < replication->regions_count; i++) {
        struct live *live = &replication->live[i];
        if (&replication->regions[i] == replication->self) {
            continue;
        }
        if (live->outbound != NULL) {
            outbound_figures(live->outbound, &live->shipped);
        }
        uint64_t acknowledged = live->shipped.acknowledged_seq;
        least = acknowledged < least ? acknowledged : least;
    }
    pthread_mutex_unlock(&replication->mutex);
    return least;
}
