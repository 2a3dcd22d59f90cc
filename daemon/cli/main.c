#include "daemon/cli/cli.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

static const struct main_command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} main_commands[] = {
    {"demo", demo_main, "start, stop or try several regions on this machine"},
    {"status", status_main, "is all well? then regions, lag, clocks, tables"},
    {"regions", regions_main, "the regions of the cluster and who reaches whom"},
    {"lag", lag_main, "how far each region is behind each other"},
    {"conflicts", conflicts_main, "writes that collided, with both images"},
    {"keys", keys_main, "access keys of a node, and what their users may do"},
    {"link", link_main, "delay, lose or cut what a node sends to a peer"},
};

static void main_usage(FILE *to)
{
    fprintf(to, "meridian looks after regions that meridiand serves.\n\n"
                "usage: meridian <command> [flags]\n\n");
    for (size_t i = 0; i < ARRAY_COUNT(main_commands); i++) {
        fprintf(to, "  %-11s %s\n", main_commands[i].name, main_commands[i].help);
    }
    fprintf(to,
            "\n`meridian <command> --help` says more. Exit status: 0 done and well, 1 failed or "
            "not well, 2 called wrongly.\n");
}

static int main_run(int argc, char **argv)
{
    for (size_t i = 0; i < ARRAY_COUNT(main_commands); i++) {
        if (strcmp(argv[1], main_commands[i].name) == 0) {
            return main_commands[i].run(argc - 2, argv + 2);
        }
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        main_usage(stdout);
        return CLI_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("meridian %s\n", MERIDIAN_VERSION);
        return CLI_OK;
    }
    return cli_misuse("there is no command \"%s\"; see meridian --help", argv[1]);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        main_usage(stderr);
        return CLI_USAGE;
    }
    ensure(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
    int status = main_run(argc, argv);
    curl_global_cleanup();
    return status;
}
