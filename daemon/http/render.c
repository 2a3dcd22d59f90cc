#include "daemon/http/render.h"

#include "proto/value/json.h"
#include "proto/value/utf8.h"

#include <zlib.h>

#define CORAL "com.amazon.coral.service#"
#define DYNAMODB "com.amazonaws.dynamodb.v20120810#"

/* What went wrong inside is for the log; a client can only try again. */
#define RENDER_INTERNAL                                                                            \
    {                                                                                              \
        500, false, DYNAMODB "InternalServerError", "Internal server error", "message"             \
    }

static const struct render_error render_rows[] = {
    [ERROR_VALIDATION] = {400, true, "com.amazon.coral.validate#ValidationException", NULL,
                          "message"},
    [ERROR_SERIALIZATION] = {400, true, CORAL "SerializationException", NULL, "Message"},
    [ERROR_UNKNOWN_OPERATION] = {400, false, CORAL "UnknownOperationException", NULL, NULL},
    [ERROR_NOT_IMPLEMENTED] = {400, true, CORAL "NotImplementedException", NULL, "message"},
    [ERROR_MISSING_TOKEN] = {400, true, CORAL "MissingAuthenticationTokenException", NULL,
                             "message"},
    [ERROR_INCOMPLETE_SIGNATURE] = {400, true, CORAL "IncompleteSignatureException", NULL,
                                    "message"},
    [ERROR_INVALID_SIGNATURE] = {400, true, CORAL "InvalidSignatureException", NULL, "message"},
    [ERROR_UNRECOGNIZED_CLIENT] = {400, true, CORAL "UnrecognizedClientException", NULL, "message"},
    [ERROR_EXPIRED_TOKEN] = {400, true, CORAL "ExpiredTokenException", NULL, "message"},
    [ERROR_ACCESS_DENIED] = {400, true, CORAL "AccessDeniedException", NULL, "Message"},
    [ERROR_NOT_FOUND] = {400, true, DYNAMODB "ResourceNotFoundException", NULL, "message"},
    [ERROR_TABLE_NOT_FOUND] = {400, true, DYNAMODB "TableNotFoundException", NULL, "message"},
    [ERROR_IN_USE] = {400, true, DYNAMODB "ResourceInUseException", NULL, "message"},
    [ERROR_LIMIT] = {400, true, DYNAMODB "LimitExceededException", NULL, "message"},
    [ERROR_CONDITION] = {400, true, DYNAMODB "ConditionalCheckFailedException", NULL, "message"},
    [ERROR_CANCELLED] = {400, true, DYNAMODB "TransactionCanceledException", NULL, "Message"},
    [ERROR_TRANSACTION_CONFLICT] = {400, true, DYNAMODB "TransactionConflictException", NULL,
                                    "message"},
    [ERROR_TOKEN_MISMATCH] = {400, true, DYNAMODB "IdempotentParameterMismatchException", NULL,
                              "Message"},
    [ERROR_TOKEN_IN_PROGRESS] = {400, true, DYNAMODB "TransactionInProgressException", NULL,
                                 "Message"},
    [ERROR_DUPLICATE_ITEM] = {400, true, DYNAMODB "DuplicateItemException", NULL, "message"},
    [ERROR_COLLECTION_SIZE] = {400, true, DYNAMODB "ItemCollectionSizeLimitExceededException", NULL,
                               "message"},
    [ERROR_THROUGHPUT] = {400, true, DYNAMODB "ProvisionedThroughputExceededException", NULL,
                          "message"},
    [ERROR_ON_DEMAND_MAX] = {400, true, "com.amazon.coral.availability#ThrottlingException", NULL,
                             "message"},
    [ERROR_POLICY_NOT_FOUND] = {400, true, DYNAMODB "PolicyNotFoundException", NULL, "message"},
    [ERROR_GLOBAL_TABLE_NOT_FOUND] = {400, true, DYNAMODB "GlobalTableNotFoundException", NULL,
                                      "message"},
    [ERROR_BACKUP_NOT_FOUND] = {400, true, DYNAMODB "BackupNotFoundException", NULL, "message"},
    [ERROR_RECOVERY_UNAVAILABLE] = {400, true, DYNAMODB "PointInTimeRecoveryUnavailableException",
                                    NULL, "message"},
    [ERROR_EXPORT_NOT_FOUND] = {400, true, DYNAMODB "ExportNotFoundException", NULL, "message"},
    [ERROR_IMPORT_NOT_FOUND] = {400, true, DYNAMODB "ImportNotFoundException", NULL, "message"},
    [ERROR_EXPIRED_ITERATOR] = {400, true, DYNAMODB "ExpiredIteratorException", NULL, "message"},
    [ERROR_TRIMMED] = {400, true, DYNAMODB "TrimmedDataAccessException", NULL, "message"},
    [ERROR_THROTTLED] = {400, false, "com.amazon.coral.availability#ThrottlingException",
                         "The request was denied due to request throttling.", "message"},
    [ERROR_WOULD_BLOCK] = RENDER_INTERNAL,
    [ERROR_UNAVAILABLE] = {503, false, CORAL "ServiceUnavailable",
                           "The service is currently unavailable or busy.", "message"},
    [ERROR_UNKNOWN_OUTCOME] = RENDER_INTERNAL,
    [ERROR_INTERNAL] = RENDER_INTERNAL,
    [ERROR_IO] = RENDER_INTERNAL,
    [ERROR_CORRUPT] = RENDER_INTERNAL,
    [ERROR_PROTOCOL] = RENDER_INTERNAL,
    [ERROR_REFUSED] = RENDER_INTERNAL,
    [ERROR_CONFIG] = RENDER_INTERNAL,
};

