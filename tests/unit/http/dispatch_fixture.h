/* A loop with operations and a durable seq of its own, so that each way through the dispatcher can
 * be taken at will; and a client that speaks DynamoDB's JSON.
 *
 * The operations PutItem (on the loop) and Scan (on a worker) do what the request's members say:
 *     Denied    the caller may not         Located  decode has looked for the table
 *
 *     Invalid  decode refuses              Cold  needs a worker
 *     Empty    has an empty answer         Long  has an answer of about so many bytes
 *     Code     run fails with this code    Seq   the answer waits for it
 *     Poll     has nothing to say until engine.newest is above this
 *
 * On a worker they wait while engine.hold is set. */
#pragma once

#include "daemon/api/operation.h"
#include "daemon/http/credentials.h"
#include "daemon/http/loop.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "tests/unit/http/http_fixture.h"

struct engine {
    atomic_ullong durable_seq;
    atomic_bool failed;
    /* What the operations below count and wait for; reached through call->node. */
    atomic_uint runs, releases;
    atomic_bool hold;
    atomic_ullong newest; /* Of every stream. */
};

struct dispatch_fixture {
    struct engine engine;
    struct store store;
    struct node node;
    struct loop loop;
    struct loop_options options;
    int log_fd[2];
};

/* With node.credentials NULL: authentication is off. */
struct dispatch_fixture *dispatch_prepared(void);
void dispatch_start(struct dispatch_fixture *fixture);
struct dispatch_fixture *dispatch_started(void);
/* Drains, unless that was done, and frees. */
void dispatch_stopped(struct dispatch_fixture *fixture);

int dispatch_connected(struct dispatch_fixture *fixture);
void dispatch_ask(int fd, const char *operation, const char *body);
/* `more` are header lines. */
void dispatch_ask_more(int fd, const char *target, const char *more, const char *body, size_t size);
/* The next answer, its checksum included. */
void dispatch_expect(int fd, unsigned status, const char *body);
void dispatch_expect_head(int fd, const char *line);
bool dispatch_nothing_to_read(int fd);

#define JSON_1_0 "Content-Type: application/x-amz-json-1.0\r\n"
#define CACHED "{\"Tier\":\"cached\"}"
#define FULL "{\"Tier\":\"full\"}"
#define NEWEST(seq) "{\"Newest\":" #seq "}"
#define INTERNAL                                                                                   \
    "{\"__type\":\"com.amazonaws.dynamodb.v20120810#InternalServerError\","                        \
    "\"message\":\"Internal server error\"}"
#define SERIALIZATION "{\"__type\":\"com.amazon.coral.service#SerializationException\"}"
#define UNKNOWN "{\"__type\":\"com.amazon.coral.service#UnknownOperationException\"}"
#define MISSING                                                                                    \
    "{\"__type\":\"com.amazon.coral.service#MissingAuthenticationTokenException\","                \
    "\"message\":\"Request is missing Authentication Token\"}"
