#include "daemon/lifecycle.h"

#include <stdlib.h>

/* What can be under way; `part` is the index id, or the FNV-1a hash of the replica's region. */
enum lifecycle_kind {
    LIFECYCLE_TABLE,
    LIFECYCLE_INDEX,
    LIFECYCLE_TTL,
    LIFECYCLE_REPLICA,
};

struct lifecycle_begun {
    enum lifecycle_kind kind;
    uint32_t table; /* 0: free. */
    uint32_t part;
    uint64_t since_ms;
};

struct lifecycle {
    struct log *log;
    struct store_clock clock;
    uint64_t opened_ms;
    struct lifecycle_begun begun[LIFECYCLES_MAX]; /* The catalog takes turns: no lock of ours. */
};

static uint64_t lifecycle_now(const struct lifecycle *lifecycle)
{
    return lifecycle->clock.wall_ms(lifecycle->clock.context);
}

struct lifecycle *lifecycle_open(struct log *log, const struct store_clock *clock)
{
    struct lifecycle *made = calloc(1, sizeof(*made));
    ensure(made != NULL);
    made->log = log;
    made->clock = *clock;
    made->opened_ms = lifecycle_now(made);
    return made;
}

void lifecycle_close(struct lifecycle *lifecycle)
{
    free(lifecycle);
}

/* --- How long it took ------------------------------------------------------------------------- */

static struct lifecycle_begun *lifecycle_find(struct lifecycle *lifecycle,
                                              enum lifecycle_kind kind,
                                              const struct table *table,
                                              uint32_t part)
{
    for (uint32_t i = 0; i < LIFECYCLES_MAX; i++) {
        struct lifecycle_begun *begun = &lifecycle->begun[i];
        if (begun->table == table->id && begun->kind == kind && begun->part == part) {
            return begun;
        }
    }
    return NULL;
}

static void lifecycle_begin(struct lifecycle *lifecycle,
                            enum lifecycle_kind kind,
                            const struct table *table,
                            uint32_t part)
{
    struct lifecycle_begun *place = lifecycle_find(lifecycle, kind, table, part);
    for (uint32_t i = 0; place == NULL && i < LIFECYCLES_MAX; i++) {
        place = lifecycle->begun[i].table == 0 ? &lifecycle->begun[i] : NULL;
    }
    if (place == NULL) {
        place = &lifecycle->begun[0];
        for (uint32_t i = 1; i < LIFECYCLES_MAX; i++) {
            place = lifecycle->begun[i].since_ms < place->since_ms ? &lifecycle->begun[i] : place;
        }
    }
    *place = (struct lifecycle_begun){kind, table->id, part, lifecycle_now(lifecycle)};
}

/* The fields took_ms and, if it had begun before this process, resumed; of what was not `under_way`
 * neither: an empty field ends a line's fields. */
struct lifecycle_took {
    struct log_field took, resumed;
};

static struct lifecycle_took lifecycle_end(struct lifecycle *lifecycle,
                                           enum lifecycle_kind kind,
                                           const struct table *table,
                                           uint32_t part,
                                           bool under_way)
{
    struct lifecycle_begun *begun = lifecycle_find(lifecycle, kind, table, part);
    uint64_t since_ms = begun == NULL ? lifecycle->opened_ms : begun->since_ms;
    uint64_t now_ms = lifecycle_now(lifecycle);
    struct lifecycle_took took = {.took = {.name = NULL}, .resumed = {.name = NULL}};
    if (under_way) {
        took.took = log_unsigned("took_ms", now_ms > since_ms ? now_ms - since_ms : 0);
        took.resumed = begun == NULL ? log_text("resumed", "true") : took.resumed;
    }
    if (begun != NULL) {
        *begun = (struct lifecycle_begun){.table = 0};
    }
    return took;
}

static void lifecycle_forget(struct lifecycle *lifecycle, const struct table *table)
{
    for (uint32_t i = 0; i < LIFECYCLES_MAX; i++) {
        if (lifecycle->begun[i].table == table->id) {
            lifecycle->begun[i] = (struct lifecycle_begun){.table = 0};
        }
    }
}

