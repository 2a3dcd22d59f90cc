/* The catalog: every table's description, in memory for lookups and in `meta` for good.
 *
 * Readers (the request path) take a read lock for one hash lookup and one increment. A change is
 * first appended to `meta` and synced, then becomes visible: what a request has seen survives a
 * crash. Changes take turns under `writing`, which is held across the disk and therefore never
 * taken by readers. `changing` is the callers' lock for read-modify-write (catalog_change_begin).
 *
 * Keys in `meta`: catalog/table/<id 4> -> record.h; catalog/totals/<id 4> and
 * catalog/totals/<id 4><index 2> -> record.h; catalog/setting/<id 4><setting 1> -> record.h;
 * catalog/access/<access key id> -> what its writer put there;
 * catalog/dropped/<id 4> and catalog/dropped-index/<id 4><index 2> -> empty, while the rows of a
 * removed table or index may still be there; catalog/next-id -> 4 bytes, the id of the next table:
 * ids are never reused. */
#include "storage/catalog/catalog_inner.h"

#include "storage/catalog/record.h"

#include <stdlib.h>
#include <sys/random.h>

#define KEY_TABLE "catalog/table/"
#define KEY_DROPPED "catalog/dropped/"
#define KEY_NEXT_ID SLICE_LITERAL("catalog/next-id")

enum { CATALOG_ID_FIRST = 1 };

/* --- Opening -------------------------------------------------------------------------------- */

static bool catalog_load_table(struct catalog *catalog, struct slice record, struct error *err)
{
    struct description *description;
    if (!description_make(record, NULL, &description, err)) {
        return false;
    }
    uint32_t id = description->table.id;
    if (catalog->slots.count == TABLES_MAX || id >= catalog->next_id) {
        description_release(description);
        return error_set(err, ERROR_CORRUPT, "the catalog holds table %u beyond its bounds", id);
    }
    slots_add(&catalog->slots, description);
    return catalog_load_totals(catalog, description->slot, err);
}

static bool catalog_load(struct catalog *catalog, struct error *err)
{
    struct engine_value value;
    bool found = false;
    if (!engine_get(catalog->engine, FAMILY_META, NULL, KEY_NEXT_ID, READ_FULL, &value, &found,
                    err)) {
        return false;
    }
    if (found) {
        bool ok = value.bytes.size == 4;
        catalog->next_id = ok ? get_be32(value.bytes.data) : 0;
        engine_value_release(&value);
        if (!ok || catalog->next_id < CATALOG_ID_FIRST) {
            return error_set(err, ERROR_CORRUPT, "the catalog's next table id does not decode");
        }
    }
    uint8_t lower[CATALOG_KEY_BYTES_MAX];
    struct slice from = {lower, strlen(KEY_TABLE)};
    memcpy(lower, KEY_TABLE, from.size);
    uint8_t upper[CATALOG_KEY_BYTES_MAX];
    struct slice end = {upper, from.size};
    memcpy(upper, KEY_TABLE, from.size);
    upper[from.size - 1]++;
    struct engine_iterator *iterator =
        engine_iterator_open(catalog->engine, FAMILY_META, NULL, from, end, READ_FULL);
    error_clear(err);
    bool ok = true;
    for (bool at = engine_iterator_first(iterator, err); at && ok;
         at = ok && engine_iterator_next(iterator, err)) {
        ok = catalog_load_table(catalog, engine_iterator_value(iterator), err);
    }
    engine_iterator_close(iterator);
    return ok && err->code == ERROR_NONE && catalog_load_settings(catalog, err);
}

bool catalog_open(struct engine *engine, struct catalog **catalog, struct error *err)
{
    struct catalog *made = calloc(1, sizeof(*made));
    ensure(made != NULL);
    made->engine = engine;
    made->next_id = CATALOG_ID_FIRST;
    ensure(pthread_mutex_init(&made->changing, NULL) == 0);
    ensure(pthread_mutex_init(&made->writing, NULL) == 0);
    ensure(pthread_rwlock_init(&made->lock, NULL) == 0);
    if (!catalog_load(made, err)) {
        catalog_close(made);
        return error_wrap(err, "catalog");
    }
    *catalog = made;
    return true;
}

void catalog_close(struct catalog *catalog)
{
    if (catalog == NULL) {
        return;
    }
    while (catalog->slots.count > 0) {
        struct slot *slot = catalog->slots.by_name[catalog->slots.count - 1];
        ensure(atomic_load(&slot->current->references) == 1); /* Every reference is back. */
        slots_remove(&catalog->slots, slot);
    }
    pthread_rwlock_destroy(&catalog->lock);
    pthread_mutex_destroy(&catalog->writing);
    pthread_mutex_destroy(&catalog->changing);
    free(catalog);
}

