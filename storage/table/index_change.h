/* What a write of one item changes in the indexes of its table. Goes into the batch that holds the
 * item's row, under the row's latch: so no crash and no reader finds an index that is not the
 * function of its table. What stays as it is costs nothing on disk.
 *
 * Internal to storage/table; any thread that holds the row's latch. */
#pragma once

#include "storage/store.h"
#include "storage/table/index_row.h"

struct index_change {
    const struct table_index *index;
    struct index_row before, after;
    bool changed;                     /* The two differ: something is written. */
    size_t before_bytes, after_bytes; /* As DynamoDB counts items; 0 for none. Only with `changed`,
                                        and of local indexes. */
};

/* One change per index of the table, in the arena; NULL without indexes. `before` and `after` are
 * the item's images, empty for none; they are borrowed as long as the result is used. */
struct index_change *index_changes_make(const struct table *table,
                                        struct slice key,
                                        struct slice before,
                                        struct slice after,
                                        struct arena *arena);
/* Into the batch. Returns about how many bytes. */
size_t index_changes_put(struct store *store,
                         struct engine_batch *batch,
                         const struct table *table,
                         const struct index_change *changes,
                         struct arena *arena);
/* Once appended, still under the latch. `counted` is any description of the table that the catalog
 * has handed out. */
void index_changes_count(const struct table *counted,
                         const struct table *table,
                         const struct index_change *changes);
/* Item bytes of what the local indexes hold afterwards. */
size_t index_changes_local_bytes(const struct table *table, const struct index_change *changes);
/* Write units, each of INDEX_UNIT_BYTES of a row (dynamodb-api.md section 15). */
enum { INDEX_UNIT_BYTES = 1024 };
uint32_t index_change_units(const struct index_change *change);
