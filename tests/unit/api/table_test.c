/* Goal: the table operations answer as dynamodb-features.md sections 1 and 2 say.
 * Method: scripts; where replicas matter, the catalog is told of them directly. */
#include "tests/unit/api/fixture.h"

#include <criterion/criterion.h>

static void table_run(const struct step *steps, size_t count)
{
    struct fixture *fixture = fixture_open();
    fixture_script(fixture, steps, count);
    fixture_close(fixture);
}

#define DEFINITION(name, type) "{'AttributeName':'" name "','AttributeType':'" type "'}"
#define SCHEMA(name, type) "{'AttributeName':'" name "','KeyType':'" type "'}"
#define ON_DEMAND ",'BillingMode':'PAY_PER_REQUEST'"
#define CREATE(name, definitions, schema, rest)                                                    \
    "{'TableName':'" name "','AttributeDefinitions':[" definitions "],'KeySchema':[" schema        \
    "]" rest "}"
#define PLAIN(name, rest) CREATE(name, DEFINITION("pk", "S"), SCHEMA("pk", "HASH"), rest)

Test(table, create_answers_creating_and_then_serves)
{
    struct fixture *fixture = fixture_open();
    struct answer created =
        fixture_call(fixture, "CreateTable",
                     CREATE("abc", DEFINITION("sk", "B") "," DEFINITION("pk", "S"),
                            SCHEMA("pk", "HASH") "," SCHEMA("sk", "RANGE"), ON_DEMAND));
    cr_assert(created.ok, "%s", created.text);
    static const char *const held[] = {
        "{\"TableDescription\":{\"TableName\":\"abc\",",
        "\"TableArn\":\"arn:aws:dynamodb:us-east-1:123456789012:table/abc\"",
        "\"TableStatus\":\"CREATING\"",
        "\"CreationDateTime\":1795332846.049",
        "\"AttributeDefinitions\":[{\"AttributeName\":\"sk\",\"AttributeType\":\"B\"},"
        "{\"AttributeName\":\"pk\",\"AttributeType\":\"S\"}]",
        "\"KeySchema\":[{\"AttributeName\":\"pk\",\"KeyType\":\"HASH\"},"
        "{\"AttributeName\":\"sk\",\"KeyType\":\"RANGE\"}]",
        "\"ItemCount\":0,\"TableSizeBytes\":0",
        "\"DeletionProtectionEnabled\":false",
        "\"ProvisionedThroughput\":{\"NumberOfDecreasesToday\":0,\"ReadCapacityUnits\":0,"
        "\"WriteCapacityUnits\":0}",
        "\"BillingModeSummary\":{\"BillingMode\":\"PAY_PER_REQUEST\"}",
    };
    for (size_t i = 0; i < ARRAY_COUNT(held); i++) {
        cr_assert_not_null(strstr(created.text, held[i]), "%s lacks %s", created.text, held[i]);
    }
    cr_assert_null(strstr(created.text, "WarmThroughput"), "%s", created.text);
    static const struct step steps[] = {
        {"DescribeTable", "{'TableName':'abc'}", "~'TableStatus':'ACTIVE'"},
        {"DescribeTable", "{'TableName':'abc'}",
         "~'BillingModeSummary':{'BillingMode':'PAY_PER_REQUEST',"
         "'LastUpdateToPayPerRequestDateTime':1795332846.049}"},
        {"DescribeTable", "{'TableName':'abc'}",
         "~'WarmThroughput':{'ReadUnitsPerSecond':12000,'WriteUnitsPerSecond':4000,'Status':"
         "'ACTIVE'}"},
        {"DescribeTable", "{'TableName':'abc'}", "!~Replicas"},
        {"DescribeTable", "{'TableName':'arn:aws:dynamodb:us-east-1:123456789012:table/abc'}",
         "~'TableName':'abc'"},
        {"PutItem", "{'TableName':'abc','Item':{'pk':{'S':'a'},'sk':{'B':'AAE='}}}", "{}"},
        {"DescribeTable", "{'TableName':'abc'}", "~'ItemCount':1,'TableSizeBytes':7"},
        {"CreateTable", PLAIN("abc", ON_DEMAND), "IN_USE: Table already exists: abc"},
    };
    fixture_script(fixture, steps, ARRAY_COUNT(steps));
    fixture_close(fixture);
}

