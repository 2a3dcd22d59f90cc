/* DeleteItem (dynamodb-api.md 8.3). Deleting what is not there succeeds. */
#include "daemon/api/item_write.h"
#include "daemon/api/operations.h"

static bool item_delete_decode(struct call *call, struct error *err)
{
    struct item_write *state = call->state;
    struct request *request = &state->request;
    state->kind = WRITE_DELETE;
    if (!request_begin(call, &shape_delete_item, request, err) ||
        !request_legacy(call, call->body, TEXT_BIT(TEXT_CONDITION), request, err) ||
        !request_image(call, "Key", &state->item, err) ||
        !request_compile(call, call->body, TEXT_BIT(TEXT_CONDITION), request, err) ||
        !item_write_old_only(state, call->body, err) || !request_open(call, request, err) ||
        !item_check_key(request->table, state->item, err) || !request_paths(request, err)) {
        return false;
    }
    state->item_on_failure =
        slice_is(request_choice(call->body, "ReturnValuesOnConditionCheckFailure"), "ALL_OLD");
    return true;
}

const struct operation operation_delete_item = {.name = "DeleteItem",
                                                .state_bytes = sizeof(struct item_write),
                                                .decode = item_delete_decode,
                                                .run = item_write_run,
                                                .release = item_write_release,
                                                .access = item_write_access};
