/* Bytes, items and comparisons that the tests of proto share. */
#pragma once

#include "proto/value/decimal.h"
#include "proto/value/value_json.h"

/* Bytes written as hex digits; blanks between them are skipped. */
struct slice sample_hex(struct arena *arena, const char *hex);
/* The other way: lower case, no blanks, zero-terminated. */
char *sample_to_hex(struct arena *arena, struct slice bytes);

/* DynamoDB JSON to an item image or a value; the text must be right. */
struct slice sample_item(struct arena *arena, const char *json);
struct value sample_value(struct arena *arena, const char *json);
/* And back; zero-terminated. */
char *sample_item_text(struct arena *arena, struct slice image);
char *sample_value_text(struct arena *arena, struct value value);

/* An item with every type, nested containers and names of one to many bytes. */
extern const char sample_everything[];

/* Walk all of a value and look at every byte, as a reader would: what it costs a test to find reads
 * outside of damaged bytes under AddressSanitizer. Returns a sum of what was seen. */
uint64_t sample_walk(struct value value, unsigned depth);

/* A copy in a malloc of exactly its size, so that AddressSanitizer sees a read past its end. */
uint8_t *sample_exact(struct slice bytes);
