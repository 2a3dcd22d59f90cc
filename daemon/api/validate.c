#include "daemon/api/validate_inner.h"
#include "proto/base/limits.h"

#include <inttypes.h>

/* One walk over a request. */
struct shape_walk {
    struct shape_faults faults;
    bool mixed; /* *err holds the first mixture of both kinds of parameters. */
    struct error *err;
};

/* --- Finding members -------------------------------------------------------------------------- */

uint32_t shape_find(const struct shape *shape, struct slice name)
{
    if (name.size == 0 || shape->slots_count == 0) {
        return SHAPE_NO_MEMBER;
    }
    size_t last = name.size - 1;
    size_t front = shape->hash[0] < last ? shape->hash[0] : last;
    size_t back = shape->hash[1] < last ? shape->hash[1] : last;
    size_t hash = name.size + name.data[front] * (size_t)shape->hash[2] +
                  name.data[last - back] * (size_t)shape->hash[3];
    uint32_t place = shape->slots[hash & (shape->slots_count - 1)];
    if (place != SHAPE_NO_MEMBER) {
        const struct shape_member *member = &shape->members[place];
        if (name.size != member->name_size || memcmp(name.data, member->name, name.size) != 0) {
            return SHAPE_NO_MEMBER;
        }
    }
    return place;
}

/* Sort the members of an object into the shape's places; a JSON null is an absent member. */
static void shape_sort(const struct shape *shape,
                       const struct json *json,
                       const struct json *found[SHAPE_MEMBERS_MAX])
{
    ensure(shape->members_count <= SHAPE_MEMBERS_MAX);
    memset(found, 0, shape->members_count * sizeof(struct json *));
    for (const struct json *child = json->first; child != NULL; child = child->next) {
        uint32_t place = shape_find(shape, child->name);
        if (place != SHAPE_NO_MEMBER) {
            found[place] = child->type == JSON_NULL ? NULL : child;
        }
    }
}

/* --- Constraints of one value ------------------------------------------------------------------
 */

/* What of a length, value, enum or pattern does not hold; false when all do. */
static bool shape_broken(const struct shape *shape, const struct json *json, bool *low, bool *high)
{
    int64_t measure = 0;
    switch (shape->kind) {
    case SHAPE_STRING:
        measure = (int64_t)json->text.size;
        break;
    case SHAPE_INTEGER:
    case SHAPE_LONG:
        measure = shape_integer(json, 0);
        break;
    case SHAPE_LIST:
    case SHAPE_MAP:
    case SHAPE_ITEM:
        measure = json->count;
        break;
    case SHAPE_BOOLEAN:
    case SHAPE_DOUBLE:
    case SHAPE_TIMESTAMP:
    case SHAPE_STRUCTURE:
    case SHAPE_VALUE:
        return false;
    }
    *low = measure < shape->min && (shape->min != 0 || shape->max != 0);
    *high = shape->max != 0 && measure > shape->max;
    return *low || *high;
}

static bool shape_in_enum(const struct shape *shape, struct slice text)
{
    for (uint32_t i = 0; shape->values[i] != NULL; i++) {
        if (slice_is(text, shape->values[i])) {
            return true;
        }
    }
    return false;
}

static void shape_print_enum(struct shape_text *to, const struct shape *shape)
{
    shape_print(to, "Member must satisfy enum value set: [");
    for (uint32_t i = 0; shape->values[i] != NULL; i++) {
        shape_print(to, "%s%s", i > 0 ? ", " : "", shape->values[i]);
    }
    shape_print(to, "]");
}

static void shape_constrain_self(const struct shape *shape,
                                 const struct json *json,
                                 const struct shape_path *path,
                                 struct shape_faults *faults)
{
    char bytes[SHAPE_PATH_BYTES_MAX]; /* Every request comes by here: not cleared. */
    struct shape_text text = {bytes, sizeof(bytes), 0};
    bool low = false;
    bool high = false;
    if (shape->values != NULL && !shape_in_enum(shape, json->text)) {
        shape_print_enum(&text, shape);
        shape_fault(faults, shape, json, path, bytes);
        return;
    }
    if (shape_broken(shape, json, &low, &high)) {
        bool number = shape->kind == SHAPE_INTEGER || shape->kind == SHAPE_LONG;
        shape_print(&text, "Member must have %s %s than or equal to %" PRId64,
                    number ? "value" : "length", low ? "greater" : "less",
                    low ? shape->min : shape->max);
        shape_fault(faults, shape, json, path, bytes);
    }
    if (shape->matches != NULL && !shape->matches(json->text)) {
        text.size = 0;
        shape_print(&text, "Member must satisfy regular expression pattern: %s", shape->pattern);
        shape_fault(faults, shape, json, path, bytes);
    }
}

