/* Goal: the parameters before expressions mean what dynamodb-api.md section 13 says.
 * Method: scripts of requests on a fresh store. Their faults are in tests/e2e/cases/items.json. */
#include "tests/unit/api/fixture.h"

#include <criterion/criterion.h>

#define FAILED "CONDITION: The conditional request failed"

static void legacy_run(const struct step *steps, size_t count)
{
    struct fixture *fixture = fixture_open();
    fixture_table(fixture, "abc", 0);
    fixture_table(fixture, "two", 'N');
    fixture_script(fixture, steps, count);
    fixture_close(fixture);
}

#define ITEM                                                                                       \
    "{'TableName':'abc','Item':{'pk':{'S':'a'},'n':{'N':'5'},'s':{'S':'hello'},'z':{'NULL':true}," \
    "'ss':{'SS':['x','y']},'l':{'L':[{'N':'1'},{'S':'q'}]}}}"
/* A put that leaves the item as it is. */
#define PUT(expected)                                                                              \
    "{'TableName':'abc','Item':{'pk':{'S':'a'},'n':{'N':'5'},'s':{'S':'hello'},'z':{'NULL':true}," \
    "'ss':{'SS':['x','y']},'l':{'L':[{'N':'1'},{'S':'q'}]}},'Expected':" expected "}"

Test(legacy, expected_tests_the_stored_item)
{
    static const struct step steps[] = {
        {"PutItem", PUT("{'pk':{'Exists':true,'Value':{'S':'a'}}}"), FAILED},
        {"PutItem", PUT("{'pk':{'Exists':false}}"), "{}"},
        {"PutItem", PUT("{'pk':{'Exists':false}}"), FAILED},
        {"PutItem", PUT("{}"), "{}"},
        {"PutItem", PUT("{'n':{'Value':{'N':'5.0'}}}"), "{}"},
        {"PutItem", PUT("{'n':{'Value':{'N':'6'}}}"), FAILED},
        {"PutItem", PUT("{'n':{'Value':{'N':'5'}},'s':{'Value':{'S':'no'}}}"), FAILED},
        {"PutItem", PUT("{'n':{'ComparisonOperator':'GT','Value':{'N':'4'}}}"), "{}"},
        {"PutItem",
         "{'TableName':'abc','Item':{'pk':{'S':'a'}},'ConditionalOperator':'AND','Expected':{"
         "'n':{'Value':{'N':'5'}},'s':{'Value':{'S':'no'}}}}",
         FAILED},
        {"DeleteItem",
         "{'TableName':'abc','Key':{'pk':{'S':'a'}},'Expected':{'z':{'ComparisonOperator':'NULL'}},"
         "'ReturnValuesOnConditionCheckFailure':'ALL_OLD'}",
         "CONDITION ~,'Item':{'l':"},
        {"DeleteItem",
         "{'TableName':'abc','Key':{'pk':{'S':'a'}},'ConditionalOperator':'OR','Expected':{"
         "'n':{'Value':{'N':'5'}},'s':{'Value':{'S':'no'}}},'ReturnValues':'ALL_OLD'}",
         "~'n':{'N':'5'}"},
        {"GetItem", "{'TableName':'abc','Key':{'pk':{'S':'a'}}}", "{}"},
    };
    legacy_run(steps, ARRAY_COUNT(steps));
}

/* One operator on one attribute of ITEM, or on one that is not there. */
struct legacy_case {
    const char *attribute;
    const char *comparison;
    const char *values;
    bool holds;
};

