/* Goal: settings come from the right source, and whatever is wrong is refused with a sentence that
 * names the place. Method: load from argument vectors, environments and files of a test directory.
 */
#include "daemon/config.h"
#include "tests/support/directory.h"

#include <criterion/criterion.h>

#include <stdio.h>

#define KEY_1 "1111111111111111111111111111111111111111111111111111111111111111"
#define KEY_2 "2222222222222222222222222222222222222222222222222222222222222222"

struct attempt {
    char *flags, *environment; /* The configuration borrows their words. */
    struct config config;
    struct error err;
    bool ok;
};

enum { ARGUMENTS_MAX = 16 };

/* The words of `flags` and of `environment`, separated by blanks; --data and --region are there. */
static struct attempt load(const char *flags, const char *environment)
{
    static const char *const first[] = {"meridiand", "--data", "d", "--region", "us-east-1"};
    const char *argv[ARGUMENTS_MAX];
    const char *variables[ARGUMENTS_MAX];
    struct attempt attempt = {.flags = strdup(flags), .environment = strdup(environment)};
    int argc = 0;
    size_t count = 0;
    for (; argc < 5; argc++) {
        argv[argc] = first[argc];
    }
    char *rest = NULL;
    for (char *word = strtok_r(attempt.flags, " ", &rest); word != NULL;
         word = strtok_r(NULL, " ", &rest)) {
        argv[argc++] = word;
    }
    for (char *word = strtok_r(attempt.environment, " ", &rest); word != NULL;
         word = strtok_r(NULL, " ", &rest)) {
        variables[count++] = word;
    }
    variables[count] = NULL;
    attempt.ok = config_load(argc, argv, variables, &attempt.config, &attempt.err);
    return attempt;
}

static void attempt_clear(struct attempt *attempt)
{
    if (attempt->ok) {
        config_clear(&attempt->config);
    }
    free(attempt->flags);
    free(attempt->environment);
}

static void expect_action(const char *flags, enum config_action action)
{
    struct attempt attempt = load(flags, "");
    cr_assert(attempt.ok, "%s: %s", flags, attempt.err.text);
    cr_assert_eq(attempt.config.action, action);
    attempt_clear(&attempt);
}

static void expect_refusal(const char *flags, const char *environment, const char *text)
{
    struct attempt attempt = load(flags, environment);
    cr_assert_not(attempt.ok, "taken: %s %s", flags, environment);
    cr_assert_eq(attempt.err.code, ERROR_CONFIG);
    cr_assert_str_eq(attempt.err.text, text);
    attempt_clear(&attempt);
}

static char *write_file(const char *directory, const char *name, const char *text)
{
    char *path = NULL;
    cr_assert_gt(asprintf(&path, "%s/%s", directory, name), 0);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    cr_assert_geq(fputs(text, file), 0);
    cr_assert_eq(fclose(file), 0);
    return path;
}

/* The file is refused with "<path>, line …" or "<path> …" followed by `text`. */
static void expect_file_refusal(const char *flag, const char *content, const char *text)
{
    char *directory = test_directory_make();
    char *path = write_file(directory, "f.yaml", content);
    char *flags = NULL;
    char *wanted = NULL;
    cr_assert_gt(asprintf(&flags, "%s %s", flag, path), 0);
    cr_assert_gt(asprintf(&wanted, "%s%s", path, text), 0);
    expect_refusal(flags, "", wanted);
    free(flags);
    free(wanted);
    free(path);
    test_directory_remove(directory);
}

