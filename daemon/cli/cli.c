#include "daemon/cli/cli.h"

#include "daemon/cli/demo.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static bool cli_is_named(const struct cli_option *option, const char *word, size_t size)
{
    if (word[0] == '-' && word[1] == '-') {
        return strlen(option->name) == size - 2 && memcmp(option->name, word + 2, size - 2) == 0;
    }
    return option->letter != 0 && size == 2 && word[1] == option->letter;
}

static bool cli_take(const struct cli_option *option, const char *value, struct error *err)
{
    if (option->list == NULL) {
        *option->text = value;
        return true;
    }
    if (*option->list_count == CLI_ADMINS_MAX) {
        return error_set(err, ERROR_CONFIG, "--%s may be given %d times at most", option->name,
                         CLI_ADMINS_MAX);
    }
    option->list[(*option->list_count)++] = value;
    return true;
}

bool cli_parse(int argc,
               char **argv,
               const struct cli_option *options,
               uint32_t options_count,
               struct error *err)
{
    for (int at = 0; at < argc; at++) {
        const char *word = argv[at];
        const char *equals = strchr(word, '=');
        size_t size = equals == NULL ? strlen(word) : (size_t)(equals - word);
        const struct cli_option *option = NULL;
        for (uint32_t i = 0; i < options_count && word[0] == '-' && size >= 2; i++) {
            option = cli_is_named(&options[i], word, size) ? &options[i] : option;
        }
        if (option == NULL) {
            return error_set(err, ERROR_CONFIG, "there is no flag \"%s\"", word);
        }
        if (option->flag != NULL) {
            if (equals != NULL) {
                return error_set(err, ERROR_CONFIG, "--%s takes no value", option->name);
            }
            *option->flag = true;
            continue;
        }
        const char *value = equals == NULL ? NULL : equals + 1;
        if (value == NULL && at + 1 < argc) {
            value = argv[++at];
        }
        if (value == NULL) {
            return error_set(err, ERROR_CONFIG, "--%s wants a value: --%s %s", option->name,
                             option->name, option->argument);
        }
        if (!cli_take(option, value, err)) {
            return false;
        }
    }
    return true;
}

void cli_usage(FILE *to,
               const char *command,
               const char *what,
               const struct cli_option *options,
               uint32_t options_count)
{
    fprintf(to, "usage: meridian %s [flags]\n%s\n\n", command, what);
    for (uint32_t i = 0; i < options_count; i++) {
        char left[64];
        char letter[8] = "";
        if (options[i].letter != 0) {
            snprintf(letter, sizeof(letter), "-%c, ", options[i].letter);
        }
        snprintf(left, sizeof(left), "%s--%s %s", letter, options[i].name,
                 options[i].argument == NULL ? "" : options[i].argument);
        fprintf(to, "  %-24s %s\n", left, options[i].help);
    }
}

bool cli_begin(const char *command,
               const char *what,
               int argc,
               char **argv,
               const struct cli_option *options,
               uint32_t options_count,
               int *status)
{
    struct error err = {0};
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            cli_usage(stdout, command, what, options, options_count);
            *status = CLI_OK;
            return false;
        }
    }
    if (!cli_parse(argc, argv, options, options_count, &err)) {
        *status = cli_misuse("%s; see meridian %s --help", err.text, command);
        return false;
    }
    return true;
}

int cli_fail(const struct error *err)
{
    fprintf(stderr, "meridian: %s\n", err->text);
    return CLI_FAILED;
}

int cli_misuse(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "meridian: ");
    vfprintf(stderr, format, args);
    fprintf(stderr, "\n");
    va_end(args);
    return CLI_USAGE;
}

bool cli_number(const char *text,
                const char *what,
                uint64_t min,
                uint64_t max,
                uint64_t *number,
                struct error *err)
{
    size_t digits = strspn(text, "0123456789");
    uint64_t parsed = digits > 0 && digits < 16 ? strtoull(text, NULL, 10) : UINT64_MAX;
    if (text[digits] != 0 || parsed < min || parsed > max) {
        return error_set(err, ERROR_CONFIG, "%s wants a number from %llu to %llu, not \"%s\"", what,
                         (unsigned long long)min, (unsigned long long)max, text);
    }
    *number = parsed;
    return true;
}

bool cli_output(const char *text, bool *json, struct error *err)
{
    if (text != NULL && strcmp(text, "json") != 0 && strcmp(text, "text") != 0) {
        return error_set(err, ERROR_CONFIG, "-o wants text or json, not \"%s\"", text);
    }
    *json = text != NULL && strcmp(text, "json") == 0;
    return true;
}

const char *cli_admin_url(struct arena *arena, const char *text)
{
    const char *scheme = strstr(text, "://") == NULL ? "http://" : "";
    char *url = arena_printf(arena, "%s%s", scheme, text);
    size_t size = strlen(url);
    if (size > 0 && url[size - 1] == '/') {
        url[size - 1] = 0;
    }
    return url;
}

void cli_admins(struct arena *arena, const char **admins, uint32_t *count)
{
    const char *variable = getenv("MERIDIAN_ADMIN");
    if (*count == 0 && variable != NULL && variable[0] != 0) {
        admins[(*count)++] = variable;
    }
    if (*count == 0) {
        struct demo *demo = arena_zalloc(arena, 1, sizeof(*demo));
        struct error err = {0};
        bool known = demo_locate(demo, NULL, &err) && demo_read(demo, &err);
        for (uint32_t i = 0; known && i < demo->nodes_count; i++) {
            admins[(*count)++] =
                (const char *)arena_copy(arena, slice_text(demo->nodes[i].admin)).data;
        }
    }
    if (*count == 0) {
        admins[(*count)++] = "http://127.0.0.1:8080";
    }
    for (uint32_t i = 0; i < *count; i++) {
        admins[i] = cli_admin_url(arena, admins[i]);
    }
}
