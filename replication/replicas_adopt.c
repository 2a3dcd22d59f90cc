/* Descriptions of tables that arrive from other members, and their answers to ours: see replicas.h.
 */
#include "replication/replicas_internal.h"
#include "storage/catalog/record.h"

#include <inttypes.h>
#include <stdlib.h>

static const struct message_replica *replicas_find(const struct message_table *message,
                                                   struct slice region)
{
    for (uint32_t i = 0; i < message->replicas_count; i++) {
        if (slice_equal(message->replicas[i].region, region)) {
            return &message->replicas[i];
        }
    }
    return NULL;
}

static bool replicas_newer(const struct message_table *message, const struct table *table)
{
    if (message->schema_stamp != table->schema_stamp) {
        return message->schema_stamp > table->schema_stamp;
    }
    return message->schema_region > table->schema_region;
}

/* --- What loses ------------------------------------------------------------------------------- */

/* All that members agree on, but for who the members are: those are merged. */
static struct slice replicas_content(const struct table *table, struct arena *arena)
{
    struct table content = *table;
    struct buffer record;
    content.stream = (struct table_stream){0}; /* Its label is each region's own. */
    content.replicas_count = 0;
    content.status = TABLE_ACTIVE;
    content.schema_stamp = content.base_stamp = content.content_stamp = 0;
    content.schema_region = content.base_region = content.content_region = 0;
    buffer_init(&record, arena, 1024);
    table_record_encode(&record, &content);
    return buffer_slice(&record);
}

/* A client's change was made here and is not in the description that takes the place of ours,
 * because its author did not know of it: the change is undone. Nobody else can tell. */
static void replicas_note_loss(struct replicas *replicas,
                               const struct message_table *message,
                               const struct table *ours,
                               const struct table *theirs,
                               struct arena *arena)
{
    bool known =
        message->base_stamp > ours->content_stamp || (message->base_stamp == ours->content_stamp &&
                                                      message->base_region >= ours->content_region);
    if (known || ours->content_region != replicas->self->id ||
        slice_equal(replicas_content(ours, arena), replicas_content(theirs, arena))) {
        return;
    }
    const char *region = "?";
    char detail[512];
    for (uint32_t i = 0; i < replicas->regions_count; i++) {
        region =
            replicas->regions[i].id == message->schema_region ? replicas->regions[i].name : region;
    }
    snprintf(detail, sizeof(detail),
             "table %.*s: the change of region %s (stamp %" PRIu64
             ") is undone by one of region %s (stamp %" PRIu64 ") that did not know of it",
             SLICE_ARGS(ours->name), replicas->self->name, ours->content_stamp, region,
             message->schema_stamp);
    if (replicas->log != NULL) {
        replicas->log(replicas->log_context, 2, "description lost", detail);
    }
    atomic_fetch_add(&replicas->lost, 1);
}

/* Note "lost/" uid: a member lists this region as ACTIVE, but its rows are gone with a former data
 * folder. It holds until somebody lists the region as CREATING, which is the promise to fill it. */
enum { LOST_KEY_BYTES = 5 + TABLE_UID_BYTES };

static struct slice replicas_lost_key(const uint8_t *uid, uint8_t key[static LOST_KEY_BYTES])
{
    memcpy(key, "lost/", 5);
    memcpy(key + 5, uid, TABLE_UID_BYTES);
    return slice_of(key, LOST_KEY_BYTES);
}

static bool
replicas_note_lost(struct replicas *replicas, const uint8_t *uid, bool lost, struct error *err)
{
    uint8_t key[LOST_KEY_BYTES];
    return store_note_put(replicas->store, replicas_lost_key(uid, key),
                          lost ? SLICE_LITERAL("1") : SLICE_LITERAL(""), err);
}

static bool replicas_is_lost(struct replicas *replicas,
                             const uint8_t *uid,
                             struct arena *arena,
                             bool *lost,
                             struct error *err)
{
    uint8_t key[LOST_KEY_BYTES];
    struct slice value = {0};
    bool found = false;
    if (!store_note_get(replicas->store, replicas_lost_key(uid, key), arena, &value, &found, err)) {
        return false;
    }
    *lost = found && value.size > 0;
    return true;
}

