/* Goal: the checks of operands, and their order (API reference 7.3). */
#include "fixture.h"

#include <criterion/criterion.h>

#define VALUES                                                                                     \
    "{':n':{'N':'1'},':m':{'N':'2'},':s':{'S':'a'},':z':{'S':'z'},':b':{'B':'AA=='},"              \
    "':c':{'B':'AQ=='},':t':{'BOOL':true},':0':{'NULL':true},':l':{'L':[]},':map':{'M':{}},"       \
    "':ss':{'SS':['a']},':ns':{'NS':['1']},':bs':{'BS':['AA==']}}"
#define NAMES "{'#a':'a','#b':'b','#1':'one'}"
#define C "Invalid ConditionExpression: "
#define U "Invalid UpdateExpression: "
#define NO_NAME(name)                                                                              \
    "An expression attribute name used in the document path is not defined; attribute name: " name
#define NO_VALUE(name)                                                                             \
    "An expression attribute value used in expression is not defined; attribute value: " name
#define TYPE(op, type)                                                                             \
    "Incorrect operand type for operator or function; operator or function: " op                   \
    ", operand type: " type
#define ARITY(op, count)                                                                           \
    "Incorrect number of operands for operator or function; operator or function: " op             \
    ", number of operands: " count
#define DISTINCT(op, path)                                                                         \
    "The first operand must be distinct from the remaining operands for this operator or "         \
    "function; operator: " op ", first operand: " path
#define NEEDS_PATH(op) "Operator or function requires a document path; operator or function: " op
#define UNKNOWN(name) "Invalid function name; function: " name
#define MISPLACED(name)                                                                            \
    "The function is not allowed to be used this way in an expression; function: " name
#define RESERVED(name) "Attribute name is a reserved keyword; reserved keyword: " name

static void operand_run(enum expression_kind kind, const char *const (*cases)[2], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct fixture_case one = {cases[i][0], NAMES, VALUES, "{}", cases[i][1]};
        fixture_run(kind, &one, 1);
    }
}

Test(operand, undefined_placeholders)
{
    static const char *const cases[][2] = {
        {"#x = :n", C NO_NAME("#x")},
        {"a.#x = :n", C NO_NAME("#x")},
        {"a = :x", C NO_VALUE(":x")},
        {":x = #x", C NO_VALUE(":x")},
        {"#x = :x", C NO_NAME("#x")},
        {"size(:x) = #x", C NO_VALUE(":x")},
        {"a IN (:n, :x, #x)", C NO_VALUE(":x")},
        {"a BETWEEN :n AND :x", C NO_VALUE(":x")},
        {"contains(a, :x)", C NO_VALUE(":x")},
        {"a = :n AND b = :x OR c = :y", C NO_VALUE(":x")},
        {"attribute_exists(#x)", C NO_NAME("#x")},
        {"#A = :n", C NO_NAME("#A")},
    };
    operand_run(EXPRESSION_CONDITION, cases, ARRAY_COUNT(cases));
}

Test(operand, arity_and_document_paths)
{
    static const char *const cases[][2] = {
        {"attribute_exists(a, b)", C ARITY("attribute_exists", "2")},
        {"attribute_not_exists(a, b, c)", C ARITY("attribute_not_exists", "3")},
        {"attribute_type(a)", C ARITY("attribute_type", "1")},
        {"begins_with(a)", C ARITY("begins_with", "1")},
        {"begins_with(a, :s, :s)", C ARITY("begins_with", "3")},
        {"contains(a)", C ARITY("contains", "1")},
        {"size(a, b) = :n", C ARITY("size", "2")},
        {"contains(size(a, b))", C ARITY("size", "2")},
        {"attribute_exists(:n)", C NEEDS_PATH("attribute_exists")},
        {"attribute_not_exists(:n)", C NEEDS_PATH("attribute_not_exists")},
        {"attribute_exists(size(a))", C NEEDS_PATH("attribute_exists")},
    };
    operand_run(EXPRESSION_CONDITION, cases, ARRAY_COUNT(cases));
}

