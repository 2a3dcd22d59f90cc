/* struct node owns everything a region is made of and is passed down: nothing is global, two nodes
 * run in one process. Filled by node_start, read-only while it serves except for what its members
 * guard themselves. */
#pragma once

#include "replication/replication.h"
#include "storage/store.h"

#include <stdatomic.h>

struct config;        /* daemon/config.h */
struct log;           /* daemon/log.h */
struct keyring;       /* daemon/auth/keyring.h */
struct credentials;   /* daemon/http/credentials.h */
struct tls;           /* daemon/http/tls.h */
struct throttle;      /* daemon/throttle.h */
struct streams_meter; /* daemon/api/streams_meter.h */
struct metrics;       /* daemon/metrics.h */
struct loop;          /* daemon/http/loop.h */
struct admin;         /* daemon/admin/admin.h */
struct insights;      /* daemon/insights.h */

enum { ACCOUNT_DIGITS = 12 };

struct node {
    const struct config *config;
    struct log *log;
    struct store *store;
    struct replication *replication; /* NULL without a cluster file. */
    struct keyring *keyring;
    /* What the loops begin with; the keyring's, which replaces it. NULL with --auth off. */
    const struct credentials *credentials;
    struct tls *tls;           /* NULL without --https. */
    struct throttle *throttle; /* NULL unless throughput is enforced. */
    struct insights *insights; /* NULL in tests that do not measure. */
    struct metrics *metrics;
    struct streams_meter *streams_meter;
    struct loop *loops;
    uint32_t loops_count;
    struct admin *admin;
    char region[REGION_NAME_BYTES_MAX + 1];
    char account[ACCOUNT_DIGITS + 1];
    uint64_t started_ms;
    uint64_t ttl_change_ms; /* Between two changes of a table's time to live. */
    atomic_bool ready;
    atomic_bool draining;
};

/* Open the folder, load the keys, listen. On return the node serves. `config` and `log` are
 * borrowed until node_stop. Main thread, like everything below.
 * Errors: CONFIG; IO; CORRUPT; REFUSED (the folder is another region's, or in use). */
MUST_CHECK bool
node_start(const struct config *config, struct log *log, struct node **node, struct error *err);
/* Stop accepting, finish what runs, stop replication, close the store. NULL is fine. */
void node_stop(struct node *node);
/* Read the credentials file and the certificate again, each for itself: the old one stays if the
 * new one is broken, and the error says so. Errors: CONFIG; IO. */
MUST_CHECK bool node_reload(struct node *node, struct error *err);

/* "127.0.0.1:41234", what is really listened on; "none" for the peer's without a cluster, and for
 * https without --https. Any thread. */
const char *node_http_address(const struct node *node);
const char *node_https_address(const struct node *node);
const char *node_peer_address(const struct node *node);
const char *node_admin_address(const struct node *node);

/* Would node_start find everything in order? Changes nothing. Errors: CONFIG; IO; CORRUPT. */
MUST_CHECK bool node_check(const struct config *config, struct error *err);
/* Print this node's entry of a cluster file, making its key if it has none. Errors: IO; CORRUPT. */
MUST_CHECK bool node_print_identity(const struct config *config, struct error *err);
