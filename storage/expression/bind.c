/* Compiling: find or parse the program, then bind it to one request's values.
 *
 * Binding repeats every check that depends on values. What is known of names (redundancy of
 * operands, overlap of paths) is checked on the first bind of a program; a program is put into the
 * cache only when that has passed, so a cached one has no such fault.
 *
 * Each # and : of a text is numbered by its occurrence, so that finding a program and binding it
 * are plain arrays. A request with many placeholders gets a hash index for its lookups. */
#include "storage/expression/lexer.h"
#include "storage/expression/program.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { LINEAR_LOOKUP_MAX = 16 };

struct bind_index {
    struct placeholder *list;
    uint32_t count;
    struct placeholder **slots; /* NULL when the list is short. */
    uint32_t mask;
};

static uint64_t bind_hash(struct slice bytes, uint64_t seed)
{
    return XXH3_64bits_withSeed(bytes.data, bytes.size, seed);
}

static void bind_index_init(struct bind_index *index,
                            struct placeholder *list,
                            uint32_t count,
                            struct arena *arena)
{
    *index = (struct bind_index){.list = list, .count = count};
    if (count <= LINEAR_LOOKUP_MAX) {
        return;
    }
    ensure(count <= UINT32_MAX / 4);
    uint32_t slots = 1;
    while (slots < count * 2) {
        slots *= 2;
    }
    index->mask = slots - 1;
    index->slots = arena_zalloc(arena, slots, sizeof(struct placeholder *));
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = (uint32_t)bind_hash(list[i].key, 0) & index->mask;
        while (index->slots[at] != NULL) {
            at = (at + 1) & index->mask;
        }
        index->slots[at] = &list[i];
    }
}

static struct placeholder *bind_index_find(const struct bind_index *index, struct slice key)
{
    if (index->slots == NULL) {
        for (uint32_t i = 0; i < index->count; i++) {
            if (slice_equal(index->list[i].key, key)) {
                return &index->list[i];
            }
        }
        return NULL;
    }
    uint32_t at = (uint32_t)bind_hash(key, 0) & index->mask;
    while (index->slots[at] != NULL && !slice_equal(index->slots[at]->key, key)) {
        at = (at + 1) & index->mask;
    }
    return index->slots[at];
}

/* The request's entry per occurrence of a #name in the text, and their hash together with kind and
 * text. A # that begins no placeholder is skipped here as in the lexer. */
struct bind_names {
    struct placeholder **list;
    uint32_t count;
    uint64_t hash;
};

static void bind_find_names(enum expression_kind kind,
                            struct slice text,
                            const struct placeholders *placeholders,
                            struct arena *arena,
                            struct bind_names *names)
{
    *names = (struct bind_names){.hash = bind_hash(text, kind)};
    const uint8_t *end = text.data + text.size;
    const uint8_t *at = memchr(text.data, '#', text.size);
    if (at == NULL) {
        return;
    }
    struct bind_index index;
    bind_index_init(&index, placeholders->names, placeholders->names_count, arena);
    names->list = arena_zalloc(arena, text.size, sizeof(struct placeholder *));
    while (at != NULL) {
        const uint8_t *from = at++;
        while (at < end && lexer_is_word(*at)) {
            at++;
        }
        struct slice key = {from, (size_t)(at - from)};
        if (key.size > 1) {
            struct placeholder *found = bind_index_find(&index, key);
            names->list[names->count++] = found;
            names->hash = found == NULL ? names->hash : bind_hash(found->name, names->hash);
        }
        at = memchr(at, '#', (size_t)(end - at));
    }
}

/* Values by occurrence; one that the request does not define stays VALUE_MISSING. */
static struct expression *
bind_values(struct program *program, const struct placeholders *placeholders, struct arena *arena)
{
    uint32_t count = program->values_count;
    struct expression *expression =
        arena_alloc(arena, sizeof(*expression) + count * sizeof(expression->values[0]));
    expression->program = program;
    if (count == 0) {
        return expression;
    }
    struct bind_index index;
    bind_index_init(&index, placeholders->values, placeholders->values_count, arena);
    for (uint32_t i = 0; i < count; i++) {
        struct placeholder *found = bind_index_find(&index, program->values[i]);
        expression->values[i] = (struct value){0};
        if (found != NULL) {
            found->used = true;
            expression->values[i] = found->value;
            ensure(found->value.type != VALUE_MISSING);
        }
    }
    return expression;
}

