/* What the catalog's own files share; nobody else includes it.
 *
 *   catalog.c   opening, lookups, changes
 *   totals.c    counting items and saving the counts
 *   settings.c  documents that hang on a table
 *   slots.c     the set of tables in memory
 *   record.c    the stored forms */
#pragma once

#include "storage/catalog/slots.h"
#include "storage/engine/engine.h"

#include <pthread.h>

#define KEY_TOTALS "catalog/totals/"               /* Table id 4, of an index also index id 2. */
#define KEY_SETTING "catalog/setting/"             /* Table id 4, setting 1. */
#define KEY_DROPPED_INDEX "catalog/dropped-index/" /* Table id 4, index id 2. */

enum { CATALOG_KEY_BYTES_MAX = 32 };

struct catalog {
    struct engine *engine;
    pthread_mutex_t changing;
    pthread_mutex_t writing; /* Guards next_id; order: changing, writing, lock. */
    pthread_rwlock_t lock;   /* Guards slots. */
    struct slots slots;
    uint32_t next_id;
    atomic_uint_fast64_t setting_changes;  /* Since the start: the next version. */
    atomic_uint settings_counts[SETTINGS]; /* Tables that have one. */
    void (*changed)(void *context);        /* catalog_watch. */
    void *changed_context;
    struct catalog_observer observer; /* All NULL: nobody. */
};

static inline struct slice
catalog_key(uint8_t to[static CATALOG_KEY_BYTES_MAX], const char *prefix, uint32_t id)
{
    size_t size = strlen(prefix);
    memcpy(to, prefix, size);
    put_be32(to + size, id);
    return (struct slice){to, size + 4};
}

/* The key of something that belongs to index `index` of table `id`. */
static inline struct slice catalog_index_key(uint8_t to[static CATALOG_KEY_BYTES_MAX],
                                             const char *prefix,
                                             uint32_t id,
                                             uint16_t index)
{
    size_t size = catalog_key(to, prefix, id).size;
    put_be16(to + size, index);
    return (struct slice){to, size + 2};
}

/* A table that the catalog handed out is the first member of a description. */
static inline struct description *catalog_description(const struct table *table)
{
    return (struct description *)(uintptr_t)table;
}

/* Under `writing`: tell the observer. */
static inline void catalog_tell_observer(const struct catalog *catalog,
                                         const struct table *before,
                                         const struct table *after)
{
    if (catalog->observer.changed != NULL) {
        catalog->observer.changed(catalog->observer.context, before, after);
    }
}

static inline void catalog_tell_setting(const struct catalog *catalog,
                                        const struct table *table,
                                        unsigned setting,
                                        bool set)
{
    if (catalog->observer.setting != NULL) {
        catalog->observer.setting(catalog->observer.context, table, (enum setting)setting, set);
    }
}

/* Append the batch, close it and wait until it is durable. */
bool catalog_commit(struct catalog *catalog, struct engine_batch *batch, struct error *err);
/* Under `writing`, so the slot stays in the set. NULL with NOT_FOUND. */
struct slot *catalog_find_slot(struct catalog *catalog, uint32_t id, struct error *err);

/* At opening, once the tables are there. */
MUST_CHECK bool catalog_load_settings(struct catalog *catalog, struct error *err);
/* For a table that is being removed. */
void catalog_delete_settings(struct catalog *catalog, struct engine_batch *batch, uint32_t id);
/* For a table that is being created: its first settings, empty ones left out; then, under the lock
 * for writing, in its slot. */
void catalog_put_settings(struct catalog *catalog,
                          struct engine_batch *batch,
                          struct arena *arena,
                          uint32_t id,
                          const struct slice settings[static SETTINGS]);
void catalog_keep_settings(struct catalog *catalog,
                           struct slot *slot,
                           const struct slice settings[static SETTINGS]);
/* Under the lock, for a table that has been removed. */
void catalog_free_settings(struct catalog *catalog, struct slot *slot);
/* At opening: the saved totals of the table and its indexes. */
MUST_CHECK bool catalog_load_totals(struct catalog *catalog, struct slot *slot, struct error *err);
/* For a table that is being removed, and for an index. */
void catalog_delete_totals(struct catalog *catalog,
                           struct engine_batch *batch,
                           const struct table *table);

static inline void catalog_read_lock(struct catalog *catalog)
{
    ensure(pthread_rwlock_rdlock(&catalog->lock) == 0);
}

static inline void catalog_write_lock(struct catalog *catalog)
{
    ensure(pthread_rwlock_wrlock(&catalog->lock) == 0);
}

static inline void catalog_unlock(struct catalog *catalog)
{
    ensure(pthread_rwlock_unlock(&catalog->lock) == 0);
}

static inline void catalog_writing_begin(struct catalog *catalog)
{
    ensure(pthread_mutex_lock(&catalog->writing) == 0);
}

static inline void catalog_writing_end(struct catalog *catalog)
{
    ensure(pthread_mutex_unlock(&catalog->writing) == 0);
}
