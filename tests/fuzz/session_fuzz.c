/* Foreign bytes against a session: as HELLO, as REPLY, as PROOF after a true HELLO, and as sealed
 * frames. Nothing may crash, and nothing but a true peer may establish. */
#include "tests/unit/link/pair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    static const size_t pieces[] = {SIZE_MAX, 1, 3, 100};
    struct pair pair;
    struct error err = {0};
    pair_setup(&pair);
    struct slice bytes = {data + 2, size - 2};
    struct pair_end *target = &pair.acceptor;
    bool fresh = true;
    switch (data[0] % 4) {
    case 0:
        pair_open_acceptor(&pair);
        break;
    case 1:
        pair_open_initiator(&pair);
        target = &pair.initiator;
        break;
    case 2:
        pair_open_initiator(&pair);
        pair_open_acceptor(&pair);
        ensure(pair_deliver(&pair.initiator, &pair.acceptor, SIZE_MAX, &err));
        break;
    default:
        pair_connect(&pair);
        fresh = false;
        break;
    }
    size_t piece = pieces[data[1] % ARRAY_COUNT(pieces)];
    bool ok = true;
    while (ok && bytes.size > 0) {
        size_t take = bytes.size < piece ? bytes.size : piece;
        ok = session_receive(target->session, slice_of(bytes.data, take), &err);
        bytes.data += take;
        bytes.size -= take;
    }
    ensure(!fresh || !session_is_established(target->session));
    ensure(target->messages == 0);
    pair_teardown(&pair);
    return 0;
}
