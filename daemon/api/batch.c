#include "daemon/api/batch.h"

bool batch_begin(struct call *call,
                 const struct shape *shape,
                 struct batch_table **tables,
                 uint32_t *count,
                 struct error *err)
{
    if (!shape_check(shape, call->body, call->operation->name, err)) {
        return false;
    }
    const struct json *items = json_get(call->body, "RequestItems");
    if (items == NULL || items->count == 0) {
        return error_set(err, ERROR_VALIDATION, "The requestItems parameter is required for %s",
                         call->operation->name);
    }
    *tables = arena_zalloc(call->arena, items->count, sizeof(struct batch_table));
    for (const struct json *part = items->first; part != NULL; part = part->next) {
        struct batch_table *table = &(*tables)[(*count)++];
        table->asked = part;
        table->request.asked_name = part->name;
        table->request.capacity = request_capacity_detail(call->body);
        if (!request_resolve_name(call->node, part->name, &table->request.name, err)) {
            return false;
        }
    }
    return true;
}

void batch_release(struct batch_table *tables, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        request_release(&tables[i].request);
    }
}

void batch_capacity(struct call *call, const struct batch_table *tables, uint32_t count)
{
    if (tables[0].request.capacity == CAPACITY_NONE) {
        return;
    }
    answer_member(call, "ConsumedCapacity");
    buffer_append_byte(&call->answer, '[');
    for (uint32_t i = 0, written = 0; i < count; i++) {
        if (tables[i].used.halves == 0) {
            continue;
        }
        if (written++ > 0) {
            buffer_append_byte(&call->answer, ',');
        }
        capacity_write_json(&call->answer, tables[i].request.asked_name, tables[i].request.table,
                            tables[i].request.capacity, CAPACITY_PLAIN, &tables[i].used);
    }
    buffer_append_byte(&call->answer, ']');
}
