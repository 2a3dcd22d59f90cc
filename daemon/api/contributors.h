/* Contributor insights on the way of a call: which partition keys it has asked for, and whether
 * they were refused for their throughput. What an operation is going to do (listing.h) says it, so
 * every operation is counted in one place. */
#pragma once

#include "daemon/api/operation.h"

/* Before the call's state is released, with the code it ended with. Costs a load while insights are
 * on for no table. On the call's loop. */
void contributors_note(struct call *call, enum error_code code);
