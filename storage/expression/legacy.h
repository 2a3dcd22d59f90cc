/* The parameters that came before expressions: Expected, AttributeUpdates, KeyConditions,
 * QueryFilter, ScanFilter, AttributesToGet (dynamodb-api.md section 13). They compile into the same
 * programs as texts do, so that there is one evaluator; names are literal attributes of the top
 * level, never reserved words and never paths.
 *
 * Names and values are borrowed for the life of the expression, which lies in the arena as a whole;
 * end it with expression_release like any other. One thread per arena. */
#pragma once

#include "storage/expression/expression.h"

enum legacy_comparison {
    LEGACY_EQ,
    LEGACY_NE,
    LEGACY_LE,
    LEGACY_LT,
    LEGACY_GE,
    LEGACY_GT,
    LEGACY_BETWEEN,
    LEGACY_IN,
    LEGACY_BEGINS_WITH,
    LEGACY_CONTAINS,
    LEGACY_NOT_CONTAINS,
    LEGACY_NULL,     /* The attribute is absent; a NULL value is present. */
    LEGACY_NOT_NULL, /* And the opposite. */
    LEGACY_COMPARISONS,
};

struct legacy_condition {
    struct slice name;
    enum legacy_comparison comparison;
    const struct value *values;
    uint32_t count;
};

/* LEGACY_COMPARISONS when there is none of that name. */
enum legacy_comparison legacy_comparison_find(struct slice name);

/* Number of values, their types, the bounds of a BETWEEN. Errors: VALIDATION. */
MUST_CHECK bool legacy_condition_check(const struct legacy_condition *condition, struct error *err);

/* CONDITION or FILTER from checked conditions, joined by OR if `any` and by AND otherwise; `count`
 * is at least 1. */
struct expression *legacy_conditions(enum expression_kind kind,
                                     const struct legacy_condition *conditions,
                                     uint32_t count,
                                     bool any,
                                     struct arena *arena);

/* KEY_CONDITION from checked conditions on different attributes.
 * Errors: VALIDATION (none at all, or one that addresses no key). */
MUST_CHECK bool legacy_key_conditions(const struct legacy_condition *conditions,
                                      uint32_t count,
                                      struct arena *arena,
                                      struct expression **expression,
                                      struct error *err);

/* PROJECTION of whole attributes. Errors: VALIDATION (a name twice, or empty). */
MUST_CHECK bool legacy_projection(const struct slice *names,
                                  uint32_t count,
                                  struct arena *arena,
                                  struct expression **expression,
                                  struct error *err);

enum legacy_action { LEGACY_PUT, LEGACY_ADD, LEGACY_DELETE };

struct legacy_update {
    struct slice name;
    enum legacy_action action;
    struct value value; /* VALUE_MISSING: none was given. */
};

/* Is there a value where one is due, and of a type for the action? Errors: VALIDATION. */
MUST_CHECK bool legacy_update_check(const struct legacy_update *update, struct error *err);

/* UPDATE from checked updates of different attributes; `count` is at least 1. */
struct expression *
legacy_update(const struct legacy_update *updates, uint32_t count, struct arena *arena);
