#include "proto/base/error.h"

#include <stdarg.h>
#include <stdio.h>

void error_fill(struct error *err, enum error_code code, const char *format, ...)
{
    ensure(code != ERROR_NONE);
    va_list args;
    va_start(args, format);
    vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    err->code = code;
}

void error_prefix(struct error *err, const char *format, ...)
{
    ensure(err->code != ERROR_NONE);
    char inner[ERROR_TEXT_BYTES];
    memcpy(inner, err->text, sizeof(inner));
    va_list args;
    va_start(args, format);
    int size = vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    size_t at = size < 0 ? 0 : (size_t)size;
    const char *parts[] = {": ", inner};
    for (int i = 0; i < 2 && at < sizeof(err->text) - 1; i++) {
        size_t room = sizeof(err->text) - 1 - at;
        size_t length = strlen(parts[i]);
        size_t take = length < room ? length : room; /* The end of a long text is cut. */
        memcpy(err->text + at, parts[i], take);
        at += take;
        err->text[at] = 0;
    }
}

const char *error_code_name(enum error_code code)
{
    switch (code) {
#define X(name, reaction)                                                                          \
    case ERROR_##name:                                                                             \
        return #name;
        ERROR_CODES(X)
#undef X
    }
    return "?";
}
