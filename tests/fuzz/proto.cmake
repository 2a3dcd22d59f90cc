# Fuzz targets of proto's codecs and parsers.
meridian_fuzz(fuzz_item LIBS proto SOURCES item_fuzz.c)
meridian_fuzz(fuzz_row LIBS proto SOURCES row_fuzz.c)
meridian_fuzz(fuzz_json LIBS proto SOURCES json_fuzz.c)
meridian_fuzz(fuzz_decimal LIBS proto SOURCES decimal_fuzz.c)
