/* Goal: BatchGetItem and BatchWriteItem answer as dynamodb-api.md section 11 says. */
#include "tests/unit/api/fixture.h"

#include <criterion/criterion.h>

static struct fixture *batch_fixture(void)
{
    struct fixture *fixture = fixture_open();
    fixture_table(fixture, "abc", 0);
    fixture_table(fixture, "two", 'N');
    return fixture;
}

static void batch_run(const struct step *steps, size_t count)
{
    struct fixture *fixture = batch_fixture();
    fixture_script(fixture, steps, count);
    fixture_close(fixture);
}

#define PUT(key) "{'PutRequest':{'Item':{'pk':{'S':'" key "'},'x':{'S':'" key "!'}}}}"
#define DELETE(key) "{'DeleteRequest':{'Key':{'pk':{'S':'" key "'}}}}"
#define KEY(key) "{'pk':{'S':'" key "'}}"

Test(batch, writes_and_reads_over_tables)
{
    static const struct step steps[] = {
        {"BatchWriteItem",
         "{'RequestItems':{'abc':[" PUT("a") "," PUT("b") "],'two':[{'PutRequest':{'Item':{'pk':"
                                                          "{'S':'a'},'sk':{'N':'1'}}}}]},"
                                                          "'ReturnConsumedCapacity':'TOTAL'}",
         "{'UnprocessedItems':{},'ConsumedCapacity':[{'TableName':'abc','CapacityUnits':2.0},"
         "{'TableName':'two','CapacityUnits':1.0}]}"},
        {"BatchGetItem",
         "{'RequestItems':{'abc':{'Keys':[" KEY("b") "," KEY(
             "zz") "],'ConsistentRead':true},"
                   "'two':{'Keys':[{'pk':{'S':'a'},'sk':{'N':'1'}},{'pk':{'S':'a'},'sk':{'N':'2'}}]"
                   "}},"
                   "'ReturnConsumedCapacity':'INDEXES'}",
         "{'Responses':{'abc':[{'pk':{'S':'b'},'x':{'S':'b!'}}],'two':[{'pk':{'S':'a'},'sk':{'N':"
         "'1'}}]},'UnprocessedKeys':{},'ConsumedCapacity':[{'TableName':'abc','CapacityUnits':2.0,"
         "'Table':{'CapacityUnits':2.0}},{'TableName':'two','CapacityUnits':1.0,'Table':{"
         "'CapacityUnits':1.0}}]}"},
        {"BatchWriteItem", "{'RequestItems':{'abc':[" DELETE("a") "," PUT("c") "]}}",
         "{'UnprocessedItems':{}}"},
        {"BatchGetItem",
         "{'RequestItems':{'abc':{'Keys':[" KEY("a") "," KEY("b") "," KEY(
             "c") "],'ProjectionExpression':'#x','ExpressionAttributeNames':{'#x':'x'}}}}",
         "{'Responses':{'abc':[{'x':{'S':'b!'}},{'x':{'S':'c!'}}]},'UnprocessedKeys':{}}"},
        {"BatchGetItem", "{'RequestItems':{'abc':{'Keys':[" KEY("none") "]}}}",
         "{'Responses':{'abc':[]},'UnprocessedKeys':{}}"},
    };
    batch_run(steps, ARRAY_COUNT(steps));
}

Test(batch, request_items_are_required)
{
    static const struct step steps[] = {
        {"BatchGetItem", "{}",
         "VALIDATION: The requestItems parameter is required for BatchGetItem"},
        {"BatchGetItem", "{'RequestItems':{}}",
         "VALIDATION: The requestItems parameter is required for BatchGetItem"},
        {"BatchWriteItem", "{}",
         "VALIDATION: The requestItems parameter is required for BatchWriteItem"},
        {"BatchWriteItem", "{'RequestItems':{}}",
         "VALIDATION: The requestItems parameter is required for BatchWriteItem"},
    };
    batch_run(steps, ARRAY_COUNT(steps));
}

