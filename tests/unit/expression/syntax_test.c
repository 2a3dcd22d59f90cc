/* Goal: what is and is not well formed, with the token and its neighbours in the error. */
#include "fixture.h"

#include <criterion/criterion.h>

#define VALUES "{':v':{'N':'1'},':w':{'N':'2'},':l':{'L':[]},':s':{'SS':['a']},':S':{'S':'x'}}"
#define NAMES "{'#n':'name','#1':'one','#_':'under'}"
#define C "Invalid ConditionExpression: "
#define U "Invalid UpdateExpression: "
#define SYNTAX(token, near) "Syntax error; token: \"" token "\", near: \"" near "\""
#define PARENTHESES "The expression has redundant parentheses;"

static void syntax_run(enum expression_kind kind, const char *const (*cases)[2], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct fixture_case one = {cases[i][0], NAMES, VALUES, "{}", cases[i][1]};
        fixture_run(kind, &one, 1);
    }
}

static const char *const bad_conditions[][2] = {
    {"", C "The expression can not be empty;"},
    {" ", C SYNTAX("<EOF>", "")},
    {"\t\r\n", C SYNTAX("<EOF>", "")},
    {"a", C SYNTAX("<EOF>", "a")},
    {":v", C SYNTAX("<EOF>", ":v")},
    {"a =", C SYNTAX("<EOF>", "=")},
    {"a = ", C SYNTAX("<EOF>", "= ")},
    {"= :v", C SYNTAX("=", "= :v")},
    {"a == :v", C SYNTAX("=", "== :v")},
    {"a != :v", C SYNTAX("!", "a !=")},
    {"a = 5", C SYNTAX("5", "= 5")},
    {"a = 'x'", C SYNTAX("'", "= 'x")},
    {"a = \"x\"", C SYNTAX("\"", "= \"x")},
    {"a = -1", C SYNTAX("-", "= -1")},
    {"a = :v AND", C SYNTAX("<EOF>", "AND")},
    {"a = :v OR  b", C SYNTAX("<EOF>", "b")},
    {"a = :v b = :v", C SYNTAX("b", ":v b =")},
    {"a = b = c", C SYNTAX("=", "b = c")},
    {"AND a = :v", C SYNTAX("AND", "AND a")},
    {"NOT", C SYNTAX("<EOF>", "NOT")},
    {"NOT a", C SYNTAX("<EOF>", "a")},
    {"a AND b = :v", C SYNTAX("AND", "a AND b")},
    {"(a) AND b = :v", C SYNTAX("AND", ") AND b")},
    {"a NOT IN (:v)", C SYNTAX("NOT", "a NOT IN")},
    {"a IN :v", C SYNTAX(":v", "IN :v")},
    {"a IN ()", C SYNTAX(")", "()")},
    {"a IN (:v,)", C SYNTAX(")", ",)")},
    {"a IN (:v", C SYNTAX("<EOF>", ":v")},
    {"a BETWEEN :v", C SYNTAX("<EOF>", ":v")},
    {"a BETWEEN :v, :w", C SYNTAX(",", ":v, :w")},
    {"a BETWEEN :v OR :w", C SYNTAX("OR", ":v OR :w")},
    {"a BETWEEN (:v AND :w)", C SYNTAX("AND", ":v AND :w")},
    {"(a = :v", C SYNTAX("<EOF>", ":v")},
    {"a = :v)", C SYNTAX(")", ":v)")},
    {"()", C SYNTAX(")", "()")},
    {"(a = :v) = :w", C SYNTAX("=", ") = :w")},
    {"a = (b = c)", C SYNTAX("=", "b = c")},
    {"a[0", C SYNTAX("<EOF>", "0")},
    {"a[] = :v", C SYNTAX("]", "[] =")},
    {"a[00] = :v", C SYNTAX("0", "00]")},
    {"a[-1] = :v", C SYNTAX("-", "[-1")},
    {"a[b] = :v", C SYNTAX("b", "[b]")},
    {"a[:v] = :v", C SYNTAX(":v", "[:v]")},
    {"a[1.0] = :v", C SYNTAX(".", "1.0")},
    {"a. = :v", C SYNTAX("=", ". = :v")},
    {"a..b = :v", C SYNTAX(".", "..b")},
    {".a = :v", C SYNTAX(".", ".a")},
    {"a.0 = :v", C SYNTAX("0", ".0 =")},
    {"a.:v = :v", C SYNTAX(":v", ".:v =")},
    {"_a = :v", C SYNTAX("_", "_a")},
    {"0a = :v", C SYNTAX("0", "0a")},
    {"[0] = :v", C SYNTAX("[", "[0")},
    {"# = :v", C SYNTAX("#", "# =")},
    {"a = :", C SYNTAX(":", "= :")},
    {"a-b = :v", C SYNTAX("-", "a-b")},
    {"a = :v;", C SYNTAX(";", ":v;")},
    {"h\303\251 = :v", C SYNTAX("\303\251", "h\303\251 =")},
    {"a = :v + :w", C SYNTAX("+", ":v + :w")},
    {"size() = :v", C SYNTAX(")", "() =")},
    {"size(a b) = :v", C SYNTAX("b", "a b)")},
    {"contains(a = :v)", C SYNTAX("=", "a = :v")},
    {"contains(a, b", C SYNTAX("<EOF>", "b")},
    {"in = :v", C SYNTAX("in", "in =")},
    {"a.or = :v", C SYNTAX("or", ".or =")},
    {"between(a, :v)", C SYNTAX("between", "between(")},
    {"#n (a)", C SYNTAX("(", "#n (a")},
    {"a  =   ;  b", C SYNTAX(";", "=   ;  b")},
};

