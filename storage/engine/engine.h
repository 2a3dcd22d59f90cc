/* The narrow door to RocksDB: ordered families of keys, snapshots, iterators, and batches that are
 * appended at once and made durable by one sync thread.
 *
 * Appending does not sync. The sync thread loops: note the newest appended seq, flush and sync the
 * write-ahead log, publish it as the durable seq, call `on_durable`. A write may be acknowledged,
 * and a read of it answered, once engine_durable_seq has reached its seq.
 *
 * Any thread may use an open engine; open and close may not race with other calls. Calls that read
 * take a tier: READ_CACHED never touches the disk and says WOULD_BLOCK instead; READ_FULL blocks,
 * so run it on a worker. Appending never waits for a stall: THROTTLED comes back at once.
 *
 * Nothing above assumes that RocksDB is here: its own sequence numbers appear nowhere. */
#pragma once

#include "proto/base/error.h"

struct engine;
struct engine_batch;
struct engine_iterator;
struct engine_snapshot;

enum engine_family {
    FAMILY_META,      /* Format, identity, catalog. */
    FAMILY_ITEMS,     /* Base (and later index) rows. */
    FAMILY_LOG,       /* seq 8 -> change record. */
    FAMILY_REPL,      /* Cursors, acknowledged watermarks, backfill progress. */
    FAMILY_CONFLICTS, /* Both images of each conflict. */
    FAMILY_STREAMS,   /* Pointers to the log's records that belong to streams. */
    FAMILY_EXPIRY,    /* table id 4, second 8, item key: storage/ttl/expiry.h. */
    FAMILIES,
};

enum durability { DURABILITY_SYNC, DURABILITY_RELAXED };
enum read_tier { READ_CACHED, READ_FULL };

struct engine_options {
    const char *directory;   /* Borrowed for the call; created if absent. */
    uint64_t cache_bytes;    /* Block cache of all families together. */
    uint64_t memtable_bytes; /* Of all families together, in memory. */
    enum durability durability;
    uint32_t sync_interval_ms; /* RELAXED only: time between syncs. */
    /* Called on the sync thread whenever the durable seq has risen: wake the loops, return at once.
     */
    void (*on_durable)(void *context, uint64_t durable_seq);
    void *context;
};

/* Errors: IO; CORRUPT when RocksDB or our format marker refuses the folder. */
MUST_CHECK bool
engine_open(const struct engine_options *options, struct engine **engine, struct error *err);
/* Syncs, stops the sync thread and closes. NULL is fine. */
void engine_close(struct engine *engine);

/* --- Reading. A snapshot of NULL reads the newest state. ------------------------------------- */

/* Bytes pinned in the block cache or memtable: no copy. */
struct engine_value {
    struct slice bytes; /* Valid until engine_value_release. */
    void *pin;
};
/* *found false when the key is absent; then there is nothing to release. Errors: WOULD_BLOCK, IO.
 */
MUST_CHECK bool engine_get(struct engine *engine,
                           enum engine_family family,
                           const struct engine_snapshot *snapshot,
                           struct slice key,
                           enum read_tier tier,
                           struct engine_value *value,
                           bool *found,
                           struct error *err);
void engine_value_release(struct engine_value *value);

struct engine_snapshot *engine_snapshot_take(struct engine *engine);
void engine_snapshot_release(struct engine *engine, struct engine_snapshot *snapshot);

/* Iterate [lower, upper). Both bounds are copied. Positioned by seek; NULL *iterator on error.
 * After each move: true and valid, or false at the end or on error (then *err is set, ERROR_NONE at
 * a plain end). key and value are valid until the next move. */
struct engine_iterator *engine_iterator_open(struct engine *engine,
                                             enum engine_family family,
                                             const struct engine_snapshot *snapshot,
                                             struct slice lower,
                                             struct slice upper,
                                             enum read_tier tier);
/* As engine_iterator_open with READ_FULL, for much that is read once: leaves the cache as it is. */
struct engine_iterator *engine_iterator_open_once(struct engine *engine,
                                                  enum engine_family family,
                                                  const struct engine_snapshot *snapshot,
                                                  struct slice lower,
                                                  struct slice upper);
void engine_iterator_close(struct engine_iterator *iterator);
bool engine_iterator_first(struct engine_iterator *iterator, struct error *err);
bool engine_iterator_last(struct engine_iterator *iterator, struct error *err);
/* The first key >= `key`, or with seek_back the last key <= `key`. */
bool engine_iterator_seek(struct engine_iterator *iterator, struct slice key, struct error *err);
bool engine_iterator_seek_back(struct engine_iterator *iterator,
                               struct slice key,
                               struct error *err);