Test(table, provisioned_tables_show_their_units)
{
    static const struct step steps[] = {
        {"CreateTable",
         PLAIN("abc", ",'ProvisionedThroughput':{'ReadCapacityUnits':5,'WriteCapacityUnits':7}"),
         "~'ProvisionedThroughput':{'NumberOfDecreasesToday':0,'ReadCapacityUnits':5,"
         "'WriteCapacityUnits':7}"},
        {"DescribeTable", "{'TableName':'abc'}", "!~BillingModeSummary"},
        {"DescribeTable", "{'TableName':'abc'}",
         "~'WarmThroughput':{'ReadUnitsPerSecond':5,'WriteUnitsPerSecond':7,'Status':'ACTIVE'}"},
    };
    table_run(steps, ARRAY_COUNT(steps));
}

#define OMPV "VALIDATION: One or more parameter values were invalid: "

Test(table, create_refuses_in_the_documented_order)
{
    static const struct step steps[] = {
        {"CreateTable", "{}",
         "VALIDATION: The parameter 'TableName' is required but was not present in the request"},
        {"CreateTable", PLAIN("ab", ON_DEMAND),
         "VALIDATION: 1 validation error detected: Value 'ab' at 'tableName' failed to satisfy "
         "constraint: Member must have length greater than or equal to 3"},
        {"CreateTable", "{'TableName':'abc'}",
         "VALIDATION: 2 validation errors detected: Value null at 'attributeDefinitions' failed to "
         "satisfy constraint: Member must not be null; Value null at 'keySchema' failed to satisfy "
         "constraint: Member must not be null"},
        {"CreateTable", PLAIN("arn:aws:dynamodb:us-east-1:123456789012:table/abc", ON_DEMAND),
         "VALIDATION ~Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"},
        {"CreateTable",
         PLAIN("abc",
               ON_DEMAND ",'ProvisionedThroughput':{'ReadCapacityUnits':1,'WriteCapacityUnits':1}"),
         OMPV "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode "
              "is PAY_PER_REQUEST"},
        {"CreateTable", PLAIN("abc", ""),
         OMPV "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is "
              "PROVISIONED"},
        {"CreateTable",
         PLAIN("abc", ",'ProvisionedThroughput':{'ReadCapacityUnits':0,'WriteCapacityUnits':1}"),
         "VALIDATION ~Value '0' at 'provisionedThroughput.readCapacityUnits' failed to satisfy "
         "constraint: Member must have value greater than or equal to 1"},
        {"CreateTable",
         PLAIN("abc", ",'ProvisionedThroughput':{'ReadCapacityUnits':1000000000001,"
                      "'WriteCapacityUnits':1}"),
         "VALIDATION: Given value 1000000000001 for ReadCapacityUnits is out of bounds"},
        {"CreateTable",
         CREATE("abc", DEFINITION("a", "S"), SCHEMA("a", "HASH") "," SCHEMA("b", "RANGE"),
                ON_DEMAND),
         "VALIDATION: Invalid KeySchema: Some index key attribute have no definition"},
        {"CreateTable", CREATE("abc", DEFINITION("b", "S"), SCHEMA("a", "HASH"), ON_DEMAND),
         OMPV "Some index key attributes are not defined in AttributeDefinitions. Keys: [a], "
              "AttributeDefinitions: [b]"},
        {"CreateTable",
         CREATE("abc", DEFINITION("a", "S") "," DEFINITION("b", "S"),
                SCHEMA("a", "HASH") "," SCHEMA("a", "RANGE"), ON_DEMAND),
         "VALIDATION: Both the Hash Key and the Range Key element in the KeySchema have the same "
         "name"},
        {"CreateTable", CREATE("abc", DEFINITION("a", "S"), SCHEMA("a", "RANGE"), ON_DEMAND),
         "VALIDATION: Invalid KeySchema: The first KeySchemaElement is not a HASH key type"},
        {"CreateTable",
         CREATE("abc", DEFINITION("a", "S") "," DEFINITION("b", "S"),
                SCHEMA("a", "HASH") "," SCHEMA("b", "HASH"), ON_DEMAND),
         "VALIDATION: Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"},
        {"CreateTable",
         CREATE("abc", DEFINITION("a", "S") "," DEFINITION("b", "S"), SCHEMA("a", "HASH"),
                ON_DEMAND),
         OMPV "Number of attributes in KeySchema does not exactly match number of attributes "
              "defined in AttributeDefinitions"},
        {"CreateTable",
         PLAIN("abc", ON_DEMAND ",'StreamSpecification':{'StreamEnabled':false,'StreamViewType':"
                                "'NEW_IMAGE'}"),
         OMPV "Table is being created with a stream disabled, UpdateViewType should not be "
              "specified"},
        {"CreateTable",
         PLAIN("abc", ON_DEMAND ",'SSESpecification':{'Enabled':false,'SSEType':'KMS'}"),
         OMPV "SSEType can not be specified if Enabled is false"},
        {"CreateTable", PLAIN("abc", ON_DEMAND ",'SSESpecification':{'KMSMasterKeyId':'k'}"),
         OMPV "KMSMasterKeyId can not be specified if Enabled is false"},
        {"CreateTable", PLAIN("abc", ON_DEMAND ",'TableClass':'COLD'"),
         "VALIDATION: Invalid table-class parameter provided. Please try again with a valid "
         "table-class value: [STANDARD, STANDARD_INFREQUENT_ACCESS]."},
        {"ListTables", "{}", "{'TableNames':[]}"},
    };
    table_run(steps, ARRAY_COUNT(steps));
}

