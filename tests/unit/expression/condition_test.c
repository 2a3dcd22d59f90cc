/* Goal: every rule of evaluation of conditions. Method: one rich item, many conditions, each run
 * once parsed and once from the cache. */
#include "fixture.h"

#include <criterion/criterion.h>

#define ITEM                                                                                       \
    "{'pk':{'S':'p'},'n':{'N':'5'},'s':{'S':'hello'},'mt':{'S':''},'b':{'B':'AAEC'},"              \
    "'t':{'BOOL':true},'f':{'BOOL':false},'z':{'NULL':true},'ss':{'SS':['a','b','c']},"            \
    "'ns':{'NS':['1','2.5','-3']},'bs':{'BS':['AA==','AQ==']},'l':{'L':[{'N':'1'},{'S':'x'},"      \
    "{'L':[{'N':'7'}]},{'M':{'k':{'S':'v'}}}]},'m':{'M':{'a':{'N':'1'},'l':{'L':[{'S':'i'}]},"     \
    "'m':{'M':{'deep':{'S':'d'}}}}},'with.dot':{'N':'9'},'u':{'S':'h\303\251\344\270\255\360\237"  \
    "\230\200'},'big':{'N':'12345678901234567890123456789012345678'}}"

static void condition_run(const struct fixture_case *cases, size_t count)
{
    fixture_run(EXPRESSION_CONDITION, cases, count);
    fixture_run(EXPRESSION_FILTER, cases, count);
}

Test(condition, comparators_follow_type_and_value)
{
    static const struct fixture_case cases[] = {
        {"n = :v", NULL, "{':v':{'N':'5'}}", ITEM, "true"},
        {"n = :v", NULL, "{':v':{'N':'5.0'}}", ITEM, "true"},
        {"n = :v", NULL, "{':v':{'N':'50e-1'}}", ITEM, "true"},
        {"n = :v", NULL, "{':v':{'S':'5'}}", ITEM, "false"},
        {"n <> :v", NULL, "{':v':{'S':'5'}}", ITEM, "true"},
        {"n <> :v", NULL, "{':v':{'N':'5'}}", ITEM, "false"},
        {"n < :v", NULL, "{':v':{'N':'10'}}", ITEM, "true"},
        {"n < :v", NULL, "{':v':{'N':'5'}}", ITEM, "false"},
        {"n <= :v", NULL, "{':v':{'N':'5'}}", ITEM, "true"},
        {"n > :v", NULL, "{':v':{'N':'-10'}}", ITEM, "true"},
        {"n > :v", NULL, "{':v':{'N':'5'}}", ITEM, "false"},
        {"n >= :v", NULL, "{':v':{'N':'5'}}", ITEM, "true"},
        {"n >= :v", NULL, "{':v':{'N':'5.1'}}", ITEM, "false"},
        {"n < :v", NULL, "{':v':{'S':'9'}}", ITEM, "false"},
        {"n > :v", NULL, "{':v':{'S':'1'}}", ITEM, "false"},
        {":v = n", NULL, "{':v':{'N':'5'}}", ITEM, "true"},
        {":v > n", NULL, "{':v':{'N':'6'}}", ITEM, "true"},
        {":a < :b", NULL, "{':a':{'N':'6'},':b':{'N':'7'}}", ITEM, "true"},
        {"big > :v", NULL, "{':v':{'N':'12345678901234567890123456789012345677'}}", ITEM, "true"},
        {"n > :v", NULL, "{':v':{'N':'1e-130'}}", ITEM, "true"},
        {"n < :v", NULL, "{':v':{'N':'9.9e125'}}", ITEM, "true"},
        {"s = :v", NULL, "{':v':{'S':'hello'}}", ITEM, "true"},
        {"s < :v", NULL, "{':v':{'S':'hello!'}}", ITEM, "true"},
        {"s > :v", NULL, "{':v':{'S':'Hello'}}", ITEM, "true"},
        {"s > :v", NULL, "{':v':{'S':''}}", ITEM, "true"},
        {"mt = :v", NULL, "{':v':{'S':''}}", ITEM, "true"},
        {"b = :v", NULL, "{':v':{'B':'AAEC'}}", ITEM, "true"},
        {"b > :v", NULL, "{':v':{'B':'AAE='}}", ITEM, "true"},
        {"b < :v", NULL, "{':v':{'B':'/w=='}}", ITEM, "true"},
        {"t = :v", NULL, "{':v':{'BOOL':true}}", ITEM, "true"},
        {"f = :v", NULL, "{':v':{'BOOL':true}}", ITEM, "false"},
        {"z = :v", NULL, "{':v':{'NULL':true}}", ITEM, "true"},
        {"t < :v", NULL, "{':v':{'N':'1'}}", ITEM, "false"},
        {"n < t", NULL, NULL, ITEM, "false"},
        {"t <= f", NULL, NULL, ITEM, "false"},
    };
    condition_run(cases, ARRAY_COUNT(cases));
}

