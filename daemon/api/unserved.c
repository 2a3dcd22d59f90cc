/* What the model has and this version does not serve, by path: a request that uses it is told so.
 *
 * A path runs through lists: ReplicaUpdates.Update is that member of every element. */
#include "daemon/api/shapes.h"
#include "daemon/api/validate_inner.h"

struct unserved {
    const struct shape *operation;
    const char *path;
};

static const struct unserved unserved_rows[] = {
    {&shape_create_table, "GlobalTableSourceArn"},
    {&shape_create_table, "GlobalTableSettingsReplicationMode"},
    {&shape_create_table, "VectorIndexes"},
    {&shape_update_table, "GlobalTableSettingsReplicationMode"},
    {&shape_update_table, "VectorIndexUpdates"},
    {&shape_update_table, "ReplicaUpdates.Update"},
    {&shape_update_table, "ReplicaUpdates.Create.KMSMasterKeyId"},
    {&shape_update_table, "ReplicaUpdates.Create.ProvisionedThroughputOverride"},
    {&shape_update_table, "ReplicaUpdates.Create.OnDemandThroughputOverride"},
    {&shape_update_table, "ReplicaUpdates.Create.GlobalSecondaryIndexes"},
    {&shape_update_table, "ReplicaUpdates.Create.TableClassOverride"},
};

/* Does a value at `path` below `json` there? */
static bool unserved_uses(const struct json *json, struct slice path)
{
    if (json->type == JSON_NULL) {
        return false;
    }
    if (json->type == JSON_ARRAY && path.size > 0) {
        for (const struct json *child = json->first; child != NULL; child = child->next) {
            if (unserved_uses(child, path)) {
                return true;
            }
        }
        return false;
    }
    if (path.size == 0) {
        return true;
    }
    const uint8_t *dot = memchr(path.data, '.', path.size);
    size_t head = dot == NULL ? path.size : (size_t)(dot - path.data);
    size_t taken = dot == NULL ? head : head + 1;
    struct slice name = slice_of(path.data, head);
    struct slice rest = slice_of(path.data + taken, path.size - taken);
    for (const struct json *child = json->first; child != NULL; child = child->next) {
        if ((slice_is(name, "*") || slice_equal(child->name, name)) && unserved_uses(child, rest)) {
            return true;
        }
    }
    return false;
}

bool unserved_check(const struct shape *shape,
                    const struct json *body,
                    const char *operation,
                    struct error *err)
{
    for (size_t i = 0; i < ARRAY_COUNT(unserved_rows); i++) {
        const struct unserved *row = &unserved_rows[i];
        if (row->operation == shape && unserved_uses(body, slice_text(row->path))) {
            const char *last = strrchr(row->path, '.');
            return error_set(err, ERROR_NOT_IMPLEMENTED,
                             "This version does not support the parameter %s of %s",
                             last == NULL ? row->path : last + 1, operation);
        }
    }
    return true;
}
