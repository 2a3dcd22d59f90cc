/* Goal: tables with secondary indexes, and every other option of CreateTable and UpdateTable, are
 * described and refused as dynamodb-features.md sections 1, 2 and 18 say. Method: scripts. */
#include "tests/unit/api/fixture.h"

#include <criterion/criterion.h>

#define OMPV "VALIDATION: One or more parameter values were invalid: "
#define S(name) "{'AttributeName':'" name "','AttributeType':'S'}"
#define HASH(name) "{'AttributeName':'" name "','KeyType':'HASH'}"
#define RANGE(name) "{'AttributeName':'" name "','KeyType':'RANGE'}"
#define ON_DEMAND ",'BillingMode':'PAY_PER_REQUEST'"
#define UNITS(read, write)                                                                         \
    "'ProvisionedThroughput':{'ReadCapacityUnits':" #read ",'WriteCapacityUnits':" #write "}"
#define TABLE(definitions, schema, rest)                                                           \
    "{'TableName':'abc','AttributeDefinitions':[" definitions "],'KeySchema':[" schema "]" rest "}"
#define INDEX(name, schema, rest)                                                                  \
    "{'IndexName':'" name "','KeySchema':[" schema "],'Projection':{'ProjectionType':'ALL'}" rest  \
    "}"
#define LOCAL(list) ",'LocalSecondaryIndexes':[" list "]"
#define GLOBAL(list) ",'GlobalSecondaryIndexes':[" list "]"
#define UPDATE(rest) "{'TableName':'abc'," rest "}"
#define UPDATES(list) "'GlobalSecondaryIndexUpdates':[" list "]"
#define DESCRIBE "DescribeTable", "{'TableName':'abc'}"

static void table_index_run(const struct step *steps, size_t count)
{
    struct fixture *fixture = fixture_open();
    fixture_script(fixture, steps, count);
    fixture_close(fixture);
}

Test(table_index, indexes_are_described)
{
    static const struct step steps[] = {
        {"CreateTable",
         TABLE(S("a") "," S("b") "," S("c"), HASH("a") "," RANGE("b"),
               ON_DEMAND LOCAL(INDEX("lll", HASH("a") "," RANGE("c"), ""))
                   GLOBAL("{'IndexName':'ggg','KeySchema':[" HASH(
                       "c") "],'Projection':"
                            "{'ProjectionType':'INCLUDE','NonKeyAttributes':['x','y']}}")),
         "~'GlobalSecondaryIndexes':[{'IndexName':'ggg','KeySchema':[" HASH(
             "c") "],"
                  "'Projection':{'ProjectionType':'INCLUDE','NonKeyAttributes':['x','y']},'"
                  "IndexStatus':"
                  "'CREATING','ProvisionedThroughput':{'NumberOfDecreasesToday':0,'"
                  "ReadCapacityUnits':0,"
                  "'WriteCapacityUnits':0},'IndexSizeBytes':0,'ItemCount':0,'IndexArn':"
                  "'arn:aws:dynamodb:us-east-1:123456789012:table/abc/index/ggg'}]"},
        {DESCRIBE, "~'LocalSecondaryIndexes':[{'IndexName':'lll','KeySchema':[" HASH("a") "," RANGE(
                       "c") "],"
                            "'Projection':{'ProjectionType':'ALL'},'IndexSizeBytes':0,'ItemCount':"
                            "0,'IndexArn':"
                            "'arn:aws:dynamodb:us-east-1:123456789012:table/abc/index/lll'}]"},
        {DESCRIBE, "~'IndexStatus':'ACTIVE','ProvisionedThroughput'"},
        {DESCRIBE, "~'WarmThroughput':{'ReadUnitsPerSecond':12000,'WriteUnitsPerSecond':4000,"
                   "'Status':'ACTIVE'},'IndexSizeBytes':0"},
        {DESCRIBE, "!~Backfilling"},
        {"DeleteTable", "{'TableName':'abc'}", "!~SecondaryIndexes"},
    };
    table_index_run(steps, ARRAY_COUNT(steps));
}

