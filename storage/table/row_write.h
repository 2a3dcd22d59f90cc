/* One row of a write, in stages, so that a single write and a transaction of a hundred share them.
 *
 *     plan   key, stripe, size                                      no latch
 *     warm   the row's blocks into memory; may block                no latch
 *     read   the stored row; outputs start afresh                   latch
 *     judge  condition, update: what shall the row hold?            latch
 *     lay    everything that can be made without the seq            latch
 *     stage  row and log record into the batch                      latch, commit section
 *     done   counts, seq of the latch, outputs                      latch
 *
 * Only a row whose `needed` is set after judge is laid, staged and done. Rows that go with this one
 * into the same batch and need no seq (index rows) are put by lay, so that the commit section stays
 * as short as it is. Internal to storage/table. */
#pragma once

#include "storage/log/change.h"
#include "storage/table/index_change.h"
#include "storage/ttl/expiry.h"

struct row_write {
    struct store *store;
    struct write *write;
    struct arena *arena;
    /* plan */
    struct table_key key;
    uint32_t stripe;
    size_t image_size; /* As DynamoDB counts it; of what the row shall hold. */
    /* read */
    const struct table *newest; /* Description: the write's, or a copy; read its indexes only. */
    bool replicated;
    bool stored;    /* There is a row, perhaps only a tombstone. */
    struct row old; /* With `stored`; its image is in the arena, empty for a tombstone. */
    /* judge */
    struct slice image;           /* What the row shall hold; empty for a delete. */
    bool needed;                  /* Something has to be written. */
    struct index_change *indexes; /* With `needed`: one per index of `newest`. */
    /* lay: the row's bytes are an image that lies in place, its head is put in front of it. */
    struct change change;   /* With the whole context. */
    struct version version; /* The row's: its context without what is settled. */
    uint8_t *space;
    size_t image_at;
    struct buffer head;
    struct buffer record;
    size_t indexes_bytes; /* And of expiry. */
    struct expiry_change expiry;
};

/* Errors: VALIDATION (a PUT of too large an item). */
MUST_CHECK bool row_write_plan(struct row_write *row,
                               struct store *store,
                               struct write *write,
                               struct arena *arena,
                               struct error *err);
/* Keeps the row in memory until *value is released, if *found. Errors: IO. */
MUST_CHECK bool row_write_warm(const struct row_write *row,
                               struct engine_value *value,
                               bool *found,
                               struct error *err);
/* Errors: NOT_FOUND (the table was removed), WOULD_BLOCK, IO, CORRUPT. */
MUST_CHECK bool row_write_read(struct row_write *row, enum read_tier tier, struct error *err);
/* Errors: CONDITION, VALIDATION. The write's `exists` is then what it was before. */
MUST_CHECK bool row_write_judge(struct row_write *row, struct error *err);
/* `following`: how many rows of the same group are staged after this one. */
void row_write_lay(struct row_write *row, struct engine_batch *batch, uint32_t following);
/* The stamp that the row's new one must exceed. */
uint64_t row_write_floor(const struct row_write *row);
/* `seq` is this row's own. */
void row_write_stage(struct row_write *row,
                     struct engine_batch *batch,
                     uint64_t seq,
                     uint64_t stamp);
/* `seq` is the newest of the batch. */
void row_write_done(struct row_write *row, uint64_t seq);
/* The batch was refused. */
void row_write_undo(struct row_write *row);
/* About how much it put into the batch. */
size_t row_write_bytes(const struct row_write *row);
