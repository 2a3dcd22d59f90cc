/* Goal: the operations that hang on a table answer as the service does, state after state
 * (dynamodb-features.md 3, 5, 6, 9 to 20). */
#include "tests/unit/api/fixture.h"

#include <criterion/criterion.h>

#define ARN "arn:aws:dynamodb:us-east-1:123456789012:table/abc"
#define OMPV "VALIDATION: One or more parameter values were invalid: "

static void families_run(const struct step *steps, size_t count)
{
    struct fixture *fixture = fixture_open();
    fixture_table(fixture, "abc", 0);
    fixture_script(fixture, steps, count);
    fixture_close(fixture);
}

Test(families, tags_are_put_over_listed_and_taken_away)
{
    static const struct step steps[] = {
        {"TagResource", "{'ResourceArn':'" ARN "','Tags':[{'Key':'a','Value':'1'}]}", ""},
        {"TagResource",
         "{'ResourceArn':'" ARN "','Tags':[{'Key':'b','Value':''},{'Key':'a','Value':'2'}]}", ""},
        {"ListTagsOfResource", "{'ResourceArn':'" ARN "'}",
         "{'Tags':[{'Key':'a','Value':'2'},{'Key':'b','Value':''}]}"},
        {"UntagResource", "{'ResourceArn':'" ARN "','TagKeys':['a','none']}", ""},
        {"ListTagsOfResource", "{'ResourceArn':'" ARN "'}", "{'Tags':[{'Key':'b','Value':''}]}"},
        {"UntagResource", "{'ResourceArn':'" ARN "','TagKeys':['b']}", ""},
        {"ListTagsOfResource", "{'ResourceArn':'" ARN "'}", "{'Tags':[]}"},
    };
    families_run(steps, ARRAY_COUNT(steps));
}

Test(families, a_table_has_fifty_tags_at_most)
{
    struct fixture *fixture = fixture_open();
    fixture_table(fixture, "abc", 0);
    for (int i = 0; i < 50; i++) {
        struct answer answer = fixture_call(
            fixture, "TagResource",
            fixture_printf(fixture, "{'ResourceArn':'" ARN "','Tags':[{'Key':'k%d','Value':'v'}]}",
                           i));
        cr_assert(answer.ok, "%d: %s", i, answer.text);
    }
    static const struct step steps[] = {
        {"TagResource", "{'ResourceArn':'" ARN "','Tags':[{'Key':'k50','Value':'v'}]}",
         "VALIDATION: Number of Tags exceed the current limit for the provided ResourceArn"},
        {"TagResource", "{'ResourceArn':'" ARN "','Tags':[{'Key':'k49','Value':'w'}]}", ""},
    };
    fixture_script(fixture, steps, ARRAY_COUNT(steps));
    fixture_close(fixture);
}

Test(families, a_table_is_created_with_tags)
{
    static const struct step steps[] = {
        {"CreateTable",
         "{'TableName':'tagged','BillingMode':'PAY_PER_REQUEST',"
         "'AttributeDefinitions':[{'AttributeName':'a','AttributeType':'S'}],"
         "'KeySchema':[{'AttributeName':'a','KeyType':'HASH'}],"
         "'Tags':[{'Key':'a','Value':'1'},{'Key':'b','Value':''}]}",
         "~'TableStatus':'CREATING'"},
        {"ListTagsOfResource",
         "{'ResourceArn':'arn:aws:dynamodb:us-east-1:123456789012:table/tagged'}",
         "{'Tags':[{'Key':'a','Value':'1'},{'Key':'b','Value':''}]}"},
    };
    families_run(steps, ARRAY_COUNT(steps));
}

/* Fifty tags of the longest keys and values, all in characters of four bytes. */
Test(families, the_largest_tags_are_kept)
{
    struct fixture *fixture = fixture_open();
    fixture_table(fixture, "abc", 0);
    char value[256 * 4 + 1];
    for (size_t i = 0; i < 256; i++) {
        memcpy(value + i * 4, "\xF0\xA0\x80\x80", 4);
    }
    value[sizeof(value) - 1] = '\0';
    for (int i = 0; i < 50; i++) {
        struct answer answer =
            fixture_call(fixture, "TagResource",
                         fixture_printf(fixture,
                                        "{'ResourceArn':'" ARN "','Tags':[{'Key':'%02d%.*s',"
                                        "'Value':'%s'}]}",
                                        i, 126 * 4, value, value));
        cr_assert(answer.ok, "%d: %s", i, answer.text);
    }
    struct answer answer = fixture_call(fixture, "ListTagsOfResource", "{'ResourceArn':'" ARN "'}");
    cr_assert(answer.ok);
    cr_assert_gt(strlen(answer.text), 50 * (126 * 4 + 256 * 4));
    fixture_close(fixture);
}

