#include "storage/catalog/record.h"

#include "storage/catalog/record_inner.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
    CHECKSUM = 0,
    VERSION = 8,
    ID = 9,
    UID = 13,
    UUID_TEXT = 29,
    STATUS = 65,
    BILLING = 66,
    FLAGS = 67,
    CREATED = 68,
    ON_DEMAND_SINCE = 76,
    READ_UNITS = 84,
    WRITE_UNITS = 92,
    SCHEMA_STAMP = 100,
    SCHEMA_REGION = 108,
    FIXED_BYTES = 110,

    UUID_TEXT_BYTES = 36,
    RECORD_VERSION = 4,
    RECORD_VERSION_OLDEST = 1,
    TOTALS_VERSION = 1,
    SETTING_VERSION = 1,
    FLAG_WAS_ON_DEMAND = 1,
    FLAG_DELETION_PROTECTION = 2,
    FLAG_ENCRYPTED = 4, /* Since version 2. */
};

void record_put_text(struct buffer *to, struct slice text)
{
    buffer_append_varint(to, text.size);
    buffer_append_slice(to, text);
}

void record_put_attribute(struct buffer *to, const struct key_attribute *attribute)
{
    buffer_append_byte(to, (uint8_t)attribute->type);
    record_put_text(to, attribute->name);
}

static void record_put_fixed(uint8_t *fixed, const struct table *table)
{
    ensure(strlen(table->table_id) == UUID_TEXT_BYTES);
    fixed[VERSION] = RECORD_VERSION;
    put_be32(fixed + ID, table->id);
    memcpy(fixed + UID, table->uid, TABLE_UID_BYTES);
    memcpy(fixed + UUID_TEXT, table->table_id, UUID_TEXT_BYTES);
    fixed[STATUS] = (uint8_t)table->status;
    fixed[BILLING] = (uint8_t)table->billing;
    fixed[FLAGS] = (uint8_t)((table->was_on_demand ? FLAG_WAS_ON_DEMAND : 0) |
                             (table->deletion_protection ? FLAG_DELETION_PROTECTION : 0) |
                             (table->encrypted ? FLAG_ENCRYPTED : 0));
    put_be64(fixed + CREATED, table->created_ms);
    put_be64(fixed + ON_DEMAND_SINCE, table->on_demand_since_ms);
    put_be64(fixed + READ_UNITS, (uint64_t)table->throughput.read_units);
    put_be64(fixed + WRITE_UNITS, (uint64_t)table->throughput.write_units);
    put_be64(fixed + SCHEMA_STAMP, table->schema_stamp);
    put_be16(fixed + SCHEMA_REGION, table->schema_region);
}

bool record_attribute_fits(const struct key_attribute *attribute)
{
    enum value_type type = attribute->type;
    return (type == VALUE_S || type == VALUE_N || type == VALUE_B) && attribute->name.size > 0 &&
           attribute->name.size <= KEY_NAME_BYTES_MAX;
}

static bool record_replica_fits(const struct replica *replica)
{
    return replica->region[0] != 0 && replica->status < REPLICA_STATUSES &&
           memchr(replica->region, 0, sizeof(replica->region)) != NULL &&
           memchr(replica->reason, 0, sizeof(replica->reason)) != NULL;
}

static bool record_ttl_fits(const struct table_ttl *ttl)
{
    return ttl->status < TTL_STATUSES && ttl->attribute.size <= TTL_NAME_BYTES_MAX &&
           (ttl->attribute.size == 0) == (ttl->status == TTL_DISABLED);
}

