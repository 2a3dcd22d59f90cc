/* The tables of this node: schemas, states, replicas, settings; kept in `meta`, cached in memory.
 *
 * A struct table is an immutable description: a change makes a new one with the same id. Requests
 * hold a reference while they run. Any thread; changes block on disk: run them on a worker. */
#pragma once

#include "proto/base/error.h"
#include "proto/base/limits.h"
#include "storage/expression/expression.h"

struct engine;
struct catalog;

enum table_status { TABLE_CREATING, TABLE_ACTIVE, TABLE_UPDATING, TABLE_DELETING, TABLE_STATUSES };
enum billing_mode { BILLING_PROVISIONED, BILLING_PAY_PER_REQUEST };
enum replica_status {
    REPLICA_CREATING,
    REPLICA_ACTIVE,
    REPLICA_DELETING,
    REPLICA_CREATION_FAILED,
    REPLICA_STATUSES,
};

struct replica {
    char region[REGION_NAME_BYTES_MAX + 1];
    enum replica_status status;
    uint64_t stamp;   /* When the status was set: of two that meet the newer one holds. */
    char reason[128]; /* Why CREATION_FAILED; otherwise empty. */
};

enum { TABLE_UID_BYTES = 16, TABLE_KEYS_MAX = 2 };

enum table_class { CLASS_STANDARD, CLASS_STANDARD_INFREQUENT_ACCESS, TABLE_CLASSES };
enum index_kind { INDEX_LOCAL, INDEX_GLOBAL, INDEX_KINDS };
enum index_status { INDEX_CREATING, INDEX_ACTIVE, INDEX_DELETING, INDEX_STATUSES };
enum projection_kind {
    PROJECTION_ALL,
    PROJECTION_KEYS_ONLY,
    PROJECTION_INCLUDE,
    PROJECTION_KINDS,
};

/* Capacity settings of a table or a global index; what is not set is 0. */
struct throughput {
    int64_t read_units, write_units;           /* PROVISIONED. */
    int64_t read_units_max, write_units_max;   /* OnDemandThroughput. */
    int64_t read_units_warm, write_units_warm; /* WarmThroughput; 0: the default of the mode. */
    uint64_t increased_ms, decreased_ms;       /* Last change each way. */
    uint32_t decreases;                        /* In the UTC day of decreased_ms. */
};

/* A secondary index. Its rows are a pure function of the table's rows: an item is in it when it has
 * all key attributes with the right types. */
struct table_index {
    uint16_t id; /* Bytes 4 and 5 of its rows' keys; from 1, never reused within the table. */
    enum index_kind kind;
    enum index_status status; /* LOCAL: always ACTIVE. */
    bool backfilling; /* CREATING: rows are being written; before that it is being set up. */
    struct slice name;
    struct key_schema keys; /* LOCAL: the table's partition key and one sort attribute. */
    enum projection_kind projection;
    const struct slice *non_key; /* INCLUDE: NonKeyAttributes as sent. */
    uint32_t non_key_count;
    struct throughput throughput; /* GLOBAL only. */
};

/* What the records of a stream carry beside the key. */
enum stream_view {
    STREAM_KEYS_ONLY,
    STREAM_NEW_IMAGE,
    STREAM_OLD_IMAGE,
    STREAM_NEW_AND_OLD_IMAGES,
    STREAM_VIEWS,
};

/* The table's change stream; its shards and records are storage/stream's. */
struct table_stream {
    uint32_t id; /* Local, never reused; 0: no stream is enabled. */
    enum stream_view view;
    uint64_t label_ms; /* Of the newest stream, also once it is disabled; 0: there never was one. */
};

enum ttl_status { TTL_DISABLED, TTL_ENABLING, TTL_ENABLED, TTL_DISABLING, TTL_STATUSES };

/* Time to live. Expiry rows are kept from ENABLING on; ENABLED once every item has its own. */
struct table_ttl {
    enum ttl_status status;
    struct slice attribute; /* Empty while DISABLED. */
    uint64_t changed_ms;    /* Last change by a client; 0: never. */
};

