/* Goal: time to live is switched on and off by the service's rules and with its texts
 * (dynamodb-features.md 10). Method: scripts on one node whose clock the test moves; what the store
 * does about it is storage's to test. */
#include "tests/unit/api/fixture.h"

#include <criterion/criterion.h>

#include <string.h>
#include <time.h>

#define UPDATE(enabled, attribute)                                                                 \
    "{'TableName':'abc','TimeToLiveSpecification':{'Enabled':" enabled                             \
    ",'AttributeName':'" attribute "'}}"
#define UPDATED(enabled, attribute)                                                                \
    "{'TimeToLiveSpecification':{'AttributeName':'" attribute "','Enabled':" enabled "}}"
#define TOO_SOON "VALIDATION: Time to live has been modified multiple times within a fixed interval"
#define DIFFERENT                                                                                  \
    "VALIDATION: TimeToLive is active on a different AttributeName: current AttributeName is t"
#define ON "VALIDATION: TimeToLive is already enabled"
#define OFF "VALIDATION: TimeToLive is already disabled"

static void run(struct fixture *fixture, const struct step *steps, size_t count)
{
    fixture_script(fixture, steps, count);
}

/* The builder brings it about on a thread of its own. */
static void wait_described(struct fixture *fixture, const char *expected)
{
    struct timespec pause = {0, 1000000};
    const char *text = "";
    for (int i = 0; i < 10000; i++) {
        text = fixture_call(fixture, "DescribeTimeToLive", "{'TableName':'abc'}").text;
        if (strcmp(text, expected) == 0) {
            return;
        }
        nanosleep(&pause, NULL);
    }
    cr_assert_fail("it stays %s", text);
}

Test(time_to_live, goes_through_its_states, .timeout = 60)
{
    struct fixture *fixture = fixture_open();
    fixture_table(fixture, "abc", 0);
    static const struct step on[] = {
        {"DescribeTimeToLive", "{'TableName':'abc'}",
         "{'TimeToLiveDescription':{'TimeToLiveStatus':'DISABLED'}}"},
        {"UpdateTimeToLive", UPDATE("true", "t"), UPDATED("true", "t")},
        {"DescribeTimeToLive", "{'TableName':'abc'}", /* ENABLING, or ENABLED by now. */
         "~{'TimeToLiveDescription':{'AttributeName':'t','TimeToLiveStatus':'ENABL"},
    };
    run(fixture, on, ARRAY_COUNT(on));
    wait_described(fixture, "{\"TimeToLiveDescription\":{\"AttributeName\":\"t\","
                            "\"TimeToLiveStatus\":\"ENABLED\"}}");
    static const struct step off[] = {
        {"UpdateTimeToLive", UPDATE("false", "t"), UPDATED("false", "t")},
        {"DescribeTimeToLive", "{'TableName':'abc'}",
         "~{'TimeToLiveDescription':{'TimeToLiveStatus':'DISABL"},
    };
    run(fixture, off, ARRAY_COUNT(off));
    wait_described(fixture, "{\"TimeToLiveDescription\":{\"TimeToLiveStatus\":\"DISABLED\"}}");
    fixture_close(fixture);
}

Test(time_to_live, what_is_so_already_and_other_attributes_are_refused)
{
    struct fixture *fixture = fixture_open();
    fixture_table(fixture, "abc", 0);
    static const struct step steps[] = {
        {"UpdateTimeToLive", UPDATE("false", "t"), OFF},
        {"UpdateTimeToLive", UPDATE("true", "t"), UPDATED("true", "t")},
        {"UpdateTimeToLive", UPDATE("true", "t"), ON},
        {"UpdateTimeToLive", UPDATE("true", "u"), DIFFERENT},
        {"UpdateTimeToLive", UPDATE("false", "u"), DIFFERENT},
        {"UpdateTimeToLive", UPDATE("false", "t"), UPDATED("false", "t")},
        {"UpdateTimeToLive", UPDATE("false", "t"), OFF},
        {"UpdateTimeToLive", UPDATE("false", "u"), OFF},
        {"UpdateTimeToLive", UPDATE("true", "u"), UPDATED("true", "u")},
        {"UpdateTimeToLive", UPDATE("false", "u"), UPDATED("false", "u")},
        {"UpdateTimeToLive", UPDATE("true", "pk"), UPDATED("true", "pk")}, /* A key may be it. */
    };
    run(fixture, steps, ARRAY_COUNT(steps));
    fixture_close(fixture);
}

