/* Goal: ExecuteTransaction reads or writes all statements together (dynamodb-api.md section 14). */
#include "tests/unit/api/fixture.h"

#include <criterion/criterion.h>

static void transaction_script(const struct step *steps, size_t count)
{
    struct fixture *fixture = fixture_open();
    fixture_table(fixture, "abc", 0);
    fixture_table(fixture, "two", 'N');
    fixture_script(fixture, steps, count);
    fixture_close(fixture);
}

#define ALL(statements) "{'TransactStatements':[" statements "]}"
#define ONE(text) "{'Statement':'" text "'}"
#define Q "\\u0027"
#define GET(key) "{'TableName':'abc','Key':{'pk':{'S':'" key "'}}}"

Test(partiql_transaction, writes_happen_together)
{
    static const struct step steps[] = {
        {"ExecuteTransaction",
         "{'TransactStatements':[" ONE("INSERT INTO abc VALUE {" Q "pk" Q ":" Q "a" Q "," Q "n" Q
                                       ":1}") "," ONE("INSERT INTO two VALUE {" Q "pk" Q ":" Q "a" Q
                                                      "," Q "sk" Q
                                                      ":1}") "],'ReturnConsumedCapacity':'TOTAL'}",
         "{'Responses':[],'ConsumedCapacity':[{'TableName':'abc','CapacityUnits':2.0,"
         "'WriteCapacityUnits':2.0},{'TableName':'two','CapacityUnits':2.0,'WriteCapacityUnits':2.0"
         "}]}"},
        {"ExecuteTransaction",
         ALL(ONE("EXISTS(SELECT * FROM abc WHERE pk=" Q "a" Q
                 " AND n=1)") "," ONE("UPDATE two SET x=1 WHERE pk=" Q "a" Q
                                      " AND sk=1") "," ONE("DELETE FROM abc WHERE pk=" Q "none" Q)),
         "{'Responses':[]}"},
        {"ExecuteTransaction",
         "{'TransactStatements':[{'Statement':'EXISTS(SELECT * FROM abc WHERE pk=" Q "a" Q
         " AND n=2)','ReturnValuesOnConditionCheckFailure':'ALL_OLD'}," ONE(
             "DELETE FROM two WHERE pk=" Q "a" Q
             " AND sk=1") ","
                          "{'Statement':'INSERT INTO two VALUE {" Q "pk" Q ":" Q "a" Q "," Q "sk" Q
                          ":2}'}]}",
         "CANCELLED ~,'CancellationReasons':[{'Code':'ConditionalCheckFailed','Message':'The "
         "conditional request failed','Item':{'n':{'N':'1'},'pk':{'S':'a'}}},{'Code':'None'},{"
         "'Code':'None'}]"},
        {"ExecuteTransaction",
         ALL(ONE("EXISTS(SELECT * FROM abc WHERE pk=" Q "none" Q " AND n<>1)")),
         "CANCELLED ~,'CancellationReasons':[{'Code':'ConditionalCheckFailed','Message':'The "
         "conditional request failed'}]"},
        {"ExecuteTransaction",
         ALL(ONE("UPDATE abc SET n=1 WHERE pk=" Q "none" Q) "," ONE("INSERT INTO abc VALUE {" Q
                                                                    "pk" Q ":" Q "a" Q "}")),
         "CANCELLED ~,'CancellationReasons':[{'Code':'ConditionalCheckFailed','Message':'The "
         "conditional request failed'},{'Code':'DuplicateItem','Message':'Duplicate primary key "
         "exists in table'}]"},
        {"GetItem", "{'TableName':'two','Key':{'pk':{'S':'a'},'sk':{'N':'1'}}}",
         "{'Item':{'pk':{'S':'a'},'sk':{'N':'1'},'x':{'N':'1'}}}"},
    };
    transaction_script(steps, ARRAY_COUNT(steps));
}

Test(partiql_transaction, reads_answer_in_order)
{
    static const struct step steps[] = {
        {"PutItem", "{'TableName':'abc','Item':{'pk':{'S':'a'},'n':{'N':'1'}}}", "{}"},
        {"ExecuteTransaction",
         "{'TransactStatements':[" ONE("SELECT * FROM abc WHERE pk=" Q "none" Q) "," ONE(
             "SELECT n FROM abc WHERE pk=" Q "a" Q) "],'ReturnConsumedCapacity':'TOTAL',"
                                                    "'ClientRequestToken':'t'}",
         "{'Responses':[{},{'Item':{'n':{'N':'1'}}}],'ConsumedCapacity':[{'TableName':'abc',"
         "'CapacityUnits':4.0,'ReadCapacityUnits':4.0}]}"},
        {"ExecuteTransaction",
         ALL(ONE("SELECT n FROM abc WHERE pk=" Q "a" Q
                 " AND n=1") "," ONE("SELECT n FROM abc WHERE pk=" Q "b" Q " AND n=1")),
         "{'Responses':[{'Item':{'n':{'N':'1'}}},{}]}"},
        {"ExecuteTransaction", ALL(ONE("SELECT n FROM abc WHERE pk=" Q "a" Q " AND n=2")),
         "{'Responses':[{}]}"},
    };
    transaction_script(steps, ARRAY_COUNT(steps));
}

