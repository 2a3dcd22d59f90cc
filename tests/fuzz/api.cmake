# Requests to every operation.
meridian_fuzz(fuzz_api LIBS node SOURCES api_fuzz.c)
