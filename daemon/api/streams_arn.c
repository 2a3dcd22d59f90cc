#include "daemon/api/streams_arn.h"

#include "daemon/api/resource.h"

#include <inttypes.h>
#include <time.h>

enum { STREAMS_SEQUENCE_DIGITS_MIN = 21, STREAMS_SEQUENCE_DIGITS_MAX = 40 };

static const char *const streams_view_names[STREAM_VIEWS] = {
    [STREAM_KEYS_ONLY] = "KEYS_ONLY",
    [STREAM_NEW_IMAGE] = "NEW_IMAGE",
    [STREAM_OLD_IMAGE] = "OLD_IMAGE",
    [STREAM_NEW_AND_OLD_IMAGES] = "NEW_AND_OLD_IMAGES",
};

const char *streams_view_name(enum stream_view view)
{
    return streams_view_names[view];
}

enum stream_view streams_view_of(struct slice name)
{
    for (enum stream_view view = STREAM_KEYS_ONLY; view < STREAM_VIEWS; view++) {
        if (slice_is(name, streams_view_names[view])) {
            return view;
        }
    }
    ensure(false); /* The model lets no other one through. */
    return STREAM_KEYS_ONLY;
}

/* --- Labels ----------------------------------------------------------------------------------- */

void streams_label_print(uint64_t ms, char text[static STREAMS_LABEL_BYTES])
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm utc;
    ensure(gmtime_r(&seconds, &utc) != NULL && utc.tm_year < 8100);
    size_t size = strftime(text, STREAMS_LABEL_BYTES, "%Y-%m-%dT%H:%M:%S", &utc);
    ensure(size == 19);
    snprintf(text + size, STREAMS_LABEL_BYTES - size, ".%03u", (unsigned)(ms % 1000));
}

/* Take the number at the front of *rest, and the byte behind it if it is not 0. */
static bool streams_label_take(struct slice *rest, size_t digits, char end, int *number)
{
    size_t size = digits + (end != 0);
    *number = 0;
    if (rest->size < size || (end != 0 && rest->data[digits] != (uint8_t)end)) {
        return false;
    }
    for (size_t i = 0; i < digits; i++) {
        if (rest->data[i] < '0' || rest->data[i] > '9') {
            return false;
        }
        *number = *number * 10 + (rest->data[i] - '0');
    }
    *rest = slice_of(rest->data + size, rest->size - size);
    return true;
}

bool streams_label_parse(struct slice text, uint64_t *ms)
{
    struct slice rest = text;
    struct tm utc = {0};
    int thousandths = 0;
    if (!streams_label_take(&rest, 4, '-', &utc.tm_year) ||
        !streams_label_take(&rest, 2, '-', &utc.tm_mon) ||
        !streams_label_take(&rest, 2, 'T', &utc.tm_mday) ||
        !streams_label_take(&rest, 2, ':', &utc.tm_hour) ||
        !streams_label_take(&rest, 2, ':', &utc.tm_min) ||
        !streams_label_take(&rest, 2, '.', &utc.tm_sec) ||
        !streams_label_take(&rest, 3, 0, &thousandths) || rest.size > 0 || utc.tm_year < 1970) {
        return false;
    }
    utc.tm_year -= 1900;
    utc.tm_mon -= 1;
    time_t seconds = timegm(&utc);
    char again[STREAMS_LABEL_BYTES];
    *ms = (uint64_t)seconds * 1000 + (uint64_t)thousandths;
    streams_label_print(*ms, again);
    return slice_is(text, again); /* No 31st of February. */
}

/* --- ARNs ------------------------------------------------------------------------------------- */

void streams_arn_write(struct buffer *to,
                       const struct node *node,
                       struct slice table,
                       uint64_t label_ms)
{
    char label[STREAMS_LABEL_BYTES];
    streams_label_print(label_ms, label);
    buffer_printf(to, "arn:aws:dynamodb:%s:%s:table/%.*s/stream/%s", node->region, node->account,
                  SLICE_ARGS(table), label);
}

bool streams_arn_parse(const struct node *node,
                       struct slice arn,
                       struct slice *table,
                       uint64_t *label_ms,
                       bool *here,
                       struct error *err)
{
    struct slice label;
    bool foreign;
    bool whole = resource_part(node, arn, "stream", table, &label, &foreign);
    *here = whole && streams_label_parse(label, label_ms);
    return whole || foreign || error_set(err, ERROR_VALIDATION, "Invalid StreamArn");
}

/* --- Sequence numbers ------------------------------------------------------------------------- */

void streams_sequence_print(uint64_t seq, char text[static STREAMS_SEQUENCE_BYTES])
{
    snprintf(text, STREAMS_SEQUENCE_BYTES, "1%020" PRIu64, seq);
}

bool streams_sequence_parse(struct slice text, uint64_t *seq)
{
    if (text.size < STREAMS_SEQUENCE_DIGITS_MIN || text.size > STREAMS_SEQUENCE_DIGITS_MAX) {
        return false;
    }
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
    }
    while (text.size > 0 && text.data[0] == '0') {
        text = slice_of(text.data + 1, text.size - 1);
    }
    *seq = UINT64_MAX;
    if (text.size != STREAMS_SEQUENCE_BYTES - 1 || text.data[0] != '1') {
        return true;
    }
    uint64_t number = 0;
    for (size_t i = 1; i < text.size; i++) {
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, (uint64_t)(text.data[i] - '0'), &number)) {
            return true;
        }
    }
    *seq = number;
    return true;
}
