#include "daemon/api/table_json.h"

#include "daemon/api/streams_arn.h"
#include "daemon/api/table_capacity.h"
#include "daemon/api/table_options.h"

#include <inttypes.h>

struct json_writer {
    struct buffer *to;
    const struct node *node;
    const struct table *table;
    enum table_json_form form;
    uint64_t now_ms;
    uint32_t updating; /* Bit i: of table->indexes. */
};

static const char *const table_status_names[TABLE_STATUSES] = {
    [TABLE_CREATING] = "CREATING",
    [TABLE_ACTIVE] = "ACTIVE",
    [TABLE_UPDATING] = "UPDATING",
    [TABLE_DELETING] = "DELETING",
};
static const char *const replica_status_names[REPLICA_STATUSES] = {
    [REPLICA_CREATING] = "CREATING",
    [REPLICA_ACTIVE] = "ACTIVE",
    [REPLICA_DELETING] = "DELETING",
    [REPLICA_CREATION_FAILED] = "CREATION_FAILED",
};

static const char *const index_status_names[INDEX_STATUSES] = {
    [INDEX_CREATING] = "CREATING",
    [INDEX_ACTIVE] = "ACTIVE",
    [INDEX_DELETING] = "DELETING",
};
static const char *const projection_names[PROJECTION_KINDS] = {
    [PROJECTION_ALL] = "ALL",
    [PROJECTION_KEYS_ONLY] = "KEYS_ONLY",
    [PROJECTION_INCLUDE] = "INCLUDE",
};

bool table_json_idle(const struct table *table, struct error *err)
{
    static const char *const doing[TABLE_STATUSES] = {
        [TABLE_CREATING] = "created",
        [TABLE_UPDATING] = "updated",
        [TABLE_DELETING] = "deleted",
    };
    return table->status == TABLE_ACTIVE ||
           error_set(err, ERROR_IN_USE,
                     "Attempt to change a resource which is still in use: Table is being %s: %.*s",
                     doing[table->status], SLICE_ARGS(table->name));
}

static void table_json_string(struct buffer *to, const char *name, struct slice text)
{
    buffer_printf(to, ",\"%s\":", name);
    json_write_string(to, text);
}

/* Epoch seconds with three decimals. */
static void table_json_time(struct buffer *to, const char *name, uint64_t ms)
{
    buffer_printf(to, ",\"%s\":%" PRIu64 ".%03u", name, ms / 1000, (unsigned)(ms % 1000));
}

void table_json_write_arn(struct buffer *to, const struct node *node, struct slice name)
{
    buffer_printf(to, "\"arn:aws:dynamodb:%s:%s:table/%.*s\"", node->region, node->account,
                  SLICE_ARGS(name));
}

static void
table_json_key(struct buffer *to, const struct key_attribute *key, const char *type, bool *first)
{
    buffer_append_text(to, *first ? "{\"AttributeName\":" : ",{\"AttributeName\":");
    json_write_string(to, key->name);
    buffer_printf(to, ",\"KeyType\":\"%s\"}", type);
    *first = false;
}

static void table_json_keys(struct buffer *to, const struct key_schema *keys)
{
    bool first = true;
    buffer_append_text(to, ",\"KeySchema\":[");
    for (uint32_t i = 0; i < keys->partition_count; i++) {
        table_json_key(to, &keys->partition[i], "HASH", &first);
    }
    for (uint32_t i = 0; i < keys->sort_count; i++) {
        table_json_key(to, &keys->sort[i], "RANGE", &first);
    }
    buffer_append_byte(to, ']');
}

static void table_json_schema(struct buffer *to, const struct table *table)
{
    struct key_schema keys = table_key_schema(table);
    buffer_append_text(to, ",\"AttributeDefinitions\":[");
    for (uint32_t i = 0; i < table->attributes_count; i++) {
        buffer_append_text(to, i > 0 ? ",{\"AttributeName\":" : "{\"AttributeName\":");
        json_write_string(to, table->attributes[i].name);
        buffer_printf(to, ",\"AttributeType\":\"%s\"}", value_type_name(table->attributes[i].type));
    }
    buffer_append_byte(to, ']');
    table_json_keys(to, &keys);
}

