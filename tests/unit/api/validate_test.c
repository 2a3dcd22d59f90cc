/* Goal: the framework's faults have the service's texts and order (dynamodb-api.md 1.5, 4.1).
 * Method: requests that break one or several rules at once, without any table. */
#include "tests/unit/api/fixture.h"

#include <criterion/criterion.h>

static void validate_run(const struct step *steps, size_t count)
{
    struct fixture *fixture = fixture_open();
    fixture_script(fixture, steps, count);
    fixture_close(fixture);
}

Test(validate, json_types_that_do_not_fit_are_serialization_errors)
{
    static const struct step steps[] = {
        {"GetItem", "{'TableName':1}", "SERIALIZATION: NUMBER_VALUE cannot be converted to String"},
        {"GetItem", "{'TableName':1.5}",
         "SERIALIZATION: DECIMAL_VALUE cannot be converted to String"},
        {"GetItem", "{'TableName':1e3}",
         "SERIALIZATION: DECIMAL_VALUE cannot be converted to String"},
        {"GetItem", "{'TableName':true}",
         "SERIALIZATION: TRUE_VALUE cannot be converted to String"},
        {"GetItem", "{'TableName':false}",
         "SERIALIZATION: FALSE_VALUE cannot be converted to String"},
        {"GetItem", "{'TableName':['a']}",
         "SERIALIZATION: Unrecognized collection type class java.lang.String"},
        {"GetItem", "{'TableName':{'a':1}}",
         "SERIALIZATION: Start of structure or map found where not expected"},
        {"GetItem", "{'TableName':'abc','Key':'x'}", "SERIALIZATION: Unexpected field type"},
        {"GetItem", "{'TableName':'abc','Key':5}", "SERIALIZATION: Unexpected field type"},
        {"GetItem", "{'TableName':'abc','Key':[]}",
         "SERIALIZATION: Unrecognized collection type java.util.Map<java.lang.String, "
         "com.amazonaws.dynamodb.v20120810.AttributeValue>"},
        {"GetItem", "{'TableName':'abc','ConsistentRead':'abc'}",
         "SERIALIZATION: Unexpected token received from parser"},
        {"GetItem", "{'TableName':'abc','ConsistentRead':1}",
         "SERIALIZATION: NUMBER_VALUE cannot be converted to Boolean"},
        {"Scan", "{'TableName':'abc','Limit':'5'}",
         "SERIALIZATION: STRING_VALUE cannot be converted to Integer"},
        {"Scan", "{'TableName':'abc','Limit':true}",
         "SERIALIZATION: TRUE_VALUE cannot be converted to Integer"},
        {"GetItem", "{'TableName':'abc','Key':{'a':{'S':1}}}",
         "SERIALIZATION: NUMBER_VALUE cannot be converted to String"},
        {"CreateTable", "{'TableName':'abc','KeySchema':'x'}",
         "SERIALIZATION: Unexpected field type"},
        {"CreateTable", "{'TableName':'abc','KeySchema':{}}",
         "SERIALIZATION: Start of structure or map found where not expected"},
        {"CreateTable", "{'TableName':'abc','KeySchema':['x']}",
         "SERIALIZATION: Unexpected value type in payload"},
        {"CreateTable", "{'TableName':'abc','ProvisionedThroughput':[]}",
         "SERIALIZATION: Unrecognized collection type class "
         "com.amazonaws.dynamodb.v20120810.ProvisionedThroughput"},
        {"CreateTable", "{'TableName':'abc','ProvisionedThroughput':{'ReadCapacityUnits':'1'}}",
         "SERIALIZATION: STRING_VALUE cannot be converted to Long"},
        {"GetItem", "{'TableName':'abc','ExpressionAttributeNames':{'#a':1}}",
         "SERIALIZATION: NUMBER_VALUE cannot be converted to String"},
        {"GetItem", "{'TableName':'abc','ExpressionAttributeNames':[]}",
         "SERIALIZATION: Unrecognized collection type java.util.Map<java.lang.String, "
         "java.lang.String>"},
        {"BatchGetItem", "{'RequestItems':[]}",
         "SERIALIZATION: Unrecognized collection type java.util.Map<java.lang.String, "
         "com.amazonaws.dynamodb.v20120810.KeysAndAttributes>"},
        {"BatchWriteItem", "{'RequestItems':[]}",
         "SERIALIZATION: Unrecognized collection type java.util.Map<java.lang.String, "
         "java.util.List<com.amazonaws.dynamodb.v20120810.WriteRequest>>"},
    };
    validate_run(steps, ARRAY_COUNT(steps));
}

