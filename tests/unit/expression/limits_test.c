/* Goal: every limit of the API reference (section 6), just within and just beyond. */
#include "fixture.h"
#include "proto/base/limits.h"

#include <criterion/criterion.h>

static struct fixture fixture_of_test(void)
{
    struct fixture fixture;
    fixture_open(&fixture);
    return fixture;
}

/* `first`, then `count` times `part`, then `last`. */
static const char *
repeat(struct arena *arena, const char *first, const char *part, size_t count, const char *last)
{
    struct buffer text;
    buffer_init(&text, arena, 4096);
    buffer_append_text(&text, first);
    for (size_t i = 0; i < count; i++) {
        buffer_append_text(&text, part);
    }
    buffer_append_text(&text, last);
    buffer_append_byte(&text, 0);
    return (const char *)text.data;
}

static void check(struct fixture *fixture,
                  enum expression_kind kind,
                  const char *text,
                  const char *item,
                  const char *expected)
{
    const struct fixture_case one = {text, NULL, "{':v':{'N':'1'},':w':{'N':'2'}}", item, NULL};
    const char *answer = fixture_answer(fixture, kind, &one);
    cr_expect_str_eq(answer, expected, "%.100s…\n  wanted %s\n  got    %s", text, expected, answer);
}

Test(limits, an_expression_has_4096_bytes)
{
    struct fixture fixture = fixture_of_test();
    struct arena *arena = &fixture.arena;
    const char *most = repeat(arena, "a = :v", " ", EXPRESSION_BYTES_MAX - 6, "");
    check(&fixture, EXPRESSION_CONDITION, most, NULL, "false");
    check(&fixture, EXPRESSION_CONDITION, repeat(arena, most, " ", 1, ""), NULL,
          "Invalid ConditionExpression: Expression size has exceeded the maximum allowed size; "
          "expression size: 4097");
    check(&fixture, EXPRESSION_PROJECTION, repeat(arena, "", "(", 5000, ""), NULL,
          "Invalid ProjectionExpression: Expression size has exceeded the maximum allowed size; "
          "expression size: 5000");
    fixture_close(&fixture);
}

Test(limits, a_condition_has_300_operators)
{
    struct fixture fixture = fixture_of_test();
    struct arena *arena = &fixture.arena;
#define MANY(count)                                                                                \
    "Invalid ConditionExpression: The expression contains too many operators; operator "           \
    "count: " count
    /* Each part has two. */
    check(&fixture, EXPRESSION_CONDITION, repeat(arena, "NOT a=:v", " OR a=:v", 149, ""), NULL,
          "true");
    check(&fixture, EXPRESSION_CONDITION, repeat(arena, "a=:v", " OR a=:v", 150, ""), NULL,
          MANY("301"));
    check(&fixture, EXPRESSION_CONDITION, repeat(arena, "", "NOT ", 299, "a=:v"), NULL, "true");
    check(&fixture, EXPRESSION_CONDITION, repeat(arena, "", "NOT ", 300, "a=:v"), NULL,
          MANY("301"));
    check(&fixture, EXPRESSION_CONDITION, repeat(arena, "", "NOT ", 1000, "a=:v"), NULL,
          MANY("1001"));
    /* The AND of a BETWEEN is none of its own: 2 + 149 * 2. */
    check(&fixture, EXPRESSION_CONDITION,
          repeat(arena, "NOT a=:v", " OR a BETWEEN b AND c", 149, ""), NULL, "true");
    check(&fixture, EXPRESSION_CONDITION,
          repeat(arena, "a=:v AND NOT a=:v", " OR a BETWEEN b AND c", 149, ""), NULL, MANY("302"));
    fixture_close(&fixture);
}

Test(limits, an_update_has_300_operators_and_assignments_are_none)
{
    struct fixture fixture = fixture_of_test();
    struct buffer text;
    buffer_init(&text, &fixture.arena, 4096);
    buffer_append_text(&text, "SET a=:v");
    for (int i = 0; i < 400; i++) {
        buffer_printf(&text, ",b%d=:v", i);
    }
    buffer_append_byte(&text, 0);
    const struct fixture_case one = {(const char *)text.data, NULL, "{':v':{'N':'1'}}", "{}", ""};
    cr_expect_eq(fixture_answer(&fixture, EXPRESSION_UPDATE, &one)[0], '{');
    check(&fixture, EXPRESSION_UPDATE, repeat(&fixture.arena, "SET a=:v+:v", ",a=:v-:v", 300, ""),
          "{}",
          "Invalid UpdateExpression: The expression contains too many operators; operator count: "
          "301");
    fixture_close(&fixture);
}

