/* Consumed capacity as DynamoDB counts it (dynamodb-api.md section 15), in half units so that an
 * eventual read stays a whole number.
 *
 * One struct capacity per table of a call: operations add what each read or write took, and one
 * function writes the answer's object. Pure; one thread. */
#pragma once

#include "proto/base/buffer.h"
#include "storage/store.h"

enum capacity_detail { CAPACITY_NONE, CAPACITY_TOTAL, CAPACITY_INDEXES };

/* Transactions show their units under this name too, beside CapacityUnits. */
enum capacity_side { CAPACITY_PLAIN, CAPACITY_READS, CAPACITY_WRITES };

enum { CAPACITY_TRANSACTION_FACTOR = 2 }; /* Each action of a transaction counts twice. */

/* What was used of one table so far. Zeroed at first. */
struct capacity {
    uint64_t halves;        /* Of the table itself. */
    uint64_t *index_halves; /* By place among the table's indexes, in the arena; NULL: of none. */
};

/* Of one read of `bytes` item bytes (0 for a missing item), or of a whole page. */
uint64_t capacity_read_halves(uint64_t bytes, bool consistent);
/* Of one write that found `old_bytes` and left `new_bytes` (0: none). */
uint64_t capacity_write_halves(uint64_t old_bytes, uint64_t new_bytes);

/* A write that store_write or store_transact has done, or a check that held: the table's units and
 * those of its indexes, `factor` times. */
void capacity_add_write(struct capacity *capacity,
                        const struct write *write,
                        uint32_t factor,
                        struct arena *arena);
/* Half units of one index, by its place among the table's. */
void capacity_add_index(struct capacity *capacity,
                        const struct table *table,
                        uint32_t place,
                        uint64_t halves,
                        struct arena *arena);
/* What `from` holds of the same table is added. */
void capacity_add(struct capacity *capacity,
                  const struct capacity *from,
                  const struct table *table,
                  struct arena *arena);
/* All of it: what a provisioned table is charged. */
uint64_t capacity_total_halves(const struct capacity *capacity, const struct table *table);

/* {"TableName":"T","CapacityUnits":0.5} and, with INDEXES, the parts of the table and of each index
 * that took part. `asked` is the table as the request named it: a name or an ARN. */
void capacity_write_json(struct buffer *to,
                         struct slice asked,
                         const struct table *table,
                         enum capacity_detail detail,
                         enum capacity_side side,
                         const struct capacity *capacity);

/* What a call used of each of its tables. */
struct capacity_table {
    struct slice asked;
    const struct table *table;
    struct capacity used;
};
struct capacity_tables {
    struct capacity_table *tables; /* The caller's, with room for each table there may be. */
    uint32_t count;
};
/* The table's part, in order of first use. */
struct capacity *
capacity_of(struct capacity_tables *tables, struct slice asked, const struct table *table);
/* The array of a call on several tables: those that used any. */
void capacity_tables_write_json(struct buffer *to,
                                const struct capacity_tables *tables,
                                enum capacity_detail detail,
                                enum capacity_side side);
