/* Peer messages and the records in them, from bytes that anyone may have made. What decodes must
 * encode, and decode again to the same bytes. */
#include "proto/peer/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct message message;
    struct error err = {0};
    if (message_decode(slice_of(data, size), &arena, &message, &err)) {
        struct slice once = message_encode(&message, &arena);
        struct message back;
        ensure(message_decode(once, &arena, &back, &err));
        ensure(slice_equal(once, message_encode(&back, &arena)));
    } else {
        ensure(err.code == ERROR_PROTOCOL);
    }
    struct slice left = slice_of(data, size);
    struct record record;
    while (left.size > 0 && record_take(&left, &record, &err)) {
        struct buffer to;
        buffer_init(&to, &arena, 256);
        record_append(&to, &record);
        struct slice again = buffer_slice(&to);
        struct record back;
        ensure(record_take(&again, &back, &err));
        ensure(again.size == 0 && slice_equal(back.image, record.image));
    }
    arena_destroy(&arena);
    return 0;
}