/* --- Capacity --------------------------------------------------------------------------------- */

static void table_json_provisioned(const struct json_writer *writer,
                                   const struct throughput *throughput)
{
    struct buffer *to = writer->to;
    bool on_demand = writer->table->billing == BILLING_PAY_PER_REQUEST;
    buffer_printf(to, ",\"ProvisionedThroughput\":{\"NumberOfDecreasesToday\":%u",
                  table_capacity_decreases(throughput, writer->now_ms));
    if (throughput->increased_ms != 0) {
        table_json_time(to, "LastIncreaseDateTime", throughput->increased_ms);
    }
    if (throughput->decreased_ms != 0) {
        table_json_time(to, "LastDecreaseDateTime", throughput->decreased_ms);
    }
    buffer_printf(to, ",\"ReadCapacityUnits\":%" PRId64 ",\"WriteCapacityUnits\":%" PRId64 "}",
                  on_demand ? 0 : throughput->read_units, on_demand ? 0 : throughput->write_units);
}

static void table_json_on_demand(struct buffer *to, const struct throughput *throughput)
{
    int64_t read = throughput->read_units_max;
    int64_t write = throughput->write_units_max;
    if (read != 0 || write != 0) {
        buffer_printf(to,
                      ",\"OnDemandThroughput\":{\"MaxReadRequestUnits\":%" PRId64
                      ",\"MaxWriteRequestUnits\":%" PRId64 "}",
                      read == 0 ? -1 : read, write == 0 ? -1 : write);
    }
}

static void table_json_warm(const struct json_writer *writer, const struct throughput *throughput)
{
    enum billing_mode billing = writer->table->billing;
    buffer_printf(writer->to,
                  ",\"WarmThroughput\":{\"ReadUnitsPerSecond\":%" PRId64
                  ",\"WriteUnitsPerSecond\":%" PRId64 ",\"Status\":\"%s\"}",
                  table_capacity_warm_read(billing, throughput),
                  table_capacity_warm_write(billing, throughput),
                  writer->form == TABLE_JSON_CREATED || writer->form == TABLE_JSON_WARMED
                      ? "UPDATING"
                      : "ACTIVE");
}

static bool table_json_shows_warm(const struct json_writer *writer,
                                  const struct throughput *throughput)
{
    bool asked = throughput->read_units_warm != 0 || throughput->write_units_warm != 0;
    return writer->form != TABLE_JSON_DELETED && (writer->form != TABLE_JSON_CREATED || asked);
}

static void table_json_capacity(const struct json_writer *writer)
{
    const struct table *table = writer->table;
    struct buffer *to = writer->to;
    table_json_provisioned(writer, &table->throughput);
    if (table->was_on_demand) {
        buffer_printf(to, ",\"BillingModeSummary\":{\"BillingMode\":\"%s\"",
                      table->billing == BILLING_PAY_PER_REQUEST ? "PAY_PER_REQUEST"
                                                                : "PROVISIONED");
        if (writer->form != TABLE_JSON_CREATED && table->on_demand_since_ms != 0) {
            table_json_time(to, "LastUpdateToPayPerRequestDateTime", table->on_demand_since_ms);
        }
        buffer_append_byte(to, '}');
    }
    if (writer->form != TABLE_JSON_DELETED) {
        table_json_on_demand(to, &table->throughput);
    }
    if (table_json_shows_warm(writer, &table->throughput)) {
        table_json_warm(writer, &table->throughput);
    }
}

/* --- Indexes ---------------------------------------------------------------------------------- */

static void table_json_projection(struct buffer *to, const struct table_index *index)
{
    buffer_printf(to, ",\"Projection\":{\"ProjectionType\":\"%s\"",
                  projection_names[index->projection]);
    for (uint32_t i = 0; i < index->non_key_count; i++) {
        buffer_append_text(to, i == 0 ? ",\"NonKeyAttributes\":[" : ",");
        json_write_string(to, index->non_key[i]);
    }
    buffer_append_text(to, index->non_key_count > 0 ? "]}" : "}");
}