Test(condition, equality_is_deep_and_ignores_the_order_of_sets_and_maps)
{
    static const struct fixture_case cases[] = {
        {"ss = :v", NULL, "{':v':{'SS':['c','a','b']}}", ITEM, "true"},
        {"ss = :v", NULL, "{':v':{'SS':['c','a']}}", ITEM, "false"},
        {"ns = :v", NULL, "{':v':{'NS':['-3.0','1e0','2.50']}}", ITEM, "true"},
        {"bs = :v", NULL, "{':v':{'BS':['AQ==','AA==']}}", ITEM, "true"},
        {"m.m = :v", NULL, "{':v':{'M':{'deep':{'S':'d'}}}}", ITEM, "true"},
        {"m = :v", NULL,
         "{':v':{'M':{'m':{'M':{'deep':{'S':'d'}}},'l':{'L':[{'S':'i'}]},'a':{'N':'1.0'}}}}", ITEM,
         "true"},
        {"m <> :v", NULL, "{':v':{'M':{'m':{'M':{'deep':{'S':'d'}}}}}}", ITEM, "true"},
        {"l = :v", NULL,
         "{':v':{'L':[{'N':'1.00'},{'S':'x'},{'L':[{'N':'7e0'}]},{'M':{'k':{'S':'v'}}}]}}", ITEM,
         "true"},
        {"l = :v", NULL,
         "{':v':{'L':[{'S':'x'},{'N':'1'},{'L':[{'N':'7'}]},{'M':{'k':{'S':'v'}}}]}}", ITEM,
         "false"},
        {"l = :v", NULL, "{':v':{'L':[]}}", ITEM, "false"},
    };
    condition_run(cases, ARRAY_COUNT(cases));
}

Test(condition, a_missing_attribute_makes_everything_false_but_unequal)
{
    static const struct fixture_case cases[] = {
        {"nx = :v", NULL, "{':v':{'N':'5'}}", ITEM, "false"},
        {"nx < :v", NULL, "{':v':{'N':'5'}}", ITEM, "false"},
        {"nx <= :v", NULL, "{':v':{'N':'5'}}", ITEM, "false"},
        {"nx > :v", NULL, "{':v':{'N':'5'}}", ITEM, "false"},
        {"nx >= :v", NULL, "{':v':{'N':'5'}}", ITEM, "false"},
        {"nx <> :v", NULL, "{':v':{'N':'5'}}", ITEM, "true"},
        {":v <> nx", NULL, "{':v':{'N':'5'}}", ITEM, "true"},
        {"nx = nope", NULL, NULL, ITEM, "false"},
        {"nx <> nope", NULL, NULL, ITEM, "true"},
        {"nx BETWEEN :a AND :b", NULL, "{':a':{'N':'1'},':b':{'N':'9'}}", ITEM, "false"},
        {"n BETWEEN nx AND :b", NULL, "{':b':{'N':'9'}}", ITEM, "false"},
        {"nx IN (:a, :b)", NULL, "{':a':{'N':'1'},':b':{'N':'9'}}", ITEM, "false"},
        {"nx IN (nope)", NULL, NULL, ITEM, "false"},
        {"contains(nx, :a)", NULL, "{':a':{'S':''}}", ITEM, "false"},
        {"contains(s, nx)", NULL, NULL, ITEM, "false"},
        {"begins_with(nx, :a)", NULL, "{':a':{'S':''}}", ITEM, "false"},
        {"begins_with(s, nx)", NULL, NULL, ITEM, "false"},
        {"attribute_type(nx, :a)", NULL, "{':a':{'S':'S'}}", ITEM, "false"},
        {"NOT (nx < :v)", NULL, "{':v':{'N':'5'}}", ITEM, "true"},
        {"NOT nx = nope", NULL, NULL, ITEM, "true"},
        {"size(nx) = :v", NULL, "{':v':{'N':'0'}}", ITEM, "false"},
        {"size(nx) <> :v", NULL, "{':v':{'N':'0'}}", ITEM, "true"},
        {"size(nx) < :v", NULL, "{':v':{'N':'9'}}", ITEM, "false"},
        {"attribute_exists(pk)", NULL, NULL, NULL, "false"},
        {"attribute_not_exists(pk)", NULL, NULL, NULL, "true"},
        {"pk <> :v", NULL, "{':v':{'S':'p'}}", NULL, "true"},
        {"pk = :v", NULL, "{':v':{'S':'p'}}", NULL, "false"},
        {":a = :b", NULL, "{':a':{'S':'p'},':b':{'S':'p'}}", NULL, "true"},
    };
    condition_run(cases, ARRAY_COUNT(cases));
}