/* --- Tables ----------------------------------------------------------------------------------- */

static void lifecycle_created(struct lifecycle *lifecycle, const struct table *table)
{
    if (table->status == TABLE_CREATING) {
        lifecycle_begin(lifecycle, LIFECYCLE_TABLE, table, 0);
    }
    log_event(lifecycle->log, LOG_INFO, "table.created", log_slice("table", table->name),
              log_unsigned("id", table->id),
              log_text("billing",
                       table->billing == BILLING_PROVISIONED ? "PROVISIONED" : "PAY_PER_REQUEST"),
              log_unsigned("indexes", table->indexes_count),
              log_text("status", table->status == TABLE_CREATING ? "CREATING" : "ACTIVE"));
}

static bool lifecycle_same_units(const struct throughput *a, const struct throughput *b)
{
    return a->read_units == b->read_units && a->write_units == b->write_units &&
           a->read_units_max == b->read_units_max && a->write_units_max == b->write_units_max &&
           a->read_units_warm == b->read_units_warm && a->write_units_warm == b->write_units_warm;
}

static bool lifecycle_same_index_units(const struct table *before, const struct table *after)
{
    bool same = true;
    for (uint32_t i = 0; i < after->indexes_count; i++) {
        const struct table_index *index = &after->indexes[i];
        const struct table_index *was = table_find_index_id(before, index->id);
        same = same && (was == NULL || lifecycle_same_units(&was->throughput, &index->throughput));
    }
    return same;
}

/* What UpdateTable can change and what is no step of anything. */
static void lifecycle_updated(struct lifecycle *lifecycle,
                              const struct table *before,
                              const struct table *after)
{
    const struct {
        bool changed;
        const char *name;
    } concerns[] = {
        {before->billing != after->billing, "billing"},
        {!lifecycle_same_units(&before->throughput, &after->throughput), "throughput"},
        {!lifecycle_same_index_units(before, after), "index_throughput"},
        {before->table_class != after->table_class, "class"},
        {before->deletion_protection != after->deletion_protection, "deletion_protection"},
        {before->encrypted != after->encrypted || !slice_equal(before->kms_key, after->kms_key),
         "encryption"},
    };
    char text[128] = "";
    size_t size = 0;
    for (size_t i = 0; i < ARRAY_COUNT(concerns); i++) {
        if (concerns[i].changed) {
            size += (size_t)snprintf(text + size, sizeof(text) - size, "%s%s", size > 0 ? "," : "",
                                     concerns[i].name);
        }
    }
    if (size > 0) {
        log_event(lifecycle->log, LOG_INFO, "table.updated", log_slice("table", after->name),
                  log_text("changed", text), log_unsigned("stamp", after->schema_stamp),
                  log_unsigned("region", after->schema_region));
    }
    if (before->status == TABLE_CREATING && after->status == TABLE_ACTIVE) {
        struct lifecycle_took took = lifecycle_end(lifecycle, LIFECYCLE_TABLE, after, 0, true);
        log_event(lifecycle->log, LOG_INFO, "table.active", log_slice("table", after->name),
                  took.took, took.resumed);
    }
}

/* --- Indexes ---------------------------------------------------------------------------------- */

static void lifecycle_index(struct lifecycle *lifecycle,
                            const char *event,
                            const struct table *table,
                            const struct table_index *index)
{
    log_event(lifecycle->log, LOG_INFO, event, log_slice("table", table->name),
              log_slice("index", index->name));
}

static void lifecycle_index_ends(struct lifecycle *lifecycle,
                                 const char *event,
                                 const struct table *table,
                                 const struct table_index *index,
                                 bool under_way)
{
    struct lifecycle_took took =
        lifecycle_end(lifecycle, LIFECYCLE_INDEX, table, index->id, under_way);
    log_event(lifecycle->log, LOG_INFO, event, log_slice("table", table->name),
              log_slice("index", index->name), took.took, took.resumed);
}

