/* Auto scaling of replicas (dynamodb-features.md section 19): settings are kept and told, this
 * server does not scale.
 *
 * The document is a flat list, one entry per thing that scales:
 * [{"RegionName":"…" (reads of that replica) or absent (writes of all),"IndexName":"…" or absent,
 * "Settings":{…as in the update}},…] */
#include "daemon/api/scaling.h"

#include "daemon/api/operations.h"
#include "daemon/api/resource.h"

#define WRITE_UPDATE "ProvisionedWriteCapacityAutoScalingUpdate"
#define REPLICA_READ_UPDATE "ReplicaProvisionedReadCapacityAutoScalingUpdate"
#define INDEX_READ_UPDATE "ProvisionedReadCapacityAutoScalingUpdate"
#define UPDATE_FAILED                                                                              \
    "Failed to update settings for global table with name: \xe2\x80\x98%.*s\xe2\x80\x99: "

enum { SCALING_ENTRIES_MAX = 64 };

/* One update, or one entry of the document. */
struct scaling_entry {
    struct slice region; /* Empty: writes. */
    struct slice index;  /* Empty: the table. */
    const struct json *settings;
};

struct scaling_entries {
    uint32_t count;
    struct scaling_entry each[SCALING_ENTRIES_MAX];
};

struct scaling_call {
    struct request request;
    struct scaling_entries updates;
};

/* --- What is asked -----------------------------------------------------------------------------
 */

static bool scaling_add(struct scaling_entries *to,
                        struct slice region,
                        const struct json *index,
                        const struct json *settings,
                        struct error *err)
{
    if (settings == NULL) {
        return true;
    }
    if (to->count == SCALING_ENTRIES_MAX) {
        return error_set(err, ERROR_VALIDATION, "Too many auto scaling settings, at most %d",
                         SCALING_ENTRIES_MAX);
    }
    to->each[to->count++] = (struct scaling_entry){region, shape_text(index), settings};
    return true;
}

static bool scaling_add_indexes(struct scaling_entries *to,
                                struct slice region,
                                const struct json *updates,
                                const char *member,
                                struct error *err)
{
    const struct json *first = updates == NULL ? NULL : updates->first;
    for (const struct json *each = first; each != NULL; each = each->next) {
        if (!scaling_add(to, region, json_get(each, "IndexName"), json_get(each, member), err)) {
            return false;
        }
    }
    return true;
}

static bool scaling_collect(struct call *call, struct error *err)
{
    struct scaling_call *state = call->state;
    struct scaling_entries *to = &state->updates;
    struct slice writes = {NULL, 0};
    const struct json *body = call->body;
    if (!scaling_add(to, writes, NULL, json_get(body, WRITE_UPDATE), err) ||
        !scaling_add_indexes(to, writes, json_get(body, "GlobalSecondaryIndexUpdates"),
                             WRITE_UPDATE, err)) {
        return false;
    }
    const struct json *replicas = json_get(body, "ReplicaUpdates");
    const struct json *first = replicas == NULL ? NULL : replicas->first;
    for (const struct json *each = first; each != NULL; each = each->next) {
        struct slice region = json_get(each, "RegionName")->text;
        if (!scaling_add(to, region, NULL, json_get(each, REPLICA_READ_UPDATE), err) ||
            !scaling_add_indexes(to, region, json_get(each, "ReplicaGlobalSecondaryIndexUpdates"),
                                 INDEX_READ_UPDATE, err)) {
            return false;
        }
    }
    return true;
}

/* --- Checks ------------------------------------------------------------------------------------
 */

static bool scaling_check_entry(const struct request *request,
                                const struct scaling_entry *entry,
                                struct error *err)
{
    static const char *const members[] = {"MinimumUnits", "MaximumUnits", "ScalingPolicyUpdate"};
    bool off = shape_boolean(json_get(entry->settings, "AutoScalingDisabled"), false);
    for (size_t i = 0; i < ARRAY_COUNT(members); i++) {
        bool given = json_get(entry->settings, members[i]) != NULL;
        if (given == off) {
            return error_set(err, ERROR_VALIDATION, UPDATE_FAILED "Parameters '%s' %s",
                             SLICE_ARGS(request->name), members[i],
                             off ? "must be left blank when disabling auto scaling."
                                 : "are required unless auto scaling is being disabled.");
        }
    }
    return true;
}