bool table_record_check(const struct table *table, struct error *err)
{
    bool fits =
        table->name.size > 0 && table->name.size <= TABLE_NAME_BYTES_MAX &&
        strnlen(table->table_id, sizeof(table->table_id)) == UUID_TEXT_BYTES &&
        table->status < TABLE_STATUSES && table->billing <= BILLING_PAY_PER_REQUEST &&
        table->attributes_count <= TABLE_ATTRIBUTES_MAX && table->table_class < TABLE_CLASSES &&
        table->kms_key.size <= TABLE_KMS_KEY_BYTES_MAX && table->stream.view < STREAM_VIEWS &&
        record_ttl_fits(&table->ttl) && record_throughput_fits(&table->throughput) &&
        table->replicas_count <= REGIONS_MAX && record_attribute_fits(&table->partition) &&
        (!table_has_sort(table) || record_attribute_fits(&table->sort));
    for (uint32_t i = 0; fits && i < table->attributes_count; i++) {
        fits = record_attribute_fits(&table->attributes[i]);
    }
    for (uint32_t i = 0; fits && i < table->replicas_count; i++) {
        fits = record_replica_fits(&table->replicas[i]);
    }
    if (!fits || !record_indexes_fit(table)) {
        return error_set(err, ERROR_CORRUPT, "the description of table %.*s is impossible",
                         SLICE_ARGS(table->name));
    }
    return true;
}

static void record_put_ttl_and_stream(struct buffer *to, const struct table *table)
{
    buffer_append_varint(to, table->stream.id);
    buffer_append_byte(to, (uint8_t)table->stream.view);
    buffer_append_varint(to, table->stream.label_ms);
    buffer_append_byte(to, (uint8_t)table->ttl.status);
    record_put_text(to, table->ttl.attribute);
    buffer_append_varint(to, table->ttl.changed_ms);
}

void table_record_encode(struct buffer *to, const struct table *table)
{
    struct error impossible;
    bool fits = table_record_check(table, &impossible);
    ensure(fits && table->id != 0);
    size_t start = to->size;
    memset(buffer_reserve(to, FIXED_BYTES), 0, FIXED_BYTES);
    record_put_fixed(to->data + start, table);
    to->size += FIXED_BYTES;
    record_put_text(to, table->name);
    buffer_append_varint(to, table->attributes_count);
    for (uint32_t i = 0; i < table->attributes_count; i++) {
        record_put_attribute(to, &table->attributes[i]);
    }
    record_put_attribute(to, &table->partition);
    if (table_has_sort(table)) {
        record_put_attribute(to, &table->sort);
    } else {
        buffer_append_byte(to, VALUE_MISSING);
    }
    buffer_append_varint(to, table->replicas_count);
    for (uint32_t i = 0; i < table->replicas_count; i++) {
        const struct replica *replica = &table->replicas[i];
        record_put_text(to, slice_text(replica->region));
        buffer_append_byte(to, (uint8_t)replica->status);
        buffer_append_varint(to, replica->stamp);
        record_put_text(to, slice_text(replica->reason));
    }
    buffer_append_byte(to, (uint8_t)table->table_class);
    buffer_append_varint(to, table->class_changed_ms);
    record_put_text(to, table->kms_key);
    record_put_throughput(to, &table->throughput);
    record_put_indexes(to, table);
    record_put_ttl_and_stream(to, table);
    buffer_append_varint(to, table->base_stamp);
    buffer_append_varint(to, table->base_region);
    buffer_append_varint(to, table->content_stamp);
    buffer_append_varint(to, table->content_region);
    uint8_t *record = to->data + start;
    put_be64(record + CHECKSUM, XXH64(record + VERSION, to->size - start - VERSION, 0));
}

bool record_take_byte(struct slice *from, uint8_t *byte)
{
    struct slice taken;
    if (!take_bytes(from, 1, &taken)) {
        return false;
    }
    *byte = taken.data[0];
    return true;
}

bool record_take_text(struct slice *from, size_t size_min, size_t size_max, struct slice *text)
{
    uint64_t size;
    return take_varint(from, &size) && size >= size_min && size <= size_max &&
           take_bytes(from, size, text);
}

bool record_take_attribute(struct slice *from, bool optional, struct key_attribute *attribute)
{
    uint8_t type;
    if (!record_take_byte(from, &type)) {
        return false;
    }
    attribute->type = (enum value_type)type;
    if (optional && type == VALUE_MISSING) {
        return true;
    }
    return (type == VALUE_S || type == VALUE_N || type == VALUE_B) &&
           record_take_text(from, 1, KEY_NAME_BYTES_MAX, &attribute->name);
}

