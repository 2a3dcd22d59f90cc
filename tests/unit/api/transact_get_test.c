/* Goal: TransactGetItems answers in the request's order and refuses as dynamodb-api.md 12.4 says.
 */
#include "tests/unit/api/fixture.h"

#include <criterion/criterion.h>

#define ONE(table, key) "{'Get':{'TableName':'" table "','Key':" key "}}"
#define READ(gets) "{'TransactItems':[" gets "]}"
#define A "{'pk':{'S':'a'}}"
#define NONE "{'pk':{'S':'none'}}"
#define TWO(sort) "{'pk':{'S':'a'},'sk':{'N':'" sort "'}}"

static struct fixture *get_fixture(void)
{
    struct fixture *fixture = fixture_open();
    fixture_table(fixture, "abc", 0);
    fixture_table(fixture, "two", 'N');
    return fixture;
}

static void get_script(const struct step *steps, size_t count)
{
    struct fixture *fixture = get_fixture();
    fixture_script(fixture, steps, count);
    fixture_close(fixture);
}

Test(transact_get, items_come_in_order_from_several_tables)
{
    static const struct step steps[] = {
        {"PutItem", "{'TableName':'abc','Item':{'pk':{'S':'a'},'x':{'L':[{'S':'1'},{'S':'2'}]}}}",
         "{}"},
        {"PutItem", "{'TableName':'two','Item':{'pk':{'S':'a'},'sk':{'N':'1'}}}", "{}"},
        {"TransactGetItems",
         READ(ONE("two", TWO("1.0")) "," ONE(
             "abc", NONE) ","
                          "{'Get':{'TableName':'abc','Key':" A ",'ProjectionExpression':'#x[1]',"
                          "'ExpressionAttributeNames':{'#x':'x'}}}"),
         "{'Responses':[{'Item':{'pk':{'S':'a'},'sk':{'N':'1'}}},{},{'Item':{'x':{'L':[{'S':'2'}]}}"
         "}]}"},
        {"TransactGetItems",
         "{'TransactItems':[" ONE("two", TWO("1")) "," ONE("abc", NONE) "," ONE(
             "abc", A) "],'ReturnConsumedCapacity':'INDEXES'}",
         "~'ConsumedCapacity':[{'TableName':'two','CapacityUnits':2.0,'ReadCapacityUnits':2.0,"
         "'Table':{'CapacityUnits':2.0,'ReadCapacityUnits':2.0}},{'TableName':'abc',"
         "'CapacityUnits':4.0,'ReadCapacityUnits':4.0,'Table':{'CapacityUnits':4.0,"
         "'ReadCapacityUnits':4.0}}]"},
        /* A projection that finds nothing still finds the item. */
        {"TransactGetItems",
         READ("{'Get':{'TableName':'abc','Key':" A ",'ProjectionExpression':'nothing'}}"),
         "{'Responses':[{'Item':{}}]}"},
    };
    get_script(steps, ARRAY_COUNT(steps));
}

Test(transact_get, faults)
{
    static const struct step steps[] = {
        {"TransactGetItems", READ(""),
         "VALIDATION ~Member must have length greater than or equal to 1"},
        {"TransactGetItems", READ("{}"),
         "VALIDATION ~'transactItems.1.member.get' failed to satisfy constraint: Member must not "
         "be null"},
        {"TransactGetItems", READ(ONE("abc", A) "," ONE("abc", A)),
         "VALIDATION: Transaction request cannot include multiple operations on one item"},
        {"TransactGetItems", READ(ONE("two", TWO("1")) "," ONE("two", TWO("1.0"))),
         "VALIDATION: Transaction request cannot include multiple operations on one item"},
        {"TransactGetItems", READ(ONE("abc", A) "," ONE("none", A)),
         "NOT_FOUND: Requested resource not found"},
        {"TransactGetItems", READ(ONE("abc", A) "," ONE("abc", "{'pk':{'N':'1'}}")),
         "CANCELLED: Transaction cancelled, please refer cancellation reasons for specific reasons "
         "[None, ValidationError]"},
        {"TransactGetItems", READ(ONE("abc", A) "," ONE("abc", "{'pk':{'N':'1'}}")),
         "CANCELLED ~{'Code':'None'},{'Code':'ValidationError','Message':'The provided key element "
         "does not match the schema'}]"},
        {"TransactGetItems", READ(ONE("abc", "{'pk':{'S':''}}")),
         "VALIDATION ~cannot contain an empty string value. Key: pk"},
        {"TransactGetItems", READ(ONE("abc", "{'pk':{'N':'x'}}")),
         "VALIDATION: The parameter cannot be converted to a numeric value: x"},
        {"TransactGetItems",
         READ("{'Get':{'TableName':'abc','Key':" A ",'ProjectionExpression':'a,'}}"),
         "VALIDATION ~Invalid ProjectionExpression: Syntax error"},
        {"TransactGetItems",
         READ("{'Get':{'TableName':'abc','Key':" A ",'ExpressionAttributeNames':{'#a':'a'}}}"),
         "VALIDATION: ExpressionAttributeNames can only be specified when using expressions"},
    };
    get_script(steps, ARRAY_COUNT(steps));
}

Test(transact_get, four_megabytes_are_the_most)
{
    struct fixture *fixture = get_fixture();
    char *large = fixture_long(fixture, 400000);
    char *gets = "";
    for (int i = 0; i < 11; i++) {
        const char *item = fixture_printf(
            fixture, "{'TableName':'abc','Item':{'pk':{'S':'%d'},'x':{'S':'%s'}}}", i % 10, large);
        cr_assert(fixture_call(fixture, "PutItem", item).ok);
        gets = fixture_printf(fixture, "%s%s{'Get':{'TableName':'abc','Key':{'pk':{'S':'%d'}}}}",
                              gets, i > 0 ? "," : "", i);
    }
    const char *body = fixture_printf(fixture, "{'TransactItems':[%s]}", gets);
    struct answer answer = fixture_call(fixture, "TransactGetItems", body);
    cr_assert(answer.ok, "%s", answer.text);
    cr_assert_gt(strlen(answer.text), 4000000);
    const char *item = fixture_printf(
        fixture, "{'TableName':'abc','Item':{'pk':{'S':'10'},'x':{'S':'%s'}}}", large);
    cr_assert(fixture_call(fixture, "PutItem", item).ok);
    answer = fixture_call(fixture, "TransactGetItems", body);
    cr_assert_eq(answer.code, ERROR_VALIDATION);
    cr_assert_str_eq(answer.text,
                     "Transaction payload size cannot exceed 4MB. Payload Size: 4400045");
    fixture_close(fixture);
}
