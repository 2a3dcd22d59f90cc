/* What the files of the policy engine share; nobody else includes it.
 *
 *   policy.c            statements: from JSON to what is below
 *   policy_condition.c  the Condition block, likewise
 *   policy_text.c       patterns with wildcards and variables
 *   policy_value.c      numbers, times and addresses in texts
 *   policy_evaluate.c   what a policy says to a request */
#pragma once

#include "daemon/auth/policy.h"
#include "proto/base/arena.h"
#include "proto/value/json.h"

/* A text to compare with. Bytes that no UTF-8 text has stand for what is special in it. */
enum {
    PATTERN_ANY = 0xff,      /* *: any number of bytes. */
    PATTERN_ONE = 0xfe,      /* ?: one character. */
    PATTERN_VARIABLE = 0xf8, /* and above: the variable (byte - 0xf8) of policy_variables. */
    PATTERN_SPECIAL = 0xf8,
};
struct pattern {
    struct slice text;
    bool wild;     /* Has an ANY or ONE. */
    bool variable; /* Has variables: to be expanded before it is compared. */
};
struct patterns {
    struct pattern *all;
    uint32_t count;
};

enum policy_operator {
    OPERATOR_STRING,
    OPERATOR_STRING_IGNORE_CASE,
    OPERATOR_STRING_LIKE,
    OPERATOR_ARN,
    OPERATOR_BOOL,
    OPERATOR_EQ, /* From here to GE also of times; see struct condition. */
    OPERATOR_LT,
    OPERATOR_LE,
    OPERATOR_GT,
    OPERATOR_GE,
    OPERATOR_IP,
    OPERATOR_NULL,
};

enum policy_qualifier { QUALIFIER_NONE, QUALIFIER_ALL, QUALIFIER_ANY };

struct policy_address {
    uint8_t bytes[16]; /* An IPv4 address is mapped into IPv6. */
    uint32_t bits;     /* Of the prefix. */
};

/* One operator over one key with its values, any of which may match. */
struct condition {
    enum policy_operator kind;
    bool negated;
    bool if_exists;
    bool time; /* Numbers are times: milliseconds since the epoch. */
    enum policy_qualifier qualifier;
    enum policy_key key;
    uint32_t count;
    struct pattern *patterns; /* STRING…, ARN */
    double *numbers;          /* EQ to GE; BOOL, NULL: 0 or 1. */
    struct policy_address *addresses;
};

enum principal_kind { PRINCIPAL_ANY, PRINCIPAL_ACCOUNT, PRINCIPAL_ARN };
struct principal {
    enum principal_kind kind;
    struct slice text;
};

struct statement {
    bool deny;
    bool not_actions;
    bool not_resources;
    struct slice sid;
    struct patterns actions;
    struct patterns resources;
    struct principal *principals; /* RESOURCE only. */
    uint32_t principals_count;
    struct condition *conditions; /* All must hold. */
    uint32_t conditions_count;
};

struct policy {
    struct arena arena; /* Holds everything below. */
    enum policy_kind kind;
    bool variables; /* Since version 2012-10-17. */
    struct statement *statements;
    uint32_t count;
    uint32_t asked; /* A bit per policy_key. */
};

/* Fill *err with why the document is refused: "Invalid policy document: …" in the words of the
 * kind. Always false. */
bool policy_refuse(const struct policy *policy, struct error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A value of JSON that may stand alone or in a list: the first of them. */
static inline const struct json *policy_first(const struct json *json)
{
    return json->type == JSON_ARRAY ? json->first : json;
}
static inline uint32_t policy_count(const struct json *json)
{
    return json->type == JSON_ARRAY ? json->count : 1;
}
static inline const struct json *policy_next(const struct json *list, const struct json *at)
{
    return list->type == JSON_ARRAY ? at->next : NULL;
}

/* --- policy_condition.c --- */

MUST_CHECK bool policy_parse_conditions(struct policy *policy,
                                        const struct json *block,
                                        struct statement *statement,
                                        struct error *err);

/* --- policy_text.c --- */

/* `wildcards` false: * and ? are what they are. Copied into the policy's arena. */
MUST_CHECK bool pattern_compile(struct policy *policy,
                                struct slice text,
                                bool wildcards,
                                struct pattern *pattern,
                                struct error *err);
/* A text or a list of texts. `what` is for error texts. */
MUST_CHECK bool patterns_compile(struct policy *policy,
                                 const struct json *json,
                                 const char *what,
                                 struct patterns *patterns,
                                 struct error *err);
bool pattern_matches(const struct pattern *pattern,
                     const struct policy_request *request,
                     struct slice text,
                     bool ignore_case);
/* Part by part: a * does not reach over a colon, but for the last part. */
bool pattern_matches_arn(const struct pattern *pattern,
                         const struct policy_request *request,
                         struct slice arn);
bool patterns_match(const struct patterns *patterns,
                    const struct policy_request *request,
                    struct slice text,
                    bool ignore_case);

/* --- policy_value.c --- */

bool policy_number(struct slice text, double *number);
bool policy_time(struct slice text, double *ms);
bool policy_boolean(struct slice text, double *truth);
/* "10.0.0.0/8"; without a prefix the address alone. */
bool policy_address(struct slice text, struct policy_address *address);
bool policy_address_holds(const struct policy_address *network, const struct policy_address *one);