/* All slices, and what `indexes` points to, live in the table's own memory when the catalog hands
 * it out. Whoever describes a table to the catalog lends them for the call. */
struct table {
    uint32_t id;                  /* Local, never reused: the first four bytes of the item keys. */
    uint8_t uid[TABLE_UID_BYTES]; /* The table's identity in all regions: equal on all replicas. */
    char table_id[37];            /* TableId: a UUID per region. */
    struct slice name;
    enum table_status status;
    uint64_t created_ms;
    struct key_attribute attributes[TABLE_ATTRIBUTES_MAX]; /* AttributeDefinitions as sent. */
    uint32_t attributes_count;
    struct key_attribute partition;
    struct key_attribute sort; /* type VALUE_MISSING when there is none. */
    enum billing_mode billing;
    bool was_on_demand; /* Is, or once was, PAY_PER_REQUEST. */
    uint64_t on_demand_since_ms;
    struct throughput throughput;
    bool deletion_protection;
    enum table_class table_class;
    uint64_t class_changed_ms;         /* 0: never set to anything but STANDARD. */
    bool encrypted;                    /* SSESpecification.Enabled: SSEDescription is shown. */
    struct slice kms_key;              /* Its ARN; empty: the service's own. */
    const struct table_index *indexes; /* Local ones first, each kind in order of creation. */
    uint32_t indexes_count;
    uint16_t next_index_id;
    struct table_stream stream;
    struct table_ttl ttl;
    struct replica replicas[REGIONS_MAX]; /* The other regions; a region never lists itself. */
    uint32_t replicas_count;
    uint64_t schema_stamp;  /* Hybrid clock of the last schema change: the newer one wins. */
    uint16_t schema_region; /* Breaks ties. */
    /* The newest description of another region that this one was made from; 0: none. And the last
     * change by a client, of more than who the members are. So a region can tell whether its change
     * was known to whoever made the description that takes its place. */
    uint64_t base_stamp;
    uint16_t base_region;
    uint64_t content_stamp;
    uint16_t content_region;
};

/* What all members share has changed here; `content`: more of it than who they are. */
static inline void table_restamp(struct table *table, uint64_t stamp, uint16_t region, bool content)
{
    if (table->schema_region != region) {
        table->base_stamp = table->schema_stamp;
        table->base_region = table->schema_region;
    }
    table->schema_stamp = stamp;
    table->schema_region = region;
    if (content) {
        table->content_stamp = stamp;
        table->content_region = region;
    }
}

/* NULL when there is none of that name, or of that id. */
const struct table_index *table_find_index(const struct table *table, struct slice name);
const struct table_index *table_find_index_id(const struct table *table, uint16_t id);

static inline struct key_schema table_key_schema(const struct table *table)
{
    return (struct key_schema){.partition = {table->partition},
                               .partition_count = 1,
                               .sort = {table->sort},
                               .sort_count = table->sort.type != VALUE_MISSING};
}

static inline bool table_has_sort(const struct table *table)
{
    return table->sort.type != VALUE_MISSING;
}

/* Loads all tables. Errors: IO; CORRUPT. */
MUST_CHECK bool catalog_open(struct engine *engine, struct catalog **catalog, struct error *err);
void catalog_close(struct catalog *catalog);

/* The table, with one more reference, or NULL. Cheap: on the request path. */
const struct table *catalog_acquire(struct catalog *catalog, struct slice name);
const struct table *catalog_acquire_id(struct catalog *catalog, uint32_t id);
const struct table *catalog_acquire_uid(struct catalog *catalog,
                                        const uint8_t uid[static TABLE_UID_BYTES]);
void table_release(const struct table *table); /* NULL is fine. */

/* Names after `after` (empty: from the start), bytewise, at most `max`; copied into the arena.
 * Returns their number; *more says whether others follow. */
uint32_t catalog_list(struct catalog *catalog,
                      struct slice after,
                      uint32_t max,
                      struct arena *arena,
                      struct slice *names,
                      bool *more);
uint32_t catalog_count(struct catalog *catalog);

