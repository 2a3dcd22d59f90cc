/* A PartiQL statement as it is written: forms joined in a tree, each with the token that names its
 * place in errors. Made by partiql_parse_tree (partiql_statement.c for statements, partiql_form.c
 * for expressions), read by the translation. It knows the grammar and nothing of DynamoDB: what is
 * well formed but unsupported is refused by who reads it. Internal. */
#pragma once

#include "proto/base/error.h"
#include "storage/expression/partiql.h"
#include "storage/expression/partiql_lexer.h"

enum partiql_form_kind {
    PARTIQL_TRUE,
    PARTIQL_FALSE,
    PARTIQL_NULL,
    PARTIQL_MISSING,
    PARTIQL_NUMBER,
    PARTIQL_TEXT,
    PARTIQL_PLACEHOLDER, /* ? */
    PARTIQL_NAME,
    PARTIQL_PATH,     /* The first child is what it starts with; then TEXT, NUMBER … per step. */
    PARTIQL_WILDCARD, /* Step: [*] */
    PARTIQL_UNPIVOT,  /* Step: .* */
    PARTIQL_CALL,
    PARTIQL_LIST,     /* [a, b] and (a, b) */
    PARTIQL_BAG,      /* <<a, b>> */
    PARTIQL_STRUCT,   /* {k: v, …}: keys and values in turn. */
    PARTIQL_OPERATOR, /* Arithmetic, || and LIKE: the token tells. */
    PARTIQL_COMPARE,  /* = <> < <= > >= */
    PARTIQL_BETWEEN,
    PARTIQL_IN,
    PARTIQL_IS, /* One child; `type` is the name behind. */
    PARTIQL_NOT,
    PARTIQL_AND, /* Any number of children. */
    PARTIQL_OR,
    PARTIQL_SUBSELECT, /* Nothing inside is kept. */
};

struct partiql_form {
    enum partiql_form_kind kind;
    bool negated;     /* BETWEEN, IN, IS, LIKE: NOT stood there. */
    uint32_t count;   /* Children. */
    uint32_t ordinal; /* PLACEHOLDER: the how manieth, from 0. */
    const struct partiql_token *token;
    const struct partiql_token *type; /* IS */
    struct partiql_form *first, *last, *next;
};

/* SELECT items, FROM sources, ORDER BY keys, SET and REMOVE actions. */
struct partiql_part {
    struct partiql_part *next;
    struct partiql_form *form;
    struct partiql_form *value; /* SET: the right-hand side. */
    bool aliased;
    bool descending;
    bool remove;
};
struct partiql_parts {
    struct partiql_part *first, *last;
    uint32_t count;
};

enum partiql_operation {
    PARTIQL_OPERATION_SELECT,
    PARTIQL_OPERATION_INSERT,
    PARTIQL_OPERATION_UPDATE,
    PARTIQL_OPERATION_DELETE,
    PARTIQL_OPERATION_OTHER, /* Well formed; `unsupported` names it. */
};

struct partiql_tree {
    enum partiql_operation operation;
    const char *unsupported;
    bool exists;   /* EXISTS(select) */
    bool distinct; /* SELECT … */
    bool value;    /* SELECT VALUE, PIVOT */
    bool star;
    bool group;
    struct partiql_parts items;
    struct partiql_parts sources; /* FROM, INTO, UPDATE: the table. */
    struct partiql_form *where;
    struct partiql_form *having, *limit, *offset;
    struct partiql_parts order;
    struct partiql_parts actions;
    struct partiql_form *inserted;
    enum partiql_returning returning;
    uint32_t returnings; /* Elements behind RETURNING. */
    bool returning_star; /* Each of them ends with it. */
    uint32_t placeholders;
};

struct partiql_parser {
    const struct partiql_token *tokens;
    uint32_t at;
    uint32_t depth;
    uint32_t placeholders;
    struct arena *arena;
    struct error *err;
};

/* Errors: VALIDATION when the statement is not well formed. */
MUST_CHECK bool partiql_parse_tree(struct slice statement,
                                   struct arena *arena,
                                   struct partiql_tree **tree,
                                   struct error *err);

/* --- Between partiql_statement.c and partiql_form.c ------------------------------------------- */

static inline const struct partiql_token *partiql_peek(const struct partiql_parser *parser)
{
    return &parser->tokens[parser->at];
}
bool partiql_accept(struct partiql_parser *parser, enum partiql_token_kind kind);
/* An unquoted word, ignoring case. */
bool partiql_is_word(const struct partiql_token *token, const char *word);
bool partiql_accept_word(struct partiql_parser *parser, const char *word);
MUST_CHECK bool partiql_expect(struct partiql_parser *parser, enum partiql_token_kind kind);
MUST_CHECK bool partiql_expect_word(struct partiql_parser *parser, const char *word);
/* Not well formed: always false. */
bool partiql_malformed(struct partiql_parser *parser, const char *detail);
MUST_CHECK bool partiql_enter(struct partiql_parser *parser);
void partiql_leave(struct partiql_parser *parser);

/* A whole expression; NULL when it is not well formed. */
struct partiql_form *partiql_form(struct partiql_parser *parser);
/* A name with its steps. */
struct partiql_form *partiql_form_path(struct partiql_parser *parser);
/* A SELECT behind its keyword, whatever it says: for expressions that hold one. */
MUST_CHECK bool partiql_skip_select(struct partiql_parser *parser);
