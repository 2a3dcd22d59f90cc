/* Policies in IAM's JSON: compiled once, evaluated for every access of a request.
 *
 *     text --policy_compile--> policy (immutable) --policy_evaluate--> allow, deny or neither
 *
 * An identity policy hangs on an access key and says what its user may do. A resource policy hangs
 * on a table and also names the principals it is about. How the two are joined is the caller's
 * business (daemon/auth/authorize.h).
 *
 * What does not mean anything here is refused when a policy is compiled and not ignored when it is
 * evaluated: unknown operators and condition keys, NotPrincipal, members that statements do not
 * have. Pure; any thread; evaluating allocates nothing. */
#pragma once

#include "proto/base/error.h"
#include "proto/base/limits.h"

struct policy;

enum policy_kind { POLICY_IDENTITY, POLICY_RESOURCE };

/* The caller ends *policy with policy_close. `text` is borrowed for the call.
 * Errors: VALIDATION: of a resource policy the text of dynamodb-features.md section 16, of an
 * identity policy a sentence of ours. */
MUST_CHECK bool
policy_compile(enum policy_kind kind, struct slice text, struct policy **policy, struct error *err);
void policy_close(struct policy *policy); /* NULL is fine. */

/* What conditions can ask about. */
enum policy_key {
    POLICY_LEADING_KEYS, /* Partition key values, of as many items as the request names. */
    POLICY_ATTRIBUTES,   /* Names of top-level attributes. */
    POLICY_SELECT,
    POLICY_RETURN_VALUES,
    POLICY_RETURN_CONSUMED_CAPACITY,
    POLICY_ENCLOSING_OPERATION,
    POLICY_FULL_TABLE_SCAN, /* "true" or "false" */
    POLICY_SOURCE_IP,       /* "10.0.0.1", "2001:db8::1" */
    POLICY_USERNAME,
    POLICY_PRINCIPAL_ARN,
    POLICY_PRINCIPAL_ACCOUNT,
    POLICY_CURRENT_TIME, /* "2026-11-22T07:34:06Z" */
    POLICY_EPOCH_TIME,   /* "1795332846" */
    POLICY_SECURE_TRANSPORT,
    POLICY_KEYS,
};

struct policy_values {
    const struct slice *all;
    uint32_t count; /* 0: the request has no such key. */
};

/* One thing that somebody wants to do. Everything is borrowed. */
struct policy_request {
    struct slice action;    /* "dynamodb:GetItem" */
    struct slice resource;  /* An ARN, or "*". */
    struct slice account;   /* Of the caller: 12 digits. */
    struct slice principal; /* His ARN: "arn:aws:iam::<account>:user/<name>", or "…:root". */
    struct policy_values values[POLICY_KEYS];
};

enum policy_verdict { POLICY_NEITHER, POLICY_ALLOW, POLICY_DENY };

/* A deny outdoes every allow. */
enum policy_verdict policy_evaluate(const struct policy *policy,
                                    const struct policy_request *request);

/* Does the policy allow everything everywhere, without a condition and without a deny? For what
 * cannot be told apart any further. */
bool policy_allows_all(const struct policy *policy);
/* Does any statement ask for this key? So that what is costly to find is looked for only then. */
bool policy_asks(const struct policy *policy, enum policy_key key);
