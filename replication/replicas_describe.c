/* The description of a table, from the catalog to a message and back: see replicas.h.
 *
 * What all regions agree on travels, time to live and the view of a stream included. Deletion
 * protection, the key of an encrypted table, the records and the label of a stream, and the id and
 * status of each index are a region's own: an index that a member has made is built here from the
 * rows that are here. */
#include "replication/replicas_internal.h"

#include "storage/ttl/ttl.h"

static struct message_throughput replicas_throughput(const struct throughput *from)
{
    return (struct message_throughput){
        .read_units = from->read_units,
        .write_units = from->write_units,
        .read_units_max = from->read_units_max,
        .write_units_max = from->write_units_max,
        .read_units_warm = from->read_units_warm,
        .write_units_warm = from->write_units_warm,
        .increased_ms = from->increased_ms,
        .decreased_ms = from->decreased_ms,
        .decreases = from->decreases,
    };
}

static struct throughput replicas_throughput_of(const struct message_throughput *from)
{
    return (struct throughput){
        .read_units = from->read_units,
        .write_units = from->write_units,
        .read_units_max = from->read_units_max,
        .write_units_max = from->write_units_max,
        .read_units_warm = from->read_units_warm,
        .write_units_warm = from->write_units_warm,
        .increased_ms = from->increased_ms,
        .decreased_ms = from->decreased_ms,
        .decreases = from->decreases,
    };
}

static struct message_key_attribute replicas_attribute(const struct key_attribute *from)
{
    return (struct message_key_attribute){from->name, (uint8_t)from->type};
}

static struct key_attribute replicas_attribute_of(const struct message_key_attribute *from)
{
    return (struct key_attribute){from->name, (enum value_type)from->type};
}

/* --- To a message ----------------------------------------------------------------------------- */

static void replicas_describe_index(const struct table_index *index,
                                    struct arena *arena,
                                    struct message_index *message)
{
    *message = (struct message_index){
        .name = index->name,
        .kind = (uint8_t)index->kind,
        .partition_count = index->keys.partition_count,
        .sort_count = index->keys.sort_count,
        .projection = (uint8_t)index->projection,
        .non_key_count = index->non_key_count,
        .throughput = replicas_throughput(&index->throughput),
    };
    for (uint32_t i = 0; i < index->keys.partition_count; i++) {
        message->partition[i] = replicas_attribute(&index->keys.partition[i]);
    }
    for (uint32_t i = 0; i < index->keys.sort_count; i++) {
        message->sort[i] = replicas_attribute(&index->keys.sort[i]);
    }
    message->non_key = arena_zalloc(arena, index->non_key_count, sizeof(*message->non_key));
    for (uint32_t i = 0; i < index->non_key_count; i++) {
        message->non_key[i] = index->non_key[i];
    }
}

static void replicas_describe_lists(const struct replicas *replicas,
                                    const struct table *table,
                                    struct arena *arena,
                                    struct message_table *message)
{
    message->attributes_count = table->attributes_count;
    message->attributes =
        arena_zalloc(arena, table->attributes_count, sizeof(message->attributes[0]));
    for (uint32_t i = 0; i < table->attributes_count; i++) {
        message->attributes[i] = replicas_attribute(&table->attributes[i]);
    }
    message->indexes = arena_zalloc(arena, table->indexes_count, sizeof(message->indexes[0]));
    for (uint32_t i = 0; i < table->indexes_count; i++) {
        if (table->indexes[i].status != INDEX_DELETING) {
            replicas_describe_index(&table->indexes[i], arena,
                                    &message->indexes[message->indexes_count++]);
        }
    }
    message->replicas =
        arena_zalloc(arena, table->replicas_count + 1, sizeof(message->replicas[0]));
    for (uint32_t i = 0; i < table->replicas_count; i++) {
        const struct replica *replica = &table->replicas[i];
        message->replicas[message->replicas_count++] =
            (struct message_replica){slice_text(replica->region), (uint8_t)replica->status,
                                     slice_text(replica->reason), replica->stamp};
    }
    message->replicas[message->replicas_count++] = (struct message_replica){
        slice_text(replicas->self->name),
        table->status == TABLE_CREATING ? REPLICA_CREATING : REPLICA_ACTIVE,
        {0},
        0,
    };
}

