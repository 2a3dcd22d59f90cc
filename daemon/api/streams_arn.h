/* Names of streams: a label is the moment of enabling, "2026-11-22T07:34:06.049" in UTC
 * (dynamodb-features.md 1.1). Pure. */
#pragma once

#include "daemon/node.h"

enum { STREAMS_LABEL_BYTES = 24 }; /* With the zero. */

/* As milliseconds of the epoch and back. Years 1970 to 9999. */
void streams_label_print(uint64_t ms, char text[static STREAMS_LABEL_BYTES]);
/* False when it is no label. */
bool streams_label_parse(struct slice text, uint64_t *ms);

/* "arn:aws:dynamodb:<region>:<account>:table/<name>/stream/<label>" */
void streams_arn_write(struct buffer *to,
                       const struct node *node,
                       struct slice table,
                       uint64_t label_ms);

/* The table and label in an ARN; *here false when it is well formed, but no stream of this node can
 * have it. Errors: VALIDATION. */
MUST_CHECK bool streams_arn_parse(const struct node *node,
                                  struct slice arn,
                                  struct slice *table,
                                  uint64_t *label_ms,
                                  bool *here,
                                  struct error *err);

/* The four views as the API names them. */
const char *streams_view_name(enum stream_view view);
/* Of a StreamViewType that has passed the model. */
enum stream_view streams_view_of(struct slice name);

enum { STREAMS_SEQUENCE_BYTES = 22 }; /* With the zero. */

/* SequenceNumber: "1" and 20 digits of the seq, so that all have 21 and sort like the commits. */
void streams_sequence_print(uint64_t seq, char text[static STREAMS_SEQUENCE_BYTES]);
/* Of 21 to 40 digits: false when it is no such text. *seq is UINT64_MAX for a number that we never
 * give. */
bool streams_sequence_parse(struct slice text, uint64_t *seq);
