/* Resource policies (dynamodb-features.md section 16). The document is
 * {"RevisionId":"1795332846049","Policy":"<the policy, minified>"}. What a policy means is
 * daemon/auth's business. */
#include "daemon/api/resource_policy.h"

#include "daemon/api/operations.h"
#include "daemon/api/resource.h"
#include "daemon/auth/authorize.h"
#include "daemon/auth/policy.h"

#include <inttypes.h>

struct policy_call {
    struct request request;
    bool stream;
    struct slice policy; /* Minified. */
};

/* --- The document ------------------------------------------------------------------------------
 */

bool resource_policy_check(struct call *call,
                           struct slice text,
                           struct slice arn,
                           bool confirmed,
                           struct slice *minified,
                           struct error *err)
{
    struct policy *policy = NULL;
    struct json *root = NULL;
    if (!policy_compile(POLICY_RESOURCE, text, &policy, err)) {
        return false;
    }
    bool keeps = confirmed || authorize_keeps_self(call, policy, arn);
    policy_close(policy);
    if (!keeps) {
        return error_set(err, ERROR_VALIDATION,
                         "The new resource policy will not allow you to update the resource policy "
                         "in the future.");
    }
    struct buffer to;
    buffer_init(&to, call->arena, text.size);
    bool parsed = json_parse(text, call->arena, &root, err);
    ensure(parsed); /* It has been compiled. */
    json_write(&to, root);
    *minified = buffer_slice(&to);
    return true;
}

struct slice resource_policy_document(struct call *call, struct slice minified, uint64_t revision)
{
    struct buffer to;
    buffer_init(&to, call->arena, minified.size + 128);
    buffer_printf(&to, "{\"RevisionId\":\"%" PRIu64 "\",\"Policy\":", revision);
    json_write_string(&to, minified);
    buffer_append_byte(&to, '}');
    return buffer_slice(&to);
}

/* *policy and *revision are empty when the table has none. Errors: CORRUPT. */
static bool resource_policy_stored(struct call *call,
                                   const struct table *table,
                                   struct slice *policy,
                                   struct slice *revision,
                                   struct error *err)
{
    struct json *document = NULL;
    if (!resource_setting(call, table, SETTING_POLICY, &document, err)) {
        return false;
    }
    *policy = document == NULL ? (struct slice){NULL, 0} : shape_text(json_get(document, "Policy"));
    *revision =
        document == NULL ? (struct slice){NULL, 0} : shape_text(json_get(document, "RevisionId"));
    return document == NULL || (policy->size > 0 && revision->size > 0) ||
           error_set(err, ERROR_CORRUPT, "the resource policy of table %.*s",
                     SLICE_ARGS(table->name));
}

/* Does ExpectedRevisionId fit what is there? */
static bool resource_policy_expected(struct call *call,
                                     struct slice revision,
                                     bool none_is_one,
                                     struct error *err)
{
    struct slice expected = shape_text(json_get(call->body, "ExpectedRevisionId"));
    bool none = none_is_one && slice_is(expected, "NO_POLICY");
    if (expected.size == 0 || (none && revision.size == 0) || slice_equal(expected, revision)) {
        return true;
    }
    return error_set(err, ERROR_POLICY_NOT_FOUND,
                     "The expected RevisionId: %.*s did not match the RevisionId of the policy",
                     SLICE_ARGS(expected));
}

/* --- Operations --------------------------------------------------------------------------------
 */

static bool resource_policy_name(struct call *call, const struct shape *shape, struct error *err)
{
    struct policy_call *state = call->state;
    return shape_check(shape, call->body, call->operation->name, err) &&
           resource_name(call, json_get(call->body, "ResourceArn"), &state->request, &state->stream,
                         err);
}

/* No table has a stream in this version: its ARN names nothing. */
static bool resource_policy_open(struct call *call, bool change, struct error *err)
{
    struct policy_call *state = call->state;
    if (!resource_open(call, &state->request, err)) {
        return false;
    }
    if (state->stream) {
        return error_set(err, ERROR_NOT_FOUND,
                         "Requested resource not found: ResourceArn: %.*s not found",
                         SLICE_ARGS(state->request.asked_name));
    }
    return !change || state->request.table->status != TABLE_DELETING ||
           error_set(err, ERROR_IN_USE,
                     "Attempt to change a resource which is still in use: Table is being deleted: "
                     "%.*s",
                     SLICE_ARGS(state->request.name));
}

static bool resource_policy_put_decode(struct call *call, struct error *err)
{
    struct policy_call *state = call->state;
    return resource_policy_name(call, &shape_put_resource_policy, err) &&
           resource_policy_check(
               call, shape_text(json_get(call->body, "Policy")), state->request.asked_name,
               shape_boolean(json_get(call->body, "ConfirmRemoveSelfResourceAccess"), false),
               &state->policy, err) &&
           resource_policy_open(call, true, err);
}

