/* Programs made of conditions, updates and names instead of a text.
 *
 * Such a program serves one request: all of it lies in the request's arena, and its own arena stays
 * empty. What has no operator of its own is put together from those there are: NOT_CONTAINS, false
 * on a missing attribute, is attribute_exists(a) AND NOT contains(a, v). */
#include "storage/expression/legacy.h"

#include "storage/expression/program.h"

/* A program under construction: lists as long as they can become. */
struct legacy_build {
    struct arena *arena;
    struct program *program;
    struct expression *expression;
};

static void legacy_begin(struct legacy_build *build,
                         enum expression_kind kind,
                         uint32_t attributes,
                         uint32_t values,
                         struct arena *arena)
{
    struct program *program = arena_zalloc(arena, 1, sizeof(*program));
    struct expression *expression =
        arena_alloc(arena, sizeof(*expression) + values * sizeof(expression->values[0]));
    atomic_init(&program->references, 1);
    program->kind = kind;
    program->legacy = true;
    program->leaves = arena_alloc(arena, attributes * sizeof(struct node *));
    program->paths = arena_alloc(arena, attributes * sizeof(struct path *));
    program->actions = arena_alloc(arena, attributes * sizeof(*program->actions));
    expression->program = program;
    *build = (struct legacy_build){arena, program, expression};
}

static const struct path *legacy_path(struct legacy_build *build, struct slice name)
{
    struct program *program = build->program;
    struct path *path = arena_alloc(build->arena, sizeof(*path));
    path->steps = arena_zalloc(build->arena, 1, sizeof(*path->steps));
    path->steps[0].name = name;
    path->count = 1;
    program->paths[program->paths_count++] = path;
    return path;
}

static struct node *legacy_node(struct legacy_build *build, enum node_kind kind)
{
    struct node *node = arena_zalloc(build->arena, 1, sizeof(*node));
    node->kind = kind;
    return node;
}

static void legacy_adopt(struct node *parent, struct node *child)
{
    *(parent->last == NULL ? &parent->first : &parent->last->next) = child;
    parent->last = child;
    parent->count++;
}

static struct node *legacy_value(struct legacy_build *build, struct value value)
{
    struct node *node = legacy_node(build, NODE_VALUE);
    node->value = build->program->values_count++;
    build->expression->values[node->value] = value;
    return node;
}

static struct node *legacy_leaf(struct legacy_build *build,
                                enum node_kind kind,
                                const struct path *path,
                                const struct legacy_condition *condition)
{
    struct node *leaf = legacy_node(build, kind);
    struct node *attribute = legacy_node(build, NODE_PATH);
    attribute->path = path;
    legacy_adopt(leaf, attribute);
    for (uint32_t i = 0; condition != NULL && i < condition->count; i++) {
        legacy_adopt(leaf, legacy_value(build, condition->values[i]));
    }
    return leaf;
}

static struct node *legacy_node_of(struct legacy_build *build,
                                   const struct legacy_condition *condition)
{
    static const enum node_kind kinds[LEGACY_COMPARISONS] = {
        [LEGACY_EQ] = NODE_EQ,
        [LEGACY_NE] = NODE_NE,
        [LEGACY_LE] = NODE_LE,
        [LEGACY_LT] = NODE_LT,
        [LEGACY_GE] = NODE_GE,
        [LEGACY_GT] = NODE_GT,
        [LEGACY_BETWEEN] = NODE_BETWEEN,
        [LEGACY_IN] = NODE_IN,
        [LEGACY_BEGINS_WITH] = NODE_BEGINS_WITH,
        [LEGACY_CONTAINS] = NODE_CONTAINS,
        [LEGACY_NOT_CONTAINS] = NODE_CONTAINS,
        [LEGACY_NULL] = NODE_NOT_EXISTS,
        [LEGACY_NOT_NULL] = NODE_EXISTS,
    };
    ensure((int)condition->comparison < LEGACY_COMPARISONS);
    const struct path *path = legacy_path(build, condition->name);
    struct node *leaf = legacy_leaf(build, kinds[condition->comparison], path, condition);
    if (condition->comparison != LEGACY_NOT_CONTAINS) {
        return leaf;
    }
    struct node *both = legacy_node(build, NODE_AND);
    struct node *not = legacy_node(build, NODE_NOT);
    not ->negates = true;
    legacy_adopt(not, leaf);
    legacy_adopt(both, legacy_leaf(build, NODE_EXISTS, path, NULL));
    legacy_adopt(both, not );
    return both;
}

