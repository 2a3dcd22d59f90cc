/* Goal: what a key condition may say, what it means, and the texts of API reference 7.6. */
#include "fixture.h"

#include <criterion/criterion.h>

#define VALUES                                                                                     \
    "{':s':{'S':'a'},':t':{'S':'b'},':n':{'N':'1'},':m':{'N':'2'},':b':{'B':'AA=='},"              \
    "':e':{'S':''},':eb':{'B':''},':l':{'L':[]}}"
#define K "Invalid KeyConditionExpression: "
#define BAD_OPERATOR(op) "Invalid operator used in KeyConditionExpression: " op
#define BAD_CONDITION "Invalid condition in KeyConditionExpression: "
#define MISSED(key) "Query condition missed key schema element: " key
#define TYPE                                                                                       \
    "One or more parameter values were invalid: Condition parameter type does not match schema "   \
    "type"
#define EMPTY(type, key)                                                                           \
    "One or more parameter values are not valid. The AttributeValue for a key attribute cannot "   \
    "contain an empty " type " value. Key: " key

#define MANY "many" /* HASH pk S, p2 N; RANGE sk S, s2 N, s3 S. */

struct key_case {
    const char *text;
    const char *sort_type; /* NULL: a table without a sort key; MANY: an index with many parts. */
    const char *expected;  /* "<partition> [<operator> <low> [<high>]]" or the error. */
};

static enum value_type key_type(const char *name)
{
    return name[0] == 'S' ? VALUE_S : name[0] == 'N' ? VALUE_N : VALUE_B;
}

static const char *key_print(struct fixture *fixture, struct value value)
{
    struct buffer text;
    buffer_init(&text, &fixture->arena, 32);
    value_write_json(&text, value);
    buffer_append_byte(&text, 0);
    return (const char *)text.data;
}

static struct key_schema key_schema_of(const struct key_case *one)
{
    if (one->sort_type != NULL && strcmp(one->sort_type, MANY) == 0) {
        return (struct key_schema){
            .partition = {{SLICE_LITERAL("pk"), VALUE_S}, {SLICE_LITERAL("p2"), VALUE_N}},
            .partition_count = 2,
            .sort = {{SLICE_LITERAL("sk"), VALUE_S},
                     {SLICE_LITERAL("s2"), VALUE_N},
                     {SLICE_LITERAL("s3"), VALUE_S}},
            .sort_count = 3,
        };
    }
    return (struct key_schema){
        .partition = {{SLICE_LITERAL("pk"), VALUE_S}},
        .partition_count = 1,
        .sort = {{SLICE_LITERAL("sk"), key_type(one->sort_type == NULL ? "S" : one->sort_type)}},
        .sort_count = one->sort_type != NULL,
    };
}

static const char *key_answer(struct fixture *fixture, const struct key_case *one)
{
    static const char *const operators[] = {
        [SORT_ANY] = "any",
        [SORT_EQ] = "=",
        [SORT_LT] = "<",
        [SORT_LE] = "<=",
        [SORT_GT] = ">",
        [SORT_GE] = ">=",
        [SORT_BETWEEN] = "between",
        [SORT_BEGINS_WITH] = "begins",
    };
    const char *error;
    struct error *err = arena_zalloc(&fixture->arena, 1, sizeof(*err));
    struct expression *expression = fixture_compile(fixture, EXPRESSION_KEY_CONDITION, one->text,
                                                    "{'#p':'pk','#s':'sk'}", VALUES, &error);
    if (expression == NULL) {
        return error;
    }
    const struct key_schema keys = key_schema_of(one);
    struct key_condition condition;
    bool ok = expression_key_condition(expression, &keys, &condition, err);
    expression_release(expression);
    if (!ok) {
        cr_expect_eq(err->code, ERROR_VALIDATION);
        return err->text;
    }
    struct buffer text;
    buffer_init(&text, &fixture->arena, 64);
    for (uint32_t i = 0; i < keys.partition_count; i++) {
        buffer_printf(&text, "%s ", key_print(fixture, condition.partition[i]));
    }
    for (uint32_t i = 0; i < condition.equal_count; i++) {
        buffer_printf(&text, "= %s ", key_print(fixture, condition.equal[i]));
    }
    buffer_append_text(&text, operators[condition.sort]);
    if (condition.sort != SORT_ANY) {
        buffer_printf(&text, " %s", key_print(fixture, condition.low));
    }
    if (condition.sort == SORT_BETWEEN) {
        buffer_printf(&text, " %s", key_print(fixture, condition.high));
    }
    buffer_append_byte(&text, 0);
    return (const char *)text.data;
}

