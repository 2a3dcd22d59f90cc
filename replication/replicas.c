/* Replicas of tables: see replicas.h. Descriptions that arrive are in replicas_adopt.c. */
#include "replication/replicas_internal.h"

#include "storage/stream/stream.h"

#include <stdlib.h>

/* Notes of the store: one per backfill owed, and one list of farewells.
 *
 *   "backfill/" uid 16, region 2      "1" while it is owed, "" afterwards
 *   "farewells"                       per table: uid 16, count 1, then region 2 each; big endian */
enum { NOTE_KEY_BYTES = 9 + TABLE_UID_BYTES + 2, FAREWELL_HEAD_BYTES = TABLE_UID_BYTES + 1 };

static struct slice
replicas_backfill_key(const uint8_t *uid, uint16_t region, uint8_t key[static NOTE_KEY_BYTES])
{
    memcpy(key, "backfill/", 9);
    memcpy(key + 9, uid, TABLE_UID_BYTES);
    put_be16(key + 9 + TABLE_UID_BYTES, region);
    return slice_of(key, NOTE_KEY_BYTES);
}

const struct region_info *replicas_region(const struct replicas *replicas, struct slice name)
{
    for (uint32_t i = 0; i < replicas->regions_count; i++) {
        if (slice_is(name, replicas->regions[i].name)) {
            return &replicas->regions[i];
        }
    }
    return NULL;
}

struct replica *replicas_entry(struct table *table, struct slice region)
{
    for (uint32_t i = 0; i < table->replicas_count; i++) {
        if (slice_is(region, table->replicas[i].region)) {
            return &table->replicas[i];
        }
    }
    return NULL;
}

void replicas_remove_entry(struct table *table, struct slice region)
{
    struct replica *entry = replicas_entry(table, region);
    if (entry != NULL) {
        size_t behind = (size_t)(&table->replicas[table->replicas_count] - (entry + 1));
        memmove(entry, entry + 1, behind * sizeof(*entry));
        table->replicas_count--;
    }
}

void replicas_stamp(struct replicas *replicas, struct table *table)
{
    struct store_clock *clock = &replicas->store->clock;
    uint64_t stamp = clock->stamp(clock->context, table->schema_stamp);
    table_restamp(table, stamp, replicas->self->id, false);
    for (uint32_t i = 0; i < table->replicas_count; i++) {
        struct replica *entry = &table->replicas[i];
        entry->stamp = entry->stamp == 0 ? table->schema_stamp : entry->stamp;
    }
}

bool replicas_store_table(struct replicas *replicas,
                          struct table *table,
                          enum stream_view view,
                          struct error *err)
{
    bool ok = view == STREAM_VIEWS ? catalog_update(replicas->store->catalog, table, err)
                                   : stream_enable(replicas->store, table, view, err);
    if (ok) {
        atomic_fetch_add(&replicas->generation, 1);
    }
    return ok;
}

bool replicas_commit(struct replicas *replicas, struct table *table, struct error *err)
{
    replicas_stamp(replicas, table);
    return replicas_store_table(replicas, table, STREAM_VIEWS, err);
}

void replicas_set_log(struct replicas *replicas,
                      void (*log)(void *context, int level, const char *event, const char *detail),
                      void *context)
{
    replicas->log = log;
    replicas->log_context = context;
}

uint64_t replicas_lost(struct replicas *replicas)
{
    return atomic_load(&replicas->lost);
}

uint64_t replicas_generation(struct replicas *replicas)
{
    return atomic_load(&replicas->generation);
}

void replicas_changed(struct replicas *replicas)
{
    atomic_fetch_add(&replicas->generation, 1);
}

/* --- Plans: the backfills this region owes ---------------------------------------------------- */

static struct plan *replicas_plan(struct replicas *replicas, uint32_t table_id, uint16_t region)
{
    for (uint32_t i = 0; i < replicas->plans_count; i++) {
        if (replicas->plans[i].table_id == table_id && replicas->plans[i].target == region) {
            return &replicas->plans[i];
        }
    }
    return NULL;
}

