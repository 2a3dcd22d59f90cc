/* A region's life: what is opened in which order, and closed in the reverse one.
 *
 *     lock the folder -> identity -> store -> credentials, tls -> replication -> loops -> admin ->
 * ready not ready -> drain loops -> admin -> replication -> store -> unlock
 *
 * The engine's sync thread calls node_durable from the moment the store is open until it is closed,
 * which is longer than the loops and replication live: `waking` says which of them may be woken,
 * and its mutex keeps them from being freed meanwhile. */
#include "daemon/node.h"

#include "daemon/admin/admin.h"
#include "daemon/api/operation.h"
#include "daemon/api/streams_meter.h"
#include "daemon/auth/keyring.h"
#include "daemon/cluster.h"
#include "daemon/config.h"
#include "daemon/folder.h"
#include "daemon/http/credentials.h"
#include "daemon/http/loop.h"
#include "daemon/http/tls.h"
#include "daemon/insights.h"
#include "daemon/lifecycle.h"
#include "daemon/metrics.h"
#include "daemon/throttle.h"
#include "daemon/upkeep.h"
#include "replication/clock.h"

#include <pthread.h>
#include <time.h>
#include <unistd.h>

/* The public part and what nobody else needs to see. */
struct node_whole {
    struct node node;
    int lock_fd;
    struct hlc clock;
    struct identity identity;
    pthread_mutex_t waking; /* Guards the two below. Held for two calls that return at once. */
    bool loops_up;
    struct replication *shipping;
    struct upkeep *upkeep;
    struct lifecycle *lifecycle;
};

/* DynamoDB's ARNs carry an account; a region of ours is one account's. */
static const char node_account[] = "000000000000";

