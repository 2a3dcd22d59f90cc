/* What the catalog's own files share; nobody else includes it.
 *
 *   catalog.c   opening, lookups, changes
 *   totals.c    counting items and saving the counts
 *   slots.c     the set of tables in memory
 *   record.c    the stored forms */
#pragma once

#include "storage/catalog/slots.h"
#include "storage/engine/engine.h"

#include <pthread.h>

#define KEY_TOTALS "catalog/totals/"

enum { CATALOG_KEY_BYTES_MAX = 32 };

struct catalog {
    struct engine *engine;
    pthread_mutex_t changing;
    pthread_mutex_t writing; /* Guards next_id; order: changing, writing, lock. */
    pthread_rwlock_t lock;   /* Guards slots. */
    struct slots slots;
    uint32_t next_id;
};

static inline struct slice
catalog_key(uint8_t to[static CATALOG_KEY_BYTES_MAX], const char *prefix, uint32_t id)
{
    size_t size = strlen(prefix);
    memcpy(to, prefix, size);
    put_be32(to + size, id);
    return (struct slice){to, size + 4};
}

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
