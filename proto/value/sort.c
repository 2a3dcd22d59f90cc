/* Merge sort, bottom up, over runs made by insertion. See sort.h. */
#include "proto/value/sort.h"

#include "proto/base/ensure.h"

enum { RUN = 8, ELEMENT_BYTES_MAX = 64 };

static bool sort_in_order(const uint8_t *at, size_t count, size_t size, sort_compare compare)
{
    for (size_t i = 1; i < count; i++) {
        if (compare(at + (i - 1) * size, at + i * size) > 0) {
            return false;
        }
    }
    return true;
}

static void sort_insert(uint8_t *at, size_t count, size_t size, sort_compare compare)
{
    uint8_t moving[ELEMENT_BYTES_MAX];
    for (size_t i = 1; i < count; i++) {
        size_t to = i;
        while (to > 0 && compare(at + (to - 1) * size, at + i * size) > 0) {
            to--;
        }
        if (to < i) {
            memcpy(moving, at + i * size, size);
            memmove(at + (to + 1) * size, at + to * size, (i - to) * size);
            memcpy(at + to * size, moving, size);
        }
    }
}

/* Merge from[0, middle) and from[middle, count) into `to`. */
static void sort_merge(uint8_t *to,
                       const uint8_t *from,
                       size_t middle,
                       size_t count,
                       size_t size,
                       sort_compare compare)
{
    const uint8_t *left = from;
    const uint8_t *left_end = from + middle * size;
    const uint8_t *right = left_end;
    const uint8_t *right_end = from + count * size;
    while (left < left_end && right < right_end) {
        const uint8_t **least = compare(left, right) <= 0 ? &left : &right;
        memcpy(to, *least, size);
        *least += size;
        to += size;
    }
    memcpy(to, left, (size_t)(left_end - left));
    to += left_end - left;
    memcpy(to, right, (size_t)(right_end - right));
}

void sort_elements(
    void *elements, size_t count, size_t element_bytes, sort_compare compare, struct arena *scratch)
{
    ensure(element_bytes > 0 && element_bytes <= ELEMENT_BYTES_MAX);
    uint8_t *at = elements;
    if (count < 2 || sort_in_order(at, count, element_bytes, compare)) {
        return;
    }
    for (size_t i = 0; i < count; i += RUN) {
        size_t run = count - i < RUN ? count - i : RUN;
        sort_insert(at + i * element_bytes, run, element_bytes, compare);
    }
    if (count <= RUN) {
        return;
    }
    uint8_t *other = arena_alloc(scratch, count * element_bytes);
    for (size_t width = RUN; width < count; width *= 2) {
        for (size_t i = 0; i < count; i += 2 * width) {
            size_t both = count - i < 2 * width ? count - i : 2 * width;
            size_t middle = both < width ? both : width;
            sort_merge(other + i * element_bytes, at + i * element_bytes, middle, both,
                       element_bytes, compare);
        }
        uint8_t *swap = at;
        at = other;
        other = swap;
    }
    if (at != elements) {
        memcpy(elements, at, count * element_bytes);
    }
}
