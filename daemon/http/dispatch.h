/* The DynamoDB endpoint: from an HTTP request to an operation and back.
 *
 * The order of checks is that of the service: size, JSON, target, authentication, then the
 * operation's own. States of a call are drawn in dispatch.c; what an operation is, in
 * daemon/api/operation.h. Everything here runs on the loop's thread, except for an operation's run
 * on a worker, which touches only the call. */
#pragma once

#include "daemon/http/http.h"

struct loop;
struct dispatch_call;

/* http_options.handle of the DynamoDB listener; the context is the struct loop. */
void dispatch_handle(void *context, struct http_request *request);

/* The durable seq may have risen, or syncing has failed: answer the calls that waited for it. */
void dispatch_durable(struct loop *loop);
