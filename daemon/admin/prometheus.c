/* GET /metrics in Prometheus' text format, version 0.0.4. Names are ours; the help texts name the
 * CloudWatch metric that a figure stands for. */
#include "daemon/admin/routes.h"
#include "daemon/api/operation.h"
#include "daemon/api/streams_meter.h"
#include "daemon/http/loop.h"
#include "daemon/metrics.h"
#include "daemon/throttle.h"
#include "storage/ttl/ttl.h"

#include <dirent.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

static void prometheus_head(struct buffer *to, const char *name, const char *type, const char *help)
{
    buffer_printf(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void prometheus_one(
    struct buffer *to, const char *name, const char *type, const char *help, double value)
{
    prometheus_head(to, name, type, help);
    buffer_printf(to, "%s %.17g\n", name, value);
}

/* --- Requests ------------------------------------------------------------------------------- */

static const char *prometheus_operation(uint32_t number)
{
    return number < operations_count ? operations[number]->name : "Unknown";
}

static void
prometheus_histogram(struct buffer *to, const char *operation, const struct metrics_total *total)
{
    static const char name[] = "meridian_request_duration_seconds";
    uint64_t within = 0;
    for (uint32_t i = 0; i < METRICS_BUCKETS; i++) {
        within += total->buckets[i];
        buffer_printf(to, "%s_bucket{operation=\"%s\",le=\"", name, operation);
        if (i + 1 < METRICS_BUCKETS) {
            buffer_printf(to, "%g\"} %" PRIu64 "\n", (double)metrics_bound_ns(i) / 1e9, within);
        } else {
            buffer_printf(to, "+Inf\"} %" PRIu64 "\n", within);
        }
    }
    buffer_printf(to, "%s_sum{operation=\"%s\"} %.9f\n%s_count{operation=\"%s\"} %" PRIu64 "\n",
                  name, operation, (double)total->duration_ns / 1e9, name, operation, within);
}

static void prometheus_requests(struct buffer *to, const struct node *node)
{
    uint32_t count = operations_count + 1;
    struct metrics_total *totals = arena_zalloc(to->arena, count, sizeof(*totals));
    for (uint32_t i = 0; i < count; i++) {
        metrics_total(node->metrics, i, &totals[i]);
    }
    prometheus_head(to, "meridian_requests_total", "counter", "Answered requests by operation.");
    for (uint32_t i = 0; i < count; i++) {
        buffer_printf(to, "meridian_requests_total{operation=\"%s\"} %" PRIu64 "\n",
                      prometheus_operation(i), totals[i].requests);
    }
    prometheus_head(to, "meridian_request_errors_total", "counter",
                    "Refused or failed requests by operation and reason (CloudWatch: UserErrors, "
                    "SystemErrors, ThrottledRequests, ConditionalCheckFailedRequests).");
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t code = ERROR_NONE + 1; code < METRICS_CODES; code++) {
            if (totals[i].codes[code] > 0) {
                buffer_printf(
                    to,
                    "meridian_request_errors_total{operation=\"%s\",error=\"%s\"} %" PRIu64 "\n",
                    prometheus_operation(i), error_code_name((enum error_code)code),
                    totals[i].codes[code]);
            }
        }
    }
    prometheus_head(to, "meridian_request_duration_seconds", "histogram",
                    "From a request's first byte to its answer (CloudWatch: "
                    "SuccessfulRequestLatency).");
    for (uint32_t i = 0; i < count; i++) {
        prometheus_histogram(to, prometheus_operation(i), &totals[i]);
    }
}

static void prometheus_throttle(struct buffer *to, const struct node *node)
{
    static const char *const sides[THROTTLE_SIDES] = {"read", "write"};
    static const char name[] = "meridian_throttled_total";
    if (node->throttle == NULL) {
        return;
    }
    prometheus_head(to, name, "counter",
                    "Requests, or entries of batches, that found no throughput left (CloudWatch: "
                    "ReadThrottleEvents, WriteThrottleEvents, OnDemandMax…).");
    for (uint32_t index = 0; index < 2; index++) {
        for (uint32_t side = 0; side < THROTTLE_SIDES; side++) {
            for (uint32_t limit = THROTTLE_PROVISIONED; limit < THROTTLE_LIMITS; limit++) {
                buffer_printf(to, "%s{resource=\"%s\",side=\"%s\",limit=\"%s\"} %" PRIu64 "\n",
                              name, index == 0 ? "table" : "index", sides[side],
                              limit == THROTTLE_PROVISIONED ? "provisioned" : "on_demand",
                              throttle_refused(node->throttle, index == 1, (enum throttle_side)side,
                                               (enum throttle_limit)limit));
            }
        }
    }
}

