/* Expressions of PartiQL, by recursive descent:
 *
 *     or         := and ("OR" and)*            and := not ("AND" not)*        not := "NOT"* compare
 *     compare    := sum [op sum | [NOT] BETWEEN sum AND sum | [NOT] IN sum | [NOT] LIKE sum
 *                        | IS [NOT] type]
 *     sum        := product (("+" | "-" | "||") product)*    product := sign (("*" "/" "%") sign)*
 *     sign       := ("+" | "-")* step          step := primary ("." name | "[" or "]" | …)*
 *     primary    := literal | ? | name | call | (or, …) | [or, …] | <<or, …>> | {or: or, …}
 *
 * The recursion is bounded by EXPRESSION_NESTING_MAX levels of brackets. */
#include "proto/base/ensure.h"
#include "storage/expression/partiql_tree.h"
#include "storage/expression/program.h"

#include <strings.h>

bool partiql_accept(struct partiql_parser *parser, enum partiql_token_kind kind)
{
    if (partiql_peek(parser)->kind != kind) {
        return false;
    }
    ensure(kind != PARTIQL_TOKEN_END); /* Nothing is behind it. */
    parser->at++;
    return true;
}

bool partiql_is_word(const struct partiql_token *token, const char *word)
{
    return token->kind == PARTIQL_TOKEN_WORD && token->text.size == strlen(word) &&
           strncasecmp((const char *)token->text.data, word, token->text.size) == 0;
}

bool partiql_accept_word(struct partiql_parser *parser, const char *word)
{
    if (!partiql_is_word(partiql_peek(parser), word)) {
        return false;
    }
    parser->at++;
    return true;
}

bool partiql_malformed(struct partiql_parser *parser, const char *detail)
{
    return error_set(parser->err, ERROR_VALIDATION,
                     "Statement wasn't well formed, can't be processed: %s", detail);
}

bool partiql_expect(struct partiql_parser *parser, enum partiql_token_kind kind)
{
    return partiql_accept(parser, kind) || partiql_malformed(parser, "Unexpected token");
}

bool partiql_expect_word(struct partiql_parser *parser, const char *word)
{
    return partiql_accept_word(parser, word) ||
           partiql_malformed(parser, arena_printf(parser->arena, "Expected '%s'", word));
}

bool partiql_enter(struct partiql_parser *parser)
{
    return ++parser->depth <= EXPRESSION_NESTING_MAX ||
           partiql_malformed(parser, "Too many levels of nesting");
}

void partiql_leave(struct partiql_parser *parser)
{
    ensure(parser->depth > 0);
    parser->depth--;
}

static struct partiql_form *partiql_make(struct partiql_parser *parser,
                                         enum partiql_form_kind kind,
                                         const struct partiql_token *token)
{
    struct partiql_form *form = arena_zalloc(parser->arena, 1, sizeof(*form));
    form->kind = kind;
    form->token = token;
    return form;
}

static void partiql_adopt(struct partiql_form *parent, struct partiql_form *child)
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

/* or ("," or)* up to the closing token; of a struct or ":" or. An empty list is one too. */
static bool partiql_elements(struct partiql_parser *parser,
                             struct partiql_form *list,
                             enum partiql_token_kind close)
{
    if (!partiql_enter(parser)) {
        return false;
    }
    while (list->count > 0 || partiql_peek(parser)->kind != close) {
        struct partiql_form *element = partiql_form(parser);
        if (element == NULL) {
            return false;
        }
        partiql_adopt(list, element);
        if (list->kind == PARTIQL_STRUCT) {
            if (!partiql_expect(parser, PARTIQL_TOKEN_COLON)) {
                return false;
            }
            element = partiql_form(parser);
            if (element == NULL) {
                return false;
            }
            partiql_adopt(list, element);
        }
        if (!partiql_accept(parser, PARTIQL_TOKEN_COMMA)) {
            break;
        }
    }
    partiql_leave(parser);
    return partiql_expect(parser, close);
}

static struct partiql_form *partiql_brackets(struct partiql_parser *parser,
                                             enum partiql_form_kind kind,
                                             enum partiql_token_kind close)
{
    struct partiql_form *list = partiql_make(parser, kind, partiql_peek(parser));
    parser->at++;
    return partiql_elements(parser, list, close) ? list : NULL;
}

