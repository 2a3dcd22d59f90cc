/* `meridian demo start` and `stop`. Starting what runs says so; starting what runs in part starts
 * the rest; a start that fails stops what it started. */
#include "daemon/cli/demo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const demo_regions[DEMO_REGIONS_MAX] = {
    "us-east-1",    "eu-west-1",  "ap-northeast-1", "us-west-2",     "sa-east-1",
    "eu-central-1", "ap-south-1", "ca-central-1",   "ap-southeast-2"};

/* Two starts at once would fight over ports and files. Released when the command ends. */
static bool demo_lock(const struct demo *demo, int *fd, struct error *err)
{
    char path[DEMO_PATH_BYTES];
    if (mkdir(demo->directory, 0700) != 0 && errno != EEXIST) {
        return error_set(err, ERROR_IO, "%s cannot be made: %s", demo->directory, strerror(errno));
    }
    struct stat made;
    if (stat(demo->directory, &made) != 0 || made.st_uid != geteuid()) {
        return error_set(err, ERROR_IO, "%s belongs to somebody else; give --dir", demo->directory);
    }
    demo_path(path, demo, "demo", ".lock");
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*fd < 0 || flock(*fd, LOCK_EX) != 0) {
        return error_set(err, ERROR_IO, "%s cannot be locked: %s", path, strerror(errno));
    }
    return true;
}

/* Commands find a demo in its usual place without being told. */
static bool demo_is_usual(const struct demo *demo)
{
    struct demo usual;
    struct error err = {0};
    return demo_locate(&usual, NULL, &err) && strcmp(usual.directory, demo->directory) == 0;
}

static void demo_describe(const struct demo *demo)
{
    for (uint32_t i = 0; i < demo->nodes_count; i++) {
        const struct demo_node *node = &demo->nodes[i];
        printf("  %-15s %-24s admin %-24s pid %ld\n", node->region, node->endpoint, node->admin,
               (long)node->pid);
    }
    if (demo->rtt_ms > 0) {
        printf("  every two of them are %u ms apart (round trip, emulated)\n", demo->rtt_ms);
    }
    bool usual = demo_is_usual(demo);
    printf("\nkeys and addresses for scripts: %s/demo.env\ntry:\n  meridian demo try%s%s\n",
           demo->directory, usual ? "" : " --dir ", usual ? "" : demo->directory);
    printf(
        "  AWS_SHARED_CREDENTIALS_FILE=%s/credentials aws --region %s --endpoint-url %s dynamodb "
        "list-tables\n",
        demo->directory, demo->nodes[0].region, demo->nodes[0].endpoint);
}

static uint32_t demo_count_alive(const struct demo *demo)
{
    uint32_t alive = 0;
    for (uint32_t i = 0; i < demo->nodes_count; i++) {
        alive += demo_is_alive(demo, &demo->nodes[i]) ? 1 : 0;
    }
    return alive;
}

/* Nothing of it runs. A demo that was killed, or whose machine was restarted, gets back the regions
 * and, if it can, the ports that demo.env names. */
static bool demo_prepare(struct demo *demo,
                         uint32_t regions,
                         uint32_t base_port,
                         const char *meridiand,
                         struct error *err)
{
    uint32_t wanted = regions != 0 ? regions : demo->nodes_count != 0 ? demo->nodes_count : 3;
    bool keep = base_port == 0 && wanted == demo->nodes_count && demo_ports_are_free(demo);
    demo->nodes_count = wanted;
    for (uint32_t i = 0; i < wanted; i++) {
        snprintf(demo->nodes[i].region, sizeof(demo->nodes[i].region), "%s", demo_regions[i]);
        demo->nodes[i].pid = 0;
    }
    return demo_credentials(demo, err) && (keep || demo_choose_ports(demo, base_port, err)) &&
           demo_write_cluster(demo, meridiand, err);
}

static bool demo_launch(struct demo *demo, const char *meridiand, struct error *err)
{
    bool started[DEMO_REGIONS_MAX] = {false};
    bool ok = true;
    for (uint32_t i = 0; ok && i < demo->nodes_count; i++) {
        if (!demo_is_alive(demo, &demo->nodes[i])) {
            ok = demo_spawn(demo, &demo->nodes[i], meridiand, err);
            started[i] = ok;
        }
    }
    ok = ok && demo_join(demo, demo->rtt_ms > 0, err) && demo_write(demo, err);
    for (uint32_t i = 0; !ok && i < demo->nodes_count; i++) {
        if (started[i] && !demo_end(demo, &demo->nodes[i])) {
            fprintf(stderr, "meridian: process %ld could not be stopped\n",
                    (long)demo->nodes[i].pid);
        }
    }
    return ok;
}

