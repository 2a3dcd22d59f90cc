# The connection: handshake, frames, link emulation, transport, replicas of tables.
target_sources(replication PRIVATE session.c link.c identity.c)
