/* A row of a secondary index: what one item is in that index.
 *
 * An index is a pure function of its table's items. An item is in it when it has every key
 * attribute of the index, of the right type, not empty and not too long; others are not in it and
 * nothing is said about that: items may be older than the index, or come from a peer.
 *
 * Key, in FAMILY_ITEMS beside the table's own rows; integers big endian:
 *
 *   size  field
 *      4  table id
 *      2  index id
 *      8  hash              XXH64 of the index's partition parts
 *      -  partition values  1 to 4 key parts (key.h)
 *      -  sort values       0 to 4 key parts
 *      -  the parts of the item's own key: rows differ, and equal index keys are in its order
 *
 * Value:
 *
 *   size  field
 *      1  format            1
 *      -  image             the index's and the table's key attributes and what is projected
 *
 * It carries no version: that is the item's business, and equal items make equal index rows in
 * every region. A deleted item has no index row. Pure functions; any thread. */
#pragma once

#include "storage/table/key.h"

enum { INDEX_ROW_FORMAT = 1 };

struct index_row {
    bool present;       /* Is the item in the index? If not, the rest is empty. */
    struct slice key;   /* In the arena. */
    struct slice image; /* In the arena, or with PROJECTION_ALL the item's own. */
};

static inline struct key_space index_space(const struct table *table,
                                           const struct table_index *index)
{
    return (struct key_space){table->id, index->id};
}

/* `key` is the item's key in its table; `image` the item, empty for none. */
void index_row_make(const struct table *table,
                    const struct table_index *index,
                    struct slice key,
                    struct slice image,
                    struct arena *arena,
                    struct index_row *row);
bool index_row_equal(const struct index_row *a, const struct index_row *b);
/* The stored value, in the arena. */
struct slice index_row_value(const struct index_row *row, struct arena *arena);
/* Back from it; *image borrows. Errors: CORRUPT. */
MUST_CHECK bool index_row_image(struct slice value, struct slice *image, struct error *err);

/* The key that an item with these index and table key attributes has in the index; `image` may be
 * the item, or a start key. All are there, of the right types: false when one is not. */
MUST_CHECK bool index_row_key(const struct table *table,
                              const struct table_index *index,
                              struct slice key,
                              struct slice image,
                              struct arena *arena,
                              struct slice *row_key);

/* The key attributes of table and index together, each once. Returns how many: at most
 * INDEX_NAMES_MAX. */
enum { INDEX_NAMES_MAX = 2 * KEY_PARTS_MAX + TABLE_KEYS_MAX };
uint32_t index_key_attributes(const struct table *table,
                              const struct table_index *index,
                              const struct key_attribute *attributes[static INDEX_NAMES_MAX]);