static struct partiql_form *partiql_subselect(struct partiql_parser *parser)
{
    struct partiql_form *form = partiql_make(parser, PARTIQL_SUBSELECT, partiql_peek(parser));
    parser->at++;
    return partiql_skip_select(parser) ? form : NULL;
}

/* What stands in parentheses: one expression, several (a list), or a SELECT. */
static struct partiql_form *partiql_parentheses(struct partiql_parser *parser)
{
    const struct partiql_token *open = partiql_peek(parser);
    struct partiql_form *form;
    if (!partiql_expect(parser, PARTIQL_TOKEN_OPEN) || !partiql_enter(parser)) {
        return NULL;
    }
    if (partiql_is_word(partiql_peek(parser), "SELECT")) {
        form = partiql_subselect(parser);
    } else {
        form = partiql_form(parser);
    }
    if (form == NULL) {
        return NULL;
    }
    if (partiql_peek(parser)->kind == PARTIQL_TOKEN_COMMA) {
        struct partiql_form *list = partiql_make(parser, PARTIQL_LIST, open);
        partiql_adopt(list, form);
        while (partiql_accept(parser, PARTIQL_TOKEN_COMMA)) {
            form = partiql_form(parser);
            if (form == NULL) {
                return NULL;
            }
            partiql_adopt(list, form);
        }
        form = list;
    }
    partiql_leave(parser);
    return partiql_expect(parser, PARTIQL_TOKEN_CLOSE) ? form : NULL;
}

static struct partiql_form *partiql_call(struct partiql_parser *parser)
{
    struct partiql_form *call = partiql_make(parser, PARTIQL_CALL, partiql_peek(parser));
    parser->at += 2; /* The name and its parenthesis. */
    if (partiql_is_word(call->token, "COUNT") && partiql_accept(parser, PARTIQL_TOKEN_STAR)) {
        return partiql_expect(parser, PARTIQL_TOKEN_CLOSE) ? call : NULL;
    }
    if (partiql_is_word(partiql_peek(parser), "SELECT")) {
        struct partiql_form *inner = partiql_subselect(parser);
        if (inner == NULL) {
            return NULL;
        }
        partiql_adopt(call, inner);
        return partiql_expect(parser, PARTIQL_TOKEN_CLOSE) ? call : NULL;
    }
    return partiql_elements(parser, call, PARTIQL_TOKEN_CLOSE) ? call : NULL;
}

/* Keywords that may be called like a function. */
static bool partiql_is_callable(const struct partiql_token *token)
{
    static const char *const words[] = {
        "AVG",         "BIT_LENGTH",   "CHARACTER_LENGTH",
        "CHAR_LENGTH", "COALESCE",     "COUNT",
        "DATE_ADD",    "DATE_DIFF",    "EXISTS",
        "LOWER",       "MAX",          "MIN",
        "NULLIF",      "OCTET_LENGTH", "SIZE",
        "SUM",         "TRIM",         "UPPER",
    };
    if (!partiql_is_keyword(token->text)) {
        return true;
    }
    for (size_t i = 0; i < ARRAY_COUNT(words); i++) {
        if (partiql_is_word(token, words[i])) {
            return true;
        }
    }
    return false;
}

static struct partiql_form *partiql_word_form(struct partiql_parser *parser)
{
    static const struct {
        const char *word;
        enum partiql_form_kind kind;
    } literals[] = {{"TRUE", PARTIQL_TRUE},
                    {"FALSE", PARTIQL_FALSE},
                    {"NULL", PARTIQL_NULL},
                    {"MISSING", PARTIQL_MISSING}};
    const struct partiql_token *token = partiql_peek(parser);
    if (token[1].kind == PARTIQL_TOKEN_OPEN && partiql_is_callable(token)) {
        return partiql_call(parser);
    }
    for (size_t i = 0; i < ARRAY_COUNT(literals); i++) {
        if (partiql_accept_word(parser, literals[i].word)) {
            return partiql_make(parser, literals[i].kind, token);
        }
    }
    if (partiql_is_keyword(token->text)) {
        partiql_malformed(parser, "Unexpected term");
        return NULL;
    }
    parser->at++;
    return partiql_make(parser, PARTIQL_NAME, token);
}

