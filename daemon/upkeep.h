/* What a node does for itself once a minute, on a thread of its own: the change log is trimmed of
 * what is older than its retention and durable at every peer, the pointers of streams of what has
 * expired.
 *
 * A peer that stays away holds the log back for as long as it does: what it has not seen is never
 * trimmed. Errors are logged; the next round tries again. */
#pragma once

#include "daemon/node.h"

struct upkeep;

enum { UPKEEP_INTERVAL_MS = 60000 };
#define LOG_RETENTION_MS (24ULL * 60 * 60 * 1000)

/* `node` is borrowed until upkeep_stop. */
struct upkeep *upkeep_start(struct node *node);
/* Waits for a round that runs. NULL is fine. */
void upkeep_stop(struct upkeep *upkeep);

/* One round, now. Blocks. Errors: IO, CORRUPT, THROTTLED. */
MUST_CHECK bool upkeep_round(struct node *node, struct error *err);
