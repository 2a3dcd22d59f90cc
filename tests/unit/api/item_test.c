/* Goal: PutItem, GetItem, UpdateItem, DeleteItem answer as dynamodb-api.md section 8 says.
 * Method: scripts of requests on a fresh store; each step's whole answer is compared. */
#include "tests/unit/api/fixture.h"

#include <criterion/criterion.h>

static void item_run(const struct step *steps, size_t count)
{
    struct fixture *fixture = fixture_open();
    fixture_table(fixture, "abc", 0);
    fixture_table(fixture, "two", 'N');
    fixture_script(fixture, steps, count);
    fixture_close(fixture);
}

Test(item, what_is_put_is_read_back)
{
    static const struct step steps[] = {
        {"GetItem", "{'TableName':'abc','Key':{'pk':{'S':'a'}}}", "{}"},
        {"PutItem",
         "{'TableName':'abc','Item':{'pk':{'S':'a'},'n':{'N':'1.50'},'b':{'B':'AAE='},"
         "'t':{'BOOL':true},'z':{'NULL':true},'ss':{'SS':['y','x']},'ns':{'NS':['2','1.0']},"
         "'bs':{'BS':['AQ==']},'l':{'L':[{'S':''},{'N':'-0'}]},'m':{'M':{'k':{'S':'v'}}}}}",
         "{}"},
        {"GetItem", "{'TableName':'abc','Key':{'pk':{'S':'a'}}}",
         "{'Item':{'b':{'B':'AAE='},'bs':{'BS':['AQ==']},'l':{'L':[{'S':''},{'N':'0'}]},"
         "'m':{'M':{'k':{'S':'v'}}},'n':{'N':'1.5'},'ns':{'NS':['1','2']},'pk':{'S':'a'},"
         "'ss':{'SS':['x','y']},'t':{'BOOL':true},'z':{'NULL':true}}}"},
        {"PutItem", "{'TableName':'abc','Item':{'pk':{'S':'a'},'x':{'S':'new'}}}", "{}"},
        {"GetItem", "{'TableName':'abc','Key':{'pk':{'S':'a'}},'ConsistentRead':true}",
         "{'Item':{'pk':{'S':'a'},'x':{'S':'new'}}}"},
        {"DeleteItem", "{'TableName':'abc','Key':{'pk':{'S':'a'}}}", "{}"},
        {"GetItem", "{'TableName':'abc','Key':{'pk':{'S':'a'}}}", "{}"},
        {"DeleteItem", "{'TableName':'abc','Key':{'pk':{'S':'a'}}}", "{}"},
    };
    item_run(steps, ARRAY_COUNT(steps));
}

Test(item, a_table_may_be_named_by_its_arn)
{
    static const struct step steps[] = {
        {"PutItem",
         "{'TableName':'arn:aws:dynamodb:us-east-1:123456789012:table/abc','Item':{'pk':{'S':'a'}},"
         "'ReturnConsumedCapacity':'TOTAL'}",
         "{'ConsumedCapacity':{'TableName':'arn:aws:dynamodb:us-east-1:123456789012:table/abc',"
         "'CapacityUnits':1.0}}"},
        {"GetItem",
         "{'TableName':'arn:aws:dynamodb:us-east-1:123456789012:table/abc','Key':{'pk':{'S':'a'}}}",
         "{'Item':{'pk':{'S':'a'}}}"},
        {"GetItem",
         "{'TableName':'arn:aws:dynamodb:eu-west-1:123456789012:table/abc','Key':{'pk':{'S':'a'}}}",
         "VALIDATION: 1 validation error detected: Invalid AWS region in "
         "'arn:aws:dynamodb:eu-west-1:123456789012:table/abc'"},
        {"GetItem",
         "{'TableName':'arn:gcp:dynamodb:us-east-1:123456789012:table/abc','Key':{'pk':{'S':'a'}}}",
         "VALIDATION: 1 validation error detected: Invalid AWS partition in "
         "'arn:gcp:dynamodb:us-east-1:123456789012:table/abc'"},
        {"GetItem", "{'TableName':'arn:aws:dynamodb:us-east-1:123456789012:stream/abc','Key':{}}",
         "VALIDATION: 1 validation error detected: Invalid resource type in "
         "'arn:aws:dynamodb:us-east-1:123456789012:stream/abc'"},
        {"GetItem",
         "{'TableName':'arn:aws:dynamodb:us-east-1:999999999999:table/abc','Key':{'pk':{'S':'a'}}}",
         "NOT_FOUND: Requested resource not found"},
        {"GetItem", "{'TableName':'arn:aws','Key':{'pk':{'S':'a'}}}",
         "VALIDATION: 1 validation error detected: Invalid AWS partition in 'arn:aws'"},
    };
    item_run(steps, ARRAY_COUNT(steps));
}