/* --- Lookups -------------------------------------------------------------------------------- */

/* Under the lock: one more reference to the current description. */
static const struct table *catalog_reference(struct slot *slot)
{
    if (slot == NULL) {
        return NULL;
    }
    atomic_fetch_add_explicit(&slot->current->references, 1, memory_order_relaxed);
    return &slot->current->table;
}

const struct table *catalog_acquire(struct catalog *catalog, struct slice name)
{
    catalog_read_lock(catalog);
    const struct table *table = catalog_reference(slots_find_name(&catalog->slots, name));
    catalog_unlock(catalog);
    return table;
}

const struct table *catalog_acquire_id(struct catalog *catalog, uint32_t id)
{
    catalog_read_lock(catalog);
    const struct table *table = catalog_reference(slots_find_id(&catalog->slots, id));
    catalog_unlock(catalog);
    return table;
}

const struct table *catalog_acquire_uid(struct catalog *catalog,
                                        const uint8_t uid[static TABLE_UID_BYTES])
{
    catalog_read_lock(catalog);
    const struct table *table = catalog_reference(slots_find_uid(&catalog->slots, uid));
    catalog_unlock(catalog);
    return table;
}

bool catalog_copy(struct catalog *catalog,
                  uint32_t id,
                  struct arena *arena,
                  const struct table **table)
{
    const struct table *newest = catalog_acquire_id(catalog, id);
    if (newest == NULL) {
        return false;
    }
    struct buffer record;
    struct table *copy = arena_alloc(arena, sizeof(*copy));
    struct error err;
    buffer_init(&record, arena, 1024);
    table_record_encode(&record, newest);
    bool ok = table_record_decode(buffer_slice(&record), arena, copy, &err);
    ensure(ok); /* We have just encoded it. */
    table_release(newest);
    *table = copy;
    return true;
}

void table_release(const struct table *table)
{
    description_release(catalog_description(table));
}

bool table_is_dropped(const struct table *table)
{
    return atomic_load_explicit(&catalog_description(table)->slot->dropped, memory_order_acquire);
}

bool table_is_replicated(const struct table *table)
{
    return atomic_load_explicit(&catalog_description(table)->slot->replicated,
                                memory_order_acquire);
}

bool table_is_current(const struct table *table)
{
    const struct description *description = catalog_description(table);
    return atomic_load_explicit(&description->slot->newest, memory_order_acquire) == description;
}

uint32_t catalog_list(struct catalog *catalog,
                      struct slice after,
                      uint32_t max,
                      struct arena *arena,
                      struct slice *names,
                      bool *more)
{
    catalog_read_lock(catalog);
    uint32_t first = slots_after(&catalog->slots, after);
    uint32_t left = catalog->slots.count - first;
    uint32_t count = left < max ? left : max;
    for (uint32_t i = 0; i < count; i++) {
        names[i] = arena_copy(arena, catalog->slots.by_name[first + i]->current->table.name);
    }
    catalog_unlock(catalog);
    *more = left > count;
    return count;
}

uint32_t catalog_count(struct catalog *catalog)
{
    catalog_read_lock(catalog);
    uint32_t count = catalog->slots.count;
    catalog_unlock(catalog);
    return count;
}

/* --- Changes -------------------------------------------------------------------------------- */

void catalog_change_begin(struct catalog *catalog)
{
    ensure(pthread_mutex_lock(&catalog->changing) == 0);
}

void catalog_change_end(struct catalog *catalog)
{
    ensure(pthread_mutex_unlock(&catalog->changing) == 0);
}

void catalog_watch(struct catalog *catalog, void (*changed)(void *context), void *context)
{
    catalog->changed = changed;
    catalog->changed_context = context;
}

void catalog_observe(struct catalog *catalog, const struct catalog_observer *observer)
{
    catalog->observer = *observer;
}

/* With no lock of the catalog held. */
static void catalog_tell(const struct catalog *catalog)
{
    if (catalog->changed != NULL) {
        catalog->changed(catalog->changed_context);
    }
}

bool catalog_commit(struct catalog *catalog, struct engine_batch *batch, struct error *err)
{
    uint64_t seq = engine_commit_begin(catalog->engine);
    bool ok = engine_commit_append(catalog->engine, batch, seq, err) &&
              engine_wait_durable(catalog->engine, seq, err);
    engine_batch_close(batch);
    return ok;
}

