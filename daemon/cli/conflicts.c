/* `meridian conflicts list`: writes that had not seen each other, with both images. */
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

static void conflicts_print(struct arena *arena, const struct json *list)
{
    if (list->count == 0) {
        printf("no conflicts\n");
    }
    for (const struct json *each = list->first; each != NULL; each = each->next) {
        struct buffer key;
        const struct json *key_of = json_get(each, "key");
        buffer_init(&key, arena, 128);
        if (key_of != NULL) {
            json_write(&key, key_of);
        }
        printf("%s  %s  %.*s  %s: %s\n", survey_text(arena, each, "time"),
               survey_text(arena, each, "table"), (int)key.size, (const char *)key.data,
               survey_text(arena, each, "reason"), survey_text(arena, each, "explanation"));
        conflicts_print_side(arena, "winner", json_get(each, "winner"));
        conflicts_print_side(arena, "loser", json_get(each, "loser"));
    }
}

static int conflicts_list(const char *admin, const char *table, const char *limit, bool as_json)
{
    struct arena arena = {0};
    struct error err = {0};
    struct client *client = client_open();
    struct slice text;
    struct json *list = NULL;
    int status = CLI_OK;
    if (!client_admin(client, "GET", admin, conflicts_path(&arena, table, limit), (struct slice){0},
                      &arena, &text, &err) ||
        !json_parse(text, &arena, &list, &err)) {
        status = cli_fail(&err);
    } else if (as_json) {
        fwrite(text.data, 1, text.size, stdout);
    } else {
        conflicts_print(&arena, list);
    }
    client_close(client);
    arena_destroy(&arena);
    return status;
}

int conflicts_main(int argc, char **argv)
{
    const char *admins[CLI_ADMINS_MAX];
    uint32_t admins_count = 0;
    const char *table = NULL;
    const char *limit = NULL;
    const char *output = NULL;
    const struct cli_option options[] = {
        {.name = "admin",
         .argument = "URL",
         .help = "the node to ask",
         .list = admins,
         .list_count = &admins_count},
        {.name = "table", .argument = "T", .help = "of this table only", .text = &table},
        {.name = "limit",
         .argument = "N",
         .help = "at most so many, 1 to 10000 (10000)",
         .text = &limit},
        {.name = "output",
         .letter = 'o',
         .argument = "FORM",
         .help = "text or json",
         .text = &output},
    };
    struct error err = {0};
    uint64_t number = 0;
    int status = CLI_OK;
    bool as_json = false;
    bool named = argc >= 1 && strcmp(argv[0], "list") == 0;
    if (!cli_begin("conflicts list", "Writes that collided here, newest first, with both images.",
                   named ? argc - 1 : argc, named ? argv + 1 : argv, options, ARRAY_COUNT(options),
                   &status)) {
        return status;
    }
    if (!named) {
        return cli_misuse("say `meridian conflicts list`");
    }
    if (!cli_output(output, &as_json, &err) ||
        (limit != NULL && !cli_number(limit, "--limit", 1, 10000, &number, &err))) {
        return cli_misuse("%s", err.text);
    }
    struct arena arena = {0};
    cli_admins(&arena, admins, &admins_count);
    status = conflicts_list(admins[0], table, limit, as_json);
    arena_destroy(&arena);
    return status;
}
