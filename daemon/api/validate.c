#include "daemon/api/validate.h"

#include "proto/value/value_json.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>

enum { SHAPE_ECHO_BYTES_MAX = 384, SHAPE_PATH_BYTES_MAX = 512, SHAPE_JAVA_BYTES_MAX = 96 };

/* Where a fault is: linked from the inside out on the C stack, printed only when there is one. */
struct shape_path {
    const struct shape_path *parent; /* NULL: the request itself. */
    struct slice name;               /* A member or a map key. */
    uint32_t index;                  /* 1-based position in a list; 0: not a list element. */
    bool map_key;
};

struct shape_faults {
    uint32_t count;
    size_t size;
    char text[ERROR_TEXT_BYTES];
};

/* Bounded text: what does not fit is cut, and `size` stays within the room. */
struct shape_text {
    char *at;
    size_t room;
    size_t size;
};

__attribute__((format(printf, 2, 3))) static void
shape_print(struct shape_text *to, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int written = vsnprintf(to->at + to->size, to->room - to->size, format, args);
    va_end(args);
    ensure(written >= 0);
    size_t left = to->room - to->size - 1;
    to->size += (size_t)written < left ? (size_t)written : left;
}

/* --- Finding members -------------------------------------------------------------------------- */

/* Sort the body's members into the shape's places; a JSON null is an absent member. */
static void shape_find(const struct shape *shape,
                       const struct json *body,
                       const struct json *found[SHAPE_MEMBERS_MAX])
{
    ensure(shape->members_count <= SHAPE_MEMBERS_MAX);
    for (uint32_t i = 0; i < shape->members_count; i++) {
        found[i] = NULL;
    }
    for (const struct json *child = body->first; child != NULL; child = child->next) {
        for (uint32_t i = 0; i < shape->members_count; i++) {
            const struct shape_member *member = &shape->members[i];
            if (child->name.size == member->name_size &&
                memcmp(child->name.data, member->name, member->name_size) == 0) {
                found[i] = child->type == JSON_NULL ? NULL : child;
                break;
            }
        }
    }
}

/* --- First walk: JSON types --------------------------------------------------------------------
 */

static bool shape_is_decimal(struct slice number)
{
    return memchr(number.data, '.', number.size) != NULL ||
           memchr(number.data, 'e', number.size) != NULL ||
           memchr(number.data, 'E', number.size) != NULL;
}