static void catalog_random(void *to, size_t size)
{
    ensure(getrandom(to, size, 0) == (ssize_t)size); /* Below 256 bytes it is never partial. */
}

/* A random UUID, version 4. */
static void catalog_make_uuid(char text[static 37])
{
    uint8_t bytes[16];
    catalog_random(bytes, sizeof(bytes));
    bytes[6] = (uint8_t)((bytes[6] & 0x0F) | 0x40);
    bytes[8] = (uint8_t)((bytes[8] & 0x3F) | 0x80);
    size_t at = 0;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            text[at++] = '-';
        }
        snprintf(text + at, 3, "%02x", bytes[i]);
        at += 2;
    }
    ensure(at == 36);
}

static bool catalog_check_new(struct catalog *catalog, const struct table *table, struct error *err)
{
    catalog_read_lock(catalog);
    bool taken = slots_find_name(&catalog->slots, table->name) != NULL ||
                 slots_find_uid(&catalog->slots, table->uid) != NULL;
    uint32_t count = catalog->slots.count;
    catalog_unlock(catalog);
    if (taken) {
        return error_set(err, ERROR_IN_USE, "Table already exists: %.*s", SLICE_ARGS(table->name));
    }
    if (count >= TABLES_MAX || catalog->next_id == UINT32_MAX) {
        return error_set(err, ERROR_LIMIT,
                         "Subscriber limit exceeded: There is a limit of %d tables per subscriber",
                         TABLES_MAX);
    }
    return true;
}

/* Under `writing`. */
static bool catalog_create_locked(struct catalog *catalog,
                                  struct table *table,
                                  const struct slice settings[static SETTINGS],
                                  struct error *err)
{
    if (!catalog_check_new(catalog, table, err)) {
        return false;
    }
    table->id = catalog->next_id;
    struct arena arena;
    arena_init(&arena);
    struct buffer record;
    buffer_init(&record, &arena, 1024);
    table_record_encode(&record, table);
    uint8_t key[CATALOG_KEY_BYTES_MAX];
    uint8_t next_id[4];
    put_be32(next_id, table->id + 1);
    struct engine_batch *batch = engine_batch_open();
    engine_batch_put(catalog->engine, batch, FAMILY_META, KEY_NEXT_ID,
                     slice_of(next_id, sizeof(next_id)));
    engine_batch_put(catalog->engine, batch, FAMILY_META, catalog_key(key, KEY_TABLE, table->id),
                     buffer_slice(&record));
    catalog_put_settings(catalog, batch, &arena, table->id, settings);
    struct description *description = NULL;
    bool ok = description_make(buffer_slice(&record), NULL, &description, err);
    ensure(ok); /* We have just encoded it. */
    ok = catalog_commit(catalog, batch, err);
    if (ok) {
        catalog->next_id++;
        catalog_write_lock(catalog);
        slots_add(&catalog->slots, description);
        catalog_keep_settings(catalog, description->slot, settings);
        catalog_unlock(catalog);
        catalog_tell_observer(catalog, NULL, &description->table);
        for (unsigned i = 0; i < SETTINGS; i++) {
            if (settings[i].size > 0) {
                catalog_tell_setting(catalog, &description->table, i, true);
            }
        }
    } else {
        description_release(description);
    }
    arena_destroy(&arena);
    return ok;
}

bool catalog_create(struct catalog *catalog, const struct table *table, struct error *err)
{
    static const struct slice none[SETTINGS];
    return catalog_create_with(catalog, table, none, err);
}

bool catalog_create_with(struct catalog *catalog,
                         const struct table *table,
                         const struct slice settings[static SETTINGS],
                         struct error *err)
{
    static const uint8_t uid_none[TABLE_UID_BYTES] = {0};
    struct table made = *table;
    if (memcmp(made.uid, uid_none, TABLE_UID_BYTES) == 0) {
        catalog_random(made.uid, TABLE_UID_BYTES);
    }
    if (made.table_id[0] == 0) {
        catalog_make_uuid(made.table_id);
    }
    if (!table_record_check(&made, err)) {
        return false;
    }
    catalog_writing_begin(catalog);
    bool ok = catalog_create_locked(catalog, &made, settings, err);
    catalog_writing_end(catalog);
    if (ok) {
        catalog_tell(catalog);
    }
    return ok;
}

