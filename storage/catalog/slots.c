#include "storage/catalog/slots.h"

#include "storage/catalog/record.h"

#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static void slot_release(struct slot *slot)
{
    unsigned before = atomic_fetch_sub_explicit(&slot->references, 1, memory_order_acq_rel);
    ensure(before > 0);
    if (before == 1) {
        for (unsigned i = 0; i < SETTINGS; i++) {
            free((void *)(uintptr_t)slot->settings[i].data);
        }
        free(slot);
    }
}

bool description_make(struct slice record,
                      struct slot *slot,
                      struct description **made,
                      struct error *err)
{
    struct description *description = malloc(sizeof(*description) + record.size);
    ensure(description != NULL);
    memcpy(description->record, record.data, record.size);
    description->arena = (struct arena){0};
    if (!table_record_decode(slice_of(description->record, record.size), &description->arena,
                             &description->table, err)) {
        arena_destroy(&description->arena);
        free(description);
        return false;
    }
    if (slot == NULL) {
        slot = calloc(1, sizeof(*slot));
        ensure(slot != NULL);
    }
    atomic_fetch_add_explicit(&slot->references, 1, memory_order_relaxed);
    atomic_init(&description->references, 1);
    description->slot = slot;
    *made = description;
    return true;
}

void description_release(struct description *description)
{
    if (description == NULL) {
        return;
    }
    unsigned before = atomic_fetch_sub_explicit(&description->references, 1, memory_order_acq_rel);
    ensure(before > 0);
    if (before == 1) {
        slot_release(description->slot);
        arena_destroy(&description->arena);
        free(description);
    }
}

struct slot_index *slot_find_index(struct slot *slot, uint16_t id)
{
    for (uint32_t i = 0; i < TABLE_INDEXES_MAX; i++) {
        if (atomic_load_explicit(&slot->indexes[i].id, memory_order_acquire) == id) {
            return &slot->indexes[i];
        }
    }
    return NULL;
}

static bool table_has_index_id(const struct table *table, uint16_t id)
{
    for (uint32_t i = 0; i < table->indexes_count; i++) {
        if (table->indexes[i].id == id) {
            return true;
        }
    }
    return false;
}

/* Totals for the indexes that are new; those of indexes that have gone are forgotten. */
static void slot_take_indexes(struct slot *slot, const struct table *table)
{
    for (uint32_t i = 0; i < TABLE_INDEXES_MAX; i++) {
        struct slot_index *index = &slot->indexes[i];
        uint16_t id = atomic_load(&index->id);
        if (id != 0 && !table_has_index_id(table, id)) {
            atomic_store(&index->id, 0);
            atomic_store(&index->items, 0);
            atomic_store(&index->bytes, 0);
            index->saved_items = 0;
            index->saved_bytes = 0;
        }
    }
    for (uint32_t i = 0; i < table->indexes_count; i++) {
        uint16_t id = table->indexes[i].id;
        if (slot_find_index(slot, id) == NULL) {
            struct slot_index *free_one = slot_find_index(slot, 0);
            ensure(free_one != NULL);
            atomic_store(&free_one->id, id);
        }
    }
}

struct description *slot_set_current(struct slot *slot, struct description *description)
{
    struct description *before = slot->current;
    slot->current = description;
    slot_take_indexes(slot, &description->table);
    atomic_store_explicit(&slot->replicated, description->table.replicas_count > 0,
                          memory_order_release);
    atomic_store_explicit(&slot->newest, description, memory_order_release);
    return before;
}

static uint32_t slots_bucket_name(struct slice name)
{
    return (uint32_t)(XXH3_64bits(name.data, name.size) % SLOT_BUCKETS);
}

static uint32_t slots_bucket_uid(const uint8_t uid[static TABLE_UID_BYTES])
{
    return (uint32_t)(XXH3_64bits(uid, TABLE_UID_BYTES) % SLOT_BUCKETS);
}

/* The chain of a table under one of the lookups. */
static struct slot **
slots_chain(struct slots *slots, enum slot_lookup by, const struct table *table)
{
    uint32_t bucket = by == SLOT_BY_NAME  ? slots_bucket_name(table->name)
                      : by == SLOT_BY_UID ? slots_bucket_uid(table->uid)
                                          : table->id % SLOT_BUCKETS;
    return &slots->buckets[by][bucket];
}

uint32_t slots_after(const struct slots *slots, struct slice name)
{
    uint32_t low = 0;
    uint32_t high = slots->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (slice_compare(slots->by_name[middle]->current->table.name, name) <= 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

void slots_add(struct slots *slots, struct description *description)
{
    struct slot *slot = description->slot;
    ensure(slots->count < TABLES_MAX && slot->current == NULL);
    ensure(slots_find_id(slots, description->table.id) == NULL);
    slot_set_current(slot, description);
    atomic_fetch_add_explicit(&slot->references, 1, memory_order_relaxed);
    for (unsigned by = 0; by < SLOT_LOOKUPS; by++) {
        struct slot **chain = slots_chain(slots, (enum slot_lookup)by, &description->table);
        slot->next[by] = *chain;
        *chain = slot;
    }
    uint32_t place = slots_after(slots, description->table.name);
    memmove(&slots->by_name[place + 1], &slots->by_name[place],
            (slots->count - place) * sizeof(struct slot *));
    slots->by_name[place] = slot;
    slots->count++;
}

void slots_remove(struct slots *slots, struct slot *slot)
{
    struct description *description = slot->current;
    for (unsigned by = 0; by < SLOT_LOOKUPS; by++) {
        struct slot **link = slots_chain(slots, (enum slot_lookup)by, &description->table);
        while (*link != slot) {
            ensure(*link != NULL);
            link = &(*link)->next[by];
        }
        *link = slot->next[by];
    }
    uint32_t place = slots_after(slots, description->table.name);
    ensure(place > 0 && slots->by_name[place - 1] == slot);
    memmove(&slots->by_name[place - 1], &slots->by_name[place],
            (slots->count - place) * sizeof(struct slot *));
    slots->count--;
    slot->current = NULL;
    description_release(description);
    slot_release(slot);
}

struct slot *slots_find_name(const struct slots *slots, struct slice name)
{
    struct slot *slot = slots->buckets[SLOT_BY_NAME][slots_bucket_name(name)];
    while (slot != NULL && !slice_equal(slot->current->table.name, name)) {
        slot = slot->next[SLOT_BY_NAME];
    }
    return slot;
}

struct slot *slots_find_id(const struct slots *slots, uint32_t id)
{
    struct slot *slot = slots->buckets[SLOT_BY_ID][id % SLOT_BUCKETS];
    while (slot != NULL && slot->current->table.id != id) {
        slot = slot->next[SLOT_BY_ID];
    }
    return slot;
}

struct slot *slots_find_uid(const struct slots *slots, const uint8_t uid[static TABLE_UID_BYTES])
{
    struct slot *slot = slots->buckets[SLOT_BY_UID][slots_bucket_uid(uid)];
    while (slot != NULL && memcmp(slot->current->table.uid, uid, TABLE_UID_BYTES) != 0) {
        slot = slot->next[SLOT_BY_UID];
    }
    return slot;
}