Test(families, a_kinesis_destination_is_taken_and_fails)
{
#define STREAM "arn:aws:kinesis:us-east-1:123456789012:stream/s"
    static const struct step steps[] = {
        {"DescribeKinesisStreamingDestination", "{'TableName':'abc'}",
         "{'TableName':'abc','KinesisDataStreamDestinations':[]}"},
        {"EnableKinesisStreamingDestination", "{'TableName':'abc','StreamArn':'" STREAM "'}",
         "{'TableName':'abc','StreamArn':'" STREAM "','DestinationStatus':'ENABLING'}"},
        {"EnableKinesisStreamingDestination",
         "{'TableName':'abc','StreamArn':'" STREAM "','EnableKinesisStreamingConfiguration':"
         "{'ApproximateCreationDateTimePrecision':'MICROSECOND'}}",
         "~'EnableKinesisStreamingConfiguration':{'ApproximateCreationDateTimePrecision':"
         "'MICROSECOND'}"},
        {"DescribeKinesisStreamingDestination", "{'TableName':'abc'}",
         "{'TableName':'abc','KinesisDataStreamDestinations':[{'StreamArn':'" STREAM
         "','DestinationStatus':'ENABLE_FAILED','DestinationStatusDescription':'This server does "
         "not deliver to Kinesis data streams','ApproximateCreationDateTimePrecision':"
         "'MICROSECOND'}]}"},
        {"DisableKinesisStreamingDestination", "{'TableName':'abc','StreamArn':'" STREAM "'}",
         "VALIDATION ~must be ACTIVE to perform DISABLE operation."},
        {"UpdateKinesisStreamingDestination",
         "{'TableName':'abc','StreamArn':'" STREAM "','UpdateKinesisStreamingConfiguration':"
         "{'ApproximateCreationDateTimePrecision':'MILLISECOND'}}",
         "VALIDATION ~Kinesis streaming is not in ACTIVE state. Updates are only allowed in ACTIVE "
         "state. TableName: abc, kdsArn: " STREAM},
        {"UpdateKinesisStreamingDestination",
         "{'TableName':'abc','StreamArn':'" STREAM "2','UpdateKinesisStreamingConfiguration':"
         "{'ApproximateCreationDateTimePrecision':'MILLISECOND'}}",
         "VALIDATION ~No streaming destination with streamArn: " STREAM
         "2 found for table with tableName: abc"},
    };
    families_run(steps, ARRAY_COUNT(steps));
}

Test(families, insights_are_kept_per_table)
{
    static const struct step steps[] = {
        {"DescribeContributorInsights", "{'TableName':'abc'}",
         "{'TableName':'abc','ContributorInsightsStatus':'DISABLED'}"},
        {"ListContributorInsights", "{}", "{'ContributorInsightsSummaries':[]}"},
        {"UpdateContributorInsights", "{'TableName':'abc','ContributorInsightsAction':'ENABLE'}",
         "{'TableName':'abc','ContributorInsightsStatus':'ENABLING','ContributorInsightsMode':"
         "'ACCESSED_AND_THROTTLED_KEYS'}"},
        {"DescribeContributorInsights", "{'TableName':'abc'}",
         "{'TableName':'abc','ContributorInsightsStatus':'ENABLED','ContributorInsightsRuleList':"
         "[],'LastUpdateDateTime':1795332846.049,'ContributorInsightsMode':"
         "'ACCESSED_AND_THROTTLED_KEYS'}"},
        {"UpdateContributorInsights",
         "{'TableName':'abc','ContributorInsightsAction':'ENABLE','ContributorInsightsMode':"
         "'THROTTLED_KEYS'}",
         "~'ContributorInsightsMode':'THROTTLED_KEYS'"},
        {"ListContributorInsights", "{}",
         "{'ContributorInsightsSummaries':[{'TableName':'abc','ContributorInsightsStatus':"
         "'ENABLED','ContributorInsightsMode':'THROTTLED_KEYS'}]}"},
        {"ListContributorInsights", "{'TableName':'abc'}", "~'TableName':'abc'"},
        {"UpdateContributorInsights", "{'TableName':'abc','ContributorInsightsAction':'DISABLE'}",
         "{'TableName':'abc','ContributorInsightsStatus':'DISABLING'}"},
        {"ListContributorInsights", "{}", "{'ContributorInsightsSummaries':[]}"},
        {"DescribeContributorInsights", "{'TableName':'abc','IndexName':'none'}",
         "NOT_FOUND: Requested resource not found: Index: none not found for table: abc"},
    };
    families_run(steps, ARRAY_COUNT(steps));
}

