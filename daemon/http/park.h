/* Long polls: calls that have nothing to answer yet (struct call_poll of daemon/api/operation.h)
 * stay here until their stream has something newer, or until they have waited for
 * loop_options.poll_ms and leave with the empty answer that they have.
 *
 * They cost no thread and nothing asks again and again: whoever makes writes durable wakes the loop
 * (loop_durable), as for the calls that wait for the disk. At most HTTP_CALLS_PARKED_MAX of a loop
 * wait; the next one is answered at once. All on the loop's thread. */
#pragma once

#include <stdbool.h>

struct dispatch_call;
struct loop;

/* May this call, which has run, be parked? */
bool park_takes(const struct dispatch_call *call);
void park_add(struct dispatch_call *call);

/* Something became durable: run again what has been waiting for it. */
void park_wake(struct loop *loop);
/* The loop is stopping: all leave, and nobody is parked any more. */
void park_end(struct loop *loop);
