/* Goal: whatever sequence of writes, reads, queries, scans and restarts comes, a table behaves as a
 * sorted list of items in memory would. Method: random operations on few keys, so that they meet,
 * each compared with the model; the seed is in every message and taken from MERIDIAN_SEED. */
#include "storage/table/key.h"
#include "tests/support/directory.h"
#include "tests/unit/storage/sample.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { PARTITIONS = 6, SORTS = 12, OPERATIONS = 4000, RESTARTS = 3 };

struct cell {
    bool exists;
    uint32_t number;
};

static struct arena arena;
static char *directory;
static struct sample_clock now;
static struct store *store;
static struct expression_cache *cache;
static const struct table *table;
static struct error err;
static uint64_t seed;
static uint64_t state;
static struct cell model[PARTITIONS][SORTS];

#define SEED (unsigned long long)seed

static void open_all(bool replicated)
{
    directory = test_directory_make();
    store = sample_store_open(directory, &now);
    cache = expression_cache_open(64);
    table = sample_store_table(store, "items", VALUE_S, replicated);
    seed = sample_seed();
    state = seed;
    memset(model, 0, sizeof(model));
}

static void restart(void)
{
    table_release(table);
    store_close(store);
    store = sample_store_open(directory, &now);
    table = catalog_acquire(store->catalog, SLICE_LITERAL("items"));
}

static void close_all(void)
{
    table_release(table);
    store_close(store);
    expression_cache_close(cache);
    test_directory_remove(directory);
    arena_destroy(&arena);
}

static uint32_t random_below(uint32_t bound)
{
    return (uint32_t)(sample_next(&state) % bound);
}

static struct value partition_of(uint32_t partition)
{
    return sample_s(arena_printf(&arena, "p%u", partition));
}

/* "s", "sb", "sbb" … among others: prefixes of each other, in order. */
static struct value sort_of(uint32_t sort)
{
    return sample_s(arena_printf(&arena, "s%c%s", 'a' + (char)(sort / 3), &"bb"[2 - sort % 3]));
}

static struct slice key_of(uint32_t partition, uint32_t sort)
{
    return sample_item(&arena, "pk", partition_of(partition), "sk", sort_of(sort), NULL);
}

static struct slice item_of(uint32_t partition, uint32_t sort, uint32_t number)
{
    return sample_item(&arena, "pk", partition_of(partition), "sk", sort_of(sort), "n",
                       sample_n(&arena, arena_printf(&arena, "%u", number)), NULL);
}

static void check_write(void)
{
    uint32_t partition = random_below(PARTITIONS);
    uint32_t sort = random_below(SORTS);
    struct cell *cell = &model[partition][sort];
    uint32_t number = random_below(5);
    struct value wanted = sample_n(&arena, arena_printf(&arena, "%u", random_below(5)));
    struct value given = sample_n(&arena, arena_printf(&arena, "%u", number));
    bool conditional = random_below(3) == 0;
    struct write write = {.table = table, .kind = (enum write_kind)random_below(3)};
    struct expression *condition = NULL;
    struct expression *update = NULL;
    if (conditional) {
        condition = sample_expression(cache, &arena, EXPRESSION_CONDITION,
                                      "attribute_not_exists(pk) OR n = :n", ":n", wanted, NULL);
        write.condition = condition;
    }
    write.item =
        write.kind == WRITE_PUT ? item_of(partition, sort, number) : key_of(partition, sort);
    if (write.kind == WRITE_UPDATE) {
        update =
            sample_expression(cache, &arena, EXPRESSION_UPDATE, "SET n = :n", ":n", given, NULL);
        write.update = update;
    }
    struct slice old = item_of(partition, sort, cell->number);
    struct value old_number;
    cr_assert(item_find(old, SLICE_LITERAL("n"), &old_number));
    bool allowed = !conditional || !cell->exists || value_equal(old_number, wanted);
    bool ok = sample_write(store, &write, &arena, &err);
    cr_assert_eq(ok, allowed, "MERIDIAN_SEED=%llu", SEED);
    cr_assert(ok || err.code == ERROR_CONDITION, "%s (MERIDIAN_SEED=%llu)", err.text, SEED);
    cr_assert_eq(write.existed, cell->exists, "MERIDIAN_SEED=%llu", SEED);
    cr_assert(!cell->exists || slice_equal(write.old_image, old), "MERIDIAN_SEED=%llu", SEED);
    if (ok) {
        cell->exists = write.kind != WRITE_DELETE;
        cell->number = number;
        cr_assert_eq(write.exists, cell->exists, "MERIDIAN_SEED=%llu", SEED);
        cr_assert(!cell->exists ||
                      slice_equal(write.new_image, item_of(partition, sort, cell->number)),
                  "MERIDIAN_SEED=%llu", SEED);
    }
    expression_release(condition);
    expression_release(update);
}

