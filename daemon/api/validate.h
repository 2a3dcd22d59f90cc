/* The service model as data, and the one checker that walks it.
 *
 * A shape says what a JSON value must look like. shape_check walks a whole request once and reports
 * what DynamoDB would report first (dynamodb-api.md 1.4, 4.4):
 *
 *   1. JSON types            SERIALIZATION, the first fault only (1.5)
 *   2. constraints           VALIDATION, up to SHAPE_FAULTS_MAX gathered into one text (4.1)
 *   3. expression beside legacy parameters (7.3)
 *   4. what this version does not serve (unserved.c): NOT_IMPLEMENTED by name, so that nothing a
 *      client asks for is dropped silently
 *
 * What depends on two members, a table or a value's inside is left to the operations. Members the
 * model does not have are ignored, as the service does. Pure; any thread. */
#pragma once

#include "proto/value/json.h"

enum shape_kind {
    SHAPE_STRING,
    SHAPE_BOOLEAN,
    SHAPE_INTEGER,
    SHAPE_LONG,
    SHAPE_DOUBLE,
    SHAPE_TIMESTAMP, /* Seconds since the epoch, with a fraction. */
    SHAPE_STRUCTURE,
    SHAPE_LIST,
    SHAPE_MAP,
    SHAPE_VALUE, /* An AttributeValue: proto/value checks the inside. */
    SHAPE_ITEM,  /* Attribute name to AttributeValue, likewise. */
};

enum shape_role {
    ROLE_PLAIN,
    ROLE_EXPRESSION, /* May not stand beside … */
    ROLE_LEGACY,     /* … one of these. */
};

struct shape {
    enum shape_kind kind;
    const char *name; /* The model's name, for texts. STRUCTURE only. */
    int64_t min, max; /* Length, or a number's value; max 0: no upper bound; both 0: none. */
    const char *const *values; /* Enum in the service's order, NULL at the end; or NULL. */
    const char *pattern;       /* As printed, with `matches` to test it; or NULL. */
    bool (*matches)(struct slice text);
    const struct shape_member *members; /* STRUCTURE; at most SHAPE_MEMBERS_MAX. */
    uint32_t members_count;
    uint32_t slots_count;        /* A power of two, or 0 when there are no members. */
    const uint8_t *slots;        /* Hash of a member's name to its place; no collisions. */
    uint8_t hash[4];             /* Which characters the hash takes, and with which factors. */
    const struct shape *element; /* Of a list, or a map's values. */
    const struct shape *key;     /* Of a map; NULL: any string. */
    bool mixes;                  /* Has members of both roles. */
    bool named;                  /* TableName is required in words of its own … */
    bool sized;                  /* … and so is a length that a name can have. */
};

struct shape_member {
    const char *name;
    size_t name_size;
    const struct shape *shape;
    bool required;
    enum shape_role role;
};

enum { SHAPE_MEMBERS_MAX = 32, SHAPE_FAULTS_MAX = 10, SHAPE_NO_MEMBER = 255 };

/* The whole check of the body of `operation`. Errors: SERIALIZATION, VALIDATION, NOT_IMPLEMENTED.
 */
MUST_CHECK bool shape_check(const struct shape *shape,
                            const struct json *body,
                            const char *operation,
                            struct error *err);

/* The place of a member, or SHAPE_NO_MEMBER. */
uint32_t shape_find(const struct shape *shape, struct slice name);

/* Values of JSON that has passed the check. NULL (absent) gives `otherwise`. */
bool shape_boolean(const struct json *json, bool otherwise);
int64_t shape_integer(const struct json *json, int64_t otherwise);
double shape_number(const struct json *json, double otherwise);
/* Empty slice when absent. */
struct slice shape_text(const struct json *json);
