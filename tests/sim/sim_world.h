/* Regions, connections and time of one simulated run, all from one seed in one thread.
 *
 * Each region is a sim_store, a hybrid clock, a watermark, and per peer the shipped shipper and
 * applier on emulated connections. A connection keeps its order, as TCP does; different connections
 * overtake each other. What can go wrong is in sim_fault.c, what must hold in sim_check.c. */
#pragma once

#include "replication/applier.h"
#include "tests/sim/sim_store.h"

enum { SIM_CONNECTIONS_MAX = 4096 };

enum sim_event_kind {
    SIM_CLIENT,  /* A client does something. */
    SIM_FAULT,   /* Something breaks or heals. */
    SIM_SYNC,    /* a: region. The sync that runs ends. */
    SIM_TICK,    /* a: connection. Timer of its two ends. */
    SIM_DELIVER, /* a: connection, b: direction. */
    SIM_CONNECT, /* a: from, b: to. */
    SIM_NOTICE,  /* a: connection, b: end. That end notices that the other is gone. */
    SIM_RESTART, /* a: region. */
    SIM_SWEEP,   /* a: region. Tombstones and the log. */
};

struct sim_event {
    uint64_t due_us;
    uint64_t order; /* Events of one time run in the order they were made. */
    enum sim_event_kind kind;
    uint32_t a, b;
};

/* A message under way. */
struct sim_message {
    struct sim_message *next;
    uint64_t due_us;
    bool copy; /* A repeated delivery. */
    size_t size;
    uint8_t bytes[];
};

struct sim_queue {
    struct sim_message *first, *last;
    uint64_t last_due_us;
    bool scheduled; /* A SIM_DELIVER event is under way. */
};

enum { SIM_FORTH, SIM_BACK }; /* Directions: shipper to applier, and back. */

struct sim_world;

struct sim_connection {
    struct sim_world *world;
    uint32_t index;
    uint32_t from, to;       /* Indices of regions. */
    struct shipper *shipper; /* NULL once that end is closed. */
    struct applier *applier;
    struct sim_queue queues[2];
    bool tampered; /* A message was lost inside: errors of protocol are expected. */
};

struct sim_region {
    uint16_t id;
    char name[4];
    bool alive;
    struct sim_store store;
    struct hlc hlc;
    struct watermark *watermark;
    int64_t clock_offset_ms;
    bool syncing;
    uint64_t syncing_seq;
    uint64_t sync_us_max;
    uint32_t outbound[SIM_REGIONS_MAX]; /* Newest connection to each peer, plus 1; 0: none. */
    uint32_t inbound[SIM_REGIONS_MAX];
    uint64_t acknowledged[SIM_REGIONS_MAX]; /* By peer, for trimming the log. */
};

/* What the seed decided about this run. */
struct sim_plan {
    uint32_t regions_count;
    uint64_t active_us;    /* Clients and faults until then; then all heals. */
    uint64_t client_us;    /* Mean time between client operations. */
    uint64_t fault_us;     /* Mean time between faults; 0: none. */
    uint64_t delay_us_max; /* One way. */
    uint32_t copy_one_in;  /* Messages delivered twice. */
    uint32_t lose_one_in;  /* Messages lost inside a connection. */
    uint32_t deletes_percent;
    uint32_t due_percent;      /* Puts that have expired already. */
    uint32_t expiries_percent; /* Operations that are the sweeper's. */
    uint32_t heartbeat_ms;
    uint64_t sweep_us;     /* Mean time between looks for done tombstones. */
    uint32_t credit_bytes; /* Small: shipping stalls behind the disk of the peer. */
    uint32_t part_bytes;   /* Small: transactions are shipped in parts. */
    uint32_t transactions_percent;
};

struct sim_world {
    struct sim_model *model;
    struct sim_random random;
    struct sim_plan plan;
    uint64_t now_us;
    bool healed;
    struct sim_region regions[SIM_REGIONS_MAX];
    bool cut[SIM_REGIONS_MAX][SIM_REGIONS_MAX]; /* Nothing gets from one to the other. */
    struct sim_connection *connections[SIM_CONNECTIONS_MAX];
    uint32_t connections_count;
    struct sim_event *events; /* A binary heap. */
    uint32_t events_count, events_capacity;
    uint64_t events_made;
    struct arena arena; /* One decoded message. */
    uint64_t operations, messages, crashes, resets, conflicts;
};

struct sim_world *sim_world_open(struct sim_model *model, uint32_t regions_count);
void sim_world_close(struct sim_world *world);

/* Put an event on the calendar, `after_us` from now. */
void sim_world_plan(
    struct sim_world *world, uint64_t after_us, enum sim_event_kind kind, uint32_t a, uint32_t b);
/* Run the next event; false when there is none. */
bool sim_world_step(struct sim_world *world);

struct moment sim_world_moment(const struct sim_world *world, const struct sim_region *region);

/* --- Used by sim_fault.c -----------------------------------------------------------------------
 */

void sim_world_crash(struct sim_world *world, uint32_t region);
void sim_world_restart(struct sim_world *world, uint32_t region);
/* Close one end (SIM_FORTH: the shipper's) now; the other end notices later. */
void sim_connection_close_end(struct sim_connection *connection, int end);
/* Start a sync if something waits for one. */
void sim_world_sync(struct sim_world *world, uint32_t region);
void sim_world_deliver_later(struct sim_connection *connection, int direction, uint64_t after_us);

/* sim_fault.c: what happens at a SIM_CLIENT and at a SIM_FAULT event; and the end of all faults. */
void sim_client(struct sim_world *world);
void sim_fault(struct sim_world *world);
void sim_heal(struct sim_world *world);
void sim_plan_choose(struct sim_world *world);

/* sim_connection.c */
void sim_connection_open(struct sim_world *world, uint32_t from, uint32_t to);
void sim_connection_free(struct sim_connection *connection);
void sim_connection_tick(struct sim_connection *connection);
void sim_connection_deliver(struct sim_connection *connection, int direction);
/* Region's disk or inbox has news: let everything it has ship and acknowledge. */
void sim_connection_pump_region(struct sim_world *world, uint32_t region);

/* sim_check.c */
/* Have all regions got everything, and do all know so? */
bool sim_check_quiet(struct sim_world *world);
/* All that must hold at the end of a healed run; failures go to the model. */
void sim_check_end(struct sim_world *world);
