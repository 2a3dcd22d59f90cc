/* Goal: statements of PartiQL do what the other operations do, and refuse what DynamoDB refuses, in
 * its words. Method: scripts of requests on one table. */
#include "tests/unit/api/fixture.h"

#include <criterion/criterion.h>

static void partiql_script(char sort, const struct step *steps, size_t count)
{
    struct fixture *fixture = fixture_open();
    fixture_table(fixture, "tbl", sort);
    fixture_script(fixture, steps, count);
    fixture_close(fixture);
}

Test(partiql, writes_and_reads_one_item)
{
    static const struct step steps[] = {
        {"ExecuteStatement",
         "{'Statement':'INSERT INTO tbl VALUE {\\u0027pk\\u0027:?,\\u0027n\\u0027:1}',"
         "'Parameters':[{'S':'a'}]}",
         "{'Items':[]}"},
        {"ExecuteStatement",
         "{'Statement':'INSERT INTO tbl VALUE {\\u0027pk\\u0027:?}','Parameters':[{'S':'a'}]}",
         "DUPLICATE_ITEM: Duplicate primary key exists in table"},
        {"ExecuteStatement",
         "{'Statement':'UPDATE tbl SET n=n+? WHERE pk=? RETURNING MODIFIED NEW *',"
         "'Parameters':[{'N':'4'},{'S':'a'}]}",
         "{'Items':[{'n':{'N':'5'}}]}"},
        {"ExecuteStatement",
         "{'Statement':'SELECT n FROM tbl WHERE pk=?','Parameters':[{'S':'a'}],"
         "'ReturnConsumedCapacity':'TOTAL','ConsistentRead':true}",
         "{'Items':[{'n':{'N':'5'}}],'ConsumedCapacity':{'TableName':'tbl','CapacityUnits':1.0}}"},
        {"ExecuteStatement",
         "{'Statement':'UPDATE tbl SET n=0 WHERE pk=? AND n<5','Parameters':[{'S':'a'}],"
         "'ReturnValuesOnConditionCheckFailure':'ALL_OLD'}",
         "CONDITION ~'n':{'N':'5'}"},
        {"ExecuteStatement",
         "{'Statement':'UPDATE tbl SET n=0 WHERE pk=?','Parameters':[{'S':'b'}]}",
         "CONDITION: The conditional request failed"},
        {"ExecuteStatement",
         "{'Statement':'DELETE FROM tbl WHERE pk=? RETURNING ALL OLD *',"
         "'Parameters':[{'S':'a'}]}",
         "{'Items':[{'n':{'N':'5'},'pk':{'S':'a'}}]}"},
        {"ExecuteStatement", "{'Statement':'DELETE FROM tbl WHERE pk=?','Parameters':[{'S':'a'}]}",
         "{'Items':[]}"},
        {"ExecuteStatement",
         "{'Statement':'SELECT * FROM tbl WHERE pk=?','Parameters':[{'S':'a'}]}", "{'Items':[]}"},
    };
    partiql_script(0, steps, ARRAY_COUNT(steps));
}