Test(item, keys_must_fit_the_schema)
{
    static const struct step steps[] = {
        {"PutItem", "{'TableName':'abc','Item':{'x':{'S':'a'}}}",
         "VALIDATION: One or more parameter values were invalid: Missing the key pk in the item"},
        {"PutItem", "{'TableName':'abc','Item':{'pk':{'N':'1'}}}",
         "VALIDATION: One or more parameter values were invalid: Type mismatch for key pk "
         "expected: "
         "S actual: N"},
        {"PutItem", "{'TableName':'abc','Item':{'pk':{'S':''}}}",
         "VALIDATION: One or more parameter values are not valid. The AttributeValue for a key "
         "attribute cannot contain an empty string value. Key: pk"},
        {"PutItem", "{'TableName':'two','Item':{'pk':{'S':'a'}}}",
         "VALIDATION: One or more parameter values were invalid: Missing the key sk in the item"},
        {"GetItem", "{'TableName':'abc','Key':{}}",
         "VALIDATION: The provided key element does not match the schema"},
        {"GetItem", "{'TableName':'abc','Key':{'pk':{'S':'a'},'x':{'S':'b'}}}",
         "VALIDATION: The provided key element does not match the schema"},
        {"GetItem", "{'TableName':'two','Key':{'pk':{'S':'a'},'sk':{'S':'1'}}}",
         "VALIDATION: The provided key element does not match the schema"},
        {"DeleteItem", "{'TableName':'two','Key':{'pk':{'S':'a'}}}",
         "VALIDATION: The provided key element does not match the schema"},
        {"UpdateItem", "{'TableName':'two','Key':{'pk':{'S':'a'}}}",
         "VALIDATION: The provided key element does not match the schema"},
        {"GetItem", "{'TableName':'abc','Key':{'pk':{'S':''}}}",
         "VALIDATION ~cannot contain an empty string value. Key: pk"},
    };
    item_run(steps, ARRAY_COUNT(steps));
}

