#include "tests/sim/sim_store.h"

#include "proto/value/value.h"
#include "replication/mutant.h"
#include "replication/resolve.h"

enum { SIM_INCARNATION = 7, SIM_IMAGE_PAD = 700 };

/* What one batch changed, to be put back by a crash. */
enum sim_undo_kind { UNDO_ROW, UNDO_APPLIED, UNDO_CONFLICT, UNDO_LOG, UNDO_CLOCK };
struct sim_undo {
    uint64_t seq;
    enum sim_undo_kind kind;
    uint32_t table, key;
    uint64_t clock;
    union {
        struct sim_row row;
        struct context applied;
    };
};

static void *sim_store_grow(void *array, uint32_t count, uint32_t *capacity, size_t size)
{
    if (count < *capacity) {
        return array;
    }
    *capacity = *capacity == 0 ? 64 : *capacity * 2;
    void *grown = realloc(array, *capacity * size);
    ensure(grown != NULL);
    return grown;
}

static struct sim_undo *sim_store_undo(struct sim_store *store, enum sim_undo_kind kind)
{
    store->undo =
        sim_store_grow(store->undo, store->undo_count, &store->undo_capacity, sizeof(*store->undo));
    struct sim_undo *undo = &store->undo[store->undo_count++];
    undo->seq = store->appended_seq;
    undo->kind = kind;
    return undo;
}

static uint64_t sim_store_begin(struct sim_store *store)
{
    ensure(store->appended_seq + 1 < SIM_SEQS_MAX);
    return ++store->appended_seq;
}

/* --- Images: real items, so that what the appliers check is checked here too ------------------ */

static struct slice sim_key_image(struct arena *arena, uint32_t key)
{
    struct member member = {SLICE_LITERAL("k"),
                            {VALUE_S, slice_text(arena_printf(arena, "%u", key))}};
    return value_make_map(arena, &member, 1).payload;
}

/* Some are long, so that batches are worth compressing. */
static struct slice sim_image(struct arena *arena, uint32_t key, uint32_t value)
{
    int pad = value % 8 == 0 ? SIM_IMAGE_PAD : 0;
    struct member members[2] = {
        {SLICE_LITERAL("k"), {VALUE_S, slice_text(arena_printf(arena, "%u", key))}},
        {SLICE_LITERAL("v"), {VALUE_S, slice_text(arena_printf(arena, "%u%*s", value, pad, ""))}},
    };
    return value_make_map(arena, members, 2).payload;
}

/* The number in an attribute of an image; UINT32_MAX when there is none. */
static uint32_t sim_image_number(struct slice image, struct slice name)
{
    struct value value;
    if (!item_find(image, name, &value) || value.type != VALUE_S) {
        return UINT32_MAX;
    }
    uint32_t number = 0;
    for (size_t i = 0; i < value.payload.size; i++) {
        if (value.payload.data[i] >= '0' && value.payload.data[i] <= '9') {
            number = number * 10 + (uint32_t)(value.payload.data[i] - '0');
        }
    }
    return number;
}

/* --- Rows ------------------------------------------------------------------------------------- */

/* Every change of a row passes here. */
static void sim_store_put(struct sim_store *store, uint32_t table, uint32_t key, struct sim_row row)
{
    struct sim_row *at = &store->rows[table][key];
    struct sim_undo *undo = sim_store_undo(store, UNDO_ROW);
    undo->table = table;
    undo->key = key;
    undo->row = *at;
    if (row.present) {
        if (at->highest.dot.region != 0 && version_compare(&row.version, &at->highest) < 0) {
            sim_fail(store->model, "region %u: table %u key %u went back to %u/%llu behind %u/%llu",
                     store->region, table, key, row.version.dot.region,
                     (unsigned long long)row.version.dot.seq, at->highest.dot.region,
                     (unsigned long long)at->highest.dot.seq);
        }
        row.highest = row.version;
        row.highest.context.count = 0;
    } else {
        row.highest = at->highest;
    }
    *at = row;
}

