/* The scanner: one pass, no state but the position.
 *
 * Blanks are blank, tab, carriage return and line feed. A number never has a leading zero, so "00"
 * is two tokens and `a[00]` is refused by the grammar, as DynamoDB does. */
#include "storage/expression/lexer.h"

#include <strings.h>

bool lexer_is_word(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '_';
}

static bool lexer_is_letter(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static bool lexer_is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static const struct {
    const char *word;
    enum token_kind kind;
} lexer_keywords[] = {
    {"AND", TOKEN_AND},         {"OR", TOKEN_OR},   {"NOT", TOKEN_NOT},
    {"BETWEEN", TOKEN_BETWEEN}, {"IN", TOKEN_IN},   {"SET", TOKEN_SET},
    {"REMOVE", TOKEN_REMOVE},   {"ADD", TOKEN_ADD}, {"DELETE", TOKEN_DELETE},
};

static enum token_kind lexer_keyword(enum expression_kind kind, struct slice word)
{
    if (kind == EXPRESSION_PROJECTION) {
        return TOKEN_NAME;
    }
    for (size_t i = 0; i < ARRAY_COUNT(lexer_keywords); i++) {
        bool of_update = lexer_keywords[i].kind >= TOKEN_SET;
        if (of_update == (kind == EXPRESSION_UPDATE) &&
            strlen(lexer_keywords[i].word) == word.size &&
            strncasecmp(lexer_keywords[i].word, (const char *)word.data, word.size) == 0) {
            return lexer_keywords[i].kind;
        }
    }
    return TOKEN_NAME;
}

static enum token_kind lexer_punctuation(struct slice left, uint32_t *bytes)
{
    uint8_t second = left.size > 1 ? left.data[1] : 0;
    *bytes = 1;
    switch (left.data[0]) {
    case '(':
        return TOKEN_OPEN;
    case ')':
        return TOKEN_CLOSE;
    case '[':
        return TOKEN_OPEN_INDEX;
    case ']':
        return TOKEN_CLOSE_INDEX;
    case '.':
        return TOKEN_DOT;
    case ',':
        return TOKEN_COMMA;
    case '+':
        return TOKEN_PLUS;
    case '-':
        return TOKEN_MINUS;
    case '=':
        return TOKEN_EQ;
    case '<':
        *bytes = second == '>' || second == '=' ? 2 : 1;
        return second == '>' ? TOKEN_NE : second == '=' ? TOKEN_LE : TOKEN_LT;
    case '>':
        *bytes = second == '=' ? 2 : 1;
        return second == '=' ? TOKEN_GE : TOKEN_GT;
    default:
        return TOKEN_STRAY;
    }
}

static uint32_t lexer_word_bytes(struct slice left)
{
    uint32_t bytes = 0;
    while (bytes < left.size && lexer_is_word(left.data[bytes])) {
        bytes++;
    }
    return bytes;
}

/* A stray character is one whole character of UTF-8, so that errors quote it unbroken. */
static uint32_t lexer_stray_bytes(struct slice left)
{
    uint32_t bytes = 1;
    while (bytes < left.size && (left.data[bytes] & 0xc0) == 0x80 && left.data[0] >= 0xc0) {
        bytes++;
    }
    return bytes;
}

static void lexer_take(enum expression_kind kind, struct tokens *tokens, struct token *token)
{
    struct slice left = {tokens->text.data + token->at, tokens->text.size - token->at};
    uint8_t first = left.data[0];
    struct slice rest = {left.data + 1, left.size - 1};
    if (lexer_is_letter(first)) {
        token->bytes = lexer_word_bytes(left);
        token->kind = lexer_keyword(kind, slice_of(left.data, token->bytes));
    } else if (first >= '0' && first <= '9') {
        token->kind = TOKEN_DIGITS;
        token->bytes = 1;
        while (first != '0' && token->bytes < left.size && left.data[token->bytes] >= '0' &&
               left.data[token->bytes] <= '9') {
            token->bytes++;
        }
    } else if (first == '#' && lexer_word_bytes(rest) > 0) {
        token->kind = TOKEN_NAME_PLACEHOLDER;
        token->bytes = 1 + lexer_word_bytes(rest);
        token->occurrence = tokens->names++;
    } else if (first == ':' && lexer_word_bytes(rest) > 0) {
        token->kind = TOKEN_VALUE_PLACEHOLDER;
        token->bytes = 1 + lexer_word_bytes(rest);
        token->occurrence = tokens->values++;
    } else {
        token->kind = lexer_punctuation(left, &token->bytes);
        if (token->kind == TOKEN_STRAY) {
            token->bytes = lexer_stray_bytes(left);
        }
    }
}

void lexer_run(enum expression_kind kind,
               struct slice text,
               struct arena *arena,
               struct tokens *tokens)
{
    ensure(text.size <= EXPRESSION_BYTES_MAX);
    *tokens = (struct tokens){.text = text,
                              .list = arena_zalloc(arena, text.size + 1, sizeof(struct token))};
    uint32_t at = 0;
    for (;;) {
        while (at < text.size && lexer_is_blank(text.data[at])) {
            at++;
        }
        struct token *token = &tokens->list[tokens->count++];
        token->at = at;
        if (at == text.size) {
            break;
        }
        lexer_take(kind, tokens, token);
        ensure(token->bytes > 0 && token->bytes <= text.size - at);
        at += token->bytes;
    }
    ensure(tokens->list[tokens->count - 1].kind == TOKEN_END);
}
