#include "daemon/api/table_keys.h"

#include "proto/base/limits.h"

#include <stdio.h>

#define INVALID_VALUES "One or more parameter values were invalid: "

enum { TABLE_KEYS_TEXT_BYTES = 400 };

/* "a, b": what does not fit is cut, the message has said enough by then. */
struct table_keys_text {
    char text[TABLE_KEYS_TEXT_BYTES];
    size_t size;
};

static void table_keys_add(struct table_keys_text *to, struct slice name)
{
    if (to->size >= sizeof(to->text)) {
        return;
    }
    int written = snprintf(to->text + to->size, sizeof(to->text) - to->size, "%s%.*s",
                           to->size > 0 ? ", " : "", SLICE_ARGS(name));
    to->size += (size_t)written;
}

static void table_keys_add_definitions(struct table_keys_text *to, const struct table *table)
{
    for (uint32_t i = 0; i < table->attributes_count; i++) {
        table_keys_add(to, table->attributes[i].name);
    }
}

static struct slice table_keys_name(const struct json *element)
{
    return json_get(element, "AttributeName")->text;
}

static bool table_keys_is_hash(const struct json *element)
{
    return slice_is(json_get(element, "KeyType")->text, "HASH");
}

const struct key_attribute *table_keys_find(const struct table *table, struct slice name)
{
    for (uint32_t i = 0; i < table->attributes_count; i++) {
        if (slice_equal(table->attributes[i].name, name)) {
            return &table->attributes[i];
        }
    }
    return NULL;
}

static enum value_type table_keys_type(struct slice name)
{
    if (slice_is(name, "S")) {
        return VALUE_S;
    }
    return slice_is(name, "N") ? VALUE_N : VALUE_B;
}

bool table_keys_define(const struct json *definitions,
                       bool merge,
                       struct table *table,
                       struct error *err)
{
    for (const struct json *each = definitions->first; each != NULL; each = each->next) {
        struct slice name = table_keys_name(each);
        enum value_type type = table_keys_type(json_get(each, "AttributeType")->text);
        uint32_t at = table->attributes_count;
        for (uint32_t i = 0; merge && i < table->attributes_count; i++) {
            at = slice_equal(table->attributes[i].name, name) ? i : at;
        }
        if (at < table->attributes_count && table->attributes[at].type != type) {
            return error_set(err, ERROR_VALIDATION,
                             INVALID_VALUES "The type of attribute %.*s is defined already and "
                                            "cannot change",
                             SLICE_ARGS(name));
        }
        if (at == TABLE_ATTRIBUTES_MAX) { /* No keys could use so many. */
            return error_set(err, ERROR_VALIDATION,
                             INVALID_VALUES "Number of attributes in KeySchema does not exactly "
                                            "match number of attributes defined in "
                                            "AttributeDefinitions");
        }
        table->attributes_count += at == table->attributes_count;
        table->attributes[at].name = name;
        table->attributes[at].type = type;
    }
    return true;
}

bool table_keys_defined(const struct json *schema, const struct table *table, struct error *err)
{
    for (const struct json *key = schema->first; key != NULL; key = key->next) {
        if (table_keys_find(table, table_keys_name(key)) == NULL) {
            struct table_keys_text keys = {.size = 0};
            struct table_keys_text defined = {.size = 0};
            for (const struct json *each = schema->first; each != NULL; each = each->next) {
                table_keys_add(&keys, table_keys_name(each));
            }
            table_keys_add_definitions(&defined, table);
            return error_set(err, ERROR_VALIDATION,
                             INVALID_VALUES "Some index key attributes are not defined in "
                                            "AttributeDefinitions. Keys: [%s], "
                                            "AttributeDefinitions: [%s]",
                             keys.text, defined.text);
        }
    }
    return true;
}

static bool
table_keys_twice(const struct json *schema, enum table_keys_owner owner, struct error *err)
{
    for (const struct json *one = schema->first; one != NULL; one = one->next) {
        for (const struct json *other = one->next; other != NULL; other = other->next) {
            if (!slice_equal(table_keys_name(one), table_keys_name(other))) {
                continue;
            }
            if (owner != KEYS_OF_GLOBAL || schema->count == 2) {
                return error_set(err, ERROR_VALIDATION,
                                 "Both the Hash Key and the Range Key element in the KeySchema "
                                 "have the same name");
            }
            return error_set(err, ERROR_VALIDATION,
                             INVALID_VALUES "The KeySchema contains multiple key attributes with "
                                            "the same name");
        }
    }
    return true;
}

