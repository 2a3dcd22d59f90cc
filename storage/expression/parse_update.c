/* Updates: sections SET, REMOVE, ADD and DELETE in any order.
 *
 *     SET    path "=" value ("," …)*     value := operand | operand ("+" | "-") operand | "(" value
 * ")" REMOVE path ("," path)* ADD    path :value ("," …)*        DELETE likewise
 *
 * One + or - per value: what follows it is an operand, so a second operator is a syntax error. */
#include "storage/expression/parser.h"

static struct node *parse_value(struct parser *parser);

/* The first operand of a value, or a whole value in parentheses. */
static struct node *parse_value_start(struct parser *parser)
{
    if (!parser_accept(parser, TOKEN_OPEN)) {
        return parser_simple_operand(parser);
    }
    if (!parser_enter(parser)) {
        return NULL;
    }
    struct node *node = parse_value(parser);
    if (node == NULL || !parser_expect(parser, TOKEN_CLOSE)) {
        return NULL;
    }
    parser_leave(parser);
    parser_wrap(parser, node);
    return node;
}

static struct node *parse_value(struct parser *parser)
{
    struct node *left = parse_value_start(parser);
    bool sum = left != NULL && (left->kind == NODE_PLUS || left->kind == NODE_MINUS);
    if (left == NULL || sum) {
        return left;
    }
    enum node_kind kind;
    if (parser_accept(parser, TOKEN_PLUS)) {
        kind = NODE_PLUS;
    } else if (parser_accept(parser, TOKEN_MINUS)) {
        kind = NODE_MINUS;
    } else {
        return left;
    }
    struct node *right = parser_operand(parser);
    if (right == NULL) {
        return NULL;
    }
    struct node *node = parser_node(parser, kind);
    parser_adopt(node, left);
    parser_adopt(node, right);
    return node;
}

/* ADD and DELETE take a :value and nothing else. */
static struct node *parse_plain_value(struct parser *parser)
{
    if (!parser_is(parser, TOKEN_VALUE_PLACEHOLDER)) {
        (void)parser_fail(parser);
        return NULL;
    }
    return parser_simple_operand(parser);
}

static bool parse_action(struct parser *parser, enum action_kind kind)
{
    struct program *program = parser->program;
    struct action action = {.kind = kind, .target = parser_path(parser)};
    if (action.target == NULL) {
        return false;
    }
    if (kind == ACTION_SET) {
        if (!parser_expect(parser, TOKEN_EQ)) {
            return false;
        }
        action.operand = parse_value(parser);
    } else if (kind != ACTION_REMOVE) {
        action.operand = parse_plain_value(parser);
    }
    if (kind != ACTION_REMOVE && action.operand == NULL) {
        return false;
    }
    parser_add_path(parser, action.target);
    ensure(program->actions_count < parser->tokens.count);
    program->actions[program->actions_count++] = action;
    program->creates |= kind == ACTION_SET || kind == ACTION_ADD;
    return true;
}

static bool parse_section(struct parser *parser, bool *seen)
{
    static const struct {
        enum token_kind token;
        const char *name;
    } sections[ACTION_KINDS] = {
        [ACTION_SET] = {TOKEN_SET, "SET"},
        [ACTION_REMOVE] = {TOKEN_REMOVE, "REMOVE"},
        [ACTION_ADD] = {TOKEN_ADD, "ADD"},
        [ACTION_DELETE] = {TOKEN_DELETE, "DELETE"},
    };
    for (int kind = 0; kind < ACTION_KINDS; kind++) {
        if (!parser_accept(parser, sections[kind].token)) {
            continue;
        }
        if (seen[kind] && parser->repeated == NULL) {
            parser->repeated = sections[kind].name;
        }
        seen[kind] = true;
        do {
            if (!parse_action(parser, (enum action_kind)kind)) {
                return false;
            }
        } while (parser_accept(parser, TOKEN_COMMA));
        return true;
    }
    return parser_fail(parser);
}

bool parse_update(struct parser *parser)
{
    bool seen[ACTION_KINDS] = {false};
    do {
        if (!parse_section(parser, seen)) {
            return false;
        }
    } while (!parser_is(parser, TOKEN_END));
    return true;
}
