/* Goal: Query and Scan of an index give exactly the items they should, projected, in the order of
 * the index and, of equal index keys, of the items' own keys, in pages of any size and either
 * direction; start keys are refused as the reference says. Method: random items; every page is
 * compared with a filter and a sort over all items of the table. Seed: MERIDIAN_SEED. */
#include "storage/table/index_row.h"
#include "tests/unit/storage/indexed_store.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { KEYS_MAX = 64 };

TestSuite(index_page, .init = indexed_setup_replicated, .fini = indexed_teardown, .timeout = 100);

static void fill(void)
{
    for (int i = 0; i < 150; i++) {
        struct slice key = indexed_random_key(&state, &arena);
        if (sample_next(&state) % 4 == 0) {
            sample_delete(store, table, &arena, key);
        } else {
            sample_put(store, table, &arena, indexed_random_item(&state, &arena, key, false));
        }
    }
}

static struct page run(const struct page_request *request)
{
    struct page page;
    cr_assert(store_page(store, request, READ_FULL, &arena, &page, &err), "%s (MERIDIAN_SEED=%llu)",
              err.text, SEED);
    return page;
}

/* All pages together, of `limit` items each. */
static uint32_t run_all(struct page_request request, uint64_t limit, struct slice *items)
{
    uint32_t count = 0;
    request.limit = limit;
    do {
        struct page page = run(&request);
        cr_assert(limit == 0 || page.scanned <= limit);
        for (uint64_t i = 0; i < page.count; i++) {
            cr_assert_lt(count, KEYS_MAX);
            items[count++] = page.items[i];
        }
        request.start = page.last;
    } while (request.start.size > 0);
    return count;
}

/* --- What is expected ------------------------------------------------------------------------- */

static struct slice payload(struct slice image, struct slice name)
{
    struct value value;
    cr_assert(item_find(image, name, &value));
    return value.payload;
}

static bool has_keys(const struct table_index *index, struct slice image)
{
    struct value value;
    bool all = true;
    for (uint32_t i = 0; i < index->keys.partition_count; i++) {
        all = all && item_find(image, index->keys.partition[i].name, &value);
    }
    for (uint32_t i = 0; i < index->keys.sort_count; i++) {
        all = all && item_find(image, index->keys.sort[i].name, &value);
    }
    return all;
}

static bool sort_fits(const struct key_condition *condition, struct slice value)
{
    int low = slice_compare(value, condition->low.payload);
    switch (condition->sort) {
    case SORT_ANY:
        return true;
    case SORT_EQ:
        return low == 0;
    case SORT_LT:
        return low < 0;
    case SORT_LE:
        return low <= 0;
    case SORT_GT:
        return low > 0;
    case SORT_GE:
        return low >= 0;
    case SORT_BETWEEN:
        return low >= 0 && slice_compare(value, condition->high.payload) <= 0;
    case SORT_BEGINS_WITH:
        return slice_starts_with(value, condition->low.payload);
    }
    return false;
}

static bool fits(const struct page_request *request, struct slice image)
{
    const struct key_condition *condition = &request->condition;
    const struct key_schema *keys = &request->index->keys;
    if (!has_keys(request->index, image)) {
        return false;
    }
    bool all = true;
    for (uint32_t i = 0; request->query && i < keys->partition_count; i++) {
        all = all &&
              slice_equal(payload(image, keys->partition[i].name), condition->partition[i].payload);
    }
    for (uint32_t i = 0; request->query && i < condition->equal_count; i++) {
        all = all && slice_equal(payload(image, keys->sort[i].name), condition->equal[i].payload);
    }
    return all && (!request->query || condition->sort == SORT_ANY ||
                   sort_fits(condition, payload(image, keys->sort[condition->equal_count].name)));
}

static const struct table_index *order_index; /* Of the comparison below: qsort has no context. */

static int order_compare(const void *a, const void *b)
{
    struct slice left = *(const struct slice *)a;
    struct slice right = *(const struct slice *)b;
    const struct key_schema *keys = &order_index->keys;
    for (uint32_t i = 0; i < keys->sort_count; i++) {
        int order =
            slice_compare(payload(left, keys->sort[i].name), payload(right, keys->sort[i].name));
        if (order != 0) {
            return order;
        }
    }
    int order =
        slice_compare(payload(left, table->partition.name), payload(right, table->partition.name));
    return order != 0
               ? order
               : slice_compare(payload(left, table->sort.name), payload(right, table->sort.name));
}

/* Whole items, in the order of a query. */
static uint32_t expect(const struct page_request *request, struct slice *items)
{
    struct page_request all = {.table = table, .segments = 1};
    struct slice every[KEYS_MAX];
    uint32_t found = run_all(all, 0, every);
    uint32_t count = 0;
    for (uint32_t i = 0; i < found; i++) {
        if (fits(request, every[i])) {
            items[count++] = every[i];
        }
    }
    order_index = request->index;
    if (count > 0) {
        qsort(items, count, sizeof(items[0]), order_compare);
    }
    for (uint32_t i = 0; request->backward && i < count / 2; i++) {
        struct slice swapped = items[i];
        items[i] = items[count - 1 - i];
        items[count - 1 - i] = swapped;
    }
    return count;
}

