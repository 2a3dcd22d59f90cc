/* HTTP for the command, by libcurl. One client keeps its connections open between calls. One
 * thread. */
#pragma once

#include "proto/base/arena.h"
#include "proto/base/error.h"
#include "proto/value/json.h"

struct client;

/* Never fails. */
struct client *client_open(void);
void client_close(struct client *client); /* NULL is fine. */

struct client_answer {
    unsigned status;
    struct slice body; /* In the arena. */
};

enum { CLIENT_ANSWER_BYTES_MAX = 1 << 30 };

/* Any HTTP status is an answer. Errors: UNAVAILABLE when there is none. */
MUST_CHECK bool client_call(struct client *client,
                            const char *method,
                            const char *url,
                            struct slice body,
                            struct arena *arena,
                            struct client_answer *answer,
                            struct error *err);

/* GET of a path of a node's admin endpoint. Errors: UNAVAILABLE; for a status other than 200 the
 * node's own sentence with INTERNAL. */
MUST_CHECK bool client_admin(struct client *client,
                             const char *method,
                             const char *admin,
                             const char *path,
                             struct slice body,
                             struct arena *arena,
                             struct slice *answer,
                             struct error *err);
/* The same, and parsed. */
MUST_CHECK bool client_admin_json(struct client *client,
                                  const char *admin,
                                  const char *path,
                                  struct arena *arena,
                                  struct json **answer,
                                  struct error *err);

struct client_keys {
    const char *endpoint; /* "http://127.0.0.1:8000" */
    const char *region;
    const char *id;
    const char *secret;
};
/* A signed DynamoDB call. *answer is the JSON of the answer, also of a refusal, for which err's
 * text is "<exception>: <message>". Errors: UNAVAILABLE; VALIDATION for 4xx; INTERNAL for 5xx. */
MUST_CHECK bool client_dynamodb(struct client *client,
                                const struct client_keys *keys,
                                const char *operation,
                                struct slice body,
                                struct arena *arena,
                                struct json **answer,
                                struct error *err);
