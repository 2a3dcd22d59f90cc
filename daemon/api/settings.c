/* DescribeTimeToLive, DescribeContinuousBackups, ListTagsOfResource: tools ask for these about
 * every table. No table has any of them yet, and that is what they say. */
#include "daemon/api/operations.h"
#include "daemon/api/request.h"

static bool settings_ttl_decode(struct call *call, struct error *err)
{
    struct request *request = call->state;
    if (!request_begin(call, &shape_describe_time_to_live, request, err) ||
        !request_open_control(call, request, err)) {
        return false;
    }
    return request->table->status != TABLE_CREATING ||
           error_set(err, ERROR_VALIDATION,
                     "Cannot describe time to live while table is in CREATING state: Current table "
                     "state is CREATING");
}

static bool settings_ttl_run(struct call *call, enum read_tier tier, struct error *err)
{
    (void)tier;
    (void)err;
    answer_begin(call);
    answer_member(call, "TimeToLiveDescription");
    buffer_append_text(&call->answer, "{\"TimeToLiveStatus\":\"DISABLED\"}");
    answer_end(call);
    return true;
}

static bool settings_backups_decode(struct call *call, struct error *err)
{
    struct request *request = call->state;
    if (!request_begin(call, &shape_describe_continuous_backups, request, err)) {
        return false;
    }
    if (!request_open_control(call, request, err)) {
        return err->code != ERROR_NOT_FOUND
                   ? false
                   : error_set(err, ERROR_TABLE_NOT_FOUND, "Table not found: %.*s",
                               SLICE_ARGS(request->name));
    }
    return request->table->status != TABLE_CREATING ||
           error_set(err, ERROR_TABLE_NOT_FOUND, "Table not found: %.*s",
                     SLICE_ARGS(request->name));
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

/* Take "<text>" off the front of *rest. */
static bool settings_take(struct slice *rest, const char *text)
{
    struct slice prefix = slice_text(text);
    if (!slice_starts_with(*rest, prefix)) {
        return false;
    }
    *rest = slice_of(rest->data + prefix.size, rest->size - prefix.size);
    return true;
}

/* dynamodb-features.md section 3. */
static bool
settings_resource(const struct node *node, struct slice arn, struct slice *name, struct error *err)
{
    struct slice rest = arn;
    if (!settings_take(&rest, "arn:")) {
        return error_set(err, ERROR_VALIDATION,
                         "One or more parameter values were invalid: ARNs must start with 'arn:': "
                         "%.*s",
                         SLICE_ARGS(arn));
    }
    if (!settings_take(&rest, "aws:dynamodb:")) {
        return error_set(
            err, ERROR_VALIDATION,
            "One or more parameter values were invalid: Provided Arn is not a DynamoDB "
            "resource arn: %.*s",
            SLICE_ARGS(arn));
    }
    bool shaped = settings_take(&rest, node->region) && settings_take(&rest, ":") &&
                  settings_take(&rest, node->account) && settings_take(&rest, ":table/");
    const uint8_t *slash = shaped ? memchr(rest.data, '/', rest.size) : NULL;
    *name = slash == NULL ? rest : slice_of(rest.data, (size_t)(slash - rest.data));
    if (shaped && slash != NULL) {
        rest = slice_of(slash, rest.size - name->size);
        if (settings_take(&rest, "/index/")) {
            return error_set(err, ERROR_VALIDATION,
                             "One or more parameter values were invalid: Invalid resource arn "
                             "provided, only table or stream is accepted. Provided resource arn: "
                             "%.*s",
                             SLICE_ARGS(arn));
        }
        shaped = settings_take(&rest, "/stream/");
    }
    return (shaped && pattern_name(*name)) ||
           error_set(err, ERROR_VALIDATION,
                     "Invalid TableArn: Invalid ResourceArn provided as input %.*s",
                     SLICE_ARGS(arn));
}

static bool settings_tags_decode(struct call *call, struct error *err)
{
    struct request *request = call->state;
    if (!shape_check(&shape_list_tags_of_resource, call->body, call->operation->name, err)) {
        return false;
    }
    const struct json *arn = json_get(call->body, "ResourceArn");
    if (arn == NULL) {
        return error_set(err, ERROR_VALIDATION, "Invalid TableArn");
    }
    if (!settings_resource(call->node, arn->text, &request->name, err)) {
        return false;
    }
    struct error bare = {0};
    return request_open(call, request, &bare) ||
           error_set(err, bare.code, "Requested resource not found: ResourceArn: %.*s not found",
                     SLICE_ARGS(arn->text));
}

static bool settings_tags_run(struct call *call, enum read_tier tier, struct error *err)
{
    (void)tier;
    (void)err;
    answer_begin(call);
    answer_member(call, "Tags");
    buffer_append_text(&call->answer, "[]");
    answer_end(call);
    return true;
}

static void settings_release(struct call *call)
{
    request_release(call->state);
}

const struct operation operation_describe_time_to_live = {.name = "DescribeTimeToLive",
                                                          .state_bytes = sizeof(struct request),
                                                          .decode = settings_ttl_decode,
                                                          .run = settings_ttl_run,
                                                          .release = settings_release};
const struct operation operation_describe_continuous_backups = {.name = "DescribeContinuousBackups",
                                                                .state_bytes =
                                                                    sizeof(struct request),
                                                                .decode = settings_backups_decode,
                                                                .run = settings_backups_run,
                                                                .release = settings_release};
const struct operation operation_list_tags_of_resource = {.name = "ListTagsOfResource",
                                                          .state_bytes = sizeof(struct request),
                                                          .decode = settings_tags_decode,
                                                          .run = settings_tags_run,
                                                          .release = settings_release};
