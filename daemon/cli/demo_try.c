/* `meridian demo try`: make a table in the first region, replicate it to the others, write an item
 * in the first and watch it arrive in the others. */
#include "daemon/cli/demo.h"
#include "daemon/cli/http_client.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TRY_ACTIVE_MS = 60000, TRY_ARRIVE_MS = 30000, TRY_POLL_MS = 50 };

static const char try_table[] = "demo";

struct
try {
    struct demo demo;
    struct client *client;
    struct arena arena;
};

static double try_now_ms(void)
{
    struct timespec now;
    ensure(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (double)now.tv_sec * 1000 + (double)now.tv_nsec / 1e6;
}

static bool try_call(struct try *try,
                     uint32_t region,
                     const char *operation,
                     const char *body,
                     struct json **answer,
                     struct error *err)
{
    const struct demo_node *node = &try->demo.nodes[region];
    const struct client_keys keys = {.endpoint = node->endpoint,
                                     .region = node->region,
                                     .id = try->demo.id,
                                     .secret = try->demo.secret};
    if (!client_dynamodb(try->client, &keys, operation, slice_text(body), &try->arena, answer,
                         err)) {
        return error_wrap(err, "%s", node->region);
    }
    return true;
}

static const struct json *try_table_of(const struct json *answer)
{
    const struct json *table = json_get(answer, "Table");
    return table == NULL ? NULL : table;
}

/* The status of the table in a region, or of its replica `of` as that region sees it. */
static bool try_status(
    struct try *try, uint32_t region, const char *of, struct slice *status, struct error *err)
{
    struct json *answer = NULL;
    const char *body = arena_printf(&try->arena, "{\"TableName\":\"%s\"}", try_table);
    *status = (struct slice){0};
    if (!try_call(try, region, "DescribeTable", body, &answer, err)) {
        return false;
    }
    const struct json *table = try_table_of(answer);
    const struct json *found = table == NULL || of != NULL ? NULL : json_get(table, "TableStatus");
    const struct json *replicas = table == NULL || of == NULL ? NULL : json_get(table, "Replicas");
    for (const struct json *replica = replicas == NULL ? NULL : replicas->first; replica != NULL;
         replica = replica->next) {
        const struct json *name = json_get(replica, "RegionName");
        if (name != NULL && slice_is(name->text, of)) {
            found = json_get(replica, "ReplicaStatus");
        }
    }
    *status = found == NULL ? (struct slice){0} : found->text;
    return true;
}

static bool try_wait_active(struct try *try, uint32_t region, const char *of, struct error *err)
{
    const struct timespec pause = {.tv_nsec = TRY_POLL_MS * 1000000L};
    double deadline_ms = try_now_ms() + TRY_ACTIVE_MS;
    for (;;) {
        struct slice status;
        struct error reason = {0};
        bool answered = try_status(try, region, of, &status, &reason);
        if (answered && slice_is(status, "ACTIVE")) {
            return true;
        }
        if (try_now_ms() >= deadline_ms) {
            return error_set(err, ERROR_UNAVAILABLE, "table %s%s%s did not get ACTIVE in %s: %s",
                             try_table, of == NULL ? "" : " of ", of == NULL ? "" : of,
                             try->demo.nodes[region].region,
                             answered ? "it takes too long" : reason.text);
        }
        nanosleep(&pause, NULL);
    }
}

static bool try_make_table(struct try *try, struct error *err)
{
    struct json *answer = NULL;
    struct error reason = {0};
    const char *body = arena_printf(
        &try->arena,
        "{\"TableName\":\"%s\",\"BillingMode\":\"PAY_PER_REQUEST\","
        "\"AttributeDefinitions\":[{\"AttributeName\":\"pk\",\"AttributeType\":\"S\"}],"
        "\"KeySchema\":[{\"AttributeName\":\"pk\",\"KeyType\":\"HASH\"}]}",
        try_table);
    if (!try_call(try, 0, "CreateTable", body, &answer, &reason)) {
        if (strstr(reason.text, "ResourceInUseException") == NULL) {
            *err = reason;
            return false;
        }
        printf("table %s is there already\n", try_table);
    } else {
        printf("made table %s in %s\n", try_table, try->demo.nodes[0].region);
    }
    return try_wait_active(try, 0, NULL, err);
}

static bool try_make_replica(struct try *try, uint32_t region, struct error *err)
{
    struct json *answer = NULL;
    struct slice status;
    const char *name = try->demo.nodes[region].region;
    const char *body = arena_printf(
        &try->arena,
        "{\"TableName\":\"%s\",\"ReplicaUpdates\":[{\"Create\":{\"RegionName\":\"%s\"}}]}",
        try_table, name);
    if (!try_status(try, 0, name, &status, err)) {
        return false;
    }
    if (status.size == 0) {
        double started_ms = try_now_ms();
        if (!try_call(try, 0, "UpdateTable", body, &answer, err) ||
            !try_wait_active(try, 0, name, err) || !try_wait_active(try, 0, NULL, err) ||
            !try_wait_active(try, region, NULL, err)) {
            return false;
        }
        printf("%s is a replica, ACTIVE after %.0f ms\n", name, try_now_ms() - started_ms);
        return true;
    }
    return try_wait_active(try, 0, name, err) && try_wait_active(try, region, NULL, err);
}

/* Is the greeting in the region? */
static bool
try_look(struct try *try, uint32_t region, const char *greeting, bool *there, struct error *err)
{
    struct json *answer = NULL;
    const char *body = arena_printf(
        &try->arena, "{\"TableName\":\"%s\",\"Key\":{\"pk\":{\"S\":\"hello\"}}}", try_table);
    *there = false;
    if (!try_call(try, region, "GetItem", body, &answer, err)) {
        return false;
    }
    const struct json *item = json_get(answer, "Item");
    const struct json *value = item == NULL ? NULL : json_get(item, "greeting");
    const struct json *text = value == NULL ? NULL : json_get(value, "S");
    *there = text != NULL && slice_is(text->text, greeting);
    return true;
}

/* Ask the regions in turn until all have it; a region's lag counts from the writer's answer. */
static bool try_watch(struct try *try,
                      const char *greeting,
                      double written_ms,
                      double arrived_ms[static DEMO_REGIONS_MAX],
                      struct error *err)
{
    uint32_t missing = try->demo.nodes_count - 1;
    ensure(try->demo.nodes_count <= DEMO_REGIONS_MAX);
    while (missing > 0) {
        for (uint32_t i = 1; i < try->demo.nodes_count; i++) {
            bool there = false;
            if (arrived_ms[i] >= 0) {
                continue;
            }
            if (!try_look(try, i, greeting, &there, err)) {
                return false;
            }
            if (there) {
                arrived_ms[i] = try_now_ms() - written_ms;
                missing--;
            } else if (try_now_ms() - written_ms > TRY_ARRIVE_MS) {
                return error_set(err, ERROR_UNAVAILABLE,
                                 "the item did not arrive in %s within %d s; see meridian status",
                                 try->demo.nodes[i].region, TRY_ARRIVE_MS / 1000);
            }
        }
        arena_clear(&try->arena);
    }
    return true;
}

static bool try_write_and_watch(struct try *try, struct error *err)
{
    char greeting[64];
    double arrived_ms[DEMO_REGIONS_MAX] = {0};
    struct json *answer = NULL;
    bool there = false;
    struct timespec now;
    ensure(clock_gettime(CLOCK_REALTIME, &now) == 0);
    snprintf(greeting, sizeof(greeting), "written at %lld.%03ld", (long long)now.tv_sec,
             now.tv_nsec / 1000000);
    for (uint32_t i = 0; i < try->demo.nodes_count; i++) { /* Connections are made beforehand. */
        arrived_ms[i] = -1;
        if (!try_look(try, i, greeting, &there, err)) {
            return false;
        }
    }
    const char *body = arena_printf(&try->arena,
                                    "{\"TableName\":\"%s\",\"Item\":{\"pk\":{\"S\":\"hello\"},"
                                    "\"greeting\":{\"S\":\"%s\"}}}",
                                    try_table, greeting);
    double started_ms = try_now_ms();
    if (!try_call(try, 0, "PutItem", body, &answer, err)) {
        return false;
    }
    double written_ms = try_now_ms();
    printf("wrote \"hello\" in %s: durable after %.1f ms\n", try->demo.nodes[0].region,
           written_ms - started_ms);
    if (!try_watch(try, greeting, written_ms, arrived_ms, err)) {
        return false;
    }
    for (uint32_t i = 1; i < try->demo.nodes_count; i++) {
        printf("read it in %s: lag %.1f ms\n", try->demo.nodes[i].region, arrived_ms[i]);
    }
    return true;
}

static bool try_run(struct try *try, struct error *err)
{
    if (!try_make_table(try, err)) {
        return false;
    }
    for (uint32_t i = 1; i < try->demo.nodes_count; i++) {
        if (!try_make_replica(try, i, err)) {
            return false;
        }
    }
    return try_write_and_watch(try, err);
}

int demo_try(int argc, char **argv)
{
    const char *directory = NULL;
    const struct cli_option options[] = {
        {.name = "dir", .argument = "DIR", .help = "its folder", .text = &directory}};
    struct try try = {.client = NULL};
    struct error err = {0};
    int status = CLI_OK;
    if (!cli_begin("demo try", "Write an item in the first region and read it in the others.", argc,
                   argv, options, ARRAY_COUNT(options), &status)) {
        return status;
    }
    if (!demo_locate(&try.demo, directory, &err) || !demo_read(&try.demo, &err)) {
        if (err.code == ERROR_NOT_FOUND) {
            error_set(&err, ERROR_NOT_FOUND,
                      "no demo runs in %s; start one with `meridian demo start`",
                      try.demo.directory);
        }
        return cli_fail(&err);
    }
    try.client = client_open();
    if (!try_run(&try, &err)) {
        status = cli_fail(&err);
    }
    client_close(try.client);
    arena_destroy(&try.arena);
    return status;
}