static void key_run(const struct key_case *cases, size_t count)
{
    struct fixture fixture;
    fixture_open(&fixture);
    for (size_t i = 0; i < 2 * count; i++) { /* Again, from the cache. */
        const struct key_case *one = &cases[i % count];
        const char *answer = key_answer(&fixture, one);
        cr_expect_str_eq(answer, one->expected, "%s\n  wanted %s\n  got    %s", one->text,
                         one->expected, answer);
    }
    fixture_close(&fixture);
}

#define P "{\"S\":\"a\"} "

Test(key_condition, says_what_it_says)
{
    static const struct key_case cases[] = {
        {"pk = :s", NULL, P "any"},
        {"pk = :s", "S", P "any"},
        {":s = pk", "S", P "any"},
        {"(pk = :s)", "S", P "any"},
        {"#p = :s AND #s = :n", "N", P "= {\"N\":\"1\"}"},
        {"pk = :s AND sk < :n", "N", P "< {\"N\":\"1\"}"},
        {"pk = :s AND sk <= :n", "N", P "<= {\"N\":\"1\"}"},
        {"pk = :s AND sk > :n", "N", P "> {\"N\":\"1\"}"},
        {"pk = :s AND sk >= :n", "N", P ">= {\"N\":\"1\"}"},
        {"pk = :s AND :n < sk", "N", P "> {\"N\":\"1\"}"},
        {"pk = :s AND :n <= sk", "N", P ">= {\"N\":\"1\"}"},
        {"pk = :s AND :n > sk", "N", P "< {\"N\":\"1\"}"},
        {"pk = :s AND :n >= sk", "N", P "<= {\"N\":\"1\"}"},
        {"sk BETWEEN :n AND :m AND pk = :s", "N", P "between {\"N\":\"1\"} {\"N\":\"2\"}"},
        {"(pk = :s) AND (sk BETWEEN :n AND :n)", "N", P "between {\"N\":\"1\"} {\"N\":\"1\"}"},
        {"((pk = :s) AND (begins_with(sk, :t)))", "S", P "begins {\"S\":\"b\"}"},
        {"pk = :s AND begins_with(sk, :b)", "B", P "begins {\"B\":\"AA==\"}"},
        {"pk = (:s) AND (sk) = :t", "S", P "= {\"S\":\"b\"}"},
    };
    key_run(cases, ARRAY_COUNT(cases));
}

#define GAP(missing, named)                                                                        \
    "RANGE key attributes " missing                                                                \
    " must have equality conditions specified in the query because a condition is present on key " \
    "attribute " named

/* Equality on all of the partition, then on sort attributes from the first on; the last one named
 * may be a range. */
Test(key_condition, keys_of_many_parts)
{
    static const struct key_case cases[] = {
        {"pk = :s AND p2 = :n", MANY, P "{\"N\":\"1\"} any"},
        {"p2 = :n AND sk = :t AND pk = :s", MANY, P "{\"N\":\"1\"} = {\"S\":\"b\"}"},
        {"pk = :s AND p2 = :n AND begins_with(sk, :t)", MANY,
         P "{\"N\":\"1\"} begins {\"S\":\"b\"}"},
        {"s2 > :m AND pk = :s AND p2 = :n AND sk = :t", MANY,
         P "{\"N\":\"1\"} = {\"S\":\"b\"} > {\"N\":\"2\"}"},
        {"pk = :s AND p2 = :n AND sk = :t AND s2 = :m AND s3 = :s", MANY,
         P "{\"N\":\"1\"} = {\"S\":\"b\"} = {\"N\":\"2\"} = {\"S\":\"a\"}"},
        {"pk = :s", MANY, MISSED("p2")},
        {"p2 = :n AND sk = :t", MANY, MISSED("pk")},
        {"pk = :s AND p2 > :n", MANY, "Query key condition not supported"},
        {"pk = :s AND p2 = :t", MANY, TYPE},
        {"pk = :s AND p2 = :n AND s2 = :n", MANY, GAP("sk", "s2")},
        {"pk = :s AND p2 = :n AND s3 = :s", MANY, GAP("sk, s2", "s3")},
        {"pk = :s AND p2 = :n AND sk = :t AND s3 = :s", MANY, GAP("s2", "s3")},
        {"pk = :s AND p2 = :n AND sk > :t AND s2 = :n", MANY, GAP("sk", "s2")},
        {"pk = :s AND p2 = :n AND sk = :t AND x = :n", MANY, MISSED("s2")},
        {"pk = :s AND p2 = :n AND sk = :e", MANY, EMPTY("string", "sk")},
        {"pk = :s AND p2 = :n AND sk = :t AND s2 = :m AND s3 = :s AND x = :s", MANY,
         "The number of query conditions (6) exceeds the number of key attributes defined in the "
         "schema (5)"},
    };
    key_run(cases, ARRAY_COUNT(cases));
}

