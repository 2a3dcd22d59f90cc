#include "daemon/cli/demo.h"
#include "daemon/cli/http_client.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DEMO_JOIN_MS = 30000, DEMO_POLL_MS = 20 };

static uint64_t demo_now_ms(void)
{
    struct timespec now;
    ensure(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Is the node ready, and connected both ways with all others? *waits_for says what is missing. */
static bool demo_is_joined(const struct demo *demo,
                           const struct demo_node *node,
                           struct client *client,
                           struct arena *arena,
                           struct error *waits_for)
{
    struct slice text;
    struct json *status = NULL;
    if (!client_admin(client, "GET", node->admin, "/readyz", (struct slice){0}, arena, &text,
                      waits_for) ||
        !client_admin_json(client, node->admin, "/v1/status", arena, &status, waits_for)) {
        return false;
    }
    const struct json *peers = json_get(status, "peers");
    uint32_t connected = 0;
    for (const struct json *peer = peers == NULL ? NULL : peers->first; peer != NULL;
         peer = peer->next) {
        const struct json *out = json_get(peer, "connected_out");
        const struct json *in = json_get(peer, "connected_in");
        connected +=
            out != NULL && in != NULL && out->type == JSON_TRUE && in->type == JSON_TRUE ? 1 : 0;
    }
    if (connected + 1 < demo->nodes_count) {
        return error_set(waits_for, ERROR_UNAVAILABLE, "it reaches %u of %u other regions",
                         connected, demo->nodes_count - 1);
    }
    return true;
}

static bool demo_wait_joined(const struct demo *demo,
                             const struct demo_node *node,
                             struct client *client,
                             uint64_t deadline_ms,
                             struct error *err)
{
    const struct timespec pause = {.tv_nsec = DEMO_POLL_MS * 1000000L};
    struct arena arena = {0};
    bool joined = false;
    bool failed = false;
    while (!joined && !failed) {
        struct error waits_for = {0};
        joined = demo_is_joined(demo, node, client, &arena, &waits_for);
        arena_clear(&arena);
        if (joined) {
            break;
        }
        if (!demo_is_alive(demo, node)) {
            error_set(err, ERROR_UNAVAILABLE, "%s has ended", node->region);
            failed = true;
        } else if (demo_now_ms() >= deadline_ms) {
            error_set(err, ERROR_UNAVAILABLE, "%s did not join in time: %s", node->region,
                      waits_for.text);
            failed = true;
        } else {
            nanosleep(&pause, NULL);
        }
    }
    arena_destroy(&arena);
    return joined;
}

/* Half of the round trip in each direction; an odd millisecond goes to the later region's side. */
static bool
demo_set_links(const struct demo *demo, uint32_t from, struct client *client, struct error *err)
{
    struct arena arena = {0};
    bool ok = true;
    for (uint32_t to = 0; ok && to < demo->nodes_count; to++) {
        uint32_t delay_ms = from < to ? demo->rtt_ms / 2 : demo->rtt_ms - demo->rtt_ms / 2;
        if (to == from) {
            continue;
        }
        const char *body = arena_printf(&arena, "{\"peer\":\"%s\",\"delay_ms\":%u}",
                                        demo->nodes[to].region, delay_ms);
        struct slice answer;
        ok = client_admin(client, "POST", demo->nodes[from].admin, "/v1/link", slice_text(body),
                          &arena, &answer, err);
    }
    arena_destroy(&arena);
    return ok;
}

bool demo_join(const struct demo *demo, bool links, struct error *err)
{
    struct client *client = client_open();
    uint64_t deadline_ms = demo_now_ms() + DEMO_JOIN_MS;
    bool ok = true;
    for (uint32_t i = 0; ok && i < demo->nodes_count; i++) {
        ok = demo_wait_joined(demo, &demo->nodes[i], client, deadline_ms, err);
        if (!ok) {
            demo_show_log(demo, &demo->nodes[i], stderr);
        }
    }
    for (uint32_t i = 0; ok && links && i < demo->nodes_count; i++) {
        ok = demo_set_links(demo, i, client, err);
    }
    client_close(client);
    return ok;
}
