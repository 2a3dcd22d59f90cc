/* Judging a list of accesses.
 *
 * Resource policies are compiled once per loop and version: a small table by the id of the table,
 * where a newcomer takes the place of whoever was there. Identity policies come compiled with the
 * credential. */
#include "daemon/auth/authorize.h"

#include "daemon/auth/access.h"
#include "daemon/http/credentials.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

struct authorizer_entry {
    uint32_t table_id;
    uint64_t version; /* 0: free. */
    struct policy *policy;
};

struct authorizer {
    struct authorizer_entry entries[AUTHORIZER_POLICIES];
};

struct authorizer *authorizer_open(void)
{
    struct authorizer *authorizer = calloc(1, sizeof(*authorizer));
    ensure(authorizer != NULL);
    return authorizer;
}

void authorizer_close(struct authorizer *authorizer)
{
    for (size_t i = 0; authorizer != NULL && i < AUTHORIZER_POLICIES; i++) {
        policy_close(authorizer->entries[i].policy);
    }
    free(authorizer);
}

/* The compiled policy of a table that has one; *policy NULL when it has just lost it. */
static bool authorizer_policy(struct authorizer *authorizer,
                              struct call *call,
                              const struct table *table,
                              const struct policy **policy,
                              struct error *err)
{
    struct authorizer_entry *entry = &authorizer->entries[table->id % AUTHORIZER_POLICIES];
    uint64_t version = table_setting_version(table, SETTING_POLICY);
    *policy = NULL;
    if (version == 0) {
        return true;
    }
    if (entry->version == version && entry->table_id == table->id) {
        *policy = entry->policy;
        return true;
    }
    struct json *document = NULL;
    struct policy *compiled = NULL;
    struct error broken = {0};
    struct slice bytes =
        catalog_setting(call->node->store->catalog, table, SETTING_POLICY, call->arena);
    if (bytes.size == 0) {
        return true;
    }
    if (!json_parse(bytes, call->arena, &document, &broken) ||
        json_get(document, "Policy") == NULL ||
        !policy_compile(POLICY_RESOURCE, json_get(document, "Policy")->text, &compiled, &broken)) {
        return error_set(err, ERROR_CORRUPT, "the resource policy of table %.*s: %s",
                         SLICE_ARGS(table->name), broken.text);
    }
    policy_close(entry->policy);
    *entry = (struct authorizer_entry){table->id, version, compiled};
    *policy = compiled;
    return true;
}

/* --- What every access of a request shares -----------------------------------------------------
 */

enum { AUTHORIZE_TIME_BYTES = 32 };

struct authorize_context {
    const struct call *call;
    struct policy_request request;
    struct slice single[POLICY_KEYS]; /* What the values of one point to. */
};

static void authorize_set(struct authorize_context *context, enum policy_key key, struct slice text)
{
    context->single[key] = text;
    context->request.values[key] =
        (struct policy_values){&context->single[key], text.size == 0 ? 0 : 1};
}

static void authorize_who(struct authorize_context *context, const struct call *call)
{
    const struct credential *credential = call->credential;
    struct policy_request *request = &context->request;
    bool root = credential->user.size == 0;
    context->call = call;
    request->account = slice_text(call->node->account);
    request->principal =
        slice_text(arena_printf(call->arena, "arn:aws:iam::%s:%s%.*s", call->node->account,
                                root ? "root" : "user/", SLICE_ARGS(credential->user)));
    authorize_set(context, POLICY_PRINCIPAL_ARN, request->principal);
    authorize_set(context, POLICY_PRINCIPAL_ACCOUNT, request->account);
    authorize_set(context, POLICY_USERNAME, credential->user);
}

static void authorize_when(struct authorize_context *context, const struct call *call)
{
    const struct store_clock *clock = &call->node->store->clock;
    time_t now_s = (time_t)(clock->wall_ms(clock->context) / 1000);
    struct tm utc;
    char *text = arena_alloc(call->arena, AUTHORIZE_TIME_BYTES);
    ensure(gmtime_r(&now_s, &utc) != NULL);
    size_t size = strftime(text, AUTHORIZE_TIME_BYTES, "%Y-%m-%dT%H:%M:%SZ", &utc);
    authorize_set(context, POLICY_CURRENT_TIME, slice_of(text, size));
    authorize_set(context, POLICY_EPOCH_TIME,
                  slice_text(arena_printf(call->arena, "%" PRIi64, (int64_t)now_s)));
}

static void authorize_where(struct authorize_context *context,
                            const struct call *call,
                            const struct http_request *http)
{
    char *address = arena_alloc(call->arena, HTTP_PEER_BYTES);
    bool known = http_peer(http, address);
    authorize_set(context, POLICY_SOURCE_IP, known ? slice_text(address) : (struct slice){NULL, 0});
    authorize_set(context, POLICY_SECURE_TRANSPORT,
                  http_is_secure(http) ? SLICE_LITERAL("true") : SLICE_LITERAL("false"));
}