Test(batch, faulty_reads_are_refused_as_a_whole)
{
    static const struct step steps[] = {
        {"BatchGetItem", "{'RequestItems':{'abc':{'Keys':[" KEY("a") "," KEY("a") "]}}}",
         "VALIDATION: Provided list of item keys contains duplicates"},
        {"BatchGetItem",
         "{'RequestItems':{'two':{'Keys':[{'pk':{'S':'a'},'sk':{'N':'1'}},{'sk':{'N':'1'},'pk':{"
         "'S':'a'}}]}}}",
         "VALIDATION: Provided list of item keys contains duplicates"},
        {"BatchGetItem",
         "{'RequestItems':{'two':{'Keys':[{'pk':{'S':'a'},'sk':{'N':'1'}},{'pk':{'S':'a'},'sk':{"
         "'N':'1.0'}}]}}}",
         "{'Responses':{'two':[]},'UnprocessedKeys':{}}"},
        {"BatchGetItem", "{'RequestItems':{'abc':{'Keys':[{'x':{'S':'a'}}]}}}",
         "VALIDATION: The provided key element does not match the schema"},
        {"BatchGetItem", "{'RequestItems':{'abc':{'Keys':[{'pk':{'N':'x'}}]}}}",
         "VALIDATION: The parameter cannot be converted to a numeric value: x"},
        {"BatchGetItem",
         "{'RequestItems':{'abc':{'Keys':[" KEY("a") "]},'none':{'Keys':[" KEY("a") "]}}}",
         "NOT_FOUND: Requested resource not found"},
        {"BatchGetItem",
         "{'RequestItems':{'abc':{'Keys':[" KEY("a") "],'ProjectionExpression':''}}}",
         "VALIDATION: Invalid ProjectionExpression: The expression can not be empty;"},
        {"BatchGetItem",
         "{'RequestItems':{'abc':{'Keys':[" KEY("a") "],'ExpressionAttributeNames':{'#a':'a'}}}}",
         "VALIDATION: ExpressionAttributeNames can only be specified when using expressions"},
    };
    batch_run(steps, ARRAY_COUNT(steps));
}

Test(batch, faulty_writes_write_nothing)
{
    static const struct step steps[] = {
        {"BatchWriteItem", "{'RequestItems':{'abc':[" PUT("a") "," DELETE("a") "]}}",
         "VALIDATION: Provided list of item keys contains duplicates"},
        {"BatchWriteItem", "{'RequestItems':{'abc':[" PUT("a") ",{}]}}",
         "VALIDATION: Supplied AttributeValue is empty, must contain exactly one of the supported "
         "datatypes"},
        {"BatchWriteItem",
         "{'RequestItems':{'abc':[{'PutRequest':{'Item':{'pk':{'S':'a'}}},'DeleteRequest':{'Key':{"
         "'pk':{'S':'a'}}}}]}}",
         "VALIDATION: Supplied AttributeValue has more than one datatypes set, must contain "
         "exactly "
         "one of the supported datatypes"},
        {"BatchWriteItem",
         "{'RequestItems':{'abc':[" PUT("a") ",{'PutRequest':{'Item':{'x':{'S':'a'}}}}]}}",
         "VALIDATION: The provided key element does not match the schema"},
        {"BatchWriteItem",
         "{'RequestItems':{'abc':[" PUT("a") ",{'DeleteRequest':{'Key':{'x':{'S':'a'}}}}]}}",
         "VALIDATION: The provided key element does not match the schema"},
        {"BatchWriteItem", "{'RequestItems':{'abc':[" PUT("a") "],'none':[" PUT("a") "]}}",
         "NOT_FOUND: Requested resource not found"},
        {"GetItem", "{'TableName':'abc','Key':{'pk':{'S':'a'}}}", "{}"},
    };
    batch_run(steps, ARRAY_COUNT(steps));
}

static char *batch_list(struct fixture *fixture, const char *format, int from, int to)
{
    char *list = "";
    for (int i = from; i < to; i++) {
        char number[16];
        snprintf(number, sizeof(number), "k%d", i);
        char *entry = fixture_printf(fixture, "%s%s", i > from ? "," : "", format);
        char *mark = strchr(entry, '@');
        list = fixture_printf(fixture, "%s%.*s%s%s", list, (int)(mark - entry), entry, number,
                              mark + 1);
    }
    return list;
}

