/* The one transaction at a time that may read the disk while it holds its rows' latches.
 *
 * Latches are held for microseconds. A transaction brings its rows into memory without them, and
 * only when the cache loses them again and again does it read them under its latches, so that it
 * comes to an end at all. Then it claims its stripes here. Others that would have to wait for the
 * disk because of it are told so instead: a transaction with a row under a claimed stripe gets
 * TRANSACTION_CONFLICT, one with the same token TOKEN_IN_PROGRESS.
 *
 * Any thread. No latch may be held when a claim is taken. */
#pragma once

#include "proto/base/ensure.h"
#include "proto/base/limits.h"
#include "proto/base/slice.h"

struct claim;

struct claim *claim_open(void);
/* NULL is fine. */
void claim_close(struct claim *claim);

/* Waits for whoever has it. At most TRANSACTION_ITEMS_MAX + 1 stripes; copied. */
void claim_take(struct claim *claim, const uint32_t *stripes, uint32_t count, struct slice token);
void claim_give(struct claim *claim);
/* Has somebody claimed this stripe at this moment? */
bool claim_holds(struct claim *claim, uint32_t stripe);
/* Does a transaction with this token (not empty) hold the claim? */
bool claim_runs(struct claim *claim, struct slice token);