Test(table_index, keys_of_several_attributes)
{
    static const struct step steps[] = {
        {"CreateTable",
         TABLE(S("a") "," S("b") "," S("c") "," S("d"), HASH("a"),
               ON_DEMAND GLOBAL(INDEX("ggg", HASH("a") "," RANGE("b") "," HASH("c"), ""))),
         OMPV "All HASH key attributes must precede RANGE key attributes in the KeySchema"},
        {"CreateTable",
         TABLE(S("a") "," S("b") "," S("c") "," S("d"), HASH("a"),
               ON_DEMAND GLOBAL(INDEX("ggg", HASH("a") "," RANGE("b") "," RANGE("c"), ""))),
         OMPV "Some AttributeDefinitions are not used. AttributeDefinitions: [a, b, c, d], keys "
              "used: [a, b, c]"},
        {"CreateTable",
         TABLE(S("a") "," S("b") "," S("c"), HASH("a"),
               ON_DEMAND GLOBAL(INDEX("ggg", HASH("a") "," RANGE("b") "," HASH("c"), ""))),
         OMPV "All HASH key attributes must precede RANGE key attributes in the KeySchema"},
        {"CreateTable",
         TABLE(S("a") "," S("b") "," S("c"), HASH("a"),
               ON_DEMAND GLOBAL(INDEX("ggg", HASH("b") "," HASH("c") "," RANGE("b"), ""))),
         OMPV "The KeySchema contains multiple key attributes with the same name"},
        {"CreateTable",
         TABLE(S("a") "," S("b") "," S("c") "," S("d") "," S("e"), HASH("a"),
               ON_DEMAND GLOBAL(INDEX(
                   "ggg", HASH("a") "," HASH("b") "," HASH("c") "," HASH("d") "," HASH("e"), ""))),
         OMPV "The KeySchema exceeds the maximum allowed number of HASH key attributes"},
        {"CreateTable",
         TABLE(S("a") "," S("b") "," S("c") "," S("d"), HASH("a"),
               ON_DEMAND GLOBAL(
                   INDEX("ggg", HASH("b") "," HASH("c") "," RANGE("a") "," RANGE("d"), ""))),
         "~'KeySchema':[" HASH("b") "," HASH("c") "," RANGE("a") "," RANGE("d") "]"},
        {DESCRIBE, "~'KeySchema':[" HASH("b") "," HASH("c") "," RANGE("a") "," RANGE("d") "]"},
    };
    table_index_run(steps, ARRAY_COUNT(steps));
}