Test(table, create_says_what_it_does_not_serve)
{
    static const char *const members[] = {
        "'VectorIndexes':[]",
    };
    struct fixture *fixture = fixture_open();
    for (size_t i = 0; i < ARRAY_COUNT(members); i++) {
        struct answer answer = fixture_call(
            fixture, "CreateTable",
            fixture_printf(fixture,
                           "{'TableName':'abc','BillingMode':'PAY_PER_REQUEST',"
                           "'AttributeDefinitions':[" DEFINITION(
                               "pk", "S") "],'KeySchema':[" SCHEMA("pk", "HASH") "],%s}",
                           members[i]));
        cr_assert_eq(answer.code, ERROR_NOT_IMPLEMENTED, "%s: %s", members[i], answer.text);
        size_t size = strcspn(members[i] + 1, "'");
        cr_assert_not_null(
            strstr(answer.text, fixture_printf(fixture, "%.*s", (int)size, members[i] + 1)),
            "%s: %s", members[i], answer.text);
    }
    static const struct step steps[] = {
        {"CreateTable",
         PLAIN("abc", ON_DEMAND ",'StreamSpecification':{'StreamEnabled':false},"
                                "'SSESpecification':{'Enabled':false},'Tags':[],"
                                "'TableClass':'STANDARD','DeletionProtectionEnabled':true"),
         "~'DeletionProtectionEnabled':true"},
    };
    fixture_script(fixture, steps, ARRAY_COUNT(steps));
    fixture_close(fixture);
}

Test(table, control_calls_name_the_missing_table)
{
    static const struct step steps[] = {
        {"DescribeTable", "{'TableName':'abc'}",
         "NOT_FOUND: Requested resource not found: Table: abc not found"},
        {"DeleteTable", "{'TableName':'abc'}",
         "NOT_FOUND: Requested resource not found: Table: abc not found"},
        {"UpdateTable", "{'TableName':'abc','DeletionProtectionEnabled':true}",
         "NOT_FOUND: Requested resource not found: Table: abc not found"},
        {"DescribeTable", "{'TableName':'ab'}",
         "VALIDATION: TableName must be at least 3 characters long and at most 255 characters "
         "long"},
        {"DeleteTable", "{}",
         "VALIDATION: The parameter 'TableName' is required but was not present in the request"},
    };
    table_run(steps, ARRAY_COUNT(steps));
}

