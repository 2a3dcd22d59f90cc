/* What a policy says to one access. */
#include "daemon/auth/policy_inner.h"

static bool evaluate_number(const struct condition *condition, double policy, double given)
{
    switch (condition->kind) {
    case OPERATOR_EQ:
        return given == policy;
    case OPERATOR_LT:
        return given < policy;
    case OPERATOR_LE:
        return given <= policy;
    case OPERATOR_GT:
        return given > policy;
    case OPERATOR_GE:
        return given >= policy;
    case OPERATOR_STRING:
    case OPERATOR_STRING_IGNORE_CASE:
    case OPERATOR_STRING_LIKE:
    case OPERATOR_ARN:
    case OPERATOR_BOOL:
    case OPERATOR_IP:
    case OPERATOR_NULL:
        break;
    }
    ensure(condition->kind == OPERATOR_BOOL);
    return given == policy;
}

/* Does the value match any of the policy's? */
static bool evaluate_texts(const struct condition *condition,
                           const struct policy_request *request,
                           struct slice given)
{
    for (uint32_t i = 0; i < condition->count; i++) {
        const struct pattern *pattern = &condition->patterns[i];
        bool matches = condition->kind == OPERATOR_ARN
                           ? pattern_matches_arn(pattern, request, given)
                           : pattern_matches(pattern, request, given,
                                             condition->kind == OPERATOR_STRING_IGNORE_CASE);
        if (matches) {
            return true;
        }
    }
    return false;
}

static bool evaluate_numbers(const struct condition *condition, struct slice given)
{
    double number = 0;
    bool parsed = condition->kind == OPERATOR_BOOL ? policy_boolean(given, &number)
                  : condition->time                ? policy_time(given, &number)
                                                   : policy_number(given, &number);
    for (uint32_t i = 0; parsed && i < condition->count; i++) {
        if (evaluate_number(condition, condition->numbers[i], number)) {
            return true;
        }
    }
    return false;
}

static bool evaluate_addresses(const struct condition *condition, struct slice given)
{
    struct policy_address address;
    if (!policy_address(given, &address)) {
        return false;
    }
    for (uint32_t i = 0; i < condition->count; i++) {
        if (policy_address_holds(&condition->addresses[i], &address)) {
            return true;
        }
    }
    return false;
}

static bool evaluate_value(const struct condition *condition,
                           const struct policy_request *request,
                           struct slice given)
{
    bool matches;
    if (condition->patterns != NULL) {
        matches = evaluate_texts(condition, request, given);
    } else if (condition->addresses != NULL) {
        matches = evaluate_addresses(condition, given);
    } else {
        matches = evaluate_numbers(condition, given);
    }
    return matches != condition->negated;
}

/* IAM leaves open what an operator without ForAllValues or ForAnyValue makes of several values:
 * here it is the reading that gives less, all for an allow, any for a deny. */
static bool evaluate_condition(const struct condition *condition,
                               const struct policy_request *request,
                               bool deny)
{
    const struct policy_values *values = &request->values[condition->key];
    if (condition->kind == OPERATOR_NULL) {
        for (uint32_t i = 0; i < condition->count; i++) {
            if ((condition->numbers[i] != 0) == (values->count == 0)) {
                return true;
            }
        }
        return false;
    }
    if (values->count == 0) {
        return condition->if_exists || condition->qualifier == QUALIFIER_ALL ||
               (condition->qualifier == QUALIFIER_NONE && condition->negated);
    }
    bool all =
        condition->qualifier == QUALIFIER_ALL || (condition->qualifier == QUALIFIER_NONE && !deny);
    for (uint32_t i = 0; i < values->count; i++) {
        if (evaluate_value(condition, request, values->all[i]) != all) {
            return !all;
        }
    }
    return all;
}

/* An account as the principal of an allow leaves it to the account whom among its users it lets do
 * so, by their own policies: it names its root alone. As that of a deny it means all of them. */
static bool evaluate_principals(const struct statement *statement,
                                const struct policy_request *request)
{
    for (uint32_t i = 0; i < statement->principals_count; i++) {
        const struct principal *principal = &statement->principals[i];
        if (principal->kind == PRINCIPAL_ANY) {
            return true;
        }
        if (principal->kind == PRINCIPAL_ARN) {
            if (slice_equal(principal->text, request->principal)) {
                return true;
            }
            continue;
        }
        static const struct slice root = {(const uint8_t *)":root", 5};
        struct slice tail = request->principal;
        bool is_root = tail.size >= root.size &&
                       memcmp(tail.data + tail.size - root.size, root.data, root.size) == 0;
        if (slice_equal(principal->text, request->account) && (statement->deny || is_root)) {
            return true;
        }
    }
    return false;
}

static bool evaluate_statement(const struct policy *policy,
                               const struct statement *statement,
                               const struct policy_request *request)
{
    if (patterns_match(&statement->actions, request, request->action, true) ==
            statement->not_actions ||
        patterns_match(&statement->resources, request, request->resource, false) ==
            statement->not_resources ||
        (policy->kind == POLICY_RESOURCE && !evaluate_principals(statement, request))) {
        return false;
    }
    for (uint32_t i = 0; i < statement->conditions_count; i++) {
        if (!evaluate_condition(&statement->conditions[i], request, statement->deny)) {
            return false;
        }
    }
    return true;
}

enum policy_verdict policy_evaluate(const struct policy *policy,
                                    const struct policy_request *request)
{
    enum policy_verdict verdict = POLICY_NEITHER;
    for (uint32_t i = 0; i < policy->count; i++) {
        const struct statement *statement = &policy->statements[i];
        if ((verdict == POLICY_ALLOW && !statement->deny) ||
            !evaluate_statement(policy, statement, request)) {
            continue;
        }
        if (statement->deny) {
            return POLICY_DENY;
        }
        verdict = POLICY_ALLOW;
    }
    return verdict;
}

/* No name and no ARN is like these texts: whatever fits them fits all. */
static bool evaluate_is_all(const struct patterns *patterns, struct slice text)
{
    static const struct policy_request nothing = {.action = {NULL, 0}};
    return patterns_match(patterns, &nothing, text, true);
}

bool policy_allows_all(const struct policy *policy)
{
    bool allows = false;
    for (uint32_t i = 0; i < policy->count; i++) {
        const struct statement *statement = &policy->statements[i];
        if (statement->deny) {
            return false;
        }
        allows = allows || (!statement->not_actions && !statement->not_resources &&
                            statement->conditions_count == 0 &&
                            evaluate_is_all(&statement->actions, SLICE_LITERAL("dynamodb:****")) &&
                            evaluate_is_all(&statement->resources, SLICE_LITERAL("****")));
    }
    return allows;
}

bool policy_asks(const struct policy *policy, enum policy_key key)
{
    return (policy->asked >> key & 1U) != 0;
}
