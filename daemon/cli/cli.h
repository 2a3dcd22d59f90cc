/* The `meridian` command: what its subcommands share. One thread.
 *
 * A subcommand gets the words after its name and returns the exit status: CLI_OK; CLI_FAILED when
 * it could not do its job or (status) when all is not well; CLI_USAGE when it was called wrongly.
 */
#pragma once

#include "proto/base/arena.h"
#include "proto/base/error.h"

#include <stdio.h>

enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2 };
enum { CLI_ADMINS_MAX = 32 };

/* One flag of a subcommand. Exactly one of the targets is set. */
struct cli_option {
    const char *name;     /* "admin" for --admin. */
    char letter;          /* 'o' for -o; 0: none. */
    const char *argument; /* For the usage: "URL"; NULL for a switch. */
    const char *help;
    const char **text; /* The value. */
    bool *flag;        /* A switch. */
    const char **list; /* Values of a flag that may come several times, CLI_ADMINS_MAX. */
    uint32_t *list_count;
};

/* --admin and -o, for a call with the members `admins`, `admins_count` and `output`. */
#define CLI_NODE_OPTIONS(call)                                                                     \
    {.name = "admin",                                                                              \
     .argument = "URL",                                                                            \
     .help = "the node to ask",                                                                    \
     .list = (call).admins,                                                                        \
     .list_count = &(call).admins_count},                                                          \
    {                                                                                              \
        .name = "output", .letter = 'o', .argument = "FORM", .help = "text or json",               \
        .text = &(call).output                                                                     \
    }

/* Errors: CONFIG for unknown flags, missing values and words that are no flags. */
MUST_CHECK bool cli_parse(int argc,
                          char **argv,
                          const struct cli_option *options,
                          uint32_t options_count,
                          struct error *err);
/* "usage: meridian <command> …" and a line per option. */
void cli_usage(FILE *to,
               const char *command,
               const char *what,
               const struct cli_option *options,
               uint32_t options_count);
/* Parse, or say what is wrong. True when the command should go on; otherwise *status is the exit
 * status (--help: CLI_OK). */
MUST_CHECK bool cli_begin(const char *command,
                          const char *what,
                          int argc,
                          char **argv,
                          const struct cli_option *options,
                          uint32_t options_count,
                          int *status);

/* "meridian: <text>" on standard error; returns CLI_FAILED. */
int cli_fail(const struct error *err);
/* The same for a mistake in the call; returns CLI_USAGE. */
int cli_misuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A whole number from min to max. Errors: CONFIG, naming `what`. */
MUST_CHECK bool cli_number(const char *text,
                           const char *what,
                           uint64_t min,
                           uint64_t max,
                           uint64_t *number,
                           struct error *err);
/* -o text or -o json; NULL is text. Errors: CONFIG. */
MUST_CHECK bool cli_output(const char *text, bool *json, struct error *err);

/* "http://127.0.0.1:8080" of "127.0.0.1:8080", of a URL, or of a URL with a slash behind it. */
const char *cli_admin_url(struct arena *arena, const char *text);
/* Which nodes to ask, when --admin names none: $MERIDIAN_ADMIN, else those of the running demo in
 * its usual place, else http://127.0.0.1:8080. *count is what --admin gave, at first. */
void cli_admins(struct arena *arena, const char **admins, uint32_t *count);

int demo_main(int argc, char **argv);
int status_main(int argc, char **argv);
int regions_main(int argc, char **argv);
int lag_main(int argc, char **argv);
int conflicts_main(int argc, char **argv);
int link_main(int argc, char **argv);
int keys_main(int argc, char **argv);
