/* Statements of PartiQL: SELECT, INSERT, UPDATE, DELETE, EXISTS, and those that are well formed but
 * that DynamoDB does not run. */
#include "proto/base/ensure.h"
#include "storage/expression/partiql_tree.h"

static struct partiql_part *partiql_add(struct partiql_parser *parser, struct partiql_parts *parts)
{
    struct partiql_part *part = arena_zalloc(parser->arena, 1, sizeof(*part));
    if (parts->last == NULL) {
        parts->first = part;
    } else {
        parts->last->next = part;
    }
    parts->last = part;
    parts->count++;
    return part;
}

/* AS name, AT name, BY name, or a name alone. */
static bool partiql_alias(struct partiql_parser *parser, bool *aliased)
{
    static const char *const words[] = {"AS", "AT", "BY"};
    for (size_t i = 0; i < ARRAY_COUNT(words); i++) {
        if (!partiql_accept_word(parser, words[i])) {
            continue;
        }
        const struct partiql_token *name = partiql_peek(parser);
        if (name->kind != PARTIQL_TOKEN_QUOTED &&
            (name->kind != PARTIQL_TOKEN_WORD || partiql_is_keyword(name->text))) {
            return partiql_malformed(parser, "Expected identifier for alias");
        }
        parser->at++;
        *aliased = true;
        return true;
    }
    const struct partiql_token *name = partiql_peek(parser);
    if (name->kind == PARTIQL_TOKEN_QUOTED ||
        (name->kind == PARTIQL_TOKEN_WORD && !partiql_is_keyword(name->text))) {
        parser->at++;
        *aliased = true;
    }
    return true;
}

static bool partiql_items(struct partiql_parser *parser, struct partiql_parts *items)
{
    do {
        struct partiql_part *part = partiql_add(parser, items);
        part->form = partiql_form(parser);
        if (part->form == NULL || !partiql_alias(parser, &part->aliased)) {
            return false;
        }
    } while (partiql_accept(parser, PARTIQL_TOKEN_COMMA));
    return true;
}

static bool partiql_projection(struct partiql_parser *parser, struct partiql_tree *tree)
{
    if (partiql_accept_word(parser, "DISTINCT")) {
        tree->distinct = true;
    } else {
        partiql_accept_word(parser, "ALL");
    }
    if (partiql_accept_word(parser, "VALUE")) {
        tree->value = true;
    }
    if (partiql_accept(parser, PARTIQL_TOKEN_STAR)) {
        tree->star = true;
        return true;
    }
    return partiql_items(parser, &tree->items);
}

/* A comma or a JOIN, with its condition behind the next source unless it is a CROSS JOIN. */
static bool partiql_another(struct partiql_parser *parser, bool *conditional)
{
    static const char *const words[] = {"INNER", "LEFT", "RIGHT", "FULL", "OUTER"};
    *conditional = false;
    if (partiql_accept(parser, PARTIQL_TOKEN_COMMA)) {
        return true;
    }
    bool cross = partiql_accept_word(parser, "CROSS");
    for (size_t i = 0; i < ARRAY_COUNT(words); i++) {
        partiql_accept_word(parser, words[i]);
    }
    *conditional = !cross;
    return partiql_accept_word(parser, "JOIN");
}

static bool partiql_sources(struct partiql_parser *parser, struct partiql_parts *sources)
{
    bool conditional = false;
    do {
        struct partiql_part *part = partiql_add(parser, sources);
        part->form = partiql_form_path(parser);
        if (part->form == NULL || !partiql_alias(parser, &part->aliased)) {
            return false;
        }
        if (conditional && (!partiql_expect_word(parser, "ON") || partiql_form(parser) == NULL)) {
            return false;
        }
    } while (partiql_another(parser, &conditional));
    return true;
}

static bool partiql_where(struct partiql_parser *parser, struct partiql_tree *tree)
{
    if (!partiql_accept_word(parser, "WHERE")) {
        return true;
    }
    tree->where = partiql_form(parser);
    return tree->where != NULL;
}

