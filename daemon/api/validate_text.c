/* The texts of faults: where, what, which constraint. */
#include "daemon/api/validate_inner.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>

void shape_print(struct shape_text *to, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int written = vsnprintf(to->at + to->size, to->room - to->size, format, args);
    va_end(args);
    ensure(written >= 0);
    size_t left = to->room - to->size - 1;
    to->size += (size_t)written < left ? (size_t)written : left;
}

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

void shape_fault(struct shape_faults *faults,
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
