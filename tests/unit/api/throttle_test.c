/* Goal: enforced throughput admits what is provisioned, saves what is unused for 300 seconds, and
 * refuses the rest as the service does. Method: a clock that the test moves; first the buckets by
 * themselves, then whole operations on a node with a throttle. */
#include "daemon/throttle.h"
#include "tests/unit/api/fixture.h"

#include <criterion/criterion.h>
#include <pthread.h>

#define SECOND_NS UINT64_C(1000000000)

struct metered {
    struct fixture *fixture;
    uint64_t now_ns;
};

static uint64_t metered_now_ns(void *context)
{
    struct metered *metered = context;
    return metered->now_ns;
}

/* The clock starts at zero: a machine that was just switched on. */
static struct metered *metered_open(void)
{
    struct metered *metered = calloc(1, sizeof(*metered));
    ensure(metered != NULL);
    metered->fixture = fixture_open();
    struct throttle_clock clock = {metered_now_ns, metered};
    metered->fixture->node.throttle = throttle_open(&clock, metered->fixture->node.store->catalog);
    return metered;
}

static void metered_close(struct metered *metered)
{
    throttle_close(metered->fixture->node.throttle);
    fixture_close(metered->fixture);
    free(metered);
}

static void metered_pass(struct metered *metered, uint64_t seconds)
{
    metered->now_ns += seconds * SECOND_NS;
}

static void metered_call(struct metered *metered, const char *operation, const char *request)
{
    struct answer answer = fixture_call(metered->fixture, operation, request);
    cr_assert(answer.ok, "%s %s: %s", operation, request, answer.text);
}

/* The request's error: code, exact text, and what its members hold. */
static void metered_refused(struct metered *metered,
                            const char *operation,
                            const char *request,
                            enum error_code code,
                            const char *text,
                            const char *members)
{
    struct answer answer = fixture_call(metered->fixture, operation, request);
    cr_assert_not(answer.ok, "%s %s was admitted: %s", operation, request, answer.text);
    cr_assert_eq(answer.code, code, "%s: %s", operation, answer.text);
    cr_assert_str_eq(answer.text, text);
    cr_assert_str_eq(answer.members, members);
}

static const char of_table[] =
    "The level of configured provisioned throughput for the table was exceeded. Consider "
    "increasing your provisioning level with the UpdateTable API.";
static const char of_index[] =
    "The level of configured provisioned throughput for one or more global secondary indexes of "
    "the table was exceeded. Consider increasing your provisioning level for the under-provisioned "
    "global secondary indexes with the UpdateTable API.";
static const char of_maximum[] =
    "Throughput exceeds the maximum OnDemandThroughput configured on table or index";

#define ARN "arn:aws:dynamodb:us-east-1:123456789012:table/"
#define REASONS(reason, resource)                                                                  \
    ",\"ThrottlingReasons\":[{\"reason\":\"" reason "\",\"resource\":\"" ARN resource "\"}]"

static const char read_members[] = REASONS("TableReadProvisionedThroughputExceeded", "tab");
static const char write_members[] = REASONS("TableWriteProvisionedThroughputExceeded", "tab");

/* Table tab: pk S, provisioned. */
static void metered_table(struct metered *metered, int reads, int writes)
{
    metered_call(
        metered, "CreateTable",
        fixture_printf(metered->fixture,
                       "{'TableName':'tab','ProvisionedThroughput':{'ReadCapacityUnits':%d,"
                       "'WriteCapacityUnits':%d},'AttributeDefinitions':[{'AttributeName':"
                       "'pk','AttributeType':'S'}],'KeySchema':[{'AttributeName':'pk',"
                       "'KeyType':'HASH'}]}",
                       reads, writes));
}

static const char put_a[] = "{'TableName':'tab','Item':{'pk':{'S':'a'}}}";
static const char get_a[] = "{'TableName':'tab','Key':{'pk':{'S':'a'}},'ConsistentRead':true}";

/* --- Buckets --------------------------------------------------------------------------------- */

static uint64_t metered_take_all(struct metered *metered, const struct table *table)
{
    struct throttle *throttle = metered->fixture->node.throttle;
    uint64_t units = 0;
    while (throttle_admit(throttle, table, NULL, THROTTLE_READ) == THROTTLE_FREE) {
        throttle_charge(throttle, table, NULL, THROTTLE_READ, 2);
        units++;
        cr_assert_leq(units, 1000000);
    }
    return units;
}