Test(item, key_sizes_and_item_sizes_have_limits)
{
    struct fixture *fixture = fixture_open();
    fixture_table(fixture, "abc", 0);
    fixture_table(fixture, "two", 'S');
    const struct step steps[] = {
        {"PutItem",
         fixture_printf(fixture, "{'TableName':'abc','Item':{'pk':{'S':'%s'}}}",
                        fixture_long(fixture, 2048)),
         "{}"},
        {"PutItem",
         fixture_printf(fixture, "{'TableName':'abc','Item':{'pk':{'S':'%s'}}}",
                        fixture_long(fixture, 2049)),
         "VALIDATION: One or more parameter values were invalid: Size of hashkey has exceeded the "
         "maximum size limit of2048 bytes"},
        {"PutItem",
         fixture_printf(fixture, "{'TableName':'two','Item':{'pk':{'S':'a'},'sk':{'S':'%s'}}}",
                        fixture_long(fixture, 1025)),
         "VALIDATION: One or more parameter values were invalid: Aggregated size of all range keys "
         "has exceeded the size limit of 1024 bytes"},
        {"PutItem",
         fixture_printf(fixture, "{'TableName':'abc','Item':{'pk':{'S':'a'},'x':{'S':'%s'}}}",
                        fixture_long(fixture, 409600 - 4)),
         "{}"},
        {"PutItem",
         fixture_printf(fixture, "{'TableName':'abc','Item':{'pk':{'S':'a'},'x':{'S':'%s'}}}",
                        fixture_long(fixture, 409600 - 3)),
         "VALIDATION: Item size has exceeded the maximum allowed size"},
        {"UpdateItem",
         "{'TableName':'abc','Key':{'pk':{'S':'a'}},'UpdateExpression':'SET yy = :v',"
         "'ExpressionAttributeValues':{':v':{'S':'z'}}}",
         "VALIDATION: Item size to update has exceeded the maximum allowed size"},
    };
    fixture_script(fixture, steps, ARRAY_COUNT(steps));
    fixture_close(fixture);
}

Test(item, checks_come_in_the_services_order)
{
    static const struct step steps[] = {
        /* Values before expressions, expressions before ReturnValues, that before the table. */
        {"PutItem",
         "{'TableName':'no-table','Item':{'pk':{}},'ConditionExpression':'','ReturnValues':"
         "'ALL_NEW'}",
         "VALIDATION: Supplied AttributeValue is empty, must contain exactly one of the supported "
         "datatypes"},
        {"PutItem",
         "{'TableName':'no-table','Item':{'pk':{'S':'a'}},'ConditionExpression':'',"
         "'ReturnValues':'ALL_NEW'}",
         "VALIDATION: Invalid ConditionExpression: The expression can not be empty;"},
        {"PutItem", "{'TableName':'no-table','Item':{'pk':{'S':'a'}},'ReturnValues':'ALL_NEW'}",
         "VALIDATION: ReturnValues can only be ALL_OLD or NONE"},
        {"PutItem", "{'TableName':'no-table','Item':{}}",
         "NOT_FOUND: Requested resource not found"},
        {"DeleteItem", "{'TableName':'abc','Key':{},'ReturnValues':'UPDATED_OLD'}",
         "VALIDATION: ReturnValues can only be ALL_OLD or NONE"},
        {"UpdateItem", "{'TableName':'no','Key':{'a':{'N':'x'}}}",
         "VALIDATION: The parameter cannot be converted to a numeric value: x"},
        {"GetItem", "{'TableName':'no','Key':{}}", "NOT_FOUND: Requested resource not found"},
    };
    item_run(steps, ARRAY_COUNT(steps));
}

