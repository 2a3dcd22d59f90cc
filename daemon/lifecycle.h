/* What becomes of tables, in the log: one line for each step of a table, an index, a stream, time
 * to live, a replica, and for a resource policy. Documented in README.md.
 *
 * It observes the catalog, so it sees what clients change here, what other regions have changed,
 * and what the store does by itself, in the order in which it came into force. Steps that end
 * something name how long it took, `took_ms`; what was under way when the node started counts from
 * the start and says so, `resumed=true`. */
#pragma once

#include "daemon/log.h"
#include "storage/store.h"

enum { LIFECYCLES_MAX = 256 }; /* Under way at a time; of more the oldest lose their start. */

struct lifecycle;

/* `log` is borrowed until lifecycle_close, `clock` for the times. Never fails. */
struct lifecycle *lifecycle_open(struct log *log, const struct store_clock *clock);
/* The catalog is closed. NULL is fine. */
void lifecycle_close(struct lifecycle *lifecycle);

/* For struct store_options. The catalog calls it one change at a time, on any thread. */
struct catalog_observer lifecycle_observer(struct lifecycle *lifecycle);