static void sim_store_conflict(struct sim_store *store, struct sim_conflict conflict)
{
    struct sim_model *model = store->model;
    const struct sim_write *winner = sim_model_find(model, conflict.winner);
    const struct sim_write *loser = sim_model_find(model, conflict.loser);
    if (winner == NULL || loser == NULL || sim_model_saw(winner, loser) ||
        sim_model_saw(loser, winner) || conflict.reason == CONFLICT_ORDER) {
        sim_fail(model, "region %u: a conflict of %u/%llu over %u/%llu (%s) that was none",
                 store->region, conflict.winner.region, (unsigned long long)conflict.winner.seq,
                 conflict.loser.region, (unsigned long long)conflict.loser.seq,
                 conflict_reason_name(conflict.reason));
    }
    for (uint32_t i = 0; i < store->conflicts_count; i++) {
        const struct sim_conflict *old = &store->conflicts[i];
        if (dot_equal(old->winner, conflict.winner) && dot_equal(old->loser, conflict.loser)) {
            sim_fail(model, "region %u: the conflict of %u/%llu over %u/%llu is recorded twice",
                     store->region, conflict.winner.region, (unsigned long long)conflict.winner.seq,
                     conflict.loser.region, (unsigned long long)conflict.loser.seq);
        }
    }
    sim_store_undo(store, UNDO_CONFLICT);
    store->conflicts = sim_store_grow(store->conflicts, store->conflicts_count,
                                      &store->conflicts_capacity, sizeof(*store->conflicts));
    store->conflicts[store->conflicts_count++] = conflict;
}

/* No row shows a write of a transaction of which another write is not here: neither itself nor a
 * newer one in its place. */
static void sim_store_check_groups(const struct sim_store *store)
{
    struct sim_model *model = store->model;
    for (uint32_t table = 0; table < SIM_TABLES; table++) {
        for (uint32_t key = 0; key < SIM_KEYS; key++) {
            const struct sim_row *row = &store->rows[table][key];
            if (!row->present) {
                continue;
            }
            const struct sim_write *shown = &model->writes[row->value];
            for (uint32_t i = 0; i < shown->group_count; i++) {
                const struct sim_write *other = &model->writes[shown->group + i];
                if (store->here[other->table] &&
                    version_compare(&store->rows[other->table][other->key].highest,
                                    &other->version) < 0) {
                    sim_fail(model, "region %u shows %u/%llu of a transaction without %u/%llu",
                             store->region, shown->version.dot.region,
                             (unsigned long long)shown->version.dot.seq, other->version.dot.region,
                             (unsigned long long)other->version.dot.seq);
                }
            }
        }
    }
}

static void sim_store_write_member(struct sim_store *store,
                                   const struct sim_member *member,
                                   uint32_t index,
                                   uint64_t seq,
                                   uint64_t stamp)
{
    struct sim_model *model = store->model;
    const struct sim_row *old = &store->rows[member->table][member->key];
    struct sim_write *write = &model->writes[index];
    write->table = member->table;
    write->key = member->key;
    write->tombstone = member->tombstone;
    write->due = member->due;
    write->expiry = member->expiry;
    write->version.dot = (struct dot){store->region, SIM_INCARNATION, seq};
    write->version.stamp = stamp;
    if (member->expiry && !MUTANT(EXPIRY_STAMP)) {
        write->version.stamp = old->version.stamp;
        write->version.expired = old->version.dot;
    }
    write->version.context = store->applied;
    if (old->present) {
        context_join(&write->version.context, &old->version.context);
        context_raise(&write->version.context, old->version.dot);
    }
    model->by_seq[store->region][seq] = index + 1;
    struct sim_row row = {
        .present = true, .tombstone = member->tombstone, .value = index, .version = write->version};
    context_prune(&row.version.context, &store->settled);
    sim_store_put(store, member->table, member->key, row);
    sim_store_undo(store, UNDO_LOG);
    store->log =
        sim_store_grow(store->log, store->log_count, &store->log_capacity, sizeof(*store->log));
    store->log[store->log_count++].write = index;
}

uint64_t sim_store_transact(struct sim_store *store,
                            struct hlc *hlc,
                            uint64_t wall_ms,
                            const struct sim_member *members,
                            uint32_t count)
{
    struct sim_model *model = store->model;
    ensure(count > 0 && count <= SIM_MEMBERS_MAX);
    ensure(model->writes_count + count <= SIM_WRITES_MAX);
    ensure(store->appended_seq + count < SIM_SEQS_MAX);
    uint64_t seq = store->appended_seq + 1;
    store->appended_seq += count; /* Before any undo is noted: they are taken back together. */
    uint64_t floor = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct sim_row *old = &store->rows[members[i].table][members[i].key];
        floor = old->present && old->version.stamp > floor ? old->version.stamp : floor;
    }
    uint64_t stamp = hlc_next(hlc, wall_ms, floor);
    uint32_t first = model->writes_count;
    model->writes_count += count;
    for (uint32_t i = 0; i < count; i++) {
        model->writes[first + i] = (struct sim_write){.group = first, .group_count = count};
        sim_store_write_member(store, &members[i], first + i, seq + i, stamp);
    }
    sim_store_check_groups(store);
    return store->appended_seq;
}

