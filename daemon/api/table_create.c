/* CreateTable (dynamodb-features.md 1.3, the numbers below are its rules).
 *
 * The table is stored as ACTIVE and answered as CREATING, which it was until the description was
 * durable: nothing else has to happen before it serves. */
#include "daemon/api/operations.h"
#include "daemon/api/table_json.h"

#include <inttypes.h>

#define INVALID_VALUES "One or more parameter values were invalid: "

enum { TABLE_NAMES_TEXT_BYTES = 400 };

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
    if (throughput != NULL) {
        table->throughput.read_units = shape_integer(json_get(throughput, "ReadCapacityUnits"), 0);
        table->throughput.write_units =
            shape_integer(json_get(throughput, "WriteCapacityUnits"), 0);
    }
    if (table->throughput.read_units > TABLE_UNITS_MAX ||
        table->throughput.write_units > TABLE_UNITS_MAX) {
        bool read = table->throughput.read_units > TABLE_UNITS_MAX;
        return error_set(err, ERROR_VALIDATION, "Given value %" PRId64 " for %s is out of bounds",
                         read ? table->throughput.read_units : table->throughput.write_units,
                         read ? "ReadCapacityUnits" : "WriteCapacityUnits");
    }
    return true;
}

static enum value_type table_create_type(struct slice name)
{
    if (slice_is(name, "S")) {
        return VALUE_S;
    }
    return slice_is(name, "N") ? VALUE_N : VALUE_B;
}

static void table_create_attributes(const struct json *definitions, struct table *table)
{
    for (const struct json *each = definitions->first; each != NULL; each = each->next) {
        struct key_attribute *to = &table->attributes[table->attributes_count++];
        to->name = json_get(each, "AttributeName")->text;
        to->type = table_create_type(json_get(each, "AttributeType")->text);
    }
}

static const struct key_attribute *table_create_find(const struct table *table, struct slice name)
{
    for (uint32_t i = 0; i < table->attributes_count; i++) {
        if (slice_equal(table->attributes[i].name, name)) {
            return &table->attributes[i];
        }
    }
    return NULL;
}

/* "a, b" of the members AttributeName of a list. */
static void table_create_names(const struct json *list, char text[static TABLE_NAMES_TEXT_BYTES])
{
    size_t size = 0;
    text[0] = 0;
    for (const struct json *each = list->first; each != NULL; each = each->next) {
        struct slice name = json_get(each, "AttributeName")->text;
        int written = snprintf(text + size, TABLE_NAMES_TEXT_BYTES - size, "%s%.*s",
                               size > 0 ? ", " : "", SLICE_ARGS(name));
        size += (size_t)written;
        if (size >= TABLE_NAMES_TEXT_BYTES) {
            return; /* Cut: the message has said enough. */
        }
    }
}

/* Rules 6 and 7. */
static bool table_create_defined(const struct json *schema,
                                 const struct json *definitions,
                                 const struct table *table,
                                 struct error *err)
{
    if (schema->count > definitions->count) {
        return error_set(err, ERROR_VALIDATION,
                         "Invalid KeySchema: Some index key attribute have no definition");
    }
    for (const struct json *key = schema->first; key != NULL; key = key->next) {
        if (table_create_find(table, json_get(key, "AttributeName")->text) == NULL) {
            char keys[TABLE_NAMES_TEXT_BYTES];
            char defined[TABLE_NAMES_TEXT_BYTES];
            table_create_names(schema, keys);
            table_create_names(definitions, defined);
            return error_set(err, ERROR_VALIDATION,
                             INVALID_VALUES "Some index key attributes are not defined in "
                                            "AttributeDefinitions. Keys: [%s], "
                                            "AttributeDefinitions: [%s]",
                             keys, defined);
        }
    }
    return true;
}

