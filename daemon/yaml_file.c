#include "daemon/yaml_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

bool yaml_file_read(const char *path,
                    struct arena *arena,
                    struct yaml_file *file,
                    struct error *err)
{
    FILE *from = fopen(path, "re");
    if (from == NULL) {
        return error_set(err, ERROR_CONFIG, "%s cannot be read: %s", path, strerror(errno));
    }
    char *text = arena_alloc(arena, YAML_FILE_BYTES_MAX + 1);
    size_t size = fread(text, 1, YAML_FILE_BYTES_MAX + 1, from);
    bool failed = ferror(from) != 0;
    int reason = errno;
    fclose(from);
    if (failed) {
        return error_set(err, ERROR_CONFIG, "%s cannot be read: %s", path, strerror(reason));
    }
    if (size > YAML_FILE_BYTES_MAX) {
        return error_set(err, ERROR_CONFIG, "%s is larger than %d bytes", path,
                         YAML_FILE_BYTES_MAX);
    }
    *file = (struct yaml_file){.path = path, .text = slice_of(text, size)};
    return true;
}

/* --- Where things are ----------------------------------------------------------------------- */

enum { YAML_FILE_DEPTH_MAX = 64 };

/* In a mapping scalars are key, value, key, value…; in a sequence all are values. */
struct yaml_file_level {
    bool mapping;
    bool value_next;
};

struct yaml_file_walk {
    struct yaml_file_level levels[YAML_FILE_DEPTH_MAX];
    uint32_t depth;
    const char *key; /* Wanted. */
    uint32_t left;   /* Of its occurrences, to be passed over. */
    uint32_t line;
};

/* True once the wanted key's value was met. */
static bool
yaml_file_walk_value(struct yaml_file_walk *walk, bool *is_wanted, const yaml_event_t *event)
{
    struct yaml_file_level *level = walk->depth == 0 ? NULL : &walk->levels[walk->depth - 1];
    if (level == NULL || !level->mapping) {
        return false;
    }
    if (level->value_next) {
        level->value_next = false;
        if (*is_wanted) {
            walk->line = (uint32_t)event->start_mark.line + 1;
        }
        return *is_wanted;
    }
    level->value_next = true;
    *is_wanted = event->type == YAML_SCALAR_EVENT &&
                 strcmp((const char *)event->data.scalar.value, walk->key) == 0 &&
                 walk->left-- == 0;
    return false;
}

static bool
yaml_file_walk_event(struct yaml_file_walk *walk, bool *is_wanted, const yaml_event_t *event)
{
    bool opens =
        event->type == YAML_MAPPING_START_EVENT || event->type == YAML_SEQUENCE_START_EVENT;
    bool closes = event->type == YAML_MAPPING_END_EVENT || event->type == YAML_SEQUENCE_END_EVENT;
    if (closes && walk->depth > 0) {
        walk->depth--;
    }
    if (!opens && event->type != YAML_SCALAR_EVENT && event->type != YAML_ALIAS_EVENT) {
        return false;
    }
    if (yaml_file_walk_value(walk, is_wanted, event)) {
        return true;
    }
    if (opens) {
        if (walk->depth == YAML_FILE_DEPTH_MAX) {
            return true;
        }
        walk->levels[walk->depth++] =
            (struct yaml_file_level){.mapping = event->type == YAML_MAPPING_START_EVENT};
    }
    return false;
}