Test(time_to_live, a_second_change_has_to_wait)
{
    struct fixture *fixture = fixture_open();
    fixture_table(fixture, "abc", 0);
    fixture->node.ttl_change_ms = 1800000;
    static const struct step first[] = {
        {"UpdateTimeToLive", UPDATE("true", "t"), UPDATED("true", "t")},
        {"UpdateTimeToLive", UPDATE("false", "t"), TOO_SOON},
        {"UpdateTimeToLive", UPDATE("true", "t"), ON}, /* The checks above come first. */
        {"UpdateTimeToLive", UPDATE("false", "u"), DIFFERENT},
    };
    run(fixture, first, ARRAY_COUNT(first));
    fixture->now_ms += 1800000 - 1;
    static const struct step almost[] = {{"UpdateTimeToLive", UPDATE("false", "t"), TOO_SOON}};
    run(fixture, almost, ARRAY_COUNT(almost));
    fixture->now_ms += 1;
    static const struct step then[] = {
        {"UpdateTimeToLive", UPDATE("false", "t"), UPDATED("false", "t")},
        {"UpdateTimeToLive", UPDATE("true", "t"), TOO_SOON},
    };
    run(fixture, then, ARRAY_COUNT(then));
    fixture->now_ms -= 3600000; /* Another region's clock was ahead of ours. */
    static const struct step behind[] = {{"UpdateTimeToLive", UPDATE("true", "t"), TOO_SOON}};
    run(fixture, behind, ARRAY_COUNT(behind));
    fixture_close(fixture);
}

static void set_status(struct fixture *fixture, enum table_status status)
{
    struct catalog *catalog = fixture->node.store->catalog;
    struct error err = {0};
    catalog_change_begin(catalog);
    const struct table *table = catalog_acquire(catalog, SLICE_LITERAL("abc"));
    struct table changed = *table;
    changed.status = status;
    cr_assert(catalog_update(catalog, &changed, &err), "%s", err.text);
    catalog_change_end(catalog);
    table_release(table);
}

Test(time_to_live, of_a_table_that_is_not_there_or_busy)
{
    struct fixture *fixture = fixture_open();
    static const struct step none[] = {
        {"UpdateTimeToLive", UPDATE("true", "t"),
         "NOT_FOUND: Requested resource not found: Table: abc not found"},
        {"DescribeTimeToLive", "{'TableName':'abc'}",
         "NOT_FOUND: Requested resource not found: Table: abc not found"},
        {"UpdateTimeToLive",
         "{'TableName':'a','TimeToLiveSpecification':{'Enabled':true,'AttributeName':'t'}}",
         "VALIDATION: TableName must be at least 3 characters long and at most 255 characters "
         "long"},
    };
    run(fixture, none, ARRAY_COUNT(none));
    fixture_table(fixture, "abc", 0);
    set_status(fixture, TABLE_CREATING);
    static const struct step creating[] = {
        {"UpdateTimeToLive", UPDATE("true", "t"),
         "NOT_FOUND: Requested resource not found: Table: abc not found"},
    };
    run(fixture, creating, ARRAY_COUNT(creating));
    set_status(fixture, TABLE_UPDATING);
    static const struct step updating[] = {
        {"UpdateTimeToLive", UPDATE("true", "t"),
         "IN_USE: Attempt to change a resource which is still in use: Table is being updated: abc"},
        {"DescribeTimeToLive", "{'TableName':'abc'}", "~'DISABLED'"},
    };
    run(fixture, updating, ARRAY_COUNT(updating));
    set_status(fixture, TABLE_ACTIVE);
    fixture_close(fixture);
}

Test(time_to_live, of_a_table_with_a_replica_that_is_being_filled)
{
    struct fixture *fixture = fixture_open();
    fixture_table(fixture, "abc", 0);
    struct catalog *catalog = fixture->node.store->catalog;
    struct error err = {0};
    const struct table *table = catalog_acquire(catalog, SLICE_LITERAL("abc"));
    struct table changed = *table;
    changed.replicas_count = 1;
    changed.replicas[0] = (struct replica){.region = "eu-west-1", .status = REPLICA_CREATING};
    cr_assert(catalog_update(catalog, &changed, &err), "%s", err.text);
    table_release(table);
    static const struct step steps[] = {
        {"UpdateTimeToLive", UPDATE("true", "t"),
         "IN_USE: The resource which you are attempting to change is in use."},
        {"UpdateTimeToLive", UPDATE("false", "t"), OFF},
    };
    run(fixture, steps, ARRAY_COUNT(steps));
    fixture_close(fixture);
}
