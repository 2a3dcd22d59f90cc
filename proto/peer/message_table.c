/* The description of a table, to and from its protobuf form. */
#include "proto/peer/message_pb.h"
#include "proto/value/value.h"

enum { TABLE_STATUS_MAX = 15, TABLE_BILLING_MAX = 1 };

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
    to->read_units = from->read_units;
    to->write_units = from->write_units;
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
        !message_unpack_lists(from, arena, to, err)) {
        return error_wrap(err, "table %.*s", (int)from->name.len, (const char *)from->name.data);
    }
    if (described && to->partition.type == VALUE_MISSING) {
        return error_set(err, ERROR_PROTOCOL, "a table without a partition key");
    }
    if (from->billing > TABLE_BILLING_MAX || from->read_units < 0 || from->write_units < 0 ||
        from->schema_region > UINT16_MAX || from->schema_stamp > MESSAGE_STAMP_MAX ||
        from->leaver.len > REGION_NAME_BYTES_MAX || from->leaving != (from->leaver.len > 0)) {
        return error_set(err, ERROR_PROTOCOL, "a table's settings are out of range");
    }
    to->request = from->request;
    to->name = message_slice(from->name);
    to->billing = (uint8_t)from->billing;
    to->was_on_demand = from->was_on_demand;
    to->on_demand_since_ms = from->on_demand_since_ms;
    to->read_units = from->read_units;
    to->write_units = from->write_units;
    to->created_ms = from->created_ms;
    to->deletion_protection = from->deletion_protection;
    to->schema_stamp = from->schema_stamp;
    to->schema_region = (uint16_t)from->schema_region;
    to->leaving = from->leaving;
    to->leaver = message_slice(from->leaver);
    return true;
}
