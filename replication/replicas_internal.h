/* What replicas.c and replicas_adopt.c share. */
#pragma once

#include "replication/replicas.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

enum { REPLICA_PLANS_MAX = 256, FAREWELLS_MAX = 1024 };

/* A backfill that this region owes to `target`. */
struct plan {
    uint32_t table_id;
    uint8_t uid[TABLE_UID_BYTES];
    uint16_t target;
    uint64_t schema_stamp; /* Answers to this description or a newer one count. */
    uint64_t replied;      /* Bit per region of the cluster file. */
    bool target_ready;     /* The target has the table. */
    bool running;
    struct context need; /* What must have been applied here before the snapshot. */
};

/* A table that was deleted here, and which regions do not know yet. */
struct farewell {
    uint8_t uid[TABLE_UID_BYTES];
    uint32_t regions_count;
    uint16_t regions[REGIONS_MAX];
};

struct replicas {
    struct store *store;
    const struct region_info *regions;
    uint32_t regions_count;
    const struct region_info *self;
    _Atomic uint64_t generation;
    pthread_mutex_t mutex; /* Guards what follows; never held over a catalog change. */
    struct plan plans[REPLICA_PLANS_MAX];
    uint32_t plans_count;
    struct farewell farewells[FAREWELLS_MAX];
    uint32_t farewells_count;
};

const struct region_info *replicas_region(const struct replicas *replicas, struct slice name);
struct replica *replicas_entry(struct table *table, struct slice region);
void replicas_remove_entry(struct table *table, struct slice region);

/* Give the description a new stamp and store it. Under the catalog's change lock. */
bool replicas_commit(struct replicas *replicas, struct table *table, struct error *err);
/* No change when the region is not listed or has that status already. */
bool replicas_set_status(struct replicas *replicas,
                         uint32_t table_id,
                         struct slice region,
                         enum replica_status status,
                         const char *reason,
                         struct error *err);
/* Owe `target` a backfill of the table, durably. */
bool replicas_begin_backfill(struct replicas *replicas,
                             const struct table *table,
                             uint16_t target,
                             struct error *err);
