/* Row latches: a striped lock over key hashes, so that read, decide and append are one step for a
 * row. Held for microseconds, never across disk I/O. Each stripe remembers the newest seq appended
 * under it, which tells readers what they must wait for before they may reveal what they saw.
 *
 * Several latches are taken in ascending stripe order (latch_lock_many sorts), so two writers of
 * several rows cannot deadlock. Any thread. */
#pragma once

#include "proto/base/ensure.h"
#include "proto/base/limits.h"

#include <stdbool.h>
#include <stdint.h>

struct latches;

struct latches *latches_open(void);
void latches_close(struct latches *latches);

uint32_t latch_stripe(uint64_t hash);

void latch_lock(struct latches *latches, uint32_t stripe);
void latch_unlock(struct latches *latches, uint32_t stripe);
/* Sorts the stripes in place and drops repeats; *count becomes what was locked. */
void latch_lock_many(struct latches *latches, uint32_t *stripes, uint32_t *count);
void latch_unlock_many(struct latches *latches, const uint32_t *stripes, uint32_t count);

/* Only under the latch: a write with this seq is about to be appended, or has been. */
void latch_note_append(struct latches *latches, uint32_t stripe, uint64_t seq);
/* Newest seq noted under this stripe. Without the latch: at least that of whatever a read that
 * ended before this call can have seen; while another thread holds the latch, it waits for that. */
uint64_t latch_appended_seq(const struct latches *latches, uint32_t stripe);

/* Lock and unlock every stripe in turn: every critical section that had begun has ended. */
void latches_barrier(struct latches *latches);