static void resource_policy_answer(struct call *call, struct slice revision)
{
    answer_begin(call);
    if (revision.size > 0) {
        resource_answer_text(call, "RevisionId", revision);
    }
    answer_end(call);
}

/* Revisions rise, also within a millisecond. */
static uint64_t resource_policy_revision(const struct call *call, struct slice before)
{
    uint64_t now_ms = resource_now_ms(call);
    uint64_t last = 0;
    for (size_t i = 0; i < before.size; i++) {
        last = last * 10 + (uint64_t)(before.data[i] - '0');
    }
    return last >= now_ms ? last + 1 : now_ms;
}

/* Under the lock of the descriptions. */
static bool resource_policy_replace(struct call *call, struct slice *revision, struct error *err)
{
    struct policy_call *state = call->state;
    const struct table *table = state->request.table;
    struct slice policy;
    if (!resource_policy_stored(call, table, &policy, revision, err) ||
        !resource_policy_expected(call, *revision, true, err)) {
        return false;
    }
    if (slice_equal(policy, state->policy)) {
        return true;
    }
    uint64_t number = resource_policy_revision(call, *revision);
    *revision = slice_text(arena_printf(call->arena, "%" PRIu64, number));
    return catalog_set_setting(call->node->store->catalog, table, SETTING_POLICY,
                               resource_policy_document(call, state->policy, number), err);
}

static bool resource_policy_put_run(struct call *call, enum read_tier tier, struct error *err)
{
    struct catalog *catalog = call->node->store->catalog;
    struct slice revision;
    (void)tier;
    catalog_change_begin(catalog);
    bool ok = resource_policy_replace(call, &revision, err);
    catalog_change_end(catalog);
    if (ok) {
        resource_policy_answer(call, revision);
    }
    return ok;
}

static bool resource_policy_get_decode(struct call *call, struct error *err)
{
    return resource_policy_name(call, &shape_get_resource_policy, err) &&
           resource_policy_open(call, false, err);
}

static bool resource_policy_get_run(struct call *call, enum read_tier tier, struct error *err)
{
    struct policy_call *state = call->state;
    struct slice policy, revision;
    (void)tier;
    if (!resource_policy_stored(call, state->request.table, &policy, &revision, err)) {
        return false;
    }
    if (policy.size == 0) {
        return error_set(err, ERROR_POLICY_NOT_FOUND,
                         "Resource-based policy not found for the provided ResourceArn: %.*s",
                         SLICE_ARGS(state->request.asked_name));
    }
    answer_begin(call);
    resource_answer_text(call, "Policy", policy);
    resource_answer_text(call, "RevisionId", revision);
    answer_end(call);
    return true;
}

static bool resource_policy_delete_decode(struct call *call, struct error *err)
{
    return resource_policy_name(call, &shape_delete_resource_policy, err) &&
           resource_policy_open(call, true, err);
}

/* Deleting what is not there succeeds, unless a revision was expected. */
static bool resource_policy_delete_run(struct call *call, enum read_tier tier, struct error *err)
{
    struct policy_call *state = call->state;
    struct catalog *catalog = call->node->store->catalog;
    const struct table *table = state->request.table;
    struct slice policy, revision;
    struct slice none = {NULL, 0};
    (void)tier;
    catalog_change_begin(catalog);
    bool ok = resource_policy_stored(call, table, &policy, &revision, err) &&
              resource_policy_expected(call, revision, false, err) &&
              (policy.size == 0 || catalog_set_setting(catalog, table, SETTING_POLICY, none, err));
    catalog_change_end(catalog);
    if (ok) {
        resource_policy_answer(call, revision);
    }
    return ok;
}

const struct operation operation_put_resource_policy = {.name = "PutResourcePolicy",
                                                        .state_bytes = sizeof(struct policy_call),
                                                        .worker = true,
                                                        .decode = resource_policy_put_decode,
                                                        .run = resource_policy_put_run,
                                                        .release = resource_release};
const struct operation operation_get_resource_policy = {.name = "GetResourcePolicy",
                                                        .state_bytes = sizeof(struct policy_call),
                                                        .decode = resource_policy_get_decode,
                                                        .run = resource_policy_get_run,
                                                        .release = resource_release};
const struct operation operation_delete_resource_policy = {.name = "DeleteResourcePolicy",
                                                           .state_bytes =
                                                               sizeof(struct policy_call),
                                                           .worker = true,
                                                           .decode = resource_policy_delete_decode,
                                                           .run = resource_policy_delete_run,
                                                           .release = resource_release};
