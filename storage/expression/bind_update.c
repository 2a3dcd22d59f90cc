/* The checks of updates and projections that depend on names and values.
 *
 * For an update DynamoDB ranks over the whole text: undefined names, undefined values, overlapping
 * or conflicting targets, operands of ADD and DELETE, then arity and types of functions and of +
 * and
 * -. The tree of the targets is made here, on the first bind, once they are known to be apart. */
#include "storage/expression/program.h"

static bool bind_names(const struct binding *binding, const struct node *node, struct error *err)
{
    if (node->kind == NODE_PATH) {
        return bind_defined_path(binding, node->path, err);
    }
    for (const struct node *inner = node->first; inner != NULL; inner = inner->next) {
        if (!bind_names(binding, inner, err)) {
            return false;
        }
    }
    return true;
}

static bool bind_all_defined(const struct binding *binding, struct error *err)
{
    const struct program *program = binding->expression->program;
    for (uint32_t i = 0; binding->fresh && i < program->actions_count; i++) {
        const struct action *action = &program->actions[i];
        if (!bind_defined_path(binding, action->target, err) ||
            (action->operand != NULL && !bind_names(binding, action->operand, err))) {
            return false;
        }
    }
    for (uint32_t i = 0; i < program->actions_count; i++) {
        const struct action *action = &program->actions[i];
        if (action->operand != NULL && !bind_defined(binding, action->operand, err)) {
            return false;
        }
    }
    return true;
}

const char *bind_long_type_name(enum value_type type)
{
    static const char *const names[VALUE_TYPES] = {
        [VALUE_S] = "STRING",      [VALUE_N] = "NUMBER",      [VALUE_B] = "BINARY",
        [VALUE_BOOL] = "BOOLEAN",  [VALUE_NULL] = "NULL",     [VALUE_M] = "MAP",
        [VALUE_L] = "LIST",        [VALUE_SS] = "STRING_SET", [VALUE_NS] = "NUMBER_SET",
        [VALUE_BS] = "BINARY_SET",
    };
    ensure((size_t)type < VALUE_TYPES && names[type] != NULL);
    return names[type];
}

static bool
bind_add_or_delete(const struct binding *binding, const struct action *action, struct error *err)
{
    enum value_type type = bind_type(binding, action->operand);
    bool add = action->kind == ACTION_ADD;
    if (type >= VALUE_SS || (add && type == VALUE_N)) {
        return true;
    }
    const char *name = add ? "ADD" : "DELETE";
    return error_set(err, ERROR_VALIDATION,
                     "Incorrect operand type for operator or function; operator: %s, operand "
                     "type: %s, typeSet: ALLOWED_FOR_%s_OPERAND",
                     name, bind_long_type_name(type), name);
}

/* Arity, document paths and types of known operands; what stands inside comes first. */
static bool bind_function(const struct binding *binding, const struct node *node, struct error *err)
{
    for (const struct node *inner = node->first; inner != NULL; inner = inner->next) {
        if (!bind_function(binding, inner, err)) {
            return false;
        }
    }
    ensure(node->count == 0 || node->count == 2); /* Arity is checked before. */
    enum value_type wanted;
    switch ((int)node->kind) {
    case NODE_IF_NOT_EXISTS:
        ensure(node->first != NULL);
        if (node->first->kind != NODE_PATH) {
            return error_set(err, ERROR_VALIDATION,
                             "Operator or function requires a document path; operator or "
                             "function: if_not_exists");
        }
        return true;
    case NODE_LIST_APPEND:
        wanted = VALUE_L;
        break;
    case NODE_PLUS:
    case NODE_MINUS:
        wanted = VALUE_N;
        break;
    default: /* Paths and values. */
        return true;
    }
    for (const struct node *operand = node->first; operand != NULL; operand = operand->next) {
        enum value_type type = bind_type(binding, operand);
        if (type != VALUE_MISSING && type != wanted) {
            return error_set(err, ERROR_VALIDATION,
                             "Incorrect operand type for operator or function; operator or "
                             "function: %s, operand type: %s",
                             node_kind_name(node->kind), value_type_name(type));
        }
    }
    return true;
}

bool bind_update(const struct binding *binding, struct error *err)
{
    struct program *program = binding->expression->program;
    if (!bind_all_defined(binding, err)) {
        return false;
    }
    if (binding->fresh && !path_build_tree(program, &program->arena, binding->arena, err)) {
        return false;
    }
    for (uint32_t i = 0; i < program->actions_count; i++) {
        const struct action *action = &program->actions[i];
        if ((action->kind == ACTION_ADD || action->kind == ACTION_DELETE) &&
            !bind_add_or_delete(binding, action, err)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < program->actions_count; i++) {
        const struct action *action = &program->actions[i];
        if (action->kind != ACTION_SET) {
            continue;
        }
        if ((binding->fresh && !bind_arity(action->operand, err)) ||
            !bind_function(binding, action->operand, err)) {
            return false;
        }
    }
    return true;
}

bool bind_projection(const struct binding *binding, struct error *err)
{
    struct program *program = binding->expression->program;
    if (!binding->fresh) {
        return true;
    }
    for (uint32_t i = 0; i < program->paths_count; i++) {
        if (!bind_defined_path(binding, program->paths[i], err)) {
            return false;
        }
    }
    return path_build_tree(program, &program->arena, binding->arena, err);
}
