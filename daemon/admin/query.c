#include "daemon/admin/routes.h"

static int admin_hex(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool admin_decode(struct slice text, struct arena *arena, struct slice *plain)
{
    uint8_t *to = arena_alloc(arena, text.size + 1);
    size_t size = 0;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        if (c == '%') {
            bool whole = text.size - i > 2;
            int high = whole ? admin_hex(text.data[i + 1]) : -1;
            int low = whole ? admin_hex(text.data[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return false;
            }
            c = (uint8_t)(high * 16 + low);
            i += 2;
        } else if (c == '+') {
            c = ' ';
        }
        to[size++] = c;
    }
    *plain = slice_of(to, size);
    return true;
}

bool admin_query(const struct admin_request *request,
                 const char *name,
                 struct slice *value,
                 bool *found,
                 struct error *err)
{
    struct slice left = request->query;
    *found = false;
    while (left.size > 0) {
        const uint8_t *end = memchr(left.data, '&', left.size);
        size_t size = end == NULL ? left.size : (size_t)(end - left.data);
        struct slice part = {left.data, size};
        size_t skip = end == NULL ? size : size + 1;
        left = slice_of(left.data + skip, left.size - skip);
        const uint8_t *equals = size == 0 ? NULL : memchr(part.data, '=', size);
        size_t name_size = equals == NULL ? size : (size_t)(equals - part.data);
        if (!slice_is(slice_of(part.data, name_size), name)) {
            continue;
        }
        size_t before = equals == NULL ? size : name_size + 1;
        *found = true;
        if (!admin_decode(slice_of(part.data + before, size - before), request->arena, value)) {
            return error_set(err, ERROR_VALIDATION, "parameter %s is not percent-encoded properly",
                             name);
        }
        return true;
    }
    return true;
}
