#include "daemon/api/contributors.h"

#include "daemon/auth/access.h"
#include "daemon/insights.h"

static void
contributors_access(struct insights *insights, const struct access *access, bool throttled)
{
    const struct access_values *keys = &access->values[POLICY_LEADING_KEYS];
    const struct table_index *index =
        access->index.size == 0 ? NULL : table_find_index(access->table, access->index);
    if (access->index.size > 0 && index == NULL) {
        return;
    }
    for (uint32_t i = 0; i < keys->count; i++) {
        insights_note(insights, access->table->id, index == NULL ? 0 : index->id, keys->all[i],
                      throttled);
    }
}

/* What did not come to look at items is nobody's access. */
static bool contributors_counts(enum error_code code, bool *throttled)
{
    *throttled = code == ERROR_THROUGHPUT || code == ERROR_ON_DEMAND_MAX;
    return *throttled || code == ERROR_NONE || code == ERROR_CONDITION || code == ERROR_CANCELLED;
}

void contributors_note(struct call *call, enum error_code code)
{
    bool throttled = false;
    if (call->node->insights == NULL || call->operation == NULL ||
        call->operation->access == NULL ||
        catalog_settings_count(call->node->store->catalog, SETTING_INSIGHTS) == 0 ||
        !contributors_counts(code, &throttled)) {
        return;
    }
    struct access_list list = {.arena = call->arena, .node = call->node, .measured = true};
    operation_list(call, &list);
    for (const struct access *at = list.first; at != NULL; at = at->next) {
        contributors_access(call->node->insights, at, throttled);
    }
    access_list_clear(&list);
}
