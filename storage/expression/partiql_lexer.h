/* Tokens of a PartiQL statement.
 *
 * The whole statement becomes an array of tokens, each with its place as DynamoDB prints it
 * ("line:column:length", counted in characters from 1). Nothing is refused here: what begins no
 * token, and a quote that is never closed, become a stray token, which no rule of the grammar
 * takes. Comments (-- to the end of the line, and those of C) are blanks. Pure; any thread. */
#pragma once

#include "proto/base/arena.h"

enum partiql_token_kind {
    PARTIQL_TOKEN_END,
    PARTIQL_TOKEN_STRAY,
    PARTIQL_TOKEN_WORD,   /* Unquoted: a keyword or a name. */
    PARTIQL_TOKEN_QUOTED, /* "name" */
    PARTIQL_TOKEN_STRING, /* 'text' */
    PARTIQL_TOKEN_NUMBER, /* Without a sign. */
    PARTIQL_TOKEN_PARAMETER,
    PARTIQL_TOKEN_OPEN,
    PARTIQL_TOKEN_CLOSE,
    PARTIQL_TOKEN_OPEN_LIST,
    PARTIQL_TOKEN_CLOSE_LIST,
    PARTIQL_TOKEN_OPEN_MAP,
    PARTIQL_TOKEN_CLOSE_MAP,
    PARTIQL_TOKEN_OPEN_BAG,
    PARTIQL_TOKEN_CLOSE_BAG,
    PARTIQL_TOKEN_COMMA,
    PARTIQL_TOKEN_DOT,
    PARTIQL_TOKEN_COLON,
    PARTIQL_TOKEN_SEMICOLON,
    PARTIQL_TOKEN_EQ, /* From here: operators. */
    PARTIQL_TOKEN_NE,
    PARTIQL_TOKEN_LT,
    PARTIQL_TOKEN_LE,
    PARTIQL_TOKEN_GT,
    PARTIQL_TOKEN_GE,
    PARTIQL_TOKEN_PLUS,
    PARTIQL_TOKEN_MINUS,
    PARTIQL_TOKEN_STAR,
    PARTIQL_TOKEN_SLASH,
    PARTIQL_TOKEN_PERCENT,
    PARTIQL_TOKEN_CONCAT,
};

struct partiql_token {
    enum partiql_token_kind kind;
    uint32_t line, column, length;
    struct slice text; /* As written; of QUOTED and STRING what stands between the quotes. */
};

/* The last token is PARTIQL_TOKEN_END. Texts borrow from the statement or live in the arena. */
struct partiql_token *partiql_lex(struct slice statement, struct arena *arena, uint32_t *count);

/* Is this unquoted word, ignoring case, one that PartiQL keeps for itself? */
bool partiql_is_keyword(struct slice word);
