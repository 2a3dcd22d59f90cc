#include "storage/expression/partiql_lexer.h"

#include "proto/base/ensure.h"

struct partiql_scan {
    struct slice statement;
    struct arena *arena;
    uint32_t at;
    uint32_t line, column;
};

static bool partiql_is_letter(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_' ||
           byte == '$';
}

static bool partiql_is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static uint8_t partiql_byte(const struct partiql_scan *scan, uint32_t offset)
{
    size_t at = (size_t)scan->at + offset;
    return at < scan->statement.size ? scan->statement.data[at] : 0;
}

/* Move over `bytes`, counting lines and characters. */
static void partiql_move(struct partiql_scan *scan, uint32_t bytes)
{
    ensure(bytes <= scan->statement.size - scan->at);
    for (uint32_t i = 0; i < bytes; i++) {
        uint8_t byte = scan->statement.data[scan->at++];
        if (byte == '\n') {
            scan->line++;
            scan->column = 1;
        } else {
            scan->column += (byte & 0xc0) != 0x80;
        }
    }
}

static uint32_t partiql_line_comment(const struct partiql_scan *scan)
{
    uint32_t bytes = 2;
    while (scan->at + bytes < scan->statement.size && partiql_byte(scan, bytes) != '\n') {
        bytes++;
    }
    return bytes;
}

/* 0 when it is never closed. */
static uint32_t partiql_block_comment(const struct partiql_scan *scan)
{
    for (uint32_t bytes = 2; scan->at + bytes + 1 < scan->statement.size; bytes++) {
        if (partiql_byte(scan, bytes) == '*' && partiql_byte(scan, bytes + 1) == '/') {
            return bytes + 2;
        }
    }
    return 0;
}

static void partiql_skip_blanks(struct partiql_scan *scan)
{
    while (scan->at < scan->statement.size) {
        uint8_t first = partiql_byte(scan, 0);
        uint8_t second = partiql_byte(scan, 1);
        uint32_t bytes = 0;
        if (first == ' ' || first == '\t' || first == '\n' || first == '\r') {
            bytes = 1;
        } else if (first == '-' && second == '-') {
            bytes = partiql_line_comment(scan);
        } else if (first == '/' && second == '*') {
            bytes = partiql_block_comment(scan);
        }
        if (bytes == 0) {
            return;
        }
        partiql_move(scan, bytes);
    }
}

/* Between two quotes, a doubled one standing for itself. Returns all bytes, or 0 without an end. */
static uint32_t partiql_quoted(struct partiql_scan *scan, uint8_t quote, struct slice *text)
{
    uint32_t bytes = 1;
    uint32_t doubled = 0;
    for (;; bytes++) {
        if (scan->at + bytes >= scan->statement.size) {
            return 0;
        }
        if (partiql_byte(scan, bytes) == quote) {
            if (partiql_byte(scan, bytes + 1) != quote) {
                break;
            }
            bytes++;
            doubled++;
        }
    }
    const uint8_t *from = scan->statement.data + scan->at + 1;
    *text = slice_of(from, bytes - 1);
    if (doubled > 0) {
        uint8_t *to = arena_alloc(scan->arena, text->size - doubled);
        size_t size = 0;
        for (size_t i = 0; i < text->size; i++) {
            to[size++] = from[i];
            i += from[i] == quote;
        }
        *text = slice_of(to, size);
    }
    return bytes + 1;
}

static uint32_t partiql_digits(const struct partiql_scan *scan, uint32_t bytes)
{
    while (partiql_is_digit(partiql_byte(scan, bytes))) {
        bytes++;
    }
    return bytes;
}

/* digits [. digits] [e [+-] digits], or . digits … */
static uint32_t partiql_number(const struct partiql_scan *scan)
{
    uint32_t bytes = partiql_digits(scan, 0);
    if (partiql_byte(scan, bytes) == '.') {
        bytes = partiql_digits(scan, bytes + 1);
    }
    if ((partiql_byte(scan, bytes) | 0x20) == 'e') {
        uint8_t sign = partiql_byte(scan, bytes + 1);
        uint32_t skipped = bytes + 1 + (sign == '+' || sign == '-');
        if (partiql_is_digit(partiql_byte(scan, skipped))) {
            bytes = partiql_digits(scan, skipped);
        }
    }
    return bytes;
}

static uint32_t partiql_word(const struct partiql_scan *scan)
{
    uint32_t bytes = 1;
    while (partiql_is_letter(partiql_byte(scan, bytes)) ||
           partiql_is_digit(partiql_byte(scan, bytes))) {
        bytes++;
    }
    return bytes;
}

