/* WHERE as a condition's nodes. */
#include "proto/base/ensure.h"
#include "storage/expression/parser.h"
#include "storage/expression/partiql_translate.h"

static struct node *partiql_operand(struct partiql_translation *translation,
                                    const struct partiql_form *form);

static struct node *partiql_refuse(struct partiql_translation *translation, const char *text)
{
    (void)error_set(translation->err, ERROR_VALIDATION, "%s", text);
    return NULL;
}

static struct node *partiql_no_operator(struct partiql_translation *translation,
                                        const struct partiql_form *form)
{
    (void)error_set(translation->err, ERROR_VALIDATION,
                    "Unsupported operator in Condition Expression. Operator: %s",
                    partiql_operator_name(translation, form));
    return NULL;
}

/* Its arguments as operands of `node`. */
static struct node *partiql_operands(struct partiql_translation *translation,
                                     const struct partiql_form *form,
                                     struct node *node)
{
    for (const struct partiql_form *at = form->first; at != NULL; at = at->next) {
        struct node *operand = partiql_operand(translation, at);
        if (operand == NULL) {
            return NULL;
        }
        parser_adopt(node, operand);
    }
    return node;
}

static struct node *partiql_call_node(struct partiql_translation *translation,
                                      const struct partiql_form *form)
{
    enum node_kind kind;
    const char *name = partiql_function(form, &kind);
    if (partiql_is_word(form->token, "EXISTS") && form->first != NULL) {
        form = form->first->kind == PARTIQL_SUBSELECT ? form->first : form;
        (void)error_set(translation->err, ERROR_VALIDATION,
                        "Unsupported token in expression: %.*s%s", SLICE_ARGS(form->token->text),
                        partiql_at(translation, form->token));
        return NULL;
    }
    if (name == NULL) {
        return partiql_unrecognized(translation, form);
    }
    if (kind == NODE_IF_NOT_EXISTS || kind == NODE_LIST_APPEND) {
        (void)error_set(translation->err, ERROR_VALIDATION,
                        "The function is not allowed in a condition expression; function: %s",
                        name);
        return NULL;
    }
    struct node *node = partiql_node(translation, kind);
    node->name = slice_text(name);
    return partiql_operands(translation, form, node);
}

static struct node *partiql_operand(struct partiql_translation *translation,
                                    const struct partiql_form *form)
{
    if (partiql_is_value(form)) {
        struct value value;
        return partiql_value(translation, form, &value) ? partiql_value_node(translation, value)
                                                        : NULL;
    }
    switch ((int)form->kind) {
    case PARTIQL_NAME:
    case PARTIQL_PATH:
        return partiql_path_node(translation, form);
    case PARTIQL_MISSING:
        return partiql_refuse(translation, "MISSING must be compared using IS operator");
    case PARTIQL_SUBSELECT:
        (void)error_set(translation->err, ERROR_VALIDATION,
                        "Unsupported token in expression: SELECT%s",
                        partiql_at(translation, form->token));
        return NULL;
    case PARTIQL_CALL: {
        struct node *node = partiql_call_node(translation, form);
        if (node != NULL && node->kind != NODE_SIZE) {
            (void)error_set(translation->err, ERROR_VALIDATION, "%s%.*s", parser_used_this_way,
                            SLICE_ARGS(node->name));
            return NULL;
        }
        return node;
    }
    default:
        return partiql_no_operator(translation, form);
    }
}

static struct node *
partiql_negate(struct partiql_translation *translation, struct node *inner, bool negate)
{
    if (inner == NULL || !negate) {
        return inner;
    }
    struct node *node = partiql_node(translation, NODE_NOT);
    node->negates = true;
    parser_adopt(node, inner);
    return node;
}

/* A condition that always, or never, holds. */
static struct node *partiql_constant(struct partiql_translation *translation, bool holds)
{
    struct node *node = partiql_node(translation, NODE_EQ);
    parser_adopt(node, partiql_value_node(translation, value_make_bool(true)));
    parser_adopt(node, partiql_value_node(translation, value_make_bool(holds)));
    return node;
}

static bool partiql_is_boolean_call(const struct partiql_form *form)
{
    enum node_kind kind;
    return form->kind == PARTIQL_CALL && partiql_function(form, &kind) != NULL &&
           kind > NODE_SIZE && kind != NODE_IF_NOT_EXISTS && kind != NODE_LIST_APPEND;
}

static struct node *partiql_compare_node(struct partiql_translation *translation,
                                         const struct partiql_form *form)
{
    static const enum node_kind kinds[] = {NODE_EQ, NODE_NE, NODE_LT, NODE_LE, NODE_GT, NODE_GE};
    enum node_kind kind = kinds[form->token->kind - PARTIQL_TOKEN_EQ];
    const struct partiql_form *left = form->first;
    const struct partiql_form *right = form->last;
    bool truth = right->kind == PARTIQL_TRUE || right->kind == PARTIQL_FALSE;
    if (truth && (kind == NODE_EQ || kind == NODE_NE) && partiql_is_boolean_call(left)) {
        bool wanted = (right->kind == PARTIQL_TRUE) == (kind == NODE_EQ);
        return partiql_negate(translation, partiql_call_node(translation, left), !wanted);
    }
    return partiql_operands(translation, form, partiql_node(translation, kind));
}