static struct slice projected(const struct table_index *index, struct slice image)
{
    struct table_key key;
    struct index_row row;
    key_encode(table, image, &arena, &key);
    index_row_make(table, index, key.bytes, image, &arena, &row);
    cr_assert(row.present);
    return row.image;
}

static void compare(const struct page_request *request)
{
    struct slice wanted[KEYS_MAX];
    uint32_t count = expect(request, wanted);
    for (uint64_t limit = 0; limit <= 4; limit++) {
        struct slice items[KEYS_MAX];
        uint32_t got = run_all(*request, limit, items);
        cr_assert_eq(got, count, "index %.*s: %u items instead of %u (MERIDIAN_SEED=%llu)",
                     SLICE_ARGS(request->index->name), got, count, SEED);
        for (uint32_t i = 0; i < count; i++) {
            struct slice whole = request->fetch ? wanted[i] : projected(request->index, wanted[i]);
            cr_assert(slice_equal(items[i], whole),
                      "index %.*s, limit %llu: item %u of %u (MERIDIAN_SEED=%llu)",
                      SLICE_ARGS(request->index->name), (unsigned long long)limit, i, count, SEED);
        }
    }
}

/* --- Query ------------------------------------------------------------------------------------ */

/* A value that some item has. */
static struct value some_value(struct slice image, const struct key_attribute *attribute)
{
    struct value value;
    return item_find(image, attribute->name, &value) && value.type == attribute->type ? value
           : attribute->type == VALUE_N ? sample_n(&arena, "1")
           : attribute->type == VALUE_B ? sample_b("\0", 1)
                                        : sample_s("v1");
}

static struct page_request random_query(const struct table_index *index)
{
    struct page_request request = {.table = table, .index = index, .query = true};
    struct key_condition *condition = &request.condition;
    const struct key_schema *keys = &index->keys;
    struct slice image =
        indexed_random_item(&state, &arena, indexed_random_key(&state, &arena), false);
    for (uint32_t i = 0; i < keys->partition_count; i++) {
        condition->partition[i] = some_value(image, &keys->partition[i]);
    }
    if (keys->sort_count > 0 && sample_next(&state) % 4 != 0) {
        condition->equal_count = (uint32_t)(sample_next(&state) % keys->sort_count);
        for (uint32_t i = 0; i < condition->equal_count; i++) {
            condition->equal[i] = some_value(image, &keys->sort[i]);
        }
        const struct key_attribute *last = &keys->sort[condition->equal_count];
        bool text = last->type != VALUE_N;
        condition->sort = (enum sort_operator)(sample_next(&state) %
                                               (text ? SORT_BEGINS_WITH + 1 : SORT_BEGINS_WITH));
        condition->low = some_value(image, last);
        condition->high = text ? sample_s("w") : sample_n(&arena, "3");
        if (condition->sort == SORT_BEGINS_WITH) {
            condition->low = sample_s(last->name.data[0] == 't' ? "v" : "p");
        }
    }
    request.backward = sample_next(&state) % 2 == 0;
    request.fetch = index->kind == INDEX_LOCAL && sample_next(&state) % 2 == 0;
    return request;
}

Test(index_page, a_query_of_any_index_gives_what_its_condition_says)
{
    for (int round = 0; round < 5; round++) {
        fill();
        for (uint32_t i = 0; i < 20 * table->indexes_count; i++) {
            struct page_request request = random_query(&table->indexes[i % table->indexes_count]);
            compare(&request);
        }
        arena_clear(&arena);
    }
}

Test(index_page, segments_of_a_scan_give_every_entry_once)
{
    fill();
    for (uint32_t i = 0; i < table->indexes_count; i++) {
        for (uint32_t segments = 1; segments <= 5; segments++) {
            struct page_request request = {.table = table, .index = &table->indexes[i]};
            struct slice wanted[KEYS_MAX];
            uint32_t count = expect(&request, wanted);
            uint32_t got = 0;
            for (uint32_t segment = 0; segment < segments; segment++) {
                struct slice items[KEYS_MAX];
                request.segment = segment;
                request.segments = segments;
                got += run_all(request, 1 + segment % 3, items);
            }
            cr_assert_eq(got, count, "%.*s (MERIDIAN_SEED=%llu)",
                         SLICE_ARGS(table->indexes[i].name), SEED);
        }
    }
}