Test(table_index, options_are_described)
{
    static const struct step steps[] = {
        {"CreateTable",
         TABLE(S("a"), HASH("a"),
               ON_DEMAND ",'TableClass':'STANDARD_INFREQUENT_ACCESS','SSESpecification':"
                         "{'Enabled':true,'SSEType':'KMS','KMSMasterKeyId':'1234'},"
                         "'OnDemandThroughput':{'MaxReadRequestUnits':7},"
                         "'WarmThroughput':{'ReadUnitsPerSecond':13000}"),
         "~'WarmThroughput':{'ReadUnitsPerSecond':13000,'WriteUnitsPerSecond':4000,'Status':"
         "'UPDATING'}"},
        {DESCRIBE, "~'WarmThroughput':{'ReadUnitsPerSecond':13000,'WriteUnitsPerSecond':4000,"
                   "'Status':'ACTIVE'}"},
        {DESCRIBE, "~'OnDemandThroughput':{'MaxReadRequestUnits':7,'MaxWriteRequestUnits':-1}"},
        {DESCRIBE, "~'SSEDescription':{'Status':'ENABLED','SSEType':'KMS','KMSMasterKeyArn':"
                   "'arn:aws:kms:us-east-1:123456789012:key/1234'}"},
        {DESCRIBE, "~'TableClassSummary':{'TableClass':'STANDARD_INFREQUENT_ACCESS',"
                   "'LastUpdateDateTime':1795332846.049}"},
        {"UpdateTable", UPDATE("'TableClass':'STANDARD'"), "~STANDARD_INFREQUENT_ACCESS"},
        {DESCRIBE, "~'TableClassSummary':{'TableClass':'STANDARD'"},
        {"UpdateTable",
         UPDATE("'SSESpecification':{'Enabled':true,'SSEType':'KMS',"
                "'KMSMasterKeyId':'1234'}"),
         OMPV "Table is already encrypted with given KMSMasterKeyId. Use KMSMasterKeyId parameter "
              "if you want to change Master Key"},
        {"UpdateTable", UPDATE("'SSESpecification':{'Enabled':false}"), "~UPDATING"},
        {DESCRIBE, "!~SSEDescription"},
        {"UpdateTable", UPDATE("'SSESpecification':{'Enabled':false}"),
         OMPV "Table is already encrypted by default"},
        {"UpdateTable", UPDATE("'SSESpecification':{'Enabled':true}"), "~UPDATING"},
        {DESCRIBE, "~'KMSMasterKeyArn':'arn:aws:kms:us-east-1:123456789012:key/"},
        {"UpdateTable", UPDATE("'WarmThroughput':{'ReadUnitsPerSecond':12999}"),
         OMPV "Requested ReadUnitsPerSecond for WarmThroughput for table is lower than current "
              "WarmThroughput, decreasing WarmThroughput is not supported"},
        {"UpdateTable", UPDATE("'WarmThroughput':{'WriteUnitsPerSecond':5000}"),
         "~'TableStatus':'ACTIVE'"},
        {DESCRIBE, "~'WarmThroughput':{'ReadUnitsPerSecond':13000,'WriteUnitsPerSecond':5000"},
        {"UpdateTable", UPDATE("'OnDemandThroughput':{'MaxWriteRequestUnits':9}"), "~UPDATING"},
        {DESCRIBE, "~'OnDemandThroughput':{'MaxReadRequestUnits':7,'MaxWriteRequestUnits':9}"},
        {"UpdateTable",
         UPDATE("'OnDemandThroughput':{'MaxReadRequestUnits':-1,'MaxWriteRequestUnits':-1}"),
         "~UPDATING"},
        {DESCRIBE, "!~OnDemandThroughput"},
        {"UpdateTable", UPDATE("'OnDemandThroughput':{'MaxReadRequestUnits':0}"),
         OMPV "Requested MaxReadRequestUnits for OnDemandThroughput for table is outside of valid "
              "range"},
        {"UpdateTable", UPDATE("'StreamSpecification':{'StreamEnabled':false}"),
         "VALIDATION: Table has no stream to disable: TableName: abc"},
    };
    table_index_run(steps, ARRAY_COUNT(steps));
}

