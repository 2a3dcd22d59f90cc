# The rules: clock, order, shipping, applying. No I/O of their own; tests/sim runs exactly these.
set(REPLICATION_CORE
  applier.c
  clock.c
  conflict.c
  records.c
  replica_store.c
  resolve.c
  shipper.c
  watermark.c)
target_sources(replication PRIVATE ${REPLICATION_CORE})
# The same sources once more for the simulator's mutants, without what needs a real store.
list(TRANSFORM REPLICATION_CORE PREPEND ${CMAKE_CURRENT_LIST_DIR}/)
list(REMOVE_ITEM REPLICATION_CORE ${CMAKE_CURRENT_LIST_DIR}/replica_store.c)
set_property(GLOBAL PROPERTY MERIDIAN_REPLICATION_CORE ${REPLICATION_CORE})
