/* JSON documents: yajl's SAX parser into an arena tree, and our own writer.
 *
 * One thread. Slices of the tree borrow from the arena or from the input, whose bytes must outlive
 * the tree. */
#pragma once

#include "proto/base/buffer.h"
#include "proto/base/error.h"

enum json_type {
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};

struct json {
    enum json_type type;
    uint32_t count;     /* Children of an array or object. */
    struct slice name;  /* In an object: the member's name, unescaped. */
    struct slice text;  /* STRING: unescaped UTF-8. NUMBER: as written. */
    struct json *first; /* Children, linked by next, in document order. */
    struct json *next;
};

/* Parse one whole document (trailing blanks only). Of members with one name the last one wins: the
 * earlier ones are not in the tree. A tree deeper than JSON_DEPTH_MAX is refused.
 * Errors: SERIALIZATION, with an English text saying where. */
MUST_CHECK bool
json_parse(struct slice text, struct arena *arena, struct json **root, struct error *err);

/* A member of an object by name, or NULL. A JSON null counts as absent: NULL. */
struct json *json_get(const struct json *object, const char *name);

/* Append with quotes and escapes. Bytes that are not UTF-8 do not occur (checked on entry). */
void json_write_string(struct buffer *to, struct slice text);
/* Append base64 with quotes. */
void json_write_base64(struct buffer *to, struct slice bytes);
/* Append a JSON tree again (for echoes and tools). */
void json_write(struct buffer *to, const struct json *json);
