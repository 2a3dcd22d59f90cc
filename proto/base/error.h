/* The one error type. It is always the last parameter; error_set and error_wrap return false, so
 * that failing is one statement and each layer adds the context that only it knows.
 *
 * A code exists only where a caller can react to it. The text is complete English for whoever sees
 * it: for codes that reach DynamoDB clients it is the exact text of the API reference. Any thread.
 */
#pragma once

#include "proto/base/ensure.h"
#include "proto/base/slice.h"

/* name, what a caller does about it */
#define ERROR_CODES(X)                                                                             \
    X(NONE, "nothing")                                                                             \
    X(VALIDATION, "mend the request")                                                              \
    X(SERIALIZATION, "mend the request's JSON types")                                              \
    X(UNKNOWN_OPERATION, "call an operation that exists")                                          \
    X(NOT_IMPLEMENTED, "do without: this version does not have it")                                \
    X(MISSING_TOKEN, "sign the request")                                                           \
    X(INCOMPLETE_SIGNATURE, "mend the Authorization header")                                       \
    X(INVALID_SIGNATURE, "check the secret key and the clock")                                     \
    X(UNRECOGNIZED_CLIENT, "use a known access key")                                               \
    X(EXPIRED_TOKEN, "get a fresh session token")                                                  \
    X(ACCESS_DENIED, "ask for permission")                                                         \
    X(NOT_FOUND, "create the table first, or wait until it is active")                             \
    X(TABLE_NOT_FOUND, "as NOT_FOUND, for backup operations")                                      \
    X(IN_USE, "try again when the change under way is done")                                       \
    X(LIMIT, "ask for less")                                                                       \
    X(CONDITION, "read the item again and decide")                                                 \
    X(CANCELLED, "look at the transaction's reasons")                                              \
    X(TRANSACTION_CONFLICT, "try again: a transaction holds the item")                             \
    X(TOKEN_MISMATCH, "use a new token for a new request")                                         \
    X(TOKEN_IN_PROGRESS, "try again: the first request still runs")                                \
    X(DUPLICATE_ITEM, "update instead of inserting")                                               \
    X(COLLECTION_SIZE, "spread the items over more partition keys")                                \
    X(THROUGHPUT, "try again later, or raise the provisioned throughput")                          \
    X(ON_DEMAND_MAX, "try again later, or raise the on-demand maximum")                            \
    X(POLICY_NOT_FOUND, "put a policy first")                                                      \
    X(GLOBAL_TABLE_NOT_FOUND, "use replicas of the current version")                               \
    X(BACKUP_NOT_FOUND, "list the backups")                                                        \
    X(RECOVERY_UNAVAILABLE, "switch point-in-time recovery on first")                              \
    X(EXPORT_NOT_FOUND, "list the exports")                                                        \
    X(IMPORT_NOT_FOUND, "list the imports")                                                        \
    X(EXPIRED_ITERATOR, "get a new shard iterator")                                                \
    X(TRIMMED, "read the stream from its oldest record")                                           \
    X(THROTTLED, "try again later, more slowly")                                                   \
    X(WOULD_BLOCK, "run the same call on a worker thread")                                         \
    X(UNAVAILABLE, "try again elsewhere or later")                                                 \
    X(UNKNOWN_OUTCOME, "read back: it may or may not have happened")                               \
    X(INTERNAL, "report it")                                                                       \
    X(IO, "look at the disk")                                                                      \
    X(CORRUPT, "restore or repair: stored bytes are damaged")                                      \
    X(PROTOCOL, "close the connection: the peer sent what it may not")                             \
    X(REFUSED, "mend the cluster file: the peer is not who it should be")                          \
    X(CONFIG, "mend the configuration")

enum error_code {
#define X(name, reaction) ERROR_##name,
    ERROR_CODES(X)
#undef X
};

enum { ERROR_TEXT_BYTES = 2048 }; /* Longer texts are cut at this size. */

struct error {
    enum error_code code;
    char text[ERROR_TEXT_BYTES]; /* Zero-terminated; meaningless while code is ERROR_NONE. */
};

/* Fill *err. Always false; macros, so that a compiler sees that a failure ends here. */
#define error_set(err, ...) (error_fill(err, __VA_ARGS__), error_false())

/* Put "<context>: " in front of the text, keeping the code. Always false. */
#define error_wrap(err, ...) (error_prefix(err, __VA_ARGS__), error_false())

void error_fill(struct error *err, enum error_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void error_prefix(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
static inline bool error_false(void)
{
    return false;
}

static inline void error_clear(struct error *err)
{
    err->code = ERROR_NONE;
    err->text[0] = 0;
}

/* "VALIDATION" and so on; for logs and tests. */
const char *error_code_name(enum error_code code);
