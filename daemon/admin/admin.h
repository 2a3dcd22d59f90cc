/* The admin endpoint: health, metrics, status, conflicts and link emulation over HTTP, on a loop
 * and thread of its own, so that it answers also when the DynamoDB loops are busy.
 *
 *     GET    /livez          200 while the process runs
 *     GET    /readyz         200 while requests are taken, else 503
 *     GET    /metrics        Prometheus text
 *     GET    /v1/status      JSON
 *     GET    /v1/conflicts   JSON array, newest first; ?table=T, ?limit=N
 *     GET    /v1/insights    ?table=T: the keys that are asked for most; JSON array
 *     POST   /v1/link        {"peer":"eu-west-1","delay_ms":40,"jitter_ms":5,"loss_percent":1,
 *                             "cut":false}
 *     DELETE /v1/link        all links of this node as they are
 *     GET    /v1/keys        access keys: JSON array; ?id=ID for one
 *     POST   /v1/keys        {"user":"ann","policy":{…}}: a new key, whose secret is shown once
 *     DELETE /v1/keys        ?id=ID
 *     POST   /v1/keys/policy {"id":"AKIA…","policy":{…}}; null: none any more
 *
 * Errors are {"error":"<sentence>"} with status 400, 404, 405, 500 or 503. Whatever asks the store
 * or replication runs on a worker. */
#pragma once

#include "daemon/node.h"

struct admin;

/* Listens and serves. `node` is borrowed until admin_stop and complete but for node->admin.
 * Errors: IO when the address cannot be had. */
MUST_CHECK bool
admin_start(struct node *node, const char *address, struct admin **admin, struct error *err);
/* Ends the thread once running requests are answered. NULL is fine. */
void admin_stop(struct admin *admin);
/* "127.0.0.1:41235" */
const char *admin_address(const struct admin *admin);
