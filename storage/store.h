/* A whole embedded store: engine, catalog, row latches, change log. One per node.
 *
 * The write path (see storage/README.md): take the row's latch, read the current row, test the
 * condition, build the batch, enter the commit section for the seq and the stamp, append, release
 * the latch. Nothing waits for the disk: whoever answers a client waits until
 * engine_durable_seq(store->engine) >= the seq the call gave back, and so do readers.
 *
 * Any thread. Calls that take a tier answer WOULD_BLOCK under READ_CACHED when the disk is needed;
 * the caller repeats the call on a worker with READ_FULL. */
#pragma once

#include "proto/value/version.h"
#include "storage/catalog/catalog.h"
#include "storage/engine/engine.h"

#include <stdatomic.h>

struct latches;
struct applied_vector;
struct batch_pool;
struct builder;
struct claim;
struct keeper;
struct streams;
struct sweeper;
struct totals;

/* Time as the node sees it. Both must be callable from any thread. */
struct store_clock {
    uint64_t (*wall_ms)(void *context);
    /* A hybrid-clock stamp greater than every one given before and than `floor`. */
    uint64_t (*stamp)(void *context, uint64_t floor);
    void *context;
};

struct store_options {
    struct engine_options engine;
    struct store_clock clock;
    uint16_t region_id; /* Checked against the folder's: REFUSED when they differ. */
    const char *region; /* Its name, as in other regions' lists of replicas; NULL: it has none. */
    /* Shards of each stream, up to STREAM_SHARDS_MAX; 0: one for four cores, at least one. */
    uint32_t stream_shards;
    uint64_t conflicts_kept_ms;       /* How long the conflict feed remembers; 0: for ever. */
    struct catalog_observer observer; /* Is told of changes of tables from the start on. */
};

struct store {
    struct engine *engine;
    struct catalog *catalog;
    struct latches *latches;
    struct store_clock clock;
    uint64_t conflicts_kept_ms;
    uint16_t region_id;
    char region_name[REGION_NAME_BYTES_MAX + 1];
    uint32_t incarnation;           /* Wall second the folder was made. */
    struct applied_vector *applied; /* Per origin region: newest write applied here. */
    struct batch_pool *batches;     /* Emptied batches to use again. */
    struct claim *claim;            /* Of the transaction that reads the disk under latches. */
    struct totals *totals;          /* Counts tables and indexes again. */
    struct builder *builder;        /* Fills new indexes, drops the rows of old ones. */
    struct streams *streams;        /* Change streams; see stream/stream.h. */
    struct keeper *keeper;          /* Counts again after a crash, saves totals, ends drops. */
    struct sweeper *sweeper;        /* Deletes what has expired; see ttl/ttl.h. */
    atomic_ullong log_own_seq;      /* Of store_log_newest_own: no own write is in the log ... */
    atomic_ullong log_own_end;      /* ... between the one and the other. */
};

MUST_CHECK bool
store_open(const struct store_options *options, struct store **store, struct error *err);
/* Every call has returned and every table reference is back. NULL is fine. */
void store_close(struct store *store);

/* Remove the table from the catalog, close its stream, drop its rows. Should one of these fail, the
 * keeper does it later. Worker thread. Errors: NOT_FOUND, THROTTLED, IO. */
MUST_CHECK bool store_drop_table(struct store *store, uint32_t table_id, struct error *err);
/* Its second half, for a table already removed: also done after the next start, should the process
 * end in between. Errors: IO, THROTTLED. */
MUST_CHECK bool store_drop_rows(struct store *store, uint32_t table_id, struct error *err);

/* --- Items ---------------------------------------------------------------------------------- */

enum write_kind {
    WRITE_PUT,
    WRITE_UPDATE,
    WRITE_DELETE,
    WRITE_CHECK, /* Tests the condition and writes nothing: of transactions only. */
};

struct write {
    /* In. */
    const struct table *table;
    enum write_kind kind;
    struct slice item;                  /* PUT: the image. UPDATE, DELETE: the key attributes. */
    const struct expression *condition; /* NULL: none. */
    const struct expression *update;    /* UPDATE; NULL touches. */
    bool by_ttl; /* DELETE: the item has expired; of the sweeper only (storage/ttl/ttl.h). */
    /* Out, copied into the arena. */
    struct slice old_image; /* Empty slice with existed false: there was none. */
    struct slice new_image; /* UPDATE and PUT. */
    bool existed;
    bool exists;  /* Afterwards. */
    bool changed; /* Something was written. */
    /* Write units that each index of `table` took, by its place there; NULL: it has no index. */
    uint32_t *index_units;
    uint64_t wait_seq; /* Answer (also a refusal) once this is durable. */
};

