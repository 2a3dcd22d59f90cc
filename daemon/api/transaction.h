/* What TransactWriteItems and the writes of ExecuteTransaction share: actions that are checked
 * together, done together, and whose refusal names a reason for each (dynamodb-api.md section 12).
 *
 *     (the operation)      each action's values, expressions, table name
 *     transaction_open     the tables; what stands in the way before anything is read
 *     transaction_run      store_transact, the reasons of a refusal
 *     transaction_answer   capacity and collections
 *
 * A key that does not fit its table does not refuse the request: it cancels the transaction with a
 * ValidationError among its reasons, as the service has it. decode on the call's loop, run where
 * the dispatcher says. */
#pragma once

#include "daemon/api/request.h"

struct transaction_action {
    struct request request;
    enum write_kind kind;
    struct slice item;    /* The item, or the key. */
    bool insert;          /* PartiQL: an item that stands in the way is a duplicate. */
    bool item_on_failure; /* ReturnValuesOnConditionCheckFailure: ALL_OLD */
};

struct transaction_call {
    struct transaction_action *actions;
    uint32_t count;
    enum capacity_detail capacity;
    bool metrics;
    struct slice token;
    uint8_t digest[32];
    struct error fault; /* Of the first action that does not fit its table … */
    uint32_t faulty;    /* … which is this one. */
    bool admitted;      /* By enforced throughput. */
    /* Of the last run. */
    struct write *writes;
    bool replayed;
};

/* Zeroed actions, the token with its digest, what to return. `shape` is that of the request. */
void transaction_begin(struct call *call,
                       const struct shape *shape,
                       uint32_t count,
                       struct transaction_call *state);
/* The action's table is open: do item, key and expressions fit it? What cancels is kept in `state`.
 * Errors: VALIDATION (what refuses the request). */
MUST_CHECK bool
transaction_check(struct transaction_call *state, uint32_t place, struct error *err);
/* Is `image` an item (of a put) or a key that the table can have, by names and types alone? */
bool transaction_fits(const struct table *table, enum write_kind kind, struct slice image);
/* After all actions have passed. Errors: VALIDATION: two actions on one item. */
MUST_CHECK bool
transaction_distinct(struct call *call, struct transaction_call *state, struct error *err);
/* The same for keys as they are stored; empty ones do not count. */
MUST_CHECK bool
transaction_keys_differ(const struct slice *keys, uint32_t count, struct error *err);
void transaction_release(struct transaction_call *state);

/* Errors: CANCELLED, with the reasons in call->error_members; as store_transact. */
MUST_CHECK bool transaction_run(struct call *call,
                                struct transaction_call *state,
                                enum read_tier tier,
                                struct error *err);
/* The members that both operations answer with. */
void transaction_answer(struct call *call, const struct transaction_call *state);

/* Why one action stands in the way of all. */
struct transaction_reason {
    enum error_code code; /* NONE: it does not. */
    const char *text;
    struct slice item; /* Empty: none is shown. */
};
/* CANCELLED with these reasons, one for each action. False. */
bool transaction_cancel(struct call *call,
                        const struct transaction_reason *reasons,
                        uint32_t count,
                        struct error *err);
/* CANCELLED with the one reason `fault` among `count` actions. False. */
bool transaction_cancel_one(struct call *call,
                            uint32_t count,
                            uint32_t faulty,
                            const struct error *fault,
                            struct error *err);

/* --- transaction_read.c: TransactGetItems and the reads of ExecuteTransaction ------------------
 */

struct transaction_reads {
    struct item_read *reads;         /* Tables and keys; after a run what was found. */
    const struct request **requests; /* Of each read. */
    uint32_t count;
    struct error fault; /* As of struct transaction_call. */
    uint32_t faulty;
    bool admitted;
};

void transaction_reads_begin(struct call *call, uint32_t count, struct transaction_reads *reads);
/* The read's table is open and its key is set. Errors: VALIDATION. */
MUST_CHECK bool
transaction_reads_check(struct transaction_reads *reads, uint32_t place, struct error *err);
/* After all have passed. Errors: VALIDATION: two reads of one item. */
MUST_CHECK bool
transaction_reads_distinct(struct call *call, struct transaction_reads *reads, struct error *err);
/* Errors: CANCELLED, VALIDATION (more than a transaction may read), as store_get_together. */
MUST_CHECK bool transaction_reads_run(struct call *call,
                                      struct transaction_reads *reads,
                                      enum read_tier tier,
                                      struct error *err);
/* One response: {} or {"Item":…}. `image` is what is shown of it. */
void transaction_reads_answer_item(struct call *call, bool found, struct slice image);
/* Is the answer too long? Some numbers are a few bytes stored and many printed. Errors: VALIDATION.
 */
MUST_CHECK bool transaction_reads_fit(const struct call *call, struct error *err);
void transaction_reads_answer_capacity(struct call *call, const struct transaction_reads *reads);

/* --- transaction_metering.c: enforced throughput ------------------------------------------------
 */

/* May this go on? Where a table has nothing left, every action on it is a reason. Errors:
 * CANCELLED. */
MUST_CHECK bool
transaction_admit(struct call *call, struct transaction_call *state, struct error *err);
MUST_CHECK bool
transaction_reads_admit(struct call *call, struct transaction_reads *reads, struct error *err);
/* What a run took: done, replayed, or (`done` false) cancelled after it was evaluated. */
void transaction_charge(struct call *call, const struct transaction_call *state, bool done);
void transaction_reads_charge(struct call *call, const struct transaction_reads *reads);

/* --- transaction_digest.c --------------------------------------------------------------------- */

/* What makes two requests with one token the same: all members of the model but
 * ReturnConsumedCapacity, whatever their order and spacing. */
void transaction_digest(const struct call *call, const struct shape *shape, uint8_t digest[32]);
