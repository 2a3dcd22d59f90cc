/* What the three operations of PartiQL share: one statement of a request, from its text to its
 * part of the answer. It becomes what GetItem, Query, Scan and the writes run.
 *
 *     partiql_begin    Parameters, the statement, the table's name   (no table needed)
 *     partiql_open     the table, its keys: what is read or written
 *     partiql_get, partiql_page, partiql_put
 *
 * decode on the call's loop; run where the dispatcher says. */
#pragma once

#include "daemon/api/request.h"
#include "storage/expression/partiql.h"

struct partiql_call {
    struct request request;
    const struct json *asked; /* The members of one statement. */
    struct partiql_statement *statement;
    const struct table_index *index; /* NULL: the table itself. */
    struct partiql_select select;    /* SELECT */
    struct partiql_write write;      /* Everything else. */
    bool consistent;
    bool item_on_failure; /* ReturnValuesOnConditionCheckFailure: ALL_OLD */
    struct capacity capacity;
    bool admitted; /* By enforced throughput. */
};

/* `one` is zeroed. Errors: VALIDATION. */
MUST_CHECK bool partiql_begin(struct call *call,
                              const struct json *asked,
                              struct partiql_call *one,
                              struct error *err);
/* Of partiql_open what a transaction needs: whether key and item of a write fit the table is then
 * still to be asked. Errors: NOT_FOUND, VALIDATION. */
MUST_CHECK bool partiql_plan(struct call *call, struct partiql_call *one, struct error *err);
/* Errors: NOT_FOUND, VALIDATION. */
MUST_CHECK bool partiql_open(struct call *call, struct partiql_call *one, struct error *err);
void partiql_release(struct partiql_call *one);
/* What the statement is going to do; `request` is its own, or whoever took that over; `enclosing`
 * is the transaction's operation, or NULL. NULL: nobody limits it. */
struct access *partiql_access(struct call *call,
                              const struct partiql_call *one,
                              const struct request *request,
                              const char *enclosing,
                              struct access_list *list);

/* Does it read one item by its whole key? */
bool partiql_is_get(const struct partiql_call *one);
/* The key that condition `number` of a SELECT by whole key gives. */
struct slice partiql_key(const struct partiql_call *one, uint32_t number, struct arena *arena);
/* What store_write and store_transact take. */
struct write partiql_write_of(const struct partiql_call *one);

/* The item that a SELECT by whole key finds, filtered and projected; *found false when there is
 * none. Raises call->wait_seq. Errors as store_get. */
MUST_CHECK bool partiql_get(struct call *call,
                            struct partiql_call *one,
                            uint32_t number,
                            enum read_tier tier,
                            struct slice *item,
                            bool *found,
                            struct error *err);
/* A write by itself; *item is what RETURNING asks for (empty: nothing). Raises call->wait_seq.
 * Errors: as store_write; DUPLICATE_ITEM. `old` is the item that stood in the way, if it was asked
 * for. */
MUST_CHECK bool partiql_put(struct call *call,
                            struct partiql_call *one,
                            enum read_tier tier,
                            struct slice *item,
                            struct slice *old,
                            struct error *err);

/* --- partiql_token.c -------------------------------------------------------------------------- */

/* NextToken: where a SELECT goes on. */
struct partiql_place {
    uint32_t condition; /* The how manieth of its key conditions. */
    struct slice start; /* LastEvaluatedKey's image; empty: from its start. */
};
/* The token as a JSON string. It is good for this statement with these parameters on this table. */
void partiql_token_write(struct buffer *to,
                         const struct partiql_call *one,
                         const struct partiql_place *place);
/* Errors: VALIDATION. */
MUST_CHECK bool partiql_token_read(struct slice token,
                                   const struct partiql_call *one,
                                   struct arena *arena,
                                   struct partiql_place *place,
                                   struct error *err);
