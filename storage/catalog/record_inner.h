/* What record.c and record_index.c share: pieces of a table's record. Pure functions. */
#pragma once

#include "storage/catalog/catalog.h"

void record_put_text(struct buffer *to, struct slice text);
void record_put_attribute(struct buffer *to, const struct key_attribute *attribute);
bool record_attribute_fits(const struct key_attribute *attribute);

bool record_take_byte(struct slice *from, uint8_t *byte);
bool record_take_text(struct slice *from, size_t size_min, size_t size_max, struct slice *text);
/* `optional`: type 0, and then no name, is fine. */
bool record_take_attribute(struct slice *from, bool optional, struct key_attribute *attribute);

/* All but the plain units, which a table's record has in its fixed part. */
void record_put_throughput(struct buffer *to, const struct throughput *throughput);
bool record_take_throughput(struct slice *from, struct throughput *throughput);
bool record_throughput_fits(const struct throughput *throughput);

void record_put_indexes(struct buffer *to, const struct table *table);
/* The table's indexes, in the arena; only their form is checked. */
bool record_take_indexes(struct slice *from, struct arena *arena, struct table *table);
/* Ids, names, kinds, keys and projections of all indexes together. */
bool record_indexes_fit(const struct table *table);
