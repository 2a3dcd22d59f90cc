/* From JSON to statements. */
#include "daemon/auth/policy_inner.h"

#include "daemon/auth/policy_actions.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define PREFIX "One or more parameter values were invalid: "

bool policy_refuse(const struct policy *policy, struct error *err, const char *format, ...)
{
    char text[ERROR_TEXT_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return error_set(err, ERROR_VALIDATION, "%sInvalid policy document: %s",
                     policy->kind == POLICY_RESOURCE ? PREFIX : "", text);
}

/* --- Principals --------------------------------------------------------------------------------
 */

static bool policy_is_account(struct slice text)
{
    enum { ACCOUNT_DIGITS_MAX = 12 };
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
    }
    return text.size == ACCOUNT_DIGITS_MAX;
}

/* "*", "123456789012", "arn:aws:iam::123456789012:root" or the ARN of a user or role. */
static bool policy_principal(struct policy *policy, struct slice text, struct principal *principal)
{
    static const struct slice iam = {(const uint8_t *)"arn:aws:iam::", 13};
    static const struct slice sts = {(const uint8_t *)"arn:aws:sts::", 13};
    enum { ACCOUNT_AT = 13, ACCOUNT_END = 25 };
    if (slice_is(text, "*")) {
        principal->kind = PRINCIPAL_ANY;
        return true;
    }
    if (policy_is_account(text)) {
        principal->kind = PRINCIPAL_ACCOUNT;
        principal->text = arena_copy(&policy->arena, text);
        return true;
    }
    if ((!slice_starts_with(text, iam) && !slice_starts_with(text, sts)) ||
        text.size < ACCOUNT_END + 2 || text.data[ACCOUNT_END] != ':' ||
        !policy_is_account(slice_of(text.data + ACCOUNT_AT, ACCOUNT_END - ACCOUNT_AT)) ||
        memchr(text.data, '*', text.size) != NULL || memchr(text.data, '?', text.size) != NULL) {
        return false;
    }
    struct slice rest = slice_of(text.data + ACCOUNT_END + 1, text.size - ACCOUNT_END - 1);
    bool root = slice_is(rest, "root");
    principal->kind = root ? PRINCIPAL_ACCOUNT : PRINCIPAL_ARN;
    principal->text = arena_copy(
        &policy->arena, root ? slice_of(text.data + ACCOUNT_AT, ACCOUNT_END - ACCOUNT_AT) : text);
    return true;
}

static bool policy_principals(struct policy *policy,
                              const struct json *json,
                              struct statement *statement,
                              struct error *err)
{
    static const struct json star = {.type = JSON_STRING, .text = {(const uint8_t *)"*", 1}};
    const struct json *list = json->type == JSON_STRING && slice_is(json->text, "*") ? &star : NULL;
    bool known = list != NULL;
    for (const struct json *at = json->type == JSON_OBJECT ? json->first : NULL; at != NULL;
         at = at->next) {
        /* No service ever asks here: what is granted to one is nobody's. */
        known = slice_is(at->name, "AWS") || slice_is(at->name, "Service");
        list = slice_is(at->name, "AWS") ? at : list;
        if (!known) {
            break;
        }
    }
    known = known && (list == NULL || policy_count(list) > 0);
    if (known && list != NULL) {
        statement->principals =
            arena_zalloc(&policy->arena, policy_count(list), sizeof(*statement->principals));
        for (const struct json *at = policy_first(list); at != NULL && known;
             at = policy_next(list, at)) {
            known = at->type == JSON_STRING &&
                    policy_principal(policy, at->text,
                                     &statement->principals[statement->principals_count++]);
        }
    }
    return known || error_set(err, ERROR_VALIDATION, "Invalid principal in policy document.");
}

/* --- Statements --------------------------------------------------------------------------------
 */

static bool policy_is_action(const struct pattern *pattern)
{
    static const struct policy_request nobody = {.action = {NULL, 0}};
    for (size_t i = 0; i < policy_actions_count; i++) {
        if (pattern_matches(pattern, &nobody, slice_text(policy_actions[i]), true)) {
            return true;
        }
    }
    return false;
}

/* What a statement of a resource policy is about must be something. */
static bool policy_known_actions(const struct policy *policy,
                                 const struct json *json,
                                 const struct patterns *patterns,
                                 struct error *err)
{
    char names[256] = "";
    size_t size = 0;
    bool known = true;
    const struct json *at = policy_first(json);
    for (uint32_t i = 0; i < patterns->count; i++, at = policy_next(json, at)) {
        if (policy_is_action(&patterns->all[i])) {
            continue;
        }
        known = false;
        if (size + at->text.size + 3 < sizeof(names)) { /* A text shows some of them. */
            size += (size_t)snprintf(names + size, sizeof(names) - size, "%s%.*s",
                                     size > 0 ? ", " : "", SLICE_ARGS(at->text));
        }
    }
    return known ||
           policy_refuse(policy, err, "The following action names are invalid: [%s]", names);
}