uint64_t sim_store_write(struct sim_store *store,
                         struct hlc *hlc,
                         uint64_t wall_ms,
                         uint32_t table,
                         uint32_t key,
                         bool tombstone,
                         bool due)
{
    struct sim_member member = {.table = table, .key = key, .tombstone = tombstone, .due = due};
    return sim_store_transact(store, hlc, wall_ms, &member, 1);
}

uint64_t sim_store_expire(
    struct sim_store *store, struct hlc *hlc, uint64_t wall_ms, uint32_t table, uint32_t key)
{
    const struct sim_row *row = &store->rows[table][key];
    if (!row->present || row->tombstone || !store->model->writes[row->value].due) {
        return 0;
    }
    struct sim_member member = {.table = table, .key = key, .tombstone = true, .expiry = true};
    return sim_store_transact(store, hlc, wall_ms, &member, 1);
}

void sim_store_sweep(struct sim_store *store, uint64_t clock_last)
{
    bool any = false;
    for (uint32_t table = 0; table < SIM_TABLES; table++) {
        for (uint32_t key = 0; key < SIM_KEYS; key++) {
            const struct sim_row *row = &store->rows[table][key];
            if (!row->present || !row->tombstone ||
                !resolve_tombstone_done(&row->version, &store->settled, clock_last)) {
                continue;
            }
            if (!any) {
                sim_store_begin(store);
                sim_store_undo(store, UNDO_CLOCK)->clock = store->clock_floor;
                store->clock_floor = clock_last;
                any = true;
            }
            sim_trace(store->model, "region %u forgets the tombstone of %u/%u", store->region,
                      table, key);
            sim_store_put(store, table, key, (struct sim_row){0});
        }
    }
}

void sim_store_synced(struct sim_store *store, uint64_t seq)
{
    ensure(seq <= store->appended_seq);
    for (uint64_t i = store->durable_seq + 1; i <= seq; i++) {
        uint32_t index = store->model->by_seq[store->region][i];
        if (index != 0) {
            store->model->writes[index - 1].durable = true;
        }
    }
    store->durable_seq = seq > store->durable_seq ? seq : store->durable_seq;
    uint32_t gone = 0;
    while (gone < store->undo_count && store->undo[gone].seq <= store->durable_seq) {
        gone++;
    }
    store->undo_count -= gone;
    if (gone > 0 && store->undo_count > 0) {
        memmove(store->undo, store->undo + gone, store->undo_count * sizeof(*store->undo));
    }
}

void sim_store_crash(struct sim_store *store)
{
    while (store->undo_count > 0) {
        const struct sim_undo *undo = &store->undo[--store->undo_count];
        ensure(undo->seq > store->durable_seq);
        switch (undo->kind) {
        case UNDO_ROW:
            store->rows[undo->table][undo->key] = undo->row;
            break;
        case UNDO_APPLIED:
            store->applied = undo->applied;
            break;
        case UNDO_CONFLICT:
            store->conflicts_count--;
            break;
        case UNDO_LOG:
            store->log_count--;
            store->model->writes[store->log[store->log_count].write].lost = true;
            break;
        case UNDO_CLOCK:
            store->clock_floor = undo->clock;
            break;
        }
    }
    for (uint64_t seq = store->durable_seq + 1; seq <= store->appended_seq; seq++) {
        store->model->by_seq[store->region][seq] = 0;
    }
    /* As the real engine after a restart: seqs of batches that were no own writes are given again.
     */
    uint64_t last_own = store->log_oldest - 1;
    if (store->log_count > 0) {
        const struct sim_log_entry *newest = &store->log[store->log_count - 1];
        last_own = store->model->writes[newest->write].version.dot.seq;
    }
    ensure(last_own <= store->durable_seq);
    sim_store_check_groups(store);
    store->durable_seq = last_own;
    store->appended_seq = last_own;
    store->settled = (struct context){0};
}

