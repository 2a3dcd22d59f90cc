/* Settings: small documents of a table, in its slot and under catalog/setting/ in `meta`.
 *
 * A change is durable before it is seen, as with descriptions; changes take turns under
 * `writing`. */
#include "storage/catalog/catalog_inner.h"

#include "storage/catalog/record.h"

#include <stdlib.h>

static struct slice
setting_key(uint8_t to[static CATALOG_KEY_BYTES_MAX], uint32_t id, unsigned setting)
{
    size_t size = catalog_key(to, KEY_SETTING, id).size;
    to[size] = (uint8_t)setting;
    return (struct slice){to, size + 1};
}

/* Under the lock for writing, or before anybody else knows the catalog. */
static void
setting_replace(struct catalog *catalog, struct slot *slot, unsigned setting, struct slice value)
{
    bool had = slot->settings[setting].size > 0;
    uint64_t version =
        value.size == 0
            ? 0
            : atomic_fetch_add_explicit(&catalog->setting_changes, 1, memory_order_relaxed) + 1;
    free((void *)(uintptr_t)slot->settings[setting].data);
    slot->settings[setting] = (struct slice){NULL, 0};
    if (value.size > 0) {
        uint8_t *copy = malloc(value.size);
        ensure(copy != NULL);
        memcpy(copy, value.data, value.size);
        slot->settings[setting] = slice_of(copy, value.size);
    }
    if (had != (value.size > 0)) {
        atomic_fetch_add_explicit(&catalog->settings_counts[setting], had ? UINT32_MAX : 1,
                                  memory_order_relaxed);
    }
    atomic_store_explicit(&slot->setting_versions[setting], version, memory_order_release);
}

static bool
setting_load(struct catalog *catalog, struct slice key, struct slice bytes, struct error *err)
{
    size_t prefix = strlen(KEY_SETTING);
    struct slot *slot = NULL;
    struct slice value;
    if (key.size == prefix + 5 && key.data[prefix + 4] < SETTINGS) {
        slot = slots_find_id(&catalog->slots, get_be32(key.data + prefix));
    }
    if (slot == NULL) {
        return error_set(err, ERROR_CORRUPT, "a setting under a key of %zu bytes is of no table",
                         key.size);
    }
    if (!setting_decode(bytes, &value, err)) {
        return false;
    }
    setting_replace(catalog, slot, key.data[prefix + 4], value);
    return true;
}

bool catalog_load_settings(struct catalog *catalog, struct error *err)
{
    uint8_t lower[CATALOG_KEY_BYTES_MAX];
    uint8_t upper[CATALOG_KEY_BYTES_MAX];
    struct engine_iterator *iterator =
        engine_iterator_open(catalog->engine, FAMILY_META, NULL, catalog_key(lower, KEY_SETTING, 0),
                             catalog_key(upper, KEY_SETTING, UINT32_MAX), READ_FULL);
    error_clear(err);
    bool ok = true;
    for (bool at = engine_iterator_first(iterator, err); at && ok;
         at = ok && engine_iterator_next(iterator, err)) {
        ok = setting_load(catalog, engine_iterator_key(iterator), engine_iterator_value(iterator),
                          err);
    }
    engine_iterator_close(iterator);
    return ok && err->code == ERROR_NONE;
}

void catalog_delete_settings(struct catalog *catalog, struct engine_batch *batch, uint32_t id)
{
    uint8_t key[CATALOG_KEY_BYTES_MAX];
    for (unsigned i = 0; i < SETTINGS; i++) {
        engine_batch_delete(catalog->engine, batch, FAMILY_META, setting_key(key, id, i));
    }
}

void catalog_free_settings(struct catalog *catalog, struct slot *slot)
{
    for (unsigned i = 0; i < SETTINGS; i++) {
        setting_replace(catalog, slot, i, (struct slice){NULL, 0});
    }
}

static void setting_put(struct catalog *catalog,
                        struct engine_batch *batch,
                        struct arena *arena,
                        uint32_t id,
                        unsigned setting,
                        struct slice value)
{
    ensure(value.size <= SETTING_BYTES_MAX);
    uint8_t key[CATALOG_KEY_BYTES_MAX];
    struct buffer bytes;
    buffer_init(&bytes, arena, value.size + 16);
    setting_encode(&bytes, value);
    engine_batch_put(catalog->engine, batch, FAMILY_META, setting_key(key, id, setting),
                     buffer_slice(&bytes));
}

void catalog_put_settings(struct catalog *catalog,
                          struct engine_batch *batch,
                          struct arena *arena,
                          uint32_t id,
                          const struct slice settings[static SETTINGS])
{
    for (unsigned i = 0; i < SETTINGS; i++) {
        if (settings[i].size > 0) {
            setting_put(catalog, batch, arena, id, i, settings[i]);
        }
    }
}

void catalog_keep_settings(struct catalog *catalog,
                           struct slot *slot,
                           const struct slice settings[static SETTINGS])
{
    for (unsigned i = 0; i < SETTINGS; i++) {
        setting_replace(catalog, slot, i, settings[i]);
    }
}

uint64_t table_setting_version(const struct table *table, enum setting setting)
{
    ensure(setting < SETTINGS);
    return atomic_load_explicit(&catalog_description(table)->slot->setting_versions[setting],
                                memory_order_acquire);
}

uint32_t catalog_settings_count(struct catalog *catalog, enum setting setting)
{
    ensure(setting < SETTINGS);
    return atomic_load_explicit(&catalog->settings_counts[setting], memory_order_relaxed);
}

struct slice catalog_setting(struct catalog *catalog,
                             const struct table *table,
                             enum setting setting,
                             struct arena *arena)
{
    ensure(setting < SETTINGS);
    catalog_read_lock(catalog);
    struct slice value = catalog_description(table)->slot->settings[setting];
    struct slice copy = value.size == 0 ? (struct slice){NULL, 0} : arena_copy(arena, value);
    catalog_unlock(catalog);
    return copy;
}

bool catalog_set_setting(struct catalog *catalog,
                         const struct table *table,
                         enum setting setting,
                         struct slice value,
                         struct error *err)
{
    ensure(setting < SETTINGS && value.size <= SETTING_BYTES_MAX);
    uint8_t key[CATALOG_KEY_BYTES_MAX];
    struct arena arena;
    arena_init(&arena);
    catalog_writing_begin(catalog);
    struct slot *slot = catalog_find_slot(catalog, table->id, err);
    bool ok = slot != NULL;
    if (ok) {
        struct engine_batch *batch = engine_batch_open();
        if (value.size == 0) {
            engine_batch_delete(catalog->engine, batch, FAMILY_META,
                                setting_key(key, table->id, setting));
        } else {
            setting_put(catalog, batch, &arena, table->id, setting, value);
        }
        ok = catalog_commit(catalog, batch, err);
    }
    if (ok) {
        catalog_write_lock(catalog);
        setting_replace(catalog, slot, setting, value);
        catalog_unlock(catalog);
        catalog_tell_setting(catalog, &slot->current->table, setting, value.size > 0);
    }
    catalog_writing_end(catalog);
    arena_destroy(&arena);
    return ok;
}