static bool policy_parse_actions(struct policy *policy,
                                 const struct json *json,
                                 struct statement *statement,
                                 struct error *err)
{
    const struct json *actions = json_get(json, "Action");
    const struct json *others = json_get(json, "NotAction");
    if ((actions == NULL) == (others == NULL)) {
        return policy_refuse(policy, err,
                             actions == NULL ? "Missing required field Action"
                                             : "Action beside NotAction");
    }
    statement->not_actions = actions == NULL;
    actions = actions == NULL ? others : actions;
    if (!patterns_compile(policy, actions, "Action", &statement->actions, err)) {
        return false;
    }
    for (const struct json *at = policy_first(actions); at != NULL; at = policy_next(actions, at)) {
        if (!slice_is(at->text, "*") && memchr(at->text.data, ':', at->text.size) == NULL) {
            return policy_refuse(policy, err,
                                 "Actions/Conditions must be prefaced by a vendor: %.*s",
                                 SLICE_ARGS(at->text));
        }
    }
    return policy->kind == POLICY_IDENTITY ||
           policy_known_actions(policy, actions, &statement->actions, err);
}

static bool policy_resources(struct policy *policy,
                             const struct json *json,
                             struct statement *statement,
                             struct error *err)
{
    const struct json *resources = json_get(json, "Resource");
    const struct json *others = json_get(json, "NotResource");
    if ((resources == NULL) == (others == NULL)) {
        return policy_refuse(policy, err,
                             resources == NULL ? "Missing required field Resource"
                                               : "Resource beside NotResource");
    }
    statement->not_resources = resources == NULL;
    resources = resources == NULL ? others : resources;
    if (!patterns_compile(policy, resources, "Resource", &statement->resources, err)) {
        return false;
    }
    for (const struct json *at = policy_first(resources); at != NULL;
         at = policy_next(resources, at)) {
        if (!slice_is(at->text, "*") && !slice_starts_with(at->text, SLICE_LITERAL("arn:"))) {
            return policy_refuse(policy, err, "Resource %.*s must be in ARN format or \"*\".",
                                 SLICE_ARGS(at->text));
        }
    }
    return true;
}

static bool policy_only_members(const struct policy *policy,
                                const struct json *json,
                                const char *const *names,
                                size_t count,
                                struct error *err)
{
    for (const struct json *at = json->first; at != NULL; at = at->next) {
        bool known = false;
        for (size_t i = 0; i < count; i++) {
            known = known || slice_is(at->name, names[i]);
        }
        if (!known) {
            return policy_refuse(policy, err, "Syntax errors in policy: unknown field %.*s",
                                 SLICE_ARGS(at->name));
        }
    }
    return true;
}

static bool policy_sid(struct policy *policy,
                       const struct json *json,
                       struct statement *statement,
                       struct error *err)
{
    const struct json *sid = json_get(json, "Sid");
    if (sid == NULL) {
        return true;
    }
    if (sid->type != JSON_STRING) {
        return policy_refuse(policy, err, "Sid is a text");
    }
    statement->sid = arena_copy(&policy->arena, sid->text);
    for (const struct statement *at = policy->statements; at < statement; at++) {
        if (sid->text.size > 0 && slice_equal(at->sid, sid->text)) {
            return policy_refuse(policy, err, "The Statement Ids in the policy are not unique");
        }
    }
    return true;
}

static bool policy_statement(struct policy *policy,
                             const struct json *json,
                             struct statement *statement,
                             struct error *err)
{
    static const char *const members[] = {"Sid",      "Effect",    "Action",    "NotAction",
                                          "Resource", "Condition", "Principal", "NotResource"};
    bool resource = policy->kind == POLICY_RESOURCE;
    if (json->type != JSON_OBJECT) {
        return policy_refuse(policy, err, "A statement is an object");
    }
    if (!policy_only_members(policy, json, members, ARRAY_COUNT(members), err)) {
        return false;
    }
    const struct json *effect = json_get(json, "Effect");
    const struct json *principal = json_get(json, "Principal");
    const struct json *conditions = json_get(json, "Condition");
    if (effect == NULL) {
        return policy_refuse(policy, err, "Missing required field Effect");
    }
    statement->deny = slice_is(effect->text, "Deny");
    if (effect->type != JSON_STRING || (!statement->deny && !slice_is(effect->text, "Allow"))) {
        return policy_refuse(policy, err, "Invalid effect: %.*s", SLICE_ARGS(effect->text));
    }
    if (resource != (principal != NULL)) {
        return policy_refuse(policy, err,
                             resource ? "Missing required field Principal"
                                      : "Policy document should not specify a principal.");
    }
    return policy_sid(policy, json, statement, err) &&
           (principal == NULL || policy_principals(policy, principal, statement, err)) &&
           policy_parse_actions(policy, json, statement, err) &&
           policy_resources(policy, json, statement, err) &&
           (conditions == NULL || policy_parse_conditions(policy, conditions, statement, err));
}