/* A map's key and the length of a value that is a list are faults of the map: its constraint lists
 * all that is asked of them. */
static void shape_constrain_map(const struct shape *shape,
                                const struct json *json,
                                const struct shape_path *path,
                                struct shape_faults *faults)
{
    const struct shape *key = shape->key;
    const struct shape *element = shape->element;
    bool key_fault = false;
    bool value_fault = false;
    for (const struct json *child = json->first; child != NULL; child = child->next) {
        struct json name = {.type = JSON_STRING, .text = child->name};
        bool low;
        bool high;
        key_fault =
            key_fault || (key != NULL && (shape_broken(key, &name, &low, &high) ||
                                          (key->matches != NULL && !key->matches(child->name))));
        value_fault = value_fault || (element->kind == SHAPE_LIST && child->type != JSON_NULL &&
                                      shape_broken(element, child, &low, &high));
    }
    char bytes[SHAPE_PATH_BYTES_MAX] = "";
    struct shape_text text = {bytes, sizeof(bytes), 0};
    if (key_fault) {
        shape_print(&text,
                    "Map keys must satisfy constraint: [Member must have length less than or equal "
                    "to %" PRId64 ", Member must have length greater than or equal to %" PRId64,
                    key->max, key->min);
        if (key->pattern != NULL) {
            shape_print(&text, ", Member must satisfy regular expression pattern: %s",
                        key->pattern);
        }
        shape_print(&text, "]");
        shape_fault(faults, shape, json, path, bytes);
    }
    if (value_fault) {
        text.size = 0;
        shape_print(&text,
                    "Map value must satisfy constraint: [Member must have length less than or "
                    "equal to %" PRId64 ", Member must have length greater than or equal to "
                    "%" PRId64 "]",
                    element->max, element->min);
        shape_fault(faults, shape, json, path, bytes);
    }
}

/* --- Both kinds of parameters --------------------------------------------------------------------
 */

static void shape_print_roles(struct shape_text *to,
                              const struct shape *shape,
                              const struct json *const *found,
                              enum shape_role role)
{
    const char *separator = "";
    for (uint32_t i = 0; i < shape->members_count; i++) {
        if (found[i] != NULL && shape->members[i].role == role) {
            shape_print(to, "%s%s", separator, shape->members[i].name);
            separator = ", ";
        }
    }
}

/* KeyConditions may stand beside expressions that are no key condition. */
static const struct json *const *shape_excuse_keys(const struct shape *shape,
                                                   const struct json *const *found,
                                                   const struct json *kept[SHAPE_MEMBERS_MAX])
{
    uint32_t keys = shape_find(shape, SLICE_LITERAL("KeyConditions"));
    uint32_t expression = shape_find(shape, SLICE_LITERAL("KeyConditionExpression"));
    if (keys == SHAPE_NO_MEMBER || found[keys] == NULL || found[expression] != NULL) {
        return found;
    }
    memcpy(kept, found, shape->members_count * sizeof(*kept));
    kept[keys] = NULL;
    return kept;
}

static bool shape_has_both(const struct shape *shape, const struct json *const *found)
{
    unsigned roles = 0;
    for (uint32_t i = 0; i < shape->members_count; i++) {
        roles |= found[i] != NULL ? 1U << shape->members[i].role : 0;
    }
    return (roles & 1U << ROLE_LEGACY) != 0 && (roles & 1U << ROLE_EXPRESSION) != 0;
}

static bool
shape_mixing(const struct shape *shape, const struct json *const *found, struct error *err)
{
    const struct json *kept[SHAPE_MEMBERS_MAX];
    if (!shape_has_both(shape, found)) {
        return true;
    }
    found = shape_excuse_keys(shape, found, kept);
    if (!shape_has_both(shape, found)) {
        return true;
    }
    char bytes[2][SHAPE_PATH_BYTES_MAX];
    struct shape_text legacy = {bytes[0], sizeof(bytes[0]), 0};
    struct shape_text expressions = {bytes[1], sizeof(bytes[1]), 0};
    shape_print_roles(&legacy, shape, found, ROLE_LEGACY);
    shape_print_roles(&expressions, shape, found, ROLE_EXPRESSION);
    return error_set(err, ERROR_VALIDATION,
                     "Can not use both expression and non-expression parameters in the same "
                     "request: Non-expression parameters: {%s} Expression parameters: {%s}",
                     bytes[0], bytes[1]);
}