bool engine_iterator_next(struct engine_iterator *iterator, struct error *err);
bool engine_iterator_previous(struct engine_iterator *iterator, struct error *err);
struct slice engine_iterator_key(const struct engine_iterator *iterator);
struct slice engine_iterator_value(const struct engine_iterator *iterator);

/* --- Writing. ------------------------------------------------------------------------------- */

struct engine_batch *engine_batch_open(void);
void engine_batch_clear(struct engine_batch *batch);
void engine_batch_close(struct engine_batch *batch);
/* Keys and values are copied. */
void engine_batch_put(struct engine *engine,
                      struct engine_batch *batch,
                      enum engine_family family,
                      struct slice key,
                      struct slice value);
void engine_batch_delete(struct engine *engine,
                         struct engine_batch *batch,
                         enum engine_family family,
                         struct slice key);

/* The commit section, a short mutex: begin gives the next seq, append writes the batch without
 * sync and ends the section, abandon ends it without writing (the seq is used up). Between begin
 * and append do nothing slow: only put the rows that need the seq into the batch. */
uint64_t engine_commit_begin(struct engine *engine);
/* The same with `count` consecutive seqs for one batch. Gives the first; the last is the one to
 * append with. */
uint64_t engine_commit_begin_many(struct engine *engine, uint32_t count);
/* Errors: THROTTLED (stall, or too much pending); IO. Either way the section has ended. */
MUST_CHECK bool engine_commit_append(struct engine *engine,
                                     struct engine_batch *batch,
                                     uint64_t seq,
                                     struct error *err);
void engine_commit_abandon(struct engine *engine);

/* Never give out this seq or one before it: for whoever keeps a seq that no log record has, right
 * after opening, before anything is written. */
void engine_raise_seq(struct engine *engine, uint64_t seq);

/* Wait (blocking) until seq is on disk, under RELAXED too: it then asks for a sync at once.
 * Errors: IO when syncing fails. */
MUST_CHECK bool engine_wait_durable(struct engine *engine, uint64_t seq, struct error *err);
/* Up to here clients may be answered. RELAXED: everything appended. */
uint64_t engine_durable_seq(const struct engine *engine);
/* Up to here writes are on disk, whatever the durability. Only these may be shipped: a seq that a
 * crash takes back is given again. */
uint64_t engine_synced_seq(const struct engine *engine);
/* At least every seq whose write a snapshot taken before this call can hold. It becomes durable
 * even if that write is refused in the end, so waiting for it always ends. */
uint64_t engine_appended_seq(const struct engine *engine);
/* Set once a sync failed: no later write can be acknowledged; the node must stop. */
bool engine_sync_failed(const struct engine *engine, struct error *err);

/* Hand those files back to the file system that lie wholly in [lower, upper); the rest of the range
 * stays. Writes nothing, so it may be used on keys that only grow (log trimming) without making
 * work for compaction. Blocks. Errors: IO. */
MUST_CHECK bool engine_drop_files(struct engine *engine,
                                  enum engine_family family,
                                  struct slice lower,
                                  struct slice upper,
                                  struct error *err);

/* The log's trimming: up to which seq records may be missing, and up to which one own writes may
 * (`own` is no larger). 0: none is. The note is durable on return and never goes back; no seq up to
 * it is given out again. Errors: THROTTLED, IO. */
MUST_CHECK bool
engine_trimmed_set(struct engine *engine, uint64_t seq, uint64_t own, struct error *err);
uint64_t engine_trimmed_seq(const struct engine *engine);
uint64_t engine_trimmed_own_seq(const struct engine *engine);

/* Hand whole files of [lower, upper) back to the file system (dropped tables), then delete the keys
 * that are left, piece by piece: after an error some are gone. Not for the log. Blocks. Errors:
 * THROTTLED, IO. */
MUST_CHECK bool engine_drop_range(struct engine *engine,
                                  enum engine_family family,
                                  struct slice lower,
                                  struct slice upper,
                                  struct error *err);

/* Figures for /metrics. Blocks briefly; -1 where unknown. */
struct engine_figures {
    int64_t memtable_bytes, block_cache_bytes, block_cache_pinned_bytes, table_reader_bytes;
    int64_t live_bytes, pending_compaction_bytes;
    int64_t keys[FAMILIES]; /* Estimates. */
    bool write_stopped;
};
void engine_figures(struct engine *engine, struct engine_figures *figures);
