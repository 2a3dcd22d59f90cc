/* Goal: every rule of updates (API reference 7.4). Method: item and update in, whole new item or
 * the exact error out; each result is checked to be in canonical form by the fixture. */
#include "fixture.h"

#include <criterion/criterion.h>

#define UPDATE_RUN(cases) fixture_run(EXPRESSION_UPDATE, cases, ARRAY_COUNT(cases))

#define INVALID_PATH "The document path provided in the update expression is invalid for update"
#define NO_ATTRIBUTE                                                                               \
    "The provided expression refers to an attribute that does not exist in the item"
#define WRONG_TYPE "An operand in the update expression has an incorrect data type"
#define OVERFLOW                                                                                   \
    "Number overflow. Attempting to store a number with magnitude larger than supported range"
#define N1 "{':v':{'N':'1'}}"
#define KEY "{'pk':{'S':'p'}}"

Test(update, set_replaces_and_adds_and_keeps_the_rest)
{
    static const struct fixture_case cases[] = {
        {"SET a = :v", NULL, N1, KEY, "{'a':{'N':'1'},'pk':{'S':'p'}}"},
        {"SET zz = :v", NULL, N1, KEY, "{'pk':{'S':'p'},'zz':{'N':'1'}}"},
        {"SET a = :v", NULL, N1, "{'a':{'S':'old'},'b':{'S':'b'}}",
         "{'a':{'N':'1'},'b':{'S':'b'}}"},
        {"SET c = :v, a = :v", NULL, N1, "{'b':{'S':'b'},'d':{'S':'d'}}",
         "{'a':{'N':'1'},'b':{'S':'b'},'c':{'N':'1'},'d':{'S':'d'}}"},
        {"set #a = :v", "{'#a':'size'}", N1, KEY, "{'pk':{'S':'p'},'size':{'N':'1'}}"},
        {"SET #a = :v", "{'#a':'x.y'}", N1, KEY, "{'pk':{'S':'p'},'x.y':{'N':'1'}}"},
        {"SET a = b, b = a", NULL, NULL, "{'a':{'N':'1'},'b':{'N':'2'}}",
         "{'a':{'N':'2'},'b':{'N':'1'}}"},
        {"SET a = b.c[1]", NULL, NULL, "{'b':{'M':{'c':{'L':[{'S':'x'},{'S':'y'}]}}}}",
         "{'a':{'S':'y'},'b':{'M':{'c':{'L':[{'S':'x'},{'S':'y'}]}}}}"},
        {"SET a = a", NULL, NULL, "{'a':{'L':[]}}", "{'a':{'L':[]}}"},
        {"SET a = (:v)", NULL, N1, "{}", "{'a':{'N':'1'}}"},
        {"SET a = :v", NULL, "{':v':{'M':{'x':{'NULL':true},'s':{'SS':['b','a']}}}}", "{}",
         "{'a':{'M':{'s':{'SS':['a','b']},'x':{'NULL':true}}}}"},
        {"SET a = b", NULL, NULL, KEY, NO_ATTRIBUTE},
        {"SET a = b.c", NULL, NULL, "{'b':{'S':'s'}}", NO_ATTRIBUTE},
        {"SET a = b[0]", NULL, NULL, "{'b':{'L':[]}}", NO_ATTRIBUTE},
    };
    UPDATE_RUN(cases);
}

Test(update, set_reaches_into_maps_that_exist)
{
    static const struct fixture_case cases[] = {
        {"SET m.x = :v", NULL, N1, "{'m':{'M':{}}}", "{'m':{'M':{'x':{'N':'1'}}}}"},
        {"SET m.x = :v, m.a = :v", NULL, N1, "{'m':{'M':{'b':{'S':'b'},'y':{'S':'y'}}}}",
         "{'m':{'M':{'a':{'N':'1'},'b':{'S':'b'},'x':{'N':'1'},'y':{'S':'y'}}}}"},
        {"SET m.x.y.z = :v", NULL, N1, "{'m':{'M':{'x':{'M':{'y':{'M':{'z':{'S':'o'}}}}}}}}",
         "{'m':{'M':{'x':{'M':{'y':{'M':{'z':{'N':'1'}}}}}}}}"},
        {"SET m.x = n, n = m.x", NULL, NULL, "{'m':{'M':{'x':{'N':'1'}}},'n':{'N':'2'}}",
         "{'m':{'M':{'x':{'N':'2'}}},'n':{'N':'1'}}"},
        {"SET m.x = :v", NULL, N1, KEY, INVALID_PATH},
        {"SET m.x = :v", NULL, N1, "{'m':{'S':'s'}}", INVALID_PATH},
        {"SET m.x = :v", NULL, N1, "{'m':{'L':[]}}", INVALID_PATH},
        {"SET m.x.y = :v", NULL, N1, "{'m':{'M':{}}}", INVALID_PATH},
        {"SET m.x.y = :v", NULL, N1, "{'m':{'M':{'x':{'N':'1'}}}}", INVALID_PATH},
        {"SET m[0] = :v", NULL, N1, "{'m':{'M':{}}}", INVALID_PATH},
        {"SET m = :v, n.x = :v", NULL, N1, "{}", INVALID_PATH},
        {"SET m = :m, n = m.x", NULL, "{':m':{'M':{'x':{'N':'1'}}}}", "{}", NO_ATTRIBUTE},
    };
    UPDATE_RUN(cases);
}

