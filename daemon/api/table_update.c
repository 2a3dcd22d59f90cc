/* UpdateTable (dynamodb-features.md 2, 7.3): replicas, billing and throughput, deletion protection;
 * one concern a call. The answer shows the values from before. */
#include "daemon/api/operations.h"
#include "daemon/api/table_json.h"

#include <inttypes.h>

#define INVALID_VALUES "One or more parameter values were invalid: "

enum table_concern { CONCERN_CAPACITY, CONCERN_PROTECTION, CONCERN_REPLICAS };

struct table_update {
    struct request request;
    enum table_concern concern;
    struct slice region; /* CONCERN_REPLICAS. */
    bool create;
};

/* --- What is asked -----------------------------------------------------------------------------
 */

/* The one replica action of the request, checked as far as that needs no table. */
static bool table_update_replica(struct call *call, const struct json *updates, struct error *err)
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

static bool table_update_concern(struct call *call, struct error *err)
{
    struct table_update *state = call->state;
    const struct json *body = call->body;
    const struct json *replicas = json_get(body, "ReplicaUpdates");
    bool capacity =
        json_get(body, "BillingMode") != NULL || json_get(body, "ProvisionedThroughput") != NULL;
    bool protection = json_get(body, "DeletionProtectionEnabled") != NULL;
    if (!capacity && !protection && replicas == NULL) {
        return error_set(err, ERROR_VALIDATION,
                         "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, "
                         "GlobalSecondaryIndexUpdates, SSESpecification, ReplicaUpdates, "
                         "MultiAccountReplicaReady, ReplicaTransitRoleArn, MultiRegionConsistency, "
                         "DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or "
                         "TableClass is required");
    }
    bool definitions = json_get(body, "AttributeDefinitions") != NULL;
    if (replicas != NULL && (capacity || protection || definitions)) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES
                         "Replica modification must be the only operation in the request");
    }
    if (protection && (capacity || definitions)) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES
                         "DeletionProtection modification must be the only operation in the "
                         "request");
    }
    if (definitions) {
        return error_set(err, ERROR_NOT_IMPLEMENTED,
                         "This version does not support the parameter AttributeDefinitions of "
                         "UpdateTable");
    }
    state->concern = protection         ? CONCERN_PROTECTION
                     : replicas != NULL ? CONCERN_REPLICAS
                                        : CONCERN_CAPACITY;
    return replicas == NULL || table_update_replica(call, replicas, err);
}

static bool table_update_decode(struct call *call, struct error *err)
{
    struct table_update *state = call->state;
    return request_begin(call, &shape_update_table, &state->request, err) &&
           table_update_concern(call, err) && request_open_control(call, &state->request, err);
}

/* --- Replicas ----------------------------------------------------------------------------------
 */

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

