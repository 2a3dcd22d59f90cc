#include "daemon/api/metering.h"

#include "daemon/api/table_json.h"

#define METERING_PROVISIONED "The level of configured provisioned throughput for "

/* What stands in a request's way: the table, indexes, or both. */
struct metering_refusal {
    enum throttle_side side;
    enum throttle_limit of_table;
    enum throttle_limit of_indexes[TABLE_INDEXES_MAX]; /* By place among the table's. */
    bool any;
};

static void metering_ask(const struct call *call,
                         const struct table *table,
                         const struct table_index *index,
                         struct metering_refusal *refusal)
{
    enum throttle_limit limit = throttle_admit(call->node->throttle, table, index, refusal->side);
    refusal->any = refusal->any || limit != THROTTLE_FREE;
    if (index == NULL) {
        refusal->of_table = limit;
    } else {
        refusal->of_indexes[index - table->indexes] = limit;
    }
}

/* {"reason":"IndexWriteProvisionedThroughputExceeded","resource":"arn:…/index/I"} */
static void metering_reason(struct call *call,
                            const struct table *table,
                            const struct table_index *index,
                            enum throttle_side side,
                            enum throttle_limit limit)
{
    struct buffer *to = &call->error_members;
    buffer_printf(to, "{\"reason\":\"%s%s%sThroughputExceeded\",\"resource\":",
                  index == NULL ? "Table" : "Index", side == THROTTLE_READ ? "Read" : "Write",
                  limit == THROTTLE_PROVISIONED ? "Provisioned" : "MaxOnDemand");
    table_json_write_arn(to, call->node, table->name);
    if (index != NULL) {
        to->size--; /* Into its closing quote. */
        buffer_printf(to, "/index/%.*s\"", SLICE_ARGS(index->name));
    }
    buffer_append_byte(to, '}');
}

static bool metering_refuse(struct call *call,
                            const struct table *table,
                            const struct metering_refusal *refusal,
                            struct error *err)
{
    bool provisioned = table->billing == BILLING_PROVISIONED;
    struct buffer *to = &call->error_members;
    bool first = true;
    to->size = 0; /* A batch asks for each of its entries; the last answer stands. */
    buffer_append_text(to, provisioned ? ",\"ThrottlingReasons\":[" : ",\"throttlingReasons\":[");
    if (refusal->of_table != THROTTLE_FREE) {
        metering_reason(call, table, NULL, refusal->side, refusal->of_table);
        first = false;
    }
    for (uint32_t i = 0; i < table->indexes_count; i++) {
        if (refusal->of_indexes[i] != THROTTLE_FREE) {
            buffer_append_text(to, first ? "" : ",");
            metering_reason(call, table, &table->indexes[i], refusal->side, refusal->of_indexes[i]);
            first = false;
        }
    }
    buffer_append_byte(to, ']');
    if (!provisioned) {
        return error_set(err, ERROR_ON_DEMAND_MAX,
                         "Throughput exceeds the maximum OnDemandThroughput configured on table or "
                         "index");
    }
    if (refusal->of_table != THROTTLE_FREE) {
        return error_set(err, ERROR_THROUGHPUT,
                         METERING_PROVISIONED "the table was exceeded. Consider increasing your "
                                              "provisioning level with the UpdateTable API.");
    }
    return error_set(err, ERROR_THROUGHPUT,
                     METERING_PROVISIONED
                     "one or more global secondary indexes of the table was exceeded. Consider "
                     "increasing your provisioning level for the under-provisioned global "
                     "secondary indexes with the UpdateTable API.");
}

bool metering_admit_read(struct call *call,
                         const struct table *table,
                         const struct table_index *index,
                         bool *admitted,
                         struct error *err)
{
    if (!metering_is_on(call) || *admitted) {
        return true;
    }
    struct metering_refusal refusal = {.side = THROTTLE_READ};
    bool own = index != NULL && index->kind == INDEX_GLOBAL;
    metering_ask(call, table, own ? index : NULL, &refusal);
    *admitted = !refusal.any;
    return *admitted || metering_refuse(call, table, &refusal, err);
}

bool metering_admit_write(struct call *call,
                          const struct table *table,
                          bool *admitted,
                          struct error *err)
{
    if (!metering_is_on(call) || *admitted) {
        return true;
    }
    struct metering_refusal refusal = {.side = THROTTLE_WRITE};
    metering_ask(call, table, NULL, &refusal);
    for (uint32_t i = 0; i < table->indexes_count; i++) {
        const struct table_index *index = &table->indexes[i];
        if (index->kind == INDEX_GLOBAL && index->status != INDEX_DELETING) {
            metering_ask(call, table, index, &refusal);
        }
    }
    *admitted = !refusal.any;
    return *admitted || metering_refuse(call, table, &refusal, err);
}

void metering_charge(const struct call *call,
                     const struct table *table,
                     enum throttle_side side,
                     const struct capacity *used)
{
    struct throttle *throttle = call->node->throttle;
    uint64_t halves = used->halves;
    if (throttle == NULL) {
        return;
    }
    for (uint32_t i = 0; used->index_halves != NULL && i < table->indexes_count; i++) {
        if (table->indexes[i].kind == INDEX_GLOBAL) {
            throttle_charge(throttle, table, &table->indexes[i], side, used->index_halves[i]);
        } else {
            halves += used->index_halves[i];
        }
    }
    throttle_charge(throttle, table, NULL, side, halves);
}

void metering_charge_read(const struct call *call,
                          const struct table *table,
                          size_t item_bytes,
                          bool consistent,
                          uint32_t factor)
{
    struct capacity used = {.halves = capacity_read_halves(item_bytes, consistent) * factor};
    metering_charge(call, table, THROTTLE_READ, &used);
}

void metering_charge_write(const struct call *call, const struct write *write, uint32_t factor)
{
    struct capacity used = {0};
    if (metering_is_on(call)) {
        capacity_add_write(&used, write, factor, call->arena);
        metering_charge(call, write->table, THROTTLE_WRITE, &used);
    }
}