Test(operand, the_first_must_differ_from_the_rest)
{
    static const char *const cases[][2] = {
        {"a = a", C DISTINCT("=", "[a]")},
        {"a <> a", C DISTINCT("<>", "[a]")},
        {"a < a", C DISTINCT("<", "[a]")},
        {"a <= a", C DISTINCT("<=", "[a]")},
        {"a > a", C DISTINCT(">", "[a]")},
        {"a >= a", C DISTINCT(">=", "[a]")},
        {"a.b[1] = a.b[1]", C DISTINCT("=", "[a, b, [1]]")},
        {"#a = a", C DISTINCT("=", "[a]")},
        {"(a) = a", C DISTINCT("=", "[a]")},
        {"a BETWEEN :n AND a", C DISTINCT("BETWEEN", "[a]")},
        {"a BETWEEN b AND b", "false"},
        {"a IN (:n, a)", C DISTINCT("IN", "[a]")},
        {"a IN (b, b)", "false"},
        {"contains(a, a)", C DISTINCT("contains", "[a]")},
        {"begins_with(a, a)", C DISTINCT("begins_with", "[a]")},
        {"attribute_type(a, a)", C DISTINCT("attribute_type", "[a]")},
        {"size(a) = size(a)", "false"},
        {"a[1] = a[2]", "false"},
        {"a.b = a", "false"},
    };
    operand_run(EXPRESSION_CONDITION, cases, ARRAY_COUNT(cases));
}

Test(operand, types_of_conditions)
{
    static const char *const cases[][2] = {
        {"a < :t", C TYPE("<", "BOOL")},
        {"a <= :0", C TYPE("<=", "NULL")},
        {"a > :l", C TYPE(">", "L")},
        {"a >= :map", C TYPE(">=", "M")},
        {":ss < a", C TYPE("<", "SS")},
        {"a < :ns", C TYPE("<", "NS")},
        {"a < :bs", C TYPE("<", "BS")},
        {"a < :b", "false"},
        {"a = :l", "false"},
        {"a <> :map", "true"},
        {"a IN (:l, :t)", "false"},
        {"a BETWEEN :t AND :n", C TYPE("BETWEEN", "BOOL")},
        {":l BETWEEN :n AND :m", C TYPE("BETWEEN", "L")},
        {"a BETWEEN :n AND :s",
         C "The BETWEEN operator requires same data type for lower and upper bounds; lower bound "
           "operand: AttributeValue: {N:1}, upper bound operand: AttributeValue: {S:a}"},
        {"a BETWEEN :m AND :n",
         C "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; "
           "lower bound operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: "
           "{N:1}"},
        {"a BETWEEN :z AND :s",
         C "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; "
           "lower bound operand: AttributeValue: {S:z}, upper bound operand: AttributeValue: "
           "{S:a}"},
        {"a BETWEEN :c AND :b",
         C "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; "
           "lower bound operand: AttributeValue: {B:AQ==}, upper bound operand: AttributeValue: "
           "{B:AA==}"},
        {"a BETWEEN size(b) AND :s", "false"},
        {"begins_with(a, :n)", C TYPE("begins_with", "N")},
        {"begins_with(:l, :s)", C TYPE("begins_with", "L")},
        {"begins_with(a, size(b))", C TYPE("begins_with", "N")},
        {"begins_with(a, :b)", "false"},
        {"size(:n) = :n", C TYPE("size", "N")},
        {"size(:t) = :n", C TYPE("size", "BOOL")},
        {"size(:0) = :n", C TYPE("size", "NULL")},
        {"size(size(a)) = :n", C TYPE("size", "N")},
        {"size(:ss) = :n", "true"},
        {"attribute_type(a, :n)", C TYPE("attribute_type", "N")},
        {"attribute_type(a, b)", C TYPE("attribute_type", "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}")},
        {"attribute_type(a, :z)", C "Invalid attribute type name found; type: z, valid types: "
                                    "{B,NULL,SS,BOOL,L,BS,N,NS,S,M}"},
        {"contains(:n, :n)", "false"},
    };
    operand_run(EXPRESSION_CONDITION, cases, ARRAY_COUNT(cases));
}

