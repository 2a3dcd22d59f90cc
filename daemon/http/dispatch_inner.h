/* What dispatch.c and park.c share: a call on its way. Nobody else includes it. */
#pragma once

#include "daemon/api/operation.h"
#include "daemon/http/dispatch.h"
#include "daemon/http/loop.h"

/* Drawn in dispatch.c. */
enum dispatch_state {
    DISPATCH_DECODING,
    DISPATCH_RUNNING,
    DISPATCH_WORKING,
    DISPATCH_PARKED,
    DISPATCH_WAITING,
    DISPATCH_ANSWERING,
    DISPATCH_STATES,
};

struct dispatch_call {
    struct call call;
    struct loop *loop;
    struct http_request *request;
    uint32_t number; /* Of the operation; operations_count when there is none. */
    enum dispatch_state state;
    bool json;       /* The client spoke application/json. */
    bool gzip;       /* It takes compressed answers: known before a worker begins. */
    bool ran;        /* A worker has to compress the answer, nothing else. */
    bool unreadable; /* The body's encoding: the service answers 500, the fault is the client's. */
    struct slice packed; /* The answer, compressed; empty: it is sent as it is. */
    struct slice name;   /* Of the operation, as the target has it. */
    struct error err;
    uv_work_t work;
    struct dispatch_call *next; /* In the loop's waiters, or among its parked calls. */
    uint64_t parked_until_ms;   /* Of the loop's time; 0: was never parked. */
    uint64_t ran_ms;            /* Likewise: when it looked last. */
    uint32_t runs;              /* How often it has looked. */
};

/* Run a parked call once more. */
void dispatch_again(struct dispatch_call *call);
/* A parked call has nothing to wait for any more: it leaves with the answer that it has. */
void dispatch_unpark(struct dispatch_call *call);
