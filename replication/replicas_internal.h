/* What replicas.c, replicas_describe.c and replicas_adopt.c share. */
#pragma once

#include "replication/replicas.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

enum { FAREWELLS_MAX = 1024 };

/* A backfill that this region owes to `target`. */
struct plan {
    uint32_t table_id;
    uint8_t uid[TABLE_UID_BYTES];
    uint16_t target;
    uint64_t schema_stamp; /* Answers to this description or a newer one count. */
    uint64_t replied;      /* Bit per region of the cluster file. */
    bool target_ready;     /* The target has the table. */
    bool running;
    bool again; /* The description changed under a running backfill: its snapshot was too early. */
    struct context need; /* What must have been applied here before the snapshot. */
};

/* A table that was deleted here, and which regions do not know yet. */
struct farewell {
    uint8_t uid[TABLE_UID_BYTES];
    uint64_t number; /* Rises; farewells are kept in its order. Not stored. */
    uint32_t regions_count;
    uint16_t regions[REGIONS_MAX];
};

struct replicas {
    struct store *store;
    const struct region_info *regions;
    uint32_t regions_count;
    const struct region_info *self;
    _Atomic uint64_t generation;
    _Atomic uint64_t lost; /* Own descriptions that have lost: replicas_lost. */
    void (*log)(void *context, int level, const char *event, const char *detail);
    void *log_context;
    pthread_mutex_t saving; /* One writer of the farewells' note at a time; before `mutex`. */
    pthread_mutex_t mutex;  /* Guards what follows; never held over I/O: the loop takes it. */
    struct plan *plans;
    uint32_t plans_count, plans_capacity;
    uint64_t farewells_made;
    struct farewell farewells[FAREWELLS_MAX];
    uint32_t farewells_count;
};

const struct region_info *replicas_region(const struct replicas *replicas, struct slice name);
struct replica *replicas_entry(struct table *table, struct slice region);
void replicas_remove_entry(struct table *table, struct slice region);

/* Store the description. `view`: with a stream that has records like this; STREAM_VIEWS: leave its
 * stream as it is. Under the catalog's change lock. */
bool replicas_store_table(struct replicas *replicas,
                          struct table *table,
                          enum stream_view view,
                          struct error *err);
/* Give the description, and every replica whose stamp is 0, a new stamp. */
void replicas_stamp(struct replicas *replicas, struct table *table);
/* Give the description, and every replica whose stamp is 0, a new stamp and store it. Under the
 * catalog's change lock. */
bool replicas_commit(struct replicas *replicas, struct table *table, struct error *err);
/* What both a new and a changed table take over from a member's description; what it points to is
 * in the arena or borrowed from the message. Its replicas' entry of this region is left out. */
void replicas_take_over(const struct replicas *replicas,
                        const struct message_table *message,
                        bool new_table,
                        struct arena *arena,
                        struct table *table);
/* No change when the region is not listed or has that status already. */
bool replicas_set_status(struct replicas *replicas,
                         uint32_t table_id,
                         struct slice region,
                         enum replica_status status,
                         const char *reason,
                         struct error *err);
/* Is a backfill of the table for this region owed here? */
bool replicas_has_plan(struct replicas *replicas, uint32_t table_id, uint16_t target);
/* No backfill of this table for `target` any more; 0: for nobody. */
void replicas_drop_plans(struct replicas *replicas, uint32_t table_id, uint16_t target);
/* Owe `target` a backfill of the table, durably. One that runs starts over when it has ended. */
bool replicas_begin_backfill(struct replicas *replicas,
                             const struct table *table,
                             uint16_t target,
                             struct error *err);
