# The rules: clock, order, shipping, applying. No I/O of their own; tests/sim runs exactly these.
target_sources(replication PRIVATE clock.c)