Test(validate, types_come_before_constraints)
{
    static const struct step steps[] = {
        {"GetItem", "{'ReturnConsumedCapacity':'x','ConsistentRead':'abc'}",
         "SERIALIZATION: Unexpected token received from parser"},
    };
    validate_run(steps, ARRAY_COUNT(steps));
}

Test(validate, each_kind_of_constraint_has_its_text)
{
    static const struct step steps[] = {
        {"GetItem", "{'Key':{}}",
         "VALIDATION: 1 validation error detected: Value null at 'tableName' failed to satisfy "
         "constraint: Member must not be null"},
        {"GetItem", "{'TableName':null,'Key':{}}",
         "VALIDATION: 1 validation error detected: Value null at 'tableName' failed to satisfy "
         "constraint: Member must not be null"},
        {"GetItem", "{'TableName':'','Key':{}}",
         "VALIDATION ~Value '' at 'tableName' failed to satisfy constraint: Member must have "
         "length greater than or equal to 1"},
        {"GetItem", "{'TableName':'a;','Key':{}}",
         "VALIDATION: 1 validation error detected: Value 'a;' at 'tableName' failed to satisfy "
         "constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"},
        {"Scan", "{'TableName':'abc','Limit':0}",
         "VALIDATION: 1 validation error detected: Value '0' at 'limit' failed to satisfy "
         "constraint: Member must have value greater than or equal to 1"},
        {"Query", "{'TableName':'abc','Limit':-3}",
         "VALIDATION: 1 validation error detected: Value '-3' at 'limit' failed to satisfy "
         "constraint: Member must have value greater than or equal to 1"},
        {"ListTables", "{'Limit':101}",
         "VALIDATION: 1 validation error detected: Value '101' at 'limit' failed to satisfy "
         "constraint: Member must have value less than or equal to 100"},
        {"ListTables", "{'ExclusiveStartTableName':'ab'}",
         "VALIDATION: 1 validation error detected: Value 'ab' at 'exclusiveStartTableName' failed "
         "to satisfy constraint: Member must have length greater than or equal to 3"},
        {"ListTables", "{'ExclusiveStartTableName':'arn:aws:dynamodb:us-east-1:1:table/a'}",
         "VALIDATION ~Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"},
        {"Scan", "{'TableName':'abc','TotalSegments':1000001,'Segment':0}",
         "VALIDATION ~Value '1000001' at 'totalSegments' failed to satisfy constraint: Member must "
         "have value less than or equal to 1000000"},
        {"Scan", "{'TableName':'abc','TotalSegments':1,'Segment':-1}",
         "VALIDATION ~Value '-1' at 'segment' failed to satisfy constraint: Member must have value "
         "greater than or equal to 0"},
        {"Query", "{'TableName':'abc','IndexName':'i;'}",
         "VALIDATION: 2 validation errors detected: Value 'i;' at 'indexName' failed to satisfy "
         "constraint: Member must have length greater than or equal to 3; Value 'i;' at "
         "'indexName' failed to satisfy constraint: Member must satisfy regular expression "
         "pattern: [a-zA-Z0-9_.-]+"},
    };
    validate_run(steps, ARRAY_COUNT(steps));
}

