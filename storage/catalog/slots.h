/* The catalog's memory: one slot per table, found by name, id or uid, and listed by name.
 *
 *     slot (one per table id) --current--> description (immutable, counted references)
 *      ^                                        |
 *      +----------------- slot -----------------+   several descriptions of different ages may live
 *
 * A slot lives as long as the catalog or any description refers to it, so that whoever holds an old
 * description still sees the table's totals and whether it has been dropped. The set itself is
 * guarded by the catalog's lock; the atomics are for any thread. */
#pragma once

#include "storage/catalog/catalog.h"

#include <stdatomic.h>

enum slot_lookup { SLOT_BY_NAME, SLOT_BY_ID, SLOT_BY_UID, SLOT_LOOKUPS };
enum { SLOT_BUCKETS = 1024 }; /* Chains stay short up to TABLES_MAX. */

struct description {
    struct table table; /* First: a struct table the catalog hands out is one of these. */
    atomic_uint references;
    struct slot *slot;
    struct arena arena; /* The indexes; of a table without any it holds nothing. */
    uint8_t record[];   /* The encoded form, which the table's slices borrow from. */
};

/* Of one index of the newest description. */
struct slot_index {
    _Atomic uint16_t id; /* 0: free. */
    atomic_int_fast64_t items;
    atomic_int_fast64_t bytes;
    int64_t saved_items; /* What `meta` has; guarded by the catalog's `writing`. */
    int64_t saved_bytes;
};

struct slot {
    struct slot *next[SLOT_LOOKUPS];
    struct description *current; /* Guarded by the catalog's lock. */
    atomic_uint references;      /* The set's and one per description. */
    atomic_bool dropped;
    atomic_bool replicated;                     /* The current description has replicas. */
    _Atomic(const struct description *) newest; /* As current, for whoever has no lock. */
    atomic_int_fast64_t items;
    atomic_int_fast64_t bytes;
    int64_t saved_items; /* What `meta` has; guarded by the catalog's `writing`. */
    int64_t saved_bytes;
    struct slot_index indexes[TABLE_INDEXES_MAX];
    struct slice settings[SETTINGS];                 /* malloc'ed; guarded by the catalog's lock. */
    atomic_uint_fast64_t setting_versions[SETTINGS]; /* 0: there is none; see catalog.h. */
};

struct slots {
    struct slot *buckets[SLOT_LOOKUPS][SLOT_BUCKETS];
    struct slot *by_name[TABLES_MAX]; /* Ascending. */
    uint32_t count;
};

/* A description of one reference, decoded from `record` (copied). `slot` NULL makes a new slot.
 * Errors: CORRUPT. */
MUST_CHECK bool description_make(struct slice record,
                                 struct slot *slot,
                                 struct description **made,
                                 struct error *err);
void description_release(struct description *description);

/* The slot is added with its current description; the set takes over that reference. */
void slots_add(struct slots *slots, struct description *description);
/* Take the slot out and give back the set's references. */
void slots_remove(struct slots *slots, struct slot *slot);
/* Let the slot's current description be this one; returns the one before. The caller holds the
 * catalog's lock for writing, or nobody else knows the slot. */
struct description *slot_set_current(struct slot *slot, struct description *description);
/* NULL when the newest description has no index of that id. */
struct slot_index *slot_find_index(struct slot *slot, uint16_t id);
struct slot *slots_find_name(const struct slots *slots, struct slice name);
struct slot *slots_find_id(const struct slots *slots, uint32_t id);
struct slot *slots_find_uid(const struct slots *slots, const uint8_t uid[static TABLE_UID_BYTES]);
/* Index in by_name of the first table whose name is greater than `name`. */
uint32_t slots_after(const struct slots *slots, struct slice name);
