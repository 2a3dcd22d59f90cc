/* Contributor insights (dynamodb-features.md section 17): what is switched on is kept, told, and
 * measured (daemon/insights.h; the figures are at the admin endpoint). The rules that the service
 * would make belong to its monitoring; there are none here to name.
 *
 * The document: [{"IndexName":"…" or absent,"Mode":"…","LastUpdateDateTime":…},…], one entry for
 * what is enabled. */
#include "daemon/insights.h"
#include "daemon/api/operations.h"
#include "daemon/api/resource.h"

#include <inttypes.h>

#define MODE_DEFAULT "ACCESSED_AND_THROTTLED_KEYS"

enum { INSIGHTS_LIST_MAX = 100 };

static bool insights_index_exists(const struct table *table, const struct json *index)
{
    return index == NULL || table_find_index(table, index->text) != NULL;
}

static bool insights_decode(struct call *call, const struct shape *shape, struct error *err)
{
    struct request *request = call->state;
    if (!request_begin(call, shape, request, err) || !resource_table(call, request, err)) {
        return false;
    }
    const struct json *index = json_get(call->body, "IndexName");
    return insights_index_exists(request->table, index) ||
           error_set(err, ERROR_NOT_FOUND,
                     "Requested resource not found: Index: %.*s not found for table: %.*s",
                     SLICE_ARGS(index->text), SLICE_ARGS(request->name));
}

/* Is this entry that of the table (index NULL) or of the index? */
static bool insights_is_of(const struct json *entry, const struct json *index)
{
    const struct json *name = json_get(entry, "IndexName");
    return name == NULL ? index == NULL : index != NULL && slice_equal(name->text, index->text);
}

/* --- Update ------------------------------------------------------------------------------------
 */

static bool insights_update_decode(struct call *call, struct error *err)
{
    struct request *request = call->state;
    if (!insights_decode(call, &shape_update_contributor_insights, err)) {
        return false;
    }
    const struct json *index = json_get(call->body, "IndexName");
    const struct table_index *entry =
        index == NULL ? NULL : table_find_index(request->table, index->text);
    bool enable = slice_is(json_get(call->body, "ContributorInsightsAction")->text, "ENABLE");
    bool active = request->table->status == TABLE_ACTIVE;
    bool index_active = entry == NULL || entry->status == INDEX_ACTIVE;
    return !enable || (active && index_active) ||
           error_set(err, ERROR_VALIDATION,
                     "Table or Index is not in a valid state to update Key Access Insights: %s "
                     "must be ACTIVE to enable ContributorInsights.",
                     active ? "IndexStatus" : "TableStatus");
}

static struct slice insights_mode(const struct call *call)
{
    const struct json *mode = json_get(call->body, "ContributorInsightsMode");
    return mode == NULL ? SLICE_LITERAL(MODE_DEFAULT) : mode->text;
}

/* The document without the entry of the request and, when it enables, with the new one. Entries of
 * indexes that are gone go as well. */
static struct slice insights_document(struct call *call, const struct json *list, bool enable)
{
    const struct request *request = call->state;
    const struct json *index = json_get(call->body, "IndexName");
    struct buffer to;
    buffer_init(&to, call->arena, 1024);
    const char *separator = "[";
    const struct json *first = list == NULL ? NULL : list->first;
    for (const struct json *each = first; each != NULL; each = each->next) {
        if (!insights_is_of(each, index) &&
            insights_index_exists(request->table, json_get(each, "IndexName"))) {
            buffer_append_text(&to, separator);
            json_write(&to, each);
            separator = ",";
        }
    }
    if (enable) {
        uint64_t now_ms = resource_now_ms(call);
        buffer_printf(&to, "%s{", separator);
        if (index != NULL) {
            buffer_printf(&to, "\"IndexName\":\"%.*s\",", SLICE_ARGS(index->text));
        }
        buffer_printf(&to, "\"Mode\":\"%.*s\",\"LastUpdateDateTime\":%" PRIu64 ".%03u}",
                      SLICE_ARGS(insights_mode(call)), now_ms / 1000, (unsigned)(now_ms % 1000));
    }
    if (to.size > 0) {
        buffer_append_byte(&to, ']');
    }
    return buffer_slice(&to);
}

static void insights_answer_head(struct call *call)
{
    const struct request *request = call->state;
    const struct json *index = json_get(call->body, "IndexName");
    answer_begin(call);
    resource_answer_text(call, "TableName", request->name);
    if (index != NULL) {
        resource_answer_text(call, "IndexName", index->text);
    }
}

static bool insights_update_run(struct call *call, enum read_tier tier, struct error *err)
{
    struct request *request = call->state;
    struct catalog *catalog = call->node->store->catalog;
    bool enable = slice_is(json_get(call->body, "ContributorInsightsAction")->text, "ENABLE");
    struct json *list = NULL;
    (void)tier;
    catalog_change_begin(catalog);
    bool ok = resource_setting(call, request->table, SETTING_INSIGHTS, &list, err) &&
              catalog_set_setting(catalog, request->table, SETTING_INSIGHTS,
                                  insights_document(call, list, enable), err);
    catalog_change_end(catalog);
    ok = ok && (call->node->insights == NULL || insights_sync(call->node->insights, catalog, err));
    if (!ok) {
        return false;
    }
    insights_answer_head(call);
    resource_answer_text(call, "ContributorInsightsStatus",
                         slice_text(enable ? "ENABLING" : "DISABLING"));
    if (enable) {
        resource_answer_text(call, "ContributorInsightsMode", insights_mode(call));
    }
    answer_end(call);
    return true;
}

