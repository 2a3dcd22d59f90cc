/* The description of a table, to and from its protobuf form. */
#include "proto/peer/message_pb.h"
#include "proto/value/value.h"

#include <inttypes.h>

enum {
    TABLE_STATUS_MAX = 15,
    TABLE_BILLING_MAX = 1,
    TABLE_CLASS_MAX = 1,
    INDEX_KIND_MAX = 1,
    INDEX_PROJECTION_MAX = 2,
    STREAM_MAX = 4,
};

static void message_pack_key(struct message_key_attribute from, Meridian__Peer__KeyAttribute *to)
{
    meridian__peer__key_attribute__init(to);
    to->name = message_bytes(from.name);
    to->type = from.type;
}

static bool message_unpack_key(const Meridian__Peer__KeyAttribute *from,
                               struct message_key_attribute *to,
                               struct error *err)
{
    *to = (struct message_key_attribute){0};
    if (from == NULL || from->type == VALUE_MISSING) {
        return true;
    }
    if (from->type != VALUE_S && from->type != VALUE_N && from->type != VALUE_B) {
        return error_set(err, ERROR_PROTOCOL, "a key attribute of type %u", from->type);
    }
    if (from->name.len == 0 || from->name.len > KEY_NAME_BYTES_MAX) {
        return error_set(err, ERROR_PROTOCOL, "a key attribute's name of %zu bytes",
                         from->name.len);
    }
    to->name = message_slice(from->name);
    to->type = (uint8_t)from->type;
    return true;
}

/* --- Throughput and indexes ------------------------------------------------------------------- */

static Meridian__Peer__Throughput *message_pack_throughput(const struct message_throughput *from,
                                                           struct arena *arena)
{
    Meridian__Peer__Throughput *to = arena_alloc(arena, sizeof(*to));
    meridian__peer__throughput__init(to);
    to->read_units = from->read_units;
    to->write_units = from->write_units;
    to->read_units_max = from->read_units_max;
    to->write_units_max = from->write_units_max;
    to->read_units_warm = from->read_units_warm;
    to->write_units_warm = from->write_units_warm;
    to->increased_ms = from->increased_ms;
    to->decreased_ms = from->decreased_ms;
    to->decreases = from->decreases;
    return to;
}

