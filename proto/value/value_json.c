/* DynamoDB JSON into encoded values. See value_json.h; the way out is in value_json_write.c.
 *
 * The JSON has passed value_json_check, so its types are right (ensured); what is refused here are
 * values: empty, contradictory, out of range, too deep, or sets with duplicates. Of a value's
 * faults those of its scalars and sets come first, then "more than one datatype", then what is
 * nested. */
#include "proto/value/value_json.h"

#include "proto/value/decimal.h"
#include "proto/value/utf8.h"

#define INVALID "One or more parameter values were invalid: "

enum { TEXT_SHOWN_BYTES_MAX = 1000 }; /* Of a collection quoted in an error. */

static bool value_from_json_at(const struct json *json,
                               unsigned level,
                               struct arena *arena,
                               struct value *value,
                               struct error *err);
static bool map_from_json(const struct json *json,
                          unsigned level,
                          struct arena *arena,
                          struct value *map,
                          struct error *err);

enum value_type value_json_type(struct slice name)
{
    if (name.size == 1) { /* By far the most. */
        switch (name.data[0]) {
        case 'S':
            return VALUE_S;
        case 'N':
            return VALUE_N;
        case 'B':
            return VALUE_B;
        case 'M':
            return VALUE_M;
        case 'L':
            return VALUE_L;
        default:
            return VALUE_MISSING;
        }
    }
    static const enum value_type longer[] = {VALUE_BOOL, VALUE_NULL, VALUE_SS, VALUE_NS, VALUE_BS};
    for (size_t i = 0; i < ARRAY_COUNT(longer); i++) {
        if (slice_is(name, value_type_name(longer[i]))) {
            return longer[i];
        }
    }
    return VALUE_MISSING;
}

static bool
number_from_json(const struct json *json, struct arena *arena, struct slice *key, struct error *err)
{
    struct decimal decimal;
    ensure(json->type == JSON_STRING);
    if (!decimal_parse(json->text, &decimal, err)) {
        return false;
    }
    uint8_t *bytes = arena_alloc(arena, DECIMAL_KEY_BYTES_MAX);
    *key = (struct slice){bytes, decimal_to_key(&decimal, bytes)};
    return true;
}

static bool bytes_from_json(const struct json *json,
                            struct arena *arena,
                            struct slice *bytes,
                            struct error *err)
{
    ensure(json->type == JSON_STRING);
    if (!base64_decode(json->text, arena, bytes, err)) {
        ensure_failed("binaries have passed value_json_check", __FILE__, __LINE__);
    }
    return true;
}

static bool set_refuse_empty(enum value_type type, struct error *err)
{
    if (type == VALUE_BS) {
        return error_set(err, ERROR_VALIDATION, INVALID "Binary sets should not be empty");
    }
    return error_set(err, ERROR_VALIDATION, INVALID "An %s set  may not be empty",
                     type == VALUE_SS ? "string" : "number");
}

/* The text quotes the whole collection as the client wrote it. */
static bool set_refuse_duplicate(const struct json *json,
                                 enum value_type type,
                                 struct arena *arena,
                                 struct error *err)
{
    if (type == VALUE_NS) {
        return error_set(err, ERROR_VALIDATION, "Input collection contains duplicates");
    }
    struct buffer shown;
    buffer_init(&shown, arena, 256);
    for (const struct json *child = json->first; child != NULL; child = child->next) {
        if (child->type != JSON_NULL && shown.size <= TEXT_SHOWN_BYTES_MAX) {
            buffer_append_text(&shown, shown.size > 0 ? ", " : "");
            buffer_append_slice(&shown, child->text);
        }
    }
    struct slice cut = utf8_cut(buffer_slice(&shown), TEXT_SHOWN_BYTES_MAX - 150);
    return error_set(err, ERROR_VALIDATION,
                     INVALID "Input collection [%.*s]%s contains duplicates.", SLICE_ARGS(cut),
                     type == VALUE_BS ? "of type BS" : "");
}

static bool set_from_json(const struct json *json,
                          enum value_type type,
                          struct arena *arena,
                          struct value *set,
                          struct error *err)
{
    ensure(json->type == JSON_ARRAY);
    struct slice *elements = arena_alloc(arena, json->count * sizeof(*elements));
    size_t count = 0;
    for (const struct json *child = json->first; child != NULL; child = child->next) {
        if (child->type == JSON_NULL) {
            continue;
        }
        ensure(child->type == JSON_STRING);
        elements[count] = child->text;
        if (type == VALUE_NS && !number_from_json(child, arena, &elements[count], err)) {
            return false;
        }
        if (type == VALUE_BS && !bytes_from_json(child, arena, &elements[count], err)) {
            return false;
        }
        count++;
    }
    if (count == 0) {
        return set_refuse_empty(type, err);
    }
    struct slice duplicate;
    return value_make_set(arena, type, elements, count, set, &duplicate) ||
           set_refuse_duplicate(json, type, arena, err);
}

static bool list_from_json(const struct json *json,
                           unsigned level,
                           struct arena *arena,
                           struct value *list,
                           struct error *err)
{
    ensure(json->type == JSON_ARRAY);
    struct value *elements = arena_alloc(arena, json->count * sizeof(*elements));
    size_t count = 0;
    for (const struct json *child = json->first; child != NULL; child = child->next) {
        if (!value_from_json_at(child, level, arena, &elements[count], err)) {
            return false;
        }
        count++;
    }
    *list = value_make_list(arena, elements, count);
    return true;
}