static struct table metered_described(uint32_t id, int64_t reads)
{
    return (struct table){
        .id = id, .billing = BILLING_PROVISIONED, .throughput = {.read_units = reads}};
}

Test(throttle, a_bucket_holds_one_second_at_first_and_300_at_most)
{
    struct metered *metered = metered_open();
    struct table table = metered_described(7, 10);
    cr_assert_eq(metered_take_all(metered, &table), 10);
    metered_pass(metered, 1);
    cr_assert_eq(metered_take_all(metered, &table), 10);
    metered_pass(metered, 7);
    cr_assert_eq(metered_take_all(metered, &table), 70);
    metered_pass(metered, 300);
    cr_assert_eq(metered_take_all(metered, &table), 3000);
    metered_pass(metered, 100000);
    cr_assert_eq(metered_take_all(metered, &table), 3000);
    metered_close(metered);
}

Test(throttle, sides_tables_and_indexes_do_not_share)
{
    struct metered *metered = metered_open();
    struct throttle *throttle = metered->fixture->node.throttle;
    struct table_index index = {
        .id = 1, .kind = INDEX_GLOBAL, .throughput = {.read_units = 1, .write_units = 1}};
    struct table table = metered_described(7, 1), other = metered_described(8, 1);
    table.throughput.write_units = 1;
    table.indexes = &index;
    table.indexes_count = 1;
    cr_assert_eq(metered_take_all(metered, &table), 1);
    cr_assert_eq(throttle_admit(throttle, &other, NULL, THROTTLE_READ), THROTTLE_FREE);
    cr_assert_eq(throttle_admit(throttle, &table, NULL, THROTTLE_WRITE), THROTTLE_FREE);
    cr_assert_eq(throttle_admit(throttle, &table, &index, THROTTLE_READ), THROTTLE_FREE);
    throttle_charge(throttle, &table, &index, THROTTLE_READ, 2);
    cr_assert_eq(throttle_admit(throttle, &table, &index, THROTTLE_READ), THROTTLE_PROVISIONED);
    cr_assert_eq(throttle_admit(throttle, &table, &index, THROTTLE_WRITE), THROTTLE_FREE);
    cr_assert_eq(throttle_refused(throttle, false, THROTTLE_READ, THROTTLE_PROVISIONED), 1);
    cr_assert_eq(throttle_refused(throttle, true, THROTTLE_READ, THROTTLE_PROVISIONED), 1);
    cr_assert_eq(throttle_refused(throttle, true, THROTTLE_WRITE, THROTTLE_PROVISIONED), 0);
    metered_close(metered);
}

Test(throttle, debt_is_paid_off_and_is_bounded)
{
    struct metered *metered = metered_open();
    struct throttle *throttle = metered->fixture->node.throttle;
    struct table table = metered_described(7, 2);
    throttle_charge(throttle, &table, NULL, THROTTLE_READ, 20); /* 10 units: 2 were there. */
    metered_pass(metered, 4);
    cr_assert_eq(throttle_admit(throttle, &table, NULL, THROTTLE_READ), THROTTLE_PROVISIONED);
    metered->now_ns++;
    cr_assert_eq(throttle_admit(throttle, &table, NULL, THROTTLE_READ), THROTTLE_FREE);
    throttle_charge(throttle, &table, NULL, THROTTLE_READ, 1000000);
    metered_pass(metered, 299);
    cr_assert_eq(throttle_admit(throttle, &table, NULL, THROTTLE_READ), THROTTLE_PROVISIONED);
    metered_pass(metered, 2);
    cr_assert_eq(throttle_admit(throttle, &table, NULL, THROTTLE_READ), THROTTLE_FREE);
    metered_close(metered);
}

Test(throttle, a_change_of_the_rate_counts_at_once_and_keeps_saved_and_owed_units)
{
    struct metered *metered = metered_open();
    struct throttle *throttle = metered->fixture->node.throttle;
    struct table slow = metered_described(7, 1), fast = metered_described(7, 100);
    cr_assert_eq(throttle_admit(throttle, &slow, NULL, THROTTLE_READ), THROTTLE_FREE);
    metered_pass(metered, 49);
    cr_assert_eq(metered_take_all(metered, &fast), 50); /* As many as were saved. */
    throttle_charge(throttle, &fast, NULL, THROTTLE_READ, 400);
    metered_pass(metered, 1);
    cr_assert_eq(throttle_admit(throttle, &slow, NULL, THROTTLE_READ), THROTTLE_PROVISIONED);
    metered_pass(metered, 99); /* 100 units are owed still. */
    cr_assert_eq(throttle_admit(throttle, &slow, NULL, THROTTLE_READ), THROTTLE_PROVISIONED);
    metered_pass(metered, 2);
    cr_assert_eq(throttle_admit(throttle, &slow, NULL, THROTTLE_READ), THROTTLE_FREE);
    metered_pass(metered, 10000);
    cr_assert_eq(metered_take_all(metered, &fast), 300);
    metered_pass(metered, 300);
    cr_assert_eq(metered_take_all(metered, &slow), 300); /* Not the 30,000 of the faster one. */
    metered_close(metered);
}

