/* Goal: Query and Scan give exactly the items of their range, in order, in pages whose boundaries
 * follow the reference (9.1, 9.2). Method: a real store; each sort operator is compared with a
 * plain walk over all items; pages are chained by LastEvaluatedKey for every page size. */
#include "proto/value/decimal.h"
#include "storage/table/key.h"
#include "tests/support/directory.h"
#include "tests/unit/storage/sample.h"

#include <criterion/criterion.h>

static struct arena arena;
static char *directory;
static struct sample_clock now;
static struct store *store;
static struct expression_cache *cache;
static const struct table *table; /* pk S, sk S, replicated: deletes leave tombstones. */
static struct error err;

static void setup(void)
{
    arena_init(&arena);
    directory = test_directory_make();
    store = sample_store_open(directory, &now);
    cache = expression_cache_open(64);
    table = sample_store_table(store, "items", VALUE_S, true);
}

static void teardown(void)
{
    table_release(table);
    store_close(store);
    expression_cache_close(cache);
    test_directory_remove(directory);
    arena_destroy(&arena);
}

TestSuite(page, .init = setup, .fini = teardown, .timeout = 60);

static void put(const char *partition, const char *sort)
{
    sample_put(store, table, &arena, sample_key_2(&arena, partition, sort));
}

static struct page_request query(const char *partition)
{
    return (struct page_request){
        .table = table, .query = true, .condition = {.partition = {sample_s(partition)}}};
}

static struct page_request scan(uint32_t segment, uint32_t segments)
{
    return (struct page_request){.table = table, .segment = segment, .segments = segments};
}

static struct page run(const struct page_request *request)
{
    struct page page;
    cr_assert(store_page(store, request, READ_FULL, &arena, &page, &err), "%s", err.text);
    return page;
}

/* Sort values of the page, joined by blanks. */
static const char *sorts(const struct page *page)
{
    struct buffer text;
    buffer_init(&text, &arena, 64);
    for (uint64_t i = 0; i < page->count; i++) {
        struct value sort;
        cr_assert(item_find(page->items[i], SLICE_LITERAL("sk"), &sort));
        buffer_printf(&text, i == 0 ? "%.*s" : " %.*s", SLICE_ARGS(sort.payload));
    }
    buffer_append_byte(&text, 0);
    return (const char *)text.data;
}

static void refuses(const struct page_request *request, const char *text)
{
    struct page page;
    cr_assert_not(store_page(store, request, READ_FULL, &arena, &page, &err), "due: %s", text);
    cr_assert_eq(err.code, ERROR_VALIDATION);
    cr_assert_str_eq(err.text, text);
}

/* --- Query ---------------------------------------------------------------------------------- */

static void put_letters(void)
{
    static const char *const letters[] = {"a", "ab", "abc", "b", "ba", "c"};
    put("o", "before");
    put("q", "after");
    for (size_t i = 0; i < ARRAY_COUNT(letters); i++) {
        put("p", letters[i]);
    }
}

Test(page, every_sort_operator_gives_its_range_in_both_directions)
{
    static const struct {
        enum sort_operator sort;
        const char *low, *high, *forward, *backward;
    } cases[] = {
        {SORT_ANY, "", "", "a ab abc b ba c", "c ba b abc ab a"},
        {SORT_EQ, "ab", "", "ab", "ab"},
        {SORT_EQ, "abx", "", "", ""},
        {SORT_LT, "b", "", "a ab abc", "abc ab a"},
        {SORT_LE, "b", "", "a ab abc b", "b abc ab a"},
        {SORT_GT, "ab", "", "abc b ba c", "c ba b abc"},
        {SORT_GE, "ab", "", "ab abc b ba c", "c ba b abc ab"},
        {SORT_BETWEEN, "ab", "ba", "ab abc b ba", "ba b abc ab"},
        {SORT_BETWEEN, "aa", "aa", "", ""},
        {SORT_BEGINS_WITH, "a", "", "a ab abc", "abc ab a"},
        {SORT_BEGINS_WITH, "", "", "a ab abc b ba c", "c ba b abc ab a"},
        {SORT_BEGINS_WITH, "x", "", "", ""},
    };
    put_letters();
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct page_request request = query("p");
        request.condition.sort = cases[i].sort;
        request.condition.low = sample_s(cases[i].low);
        request.condition.high = sample_s(cases[i].high);
        struct page page = run(&request);
        cr_assert_str_eq(sorts(&page), cases[i].forward, "case %zu: %s", i, sorts(&page));
        cr_assert_eq(page.last.size, 0);
        request.backward = true;
        page = run(&request);
        cr_assert_str_eq(sorts(&page), cases[i].backward, "case %zu: %s", i, sorts(&page));
    }
}