static void replicas_ask_refill(struct message_table_reply *reply)
{
    reply->code = ERROR_UNAVAILABLE;
    reply->text = SLICE_LITERAL("this region had lost the table and needs all of it again");
}

static bool replicas_make_table(struct replicas *replicas,
                                const struct message_table *message,
                                const struct message_replica *self,
                                struct message_table_reply *reply,
                                struct arena *arena,
                                struct error *err)
{
    struct catalog *catalog = replicas->store->catalog;
    const struct table *taken = catalog_acquire(catalog, message->name);
    if (taken != NULL) {
        table_release(taken);
        reply->code = ERROR_IN_USE;
        reply->text =
            slice_text(arena_printf(arena, "region %s already has another table named %.*s",
                                    replicas->self->name, SLICE_ARGS(message->name)));
        return true;
    }
    if (message->attributes_count > TABLE_ATTRIBUTES_MAX || message->partition.type == 0) {
        return error_set(err, ERROR_PROTOCOL, "the description of table %.*s has no possible key",
                         SLICE_ARGS(message->name));
    }
    struct store_clock *clock = &replicas->store->clock;
    struct table table = {
        .name = message->name,
        .status = TABLE_CREATING,
        .created_ms = clock->wall_ms(clock->context),
        .partition = {message->partition.name, (enum value_type)message->partition.type},
        .sort = {message->sort.name, (enum value_type)message->sort.type},
    };
    memcpy(table.uid, message->uid, TABLE_UID_BYTES);
    replicas_take_over(replicas, message, true, arena, &table);
    for (uint32_t i = 0; i < table.replicas_count; i++) {
        struct replica *entry = &table.replicas[i];
        entry->stamp = entry->stamp == 0 ? message->schema_stamp : entry->stamp;
    }
    if (self->status == REPLICA_ACTIVE && !replicas_note_lost(replicas, message->uid, true, err)) {
        return false;
    }
    if (!catalog_create(catalog, &table, err)) {
        return false;
    }
    atomic_fetch_add(&replicas->generation, 1);
    return true;
}

static bool replicas_drop(struct replicas *replicas, const struct table *table, struct error *err)
{
    struct table changed = *table;
    changed.status = TABLE_DELETING;
    changed.replicas_count = 0;
    replicas_drop_plans(replicas, table->id, 0);
    return catalog_update(replicas->store->catalog, &changed, err) &&
           store_drop_table(replicas->store, table->id, err);
}

static bool replicas_forget(struct replicas *replicas,
                            const struct message_table *message,
                            const struct table *table,
                            struct error *err)
{
    struct table changed = *table;
    const struct region_info *leaver = replicas_region(replicas, message->leaver);
    if (replicas_entry(&changed, message->leaver) == NULL) {
        return true;
    }
    if (leaver != NULL) {
        replicas_drop_plans(replicas, table->id, leaver->id);
    }
    replicas_remove_entry(&changed, message->leaver);
    return replicas_commit(replicas, &changed, err);
}

/* `changed` is as a member describes it; `table` as it was here. The member may not know yet what
 * became of a replica, or that this region is filling one. *amended: `changed` has it now. */
static void replicas_merge(struct replicas *replicas,
                           const struct table *table,
                           struct table *changed,
                           bool (*fill)[REGIONS_MAX],
                           bool *amended)
{
    struct table before = *table;
    for (uint32_t i = 0; i < replicas->regions_count; i++) {
        const struct region_info *region = &replicas->regions[i];
        struct slice name = slice_text(region->name);
        const struct replica *ours = replicas_entry(&before, name);
        struct replica *theirs = replicas_entry(changed, name);
        bool owed = ours != NULL && ours->status == REPLICA_CREATING &&
                    replicas_has_plan(replicas, table->id, region->id);
        if (theirs == NULL) {
            if (owed && changed->replicas_count < REGIONS_MAX) {
                changed->replicas[changed->replicas_count++] = *ours;
                (*fill)[i] = *amended = true; /* Others may not have shipped to it so far. */
            }
            continue;
        }
        if (theirs->stamp == 0 && (ours == NULL || (!owed && ours->status == REPLICA_CREATING &&
                                                    theirs->status == REPLICA_ACTIVE))) {
            theirs->stamp = changed->schema_stamp; /* Of itself the sender knows this much. */
        }
        if (ours != NULL && ours->stamp > theirs->stamp) {
            *amended = *amended || theirs->stamp != 0;
            *theirs = *ours;
        } else if (owed && theirs->status != REPLICA_CREATING) {
            replicas_drop_plans(replicas, table->id, region->id); /* Somebody else was first. */
        }
    }
}

