/* `meridian regions` and `meridian lag`: one line per region or per directed pair, for people and,
 * as a JSON array, for scripts. */
#include "daemon/cli/survey.h"

#include <string.h>

/* Appends one entry per region or pair of the node; `first` says whether any came before. */
typedef void (*regions_write)(struct survey *survey,
                              const struct survey_node *node,
                              struct buffer *to,
                              bool *first);

static void regions_separate(struct buffer *to, bool *first)
{
    buffer_append_text(to, *first ? "\n" : ",\n");
    *first = false;
}

static void
regions_text(struct survey *survey, const struct survey_node *node, struct buffer *to, bool *first)
{
    struct arena *arena = survey->arena;
    const struct json *endpoints = json_get(node->status, "endpoints");
    if (*first) {
        buffer_printf(to, "%-15s %5s  %-22s %-28s %s\n", "region", "id", "http", "admin",
                      "reaches");
    }
    *first = false;
    buffer_printf(to, "%-15s %5.0f  %-22s %-28s", survey_text(arena, node->status, "region"),
                  survey_number(node->status, "id"), survey_text(arena, endpoints, "http"),
                  node->admin);
    for (const struct json *peer = survey_list(node->status, "peers"); peer != NULL;
         peer = peer->next) {
        if (survey_is(peer, "connected_out")) {
            buffer_printf(to, " %s", survey_text(arena, peer, "region"));
        }
    }
    buffer_append_text(to, "\n");
}

static void
regions_json(struct survey *survey, const struct survey_node *node, struct buffer *to, bool *first)
{
    struct arena *arena = survey->arena;
    const struct json *endpoints = json_get(node->status, "endpoints");
    bool first_peer = true;
    regions_separate(to, first);
    buffer_printf(to, "{\"region\":\"%s\",\"id\":%.0f,\"http\":\"%s\",\"admin\":",
                  survey_text(arena, node->status, "region"), survey_number(node->status, "id"),
                  survey_text(arena, endpoints, "http"));
    json_write_string(to, slice_text(node->admin));
    buffer_append_text(to, ",\"reaches\":[");
    for (const struct json *peer = survey_list(node->status, "peers"); peer != NULL;
         peer = peer->next) {
        if (survey_is(peer, "connected_out")) {
            buffer_printf(to, "%s\"%s\"", first_peer ? "" : ",",
                          survey_text(arena, peer, "region"));
            first_peer = false;
        }
    }
    buffer_append_text(to, "]}");
}

static void regions_lag_text(struct survey *survey,
                             const struct survey_node *node,
                             struct buffer *to,
                             bool *first)
{
    struct arena *arena = survey->arena;
    if (*first) {
        buffer_printf(to, "%-15s %-15s %12s %12s %12s %12s\n", "from", "to", "lag ms", "pending",
                      "rtt ms", "arrived ms");
    }
    *first = false;
    for (const struct json *peer = survey_list(node->status, "peers"); peer != NULL;
         peer = peer->next) {
        buffer_printf(to, "%-15s %-15s %12.1f %12.0f %12.1f %12.1f\n",
                      survey_text(arena, node->status, "region"),
                      survey_text(arena, peer, "region"), survey_number(peer, "lag_seconds") * 1000,
                      survey_number(peer, "pending_records"), survey_number(peer, "round_trip_ms"),
                      survey_number(peer, "apply_lag_seconds") * 1000);
    }
}

static void regions_lag_json(struct survey *survey,
                             const struct survey_node *node,
                             struct buffer *to,
                             bool *first)
{
    struct arena *arena = survey->arena;
    for (const struct json *peer = survey_list(node->status, "peers"); peer != NULL;
         peer = peer->next) {
        regions_separate(to, first);
        buffer_printf(to,
                      "{\"from\":\"%s\",\"to\":\"%s\",\"lag_seconds\":%.9g,"
                      "\"pending_records\":%.0f,\"round_trip_ms\":%.9g,"
                      "\"apply_lag_seconds\":%.9g}",
                      survey_text(arena, node->status, "region"),
                      survey_text(arena, peer, "region"), survey_number(peer, "lag_seconds"),
                      survey_number(peer, "pending_records"), survey_number(peer, "round_trip_ms"),
                      survey_number(peer, "apply_lag_seconds"));
    }
}

static int regions_run(const char *command,
                       const char *what,
                       int argc,
                       char **argv,
                       regions_write text,
                       regions_write json)
{
    const char *admins[CLI_ADMINS_MAX];
    uint32_t admins_count = 0;
    const char *output = NULL;
    const struct cli_option options[] = {
        {.name = "admin",
         .argument = "URL",
         .help = "a node's admin endpoint; may come several times",
         .list = admins,
         .list_count = &admins_count},
        {.name = "output",
         .letter = 'o',
         .argument = "FORM",
         .help = "text or json",
         .text = &output},
    };
    struct error err = {0};
    int status = CLI_OK;
    bool as_json = false;
    bool first = true;
    if (!cli_begin(command, what, argc, argv, options, ARRAY_COUNT(options), &status)) {
        return status;
    }
    if (!cli_output(output, &as_json, &err)) {
        return cli_misuse("%s", err.text);
    }
    struct arena arena = {0};
    struct buffer to;
    struct survey *survey = arena_zalloc(&arena, 1, sizeof(*survey));
    cli_admins(&arena, admins, &admins_count);
    survey_take(survey, &arena, admins, admins_count);
    buffer_init(&to, &arena, 4096);
    buffer_append_text(&to, as_json ? "[" : "");
    for (uint32_t i = 0; i < survey->nodes_count; i++) {
        const struct survey_node *node = &survey->nodes[i];
        if (node->status == NULL) {
            fprintf(stderr, "meridian: %s\n", node->problem);
            status = CLI_FAILED;
            continue;
        }
        (as_json ? json : text)(survey, node, &to, &first);
    }
    buffer_append_text(&to, as_json ? "]\n" : "");
    fwrite(to.data, 1, to.size, stdout);
    arena_destroy(&arena);
    return status;
}

int regions_main(int argc, char **argv)
{
    return regions_run("regions", "The regions that were asked, and whom each reaches.", argc, argv,
                       regions_text, regions_json);
}

int lag_main(int argc, char **argv)
{
    return regions_run("lag",
                       "Per direction: the age of the oldest write not yet acknowledged, how many "
                       "wait,\nthe round trip, and how long the newest write took that arrived the "
                       "other way.",
                       argc, argv, regions_lag_text, regions_lag_json);
}
