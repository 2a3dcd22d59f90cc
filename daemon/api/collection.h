/* ItemCollectionMetrics (dynamodb-api.md section 8): how large the item collection of a written
 * item is, for tables with local indexes. Loop or worker; reads counters only. */
#pragma once

#include "daemon/api/operation.h"

/* ReturnItemCollectionMetrics: SIZE. */
bool collection_asked(const struct json *body);
/* Has the table item collections with a size? */
bool collection_counts(const struct table *table);

/* {"ItemCollectionKey":{…},"SizeEstimateRangeGB":[0.0,1.0]} of the collection that `image`, an item
 * or a key, is in. The upper end is what the table and its local indexes hold all together, rounded
 * up to whole GB: true of every collection, and free to know. */
void collection_write(struct call *call, const struct table *table, struct slice image);

/* "ItemCollectionMetrics":{"T":[…]} of a call that wrote several items, each collection once. */
struct collection_item {
    const struct table *table;
    struct slice asked; /* The table as the request named it. */
    struct slice image;
};
void collection_answer(struct call *call, const struct collection_item *items, uint32_t count);
