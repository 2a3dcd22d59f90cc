#include "tests/unit/storage/sample.h"

#include "proto/value/decimal.h"

#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

struct value sample_s(const char *text)
{
    return (struct value){VALUE_S, slice_text(text)};
}

struct value sample_b(const void *bytes, size_t size)
{
    return (struct value){VALUE_B, {bytes, size}};
}

struct value sample_n(struct arena *arena, const char *text)
{
    struct decimal decimal;
    struct error err = {0};
    bool ok = decimal_parse(slice_text(text), &decimal, &err);
    ensure(ok);
    uint8_t *key = arena_alloc(arena, DECIMAL_KEY_BYTES_MAX);
    return (struct value){VALUE_N, {key, decimal_to_key(&decimal, key)}};
}

struct slice sample_item(struct arena *arena, ...)
{
    struct member members[16];
    size_t count = 0;
    va_list args;
    va_start(args, arena);
    for (const char *name = va_arg(args, const char *); name != NULL;
         name = va_arg(args, const char *)) {
        ensure(count < ARRAY_COUNT(members));
        members[count].name = slice_text(name);
        members[count++].value = va_arg(args, struct value);
    }
    va_end(args);
    return value_make_map(arena, members, count).payload;
}

struct slice sample_key(struct arena *arena, const char *partition)
{
    return sample_item(arena, "pk", sample_s(partition), NULL);
}

struct slice sample_key_2(struct arena *arena, const char *partition, const char *sort)
{
    return sample_item(arena, "pk", sample_s(partition), "sk", sample_s(sort), NULL);
}

struct table sample_table(const char *name, enum value_type partition, enum value_type sort)
{
    struct table table = {
        .id = 7,
        .name = slice_text(name),
        .status = TABLE_ACTIVE,
        .created_ms = 1000,
        .billing = BILLING_PAY_PER_REQUEST,
        .attributes_count = 1,
        .partition = {SLICE_LITERAL("pk"), partition},
        .sort = {SLICE_LITERAL("sk"), sort},
    };
    table.attributes[0] = table.partition;
    if (sort != VALUE_MISSING) {
        table.attributes[table.attributes_count++] = table.sort;
    }
    return table;
}

uint64_t sample_seed(void)
{
    const char *text = getenv("MERIDIAN_SEED");
    if (text != NULL) {
        return strtoull(text, NULL, 10);
    }
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t sample_next(uint64_t *state)
{
    uint64_t mixed = *state += 0x9E3779B97F4A7C15u;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
    return mixed ^ (mixed >> 31);
}