static enum partiql_token_kind partiql_punctuation(uint8_t first, uint8_t second, uint32_t *bytes)
{
    static const struct {
        char text[3];
        enum partiql_token_kind kind;
    } table[] = {
        {"<>", PARTIQL_TOKEN_NE},       {"!=", PARTIQL_TOKEN_NE},
        {"<=", PARTIQL_TOKEN_LE},       {">=", PARTIQL_TOKEN_GE},
        {"<<", PARTIQL_TOKEN_OPEN_BAG}, {">>", PARTIQL_TOKEN_CLOSE_BAG},
        {"||", PARTIQL_TOKEN_CONCAT},   {"<", PARTIQL_TOKEN_LT},
        {">", PARTIQL_TOKEN_GT},        {"=", PARTIQL_TOKEN_EQ},
        {"(", PARTIQL_TOKEN_OPEN},      {")", PARTIQL_TOKEN_CLOSE},
        {"[", PARTIQL_TOKEN_OPEN_LIST}, {"]", PARTIQL_TOKEN_CLOSE_LIST},
        {"{", PARTIQL_TOKEN_OPEN_MAP},  {"}", PARTIQL_TOKEN_CLOSE_MAP},
        {",", PARTIQL_TOKEN_COMMA},     {".", PARTIQL_TOKEN_DOT},
        {":", PARTIQL_TOKEN_COLON},     {";", PARTIQL_TOKEN_SEMICOLON},
        {"+", PARTIQL_TOKEN_PLUS},      {"-", PARTIQL_TOKEN_MINUS},
        {"*", PARTIQL_TOKEN_STAR},      {"/", PARTIQL_TOKEN_SLASH},
        {"%", PARTIQL_TOKEN_PERCENT},   {"?", PARTIQL_TOKEN_PARAMETER},
    };
    for (size_t i = 0; i < ARRAY_COUNT(table); i++) {
        const char *text = table[i].text;
        if (first == (uint8_t)text[0] && (text[1] == 0 || second == (uint8_t)text[1])) {
            *bytes = text[1] == 0 ? 1 : 2;
            return table[i].kind;
        }
    }
    return PARTIQL_TOKEN_STRAY;
}

/* A stray character is one whole character of UTF-8. */
static uint32_t partiql_stray(const struct partiql_scan *scan)
{
    uint32_t bytes = 1;
    while ((partiql_byte(scan, bytes) & 0xc0) == 0x80) {
        bytes++;
    }
    return bytes;
}

static uint32_t partiql_take(struct partiql_scan *scan, struct partiql_token *token)
{
    uint8_t first = partiql_byte(scan, 0);
    uint8_t second = partiql_byte(scan, 1);
    uint32_t bytes = 0;
    if (first == '\'' || first == '"') {
        bytes = partiql_quoted(scan, first, &token->text);
        token->kind = first == '"' ? PARTIQL_TOKEN_QUOTED : PARTIQL_TOKEN_STRING;
        if (bytes == 0) {
            token->kind = PARTIQL_TOKEN_STRAY;
            bytes = (uint32_t)(scan->statement.size - scan->at);
        }
    } else if (partiql_is_letter(first)) {
        token->kind = PARTIQL_TOKEN_WORD;
        bytes = partiql_word(scan);
    } else if (partiql_is_digit(first) || (first == '.' && partiql_is_digit(second))) {
        token->kind = PARTIQL_TOKEN_NUMBER;
        bytes = partiql_number(scan);
    } else {
        token->kind = partiql_punctuation(first, second, &bytes);
        bytes = token->kind == PARTIQL_TOKEN_STRAY ? partiql_stray(scan) : bytes;
    }
    if (token->text.data == NULL) {
        token->text = slice_of(scan->statement.data + scan->at, bytes);
    }
    return bytes;
}

struct partiql_token *partiql_lex(struct slice statement, struct arena *arena, uint32_t *count)
{
    ensure(statement.size < UINT32_MAX / sizeof(struct partiql_token));
    struct partiql_scan scan = {.statement = statement, .arena = arena, .line = 1, .column = 1};
    uint32_t room = (uint32_t)statement.size / 4 + 8;
    struct partiql_token *tokens = arena_zalloc(arena, room, sizeof(*tokens));
    *count = 0;
    for (;;) {
        if (*count == room) {
            struct partiql_token *grown = arena_zalloc(arena, 2 * (size_t)room, sizeof(*grown));
            memcpy(grown, tokens, room * sizeof(*tokens));
            tokens = grown;
            room *= 2;
        }
        partiql_skip_blanks(&scan);
        struct partiql_token *token = &tokens[(*count)++];
        token->line = scan.line;
        token->column = scan.column;
        if (scan.at == statement.size) {
            ensure(token->kind == PARTIQL_TOKEN_END);
            return tokens;
        }
        uint32_t bytes = partiql_take(&scan, token);
        uint32_t from = scan.at;
        ensure(bytes > 0);
        partiql_move(&scan, bytes);
        for (uint32_t i = from; i < scan.at; i++) {
            token->length += (statement.data[i] & 0xc0) != 0x80;
        }
    }
}
