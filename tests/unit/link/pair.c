#include "tests/unit/link/pair.h"

#include <sodium.h>

void pair_setup(struct pair *pair)
{
    *pair = (struct pair){0};
    ensure(sodium_init() >= 0);
    for (int i = 0; i < 3; i++) {
        uint8_t seed[crypto_sign_SEEDBYTES] = {(uint8_t)(i + 1)};
        struct identity *identity = &pair->identities[i];
        ensure(crypto_sign_seed_keypair(identity->public_key, identity->secret_key, seed) == 0);
        struct region_info *region = &pair->regions[i];
        snprintf(region->name, sizeof(region->name), "region-%d", i + 1);
        region->id = (uint16_t)(i + 1);
        memcpy(region->public_key, identity->public_key, sizeof(region->public_key));
    }
    struct pair_end *ends[] = {&pair->initiator, &pair->acceptor};
    for (int i = 0; i < 2; i++) {
        buffer_init(&ends[i]->outbox, &ends[i]->arena, 256);
        buffer_init(&ends[i]->inbox, &ends[i]->arena, 256);
    }
}

static void pair_send(void *context, struct slice bytes)
{
    buffer_append_slice(&((struct pair_end *)context)->outbox, bytes);
}

static void pair_established(void *context)
{
    ((struct pair_end *)context)->established++;
}

static bool pair_message(void *context, struct slice payload, struct error *err)
{
    (void)err;
    struct pair_end *end = context;
    end->messages++;
    buffer_append_slice(&end->inbox, payload);
    return true;
}

static void pair_open(struct pair *pair, struct pair_end *end, enum session_role role, int index)
{
    struct session_options options = {
        .role = role,
        .regions = pair->regions,
        .regions_count = 3,
        .self = (uint16_t)(index + 1),
        .peer = 2,
        .identity = &pair->identities[index],
        .seed = {(uint8_t)(index + 100), role == SESSION_ACCEPTOR ? pair->acceptor_seed : 0},
    };
    struct session_events events = {pair_send, pair_established, pair_message, end};
    end->session = session_open(&options, &events);
}

void pair_open_initiator(struct pair *pair)
{
    pair_open(pair, &pair->initiator, SESSION_INITIATOR, 0);
}

void pair_open_acceptor(struct pair *pair)
{
    pair_open(pair, &pair->acceptor, SESSION_ACCEPTOR, 1);
}

bool pair_deliver(struct pair_end *from, struct pair_end *to, size_t piece, struct error *err)
{
    struct slice left = buffer_slice(&from->outbox);
    from->outbox.size = 0;
    bool ok = true;
    while (ok && left.size > 0) {
        struct slice bytes = {left.data, left.size < piece ? left.size : piece};
        ok = session_receive(to->session, bytes, err);
        left.data += bytes.size;
        left.size -= bytes.size;
    }
    return ok;
}

void pair_connect(struct pair *pair)
{
    struct error err = {0};
    pair_open_initiator(pair);
    pair_open_acceptor(pair);
    ensure(pair_deliver(&pair->initiator, &pair->acceptor, SIZE_MAX, &err));
    ensure(pair_deliver(&pair->acceptor, &pair->initiator, SIZE_MAX, &err));
    ensure(pair_deliver(&pair->initiator, &pair->acceptor, SIZE_MAX, &err));
}

void pair_teardown(struct pair *pair)
{
    struct pair_end *ends[] = {&pair->initiator, &pair->acceptor};
    for (int i = 0; i < 2; i++) {
        session_close(ends[i]->session);
        arena_destroy(&ends[i]->arena);
    }
}
