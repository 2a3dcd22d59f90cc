/* Query (dynamodb-api.md 9.1): the items of one partition key, in sort key order. */
#include "daemon/api/operations.h"
#include "daemon/api/page.h"

struct query_filter_check {
    const struct table *table;
    struct error *err;
};

static bool query_filter_visit(void *context, const struct expression_path *path)
{
    const struct query_filter_check *check = context;
    bool partition = slice_equal(path->head, check->table->partition.name);
    bool sort = table_has_sort(check->table) && slice_equal(path->head, check->table->sort.name);
    return (!partition && !sort) ||
           error_set(check->err, ERROR_VALIDATION,
                     "Filter Expression can only contain non-primary key attributes: Primary key "
                     "attribute: %.*s",
                     SLICE_ARGS(path->head));
}

/* Does the start key's sort value fit the condition? Payloads compare as their values do. */
static bool query_sort_fits(const struct key_condition *condition, struct value sort)
{
    int low = condition->sort == SORT_ANY ? 0 : slice_compare(sort.payload, condition->low.payload);
    switch (condition->sort) {
    case SORT_ANY:
        return true;
    case SORT_EQ:
        return low == 0;
    case SORT_LT:
        return low < 0;
    case SORT_LE:
        return low <= 0;
    case SORT_GT:
        return low > 0;
    case SORT_GE:
        return low >= 0;
    case SORT_BETWEEN:
        return low >= 0 && slice_compare(sort.payload, condition->high.payload) <= 0;
    case SORT_BEGINS_WITH:
        return slice_starts_with(sort.payload, condition->low.payload);
    }
    ensure(false);
}

static bool query_check_start(const struct page_request *page, struct error *err)
{
    const struct key_condition *condition = &page->condition;
    struct value partition = {0};
    struct value sort = {0};
    if (page->start.size == 0) {
        return true;
    }
    ensure(item_find(page->start, page->table->partition.name, &partition));
    if (!value_equal(partition, condition->partition)) {
        return error_set(err, ERROR_VALIDATION,
                         "The provided starting key is outside query boundaries based on provided "
                         "conditions");
    }
    if (!table_has_sort(page->table) || condition->sort == SORT_EQ) {
        return error_set(err, ERROR_VALIDATION,
                         "The query can return at most one row and cannot be restarted");
    }
    ensure(item_find(page->start, page->table->sort.name, &sort));
    return query_sort_fits(condition, sort) ||
           error_set(err, ERROR_VALIDATION,
                     "The provided starting key does not match the range key predicate");
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
    const struct table *table = page->table;
    if (!expression_key_condition(condition, &table->partition,
                                  table_has_sort(table) ? &table->sort : NULL, &page->condition,
                                  err)) {
        return false;
    }
    struct query_filter_check check = {table, err};
    return (page->filter == NULL ||
            expression_visit_paths(page->filter, query_filter_visit, &check)) &&
           query_check_start(page, err);
}

const struct operation operation_query = {.name = "Query",
                                          .state_bytes = sizeof(struct page_call),
                                          .decode = query_decode,
                                          .run = page_run,
                                          .release = page_release};
