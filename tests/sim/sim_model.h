/* What the simulator knows beside the regions: every write ever made, and the first thing that went
 * wrong. One thread. */
#pragma once

#include "proto/value/version.h"

enum {
    SIM_REGIONS_MAX = 8,
    SIM_TABLES = 2,
    SIM_KEYS = 3,
    SIM_WRITES_MAX = 4096,
    SIM_MEMBERS_MAX = SIM_TABLES * SIM_KEYS, /* Writes of one transaction. */
    SIM_SEQS_MAX = 1 << 16,
};

/* A client's write. Its index in the model is the value it wrote. */
struct sim_write {
    uint32_t table, key;
    bool tombstone;
    bool due;    /* A put whose TTL attribute lies in the past; any other is a refresh. */
    bool expiry; /* A delete by TTL, of a write that was due. */
    uint32_t group, group_count; /* Its transaction: so many writes from this index on. */
    struct version version;      /* With the whole context its writer had. */
    bool durable;                /* Its region has synced it: it may be seen elsewhere. */
    bool acknowledged;           /* The client was told. */
    bool lost;                   /* A crash took it back before that. */
    bool in_conflict; /* In a durable conflict record of some region; set by the check. */
};

struct sim_model {
    uint64_t seed;
    bool trace;
    struct sim_write writes[SIM_WRITES_MAX];
    uint32_t writes_count;
    uint32_t by_seq[SIM_REGIONS_MAX + 1][SIM_SEQS_MAX]; /* Write with this dot, plus 1; 0: none. */
    char failure[512];                                  /* Empty while all is well. */
    uint64_t now_us;
};

/* Note that something must not have happened; only the first note stays. */
void sim_fail(struct sim_model *model, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void sim_trace(struct sim_model *model, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The write with this dot, or NULL. */
struct sim_write *sim_model_find(struct sim_model *model, struct dot dot);

/* Had the writer of `a` seen `b`? By the whole contexts, whatever the regions make of them. */
bool sim_model_saw(const struct sim_write *a, const struct sim_write *b);
