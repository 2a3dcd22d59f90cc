/* Query and Scan of an index (dynamodb-api.md 9.1, 10): may it be read, does it hold what is asked
 * for, and if not, is a local one to reach back to the table? */
#include "daemon/api/page.h"

#define INVALID "One or more parameter values were invalid: "

static bool
page_index_has(const struct key_attribute *attributes, uint32_t count, struct slice name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (slice_equal(attributes[i].name, name)) {
            return true;
        }
    }
    return false;
}

static bool
page_index_projects(const struct table *table, const struct table_index *index, struct slice name)
{
    if (index->projection == PROJECTION_ALL ||
        page_index_has(index->keys.partition, index->keys.partition_count, name) ||
        page_index_has(index->keys.sort, index->keys.sort_count, name) ||
        slice_equal(table->partition.name, name) ||
        (table_has_sort(table) && slice_equal(table->sort.name, name))) {
        return true;
    }
    for (uint32_t i = 0; i < index->non_key_count; i++) {
        if (slice_equal(index->non_key[i], name)) {
            return true;
        }
    }
    return false;
}

/* Attributes that an expression names and the index does not hold, each once. */
struct page_missing {
    const struct page_call *state;
    struct buffer *names; /* "a, b" */
    struct slice *seen;
    uint32_t count;
};

enum { PAGE_MISSING_MAX = 64 }; /* More than a text may show. */

static bool page_missing_visit(void *context, const struct expression_path *path)
{
    struct page_missing *missing = context;
    const struct page_request *page = &missing->state->page;
    if (page_index_projects(page->table, page->index, path->head) ||
        missing->count == PAGE_MISSING_MAX) {
        return true;
    }
    for (uint32_t i = 0; i < missing->count; i++) {
        if (slice_equal(missing->seen[i], path->head)) {
            return true;
        }
    }
    buffer_append_text(missing->names, missing->count > 0 ? ", " : "");
    buffer_append_slice(missing->names, path->head);
    missing->seen[missing->count++] = path->head;
    return true;
}

static struct slice page_index_missing(struct call *call, const struct expression *expression)
{
    struct buffer names;
    struct slice seen[PAGE_MISSING_MAX];
    struct page_missing missing = {call->state, &names, seen, 0};
    if (expression == NULL) {
        return (struct slice){NULL, 0};
    }
    buffer_init(&names, call->arena, 64);
    expression_visit_paths(expression, page_missing_visit, &missing);
    return buffer_slice(&names);
}

static bool page_index_global(struct call *call, bool everything, struct error *err)
{
    const struct page_call *state = call->state;
    const struct table_index *index = state->page.index;
    if (state->consistent) {
        return error_set(err, ERROR_VALIDATION,
                         "Consistent reads are not supported on global secondary indexes");
    }
    if (everything && index->projection != PROJECTION_ALL) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID "Select type ALL_ATTRIBUTES is not supported for global secondary "
                                 "index %.*s because its projection type is not ALL",
                         SLICE_ARGS(index->name));
    }
    struct slice missing = page_index_missing(call, state->page.projection);
    return missing.size == 0 ||
           error_set(err, ERROR_VALIDATION,
                     INVALID "Global secondary index %.*s does not project [%.*s]",
                     SLICE_ARGS(index->name), SLICE_ARGS(missing));
}

/* Filters see entries, also where the items that pass are then read from the table. */
static bool page_index_filter(struct call *call, struct error *err)
{
    const struct page_call *state = call->state;
    struct slice missing = page_index_missing(call, state->page.filter);
    return missing.size == 0 ||
           error_set(err, ERROR_VALIDATION,
                     INVALID "Secondary index %.*s does not project one or more filter attributes: "
                             "[%.*s]",
                     SLICE_ARGS(state->page.index->name), SLICE_ARGS(missing));
}

bool page_open_index(struct call *call, struct slice name, struct error *err)
{
    struct page_call *state = call->state;
    struct page_request *page = &state->page;
    page->index = table_find_index(page->table, name);
    if (page->index == NULL || page->index->status == INDEX_DELETING) {
        return error_set(err, ERROR_VALIDATION, "The table does not have the specified index: %.*s",
                         SLICE_ARGS(name));
    }
    if (page->index->status == INDEX_CREATING) {
        return error_set(err, ERROR_VALIDATION,
                         "Cannot read from backfilling global secondary index: %.*s",
                         SLICE_ARGS(name));
    }
    bool everything = slice_is(shape_text(json_get(call->body, "Select")), "ALL_ATTRIBUTES");
    if (!page_index_filter(call, err)) {
        return false;
    }
    if (page->index->kind == INDEX_GLOBAL) {
        return page_index_global(call, everything, err);
    }
    page->fetch = (everything && page->index->projection != PROJECTION_ALL) ||
                  page_index_missing(call, page->projection).size > 0;
    return true;
}
