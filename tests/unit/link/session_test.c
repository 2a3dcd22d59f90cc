/* Goal: only a peer of the cluster file gets a session, and only its own bytes in its own order
 * come through. Method: two sessions joined in memory, with damage in between. */
#include "tests/unit/link/pair.h"

#include <criterion/criterion.h>

static struct pair pair;

static void session_setup(void)
{
    pair_setup(&pair);
}

static void session_teardown(void)
{
    pair_teardown(&pair);
}

TestSuite(session, .init = session_setup, .fini = session_teardown);

Test(session, both_sides_establish_and_know_each_other)
{
    pair_connect(&pair);
    cr_assert(session_is_established(pair.initiator.session));
    cr_assert(session_is_established(pair.acceptor.session));
    cr_assert_eq(session_peer(pair.acceptor.session), 1);
    cr_assert_eq(session_peer(pair.initiator.session), 2);
    cr_assert_eq(pair.initiator.established + pair.acceptor.established, 2);
}

Test(session, messages_arrive_in_order_whatever_the_pieces)
{
    pair_connect(&pair);
    struct error err = {0};
    uint8_t large[300000];
    memset(large, 'x', sizeof(large));
    for (size_t piece = 1; piece < 5000; piece = piece * 3 + 1) {
        pair.acceptor.inbox.size = 0;
        session_seal(pair.initiator.session, SLICE_LITERAL("one"), &pair.initiator.outbox);
        session_seal(pair.initiator.session, SLICE_LITERAL(""), &pair.initiator.outbox);
        session_seal(pair.initiator.session, slice_of(large, sizeof(large)),
                     &pair.initiator.outbox);
        cr_assert(pair_deliver(&pair.initiator, &pair.acceptor, piece, &err), "piece %zu: %s",
                  piece, err.text);
        cr_assert_eq(pair.acceptor.inbox.size, 3 + sizeof(large), "piece %zu", piece);
    }
    session_seal(pair.acceptor.session, SLICE_LITERAL("back"), &pair.acceptor.outbox);
    cr_assert(pair_deliver(&pair.acceptor, &pair.initiator, 7, &err));
    cr_assert(slice_is(buffer_slice(&pair.initiator.inbox), "back"));
}

Test(session, every_flipped_bit_of_the_handshake_is_refused)
{
    /* HELLO, REPLY and PROOF in turn; the frame heads are covered as well. */
    for (int frame = 0; frame < 3; frame++) {
        for (size_t bit = 0;; bit++) {
            session_teardown();
            pair_setup(&pair);
            struct error err = {0};
            pair_open_initiator(&pair);
            pair_open_acceptor(&pair);
            struct pair_end *from = &pair.initiator;
            struct pair_end *to = &pair.acceptor;
            for (int i = 0; i < frame; i++) {
                cr_assert(pair_deliver(from, to, SIZE_MAX, &err));
                struct pair_end *other = from;
                from = to;
                to = other;
            }
            if (bit / 8 >= from->outbox.size) {
                break;
            }
            from->outbox.data[bit / 8] ^= (uint8_t)(1 << (bit % 8));
            bool ok = pair_deliver(from, to, SIZE_MAX, &err);
            if (ok && frame == 0 && bit / 8 >= SESSION_FRAME_HEAD_BYTES + 42) {
                /* A damaged ephemeral key is noticed by the initiator, in the signature. */
                ok = pair_deliver(to, from, SIZE_MAX, &err);
            }
            cr_assert(!ok || !session_is_established(to->session),
                      "frame %d, bit %zu: taken in spite of the damage", frame, bit);
        }
    }
}

Test(session, a_key_that_the_cluster_file_does_not_have_is_refused)
{
    struct error err = {0};
    pair.identities[0] = pair.identities[2];
    pair_open_initiator(&pair);
    pair_open_acceptor(&pair);
    cr_assert_not(pair_deliver(&pair.initiator, &pair.acceptor, SIZE_MAX, &err));
    cr_assert_eq(err.code, ERROR_REFUSED);
    cr_assert_str_eq(err.text, "region region-1 presents another key than the cluster file has");
    cr_assert_eq(pair.acceptor.outbox.size, 0, "a stranger is not answered");
}

