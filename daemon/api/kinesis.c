/* Kinesis streaming destinations (dynamodb-features.md section 6).
 *
 *     ENABLING --> ENABLE_FAILED
 *
 * This server has no way to deliver to a Kinesis data stream. The service takes any stream and
 * finds out later whether it can write to it; here it never can. So a destination is taken, kept,
 * and found ENABLE_FAILED with the reason, which is the state that tools look for; it never becomes
 * ACTIVE, and what asks for an ACTIVE one is refused as the service refuses it. */
#include "daemon/api/operations.h"
#include "daemon/api/resource.h"

#define INVALID_STATE "Table is not in a valid state to enable Kinesis Streaming Destination: "
#define FAILED                                                                                     \
    "\"DestinationStatus\":\"ENABLE_FAILED\",\"DestinationStatusDescription\":"                    \
    "\"This server does not deliver to Kinesis data streams\""

enum { KINESIS_DESTINATIONS_MAX = 16 }; /* The oldest gives way. */

static const char kinesis_precision[] = "ApproximateCreationDateTimePrecision";

static bool kinesis_decode(struct call *call, const struct shape *shape, struct error *err)
{
    struct request *request = call->state;
    return request_begin(call, shape, request, err) && resource_table(call, request, err);
}

/* The destination with the stream of the request, in the document of the table; or NULL. */
static bool kinesis_find(struct call *call, const struct json **found, struct error *err)
{
    struct request *request = call->state;
    struct slice arn = shape_text(json_get(call->body, "StreamArn"));
    struct json *list = NULL;
    *found = NULL;
    if (!resource_setting(call, request->table, SETTING_KINESIS, &list, err)) {
        return false;
    }
    const struct json *first = list == NULL ? NULL : list->first;
    for (const struct json *each = first; each != NULL; each = each->next) {
        if (slice_equal(json_get(each, "StreamArn")->text, arn)) {
            *found = each;
        }
    }
    return true;
}

/* --- Enable ------------------------------------------------------------------------------------
 */

static bool kinesis_enable_decode(struct call *call, struct error *err)
{
    return kinesis_decode(call, &shape_enable_kinesis_streaming_destination, err);
}

static const struct json *kinesis_asked_precision(const struct call *call, const char *member)
{
    const struct json *configuration = json_get(call->body, member);
    return configuration == NULL ? NULL : json_get(configuration, kinesis_precision);
}

/* The document with the new destination at its end, in place of an older one for its stream. */
static struct slice kinesis_append(struct call *call, const struct json *list)
{
    struct slice arn = json_get(call->body, "StreamArn")->text;
    const struct json *precision =
        kinesis_asked_precision(call, "EnableKinesisStreamingConfiguration");
    struct buffer to;
    buffer_init(&to, call->arena, 2048);
    buffer_append_byte(&to, '[');
    uint32_t skip = list != NULL && list->count >= KINESIS_DESTINATIONS_MAX;
    const struct json *first = list == NULL ? NULL : list->first;
    for (const struct json *each = first; each != NULL; each = each->next) {
        if (skip > 0) {
            skip--;
        } else if (!slice_equal(json_get(each, "StreamArn")->text, arn)) {
            json_write(&to, each);
            buffer_append_byte(&to, ',');
        }
    }
    buffer_append_text(&to, "{\"StreamArn\":");
    json_write_string(&to, arn);
    buffer_append_text(&to, "," FAILED);
    if (precision != NULL) {
        buffer_printf(&to, ",\"%s\":\"%.*s\"", kinesis_precision, SLICE_ARGS(precision->text));
    }
    buffer_append_text(&to, "}]");
    return buffer_slice(&to);
}