static bool value_from_boolean(const struct json *json,
                               enum value_type type,
                               struct value *value,
                               struct error *err)
{
    bool on;
    if (!value_json_boolean(json, &on, err)) {
        ensure_failed("booleans have passed value_json_check", __FILE__, __LINE__);
    }
    if (type == VALUE_NULL && !on) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID "Null attribute value types must have the value of true");
    }
    *value = type == VALUE_NULL ? (struct value){VALUE_NULL, {0}} : value_make_bool(on);
    return true;
}

/* One member of an AttributeValue's object; `level` is that of the value. */
static bool value_from_member(const struct json *json,
                              unsigned level,
                              struct arena *arena,
                              struct value *value,
                              struct error *err)
{
    enum value_type type = value_json_type(json->name);
    switch (type) {
    case VALUE_S:
        ensure(json->type == JSON_STRING);
        *value = (struct value){VALUE_S, json->text};
        return true;
    case VALUE_N:
        value->type = VALUE_N;
        return number_from_json(json, arena, &value->payload, err);
    case VALUE_B:
        value->type = VALUE_B;
        return bytes_from_json(json, arena, &value->payload, err);
    case VALUE_BOOL:
    case VALUE_NULL:
        return value_from_boolean(json, type, value, err);
    case VALUE_M:
        return map_from_json(json, level + 1, arena, value, err);
    case VALUE_L:
        return list_from_json(json, level + 1, arena, value, err);
    case VALUE_SS:
    case VALUE_NS:
    case VALUE_BS:
        return set_from_json(json, type, arena, value, err);
    case VALUE_MISSING:
    case VALUE_TYPES:
        break;
    }
    ensure_failed("the member is of a known type", __FILE__, __LINE__);
}

/* More than one type: a fault of a scalar or a set is still told first. */
static bool value_refuse_several(const struct json *json,
                                 unsigned level,
                                 struct arena *arena,
                                 struct error *err)
{
    for (const struct json *child = json->first; child != NULL; child = child->next) {
        enum value_type type = value_json_type(child->name);
        struct value unused;
        if (child->type != JSON_NULL && type != VALUE_MISSING && type != VALUE_M &&
            type != VALUE_L && !value_from_member(child, level, arena, &unused, err)) {
            return false;
        }
    }
    return error_set(err, ERROR_VALIDATION,
                     "Supplied AttributeValue has more than one datatypes set, must contain "
                     "exactly one of the supported datatypes");
}

static bool value_from_json_at(const struct json *json,
                               unsigned level,
                               struct arena *arena,
                               struct value *value,
                               struct error *err)
{
    if (level > VALUE_DEPTH_MAX) {
        return error_set(err, ERROR_VALIDATION,
                         "Nesting Levels have exceeded supported limits: Attributes in the item "
                         "have nested levels beyond supported limit");
    }
    ensure(json->type == JSON_OBJECT || json->type == JSON_NULL);
    const struct json *only = NULL;
    unsigned known = 0;
    for (const struct json *child = json->first; child != NULL; child = child->next) {
        if (child->type != JSON_NULL && value_json_type(child->name) != VALUE_MISSING) {
            only = child;
            known++;
        }
    }
    if (known == 0) {
        return error_set(err, ERROR_VALIDATION,
                         "Supplied AttributeValue is empty, must contain exactly one of the "
                         "supported datatypes");
    }
    if (known > 1) {
        return value_refuse_several(json, level, arena, err);
    }
    return value_from_member(only, level, arena, value, err);
}

static bool name_check(struct slice name, bool is_top, struct error *err)
{
    if (is_top && name.size == 0) {
        return error_set(err, ERROR_VALIDATION, "Empty attribute name");
    }
    if (name.size > ATTRIBUTE_NAME_BYTES_MAX) {
        return error_set(err, ERROR_VALIDATION,
                         "Attribute name is too large, must be less than 65536 bytes");
    }
    return true;
}

/* `level` is that of the members: 1 for an item's attributes. */
static bool map_from_json(const struct json *json,
                          unsigned level,
                          struct arena *arena,
                          struct value *map,
                          struct error *err)
{
    ensure(json->type == JSON_OBJECT);
    struct member *members = arena_alloc(arena, json->count * sizeof(*members));
    size_t count = 0;
    for (const struct json *child = json->first; child != NULL; child = child->next) {
        if (child->type == JSON_NULL) {
            continue;
        }
        members[count].name = child->name;
        if (!name_check(child->name, level == 1, err) ||
            !value_from_json_at(child, level, arena, &members[count].value, err)) {
            return false;
        }
        count++;
    }
    *map = value_make_map(arena, members, count);
    return true;
}

bool value_from_json(const struct json *json,
                     struct arena *arena,
                     struct value *value,
                     struct error *err)
{
    struct value made;
    if (!value_from_json_at(json, 1, arena, &made, err)) {
        return false;
    }
    *value = made;
    return true;
}

bool item_from_json(const struct json *json,
                    struct arena *arena,
                    struct slice *image,
                    struct error *err)
{
    struct value map;
    if (!map_from_json(json, 1, arena, &map, err)) {
        return false;
    }
    *image = map.payload;
    return true;
}