/* Under the mutex. An existing plan starts over: its table's description has changed. */
static void replicas_plan_add(struct replicas *replicas, const struct table *table, uint16_t target)
{
    struct plan *plan = replicas_plan(replicas, table->id, target);
    bool running = plan != NULL && plan->running;
    if (plan == NULL) {
        if (replicas->plans_count == replicas->plans_capacity) {
            uint32_t capacity = replicas->plans_capacity * 2 + 16;
            replicas->plans = realloc(replicas->plans, capacity * sizeof(*plan));
            ensure(replicas->plans != NULL);
            replicas->plans_capacity = capacity;
        }
        plan = &replicas->plans[replicas->plans_count++];
    }
    *plan = (struct plan){.table_id = table->id,
                          .target = target,
                          .schema_stamp = table->schema_stamp,
                          .running = running,
                          .again = running};
    memcpy(plan->uid, table->uid, TABLE_UID_BYTES);
}

static bool replicas_note_owed(
    struct replicas *replicas, const uint8_t *uid, uint16_t target, bool owed, struct error *err)
{
    uint8_t key[NOTE_KEY_BYTES];
    return store_note_put(replicas->store, replicas_backfill_key(uid, target, key),
                          owed ? SLICE_LITERAL("1") : SLICE_LITERAL(""), err);
}

bool replicas_begin_backfill(struct replicas *replicas,
                             const struct table *table,
                             uint16_t target,
                             struct error *err)
{
    if (!replicas_note_owed(replicas, table->uid, target, true, err)) {
        return false;
    }
    pthread_mutex_lock(&replicas->mutex);
    replicas_plan_add(replicas, table, target);
    pthread_mutex_unlock(&replicas->mutex);
    return true;
}

bool replicas_has_plan(struct replicas *replicas, uint32_t table_id, uint16_t target)
{
    pthread_mutex_lock(&replicas->mutex);
    bool has = replicas_plan(replicas, table_id, target) != NULL;
    pthread_mutex_unlock(&replicas->mutex);
    return has;
}

void replicas_drop_plans(struct replicas *replicas, uint32_t table_id, uint16_t target)
{
    pthread_mutex_lock(&replicas->mutex);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < replicas->plans_count; i++) {
        const struct plan *plan = &replicas->plans[i];
        if (plan->table_id != table_id || (target != 0 && plan->target != target)) {
            replicas->plans[kept++] = *plan;
        }
    }
    replicas->plans_count = kept;
    pthread_mutex_unlock(&replicas->mutex);
}

bool replicas_backfill_ready(struct replicas *replicas, uint16_t region, uint32_t *table_id)
{
    struct context applied;
    store_applied(replicas->store, &applied);
    bool ready = false;
    pthread_mutex_lock(&replicas->mutex);
    for (uint32_t i = 0; i < replicas->plans_count && !ready; i++) {
        struct plan *plan = &replicas->plans[i];
        if (plan->target != region || plan->running || !plan->target_ready) {
            continue;
        }
        const struct table *table = catalog_acquire_id(replicas->store->catalog, plan->table_id);
        ready = table != NULL;
        for (uint32_t r = 0; ready && r < table->replicas_count; r++) {
            const struct region_info *member =
                replicas_region(replicas, slice_text(table->replicas[r].region));
            bool holds_rows = table->replicas[r].status == REPLICA_ACTIVE ||
                              table->replicas[r].status == REPLICA_DELETING;
            if (member != NULL && member->id != region && holds_rows) {
                ready = (plan->replied & (1ULL << (member - replicas->regions))) != 0;
            }
        }
        for (uint32_t d = 0; ready && d < plan->need.count; d++) {
            /* The target is no source of its own rows: what it lost it never ships again. */
            ready = plan->need.entries[d].region == replicas->self->id ||
                    plan->need.entries[d].region == region ||
                    context_has(&applied, plan->need.entries[d]);
        }
        table_release(table);
        if (ready) {
            plan->running = true;
            *table_id = plan->table_id;
        }
    }
    pthread_mutex_unlock(&replicas->mutex);
    return ready;
}

