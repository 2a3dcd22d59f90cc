/* One DynamoDB operation: what the dispatcher (daemon/http/dispatch.c) runs.
 *
 *     DECODE (loop) --> RUN (loop, READ_CACHED) --------------------> WAIT DURABLE --> answer
 *                          \-- WOULD_BLOCK --> RUN (worker, READ_FULL) --/
 *
 * decode validates everything that needs no disk; run does the work and writes the answer's JSON
 * object into call->answer. run may be repeated: it starts its output afresh each time. An error
 * from either ends the call; the dispatcher renders it. The answer, also an error from run, leaves
 * once call->wait_seq is durable. release is always called once, last.
 *
 * A run that succeeds with nothing to show may ask for a long poll: see struct call_poll. */
#pragma once

#include "daemon/node.h"
#include "proto/value/json.h"

struct operation;
struct access_list; /* daemon/auth/access.h */
struct credential;  /* daemon/http/credentials.h */

/* "There is nothing yet: run me again once this stream has something newer than I have seen, or
 * send what I have answered after all once the client has waited for long enough." */
struct call_poll {
    uint32_t stream; /* 0: no. */
    uint64_t seen;   /* stream_newest before run looked. */
};

struct call {
    struct node *node;
    struct expression_cache *expressions; /* The loop's: only in decode. */
    struct arena *arena;
    const struct operation *operation;
    const struct json *body;             /* The request: an object. */
    struct slice host;                   /* The request's Host header. */
    const struct credential *credential; /* Who asks; NULL with --auth off. Only on the loop. */
    bool located; /* The table has been looked for: what fails from there on, a caller who may not
                     do this at all does not hear. */
    void *state;  /* operation->state_bytes, zeroed. */
    struct buffer answer;        /* Initialised by the dispatcher before each run. */
    struct buffer error_members; /* Likewise; appended to an error's body, e.g. ,"Item":{…} */
    struct slice message; /* An error's text if it is longer than fits into err; empty again before
                           * each run. */
    uint64_t wait_seq;
    struct call_poll poll; /* Zero before each run. */
};

struct operation {
    const char *name; /* "PutItem"; the target's part after the dot. */
    uint32_t state_bytes;
    bool worker; /* Never on a loop: catalog changes, scans. */
    bool (*decode)(struct call *call, struct error *err);
    bool (*run)(struct call *call, enum read_tier tier, struct error *err); /* NULL: decode always
                                                                               refuses. */
    void (*release)(struct call *call); /* NULL: nothing to give back. */
    /* List what the call is going to do (daemon/api/listing.h). After decode, also after one that
     * failed behind `located`. NULL: the request's body tells, by a row in listing.c; without a row
     * only who may do everything may call it. */
    void (*access)(struct call *call, struct access_list *list);
};

/* All implemented operations, for dispatch and metrics: an index is an operation's number. */
extern const struct operation *const operations[];
extern const uint32_t operations_count;

/* By the target's operation name. NULL when it is not implemented; then operation_is_known says
 * whether the API has it at all (NOT_IMPLEMENTED) or not (UNKNOWN_OPERATION). */
const struct operation *operation_find(struct slice name, uint32_t *number);
bool operation_is_known(struct slice name);
/* What call->operation is going to do. */
void operation_list(struct call *call, struct access_list *list);