/* Key attributes present, of the schema's types; index keys, where present, of theirs, not empty,
 * not too long. Errors: VALIDATION with the texts of dynamodb-api.md section 8 and 6. */
MUST_CHECK bool
item_check_put_key(const struct table *table, struct slice image, struct error *err);
/* A `Key` parameter: exactly the key attributes. */
MUST_CHECK bool item_check_key(const struct table *table, struct slice key, struct error *err);

/* Run one write. Errors: CONDITION (old_image filled if it existed), VALIDATION, THROTTLED,
 * WOULD_BLOCK, IO, CORRUPT. wait_seq is set for CONDITION and VALIDATION too. */
MUST_CHECK bool store_write(struct store *store,
                            struct write *write,
                            enum read_tier tier,
                            struct arena *arena,
                            struct error *err);

/* Read one item. *image is copied into the arena; *found false when there is none (or only a
 * tombstone). Errors: WOULD_BLOCK, IO, CORRUPT. */
MUST_CHECK bool store_get(struct store *store,
                          const struct table *table,
                          struct slice key,
                          enum read_tier tier,
                          struct arena *arena,
                          struct slice *image,
                          bool *found,
                          uint64_t *wait_seq,
                          struct error *err);

/* --- Transactions --------------------------------------------------------------------------- */

/* All writes or none, serialised against every other write of this node by the rows' latches. They
 * are one batch on the disk, one group in the log, and become visible at a peer together. */
struct transaction {
    /* In. */
    struct write *writes; /* In the request's order; no two of one row. */
    uint32_t count;       /* At most TRANSACTION_ITEMS_MAX. */
    struct slice token;   /* ClientRequestToken; empty: none. */
    uint8_t digest[32];   /* Of all that makes two requests the same one; with a token only. */
    /* Out. */
    struct error *errors; /* `count` of them, the caller's: why a write stands in the way:
                           * CONDITION, VALIDATION, TRANSACTION_CONFLICT, or NONE. */
    bool replayed;        /* The token was known with this digest: nothing was written now, and
                           * the writes' outputs show their rows as they are. */
    uint64_t wait_seq;    /* Answer (also a refusal) once this is durable. */
};
/* Every write is evaluated, also after one that fails. A token is kept if the call succeeds, also
 * when nothing had to be written. Of two calls with one token at a time the second waits for the
 * first and is then a replay; only if that one is reading the disk is it told TOKEN_IN_PROGRESS,
 * and for the same reason a write may be told TRANSACTION_CONFLICT. Errors: CANCELLED (see
 * `errors`), TOKEN_MISMATCH (the token was used with another digest within TRANSACTION_TOKEN_MS),
 * TOKEN_IN_PROGRESS, VALIDATION (an item to put, or all items together too large, or two writes of
 * one row), NOT_FOUND (a table was removed), THROTTLED, WOULD_BLOCK, IO, CORRUPT. */
MUST_CHECK bool store_transact(struct store *store,
                               struct transaction *transaction,
                               enum read_tier tier,
                               struct arena *arena,
                               struct error *err);

/* Several items as they were at one moment between two writes. */
struct item_read {
    const struct table *table;
    struct slice key;
    struct slice image; /* Out, in the arena. */
    bool found;
};
/* Errors: WOULD_BLOCK, IO, CORRUPT. */
MUST_CHECK bool store_get_together(struct store *store,
                                   struct item_read *reads,
                                   uint32_t count,
                                   enum read_tier tier,
                                   struct arena *arena,
                                   uint64_t *wait_seq,
                                   struct error *err);

/* --- Pages ---------------------------------------------------------------------------------- */

