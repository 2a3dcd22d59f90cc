/* The inputs of all operations, as the service has them: shape_put_item and so on. The tables are
 * written by model/generate. */
#pragma once

#include "daemon/api/model/inputs.h"
#include "daemon/api/model/patterns.h"
#include "proto/base/limits.h"

struct shape_operation {
    const char *name; /* "PutItem" */
    const struct shape *shape;
};

/* Every operation of DynamoDB and DynamoDB Streams, sorted by name. */
extern const struct shape_operation shape_operations[];
extern const uint32_t shape_operations_count;
