/* Goal: under back-pressure a client is told what was not done, and nothing is done twice.
 * Method: hold the disk's sync and fill the queue of pending writes; batches above a page's size.
 */
#include "storage/engine/engine.h"
#include "tests/unit/api/fixture.h"
#include "tests/unit/storage/disk_fault.h"

#include <criterion/criterion.h>

/* Append empty batches until `left` more would fill the queue. */
static void pressure_fill(struct fixture *fixture, uint32_t left)
{
    struct engine *engine = fixture->node.store->engine;
    struct error err = {0};
    struct engine_batch *batch = engine_batch_open();
    uint64_t pending = engine_appended_seq(engine) - engine_durable_seq(engine);
    for (uint64_t i = pending; i < WRITES_PENDING_MAX - left; i++) {
        uint64_t seq = engine_commit_begin(engine);
        cr_assert(engine_commit_append(engine, batch, seq, &err), "%s", err.text);
    }
    engine_batch_close(batch);
}

#define PUT(key) "{'PutRequest':{'Item':{'pk':{'S':'" key "'}}}}"

Test(pressure, throttled_entries_come_back_unprocessed)
{
    struct fixture *fixture = fixture_open();
    fixture_table(fixture, "abc", 0);
    fixture->hasty = true;
    disk_hold(".log");
    pressure_fill(fixture, 1);
    static const struct step held[] = {
        {"BatchWriteItem",
         "{'RequestItems':{'abc':[" PUT("a") "," PUT("b") "," PUT(
             "c") "]},'ReturnConsumedCapacity':'TOTAL'}",
         "{'UnprocessedItems':{'abc':[" PUT("b") "," PUT(
             "c") "]},'ConsumedCapacity':[{'TableName':'abc','CapacityUnits':1.0}]}"},
        {"BatchWriteItem", "{'RequestItems':{'abc':[" PUT("b") "]}}", "THROTTLED ~Throughput"},
        {"PutItem", "{'TableName':'abc','Item':{'pk':{'S':'b'}}}", "THROTTLED ~"},
        {"Scan", "{'TableName':'abc','Select':'COUNT'}", "{'Count':1,'ScannedCount':1}"},
    };
    fixture_script(fixture, held, ARRAY_COUNT(held));
    disk_release();
    fixture->hasty = false;
    static const struct step released[] = {
        {"GetItem", "{'TableName':'abc','Key':{'pk':{'S':'a'}}}", "{'Item':{'pk':{'S':'a'}}}"},
        {"BatchWriteItem", "{'RequestItems':{'abc':[" PUT("b") "," PUT("c") "]}}",
         "{'UnprocessedItems':{}}"},
        {"Scan", "{'TableName':'abc','Select':'COUNT'}", "{'Count':3,'ScannedCount':3}"},
    };
    fixture_script(fixture, released, ARRAY_COUNT(released));
    fixture_close(fixture);
}

Test(pressure, a_batch_that_leaves_the_loop_writes_each_entry_once)
{
    struct fixture *fixture = fixture_open();
    struct engine *engine = fixture->node.store->engine;
    fixture_table(fixture, "abc", 0);
    char *text = fixture_long(fixture, 400000);
    char *puts = "";
    for (int i = 0; i < 6; i++) {
        puts =
            fixture_printf(fixture, "%s%s{'PutRequest':{'Item':{'pk':{'S':'k%d'},'x':{'S':'%s'}}}}",
                           puts, i > 0 ? "," : "", i, text);
    }
    uint64_t before = engine_appended_seq(engine);
    struct answer answer = fixture_call(
        fixture, "BatchWriteItem", fixture_printf(fixture, "{'RequestItems':{'abc':[%s]}}", puts));
    cr_assert(answer.ok, "%s", answer.text);
    cr_assert_eq(engine_appended_seq(engine), before + 6);
    fixture_close(fixture);
}
