/* Query (dynamodb-api.md 9.1): the items of one partition key, in sort key order. */
#include "daemon/api/operations.h"
#include "daemon/api/page.h"

struct query_filter_check {
    const struct key_schema *keys; /* Of what is queried. */
    bool legacy;
    struct error *err;
};

static bool query_is_key(const struct key_schema *keys, struct slice name)
{
    bool found = false;
    for (uint32_t i = 0; i < keys->partition_count; i++) {
        found = found || slice_equal(keys->partition[i].name, name);
    }
    for (uint32_t i = 0; i < keys->sort_count; i++) {
        found = found || slice_equal(keys->sort[i].name, name);
    }
    return found;
}

static bool query_filter_visit(void *context, const struct expression_path *path)
{
    const struct query_filter_check *check = context;
    return !query_is_key(check->keys, path->head) ||
           error_set(check->err, ERROR_VALIDATION,
                     "%s can only contain non-primary key attributes: Primary key attribute: %.*s",
                     check->legacy ? "QueryFilter" : "Filter Expression", SLICE_ARGS(path->head));
}

static bool query_decode(struct call *call, struct error *err)
{
    struct page_call *state = call->state;
    struct page_request *page = &state->page;
    unsigned texts =
        TEXT_BIT(TEXT_KEY_CONDITION) | TEXT_BIT(TEXT_FILTER) | TEXT_BIT(TEXT_PROJECTION);
    if (!page_begin(call, &shape_query, texts, err)) {
        return false;
    }
    const struct expression *condition = state->request.expressions[TEXT_KEY_CONDITION];
    if (condition == NULL) {
        return error_set(err, ERROR_VALIDATION,
                         "Either the KeyConditions or KeyConditionExpression parameter must be "
                         "specified in the request.");
    }
    if (!page_open(call, err)) {
        return false;
    }
    page->query = true;
    page->backward = !shape_boolean(json_get(call->body, "ScanIndexForward"), true);
    struct key_schema keys =
        page->index != NULL ? page->index->keys : table_key_schema(page->table);
    if (!expression_key_condition(condition, &keys, &page->condition, err)) {
        return false;
    }
    struct query_filter_check check = {&keys, (state->request.legacy & TEXT_BIT(TEXT_FILTER)) != 0,
                                       err};
    return page->filter == NULL || expression_visit_paths(page->filter, query_filter_visit, &check);
}

const struct operation operation_query = {.name = "Query",
                                          .state_bytes = sizeof(struct page_call),
                                          .decode = query_decode,
                                          .run = page_run,
                                          .release = page_release,
                                          .access = page_access};
