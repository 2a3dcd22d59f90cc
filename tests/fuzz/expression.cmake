meridian_fuzz(fuzz_expression LIBS storage SOURCES expression_fuzz.c)
meridian_fuzz(fuzz_partiql LIBS storage SOURCES partiql_fuzz.c)
