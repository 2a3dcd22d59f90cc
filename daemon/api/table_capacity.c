#include "daemon/api/table_capacity.h"

#include "daemon/api/validate.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#define INVALID_VALUES "One or more parameter values were invalid: "

enum {
    WARM_READ_UNITS = 12000, /* Of an on-demand table from the start. */
    WARM_WRITE_UNITS = 4000,
    DECREASES_FREE = 4, /* Of a UTC day; after them one an hour. */
    DECREASE_WAIT_MS = 3600000,
    DAY_MS = 86400000,
    OWNER_TEXT_BYTES = 300,
    TIME_TEXT_BYTES = 80,
};

static int64_t table_capacity_larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* "table" or "index I" */
static const char *table_capacity_whose(const struct capacity_owner *owner,
                                        char text[static OWNER_TEXT_BYTES])
{
    if (owner->index.size == 0) {
        return "table";
    }
    snprintf(text, OWNER_TEXT_BYTES, "index %.*s", SLICE_ARGS(owner->index));
    return text;
}

/* --- Provisioned ------------------------------------------------------------------------------ */

static bool table_capacity_bound(int64_t units,
                                 const char *member,
                                 const struct capacity_owner *owner,
                                 struct error *err)
{
    if (units <= TABLE_UNITS_MAX) {
        return true;
    }
    return error_set(err, ERROR_VALIDATION, "Given value %" PRId64 " for %s is out of bounds%s%.*s",
                     units, member, owner->index.size > 0 ? " for index " : "",
                     SLICE_ARGS(owner->index));
}

bool table_capacity_units(const struct json *asked,
                          const struct capacity_owner *owner,
                          struct throughput *throughput,
                          struct error *err)
{
    int64_t read = shape_integer(json_get(asked, "ReadCapacityUnits"), 0);
    int64_t write = shape_integer(json_get(asked, "WriteCapacityUnits"), 0);
    if (!table_capacity_bound(read, "ReadCapacityUnits", owner, err) ||
        !table_capacity_bound(write, "WriteCapacityUnits", owner, err)) {
        return false;
    }
    throughput->read_units = read;
    throughput->write_units = write;
    return true;
}

uint32_t table_capacity_decreases(const struct throughput *throughput, uint64_t now_ms)
{
    return throughput->decreased_ms / DAY_MS == now_ms / DAY_MS ? throughput->decreases : 0;
}

/* "Wednesday, July 25, 2018 9:01:54 AM UTC" */
static void table_capacity_time(uint64_t ms, char text[static TIME_TEXT_BYTES])
{
    static const char *const days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                       "Thursday", "Friday", "Saturday"};
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    time_t seconds = (time_t)(ms / 1000);
    struct tm utc;
    ensure(gmtime_r(&seconds, &utc) != NULL);
    snprintf(text, TIME_TEXT_BYTES, "%s, %s %d, %d %d:%02d:%02d %s UTC", days[utc.tm_wday],
             months[utc.tm_mon], utc.tm_mday, utc.tm_year + 1900,
             utc.tm_hour % 12 == 0 ? 12 : utc.tm_hour % 12, utc.tm_min, utc.tm_sec,
             utc.tm_hour < 12 ? "AM" : "PM");
}

static bool
table_capacity_ration(const struct throughput *throughput, uint64_t now_ms, struct error *err)
{
    uint32_t today = table_capacity_decreases(throughput, now_ms);
    uint64_t next_ms = throughput->decreased_ms + DECREASE_WAIT_MS;
    if (today < DECREASES_FREE || now_ms >= next_ms) {
        return true;
    }
    char last[TIME_TEXT_BYTES];
    char next[TIME_TEXT_BYTES];
    table_capacity_time(throughput->decreased_ms, last);
    table_capacity_time(next_ms, next);
    return error_set(err, ERROR_LIMIT,
                     "Subscriber limit exceeded: Provisioned throughput decreases are limited "
                     "within a given UTC day. After the first %d decreases, each subsequent "
                     "decrease in the same UTC day can be performed at most once every %d "
                     "seconds. Number of decreases today: %u. Last decrease at %s. Next decrease "
                     "can be made at %s",
                     DECREASES_FREE, DECREASE_WAIT_MS / 1000, today, last, next);
}

