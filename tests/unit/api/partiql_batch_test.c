/* Goal: BatchExecuteStatement does each statement for itself and says of each what was wrong with
 * it (dynamodb-api.md section 14). */
#include "tests/unit/api/fixture.h"

#include <criterion/criterion.h>

static void batch_script(const struct step *steps, size_t count)
{
    struct fixture *fixture = fixture_open();
    fixture_table(fixture, "abc", 0);
    fixture_table(fixture, "two", 'N');
    fixture_script(fixture, steps, count);
    fixture_close(fixture);
}

#define BATCH(statements) "{'Statements':[" statements "]}"
#define ONE(text) "{'Statement':'" text "'}"
#define WITH(text, parameters) "{'Statement':'" text "','Parameters':[" parameters "]}"
#define S(text) "{'S':'" text "'}"
#define Q "\\u0027"

Test(partiql_batch, writes_then_reads)
{
    static const struct step steps[] = {
        {"BatchExecuteStatement",
         "{'Statements':[" WITH(
             "INSERT INTO abc VALUE {" Q "pk" Q ":?," Q "n" Q ":1}",
             S("a")) "," WITH("INSERT INTO two VALUE {" Q "pk" Q ":?," Q "sk" Q ":1}",
                              S("a")) "," WITH("INSERT INTO abc VALUE {" Q "pk" Q ":?}",
                                               S("b")) "],'ReturnConsumedCapacity':'TOTAL'}",
         "{'Responses':[{'TableName':'abc'},{'TableName':'two'},{'TableName':'abc'}],"
         "'ConsumedCapacity':[{'TableName':'abc','CapacityUnits':2.0},{'TableName':'two',"
         "'CapacityUnits':1.0}]}"},
        {"BatchExecuteStatement",
         "{'Statements':[" ONE("SELECT n FROM abc WHERE pk=" Q "a" Q) "," ONE(
             "SELECT * FROM two WHERE pk=" Q "a" Q
             " AND sk=1") "," ONE("SELECT * FROM abc WHERE pk=" Q
                                  "none" Q) "],'ReturnConsumedCapacity':'INDEXES'}",
         "{'Responses':[{'TableName':'abc','Item':{'n':{'N':'1'}}},{'TableName':'two','Item':{'pk':"
         "{'S':'a'},'sk':{'N':'1'}}},{'TableName':'abc'}],'ConsumedCapacity':[{'TableName':'abc',"
         "'CapacityUnits':1.0,'Table':{'CapacityUnits':1.0}},{'TableName':'two','CapacityUnits':0.5"
         ",'Table':{'CapacityUnits':0.5}}]}"},
        {"BatchExecuteStatement",
         BATCH(ONE("UPDATE abc SET n=n+4 WHERE pk=" Q "a" Q " RETURNING ALL NEW *") "," ONE(
             "DELETE FROM abc WHERE pk=" Q "b" Q
             " RETURNING ALL OLD *") "," ONE("DELETE FROM abc WHERE pk=" Q "none" Q)),
         "{'Responses':[{'TableName':'abc','Item':{'n':{'N':'5'},'pk':{'S':'a'}}},{'TableName':"
         "'abc','Item':{'pk':{'S':'b'}}},{'TableName':'abc'}]}"},
    };
    batch_script(steps, ARRAY_COUNT(steps));
}