static struct partiql_form *partiql_primary(struct partiql_parser *parser)
{
    const struct partiql_token *token = partiql_peek(parser);
    struct partiql_form *form;
    switch ((int)token->kind) {
    case PARTIQL_TOKEN_WORD:
        return partiql_word_form(parser);
    case PARTIQL_TOKEN_QUOTED:
        parser->at++;
        return partiql_make(parser, PARTIQL_NAME, token);
    case PARTIQL_TOKEN_STRING:
        parser->at++;
        return partiql_make(parser, PARTIQL_TEXT, token);
    case PARTIQL_TOKEN_NUMBER:
        parser->at++;
        return partiql_make(parser, PARTIQL_NUMBER, token);
    case PARTIQL_TOKEN_PARAMETER:
        parser->at++;
        form = partiql_make(parser, PARTIQL_PLACEHOLDER, token);
        form->ordinal = parser->placeholders++;
        return form;
    case PARTIQL_TOKEN_OPEN:
        return partiql_parentheses(parser);
    case PARTIQL_TOKEN_OPEN_LIST:
        return partiql_brackets(parser, PARTIQL_LIST, PARTIQL_TOKEN_CLOSE_LIST);
    case PARTIQL_TOKEN_OPEN_BAG:
        return partiql_brackets(parser, PARTIQL_BAG, PARTIQL_TOKEN_CLOSE_BAG);
    case PARTIQL_TOKEN_OPEN_MAP:
        return partiql_brackets(parser, PARTIQL_STRUCT, PARTIQL_TOKEN_CLOSE_MAP);
    default:
        partiql_malformed(parser, "Unexpected term");
        return NULL;
    }
}

static struct partiql_form *partiql_dot_step(struct partiql_parser *parser)
{
    const struct partiql_token *token = partiql_peek(parser);
    if (partiql_accept(parser, PARTIQL_TOKEN_STAR)) {
        return partiql_make(parser, PARTIQL_UNPIVOT, token);
    }
    bool name = token->kind == PARTIQL_TOKEN_QUOTED ||
                (token->kind == PARTIQL_TOKEN_WORD && !partiql_is_keyword(token->text));
    if (!name) {
        partiql_malformed(parser, "Unexpected path component");
        return NULL;
    }
    parser->at++;
    return partiql_make(parser, PARTIQL_TEXT, token);
}

static struct partiql_form *partiql_index_step(struct partiql_parser *parser)
{
    const struct partiql_token *token = partiql_peek(parser);
    struct partiql_form *step = NULL;
    if (!partiql_enter(parser)) {
        return NULL;
    }
    if (partiql_accept(parser, PARTIQL_TOKEN_STAR)) {
        step = partiql_make(parser, PARTIQL_WILDCARD, token);
    } else {
        step = partiql_form(parser);
    }
    partiql_leave(parser);
    return step != NULL && partiql_expect(parser, PARTIQL_TOKEN_CLOSE_LIST) ? step : NULL;
}

struct partiql_form *partiql_form_path(struct partiql_parser *parser)
{
    struct partiql_form *first = partiql_primary(parser);
    struct partiql_form *path = NULL;
    while (first != NULL) {
        struct partiql_form *step;
        if (partiql_accept(parser, PARTIQL_TOKEN_DOT)) {
            step = partiql_dot_step(parser);
        } else if (partiql_accept(parser, PARTIQL_TOKEN_OPEN_LIST)) {
            step = partiql_index_step(parser);
        } else {
            break;
        }
        if (step == NULL) {
            return NULL;
        }
        if (path == NULL) {
            path = partiql_make(parser, PARTIQL_PATH, first->token);
            partiql_adopt(path, first);
        }
        partiql_adopt(path, step);
    }
    return path == NULL ? first : path;
}

