/* CreateTable (dynamodb-features.md 1.3, the numbers below are its rules).
 *
 * The table is stored as ACTIVE and answered as CREATING, which it was until the description was
 * durable: nothing else has to happen before it serves, and its indexes are as empty as it is. */
#include "daemon/api/operations.h"
#include "daemon/api/resource_policy.h"
#include "daemon/api/streams_arn.h"
#include "daemon/api/table_capacity.h"
#include "daemon/api/table_index.h"
#include "daemon/api/table_json.h"
#include "daemon/api/table_keys.h"
#include "daemon/api/table_options.h"
#include "daemon/api/tags.h"
#include "storage/stream/stream.h"

#define INVALID_VALUES "One or more parameter values were invalid: "

struct table_create {
    struct table *table;
    struct slice settings[SETTINGS];
    struct slice policy; /* Minified; empty: none. */
};

/* Rules 3 to 5. */
static bool table_create_billing(const struct json *body, struct table *table, struct error *err)
{
    const struct json *throughput = json_get(body, "ProvisionedThroughput");
    bool on_demand = slice_is(shape_text(json_get(body, "BillingMode")), "PAY_PER_REQUEST");
    if (on_demand && throughput != NULL) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES "Neither ReadCapacityUnits nor WriteCapacityUnits can be "
                                        "specified when BillingMode is PAY_PER_REQUEST");
    }
    if (!on_demand && throughput == NULL) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES "ReadCapacityUnits and WriteCapacityUnits must both be "
                                        "specified when BillingMode is PROVISIONED");
    }
    table->billing = on_demand ? BILLING_PAY_PER_REQUEST : BILLING_PROVISIONED;
    table->was_on_demand = on_demand;
    const struct capacity_owner owner = {.billing = table->billing};
    return throughput == NULL || table_capacity_units(throughput, &owner, &table->throughput, err);
}

/* The model leaves these two open for tables made after another one, which is not served. */
static bool table_create_required(const struct json *body, struct error *err)
{
    bool definitions = json_get(body, "AttributeDefinitions") != NULL;
    bool schema = json_get(body, "KeySchema") != NULL;
    if (definitions && schema) {
        return true;
    }
    return error_set(err, ERROR_VALIDATION, "%s detected: %s%s%s",
                     definitions || schema ? "1 validation error" : "2 validation errors",
                     definitions ? ""
                                 : "Value null at 'attributeDefinitions' failed to satisfy "
                                   "constraint: Member must not be null",
                     definitions || schema ? "" : "; ",
                     schema ? ""
                            : "Value null at 'keySchema' failed to satisfy constraint: "
                              "Member must not be null");
}

/* Rules 6 to 12. */
static bool table_create_keys(struct call *call, struct table *table, struct error *err)
{
    const struct json *body = call->body;
    const struct json *definitions = json_get(body, "AttributeDefinitions");
    const struct json *schema = json_get(body, "KeySchema");
    bool indexed = json_get(body, "LocalSecondaryIndexes") != NULL ||
                   json_get(body, "GlobalSecondaryIndexes") != NULL;
    struct key_schema keys;
    if (!table_keys_define(definitions, false, table, err)) {
        return false;
    }
    if (schema->count > definitions->count) {
        return error_set(err, ERROR_VALIDATION,
                         "Invalid KeySchema: Some index key attribute have no definition");
    }
    if (!table_keys_defined(schema, table, err) ||
        !table_keys_schema(schema, KEYS_OF_TABLE, table, &keys, err)) {
        return false;
    }
    table->partition = keys.partition[0];
    if (keys.sort_count > 0) {
        table->sort = keys.sort[0];
    }
    if (!indexed) {
        return schema->count == definitions->count ||
               error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES "Number of attributes in KeySchema does not exactly match "
                                        "number of attributes defined in AttributeDefinitions");
    }
    return table_indexes_keys(body, call->arena, table, err) && table_keys_surplus(table, err);
}

/* Rules 21 to 25. */
static bool table_create_options(struct call *call, struct table *table, struct error *err)
{
    const struct json *body = call->body;
    const struct capacity_owner owner = {.billing = table->billing};
    const struct json *stream = json_get(body, "StreamSpecification");
    const struct json *sse = json_get(body, "SSESpecification");
    const struct json *class = json_get(body, "TableClass");
    const struct json *most = json_get(body, "OnDemandThroughput");
    const struct json *warm = json_get(body, "WarmThroughput");
    return (stream == NULL || table_options_stream(stream, err)) &&
           (sse == NULL || table_options_encryption(sse, call->node, call->arena, table, err)) &&
           (class == NULL || table_options_class(class, &table->table_class, err)) &&
           (most == NULL || table_capacity_on_demand(most, &owner, &table->throughput, err)) &&
           (warm == NULL || table_capacity_warm_new(warm, &owner, &table->throughput, err));
}