struct slot *catalog_find_slot(struct catalog *catalog, uint32_t id, struct error *err)
{
    catalog_read_lock(catalog);
    struct slot *slot = slots_find_id(&catalog->slots, id);
    catalog_unlock(catalog);
    if (slot == NULL) {
        error_set(err, ERROR_NOT_FOUND, "Requested resource not found: table %u is gone", id);
    }
    return slot;
}

static void catalog_check_update(const struct table *before, const struct table *after)
{
    ensure(slice_equal(before->name, after->name));
    ensure(memcmp(before->uid, after->uid, TABLE_UID_BYTES) == 0);
    ensure(before->partition.type == after->partition.type);
    ensure(slice_equal(before->partition.name, after->partition.name));
    ensure(before->sort.type == after->sort.type);
    ensure(!table_has_sort(before) || slice_equal(before->sort.name, after->sort.name));
    ensure(after->next_index_id >= before->next_index_id);
    for (uint32_t i = 0; i < after->indexes_count; i++) {
        const struct table_index *index = &after->indexes[i];
        const struct table_index *known = table_find_index_id(before, index->id);
        ensure(known != NULL || index->id >= before->next_index_id);
        ensure(known == NULL || slice_equal(known->name, index->name));
    }
}

/* The rows of indexes that the description loses are to be dropped. */
static void catalog_note_lost_indexes(struct catalog *catalog,
                                      struct engine_batch *batch,
                                      const struct table *before,
                                      const struct table *after)
{
    uint8_t key[CATALOG_KEY_BYTES_MAX];
    for (uint32_t i = 0; i < before->indexes_count; i++) {
        uint16_t index = before->indexes[i].id;
        if (table_find_index_id(after, index) == NULL) {
            engine_batch_put(catalog->engine, batch, FAMILY_META,
                             catalog_index_key(key, KEY_DROPPED_INDEX, before->id, index),
                             SLICE_LITERAL(""));
            engine_batch_delete(catalog->engine, batch, FAMILY_META,
                                catalog_index_key(key, KEY_TOTALS, before->id, index));
        }
    }
}

/* Under `writing`. */
static bool
catalog_update_locked(struct catalog *catalog, const struct table *table, struct error *err)
{
    struct slot *slot = catalog_find_slot(catalog, table->id, err);
    if (slot == NULL) {
        return false;
    }
    catalog_check_update(&slot->current->table, table);
    struct arena arena;
    arena_init(&arena);
    struct buffer record;
    buffer_init(&record, &arena, 1024);
    table_record_encode(&record, table);
    struct description *description = NULL;
    bool ok = description_make(buffer_slice(&record), slot, &description, err);
    ensure(ok); /* We have just encoded it. */
    uint8_t key[CATALOG_KEY_BYTES_MAX];
    struct engine_batch *batch = engine_batch_open();
    engine_batch_put(catalog->engine, batch, FAMILY_META, catalog_key(key, KEY_TABLE, table->id),
                     buffer_slice(&record));
    catalog_note_lost_indexes(catalog, batch, &slot->current->table, table);
    ok = catalog_commit(catalog, batch, err);
    if (ok) { /* Same name, id and uid: the slot stays where it is. */
        catalog_write_lock(catalog);
        description = slot_set_current(slot, description);
        catalog_unlock(catalog);
        catalog_tell_observer(catalog, &description->table, &slot->current->table);
    }
    description_release(description);
    arena_destroy(&arena);
    return ok;
}

bool catalog_update(struct catalog *catalog, const struct table *table, struct error *err)
{
    if (!table_record_check(table, err)) {
        return false;
    }
    catalog_writing_begin(catalog);
    bool ok = catalog_update_locked(catalog, table, err);
    catalog_writing_end(catalog);
    if (ok) {
        catalog_tell(catalog);
    }
    return ok;
}

bool catalog_remove(struct catalog *catalog, uint32_t id, struct error *err)
{
    catalog_writing_begin(catalog);
    struct slot *slot = catalog_find_slot(catalog, id, err);
    bool ok = slot != NULL;
    if (ok) {
        uint8_t key[CATALOG_KEY_BYTES_MAX];
        struct engine_batch *batch = engine_batch_open();
        engine_batch_delete(catalog->engine, batch, FAMILY_META, catalog_key(key, KEY_TABLE, id));
        catalog_delete_totals(catalog, batch, &slot->current->table);
        catalog_delete_settings(catalog, batch, id);
        engine_batch_put(catalog->engine, batch, FAMILY_META, catalog_key(key, KEY_DROPPED, id),
                         SLICE_LITERAL(""));
        ok = catalog_commit(catalog, batch, err);
    }
    if (ok) {
        catalog_tell_observer(catalog, &slot->current->table, NULL);
        catalog_write_lock(catalog);
        atomic_store_explicit(&slot->dropped, true, memory_order_release);
        catalog_free_settings(catalog, slot);
        slots_remove(&catalog->slots, slot);
        catalog_unlock(catalog);
    }
    catalog_writing_end(catalog);
    if (ok) {
        catalog_tell(catalog);
    }
    return ok;
}

