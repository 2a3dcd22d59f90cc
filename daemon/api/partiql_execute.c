/* ExecuteStatement (dynamodb-api.md section 14): one statement of PartiQL.
 *
 * A SELECT by whole keys gets its items one by one; one with partition keys is a Query per value;
 * any other is a Scan. All of them end where a page ends: at Limit evaluated items, or a megabyte.
 * More than one key condition, and every Scan, run on a worker. */
#include "daemon/api/metering.h"
#include "daemon/api/operations.h"
#include "daemon/api/partiql.h"

struct partiql_execute {
    struct partiql_call one;
    uint64_t limit; /* 0: none. */
    struct partiql_place from;
    bool fetch; /* A local index does not hold all that is asked for. */
};

/* What a run gathers. */
struct partiql_rows {
    uint64_t rows;
    uint64_t scanned;
    uint64_t bytes;
    bool more;
    struct partiql_place next;
};

struct partiql_projected {
    const struct table *table;
    const struct table_index *index;
    struct slice missing; /* The first one that the index does not hold. */
};

static bool partiql_is_key_of(const struct key_schema *keys, struct slice name)
{
    return slice_equal(name, keys->partition[0].name) ||
           (keys->sort_count > 0 && slice_equal(name, keys->sort[0].name));
}

static bool partiql_projected_visit(void *context, const struct expression_path *path)
{
    struct partiql_projected *check = context;
    const struct table_index *index = check->index;
    struct key_schema keys = table_key_schema(check->table);
    if (partiql_is_key_of(&keys, path->head) || partiql_is_key_of(&index->keys, path->head)) {
        return true;
    }
    for (uint32_t i = 0; i < index->non_key_count; i++) {
        if (slice_equal(index->non_key[i], path->head)) {
            return true;
        }
    }
    check->missing = path->head;
    return false;
}

/* Attributes that the index does not hold: fetched from the table for a local one. */
static bool partiql_check_projected(struct partiql_execute *state, struct error *err)
{
    const struct table_index *index = state->one.index;
    struct partiql_projected check = {.table = state->one.request.table, .index = index};
    if (index == NULL || index->projection == PROJECTION_ALL ||
        partiql_visit_columns(state->one.statement, partiql_projected_visit, &check)) {
        return true;
    }
    state->fetch = index->kind == INDEX_LOCAL;
    return state->fetch ||
           error_set(err, ERROR_VALIDATION,
                     "One or more parameter values were invalid: Global secondary index %.*s does "
                     "not project [%.*s]",
                     SLICE_ARGS(index->name), SLICE_ARGS(check.missing));
}

static bool partiql_execute_decode(struct call *call, struct error *err)
{
    struct partiql_execute *state = call->state;
    struct partiql_call *one = &state->one;
    const struct json *token = json_get(call->body, "NextToken");
    if (!shape_check(&shape_execute_statement, call->body, call->operation->name, err) ||
        !partiql_begin(call, call->body, one, err)) {
        return false;
    }
    if (one->statement->verb == PARTIQL_EXISTS) {
        return error_set(err, ERROR_VALIDATION,
                         "EXISTS can only be used in ExecuteTransaction write requests.");
    }
    state->limit = (uint64_t)shape_integer(json_get(call->body, "Limit"), 0);
    if (!partiql_open(call, one, err) || !partiql_check_projected(state, err)) {
        return false;
    }
    return token == NULL || !partiql_reads(one->statement) ||
           partiql_token_read(token->text, one, call->arena, &state->from, err);
}

static void partiql_row(struct call *call, struct partiql_rows *rows, struct slice item)
{
    if (rows->rows++ > 0) {
        buffer_append_byte(&call->answer, ',');
    }
    item_write_json(&call->answer, item);
}

/* Items by whole keys. */
static bool partiql_run_gets(struct call *call,
                             struct partiql_rows *rows,
                             enum read_tier tier,
                             struct error *err)
{
    struct partiql_execute *state = call->state;
    struct partiql_call *one = &state->one;
    for (uint32_t i = state->from.condition; i < one->select.conditions_count; i++) {
        struct slice item;
        bool found;
        bool full = (state->limit > 0 && rows->scanned >= state->limit) ||
                    call->answer.size >= PAGE_BYTES_MAX;
        if (full) {
            rows->more = true;
            rows->next = (struct partiql_place){.condition = i};
            return true;
        }
        if (!partiql_get(call, one, i, tier, &item, &found, err)) {
            return false;
        }
        rows->scanned++;
        if (found) {
            partiql_row(call, rows, item);
        }
    }
    return true;
}

static void
partiql_count_page(const struct call *call, struct partiql_call *one, const struct page *page)
{
    uint64_t halves = capacity_read_halves(page->bytes, one->consistent);
    if (one->index == NULL) {
        one->capacity.halves += halves;
        return;
    }
    const struct table *table = one->request.table;
    uint32_t place = (uint32_t)(one->index - table->indexes);
    capacity_add_index(&one->capacity, table, place, halves, call->arena);
    one->capacity.halves += page->fetched * (one->consistent ? 2 : 1);
}

