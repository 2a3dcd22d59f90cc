/* Goal: the command says what is wrong with a call, reads what it writes, and a whole demo starts,
 * replicates, survives a kill and stops. Method: the command's own functions; the demo test runs
 * the real meridiand, which lies beside this executable. */
#include "daemon/cli/cli.h"
#include "daemon/cli/demo.h"
#include "daemon/cli/survey.h"
#include "tests/support/directory.h"

#include <criterion/criterion.h>

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* --- Calls ---------------------------------------------------------------------------------- */

static void expect_refusal(const char *word, const char *next, const char *text)
{
    const char *value = NULL;
    bool flag = false;
    const char *list[CLI_ADMINS_MAX];
    uint32_t list_count = 0;
    const struct cli_option options[] = {
        {.name = "peer", .letter = 'p', .argument = "REGION", .text = &value},
        {.name = "cut", .flag = &flag},
        {.name = "admin", .argument = "URL", .list = list, .list_count = &list_count},
    };
    char *argv[] = {(char *)(uintptr_t)word, (char *)(uintptr_t)next};
    struct error err = {0};
    cr_assert_not(cli_parse(next == NULL ? 1 : 2, argv, options, ARRAY_COUNT(options), &err), "%s",
                  word);
    cr_assert_eq(err.code, ERROR_CONFIG);
    cr_assert_str_eq(err.text, text);
}

Test(cli, refuses_flags_it_does_not_know_and_values_that_are_missing)
{
    expect_refusal("--colour", NULL, "there is no flag \"--colour\"");
    expect_refusal("peer", NULL, "there is no flag \"peer\"");
    expect_refusal("-x", NULL, "there is no flag \"-x\"");
    expect_refusal("-", NULL, "there is no flag \"-\"");
    expect_refusal("--peer", NULL, "--peer wants a value: --peer REGION");
    expect_refusal("-p", NULL, "--peer wants a value: --peer REGION");
    expect_refusal("--cut=yes", NULL, "--cut takes no value");
    expect_refusal("--cut", "more", "there is no flag \"more\"");
}

Test(cli, takes_values_behind_an_equals_sign_or_a_blank_and_lists)
{
    const char *value = NULL;
    bool flag = false;
    const char *list[CLI_ADMINS_MAX];
    uint32_t list_count = 0;
    const struct cli_option options[] = {
        {.name = "peer", .letter = 'p', .argument = "REGION", .text = &value},
        {.name = "cut", .flag = &flag},
        {.name = "admin", .argument = "URL", .list = list, .list_count = &list_count},
    };
    char words[][16] = {"--admin=a", "--cut", "-p", "x=y", "--admin", "b"};
    char *argv[6];
    struct error err = {0};
    for (int i = 0; i < 6; i++) {
        argv[i] = words[i];
    }
    cr_assert(cli_parse(6, argv, options, ARRAY_COUNT(options), &err), "%s", err.text);
    cr_assert_str_eq(value, "x=y");
    cr_assert(flag);
    cr_assert_eq(list_count, 2);
    cr_assert_str_eq(list[0], "a");
    cr_assert_str_eq(list[1], "b");
}

Test(cli, bounds_lists)
{
    const char *list[CLI_ADMINS_MAX];
    uint32_t list_count = CLI_ADMINS_MAX;
    const struct cli_option options[] = {
        {.name = "admin", .argument = "URL", .list = list, .list_count = &list_count}};
    char word[] = "--admin=a";
    char *argv[] = {word};
    struct error err = {0};
    cr_assert_not(cli_parse(1, argv, options, 1, &err));
    cr_assert_str_eq(err.text, "--admin may be given 32 times at most");
}

