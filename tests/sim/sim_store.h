/* A store in memory for one simulated region, behind the same narrow door as the real one.
 *
 * It keeps apart what was appended and what is durable: a crash undoes every batch behind the
 * durable seq, as losing the tail of a write-ahead log does, and the seqs are given again. Rows
 * follow the real store's rules: the larger version stays, contexts join, what is settled is
 * pruned, a local write outbids what it overwrites and has seen what has been applied and what the
 * old row had seen. The log keeps contexts whole, as the peers need them. After every batch and
 * every crash it looks whether some transaction is there in part. One thread. */
#pragma once

#include "replication/clock.h"
#include "replication/replica_store.h"
#include "tests/sim/sim_model.h"
#include "tests/sim/sim_random.h"

struct sim_row {
    bool present;
    bool tombstone;
    uint32_t value; /* Index of the write in the model. */
    struct version version;
    /* Newest version this row has ever had, even if its tombstone is gone: dot and stamp only. */
    struct version highest;
};

struct sim_conflict {
    uint64_t seq;
    uint32_t table, key;
    struct dot winner, loser;
    uint8_t reason;
};

struct sim_log_entry {
    uint32_t write; /* Index in the model; its version's dot has the seq. */
};

struct sim_undo;

struct sim_store {
    struct sim_model *model;
    struct sim_random *random;
    uint16_t region;
    uint32_t regions_count;
    uint64_t appended_seq, durable_seq;
    struct sim_row rows[SIM_TABLES][SIM_KEYS];
    struct context applied, settled;
    uint64_t clock_floor; /* Stored hybrid clock: a restart begins there. */
    struct sim_log_entry *log;
    uint32_t log_count, log_capacity;
    uint64_t log_oldest;
    struct sim_conflict *conflicts;
    uint32_t conflicts_count, conflicts_capacity;
    struct sim_undo *undo;
    uint32_t undo_count, undo_capacity;
    uint32_t throttle_one_in;      /* 0: never. */
    bool broken;                   /* Reading the log fails. */
    bool here[SIM_TABLES];         /* The table has a replica in this region. */
    uint32_t ships_to[SIM_TABLES]; /* Bit per region id: the shipper thinks so. */
    uint64_t applies;
};

void sim_store_open(struct sim_store *store,
                    struct sim_model *model,
                    struct sim_random *random,
                    uint16_t region,
                    uint32_t regions_count);
void sim_store_close(struct sim_store *store);
struct replica_store sim_store_door(struct sim_store *store);

/* A client's writes of different rows under the local rules, one batch; returns the last seq. */
struct sim_member {
    uint32_t table, key;
    bool tombstone;
    bool due;    /* With a TTL attribute in the past. */
    bool expiry; /* Time to live deletes the row, which is due. */
};
uint64_t sim_store_transact(struct sim_store *store,
                            struct hlc *hlc,
                            uint64_t wall_ms,
                            const struct sim_member *members,
                            uint32_t count);
/* Of one row. */
uint64_t sim_store_write(struct sim_store *store,
                         struct hlc *hlc,
                         uint64_t wall_ms,
                         uint32_t table,
                         uint32_t key,
                         bool tombstone,
                         bool due);
/* Time to live deletes a row that is due; returns the seq, or 0 when it is not. */
uint64_t sim_store_expire(
    struct sim_store *store, struct hlc *hlc, uint64_t wall_ms, uint32_t table, uint32_t key);
/* Forget tombstones that are done; keeps the clock in the same batch. */
void sim_store_sweep(struct sim_store *store, uint64_t clock_last);
/* Everything up to seq has reached the disk. */
void sim_store_synced(struct sim_store *store, uint64_t seq);
/* Lose what is not durable. */
void sim_store_crash(struct sim_store *store);
/* Drop log entries below `oldest`. */
void sim_store_trim(struct sim_store *store, uint64_t oldest);
