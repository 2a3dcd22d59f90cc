/* Two ends of a session in memory: what one sends waits in its outbox until the test delivers it.
 */
#pragma once

#include "replication/session.h"

struct pair_end {
    struct session *session;
    struct arena arena;
    struct buffer outbox;
    uint32_t established, messages;
    struct buffer inbox; /* Payloads, one after the other. */
};

struct pair {
    struct region_info regions[3];
    struct identity identities[3];
    struct pair_end initiator, acceptor;
    uint8_t acceptor_seed; /* Chance for the acceptor's ephemeral key. */
};

/* Identities and a cluster of three regions with ids 1, 2 and 3; sessions are not open yet. */
void pair_setup(struct pair *pair);
void pair_open_initiator(struct pair *pair);
void pair_open_acceptor(struct pair *pair);
/* Both, and the whole handshake. */
void pair_connect(struct pair *pair);
/* Deliver everything in from's outbox to `to`, in pieces of at most `piece` bytes. */
bool pair_deliver(struct pair_end *from, struct pair_end *to, size_t piece, struct error *err);
void pair_teardown(struct pair *pair);