/* A region of this table, and an index of it. */
static bool scaling_check_place(const struct call *call,
                                const struct table *table,
                                const struct scaling_entry *entry,
                                struct error *err)
{
    bool member = entry->region.size == 0 || slice_is(entry->region, call->node->region);
    for (uint32_t i = 0; i < table->replicas_count; i++) {
        member = member || slice_is(entry->region, table->replicas[i].region);
    }
    if (!member) {
        return error_set(err, ERROR_VALIDATION,
                         "Update global table operation failed because one or more replicas were "
                         "not part of the global table. Please retry the request without these "
                         "replicas: [%.*s].",
                         SLICE_ARGS(entry->region));
    }
    return entry->index.size == 0 || table_find_index(table, entry->index) != NULL ||
           error_set(err, ERROR_NOT_FOUND,
                     "Requested resource not found: Index: %.*s not found for table: %.*s",
                     SLICE_ARGS(entry->index), SLICE_ARGS(table->name));
}

static bool scaling_update_decode(struct call *call, struct error *err)
{
    struct scaling_call *state = call->state;
    struct request *request = &state->request;
    if (!request_begin(call, &shape_update_table_replica_auto_scaling, request, err) ||
        !scaling_collect(call, err) || !resource_table(call, request, err)) {
        return false;
    }
    if (state->updates.count == 0) {
        return error_set(err, ERROR_VALIDATION,
                         UPDATE_FAILED "because at least one update parameter must be specified",
                         SLICE_ARGS(request->name));
    }
    if (request->table->billing == BILLING_PAY_PER_REQUEST) {
        bool writes = state->updates.each[0].region.size == 0;
        return error_set(err, ERROR_VALIDATION,
                         "Failed to update global table with name \xe2\x80\x98%.*s\xe2\x80\x98. "
                         "Replicas '%s' BillingMode is PayPerRequest. You must convert table's "
                         "BillingMode to PROVISIONED to set parameters: '%s'.",
                         SLICE_ARGS(request->name), call->node->region,
                         writes ? WRITE_UPDATE : REPLICA_READ_UPDATE);
    }
    for (uint32_t i = 0; i < state->updates.count; i++) {
        if (!scaling_check_entry(request, &state->updates.each[i], err) ||
            !scaling_check_place(call, request->table, &state->updates.each[i], err)) {
            return false;
        }
    }
    return true;
}

/* --- The document ------------------------------------------------------------------------------
 */

static bool scaling_read(struct call *call,
                         const struct table *table,
                         struct scaling_entries *entries,
                         struct error *err)
{
    struct json *list = NULL;
    entries->count = 0;
    if (!resource_setting(call, table, SETTING_SCALING, &list, err)) {
        return false;
    }
    const struct json *first = list == NULL ? NULL : list->first;
    for (const struct json *each = first; each != NULL; each = each->next) {
        struct slice region = shape_text(json_get(each, "RegionName"));
        if (!scaling_add(entries, region, json_get(each, "IndexName"), json_get(each, "Settings"),
                         err)) {
            return false;
        }
    }
    return true;
}

static const struct scaling_entry *
scaling_find(const struct scaling_entries *entries, struct slice region, struct slice index)
{
    for (uint32_t i = 0; i < entries->count; i++) {
        if (slice_equal(entries->each[i].region, region) &&
            slice_equal(entries->each[i].index, index)) {
            return &entries->each[i];
        }
    }
    return NULL;
}

bool scaling_of_writes(struct call *call,
                       const struct table *table,
                       struct slice index,
                       bool *scaled,
                       struct error *err)
{
    struct scaling_entries *stored = arena_zalloc(call->arena, 1, sizeof(*stored));
    if (!scaling_read(call, table, stored, err)) {
        return false;
    }
    *scaled = scaling_find(stored, (struct slice){NULL, 0}, index) != NULL;
    return true;
}