void replicas_describe(struct replicas *replicas,
                       const struct table *table,
                       struct arena *arena,
                       struct message_table *message)
{
    *message = (struct message_table){
        .name = table->name,
        .partition = replicas_attribute(&table->partition),
        .sort = replicas_attribute(&table->sort),
        .billing = (uint8_t)table->billing,
        .was_on_demand = table->was_on_demand,
        .on_demand_since_ms = table->on_demand_since_ms,
        .throughput = replicas_throughput(&table->throughput),
        .table_class = (uint8_t)table->table_class,
        .class_changed_ms = table->class_changed_ms,
        .encrypted = table->encrypted,
        .ttl_attribute = ttl_is_on(&table->ttl) ? table->ttl.attribute : (struct slice){NULL, 0},
        .ttl_changed_ms = table->ttl.changed_ms,
        .stream = (uint8_t)(table->stream.id == 0 ? 0 : 1 + table->stream.view),
        .created_ms = table->created_ms,
        .deletion_protection = table->deletion_protection,
        .schema_stamp = table->schema_stamp,
        .schema_region = table->schema_region,
        .base_stamp = table->base_stamp,
        .base_region = table->base_region,
        .content_stamp = table->content_stamp,
        .content_region = table->content_region,
    };
    memcpy(message->uid, table->uid, TABLE_UID_BYTES);
    replicas_describe_lists(replicas, table, arena, message);
}

/* --- From a message --------------------------------------------------------------------------- */

static bool replicas_same_keys(const struct key_attribute *ours,
                               uint32_t ours_count,
                               const struct message_key_attribute *theirs,
                               uint32_t theirs_count)
{
    if (ours_count != theirs_count) {
        return false;
    }
    for (uint32_t i = 0; i < ours_count; i++) {
        if (!slice_equal(ours[i].name, theirs[i].name) || ours[i].type != theirs[i].type) {
            return false;
        }
    }
    return true;
}

/* Would both hold the same rows? */
static bool replicas_same_index(const struct table_index *ours, const struct message_index *theirs)
{
    bool same = ours->kind == (enum index_kind)theirs->kind &&
                ours->projection == (enum projection_kind)theirs->projection &&
                ours->non_key_count == theirs->non_key_count &&
                replicas_same_keys(ours->keys.partition, ours->keys.partition_count,
                                   theirs->partition, theirs->partition_count) &&
                replicas_same_keys(ours->keys.sort, ours->keys.sort_count, theirs->sort,
                                   theirs->sort_count);
    for (uint32_t i = 0; same && i < ours->non_key_count; i++) {
        same = slice_equal(ours->non_key[i], theirs->non_key[i]);
    }
    return same;
}

static const struct message_index *replicas_find_index(const struct message_table *message,
                                                       struct slice name)
{
    for (uint32_t i = 0; i < message->indexes_count; i++) {
        if (slice_equal(message->indexes[i].name, name)) {
            return &message->indexes[i];
        }
    }
    return NULL;
}

static void replicas_index_of(const struct message_index *from,
                              enum index_status status,
                              struct table *table,
                              struct table_index *index)
{
    *index = (struct table_index){
        .id = table->next_index_id++,
        .kind = (enum index_kind)from->kind,
        .status = status,
        .name = from->name,
        .projection = (enum projection_kind)from->projection,
        .non_key = from->non_key,
        .non_key_count = from->non_key_count,
    };
    index->keys.partition_count = from->partition_count;
    index->keys.sort_count = from->sort_count;
    for (uint32_t i = 0; i < from->partition_count; i++) {
        index->keys.partition[i] = replicas_attribute_of(&from->partition[i]);
    }
    for (uint32_t i = 0; i < from->sort_count; i++) {
        index->keys.sort[i] = replicas_attribute_of(&from->sort[i]);
    }
}

/* Indexes that are here and unchanged keep their rows. New ones of a table that holds rows are
 * built; of a table that is only being made they grow with it. What the member does not list is on
 * its way out here too; one that has come back with another shape is dropped at once, because two
 * indexes cannot share a name. */
static void replicas_take_indexes(const struct message_table *message,
                                  bool new_table,
                                  struct arena *arena,
                                  struct table *table)
{
    uint32_t room = table->indexes_count + message->indexes_count;
    struct table_index *indexes = arena_zalloc(arena, room, sizeof(*indexes));
    uint32_t count = 0;
    table->next_index_id = table->next_index_id == 0 ? 1 : table->next_index_id;
    for (uint32_t i = 0; i < message->indexes_count; i++) {
        const struct message_index *from = &message->indexes[i];
        const struct table_index *ours = table_find_index(table, from->name);
        struct table_index *index = &indexes[count++];
        if (ours != NULL && ours->status != INDEX_DELETING && replicas_same_index(ours, from)) {
            *index = *ours;
        } else {
            replicas_index_of(from, new_table ? INDEX_ACTIVE : INDEX_CREATING, table, index);
        }
        index->throughput = replicas_throughput_of(&from->throughput);
    }
    for (uint32_t i = 0; i < table->indexes_count && count < TABLE_INDEXES_MAX; i++) {
        const struct table_index *ours = &table->indexes[i];
        if (ours->kind == INDEX_GLOBAL && replicas_find_index(message, ours->name) == NULL) {
            indexes[count] = *ours;
            indexes[count].status = INDEX_DELETING;
            indexes[count++].backfilling = false;
        }
    }
    table->indexes = indexes;
    table->indexes_count = count;
}

