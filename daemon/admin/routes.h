/* What the admin endpoint can answer: one function per route. They run on a worker, may block, and
 * touch nothing but the node (which guards itself), the request and the answer. */
#pragma once

#include "daemon/http/http.h"
#include "daemon/node.h"
#include "proto/base/buffer.h"

struct admin_request {
    struct node *node;
    struct arena *arena;
    struct slice query; /* "table=T&limit=5" */
    struct slice body;
};

/* The value of a query parameter, percent-decoded into the arena; *found false when it is absent.
 * Errors: VALIDATION when it is not well formed. */
MUST_CHECK bool admin_query(const struct admin_request *request,
                            const char *name,
                            struct slice *value,
                            bool *found,
                            struct error *err);

/* Each appends the whole body. Errors: VALIDATION and NOT_FOUND are the client's, the rest ours. */
MUST_CHECK bool
admin_metrics(const struct admin_request *request, struct buffer *answer, struct error *err);
MUST_CHECK bool
admin_status(const struct admin_request *request, struct buffer *answer, struct error *err);
MUST_CHECK bool
admin_conflicts(const struct admin_request *request, struct buffer *answer, struct error *err);
MUST_CHECK bool admin_conflicts_restore(const struct admin_request *request,
                                        struct buffer *answer,
                                        struct error *err);
MUST_CHECK bool
admin_insights(const struct admin_request *request, struct buffer *answer, struct error *err);
MUST_CHECK bool
admin_link_set(const struct admin_request *request, struct buffer *answer, struct error *err);
MUST_CHECK bool
admin_link_clear(const struct admin_request *request, struct buffer *answer, struct error *err);
MUST_CHECK bool
admin_streams_list(const struct admin_request *request, struct buffer *answer, struct error *err);
MUST_CHECK bool
admin_streams_roll(const struct admin_request *request, struct buffer *answer, struct error *err);
MUST_CHECK bool
admin_keys_list(const struct admin_request *request, struct buffer *answer, struct error *err);
MUST_CHECK bool
admin_keys_add(const struct admin_request *request, struct buffer *answer, struct error *err);
MUST_CHECK bool
admin_keys_remove(const struct admin_request *request, struct buffer *answer, struct error *err);
MUST_CHECK bool
admin_keys_policy(const struct admin_request *request, struct buffer *answer, struct error *err);