bool catalog_next_dropped(struct catalog *catalog, uint32_t after, uint32_t *id, struct error *err)
{
    uint8_t lower[CATALOG_KEY_BYTES_MAX];
    uint8_t upper[CATALOG_KEY_BYTES_MAX];
    *id = 0;
    if (after == UINT32_MAX) {
        return true;
    }
    struct engine_iterator *iterator = engine_iterator_open(
        catalog->engine, FAMILY_META, NULL, catalog_key(lower, KEY_DROPPED, after + 1),
        catalog_key(upper, KEY_DROPPED, UINT32_MAX), READ_FULL);
    error_clear(err);
    bool ok = true;
    if (engine_iterator_first(iterator, err)) {
        struct slice key = engine_iterator_key(iterator);
        ok = key.size == strlen(KEY_DROPPED) + 4;
        if (ok) {
            *id = get_be32(key.data + strlen(KEY_DROPPED));
        } else {
            error_set(err, ERROR_CORRUPT, "a dropped table's note has a key of %zu bytes",
                      key.size);
        }
    }
    engine_iterator_close(iterator);
    return ok && err->code == ERROR_NONE;
}

bool catalog_forget_dropped(struct catalog *catalog, uint32_t id, struct error *err)
{
    uint8_t key[CATALOG_KEY_BYTES_MAX];
    struct engine_batch *batch = engine_batch_open();
    engine_batch_delete(catalog->engine, batch, FAMILY_META, catalog_key(key, KEY_DROPPED, id));
    return catalog_commit(catalog, batch, err);
}

bool catalog_next_dropped_index(struct catalog *catalog,
                                struct dropped_index *dropped,
                                struct error *err)
{
    uint8_t lower[CATALOG_KEY_BYTES_MAX];
    uint8_t upper[CATALOG_KEY_BYTES_MAX];
    struct slice from = dropped->index == UINT16_MAX
                            ? catalog_index_key(lower, KEY_DROPPED_INDEX, dropped->table_id + 1, 0)
                            : catalog_index_key(lower, KEY_DROPPED_INDEX, dropped->table_id,
                                                (uint16_t)(dropped->index + 1));
    *dropped = (struct dropped_index){0};
    struct engine_iterator *iterator =
        engine_iterator_open(catalog->engine, FAMILY_META, NULL, from,
                             catalog_key(upper, KEY_DROPPED_INDEX, UINT32_MAX), READ_FULL);
    error_clear(err);
    bool ok = true;
    if (engine_iterator_first(iterator, err)) {
        struct slice key = engine_iterator_key(iterator);
        size_t prefix = strlen(KEY_DROPPED_INDEX);
        ok = key.size == prefix + 6;
        if (ok) {
            dropped->table_id = get_be32(key.data + prefix);
            dropped->index = get_be16(key.data + prefix + 4);
        } else {
            error_set(err, ERROR_CORRUPT, "a dropped index's note has a key of %zu bytes",
                      key.size);
        }
    }
    engine_iterator_close(iterator);
    return ok && err->code == ERROR_NONE;
}

bool catalog_forget_dropped_index(struct catalog *catalog,
                                  const struct dropped_index *dropped,
                                  struct error *err)
{
    uint8_t key[CATALOG_KEY_BYTES_MAX];
    struct engine_batch *batch = engine_batch_open();
    engine_batch_delete(
        catalog->engine, batch, FAMILY_META,
        catalog_index_key(key, KEY_DROPPED_INDEX, dropped->table_id, dropped->index));
    return catalog_commit(catalog, batch, err);
}

const struct table_index *table_find_index_id(const struct table *table, uint16_t id)
{
    for (uint32_t i = 0; i < table->indexes_count; i++) {
        if (table->indexes[i].id == id) {
            return &table->indexes[i];
        }
    }
    return NULL;
}

const struct table_index *table_find_index(const struct table *table, struct slice name)
{
    for (uint32_t i = 0; i < table->indexes_count; i++) {
        if (slice_equal(table->indexes[i].name, name)) {
            return &table->indexes[i];
        }
    }
    return NULL;
}
