/* May this caller do what the request is going to do? Asked between an operation's own checks and
 * the table's (dynamodb-api.md 1.4): a denial outdoes what the look at the table has found.
 *
 *     deny in the identity policy or in the table's  >  allow in either  >  nothing said: denied
 *
 * A key without a policy may do everything that no table's policy denies. Without such policies,
 * and with --auth off, the question costs a comparison. One authorizer per loop, on its thread. */
#pragma once

#include "daemon/api/operation.h"
#include "daemon/http/http.h"

struct authorizer;
struct policy; /* daemon/auth/policy.h */

struct authorizer *authorizer_open(void);
void authorizer_close(struct authorizer *authorizer); /* NULL is fine. */

/* `call` has been decoded, or failed after it had looked for its table. On false *message is the
 * whole text, in the request's arena. Errors: ACCESS_DENIED; CORRUPT for a stored policy. */
MUST_CHECK bool authorize(struct authorizer *authorizer,
                          struct call *call,
                          const struct http_request *http,
                          struct slice *message,
                          struct error *err);

/* Would the caller still be let change the policy of the table under this one, which is not yet
 * its own? For PutResourcePolicy. */
bool authorize_keeps_self(const struct call *call, const struct policy *policy, struct slice arn);