/* The same description from another sender: each knows one status less, its own. */
static bool replicas_merge_same(struct replicas *replicas,
                                const struct message_table *message,
                                const struct table *table,
                                struct error *err)
{
    struct table changed = *table;
    bool newer = false;
    for (uint32_t i = 0; i < message->replicas_count; i++) {
        const struct message_replica *from = &message->replicas[i];
        struct replica *ours = replicas_entry(&changed, from->region);
        if (ours == NULL || from->stamp <= ours->stamp) {
            continue;
        }
        const struct region_info *region = replicas_region(replicas, from->region);
        newer = true;
        ours->status = (enum replica_status)from->status;
        ours->stamp = from->stamp;
        snprintf(ours->reason, sizeof(ours->reason), "%.*s", SLICE_ARGS(from->reason));
        if (region != NULL && ours->status != REPLICA_CREATING) {
            replicas_drop_plans(replicas, table->id, region->id);
        }
    }
    return !newer || catalog_update(replicas->store->catalog, &changed, err);
}

static bool replicas_fill_again(struct replicas *replicas,
                                const struct table *table,
                                const bool (*fill)[REGIONS_MAX],
                                struct error *err)
{
    for (uint32_t i = 0; i < replicas->regions_count; i++) {
        if ((*fill)[i] && !replicas_begin_backfill(replicas, table, replicas->regions[i].id, err)) {
            return false;
        }
    }
    return true;
}

static bool replicas_update_table(struct replicas *replicas,
                                  const struct message_table *message,
                                  const struct message_replica *self,
                                  const struct table *table,
                                  struct arena *arena,
                                  struct message_table_reply *reply,
                                  struct error *err)
{
    if (table->status == TABLE_CREATING) {
        bool lost = false;
        if (!replicas_is_lost(replicas, message->uid, arena, &lost, err)) {
            return false;
        }
        if (lost && self->status == REPLICA_ACTIVE) {
            replicas_ask_refill(reply);
            return true;
        }
        if (lost && !replicas_note_lost(replicas, message->uid, false, err)) {
            return false;
        }
    }
    if (!replicas_newer(message, table)) {
        /* Not in force here: the sender must not count on it. It is being told of ours. */
        bool same = message->schema_stamp == table->schema_stamp &&
                    message->schema_region == table->schema_region;
        reply->code = same ? ERROR_NONE : ERROR_THROTTLED;
        return !same || replicas_merge_same(replicas, message, table, err);
    }
    struct table changed = *table;
    bool fill[REGIONS_MAX] = {0};
    bool amended = false;
    replicas_take_over(replicas, message, false, arena, &changed);
    if (self->status == REPLICA_ACTIVE && changed.status == TABLE_CREATING) {
        changed.status = TABLE_ACTIVE;
    }
    replicas_merge(replicas, table, &changed, &fill, &amended);
    if (amended) {
        replicas_stamp(replicas, &changed);
    }
    enum stream_view view = STREAM_VIEWS;
    if (changed.status == TABLE_ACTIVE && changed.stream.id == 0 && message->stream != 0) {
        view = (enum stream_view)(message->stream - 1);
    }
    bool stored = replicas_store_table(replicas, &changed, view, err);
    if (stored) {
        replicas_note_loss(replicas, message, table, &changed, arena);
    }
    if (!stored ||
        !replicas_fill_again(replicas, &changed, (const bool(*)[REGIONS_MAX]) & fill, err)) {
        return false;
    }
    atomic_fetch_add(&replicas->generation, 1);
    return true;
}