Test(syntax, conditions_that_are_not_well_formed)
{
    syntax_run(EXPRESSION_CONDITION, bad_conditions, ARRAY_COUNT(bad_conditions));
}

Test(syntax, parentheses_may_not_be_doubled)
{
    static const char *const cases[][2] = {
        {"((a = :v))", C PARENTHESES},
        {"(((a = :v)))", C PARENTHESES},
        {"((a)) = :v", C PARENTHESES},
        {"a = ((:v))", C PARENTHESES},
        {"((a = :v) AND (b = :v))", "false"},
        {"((a = :v AND b = :v))", C PARENTHESES},
        {"NOT ((a = :v))", C PARENTHESES},
        {"(NOT (a = :v))", "true"},
        {"a IN ((:v))", "false"},
        {"a IN (((:v)))", C PARENTHESES},
        {"size((a)) = :v", "false"},
        {"size(((a))) = :v", C PARENTHESES},
        {"((attribute_exists(a)))", C PARENTHESES},
        {"((a = :v) AND b", C SYNTAX("<EOF>", "b")},
        {"((a = size)", C SYNTAX("<EOF>", ")")},
        {"((size = foo(b)))", C PARENTHESES},
    };
    syntax_run(EXPRESSION_CONDITION, cases, ARRAY_COUNT(cases));
}

Test(syntax, names_and_placeholders)
{
    static const char *const cases[][2] = {
        {"#n <> :v", "true"},
        {"#1 <> :v", "true"},
        {"#_ <> :v", "true"},
        {"a1_b <> :v", "true"},
        {"Set <> :v", C "Attribute name is a reserved keyword; reserved keyword: Set"},
        {"remove <> :v", "true"}, /* A keyword of updates only, and not reserved. */
        {"a<>:v", "true"},
        {"a<>:v AND(b<>:w)OR(NOT(c<>:v))", "true"},
        {"NOT(a=:v)", "true"},
        {"nota <> :v", "true"},
        {"a\n<>\r\n\t:v", "true"},
    };
    syntax_run(EXPRESSION_CONDITION, cases, ARRAY_COUNT(cases));
}