static uint64_t node_wall_ms(void *context)
{
    (void)context;
    struct timespec now;
    ensure(clock_gettime(CLOCK_REALTIME, &now) == 0);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static uint64_t node_stamp(void *context, uint64_t floor)
{
    struct node_whole *whole = context;
    return hlc_next(&whole->clock, node_wall_ms(NULL), floor);
}

/* The engine's sync thread. */
static void node_durable(void *context, uint64_t durable_seq)
{
    struct node_whole *whole = context;
    (void)durable_seq;
    ensure(pthread_mutex_lock(&whole->waking) == 0);
    for (uint32_t i = 0; whole->loops_up && i < whole->node.loops_count; i++) {
        loop_durable(&whole->node.loops[i]);
    }
    if (whole->shipping != NULL) {
        replication_wake(whole->shipping);
    }
    ensure(pthread_mutex_unlock(&whole->waking) == 0);
}

static void node_set_waking(struct node_whole *whole, bool loops_up, struct replication *shipping)
{
    ensure(pthread_mutex_lock(&whole->waking) == 0);
    whole->loops_up = loops_up;
    whole->shipping = shipping;
    ensure(pthread_mutex_unlock(&whole->waking) == 0);
}

/* Replication's events are words with blanks; ours are one word, which a filter can name. */
static void node_replication_log(void *context, int level, const char *event, const char *detail)
{
    struct node *node = context;
    char name[64];
    ensure(level >= LOG_DEBUG && level < LOG_LEVELS);
    snprintf(name, sizeof(name), "replication.%s", event);
    for (char *c = name; *c != 0; c++) {
        *c = *c == ' ' ? '_' : *c;
    }
    log_event(node->log, (enum log_level)level, name, log_text("detail", detail));
}

enum { MS_PER_HOUR = 3600000 };

/* --- Start ---------------------------------------------------------------------------------- */

static bool node_open_store(struct node_whole *whole, struct error *err)
{
    const struct config *config = whole->node.config;
    char path[FOLDER_PATH_BYTES];
    folder_path(path, config->data, "store");
    struct store_options options = {
        .engine = {.directory = path,
                   .cache_bytes = config->cache_mb << 20,
                   .memtable_bytes = config->memtable_mb << 20,
                   .durability = config->durability,
                   .sync_interval_ms = config->sync_interval_ms,
                   .on_durable = node_durable,
                   .context = whole},
        .clock = {.wall_ms = node_wall_ms, .stamp = node_stamp, .context = whole},
        .region_id = config->id,
        .region = config->region,
        .conflicts_kept_ms = config->conflicts_kept_hours * MS_PER_HOUR,
        .observer = lifecycle_observer(whole->lifecycle),
        .stream_shards = config->stream_shards,
    };
    uint64_t seq;
    uint64_t stamp;
    if (!folder_make(path, err) || !store_open(&options, &whole->node.store, err) ||
        !store_log_newest(whole->node.store, &seq, &stamp, err)) {
        return false;
    }
    /* Stamps go on rising though the wall clock may have been set back while the node was down. */
    node_stamp(whole, stamp);
    return true;
}

static uint64_t node_monotonic_ns(void *context)
{
    struct timespec now;
    (void)context;
    ensure(clock_gettime(CLOCK_MONOTONIC_COARSE, &now) == 0);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void node_open_throttle(struct node *node)
{
    if (node->config->throttle) {
        struct throttle_clock clock = {node_monotonic_ns, NULL};
        node->throttle = throttle_open(&clock, node->store->catalog);
        log_event(node->log, LOG_INFO, "node.throttle",
                  log_text("meaning", "provisioned throughput is enforced"));
    }
}

/* Each loop takes the new set between two requests; once all have, nobody looks at the old one. */
static void node_use_credentials(void *context, const struct credentials *credentials)
{
    struct node *node = context;
    for (uint32_t i = 0; i < node->loops_count; i++) {
        loop_use_credentials(&node->loops[i], credentials);
    }
    node->credentials = credentials;
}

/* Keys that are taken: those of the credentials file and those that `meridian keys` made. */
static void node_log_credentials(const struct node *node, bool made)
{
    uint32_t count = credentials_count(node->credentials);
    uint32_t of_file = 0;
    for (uint32_t i = 0; i < count; i++) {
        of_file += credentials_at(node->credentials, i)->user.size == 0;
    }
    log_event(node->log, LOG_INFO, made ? "node.credentials_made" : "node.credentials",
              log_text("file", node->config->credentials), log_unsigned("file_keys", of_file),
              log_unsigned("made_keys", count - of_file));
}

static bool node_open_keyring(struct node *node, struct error *err)
{
    const struct config *config = node->config;
    bool made = false;
    struct keyring_options options = {
        .catalog = node->store->catalog,
        .credentials = config->auth ? config->credentials : NULL,
        .credentials_make = !config->credentials_given,
        .key_file = config->key_file,
        .key_file_make = !config->key_file_given,
        .use = node_use_credentials,
        .context = node,
    };
    if (!keyring_open(&options, &node->keyring, &made, err)) {
        return false;
    }
    node->credentials = keyring_credentials(node->keyring);
    if (!config->auth) {
        log_event(node->log, LOG_WARNING, "node.auth_off",
                  log_text("meaning", "any credentials are taken"));
        return true;
    }
    node_log_credentials(node, made);
    return true;
}

static void node_log_tls(const struct node *node)
{
    log_event(node->log, tls_is_outdated(node->tls) ? LOG_WARNING : LOG_INFO,
              tls_is_outdated(node->tls) ? "node.certificate_outdated" : "node.certificate",
              log_text("file", node->config->tls_certificate),
              log_text("expires", tls_expires(node->tls)));
}

static bool node_open_tls(struct node *node, struct error *err)
{
    const struct config *config = node->config;
    if (config->https == NULL) {
        return true;
    }
    if (!tls_open(config->tls_certificate, config->tls_key, &node->tls, err)) {
        return false;
    }
    node_log_tls(node);
    return true;
}

static bool node_open_replication(struct node_whole *whole, struct error *err)
{
    struct node *node = &whole->node;
    const struct config *config = node->config;
    if (config->cluster == NULL) {
        return true;
    }
    struct replication_options options = {
        .store = node->store,
        .hlc = &whole->clock,
        .regions = config->regions,
        .regions_count = config->regions_count,
        .self = config->region,
        .identity = whole->identity,
        .listen_address = config->peer,
        .heartbeat_ms = PEER_HEARTBEAT_MS,
        .log = node_replication_log,
        .log_context = node,
    };
    if (!replication_start(&options, &node->replication, err)) {
        return error_wrap(err, "peer endpoint %s", config->peer);
    }
    return true;
}

static bool node_open_loops(struct node *node, struct error *err)
{
    const struct config *config = node->config;
    struct loop_options options = {
        .node = node,
        .address = config->http,
        .https = config->https,
        .reuse_port = config->loops > 1,
        .wait_durable = config->durability == DURABILITY_SYNC,
        .connections_max = (HTTP_CONNECTIONS_MAX + config->loops - 1) / config->loops,
        .idle_ms = HTTP_IDLE_MS,
        .header_ms = HTTP_HEADER_MS,
        .body_ms = HTTP_BODY_MS,
        .poll_ms = config->stream_poll_ms,
    };
    if (!loop_address_free(config->http, err) ||
        (config->https != NULL && !loop_address_free(config->https, err))) {
        return error_wrap(err, "DynamoDB endpoint");
    }
    for (uint32_t i = 0; i < config->loops; i++) {
        options.index = i;
        if (!loop_start(&node->loops[i], &options, err)) {
            return error_wrap(err, "DynamoDB endpoint");
        }
        options.address = loop_address(&node->loops[0]); /* With port 0: all share the first's. */
        options.https = config->https == NULL ? NULL : loop_https_address(&node->loops[0]);
    }
    return true;
}

static bool node_open(struct node_whole *whole, struct error *err)
{
    struct node *node = &whole->node;
    const struct config *config = node->config;
    if (!folder_make(config->data, err) || !folder_lock(config->data, &whole->lock_fd, err) ||
        (config->cluster != NULL && !identity_load(config->data, &whole->identity, err)) ||
        !node_open_store(whole, err) || !node_open_keyring(node, err) ||
        !node_open_tls(node, err) || !node_open_replication(whole, err)) {
        return false;
    }
    node->insights = insights_open(&node->store->clock);
    if (!insights_sync(node->insights, node->store->catalog, err)) {
        return false;
    }
    node_open_throttle(node);
    node_set_waking(whole, true, node->replication);
    if (!node_open_loops(node, err)) {
        return false;
    }
    keyring_serve(node->keyring);
    if (!admin_start(node, config->admin, &node->admin, err)) {
        return false;
    }
    whole->upkeep = upkeep_start(node);
    atomic_store(&node->ready, true);
    return true;
}

bool node_start(const struct config *config, struct log *log, struct node **node, struct error *err)
{
    struct node_whole *whole = calloc(1, sizeof(*whole));
    ensure(whole != NULL);
    ensure(pthread_mutex_init(&whole->waking, NULL) == 0);
    whole->lock_fd = -1;
    hlc_init(&whole->clock, 0);
    struct node *made = &whole->node;
    made->config = config;
    made->log = log;
    made->started_ms = node_wall_ms(NULL);
    struct store_clock clock = {.wall_ms = node_wall_ms, .stamp = node_stamp, .context = whole};
    whole->lifecycle = lifecycle_open(log, &clock);
    snprintf(made->region, sizeof(made->region), "%s", config->region);
    snprintf(made->account, sizeof(made->account), "%s", node_account);
    made->ttl_change_ms = config->ttl_change_seconds * UINT64_C(1000);
    made->metrics = metrics_open(config->loops, operations_count);
    made->streams_meter = streams_meter_open();
    made->loops_count = config->loops;
    made->loops = calloc(config->loops, sizeof(*made->loops));
    ensure(made->loops != NULL);
    if (!node_open(whole, err)) {
        node_stop(made);
        return false;
    }
    log_event(log, LOG_INFO, "node.ready", log_text("region", made->region),
              log_unsigned("id", config->id), log_text("http", node_http_address(made)),
              log_text("https", node_https_address(made)),
              log_text("peer", node_peer_address(made)),
              log_text("admin", node_admin_address(made)),
              log_unsigned("took_ms", node_wall_ms(NULL) - made->started_ms));
    *node = made;
    return true;
}

/* --- Stop ----------------------------------------------------------------------------------- */

void node_stop(struct node *node)
{
    if (node == NULL) {
        return;
    }
    struct node_whole *whole = CONTAINER_OF(node, struct node_whole, node);
    atomic_store(&node->draining, true);
    atomic_store(&node->ready, false);
    if (node->keyring != NULL) {
        keyring_stop(node->keyring);
    }
    for (uint32_t i = 0; i < node->loops_count; i++) {
        loop_drain(&node->loops[i], NODE_DRAIN_MS);
    }
    for (uint32_t i = 0; i < node->loops_count; i++) {
        loop_join(&node->loops[i]);
    }
    admin_stop(node->admin);
    upkeep_stop(whole->upkeep);
    node_set_waking(whole, false, NULL);
    replication_stop(node->replication);
    throttle_close(node->throttle);
    insights_close(node->insights);
    keyring_close(node->keyring);
    store_close(node->store);
    lifecycle_close(whole->lifecycle);
    tls_close(node->tls);
    streams_meter_close(node->streams_meter);
    metrics_close(node->metrics);
    folder_unlock(whole->lock_fd);
    ensure(pthread_mutex_destroy(&whole->waking) == 0);
    free(node->loops);
    free(whole);
}

/* --- While it runs -------------------------------------------------------------------------- */

bool node_reload(struct node *node, struct error *err)
{
    struct error tls_error = {0};
    bool ok = keyring_reload(node->keyring, err);
    if (node->tls == NULL) {
        return ok;
    }
    if (tls_reload(node->tls, &tls_error)) {
        node_log_tls(node);
        return ok;
    }
    if (ok) {
        *err = tls_error;
        return false;
    }
    char first[ERROR_TEXT_BYTES];
    snprintf(first, sizeof(first), "%s", err->text);
    return error_set(err, ERROR_CONFIG, "%s; and %s", first, tls_error.text);
}

const char *node_http_address(const struct node *node)
{
    return loop_address(&node->loops[0]);
}

const char *node_https_address(const struct node *node)
{
    return node->config->https == NULL ? "none" : loop_https_address(&node->loops[0]);
}

const char *node_peer_address(const struct node *node)
{
    return node->replication == NULL ? "none" : replication_address(node->replication);
}

const char *node_admin_address(const struct node *node)
{
    return admin_address(node->admin);
}

/* --- Without running ------------------------------------------------------------------------ */

static const struct region_info *node_self(const struct config *config)
{
    for (uint32_t i = 0; i < config->regions_count; i++) {
        if (strcmp(config->regions[i].name, config->region) == 0) {
            return &config->regions[i];
        }
    }
    return NULL;
}

static bool node_check_identity(const struct config *config, struct error *err)
{
    const struct region_info *self = node_self(config);
    struct identity identity;
    char path[FOLDER_PATH_BYTES];
    folder_path(path, config->data, "identity");
    if (self == NULL) {
        return true;
    }
    if (access(path, F_OK) != 0) {
        return error_set(err, ERROR_CONFIG,
                         "%s has no identity yet; run meridiand --identity with the same flags and "
                         "put what it prints into %s",
                         config->data, config->cluster);
    }
    if (!identity_load(config->data, &identity, err)) {
        return false;
    }
    if (memcmp(identity.public_key, self->public_key, sizeof(identity.public_key)) != 0) {
        return error_set(err, ERROR_CONFIG,
                         "the key of %s in %s is not that of %s; meridiand --identity prints the "
                         "right one",
                         config->region, config->cluster, path);
    }
    return true;
}

bool node_check(const struct config *config, struct error *err)
{
    struct credentials *credentials = NULL;
    struct tls *tls = NULL;
    bool made = false;
    if (config->https != NULL && !tls_open(config->tls_certificate, config->tls_key, &tls, err)) {
        return false;
    }
    tls_close(tls);
    if (!folder_check(config->data, err) || !node_check_identity(config, err)) {
        return false;
    }
    bool wanted =
        config->auth && (config->credentials_given || access(config->credentials, F_OK) == 0);
    if (wanted && !credentials_open(config->credentials, false, &credentials, &made, err)) {
        return false;
    }
    credentials_close(credentials);
    return true;
}

bool node_print_identity(const struct config *config, struct error *err)
{
    struct identity identity;
    struct region_info self = {.id = config->id};
    if (!folder_make(config->data, err) || !identity_load(config->data, &identity, err)) {
        return false;
    }
    snprintf(self.name, sizeof(self.name), "%s", config->region);
    snprintf(self.address, sizeof(self.address), "%s", config->peer);
    memcpy(self.public_key, identity.public_key, sizeof(self.public_key));
    cluster_print_entry(stdout, &self);
    return true;
}
