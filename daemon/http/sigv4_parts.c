#include "daemon/http/sigv4_parts.h"

#include <time.h>

#define PARTS_APPEND(to, text) buffer_append_slice(to, SLICE_LITERAL(text))

bool sigv4_fail(struct slice text, enum error_code code, struct slice *message, struct error *err)
{
    *message = text;
    int size = text.size < ERROR_TEXT_BYTES ? (int)text.size : ERROR_TEXT_BYTES;
    return error_set(err, code, "%.*s", size, (const char *)text.data);
}

/* --- Dates ----------------------------------------------------------------------------------- */

static bool parts_number(struct slice text, size_t from, size_t size, uint32_t *number)
{
    *number = 0;
    for (size_t i = from; i < from + size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
        *number = *number * 10 + (uint32_t)(text.data[i] - '0');
    }
    return true;
}

/* Days since 1970 of a date in the Gregorian calendar; years count from March, so that the leap day
 * is the last. */
static uint64_t parts_days(uint32_t year, uint32_t month, uint32_t day)
{
    uint64_t y = month <= 2 ? year - 1 : year;
    uint64_t m = month <= 2 ? month + 9 : month - 3;
    return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719468;
}

bool sigv4_parse_date(struct slice text, uint64_t *seconds)
{
    uint32_t year, month, day, hour, minute, second;
    if (text.size != SIGV4_DATE_BYTES || text.data[8] != 'T' || text.data[15] != 'Z' ||
        !parts_number(text, 0, 4, &year) || !parts_number(text, 4, 2, &month) ||
        !parts_number(text, 6, 2, &day) || !parts_number(text, 9, 2, &hour) ||
        !parts_number(text, 11, 2, &minute) || !parts_number(text, 13, 2, &second)) {
        return false;
    }
    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 ||
        second > 60) {
        return false;
    }
    *seconds = parts_days(year, month, day) * 86400 + (uint64_t)hour * 3600 +
               (uint64_t)minute * 60 + second;
    return true;
}

void sigv4_write_date(uint64_t seconds, char text[SIGV4_DATE_BYTES + 1])
{
    time_t time = (time_t)seconds;
    struct tm parts;
    ensure(gmtime_r(&time, &parts) != NULL);
    ensure(strftime(text, SIGV4_DATE_BYTES + 1, "%Y%m%dT%H%M%SZ", &parts) == SIGV4_DATE_BYTES);
}

/* --- The query string ------------------------------------------------------------------------ */

