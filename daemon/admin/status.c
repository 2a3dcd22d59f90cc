/* GET /v1/status: what this node knows about itself, its peers and its tables, in one document.
 * `meridian status` draws its conclusions from it. */
#include "daemon/admin/admin.h"
#include "daemon/admin/routes.h"
#include "daemon/admin/text.h"
#include "daemon/config.h"
#include "daemon/http/loop.h"

#include <inttypes.h>
#include <time.h>

enum { STATUS_TABLES_PAGE = 100 };

static void status_write_self(struct buffer *to, const struct node *node)
{
    const struct store *store = node->store;
    struct timespec now;
    struct error err = {0};
    uint32_t connections = 0;
    ensure(clock_gettime(CLOCK_REALTIME, &now) == 0);
    uint64_t now_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
    for (uint32_t i = 0; i < node->loops_count; i++) {
        connections += loop_connections(&node->loops[i]);
    }
    bool failed = engine_sync_failed(store->engine, &err);
    buffer_printf(to, "{\"region\":\"%s\",\"id\":%u,\"incarnation\":%" PRIu32 ",", node->region,
                  store->region_id, store->incarnation);
    buffer_printf(to, "\"version\":\"%s\",\"time\":", MERIDIAN_VERSION);
    text_write_time(to, now_ms);
    buffer_printf(to, ",\"uptime_seconds\":%.3f,\"ready\":%s,\"draining\":%s,",
                  (double)(now_ms - node->started_ms) / 1000,
                  atomic_load(&node->ready) ? "true" : "false",
                  atomic_load(&node->draining) ? "true" : "false");
    buffer_printf(to, "\"endpoints\":{\"http\":\"%s\",\"peer\":\"%s\",\"admin\":\"%s\"},",
                  node_http_address(node), node_peer_address(node), node_admin_address(node));
    buffer_printf(to, "\"durability\":\"%s\",\"auth\":%s,\"sync_problem\":",
                  node->config->durability == DURABILITY_SYNC ? "sync" : "relaxed",
                  node->config->auth ? "true" : "false");
    if (failed) {
        json_write_string(to, slice_text(err.text));
    } else {
        buffer_append_text(to, "null");
    }
    buffer_printf(to, ",\"durable_seq\":%" PRIu64 ",\"appended_seq\":%" PRIu64 ",",
                  engine_durable_seq(store->engine), engine_appended_seq(store->engine));
    buffer_printf(to, "\"connections\":%u,\"conflicts\":%" PRIu64 ",", connections,
                  store_conflicts_found(node->store));
}

static void status_write_peer(struct buffer *to, const struct peer_status *peer)
{
    buffer_printf(to, "{\"region\":\"%s\",\"id\":%u,\"address\":", peer->region.name,
                  peer->region.id);
    json_write_string(to, slice_text(peer->region.address));
    buffer_printf(to, ",\"connected_out\":%s,\"connected_in\":%s,\"problem\":",
                  peer->connected_out ? "true" : "false", peer->connected_in ? "true" : "false");
    if (peer->problem[0] == 0) {
        buffer_append_text(to, "null");
    } else {
        json_write_string(to, slice_text(peer->problem));
    }
    buffer_append_text(to, ",\"lag_seconds\":");
    text_write_real(to, peer->lag_seconds);
    buffer_append_text(to, ",\"apply_lag_seconds\":");
    text_write_real(to, peer->apply_lag_seconds);
    buffer_append_text(to, ",\"round_trip_ms\":");
    text_write_real(to, peer->round_trip_ms);
    buffer_append_text(to, ",\"clock_offset_ms\":");
    text_write_real(to, peer->clock_offset_ms);
    buffer_printf(to,
                  ",\"pending_records\":%" PRIu64 ",\"acknowledged_seq\":%" PRIu64
                  ",\"applied\":{\"incarnation\":%" PRIu32 ",\"seq\":%" PRIu64 "}",
                  peer->pending_records, peer->acknowledged_seq, peer->applied.incarnation,
                  peer->applied.seq);
    buffer_printf(to,
                  ",\"sent_records\":%" PRIu64 ",\"sent_bytes\":%" PRIu64
                  ",\"received_records\":%" PRIu64 ",\"received_bytes\":%" PRIu64
                  ",\"reconnects\":%" PRIu64,
                  peer->sent_records, peer->sent_bytes, peer->received_records,
                  peer->received_bytes, peer->reconnects);
    buffer_printf(to, ",\"link\":{\"delay_ms\":%u,\"jitter_ms\":%u,\"loss_percent\":%g,\"cut\":%s}",
                  peer->link.delay_ms, peer->link.jitter_ms, peer->link.loss_percent,
                  peer->link.cut ? "true" : "false");
}