struct expression *legacy_conditions(enum expression_kind kind,
                                     const struct legacy_condition *conditions,
                                     uint32_t count,
                                     bool any,
                                     struct arena *arena)
{
    ensure(count > 0);
    uint32_t values = 0;
    for (uint32_t i = 0; i < count; i++) {
        values += conditions[i].count;
    }
    struct legacy_build build;
    legacy_begin(&build, kind, count, values, arena);
    struct program *program = build.program;
    program->root = legacy_node(&build, any ? NODE_OR : NODE_AND);
    for (uint32_t i = 0; i < count; i++) {
        struct node *node = legacy_node_of(&build, &conditions[i]);
        program->leaves[program->leaves_count++] = node;
        legacy_adopt(program->root, node);
    }
    ensure(program->values_count == values);
    return build.expression;
}

static bool legacy_is_indexable(enum legacy_comparison comparison)
{
    return comparison == LEGACY_EQ || comparison == LEGACY_BEGINS_WITH ||
           (comparison >= LEGACY_LE && comparison <= LEGACY_BETWEEN);
}

bool legacy_key_conditions(const struct legacy_condition *conditions,
                           uint32_t count,
                           struct arena *arena,
                           struct expression **expression,
                           struct error *err)
{
    if (count == 0) {
        return error_set(err, ERROR_VALIDATION, "Conditions can be of length 1 or 2 only");
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!legacy_is_indexable(conditions[i].comparison)) {
            return error_set(err, ERROR_VALIDATION,
                             "Attempted conditional constraint is not an indexable operation");
        }
    }
    *expression = legacy_conditions(EXPRESSION_KEY_CONDITION, conditions, count, false, arena);
    return true;
}

static int legacy_compare_names(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

bool legacy_projection(const struct slice *names,
                       uint32_t count,
                       struct arena *arena,
                       struct expression **expression,
                       struct error *err)
{
    ensure(count > 0);
    struct slice *sorted = arena_alloc(arena, count * sizeof(*sorted));
    memcpy(sorted, names, count * sizeof(*sorted));
    qsort(sorted, count, sizeof(*sorted), legacy_compare_names);
    for (uint32_t i = 0; i < count; i++) {
        if (sorted[i].size == 0) {
            return error_set(err, ERROR_VALIDATION, "Empty attribute name");
        }
        if (i > 0 && slice_equal(sorted[i - 1], sorted[i])) {
            return error_set(err, ERROR_VALIDATION,
                             "One or more parameter values were invalid: Duplicate value in "
                             "attribute name: %.*s",
                             SLICE_ARGS(sorted[i]));
        }
    }
    struct legacy_build build;
    legacy_begin(&build, EXPRESSION_PROJECTION, count, 0, arena);
    for (uint32_t i = 0; i < count; i++) {
        (void)legacy_path(&build, names[i]);
    }
    if (!path_build_tree(build.program, arena, arena, err)) {
        return false;
    }
    *expression = build.expression;
    return true;
}

struct expression *
legacy_update(const struct legacy_update *updates, uint32_t count, struct arena *arena)
{
    static const enum action_kind kinds[] = {
        [LEGACY_PUT] = ACTION_SET,
        [LEGACY_ADD] = ACTION_ADD,
        [LEGACY_DELETE] = ACTION_DELETE,
    };
    ensure(count > 0);
    struct legacy_build build;
    legacy_begin(&build, EXPRESSION_UPDATE, count, count, arena);
    struct program *program = build.program;
    for (uint32_t i = 0; i < count; i++) {
        struct action action = {kinds[updates[i].action], legacy_path(&build, updates[i].name),
                                NULL};
        if (updates[i].value.type == VALUE_MISSING) {
            ensure(action.kind == ACTION_DELETE);
            action.kind = ACTION_REMOVE;
        } else {
            action.operand = legacy_value(&build, updates[i].value);
        }
        program->actions[program->actions_count++] = action;
        program->creates |= action.kind == ACTION_SET || action.kind == ACTION_ADD;
    }
    struct error err = {0};
    bool apart = path_build_tree(program, arena, arena, &err);
    ensure(apart); /* Different names of the top level. */
    return build.expression;
}