static void lifecycle_indexes(struct lifecycle *lifecycle,
                              const struct table *before,
                              const struct table *after)
{
    for (uint32_t i = 0; i < after->indexes_count; i++) {
        const struct table_index *index = &after->indexes[i];
        const struct table_index *was = table_find_index_id(before, index->id);
        if (was != NULL && was->status == index->status) {
            continue;
        }
        if (index->status == INDEX_ACTIVE) {
            lifecycle_index_ends(lifecycle, "index.active", after, index, was != NULL);
            continue;
        }
        lifecycle_begin(lifecycle, LIFECYCLE_INDEX, after, index->id);
        lifecycle_index(lifecycle,
                        index->status == INDEX_CREATING ? "index.creating" : "index.deleting",
                        after, index);
    }
    for (uint32_t i = 0; i < before->indexes_count; i++) {
        const struct table_index *was = &before->indexes[i];
        if (table_find_index_id(after, was->id) == NULL) {
            lifecycle_index_ends(lifecycle, "index.gone", after, was,
                                 was->status == INDEX_DELETING);
        }
    }
}

/* --- Streams, time to live -------------------------------------------------------------------- */

static void
lifecycle_stream(struct lifecycle *lifecycle, const struct table *before, const struct table *after)
{
    static const char *const views[STREAM_VIEWS] = {
        [STREAM_KEYS_ONLY] = "KEYS_ONLY",
        [STREAM_NEW_IMAGE] = "NEW_IMAGE",
        [STREAM_OLD_IMAGE] = "OLD_IMAGE",
        [STREAM_NEW_AND_OLD_IMAGES] = "NEW_AND_OLD_IMAGES",
    };
    uint32_t was = before == NULL ? 0 : before->stream.id;
    if (was == after->stream.id) {
        return;
    }
    if (was != 0) {
        log_event(lifecycle->log, LOG_INFO, "stream.disabled", log_slice("table", after->name),
                  log_unsigned("label_ms", before->stream.label_ms));
    }
    if (after->stream.id != 0) {
        log_event(lifecycle->log, LOG_INFO, "stream.enabled", log_slice("table", after->name),
                  log_text("view", views[after->stream.view]),
                  log_unsigned("label_ms", after->stream.label_ms));
    }
}

static void
lifecycle_ttl(struct lifecycle *lifecycle, const struct table *before, const struct table *after)
{
    static const char *const events[TTL_STATUSES] = {
        [TTL_DISABLED] = "ttl.disabled",
        [TTL_ENABLING] = "ttl.enabling",
        [TTL_ENABLED] = "ttl.enabled",
        [TTL_DISABLING] = "ttl.disabling",
    };
    enum ttl_status was = before == NULL ? TTL_DISABLED : before->ttl.status;
    enum ttl_status is = after->ttl.status;
    if (was == is) {
        return;
    }
    struct slice attribute = is == TTL_DISABLED ? before->ttl.attribute : after->ttl.attribute;
    if (is == TTL_ENABLING || is == TTL_DISABLING) {
        lifecycle_begin(lifecycle, LIFECYCLE_TTL, after, 0);
        log_event(lifecycle->log, LOG_INFO, events[is], log_slice("table", after->name),
                  log_slice("attribute", attribute));
        return;
    }
    struct lifecycle_took took = lifecycle_end(lifecycle, LIFECYCLE_TTL, after, 0, true);
    log_event(lifecycle->log, LOG_INFO, events[is], log_slice("table", after->name),
              log_slice("attribute", attribute), took.took, took.resumed);
}

/* --- Replicas --------------------------------------------------------------------------------- */

static const struct replica *lifecycle_replica_of(const struct table *table, const char *region)
{
    for (uint32_t i = 0; table != NULL && i < table->replicas_count; i++) {
        if (strcmp(table->replicas[i].region, region) == 0) {
            return &table->replicas[i];
        }
    }
    return NULL;
}