/* Was the table deleted here, and does a member not know it yet? */
static bool replicas_has_left(struct replicas *replicas, const uint8_t *uid)
{
    bool left = false;
    pthread_mutex_lock(&replicas->mutex);
    for (uint32_t i = 0; i < replicas->farewells_count && !left; i++) {
        left = memcmp(replicas->farewells[i].uid, uid, TABLE_UID_BYTES) == 0;
    }
    pthread_mutex_unlock(&replicas->mutex);
    return left;
}

/* Under the catalog's change lock. */
static bool replicas_adopt_locked(struct replicas *replicas,
                                  const struct message_table *message,
                                  const struct table *table,
                                  struct arena *arena,
                                  struct message_table_reply *reply,
                                  struct error *err)
{
    if (message->leaving) {
        return table == NULL || replicas_forget(replicas, message, table, err);
    }
    const struct message_replica *self = replicas_find(message, slice_text(replicas->self->name));
    if (self == NULL || self->status == REPLICA_CREATION_FAILED) {
        return true; /* Not meant for this region (any more). */
    }
    if (self->status == REPLICA_DELETING) {
        return table == NULL || replicas_drop(replicas, table, err);
    }
    if (table != NULL) {
        return replicas_update_table(replicas, message, self, table, arena, reply, err);
    }
    if (replicas_has_left(replicas, message->uid)) {
        return true; /* Deleted here; the sender will be told, or is just about to be. */
    }
    if (!replicas_make_table(replicas, message, self, reply, arena, err)) {
        return false;
    }
    if (reply->code == ERROR_NONE && self->status == REPLICA_ACTIVE) {
        replicas_ask_refill(reply);
    }
    return true;
}

bool replicas_adopt(struct replicas *replicas,
                    const struct message_table *message,
                    struct arena *arena,
                    struct message_table_reply *reply,
                    struct error *err)
{
    struct catalog *catalog = replicas->store->catalog;
    *reply = (struct message_table_reply){.request = message->request};
    catalog_change_begin(catalog);
    const struct table *table = catalog_acquire_uid(catalog, message->uid);
    bool ok = replicas_adopt_locked(replicas, message, table, arena, reply, err);
    table_release(table);
    catalog_change_end(catalog);
    if (!ok) {
        return error_wrap(err, "table %.*s as a peer describes it", SLICE_ARGS(message->name));
    }
    /* Read after the description is in force: what is older was perhaps not shipped. */
    uint64_t newest;
    store_applied(replicas->store, &reply->applied);
    if (!store_log_newest_own(replicas->store, &newest, err)) {
        return false;
    }
    if (newest > 0) {
        context_raise(&reply->applied,
                      (struct dot){replicas->self->id, replicas->store->incarnation, newest});
    }
    return true;
}

/* --- Answers to our own descriptions ---------------------------------------------------------- */

/* The peer had lost the table: it is filled again like a new replica. */
static bool replicas_refill(struct replicas *replicas,
                            const struct table *table,
                            struct slice region,
                            uint16_t region_id,
                            struct error *err)
{
    struct table changed = *table;
    struct replica *entry = replicas_entry(&changed, region);
    if (entry == NULL || table->status != TABLE_ACTIVE) {
        return true;
    }
    entry->status = REPLICA_CREATING;
    entry->stamp = 0;
    /* Replicas that the lost region was filling have nobody else now. */
    bool fill[REGIONS_MAX] = {0};
    for (uint32_t i = 0; i < replicas->regions_count; i++) {
        const struct region_info *info = &replicas->regions[i];
        const struct replica *other = replicas_entry(&changed, slice_text(info->name));
        fill[i] = info->id == region_id || (other != NULL && other->status == REPLICA_CREATING &&
                                            !replicas_has_plan(replicas, table->id, info->id));
    }
    return replicas_commit(replicas, &changed, err) &&
           replicas_fill_again(replicas, &changed, (const bool(*)[REGIONS_MAX]) & fill, err);
}

