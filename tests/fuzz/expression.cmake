meridian_fuzz(fuzz_expression LIBS storage SOURCES expression_fuzz.c)
