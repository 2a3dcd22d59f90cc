/* Attribute values in DynamoDB JSON: {"S": "…"}, {"N": "1"}, {"M": {…}} and so on.
 * Reference: dynamodb-api.md 1.5 (type errors) and 5.1 (value errors), texts verbatim.
 * One thread per arena. */
#pragma once

#include "proto/value/json.h"
#include "proto/value/value.h"

/* First pass, over a whole request before anything is validated: do the JSON types fit an
 * AttributeValue (strings where strings are due, base64 well formed …)?
 * Errors: SERIALIZATION. */
MUST_CHECK bool value_json_check(const struct json *json, struct error *err);
/* The same for a map of attribute name to AttributeValue (Item, Key, ExpressionAttributeValues). */
MUST_CHECK bool item_json_check(const struct json *json, struct error *err);

/* Second pass, on JSON that passed the first: validate and encode into the arena.
 * Errors: VALIDATION with the bare texts of 5.1 (the caller adds "…for key :v" where due). */
MUST_CHECK bool value_from_json(const struct json *json,
                                struct arena *arena,
                                struct value *value,
                                struct error *err);
/* An item or key: *image is the payload of an M. Errors: VALIDATION. */
MUST_CHECK bool item_from_json(const struct json *json,
                               struct arena *arena,
                               struct slice *image,
                               struct error *err);

/* Append the DynamoDB JSON of a value ({"S":"…"}) or of an item ({"a":{"S":"…"},…}). The bytes are
 * our own stored form: a broken one is a broken invariant. */
void value_write_json(struct buffer *to, struct value value);
void item_write_json(struct buffer *to, struct slice image);

/* "S" gives VALUE_S and so on; VALUE_MISSING for anything else. */
enum value_type value_json_type(struct slice name);
/* A JSON boolean, or a string that converts to one. Errors: SERIALIZATION. */
MUST_CHECK bool value_json_boolean(const struct json *json, bool *on, struct error *err);

/* base64_decode without the bytes: the same errors. */
MUST_CHECK bool base64_check(struct slice text, struct error *err);
/* Strict base64 as DynamoDB takes it. Errors: SERIALIZATION with the texts of 1.5. */
MUST_CHECK bool
base64_decode(struct slice text, struct arena *arena, struct slice *bytes, struct error *err);