static bool replicas_defines(const struct table *table, struct slice name)
{
    for (uint32_t i = 0; i < table->attributes_count; i++) {
        if (slice_equal(table->attributes[i].name, name)) {
            return true;
        }
    }
    return false;
}

static void replicas_keep_attribute(struct table *table, const struct key_attribute *attribute)
{
    if (!replicas_defines(table, attribute->name) &&
        table->attributes_count < TABLE_ATTRIBUTES_MAX) {
        table->attributes[table->attributes_count++] = *attribute;
    }
}

/* The member's definitions, and those of indexes that are on their way out here. */
static void replicas_take_attributes(const struct message_table *message, struct table *table)
{
    table->attributes_count = 0;
    for (uint32_t i = 0; i < message->attributes_count && i < TABLE_ATTRIBUTES_MAX; i++) {
        table->attributes[table->attributes_count++] =
            replicas_attribute_of(&message->attributes[i]);
    }
    for (uint32_t i = 0; i < table->indexes_count; i++) {
        const struct key_schema *keys = &table->indexes[i].keys;
        for (uint32_t k = 0; k < keys->partition_count; k++) {
            replicas_keep_attribute(table, &keys->partition[k]);
        }
        for (uint32_t k = 0; k < keys->sort_count; k++) {
            replicas_keep_attribute(table, &keys->sort[k]);
        }
    }
}

static void replicas_take_members(const struct replicas *replicas,
                                  const struct message_table *message,
                                  struct table *table)
{
    table->replicas_count = 0;
    for (uint32_t i = 0; i < message->replicas_count; i++) {
        const struct message_replica *from = &message->replicas[i];
        char region[REGION_NAME_BYTES_MAX + 1];
        snprintf(region, sizeof(region), "%.*s", SLICE_ARGS(from->region));
        if (slice_is(from->region, replicas->self->name) || table->replicas_count == REGIONS_MAX ||
            replicas_entry(table, slice_text(region)) != NULL) {
            continue;
        }
        struct replica *entry = &table->replicas[table->replicas_count++];
        *entry =
            (struct replica){.status = (enum replica_status)from->status, .stamp = from->stamp};
        memcpy(entry->region, region, sizeof(region));
        snprintf(entry->reason, sizeof(entry->reason), "%.*s", SLICE_ARGS(from->reason));
    }
}

/* Each region keeps expiry rows of its own. In a table that is being made they come with the items;
 * where there are items already the builder makes them. */
static void
replicas_take_ttl(const struct message_table *message, bool new_table, struct table *table)
{
    struct table_ttl *ttl = &table->ttl;
    bool on = message->ttl_attribute.size > 0;
    if (new_table) {
        *ttl = (struct table_ttl){on ? TTL_ENABLED : TTL_DISABLED, message->ttl_attribute,
                                  message->ttl_changed_ms};
    } else if (on != ttl_is_on(ttl) ||
               (on && !slice_equal(ttl->attribute, message->ttl_attribute))) {
        ttl_turn(ttl, on, message->ttl_attribute, message->ttl_changed_ms);
    }
}

void replicas_take_over(const struct replicas *replicas,
                        const struct message_table *message,
                        bool new_table,
                        struct arena *arena,
                        struct table *table)
{
    table->billing = (enum billing_mode)message->billing;
    table->was_on_demand = message->was_on_demand;
    table->on_demand_since_ms = message->on_demand_since_ms;
    table->throughput = replicas_throughput_of(&message->throughput);
    table->table_class = (enum table_class)message->table_class;
    table->class_changed_ms = message->class_changed_ms;
    table->encrypted = message->encrypted;
    table->kms_key = message->encrypted ? table->kms_key : (struct slice){NULL, 0};
    table->schema_stamp = message->schema_stamp;
    table->schema_region = message->schema_region;
    table->base_stamp = message->base_stamp;
    table->base_region = message->base_region;
    table->content_stamp = message->content_stamp;
    table->content_region = message->content_region;
    replicas_take_ttl(message, new_table, table);
    replicas_take_indexes(message, new_table, arena, table);
    replicas_take_attributes(message, table);
    replicas_take_members(replicas, message, table);
}
