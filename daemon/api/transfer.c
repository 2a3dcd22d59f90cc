/* Exports and imports (dynamodb-features.md 14, 15). An export reads the past of a table, which
 * none has in this version; imports are refused once the request is known to be a good one. */
#include "daemon/api/operations.h"
#include "daemon/api/resource.h"

#define INVALID_VALUES "One or more parameter values were invalid: "

/* --- Exports -----------------------------------------------------------------------------------
 */

static bool transfer_export_kind(struct call *call, struct error *err)
{
    struct slice type = shape_text(json_get(call->body, "ExportType"));
    const struct json *specification = json_get(call->body, "IncrementalExportSpecification");
    bool incremental = slice_is(type, "INCREMENTAL_EXPORT");
    if (specification == NULL) {
        return !incremental || error_set(err, ERROR_VALIDATION,
                                         "Invalid Request: Incremental Export Specification "
                                         "expected when export type is set as Incremental Export");
    }
    if (!incremental) {
        return error_set(err, ERROR_VALIDATION,
                         type.size == 0
                             ? "Invalid Request: Export Type expected to be Incremental Export "
                               "when incremental export specification is provided"
                             : "Invalid Request: When Export Type is Full Export , Incremental "
                               "Export Specification should not be provided");
    }
    return json_get(specification, "ExportFromTime") != NULL ||
           error_set(err, ERROR_VALIDATION,
                     "Invalid Request: ExportFromTime must be provided in "
                     "IncrementalExportSpecification");
}

static bool transfer_export_request(struct call *call, struct error *err)
{
    struct slice algorithm = shape_text(json_get(call->body, "S3SseAlgorithm"));
    if (json_get(call->body, "S3SseKmsKeyId") != NULL && !slice_is(algorithm, "KMS")) {
        return error_set(err, ERROR_VALIDATION,
                         "Invalid Request: KMS Key Id is not supported for this encryption type");
    }
    return transfer_export_kind(call, err);
}

/* The name in TableArn, which has to be the ARN of a table of this account. */
static bool transfer_table_arn(struct call *call, struct error *err)
{
    struct request *request = call->state;
    struct slice arn = shape_text(json_get(call->body, "TableArn"));
    struct slice part;
    bool foreign;
    if (resource_part(call->node, arn, "index", NULL, &part, &foreign)) {
        return error_set(err, ERROR_VALIDATION, "Invalid Request: Table ARN is invalid.");
    }
    struct error bare = {0};
    if (!slice_starts_with(arn, SLICE_LITERAL("arn:")) ||
        !request_resolve_name(call->node, arn, &request->name, &bare)) {
        return bare.code == ERROR_NOT_FOUND
                   ? error_set(err, ERROR_ACCESS_DENIED, "Access is denied")
                   : error_set(err, ERROR_VALIDATION, INVALID_VALUES "tableArn is not a valid ARN");
    }
    return true;
}

static bool transfer_export_decode(struct call *call, struct error *err)
{
    struct request *request = call->state;
    if (!shape_check(&shape_export_table_to_point_in_time, call->body, call->operation->name,
                     err) ||
        !transfer_table_arn(call, err) || !transfer_export_request(call, err)) {
        return false;
    }
    if (!resource_backup_table(call, request, err)) {
        return err->code == ERROR_TABLE_NOT_FOUND &&
               resource_no_table(shape_text(json_get(call->body, "TableArn")), err);
    }
    return error_set(err, ERROR_RECOVERY_UNAVAILABLE,
                     "Point in time recovery is not enabled for table '%.*s'",
                     SLICE_ARGS(request->name));
}

static bool transfer_export_describe_decode(struct call *call, struct error *err)
{
    if (!shape_check(&shape_describe_export, call->body, call->operation->name, err)) {
        return false;
    }
    struct slice arn = shape_text(json_get(call->body, "ExportArn"));
    struct slice part;
    bool foreign;
    if (!resource_part(call->node, arn, "export", NULL, &part, &foreign)) {
        return error_set(err, ERROR_VALIDATION, "Invalid Export ARN");
    }
    return error_set(err, ERROR_EXPORT_NOT_FOUND, "Export not found: Export not found: %.*s",
                     SLICE_ARGS(arn));
}

