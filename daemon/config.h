/* What the daemon is told to do. Each setting has one name, used alike as a flag (--cache-mb 256),
 * as an environment variable (MERIDIAN_CACHE_MB=256) and in the YAML file of --config (cache-mb:
 * 256). Flags win over the environment, which wins over the file, which wins over the defaults.
 *
 * A setting that is unknown, malformed or out of range, or that does not fit the others, is refused
 * with one sentence that names where it came from. Read once at start by the main thread, constant
 * afterwards, so any thread may look. */
#pragma once

#include "daemon/log.h"
#include "replication/replication.h"

#include "proto/base/arena.h"

enum config_action {
    CONFIG_RUN,
    CONFIG_CHECK,    /* --check: say whether everything is in order, then exit. */
    CONFIG_VERSION,  /* --version */
    CONFIG_HELP,     /* --help */
    CONFIG_IDENTITY, /* --identity: print this node's entry of a cluster file. */
};

struct config {
    struct arena arena; /* Holds every text below. */
    enum config_action action;
    const char *data;
    const char *region;
    const char *http;  /* ADDRESS:PORT; port 0 takes a free one. */
    const char *https; /* The same endpoint under TLS; NULL: none. Then both files are given. */
    const char *tls_certificate, *tls_key;
    const char *peer;
    const char *admin;
    const char *cluster;     /* Path; NULL: this region stands alone. */
    const char *credentials; /* Path; never NULL: <data>/credentials unless given. */
    bool credentials_given;  /* A file that was named must exist; the default one is made. */
    const char *key_file;    /* Likewise: <data>/key. */
    bool key_file_given;
    bool auth;
    bool throttle;               /* Enforce provisioned throughput. */
    uint32_t ttl_change_seconds; /* Between two changes of a table's time to live; 0: no bound. */
    enum durability durability;
    uint32_t sync_interval_ms;
    uint32_t loops;
    uint64_t cache_mb;
    uint64_t memtable_mb;
    uint64_t conflicts_kept_hours; /* 0: for ever. */
    uint32_t stream_shards;        /* Open shards of each stream; 0: one for four cores. */
    uint32_t stream_poll_ms;       /* GetRecords waits so long for a first record; 0: never. */
    bool log_json;
    enum log_level log_level;
    uint16_t id;                             /* This region's small id. */
    struct region_info regions[REGIONS_MAX]; /* Of the cluster file, this one included. */
    uint32_t regions_count;
    /* MERIDIAN_… variables that name no setting: worth a warning, not a refusal, because container
     * platforms inject such names. Separated by blanks; empty when there are none. */
    const char *unknown_environment;
};

/* `environment` is a NULL-terminated list of NAME=value. Reads the YAML and the cluster file.
 * On false nothing needs clearing. Errors: CONFIG. */
MUST_CHECK bool config_load(int argc,
                            const char *const *argv,
                            const char *const *environment,
                            struct config *config,
                            struct error *err);
void config_clear(struct config *config);

/* The text of --help. */
void config_help(FILE *to);

/* Is the host of ADDRESS:PORT a loopback address? */
bool config_is_loopback(const char *address);

/* A small id for a region that is in no cluster file: 1 to 65535, from its name alone. */
uint16_t config_region_id(const char *region);