Test(index_page, bytes_are_those_of_the_entries_and_fetched_units_those_of_the_items)
{
    enum { LONG = 5000 };
    char *z = arena_alloc(&arena, LONG + 1);
    memset(z, 'z', LONG);
    z[LONG] = 0;
    sample_put(store, table, &arena,
               sample_item(&arena, "pk", sample_s("p"), "sk", sample_s("s"), "n",
                           sample_n(&arena, "1"), "a", sample_s("aa"), "z", sample_s(z), NULL));
    struct page_request request = {.table = table,
                                   .index = indexed_find(table, "by_n"),
                                   .query = true,
                                   .condition = {.partition = {sample_s("p")}}};
    struct page page = run(&request);
    cr_assert_eq(page.count, 1);
    cr_assert_eq(page.bytes, item_size(page.items[0]));
    cr_assert_eq(page.bytes, 3 + 3 + 3 + 3); /* pk, sk, n, a: z is not projected. */
    cr_assert_eq(page.fetched, 0);
    request.fetch = true;
    page = run(&request);
    cr_assert_eq(page.bytes, 12);
    cr_assert_eq(page.fetched, 2);
    struct value whole;
    cr_assert(item_find(page.items[0], SLICE_LITERAL("z"), &whole));
    /* Filters see entries; what they leave out has been read all the same. */
    struct expression *filter = sample_expression(cache, &arena, EXPRESSION_FILTER, "a = :v", ":v",
                                                  sample_s("other"), NULL);
    request.filter = filter;
    page = run(&request);
    expression_release(filter);
    cr_assert(page.count == 0 && page.scanned == 1 && page.fetched == 2);
}

/* --- Start keys ------------------------------------------------------------------------------- */

static void refuses(const struct page_request *request, const char *text)
{
    struct page page;
    error_clear(&err);
    cr_assert_not(store_page(store, request, READ_FULL, &arena, &page, &err), "due: %s", text);
    cr_assert_eq(err.code, ERROR_VALIDATION);
    cr_assert_str_eq(err.text, text);
}

Test(index_page, a_start_key_holds_the_keys_of_table_and_index_and_fits_the_query)
{
    static const char malformed[] =
        "The provided starting key is invalid: The provided key element "
        "does not match the schema";
    struct page_request request = {.table = table,
                                   .index = indexed_find(table, "by_gn"),
                                   .query = true,
                                   .condition = {.partition = {sample_s("v0")}}};
    struct value n = sample_n(&arena, "2");
    request.start = sample_item(&arena, "pk", sample_s("p"), "sk", sample_s("s"), "g",
                                sample_s("v0"), "n", n, NULL);
    run(&request); /* The item need not be there. */
    request.start =
        sample_item(&arena, "pk", sample_s("p"), "sk", sample_s("s"), "g", sample_s("v0"), NULL);
    refuses(&request, malformed);
    request.start = sample_key_2(&arena, "p", "s");
    refuses(&request, malformed);
    request.start = sample_item(&arena, "pk", sample_s("p"), "sk", sample_s("s"), "g",
                                sample_s("v0"), "n", sample_s("2"), NULL);
    refuses(&request, malformed);
    request.start = sample_item(&arena, "pk", sample_s("p"), "sk", sample_s("s"), "g",
                                sample_s("v0"), "n", n, "a", sample_s("a"), NULL);
    refuses(&request, malformed);
    request.start = sample_item(&arena, "pk", sample_s("p"), "sk", sample_s("s"), "g", sample_s(""),
                                "n", n, NULL);
    refuses(&request, malformed);
    request.start = sample_item(&arena, "pk", sample_s("p"), "sk", sample_s("s"), "g",
                                sample_s("v1"), "n", n, NULL);
    refuses(&request, "The provided starting key is outside query boundaries based on provided "
                      "conditions");
    request.start = sample_item(&arena, "pk", sample_s("p"), "sk", sample_s("s"), "g",
                                sample_s("v0"), "n", n, NULL);
    request.condition.sort = SORT_GT;
    request.condition.low = n;
    refuses(&request, "The provided starting key does not match the range key predicate");
    request.condition.sort = SORT_EQ; /* Index keys are not unique: there may be more. */
    run(&request);
    struct page_request scan = {.table = table,
                                .index = indexed_find(table, "by_gn"),
                                .segment = 0,
                                .segments = 1,
                                .start = request.start};
    run(&scan);
    uint32_t fit = 0;
    for (scan.segments = 7; scan.segment < 7; scan.segment++) {
        struct page page;
        fit += store_page(store, &scan, READ_FULL, &arena, &page, &err);
    }
    cr_assert_eq(fit, 1);
}

Test(index_page, a_loop_gives_long_pages_to_a_worker)
{
    for (int i = 0; i <= PAGE_LOOP_ROWS; i++) {
        sample_put(store, table, &arena,
                   sample_item(&arena, "pk", sample_s("p"), "sk",
                               sample_s(arena_printf(&arena, "%03d", i)), "g", sample_s("g"),
                               NULL));
    }
    struct page_request request = {.table = table,
                                   .index = indexed_find(table, "by_g"),
                                   .query = true,
                                   .condition = {.partition = {sample_s("g")}}};
    struct page page;
    cr_assert_not(store_page(store, &request, READ_CACHED, &arena, &page, &err));
    cr_assert_eq(err.code, ERROR_WOULD_BLOCK);
    request.limit = PAGE_LOOP_ROWS;
    cr_assert(store_page(store, &request, READ_CACHED, &arena, &page, &err), "%s", err.text);
    cr_assert_eq(page.count, PAGE_LOOP_ROWS);
}
