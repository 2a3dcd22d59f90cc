/* What must hold once all has healed and all has been exchanged. */
#include "tests/sim/sim_world.h"

static bool sim_ships(const struct sim_world *world, uint32_t table, uint32_t region)
{
    return world->regions[region].store.here[table];
}

/* Every row's context would be empty once pruned, and every durable write is settled. */
static bool sim_check_settled(struct sim_world *world, bool fail)
{
    bool ok = true;
    for (uint32_t i = 0; i < world->plan.regions_count; i++) {
        struct sim_region *region = &world->regions[i];
        struct context settled;
        watermark_settled(region->watermark, &settled);
        for (uint32_t table = 0; table < SIM_TABLES; table++) {
            for (uint32_t key = 0; key < SIM_KEYS; key++) {
                struct sim_row *row = &region->store.rows[table][key];
                struct context context = row->version.context;
                context_prune(&context, &settled);
                if (row->present &&
                    (context.count > 0 || !context_has(&settled, row->version.dot))) {
                    ok = false;
                    if (fail) {
                        sim_fail(world->model,
                                 "region %u: %u/%u as %u/%llu does not settle: %u members known, "
                                 "context of %u",
                                 region->id, table, key, row->version.dot.region,
                                 (unsigned long long)row->version.dot.seq, settled.count,
                                 context.count);
                        for (uint32_t n = 0; n < settled.count; n++) {
                            sim_trace(world->model, "settled %u/%llu", settled.entries[n].region,
                                      (unsigned long long)settled.entries[n].seq);
                        }
                        for (uint32_t n = 0; n < context.count; n++) {
                            sim_trace(world->model, "context %u/%llu", context.entries[n].region,
                                      (unsigned long long)context.entries[n].seq);
                        }
                    }
                }
            }
        }
    }
    return ok;
}

bool sim_check_quiet(struct sim_world *world)
{
    for (uint32_t i = 0; i < world->plan.regions_count; i++) {
        const struct sim_store *store = &world->regions[i].store;
        if (!world->regions[i].alive || store->appended_seq != store->durable_seq) {
            return false;
        }
        uint64_t last_own =
            store->log_count == 0
                ? 0
                : world->model->writes[store->log[store->log_count - 1].write].version.dot.seq;
        for (uint32_t peer = 0; peer < world->plan.regions_count; peer++) {
            if (peer == i || last_own == 0) {
                continue;
            }
            /* A write that does not concern the peer need not move its watermark. */
            uint64_t concerns = 0;
            for (uint32_t n = 0; n < store->log_count; n++) {
                const struct sim_write *write = &world->model->writes[store->log[n].write];
                concerns = sim_ships(world, write->table, peer) ? write->version.dot.seq : concerns;
            }
            const struct context *applied = &world->regions[peer].store.applied;
            bool has = false;
            for (uint32_t n = 0; n < applied->count; n++) {
                has = has || (applied->entries[n].region == store->region &&
                              applied->entries[n].seq >= concerns);
            }
            if (concerns > 0 && !has) {
                return false;
            }
        }
    }
    return sim_check_settled(world, false);
}

/* All regions that have the table show the same row; a forgotten tombstone is as good as kept. */
static void sim_check_equal(struct sim_world *world, uint32_t table, uint32_t key)
{
    const struct sim_row *first = NULL;
    for (uint32_t i = 0; i < world->plan.regions_count; i++) {
        if (!sim_ships(world, table, i)) {
            continue;
        }
        const struct sim_row *row = &world->regions[i].store.rows[table][key];
        first = first == NULL ? row : first;
        bool shows = row->present && !row->tombstone;
        bool first_shows = first->present && !first->tombstone;
        bool differ = shows != first_shows;
        if (row->present && first->present) {
            differ = differ || !dot_equal(row->version.dot, first->version.dot) ||
                     row->version.stamp != first->version.stamp || row->value != first->value ||
                     row->tombstone != first->tombstone;
        }
        if (differ) {
            sim_fail(world->model, "%u/%u differs: region %u has %u/%llu, another %u/%llu", table,
                     key, world->regions[i].id, row->version.dot.region,
                     (unsigned long long)row->version.dot.seq, first->version.dot.region,
                     (unsigned long long)first->version.dot.seq);
        }
    }
}

/* The row that is left is the largest write that any client was promised, or that became durable.
 */
