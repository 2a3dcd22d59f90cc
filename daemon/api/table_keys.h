/* AttributeDefinitions and KeySchema of CreateTable and UpdateTable (dynamodb-features.md 1.3,
 * rules 6 to 12; dynamodb-api.md section 10). Pure; a struct table stands for the description that
 * is being made: its slices are borrowed from the request. */
#pragma once

#include "proto/value/json.h"
#include "storage/catalog/catalog.h"

enum table_keys_owner { KEYS_OF_TABLE, KEYS_OF_LOCAL, KEYS_OF_GLOBAL };

/* NULL when the table does not define it. */
const struct key_attribute *table_keys_find(const struct table *table, struct slice name);

/* Add the definitions to the table's; with `merge` one that is there already stays as it is.
 * Errors: VALIDATION: another type, or more of them than any keys could use. */
MUST_CHECK bool table_keys_define(const struct json *definitions,
                                  bool merge,
                                  struct table *table,
                                  struct error *err);
/* Rule 7: every attribute of the schema is defined. */
MUST_CHECK bool
table_keys_defined(const struct json *schema, const struct table *table, struct error *err);
/* Rules 8 and 9, and those of keys of several attributes. The schema's attributes are defined.
 * Errors: VALIDATION. */
MUST_CHECK bool table_keys_schema(const struct json *schema,
                                  enum table_keys_owner owner,
                                  const struct table *table,
                                  struct key_schema *keys,
                                  struct error *err);

/* Does the table's key or an index use the attribute? */
bool table_keys_used(const struct table *table, struct slice name);
/* Drop the definitions that nothing uses. */
void table_keys_prune(struct table *table);
/* Rules 11 and 12. Errors: VALIDATION. */
MUST_CHECK bool table_keys_surplus(const struct table *table, struct error *err);
