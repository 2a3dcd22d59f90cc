/* Scan (dynamodb-api.md 9.2): the items of a table, or of one segment of it. On a worker: a page
 * reads up to a megabyte of whatever lies there. */
#include "daemon/api/operations.h"
#include "daemon/api/page.h"

static bool scan_segments(const struct json *body, struct page_request *page, struct error *err)
{
    const struct json *segment = json_get(body, "Segment");
    const struct json *segments = json_get(body, "TotalSegments");
    page->segment = (uint32_t)shape_integer(segment, 0);
    page->segments = (uint32_t)shape_integer(segments, 1);
    if (segment != NULL && segments == NULL) {
        return error_set(err, ERROR_VALIDATION,
                         "The TotalSegments parameter is required but was not present in the "
                         "request when Segment parameter is present");
    }
    if (segment == NULL && segments != NULL) {
        return error_set(err, ERROR_VALIDATION,
                         "The Segment parameter is required but was not present in the request "
                         "when parameter TotalSegments is present");
    }
    return page->segment < page->segments ||
           error_set(err, ERROR_VALIDATION,
                     "The Segment parameter is zero-based and must be less than parameter "
                     "TotalSegments: Segment: %u is not less than TotalSegments: %u",
                     page->segment, page->segments);
}

static bool scan_decode(struct call *call, struct error *err)
{
    struct page_call *state = call->state;
    return page_begin(call, &shape_scan, TEXT_BIT(TEXT_FILTER) | TEXT_BIT(TEXT_PROJECTION), err) &&
           scan_segments(call->body, &state->page, err) && page_open(call, err);
}

const struct operation operation_scan = {.name = "Scan",
                                         .state_bytes = sizeof(struct page_call),
                                         .worker = true,
                                         .decode = scan_decode,
                                         .run = page_run,
                                         .release = page_release,
                                         .access = page_access};
