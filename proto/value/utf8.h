/* UTF-8 as Unicode defines it: no overlong forms, no surrogates, nothing past U+10FFFF.
 *
 * Pure functions; any thread. */
#pragma once

#include "proto/base/slice.h"

/* Is all of it well-formed? */
bool utf8_valid(struct slice text);

/* At most `size` bytes of well-formed text, cut between characters. */
struct slice utf8_cut(struct slice text, size_t size);

/* Write a scalar value (not a surrogate, at most 0x10FFFF); returns the bytes written, 1 to 4. */
size_t utf8_put(uint8_t *to, uint32_t scalar);
