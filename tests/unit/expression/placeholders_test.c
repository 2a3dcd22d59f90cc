/* Goal: the maps of names and values are checked, and what stays unused is reported. */
#include "fixture.h"
#include "proto/base/limits.h"

#include <criterion/criterion.h>

Test(placeholders, keys_are_well_formed)
{
    static const struct {
        const char *names;
        const char *values;
        const char *expected;
    } cases[] = {
        {NULL, NULL, NULL},
        {"{'#a':'a','#1':'b','#_x':'c'}", "{':v':{'N':'1'},':0':{'S':''}}", NULL},
        {"{'a':'a'}", NULL,
         "ExpressionAttributeNames contains invalid key: Syntax error; key: "
         "\"a\""},
        {"{'#':'a'}", NULL,
         "ExpressionAttributeNames contains invalid key: Syntax error; key: "
         "\"#\""},
        {"{'#a':'a','#a-b':'a'}", NULL,
         "ExpressionAttributeNames contains invalid key: Syntax error; key: \"#a-b\""},
        {"{':a':'a'}", NULL,
         "ExpressionAttributeNames contains invalid key: Syntax error; key: "
         "\":a\""},
        {"{'':'a'}", NULL,
         "ExpressionAttributeNames contains invalid key: Syntax error; key: "
         "\"\""},
        {"{'#a':'a'}", "{'v':{'N':'1'}}",
         "ExpressionAttributeValues contains invalid key: Syntax error; key: \"v\""},
        {NULL, "{':':{'N':'1'}}",
         "ExpressionAttributeValues contains invalid key: Syntax error; key: \":\""},
        {NULL, "{'#v':{'N':'1'}}",
         "ExpressionAttributeValues contains invalid key: Syntax error; key: \"#v\""},
        {NULL, "{': v':{'N':'1'}}",
         "ExpressionAttributeValues contains invalid key: Syntax error; key: \": v\""},
        {"{'#n':''}", NULL,
         "ExpressionAttributeNames contains invalid value: Empty attribute name for key #n"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct fixture fixture;
        struct error err = {0};
        fixture_open(&fixture);
        struct placeholders placeholders =
            fixture_placeholders(&fixture, cases[i].names, cases[i].values);
        bool ok = placeholders_check(&placeholders, &err);
        cr_expect_eq(ok, cases[i].expected == NULL, "case %zu", i);
        if (!ok && cases[i].expected != NULL) {
            cr_expect_eq(err.code, ERROR_VALIDATION);
            cr_expect_str_eq(err.text, cases[i].expected);
        }
        fixture_close(&fixture);
    }
}

static struct slice filled(struct arena *arena, uint8_t first, size_t size)
{
    uint8_t *bytes = arena_alloc(arena, size);
    memset(bytes, 'x', size);
    bytes[0] = first;
    return slice_of(bytes, size);
}

Test(placeholders, sizes_are_limited)
{
    static const struct {
        size_t key_bytes;
        size_t name_bytes;
        size_t value_bytes;
        const char *expected;
    } cases[] = {
        {PLACEHOLDER_BYTES_MAX, ATTRIBUTE_NAME_BYTES_MAX, 1, NULL},
        {PLACEHOLDER_BYTES_MAX + 1, 1, 1,
         "ExpressionAttributeNames contains invalid key: The expression attribute map contains a "
         "key that is too long; size of key: 256"},
        {2, ATTRIBUTE_NAME_BYTES_MAX + 1, 1,
         "ExpressionAttributeNames contains invalid value: Attribute name is too long, must be "
         "less than or equal to 65535 bytes for key #x"},
        {2, 1, PLACEHOLDERS_BYTES_MAX - 5, NULL},
        {2, 1, PLACEHOLDERS_BYTES_MAX - 4,
         "ExpressionAttributeNames and ExpressionAttributeValues have exceeded the maximum "
         "allowed size; size: 2097153"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct arena arena;
        struct error err = {0};
        arena_init(&arena);
        struct placeholder name = {.key = filled(&arena, '#', cases[i].key_bytes),
                                   .name = filled(&arena, 'x', cases[i].name_bytes)};
        struct placeholder value = {.key = SLICE_LITERAL(":v"),
                                    .value = {VALUE_S, filled(&arena, 'x', cases[i].value_bytes)}};
        const struct placeholders placeholders = {&name, 1, &value, 1};
        bool ok = placeholders_check(&placeholders, &err);
        cr_expect_eq(ok, cases[i].expected == NULL, "case %zu: %s", i, err.text);
        if (!ok && cases[i].expected != NULL) {
            cr_expect_str_eq(err.text, cases[i].expected);
        }
        arena_destroy(&arena);
    }
}

Test(placeholders, unused_names_come_before_unused_values)
{
    static const struct {
        const char *text;
        const char *names;
        const char *values;
        const char *expected;
    } cases[] = {
        {"#a = :v", "{'#a':'a'}", "{':v':{'N':'1'}}", NULL},
        {"#a = :v OR #a = :v", "{'#a':'a'}", "{':v':{'N':'1'}}", NULL},
        {"#a = :v", "{'#a':'a','#u':'u'}", "{':v':{'N':'1'},':u':{'N':'1'}}",
         "Value provided in ExpressionAttributeNames unused in expressions: keys: {#u}"},
        {"a = :v", "{'#u':'a','#w':'u'}", "{':v':{'N':'1'}}",
         "Value provided in ExpressionAttributeNames unused in expressions: keys: {#u, #w}"},
        {"a = :v", NULL, "{':u':{'N':'1'},':v':{'N':'1'},':w':{'N':'1'}}",
         "Value provided in ExpressionAttributeValues unused in expressions: keys: {:u, :w}"},
    };
    for (size_t i = 0; i < 2 * ARRAY_COUNT(cases); i++) { /* Again, from the cache. */
        size_t at = i % ARRAY_COUNT(cases);
        struct fixture fixture;
        struct error err = {0};
        struct expression *expression;
        fixture_open(&fixture);
        struct placeholders placeholders =
            fixture_placeholders(&fixture, cases[at].names, cases[at].values);
        cr_assert(expression_compile(fixture.cache, EXPRESSION_CONDITION,
                                     slice_text(cases[at].text), &placeholders, &fixture.arena,
                                     &expression, &err));
        bool ok = placeholders_check_unused(&placeholders, &err);
        cr_expect_eq(ok, cases[at].expected == NULL, "case %zu", at);
        if (!ok && cases[at].expected != NULL) {
            cr_expect_str_eq(err.text, cases[at].expected);
        }
        expression_release(expression);
        fixture_close(&fixture);
    }
}

Test(placeholders, a_long_list_of_unused_keys_is_cut_at_the_error)
{
    struct placeholder values[300];
    struct error err = {0};
    char keys[300][8];
    for (size_t i = 0; i < ARRAY_COUNT(values); i++) {
        snprintf(keys[i], sizeof(keys[i]), ":v%zu", i);
        values[i] = (struct placeholder){.key = slice_text(keys[i])};
    }
    const struct placeholders placeholders = {.values = values, .values_count = 300};
    cr_expect_not(placeholders_check_unused(&placeholders, &err));
    cr_expect_eq(strncmp(err.text, "Value provided in ExpressionAttributeValues unused", 50), 0);
}
