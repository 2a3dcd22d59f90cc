/* What a text compiles to. Internal to storage/expression.
 *
 *     text --lexer--> tokens --parser--> program --bind + values--> expression --> evaluate, …
 *
 * A program holds names but no values, so that requests which differ only in values share it. All
 * of it lives in its own arena; the struct is allocated there too. Once its first bind has passed
 * it is never written again except for its reference count (and the cache's links, which only the
 * cache's thread touches), so any thread may evaluate it. */
#pragma once

#include "proto/base/arena.h"
#include "proto/base/ensure.h"
#include "proto/value/decimal.h"
#include "storage/expression/expression.h"

#include <stdatomic.h>

/* Deeper nesting than the operator limit allows without redundant parentheses. */
enum { EXPRESSION_NESTING_MAX = EXPRESSION_OPERATORS_MAX + 10 };

/* One element of a document path. */
struct step {
    bool is_index;
    uint32_t index;
    struct slice name; /* Resolved; of an undefined placeholder the placeholder itself. */
    bool undefined;    /* A #name without a target in the request. */
};

struct path {
    struct step *steps;
    uint32_t count; /* At least 1; the first is a name. */
};

enum node_kind {
    /* Operands. */
    NODE_PATH,
    NODE_VALUE,
    NODE_SIZE,
    NODE_IF_NOT_EXISTS,
    NODE_LIST_APPEND,
    NODE_PLUS,
    NODE_MINUS,
    /* Conditions without conditions inside: bind checks each of them on its own. */
    NODE_EQ,
    NODE_NE,
    NODE_LT,
    NODE_LE,
    NODE_GT,
    NODE_GE,
    NODE_BETWEEN,
    NODE_IN,
    NODE_EXISTS,
    NODE_NOT_EXISTS,
    NODE_TYPE,
    NODE_BEGINS_WITH,
    NODE_CONTAINS,
    /* Conditions made of conditions; AND and OR take any number. */
    NODE_AND,
    NODE_OR,
    NODE_NOT,
    /* A function that does not exist: parsing goes on and refuses it at the end. */
    NODE_UNKNOWN,
};

struct node {
    enum node_kind kind;
    uint32_t count;     /* Operands. */
    struct node *first; /* Operands, linked by next. */
    struct node *last;
    struct node *next;
    const struct path *path; /* PATH */
    uint32_t value;          /* VALUE: occurrence in the text. */
    bool negates;            /* NOT: of an even number of NOTs nothing is left. */
    bool wrapped;            /* Stood in parentheses: a second pair would be redundant. */
    struct slice name;       /* Functions, as written. */
};

enum action_kind { ACTION_SET, ACTION_REMOVE, ACTION_ADD, ACTION_DELETE, ACTION_KINDS };

struct action {
    enum action_kind kind;
    const struct path *target;
    const struct node *operand; /* NULL for REMOVE. */
};

/* Paths of a projection, or targets of an update, merged into a tree whose branches are sorted as
 * members of a map and elements of a list are stored: both walk in step with an item. */
struct branch {
    struct slice name;
    uint32_t index;
    bool leaf;
    uint32_t leaf_number; /* Leaves: which path or action of the program. */
    bool list;            /* Inner branches: the children are indexes. */
    uint32_t count;
    struct branch *children;
};

struct program {
    struct arena arena;
    atomic_uint references;
    enum expression_kind kind;
    struct slice text;
    struct slice *names; /* Targets, per occurrence of a # in the text. */
    uint32_t names_count;
    struct slice *values; /* Keys with their colon, per occurrence of a : in the text. */
    uint32_t values_count;

    struct node *root;    /* Conditions. */
    struct node **leaves; /* Conditions, in the order of the text. */
    uint32_t leaves_count;
    struct action *actions; /* Updates, in the order of the text. */
    uint32_t actions_count;
    bool creates;              /* Updates: has a SET or an ADD. */
    bool legacy;               /* Made by legacy.c: all of it lies in the request's arena. */
    const struct path **paths; /* All of them; of an update the targets only. */
    uint32_t paths_count;
    struct branch tree; /* Projections and updates; made by the first bind. */