Test(throttle, on_demand_is_limited_by_its_maximum_alone)
{
    struct metered *metered = metered_open();
    struct throttle *throttle = metered->fixture->node.throttle;
    struct table table = metered_described(7, 1);
    table.billing = BILLING_PAY_PER_REQUEST;
    throttle_charge(throttle, &table, NULL, THROTTLE_READ, 1000000);
    cr_assert_eq(throttle_admit(throttle, &table, NULL, THROTTLE_READ), THROTTLE_FREE);
    table.throughput.read_units_max = 5;
    cr_assert_eq(metered_take_all(metered, &table), 5);
    cr_assert_eq(throttle_admit(throttle, &table, NULL, THROTTLE_READ), THROTTLE_ON_DEMAND);
    cr_assert_eq(throttle_admit(throttle, &table, NULL, THROTTLE_WRITE), THROTTLE_FREE);
    table.throughput.read_units_max = 0;
    cr_assert_eq(throttle_admit(throttle, &table, NULL, THROTTLE_READ), THROTTLE_FREE);
    metered_close(metered);
}

/* Thousands of tables that are gone: what they had is used again, and never mixed up with others or
 * taken from one that is there. */
Test(throttle, many_tables_keep_their_own_buckets)
{
    struct metered *metered = metered_open();
    struct throttle *throttle = metered->fixture->node.throttle;
    metered_table(metered, 1, 1);
    metered_call(metered, "PutItem", put_a);
    for (uint32_t id = 1000; id <= 21000; id++) {
        struct table table = metered_described(id, 1);
        throttle_charge(throttle, &table, NULL, THROTTLE_READ, 2);
        cr_assert_eq(throttle_admit(throttle, &table, NULL, THROTTLE_READ), THROTTLE_PROVISIONED,
                     "table %u", id);
    }
    metered_refused(metered, "PutItem", put_a, ERROR_THROUGHPUT, of_table, write_members);
    metered_close(metered);
}

struct spender {
    struct throttle *throttle;
    const struct table *table;
    uint64_t units;
};

static void *spender_run(void *context)
{
    struct spender *spender = context;
    while (throttle_admit(spender->throttle, spender->table, NULL, THROTTLE_READ) ==
           THROTTLE_FREE) {
        throttle_charge(spender->throttle, spender->table, NULL, THROTTLE_READ, 2);
        spender->units++;
    }
    return NULL;
}

