/* Trimming the log: records that are old enough and acknowledged by every peer go, by whole files.
 *
 * Blocking; one thread trims at a time, others may read and append meanwhile. */
#pragma once

#include "proto/base/error.h"

struct engine;

/* Drop records that are at or below `acknowledged` and whose stamp's wall time is before
 * `before_ms`; never the newest record, which carries the last seq over a restart. Files hand back
 * their space when all of them may go. *trimmed says up to which seq records may be missing now.
 * Errors: IO, CORRUPT, THROTTLED. */
MUST_CHECK bool log_trim(struct engine *engine,
                         uint64_t acknowledged,
                         uint64_t before_ms,
                         uint64_t *trimmed,
                         struct error *err);
