#include "proto/value/version.h"

enum { ROW_FORMAT = 1, ROW_TOMBSTONE = 1, ROW_HEAD_BYTES = 10 };

static int dot_compare(struct dot a, struct dot b)
{
    if (a.region != b.region) {
        return a.region < b.region ? -1 : 1;
    }
    if (a.incarnation != b.incarnation) {
        return a.incarnation < b.incarnation ? -1 : 1;
    }
    return (a.seq > b.seq) - (a.seq < b.seq);
}

/* Where the version sorts: an expiry at what expired. */
static struct dot version_place(const struct version *version)
{
    return version_is_expiry(version) ? version->expired : version->dot;
}

int version_compare(const struct version *a, const struct version *b)
{
    if (a->stamp != b->stamp) {
        return a->stamp < b->stamp ? -1 : 1;
    }
    int order = dot_compare(version_place(a), version_place(b));
    if (order == 0 && version_is_expiry(a) != version_is_expiry(b)) {
        order = version_is_expiry(a) ? 1 : -1;
    }
    return order != 0 ? order : dot_compare(a->dot, b->dot);
}

/* The entry of a region, or the place where it belongs. */
static uint32_t context_place(const struct context *context, uint16_t region)
{
    uint32_t i = 0;
    while (i < context->count && context->entries[i].region < region) {
        i++;
    }
    return i;
}

bool context_has(const struct context *context, struct dot dot)
{
    uint32_t i = context_place(context, dot.region);
    return i < context->count && dot_covered_by(dot, context->entries[i]);
}

void context_raise(struct context *context, struct dot dot)
{
    uint32_t i = context_place(context, dot.region);
    if (i < context->count && context->entries[i].region == dot.region) {
        if (dot_covered_by(context->entries[i], dot)) {
            context->entries[i] = dot;
        }
        return;
    }
    ensure(context->count < REGIONS_MAX);
    memmove(&context->entries[i + 1], &context->entries[i],
            (context->count - i) * sizeof(context->entries[0]));
    context->entries[i] = dot;
    context->count++;
}

void context_join(struct context *into, const struct context *other)
{
    for (uint32_t i = 0; i < other->count; i++) {
        context_raise(into, other->entries[i]);
    }
}

void context_prune(struct context *context, const struct context *settled)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < context->count; i++) {
        if (!context_has(settled, context->entries[i])) {
            context->entries[kept++] = context->entries[i];
        }
    }
    context->count = kept;
}

static void dot_encode(struct buffer *to, struct dot dot)
{
    buffer_append_varint(to, dot.region);
    buffer_append_varint(to, dot.incarnation);
    buffer_append_varint(to, dot.seq);
}

/* A region above `flag` is one with the flag added. */
static bool dot_take_flagged(struct slice *from, uint64_t flag, struct dot *dot, bool *flagged)
{
    uint64_t region;
    uint64_t incarnation;
    uint64_t seq;
    if (!take_varint(from, &region) || !take_varint(from, &incarnation) ||
        !take_varint(from, &seq)) {
        return false;
    }
    *flagged = flag != 0 && region >= flag;
    region -= *flagged ? flag : 0;
    if (region == 0 || region > UINT16_MAX || incarnation > UINT32_MAX) {
        return false;
    }
    *dot = (struct dot){(uint16_t)region, (uint32_t)incarnation, seq};
    return true;
}

static bool dot_take(struct slice *from, struct dot *dot)
{
    bool flagged;
    return dot_take_flagged(from, 0, dot, &flagged);
}

void version_encode(struct buffer *to, const struct version *version)
{
    ensure(version->dot.region != 0 && version->context.count <= REGIONS_MAX);
    put_be64(buffer_reserve(to, 8), version->stamp);
    to->size += 8;
    if (version_is_expiry(version)) {
        buffer_append_varint(to, VERSION_EXPIRY + (uint64_t)version->dot.region);
        buffer_append_varint(to, version->dot.incarnation);
        buffer_append_varint(to, version->dot.seq);
        dot_encode(to, version->expired);
    } else {
        dot_encode(to, version->dot);
    }
    buffer_append_varint(to, version->context.count);
    for (uint32_t i = 0; i < version->context.count; i++) {
        dot_encode(to, version->context.entries[i]);
    }
}

bool version_take(struct slice *from, struct version *version)
{
    struct slice left = *from;
    struct slice stamp;
    uint64_t count;
    bool expiry = false;
    version->expired = (struct dot){0};
    if (!take_bytes(&left, 8, &stamp) ||
        !dot_take_flagged(&left, VERSION_EXPIRY, &version->dot, &expiry) ||
        (expiry && !dot_take(&left, &version->expired)) || !take_varint(&left, &count) ||
        count > REGIONS_MAX) {
        return false;
    }
    version->stamp = get_be64(stamp.data);
    version->context.count = (uint32_t)count;
    for (uint32_t i = 0; i < count; i++) {
        struct dot *entry = &version->context.entries[i];
        if (!dot_take(&left, entry) || (i > 0 && entry->region <= entry[-1].region)) {
            return false;
        }
    }
    *from = left;
    return true;
}

void row_encode(struct buffer *to, const struct row *row)
{
    ensure(!row->tombstone || row->image.size == 0);
    buffer_append_byte(to, ROW_FORMAT);
    buffer_append_byte(to, row->tombstone ? ROW_TOMBSTONE : 0);
    version_encode(to, &row->version);
    buffer_append_slice(to, row->image);
}

static bool row_head(struct slice bytes, bool *tombstone, struct error *err)
{
    if (bytes.size < ROW_HEAD_BYTES || bytes.data[0] != ROW_FORMAT ||
        bytes.data[1] > ROW_TOMBSTONE) {
        return error_set(err, ERROR_CORRUPT, "a row of %zu bytes has no known header", bytes.size);
    }
    *tombstone = bytes.data[1] == ROW_TOMBSTONE;
    return true;
}

bool row_decode(struct slice bytes, struct row *row, struct error *err)
{
    if (!row_head(bytes, &row->tombstone, err)) {
        return false;
    }
    struct slice left = {bytes.data + 2, bytes.size - 2};
    if (!version_take(&left, &row->version) ||
        (version_is_expiry(&row->version) && !row->tombstone)) {
        return error_set(err, ERROR_CORRUPT, "a row's version does not decode");
    }
    if (row->tombstone && left.size > 0) {
        return error_set(err, ERROR_CORRUPT, "a tombstone carries %zu bytes of item", left.size);
    }
    row->image = left;
    return true;
}

bool row_image(struct slice bytes, bool *tombstone, struct slice *image, struct error *err)
{
    if (!row_head(bytes, tombstone, err)) {
        return false;
    }
    struct slice left = {bytes.data + ROW_HEAD_BYTES, bytes.size - ROW_HEAD_BYTES};
    uint64_t skipped;
    uint64_t region;
    uint64_t count = 0;
    bool ok =
        take_varint(&left, &region) && take_varint(&left, &skipped) && take_varint(&left, &skipped);
    for (int i = 0; ok && i < 3 && region >= VERSION_EXPIRY; i++) {
        ok = take_varint(&left, &skipped);
    }
    ok = ok && take_varint(&left, &count) && count <= REGIONS_MAX;
    for (uint64_t i = 0; ok && i < 3 * count; i++) {
        ok = take_varint(&left, &skipped);
    }
    if (!ok) {
        return error_set(err, ERROR_CORRUPT, "a row's version does not decode");
    }
    *image = left;
    return true;
}
