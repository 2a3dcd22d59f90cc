/* What all kinds of expressions are made of: paths, operands, function calls, parentheses.
 *
 * Recursive descent. Only parentheses and function calls recurse, and their depth is bounded: a
 * text within the operator limit cannot nest deeper without redundant parentheses, so hitting the
 * bound means one of those two errors (parser_enter). Faults that are not syntax errors are noted
 * where they are met and reported at the end (parse_report.c). */
#include "storage/expression/parser.h"

enum { PARSER_SHORT_NAME_BYTES = 64 }; /* Not worth a search for an earlier copy. */

const char parser_used_this_way[] =
    "The function is not allowed to be used this way in an expression; function: ";

bool parser_accept(struct parser *parser, enum token_kind kind)
{
    if (!parser_is(parser, kind)) {
        return false;
    }
    ensure(kind != TOKEN_END); /* Nothing is behind it. */
    parser->at++;
    return true;
}

/* The error quotes the text from the token before to the token behind, blanks and all. */
bool parser_fail(struct parser *parser)
{
    const struct tokens *tokens = &parser->tokens;
    const struct token *token = parser_peek(parser);
    uint32_t from = parser->at > 0 ? token[-1].at : token->at;
    size_t to = tokens->text.size;
    if (token->kind != TOKEN_END && token[1].kind != TOKEN_END) {
        to = token[1].at + token[1].bytes;
    }
    struct slice near = {tokens->text.data + from, to - from};
    struct slice text =
        token->kind == TOKEN_END ? SLICE_LITERAL("<EOF>") : token_text(tokens, token);
    return error_set(parser->err, ERROR_VALIDATION, "Syntax error; token: \"%.*s\", near: \"%.*s\"",
                     SLICE_ARGS(text), SLICE_ARGS(near));
}

bool parser_expect(struct parser *parser, enum token_kind kind)
{
    return parser_accept(parser, kind) || parser_fail(parser);
}

bool parser_enter(struct parser *parser)
{
    if (++parser->depth <= EXPRESSION_NESTING_MAX) {
        return true;
    }
    parser->too_deep = true;
    return false;
}

void parser_leave(struct parser *parser)
{
    ensure(parser->depth > 0);
    parser->depth--;
}

struct node *parser_node(struct parser *parser, enum node_kind kind)
{
    struct node *node = arena_zalloc(&parser->program->arena, 1, sizeof(*node));
    node->kind = kind;
    return node;
}

void parser_adopt(struct node *parent, struct node *child)
{
    ensure(child->next == NULL);
    if (parent->last == NULL) {
        parent->first = child;
    } else {
        parent->last->next = child;
    }
    parent->last = child;
    parent->count++;
}

void parser_wrap(struct parser *parser, struct node *node)
{
    if (node->wrapped) {
        parser->redundant = true;
    }
    node->wrapped = true;
}

static const struct {
    const char *name;
    enum node_kind kind;
} parser_functions[] = {
    {"size", NODE_SIZE},
    {"attribute_exists", NODE_EXISTS},
    {"attribute_not_exists", NODE_NOT_EXISTS},
    {"attribute_type", NODE_TYPE},
    {"begins_with", NODE_BEGINS_WITH},
    {"contains", NODE_CONTAINS},
    {"if_not_exists", NODE_IF_NOT_EXISTS},
    {"list_append", NODE_LIST_APPEND},
};

bool node_is_function(const struct node *node)
{
    return node->name.size > 0;
}

bool node_is_condition(const struct node *node)
{
    return node->kind >= NODE_EQ && !node_is_function(node);
}

void parser_misplaced(struct parser *parser, const struct node *function, const char *text)
{
    if (parser->misplaced.size == 0) {
        parser->misplaced = function->name;
        parser->misplaced_text = text;
    }
}

static enum node_kind parser_function_kind(struct parser *parser, struct slice name)
{
    for (size_t i = 0; i < ARRAY_COUNT(parser_functions); i++) {
        if (slice_is(name, parser_functions[i].name)) {
            return parser_functions[i].kind;
        }
    }
    if (parser->unknown.size == 0) {
        parser->unknown = name;
    }
    return NODE_UNKNOWN;
}

/* Is the function known to this kind of expression at all? */
static void parser_check_function(struct parser *parser, const struct node *function)
{
    bool of_update = function->kind == NODE_IF_NOT_EXISTS || function->kind == NODE_LIST_APPEND;
    if (function->kind == NODE_UNKNOWN) {
        return;
    }
    if (parser->program->kind == EXPRESSION_UPDATE && !of_update) {
        parser_misplaced(parser, function,
                         "The function is not allowed in an update expression; function: ");
    } else if (parser->program->kind != EXPRESSION_UPDATE && of_update) {
        parser_misplaced(parser, function,
                         "The function is not allowed in a condition expression; function: ");
    }
}

