/* UpdateTable: ReplicaUpdates (dynamodb-features.md 7.3). */
#include "daemon/api/scaling.h"
#include "daemon/api/table_update.h"

bool table_update_consistency_decode(const struct json *body, struct error *err)
{
    struct slice mode = shape_text(json_get(body, "MultiRegionConsistency"));
    const struct json *replicas = json_get(body, "ReplicaUpdates");
    bool strong = slice_is(mode, "STRONG");
    if (!strong && json_get(body, "GlobalTableWitnessUpdates") != NULL) {
        return error_set(err, ERROR_VALIDATION,
                         "MultiRegionConsistency must be set as STRONG when "
                         "GlobalTableWitnessUpdates parameter is present.");
    }
    for (const struct json *each = replicas == NULL ? NULL : replicas->first; each != NULL;
         each = each->next) {
        if (mode.size > 0 && json_get(each, "Create") == NULL) {
            return error_set(err, ERROR_VALIDATION,
                             "Only Replica Create actions are supported when "
                             "MultiRegionConsistency parameter is provided.");
        }
    }
    return !strong || error_set(err, ERROR_NOT_IMPLEMENTED,
                                "This version does not support global tables with "
                                "MultiRegionConsistency STRONG");
}

/* The one replica action of the request, checked as far as that needs no table. */
bool table_update_replica_decode(struct call *call, const struct json *updates, struct error *err)
{
    struct table_update *state = call->state;
    uint32_t creates = 0;
    uint32_t deletes = 0;
    for (const struct json *each = updates->first; each != NULL; each = each->next) {
        const struct json *create = json_get(each, "Create");
        const struct json *delete = json_get(each, "Delete");
        if (create == NULL && delete == NULL) {
            return error_set(err, ERROR_VALIDATION,
                             "There are no actions specified in the Replica Update Action of the "
                             "request.");
        }
        creates += create != NULL;
        deletes += delete != NULL;
        state->create = create != NULL;
        state->region = json_get(create != NULL ? create : delete, "RegionName")->text;
    }
    if (creates > 0 && deletes > 0) {
        return error_set(err, ERROR_VALIDATION,
                         "Update table operation with more than one type of replica actions not "
                         "allowed.");
    }
    if (creates + deletes > 1) {
        return error_set(err, ERROR_VALIDATION,
                         "Update table operation with more than one create or delete replica "
                         "actions not allowed");
    }
    return !slice_is(state->region, call->node->region) ||
           error_set(err, ERROR_VALIDATION,
                     "Cannot add or delete the local region through ReplicaUpdates. Use "
                     "CreateTable, DeleteTable, or UpdateTable as required.");
}

static bool table_update_is_member(const struct table *table, struct slice region)
{
    for (uint32_t i = 0; i < table->replicas_count; i++) {
        if (slice_is(region, table->replicas[i].region)) {
            return true;
        }
    }
    return false;
}

/* Is there such a region? The text names those that are. */
static bool table_update_check_region(struct call *call, struct slice region, struct error *err)
{
    struct replication *replication = call->node->replication;
    if (replication != NULL && replication_has_region(replication, region)) {
        return true;
    }
    struct buffer names;
    buffer_init(&names, call->arena, 256);
    buffer_append_text(&names, call->node->region);
    if (replication != NULL) {
        struct replication_status *status = arena_zalloc(call->arena, 1, sizeof(*status));
        replication_status(replication, status);
        for (uint32_t i = 0; i < status->peers_count; i++) {
            buffer_printf(&names, ", %s", status->peers[i].region.name);
        }
    }
    return error_set(err, ERROR_VALIDATION,
                     "Region %.*s is not supported. The latest version of global tables are only "
                     "supported in the following regions: [%.*s]",
                     SLICE_ARGS(region), SLICE_ARGS(buffer_slice(&names)));
}

/* Every region must be able to take the writes of all others. */
static bool table_update_scales(struct call *call, const struct table *table, struct error *err)
{
    bool scaled = true;
    if (table->billing == BILLING_PAY_PER_REQUEST) {
        return true;
    }
    if (!scaling_of_writes(call, table, (struct slice){NULL, 0}, &scaled, err)) {
        return false;
    }
    if (!scaled) {
        return error_set(err, ERROR_VALIDATION,
                         "Table write capacity should either be Pay-Per-Request or AutoScaled.");
    }
    for (uint32_t i = 0; i < table->indexes_count; i++) {
        const struct table_index *index = &table->indexes[i];
        if (index->kind != INDEX_GLOBAL) {
            continue;
        }
        if (!scaling_of_writes(call, table, index->name, &scaled, err)) {
            return false;
        }
        if (!scaled) {
            return error_set(err, ERROR_VALIDATION,
                             "GSI write capacity should either be Pay-Per-Request or AutoScaled.");
        }
    }
    return true;
}

bool table_update_replicas(struct call *call, const struct table *table, struct error *err)
{
    const struct table_update *state = call->state;
    struct replication *replication = call->node->replication;
    if (json_get(call->body, "MultiRegionConsistency") != NULL && table->replicas_count > 0) {
        return error_set(
            err, ERROR_VALIDATION,
            "MultiRegionConsistency parameter is unsupported on existing global table");
    }
    if (state->create) {
        if (!table_update_check_region(call, state->region, err)) {
            return false;
        }
        if (!table_update_scales(call, table, err)) {
            return false;
        }
        return replication_replica_create(replication, table->id, state->region, err);
    }
    if (!table_update_is_member(table, state->region)) {
        return error_set(err, ERROR_VALIDATION,
                         "Update global table operation failed because one or more replicas were "
                         "not part of the global table. Please retry the request without these "
                         "replicas: [%.*s].",
                         SLICE_ARGS(state->region));
    }
    if (replication == NULL || !replication_has_region(replication, state->region)) {
        return error_set(err, ERROR_IN_USE,
                         "Region %.*s has a replica of table %.*s, but is not in the cluster file "
                         "with which this node was started",
                         SLICE_ARGS(state->region), SLICE_ARGS(table->name));
    }
    return replication_replica_delete(replication, table->id, state->region, err);
}
