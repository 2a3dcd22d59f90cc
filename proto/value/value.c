/* Reading encoded values: take, walk, find, measure. See value.h for the form.
 *
 * Every step takes its bytes off a slice with a check, so damaged bytes end a walk early and are
 * never read past. Recursion stops at VALUE_DEPTH_MAX, which no value that passed value_check or
 * was made here exceeds. */
#include "proto/value/value.h"

#include "proto/value/decimal.h"

enum { CONTAINER_BYTES = 3, ELEMENT_BYTES = 1 }; /* DynamoDB's overheads in value_size. */

static const char *const value_type_names[VALUE_TYPES] = {
    [VALUE_MISSING] = "missing", [VALUE_S] = "S",       [VALUE_N] = "N",   [VALUE_B] = "B",
    [VALUE_BOOL] = "BOOL",       [VALUE_NULL] = "NULL", [VALUE_M] = "M",   [VALUE_L] = "L",
    [VALUE_SS] = "SS",           [VALUE_NS] = "NS",     [VALUE_BS] = "BS",
};

const char *value_type_name(enum value_type type)
{
    ensure((unsigned)type < VALUE_TYPES);
    return value_type_names[type];
}

/* What the elements of a set are; VALUE_MISSING for other types. */
static enum value_type value_element_type(enum value_type type)
{
    if (type == VALUE_SS) {
        return VALUE_S;
    }
    if (type == VALUE_NS) {
        return VALUE_N;
    }
    return type == VALUE_BS ? VALUE_B : VALUE_MISSING;
}

/* A varint and that many bytes. */
static inline bool value_take_sized(struct slice *from, struct slice *bytes)
{
    if (from->size > 0 && from->data[0] < 0x80) { /* Nearly all sizes fit one byte. */
        size_t size = from->data[0];
        if (size > from->size - 1) {
            return false;
        }
        *bytes = (struct slice){from->data + 1, size};
        from->data += 1 + size;
        from->size -= 1 + size;
        return true;
    }
    struct slice left = *from;
    uint64_t size;
    if (!take_varint(&left, &size) || !take_bytes(&left, size, bytes)) {
        return false;
    }
    *from = left;
    return true;
}

static inline bool value_take_inline(struct slice *from, struct value *value)
{
    if (from->size == 0 || from->data[0] == VALUE_MISSING || from->data[0] >= VALUE_TYPES) {
        return false;
    }
    struct slice left = {from->data + 1, from->size - 1};
    if (!value_take_sized(&left, &value->payload)) {
        return false;
    }
    value->type = (enum value_type)from->data[0];
    *from = left;
    return true;
}

bool value_take(struct slice *from, struct value *value)
{
    return value_take_inline(from, value);
}

static bool value_is_container(enum value_type type)
{
    return type >= VALUE_M && type < VALUE_TYPES;
}

void value_walk_start(struct value_walk *walk, struct value container)
{
    walk->type = container.type;
    walk->left = container.payload;
    walk->count = 0;
    walk->broken = value_is_container(container.type) && !take_varint(&walk->left, &walk->count);
}

bool value_walk_next(struct value_walk *walk, struct member *member)
{
    if (walk->count == 0 || walk->broken) {
        walk->broken = walk->broken || (value_is_container(walk->type) && walk->left.size > 0);
        return false;
    }
    bool ok;
    member->name = (struct slice){0};
    if (walk->type == VALUE_M) {
        ok = value_take_sized(&walk->left, &member->name) &&
             value_take_inline(&walk->left, &member->value);
    } else if (walk->type == VALUE_L) {
        ok = value_take_inline(&walk->left, &member->value);
    } else {
        member->value.type = value_element_type(walk->type);
        ok = value_take_sized(&walk->left, &member->value.payload);
    }
    walk->broken = !ok;
    walk->count--;
    return ok;
}

uint64_t value_count(struct value container)
{
    struct value_walk walk;
    value_walk_start(&walk, container);
    return walk.count;
}

bool value_find(struct value map, struct slice name, struct value *found)
{
    struct slice left = map.payload;
    uint64_t count;
    if (map.type != VALUE_M || !take_varint(&left, &count)) {
        return false;
    }
    for (; count > 0; count--) {
        struct slice at;
        struct value value;
        if (!value_take_sized(&left, &at) || !value_take_inline(&left, &value)) {
            return false;
        }
        int order = slice_compare(at, name);
        if (order >= 0) { /* Names ascend: past it, it cannot come any more. */
            if (order == 0) {
                *found = value;
            }
            return order == 0;
        }
    }
    return false;
}

bool value_at(struct value list, uint64_t index, struct value *found)
{
    struct slice left = list.payload;
    uint64_t count;
    if (list.type != VALUE_L || !take_varint(&left, &count) || index >= count) {
        return false;
    }
    struct value value;
    for (uint64_t i = 0; i <= index; i++) {
        if (!value_take_inline(&left, &value)) {
            return false;
        }
    }
    *found = value;
    return true;
}

bool value_set_has(struct value set, struct value element)
{
    struct slice left = set.payload;
    uint64_t count;
    if (element.type == VALUE_MISSING || value_element_type(set.type) != element.type ||
        !take_varint(&left, &count)) {
        return false;
    }
    for (; count > 0; count--) {
        struct slice at;
        if (!value_take_sized(&left, &at)) {
            return false;
        }
        int order = slice_compare(at, element.payload);
        if (order >= 0) {
            return order == 0;
        }
    }
    return false;
}

static size_t value_number_size(struct slice key)
{
    struct decimal decimal;
    return decimal_from_key(key, &decimal) ? decimal_size(&decimal) : 0;
}

static size_t value_size_at(struct value value, unsigned level);

/* Without the container's own bytes: the elements, each with `overhead` bytes and its name. */
static size_t value_contents_size(struct value container, size_t overhead, unsigned level)
{
    struct value_walk walk;
    struct member member;
    size_t size = 0;
    value_walk_start(&walk, container);
    while (value_walk_next(&walk, &member)) {
        size += overhead + member.name.size + value_size_at(member.value, level);
    }
    return size;
}

static size_t value_size_at(struct value value, unsigned level)
{
    if (level > VALUE_DEPTH_MAX) {
        return 0;
    }
    switch (value.type) {
    case VALUE_S:
    case VALUE_B:
        return value.payload.size;
    case VALUE_N:
        return value_number_size(value.payload);
    case VALUE_BOOL:
    case VALUE_NULL:
        return 1;
    case VALUE_M:
    case VALUE_L:
        return CONTAINER_BYTES + value_contents_size(value, ELEMENT_BYTES, level + 1);
    case VALUE_SS:
    case VALUE_NS:
    case VALUE_BS:
        return value_contents_size(value, 0, level + 1);
    case VALUE_MISSING:
    case VALUE_TYPES:
        break;
    }
    return 0;
}

size_t value_size(struct value value)
{
    return value_size_at(value, 1);
}

size_t item_size(struct slice image)
{
    return value_contents_size((struct value){VALUE_M, image}, 0, 1);
}
