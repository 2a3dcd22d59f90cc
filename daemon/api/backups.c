/* Backups and restores (dynamodb-features.md 12, 13). This version makes no backups: so there are
 * none to list, to describe, to delete or to restore from, and no table has a past to restore. */
#include "daemon/api/operations.h"
#include "daemon/api/resource.h"

/* --- Backups -----------------------------------------------------------------------------------
 */

static bool backups_create_decode(struct call *call, struct error *err)
{
    struct request *request = call->state;
    return request_begin(call, &shape_create_backup, request, err) &&
           resource_backup_table(call, request, err) &&
           error_set(err, ERROR_NOT_IMPLEMENTED, "This version does not support backups");
}

/* There is no backup of any name. Always false. */
static bool backups_not_found(struct call *call, struct error *err)
{
    struct slice arn = shape_text(json_get(call->body, "BackupArn"));
    struct slice part;
    bool foreign;
    if (resource_part(call->node, arn, "backup", NULL, &part, &foreign)) {
        return error_set(err, ERROR_BACKUP_NOT_FOUND, "Backup not found: %.*s", SLICE_ARGS(arn));
    }
    return error_set(err, ERROR_VALIDATION,
                     foreign ? "Invalid Request: BackupArn is not valid" : "Invalid Backup ARN");
}

static bool backups_describe_decode(struct call *call, struct error *err)
{
    return shape_check(&shape_describe_backup, call->body, call->operation->name, err) &&
           backups_not_found(call, err);
}

static bool backups_delete_decode(struct call *call, struct error *err)
{
    return shape_check(&shape_delete_backup, call->body, call->operation->name, err) &&
           backups_not_found(call, err);
}

static bool backups_list_decode(struct call *call, struct error *err)
{
    struct request *request = call->state;
    if (!request_begin(call, &shape_list_backups, request, err)) {
        return false;
    }
    const struct json *lower = json_get(call->body, "TimeRangeLowerBound");
    const struct json *upper = json_get(call->body, "TimeRangeUpperBound");
    if (lower != NULL && upper != NULL && shape_number(lower, 0) > shape_number(upper, 0)) {
        return error_set(err, ERROR_VALIDATION,
                         "One or more parameter values were invalid: Time range lower bound must "
                         "be less than or equal to upper bound");
    }
    const struct json *start = json_get(call->body, "ExclusiveStartBackupArn");
    struct slice part;
    bool foreign;
    return start == NULL ||
           resource_part(call->node, start->text, "backup", NULL, &part, &foreign) ||
           error_set(err, ERROR_VALIDATION, "Invalid Backup ARN");
}

static bool backups_list_run(struct call *call, enum read_tier tier, struct error *err)
{
    (void)tier;
    (void)err;
    answer_begin(call);
    answer_member(call, "BackupSummaries");
    buffer_append_text(&call->answer, "[]");
    answer_end(call);
    return true;
}

/* --- Restores ----------------------------------------------------------------------------------
 */

static bool backups_restore_decode(struct call *call, struct error *err)
{
    return shape_check(&shape_restore_table_from_backup, call->body, call->operation->name, err) &&
           backups_not_found(call, err);
}

static bool backups_restore_source(struct call *call, struct error *err)
{
    struct request *request = call->state;
    const struct json *arn = json_get(call->body, "SourceTableArn");
    const struct json *name = json_get(call->body, "SourceTableName");
    if ((arn == NULL) == (name == NULL)) {
        return error_set(err, ERROR_VALIDATION,
                         "Must provide exactly one of: sourceTableArn, sourceTableName");
    }
    bool when = json_get(call->body, "RestoreDateTime") != NULL;
    bool latest = shape_boolean(json_get(call->body, "UseLatestRestorableTime"), false);
    if (when == latest) {
        return error_set(err, ERROR_VALIDATION,
                         "Invalid Request: Either one of RestoreDateTime or "
                         "UseLatestRestorableTime must be specified, but not both");
    }
    if (name != NULL) {
        request->name = name->text;
        return true;
    }
    struct error bare = {0};
    if (slice_starts_with(arn->text, SLICE_LITERAL("arn:")) &&
        (request_resolve_name(call->node, arn->text, &request->name, &bare) ||
         bare.code == ERROR_NOT_FOUND)) {
        return bare.code != ERROR_NOT_FOUND || resource_no_table(arn->text, err);
    }
    return error_set(err, ERROR_VALIDATION,
                     "One or more parameter values were invalid: sourceTableArn is not a valid "
                     "ARN");
}

static bool backups_restore_past_decode(struct call *call, struct error *err)
{
    struct request *request = call->state;
    return shape_check(&shape_restore_table_to_point_in_time, call->body, call->operation->name,
                       err) &&
           backups_restore_source(call, err) && resource_backup_table(call, request, err) &&
           error_set(err, ERROR_RECOVERY_UNAVAILABLE,
                     "Point in time recovery is not enabled for table '%.*s'",
                     SLICE_ARGS(request->name));
}

#define BACKUPS_OPERATION(its_name, its_decode, its_run)                                           \
    {                                                                                              \
        .name = (its_name), .state_bytes = sizeof(struct request), .decode = (its_decode),         \
        .run = (its_run), .release = resource_release                                              \
    }
const struct operation operation_create_backup =
    BACKUPS_OPERATION("CreateBackup", backups_create_decode, NULL);
const struct operation operation_describe_backup =
    BACKUPS_OPERATION("DescribeBackup", backups_describe_decode, NULL);
const struct operation operation_delete_backup =
    BACKUPS_OPERATION("DeleteBackup", backups_delete_decode, NULL);
const struct operation operation_list_backups =
    BACKUPS_OPERATION("ListBackups", backups_list_decode, backups_list_run);
const struct operation operation_restore_table_from_backup =
    BACKUPS_OPERATION("RestoreTableFromBackup", backups_restore_decode, NULL);
const struct operation operation_restore_table_to_point_in_time =
    BACKUPS_OPERATION("RestoreTableToPointInTime", backups_restore_past_decode, NULL);
