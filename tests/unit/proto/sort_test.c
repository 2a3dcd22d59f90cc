/* Goal: sorting is right and stable at every size around the runs it merges. Method: arrays of many
 * equal keys in several patterns, with the original place beside the key. */
#include "proto/value/sort.h"

#include <criterion/criterion.h>

struct card {
    uint32_t key;
    uint32_t place;
};

static int card_compare(const void *a, const void *b)
{
    const struct card *left = a;
    const struct card *right = b;
    return (left->key > right->key) - (left->key < right->key);
}

static void check_sorted(const struct card *cards, size_t count, const char *pattern)
{
    for (size_t i = 1; i < count; i++) {
        bool ascends = cards[i - 1].key < cards[i].key ||
                       (cards[i - 1].key == cards[i].key && cards[i - 1].place < cards[i].place);
        cr_assert(ascends, "%s, %zu cards, at %zu", pattern, count, i);
    }
}

Test(sort, every_size_comes_out_in_order_and_stable)
{
    enum { COUNT = 130 };
    struct arena arena = {0};
    for (size_t count = 0; count <= COUNT; count++) {
        struct card mixed[COUNT];
        struct card falling[COUNT];
        struct card rising[COUNT];
        uint32_t random = 12345;
        for (uint32_t i = 0; i < count; i++) {
            random = random * 1664525 + 1013904223;
            mixed[i] = (struct card){random >> 24 & 15, i};
            falling[i] = (struct card){(uint32_t)count - i, i};
            rising[i] = (struct card){i / 3, i};
        }
        sort_elements(mixed, count, sizeof(mixed[0]), card_compare, &arena);
        sort_elements(falling, count, sizeof(mixed[0]), card_compare, &arena);
        sort_elements(rising, count, sizeof(mixed[0]), card_compare, &arena);
        check_sorted(mixed, count, "mixed");
        check_sorted(falling, count, "falling");
        check_sorted(rising, count, "rising");
    }
    arena_destroy(&arena);
}
