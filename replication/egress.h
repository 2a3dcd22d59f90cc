/* Bytes on their way out of one connection, held back by the emulated link: a queue of chunks, each
 * with the time at which it arrives. Pure; one thread. */
#pragma once

#include "replication/link.h"

struct egress_chunk {
    struct egress_chunk *next;
    uint64_t due_us; /* LINK_NEVER while the link is cut. */
    size_t size;
    uint8_t bytes[];
};

struct egress {
    struct link link;
    struct egress_chunk *head;
    struct egress_chunk *tail;
    size_t bytes; /* In the queue. */
};

void egress_init(struct egress *egress, uint64_t seed);
void egress_clear(struct egress *egress);

/* New settings: chunks that waited for a cut to heal get their times, and none waits longer than
 * the new settings say. Their order stays. */
void egress_set(struct egress *egress, const struct link_settings *settings, uint64_t now_us);

/* True when nothing holds bytes back: send them directly. */
bool egress_is_open(const struct egress *egress);

/* Queue a copy. */
void egress_push(struct egress *egress, struct slice bytes, uint64_t now_us);

/* The first chunk if it is due (the caller frees it with free), else NULL and when the next one is
 * (LINK_NEVER: not before something changes). */
struct egress_chunk *egress_take(struct egress *egress, uint64_t now_us, uint64_t *next_due_us);
