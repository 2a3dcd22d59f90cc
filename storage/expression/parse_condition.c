/* Conditions, filters and key conditions:
 *
 *     or         := and ("OR" and)*
 *     and        := not ("AND" not)*
 *     not        := "NOT"* comparison
 *     comparison := primary [cmp operand | "BETWEEN" operand "AND" operand
 *                            | "IN" "(" operand ("," operand)* ")"]
 *     primary    := "(" or ")" | operand
 *
 * A "(" may open a condition or an operand, and only what follows its ")" tells which. So `or` may
 * yield a bare operand; whoever needs a condition says so (parse_as_condition), and the token that
 * stands where an operator was due is the error. */
#include "storage/expression/parser.h"

static struct node *parse_or(struct parser *parser);

static void parse_add_leaf(struct parser *parser, struct node *leaf)
{
    struct program *program = parser->program;
    ensure(program->leaves_count < parser->tokens.count);
    program->leaves[program->leaves_count++] = leaf;
}

static bool parse_as_condition(struct parser *parser, struct node *node)
{
    if (node_is_condition(node)) {
        return true;
    }
    if (!node_is_function(node)) {
        return parser_fail(parser);
    }
    if (node->kind < NODE_EXISTS) {
        parser_misplaced(parser, node, parser_used_this_way);
    } else if (node->kind != NODE_UNKNOWN) {
        parse_add_leaf(parser, node);
    }
    return true;
}

static void parse_as_operand(struct parser *parser, const struct node *node)
{
    if (node_is_function(node) && node->kind != NODE_SIZE && node->kind != NODE_UNKNOWN) {
        parser_misplaced(parser, node, parser_used_this_way);
    }
}

static struct node *parse_primary(struct parser *parser)
{
    if (!parser_accept(parser, TOKEN_OPEN)) {
        return parser_simple_operand(parser);
    }
    if (!parser_enter(parser)) {
        return NULL;
    }
    struct node *node = parse_or(parser);
    if (node == NULL || !parser_expect(parser, TOKEN_CLOSE)) {
        return NULL;
    }
    parser_leave(parser);
    parser_wrap(parser, node);
    return node;
}

static bool parse_next_operand(struct parser *parser, struct node *parent)
{
    struct node *operand = parser_operand(parser);
    if (operand == NULL) {
        return false;
    }
    parse_as_operand(parser, operand);
    parser_adopt(parent, operand);
    return true;
}

static bool parse_in(struct parser *parser, struct node *node)
{
    if (!parser_expect(parser, TOKEN_OPEN)) {
        return false;
    }
    do {
        if (!parse_next_operand(parser, node)) {
            return false;
        }
    } while (parser_accept(parser, TOKEN_COMMA));
    if (node->count - 1 > EXPRESSION_IN_OPERANDS_MAX && parser->in_operands == 0) {
        parser->in_operands = node->count - 1;
    }
    return parser_expect(parser, TOKEN_CLOSE);
}

static bool parse_comparator(struct parser *parser, enum node_kind *kind)
{
    static const enum node_kind kinds[] = {NODE_EQ, NODE_NE, NODE_LT, NODE_LE, NODE_GT, NODE_GE};
    enum token_kind token = parser_peek(parser)->kind;
    if (token == TOKEN_BETWEEN) {
        *kind = NODE_BETWEEN;
    } else if (token == TOKEN_IN) {
        *kind = NODE_IN;
    } else if (token >= TOKEN_EQ && token <= TOKEN_GE) {
        *kind = kinds[token - TOKEN_EQ];
    } else {
        return false;
    }
    return true;
}

static struct node *parse_comparison(struct parser *parser)
{
    struct node *left = parse_primary(parser);
    enum node_kind kind;
    if (left == NULL || node_is_condition(left) || !parse_comparator(parser, &kind)) {
        return left;
    }
    parser->at++;
    struct node *node = parser_node(parser, kind);
    parse_as_operand(parser, left);
    parser_adopt(node, left);
    bool ok;
    if (kind == NODE_IN) {
        ok = parse_in(parser, node);
    } else {
        ok = parse_next_operand(parser, node);
    }
    if (ok && kind == NODE_BETWEEN) {
        ok = parser_expect(parser, TOKEN_AND) && parse_next_operand(parser, node);
    }
    if (!ok) {
        return NULL;
    }
    parse_add_leaf(parser, node);
    return node;
}

static struct node *parse_not(struct parser *parser)
{
    uint32_t nots = 0;
    while (parser_accept(parser, TOKEN_NOT)) {
        nots++;
    }
    struct node *inner = parse_comparison(parser);
    if (inner == NULL || nots == 0) {
        return inner;
    }
    if (!parse_as_condition(parser, inner)) {
        return NULL;
    }
    struct node *node = parser_node(parser, NODE_NOT);
    node->negates = nots % 2 == 1;
    parser_adopt(node, inner);
    return node;
}

/* A chain of what `part` parses, joined by `token`; one part alone stays what it is. */
static struct node *parse_chain(struct parser *parser,
                                enum token_kind token,
                                enum node_kind kind,
                                struct node *(*part)(struct parser *parser))
{
    struct node *first = part(parser);
    if (first == NULL || !parser_is(parser, token)) {
        return first;
    }
    struct node *chain = parser_node(parser, kind);
    struct node *next = first;
    for (;;) {
        if (!parse_as_condition(parser, next)) {
            return NULL;
        }
        parser_adopt(chain, next);
        if (!parser_accept(parser, token)) {
            return chain;
        }
        next = part(parser);
        if (next == NULL) {
            return NULL;
        }
    }
}

static struct node *parse_and(struct parser *parser)
{
    return parse_chain(parser, TOKEN_AND, NODE_AND, parse_not);
}

static struct node *parse_or(struct parser *parser)
{
    return parse_chain(parser, TOKEN_OR, NODE_OR, parse_and);
}

bool parse_condition(struct parser *parser)
{
    parser->program->root = parse_or(parser);
    return parser->program->root != NULL && parse_as_condition(parser, parser->program->root);
}