static bool record_take_replica(struct slice *from, struct replica *replica)
{
    struct slice region;
    struct slice reason;
    uint8_t status;
    if (!record_take_text(from, 1, sizeof(replica->region) - 1, &region) ||
        !record_take_byte(from, &status) || status >= REPLICA_STATUSES ||
        !take_varint(from, &replica->stamp) ||
        !record_take_text(from, 0, sizeof(replica->reason) - 1, &reason)) {
        return false;
    }
    if (memchr(region.data, 0, region.size) != NULL ||
        (reason.size > 0 && memchr(reason.data, 0, reason.size) != NULL)) {
        return false; /* They become zero-terminated texts. */
    }
    replica->status = (enum replica_status)status;
    memcpy(replica->region, region.data, region.size);
    memcpy(replica->reason, reason.data, reason.size);
    return true;
}

/* What version 2 has added behind the replicas. */
static bool record_take_added(struct slice *left, struct arena *arena, struct table *table)
{
    uint8_t table_class;
    if (!record_take_byte(left, &table_class) || table_class >= TABLE_CLASSES ||
        !take_varint(left, &table->class_changed_ms) ||
        !record_take_text(left, 0, TABLE_KMS_KEY_BYTES_MAX, &table->kms_key)) {
        return false;
    }
    table->table_class = (enum table_class)table_class;
    return record_take_throughput(left, &table->throughput) &&
           record_take_indexes(left, arena, table);
}

/* And version 3 behind that. */
static bool record_take_ttl_and_stream(struct slice *left, struct table *table)
{
    uint64_t id;
    uint8_t view;
    uint8_t status;
    if (!take_varint(left, &id) || id > UINT32_MAX || !record_take_byte(left, &view) ||
        view >= STREAM_VIEWS || !take_varint(left, &table->stream.label_ms) ||
        !record_take_byte(left, &status) || status >= TTL_STATUSES ||
        !record_take_text(left, 0, TTL_NAME_BYTES_MAX, &table->ttl.attribute) ||
        !take_varint(left, &table->ttl.changed_ms)) {
        return false;
    }
    table->stream.id = (uint32_t)id;
    table->stream.view = (enum stream_view)view;
    table->ttl.status = (enum ttl_status)status;
    return true;
}

/* And version 4 behind that. */
static bool record_take_base(struct slice *left, struct table *table)
{
    uint64_t base, content;
    if (!take_varint(left, &table->base_stamp) || !take_varint(left, &base) || base > UINT16_MAX ||
        !take_varint(left, &table->content_stamp) || !take_varint(left, &content) ||
        content > UINT16_MAX) {
        return false;
    }
    table->base_region = (uint16_t)base;
    table->content_region = (uint16_t)content;
    return true;
}

static bool
record_take_lists(struct slice left, uint8_t version, struct arena *arena, struct table *table)
{
    uint64_t count;
    if (!record_take_text(&left, 1, TABLE_NAME_BYTES_MAX, &table->name) ||
        !take_varint(&left, &count) || count > TABLE_ATTRIBUTES_MAX) {
        return false;
    }
    table->attributes_count = (uint32_t)count;
    for (uint32_t i = 0; i < count; i++) {
        if (!record_take_attribute(&left, false, &table->attributes[i])) {
            return false;
        }
    }
    if (!record_take_attribute(&left, false, &table->partition) ||
        !record_take_attribute(&left, true, &table->sort) || !take_varint(&left, &count) ||
        count > REGIONS_MAX) {
        return false;
    }
    table->replicas_count = (uint32_t)count;
    for (uint32_t i = 0; i < count; i++) {
        if (!record_take_replica(&left, &table->replicas[i])) {
            return false;
        }
    }
    return (version < 2 || record_take_added(&left, arena, table)) &&
           (version < 3 || record_take_ttl_and_stream(&left, table)) &&
           (version < 4 || record_take_base(&left, table)) && left.size == 0;
}