static bool table_update_replicas(struct call *call, const struct table *table, struct error *err)
{
    const struct table_update *state = call->state;
    struct replication *replication = call->node->replication;
    if (state->create) {
        if (!table_update_check_region(call, state->region, err)) {
            return false;
        }
        if (table->billing != BILLING_PAY_PER_REQUEST) {
            return error_set(err, ERROR_VALIDATION,
                             "Table write capacity should either be Pay-Per-Request or "
                             "AutoScaled.");
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

/* --- Billing and throughput ---------------------------------------------------------------------
 */

static bool
table_update_units(const struct json *throughput, struct table *table, struct error *err)
{
    int64_t read = shape_integer(json_get(throughput, "ReadCapacityUnits"), 0);
    int64_t write = shape_integer(json_get(throughput, "WriteCapacityUnits"), 0);
    if (table->billing == BILLING_PROVISIONED && read == table->throughput.read_units &&
        write == table->throughput.write_units) {
        return error_set(err, ERROR_VALIDATION,
                         "The provisioned throughput for the table will not change. The requested "
                         "value equals the current value. Current ReadCapacityUnits provisioned "
                         "for the table: %" PRId64 ". Requested ReadCapacityUnits: %" PRId64
                         ". Current WriteCapacityUnits provisioned for the table: %" PRId64
                         ". Requested WriteCapacityUnits: %" PRId64
                         ". Refer to the Amazon DynamoDB Developer Guide for current limits and "
                         "how to request higher limits.",
                         table->throughput.read_units, read, table->throughput.write_units, write);
    }
    if (read > TABLE_UNITS_MAX || write > TABLE_UNITS_MAX) {
        bool reads = read > TABLE_UNITS_MAX;
        return error_set(err, ERROR_VALIDATION, "Given value %" PRId64 " for %s is out of bounds",
                         reads ? read : write, reads ? "ReadCapacityUnits" : "WriteCapacityUnits");
    }
    table->throughput.read_units = read;
    table->throughput.write_units = write;
    return true;
}

static bool table_update_capacity(struct call *call, struct table *table, struct error *err)
{
    const struct store *store = call->node->store;
    const struct json *throughput = json_get(call->body, "ProvisionedThroughput");
    const struct json *mode = json_get(call->body, "BillingMode");
    bool on_demand = mode == NULL ? table->billing == BILLING_PAY_PER_REQUEST
                                  : slice_is(mode->text, "PAY_PER_REQUEST");
    if (on_demand && throughput != NULL) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES "Neither ReadCapacityUnits nor WriteCapacityUnits can be "
                                        "specified when BillingMode is PAY_PER_REQUEST");
    }
    if (!on_demand && throughput == NULL) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES "ProvisionedThroughput must be specified when BillingMode "
                                        "is PROVISIONED");
    }
    if (on_demand && table->billing == BILLING_PAY_PER_REQUEST) {
        return true; /* Sent again: nothing to do. */
    }
    if (table->replicas_count > 0) { /* It would have to change in every region alike. */
        return error_set(err, ERROR_NOT_IMPLEMENTED,
                         "This version does not support the parameter %s of UpdateTable for a "
                         "table with replicas",
                         mode != NULL ? "BillingMode" : "ProvisionedThroughput");
    }
    if (!on_demand) {
        if (!table_update_units(throughput, table, err)) {
            return false;
        }
        table->billing = BILLING_PROVISIONED;
        return true;
    }
    table->billing = BILLING_PAY_PER_REQUEST;
    table->was_on_demand = true;
    table->on_demand_since_ms = store->clock.wall_ms(store->clock.context);
    return true;
}

/* --- Doing it ----------------------------------------------------------------------------------
 */

/* Between catalog_change_begin and _end: nobody else changes the description. */
static bool
table_update_description(struct call *call, const struct table *table, struct error *err)
{
    const struct table_update *state = call->state;
    struct store *store = call->node->store;
    struct table *changed = arena_alloc(call->arena, sizeof(*changed));
    *changed = *table;
    if (!table_json_idle(table, err)) {
        return false;
    }
    if (state->concern == CONCERN_PROTECTION) {
        changed->deletion_protection =
            shape_boolean(json_get(call->body, "DeletionProtectionEnabled"), false);
    } else {
        if (!table_update_capacity(call, changed, err)) {
            return false;
        }
        if (changed->billing == table->billing &&
            changed->throughput.read_units == table->throughput.read_units &&
            changed->throughput.write_units == table->throughput.write_units) {
            return true;
        }
        changed->schema_stamp = store->clock.stamp(store->clock.context, table->schema_stamp);
        changed->schema_region = store->region_id;
    }
    return catalog_update(store->catalog, changed, err);
}

static bool table_update_run(struct call *call, enum read_tier tier, struct error *err)
{
    struct table_update *state = call->state;
    struct catalog *catalog = call->node->store->catalog;
    bool ok = false;
    (void)tier;
    if (state->concern == CONCERN_REPLICAS) {
        const struct table *table = state->request.table;
        ok = table_json_idle(table, err) && table_update_replicas(call, table, err);
    } else {
        catalog_change_begin(catalog);
        /* The description decode found may be old by now. */
        const struct table *table = catalog_acquire_id(catalog, state->request.table->id);
        table_release(state->request.table);
        state->request.table = table;
        ok = table != NULL ? table_update_description(call, table, err)
                           : error_set(err, ERROR_NOT_FOUND,
                                       "Requested resource not found: Table: %.*s not found",
                                       SLICE_ARGS(state->request.name));
        catalog_change_end(catalog);
    }
    if (!ok) {
        return false;
    }
    bool joins = state->concern == CONCERN_REPLICAS && state->create;
    answer_begin(call);
    answer_member(call, "TableDescription");
    table_json_write(call, state->request.table, joins ? TABLE_JSON_JOINED : TABLE_JSON_DESCRIBED,
                     TABLE_UPDATING);
    answer_end(call);
    return true;
}

static void table_update_release(struct call *call)
{
    struct table_update *state = call->state;
    request_release(&state->request);
}

const struct operation operation_update_table = {.name = "UpdateTable",
                                                 .state_bytes = sizeof(struct table_update),
                                                 .worker = true,
                                                 .decode = table_update_decode,
                                                 .run = table_update_run,
                                                 .release = table_update_release};
