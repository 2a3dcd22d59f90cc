/* Goal: no bytes make the decoders of change and conflict records read outside their input, and
 * what they take they give back byte by byte. Method: the first byte picks the decoder; the
 * checksum of a change record is repaired after the mutation, so that the fuzzer reaches the
 * fields. */
#include "proto/base/checksum.h"
#include "storage/log/change.h"
#include "storage/table/conflicts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_change(struct arena *arena, struct slice bytes)
{
    struct change change;
    struct error err = {0};
    if (bytes.size >= 4) {
        uint8_t *copy = arena_alloc(arena, bytes.size);
        memcpy(copy, bytes.data, bytes.size);
        put_be32(copy, crc32c(slice_of(copy + 4, bytes.size - 4)));
        bytes.data = copy;
    }
    if (!change_decode(bytes, &change, &err)) {
        ensure(err.code == ERROR_CORRUPT);
        return;
    }
    struct buffer again;
    buffer_init(&again, arena, bytes.size);
    change_encode(&again, &change);
    ensure(slice_equal(buffer_slice(&again), bytes));
}

static void fuzz_conflict(struct arena *arena, struct slice bytes)
{
    struct conflict conflict;
    struct error err = {0};
    struct slice key;
    if (!take_bytes(&bytes, CONFLICT_KEY_BYTES, &key)) {
        return;
    }
    if (!conflict_decode(key, bytes, &conflict, &err)) {
        ensure(err.code == ERROR_CORRUPT);
        return;
    }
    struct buffer again;
    buffer_init(&again, arena, bytes.size);
    conflict_encode_value(&again, &conflict);
    ensure(slice_equal(buffer_slice(&again), bytes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    if (size == 0) {
        return 0;
    }
    arena_init(&arena);
    struct slice bytes = {data + 1, size - 1};
    if (data[0] % 2 == 0) {
        fuzz_change(&arena, bytes);
    } else {
        fuzz_conflict(&arena, bytes);
    }
    arena_destroy(&arena);
    return 0;
}
