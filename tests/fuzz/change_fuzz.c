/* Goal: no bytes make the decoders of change, conflict and stream records read outside their input,
 * and what they take they give back byte by byte. Method: the first byte picks the decoder; the
 * checksums of change and stream records are repaired after the mutation, so that the fuzzer
 * reaches the fields. */
#include "proto/base/checksum.h"
#include "storage/log/change.h"
#include "storage/stream/stream_record.h"
#include "storage/table/conflicts.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

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

static void fuzz_stream(struct arena *arena, struct slice bytes)
{
    struct stream_state state;
    struct error err = {0};
    uint8_t *record = arena_alloc(arena, bytes.size + 8);
    if (bytes.size > 0) {
        memcpy(record + 8, bytes.data, bytes.size);
    }
    put_be64(record, XXH64(record + 8, bytes.size, 0));
    bytes = slice_of(record, bytes.size + 8);
    if (!stream_record_decode(bytes, arena, &state, &err)) {
        ensure(err.code == ERROR_CORRUPT);
        return;
    }
    struct buffer again;
    buffer_init(&again, arena, bytes.size);
    stream_record_encode(&again, &state);
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
    switch (data[0] % 3) {
    case 0:
        fuzz_change(&arena, bytes);
        break;
    case 1:
        fuzz_conflict(&arena, bytes);
        break;
    default:
        fuzz_stream(&arena, bytes);
        break;
    }
    arena_destroy(&arena);
    return 0;
}
