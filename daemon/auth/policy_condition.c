/* The Condition block of a statement: {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": […]}}
 */
#include "daemon/auth/policy_inner.h"

#include <strings.h>

enum condition_values {
    VALUES_TEXTS,
    VALUES_NUMBERS,
    VALUES_TIMES,
    VALUES_TRUTHS,
    VALUES_NETWORKS
};

static const struct {
    const char *name;
    enum policy_operator kind;
    bool negated;
    enum condition_values values;
} condition_operators[] = {
    {"StringEquals", OPERATOR_STRING, false, VALUES_TEXTS},
    {"StringNotEquals", OPERATOR_STRING, true, VALUES_TEXTS},
    {"StringEqualsIgnoreCase", OPERATOR_STRING_IGNORE_CASE, false, VALUES_TEXTS},
    {"StringNotEqualsIgnoreCase", OPERATOR_STRING_IGNORE_CASE, true, VALUES_TEXTS},
    {"StringLike", OPERATOR_STRING_LIKE, false, VALUES_TEXTS},
    {"StringNotLike", OPERATOR_STRING_LIKE, true, VALUES_TEXTS},
    {"ArnEquals", OPERATOR_ARN, false, VALUES_TEXTS}, /* Both of these take wildcards. */
    {"ArnLike", OPERATOR_ARN, false, VALUES_TEXTS},
    {"ArnNotEquals", OPERATOR_ARN, true, VALUES_TEXTS},
    {"ArnNotLike", OPERATOR_ARN, true, VALUES_TEXTS},
    {"Bool", OPERATOR_BOOL, false, VALUES_TRUTHS},
    {"NumericEquals", OPERATOR_EQ, false, VALUES_NUMBERS},
    {"NumericNotEquals", OPERATOR_EQ, true, VALUES_NUMBERS},
    {"NumericLessThan", OPERATOR_LT, false, VALUES_NUMBERS},
    {"NumericLessThanEquals", OPERATOR_LE, false, VALUES_NUMBERS},
    {"NumericGreaterThan", OPERATOR_GT, false, VALUES_NUMBERS},
    {"NumericGreaterThanEquals", OPERATOR_GE, false, VALUES_NUMBERS},
    {"DateEquals", OPERATOR_EQ, false, VALUES_TIMES},
    {"DateNotEquals", OPERATOR_EQ, true, VALUES_TIMES},
    {"DateLessThan", OPERATOR_LT, false, VALUES_TIMES},
    {"DateLessThanEquals", OPERATOR_LE, false, VALUES_TIMES},
    {"DateGreaterThan", OPERATOR_GT, false, VALUES_TIMES},
    {"DateGreaterThanEquals", OPERATOR_GE, false, VALUES_TIMES},
    {"IpAddress", OPERATOR_IP, false, VALUES_NETWORKS},
    {"NotIpAddress", OPERATOR_IP, true, VALUES_NETWORKS},
    {"Null", OPERATOR_NULL, false, VALUES_TRUTHS},
};

static const char *const condition_keys[POLICY_KEYS] = {
    [POLICY_LEADING_KEYS] = "dynamodb:LeadingKeys",
    [POLICY_ATTRIBUTES] = "dynamodb:Attributes",
    [POLICY_SELECT] = "dynamodb:Select",
    [POLICY_RETURN_VALUES] = "dynamodb:ReturnValues",
    [POLICY_RETURN_CONSUMED_CAPACITY] = "dynamodb:ReturnConsumedCapacity",
    [POLICY_ENCLOSING_OPERATION] = "dynamodb:EnclosingOperation",
    [POLICY_FULL_TABLE_SCAN] = "dynamodb:FullTableScan",
    [POLICY_SOURCE_IP] = "aws:SourceIp",
    [POLICY_USERNAME] = "aws:username",
    [POLICY_PRINCIPAL_ARN] = "aws:PrincipalArn",
    [POLICY_PRINCIPAL_ACCOUNT] = "aws:PrincipalAccount",
    [POLICY_CURRENT_TIME] = "aws:CurrentTime",
    [POLICY_EPOCH_TIME] = "aws:EpochTime",
    [POLICY_SECURE_TRANSPORT] = "aws:SecureTransport",
};

static bool condition_cut_front(struct slice *name, const char *front)
{
    struct slice prefix = slice_text(front);
    if (!slice_starts_with(*name, prefix)) {
        return false;
    }
    *name = slice_of(name->data + prefix.size, name->size - prefix.size);
    return true;
}

static bool condition_cut_back(struct slice *name, const char *back)
{
    size_t size = strlen(back);
    if (name->size < size || memcmp(name->data + name->size - size, back, size) != 0) {
        return false;
    }
    name->size -= size;
    return true;
}

/* "ForAllValues:StringEqualsIfExists" */
static bool condition_operator(const struct policy *policy,
                               struct slice given,
                               struct condition *condition,
                               enum condition_values *values,
                               struct error *err)
{
    struct slice name = given;
    if (condition_cut_front(&name, "ForAllValues:")) {
        condition->qualifier = QUALIFIER_ALL;
    } else if (condition_cut_front(&name, "ForAnyValue:")) {
        condition->qualifier = QUALIFIER_ANY;
    }
    condition->if_exists = condition_cut_back(&name, "IfExists");
    for (size_t i = 0; i < ARRAY_COUNT(condition_operators); i++) {
        if (slice_is(name, condition_operators[i].name)) {
            condition->kind = condition_operators[i].kind;
            condition->negated = condition_operators[i].negated;
            *values = condition_operators[i].values;
            condition->time = *values == VALUES_TIMES;
            bool plain = condition->qualifier == QUALIFIER_NONE && !condition->if_exists;
            return condition->kind != OPERATOR_NULL || plain ||
                   policy_refuse(policy, err, "Invalid Condition type : %.*s", SLICE_ARGS(given));
        }
    }
    return policy_refuse(policy, err, "Invalid Condition type : %.*s", SLICE_ARGS(given));
}