#define POLICY                                                                                     \
    "'ScalingPolicyUpdate':{'TargetTrackingScalingPolicyConfiguration':{'TargetValue':70}}"

Test(families, auto_scaling_is_kept_and_told)
{
    static const struct step steps[] = {
        {"CreateTable",
         "{'TableName':'pro','AttributeDefinitions':[{'AttributeName':'pk','AttributeType':'S'}],"
         "'KeySchema':[{'AttributeName':'pk','KeyType':'HASH'}],'ProvisionedThroughput':"
         "{'ReadCapacityUnits':5,'WriteCapacityUnits':5}}",
         "~CREATING"},
        {"DescribeTableReplicaAutoScaling", "{'TableName':'pro'}",
         "{'TableAutoScalingDescription':{'TableName':'pro','TableStatus':'ACTIVE','Replicas':"
         "[{'RegionName':'us-east-1','GlobalSecondaryIndexes':[],"
         "'ReplicaProvisionedReadCapacityAutoScalingSettings':{'AutoScalingDisabled':true,"
         "'ScalingPolicies':[]},'ReplicaProvisionedWriteCapacityAutoScalingSettings':"
         "{'AutoScalingDisabled':true,'ScalingPolicies':[]},'ReplicaStatus':'ACTIVE'}]}}"},
        {"UpdateTableReplicaAutoScaling",
         "{'TableName':'pro','ProvisionedWriteCapacityAutoScalingUpdate':{'MinimumUnits':1,"
         "'MaximumUnits':9," POLICY "}}",
         "~'TableStatus':'UPDATING'"},
        {"DescribeTableReplicaAutoScaling", "{'TableName':'pro'}",
         "~'ReplicaProvisionedWriteCapacityAutoScalingSettings':{'MinimumUnits':1,'MaximumUnits':9,"
         "'AutoScalingDisabled':false,'ScalingPolicies':[{"
         "'TargetTrackingScalingPolicyConfiguration':{'TargetValue':70}}]}"},
        {"UpdateTableReplicaAutoScaling",
         "{'TableName':'pro','ProvisionedWriteCapacityAutoScalingUpdate':{'AutoScalingDisabled':"
         "true}}",
         "~'MaximumUnits':9"},
        {"DescribeTableReplicaAutoScaling", "{'TableName':'pro'}", "!~'MaximumUnits'"},
        {"UpdateTableReplicaAutoScaling", "{'TableName':'pro'}",
         "VALIDATION ~because at least one update parameter must be specified"},
        {"UpdateTableReplicaAutoScaling",
         "{'TableName':'pro','ProvisionedWriteCapacityAutoScalingUpdate':{'MinimumUnits':1}}",
         "VALIDATION ~Parameters 'MaximumUnits' are required unless auto scaling is being "
         "disabled."},
        {"UpdateTableReplicaAutoScaling",
         "{'TableName':'abc','ProvisionedWriteCapacityAutoScalingUpdate':{'AutoScalingDisabled':"
         "true}}",
         "VALIDATION ~Replicas 'us-east-1' BillingMode is PayPerRequest. You must convert table's "
         "BillingMode to PROVISIONED to set parameters: "
         "'ProvisionedWriteCapacityAutoScalingUpdate'."},
    };
    families_run(steps, ARRAY_COUNT(steps));
}