/* One HASH and at most one RANGE, unless it is a global index's. */
static bool
table_keys_order(const struct json *schema, enum table_keys_owner owner, struct error *err)
{
    bool range = false;
    uint32_t counts[2] = {0, 0};
    uint32_t most = owner == KEYS_OF_GLOBAL ? KEY_PARTS_MAX : 1;
    for (const struct json *key = schema->first; key != NULL; key = key->next) {
        bool hash = table_keys_is_hash(key);
        if (key == schema->first && !hash) {
            return error_set(err, ERROR_VALIDATION,
                             "Invalid KeySchema: The first KeySchemaElement is not a HASH key "
                             "type");
        }
        if (key == schema->first->next && hash && owner != KEYS_OF_GLOBAL) {
            return error_set(err, ERROR_VALIDATION,
                             "Invalid KeySchema: The second KeySchemaElement is not a RANGE key "
                             "type");
        }
        if (range && hash) {
            return error_set(err, ERROR_VALIDATION,
                             INVALID_VALUES "All HASH key attributes must precede RANGE key "
                                            "attributes in the KeySchema");
        }
        range = !hash;
        if (++counts[hash] > most) {
            return error_set(err, ERROR_VALIDATION,
                             INVALID_VALUES "The KeySchema exceeds the maximum allowed number of "
                                            "%s key attributes",
                             hash ? "HASH" : "RANGE");
        }
    }
    return true;
}

bool table_keys_schema(const struct json *schema,
                       enum table_keys_owner owner,
                       const struct table *table,
                       struct key_schema *keys,
                       struct error *err)
{
    if (!table_keys_twice(schema, owner, err) || !table_keys_order(schema, owner, err)) {
        return false;
    }
    struct key_schema made = {.partition_count = 0};
    for (const struct json *key = schema->first; key != NULL; key = key->next) {
        const struct key_attribute *attribute = table_keys_find(table, table_keys_name(key));
        ensure(attribute != NULL);
        if (table_keys_is_hash(key)) {
            made.partition[made.partition_count++] = *attribute;
        } else {
            made.sort[made.sort_count++] = *attribute;
        }
    }
    *keys = made;
    return true;
}

static bool table_keys_in(const struct key_schema *keys, struct slice name)
{
    for (uint32_t i = 0; i < keys->partition_count; i++) {
        if (slice_equal(keys->partition[i].name, name)) {
            return true;
        }
    }
    for (uint32_t i = 0; i < keys->sort_count; i++) {
        if (slice_equal(keys->sort[i].name, name)) {
            return true;
        }
    }
    return false;
}

bool table_keys_used(const struct table *table, struct slice name)
{
    struct key_schema own = table_key_schema(table);
    bool used = table_keys_in(&own, name);
    for (uint32_t i = 0; !used && i < table->indexes_count; i++) {
        used = table_keys_in(&table->indexes[i].keys, name);
    }
    return used;
}

void table_keys_prune(struct table *table)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < table->attributes_count; i++) {
        if (table_keys_used(table, table->attributes[i].name)) {
            table->attributes[kept++] = table->attributes[i];
        }
    }
    table->attributes_count = kept;
}

bool table_keys_surplus(const struct table *table, struct error *err)
{
    struct table_keys_text used = {.size = 0};
    bool all = true;
    for (uint32_t i = 0; i < table->attributes_count; i++) {
        struct slice name = table->attributes[i].name;
        if (!table_keys_used(table, name)) {
            all = false;
        } else if (table_keys_find(table, name) == &table->attributes[i]) {
            table_keys_add(&used, name);
        }
    }
    if (!all) {
        struct table_keys_text defined = {.size = 0};
        table_keys_add_definitions(&defined, table);
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES "Some AttributeDefinitions are not used. "
                                        "AttributeDefinitions: [%s], keys used: [%s]",
                         defined.text, used.text);
    }
    for (uint32_t i = 0; i < table->attributes_count; i++) {
        struct slice name = table->attributes[i].name;
        if (table_keys_find(table, name) != &table->attributes[i]) {
            return error_set(err, ERROR_VALIDATION, "Attribute Name is duplicated: %.*s",
                             SLICE_ARGS(name));
        }
    }
    return true;
}