static bool replicas_remove_member(struct replicas *replicas,
                                   const struct table *table,
                                   struct slice region,
                                   struct error *err)
{
    struct table changed = *table;
    replicas_remove_entry(&changed, region);
    return replicas_commit(replicas, &changed, err);
}

/* The plans of this table learn that `region` knows the description. */
static void replicas_note_reply(struct replicas *replicas,
                                uint32_t table_id,
                                uint64_t schema_stamp,
                                const struct region_info *region,
                                const struct context *applied)
{
    pthread_mutex_lock(&replicas->mutex);
    for (uint32_t i = 0; i < replicas->plans_count; i++) {
        struct plan *plan = &replicas->plans[i];
        if (plan->table_id != table_id || schema_stamp < plan->schema_stamp) {
            continue;
        }
        plan->replied |= 1ULL << (region - replicas->regions);
        if (plan->target == region->id) {
            plan->target_ready = true;
            continue;
        }
        /* A peer's bytes: only regions of the cluster count, no other write will ever come. */
        for (uint32_t d = 0; d < applied->count; d++) {
            for (uint32_t r = 0; r < replicas->regions_count; r++) {
                if (replicas->regions[r].id == applied->entries[d].region) {
                    context_raise(&plan->need, applied->entries[d]);
                }
            }
        }
    }
    pthread_mutex_unlock(&replicas->mutex);
}

/* The peer cannot have the table: it tells why. */
static bool replicas_fail(struct replicas *replicas,
                          struct table *changed,
                          const struct region_info *region,
                          struct slice reason,
                          struct error *err)
{
    struct replica *entry = replicas_entry(changed, slice_text(region->name));
    entry->status = REPLICA_CREATION_FAILED;
    entry->stamp = 0;
    snprintf(entry->reason, sizeof(entry->reason), "%.*s", SLICE_ARGS(reason));
    replicas_drop_plans(replicas, changed->id, region->id);
    return replicas_commit(replicas, changed, err);
}

static bool replicas_replied_locked(struct replicas *replicas,
                                    const struct table *table,
                                    uint64_t schema_stamp,
                                    const struct region_info *region,
                                    const struct message_table_reply *reply,
                                    struct error *err)
{
    struct slice name = slice_text(region->name);
    struct table copy = *table;
    const struct replica *entry = replicas_entry(&copy, name);
    if (entry == NULL || schema_stamp < table->schema_stamp) {
        return true; /* An answer to an older description: a newer one is on its way. */
    }
    if (reply->code == ERROR_UNAVAILABLE) {
        return replicas_refill(replicas, table, name, region->id, err);
    }
    if (reply->code == ERROR_THROTTLED) {
        return true; /* The peer has a newer description, which is on its way. */
    }
    if (reply->code != ERROR_NONE) {
        return entry->status == REPLICA_DELETING ||
               replicas_fail(replicas, &copy, region, reply->text, err);
    }
    if (entry->status == REPLICA_DELETING) {
        return replicas_remove_member(replicas, table, name, err);
    }
    replicas_note_reply(replicas, table->id, schema_stamp, region, &reply->applied);
    return true;
}

bool replicas_replied(struct replicas *replicas,
                      const uint8_t uid[static TABLE_UID_BYTES],
                      uint64_t schema_stamp,
                      uint16_t region,
                      const struct message_table_reply *reply,
                      struct error *err)
{
    struct catalog *catalog = replicas->store->catalog;
    const struct region_info *info = NULL;
    for (uint32_t i = 0; i < replicas->regions_count; i++) {
        info = replicas->regions[i].id == region ? &replicas->regions[i] : info;
    }
    ensure(info != NULL);
    catalog_change_begin(catalog);
    const struct table *table = catalog_acquire_uid(catalog, uid);
    bool ok =
        table == NULL || replicas_replied_locked(replicas, table, schema_stamp, info, reply, err);
    table_release(table);
    catalog_change_end(catalog);
    return ok;
}
