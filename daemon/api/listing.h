/* What operations are going to do, for daemon/auth/authorize.h: what the listings of several
 * operations have in common, and those of all that are told by their request's body alone.
 *
 * Listing happens after decode, also after one that failed once it had looked for the table: what
 * is not there yet is NULL or empty. The loop's thread. */
#pragma once

#include "daemon/api/request.h"
#include "daemon/auth/access.h"

/* On the request's table or one of its indexes, with what its expressions touch. NULL: nobody
 * limits it. */
struct access *listing_request(struct call *call,
                               struct access_list *list,
                               const char *action,
                               const struct request *request,
                               struct slice index);
/* Does a read return whole items, or what a projection names? */
void listing_select(struct access *access, bool projects);
/* ReturnValues and what a failed condition returns, as the members of `owner` say. */
void listing_returns(struct access *access, const struct json *owner);
/* "dynamodb:PutItem" and so on. */
const char *listing_write_action(enum write_kind kind);