static bool partiql_group(struct partiql_parser *parser, struct partiql_tree *tree)
{
    if (!partiql_accept_word(parser, "GROUP")) {
        return true;
    }
    struct partiql_parts keys = {0};
    partiql_accept_word(parser, "PARTIAL");
    tree->group = true;
    return partiql_expect_word(parser, "BY") && partiql_items(parser, &keys);
}

static bool partiql_order_by(struct partiql_parser *parser, struct partiql_tree *tree)
{
    if (!partiql_accept_word(parser, "ORDER")) {
        return true;
    }
    if (!partiql_expect_word(parser, "BY")) {
        return false;
    }
    do {
        struct partiql_part *part = partiql_add(parser, &tree->order);
        part->form = partiql_form(parser);
        if (part->form == NULL) {
            return false;
        }
        part->descending = partiql_accept_word(parser, "DESC");
        if (!part->descending) {
            partiql_accept_word(parser, "ASC");
        }
    } while (partiql_accept(parser, PARTIQL_TOKEN_COMMA));
    return true;
}

static bool
partiql_clause(struct partiql_parser *parser, const char *word, struct partiql_form **form)
{
    if (!partiql_accept_word(parser, word)) {
        return true;
    }
    *form = partiql_form(parser);
    return *form != NULL;
}

/* What follows the projection. */
static bool partiql_select_rest(struct partiql_parser *parser, struct partiql_tree *tree)
{
    tree->operation = PARTIQL_OPERATION_SELECT;
    return partiql_expect_word(parser, "FROM") && partiql_sources(parser, &tree->sources) &&
           partiql_where(parser, tree) && partiql_group(parser, tree) &&
           partiql_clause(parser, "HAVING", &tree->having) && partiql_order_by(parser, tree) &&
           partiql_clause(parser, "LIMIT", &tree->limit) &&
           partiql_clause(parser, "OFFSET", &tree->offset);
}

/* Behind SELECT. */
static bool partiql_select(struct partiql_parser *parser, struct partiql_tree *tree)
{
    return partiql_projection(parser, tree) && partiql_select_rest(parser, tree);
}

/* Behind PIVOT: well formed, and refused by name. */
static bool partiql_pivot(struct partiql_parser *parser, struct partiql_tree *tree)
{
    tree->value = true;
    return partiql_form(parser) != NULL && partiql_expect_word(parser, "AT") &&
           partiql_form(parser) != NULL && partiql_select_rest(parser, tree);
}

bool partiql_skip_select(struct partiql_parser *parser)
{
    struct partiql_tree tree = {0};
    if (!partiql_enter(parser) || !partiql_select(parser, &tree)) {
        return false;
    }
    partiql_leave(parser);
    return true;
}

static bool partiql_target(struct partiql_parser *parser, struct partiql_tree *tree)
{
    struct partiql_part *part = partiql_add(parser, &tree->sources);
    part->form = partiql_form_path(parser);
    return part->form != NULL;
}

static bool partiql_returning_element(struct partiql_parser *parser, struct partiql_tree *tree)
{
    bool all = partiql_accept_word(parser, "ALL");
    if (!all && !partiql_expect_word(parser, "MODIFIED")) {
        return false;
    }
    bool old = partiql_accept_word(parser, "OLD");
    if (!old && !partiql_expect_word(parser, "NEW")) {
        return false;
    }
    tree->returning = all ? (old ? PARTIQL_RETURNING_ALL_OLD : PARTIQL_RETURNING_ALL_NEW)
                          : (old ? PARTIQL_RETURNING_MODIFIED_OLD : PARTIQL_RETURNING_MODIFIED_NEW);
    tree->returnings++;
    if (!partiql_accept(parser, PARTIQL_TOKEN_STAR)) {
        tree->returning_star = false;
        return partiql_form(parser) != NULL;
    }
    return true;
}

