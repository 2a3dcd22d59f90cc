/* Compressed request bodies: gzip, several members in a row too. One thread. */
#pragma once

#include "proto/base/arena.h"
#include "proto/base/error.h"

/* Inflate into the arena, at most `bytes_max` bytes. Errors: LIMIT when it is more; INTERNAL when
 * the bytes are no gzip or something else follows (the service answers 500 to that). */
MUST_CHECK bool inflate_gzip(struct slice bytes,
                             size_t bytes_max,
                             struct arena *arena,
                             struct slice *inflated,
                             struct error *err);
