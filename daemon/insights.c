#include "daemon/insights.h"

#include "proto/value/json.h"

#include <pthread.h>
#include <stdlib.h>

struct insights_counter {
    uint64_t hash; /* Of the whole key; the text may be cut. */
    uint64_t count, over;
    size_t size, shown; /* The whole key's; of it here. */
    uint8_t text[INSIGHTS_KEY_BYTES_MAX];
};

struct insights_sketch {
    uint64_t total;
    uint32_t used;
    struct insights_counter counters[INSIGHTS_KEYS];
};

/* One table or index. */
struct insights_entry {
    uint32_t table_id;
    uint16_t index_id;
    bool throttled_only; /* Mode THROTTLED_KEYS. */
    uint64_t since_ms;
    struct insights_sketch accessed, throttled;
};

struct insights {
    struct store_clock clock;
    pthread_mutex_t mutex; /* Guards what follows. */
    struct insights_entry *entries[INSIGHTS_MAX];
    uint32_t count;
};

struct insights *insights_open(const struct store_clock *clock)
{
    struct insights *made = calloc(1, sizeof(*made));
    ensure(made != NULL);
    made->clock = *clock;
    ensure(pthread_mutex_init(&made->mutex, NULL) == 0);
    return made;
}

void insights_close(struct insights *insights)
{
    if (insights == NULL) {
        return;
    }
    for (uint32_t i = 0; i < insights->count; i++) {
        free(insights->entries[i]);
    }
    ensure(pthread_mutex_destroy(&insights->mutex) == 0);
    free(insights);
}

static void insights_lock(struct insights *insights)
{
    ensure(pthread_mutex_lock(&insights->mutex) == 0);
}

static void insights_unlock(struct insights *insights)
{
    ensure(pthread_mutex_unlock(&insights->mutex) == 0);
}

/* --- What is on ------------------------------------------------------------------------------- */

static struct insights_entry *
insights_find(const struct insights *insights, uint32_t table_id, uint16_t index_id)
{
    for (uint32_t i = 0; i < insights->count; i++) {
        struct insights_entry *entry = insights->entries[i];
        if (entry->table_id == table_id && entry->index_id == index_id) {
            return entry;
        }
    }
    return NULL;
}

/* What shall be measured from now on. */
struct insights_plan {
    struct {
        uint32_t table_id;
        uint16_t index_id;
        bool throttled_only;
    } wanted[INSIGHTS_MAX];
    uint32_t count;
};

static bool insights_plan_table(struct insights_plan *plan,
                                struct catalog *catalog,
                                const struct table *table,
                                struct arena *arena,
                                struct error *err)
{
    struct slice bytes = catalog_setting(catalog, table, SETTING_INSIGHTS, arena);
    struct json *list = NULL;
    if (bytes.size == 0) {
        return true;
    }
    if (!json_parse(bytes, arena, &list, err)) {
        return error_set(err, ERROR_CORRUPT, "the insights of table %.*s do not decode",
                         SLICE_ARGS(table->name));
    }
    for (const struct json *each = list->first; each != NULL; each = each->next) {
        const struct json *name = json_get(each, "IndexName");
        const struct json *mode = json_get(each, "Mode");
        const struct table_index *index = name == NULL ? NULL : table_find_index(table, name->text);
        if (plan->count == INSIGHTS_MAX || (name != NULL && index == NULL)) {
            continue;
        }
        uint32_t at = plan->count++;
        plan->wanted[at].table_id = table->id;
        plan->wanted[at].index_id = index == NULL ? 0 : index->id;
        plan->wanted[at].throttled_only = mode != NULL && slice_is(mode->text, "THROTTLED_KEYS");
    }
    return true;
}

static bool insights_plan_all(struct insights_plan *plan,
                              struct catalog *catalog,
                              struct arena *arena,
                              struct error *err)
{
    bool more = false;
    bool ok = true;
    struct slice *names = arena_zalloc(arena, TABLES_MAX, sizeof(*names));
    uint32_t count =
        catalog_settings_count(catalog, SETTING_INSIGHTS) == 0
            ? 0
            : catalog_list(catalog, SLICE_LITERAL(""), TABLES_MAX, arena, names, &more);
    for (uint32_t i = 0; i < count && ok; i++) {
        const struct table *table = catalog_acquire(catalog, names[i]);
        ok = table == NULL || insights_plan_table(plan, catalog, table, arena, err);
        table_release(table);
    }
    return ok;
}

static struct insights_entry *insights_entry_make(uint32_t table_id, uint16_t index_id, uint64_t ms)
{
    struct insights_entry *made = calloc(1, sizeof(*made));
    ensure(made != NULL);
    made->table_id = table_id;
    made->index_id = index_id;
    made->since_ms = ms;
    return made;
}

