/* UpdateTimeToLive and DescribeTimeToLive (dynamodb-features.md 10): what storage/ttl does is
 * switched on and off here.
 *
 * The service lets a table's time to live change once in a while: node->ttl_change_ms, by this
 * node's clock. Of a table with replicas the last change of any region counts, whose clock may be
 * ahead of ours: then one waits for that too. */
#include "storage/ttl/ttl.h"

#include "daemon/api/operations.h"
#include "daemon/api/resource.h"
#include "daemon/api/table_update.h"

struct time_to_live {
    struct request request;
    bool enabled;
    struct slice attribute;
};

/* --- DescribeTimeToLive ----------------------------------------------------------------------- */

static bool time_to_live_describe_decode(struct call *call, struct error *err)
{
    struct request *request = call->state;
    if (!request_begin(call, &shape_describe_time_to_live, request, err) ||
        !request_open_control(call, request, err)) {
        return false;
    }
    return request->table->status != TABLE_CREATING ||
           error_set(err, ERROR_VALIDATION,
                     "Cannot describe time to live while table is in CREATING state: Current table "
                     "state is CREATING");
}

static bool time_to_live_describe_run(struct call *call, enum read_tier tier, struct error *err)
{
    static const char *const names[TTL_STATUSES] = {
        [TTL_DISABLED] = "DISABLED",
        [TTL_ENABLING] = "ENABLING",
        [TTL_ENABLED] = "ENABLED",
        [TTL_DISABLING] = "DISABLING",
    };
    const struct request *request = call->state;
    const struct table_ttl *ttl = &request->table->ttl;
    (void)tier;
    (void)err;
    answer_begin(call);
    answer_member(call, "TimeToLiveDescription");
    buffer_append_byte(&call->answer, '{');
    if (ttl_is_on(ttl)) {
        buffer_append_text(&call->answer, "\"AttributeName\":");
        json_write_string(&call->answer, ttl->attribute);
        buffer_append_byte(&call->answer, ',');
    }
    buffer_printf(&call->answer, "\"TimeToLiveStatus\":\"%s\"}", names[ttl->status]);
    answer_end(call);
    return true;
}

/* --- UpdateTimeToLive ------------------------------------------------------------------------- */

static bool time_to_live_update_decode(struct call *call, struct error *err)
{
    struct time_to_live *state = call->state;
    if (!request_begin(call, &shape_update_time_to_live, &state->request, err) ||
        !resource_table(call, &state->request, err)) {
        return false;
    }
    const struct json *specification = json_get(call->body, "TimeToLiveSpecification");
    state->enabled = shape_boolean(json_get(specification, "Enabled"), false);
    state->attribute = shape_text(json_get(specification, "AttributeName"));
    return true;
}

/* Is there anything to change, and may it be changed now? */
static bool time_to_live_check(const struct call *call,
                               const struct table_ttl *ttl,
                               uint64_t now_ms,
                               struct error *err)
{
    const struct time_to_live *state = call->state;
    if (ttl_is_on(ttl) && !slice_equal(ttl->attribute, state->attribute)) {
        return error_set(err, ERROR_VALIDATION,
                         "TimeToLive is active on a different AttributeName: current AttributeName "
                         "is %.*s",
                         SLICE_ARGS(ttl->attribute));
    }
    if (ttl_is_on(ttl) == state->enabled) {
        return error_set(err, ERROR_VALIDATION, "TimeToLive is already %s",
                         state->enabled ? "enabled" : "disabled");
    }
    uint64_t pause_ms = call->node->ttl_change_ms;
    return pause_ms == 0 || ttl->changed_ms == 0 || now_ms >= ttl->changed_ms + pause_ms ||
           error_set(err, ERROR_VALIDATION,
                     "Time to live has been modified multiple times within a fixed interval");
}

/* Between catalog_change_begin and _end. */
static bool time_to_live_change(struct call *call, const struct table *table, struct error *err)
{
    const struct time_to_live *state = call->state;
    uint64_t now_ms = resource_now_ms(call);
    if (!table_json_idle(table, err) || !time_to_live_check(call, &table->ttl, now_ms, err) ||
        !table_update_replicated(call, table, err)) {
        return false;
    }
    struct table *changed = arena_alloc(call->arena, sizeof(*changed));
    *changed = *table;
    ttl_turn(&changed->ttl, state->enabled, state->attribute, now_ms);
    return table_update_store(call, changed, NULL, err);
}

static void time_to_live_answer(struct call *call)
{
    const struct time_to_live *state = call->state;
    answer_begin(call);
    answer_member(call, "TimeToLiveSpecification");
    buffer_append_text(&call->answer, "{\"AttributeName\":");
    json_write_string(&call->answer, state->attribute);
    buffer_printf(&call->answer, ",\"Enabled\":%s}", state->enabled ? "true" : "false");
    answer_end(call);
}

static bool time_to_live_update_run(struct call *call, enum read_tier tier, struct error *err)
{
    const struct time_to_live *state = call->state;
    struct catalog *catalog = call->node->store->catalog;
    (void)tier;
    catalog_change_begin(catalog);
    const struct table *newest = catalog_acquire_id(catalog, state->request.table->id);
    bool ok = newest != NULL ? time_to_live_change(call, newest, err)
                             : error_set(err, ERROR_NOT_FOUND,
                                         "Requested resource not found: Table: %.*s not found",
                                         SLICE_ARGS(state->request.name));
    catalog_change_end(catalog);
    table_release(newest);
    if (ok) {
        time_to_live_answer(call);
    }
    return ok;
}

const struct operation operation_describe_time_to_live = {.name = "DescribeTimeToLive",
                                                          .state_bytes = sizeof(struct request),
                                                          .decode = time_to_live_describe_decode,
                                                          .run = time_to_live_describe_run,
                                                          .release = resource_release};
const struct operation operation_update_time_to_live = {.name = "UpdateTimeToLive",
                                                        .state_bytes = sizeof(struct time_to_live),
                                                        .worker = true,
                                                        .decode = time_to_live_update_decode,
                                                        .run = time_to_live_update_run,
                                                        .release = resource_release};
