/* JSON types: does one value fit its shape at all? The texts are those of dynamodb-api.md 1.5. */
#include "daemon/api/validate_inner.h"
#include "proto/value/value_json.h"

enum { SHAPE_JAVA_BYTES_MAX = 96 };

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
    } else if (shape->kind != SHAPE_STRING) {
        static const char *const targets[] = {[SHAPE_INTEGER] = "Integer",
                                              [SHAPE_LONG] = "Long",
                                              [SHAPE_DOUBLE] = "Double",
                                              [SHAPE_TIMESTAMP] = "Date"};
        target = targets[shape->kind];
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

/* The class of a map's values. */
static void shape_java_class(const struct shape *shape, char type[static SHAPE_JAVA_BYTES_MAX])
{
    bool value = shape->kind == SHAPE_VALUE;
    bool structure = value || shape->kind == SHAPE_STRUCTURE;
    snprintf(type, SHAPE_JAVA_BYTES_MAX, "%s%s",
             structure ? "com.amazonaws.dynamodb.v20120810." : "java.lang.String",
             value ? "AttributeValue" : (structure ? shape->name : ""));
}

/* In place of a container: an element of a list or map is a value, a member of a structure a field.
 */
static bool shape_refuse_scalar(bool element, struct error *err)
{
    return error_set(err, ERROR_SERIALIZATION, "%s",
                     element ? "Unexpected value type in payload" : "Unexpected field type");
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
        return shape_refuse_scalar(element, err);
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
    bool lists = values->kind == SHAPE_LIST;
    char type[SHAPE_JAVA_BYTES_MAX];
    shape_java_class(lists ? values->element : values, type);
    return error_set(err, ERROR_SERIALIZATION,
                     "Unrecognized collection type java.util.Map<java.lang.String, %s%s%s>",
                     lists ? "java.util.List<" : "", type, lists ? ">" : "");
}

bool shape_type(const struct shape *shape, const struct json *json, bool element, struct error *err)
{
    bool item = shape->kind == SHAPE_ITEM;
    if (item || shape->kind == SHAPE_VALUE) {
        if (json->type != JSON_ARRAY && json->type != JSON_OBJECT) {
            return shape_refuse_scalar(element, err);
        }
        return item ? item_json_check(json, err) : value_json_check(json, err);
    }
    return shape->kind < SHAPE_STRUCTURE ? shape_type_scalar(shape, json, err)
                                         : shape_type_container(shape, json, element, err);
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
    double value = shape_number(json, 0);
    if (value >= 9.2e18) {
        return INT64_MAX;
    }
    return value <= -9.2e18 ? INT64_MIN : (int64_t)value;
}

double shape_number(const struct json *json, double otherwise)
{
    if (json == NULL) {
        return otherwise;
    }
    ensure(json->type == JSON_NUMBER);
    char digits[64];
    size_t size = json->text.size < sizeof(digits) ? json->text.size : sizeof(digits) - 1;
    memcpy(digits, json->text.data, size);
    digits[size] = 0;
    return strtod(digits, NULL);
}

struct slice shape_text(const struct json *json)
{
    return json == NULL ? (struct slice){NULL, 0} : json->text;
}
