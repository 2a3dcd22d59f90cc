/* UpdateTable (dynamodb-features.md 2): one concern a call. The answer shows the values from
 * before, but for indexes and a stream that is enabled: there it shows what has begun, and for a
 * new billing mode, which it shows with its values. */
#include "daemon/api/table_update.h"
#include "daemon/api/streams_arn.h"
#include "daemon/api/table_options.h"
#include "storage/stream/stream.h"

#define INVALID_VALUES "One or more parameter values were invalid: "

/* --- What is asked ---------------------------------------------------------------------------- */

/* The members of the request, by the concerns they belong to. */
struct table_update_members {
    bool units, mode, maxima, indexes, stream, encryption, class, protection, warm, replicas;
    bool definitions;
    /* Of GlobalSecondaryIndexUpdates: throughput of an index; one that is made or deleted. */
    bool index_units, index_maxima, index_warm, index_create, index_delete;
};

static bool table_update_has(const struct json *body, const char *member)
{
    return json_get(body, member) != NULL;
}

static void table_update_look(const struct json *body, struct table_update_members *has)
{
    *has = (struct table_update_members){
        .units = table_update_has(body, "ProvisionedThroughput"),
        .mode = table_update_has(body, "BillingMode"),
        .maxima = table_update_has(body, "OnDemandThroughput"),
        .indexes = table_update_has(body, "GlobalSecondaryIndexUpdates"),
        .stream = table_update_has(body, "StreamSpecification"),
        .encryption = table_update_has(body, "SSESpecification"),
        .class = table_update_has(body, "TableClass"),
        .protection = table_update_has(body, "DeletionProtectionEnabled"),
        .warm = table_update_has(body, "WarmThroughput"),
        .replicas = table_update_has(body, "ReplicaUpdates"),
        .definitions = table_update_has(body, "AttributeDefinitions"),
    };
    const struct json *updates = json_get(body, "GlobalSecondaryIndexUpdates");
    for (const struct json *each = updates == NULL ? NULL : updates->first; each != NULL;
         each = each->next) {
        const struct json *update = json_get(each, "Update");
        has->index_create = has->index_create || table_update_has(each, "Create");
        has->index_delete = has->index_delete || table_update_has(each, "Delete");
        if (update != NULL) {
            bool maxima = table_update_has(update, "OnDemandThroughput");
            bool warm = table_update_has(update, "WarmThroughput");
            has->index_maxima = has->index_maxima || maxima;
            has->index_warm = has->index_warm || warm;
            has->index_units = has->index_units || (!maxima && !warm) ||
                               table_update_has(update, "ProvisionedThroughput");
        }
    }
}

/* The concerns that stand alone, and what each says when it does not. */
static bool table_update_alone(const struct table_update_members *has, struct error *err)
{
    const struct {
        bool asked;
        const char *text;
    } rows[] = {
        {has->replicas, "Replica modification must be the only operation in the request"},
        {has->encryption,
         "Server-Side Encryption modification must be the only operation in the request"},
        {has->class, "TableClass modification must be the only operation in the request"},
        {has->protection,
         "DeletionProtection modification must be the only operation in the request"},
        {has->warm, "WarmThroughput must be the only operation in the request"},
    };
    bool others = has->units || has->mode || has->maxima || has->stream;
    bool indexes = has->index_units || has->index_maxima || has->index_create || has->index_delete;
    if (has->warm && has->index_create) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES "Create global secondary index cannot be specified when "
                                        "updating WarmThroughput");
    }
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        bool more = others || indexes;
        for (size_t k = 0; k < ARRAY_COUNT(rows); k++) {
            more = more || (k != i && rows[k].asked);
        }
        if (!rows[i].asked) {
            continue;
        }
        more = more || has->definitions || (has->index_warm && !has->warm);
        if (more) {
            return error_set(err, ERROR_VALIDATION, INVALID_VALUES "%s", rows[i].text);
        }
    }
    return true;
}

/* What of the rest goes together. */
static bool table_update_together(const struct table_update_members *has, struct error *err)
{
    bool online = has->index_create || has->index_delete;
    bool iops = has->units || has->index_units;
    const char *text = NULL;
    if (has->index_warm && (has->index_create || has->index_delete)) {
        text = "Create global secondary index cannot be specified when updating WarmThroughput";
    } else if (has->index_warm && (iops || has->mode || has->stream)) {
        text = "WarmThroughput must be the only operation in the request";
    } else if ((has->maxima || has->index_maxima) && (iops || online || has->stream)) {
        text = "OnDemandThroughput can only be combined with BillingMode in an UpdateTable "
               "request";
    } else if (has->stream && iops) {
        text = "You cannot modify stream status while updating table IOPS";
    } else if (online && (iops || has->mode)) {
        text = "You cannot create or delete index while updating table IOPS";
    } else if (online && has->stream) {
        text = "You cannot create or delete index while changing stream status";
    }
    return text == NULL || error_set(err, ERROR_VALIDATION, INVALID_VALUES "%s", text);
}