    /* The cache's. */
    uint64_t hash;
    size_t bytes;
    struct program *bucket_next;
    struct program *newer;
    struct program *older;
};

struct expression {
    struct program *program;
    struct value values[]; /* Per occurrence, as program->values. */
};

/* Parse. `names` are the request's entries per occurrence of a # in the text (NULL: undefined);
 * their targets are copied. The caller owns the result (one reference).
 * Errors: VALIDATION, without the "Invalid …Expression: " in front. */
MUST_CHECK bool program_parse(enum expression_kind kind,
                              struct slice text,
                              struct placeholder *const *names,
                              struct arena *scratch,
                              struct program **program,
                              struct error *err);
void program_reference(struct program *program);
/* NULL is fine. Any thread. */
void program_release(struct program *program);

/* "ConditionExpression" and so on. */
const char *program_kind_name(enum expression_kind kind);
/* "=", "BETWEEN", "size" …, as error texts call it. */
const char *node_kind_name(enum node_kind kind);

/* --- path.c --- */

/* What the path leads to in the item; false when it leads nowhere. */
bool path_find(const struct path *path, struct slice image, struct value *found);
bool path_equal(const struct path *a, const struct path *b);
/* "[a, [0], b]", in the arena. */
const char *path_print(const struct path *path, struct arena *arena);
/* Merge program->paths into program->tree, whose branches lie in `arena`.
 * Errors: VALIDATION when two of them overlap or conflict. */
MUST_CHECK bool path_build_tree(struct program *program,
                                struct arena *arena,
                                struct arena *scratch,
                                struct error *err);

/* --- evaluate.c --- */

/* Room for the result of size(), so that evaluation allocates nothing. */
struct operand {
    struct value value;
    uint8_t number[DECIMAL_KEY_BYTES_MAX];
};
/* An operand of a condition. VALUE_MISSING when there is none. */
void evaluate_operand(const struct expression *expression,
                      const struct node *node,
                      struct slice image,
                      struct operand *operand);

/* --- bind.c, bind_update.c, key_condition.c --- */

/* Checks of everything that depends on names and values, in DynamoDB's order. `fresh` is the first
 * bind of a program: what depends on names alone is checked only then. Errors: VALIDATION. */
struct binding {
    struct expression *expression;
    bool fresh;
    struct arena *arena;
};
MUST_CHECK bool bind_conditions(const struct binding *binding, struct error *err);
MUST_CHECK bool bind_update(const struct binding *binding, struct error *err);
MUST_CHECK bool bind_projection(const struct binding *binding, struct error *err);
/* The shape of a key condition, as far as no schema is needed. */
MUST_CHECK bool bind_key_condition(const struct binding *binding, struct error *err);
/* Undefined placeholders in an operand, from left to right. */
MUST_CHECK bool
bind_defined_path(const struct binding *binding, const struct path *path, struct error *err);
MUST_CHECK bool
bind_defined(const struct binding *binding, const struct node *node, struct error *err);
/* The type an operand always has; VALUE_MISSING when that depends on the item. */
enum value_type bind_type(const struct binding *binding, const struct node *node);
/* Function arity. */
MUST_CHECK bool bind_arity(const struct node *node, struct error *err);
/* "STRING", "NUMBER" …, as some error texts call types. */
const char *bind_long_type_name(enum value_type type);

/* --- cache.c --- */

/* A program of this kind, text and names, with a reference for the caller, or NULL. */
struct program *cache_find(struct expression_cache *cache,
                           uint64_t hash,
                           enum expression_kind kind,
                           struct slice text,
                           struct placeholder *const *names,
                           uint32_t names_count);
/* The cache takes a reference of its own, if it keeps the program: not one that is too large. */
void cache_insert(struct expression_cache *cache, struct program *program, uint64_t hash);