Test(update, list_indexes_replace_append_and_refer_to_the_old_list)
{
#define ABC "{'l':{'L':[{'S':'a'},{'S':'b'},{'S':'c'}]}}"
    static const struct fixture_case cases[] = {
        {"SET l[1] = :v", NULL, N1, ABC, "{'l':{'L':[{'S':'a'},{'N':'1'},{'S':'c'}]}}"},
        {"SET l[3] = :v", NULL, N1, ABC, "{'l':{'L':[{'S':'a'},{'S':'b'},{'S':'c'},{'N':'1'}]}}"},
        {"SET l[100] = :v", NULL, N1, ABC, "{'l':{'L':[{'S':'a'},{'S':'b'},{'S':'c'},{'N':'1'}]}}"},
        {"SET l[30] = :a, l[20] = :b, l[0] = :c", NULL,
         "{':a':{'N':'30'},':b':{'N':'20'},':c':{'N':'0'}}", ABC,
         "{'l':{'L':[{'N':'0'},{'S':'b'},{'S':'c'},{'N':'20'},{'N':'30'}]}}"},
        {"SET l[0] = :v", NULL, N1, "{'l':{'L':[]}}", "{'l':{'L':[{'N':'1'}]}}"},
        {"SET l[0] = l[2], l[2] = l[0]", NULL, NULL, ABC,
         "{'l':{'L':[{'S':'c'},{'S':'b'},{'S':'a'}]}}"},
        {"SET l[0].x = :v", NULL, N1, "{'l':{'L':[{'M':{}},{'N':'2'}]}}",
         "{'l':{'L':[{'M':{'x':{'N':'1'}}},{'N':'2'}]}}"},
        {"SET l[0][1] = :v", NULL, N1, "{'l':{'L':[{'L':[{'N':'0'}]}]}}",
         "{'l':{'L':[{'L':[{'N':'0'},{'N':'1'}]}]}}"},
        {"SET l[5].x = :v", NULL, N1, ABC, INVALID_PATH},
        {"SET l[0].x = :v", NULL, N1, ABC, INVALID_PATH},
        {"SET l.x = :v", NULL, N1, ABC, INVALID_PATH},
        {"SET l[0] = :v", NULL, N1, KEY, INVALID_PATH},
        {"SET l[0] = :v", NULL, N1, "{'l':{'SS':['a']}}", INVALID_PATH},
        {"REMOVE l[0]", NULL, NULL, ABC, "{'l':{'L':[{'S':'b'},{'S':'c'}]}}"},
        {"REMOVE l[2], l[0]", NULL, NULL, ABC, "{'l':{'L':[{'S':'b'}]}}"},
        {"REMOVE l[0], l[1], l[2]", NULL, NULL, ABC, "{'l':{'L':[]}}"},
        {"REMOVE l[7]", NULL, NULL, ABC, ABC},
        {"REMOVE l[1] SET l[0] = :v, l[9] = :v", NULL, N1, ABC,
         "{'l':{'L':[{'N':'1'},{'S':'c'},{'N':'1'}]}}"},
        {"REMOVE l[0] SET a = l[0]", NULL, NULL, ABC,
         "{'a':{'S':'a'},'l':{'L':[{'S':'b'},{'S':'c'}]}}"},
    };
    UPDATE_RUN(cases);
}