Test(validate, enums_are_listed_in_the_services_order)
{
    static const struct step steps[] = {
        {"GetItem", "{'TableName':'abc','Key':{},'ReturnConsumedCapacity':'hi'}",
         "VALIDATION: 1 validation error detected: Value 'hi' at 'returnConsumedCapacity' failed "
         "to satisfy constraint: Member must satisfy enum value set: [INDEXES, TOTAL, NONE]"},
        {"PutItem", "{'TableName':'abc','Item':{},'ReturnItemCollectionMetrics':'hi'}",
         "VALIDATION ~at 'returnItemCollectionMetrics' failed to satisfy constraint: Member must "
         "satisfy enum value set: [SIZE, NONE]"},
        {"PutItem", "{'TableName':'abc','Item':{},'ReturnValues':'hi'}",
         "VALIDATION ~Member must satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, "
         "UPDATED_NEW]"},
        {"Query", "{'TableName':'abc','Select':'all'}",
         "VALIDATION ~Member must satisfy enum value set: [SPECIFIC_ATTRIBUTES, COUNT, "
         "ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES]"},
        {"CreateTable",
         "{'TableName':'abc','KeySchema':[{'AttributeName':'a','KeyType':'hash'}],"
         "'AttributeDefinitions':[{'AttributeName':'a','AttributeType':'X'}]}",
         "VALIDATION: 2 validation errors detected: Value 'X' at "
         "'attributeDefinitions.1.member.attributeType' failed to satisfy constraint: Member must "
         "satisfy enum value set: [B, N, S]; Value 'hash' at 'keySchema.1.member.keyType' failed "
         "to satisfy constraint: Member must satisfy enum value set: [HASH, RANGE]"},
    };
    validate_run(steps, ARRAY_COUNT(steps));
}

Test(validate, faults_are_gathered_up_to_ten)
{
    static const struct step steps[] = {
        {"PutItem", "{'ReturnConsumedCapacity':'a'}",
         "VALIDATION: 3 validation errors detected: Value null at 'tableName' failed to satisfy "
         "constraint: Member must not be null; Value null at 'item' failed to satisfy constraint: "
         "Member must not be null; Value 'a' at 'returnConsumedCapacity' failed to satisfy "
         "constraint: Member must satisfy enum value set: [INDEXES, TOTAL, NONE]"},
        {"CreateTable",
         "{'TableName':'abc','KeySchema':[{},{}],'AttributeDefinitions':[{},{},{},{},{},{}]}",
         "VALIDATION ~10 validation errors detected: "},
    };
    validate_run(steps, ARRAY_COUNT(steps));
}

Test(validate, nested_faults_say_where_they_are)
{
    static const struct step steps[] = {
        {"BatchGetItem", "{'RequestItems':{'abc':{}}}",
         "VALIDATION: 1 validation error detected: Value null at "
         "'requestItems.abc.member.keys' failed to satisfy constraint: Member must not be null"},
        {"BatchGetItem", "{'RequestItems':{'abc':{'Keys':[]}}}",
         "VALIDATION: 1 validation error detected: Value '[]' at 'requestItems.abc.member.keys' "
         "failed to satisfy constraint: Member must have length greater than or equal to 1"},
        {"BatchGetItem", "{'RequestItems':{'abc':{'Keys':[null]}}}",
         "VALIDATION: 1 validation error detected: Value null at "
         "'requestItems.abc.member.keys.1.member' failed to satisfy constraint: Member must not be "
         "null"},
        {"BatchWriteItem", "{'RequestItems':{'abc':[]}}",
         "VALIDATION: 1 validation error detected: Value '{abc=[]}' at 'requestItems' failed to "
         "satisfy constraint: Map value must satisfy constraint: [Member must have length less "
         "than or equal to 25, Member must have length greater than or equal to 1]"},
        {"BatchWriteItem", "{'RequestItems':{'abc':[{'PutRequest':{}}]}}",
         "VALIDATION: 1 validation error detected: Value null at "
         "'requestItems.abc.member.1.member.putRequest.item' failed to satisfy constraint: Member "
         "must not be null"},
        {"BatchWriteItem", "{'RequestItems':{'a;':[{'PutRequest':{'Item':{}}}]}}",
         "VALIDATION ~at 'requestItems' failed to satisfy constraint: Map keys must satisfy "
         "constraint: [Member must have length less than or equal to 1024, Member must have length "
         "greater than or equal to 1, Member must satisfy regular expression pattern: "
         "[a-zA-Z0-9_.-]+]"},
        {"CreateTable",
         "{'TableName':'abc','KeySchema':[{'AttributeName':'','KeyType':'HASH'}],"
         "'AttributeDefinitions':[]}",
         "VALIDATION ~Value '' at 'keySchema.1.member.attributeName' failed to satisfy constraint: "
         "Member must have length greater than or equal to 1"},
        {"CreateTable",
         "{'TableName':'abc','AttributeDefinitions':[],'KeySchema':["
         "{'AttributeName':'a','KeyType':'HASH'},{'AttributeName':'b','KeyType':'RANGE'},"
         "{'AttributeName':'c','KeyType':'RANGE'}]}",
         "VALIDATION: 1 validation error detected: Value "
         "'[KeySchemaElement(AttributeName=a, KeyType=HASH), KeySchemaElement(AttributeName=b, "
         "KeyType=RANGE), KeySchemaElement(AttributeName=c, KeyType=RANGE)]' at 'keySchema' failed "
         "to satisfy constraint: Member must have length less than or equal to 2"},
    };
    validate_run(steps, ARRAY_COUNT(steps));
}