static bool parser_check_argument(const struct node *argument)
{
    return !node_is_function(argument) || argument->kind == NODE_SIZE ||
           argument->kind == NODE_IF_NOT_EXISTS || argument->kind == NODE_LIST_APPEND ||
           argument->kind == NODE_UNKNOWN;
}

/* name "(" operand ("," operand)* ")", of which the name and "(" are known to be next. */
static struct node *parser_function(struct parser *parser)
{
    struct slice name = token_text(&parser->tokens, parser_peek(parser));
    struct node *function = parser_node(parser, parser_function_kind(parser, name));
    function->name = name;
    parser->at += 2;
    if (!parser_enter(parser)) {
        return NULL;
    }
    parser_check_function(parser, function);
    do {
        struct node *argument = parser_operand(parser);
        if (argument == NULL) {
            return NULL;
        }
        if (!parser_check_argument(argument)) {
            parser_misplaced(parser, argument, parser_used_this_way);
        }
        parser_adopt(function, argument);
    } while (parser_accept(parser, TOKEN_COMMA));
    parser_leave(parser);
    return parser_expect(parser, TOKEN_CLOSE) ? function : NULL;
}

static bool parser_step_name(struct parser *parser, struct step *step)
{
    const struct token *token = parser_peek(parser);
    struct slice text = token_text(&parser->tokens, token);
    if (parser_accept(parser, TOKEN_NAME)) {
        step->name = text;
        if (parser->reserved.size == 0 && reserved_word(text)) {
            parser->reserved = text;
        }
        return true;
    }
    if (parser_accept(parser, TOKEN_NAME_PLACEHOLDER)) {
        step->undefined = parser->names[token->occurrence] == NULL;
        step->name = step->undefined ? text : parser->program->names[token->occurrence];
        return true;
    }
    return parser_fail(parser);
}

static bool parser_step_index(struct parser *parser, struct step *step)
{
    struct slice digits = token_text(&parser->tokens, parser_peek(parser));
    if (!parser_expect(parser, TOKEN_DIGITS) || !parser_expect(parser, TOKEN_CLOSE_INDEX)) {
        return false;
    }
    uint64_t index = 0;
    for (size_t i = 0; i < digits.size && index <= INT32_MAX; i++) {
        index = index * 10 + (uint64_t)(digits.data[i] - '0');
    }
    if (index > INT32_MAX && parser->index.size == 0) {
        parser->index = digits;
    }
    step->is_index = true;
    step->index = (uint32_t)(index & INT32_MAX);
    return true;
}

struct path *parser_path(struct parser *parser)
{
    struct step steps[EXPRESSION_PATH_DEPTH_MAX];
    struct step step = {0};
    uint32_t count = 0;
    bool ok = parser_step_name(parser, &step);
    while (ok) {
        if (count < EXPRESSION_PATH_DEPTH_MAX) {
            steps[count] = step;
        }
        count++;
        step = (struct step){0};
        if (parser_accept(parser, TOKEN_DOT)) {
            ok = parser_step_name(parser, &step);
        } else if (parser_accept(parser, TOKEN_OPEN_INDEX)) {
            ok = parser_step_index(parser, &step);
        } else {
            break;
        }
    }
    if (!ok) {
        return NULL;
    }
    if (count > EXPRESSION_PATH_DEPTH_MAX) {
        parser->path_depth = parser->path_depth == 0 ? count : parser->path_depth;
        count = EXPRESSION_PATH_DEPTH_MAX; /* Refused at the end. */
    }
    struct arena *arena = &parser->program->arena;
    struct path *path = arena_zalloc(arena, 1, sizeof(*path));
    path->steps = arena_zalloc(arena, count, sizeof(*path->steps));
    path->count = count;
    memcpy(path->steps, steps, count * sizeof(*steps));
    return path;
}

void parser_add_path(struct parser *parser, const struct path *path)
{
    struct program *program = parser->program;
    ensure(program->paths_count < parser->tokens.count);
    program->paths[program->paths_count++] = path;
}

struct node *parser_simple_operand(struct parser *parser)
{
    const struct token *token = parser_peek(parser);
    if (parser_accept(parser, TOKEN_VALUE_PLACEHOLDER)) {
        struct node *node = parser_node(parser, NODE_VALUE);
        node->value = token->occurrence;
        return node;
    }
    if (token->kind == TOKEN_NAME && token[1].kind == TOKEN_OPEN) {
        return parser_function(parser);
    }
    struct path *path = parser_path(parser);
    if (path == NULL) {
        return NULL;
    }
    struct node *node = parser_node(parser, NODE_PATH);
    node->path = path;
    if (parser->program->kind != EXPRESSION_UPDATE) {
        parser_add_path(parser, path);
    }
    return node;
}

struct node *parser_operand(struct parser *parser)
{
    if (!parser_accept(parser, TOKEN_OPEN)) {
        return parser_simple_operand(parser);
    }
    if (!parser_enter(parser)) {
        return NULL;
    }
    struct node *node = parser_operand(parser);
    if (node == NULL || !parser_expect(parser, TOKEN_CLOSE)) {
        return NULL;
    }
    parser_leave(parser);
    parser_wrap(parser, node);
    return node;
}