static const char *table_json_index_status(const struct json_writer *writer,
                                           const struct table_index *index)
{
    if (writer->form == TABLE_JSON_CREATED) {
        return "CREATING";
    }
    if ((writer->updating >> (index - writer->table->indexes) & 1) != 0) {
        return "UPDATING";
    }
    return index_status_names[index->status];
}

static void table_json_index(const struct json_writer *writer, const struct table_index *index)
{
    struct buffer *to = writer->to;
    uint64_t items = 0;
    uint64_t bytes = 0;
    catalog_index_totals(writer->node->store->catalog, writer->table->id, index->id, &items,
                         &bytes);
    buffer_append_text(to, "{\"IndexName\":");
    json_write_string(to, index->name);
    table_json_keys(to, &index->keys);
    table_json_projection(to, index);
    if (index->kind == INDEX_GLOBAL) {
        buffer_printf(to, ",\"IndexStatus\":\"%s\"", table_json_index_status(writer, index));
        if (index->status == INDEX_CREATING) {
            buffer_printf(to, ",\"Backfilling\":%s", index->backfilling ? "true" : "false");
        }
        table_json_provisioned(writer, &index->throughput);
        table_json_on_demand(to, &index->throughput);
        if (table_json_shows_warm(writer, &index->throughput)) {
            table_json_warm(writer, &index->throughput);
        }
    }
    buffer_printf(to, ",\"IndexSizeBytes\":%" PRIu64 ",\"ItemCount\":%" PRIu64, bytes, items);
    buffer_printf(to, ",\"IndexArn\":\"arn:aws:dynamodb:%s:%s:table/%.*s/index/%.*s\"}",
                  writer->node->region, writer->node->account, SLICE_ARGS(writer->table->name),
                  SLICE_ARGS(index->name));
}

static void table_json_indexes(const struct json_writer *writer, enum index_kind kind)
{
    static const char *const lists[INDEX_KINDS] = {
        [INDEX_LOCAL] = ",\"LocalSecondaryIndexes\":[",
        [INDEX_GLOBAL] = ",\"GlobalSecondaryIndexes\":[",
    };
    bool any = false;
    for (uint32_t i = 0; i < writer->table->indexes_count; i++) {
        const struct table_index *index = &writer->table->indexes[i];
        if (index->kind == kind) {
            buffer_append_text(writer->to, any ? "," : lists[kind]);
            table_json_index(writer, index);
            any = true;
        }
    }
    if (any) {
        buffer_append_byte(writer->to, ']');
    }
}

/* --- The rest --------------------------------------------------------------------------------- */

static void table_json_stream(const struct json_writer *writer)
{
    const struct table_stream *stream = &writer->table->stream;
    struct buffer *to = writer->to;
    if (stream->id != 0) {
        buffer_printf(to,
                      ",\"StreamSpecification\":{\"StreamEnabled\":true,\"StreamViewType\":\"%s\"}",
                      streams_view_name(stream->view));
    }
    if (stream->label_ms != 0) {
        char label[STREAMS_LABEL_BYTES];
        streams_label_print(stream->label_ms, label);
        buffer_printf(to, ",\"LatestStreamLabel\":\"%s\",\"LatestStreamArn\":\"", label);
        streams_arn_write(to, writer->node, writer->table->name, stream->label_ms);
        buffer_append_byte(to, '"');
    }
}

static void table_json_options(struct call *call, const struct table *table)
{
    struct buffer *to = &call->answer;
    if (table->encrypted) {
        buffer_append_text(to, ",\"SSEDescription\":{\"Status\":\"ENABLED\",\"SSEType\":\"KMS\"");
        table_json_string(to, "KMSMasterKeyArn", table_options_key(table, call->node, call->arena));
        buffer_append_byte(to, '}');
    }
    if (table->class_changed_ms != 0) {
        buffer_printf(to, ",\"TableClassSummary\":{\"TableClass\":\"%s\"",
                      table_options_class_name(table->table_class));
        table_json_time(to, "LastUpdateDateTime", table->class_changed_ms);
        buffer_append_byte(to, '}');
    }
}

