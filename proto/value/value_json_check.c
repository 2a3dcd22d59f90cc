/* Do the JSON types of a request fit an AttributeValue? See value_json.h.
 *
 * The texts are those of the service's own deserialiser (dynamodb-api.md 1.5), Java's names
 * included. Members with a JSON null are absent; members it does not know are ignored. Recursion is
 * as deep as json_parse lets a document be. */
#include "proto/value/value_json.h"

#define JAVA_VALUE "com.amazonaws.dynamodb.v20120810.AttributeValue"

/* "NUMBER_VALUE" and so on: the token's name in conversion errors. */
static const char *json_token(const struct json *json)
{
    switch (json->type) {
    case JSON_TRUE:
        return "TRUE_VALUE";
    case JSON_FALSE:
        return "FALSE_VALUE";
    case JSON_STRING:
        return "STRING_VALUE";
    case JSON_NUMBER:
        for (size_t i = 0; i < json->text.size; i++) {
            uint8_t c = json->text.data[i];
            if (c == '.' || c == 'e' || c == 'E') {
                return "DECIMAL_VALUE";
            }
        }
        return "NUMBER_VALUE";
    case JSON_NULL:
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    return "NULL_VALUE";
}

/* An array or object where a scalar of the Java class is due. */
static bool json_refuse_container(const struct json *json, const char *class, struct error *err)
{
    if (json->type == JSON_ARRAY) {
        return error_set(err, ERROR_SERIALIZATION, "Unrecognized collection type class %s", class);
    }
    return error_set(err, ERROR_SERIALIZATION,
                     "Start of structure or map found where not expected");
}

static bool json_is_container(const struct json *json)
{
    return json->type == JSON_ARRAY || json->type == JSON_OBJECT;
}

static bool json_check_string(const struct json *json, struct error *err)
{
    if (json->type == JSON_STRING) {
        return true;
    }
    if (json_is_container(json)) {
        return json_refuse_container(json, "java.lang.String", err);
    }
    return error_set(err, ERROR_SERIALIZATION, "%s cannot be converted to String",
                     json_token(json));
}

static bool json_check_blob(const struct json *json, struct error *err)
{
    if (json->type == JSON_STRING) {
        return base64_check(json->text, err);
    }
    if (json_is_container(json)) {
        return json_refuse_container(json, "java.nio.ByteBuffer", err);
    }
    return error_set(err, ERROR_SERIALIZATION,
                     "only base-64-encoded strings are convertible to bytes");
}

static bool slice_is_word(struct slice text, const char *word)
{
    return text.size == strlen(word) && strncasecmp((const char *)text.data, word, text.size) == 0;
}

bool value_json_boolean(const struct json *json, bool *on, struct error *err)
{
    static const char *const words[][2] = {{"false", "true"}, {"0", "1"}, {"no", "yes"}};
    if (json->type == JSON_TRUE || json->type == JSON_FALSE) {
        *on = json->type == JSON_TRUE;
        return true;
    }
    if (json_is_container(json)) {
        return json_refuse_container(json, "java.lang.Boolean", err);
    }
    if (json->type != JSON_STRING) {
        return error_set(err, ERROR_SERIALIZATION, "%s cannot be converted to Boolean",
                         json_token(json));
    }
    for (size_t i = 0; i < ARRAY_COUNT(words); i++) {
        bool is_true = slice_is_word(json->text, words[i][1]);
        if (is_true || slice_is_word(json->text, words[i][0])) {
            *on = is_true;
            return true;
        }
    }
    return error_set(err, ERROR_SERIALIZATION, "Unexpected token received from parser");
}

static bool json_check_boolean(const struct json *json, struct error *err)
{
    bool on;
    return value_json_boolean(json, &on, err);
}

static bool json_check_list(const struct json *json,
                            bool (*check)(const struct json *element, struct error *err),
                            struct error *err)
{
    if (json->type == JSON_OBJECT) {
        return json_refuse_container(json, "", err);
    }
    if (json->type != JSON_ARRAY) {
        return error_set(err, ERROR_SERIALIZATION, "Unexpected field type");
    }
    for (const struct json *child = json->first; child != NULL; child = child->next) {
        if (child->type != JSON_NULL && !check(child, err)) {
            return false;
        }
    }
    return true;
}

static bool json_check_member(const struct json *json, struct error *err)
{
    switch (value_json_type(json->name)) {
    case VALUE_S:
    case VALUE_N:
        return json_check_string(json, err);
    case VALUE_B:
        return json_check_blob(json, err);
    case VALUE_BOOL:
    case VALUE_NULL:
        return json_check_boolean(json, err);
    case VALUE_M:
        return item_json_check(json, err);
    case VALUE_L:
        return json_check_list(json, value_json_check, err);
    case VALUE_SS:
    case VALUE_NS:
        return json_check_list(json, json_check_string, err);
    case VALUE_BS:
        return json_check_list(json, json_check_blob, err);
    case VALUE_MISSING:
    case VALUE_TYPES:
        break;
    }
    return true; /* An unknown member is ignored, whatever it holds. */
}

bool value_json_check(const struct json *json, struct error *err)
{
    if (json->type == JSON_NULL) {
        return true;
    }
    if (json->type == JSON_ARRAY) {
        return json_refuse_container(json, JAVA_VALUE, err);
    }
    if (json->type != JSON_OBJECT) {
        return error_set(err, ERROR_SERIALIZATION, "Unexpected value type in payload");
    }
    for (const struct json *child = json->first; child != NULL; child = child->next) {
        if (child->type != JSON_NULL && !json_check_member(child, err)) {
            return false;
        }
    }
    return true;
}

bool item_json_check(const struct json *json, struct error *err)
{
    if (json->type == JSON_NULL) {
        return true;
    }
    if (json->type == JSON_ARRAY) {
        return error_set(err, ERROR_SERIALIZATION,
                         "Unrecognized collection type java.util.Map<java.lang.String, " JAVA_VALUE
                         ">");
    }
    if (json->type != JSON_OBJECT) {
        return error_set(err, ERROR_SERIALIZATION, "Unexpected field type");
    }
    for (const struct json *child = json->first; child != NULL; child = child->next) {
        if (!value_json_check(child, err)) {
            return false;
        }
    }
    return true;
}