Test(operand, functions_have_their_places)
{
    static const char *const cases[][2] = {
        {"foo(a)", C UNKNOWN("foo")},
        {"foo(a) = :n", C UNKNOWN("foo")},
        {"Size(a) = :n", C UNKNOWN("Size")},
        {"ATTRIBUTE_EXISTS(a)", C UNKNOWN("ATTRIBUTE_EXISTS")},
        {"contains(a, foo(b))", C UNKNOWN("foo")},
        {"size(a)", C MISPLACED("size")},
        {"NOT size(a)", C MISPLACED("size")},
        {"size(a) AND a = :n", C MISPLACED("size")},
        {"attribute_exists(a) = :n", C MISPLACED("attribute_exists")},
        {":n = contains(a, :n)", C MISPLACED("contains")},
        {"a BETWEEN :n AND begins_with(a, :s)", C MISPLACED("begins_with")},
        {"a IN (attribute_type(a, :s))", C MISPLACED("attribute_type")},
        {"contains(a, contains(b, :n))", C MISPLACED("contains")},
        {"size(attribute_exists(a)) = :n", C MISPLACED("attribute_exists")},
        {"list_append(a, b) = :n",
         C "The function is not allowed in a condition expression; function: list_append"},
        {"a = if_not_exists(a, :n)",
         C "The function is not allowed in a condition expression; function: if_not_exists"},
        {"if_not_exists(a, :n)",
         C "The function is not allowed in a condition expression; function: if_not_exists"},
    };
    operand_run(EXPRESSION_CONDITION, cases, ARRAY_COUNT(cases));
}

Test(operand, errors_of_conditions_come_in_their_order)
{
    static const char *const cases[][2] = {
        {"((foo(size)) = size(a", C "Syntax error; token: \"<EOF>\", near: \"a\""},
        {"((foo(size))) = size(a) ", C "The expression has redundant parentheses;"},
        {"size(a) OR foo(size) = #x", C UNKNOWN("foo")},
        {"size = :x OR size(a)", C MISPLACED("size")},
        {"#x = :x OR #x = size", C RESERVED("size")},
        {"a = a OR #x = :n", C DISTINCT("=", "[a]")},
        {"a < :t OR b = :x", C TYPE("<", "BOOL")},
        {"begins_with(:n) OR b = :x", C ARITY("begins_with", "1")},
        {"begins_with(:n, :x) OR begins_with(a)", C NO_VALUE(":x")},
        {"attribute_exists(:n, :n)", C ARITY("attribute_exists", "2")},
        {"a BETWEEN a AND :t", C DISTINCT("BETWEEN", "[a]")},
        {"a BETWEEN :t AND :x", C NO_VALUE(":x")},
        {"contains(size(:n), :x)", C NO_VALUE(":x")},
        {"size(:n) < :t", C TYPE("size", "N")},
        {"b = abort AND a[9999999999] = :n", C RESERVED("abort")},
    };
    operand_run(EXPRESSION_CONDITION, cases, ARRAY_COUNT(cases));
}

#define ADD_TYPE(op, type)                                                                         \
    "Incorrect operand type for operator or function; operator: " op ", operand type: " type       \
    ", typeSet: ALLOWED_FOR_" op "_OPERAND"
#define OVERLAP(one, two)                                                                          \
    "Two document paths overlap with each other; must remove or rewrite one of these paths; path " \
    "one: " one ", path two: " two
#define CONFLICT(one, two)                                                                         \
    "Two document paths conflict with each other; must remove or rewrite one of these paths; "     \
    "path one: " one ", path two: " two

