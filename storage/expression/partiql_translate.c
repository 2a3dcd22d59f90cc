/* A tree as a statement: what DynamoDB does not take of PartiQL is refused here. */
#include "storage/expression/partiql_translate.h"
#include "proto/base/ensure.h"

static bool partiql_refused(struct partiql_translation *translation, const char *text)
{
    return error_set(translation->err, ERROR_VALIDATION, "%s", text);
}

static bool partiql_no_clause(struct partiql_translation *translation,
                              const char *clause,
                              const struct partiql_form *form)
{
    return form == NULL || error_set(translation->err, ERROR_VALIDATION, "Unsupported clause: %s%s",
                                     clause, partiql_at(translation, form->token));
}

static bool partiql_check_clauses(struct partiql_translation *translation,
                                  const struct partiql_tree *tree)
{
    if (tree->distinct) {
        return partiql_refused(translation, "Unsupported token in expression: DISTINCT");
    }
    if (tree->value) {
        return partiql_refused(translation,
                               "Select projection doesn't support value or pivot keywords");
    }
    if (tree->group) {
        return partiql_refused(translation, "Unsupported clause: GROUP BY");
    }
    return partiql_no_clause(translation, "HAVING", tree->having) &&
           partiql_no_clause(translation, "LIMIT", tree->limit) &&
           partiql_no_clause(translation, "OFFSET", tree->offset);
}

static bool partiql_source(struct partiql_translation *translation, const struct partiql_tree *tree)
{
    struct partiql_statement *made = translation->made;
    const struct partiql_part *source = tree->sources.first;
    if (tree->sources.count > 1) {
        return partiql_refused(translation,
                               "Only select from a single table or index is supported.");
    }
    if (source->aliased) {
        return partiql_refused(translation, "Aliasing is not supported");
    }
    const struct partiql_form *form = source->form;
    const struct partiql_form *table = form->kind == PARTIQL_PATH ? form->first : form;
    if (table->kind != PARTIQL_NAME) {
        return partiql_refused(translation, "Unexpected from source");
    }
    made->table = table->token->text;
    if (form->kind == PARTIQL_NAME) {
        return true;
    }
    if (tree->operation == PARTIQL_OPERATION_INSERT) {
        return partiql_refused(translation, "FROM clause may only contain a single table name in "
                                            "data manipulation statements");
    }
    if (form->count > 2) {
        return partiql_refused(translation,
                               "A path may contain at most 2 components in the FROM clause");
    }
    if (table->next->kind != PARTIQL_TEXT) {
        return partiql_refused(translation, "Unexpected from source");
    }
    if (tree->operation != PARTIQL_OPERATION_SELECT) {
        return partiql_refused(translation, "This operation is not supported on an index");
    }
    made->index = table->next->token->text;
    return true;
}

/* The last name of a path with the indexes behind it. */
static struct slice partiql_column_name(const struct path *path, struct arena *arena)
{
    uint32_t from = path->count - 1;
    while (path->steps[from].is_index) {
        from--; /* The first is a name. */
    }
    if (from == path->count - 1) {
        return path->steps[from].name;
    }
    struct buffer name;
    buffer_init(&name, arena, 64);
    buffer_append_slice(&name, path->steps[from].name);
    for (uint32_t i = from + 1; i < path->count; i++) {
        buffer_printf(&name, "[%u]", path->steps[i].index);
    }
    return buffer_slice(&name);
}

static bool partiql_column(struct partiql_translation *translation,
                           const struct partiql_part *part,
                           struct partiql_column *column)
{
    const struct partiql_form *form = part->form;
    if (part->aliased) {
        return partiql_refused(translation, "Aliasing is not supported");
    }
    if (form->kind == PARTIQL_PATH &&
        (form->last->kind == PARTIQL_UNPIVOT || form->last->kind == PARTIQL_WILDCARD)) {
        return partiql_refused(translation,
                               "Changing item's hierarchy while reading isn't supported");
    }
    if (form->kind != PARTIQL_NAME && form->kind != PARTIQL_PATH) {
        return error_set(translation->err, ERROR_VALIDATION, "Unexpected path component%s",
                         partiql_at(translation, form->token));
    }
    column->path = partiql_path(translation, form);
    if (column->path == NULL) {
        return false;
    }
    column->name = partiql_column_name(column->path, translation->arena);
    return true;
}