static bool kinesis_enable_run(struct call *call, enum read_tier tier, struct error *err)
{
    struct request *request = call->state;
    struct catalog *catalog = call->node->store->catalog;
    struct json *list = NULL;
    (void)tier;
    catalog_change_begin(catalog);
    bool ok = resource_setting(call, request->table, SETTING_KINESIS, &list, err) &&
              catalog_set_setting(catalog, request->table, SETTING_KINESIS,
                                  kinesis_append(call, list), err);
    catalog_change_end(catalog);
    if (!ok) {
        return false;
    }
    const struct json *precision =
        kinesis_asked_precision(call, "EnableKinesisStreamingConfiguration");
    answer_begin(call);
    resource_answer_text(call, "TableName", request->name);
    resource_answer_text(call, "StreamArn", json_get(call->body, "StreamArn")->text);
    resource_answer_text(call, "DestinationStatus", SLICE_LITERAL("ENABLING"));
    if (precision != NULL) {
        answer_member(call, "EnableKinesisStreamingConfiguration");
        buffer_printf(&call->answer, "{\"%s\":\"%.*s\"}", kinesis_precision,
                      SLICE_ARGS(precision->text));
    }
    answer_end(call);
    return true;
}

/* --- Disable, update: only of an ACTIVE one, which there is not ---------------------------------
 */

static bool kinesis_disable_decode(struct call *call, struct error *err)
{
    return kinesis_decode(call, &shape_disable_kinesis_streaming_destination, err) &&
           error_set(err, ERROR_VALIDATION,
                     INVALID_STATE
                     "KinesisStreamingDestination must be ACTIVE to perform DISABLE operation.");
}

static bool kinesis_update_decode(struct call *call, struct error *err)
{
    struct request *request = call->state;
    const struct json *found = NULL;
    if (!kinesis_decode(call, &shape_update_kinesis_streaming_destination, err)) {
        return false;
    }
    if (kinesis_asked_precision(call, "UpdateKinesisStreamingConfiguration") == NULL) {
        return error_set(err, ERROR_VALIDATION,
                         "Streaming destination cannot be updated with given parameters: "
                         "UpdateKinesisStreamingConfiguration cannot be null or contain only null "
                         "values");
    }
    if (!kinesis_find(call, &found, err)) {
        return false;
    }
    struct slice arn = json_get(call->body, "StreamArn")->text;
    if (found == NULL) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_STATE "No streaming destination with streamArn: %.*s found for "
                                       "table with tableName: %.*s",
                         SLICE_ARGS(arn), SLICE_ARGS(request->name));
    }
    return error_set(err, ERROR_VALIDATION,
                     INVALID_STATE
                     "Kinesis streaming is not in ACTIVE state. Updates are only allowed in ACTIVE "
                     "state. TableName: %.*s, kdsArn: %.*s",
                     SLICE_ARGS(request->name), SLICE_ARGS(arn));
}

/* --- Describe ----------------------------------------------------------------------------------
 */

static bool kinesis_describe_decode(struct call *call, struct error *err)
{
    return kinesis_decode(call, &shape_describe_kinesis_streaming_destination, err);
}

static bool kinesis_describe_run(struct call *call, enum read_tier tier, struct error *err)
{
    struct request *request = call->state;
    (void)tier;
    (void)err;
    struct slice stored =
        catalog_setting(call->node->store->catalog, request->table, SETTING_KINESIS, call->arena);
    answer_begin(call);
    resource_answer_text(call, "TableName", request->name);
    answer_member(call, "KinesisDataStreamDestinations");
    buffer_append_slice(&call->answer, stored.size == 0 ? SLICE_LITERAL("[]") : stored);
    answer_end(call);
    return true;
}

const struct operation operation_enable_kinesis_streaming_destination = {
    .name = "EnableKinesisStreamingDestination",
    .state_bytes = sizeof(struct request),
    .worker = true,
    .decode = kinesis_enable_decode,
    .run = kinesis_enable_run,
    .release = resource_release};
const struct operation operation_disable_kinesis_streaming_destination = {
    .name = "DisableKinesisStreamingDestination",
    .state_bytes = sizeof(struct request),
    .decode = kinesis_disable_decode,
    .release = resource_release};
const struct operation operation_update_kinesis_streaming_destination = {
    .name = "UpdateKinesisStreamingDestination",
    .state_bytes = sizeof(struct request),
    .decode = kinesis_update_decode,
    .release = resource_release};
const struct operation operation_describe_kinesis_streaming_destination = {
    .name = "DescribeKinesisStreamingDestination",
    .state_bytes = sizeof(struct request),
    .decode = kinesis_describe_decode,
    .run = kinesis_describe_run,
    .release = resource_release};
