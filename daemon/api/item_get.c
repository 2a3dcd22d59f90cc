/* GetItem (dynamodb-api.md 8.2). Every read here is of the newest state; ConsistentRead only
 * decides what it is counted as. */
#include "daemon/api/listing.h"
#include "daemon/api/metering.h"
#include "daemon/api/operations.h"
#include "daemon/api/request.h"

struct item_get {
    struct request request;
    struct slice key;
    bool consistent;
    bool admitted;
};

static bool item_get_decode(struct call *call, struct error *err)
{
    struct item_get *state = call->state;
    struct request *request = &state->request;
    if (!request_begin(call, &shape_get_item, request, err) ||
        !request_legacy(call, call->body, TEXT_BIT(TEXT_PROJECTION), request, err) ||
        !request_image(call, "Key", &state->key, err) ||
        !request_compile(call, call->body, TEXT_BIT(TEXT_PROJECTION), request, err) ||
        !request_open(call, request, err) || !item_check_key(request->table, state->key, err) ||
        !request_paths(request, err)) {
        return false;
    }
    state->consistent = shape_boolean(json_get(call->body, "ConsistentRead"), false);
    return true;
}

static bool item_get_run(struct call *call, enum read_tier tier, struct error *err)
{
    struct item_get *state = call->state;
    const struct expression *projection = state->request.expressions[TEXT_PROJECTION];
    struct slice image = {0};
    bool found = false;
    if (!metering_admit_read(call, state->request.table, NULL, &state->admitted, err) ||
        !store_get(call->node->store, state->request.table, state->key, tier, call->arena, &image,
                   &found, &call->wait_seq, err)) {
        return false;
    }
    size_t bytes = 0;
    if (found && (state->request.capacity != CAPACITY_NONE || metering_is_on(call))) {
        bytes = item_size(image);
    }
    struct capacity capacity = {.halves = capacity_read_halves(bytes, state->consistent)};
    metering_charge(call, state->request.table, THROTTLE_READ, &capacity);
    answer_begin(call);
    if (found) {
        if (projection != NULL) {
            expression_project(projection, image, call->arena, &image);
        }
        answer_item(call, "Item", image);
    }
    answer_capacity(call, &state->request, &capacity);
    answer_end(call);
    return true;
}

static void item_get_access(struct call *call, struct access_list *list)
{
    struct item_get *state = call->state;
    struct slice none = {NULL, 0};
    struct access *access = listing_request(call, list, "dynamodb:GetItem", &state->request, none);
    if (access != NULL) {
        access_leading_of(access, state->request.table, state->key);
        access_attributes_of_item(access, state->key);
        listing_select(access, state->request.expressions[TEXT_PROJECTION] != NULL);
    }
}

static void item_get_release(struct call *call)
{
    struct item_get *state = call->state;
    request_release(&state->request);
}

const struct operation operation_get_item = {.name = "GetItem",
                                             .state_bytes = sizeof(struct item_get),
                                             .decode = item_get_decode,
                                             .run = item_get_run,
                                             .release = item_get_release,
                                             .access = item_get_access};
