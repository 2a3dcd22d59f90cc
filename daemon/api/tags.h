/* Tags of a table: TagResource and its like, and what CreateTable needs of them.
 * Reference: dynamodb-features.md section 3. Per region, never replicated. */
#pragma once

#include "proto/value/json.h"

/* The list of a request: at least one tag, good keys and values, no key twice. Errors:
 * VALIDATION. */
MUST_CHECK bool tags_check(const struct json *tags, struct error *err);

/* The document to keep as SETTING_TAGS: `stored` (empty: none yet) with `tags`, a list that
 * tags_check took, put over it. In the arena. Errors: VALIDATION (more than TABLE_TAGS_MAX);
 * CORRUPT (stored). */
MUST_CHECK bool tags_merge(struct arena *arena,
                           struct slice stored,
                           const struct json *tags,
                           struct slice *document,
                           struct error *err);
