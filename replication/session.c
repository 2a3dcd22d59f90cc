#include "replication/session.h"

#include <sodium.h>
#include <stdlib.h>

/* Handshake frames, version 1. Regions are big endian.
 *
 *   HELLO   offset size
 *                0    4  magic "MRDN"
 *                4    1  version
 *                5    1  kind 1
 *                6    2  region of the sender
 *                8    2  region it wants to reach
 *               10   32  Ed25519 identity of the sender
 *               42   32  X25519 ephemeral of the sender
 *   REPLY      0..74     the same fields, kind 2
 *               74   24  secretstream header, acceptor to initiator
 *               98   64  signature
 *   PROOF        0    4  magic "MRDN"
 *                4    1  version
 *                5    1  kind 3
 *                6   24  secretstream header, initiator to acceptor
 *               30   64  signature */
enum {
    VERSION_AT = 4,
    KIND_AT = 5,
    REGION_AT = 6,
    TARGET_AT = 8,
    IDENTITY_AT = 10,
    EPHEMERAL_AT = 42,
    REPLY_STREAM_AT = 74,
    REPLY_SIGNATURE_AT = 98,
    PROOF_STREAM_AT = 6,
    PROOF_SIGNATURE_AT = 30,
    HELLO_BYTES = 74,
    REPLY_BYTES = 162,
    PROOF_BYTES = 94,
    PROTOCOL_VERSION = 1,
    KIND_HELLO = 1,
    KIND_REPLY = 2,
    KIND_PROOF = 3,
    ROLE_BYTES = 1,
    TRANSCRIPT_BYTES = ROLE_BYTES + HELLO_BYTES + REPLY_BYTES + PROOF_BYTES,
    SEAL_BYTES = crypto_secretstream_xchacha20poly1305_ABYTES,
    STREAM_HEADER_BYTES = crypto_secretstream_xchacha20poly1305_HEADERBYTES,
};
static const uint8_t session_magic[4] = {'M', 'R', 'D', 'N'};

_Static_assert(crypto_kx_PUBLICKEYBYTES == 32 && crypto_sign_BYTES == 64 &&
                   STREAM_HEADER_BYTES == 24,
               "the handshake layout counts on libsodium's sizes");

/* INITIATOR: AWAIT_REPLY -> ESTABLISHED.  ACCEPTOR: AWAIT_HELLO -> AWAIT_PROOF -> ESTABLISHED.
 * Any error: -> FAILED. */
enum session_state {
    SESSION_AWAIT_HELLO,
    SESSION_AWAIT_REPLY,
    SESSION_AWAIT_PROOF,
    SESSION_ESTABLISHED,
    SESSION_FAILED,
};

struct session {
    struct session_options options;
    struct session_events events;
    enum session_state state;
    uint16_t peer;
    uint8_t ephemeral_public[crypto_kx_PUBLICKEYBYTES];
    uint8_t ephemeral_secret[crypto_kx_SECRETKEYBYTES];
    uint8_t receive_key[crypto_kx_SESSIONKEYBYTES];
    uint8_t send_key[crypto_kx_SESSIONKEYBYTES];
    crypto_secretstream_xchacha20poly1305_state receive;
    crypto_secretstream_xchacha20poly1305_state send;
    uint8_t hello[HELLO_BYTES];
    uint8_t reply[REPLY_BYTES];
    /* The frame that is arriving: head and body. Small until established. */
    uint8_t *frame;
    size_t frame_size;
    size_t frame_capacity;
    uint8_t *plain;
    size_t plain_capacity;
};

static const struct region_info *session_region(const struct session *session, uint16_t id)
{
    for (uint32_t i = 0; i < session->options.regions_count; i++) {
        if (session->options.regions[i].id == id) {
            return &session->options.regions[i];
        }
    }
    return NULL;
}

static void session_send_frame(struct session *session, const uint8_t *body, size_t size)
{
    uint8_t frame[SESSION_FRAME_HEAD_BYTES + SESSION_HANDSHAKE_BYTES_MAX];
    ensure(size <= SESSION_HANDSHAKE_BYTES_MAX);
    put_be32(frame, (uint32_t)size);
    memcpy(frame + SESSION_FRAME_HEAD_BYTES, body, size);
    session->events.send(session->events.context, slice_of(frame, SESSION_FRAME_HEAD_BYTES + size));
}

/* The fields that HELLO and REPLY share. */
static void
session_write_greeting(const struct session *session, uint8_t kind, uint16_t target, uint8_t *to)
{
    memcpy(to, session_magic, sizeof(session_magic));
    to[VERSION_AT] = PROTOCOL_VERSION;
    to[KIND_AT] = kind;
    put_be16(to + REGION_AT, session->options.self);
    put_be16(to + TARGET_AT, target);
    memcpy(to + IDENTITY_AT, session->options.identity->public_key, 32);
    memcpy(to + EPHEMERAL_AT, session->ephemeral_public, sizeof(session->ephemeral_public));
}

