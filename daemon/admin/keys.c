/* Access keys: GET, POST and DELETE /v1/keys, POST /v1/keys/policy. A secret is in the answer to
 * the POST that makes the key and nowhere else. */
#include "daemon/admin/routes.h"
#include "daemon/admin/text.h"
#include "daemon/auth/keyring.h"
#include "daemon/log.h"
#include "proto/value/json.h"

#include <sodium.h>

struct keys_body {
    struct slice id;
    struct slice user;
    struct slice policy; /* Minified; empty: null or absent. */
    bool has_policy;     /* Also when it is null. */
};

static bool keys_text(const struct json *json, struct slice *text, struct error *err)
{
    *text = json->text;
    return (json->type == JSON_STRING && json->text.size > 0) ||
           error_set(err, ERROR_VALIDATION, "%.*s is a text that is not empty",
                     SLICE_ARGS(json->name));
}

static bool
keys_policy(struct arena *arena, const struct json *json, struct keys_body *body, struct error *err)
{
    struct buffer to;
    body->has_policy = true;
    if (json->type == JSON_NULL) {
        return true;
    }
    if (json->type != JSON_OBJECT) {
        return error_set(err, ERROR_VALIDATION, "policy is an object, or null for none");
    }
    buffer_init(&to, arena, 256);
    json_write(&to, json);
    body->policy = buffer_slice(&to);
    return true;
}

/* `wanted` is "user" or "id". */
static bool keys_parse(const struct admin_request *request,
                       const char *wanted,
                       struct keys_body *body,
                       struct error *err)
{
    struct json *root = NULL;
    if (!json_parse(request->body, request->arena, &root, err)) {
        return false;
    }
    if (root->type != JSON_OBJECT) {
        return error_set(err, ERROR_VALIDATION, "the body is not a JSON object");
    }
    for (const struct json *member = root->first; member != NULL; member = member->next) {
        bool ok;
        if (slice_is(member->name, "policy")) {
            ok = keys_policy(request->arena, member, body, err);
        } else if (slice_is(member->name, wanted)) {
            ok = keys_text(member, slice_is(member->name, "id") ? &body->id : &body->user, err);
        } else {
            ok = error_set(err, ERROR_VALIDATION,
                           "there is no member \"%.*s\": there are %s and policy",
                           SLICE_ARGS(member->name), wanted);
        }
        if (!ok) {
            return false;
        }
    }
    return true;
}

static void keys_write(struct buffer *to, const struct keyring_entry *entry)
{
    const struct key_record *record = &entry->record;
    buffer_append_text(to, "{\"id\":");
    json_write_string(to, record->id);
    buffer_printf(to, ",\"source\":\"%s\"", entry->of_file ? "file" : "catalog");
    if (!entry->of_file) {
        buffer_append_text(to, ",\"user\":");
        json_write_string(to, record->user);
        buffer_append_text(to, ",\"created\":");
        text_write_time(to, record->created_ms);
    }
    if (record->secret.size > 0) {
        buffer_append_text(to, ",\"secret\":");
        json_write_string(to, record->secret);
    }
    buffer_append_text(to, ",\"policy\":");
    buffer_append_slice(to, record->policy.size > 0 ? record->policy : SLICE_LITERAL("null"));
    buffer_append_byte(to, '}');
}

bool admin_keys_list(const struct admin_request *request, struct buffer *answer, struct error *err)
{
    struct keyring_entry *entries = NULL;
    struct slice id = {NULL, 0};
    uint32_t count = 0;
    uint32_t written = 0;
    bool found = false;
    if (!admin_query(request, "id", &id, &found, err) ||
        !keyring_list(request->node->keyring, request->arena, &entries, &count, err)) {
        return false;
    }
    buffer_append_byte(answer, '[');
    for (uint32_t i = 0; i < count; i++) {
        if (!found || slice_equal(entries[i].record.id, id)) {
            buffer_append_text(answer, written++ > 0 ? "," : "");
            keys_write(answer, &entries[i]);
        }
    }
    buffer_append_text(answer, "]\n");
    return !found || written > 0 ||
           error_set(err, ERROR_NOT_FOUND, "there is no access key %.*s", SLICE_ARGS(id));
}

bool admin_keys_add(const struct admin_request *request, struct buffer *answer, struct error *err)
{
    struct keys_body body = {.has_policy = false};
    struct keyring_entry made = {.of_file = false};
    const struct store_clock *clock = &request->node->store->clock;
    if (!keys_parse(request, "user", &body, err)) {
        return false;
    }
    if (body.user.size == 0) {
        return error_set(err, ERROR_VALIDATION, "user is missing: say whose key it is");
    }
    if (!keyring_add(request->node->keyring, body.user, body.policy, clock->wall_ms(clock->context),
                     request->arena, &made.record, err)) {
        return false;
    }
    log_event(request->node->log, LOG_INFO, "keys.added", log_slice("id", made.record.id),
              log_slice("user", made.record.user));
    keys_write(answer, &made);
    buffer_append_byte(answer, '\n');
    sodium_memzero((void *)(uintptr_t)made.record.secret.data, made.record.secret.size);
    return true;
}

bool admin_keys_remove(const struct admin_request *request,
                       struct buffer *answer,
                       struct error *err)
{
    struct slice id = {NULL, 0};
    bool found = false;
    if (!admin_query(request, "id", &id, &found, err)) {
        return false;
    }
    if (!found || id.size == 0 || id.size > ACCESS_ID_BYTES_MAX) {
        return error_set(err, ERROR_VALIDATION, "say which key: ?id=ID");
    }
    if (!keyring_remove(request->node->keyring, id, err)) {
        return false;
    }
    log_event(request->node->log, LOG_INFO, "keys.removed", log_slice("id", id));
    buffer_append_text(answer, "{}\n");
    return true;
}

bool admin_keys_policy(const struct admin_request *request,
                       struct buffer *answer,
                       struct error *err)
{
    struct keys_body body = {.has_policy = false};
    if (!keys_parse(request, "id", &body, err)) {
        return false;
    }
    if (body.id.size == 0 || body.id.size > ACCESS_ID_BYTES_MAX || !body.has_policy) {
        return error_set(err, ERROR_VALIDATION, "id and policy are both needed");
    }
    if (!keyring_set_policy(request->node->keyring, body.id, body.policy, err)) {
        return false;
    }
    log_event(request->node->log, LOG_INFO, "keys.policy", log_slice("id", body.id),
              log_text("policy", body.policy.size > 0 ? "set" : "cleared"));
    buffer_append_text(answer, "{}\n");
    return true;
}
