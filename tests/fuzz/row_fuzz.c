/* Fuzz the row codec: both readers agree, and a row that decodes encodes to the same bytes. */
#include "proto/base/ensure.h"
#include "proto/value/version.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct error err;
    struct row row;
    struct slice bytes = slice_of(data, size);
    struct slice image;
    bool tombstone;
    arena_init(&arena);
    bool has_image = row_image(bytes, &tombstone, &image, &err);
    if (row_decode(bytes, &row, &err)) {
        ensure(has_image && tombstone == row.tombstone && slice_equal(image, row.image));
        struct buffer again;
        buffer_init(&again, &arena, 64);
        row_encode(&again, &row);
        ensure(slice_equal(buffer_slice(&again), bytes));
        struct context joined = row.version.context;
        context_join(&joined, &row.version.context);
        ensure(joined.count == row.version.context.count);
        context_prune(&joined, &row.version.context);
        ensure(joined.count == 0);
    } else {
        ensure(err.code == ERROR_CORRUPT);
    }
    arena_destroy(&arena);
    return 0;
}
