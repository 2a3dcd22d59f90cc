#include "proto/base/error.h"

#include <stdarg.h>
#include <stdio.h>

bool error_set(struct error *err, enum error_code code, const char *format, ...)
{
    ensure(code != ERROR_NONE);
    va_list args;
    va_start(args, format);
    vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    err->code = code;
    return false;
}

bool error_wrap(struct error *err, const char *format, ...)
{
    ensure(err->code != ERROR_NONE);
    char inner[ERROR_TEXT_BYTES];
    memcpy(inner, err->text, sizeof(inner));
    va_list args;
    va_start(args, format);
    int size = vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    if (size >= 0 && (size_t)size < sizeof(err->text)) {
        snprintf(err->text + size, sizeof(err->text) - (size_t)size, ": %s", inner);
    }
    return false;
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