Test(cli, checks_numbers_and_forms_of_output)
{
    struct error err = {0};
    uint64_t number = 0;
    bool json = false;
    cr_assert(cli_number("60000", "--delay", 0, 60000, &number, &err));
    cr_assert_eq(number, 60000);
    cr_assert_not(cli_number("60001", "--delay", 0, 60000, &number, &err));
    cr_assert_str_eq(err.text, "--delay wants a number from 0 to 60000, not \"60001\"");
    cr_assert_not(cli_number("", "--delay", 0, 9, &number, &err));
    cr_assert_not(cli_number("1ms", "--delay", 0, 9, &number, &err));
    cr_assert(cli_output(NULL, &json, &err));
    cr_assert_not(json);
    cr_assert(cli_output("json", &json, &err));
    cr_assert(json);
    cr_assert_not(cli_output("xml", &json, &err));
    cr_assert_str_eq(err.text, "-o wants text or json, not \"xml\"");
}

Test(cli, admin_addresses_may_lack_the_scheme)
{
    struct arena arena = {0};
    cr_assert_str_eq(cli_admin_url(&arena, "127.0.0.1:1"), "http://127.0.0.1:1");
    cr_assert_str_eq(cli_admin_url(&arena, "https://a:1/"), "https://a:1");
    arena_destroy(&arena);
}

static int run(int (*command)(int, char **), const char *words)
{
    char *copy = strdup(words);
    char *argv[16];
    int argc = 0;
    char *rest = NULL;
    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        argv[argc++] = word;
    }
    int status = command(argc, argv);
    free(copy);
    return status;
}

Test(cli, wrong_calls_end_with_two_and_unreachable_nodes_with_one)
{
    cr_assert_eq(run(demo_main, ""), CLI_USAGE);
    cr_assert_eq(run(demo_main, "restart"), CLI_USAGE);
    cr_assert_eq(run(demo_main, "start --regions 10"), CLI_USAGE);
    cr_assert_eq(run(demo_main, "start --base-port 80"), CLI_USAGE);
    cr_assert_eq(run(link_main, ""), CLI_USAGE);
    cr_assert_eq(run(link_main, "set --peer a"), CLI_USAGE);
    cr_assert_eq(run(link_main, "set --admin 127.0.0.1:1 --peer a --loss 101"), CLI_USAGE);
    cr_assert_eq(run(link_main, "set --admin 127.0.0.1:1 --peer a --delay x"), CLI_USAGE);
    cr_assert_eq(run(link_main, "clear"), CLI_USAGE);
    cr_assert_eq(run(conflicts_main, ""), CLI_USAGE);
    cr_assert_eq(run(conflicts_main, "list --limit 0"), CLI_USAGE);
    cr_assert_eq(run(conflicts_main, "show"), CLI_USAGE);
    cr_assert_eq(run(conflicts_main, "show XYZ"), CLI_USAGE);
    cr_assert_eq(run(conflicts_main, "restore"), CLI_USAGE);
    cr_assert_eq(run(conflicts_main, "restore ab --table t"), CLI_USAGE);
    cr_assert_eq(run(conflicts_main, "--help"), CLI_OK);
    cr_assert_eq(run(status_main, "-o xml"), CLI_USAGE);
    cr_assert_eq(run(lag_main, "--what"), CLI_USAGE);
    cr_assert_eq(run(link_main, "clear --admin 127.0.0.1:1"), CLI_FAILED);
    cr_assert_eq(run(conflicts_main, "list --admin 127.0.0.1:1"), CLI_FAILED);
    cr_assert_eq(run(status_main, "--admin 127.0.0.1:1"), CLI_FAILED);
    cr_assert_eq(run(regions_main, "--admin 127.0.0.1:1"), CLI_FAILED);
    cr_assert_eq(run(status_main, "--help"), CLI_OK);
    cr_assert_eq(run(demo_main, "--help"), CLI_OK);
}

/* --- Files of a demo ------------------------------------------------------------------------ */

