/* What the model has and this version does not serve, by path: a request that uses it is told so.
 *
 * A path runs through lists: ReplicaUpdates.Update is that member of every element. */
#include "daemon/api/shapes.h"
#include "daemon/api/validate_inner.h"

struct unserved {
    const struct shape *operation;
    const char *path;
    bool (*when)(const struct json *value); /* NULL: whatever the value. */
};

static bool unserved_if_any(const struct json *value)
{
    return value->count > 0;
}

/* Members that ask for what a plain table is anyway are served; the rest of them is not. */
static const struct unserved unserved_rows[] = {
    {&shape_create_table, "Tags", unserved_if_any},
    {&shape_create_table, "ResourcePolicy", NULL},
    {&shape_create_table, "GlobalTableSourceArn", NULL},
    {&shape_create_table, "GlobalTableSettingsReplicationMode", NULL},
    {&shape_create_table, "VectorIndexes", NULL},
    {&shape_update_table, "MultiRegionConsistency", NULL},
    {&shape_update_table, "GlobalTableWitnessUpdates", NULL},
    {&shape_update_table, "GlobalTableSettingsReplicationMode", NULL},
    {&shape_update_table, "VectorIndexUpdates", NULL},
    {&shape_update_table, "ReplicaUpdates.Update", NULL},
    {&shape_update_table, "ReplicaUpdates.Create.KMSMasterKeyId", NULL},
    {&shape_update_table, "ReplicaUpdates.Create.ProvisionedThroughputOverride", NULL},
    {&shape_update_table, "ReplicaUpdates.Create.OnDemandThroughputOverride", NULL},
    {&shape_update_table, "ReplicaUpdates.Create.GlobalSecondaryIndexes", NULL},
    {&shape_update_table, "ReplicaUpdates.Create.TableClassOverride", NULL},
};

/* Does a value at `path` below `json` ask for what is not served? */
static bool
unserved_uses(const struct json *json, struct slice path, bool (*when)(const struct json *))
{
    if (json->type == JSON_NULL) {
        return false;
    }
    if (json->type == JSON_ARRAY && path.size > 0) {
        for (const struct json *child = json->first; child != NULL; child = child->next) {
            if (unserved_uses(child, path, when)) {
                return true;
            }
        }
        return false;
    }
    if (path.size == 0) {
        return when == NULL || when(json);
    }
    const uint8_t *dot = memchr(path.data, '.', path.size);
    size_t head = dot == NULL ? path.size : (size_t)(dot - path.data);
    size_t taken = dot == NULL ? head : head + 1;
    struct slice name = slice_of(path.data, head);
    struct slice rest = slice_of(path.data + taken, path.size - taken);
    for (const struct json *child = json->first; child != NULL; child = child->next) {
        if ((slice_is(name, "*") || slice_equal(child->name, name)) &&
            unserved_uses(child, rest, when)) {
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
        if (row->operation == shape && unserved_uses(body, slice_text(row->path), row->when)) {
            const char *last = strrchr(row->path, '.');
            return error_set(err, ERROR_NOT_IMPLEMENTED,
                             "This version does not support the parameter %s of %s",
                             last == NULL ? row->path : last + 1, operation);
        }
    }
    return true;
}
