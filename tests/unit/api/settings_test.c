/* Goal: the constant and the empty answers are exact (dynamodb-features.md 3, 4, 11). */
#include "tests/unit/api/fixture.h"

#include <criterion/criterion.h>

static void settings_run(const struct step *steps, size_t count)
{
    struct fixture *fixture = fixture_open();
    fixture_table(fixture, "abc", 0);
    fixture_script(fixture, steps, count);
    fixture_close(fixture);
}

Test(settings, the_account_has_its_limits_and_endpoint)
{
    static const struct step steps[] = {
        {"DescribeLimits", "{}",
         "{'AccountMaxReadCapacityUnits':80000,'AccountMaxWriteCapacityUnits':80000,"
         "'TableMaxReadCapacityUnits':40000,'TableMaxWriteCapacityUnits':40000}"},
        {"DescribeEndpoints", "{}",
         "{'Endpoints':[{'Address':'localhost:8000','CachePeriodInMinutes':1440}]}"},
    };
    settings_run(steps, ARRAY_COUNT(steps));
}

Test(settings, backups_are_off)
{
    static const struct step steps[] = {
        {"DescribeContinuousBackups", "{'TableName':'abc'}",
         "{'ContinuousBackupsDescription':{'ContinuousBackupsStatus':'ENABLED',"
         "'PointInTimeRecoveryDescription':{'PointInTimeRecoveryStatus':'DISABLED'}}}"},
        {"DescribeContinuousBackups", "{'TableName':'none'}",
         "TABLE_NOT_FOUND: Table not found: none"},
        {"DescribeContinuousBackups", "{'TableName':'n'}",
         "VALIDATION: TableName must be at least 3 characters long and at most 255 characters "
         "long"},
    };
    settings_run(steps, ARRAY_COUNT(steps));
}

#define TABLE "arn:aws:dynamodb:us-east-1:123456789012:table/"

Test(settings, tags_are_listed_for_a_tables_arn)
{
    static const struct step steps[] = {
        {"ListTagsOfResource", "{'ResourceArn':'" TABLE "abc'}", "{'Tags':[]}"},
        {"ListTagsOfResource", "{'ResourceArn':'" TABLE "abc','NextToken':'bad'}", "{'Tags':[]}"},
        {"ListTagsOfResource", "{'ResourceArn':'" TABLE "abc/stream/2026-11-22T07:34:06.049'}",
         "{'Tags':[]}"},
        {"ListTagsOfResource", "{}", "VALIDATION: Invalid TableArn"},
        {"ListTagsOfResource", "{'ResourceArn':'abc'}",
         "VALIDATION: One or more parameter values were invalid: ARNs must start with 'arn:': abc"},
        {"ListTagsOfResource", "{'ResourceArn':'arn:aws:s3:::bucket'}",
         "VALIDATION: One or more parameter values were invalid: Provided Arn is not a DynamoDB "
         "resource arn: arn:aws:s3:::bucket"},
        {"ListTagsOfResource", "{'ResourceArn':'" TABLE "abc/index/i'}",
         "VALIDATION: One or more parameter values were invalid: Invalid resource arn provided, "
         "only table or stream is accepted. Provided resource arn: " TABLE "abc/index/i"},
        {"ListTagsOfResource",
         "{'ResourceArn':'arn:aws:dynamodb:us-west-2:123456789012:table/abc'}",
         "VALIDATION: Invalid TableArn: Invalid ResourceArn provided as input "
         "arn:aws:dynamodb:us-west-2:123456789012:table/abc"},
        {"ListTagsOfResource", "{'ResourceArn':'" TABLE "none'}",
         "NOT_FOUND: Requested resource not found: ResourceArn: " TABLE "none not found"},
    };
    settings_run(steps, ARRAY_COUNT(steps));
}