static void scaling_write_entry(struct buffer *to, const struct scaling_entry *entry)
{
    if (shape_boolean(json_get(entry->settings, "AutoScalingDisabled"), false)) {
        return; /* As if it had never been set. */
    }
    buffer_append_text(to, to->size > 1 ? ",{" : "{");
    if (entry->region.size > 0) {
        buffer_append_text(to, "\"RegionName\":");
        json_write_string(to, entry->region);
        buffer_append_byte(to, ',');
    }
    if (entry->index.size > 0) {
        buffer_append_text(to, "\"IndexName\":");
        json_write_string(to, entry->index);
        buffer_append_byte(to, ',');
    }
    buffer_append_text(to, "\"Settings\":");
    json_write(to, entry->settings);
    buffer_append_byte(to, '}');
}

static bool scaling_check_room(const struct scaling_entries *stored,
                               const struct scaling_entries *updates,
                               struct error *err)
{
    uint32_t count = updates->count;
    for (uint32_t i = 0; i < stored->count; i++) {
        const struct scaling_entry *entry = &stored->each[i];
        count += scaling_find(updates, entry->region, entry->index) == NULL;
    }
    return count <= SCALING_ENTRIES_MAX ||
           error_set(err, ERROR_VALIDATION, "Too many auto scaling settings, at most %d",
                     SCALING_ENTRIES_MAX);
}

/* What is stored with the updates over it; entries of indexes that are gone go as well. */
static struct slice scaling_merge(struct call *call, const struct scaling_entries *stored)
{
    const struct scaling_call *state = call->state;
    struct buffer to;
    buffer_init(&to, call->arena, 1024);
    buffer_append_byte(&to, '[');
    for (uint32_t i = 0; i < stored->count; i++) {
        const struct scaling_entry *entry = &stored->each[i];
        bool exists =
            entry->index.size == 0 || table_find_index(state->request.table, entry->index) != NULL;
        if (exists && scaling_find(&state->updates, entry->region, entry->index) == NULL) {
            scaling_write_entry(&to, entry);
        }
    }
    for (uint32_t i = 0; i < state->updates.count; i++) {
        scaling_write_entry(&to, &state->updates.each[i]);
    }
    bool any = to.size > 1;
    buffer_append_byte(&to, ']');
    return any ? buffer_slice(&to) : (struct slice){NULL, 0};
}

/* --- Answers -----------------------------------------------------------------------------------
 */

/* Append ,"member":{settings} */
static void
scaling_write_settings(struct buffer *to, const char *member, const struct scaling_entry *entry)
{
    buffer_printf(to, ",\"%s\":", member);
    if (entry == NULL) {
        buffer_append_text(to, "{\"AutoScalingDisabled\":true,\"ScalingPolicies\":[]}");
        return;
    }
    static const char *const members[] = {"MinimumUnits", "MaximumUnits", "AutoScalingRoleArn"};
    buffer_append_byte(to, '{');
    for (size_t i = 0; i < ARRAY_COUNT(members); i++) {
        const struct json *value = json_get(entry->settings, members[i]);
        if (value != NULL) {
            buffer_printf(to, "\"%s\":", members[i]);
            json_write(to, value);
            buffer_append_byte(to, ',');
        }
    }
    buffer_append_text(to, "\"AutoScalingDisabled\":false,\"ScalingPolicies\":[");
    json_write(to, json_get(entry->settings, "ScalingPolicyUpdate"));
    buffer_append_text(to, "]}");
}

static const char *scaling_index_status(const struct table_index *index)
{
    static const char *const names[INDEX_STATUSES] = {
        [INDEX_CREATING] = "CREATING", [INDEX_ACTIVE] = "ACTIVE", [INDEX_DELETING] = "DELETING"};
    return names[index->status];
}

static void scaling_write_replica(struct buffer *to,
                                  const struct table *table,
                                  const struct scaling_entries *entries,
                                  const char *region,
                                  const char *status)
{
    struct slice none = {NULL, 0};
    struct slice reads = slice_text(region);
    buffer_printf(to, "{\"RegionName\":\"%s\",\"GlobalSecondaryIndexes\":[", region);
    const char *separator = "";
    for (uint32_t i = 0; i < table->indexes_count; i++) {
        const struct table_index *index = &table->indexes[i];
        if (index->kind != INDEX_GLOBAL) {
            continue;
        }
        buffer_printf(to, "%s{\"IndexName\":\"%.*s\",\"IndexStatus\":\"%s\"", separator,
                      SLICE_ARGS(index->name), scaling_index_status(index));
        scaling_write_settings(to, "ProvisionedReadCapacityAutoScalingSettings",
                               scaling_find(entries, reads, index->name));
        scaling_write_settings(to, "ProvisionedWriteCapacityAutoScalingSettings",
                               scaling_find(entries, none, index->name));
        buffer_append_byte(to, '}');
        separator = ",";
    }
    buffer_append_byte(to, ']');
    scaling_write_settings(to, "ReplicaProvisionedReadCapacityAutoScalingSettings",
                           scaling_find(entries, reads, none));
    scaling_write_settings(to, "ReplicaProvisionedWriteCapacityAutoScalingSettings",
                           scaling_find(entries, none, none));
    buffer_printf(to, ",\"ReplicaStatus\":\"%s\"}", status);
}