static bool bind_check(const struct binding *binding, struct error *err)
{
    switch (binding->expression->program->kind) {
    case EXPRESSION_UPDATE:
        return bind_update(binding, err);
    case EXPRESSION_PROJECTION:
        return bind_projection(binding, err);
    case EXPRESSION_KEY_CONDITION:
    case EXPRESSION_CONDITION:
    case EXPRESSION_FILTER:
        return bind_conditions(binding, err);
    }
    ensure(false);
    return false;
}

const char *program_kind_name(enum expression_kind kind)
{
    static const char *const names[] = {
        [EXPRESSION_CONDITION] = "ConditionExpression",
        [EXPRESSION_FILTER] = "FilterExpression",
        [EXPRESSION_KEY_CONDITION] = "KeyConditionExpression",
        [EXPRESSION_PROJECTION] = "ProjectionExpression",
        [EXPRESSION_UPDATE] = "UpdateExpression",
    };
    ensure((size_t)kind < ARRAY_COUNT(names));
    return names[kind];
}

static bool bind_compile(struct expression_cache *cache,
                         enum expression_kind kind,
                         struct slice text,
                         struct placeholders *placeholders,
                         struct arena *arena,
                         struct expression **expression,
                         struct error *err)
{
    if (text.size == 0) {
        return error_set(err, ERROR_VALIDATION, "The expression can not be empty;");
    }
    if (text.size > EXPRESSION_BYTES_MAX) {
        return error_set(err, ERROR_VALIDATION,
                         "Expression size has exceeded the maximum allowed size; expression "
                         "size: %zu",
                         text.size);
    }
    struct bind_names names;
    bind_find_names(kind, text, placeholders, arena, &names);
    struct program *program = cache_find(cache, names.hash, kind, text, names.list, names.count);
    bool fresh = program == NULL;
    if (fresh && !program_parse(kind, text, names.list, arena, &program, err)) {
        return false;
    }
    ensure(program->names_count == names.count);
    for (uint32_t i = 0; i < names.count; i++) {
        if (names.list[i] != NULL) {
            names.list[i]->used = true;
        }
    }
    struct binding binding = {bind_values(program, placeholders, arena), fresh, arena};
    if (!bind_check(&binding, err)) {
        program_release(program);
        return false;
    }
    if (fresh) {
        cache_insert(cache, program, names.hash);
    }
    *expression = binding.expression;
    return true;
}

bool expression_compile(struct expression_cache *cache,
                        enum expression_kind kind,
                        struct slice text,
                        struct placeholders *placeholders,
                        struct arena *arena,
                        struct expression **expression,
                        struct error *err)
{
    struct expression *made = NULL;
    if (!bind_compile(cache, kind, text, placeholders, arena, &made, err)) {
        return error_wrap(err, "Invalid %s", program_kind_name(kind));
    }
    ensure(made != NULL);
    struct binding binding = {made, false, arena};
    if (kind == EXPRESSION_KEY_CONDITION && !bind_key_condition(&binding, err)) {
        program_release(made->program);
        return false; /* These texts have a beginning of their own. */
    }
    *expression = made;
    return true;
}

void expression_release(struct expression *expression)
{
    if (expression != NULL) {
        program_release(expression->program);
    }
}

bool expression_visit_paths(const struct expression *expression,
                            expression_visitor visitor,
                            void *context)
{
    const struct program *program = expression->program;
    for (uint32_t i = 0; i < program->paths_count; i++) {
        const struct path *path = program->paths[i];
        struct expression_path visited = {path->steps[0].name, path->count > 1};
        if (!visitor(context, &visited)) {
            return false;
        }
    }
    return true;
}

/* Operands nest as deep as the operator limit lets them. */
static bool bind_visit_operand(const struct node *node, expression_visitor visitor, void *context)
{
    if (node->kind == NODE_PATH) {
        struct expression_path visited = {node->path->steps[0].name, node->path->count > 1};
        return visitor(context, &visited);
    }
    for (const struct node *each = node->first; each != NULL; each = each->next) {
        if (!bind_visit_operand(each, visitor, context)) {
            return false;
        }
    }
    return true;
}

bool expression_visit_attributes(const struct expression *expression,
                                 expression_visitor visitor,
                                 void *context)
{
    const struct program *program = expression->program;
    for (uint32_t i = 0; i < program->actions_count; i++) {
        const struct node *operand = program->actions[i].operand;
        if (operand != NULL && !bind_visit_operand(operand, visitor, context)) {
            return false;
        }
    }
    return expression_visit_paths(expression, visitor, context);
}