Test(config, data_and_region_suffice)
{
    struct attempt attempt = load("", "");
    cr_assert(attempt.ok, "%s", attempt.err.text);
    const struct config *config = &attempt.config;
    cr_assert_eq(config->action, CONFIG_RUN);
    cr_assert_str_eq(config->data, "d");
    cr_assert_str_eq(config->region, "us-east-1");
    cr_assert_str_eq(config->http, "127.0.0.1:8000");
    cr_assert_str_eq(config->peer, "127.0.0.1:7000");
    cr_assert_str_eq(config->admin, "127.0.0.1:8080");
    cr_assert_str_eq(config->credentials, "d/credentials");
    cr_assert_not(config->credentials_given);
    cr_assert_str_eq(config->key_file, "d/key");
    cr_assert_not(config->key_file_given);
    cr_assert_null(config->cluster);
    cr_assert(config->auth);
    cr_assert_eq(config->durability, DURABILITY_SYNC);
    cr_assert_geq(config->loops, 1);
    cr_assert_eq(config->log_level, LOG_INFO);
    cr_assert_not(config->log_json);
    cr_assert_not(config->throttle);
    cr_assert_eq(config->ttl_change_seconds, TTL_CHANGE_SECONDS);
    cr_assert_eq(config->stream_shards, 0);
    cr_assert_eq(config->stream_poll_ms, 200);
    cr_assert_eq(config->id, config_region_id("us-east-1"));
    attempt_clear(&attempt);
}

Test(config, flags_win_over_the_environment_which_wins_over_the_file)
{
    char *directory = test_directory_make();
    char *path =
        write_file(directory, "f.yaml", "cache-mb: 11\nmemtable-mb: 12\nloops: 3\nauth: off\n");
    char *flags = NULL;
    cr_assert_gt(asprintf(&flags, "--cache-mb 31 --stream-poll-ms 0 --config %s", path), 0);
    struct attempt attempt =
        load(flags, "MERIDIAN_CACHE_MB=21 MERIDIAN_MEMTABLE_MB=22 MERIDIAN_CONFLICTS_KEPT_HOURS=5 "
                    "MERIDIAN_STREAM_SHARDS=3 MERIDIAN_STREAM_POLL_MS=9");
    cr_assert(attempt.ok, "%s", attempt.err.text);
    cr_assert_eq(attempt.config.cache_mb, 31);
    cr_assert_eq(attempt.config.memtable_mb, 22);
    cr_assert_eq(attempt.config.conflicts_kept_hours, 5);
    cr_assert_eq(attempt.config.stream_shards, 3);
    cr_assert_eq(attempt.config.stream_poll_ms, 0);
    cr_assert_eq(attempt.config.loops, 3);
    cr_assert_not(attempt.config.auth);
    attempt_clear(&attempt);
    free(flags);
    free(path);
    test_directory_remove(directory);
}

Test(config, a_file_can_be_named_by_the_environment_and_hold_everything)
{
    char *directory = test_directory_make();
    char *path =
        write_file(directory, "f.yaml",
                   "data: /var/x\nregion: eu-west-1\nhttp: \"[::1]:0\"\n"
                   "log-json: true\nlog-level: debug\ndurability: relaxed\n"
                   "sync-interval-ms: 7\nid: 9\ncredentials: /c\nkey-file: /k\nthrottle: enforce\n"
                   "ttl-change-seconds: 0\n");
    char *variable = NULL;
    cr_assert_gt(asprintf(&variable, "MERIDIAN_CONFIG=%s", path), 0);
    const char *const argv[] = {"meridiand"};
    const char *const environment[] = {variable, NULL};
    struct config config;
    struct error err = {0};
    cr_assert(config_load(1, argv, environment, &config, &err), "%s", err.text);
    cr_assert_str_eq(config.data, "/var/x");
    cr_assert_str_eq(config.region, "eu-west-1");
    cr_assert_str_eq(config.http, "[::1]:0");
    cr_assert(config.log_json);
    cr_assert_eq(config.log_level, LOG_DEBUG);
    cr_assert_eq(config.durability, DURABILITY_RELAXED);
    cr_assert_eq(config.sync_interval_ms, 7);
    cr_assert_eq(config.id, 9);
    cr_assert_str_eq(config.credentials, "/c");
    cr_assert(config.credentials_given);
    cr_assert_str_eq(config.key_file, "/k");
    cr_assert(config.key_file_given);
    cr_assert(config.throttle);
    cr_assert_eq(config.ttl_change_seconds, 0);
    config_clear(&config);
    free(variable);
    free(path);
    test_directory_remove(directory);
}