Test(update, arithmetic_is_exact)
{
    static const struct fixture_case cases[] = {
        {"SET n = n + :v", NULL, N1, "{'n':{'N':'41'}}", "{'n':{'N':'42'}}"},
        {"SET n = n - :v", NULL, N1, "{'n':{'N':'1'}}", "{'n':{'N':'0'}}"},
        {"SET n = :v - n", NULL, N1, "{'n':{'N':'3.5'}}", "{'n':{'N':'-2.5'}}"},
        {"SET n = :v+:v", NULL, N1, "{}", "{'n':{'N':'2'}}"},
        {"SET n = (n + :v)", NULL, N1, "{'n':{'N':'0.1'}}", "{'n':{'N':'1.1'}}"},
        {"SET n = (n) + (:v)", NULL, N1, "{'n':{'N':'0.1'}}", "{'n':{'N':'1.1'}}"},
        {"SET n = if_not_exists(n, :v) + :v", NULL, N1, "{}", "{'n':{'N':'2'}}"},
        {"SET n = :v + if_not_exists(n, :v)", NULL, N1, "{'n':{'N':'10'}}", "{'n':{'N':'11'}}"},
        {"SET n = n + :v", NULL, "{':v':{'N':'0.00000000000000000000000000000000000001'}}",
         "{'n':{'N':'0.99999999999999999999999999999999999999'}}", "{'n':{'N':'1'}}"},
        {"SET n = n + :v", NULL, N1, "{'n':{'N':'1e50'}}", OVERFLOW},
        {"SET n = n + n", NULL, NULL, "{'n':{'N':'9e125'}}", OVERFLOW},
        {"SET n = n + :v", NULL, N1, "{'n':{'S':'1'}}", WRONG_TYPE},
        {"SET n = :v - n", NULL, N1, "{'n':{'L':[]}}", WRONG_TYPE},
        {"SET n = n + :v", NULL, N1, KEY, NO_ATTRIBUTE},
    };
    UPDATE_RUN(cases);
}

Test(update, functions_see_the_old_item)
{
    static const struct fixture_case cases[] = {
        {"SET a = if_not_exists(a, :v)", NULL, N1, "{}", "{'a':{'N':'1'}}"},
        {"SET a = if_not_exists(a, :v)", NULL, N1, "{'a':{'NULL':true}}", "{'a':{'NULL':true}}"},
        {"SET a = if_not_exists(b.c, :v)", NULL, N1, "{'b':{'M':{'c':{'S':'x'}}}}",
         "{'a':{'S':'x'},'b':{'M':{'c':{'S':'x'}}}}"},
        {"SET a = if_not_exists(b, c)", NULL, NULL, "{'c':{'S':'c'}}",
         "{'a':{'S':'c'},'c':{'S':'c'}}"},
        {"SET a = if_not_exists(b, c)", NULL, NULL, "{}", NO_ATTRIBUTE},
        {"SET a = if_not_exists(b, c)", NULL, NULL, "{'b':{'S':'b'}}",
         "{'a':{'S':'b'},'b':{'S':'b'}}"},
        {"SET a = if_not_exists(b, if_not_exists(c, :v))", NULL, N1, "{}", "{'a':{'N':'1'}}"},
        {"SET l = list_append(l, :v)", NULL, "{':v':{'L':[{'N':'2'}]}}", "{'l':{'L':[{'N':'1'}]}}",
         "{'l':{'L':[{'N':'1'},{'N':'2'}]}}"},
        {"SET l = list_append(:v, l)", NULL, "{':v':{'L':[{'N':'2'}]}}", "{'l':{'L':[{'N':'1'}]}}",
         "{'l':{'L':[{'N':'2'},{'N':'1'}]}}"},
        {"SET l = list_append(l, l)", NULL, NULL, "{'l':{'L':[{'N':'1'}]}}",
         "{'l':{'L':[{'N':'1'},{'N':'1'}]}}"},
        {"SET l = list_append(if_not_exists(l, :e), :v)", NULL,
         "{':v':{'L':[{'N':'2'}]},':e':{'L':[]}}", "{}", "{'l':{'L':[{'N':'2'}]}}"},
        {"SET l = list_append(list_append(:v, :v), :v)", NULL, "{':v':{'L':[{'N':'2'}]}}", "{}",
         "{'l':{'L':[{'N':'2'},{'N':'2'},{'N':'2'}]}}"},
        {"SET l = list_append(l, :v)", NULL, "{':v':{'L':[]}}", "{'l':{'S':'x'}}", WRONG_TYPE},
        {"SET l = list_append(l, :v)", NULL, "{':v':{'L':[]}}", "{}", NO_ATTRIBUTE},
    };
    UPDATE_RUN(cases);
}

