/* Goal: each error reaches the client in the form its SDKs know, and nothing of the inside does. */
#include "daemon/http/render.h"

#include <criterion/criterion.h>

#include <zlib.h>

#define CORAL "com.amazon.coral.service#"
#define DYNAMODB "com.amazonaws.dynamodb.v20120810#"

static const struct {
    enum error_code code;
    unsigned status;
    const char *body; /* For the text "why". */
} rows[] = {
    {ERROR_VALIDATION, 400,
     "{\"__type\":\"com.amazon.coral.validate#ValidationException\",\"message\":\"why\"}"},
    {ERROR_SERIALIZATION, 400,
     "{\"__type\":\"" CORAL "SerializationException\",\"Message\":\"why\"}"},
    {ERROR_UNKNOWN_OPERATION, 400, "{\"__type\":\"" CORAL "UnknownOperationException\"}"},
    {ERROR_NOT_IMPLEMENTED, 400,
     "{\"__type\":\"" CORAL "NotImplementedException\",\"message\":\"why\"}"},
    {ERROR_MISSING_TOKEN, 400,
     "{\"__type\":\"" CORAL "MissingAuthenticationTokenException\",\"message\":\"why\"}"},
    {ERROR_INCOMPLETE_SIGNATURE, 400,
     "{\"__type\":\"" CORAL "IncompleteSignatureException\",\"message\":\"why\"}"},
    {ERROR_INVALID_SIGNATURE, 400,
     "{\"__type\":\"" CORAL "InvalidSignatureException\",\"message\":\"why\"}"},
    {ERROR_UNRECOGNIZED_CLIENT, 400,
     "{\"__type\":\"" CORAL "UnrecognizedClientException\",\"message\":\"why\"}"},
    {ERROR_EXPIRED_TOKEN, 400,
     "{\"__type\":\"" CORAL "ExpiredTokenException\",\"message\":\"why\"}"},
    {ERROR_ACCESS_DENIED, 400,
     "{\"__type\":\"" CORAL "AccessDeniedException\",\"Message\":\"why\"}"},
    {ERROR_NOT_FOUND, 400,
     "{\"__type\":\"" DYNAMODB "ResourceNotFoundException\",\"message\":\"why\"}"},
    {ERROR_TABLE_NOT_FOUND, 400,
     "{\"__type\":\"" DYNAMODB "TableNotFoundException\",\"message\":\"why\"}"},
    {ERROR_IN_USE, 400, "{\"__type\":\"" DYNAMODB "ResourceInUseException\",\"message\":\"why\"}"},
    {ERROR_LIMIT, 400, "{\"__type\":\"" DYNAMODB "LimitExceededException\",\"message\":\"why\"}"},
    {ERROR_CONDITION, 400,
     "{\"__type\":\"" DYNAMODB "ConditionalCheckFailedException\",\"message\":\"why\"}"},
    {ERROR_CANCELLED, 400,
     "{\"__type\":\"" DYNAMODB "TransactionCanceledException\",\"Message\":\"why\"}"},
    {ERROR_TRANSACTION_CONFLICT, 400,
     "{\"__type\":\"" DYNAMODB "TransactionConflictException\",\"message\":\"why\"}"},
    {ERROR_TOKEN_MISMATCH, 400,
     "{\"__type\":\"" DYNAMODB "IdempotentParameterMismatchException\",\"Message\":\"why\"}"},
    {ERROR_TOKEN_IN_PROGRESS, 400,
     "{\"__type\":\"" DYNAMODB "TransactionInProgressException\",\"Message\":\"why\"}"},
    {ERROR_DUPLICATE_ITEM, 400,
     "{\"__type\":\"" DYNAMODB "DuplicateItemException\",\"message\":\"why\"}"},
    {ERROR_COLLECTION_SIZE, 400,
     "{\"__type\":\"" DYNAMODB "ItemCollectionSizeLimitExceededException\",\"message\":\"why\"}"},
    {ERROR_THROUGHPUT, 400,
     "{\"__type\":\"" DYNAMODB "ProvisionedThroughputExceededException\",\"message\":\"why\"}"},
    {ERROR_ON_DEMAND_MAX, 400,
     "{\"__type\":\"com.amazon.coral.availability#ThrottlingException\",\"message\":\"why\"}"},
    {ERROR_POLICY_NOT_FOUND, 400,
     "{\"__type\":\"" DYNAMODB "PolicyNotFoundException\",\"message\":\"why\"}"},
    {ERROR_GLOBAL_TABLE_NOT_FOUND, 400,
     "{\"__type\":\"" DYNAMODB "GlobalTableNotFoundException\",\"message\":\"why\"}"},
    {ERROR_BACKUP_NOT_FOUND, 400,
     "{\"__type\":\"" DYNAMODB "BackupNotFoundException\",\"message\":\"why\"}"},
    {ERROR_RECOVERY_UNAVAILABLE, 400,
     "{\"__type\":\"" DYNAMODB "PointInTimeRecoveryUnavailableException\",\"message\":\"why\"}"},
    {ERROR_EXPORT_NOT_FOUND, 400,
     "{\"__type\":\"" DYNAMODB "ExportNotFoundException\",\"message\":\"why\"}"},
    {ERROR_IMPORT_NOT_FOUND, 400,
     "{\"__type\":\"" DYNAMODB "ImportNotFoundException\",\"message\":\"why\"}"},
    {ERROR_EXPIRED_ITERATOR, 400,
     "{\"__type\":\"" DYNAMODB "ExpiredIteratorException\",\"message\":\"why\"}"},
    {ERROR_TRIMMED, 400,
     "{\"__type\":\"" DYNAMODB "TrimmedDataAccessException\",\"message\":\"why\"}"},
    {ERROR_THROTTLED, 400,
     "{\"__type\":\"com.amazon.coral.availability#ThrottlingException\","
     "\"message\":\"The request was denied due to request throttling.\"}"},
    {ERROR_UNAVAILABLE, 503,
     "{\"__type\":\"" CORAL "ServiceUnavailable\","
     "\"message\":\"The service is currently unavailable or busy.\"}"},
};

