/* What was set for auto scaling: see scaling.c. */
#pragma once

#include "daemon/api/operation.h"
#include "storage/catalog/catalog.h"

/* Do the writes of this table, or of this index of it, scale? Errors: CORRUPT. */
MUST_CHECK bool scaling_of_writes(struct call *call,
                                  const struct table *table,
                                  struct slice index,
                                  bool *scaled,
                                  struct error *err);