Test(table, lists_are_sorted_and_paged)
{
    static const struct step steps[] = {
        {"ListTables", "{}", "{'TableNames':[]}"},
        {"CreateTable", PLAIN("bbb", ON_DEMAND), "~CREATING"},
        {"CreateTable", PLAIN("aaa", ON_DEMAND), "~CREATING"},
        {"CreateTable", PLAIN("Zzz", ON_DEMAND), "~CREATING"},
        {"ListTables", "{}", "{'TableNames':['Zzz','aaa','bbb']}"},
        {"ListTables", "{'Limit':2}",
         "{'TableNames':['Zzz','aaa'],'LastEvaluatedTableName':'aaa'}"},
        {"ListTables", "{'Limit':2,'ExclusiveStartTableName':'aaa'}", "{'TableNames':['bbb']}"},
        {"ListTables", "{'Limit':3}", "{'TableNames':['Zzz','aaa','bbb']}"},
        {"ListTables", "{'ExclusiveStartTableName':'aab'}", "{'TableNames':['bbb']}"},
        {"ListTables", "{'ExclusiveStartTableName':'zzz'}", "{'TableNames':[]}"},
    };
    table_run(steps, ARRAY_COUNT(steps));
}

Test(table, delete_answers_deleting_and_forgets_the_items)
{
    static const struct step steps[] = {
        {"CreateTable", PLAIN("abc", ON_DEMAND), "~CREATING"},
        {"PutItem", "{'TableName':'abc','Item':{'pk':{'S':'a'}}}", "{}"},
        {"DeleteTable", "{'TableName':'abc'}", "~'TableStatus':'DELETING','ItemCount':1"},
        {"DescribeTable", "{'TableName':'abc'}",
         "NOT_FOUND: Requested resource not found: Table: abc not found"},
        {"PutItem", "{'TableName':'abc','Item':{'pk':{'S':'a'}}}",
         "NOT_FOUND: Requested resource not found"},
        {"CreateTable", PLAIN("abc", ON_DEMAND), "~'ItemCount':0"},
        {"GetItem", "{'TableName':'abc','Key':{'pk':{'S':'a'}}}", "{}"},
        {"DeleteTable", "{'TableName':'abc'}", "!~KeySchema"},
    };
    table_run(steps, ARRAY_COUNT(steps));
}

Test(table, protection_keeps_a_table)
{
    static const struct step steps[] = {
        {"CreateTable", PLAIN("abc", ON_DEMAND ",'DeletionProtectionEnabled':true"),
         "~'DeletionProtectionEnabled':true"},
        {"DeleteTable", "{'TableName':'abc'}",
         "VALIDATION: Resource cannot be deleted as it is currently protected against deletion. "
         "Disable deletion protection first."},
        {"UpdateTable", "{'TableName':'abc','DeletionProtectionEnabled':false}",
         "~'TableStatus':'UPDATING'"},
        {"DescribeTable", "{'TableName':'abc'}", "~'DeletionProtectionEnabled':false"},
        {"DeleteTable", "{'TableName':'abc'}", "~DELETING"},
    };
    table_run(steps, ARRAY_COUNT(steps));
}

#define UNITS(read, write)                                                                         \
    "'ProvisionedThroughput':{'ReadCapacityUnits':" #read ",'WriteCapacityUnits':" #write "}"