/* --- Replication ---------------------------------------------------------------------------- */

struct prometheus_peer {
    const char *name;
    const char *type;
    const char *help;
    double (*value)(const struct peer_status *peer);
};

#define PEER_VALUE(function, expression)                                                           \
    static double prometheus_peer_##function(const struct peer_status *peer)                       \
    {                                                                                              \
        return (double)(expression);                                                               \
    }
PEER_VALUE(lag, peer->lag_seconds)
PEER_VALUE(apply_lag, peer->apply_lag_seconds)
PEER_VALUE(pending, peer->pending_records)
PEER_VALUE(acknowledged, peer->acknowledged_seq)
PEER_VALUE(applied, peer->applied.seq)
PEER_VALUE(connected, peer->connected_out && peer->connected_in)
PEER_VALUE(round_trip, peer->round_trip_ms < 0 ? NAN : peer->round_trip_ms / 1000)
PEER_VALUE(clock_offset, peer->clock_offset_ms / 1000)
PEER_VALUE(sent_records, peer->sent_records)
PEER_VALUE(sent_bytes, peer->sent_bytes)
PEER_VALUE(received_records, peer->received_records)
PEER_VALUE(received_bytes, peer->received_bytes)
PEER_VALUE(reconnects, peer->reconnects)

static const struct prometheus_peer prometheus_peers[] = {
    {"meridian_replication_lag_seconds", "gauge",
     "Age of the oldest own write that the peer has not acknowledged (CloudWatch: "
     "ReplicationLatency).",
     prometheus_peer_lag},
    {"meridian_replication_apply_lag_seconds", "gauge",
     "From the commit there to durable here, of the peer's newest applied write.",
     prometheus_peer_apply_lag},
    {"meridian_replication_pending_records", "gauge",
     "Own writes that the peer has not acknowledged (CloudWatch: PendingReplicationCount).",
     prometheus_peer_pending},
    {"meridian_replication_acknowledged_seq", "gauge",
     "The peer has our writes durably up to here.", prometheus_peer_acknowledged},
    {"meridian_replication_applied_seq", "gauge", "We have the peer's writes up to here.",
     prometheus_peer_applied},
    {"meridian_replication_connected", "gauge", "1 while both directions are up.",
     prometheus_peer_connected},
    {"meridian_replication_round_trip_seconds", "gauge", "Of the last heartbeat.",
     prometheus_peer_round_trip},
    {"meridian_replication_clock_offset_seconds", "gauge", "The peer's wall clock minus ours.",
     prometheus_peer_clock_offset},
    {"meridian_replication_sent_records_total", "counter", "Change records shipped.",
     prometheus_peer_sent_records},
    {"meridian_replication_sent_bytes_total", "counter", "Bytes sent to the peer.",
     prometheus_peer_sent_bytes},
    {"meridian_replication_received_records_total", "counter", "Change records received.",
     prometheus_peer_received_records},
    {"meridian_replication_received_bytes_total", "counter", "Bytes received from the peer.",
     prometheus_peer_received_bytes},
    {"meridian_replication_reconnects_total", "counter", "Connections made again.",
     prometheus_peer_reconnects},
};

static void prometheus_replication(struct buffer *to, const struct node *node)
{
    if (node->replication == NULL) {
        return;
    }
    struct replication_status *status = arena_zalloc(to->arena, 1, sizeof(*status));
    replication_status(node->replication, status);
    prometheus_one(to, "meridian_replication_descriptions_lost_total", "counter",
                   "Changes of tables made here that another region's has undone, not knowing of "
                   "them.",
                   (double)status->descriptions_lost);
    for (size_t i = 0; i < ARRAY_COUNT(prometheus_peers); i++) {
        const struct prometheus_peer *metric = &prometheus_peers[i];
        prometheus_head(to, metric->name, metric->type, metric->help);
        for (uint32_t j = 0; j < status->peers_count; j++) {
            double value = metric->value(&status->peers[j]);
            buffer_printf(to, "%s{peer=\"%s\"} ", metric->name, status->peers[j].region.name);
            if (isnan(value)) {
                buffer_append_text(to, "NaN\n");
            } else {
                buffer_printf(to, "%.17g\n", value);
            }
        }
    }
}