static enum table_concern table_update_concern(const struct table_update_members *has)
{
    if (has->encryption) {
        return CONCERN_ENCRYPTION;
    }
    if (has->class) {
        return CONCERN_CLASS;
    }
    if (has->protection) {
        return CONCERN_PROTECTION;
    }
    if (has->replicas) {
        return CONCERN_REPLICAS;
    }
    if (has->warm || has->index_warm) {
        return CONCERN_WARM;
    }
    if (has->index_create || has->index_delete) {
        return CONCERN_INDEX;
    }
    return has->stream ? CONCERN_STREAM : CONCERN_CAPACITY;
}

static bool table_update_asks(struct call *call, struct error *err)
{
    struct table_update *state = call->state;
    const struct json *body = call->body;
    struct table_update_members has;
    table_update_look(body, &has);
    bool consistency = table_update_has(body, "MultiRegionConsistency");
    if (!has.units && !has.mode && !has.maxima && !has.indexes && !has.stream && !has.encryption &&
        !has.class && !has.protection && !has.warm && !has.replicas &&
        !table_update_has(body, "GlobalTableWitnessUpdates")) {
        return error_set(err, ERROR_VALIDATION,
                         "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, "
                         "GlobalSecondaryIndexUpdates, SSESpecification, ReplicaUpdates, "
                         "MultiAccountReplicaReady, ReplicaTransitRoleArn, %s"
                         "DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or "
                         "TableClass is required",
                         consistency ? "" : "MultiRegionConsistency, ");
    }
    if (has.indexes &&
        !table_update_index_decode(json_get(body, "GlobalSecondaryIndexUpdates"), err)) {
        return false;
    }
    if (!table_update_alone(&has, err) || !table_update_together(&has, err) ||
        !table_update_capacity_decode(body, err)) {
        return false;
    }
    state->concern = table_update_concern(&has);
    return table_update_consistency_decode(body, err) &&
           (!has.replicas ||
            table_update_replica_decode(call, json_get(body, "ReplicaUpdates"), err)) &&
           (!has.stream || table_update_stream_decode(json_get(body, "StreamSpecification"), err));
}

static bool table_update_decode(struct call *call, struct error *err)
{
    struct table_update *state = call->state;
    return request_begin(call, &shape_update_table, &state->request, err) &&
           table_update_asks(call, err) && request_open_control(call, &state->request, err);
}

/* --- Doing it --------------------------------------------------------------------------------- */

/* A description with replicas is the group's. The members are told of the new one; while one of
 * them is being filled nothing else changes. */
bool table_update_replicated(const struct call *call, const struct table *table, struct error *err)
{
    if (table->replicas_count == 0) {
        return true;
    }
    for (uint32_t i = 0; i < table->replicas_count; i++) {
        if (table->replicas[i].status == REPLICA_CREATING) {
            return error_set(err, ERROR_IN_USE,
                             "The resource which you are attempting to change is in use.");
        }
    }
    return call->node->replication != NULL ||
           error_set(err, ERROR_IN_USE,
                     "Table %.*s has replicas in other regions, and this node was started without "
                     "the cluster they belong to",
                     SLICE_ARGS(table->name));
}

static bool table_update_write(struct store *store,
                               struct table *changed,
                               const struct json *stream,
                               struct error *err)
{
    if (stream == NULL) {
        return catalog_update(store->catalog, changed, err);
    }
    return table_options_streams(stream)
               ? stream_enable(store, changed,
                               streams_view_of(json_get(stream, "StreamViewType")->text), err)
               : stream_disable(store, changed, err);
}

bool table_update_store(struct call *call,
                        struct table *changed,
                        const struct json *stream,
                        struct error *err)
{
    struct store *store = call->node->store;
    uint64_t stamp = store->clock.stamp(store->clock.context, changed->schema_stamp);
    table_restamp(changed, stamp, store->region_id, true);
    if (!table_update_write(store, changed, stream, err)) {
        return false;
    }
    if (changed->replicas_count > 0) {
        replication_table_changed(call->node->replication);
    }
    return true;
}