static bool partiql_run_page(struct call *call,
                             uint32_t condition,
                             struct partiql_rows *rows,
                             enum read_tier tier,
                             struct error *err)
{
    struct partiql_execute *state = call->state;
    struct partiql_call *one = &state->one;
    struct page page = {0};
    struct page_request request = {
        .table = one->request.table,
        .index = one->index,
        .fetch = state->fetch,
        .query = one->select.conditions_count > 0,
        .backward = one->select.backward,
        .segments = 1,
        .start = condition == state->from.condition ? state->from.start : (struct slice){0},
        .limit = state->limit == 0 ? 0 : state->limit - rows->scanned,
        .filter = one->select.filter,
    };
    if (request.query) {
        request.condition = one->select.conditions[condition];
    }
    if (!store_page(call->node->store, &request, tier, call->arena, &page, err)) {
        return false;
    }
    call->wait_seq = page.wait_seq > call->wait_seq ? page.wait_seq : call->wait_seq;
    for (uint64_t i = 0; i < page.count; i++) {
        partiql_row(call, rows, partiql_project(one->statement, page.items[i], call->arena));
    }
    rows->scanned += page.scanned;
    rows->bytes += page.bytes;
    rows->more = page.last.size > 0;
    rows->next = (struct partiql_place){condition, page.last};
    partiql_count_page(call, one, &page);
    return true;
}

static bool partiql_run_pages(struct call *call,
                              struct partiql_rows *rows,
                              enum read_tier tier,
                              struct error *err)
{
    const struct partiql_execute *state = call->state;
    uint32_t conditions = state->one.select.conditions_count;
    uint32_t i = state->from.condition;
    do {
        if (!partiql_run_page(call, i, rows, tier, err)) {
            return false;
        }
        i++;
        bool full =
            (state->limit > 0 && rows->scanned >= state->limit) || rows->bytes >= PAGE_BYTES_MAX;
        if (!rows->more && full && i < conditions) {
            rows->more = true;
            rows->next = (struct partiql_place){.condition = i};
        }
    } while (!rows->more && i < conditions);
    return true;
}

static bool partiql_run_select(struct call *call, enum read_tier tier, struct error *err)
{
    struct partiql_execute *state = call->state;
    struct partiql_call *one = &state->one;
    struct partiql_rows rows = {0};
    if (tier == READ_CACHED && one->select.conditions_count != 1) {
        return error_set(err, ERROR_WOULD_BLOCK, "more than one key condition, or none");
    }
    if (!metering_admit_read(call, one->request.table, one->index, &one->admitted, err)) {
        return false;
    }
    one->capacity = (struct capacity){0};
    answer_begin(call);
    answer_member(call, "Items");
    buffer_append_byte(&call->answer, '[');
    bool gets = one->index == NULL && one->select.conditions_count > 0 && one->select.whole_key;
    if (gets ? !partiql_run_gets(call, &rows, tier, err)
             : !partiql_run_pages(call, &rows, tier, err)) {
        return false;
    }
    metering_charge(call, one->request.table, THROTTLE_READ, &one->capacity);
    buffer_append_byte(&call->answer, ']');
    if (rows.more) {
        answer_member(call, "NextToken");
        partiql_token_write(&call->answer, one, &rows.next);
    }
    if (rows.more && rows.next.start.size > 0) {
        answer_item(call, "LastEvaluatedKey", rows.next.start);
    }
    return true;
}

static bool partiql_run_write(struct call *call, enum read_tier tier, struct error *err)
{
    struct partiql_execute *state = call->state;
    struct slice item = {0};
    struct slice old = {0};
    if (!partiql_put(call, &state->one, tier, &item, &old, err)) {
        if (old.size > 0) {
            buffer_append_text(&call->error_members, ",\"Item\":");
            item_write_json(&call->error_members, old);
        }
        return false;
    }
    answer_begin(call);
    answer_member(call, "Items");
    buffer_append_byte(&call->answer, '[');
    if (item.size > 0) {
        item_write_json(&call->answer, item);
    }
    buffer_append_byte(&call->answer, ']');
    return true;
}

static bool partiql_execute_run(struct call *call, enum read_tier tier, struct error *err)
{
    struct partiql_execute *state = call->state;
    bool reads = partiql_reads(state->one.statement);
    call->wait_seq = 0;
    if (reads ? !partiql_run_select(call, tier, err) : !partiql_run_write(call, tier, err)) {
        return false;
    }
    answer_capacity(call, &state->one.request, &state->one.capacity);
    answer_end(call);
    return true;
}

static void partiql_execute_access(struct call *call, struct access_list *list)
{
    struct partiql_execute *state = call->state;
    (void)partiql_access(call, &state->one, &state->one.request, NULL, list);
}

static void partiql_execute_release(struct call *call)
{
    struct partiql_execute *state = call->state;
    partiql_release(&state->one);
}

const struct operation operation_execute_statement = {.name = "ExecuteStatement",
                                                      .state_bytes = sizeof(struct partiql_execute),
                                                      .decode = partiql_execute_decode,
                                                      .run = partiql_execute_run,
                                                      .release = partiql_execute_release,
                                                      .access = partiql_execute_access};
