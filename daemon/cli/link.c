/* `meridian link set` and `link clear`: a wide-area link, or a broken one, for what a node sends.
 */
#include "daemon/cli/cli.h"
#include "daemon/cli/http_client.h"

#include <stdlib.h>
#include <string.h>

static int link_send(const char *method, const char *admin, struct slice body)
{
    struct arena arena = {0};
    struct error err = {0};
    struct slice answer;
    struct client *client = client_open();
    int status = CLI_OK;
    if (!client_admin(client, method, admin, "/v1/link", body, &arena, &answer, &err)) {
        status = cli_fail(&err);
    }
    client_close(client);
    arena_destroy(&arena);
    return status;
}

struct link_flags {
    const char *admin, *peer, *delay, *jitter, *loss;
    bool cut;
};

/* The settings as the node takes them; it checks the percentage and the region itself. */
static bool link_body(const struct link_flags *flags, struct buffer *to, struct error *err)
{
    uint64_t delay_ms = 0;
    uint64_t jitter_ms = 0;
    char *end = NULL;
    double loss = flags->loss == NULL ? 0 : strtod(flags->loss, &end);
    if ((flags->delay != NULL && !cli_number(flags->delay, "--delay", 0, 60000, &delay_ms, err)) ||
        (flags->jitter != NULL &&
         !cli_number(flags->jitter, "--jitter", 0, 60000, &jitter_ms, err))) {
        return false;
    }
    if (flags->loss != NULL && (end == flags->loss || *end != 0 || !(loss >= 0 && loss <= 100))) {
        return error_set(err, ERROR_CONFIG, "--loss wants a percentage from 0 to 100, not \"%s\"",
                         flags->loss);
    }
    buffer_append_text(to, "{\"peer\":");
    json_write_string(to, slice_text(flags->peer));
    buffer_printf(to, ",\"delay_ms\":%llu,\"jitter_ms\":%llu,\"loss_percent\":%.9g,\"cut\":%s}",
                  (unsigned long long)delay_ms, (unsigned long long)jitter_ms, loss,
                  flags->cut ? "true" : "false");
    return true;
}

static int link_set(int argc, char **argv)
{
    struct link_flags flags = {.cut = false};
    const struct cli_option options[] = {
        {.name = "admin", .argument = "URL", .help = "the sending node", .text = &flags.admin},
        {.name = "peer", .argument = "REGION", .help = "the receiving region", .text = &flags.peer},
        {.name = "delay", .argument = "MS", .help = "one way (0)", .text = &flags.delay},
        {.name = "jitter",
         .argument = "MS",
         .help = "up to so much more (0)",
         .text = &flags.jitter},
        {.name = "loss", .argument = "PERCENT", .help = "resent late (0)", .text = &flags.loss},
        {.name = "cut", .help = "nothing arrives", .flag = &flags.cut},
    };
    struct error err = {0};
    struct arena arena = {0};
    struct buffer body;
    int status = CLI_OK;
    if (!cli_begin(
            "link set",
            "What a node sends to a peer from now on. Describes the link wholly: what is not "
            "named is off.",
            argc, argv, options, ARRAY_COUNT(options), &status)) {
        return status;
    }
    if (flags.admin == NULL || flags.peer == NULL) {
        return cli_misuse("link set wants --admin URL and --peer REGION");
    }
    buffer_init(&body, &arena, 256);
    if (!link_body(&flags, &body, &err)) {
        status = cli_misuse("%s", err.text);
    } else {
        status = link_send("POST", cli_admin_url(&arena, flags.admin), buffer_slice(&body));
    }
    arena_destroy(&arena);
    return status;
}

static int link_clear(int argc, char **argv)
{
    struct link_flags flags = {.cut = false};
    const struct cli_option options[] = {
        {.name = "admin", .argument = "URL", .help = "the sending node", .text = &flags.admin},
        {.name = "peer",
         .argument = "REGION",
         .help = "the receiving region (all of them)",
         .text = &flags.peer}};
    struct arena arena = {0};
    struct buffer body;
    int status = CLI_OK;
    if (!cli_begin("link clear", "The links of a node as they are, without emulation.", argc, argv,
                   options, ARRAY_COUNT(options), &status)) {
        return status;
    }
    if (flags.admin == NULL) {
        return cli_misuse("link clear wants --admin URL");
    }
    const char *url = cli_admin_url(&arena, flags.admin);
    if (flags.peer == NULL) {
        status = link_send("DELETE", url, (struct slice){0});
    } else { /* A description that names nothing is a link without emulation. */
        buffer_init(&body, &arena, 256);
        buffer_append_text(&body, "{\"peer\":");
        json_write_string(&body, slice_text(flags.peer));
        buffer_append_byte(&body, '}');
        status = link_send("POST", url, buffer_slice(&body));
    }
    arena_destroy(&arena);
    return status;
}

int link_main(int argc, char **argv)
{
    if (argc >= 1 && strcmp(argv[0], "set") == 0) {
        return link_set(argc - 1, argv + 1);
    }
    if (argc >= 1 && strcmp(argv[0], "clear") == 0) {
        return link_clear(argc - 1, argv + 1);
    }
    bool help = argc >= 1 && (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0);
    fprintf(help ? stdout : stderr,
            "usage: meridian link set --admin URL --peer REGION [--delay MS] [--jitter MS] "
            "[--loss PERCENT] [--cut]\n"
            "       meridian link clear --admin URL [--peer REGION]\n");
    return help ? CLI_OK : CLI_USAGE;
}