/* --- Store and process ---------------------------------------------------------------------- */

static void prometheus_store(struct buffer *to, const struct node *node)
{
    static const char *const families[FAMILIES] = {
        [FAMILY_META] = "meta",     [FAMILY_ITEMS] = "items",         [FAMILY_LOG] = "log",
        [FAMILY_REPL] = "repl",     [FAMILY_CONFLICTS] = "conflicts", [FAMILY_STREAMS] = "streams",
        [FAMILY_EXPIRY] = "expiry",
    };
    struct engine *engine = node->store->engine;
    struct engine_figures figures;
    engine_figures(engine, &figures);
    const struct {
        const char *kind;
        int64_t bytes;
    } sizes[] = {
        {"memtable", figures.memtable_bytes},
        {"block_cache", figures.block_cache_bytes},
        {"block_cache_pinned", figures.block_cache_pinned_bytes},
        {"table_readers", figures.table_reader_bytes},
        {"live_data", figures.live_bytes},
        {"pending_compaction", figures.pending_compaction_bytes},
    };
    prometheus_one(to, "meridian_durable_seq", "counter", "Writes up to here may be answered for.",
                   (double)engine_durable_seq(engine));
    prometheus_one(to, "meridian_appended_seq", "counter", "Newest write that was appended.",
                   (double)engine_appended_seq(engine));
    prometheus_one(to, "meridian_conflicts_total", "counter",
                   "Conflicting writes found since the start.",
                   (double)store_conflicts_found(node->store));
    prometheus_one(to, "meridian_tables", "gauge", "Tables of this region.",
                   catalog_count(node->store->catalog));
    prometheus_head(to, "meridian_rocksdb_bytes", "gauge", "Sizes inside RocksDB, by kind.");
    for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
        if (sizes[i].bytes >= 0) {
            buffer_printf(to, "meridian_rocksdb_bytes{kind=\"%s\"} %" PRId64 "\n", sizes[i].kind,
                          sizes[i].bytes);
        }
    }
    prometheus_head(to, "meridian_rocksdb_keys", "gauge", "Estimated keys, by column family.");
    for (uint32_t i = 0; i < FAMILIES; i++) {
        if (figures.keys[i] >= 0) {
            buffer_printf(to, "meridian_rocksdb_keys{family=\"%s\"} %" PRId64 "\n", families[i],
                          figures.keys[i]);
        }
    }
    prometheus_one(to, "meridian_rocksdb_write_stopped", "gauge",
                   "1 while RocksDB takes no writes: requests are throttled.",
                   figures.write_stopped ? 1 : 0);
}

static void prometheus_ttl(struct buffer *to, const struct node *node)
{
    struct ttl_figures figures;
    ttl_figures(node->store, &figures);
    prometheus_one(to, "meridian_ttl_deleted_total", "counter",
                   "Items that time to live has deleted here since the start.",
                   (double)figures.deleted);
    prometheus_one(to, "meridian_ttl_behind_seconds", "gauge",
                   "For how long there has been more to delete than was deleted.",
                   (double)figures.behind_seconds);
    prometheus_one(to, "meridian_ttl_damaged_total", "counter",
                   "Expired items that cannot be read, and stay.", (double)figures.damaged);
}

static bool prometheus_backfills(struct buffer *to,
                                 const struct node *node,
                                 const struct table *table,
                                 struct error *err)
{
    for (uint32_t i = 0; i < table->indexes_count; i++) {
        const struct table_index *index = &table->indexes[i];
        double done = 0;
        if (index->status != INDEX_CREATING) {
            continue;
        }
        if (!store_index_progress(node->store, table->id, index->id, &done, err)) {
            return false;
        }
        buffer_printf(to, "meridian_index_backfill_ratio{table=\"%.*s\",index=\"%.*s\"} %.6f\n",
                      SLICE_ARGS(table->name), SLICE_ARGS(index->name), done);
    }
    return true;
}

/* Nothing while no index is being added. */
static bool prometheus_indexes(struct buffer *to, const struct node *node, struct error *err)
{
    struct slice after = {NULL, 0};
    struct slice names[LIST_TABLES_MAX];
    bool more = true;
    bool ok = true;
    prometheus_head(to, "meridian_index_backfill_ratio", "gauge",
                    "How much of its table a new index has been filled with (CloudWatch: "
                    "OnlineIndexPercentageProgress).");
    while (ok && more) {
        uint32_t count =
            catalog_list(node->store->catalog, after, LIST_TABLES_MAX, to->arena, names, &more);
        for (uint32_t i = 0; ok && i < count; i++) {
            const struct table *table = catalog_acquire(node->store->catalog, names[i]);
            ok = table == NULL || prometheus_backfills(to, node, table, err);
            table_release(table);
            after = names[i];
        }
    }
    return ok;
}