Test(item, placeholders_are_checked)
{
    static const struct step steps[] = {
        {"PutItem",
         "{'TableName':'abc','Item':{'pk':{'S':'a'}},'ExpressionAttributeNames':{'#a':'a'}}",
         "VALIDATION: ExpressionAttributeNames can only be specified when using expressions"},
        {"PutItem",
         "{'TableName':'abc','Item':{'pk':{'S':'a'}},'ExpressionAttributeValues':{':a':{'S':'a'}}}",
         "VALIDATION: ExpressionAttributeValues can only be specified when using expressions"},
        {"PutItem",
         "{'TableName':'abc','Item':{'pk':{'S':'a'}},'ConditionExpression':'attribute_exists(pk)',"
         "'ExpressionAttributeNames':{}}",
         "VALIDATION: ExpressionAttributeNames must not be empty"},
        {"PutItem",
         "{'TableName':'abc','Item':{'pk':{'S':'a'}},'ConditionExpression':'attribute_exists(pk)',"
         "'ExpressionAttributeValues':{}}",
         "VALIDATION: ExpressionAttributeValues must not be empty"},
        {"PutItem",
         "{'TableName':'abc','Item':{'pk':{'S':'a'}},'ConditionExpression':'attribute_exists(pk)',"
         "'ExpressionAttributeNames':{'a':'b'}}",
         "VALIDATION: ExpressionAttributeNames contains invalid key: Syntax error; key: \"a\""},
        {"PutItem",
         "{'TableName':'abc','Item':{'pk':{'S':'a'}},'ConditionExpression':'attribute_exists(pk)',"
         "'ExpressionAttributeNames':{'#u':'b'}}",
         "VALIDATION: Value provided in ExpressionAttributeNames unused in expressions: keys: "
         "{#u}"},
        {"PutItem",
         "{'TableName':'abc','Item':{'pk':{'S':'a'}},'ConditionExpression':'a = :a',"
         "'ExpressionAttributeValues':{':a':{'S':'x'},':u':{'S':'x'}}}",
         "VALIDATION: Value provided in ExpressionAttributeValues unused in expressions: keys: "
         "{:u}"},
        {"PutItem",
         "{'TableName':'abc','Item':{'pk':{'S':'a'}},'ConditionExpression':'a = :a',"
         "'ExpressionAttributeValues':{':a':{'N':'x'}}}",
         "VALIDATION: ExpressionAttributeValues contains invalid value: The parameter cannot be "
         "converted to a numeric value: x for key :a"},
        {"PutItem",
         "{'TableName':'abc','Item':{'pk':{'S':'a'}},'ConditionExpression':'a = :a',"
         "'ExpressionAttributeValues':{':a':{}}}",
         "VALIDATION: ExpressionAttributeValues contains invalid value: Supplied AttributeValue is "
         "empty, must contain exactly one of the supported datatypes for key :a"},
        {"PutItem", "{'TableName':'abc','Item':{'pk':{'S':'a'}},'ConditionExpression':'a = :a'}",
         "VALIDATION: Invalid ConditionExpression: An expression attribute value used in "
         "expression "
         "is not defined; attribute value: :a"},
        {"GetItem", "{'TableName':'abc','Key':{'pk':{'S':'a'}},'ProjectionExpression':'#a'}",
         "VALIDATION: Invalid ProjectionExpression: An expression attribute name used in the "
         "document path is not defined; attribute name: #a"},
    };
    item_run(steps, ARRAY_COUNT(steps));
}

Test(item, conditions_guard_writes_and_may_show_the_item)
{
    static const struct step steps[] = {
        {"PutItem",
         "{'TableName':'abc','Item':{'pk':{'S':'a'},'v':{'N':'1'}},"
         "'ConditionExpression':'attribute_not_exists(pk)'}",
         "{}"},
        {"PutItem",
         "{'TableName':'abc','Item':{'pk':{'S':'a'},'v':{'N':'2'}},"
         "'ConditionExpression':'attribute_not_exists(pk)'}",
         "CONDITION: The conditional request failed"},
        {"PutItem",
         "{'TableName':'abc','Item':{'pk':{'S':'a'},'v':{'N':'2'}},"
         "'ConditionExpression':'attribute_not_exists(pk)',"
         "'ReturnValuesOnConditionCheckFailure':'ALL_OLD'}",
         "CONDITION ~,'Item':{'pk':{'S':'a'},'v':{'N':'1'}}"},
        {"UpdateItem",
         "{'TableName':'abc','Key':{'pk':{'S':'a'}},'UpdateExpression':'SET v = v + :one',"
         "'ConditionExpression':'v = :two','ExpressionAttributeValues':{':one':{'N':'1'},':two':"
         "{'N':'2'}},'ReturnValuesOnConditionCheckFailure':'ALL_OLD'}",
         "CONDITION ~,'Item':{'pk':{'S':'a'},'v':{'N':'1'}}"},
        {"DeleteItem",
         "{'TableName':'abc','Key':{'pk':{'S':'a'}},'ConditionExpression':'v > :two',"
         "'ExpressionAttributeValues':{':two':{'N':'2'}}}",
         "CONDITION: The conditional request failed"},
        {"DeleteItem",
         "{'TableName':'abc','Key':{'pk':{'S':'none'}},'ConditionExpression':"
         "'attribute_exists(pk)','ReturnValuesOnConditionCheckFailure':'ALL_OLD'}",
         "CONDITION: The conditional request failed"},
        {"UpdateItem",
         "{'TableName':'abc','Key':{'pk':{'S':'none'}},'ConditionExpression':"
         "'attribute_exists(pk)'}",
         "CONDITION: The conditional request failed"},
        {"GetItem", "{'TableName':'abc','Key':{'pk':{'S':'none'}}}", "{}"},
        {"DeleteItem",
         "{'TableName':'abc','Key':{'pk':{'S':'a'}},'ConditionExpression':'v = :one',"
         "'ExpressionAttributeValues':{':one':{'N':'1.0'}},'ReturnValues':'ALL_OLD'}",
         "{'Attributes':{'pk':{'S':'a'},'v':{'N':'1'}}}"},
        {"DeleteItem", "{'TableName':'abc','Key':{'pk':{'S':'a'}},'ReturnValues':'ALL_OLD'}", "{}"},
    };
    item_run(steps, ARRAY_COUNT(steps));
}

