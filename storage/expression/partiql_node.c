/* Paths, values and functions as nodes of a program. */
#include "proto/base/ensure.h"
#include "storage/expression/partiql_translate.h"

struct node *partiql_node(struct partiql_translation *translation, enum node_kind kind)
{
    struct node *node = arena_zalloc(translation->arena, 1, sizeof(*node));
    node->kind = kind;
    return node;
}

struct node *partiql_value_node(struct partiql_translation *translation, struct value value)
{
    struct partiql_statement *made = translation->made;
    struct node *node = partiql_node(translation, NODE_VALUE);
    if (made->values_count == translation->values_room) {
        uint32_t room = translation->values_room == 0 ? 8 : 2 * translation->values_room;
        struct value *grown = arena_zalloc(translation->arena, room, sizeof(*grown));
        if (made->values_count > 0) {
            memcpy(grown, made->values, made->values_count * sizeof(*grown));
        }
        made->values = grown;
        translation->values_room = room;
    }
    node->value = made->values_count;
    made->values[made->values_count++] = value;
    return node;
}

static bool partiql_unexpected_step(struct partiql_translation *translation,
                                    const struct partiql_form *form)
{
    return error_set(translation->err, ERROR_VALIDATION, "Unexpected path component%s",
                     partiql_at(translation, form->token));
}

static bool partiql_index(struct partiql_translation *translation,
                          const struct partiql_form *form,
                          bool negative,
                          struct step *step)
{
    struct slice digits = form->token->text;
    uint64_t index = 0;
    for (size_t i = 0; i < digits.size; i++) {
        uint8_t digit = digits.data[i];
        if (digit < '0' || digit > '9') {
            return partiql_unexpected_step(translation, form);
        }
        index = index > INT32_MAX ? index : index * 10 + (uint64_t)(digit - '0');
    }
    if (negative || index > INT32_MAX) {
        return error_set(translation->err, ERROR_VALIDATION,
                         "List index is not within the allowable range; index: [%s%.*s]%s",
                         negative ? "-" : "", SLICE_ARGS(digits),
                         partiql_at(translation, form->token));
    }
    *step = (struct step){.is_index = true, .index = (uint32_t)index};
    return true;
}

static bool partiql_step(struct partiql_translation *translation,
                         const struct partiql_form *form,
                         struct step *step)
{
    switch ((int)form->kind) {
    case PARTIQL_NAME:
    case PARTIQL_TEXT:
        *step = (struct step){.name = form->token->text};
        return form->token->text.size > 0 || error_set(translation->err, ERROR_VALIDATION,
                                                       "Path component cannot be an empty string");
    case PARTIQL_NUMBER:
        return partiql_index(translation, form, false, step);
    case PARTIQL_WILDCARD:
        return error_set(translation->err, ERROR_VALIDATION,
                         "Wildcard path component like a[*].b are not supported%s",
                         partiql_at(translation, form->token));
    case PARTIQL_UNPIVOT:
        return error_set(translation->err, ERROR_VALIDATION,
                         "Unpivot path component like a.*.b are not supported%s",
                         partiql_at(translation, form->token));
    default:
        if (form->kind == PARTIQL_OPERATOR && form->count == 1 &&
            form->first->kind == PARTIQL_NUMBER) {
            return partiql_index(translation, form->first, form->token->kind == PARTIQL_TOKEN_MINUS,
                                 step);
        }
        return partiql_unexpected_step(translation, form);
    }
}

const struct path *partiql_path(struct partiql_translation *translation,
                                const struct partiql_form *form)
{
    const struct partiql_form *first = form->kind == PARTIQL_PATH ? form->first : form;
    uint32_t count = form->kind == PARTIQL_PATH ? form->count : 1;
    if (first->kind != PARTIQL_NAME) {
        partiql_unexpected_step(translation, first);
        return NULL;
    }
    if (count > EXPRESSION_PATH_DEPTH_MAX) {
        (void)error_set(translation->err, ERROR_VALIDATION,
                        "The document path has too many nesting levels; nesting levels: %u", count);
        return NULL;
    }
    struct path *path = arena_zalloc(translation->arena, 1, sizeof(*path));
    path->steps = arena_zalloc(translation->arena, count, sizeof(*path->steps));
    for (uint32_t i = 0; i < count; i++, first = first->next) {
        if (!partiql_step(translation, first, &path->steps[i])) {
            return NULL;
        }
    }
    path->count = count;
    return path;
}

struct node *partiql_path_node(struct partiql_translation *translation,
                               const struct partiql_form *form)
{
    struct node *node = partiql_node(translation, NODE_PATH);
    node->path = partiql_path(translation, form);
    return node->path == NULL ? NULL : node;
}

const char *partiql_operator_name(const struct partiql_translation *translation,
                                  const struct partiql_form *form)
{
    if (partiql_is_word(form->token, "LIKE")) {
        return "like";
    }
    if (form->kind == PARTIQL_AND) {
        return "and";
    }
    if (form->kind == PARTIQL_OR) {
        return "or";
    }
    return arena_printf(translation->arena, "%.*s", SLICE_ARGS(form->token->text));
}

struct node *partiql_unrecognized(struct partiql_translation *translation,
                                  const struct partiql_form *form)
{
    static const char *const aggregates[] = {"COUNT", "SUM", "AVG", "MIN", "MAX"};
    const char *text = "Unrecognized function";
    for (size_t i = 0; i < ARRAY_COUNT(aggregates); i++) {
        if (partiql_is_word(form->token, aggregates[i])) {
            text = "Unsupported token in expression";
        }
    }
    (void)error_set(translation->err, ERROR_VALIDATION, "%s: %.*s%s", text,
                    SLICE_ARGS(form->token->text), partiql_at(translation, form->token));
    return NULL;
}

const char *partiql_function(const struct partiql_form *form, enum node_kind *kind)
{
    static const enum node_kind kinds[] = {
        NODE_SIZE,       NODE_IF_NOT_EXISTS, NODE_LIST_APPEND, NODE_EXISTS,
        NODE_NOT_EXISTS, NODE_BEGINS_WITH,   NODE_CONTAINS,    NODE_TYPE,
    };
    ensure(form->kind == PARTIQL_CALL);
    for (size_t i = 0; i < ARRAY_COUNT(kinds); i++) {
        if (partiql_is_word(form->token, node_kind_name(kinds[i]))) {
            *kind = kinds[i];
            return node_kind_name(kinds[i]);
        }
    }
    return NULL;
}
