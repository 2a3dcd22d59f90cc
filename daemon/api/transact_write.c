/* TransactWriteItems (dynamodb-api.md 12.1): up to a hundred puts, updates, deletes and checks, all
 * or none. What can be refused without a table is refused for all actions before a table is looked
 * at. */
#include "daemon/api/listing.h"
#include "daemon/api/operations.h"
#include "daemon/api/transaction.h"

static const struct {
    const char *member; /* Of an element of TransactItems. */
    const char *item;
    enum write_kind kind;
    unsigned texts;
} transact_write_kinds[] = {
    {"ConditionCheck", "Key", WRITE_CHECK, TEXT_BIT(TEXT_CONDITION)},
    {"Put", "Item", WRITE_PUT, TEXT_BIT(TEXT_CONDITION)},
    {"Delete", "Key", WRITE_DELETE, TEXT_BIT(TEXT_CONDITION)},
    {"Update", "Key", WRITE_UPDATE, TEXT_BIT(TEXT_CONDITION) | TEXT_BIT(TEXT_UPDATE)},
};

/* Which of the four it is. */
static bool transact_write_which(const struct json *element, size_t *which, struct error *err)
{
    size_t found = 0;
    for (size_t i = 0; i < ARRAY_COUNT(transact_write_kinds); i++) {
        if (json_get(element, transact_write_kinds[i].member) != NULL) {
            *which = i;
            found++;
        }
    }
    if (found > 1) {
        return error_set(err, ERROR_VALIDATION,
                         "TransactItems can only contain one of Check, Put, Update or Delete");
    }
    return found == 1 ||
           error_set(err, ERROR_VALIDATION,
                     "Invalid Request: TransactWriteRequest should contain Delete or Put or Update "
                     "request");
}

static bool transact_write_action(struct call *call,
                                  const struct json *element,
                                  struct transaction_action *action,
                                  struct error *err)
{
    size_t which = 0;
    if (!transact_write_which(element, &which, err)) {
        return false;
    }
    const struct json *asked = json_get(element, transact_write_kinds[which].member);
    struct request *request = &action->request;
    action->kind = transact_write_kinds[which].kind;
    action->item_on_failure =
        slice_is(request_choice(asked, "ReturnValuesOnConditionCheckFailure"), "ALL_OLD");
    request->asked_name = shape_text(json_get(asked, "TableName"));
    return request_resolve_name(call->node, request->asked_name, &request->name, err) &&
           item_from_json(json_get(asked, transact_write_kinds[which].item), call->arena,
                          &action->item, err) &&
           request_compile(call, asked, transact_write_kinds[which].texts, request, err);
}

static bool transact_write_decode(struct call *call, struct error *err)
{
    struct transaction_call *state = call->state;
    if (!shape_check(&shape_transact_write_items, call->body, call->operation->name, err)) {
        return false;
    }
    const struct json *items = json_get(call->body, "TransactItems");
    transaction_begin(call, &shape_transact_write_items, items->count, state);
    uint32_t place = 0;
    for (const struct json *element = items->first; element != NULL; element = element->next) {
        if (!transact_write_action(call, element, &state->actions[place++], err)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < state->count; i++) {
        if (!request_open(call, &state->actions[i].request, err)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < state->count; i++) {
        if (!transaction_check(state, i, err)) {
            return false;
        }
    }
    return transaction_distinct(call, state, err);
}

static bool transact_write_run(struct call *call, enum read_tier tier, struct error *err)
{
    struct transaction_call *state = call->state;
    if (!transaction_run(call, state, tier, err)) {
        return false;
    }
    answer_begin(call);
    transaction_answer(call, state);
    answer_end(call);
    return true;
}

static void transact_write_access(struct call *call, struct access_list *list)
{
    const struct transaction_call *state = call->state;
    struct slice none = {NULL, 0};
    for (uint32_t i = 0; i < state->count; i++) {
        const struct transaction_action *action = &state->actions[i];
        struct access *access =
            listing_request(call, list, listing_write_action(action->kind), &action->request, none);
        if (access != NULL) {
            access_leading_of(access, action->request.table, action->item);
            access_attributes_of_item(access, action->item);
            access_text(access, POLICY_RETURN_VALUES,
                        action->item_on_failure ? SLICE_LITERAL("ALL_OLD") : none);
            access_text(access, POLICY_ENCLOSING_OPERATION, SLICE_LITERAL("TransactWriteItems"));
        }
    }
}

static void transact_write_release(struct call *call)
{
    transaction_release(call->state);
}

const struct operation operation_transact_write_items = {.name = "TransactWriteItems",
                                                         .state_bytes =
                                                             sizeof(struct transaction_call),
                                                         .decode = transact_write_decode,
                                                         .run = transact_write_run,
                                                         .release = transact_write_release,
                                                         .access = transact_write_access};