/* Rules 6 to 10 and 12. */
static bool table_create_keys(const struct json *body, struct table *table, struct error *err)
{
    const struct json *definitions = json_get(body, "AttributeDefinitions");
    const struct json *schema = json_get(body, "KeySchema");
    if (definitions->count > TABLE_ATTRIBUTES_MAX) { /* None of the rules lets so many pass. */
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES "Number of attributes in KeySchema does not exactly match "
                                        "number of attributes defined in AttributeDefinitions");
    }
    table_create_attributes(definitions, table);
    if (!table_create_defined(schema, definitions, table, err)) {
        return false;
    }
    const struct json *first = schema->first;
    const struct json *second = first->next;
    struct slice partition = json_get(first, "AttributeName")->text;
    struct slice sort = {0};
    if (second != NULL) {
        sort = json_get(second, "AttributeName")->text;
        if (slice_equal(partition, sort)) {
            return error_set(err, ERROR_VALIDATION,
                             "Both the Hash Key and the Range Key element in the KeySchema have "
                             "the same name");
        }
    }
    if (!slice_is(json_get(first, "KeyType")->text, "HASH")) {
        return error_set(err, ERROR_VALIDATION,
                         "Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
    }
    if (second != NULL && !slice_is(json_get(second, "KeyType")->text, "RANGE")) {
        return error_set(err, ERROR_VALIDATION,
                         "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type");
    }
    if (schema->count != definitions->count) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES "Number of attributes in KeySchema does not exactly match "
                                        "number of attributes defined in AttributeDefinitions");
    }
    table->partition = *table_create_find(table, partition);
    if (second != NULL) {
        table->sort = *table_create_find(table, sort);
    }
    return true;
}

/* Rules 21 to 23, as far as they can be broken by what is served. */
static bool table_create_options(const struct json *body, struct error *err)
{
    const struct json *stream = json_get(body, "StreamSpecification");
    const struct json *sse = json_get(body, "SSESpecification");
    const struct json *class = json_get(body, "TableClass");
    if (stream != NULL && json_get(stream, "StreamViewType") != NULL) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES "Table is being created with a stream disabled, "
                                        "UpdateViewType should not be specified");
    }
    if (sse != NULL && json_get(sse, "SSEType") != NULL) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES "SSEType can not be specified if Enabled is false");
    }
    if (sse != NULL && json_get(sse, "KMSMasterKeyId") != NULL) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES "KMSMasterKeyId can not be specified if Enabled is false");
    }
    return class == NULL || slice_is(class->text, "STANDARD") ||
           error_set(err, ERROR_VALIDATION,
                     "Invalid table-class parameter provided. Please try again with a valid "
                     "table-class value: [STANDARD, STANDARD_INFREQUENT_ACCESS].");
}

static bool table_create_decode(struct call *call, struct error *err)
{
    struct table *table = arena_zalloc(call->arena, 1, sizeof(*table));
    const struct json *body = call->body;
    *(struct table **)call->state = table;
    if (json_get(body, "TableName") == NULL) {
        return error_set(err, ERROR_VALIDATION,
                         "The parameter 'TableName' is required but was not present in the "
                         "request");
    }
    if (!shape_check(&shape_create_table, body, call->operation->name, err) ||
        !table_create_billing(body, table, err) || !table_create_keys(body, table, err) ||
        !table_create_options(body, err)) {
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

static bool table_create_run(struct call *call, enum read_tier tier, struct error *err)
{
    struct table *table = *(struct table **)call->state;
    struct store *store = call->node->store;
    (void)tier;
    table->created_ms = store->clock.wall_ms(store->clock.context);
    table->on_demand_since_ms = table->was_on_demand ? table->created_ms : 0;
    table->schema_stamp = store->clock.stamp(store->clock.context, 0);
    table->schema_region = store->region_id;
    if (!catalog_create(store->catalog, table, err)) {
        return err->code == ERROR_IN_USE ? table_create_taken(store, table->name, err) : false;
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
                                                 .state_bytes = sizeof(struct table *),
                                                 .worker = true,
                                                 .decode = table_create_decode,
                                                 .run = table_create_run};
