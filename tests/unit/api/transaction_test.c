/* Goal: a ClientRequestToken makes a transaction happen once, and only the same request counts as
 * the same (dynamodb-api.md 12.2). Method: requests that differ in one thing. */
#include "daemon/api/transaction.h"
#include "tests/unit/api/fixture.h"

#include <criterion/criterion.h>

#define TOKEN(token) ",'ClientRequestToken':'" token "'"
#define ADD(more)                                                                                  \
    "{'TransactItems':[{'Update':{'TableName':'abc','Key':{'pk':{'S':'a'}},'UpdateExpression':"    \
    "'ADD n :o','ExpressionAttributeValues':{':o':{'N':'1'}}}}]" more "}"

static void token_script(const struct step *steps, size_t count)
{
    struct fixture *fixture = fixture_open();
    fixture_table(fixture, "abc", 0);
    fixture_script(fixture, steps, count);
    fixture_close(fixture);
}

Test(transaction_token, the_same_request_happens_once)
{
    static const struct step steps[] = {
        {"TransactWriteItems", ADD(TOKEN("t") ",'ReturnConsumedCapacity':'TOTAL'"),
         "{'ConsumedCapacity':[{'TableName':'abc','CapacityUnits':2.0,'WriteCapacityUnits':2.0}]}"},
        /* The replay says what it read; what to return does not make another request. */
        {"TransactWriteItems", ADD(TOKEN("t") ",'ReturnConsumedCapacity':'INDEXES'"),
         "{'ConsumedCapacity':[{'TableName':'abc','CapacityUnits':2.0,'ReadCapacityUnits':2.0,"
         "'Table':{'CapacityUnits':2.0,'ReadCapacityUnits':2.0}}]}"},
        {"TransactWriteItems", ADD(TOKEN("t")), "{}"},
        {"GetItem", "{'TableName':'abc','Key':{'pk':{'S':'a'}}}",
         "{'Item':{'n':{'N':'1'},'pk':{'S':'a'}}}"},
        {"TransactWriteItems", ADD(TOKEN("u")), "{}"},
        {"TransactWriteItems", ADD(""), "{}"},
        {"TransactWriteItems", ADD(""), "{}"},
        {"GetItem", "{'TableName':'abc','Key':{'pk':{'S':'a'}}}",
         "{'Item':{'n':{'N':'4'},'pk':{'S':'a'}}}"},
    };
    token_script(steps, ARRAY_COUNT(steps));
}

Test(transaction_token, another_request_with_it_is_refused)
{
    static const struct step steps[] = {
        {"TransactWriteItems", ADD(TOKEN("t")), "{}"},
        {"TransactWriteItems", ADD(TOKEN("t") ",'ReturnItemCollectionMetrics':'SIZE'"),
         "TOKEN_MISMATCH ~token"},
        {"TransactWriteItems",
         "{'TransactItems':[{'Delete':{'TableName':'abc','Key':{'pk':{'S':'a'}}}}]" TOKEN("t") "}",
         "TOKEN_MISMATCH ~token"},
        {"ExecuteTransaction",
         "{'TransactStatements':[{'Statement':'DELETE FROM abc WHERE pk=?','Parameters':[{'S':'a'}"
         "]}]" TOKEN("t") "}",
         "TOKEN_MISMATCH ~token"},
        {"GetItem", "{'TableName':'abc','Key':{'pk':{'S':'a'}}}",
         "{'Item':{'n':{'N':'1'},'pk':{'S':'a'}}}"},
    };
    token_script(steps, ARRAY_COUNT(steps));
}

Test(transaction_token, a_cancelled_transaction_may_be_tried_again)
{
    static const struct step steps[] = {
        {"TransactWriteItems",
         "{'TransactItems':[{'Put':{'TableName':'abc','Item':{'pk':{'S':'b'}},"
         "'ConditionExpression':'attribute_exists(pk)'}}]" TOKEN("t") "}",
         "CANCELLED ~ConditionalCheckFailed"},
        {"PutItem", "{'TableName':'abc','Item':{'pk':{'S':'b'}}}", "{}"},
        {"TransactWriteItems",
         "{'TransactItems':[{'Put':{'TableName':'abc','Item':{'pk':{'S':'b'}},"
         "'ConditionExpression':'attribute_exists(pk)'}}]" TOKEN("t") "}",
         "{}"},
    };
    token_script(steps, ARRAY_COUNT(steps));
}

Test(transaction_token, it_is_forgotten_after_ten_minutes)
{
    struct fixture *fixture = fixture_open();
    fixture_table(fixture, "abc", 0);
    cr_assert(fixture_call(fixture, "TransactWriteItems", ADD(TOKEN("t"))).ok);
    fixture->now_ms += TRANSACTION_TOKEN_MS - 1000;
    cr_assert(fixture_call(fixture, "TransactWriteItems", ADD(TOKEN("t"))).ok);
    fixture->now_ms += 2000;
    cr_assert(fixture_call(fixture, "TransactWriteItems", ADD(TOKEN("t"))).ok);
    struct answer answer =
        fixture_call(fixture, "GetItem", "{'TableName':'abc','Key':{'pk':{'S':'a'}}}");
    cr_assert_not_null(strstr(answer.text, "{\"N\":\"2\"}"), "%s", answer.text);
    fixture_close(fixture);
}