Test(table, billing_and_throughput_change)
{
    static const struct step steps[] = {
        {"CreateTable", PLAIN("abc", "," UNITS(5, 5)), "~CREATING"},
        {"UpdateTable", "{'TableName':'abc'," UNITS(5, 5) "}",
         "VALIDATION: The provisioned throughput for the table will not change. The requested "
         "value "
         "equals the current value. Current ReadCapacityUnits provisioned for the table: 5. "
         "Requested ReadCapacityUnits: 5. Current WriteCapacityUnits provisioned for the table: 5. "
         "Requested WriteCapacityUnits: 5. Refer to the Amazon DynamoDB Developer Guide for "
         "current "
         "limits and how to request higher limits."},
        {"UpdateTable", "{'TableName':'abc'," UNITS(6, 7) "}",
         "~'ReadCapacityUnits':5,'WriteCapacityUnits':5"},
        {"DescribeTable", "{'TableName':'abc'}", "~'ReadCapacityUnits':6,'WriteCapacityUnits':7"},
        {"UpdateTable", "{'TableName':'abc','BillingMode':'PAY_PER_REQUEST'," UNITS(6, 7) "}",
         OMPV "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode "
              "is PAY_PER_REQUEST"},
        {"UpdateTable", "{'TableName':'abc','BillingMode':'PAY_PER_REQUEST'}", "~UPDATING"},
        {"DescribeTable", "{'TableName':'abc'}",
         "~'BillingModeSummary':{'BillingMode':'PAY_PER_REQUEST'"},
        {"UpdateTable", "{'TableName':'abc','BillingMode':'PAY_PER_REQUEST'}", "~UPDATING"},
        {"UpdateTable", "{'TableName':'abc'," UNITS(6, 7) "}",
         OMPV "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode "
              "is PAY_PER_REQUEST"},
        {"UpdateTable", "{'TableName':'abc','BillingMode':'PROVISIONED'}",
         OMPV "ProvisionedThroughput must be specified when BillingMode is PROVISIONED"},
        {"UpdateTable", "{'TableName':'abc','BillingMode':'PROVISIONED'," UNITS(1, 2) "}",
         "~UPDATING"},
        {"DescribeTable", "{'TableName':'abc'}",
         "~'BillingModeSummary':{'BillingMode':'PROVISIONED'"},
        {"UpdateTable", "{'TableName':'abc'," UNITS(1000000000001, 7) "}",
         "VALIDATION: Given value 1000000000001 for ReadCapacityUnits is out of bounds"},
    };
    table_run(steps, ARRAY_COUNT(steps));
}

#define REPLICA(kind, region) "{'" kind "':{'RegionName':'" region "'}}"

Test(table, update_has_one_concern_a_call)
{
    static const struct step steps[] = {
        {"CreateTable", PLAIN("abc", ON_DEMAND), "~CREATING"},
        {"UpdateTable", "{'TableName':'abc'}", "VALIDATION ~At least one of ProvisionedThroughput"},
        {"UpdateTable", "{'TableName':'abc','AttributeDefinitions':[]}",
         "VALIDATION ~At least one of ProvisionedThroughput"},
        {"UpdateTable",
         "{'TableName':'abc','DeletionProtectionEnabled':true,'BillingMode':'PAY_PER_REQUEST'}",
         OMPV "DeletionProtection modification must be the only operation in the request"},
        {"UpdateTable",
         "{'TableName':'abc','DeletionProtectionEnabled':true,'ReplicaUpdates':[" REPLICA(
             "Create", "eu-west-1") "]}",
         OMPV "Replica modification must be the only operation in the request"},
        {"UpdateTable",
         "{'TableName':'abc','BillingMode':'PAY_PER_REQUEST','AttributeDefinitions':[]}",
         "~UPDATING"},
    };
    table_run(steps, ARRAY_COUNT(steps));
}

