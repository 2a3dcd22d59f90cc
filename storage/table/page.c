/* Query and Scan: one page of items from a range of keys.
 *
 * A query is a range of one partition's keys, whatever its sort operator; a scan segment is a range
 * of hashes. A page walks its range from the start key on, in one direction, over one consistent
 * view, and ends at the range's end, at `limit` evaluated items, at PAGE_BYTES_MAX of item bytes
 * (the item that crosses the line belongs to it), among tombstones at PAGE_ROWS_MAX rows, or when
 * the filter has looked at PAGE_EFFORT_MAX bytes.
 *
 * On a loop (READ_CACHED) it gives up with WOULD_BLOCK at the first block that is not in memory and
 * also after PAGE_LOOP_ROWS rows or a good deal of filtering, so that a long page moves to a
 * worker. */
#include "storage/store.h"
#include "storage/table/key.h"

struct page_walk {
    const struct page_request *request;
    struct arena *arena;
    struct page *page;
    struct slice lower, upper; /* [lower, upper) */
    uint64_t rows;             /* Looked at, tombstones included. */
    uint64_t effort;           /* Bytes that the filter has looked at. */
    uint64_t room;             /* Of page->items. */
};

/* --- Ranges --------------------------------------------------------------------------------- */

/* The smallest key greater than `key`. */
static struct slice page_after(struct slice key, struct arena *arena)
{
    uint8_t *after = arena_alloc(arena, key.size + 1);
    memcpy(after, key.data, key.size);
    after[key.size] = 0;
    return (struct slice){after, key.size + 1};
}

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

/* No sort part is a prefix of another, so a key's bytes with 0x00 behind end the range of one. */
static void page_query_range(struct page_walk *walk)
{
    const struct key_condition *condition = &walk->request->condition;
    struct arena *arena = walk->arena;
    struct slice prefix =
        key_partition_prefix(walk->request->table, condition->partition[0], arena);
    walk->lower = prefix;
    walk->upper = key_prefix_end(prefix, arena);
    if (condition->sort == SORT_ANY) {
        return;
    }
    ensure(table_has_sort(walk->request->table));
    struct slice low =
        page_sort_bound(prefix, condition->low, condition->sort != SORT_BEGINS_WITH, arena);
    switch (condition->sort) {
    case SORT_ANY:
        break;
    case SORT_EQ:
        walk->lower = low;
        walk->upper = page_after(low, arena);
        break;
    case SORT_LT:
        walk->upper = low;
        break;
    case SORT_LE:
        walk->upper = page_after(low, arena);
        break;
    case SORT_GT:
        walk->lower = page_after(low, arena);
        break;
    case SORT_GE:
        walk->lower = low;
        break;
    case SORT_BETWEEN:
        walk->lower = low;
        walk->upper = page_after(page_sort_bound(prefix, condition->high, true, arena), arena);
        break;
    case SORT_BEGINS_WITH:
        walk->lower = low;
        walk->upper = key_prefix_end(low, arena);
        break;
    }
}

/* --- ExclusiveStartKey ---------------------------------------------------------------------- */

static bool
page_check_query_start(const struct page_walk *walk, struct slice key, struct error *err)
{
    const struct page_request *request = walk->request;
    const struct table *table = request->table;
    if (!table_has_sort(table) || request->condition.sort == SORT_EQ) {
        return error_set(err, ERROR_VALIDATION,
                         "The query can return at most one row and cannot be restarted");
    }
    struct slice prefix = key_partition_prefix(table, request->condition.partition[0], walk->arena);
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

/* Narrow the range to what comes after the start key, in the page's direction. */
static bool page_apply_start(struct page_walk *walk, struct error *err)
{
    const struct page_request *request = walk->request;
    if (request->start.size == 0) {
        return true;
    }
    if (!item_check_key(request->table, request->start, err)) {
        return error_wrap(err, "The provided starting key is invalid");
    }
    struct table_key key;
    key_encode(request->table, request->start, walk->arena, &key);
    bool fits = request->query ? page_check_query_start(walk, key.bytes, err)
                               : page_check_scan_start(walk, key.bytes, err);
    if (!fits) {
        return false;
    }
    if (request->backward) {
        walk->upper = key.bytes;
    } else {
        walk->lower = page_after(key.bytes, walk->arena);
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

/* Take the row under the iterator into account; *full says that the page ends with it. */
static bool page_evaluate(struct page_walk *walk, struct slice row, bool *full, struct error *err)
{
    const struct page_request *request = walk->request;
    struct page *page = walk->page;
    bool tombstone = false;
    struct slice image;
    if (!row_image(row, &tombstone, &image, err)) {
        return false;
    }
    walk->rows++;
    if (!tombstone) {
        page->scanned++;
        page->bytes += item_size(image);
        walk->effort +=
            request->filter == NULL ? 0 : expression_effort(request->filter, image.size);
        if (request->filter == NULL || expression_test(request->filter, image)) {
            if (!request->count_only) {
                page_keep(walk, image);
            }
            page->count++;
        }
    }
    *full = (request->limit > 0 && page->scanned >= request->limit) ||
            page->bytes >= PAGE_BYTES_MAX || walk->rows >= PAGE_ROWS_MAX ||
            walk->effort >= PAGE_EFFORT_MAX;
    return true;
}

static bool page_run(struct store *store,
                     struct page_walk *walk,
                     struct engine_iterator *iterator,
                     enum read_tier tier,
                     struct error *err)
{
    bool backward = walk->request->backward;
    error_clear(err);
    bool at = backward ? engine_iterator_last(iterator, err) : engine_iterator_first(iterator, err);
    /* After the view was taken, so that it covers all the view can hold. */
    walk->page->wait_seq = engine_appended_seq(store->engine);
    while (at) {
        if (tier == READ_CACHED && walk->rows == PAGE_LOOP_ROWS) {
            return error_set(err, ERROR_WOULD_BLOCK, "a page of more than %d rows", PAGE_LOOP_ROWS);
        }
        if (tier == READ_CACHED && walk->effort > PAGE_LOOP_EFFORT) {
            return error_set(err, ERROR_WOULD_BLOCK, "a page with much filtering");
        }
        bool full = false;
        if (!page_evaluate(walk, engine_iterator_value(iterator), &full, err)) {
            return false;
        }
        if (full) {
            return key_decode(walk->request->table, engine_iterator_key(iterator), walk->arena,
                              &walk->page->last, err);
        }
        at = backward ? engine_iterator_previous(iterator, err)
                      : engine_iterator_next(iterator, err);
    }
    return err->code == ERROR_NONE;
}

bool store_page(struct store *store,
                const struct page_request *request,
                enum read_tier tier,
                struct arena *arena,
                struct page *page,
                struct error *err)
{
    ensure(request->query || !request->backward); /* A scan has one direction. */
    struct page made = {0};
    struct page_walk walk = {.request = request, .arena = arena, .page = &made};
    if (request->query) {
        page_query_range(&walk);
    } else {
        key_segment(request->table, request->segment, request->segments, arena, &walk.lower,
                    &walk.upper);
    }
    if (!page_apply_start(&walk, err)) {
        return false;
    }
    bool ok = true;
    if (slice_compare(walk.lower, walk.upper) < 0) {
        struct engine_iterator *iterator =
            engine_iterator_open(store->engine, FAMILY_ITEMS, NULL, walk.lower, walk.upper, tier);
        ok = page_run(store, &walk, iterator, tier, err);
        engine_iterator_close(iterator);
    }
    if (ok) {
        *page = made;
    }
    return ok;
}