static int demo_start_in(struct demo *demo, uint32_t regions, const char *rtt, uint32_t base_port)
{
    struct error err = {0};
    char meridiand[DEMO_PATH_BYTES];
    uint64_t rtt_ms = 0;
    bool known = demo_read(demo, &err);
    uint32_t alive = known ? demo_count_alive(demo) : 0;
    if (!known && err.code != ERROR_NOT_FOUND) {
        return cli_fail(&err);
    }
    if (alive > 0 && regions != 0 && regions != demo->nodes_count) {
        error_set(
            &err, ERROR_IN_USE,
            "a demo with another number of regions, %u, runs in %s; `meridian demo stop` ends it",
            demo->nodes_count, demo->directory);
        return cli_fail(&err);
    }
    if (rtt != NULL && !cli_number(rtt, "--rtt", 0, 10000, &rtt_ms, &err)) {
        cli_fail(&err);
        return CLI_USAGE;
    }
    if (alive > 0 && alive == demo->nodes_count) {
        bool changed = rtt != NULL && rtt_ms != demo->rtt_ms;
        if (rtt != NULL) {
            demo->rtt_ms = (uint32_t)rtt_ms;
        }
        if (changed && !(demo_join(demo, true, &err) && demo_write(demo, &err))) {
            return cli_fail(&err);
        }
        printf("%u region%s already in %s\n", alive, alive == 1 ? " runs" : "s run",
               demo->directory);
        demo_describe(demo);
        return CLI_OK;
    }
    demo->rtt_ms = rtt != NULL ? (uint32_t)rtt_ms : demo->rtt_ms;
    if (!demo_find_meridiand(meridiand, &err) ||
        (alive == 0 && !demo_prepare(demo, regions, base_port, meridiand, &err)) ||
        !demo_launch(demo, meridiand, &err)) {
        return cli_fail(&err);
    }
    printf("%u region%s in %s\n", demo->nodes_count, demo->nodes_count == 1 ? " runs" : "s run",
           demo->directory);
    demo_describe(demo);
    return CLI_OK;
}

int demo_start(int argc, char **argv)
{
    const char *regions_text = NULL;
    const char *rtt = NULL;
    const char *directory = NULL;
    const char *base_port_text = NULL;
    const struct cli_option options[] = {
        {.name = "regions", .argument = "N", .help = "how many, 1 to 9 (3)", .text = &regions_text},
        {.name = "rtt", .argument = "MS", .help = "round trip between any two (0)", .text = &rtt},
        {.name = "dir",
         .argument = "DIR",
         .help = "its folder ($XDG_RUNTIME_DIR/meridian-demo, or under /tmp)",
         .text = &directory},
        {.name = "base-port",
         .argument = "N",
         .help = "ports from N on, ten apart per region: DynamoDB, peer, admin (free ones)",
         .text = &base_port_text},
    };
    struct demo demo;
    struct error err = {0};
    uint64_t regions = 0;
    uint64_t base_port = 0;
    int status = CLI_OK;
    int lock = -1;
    if (!cli_begin("demo start",
                   "Start several regions on this machine and wait until they are "
                   "joined.",
                   argc, argv, options, ARRAY_COUNT(options), &status)) {
        return status;
    }
    if ((regions_text != NULL &&
         !cli_number(regions_text, "--regions", 1, DEMO_REGIONS_MAX, &regions, &err)) ||
        (base_port_text != NULL &&
         !cli_number(base_port_text, "--base-port", 1024, 65000, &base_port, &err))) {
        return cli_misuse("%s", err.text);
    }
    if (!demo_locate(&demo, directory, &err) || !demo_lock(&demo, &lock, &err)) {
        return cli_fail(&err);
    }
    status = demo_start_in(&demo, (uint32_t)regions, rtt, (uint32_t)base_port);
    close(lock);
    return status;
}

int demo_stop(int argc, char **argv)
{
    const char *directory = NULL;
    const struct cli_option options[] = {
        {.name = "dir", .argument = "DIR", .help = "its folder", .text = &directory}};
    struct demo demo;
    struct error err = {0};
    int status = CLI_OK;
    if (!cli_begin("demo stop", "Stop the regions of a demo. Their data stays.", argc, argv,
                   options, ARRAY_COUNT(options), &status)) {
        return status;
    }
    if (!demo_locate(&demo, directory, &err)) {
        return cli_fail(&err);
    }
    if (!demo_read(&demo, &err)) {
        if (err.code != ERROR_NOT_FOUND) {
            return cli_fail(&err);
        }
        printf("%s\n", err.text);
        return CLI_OK;
    }
    for (uint32_t i = 0; i < demo.nodes_count; i++) {
        if (!demo_end(&demo, &demo.nodes[i])) {
            error_set(&err, ERROR_IO, "process %ld of %s does not end", (long)demo.nodes[i].pid,
                      demo.nodes[i].region);
            return cli_fail(&err);
        }
    }
    demo_remove(&demo);
    printf("%u region%s stopped; the data stays in %s\n", demo.nodes_count,
           demo.nodes_count == 1 ? "" : "s", demo.directory);
    return CLI_OK;
}
