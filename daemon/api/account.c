/* DescribeLimits and DescribeEndpoints (dynamodb-features.md section 4): constant answers. */
#include "daemon/api/operations.h"
#include "daemon/api/request.h"

static bool account_decode(struct call *call, struct error *err)
{
    return shape_check(&shape_describe_limits, call->body, call->operation->name, err);
}

static bool account_limits_run(struct call *call, enum read_tier tier, struct error *err)
{
    (void)tier;
    (void)err;
    answer_begin(call);
    answer_integer(call, "AccountMaxReadCapacityUnits", 80000);
    answer_integer(call, "AccountMaxWriteCapacityUnits", 80000);
    answer_integer(call, "TableMaxReadCapacityUnits", 40000);
    answer_integer(call, "TableMaxWriteCapacityUnits", 40000);
    answer_end(call);
    return true;
}

/* A Host header is whatever the client sent: only what can be an address is given back. */
static bool account_endpoints_decode(struct call *call, struct error *err)
{
    for (size_t i = 0; i < call->host.size; i++) {
        if (call->host.data[i] <= ' ' || call->host.data[i] > '~') {
            return error_set(err, ERROR_VALIDATION, "The Host header is not an address");
        }
    }
    return account_decode(call, err);
}

/* The address under which the client has reached us. */
static bool account_endpoints_run(struct call *call, enum read_tier tier, struct error *err)
{
    (void)tier;
    (void)err;
    answer_begin(call);
    answer_member(call, "Endpoints");
    buffer_append_text(&call->answer, "[{\"Address\":");
    json_write_string(&call->answer, call->host);
    buffer_append_text(&call->answer, ",\"CachePeriodInMinutes\":1440}]");
    answer_end(call);
    return true;
}

const struct operation operation_describe_limits = {
    .name = "DescribeLimits", .decode = account_decode, .run = account_limits_run};
const struct operation operation_describe_endpoints = {
    .name = "DescribeEndpoints", .decode = account_endpoints_decode, .run = account_endpoints_run};