Test(partiql_batch, each_statement_fails_for_itself)
{
    static const struct step steps[] = {
        {"PutItem", "{'TableName':'abc','Item':{'pk':{'S':'a'}}}", "{}"},
        {"BatchExecuteStatement",
         "{'Statements':[" ONE(
             "INSERT INTO abc VALUE {" Q "pk" Q ":" Q "a" Q
             "}") ","
                  "{'Statement':'INSERT INTO abc VALUE {" Q "pk" Q ":" Q "a" Q "}',"
                  "'ReturnValuesOnConditionCheckFailure':'ALL_OLD'}," ONE(
                      "UPDATE abc SET n=1 WHERE pk=" Q
                      "none" Q) "," ONE("DELETE FROM nowhere WHERE pk=" Q
                                        "a" Q) "," ONE("DELETE FROM two WHERE pk=" Q
                                                       "a" Q) "," ONE("INSERT INTO abc VALUE {" Q
                                                                      "pk" Q ":" Q "c" Q
                                                                      "}") "],'"
                                                                           "ReturnConsumedCapacity'"
                                                                           ":'TOTAL'}",
         "{'Responses':[{'TableName':'abc','Error':{'Code':'DuplicateItem','Message':'Duplicate "
         "primary key exists in table'}},{'TableName':'abc','Error':{'Code':'DuplicateItem',"
         "'Message':'Duplicate primary key exists in table','Item':{'pk':{'S':'a'}}}},{'TableName':"
         "'abc','Error':{'Code':'ConditionalCheckFailed','Message':'The conditional request failed'"
         "}},{'TableName':'nowhere','Error':{'Code':'ResourceNotFound','Message':'Requested "
         "resource not found'}},{'TableName':'two','Error':{'Code':'ValidationError','Message':"
         "'Where clause does not contain a mandatory equality on all key attributes'}},{'TableName'"
         ":'abc'}],'ConsumedCapacity':[{'TableName':'abc','CapacityUnits':4.0}]}"},
        {"GetItem", "{'TableName':'abc','Key':{'pk':{'S':'c'}}}", "{'Item':{'pk':{'S':'c'}}}"},
        {"BatchExecuteStatement",
         BATCH(ONE("SELECT * FROM two WHERE pk=" Q "a" Q) "," ONE("SELECT * FROM abc") "," ONE(
             "SELECT * FROM abc WHERE pk IN [" Q "a" Q "," Q "b" Q "]") "," ONE("SELECT FROM")),
         "~{'Responses':[{'TableName':'two','Error':{'Code':'ValidationError','Message':'Select "
         "statements within BatchExecuteStatement must specify the primary key in the where "
         "clause.'}},{'TableName':'abc','Error':{'Code':'ValidationError','Message':'Select "
         "statements within BatchExecuteStatement must specify the primary key in the where "
         "clause.'}},{'TableName':'abc','Error':{'Code':'ValidationError','Message':'Select "
         "statements within BatchExecuteStatement must specify the primary key in the where "
         "clause.'}},{'Error':{'Code':'ValidationError','Message':'Statement wasn"},
        {"BatchExecuteStatement",
         BATCH(ONE("EXISTS(SELECT * FROM abc WHERE pk=" Q "a" Q " AND n=1)")),
         "~'Error':{'Code':'ValidationError','Message':'EXISTS can only be used in "
         "ExecuteTransaction write requests.'}"},
    };
    batch_script(steps, ARRAY_COUNT(steps));
}

Test(partiql_batch, reads_and_writes_do_not_mix)
{
    static const struct step steps[] = {
        {"BatchExecuteStatement",
         BATCH(ONE("SELECT * FROM abc WHERE pk=" Q "a" Q) "," ONE("DELETE FROM abc WHERE pk=" Q
                                                                  "a" Q)),
         "VALIDATION: Read and write requests together in the same batch is not supported."},
        {"BatchExecuteStatement", BATCH(""),
         "VALIDATION ~Member must have length greater than or equal to 1"},
        {"BatchExecuteStatement", BATCH("{'Statement':'SELECT','Parameters':[]}"),
         "VALIDATION ~Member must have length greater than or equal to 1"},
    };
    batch_script(steps, ARRAY_COUNT(steps));
}

/* A batch that is too large for the loop goes on where it stood: an ADD is not done twice. */
Test(partiql_batch, a_repeated_run_repeats_no_write)
{
    struct fixture *fixture = fixture_open();
    fixture_table(fixture, "abc", 0);
    char *large = fixture_long(fixture, 300000);
    char *all = "";
    cr_assert(fixture_call(fixture, "PutItem",
                           "{'TableName':'abc','Item':{'pk':{'S':'n'},'n':{'N':"
                           "'0'}}}")
                  .ok);
    for (int i = 0; i < 6; i++) {
        all =
            fixture_printf(fixture,
                           "%s{'Statement':'UPDATE abc SET n=n+1 WHERE pk=\\u0027n\\u0027'},"
                           "{'Statement':'INSERT INTO abc VALUE {\\u0027pk\\u0027:\\u0027%d\\u0027"
                           ",\\u0027x\\u0027:?}','Parameters':[{'S':'%s'}]}%s",
                           all, i, large, i < 5 ? "," : "");
    }
    struct answer answer = fixture_call(
        fixture, "BatchExecuteStatement",
        fixture_printf(fixture, "{'Statements':[%s],'ReturnConsumedCapacity':'TOTAL'}", all));
    cr_assert(answer.ok, "%s", answer.text);
    cr_assert_null(strstr(answer.text, "Error"), "%s", answer.text);
    cr_assert_not_null(strstr(answer.text, "\"CapacityUnits\":1764.0"), "%s", answer.text);
    answer = fixture_call(fixture, "GetItem", "{'TableName':'abc','Key':{'pk':{'S':'n'}}}");
    cr_assert_not_null(strstr(answer.text, "\"n\":{\"N\":\"6\"}"), "%s", answer.text);
    fixture_close(fixture);
}
