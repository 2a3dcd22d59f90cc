/* GET /v1/conflicts: writes that had not seen each other, both images of each, newest first; with
 * ?id= that one alone. POST /v1/conflicts/restore writes the loser of one again: as a new write of
 * this region, which all others then follow. The record stays. */
#include "daemon/admin/routes.h"
#include "daemon/admin/text.h"
#include "daemon/log.h"
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
    uint8_t id[CONFLICT_ID_BYTES];
    store_conflict_id(conflict, id);
    buffer_append_text(to, "{\"id\":\"");
    for (size_t i = 0; i < sizeof(id); i++) {
        buffer_printf(to, "%02x", id[i]);
    }
    buffer_append_text(to, "\",\"table\":");
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

static int conflicts_digit(uint8_t c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Errors: NOT_FOUND, also for a text that is no id. */
static bool conflicts_find(const struct admin_request *request,
                           struct slice text,
                           struct conflict *conflict,
                           struct error *err)
{
    uint8_t id[CONFLICT_ID_BYTES];
    bool found = text.size == 2 * sizeof(id);
    for (size_t i = 0; found && i < sizeof(id); i++) {
        int high = conflicts_digit(text.data[2 * i]);
        int low = conflicts_digit(text.data[2 * i + 1]);
        found = high >= 0 && low >= 0;
        id[i] = found ? (uint8_t)(16 * high + low) : 0;
    }
    if (found && !store_conflict(request->node->store, slice_of(id, sizeof(id)), request->arena,
                                 conflict, &found, err)) {
        return false;
    }
    return found || error_set(err, ERROR_NOT_FOUND,
                              "there is no conflict \"%.*s\" (any more): `meridian conflicts list` "
                              "shows their ids",
                              SLICE_ARGS(text));
}

bool admin_conflicts(const struct admin_request *request, struct buffer *answer, struct error *err)
{
    uint32_t limit = 0;
    uint32_t table_id = 0;
    uint32_t count = 0;
    struct slice id;
    struct conflict conflict;
    bool one = false;
    if (!admin_query(request, "id", &id, &one, err)) {
        return false;
    }
    if (one) {
        if (!conflicts_find(request, id, &conflict, err)) {
            return false;
        }
        buffer_append_text(answer, "[\n");
        conflicts_write(answer, request->node, &conflict);
        buffer_append_text(answer, "]\n");
        return true;
    }
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

/* --- Restoring -------------------------------------------------------------------------------- */

static bool
conflicts_body_id(const struct admin_request *request, struct slice *id, struct error *err)
{
    struct json *root = NULL;
    if (!json_parse(request->body, request->arena, &root, err)) {
        return false;
    }
    const struct json *member = root->type == JSON_OBJECT ? root->first : NULL;
    if (member == NULL || member->next != NULL || !slice_is(member->name, "id") ||
        member->type != JSON_STRING) {
        return error_set(err, ERROR_VALIDATION, "the body is {\"id\":\"…\"}, the conflict's id");
    }
    *id = member->text;
    return true;
}

/* An ordinary write: under the row's latch, with indexes and the stream, answered once it is on the
 * disk. An item of long ago may not fit an index that is younger. */
static bool conflicts_write_again(const struct admin_request *request,
                                  const struct table *table,
                                  const struct conflict *conflict,
                                  struct error *err)
{
    struct store *store = request->node->store;
    const struct row *loser = &conflict->loser;
    struct write write = {.table = table,
                          .kind = loser->tombstone ? WRITE_DELETE : WRITE_PUT,
                          .item = loser->tombstone ? conflict->key : loser->image};
    return (loser->tombstone || item_check_put_key(table, loser->image, err)) &&
           store_write(store, &write, READ_FULL, request->arena, err) &&
           engine_wait_durable(store->engine, write.wait_seq, err);
}

bool admin_conflicts_restore(const struct admin_request *request,
                             struct buffer *answer,
                             struct error *err)
{
    struct slice id;
    struct conflict conflict;
    if (!conflicts_body_id(request, &id, err) || !conflicts_find(request, id, &conflict, err)) {
        return false;
    }
    const struct table *table =
        catalog_acquire_id(request->node->store->catalog, conflict.table_id);
    if (table == NULL) {
        return error_set(err, ERROR_NOT_FOUND, "the table of this conflict has been deleted");
    }
    bool ok = conflicts_write_again(request, table, &conflict, err);
    if (ok) {
        log_event(request->node->log, LOG_INFO, "conflict.restored",
                  log_slice("table", table->name), log_slice("id", id));
        conflicts_write(answer, request->node, &conflict);
        buffer_append_text(answer, "\n");
    }
    table_release(table);
    return ok;
}