Test(update, remove_needs_the_parent_only)
{
    static const struct fixture_case cases[] = {
        {"REMOVE a", NULL, NULL, "{'a':{'N':'1'},'b':{'N':'2'}}", "{'b':{'N':'2'}}"},
        {"remove a, b", NULL, NULL, "{'a':{'N':'1'},'b':{'N':'2'},'c':{'N':'3'}}",
         "{'c':{'N':'3'}}"},
        {"REMOVE zz", NULL, NULL, "{'a':{'N':'1'}}", "{'a':{'N':'1'}}"},
        {"REMOVE m.a", NULL, NULL, "{'m':{'M':{'a':{'N':'1'},'b':{'N':'2'}}}}",
         "{'m':{'M':{'b':{'N':'2'}}}}"},
        {"REMOVE m.a", NULL, NULL, "{'m':{'M':{'a':{'N':'1'}}}}", "{'m':{'M':{}}}"},
        {"REMOVE m.zz", NULL, NULL, "{'m':{'M':{'a':{'N':'1'}}}}", "{'m':{'M':{'a':{'N':'1'}}}}"},
        {"REMOVE m.a", NULL, NULL, KEY, INVALID_PATH},
        {"REMOVE m.a.b", NULL, NULL, "{'m':{'M':{}}}", INVALID_PATH},
        {"REMOVE m.a", NULL, NULL, "{'m':{'S':'x'}}", INVALID_PATH},
        {"REMOVE m[0]", NULL, NULL, "{'m':{'M':{}}}", INVALID_PATH},
        {"REMOVE a SET b = a", NULL, NULL, "{'a':{'N':'1'}}", "{'b':{'N':'1'}}"},
    };
    UPDATE_RUN(cases);
}

Test(update, add_sums_numbers_and_joins_sets)
{
    static const struct fixture_case cases[] = {
        {"ADD n :v", NULL, N1, "{'n':{'N':'41'}}", "{'n':{'N':'42'}}"},
        {"ADD n :v", NULL, N1, KEY, "{'n':{'N':'1'},'pk':{'S':'p'}}"},
        {"ADD n :v", NULL, "{':v':{'N':'-1.5'}}", "{'n':{'N':'1'}}", "{'n':{'N':'-0.5'}}"},
        {"ADD m.n :v", NULL, N1, "{'m':{'M':{}}}", "{'m':{'M':{'n':{'N':'1'}}}}"},
        {"ADD l[0] :v", NULL, N1, "{'l':{'L':[{'N':'1'}]}}", "{'l':{'L':[{'N':'2'}]}}"},
        {"ADD l[9] :v", NULL, N1, "{'l':{'L':[{'N':'1'}]}}", "{'l':{'L':[{'N':'1'},{'N':'1'}]}}"},
        {"ADD m.n :v", NULL, N1, KEY, INVALID_PATH},
        {"ADD n :v", NULL, N1, "{'n':{'S':'1'}}", WRONG_TYPE},
        {"ADD n :v", NULL, N1, "{'n':{'N':'1e60'}}", OVERFLOW},
        {"ADD s :v", NULL, "{':v':{'SS':['b','c']}}", "{'s':{'SS':['a','b']}}",
         "{'s':{'SS':['a','b','c']}}"},
        {"ADD s :v", NULL, "{':v':{'SS':['b','c']}}", "{}", "{'s':{'SS':['b','c']}}"},
        {"ADD s :v", NULL, "{':v':{'NS':['2','-1']}}", "{'s':{'NS':['1','2.0']}}",
         "{'s':{'NS':['-1','1','2']}}"},
        {"ADD s :v", NULL, "{':v':{'BS':['AA==']}}", "{'s':{'BS':['AQ==']}}",
         "{'s':{'BS':['AA==','AQ==']}}"},
        {"ADD s :v", NULL, "{':v':{'SS':['b']}}", "{'s':{'NS':['1']}}", WRONG_TYPE},
        {"ADD s :v", NULL, "{':v':{'SS':['b']}}", "{'s':{'S':'b'}}", WRONG_TYPE},
        {"ADD s :v", NULL, "{':v':{'SS':['b']}}", "{'s':{'L':[]}}", WRONG_TYPE},
        {"ADD a :v, b :v SET c = a", NULL, N1, "{'a':{'N':'5'}}",
         "{'a':{'N':'6'},'b':{'N':'1'},'c':{'N':'5'}}"},
    };
    UPDATE_RUN(cases);
}

