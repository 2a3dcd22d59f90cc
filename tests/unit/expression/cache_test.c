/* Goal: programs are shared by kind, text and names, survive while used, and the least recently
 * used goes first. Method: sharing shows in the cache's counts; answers show that values and names
 * never leak from one request into another. */
#include "fixture.h"

#include <criterion/criterion.h>

static struct expression *compile(struct expression_cache *cache,
                                  struct arena *arena,
                                  enum expression_kind kind,
                                  const char *text,
                                  const char *name,
                                  const char *value)
{
    struct placeholder names[] = {{.key = SLICE_LITERAL("#n"), .name = slice_text(name)},
                                  {.key = SLICE_LITERAL("#other"), .name = slice_text("other")}};
    struct placeholder values[] = {
        {.key = SLICE_LITERAL(":v"), .value = {VALUE_S, slice_text(value)}}};
    struct placeholders placeholders = {names, 2, values, 1};
    struct expression *expression;
    struct error err = {0};
    cr_assert(
        expression_compile(cache, kind, slice_text(text), &placeholders, arena, &expression, &err),
        "%s", err.text);
    return expression;
}

Test(cache, one_program_serves_requests_that_differ_in_values)
{
    struct fixture fixture;
    fixture_open(&fixture);
    struct arena *arena = &fixture.arena;
    struct expression *a =
        compile(fixture.cache, arena, EXPRESSION_CONDITION, "#n = :v", "x", "one");
    struct expression *b =
        compile(fixture.cache, arena, EXPRESSION_CONDITION, "#n = :v", "x", "two");
    cr_expect_eq(expression_cache_counts(fixture.cache).hits, 1);
    cr_expect_eq(expression_cache_counts(fixture.cache).programs, 1);
    struct slice item = fixture_item(&fixture, "{'x':{'S':'two'},'y':{'S':'one'}}");
    cr_expect_not(expression_test(a, item));
    cr_expect(expression_test(b, item));
    expression_release(a);
    cr_expect(expression_test(b, item));
    expression_release(b);
    expression_release(NULL);
    fixture_close(&fixture);
}

Test(cache, names_kinds_and_texts_tell_programs_apart)
{
    struct fixture fixture;
    fixture_open(&fixture);
    struct arena *arena = &fixture.arena;
    struct slice item = fixture_item(&fixture, "{'x':{'S':'one'},'y':{'S':'two'}}");
    struct expression *all[] = {
        compile(fixture.cache, arena, EXPRESSION_CONDITION, "#n = :v", "x", "one"),
        compile(fixture.cache, arena, EXPRESSION_CONDITION, "#n = :v", "y", "two"),
        compile(fixture.cache, arena, EXPRESSION_FILTER, "#n = :v", "x", "one"),
        compile(fixture.cache, arena, EXPRESSION_CONDITION, "#n  = :v", "x", "one"),
        compile(fixture.cache, arena, EXPRESSION_CONDITION, "#n = :v ", "x", "one"),
    };
    cr_expect_eq(expression_cache_counts(fixture.cache).hits, 0);
    cr_expect_eq(expression_cache_counts(fixture.cache).programs, ARRAY_COUNT(all));
    for (size_t i = 0; i < ARRAY_COUNT(all); i++) {
        cr_expect(expression_test(all[i], item), "expression %zu", i);
    }
    for (size_t i = 0; i < ARRAY_COUNT(all); i++) {
        expression_release(all[i]);
    }
    fixture_close(&fixture);
}

Test(cache, the_least_recently_used_program_goes_first)
{
    struct arena arena;
    arena_init(&arena);
    struct expression_cache *cache = expression_cache_open(2);
    struct expression *a = compile(cache, &arena, EXPRESSION_CONDITION, "a = :v", "x", "1");
    struct expression *b = compile(cache, &arena, EXPRESSION_CONDITION, "b = :v", "x", "1");
    struct expression *again = compile(cache, &arena, EXPRESSION_CONDITION, "a = :v", "x", "1");
    cr_expect_eq(expression_cache_counts(cache).hits, 1);
    expression_release(again);
    struct expression *c = compile(cache, &arena, EXPRESSION_CONDITION, "c = :v", "x", "1");
    again = compile(cache, &arena, EXPRESSION_CONDITION, "a = :v", "x", "1");
    cr_expect_eq(expression_cache_counts(cache).hits, 2, "a was used after b");
    expression_release(again);
    again = compile(cache, &arena, EXPRESSION_CONDITION, "b = :v", "x", "1");
    cr_expect_eq(expression_cache_counts(cache).hits, 2, "b had to go");
    cr_expect_eq(expression_cache_counts(cache).programs, 2);
    expression_release(again);
    /* What fell out still works, and so does everything once the cache is gone. */
    cr_expect_not(expression_test(b, (struct slice){0}));
    expression_cache_close(cache);
    cr_expect_not(expression_test(a, (struct slice){0}));
    cr_expect_not(expression_test(c, (struct slice){0}));
    expression_release(a);
    expression_release(b);
    expression_release(c);
    arena_destroy(&arena);
}