/* --- The digest --------------------------------------------------------------------------------
 */

static const struct operation digest_operation = {.name = "TransactWriteItems"};

static void digest_of(const char *body, const struct operation *operation, uint8_t digest[32])
{
    struct arena arena = {0};
    struct json *json = NULL;
    struct error err = {0};
    cr_assert(json_parse(slice_text(body), &arena, &json, &err), "%s: %s", body, err.text);
    struct call call = {.arena = &arena, .operation = operation, .body = json};
    transaction_digest(&call, &shape_transact_write_items, digest);
    arena_destroy(&arena);
}

static bool digest_same(const char *a, const char *b)
{
    uint8_t left[32];
    uint8_t right[32];
    digest_of(a, &digest_operation, left);
    digest_of(b, &digest_operation, right);
    return memcmp(left, right, sizeof(left)) == 0;
}

Test(transaction_digest, order_and_spacing_do_not_matter)
{
    const char *body = "{\"TransactItems\":[{\"Put\":{\"TableName\":\"t\",\"Item\":{\"a\":{\"S\":"
                       "\"x\"},\"b\":{\"M\":{\"c\":{\"N\":\"1\"},\"d\":{\"BOOL\":true}}}}}}]}";
    cr_assert(digest_same(
        body, "{ \"TransactItems\" : [ {\"Put\":{\"Item\":{\"b\":{\"M\":{\"d\":{\"BOOL\":true}, "
              "\"c\":{\"N\":\"1\"}}},\n\"a\":{\"S\":\"\\u0078\"}},\"TableName\":\"t\"}}]}"));
    cr_assert(digest_same(
        body, "{\"ReturnConsumedCapacity\":\"TOTAL\",\"Unknown\":1,\"ClientRequestToken\":null,"
              "\"TransactItems\":[{\"Put\":{\"TableName\":\"t\",\"Item\":{\"a\":{\"S\":"
              "\"x\"},\"b\":{\"M\":{\"c\":{\"N\":\"1\"},\"d\":{\"BOOL\":true}}}},\"Nonsense\":[]},"
              "\"Update\":null}]}"));
}

Test(transaction_digest, everything_else_does)
{
    static const char *const bodies[] = {
        "{\"TransactItems\":[]}",
        "{\"TransactItems\":[{}]}",
        "{\"TransactItems\":[{},{}]}",
        "{\"TransactItems\":[{\"Put\":{}}]}",
        "{\"TransactItems\":[{\"Delete\":{}}]}",
        "{\"TransactItems\":[{\"Put\":{\"Item\":{\"a\":{\"S\":\"1\"}}}}]}",
        "{\"TransactItems\":[{\"Put\":{\"Item\":{\"a\":{\"N\":\"1\"}}}}]}",
        "{\"TransactItems\":[{\"Put\":{\"Item\":{\"a\":{\"L\":[]}}}}]}",
        "{\"TransactItems\":[{\"Put\":{\"Item\":{\"a\":{\"M\":{}}}}}]}",
        "{\"TransactItems\":[{\"Put\":{\"Item\":{\"a\":{\"L\":[{\"S\":\"1\"},{\"S\":\"2\"}]}}}}]}",
        "{\"TransactItems\":[{\"Put\":{\"Item\":{\"a\":{\"L\":[{\"S\":\"2\"},{\"S\":\"1\"}]}}}}]}",
        "{\"TransactItems\":[{\"Put\":{\"Item\":{\"a\":{\"BOOL\":true}}}}]}",
        "{\"TransactItems\":[{\"Put\":{\"Item\":{\"a\":{\"BOOL\":false}}}}]}",
        "{\"TransactItems\":[{\"Put\":{\"TableName\":\"a\"}}]}",
        "{\"TransactItems\":[{\"Put\":{\"ConditionExpression\":\"a\"}}]}",
        "{\"TransactItems\":[],\"ReturnItemCollectionMetrics\":\"SIZE\"}",
        "{\"TransactItems\":[],\"ClientRequestToken\":\"a\"}",
    };
    for (size_t i = 0; i < ARRAY_COUNT(bodies); i++) {
        for (size_t k = 0; k < ARRAY_COUNT(bodies); k++) {
            cr_assert_eq(digest_same(bodies[i], bodies[k]), i == k, "%s, %s", bodies[i], bodies[k]);
        }
    }
    static const struct operation other = {.name = "ExecuteTransaction"};
    uint8_t one[32];
    uint8_t two[32];
    digest_of(bodies[0], &digest_operation, one);
    digest_of(bodies[0], &other, two);
    cr_assert_neq(memcmp(one, two, sizeof(one)), 0);
}
