/* `meridian status`: first whether all is well, then what is wrong and what to do, then the
 * figures. */
#include "daemon/cli/survey.h"

#include <string.h>

static void status_print_verdict(const struct survey *survey)
{
    double lag = 0;
    uint32_t peers = 0;
    for (uint32_t i = 0; i < survey->nodes_count; i++) {
        for (const struct json *peer = survey_list(survey->nodes[i].status, "peers"); peer != NULL;
             peer = peer->next) {
            double of_peer = survey_number(peer, "lag_seconds");
            lag = of_peer > lag ? of_peer : lag;
            peers++;
        }
    }
    if (survey->problems_count > 0) {
        printf("not well: %u problem%s\n", survey->problems_count,
               survey->problems_count == 1 ? "" : "s");
    } else if (peers == 0) {
        printf("all is well: %s serves, alone\n",
               survey_text(survey->arena, survey->nodes[0].status, "region"));
    } else {
        printf("all is well: %u node%s asked, every link up, lag at most %.0f ms\n",
               survey->nodes_count, survey->nodes_count == 1 ? "" : "s", lag * 1000);
    }
    for (uint32_t i = 0; i < survey->problems_count; i++) {
        printf("  %u. %s\n     -> %s\n", i + 1, survey->problems[i].what, survey->problems[i].todo);
    }
}

static void status_print_peer(struct arena *arena, const struct json *peer)
{
    const struct json *link = json_get(peer, "link");
    const struct json *applied = json_get(peer, "applied");
    double round_trip = survey_number(peer, "round_trip_ms");
    char trip[32] = "-";
    if (round_trip >= 0) {
        snprintf(trip, sizeof(trip), "%.1f", round_trip);
    }
    printf("  %-15s %-4s %-4s %9.1f %9.0f %9s %10.1f %10.0f %10.0f\n",
           survey_text(arena, peer, "region"), survey_is(peer, "connected_out") ? "up" : "DOWN",
           survey_is(peer, "connected_in") ? "up" : "DOWN",
           survey_number(peer, "lag_seconds") * 1000, survey_number(peer, "pending_records"), trip,
           survey_number(peer, "clock_offset_ms"), survey_number(peer, "acknowledged_seq"),
           applied == NULL ? 0 : survey_number(applied, "seq"));
    if (link != NULL &&
        (survey_number(link, "delay_ms") > 0 || survey_number(link, "jitter_ms") > 0 ||
         survey_number(link, "loss_percent") > 0 || survey_is(link, "cut"))) {
        printf("  %-15s emulated: %.0f ms delay, %.0f ms jitter, %g %% loss%s\n", "",
               survey_number(link, "delay_ms"), survey_number(link, "jitter_ms"),
               survey_number(link, "loss_percent"), survey_is(link, "cut") ? ", cut" : "");
    }
}

static void status_print_table(struct arena *arena, const struct json *table)
{
    printf("  %-24s %-9s %10.0f items %12.0f bytes", survey_text(arena, table, "name"),
           survey_text(arena, table, "status"), survey_number(table, "items"),
           survey_number(table, "bytes"));
    const char *separator = "  replicas ";
    for (const struct json *replica = survey_list(table, "replicas"); replica != NULL;
         replica = replica->next) {
        printf("%s%s %s", separator, survey_text(arena, replica, "region"),
               survey_text(arena, replica, "status"));
        separator = ", ";
    }
    printf("\n");
}

static void status_print_node(struct arena *arena, const struct survey_node *node)
{
    const struct json *status = node->status;
    const struct json *endpoints = json_get(status, "endpoints");
    printf("\n%s  http %s  admin %s  up %.0f s\n", survey_text(arena, status, "region"),
           endpoints == NULL ? "" : survey_text(arena, endpoints, "http"), node->admin,
           survey_number(status, "uptime_seconds"));
    printf(
        "  durability %s, %.0f writes durable, %.0f connections, %.0f conflicts since the start\n",
        survey_text(arena, status, "durability"), survey_number(status, "durable_seq"),
        survey_number(status, "connections"), survey_number(status, "conflicts"));
    const struct json *peer = survey_list(status, "peers");
    if (peer != NULL) {
        printf("  %-15s %-4s %-4s %9s %9s %9s %10s %10s %10s\n", "peer", "out", "in", "lag ms",
               "pending", "rtt ms", "clock ms", "it has", "applied");
    }
    for (; peer != NULL; peer = peer->next) {
        status_print_peer(arena, peer);
    }
    for (const struct json *table = survey_list(status, "tables"); table != NULL;
         table = table->next) {
        status_print_table(arena, table);
    }
}

static void status_print_json(const struct survey *survey)
{
    struct buffer to;
    buffer_init(&to, survey->arena, 4096);
    buffer_printf(&to, "{\"well\":%s,\"problems\":[",
                  survey->problems_count == 0 ? "true" : "false");
    for (uint32_t i = 0; i < survey->problems_count; i++) {
        buffer_append_text(&to, i == 0 ? "{\"what\":" : ",{\"what\":");
        json_write_string(&to, slice_text(survey->problems[i].what));
        buffer_append_text(&to, ",\"todo\":");
        json_write_string(&to, slice_text(survey->problems[i].todo));
        buffer_append_text(&to, "}");
    }
    buffer_append_text(&to, "],\"nodes\":[");
    for (uint32_t i = 0; i < survey->nodes_count; i++) {
        buffer_append_text(&to, i == 0 ? "\n" : ",\n");
        buffer_append_text(&to, "{\"admin\":");
        json_write_string(&to, slice_text(survey->nodes[i].admin));
        buffer_append_text(&to, ",\"status\":");
        if (survey->nodes[i].status == NULL) {
            buffer_append_text(&to, "null");
        } else {
            json_write(&to, survey->nodes[i].status);
        }
        buffer_append_text(&to, "}");
    }
    buffer_append_text(&to, "]}\n");
    fwrite(to.data, 1, to.size, stdout);
}

int status_main(int argc, char **argv)
{
    const char *admins[CLI_ADMINS_MAX];
    uint32_t admins_count = 0;
    const char *output = NULL;
    const struct cli_option options[] = {
        {.name = "admin",
         .argument = "URL",
         .help = "a node's admin endpoint; may come several times (those of the demo, else "
                 "http://127.0.0.1:8080)",
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
    bool json = false;
    if (!cli_begin("status", "Is all well? Exit status 1 when not.", argc, argv, options,
                   ARRAY_COUNT(options), &status)) {
        return status;
    }
    if (!cli_output(output, &json, &err)) {
        return cli_misuse("%s", err.text);
    }
    struct arena arena = {0};
    struct survey *survey = arena_zalloc(&arena, 1, sizeof(*survey));
    cli_admins(&arena, admins, &admins_count);
    survey_take(survey, &arena, admins, admins_count);
    if (json) {
        status_print_json(survey);
    } else {
        status_print_verdict(survey);
        for (uint32_t i = 0; i < survey->nodes_count; i++) {
            if (survey->nodes[i].status != NULL) {
                status_print_node(&arena, &survey->nodes[i]);
            }
        }
    }
    status = survey->problems_count == 0 ? CLI_OK : CLI_FAILED;
    arena_destroy(&arena);
    return status;
}
