/* Changes as they arrive from other regions, and a decider in the spirit of the real one, which
 * lives a room above. Everything made lives in the arena. One thread. */
#pragma once

#include "tests/unit/storage/sample.h"

enum { REMOTE_INCARNATION = 1700000000, REMOTE_REASON = 7 };

struct dot remote_dot(uint16_t region, uint64_t seq);

/* A put of {"pk": pk, "v": text} into a table without sort key; text NULL: a delete. */
struct change remote_change(struct arena *arena,
                            const struct table *table,
                            struct dot dot,
                            uint64_t stamp,
                            const char *pk,
                            const char *text);

/* The larger version wins; a conflict, with REMOTE_REASON, unless one context has the other's dot
 * or both are of one region. `context`: NULL, or a uint32_t that counts the calls. */
enum apply_verdict
remote_decide(void *context, const struct row *stored, const struct row *arriving, uint8_t *reason);

/* store_apply that must succeed. `watermark` with region 0: none. */
struct apply_result remote_apply(struct store *store,
                                 const struct change *changes,
                                 uint32_t count,
                                 struct dot watermark);

/* The text of the row's "v"; "deleted" for a tombstone, "absent" without a row. */
const char *
remote_text(struct store *store, const struct table *table, struct arena *arena, const char *pk);