static struct partiql_form *partiql_sign(struct partiql_parser *parser)
{
    const struct partiql_token *token = partiql_peek(parser);
    if (token->kind != PARTIQL_TOKEN_PLUS && token->kind != PARTIQL_TOKEN_MINUS) {
        return partiql_form_path(parser);
    }
    parser->at++;
    if (!partiql_enter(parser)) {
        return NULL;
    }
    struct partiql_form *operand = partiql_sign(parser);
    if (operand == NULL) {
        return NULL;
    }
    partiql_leave(parser);
    struct partiql_form *form = partiql_make(parser, PARTIQL_OPERATOR, token);
    partiql_adopt(form, operand);
    return form;
}

/* part (op part)*, from left to right. A product when `products`, else a sum. */
static struct partiql_form *partiql_chain(struct partiql_parser *parser, bool products)
{
    struct partiql_form *left = products ? partiql_sign(parser) : partiql_chain(parser, true);
    while (left != NULL) {
        const struct partiql_token *token = partiql_peek(parser);
        bool product = token->kind == PARTIQL_TOKEN_STAR || token->kind == PARTIQL_TOKEN_SLASH ||
                       token->kind == PARTIQL_TOKEN_PERCENT;
        bool sum = token->kind == PARTIQL_TOKEN_PLUS || token->kind == PARTIQL_TOKEN_MINUS ||
                   token->kind == PARTIQL_TOKEN_CONCAT;
        if (products ? !product : !sum) {
            break;
        }
        parser->at++;
        if (!partiql_enter(parser)) { /* A long chain is as deep as it is long. */
            return NULL;
        }
        struct partiql_form *right = products ? partiql_sign(parser) : partiql_chain(parser, true);
        if (right == NULL) {
            return NULL;
        }
        struct partiql_form *form = partiql_make(parser, PARTIQL_OPERATOR, token);
        partiql_adopt(form, left);
        partiql_adopt(form, right);
        left = form;
    }
    return left;
}

static struct partiql_form *partiql_sum(struct partiql_parser *parser)
{
    uint32_t depth = parser->depth;
    struct partiql_form *form = partiql_chain(parser, false);
    parser->depth = form != NULL ? depth : parser->depth;
    return form;
}

static bool partiql_is_type(const struct partiql_token *token)
{
    static const char *const types[] = {
        "MISSING", "NULL",   "BOOL",    "BOOLEAN",   "BLOB",  "CLOB", "STRING", "SYMBOL",
        "NUMERIC", "INT",    "INTEGER", "SMALLINT",  "FLOAT", "REAL", "DOUBLE", "DECIMAL",
        "DEC",     "STRUCT", "TUPLE",   "LIST",      "SEXP",  "BAG",  "CHAR",   "CHARACTER",
        "VARCHAR", "DATE",   "TIME",    "TIMESTAMP", "ANY",
    };
    for (size_t i = 0; i < ARRAY_COUNT(types); i++) {
        if (partiql_is_word(token, types[i])) {
            return true;
        }
    }
    return false;
}

/* IS [NOT] type, behind its operand. */
static struct partiql_form *partiql_is(struct partiql_parser *parser, struct partiql_form *left)
{
    struct partiql_form *form = partiql_make(parser, PARTIQL_IS, partiql_peek(parser));
    parser->at++;
    form->negated = partiql_accept_word(parser, "NOT");
    form->type = partiql_peek(parser);
    if (!partiql_is_type(form->type)) {
        partiql_malformed(parser, "Expected type name");
        return NULL;
    }
    parser->at++;
    partiql_adopt(form, left);
    return form;
}

static struct partiql_form *partiql_between(struct partiql_parser *parser,
                                            struct partiql_form *form)
{
    for (int bound = 0; bound < 2; bound++) {
        struct partiql_form *operand = partiql_sum(parser);
        if (operand == NULL || (bound == 0 && !partiql_expect_word(parser, "AND"))) {
            return NULL;
        }
        partiql_adopt(form, operand);
    }
    return form;
}

static struct partiql_form *partiql_in_list(struct partiql_parser *parser)
{
    const struct partiql_token *open = partiql_peek(parser);
    if (open->kind != PARTIQL_TOKEN_OPEN) {
        return partiql_sum(parser);
    }
    struct partiql_form *inner = partiql_parentheses(parser);
    if (inner != NULL && (inner->kind != PARTIQL_LIST || inner->token != open)) {
        struct partiql_form *list = partiql_make(parser, PARTIQL_LIST, open); /* Of one. */
        partiql_adopt(list, inner);
        return list;
    }
    return inner;
}

