/* Projection: the parts of an item that a tree of paths names, in their structure.
 *
 * Members of a map and branches of the tree both ascend by name, so one walk over both finds all;
 * likewise elements of a list and indexes. What a path does not find is left out, and so is a map
 * or list in which nothing was found. Elements of a list close up. Damaged bytes end the walk of
 * their container: what was found before them is kept. */
#include "storage/expression/program.h"

static bool project_value(const struct branch *branch,
                          struct value from,
                          struct arena *arena,
                          struct value *projected);

static size_t project_map(const struct branch *branch,
                          struct value from,
                          struct arena *arena,
                          struct member *members)
{
    struct value_walk walk;
    struct member member;
    size_t count = 0;
    uint32_t at = 0;
    value_walk_start(&walk, from);
    while (at < branch->count && value_walk_next(&walk, &member)) {
        int order = -1;
        while (at < branch->count &&
               (order = slice_compare(branch->children[at].name, member.name)) < 0) {
            at++;
        }
        if (at < branch->count && order == 0 &&
            project_value(&branch->children[at], member.value, arena, &members[count].value)) {
            members[count++].name = member.name;
        }
    }
    return count;
}

static size_t project_list(const struct branch *branch,
                           struct value from,
                           struct arena *arena,
                           struct value *elements)
{
    struct value_walk walk;
    struct member member;
    size_t count = 0;
    uint32_t at = 0;
    value_walk_start(&walk, from);
    for (uint64_t i = 0; at < branch->count && value_walk_next(&walk, &member); i++) {
        if (branch->children[at].index == i) {
            count += project_value(&branch->children[at], member.value, arena, &elements[count]);
            at++;
        }
    }
    return count;
}

/* False when nothing was found. The recursion is as deep as paths: EXPRESSION_PATH_DEPTH_MAX. */
static bool project_value(const struct branch *branch,
                          struct value from,
                          struct arena *arena,
                          struct value *projected)
{
    if (branch->leaf) {
        *projected = from;
        return true;
    }
    if (from.type != (branch->list ? VALUE_L : VALUE_M)) {
        return false;
    }
    size_t count;
    if (branch->list) {
        struct value *elements = arena_alloc(arena, branch->count * sizeof(*elements));
        count = project_list(branch, from, arena, elements);
        *projected = value_make_list(arena, elements, count);
    } else {
        struct member *members = arena_alloc(arena, branch->count * sizeof(*members));
        count = project_map(branch, from, arena, members);
        *projected = value_make_map(arena, members, count);
    }
    return count > 0;
}

static void project_image(const struct branch *tree,
                          struct slice image,
                          struct arena *arena,
                          struct slice *projected)
{
    struct value item = {VALUE_M, image};
    struct value found;
    if (image.size == 0 || !project_value(tree, item, arena, &found)) {
        found = value_make_map(arena, NULL, 0);
    }
    *projected = found.payload;
}

void expression_project(const struct expression *expression,
                        struct slice image,
                        struct arena *arena,
                        struct slice *projected)
{
    ensure(expression->program->kind == EXPRESSION_PROJECTION);
    project_image(&expression->program->tree, image, arena, projected);
}

void expression_update_leaves(const struct expression *expression,
                              struct slice image,
                              struct arena *arena,
                              struct slice *leaves)
{
    ensure(expression->program->kind == EXPRESSION_UPDATE);
    project_image(&expression->program->tree, image, arena, leaves);
}

bool expression_sets(const struct expression *expression, struct slice name, struct value *value)
{
    const struct program *program = expression->program;
    ensure(program->kind == EXPRESSION_UPDATE);
    for (uint32_t i = 0; i < program->actions_count; i++) {
        const struct action *action = &program->actions[i];
        if (action->kind == ACTION_SET && action->operand->kind == NODE_VALUE &&
            action->target->count == 1 && slice_equal(action->target->steps[0].name, name)) {
            *value = expression->values[action->operand->value];
            return true;
        }
    }
    return false;
}