struct page_request {
    const struct table *table;
    const struct table_index *index; /* One of the table's; NULL: the table itself. */
    bool fetch;                      /* LOCAL index: every item is read whole from the table. */
    bool query;                      /* Query: use `condition`; Scan: use the segment. */
    struct key_condition condition;
    bool backward;                       /* Query only. */
    uint32_t segment, segments;          /* Scan: 0 of 1 for the whole table. */
    struct slice start;                  /* ExclusiveStartKey's image; empty: from the start. */
    uint64_t limit;                      /* Items evaluated; 0: no limit but PAGE_BYTES_MAX. */
    const struct expression *filter;     /* NULL: all. */
    const struct expression *projection; /* NULL: whole items. */
    bool count_only;
};
struct page {
    struct slice *items; /* Images in the arena, `count` of them unless count_only. */
    uint64_t count;      /* After the filter. */
    uint64_t scanned;    /* Before it. */
    uint64_t bytes;      /* Item bytes evaluated (of an index: of its entries), for capacity. */
    uint64_t fetched;    /* With `fetch`: read units of the whole items, each rounded by itself. */
    struct slice last;   /* LastEvaluatedKey's image; empty: done. */
    uint64_t wait_seq;
};
/* One page. Errors: VALIDATION (start key), WOULD_BLOCK, IO, CORRUPT. */
MUST_CHECK bool store_page(struct store *store,
                           const struct page_request *request,
                           enum read_tier tier,
                           struct arena *arena,
                           struct page *page,
                           struct error *err);

/* --- What replication needs ------------------------------------------------------------------ */

/* One write as the change log keeps it and, if it is an own one, peers receive it. Layout:
 * storage/log/change.h. */
struct change {
    uint32_t table_id; /* Local. */
    struct slice key;  /* Key attributes' image. */
    struct version version;
    bool has_image; /* Complete: the image or, with tombstone, that there is none. False: was not
                     * to be shipped when it was written; a backfill snapshot covers it. */
    bool tombstone;
    struct slice image;
    uint32_t following; /* So many changes after this one belong to the same transaction. */

    /* For the log and the table's stream here; none of it is shipped. */
    uint64_t local_stamp;   /* Of this node's clock; 0: the version's is. */
    bool foreign;           /* No own write: another region's, kept for the stream alone. */
    bool streamed;          /* A record of the stream; `image` may be there for it alone. */
    bool existed;           /* There was an item before. */
    bool by_ttl;            /* Time to live deleted it, here. */
    struct slice old_image; /* Empty: the stream's view does not have it, or there was none. */
};

/* Own writes with seq > after, in order, up to the durable seq: at most `max` changes or about
 * `bytes_max` bytes, copied into the arena. *next is the seq to continue after (it moves over
 * records that are not own writes). Worker thread. Errors: IO, CORRUPT. */
MUST_CHECK bool store_log_read(struct store *store,
                               uint64_t after,
                               uint32_t max,
                               size_t bytes_max,
                               struct arena *arena,
                               struct change *changes,
                               uint32_t *count,
                               uint64_t *next,
                               struct error *err);
/* Every own write from this seq on is still in the log and can be read. */
uint64_t store_log_oldest(struct store *store);
/* Of the newest record that has been appended, durable or not, own write or not: its seq, and when
 * it was written here. No own write so far has a larger seq; 0 before the first. Worker thread.
 * Errors: IO, CORRUPT. */
MUST_CHECK bool
store_log_newest(struct store *store, uint64_t *seq, uint64_t *stamp, struct error *err);
/* Of the newest own write that has been appended: what a shipper will have passed once it has
 * shipped all there is, which it never says of a seq that is not one. 0: the log has none. Worker
 * thread. Errors: IO, CORRUPT. */
MUST_CHECK bool store_log_newest_own(struct store *store, uint64_t *seq, struct error *err);

/* What to do with an arriving change, decided by the caller's pure function. */
enum apply_verdict {
    APPLY_DROP,           /* A duplicate, or superseded. */
    APPLY_STORE,          /* An ordinary overwrite, or the first version of this row. */
    APPLY_KEEP,           /* The stored one stays and no conflict is on record; contexts join. */
    APPLY_CONFLICT_STORE, /* Concurrent; the arriving version wins. */
    APPLY_CONFLICT_KEEP,  /* Concurrent; the stored version wins. */
};
/* `stored` is NULL when there is no row. *reason is read only for the two conflicts: the reason
 * that struct conflict keeps. Called under the rows' latches, once or more often per change: pure.
 */
