/* `meridian keys`: the access keys of a node, and what their users may do. */
#include "daemon/cli/cli.h"
#include "daemon/cli/http_client.h"
#include "daemon/cli/survey.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS_POLICY_BYTES_MAX = 64 << 10 };

/* What the four of them share. */
struct keys_call {
    struct arena arena;
    const char *admins[CLI_ADMINS_MAX];
    uint32_t admins_count;
    const char *output;
    bool as_json;
};

/* The answer to one call of the admin endpoint, as text and as a tree. */
static bool keys_ask(struct keys_call *call,
                     const char *method,
                     const char *path,
                     struct slice body,
                     struct slice *text,
                     struct json **root,
                     struct error *err)
{
    struct client *client = client_open();
    cli_admins(&call->arena, call->admins, &call->admins_count);
    bool ok = client_admin(client, method, call->admins[0], path, body, &call->arena, text, err) &&
              json_parse(*text, &call->arena, root, err);
    client_close(client);
    return ok;
}

static int keys_end(struct keys_call *call, bool ok, const struct error *err)
{
    int status = ok ? CLI_OK : cli_fail(err);
    arena_destroy(&call->arena);
    return status;
}

/* What is wrong with a policy ends in CLI_FAILED whether it is found here or by the node. */
static bool
keys_read_file(const char *path, struct arena *arena, struct json **root, struct error *err)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (file == NULL) {
        return error_set(err, ERROR_CONFIG, "%s: %s", path, strerror(errno));
    }
    uint8_t *bytes = arena_alloc(arena, KEYS_POLICY_BYTES_MAX + 1);
    size_t size = fread(bytes, 1, KEYS_POLICY_BYTES_MAX + 1, file);
    bool ok = ferror(file) == 0 || error_set(err, ERROR_IO, "%s cannot be read", path);
    if (file != stdin) {
        fclose(file);
    }
    if (ok && size > KEYS_POLICY_BYTES_MAX) {
        return error_set(err, ERROR_CONFIG, "%s is too long for a policy", path);
    }
    if (!ok || !json_parse(slice_of(bytes, size), arena, root, err)) {
        return error_wrap(err, "%s", path);
    }
    return (*root)->type == JSON_OBJECT ||
           error_set(err, ERROR_CONFIG, "%s is not a policy: it holds no JSON object", path);
}

static void keys_member(struct buffer *to, const char *name, const char *text)
{
    buffer_printf(to, "%s\"%s\":", to->size > 1 ? "," : "", name);
    json_write_string(to, slice_text(text));
}

/* --- add ---------------------------------------------------------------------------------------
 */

static int keys_add(int argc, char **argv)
{
    struct keys_call call = {.admins_count = 0};
    const char *user = "admin";
    const char *file = NULL;
    const struct cli_option options[] = {
        {.name = "user", .argument = "NAME", .help = "whose it is (admin)", .text = &user},
        {.name = "policy",
         .argument = "FILE",
         .help = "what he may do, in IAM's JSON (everything)",
         .text = &file},
        CLI_NODE_OPTIONS(call),
    };
    struct error err = {0};
    struct json *policy = NULL;
    struct json *root = NULL;
    struct slice text;
    struct buffer body;
    int status = CLI_OK;
    if (!cli_begin("keys add", "Make an access key. Its secret is shown now and never again.", argc,
                   argv, options, ARRAY_COUNT(options), &status)) {
        return status;
    }
    if (!cli_output(call.output, &call.as_json, &err)) {
        return cli_misuse("%s", err.text);
    }
    if (file != NULL && !keys_read_file(file, &call.arena, &policy, &err)) {
        return keys_end(&call, false, &err);
    }
    buffer_init(&body, &call.arena, 256);
    buffer_append_byte(&body, '{');
    keys_member(&body, "user", user);
    if (policy != NULL) {
        buffer_append_text(&body, ",\"policy\":");
        json_write(&body, policy);
    }
    buffer_append_byte(&body, '}');
    bool ok = keys_ask(&call, "POST", "/v1/keys", buffer_slice(&body), &text, &root, &err);
    if (ok && call.as_json) {
        fwrite(text.data, 1, text.size, stdout);
    } else if (ok) {
        printf("aws_access_key_id = %s\naws_secret_access_key = %s\n",
               survey_text(&call.arena, root, "id"), survey_text(&call.arena, root, "secret"));
    }
    return keys_end(&call, ok, &err);
}

/* --- list --------------------------------------------------------------------------------------
 */

static void keys_print(struct arena *arena, const struct json *list)
{
    printf("%-22s %-16s %-24s %s\n", "KEY", "USER", "CREATED", "MAY");
    for (const struct json *each = list->first; each != NULL; each = each->next) {
        bool of_file = json_get(each, "user") == NULL;
        const struct json *policy = json_get(each, "policy");
        printf("%-22s %-16s %-24s %s\n", survey_text(arena, each, "id"),
               of_file ? "(credentials)" : survey_text(arena, each, "user"),
               of_file ? "-" : survey_text(arena, each, "created"),
               policy == NULL ? "everything" : "what its policy says");
    }
}

static int keys_list(int argc, char **argv)
{
    struct keys_call call = {.admins_count = 0};
    const struct cli_option options[] = {CLI_NODE_OPTIONS(call)};
    struct error err = {0};
    struct json *root = NULL;
    struct slice text;
    int status = CLI_OK;
    if (!cli_begin("keys list", "The access keys that a node takes.", argc, argv, options,
                   ARRAY_COUNT(options), &status)) {
        return status;
    }
    if (!cli_output(call.output, &call.as_json, &err)) {
        return cli_misuse("%s", err.text);
    }
    bool ok = keys_ask(&call, "GET", "/v1/keys", (struct slice){0}, &text, &root, &err);
    if (ok && call.as_json) {
        fwrite(text.data, 1, text.size, stdout);
    } else if (ok) {
        keys_print(&call.arena, root);
    }
    return keys_end(&call, ok, &err);
}

