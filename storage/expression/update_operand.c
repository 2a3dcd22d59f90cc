/* Right-hand sides of an update: all are computed from the old item before anything is changed.
 *
 * A value of the request can be used hundreds of times by one text, so what is made is limited as
 * it is made, not only once it has become an item. */
#include "storage/expression/update.h"

/* Of encoded values: an item within the limit takes less, whatever it consists of. */
enum { UPDATE_BYTES_MAX = 4 * ITEM_BYTES_MAX };

bool update_too_large(struct error *err)
{
    return error_set(err, ERROR_VALIDATION,
                     "Item size to update has exceeded the maximum allowed size");
}

static bool update_wrong_type(struct error *err)
{
    return error_set(err, ERROR_VALIDATION,
                     "An operand in the update expression has an incorrect data type");
}

static bool update_arithmetic(bool plus,
                              struct value a,
                              struct value b,
                              struct arena *arena,
                              struct value *sum,
                              struct error *err)
{
    struct decimal left;
    struct decimal right;
    struct decimal result;
    if (a.type != VALUE_N || b.type != VALUE_N || !decimal_from_key(a.payload, &left) ||
        !decimal_from_key(b.payload, &right)) {
        return update_wrong_type(err);
    }
    if (plus ? !decimal_add(&left, &right, &result, err)
             : !decimal_subtract(&left, &right, &result, err)) {
        return false;
    }
    uint8_t *key = arena_alloc(arena, DECIMAL_KEY_BYTES_MAX);
    *sum = (struct value){VALUE_N, {key, decimal_to_key(&result, key)}};
    return true;
}

/* Elements, without the count in front. */
static bool update_list_body(struct value list, uint64_t *count, struct slice *body)
{
    *body = list.payload;
    return list.type == VALUE_L && take_varint(body, count);
}

static bool update_list_append(
    struct value a, struct value b, struct arena *arena, struct value *joined, struct error *err)
{
    uint64_t counts[2];
    struct slice bodies[2];
    if (!update_list_body(a, &counts[0], &bodies[0]) ||
        !update_list_body(b, &counts[1], &bodies[1])) {
        return update_wrong_type(err);
    }
    if (bodies[0].size + bodies[1].size > UPDATE_BYTES_MAX) {
        return update_too_large(err);
    }
    struct buffer to;
    buffer_init(&to, arena, VARINT_BYTES_MAX + bodies[0].size + bodies[1].size);
    buffer_append_varint(&to, counts[0] + counts[1]);
    buffer_append_slice(&to, bodies[0]);
    buffer_append_slice(&to, bodies[1]);
    *joined = (struct value){VALUE_L, buffer_slice(&to)};
    return true;
}

static bool update_operand(const struct expression *expression,
                           const struct node *node,
                           struct slice image,
                           struct arena *arena,
                           struct value *value,
                           struct error *err);

static bool update_binary(const struct expression *expression,
                          const struct node *node,
                          struct slice image,
                          struct arena *arena,
                          struct value *value,
                          struct error *err)
{
    struct value left;
    struct value right;
    if (!update_operand(expression, node->first, image, arena, &left, err) ||
        !update_operand(expression, node->last, image, arena, &right, err)) {
        return false;
    }
    if (node->kind == NODE_LIST_APPEND) {
        return update_list_append(left, right, arena, value, err);
    }
    return update_arithmetic(node->kind == NODE_PLUS, left, right, arena, value, err);
}

/* The recursion is as deep as the text nests: EXPRESSION_NESTING_MAX. */
static bool update_operand(const struct expression *expression,
                           const struct node *node,
                           struct slice image,
                           struct arena *arena,
                           struct value *value,
                           struct error *err)
{
    switch ((int)node->kind) {
    case NODE_VALUE:
        *value = expression->values[node->value];
        return true;
    case NODE_PATH:
        return path_find(node->path, image, value) ||
               error_set(err, ERROR_VALIDATION,
                         "The provided expression refers to an attribute that does not exist in "
                         "the item");
    case NODE_IF_NOT_EXISTS:
        return path_find(node->first->path, image, value) ||
               update_operand(expression, node->last, image, arena, value, err);
    default:
        ensure(node->kind == NODE_LIST_APPEND || node->kind == NODE_PLUS ||
               node->kind == NODE_MINUS);
        return update_binary(expression, node, image, arena, value, err);
    }
}