Test(table, replica_updates_are_checked_before_anything_happens)
{
    static const struct step steps[] = {
        {"CreateTable", PLAIN("abc", ON_DEMAND), "~CREATING"},
        {"UpdateTable", "{'TableName':'abc','ReplicaUpdates':[]}",
         "VALIDATION: 1 validation error detected: Value '[]' at 'replicaUpdates' failed to "
         "satisfy "
         "constraint: Member must have length greater than or equal to 1"},
        {"UpdateTable", "{'TableName':'abc','ReplicaUpdates':[{}]}",
         "VALIDATION: There are no actions specified in the Replica Update Action of the request."},
        {"UpdateTable", "{'TableName':'abc','ReplicaUpdates':[{'Create':{}}]}",
         "VALIDATION: 1 validation error detected: Value null at "
         "'replicaUpdates.1.member.create.regionName' failed to satisfy constraint: Member must "
         "not be null"},
        {"UpdateTable",
         "{'TableName':'abc','ReplicaUpdates':[" REPLICA("Create", "eu-west-1") "," REPLICA(
             "Create", "eu-west-2") "]}",
         "VALIDATION: Update table operation with more than one create or delete replica actions "
         "not allowed"},
        {"UpdateTable",
         "{'TableName':'abc','ReplicaUpdates':[" REPLICA("Create", "eu-west-1") "," REPLICA(
             "Delete", "eu-west-2") "]}",
         "VALIDATION: Update table operation with more than one type of replica actions not "
         "allowed."},
        {"UpdateTable", "{'TableName':'abc','ReplicaUpdates':[" REPLICA("Create", "us-east-1") "]}",
         "VALIDATION: Cannot add or delete the local region through ReplicaUpdates. Use "
         "CreateTable, DeleteTable, or UpdateTable as required."},
        {"UpdateTable", "{'TableName':'abc','ReplicaUpdates':[" REPLICA("Create", "eu-west-1") "]}",
         "VALIDATION: Region eu-west-1 is not supported. The latest version of global tables are "
         "only supported in the following regions: [us-east-1]"},
        {"UpdateTable", "{'TableName':'abc','ReplicaUpdates':[" REPLICA("Delete", "eu-west-1") "]}",
         "VALIDATION: Update global table operation failed because one or more replicas were not "
         "part of the global table. Please retry the request without these replicas: [eu-west-1]."},
    };
    table_run(steps, ARRAY_COUNT(steps));
}

static void table_change(struct fixture *fixture,
                         const char *name,
                         enum table_status status,
                         enum replica_status replica,
                         const char *reason)
{
    struct catalog *catalog = fixture->node.store->catalog;
    const struct table *table = catalog_acquire(catalog, slice_text(name));
    struct table changed = *table;
    struct error err = {0};
    changed.status = status;
    changed.replicas_count = 1;
    changed.replicas[0] = (struct replica){.region = "eu-west-1", .status = replica};
    snprintf(changed.replicas[0].reason, sizeof(changed.replicas[0].reason), "%s", reason);
    cr_assert(catalog_update(catalog, &changed, &err), "%s", err.text);
    table_release(table);
}

Test(table, replicas_are_described)
{
    struct fixture *fixture = fixture_open();
    fixture_table(fixture, "abc", 0);
    table_change(fixture, "abc", TABLE_ACTIVE, REPLICA_ACTIVE, "");
    static const struct step active[] = {
        {"DescribeTable", "{'TableName':'abc'}",
         "~,'GlobalTableVersion':'2019.11.21','Replicas':[{'RegionName':'eu-west-1',"
         "'ReplicaStatus':'ACTIVE','WarmThroughput':{'ReadUnitsPerSecond':12000,"
         "'WriteUnitsPerSecond':4000,'Status':'ACTIVE'},"
         "'GlobalTableSettingsReplicationMode':'ENABLED_WITH_OVERRIDES'}],"
         "'GlobalTableSettingsReplicationMode':'ENABLED_WITH_OVERRIDES'}"},
        {"UpdateTable", "{'TableName':'abc','BillingMode':'PAY_PER_REQUEST'}",
         "~'TableStatus':'UPDATING'"},
        {"UpdateTable",
         "{'TableName':'abc','BillingMode':'PROVISIONED','ProvisionedThroughput':"
         "{'ReadCapacityUnits':1,'WriteCapacityUnits':1}}",
         "IN_USE: Table abc has replicas in other regions, and this node was started without the "
         "cluster they belong to"},
        {"UpdateTable", "{'TableName':'abc','ReplicaUpdates':[" REPLICA("Delete", "eu-west-1") "]}",
         "IN_USE ~eu-west-1"},
        {"DeleteTable", "{'TableName':'abc'}", "IN_USE ~replicas in other regions"},
    };
    fixture_script(fixture, active, ARRAY_COUNT(active));
    table_change(fixture, "abc", TABLE_ACTIVE, REPLICA_CREATION_FAILED, "no \"room\"");
    static const struct step failed[] = {
        {"DescribeTable", "{'TableName':'abc'}",
         "~'ReplicaStatus':'CREATION_FAILED','ReplicaStatusDescription':'no \\'room\\''"},
    };
    fixture_script(fixture, failed, ARRAY_COUNT(failed));
    fixture_close(fixture);
}

