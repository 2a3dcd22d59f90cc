/* DynamoDB expressions: compiled once per distinct text, bound to a request's values, evaluated on
 * the stored form of items without building a tree.
 *
 * A *program* is what a text and the names it uses compile to; it knows nothing of values and is
 * shared through an expression_cache. An *expression* is a program bound to one request's values;
 * it lives in the request's arena and keeps its program alive until expression_release.
 *
 * Reference: dynamodb-api.md section 7 (grammar, semantics, texts, order of checks).
 *
 * Threads: a cache belongs to one event loop. An expression, once compiled, is read-only and may be
 * evaluated on any one thread at a time (the request's worker). */
#pragma once

#include "proto/base/arena.h"
#include "proto/value/value.h"

enum expression_kind {
    EXPRESSION_CONDITION,
    EXPRESSION_FILTER,
    EXPRESSION_KEY_CONDITION,
    EXPRESSION_PROJECTION,
    EXPRESSION_UPDATE,
};

/* ExpressionAttributeNames and -Values of one request. The caller fills `key` (with its # or :) and
 * `name` or `value`; compiling sets `used`. */
struct placeholder {
    struct slice key;
    struct slice name;  /* Names only. */
    struct value value; /* Values only. */
    bool used;
};
struct placeholders {
    struct placeholder *names;
    uint32_t names_count;
    struct placeholder *values;
    uint32_t values_count;
};

/* Keys well formed ("…contains invalid key: Syntax error; key: …"), targets not empty, sizes.
 * Errors: VALIDATION. */
MUST_CHECK bool placeholders_check(const struct placeholders *placeholders, struct error *err);
/* After all expressions of the request are compiled: names, then values that none used.
 * Errors: VALIDATION. */
MUST_CHECK bool placeholders_check_unused(const struct placeholders *placeholders,
                                          struct error *err);

struct expression_cache;
/* Keeps at most `programs_max` programs (1 to EXPRESSION_PROGRAMS_MAX) that take no more than
 * EXPRESSION_CACHE_BYTES_MAX, least recently used out first. The caller ends it with
 * expression_cache_close; NULL is fine there. */
struct expression_cache *expression_cache_open(uint32_t programs_max);
void expression_cache_close(struct expression_cache *cache);
/* What the cache has done so far, for metrics and tests. */
struct expression_cache_counts {
    uint64_t hits;
    uint64_t misses;
    uint32_t programs; /* Held now. */
    size_t bytes;      /* Of them. */
};
struct expression_cache_counts expression_cache_counts(const struct expression_cache *cache);

struct expression;

/* Compile (or find) and bind. `text` is borrowed for the call; values are borrowed for the life of
 * the expression. *expression lives in the arena; end it with expression_release.
 * A key condition's shape is checked here too: whatever needs no schema (7.6).
 * Errors: VALIDATION with the texts of 7.3, prefixed "Invalid ConditionExpression: " and so on, and
 * of 7.6, which begin as they are given there. */
MUST_CHECK bool expression_compile(struct expression_cache *cache,
                                   enum expression_kind kind,
                                   struct slice text,
                                   struct placeholders *placeholders,
                                   struct arena *arena,
                                   struct expression **expression,
                                   struct error *err);
/* NULL is fine. Any thread. */
void expression_release(struct expression *expression);

/* CONDITION, FILTER: does it hold for this item? A missing item is the empty map: pass an empty
 * slice. Allocates nothing. Corrupt stored bytes count as missing values. */
bool expression_test(const struct expression *expression, struct slice image);
/* How many bytes a test looks at, at most: every value that the text uses, and the item once for
 * each path. A text of 4 KB can use a value of 2 MB hundreds of times. */
uint64_t expression_effort(const struct expression *expression, size_t image_bytes);

/* PROJECTION: *projected is an item image in the arena, possibly of no members. */
void expression_project(const struct expression *expression,
                        struct slice image,
                        struct arena *arena,
                        struct slice *projected);

/* UPDATE: apply to `image`. With `exists` false, image is the key attributes alone, and *creates
 * says whether the update makes an item at all (one that only REMOVEs or DELETEs does not).
 * Key and index attributes are checked by the caller through expression_visit_paths.
 * Errors: VALIDATION (invalid path, missing attribute, wrong type, overflow, nesting, item size);
 * CORRUPT when the image does not decode. */
MUST_CHECK bool expression_update(const struct expression *expression,
                                  struct slice image,
                                  bool exists,
                                  struct arena *arena,
                                  struct slice *updated,
                                  bool *creates,
                                  struct error *err);
/* UPDATE: only what the update addresses, in its structure, looked up in `image`: for UPDATED_OLD
 * and UPDATED_NEW (8.4). */
void expression_update_leaves(const struct expression *expression,
                              struct slice image,
                              struct arena *arena,
                              struct slice *leaves);

/* UPDATE: does it SET this attribute, whole, to a value of the request? *value borrows from it. */
bool expression_sets(const struct expression *expression, struct slice name, struct value *value);

/* Each document path of the expression: its first element, and whether more follow. For an UPDATE
 * only the targets are visited. The visitor returns false to stop; so does the whole call. */
struct expression_path {
    struct slice head;
    bool nested;
};
typedef bool (*expression_visitor)(void *context, const struct expression_path *path);
bool expression_visit_paths(const struct expression *expression,
                            expression_visitor visitor,
                            void *context);

/* The same for all paths, of an UPDATE also those that it only reads. */
bool expression_visit_attributes(const struct expression *expression,
                                 expression_visitor visitor,
                                 void *context);

/* KEY_CONDITION: what it says about a table's or index's key. */
enum sort_operator {
    SORT_ANY,
    SORT_EQ,
    SORT_LT,
    SORT_LE,
    SORT_GT,
    SORT_GE,
    SORT_BETWEEN,
    SORT_BEGINS_WITH,
};
struct key_attribute {
    struct slice name;
    enum value_type type; /* S, N or B. */
};
enum {
    KEY_PARTS_MAX = 4
}; /* Of either kind in a global index; a table and a local index have 1. */
struct key_schema {
    struct key_attribute partition[KEY_PARTS_MAX];
    uint32_t partition_count; /* At least 1. */
    struct key_attribute sort[KEY_PARTS_MAX];
    uint32_t sort_count; /* 0: no sort key. */
};
struct key_condition {
    struct value partition[KEY_PARTS_MAX]; /* As many as the schema has. */
    struct value equal[KEY_PARTS_MAX];     /* Leading sort attributes held equal, in order … */
    uint32_t equal_count;                  /* … before the one that `sort` is about. */
    enum sort_operator sort;               /* EQ of the last named one stands here, not in equal. */
    struct value low;                      /* The operand; of BETWEEN the lower bound. */
    struct value high;                     /* BETWEEN only. */
};
/* Errors: VALIDATION with the texts of 7.6 and 10 that need the schema: missed or superfluous
 * conditions, gaps, types, empty values. */
MUST_CHECK bool expression_key_condition(const struct expression *expression,
                                         const struct key_schema *schema,
                                         struct key_condition *condition,
                                         struct error *err);