/* No list has ever had a second page: every token is a wrong one. */
static bool transfer_list(struct call *call, const struct shape *shape, struct error *err)
{
    if (!shape_check(shape, call->body, call->operation->name, err) ||
        (json_get(call->body, "TableArn") != NULL && !transfer_table_arn(call, err))) {
        return false;
    }
    const struct json *token = json_get(call->body, "NextToken");
    return token == NULL ||
           error_set(err, ERROR_VALIDATION, "Invalid Request: Provided nextToken is invalid: %.*s",
                     SLICE_ARGS(token->text));
}

static bool transfer_export_list_decode(struct call *call, struct error *err)
{
    return transfer_list(call, &shape_list_exports, err);
}

static bool transfer_list_answer(struct call *call, const char *member)
{
    answer_begin(call);
    answer_member(call, member);
    buffer_append_text(&call->answer, "[]");
    answer_end(call);
    return true;
}

static bool transfer_export_list_run(struct call *call, enum read_tier tier, struct error *err)
{
    (void)tier;
    (void)err;
    return transfer_list_answer(call, "ExportSummaries");
}

/* --- Imports -----------------------------------------------------------------------------------
 */

static bool transfer_import_decode(struct call *call, struct error *err)
{
    struct request *request = call->state;
    if (!shape_check(&shape_import_table, call->body, call->operation->name, err)) {
        return false;
    }
    struct slice format = shape_text(json_get(call->body, "InputFormat"));
    const struct json *options = json_get(call->body, "InputFormatOptions");
    if (options != NULL && json_get(options, "Csv") != NULL && !slice_is(format, "CSV")) {
        return error_set(err, ERROR_VALIDATION,
                         "Invalid Request: Unsupported InputFormatOptions for the given input "
                         "format: %.*s.",
                         SLICE_ARGS(format));
    }
    const struct json *target = json_get(call->body, "TableCreationParameters");
    request->name = shape_text(json_get(target, "TableName"));
    call->located = true;
    request->table = catalog_acquire(call->node->store->catalog, request->name);
    if (request->table != NULL) {
        return error_set(err, ERROR_IN_USE, "Table already exists: %.*s",
                         SLICE_ARGS(request->name));
    }
    return error_set(err, ERROR_NOT_IMPLEMENTED, "This version does not support imports");
}

static bool transfer_import_describe_decode(struct call *call, struct error *err)
{
    if (!shape_check(&shape_describe_import, call->body, call->operation->name, err)) {
        return false;
    }
    struct slice arn = shape_text(json_get(call->body, "ImportArn"));
    struct slice part;
    bool foreign;
    if (!resource_part(call->node, arn, "import", NULL, &part, &foreign)) {
        return error_set(err, ERROR_VALIDATION, "Invalid Import ARN");
    }
    return error_set(err, ERROR_IMPORT_NOT_FOUND, "Import not found: %.*s", SLICE_ARGS(arn));
}

static bool transfer_import_list_decode(struct call *call, struct error *err)
{
    return transfer_list(call, &shape_list_imports, err);
}

static bool transfer_import_list_run(struct call *call, enum read_tier tier, struct error *err)
{
    (void)tier;
    (void)err;
    return transfer_list_answer(call, "ImportSummaryList");
}

#define TRANSFER_OPERATION(its_name, its_decode, its_run)                                          \
    {                                                                                              \
        .name = (its_name), .state_bytes = sizeof(struct request), .decode = (its_decode),         \
        .run = (its_run), .release = resource_release                                              \
    }
const struct operation operation_export_table_to_point_in_time =
    TRANSFER_OPERATION("ExportTableToPointInTime", transfer_export_decode, NULL);
const struct operation operation_describe_export =
    TRANSFER_OPERATION("DescribeExport", transfer_export_describe_decode, NULL);
const struct operation operation_list_exports =
    TRANSFER_OPERATION("ListExports", transfer_export_list_decode, transfer_export_list_run);
const struct operation operation_import_table =
    TRANSFER_OPERATION("ImportTable", transfer_import_decode, NULL);
const struct operation operation_describe_import =
    TRANSFER_OPERATION("DescribeImport", transfer_import_describe_decode, NULL);
const struct operation operation_list_imports =
    TRANSFER_OPERATION("ListImports", transfer_import_list_decode, transfer_import_list_run);
