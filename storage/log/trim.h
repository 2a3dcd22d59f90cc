/* Trimming the log: records that are old enough and acknowledged by every peer go, by whole files.
 *
 * Blocking; one thread trims at a time, others may read and append meanwhile. */
#pragma once

#include "proto/base/error.h"

struct engine;
struct engine_iterator;

/* The first record at or after `from`: its seq and when it was written here. False with ERROR_NONE:
 * there is none. Errors: WOULD_BLOCK, IO, CORRUPT. */
bool log_seek_time(struct engine_iterator *log,
                   uint64_t from,
                   uint64_t *seq,
                   uint64_t *local_ms,
                   struct error *err);

/* Drop records that need no acknowledgement any more, being at or below `acknowledged` or no own
 * writes with no own one between, and that were written here before
 * `before_ms`; never the newest record, which carries the last seq over a restart. Files hand back
 * their space when all of them may go. *trimmed says up to which seq records may be missing now.
 * Errors: IO, CORRUPT, THROTTLED. */
MUST_CHECK bool log_trim(struct engine *engine,
                         uint64_t acknowledged,
                         uint64_t before_ms,
                         uint64_t *trimmed,
                         struct error *err);