const struct render_error *render_error_row(enum error_code code)
{
    ensure(code != ERROR_NONE && (size_t)code < ARRAY_COUNT(render_rows));
    ensure(render_rows[code].type != NULL);
    return &render_rows[code];
}

static struct slice render_readable(struct arena *arena, struct slice text)
{
    if (utf8_valid(text)) {
        return text;
    }
    uint8_t *copy = arena_alloc(arena, text.size);
    for (size_t i = 0; i < text.size; i++) {
        copy[i] = text.data[i] < 0x80 ? text.data[i] : '?';
    }
    return (struct slice){copy, text.size};
}

void render_error_body(struct buffer *to,
                       enum error_code code,
                       struct slice text,
                       struct slice members)
{
    const struct render_error *row = render_error_row(code);
    if (!row->verbatim) {
        text = row->text == NULL ? (struct slice){0} : slice_text(row->text);
    }
    buffer_append_slice(to, SLICE_LITERAL("{\"__type\":\""));
    buffer_append_text(to, row->type);
    buffer_append_byte(to, '"');
    if (row->text_member != NULL && text.size > 0) {
        buffer_append_slice(to, SLICE_LITERAL(",\""));
        buffer_append_text(to, row->text_member);
        buffer_append_slice(to, SLICE_LITERAL("\":"));
        json_write_string(to, render_readable(to->arena, text));
    }
    buffer_append_slice(to, members);
    buffer_append_byte(to, '}');
}

static uint64_t render_rotate(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static uint64_t render_next(struct render_random *random)
{
    uint64_t *s = random->state;
    uint64_t result = render_rotate(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = render_rotate(s[3], 45);
    return result;
}

static size_t render_append(char *to, size_t at, struct slice text)
{
    memcpy(to + at, text.data, text.size);
    return at + text.size;
}

size_t
render_headers(struct render_random *random, struct slice body, char to[RENDER_HEADERS_BYTES])
{
    static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
    size_t at = render_append(to, 0, SLICE_LITERAL("x-amzn-RequestId: "));
    uint64_t bits = 0;
    for (size_t i = 0; i < RENDER_ID_BYTES; i++) {
        bits = i % 12 == 0 ? render_next(random) : bits >> 5;
        to[at++] = letters[bits & 31];
    }
    at = render_append(to, at, SLICE_LITERAL("\r\nx-amz-crc32: "));
    ensure(body.size <= UINT32_MAX);
    uint64_t crc = crc32(0, body.data, (uInt)body.size);
    crc = body.size == 0 ? 0 : crc; /* zlib gives its start value, 0, for no bytes; say so. */
    char digits[20];
    size_t first = sizeof(digits);
    do {
        digits[--first] = (char)('0' + crc % 10);
        crc /= 10;
    } while (crc > 0);
    at = render_append(to, at, slice_of(digits + first, sizeof(digits) - first));
    return render_append(to, at, SLICE_LITERAL("\r\n"));
}