void sim_store_trim(struct sim_store *store, uint64_t oldest)
{
    store->log_oldest = oldest > store->log_oldest ? oldest : store->log_oldest;
}

/* --- The door --------------------------------------------------------------------------------- */

static bool sim_door_log_read(void *context,
                              uint64_t after,
                              uint32_t max,
                              size_t bytes_max,
                              struct arena *arena,
                              struct change *changes,
                              uint32_t *count,
                              uint64_t *next,
                              struct error *err)
{
    struct sim_store *store = context;
    if (store->broken) {
        return error_set(err, ERROR_IO, "the simulated disk is broken");
    }
    *count = 0;
    *next = after > store->durable_seq ? after : store->durable_seq;
    size_t bytes = 0;
    for (uint32_t i = 0; i < store->log_count; i++) {
        uint32_t index = store->log[i].write;
        const struct sim_write *write = &store->model->writes[index];
        uint64_t seq = write->version.dot.seq;
        if (seq <= after || seq < store->log_oldest) {
            continue;
        }
        if (seq > store->durable_seq) {
            break;
        }
        if (*count == max || bytes >= bytes_max) {
            *next = changes[*count - 1].version.dot.seq;
            break;
        }
        struct change *change = &changes[(*count)++];
        *change = (struct change){
            .table_id = write->table + 1,
            .key = sim_key_image(arena, write->key),
            .version = write->version,
            .has_image = true,
            .tombstone = write->tombstone,
            .following = write->group + write->group_count - 1 - index,
        };
        if (!write->tombstone) {
            change->image = sim_image(arena, write->key, index);
        }
        bytes += change->image.size;
    }
    return true;
}

static uint64_t sim_door_log_oldest(void *context)
{
    return ((struct sim_store *)context)->log_oldest;
}

static void sim_store_apply_one(struct sim_store *store,
                                const struct change *change,
                                apply_decider decide,
                                void *context,
                                struct apply_result *result)
{
    struct sim_model *model = store->model;
    uint32_t table = change->table_id - 1;
    uint32_t key = sim_image_number(change->key, SLICE_LITERAL("k"));
    const struct sim_write *write = sim_model_find(model, change->version.dot);
    ensure(table < SIM_TABLES && key < SIM_KEYS);
    if (write == NULL || write->table != table || write->key != key ||
        write->tombstone != change->tombstone || !write->durable) {
        sim_fail(model, "region %u got a write %u/%llu that was never made", store->region,
                 change->version.dot.region, (unsigned long long)change->version.dot.seq);
        return;
    }
    uint32_t value = (uint32_t)(write - model->writes);
    if (!change->tombstone && sim_image_number(change->image, SLICE_LITERAL("v")) != value) {
        sim_fail(model, "region %u got other bytes for write %u", store->region, value);
    }
    const struct sim_row *old = &store->rows[table][key];
    struct row stored = {.version = old->version, .tombstone = old->tombstone};
    struct row arriving = {.version = change->version, .tombstone = change->tombstone};
    uint8_t reason = 0;
    enum apply_verdict verdict = decide(context, old->present ? &stored : NULL, &arriving, &reason);
    struct sim_row now = {.present = true,
                          .tombstone = change->tombstone,
                          .value = value,
                          .version = change->version};
    if (verdict == APPLY_DROP || verdict == APPLY_KEEP || verdict == APPLY_CONFLICT_KEEP) {
        now = *old;
    }
    if (verdict == APPLY_CONFLICT_STORE || verdict == APPLY_CONFLICT_KEEP) {
        bool kept = verdict == APPLY_CONFLICT_KEEP;
        sim_store_conflict(
            store, (struct sim_conflict){store->appended_seq, table, key,
                                         kept ? old->version.dot : change->version.dot,
                                         kept ? change->version.dot : old->version.dot, reason});
        result->conflicts++;
    }
    sim_trace(model, "region %u applies %u/%llu to %u/%u: verdict %d", store->region,
              change->version.dot.region, (unsigned long long)change->version.dot.seq, table, key,
              (int)verdict);
    if (old->present) {
        context_join(&now.version.context, &old->version.context);
        context_join(&now.version.context, &change->version.context);
    }
    context_prune(&now.version.context, &store->settled);
    sim_store_put(store, table, key, now);
    result->stored += verdict == APPLY_STORE || verdict == APPLY_CONFLICT_STORE ? 1 : 0;
    result->dropped += verdict == APPLY_DROP ? 1 : 0;
}