Test(partiql_transaction, faults)
{
    static const struct step steps[] = {
        {"ExecuteTransaction",
         ALL(ONE("SELECT * FROM abc WHERE pk=" Q "a" Q) "," ONE("DELETE FROM abc WHERE pk=" Q
                                                                "b" Q)),
         "VALIDATION: ExecuteTransaction API does not support both read and write operations in "
         "the "
         "same request."},
        {"ExecuteTransaction",
         ALL(ONE("SELECT * FROM abc WHERE pk=" Q
                 "a" Q) "," ONE("EXISTS(SELECT * FROM abc WHERE pk=" Q "b" Q " AND n=1)")),
         "VALIDATION: ExecuteTransaction API does not support both read and write operations in "
         "the "
         "same request."},
        {"ExecuteTransaction",
         ALL(ONE("SELECT * FROM abc WHERE pk=" Q "a" Q) "," ONE("SELECT * FROM two WHERE pk=" Q
                                                                "a" Q)),
         "VALIDATION: Validation failed in TransactStatements[1]: Select statements within "
         "ExecuteTransaction must specify the primary key in the where clause."},
        {"ExecuteTransaction", ALL(ONE("SELECT * FROM abc")),
         "VALIDATION: Validation failed in TransactStatements[0]: Select statements within "
         "ExecuteTransaction must specify the primary key in the where clause."},
        {"ExecuteTransaction", ALL(ONE("EXISTS(SELECT * FROM abc WHERE pk=" Q "a" Q ")")),
         "VALIDATION: EXISTS() must contain a single item read with additional condition"},
        {"ExecuteTransaction",
         ALL(ONE("DELETE FROM abc WHERE pk=" Q "a" Q) "," ONE("UPDATE abc SET n=1 WHERE pk=" Q
                                                              "a" Q)),
         "VALIDATION: Transaction request cannot include multiple operations on one item"},
        {"ExecuteTransaction",
         ALL(ONE("SELECT * FROM abc WHERE pk=" Q "a" Q) "," ONE("SELECT n FROM abc WHERE pk=" Q
                                                                "a" Q)),
         "VALIDATION: Transaction request cannot include multiple operations on one item"},
        {"ExecuteTransaction", ALL(ONE("DELETE FROM nowhere WHERE pk=" Q "a" Q)),
         "NOT_FOUND: Requested resource not found"},
        {"ExecuteTransaction", ALL(ONE("DELETE FROM abc WHERE pk=" Q Q)),
         "VALIDATION ~cannot contain an empty string value. Key: pk"},
        {"ExecuteTransaction", ALL(ONE("UPDATE abc SET n=m+1 WHERE pk=" Q "a" Q)),
         "CANCELLED ~{'Code':'ConditionalCheckFailed'"},
    };
    transaction_script(steps, ARRAY_COUNT(steps));
}

Test(partiql_transaction, a_token_makes_it_happen_once)
{
    static const struct step steps[] = {
        {"PutItem", "{'TableName':'abc','Item':{'pk':{'S':'a'},'n':{'N':'1'}}}", "{}"},
        {"ExecuteTransaction",
         "{'TransactStatements':[" ONE("UPDATE abc SET n=n+1 WHERE pk=" Q
                                       "a" Q) "],'ClientRequestToken':'t'}",
         "{'Responses':[]}"},
        {"ExecuteTransaction",
         "{'ClientRequestToken':'t','ReturnConsumedCapacity':'TOTAL','TransactStatements':[" ONE(
             "UPDATE abc SET n=n+1 WHERE pk=" Q "a" Q) "]}",
         "{'Responses':[],'ConsumedCapacity':[{'TableName':'abc','CapacityUnits':2.0,"
         "'ReadCapacityUnits':2.0}]}"},
        {"ExecuteTransaction",
         "{'ClientRequestToken':'t','TransactStatements':[" ONE("UPDATE abc SET n=n+2 WHERE pk=" Q
                                                                "a" Q) "]}",
         "TOKEN_MISMATCH ~token"},
        {"GetItem", GET("a"), "{'Item':{'n':{'N':'2'},'pk':{'S':'a'}}}"},
    };
    transaction_script(steps, ARRAY_COUNT(steps));
}