Test(families, legacy_global_tables_are_refused_as_the_service_refuses_them)
{
#define REFUSED                                                                                    \
    OMPV                                                                                           \
        "DynamoDB global tables version 2017.11.29 is not supported. We recommend using DynamoDB " \
        "global tables version 2019.11.21, instead of version 2017.11.29 (Legacy)."
#define ABSENT "GLOBAL_TABLE_NOT_FOUND: Global table with name: 'abc' does not exist."
    static const struct step steps[] = {
        {"CreateGlobalTable",
         "{'GlobalTableName':'abc','ReplicationGroup':[{'RegionName':'us-east-1'}]}", REFUSED},
        {"UpdateGlobalTable",
         "{'GlobalTableName':'abc','ReplicaUpdates':[{'Create':{'RegionName':'us-east-1'}}]}",
         REFUSED},
        {"UpdateGlobalTable",
         "{'GlobalTableName':'abc','ReplicaUpdates':[{'Delete':{'RegionName':'us-east-1'}}]}",
         ABSENT},
        {"DescribeGlobalTable", "{'GlobalTableName':'abc'}", ABSENT},
        {"DescribeGlobalTableSettings", "{'GlobalTableName':'abc'}", ABSENT},
        {"UpdateGlobalTableSettings", "{'GlobalTableName':'abc'}", ABSENT},
        {"ListGlobalTables", "{}", "{'GlobalTables':[]}"},
    };
    families_run(steps, ARRAY_COUNT(steps));
}

Test(families, what_is_off_says_so_and_nothing_pretends_to_be_switched_on)
{
    static const struct step steps[] = {
        {"UpdateContinuousBackups",
         "{'TableName':'abc','PointInTimeRecoverySpecification':{'PointInTimeRecoveryEnabled':"
         "false}}",
         "~'PointInTimeRecoveryStatus':'DISABLED'"},
        {"UpdateContinuousBackups",
         "{'TableName':'abc','PointInTimeRecoverySpecification':{'PointInTimeRecoveryEnabled':"
         "true}}",
         "NOT_IMPLEMENTED: This version does not support point-in-time recovery"},
        {"CreateBackup", "{'TableName':'abc','BackupName':'bbb'}",
         "NOT_IMPLEMENTED: This version does not support backups"},
        {"CreateBackup", "{'TableName':'none','BackupName':'bbb'}",
         "TABLE_NOT_FOUND: Table not found: none"},
        {"ListBackups", "{}", "{'BackupSummaries':[]}"},
        {"DescribeBackup", "{'BackupArn':'" ARN "/backup/01693685827463-2d8752fd'}",
         "BACKUP_NOT_FOUND: Backup not found: " ARN "/backup/01693685827463-2d8752fd"},
        {"RestoreTableFromBackup",
         "{'TargetTableName':'new','BackupArn':'" ARN "/backup/01693685827463-2d8752fd'}",
         "BACKUP_NOT_FOUND: Backup not found: " ARN "/backup/01693685827463-2d8752fd"},
        {"RestoreTableToPointInTime",
         "{'TargetTableName':'new','SourceTableName':'abc','UseLatestRestorableTime':true}",
         "RECOVERY_UNAVAILABLE: Point in time recovery is not enabled for table 'abc'"},
        {"ExportTableToPointInTime", "{'TableArn':'" ARN "','S3Bucket':'bucket'}",
         "RECOVERY_UNAVAILABLE: Point in time recovery is not enabled for table 'abc'"},
        {"ListExports", "{'TableArn':'" ARN "'}", "{'ExportSummaries':[]}"},
        {"ListImports", "{}", "{'ImportSummaryList':[]}"},
        {"ListStreams", "{'TableName':'abc'}", "{'Streams':[]}"},
        {"DescribeStream", "{'StreamArn':'" ARN "/stream/2026-11-22T07:34:06.049'}",
         "NOT_FOUND: Requested resource not found: Stream: " ARN
         "/stream/2026-11-22T07:34:06.049 not found"},
        {"SearchVectors",
         "{'TableName':'abc','IndexName':'vec','SearchVector':[{'N':'1'}],'TopK':1}",
         "VALIDATION: The table does not have the specified index: vec"},
    };
    families_run(steps, ARRAY_COUNT(steps));
}
