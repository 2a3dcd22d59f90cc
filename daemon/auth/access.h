/* What a request is going to do, as IAM sees it: actions on resources, with what conditions can ask
 * about. An operation lists its accesses (operation.h); authorize.h judges the list.
 *
 *     struct access *access = access_add(list, "dynamodb:GetItem", name, table, index);
 *     if (access != NULL) { … what it touches … }
 *
 * access_add answers NULL when nobody limits such an access: then there is nothing to be said about
 * it, and nothing is computed. Everything lives in the arena of the call. The loop's thread. */
#pragma once

#include "daemon/auth/policy.h"
#include "proto/base/arena.h"
#include "storage/catalog/catalog.h"

struct node; /* daemon/node.h */

struct access_values {
    struct slice *all;
    uint32_t count, capacity;
};

enum { ACCESS_KEYS = POLICY_FULL_TABLE_SCAN + 1 }; /* Those that are about the request itself. */

struct access {
    struct access *next;
    struct arena *arena;
    const char *action;
    struct slice resource;
    const struct table *table; /* Whose resource policy counts; NULL: none. Of a measured list: the
                                * one that is accessed, */
    struct slice index;        /* by this index; empty: the table itself. */
    struct error *refusal; /* Not NULL: a denial goes there, and the rest of the call goes on. */
    struct access_values values[ACCESS_KEYS];
};

struct access_list {
    struct arena *arena;
    const struct node *node;
    bool measured; /* Made for contributors.h: tables with insights matter, and no others. */
    bool limited;  /* The caller has an identity policy: every access matters. */
    bool unlisted; /* The operation cannot say what it does. */
    struct access *first, *last;
    struct access_table {
        const struct table *table;
        struct access_table *next;
    } * held; /* Tables acquired here: given back by access_list_clear. */
};

/* On a table of this node, or on one of its indexes (empty: the table itself). `table` may be NULL:
 * then it is looked for by its name. Action names are literals. */
struct access *access_add(struct access_list *list,
                          const char *action,
                          struct slice name,
                          const struct table *table,
                          struct slice index);
/* On anything else, by ARN; or on the table that it is part of. */
struct access *access_add_arn(struct access_list *list, const char *action, struct slice arn);
/* "arn:aws:dynamodb:<region>:<account>:table/<name>" and what stands behind it. */
struct slice access_table_arn(const struct access_list *list, struct slice name, const char *tail);
void access_list_clear(struct access_list *list);

/* --- What it touches -------------------------------------------------------------------------- */

void access_text(struct access *access, enum policy_key key, struct slice text);
/* A partition key's value: S as it is, N in decimal, B in base64; VALUE_MISSING is nothing. */
void access_leading(struct access *access, struct value value);
/* The partition key's value in an item or key image. */
void access_leading_of(struct access *access, const struct table *table, struct slice image);
/* The names of an item's or key's attributes. */
void access_attributes_of_item(struct access *access, struct slice image);
/* An expression_visitor whose context is the access. */
bool access_visit(void *context, const struct expression_path *path);
/* The first elements of all paths of an expression; NULL is fine. */
void access_attributes_of(struct access *access, const struct expression *expression);