static void table_json_replicas(const struct json_writer *writer)
{
    struct buffer *to = writer->to;
    const struct table *table = writer->table;
    buffer_append_text(to, ",\"GlobalTableVersion\":\"2019.11.21\",\"Replicas\":[");
    for (uint32_t i = 0; i < table->replicas_count; i++) {
        const struct replica *replica = &table->replicas[i];
        buffer_printf(to, "%s{\"RegionName\":\"%s\",\"ReplicaStatus\":\"%s\"", i > 0 ? "," : "",
                      replica->region, replica_status_names[replica->status]);
        if (replica->reason[0] != 0) {
            table_json_string(to, "ReplicaStatusDescription", slice_text(replica->reason));
        }
        table_json_warm(writer, &table->throughput);
        buffer_append_text(to,
                           ",\"GlobalTableSettingsReplicationMode\":\"ENABLED_WITH_OVERRIDES\"}");
    }
    buffer_append_text(to, "],\"GlobalTableSettingsReplicationMode\":\"ENABLED_WITH_OVERRIDES\"");
}

/* An index that is being set up or deleted keeps the table UPDATING; a backfill does not. */
enum table_status table_json_status(const struct table *table)
{
    bool busy = false;
    for (uint32_t i = 0; i < table->indexes_count; i++) {
        const struct table_index *index = &table->indexes[i];
        busy = busy || index->status == INDEX_DELETING ||
               (index->status == INDEX_CREATING && !index->backfilling);
    }
    return busy && table->status == TABLE_ACTIVE ? TABLE_UPDATING : table->status;
}

static void
table_json_put(struct call *call, const struct json_writer *writer, enum table_status status)
{
    struct buffer *to = &call->answer;
    const struct store *store = call->node->store;
    const struct table *table = writer->table;
    enum table_json_form form = writer->form;
    uint64_t items = 0;
    uint64_t bytes = 0;
    catalog_totals(store->catalog, table->id, &items, &bytes);
    buffer_append_text(to, "{\"TableName\":");
    json_write_string(to, table->name);
    buffer_append_text(to, ",\"TableArn\":");
    table_json_write_arn(to, call->node, table->name);
    buffer_printf(to, ",\"TableId\":\"%s\",\"TableStatus\":\"%s\"", table->table_id,
                  table_status_names[status]);
    if (form != TABLE_JSON_DELETED) {
        table_json_time(to, "CreationDateTime", table->created_ms);
        table_json_schema(to, table);
    }
    buffer_printf(to, ",\"ItemCount\":%" PRIu64 ",\"TableSizeBytes\":%" PRIu64, items, bytes);
    buffer_printf(to, ",\"DeletionProtectionEnabled\":%s",
                  table->deletion_protection ? "true" : "false");
    table_json_capacity(writer);
    if (form != TABLE_JSON_DELETED) {
        table_json_indexes(writer, INDEX_LOCAL);
        table_json_indexes(writer, INDEX_GLOBAL);
        table_json_stream(writer);
        table_json_options(call, table);
    }
    if (form == TABLE_JSON_JOINED || (form != TABLE_JSON_DELETED && table->replicas_count > 0)) {
        table_json_replicas(writer);
    }
    buffer_append_byte(to, '}');
}

void table_json_write(struct call *call,
                      const struct table *table,
                      enum table_json_form form,
                      enum table_status status)
{
    const struct store_clock *clock = &call->node->store->clock;
    const struct json_writer writer = {.to = &call->answer,
                                       .node = call->node,
                                       .table = table,
                                       .form = form,
                                       .now_ms = clock->wall_ms(clock->context)};
    table_json_put(call, &writer, status);
}

void table_json_write_updating(struct call *call, const struct table *table, uint32_t updating)
{
    const struct store_clock *clock = &call->node->store->clock;
    const struct json_writer writer = {.to = &call->answer,
                                       .node = call->node,
                                       .table = table,
                                       .form = TABLE_JSON_DESCRIBED,
                                       .now_ms = clock->wall_ms(clock->context),
                                       .updating = updating};
    table_json_put(call, &writer, TABLE_UPDATING);
}
