# The connection: handshake, frames, link emulation, transport, replicas of tables.
target_sources(replication PRIVATE
  backfill.c
  egress.c
  identity.c
  inbound.c
  link.c
  outbound.c
  payloads.c
  replicas.c
  replicas_adopt.c
  replicas_describe.c
  replication.c
  session.c
  transport.c
  transport_connection.c)
