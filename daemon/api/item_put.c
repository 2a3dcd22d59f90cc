/* PutItem (dynamodb-api.md 8.1): replace a whole item. */
#include "daemon/api/item_write.h"
#include "daemon/api/operations.h"

static bool item_put_decode(struct call *call, struct error *err)
{
    struct item_write *state = call->state;
    struct request *request = &state->request;
    state->kind = WRITE_PUT;
    if (!request_begin(call, &shape_put_item, request, err) ||
        !request_legacy(call, call->body, TEXT_BIT(TEXT_CONDITION), request, err) ||
        !request_image(call, "Item", &state->item, err) ||
        !request_compile(call, call->body, TEXT_BIT(TEXT_CONDITION), request, err) ||
        !item_write_old_only(state, call->body, err) || !request_open(call, request, err) ||
        !item_check_put_key(request->table, state->item, err) || !request_paths(request, err)) {
        return false;
    }
    state->item_on_failure =
        slice_is(request_choice(call->body, "ReturnValuesOnConditionCheckFailure"), "ALL_OLD");
    if (item_size(state->item) > ITEM_BYTES_MAX) {
        return error_set(err, ERROR_VALIDATION, "Item size has exceeded the maximum allowed size");
    }
    return true;
}

const struct operation operation_put_item = {.name = "PutItem",
                                             .state_bytes = sizeof(struct item_write),
                                             .decode = item_put_decode,
                                             .run = item_write_run,
                                             .release = item_write_release,
                                             .access = item_write_access};