bool replicas_backfill_ended(
    struct replicas *replicas, uint16_t region, uint32_t table_id, bool done, struct error *err)
{
    uint8_t uid[TABLE_UID_BYTES];
    pthread_mutex_lock(&replicas->mutex);
    struct plan *plan = replicas_plan(replicas, table_id, region);
    bool whole = plan != NULL && done && !plan->again;
    if (whole) {
        memcpy(uid, plan->uid, sizeof(uid));
    } else if (plan != NULL) {
        plan->running = plan->again = false;
    }
    pthread_mutex_unlock(&replicas->mutex);
    if (!whole) {
        return true;
    }
    struct slice name = {0};
    for (uint32_t i = 0; i < replicas->regions_count; i++) {
        if (replicas->regions[i].id == region) {
            name = slice_text(replicas->regions[i].name);
        }
    }
    /* The plan goes last: should one of the others fail, the backfill is made again. */
    if (!replicas_set_status(replicas, table_id, name, REPLICA_ACTIVE, "", err) ||
        !replicas_note_owed(replicas, uid, region, false, err)) {
        return false;
    }
    replicas_drop_plans(replicas, table_id, region);
    return true;
}

/* --- Changes asked for here --------------------------------------------------------------------
 */

bool replicas_set_status(struct replicas *replicas,
                         uint32_t table_id,
                         struct slice region,
                         enum replica_status status,
                         const char *reason,
                         struct error *err)
{
    struct catalog *catalog = replicas->store->catalog;
    bool ok = true;
    catalog_change_begin(catalog);
    const struct table *table = catalog_acquire_id(catalog, table_id);
    if (table != NULL) {
        struct table changed = *table;
        struct replica *entry = replicas_entry(&changed, region);
        if (entry != NULL && entry->status != status) {
            entry->status = status;
            entry->stamp = 0;
            snprintf(entry->reason, sizeof(entry->reason), "%s", reason);
            ok = replicas_commit(replicas, &changed, err);
        }
    }
    table_release(table);
    catalog_change_end(catalog);
    return ok;
}

static bool replicas_check_create(struct table *table, struct slice region, struct error *err)
{
    for (uint32_t i = 0; i < table->replicas_count; i++) {
        const struct replica *entry = &table->replicas[i];
        if (slice_is(region, entry->region)) {
            return error_set(err, ERROR_VALIDATION,
                             "Failed to create a the new replica of table with name: ‘%.*s’ "
                             "because one or more replicas already existed as tables.",
                             SLICE_ARGS(table->name));
        }
        if (entry->status == REPLICA_CREATING || entry->status == REPLICA_DELETING) {
            return error_set(err, ERROR_IN_USE,
                             "The resource which you are attempting to change is in use.");
        }
    }
    return true;
}

/* Under the catalog's change lock: `changed` gets the new entry and is stored. */
static bool replicas_add(struct replicas *replicas,
                         struct table *changed,
                         const struct region_info *region,
                         struct error *err)
{
    if (!replicas_check_create(changed, slice_text(region->name), err)) {
        return false;
    }
    ensure(changed->replicas_count < REGIONS_MAX);
    struct replica *entry = &changed->replicas[changed->replicas_count++];
    *entry = (struct replica){.status = REPLICA_CREATING};
    memcpy(entry->region, region->name, sizeof(entry->region));
    replicas_stamp(replicas, changed);
    enum stream_view view = changed->stream.id == 0 ? STREAM_NEW_AND_OLD_IMAGES : STREAM_VIEWS;
    return replicas_store_table(replicas, changed, view, err) &&
           replicas_begin_backfill(replicas, changed, region->id, err);
}

/* Copy, change under the catalog's lock, release. */
static bool replicas_change(
    struct replicas *replicas,
    uint32_t table_id,
    const struct region_info *region,
    bool (*change)(struct replicas *, struct table *, const struct region_info *, struct error *),
    struct error *err)
{
    struct catalog *catalog = replicas->store->catalog;
    catalog_change_begin(catalog);
    const struct table *table = catalog_acquire_id(catalog, table_id);
    bool ok;
    if (table == NULL) {
        ok = error_set(err, ERROR_NOT_FOUND, "Requested resource not found");
    } else {
        struct table changed = *table;
        ok = change(replicas, &changed, region, err);
    }
    table_release(table);
    catalog_change_end(catalog);
    return ok;
}

