/* What both batches share: one struct request per table, and capacity as an array. */
#pragma once

#include "daemon/api/request.h"

struct batch_table {
    struct request request;
    const struct json *asked; /* This table's part of RequestItems. */
    struct capacity used;     /* So far. */
};

/* Shapes, RequestItems present, the tables' names resolved. *tables live in the arena. Errors as
 * request_begin. */
MUST_CHECK bool batch_begin(struct call *call,
                            const struct shape *shape,
                            struct batch_table **tables,
                            uint32_t *count,
                            struct error *err);
void batch_release(struct batch_table *tables, uint32_t count);
/* "ConsumedCapacity":[…] if it was asked for: of the tables that used any. */
void batch_capacity(struct call *call, const struct batch_table *tables, uint32_t count);
