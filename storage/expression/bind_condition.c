/* The checks of conditions that depend on names and values.
 *
 * Condition by condition in the order of the text: undefined placeholders, then arity, then the
 * first operand among the others, then operand types. Functions inside (size) come before the
 * condition they stand in, at each rank. */
#include "proto/value/json.h"
#include "storage/expression/program.h"

const char *node_kind_name(enum node_kind kind)
{
    static const char *const names[] = {
        [NODE_PATH] = "path",
        [NODE_VALUE] = "value",
        [NODE_SIZE] = "size",
        [NODE_IF_NOT_EXISTS] = "if_not_exists",
        [NODE_LIST_APPEND] = "list_append",
        [NODE_PLUS] = "+",
        [NODE_MINUS] = "-",
        [NODE_EQ] = "=",
        [NODE_NE] = "<>",
        [NODE_LT] = "<",
        [NODE_LE] = "<=",
        [NODE_GT] = ">",
        [NODE_GE] = ">=",
        [NODE_BETWEEN] = "BETWEEN",
        [NODE_IN] = "IN",
        [NODE_EXISTS] = "attribute_exists",
        [NODE_NOT_EXISTS] = "attribute_not_exists",
        [NODE_TYPE] = "attribute_type",
        [NODE_BEGINS_WITH] = "begins_with",
        [NODE_CONTAINS] = "contains",
        [NODE_AND] = "AND",
        [NODE_OR] = "OR",
        [NODE_NOT] = "NOT",
        [NODE_UNKNOWN] = "unknown",
    };
    ensure((size_t)kind < ARRAY_COUNT(names));
    return names[kind];
}

bool bind_defined_path(const struct binding *binding, const struct path *path, struct error *err)
{
    for (uint32_t i = 0; binding->fresh && i < path->count; i++) {
        if (path->steps[i].undefined) {
            return error_set(err, ERROR_VALIDATION,
                             "An expression attribute name used in the document path is not "
                             "defined; attribute name: %.*s",
                             SLICE_ARGS(path->steps[i].name));
        }
    }
    return true;
}

/* The recursion is as deep as functions nest: EXPRESSION_NESTING_MAX. */
bool bind_defined(const struct binding *binding, const struct node *node, struct error *err)
{
    const struct expression *expression = binding->expression;
    if (node->kind == NODE_PATH) {
        return bind_defined_path(binding, node->path, err);
    }
    if (node->kind == NODE_VALUE) {
        if (expression->values[node->value].type == VALUE_MISSING) {
            return error_set(err, ERROR_VALIDATION,
                             "An expression attribute value used in expression is not defined; "
                             "attribute value: %.*s",
                             SLICE_ARGS(expression->program->values[node->value]));
        }
        return true;
    }
    for (const struct node *inner = node->first; inner != NULL; inner = inner->next) {
        if (!bind_defined(binding, inner, err)) {
            return false;
        }
    }
    return true;
}

bool bind_arity(const struct node *node, struct error *err)
{
    for (const struct node *inner = node->first; inner != NULL; inner = inner->next) {
        if (!bind_arity(inner, err)) {
            return false;
        }
    }
    if (node->name.size == 0) {
        return true;
    }
    bool unary =
        node->kind == NODE_SIZE || node->kind == NODE_EXISTS || node->kind == NODE_NOT_EXISTS;
    if (node->count != (unary ? 1 : 2)) {
        return error_set(err, ERROR_VALIDATION,
                         "Incorrect number of operands for operator or function; operator or "
                         "function: %s, number of operands: %u",
                         node_kind_name(node->kind), node->count);
    }
    return true;
}

enum value_type bind_type(const struct binding *binding, const struct node *node)
{
    if (node->kind == NODE_VALUE) {
        return binding->expression->values[node->value].type;
    }
    return node->kind == NODE_SIZE ? VALUE_N : VALUE_MISSING;
}

static bool bind_distinct(const struct binding *binding, const struct node *node, struct error *err)
{
    const struct node *first = node->first;
    if (first->kind != NODE_PATH) {
        return true;
    }
    for (const struct node *other = first->next; other != NULL; other = other->next) {
        if (other->kind == NODE_PATH && path_equal(first->path, other->path)) {
            return error_set(err, ERROR_VALIDATION,
                             "The first operand must be distinct from the remaining operands for "
                             "this operator or function; operator: %s, first operand: %s",
                             node_kind_name(node->kind), path_print(first->path, binding->arena));
        }
    }
    return true;
}

static bool bind_wrong_type(const struct node *node, const char *type, struct error *err)
{
    return error_set(err, ERROR_VALIDATION,
                     "Incorrect operand type for operator or function; operator or function: %s, "
                     "operand type: %s",
                     node_kind_name(node->kind), type);
}

/* Each operand whose type is known is one of the types of the mask (a bit per enum value_type). */
static bool bind_types_in(const struct binding *binding,
                          const struct node *node,
                          unsigned allowed,
                          struct error *err)
{
    for (const struct node *operand = node->first; operand != NULL; operand = operand->next) {
        enum value_type type = bind_type(binding, operand);
        if (type != VALUE_MISSING && (allowed & (1u << type)) == 0) {
            return bind_wrong_type(node, value_type_name(type), err);
        }
    }
    return true;
}