static bool parser_projection(struct parser *parser)
{
    do {
        const struct path *path = parser_path(parser);
        if (path == NULL) {
            return false;
        }
        parser_add_path(parser, path);
    } while (parser_accept(parser, TOKEN_COMMA));
    return true;
}

static bool parser_run(struct parser *parser)
{
    bool ok;
    switch (parser->program->kind) {
    case EXPRESSION_PROJECTION:
        ok = parser_projection(parser);
        break;
    case EXPRESSION_UPDATE:
        ok = parse_update(parser);
        break;
    case EXPRESSION_CONDITION:
    case EXPRESSION_FILTER:
    case EXPRESSION_KEY_CONDITION:
    default:
        ok = parse_condition(parser);
        break;
    }
    if (ok && !parser_is(parser, TOKEN_END)) {
        ok = parser_fail(parser);
    }
    return (ok || parser->too_deep) && parse_report(parser);
}

/* What a placeholder stands for, copied; if that is long, once, however often the text has it. */
static struct slice parser_take_name(const struct parser *parser, uint32_t occurrence)
{
    struct program *program = parser->program;
    const struct placeholder *named = parser->names[occurrence];
    for (uint32_t i = 0; named->name.size > PARSER_SHORT_NAME_BYTES && i < occurrence; i++) {
        if (parser->names[i] == named) {
            return program->names[i];
        }
    }
    return arena_copy(&program->arena, named->name);
}

/* The placeholders of the text, as the program remembers them. */
static void parser_take_placeholders(struct parser *parser)
{
    struct program *program = parser->program;
    const struct tokens *tokens = &parser->tokens;
    program->names_count = tokens->names;
    program->names = arena_zalloc(&program->arena, tokens->names, sizeof(*program->names));
    program->values_count = tokens->values;
    program->values = arena_zalloc(&program->arena, tokens->values, sizeof(*program->values));
    for (uint32_t i = 0; i < tokens->count; i++) {
        const struct token *token = &tokens->list[i];
        if (token->kind == TOKEN_VALUE_PLACEHOLDER) {
            program->values[token->occurrence] = token_text(tokens, token);
        } else if (token->kind == TOKEN_NAME_PLACEHOLDER &&
                   parser->names[token->occurrence] != NULL) {
            program->names[token->occurrence] = parser_take_name(parser, token->occurrence);
        }
    }
}

/* The lists were made in scratch memory, as long as they could become. */
static void *parser_keep(struct parser *parser, const void *list, uint32_t count, size_t size)
{
    void *kept = arena_alloc(&parser->program->arena, count * size);
    if (count > 0) {
        memcpy(kept, list, count * size);
    }
    return kept;
}

static struct program *parser_program(enum expression_kind kind, struct slice text)
{
    struct arena arena;
    arena_init(&arena);
    struct program *program = arena_zalloc(&arena, 1, sizeof(*program));
    program->arena = arena; /* Moved: the local one is not used again. */
    atomic_init(&program->references, 1);
    program->kind = kind;
    program->text = arena_copy(&program->arena, text);
    return program;
}

bool program_parse(enum expression_kind kind,
                   struct slice text,
                   struct placeholder *const *names,
                   struct arena *scratch,
                   struct program **program,
                   struct error *err)
{
    struct program *made = parser_program(kind, text);
    struct parser parser = {.program = made, .names = names, .err = err};
    lexer_run(kind, made->text, scratch, &parser.tokens);
    parser_take_placeholders(&parser);
    made->leaves = arena_zalloc(scratch, parser.tokens.count, sizeof(struct node *));
    made->paths = arena_zalloc(scratch, parser.tokens.count, sizeof(struct path *));
    made->actions = arena_zalloc(scratch, parser.tokens.count, sizeof(*made->actions));
    if (!parser_run(&parser)) {
        program_release(made);
        return false;
    }
    made->leaves = parser_keep(&parser, made->leaves, made->leaves_count, sizeof(struct node *));
    made->paths = parser_keep(&parser, made->paths, made->paths_count, sizeof(struct path *));
    made->actions =
        parser_keep(&parser, made->actions, made->actions_count, sizeof(*made->actions));
    *program = made;
    return true;
}

void program_reference(struct program *program)
{
    unsigned before = atomic_fetch_add_explicit(&program->references, 1, memory_order_relaxed);
    ensure(before > 0);
}

void program_release(struct program *program)
{
    if (program == NULL) {
        return;
    }
    unsigned before = atomic_fetch_sub_explicit(&program->references, 1, memory_order_acq_rel);
    ensure(before > 0);
    if (before == 1) {
        struct arena arena = program->arena; /* The program itself lives in it. */
        arena_destroy(&arena);
    }
}