Test(cache, a_cache_of_one_program_works)
{
    struct arena arena;
    arena_init(&arena);
    struct expression_cache *cache = expression_cache_open(1);
    for (int i = 0; i < 100; i++) {
        char text[32];
        snprintf(text, sizeof(text), "a%d <> :v", i % 7);
        struct expression *one = compile(cache, &arena, EXPRESSION_CONDITION, text, "x", "1");
        cr_expect(expression_test(one, (struct slice){0}));
        expression_release(one);
    }
    expression_cache_close(cache);
    expression_cache_close(NULL);
    arena_destroy(&arena);
}

static char *long_name(size_t size, char first)
{
    char *name = malloc(size + 1);
    memset(name, 'n', size);
    name[0] = first;
    name[size] = 0;
    return name;
}

Test(cache, programs_have_a_limit_on_their_bytes_too)
{
    struct arena arena;
    arena_init(&arena);
    struct expression_cache *cache = expression_cache_open(1024);
    for (int i = 0; i < 90; i++) {
        char *name = long_name(200 << 10, (char)('!' + i));
        struct expression *one =
            compile(cache, &arena, EXPRESSION_CONDITION, "#n <> :v", name, "1");
        cr_expect(expression_test(one, (struct slice){0}));
        expression_release(one);
        free(name);
        arena_clear(&arena);
        cr_assert_leq(expression_cache_counts(cache).bytes, EXPRESSION_CACHE_BYTES_MAX);
    }
    cr_expect_gt(expression_cache_counts(cache).programs, 40, "the newest stay");
    cr_expect_lt(expression_cache_counts(cache).programs, 70);
    expression_cache_close(cache);
    arena_destroy(&arena);
}

Test(cache, a_program_that_is_too_large_to_keep_works)
{
    struct arena arena;
    arena_init(&arena);
    struct expression_cache *cache = expression_cache_open(4);
    char *name = long_name(EXPRESSION_CACHED_BYTES_MAX, 'x');
    for (int i = 0; i < 2; i++) {
        struct expression *one =
            compile(cache, &arena, EXPRESSION_CONDITION, "#n <> :v", name, "1");
        cr_expect(expression_test(one, (struct slice){0}));
        expression_release(one);
    }
    cr_expect_eq(expression_cache_counts(cache).programs, 0);
    cr_expect_eq(expression_cache_counts(cache).hits, 0);
    free(name);
    expression_cache_close(cache);
    arena_destroy(&arena);
}

Test(cache, a_long_name_is_held_once_however_often_a_text_has_it)
{
    struct arena arena;
    arena_init(&arena);
    struct expression_cache *cache = expression_cache_open(4);
    char *name = long_name(60000, 'x');
    struct expression *one = compile(cache, &arena, EXPRESSION_CONDITION,
                                     "#n.#n.#n.#n.#n.#n.#n.#n.#n.#n <> :v", name, "1");
    cr_expect_eq(expression_cache_counts(cache).programs, 1);
    cr_expect_lt(expression_cache_counts(cache).bytes, 5 * 60000);
    cr_expect(expression_test(one, (struct slice){0}));
    expression_release(one);
    free(name);
    expression_cache_close(cache);
    arena_destroy(&arena);
}

Test(cache, many_texts_and_names_stay_apart)
{
    struct fixture fixture;
    fixture_open(&fixture);
    struct expression_cache *cache = expression_cache_open(50);
    for (int i = 0; i < 2000; i++) {
        int which = (i * 7919) % 120;
        char name[16];
        char value[16];
        snprintf(name, sizeof(name), "n%d", which);
        snprintf(value, sizeof(value), "v%d", which);
        struct arena arena;
        arena_init(&arena);
        struct expression *one =
            compile(cache, &arena, EXPRESSION_CONDITION, "#n = :v", name, value);
        struct member member = {slice_text(name), {VALUE_S, slice_text(value)}};
        cr_expect(expression_test(one, value_make_map(&arena, &member, 1).payload));
        cr_expect_not(expression_test(one, (struct slice){0}));
        expression_release(one);
        arena_destroy(&arena);
    }
    expression_cache_close(cache);
    fixture_close(&fixture);
}

