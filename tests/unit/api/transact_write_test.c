/* Goal: TransactWriteItems refuses what DynamoDB refuses, with its words, in its order, and cancels
 * what DynamoDB cancels (dynamodb-api.md 12.1). Method: scripts of requests on two tables. */
#include "tests/unit/api/fixture.h"

#include <criterion/criterion.h>

static struct fixture *transact_fixture(void)
{
    struct fixture *fixture = fixture_open();
    fixture_table(fixture, "abc", 0);
    fixture_table(fixture, "two", 'N');
    return fixture;
}

static void transact_script(const struct step *steps, size_t count)
{
    struct fixture *fixture = transact_fixture();
    fixture_script(fixture, steps, count);
    fixture_close(fixture);
}

#define WRITE(actions) "{'TransactItems':[" actions "]}"
#define PUT(key, more) "{'Put':{'TableName':'abc','Item':{'pk':{'S':'" key "'}" more "}}}"
#define CHECK(key, condition)                                                                      \
    "{'ConditionCheck':{'TableName':'abc','Key':{'pk':{'S':'" key                                  \
    "'}},'ConditionExpression':'" condition "'}}"
#define UPDATE(key, text)                                                                          \
    "{'Update':{'TableName':'abc','Key':{'pk':{'S':'" key "'}},'UpdateExpression':'" text "'}}"
#define DELETE(key) "{'Delete':{'TableName':'abc','Key':{'pk':{'S':'" key "'}}}}"
#define GET(key) "{'TableName':'abc','Key':{'pk':{'S':'" key "'}}}"
#define CANCELLED                                                                                  \
    "CANCELLED: Transaction cancelled, please refer cancellation reasons for specific reasons "

Test(transact_write, all_four_actions_happen_together)
{
    static const struct step steps[] = {
        {"TransactWriteItems", WRITE(PUT("a", ",'x':{'S':'1'}") "," PUT("b", "") "," PUT("c", "")),
         "{}"},
        {"TransactWriteItems",
         WRITE(CHECK("a", "attribute_exists(x)") "," UPDATE("b", "SET y = pk") "," DELETE(
             "c") ",{'Put':{'TableName':'two','Item':{'pk':{'S':'a'},'sk':{'N':'1'}}}}"),
         "{}"},
        {"GetItem", GET("b"), "{'Item':{'pk':{'S':'b'},'y':{'S':'b'}}}"},
        {"GetItem", GET("c"), "{}"},
        {"GetItem", "{'TableName':'two','Key':{'pk':{'S':'a'},'sk':{'N':'1'}}}",
         "{'Item':{'pk':{'S':'a'},'sk':{'N':'1'}}}"},
        /* An update makes an item, a delete of nothing succeeds. */
        {"TransactWriteItems", WRITE(UPDATE("new", "SET n = pk") "," DELETE("none")), "{}"},
        {"GetItem", GET("new"), "{'Item':{'n':{'S':'new'},'pk':{'S':'new'}}}"},
    };
    transact_script(steps, ARRAY_COUNT(steps));
}

Test(transact_write, nothing_happens_if_one_condition_fails)
{
    static const struct step steps[] = {
        {"PutItem", "{'TableName':'abc','Item':{'pk':{'S':'a'},'x':{'S':'1'}}}", "{}"},
        {"TransactWriteItems", WRITE(PUT("b", "") "," CHECK("a", "attribute_not_exists(x)")),
         CANCELLED "[None, ConditionalCheckFailed]"},
        {"GetItem", GET("b"), "{}"},
        {"TransactWriteItems", WRITE(PUT("b", "") "," CHECK("a", "attribute_not_exists(x)")),
         "CANCELLED ~,'CancellationReasons':[{'Code':'None'},{'Code':'ConditionalCheckFailed',"
         "'Message':'The conditional request failed'}]"},
        /* Every action is judged, also behind one that fails; an item is shown where one was asked
         * for and there is one. */
        {"TransactWriteItems",
         "{'TransactItems':["
         "{'ConditionCheck':{'TableName':'abc','Key':{'pk':{'S':'a'}},'ConditionExpression':"
         "'attribute_not_exists(x)','ReturnValuesOnConditionCheckFailure':'ALL_OLD'}},"
         "{'Put':{'TableName':'abc','Item':{'pk':{'S':'none'}},'ConditionExpression':"
         "'attribute_exists(x)','ReturnValuesOnConditionCheckFailure':'ALL_OLD'}}," UPDATE(
             "b", "SET n = nothing") "]}",
         "CANCELLED ~,'CancellationReasons':[{'Code':'ConditionalCheckFailed','Message':'The "
         "conditional request failed','Item':{'pk':{'S':'a'},'x':{'S':'1'}}},{'Code':"
         "'ConditionalCheckFailed','Message':'The conditional request failed'},{'Code':"
         "'ValidationError','Message':'The provided expression refers to an attribute that does "
         "not exist in the item'}]"},
        {"GetItem", GET("none"), "{}"},
    };
    transact_script(steps, ARRAY_COUNT(steps));
}