static void sim_check_winner(struct sim_world *world, uint32_t table, uint32_t key)
{
    const struct sim_model *model = world->model;
    const struct sim_write *winner = NULL;
    for (uint32_t i = 0; i < model->writes_count; i++) {
        const struct sim_write *write = &model->writes[i];
        if (write->table == table && write->key == key && !write->lost &&
            (winner == NULL || version_compare(&write->version, &winner->version) > 0)) {
            winner = write;
        }
    }
    for (uint32_t i = 0; i < world->plan.regions_count; i++) {
        const struct sim_row *row = &world->regions[i].store.rows[table][key];
        bool shows = row->present && !row->tombstone;
        bool wanted = winner != NULL && !winner->tombstone;
        if (sim_ships(world, table, i) &&
            (shows != wanted || (shows && row->value != (uint32_t)(winner - model->writes)))) {
            sim_fail(world->model, "region %u: %u/%u is not the winning write %u/%llu",
                     world->regions[i].id, table, key,
                     winner == NULL ? 0 : winner->version.dot.region,
                     winner == NULL ? 0 : (unsigned long long)winner->version.dot.seq);
        }
    }
}

/* By the clients' writes alone: expiries take away what is due, and nothing else. The largest write
 * is there if it is a refresh, however many expiries it met on its way. */
static void sim_check_refreshed(struct sim_world *world, uint32_t table, uint32_t key)
{
    const struct sim_model *model = world->model;
    const struct sim_write *largest = NULL;
    for (uint32_t i = 0; i < model->writes_count; i++) {
        const struct sim_write *write = &model->writes[i];
        if (write->table == table && write->key == key && !write->lost && !write->expiry &&
            (largest == NULL || version_compare(&write->version, &largest->version) > 0)) {
            largest = write;
        }
    }
    for (uint32_t i = 0; i < world->plan.regions_count; i++) {
        const struct sim_row *row = &world->regions[i].store.rows[table][key];
        bool shows = row->present && !row->tombstone;
        bool refresh = largest != NULL && !largest->tombstone && !largest->due;
        if (sim_ships(world, table, i) && refresh && !shows) {
            sim_fail(world->model, "region %u: %u/%u has expired in spite of its refresh %u/%llu",
                     world->regions[i].id, table, key, largest->version.dot.region,
                     (unsigned long long)largest->version.dot.seq);
        }
    }
}

static void sim_check_mark_conflicts(struct sim_world *world)
{
    for (uint32_t i = 0; i < world->plan.regions_count; i++) {
        const struct sim_store *store = &world->regions[i].store;
        world->conflicts += store->conflicts_count;
        for (uint32_t n = 0; n < store->conflicts_count; n++) {
            struct sim_write *loser = sim_model_find(world->model, store->conflicts[n].loser);
            ensure(loser != NULL);
            loser->in_conflict = true;
        }
    }
}

/* No write is lost silently: it is the row, a write that had seen it replaced it, or it lost a
 * conflict that is on record. An expiry that loses, and a delete that loses to another one, has
 * lost nothing. */
static void sim_check_accounted(struct sim_world *world)
{
    const struct sim_model *model = world->model;
    for (uint32_t i = 0; i < model->writes_count; i++) {
        const struct sim_write *write = &model->writes[i];
        if (write->lost && write->acknowledged) {
            sim_fail(world->model, "the acknowledged write %u/%llu was lost in a crash",
                     write->version.dot.region, (unsigned long long)write->version.dot.seq);
        }
        bool accounted = write->lost || write->in_conflict || write->expiry;
        bool largest = true;
        for (uint32_t n = 0; n < model->writes_count && !accounted; n++) {
            const struct sim_write *other = &model->writes[n];
            if (n != i && !other->lost && other->table == write->table &&
                other->key == write->key && version_compare(&other->version, &write->version) > 0) {
                largest = false;
                accounted = sim_model_saw(other, write) || (write->tombstone && other->tombstone);
            }
        }
        if (!accounted && !largest) {
            sim_fail(world->model, "the write %u/%llu of %u/%u was lost silently",
                     write->version.dot.region, (unsigned long long)write->version.dot.seq,
                     write->table, write->key);
        }
    }
}

void sim_check_end(struct sim_world *world)
{
    if (!sim_check_quiet(world)) {
        sim_check_settled(world, true);
        sim_fail(world->model, "the regions do not come to rest");
    }
    sim_check_mark_conflicts(world);
    for (uint32_t table = 0; table < SIM_TABLES; table++) {
        for (uint32_t key = 0; key < SIM_KEYS; key++) {
            sim_check_equal(world, table, key);
            sim_check_winner(world, table, key);
            sim_check_refreshed(world, table, key);
        }
    }
    sim_check_accounted(world);
}