Test(config, a_value_may_follow_an_equals_sign_and_a_later_flag_wins)
{
    struct attempt attempt = load("--loops=2 --loops=5 --http localhost:0 --log-json", "");
    cr_assert(attempt.ok, "%s", attempt.err.text);
    cr_assert_eq(attempt.config.loops, 5);
    cr_assert_str_eq(attempt.config.http, "127.0.0.1:0");
    cr_assert(attempt.config.log_json);
    attempt_clear(&attempt);
}

Test(config, an_empty_variable_counts_as_absent_and_a_foreign_one_is_remembered)
{
    struct attempt attempt = load("", "MERIDIAN_LOOPS= MERIDIAN_PORT=tcp://1 MERIDIAN_X=1 OTHER=2");
    cr_assert(attempt.ok, "%s", attempt.err.text);
    cr_assert_str_eq(attempt.config.unknown_environment, "MERIDIAN_PORT MERIDIAN_X");
    attempt_clear(&attempt);
}

Test(config, version_and_help_need_nothing_else)
{
    const char *const environment[] = {NULL};
    const char *const version[] = {"meridiand", "--version"};
    const char *const help[] = {"meridiand", "--help"};
    struct config config;
    struct error err = {0};
    cr_assert(config_load(2, version, environment, &config, &err));
    cr_assert_eq(config.action, CONFIG_VERSION);
    config_clear(&config);
    cr_assert(config_load(2, help, environment, &config, &err));
    cr_assert_eq(config.action, CONFIG_HELP);
    config_clear(&config);
    expect_action("--check", CONFIG_CHECK);
    expect_action("--identity", CONFIG_IDENTITY);
}

Test(config, data_and_region_must_be_given)
{
    const char *const environment[] = {NULL};
    const char *const nothing[] = {"meridiand"};
    const char *const no_region[] = {"meridiand", "--data", "d"};
    struct config config;
    struct error err = {0};
    cr_assert_not(config_load(1, nothing, environment, &config, &err));
    cr_assert_str_eq(err.text, "a node needs a folder for its data: give --data DIR");
    cr_assert_not(config_load(3, no_region, environment, &config, &err));
    cr_assert_str_eq(err.text,
                     "a node needs to know its region: give --region NAME, such as us-east-1");
}

Test(config, refuses_flags_it_does_not_know)
{
    expect_refusal("--colour red", "", "there is no flag \"--colour\"; see meridiand --help");
    expect_refusal("start", "", "\"start\" is not a flag; see meridiand --help");
    expect_refusal("--loops", "", "--loops wants a value: --loops N");
    expect_refusal("--check=yes", "", "there is no flag \"--check=yes\"; see meridiand --help");
}

Test(config, refuses_numbers_that_are_none_or_out_of_range)
{
    expect_refusal("--loops 0", "", "--loops wants a number from 1 to 256, not \"0\"");
    expect_refusal("--loops 257", "", "--loops wants a number from 1 to 256, not \"257\"");
    expect_refusal("--loops 2x", "", "--loops wants a number from 1 to 256, not \"2x\"");
    expect_refusal("--loops -1", "", "--loops wants a number from 1 to 256, not \"-1\"");
    expect_refusal("--cache-mb 7", "", "--cache-mb wants a number from 8 to 1048576, not \"7\"");
    expect_refusal("--memtable-mb 99999999999999999999", "",
                   "--memtable-mb wants a number from 4 to 1048576, not \"99999999999999999999\"");
    expect_refusal("--conflicts-kept-hours x", "",
                   "--conflicts-kept-hours wants a number from 0 to 876000, not \"x\"");
    expect_refusal("", "MERIDIAN_SYNC_INTERVAL_MS=soon",
                   "MERIDIAN_SYNC_INTERVAL_MS wants a number from 1 to 60000, not \"soon\"");
    expect_refusal("--ttl-change-seconds 86401", "",
                   "--ttl-change-seconds wants a number from 0 to 86400, not \"86401\"");
    expect_refusal("--stream-shards 0", "",
                   "--stream-shards wants a number from 1 to 64, not \"0\"");
    expect_refusal("--stream-poll-ms 20001", "",
                   "--stream-poll-ms wants a number from 0 to 20000, not \"20001\"");
    expect_refusal("--id 65536", "", "--id wants a number from 1 to 65535, not \"65536\"");
}