Test(page, numbers_are_in_numeric_order)
{
    static const char *const numbers[] = {"10", "9", "-1", "0", "-10.5", "1e20", "0.001"};
    const struct table *numeric = sample_store_table(store, "numeric", VALUE_N, false);
    for (size_t i = 0; i < ARRAY_COUNT(numbers); i++) {
        sample_put(
            store, numeric, &arena,
            sample_item(&arena, "pk", sample_s("p"), "sk", sample_n(&arena, numbers[i]), NULL));
    }
    struct page_request request = query("p");
    request.table = numeric;
    request.condition.sort = SORT_GT;
    request.condition.low = sample_n(&arena, "-10.5");
    struct page page = run(&request);
    struct buffer text;
    buffer_init(&text, &arena, 64);
    for (uint64_t i = 0; i < page.count; i++) {
        struct value sort;
        struct decimal decimal;
        char digits[DECIMAL_TEXT_BYTES_MAX];
        cr_assert(item_find(page.items[i], SLICE_LITERAL("sk"), &sort));
        cr_assert(decimal_from_key(sort.payload, &decimal));
        buffer_append(&text, digits, decimal_print(&decimal, digits));
        buffer_append_byte(&text, ' ');
    }
    cr_assert(slice_is(buffer_slice(&text), "-1 0 0.001 9 10 100000000000000000000 "), "%.*s",
              SLICE_ARGS(buffer_slice(&text)));
    table_release(numeric);
}

Test(page, an_unknown_partition_is_an_empty_page)
{
    put_letters();
    struct page_request request = query("nobody");
    struct page page = run(&request);
    cr_assert(page.count == 0 && page.scanned == 0 && page.bytes == 0 && page.last.size == 0);
}

Test(page, chained_pages_of_any_size_give_every_item_once_and_end_without_a_key)
{
    put_letters();
    for (uint64_t limit = 1; limit <= 7; limit++) {
        for (int backward = 0; backward < 2; backward++) {
            struct page_request request = query("p");
            request.limit = limit;
            request.backward = backward == 1;
            struct buffer all;
            buffer_init(&all, &arena, 64);
            uint64_t pages = 0;
            do {
                struct page page = run(&request);
                cr_assert_leq(page.scanned, limit);
                buffer_printf(&all, "%s ", sorts(&page));
                request.start = page.last;
                pages++;
            } while (request.start.size > 0);
            /* Reaching the last item exactly still gives a key, and then an empty page. */
            cr_assert_eq(pages, 6 / limit + 1, "limit %llu", (unsigned long long)limit);
            buffer_append_byte(&all, 0);
            const char *wanted = backward == 1 ? "c ba b abc ab a" : "a ab abc b ba c";
            char squeezed[64] = {0};
            for (size_t i = 0, at = 0; all.data[i] != 0; i++) {
                if (all.data[i] != ' ' || (at > 0 && squeezed[at - 1] != ' ')) {
                    squeezed[at++] = (char)all.data[i];
                }
            }
            cr_assert_eq(strncmp(squeezed, wanted, strlen(wanted)), 0, "limit %llu: %s",
                         (unsigned long long)limit, squeezed);
        }
    }
}

Test(page, the_last_evaluated_key_is_the_key_alone)
{
    sample_put(
        store, table, &arena,
        sample_item(&arena, "pk", sample_s("p"), "sk", sample_s("a"), "x", sample_s("y"), NULL));
    struct page_request request = query("p");
    request.limit = 1;
    struct page page = run(&request);
    cr_assert(slice_equal(page.last, sample_key_2(&arena, "p", "a")));
}

Test(page, the_start_key_need_not_exist)
{
    put_letters();
    struct page_request request = query("p");
    request.start = sample_key_2(&arena, "p", "abb");
    struct page page = run(&request);
    cr_assert_str_eq(sorts(&page), "abc b ba c");
    request.backward = true;
    page = run(&request);
    cr_assert_str_eq(sorts(&page), "ab a");
}