static uint32_t lifecycle_hash(const char *region)
{
    uint32_t hash = 2166136261u;
    for (const char *c = region; *c != 0; c++) {
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    }
    return hash;
}

static void lifecycle_replica(struct lifecycle *lifecycle,
                              const struct table *table,
                              const struct replica *replica,
                              bool under_way)
{
    struct log_field name = log_slice("table", table->name);
    struct log_field region = log_text("region", replica->region);
    uint32_t part = lifecycle_hash(replica->region);
    struct lifecycle_took took;
    switch (replica->status) {
    case REPLICA_CREATING:
    case REPLICA_DELETING:
        lifecycle_begin(lifecycle, LIFECYCLE_REPLICA, table, part);
        log_event(lifecycle->log, LOG_INFO,
                  replica->status == REPLICA_CREATING ? "replica.creating" : "replica.deleting",
                  name, region);
        return;
    case REPLICA_ACTIVE:
        took = lifecycle_end(lifecycle, LIFECYCLE_REPLICA, table, part, under_way);
        log_event(lifecycle->log, LOG_INFO, "replica.active", name, region, took.took,
                  took.resumed);
        return;
    case REPLICA_CREATION_FAILED: /* Nobody but the table's owner can mend it. */
        took = lifecycle_end(lifecycle, LIFECYCLE_REPLICA, table, part, under_way);
        log_event(lifecycle->log, LOG_WARNING, "replica.creation_failed", name, region,
                  log_text("reason", replica->reason), took.took, took.resumed);
        return;
    case REPLICA_STATUSES:
        break;
    }
    ensure(false);
}

static void lifecycle_replicas(struct lifecycle *lifecycle,
                               const struct table *before,
                               const struct table *after)
{
    for (uint32_t i = 0; i < after->replicas_count; i++) {
        const struct replica *replica = &after->replicas[i];
        const struct replica *was = lifecycle_replica_of(before, replica->region);
        if (was == NULL || was->status != replica->status) {
            lifecycle_replica(lifecycle, after, replica, was != NULL);
        }
    }
    for (uint32_t i = 0; before != NULL && i < before->replicas_count; i++) {
        const struct replica *was = &before->replicas[i];
        if (lifecycle_replica_of(after, was->region) == NULL) {
            struct lifecycle_took took =
                lifecycle_end(lifecycle, LIFECYCLE_REPLICA, after, lifecycle_hash(was->region),
                              was->status == REPLICA_DELETING);
            log_event(lifecycle->log, LOG_INFO, "replica.gone", log_slice("table", after->name),
                      log_text("region", was->region), took.took, took.resumed);
        }
    }
}

/* --- The observer ----------------------------------------------------------------------------- */

static void lifecycle_changed(void *context, const struct table *before, const struct table *after)
{
    struct lifecycle *lifecycle = context;
    if (after == NULL) {
        lifecycle_forget(lifecycle, before);
        log_event(lifecycle->log, LOG_INFO, "table.deleted", log_slice("table", before->name),
                  log_unsigned("id", before->id));
        return;
    }
    if (before == NULL) {
        lifecycle_created(lifecycle, after);
    } else {
        lifecycle_updated(lifecycle, before, after);
        lifecycle_indexes(lifecycle, before, after);
    }
    lifecycle_stream(lifecycle, before, after);
    lifecycle_ttl(lifecycle, before, after);
    lifecycle_replicas(lifecycle, before, after);
}

static void
lifecycle_setting(void *context, const struct table *table, enum setting setting, bool set)
{
    struct lifecycle *lifecycle = context;
    if (setting == SETTING_POLICY) {
        log_event(lifecycle->log, LOG_INFO, "table.policy", log_slice("table", table->name),
                  log_text("policy", set ? "set" : "cleared"));
    }
}

struct catalog_observer lifecycle_observer(struct lifecycle *lifecycle)
{
    return (struct catalog_observer){lifecycle_changed, lifecycle_setting, lifecycle};
}
