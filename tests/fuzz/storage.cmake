# Fuzz targets of storage's record formats.
meridian_fuzz(fuzz_change LIBS storage SOURCES change_fuzz.c)
meridian_fuzz(fuzz_table LIBS storage SOURCES table_fuzz.c)