Test(condition, paths_reach_into_maps_and_lists)
{
    static const struct fixture_case cases[] = {
        {"m.a = :v", NULL, "{':v':{'N':'1'}}", ITEM, "true"},
        {"m.m.deep = :v", NULL, "{':v':{'S':'d'}}", ITEM, "true"},
        {"m . m\t.\r\ndeep = :v", NULL, "{':v':{'S':'d'}}", ITEM, "true"},
        {"l[0] = :v", NULL, "{':v':{'N':'1'}}", ITEM, "true"},
        {"l [ 0 ] = :v", NULL, "{':v':{'N':'1'}}", ITEM, "true"},
        {"l[2][0] = :v", NULL, "{':v':{'N':'7'}}", ITEM, "true"},
        {"l[3].k = :v", NULL, "{':v':{'S':'v'}}", ITEM, "true"},
        {"m.l[0] = :v", NULL, "{':v':{'S':'i'}}", ITEM, "true"},
        {"#m.#d = :v", "{'#m':'m','#d':'a'}", "{':v':{'N':'1'}}", ITEM, "true"},
        {"#d = :v", "{'#d':'with.dot'}", "{':v':{'N':'9'}}", ITEM, "true"},
        {"with.dot = :v", NULL, "{':v':{'N':'9'}}", ITEM,
         "Invalid ConditionExpression: Attribute name is a reserved keyword; reserved keyword: "
         "with"},
        {"attribute_exists(l[3])", NULL, NULL, ITEM, "true"},
        {"attribute_exists(l[4])", NULL, NULL, ITEM, "false"},
        {"attribute_exists(l[2147483647])", NULL, NULL, ITEM, "false"},
        {"attribute_exists(l.k)", NULL, NULL, ITEM, "false"},
        {"attribute_exists(m[0])", NULL, NULL, ITEM, "false"},
        {"attribute_exists(s.x)", NULL, NULL, ITEM, "false"},
        {"attribute_exists(s[0])", NULL, NULL, ITEM, "false"},
        {"attribute_exists(ss[0])", NULL, NULL, ITEM, "false"},
        {"attribute_exists(m.nx.deeper)", NULL, NULL, ITEM, "false"},
        {"attribute_exists(z)", NULL, NULL, ITEM, "true"},
        {"attribute_not_exists(z)", NULL, NULL, ITEM, "false"},
        {"attribute_exists((m.a))", NULL, NULL, ITEM, "true"},
    };
    fixture_run(EXPRESSION_CONDITION, cases, ARRAY_COUNT(cases));
}

