/* Fuzz the item codec: damaged bytes are walked without reading outside; bytes that pass the check
 * are canonical, so JSON there and back gives them again. */
#include "proto/base/ensure.h"
#include "proto/value/decimal.h"
#include "proto/value/value_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Use every reader on a value and on all it holds. Depth as a reader without a check may go. */
static uint64_t fuzz_walk(struct value value, unsigned depth)
{
    uint64_t sum = value_size(value) + value_count(value);
    struct value_walk walk;
    struct member member;
    struct value found;
    value_walk_start(&walk, value);
    for (unsigned i = 0; depth <= VALUE_DEPTH_MAX && i < 64 && value_walk_next(&walk, &member);
         i++) {
        sum += value_find(value, member.name, &found);
        sum += value_at(value, i, &found);
        sum += value_set_has(value, member.value);
        sum += fuzz_walk(member.value, depth + 1);
    }
    return sum;
}

static void fuzz_round_trip(struct slice image, struct arena *arena)
{
    struct buffer text;
    struct json *root;
    struct slice again;
    struct error err;
    buffer_init(&text, arena, 256);
    item_write_json(&text, image);
    ensure(json_parse(buffer_slice(&text), arena, &root, &err));
    ensure(item_json_check(root, &err));
    ensure(item_from_json(root, arena, &again, &err));
    ensure(slice_equal(image, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct error err;
    struct slice image = slice_of(data, size);
    arena_init(&arena);
    for (unsigned type = VALUE_S; type < VALUE_TYPES; type++) {
        struct value value = {(enum value_type)type, image};
        fuzz_walk(value, 1);
        if (value_check(value, &err)) {
            struct buffer encoded;
            struct value back;
            buffer_init(&encoded, &arena, 64);
            value_append(&encoded, value);
            struct slice from = buffer_slice(&encoded);
            ensure(value_take(&from, &back) && from.size == 0 && value_equal(value, back));
        } else {
            ensure(err.code == ERROR_CORRUPT);
        }
    }
    if (item_check(image, &err)) {
        fuzz_round_trip(image, &arena);
    }
    arena_destroy(&arena);
    return 0;
}