/* Rule 26. */
static bool
table_create_tags(struct call *call, struct slice settings[static SETTINGS], struct error *err)
{
    const struct json *tags = json_get(call->body, "Tags");
    return tags == NULL || tags->count == 0 ||
           (tags_check(tags, err) &&
            tags_merge(call->arena, (struct slice){0}, tags, &settings[SETTING_TAGS], err));
}

static bool table_create_policy(struct call *call, struct slice *policy, struct error *err)
{
    const struct json *json = json_get(call->body, "ResourcePolicy");
    return json == NULL ||
           resource_policy_check(call, json->text, SLICE_LITERAL(""), true, policy, err);
}

static bool table_create_decode(struct call *call, struct error *err)
{
    struct table_create *state = call->state;
    struct table *table = arena_zalloc(call->arena, 1, sizeof(*table));
    const struct json *body = call->body;
    state->table = table;
    if (!shape_check(&shape_create_table, body, call->operation->name, err) ||
        !table_create_required(body, err) || !table_create_billing(body, table, err) ||
        !table_create_keys(call, table, err) ||
        !table_indexes_rest(body, call->arena, table, err) ||
        !table_create_options(call, table, err) || !table_create_tags(call, state->settings, err) ||
        !table_create_policy(call, &state->policy, err)) {
        return false;
    }
    table->name = json_get(body, "TableName")->text;
    table->deletion_protection = shape_boolean(json_get(body, "DeletionProtectionEnabled"), false);
    table->status = TABLE_ACTIVE;
    return true;
}

/* The name is taken: by a table in use, or by a replica that is still being filled? */
static bool table_create_taken(struct store *store, struct slice name, struct error *err)
{
    const struct table *other = catalog_acquire(store->catalog, name);
    bool creating = other != NULL && other->status == TABLE_CREATING;
    table_release(other);
    if (creating) {
        return error_set(err, ERROR_IN_USE,
                         "Attempt to change a resource which is still in use: Table is being "
                         "created: %.*s",
                         SLICE_ARGS(name));
    }
    return error_set(err, ERROR_IN_USE, "Table already exists: %.*s", SLICE_ARGS(name));
}

/* The stream comes second, so that it is a stream of this table and no other; nobody has been told
 * of the table yet. */
static bool table_create_stream(struct call *call, struct error *err)
{
    const struct table_create *state = call->state;
    const struct json *asked = json_get(call->body, "StreamSpecification");
    struct store *store = call->node->store;
    if (!table_options_streams(asked)) {
        return true;
    }
    catalog_change_begin(store->catalog);
    const struct table *made = catalog_acquire(store->catalog, state->table->name);
    bool ok = true;
    if (made != NULL && made->stream.id == 0) {
        struct table changed = *made;
        ok = stream_enable(store, &changed,
                           streams_view_of(json_get(asked, "StreamViewType")->text), err);
    }
    catalog_change_end(store->catalog);
    if (!ok && made != NULL) {
        struct error left = {0};
        if (!store_drop_table(store, made->id, &left)) {
            error_wrap(err, "the table stays without a stream (%s)", left.text);
        }
    }
    table_release(made);
    return ok;
}

static bool table_create_run(struct call *call, enum read_tier tier, struct error *err)
{
    struct table_create *state = call->state;
    struct table *table = state->table;
    struct store *store = call->node->store;
    (void)tier;
    table->created_ms = store->clock.wall_ms(store->clock.context);
    table->on_demand_since_ms = table->was_on_demand ? table->created_ms : 0;
    table->class_changed_ms = table->table_class == CLASS_STANDARD ? 0 : table->created_ms;
    table->schema_stamp = store->clock.stamp(store->clock.context, 0);
    table->schema_region = store->region_id;
    if (state->policy.size > 0) {
        state->settings[SETTING_POLICY] =
            resource_policy_document(call, state->policy, table->created_ms);
    }
    if (!catalog_create_with(store->catalog, table, state->settings, err)) {
        return err->code == ERROR_IN_USE ? table_create_taken(store, table->name, err) : false;
    }
    if (!table_create_stream(call, err)) {
        return false;
    }
    const struct table *made = catalog_acquire(store->catalog, table->name);
    if (made == NULL) { /* Deleted by somebody in between. */
        return error_set(err, ERROR_NOT_FOUND,
                         "Requested resource not found: Table: %.*s not found",
                         SLICE_ARGS(table->name));
    }
    answer_begin(call);
    answer_member(call, "TableDescription");
    table_json_write(call, made, TABLE_JSON_CREATED, TABLE_CREATING);
    answer_end(call);
    table_release(made);
    return true;
}

const struct operation operation_create_table = {.name = "CreateTable",
                                                 .state_bytes = sizeof(struct table_create),
                                                 .worker = true,
                                                 .decode = table_create_decode,
                                                 .run = table_create_run};
