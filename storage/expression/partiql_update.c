/* SET and REMOVE as an update's actions. set_add and set_delete become ADD and DELETE, which is why
 * they must be about the very attribute that they are assigned to. */
#include "proto/base/ensure.h"
#include "storage/expression/parser.h"
#include "storage/expression/partiql_translate.h"

static struct node *partiql_set_operand(struct partiql_translation *translation,
                                        const struct partiql_form *form);

static struct node *partiql_set_call(struct partiql_translation *translation,
                                     const struct partiql_form *form)
{
    enum node_kind kind;
    const char *name = partiql_function(form, &kind);
    if (name == NULL) {
        return partiql_unrecognized(translation, form);
    }
    if (kind != NODE_IF_NOT_EXISTS && kind != NODE_LIST_APPEND) {
        (void)error_set(translation->err, ERROR_VALIDATION,
                        "The function is not allowed in an update expression; function: %s", name);
        return NULL;
    }
    struct node *node = partiql_node(translation, kind);
    node->name = slice_text(name);
    for (const struct partiql_form *at = form->first; at != NULL; at = at->next) {
        struct node *operand = partiql_set_operand(translation, at);
        if (operand == NULL) {
            return NULL;
        }
        parser_adopt(node, operand);
    }
    return node;
}

static struct node *partiql_set_operator(struct partiql_translation *translation,
                                         const struct partiql_form *form)
{
    bool plus = form->token->kind == PARTIQL_TOKEN_PLUS;
    bool minus = form->token->kind == PARTIQL_TOKEN_MINUS;
    if (form->kind != PARTIQL_OPERATOR || (!plus && !minus)) {
        (void)error_set(translation->err, ERROR_VALIDATION,
                        "Unsupported operator in Update Expression. Operator: %s",
                        partiql_operator_name(translation, form));
        return NULL;
    }
    if (form->count != 2) {
        (void)error_set(translation->err, ERROR_VALIDATION,
                        "Incorrect number of operands for operator or function; operator or "
                        "function: %s, number of operands: %u",
                        plus ? "+" : "-", form->count);
        return NULL;
    }
    struct node *node = partiql_node(translation, plus ? NODE_PLUS : NODE_MINUS);
    for (const struct partiql_form *at = form->first; at != NULL; at = at->next) {
        struct node *operand = partiql_set_operand(translation, at);
        if (operand == NULL) {
            return NULL;
        }
        parser_adopt(node, operand);
    }
    return node;
}

/* The recursion is as deep as the statement nests: EXPRESSION_NESTING_MAX. */
static struct node *partiql_set_operand(struct partiql_translation *translation,
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
    case PARTIQL_CALL:
        return partiql_set_call(translation, form);
    case PARTIQL_MISSING: {
        struct value value; /* Says that it is no value. */
        ensure(!partiql_value(translation, form, &value));
        return NULL;
    }
    case PARTIQL_SUBSELECT:
        (void)error_set(translation->err, ERROR_VALIDATION,
                        "Unsupported token in expression: SELECT%s",
                        partiql_at(translation, form->token));
        return NULL;
    default:
        return partiql_set_operator(translation, form);
    }
}

static bool partiql_set_function(struct partiql_translation *translation,
                                 const struct partiql_form *form,
                                 struct action *action)
{
    bool add = action->kind == ACTION_ADD;
    const char *name = add ? "SET_ADD" : "SET_DELETE";
    const struct partiql_form *first = form->first;
    if (form->count != 2) {
        return error_set(translation->err, ERROR_VALIDATION, "%s must have exactly two arguments%s",
                         name, partiql_at(translation, form->token));
    }
    bool path = first->kind == PARTIQL_NAME || first->kind == PARTIQL_PATH;
    const struct path *about = path ? partiql_path(translation, first) : NULL;
    if (path && about == NULL) {
        return false;
    }
    if (!path || !path_equal(about, action->target)) {
        return error_set(translation->err, ERROR_VALIDATION,
                         "The first argument to %s must equal the assignment value%s", name,
                         partiql_at(translation, first->token));
    }
    struct value value = {0};
    if (partiql_is_value(form->last) && !partiql_value(translation, form->last, &value)) {
        return false;
    }
    if (value.type < VALUE_SS && !translation->too_few) {
        return error_set(translation->err, ERROR_VALIDATION,
                         "The second argument to %s must be a value with type SET%s", name,
                         partiql_at(translation, first->token));
    }
    action->operand = partiql_value_node(translation, value);
    return true;
}

static bool partiql_action(struct partiql_translation *translation,
                           const struct partiql_part *part,
                           struct action *action)
{
    action->kind = part->remove ? ACTION_REMOVE : ACTION_SET;
    action->target = partiql_path(translation, part->form);
    if (action->target == NULL || part->remove) {
        return action->target != NULL;
    }
    const struct partiql_form *value = part->value;
    bool call = value->kind == PARTIQL_CALL;
    if (call && partiql_is_word(value->token, "set_add")) {
        action->kind = ACTION_ADD;
    } else if (call && partiql_is_word(value->token, "set_delete")) {
        action->kind = ACTION_DELETE;
    }
    if (action->kind != ACTION_SET) {
        return partiql_set_function(translation, value, action);
    }
    action->operand = partiql_set_operand(translation, value);
    return action->operand != NULL;
}

bool partiql_translate_actions(struct partiql_translation *translation,
                               const struct partiql_parts *parts)
{
    struct partiql_statement *made = translation->made;
    made->actions = arena_zalloc(translation->arena, parts->count, sizeof(*made->actions));
    for (const struct partiql_part *part = parts->first; part != NULL; part = part->next) {
        if (!partiql_action(translation, part, &made->actions[made->actions_count++])) {
            return false;
        }
    }
    return true;
}