/* --- The walk ----------------------------------------------------------------------------------
 */

static bool shape_walk(const struct shape *shape,
                       const struct json *json,
                       const struct shape_path *path,
                       bool element,
                       bool of_map,
                       struct shape_walk *walk);

static bool shape_walk_members(const struct shape *shape,
                               const struct json *json,
                               const struct shape_path *path,
                               struct shape_walk *walk)
{
    const struct json *found[SHAPE_MEMBERS_MAX];
    shape_sort(shape, json, found);
    for (uint32_t i = 0; i < shape->members_count; i++) {
        const struct shape_member *member = &shape->members[i];
        struct shape_path at = {.parent = path, .name = {(const uint8_t *)member->name, 0}};
        at.name.size = member->name_size;
        if (found[i] != NULL) {
            if (!shape_walk(member->shape, found[i], &at, false, false, walk)) {
                return false;
            }
        } else if (member->required) {
            shape_fault(&walk->faults, member->shape, NULL, &at, "Member must not be null");
        }
    }
    if (shape->mixes && !walk->mixed) {
        walk->mixed = !shape_mixing(shape, found, walk->err);
    }
    return true;
}

static bool shape_walk_elements(const struct shape *shape,
                                const struct json *json,
                                const struct shape_path *path,
                                struct shape_walk *walk)
{
    bool map = shape->kind == SHAPE_MAP;
    if (map) {
        shape_constrain_map(shape, json, path, &walk->faults);
    }
    uint32_t index = 0;
    for (const struct json *child = json->first; child != NULL; child = child->next) {
        struct shape_path at = {.parent = path, .name = child->name, .map_key = map};
        at.index = map ? 0 : ++index;
        if (child->type == JSON_NULL) {
            shape_fault(&walk->faults, shape->element, NULL, &at, "Member must not be null");
        } else if (!shape_walk(shape->element, child, &at, true, map, walk)) {
            return false;
        }
    }
    return true;
}

/* Faults are gathered; false only for a JSON type that does not fit, which no other fault outdoes.
 */
static bool shape_walk(const struct shape *shape,
                       const struct json *json,
                       const struct shape_path *path,
                       bool element,
                       bool of_map,
                       struct shape_walk *walk)
{
    if (!shape_type(shape, json, element, walk->err)) {
        return false;
    }
    if (!of_map || shape->kind != SHAPE_LIST) {
        shape_constrain_self(shape, json, path, &walk->faults);
    }
    if (shape->kind == SHAPE_STRUCTURE) {
        return shape_walk_members(shape, json, path, walk);
    }
    return (shape->kind != SHAPE_LIST && shape->kind != SHAPE_MAP) ||
           shape_walk_elements(shape, json, path, walk);
}

/* What some operations ask of TableName before anything else. */
static bool shape_named(const struct shape *shape, const struct json *body, struct error *err)
{
    const struct json *name = json_get(body, "TableName");
    if (name == NULL) {
        return error_set(err, ERROR_VALIDATION,
                         "The parameter 'TableName' is required but was not present in the "
                         "request");
    }
    bool fits = name->text.size >= TABLE_NAME_BYTES_MIN && name->text.size <= TABLE_NAME_BYTES_MAX;
    return !shape->sized || fits || slice_starts_with(name->text, SLICE_LITERAL("arn:")) ||
           error_set(err, ERROR_VALIDATION,
                     "TableName must be at least %d characters long and at most %d characters long",
                     TABLE_NAME_BYTES_MIN, TABLE_NAME_BYTES_MAX);
}

bool shape_check(const struct shape *shape,
                 const struct json *body,
                 const char *operation,
                 struct error *err)
{
    ensure(shape->kind == SHAPE_STRUCTURE && body->type == JSON_OBJECT);
    struct shape_walk walk; /* Its text is not cleared for every request. */
    walk.faults.count = 0;
    walk.faults.size = 0;
    walk.mixed = false;
    walk.err = err;
    struct shape_path root = {0};
    if (!shape_walk(shape, body, &root, false, false, &walk) ||
        (shape->named && !shape_named(shape, body, err))) {
        return false;
    }
    if (walk.faults.count > 0) {
        return error_set(err, ERROR_VALIDATION, "%" PRIu32 " validation error%s detected: %s",
                         walk.faults.count, walk.faults.count == 1 ? "" : "s", walk.faults.text);
    }
    return !walk.mixed && unserved_check(shape, body, operation, err);
}