Test(key_condition, refuses_other_shapes)
{
    static const struct key_case cases[] = {
        {"pk = :s OR sk = :t", "S", BAD_OPERATOR("OR")},
        {"NOT pk = :s", "S", BAD_OPERATOR("NOT")},
        {"NOT NOT pk = :s", "S", BAD_OPERATOR("NOT")},
        {"pk <> :s", "S", BAD_OPERATOR("<>")},
        {"pk = :s AND sk IN (:t)", "S", BAD_OPERATOR("IN")},
        {"contains(pk, :s)", "S", BAD_OPERATOR("contains")},
        {"pk = :s AND attribute_exists(sk)", "S", BAD_OPERATOR("attribute_exists")},
        {"attribute_not_exists(pk)", "S", BAD_OPERATOR("attribute_not_exists")},
        {"attribute_type(pk, :x)", "S",
         K "An expression attribute value used in expression is not defined; attribute value: :x"},
        {"pk = :s AND (sk = :t OR sk = :s)", "S", BAD_OPERATOR("OR")},
        {"pk = :s AND pk = :t", "S",
         K "KeyConditionExpressions must only contain one condition per key"},
        {"pk = :s AND sk > :s AND sk < :t", "S",
         K "KeyConditionExpressions must only contain one condition per key"},
        {"pk.a = :s", "S", K "KeyConditionExpressions cannot have conditions on nested attributes"},
        {"pk = :s AND sk[0] = :s", "S",
         K "KeyConditionExpressions cannot have conditions on nested attributes"},
        {"size(pk) = :n", "S", K "KeyConditionExpressions cannot contain nested operations"},
        {"pk = sk", "S", BAD_CONDITION "Multiple attribute names used in one condition"},
        {"pk = :s AND sk BETWEEN a AND :t", "S",
         BAD_CONDITION "Multiple attribute names used in one condition"},
        {":s = :t", "S", BAD_CONDITION "No key attribute specified"},
        {"pk = :s AND begins_with(:s, sk)", "S",
         BAD_CONDITION "begins_with operator must have the key attribute as its first operand"},
        {"pk = :s AND :n BETWEEN sk AND :m", "N",
         BAD_CONDITION "BETWEEN operator must have the key attribute as its first operand"},
        {"pk = :s AND sk BETWEEN :m AND :n", "N",
         K "The BETWEEN operator requires upper bound to be greater than or equal to lower "
           "bound; lower bound operand: AttributeValue: {N:2}, upper bound operand: "
           "AttributeValue: {N:1}"},
        {"pk = :s AND begins_with(sk, :n)", "N",
         K "Incorrect operand type for operator or function; operator or function: begins_with, "
           "operand type: N"},
        {"pk = :s AND", "S", K "Syntax error; token: \"<EOF>\", near: \"AND\""},
        {"date = :s", "S", K "Attribute name is a reserved keyword; reserved keyword: date"},
    };
    key_run(cases, ARRAY_COUNT(cases));
}

Test(key_condition, must_fit_the_schema)
{
    static const struct key_case cases[] = {
        {"sk = :s", "S", MISSED("pk")},
        {"x = :s", NULL, MISSED("pk")},
        {"x = :s AND sk = :s", "S", MISSED("pk")},
        {"pk = :s AND x = :s", "S", MISSED("sk")},
        {"pk = :s AND sk = :s", NULL,
         "The number of query conditions (2) exceeds the number of key attributes defined in the "
         "schema (1)"},
        {"pk = :s AND sk = :s AND x = :s", "S",
         "The number of query conditions (3) exceeds the number of key attributes defined in the "
         "schema (2)"},
        {"pk < :s", "S", "Query key condition not supported"},
        {"begins_with(pk, :s)", "S", "Query key condition not supported"},
        {"pk BETWEEN :s AND :t", "S", "Query key condition not supported"},
        {"pk = :s AND begins_with(sk, :s)", "N", "Query key condition not supported"},
        {"pk = :n", "S", TYPE},
        {"pk = :l", "S", TYPE},
        {"pk = :s AND sk = :s", "N", TYPE},
        {"pk = :s AND sk BETWEEN :n AND :m", "S", TYPE},
        {"pk = :s AND begins_with(sk, :b)", "S", TYPE},
        {"pk = :e", "S", EMPTY("string", "pk")},
        {"pk = :s AND sk = :e", "S", EMPTY("string", "sk")},
        {"pk = :s AND sk > :eb", "B", EMPTY("binary", "sk")},
    };
    key_run(cases, ARRAY_COUNT(cases));
}