/* Was the table removed since this description was acquired? A writer asks under the row's latch:
 * after catalog_remove and a pass over all latches no row of the table can appear any more. */
bool table_is_dropped(const struct table *table);
/* Has the table replicas by its newest description, whatever this one says? A writer asks under the
 * row's latch: after catalog_update and a pass over all latches (store_barrier) every change record
 * carries what replicas need. */
bool table_is_replicated(const struct table *table);

/* Is this the newest description of the table? A writer asks under the row's latch and takes the
 * newest one (catalog_acquire_id) when it is not: so after catalog_update and store_barrier every
 * write maintains the indexes of the new description. */
bool table_is_current(const struct table *table);

/* The newest description, copied into the arena: for a writer that holds another one and nothing to
 * give a reference back in. False when the table was removed. */
bool catalog_copy(struct catalog *catalog,
                  uint32_t id,
                  struct arena *arena,
                  const struct table **table);

/* `changed` is called, on the thread that made it, after every change of a description or of the
 * set of tables. Before any other thread uses the catalog; NULL ends it. */
void catalog_watch(struct catalog *catalog, void (*changed)(void *context), void *context);

/* Create: `table` is borrowed and copied; its id is assigned, its uid unless nonzero, its table_id
 * unless given. Durable on return. Errors: IN_USE (name or uid taken), LIMIT, CORRUPT (no possible
 * description), THROTTLED, IO. */
MUST_CHECK bool
catalog_create(struct catalog *catalog, const struct table *table, struct error *err);
/* Replace the description of the table with table->id (same name, same keys). An index keeps its id
 * and name; a new one has an id of at least the old next_index_id. The rows of an index that is
 * left out are dropped in the background: it should have been DELETING before. Durable on return.
 * Errors: NOT_FOUND (removed meanwhile), CORRUPT (no possible description), THROTTLED, IO. */
MUST_CHECK bool
catalog_update(struct catalog *catalog, const struct table *table, struct error *err);
/* Serialises read-modify-write of descriptions: hold it from acquire to catalog_update. Worker
 * threads only; the request path never takes it. */
void catalog_change_begin(struct catalog *catalog);
void catalog_change_end(struct catalog *catalog);
/* Forget the table and its counters. Durable on return. The rows are dropped by store_drop_table,
 * and should the process end before that, after the next start: the id stays on a list until
 * catalog_forget_dropped. Errors: NOT_FOUND, THROTTLED, IO. */
MUST_CHECK bool catalog_remove(struct catalog *catalog, uint32_t id, struct error *err);
/* The smallest id above `after` whose rows are still to be dropped; *id 0 when there is none.
 * Errors: IO, CORRUPT. */
MUST_CHECK bool
catalog_next_dropped(struct catalog *catalog, uint32_t after, uint32_t *id, struct error *err);
/* Its rows are gone. Durable on return. Errors: THROTTLED, IO. */
MUST_CHECK bool catalog_forget_dropped(struct catalog *catalog, uint32_t id, struct error *err);

/* The next note behind *dropped (0, 0: the first) of an index whose rows are still to be dropped;
 * table_id 0 when there is none. Errors: IO, CORRUPT. */
struct dropped_index {
    uint32_t table_id;
    uint16_t index;
};
MUST_CHECK bool catalog_next_dropped_index(struct catalog *catalog,
                                           struct dropped_index *dropped,
                                           struct error *err);
/* Its rows are gone. Durable on return. Errors: THROTTLED, IO. */
MUST_CHECK bool catalog_forget_dropped_index(struct catalog *catalog,
                                             const struct dropped_index *dropped,
                                             struct error *err);

/* Running totals for DescribeTable: exact in memory, saved at close and every so often. After an
 * unclean stop the saved ones serve until the store has counted again (storage/table/totals.h). */
void catalog_count_items(struct catalog *catalog, uint32_t id, int64_t items, int64_t bytes);
void catalog_totals(struct catalog *catalog, uint32_t id, uint64_t *items, uint64_t *bytes);
/* As they run: after an unclean stop they may be below zero until the store has counted again. */
void catalog_running_totals(struct catalog *catalog, uint32_t id, int64_t *items, int64_t *bytes);
/* Append the changed totals of every table to `meta`; they are as durable as the next sync makes
 * them. Errors: THROTTLED, IO. */