Test(config, refuses_words_that_are_no_choice)
{
    expect_refusal("--auth maybe", "", "--auth wants on or off, not \"maybe\"");
    expect_refusal("--log-json=maybe", "", "--log-json wants on or off, not \"maybe\"");
    expect_refusal("--durability some", "", "--durability wants sync or relaxed, not \"some\"");
    expect_refusal("--throttle on", "", "--throttle wants off or enforce, not \"on\"");
    expect_refusal("--log-level loud", "",
                   "--log-level wants debug, info, warning or error, not \"loud\"");
    expect_refusal("--region US", "",
                   "--region wants 1 to 32 of a-z, 0-9 and -, beginning with a letter, not \"US\"");
    expect_refusal("--credentials=", "", "--credentials wants a path, not \"\"");
}

Test(config, refuses_addresses_that_cannot_be_listened_on)
{
    static const char *const wrong[] = {
        "8000",        ":8000",           "127.0.0.1", "127.0.0.1:",    "a.b:1",
        "127.0.0.1:x", "127.0.0.1:65536", "::1:8000",  "[127.0.0.1]:1", "1.2.3:4"};
    for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
        char *flags = NULL;
        char *text = NULL;
        cr_assert_gt(asprintf(&flags, "--peer %s", wrong[i]), 0);
        cr_assert_gt(asprintf(&text,
                              "--peer wants ADDRESS:PORT, such as 127.0.0.1:8000 or [::1]:8000, "
                              "not \"%s\"",
                              wrong[i]),
                     0);
        expect_refusal(flags, "", text);
        free(flags);
        free(text);
    }
}

Test(config, knows_loopback)
{
    cr_assert(config_is_loopback("127.0.0.1:8000"));
    cr_assert(config_is_loopback("127.9.9.9:0"));
    cr_assert(config_is_loopback("[::1]:8000"));
    cr_assert_not(config_is_loopback("0.0.0.0:8000"));
    cr_assert_not(config_is_loopback("[::]:8000"));
    cr_assert_not(config_is_loopback("10.0.0.1:8000"));
    cr_assert_not(config_is_loopback("8000"));
}

Test(config, auth_off_is_for_loopback_only)
{
    expect_action("--auth off", CONFIG_RUN);
    expect_refusal("--auth off --http 0.0.0.0:8000", "",
                   "--auth off lets anybody in, so every listener must be on loopback, and "
                   "0.0.0.0:8000 is not");
    expect_refusal("--auth off --admin [::]:8080", "",
                   "--auth off lets anybody in, so every listener must be on loopback, and "
                   "[::]:8080 is not");
}

Test(config, names_the_line_of_a_wrong_setting)
{
    expect_file_refusal("--config", "loops: 2\n\n# more\ncache-mb: much\n",
                        ", line 4: cache-mb wants a number from 8 to 1048576, not \"much\"");
    expect_file_refusal("--config", "loops: 2\ncolour: red\n",
                        ", line 2: there is no setting \"colour\"");
    expect_file_refusal("--config", "loops: 2\n\nloops: 3\n", ", line 3: \"loops\" is there twice");
    expect_file_refusal("--config", "config: other\n", ", line 1: there is no setting \"config\"");
    expect_file_refusal("--config", "loops: 2\n http: x\n",
                        ", line 2: mapping values are not allowed in this context");
    expect_file_refusal("--config", "\nloops: [2]\n",
                        ", line 2: Expecting STRING, got event: SEQUENCE_START");
    expect_file_refusal("--config", "- loops\n",
                        ", line 1: Expecting MAPPING, got event: SEQUENCE_START");
}

