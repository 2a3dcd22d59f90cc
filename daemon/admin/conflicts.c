/* GET /v1/conflicts: writes that had not seen each other, both images of each, newest first. */
#include "daemon/admin/routes.h"
#include "daemon/admin/text.h"
#include "proto/value/value_json.h"
#include "replication/conflict.h"

#include <inttypes.h>

enum { ADMIN_CONFLICTS_DEFAULT = 1000 };

static bool conflicts_limit(const struct admin_request *request, uint32_t *limit, struct error *err)
{
    struct slice text;
    bool found = false;
    *limit = ADMIN_CONFLICTS_DEFAULT;
    if (!admin_query(request, "limit", &text, &found, err)) {
        return false;
    }
    uint64_t number = 0;
    bool valid = text_number(text, &number);
    if (found && (!valid || number < 1 || number > ADMIN_CONFLICTS_MAX)) {
        return error_set(err, ERROR_VALIDATION, "limit is a number from 1 to %d, not \"%.*s\"",
                         ADMIN_CONFLICTS_MAX, SLICE_ARGS(text));
    }
    *limit = found ? (uint32_t)number : ADMIN_CONFLICTS_DEFAULT;
    return true;
}

/* 0 for all tables. */
static bool
conflicts_table(const struct admin_request *request, uint32_t *table_id, struct error *err)
{
    struct slice name;
    bool found = false;
    *table_id = 0;
    if (!admin_query(request, "table", &name, &found, err)) {
        return false;
    }
    if (!found) {
        return true;
    }
    const struct table *table = catalog_acquire(request->node->store->catalog, name);
    if (table == NULL) {
        return error_set(err, ERROR_NOT_FOUND, "there is no table \"%.*s\"", SLICE_ARGS(name));
    }
    *table_id = table->id;
    table_release(table);
    return true;
}

/* Stamps are texts: JSON's numbers are doubles to many a reader, and these need all 64 bits. */
static void conflicts_write_side(struct buffer *to, const struct node *node, const struct row *row)
{
    const struct dot *dot = &row->version.dot;
    buffer_append_text(to, "{\"region\":");
    text_write_region(to, node, dot->region);
    buffer_printf(to, ",\"stamp\":\"%" PRIu64 "\",\"time\":", row->version.stamp);
    text_write_time(to, row->version.stamp >> 16);
    buffer_printf(to,
                  ",\"incarnation\":%" PRIu32 ",\"seq\":%" PRIu64 ",\"item\":", dot->incarnation,
                  dot->seq);
    if (row->tombstone) {
        buffer_append_text(to, "null");
    } else {
        item_write_json(to, row->image);
    }
    buffer_append_text(to, "}");
}

static void
conflicts_write(struct buffer *to, const struct node *node, const struct conflict *conflict)
{
    const struct table *table = catalog_acquire_id(node->store->catalog, conflict->table_id);
    buffer_append_text(to, "{\"table\":");
    if (table == NULL) {
        buffer_append_text(to, "null"); /* Dropped meanwhile. */
    } else {
        json_write_string(to, table->name);
    }
    table_release(table);
    buffer_append_text(to, ",\"key\":");
    item_write_json(to, conflict->key);
    buffer_append_text(to, ",\"winner\":");
    conflicts_write_side(to, node, &conflict->winner);
    buffer_append_text(to, ",\"loser\":");
    conflicts_write_side(to, node, &conflict->loser);
    buffer_append_text(to, ",\"reason\":");
    json_write_string(to, slice_text(conflict_reason_name(conflict->reason)));
    buffer_append_text(to, ",\"explanation\":");
    json_write_string(to, slice_text(conflict_reason_text(conflict->reason)));
    buffer_append_text(to, ",\"time\":");
    text_write_time(to, conflict->time_ms);
    buffer_append_text(to, "}");
}

bool admin_conflicts(const struct admin_request *request, struct buffer *answer, struct error *err)
{
    uint32_t limit = 0;
    uint32_t table_id = 0;
    uint32_t count = 0;
    if (!conflicts_limit(request, &limit, err) || !conflicts_table(request, &table_id, err)) {
        return false;
    }
    struct conflict *conflicts = arena_zalloc(request->arena, limit, sizeof(*conflicts));
    if (!store_conflicts(request->node->store, table_id, limit, request->arena, conflicts, &count,
                         err)) {
        return false;
    }
    buffer_append_text(answer, "[");
    for (uint32_t i = 0; i < count; i++) {
        buffer_append_text(answer, i == 0 ? "\n" : ",\n");
        conflicts_write(answer, request->node, &conflicts[i]);
    }
    buffer_append_text(answer, "]\n");
    return true;
}