static const char *shape_token(const struct json *json)
{
    switch (json->type) {
    case JSON_FALSE:
        return "FALSE_VALUE";
    case JSON_TRUE:
        return "TRUE_VALUE";
    case JSON_NUMBER:
        return shape_is_decimal(json->text) ? "DECIMAL_VALUE" : "NUMBER_VALUE";
    case JSON_STRING:
    case JSON_NULL:
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    return "STRING_VALUE";
}

static bool shape_boolean_text(struct slice text, bool *on)
{
    *on = slice_is(text, "true") || slice_is(text, "1") || slice_is(text, "yes");
    return *on || slice_is(text, "false") || slice_is(text, "0") || slice_is(text, "no");
}

static bool shape_type_scalar(const struct shape *shape, const struct json *json, struct error *err)
{
    const char *target = "String";
    bool fits = json->type == JSON_STRING;
    if (shape->kind == SHAPE_BOOLEAN) {
        target = "Boolean";
        fits = json->type == JSON_TRUE || json->type == JSON_FALSE;
    } else if (shape->kind == SHAPE_INTEGER || shape->kind == SHAPE_LONG) {
        target = shape->kind == SHAPE_LONG ? "Long" : "Integer";
        fits = json->type == JSON_NUMBER;
    }
    if (fits) {
        return true;
    }
    if (json->type == JSON_OBJECT) {
        return error_set(err, ERROR_SERIALIZATION,
                         "Start of structure or map found where not expected");
    }
    if (json->type == JSON_ARRAY) {
        return error_set(err, ERROR_SERIALIZATION,
                         "Unrecognized collection type class java.lang.%s", target);
    }
    bool on;
    if (shape->kind == SHAPE_BOOLEAN && json->type == JSON_STRING) {
        return shape_boolean_text(json->text, &on) ||
               error_set(err, ERROR_SERIALIZATION, "Unexpected token received from parser");
    }
    return error_set(err, ERROR_SERIALIZATION, "%s cannot be converted to %s", shape_token(json),
                     target);
}

/* The class of a map's values; those of an item have no shape of their own. */
static void shape_java_class(const struct shape *shape, char type[static SHAPE_JAVA_BYTES_MAX])
{
    bool structure = shape == NULL || shape->kind == SHAPE_STRUCTURE;
    snprintf(type, SHAPE_JAVA_BYTES_MAX, "%s%s",
             structure ? "com.amazonaws.dynamodb.v20120810." : "java.lang.String",
             shape == NULL ? "AttributeValue" : (structure ? shape->name : ""));
}

static bool shape_type_container(const struct shape *shape,
                                 const struct json *json,
                                 bool element,
                                 struct error *err)
{
    bool list = shape->kind == SHAPE_LIST;
    if (json->type == (list ? JSON_ARRAY : JSON_OBJECT)) {
        return true;
    }
    if (json->type != JSON_ARRAY && json->type != JSON_OBJECT) {
        return error_set(err, ERROR_SERIALIZATION, "%s",
                         element ? "Unexpected value type in payload" : "Unexpected field type");
    }
    if (list) {
        return error_set(err, ERROR_SERIALIZATION,
                         "Start of structure or map found where not expected");
    }
    if (shape->kind == SHAPE_STRUCTURE) {
        return error_set(err, ERROR_SERIALIZATION,
                         "Unrecognized collection type class com.amazonaws.dynamodb.v20120810.%s",
                         shape->name);
    }
    const struct shape *values = shape->element;
    bool lists = values != NULL && values->kind == SHAPE_LIST;
    char type[SHAPE_JAVA_BYTES_MAX];
    shape_java_class(lists ? values->element : values, type);
    return error_set(err, ERROR_SERIALIZATION,
                     "Unrecognized collection type java.util.Map<java.lang.String, %s%s%s>",
                     lists ? "java.util.List<" : "", type, lists ? ">" : "");
}

static bool
shape_types(const struct shape *shape, const struct json *json, bool element, struct error *err)
{
    if (shape->kind < SHAPE_STRUCTURE) {
        return shape_type_scalar(shape, json, err);
    }
    if (!shape_type_container(shape, json, element, err)) {
        return false;
    }
    if (shape->kind == SHAPE_ITEM) {
        return item_json_check(json, err);
    }
    if (shape->kind == SHAPE_STRUCTURE) {
        const struct json *found[SHAPE_MEMBERS_MAX];
        shape_find(shape, json, found);
        for (uint32_t i = 0; i < shape->members_count; i++) {
            const struct shape *member = shape->members[i].shape;
            if (found[i] != NULL && member != NULL && !shape_types(member, found[i], false, err)) {
                return false;
            }
        }
        return true;
    }
    for (const struct json *child = json->first; child != NULL; child = child->next) {
        if (child->type != JSON_NULL && !shape_types(shape->element, child, true, err)) {
            return false;
        }
    }
    return true;
}

/* --- Second walk: constraints ------------------------------------------------------------------
 */

/* 'tableName', 'keySchema.1.member.keyType', 'requestItems.T.member.keys'. */
static void shape_print_path(struct shape_text *to, const struct shape_path *path)
{
    if (path->parent != NULL) {
        shape_print_path(to, path->parent);
        shape_print(to, "%s", to->size > 0 ? "." : "");
    }
    if (path->index > 0) {
        shape_print(to, "%" PRIu32 ".member", path->index);
    } else if (path->map_key) {
        shape_print(to, "%.*s.member", SLICE_ARGS(path->name));
    } else if (path->name.size > 0) {
        shape_print(to, "%c%.*s", tolower(path->name.data[0]), (int)path->name.size - 1,
                    (const char *)path->name.data + 1);
    }
}

/* As the service prints its objects: text, [a, b], {k=v}, Shape(member=value). */
static void
shape_print_value(struct shape_text *to, const struct shape *shape, const struct json *json)
{
    if (to->size + 1 >= to->room) {
        return;
    }
    const char *separator = "";
    bool structure = shape != NULL && shape->kind == SHAPE_STRUCTURE;
    switch (json->type) {
    case JSON_NULL:
        shape_print(to, "null");
        break;
    case JSON_FALSE:
    case JSON_TRUE:
        shape_print(to, "%s", json->type == JSON_TRUE ? "true" : "false");
        break;
    case JSON_NUMBER:
        shape_print(to, "%" PRId64, shape_integer(json, 0));
        break;
    case JSON_STRING:
        shape_print(to, "%.*s", SLICE_ARGS(json->text));
        break;
    case JSON_ARRAY:
        shape_print(to, "[");
        for (const struct json *child = json->first; child != NULL; child = child->next) {
            shape_print(to, "%s", separator);
            shape_print_value(to, shape == NULL ? NULL : shape->element, child);
            separator = ", ";
        }
        shape_print(to, "]");
        break;
    case JSON_OBJECT:
        shape_print(to, "%s%s", structure ? shape->name : "", structure ? "(" : "{");
        for (const struct json *child = json->first; child != NULL; child = child->next) {
            shape_print(to, "%s%.*s=", separator, SLICE_ARGS(child->name));
            shape_print_value(to, shape == NULL ? NULL : shape->element, child);
            separator = ", ";
        }
        shape_print(to, "%s", structure ? ")" : "}");
        break;
    }
}

/* One more fault; past SHAPE_FAULTS_MAX they are not gathered. */
static void shape_fault(struct shape_faults *faults,
                        const struct shape *shape,
                        const struct json *json,
                        const struct shape_path *path,
                        const char *constraint)
{
    if (faults->count == SHAPE_FAULTS_MAX) {
        return;
    }
    struct shape_text text = {faults->text, sizeof(faults->text), faults->size};
    shape_print(&text, "%sValue ", faults->count > 0 ? "; " : "");
    if (json == NULL) {
        shape_print(&text, "null");
    } else {
        char echo_bytes[SHAPE_ECHO_BYTES_MAX] = "";
        struct shape_text echo = {echo_bytes, sizeof(echo_bytes), 0};
        shape_print_value(&echo, shape, json);
        shape_print(&text, "'%s'", echo_bytes);
    }
    char where_bytes[SHAPE_PATH_BYTES_MAX] = "";
    struct shape_text where = {where_bytes, sizeof(where_bytes), 0};
    shape_print_path(&where, path);
    shape_print(&text, " at '%s' failed to satisfy constraint: %s", where_bytes, constraint);
    faults->size = text.size;
    faults->count++;
}

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
    case SHAPE_STRUCTURE:
        return false;
    }
    *low = measure < shape->min;
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

