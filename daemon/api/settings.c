/* Point-in-time recovery (dynamodb-features.md 11). No table has it in this version: it says so,
 * takes off what is off as the service does, and refuses to switch on. */
#include "daemon/api/operations.h"
#include "daemon/api/resource.h"

/* --- Point-in-time recovery --------------------------------------------------------------------
 */

static bool settings_backups_decode(struct call *call, struct error *err)
{
    struct request *request = call->state;
    return request_begin(call, &shape_describe_continuous_backups, request, err) &&
           resource_backup_table(call, request, err);
}

static bool settings_backups_update_decode(struct call *call, struct error *err)
{
    struct request *request = call->state;
    if (!request_begin(call, &shape_update_continuous_backups, request, err)) {
        return false;
    }
    const struct json *specification = json_get(call->body, "PointInTimeRecoverySpecification");
    bool on = shape_boolean(json_get(specification, "PointInTimeRecoveryEnabled"), false);
    if (!on && json_get(specification, "RecoveryPeriodInDays") != NULL) {
        return error_set(err, ERROR_VALIDATION,
                         "Invalid Request: Cannot specify RecoveryPeriodInDays when disabling "
                         "point-in-time recovery.");
    }
    if (!resource_backup_table(call, request, err)) {
        return false;
    }
    return !on || error_set(err, ERROR_NOT_IMPLEMENTED,
                            "This version does not support point-in-time recovery");
}

static bool settings_backups_run(struct call *call, enum read_tier tier, struct error *err)
{
    (void)tier;
    (void)err;
    answer_begin(call);
    answer_member(call, "ContinuousBackupsDescription");
    buffer_append_text(
        &call->answer,
        "{\"ContinuousBackupsStatus\":\"ENABLED\",\"PointInTimeRecoveryDescription\":"
        "{\"PointInTimeRecoveryStatus\":\"DISABLED\"}}");
    answer_end(call);
    return true;
}

#define SETTINGS_OPERATION(its_name, its_decode, its_run)                                          \
    {                                                                                              \
        .name = (its_name), .state_bytes = sizeof(struct request), .decode = (its_decode),         \
        .run = (its_run), .release = resource_release                                              \
    }
const struct operation operation_describe_continuous_backups =
    SETTINGS_OPERATION("DescribeContinuousBackups", settings_backups_decode, settings_backups_run);
const struct operation operation_update_continuous_backups = SETTINGS_OPERATION(
    "UpdateContinuousBackups", settings_backups_update_decode, settings_backups_run);