static bool message_unpack_throughput(const Meridian__Peer__Throughput *from,
                                      struct message_throughput *to,
                                      struct error *err)
{
    *to = (struct message_throughput){0};
    if (from == NULL) {
        return true;
    }
    *to = (struct message_throughput){
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
    const int64_t units[] = {
        to->read_units,      to->write_units,     to->read_units_max,
        to->write_units_max, to->read_units_warm, to->write_units_warm,
    };
    for (size_t i = 0; i < ARRAY_COUNT(units); i++) {
        if (units[i] < 0) {
            return error_set(err, ERROR_PROTOCOL, "a throughput of %" PRId64 " units", units[i]);
        }
    }
    return true;
}

static Meridian__Peer__KeyAttribute **
message_pack_keys(const struct message_key_attribute *from, uint32_t count, struct arena *arena)
{
    Meridian__Peer__KeyAttribute **to =
        arena_zalloc(arena, count, sizeof(Meridian__Peer__KeyAttribute *));
    for (uint32_t i = 0; i < count; i++) {
        to[i] = arena_alloc(arena, sizeof(*to[i]));
        message_pack_key(from[i], to[i]);
    }
    return to;
}

static bool message_unpack_keys(Meridian__Peer__KeyAttribute *const *from,
                                size_t count,
                                struct message_key_attribute to[static PEER_KEY_PARTS_MAX],
                                uint32_t *to_count,
                                struct error *err)
{
    if (count > PEER_KEY_PARTS_MAX) {
        return error_set(err, ERROR_PROTOCOL, "an index key of %zu attributes", count);
    }
    for (size_t i = 0; i < count; i++) {
        if (!message_unpack_key(from[i], &to[i], err)) {
            return false;
        }
        if (to[i].type == VALUE_MISSING) {
            return error_set(err, ERROR_PROTOCOL, "an index key without a type");
        }
    }
    *to_count = (uint32_t)count;
    return true;
}

static Meridian__Peer__TableIndex *message_pack_index(const struct message_index *from,
                                                      struct arena *arena)
{
    ensure(from->partition_count <= PEER_KEY_PARTS_MAX && from->sort_count <= PEER_KEY_PARTS_MAX);
    Meridian__Peer__TableIndex *to = arena_alloc(arena, sizeof(*to));
    meridian__peer__table_index__init(to);
    to->name = message_bytes(from->name);
    to->kind = from->kind;
    to->n_partition = from->partition_count;
    to->partition = message_pack_keys(from->partition, from->partition_count, arena);
    to->n_sort = from->sort_count;
    to->sort = message_pack_keys(from->sort, from->sort_count, arena);
    to->projection = from->projection;
    to->n_non_key = from->non_key_count;
    to->non_key = arena_zalloc(arena, from->non_key_count, sizeof(*to->non_key));
    for (uint32_t i = 0; i < from->non_key_count; i++) {
        to->non_key[i] = message_bytes(from->non_key[i]);
    }
    to->throughput = message_pack_throughput(&from->throughput, arena);
    return to;
}

static bool message_unpack_index(const Meridian__Peer__TableIndex *from,
                                 struct arena *arena,
                                 struct message_index *to,
                                 struct error *err)
{
    if (from->name.len < TABLE_NAME_BYTES_MIN || from->name.len > TABLE_NAME_BYTES_MAX ||
        from->kind > INDEX_KIND_MAX || from->projection > INDEX_PROJECTION_MAX ||
        from->n_partition == 0 || from->n_non_key > TABLE_NON_KEY_MAX) {
        return error_set(err, ERROR_PROTOCOL, "an index does not decode");
    }
    to->name = message_slice(from->name);
    to->kind = (uint8_t)from->kind;
    to->projection = (uint8_t)from->projection;
    to->non_key_count = (uint32_t)from->n_non_key;
    to->non_key = arena_zalloc(arena, from->n_non_key, sizeof(*to->non_key));
    for (uint32_t i = 0; i < to->non_key_count; i++) {
        to->non_key[i] = message_slice(from->non_key[i]);
        if (to->non_key[i].size == 0 || to->non_key[i].size > KEY_NAME_BYTES_MAX) {
            return error_set(err, ERROR_PROTOCOL, "a projected name of %zu bytes",
                             to->non_key[i].size);
        }
    }
    return message_unpack_keys(from->partition, from->n_partition, to->partition,
                               &to->partition_count, err) &&
           message_unpack_keys(from->sort, from->n_sort, to->sort, &to->sort_count, err) &&
           message_unpack_throughput(from->throughput, &to->throughput, err);
}

static bool message_unpack_indexes(const Meridian__Peer__TableState *from,
                                   struct arena *arena,
                                   struct message_table *to,
                                   struct error *err)
{
    if (from->n_indexes > TABLE_INDEXES_MAX) {
        return error_set(err, ERROR_PROTOCOL, "a table of %zu indexes", from->n_indexes);
    }
    to->indexes_count = (uint32_t)from->n_indexes;
    to->indexes = arena_zalloc(arena, from->n_indexes, sizeof(*to->indexes));
    for (uint32_t i = 0; i < to->indexes_count; i++) {
        if (!message_unpack_index(from->indexes[i], arena, &to->indexes[i], err)) {
            return false;
        }
    }
    return true;
}

/* --- Tables ----------------------------------------------------------------------------------- */

void message_pack_table(const struct message_table *from,
                        struct arena *arena,
                        Meridian__Peer__TableState *to)
{
    ensure(from->attributes_count <= PEER_TABLE_ATTRIBUTES_MAX);
    ensure(from->replicas_count <= REGIONS_MAX);
    meridian__peer__table_state__init(to);
    to->request = from->request;
    to->uid = message_bytes(slice_of(from->uid, sizeof(from->uid)));
    to->name = message_bytes(from->name);
    uint32_t keys_count = from->attributes_count + 2;
    Meridian__Peer__KeyAttribute *keys = arena_zalloc(arena, keys_count, sizeof(*keys));
    message_pack_key(from->partition, &keys[0]);
    message_pack_key(from->sort, &keys[1]);
    to->partition = &keys[0];
    to->sort = &keys[1];
    to->n_attributes = from->attributes_count;
    to->attributes = arena_zalloc(arena, keys_count, sizeof(*to->attributes));
    for (uint32_t i = 0; i < from->attributes_count; i++) {
        message_pack_key(from->attributes[i], &keys[2 + i]);
        to->attributes[i] = &keys[2 + i];
    }
    to->billing = from->billing;
    to->was_on_demand = from->was_on_demand;
    to->on_demand_since_ms = from->on_demand_since_ms;
    to->throughput = message_pack_throughput(&from->throughput, arena);
    to->table_class = from->table_class;
    to->class_changed_ms = from->class_changed_ms;
    to->encrypted = from->encrypted;
    to->stream = from->stream;
    to->n_indexes = from->indexes_count;
    to->indexes = arena_zalloc(arena, from->indexes_count, sizeof(*to->indexes));
    for (uint32_t i = 0; i < from->indexes_count; i++) {
        to->indexes[i] = message_pack_index(&from->indexes[i], arena);
    }
    to->ttl_attribute = message_bytes(from->ttl_attribute);
    to->ttl_changed_ms = from->ttl_changed_ms;
    to->created_ms = from->created_ms;
    to->deletion_protection = from->deletion_protection;
    to->n_replicas = from->replicas_count;
    to->replicas = arena_zalloc(arena, from->replicas_count, sizeof(*to->replicas));
    for (uint32_t i = 0; i < from->replicas_count; i++) {
        Meridian__Peer__TableReplica *replica = arena_alloc(arena, sizeof(*replica));
        meridian__peer__table_replica__init(replica);
        replica->region = message_bytes(from->replicas[i].region);
        replica->status = from->replicas[i].status;
        replica->reason = message_bytes(from->replicas[i].reason);
        replica->stamp = from->replicas[i].stamp;
        to->replicas[i] = replica;
    }
    to->schema_stamp = from->schema_stamp;
    to->schema_region = from->schema_region;
    to->base_stamp = from->base_stamp;
    to->base_region = from->base_region;
    to->content_stamp = from->content_stamp;
    to->content_region = from->content_region;
    to->leaving = from->leaving;
    to->leaver = message_bytes(from->leaver);
}

static bool message_unpack_lists(const Meridian__Peer__TableState *from,
                                 struct arena *arena,
                                 struct message_table *to,
                                 struct error *err)
{
    if (from->n_attributes > PEER_TABLE_ATTRIBUTES_MAX || from->n_replicas > REGIONS_MAX) {
        return error_set(err, ERROR_PROTOCOL, "a table of %zu attributes and %zu replicas",
                         from->n_attributes, from->n_replicas);
    }
    to->attributes_count = (uint32_t)from->n_attributes;
    to->attributes = arena_zalloc(arena, from->n_attributes, sizeof(*to->attributes));
    for (uint32_t i = 0; i < to->attributes_count; i++) {
        if (!message_unpack_key(from->attributes[i], &to->attributes[i], err)) {
            return false;
        }
        if (to->attributes[i].type == VALUE_MISSING) {
            return error_set(err, ERROR_PROTOCOL, "an attribute definition without a type");
        }
    }
    to->replicas_count = (uint32_t)from->n_replicas;
    to->replicas = arena_zalloc(arena, from->n_replicas, sizeof(*to->replicas));
    for (uint32_t i = 0; i < to->replicas_count; i++) {
        const Meridian__Peer__TableReplica *replica = from->replicas[i];
        if (replica->region.len == 0 || replica->region.len > REGION_NAME_BYTES_MAX ||
            replica->status > TABLE_STATUS_MAX || replica->reason.len > PEER_TEXT_BYTES_MAX) {
            return error_set(err, ERROR_PROTOCOL, "replica %u of a table does not decode", i);
        }
        to->replicas[i] = (struct message_replica){
            .region = message_slice(replica->region),
            .status = (uint8_t)replica->status,
            .reason = message_slice(replica->reason),
            .stamp = replica->stamp,
        };
    }
    return true;
}

bool message_unpack_table(const Meridian__Peer__TableState *from,
                          struct arena *arena,
                          struct message_table *to,
                          struct error *err)
{
    if (from->uid.len != MESSAGE_UID_BYTES) {
        return error_set(err, ERROR_PROTOCOL, "a table's uid of %zu bytes", from->uid.len);
    }
    memcpy(to->uid, from->uid.data, MESSAGE_UID_BYTES);
    /* Who takes leave names the table by its uid alone: the description is gone already. */
    bool described = !from->leaving || from->name.len > 0;
    if (described &&
        (from->name.len < TABLE_NAME_BYTES_MIN || from->name.len > TABLE_NAME_BYTES_MAX)) {
        return error_set(err, ERROR_PROTOCOL, "a table's name of %zu bytes", from->name.len);
    }
    if (!message_unpack_key(from->partition, &to->partition, err) ||
        !message_unpack_key(from->sort, &to->sort, err) ||
        !message_unpack_lists(from, arena, to, err) ||
        !message_unpack_indexes(from, arena, to, err) ||
        !message_unpack_throughput(from->throughput, &to->throughput, err)) {
        return error_wrap(err, "table %.*s", (int)from->name.len, (const char *)from->name.data);
    }
    if (described && to->partition.type == VALUE_MISSING) {
        return error_set(err, ERROR_PROTOCOL, "a table without a partition key");
    }
    if (from->billing > TABLE_BILLING_MAX || from->table_class > TABLE_CLASS_MAX ||
        from->stream > STREAM_MAX || from->schema_region > UINT16_MAX ||
        from->schema_stamp > MESSAGE_STAMP_MAX || from->base_region > UINT16_MAX ||
        from->base_stamp > MESSAGE_STAMP_MAX || from->content_region > UINT16_MAX ||
        from->content_stamp > MESSAGE_STAMP_MAX || from->ttl_attribute.len > TTL_NAME_BYTES_MAX ||
        from->leaver.len > REGION_NAME_BYTES_MAX || from->leaving != (from->leaver.len > 0)) {
        return error_set(err, ERROR_PROTOCOL, "a table's settings are out of range");
    }
    to->request = from->request;
    to->name = message_slice(from->name);
    to->billing = (uint8_t)from->billing;
    to->was_on_demand = from->was_on_demand;
    to->on_demand_since_ms = from->on_demand_since_ms;
    to->table_class = (uint8_t)from->table_class;
    to->class_changed_ms = from->class_changed_ms;
    to->encrypted = from->encrypted;
    to->ttl_attribute = message_slice(from->ttl_attribute);
    to->ttl_changed_ms = from->ttl_changed_ms;
    to->stream = (uint8_t)from->stream;
    to->created_ms = from->created_ms;
    to->deletion_protection = from->deletion_protection;
    to->schema_stamp = from->schema_stamp;
    to->schema_region = (uint16_t)from->schema_region;
    to->base_stamp = from->base_stamp;
    to->base_region = (uint16_t)from->base_region;
    to->content_stamp = from->content_stamp;
    to->content_region = (uint16_t)from->content_region;
    to->leaving = from->leaving;
    to->leaver = message_slice(from->leaver);
    return true;
}