bool replicas_create(struct replicas *replicas,
                     uint32_t table_id,
                     struct slice region,
                     struct error *err)
{
    const struct region_info *info = replicas_region(replicas, region);
    ensure(info != NULL && info != replicas->self); /* The caller has asked has_region. */
    if (!replicas_change(replicas, table_id, info, replicas_add, err)) {
        return false;
    }
    /* Writes planned before carry no images: they are in every snapshot taken from now on. */
    store_barrier(replicas->store);
    return true;
}

static bool replicas_begin_delete(struct replicas *replicas,
                                  struct table *changed,
                                  const struct region_info *region,
                                  struct error *err)
{
    struct replica *entry = replicas_entry(changed, slice_text(region->name));
    if (entry == NULL) {
        return error_set(err, ERROR_VALIDATION,
                         "Update global table operation failed because one or more replicas were "
                         "not part of the global table. Please retry the request without these "
                         "replicas: [%s].",
                         region->name);
    }
    if (entry->status == REPLICA_CREATING) {
        return error_set(err, ERROR_VALIDATION,
                         "Create/Update/Delete of replica is not allowed while the replica is "
                         "being added to table with name: ‘%.*s’ in region: ‘%s’.",
                         SLICE_ARGS(changed->name), region->name);
    }
    if (entry->status == REPLICA_CREATION_FAILED) {
        replicas_remove_entry(changed, slice_text(region->name)); /* Nothing of ours is there. */
    } else {
        entry->status = REPLICA_DELETING;
        entry->stamp = 0;
    }
    replicas_drop_plans(replicas, changed->id, region->id);
    return replicas_commit(replicas, changed, err);
}

bool replicas_delete(struct replicas *replicas,
                     uint32_t table_id,
                     struct slice region,
                     struct error *err)
{
    const struct region_info *info = replicas_region(replicas, region);
    ensure(info != NULL && info != replicas->self);
    return replicas_change(replicas, table_id, info, replicas_begin_delete, err);
}

/* --- Farewells -------------------------------------------------------------------------------- */

/* Under `saving` alone. */
static bool replicas_save_farewells(struct replicas *replicas, struct error *err)
{
    struct arena arena = {0};
    struct buffer list;
    buffer_init(&list, &arena, 1024);
    pthread_mutex_lock(&replicas->mutex);
    for (uint32_t i = 0; i < replicas->farewells_count; i++) {
        const struct farewell *farewell = &replicas->farewells[i];
        buffer_append(&list, farewell->uid, TABLE_UID_BYTES);
        buffer_append_byte(&list, (uint8_t)farewell->regions_count);
        for (uint32_t r = 0; r < farewell->regions_count; r++) {
            put_be16(buffer_reserve(&list, 2), farewell->regions[r]);
            list.size += 2;
        }
    }
    pthread_mutex_unlock(&replicas->mutex);
    bool ok = store_note_put(replicas->store, SLICE_LITERAL("farewells"), buffer_slice(&list), err);
    arena_destroy(&arena);
    return ok;
}

static bool replicas_load_farewells(struct replicas *replicas, struct error *err)
{
    struct arena arena = {0};
    struct slice list = {0};
    bool found = false;
    bool ok =
        store_note_get(replicas->store, SLICE_LITERAL("farewells"), &arena, &list, &found, err);
    while (ok && list.size > 0) {
        struct slice head;
        struct slice regions;
        ok = replicas->farewells_count < FAREWELLS_MAX &&
             take_bytes(&list, FAREWELL_HEAD_BYTES, &head) &&
             head.data[TABLE_UID_BYTES] <= REGIONS_MAX &&
             take_bytes(&list, 2ULL * head.data[TABLE_UID_BYTES], &regions);
        if (!ok) {
            error_set(err, ERROR_CORRUPT, "the note of farewells does not decode");
            break;
        }
        struct farewell farewell = {.number = ++replicas->farewells_made};
        memcpy(farewell.uid, head.data, TABLE_UID_BYTES);
        for (uint32_t r = 0; r < head.data[TABLE_UID_BYTES]; r++) {
            uint16_t region = get_be16(regions.data + (size_t)2 * r);
            for (uint32_t i = 0; i < replicas->regions_count; i++) {
                if (replicas->regions[i].id == region) { /* Others have left the cluster. */
                    farewell.regions[farewell.regions_count++] = region;
                    break;
                }
            }
        }
        if (farewell.regions_count > 0) {
            replicas->farewells[replicas->farewells_count++] = farewell;
        }
    }
    arena_destroy(&arena);
    return ok;
}

