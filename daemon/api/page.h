/* What Query and Scan share: projection rules, the start key, one page and its answer.
 * decode on the call's loop; run where the dispatcher says. */
#pragma once

#include "daemon/api/request.h"

struct page_call {
    struct request request;
    struct page_request page;
    bool consistent;
    bool admitted;
};

/* Shapes, ExclusiveStartKey's values, expressions, Select: everything before the table. */
MUST_CHECK bool
page_begin(struct call *call, const struct shape *shape, unsigned texts, struct error *err);
/* The table and, with IndexName, its index. What is to be said of the start key, storage says.
 * Errors: NOT_FOUND, VALIDATION. */
MUST_CHECK bool page_open(struct call *call, struct error *err);
/* The index of that name of the table, if it may be read like this (page_index.c).
 * Errors: VALIDATION. */
MUST_CHECK bool page_open_index(struct call *call, struct slice name, struct error *err);
/* The common operation functions; call->state is a struct page_call. */
MUST_CHECK bool page_run(struct call *call, enum read_tier tier, struct error *err);
void page_release(struct call *call);
void page_access(struct call *call, struct access_list *list);
