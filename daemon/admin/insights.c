/* GET /v1/insights?table=T: the keys that are asked for most, of the table and of each index for
 * which contributor insights are on. */
#include "daemon/insights.h"
#include "daemon/admin/routes.h"
#include "daemon/admin/text.h"

#include <inttypes.h>

static void insights_write_keys(struct buffer *to,
                                const char *name,
                                const struct insights_key *keys,
                                uint32_t count)
{
    buffer_printf(to, ",\"%s\":[", name);
    for (uint32_t i = 0; i < count; i++) {
        buffer_append_text(to, i == 0 ? "{\"key\":" : ",{\"key\":");
        json_write_string(to, keys[i].text);
        buffer_append_text(to, keys[i].cut ? ",\"cut\":true" : "");
        buffer_printf(to, ",\"count\":%" PRIu64 ",\"over\":%" PRIu64 "}", keys[i].count,
                      keys[i].over);
    }
    buffer_append_byte(to, ']');
}

static void
insights_write(struct buffer *to, const struct table *table, const struct insights_figures *figures)
{
    const struct table_index *index = table_find_index_id(table, figures->index_id);
    buffer_append_text(to, "{\"table\":");
    json_write_string(to, table->name);
    if (index != NULL) {
        buffer_append_text(to, ",\"index\":");
        json_write_string(to, index->name);
    }
    buffer_append_text(to, ",\"since\":");
    text_write_time(to, figures->since_ms);
    buffer_printf(to, ",\"accesses\":%" PRIu64 ",\"throttles\":%" PRIu64, figures->accesses,
                  figures->throttles);
    insights_write_keys(to, "accessed", figures->accessed, figures->accessed_count);
    insights_write_keys(to, "throttled", figures->throttled, figures->throttled_count);
    buffer_append_byte(to, '}');
}

bool admin_insights(const struct admin_request *request, struct buffer *answer, struct error *err)
{
    struct slice name;
    bool found = false;
    if (!admin_query(request, "table", &name, &found, err)) {
        return false;
    }
    const struct table *table = found ? catalog_acquire(request->node->store->catalog, name) : NULL;
    if (table == NULL) {
        return found
                   ? error_set(err, ERROR_NOT_FOUND, "there is no table \"%.*s\"", SLICE_ARGS(name))
                   : error_set(err, ERROR_VALIDATION, "say of which table: ?table=T");
    }
    struct insights_figures *figures = NULL;
    uint32_t count = insights_read(request->node->insights, table->id, request->arena, &figures);
    const char *separator = "";
    buffer_append_byte(answer, '[');
    for (uint32_t i = 0; i < count; i++) {
        bool gone =
            figures[i].index_id != 0 && table_find_index_id(table, figures[i].index_id) == NULL;
        if (!gone) {
            buffer_append_text(answer, separator);
            insights_write(answer, table, &figures[i]);
            separator = ",";
        }
    }
    buffer_append_text(answer, "]\n");
    table_release(table);
    return true;
}