static int partiql_compare_columns(const void *left, const void *right)
{
    const struct partiql_column *a = left;
    const struct partiql_column *b = right;
    return slice_compare(a->name, b->name);
}

/* Names must differ, and no path may hold another. */
static bool partiql_check_columns(struct partiql_translation *translation)
{
    struct partiql_statement *made = translation->made;
    struct arena *arena = translation->arena;
    struct program program = {.kind = EXPRESSION_PROJECTION};
    program.paths_count = made->columns_count;
    program.paths = arena_zalloc(arena, made->columns_count, sizeof(struct path *));
    for (uint32_t i = 0; i < made->columns_count; i++) {
        program.paths[i] = made->columns[i].path;
    }
    qsort(made->columns, made->columns_count, sizeof(*made->columns), partiql_compare_columns);
    for (uint32_t i = 1; i < made->columns_count; i++) {
        if (slice_equal(made->columns[i - 1].name, made->columns[i].name)) {
            return error_set(translation->err, ERROR_VALIDATION,
                             "Duplicate identifiers in select clause: %.*s",
                             SLICE_ARGS(made->columns[i].name));
        }
    }
    return path_build_tree(&program, arena, arena, translation->err);
}

static bool partiql_columns(struct partiql_translation *translation,
                            const struct partiql_parts *items)
{
    struct partiql_statement *made = translation->made;
    if (items->count == 0) {
        return true;
    }
    made->columns = arena_zalloc(translation->arena, items->count, sizeof(*made->columns));
    for (const struct partiql_part *part = items->first; part != NULL; part = part->next) {
        if (!partiql_column(translation, part, &made->columns[made->columns_count++])) {
            return false;
        }
    }
    return partiql_check_columns(translation);
}

static bool partiql_where_nodes(struct partiql_translation *translation,
                                const struct partiql_tree *tree)
{
    if (tree->where != NULL) {
        translation->made->where = partiql_condition(translation, tree->where);
        return translation->made->where != NULL;
    }
    return true;
}

static bool partiql_order_keys(struct partiql_translation *translation,
                               const struct partiql_tree *tree)
{
    struct partiql_statement *made = translation->made;
    if (tree->order.count == 0) {
        return true;
    }
    if (tree->where == NULL) {
        return partiql_refused(translation, "Must have WHERE clause in the statement when using "
                                            "ORDER BY clause.");
    }
    made->order = arena_zalloc(translation->arena, tree->order.count, sizeof(*made->order));
    for (const struct partiql_part *part = tree->order.first; part != NULL; part = part->next) {
        if (part->form->kind != PARTIQL_NAME) {
            return error_set(translation->err, ERROR_VALIDATION, "Unexpected path component%s",
                             partiql_at(translation, part->form->token));
        }
        struct partiql_order *order = &made->order[made->order_count++];
        *order = (struct partiql_order){part->form->token->text, part->descending};
    }
    return true;
}

static bool partiql_translate_select(struct partiql_translation *translation,
                                     const struct partiql_tree *tree)
{
    translation->made->verb = tree->exists ? PARTIQL_EXISTS : PARTIQL_SELECT;
    return partiql_check_clauses(translation, tree) && partiql_source(translation, tree) &&
           partiql_columns(translation, &tree->items) && partiql_where_nodes(translation, tree) &&
           partiql_order_keys(translation, tree);
}