/* Union (or, with `minus`, difference) of two sets of one type, by merging: both ascend. */
static bool update_merge_sets(bool minus,
                              struct value a,
                              struct value b,
                              struct arena *arena,
                              struct effect *effect,
                              struct error *err)
{
    if (a.type != b.type || a.type < VALUE_SS) {
        return update_wrong_type(err);
    }
    struct value_walk walks[2];
    struct member heads[2];
    bool more[2];
    value_walk_start(&walks[0], a);
    value_walk_start(&walks[1], b);
    size_t count = 0;
    struct slice *elements =
        arena_alloc(arena, (size_t)(walks[0].count + walks[1].count) * sizeof(*elements));
    more[0] = value_walk_next(&walks[0], &heads[0]);
    more[1] = value_walk_next(&walks[1], &heads[1]);
    while (more[0] || more[1]) {
        int order = !more[0]   ? 1
                    : !more[1] ? -1
                               : slice_compare(heads[0].value.payload, heads[1].value.payload);
        if (!minus || order < 0) {
            elements[count++] = heads[order <= 0 ? 0 : 1].value.payload;
        }
        more[0] = order <= 0 ? value_walk_next(&walks[0], &heads[0]) : more[0];
        more[1] = order >= 0 ? value_walk_next(&walks[1], &heads[1]) : more[1];
    }
    *effect = (struct effect){.kind = EFFECT_REMOVE};
    if (count > 0) {
        struct slice duplicate;
        effect->kind = EFFECT_SET;
        return value_make_set(arena, a.type, elements, count, &effect->value, &duplicate) ||
               update_wrong_type(err); /* Stored bytes that were no set. */
    }
    return true;
}

static bool update_add(struct value old,
                       struct value operand,
                       struct arena *arena,
                       struct effect *effect,
                       struct error *err)
{
    *effect = (struct effect){EFFECT_SET, operand};
    if (old.type == VALUE_MISSING) {
        return true;
    }
    if (operand.type == VALUE_L) { /* Of legacy updates only. */
        return update_list_append(old, operand, arena, &effect->value, err);
    }
    if (operand.type == VALUE_N) {
        return update_arithmetic(true, old, operand, arena, &effect->value, err);
    }
    return update_merge_sets(false, old, operand, arena, effect, err);
}

static bool update_effect(const struct expression *expression,
                          const struct action *action,
                          struct slice image,
                          struct arena *arena,
                          struct effect *effect,
                          struct error *err)
{
    const struct program *program = expression->program;
    struct value old;
    struct value operand = {0};
    *effect = (struct effect){.kind = EFFECT_REMOVE};
    if (action->kind == ACTION_REMOVE) {
        return true;
    }
    if (!update_operand(expression, action->operand, image, arena, &operand, err)) {
        return false;
    }
    if (action->kind == ACTION_SET) {
        *effect = (struct effect){EFFECT_SET, operand};
        return true;
    }
    if (!path_find(action->target, image, &old)) {
        old = (struct value){0};
    }
    if (program->legacy && old.type != VALUE_MISSING && old.type != operand.type) {
        return error_set(err, ERROR_VALIDATION, "Type mismatch for attribute to update");
    }
    if (action->kind == ACTION_ADD) {
        return update_add(old, operand, arena, effect, err);
    }
    if (old.type == VALUE_MISSING) {
        effect->kind = EFFECT_NONE;
        return true;
    }
    return update_merge_sets(true, old, operand, arena, effect, err);
}

bool update_effects(const struct expression *expression,
                    struct slice image,
                    struct arena *arena,
                    struct effect *effects,
                    struct error *err)
{
    const struct program *program = expression->program;
    size_t bytes = 0;
    for (uint32_t i = 0; i < program->actions_count; i++) {
        struct effect *effect = &effects[i];
        if (!update_effect(expression, &program->actions[i], image, arena, effect, err)) {
            return false;
        }
        bytes += effect->kind == EFFECT_SET ? effect->value.payload.size : 0;
        if (bytes > UPDATE_BYTES_MAX) {
            return update_too_large(err);
        }
    }
    return true;
}
