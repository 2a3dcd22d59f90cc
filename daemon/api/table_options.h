/* What a table is besides keys and capacity: stream, encryption, class (dynamodb-features.md 1.3
 * rules 21 to 23; section 18). Pure. */
#pragma once

#include "daemon/api/validate.h"
#include "daemon/node.h"
#include "proto/value/json.h"

/* Rule 21, of a table that is being created. Errors: VALIDATION. */
MUST_CHECK bool table_options_stream(const struct json *asked, struct error *err);
/* Of a StreamSpecification that has passed. */
static inline bool table_options_streams(const struct json *asked)
{
    return asked != NULL && shape_boolean(json_get(asked, "StreamEnabled"), false);
}
/* Rule 22. Sets table->encrypted and kms_key. Errors: VALIDATION. */
MUST_CHECK bool table_options_encryption(const struct json *asked,
                                         const struct node *node,
                                         struct arena *arena,
                                         struct table *table,
                                         struct error *err);
/* Rule 23. Errors: VALIDATION. */
MUST_CHECK bool
table_options_class(const struct json *asked, enum table_class *class, struct error *err);
const char *table_options_class_name(enum table_class class);

/* The key that encrypts the table, as an ARN: its own, or the one that stands for the service's. */
struct slice
table_options_key(const struct table *table, const struct node *node, struct arena *arena);