static bool condition_key(const struct policy *policy,
                          struct slice name,
                          enum policy_key *key,
                          struct error *err)
{
    for (unsigned i = 0; i < POLICY_KEYS; i++) {
        if (name.size == strlen(condition_keys[i]) &&
            strncasecmp((const char *)name.data, condition_keys[i], name.size) == 0) {
            *key = (enum policy_key)i;
            return true;
        }
    }
    return policy_refuse(policy, err, "Unsupported condition key %.*s", SLICE_ARGS(name));
}

/* Texts, numbers and truths may be written as JSON has them, or as texts. */
static bool condition_text(const struct json *json, struct slice *text)
{
    switch (json->type) {
    case JSON_STRING:
    case JSON_NUMBER:
        *text = json->text;
        return true;
    case JSON_TRUE:
        *text = SLICE_LITERAL("true");
        return true;
    case JSON_FALSE:
        *text = SLICE_LITERAL("false");
        return true;
    case JSON_NULL:
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    return false;
}

static bool condition_value(struct policy *policy,
                            struct condition *condition,
                            enum condition_values values,
                            struct slice text,
                            struct error *err)
{
    uint32_t at = condition->count++;
    switch (values) {
    case VALUES_TEXTS:
        return pattern_compile(policy, text,
                               condition->kind == OPERATOR_STRING_LIKE ||
                                   condition->kind == OPERATOR_ARN,
                               &condition->patterns[at], err);
    case VALUES_NUMBERS:
        return policy_number(text, &condition->numbers[at]) ||
               policy_refuse(policy, err, "Invalid number %.*s", SLICE_ARGS(text));
    case VALUES_TIMES:
        return policy_time(text, &condition->numbers[at]) ||
               policy_refuse(policy, err, "Invalid date %.*s", SLICE_ARGS(text));
    case VALUES_TRUTHS:
        return policy_boolean(text, &condition->numbers[at]) ||
               policy_refuse(policy, err, "Invalid boolean %.*s", SLICE_ARGS(text));
    case VALUES_NETWORKS:
        break;
    }
    return policy_address(text, &condition->addresses[at]) ||
           policy_refuse(policy, err, "Invalid IP address %.*s", SLICE_ARGS(text));
}

static bool condition_values(struct policy *policy,
                             const struct json *json,
                             struct condition *condition,
                             enum condition_values values,
                             struct error *err)
{
    uint32_t count = policy_count(json);
    if (count == 0) {
        return policy_refuse(policy, err, "A condition on %.*s without values",
                             SLICE_ARGS(json->name));
    }
    struct arena *arena = &policy->arena;
    if (values == VALUES_TEXTS) {
        condition->patterns = arena_zalloc(arena, count, sizeof(*condition->patterns));
    } else if (values == VALUES_NETWORKS) {
        condition->addresses = arena_zalloc(arena, count, sizeof(*condition->addresses));
    } else {
        condition->numbers = arena_zalloc(arena, count, sizeof(*condition->numbers));
    }
    for (const struct json *at = policy_first(json); at != NULL; at = policy_next(json, at)) {
        struct slice text;
        if (!condition_text(at, &text)) {
            return policy_refuse(policy, err, "A value of the condition on %.*s is no text",
                                 SLICE_ARGS(json->name));
        }
        if (!condition_value(policy, condition, values, text, err)) {
            return false;
        }
    }
    return true;
}

bool policy_parse_conditions(struct policy *policy,
                             const struct json *block,
                             struct statement *statement,
                             struct error *err)
{
    uint32_t count = 0;
    if (block->type != JSON_OBJECT) {
        return policy_refuse(policy, err, "Condition is an object of operators");
    }
    for (const struct json *op = block->first; op != NULL; op = op->next) {
        if (op->type != JSON_OBJECT || op->count == 0) {
            return policy_refuse(policy, err, "%.*s is an object of condition keys",
                                 SLICE_ARGS(op->name));
        }
        count += op->count;
    }
    if (count > POLICY_CONDITIONS_MAX) {
        return policy_refuse(policy, err, "A statement with more than %d conditions",
                             POLICY_CONDITIONS_MAX);
    }
    statement->conditions = arena_zalloc(&policy->arena, count, sizeof(*statement->conditions));
    for (const struct json *op = block->first; op != NULL; op = op->next) {
        for (const struct json *key = op->first; key != NULL; key = key->next) {
            struct condition *condition = &statement->conditions[statement->conditions_count++];
            enum condition_values values = VALUES_TEXTS;
            if (!condition_operator(policy, op->name, condition, &values, err) ||
                !condition_key(policy, key->name, &condition->key, err) ||
                !condition_values(policy, key, condition, values, err)) {
                return false;
            }
            policy->asked |= 1U << condition->key;
        }
    }
    return true;
}
