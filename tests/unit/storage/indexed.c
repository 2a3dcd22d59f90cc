#include "tests/unit/storage/indexed.h"

#define NAME(text) SLICE_LITERAL(text)

static const struct key_attribute attribute_n = {{(const uint8_t *)"n", 1}, VALUE_N};
static const struct key_attribute attribute_t = {{(const uint8_t *)"t", 1}, VALUE_S};
static const struct key_attribute attribute_g = {{(const uint8_t *)"g", 1}, VALUE_S};
static const struct key_attribute attribute_b = {{(const uint8_t *)"b", 1}, VALUE_B};

void indexed_describe(struct table *table, struct arena *arena)
{
    struct slice *non_key = arena_zalloc(arena, 2, sizeof(*non_key));
    struct table_index *indexes = arena_zalloc(arena, INDEXED_INDEXES, sizeof(*indexes));
    non_key[0] = NAME("a");
    non_key[1] = NAME("c");
    indexes[0] = (struct table_index){
        .kind = INDEX_LOCAL,
        .name = NAME("by_n"),
        .keys = {{table->partition}, 1, {attribute_n}, 1},
        .projection = PROJECTION_INCLUDE,
        .non_key = non_key,
        .non_key_count = 1,
    };
    indexes[1] = (struct table_index){
        .kind = INDEX_LOCAL,
        .name = NAME("by_t"),
        .keys = {{table->partition}, 1, {attribute_t}, 1},
        .projection = PROJECTION_KEYS_ONLY,
    };
    indexes[2] = (struct table_index){
        .kind = INDEX_GLOBAL,
        .name = NAME("by_g"),
        .keys = {.partition = {attribute_g}, .partition_count = 1},
    };
    indexes[3] = (struct table_index){
        .kind = INDEX_GLOBAL,
        .name = NAME("by_gn"),
        .keys = {{attribute_g}, 1, {attribute_n}, 1},
        .projection = PROJECTION_KEYS_ONLY,
    };
    indexes[4] = (struct table_index){
        .kind = INDEX_GLOBAL,
        .name = NAME("by_many"),
        .keys = {{attribute_g, attribute_b}, 2, {attribute_n, attribute_t}, 2},
        .projection = PROJECTION_INCLUDE,
        .non_key = non_key,
        .non_key_count = 2,
    };
    indexes[5] = (struct table_index){
        .kind = INDEX_GLOBAL,
        .name = NAME("by_sk"),
        .keys = {{table->sort}, 1, {table->partition}, 1},
    };
    for (uint16_t i = 0; i < INDEXED_INDEXES; i++) {
        indexes[i].id = (uint16_t)(i + 1);
        indexes[i].status = INDEX_ACTIVE;
    }
    table->indexes = indexes;
    table->indexes_count = INDEXED_INDEXES;
    table->next_index_id = INDEXED_INDEXES + 1;
    const struct key_attribute more[] = {attribute_n, attribute_t, attribute_g, attribute_b};
    for (size_t i = 0; i < ARRAY_COUNT(more); i++) {
        table->attributes[table->attributes_count++] = more[i];
    }
}

const struct table *indexed_table(struct store *store, const char *name, bool replicated)
{
    struct arena arena;
    struct error err = {0};
    arena_init(&arena);
    struct table table = sample_table(name, VALUE_S, VALUE_S);
    if (replicated) {
        table.replicas_count = 1;
        strcpy(table.replicas[0].region, "eu-west-1");
        table.replicas[0].status = REPLICA_ACTIVE;
    }
    indexed_describe(&table, &arena);
    bool ok = catalog_create(store->catalog, &table, &err);
    ensure(ok);
    arena_destroy(&arena);
    const struct table *made = catalog_acquire(store->catalog, slice_text(name));
    ensure(made != NULL);
    return made;
}

const struct table_index *indexed_find(const struct table *table, const char *name)
{
    const struct table_index *index = table_find_index(table, slice_text(name));
    ensure(index != NULL);
    return index;
}

/* --- Random items ----------------------------------------------------------------------------- */

enum { RANDOM_PARTITIONS = 5, RANDOM_SORTS = 8, RANDOM_VALUES = 4 };

static uint32_t below(uint64_t *state, uint32_t bound)
{
    return (uint32_t)(sample_next(state) % bound);
}

struct slice indexed_random_key(uint64_t *state, struct arena *arena)
{
    return sample_key_2(arena, arena_printf(arena, "p%u", below(state, RANDOM_PARTITIONS)),
                        arena_printf(arena, "s%u", below(state, RANDOM_SORTS)));
}

static struct value random_text(uint64_t *state, struct arena *arena, bool foreign)
{
    if (foreign && below(state, 8) == 0) {
        return sample_s("");
    }
    if (foreign && below(state, 8) == 0) {
        uint8_t *bytes = arena_alloc(arena, PARTITION_KEY_BYTES_MAX + 1);
        memset(bytes, 'x', PARTITION_KEY_BYTES_MAX + 1);
        return (struct value){VALUE_S, {bytes, PARTITION_KEY_BYTES_MAX + 1}};
    }
    return sample_s(arena_printf(arena, "v%u", below(state, RANDOM_VALUES)));
}

static struct value random_number(uint64_t *state, struct arena *arena, bool foreign)
{
    if (foreign && below(state, 6) == 0) {
        return sample_s("not a number");
    }
    return sample_n(arena, arena_printf(arena, "%d", (int)below(state, 9) - 4));
}

static struct value random_binary(uint64_t *state)
{
    static const uint8_t bytes[] = {0, 0, 1, 0, 0xFF};
    uint32_t from = below(state, 3);
    return sample_b(bytes + from, 1 + below(state, 2));
}

struct slice
indexed_random_item(uint64_t *state, struct arena *arena, struct slice key, bool foreign)
{
    static const char *const names[] = {"g", "n", "t", "b", "a", "c"};
    struct member members[TABLE_KEYS_MAX + ARRAY_COUNT(names)];
    struct value_walk walk;
    size_t count = 0;
    value_walk_start(&walk, (struct value){VALUE_M, key});
    while (value_walk_next(&walk, &members[count])) {
        count++;
    }
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        if (below(state, 5) == 0) {
            continue;
        }
        struct member *member = &members[count++];
        member->name = slice_text(names[i]);
        member->value = names[i][0] == 'n'   ? random_number(state, arena, foreign)
                        : names[i][0] == 'b' ? random_binary(state)
                                             : random_text(state, arena, foreign);
    }
    return value_make_map(arena, members, count).payload;
}
