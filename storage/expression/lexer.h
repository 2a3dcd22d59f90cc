/* Tokens of an expression's text.
 *
 * The whole text becomes an array of tokens before parsing starts: the parser then looks ahead
 * freely, and an error can quote its neighbours. Nothing is refused here; a byte that begins no
 * token becomes a token of its own, which no rule of the grammar takes. Pure; any thread. */
#pragma once

#include "proto/base/arena.h"

#include "storage/expression/expression.h"

enum token_kind {
    TOKEN_END, /* Behind the last token; prints as <EOF>. */
    TOKEN_STRAY,
    TOKEN_NAME,
    TOKEN_NAME_PLACEHOLDER,
    TOKEN_VALUE_PLACEHOLDER,
    TOKEN_DIGITS, /* A decimal number without leading zeros. */
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_OPEN_INDEX,
    TOKEN_CLOSE_INDEX,
    TOKEN_DOT,
    TOKEN_COMMA,
    TOKEN_PLUS,
    TOKEN_MINUS,
    TOKEN_EQ,
    TOKEN_NE,
    TOKEN_LT,
    TOKEN_LE,
    TOKEN_GT,
    TOKEN_GE,
    TOKEN_AND, /* From here: keywords of conditions. */
    TOKEN_OR,
    TOKEN_NOT,
    TOKEN_BETWEEN,
    TOKEN_IN,
    TOKEN_SET, /* From here: keywords of updates. */
    TOKEN_REMOVE,
    TOKEN_ADD,
    TOKEN_DELETE,
};

struct token {
    enum token_kind kind;
    uint32_t at; /* Offset in the text. */
    uint32_t bytes;
    uint32_t occurrence; /* Placeholders: the how manieth # (or :) of the text, from 0. */
};

struct tokens {
    struct slice text; /* Borrowed. */
    struct token *list;
    uint32_t count;  /* With the TOKEN_END at the end. */
    uint32_t names;  /* Placeholders of names, each occurrence counted. */
    uint32_t values; /* Likewise. */
};

/* `text` is at most EXPRESSION_BYTES_MAX bytes: ensured. Words are keywords only in the kind of
 * expression that has them. */
void lexer_run(enum expression_kind kind,
               struct slice text,
               struct arena *arena,
               struct tokens *tokens);

static inline struct slice token_text(const struct tokens *tokens, const struct token *token)
{
    return slice_of(tokens->text.data + token->at, token->bytes);
}

/* A byte that may follow the # or : of a placeholder, or the first letter of a name. */
bool lexer_is_word(uint8_t byte);

/* Does DynamoDB refuse this word as a bare attribute name? Ignores case. */
bool reserved_word(struct slice word);
