/* Goal: Query and Scan answer as dynamodb-api.md section 9 says.
 * Method: scripts on a small table of two partitions. */
#include "tests/unit/api/fixture.h"

#include <criterion/criterion.h>

/* Partition a with sort keys 1 to 5, partition b with 1. */
static struct fixture *page_fixture(void)
{
    struct fixture *fixture = fixture_open();
    fixture_table(fixture, "abc", 'N');
    fixture_table(fixture, "one", 0);
    for (int i = 1; i <= 6; i++) {
        struct answer answer = fixture_call(
            fixture, "PutItem",
            fixture_printf(fixture,
                           "{'TableName':'abc','Item':{'pk':{'S':'%s'},'sk':{'N':'%d'},'v':"
                           "{'N':'%d'},'w':{'S':'w%d'}}}",
                           i == 6 ? "b" : "a", i == 6 ? 1 : i, i * 10, i % 2));
        cr_assert(answer.ok, "%s", answer.text);
    }
    return fixture;
}

static void page_run(const struct step *steps, size_t count)
{
    struct fixture *fixture = page_fixture();
    fixture_script(fixture, steps, count);
    fixture_close(fixture);
}

#define QUERY(condition, rest, values)                                                             \
    "{'TableName':'abc','KeyConditionExpression':'" condition "','ExpressionAttributeValues':{"    \
    "':a':{'S':'a'}" values "}" rest "}"
#define KEYS ",'ProjectionExpression':'sk'"
#define SK(n) "{'sk':{'N':'" #n "'}}"

Test(page, a_query_walks_one_partition_in_order)
{
    static const struct step steps[] = {
        {"Query", QUERY("pk = :a", KEYS, ""),
         "{'Items':[" SK(1) "," SK(2) "," SK(3) "," SK(4) "," SK(5) "],'Count':5,"
                                                                    "'ScannedCount':5}"},
        {"Query", QUERY("pk = :a", KEYS ",'ScanIndexForward':false", ""),
         "{'Items':[" SK(5) "," SK(4) "," SK(3) "," SK(2) "," SK(1) "],'Count':5,"
                                                                    "'ScannedCount':5}"},
        {"Query", QUERY("pk = :a AND sk > :n", KEYS, ",':n':{'N':'3'}"),
         "{'Items':[" SK(4) "," SK(5) "],'Count':2,'ScannedCount':2}"},
        {"Query", QUERY("pk = :a AND sk <= :n", KEYS, ",':n':{'N':'2.0'}"),
         "{'Items':[" SK(1) "," SK(2) "],'Count':2,'ScannedCount':2}"},
        {"Query", QUERY("pk = :a AND sk BETWEEN :n AND :m", KEYS, ",':n':{'N':'2'},':m':{'N':'3'}"),
         "{'Items':[" SK(2) "," SK(3) "],'Count':2,'ScannedCount':2}"},
        {"Query", QUERY("pk = :a AND sk = :n", KEYS, ",':n':{'N':'9'}"),
         "{'Items':[],'Count':0,'ScannedCount':0}"},
        {"Query",
         "{'TableName':'abc','KeyConditionExpression':'pk = :a','ExpressionAttributeValues':{':a':"
         "{'S':'b'}}}",
         "{'Items':[{'pk':{'S':'b'},'sk':{'N':'1'},'v':{'N':'60'},'w':{'S':'w0'}}],'Count':1,"
         "'ScannedCount':1}"},
        {"Query", QUERY("pk = :a", ",'Select':'COUNT'", ""), "{'Count':5,'ScannedCount':5}"},
        {"Query",
         QUERY("pk = :a", KEYS ",'FilterExpression':'v >= :n AND w = :w'",
               ",':n':{'N':'20'},':w':{'S':'w1'}"),
         "{'Items':[" SK(3) "," SK(5) "],'Count':2,'ScannedCount':5}"},
    };
    page_run(steps, ARRAY_COUNT(steps));
}

