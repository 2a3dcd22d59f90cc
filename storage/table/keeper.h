/* The store's housekeeper: one thread that does what no request should wait for.
 *
 *   once after opening   drops rows of tables whose removal a crash interrupted; after an unclean
 *                        stop counts the items of every table and index again
 *   every minute         saves the tables' totals; removes expired client tokens (token.h) and
 *                        conflicts; rolls and forgets shards of streams (stream.h)
 *   at the end           saves them, with the mark of a clean stop
 *
 * Totals. In memory they are exact from the first write on; at a clean stop they are saved beside a
 * mark in `meta`, which the next opening takes away again. Without the mark the saved ones are up
 * to a minute old: DescribeTable shows them (its contract is "about every six hours") until the
 * count (totals.h) is done.
 *
 * What fails (disk, stall) is tried again at the next tick. */
#pragma once

#include "storage/store.h"

struct keeper;

enum { KEEPER_TICK_MS = 60000 };

/* Takes the mark of a clean stop away and starts the thread. Errors: IO, THROTTLED. */
MUST_CHECK bool keeper_start(struct store *store, struct keeper **keeper, struct error *err);
/* Stops the thread; saves the totals and sets the mark if they are exact. NULL is fine. */
void keeper_stop(struct keeper *keeper);
/* Has the work after opening been done? For tests and status. */
bool keeper_is_settled(struct keeper *keeper);