static void prometheus_streams(struct buffer *to, const struct node *node)
{
    struct stream_figures figures;
    struct streams_metered *readers = NULL;
    uint32_t count = streams_meter_all(node->streams_meter, to->arena, &readers);
    uint32_t parked = 0;
    stream_figures(node->store, &figures);
    prometheus_head(to, "meridian_streams", "gauge", "Change streams.");
    buffer_printf(to, "meridian_streams{status=\"enabled\"} %u\n", figures.enabled);
    buffer_printf(to, "meridian_streams{status=\"disabled\"} %u\n", figures.disabled);
    prometheus_head(to, "meridian_stream_shards", "gauge", "Shards of all streams.");
    buffer_printf(to, "meridian_stream_shards{status=\"open\"} %u\n", figures.open);
    buffer_printf(to, "meridian_stream_shards{status=\"closed\"} %u\n", figures.closed);
    for (uint32_t i = 0; i < node->loops_count; i++) {
        parked += loop_polls(&node->loops[i]);
    }
    prometheus_one(to, "meridian_stream_polls", "gauge", "GetRecords that wait for a record.",
                   parked);
    prometheus_head(to, "meridian_stream_records_read_total", "counter",
                    "Records given to readers (CloudWatch: ReturnedRecordsCount).");
    for (uint32_t i = 0; i < count; i++) {
        buffer_printf(
            to, "meridian_stream_records_read_total{table=\"%s\",stream=\"%u\"} %" PRIu64 "\n",
            readers[i].table, readers[i].stream, readers[i].records);
    }
    prometheus_head(to, "meridian_stream_iterator_age_seconds", "gauge",
                    "How old the newest record of the last page was when a reader got it.");
    for (uint32_t i = 0; i < count; i++) {
        buffer_printf(to, "meridian_stream_iterator_age_seconds{table=\"%s\",stream=\"%u\"} %.3f\n",
                      readers[i].table, readers[i].stream, (double)readers[i].age_ms / 1000);
    }
}

static void prometheus_process(struct buffer *to, const struct node *node)
{
    struct rusage usage;
    ensure(getrusage(RUSAGE_SELF, &usage) == 0);
    double cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                 (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    prometheus_one(to, "process_cpu_seconds_total", "counter", "User and system time.", cpu);
    unsigned long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "re");
    if (statm != NULL) {
        if (fscanf(statm, "%*s %lu", &pages) == 1) {
            prometheus_one(to, "process_resident_memory_bytes", "gauge", "Resident memory.",
                           (double)pages * (double)sysconf(_SC_PAGESIZE));
        }
        fclose(statm);
    }
    double descriptors = 0;
    DIR *fds = opendir("/proc/self/fd");
    if (fds != NULL) {
        while (readdir(fds) != NULL) {
            descriptors++;
        }
        closedir(fds);
        prometheus_one(to, "process_open_fds", "gauge", "Open descriptors.", descriptors - 3);
    }
    prometheus_one(to, "process_start_time_seconds", "gauge", "Start, in seconds of the epoch.",
                   (double)node->started_ms / 1000);
}

bool admin_metrics(const struct admin_request *request, struct buffer *answer, struct error *err)
{
    const struct node *node = request->node;
    double connections = 0;
    prometheus_head(answer, "meridian_build_info", "gauge", "What is running.");
    buffer_printf(answer, "meridian_build_info{version=\"%s\",region=\"%s\"} 1\n", MERIDIAN_VERSION,
                  node->region);
    prometheus_one(answer, "meridian_ready", "gauge", "1 while requests are taken.",
                   atomic_load(&node->ready) ? 1 : 0);
    for (uint32_t i = 0; i < node->loops_count; i++) {
        connections += loop_connections(&node->loops[i]);
    }
    prometheus_one(answer, "meridian_connections", "gauge", "Open client connections.",
                   connections);
    prometheus_requests(answer, node);
    prometheus_throttle(answer, node);
    prometheus_replication(answer, node);
    prometheus_store(answer, node);
    prometheus_ttl(answer, node);
    prometheus_streams(answer, node);
    prometheus_process(answer, node);
    return prometheus_indexes(answer, node, err);
}