Test(page, bad_start_keys_of_a_query_are_refused)
{
    put_letters();
    struct page_request request = query("p");
    request.condition.sort = SORT_LT;
    request.condition.low = sample_s("b");
    request.start = sample_key(&arena, "p");
    refuses(&request, "The provided starting key is invalid: The provided key element does not "
                      "match the schema");
    request.start = sample_item(&arena, "pk", sample_s("p"), "sk", sample_n(&arena, "1"), NULL);
    refuses(&request, "The provided starting key is invalid: The provided key element does not "
                      "match the schema");
    request.start = sample_key_2(&arena, "q", "a");
    refuses(&request, "The provided starting key is outside query boundaries based on provided "
                      "conditions");
    request.start = sample_key_2(&arena, "p", "b");
    refuses(&request, "The provided starting key does not match the range key predicate");
    request.start = sample_key_2(&arena, "p", "a");
    struct page page = run(&request);
    cr_assert_str_eq(sorts(&page), "ab abc");
    request.condition.sort = SORT_EQ;
    refuses(&request, "The query can return at most one row and cannot be restarted");
}

Test(page, a_query_of_one_whole_key_has_no_next_page)
{
    put_letters();
    struct page_request request = query("p");
    request.condition.sort = SORT_EQ;
    request.condition.low = sample_s("ab");
    request.limit = 1;
    struct page page = run(&request);
    cr_assert_str_eq(sorts(&page), "ab");
    cr_assert_eq(page.last.size, 0);
}

/* --- What a page counts ---------------------------------------------------------------------- */

Test(page, a_filter_runs_after_counting_and_a_projection_after_the_filter)
{
    for (int i = 0; i < 10; i++) {
        char sort[2] = {(char)('0' + i), 0};
        sample_put(store, table, &arena,
                   sample_item(&arena, "pk", sample_s("p"), "sk", sample_s(sort), "even",
                               sample_n(&arena, i % 2 == 0 ? "1" : "0"), NULL));
    }
    struct page_request request = query("p");
    struct expression *filter = sample_expression(cache, &arena, EXPRESSION_FILTER, "even = :one",
                                                  ":one", sample_n(&arena, "1"), NULL);
    struct expression *projection =
        sample_expression(cache, &arena, EXPRESSION_PROJECTION, "sk", NULL);
    request.filter = filter;
    request.projection = projection;
    request.limit = 7;
    struct page page = run(&request);
    cr_assert(page.count == 4 && page.scanned == 7);
    cr_assert_str_eq(sorts(&page), "0 2 4 6");
    cr_assert(slice_equal(page.items[0], sample_item(&arena, "sk", sample_s("0"), NULL)));
    cr_assert(slice_equal(page.last, sample_key_2(&arena, "p", "6")));
    uint64_t size = item_size(sample_item(&arena, "pk", sample_s("p"), "sk", sample_s("0"), "even",
                                          sample_n(&arena, "1"), NULL));
    uint64_t zero_size = item_size(sample_item(&arena, "pk", sample_s("p"), "sk", sample_s("0"),
                                               "even", sample_n(&arena, "0"), NULL));
    cr_assert_eq(page.bytes, 4 * size + 3 * zero_size);
    request.count_only = true;
    request.projection = NULL;
    page = run(&request);
    cr_assert(page.count == 4 && page.scanned == 7 && page.items == NULL);
    expression_release(filter);
    expression_release(projection);
}

Test(page, deleted_items_are_neither_shown_nor_counted)
{
    put_letters();
    sample_delete(store, table, &arena, sample_key_2(&arena, "p", "ab"));
    sample_delete(store, table, &arena, sample_key_2(&arena, "p", "c"));
    struct page_request request = query("p");
    request.limit = 2;
    struct page page = run(&request);
    cr_assert_str_eq(sorts(&page), "a abc");
    cr_assert_eq(page.scanned, 2);
    request.limit = 0;
    page = run(&request);
    cr_assert_str_eq(sorts(&page), "a abc b ba");
    cr_assert(page.scanned == 4 && page.last.size == 0);
}

