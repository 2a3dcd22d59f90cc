/* ExecuteTransaction (dynamodb-api.md section 14): statements that all read or all write, on what
 * TransactGetItems and TransactWriteItems run. EXISTS is a condition check, so it goes with writes.
 */
#include "daemon/api/listing.h"
#include "daemon/api/operations.h"
#include "daemon/api/partiql.h"
#include "daemon/api/transaction.h"

struct partiql_transaction {
    struct partiql_call *statements;
    uint32_t count;
    bool reads;
    struct transaction_reads read;   /* If all read … */
    struct transaction_call written; /* … and if all write. */
};

static bool partiql_transaction_begin(struct call *call, struct error *err)
{
    struct partiql_transaction *state = call->state;
    const struct json *asked = json_get(call->body, "TransactStatements");
    uint32_t reading = 0;
    state->statements = arena_zalloc(call->arena, asked->count, sizeof(*state->statements));
    for (const struct json *one = asked->first; one != NULL; one = one->next) {
        struct partiql_call *statement = &state->statements[state->count++];
        if (!partiql_begin(call, one, statement, err)) {
            return false;
        }
        reading += partiql_reads(statement->statement) ? 1 : 0;
    }
    state->reads = reading > 0;
    return reading == 0 || reading == state->count ||
           error_set(err, ERROR_VALIDATION,
                     "ExecuteTransaction API does not support both read and write operations in "
                     "the same request.");
}

static bool partiql_transaction_open_reads(struct call *call, struct error *err)
{
    struct partiql_transaction *state = call->state;
    transaction_reads_begin(call, state->count, &state->read);
    for (uint32_t i = 0; i < state->count; i++) {
        struct partiql_call *one = &state->statements[i];
        if (!partiql_open(call, one, err)) {
            return false;
        }
        if (!partiql_is_get(one)) {
            return error_set(err, ERROR_VALIDATION,
                             "Validation failed in TransactStatements[%u]: Select statements "
                             "within ExecuteTransaction must specify the primary key in the where "
                             "clause.",
                             i);
        }
        state->read.requests[i] = &one->request;
        state->read.reads[i].key = partiql_key(one, 0, call->arena);
    }
    for (uint32_t i = 0; i < state->count; i++) {
        if (!transaction_reads_check(&state->read, i, err)) {
            return false;
        }
    }
    return transaction_reads_distinct(call, &state->read, err);
}

/* The action takes over the statement's request, and what that refers to. */
static void partiql_transaction_action(struct partiql_call *one, struct transaction_action *action)
{
    struct write write = partiql_write_of(one);
    action->kind = write.kind;
    action->item = write.item;
    action->insert = one->statement->verb == PARTIQL_INSERT;
    action->item_on_failure = one->item_on_failure;
    action->request = one->request;
    one->request = (struct request){0};
}

static bool partiql_transaction_open_writes(struct call *call, struct error *err)
{
    struct partiql_transaction *state = call->state;
    transaction_begin(call, &shape_execute_transaction, state->count, &state->written);
    for (uint32_t i = 0; i < state->count; i++) {
        if (!partiql_plan(call, &state->statements[i], err)) {
            return false;
        }
        partiql_transaction_action(&state->statements[i], &state->written.actions[i]);
    }
    for (uint32_t i = 0; i < state->count; i++) {
        if (!transaction_check(&state->written, i, err)) {
            return false;
        }
    }
    return transaction_distinct(call, &state->written, err);
}

static bool partiql_transaction_decode(struct call *call, struct error *err)
{
    const struct partiql_transaction *state = call->state;
    if (!shape_check(&shape_execute_transaction, call->body, call->operation->name, err) ||
        !partiql_transaction_begin(call, err)) {
        return false;
    }
    return state->reads ? partiql_transaction_open_reads(call, err)
                        : partiql_transaction_open_writes(call, err);
}

static bool partiql_transaction_read(struct call *call, enum read_tier tier, struct error *err)
{
    struct partiql_transaction *state = call->state;
    if (!transaction_reads_run(call, &state->read, tier, err)) {
        return false;
    }
    answer_begin(call);
    answer_member(call, "Responses");
    buffer_append_byte(&call->answer, '[');
    for (uint32_t i = 0; i < state->count; i++) {
        const struct item_read *read = &state->read.reads[i];
        const struct partiql_call *one = &state->statements[i];
        const struct expression *filter = one->select.filter;
        struct slice shown = {NULL, 0};
        bool found = read->found && (filter == NULL || expression_test(filter, read->image));
        if (found) {
            shown = partiql_project(one->statement, read->image, call->arena);
        }
        buffer_append_text(&call->answer, i > 0 ? "," : "");
        transaction_reads_answer_item(call, found, shown);
        if (!transaction_reads_fit(call, err)) {
            return false;
        }
    }
    buffer_append_byte(&call->answer, ']');
    transaction_reads_answer_capacity(call, &state->read);
    answer_end(call);
    return true;
}

static bool partiql_transaction_run(struct call *call, enum read_tier tier, struct error *err)
{
    struct partiql_transaction *state = call->state;
    if (state->reads) {
        return partiql_transaction_read(call, tier, err);
    }
    if (!transaction_run(call, &state->written, tier, err)) {
        return false;
    }
    answer_begin(call);
    answer_member(call, "Responses");
    buffer_append_text(&call->answer, "[]");
    transaction_answer(call, &state->written);
    answer_end(call);
    return true;
}

/* An action has taken over its statement's request; those behind a failure have not. */
static void partiql_transaction_access(struct call *call, struct access_list *list)
{
    const struct partiql_transaction *state = call->state;
    for (uint32_t i = 0; i < state->count; i++) {
        const struct partiql_call *one = &state->statements[i];
        bool taken = state->written.actions != NULL && one->request.name.size == 0;
        (void)partiql_access(call, one, taken ? &state->written.actions[i].request : &one->request,
                             call->operation->name, list);
    }
}

static void partiql_transaction_release(struct call *call)
{
    struct partiql_transaction *state = call->state;
    for (uint32_t i = 0; i < state->count; i++) {
        partiql_release(&state->statements[i]);
    }
    transaction_release(&state->written);
}

const struct operation operation_execute_transaction = {.name = "ExecuteTransaction",
                                                        .state_bytes =
                                                            sizeof(struct partiql_transaction),
                                                        .decode = partiql_transaction_decode,
                                                        .run = partiql_transaction_run,
                                                        .release = partiql_transaction_release,
                                                        .access = partiql_transaction_access};
