/* UpdateTable: stream, encryption, class, protection (dynamodb-features.md 2.4, 18). */
#include "daemon/api/table_options.h"
#include "daemon/api/table_update.h"

#define INVALID_VALUES "One or more parameter values were invalid: "

bool table_update_stream_decode(const struct json *asked, struct error *err)
{
    bool enable = shape_boolean(json_get(asked, "StreamEnabled"), false);
    bool view = json_get(asked, "StreamViewType") != NULL;
    if (enable && !view) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES
                         "If stream is being enabled then UpdateViewType is required");
    }
    return enable || !view ||
           error_set(err, ERROR_VALIDATION,
                     INVALID_VALUES "If stream is being disabled, then UpdateViewType must not be "
                                    "specified");
}

bool table_update_stream(const struct json *asked, const struct table *table, struct error *err)
{
    bool enable = table_options_streams(asked);
    for (uint32_t i = 0; i < table->indexes_count; i++) {
        if (table->indexes[i].status == INDEX_CREATING) {
            return error_set(err, ERROR_IN_USE,
                             "Can't change stream status when an index is being created. Table: "
                             "%.*s Indexes: [%.*s]",
                             SLICE_ARGS(table->name), SLICE_ARGS(table->indexes[i].name));
        }
    }
    if (enable && table->stream.id != 0) {
        return error_set(err, ERROR_VALIDATION,
                         "Table already has an enabled stream: TableName: %.*s",
                         SLICE_ARGS(table->name));
    }
    if (!enable && table->stream.id == 0) {
        return error_set(err, ERROR_VALIDATION, "Table has no stream to disable: TableName: %.*s",
                         SLICE_ARGS(table->name));
    }
    return enable || table->replicas_count == 0 ||
           error_set(err, ERROR_VALIDATION,
                     INVALID_VALUES "Disabling Stream is not allowed for a Global Table replica.");
}

static bool table_update_encryption(struct call *call, struct table *changed, struct error *err)
{
    struct table before = *changed;
    if (!table_options_encryption(json_get(call->body, "SSESpecification"), call->node, call->arena,
                                  changed, err)) {
        return false;
    }
    if (!changed->encrypted && !before.encrypted) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES "Table is already encrypted by default");
    }
    if (changed->encrypted && before.encrypted && slice_equal(changed->kms_key, before.kms_key)) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES
                         "Table is already encrypted with given KMSMasterKeyId. Use "
                         "KMSMasterKeyId parameter if you want to change Master Key");
    }
    return true;
}

static bool table_update_class(struct call *call, struct table *changed, struct error *err)
{
    const struct store *store = call->node->store;
    enum table_class class = CLASS_STANDARD;
    if (!table_options_class(json_get(call->body, "TableClass"), &class, err)) {
        return false;
    }
    if (class != changed->table_class) {
        changed->table_class = class;
        changed->class_changed_ms = store->clock.wall_ms(store->clock.context);
    }
    return true;
}

bool table_update_options(struct call *call, struct table *changed, struct error *err)
{
    const struct table_update *state = call->state;
    switch (state->concern) {
    case CONCERN_ENCRYPTION:
        return table_update_encryption(call, changed, err);
    case CONCERN_CLASS:
        return table_update_class(call, changed, err);
    case CONCERN_PROTECTION:
        changed->deletion_protection =
            shape_boolean(json_get(call->body, "DeletionProtectionEnabled"), false);
        return true;
    case CONCERN_STREAM:
    case CONCERN_CAPACITY:
    case CONCERN_WARM:
    case CONCERN_INDEX:
    case CONCERN_REPLICAS:
        break;
    }
    ensure(false); /* They are done elsewhere. */
    return false;
}