static int parts_hex(uint8_t digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    digit |= 0x20;
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* What is no proper escape stays as it is. */
static struct slice parts_decode(struct arena *arena, struct slice text)
{
    if (text.size == 0 || memchr(text.data, '%', text.size) == NULL) {
        return text;
    }
    uint8_t *to = arena_alloc(arena, text.size);
    size_t size = 0;
    for (size_t i = 0; i < text.size; i++) {
        bool escape = text.data[i] == '%' && text.size - i > 2;
        int high = escape ? parts_hex(text.data[i + 1]) : -1;
        int low = escape ? parts_hex(text.data[i + 2]) : -1;
        if (high >= 0 && low >= 0) {
            to[size++] = (uint8_t)(high << 4 | low);
            i += 2;
        } else {
            to[size++] = text.data[i];
        }
    }
    return (struct slice){to, size};
}

static bool parts_split_query(const struct http_request *request, struct sigv4_parts *parts)
{
    struct slice left = request->query;
    while (left.size > 0) {
        const uint8_t *end = memchr(left.data, '&', left.size);
        struct slice one = {left.data, end == NULL ? left.size : (size_t)(end - left.data)};
        size_t taken = end == NULL ? left.size : one.size + 1;
        left.data += taken;
        left.size -= taken;
        if (one.size == 0) {
            continue;
        }
        if (parts->parameters_count == SIGV4_QUERY_PARAMETERS_MAX) {
            return false;
        }
        const uint8_t *equals = memchr(one.data, '=', one.size);
        struct slice name = {one.data, equals == NULL ? one.size : (size_t)(equals - one.data)};
        struct slice value = {0};
        if (equals != NULL) {
            value = slice_of(equals + 1, one.size - name.size - 1);
        }
        parts->parameters[parts->parameters_count++] = (struct sigv4_parameter){
            parts_decode(request->arena, name), parts_decode(request->arena, value)};
    }
    return true;
}

static struct slice parts_parameter(const struct sigv4_parts *parts, const char *name)
{
    for (uint32_t i = 0; i < parts->parameters_count; i++) {
        if (slice_is(parts->parameters[i].name, name)) {
            return parts->parameters[i].value;
        }
    }
    return (struct slice){0};
}

static bool parts_has_parameter(const struct sigv4_parts *parts, const char *name)
{
    for (uint32_t i = 0; i < parts->parameters_count; i++) {
        if (slice_is(parts->parameters[i].name, name)) {
            return true;
        }
    }
    return false;
}

/* --- Checks 1 to 6 --------------------------------------------------------------------------- */

static bool parts_read_query(const struct http_request *request,
                             struct sigv4_parts *parts,
                             struct slice *message,
                             struct error *err)
{
    const struct {
        const char *name;
        struct slice *to;
    } wanted[] = {
        {"X-Amz-Algorithm", &parts->algorithm}, {"X-Amz-Credential", &parts->credential},
        {"X-Amz-Signature", &parts->signature}, {"X-Amz-SignedHeaders", &parts->signed_headers},
        {"X-Amz-Date", &parts->date},
    };
    struct buffer missing;
    buffer_init(&missing, request->arena, 64);
    for (size_t i = 0; i < ARRAY_COUNT(wanted); i++) {
        *wanted[i].to = parts_parameter(parts, wanted[i].name);
        if (wanted[i].to->size == 0) {
            PARTS_APPEND(&missing, "AWS query-string parameters must include '");
            buffer_append_text(&missing, wanted[i].name);
            PARTS_APPEND(&missing, "'. ");
        }
    }
    parts->expires = parts_parameter(parts, "X-Amz-Expires");
    parts->token = parts_parameter(parts, "X-Amz-Security-Token");
    if (missing.size > 0) {
        PARTS_APPEND(&missing, "Re-examine the query-string parameters.");
        return sigv4_fail(buffer_slice(&missing), ERROR_INCOMPLETE_SIGNATURE, message, err);
    }
    return true;
}

/* "AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…,Signature=…" in any order. */
static void parts_split_authorization(struct sigv4_parts *parts)
{
    struct slice left = parts->authorization;
    bool first = true;
    while (left.size > 0) {
        size_t size = 0;
        while (size < left.size && left.data[size] != ' ' && left.data[size] != ',') {
            size++;
        }
        struct slice word = {left.data, size};
        size_t taken = size < left.size ? size + 1 : size;
        left.data += taken;
        left.size -= taken;
        if (first) {
            parts->algorithm = word;
            first = false;
            continue;
        }
        const uint8_t *equals = size == 0 ? NULL : memchr(word.data, '=', size);
        if (equals == NULL) {
            continue;
        }
        struct slice name = {word.data, (size_t)(equals - word.data)};
        struct slice value = {equals + 1, size - name.size - 1};
        if (slice_equal(name, SLICE_LITERAL("Credential"))) {
            parts->credential = value;
        } else if (slice_equal(name, SLICE_LITERAL("Signature"))) {
            parts->signature = value;
        } else if (slice_equal(name, SLICE_LITERAL("SignedHeaders"))) {
            parts->signed_headers = value;
        }
    }
}

static void parts_append_header_tail(struct buffer *text, const struct sigv4_parts *parts)
{
    PARTS_APPEND(text, "Authorization=");
    buffer_append_slice(text, parts->authorization);
}

static bool parts_read_header(const struct http_request *request,
                              struct sigv4_parts *parts,
                              struct slice *message,
                              struct error *err)
{
    parts_split_authorization(parts);
    const struct http_header *date = http_find_header(request, "x-amz-date");
    if (date == NULL) {
        date = http_find_header(request, "date");
    }
    const struct http_header *token = http_find_header(request, "x-amz-security-token");
    parts->token = token == NULL ? (struct slice){0} : token->value;
    parts->date = date == NULL ? (struct slice){0} : date->value;
    if (parts->credential.size > 0 && parts->signature.size > 0 && parts->signed_headers.size > 0 &&
        parts->date.size > 0) {
        return true;
    }
    struct buffer text;
    buffer_init(&text, request->arena, 512 + parts->authorization.size);
    if (parts->credential.size == 0) {
        PARTS_APPEND(&text, "Authorization header requires 'Credential' parameter. ");
    }
    if (parts->signature.size == 0) {
        PARTS_APPEND(&text, "Authorization header requires 'Signature' parameter. ");
    }
    if (parts->signed_headers.size == 0) {
        PARTS_APPEND(&text, "Authorization header requires 'SignedHeaders' parameter. ");
    }
    if (parts->date.size == 0) {
        PARTS_APPEND(&text, "Authorization header requires existence of either a 'X-Amz-Date' or "
                            "a 'Date' header. ");
    }
    parts_append_header_tail(&text, parts);
    return sigv4_fail(buffer_slice(&text), ERROR_INCOMPLETE_SIGNATURE, message, err);
}

/* keyid/date/region/service/term */
static bool parts_split_credential(struct sigv4_parts *parts)
{
    struct slice fields[5];
    size_t count = 0;
    const uint8_t *from = parts->credential.data;
    const uint8_t *end = from + parts->credential.size;
    for (;;) {
        const uint8_t *slash = memchr(from, '/', (size_t)(end - from));
        if (count == ARRAY_COUNT(fields)) {
            return false;
        }
        fields[count++] = slice_of(from, (size_t)((slash == NULL ? end : slash) - from));
        if (slash == NULL) {
            break;
        }
        from = slash + 1;
    }
    if (count != ARRAY_COUNT(fields)) {
        return false;
    }
    parts->id = fields[0];
    parts->scope_date = fields[1];
    parts->scope_region = fields[2];
    parts->scope_service = fields[3];
    parts->scope_terminator = fields[4];
    parts->scope = slice_of(fields[1].data, (size_t)(end - fields[1].data));
    return true;
}

static bool parts_check(const struct http_request *request,
                        struct sigv4_parts *parts,
                        struct slice *message,
                        struct error *err)
{
    struct buffer text;
    if (!slice_equal(parts->algorithm, SLICE_LITERAL("AWS4-HMAC-SHA256"))) {
        buffer_init(&text, request->arena, 128 + parts->authorization.size);
        PARTS_APPEND(&text, "Unsupported AWS 'algorithm': '");
        buffer_append_slice(&text, parts->algorithm);
        PARTS_APPEND(&text, "' (only AWS4-HMAC-SHA256 for now). ");
        if (parts->query_form) {
            PARTS_APPEND(&text, "Re-examine the query-string parameters.");
        } else {
            parts_append_header_tail(&text, parts);
        }
        return sigv4_fail(buffer_slice(&text), ERROR_INCOMPLETE_SIGNATURE, message, err);
    }
    if (!parts_split_credential(parts)) {
        buffer_init(&text, request->arena, 128 + parts->credential.size);
        PARTS_APPEND(&text, "Credential must have exactly 5 slash-delimited elements, e.g. "
                            "keyid/date/region/service/term, got '");
        buffer_append_slice(&text, parts->credential);
        PARTS_APPEND(&text, "'");
        return sigv4_fail(buffer_slice(&text), ERROR_INCOMPLETE_SIGNATURE, message, err);
    }
    if (!sigv4_parse_date(parts->date, &parts->date_s)) {
        buffer_init(&text, request->arena, 128 + parts->date.size);
        PARTS_APPEND(&text, "Date must be in ISO-8601 'basic format'. Got '");
        buffer_append_slice(&text, parts->date);
        PARTS_APPEND(&text, "'. See http://en.wikipedia.org/wiki/ISO_8601");
        return sigv4_fail(buffer_slice(&text), ERROR_INCOMPLETE_SIGNATURE, message, err);
    }
    return true;
}

bool sigv4_parse(const struct http_request *request,
                 struct sigv4_parts *parts,
                 struct slice *message,
                 struct error *err)
{
    const struct http_header *header = http_find_header(request, "authorization");
    parts->authorization = header == NULL ? (struct slice){0} : header->value;
    parts->algorithm = (struct slice){0};
    parts->credential = (struct slice){0};
    parts->signature = (struct slice){0};
    parts->signed_headers = (struct slice){0};
    parts->expires = (struct slice){0};
    parts->parameters_count = 0;
    if (!parts_split_query(request, parts)) {
        return sigv4_fail(SLICE_LITERAL("Re-examine the query-string parameters."),
                          ERROR_INCOMPLETE_SIGNATURE, message, err);
    }
    parts->query_form = parts_has_parameter(parts, "X-Amz-Algorithm");
    if (parts->query_form && parts->authorization.size > 0) {
        return sigv4_fail(SLICE_LITERAL("Found both 'X-Amz-Algorithm' as a query-string param and "
                                        "'Authorization' as HTTP header."),
                          ERROR_INVALID_SIGNATURE, message, err);
    }
    if (!parts->query_form && !slice_starts_with(parts->authorization, SLICE_LITERAL("AWS4-"))) {
        return sigv4_fail(SLICE_LITERAL("Request is missing Authentication Token"),
                          ERROR_MISSING_TOKEN, message, err);
    }
    bool read = parts->query_form ? parts_read_query(request, parts, message, err)
                                  : parts_read_header(request, parts, message, err);
    return read && parts_check(request, parts, message, err);
}
