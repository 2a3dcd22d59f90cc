/* From forms to values, paths and program nodes: what the files of the translation share. Internal.
 *
 * Functions return NULL (or false) when they have filled the error. */
#pragma once

#include "storage/expression/partiql_tree.h"
#include "storage/expression/program.h"

struct partiql_translation {
    struct arena *arena;
    const struct value *parameters;
    uint32_t parameters_count;
    bool too_few; /* A question mark had no parameter; a NULL stands for it. */
    struct partiql_statement *made;
    uint32_t values_room;
    struct error *err;
};

/* Where in a literal something stands. */
struct partiql_place {
    const struct partiql_place *outer; /* NULL: the literal itself. */
    struct slice name;
    uint32_t index;
    bool list;
};

/* " at 1:26:1" */
const char *partiql_at(const struct partiql_translation *translation,
                       const struct partiql_token *token);

/* --- partiql_value.c --- */

/* Is it written as a value: a literal, a parameter, a container? */
bool partiql_is_value(const struct partiql_form *form);
MUST_CHECK bool partiql_value(struct partiql_translation *translation,
                              const struct partiql_form *form,
                              struct value *value);
/* INSERT's struct. */
MUST_CHECK bool partiql_item(struct partiql_translation *translation,
                             const struct partiql_form *form,
                             struct slice *image);

/* --- partiql_node.c --- */

struct node *partiql_node(struct partiql_translation *translation, enum node_kind kind);
/* A VALUE node. */
struct node *partiql_value_node(struct partiql_translation *translation, struct value value);
const struct path *partiql_path(struct partiql_translation *translation,
                                const struct partiql_form *form);
struct node *partiql_path_node(struct partiql_translation *translation,
                               const struct partiql_form *form);
const char *partiql_operator_name(const struct partiql_translation *translation,
                                  const struct partiql_form *form);
struct node *partiql_unrecognized(struct partiql_translation *translation,
                                  const struct partiql_form *form);
/* The lower-case name of a function that expressions know, and its node; NULL when they do not. */
const char *partiql_function(const struct partiql_form *form, enum node_kind *kind);

/* --- partiql_condition.c, partiql_update.c --- */

struct node *partiql_condition(struct partiql_translation *translation,
                               const struct partiql_form *form);
MUST_CHECK bool partiql_translate_actions(struct partiql_translation *translation,
                                          const struct partiql_parts *parts);