Test(table_index, decreases_are_rationed_by_the_day)
{
    struct fixture *fixture = fixture_open();
    static const struct step begin[] = {
        {"CreateTable", TABLE(S("a"), HASH("a"), "," UNITS(90, 90)), "~CREATING"},
        {"UpdateTable", UPDATE(UNITS(80, 90)), "~UPDATING"},
        {"UpdateTable", UPDATE(UNITS(70, 90)), "~UPDATING"},
        {"UpdateTable", UPDATE(UNITS(70, 80)), "~UPDATING"},
        {"UpdateTable", UPDATE(UNITS(75, 70)), "~UPDATING"},
        {DESCRIBE, "~'ProvisionedThroughput':{'NumberOfDecreasesToday':4,'LastIncreaseDateTime':"
                   "1795332846.050,'LastDecreaseDateTime':1795332846.050,'ReadCapacityUnits':75,"
                   "'WriteCapacityUnits':70}"},
        {DESCRIBE, "~'WarmThroughput':{'ReadUnitsPerSecond':90,'WriteUnitsPerSecond':90,"},
        {"UpdateTable", UPDATE(UNITS(70, 70)),
         "LIMIT: Subscriber limit exceeded: Provisioned throughput decreases are limited within a "
         "given UTC day. After the first 4 decreases, each subsequent decrease in the same UTC "
         "day can be performed at most once every 3600 seconds. Number of decreases today: 4. "
         "Last decrease at Sunday, November 22, 2026 7:34:06 AM UTC. Next decrease can be made at "
         "Sunday, November 22, 2026 8:34:06 AM UTC"},
        {"UpdateTable", UPDATE(UNITS(80, 70)), "~UPDATING"}, /* More is always possible. */
    };
    fixture_script(fixture, begin, ARRAY_COUNT(begin));
    fixture->now_ms += 3600 * 1000;
    static const struct step later[] = {
        {"UpdateTable", UPDATE(UNITS(70, 70)), "~UPDATING"},
        {DESCRIBE, "~'NumberOfDecreasesToday':5"},
        {"UpdateTable", UPDATE(UNITS(60, 70)), "LIMIT ~Number of decreases today: 5."},
    };
    fixture_script(fixture, later, ARRAY_COUNT(later));
    fixture->now_ms += UINT64_C(86400) * 1000;
    static const struct step tomorrow[] = {
        {DESCRIBE, "~'NumberOfDecreasesToday':0"},
        {"UpdateTable", UPDATE(UNITS(60, 70)), "~UPDATING"},
        {DESCRIBE, "~'NumberOfDecreasesToday':1"},
    };
    fixture_script(fixture, tomorrow, ARRAY_COUNT(tomorrow));
    fixture_close(fixture);
}

Test(table_index, throughput_of_indexes_follows_the_mode)
{
    static const struct step steps[] = {
        {"CreateTable",
         TABLE(S("a") "," S("b"), HASH("a"),
               "," UNITS(1, 1) GLOBAL(INDEX("ggg", HASH("b"), "," UNITS(2, 3)))),
         "~'IndexStatus':'CREATING','ProvisionedThroughput':{'NumberOfDecreasesToday':0,"
         "'ReadCapacityUnits':2,'WriteCapacityUnits':3}"},
        {"UpdateTable", UPDATE(UPDATES("{'Update':{'IndexName':'ggg'," UNITS(2, 3) "}}")),
         "VALIDATION ~The provisioned throughput for the index ggg will not change. "},
        {"UpdateTable", UPDATE(UPDATES("{'Update':{'IndexName':'ggg'," UNITS(4, 5) "}}")),
         "~UPDATING"},
        {DESCRIBE, "~'ReadCapacityUnits':4,'WriteCapacityUnits':5"},
        {"UpdateTable", UPDATE(UPDATES("{'Update':{'IndexName':'hhh'," UNITS(4, 5) "}}")),
         "VALIDATION: Cannot update an index that is not a GlobalSecondaryIndex: hhh"},
        {"UpdateTable", UPDATE("'BillingMode':'PAY_PER_REQUEST'"), "~UPDATING"},
        {DESCRIBE, "!~'ReadCapacityUnits':4"},
        {"UpdateTable", UPDATE("'BillingMode':'PROVISIONED'," UNITS(6, 6)),
         OMPV "ProvisionedThroughput must be specified for index: ggg"},
        {"UpdateTable",
         UPDATE("'BillingMode':'PROVISIONED'," UNITS(6, 6) "," UPDATES(
             "{'Update':{'IndexName':'ggg'," UNITS(7, 8) "}}")),
         "~UPDATING"},
        {DESCRIBE, "~'ReadCapacityUnits':7,'WriteCapacityUnits':8"},
        {DESCRIBE, "~'ReadCapacityUnits':6,'WriteCapacityUnits':6"},
        {DESCRIBE, "~'ReadUnitsPerSecond':12000"},
    };
    table_index_run(steps, ARRAY_COUNT(steps));
}
