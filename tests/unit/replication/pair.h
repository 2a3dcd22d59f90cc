/* Two regions in memory and one connection between them, by hand: what the shipper and the applier
 * emit is kept until the test delivers it. The store is the simulator's. */
#pragma once

#include "replication/applier.h"
#include "tests/sim/sim_store.h"

enum { PAIR_MESSAGES_MAX = 256, PAIR_HEARTBEAT_MS = 100, PAIR_CREDIT_BYTES = 4096 };

struct pair_end {
    struct pair *pair;
    struct sim_store store;
    struct hlc hlc;
    struct watermark *watermark;
    struct slice sent[PAIR_MESSAGES_MAX]; /* By this end, not yet delivered; in the pair's arena. */
    uint32_t sent_count;
};

struct pair {
    struct sim_model *model;
    struct sim_random random;
    struct arena arena;
    struct moment now;
    uint32_t part_bytes;  /* Of the shipper, at the next connection. */
    struct pair_end a, b; /* Regions 1 and 2; a ships to b. */
    struct shipper *shipper;
    struct applier *applier;
    struct error err; /* Of the last call that failed. */
};

/* Both tables are in both regions. Not connected yet. */
struct pair *pair_open(void);
void pair_close(struct pair *pair);

/* A new connection: shipper, applier, and the Start under way. Ends the one before. */
void pair_connect(struct pair *pair);
/* A write at one end, synced; returns its seq. */
uint64_t pair_write(struct pair_end *end, uint32_t key, bool tombstone);
/* One transaction: puts of the first `count` keys of `table` and, `both`, of the other table's. */
uint64_t pair_transact(struct pair_end *end, uint32_t table, uint32_t count, bool both);
void pair_sync(struct pair_end *end);
/* Deliver everything both ends have sent until nothing is under way; the shipper is pumped and both
 * disks are synced in between. False with pair->err set at the first refusal. */
MUST_CHECK bool pair_run(struct pair *pair);

/* Decode the next message an end has sent, and take it off. */
struct message pair_take(struct pair_end *end);
MUST_CHECK bool pair_give_shipper(struct pair *pair, const struct message *message);
MUST_CHECK bool pair_give_applier(struct pair *pair, const struct message *message);
/* Pump the shipper; *more as there. */
MUST_CHECK bool pair_pump(struct pair *pair, bool *more);
