#include "daemon/api/table_json.h"

#include <inttypes.h>

enum { WARM_READ_UNITS = 12000, WARM_WRITE_UNITS = 4000 }; /* Of an on-demand table. */

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

static void table_json_schema(struct buffer *to, const struct table *table)
{
    buffer_append_text(to, ",\"AttributeDefinitions\":[");
    for (uint32_t i = 0; i < table->attributes_count; i++) {
        buffer_append_text(to, i > 0 ? ",{\"AttributeName\":" : "{\"AttributeName\":");
        json_write_string(to, table->attributes[i].name);
        buffer_printf(to, ",\"AttributeType\":\"%s\"}", value_type_name(table->attributes[i].type));
    }
    buffer_append_text(to, "],\"KeySchema\":[{\"AttributeName\":");
    json_write_string(to, table->partition.name);
    buffer_append_text(to, ",\"KeyType\":\"HASH\"}");
    if (table_has_sort(table)) {
        buffer_append_text(to, ",{\"AttributeName\":");
        json_write_string(to, table->sort.name);
        buffer_append_text(to, ",\"KeyType\":\"RANGE\"}");
    }
    buffer_append_byte(to, ']');
}

static void table_json_warm(struct buffer *to, const struct table *table)
{
    bool on_demand = table->billing == BILLING_PAY_PER_REQUEST;
    buffer_printf(to,
                  ",\"WarmThroughput\":{\"ReadUnitsPerSecond\":%" PRId64
                  ",\"WriteUnitsPerSecond\":%" PRId64 ",\"Status\":\"ACTIVE\"}",
                  on_demand ? WARM_READ_UNITS : table->throughput.read_units,
                  on_demand ? WARM_WRITE_UNITS : table->throughput.write_units);
}

/* Decreases are not rationed here, so none is counted. */
static void
table_json_capacity(struct buffer *to, const struct table *table, enum table_json_form form)
{
    bool on_demand = table->billing == BILLING_PAY_PER_REQUEST;
    buffer_printf(to,
                  ",\"ProvisionedThroughput\":{\"NumberOfDecreasesToday\":0,"
                  "\"ReadCapacityUnits\":%" PRId64 ",\"WriteCapacityUnits\":%" PRId64 "}",
                  on_demand ? 0 : table->throughput.read_units,
                  on_demand ? 0 : table->throughput.write_units);
    if (table->was_on_demand) {
        buffer_printf(to, ",\"BillingModeSummary\":{\"BillingMode\":\"%s\"",
                      on_demand ? "PAY_PER_REQUEST" : "PROVISIONED");
        if (form != TABLE_JSON_CREATED) {
            table_json_time(to, "LastUpdateToPayPerRequestDateTime", table->on_demand_since_ms);
        }
        buffer_append_byte(to, '}');
    }
}

static void table_json_replicas(struct buffer *to, const struct table *table)
{
    buffer_append_text(to, ",\"GlobalTableVersion\":\"2019.11.21\",\"Replicas\":[");
    for (uint32_t i = 0; i < table->replicas_count; i++) {
        const struct replica *replica = &table->replicas[i];
        buffer_printf(to, "%s{\"RegionName\":\"%s\",\"ReplicaStatus\":\"%s\"", i > 0 ? "," : "",
                      replica->region, replica_status_names[replica->status]);
        if (replica->reason[0] != 0) {
            table_json_string(to, "ReplicaStatusDescription", slice_text(replica->reason));
        }
        table_json_warm(to, table);
        buffer_append_text(to,
                           ",\"GlobalTableSettingsReplicationMode\":\"ENABLED_WITH_OVERRIDES\"}");
    }
    buffer_append_text(to, "],\"GlobalTableSettingsReplicationMode\":\"ENABLED_WITH_OVERRIDES\"");
}

void table_json_write(struct call *call,
                      const struct table *table,
                      enum table_json_form form,
                      enum table_status status)
{
    struct buffer *to = &call->answer;
    uint64_t items = 0;
    uint64_t bytes = 0;
    catalog_totals(call->node->store->catalog, table->id, &items, &bytes);
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
    table_json_capacity(to, table, form);
    if (form == TABLE_JSON_DESCRIBED || form == TABLE_JSON_JOINED) {
        table_json_warm(to, table);
    }
    if (form == TABLE_JSON_JOINED || (form != TABLE_JSON_DELETED && table->replicas_count > 0)) {
        table_json_replicas(to, table);
    }
    buffer_append_byte(to, '}');
}
