/* What a request says about its signature: any header, any query, against all twelve checks. Three
 * parts of the input, separated by zero bytes, are the Authorization header, the query string and
 * the date; the rest is the body. With `%` in front of an input, an access key that exists and the
 * right scope are put in, so that the fuzzer comes as far as the signature. */
#include "daemon/http/sigv4.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct slice fuzz_take(struct slice *left)
{
    const uint8_t *end = left->size == 0 ? NULL : memchr(left->data, 0, left->size);
    struct slice part = {left->data, end == NULL ? left->size : (size_t)(end - left->data)};
    size_t taken = end == NULL ? left->size : part.size + 1;
    left->data += taken;
    left->size -= taken;
    return part;
}

static void fuzz_add(struct http_request *request, const char *name, struct slice value)
{
    if (value.size > 0) {
        request->headers[request->headers_count++] = (struct http_header){slice_text(name), value};
    }
}

static struct slice fuzz_join(struct arena *arena, const char *head, struct slice tail)
{
    return slice_text(arena_printf(arena, "%s%.*s", head, SLICE_ARGS(tail)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char file[] = "[a]\naws_access_key_id=ID\naws_secret_access_key=secret\n";
    enum { NOW_S = 1370737500 };
    struct arena arena = {0};
    struct error err = {0};
    struct credentials *credentials = NULL;
    ensure(credentials_parse("file", slice_text(file), &credentials, &err));
    struct sigv4 *sigv4 = sigv4_open(credentials, "us-east-1", "dynamodb");
    struct http_request *request = calloc(1, sizeof(*request));
    ensure(request != NULL);
    request->arena = &arena;
    request->method = SLICE_LITERAL("POST");
    request->path = SLICE_LITERAL("/");
    struct slice left = {data, size};
    bool helped = size > 0 && data[0] == '%';
    if (helped) {
        left = slice_of(data + 1, size - 1);
    }
    struct slice authorization = fuzz_take(&left);
    struct slice query = fuzz_take(&left);
    struct slice date = fuzz_take(&left);
    if (helped) {
        authorization = fuzz_join(&arena,
                                  "AWS4-HMAC-SHA256 Credential=ID/20130609/us-east-1/dynamodb/"
                                  "aws4_request, Signature=00, SignedHeaders=host;",
                                  authorization);
        date = SLICE_LITERAL("20130609T002500Z");
    }
    fuzz_add(request, "Host", SLICE_LITERAL("localhost"));
    fuzz_add(request, "Authorization", authorization);
    fuzz_add(request, "X-Amz-Date", date);
    fuzz_add(request, "X-Other", left);
    request->query = query;
    request->body = left;
    const struct credential *credential = NULL;
    struct slice message = {0};
    bool ok = sigv4_verify(sigv4, request, NOW_S, &credential, &message, &err);
    ensure(!ok); /* Nobody guesses a signature. */
    ensure(err.code != ERROR_NONE && message.size > 0);
    uint64_t sum = 0;
    for (size_t i = 0; i < message.size; i++) {
        sum += message.data[i];
    }
    ensure(sum > 0);
    free(request);
    sigv4_close(sigv4);
    credentials_close(credentials);
    arena_destroy(&arena);
    return 0;
}