static const enum error_code internal[] = {
    ERROR_WOULD_BLOCK, ERROR_UNKNOWN_OUTCOME, ERROR_INTERNAL, ERROR_IO,
    ERROR_CORRUPT,     ERROR_PROTOCOL,        ERROR_REFUSED,  ERROR_CONFIG,
};

static void expect_body(enum error_code code, unsigned status, const char *body)
{
    struct arena arena = {0};
    struct buffer to;
    buffer_init(&to, &arena, 16);
    render_error_body(&to, code, SLICE_LITERAL("why"), (struct slice){0});
    cr_assert_eq(render_error_row(code)->status, status, "%s", error_code_name(code));
    cr_assert(slice_is(buffer_slice(&to), body), "%.*s", SLICE_ARGS(buffer_slice(&to)));
    arena_destroy(&arena);
}

Test(render, every_error_has_its_form)
{
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        expect_body(rows[i].code, rows[i].status, rows[i].body);
    }
    for (size_t i = 0; i < ARRAY_COUNT(internal); i++) {
        expect_body(internal[i], 500,
                    "{\"__type\":\"" DYNAMODB "InternalServerError\","
                    "\"message\":\"Internal server error\"}");
    }
    /* NONE is the one code that is in neither list. */
    cr_assert_eq(ARRAY_COUNT(rows) + ARRAY_COUNT(internal), ERROR_CONFIG);
}

Test(render, an_empty_text_leaves_the_message_out_and_members_are_appended)
{
    struct arena arena = {0};
    struct buffer to;
    buffer_init(&to, &arena, 16);
    render_error_body(&to, ERROR_SERIALIZATION, (struct slice){0}, SLICE_LITERAL(",\"A\":1"));
    cr_assert(
        slice_is(buffer_slice(&to), "{\"__type\":\"" CORAL "SerializationException\",\"A\":1}"));
    arena_destroy(&arena);
}

Test(render, texts_are_escaped_and_always_utf8)
{
    struct arena arena = {0};
    struct buffer to;
    buffer_init(&to, &arena, 16);
    render_error_body(&to, ERROR_VALIDATION, SLICE_LITERAL("a\"\n\xff\xc3\xa9"), (struct slice){0});
    cr_assert(slice_is(buffer_slice(&to), "{\"__type\":\"com.amazon.coral.validate#"
                                          "ValidationException\",\"message\":\"a\\\"\\n???\"}"),
              "%.*s", SLICE_ARGS(buffer_slice(&to)));
    arena_destroy(&arena);
}

Test(render, request_ids_are_52_characters_and_differ)
{
    struct render_random random = {{1, 2, 3, 4}};
    char first[RENDER_HEADERS_BYTES], second[RENDER_HEADERS_BYTES];
    struct slice body = SLICE_LITERAL("{\"Count\":0}");
    size_t size = render_headers(&random, body, first);
    size_t again = render_headers(&random, body, second);
    cr_assert_eq(size, again);
    cr_assert_neq(memcmp(first, second, size), 0);
    char id[RENDER_ID_BYTES + 1];
    unsigned long crc = 0;
    first[size] = 0;
    cr_assert_eq(sscanf(first, "x-amzn-RequestId: %52[A-Z0-9]\r\nx-amz-crc32: %lu\r\n", id, &crc),
                 2, "%s", first);
    cr_assert_eq(strlen(id), RENDER_ID_BYTES);
    cr_assert_eq(crc, crc32(0, body.data, (uInt)body.size));
    cr_assert_eq(strcmp(first + size - 2, "\r\n"), 0);
}

Test(render, checksums_are_those_the_service_sends)
{
    /* Published pairs of body and checksum. */
    const struct {
        struct slice body;
        const char *line;
    } known[] = {
        {SLICE_LITERAL(""), "x-amz-crc32: 0\r\n"},
        {SLICE_LITERAL("{}"), "x-amz-crc32: 2745614147\r\n"},
        {SLICE_LITERAL("<UnknownOperationException/>\n"), "x-amz-crc32: 3552371480\r\n"},
        {SLICE_LITERAL("healthy: dynamodb.us-east-1.amazonaws.com "),
         "x-amz-crc32: 3128867991\r\n"},
    };
    struct render_random random = {{1, 2, 3, 4}};
    for (size_t i = 0; i < ARRAY_COUNT(known); i++) {
        char headers[RENDER_HEADERS_BYTES + 1];
        headers[render_headers(&random, known[i].body, headers)] = 0;
        cr_assert_not_null(strstr(headers, known[i].line), "%s", headers);
    }
}
