/* Goal: every step of a table's life is one line that says what, of what, and how long it took.
 * Method: descriptions before and after, shown to the observer under a clock that the test steps;
 * the log goes into a pipe. */
#include "daemon/lifecycle.h"

#include <criterion/criterion.h>

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int read_fd;
static int write_fd;
static struct log *log_made;
static struct lifecycle *lifecycle;
static struct catalog_observer observer;
static uint64_t now_ms;
static struct table before;
static struct table after;
static struct table_index indexes_before[2];
static struct table_index indexes_after[2];

static uint64_t wall_ms(void *context)
{
    (void)context;
    return now_ms;
}

static void setup(void)
{
    int fds[2];
    cr_assert_eq(pipe(fds), 0);
    cr_assert_neq(fcntl(fds[0], F_SETFL, O_NONBLOCK), -1);
    read_fd = fds[0];
    write_fd = fds[1];
    now_ms = 1763801857000;
    log_made =
        log_open(&(struct log_options){.fd = write_fd, .level = LOG_INFO, .wall_ms = wall_ms});
    struct store_clock clock = {.wall_ms = wall_ms};
    lifecycle = lifecycle_open(log_made, &clock);
    observer = lifecycle_observer(lifecycle);
    before = (struct table){.id = 7,
                            .name = SLICE_LITERAL("Books"),
                            .status = TABLE_ACTIVE,
                            .billing = BILLING_PAY_PER_REQUEST,
                            .indexes = indexes_before,
                            .schema_stamp = 99,
                            .schema_region = 1};
    after = before;
    after.indexes = indexes_after;
    indexes_before[0] = (struct table_index){.id = 1, .name = SLICE_LITERAL("by-year")};
    indexes_after[0] = indexes_before[0];
}

static void teardown(void)
{
    lifecycle_close(lifecycle);
    log_close(log_made);
    close(read_fd);
    close(write_fd);
}

TestSuite(lifecycle, .init = setup, .fini = teardown, .timeout = 20);

/* What was said since the last look is these lines, without their times. */
static void expect(const char *lines)
{
    char text[4096];
    char said[4096] = "";
    ssize_t size = read(read_fd, text, sizeof(text) - 1);
    text[size < 0 ? 0 : size] = 0;
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        const char *behind = strchr(line, ' ');
        cr_assert_not_null(behind);
        strcat(said, behind + 1);
        strcat(said, "\n");
    }
    cr_assert_str_eq(said, lines, "said:\n%s", said);
}

/* `after` comes into force after `ms` more. */
static void step(uint64_t ms)
{
    now_ms += ms;
    observer.changed(observer.context, &before, &after);
    before = after;
    before.indexes = indexes_before;
    memcpy(indexes_before, indexes_after, sizeof(indexes_before));
}

Test(lifecycle, a_table_comes_and_goes)
{
    after.billing = BILLING_PROVISIONED;
    observer.changed(observer.context, NULL, &after);
    expect("info table.created table=Books id=7 billing=PROVISIONED indexes=0 status=ACTIVE\n");
    observer.changed(observer.context, &after, NULL);
    expect("info table.deleted table=Books id=7\n");
    after.status = TABLE_CREATING; /* As another region's replica. */
    observer.changed(observer.context, NULL, &after);
    expect("info table.created table=Books id=7 billing=PROVISIONED indexes=0 status=CREATING\n");
    before = after;
    after.status = TABLE_ACTIVE;
    step(250);
    expect("info table.active table=Books took_ms=250\n");
}

Test(lifecycle, an_update_says_what_has_changed)
{
    step(0);
    expect(""); /* Nothing has. */
    after.schema_stamp = 100;
    step(0);
    expect("");
    after.billing = BILLING_PROVISIONED;
    after.throughput.read_units = 5;
    step(0);
    expect("info table.updated table=Books changed=billing,throughput stamp=100 region=1\n");
    after.throughput.decreased_ms = now_ms; /* A consequence, no setting. */
    after.deletion_protection = true;
    after.table_class = CLASS_STANDARD_INFREQUENT_ACCESS;
    after.kms_key = SLICE_LITERAL("arn:key");
    after.schema_region = 2;
    step(0);
    expect("info table.updated table=Books changed=class,deletion_protection,encryption stamp=100 "
           "region=2\n");
    before.indexes_count = after.indexes_count = 1;
    indexes_after[0].throughput.write_units = 3;
    step(0);
    expect("info table.updated table=Books changed=index_throughput stamp=100 region=2\n");
}

Test(lifecycle, an_index_is_made_and_deleted)
{
    after.indexes_count = 1;
    indexes_after[0].status = INDEX_CREATING;
    step(0);
    expect("info index.creating table=Books index=by-year\n");
    indexes_after[0].backfilling = true;
    step(10);
    expect("");
    indexes_after[0].status = INDEX_ACTIVE;
    step(1490);
    expect("info index.active table=Books index=by-year took_ms=1500\n");
    indexes_after[0].status = INDEX_DELETING;
    step(5);
    expect("info index.deleting table=Books index=by-year\n");
    after.indexes_count = 0;
    step(20);
    expect("info index.gone table=Books index=by-year took_ms=20\n");
}