Test(config, a_file_that_is_not_there_is_refused)
{
    expect_refusal("--config /nowhere/f.yaml", "",
                   "/nowhere/f.yaml cannot be read: No such file or directory");
    expect_refusal("--config /tmp", "", "/tmp cannot be read: Is a directory");
}

Test(config, a_file_that_is_too_large_is_refused)
{
    char *directory = test_directory_make();
    char *text = malloc((1 << 20) + 2);
    cr_assert_not_null(text);
    memset(text, '\n', (1 << 20) + 1);
    text[(1 << 20) + 1] = 0;
    char *path = write_file(directory, "f.yaml", text);
    char *flags = NULL;
    char *wanted = NULL;
    cr_assert_gt(asprintf(&flags, "--config %s", path), 0);
    cr_assert_gt(asprintf(&wanted, "%s is larger than 1048576 bytes", path), 0);
    expect_refusal(flags, "", wanted);
    free(flags);
    free(wanted);
    free(path);
    free(text);
    test_directory_remove(directory);
}

static const char cluster_text[] =
    "regions:\n"
    "  - name: us-east-1\n"
    "    id: 1\n"
    "    peer: 127.0.0.1:7001\n"
    "    key: " KEY_1 "\n"
    "  - {name: eu-west-1, id: 2, peer: 'b.example:7002', key: " KEY_2 "}\n";

Test(config, the_cluster_file_gives_id_and_peer_address)
{
    char *directory = test_directory_make();
    char *path = write_file(directory, "c.yaml", cluster_text);
    char *flags = NULL;
    cr_assert_gt(asprintf(&flags, "--cluster %s", path), 0);
    struct attempt attempt = load(flags, "");
    cr_assert(attempt.ok, "%s", attempt.err.text);
    cr_assert_eq(attempt.config.id, 1);
    cr_assert_str_eq(attempt.config.peer, "127.0.0.1:7001");
    cr_assert_eq(attempt.config.regions_count, 2);
    cr_assert_str_eq(attempt.config.regions[1].name, "eu-west-1");
    cr_assert_eq(attempt.config.regions[1].public_key[31], 0x22);
    attempt_clear(&attempt);
    free(flags);
    free(path);
    test_directory_remove(directory);
}

Test(config, the_region_must_fit_the_cluster_file)
{
    char *directory = test_directory_make();
    char *path = write_file(directory, "c.yaml", cluster_text);
    char *flags = NULL;
    char *wanted = NULL;
    cr_assert_gt(asprintf(&flags, "--region ap-south-1 --cluster %s", path), 0);
    cr_assert_gt(asprintf(&wanted, "region ap-south-1 is not in the cluster file %s", path), 0);
    expect_refusal(flags, "", wanted);
    free(flags);
    free(wanted);
    cr_assert_gt(asprintf(&flags, "--id 2 --cluster %s", path), 0);
    cr_assert_gt(asprintf(&wanted, "--id 2 differs from the id 1 of us-east-1 in %s", path), 0);
    expect_refusal(flags, "", wanted);
    free(flags);
    free(wanted);
    cr_assert_gt(asprintf(&flags, "--region eu-west-1 --cluster %s", path), 0);
    cr_assert_gt(asprintf(&wanted,
                          "the address b.example:7002 of eu-west-1 in %s is a name; say where to "
                          "listen with --peer, such as --peer 0.0.0.0:7000",
                          path),
                 0);
    expect_refusal(flags, "", wanted);
    free(flags);
    free(wanted);
    cr_assert_gt(asprintf(&flags, "--auth off --peer 0.0.0.0:7001 --cluster %s", path), 0);
    expect_refusal(flags, "",
                   "--auth off lets anybody in, so every listener must be on loopback, and "
                   "0.0.0.0:7001 is not");
    free(flags);
    free(path);
    test_directory_remove(directory);
}

Test(config, ids_of_regions_are_never_zero_and_differ_for_the_usual_names)
{
    cr_assert_neq(config_region_id("us-east-1"), 0);
    cr_assert_neq(config_region_id("us-east-1"), config_region_id("us-east-2"));
    cr_assert_neq(config_region_id("us-east-1"), config_region_id("eu-west-1"));
}
