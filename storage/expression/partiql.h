/* PartiQL, as far as DynamoDB takes it: a statement becomes what the other operations run, that is
 * a key or key conditions, an item, and expressions over the same programs as every other text.
 *
 *     text --lex, parse--> tree --translate + parameters--> statement --plan + key schema--> plan
 *
 * Everything lives in the arena of the call, programs too. Reference: dynamodb-api.md section 14.
 * Pure; any thread. Errors are VALIDATION with the texts of 14.4 and of section 7. */
#pragma once

#include "proto/base/arena.h"
#include "storage/expression/expression.h"

enum partiql_verb {
    PARTIQL_SELECT,
    PARTIQL_EXISTS, /* EXISTS(SELECT …): a condition check of a transaction. */
    PARTIQL_INSERT,
    PARTIQL_UPDATE,
    PARTIQL_DELETE,
};

enum partiql_returning {
    PARTIQL_RETURNING_NONE,
    PARTIQL_RETURNING_ALL_OLD,
    PARTIQL_RETURNING_MODIFIED_OLD,
    PARTIQL_RETURNING_ALL_NEW,
    PARTIQL_RETURNING_MODIFIED_NEW,
};

struct path;
struct node;
struct action;

struct partiql_column {
    const struct path *path;
    struct slice name; /* What the answer calls it. */
};
struct partiql_order {
    struct slice name;
    bool descending;
};

struct partiql_statement {
    enum partiql_verb verb;
    struct slice table;
    struct slice index; /* Empty: the table itself. SELECT only. */
    struct partiql_column *columns;
    uint32_t columns_count; /* 0: whole items. */
    struct partiql_order *order;
    uint32_t order_count;
    struct slice item;        /* INSERT: the image. */
    const struct node *where; /* NULL: none. */
    struct action *actions;
    uint32_t actions_count;
    enum partiql_returning returning;
    struct value *values; /* Of where and actions. */
    uint32_t values_count;
};

/* Parameters stand for the question marks, in their order. Errors: VALIDATION. */
MUST_CHECK bool partiql_parse(struct slice text,
                              const struct value *parameters,
                              uint32_t parameters_count,
                              struct arena *arena,
                              struct partiql_statement **statement,
                              struct error *err);

static inline bool partiql_reads(const struct partiql_statement *statement)
{
    return statement->verb == PARTIQL_SELECT;
}

/* How a SELECT finds its items. */
struct partiql_select {
    /* One per value of an IN; 0: no partition key is given, the table is scanned. All differ. */
    struct key_condition *conditions;
    uint32_t conditions_count;
    bool whole_key; /* Each condition names at most one item of a table. */
    bool backward;
    struct expression *filter; /* NULL: none. */
};
/* `keys` are those of the table, or of the index if there is one. Errors: VALIDATION. */
MUST_CHECK bool partiql_plan_select(const struct partiql_statement *statement,
                                    const struct key_schema *keys,
                                    struct arena *arena,
                                    struct partiql_select *select,
                                    struct error *err);

/* INSERT, UPDATE, DELETE, EXISTS: one item of a table. */
struct partiql_write {
    struct slice item;            /* INSERT: the image; the others: the key. */
    struct expression *condition; /* NULL: none. */
    struct expression *update;    /* UPDATE */
};
MUST_CHECK bool partiql_plan_write(const struct partiql_statement *statement,
                                   const struct key_schema *keys,
                                   struct arena *arena,
                                   struct partiql_write *write,
                                   struct error *err);

/* The columns of one item. */
struct slice
partiql_project(const struct partiql_statement *statement, struct slice image, struct arena *arena);
/* The first element of each column's path and of each path of WHERE. */
bool partiql_visit_columns(const struct partiql_statement *statement,
                           expression_visitor visitor,
                           void *context);