Test(transact_write, an_element_is_one_of_the_four)
{
    static const struct step steps[] = {
        {"TransactWriteItems", "{}",
         "VALIDATION: 1 validation error detected: Value null at 'transactItems' failed to satisfy "
         "constraint: Member must not be null"},
        {"TransactWriteItems", WRITE(""),
         "VALIDATION ~Member must have length greater than or equal to 1"},
        {"TransactWriteItems", WRITE("{}"),
         "VALIDATION: Invalid Request: TransactWriteRequest should contain Delete or Put or Update "
         "request"},
        {"TransactWriteItems",
         WRITE("{'Put':{'TableName':'abc','Item':{'pk':{'S':'a'}}},'Delete':{'TableName':'abc',"
               "'Key':{'pk':{'S':'b'}}}}"),
         "VALIDATION: TransactItems can only contain one of Check, Put, Update or Delete"},
        {"TransactWriteItems", WRITE("{'Update':{'TableName':'abc','Key':{'pk':{'S':'a'}}}}"),
         "VALIDATION ~'transactItems.1.member.update.updateExpression' failed to satisfy "
         "constraint: Member must not be null"},
        {"TransactWriteItems",
         WRITE("{'ConditionCheck':{'TableName':'abc','Key':{'pk':{'S':'a'}}}}"),
         "VALIDATION ~'transactItems.1.member.conditionCheck.conditionExpression' failed to "
         "satisfy constraint: Member must not be null"},
        {"TransactWriteItems", "{'TransactItems':[" PUT("a", "") "],'ClientRequestToken':''}",
         "VALIDATION ~Member must have length greater than or equal to 1"},
    };
    transact_script(steps, ARRAY_COUNT(steps));
}

Test(transact_write, faults_of_the_request_refuse_it_whole)
{
    static const struct step steps[] = {
        {"TransactWriteItems", WRITE(PUT("a", "") "," PUT("b", ",'n':{'N':'x'}")),
         "VALIDATION: The parameter cannot be converted to a numeric value: x"},
        {"TransactWriteItems", WRITE(PUT("a", "") "," UPDATE("b", "SET")),
         "VALIDATION ~Invalid UpdateExpression: Syntax error"},
        {"TransactWriteItems", WRITE(CHECK("a", "x = :v")),
         "VALIDATION: Invalid ConditionExpression: An expression attribute value used in "
         "expression is not defined; attribute value: :v"},
        {"TransactWriteItems",
         WRITE("{'Put':{'TableName':'abc','Item':{'pk':{'S':'a'}},'ConditionExpression':"
               "'attribute_exists(pk)','ExpressionAttributeNames':{'#x':'x'}}}"),
         "VALIDATION: Value provided in ExpressionAttributeNames unused in expressions: keys: "
         "{#x}"},
        {"TransactWriteItems", WRITE(PUT("", "")),
         "VALIDATION: One or more parameter values are not valid. The AttributeValue for a key "
         "attribute cannot contain an empty string value. Key: pk"},
        {"TransactWriteItems", WRITE(DELETE("")),
         "VALIDATION: One or more parameter values are not valid. The AttributeValue for a key "
         "attribute cannot contain an empty string value. Key: pk"},
        {"TransactWriteItems", WRITE(PUT("a", "") "," DELETE("a")),
         "VALIDATION: Transaction request cannot include multiple operations on one item"},
        {"TransactWriteItems",
         WRITE(PUT("a", "") ",{'Put':{'TableName':'none','Item':{'pk':{'S':'a'}}}}"),
         "NOT_FOUND: Requested resource not found"},
        /* Texts are read before tables are looked up, and in all actions. */
        {"TransactWriteItems",
         WRITE("{'Put':{'TableName':'none','Item':{'pk':{'S':'a'}}}}," UPDATE("b", "SET")),
         "VALIDATION ~Invalid UpdateExpression: Syntax error"},
        {"GetItem", GET("a"), "{}"},
    };
    transact_script(steps, ARRAY_COUNT(steps));
}