static void scaling_answer(struct call *call,
                           const struct table *table,
                           const struct scaling_entries *entries,
                           const char *status)
{
    static const char *const replica_names[REPLICA_STATUSES] = {
        [REPLICA_CREATING] = "CREATING",
        [REPLICA_ACTIVE] = "ACTIVE",
        [REPLICA_DELETING] = "DELETING",
        [REPLICA_CREATION_FAILED] = "CREATION_FAILED",
    };
    struct buffer *to = &call->answer;
    answer_begin(call);
    answer_member(call, "TableAutoScalingDescription");
    buffer_printf(to, "{\"TableName\":\"%.*s\",\"TableStatus\":\"%s\",\"Replicas\":[",
                  SLICE_ARGS(table->name), status);
    scaling_write_replica(to, table, entries, call->node->region, status);
    for (uint32_t i = 0; i < table->replicas_count; i++) {
        const struct replica *replica = &table->replicas[i];
        buffer_append_byte(to, ',');
        scaling_write_replica(to, table, entries, replica->region, replica_names[replica->status]);
    }
    buffer_append_text(to, "]}");
    answer_end(call);
}

static const char *scaling_table_status(const struct table *table)
{
    static const char *const names[TABLE_STATUSES] = {
        [TABLE_CREATING] = "CREATING",
        [TABLE_ACTIVE] = "ACTIVE",
        [TABLE_UPDATING] = "UPDATING",
        [TABLE_DELETING] = "DELETING",
    };
    return names[table->status];
}

/* --- Operations --------------------------------------------------------------------------------
 */

/* The answer shows the values from before. */
static bool scaling_update_run(struct call *call, enum read_tier tier, struct error *err)
{
    struct scaling_call *state = call->state;
    struct catalog *catalog = call->node->store->catalog;
    const struct table *table = state->request.table;
    struct scaling_entries *stored = arena_zalloc(call->arena, 1, sizeof(*stored));
    (void)tier;
    catalog_change_begin(catalog);
    bool ok =
        scaling_read(call, table, stored, err) &&
        scaling_check_room(stored, &state->updates, err) &&
        catalog_set_setting(catalog, table, SETTING_SCALING, scaling_merge(call, stored), err);
    catalog_change_end(catalog);
    if (ok) {
        scaling_answer(call, table, stored, "UPDATING");
    }
    return ok;
}

static bool scaling_describe_decode(struct call *call, struct error *err)
{
    struct scaling_call *state = call->state;
    return request_begin(call, &shape_describe_table_replica_auto_scaling, &state->request, err) &&
           request_open_control(call, &state->request, err);
}

static bool scaling_describe_run(struct call *call, enum read_tier tier, struct error *err)
{
    struct scaling_call *state = call->state;
    const struct table *table = state->request.table;
    struct scaling_entries *stored = arena_zalloc(call->arena, 1, sizeof(*stored));
    (void)tier;
    if (!scaling_read(call, table, stored, err)) {
        return false;
    }
    scaling_answer(call, table, stored, scaling_table_status(table));
    return true;
}

const struct operation operation_update_table_replica_auto_scaling = {
    .name = "UpdateTableReplicaAutoScaling",
    .state_bytes = sizeof(struct scaling_call),
    .worker = true,
    .decode = scaling_update_decode,
    .run = scaling_update_run,
    .release = resource_release};
const struct operation operation_describe_table_replica_auto_scaling = {
    .name = "DescribeTableReplicaAutoScaling",
    .state_bytes = sizeof(struct scaling_call),
    .decode = scaling_describe_decode,
    .run = scaling_describe_run,
    .release = resource_release};
