/* The table that a control call is about: by name, by ARN, and what each family says when it is not
 * there. On the call's loop; fills request->table, which request_release gives back. */
#pragma once

#include "daemon/api/request.h"

/* A table that is not being created. Errors: VALIDATION (name), NOT_FOUND. */
MUST_CHECK bool resource_table(struct call *call, struct request *request, struct error *err);
/* The same for backup operations. Errors: VALIDATION (name), TABLE_NOT_FOUND. */
MUST_CHECK bool
resource_backup_table(struct call *call, struct request *request, struct error *err);
/* "Table not found: T" */
bool resource_no_table(struct slice name, struct error *err);

/* The name in a ResourceArn (dynamodb-features.md section 3), NULL being a missing one; *stream
 * says whether the ARN is that of a stream of the table. Errors: VALIDATION. */
MUST_CHECK bool resource_name(struct call *call,
                              const struct json *arn,
                              struct request *request,
                              bool *stream,
                              struct error *err);
/* The table of that name. Errors: NOT_FOUND, with the ARN. */
MUST_CHECK bool resource_open(struct call *call, struct request *request, struct error *err);

/* What follows "arn:aws:dynamodb:<region>:<account>:table/<name>/<kind>/", as in the ARNs of
 * backups, exports, imports, streams. False when `arn` is no such thing; then *foreign says whether
 * it is one of another region or account. `name` may be NULL. */
bool resource_part(const struct node *node,
                   struct slice arn,
                   const char *kind,
                   struct slice *name,
                   struct slice *part,
                   bool *foreign);

/* A document of the table (catalog.h) as JSON in the call's arena, or NULL when there is none.
 * Errors: CORRUPT. */
MUST_CHECK bool resource_setting(struct call *call,
                                 const struct table *table,
                                 enum setting setting,
                                 struct json **document,
                                 struct error *err);

/* operation.release for a state that begins with a struct request. */
void resource_release(struct call *call);

/* ,"name":"text" and ,"name":1795332846.049 in call->answer. */
void resource_answer_text(struct call *call, const char *name, struct slice text);
void resource_answer_time(struct call *call, const char *name, uint64_t ms);

/* Wall time of the node in ms. */
uint64_t resource_now_ms(const struct call *call);
