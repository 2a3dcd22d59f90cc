/* What most operations' requests have in common: the table, expressions with their placeholders,
 * what to return. The functions stand in the order in which DynamoDB checks (dynamodb-api.md 4.4):
 *
 *     request_begin     shapes, then the table's name or ARN
 *     request_legacy    Expected and the other parameters before there were expressions
 *     request_image     Item, Key, ExclusiveStartKey
 *     request_compile   ExpressionAttributeValues, texts, unused placeholders
 *     (the operation)   ReturnValues, Select, segments
 *     request_open      the table
 *     request_paths     paths that lead into key attributes
 *
 * A struct request is zeroed at first; request_release gives back what any of them took. All but
 * the images live in the call's arena. On the call's loop until decode ends. */
#pragma once

#include "daemon/api/capacity.h"
#include "daemon/api/operation.h"
#include "daemon/api/shapes.h"
#include "proto/value/value_json.h"

/* Which expressions an operation takes, in the order in which they are parsed. */
enum request_text {
    TEXT_UPDATE,
    TEXT_CONDITION,
    TEXT_KEY_CONDITION,
    TEXT_FILTER,
    TEXT_PROJECTION,
    TEXTS,
};
#define TEXT_BIT(text) (1U << (text))

struct request {
    struct slice asked_name;   /* TableName as sent: a name or an ARN. */
    struct slice name;         /* The name in it. */
    const struct table *table; /* A reference. */
    enum capacity_detail capacity;
    struct expression *expressions[TEXTS];
    unsigned legacy; /* TEXT_BITs of those that stem from legacy parameters. */
};

MUST_CHECK bool request_begin(struct call *call,
                              const struct shape *shape,
                              struct request *request,
                              struct error *err);
void request_release(struct request *request);

/* The legacy parameters of `owner` that stand for `texts` (request_legacy.c). Errors: VALIDATION.
 */
MUST_CHECK bool request_legacy(struct call *call,
                               const struct json *owner,
                               unsigned texts,
                               struct request *request,
                               struct error *err);

/* A member that is an item or a key, as an image. */
MUST_CHECK bool
request_image(struct call *call, const char *member, struct slice *image, struct error *err);

/* Compile the expressions of `owner` (the body, or one table's part of a batch) in `texts`. */
MUST_CHECK bool request_compile(struct call *call,
                                const struct json *owner,
                                unsigned texts,
                                struct request *request,
                                struct error *err);

/* The table for a data call. Errors: NOT_FOUND, also while it is being created. */
MUST_CHECK bool request_open(struct call *call, struct request *request, struct error *err);
/* The table for a control call. Errors: VALIDATION (name too short), NOT_FOUND. */
MUST_CHECK bool request_open_control(struct call *call, struct request *request, struct error *err);

/* No expression may reach into a key attribute, and no update may target one. */
MUST_CHECK bool request_paths(const struct request *request, struct error *err);

/* The name in a name or ARN. Errors: VALIDATION; NOT_FOUND for another account's table. */
MUST_CHECK bool request_resolve_name(const struct node *node,
                                     struct slice asked,
                                     struct slice *name,
                                     struct error *err);

enum capacity_detail request_capacity_detail(const struct json *body);

/* "NONE" when absent. */
struct slice request_choice(const struct json *body, const char *member);

/* --- Answers ---------------------------------------------------------------------------------- */

/* call->answer is one object: begin, then members, then end. */
void answer_begin(struct call *call);
/* ,"name": (the comma where one is due); the caller appends the value. */
void answer_member(struct call *call, const char *name);
void answer_item(struct call *call, const char *name, struct slice image);
void answer_integer(struct call *call, const char *name, uint64_t value);
/* "ConsumedCapacity":{…} if it was asked for. */
void answer_capacity(struct call *call,
                     const struct request *request,
                     const struct capacity *capacity);
void answer_end(struct call *call);