uint32_t yaml_file_line(const struct yaml_file *file, const char *key, uint32_t nth)
{
    yaml_parser_t parser;
    yaml_event_t event;
    struct yaml_file_walk walk = {.key = key, .left = nth};
    bool is_wanted = false;
    bool done = false;
    ensure(yaml_parser_initialize(&parser) != 0);
    yaml_parser_set_input_string(&parser, file->text.data, file->text.size);
    while (!done && yaml_parser_parse(&parser, &event) != 0) {
        done =
            event.type == YAML_STREAM_END_EVENT || yaml_file_walk_event(&walk, &is_wanted, &event);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return walk.line;
}

/* Not YAML at all: say what libyaml says, and where. */
static bool yaml_file_check_syntax(const struct yaml_file *file, struct error *err)
{
    yaml_parser_t parser;
    yaml_event_t event;
    bool ok = true;
    bool done = false;
    ensure(yaml_parser_initialize(&parser) != 0);
    yaml_parser_set_input_string(&parser, file->text.data, file->text.size);
    while (ok && !done) {
        if (yaml_parser_parse(&parser, &event) == 0) {
            ok = error_set(err, ERROR_CONFIG, "%s, line %zu: %s", file->path,
                           parser.problem_mark.line + 1, parser.problem);
        } else {
            done = event.type == YAML_STREAM_END_EVENT;
            yaml_event_delete(&event);
        }
    }
    yaml_parser_delete(&parser);
    return ok;
}

/* --- Loading -------------------------------------------------------------------------------- */

/* What libcyaml logs about one failure: the reason, then a backtrace with places. */
struct yaml_file_report {
    char reason[256];
    unsigned line;
};

static void yaml_file_log(cyaml_log_t level, void *context, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));
static void yaml_file_log(cyaml_log_t level, void *context, const char *format, va_list args)
{
    struct yaml_file_report *report = context;
    char text[256];
    vsnprintf(text, sizeof(text), format, args);
    text[strcspn(text, "\n")] = 0;
    const char *reason = strncmp(text, "Load: ", 6) == 0 ? text + 6 : text;
    const char *place = strstr(reason, "(line: ");
    if (level < CYAML_LOG_ERROR) {
        return;
    }
    if (report->reason[0] == 0) {
        snprintf(report->reason, sizeof(report->reason), "%s", reason);
    } else if (report->line == 0 && place != NULL) {
        report->line = (unsigned)strtoul(place + strlen("(line: "), NULL, 10);
    }
}

static cyaml_config_t yaml_file_config(struct yaml_file_report *report)
{
    return (cyaml_config_t){
        .log_fn = yaml_file_log,
        .log_ctx = report,
        .mem_fn = cyaml_mem,
        .log_level = CYAML_LOG_ERROR,
        .flags = CYAML_CFG_NO_ALIAS,
    };
}

/* libcyaml's reason in our words, with the line that the reason is about. */
static void
yaml_file_explain(const struct yaml_file *file, struct yaml_file_report *report, struct error *err)
{
    static const char unexpected[] = "Unexpected key: ";
    static const char seen[] = "Mapping field already seen: ";
    char reason[300];
    unsigned line = report->line;
    snprintf(reason, sizeof(reason), "%s", report->reason);
    if (strncmp(report->reason, unexpected, strlen(unexpected)) == 0) {
        const char *key = report->reason + strlen(unexpected);
        line = yaml_file_line(file, key, 0);
        snprintf(reason, sizeof(reason), "there is no setting \"%s\"", key);
    } else if (strncmp(report->reason, seen, strlen(seen)) == 0) {
        const char *key = report->reason + strlen(seen);
        line = yaml_file_line(file, key, 1);
        snprintf(reason, sizeof(reason), "\"%s\" is there twice", key);
    }
    error_set(err, ERROR_CONFIG, "%s, line %u: %s", file->path, line == 0 ? 1 : line, reason);
}

bool yaml_file_load(const struct yaml_file *file,
                    const cyaml_schema_value_t *schema,
                    void **data,
                    struct error *err)
{
    struct yaml_file_report report = {.line = 0};
    cyaml_config_t config = yaml_file_config(&report);
    cyaml_data_t *made = NULL;
    if (!yaml_file_check_syntax(file, err)) {
        return false;
    }
    cyaml_err_t code =
        cyaml_load_data(file->text.data, file->text.size, &config, schema, &made, NULL);
    if (code != CYAML_OK) {
        if (report.reason[0] == 0) {
            snprintf(report.reason, sizeof(report.reason), "%s", cyaml_strerror(code));
        }
        yaml_file_explain(file, &report, err);
        return false;
    }
    *data = made;
    return true;
}

void yaml_file_free(const cyaml_schema_value_t *schema, void *data)
{
    struct yaml_file_report report = {.line = 0};
    cyaml_config_t config = yaml_file_config(&report);
    if (data != NULL) {
        cyaml_free(&config, schema, data, 0);
    }
}
