/* SearchVectors (dynamodb-features.md section 20). This version makes no vector indexes, so a
 * search ends where the service ends one on a table without the index. */
#include "daemon/api/operations.h"
#include "daemon/api/resource.h"

enum { VECTORS_TOP_MAX = 100 };

static bool vectors_decode(struct call *call, struct error *err)
{
    struct request *request = call->state;
    if (!request_begin(call, &shape_search_vectors, request, err)) {
        return false;
    }
    const struct json *top = json_get(call->body, "TopK");
    if (shape_integer(top, 1) > VECTORS_TOP_MAX) {
        return error_set(err, ERROR_VALIDATION,
                         "Provided TopK value '%.*s' is out of valid range. The value must be "
                         "between 1 and %d inclusive",
                         SLICE_ARGS(top->text), VECTORS_TOP_MAX);
    }
    return request_open(call, request, err) &&
           error_set(err, ERROR_VALIDATION, "The table does not have the specified index: %.*s",
                     SLICE_ARGS(shape_text(json_get(call->body, "IndexName"))));
}

const struct operation operation_search_vectors = {.name = "SearchVectors",
                                                   .state_bytes = sizeof(struct request),
                                                   .decode = vectors_decode,
                                                   .release = resource_release};
