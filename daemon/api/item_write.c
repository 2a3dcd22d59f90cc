#include "daemon/api/item_write.h"

#include "daemon/api/collection.h"
#include "daemon/api/listing.h"
#include "daemon/api/metering.h"

enum return_values item_write_returns(const struct json *body)
{
    struct slice choice = request_choice(body, "ReturnValues");
    if (slice_is(choice, "ALL_OLD")) {
        return RETURN_ALL_OLD;
    }
    if (slice_is(choice, "UPDATED_OLD")) {
        return RETURN_UPDATED_OLD;
    }
    if (slice_is(choice, "ALL_NEW")) {
        return RETURN_ALL_NEW;
    }
    return slice_is(choice, "UPDATED_NEW") ? RETURN_UPDATED_NEW : RETURN_NONE;
}

bool item_write_old_only(struct item_write *state, const struct json *body, struct error *err)
{
    state->returns = item_write_returns(body);
    return state->returns == RETURN_NONE || state->returns == RETURN_ALL_OLD ||
           error_set(err, ERROR_VALIDATION, "ReturnValues can only be ALL_OLD or NONE");
}

static void
item_write_leaves(struct call *call, const struct expression *update, struct slice image)
{
    struct slice leaves = {0};
    if (update != NULL) {
        expression_update_leaves(update, image, call->arena, &leaves);
    }
    if (leaves.size > 0 && value_count((struct value){VALUE_M, leaves}) > 0) {
        answer_item(call, "Attributes", leaves);
    }
}

static void
item_write_attributes(struct call *call, const struct item_write *state, const struct write *write)
{
    const struct expression *update = state->request.expressions[TEXT_UPDATE];
    switch (state->returns) {
    case RETURN_NONE:
        break;
    case RETURN_ALL_OLD:
        if (write->existed) {
            answer_item(call, "Attributes", write->old_image);
        }
        break;
    case RETURN_UPDATED_OLD:
        if (write->existed) {
            item_write_leaves(call, update, write->old_image);
        }
        break;
    case RETURN_ALL_NEW:
        if (write->exists) {
            answer_item(call, "Attributes", write->new_image);
        }
        break;
    case RETURN_UPDATED_NEW:
        if (write->exists) {
            item_write_leaves(call, update, write->new_image);
        }
        break;
    }
}

bool item_write_run(struct call *call, enum read_tier tier, struct error *err)
{
    struct item_write *state = call->state;
    struct write write = {
        .table = state->request.table,
        .kind = state->kind,
        .item = state->item,
        .condition = state->request.expressions[TEXT_CONDITION],
        .update = state->request.expressions[TEXT_UPDATE],
    };
    if (!metering_admit_write(call, write.table, &state->admitted, err)) {
        return false;
    }
    bool written = store_write(call->node->store, &write, tier, call->arena, err);
    call->wait_seq = write.wait_seq;
    if (written || err->code == ERROR_CONDITION) {
        metering_charge_write(call, &write, 1);
    }
    if (!written) {
        if (err->code == ERROR_CONDITION && state->item_on_failure && write.existed) {
            buffer_append_text(&call->error_members, ",\"Item\":");
            item_write_json(&call->error_members, write.old_image);
        }
        return false;
    }
    answer_begin(call);
    item_write_attributes(call, state, &write);
    if (state->request.capacity != CAPACITY_NONE) {
        struct capacity capacity = {0};
        capacity_add_write(&capacity, &write, 1, call->arena);
        answer_capacity(call, &state->request, &capacity);
    }
    if (collection_counts(write.table) && collection_asked(call->body)) {
        answer_member(call, "ItemCollectionMetrics");
        collection_write(call, write.table, write.item);
    }
    answer_end(call);
    return true;
}

void item_write_access(struct call *call, struct access_list *list)
{
    struct item_write *state = call->state;
    struct slice none = {NULL, 0};
    struct access *access =
        listing_request(call, list, listing_write_action(state->kind), &state->request, none);
    if (access != NULL) {
        access_leading_of(access, state->request.table, state->item);
        access_attributes_of_item(access, state->item);
        listing_returns(access, call->body);
    }
}

void item_write_release(struct call *call)
{
    struct item_write *state = call->state;
    request_release(&state->request);
}