Test(lifecycle, what_was_under_way_at_the_start_counts_from_there)
{
    before.indexes_count = after.indexes_count = 1;
    indexes_before[0].status = INDEX_CREATING;
    indexes_after[0].status = INDEX_ACTIVE;
    step(40);
    expect("info index.active table=Books index=by-year took_ms=40 resumed=true\n");
    after.indexes_count = 0; /* Another region's description has another index of that name. */
    step(1);
    expect("info index.gone table=Books index=by-year\n");
}

Test(lifecycle, streams_and_time_to_live)
{
    after.stream = (struct table_stream){3, STREAM_NEW_IMAGE, 1763801857001};
    step(0);
    expect("info stream.enabled table=Books view=NEW_IMAGE label_ms=1763801857001\n");
    after.stream.id = 0;
    step(0);
    expect("info stream.disabled table=Books label_ms=1763801857001\n");
    after.ttl = (struct table_ttl){TTL_ENABLING, SLICE_LITERAL("expires"), now_ms};
    step(0);
    expect("info ttl.enabling table=Books attribute=expires\n");
    after.ttl.status = TTL_ENABLED;
    step(30);
    expect("info ttl.enabled table=Books attribute=expires took_ms=30\n");
    after.ttl.status = TTL_DISABLING;
    step(0);
    expect("info ttl.disabling table=Books attribute=expires\n");
    after.ttl = (struct table_ttl){TTL_DISABLED, {NULL, 0}, now_ms};
    step(7);
    expect("info ttl.disabled table=Books attribute=expires took_ms=7\n");
}

static struct replica *replica(const char *region, enum replica_status status)
{
    struct replica *made = &after.replicas[after.replicas_count++];
    *made = (struct replica){.status = status};
    strcpy(made->region, region);
    return made;
}

Test(lifecycle, replicas)
{
    replica("eu-west-1", REPLICA_CREATING);
    replica("eu-west-2", REPLICA_CREATING);
    step(0);
    expect("info replica.creating table=Books region=eu-west-1\n"
           "info replica.creating table=Books region=eu-west-2\n");
    after.replicas[0].status = REPLICA_ACTIVE;
    step(800);
    expect("info replica.active table=Books region=eu-west-1 took_ms=800\n");
    after.replicas[1].status = REPLICA_CREATION_FAILED;
    strcpy(after.replicas[1].reason, "a table of that name is there");
    step(100);
    expect("warning replica.creation_failed table=Books region=eu-west-2 "
           "reason=\"a table of that name is there\" took_ms=900\n");
    after.replicas[0].status = REPLICA_DELETING;
    after.replicas_count = 1;
    step(0);
    expect("info replica.deleting table=Books region=eu-west-1\n"
           "info replica.gone table=Books region=eu-west-2\n");
    after.replicas_count = 0;
    step(60);
    expect("info replica.gone table=Books region=eu-west-1 took_ms=60\n");
    replica("eu-west-3", REPLICA_ACTIVE); /* As another member lists it: nothing began here. */
    step(0);
    expect("info replica.active table=Books region=eu-west-3\n");
}

Test(lifecycle, a_resource_policy_and_no_other_setting)
{
    observer.setting(observer.context, &before, SETTING_POLICY, true);
    observer.setting(observer.context, &before, SETTING_TAGS, true);
    observer.setting(observer.context, &before, SETTING_POLICY, false);
    expect("info table.policy table=Books policy=set\n"
           "info table.policy table=Books policy=cleared\n");
}

Test(lifecycle, more_under_way_than_are_remembered)
{
    after.indexes_count = 1;
    for (uint32_t i = 0; i < LIFECYCLES_MAX + 1; i++) {
        now_ms += 1000; /* Past the log's bound of lines in a second. */
        before.id = after.id = 100 + i;
        before.indexes_count = 0;
        indexes_after[0].status = INDEX_CREATING;
        observer.changed(observer.context, &before, &after);
        char line[256];
        cr_assert_gt(read(read_fd, line, sizeof(line)), 0);
    }
    before.indexes_count = 1;
    indexes_before[0].status = INDEX_CREATING;
    indexes_after[0].status = INDEX_ACTIVE;
    now_ms += 1000;
    observer.changed(observer.context, &before, &after);
    expect("info index.active table=Books index=by-year took_ms=1000\n");
    before.id = after.id = 100; /* The oldest gave its place. */
    observer.changed(observer.context, &before, &after);
    expect("info index.active table=Books index=by-year took_ms=258000 resumed=true\n");
}
