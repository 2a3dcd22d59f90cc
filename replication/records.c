#include "replication/records.h"

#include "proto/value/value.h"

#include <zstd.h>

enum {
    RECORDS_LEVEL = 1,
    RECORDS_COMPRESS_BYTES_MIN = 512, /* Below, a frame's head eats what is saved. */
};

_Static_assert((int)TABLE_UID_BYTES == (int)MESSAGE_UID_BYTES, "one uid on the wire and here");

struct records_codec {
    ZSTD_CCtx *compress;   /* Made at first use: an applier never compresses. */
    ZSTD_DCtx *decompress; /* Likewise. */
};

struct records_codec *records_codec_open(void)
{
    struct records_codec *codec = calloc(1, sizeof(*codec));
    ensure(codec != NULL);
    return codec;
}

void records_codec_close(struct records_codec *codec)
{
    if (codec == NULL) {
        return;
    }
    ZSTD_freeCCtx(codec->compress);
    ZSTD_freeDCtx(codec->decompress);
    free(codec);
}

void records_pack(struct records_codec *codec,
                  struct slice raw,
                  uint32_t count,
                  struct arena *arena,
                  struct message_records *to)
{
    ensure(raw.size <= PEER_RAW_BYTES_MAX && count <= PEER_BATCH_RECORDS_MAX);
    ensure((count == 0) == (raw.size == 0));
    *to = (struct message_records){COMPRESSION_NONE, (uint32_t)raw.size, count, raw};
    if (raw.size < RECORDS_COMPRESS_BYTES_MIN) {
        return;
    }
    if (codec->compress == NULL) {
        codec->compress = ZSTD_createCCtx();
        ensure(codec->compress != NULL);
    }
    size_t capacity = raw.size - raw.size / 10; /* Not enough room: it does not pay off. */
    uint8_t *bytes = arena_alloc(arena, capacity);
    size_t size =
        ZSTD_compressCCtx(codec->compress, bytes, capacity, raw.data, raw.size, RECORDS_LEVEL);
    if (!ZSTD_isError(size)) {
        to->compression = COMPRESSION_ZSTD;
        to->bytes = (struct slice){bytes, size};
    }
}

bool records_unpack(struct records_codec *codec,
                    const struct message_records *records,
                    struct arena *arena,
                    struct slice *raw,
                    struct error *err)
{
    ensure(records->raw_size <= PEER_RAW_BYTES_MAX);
    if (records->compression == COMPRESSION_NONE) {
        *raw = records->bytes;
        return true;
    }
    if (codec->decompress == NULL) {
        codec->decompress = ZSTD_createDCtx();
        ensure(codec->decompress != NULL);
    }
    uint8_t *bytes = arena_alloc(arena, records->raw_size);
    size_t size = ZSTD_decompressDCtx(codec->decompress, bytes, records->raw_size,
                                      records->bytes.data, records->bytes.size);
    if (ZSTD_isError(size)) {
        return error_set(err, ERROR_PROTOCOL, "records do not decompress: %s",
                         ZSTD_getErrorName(size));
    }
    if (size != records->raw_size) {
        return error_set(err, ERROR_PROTOCOL, "records of %zu bytes, announced as %u", size,
                         records->raw_size);
    }
    *raw = (struct slice){bytes, size};
    return true;
}

struct record record_of_change(const struct change *change,
                               const uint8_t uid[static TABLE_UID_BYTES])
{
    ensure(change->has_image);
    struct record record = {
        .key = change->key,
        .version = change->version,
        .tombstone = change->tombstone,
        .image = change->image,
    };
    memcpy(record.uid, uid, sizeof(record.uid));
    return record;
}

bool record_to_change(const struct record *record,
                      uint32_t table_id,
                      struct change *change,
                      struct error *err)
{
    struct error inner = {0};
    if (!item_check(record->key, &inner) ||
        (!record->tombstone && !item_check(record->image, &inner))) {
        return error_set(err, ERROR_PROTOCOL, "a record's item: %.*s", 512, inner.text);
    }
    *change = (struct change){
        .table_id = table_id,
        .key = record->key,
        .version = record->version,
        .has_image = true,
        .tombstone = record->tombstone,
        .image = record->image,
    };
    return true;
}