Test(syntax, updates_that_are_not_well_formed)
{
    static const char *const cases[][2] = {
        {"", U "The expression can not be empty;"},
        {" ", U SYNTAX("<EOF>", "")},
        {"a = :v", U SYNTAX("a", "a =")},
        {"SET", U SYNTAX("<EOF>", "SET")},
        {"SET a", U SYNTAX("<EOF>", "a")},
        {"SET a =", U SYNTAX("<EOF>", "=")},
        {"SET a = :v,", U SYNTAX("<EOF>", ",")},
        {"SET a = :v b = :w", U SYNTAX("b", ":v b =")},
        {"SET a := :v", U SYNTAX(":", "a :=")},
        {"SET :v = a", U SYNTAX(":v", "SET :v =")},
        {"SET a = 5", U SYNTAX("5", "= 5")},
        {"SET a = :v + :w + :v", U SYNTAX("+", ":w + :v")},
        {"SET a = (:v + :w) + :v", U SYNTAX("+", ") + :v")},
        {"SET a = :v + (:w + :v)", U SYNTAX("+", ":w + :v")},
        {"SET a = :v * :w", U SYNTAX("*", ":v * :w")},
        {"SET a = -:v", U SYNTAX("-", "= -:v")},
        {"SET a += :v", U SYNTAX("+", "a +=")},
        {"SET a = b = :v", U SYNTAX("=", "b = :v")},
        {"SET a = list_append(b + c, d)", U SYNTAX("+", "b + c")},
        {"SET (a) = :v", U SYNTAX("(", "SET (a")},
        {"SET set = :v", U SYNTAX("set", "SET set =")},
        {"REMOVE", U SYNTAX("<EOF>", "REMOVE")},
        {"REMOVE a b", U SYNTAX("b", "a b")},
        {"REMOVE a = :v", U SYNTAX("=", "a = :v")},
        {"REMOVE :v", U SYNTAX(":v", "REMOVE :v")},
        {"ADD a", U SYNTAX("<EOF>", "a")},
        {"ADD a = :v", U SYNTAX("=", "a = :v")},
        {"ADD a b", U SYNTAX("b", "a b")},
        {"ADD a (:v)", U SYNTAX("(", "a (:v")},
        {"ADD a :v :w", U SYNTAX(":w", ":v :w")},
        {"DELETE a", U SYNTAX("<EOF>", "a")},
        {"DELETE a if_not_exists(a, :s)", U SYNTAX("if_not_exists", "a if_not_exists(")},
        {"SET a = :v;", U SYNTAX(";", ":v;")},
        {"SET a = :v, REMOVE b", U SYNTAX("REMOVE", ", REMOVE b")},
        {"UPDATE a", U SYNTAX("UPDATE", "UPDATE a")},
        {"SET a = ((:v))", U PARENTHESES},
        {"SET a = ((:v + :w))", U PARENTHESES},
        {"SET a = ((:v) + (:w))", "{'a':{'N':'3'}}"},
        {"SET a = if_not_exists((a), (:v))", "{'a':{'N':'1'}}"},
        {"SET a = :v SET b = :v",
         U "The \"SET\" section can only be used once in an update expression;"},
        {"REMOVE a SET b = :v REMOVE c",
         U "The \"REMOVE\" section can only be used once in an update expression;"},
        {"ADD a :v ADD b :v",
         U "The \"ADD\" section can only be used once in an update expression;"},
        {"DELETE a :s DELETE a :s",
         U "The \"DELETE\" section can only be used once in an update expression;"},
        {"SET and = :v", U "Attribute name is a reserved keyword; reserved keyword: and"},
    };
    syntax_run(EXPRESSION_UPDATE, cases, ARRAY_COUNT(cases));
}

Test(syntax, the_error_names_the_parameter)
{
    static const struct {
        enum expression_kind kind;
        const char *expected;
    } cases[] = {
        {EXPRESSION_CONDITION, "Invalid ConditionExpression: The expression can not be empty;"},
        {EXPRESSION_FILTER, "Invalid FilterExpression: The expression can not be empty;"},
        {EXPRESSION_KEY_CONDITION,
         "Invalid KeyConditionExpression: The expression can not be empty;"},
        {EXPRESSION_PROJECTION, "Invalid ProjectionExpression: The expression can not be empty;"},
        {EXPRESSION_UPDATE, "Invalid UpdateExpression: The expression can not be empty;"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        const struct fixture_case one = {"", NULL, NULL, NULL, cases[i].expected};
        fixture_run(cases[i].kind, &one, 1);
    }
}

Test(syntax, reserved_words_are_refused_in_any_case_and_place)
{
    static const char *const words[] = {
        "ABORT",     "ABSOLUTE", "COUNT",     "CURRENT", "Data",  "date",   "Group",
        "hash",      "INDEX",    "items",     "Key",     "lEvEl", "Name",   "order",
        "PARTITION", "query",    "RANGE",     "region",  "size",  "Source", "status",
        "Table",     "time",     "timestamp", "TTL",     "type",  "Url",    "user",
        "Value",     "year",     "WITHOUT",   "ZONE",    "ABORT", "WRITE",  "WRAPPED",
    };
    static const char *const free_words[] = {"pk", "ABORTS", "ABOR",  "ZONES", "ZON",        "a",
                                             "z",  "nomen",  "size_", "id",    "ACCESSIBLE1"};
    struct fixture fixture;
    fixture_open(&fixture);
    for (size_t i = 0; i < ARRAY_COUNT(words); i++) {
        const char *text = arena_printf(&fixture.arena, "SET a.%s.b = :v", words[i]);
        const struct fixture_case one = {text, NULL, VALUES, "{}", NULL};
        cr_expect_str_eq(fixture_answer(&fixture, EXPRESSION_UPDATE, &one),
                         arena_printf(&fixture.arena,
                                      U "Attribute name is a reserved keyword; reserved keyword: "
                                        "%s",
                                      words[i]));
    }
    for (size_t i = 0; i < ARRAY_COUNT(free_words); i++) {
        const struct fixture_case one = {free_words[i], NULL, NULL, "{}", NULL};
        cr_expect_str_eq(fixture_answer(&fixture, EXPRESSION_PROJECTION, &one), "{}", "%s",
                         free_words[i]);
    }
    fixture_close(&fixture);
}