/* --- remove, policy ----------------------------------------------------------------------------
 */

static const char *keys_path(struct arena *arena, const char *id)
{
    char *escaped = curl_easy_escape(NULL, id, (int)strlen(id));
    ensure(escaped != NULL);
    const char *path = arena_printf(arena, "/v1/keys?id=%s", escaped);
    curl_free(escaped);
    return path;
}

/* The key's id stands before the flags. */
static bool keys_take_id(int *argc, char ***argv, const char **id)
{
    if (*argc < 1 || (*argv)[0][0] == '-') {
        return false;
    }
    *id = (*argv)[0];
    (*argc)--;
    (*argv)++;
    return true;
}

static int keys_remove(int argc, char **argv)
{
    struct keys_call call = {.admins_count = 0};
    const struct cli_option options[] = {CLI_NODE_OPTIONS(call)};
    struct error err = {0};
    struct json *root = NULL;
    struct slice text;
    const char *id = NULL;
    int status = CLI_OK;
    bool named = keys_take_id(&argc, &argv, &id);
    if (!cli_begin("keys remove ID", "Take a key away: it is refused from now on.", argc, argv,
                   options, ARRAY_COUNT(options), &status)) {
        return status;
    }
    if (!named) {
        return cli_misuse("say which key: meridian keys remove ID");
    }
    if (!cli_output(call.output, &call.as_json, &err)) {
        return cli_misuse("%s", err.text);
    }
    bool ok = keys_ask(&call, "DELETE", keys_path(&call.arena, id), (struct slice){0}, &text, &root,
                       &err);
    if (ok && call.as_json) {
        fwrite(text.data, 1, text.size, stdout);
    }
    return keys_end(&call, ok, &err);
}

static bool keys_policy_show(struct keys_call *call, const char *id, struct error *err)
{
    struct slice text;
    struct json *root = NULL;
    struct buffer to;
    if (!keys_ask(call, "GET", keys_path(&call->arena, id), (struct slice){0}, &text, &root, err)) {
        return false;
    }
    const struct json *policy = root->first == NULL ? NULL : json_get(root->first, "policy");
    buffer_init(&to, &call->arena, 256);
    if (policy != NULL) {
        json_write(&to, policy);
    } else {
        buffer_append_text(&to, call->as_json ? "null" : "none: everything is allowed");
    }
    printf("%.*s\n", (int)to.size, (const char *)to.data);
    return true;
}

static bool keys_policy_set(struct keys_call *call,
                            const char *id,
                            const struct json *policy,
                            struct error *err)
{
    struct slice text;
    struct json *root = NULL;
    struct buffer body;
    buffer_init(&body, &call->arena, 256);
    buffer_append_byte(&body, '{');
    keys_member(&body, "id", id);
    buffer_append_text(&body, ",\"policy\":");
    if (policy != NULL) {
        json_write(&body, policy);
    } else {
        buffer_append_text(&body, "null");
    }
    buffer_append_byte(&body, '}');
    bool ok = keys_ask(call, "POST", "/v1/keys/policy", buffer_slice(&body), &text, &root, err);
    if (ok && call->as_json) {
        fwrite(text.data, 1, text.size, stdout);
    }
    return ok;
}

static int keys_policy(int argc, char **argv)
{
    struct keys_call call = {.admins_count = 0};
    const char *file = NULL;
    bool clear = false;
    const struct cli_option options[] = {
        {.name = "set", .argument = "FILE", .help = "from now on this one", .text = &file},
        {.name = "clear", .help = "none: everything is allowed", .flag = &clear},
        CLI_NODE_OPTIONS(call),
    };
    struct error err = {0};
    struct json *policy = NULL;
    const char *id = NULL;
    int status = CLI_OK;
    bool named = keys_take_id(&argc, &argv, &id);
    if (!cli_begin("keys policy ID", "Show, set or clear what a key's user may do.", argc, argv,
                   options, ARRAY_COUNT(options), &status)) {
        return status;
    }
    if (!named || (clear && file != NULL)) {
        return cli_misuse("say meridian keys policy ID, with --set FILE or --clear or neither");
    }
    if (!cli_output(call.output, &call.as_json, &err)) {
        return cli_misuse("%s", err.text);
    }
    if (file != NULL && !keys_read_file(file, &call.arena, &policy, &err)) {
        return keys_end(&call, false, &err);
    }
    bool ok = clear || file != NULL ? keys_policy_set(&call, id, policy, &err)
                                    : keys_policy_show(&call, id, &err);
    return keys_end(&call, ok, &err);
}

int keys_main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } commands[] = {
        {"add", keys_add}, {"list", keys_list}, {"remove", keys_remove}, {"policy", keys_policy}};
    for (size_t i = 0; i < ARRAY_COUNT(commands) && argc >= 1; i++) {
        if (strcmp(argv[0], commands[i].name) == 0) {
            return commands[i].run(argc - 1, argv + 1);
        }
    }
    bool help = argc >= 1 && (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0);
    fprintf(help ? stdout : stderr, "usage: meridian keys add [--user NAME] [--policy FILE]\n"
                                    "       meridian keys list\n"
                                    "       meridian keys remove ID\n"
                                    "       meridian keys policy ID [--set FILE | --clear]\n"
                                    "each with [--admin URL] [-o json]\n");
    return help ? CLI_OK : CLI_USAGE;
}
