meridian_fuzz(fuzz_message LIBS proto SOURCES message_fuzz.c)