Test(page, limits_and_start_keys_page_through)
{
    static const struct step steps[] = {
        {"Query", QUERY("pk = :a", KEYS ",'Limit':2", ""),
         "{'Items':[" SK(1) "," SK(2) "],'Count':2,'ScannedCount':2,'LastEvaluatedKey':{'pk':{'S':"
                                      "'a'},'sk':{'N':'2'}}}"},
        {"Query",
         QUERY("pk = :a", KEYS ",'Limit':3,'ExclusiveStartKey':{'pk':{'S':'a'},'sk':{'N':'2'}}",
               ""),
         "{'Items':[" SK(3) "," SK(4) "," SK(5) "],'Count':3,'ScannedCount':3,'LastEvaluatedKey':"
                                                "{'pk':{'S':'a'},'sk':{'N':'5'}}}"},
        {"Query", QUERY("pk = :a", KEYS ",'ExclusiveStartKey':{'pk':{'S':'a'},'sk':{'N':'5'}}", ""),
         "{'Items':[],'Count':0,'ScannedCount':0}"},
        {"Query",
         QUERY("pk = :a",
               KEYS ",'ScanIndexForward':false,'ExclusiveStartKey':{'pk':{'S':'a'},'sk':{'N':'2'}}",
               ""),
         "{'Items':[" SK(1) "],'Count':1,'ScannedCount':1}"},
        {"Query",
         QUERY("pk = :a", KEYS ",'Limit':2,'FilterExpression':'v > :n'", ",':n':{'N':'15'}"),
         "{'Items':[" SK(2) "],'Count':1,'ScannedCount':2,'LastEvaluatedKey':{'pk':{'S':'a'},"
                            "'sk':{'N':'2'}}}"},
        {"Query", QUERY("pk = :a", ",'ExclusiveStartKey':{'pk':{'S':'b'},'sk':{'N':'1'}}", ""),
         "VALIDATION: The provided starting key is outside query boundaries based on provided "
         "conditions"},
        {"Query",
         QUERY("pk = :a AND sk > :n", ",'ExclusiveStartKey':{'pk':{'S':'a'},'sk':{'N':'1'}}",
               ",':n':{'N':'3'}"),
         "VALIDATION: The provided starting key does not match the range key predicate"},
        {"Query",
         QUERY("pk = :a AND sk = :n", ",'ExclusiveStartKey':{'pk':{'S':'a'},'sk':{'N':'3'}}",
               ",':n':{'N':'3'}"),
         "VALIDATION: The query can return at most one row and cannot be restarted"},
        {"Query", QUERY("pk = :a", ",'ExclusiveStartKey':{'pk':{'S':'a'}}", ""),
         "VALIDATION ~The provided starting key is invalid"},
        {"Query", QUERY("pk = :a", ",'ExclusiveStartKey':{'pk':{}}", ""),
         "VALIDATION: The provided starting key is invalid: Supplied AttributeValue is empty, must "
         "contain exactly one of the supported datatypes"},
    };
    page_run(steps, ARRAY_COUNT(steps));
}

Test(page, query_conditions_must_fit_the_key)
{
    static const struct step steps[] = {
        {"Query", "{'TableName':'abc'}",
         "VALIDATION: Either the KeyConditions or KeyConditionExpression parameter must be "
         "specified in the request."},
        {"Query", QUERY("sk = :a", "", ""), "VALIDATION ~"},
        {"Query", QUERY("v = :a", "", ""),
         "VALIDATION: Query condition missed key schema element: pk"},
        {"Query", QUERY("pk > :a", "", ""), "VALIDATION: Query key condition not supported"},
        {"Query", QUERY("pk = :a AND sk = :n", "", ",':n':{'S':'3'}"),
         "VALIDATION: One or more parameter values were invalid: Condition parameter type does not "
         "match schema type"},
        {"Query", QUERY("pk = :a", ",'FilterExpression':'sk > :n'", ",':n':{'N':'1'}"),
         "VALIDATION: Filter Expression can only contain non-primary key attributes: Primary key "
         "attribute: sk"},
        {"Query", QUERY("pk = :a", ",'FilterExpression':'attribute_exists(pk)'", ""),
         "VALIDATION: Filter Expression can only contain non-primary key attributes: Primary key "
         "attribute: pk"},
        {"Query", QUERY("pk = :a", ",'IndexName':'none'", ""),
         "VALIDATION: The table does not have the specified index: none"},
        {"Query",
         "{'TableName':'none','KeyConditionExpression':'pk = :a','ExpressionAttributeValues':{':a':"
         "{'S':'a'}}}",
         "NOT_FOUND: Requested resource not found"},
        {"Query",
         "{'TableName':'one','KeyConditionExpression':'pk = :a','ExpressionAttributeValues':{':a':"
         "{'S':'a'}}}",
         "{'Items':[],'Count':0,'ScannedCount':0}"},
    };
    page_run(steps, ARRAY_COUNT(steps));
}

Test(page, select_has_its_rules)
{
    static const struct step steps[] = {
        {"Query", QUERY("pk = :a", ",'Select':'ALL_PROJECTED_ATTRIBUTES'", ""),
         "VALIDATION: ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"},
        {"Scan", "{'TableName':'abc','Select':'ALL_PROJECTED_ATTRIBUTES'}",
         "VALIDATION: ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"},
        {"Query", QUERY("pk = :a", ",'Select':'SPECIFIC_ATTRIBUTES'", ""),
         "VALIDATION: Must specify the AttributesToGet or ProjectionExpression when choosing to "
         "get "
         "SPECIFIC_ATTRIBUTES"},
        {"Query", QUERY("pk = :a", ",'Select':'COUNT'" KEYS, ""),
         "VALIDATION: Cannot specify the ProjectionExpression when choosing to get only the Count"},
        {"Query", QUERY("pk = :a", ",'Select':'ALL_ATTRIBUTES'" KEYS, ""),
         "VALIDATION: Cannot specify the ProjectionExpression when choosing to get ALL_ATTRIBUTES"},
        {"Query",
         QUERY("pk = :a AND sk = :n", ",'Select':'SPECIFIC_ATTRIBUTES'" KEYS, ",':n':{'N':'3'}"),
         "{'Items':[" SK(3) "],'Count':1,'ScannedCount':1}"},
        {"Scan", "{'TableName':'abc','Select':'COUNT'}", "{'Count':6,'ScannedCount':6}"},
    };
    page_run(steps, ARRAY_COUNT(steps));
}