Test(condition, between_includes_both_bounds)
{
    static const struct fixture_case cases[] = {
        {"n BETWEEN :a AND :b", NULL, "{':a':{'N':'5'},':b':{'N':'9'}}", ITEM, "true"},
        {"n between :a and :b", NULL, "{':a':{'N':'1'},':b':{'N':'5'}}", ITEM, "true"},
        {"n BETWEEN :a AND :b", NULL, "{':a':{'N':'6'},':b':{'N':'9'}}", ITEM, "false"},
        {"n BETWEEN :a AND :a", NULL, "{':a':{'N':'5'}}", ITEM, "true"},
        {"n BETWEEN :a AND :b", NULL, "{':a':{'S':'1'},':b':{'S':'9'}}", ITEM, "false"},
        {"s BETWEEN :a AND :b", NULL, "{':a':{'S':'h'},':b':{'S':'i'}}", ITEM, "true"},
        {"b BETWEEN :a AND :b", NULL, "{':a':{'B':'AAE='},':b':{'B':'AAED'}}", ITEM, "true"},
        {":a BETWEEN m.a AND n", NULL, "{':a':{'N':'2'}}", ITEM, "true"},
        {"n BETWEEN m.a AND s", NULL, NULL, ITEM, "false"},
        {"size(s) BETWEEN :a AND :b", NULL, "{':a':{'N':'5'},':b':{'N':'5'}}", ITEM, "true"},
        {"NOT n BETWEEN :a AND :b AND t = :t", NULL,
         "{':a':{'N':'6'},':b':{'N':'9'},':t':{'BOOL':true}}", ITEM, "true"},
        {"n BETWEEN :a AND :b AND t = :t", NULL,
         "{':a':{'N':'1'},':b':{'N':'9'},':t':{'BOOL':false}}", ITEM, "false"},
        {"t BETWEEN :a AND :b", NULL, "{':a':{'N':'1'},':b':{'N':'9'}}", ITEM, "false"},
    };
    condition_run(cases, ARRAY_COUNT(cases));
}

Test(condition, in_takes_any_equal_operand_of_any_type)
{
    static const struct fixture_case cases[] = {
        {"n IN (:a)", NULL, "{':a':{'N':'5'}}", ITEM, "true"},
        {"n in(:a,:b , :c)", NULL, "{':a':{'S':'5'},':b':{'BOOL':true},':c':{'N':'5.0'}}", ITEM,
         "true"},
        {"n IN (:a, :b)", NULL, "{':a':{'S':'5'},':b':{'N':'4'}}", ITEM, "false"},
        {":a IN (m.a, n)", NULL, "{':a':{'N':'5'}}", ITEM, "true"},
        {"ss IN (:a)", NULL, "{':a':{'SS':['b','c','a']}}", ITEM, "true"},
        {"size(ss) IN (:a)", NULL, "{':a':{'N':'3'}}", ITEM, "true"},
        {":a IN (size(ss))", NULL, "{':a':{'N':'3'}}", ITEM, "true"},
        {"NOT n IN (:a)", NULL, "{':a':{'N':'5'}}", ITEM, "false"},
    };
    condition_run(cases, ARRAY_COUNT(cases));
}

Test(condition, and_or_not_have_the_documented_precedence)
{
#define TF "{':t':{'BOOL':true},':f':{'BOOL':false}}"
    static const struct fixture_case cases[] = {
        {":t = t OR :f = t AND :f = t", NULL, TF, ITEM, "true"},
        {"(:t = t OR :f = t) AND :f = t", NULL, TF, ITEM, "false"},
        {"NOT :f = t OR :t = t", NULL, TF, ITEM, "true"},
        {"NOT (:f = t OR :t = t)", NULL, TF, ITEM, "false"},
        {"NOT :t = t AND :f = t", NULL, TF, ITEM, "false"},
        {"NOT NOT :t = t AND :f <> t", NULL, TF, ITEM, "true"},
        {"NOT NOT NOT :t = t OR :f = t", NULL, TF, ITEM, "false"},
        {"not :f = t And :t = t oR :f = t", NULL, TF, ITEM, "true"},
        {":f = t AND :f = t OR :t = t", NULL, TF, ITEM, "true"},
        {":t = t AND (:f = t OR (:t = t AND NOT (:f = t)))", NULL, TF, ITEM, "true"},
        {"(t) = (:t) AND (:f = t OR :t = t)", NULL, TF, ITEM, "true"},
        {"(attribute_exists(pk)) AND (NOT :f = t) AND :t = t", NULL, TF, ITEM, "true"},
        {"(size(s)) > (size(mt)) AND :t <> :f", NULL, TF, ITEM, "true"},
    };
    condition_run(cases, ARRAY_COUNT(cases));
}

