#include "daemon/api/collection.h"

#include "daemon/api/request.h"

#include <inttypes.h>

enum { COLLECTION_GB = 1 << 30 };

bool collection_asked(const struct json *body)
{
    return slice_is(request_choice(body, "ReturnItemCollectionMetrics"), "SIZE");
}

bool collection_counts(const struct table *table)
{
    for (uint32_t i = 0; i < table->indexes_count; i++) {
        if (table->indexes[i].kind == INDEX_LOCAL) {
            return true;
        }
    }
    return false;
}

static uint64_t collection_bytes_max(const struct call *call, const struct table *table)
{
    struct catalog *catalog = call->node->store->catalog;
    uint64_t items = 0;
    uint64_t all = 0;
    catalog_totals(catalog, table->id, &items, &all);
    for (uint32_t i = 0; i < table->indexes_count; i++) {
        uint64_t bytes = 0;
        if (table->indexes[i].kind == INDEX_LOCAL) {
            catalog_index_totals(catalog, table->id, table->indexes[i].id, &items, &bytes);
            all += bytes;
        }
    }
    return all;
}

static struct slice
collection_key(const struct call *call, const struct table *table, struct slice image)
{
    struct value partition = {VALUE_MISSING, {NULL, 0}};
    ensure(item_find(image, table->partition.name, &partition));
    struct member member = {table->partition.name, partition};
    return value_make_map(call->arena, &member, 1).payload;
}

void collection_write(struct call *call, const struct table *table, struct slice image)
{
    uint64_t gigabytes = (collection_bytes_max(call, table) + COLLECTION_GB - 1) / COLLECTION_GB;
    buffer_append_text(&call->answer, "{\"ItemCollectionKey\":");
    item_write_json(&call->answer, collection_key(call, table, image));
    buffer_printf(&call->answer, ",\"SizeEstimateRangeGB\":[0.0,%" PRIu64 ".0]}",
                  gigabytes == 0 ? 1 : gigabytes);
}

static bool
collection_is_first(const struct call *call, const struct collection_item *items, uint32_t place)
{
    const struct collection_item *item = &items[place];
    struct slice key = collection_key(call, item->table, item->image);
    for (uint32_t i = 0; i < place; i++) {
        if (items[i].table->id == item->table->id &&
            slice_equal(collection_key(call, items[i].table, items[i].image), key)) {
            return false;
        }
    }
    return true;
}

void collection_answer(struct call *call, const struct collection_item *items, uint32_t count)
{
    struct buffer *to = &call->answer;
    bool any = false;
    for (uint32_t i = 0; i < count; i++) {
        bool open = collection_counts(items[i].table);
        for (uint32_t k = 0; k < i; k++) { /* Is the table written already? */
            open = open && items[k].table->id != items[i].table->id;
        }
        if (!open) {
            continue;
        }
        if (!any) {
            answer_member(call, "ItemCollectionMetrics");
        }
        buffer_append_byte(to, any ? ',' : '{');
        any = true;
        json_write_string(to, items[i].asked);
        buffer_append_text(to, ":[");
        for (uint32_t k = i; k < count; k++) {
            if (items[k].table->id == items[i].table->id && collection_is_first(call, items, k)) {
                buffer_append_text(to, k == i ? "" : ",");
                collection_write(call, items[k].table, items[k].image);
            }
        }
        buffer_append_byte(to, ']');
    }
    buffer_append_text(to, any ? "}" : "");
}
