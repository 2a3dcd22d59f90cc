/* POST and DELETE /v1/link: the emulated wide-area link for what this node sends to one peer. A
 * POST describes the link wholly: what it leaves out is off. */
#include "daemon/admin/routes.h"
#include "daemon/admin/text.h"
#include "proto/value/json.h"

#include <errno.h>
#include <stdlib.h>

enum { LINK_MS_MAX = 60000 };

static bool link_milliseconds(const struct json *json, uint32_t *ms, struct error *err)
{
    uint64_t number = 0;
    bool plain = json->type == JSON_NUMBER && text_number(json->text, &number);
    if (!plain || number > LINK_MS_MAX) {
        return error_set(err, ERROR_VALIDATION, "%.*s is a whole number from 0 to %d",
                         SLICE_ARGS(json->name), LINK_MS_MAX);
    }
    *ms = (uint32_t)number;
    return true;
}

static bool link_percent(const struct json *json, double *percent, struct error *err)
{
    char text[32] = "";
    char *end = text;
    double number = -1;
    if (json->type == JSON_NUMBER && json->text.size < sizeof(text)) {
        memcpy(text, json->text.data, json->text.size);
        number = strtod(text, &end);
    }
    if (end == text || *end != 0 || !(number >= 0 && number <= 100)) {
        return error_set(err, ERROR_VALIDATION, "%.*s is a number from 0 to 100",
                         SLICE_ARGS(json->name));
    }
    *percent = number;
    return true;
}

static bool link_member(const struct json *json,
                        struct slice *peer,
                        struct link_settings *settings,
                        struct error *err)
{
    if (slice_is(json->name, "peer")) {
        if (json->type != JSON_STRING) {
            return error_set(err, ERROR_VALIDATION, "peer is the name of a region");
        }
        *peer = json->text;
        return true;
    }
    if (slice_is(json->name, "delay_ms")) {
        return link_milliseconds(json, &settings->delay_ms, err);
    }
    if (slice_is(json->name, "jitter_ms")) {
        return link_milliseconds(json, &settings->jitter_ms, err);
    }
    if (slice_is(json->name, "loss_percent")) {
        return link_percent(json, &settings->loss_percent, err);
    }
    if (slice_is(json->name, "cut")) {
        if (json->type != JSON_TRUE && json->type != JSON_FALSE) {
            return error_set(err, ERROR_VALIDATION, "cut is true or false");
        }
        settings->cut = json->type == JSON_TRUE;
        return true;
    }
    return error_set(err, ERROR_VALIDATION,
                     "there is no member \"%.*s\": a link has peer, delay_ms, jitter_ms, "
                     "loss_percent and cut",
                     SLICE_ARGS(json->name));
}

static bool link_has_cluster(const struct admin_request *request, struct error *err)
{
    if (request->node->replication == NULL) {
        return error_set(err, ERROR_VALIDATION,
                         "this node was started without a cluster file: it has no links");
    }
    return true;
}

bool admin_link_set(const struct admin_request *request, struct buffer *answer, struct error *err)
{
    struct link_settings settings = {.cut = false};
    struct slice peer = {0};
    struct json *root = NULL;
    if (!link_has_cluster(request, err) || !json_parse(request->body, request->arena, &root, err)) {
        return false;
    }
    if (root->type != JSON_OBJECT) {
        return error_set(err, ERROR_VALIDATION, "the body is not a JSON object");
    }
    for (const struct json *member = root->first; member != NULL; member = member->next) {
        if (!link_member(member, &peer, &settings, err)) {
            return false;
        }
    }
    if (peer.size == 0) {
        return error_set(err, ERROR_VALIDATION, "peer is missing: name the region");
    }
    if (!replication_link_set(request->node->replication, peer, &settings, err)) {
        return false;
    }
    buffer_append_text(answer, "{\"peer\":");
    json_write_string(answer, peer);
    buffer_printf(answer, ",\"delay_ms\":%u,\"jitter_ms\":%u,\"loss_percent\":%g,\"cut\":%s}\n",
                  settings.delay_ms, settings.jitter_ms, settings.loss_percent,
                  settings.cut ? "true" : "false");
    return true;
}

bool admin_link_clear(const struct admin_request *request, struct buffer *answer, struct error *err)
{
    if (!link_has_cluster(request, err)) {
        return false;
    }
    replication_link_clear(request->node->replication);
    buffer_append_text(answer, "{}\n");
    return true;
}