static bool partiql_returning(struct partiql_parser *parser, struct partiql_tree *tree)
{
    tree->returning_star = true;
    if (!partiql_accept_word(parser, "RETURNING")) {
        return true;
    }
    do {
        if (!partiql_returning_element(parser, tree)) {
            return false;
        }
    } while (partiql_accept(parser, PARTIQL_TOKEN_COMMA));
    return true;
}

static bool partiql_insert(struct partiql_parser *parser, struct partiql_tree *tree)
{
    tree->operation = PARTIQL_OPERATION_INSERT;
    if (!partiql_expect_word(parser, "INTO") || !partiql_target(parser, tree)) {
        return false;
    }
    bool value = partiql_accept_word(parser, "VALUE");
    if (!value) {
        tree->operation = PARTIQL_OPERATION_OTHER;
        tree->unsupported = "InsertOp";
    }
    tree->inserted = partiql_form(parser);
    return tree->inserted != NULL && partiql_returning(parser, tree);
}

static bool partiql_set(struct partiql_parser *parser, struct partiql_tree *tree)
{
    do {
        struct partiql_part *part = partiql_add(parser, &tree->actions);
        part->form = partiql_form_path(parser);
        if (part->form == NULL || !partiql_expect(parser, PARTIQL_TOKEN_EQ)) {
            return false;
        }
        part->value = partiql_form(parser);
        if (part->value == NULL) {
            return false;
        }
    } while (partiql_accept(parser, PARTIQL_TOKEN_COMMA));
    return true;
}

static bool partiql_remove(struct partiql_parser *parser, struct partiql_tree *tree)
{
    do {
        struct partiql_part *part = partiql_add(parser, &tree->actions);
        part->remove = true;
        part->form = partiql_form_path(parser);
        if (part->form == NULL) {
            return false;
        }
    } while (partiql_accept(parser, PARTIQL_TOKEN_COMMA));
    return true;
}

static bool partiql_actions(struct partiql_parser *parser, struct partiql_tree *tree)
{
    for (;;) {
        bool ok;
        if (partiql_accept_word(parser, "SET")) {
            ok = partiql_set(parser, tree);
        } else if (partiql_accept_word(parser, "REMOVE")) {
            ok = partiql_remove(parser, tree);
        } else {
            return tree->actions.count > 0 ||
                   partiql_malformed(parser, "Expected data manipulation");
        }
        if (!ok) {
            return false;
        }
    }
}

static bool partiql_update(struct partiql_parser *parser, struct partiql_tree *tree)
{
    tree->operation = PARTIQL_OPERATION_UPDATE;
    return partiql_target(parser, tree) && partiql_actions(parser, tree) &&
           partiql_where(parser, tree) && partiql_returning(parser, tree);
}

/* FROM table WHERE … SET … */
static bool partiql_from(struct partiql_parser *parser, struct partiql_tree *tree)
{
    tree->operation = PARTIQL_OPERATION_UPDATE;
    return partiql_sources(parser, &tree->sources) && partiql_where(parser, tree) &&
           partiql_actions(parser, tree) && partiql_returning(parser, tree);
}

static bool partiql_delete(struct partiql_parser *parser, struct partiql_tree *tree)
{
    tree->operation = PARTIQL_OPERATION_DELETE;
    return partiql_expect_word(parser, "FROM") && partiql_target(parser, tree) &&
           partiql_where(parser, tree) && partiql_returning(parser, tree);
}

static bool partiql_exists(struct partiql_parser *parser, struct partiql_tree *tree)
{
    tree->exists = true;
    return partiql_expect(parser, PARTIQL_TOKEN_OPEN) && partiql_expect_word(parser, "SELECT") &&
           partiql_select(parser, tree) && partiql_expect(parser, PARTIQL_TOKEN_CLOSE);
}