Test(operand, types_of_updates)
{
    static const char *const cases[][2] = {
        {"ADD a :s", U ADD_TYPE("ADD", "STRING")},
        {"ADD a :b", U ADD_TYPE("ADD", "BINARY")},
        {"ADD a :t", U ADD_TYPE("ADD", "BOOLEAN")},
        {"ADD a :0", U ADD_TYPE("ADD", "NULL")},
        {"ADD a :l", U ADD_TYPE("ADD", "LIST")},
        {"ADD a :map", U ADD_TYPE("ADD", "MAP")},
        {"DELETE a :n", U ADD_TYPE("DELETE", "NUMBER")},
        {"DELETE a :s", U ADD_TYPE("DELETE", "STRING")},
        {"DELETE a :l", U ADD_TYPE("DELETE", "LIST")},
        {"SET a = b + :s", U TYPE("+", "S")},
        {"SET a = :t - b", U TYPE("-", "BOOL")},
        {"SET a = list_append(b, :s)", U TYPE("list_append", "S")},
        {"SET a = list_append(:ss, b)", U TYPE("list_append", "SS")},
        {"SET a = if_not_exists(:n, :n)", U NEEDS_PATH("if_not_exists")},
        {"SET a = if_not_exists(a)", U ARITY("if_not_exists", "1")},
        {"SET a = list_append(a, b, c)", U ARITY("list_append", "3")},
        {"SET a = if_not_exists(a, list_append(:n, :l))", U TYPE("list_append", "N")},
        {"SET a = size(b)", U "The function is not allowed in an update expression; function: "
                              "size"},
        {"SET a = if_not_exists(size(b), :n)",
         U "The function is not allowed in an update expression; function: size"},
        {"SET a = attribute_exists(b)",
         U "The function is not allowed in an update expression; function: attribute_exists"},
        {"SET a = foo(b)", U UNKNOWN("foo")},
        {"SET a = IF_NOT_EXISTS(a, :n)", U UNKNOWN("IF_NOT_EXISTS")},
    };
    operand_run(EXPRESSION_UPDATE, cases, ARRAY_COUNT(cases));
}

Test(operand, targets_are_apart)
{
    static const char *const cases[][2] = {
        {"SET a = :n, a = :n", U OVERLAP("[a]", "[a]")},
        {"SET a = :n REMOVE a", U OVERLAP("[a]", "[a]")},
        {"SET a = :n, a.b = :n", U OVERLAP("[a]", "[a, b]")},
        {"SET a.b.c = :n REMOVE b, a", U OVERLAP("[a, b, c]", "[a]")},
        {"REMOVE a[1], a[1].x", U OVERLAP("[a, [1]]", "[a, [1], x]")},
        {"SET #a = :n, a = :n", U OVERLAP("[a]", "[a]")},
        {"SET a[0] = :n, a.b = :n", U CONFLICT("[a, [0]]", "[a, b]")},
        {"SET m.#1 = :n REMOVE m[2]", U CONFLICT("[m, one]", "[m, [2]]")},
        {"SET a[0] = :n, a.b = :n, c = :n, c = :n", U OVERLAP("[c]", "[c]")},
    };
    operand_run(EXPRESSION_UPDATE, cases, ARRAY_COUNT(cases));
}

Test(operand, errors_of_updates_come_in_their_order)
{
    static const char *const cases[][2] = {
        {"SET a = size(b), c = foo(d), size = :n", U UNKNOWN("foo")},
        {"SET size = :n, a = size(b)", U "The function is not allowed in an update expression; "
                                         "function: size"},
        {"SET a = :x, size = :n SET a = :n", U RESERVED("size")},
        {"SET a = :x SET #x = :n",
         U "The \"SET\" section can only be used once in an update expression;"},
        {"SET a = :x, a = #x", U NO_NAME("#x")},
        {"SET a = :x, #x = :n", U NO_NAME("#x")},
        {"SET a = :n, a = :x", U NO_VALUE(":x")},
        {"SET a = :n + :s ADD a :s", U OVERLAP("[a]", "[a]")},
        {"SET a = :n + :s ADD b :s", U ADD_TYPE("ADD", "STRING")},
        {"SET a = :n + :s, b = if_not_exists(c)", U TYPE("+", "S")},
    };
    operand_run(EXPRESSION_UPDATE, cases, ARRAY_COUNT(cases));
}