Test(transact_write, a_key_that_does_not_fit_cancels)
{
    static const struct step steps[] = {
        {"TransactWriteItems",
         WRITE(PUT("a", "") ",{'Delete':{'TableName':'abc','Key':{'pk':{'N':'1'}}}},"
                            "{'Put':{'TableName':'abc','Item':{'x':{'S':'a'}}}}"),
         "CANCELLED ~,'CancellationReasons':[{'Code':'None'},{'Code':'ValidationError','Message':"
         "'The provided key element does not match the schema'},{'Code':'None'}]"},
        {"TransactWriteItems", WRITE("{'Put':{'TableName':'abc','Item':{'x':{'S':'a'}}}}"),
         "CANCELLED ~'ValidationError','Message':'One or more parameter values were invalid: "
         "Missing the key pk in the item'"},
        {"TransactWriteItems", WRITE("{'Put':{'TableName':'abc','Item':{'pk':{'N':'1'}}}}"),
         "CANCELLED ~'Message':'One or more parameter values were invalid: Type mismatch for key "
         "pk expected: S actual: N'"},
        {"TransactWriteItems", WRITE(UPDATE("a", "SET pk = x")),
         "CANCELLED ~'Message':'One or more parameter values were invalid: Cannot update attribute "
         "pk. This attribute is part of the key'"},
        /* What refuses the request wins over what cancels it. */
        {"TransactWriteItems",
         WRITE("{'Put':{'TableName':'abc','Item':{'x':{'S':'a'}}}}," PUT("b", "") "," DELETE("b")),
         "VALIDATION: Transaction request cannot include multiple operations on one item"},
        {"GetItem", GET("a"), "{}"},
    };
    transact_script(steps, ARRAY_COUNT(steps));
}

Test(transact_write, sizes_are_limited)
{
    struct fixture *fixture = transact_fixture();
    char *huge = fixture_long(fixture, 409600);
    char *large = fixture_long(fixture, 409000);
    const char *put = fixture_printf(
        fixture,
        "{'TransactItems':[{'Put':{'TableName':'abc','Item':{'pk':{'S':'a'},'x':{'S':'%s'}}}}]}",
        huge);
    struct answer answer = fixture_call(fixture, "TransactWriteItems", put);
    cr_assert_eq(answer.code, ERROR_VALIDATION);
    cr_assert_str_eq(answer.text, "Item size has exceeded the maximum allowed size");
    put = fixture_printf(fixture,
                         "{'TransactItems':[{'Put':{'TableName':'abc','Item':{'pk':{'S':'a'},"
                         "'x':{'S':'%s'}}}}]}",
                         large);
    cr_assert(fixture_call(fixture, "TransactWriteItems", put).ok);
    answer = fixture_call(
        fixture, "TransactWriteItems",
        fixture_printf(fixture,
                       "{'TransactItems':[{'Update':{'TableName':'abc','Key':{'pk':{'S':'a'}},"
                       "'UpdateExpression':'SET y = :v','ExpressionAttributeValues':{':v':{'S':"
                       "'%s'}}}}]}",
                       large));
    cr_assert_eq(answer.code, ERROR_CANCELLED);
    cr_assert_not_null(strstr(answer.members, "Item size to update has exceeded the maximum "
                                              "allowed size"));
    char *all = "";
    for (int i = 0; i < 11; i++) {
        all = fixture_printf(fixture,
                             "%s%s{'Put':{'TableName':'abc','Item':{'pk':{'S':'%d'},'x':{'S':'%s'}"
                             "}}}",
                             all, i > 0 ? "," : "", i, large);
    }
    answer = fixture_call(fixture, "TransactWriteItems",
                          fixture_printf(fixture, "{'TransactItems':[%s]}", all));
    cr_assert_eq(answer.code, ERROR_VALIDATION, "%s", answer.text);
    cr_assert_str_eq(answer.text,
                     "Transaction payload size cannot exceed 4MB. Payload Size: 4499045");
    fixture_close(fixture);
}