static bool table_capacity_same(const struct throughput *asked,
                                const struct capacity_owner *owner,
                                const struct throughput *now,
                                struct error *err)
{
    bool index = owner->index.size > 0;
    char whose[OWNER_TEXT_BYTES];
    table_capacity_whose(owner, whose);
    return error_set(
        err, ERROR_VALIDATION,
        "The provisioned throughput for the %s will not change. The requested value equals the "
        "current value. Current ReadCapacityUnits provisioned for the %s: %" PRId64
        ". Requested ReadCapacityUnits: %" PRId64
        ". Current WriteCapacityUnits provisioned for the %s: %" PRId64
        ". Requested WriteCapacityUnits: %" PRId64
        ". Refer to the Amazon DynamoDB Developer Guide for current limits and how to request "
        "higher limits.",
        index ? whose : "table", index ? "index" : "table", now->read_units, asked->read_units,
        index ? "index" : "table", now->write_units, asked->write_units);
}

bool table_capacity_change(const struct throughput *asked,
                           const struct capacity_owner *owner,
                           uint64_t now_ms,
                           struct throughput *throughput,
                           struct error *err)
{
    struct throughput changed = *throughput;
    if (asked->read_units == changed.read_units && asked->write_units == changed.write_units) {
        return table_capacity_same(asked, owner, throughput, err);
    }
    bool less = asked->read_units < changed.read_units || asked->write_units < changed.write_units;
    bool more = asked->read_units > changed.read_units || asked->write_units > changed.write_units;
    if (less) {
        if (!table_capacity_ration(throughput, now_ms, err)) {
            return false;
        }
        changed.decreases = table_capacity_decreases(throughput, now_ms) + 1;
        changed.decreased_ms = now_ms;
    }
    if (more) {
        changed.increased_ms = now_ms;
    }
    table_capacity_keep_warm(BILLING_PROVISIONED, &changed);
    changed.read_units = asked->read_units;
    changed.write_units = asked->write_units;
    *throughput = changed;
    return true;
}

/* --- On demand -------------------------------------------------------------------------------- */

static bool table_capacity_most(const struct json *asked,
                                const char *member,
                                const struct capacity_owner *owner,
                                int64_t *units,
                                struct error *err)
{
    const struct json *json = json_get(asked, member);
    if (json == NULL) {
        return true;
    }
    if (owner->billing == BILLING_PROVISIONED) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES "%s for OnDemandThroughput cannot be specified when the "
                                        "table BillingMode is PROVISIONED",
                         member);
    }
    int64_t most = shape_integer(json, 0);
    if (most == 0 || most < -1 || most > TABLE_UNITS_MAX) {
        char whose[OWNER_TEXT_BYTES];
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES "Requested %s for OnDemandThroughput for %s is outside of "
                                        "valid range",
                         member, table_capacity_whose(owner, whose));
    }
    *units = most == -1 ? 0 : most;
    return true;
}

bool table_capacity_on_demand(const struct json *asked,
                              const struct capacity_owner *owner,
                              struct throughput *throughput,
                              struct error *err)
{
    if (json_get(asked, "MaxReadRequestUnits") == NULL &&
        json_get(asked, "MaxWriteRequestUnits") == NULL) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES "OnDemandThroughput needs MaxReadRequestUnits or "
                                        "MaxWriteRequestUnits");
    }
    return table_capacity_most(asked, "MaxReadRequestUnits", owner, &throughput->read_units_max,
                               err) &&
           table_capacity_most(asked, "MaxWriteRequestUnits", owner, &throughput->write_units_max,
                               err);
}

