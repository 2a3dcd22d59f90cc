/* The parser's state, shared by the rules of conditions (parse_condition.c), of updates
 * (parse_update.c), of what both are made of (parser.c), and by the report of faults
 * (parse_report.c). Internal.
 *
 * A rule returns NULL (or false) when it has met a syntax error, which is then in *err. All other
 * faults are noted and reported when the text has proved to be well formed, in DynamoDB's order. */
#pragma once

#include "storage/expression/lexer.h"
#include "storage/expression/program.h"

struct parser {
    struct program *program;
    struct tokens tokens;
    uint32_t at; /* Index of the next token. */
    uint32_t depth;
    bool too_deep;
    struct placeholder *const *names;
    struct error *err;

    /* The first of each, if any. */
    bool redundant;
    uint32_t in_operands; /* Over the limit. */
    struct slice unknown;
    struct slice misplaced;
    const char *misplaced_text;
    struct slice reserved;
    struct slice index;   /* Out of range. */
    uint32_t path_depth;  /* Over the limit. */
    const char *repeated; /* Section of an update. */
};

static inline const struct token *parser_peek(const struct parser *parser)
{
    return &parser->tokens.list[parser->at];
}

static inline bool parser_is(const struct parser *parser, enum token_kind kind)
{
    return parser_peek(parser)->kind == kind;
}

/* Take the next token if it is of this kind. */
bool parser_accept(struct parser *parser, enum token_kind kind);
/* The same, a syntax error if it is not. */
MUST_CHECK bool parser_expect(struct parser *parser, enum token_kind kind);
/* A syntax error at the next token. Always returns false. */
bool parser_fail(struct parser *parser);
/* Around each level of nesting. False at the limit, which ends the parsing. */
MUST_CHECK bool parser_enter(struct parser *parser);
void parser_leave(struct parser *parser);

struct node *parser_node(struct parser *parser, enum node_kind kind);
void parser_adopt(struct node *parent, struct node *child);
/* Note that the inside of a pair of parentheses ends; refuses a second pair. */
void parser_wrap(struct parser *parser, struct node *node);
bool node_is_function(const struct node *node);
bool node_is_condition(const struct node *node);
void parser_misplaced(struct parser *parser, const struct node *function, const char *text);

struct path *parser_path(struct parser *parser);
void parser_add_path(struct parser *parser, const struct path *path);
/* path | :value | function(…) | ( operand ) */
struct node *parser_operand(struct parser *parser);
/* The same without the parentheses. */
struct node *parser_simple_operand(struct parser *parser);

MUST_CHECK bool parse_condition(struct parser *parser);
MUST_CHECK bool parse_update(struct parser *parser);
/* The fault of the highest rank among those noted, if there is any. Errors: VALIDATION. */
MUST_CHECK bool parse_report(const struct parser *parser);

extern const char parser_used_this_way[];
