/* Small pieces of JSON that several routes write. Any thread. */
#pragma once

#include "daemon/node.h"
#include "proto/base/buffer.h"
#include "proto/value/json.h"

/* "2026-11-22T08:57:37.123Z" with its quotes. */
void text_write_time(struct buffer *to, uint64_t wall_ms);
/* The name of a region by its small id, quoted; "region-7" when the cluster file has none. */
void text_write_region(struct buffer *to, const struct node *node, uint16_t id);
/* A plain decimal number of at most 18 digits. */
bool text_number(struct slice text, uint64_t *number);
/* A JSON number; null when it is not finite. */
void text_write_real(struct buffer *to, double value);
static inline void text_write_bool(struct buffer *to, bool on)
{
    buffer_append_text(to, on ? "true" : "false");
}
