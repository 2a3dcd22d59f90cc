/* An emulated link: when do bytes that leave now arrive? Pure: time and chance are passed in.
 *
 * One direction of one TCP connection. The order of chunks is kept, as TCP keeps it: a chunk that
 * jitter or loss holds back holds back what follows. A lost chunk arrives one retransmission
 * time-out later (RFC 6298's floor, plus the round trip), which is what loss looks like above TCP.
 * While the link is cut nothing has an arrival time; the transport asks again when settings change.
 *
 * A link belongs to one thread. */
#pragma once

#include "replication/replication.h"

#define LINK_NEVER UINT64_MAX

enum {
    LINK_DELAY_MS_MAX = 60000,
    LINK_RETRANSMIT_MS = 200, /* RFC 6298 has 1 s; Linux uses 200 ms. */
};

struct link {
    struct link_settings settings;
    uint64_t last_due_us; /* Of the newest chunk that was given a time. */
    uint64_t chance;      /* State of the generator; never 0. */
};

void link_init(struct link *link, uint64_t seed);

/* Bounds and plain sense: delays up to LINK_DELAY_MS_MAX, loss 0 to 100. Errors: VALIDATION. */
MUST_CHECK bool link_settings_check(const struct link_settings *settings, struct error *err);

/* Does the link change anything at all? */
bool link_is_plain(const struct link *link);

/* Arrival time of the next chunk, or LINK_NEVER while cut. */
uint64_t link_due_us(struct link *link, uint64_t now_us);
