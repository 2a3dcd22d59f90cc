/* Goal: projections keep structure and leave out what is missing (API reference 7.5). */
#include "fixture.h"

#include <criterion/criterion.h>

#define ITEM                                                                                       \
    "{'pk':{'S':'p'},'a':{'M':{'b':{'L':[{'N':'0'},{'N':'1'},{'N':'2'}]},'c':{'S':'x'}}},"         \
    "'l':{'L':[{'M':{'x':{'N':'1'},'y':{'N':'2'}}},{'L':[{'S':'i'},{'S':'j'}]},{'NULL':true}]},"   \
    "'s':{'SS':['a','b']},'n':{'N':'7'}}"

Test(projection, keeps_structure_and_closes_gaps)
{
    static const struct fixture_case cases[] = {
        {"pk", NULL, NULL, ITEM, "{'pk':{'S':'p'}}"},
        {"n, pk", NULL, NULL, ITEM, "{'n':{'N':'7'},'pk':{'S':'p'}}"},
        {" pk ,\tn ", NULL, NULL, ITEM, "{'n':{'N':'7'},'pk':{'S':'p'}}"},
        {"a", NULL, NULL, ITEM,
         "{'a':{'M':{'b':{'L':[{'N':'0'},{'N':'1'},{'N':'2'}]},'c':{'S':'x'}}}}"},
        {"a.b[2], a.b[0]", NULL, NULL, ITEM, "{'a':{'M':{'b':{'L':[{'N':'0'},{'N':'2'}]}}}}"},
        {"a.b[1], a.c, l[0].y, s", NULL, NULL, ITEM,
         "{'a':{'M':{'b':{'L':[{'N':'1'}]},'c':{'S':'x'}}},'l':{'L':[{'M':{'y':{'N':'2'}}}]},"
         "'s':{'SS':['a','b']}}"},
        {"l[1][1], l[0].x, l[2]", NULL, NULL, ITEM,
         "{'l':{'L':[{'M':{'x':{'N':'1'}}},{'L':[{'S':'j'}]},{'NULL':true}]}}"},
        {"#a.#b[0]", "{'#a':'a','#b':'b'}", NULL, ITEM, "{'a':{'M':{'b':{'L':[{'N':'0'}]}}}}"},
        {"zz", NULL, NULL, ITEM, "{}"},
        {"a.zz, l[9], n.x, s[0], a.b.c", NULL, NULL, ITEM, "{}"},
        {"a.zz, pk, l[0].zz", NULL, NULL, ITEM, "{'pk':{'S':'p'}}"},
        {"l[0].zz, l[2]", NULL, NULL, ITEM, "{'l':{'L':[{'NULL':true}]}}"},
        {"pk", NULL, NULL, NULL, "{}"},
        {"pk", NULL, NULL, "{}", "{}"},
        {"a.b[2147483647]", NULL, NULL, ITEM, "{}"},
    };
    fixture_run(EXPRESSION_PROJECTION, cases, ARRAY_COUNT(cases));
}

#define PREFIX "Invalid ProjectionExpression: "

Test(projection, refuses_paths_that_overlap_or_conflict)
{
    static const struct fixture_case cases[] = {
        {"a, b, a", NULL, NULL, ITEM,
         PREFIX "Two document paths overlap with each other; must remove or rewrite one of these "
                "paths; path one: [a], path two: [a]"},
        {"a, x, a.b", NULL, NULL, ITEM,
         PREFIX "Two document paths overlap with each other; must remove or rewrite one of these "
                "paths; path one: [a], path two: [a, b]"},
        {"a.b[0].c, a.b", NULL, NULL, ITEM,
         PREFIX "Two document paths overlap with each other; must remove or rewrite one of these "
                "paths; path one: [a, b, [0], c], path two: [a, b]"},
        {"a[0], a.b", NULL, NULL, ITEM,
         PREFIX "Two document paths conflict with each other; must remove or rewrite one of these "
                "paths; path one: [a, [0]], path two: [a, b]"},
        {"a.b, c, a[1].x", NULL, NULL, ITEM,
         PREFIX "Two document paths conflict with each other; must remove or rewrite one of these "
                "paths; path one: [a, b], path two: [a, [1], x]"},
        {"a[0], a.b, c, c", NULL, NULL, ITEM,
         PREFIX "Two document paths overlap with each other; must remove or rewrite one of these "
                "paths; path one: [c], path two: [c]"},
        {"#x, a", "{'#x':'a'}", NULL, ITEM,
         PREFIX "Two document paths overlap with each other; must remove or rewrite one of these "
                "paths; path one: [a], path two: [a]"},
        {"a, #x", NULL, NULL, ITEM,
         PREFIX "An expression attribute name used in the document path is not defined; attribute "
                "name: #x"},
        {"a.#x, b", "{'#y':'a'}", NULL, ITEM,
         PREFIX "An expression attribute name used in the document path is not defined; attribute "
                "name: #x"},
        {"a, by.b", NULL, NULL, ITEM,
         PREFIX "Attribute name is a reserved keyword; reserved keyword: by"},
        {"and", NULL, NULL, ITEM,
         PREFIX "Attribute name is a reserved keyword; reserved keyword: and"},
        {"a, , b", NULL, NULL, ITEM, PREFIX "Syntax error; token: \",\", near: \", , b\""},
        {"a,", NULL, NULL, ITEM, PREFIX "Syntax error; token: \"<EOF>\", near: \",\""},
        {"a :v", NULL, NULL, ITEM, PREFIX "Syntax error; token: \":v\", near: \"a :v\""},
        {"(a)", NULL, NULL, ITEM, PREFIX "Syntax error; token: \"(\", near: \"(a\""},
    };
    fixture_run(EXPRESSION_PROJECTION, cases, ARRAY_COUNT(cases));
}

Test(projection, damaged_items_give_what_was_found_before)
{
    struct fixture fixture;
    fixture_open(&fixture);
    const char *error;
    struct expression *projection =
        fixture_compile(&fixture, EXPRESSION_PROJECTION, "a.b[2], l[0].y, s", NULL, NULL, &error);
    cr_assert_not_null(projection);
    struct slice whole = fixture_item(&fixture, ITEM);
    for (size_t size = 0; size < whole.size; size++) {
        struct slice projected;
        struct error err = {0};
        struct slice prefix = arena_copy(&fixture.arena, slice_of(whole.data, size));
        expression_project(projection, prefix, &fixture.arena, &projected);
        cr_assert(item_check(projected, &err), "at %zu: %s", size, err.text);
    }
    expression_release(projection);
    fixture_close(&fixture);
}