Test(page, a_page_ends_with_the_item_that_reaches_one_mebibyte)
{
    size_t size = 300 << 10;
    uint8_t *bytes = arena_zalloc(&arena, size, 1);
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        sample_put(store, table, &arena,
                   sample_item(&arena, "pk", sample_s("p"), "sk", sample_s(names[i]), "x",
                               sample_b(bytes, size), NULL));
    }
    struct page_request request = query("p");
    struct page page = run(&request);
    cr_assert_str_eq(sorts(&page), "a b c d"); /* 900 KiB, then the one that crosses. */
    cr_assert(page.bytes >= PAGE_BYTES_MAX && page.bytes < PAGE_BYTES_MAX + size);
    cr_assert(slice_equal(page.last, sample_key_2(&arena, "p", "d")));
    struct expression *none =
        sample_expression(cache, &arena, EXPRESSION_FILTER, "attribute_not_exists(x)", NULL);
    request.filter = none; /* Counted before the filter. */
    page = run(&request);
    cr_assert(page.count == 0 && page.scanned == 4 && page.last.size > 0);
    request.start = page.last;
    page = run(&request);
    cr_assert(page.scanned == 1 && page.last.size == 0);
    expression_release(none);
}

Test(page, the_seq_to_wait_for_covers_everything_in_the_page)
{
    put_letters();
    struct page_request request = query("p");
    uint64_t newest = sample_put(store, table, &arena, sample_key_2(&arena, "p", "z"));
    struct page page = run(&request);
    cr_assert_geq(page.wait_seq, newest);
}

/* --- Scan ----------------------------------------------------------------------------------- */

static void put_many(int count)
{
    for (int i = 0; i < count; i++) {
        char partition[16];
        snprintf(partition, sizeof(partition), "p%d", i / 2);
        put(partition, i % 2 == 0 ? "a" : "b");
    }
}

/* Pages of `limit` through one segment; returns how many items. */
static uint64_t scan_segment(uint32_t segment, uint32_t segments, uint64_t limit)
{
    uint64_t seen = 0;
    struct page_request request = scan(segment, segments);
    request.limit = limit;
    struct table_key before = {0};
    do {
        struct page page = run(&request);
        for (uint64_t i = 0; i < page.count; i++) {
            struct table_key key;
            key_encode(table, page.items[i], &arena, &key);
            cr_assert_lt(slice_compare(before.bytes, key.bytes), 0); /* In order, each once. */
            before = key;
        }
        seen += page.count;
        request.start = page.last;
    } while (request.start.size > 0);
    return seen;
}

Test(page, segments_of_a_scan_give_every_item_exactly_once)
{
    const struct table *neighbour = sample_store_table(store, "neighbour", VALUE_S, false);
    sample_put(store, neighbour, &arena, sample_key_2(&arena, "x", "y"));
    put_many(200);
    static const uint32_t counts[] = {1, 2, 7, 100};
    for (size_t i = 0; i < ARRAY_COUNT(counts); i++) {
        uint64_t seen = 0;
        for (uint32_t segment = 0; segment < counts[i]; segment++) {
            seen += scan_segment(segment, counts[i], 13);
        }
        cr_assert_eq(seen, 200, "%u segments: %llu", counts[i], (unsigned long long)seen);
    }
    cr_assert_eq(scan_segment(0, 1, 1), 200);
    cr_assert_eq(scan_segment(0, 1, 0), 200);
    table_release(neighbour);
}

Test(page, a_start_key_of_another_segment_or_shape_is_refused)
{
    put("p", "a");
    struct table_key key;
    key_encode(table, sample_key_2(&arena, "p", "a"), &arena, &key);
    uint32_t home = key.bytes.data[KEY_TABLE_BYTES] >> 7; /* The half of the hashes it is in. */
    struct page_request request = scan(1 - home, 2);
    request.start = sample_key_2(&arena, "p", "a");
    char text[256];
    snprintf(text, sizeof(text),
             "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use "
             "ExclusiveStartKey with correct Segment. TotalSegments: 2 Segment: %u",
             1 - home);
    refuses(&request, text);
    request = scan(home, 2);
    request.start = sample_key_2(&arena, "p", "a");
    cr_assert_eq(run(&request).count, 0);
    request.start = sample_key(&arena, "p");
    refuses(&request, "The provided starting key is invalid: The provided key element does not "
                      "match the schema");
}

/* --- Tiers ---------------------------------------------------------------------------------- */

