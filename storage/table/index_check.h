/* What DynamoDB demands of an item's index key attributes when a client writes it. An item that
 * lacks them is fine, it is not in the index. Texts: dynamodb-api.md sections 6, 7.4 and 8.
 *
 * Internal to storage/table. Pure functions; any thread. Errors: VALIDATION. */
#pragma once

#include "storage/store.h"

/* Of a whole item. */
MUST_CHECK bool index_check_put(const struct table *table, struct slice image, struct error *err);
/* What an update sets to a value of the request: no matter what the item is. */
MUST_CHECK bool
index_check_set(const struct table *table, const struct expression *update, struct error *err);
/* What it has made of those attributes that it is about. */
MUST_CHECK bool index_check_update(const struct table *table,
                                   const struct expression *update,
                                   struct slice image,
                                   struct error *err);
