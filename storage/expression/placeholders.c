/* ExpressionAttributeNames and ExpressionAttributeValues as maps of their own: what is checked
 * before any expression is compiled, and what is left unused after all are. */
#include "storage/expression/lexer.h"

/* Which of the two maps. */
struct placeholder_map {
    const char *member;
    uint8_t mark;
    const struct placeholder *list;
    uint32_t count;
};

static bool
placeholders_check_key(const struct placeholder_map *map, struct slice key, struct error *err)
{
    bool ok = key.size > 1 && key.data[0] == map->mark;
    for (size_t i = 1; ok && i < key.size; i++) {
        ok = lexer_is_word(key.data[i]);
    }
    if (!ok) {
        return error_set(err, ERROR_VALIDATION,
                         "%s contains invalid key: Syntax error; key: \"%.*s\"", map->member,
                         SLICE_ARGS(key));
    }
    if (key.size > PLACEHOLDER_BYTES_MAX) {
        return error_set(err, ERROR_VALIDATION,
                         "%s contains invalid key: The expression attribute map contains a key "
                         "that is too long; size of key: %zu",
                         map->member, key.size);
    }
    return true;
}

static bool placeholders_check_target(struct slice key, struct slice name, struct error *err)
{
    if (name.size == 0) {
        return error_set(err, ERROR_VALIDATION,
                         "ExpressionAttributeNames contains invalid value: Empty attribute name "
                         "for key %.*s",
                         SLICE_ARGS(key));
    }
    if (name.size > ATTRIBUTE_NAME_BYTES_MAX) {
        return error_set(err, ERROR_VALIDATION,
                         "ExpressionAttributeNames contains invalid value: Attribute name is too "
                         "long, must be less than or equal to %d bytes for key %.*s",
                         ATTRIBUTE_NAME_BYTES_MAX, SLICE_ARGS(key));
    }
    return true;
}

bool placeholders_check(const struct placeholders *placeholders, struct error *err)
{
    const struct placeholder_map maps[] = {
        {"ExpressionAttributeNames", '#', placeholders->names, placeholders->names_count},
        {"ExpressionAttributeValues", ':', placeholders->values, placeholders->values_count},
    };
    uint64_t bytes = 0;
    for (size_t m = 0; m < ARRAY_COUNT(maps); m++) {
        for (uint32_t i = 0; i < maps[m].count; i++) {
            const struct placeholder *entry = &maps[m].list[i];
            bytes += entry->key.size + entry->name.size + entry->value.payload.size;
            if (!placeholders_check_key(&maps[m], entry->key, err) ||
                (maps[m].mark == '#' && !placeholders_check_target(entry->key, entry->name, err))) {
                return false;
            }
        }
    }
    if (bytes > PLACEHOLDERS_BYTES_MAX) {
        return error_set(err, ERROR_VALIDATION,
                         "ExpressionAttributeNames and ExpressionAttributeValues have exceeded "
                         "the maximum allowed size; size: %llu",
                         (unsigned long long)bytes);
    }
    return true;
}

static bool placeholders_check_used(const struct placeholder_map *map, struct error *err)
{
    char keys[ERROR_TEXT_BYTES];
    size_t size = 0;
    for (uint32_t i = 0; i < map->count && size < sizeof(keys); i++) {
        if (!map->list[i].used) { /* What does not fit would be cut from the error anyway. */
            int more = snprintf(keys + size, sizeof(keys) - size, "%s%.*s", size > 0 ? ", " : "",
                                SLICE_ARGS(map->list[i].key));
            ensure(more > 0);
            size += (size_t)more;
        }
    }
    if (size == 0) {
        return true;
    }
    return error_set(err, ERROR_VALIDATION,
                     "Value provided in %s unused in expressions: keys: {%s}", map->member, keys);
}

bool placeholders_check_unused(const struct placeholders *placeholders, struct error *err)
{
    const struct placeholder_map names = {"ExpressionAttributeNames", '#', placeholders->names,
                                          placeholders->names_count};
    const struct placeholder_map values = {"ExpressionAttributeValues", ':', placeholders->values,
                                           placeholders->values_count};
    return placeholders_check_used(&names, err) && placeholders_check_used(&values, err);
}
