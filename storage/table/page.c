/* Query and Scan: one page of items from a range of keys, of a table or of one of its indexes.
 *
 * A query is a range of one partition's keys, whatever its sort operator; a scan segment is a range
 * of hashes. A page walks its range from the start key on, in one direction, over one consistent
 * view, and ends at the range's end, at `limit` evaluated items, at PAGE_BYTES_MAX of item bytes
 * (the item that crosses the line belongs to it), among tombstones at PAGE_ROWS_MAX rows, or when
 * the filter has looked at PAGE_EFFORT_MAX bytes.
 *
 * An index row holds what is projected, so an index is read without its table; only what a local
 * index does not hold is fetched item by item, from the same view.
 *
 * On a loop (READ_CACHED) it gives up with WOULD_BLOCK at the first block that is not in memory and
 * also after PAGE_LOOP_ROWS rows or a good deal of filtering, so that a long page moves to a
 * worker. */
#include "storage/store.h"
#include "storage/table/index_row.h"

enum { PAGE_UNIT_BYTES = 4096 }; /* Of a read unit. */

struct page_walk {
    struct store *store;
    const struct page_request *request;
    struct key_space space;
    struct arena *arena;
    struct page *page;
    enum read_tier tier;
    struct engine_snapshot *snapshot; /* With `fetch`: iterator and fetches see one view. */
    struct slice lower, upper;        /* [lower, upper) */
    uint64_t rows;                    /* Looked at, tombstones included. */
    uint64_t effort;                  /* Bytes that the filter has looked at. */
    uint64_t room;                    /* Of page->items. */
    uint64_t fetched_bytes;           /* Of whole items behind the rows. */
};

/* --- Ranges --------------------------------------------------------------------------------- */

/* prefix + one key part of the value, whole or (for begins_with) without its end. */
static struct slice
page_sort_bound(struct slice prefix, struct value value, bool whole, struct arena *arena)
{
    struct buffer to;
    buffer_init(&to, arena, prefix.size + 2 * value.payload.size + 4);
    buffer_append_slice(&to, prefix);
    if (whole) {
        key_append_part(&to, value);
    } else {
        key_append_part_prefix(&to, value);
    }
    return buffer_slice(&to);
}

/* What all keys of a query start with: the partition, and the sort attributes held equal. */
static struct slice page_query_prefix(const struct page_walk *walk)
{
    const struct key_condition *condition = &walk->request->condition;
    const struct table_index *index = walk->request->index;
    struct slice prefix = key_prefix(walk->space, condition->partition,
                                     index == NULL ? 1 : index->keys.partition_count, walk->arena);
    for (uint32_t i = 0; i < condition->equal_count; i++) {
        prefix = page_sort_bound(prefix, condition->equal[i], true, walk->arena);
    }
    return prefix;
}

/* No key part is a prefix of another, so one part's keys end where its bytes do as a prefix. */
static void page_query_range(struct page_walk *walk)
{
    const struct key_condition *condition = &walk->request->condition;
    struct arena *arena = walk->arena;
    struct slice prefix = page_query_prefix(walk);
    walk->lower = prefix;
    walk->upper = key_prefix_end(prefix, arena);
    if (condition->sort == SORT_ANY) {
        return;
    }
    struct slice low =
        page_sort_bound(prefix, condition->low, condition->sort != SORT_BEGINS_WITH, arena);
    switch (condition->sort) {
    case SORT_ANY:
        break;
    case SORT_EQ:
    case SORT_BEGINS_WITH:
        walk->lower = low;
        walk->upper = key_prefix_end(low, arena);
        break;
    case SORT_LT:
        walk->upper = low;
        break;
    case SORT_LE:
        walk->upper = key_prefix_end(low, arena);
        break;
    case SORT_GT:
        walk->lower = key_prefix_end(low, arena);
        break;
    case SORT_GE:
        walk->lower = low;
        break;
    case SORT_BETWEEN:
        walk->lower = low;
        walk->upper = key_prefix_end(page_sort_bound(prefix, condition->high, true, arena), arena);
        break;
    }
}

/* --- ExclusiveStartKey ---------------------------------------------------------------------- */

/* A query of one whole key. Its page is the last whatever Limit says: it could not be restarted. */
static bool page_is_point(const struct page_request *request)
{
    return request->query && request->index == NULL &&
           (!table_has_sort(request->table) || request->condition.sort == SORT_EQ);
}

static bool
page_check_query_start(const struct page_walk *walk, struct slice key, struct error *err)
{
    const struct page_request *request = walk->request;
    if (page_is_point(request)) {
        return error_set(err, ERROR_VALIDATION,
                         "The query can return at most one row and cannot be restarted");
    }
    const struct table_index *index = request->index;
    struct slice prefix = key_prefix(walk->space, request->condition.partition,
                                     index == NULL ? 1 : index->keys.partition_count, walk->arena);
    if (!slice_starts_with(key, prefix)) {
        return error_set(err, ERROR_VALIDATION,
                         "The provided starting key is outside query boundaries based on provided "
                         "conditions");
    }
    if (slice_compare(key, walk->lower) < 0 || slice_compare(key, walk->upper) >= 0) {
        return error_set(err, ERROR_VALIDATION,
                         "The provided starting key does not match the range key predicate");
    }
    return true;
}