static void shape_constrain(const struct shape *shape,
                            const struct json *json,
                            const struct shape_path *path,
                            bool of_map,
                            struct shape_faults *faults)
{
    if (!of_map || shape->kind != SHAPE_LIST) {
        shape_constrain_self(shape, json, path, faults);
    }
    if (shape->kind == SHAPE_STRUCTURE) {
        const struct json *found[SHAPE_MEMBERS_MAX];
        shape_find(shape, json, found);
        for (uint32_t i = 0; i < shape->members_count; i++) {
            const struct shape_member *member = &shape->members[i];
            struct shape_path at = {.parent = path, .name = slice_text(member->name)};
            if (found[i] != NULL && member->shape != NULL) {
                shape_constrain(member->shape, found[i], &at, false, faults);
            } else if (found[i] == NULL && member->required) {
                shape_fault(faults, member->shape, NULL, &at, "Member must not be null");
            }
        }
    } else if (shape->kind == SHAPE_LIST || shape->kind == SHAPE_MAP) {
        bool map = shape->kind == SHAPE_MAP;
        if (map) {
            shape_constrain_map(shape, json, path, faults);
        }
        uint32_t index = 0;
        for (const struct json *child = json->first; child != NULL; child = child->next) {
            struct shape_path at = {.parent = path, .name = child->name, .map_key = map};
            at.index = map ? 0 : ++index;
            if (child->type == JSON_NULL) {
                shape_fault(faults, shape->element, NULL, &at, "Member must not be null");
            } else {
                shape_constrain(shape->element, child, &at, map, faults);
            }
        }
    }
}

