/* Fuzz the forms that storage keeps of tables and of item keys. A table's record gets its checksum
 * repaired, so that the fuzzer reaches the fields; what decodes must encode to the same bytes. The
 * same for keys: the hash is repaired, and a key that decodes is the key of what it decodes to. */
#include "storage/catalog/record.h"
#include "storage/table/key.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_record(struct slice bytes, struct arena *arena)
{
    uint8_t *record = arena_alloc(arena, bytes.size + 8);
    memcpy(record + 8, bytes.data, bytes.size);
    put_be64(record, XXH64(bytes.data, bytes.size, 0));
    struct table table;
    struct error err;
    if (!table_record_decode(slice_of(record, bytes.size + 8), arena, &table, &err)) {
        ensure(err.code == ERROR_CORRUPT);
        return;
    }
    struct buffer again;
    buffer_init(&again, arena, bytes.size + 8);
    table_record_encode(&again, &table);
    bool newest = record[8] == again.data[8]; /* Older versions are written as the newest one. */
    ensure(!newest || slice_equal(buffer_slice(&again), slice_of(record, bytes.size + 8)));
}

/* The first byte picks the key's types; the rest follows the head and the hash. */
static void fuzz_key(struct slice bytes, struct arena *arena)
{
    static const enum value_type types[] = {VALUE_S, VALUE_N, VALUE_B, VALUE_MISSING};
    struct table table = {
        .id = 7,
        .partition = {SLICE_LITERAL("pk"), types[bytes.data[0] % 3]},
        .sort = {SLICE_LITERAL("sk"), types[bytes.data[0] / 3 % 4]},
    };
    size_t parts = bytes.size - 1;
    uint8_t *key = arena_zalloc(arena, KEY_HEAD_BYTES + parts, 1);
    put_be32(key, table.id);
    memcpy(key + KEY_HEAD_BYTES, bytes.data + 1, parts);
    for (size_t end = 0; end <= parts; end++) { /* The hash covers the first part only. */
        if (end < parts && !(end > 1 && key[KEY_HEAD_BYTES + end - 1] == 1 &&
                             key[KEY_HEAD_BYTES + end - 2] == 0)) {
            continue;
        }
        put_be64(key + KEY_TABLE_BYTES, XXH64(key + KEY_HEAD_BYTES, end, 0));
        struct slice image;
        struct error err;
        if (key_decode(&table, slice_of(key, KEY_HEAD_BYTES + parts), arena, &image, &err)) {
            struct table_key again;
            ensure(item_check(image, &err));
            key_encode(&table, image, arena, &again);
            ensure(slice_equal(again.bytes, slice_of(key, KEY_HEAD_BYTES + parts)));
        } else {
            ensure(err.code == ERROR_CORRUPT);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    struct arena arena;
    arena_init(&arena);
    struct slice bytes = {data + 1, size - 1};
    if (data[0] % 2 == 0) {
        fuzz_record(bytes, &arena);
    } else {
        fuzz_key(bytes, &arena);
    }
    arena_destroy(&arena);
    return 0;
}
