/* Tables of expression cases: texts in, an answer or the exact error text out.
 *
 * JSON in the tables is written with ' for ", so that C strings stay readable; a case that needs a
 * real ' does not exist. NULL stands for a map that the request does not have. */
#pragma once

#include "proto/value/value_json.h"
#include "storage/expression/expression.h"

struct fixture {
    struct arena arena;
    struct expression_cache *cache;
};

void fixture_open(struct fixture *fixture);
void fixture_close(struct fixture *fixture);

/* An item's image; NULL gives the empty slice of an item that does not exist. */
struct slice fixture_item(struct fixture *fixture, const char *json);
/* DynamoDB JSON of an image, zero-terminated. */
const char *fixture_print(struct fixture *fixture, struct slice image);
/* names: {'#n': 'name'}; values: {':v': {'N': '1'}}. */
struct placeholders
fixture_placeholders(struct fixture *fixture, const char *names, const char *values);

/* Compile; NULL and *error when it is refused. */
struct expression *fixture_compile(struct fixture *fixture,
                                   enum expression_kind kind,
                                   const char *text,
                                   const char *names,
                                   const char *values,
                                   const char **error);

struct fixture_case {
    const char *text;
    const char *names;
    const char *values;
    const char *item;
    const char *expected;
};

/* What the kind makes of the item: "true" or "false" of a condition or filter, DynamoDB JSON of a
 * projection or update; otherwise the error text. */
const char *
fixture_answer(struct fixture *fixture, enum expression_kind kind, const struct fixture_case *one);
/* Run a table; JSON answers are compared as items, texts by their bytes. */
void fixture_run(enum expression_kind kind, const struct fixture_case *cases, size_t count);