Test(item, put_returns_the_old_item_when_asked)
{
    static const struct step steps[] = {
        {"PutItem", "{'TableName':'abc','Item':{'pk':{'S':'a'}},'ReturnValues':'ALL_OLD'}", "{}"},
        {"PutItem",
         "{'TableName':'abc','Item':{'pk':{'S':'a'},'x':{'S':'2'}},'ReturnValues':'ALL_OLD'}",
         "{'Attributes':{'pk':{'S':'a'}}}"},
        {"PutItem", "{'TableName':'abc','Item':{'pk':{'S':'a'}},'ReturnValues':'NONE'}", "{}"},
    };
    item_run(steps, ARRAY_COUNT(steps));
}

#define UPDATE(expression, values, returns)                                                        \
    "{'TableName':'abc','Key':{'pk':{'S':'a'}},'UpdateExpression':'" expression                    \
    "','ReturnValues':'" returns "'" values "}"
#define VALUES(values) ",'ExpressionAttributeValues':{" values "}"

Test(item, update_returns_what_is_asked_for)
{
    static const struct step steps[] = {
        {"UpdateItem", UPDATE("SET a = :v", VALUES("':v':{'N':'1'}"), "ALL_OLD"), "{}"},
        {"UpdateItem", UPDATE("SET a = :v", VALUES("':v':{'N':'2'}"), "UPDATED_OLD"),
         "{'Attributes':{'a':{'N':'1'}}}"},
        {"UpdateItem", UPDATE("SET a = :v", VALUES("':v':{'N':'2'}"), "UPDATED_NEW"),
         "{'Attributes':{'a':{'N':'2'}}}"},
        {"UpdateItem", UPDATE("SET b = :v", VALUES("':v':{'S':'x'}"), "UPDATED_OLD"), "{}"},
        {"UpdateItem", UPDATE("SET b = :v", VALUES("':v':{'S':'y'}"), "ALL_OLD"),
         "{'Attributes':{'a':{'N':'2'},'b':{'S':'x'},'pk':{'S':'a'}}}"},
        {"UpdateItem", UPDATE("ADD a :v", VALUES("':v':{'N':'-3.5'}"), "ALL_NEW"),
         "{'Attributes':{'a':{'N':'-1.5'},'b':{'S':'y'},'pk':{'S':'a'}}}"},
        {"UpdateItem", UPDATE("REMOVE b", "", "UPDATED_NEW"), "{}"},
        {"UpdateItem",
         UPDATE("SET m = :v", VALUES("':v':{'M':{'x':{'N':'1'},'y':{'N':'2'}}}"), "NONE"), "{}"},
        {"UpdateItem", UPDATE("SET m.x = :v", VALUES("':v':{'N':'5'}"), "UPDATED_NEW"),
         "{'Attributes':{'m':{'M':{'x':{'N':'5'}}}}}"},
        {"UpdateItem", UPDATE("REMOVE m.y", "", "UPDATED_OLD"),
         "{'Attributes':{'m':{'M':{'y':{'N':'2'}}}}}"},
        {"GetItem", "{'TableName':'abc','Key':{'pk':{'S':'a'}}}",
         "{'Item':{'a':{'N':'-1.5'},'m':{'M':{'x':{'N':'5'}}},'pk':{'S':'a'}}}"},
    };
    item_run(steps, ARRAY_COUNT(steps));
}