/* --- Warm ------------------------------------------------------------------------------------- */

int64_t table_capacity_warm_read(enum billing_mode billing, const struct throughput *throughput)
{
    return table_capacity_larger(throughput->read_units_warm, billing == BILLING_PAY_PER_REQUEST
                                                                  ? WARM_READ_UNITS
                                                                  : throughput->read_units);
}

int64_t table_capacity_warm_write(enum billing_mode billing, const struct throughput *throughput)
{
    return table_capacity_larger(throughput->write_units_warm, billing == BILLING_PAY_PER_REQUEST
                                                                   ? WARM_WRITE_UNITS
                                                                   : throughput->write_units);
}

void table_capacity_keep_warm(enum billing_mode before, struct throughput *throughput)
{
    throughput->read_units_warm = table_capacity_warm_read(before, throughput);
    throughput->write_units_warm = table_capacity_warm_write(before, throughput);
}

/* One member of WarmThroughput: at least `least`, or `refusal` says why not. */
static bool table_capacity_warm(const struct json *asked,
                                const char *member,
                                const struct capacity_owner *owner,
                                int64_t least,
                                const char *refusal,
                                int64_t *units,
                                struct error *err)
{
    const struct json *json = json_get(asked, member);
    char whose[OWNER_TEXT_BYTES];
    if (json == NULL) {
        return true;
    }
    int64_t warm = shape_integer(json, 0);
    if (warm < least) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES "Requested %s for WarmThroughput for %s is lower than %s",
                         member, table_capacity_whose(owner, whose), refusal);
    }
    if (warm > TABLE_UNITS_MAX) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES "Requested %s for WarmThroughput for %s is outside of "
                                        "valid range",
                         member, table_capacity_whose(owner, whose));
    }
    *units = warm;
    return true;
}

static bool table_capacity_warm_any(const struct json *asked, struct error *err)
{
    return json_get(asked, "ReadUnitsPerSecond") != NULL ||
           json_get(asked, "WriteUnitsPerSecond") != NULL ||
           error_set(err, ERROR_VALIDATION,
                     INVALID_VALUES "WarmThroughput needs ReadUnitsPerSecond or "
                                    "WriteUnitsPerSecond");
}

bool table_capacity_warm_new(const struct json *asked,
                             const struct capacity_owner *owner,
                             struct throughput *throughput,
                             struct error *err)
{
    static const char on_demand[] =
        "initial throughput for OnDemand. See: https://docs.aws.amazon.com/amazondynamodb/latest/"
        "developerguide/warm-throughput.html";
    bool provisioned = owner->billing == BILLING_PROVISIONED;
    return table_capacity_warm_any(asked, err) &&
           table_capacity_warm(asked, "ReadUnitsPerSecond", owner,
                               table_capacity_warm_read(owner->billing, throughput),
                               provisioned ? "ReadCapacityUnits of ProvisionedThroughput"
                                           : on_demand,
                               &throughput->read_units_warm, err) &&
           table_capacity_warm(asked, "WriteUnitsPerSecond", owner,
                               table_capacity_warm_write(owner->billing, throughput),
                               provisioned ? "WriteCapacityUnits of ProvisionedThroughput"
                                           : on_demand,
                               &throughput->write_units_warm, err);
}

bool table_capacity_warm_raise(const struct json *asked,
                               const struct capacity_owner *owner,
                               struct throughput *throughput,
                               struct error *err)
{
    static const char refusal[] =
        "current WarmThroughput, decreasing WarmThroughput is not supported";
    return table_capacity_warm_any(asked, err) &&
           table_capacity_warm(asked, "ReadUnitsPerSecond", owner,
                               table_capacity_warm_read(owner->billing, throughput), refusal,
                               &throughput->read_units_warm, err) &&
           table_capacity_warm(asked, "WriteUnitsPerSecond", owner,
                               table_capacity_warm_write(owner->billing, throughput), refusal,
                               &throughput->write_units_warm, err);
}