static bool partiql_translate_insert(struct partiql_translation *translation,
                                     const struct partiql_tree *tree)
{
    translation->made->verb = PARTIQL_INSERT;
    if (!partiql_source(translation, tree)) {
        return false;
    }
    if (tree->returnings > 0) {
        return partiql_refused(translation, "RETURNING is not supported in INSERT");
    }
    if (tree->inserted->kind != PARTIQL_STRUCT) {
        return error_set(translation->err, ERROR_VALIDATION,
                         "Unsupported format in item expression. Please use struct format {...} to "
                         "express item values for insert statement.%s",
                         partiql_at(translation, tree->inserted->token));
    }
    return partiql_item(translation, tree->inserted, &translation->made->item);
}

static bool partiql_check_returning(struct partiql_translation *translation,
                                    const struct partiql_tree *tree)
{
    if (tree->returnings > 1) {
        return partiql_refused(translation,
                               "Invalid syntax with multiple returning elements in RETURNING "
                               "clause");
    }
    if (!tree->returning_star) {
        return partiql_refused(translation,
                               "Expected '*' after ( MODIFIED | ALL ) ( NEW | OLD ) in "
                               "RETURNING clause");
    }
    translation->made->returning = tree->returning;
    return true;
}

static bool partiql_translate_update(struct partiql_translation *translation,
                                     const struct partiql_tree *tree)
{
    translation->made->verb = PARTIQL_UPDATE;
    return partiql_source(translation, tree) && partiql_check_returning(translation, tree) &&
           partiql_translate_actions(translation, &tree->actions) &&
           partiql_where_nodes(translation, tree);
}

static bool partiql_translate_delete(struct partiql_translation *translation,
                                     const struct partiql_tree *tree)
{
    static const char *const names[] = {
        [PARTIQL_RETURNING_MODIFIED_OLD] = "MODIFIED OLD",
        [PARTIQL_RETURNING_ALL_NEW] = "ALL NEW",
        [PARTIQL_RETURNING_MODIFIED_NEW] = "MODIFIED NEW",
    };
    translation->made->verb = PARTIQL_DELETE;
    if (!partiql_source(translation, tree) || !partiql_check_returning(translation, tree)) {
        return false;
    }
    if (tree->returning > PARTIQL_RETURNING_ALL_OLD) {
        return error_set(translation->err, ERROR_VALIDATION,
                         "Invalid returning clause: RETURNING %s *. Only RETURNING ALL OLD * is "
                         "allowed in DELETE statements.",
                         names[tree->returning]);
    }
    return partiql_where_nodes(translation, tree);
}

static bool partiql_translate(struct partiql_translation *translation,
                              const struct partiql_tree *tree)
{
    switch (tree->operation) {
    case PARTIQL_OPERATION_SELECT:
        return partiql_translate_select(translation, tree);
    case PARTIQL_OPERATION_INSERT:
        return partiql_translate_insert(translation, tree);
    case PARTIQL_OPERATION_UPDATE:
        return partiql_translate_update(translation, tree);
    case PARTIQL_OPERATION_DELETE:
        return partiql_translate_delete(translation, tree);
    case PARTIQL_OPERATION_OTHER:
        break;
    }
    return error_set(translation->err, ERROR_VALIDATION, "Unsupported operation: %s",
                     tree->unsupported);
}

bool partiql_parse(struct slice text,
                   const struct value *parameters,
                   uint32_t parameters_count,
                   struct arena *arena,
                   struct partiql_statement **statement,
                   struct error *err)
{
    struct partiql_tree *tree = NULL;
    if (!partiql_parse_tree(text, arena, &tree, err)) {
        return false;
    }
    struct partiql_translation translation = {
        .arena = arena,
        .parameters = parameters,
        .parameters_count = parameters_count,
        .made = arena_zalloc(arena, 1, sizeof(struct partiql_statement)),
        .err = err,
    };
    if (!partiql_translate(&translation, tree)) {
        ensure(err->code == ERROR_VALIDATION);
        return false;
    }
    if (translation.too_few) {
        return error_set(err, ERROR_VALIDATION,
                         "Number of parameters in request and statement don't match.");
    }
    *statement = translation.made;
    return true;
}
