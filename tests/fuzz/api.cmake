# Requests to every operation; legacy parameters.
meridian_fuzz(fuzz_api LIBS node SOURCES api_fuzz.c)
meridian_fuzz(fuzz_legacy LIBS node SOURCES legacy_fuzz.c)
