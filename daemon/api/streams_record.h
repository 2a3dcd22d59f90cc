/* One record of a stream as GetRecords answers it (dynamodb-features.md 5.2). Pure. */
#pragma once

#include "daemon/node.h"
#include "storage/stream/stream.h"

/* Append the object. */
void streams_record_write(struct buffer *to,
                          const struct node *node,
                          enum stream_view view,
                          const struct stream_record *record);
