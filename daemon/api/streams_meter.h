/* What the readers of each stream have been given, and how far behind they were: for /metrics.
 * At most STREAMS_METERED_MAX streams are kept. Any thread; takes a short mutex. */
#pragma once

#include "daemon/node.h"
#include "storage/stream/stream.h"

struct streams_meter;

struct streams_meter *streams_meter_open(void);
void streams_meter_close(struct streams_meter *meter); /* NULL is fine. */

/* One answered page. A node without a meter counts nothing. */
void streams_meter_count(const struct node *node,
                         const struct stream *stream,
                         const struct stream_page *page);

struct streams_metered {
    uint32_t stream;
    char table[TABLE_NAME_BYTES_MAX + 1];
    uint64_t label_ms;
    uint64_t records;
    uint64_t age_ms; /* Of the newest record of the last page when it was given; 0: it was empty. */
    uint64_t read_ms;
};
/* All of them, in no order; the array is in the arena. */
uint32_t
streams_meter_all(struct streams_meter *meter, struct arena *arena, struct streams_metered **all);
