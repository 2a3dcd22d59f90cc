#include "daemon/cli/demo.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *demo_user(void)
{
    const struct passwd *entry = getpwuid(getuid());
    return entry == NULL ? "unknown" : entry->pw_name;
}

bool demo_locate(struct demo *demo, const char *directory, struct error *err)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    int size;
    memset(demo, 0, sizeof(*demo));
    if (directory != NULL) {
        char whole[DEMO_PATH_BYTES];
        const char *from = directory;
        if (directory[0] != '/' && getcwd(whole, sizeof(whole)) != NULL) {
            size = snprintf(demo->directory, sizeof(demo->directory), "%s/%s", whole, directory);
        } else {
            size = snprintf(demo->directory, sizeof(demo->directory), "%s", from);
        }
    } else if (runtime != NULL && runtime[0] == '/' && access(runtime, W_OK) == 0) {
        size = snprintf(demo->directory, sizeof(demo->directory), "%s/meridian-demo", runtime);
    } else {
        size = snprintf(demo->directory, sizeof(demo->directory), "/tmp/meridian-demo-%s",
                        demo_user());
    }
    /* Names of files in it are added later. */
    if (size < 0 || (size_t)size >= sizeof(demo->directory) - 64) {
        return error_set(err, ERROR_CONFIG, "the path of --dir is too long");
    }
    return true;
}

static void demo_usage(FILE *to)
{
    fprintf(to, "usage: meridian demo start [--regions N] [--rtt MS] [--dir DIR] [--base-port N]\n"
                "       meridian demo try [--dir DIR]\n"
                "       meridian demo stop [--dir DIR]\n\n"
                "Several regions on this machine, each a process of its own. start waits until all "
                "of them\nreach each other; try writes in one region and reads in the others; stop "
                "keeps the data.\n");
}

int demo_main(int argc, char **argv)
{
    if (argc >= 1 && strcmp(argv[0], "start") == 0) {
        return demo_start(argc - 1, argv + 1);
    }
    if (argc >= 1 && strcmp(argv[0], "try") == 0) {
        return demo_try(argc - 1, argv + 1);
    }
    if (argc >= 1 && strcmp(argv[0], "stop") == 0) {
        return demo_stop(argc - 1, argv + 1);
    }
    if (argc >= 1 && (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0)) {
        demo_usage(stdout);
        return CLI_OK;
    }
    demo_usage(stderr);
    return CLI_USAGE;
}
