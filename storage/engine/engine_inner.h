/* What the engine's own files share; nobody else includes it.
 *
 *   open.c    options, opening, closing, the format marker, finding the last seq again
 *   read.c    point reads, snapshots, iterators
 *   write.c   batches and the commit section
 *   sync.c    the sync thread and who waits for it
 *   space.c   dropping ranges, the trimming note, figures */
#pragma once

#include "storage/engine/engine.h"

#include <pthread.h>
#include <rocksdb/c.h>
#include <stdatomic.h>

enum { ENGINE_FAILURE_BYTES = 512, ENGINE_SEQ_BYTES = 8, CACHE_LINE_BYTES = 64 };

struct engine {
    rocksdb_t *db;
    rocksdb_column_family_handle_t *families[FAMILIES];
    rocksdb_options_t *family_options[FAMILIES];
    rocksdb_options_t *options;
    rocksdb_cache_t *cache;
    rocksdb_readoptions_t *read_options[2]; /* By tier, newest state; never changed after open. */
    rocksdb_writeoptions_t *write_options;  /* No sync, no waiting for stalls. */

    enum durability durability;
    uint32_t sync_interval_ms;
    void (*on_durable)(void *context, uint64_t durable_seq);
    void *context;

    /* The commit section. Every seq passes begun, ended, synced in this order:
     *
     *   last    given out by engine_commit_begin (guarded by `commit`)
     *   begun   its batch may be visible to readers from here on
     *   ended   its batch is in RocksDB, or was refused for good
     *   synced  what was in RocksDB is on disk
     */
    pthread_mutex_t commit;
    uint64_t last;
    _Alignas(CACHE_LINE_BYTES) _Atomic uint64_t begun;
    _Atomic uint64_t ended;
    _Alignas(CACHE_LINE_BYTES) _Atomic uint64_t synced;
    _Atomic bool failed; /* Set once, after `failure` has been filled. */
    char failure[ENGINE_FAILURE_BYTES];
    _Atomic uint64_t trimmed;
    _Atomic uint64_t trimmed_own;

    _Alignas(CACHE_LINE_BYTES) _Atomic bool sync_idle; /* The sync thread is about to sleep. */
    pthread_mutex_t sync;                              /* Guards all below but the last two. */
    pthread_cond_t sync_wanted;
    pthread_cond_t sync_done[2]; /* By parity of the round that is waited for. */
    uint64_t sync_round;         /* The round under way or, while there is none, the next one. */
    uint64_t sync_target;        /* What the round under way covers. */
    bool sync_under_way;
    uint32_t sync_waiters;
    bool sync_stopping;
    bool sync_running; /* Only open and close touch it. */
    pthread_t sync_thread;
};

/* In FAMILY_META: trimmed and trimmed_own, 8 bytes each, big endian; the second one is missing
 * where it is equal. */
#define ENGINE_TRIMMED_KEY "engine/trimmed"

struct engine_batch {
    rocksdb_writebatch_t *batch;
};

/* Fill *err from RocksDB's text, which is freed. The C API gives no codes, only texts. Returns
 * false. */
bool engine_fail(struct error *err, const char *what, char *reason);

/* Start and stop the sync thread; stop returns after a last sync. Errors: IO. */
MUST_CHECK bool sync_start(struct engine *engine, struct error *err);
void sync_stop(struct engine *engine);
/* A seq has ended: wake the sync thread if it sleeps. */
void sync_kick(struct engine *engine);
/* From now on nothing can be acknowledged. The first reason stays. */
void sync_fail(struct engine *engine, const char *reason);