Test(condition, size_counts_what_the_type_has)
{
    static const struct fixture_case cases[] = {
        {"size(s) = :v", NULL, "{':v':{'N':'5'}}", ITEM, "true"},
        {"size(mt) = :v", NULL, "{':v':{'N':'0'}}", ITEM, "true"},
        {"size(u) = :v", NULL, "{':v':{'N':'5'}}", ITEM, "true"}, /* h é 中 and a pair. */
        {"size(b) = :v", NULL, "{':v':{'N':'3'}}", ITEM, "true"},
        {"size(ss) = :v", NULL, "{':v':{'N':'3'}}", ITEM, "true"},
        {"size(ns) = :v", NULL, "{':v':{'N':'3'}}", ITEM, "true"},
        {"size(bs) = :v", NULL, "{':v':{'N':'2'}}", ITEM, "true"},
        {"size(l) = :v", NULL, "{':v':{'N':'4'}}", ITEM, "true"},
        {"size(m) = :v", NULL, "{':v':{'N':'3'}}", ITEM, "true"},
        {"size(n) = :v", NULL, "{':v':{'N':'1'}}", ITEM, "false"},
        {"size(n) <> :v", NULL, "{':v':{'N':'1'}}", ITEM, "true"},
        {"size(t) < :v", NULL, "{':v':{'N':'100'}}", ITEM, "false"},
        {"size(z) >= :v", NULL, "{':v':{'N':'0'}}", ITEM, "false"},
        {"size(m.l) = size(m.m)", NULL, NULL, ITEM, "true"},
        {"size(s) = size(s)", NULL, NULL, ITEM, "true"},
        {"size(:v) = n", NULL, "{':v':{'S':'five!'}}", ITEM, "true"},
        {"size(l) < n AND n > size(l)", NULL, NULL, ITEM, "true"},
        {"size(:v) = :n", NULL, "{':v':{'S':'0123456789'},':n':{'N':'10'}}", ITEM, "true"},
        {"size(s) = :v", NULL, "{':v':{'S':'5'}}", ITEM, "false"},
    };
    condition_run(cases, ARRAY_COUNT(cases));
}

Test(condition, contains_looks_into_texts_sets_and_lists)
{
    static const struct fixture_case cases[] = {
        {"contains(s, :v)", NULL, "{':v':{'S':'ell'}}", ITEM, "true"},
        {"contains(s, :v)", NULL, "{':v':{'S':'elo'}}", ITEM, "false"},
        {"contains(s, :v)", NULL, "{':v':{'S':''}}", ITEM, "true"},
        {"contains(mt, :v)", NULL, "{':v':{'S':''}}", ITEM, "true"},
        {"contains(mt, :v)", NULL, "{':v':{'S':'a'}}", ITEM, "false"},
        {"contains(s, :v)", NULL, "{':v':{'B':'aA=='}}", ITEM, "false"},
        {"contains(b, :v)", NULL, "{':v':{'B':'AQI='}}", ITEM, "true"},
        {"contains(b, :v)", NULL, "{':v':{'B':'AQE='}}", ITEM, "false"},
        {"contains(ss, :v)", NULL, "{':v':{'S':'b'}}", ITEM, "true"},
        {"contains(ss, :v)", NULL, "{':v':{'S':'d'}}", ITEM, "false"},
        {"contains(ss, :v)", NULL, "{':v':{'N':'1'}}", ITEM, "false"},
        {"contains(ns, :v)", NULL, "{':v':{'N':'2.50'}}", ITEM, "true"},
        {"contains(bs, :v)", NULL, "{':v':{'B':'AQ=='}}", ITEM, "true"},
        {"contains(ss, :v)", NULL, "{':v':{'SS':['a']}}", ITEM, "false"},
        {"contains(l, :v)", NULL, "{':v':{'N':'1.0'}}", ITEM, "true"},
        {"contains(l, :v)", NULL, "{':v':{'L':[{'N':'7'}]}}", ITEM, "true"},
        {"contains(l, :v)", NULL, "{':v':{'M':{'k':{'S':'v'}}}}", ITEM, "true"},
        {"contains(l, :v)", NULL, "{':v':{'N':'7'}}", ITEM, "false"},
        {"contains(m, :v)", NULL, "{':v':{'S':'a'}}", ITEM, "false"},
        {"contains(n, :v)", NULL, "{':v':{'N':'5'}}", ITEM, "false"},
        {"contains(:v, s)", NULL, "{':v':{'S':'say hello'}}", ITEM, "true"},
        {"contains(:v, n)", NULL, "{':v':{'NS':['4','5']}}", ITEM, "true"},
        {"contains(l, m.a)", NULL, NULL, ITEM, "true"},
        {"contains(:v, size(s))", NULL, "{':v':{'NS':['4','5']}}", ITEM, "true"},
    };
    condition_run(cases, ARRAY_COUNT(cases));
}