static void authorize_what(struct authorize_context *context, const struct access *access)
{
    struct policy_request *request = &context->request;
    request->action = slice_text(access->action);
    request->resource = access->resource;
    for (size_t i = 0; i < ACCESS_KEYS; i++) {
        request->values[i] = (struct policy_values){access->values[i].all, access->values[i].count};
    }
}

/* --- Judging -----------------------------------------------------------------------------------
 */

static bool authorize_refuse(const struct authorize_context *context,
                             const char *reason,
                             struct slice *message,
                             struct error *err)
{
    const struct policy_request *request = &context->request;
    struct buffer text;
    buffer_init(&text, context->call->arena, 512);
    buffer_printf(&text, "User: %.*s is not authorized to perform: %.*s on resource: %.*s",
                  SLICE_ARGS(request->principal), SLICE_ARGS(request->action),
                  SLICE_ARGS(request->resource));
    if (reason == NULL) {
        buffer_printf(&text, " because no identity-based policy allows the %.*s action",
                      SLICE_ARGS(request->action));
    } else {
        buffer_printf(&text, " with an explicit deny in %s policy", reason);
    }
    *message = buffer_slice(&text);
    return error_set(err, ERROR_ACCESS_DENIED, "%.*s", SLICE_ARGS(*message));
}

static bool authorize_access(struct authorizer *authorizer,
                             struct authorize_context *context,
                             struct call *call,
                             const struct access *access,
                             struct slice *message,
                             struct error *err)
{
    const struct policy *identity = call->credential->policy;
    const struct policy *resource = NULL;
    if (access->table != NULL &&
        !authorizer_policy(authorizer, call, access->table, &resource, err)) {
        return false;
    }
    authorize_what(context, access);
    enum policy_verdict mine =
        identity == NULL ? POLICY_ALLOW : policy_evaluate(identity, &context->request);
    enum policy_verdict its =
        resource == NULL ? POLICY_NEITHER : policy_evaluate(resource, &context->request);
    if (mine == POLICY_DENY) {
        return authorize_refuse(context, "an identity-based", message, err);
    }
    if (its == POLICY_DENY) {
        return authorize_refuse(context, "a resource-based", message, err);
    }
    return mine == POLICY_ALLOW || its == POLICY_ALLOW ||
           authorize_refuse(context, NULL, message, err);
}

/* Nobody knows what it does: only who may do everything may do it, and only while no table of the
 * node has a policy that could deny a part of it. */
static bool authorize_unlisted(struct authorize_context *context,
                               const struct call *call,
                               struct slice *message,
                               struct error *err)
{
    const struct policy *identity = call->credential->policy;
    context->request.action =
        slice_text(arena_printf(call->arena, "dynamodb:%s", call->operation->name));
    context->request.resource = SLICE_LITERAL("*");
    if (catalog_settings_count(call->node->store->catalog, SETTING_POLICY) > 0) {
        return authorize_refuse(context, "a resource-based", message, err);
    }
    return identity == NULL || policy_allows_all(identity) ||
           authorize_refuse(context, NULL, message, err);
}

bool authorize(struct authorizer *authorizer,
               struct call *call,
               const struct http_request *http,
               struct slice *message,
               struct error *err)
{
    const struct credential *credential = call->credential;
    if (credential == NULL ||
        (credential->policy == NULL &&
         catalog_settings_count(call->node->store->catalog, SETTING_POLICY) == 0)) {
        return true;
    }
    struct access_list list = {
        .arena = call->arena, .node = call->node, .limited = credential->policy != NULL};
    operation_list(call, &list);
    bool told = call->operation->access == NULL; /* By the body: then there is something. */
    list.unlisted = list.unlisted || (told && list.limited && list.first == NULL);
    struct authorize_context *context = arena_zalloc(call->arena, 1, sizeof(*context));
    bool ok = true;
    if (list.unlisted || list.first != NULL) {
        authorize_who(context, call);
    }
    if (list.unlisted) {
        ok = authorize_unlisted(context, call, message, err);
    } else if (list.first != NULL) {
        authorize_when(context, call);
        authorize_where(context, call, http);
    }
    for (const struct access *at = list.first; at != NULL && ok; at = at->next) {
        ok = authorize_access(authorizer, context, call, at, message, err);
        if (!ok && at->refusal != NULL && err->code == ERROR_ACCESS_DENIED) {
            *at->refusal = *err;
            *message = (struct slice){NULL, 0};
            error_clear(err);
            ok = true;
        }
    }
    access_list_clear(&list);
    return ok;
}

bool authorize_keeps_self(const struct call *call, const struct policy *policy, struct slice arn)
{
    if (call->credential == NULL) {
        return true;
    }
    struct authorize_context *context = arena_zalloc(call->arena, 1, sizeof(*context));
    authorize_who(context, call);
    context->request.action = SLICE_LITERAL("dynamodb:PutResourcePolicy");
    context->request.resource = arn;
    return policy_evaluate(policy, &context->request) != POLICY_DENY;
}