/* --- Describe ----------------------------------------------------------------------------------
 */

static bool insights_describe_decode(struct call *call, struct error *err)
{
    return insights_decode(call, &shape_describe_contributor_insights, err);
}

static bool insights_describe_run(struct call *call, enum read_tier tier, struct error *err)
{
    const struct request *request = call->state;
    const struct json *index = json_get(call->body, "IndexName");
    struct json *list = NULL;
    const struct json *found = NULL;
    (void)tier;
    if (!resource_setting(call, request->table, SETTING_INSIGHTS, &list, err)) {
        return false;
    }
    const struct json *first = list == NULL ? NULL : list->first;
    for (const struct json *each = first; each != NULL; each = each->next) {
        found = insights_is_of(each, index) ? each : found;
    }
    insights_answer_head(call);
    resource_answer_text(call, "ContributorInsightsStatus",
                         slice_text(found == NULL ? "DISABLED" : "ENABLED"));
    if (found != NULL) {
        answer_member(call, "ContributorInsightsRuleList");
        buffer_append_text(&call->answer, "[]");
        answer_member(call, "LastUpdateDateTime");
        json_write(&call->answer, json_get(found, "LastUpdateDateTime"));
        resource_answer_text(call, "ContributorInsightsMode", json_get(found, "Mode")->text);
    }
    answer_end(call);
    return true;
}

/* --- List: of one table, or of all, a page of tables at a time -----------------------------------
 */

static bool insights_list_decode(struct call *call, struct error *err)
{
    struct request *request = call->state;
    return request_begin(call, &shape_list_contributor_insights, request, err) &&
           (json_get(call->body, "TableName") == NULL || resource_table(call, request, err));
}

static bool insights_list_table(struct call *call,
                                const struct table *table,
                                const char **separator,
                                struct error *err)
{
    struct json *list = NULL;
    if (!resource_setting(call, table, SETTING_INSIGHTS, &list, err)) {
        return false;
    }
    const struct json *first = list == NULL ? NULL : list->first;
    for (const struct json *each = first; each != NULL; each = each->next) {
        const struct json *index = json_get(each, "IndexName");
        buffer_printf(&call->answer, "%s{\"TableName\":", *separator);
        json_write_string(&call->answer, table->name);
        if (index != NULL) {
            buffer_append_text(&call->answer, ",\"IndexName\":");
            json_write_string(&call->answer, index->text);
        }
        buffer_printf(&call->answer,
                      ",\"ContributorInsightsStatus\":\"ENABLED\",\"ContributorInsightsMode\":"
                      "\"%.*s\"}",
                      SLICE_ARGS(json_get(each, "Mode")->text));
        *separator = ",";
    }
    return true;
}

/* The token of a next page is the last table's name; a page is so many tables, since what is
 * switched off is left out. */
static bool insights_list_run(struct call *call, enum read_tier tier, struct error *err)
{
    const struct request *request = call->state;
    struct catalog *catalog = call->node->store->catalog;
    struct slice names[INSIGHTS_LIST_MAX] = {request->name};
    uint32_t count = 1;
    bool more = false;
    (void)tier;
    if (request->table == NULL) {
        int64_t asked = shape_integer(json_get(call->body, "MaxResults"), 0);
        uint32_t max = asked > 0 && asked < INSIGHTS_LIST_MAX ? (uint32_t)asked : INSIGHTS_LIST_MAX;
        count = catalog_list(catalog, shape_text(json_get(call->body, "NextToken")), max,
                             call->arena, names, &more);
    }
    const char *separator = "";
    answer_begin(call);
    answer_member(call, "ContributorInsightsSummaries");
    buffer_append_byte(&call->answer, '[');
    for (uint32_t i = 0; i < count; i++) {
        const struct table *table = catalog_acquire(catalog, names[i]);
        bool ok = table == NULL || insights_list_table(call, table, &separator, err);
        table_release(table);
        if (!ok) {
            return false;
        }
    }
    buffer_append_byte(&call->answer, ']');
    if (more) {
        resource_answer_text(call, "NextToken", names[count - 1]);
    }
    answer_end(call);
    return true;
}

const struct operation operation_update_contributor_insights = {.name = "UpdateContributorInsights",
                                                                .state_bytes =
                                                                    sizeof(struct request),
                                                                .worker = true,
                                                                .decode = insights_update_decode,
                                                                .run = insights_update_run,
                                                                .release = resource_release};
const struct operation operation_describe_contributor_insights = {
    .name = "DescribeContributorInsights",
    .state_bytes = sizeof(struct request),
    .decode = insights_describe_decode,
    .run = insights_describe_run,
    .release = resource_release};
const struct operation operation_list_contributor_insights = {.name = "ListContributorInsights",
                                                              .state_bytes = sizeof(struct request),
                                                              .decode = insights_list_decode,
                                                              .run = insights_list_run,
                                                              .release = resource_release};