static bool shape_constraints(const struct shape *shape, const struct json *body, struct error *err)
{
    struct shape_faults faults; /* Its text is not cleared for every request. */
    faults.count = 0;
    faults.size = 0;
    struct shape_path root = {0};
    shape_constrain(shape, body, &root, false, &faults);
    if (faults.count == 0) {
        return true;
    }
    return error_set(err, ERROR_VALIDATION, "%" PRIu32 " validation error%s detected: %s",
                     faults.count, faults.count == 1 ? "" : "s", faults.text);
}

/* --- Third walk: what is served ----------------------------------------------------------------
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

static bool
shape_mixing(const struct shape *shape, const struct json *const *found, struct error *err)
{
    unsigned roles = 0;
    for (uint32_t i = 0; i < shape->members_count; i++) {
        roles |= found[i] != NULL ? 1U << shape->members[i].role : 0;
    }
    if ((roles & 1U << ROLE_LEGACY) == 0 || (roles & 1U << ROLE_EXPRESSION) == 0) {
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

static bool shape_served(const struct shape *shape,
                         const struct json *json,
                         const char *operation,
                         struct error *err)
{
    if (shape->kind == SHAPE_STRUCTURE) {
        const struct json *found[SHAPE_MEMBERS_MAX];
        shape_find(shape, json, found);
        if (!shape_mixing(shape, found, err)) {
            return false;
        }
        for (uint32_t i = 0; i < shape->members_count; i++) {
            const struct shape_member *member = &shape->members[i];
            if (found[i] == NULL) {
                continue;
            }
            if (member->shape == NULL || (member->serves != NULL && !member->serves(found[i]))) {
                return error_set(err, ERROR_NOT_IMPLEMENTED,
                                 "This version does not support the parameter %s of %s",
                                 member->name, operation);
            }
            if (!shape_served(member->shape, found[i], operation, err)) {
                return false;
            }
        }
        return true;
    }
    if (shape->kind != SHAPE_LIST && shape->kind != SHAPE_MAP) {
        return true;
    }
    for (const struct json *child = json->first; child != NULL; child = child->next) {
        if (!shape_served(shape->element, child, operation, err)) {
            return false;
        }
    }
    return true;
}

bool shape_check(const struct shape *shape,
                 const struct json *body,
                 const char *operation,
                 struct error *err)
{
    ensure(shape->kind == SHAPE_STRUCTURE && body->type == JSON_OBJECT);
    return shape_types(shape, body, false, err) && shape_constraints(shape, body, err) &&
           shape_served(shape, body, operation, err);
}

/* --- Checked values ----------------------------------------------------------------------------
 */

bool shape_boolean(const struct json *json, bool otherwise)
{
    if (json == NULL) {
        return otherwise;
    }
    bool on = json->type == JSON_TRUE;
    if (json->type == JSON_STRING) {
        ensure(shape_boolean_text(json->text, &on));
    }
    return on;
}

int64_t shape_integer(const struct json *json, int64_t otherwise)
{
    if (json == NULL) {
        return otherwise;
    }
    ensure(json->type == JSON_NUMBER);
    if (!shape_is_decimal(json->text) && json->text.size <= 18) {
        bool negative = json->text.data[0] == '-';
        int64_t value = 0;
        for (size_t i = negative ? 1 : 0; i < json->text.size; i++) {
            value = value * 10 + (json->text.data[i] - '0');
        }
        return negative ? -value : value;
    }
    /* Fractions are cut off, as the service does; what is out of range is as good as the bound. */
    char digits[64];
    size_t size = json->text.size < sizeof(digits) ? json->text.size : sizeof(digits) - 1;
    memcpy(digits, json->text.data, size);
    digits[size] = 0;
    double value = strtod(digits, NULL);
    if (value >= 9.2e18) {
        return INT64_MAX;
    }
    return value <= -9.2e18 ? INT64_MIN : (int64_t)value;
}

struct slice shape_text(const struct json *json)
{
    return json == NULL ? (struct slice){NULL, 0} : json->text;
}