Test(throttle, threads_together_take_no_more_than_there_is)
{
    enum { THREADS = 4 };
    struct metered *metered = metered_open();
    struct table table = metered_described(7, 100000);
    struct spender spenders[THREADS];
    pthread_t threads[THREADS];
    uint64_t units = 0;
    for (size_t i = 0; i < THREADS; i++) {
        spenders[i] = (struct spender){metered->fixture->node.throttle, &table, 0};
        ensure(pthread_create(&threads[i], NULL, spender_run, &spenders[i]) == 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        ensure(pthread_join(threads[i], NULL) == 0);
        units += spenders[i].units;
    }
    cr_assert_geq(units, 100000);
    cr_assert_lt(units, 100000 + THREADS); /* Each may have asked before the others charged. */
    metered_close(metered);
}

/* --- Operations ------------------------------------------------------------------------------- */

Test(throttle, single_items_are_charged_by_their_size)
{
    struct metered *metered = metered_open();
    metered_table(metered, 2, 2);
    metered_call(metered, "PutItem", put_a);
    metered_call(metered, "PutItem", put_a);
    metered_refused(metered, "PutItem", put_a, ERROR_THROUGHPUT, of_table, write_members);
    metered_refused(metered, "DeleteItem", "{'TableName':'tab','Key':{'pk':{'S':'a'}}}",
                    ERROR_THROUGHPUT, of_table, write_members);
    metered_refused(metered, "UpdateItem", "{'TableName':'tab','Key':{'pk':{'S':'a'}}}",
                    ERROR_THROUGHPUT, of_table, write_members);
    metered_call(metered, "GetItem", get_a);
    metered_call(metered, "GetItem", "{'TableName':'tab','Key':{'pk':{'S':'a'}}}");
    metered_call(metered, "GetItem", get_a); /* Half a unit was left. */
    metered_refused(metered, "GetItem", get_a, ERROR_THROUGHPUT, of_table, read_members);
    metered_pass(metered, 1);
    metered_call(metered, "PutItem",
                 fixture_printf(metered->fixture,
                                "{'TableName':'tab','Item':{'pk':{'S':'b'},'x':{'S':'%s'}}}",
                                fixture_long(metered->fixture, 9000))); /* 9 units. */
    metered_pass(metered, 3); /* Admitted with 2, now 7 short; 6 earned. */
    metered_refused(metered, "PutItem", put_a, ERROR_THROUGHPUT, of_table, write_members);
    metered_pass(metered, 1);
    metered_call(metered, "PutItem", put_a);
    metered_close(metered);
}

Test(throttle, a_refused_condition_costs_a_faulty_request_does_not)
{
    struct metered *metered = metered_open();
    metered_table(metered, 1, 1);
    metered_call(metered, "PutItem", put_a);
    metered_pass(metered, 1);
    static const char conditional[] = "{'TableName':'tab','Item':{'pk':{'S':'a'}},"
                                      "'ConditionExpression':'attribute_not_exists(pk)'}";
    struct answer answer =
        fixture_call(metered->fixture, "PutItem", "{'TableName':'tab','Item':{'x':{'S':'a'}}}");
    cr_assert_eq(answer.code, ERROR_VALIDATION);
    answer = fixture_call(metered->fixture, "PutItem", conditional);
    cr_assert_eq(answer.code, ERROR_CONDITION);
    metered_refused(metered, "PutItem", conditional, ERROR_THROUGHPUT, of_table, write_members);
    answer =
        fixture_call(metered->fixture, "PutItem", "{'TableName':'tab','Item':{'x':{'S':'a'}}}");
    cr_assert_eq(answer.code, ERROR_VALIDATION, "the request's own fault comes first");
    metered_close(metered);
}

Test(throttle, pages_are_charged_by_what_they_read)
{
    struct metered *metered = metered_open();
    struct fixture *fixture = metered->fixture;
    metered_table(metered, 1, 1000);
    for (int i = 0; i < 10; i++) {
        metered_call(metered, "PutItem",
                     fixture_printf(fixture,
                                    "{'TableName':'tab','Item':{'pk':{'S':'%d'},'x':{'S':'%s'}}}",
                                    i, fixture_long(fixture, 8000)));
    }
    static const char scan[] = "{'TableName':'tab','Select':'COUNT','FilterExpression':"
                               "'attribute_not_exists(pk)'}";
    metered_call(metered, "Scan", scan); /* 80 KB, eventual: 10 units, 9 more than there were. */
    metered_pass(metered, 9);
    metered_refused(metered, "Scan", scan, ERROR_THROUGHPUT, of_table, read_members);
    metered_refused(metered, "Query",
                    "{'TableName':'tab','KeyConditionExpression':'pk = :p',"
                    "'ExpressionAttributeValues':{':p':{'S':'1'}}}",
                    ERROR_THROUGHPUT, of_table, read_members);
    metered_pass(metered, 1);
    metered_call(metered, "Query",
                 "{'TableName':'tab','KeyConditionExpression':'pk = :p',"
                 "'ExpressionAttributeValues':{':p':{'S':'none'}}}");
    metered_call(metered, "Query",
                 "{'TableName':'tab','KeyConditionExpression':'pk = :p',"
                 "'ExpressionAttributeValues':{':p':{'S':'none'}}}");
    metered_refused(metered, "Scan", scan, ERROR_THROUGHPUT, of_table, read_members);
    metered_close(metered);
}

Test(throttle, batches_do_what_they_can)
{
    struct metered *metered = metered_open();
    metered_table(metered, 2, 2);
    struct step steps[] = {
        {"BatchWriteItem",
         "{'RequestItems':{'tab':[{'PutRequest':{'Item':{'pk':{'S':'a'}}}},{'PutRequest':{'Item':"
         "{'pk':{'S':'b'}}}},{'DeleteRequest':{'Key':{'pk':{'S':'c'}}}},{'PutRequest':{'Item':"
         "{'pk':{'S':'d'}}}}]},'ReturnConsumedCapacity':'TOTAL'}",
         "{'UnprocessedItems':{'tab':[{'DeleteRequest':{'Key':{'pk':{'S':'c'}}}},{'PutRequest':"
         "{'Item':{'pk':{'S':'d'}}}}]},'ConsumedCapacity':[{'TableName':'tab','CapacityUnits':2.0}]"
         "}"},
        {"BatchGetItem",
         "{'RequestItems':{'tab':{'Keys':[{'pk':{'S':'a'}},{'pk':{'S':'b'}},{'pk':{'S':'c'}}],"
         "'ConsistentRead':true}}}",
         "{'Responses':{'tab':[{'pk':{'S':'a'}},{'pk':{'S':'b'}}]},'UnprocessedKeys':{'tab':{'Keys'"
         ":"
         "[{'pk':{'S':'c'}}],'ConsistentRead':true}}}"},
    };
    fixture_script(metered->fixture, steps, ARRAY_COUNT(steps));
    metered_refused(metered, "BatchWriteItem",
                    "{'RequestItems':{'tab':[{'PutRequest':{'Item':{'pk':{'S':'a'}}}},"
                    "{'PutRequest':{'Item':{'pk':{'S':'b'}}}}]}}",
                    ERROR_THROUGHPUT, of_table, write_members);
    metered_refused(metered, "BatchGetItem",
                    "{'RequestItems':{'tab':{'Keys':[{'pk':{'S':'a'}},{'pk':{'S':'b'}}]}}}",
                    ERROR_THROUGHPUT, of_table, read_members);
    metered_close(metered);
}

/* A batch larger than a page is read twice, on the loop and on a worker, and paid for once. */
Test(throttle, a_repeated_batch_is_charged_once)
{
    struct metered *metered = metered_open();
    struct fixture *fixture = metered->fixture;
    metered_table(metered, 300, 10000);
    for (int i = 0; i < 4; i++) {
        metered_call(metered, "PutItem",
                     fixture_printf(fixture,
                                    "{'TableName':'tab','Item':{'pk':{'S':'%d'},'x':{'S':'%s'}}}",
                                    i, fixture_long(fixture, 400000))); /* 98 units to read. */
    }
    struct step batch = {"BatchGetItem",
                         "{'RequestItems':{'tab':{'ConsistentRead':true,'Keys':[{'pk':{'S':'0'}},"
                         "{'pk':{'S':'1'}},{'pk':{'S':'2'}},{'pk':{'S':'3'}}]}},"
                         "'ReturnConsumedCapacity':'TOTAL'}",
                         "~'UnprocessedKeys':{},'ConsumedCapacity':[{'TableName':'tab',"
                         "'CapacityUnits':392.0}]"};
    fixture_script(fixture, &batch, 1);
    metered->now_ns += SECOND_NS / 300 * 92; /* 92 units were owed. */
    metered_refused(metered, "GetItem", get_a, ERROR_THROUGHPUT, of_table, read_members);
    metered->now_ns += SECOND_NS / 300;
    metered_call(metered, "GetItem", get_a);
    metered_close(metered);
}

Test(throttle, update_table_takes_effect_at_once)
{
    struct metered *metered = metered_open();
    metered_table(metered, 1, 1);
    metered_call(metered, "PutItem", put_a);
    metered_refused(metered, "PutItem", put_a, ERROR_THROUGHPUT, of_table, write_members);
    metered_call(metered, "UpdateTable",
                 "{'TableName':'tab','ProvisionedThroughput':{'ReadCapacityUnits':1,"
                 "'WriteCapacityUnits':1000}}");
    metered_refused(metered, "PutItem", put_a, ERROR_THROUGHPUT, of_table, write_members);
    metered->now_ns += SECOND_NS / 500;
    metered_call(metered, "PutItem", put_a);
    metered_call(metered, "PutItem", put_a);
    metered_refused(metered, "PutItem", put_a, ERROR_THROUGHPUT, of_table, write_members);
    metered_call(metered, "UpdateTable", "{'TableName':'tab','BillingMode':'PAY_PER_REQUEST'}");
    metered_call(metered, "PutItem", put_a);
    metered_call(metered, "UpdateTable",
                 "{'TableName':'tab','OnDemandThroughput':{'MaxWriteRequestUnits':1}}");
    metered->now_ns += SECOND_NS / 1000;
    metered_call(metered, "PutItem", put_a);
    metered_refused(metered, "PutItem", put_a, ERROR_ON_DEMAND_MAX, of_maximum,
                    ",\"throttlingReasons\":[{\"reason\":\"TableWriteMaxOnDemandThroughputExceeded"
                    "\",\"resource\":\"" ARN "tab\"}]");
    metered_call(metered, "GetItem", get_a);
    metered_close(metered);
}

/* Table tab with a global index glo of (x) and a local one loc of (pk, y). */
static void metered_indexed(struct metered *metered)
{
    metered_call(
        metered, "CreateTable",
        "{'TableName':'tab','ProvisionedThroughput':{'ReadCapacityUnits':9,'WriteCapacityUnits':9},"
        "'AttributeDefinitions':[{'AttributeName':'pk','AttributeType':'S'},{'AttributeName':'sk',"
        "'AttributeType':'S'},{'AttributeName':'x','AttributeType':'S'},{'AttributeName':'y',"
        "'AttributeType':'S'}],'KeySchema':[{'AttributeName':'pk','KeyType':'HASH'},"
        "{'AttributeName':'sk','KeyType':'RANGE'}],'GlobalSecondaryIndexes':[{'IndexName':'glo',"
        "'KeySchema':[{'AttributeName':'x','KeyType':'HASH'}],'Projection':{'ProjectionType':"
        "'ALL'},'ProvisionedThroughput':{'ReadCapacityUnits':1,'WriteCapacityUnits':1}}],"
        "'LocalSecondaryIndexes':[{'IndexName':'loc','KeySchema':[{'AttributeName':'pk','KeyType':"
        "'HASH'},{'AttributeName':'y','KeyType':'RANGE'}],'Projection':{'ProjectionType':'ALL'}}]"
        "}");
}

static void
metered_drain(struct metered *metered, const char *index, enum throttle_side side, uint64_t halves)
{
    struct node *node = &metered->fixture->node;
    const struct table *table = catalog_acquire(node->store->catalog, SLICE_LITERAL("tab"));
    throttle_charge(node->throttle, table,
                    index == NULL ? NULL : table_find_index(table, slice_text(index)), side,
                    halves);
    table_release(table);
}

Test(throttle, a_global_index_without_write_capacity_holds_up_its_table)
{
    struct metered *metered = metered_open();
    static const char put[] = "{'TableName':'tab','Item':{'pk':{'S':'a'},'sk':{'S':'a'}}}";
    metered_indexed(metered);
    metered_drain(metered, "glo", THROTTLE_WRITE, 4);
    metered_refused(metered, "PutItem", put, ERROR_THROUGHPUT, of_index,
                    REASONS("IndexWriteProvisionedThroughputExceeded", "tab/index/glo"));
    metered_drain(metered, NULL, THROTTLE_WRITE, 100);
    metered_refused(metered, "PutItem", put, ERROR_THROUGHPUT, of_table,
                    ",\"ThrottlingReasons\":[{\"reason\":"
                    "\"TableWriteProvisionedThroughputExceeded\",\"resource\":\"" ARN "tab\"},"
                    "{\"reason\":\"IndexWriteProvisionedThroughputExceeded\",\"resource\":\"" ARN
                    "tab/index/glo\"}]");
    metered_call(metered, "GetItem", "{'TableName':'tab','Key':{'pk':{'S':'a'},'sk':{'S':'a'}}}");
    struct throttle *throttle = metered->fixture->node.throttle;
    cr_assert_eq(throttle_refused(throttle, true, THROTTLE_WRITE, THROTTLE_PROVISIONED), 2);
    cr_assert_eq(throttle_refused(throttle, false, THROTTLE_WRITE, THROTTLE_PROVISIONED), 1);
    metered_pass(metered, 10);
    metered_call(metered, "PutItem", put);
    metered_close(metered);
}

Test(throttle, writes_take_from_each_global_index_what_they_change_there)
{
    struct metered *metered = metered_open();
    static const char bare[] = "{'TableName':'tab','Item':{'pk':{'S':'a'},'sk':{'S':'a'}}}";
    static const char sparse[] =
        "{'TableName':'tab','Item':{'pk':{'S':'a'},'sk':{'S':'b'},'y':{'S':'local'}}}";
    metered_indexed(metered);
    for (int i = 0; i < 3; i++) {
        metered_call(metered, "PutItem", bare); /* In neither index. */
    }
    metered_call(metered, "PutItem", sparse); /* In the local one: two units of the table's. */
    metered_call(metered, "PutItem",
                 "{'TableName':'tab','Item':{'pk':{'S':'a'},'sk':{'S':'c'},'x':{'S':'one'}}}");
    metered_refused(metered, "PutItem", bare, ERROR_THROUGHPUT, of_index,
                    REASONS("IndexWriteProvisionedThroughputExceeded", "tab/index/glo"));
    metered_pass(metered, 2); /* To another key of the index: it goes and comes, two units. */
    metered_call(metered, "PutItem",
                 "{'TableName':'tab','Item':{'pk':{'S':'a'},'sk':{'S':'c'},'x':{'S':'two'}}}");
    metered_refused(metered, "PutItem", bare, ERROR_THROUGHPUT, of_index,
                    REASONS("IndexWriteProvisionedThroughputExceeded", "tab/index/glo"));
    metered_close(metered);
}

Test(throttle, reads_of_a_global_index_are_its_own_and_of_a_local_one_the_tables)
{
    struct metered *metered = metered_open();
    static const char global[] = "{'TableName':'tab','IndexName':'glo'}";
    static const char local[] = "{'TableName':'tab','IndexName':'loc'}";
    metered_indexed(metered);
    metered_call(metered, "Scan", global);
    metered_call(metered, "Scan", global); /* Half a unit each. */
    metered_refused(metered, "Scan", global, ERROR_THROUGHPUT, of_index,
                    REASONS("IndexReadProvisionedThroughputExceeded", "tab/index/glo"));
    metered_drain(metered, NULL, THROTTLE_READ, 17);
    metered_call(metered, "Scan", local);
    metered_refused(metered, "Scan", local, ERROR_THROUGHPUT, of_table, read_members);
    metered_close(metered);
}

/* --- Transactions and statements ---------------------------------------------------------------
 */

#define NONE "{\"Code\":\"None\"}"
#define EXCEEDED                                                                                   \
    "{\"Code\":\"ProvisionedThroughputExceeded\",\"Message\":\"The level of configured "           \
    "provisioned throughput for the table was exceeded. Consider increasing your provisioning "    \
    "level with the UpdateTable API.\"}"

Test(throttle, a_transaction_says_which_actions_had_nothing_left)
{
    struct metered *metered = metered_open();
    metered_table(metered, 1, 2);
    fixture_table(metered->fixture, "free", 0);
    static const char write[] =
        "{'TransactItems':[{'Put':{'TableName':'free','Item':{'pk':{'S':'a'}}}},{'Put':{"
        "'TableName':'tab','Item':{'pk':{'S':'a'}}}},{'Delete':{'TableName':'tab','Key':{'pk':{"
        "'S':'b'}}}}]}";
    static const char write_text[] =
        "Transaction cancelled, please refer cancellation reasons for specific reasons [None, "
        "ProvisionedThroughputExceeded, ProvisionedThroughputExceeded]";
    metered_call(metered, "TransactWriteItems", write); /* Four units: two are owed. */
    metered_refused(metered, "TransactWriteItems", write, ERROR_CANCELLED, write_text,
                    ",\"CancellationReasons\":[" NONE "," EXCEEDED "," EXCEEDED "]");
    metered_pass(metered, 1);
    metered_refused(metered, "TransactWriteItems", write, ERROR_CANCELLED, write_text,
                    ",\"CancellationReasons\":[" NONE "," EXCEEDED "," EXCEEDED "]");
    metered->now_ns++;
    metered_call(metered, "TransactWriteItems", write);

    static const char read[] = "{'TransactItems':[{'Get':{'TableName':'tab','Key':{'pk':{'S':'a'}}"
                               "}},{'Get':{'TableName':'free','Key':{'pk':{'S':'a'}}}}]}";
    metered_call(metered, "TransactGetItems", read); /* Two units of the first table. */
    metered_call(metered, "TransactGetItems", read);
    metered_refused(metered, "TransactGetItems", read, ERROR_CANCELLED,
                    "Transaction cancelled, please refer cancellation reasons for specific reasons "
                    "[ProvisionedThroughputExceeded, None]",
                    ",\"CancellationReasons\":[" EXCEEDED "," NONE "]");
    metered_close(metered);
}

Test(throttle, a_cancelled_transaction_costs_and_a_replay_reads)
{
    struct metered *metered = metered_open();
    metered_table(metered, 2, 2);
    static const char doomed[] =
        "{'TransactItems':[{'Put':{'TableName':'tab','Item':{'pk':{'S':'a'}},"
        "'ConditionExpression':'attribute_exists(pk)'}}]}";
    static const char token[] = "{'ClientRequestToken':'once','TransactItems':[{'Put':{'TableName':"
                                "'tab','Item':{'pk':{'S':'a'}}}}]}";
    struct answer answer = fixture_call(metered->fixture, "TransactWriteItems", doomed);
    cr_assert_eq(answer.code, ERROR_CANCELLED);
    cr_assert_not_null(strstr(answer.members, "ConditionalCheckFailed"), "%s", answer.members);
    metered_refused(metered, "PutItem", put_a, ERROR_THROUGHPUT, of_table, write_members);
    metered_pass(metered, 1);
    metered_call(metered, "TransactWriteItems", token);
    metered_pass(metered, 1);
    metered_call(metered, "TransactWriteItems", token); /* From the reads: two units. */
    metered_call(metered, "PutItem", put_a);
    metered_pass(metered, 1);
    metered_call(metered, "GetItem", get_a);
    metered_close(metered);
}

Test(throttle, statements_are_metered_as_what_they_do)
{
    struct metered *metered = metered_open();
    metered_table(metered, 1, 1);
    static const char insert[] = "{'Statement':'INSERT INTO tab VALUE {\\u0027pk\\u0027:?}',"
                                 "'Parameters':[{'S':'a'}]}";
    static const char select[] = "{'Statement':'SELECT * FROM tab WHERE pk = ?','Parameters':["
                                 "{'S':'a'}],'ConsistentRead':true}";
    static const char all[] = "{'Statement':'SELECT * FROM tab'}";
    metered_call(metered, "ExecuteStatement", insert);
    metered_refused(metered, "ExecuteStatement", insert, ERROR_THROUGHPUT, of_table, write_members);
    metered_pass(metered, 1);
    struct answer answer = fixture_call(metered->fixture, "ExecuteStatement", insert);
    cr_assert_eq(answer.code, ERROR_DUPLICATE_ITEM); /* That costs, too. */
    metered_refused(metered, "ExecuteStatement", insert, ERROR_THROUGHPUT, of_table, write_members);
    metered_call(metered, "ExecuteStatement", select); /* There were two units. */
    metered_call(metered, "ExecuteStatement", all);
    metered_call(metered, "ExecuteStatement", all); /* Half a unit each. */
    metered_refused(metered, "ExecuteStatement", select, ERROR_THROUGHPUT, of_table, read_members);
    metered_refused(metered, "ExecuteStatement", all, ERROR_THROUGHPUT, of_table, read_members);
    metered_close(metered);
}

Test(throttle, each_statement_of_a_batch_is_metered_by_itself)
{
    struct metered *metered = metered_open();
    metered_table(metered, 2, 2);
#define INSERT(key)                                                                                \
    "{'Statement':'INSERT INTO tab VALUE {\\u0027pk\\u0027:?}','Parameters':[{'S':'" key "'}]}"
#define SELECT(key)                                                                                \
    "{'Statement':'SELECT * FROM tab WHERE pk = ?','Parameters':[{'S':'" key                       \
    "'}],'ConsistentRead':true}"
#define THROTTLED                                                                                  \
    "{'TableName':'tab','Error':{'Code':'ProvisionedThroughputExceeded','Message':'The level of "  \
    "configured provisioned throughput for the table was exceeded. Consider increasing your "      \
    "provisioning level with the UpdateTable API.'}}"
    struct step steps[] = {
        {"BatchExecuteStatement",
         "{'Statements':[" INSERT("a") "," INSERT("b") "," INSERT("c") "]}",
         "{'Responses':[{'TableName':'tab'},{'TableName':'tab'}," THROTTLED "]}"},
        {"BatchExecuteStatement",
         "{'Statements':[" SELECT("a") "," SELECT("c") "," SELECT("b") "]}",
         "{'Responses':[{'TableName':'tab','Item':{'pk':{'S':'a'}}},{'TableName':'tab'}," THROTTLED
         "]}"},
    };
    fixture_script(metered->fixture, steps, ARRAY_COUNT(steps));
    metered_refused(metered, "ExecuteTransaction", "{'TransactStatements':[" SELECT("a") "]}",
                    ERROR_CANCELLED,
                    "Transaction cancelled, please refer cancellation reasons for specific reasons "
                    "[ProvisionedThroughputExceeded]",
                    ",\"CancellationReasons\":[" EXCEEDED "]");
    metered_close(metered);
}