Test(item, update_without_expression_touches_and_removal_makes_nothing)
{
    static const struct step steps[] = {
        {"UpdateItem", UPDATE("REMOVE b", "", "ALL_NEW"), "{}"},
        {"GetItem", "{'TableName':'abc','Key':{'pk':{'S':'a'}}}", "{}"},
        {"UpdateItem", "{'TableName':'abc','Key':{'pk':{'S':'a'}},'ReturnValues':'UPDATED_NEW'}",
         "{}"},
        {"GetItem", "{'TableName':'abc','Key':{'pk':{'S':'a'}}}", "{'Item':{'pk':{'S':'a'}}}"},
        {"UpdateItem", "{'TableName':'abc','Key':{'pk':{'S':'a'}},'ReturnValues':'ALL_NEW'}",
         "{'Attributes':{'pk':{'S':'a'}}}"},
    };
    item_run(steps, ARRAY_COUNT(steps));
}

Test(item, key_attributes_are_not_updated_nor_entered)
{
    static const struct step steps[] = {
        {"UpdateItem", UPDATE("SET pk = :v", VALUES("':v':{'S':'b'}"), "NONE"),
         "VALIDATION: One or more parameter values were invalid: Cannot update attribute pk. This "
         "attribute is part of the key"},
        {"UpdateItem", UPDATE("REMOVE pk", "", "NONE"),
         "VALIDATION: One or more parameter values were invalid: Cannot update attribute pk. This "
         "attribute is part of the key"},
        {"UpdateItem", UPDATE("SET pk.x = :v", VALUES("':v':{'S':'b'}"), "NONE"),
         "VALIDATION: Key attributes must be scalars; list random access '[]' and map lookup '.' "
         "are not allowed: Key: pk"},
        {"GetItem", "{'TableName':'abc','Key':{'pk':{'S':'a'}},'ProjectionExpression':'pk[0]'}",
         "VALIDATION: Key attributes must be scalars; list random access '[]' and map lookup '.' "
         "are not allowed: Key: pk"},
        {"UpdateItem", UPDATE("SET x = :v", VALUES("':v':{'S':'b'}"), "NONE"), "{}"},
        {"UpdateItem", UPDATE("SET y = pk", "", "UPDATED_NEW"), "{'Attributes':{'y':{'S':'a'}}}"},
    };
    item_run(steps, ARRAY_COUNT(steps));
}

Test(item, faulty_updates_change_nothing)
{
    static const struct step steps[] = {
        {"UpdateItem", UPDATE("SET x = y", "", "NONE"),
         "VALIDATION: The provided expression refers to an attribute that does not exist in the "
         "item"},
        {"UpdateItem", UPDATE("SET x.y = :v", VALUES("':v':{'S':'b'}"), "NONE"),
         "VALIDATION: The document path provided in the update expression is invalid for update"},
        {"UpdateItem", UPDATE("SET x = :v", VALUES("':v':{'S':'b'}"), "NONE"), "{}"},
        {"UpdateItem", UPDATE("ADD x :v", VALUES("':v':{'N':'1'}"), "NONE"),
         "VALIDATION: An operand in the update expression has an incorrect data type"},
        {"GetItem", "{'TableName':'abc','Key':{'pk':{'S':'a'}}}",
         "{'Item':{'pk':{'S':'a'},'x':{'S':'b'}}}"},
    };
    item_run(steps, ARRAY_COUNT(steps));
}