static bool partiql_skip_rest(struct partiql_parser *parser)
{
    while (partiql_peek(parser)->kind != PARTIQL_TOKEN_END) {
        parser->at++;
    }
    return true;
}

/* CREATE and DROP: what follows them names the operation; the rest is not looked at. */
static bool
partiql_definition(struct partiql_parser *parser, struct partiql_tree *tree, bool create)
{
    tree->operation = PARTIQL_OPERATION_OTHER;
    if (partiql_accept_word(parser, "TABLE")) {
        tree->unsupported = create ? "CreateTable" : "DropTable";
    } else if (partiql_expect_word(parser, "INDEX")) {
        tree->unsupported = create ? "CreateIndex" : "DropIndex";
    } else {
        return false;
    }
    return partiql_skip_rest(parser);
}

static const char *partiql_form_operation(const struct partiql_form *form)
{
    switch ((int)form->kind) {
    case PARTIQL_NAME:
        return "VariableReference";
    case PARTIQL_PATH:
        return "Path";
    case PARTIQL_LIST:
    case PARTIQL_BAG:
        return "Seq";
    case PARTIQL_STRUCT:
        return "Struct";
    case PARTIQL_MISSING:
        return "LiteralMissing";
    case PARTIQL_PLACEHOLDER:
        return "Parameter";
    case PARTIQL_TRUE:
    case PARTIQL_FALSE:
    case PARTIQL_NULL:
    case PARTIQL_NUMBER:
    case PARTIQL_TEXT:
        return "Literal";
    default:
        return "NAry";
    }
}

static bool partiql_any(struct partiql_parser *parser, struct partiql_tree *tree)
{
    if (partiql_accept_word(parser, "SELECT")) {
        return partiql_select(parser, tree);
    }
    if (partiql_accept_word(parser, "PIVOT")) {
        return partiql_pivot(parser, tree);
    }
    if (partiql_accept_word(parser, "INSERT")) {
        return partiql_insert(parser, tree);
    }
    if (partiql_accept_word(parser, "UPDATE")) {
        return partiql_update(parser, tree);
    }
    if (partiql_accept_word(parser, "DELETE")) {
        return partiql_delete(parser, tree);
    }
    if (partiql_accept_word(parser, "FROM")) {
        return partiql_from(parser, tree);
    }
    if (partiql_accept_word(parser, "EXISTS")) {
        return partiql_exists(parser, tree);
    }
    bool create = partiql_is_word(partiql_peek(parser), "CREATE");
    if (create || partiql_is_word(partiql_peek(parser), "DROP")) {
        parser->at++;
        return partiql_definition(parser, tree, create);
    }
    tree->operation = PARTIQL_OPERATION_OTHER;
    if (partiql_accept_word(parser, "EXEC")) {
        tree->unsupported = "Exec";
        return partiql_skip_rest(parser);
    }
    struct partiql_form *form = partiql_form(parser);
    if (form == NULL) {
        return false;
    }
    tree->unsupported = partiql_form_operation(form);
    return true;
}

bool partiql_parse_tree(struct slice statement,
                        struct arena *arena,
                        struct partiql_tree **tree,
                        struct error *err)
{
    uint32_t count = 0;
    struct partiql_parser parser = {.arena = arena, .err = err};
    parser.tokens = partiql_lex(statement, arena, &count);
    struct partiql_tree *made = arena_zalloc(arena, 1, sizeof(*made));
    if (!partiql_any(&parser, made)) {
        ensure(err->code != ERROR_NONE);
        return false;
    }
    bool semicolon = partiql_accept(&parser, PARTIQL_TOKEN_SEMICOLON);
    if (partiql_peek(&parser)->kind != PARTIQL_TOKEN_END) {
        return partiql_malformed(&parser, semicolon
                                              ? "Unexpected token after semicolon. (Only one query "
                                                "is allowed.)"
                                              : "Unexpected token after expression");
    }
    made->placeholders = parser.placeholders;
    *tree = made;
    return true;
}