Test(page, on_a_loop_a_long_page_moves_to_a_worker)
{
    put_many(PAGE_LOOP_ROWS + 1);
    struct page_request request = scan(0, 1);
    struct page page;
    cr_assert_not(store_page(store, &request, READ_CACHED, &arena, &page, &err));
    cr_assert_eq(err.code, ERROR_WOULD_BLOCK);
    request.limit = PAGE_LOOP_ROWS;
    cr_assert(store_page(store, &request, READ_CACHED, &arena, &page, &err), "%s", err.text);
    cr_assert_eq(page.count, PAGE_LOOP_ROWS);
}

/* It ends where it has got to, as at the size of a page: nothing is skipped. */
Test(page, a_filter_that_costs_too_much_ends_the_page)
{
    put_letters();
    char *large = malloc((1 << 20) + 1);
    memset(large, '-', 1 << 20);
    large[1 << 20] = 0;
    char text[4000] = "contains(:v, sk)";
    for (int i = 1; i < 128; i++) {
        strcat(text, " OR contains(:v, sk)");
    }
    struct expression *filter =
        sample_expression(cache, &arena, EXPRESSION_FILTER, text, ":v", sample_s(large), NULL);
    struct page_request request = query("p");
    request.filter = filter;
    struct page page;
    cr_assert_not(store_page(store, &request, READ_CACHED, &arena, &page, &err));
    cr_assert_eq(err.code, ERROR_WOULD_BLOCK);
    page = run(&request);
    cr_assert(page.count == 0 && page.scanned == 4 && page.last.size > 0);
    request.start = page.last;
    page = run(&request);
    cr_assert(page.count == 0 && page.scanned == 2 && page.last.size == 0);
    expression_release(filter);
    free(large);
}

Test(page, on_a_loop_a_page_on_disk_would_block)
{
    put_letters();
    table_release(table);
    store_close(store);
    store = sample_store_open(directory, &now);
    table = catalog_acquire(store->catalog, SLICE_LITERAL("items"));
    struct page_request request = query("p");
    struct page page;
    cr_assert_not(store_page(store, &request, READ_CACHED, &arena, &page, &err));
    cr_assert_eq(err.code, ERROR_WOULD_BLOCK);
    page = run(&request);
    cr_assert_str_eq(sorts(&page), "a ab abc b ba c");
    cr_assert(store_page(store, &request, READ_CACHED, &arena, &page, &err), "%s", err.text);
}

Test(page, damage_is_reported)
{
    put_letters();
    struct table_key key;
    key_encode(table, sample_key_2(&arena, "p", "b"), &arena, &key);
    struct engine_batch *batch = engine_batch_open();
    engine_batch_put(store->engine, batch, FAMILY_ITEMS, key.bytes, SLICE_LITERAL("rubbish"));
    cr_assert(engine_commit_append(store->engine, batch, engine_commit_begin(store->engine), &err));
    engine_batch_close(batch);
    struct page_request request = query("p");
    struct page page;
    cr_assert_not(store_page(store, &request, READ_FULL, &arena, &page, &err));
    cr_assert_eq(err.code, ERROR_CORRUPT);
}

Test(page, a_page_over_very_many_deleted_items_ends_with_a_key_to_go_on_from)
{
    struct arena own = {0};
    struct row tombstone = {.version = {.stamp = 1, .dot = {1, 1, 1}}, .tombstone = true};
    struct engine_batch *batch = engine_batch_open();
    struct buffer row;
    buffer_init(&row, &arena, 64);
    row_encode(&row, &tombstone);
    for (int i = 0; i < PAGE_ROWS_MAX; i++) {
        struct table_key key;
        key_encode(table, sample_key_2(&own, "p", arena_printf(&own, "%06d", i)), &own, &key);
        engine_batch_put(store->engine, batch, FAMILY_ITEMS, key.bytes, buffer_slice(&row));
        arena_clear(&own);
    }
    cr_assert(engine_commit_append(store->engine, batch, engine_commit_begin(store->engine), &err));
    engine_batch_close(batch);
    put("p", "a");
    struct page_request request = query("p");
    struct page page = run(&request);
    cr_assert(page.count == 0 && page.scanned == 0 && page.last.size > 0);
    request.start = page.last;
    page = run(&request);
    cr_assert_str_eq(sorts(&page), "a");
    cr_assert_eq(page.last.size, 0);
    arena_destroy(&own);
}