static struct node *partiql_in_node(struct partiql_translation *translation,
                                    const struct partiql_form *form)
{
    const struct partiql_form *list = form->last;
    if ((list->kind != PARTIQL_LIST && list->kind != PARTIQL_BAG) || list->count == 0) {
        return partiql_refuse(translation,
                              "IN operator must have a left hand argument of type Variable "
                              "Reference and right hand argument of type Seq with at least one "
                              "member");
    }
    if (list->count > EXPRESSION_IN_OPERANDS_MAX) {
        (void)error_set(translation->err, ERROR_VALIDATION,
                        "The IN operator is provided with too many operands; number of operands: "
                        "%u",
                        list->count);
        return NULL;
    }
    struct node *node = partiql_node(translation, NODE_IN);
    struct node *left = partiql_operand(translation, form->first);
    if (left == NULL) {
        return NULL;
    }
    parser_adopt(node, left);
    return partiql_negate(translation, partiql_operands(translation, list, node), form->negated);
}

static struct node *partiql_is_node(struct partiql_translation *translation,
                                    const struct partiql_form *form)
{
    static const struct {
        const char *word;
        enum value_type type;
    } types[] = {
        {"MISSING", VALUE_MISSING}, {"NULL", VALUE_NULL}, {"BOOLEAN", VALUE_BOOL},
        {"BLOB", VALUE_B},          {"STRING", VALUE_S},  {"NUMERIC", VALUE_N},
        {"STRUCT", VALUE_M},        {"TUPLE", VALUE_M},   {"LIST", VALUE_L},
    };
    size_t at = 0;
    while (at < ARRAY_COUNT(types) && !partiql_is_word(form->type, types[at].word)) {
        at++;
    }
    if (at == ARRAY_COUNT(types)) {
        (void)error_set(translation->err, ERROR_VALIDATION,
                        "Unsupported data type for IS operator: %.*s. Supported data types are "
                        "[MISSING, NULL, BOOLEAN, BLOB, STRING, NUMERIC, STRUCT, TUPLE, LIST]%s",
                        SLICE_ARGS(form->type->text), partiql_at(translation, form->token));
        return NULL;
    }
    enum value_type type = types[at].type;
    if (partiql_is_value(form->first)) {
        struct value value;
        return !partiql_value(translation, form->first, &value)
                   ? NULL
                   : partiql_constant(translation, (value.type == type) != form->negated);
    }
    if (form->first->kind != PARTIQL_NAME && form->first->kind != PARTIQL_PATH) {
        return partiql_refuse(translation, "The left hand side argument to IS must be a Variable "
                                           "Reference, Literal, or Path");
    }
    struct node *path = partiql_path_node(translation, form->first);
    if (path == NULL) {
        return NULL;
    }
    struct node *node =
        partiql_node(translation, type == VALUE_MISSING ? NODE_NOT_EXISTS : NODE_TYPE);
    parser_adopt(node, path);
    if (type != VALUE_MISSING) {
        struct value name = {VALUE_S, slice_text(value_type_name(type))};
        parser_adopt(node, partiql_value_node(translation, name));
    }
    return partiql_negate(translation, node, form->negated);
}

static struct node *partiql_junction_node(struct partiql_translation *translation,
                                          const struct partiql_form *form)
{
    struct node *node = partiql_node(translation, form->kind == PARTIQL_AND ? NODE_AND : NODE_OR);
    for (const struct partiql_form *at = form->first; at != NULL; at = at->next) {
        struct node *part = partiql_condition(translation, at);
        if (part == NULL) {
            return NULL;
        }
        parser_adopt(node, part);
    }
    return node;
}

/* The recursion is as deep as the statement nests: EXPRESSION_NESTING_MAX. */
struct node *partiql_condition(struct partiql_translation *translation,
                               const struct partiql_form *form)
{
    switch ((int)form->kind) {
    case PARTIQL_AND:
    case PARTIQL_OR:
        return partiql_junction_node(translation, form);
    case PARTIQL_NOT:
        return partiql_negate(translation, partiql_condition(translation, form->first),
                              form->negated);
    case PARTIQL_COMPARE:
        return partiql_compare_node(translation, form);
    case PARTIQL_BETWEEN:
        return partiql_negate(
            translation,
            partiql_operands(translation, form, partiql_node(translation, NODE_BETWEEN)),
            form->negated);
    case PARTIQL_IN:
        return partiql_in_node(translation, form);
    case PARTIQL_IS:
        return partiql_is_node(translation, form);
    case PARTIQL_OPERATOR:
        return partiql_no_operator(translation, form);
    case PARTIQL_CALL: {
        struct node *node = partiql_call_node(translation, form);
        if (node == NULL || node->kind != NODE_SIZE) {
            return node;
        }
        break;
    }
    default:
        break;
    }
    return partiql_refuse(translation,
                          "WHERE clause must contain an expression that resolves to a boolean");
}
