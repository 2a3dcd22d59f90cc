/* Shared by message.c and message_table.c alone: conversions between our structs and the generated
 * ones. Everything allocated lives in the arena. */
#pragma once

#include "proto/peer/message.h"

#include "peer.pb-c.h"

static inline ProtobufCBinaryData message_bytes(struct slice bytes)
{
    return (ProtobufCBinaryData){.len = bytes.size, .data = (uint8_t *)(uintptr_t)bytes.data};
}

static inline struct slice message_slice(ProtobufCBinaryData bytes)
{
    return (struct slice){bytes.data, bytes.len};
}

/* *count and *dots for a repeated Dot. */
void message_pack_context(const struct context *context,
                          struct arena *arena,
                          size_t *count,
                          Meridian__Peer__Dot ***dots);
MUST_CHECK bool message_unpack_context(size_t count,
                                       Meridian__Peer__Dot *const *dots,
                                       struct context *context,
                                       struct error *err);

void message_pack_table(const struct message_table *from,
                        struct arena *arena,
                        Meridian__Peer__TableState *to);
MUST_CHECK bool message_unpack_table(const Meridian__Peer__TableState *from,
                                     struct arena *arena,
                                     struct message_table *to,
                                     struct error *err);