static bool sim_door_apply(void *door,
                           const struct change *changes,
                           uint32_t count,
                           const struct dot *watermark,
                           apply_decider decide,
                           void *context,
                           struct apply_result *result,
                           struct error *err)
{
    struct sim_store *store = door;
    store->applies++;
    if (sim_random_one_in(store->random, store->throttle_one_in)) {
        return error_set(err, ERROR_THROTTLED, "the simulated store stalls");
    }
    sim_store_begin(store);
    *result = (struct apply_result){.wait_seq = store->appended_seq};
    for (uint32_t i = 0; i < count; i++) {
        sim_store_apply_one(store, &changes[i], decide, context, result);
    }
    if (watermark != NULL) {
        sim_store_undo(store, UNDO_APPLIED)->applied = store->applied;
        context_raise(&store->applied, *watermark);
        const struct sim_write *last = sim_model_find(store->model, *watermark);
        if (last != NULL && last->group + last->group_count - 1 != last - store->model->writes) {
            sim_fail(store->model, "region %u counts %u/%llu as applied, inside of a transaction",
                     store->region, watermark->region, (unsigned long long)watermark->seq);
        }
    }
    sim_store_check_groups(store);
    return true;
}

static void sim_door_applied(void *context, struct context *applied, uint64_t *wait_seq)
{
    const struct sim_store *store = context;
    *applied = store->applied;
    *wait_seq = store->appended_seq;
}

static void sim_door_set_settled(void *context, const struct context *settled)
{
    struct sim_store *store = context;
    for (uint32_t i = 0; i < store->settled.count; i++) {
        if (!context_has(settled, store->settled.entries[i])) {
            sim_fail(store->model, "region %u: settled went backwards for region %u", store->region,
                     store->settled.entries[i].region);
        }
    }
    store->settled = *settled;
}

static uint64_t sim_door_durable_seq(void *context)
{
    return ((const struct sim_store *)context)->durable_seq;
}

static bool
sim_door_table_of_uid(void *context, const uint8_t uid[static TABLE_UID_BYTES], uint32_t *id)
{
    const struct sim_store *store = context;
    if (uid[0] == 0 || uid[0] > SIM_TABLES || !store->here[uid[0] - 1]) {
        return false;
    }
    *id = uid[0];
    return true;
}

static bool sim_door_table_ships(void *context,
                                 uint32_t table_id,
                                 struct slice region,
                                 uint8_t uid[static TABLE_UID_BYTES])
{
    const struct sim_store *store = context;
    memset(uid, 0, TABLE_UID_BYTES);
    uid[0] = (uint8_t)table_id;
    ensure(region.size == 2 && region.data[0] == 'r');
    uint32_t id = (uint32_t)(region.data[1] - '0');
    return (store->ships_to[table_id - 1] >> id & 1) != 0;
}

static bool sim_door_any_ships(void *context, struct slice region)
{
    uint8_t uid[TABLE_UID_BYTES];
    for (uint32_t table = 1; table <= SIM_TABLES; table++) {
        if (sim_door_table_ships(context, table, region, uid)) {
            return true;
        }
    }
    return false;
}

static const struct replica_store_calls sim_door_calls = {
    .log_read = sim_door_log_read,
    .log_oldest = sim_door_log_oldest,
    .apply = sim_door_apply,
    .applied = sim_door_applied,
    .set_settled = sim_door_set_settled,
    .durable_seq = sim_door_durable_seq,
    .table_of_uid = sim_door_table_of_uid,
    .table_ships = sim_door_table_ships,
    .any_ships = sim_door_any_ships,
};

struct replica_store sim_store_door(struct sim_store *store)
{
    return (struct replica_store){&sim_door_calls, store, store->region, SIM_INCARNATION};
}

void sim_store_open(struct sim_store *store,
                    struct sim_model *model,
                    struct sim_random *random,
                    uint16_t region,
                    uint32_t regions_count)
{
    ensure(region >= 1 && region <= SIM_REGIONS_MAX);
    *store = (struct sim_store){
        .model = model,
        .random = random,
        .region = region,
        .regions_count = regions_count,
        .log_oldest = 1,
    };
}

void sim_store_close(struct sim_store *store)
{
    free(store->log);
    free(store->conflicts);
    free(store->undo);
}
