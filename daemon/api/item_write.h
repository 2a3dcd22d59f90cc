/* What PutItem, UpdateItem and DeleteItem share after decoding: the write, its refusal, its answer.
 * decode on the call's loop; run where the dispatcher says. */
#pragma once

#include "daemon/api/request.h"

enum return_values {
    RETURN_NONE,
    RETURN_ALL_OLD,
    RETURN_UPDATED_OLD,
    RETURN_ALL_NEW,
    RETURN_UPDATED_NEW,
};

struct item_write {
    struct request request;
    enum write_kind kind;
    struct slice item; /* The item, or the key. */
    enum return_values returns;
    bool admitted;
    bool item_on_failure; /* ReturnValuesOnConditionCheckFailure: ALL_OLD */
};

enum return_values item_write_returns(const struct json *body);
/* ReturnValues of Put and Delete. Errors: VALIDATION. */
MUST_CHECK bool
item_write_old_only(struct item_write *state, const struct json *body, struct error *err);
/* The common operation functions; call->state is a struct item_write. */
MUST_CHECK bool item_write_run(struct call *call, enum read_tier tier, struct error *err);
void item_write_release(struct call *call);
void item_write_access(struct call *call, struct access_list *list);