Test(demo, reads_the_environment_file_it_writes)
{
    char *directory = test_directory_make();
    struct demo written;
    struct demo read;
    struct error err = {0};
    struct stat stat_of;
    char path[DEMO_PATH_BYTES];
    cr_assert(demo_locate(&written, directory, &err));
    cr_assert(demo_locate(&read, directory, &err));
    cr_assert_not(demo_read(&read, &err));
    cr_assert_eq(err.code, ERROR_NOT_FOUND);
    written.nodes_count = 2;
    written.rtt_ms = 80;
    for (int i = 0; i < 2; i++) {
        struct demo_node *node = &written.nodes[i];
        snprintf(node->region, sizeof(node->region), "eu-west-%d", i + 1);
        node->pid = 77 + i;
    }
    cr_assert(demo_choose_ports(&written, 0, &err), "%s", err.text);
    cr_assert(demo_ports_are_free(&written));
    cr_assert(demo_credentials(&written, &err), "%s", err.text);
    cr_assert_eq(strlen(written.id), 20);
    cr_assert_eq(strlen(written.secret), 40);
    cr_assert(demo_write(&written, &err), "%s", err.text);
    cr_assert(demo_read(&read, &err), "%s", err.text);
    cr_assert_arr_eq(&written, &read, sizeof(read));
    demo_path(path, &written, "demo", ".env");
    cr_assert_eq(stat(path, &stat_of), 0);
    cr_assert_eq(stat_of.st_mode & 0777, 0600, "keys are in it");
    memset(read.id, 0, sizeof(read.id));
    cr_assert(demo_credentials(&read, &err), "%s", err.text);
    cr_assert_str_eq(read.id, written.id, "a second start has the same key");
    test_directory_remove(directory);
}

static void write_text(const char *path, const char *text)
{
    FILE *to = fopen(path, "w");
    cr_assert_not_null(to);
    cr_assert_geq(fputs(text, to), 0);
    cr_assert_eq(fclose(to), 0);
}

Test(demo, refuses_broken_files)
{
    char *directory = test_directory_make();
    struct demo demo;
    struct error err = {0};
    char path[DEMO_PATH_BYTES];
    cr_assert(demo_locate(&demo, directory, &err));
    demo_path(path, &demo, "demo", ".env");
    write_text(path, "REGIONS=2\nENDPOINT_1=http://127.0.0.1:1\nnonsense\n");
    cr_assert_not(demo_read(&demo, &err));
    cr_assert_eq(err.code, ERROR_CONFIG);
    write_text(path, "REGIONS=1000\n");
    cr_assert_not(demo_read(&demo, &err));
    demo_path(path, &demo, "credentials", "");
    write_text(path, "[default]\n");
    cr_assert_not(demo_credentials(&demo, &err));
    cr_assert_eq(err.code, ERROR_CONFIG);
    test_directory_remove(directory);
}

Test(demo, a_stranger_with_its_number_is_not_its_process)
{
    char *directory = test_directory_make();
    struct demo demo;
    struct error err = {0};
    cr_assert(demo_locate(&demo, directory, &err));
    struct demo_node node = {.region = "us-east-1", .pid = getpid()};
    cr_assert_not(demo_is_alive(&demo, &node));
    cr_assert(demo_end(&demo, &node), "nothing of ours is left to end");
    test_directory_remove(directory);
}

Test(demo, says_why_a_program_failed)
{
    struct error err = {0};
    char output[256];
    const char *const missing[] = {"/nowhere/program", NULL};
    const char *const fails[] = {"/bin/sh", "-c", "echo it is broken >&2; exit 3", NULL};
    const char *const works[] = {"/bin/sh", "-c", "echo fine", NULL};
    cr_assert_not(demo_run(missing, output, sizeof(output), &err));
    cr_assert_not(demo_run(fails, output, sizeof(output), &err));
    cr_assert_str_eq(err.text, "/bin/sh failed: it is broken");
    cr_assert(demo_run(works, output, sizeof(output), &err));
    cr_assert_str_eq(output, "fine\n");
}

/* --- A whole demo --------------------------------------------------------------------------- */