static void check_get(void)
{
    uint32_t partition = random_below(PARTITIONS);
    uint32_t sort = random_below(SORTS);
    struct cell *cell = &model[partition][sort];
    struct slice image = sample_get(store, table, &arena, key_of(partition, sort));
    cr_assert_eq(image.size > 0, cell->exists, "MERIDIAN_SEED=%llu", SEED);
    cr_assert(!cell->exists || slice_equal(image, item_of(partition, sort, cell->number)),
              "MERIDIAN_SEED=%llu", SEED);
}

static bool in_range(struct value sort, const struct key_condition *condition)
{
    int low = slice_compare(sort.payload, condition->low.payload);
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
        return low >= 0 && slice_compare(sort.payload, condition->high.payload) <= 0;
    case SORT_BEGINS_WITH:
        return slice_starts_with(sort.payload, condition->low.payload);
    }
    return false;
}

/* The whole query in pages of a random size against the model's order. */
static void check_query(void)
{
    uint32_t partition = random_below(PARTITIONS);
    uint32_t low = random_below(SORTS);
    struct page_request request = {.table = table, .query = true};
    request.condition.partition[0] = partition_of(partition);
    request.condition.sort = (enum sort_operator)random_below(SORT_BEGINS_WITH + 1);
    request.condition.low = sort_of(low);
    request.condition.high = sort_of(low + random_below(SORTS - low));
    request.backward = random_below(2) == 1;
    /* An equality gives one row at most: it cannot be restarted. */
    request.limit = request.condition.sort == SORT_EQ ? 0 : random_below(4);
    struct slice wanted[SORTS];
    uint32_t wanted_count = 0;
    for (uint32_t i = 0; i < SORTS; i++) {
        uint32_t sort = request.backward ? SORTS - 1 - i : i;
        if (model[partition][sort].exists && in_range(sort_of(sort), &request.condition)) {
            wanted[wanted_count++] = item_of(partition, sort, model[partition][sort].number);
        }
    }
    uint32_t seen = 0;
    do {
        struct page page;
        cr_assert(store_page(store, &request, READ_FULL, &arena, &page, &err),
                  "%s (MERIDIAN_SEED=%llu)", err.text, SEED);
        for (uint64_t i = 0; i < page.count; i++) {
            cr_assert_lt(seen, wanted_count, "MERIDIAN_SEED=%llu", SEED);
            cr_assert(slice_equal(page.items[i], wanted[seen]), "MERIDIAN_SEED=%llu", SEED);
            seen++;
        }
        request.start = page.last;
    } while (request.start.size > 0);
    cr_assert_eq(seen, wanted_count, "MERIDIAN_SEED=%llu", SEED);
}

static void check_scan(void)
{
    uint32_t segments = 1 + random_below(4);
    uint64_t limit = random_below(10);
    uint64_t seen = 0;
    for (uint32_t segment = 0; segment < segments; segment++) {
        struct page_request request = {
            .table = table, .segment = segment, .segments = segments, .limit = limit};
        do {
            struct page page;
            cr_assert(store_page(store, &request, READ_FULL, &arena, &page, &err),
                      "%s (MERIDIAN_SEED=%llu)", err.text, SEED);
            seen += page.count;
            request.start = page.last;
        } while (request.start.size > 0);
    }
    uint64_t wanted = 0;
    uint64_t wanted_bytes = 0;
    for (uint32_t i = 0; i < PARTITIONS * SORTS; i++) {
        const struct cell *cell = &model[i / SORTS][i % SORTS];
        wanted += cell->exists;
        wanted_bytes += cell->exists ? item_size(item_of(i / SORTS, i % SORTS, cell->number)) : 0;
    }
    cr_assert_eq(seen, wanted, "MERIDIAN_SEED=%llu", SEED);
    uint64_t items;
    uint64_t bytes;
    catalog_totals(store->catalog, table->id, &items, &bytes);
    cr_assert(items == wanted && bytes == wanted_bytes, "MERIDIAN_SEED=%llu", SEED);
}

static void check_against_model(bool replicated)
{
    open_all(replicated);
    for (int i = 0; i < OPERATIONS; i++) {
        uint32_t kind = random_below(100);
        if (kind < 60) {
            check_write();
        } else if (kind < 80) {
            check_get();
        } else if (kind < 97) {
            check_query();
        } else {
            check_scan();
        }
        if (i % (OPERATIONS / (RESTARTS + 1)) == OPERATIONS / (RESTARTS + 1) - 1) {
            restart();
        }
        arena_clear(&arena);
    }
    close_all();
}

TestSuite(model, .timeout = 60);

Test(model, a_table_behaves_as_a_sorted_list_in_memory)
{
    check_against_model(false);
}

Test(model, a_replicated_table_with_its_tombstones_behaves_as_a_sorted_list_in_memory)
{
    check_against_model(true);
}