typedef enum apply_verdict (*apply_decider)(void *context,
                                            const struct row *stored,
                                            const struct row *arriving,
                                            uint8_t *reason);

struct conflict {
    uint32_t table_id;
    struct slice key; /* Key attributes' image. */
    struct row winner, loser;
    uint64_t time_ms; /* Wall clock here when it was found. */
    uint8_t reason;   /* enum conflict_reason of replication/conflict.h. */
};
/* The one reason that the store gives instead of the decider's: the loser arrived as part of a
 * transaction of which other writes did not lose. */
enum { APPLY_REASON_TORN = 5 };

/* Apply changes of one origin as one atomic batch: rows, conflict records and, if `watermark` is
 * not NULL, the applied watermark of its region. Rows join contexts. A watermark that has been
 * reached already drops all, and with a watermark a change at or below the reached one is dropped.
 * Keys and images have passed item_check; a key that does not fit its table is CORRUPT, a table
 * that is not here drops the change. Changes of one transaction are given together, each with the
 * number of those that follow it. *wait_seq as in store_write. Worker thread. Errors: THROTTLED,
 * IO, CORRUPT; nothing is applied then. */
struct apply_result {
    uint32_t stored, dropped, conflicts;
    uint64_t wait_seq;
};
MUST_CHECK bool store_apply(struct store *store,
                            const struct change *changes,
                            uint32_t count,
                            const struct dot *watermark,
                            apply_decider decide,
                            void *context,
                            struct apply_result *result,
                            struct error *err);

/* How far each other region's writes have been applied here (appended; durable up to wait_seq). */
void store_applied(struct store *store, struct context *applied);
/* What all members have applied: rows stop carrying context entries at or below it. */
void store_set_settled(struct store *store, const struct context *settled);

/* Wait until every write planned under an older description of any table has been appended. After
 * catalog_update and this, records carry what the new description asks for. Worker thread. */
void store_barrier(struct store *store);

/* How much of its table an index that is CREATING has been filled with, 0 to 1; hashes are even, so
 * it is good for an estimate of the time left. Worker thread. Errors: IO. */
MUST_CHECK bool store_index_progress(
    struct store *store, uint32_t table, uint16_t index, double *fraction, struct error *err);

/* Rows of a table from a snapshot, tombstones included, for backfill and comparison. */
struct store_walk;
struct store_walk *store_walk_open(struct store *store, uint32_t table_id);
/* *change borrows until the next call. False at the end (err ERROR_NONE) or on error. */
bool store_walk_next(struct store_walk *walk,
                     struct arena *arena,
                     struct change *change,
                     struct error *err);
void store_walk_close(struct store_walk *walk);

/* Newest first; `table_id` 0: of all tables. Copied into the arena. Errors: IO, CORRUPT. */
MUST_CHECK bool store_conflicts(struct store *store,
                                uint32_t table_id,
                                uint32_t max,
                                struct arena *arena,
                                struct conflict *conflicts,
                                uint32_t *count,
                                struct error *err);
uint64_t store_conflicts_found(struct store *store); /* Since start, for /metrics. */
/* What names a conflict for good, on this node. */
enum { CONFLICT_ID_BYTES = 40 };
void store_conflict_id(const struct conflict *conflict, uint8_t id[static CONFLICT_ID_BYTES]);
/* The one with this id, which may be of any length; copied into the arena. Worker thread. Errors:
 * IO, CORRUPT. */
MUST_CHECK bool store_conflict(struct store *store,
                               struct slice id,
                               struct arena *arena,
                               struct conflict *conflict,
                               bool *found,
                               struct error *err);
/* Forget conflicts that were found before `before_ms`, at most `max` of them; *more says whether to
 * go on. A damaged record stays. Worker thread. Errors: THROTTLED, IO. */
MUST_CHECK bool store_conflicts_forget(
    struct store *store, uint64_t before_ms, uint32_t max, bool *more, struct error *err);

/* Small durable notes for the rooms above (keys start with the room's name). Worker thread. */
MUST_CHECK bool
store_note_put(struct store *store, struct slice key, struct slice value, struct error *err);
MUST_CHECK bool store_note_get(struct store *store,
                               struct slice key,
                               struct arena *arena,
                               struct slice *value,
                               bool *found,
                               struct error *err);
