/* Streams as a careful consumer reads them: every shard once, parents to their end before their
 * children. One thread. */
#pragma once

#include "storage/stream/stream.h"
#include "tests/unit/storage/sample.h"

enum { FIXTURE_KEYS = 40, FIXTURE_DAY_MS = 24 * 60 * 60 * 1000 };

/* As sample_store_open, with so many shards. */
struct store *stream_store_open(const char *directory, struct sample_clock *clock, uint32_t shards);
/* With little memory, so that files are written. */
struct store *stream_store_open_small(const char *directory,
                                      struct sample_clock *clock,
                                      uint32_t shards,
                                      uint64_t memtable_bytes);
/* Give the table (by name) a stream, or take it away. */
struct stream stream_on(struct store *store, const char *table, enum stream_view view);
void stream_off(struct store *store, const char *table);
/* They must succeed; stalls of a busy test machine are waited out. */
void stream_must_roll(struct store *store, uint32_t stream);
void stream_must_tick(struct store *store);
void stream_must_set_shards(struct store *store, uint32_t shards);
/* All that has been appended is on disk. */
void stream_settle(struct store *store);

/* Every record of the stream that can be read, in an order that a consumer may see who reads
 * parents first: shard by shard. Asserts what must always hold: seqs within the shard, ascending,
 * no seq twice, lineage complete, the end of closed shards told. `max` records per page. */
struct stream_record *stream_read_all(
    struct store *store, uint32_t stream, uint32_t max, struct arena *arena, uint32_t *count);
/* One shard, from `after` on. */
struct stream_record *stream_read_shard(struct store *store,
                                        uint32_t stream,
                                        const struct stream_shard *shard,
                                        uint64_t after,
                                        uint32_t max,
                                        struct arena *arena,
                                        uint32_t *count);
/* stream_read of one page; the code of its failure, ERROR_NONE if it did not fail. */
enum error_code stream_try(struct store *store,
                           uint32_t stream,
                           const char *shard,
                           uint64_t after,
                           enum read_tier tier,
                           struct arena *arena,
                           struct stream_page *page);

/* Items by their key "k0" to "k39" (attribute pk); an empty slice: there is none. */
struct items {
    struct slice images[FIXTURE_KEYS];
};
uint32_t item_number(struct slice key_image);
/* What the table holds now. */
void items_of(struct store *store,
              const struct table *table,
              struct arena *arena,
              struct items *to);
/* Every record changes what the records before it have made, and says so; NEW_AND_OLD_IMAGES. */
void items_forward(struct items *items, const struct stream_record *records, uint32_t count);
void items_backward(struct items *items, const struct stream_record *records, uint32_t count);
void items_expect_equal(const struct items *a, const struct items *b);
