#include "storage/ttl/ttl_build.h"

#include "storage/table/latch.h"
#include "storage/ttl/expiry.h"

/* The work that `table` asked for is done, unless its setting has been changed meanwhile. */
static bool ttl_settle(struct store *store,
                       const struct table *table,
                       enum ttl_status status,
                       struct error *err)
{
    struct catalog *catalog = store->catalog;
    bool ok = true;
    catalog_change_begin(catalog);
    const struct table *newest = catalog_acquire_id(catalog, table->id);
    if (newest != NULL && newest->ttl.status == table->ttl.status &&
        newest->ttl.changed_ms == table->ttl.changed_ms) {
        struct table changed = *newest;
        changed.ttl.status = status;
        if (status == TTL_DISABLED) {
            changed.ttl.attribute = (struct slice){NULL, 0};
        }
        ok = catalog_update(catalog, &changed, err);
    }
    catalog_change_end(catalog);
    table_release(newest);
    return ok || err->code == ERROR_NOT_FOUND; /* The table went meanwhile. */
}

static bool ttl_fill(struct store *store,
                     const struct table *table,
                     backfill_pause pause,
                     void *context,
                     struct error *err)
{
    enum backfill_progress progress = BACKFILL_MORE;
    if (!backfill_step(store, table, NULL, pause, context, &progress, err)) {
        return false;
    }
    return progress != BACKFILL_DONE ||
           (ttl_settle(store, table, TTL_ENABLED, err) && backfill_forget_old(store, err));
}

static bool ttl_take_out(struct store *store, const struct table *table, struct error *err)
{
    latches_barrier(store->latches); /* From here on nobody writes such rows. */
    return expiry_drop(store, table->id, err) && ttl_settle(store, table, TTL_DISABLED, err);
}

bool ttl_build(struct store *store,
               const struct table *table,
               backfill_pause pause,
               void *context,
               bool *worked,
               struct error *err)
{
    enum ttl_status status = table->ttl.status;
    if (status != TTL_ENABLING && status != TTL_DISABLING) {
        return true;
    }
    *worked = true;
    return status == TTL_ENABLING ? ttl_fill(store, table, pause, context, err)
                                  : ttl_take_out(store, table, err);
}