Test(batch, sizes_have_limits)
{
    struct fixture *fixture = batch_fixture();
    const char *put = "{'PutRequest':{'Item':{'pk':{'S':'@'},'sk':{'N':'1'}}}}";
    const char *key = "{'pk':{'S':'@'},'sk':{'N':'1'}}";
    const char *short_key = "{'pk':{'S':'@'}}";
    const struct step steps[] = {
        {"BatchWriteItem",
         fixture_printf(fixture, "{'RequestItems':{'two':[%s]}}", batch_list(fixture, put, 0, 25)),
         "{'UnprocessedItems':{}}"},
        {"BatchWriteItem",
         fixture_printf(fixture, "{'RequestItems':{'two':[%s]}}", batch_list(fixture, put, 0, 26)),
         "VALIDATION ~Map value must satisfy constraint: [Member must have length less than or "
         "equal to 25, Member must have length greater than or equal to 1]"},
        {"BatchWriteItem",
         fixture_printf(fixture, "{'RequestItems':{'two':[%s],'abc':[%s]}}",
                        batch_list(fixture, put, 0, 13), batch_list(fixture, put, 0, 13)),
         "VALIDATION: Too many items requested for the BatchWriteItem call"},
        {"BatchGetItem",
         fixture_printf(fixture, "{'RequestItems':{'two':{'Keys':[%s]}}}",
                        batch_list(fixture, key, 0, 100)),
         "~'UnprocessedKeys':{}"},
        {"BatchGetItem",
         fixture_printf(fixture, "{'RequestItems':{'two':{'Keys':[%s]}}}",
                        batch_list(fixture, key, 0, 101)),
         "VALIDATION ~at 'requestItems.two.member.keys' failed to satisfy constraint: Member must "
         "have length less than or equal to 100"},
        {"BatchGetItem",
         fixture_printf(fixture, "{'RequestItems':{'two':{'Keys':[%s]},'abc':{'Keys':[%s]}}}",
                        batch_list(fixture, key, 0, 60), batch_list(fixture, short_key, 0, 60)),
         "VALIDATION: Too many items requested for the BatchGetItem call"},
        {"BatchWriteItem",
         fixture_printf(fixture,
                        "{'RequestItems':{'abc':[" PUT("a") ",{'PutRequest':{'Item':{'pk':{'S':'b'}"
                                                            ",'x':{'S':'%s'}}}}]}}",
                        fixture_long(fixture, 409600)),
         "VALIDATION: Item size has exceeded the maximum allowed size"},
        {"GetItem", "{'TableName':'abc','Key':{'pk':{'S':'a'}}}", "{}"},
    };
    fixture_script(fixture, steps, ARRAY_COUNT(steps));
    fixture_close(fixture);
}

static int batch_count(const char *text, const char *part)
{
    int count = 0;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part)) {
        count++;
    }
    return count;
}

Test(batch, keys_past_sixteen_megabytes_come_back_as_asked)
{
    struct fixture *fixture = batch_fixture();
    char *text = fixture_long(fixture, 400000);
    for (int i = 0; i < 45; i++) {
        struct answer answer = fixture_call(
            fixture, "PutItem",
            fixture_printf(fixture, "{'TableName':'abc','Item':{'pk':{'S':'k%d'},'x':{'S':'%s'}}}",
                           i, text));
        cr_assert(answer.ok, "%s", answer.text);
    }
    struct answer answer = fixture_call(
        fixture, "BatchGetItem",
        fixture_printf(fixture,
                       "{'RequestItems':{'abc':{'Keys':[%s],'ConsistentRead':true,"
                       "'ProjectionExpression':'#p','ExpressionAttributeNames':{'#p':'pk'}}},"
                       "'ReturnConsumedCapacity':'TOTAL'}",
                       batch_list(fixture, "{'pk':{'S':'@'}}", 0, 45)));
    cr_assert(answer.ok, "%s", answer.text);
    /* 16 MiB hold 41 items of 400,000 bytes. */
    char *rest = strstr(answer.text, "\"UnprocessedKeys\"");
    cr_assert_eq(batch_count(answer.text, "\"pk\":{"), 45, "%s", answer.text);
    cr_assert_eq(batch_count(rest, "\"pk\":{"), 4, "%s", rest);
    cr_assert_not_null(strstr(rest, "],\"ConsistentRead\":true,\"ProjectionExpression\":\"#p\","
                                    "\"ExpressionAttributeNames\":{\"#p\":\"pk\"}}}"),
                       "%s", rest);
    cr_assert_not_null(strstr(rest, "\"CapacityUnits\":4018.0"), "%s", rest);
    fixture_close(fixture);
}