Test(transact_write, a_hundred_reasons_are_all_named)
{
    struct fixture *fixture = transact_fixture();
    char *all = "";
    char *reasons = "";
    for (int i = 0; i < 100; i++) {
        all = fixture_printf(fixture,
                             "%s%s{'Delete':{'TableName':'abc','Key':{'pk':{'S':'%d'}},"
                             "'ConditionExpression':'attribute_exists(pk)'}}",
                             all, i > 0 ? "," : "", i);
        reasons = fixture_printf(fixture, "%s%sConditionalCheckFailed", reasons, i > 0 ? ", " : "");
    }
    struct answer answer = fixture_call(fixture, "TransactWriteItems",
                                        fixture_printf(fixture, "{'TransactItems':[%s]}", all));
    cr_assert_eq(answer.code, ERROR_CANCELLED);
    cr_assert_str_eq(answer.text,
                     fixture_printf(fixture,
                                    "Transaction cancelled, please refer cancellation reasons for "
                                    "specific reasons [%s]",
                                    reasons));
    answer = fixture_call(fixture, "TransactWriteItems",
                          fixture_printf(fixture, "{'TransactItems':[%s,{}]}", all));
    cr_assert_not_null(strstr(answer.text, "Member must have length less than or equal to 100"));
    fixture_close(fixture);
}

Test(transact_write, capacity_counts_twice_and_per_table)
{
    static const struct step steps[] = {
        {"TransactWriteItems",
         "{'TransactItems':[" PUT(
             "a", "") ",{'Put':{'TableName':'two','Item':{'pk':{'S':'a'},'sk':"
                      "{'N':'1'}}}}," CHECK(
                          "b", "attribute_not_exists(pk)") "],'ReturnConsumedCapacity':'TOTAL'}",
         "{'ConsumedCapacity':[{'TableName':'abc','CapacityUnits':4.0,'WriteCapacityUnits':4.0},"
         "{'TableName':'two','CapacityUnits':2.0,'WriteCapacityUnits':2.0}]}"},
        {"TransactWriteItems",
         "{'TransactItems':[" UPDATE("a", "SET x = pk") "],'ReturnConsumedCapacity':'INDEXES'}",
         "{'ConsumedCapacity':[{'TableName':'abc','CapacityUnits':2.0,'WriteCapacityUnits':2.0,"
         "'Table':{'CapacityUnits':2.0,'WriteCapacityUnits':2.0}}]}"},
        /* A table by its ARN is named by it. */
        {"TransactWriteItems",
         "{'TransactItems':[{'Put':{'TableName':'arn:aws:dynamodb:us-east-1:123456789012:table/abc'"
         ",'Item':{'pk':{'S':'arn'}}}}],'ReturnConsumedCapacity':'TOTAL'}",
         "{'ConsumedCapacity':[{'TableName':'arn:aws:dynamodb:us-east-1:123456789012:table/abc',"
         "'CapacityUnits':2.0,'WriteCapacityUnits':2.0}]}"},
        {"GetItem", GET("arn"), "{'Item':{'pk':{'S':'arn'}}}"},
        {"TransactWriteItems",
         WRITE("{'Put':{'TableName':'arn:aws:dynamodb:eu-west-1:123456789012:table/abc','Item':{"
               "'pk':{'S':'arn'}}}}"),
         "VALIDATION ~Invalid AWS region"},
    };
    transact_script(steps, ARRAY_COUNT(steps));
}
