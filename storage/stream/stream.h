/* Change streams: for 24 hours every change of a table that has one, in order, for readers.
 *
 * A stream belongs to a table and outlives it. Its shards are hash ranges of keys times ranges of
 * seqs: an item's records all have its hash, so they lie in one chain of shards, parent before
 * child, in the order of their seqs. Rolling a shard closes it at a seq and opens its children
 * right behind; writers know nothing of it. A shard has at most one parent, whose range holds its
 * own: so whoever reads parents to their end before their children sees every item in order.
 *
 * What a reader sees is on disk: seqs above engine_synced_seq are never shown, under relaxed
 * durability neither, because a crash would give them out again.
 *
 * Any thread, but calls that are said to block belong on a worker. What is handed out is in the
 * arena. See storage/README.md. */
#pragma once

#include "storage/store.h"

#define STREAM_RETENTION_MS (24ULL * 60 * 60 * 1000)
#define STREAM_SHARD_MS (4ULL * 60 * 60 * 1000) /* A shard is rolled at this age. */

enum {
    STREAM_SHARD_ID_BYTES = 38, /* "shardId-", 20 digits, "-", 8 hex digits, and a zero. */
    STREAM_SEQ_DIGITS = 21,     /* Of a SequenceNumber: "1" and the seq's 20 digits. */
};

/* One stream, enabled or not. */
struct stream {
    uint32_t id; /* Local, never reused. */
    uint32_t table_id;
    struct slice table; /* Its name. */
    uint64_t label_ms;  /* Different for all streams of one table name; also when it was made. */
    enum stream_view view;
    bool enabled;
    struct key_attribute partition;
    struct key_attribute sort; /* type VALUE_MISSING when there is none. */
};

/* Ids sort as parents before children. */
struct stream_shard {
    char id[STREAM_SHARD_ID_BYTES];
    char parent[STREAM_SHARD_ID_BYTES]; /* Empty: none. It may have expired meanwhile. */
    uint64_t start_seq;                 /* Its records have seqs from here on ... */
    uint64_t end_seq;                   /* ... to this one; 0: the shard is open. */
};

enum stream_event { STREAM_INSERT, STREAM_MODIFY, STREAM_REMOVE };

struct stream_record {
    uint64_t seq;
    uint64_t time_ms; /* When it was written here. */
    enum stream_event event;
    bool by_ttl;            /* Deleted by time to live, in this region. */
    struct slice key;       /* The key attributes' image. */
    struct slice old_image; /* Empty: there was none, or the view does not have it. */
    struct slice new_image; /* The same. */
};

/* --- Coming and going -------------------------------------------------------------------------
 * Between catalog_change_begin and _end; blocks. *table is the description to write: the newest
 * one, with whatever else the caller changes at once. Its stream is filled in, it is stored with
 * catalog_update, and the call returns when every writer acts on it. Durable on return. */

/* The table has no stream: ensured. Errors: LIMIT (STREAMS_MAX), and those of catalog_update; after
 * any of them the table has none. */
MUST_CHECK bool
stream_enable(struct store *store, struct table *table, enum stream_view view, struct error *err);
/* The table has a stream: ensured. All its shards are closed. Errors: those of catalog_update; then
 * the stream is what it was, or disabled though the call failed: read the description again. */
MUST_CHECK bool stream_disable(struct store *store, struct table *table, struct error *err);

/* --- Looking around. From memory: cheap, never blocks. ------------------------------------------
 */

/* Streams by (table name, label), also disabled ones until they expire: those of `table` (empty: of
 * all tables) behind (after_table, after_label_ms) in that order (empty: from the start), at most
 * `max`. Returns their number. What is named by `after` need not be there any more. */
uint32_t stream_list(struct store *store,
                     struct slice table,
                     struct slice after_table,
                     uint64_t after_label_ms,
                     uint32_t max,
                     struct arena *arena,
                     struct stream *streams,
                     bool *more);