Test(update, delete_takes_out_of_sets_and_leaves_no_empty_set)
{
    static const struct fixture_case cases[] = {
        {"DELETE s :v", NULL, "{':v':{'SS':['b','x']}}", "{'s':{'SS':['a','b']}}",
         "{'s':{'SS':['a']}}"},
        {"DELETE s :v", NULL, "{':v':{'SS':['b','a']}}", "{'k':{'N':'1'},'s':{'SS':['a','b']}}",
         "{'k':{'N':'1'}}"},
        {"DELETE s :v", NULL, "{':v':{'NS':['1.0']}}", "{'s':{'NS':['1','2']}}",
         "{'s':{'NS':['2']}}"},
        {"DELETE s :v", NULL, "{':v':{'BS':['AA==']}}", "{'s':{'BS':['AA==','AQ==']}}",
         "{'s':{'BS':['AQ==']}}"},
        {"DELETE s :v", NULL, "{':v':{'SS':['zz']}}", "{'s':{'SS':['a','b']}}",
         "{'s':{'SS':['a','b']}}"},
        {"DELETE s :v", NULL, "{':v':{'SS':['zz']}}", KEY, KEY},
        {"DELETE m.s :v", NULL, "{':v':{'SS':['a']}}", "{'m':{'M':{'s':{'SS':['a']}}}}",
         "{'m':{'M':{}}}"},
        {"DELETE m.s :v", NULL, "{':v':{'SS':['a']}}", "{'m':{'M':{}}}", "{'m':{'M':{}}}"},
        {"DELETE m.s :v", NULL, "{':v':{'SS':['a']}}", KEY, INVALID_PATH},
        {"DELETE s :v", NULL, "{':v':{'SS':['a']}}", "{'s':{'NS':['1']}}", WRONG_TYPE},
        {"DELETE s :v", NULL, "{':v':{'SS':['a']}}", "{'s':{'S':'a'}}", WRONG_TYPE},
        {"DELETE s :v", NULL, "{':v':{'SS':['a']}}", "{'s':{'M':{}}}", WRONG_TYPE},
    };
    UPDATE_RUN(cases);
}

Test(update, sections_come_in_any_order)
{
    static const struct fixture_case cases[] = {
        {"DELETE s :s ADD n :v REMOVE r SET a = :v", NULL, "{':v':{'N':'1'},':s':{'SS':['x']}}",
         "{'n':{'N':'1'},'r':{'N':'9'},'s':{'SS':['x','y']}}",
         "{'a':{'N':'1'},'n':{'N':'2'},'s':{'SS':['y']}}"},
        {"ReMoVe r\tsEt a=:v,b=:v", NULL, N1, "{'r':{'N':'9'}}", "{'a':{'N':'1'},'b':{'N':'1'}}"},
    };
    UPDATE_RUN(cases);
}

static bool update_creates(struct fixture *fixture, const char *text, const char *values)
{
    const char *error;
    struct error err = {0};
    struct slice updated;
    bool creates;
    struct expression *update =
        fixture_compile(fixture, EXPRESSION_UPDATE, text, NULL, values, &error);
    cr_assert_not_null(update, "%s", text);
    cr_assert(expression_update(update, fixture_item(fixture, KEY), false, &fixture->arena,
                                &updated, &creates, &err));
    expression_release(update);
    return creates;
}

Test(update, only_set_and_add_create_an_item)
{
    struct fixture fixture;
    fixture_open(&fixture);
    cr_expect(update_creates(&fixture, "SET a = :v", N1));
    cr_expect(update_creates(&fixture, "ADD a :v", N1));
    cr_expect(update_creates(&fixture, "REMOVE b ADD a :v", N1));
    cr_expect_not(update_creates(&fixture, "REMOVE a", NULL));
    cr_expect_not(update_creates(&fixture, "DELETE a :v", "{':v':{'SS':['x']}}"));
    cr_expect_not(update_creates(&fixture, "DELETE a :v REMOVE b", "{':v':{'SS':['x']}}"));
    fixture_close(&fixture);
}

