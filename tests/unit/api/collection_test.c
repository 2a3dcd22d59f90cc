/* Goal: ItemCollectionMetrics are answered for tables with local indexes, once per collection, and
 * for no others. */
#include "tests/unit/api/fixture.h"

#include <criterion/criterion.h>

#define SIZE ",'ReturnItemCollectionMetrics':'SIZE'"
#define METRICS(key) "{'ItemCollectionKey':{'pk':{'S':'" key "'}},'SizeEstimateRangeGB':[0.0,1.0]}"
#define ITEM(key, sort) "{'pk':{'S':'" key "'},'sk':{'N':'" sort "'}}"

Test(collection, tables_with_local_indexes_answer)
{
    static const struct step steps[] = {
        {"CreateTable",
         "{'TableName':'lsi','BillingMode':'PAY_PER_REQUEST','AttributeDefinitions':[{"
         "'AttributeName':'pk','AttributeType':'S'},{'AttributeName':'sk','AttributeType':'N'},{"
         "'AttributeName':'x','AttributeType':'S'}],'KeySchema':[{'AttributeName':'pk','KeyType':"
         "'HASH'},{'AttributeName':'sk','KeyType':'RANGE'}],'LocalSecondaryIndexes':[{'IndexName':"
         "'byx','KeySchema':[{'AttributeName':'pk','KeyType':'HASH'},{'AttributeName':'x','KeyType'"
         ":'RANGE'}],'Projection':{'ProjectionType':'ALL'}}]}",
         "~'CREATING'"},
        {"PutItem", "{'TableName':'lsi','Item':" ITEM("a", "1") SIZE "}",
         "{'ItemCollectionMetrics':" METRICS("a") "}"},
        {"UpdateItem",
         "{'TableName':'lsi','Key':" ITEM("b", "1") ",'ReturnConsumedCapacity':'TOTAL'" SIZE "}",
         "{'ConsumedCapacity':{'TableName':'lsi','CapacityUnits':1.0},'ItemCollectionMetrics'"
         ":" METRICS("b") "}"},
        {"DeleteItem", "{'TableName':'lsi','Key':" ITEM("b", "1") SIZE "}",
         "{'ItemCollectionMetrics':" METRICS("b") "}"},
        {"PutItem", "{'TableName':'lsi','Item':" ITEM("a", "1") "}", "{}"},
        {"PutItem",
         "{'TableName':'lsi','Item':" ITEM("a", "1") ",'ReturnItemCollectionMetrics':'NONE'}",
         "{}"},
        {"PutItem", "{'TableName':'abc','Item':{'pk':{'S':'a'}}" SIZE "}", "{}"},
        {"BatchWriteItem",
         "{'RequestItems':{'abc':[{'PutRequest':{'Item':{'pk':{'S':'a'}}}}],'lsi':[{'PutRequest':{"
         "'Item':" ITEM("a", "1") "}},{'DeleteRequest':{'Key':" ITEM(
             "b", "1") "}},{'PutRequest':{"
                       "'Item':" ITEM("a", "2") "}}]}" SIZE "}",
         "{'UnprocessedItems':{},'ItemCollectionMetrics':{'lsi':[" METRICS("a") "," METRICS(
             "b") "]}}"},
        {"TransactWriteItems",
         "{'TransactItems':[{'Put':{'TableName':'abc','Item':{'pk':{'S':'a'}}}},{'Put':{"
         "'TableName':'lsi','Item':" ITEM("a", "1") "}},{'Delete':{'TableName':'lsi','Key':" ITEM(
             "a",
             "2") "}},{'ConditionCheck':{'TableName':'lsi','Key':" ITEM("c",
                                                                        "2") ",'"
                                                                             "ConditionExpression':"
                                                                             "'attribute_not_"
                                                                             "exists(pk)'}}]" SIZE
                                                                             "}",
         "{'ItemCollectionMetrics':{'lsi':[" METRICS("a") "]}}"},
        {"TransactWriteItems",
         "{'TransactItems':[{'Put':{'TableName':'abc','Item':{'pk':{'S':'a'}}}}]" SIZE "}", "{}"},
    };
    struct fixture *fixture = fixture_open();
    fixture_table(fixture, "abc", 0);
    fixture_script(fixture, steps, ARRAY_COUNT(steps));
    fixture_close(fixture);
}

/* The upper end is a bound of what the table holds, so it grows with it. */
Test(collection, the_estimate_bounds_what_the_table_holds)
{
    struct fixture *fixture = fixture_open();
    struct answer answer = fixture_call(
        fixture, "CreateTable",
        "{'TableName':'lsi','BillingMode':'PAY_PER_REQUEST','AttributeDefinitions':[{"
        "'AttributeName':'pk','AttributeType':'S'},{'AttributeName':'sk','AttributeType':'N'},{"
        "'AttributeName':'x','AttributeType':'S'}],'KeySchema':[{'AttributeName':'pk','KeyType':"
        "'HASH'},{'AttributeName':'sk','KeyType':'RANGE'}],'LocalSecondaryIndexes':[{'IndexName':"
        "'byx','KeySchema':[{'AttributeName':'pk','KeyType':'HASH'},{'AttributeName':'x','KeyType'"
        ":'RANGE'}],'Projection':{'ProjectionType':'ALL'}}]}");
    cr_assert(answer.ok, "%s", answer.text);
    const struct table *table = catalog_acquire(fixture->node.store->catalog, SLICE_LITERAL("lsi"));
    table_count_items(table, 1, INT64_C(3) << 30);
    answer = fixture_call(fixture, "PutItem", "{'TableName':'lsi','Item':" ITEM("a", "1") SIZE "}");
    cr_assert_not_null(strstr(answer.text, "\"SizeEstimateRangeGB\":[0.0,4.0]"), "%s", answer.text);
    table_count_items(table, -1, -(INT64_C(3) << 30));
    table_release(table);
    fixture_close(fixture);
}