static bool table_update_change(struct call *call,
                                struct table *changed,
                                struct table_index *indexes,
                                struct error *err)
{
    const struct table_update *state = call->state;
    switch (state->concern) {
    case CONCERN_CAPACITY:
        return table_update_capacity(call, changed, indexes, err);
    case CONCERN_WARM:
        return table_update_warm(call, changed, indexes, err);
    case CONCERN_INDEX:
        return table_update_index(call, changed, indexes, err);
    case CONCERN_STREAM:
        return table_update_stream(json_get(call->body, "StreamSpecification"), changed, err) &&
               (json_get(call->body, "BillingMode") == NULL ||
                table_update_capacity(call, changed, indexes, err));
    case CONCERN_ENCRYPTION:
    case CONCERN_CLASS:
    case CONCERN_PROTECTION:
        return table_update_options(call, changed, err);
    case CONCERN_REPLICAS:
        break;
    }
    ensure(false);
    return false;
}

/* Re-sent PAY_PER_REQUEST asks for nothing. */
static bool table_update_is_idle(const struct call *call, const struct table *table)
{
    const struct table_update *state = call->state;
    return state->concern == CONCERN_CAPACITY &&
           slice_is(shape_text(json_get(call->body, "BillingMode")), "PAY_PER_REQUEST") &&
           table->billing == BILLING_PAY_PER_REQUEST &&
           json_get(call->body, "OnDemandThroughput") == NULL &&
           json_get(call->body, "GlobalSecondaryIndexUpdates") == NULL &&
           json_get(call->body, "ProvisionedThroughput") == NULL;
}

/* Between catalog_change_begin and _end: nobody else changes the description. */
static bool
table_update_description(struct call *call, const struct table *table, struct error *err)
{
    const struct table_update *state = call->state;
    if (!table_json_idle(table, err)) {
        return false;
    }
    if (table_update_is_idle(call, table)) {
        return true;
    }
    struct table *changed = arena_alloc(call->arena, sizeof(*changed));
    struct table_index *indexes =
        arena_zalloc(call->arena, table->indexes_count + 1, sizeof(*indexes));
    *changed = *table;
    if (table->indexes_count > 0) {
        memcpy(indexes, table->indexes, table->indexes_count * sizeof(*indexes));
    }
    changed->indexes = indexes;
    if (state->concern != CONCERN_PROTECTION && !table_update_replicated(call, table, err)) {
        return false;
    }
    if (!table_update_change(call, changed, indexes, err)) {
        return false;
    }
    const struct json *stream =
        state->concern == CONCERN_STREAM ? json_get(call->body, "StreamSpecification") : NULL;
    return state->concern == CONCERN_PROTECTION
               ? catalog_update(call->node->store->catalog, changed, err)
               : table_update_store(call, changed, stream, err);
}

/* Again, as the newest description has it: decode's may be old by now, or replaced just here. */
static bool table_update_acquire(struct call *call, struct error *err)
{
    struct table_update *state = call->state;
    const struct table *table =
        catalog_acquire_id(call->node->store->catalog, state->request.table->id);
    table_release(state->request.table);
    state->request.table = table;
    return table != NULL ||
           error_set(err, ERROR_NOT_FOUND, "Requested resource not found: Table: %.*s not found",
                     SLICE_ARGS(state->request.name));
}

/* What has begun, instead of what was before? */
static bool table_update_shows_new(const struct call *call)
{
    const struct table_update *state = call->state;
    return state->concern == CONCERN_INDEX ||
           (state->concern == CONCERN_STREAM &&
            table_options_streams(json_get(call->body, "StreamSpecification")));
}

static bool table_update_do(struct call *call, struct error *err)
{
    const struct table_update *state = call->state;
    struct catalog *catalog = call->node->store->catalog;
    if (state->concern == CONCERN_REPLICAS) {
        const struct table *table = state->request.table;
        return table_json_idle(table, err) && table_update_replicas(call, table, err);
    }
    catalog_change_begin(catalog);
    bool ok = table_update_acquire(call, err) &&
              table_update_description(call, state->request.table, err) &&
              (!table_update_shows_new(call) || table_update_acquire(call, err));
    catalog_change_end(catalog);
    return ok;
}

static bool table_update_run(struct call *call, enum read_tier tier, struct error *err)
{
    const struct table_update *state = call->state;
    enum table_json_form form = TABLE_JSON_DESCRIBED;
    enum table_status status = TABLE_UPDATING;
    (void)tier;
    if (!table_update_do(call, err)) {
        return false;
    }
    if (state->concern == CONCERN_REPLICAS && state->create) {
        form = TABLE_JSON_JOINED;
    } else if (state->concern == CONCERN_WARM) {
        form = TABLE_JSON_WARMED;
        status = TABLE_ACTIVE;
    }
    answer_begin(call);
    answer_member(call, "TableDescription");
    if (state->shown != NULL && state->concern == CONCERN_CAPACITY) {
        table_json_write_updating(call, state->shown, state->updating);
    } else {
        table_json_write(call, state->request.table, form, status);
    }
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
