/* UpdateTable: billing mode and throughput of the table and its global indexes
 * (dynamodb-features.md 2.2). */
#include "daemon/api/table_capacity.h"
#include "daemon/api/table_update.h"

#define INVALID_VALUES "One or more parameter values were invalid: "

/* What an Update of GlobalSecondaryIndexUpdates asks for this index; NULL: nothing. */
static const struct json *
table_update_asked(const struct call *call, struct slice name, const char *member)
{
    const struct json *updates = json_get(call->body, "GlobalSecondaryIndexUpdates");
    for (const struct json *each = updates == NULL ? NULL : updates->first; each != NULL;
         each = each->next) {
        const struct json *update = json_get(each, "Update");
        if (update != NULL && slice_equal(json_get(update, "IndexName")->text, name)) {
            return json_get(update, member);
        }
    }
    return NULL;
}

/* Every index that an Update names is there and not on its way. */
static bool table_update_named(struct call *call,
                               const struct table *table,
                               struct table_index *indexes,
                               struct error *err)
{
    const struct json *updates = json_get(call->body, "GlobalSecondaryIndexUpdates");
    for (const struct json *each = updates == NULL ? NULL : updates->first; each != NULL;
         each = each->next) {
        struct table_index *index = NULL;
        if (!table_update_find(table, indexes,
                               json_get(json_get(each, "Update"), "IndexName")->text, "update",
                               &index, err)) {
            return false;
        }
    }
    return true;
}

bool table_update_capacity_decode(const struct json *body, struct error *err)
{
    const struct json *units = json_get(body, "ProvisionedThroughput");
    const struct json *updates = json_get(body, "GlobalSecondaryIndexUpdates");
    const struct capacity_owner owner = {.billing = BILLING_PROVISIONED};
    struct throughput ignored;
    if (units == NULL && slice_is(shape_text(json_get(body, "BillingMode")), "PROVISIONED")) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES "ProvisionedThroughput must be specified when BillingMode "
                                        "is PROVISIONED");
    }
    if (units != NULL && !table_capacity_units(units, &owner, &ignored, err)) {
        return false;
    }
    for (const struct json *each = updates == NULL ? NULL : updates->first; each != NULL;
         each = each->next) {
        const struct json *update = json_get(each, "Update");
        units = update == NULL ? NULL : json_get(update, "ProvisionedThroughput");
        struct error bare = {0};
        if (units != NULL && !table_capacity_units(units, &owner, &ignored, &bare)) {
            return error_set(err, ERROR_VALIDATION,
                             "This operation cannot be performed with given input values. Please "
                             "contact DynamoDB service team for more info: Action Blocked: "
                             "IndexUpdate");
        }
    }
    return true;
}

/* --- Provisioned ------------------------------------------------------------------------------ */

/* `before` is the mode until now: out of on-demand all values are new and none is a decrease. */
static bool table_update_units(const struct json *asked,
                               const struct capacity_owner *owner,
                               enum billing_mode before,
                               uint64_t now_ms,
                               struct throughput *throughput,
                               struct error *err)
{
    struct throughput units = {0};
    if (!table_capacity_units(asked, owner, &units, err)) {
        return false;
    }
    if (before == BILLING_PROVISIONED) {
        return table_capacity_change(&units, owner, now_ms, throughput, err);
    }
    table_capacity_keep_warm(BILLING_PAY_PER_REQUEST, throughput);
    throughput->read_units = units.read_units;
    throughput->write_units = units.write_units;
    throughput->read_units_max = 0;
    throughput->write_units_max = 0;
    throughput->increased_ms = now_ms;
    return true;
}

