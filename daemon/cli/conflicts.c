/* `meridian conflicts list|show|restore`: writes that had not seen each other, with both images. */
#include "daemon/cli/survey.h"

#include <curl/curl.h>
#include <string.h>

static const char *conflicts_path(struct arena *arena, const char *table, const char *limit)
{
    const char *path =
        arena_printf(arena, "/v1/conflicts?limit=%s", limit == NULL ? "10000" : limit);
    if (table == NULL) {
        return path;
    }
    char *escaped = curl_easy_escape(NULL, table, (int)strlen(table));
    ensure(escaped != NULL);
    path = arena_printf(arena, "%s&table=%s", path, escaped);
    curl_free(escaped);
    return path;
}

static void conflicts_print_side(struct arena *arena, const char *label, const struct json *side)
{
    const struct json *item = side == NULL ? NULL : json_get(side, "item");
    struct buffer to;
    buffer_init(&to, arena, 256);
    if (item == NULL) {
        buffer_append_text(&to, "deleted");
    } else {
        json_write(&to, item);
    }
    printf("  %-7s %-15s %s  %.*s\n", label, survey_text(arena, side, "region"),
           survey_text(arena, side, "time"), (int)to.size, (const char *)to.data);
}

static void conflicts_print_one(struct arena *arena, const struct json *conflict)
{
    struct buffer key;
    const struct json *key_of = json_get(conflict, "key");
    buffer_init(&key, arena, 128);
    if (key_of != NULL) {
        json_write(&key, key_of);
    }
    printf("%s  %s  %.*s  %s: %s\n", survey_text(arena, conflict, "time"),
           survey_text(arena, conflict, "table"), (int)key.size, (const char *)key.data,
           survey_text(arena, conflict, "reason"), survey_text(arena, conflict, "explanation"));
    conflicts_print_side(arena, "winner", json_get(conflict, "winner"));
    conflicts_print_side(arena, "loser", json_get(conflict, "loser"));
    printf("  id      %s\n", survey_text(arena, conflict, "id"));
}

static void conflicts_print(struct arena *arena, const struct json *list)
{
    if (list->count == 0) {
        printf("no conflicts\n");
    }
    for (const struct json *each = list->first; each != NULL; each = each->next) {
        conflicts_print_one(arena, each);
    }
}

/* What the three have in common. */
struct conflicts_call {
    const char *admins[CLI_ADMINS_MAX];
    uint32_t admins_count;
    const char *output;
    const char *id;
};
/* Ask, then show the answer as JSON or by `print`. */
static int conflicts_ask(struct conflicts_call *call,
                         struct arena *arena,
                         const char *method,
                         const char *path,
                         struct slice body,
                         void (*print)(struct arena *arena, const struct json *json))
{
    struct error err = {0};
    struct slice text;
    struct json *root = NULL;
    bool as_json = false;
    int status = CLI_OK;
    if (!cli_output(call->output, &as_json, &err)) {
        return cli_misuse("%s", err.text);
    }
    cli_admins(arena, call->admins, &call->admins_count);
    struct client *client = client_open();
    if (!client_admin(client, method, call->admins[0], path, body, arena, &text, &err) ||
        !json_parse(text, arena, &root, &err)) {
        status = cli_fail(&err);
    } else if (as_json) {
        fwrite(text.data, 1, text.size, stdout);
    } else {
        print(arena, root);
    }
    client_close(client);
    return status;
}

static int conflicts_list(int argc, char **argv)
{
    struct conflicts_call call = {.admins_count = 0};
    const char *table = NULL;
    const char *limit = NULL;
    const struct cli_option options[] = {
        {.name = "table", .argument = "T", .help = "of this table only", .text = &table},
        {.name = "limit",
         .argument = "N",
         .help = "at most so many, 1 to 10000 (10000)",
         .text = &limit},
        CLI_NODE_OPTIONS(call),
    };
    struct error err = {0};
    uint64_t number = 0;
    int status = CLI_OK;
    if (!cli_begin("conflicts list", "Writes that collided here, newest first, with both images.",
                   argc, argv, options, ARRAY_COUNT(options), &status)) {
        return status;
    }
    if (limit != NULL && !cli_number(limit, "--limit", 1, 10000, &number, &err)) {
        return cli_misuse("%s", err.text);
    }
    struct arena arena = {0};
    status = conflicts_ask(&call, &arena, "GET", conflicts_path(&arena, table, limit),
                           (struct slice){0}, conflicts_print);
    arena_destroy(&arena);
    return status;
}

/* "show ID" and "restore ID": the id stands before the flags. False: *status is the exit status. */
static bool conflicts_begin_one(struct conflicts_call *call,
                                const char *command,
                                const char *what,
                                int argc,
                                char **argv,
                                int *status)
{
    const struct cli_option options[] = {CLI_NODE_OPTIONS(*call)};
    bool named = argc >= 1 && argv[0][0] != '-';
    call->id = named ? argv[0] : NULL;
    if (!cli_begin(command, what, named ? argc - 1 : argc, named ? argv + 1 : argv, options,
                   ARRAY_COUNT(options), status)) {
        return false;
    }
    bool plain = named;
    for (const char *c = call->id; plain && *c != 0; c++) {
        plain = (*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'f');
    }
    if (!plain) {
        *status = cli_misuse("say which one, by the id that `meridian conflicts list` shows: "
                             "meridian %s",
                             command);
    }
    return plain;
}

static int conflicts_show(int argc, char **argv)
{
    struct conflicts_call call = {.admins_count = 0};
    int status = CLI_OK;
    if (!conflicts_begin_one(&call, "conflicts show ID", "One conflict, with both images.", argc,
                             argv, &status)) {
        return status;
    }
    struct arena arena = {0};
    status =
        conflicts_ask(&call, &arena, "GET", arena_printf(&arena, "/v1/conflicts?id=%s", call.id),
                      (struct slice){0}, conflicts_print);
    arena_destroy(&arena);
    return status;
}

static void conflicts_print_restored(struct arena *arena, const struct json *conflict)
{
    conflicts_print_one(arena, conflict);
    printf("the loser has been written again\n");
}

static int conflicts_restore(int argc, char **argv)
{
    struct conflicts_call call = {.admins_count = 0};
    int status = CLI_OK;
    if (!conflicts_begin_one(&call, "conflicts restore ID",
                             "Write the loser again, as a new write of the node that is asked: it "
                             "replaces what is there now, in all regions.",
                             argc, argv, &status)) {
        return status;
    }
    struct arena arena = {0};
    struct slice body = slice_text(arena_printf(&arena, "{\"id\":\"%s\"}", call.id));
    status = conflicts_ask(&call, &arena, "POST", "/v1/conflicts/restore", body,
                           conflicts_print_restored);
    arena_destroy(&arena);
    return status;
}

int conflicts_main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } commands[] = {
        {"list", conflicts_list}, {"show", conflicts_show}, {"restore", conflicts_restore}};
    for (size_t i = 0; i < ARRAY_COUNT(commands) && argc >= 1; i++) {
        if (strcmp(argv[0], commands[i].name) == 0) {
            return commands[i].run(argc - 1, argv + 1);
        }
    }
    bool help = argc >= 1 && (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0);
    fprintf(help ? stdout : stderr, "usage: meridian conflicts list [--table T] [--limit N]\n"
                                    "       meridian conflicts show ID\n"
                                    "       meridian conflicts restore ID\n"
                                    "each with [--admin URL] [-o json]\n");
    return help ? CLI_OK : CLI_USAGE;
}
