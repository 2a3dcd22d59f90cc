/* What is wrong with a text that is well formed.
 *
 * DynamoDB reports such faults by kind and not by position: redundant parentheses, the number of
 * operators, functions that do not exist, functions in the wrong place, reserved words. The parser
 * notes the first of each kind; here the one of the highest rank becomes the error. */
#include "storage/expression/parser.h"

/* Operators and functions. Counted over the tokens, so that a text too deep to be parsed has a
 * count as well. The AND of a BETWEEN is no operator of its own, nor is the = of an assignment. */
static uint32_t parse_operators(const struct parser *parser)
{
    enum token_kind first = parser->program->kind == EXPRESSION_UPDATE ? TOKEN_NE : TOKEN_EQ;
    uint32_t operators = 0;
    uint32_t betweens = 0;
    for (uint32_t i = 0; i + 1 < parser->tokens.count; i++) {
        const struct token *token = &parser->tokens.list[i];
        bool function = token->kind == TOKEN_NAME && token[1].kind == TOKEN_OPEN;
        bool sum = token->kind == TOKEN_PLUS || token->kind == TOKEN_MINUS;
        operators += function || sum || (token->kind >= first && token->kind <= TOKEN_IN);
        betweens += token->kind == TOKEN_BETWEEN;
    }
    return operators > betweens ? operators - betweens : 0;
}

bool parse_report(const struct parser *parser)
{
    struct error *err = parser->err;
    uint32_t operators = parse_operators(parser);
    bool too_many = operators > EXPRESSION_OPERATORS_MAX;
    if (parser->redundant || (parser->too_deep && !too_many)) {
        return error_set(err, ERROR_VALIDATION, "The expression has redundant parentheses;");
    }
    if (too_many) {
        return error_set(err, ERROR_VALIDATION,
                         "The expression contains too many operators; operator count: %u",
                         operators);
    }
    ensure(!parser->too_deep);
    if (parser->in_operands > 0) {
        return error_set(err, ERROR_VALIDATION,
                         "The IN operator is provided with too many operands; number of operands: "
                         "%u",
                         parser->in_operands);
    }
    if (parser->unknown.size > 0) {
        return error_set(err, ERROR_VALIDATION, "Invalid function name; function: %.*s",
                         SLICE_ARGS(parser->unknown));
    }
    if (parser->misplaced.size > 0) {
        return error_set(err, ERROR_VALIDATION, "%s%.*s", parser->misplaced_text,
                         SLICE_ARGS(parser->misplaced));
    }
    if (parser->reserved.size > 0) {
        return error_set(err, ERROR_VALIDATION,
                         "Attribute name is a reserved keyword; reserved keyword: %.*s",
                         SLICE_ARGS(parser->reserved));
    }
    if (parser->repeated != NULL) {
        return error_set(err, ERROR_VALIDATION,
                         "The \"%s\" section can only be used once in an update expression;",
                         parser->repeated);
    }
    if (parser->index.size > 0) {
        return error_set(err, ERROR_VALIDATION,
                         "List index is not within the allowable range; index: [%.*s]",
                         SLICE_ARGS(parser->index));
    }
    if (parser->path_depth > 0) {
        return error_set(err, ERROR_VALIDATION,
                         "The document path has too many nesting levels; nesting levels: %u",
                         parser->path_depth);
    }
    return true;
}