Test(session, a_copied_public_key_without_its_secret_is_refused)
{
    struct error err = {0};
    memcpy(pair.identities[0].secret_key, pair.identities[2].secret_key, 32);
    pair_open_initiator(&pair);
    pair_open_acceptor(&pair);
    cr_assert(pair_deliver(&pair.initiator, &pair.acceptor, SIZE_MAX, &err));
    cr_assert(pair_deliver(&pair.acceptor, &pair.initiator, SIZE_MAX, &err));
    cr_assert_not(pair_deliver(&pair.initiator, &pair.acceptor, SIZE_MAX, &err));
    cr_assert_eq(err.code, ERROR_REFUSED);
    cr_assert_not(session_is_established(pair.acceptor.session));
}

Test(session, a_greeting_for_another_region_is_refused)
{
    struct error err = {0};
    pair_open_initiator(&pair);
    pair_open_acceptor(&pair);
    pair.initiator.outbox.data[SESSION_FRAME_HEAD_BYTES + 9] = 3;
    cr_assert_not(pair_deliver(&pair.initiator, &pair.acceptor, SIZE_MAX, &err));
    cr_assert_str_eq(err.text, "region region-1 meant region id 3, this is 2");
}

Test(session, a_replayed_handshake_does_not_establish)
{
    struct error err = {0};
    pair_open_initiator(&pair);
    pair_open_acceptor(&pair);
    uint8_t recorded[1024];
    size_t hello = pair.initiator.outbox.size;
    memcpy(recorded, pair.initiator.outbox.data, hello);
    cr_assert(pair_deliver(&pair.initiator, &pair.acceptor, SIZE_MAX, &err));
    cr_assert(pair_deliver(&pair.acceptor, &pair.initiator, SIZE_MAX, &err));
    size_t proof = pair.initiator.outbox.size;
    memcpy(recorded + hello, pair.initiator.outbox.data, proof);
    session_close(pair.acceptor.session);
    pair.acceptor_seed = 77; /* A fresh ephemeral key, as every real connection has. */
    pair_open_acceptor(&pair);
    cr_assert(session_receive(pair.acceptor.session, slice_of(recorded, hello), &err));
    bool ok = session_receive(pair.acceptor.session, slice_of(recorded + hello, proof), &err);
    cr_assert(!ok || !session_is_established(pair.acceptor.session));
}

Test(session, sealed_frames_that_are_damaged_repeated_or_swapped_end_the_session)
{
    for (int fault = 0; fault < 3; fault++) {
        session_teardown();
        pair_setup(&pair);
        pair_connect(&pair);
        struct error err = {0};
        struct buffer *outbox = &pair.initiator.outbox;
        session_seal(pair.initiator.session, SLICE_LITERAL("first"), outbox);
        size_t one = outbox->size;
        session_seal(pair.initiator.session, SLICE_LITERAL("other"), outbox);
        uint8_t frames[256];
        memcpy(frames, outbox->data, outbox->size);
        if (fault == 0) {
            outbox->data[one - 1] ^= 1;
        } else if (fault == 1) {
            memcpy(outbox->data + one, frames, one);
        } else {
            memcpy(outbox->data, frames + one, one);
            memcpy(outbox->data + one, frames, one);
        }
        cr_assert_not(pair_deliver(&pair.initiator, &pair.acceptor, SIZE_MAX, &err));
        cr_assert_eq(err.code, ERROR_PROTOCOL, "fault %d", fault);
        cr_assert_leq(pair.acceptor.messages, 1, "fault %d", fault);
    }
}

Test(session, a_frame_larger_than_its_limit_is_refused_before_memory_grows)
{
    struct error err = {0};
    pair_open_acceptor(&pair);
    uint8_t head[SESSION_FRAME_HEAD_BYTES + 1] = {0, 0, 1, 1, 0};
    cr_assert_not(session_receive(pair.acceptor.session, slice_of(head, sizeof(head)), &err));
    cr_assert_str_eq(err.text, "frame of 257 bytes, at most 256 are allowed");
    session_teardown();
    pair_setup(&pair);
    pair_connect(&pair);
    uint8_t large[SESSION_FRAME_HEAD_BYTES + 1] = {0x7f, 0, 0, 0, 0};
    cr_assert_not(session_receive(pair.acceptor.session, slice_of(large, sizeof(large)), &err));
    cr_assert_eq(err.code, ERROR_PROTOCOL);
}

Test(session, another_protocol_version_is_named_in_the_refusal)
{
    struct error err = {0};
    pair_open_initiator(&pair);
    pair_open_acceptor(&pair);
    pair.initiator.outbox.data[SESSION_FRAME_HEAD_BYTES + 4] = 9;
    cr_assert_not(pair_deliver(&pair.initiator, &pair.acceptor, SIZE_MAX, &err));
    cr_assert_str_eq(err.text, "the peer speaks protocol version 9, this node version 1");
}