/* [NOT] BETWEEN, IN, LIKE, behind their first operand. */
static struct partiql_form *
partiql_predicate(struct partiql_parser *parser, struct partiql_form *left, bool negated)
{
    const struct partiql_token *token = partiql_peek(parser);
    enum partiql_form_kind kind = PARTIQL_OPERATOR;
    if (partiql_accept_word(parser, "BETWEEN")) {
        kind = PARTIQL_BETWEEN;
    } else if (partiql_accept_word(parser, "IN")) {
        kind = PARTIQL_IN;
    } else if (!partiql_accept_word(parser, "LIKE")) {
        partiql_malformed(parser, "Unexpected token after expression");
        return NULL;
    }
    struct partiql_form *form = partiql_make(parser, kind, token);
    form->negated = negated;
    partiql_adopt(form, left);
    if (kind == PARTIQL_BETWEEN) {
        return partiql_between(parser, form);
    }
    struct partiql_form *right = kind == PARTIQL_IN ? partiql_in_list(parser) : partiql_sum(parser);
    if (right == NULL) {
        return NULL;
    }
    partiql_adopt(form, right);
    return form;
}

static struct partiql_form *partiql_compare(struct partiql_parser *parser)
{
    struct partiql_form *left = partiql_sum(parser);
    while (left != NULL) {
        const struct partiql_token *token = partiql_peek(parser);
        if (token->kind >= PARTIQL_TOKEN_EQ && token->kind <= PARTIQL_TOKEN_GE) {
            parser->at++;
            struct partiql_form *right = partiql_sum(parser);
            if (right == NULL) {
                return NULL;
            }
            struct partiql_form *form = partiql_make(parser, PARTIQL_COMPARE, token);
            partiql_adopt(form, left);
            partiql_adopt(form, right);
            left = form;
        } else if (partiql_is_word(token, "IS")) {
            left = partiql_is(parser, left);
        } else if (partiql_is_word(token, "NOT")) {
            parser->at++;
            left = partiql_predicate(parser, left, true);
        } else if (partiql_is_word(token, "BETWEEN") || partiql_is_word(token, "IN") ||
                   partiql_is_word(token, "LIKE")) {
            left = partiql_predicate(parser, left, false);
        } else {
            break;
        }
        /* Each one more is a level deeper. */
        if (left != NULL && !partiql_enter(parser)) {
            return NULL;
        }
    }
    return left;
}

static struct partiql_form *partiql_not(struct partiql_parser *parser)
{
    const struct partiql_token *token = partiql_peek(parser);
    uint32_t depth = parser->depth;
    uint32_t nots = 0;
    while (partiql_accept_word(parser, "NOT")) {
        nots++;
    }
    struct partiql_form *inner = partiql_compare(parser);
    if (inner == NULL) {
        return NULL;
    }
    parser->depth = depth;
    if (nots == 0) {
        return inner;
    }
    struct partiql_form *form = partiql_make(parser, PARTIQL_NOT, token);
    form->negated = nots % 2 == 1;
    partiql_adopt(form, inner);
    return form;
}

static struct partiql_form *partiql_junction(struct partiql_parser *parser, bool either)
{
    struct partiql_form *first = either ? partiql_junction(parser, false) : partiql_not(parser);
    const char *word = either ? "OR" : "AND";
    struct partiql_form *chain = NULL;
    while (first != NULL && partiql_is_word(partiql_peek(parser), word)) {
        if (chain == NULL) {
            chain = partiql_make(parser, either ? PARTIQL_OR : PARTIQL_AND, partiql_peek(parser));
            partiql_adopt(chain, first);
        }
        parser->at++;
        struct partiql_form *next = either ? partiql_junction(parser, false) : partiql_not(parser);
        if (next == NULL) {
            return NULL;
        }
        partiql_adopt(chain, next);
    }
    return chain == NULL ? first : chain;
}

struct partiql_form *partiql_form(struct partiql_parser *parser)
{
    return partiql_junction(parser, true);
}
