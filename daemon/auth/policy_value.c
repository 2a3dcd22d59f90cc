/* Numbers, times and addresses, as policies and requests write them. */
#include "daemon/auth/policy_inner.h"

#include <arpa/inet.h>
#include <math.h>
#include <stdlib.h>

enum { VALUE_TEXT_BYTES_MAX = 64 };

/* Zero-terminated in `to`; false when it does not fit or has a zero inside. */
static bool value_text(struct slice text, char to[static VALUE_TEXT_BYTES_MAX])
{
    if (text.size == 0 || text.size >= VALUE_TEXT_BYTES_MAX ||
        memchr(text.data, 0, text.size) != NULL) {
        return false;
    }
    memcpy(to, text.data, text.size);
    to[text.size] = 0;
    return true;
}

bool policy_number(struct slice text, double *number)
{
    char copy[VALUE_TEXT_BYTES_MAX];
    char *end = NULL;
    if (!value_text(text, copy) || strspn(copy, "0123456789+-.eE") != text.size) {
        return false; /* Neither blanks nor hexadecimal nor "inf", which strtod would take. */
    }
    double parsed = strtod(copy, &end);
    if (*end != 0 || end == copy || !isfinite(parsed)) {
        return false;
    }
    *number = parsed;
    return true;
}

/* `digits` of them off the front. */
static bool value_digits(struct slice *rest, int digits, int64_t *number)
{
    *number = 0;
    for (int i = 0; i < digits; i++) {
        if (rest->size == 0 || rest->data[0] < '0' || rest->data[0] > '9') {
            return false;
        }
        *number = *number * 10 + (rest->data[0] - '0');
        *rest = slice_of(rest->data + 1, rest->size - 1);
    }
    return true;
}

static bool value_take(struct slice *rest, char byte)
{
    if (rest->size == 0 || rest->data[0] != (uint8_t)byte) {
        return false;
    }
    *rest = slice_of(rest->data + 1, rest->size - 1);
    return true;
}

/* Days since 1970-01-01 in the Gregorian calendar, whose year begins in March here, so that the day
 * of a leap year is its last. */
static int64_t value_days(int64_t year, int64_t month, int64_t day)
{
    int64_t shifted = month <= 2 ? year - 1 : year;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + of_year - 719468;
}

static bool value_month_has(int64_t year, int64_t month, int64_t day)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month >= 1 && month <= 12 && day >= 1 &&
           day <= days[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* "Z", "+01:00" or nothing, as ms to subtract. */
static bool value_zone(struct slice *rest, double *ms)
{
    int64_t hours, minutes;
    *ms = 0;
    if (rest->size == 0 || value_take(rest, 'Z')) {
        return rest->size == 0;
    }
    bool minus = rest->data[0] == '-';
    if ((!value_take(rest, '+') && !value_take(rest, '-')) || !value_digits(rest, 2, &hours) ||
        !value_take(rest, ':') || !value_digits(rest, 2, &minutes) || hours > 23 || minutes > 59 ||
        rest->size > 0) {
        return false;
    }
    *ms = (double)((hours * 60 + minutes) * 60000) * (minus ? -1 : 1);
    return true;
}

/* "T07:34:06", ".049" behind it if anything. */
static bool value_clock(struct slice *rest, double *ms)
{
    int64_t hour, minute, second;
    if (!value_take(rest, 'T') || !value_digits(rest, 2, &hour) || !value_take(rest, ':') ||
        !value_digits(rest, 2, &minute) || !value_take(rest, ':') ||
        !value_digits(rest, 2, &second) || hour > 23 || minute > 59 || second > 59) {
        return false;
    }
    *ms += (double)(((hour * 60 + minute) * 60 + second) * 1000);
    if (value_take(rest, '.')) {
        double unit = 100;
        int64_t digit;
        if (rest->size == 0 || rest->data[0] < '0' || rest->data[0] > '9') {
            return false;
        }
        while (value_digits(rest, 1, &digit)) {
            *ms += unit * (double)digit;
            unit /= 10;
        }
    }
    return true;
}

bool policy_time(struct slice text, double *ms)
{
    struct slice rest = text;
    int64_t year, month, day;
    double zone = 0;
    if (!value_digits(&rest, 4, &year) || !value_take(&rest, '-')) {
        double seconds;
        if (!policy_number(text, &seconds)) {
            return false;
        }
        *ms = seconds * 1000;
        return true;
    }
    if (!value_digits(&rest, 2, &month) || !value_take(&rest, '-') ||
        !value_digits(&rest, 2, &day) || !value_month_has(year, month, day)) {
        return false;
    }
    *ms = (double)(value_days(year, month, day) * 86400000);
    if (rest.size > 0 && (!value_clock(&rest, ms) || !value_zone(&rest, &zone))) {
        return false;
    }
    *ms -= zone;
    return true;
}

bool policy_boolean(struct slice text, double *truth)
{
    *truth = slice_is(text, "true") ? 1 : 0;
    return *truth != 0 || slice_is(text, "false");
}

bool policy_address(struct slice text, struct policy_address *address)
{
    char copy[VALUE_TEXT_BYTES_MAX];
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (!value_text(text, copy)) {
        return false;
    }
    char *slash = strchr(copy, '/');
    uint32_t bits = 128;
    if (slash != NULL) {
        size_t digits = strspn(slash + 1, "0123456789");
        if (digits == 0 || digits > 3 || slash[1 + digits] != 0) {
            return false;
        }
        bits = (uint32_t)strtoul(slash + 1, NULL, 10);
        *slash = 0;
    }
    if (inet_pton(AF_INET, copy, address->bytes + sizeof(mapped)) == 1) {
        memcpy(address->bytes, mapped, sizeof(mapped));
        bits = slash == NULL ? 128 : bits + 96;
    } else if (inet_pton(AF_INET6, copy, address->bytes) != 1) {
        return false;
    }
    address->bits = bits;
    return bits <= 128;
}

bool policy_address_holds(const struct policy_address *network, const struct policy_address *one)
{
    size_t whole = network->bits / 8;
    unsigned rest = network->bits % 8;
    if (memcmp(network->bytes, one->bytes, whole) != 0) {
        return false;
    }
    return rest == 0 || ((network->bytes[whole] ^ one->bytes[whole]) >> (8 - rest)) == 0;
}