struct session *session_open(const struct session_options *options,
                             const struct session_events *events)
{
    ensure(options->self != 0 && options->regions_count <= REGIONS_MAX);
    struct session *session = calloc(1, sizeof(*session));
    ensure(session != NULL);
    session->options = *options;
    session->events = *events;
    crypto_kx_seed_keypair(session->ephemeral_public, session->ephemeral_secret, options->seed);
    sodium_memzero(session->options.seed, sizeof(session->options.seed));
    session->frame_capacity = SESSION_FRAME_HEAD_BYTES + SESSION_HANDSHAKE_BYTES_MAX;
    session->frame = malloc(session->frame_capacity);
    ensure(session->frame != NULL);
    if (options->role == SESSION_ACCEPTOR) {
        session->state = SESSION_AWAIT_HELLO;
        return session;
    }
    ensure(options->peer != 0 && options->peer != options->self);
    session->peer = options->peer;
    session_write_greeting(session, KIND_HELLO, options->peer, session->hello);
    session->state = SESSION_AWAIT_REPLY;
    session_send_frame(session, session->hello, HELLO_BYTES);
    return session;
}

void session_close(struct session *session)
{
    if (session == NULL) {
        return;
    }
    free(session->frame);
    free(session->plain);
    sodium_memzero(session, sizeof(*session));
    free(session);
}

/* Role, HELLO, REPLY without its signature; for the initiator also REPLY's signature and PROOF
 * without its own. Returns the size. */
static size_t session_transcript(const struct session *session,
                                 enum session_role signer,
                                 const uint8_t *proof,
                                 uint8_t to[static TRANSCRIPT_BYTES])
{
    size_t size = 0;
    to[size++] = signer == SESSION_INITIATOR ? 'I' : 'A';
    memcpy(to + size, session->hello, HELLO_BYTES);
    size += HELLO_BYTES;
    size_t reply_bytes = signer == SESSION_INITIATOR ? REPLY_BYTES : REPLY_SIGNATURE_AT;
    memcpy(to + size, session->reply, reply_bytes);
    size += reply_bytes;
    if (signer == SESSION_INITIATOR) {
        ensure(proof != NULL);
        memcpy(to + size, proof, PROOF_SIGNATURE_AT);
        size += PROOF_SIGNATURE_AT;
    }
    return size;
}

static void session_sign(const struct session *session, const uint8_t *proof, uint8_t *signature)
{
    uint8_t transcript[TRANSCRIPT_BYTES];
    size_t size = session_transcript(session, session->options.role, proof, transcript);
    int failed = crypto_sign_detached(signature, NULL, transcript, size,
                                      session->options.identity->secret_key);
    ensure(failed == 0);
}

static bool session_verify(const struct session *session,
                           const uint8_t *proof,
                           const uint8_t *signature,
                           const uint8_t *identity,
                           struct error *err)
{
    enum session_role signer =
        session->options.role == SESSION_INITIATOR ? SESSION_ACCEPTOR : SESSION_INITIATOR;
    uint8_t transcript[TRANSCRIPT_BYTES];
    size_t size = session_transcript(session, signer, proof, transcript);
    if (crypto_sign_verify_detached(signature, transcript, size, identity) != 0) {
        return error_set(err, ERROR_REFUSED,
                         "the peer's signature does not fit its key in the cluster file");
    }
    return true;
}

static bool session_check_kind(struct slice body, uint8_t kind, size_t size, struct error *err)
{
    if (body.size <= KIND_AT || memcmp(body.data, session_magic, sizeof(session_magic)) != 0) {
        return error_set(err, ERROR_PROTOCOL, "the peer does not speak Meridian's protocol");
    }
    if (body.data[VERSION_AT] != PROTOCOL_VERSION) {
        return error_set(err, ERROR_REFUSED,
                         "the peer speaks protocol version %u, this node version %u",
                         body.data[VERSION_AT], PROTOCOL_VERSION);
    }
    if (body.data[KIND_AT] != kind || body.size != size) {
        return error_set(err, ERROR_PROTOCOL, "handshake frame of kind %u and %zu bytes, not %u",
                         body.data[KIND_AT], body.size, kind);
    }
    return true;
}