/* False when there is none, or no longer. */
bool stream_find(struct store *store,
                 struct slice table,
                 uint64_t label_ms,
                 struct arena *arena,
                 struct stream *stream);
/* By id, parents before children. Shards that were closed STREAM_RETENTION_MS ago are left out.
 * *shards is in the arena. False when there is no such stream. */
bool stream_shards(struct store *store,
                   uint32_t stream,
                   struct arena *arena,
                   struct stream_shard **shards,
                   uint32_t *count);
/* No record of the stream that can be read by now has a larger seq: whoever has read up to here has
 * nothing to read. Two loads, no lock: for whoever waits (engine_options.on_durable tells when it
 * may have risen). It may name a seq without a record: then a read moves past it. */
uint64_t stream_newest(const struct store *store, uint32_t stream);

/* --- Reading -----------------------------------------------------------------------------------
 */

struct stream_position {
    uint32_t stream;
    struct slice shard; /* Its id. */
    /* Read on behind this seq. 0: from the oldest record that is kept (TRIM_HORIZON), at the end
     * too when there is none. LATEST is engine_synced_seq, AT a number the seq before it. */
    uint64_t after;
};
struct stream_page {
    struct stream_record *records; /* The caller's, room for `max`. */
    uint32_t count;
    uint64_t next; /* `after` of the next read; moves on also when there are no records. */
    bool at_end;   /* The shard is closed and this was its last page. */
};
/* At most `max` records and about `bytes_max` bytes of keys and images, but at least one record if
 * there is one. A page may be short or empty though more follows: the work of one call is bounded.
 * READ_CACHED: on a loop; a page ends where the disk would be needed, and only if it would then be
 * empty and could not move on it is WOULD_BLOCK.
 * Errors: NOT_FOUND (no such stream or shard, or no longer), TRIMMED (what follows `after` has
 * expired), WOULD_BLOCK, IO, CORRUPT. */
MUST_CHECK bool stream_read(struct store *store,
                            const struct stream_position *position,
                            uint32_t max,
                            size_t bytes_max,
                            enum read_tier tier,
                            struct arena *arena,
                            struct stream_page *page,
                            struct error *err);

/* The oldest seq that has not expired, to the second: of all streams, whether a record has it or
 * not. Errors: WOULD_BLOCK, IO, CORRUPT. */
MUST_CHECK bool
stream_horizon(struct store *store, enum read_tier tier, uint64_t *seq, struct error *err);

/* --- Shards and time ---------------------------------------------------------------------------
 */

/* How many shards a stream is to have from now on, 1 to STREAM_SHARDS_MAX: those that have fewer
 * are split, the widest first. Fewer than a stream has take effect once it has no records at all:
 * shards are never merged, as a shard with two parents would ask readers for an order that
 * ParentShardId cannot tell. Blocks. Errors: THROTTLED, IO. */
MUST_CHECK bool stream_set_shards(struct store *store, uint32_t shards, struct error *err);
/* Close every open shard of the stream (0: of all enabled ones) and open its children. Blocks.
 * Errors: LIMIT (a stream has too many shards that are not expired), THROTTLED, IO. */
MUST_CHECK bool stream_roll(struct store *store, uint32_t stream, struct error *err);
/* What the keeper does once a minute: rolls what is STREAM_SHARD_MS old, forgets expired shards and
 * streams. Blocks. Errors: THROTTLED, IO. */
MUST_CHECK bool stream_tick(struct store *store, struct error *err);
/* Hand the space of expired records back, by whole files; the log's own is log_trim's. Blocks.
 * Errors: IO, CORRUPT. */
MUST_CHECK bool stream_trim(struct store *store, struct error *err);

struct stream_figures {
    uint32_t enabled, disabled; /* Streams. */
    uint32_t open, closed;      /* Shards. */
};
void stream_figures(struct store *store, struct stream_figures *figures);
