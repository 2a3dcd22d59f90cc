#include "daemon/api/capacity.h"

#include "proto/value/json.h"

enum { CAPACITY_READ_BYTES = 4096, CAPACITY_WRITE_BYTES = 1024 };

static uint64_t capacity_steps(uint64_t bytes, uint64_t step)
{
    uint64_t steps = (bytes + step - 1) / step;
    return steps == 0 ? 1 : steps;
}

uint64_t capacity_read_halves(uint64_t bytes, bool consistent)
{
    return capacity_steps(bytes, CAPACITY_READ_BYTES) * (consistent ? 2 : 1);
}

uint64_t capacity_write_halves(uint64_t old_bytes, uint64_t new_bytes)
{
    return capacity_steps(old_bytes > new_bytes ? old_bytes : new_bytes, CAPACITY_WRITE_BYTES) * 2;
}

void capacity_add_index(struct capacity *capacity,
                        const struct table *table,
                        uint32_t place,
                        uint64_t halves,
                        struct arena *arena)
{
    ensure(place < table->indexes_count);
    if (capacity->index_halves == NULL) {
        capacity->index_halves =
            arena_zalloc(arena, table->indexes_count, sizeof(*capacity->index_halves));
    }
    capacity->index_halves[place] += halves;
}

void capacity_add_write(struct capacity *capacity,
                        const struct write *write,
                        uint32_t factor,
                        struct arena *arena)
{
    uint64_t old_bytes = write->existed ? item_size(write->old_image) : 0;
    uint64_t new_bytes =
        write->exists && write->new_image.size > 0 ? item_size(write->new_image) : 0;
    capacity->halves += capacity_write_halves(old_bytes, new_bytes) * factor;
    for (uint32_t i = 0; write->index_units != NULL && i < write->table->indexes_count; i++) {
        if (write->index_units[i] > 0) {
            capacity_add_index(capacity, write->table, i,
                               (uint64_t)write->index_units[i] * 2 * factor, arena);
        }
    }
}

void capacity_add(struct capacity *capacity,
                  const struct capacity *from,
                  const struct table *table,
                  struct arena *arena)
{
    capacity->halves += from->halves;
    for (uint32_t i = 0; from->index_halves != NULL && i < table->indexes_count; i++) {
        if (from->index_halves[i] > 0) {
            capacity_add_index(capacity, table, i, from->index_halves[i], arena);
        }
    }
}

uint64_t capacity_total_halves(const struct capacity *capacity, const struct table *table)
{
    uint64_t halves = capacity->halves;
    for (uint32_t i = 0; capacity->index_halves != NULL && i < table->indexes_count; i++) {
        halves += capacity->index_halves[i];
    }
    return halves;
}

static void capacity_write_units(struct buffer *to, enum capacity_side side, uint64_t halves)
{
    static const char *const sides[] = {
        [CAPACITY_READS] = "Read",
        [CAPACITY_WRITES] = "Write",
    };
    unsigned long long whole = halves / 2;
    char half = halves % 2 == 0 ? '0' : '5';
    buffer_printf(to, "\"CapacityUnits\":%llu.%c", whole, half);
    if (side != CAPACITY_PLAIN) {
        buffer_printf(to, ",\"%sCapacityUnits\":%llu.%c", sides[side], whole, half);
    }
}

/* ,"LocalSecondaryIndexes":{"name":{"CapacityUnits":1.0}} of those that took part, if any. */
static void capacity_write_indexes(struct buffer *to,
                                   const struct table *table,
                                   enum index_kind kind,
                                   enum capacity_side side,
                                   const struct capacity *capacity)
{
    bool any = false;
    for (uint32_t i = 0; i < table->indexes_count; i++) {
        const struct table_index *index = &table->indexes[i];
        if (index->kind != kind || capacity->index_halves[i] == 0) {
            continue;
        }
        buffer_printf(to, any ? "," : ",\"%sSecondaryIndexes\":{",
                      kind == INDEX_LOCAL ? "Local" : "Global");
        any = true;
        json_write_string(to, index->name);
        buffer_append_text(to, ":{");
        capacity_write_units(to, side, capacity->index_halves[i]);
        buffer_append_byte(to, '}');
    }
    buffer_append_text(to, any ? "}" : "");
}

void capacity_write_json(struct buffer *to,
                         struct slice asked,
                         const struct table *table,
                         enum capacity_detail detail,
                         enum capacity_side side,
                         const struct capacity *capacity)
{
    buffer_append_text(to, "{\"TableName\":");
    json_write_string(to, asked);
    buffer_append_byte(to, ',');
    capacity_write_units(to, side, capacity_total_halves(capacity, table));
    if (detail == CAPACITY_INDEXES) {
        buffer_append_text(to, ",\"Table\":{");
        capacity_write_units(to, side, capacity->halves);
        buffer_append_byte(to, '}');
        if (capacity->index_halves != NULL) {
            capacity_write_indexes(to, table, INDEX_LOCAL, side, capacity);
            capacity_write_indexes(to, table, INDEX_GLOBAL, side, capacity);
        }
    }
    buffer_append_byte(to, '}');
}

/* Two descriptions of one table, changed between two lookups of this call, count apart: places of
 * indexes are those of a description. */
struct capacity *
capacity_of(struct capacity_tables *tables, struct slice asked, const struct table *table)
{
    for (uint32_t i = 0; i < tables->count; i++) {
        if (tables->tables[i].table == table) {
            return &tables->tables[i].used;
        }
    }
    struct capacity_table *made = &tables->tables[tables->count++];
    *made = (struct capacity_table){.asked = asked, .table = table};
    return &made->used;
}

void capacity_tables_write_json(struct buffer *to,
                                const struct capacity_tables *tables,
                                enum capacity_detail detail,
                                enum capacity_side side)
{
    bool first = true;
    buffer_append_byte(to, '[');
    for (uint32_t i = 0; i < tables->count; i++) {
        const struct capacity_table *one = &tables->tables[i];
        if (capacity_total_halves(&one->used, one->table) == 0) {
            continue;
        }
        buffer_append_text(to, first ? "" : ",");
        first = false;
        capacity_write_json(to, one->asked, one->table, detail, side, &one->used);
    }
    buffer_append_byte(to, ']');
}
