/* UpdateItem (dynamodb-api.md 8.4, 7.4). Without an UpdateExpression it touches: the item exists
 * afterwards, if only with its key. */
#include "daemon/api/item_write.h"
#include "daemon/api/operations.h"

static bool item_update_decode(struct call *call, struct error *err)
{
    struct item_write *state = call->state;
    struct request *request = &state->request;
    unsigned texts = TEXT_BIT(TEXT_UPDATE) | TEXT_BIT(TEXT_CONDITION);
    state->kind = WRITE_UPDATE;
    if (!request_begin(call, &shape_update_item, request, err) ||
        !request_legacy(call, call->body, texts, request, err) ||
        !request_image(call, "Key", &state->item, err) ||
        !request_compile(call, call->body, texts, request, err) ||
        !request_open(call, request, err) || !item_check_key(request->table, state->item, err) ||
        !request_paths(request, err)) {
        return false;
    }
    state->returns = item_write_returns(call->body);
    state->item_on_failure =
        slice_is(request_choice(call->body, "ReturnValuesOnConditionCheckFailure"), "ALL_OLD");
    return true;
}

const struct operation operation_update_item = {.name = "UpdateItem",
                                                .state_bytes = sizeof(struct item_write),
                                                .decode = item_update_decode,
                                                .run = item_write_run,
                                                .release = item_write_release,
                                                .access = item_write_access};
