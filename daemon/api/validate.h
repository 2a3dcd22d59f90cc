/* The service model as data, and the one checker that walks it.
 *
 * A shape says what a JSON value must look like; a structure's members carry their names, and what
 * this version does with them. shape_check walks a whole request three times, in the order in which
 * DynamoDB reports faults (dynamodb-api.md 1.4, 4.4):
 *
 *   1. JSON types            SERIALIZATION, the first fault only (1.5)
 *   2. constraints           VALIDATION, up to SHAPE_FAULTS_MAX gathered into one text (4.1)
 *   3. expression beside legacy parameters (7.3), then members that this version does not serve:
 *      NOT_IMPLEMENTED by name, so that nothing a client asks for is dropped silently
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
    SHAPE_STRUCTURE,
    SHAPE_LIST,
    SHAPE_MAP,
    SHAPE_ITEM, /* Attribute name to AttributeValue: proto/value checks the inside. */
};

enum shape_role {
    ROLE_PLAIN,
    ROLE_EXPRESSION, /* May not stand beside … */
    ROLE_LEGACY,     /* … one of these. */
};

struct shape {
    enum shape_kind kind;
    const char *name;          /* The model's name, for texts. STRUCTURE only. */
    int64_t min, max;          /* Length, or a number's value; max 0: no upper bound. */
    const char *const *values; /* Enum in the service's order, NULL at the end; or NULL. */
    const char *pattern;       /* As printed, with `matches` to test it; or NULL. */
    bool (*matches)(struct slice text);
    const struct shape_member *members; /* STRUCTURE; at most SHAPE_MEMBERS_MAX. */
    uint32_t members_count;
    const struct shape *element; /* Of a list, or a map's values. */
    const struct shape *key;     /* Of a map; NULL: any string. */
};

struct shape_member {
    const char *name;
    size_t name_size;
    const struct shape *shape; /* NULL: the API has it, this version never serves it. */
    bool required;
    enum shape_role role;
    bool (*serves)(const struct json *value); /* NULL: every value. Else false: not served. */
};

enum { SHAPE_MEMBERS_MAX = 32, SHAPE_FAULTS_MAX = 10 };

/* All three walks over the body of `operation`. Errors: SERIALIZATION, VALIDATION,
 * NOT_IMPLEMENTED. */
MUST_CHECK bool shape_check(const struct shape *shape,
                            const struct json *body,
                            const char *operation,
                            struct error *err);

/* Values of JSON that has passed the check. NULL (absent) gives `otherwise`. */
bool shape_boolean(const struct json *json, bool otherwise);
int64_t shape_integer(const struct json *json, int64_t otherwise);
/* Empty slice when absent. */
struct slice shape_text(const struct json *json);