MUST_CHECK bool catalog_save_totals(struct catalog *catalog, struct error *err);
/* The same for one index; what the newest description does not have is not counted. */
void catalog_count_index(
    struct catalog *catalog, uint32_t id, uint16_t index, int64_t items, int64_t bytes);
void catalog_index_totals(
    struct catalog *catalog, uint32_t id, uint16_t index, uint64_t *items, uint64_t *bytes);
void catalog_running_index_totals(
    struct catalog *catalog, uint32_t id, uint16_t index, int64_t *items, int64_t *bytes);

/* As catalog_count_items and catalog_count_index for whoever holds a description: takes no lock. */
void table_count_items(const struct table *table, int64_t items, int64_t bytes);
void table_count_index(const struct table *table, uint16_t index, int64_t items, int64_t bytes);

/* Small documents that hang on a table of this region and end with it: tags, the resource policy,
 * what was set for contributor insights and the like. Kept in memory; read on any thread. A setting
 * is at most SETTING_BYTES_MAX. */
enum setting {
    SETTING_TAGS,
    SETTING_POLICY,
    SETTING_KINESIS,
    SETTING_INSIGHTS,
    SETTING_SCALING,
    SETTINGS,
};
/* As catalog_create, with the table's first settings (empty: none) in the same write: no crash
 * leaves it without them. */
MUST_CHECK bool catalog_create_with(struct catalog *catalog,
                                    const struct table *table,
                                    const struct slice settings[static SETTINGS],
                                    struct error *err);
/* Cheap, without a lock, on the request path: 0 when the table has none, else a number that every
 * change of it makes another one as long as the catalog is open. */
uint64_t table_setting_version(const struct table *table, enum setting setting);
/* How many tables have one. */
uint32_t catalog_settings_count(struct catalog *catalog, enum setting setting);
/* Copied into the arena; empty when there is none. */
struct slice catalog_setting(struct catalog *catalog,
                             const struct table *table,
                             enum setting setting,
                             struct arena *arena);
/* Replace it; empty removes it. Durable on return; between catalog_change_begin and _end when it
 * depends on what was there. Errors: NOT_FOUND (the table was removed), THROTTLED, IO. */
MUST_CHECK bool catalog_set_setting(struct catalog *catalog,
                                    const struct table *table,
                                    enum setting setting,
                                    struct slice value,
                                    struct error *err);

/* Who is told of every change, one at a time and in their order. Called when it is durable, on the
 * thread that made it, under the lock that changes take turns with: it may read what it is shown
 * and call nothing of the catalog. */
struct catalog_observer {
    /* `before` NULL: created; `after` NULL: removed. */
    void (*changed)(void *context, const struct table *before, const struct table *after);
    /* Set, to whatever it may be, or taken away. */
    void (*setting)(void *context, const struct table *table, enum setting setting, bool set);
    void *context;
};
/* Copied. Before any other thread uses the catalog. */
void catalog_observe(struct catalog *catalog, const struct catalog_observer *observer);

/* Records of access keys: opaque here, sealed by whoever writes them, by id (1 to
 * ACCESS_ID_BYTES_MAX). Durable on return. Errors: THROTTLED, IO. */
MUST_CHECK bool catalog_access_put(struct catalog *catalog,
                                   struct slice id,
                                   struct slice record,
                                   struct error *err);
/* Removing what is not there is fine. */
MUST_CHECK bool catalog_access_remove(struct catalog *catalog, struct slice id, struct error *err);
/* Each by id, lent for the call. The visitor's failure ends it. Errors: its own; IO; CORRUPT. */
typedef bool (*catalog_access_visitor)(void *context,
                                       struct slice id,
                                       struct slice record,
                                       struct error *err);
MUST_CHECK bool catalog_access_each(struct catalog *catalog,
                                    catalog_access_visitor visitor,
                                    void *context,
                                    struct error *err);
