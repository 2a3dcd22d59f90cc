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

static void capacity_write_units(struct buffer *to, uint64_t halves)
{
    buffer_printf(to, "\"CapacityUnits\":%llu.%c", (unsigned long long)(halves / 2),
                  halves % 2 == 0 ? '0' : '5');
}

void capacity_write_json(struct buffer *to,
                         struct slice table,
                         enum capacity_detail detail,
                         uint64_t halves)
{
    buffer_append_text(to, "{\"TableName\":");
    json_write_string(to, table);
    buffer_append_byte(to, ',');
    capacity_write_units(to, halves);
    if (detail == CAPACITY_INDEXES) {
        buffer_append_text(to, ",\"Table\":{");
        capacity_write_units(to, halves);
        buffer_append_byte(to, '}');
    }
    buffer_append_byte(to, '}');
}