bool table_record_decode(struct slice bytes,
                         struct arena *arena,
                         struct table *table,
                         struct error *err)
{
    const uint8_t *from = bytes.data;
    if (bytes.size < FIXED_BYTES ||
        get_be64(from + CHECKSUM) != XXH64(from + VERSION, bytes.size - VERSION, 0)) {
        return error_set(err, ERROR_CORRUPT, "a table record of %zu bytes fails its checksum",
                         bytes.size);
    }
    uint8_t version = from[VERSION];
    if (version < RECORD_VERSION_OLDEST || version > RECORD_VERSION) {
        return error_set(err, ERROR_CORRUPT, "a table record has version %d, this program knows %d",
                         version, RECORD_VERSION);
    }
    uint8_t flags = FLAG_WAS_ON_DEMAND | FLAG_DELETION_PROTECTION;
    flags |= version < 2 ? 0 : FLAG_ENCRYPTED;
    struct table made = {
        .id = get_be32(from + ID),
        .status = (enum table_status)from[STATUS],
        .billing = (enum billing_mode)from[BILLING],
        .was_on_demand = (from[FLAGS] & FLAG_WAS_ON_DEMAND) != 0,
        .deletion_protection = (from[FLAGS] & FLAG_DELETION_PROTECTION) != 0,
        .encrypted = (from[FLAGS] & FLAG_ENCRYPTED) != 0,
        .created_ms = get_be64(from + CREATED),
        .on_demand_since_ms = get_be64(from + ON_DEMAND_SINCE),
        .throughput.read_units = (int64_t)get_be64(from + READ_UNITS),
        .throughput.write_units = (int64_t)get_be64(from + WRITE_UNITS),
        .schema_stamp = get_be64(from + SCHEMA_STAMP),
        .schema_region = get_be16(from + SCHEMA_REGION),
    };
    memcpy(made.uid, from + UID, TABLE_UID_BYTES);
    memcpy(made.table_id, from + UUID_TEXT, UUID_TEXT_BYTES);
    struct slice lists = {from + FIXED_BYTES, bytes.size - FIXED_BYTES};
    if (made.id == 0 || from[STATUS] >= TABLE_STATUSES || from[BILLING] > BILLING_PAY_PER_REQUEST ||
        (from[FLAGS] & ~flags) != 0 || !record_take_lists(lists, version, arena, &made)) {
        return error_set(err, ERROR_CORRUPT, "the record of table %u does not decode", made.id);
    }
    if (!table_record_check(&made, err)) {
        return false;
    }
    *table = made;
    return true;
}

void table_totals_encode(uint8_t to[static TABLE_TOTALS_BYTES], int64_t items, int64_t bytes)
{
    to[VERSION] = TOTALS_VERSION;
    put_be64(to + VERSION + 1, (uint64_t)items);
    put_be64(to + VERSION + 9, (uint64_t)bytes);
    put_be64(to, XXH64(to + VERSION, TABLE_TOTALS_BYTES - VERSION, 0));
}

bool table_totals_decode(struct slice from, int64_t *items, int64_t *bytes, struct error *err)
{
    if (from.size != TABLE_TOTALS_BYTES || from.data[VERSION] != TOTALS_VERSION ||
        get_be64(from.data) != XXH64(from.data + VERSION, TABLE_TOTALS_BYTES - VERSION, 0)) {
        return error_set(err, ERROR_CORRUPT, "a table's totals of %zu bytes do not decode",
                         from.size);
    }
    *items = (int64_t)get_be64(from.data + VERSION + 1);
    *bytes = (int64_t)get_be64(from.data + VERSION + 9);
    return true;
}

void setting_encode(struct buffer *to, struct slice value)
{
    ensure(value.size <= SETTING_BYTES_MAX);
    size_t start = to->size;
    buffer_reserve(to, VERSION + 1 + value.size);
    to->size += VERSION;
    buffer_append_byte(to, SETTING_VERSION);
    buffer_append_slice(to, value);
    put_be64(to->data + start, XXH64(to->data + start + VERSION, 1 + value.size, 0));
}

bool setting_decode(struct slice from, struct slice *value, struct error *err)
{
    if (from.size <= VERSION || from.size > VERSION + 1 + SETTING_BYTES_MAX ||
        from.data[VERSION] != SETTING_VERSION ||
        get_be64(from.data) != XXH64(from.data + VERSION, from.size - VERSION, 0)) {
        return error_set(err, ERROR_CORRUPT, "a table's setting of %zu bytes does not decode",
                         from.size);
    }
    *value = slice_of(from.data + VERSION + 1, from.size - VERSION - 1);
    return true;
}
