/* A store with two tables of the key pk. Beside store_fixture.h, which says when these live. */
#pragma once

#include "tests/unit/storage/store_fixture.h"

extern const struct table *plain;      /* No replicas. */
extern const struct table *replicated; /* One replica. */

void two_tables_setup(void);
void two_tables_teardown(void);
/* Closes the store and opens it again. */
void two_tables_reopen(void);

/* {"pk": partition, "a": a}. */
struct slice item_ab(const char *partition, const char *a);
/* A compiled condition without placeholders: give it back with expression_release. */
struct expression *condition(const char *text);