Test(condition, begins_with_and_attribute_type)
{
    static const struct fixture_case cases[] = {
        {"begins_with(s, :v)", NULL, "{':v':{'S':'he'}}", ITEM, "true"},
        {"begins_with(s, :v)", NULL, "{':v':{'S':'hello'}}", ITEM, "true"},
        {"begins_with(s, :v)", NULL, "{':v':{'S':'hello '}}", ITEM, "false"},
        {"begins_with(s, :v)", NULL, "{':v':{'S':''}}", ITEM, "true"},
        {"begins_with(s, :v)", NULL, "{':v':{'B':'aGU='}}", ITEM, "false"},
        {"begins_with(b, :v)", NULL, "{':v':{'B':'AAE='}}", ITEM, "true"},
        {"begins_with(n, :v)", NULL, "{':v':{'S':'5'}}", ITEM, "false"},
        {"begins_with(:v, s)", NULL, "{':v':{'S':'hello you'}}", ITEM, "true"},
        {"begins_with(s, m.m.deep)", NULL, NULL, ITEM, "false"},
        {"attribute_type(s, :v)", NULL, "{':v':{'S':'S'}}", ITEM, "true"},
        {"attribute_type(n, :v)", NULL, "{':v':{'S':'N'}}", ITEM, "true"},
        {"attribute_type(b, :v)", NULL, "{':v':{'S':'B'}}", ITEM, "true"},
        {"attribute_type(t, :v)", NULL, "{':v':{'S':'BOOL'}}", ITEM, "true"},
        {"attribute_type(z, :v)", NULL, "{':v':{'S':'NULL'}}", ITEM, "true"},
        {"attribute_type(ss, :v)", NULL, "{':v':{'S':'SS'}}", ITEM, "true"},
        {"attribute_type(ns, :v)", NULL, "{':v':{'S':'NS'}}", ITEM, "true"},
        {"attribute_type(bs, :v)", NULL, "{':v':{'S':'BS'}}", ITEM, "true"},
        {"attribute_type(l, :v)", NULL, "{':v':{'S':'L'}}", ITEM, "true"},
        {"attribute_type(m, :v)", NULL, "{':v':{'S':'M'}}", ITEM, "true"},
        {"attribute_type(m.l[0], :v)", NULL, "{':v':{'S':'S'}}", ITEM, "true"},
        {"attribute_type(s, :v)", NULL, "{':v':{'S':'SS'}}", ITEM, "false"},
        {"attribute_type(:v, :v)", NULL, "{':v':{'S':'S'}}", ITEM, "true"},
        {"attribute_type(:w, :v)", NULL, "{':v':{'S':'S'},':w':{'L':[]}}", ITEM, "false"},
        {"attribute_type(size(s), :v)", NULL, "{':v':{'S':'N'}}", ITEM, "true"},
        {"attribute_type(size(n), :v)", NULL, "{':v':{'S':'N'}}", ITEM, "false"},
    };
    condition_run(cases, ARRAY_COUNT(cases));
}

Test(condition, damaged_items_count_as_missing_values)
{
    struct fixture fixture;
    fixture_open(&fixture);
    const char *error;
    struct expression *expression = fixture_compile(
        &fixture, EXPRESSION_CONDITION, "attribute_exists(a) OR size(b) = :v OR contains(c[0], :v)",
        NULL, "{':v':{'N':'1'}}", &error);
    cr_assert_not_null(expression);
    struct slice whole =
        fixture_item(&fixture, "{'b':{'S':'xx'},'c':{'L':[{'L':[{'N':'2'},{'S':'zz'}]}]}}");
    for (size_t size = 0; size < whole.size; size++) {
        cr_assert_not(expression_test(expression, slice_of(whole.data, size)), "at %zu", size);
    }
    expression_release(expression);
    fixture_close(&fixture);
}
