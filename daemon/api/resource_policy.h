/* A table's resource policy as a document of the catalog (SETTING_POLICY). */
#pragma once

#include "daemon/api/operation.h"

/* Is it one, for the table of that ARN, and would the caller, unless that is `confirmed`, still be
 * let change it? *minified lives in the call's arena. During decode. Errors: VALIDATION. */
MUST_CHECK bool resource_policy_check(struct call *call,
                                      struct slice text,
                                      struct slice arn,
                                      bool confirmed,
                                      struct slice *minified,
                                      struct error *err);
/* What the catalog keeps, in the call's arena. */
struct slice resource_policy_document(struct call *call, struct slice minified, uint64_t revision);
