#include "daemon/cli/survey.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Above these a figure is a problem. Lag is judged beyond the round trip, which is nobody's fault.
 */
enum { SURVEY_LAG_SECONDS = 5, SURVEY_CLOCK_OFFSET_MS = 500 };

double survey_number(const struct json *object, const char *name)
{
    const struct json *member = object == NULL ? NULL : json_get(object, name);
    char text[64];
    if (member == NULL || member->type != JSON_NUMBER || member->text.size >= sizeof(text)) {
        return 0;
    }
    memcpy(text, member->text.data, member->text.size);
    text[member->text.size] = 0;
    return strtod(text, NULL);
}

bool survey_is(const struct json *object, const char *name)
{
    const struct json *member = object == NULL ? NULL : json_get(object, name);
    return member != NULL && member->type == JSON_TRUE;
}

const char *survey_text(struct arena *arena, const struct json *object, const char *name)
{
    const struct json *member = object == NULL ? NULL : json_get(object, name);
    if (member == NULL || member->type != JSON_STRING) {
        return "";
    }
    return (const char *)arena_copy(arena, member->text).data;
}

const struct json *survey_list(const struct json *object, const char *name)
{
    const struct json *member = object == NULL ? NULL : json_get(object, name);
    return member == NULL || member->type != JSON_ARRAY ? NULL : member->first;
}

static void survey_add(struct survey *survey, const char *what, const char *todo)
{
    if (survey->problems_count < SURVEY_PROBLEMS_MAX) {
        survey->problems[survey->problems_count++] = (struct survey_problem){what, todo};
    }
}

static void survey_judge_peer(struct survey *survey,
                              const struct survey_node *node,
                              const char *self,
                              const struct json *peer)
{
    struct arena *arena = survey->arena;
    const char *name = survey_text(arena, peer, "region");
    const char *problem = survey_text(arena, peer, "problem");
    const struct json *link = json_get(peer, "link");
    double lag = survey_number(peer, "lag_seconds");
    double offset = survey_number(peer, "clock_offset_ms");
    bool cut = link != NULL && survey_is(link, "cut");
    if (cut) {
        survey_add(
            survey, arena_printf(arena, "%s: the link to %s is cut on purpose", self, name),
            arena_printf(arena, "meridian link clear --admin %s --peer %s", node->admin, name));
    } else if (strstr(problem, "needs repair") != NULL || strstr(problem, "incarnation") != NULL) {
        survey_add(
            survey, arena_printf(arena, "%s and %s are at odds: %s", self, name, problem),
            "one of them was put back to an older state, or lacks what was thrown away: take "
            "the replicas of the one with the lesser data out with UpdateTable, start it "
            "with an empty data folder and its identity, create them again");
    } else if (strstr(problem, "replaced by a newer connection") != NULL) {
        survey_add(survey,
                   arena_printf(arena, "%s hears two nodes that say they are %s", self, name),
                   "stop the one that does not belong there: a copied data folder takes its "
                   "identity along");
    } else if (strstr(problem, "another key") != NULL ||
               strstr(problem, "not a peer in the cluster file") != NULL) {
        survey_add(
            survey,
            arena_printf(arena, "%s and %s do not trust each other: %s", self, name, problem),
            "put the same cluster file in both regions; `meridiand --identity --data DIR` "
            "prints the key that belongs in it");
    } else if (!survey_is(peer, "connected_out") || problem[0] != 0) {
        survey_add(survey,
                   arena_printf(arena, "%s does not reach %s%s%s", self, name,
                                problem[0] == 0 ? "" : ": ", problem),
                   arena_printf(arena,
                                "look whether %s runs, whether %s is its peer address, and whether "
                                "both have the same cluster file",
                                name, survey_text(arena, peer, "address")));
    } else if (!survey_is(peer, "connected_in")) {
        survey_add(
            survey, arena_printf(arena, "%s is not reached by %s", self, name),
            arena_printf(arena, "ask %s why: meridian status --admin <its admin address>", name));
    }
    if (lag > SURVEY_LAG_SECONDS) {
        survey_add(survey,
                   arena_printf(arena, "%s has writes that %s lacks since %.1f s (%.0f of them)",
                                self, name, lag, survey_number(peer, "pending_records")),
                   "if the regions are connected, the link is too slow for the writes: look at "
                   "`meridian lag`");
    }
    if (fabs(offset) > SURVEY_CLOCK_OFFSET_MS) {
        survey_add(survey,
                   arena_printf(arena, "the clock of %s differs from that of %s by %.0f ms", name,
                                self, offset),
                   "set the clocks right (chrony, ntpd): the newer of two writes is told by them");
    }
}