static bool page_check_scan_start(const struct page_walk *walk, struct slice key, struct error *err)
{
    if (slice_compare(key, walk->lower) < 0 || slice_compare(key, walk->upper) >= 0) {
        return error_set(err, ERROR_VALIDATION,
                         "The provided starting key is invalid: Invalid ExclusiveStartKey. Please "
                         "use ExclusiveStartKey with correct Segment. TotalSegments: %u Segment: "
                         "%u",
                         walk->request->segments, walk->request->segment);
    }
    return true;
}

/* Of an index: exactly the key attributes of table and index. */
static bool page_check_index_start(const struct page_request *request, struct error *err)
{
    const struct key_attribute *attributes[INDEX_NAMES_MAX];
    uint32_t count = index_key_attributes(request->table, request->index, attributes);
    bool fits = value_count((struct value){VALUE_M, request->start}) == count;
    for (uint32_t i = 0; fits && i < count; i++) {
        struct value value;
        fits = item_find(request->start, attributes[i]->name, &value) &&
               value.type == attributes[i]->type;
    }
    return fits ||
           error_set(err, ERROR_VALIDATION, "The provided key element does not match the schema");
}

/* The key of the row that the page shall begin after. */
static bool page_start_key(struct page_walk *walk, struct slice *start, struct error *err)
{
    const struct page_request *request = walk->request;
    const struct table *table = request->table;
    struct table_key key;
    if (request->index == NULL) {
        if (!item_check_key(table, request->start, err)) {
            return false;
        }
        key_encode(table, request->start, walk->arena, &key);
        *start = key.bytes;
        return true;
    }
    if (!page_check_index_start(request, err) ||
        !item_check_key(table, key_image(table, request->start, walk->arena), err)) {
        return false;
    }
    key_encode(table, request->start, walk->arena, &key);
    return index_row_key(table, request->index, key.bytes, request->start, walk->arena, start) ||
           error_set(err, ERROR_VALIDATION, "The provided key element does not match the schema");
}

/* Narrow the range to what comes after the start key, in the page's direction. */
static bool page_apply_start(struct page_walk *walk, struct error *err)
{
    const struct page_request *request = walk->request;
    if (request->start.size == 0) {
        return true;
    }
    struct slice key;
    if (!page_start_key(walk, &key, err)) {
        return error_wrap(err, "The provided starting key is invalid");
    }
    bool fits = request->query ? page_check_query_start(walk, key, err)
                               : page_check_scan_start(walk, key, err);
    if (!fits) {
        return false;
    }
    if (request->backward) {
        walk->upper = key;
    } else {
        walk->lower = key_after(key, walk->arena);
    }
    return true;
}

/* --- Walking -------------------------------------------------------------------------------- */

static void page_keep(struct page_walk *walk, struct slice image)
{
    struct page *page = walk->page;
    if (page->count == walk->room) {
        walk->room = walk->room == 0 ? 16 : 2 * walk->room;
        struct slice *grown = arena_alloc(walk->arena, walk->room * sizeof(*grown));
        if (page->count > 0) {
            memcpy(grown, page->items, page->count * sizeof(*grown));
        }
        page->items = grown;
    }
    struct slice *kept = &page->items[page->count];
    if (walk->request->projection != NULL) {
        expression_project(walk->request->projection, image, walk->arena, kept);
    } else {
        *kept = arena_copy(walk->arena, image);
    }
}

/* The whole item behind a local index's row; in the arena, if it is to be kept. Every row that is
 * evaluated is fetched and counted, also those that the filter leaves out. */
static bool page_fetch(struct page_walk *walk, bool keep, struct slice *image, struct error *err)
{
    struct table_key key;
    struct engine_value value;
    bool found = false;
    key_encode(walk->request->table, *image, walk->arena, &key);
    if (!engine_get(walk->store->engine, FAMILY_ITEMS, walk->snapshot, key.bytes, walk->tier,
                    &value, &found, err)) {
        return false;
    }
    bool tombstone = true;
    struct slice stored;
    bool ok = found && row_image(value.bytes, &tombstone, &stored, err) && !tombstone;
    if (ok) {
        size_t size = item_size(stored);
        walk->page->fetched += (size + PAGE_UNIT_BYTES - 1) / PAGE_UNIT_BYTES;
        walk->fetched_bytes += size;
        if (keep) {
            *image = arena_copy(walk->arena, stored);
        }
    } else if (!found || tombstone) {
        error_set(err, ERROR_CORRUPT, "a row of index %u of table %u has no item",
                  walk->space.index, walk->space.table);
    }
    if (found) {
        engine_value_release(&value);
    }
    return ok;
}

/* What the row under the iterator shows: empty for a tombstone. */
static bool page_row_image(const struct page_walk *walk,
                           struct slice row,
                           struct slice *image,
                           struct error *err)
{
    bool tombstone = false;
    return walk->request->index == NULL ? row_image(row, &tombstone, image, err)
                                        : index_row_image(row, image, err);
}

