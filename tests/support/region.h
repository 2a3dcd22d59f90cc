/* Whole regions in one process, on real stores, real sockets and a wall clock: a cluster of up to
 * CLUSTER_REGIONS of them, each in its own directory. One thread. */
#pragma once

#include "replication/clock.h"
#include "replication/replication.h"

enum { CLUSTER_REGIONS = 4 };

struct region {
    char *directory;
    struct store *store; /* NULL while stopped. */
    struct hlc hlc;
    struct replication *replication;
    int64_t skew_ms; /* Of this region's wall clock. */
    struct identity identity;
    char lost[512]; /* Level and text of the last description that lost here. */
};

struct cluster {
    struct region regions[CLUSTER_REGIONS];
    struct region_info infos[CLUSTER_REGIONS];
    uint32_t count;
};

void cluster_open(struct cluster *cluster, uint32_t count);
void cluster_close(struct cluster *cluster);

void cluster_start(struct cluster *cluster, uint32_t region);
void cluster_stop(struct cluster *cluster, uint32_t region);
/* Stop it and throw its data away; its identity stays. */
void cluster_wipe(struct cluster *cluster, uint32_t region);

/* A table with partition key `pk` (S). */
void cluster_create_table(struct cluster *cluster, uint32_t region, const char *name);
/* NULL unless it is there; release it. */
const struct table *cluster_table(struct cluster *cluster, uint32_t region, const char *name);
/* Ask for `to` as a replica, no more. */
void cluster_ask_replica(struct cluster *cluster, uint32_t from, uint32_t to, const char *name);
/* Delete the table in this region, as DeleteTable does. */
void cluster_delete_table(struct cluster *cluster, uint32_t region, const char *name);
/* Does `at` hold the table and list `of` with this status? */
bool cluster_lists(struct cluster *cluster,
                   uint32_t at,
                   uint32_t of,
                   const char *name,
                   enum replica_status status);
/* Add `to` as a replica and wait until both sides say ACTIVE. */
void cluster_add_replica(struct cluster *cluster, uint32_t from, uint32_t to, const char *name);

/* Durable put of {pk, v}, or delete with v NULL. */
void cluster_put(
    struct cluster *cluster, uint32_t region, const char *table, const char *pk, const char *v);
/* Does the region show this value (NULL: no item)? */
bool cluster_shows(
    struct cluster *cluster, uint32_t region, const char *table, const char *pk, const char *v);
/* Of all rows with their versions, tombstones included, contexts left out. */
uint64_t cluster_digest(struct cluster *cluster, uint32_t region, const char *table);
uint32_t cluster_rows(struct cluster *cluster, uint32_t region, const char *table);
uint32_t cluster_conflicts(struct cluster *cluster, uint32_t region);
/* Both directions. */
void cluster_cut(struct cluster *cluster, uint32_t a, uint32_t b, bool cut);
/* What `from` sends to `to`. */
void cluster_link(struct cluster *cluster, uint32_t from, uint32_t to, struct link_settings link);

/* Poll until true; the test fails at the deadline with the text of the condition. */
#define cluster_wait(condition)                                                                    \
    do {                                                                                           \
        uint64_t cluster_deadline = cluster_now_ms() + CLUSTER_WAIT_MS;                            \
        while (!(condition)) {                                                                     \
            cluster_in_time(cluster_deadline, #condition);                                         \
            cluster_pause();                                                                       \
        }                                                                                          \
    } while (0)
enum { CLUSTER_WAIT_MS = 20000 };
uint64_t cluster_now_ms(void);
/* Ends the test with the text once the deadline has passed. */
void cluster_in_time(uint64_t deadline_ms, const char *condition);
void cluster_pause(void);