static bool table_update_provisioned(struct call *call,
                                     enum billing_mode before,
                                     uint64_t now_ms,
                                     struct table *changed,
                                     struct table_index *indexes,
                                     struct error *err)
{
    const struct json *asked = json_get(call->body, "ProvisionedThroughput");
    const struct capacity_owner owner = {.billing = BILLING_PROVISIONED};
    bool moves = before == BILLING_PAY_PER_REQUEST;
    if (asked != NULL &&
        !table_update_units(asked, &owner, before, now_ms, &changed->throughput, err)) {
        return false;
    }
    for (uint32_t i = 0; i < changed->indexes_count; i++) {
        struct table_index *index = &indexes[i];
        const struct capacity_owner its = {index->name, BILLING_PROVISIONED};
        const struct json *units = table_update_asked(call, index->name, "ProvisionedThroughput");
        if (index->kind == INDEX_LOCAL) {
            continue;
        }
        if (units == NULL && moves) {
            return error_set(err, ERROR_VALIDATION,
                             INVALID_VALUES
                             "ProvisionedThroughput must be specified for index: %.*s",
                             SLICE_ARGS(index->name));
        }
        if (units != NULL &&
            !table_update_units(units, &its, before, now_ms, &index->throughput, err)) {
            return false;
        }
    }
    return true;
}

/* --- On demand -------------------------------------------------------------------------------- */

static void table_update_to_demand(struct throughput *throughput)
{
    table_capacity_keep_warm(BILLING_PROVISIONED, throughput);
    throughput->read_units = 0;
    throughput->write_units = 0;
}

static bool table_update_on_demand(struct call *call,
                                   enum billing_mode before,
                                   uint64_t now_ms,
                                   struct table *changed,
                                   struct table_index *indexes,
                                   struct error *err)
{
    bool units = json_get(call->body, "ProvisionedThroughput") != NULL;
    for (uint32_t i = 0; i < changed->indexes_count; i++) {
        units = units || table_update_asked(call, indexes[i].name, "ProvisionedThroughput") != NULL;
    }
    if (units) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES "Neither ReadCapacityUnits nor WriteCapacityUnits can be "
                                        "specified when BillingMode is PAY_PER_REQUEST");
    }
    if (before == BILLING_PAY_PER_REQUEST) {
        return true; /* Sent again: nothing to do. */
    }
    table_update_to_demand(&changed->throughput);
    for (uint32_t i = 0; i < changed->indexes_count; i++) {
        struct throughput *throughput = &indexes[i].throughput;
        if (indexes[i].kind == INDEX_GLOBAL) {
            table_update_to_demand(throughput);
            throughput->decreases = table_capacity_decreases(throughput, now_ms) + 1;
            throughput->decreased_ms = now_ms;
        }
    }
    changed->was_on_demand = true;
    changed->on_demand_since_ms = now_ms;
    return true;
}

/* OnDemandThroughput of the table and of indexes, under the mode that the call leaves. */
static bool table_update_maxima(struct call *call,
                                struct table *changed,
                                struct table_index *indexes,
                                struct error *err)
{
    const struct json *asked = json_get(call->body, "OnDemandThroughput");
    const struct capacity_owner owner = {.billing = changed->billing};
    if (asked != NULL && !table_capacity_on_demand(asked, &owner, &changed->throughput, err)) {
        return false;
    }
    for (uint32_t i = 0; i < changed->indexes_count; i++) {
        const struct capacity_owner its = {indexes[i].name, changed->billing};
        asked = table_update_asked(call, indexes[i].name, "OnDemandThroughput");
        if (asked != NULL && !table_capacity_on_demand(asked, &its, &indexes[i].throughput, err)) {
            return false;
        }
    }
    return true;
}

/* The times of the change, as one that has just begun; the counter is that of before. */
static void table_update_began(const struct throughput *before,
                               const struct throughput *after,
                               uint64_t now_ms,
                               struct throughput *shown)
{
    shown->decreases = table_capacity_decreases(before, now_ms);
    shown->increased_ms =
        after->increased_ms == before->increased_ms ? before->increased_ms : now_ms;
    shown->decreased_ms =
        after->decreased_ms == before->decreased_ms ? before->decreased_ms : now_ms;
}

