/* The write path's part: what a record says for the stream, and the pointer to it. */
#include "storage/stream/streams.h"

#include "storage/log/change.h"

enum { HASH_UPPER_BITS = 32 };

void stream_mark(struct change *change,
                 const struct table_stream *stream,
                 struct slice old_image,
                 struct slice new_image,
                 bool by_ttl)
{
    ensure(stream->id != 0 && (old_image.size > 0 || new_image.size > 0));
    bool shows_old = stream->view == STREAM_OLD_IMAGE || stream->view == STREAM_NEW_AND_OLD_IMAGES;
    bool shows_new = stream->view == STREAM_NEW_IMAGE || stream->view == STREAM_NEW_AND_OLD_IMAGES;
    change->streamed = true;
    change->existed = old_image.size > 0;
    change->by_ttl = by_ttl;
    if (shows_old) {
        change->old_image = old_image;
    }
    if (shows_new) { /* A complete record has it already: for its peers. */
        change->image = new_image;
    }
}

size_t stream_mark_bytes(const struct change *change)
{
    /* Event, local stamp, size of the old image. */
    return 1 + 2 * VARINT_BYTES_MAX + change->old_image.size;
}

void stream_encode_foreign(struct buffer *to,
                           const struct table *table,
                           struct slice key,
                           const struct row *now,
                           struct slice old_image,
                           uint64_t stamp)
{
    struct change change = {.table_id = table->id,
                            .key = key,
                            .version = {.stamp = now->version.stamp, .dot = now->version.dot},
                            .tombstone = now->tombstone,
                            .foreign = true,
                            .local_stamp = stamp};
    stream_mark(&change, &table->stream, old_image, now->image, false);
    change_encode(to, &change);
}

void stream_point(struct store *store,
                  struct engine_batch *batch,
                  uint32_t stream,
                  uint64_t seq,
                  uint64_t key_hash)
{
    uint8_t key[STREAM_POINTER_KEY_BYTES];
    uint8_t value[STREAM_POINTER_VALUE_BYTES];
    stream_pointer_key(stream, seq, key);
    put_be32(value, (uint32_t)(key_hash >> HASH_UPPER_BITS));
    engine_batch_put(store->engine, batch, FAMILY_STREAMS, slice_of(key, sizeof(key)),
                     slice_of(value, sizeof(value)));
    /* In the commit section: seqs grow. Should the append be refused, a reader looks once in vain.
     */
    atomic_store_explicit(&store->streams->newest[stream % STREAM_NEWEST_SLOTS], seq,
                          memory_order_release);
}