Test(legacy, each_operator_as_the_service_evaluates_it)
{
    static const struct legacy_case cases[] = {
        {"n", "EQ", "{'N':'5'}", true},
        {"n", "EQ", "{'S':'5'}", false},
        {"none", "EQ", "{'N':'5'}", false},
        {"ss", "EQ", "{'SS':['y','x']}", true},
        {"n", "NE", "{'N':'5'}", false},
        {"n", "NE", "{'S':'5'}", true},
        {"none", "NE", "{'S':'5'}", true},
        {"n", "LE", "{'N':'5'}", true},
        {"n", "LT", "{'N':'5'}", false},
        {"n", "GE", "{'N':'5'}", true},
        {"n", "GT", "{'N':'4.9'}", true},
        {"n", "GT", "{'S':'4'}", false},
        {"none", "LE", "{'N':'5'}", false},
        {"z", "GE", "{'N':'5'}", false},
        {"n", "BETWEEN", "{'N':'5'},{'N':'5'}", true},
        {"n", "BETWEEN", "{'N':'6'},{'N':'7'}", false},
        {"none", "BETWEEN", "{'N':'6'},{'N':'7'}", false},
        {"n", "IN", "{'N':'4'},{'N':'5'}", true},
        {"n", "IN", "{'N':'4'}", false},
        {"none", "IN", "{'N':'4'}", false},
        {"s", "BEGINS_WITH", "{'S':'hel'}", true},
        {"s", "BEGINS_WITH", "{'S':'elo'}", false},
        {"n", "BEGINS_WITH", "{'S':'5'}", false},
        {"none", "BEGINS_WITH", "{'S':'5'}", false},
        {"s", "CONTAINS", "{'S':'ell'}", true},
        {"ss", "CONTAINS", "{'S':'x'}", true},
        {"ss", "CONTAINS", "{'N':'1'}", false},
        {"l", "CONTAINS", "{'N':'1.0'}", true},
        {"none", "CONTAINS", "{'N':'1'}", false},
        {"s", "NOT_CONTAINS", "{'S':'ell'}", false},
        {"s", "NOT_CONTAINS", "{'S':'xyz'}", true},
        {"ss", "NOT_CONTAINS", "{'S':'z'}", true},
        {"none", "NOT_CONTAINS", "{'S':'z'}", false},
        {"none", "NULL", "", true},
        {"z", "NULL", "", false},
        {"z", "NOT_NULL", "", true},
        {"none", "NOT_NULL", "", false},
    };
    struct fixture *fixture = fixture_open();
    fixture_table(fixture, "abc", 0);
    cr_assert(fixture_call(fixture, "PutItem", ITEM).ok);
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        const struct legacy_case *one = &cases[i];
        char *condition =
            fixture_printf(fixture, "{'%s':{'ComparisonOperator':'%s','AttributeValueList':[%s]}}",
                           one->attribute, one->comparison, one->values);
        char *scan = fixture_printf(fixture, "{'TableName':'abc','ScanFilter':%s,'Select':'COUNT'}",
                                    condition);
        char *put = fixture_printf(
            fixture, "{'TableName':'abc','Key':{'pk':{'S':'a'}},'Expected':%s}", condition);
        struct answer answer = fixture_call(fixture, "Scan", scan);
        cr_assert(answer.ok, "%s: %s", scan, answer.text);
        cr_assert_str_eq(answer.text,
                         one->holds ? "{\"Count\":1,\"ScannedCount\":1}"
                                    : "{\"Count\":0,\"ScannedCount\":1}",
                         "%s: %s", scan, answer.text);
        cr_assert_eq(fixture_call(fixture, "UpdateItem", put).ok, one->holds, "%s", put);
    }
    fixture_close(fixture);
}

#define UPDATE(updates)                                                                            \
    "{'TableName':'abc','Key':{'pk':{'S':'a'}},'ReturnValues':'UPDATED_NEW','AttributeUpdates'"    \
    ":" updates "}"

