/* A policy and a request: any text against the compiler, and what it makes against the evaluator.
 *
 * Four parts of the input, separated by zero bytes: the policy (an identity policy when it begins
 * with a blank, else a resource policy), action, resource, and values; the last are split at commas
 * and go to the keys in turn. The same policy, written again from its tree, must say the same. */
#include "daemon/auth/policy.h"
#include "proto/value/json.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FUZZ_VALUES = 2 * POLICY_KEYS };

static struct slice fuzz_take(struct slice *left, uint8_t end)
{
    const uint8_t *at = left->size == 0 ? NULL : memchr(left->data, end, left->size);
    struct slice part = {left->data, at == NULL ? left->size : (size_t)(at - left->data)};
    size_t taken = at == NULL ? left->size : part.size + 1;
    left->data += taken;
    left->size -= taken;
    return part;
}

static void fuzz_values(struct slice left,
                        struct slice values[static FUZZ_VALUES],
                        struct policy_request *request)
{
    for (uint32_t i = 0; i < FUZZ_VALUES; i++) {
        values[i] = fuzz_take(&left, ',');
    }
    for (uint32_t key = 0; key < POLICY_KEYS; key++) {
        const struct slice *pair = &values[2 * (size_t)key];
        uint32_t count = (pair[0].size > 0) + (pair[0].size > 0 && pair[1].size > 0);
        request->values[key] = (struct policy_values){pair, count};
    }
    request->account = SLICE_LITERAL("000000000000");
    request->principal = request->values[POLICY_PRINCIPAL_ARN].count > 0
                             ? *request->values[POLICY_PRINCIPAL_ARN].all
                             : SLICE_LITERAL("arn:aws:iam::000000000000:user/ann");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice left = {data, size};
    struct slice text = fuzz_take(&left, 0);
    enum policy_kind kind =
        text.size > 0 && text.data[0] == ' ' ? POLICY_IDENTITY : POLICY_RESOURCE;
    struct policy *policy = NULL;
    struct error err = {0};
    if (!policy_compile(kind, text, &policy, &err)) {
        ensure(err.code == ERROR_VALIDATION && err.text[0] != 0);
        return 0;
    }
    struct slice values[FUZZ_VALUES];
    struct policy_request request = {.action = fuzz_take(&left, 0)};
    request.resource = fuzz_take(&left, 0);
    fuzz_values(left, values, &request);
    enum policy_verdict verdict = policy_evaluate(policy, &request);
    if (policy_allows_all(policy) && kind == POLICY_IDENTITY &&
        slice_starts_with(request.action, SLICE_LITERAL("dynamodb:")) &&
        request.resource.size > 0) {
        ensure(verdict == POLICY_ALLOW);
    }
    struct arena arena = {0};
    struct json *root = NULL;
    struct policy *again = NULL;
    struct buffer written;
    ensure(json_parse(text, &arena, &root, &err));
    buffer_init(&written, &arena, text.size);
    json_write(&written, root);
    if (written.size <= TABLE_POLICY_BYTES_MAX) { /* Escapes can make it longer. */
        ensure(policy_compile(kind, buffer_slice(&written), &again, &err));
        ensure(policy_evaluate(again, &request) == verdict);
    }
    policy_close(again);
    policy_close(policy);
    arena_destroy(&arena);
    return 0;
}
