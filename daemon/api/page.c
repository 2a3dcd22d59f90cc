#include "daemon/api/page.h"

#include "daemon/api/listing.h"
#include "daemon/api/metering.h"
#include "daemon/api/operations.h"

static bool page_select(const struct json *body,
                        const struct request *request,
                        bool *count_only,
                        struct error *err)
{
    struct slice choice = shape_text(json_get(body, "Select"));
    bool projects = request->expressions[TEXT_PROJECTION] != NULL;
    bool legacy = (request->legacy & TEXT_BIT(TEXT_PROJECTION)) != 0;
    const char *given = legacy ? "AttributesToGet" : "ProjectionExpression";
    *count_only = slice_is(choice, "COUNT");
    if (slice_is(choice, "ALL_PROJECTED_ATTRIBUTES") && json_get(body, "IndexName") == NULL) {
        return error_set(err, ERROR_VALIDATION,
                         "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an "
                         "IndexName");
    }
    if (slice_is(choice, "SPECIFIC_ATTRIBUTES") && !projects) {
        return error_set(err, ERROR_VALIDATION,
                         "Must specify the AttributesToGet or ProjectionExpression when choosing "
                         "to get SPECIFIC_ATTRIBUTES");
    }
    if (*count_only && projects) {
        return error_set(err, ERROR_VALIDATION,
                         "Cannot specify the %s when choosing to get only the Count", given);
    }
    if (choice.size > 0 && projects && !slice_is(choice, "SPECIFIC_ATTRIBUTES")) {
        return error_set(err, ERROR_VALIDATION, "Cannot specify the %s when choosing to get %.*s",
                         given, SLICE_ARGS(choice));
    }
    return true;
}

bool page_begin(struct call *call, const struct shape *shape, unsigned texts, struct error *err)
{
    struct page_call *state = call->state;
    struct request *request = &state->request;
    if (!request_begin(call, shape, request, err) ||
        !request_legacy(call, call->body, texts, request, err)) {
        return false;
    }
    if (json_get(call->body, "ExclusiveStartKey") != NULL &&
        !request_image(call, "ExclusiveStartKey", &state->page.start, err)) {
        return error_wrap(err, "The provided starting key is invalid");
    }
    if (!request_compile(call, call->body, texts, request, err) ||
        !page_select(call->body, request, &state->page.count_only, err)) {
        return false;
    }
    state->consistent = shape_boolean(json_get(call->body, "ConsistentRead"), false);
    state->page.limit = (uint64_t)shape_integer(json_get(call->body, "Limit"), 0);
    state->page.filter = request->expressions[TEXT_FILTER];
    state->page.projection = request->expressions[TEXT_PROJECTION];
    return true;
}

bool page_open(struct call *call, struct error *err)
{
    struct page_call *state = call->state;
    const struct json *index = json_get(call->body, "IndexName");
    if (!request_open(call, &state->request, err)) {
        return false;
    }
    state->page.table = state->request.table;
    if (index != NULL && !page_open_index(call, index->text, err)) {
        return false;
    }
    return request_paths(&state->request, err);
}

/* Of an index the entries count there; what was fetched beyond them counts on the table. */
static struct capacity page_capacity(struct call *call, const struct page *page)
{
    const struct page_call *state = call->state;
    const struct table *table = state->page.table;
    uint64_t halves = capacity_read_halves(page->bytes, state->consistent);
    struct capacity capacity = {.halves = halves};
    if (state->page.index != NULL) {
        capacity.halves = page->fetched * (state->consistent ? 2 : 1);
        capacity_add_index(&capacity, table, (uint32_t)(state->page.index - table->indexes), halves,
                           call->arena);
    }
    return capacity;
}

bool page_run(struct call *call, enum read_tier tier, struct error *err)
{
    struct page_call *state = call->state;
    struct page page = {0};
    if (!metering_admit_read(call, state->page.table, state->page.index, &state->admitted, err) ||
        !store_page(call->node->store, &state->page, tier, call->arena, &page, err)) {
        return false;
    }
    call->wait_seq = page.wait_seq;
    struct capacity used = {0};
    if (state->request.capacity != CAPACITY_NONE || metering_is_on(call)) {
        used = page_capacity(call, &page);
        metering_charge(call, state->page.table, THROTTLE_READ, &used);
    }
    answer_begin(call);
    if (!state->page.count_only) {
        answer_member(call, "Items");
        buffer_append_byte(&call->answer, '[');
        for (uint64_t i = 0; i < page.count; i++) {
            if (i > 0) {
                buffer_append_byte(&call->answer, ',');
            }
            item_write_json(&call->answer, page.items[i]);
        }
        buffer_append_byte(&call->answer, ']');
    }
    answer_integer(call, "Count", page.count);
    answer_integer(call, "ScannedCount", page.scanned);
    if (page.last.size > 0) {
        answer_item(call, "LastEvaluatedKey", page.last);
    }
    answer_capacity(call, &state->request, &used);
    answer_end(call);
    return true;
}

void page_access(struct call *call, struct access_list *list)
{
    struct page_call *state = call->state;
    struct slice index = shape_text(json_get(call->body, "IndexName"));
    struct slice select = shape_text(json_get(call->body, "Select"));
    const char *action = call->operation == &operation_scan ? "dynamodb:Scan" : "dynamodb:Query";
    struct access *access = listing_request(call, list, action, &state->request, index);
    if (access == NULL) {
        return;
    }
    access_leading(access, state->page.condition.partition[0]);
    if (select.size > 0) {
        access_text(access, POLICY_SELECT, select);
    } else if (index.size > 0 && state->page.projection == NULL) {
        access_text(access, POLICY_SELECT, SLICE_LITERAL("ALL_PROJECTED_ATTRIBUTES"));
    } else {
        listing_select(access, state->page.projection != NULL);
    }
}

void page_release(struct call *call)
{
    struct page_call *state = call->state;
    request_release(&state->request);
}