Test(legacy, updates_put_add_and_delete)
{
    static const struct step steps[] = {
        {"UpdateItem", UPDATE("{'x':{'Action':'DELETE'}}"), "{}"},
        {"UpdateItem", UPDATE("{'x':{'Action':'DELETE','Value':{'SS':['a']}}}"), "{}"},
        {"GetItem", "{'TableName':'abc','Key':{'pk':{'S':'a'}}}", "{}"},
        {"UpdateItem", UPDATE("{}"), "{}"},
        {"GetItem", "{'TableName':'abc','Key':{'pk':{'S':'a'}}}", "{'Item':{'pk':{'S':'a'}}}"},
        {"UpdateItem",
         UPDATE("{'n':{'Action':'ADD','Value':{'N':'2'}},'l':{'Action':'ADD','Value':{'L':[{'S':"
                "'q'}]}},'ss':{'Action':'ADD','Value':{'SS':['a','b']}},'size':{'Value':{'S':'r'}},"
                "'a.b':{'Action':'PUT','Value':{'BOOL':true}}}"),
         "{'Attributes':{'a.b':{'BOOL':true},'l':{'L':[{'S':'q'}]},'n':{'N':'2'},'size':{'S':'r'},"
         "'ss':{'SS':['a','b']}}}"},
        {"UpdateItem",
         UPDATE("{'n':{'Action':'ADD','Value':{'N':'-3.5'}},'l':{'Action':'ADD','Value':{'L':[{'N':"
                "'1'},{'S':'q'}]}},'ss':{'Action':'DELETE','Value':{'SS':['a','z']}},'size':{"
                "'Action':'DELETE'}}"),
         "{'Attributes':{'l':{'L':[{'S':'q'},{'N':'1'},{'S':'q'}]},'n':{'N':'-1.5'},'ss':{'SS':['b'"
         "]}}}"},
        {"UpdateItem", UPDATE("{'ss':{'Action':'DELETE','Value':{'SS':['b']}}}"), "{}"},
        {"UpdateItem", UPDATE("{'n':{'Action':'ADD','Value':{'NS':['1']}}}"),
         "VALIDATION: Type mismatch for attribute to update"},
        {"UpdateItem", UPDATE("{'n':{'Action':'DELETE','Value':{'NS':['1']}}}"),
         "VALIDATION: Type mismatch for attribute to update"},
        {"UpdateItem", UPDATE("{'l':{'Action':'ADD','Value':{'N':'1'}}}"),
         "VALIDATION: Type mismatch for attribute to update"},
        {"UpdateItem",
         "{'TableName':'abc','Key':{'pk':{'S':'a'}},'ReturnValues':'ALL_OLD','AttributeUpdates':{"
         "'n':{'Value':{'N':'1'}}},'Expected':{'n':{'Value':{'N':'-1.5'}}}}",
         "{'Attributes':{'a.b':{'BOOL':true},'l':{'L':[{'S':'q'},{'N':'1'},{'S':'q'}]},"
         "'n':{'N':'-1.5'},'pk':{'S':'a'}}}"},
        {"GetItem",
         "{'TableName':'abc','Key':{'pk':{'S':'a'}},'AttributesToGet':['n','a.b','none']}",
         "{'Item':{'a.b':{'BOOL':true},'n':{'N':'1'}}}"},
        {"BatchGetItem",
         "{'RequestItems':{'abc':{'Keys':[{'pk':{'S':'a'}}],'AttributesToGet':['none']}}}",
         "{'Responses':{'abc':[{}]},'UnprocessedKeys':{}}"},
    };
    legacy_run(steps, ARRAY_COUNT(steps));
}

#define QUERY(more)                                                                                \
    "{'TableName':'two','KeyConditions':{'pk':{'ComparisonOperator':'EQ','AttributeValueList':[{"  \
    "'S':'a'}]}" more

Test(legacy, key_conditions_choose_a_range)
{
    static const struct step steps[] = {
        {"PutItem", "{'TableName':'two','Item':{'pk':{'S':'a'},'sk':{'N':'1'},'x':{'N':'1'}}}",
         "{}"},
        {"PutItem", "{'TableName':'two','Item':{'pk':{'S':'a'},'sk':{'N':'2'},'x':{'N':'2'}}}",
         "{}"},
        {"PutItem", "{'TableName':'two','Item':{'pk':{'S':'a'},'sk':{'N':'3'}}}", "{}"},
        {"Query", QUERY("},'AttributesToGet':['sk']}"),
         "{'Items':[{'sk':{'N':'1'}},{'sk':{'N':'2'}},{'sk':{'N':'3'}}],'Count':3,"
         "'ScannedCount':3}"},
        {"Query",
         QUERY(",'sk':{'ComparisonOperator':'BETWEEN','AttributeValueList':[{'N':'2'},{'N':'9'}]}}"
               ",'AttributesToGet':['sk']}"),
         "{'Items':[{'sk':{'N':'2'}},{'sk':{'N':'3'}}],'Count':2,'ScannedCount':2}"},
        {"Query",
         QUERY(",'sk':{'ComparisonOperator':'LT','AttributeValueList':[{'N':'3'}]}},"
               "'ScanIndexForward':false,'Limit':1,'Select':'COUNT'}"),
         "{'Count':1,'ScannedCount':1,'LastEvaluatedKey':{'pk':{'S':'a'},'sk':{'N':'2'}}}"},
        {"Query",
         QUERY("},'QueryFilter':{'x':{'ComparisonOperator':'GE','AttributeValueList':[{'N':'2'}]},"
               "'y':{'ComparisonOperator':'NOT_NULL'}},'ConditionalOperator':'OR',"
               "'Select':'COUNT'}"),
         "{'Count':1,'ScannedCount':3}"},
        {"Query",
         QUERY(",'sk':{'ComparisonOperator':'BEGINS_WITH','AttributeValueList':[{'S':'2'}]}}}"),
         "VALIDATION ~Query key condition not supported"},
    };
    legacy_run(steps, ARRAY_COUNT(steps));
}
