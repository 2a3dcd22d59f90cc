#include "daemon/http/inflate.h"

#include "proto/base/buffer.h"

#include <zlib.h>

enum { INFLATE_STEP_BYTES = 64 << 10, INFLATE_GZIP_ONLY = 16 + MAX_WBITS };

static void *inflate_allocate(void *arena, unsigned count, unsigned size)
{
    return arena_zalloc(arena, count, size);
}

static void inflate_release(void *arena, void *memory)
{
    (void)arena; /* Cleared with the request. */
    (void)memory;
}

bool inflate_gzip(struct slice bytes,
                  size_t bytes_max,
                  struct arena *arena,
                  struct slice *inflated,
                  struct error *err)
{
    ensure(bytes.size <= UINT32_MAX);
    z_stream stream = {.zalloc = inflate_allocate, .zfree = inflate_release, .opaque = arena};
    ensure(inflateInit2(&stream, INFLATE_GZIP_ONLY) == Z_OK);
    stream.next_in = (Bytef *)(uintptr_t)bytes.data;
    stream.avail_in = (uInt)bytes.size;
    struct buffer out;
    buffer_init(&out, arena, bytes.size * 4 < bytes_max ? bytes.size * 4 + 256 : bytes_max + 1);
    int result = Z_OK;
    bool member_over = false;
    for (;;) {
        /* One byte past the limit is asked for, so that more than the limit shows. */
        size_t step = bytes_max + 1 - out.size;
        step = step < INFLATE_STEP_BYTES ? step : INFLATE_STEP_BYTES;
        stream.next_out = buffer_reserve(&out, step);
        stream.avail_out = (uInt)step;
        result = inflate(&stream, Z_NO_FLUSH);
        out.size += step - stream.avail_out;
        if (out.size > bytes_max) {
            inflateEnd(&stream);
            return error_set(err, ERROR_LIMIT, "the body inflates to more than %zu bytes",
                             bytes_max);
        }
        member_over = result == Z_STREAM_END;
        if (member_over && stream.avail_in > 0) {
            result = inflateReset(&stream);
            member_over = false;
        }
        if (member_over || result != Z_OK) {
            break;
        }
    }
    inflateEnd(&stream);
    if (!member_over) {
        return error_set(err, ERROR_INTERNAL, "the body is not whole gzip");
    }
    *inflated = buffer_slice(&out);
    return true;
}