Test(limits, nesting_is_bounded_and_never_overflows_the_stack)
{
    struct fixture fixture = fixture_of_test();
    struct arena *arena = &fixture.arena;
#define REDUNDANT(kind) "Invalid " kind "Expression: The expression has redundant parentheses;"
    check(&fixture, EXPRESSION_CONDITION, repeat(arena, "", "(", 4090, "a=:v"), NULL,
          REDUNDANT("Condition"));
    check(&fixture, EXPRESSION_UPDATE, repeat(arena, "SET a=", "(", 4090, ""), NULL,
          REDUNDANT("Update"));
    check(&fixture, EXPRESSION_CONDITION, repeat(arena, "a=", "(", 4000, ":v"), NULL,
          REDUNDANT("Condition"));
    check(&fixture, EXPRESSION_CONDITION, repeat(arena, "", "(NOT ", 600, "a=:v"), NULL,
          MANY("601"));
    check(&fixture, EXPRESSION_CONDITION, repeat(arena, "", "size(", 800, "a"), NULL, MANY("800"));
    check(&fixture, EXPRESSION_UPDATE, repeat(arena, "SET a=", "list_append(", 330, "a"), NULL,
          "Invalid UpdateExpression: The expression contains too many operators; operator count: "
          "330");
    const char *open = repeat(arena, "", "(NOT ", 299, "a=:v");
    check(&fixture, EXPRESSION_CONDITION, repeat(arena, open, ")", 299, ""), NULL, "true");
    const char *nested = repeat(arena, "SET a=", "if_not_exists(a,", 200, ":v");
    check(&fixture, EXPRESSION_UPDATE, repeat(arena, nested, ")", 200, ""), "{}",
          "{\"a\":{\"N\":\"1\"}}");
    fixture_close(&fixture);
}

Test(limits, in_has_100_operands)
{
    struct fixture fixture = fixture_of_test();
    struct arena *arena = &fixture.arena;
    check(&fixture, EXPRESSION_CONDITION, repeat(arena, "a IN (:v", ",:v", 99, ")"),
          "{'a':{'N':'1'}}", "true");
    check(&fixture, EXPRESSION_CONDITION, repeat(arena, "a IN (:v", ",:v", 100, ")"), NULL,
          "Invalid ConditionExpression: The IN operator is provided with too many operands; "
          "number of operands: 101");
    fixture_close(&fixture);
}

Test(limits, a_path_has_32_levels)
{
    struct fixture fixture = fixture_of_test();
    struct arena *arena = &fixture.arena;
#define LEVELS(kind)                                                                               \
    "Invalid " kind "Expression: The document path has too many nesting levels; nesting levels: "  \
    "33"
    check(&fixture, EXPRESSION_PROJECTION, repeat(arena, "a", ".b", 31, ""), "{}", "{}");
    check(&fixture, EXPRESSION_PROJECTION, repeat(arena, "a", ".b", 32, ""), "{}",
          LEVELS("Projection"));
    check(&fixture, EXPRESSION_CONDITION, repeat(arena, "a", "[0]", 31, "<>:v"), "{}", "true");
    check(&fixture, EXPRESSION_CONDITION, repeat(arena, "a", "[0]", 32, "<>:v"), "{}",
          LEVELS("Condition"));
    check(&fixture, EXPRESSION_UPDATE, repeat(arena, "REMOVE a", "[0]", 32, ", b"), "{}",
          LEVELS("Update"));
    fixture_close(&fixture);
}

Test(limits, a_list_index_has_31_bits)
{
    struct fixture fixture = fixture_of_test();
#define INDEX(index)                                                                               \
    "Invalid ConditionExpression: List index is not within the allowable range; index: [" index "]"
    check(&fixture, EXPRESSION_CONDITION, "a[2147483647] <> :v", NULL, "true");
    check(&fixture, EXPRESSION_CONDITION, "a[2147483648] <> :v", NULL, INDEX("2147483648"));
    check(&fixture, EXPRESSION_CONDITION, "a[9999999999] <> :v", NULL, INDEX("9999999999"));
    check(&fixture, EXPRESSION_CONDITION, "a[99999999999999999999999] <> :v", NULL,
          INDEX("99999999999999999999999"));
    check(&fixture, EXPRESSION_UPDATE, "SET a[2147483647] = :v", "{'a':{'L':[]}}",
          "{\"a\":{\"L\":[{\"N\":\"1\"}]}}");
    fixture_close(&fixture);
}

/* `containers` nested lists around a number, as DynamoDB JSON. */
static const char *nested_list(struct arena *arena, size_t containers)
{
    return repeat(arena, repeat(arena, "", "{'L':[", containers, "{'N':'1'}"), "]}", containers,
                  "");
}