Test(table, states_close_a_table_to_calls)
{
    struct fixture *fixture = fixture_open();
    fixture_table(fixture, "abc", 0);
    table_change(fixture, "abc", TABLE_CREATING, REPLICA_ACTIVE, "");
    static const struct step creating[] = {
        {"DescribeTable", "{'TableName':'abc'}", "~'TableStatus':'CREATING'"},
        {"GetItem", "{'TableName':'abc','Key':{'pk':{'S':'a'}}}",
         "NOT_FOUND: Requested resource not found"},
        {"PutItem", "{'TableName':'abc','Item':{'pk':{'S':'a'}}}",
         "NOT_FOUND: Requested resource not found"},
        {"Scan", "{'TableName':'abc'}", "NOT_FOUND: Requested resource not found"},
        {"DeleteTable", "{'TableName':'abc'}",
         "IN_USE: Attempt to change a resource which is still in use: Table: abc is being used."},
        {"UpdateTable", "{'TableName':'abc','DeletionProtectionEnabled':true}",
         "IN_USE: Attempt to change a resource which is still in use: Table is being created: abc"},
        {"CreateTable", PLAIN("abc", ON_DEMAND),
         "IN_USE: Attempt to change a resource which is still in use: Table is being created: abc"},
        {"DescribeTimeToLive", "{'TableName':'abc'}",
         "VALIDATION: Cannot describe time to live while table is in CREATING state: Current table "
         "state is CREATING"},
        {"DescribeContinuousBackups", "{'TableName':'abc'}",
         "TABLE_NOT_FOUND: Table not found: abc"},
    };
    fixture_script(fixture, creating, ARRAY_COUNT(creating));
    table_change(fixture, "abc", TABLE_UPDATING, REPLICA_ACTIVE, "");
    static const struct step updating[] = {
        {"PutItem", "{'TableName':'abc','Item':{'pk':{'S':'a'}}}", "{}"},
        {"UpdateTable", "{'TableName':'abc','DeletionProtectionEnabled':true}",
         "IN_USE: Attempt to change a resource which is still in use: Table is being updated: abc"},
        {"DeleteTable", "{'TableName':'abc'}",
         "IN_USE: Attempt to change a resource which is still in use: Table is being updated: abc"},
    };
    fixture_script(fixture, updating, ARRAY_COUNT(updating));
    table_change(fixture, "abc", TABLE_DELETING, REPLICA_ACTIVE, "");
    static const struct step deleting[] = {
        {"GetItem", "{'TableName':'abc','Key':{'pk':{'S':'a'}}}", "{'Item':{'pk':{'S':'a'}}}"},
        {"DeleteTable", "{'TableName':'abc'}",
         "IN_USE: Attempt to change a resource which is still in use: Table is being deleted: abc"},
    };
    fixture_script(fixture, deleting, ARRAY_COUNT(deleting));
    table_change(fixture, "abc", TABLE_ACTIVE, REPLICA_CREATING, "");
    static const struct step copying[] = {
        {"DeleteTable", "{'TableName':'abc'}",
         "IN_USE: Attempt to change a resource which is still in use: Table is being updated: abc"},
    };
    fixture_script(fixture, copying, ARRAY_COUNT(copying));
    fixture_close(fixture);
}