/* An allow for everybody is only good with a condition that says who, or from where, in so many
 * words. */
static bool policy_bounded(const struct statement *statement)
{
    bool anybody = false;
    for (uint32_t i = 0; i < statement->principals_count; i++) {
        anybody = anybody || statement->principals[i].kind == PRINCIPAL_ANY;
    }
    for (uint32_t i = 0; i < statement->conditions_count && anybody && !statement->deny; i++) {
        const struct condition *at = &statement->conditions[i];
        bool about = at->key == POLICY_SOURCE_IP || at->key == POLICY_USERNAME ||
                     at->key == POLICY_PRINCIPAL_ARN || at->key == POLICY_PRINCIPAL_ACCOUNT;
        bool bounds = about && !at->negated && !at->if_exists && at->kind != OPERATOR_NULL;
        for (uint32_t k = 0; bounds && k < at->count; k++) {
            bounds = (at->patterns == NULL || at->patterns[k].text.size == 0 ||
                      at->patterns[k].text.data[0] != PATTERN_ANY) &&
                     (at->addresses == NULL || at->addresses[k].bits > 96);
        }
        anybody = !bounds;
    }
    return !anybody || statement->deny;
}

static bool policy_parse(struct policy *policy, const struct json *root, struct error *err)
{
    static const char *const members[] = {"Version", "Id", "Statement"};
    if (root->type != JSON_OBJECT) {
        return policy_refuse(policy, err, "This policy contains invalid Json");
    }
    if (!policy_only_members(policy, root, members, ARRAY_COUNT(members), err)) {
        return false;
    }
    const struct json *version = json_get(root, "Version");
    policy->variables = version != NULL && slice_is(version->text, "2012-10-17");
    if (version != NULL && !policy->variables && !slice_is(version->text, "2008-10-17")) {
        return policy_refuse(policy, err, "The policy must contain a valid version string.");
    }
    const struct json *list = json_get(root, "Statement");
    if (list == NULL || policy_count(list) == 0) {
        return policy_refuse(policy, err, "Could not parse the policy: Statement is empty!");
    }
    if (policy_count(list) > POLICY_STATEMENTS_MAX) {
        return policy_refuse(policy, err, "More than %d statements", POLICY_STATEMENTS_MAX);
    }
    policy->statements =
        arena_zalloc(&policy->arena, policy_count(list), sizeof(*policy->statements));
    for (const struct json *at = policy_first(list); at != NULL; at = policy_next(list, at)) {
        struct statement *statement = &policy->statements[policy->count];
        if (!policy_statement(policy, at, statement, err)) {
            return false;
        }
        if (!policy_bounded(statement)) {
            return error_set(err, ERROR_VALIDATION,
                             "Resource-based policy grants unbounded access in one or more "
                             "elements. Please revise the policy to ensure least-privilege form "
                             "of access");
        }
        policy->count++;
    }
    return true;
}

bool policy_compile(enum policy_kind kind,
                    struct slice text,
                    struct policy **policy,
                    struct error *err)
{
    if (text.size > TABLE_POLICY_BYTES_MAX) {
        return error_set(err, ERROR_VALIDATION, "%sMaximum policy size of %d bytes exceeded",
                         kind == POLICY_RESOURCE ? PREFIX : "", TABLE_POLICY_BYTES_MAX);
    }
    struct policy *made = calloc(1, sizeof(*made));
    ensure(made != NULL);
    made->kind = kind;
    arena_init(&made->arena);
    struct arena scratch;
    arena_init(&scratch);
    struct json *root = NULL;
    struct error broken = {0};
    bool ok = json_parse(text, &scratch, &root, &broken)
                  ? policy_parse(made, root, err)
                  : policy_refuse(made, err, "This policy contains invalid Json");
    arena_destroy(&scratch);
    if (!ok) {
        policy_close(made);
        return false;
    }
    *policy = made;
    return true;
}

void policy_close(struct policy *policy)
{
    if (policy != NULL) {
        arena_destroy(&policy->arena);
        free(policy);
    }
}