Test(item, projections_keep_structure)
{
    static const struct step steps[] = {
        {"PutItem",
         "{'TableName':'abc','Item':{'pk':{'S':'a'},'x':{'M':{'l':{'L':[{'N':'0'},{'N':'1'},"
         "{'N':'2'}]}}},'y':{'S':'s'}}}",
         "{}"},
        {"GetItem",
         "{'TableName':'abc','Key':{'pk':{'S':'a'}},'ProjectionExpression':'x.l[2], x.l[0], #y',"
         "'ExpressionAttributeNames':{'#y':'y'}}",
         "{'Item':{'x':{'M':{'l':{'L':[{'N':'0'},{'N':'2'}]}}},'y':{'S':'s'}}}"},
        {"GetItem", "{'TableName':'abc','Key':{'pk':{'S':'a'}},'ProjectionExpression':'nothing'}",
         "{'Item':{}}"},
    };
    item_run(steps, ARRAY_COUNT(steps));
}

Test(item, capacity_is_counted_by_size)
{
    struct fixture *fixture = fixture_open();
    fixture_table(fixture, "abc", 0);
    char *text = fixture_long(fixture, 5000);
    const struct step steps[] = {
        {"GetItem", "{'TableName':'abc','Key':{'pk':{'S':'a'}},'ReturnConsumedCapacity':'TOTAL'}",
         "{'ConsumedCapacity':{'TableName':'abc','CapacityUnits':0.5}}"},
        {"GetItem",
         "{'TableName':'abc','Key':{'pk':{'S':'a'}},'ReturnConsumedCapacity':'TOTAL',"
         "'ConsistentRead':true}",
         "{'ConsumedCapacity':{'TableName':'abc','CapacityUnits':1.0}}"},
        {"DeleteItem",
         "{'TableName':'abc','Key':{'pk':{'S':'a'}},'ReturnConsumedCapacity':'TOTAL'}",
         "{'ConsumedCapacity':{'TableName':'abc','CapacityUnits':1.0}}"},
        {"PutItem",
         fixture_printf(fixture,
                        "{'TableName':'abc','Item':{'pk':{'S':'a'},'x':{'S':'%s'}},"
                        "'ReturnConsumedCapacity':'INDEXES'}",
                        text),
         "{'ConsumedCapacity':{'TableName':'abc','CapacityUnits':5.0,'Table':{'CapacityUnits':"
         "5.0}}}"},
        {"GetItem",
         "{'TableName':'abc','Key':{'pk':{'S':'a'}},'ReturnConsumedCapacity':'TOTAL',"
         "'ProjectionExpression':'pk'}",
         "{'Item':{'pk':{'S':'a'}},'ConsumedCapacity':{'TableName':'abc','CapacityUnits':1.0}}"},
        {"UpdateItem",
         "{'TableName':'abc','Key':{'pk':{'S':'a'}},'UpdateExpression':'REMOVE x',"
         "'ReturnConsumedCapacity':'TOTAL'}",
         "{'ConsumedCapacity':{'TableName':'abc','CapacityUnits':5.0}}"},
        {"DeleteItem", "{'TableName':'abc','Key':{'pk':{'S':'a'}},'ReturnConsumedCapacity':'NONE'}",
         "{}"},
        {"PutItem",
         "{'TableName':'abc','Item':{'pk':{'S':'a'}},'ReturnItemCollectionMetrics':'SIZE'}", "{}"},
    };
    fixture_script(fixture, steps, ARRAY_COUNT(steps));
    fixture_close(fixture);
}
