/* Consumed capacity as DynamoDB counts it (dynamodb-api.md section 15), in half units so that an
 * eventual read stays a whole number. Pure. */
#pragma once

#include "proto/base/buffer.h"

enum capacity_detail { CAPACITY_NONE, CAPACITY_TOTAL, CAPACITY_INDEXES };

/* Of one read of `bytes` item bytes (0 for a missing item), or of a whole page. */
uint64_t capacity_read_halves(uint64_t bytes, bool consistent);
/* Of one write that found `old_bytes` and left `new_bytes` (0: none). */
uint64_t capacity_write_halves(uint64_t old_bytes, uint64_t new_bytes);

/* {"TableName":"T","CapacityUnits":0.5} and with INDEXES the table's part. `table` as the request
 * named it. */
void capacity_write_json(struct buffer *to,
                         struct slice table,
                         enum capacity_detail detail,
                         uint64_t halves);