Test(update, a_missing_item_can_be_an_empty_slice)
{
    static const struct fixture_case cases[] = {
        {"SET a = :v", NULL, N1, NULL, "{'a':{'N':'1'}}"},
        {"REMOVE a", NULL, NULL, NULL, "nothing"},
        {"SET a.b = :v", NULL, N1, NULL, INVALID_PATH},
    };
    UPDATE_RUN(cases);
}

struct leaves_case {
    const char *text;
    const char *values;
    const char *old;      /* Item before. */
    const char *old_part; /* UPDATED_OLD */
    const char *new_part; /* UPDATED_NEW */
};

Test(update, leaves_are_what_the_update_addresses)
{
#define L4 "{'a':{'M':{'c':{'L':[{'N':'0'},{'N':'1'},{'N':'2'},{'N':'3'}]},'d':{'S':'x'}}}}"
    static const struct leaves_case cases[] = {
        {"SET a.d = :v", N1, L4, "{'a':{'M':{'d':{'S':'x'}}}}", "{'a':{'M':{'d':{'N':'1'}}}}"},
        {"SET b = :v", N1, L4, "{}", "{'b':{'N':'1'}}"},
        {"SET a.e = :v", N1, L4, "{}", "{'a':{'M':{'e':{'N':'1'}}}}"},
        {"REMOVE a.c[1], a.c[3]", NULL, L4, "{'a':{'M':{'c':{'L':[{'N':'1'},{'N':'3'}]}}}}",
         "{'a':{'M':{'c':{'L':[{'N':'2'}]}}}}"},
        {"REMOVE a.c[1]", NULL, L4, "{'a':{'M':{'c':{'L':[{'N':'1'}]}}}}",
         "{'a':{'M':{'c':{'L':[{'N':'2'}]}}}}"},
        {"SET a.c[100] = :v", N1, L4, "{}", "{}"},
        {"REMOVE a.d", NULL, L4, "{'a':{'M':{'d':{'S':'x'}}}}", "{}"},
        {"SET a = :v", N1, L4, L4, "{'a':{'N':'1'}}"},
        {"ADD n :v", N1, "{'n':{'N':'1'},'z':{'N':'0'}}", "{'n':{'N':'1'}}", "{'n':{'N':'2'}}"},
        {"SET n = n", NULL, "{'n':{'N':'1'}}", "{'n':{'N':'1'}}", "{'n':{'N':'1'}}"},
    };
    struct fixture fixture;
    fixture_open(&fixture);
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        const char *error;
        struct error err = {0};
        struct slice old = fixture_item(&fixture, cases[i].old);
        struct slice updated;
        struct slice part;
        bool creates;
        struct expression *update = fixture_compile(&fixture, EXPRESSION_UPDATE, cases[i].text,
                                                    NULL, cases[i].values, &error);
        cr_assert_not_null(update);
        cr_assert(expression_update(update, old, true, &fixture.arena, &updated, &creates, &err));
        expression_update_leaves(update, old, &fixture.arena, &part);
        cr_expect(slice_equal(part, fixture_item(&fixture, cases[i].old_part)), "%s: old %s",
                  cases[i].text, fixture_print(&fixture, part));
        expression_update_leaves(update, updated, &fixture.arena, &part);
        cr_expect(slice_equal(part, fixture_item(&fixture, cases[i].new_part)), "%s: new %s",
                  cases[i].text, fixture_print(&fixture, part));
        expression_release(update);
    }
    fixture_close(&fixture);
}

Test(update, damaged_items_are_refused_and_never_overrun)
{
    struct fixture fixture;
    fixture_open(&fixture);
    const char *error;
    struct expression *update = fixture_compile(
        &fixture, EXPRESSION_UPDATE, "SET m.z = :v, z = :v REMOVE l[0] ADD n :v", NULL, N1, &error);
    cr_assert_not_null(update);
    struct slice whole =
        fixture_item(&fixture, "{'l':{'L':[{'N':'1'}]},'m':{'M':{'a':{'N':'1'}}},'n':{'N':'5'}}");
    for (size_t size = 1; size < whole.size; size++) {
        struct slice updated;
        bool creates;
        struct error err = {0};
        struct slice prefix = arena_copy(&fixture.arena, slice_of(whole.data, size));
        cr_assert_not(
            expression_update(update, prefix, true, &fixture.arena, &updated, &creates, &err),
            "took %zu of %zu", size, whole.size);
        cr_assert_neq(err.code, ERROR_NONE);
    }
    expression_release(update);
    fixture_close(&fixture);
}
