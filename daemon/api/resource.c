#include "daemon/api/resource.h"

#include <inttypes.h>

bool resource_no_table(struct slice name, struct error *err)
{
    return error_set(err, ERROR_TABLE_NOT_FOUND, "Table not found: %.*s", SLICE_ARGS(name));
}

bool resource_table(struct call *call, struct request *request, struct error *err)
{
    if (!request_open_control(call, request, err)) {
        return false;
    }
    return request->table->status != TABLE_CREATING ||
           error_set(err, ERROR_NOT_FOUND, "Requested resource not found: Table: %.*s not found",
                     SLICE_ARGS(request->name));
}

bool resource_backup_table(struct call *call, struct request *request, struct error *err)
{
    if (!request_open_control(call, request, err)) {
        return err->code == ERROR_NOT_FOUND && resource_no_table(request->name, err);
    }
    return request->table->status != TABLE_CREATING || resource_no_table(request->name, err);
}

/* --- ARNs ---------------------------------------------------------------------------------------
 */

/* Take "<text>" off the front of *rest. */
static bool resource_take(struct slice *rest, const char *text)
{
    struct slice prefix = slice_text(text);
    if (!slice_starts_with(*rest, prefix)) {
        return false;
    }
    *rest = slice_of(rest->data + prefix.size, rest->size - prefix.size);
    return true;
}

/* Cut the part up to `end` off *rest. */
static bool resource_cut(struct slice *rest, char end, struct slice *part)
{
    const uint8_t *at = rest->size == 0 ? NULL : memchr(rest->data, end, rest->size);
    if (at == NULL) {
        return false;
    }
    *part = slice_of(rest->data, (size_t)(at - rest->data));
    *rest = slice_of(at + 1, rest->size - part->size - 1);
    return true;
}

bool resource_part(const struct node *node,
                   struct slice arn,
                   const char *kind,
                   struct slice *name,
                   struct slice *part,
                   bool *foreign)
{
    struct slice rest = arn;
    struct slice partition, region, account, table, found;
    *foreign = false;
    if (!resource_take(&rest, "arn:") || !resource_cut(&rest, ':', &partition) ||
        !resource_take(&rest, "dynamodb:") || !resource_cut(&rest, ':', &region) ||
        !resource_cut(&rest, ':', &account) || !resource_take(&rest, "table/") ||
        !resource_cut(&rest, '/', &table) || !pattern_name(table) ||
        !resource_cut(&rest, '/', &found) || !slice_is(found, kind) || rest.size == 0) {
        return false;
    }
    *foreign = !slice_is(partition, "aws") || !slice_is(region, node->region) ||
               !slice_is(account, node->account);
    if (*foreign) {
        return false;
    }
    *part = rest;
    if (name != NULL) {
        *name = table;
    }
    return true;
}

static bool resource_split(
    const struct node *node, struct slice arn, struct slice *name, bool *stream, struct error *err)
{
    struct slice rest = arn;
    if (!resource_take(&rest, "arn:")) {
        return error_set(err, ERROR_VALIDATION,
                         "One or more parameter values were invalid: ARNs must start with 'arn:': "
                         "%.*s",
                         SLICE_ARGS(arn));
    }
    if (!resource_take(&rest, "aws:dynamodb:")) {
        return error_set(
            err, ERROR_VALIDATION,
            "One or more parameter values were invalid: Provided Arn is not a DynamoDB "
            "resource arn: %.*s",
            SLICE_ARGS(arn));
    }
    bool shaped = resource_take(&rest, node->region) && resource_take(&rest, ":") &&
                  resource_take(&rest, node->account) && resource_take(&rest, ":table/");
    *stream = false;
    if (!shaped || !resource_cut(&rest, '/', name)) {
        *name = rest;
    } else if (resource_take(&rest, "index/")) {
        return error_set(err, ERROR_VALIDATION,
                         "One or more parameter values were invalid: Invalid resource arn "
                         "provided, only table or stream is accepted. Provided resource arn: "
                         "%.*s",
                         SLICE_ARGS(arn));
    } else {
        *stream = resource_take(&rest, "stream/") && rest.size > 0;
        shaped = *stream;
    }
    return (shaped && pattern_name(*name)) ||
           error_set(err, ERROR_VALIDATION,
                     "Invalid TableArn: Invalid ResourceArn provided as input %.*s",
                     SLICE_ARGS(arn));
}

bool resource_name(struct call *call,
                   const struct json *arn,
                   struct request *request,
                   bool *stream,
                   struct error *err)
{
    if (arn == NULL) {
        return error_set(err, ERROR_VALIDATION, "Invalid TableArn");
    }
    request->asked_name = arn->text;
    return resource_split(call->node, arn->text, &request->name, stream, err);
}

bool resource_open(struct call *call, struct request *request, struct error *err)
{
    struct error bare = {0};
    return request_open(call, request, &bare) ||
           error_set(err, bare.code, "Requested resource not found: ResourceArn: %.*s not found",
                     SLICE_ARGS(request->asked_name));
}

bool resource_setting(struct call *call,
                      const struct table *table,
                      enum setting setting,
                      struct json **document,
                      struct error *err)
{
    *document = NULL;
    struct slice bytes = catalog_setting(call->node->store->catalog, table, setting, call->arena);
    struct error broken = {0};
    if (bytes.size > 0 && !json_parse(bytes, call->arena, document, &broken)) {
        return error_set(err, ERROR_CORRUPT, "setting %d of table %.*s: %s", (int)setting,
                         SLICE_ARGS(table->name), broken.text);
    }
    return true;
}

/* --- Answers -----------------------------------------------------------------------------------
 */

void resource_release(struct call *call)
{
    request_release(call->state);
}

void resource_answer_text(struct call *call, const char *name, struct slice text)
{
    answer_member(call, name);
    json_write_string(&call->answer, text);
}

void resource_answer_time(struct call *call, const char *name, uint64_t ms)
{
    answer_member(call, name);
    buffer_printf(&call->answer, "%" PRIu64 ".%03u", ms / 1000, (unsigned)(ms % 1000));
}

uint64_t resource_now_ms(const struct call *call)
{
    const struct store_clock *clock = &call->node->store->clock;
    return clock->wall_ms(clock->context);
}
