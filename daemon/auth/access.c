#include "daemon/auth/access.h"

#include "daemon/node.h"
#include "proto/value/decimal.h"
#include "proto/value/json.h"

enum { ACCESS_VALUES_FIRST = 8 };

static struct access *
access_append(struct access_list *list, const char *action, struct slice resource)
{
    struct access *access = arena_zalloc(list->arena, 1, sizeof(*access));
    access->arena = list->arena;
    access->action = action;
    access->resource = resource;
    if (list->last != NULL) {
        list->last->next = access;
    } else {
        list->first = access;
    }
    list->last = access;
    return access;
}

struct slice access_table_arn(const struct access_list *list, struct slice name, const char *tail)
{
    return slice_text(arena_printf(list->arena, "arn:aws:dynamodb:%s:%s:table/%.*s%s",
                                   list->node->region, list->node->account, SLICE_ARGS(name),
                                   tail));
}

/* The table of that name, held until the list is cleared. */
static const struct table *access_acquire(struct access_list *list, struct slice name)
{
    const struct table *table = catalog_acquire(list->node->store->catalog, name);
    if (table != NULL) {
        struct access_table *held = arena_alloc(list->arena, sizeof(*held));
        *held = (struct access_table){.table = table, .next = list->held};
        list->held = held;
    }
    return table;
}

static struct access *access_measured(struct access_list *list,
                                      const char *action,
                                      const struct table *table,
                                      struct slice index)
{
    if (table == NULL || table_setting_version(table, SETTING_INSIGHTS) == 0) {
        return NULL;
    }
    struct access *access = access_append(list, action, (struct slice){NULL, 0});
    access->table = table;
    access->index = index;
    return access;
}

struct access *access_add(struct access_list *list,
                          const char *action,
                          struct slice name,
                          const struct table *table,
                          struct slice index)
{
    table = table == NULL && name.size > 0 ? access_acquire(list, name) : table;
    if (list->measured) {
        return access_measured(list, action, table, index);
    }
    bool policy = table != NULL && table_setting_version(table, SETTING_POLICY) != 0;
    if (!list->limited && !policy) {
        return NULL;
    }
    const char *tail =
        index.size == 0 ? "" : arena_printf(list->arena, "/index/%.*s", SLICE_ARGS(index));
    struct access *access = access_append(list, action, access_table_arn(list, name, tail));
    access->table = policy ? table : NULL;
    return access;
}

struct access *access_add_arn(struct access_list *list, const char *action, struct slice arn)
{
    if (list->measured) {
        return NULL; /* No keys are asked for by ARN. */
    }
    struct slice prefix = access_table_arn(list, SLICE_LITERAL(""), "");
    const struct table *table = NULL;
    if (slice_starts_with(arn, prefix)) {
        struct slice name = slice_of(arn.data + prefix.size, arn.size - prefix.size);
        const uint8_t *slash = name.size == 0 ? NULL : memchr(name.data, '/', name.size);
        name.size = slash == NULL ? name.size : (size_t)(slash - name.data);
        table = access_acquire(list, name);
    }
    bool policy = table != NULL && table_setting_version(table, SETTING_POLICY) != 0;
    if (!list->limited && !policy) {
        return NULL;
    }
    struct access *access = access_append(list, action, arn);
    access->table = policy ? table : NULL;
    return access;
}

void access_list_clear(struct access_list *list)
{
    for (struct access_table *at = list->held; at != NULL; at = at->next) {
        table_release(at->table);
    }
    list->held = NULL;
    list->first = NULL;
    list->last = NULL;
}

/* --- What it touches -------------------------------------------------------------------------- */

void access_text(struct access *access, enum policy_key key, struct slice text)
{
    ensure((unsigned)key < ACCESS_KEYS);
    struct access_values *values = &access->values[key];
    if (text.size == 0) {
        return;
    }
    if (values->count == values->capacity) {
        uint32_t capacity = values->capacity == 0 ? ACCESS_VALUES_FIRST : values->capacity * 2;
        struct slice *grown = arena_alloc(access->arena, capacity * sizeof(*grown));
        if (values->count > 0) {
            memcpy(grown, values->all, values->count * sizeof(*grown));
        }
        values->all = grown;
        values->capacity = capacity;
    }
    values->all[values->count++] = text;
}

void access_leading(struct access *access, struct value value)
{
    if (value.type == VALUE_S) {
        access_text(access, POLICY_LEADING_KEYS, value.payload);
    } else if (value.type == VALUE_N) {
        struct decimal decimal;
        char *text = arena_alloc(access->arena, DECIMAL_TEXT_BYTES_MAX);
        if (decimal_from_key(value.payload, &decimal)) {
            access_text(access, POLICY_LEADING_KEYS, slice_of(text, decimal_print(&decimal, text)));
        }
    } else if (value.type == VALUE_B) {
        struct buffer to;
        buffer_init(&to, access->arena, 8 + value.payload.size * 2);
        json_write_base64(&to, value.payload);
        access_text(access, POLICY_LEADING_KEYS, slice_of(to.data + 1, to.size - 2));
    }
}

void access_leading_of(struct access *access, const struct table *table, struct slice image)
{
    struct value value;
    if (table != NULL && item_find(image, table->partition.name, &value)) {
        access_leading(access, value);
    }
}

void access_attributes_of_item(struct access *access, struct slice image)
{
    struct value_walk walk;
    struct member member;
    value_walk_start(&walk, (struct value){VALUE_M, image});
    while (value_walk_next(&walk, &member)) {
        access_text(access, POLICY_ATTRIBUTES, member.name);
    }
}

bool access_visit(void *context, const struct expression_path *path)
{
    access_text(context, POLICY_ATTRIBUTES, path->head);
    return true;
}

void access_attributes_of(struct access *access, const struct expression *expression)
{
    if (expression != NULL) {
        (void)expression_visit_attributes(expression, access_visit, access);
    }
}