/* Is the sender who the cluster file says, and does it mean us? */
static bool
session_check_greeting(const struct session *session, struct slice body, struct error *err)
{
    uint16_t region = get_be16(body.data + REGION_AT);
    uint16_t target = get_be16(body.data + TARGET_AT);
    const struct region_info *known = session_region(session, region);
    if (known == NULL || region == session->options.self) {
        return error_set(err, ERROR_REFUSED, "region id %u is not a peer in the cluster file",
                         region);
    }
    if (target != session->options.self) {
        return error_set(err, ERROR_REFUSED, "region %s meant region id %u, this is %u",
                         known->name, target, session->options.self);
    }
    if (sodium_memcmp(known->public_key, body.data + IDENTITY_AT, 32) != 0) {
        return error_set(err, ERROR_REFUSED,
                         "region %s presents another key than the cluster file has", known->name);
    }
    return true;
}

static bool
session_derive(struct session *session, const uint8_t *their_ephemeral, struct error *err)
{
    int failed = session->options.role == SESSION_INITIATOR
                     ? crypto_kx_client_session_keys(session->receive_key, session->send_key,
                                                     session->ephemeral_public,
                                                     session->ephemeral_secret, their_ephemeral)
                     : crypto_kx_server_session_keys(session->receive_key, session->send_key,
                                                     session->ephemeral_public,
                                                     session->ephemeral_secret, their_ephemeral);
    if (failed != 0) {
        return error_set(err, ERROR_REFUSED, "the peer's ephemeral key is not acceptable");
    }
    return true;
}

static bool
session_start_receiving(struct session *session, const uint8_t *header, struct error *err)
{
    if (crypto_secretstream_xchacha20poly1305_init_pull(&session->receive, header,
                                                        session->receive_key) != 0) {
        return error_set(err, ERROR_PROTOCOL, "the peer's stream header is not acceptable");
    }
    session->state = SESSION_ESTABLISHED;
    session->events.established(session->events.context);
    return true;
}

static bool session_on_hello(struct session *session, struct slice body, struct error *err)
{
    if (!session_check_kind(body, KIND_HELLO, HELLO_BYTES, err) ||
        !session_check_greeting(session, body, err) ||
        !session_derive(session, body.data + EPHEMERAL_AT, err)) {
        return false;
    }
    memcpy(session->hello, body.data, HELLO_BYTES);
    uint16_t region = get_be16(body.data + REGION_AT);
    session_write_greeting(session, KIND_REPLY, region, session->reply);
    crypto_secretstream_xchacha20poly1305_init_push(
        &session->send, session->reply + REPLY_STREAM_AT, session->send_key);
    session_sign(session, NULL, session->reply + REPLY_SIGNATURE_AT);
    session->state = SESSION_AWAIT_PROOF;
    session_send_frame(session, session->reply, REPLY_BYTES);
    return true;
}

static bool session_on_reply(struct session *session, struct slice body, struct error *err)
{
    if (!session_check_kind(body, KIND_REPLY, REPLY_BYTES, err) ||
        !session_check_greeting(session, body, err)) {
        return false;
    }
    if (get_be16(body.data + REGION_AT) != session->peer) {
        return error_set(err, ERROR_REFUSED, "region id %u answers where %u was expected",
                         get_be16(body.data + REGION_AT), session->peer);
    }
    memcpy(session->reply, body.data, REPLY_BYTES);
    if (!session_verify(session, NULL, session->reply + REPLY_SIGNATURE_AT,
                        session->reply + IDENTITY_AT, err) ||
        !session_derive(session, session->reply + EPHEMERAL_AT, err)) {
        return false;
    }
    uint8_t proof[PROOF_BYTES];
    memcpy(proof, session_magic, sizeof(session_magic));
    proof[VERSION_AT] = PROTOCOL_VERSION;
    proof[KIND_AT] = KIND_PROOF;
    crypto_secretstream_xchacha20poly1305_init_push(&session->send, proof + PROOF_STREAM_AT,
                                                    session->send_key);
    session_sign(session, proof, proof + PROOF_SIGNATURE_AT);
    session_send_frame(session, proof, PROOF_BYTES);
    return session_start_receiving(session, session->reply + REPLY_STREAM_AT, err);
}

static bool session_on_proof(struct session *session, struct slice body, struct error *err)
{
    if (!session_check_kind(body, KIND_PROOF, PROOF_BYTES, err) ||
        !session_verify(session, body.data, body.data + PROOF_SIGNATURE_AT,
                        session->hello + IDENTITY_AT, err)) {
        return false;
    }
    session->peer = get_be16(session->hello + REGION_AT);
    return session_start_receiving(session, body.data + PROOF_STREAM_AT, err);
}