Test(limits, an_update_may_not_nest_deeper_than_32_levels)
{
    struct fixture fixture = fixture_of_test();
    struct arena *arena = &fixture.arena;
    struct error err = {0};
    static const struct {
        const char *text;
        size_t containers; /* Around the value. */
        bool ok;
    } cases[] = {
        {"SET a = :v", 31, true},       {"SET m.x = :v", 30, true},
        {"SET m.x = :v", 31, false},    {"SET m.n.x = :v", 29, true},
        {"SET m.n.x = :v", 30, false},  {"SET m.l[0] = :v", 29, true},
        {"SET m.l[0] = :v", 30, false}, {"SET m.x = deep", 1, false},
        {"SET b = deep", 1, true},      {"SET m.l[0] = deep[0]", 1, false},
        {"SET m.x = deep[0]", 1, true},
    };
    const char *item = repeat(
        arena, "{'m':{'M':{'n':{'M':{}},'l':{'L':[]}}},'deep':", nested_list(arena, 31), 1, "}");
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        const char *error = NULL;
        struct slice updated;
        bool creates;
        const char *values =
            repeat(arena, "{':v':", nested_list(arena, cases[i].containers), 1, "}");
        struct expression *update =
            fixture_compile(&fixture, EXPRESSION_UPDATE, cases[i].text, NULL, values, &error);
        cr_assert_not_null(update, "%s", error);
        bool ok = expression_update(update, fixture_item(&fixture, item), true, arena, &updated,
                                    &creates, &err);
        cr_expect_eq(ok, cases[i].ok, "case %zu", i);
        if (!ok) {
            cr_expect_str_eq(err.text,
                             "Nesting Levels have exceeded supported limits: Attributes in the "
                             "item have nested levels beyond supported limit");
        } else {
            cr_expect(item_check(updated, &err), "case %zu: %s", i, err.text);
        }
        expression_release(update);
    }
    fixture_close(&fixture);
}

Test(limits, an_updated_item_has_400_kilobytes)
{
    struct fixture fixture = fixture_of_test();
    struct arena *arena = &fixture.arena;
    const char *error;
    struct expression *update = fixture_compile(&fixture, EXPRESSION_UPDATE, "SET a = :v, b = s",
                                                NULL, "{':v':{'S':'x'}}", &error);
    /* Names a, b and s, :v and twice s: 4 + 2 * size bytes; then one byte more in the pad. */
    for (size_t over = 0; over < 2; over++) {
        size_t size = (ITEM_BYTES_MAX - 4 - 4) / 2;
        const char *text = repeat(arena, "{'s':{'S':'", "x", size, "'},'pad':{'S':'");
        const char *item = repeat(arena, text, "y", 1 + over, "'}}");
        struct slice updated;
        struct error err = {0};
        bool creates;
        bool ok = expression_update(update, fixture_item(&fixture, item), true, arena, &updated,
                                    &creates, &err);
        cr_expect_eq(ok, over == 0);
        if (ok) {
            cr_expect_eq(item_size(updated), ITEM_BYTES_MAX);
        } else {
            cr_expect_str_eq(err.text, "Item size to update has exceeded the maximum allowed size");
        }
    }
    expression_release(update);
    fixture_close(&fixture);
}

Test(limits, an_update_that_uses_a_large_value_often_stops_before_it_has_made_much)
{
    struct fixture fixture = fixture_of_test();
    struct arena *arena = &fixture.arena;
    const char *list = repeat(arena, "{':v':{'L':[{'S':'", "x", 1 << 20, "'}]}}");
    char set[4000] = "SET a = :v";
    for (int i = 0; i < 300; i++) {
        sprintf(set + strlen(set), ",a%d=:v", i);
    }
    const char *const texts[] = {
        set,
        "SET a = list_append(:v, list_append(:v, list_append(:v, list_append(:v, :v))))",
        "SET a = list_append(list_append(:v, :v), list_append(:v, :v))",
    };
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        const char *error;
        struct expression *update =
            fixture_compile(&fixture, EXPRESSION_UPDATE, texts[i], NULL, list, &error);
        cr_assert_not_null(update, "%s", error);
        size_t before = arena_held_bytes(arena);
        struct slice updated;
        struct error err = {0};
        bool creates;
        cr_expect_not(
            expression_update(update, (struct slice){0}, false, arena, &updated, &creates, &err));
        cr_expect_str_eq(err.text, "Item size to update has exceeded the maximum allowed size");
        cr_expect_lt(arena_held_bytes(arena) - before, 4 << 20, "%s", texts[i]);
        expression_release(update);
    }
    fixture_close(&fixture);
}
