/* One peer connection's bytes: mutual handshake, then sealed frames. No sockets here: bytes that
 * arrived go in, bytes to send come out.
 *
 * Handshake, three plain frames of fixed size (a SIGMA-like exchange; Krawczyk, "SIGMA: the
 * SIGn-and-MAc Approach", 2003). Both sides know the other's long-term Ed25519 key from the cluster
 * file; the X25519 keys are made for this connection only.
 *
 *   initiator                                   acceptor
 *   HELLO  regions, identity, ephemeral    -->  refused unless region and key stand in the
 *                                               cluster file and this region is meant
 *          checked likewise                <--  REPLY  regions, identity, ephemeral, stream header,
 *                                               signature over HELLO and REPLY
 *   PROOF  stream header, signature over   -->  established
 *          HELLO, REPLY and PROOF
 *
 * Both signatures cover the whole transcript so far and name the signer's role, so nothing can be
 * replayed, reflected or spliced. Session keys come from crypto_kx; frames are sealed by
 * libsodium's secretstream, which numbers them: a frame that is lost, repeated, reordered or
 * damaged ends the session. Until a side is established it holds no more than one handshake frame
 * of memory.
 *
 * A session belongs to one thread. */
#pragma once

#include "replication/replication.h"

enum session_role { SESSION_INITIATOR, SESSION_ACCEPTOR };

enum {
    SESSION_FRAME_HEAD_BYTES = 4, /* Big-endian size of what follows. */
    SESSION_SEED_BYTES = 32,
    SESSION_HANDSHAKE_BYTES_MAX = 256,
};

struct session;

struct session_options {
    enum session_role role;
    const struct region_info *regions; /* All of the cluster; borrowed for the session's life. */
    uint32_t regions_count;
    uint16_t self;                    /* This region's id. */
    uint16_t peer;                    /* INITIATOR: whom to reach. ACCEPTOR: ignored. */
    const struct identity *identity;  /* Borrowed for the session's life. */
    uint8_t seed[SESSION_SEED_BYTES]; /* Fresh chance for the ephemeral key. */
};

struct session_events {
    /* Handshake bytes to send, whole frames. Borrowed for the call. */
    void (*send)(void *context, struct slice bytes);
    /* The peer has proved who it is. */
    void (*established)(void *context);
    /* One message, unsealed. Borrowed for the call. False ends receiving with *err set. */
    bool (*message)(void *context, struct slice payload, struct error *err);
    void *context;
};

/* An initiator sends its HELLO at once, through events->send. */
struct session *session_open(const struct session_options *options,
                             const struct session_events *events);
void session_close(struct session *session); /* NULL is fine; wipes the keys. */

/* Bytes from the socket, in any pieces. After an error the session only waits for session_close.
 * Errors: PROTOCOL (malformed, damaged, too large), REFUSED (unknown key, wrong region, bad
 * signature, other protocol version); whatever `message` gives. */
MUST_CHECK bool session_receive(struct session *session, struct slice bytes, struct error *err);

/* Append the sealed frame of one message, head included. Only when established; payload is at most
 * PEER_FRAME_BYTES_MAX: ensured. */
void session_seal(struct session *session, struct slice payload, struct buffer *to);

bool session_is_established(const struct session *session);
/* The peer's region id; for an acceptor known once established, 0 before. */
uint16_t session_peer(const struct session *session);
/* Who an acceptor's other end says it is, once it has said so: not to be believed, good enough to
 * choose the emulated link. 0 before. */
uint16_t session_claimed(const struct session *session);
