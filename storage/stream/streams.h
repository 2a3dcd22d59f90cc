/* What the files of storage/stream share, and what the store and its write path need of them.
 *
 *   streams.c        the set of streams in memory, opening, looking around
 *   life.c           enabling, disabling, rolling, expiring: everything that changes a stream
 *   shards.c         which shards follow which
 *   horizon.c        what has expired
 *   mark.c           the write path: records and pointers
 *   read.c           pages of records
 *   stream_record.c  the stored form
 *
 * A record of the stream is a record of the change log that is marked as streamed (log/change.h).
 * To find those of one stream there is a pointer for each in the family `streams`:
 *
 *   key: seq / 2^20 (5, the period), stream id (4), seq (8); value: upper half of the key's hash
 * (4)
 *
 * The period comes first, so the family only grows, and old periods are dropped by whole files as
 * the log is: no deletes, no range tombstones.
 *
 * Order of locks: the catalog's change lock, `changing`, the engine's commit section, `lock`. */
#pragma once

#include "storage/stream/stream_record.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    STREAM_POINTER_KEY_BYTES = 17,
    STREAM_POINTER_VALUE_BYTES = 4,
    STREAM_PERIOD_BITS = 20,
    /* Streams whose ids are equal modulo this share what stream_newest tells: they are woken for
     * each other's records, and that is all. */
    STREAM_NEWEST_SLOTS = 1024,
};

struct stream_entry {
    struct stream_state state;
    struct arena arena; /* What `state` points to. */
    /* A roll at this seq is on its way to the disk, 0: none. Until it is there nobody knows whether
     * later records belong to the open shards or to their children: they are not shown. */
    uint64_t cap;
};

struct streams {
    struct store *store;
    pthread_mutex_t changing;      /* Held across the disk by whoever changes a stream. */
    pthread_rwlock_t lock;         /* Guards the next three and what they point to. */
    struct stream_entry **entries; /* Ascending by id. */
    uint32_t count, capacity;
    uint32_t next_id;        /* Guarded by `changing`. */
    _Atomic uint32_t wanted; /* Shards of a stream. */

    pthread_mutex_t horizon_lock; /* Guards the next three. */
    uint64_t horizon;             /* Everything before has expired. */
    uint64_t horizon_ms;          /* Of the first record from there on; 0: not known. */
    uint64_t horizon_checked_ms;

    _Atomic uint64_t newest[STREAM_NEWEST_SLOTS];
};

/* --- For the store ------------------------------------------------------------------------------
 */

/* Loads the streams, and takes care that no seq is given out again that a shard ends at: before
 * anything is written. Errors: IO; CORRUPT. */
MUST_CHECK bool
streams_open(struct store *store, uint32_t shards, struct streams **streams, struct error *err);
/* NULL is fine. */
void streams_close(struct streams *streams);
/* Close the stream of a table that has been removed, if it had one, after a pass over all latches.
 * Blocks. Errors: THROTTLED, IO; then a tick does it. */
MUST_CHECK bool streams_end_table(struct store *store, uint32_t table_id, struct error *err);

/* --- For the write path: mark.c -----------------------------------------------------------------
 */

/* Mark the record of a row that changes from `old` to `new` (empty: there is none), which differ.
 * The images are borrowed until the record is encoded. The log record then has at most
 * stream_mark_bytes more. */
void stream_mark(struct change *change,
                 const struct table_stream *stream,
                 struct slice old_image,
                 struct slice new_image,
                 bool by_ttl);
size_t stream_mark_bytes(const struct change *change);
/* Append the record of a row that another region's writes have changed from `old_image` to what it
 * is `now`; `stamp` is this node's. */
void stream_encode_foreign(struct buffer *to,
                           const struct table *table,
                           struct slice key,
                           const struct row *now,
                           struct slice old_image,
                           uint64_t stamp);
/* In the commit section: the pointer to the record of this seq. */
void stream_point(struct store *store,
                  struct engine_batch *batch,
                  uint32_t stream,
                  uint64_t seq,
                  uint64_t key_hash);

/* --- Among themselves ---------------------------------------------------------------------------
 */

/* Under `lock`; NULL when there is none. */
struct stream_entry *streams_find(const struct streams *streams, uint32_t id);
void stream_entry_free(struct stream_entry *entry);
/* An entry of its own, with room for `room` shards more. */
struct stream_entry *stream_entry_copy(const struct stream_state *state, uint32_t room);
/* Keep a new one, under `lock` for writing; or put it in the place of the one with its id, which is
 * freed; or take that one out and free it. */
void streams_add(struct streams *streams, struct stream_entry *entry);
void streams_replace(struct streams *streams, struct stream_entry *entry);
void streams_remove(struct streams *streams, uint32_t id);

enum { STREAM_KEY_BYTES = 11 };
/* "stream/" + id. */
void stream_key(uint32_t id, uint8_t key[static STREAM_KEY_BYTES]);
void stream_pointer_key(uint32_t stream,
                        uint64_t seq,
                        uint8_t key[static STREAM_POINTER_KEY_BYTES]);

/* shards.c: pure functions. */
bool shard_has_expired(const struct shard *shard, uint64_t now_ms);
void shard_id_write(uint64_t created_ms, uint32_t number, char id[static STREAM_SHARD_ID_BYTES]);
bool shard_id_read(struct slice id, uint64_t *created_ms, uint32_t *number);
uint32_t shards_open_count(const struct stream_state *state);
/* How many shards there are after shards_roll. */
uint32_t shards_rolled_count(const struct stream_state *state, uint32_t wanted);
/* Open the first `wanted` shards of a stream; their start is `seq` + 1. */
void shards_begin(struct stream_state *state, uint32_t wanted, uint64_t now_ms, uint64_t seq);
/* Close every open shard with `seq`. */
void shards_close(struct stream_state *state, uint64_t now_ms, uint64_t seq);
/* Close every open shard with `seq` and open its children behind it: together `wanted`, or as many
 * as there were if that is more. `state` has room for them. */
void shards_roll(struct stream_state *state, uint32_t wanted, uint64_t now_ms, uint64_t seq);
/* The same for a stream without any record: `wanted` equal ones. */
void shards_renew(struct stream_state *state, uint32_t wanted, uint64_t now_ms, uint64_t seq);
/* Leave out what has expired. Returns how many. */
uint32_t shards_forget(struct stream_state *state, uint64_t now_ms);
