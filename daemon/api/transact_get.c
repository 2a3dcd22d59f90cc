/* TransactGetItems (dynamodb-api.md 12.4): up to a hundred items as they were at one moment. */
#include "daemon/api/listing.h"
#include "daemon/api/operations.h"
#include "daemon/api/transaction.h"

struct transact_get {
    struct request *requests;
    struct transaction_reads reads;
};

static bool transact_get_one(struct call *call,
                             const struct json *asked,
                             struct request *request,
                             struct slice *key,
                             struct error *err)
{
    request->asked_name = shape_text(json_get(asked, "TableName"));
    return request_resolve_name(call->node, request->asked_name, &request->name, err) &&
           item_from_json(json_get(asked, "Key"), call->arena, key, err) &&
           request_compile(call, asked, TEXT_BIT(TEXT_PROJECTION), request, err);
}

static bool transact_get_decode(struct call *call, struct error *err)
{
    struct transact_get *state = call->state;
    if (!shape_check(&shape_transact_get_items, call->body, call->operation->name, err)) {
        return false;
    }
    const struct json *items = json_get(call->body, "TransactItems");
    state->requests = arena_zalloc(call->arena, items->count, sizeof(*state->requests));
    transaction_reads_begin(call, items->count, &state->reads);
    uint32_t place = 0;
    for (const struct json *element = items->first; element != NULL; element = element->next) {
        struct request *request = &state->requests[place];
        struct slice *key = &state->reads.reads[place].key;
        state->reads.requests[place++] = request;
        if (!transact_get_one(call, json_get(element, "Get"), request, key, err)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < items->count; i++) {
        if (!request_open(call, &state->requests[i], err)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < items->count; i++) {
        if (!transaction_reads_check(&state->reads, i, err)) {
            return false;
        }
    }
    return transaction_reads_distinct(call, &state->reads, err);
}

static bool transact_get_run(struct call *call, enum read_tier tier, struct error *err)
{
    struct transact_get *state = call->state;
    if (!transaction_reads_run(call, &state->reads, tier, err)) {
        return false;
    }
    answer_begin(call);
    answer_member(call, "Responses");
    buffer_append_byte(&call->answer, '[');
    for (uint32_t i = 0; i < state->reads.count; i++) {
        const struct item_read *read = &state->reads.reads[i];
        const struct expression *projection = state->requests[i].expressions[TEXT_PROJECTION];
        struct slice shown = read->image;
        if (read->found && projection != NULL) {
            expression_project(projection, read->image, call->arena, &shown);
        }
        buffer_append_text(&call->answer, i > 0 ? "," : "");
        transaction_reads_answer_item(call, read->found, shown);
        if (!transaction_reads_fit(call, err)) {
            return false;
        }
    }
    buffer_append_byte(&call->answer, ']');
    transaction_reads_answer_capacity(call, &state->reads);
    answer_end(call);
    return true;
}

static void transact_get_access(struct call *call, struct access_list *list)
{
    struct transact_get *state = call->state;
    struct slice none = {NULL, 0};
    for (uint32_t i = 0; i < state->reads.count; i++) {
        const struct request *request = &state->requests[i];
        struct slice key = state->reads.reads[i].key;
        struct access *access = listing_request(call, list, "dynamodb:GetItem", request, none);
        if (access != NULL) {
            access_leading_of(access, request->table, key);
            access_attributes_of_item(access, key);
            listing_select(access, request->expressions[TEXT_PROJECTION] != NULL);
            access_text(access, POLICY_ENCLOSING_OPERATION, SLICE_LITERAL("TransactGetItems"));
        }
    }
}

static void transact_get_release(struct call *call)
{
    struct transact_get *state = call->state;
    for (uint32_t i = 0; i < state->reads.count; i++) {
        request_release(&state->requests[i]);
    }
}

const struct operation operation_transact_get_items = {.name = "TransactGetItems",
                                                       .state_bytes = sizeof(struct transact_get),
                                                       .decode = transact_get_decode,
                                                       .run = transact_get_run,
                                                       .release = transact_get_release,
                                                       .access = transact_get_access};