bool insights_sync(struct insights *insights, struct catalog *catalog, struct error *err)
{
    struct arena arena;
    arena_init(&arena);
    struct insights_plan *plan = arena_zalloc(&arena, 1, sizeof(*plan));
    struct insights_entry *kept[INSIGHTS_MAX];
    insights_lock(insights); /* Two who sync take turns: the later one has seen what is newer. */
    bool ok = insights_plan_all(plan, catalog, &arena, err);
    uint64_t now_ms = insights->clock.wall_ms(insights->clock.context);
    for (uint32_t i = 0; ok && i < plan->count; i++) {
        uint32_t table_id = plan->wanted[i].table_id;
        uint16_t index_id = plan->wanted[i].index_id;
        struct insights_entry *entry = insights_find(insights, table_id, index_id);
        kept[i] = entry != NULL ? entry : insights_entry_make(table_id, index_id, now_ms);
        kept[i]->throttled_only = plan->wanted[i].throttled_only;
    }
    for (uint32_t i = 0; ok && i < insights->count; i++) {
        bool stays = false;
        for (uint32_t k = 0; k < plan->count; k++) {
            stays = stays || kept[k] == insights->entries[i];
        }
        if (!stays) {
            free(insights->entries[i]);
        }
    }
    if (ok) {
        memcpy(insights->entries, kept, plan->count * sizeof(kept[0]));
        insights->count = plan->count;
    }
    insights_unlock(insights);
    arena_destroy(&arena);
    return ok;
}

/* --- Counting --------------------------------------------------------------------------------- */

static uint64_t insights_hash(struct slice key) /* FNV-1a. */
{
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < key.size; i++) {
        hash = (hash ^ key.data[i]) * 1099511628211u;
    }
    return hash;
}

static void insights_count(struct insights_sketch *sketch, struct slice key)
{
    uint64_t hash = insights_hash(key);
    size_t shown = key.size < INSIGHTS_KEY_BYTES_MAX ? key.size : INSIGHTS_KEY_BYTES_MAX;
    while (shown < key.size && shown > 0 && (key.data[shown] & 0xC0) == 0x80) {
        shown--; /* Not inside of a character. */
    }
    struct insights_counter *least = &sketch->counters[0];
    sketch->total++;
    for (uint32_t i = 0; i < sketch->used; i++) {
        struct insights_counter *counter = &sketch->counters[i];
        if (counter->hash == hash && counter->size == key.size &&
            memcmp(counter->text, key.data, shown) == 0) {
            counter->count++;
            return;
        }
        least = counter->count < least->count ? counter : least;
    }
    if (sketch->used < INSIGHTS_KEYS) {
        least = &sketch->counters[sketch->used++];
    }
    least->over = least->count; /* 0 of one that was free. */
    least->count++;
    least->hash = hash;
    least->size = key.size;
    least->shown = shown;
    memcpy(least->text, key.data, shown);
}

void insights_note(struct insights *insights,
                   uint32_t table_id,
                   uint16_t index_id,
                   struct slice key,
                   bool throttled)
{
    if (key.size == 0) {
        return;
    }
    insights_lock(insights);
    struct insights_entry *entry = insights_find(insights, table_id, index_id);
    if (entry != NULL && throttled) {
        insights_count(&entry->throttled, key);
    } else if (entry != NULL && !entry->throttled_only) {
        insights_count(&entry->accessed, key);
    }
    insights_unlock(insights);
}

/* --- Reading ---------------------------------------------------------------------------------- */

static int insights_order(const void *a, const void *b)
{
    const struct insights_key *left = a;
    const struct insights_key *right = b;
    return (left->count < right->count) - (left->count > right->count);
}

static uint32_t
insights_copy(const struct insights_sketch *sketch, struct arena *arena, struct insights_key *keys)
{
    for (uint32_t i = 0; i < sketch->used; i++) {
        const struct insights_counter *counter = &sketch->counters[i];
        keys[i] = (struct insights_key){
            .text = arena_copy(arena, slice_of(counter->text, counter->shown)),
            .cut = counter->shown < counter->size,
            .count = counter->count,
            .over = counter->over};
    }
    qsort(keys, sketch->used, sizeof(*keys), insights_order);
    return sketch->used;
}

uint32_t insights_read(struct insights *insights,
                       uint32_t table_id,
                       struct arena *arena,
                       struct insights_figures **figures)
{
    uint32_t count = 0;
    *figures = arena_zalloc(arena, 1 + TABLE_INDEXES_MAX, sizeof(**figures));
    insights_lock(insights);
    for (uint32_t i = 0; i < insights->count && count < 1 + TABLE_INDEXES_MAX; i++) {
        const struct insights_entry *entry = insights->entries[i];
        if (entry->table_id != table_id) {
            continue;
        }
        struct insights_figures *to = &(*figures)[count++];
        to->index_id = entry->index_id;
        to->since_ms = entry->since_ms;
        to->accesses = entry->accessed.total;
        to->throttles = entry->throttled.total;
        to->accessed_count = insights_copy(&entry->accessed, arena, to->accessed);
        to->throttled_count = insights_copy(&entry->throttled, arena, to->throttled);
    }
    insights_unlock(insights);
    return count;
}