Test(page, scans_read_all_and_filter_on_anything)
{
    static const struct step steps[] = {
        {"Scan",
         "{'TableName':'abc','FilterExpression':'pk = :b','ExpressionAttributeValues':{':b':{'S':"
         "'b'}},'ProjectionExpression':'pk, v'}",
         "{'Items':[{'pk':{'S':'b'},'v':{'N':'60'}}],'Count':1,'ScannedCount':6}"},
        {"Scan", "{'TableName':'one'}", "{'Items':[],'Count':0,'ScannedCount':0}"},
        {"Scan", "{'TableName':'none'}", "NOT_FOUND: Requested resource not found"},
        {"Scan", "{'TableName':'abc','IndexName':'idx'}",
         "VALIDATION: The table does not have the specified index: idx"},
        {"Scan", "{'TableName':'abc','Select':'COUNT','ReturnConsumedCapacity':'TOTAL'}",
         "{'Count':6,'ScannedCount':6,'ConsumedCapacity':{'TableName':'abc','CapacityUnits':0.5}}"},
        {"Scan", "{'TableName':'one','ConsistentRead':true,'ReturnConsumedCapacity':'INDEXES'}",
         "{'Items':[],'Count':0,'ScannedCount':0,'ConsumedCapacity':{'TableName':'one',"
         "'CapacityUnits':1.0,'Table':{'CapacityUnits':1.0}}}"},
    };
    page_run(steps, ARRAY_COUNT(steps));
}

Test(page, segments_have_their_rules)
{
    static const struct step steps[] = {
        {"Scan", "{'TableName':'abc','Segment':0}",
         "VALIDATION: The TotalSegments parameter is required but was not present in the request "
         "when Segment parameter is present"},
        {"Scan", "{'TableName':'abc','TotalSegments':2}",
         "VALIDATION: The Segment parameter is required but was not present in the request when "
         "parameter TotalSegments is present"},
        {"Scan", "{'TableName':'abc','Segment':5,'TotalSegments':5}",
         "VALIDATION: The Segment parameter is zero-based and must be less than parameter "
         "TotalSegments: Segment: 5 is not less than TotalSegments: 5"},
    };
    page_run(steps, ARRAY_COUNT(steps));
}

static int page_count(struct answer answer)
{
    cr_assert(answer.ok, "%s", answer.text);
    const char *count = strstr(answer.text, "\"Count\":");
    return atoi(count + strlen("\"Count\":"));
}

Test(page, segments_together_are_the_table)
{
    struct fixture *fixture = page_fixture();
    static const int totals[] = {1, 2, 3, 7, 1000000};
    for (size_t t = 0; t < ARRAY_COUNT(totals); t++) {
        int found = 0;
        int segments = totals[t] > 7 ? 1 : totals[t];
        for (int i = 0; i < segments; i++) {
            found += page_count(fixture_call(
                fixture, "Scan",
                fixture_printf(fixture, "{'TableName':'abc','Segment':%d,'TotalSegments':%d}", i,
                               totals[t])));
        }
        cr_assert(totals[t] > 7 || found == 6, "%d segments hold %d items", totals[t], found);
    }
    fixture_close(fixture);
}

Test(page, a_page_ends_at_a_megabyte)
{
    struct fixture *fixture = fixture_open();
    fixture_table(fixture, "abc", 'N');
    char *text = fixture_long(fixture, 100000);
    for (int i = 0; i < 15; i++) {
        struct answer answer = fixture_call(
            fixture, "PutItem",
            fixture_printf(fixture,
                           "{'TableName':'abc','Item':{'pk':{'S':'a'},'sk':{'N':'%d'},'x':{'S':"
                           "'%s'}}}",
                           i, text));
        cr_assert(answer.ok, "%s", answer.text);
    }
    static const struct step steps[] = {
        {"Query", QUERY("pk = :a", ",'Select':'COUNT','ReturnConsumedCapacity':'TOTAL'", ""),
         "{'Count':11,'ScannedCount':11,'LastEvaluatedKey':{'pk':{'S':'a'},'sk':{'N':'10'}},"
         "'ConsumedCapacity':{'TableName':'abc','CapacityUnits':134.5}}"},
        {"Query",
         QUERY("pk = :a", ",'Select':'COUNT','ExclusiveStartKey':{'pk':{'S':'a'},'sk':{'N':'10'}}",
               ""),
         "{'Count':4,'ScannedCount':4}"},
    };
    fixture_script(fixture, steps, ARRAY_COUNT(steps));
    fixture_close(fixture);
}