static int run_in(int (*command)(int, char **), const char *words, const char *directory)
{
    char whole[512];
    snprintf(whole, sizeof(whole), "%s --dir %s", words, directory);
    return run(command, whole);
}

static int run_at(int (*command)(int, char **), const char *words, const char *admin)
{
    char whole[512];
    snprintf(whole, sizeof(whole), "%s --admin %s", words, admin);
    return run(command, whole);
}

static void kill_node(pid_t pid)
{
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    cr_assert_geq(pidfd, 0);
    cr_assert_eq(kill(pid, SIGKILL), 0);
    struct pollfd gone = {.fd = pidfd, .events = POLLIN};
    cr_assert_eq(poll(&gone, 1, 10000), 1);
    close(pidfd);
}

Test(demo, starts_replicates_survives_a_kill_and_stops, .timeout = 120)
{
    char *directory = test_directory_make();
    struct demo demo;
    struct demo again;
    struct error err = {0};
    cr_assert_eq(run_in(demo_main, "try", directory), CLI_FAILED, "nothing runs");
    cr_assert_eq(run_in(demo_main, "start --regions 2 --rtt 5", directory), CLI_OK);
    cr_assert(demo_locate(&demo, directory, &err) && demo_read(&demo, &err), "%s", err.text);
    cr_assert_eq(demo.nodes_count, 2);
    cr_assert_eq(demo.rtt_ms, 5);
    cr_assert_eq(run_in(demo_main, "start", directory), CLI_OK, "it runs already");
    cr_assert_eq(run_in(demo_main, "start --regions 3", directory), CLI_FAILED);
    cr_assert_eq(run_in(demo_main, "try", directory), CLI_OK);
    cr_assert_eq(run_at(status_main, "-o json", demo.nodes[0].admin), CLI_OK);
    cr_assert_eq(run_at(status_main, "", demo.nodes[1].admin), CLI_OK);
    cr_assert_eq(run_at(regions_main, "", demo.nodes[0].admin), CLI_OK);
    cr_assert_eq(run_at(lag_main, "-o json", demo.nodes[0].admin), CLI_OK);
    cr_assert_eq(run_at(conflicts_main, "list --table demo -o json", demo.nodes[0].admin), CLI_OK);
    cr_assert_eq(run_at(conflicts_main, "list --table none", demo.nodes[0].admin), CLI_FAILED);
    cr_assert_eq(run_at(conflicts_main, "show abcd", demo.nodes[0].admin), CLI_FAILED);
    cr_assert_eq(run_at(conflicts_main, "restore abcd", demo.nodes[0].admin), CLI_FAILED);
    cr_assert_eq(run_at(link_main, "set --peer eu-west-1 --cut", demo.nodes[0].admin), CLI_OK);
    cr_assert_eq(run_at(status_main, "", demo.nodes[0].admin), CLI_FAILED, "a cut is not well");
    cr_assert_eq(run_at(link_main, "set --peer mars", demo.nodes[0].admin), CLI_FAILED);
    cr_assert_eq(run_at(link_main, "clear", demo.nodes[0].admin), CLI_OK);
    kill_node(demo.nodes[1].pid);
    cr_assert_eq(run_in(demo_main, "start", directory), CLI_OK);
    cr_assert(demo_locate(&again, directory, &err) && demo_read(&again, &err), "%s", err.text);
    cr_assert_eq(again.nodes[0].pid, demo.nodes[0].pid);
    cr_assert_neq(again.nodes[1].pid, demo.nodes[1].pid);
    cr_assert_str_eq(again.nodes[1].endpoint, demo.nodes[1].endpoint);
    cr_assert_eq(run_in(demo_main, "try", directory), CLI_OK);
    cr_assert_eq(run_in(demo_main, "stop", directory), CLI_OK);
    cr_assert_eq(run_in(demo_main, "stop", directory), CLI_OK, "there is nothing to stop");
    cr_assert_not(demo_is_alive(&again, &again.nodes[0]));
    test_directory_remove(directory);
}
