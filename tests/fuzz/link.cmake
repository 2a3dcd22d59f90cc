meridian_fuzz(fuzz_session LIBS replication PkgConfig::SODIUM
  SOURCES session_fuzz.c ../unit/link/pair.c)