static bool session_on_sealed(struct session *session, struct slice body, struct error *err)
{
    if (body.size < SEAL_BYTES) {
        return error_set(err, ERROR_PROTOCOL, "sealed frame of %zu bytes is too short", body.size);
    }
    size_t size = body.size - SEAL_BYTES;
    if (session->plain_capacity < size) {
        free(session->plain);
        session->plain = malloc(size);
        ensure(session->plain != NULL);
        session->plain_capacity = size;
    }
    unsigned char tag;
    if (crypto_secretstream_xchacha20poly1305_pull(&session->receive, session->plain, NULL, &tag,
                                                   body.data, body.size, NULL, 0) != 0) {
        return error_set(err, ERROR_PROTOCOL, "sealed frame of %zu bytes does not open", body.size);
    }
    return session->events.message(session->events.context, slice_of(session->plain, size), err);
}

static bool session_on_frame(struct session *session, struct slice body, struct error *err)
{
    switch (session->state) {
    case SESSION_AWAIT_HELLO:
        return session_on_hello(session, body, err);
    case SESSION_AWAIT_REPLY:
        return session_on_reply(session, body, err);
    case SESSION_AWAIT_PROOF:
        return session_on_proof(session, body, err);
    case SESSION_ESTABLISHED:
        return session_on_sealed(session, body, err);
    case SESSION_FAILED:
        break;
    }
    return error_set(err, ERROR_PROTOCOL, "the session has failed before");
}

/* How large may the body of the next frame be? */
static size_t session_body_max(const struct session *session)
{
    return session->state == SESSION_ESTABLISHED ? (size_t)PEER_FRAME_BYTES_MAX + SEAL_BYTES
                                                 : SESSION_HANDSHAKE_BYTES_MAX;
}

static void session_frame_reserve(struct session *session, size_t capacity)
{
    if (session->frame_capacity < capacity) {
        session->frame = realloc(session->frame, capacity);
        ensure(session->frame != NULL);
        session->frame_capacity = capacity;
    }
}

/* Copy what belongs to the current frame; *whole says whether it is complete. */
static bool
session_collect(struct session *session, struct slice *bytes, bool *whole, struct error *err)
{
    size_t want = SESSION_FRAME_HEAD_BYTES;
    *whole = false;
    if (session->frame_size >= SESSION_FRAME_HEAD_BYTES) {
        size_t body = get_be32(session->frame);
        if (body > session_body_max(session)) {
            return error_set(err, ERROR_PROTOCOL, "frame of %zu bytes, at most %zu are allowed",
                             body, session_body_max(session));
        }
        want += body;
        session_frame_reserve(session, want);
    }
    size_t missing = want - session->frame_size;
    size_t take = bytes->size < missing ? bytes->size : missing;
    memcpy(session->frame + session->frame_size, bytes->data, take);
    session->frame_size += take;
    bytes->data += take;
    bytes->size -= take;
    *whole = session->frame_size > SESSION_FRAME_HEAD_BYTES && session->frame_size == want;
    return true;
}

bool session_receive(struct session *session, struct slice bytes, struct error *err)
{
    bool progress = true;
    while (progress) {
        size_t before = bytes.size;
        bool whole;
        bool ok = session_collect(session, &bytes, &whole, err);
        if (ok && whole) {
            struct slice body = {session->frame + SESSION_FRAME_HEAD_BYTES,
                                 session->frame_size - SESSION_FRAME_HEAD_BYTES};
            session->frame_size = 0;
            ok = session_on_frame(session, body, err);
        }
        if (!ok) {
            session->state = SESSION_FAILED;
            return false;
        }
        progress = bytes.size > 0 && (whole || bytes.size != before);
        if (bytes.size > 0 && !progress) {
            session->state = SESSION_FAILED;
            return error_set(err, ERROR_PROTOCOL, "a frame without a body");
        }
    }
    return true;
}

void session_seal(struct session *session, struct slice payload, struct buffer *to)
{
    ensure(session->state == SESSION_ESTABLISHED);
    ensure(payload.size <= PEER_FRAME_BYTES_MAX);
    size_t size = payload.size + SEAL_BYTES;
    uint8_t *frame = buffer_reserve(to, SESSION_FRAME_HEAD_BYTES + size);
    put_be32(frame, (uint32_t)size);
    int failed = crypto_secretstream_xchacha20poly1305_push(
        &session->send, frame + SESSION_FRAME_HEAD_BYTES, NULL, payload.data, payload.size, NULL, 0,
        crypto_secretstream_xchacha20poly1305_TAG_MESSAGE);
    ensure(failed == 0);
    to->size += SESSION_FRAME_HEAD_BYTES + size;
}

bool session_is_established(const struct session *session)
{
    return session->state == SESSION_ESTABLISHED;
}

uint16_t session_peer(const struct session *session)
{
    return session->state == SESSION_ESTABLISHED ? session->peer : 0;
}

uint16_t session_claimed(const struct session *session)
{
    return get_be16(session->hello +
                    (session->options.role == SESSION_ACCEPTOR ? REGION_AT : TARGET_AT));
}