/* A replica that is being filled from here: its progress. */
static void
status_write_backfill(struct buffer *to, const struct node *node, const struct peer_status *peer)
{
    const struct table *table = catalog_acquire_id(node->store->catalog, peer->backfill_table_id);
    buffer_append_text(to, ",\"backfill\":");
    if (table == NULL) {
        buffer_append_text(to, "null");
    } else {
        buffer_append_text(to, "{\"table\":");
        json_write_string(to, table->name);
        buffer_printf(to, ",\"rows\":%" PRIu64 "}", peer->backfill_rows);
    }
    table_release(table);
}

static void status_write_peers(struct buffer *to, const struct node *node, struct arena *arena)
{
    buffer_append_text(to, "\"peers\":[");
    if (node->replication != NULL) {
        struct replication_status *status = arena_zalloc(arena, 1, sizeof(*status));
        replication_status(node->replication, status);
        for (uint32_t i = 0; i < status->peers_count; i++) {
            buffer_append_text(to, i == 0 ? "\n" : ",\n");
            status_write_peer(to, &status->peers[i]);
            status_write_backfill(to, node, &status->peers[i]);
            buffer_append_text(to, "}");
        }
    }
    buffer_append_text(to, "],");
}

static void
status_write_table(struct buffer *to, const struct node *node, const struct table *table)
{
    static const char *const statuses[TABLE_STATUSES] = {"CREATING", "ACTIVE", "UPDATING",
                                                         "DELETING"};
    static const char *const replica_statuses[REPLICA_STATUSES] = {"CREATING", "ACTIVE", "DELETING",
                                                                   "CREATION_FAILED"};
    uint64_t items = 0;
    uint64_t bytes = 0;
    catalog_totals(node->store->catalog, table->id, &items, &bytes);
    buffer_append_text(to, "{\"name\":");
    json_write_string(to, table->name);
    buffer_printf(to, ",\"status\":\"%s\",\"items\":%" PRIu64 ",\"bytes\":%" PRIu64,
                  statuses[table->status], items, bytes);
    buffer_append_text(to, ",\"replicas\":[");
    for (uint32_t i = 0; i < table->replicas_count; i++) {
        const struct replica *replica = &table->replicas[i];
        buffer_printf(to, "%s{\"region\":\"%s\",\"status\":\"%s\"", i == 0 ? "" : ",",
                      replica->region, replica_statuses[replica->status]);
        buffer_append_text(to, ",\"reason\":");
        json_write_string(to, slice_text(replica->reason));
        buffer_append_text(to, "}");
    }
    buffer_append_text(to, "]}");
}

static void status_write_tables(struct buffer *to, const struct node *node, struct arena *arena)
{
    struct slice names[STATUS_TABLES_PAGE];
    struct slice after = {0};
    bool more = true;
    bool first = true;
    buffer_append_text(to, "\"tables\":[");
    while (more) {
        uint32_t count =
            catalog_list(node->store->catalog, after, STATUS_TABLES_PAGE, arena, names, &more);
        for (uint32_t i = 0; i < count; i++) {
            const struct table *table = catalog_acquire(node->store->catalog, names[i]);
            after = names[i];
            if (table == NULL) {
                continue; /* Dropped since it was listed. */
            }
            buffer_append_text(to, first ? "\n" : ",\n");
            first = false;
            status_write_table(to, node, table);
            table_release(table);
        }
    }
    buffer_append_text(to, "]}\n");
}

bool admin_status(const struct admin_request *request, struct buffer *answer, struct error *err)
{
    (void)err;
    status_write_self(answer, request->node);
    status_write_peers(answer, request->node, request->arena);
    status_write_tables(answer, request->node, request->arena);
    return true;
}