Test(cache, a_refused_text_is_not_kept_and_a_refused_value_does_no_harm)
{
    static const struct fixture_case cases[] = {
        {"a < :v", NULL, "{':v':{'BOOL':true}}", "{}",
         "Invalid ConditionExpression: Incorrect operand type for operator or function; operator "
         "or function: <, operand type: BOOL"},
        {"a < :v", NULL, "{':v':{'N':'1'}}", "{'a':{'N':'0'}}", "true"},
        {"a < :v", NULL, "{':v':{'BOOL':true}}", "{}",
         "Invalid ConditionExpression: Incorrect operand type for operator or function; operator "
         "or function: <, operand type: BOOL"},
        {"a < :v", NULL, NULL, "{}",
         "Invalid ConditionExpression: An expression attribute value used in expression is not "
         "defined; attribute value: :v"},
        {"#a < :v", NULL, "{':v':{'N':'1'}}", "{}",
         "Invalid ConditionExpression: An expression attribute name used in the document path is "
         "not defined; attribute name: #a"},
        {"#a < :v", "{'#a':'a'}", "{':v':{'N':'1'}}", "{'a':{'N':'0'}}", "true"},
        {"#a < :v", NULL, "{':v':{'N':'1'}}", "{}",
         "Invalid ConditionExpression: An expression attribute name used in the document path is "
         "not defined; attribute name: #a"},
    };
    fixture_run(EXPRESSION_CONDITION, cases, ARRAY_COUNT(cases));
}

Test(cache, many_placeholders_are_found_through_an_index)
{
    enum { COUNT = 500 };
    struct fixture fixture;
    struct buffer text;
    fixture_open(&fixture);
    struct arena *arena = &fixture.arena;
    struct placeholder *names = arena_zalloc(arena, COUNT, sizeof(*names));
    struct placeholder *values = arena_zalloc(arena, COUNT, sizeof(*values));
    struct member *members = arena_zalloc(arena, COUNT, sizeof(*members));
    buffer_init(&text, arena, 4096);
    for (int i = 0; i < COUNT; i++) {
        names[i].key = slice_text(arena_printf(arena, "#n%d", i));
        names[i].name = slice_text(arena_printf(arena, "name%d", i));
        values[i].key = slice_text(arena_printf(arena, ":v%d", i));
        values[i].value = (struct value){VALUE_S, names[i].key};
        members[i] = (struct member){names[i].name, values[i].value};
        if (i % 5 == 0) {
            buffer_printf(&text, "%s#n%d = :v%d", i > 0 ? " AND " : "", i, i);
        }
    }
    struct placeholders placeholders = {names, COUNT, values, COUNT};
    struct slice item = value_make_map(arena, members, COUNT).payload;
    for (int round = 0; round < 2; round++) {
        struct expression *expression;
        struct error err = {0};
        cr_assert(expression_compile(fixture.cache, EXPRESSION_FILTER, buffer_slice(&text),
                                     &placeholders, arena, &expression, &err),
                  "%s", err.text);
        cr_expect(expression_test(expression, item));
        cr_expect(names[495].used && values[495].used && !names[496].used && !values[496].used);
        expression_release(expression);
    }
    fixture_close(&fixture);
}

struct visit {
    char text[256];
    int left;
};

static bool visit_path(void *context, const struct expression_path *path)
{
    struct visit *visit = context;
    size_t at = strlen(visit->text);
    snprintf(visit->text + at, sizeof(visit->text) - at, "%.*s%s ", SLICE_ARGS(path->head),
             path->nested ? "+" : "");
    return --visit->left > 0;
}

Test(cache, visitors_see_paths_and_of_updates_the_targets)
{
    static const struct {
        enum expression_kind kind;
        const char *text;
        int stop;
        const char *expected;
    } cases[] = {
        {EXPRESSION_CONDITION, "a.b = :v AND size(c) > d[0] OR NOT #n IN (e, :v)", 99,
         "a+ c d+ x e "},
        {EXPRESSION_CONDITION, "a.b = :v AND size(c) > d[0] OR NOT #n IN (e, :v)", 2, "a+ c "},
        {EXPRESSION_PROJECTION, "a.b, c, #n[0]", 99, "a+ c x+ "},
        {EXPRESSION_UPDATE, "SET a.b = c, d = if_not_exists(e, :v) REMOVE #n[1], f ADD g :n", 99,
         "a+ d x+ f g "},
    };
    struct placeholder name = {.key = SLICE_LITERAL("#n"), .name = SLICE_LITERAL("x")};
    struct fixture fixture;
    fixture_open(&fixture);
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct visit visit = {.left = cases[i].stop};
        struct expression *expression;
        struct error err = {0};
        struct placeholders values =
            fixture_placeholders(&fixture, NULL, "{':v':{'S':'x'},':n':{'N':'1'}}");
        values.names = &name;
        values.names_count = 1;
        cr_assert(expression_compile(fixture.cache, cases[i].kind, slice_text(cases[i].text),
                                     &values, &fixture.arena, &expression, &err),
                  "%s", err.text);
        cr_expect_eq(expression_visit_paths(expression, visit_path, &visit), cases[i].stop == 99);
        cr_expect_str_eq(visit.text, cases[i].expected);
        expression_release(expression);
    }
    fixture_close(&fixture);
}