static const char *bind_print_value(struct value value, struct arena *arena)
{
    struct buffer text;
    buffer_init(&text, arena, 64);
    buffer_printf(&text, "AttributeValue: {%s:", value_type_name(value.type));
    struct decimal decimal;
    if (value.type == VALUE_N && decimal_from_key(value.payload, &decimal)) {
        char digits[DECIMAL_TEXT_BYTES_MAX];
        buffer_append(&text, digits, decimal_print(&decimal, digits));
    } else if (value.type == VALUE_B) {
        size_t quote = text.size;
        json_write_base64(&text, value.payload);
        memmove(text.data + quote, text.data + quote + 1, text.size - quote - 2);
        text.size -= 2;
    } else {
        buffer_append_slice(&text, value.payload);
    }
    buffer_append(&text, "}", sizeof("}"));
    return (const char *)text.data;
}

static bool bind_bounds(const struct binding *binding, const struct node *node, struct error *err)
{
    const struct node *low = node->first->next;
    const struct node *high = node->last;
    if (low->kind != NODE_VALUE || high->kind != NODE_VALUE) {
        return true;
    }
    struct value lower = binding->expression->values[low->value];
    struct value upper = binding->expression->values[high->value];
    bool same = lower.type == upper.type;
    if (same && slice_compare(lower.payload, upper.payload) <= 0) {
        return true;
    }
    return error_set(err, ERROR_VALIDATION,
                     "The BETWEEN operator requires %s; lower bound operand: %s, upper bound "
                     "operand: %s",
                     same ? "upper bound to be greater than or equal to lower bound"
                          : "same data type for lower and upper bounds",
                     bind_print_value(lower, binding->arena),
                     bind_print_value(upper, binding->arena));
}

static bool bind_needs_path(const struct node *node, struct error *err)
{
    if (node->first->kind == NODE_PATH) {
        return true;
    }
    return error_set(err, ERROR_VALIDATION,
                     "Operator or function requires a document path; operator or function: %s",
                     node_kind_name(node->kind));
}

static bool
bind_type_name(const struct binding *binding, const struct node *node, struct error *err)
{
    enum value_type type = bind_type(binding, node->last);
    if (type != VALUE_S) {
        return bind_wrong_type(
            node, type == VALUE_MISSING ? "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}" : value_type_name(type),
            err);
    }
    struct slice name = binding->expression->values[node->last->value].payload;
    for (int known = VALUE_MISSING + 1; known < VALUE_TYPES; known++) {
        if (slice_is(name, value_type_name((enum value_type)known))) {
            return true;
        }
    }
    return error_set(err, ERROR_VALIDATION,
                     "Invalid attribute type name found; type: %.*s, valid types: "
                     "{B,NULL,SS,BOOL,L,BS,N,NS,S,M}",
                     SLICE_ARGS(name));
}

/* Functions inside first. */
static bool bind_types(const struct binding *binding, const struct node *node, struct error *err)
{
    const unsigned ordered = 1u << VALUE_S | 1u << VALUE_N | 1u << VALUE_B;
    const unsigned texts = 1u << VALUE_S | 1u << VALUE_B;
    const unsigned sized = ~(1u << VALUE_N | 1u << VALUE_BOOL | 1u << VALUE_NULL);
    for (const struct node *inner = node->first; inner != NULL; inner = inner->next) {
        if (inner->kind == NODE_SIZE && !bind_types(binding, inner, err)) {
            return false;
        }
    }
    switch ((int)node->kind) {
    case NODE_SIZE:
        return bind_types_in(binding, node, sized, err);
    case NODE_BEGINS_WITH:
        return bind_types_in(binding, node, texts, err);
    case NODE_LT:
    case NODE_LE:
    case NODE_GT:
    case NODE_GE:
        return bind_types_in(binding, node, ordered, err);
    case NODE_BETWEEN:
        return bind_types_in(binding, node, ordered, err) && bind_bounds(binding, node, err);
    case NODE_EXISTS:
    case NODE_NOT_EXISTS:
        return bind_needs_path(node, err);
    case NODE_TYPE: /* Of anything, a value of the request too. */
        return bind_type_name(binding, node, err);
    default: /* =, <>, IN and contains take anything. */
        return true;
    }
}

bool bind_conditions(const struct binding *binding, struct error *err)
{
    const struct program *program = binding->expression->program;
    for (uint32_t i = 0; i < program->leaves_count; i++) {
        const struct node *leaf = program->leaves[i];
        if (!bind_defined(binding, leaf, err)) {
            return false;
        }
        if (binding->fresh && (!bind_arity(leaf, err) || !bind_distinct(binding, leaf, err))) {
            return false;
        }
        if (!bind_types(binding, leaf, err)) {
            return false;
        }
    }
    return true;
}