/* Under the mutex; NULL when there is none. */
static struct farewell *replicas_farewell(struct replicas *replicas, const uint8_t *uid)
{
    for (uint32_t i = 0; i < replicas->farewells_count; i++) {
        if (memcmp(replicas->farewells[i].uid, uid, TABLE_UID_BYTES) == 0) {
            return &replicas->farewells[i];
        }
    }
    return NULL;
}

/* Under the mutex; their order stays. */
static void replicas_remove_farewell(struct replicas *replicas, struct farewell *farewell)
{
    if (farewell != NULL) {
        size_t behind = (size_t)(&replicas->farewells[replicas->farewells_count] - (farewell + 1));
        memmove(farewell, farewell + 1, behind * sizeof(*farewell));
        replicas->farewells_count--;
    }
}

/* A second try to delete a table takes the place of the first one. */
static bool
replicas_add_farewell(struct replicas *replicas, const struct farewell *farewell, struct error *err)
{
    pthread_mutex_lock(&replicas->mutex);
    replicas_remove_farewell(replicas, replicas_farewell(replicas, farewell->uid));
    bool room = replicas->farewells_count < FAREWELLS_MAX;
    if (room) {
        struct farewell *added = &replicas->farewells[replicas->farewells_count++];
        *added = *farewell;
        added->number = ++replicas->farewells_made;
    }
    pthread_mutex_unlock(&replicas->mutex);
    return room || error_set(err, ERROR_LIMIT,
                             "more than %d deleted tables wait to be told to peers", FAREWELLS_MAX);
}

bool replicas_leaving(struct replicas *replicas, uint32_t table_id, struct error *err)
{
    const struct table *table = catalog_acquire_id(replicas->store->catalog, table_id);
    if (table == NULL || table->replicas_count == 0) {
        table_release(table);
        return true;
    }
    struct farewell farewell = {0};
    memcpy(farewell.uid, table->uid, TABLE_UID_BYTES);
    for (uint32_t i = 0; i < table->replicas_count; i++) {
        const struct region_info *member =
            replicas_region(replicas, slice_text(table->replicas[i].region));
        if (member != NULL) {
            farewell.regions[farewell.regions_count++] = member->id;
        }
    }
    table_release(table);
    pthread_mutex_lock(&replicas->saving);
    bool ok = replicas_add_farewell(replicas, &farewell, err);
    if (ok && !replicas_save_farewells(replicas, err)) {
        ok = false; /* The table stays, so nobody may be told that it has gone. */
        pthread_mutex_lock(&replicas->mutex);
        replicas_remove_farewell(replicas, replicas_farewell(replicas, farewell.uid));
        pthread_mutex_unlock(&replicas->mutex);
    }
    pthread_mutex_unlock(&replicas->saving);
    if (ok) {
        replicas_drop_plans(replicas, table_id, 0);
        atomic_fetch_add(&replicas->generation, 1);
    }
    return ok;
}

uint32_t replicas_farewells(struct replicas *replicas,
                            uint16_t region,
                            uint64_t *after,
                            uint8_t (*uids)[TABLE_UID_BYTES],
                            uint32_t max)
{
    uint32_t count = 0;
    pthread_mutex_lock(&replicas->mutex);
    for (uint32_t i = 0; i < replicas->farewells_count && count < max; i++) {
        const struct farewell *farewell = &replicas->farewells[i];
        for (uint32_t r = 0; r < farewell->regions_count && farewell->number > *after; r++) {
            if (farewell->regions[r] == region) {
                memcpy(uids[count++], farewell->uid, TABLE_UID_BYTES);
                *after = farewell->number;
            }
        }
    }
    pthread_mutex_unlock(&replicas->mutex);
    return count;
}