/* Take the row under the iterator into account; *full says that the page ends with it. */
static bool page_evaluate(struct page_walk *walk, struct slice row, bool *full, struct error *err)
{
    const struct page_request *request = walk->request;
    struct page *page = walk->page;
    struct slice image;
    if (!page_row_image(walk, row, &image, err)) {
        return false;
    }
    walk->rows++;
    if (image.size > 0) {
        page->scanned++;
        page->bytes += item_size(image);
        walk->effort +=
            request->filter == NULL ? 0 : expression_effort(request->filter, image.size);
        bool passes = request->filter == NULL || expression_test(request->filter, image);
        if (request->fetch && !page_fetch(walk, passes, &image, err)) {
            return false;
        }
        if (passes) {
            if (!request->count_only) {
                page_keep(walk, image);
            }
            page->count++;
        }
    }
    *full = (request->limit > 0 && page->scanned >= request->limit) ||
            page->bytes >= PAGE_BYTES_MAX || walk->rows >= PAGE_ROWS_MAX ||
            walk->effort >= PAGE_EFFORT_MAX || walk->fetched_bytes >= PAGE_FETCHED_BYTES_MAX;
    return true;
}

/* LastEvaluatedKey: of the row under the iterator. */
static bool
page_last(struct page_walk *walk, const struct engine_iterator *iterator, struct error *err)
{
    const struct page_request *request = walk->request;
    struct slice *last = &walk->page->last;
    if (request->index == NULL) {
        return key_decode(request->table, engine_iterator_key(iterator), walk->arena, last, err);
    }
    const struct key_attribute *attributes[INDEX_NAMES_MAX];
    struct member members[INDEX_NAMES_MAX];
    struct slice image;
    if (!index_row_image(engine_iterator_value(iterator), &image, err)) {
        return false;
    }
    uint32_t count = index_key_attributes(request->table, request->index, attributes);
    for (uint32_t i = 0; i < count; i++) {
        members[i].name = attributes[i]->name;
        if (!item_find(image, members[i].name, &members[i].value)) {
            return error_set(err, ERROR_CORRUPT, "a row of index %u of table %u lacks a key",
                             walk->space.index, walk->space.table);
        }
    }
    *last = value_make_map(walk->arena, members, count).payload;
    return true;
}

static bool page_run(struct page_walk *walk, struct engine_iterator *iterator, struct error *err)
{
    bool backward = walk->request->backward;
    error_clear(err);
    bool at = backward ? engine_iterator_last(iterator, err) : engine_iterator_first(iterator, err);
    /* After the view was taken, so that it covers all the view can hold. */
    walk->page->wait_seq = engine_appended_seq(walk->store->engine);
    while (at) {
        if (walk->tier == READ_CACHED && walk->rows == PAGE_LOOP_ROWS) {
            return error_set(err, ERROR_WOULD_BLOCK, "a page of more than %d rows", PAGE_LOOP_ROWS);
        }
        if (walk->tier == READ_CACHED && walk->effort > PAGE_LOOP_EFFORT) {
            return error_set(err, ERROR_WOULD_BLOCK, "a page with much filtering");
        }
        bool full = false;
        if (!page_evaluate(walk, engine_iterator_value(iterator), &full, err)) {
            return false;
        }
        if (full) {
            return page_is_point(walk->request) || page_last(walk, iterator, err);
        }
        at = backward ? engine_iterator_previous(iterator, err)
                      : engine_iterator_next(iterator, err);
    }
    return err->code == ERROR_NONE;
}

static bool page_walk_range(struct page_walk *walk, struct error *err)
{
    struct engine *engine = walk->store->engine;
    walk->snapshot = walk->request->fetch ? engine_snapshot_take(engine) : NULL;
    struct engine_iterator *iterator = engine_iterator_open(engine, FAMILY_ITEMS, walk->snapshot,
                                                            walk->lower, walk->upper, walk->tier);
    bool ok = page_run(walk, iterator, err);
    engine_iterator_close(iterator);
    if (walk->snapshot != NULL) {
        engine_snapshot_release(engine, walk->snapshot);
    }
    return ok;
}

bool store_page(struct store *store,
                const struct page_request *request,
                enum read_tier tier,
                struct arena *arena,
                struct page *page,
                struct error *err)
{
    ensure(request->query || !request->backward); /* A scan has one direction. */
    ensure(!request->fetch || (request->index != NULL && request->index->kind == INDEX_LOCAL));
    struct page made = {0};
    struct page_walk walk = {
        .store = store,
        .request = request,
        .space = {request->table->id, request->index == NULL ? 0 : request->index->id},
        .arena = arena,
        .page = &made,
        .tier = tier,
    };
    if (request->query) {
        page_query_range(&walk);
    } else {
        key_segment(walk.space, request->segment, request->segments, arena, &walk.lower,
                    &walk.upper);
    }
    if (!page_apply_start(&walk, err) ||
        (slice_compare(walk.lower, walk.upper) < 0 && !page_walk_range(&walk, err))) {
        return false;
    }
    *page = made;
    return true;
}
