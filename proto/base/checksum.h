/* CRC-32C (Castagnoli, reflected; RFC 3720, appendix B.4), the checksum of our stored and shipped
 * formats. By the processor's instruction where it has one, else by table; both give the same.
 *
 * Pure functions; any thread. */
#pragma once

#include "proto/base/slice.h"

/* Of all the bytes. */
uint32_t crc32c(struct slice bytes);

/* Go on with more bytes: crc32c(ab) is crc32c_extend(crc32c(a), b). */
uint32_t crc32c_extend(uint32_t crc, struct slice bytes);

/* The same by table on every processor: what crc32c falls back to, and what tests compare with. */
uint32_t crc32c_extend_portable(uint32_t crc, struct slice bytes);