/* A replica is filled once every member has said how far it is: who is away holds it up. */
static const char *survey_missing_member(struct arena *arena, const struct json *status)
{
    for (const struct json *peer = survey_list(status, "peers"); peer != NULL; peer = peer->next) {
        if (!survey_is(peer, "connected_out") || !survey_is(peer, "connected_in")) {
            return survey_text(arena, peer, "region");
        }
    }
    return NULL;
}

static void survey_judge_tables(struct survey *survey, const char *self, const struct json *status)
{
    struct arena *arena = survey->arena;
    const char *missing = survey_missing_member(arena, status);
    const char *example = "";
    uint32_t unfinished = 0;
    for (const struct json *table = survey_list(status, "tables"); table != NULL;
         table = table->next) {
        for (const struct json *replica = survey_list(table, "replicas"); replica != NULL;
             replica = replica->next) {
            bool creating = strcmp(survey_text(arena, replica, "status"), "CREATING") == 0;
            unfinished += creating;
            example = creating ? survey_text(arena, table, "name") : example;
            if (strcmp(survey_text(arena, replica, "status"), "CREATION_FAILED") == 0) {
                survey_add(
                    survey,
                    arena_printf(arena, "%s: table %s could not be replicated to %s: %s", self,
                                 survey_text(arena, table, "name"),
                                 survey_text(arena, replica, "region"),
                                 survey_text(arena, replica, "reason")),
                    "delete that replica with UpdateTable, mend the reason, create it again");
            }
        }
    }
    if (missing != NULL && unfinished > 0) {
        survey_add(survey,
                   arena_printf(arena, "%s: %u replicas are not finished, one of table %s", self,
                                unfinished, example),
                   arena_printf(arena,
                                "bring %s back, every member has its say in it; one that is gone "
                                "for good has to leave the cluster file",
                                missing));
    }
}

static void survey_judge(struct survey *survey, const struct survey_node *node)
{
    struct arena *arena = survey->arena;
    if (node->status == NULL) {
        survey_add(survey, node->problem, "start the node, or give its admin address with --admin");
        return;
    }
    const char *self = survey_text(arena, node->status, "region");
    const char *sync_problem = survey_text(arena, node->status, "sync_problem");
    if (sync_problem[0] != 0) {
        survey_add(survey,
                   arena_printf(arena, "%s cannot write to its disk: %s", self, sync_problem),
                   "it acknowledges nothing any more; mend the disk and start it again");
    }
    if (!survey_is(node->status, "ready")) {
        survey_add(survey,
                   arena_printf(arena, "%s takes no requests: it is %s", self,
                                survey_is(node->status, "draining") ? "stopping" : "starting"),
                   "wait, or look at its log");
    }
    for (const struct json *peer = survey_list(node->status, "peers"); peer != NULL;
         peer = peer->next) {
        survey_judge_peer(survey, node, self, peer);
    }
    survey_judge_tables(survey, self, node->status);
}

void survey_take(struct survey *survey,
                 struct arena *arena,
                 const char *const *admins,
                 uint32_t admins_count)
{
    struct client *client = client_open();
    ensure(admins_count <= CLI_ADMINS_MAX);
    memset(survey, 0, sizeof(*survey));
    survey->arena = arena;
    for (uint32_t i = 0; i < admins_count; i++) {
        struct survey_node *node = &survey->nodes[survey->nodes_count++];
        struct error err = {0};
        node->admin = admins[i];
        if (!client_admin_json(client, admins[i], "/v1/status", arena, &node->status, &err)) {
            node->status = NULL;
            node->problem = arena_printf(arena, "%s", err.text);
        }
        survey_judge(survey, node);
    }
    client_close(client);
}
