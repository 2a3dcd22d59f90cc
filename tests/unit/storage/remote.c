#include "tests/unit/storage/remote.h"

#include <criterion/criterion.h>

struct dot remote_dot(uint16_t region, uint64_t seq)
{
    return (struct dot){region, REMOTE_INCARNATION, seq};
}

struct change remote_change(struct arena *arena,
                            const struct table *table,
                            struct dot dot,
                            uint64_t stamp,
                            const char *pk,
                            const char *text)
{
    struct change change = {.table_id = table->id,
                            .key = sample_key(arena, pk),
                            .version = {.stamp = stamp, .dot = dot},
                            .has_image = true,
                            .tombstone = text == NULL};
    if (text != NULL) {
        change.image = sample_item(arena, "pk", sample_s(pk), "v", sample_s(text), NULL);
    }
    return change;
}

static bool remote_saw(const struct row *row, struct dot dot)
{
    return context_has(&row->version.context, dot) || dot_covered_by(dot, row->version.dot);
}

enum apply_verdict
remote_decide(void *context, const struct row *stored, const struct row *arriving, uint8_t *reason)
{
    if (context != NULL) {
        ++*(uint32_t *)context;
    }
    *reason = REMOTE_REASON;
    if (stored == NULL) {
        return APPLY_STORE;
    }
    int order = version_compare(&arriving->version, &stored->version);
    if (order == 0 || (order < 0 && remote_saw(stored, arriving->version.dot))) {
        return APPLY_DROP;
    }
    if (order > 0 && remote_saw(arriving, stored->version.dot)) {
        return APPLY_STORE;
    }
    return order > 0 ? APPLY_CONFLICT_STORE : APPLY_CONFLICT_KEEP;
}

struct apply_result remote_apply(struct store *store,
                                 const struct change *changes,
                                 uint32_t count,
                                 struct dot watermark)
{
    struct apply_result result;
    struct error err = {0};
    cr_assert(store_apply(store, changes, count, watermark.region == 0 ? NULL : &watermark,
                          remote_decide, NULL, &result, &err),
              "%s", err.text);
    return result;
}

const char *
remote_text(struct store *store, const struct table *table, struct arena *arena, const char *pk)
{
    struct row row;
    if (!sample_row(store, table, arena, sample_key(arena, pk), &row)) {
        return "absent";
    }
    if (row.tombstone) {
        return "deleted";
    }
    struct value text;
    cr_assert(item_find(row.image, SLICE_LITERAL("v"), &text));
    return arena_printf(arena, "%.*s", SLICE_ARGS(text.payload));
}