/* What the answer shows: old units that are about to change, or the new billing mode. */
static void table_update_show(struct call *call,
                              const struct table *before,
                              const struct table *changed,
                              uint64_t now_ms)
{
    struct table_update *state = call->state;
    bool moves = before->billing != changed->billing;
    bool to_demand = moves && changed->billing == BILLING_PAY_PER_REQUEST;
    struct table *shown = arena_alloc(call->arena, sizeof(*shown));
    struct table_index *indexes =
        arena_zalloc(call->arena, before->indexes_count, sizeof(*indexes));
    *shown = moves ? *changed : *before;
    shown->on_demand_since_ms = before->on_demand_since_ms;
    table_update_began(&before->throughput, &changed->throughput, now_ms, &shown->throughput);
    for (uint32_t i = 0; i < before->indexes_count; i++) {
        const struct table_index *was = &before->indexes[i];
        const struct table_index *is = &changed->indexes[i];
        bool units = was->throughput.read_units != is->throughput.read_units ||
                     was->throughput.write_units != is->throughput.write_units;
        indexes[i] = moves ? *is : *was;
        table_update_began(&was->throughput, to_demand ? &was->throughput : &is->throughput, now_ms,
                           &indexes[i].throughput);
        state->updating |= units ? UINT32_C(1) << i : 0;
    }
    if (to_demand) {
        shown->throughput.decreased_ms = now_ms;
    }
    shown->indexes = indexes;
    state->shown = shown;
}

bool table_update_capacity(struct call *call,
                           struct table *changed,
                           struct table_index *indexes,
                           struct error *err)
{
    const struct store *store = call->node->store;
    uint64_t now_ms = store->clock.wall_ms(store->clock.context);
    uint64_t done_ms = now_ms + 1; /* Behind the answer's: who waits compares the two. */
    struct table earlier = *changed;
    const struct json *mode = json_get(call->body, "BillingMode");
    enum billing_mode before = changed->billing;
    if (mode != NULL) {
        changed->billing =
            slice_is(mode->text, "PAY_PER_REQUEST") ? BILLING_PAY_PER_REQUEST : BILLING_PROVISIONED;
    }
    for (uint32_t i = 0; i < changed->indexes_count; i++) {
        if (indexes[i].status == INDEX_CREATING) {
            return error_set(err, ERROR_IN_USE,
                             "Can't change table IOPS when an index is being created. Table: %.*s "
                             "Indexes: [%.*s]",
                             SLICE_ARGS(changed->name), SLICE_ARGS(indexes[i].name));
        }
    }
    struct table_index *was = arena_zalloc(call->arena, changed->indexes_count, sizeof(*was));
    if (changed->indexes_count > 0) {
        memcpy(was, indexes, changed->indexes_count * sizeof(*was));
    }
    earlier.indexes = was;
    bool on_demand = changed->billing == BILLING_PAY_PER_REQUEST;
    bool ok =
        table_update_named(call, changed, indexes, err) &&
        (on_demand ? table_update_on_demand(call, before, done_ms, changed, indexes, err)
                   : table_update_provisioned(call, before, done_ms, changed, indexes, err)) &&
        table_update_maxima(call, changed, indexes, err);
    if (ok) {
        table_update_show(call, &earlier, changed, now_ms);
    }
    return ok;
}

/* --- Warm ------------------------------------------------------------------------------------- */

bool table_update_warm(struct call *call,
                       struct table *changed,
                       struct table_index *indexes,
                       struct error *err)
{
    const struct json *asked = json_get(call->body, "WarmThroughput");
    const struct capacity_owner owner = {.billing = changed->billing};
    if (!table_update_named(call, changed, indexes, err) ||
        (asked != NULL && !table_capacity_warm_raise(asked, &owner, &changed->throughput, err))) {
        return false;
    }
    for (uint32_t i = 0; i < changed->indexes_count; i++) {
        const struct capacity_owner its = {indexes[i].name, changed->billing};
        asked = table_update_asked(call, indexes[i].name, "WarmThroughput");
        if (asked != NULL && !table_capacity_warm_raise(asked, &its, &indexes[i].throughput, err)) {
            return false;
        }
    }
    return true;
}