Test(validate, a_long_value_is_cut_so_that_its_constraint_is_still_told)
{
    struct fixture *fixture = fixture_open();
    char *keys = "{}";
    for (int i = 0; i < 100; i++) {
        keys = fixture_printf(fixture, "%s,{'pk':{'S':'a rather long key %d'}}", keys, i);
    }
    struct answer answer =
        fixture_call(fixture, "BatchGetItem",
                     fixture_printf(fixture, "{'RequestItems':{'abc':{'Keys':[%s]}}}", keys));
    cr_assert_not(answer.ok);
    cr_assert_not_null(strstr(answer.text, "' at 'requestItems.abc.member.keys' failed to satisfy "
                                           "constraint: Member must have length less than or equal "
                                           "to 100"),
                       "%s", answer.text);
    fixture_close(fixture);
}

Test(validate, what_is_not_served_is_refused_by_name)
{
    static const struct step steps[] = {
        {"UpdateTable", "{'TableName':'abc','VectorIndexUpdates':[]}",
         "NOT_IMPLEMENTED: This version does not support the parameter VectorIndexUpdates of "
         "UpdateTable"},
        {"UpdateTable", "{'TableName':'abc','ReplicaUpdates':[{'Update':{'RegionName':'x'}}]}",
         "NOT_IMPLEMENTED: This version does not support the parameter Update of UpdateTable"},
        {"UpdateTable",
         "{'TableName':'abc','ReplicaUpdates':[{'Create':{'RegionName':'x','KMSMasterKeyId':'k'}}"
         "]}",
         "NOT_IMPLEMENTED: This version does not support the parameter KMSMasterKeyId of "
         "UpdateTable"},
    };
    validate_run(steps, ARRAY_COUNT(steps));
}

Test(validate, legacy_parameters_beside_expressions_are_a_fault_of_the_client)
{
    static const struct step steps[] = {
        {"PutItem",
         "{'TableName':'abc','Item':{'pk':{'S':'a'}},'Expected':{},'ConditionExpression':'a = :b'}",
         "VALIDATION: Can not use both expression and non-expression parameters in the same "
         "request: Non-expression parameters: {Expected} Expression parameters: "
         "{ConditionExpression}"},
        {"Query",
         "{'TableName':'abc','KeyConditions':{},'QueryFilter':{},'FilterExpression':'a','"
         "KeyConditionExpression':'b'}",
         "VALIDATION: Can not use both expression and non-expression parameters in the same "
         "request: Non-expression parameters: {KeyConditions, QueryFilter} Expression parameters: "
         "{FilterExpression, KeyConditionExpression}"},
    };
    validate_run(steps, ARRAY_COUNT(steps));
}

Test(validate, unknown_members_and_booleans_as_text_are_taken)
{
    static const struct step steps[] = {
        {"ListTables", "{'Nonsense':[1,2,{'a':null}],'Limit':5}", "{'TableNames':[]}"},
        {"ListTables", "{'Limit':5.7}", "{'TableNames':[]}"},
        {"GetItem", "{'TableName':'abc','Key':{'pk':{'S':'a'}},'ConsistentRead':'yes'}",
         "NOT_FOUND: Requested resource not found"},
        {"GetItem", "{'TableName':'abc','Key':{'pk':{'S':'a'}},'ConsistentRead':'0'}",
         "NOT_FOUND: Requested resource not found"},
    };
    validate_run(steps, ARRAY_COUNT(steps));
}