bool replicas_farewell_done(struct replicas *replicas,
                            uint16_t region,
                            const uint8_t uid[static TABLE_UID_BYTES],
                            struct error *err)
{
    pthread_mutex_lock(&replicas->saving);
    pthread_mutex_lock(&replicas->mutex);
    struct farewell *farewell = replicas_farewell(replicas, uid);
    uint32_t kept = 0;
    for (uint32_t r = 0; farewell != NULL && r < farewell->regions_count; r++) {
        if (farewell->regions[r] != region) {
            farewell->regions[kept++] = farewell->regions[r];
        }
    }
    if (farewell != NULL) {
        farewell->regions_count = kept;
    }
    if (kept == 0) {
        replicas_remove_farewell(replicas, farewell);
    }
    pthread_mutex_unlock(&replicas->mutex);
    bool ok = replicas_save_farewells(replicas, err);
    pthread_mutex_unlock(&replicas->saving);
    return ok;
}

/* --- Opening ---------------------------------------------------------------------------------- */

/* A replica that was being made here when the node stopped: go on. */
static bool replicas_resume(struct replicas *replicas,
                            const struct table *table,
                            struct arena *arena,
                            struct error *err)
{
    for (uint32_t i = 0; i < table->replicas_count; i++) {
        const struct region_info *target =
            replicas_region(replicas, slice_text(table->replicas[i].region));
        if (target == NULL || table->replicas[i].status != REPLICA_CREATING) {
            continue;
        }
        uint8_t key[NOTE_KEY_BYTES];
        struct slice value = {0};
        bool found = false;
        if (!store_note_get(replicas->store, replicas_backfill_key(table->uid, target->id, key),
                            arena, &value, &found, err)) {
            return false;
        }
        if (found && value.size > 0) {
            replicas_plan_add(replicas, table, target->id);
        }
    }
    return true;
}

static bool replicas_resume_all(struct replicas *replicas, struct error *err)
{
    struct arena arena = {0};
    struct slice names[LIST_TABLES_MAX];
    struct slice after = {0};
    bool more = true;
    bool ok = true;
    while (ok && more) {
        uint32_t count =
            catalog_list(replicas->store->catalog, after, LIST_TABLES_MAX, &arena, names, &more);
        for (uint32_t i = 0; ok && i < count; i++) {
            const struct table *table = catalog_acquire(replicas->store->catalog, names[i]);
            ok = table == NULL || replicas_resume(replicas, table, &arena, err);
            table_release(table);
            after = names[i];
        }
        more = more && count > 0;
    }
    arena_destroy(&arena);
    return ok;
}

bool replicas_open(struct store *store,
                   const struct region_info *regions,
                   uint32_t regions_count,
                   uint16_t self,
                   struct replicas **replicas,
                   struct error *err)
{
    ensure(regions_count <= REGIONS_MAX);
    struct replicas *made = calloc(1, sizeof(*made));
    ensure(made != NULL && pthread_mutex_init(&made->mutex, NULL) == 0 &&
           pthread_mutex_init(&made->saving, NULL) == 0);
    made->store = store;
    made->regions = regions;
    made->regions_count = regions_count;
    for (uint32_t i = 0; i < regions_count; i++) {
        if (regions[i].id == self) {
            made->self = &regions[i];
        }
    }
    ensure(made->self != NULL);
    if (!replicas_load_farewells(made, err) || !replicas_resume_all(made, err)) {
        replicas_close(made);
        return false;
    }
    *replicas = made;
    return true;
}

void replicas_close(struct replicas *replicas)
{
    if (replicas != NULL) {
        pthread_mutex_destroy(&replicas->mutex);
        pthread_mutex_destroy(&replicas->saving);
        free(replicas->plans);
        free(replicas);
    }
}
