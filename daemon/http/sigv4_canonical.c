#include "daemon/http/sigv4_parts.h"

#define CANONICAL_APPEND(to, text) buffer_append_slice(to, SLICE_LITERAL(text))

/* Canonical order is that of the encoded bytes, which differs from the decoded order only between
 * characters that are escaped and those that are not: compare what will be written. */
static struct slice canonical_encode(struct arena *arena, struct slice text)
{
    static const char digits[] = "0123456789ABCDEF";
    uint8_t *to = arena_alloc(arena, text.size * 3);
    size_t size = 0;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        uint8_t lower = c | 0x20;
        if ((c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z') || c == '-' || c == '.' ||
            c == '_' || c == '~') {
            to[size++] = c;
        } else {
            to[size++] = '%';
            to[size++] = (uint8_t)digits[c >> 4];
            to[size++] = (uint8_t)digits[c & 15];
        }
    }
    return (struct slice){to, size};
}

/* Take the next name off a list with semicolons. */
static bool canonical_next_name(struct slice *list, struct slice *name)
{
    if (list->size == 0) {
        return false;
    }
    const uint8_t *end = memchr(list->data, ';', list->size);
    *name = slice_of(list->data, end == NULL ? list->size : (size_t)(end - list->data));
    size_t taken = end == NULL ? list->size : name->size + 1;
    list->data += taken;
    list->size -= taken;
    return true;
}

static bool canonical_is_ignoring_case(struct slice a, struct slice b)
{
    if (a.size != b.size) {
        return false;
    }
    for (size_t i = 0; i < a.size; i++) {
        uint8_t x = a.data[i], y = b.data[i];
        x = x >= 'A' && x <= 'Z' ? (uint8_t)(x | 0x20) : x;
        y = y >= 'A' && y <= 'Z' ? (uint8_t)(y | 0x20) : y;
        if (x != y) {
            return false;
        }
    }
    return true;
}

bool sigv4_signs(const struct sigv4_parts *parts, const char *header)
{
    struct slice list = parts->signed_headers;
    struct slice name;
    while (canonical_next_name(&list, &name)) {
        if (canonical_is_ignoring_case(name, slice_text(header))) {
            return true;
        }
    }
    return false;
}

static void canonical_sort(struct sigv4_parameter *entries, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct sigv4_parameter moved = entries[i];
        size_t at = i;
        for (; at > 0; at--) {
            int order = slice_compare(entries[at - 1].name, moved.name);
            if (order == 0) {
                order = slice_compare(entries[at - 1].value, moved.value);
            }
            if (order <= 0) {
                break;
            }
            entries[at] = entries[at - 1];
        }
        entries[at] = moved;
    }
}

static void canonical_append_query(struct buffer *to,
                                   const struct http_request *request,
                                   const struct sigv4_parts *parts)
{
    struct sigv4_parameter encoded[SIGV4_QUERY_PARAMETERS_MAX];
    size_t count = 0;
    for (uint32_t i = 0; i < parts->parameters_count; i++) {
        const struct sigv4_parameter *each = &parts->parameters[i];
        if (parts->query_form && slice_is(each->name, "X-Amz-Signature")) {
            continue;
        }
        encoded[count++] = (struct sigv4_parameter){canonical_encode(request->arena, each->name),
                                                    canonical_encode(request->arena, each->value)};
    }
    canonical_sort(encoded, count);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            buffer_append_byte(to, '&');
        }
        buffer_append_slice(to, encoded[i].name);
        buffer_append_byte(to, '=');
        buffer_append_slice(to, encoded[i].value);
    }
}

static void canonical_append_lower(struct buffer *to, struct slice text)
{
    uint8_t *at = buffer_reserve(to, text.size);
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        at[i] = c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
    }
    to->size += text.size;
}

/* Blanks around are gone already; runs of them inside become one. */
static void canonical_append_value(struct buffer *to, struct slice value)
{
    uint8_t *at = buffer_reserve(to, value.size);
    size_t size = 0;
    for (size_t i = 0; i < value.size; i++) {
        if (value.data[i] != ' ' || i + 1 >= value.size || value.data[i + 1] != ' ') {
            at[size++] = value.data[i];
        }
    }
    to->size += size;
}

static void
canonical_append_header(struct buffer *to, const struct http_request *request, struct slice name)
{
    canonical_append_lower(to, name);
    buffer_append_byte(to, ':');
    bool first = true;
    for (uint32_t i = 0; i < request->headers_count; i++) {
        const struct http_header *each = &request->headers[i];
        if (canonical_is_ignoring_case(each->name, name)) {
            if (!first) {
                buffer_append_byte(to, ',');
            }
            first = false;
            canonical_append_value(to, each->value);
        }
    }
    buffer_append_byte(to, '\n');
}

struct slice sigv4_canonical(const struct http_request *request,
                             const struct sigv4_parts *parts,
                             struct slice body_hash)
{
    /* More names than a request can have headers: what is beyond them cannot have been signed, so
     * leaving it out only keeps the signature from matching. */
    struct sigv4_parameter names[HTTP_HEADERS_MAX];
    size_t count = 0;
    struct slice list = parts->signed_headers;
    while (count < HTTP_HEADERS_MAX && canonical_next_name(&list, &names[count].name)) {
        names[count++].value = (struct slice){0};
    }
    canonical_sort(names, count);
    struct buffer to;
    buffer_init(&to, request->arena, 1024);
    buffer_append_slice(&to, request->method);
    CANONICAL_APPEND(&to, "\n/\n");
    if (parts->parameters_count > 0) {
        canonical_append_query(&to, request, parts);
    }
    buffer_append_byte(&to, '\n');
    for (size_t i = 0; i < count; i++) {
        canonical_append_header(&to, request, names[i].name);
    }
    for (size_t i = 0; i < count; i++) {
        buffer_append_byte(&to, i == 0 ? '\n' : ';');
        canonical_append_lower(&to, names[i].name);
    }
    buffer_append_byte(&to, '\n');
    buffer_append_slice(&to, body_hash);
    return buffer_slice(&to);
}
